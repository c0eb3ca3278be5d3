/* SPDX-License-Identifier: Apache-2.0 */
/* The roster: the file that says whose ssh keys may sign votes, countersign-roster(5). An LDAP administrator can put a
 * key into anybody's entry; so a key counts only where it is in the roster too (A128). */
#ifndef CS_ROSTER_H
#define CS_ROSTER_H

#include "file.h"
#include "model.h"
#include "ssh_key.h"

enum {
	CS_ROSTER_TEXT_MAX = 4 * 1024 * 1024, /* bytes of a roster */
	CS_ROSTER_PEOPLE_MAX = 16384,
	CS_ROSTER_VERSION_MAX = 1000000
};
#define CS_ROSTER_FILE "/etc/countersign/roster"
#define CS_ROSTER_SIGNATURES ".sig" /* behind the roster's name: the file of its signatures */

struct cs_roster_key {
	struct cs_ssh_key key;
	char *line;  /* as in authorized_keys, no options and no comment */
	char *since; /* 2026-11-22; "" where nobody said it. For people */
};

struct cs_roster_person {
	char *id;           /* cs_person.id */
	char *name;         /* login name; for people */
	bool officer;       /* may sign rosters */
	bool hardware_only; /* only his FIDO2 keys count (A122) */
	struct cs_roster_key *keys;
	size_t n_keys;
};

/* Where a key is; sorted by fingerprint. */
struct cs_roster_place {
	const char *fingerprint;
	size_t person, key;
};

struct cs_roster {
	uint64_t version;
	struct cs_roster_person *people;
	size_t n_people;
	struct cs_roster_place *places;
	size_t n_keys;
};

/* Refused as a whole: a key of a kind that may not sign, one that stands there twice, two people with one id or name.
 * 0, CS_ECONF with problem, CS_ENOMEM. name is for messages. */
int cs_roster_parse(const char *text, const char *name, struct cs_roster **ret_roster, struct cs_problem *problem);
void cs_roster_free(struct cs_roster **roster);

/* Whose key this is, and (ret_key may be NULL) the key; NULL: nobody's. The roster's. */
const struct cs_roster_person *cs_roster_find(const struct cs_roster *roster, const char *fingerprint,
	const struct cs_roster_key **ret_key);
/* NULL: he is not in it. */
const struct cs_roster_person *cs_roster_person(const struct cs_roster *roster, const char *id);
const struct cs_roster_person *cs_roster_named(const struct cs_roster *roster, const char *name);

/* "7 keys of 5 people, version 3": allocated; NULL when out of memory. */
char *cs_roster_summary(const struct cs_roster *roster);

/* --- Changing ------------------------------------------------------------------------------------------------------ */

/* A new entry, or one more key of somebody who has one: then what else is said of him counts from now on. */
struct cs_roster_entry {
	const char *id, *name, *line, *since;
	bool officer, hardware_only;
};
/* The text of the roster (NULL: there was none) with the entry and the next version, appended to out. CS_EEXIST: the key
 * stands there already; CS_EINVAL: it may not sign; CS_ECONF: what comes out would be refused; each with problem;
 * CS_ETOOBIG, CS_ENOMEM. */
int cs_roster_with(const struct cs_roster *roster, const struct cs_roster_entry *entry, struct cs_buf *out,
	struct cs_problem *problem);
/* … without this key of his, or (fingerprint NULL) without him. CS_ENOENT. */
int cs_roster_without(const struct cs_roster *roster, const char *id, const char *fingerprint, struct cs_buf *out);

/* --- Signatures of officers ---------------------------------------------------------------------------------------- */

/* How many different officers of `officers` signed exactly this text (namespace CS_NAMESPACE_ROSTER). signatures: armored
 * ones, one behind the other. 0, CS_EPROTO (they cannot be read), CS_ETOOBIG, CS_ENOMEM. */
int cs_roster_signers(const char *text, size_t n, const char *signatures, const struct cs_roster *officers,
	size_t *ret_count);

/* --- The file, as the daemon follows it ---------------------------------------------------------------------------- */

struct cs_roster_source;
struct cs_roster_settings {
	const char *path;
	const char *seen;    /* where the last one that was taken is kept: an older one is refused ever after (no clock is
	                      * trusted for that) */
	uid_t owner;         /* who besides root may own it */
	uint64_t signatures; /* by how many officers it has to be signed; 0: that root owns the file suffices */
};
/* settings are copied. 0, CS_ENOMEM. */
int cs_roster_open(const struct cs_roster_settings *settings, struct cs_roster_source **ret_source);
void cs_roster_close(struct cs_roster_source **source);
/* The roster as the file is now: read again when it changed. NULL: there is none, or it is refused, and then nobody's key
 * counts. The source's, until the next call. source may be NULL. */
const struct cs_roster *cs_roster_now(struct cs_roster_source *source);
/* cs_roster_summary of it, "" where there never was a file, or why it is refused. The source's; of the last cs_roster_now. */
const char *cs_roster_state(const struct cs_roster_source *source);

#endif
