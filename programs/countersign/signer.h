/* SPDX-License-Identifier: Apache-2.0 */
/* Signing a vote with the person's own ssh key, through ssh-keygen and the agent. */
#ifndef CS_COMMAND_SIGNER_H
#define CS_COMMAND_SIGNER_H

#include "calls.h"
#include "options.h"

/* Whose keys may sign: what the roster says of one person. It travels in a bundle. */
struct cs_signer {
	char *person; /* cs_person.id */
	char *name;
	bool hardware_only;
	char **keys;  /* fingerprints */
	size_t n_keys;
};
extern const struct cs_shape cs_signer_shape;

/* What the command line says about it. */
struct cs_sign_options {
	const char *key;    /* --key: a private key's file, or a public one's whose other half is in the agent */
	const char *roster; /* --roster */
	bool not_signed;    /* --unsigned */
};
#define CS_SIGN_OPTIONS(O) \
	{ "--key", NULL, &(O).key, NULL }, { "--roster", NULL, &(O).roster, NULL }, \
	{ "--unsigned", &(O).not_signed, NULL, NULL }

/* Finds in the roster of this host who the caller is: by --key or COUNTERSIGN_KEY where one of them is given, else by his
 * login name. 0 with an all-zero signer and *ret_why (owned): he is not in it, or there is none. Else an exit status, told. */
int cs_signer_find(const struct cs_sign_options *options, struct cs_signer *ret_signer, char **ret_why);

/* Signs the vote: fills in signature and what it is over; the call has number, digest, vote and head already. The key is
 * --key, COUNTERSIGN_KEY, or the first of the signer's that the agent or ~/.ssh has; *ret_title (owned) says which.
 * 0; CS_ENOENT with *ret_why (owned): no key of his is at hand; else an exit status, told. */
int cs_signer_sign(const struct cs_sign_options *options, const struct cs_signer *signer, struct cs_vote_call *call,
	char **ret_title, char **ret_why);

/* Signs a text with one of the signer's keys, found in the same way; appended armored. 0, or an exit status, told. */
int cs_signer_sign_text(const struct cs_sign_options *options, const struct cs_signer *signer, const char *name_space,
	const char *text, size_t n, struct cs_buf *out);

#endif
