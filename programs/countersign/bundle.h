/* SPDX-License-Identifier: Apache-2.0 */
/* What travels to another machine, to be signed there, and back: a request with who may sign it, and a signed vote. Both
 * are the protocol's own encoding as base64 between two lines. */
#ifndef CS_COMMAND_BUNDLE_H
#define CS_COMMAND_BUNDLE_H

#include "signer.h"

struct cs_bundle {
	uint32_t version; /* 1 */
	struct cs_show_answer shown;
	struct cs_signer signer;
};
extern const struct cs_shape cs_bundle_shape;

enum { CS_BUNDLE_MAX = 512 * 1024 }; /* bytes, as text */

/* Prints the bundle of a request for the caller. An exit status. */
int cs_bundle_print(const struct cs_sign_options *options, const struct cs_show_answer *shown);
/* Reads one: 0; CS_EPROTO (it is none); CS_EVERSION; CS_ETOOBIG; CS_ENOMEM. Whatever it says of the request's digest is
 * computed here. */
int cs_bundle_read(const char *text, size_t n, struct cs_bundle *ret_bundle);

/* Prints a signed vote. An exit status. */
int cs_bundle_print_vote(const struct cs_vote_call *call);
/* Reads one, as cs_bundle_read. Clear with cs_clear(&cs_vote_call_shape). */
int cs_bundle_read_vote(const char *text, size_t n, struct cs_vote_call *ret_call);

/* A file's text, "-" for standard input, of at most CS_BUNDLE_MAX bytes; the caller frees. 0, or an exit status, told. */
int cs_bundle_file(const char *path, char **ret_text, size_t *ret_n);

#endif
