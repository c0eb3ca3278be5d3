/* SPDX-License-Identifier: Apache-2.0 */
/* A person as an entry spells him, wherever the entry comes from: a search, LDIF, the replica. One reading for all. */
#ifndef CS_DIRECTORY_PERSON_H
#define CS_DIRECTORY_PERSON_H

#include "schema.h"
#include "model.h"

/* One value: bytes, not NUL-terminated. */
struct cs_bytes {
	const char *data;
	size_t len;
};

/* The values of an entry's attribute (any case of its name; without options), at most max of them; *ret_n is more
 * than max when there are more. They live until the entry goes. 0, CS_ENOMEM, CS_EPROTO: the entry cannot be read. */
struct cs_entry_source {
	void *entry;
	int (*values)(void *entry, const char *attribute, struct cs_bytes *ret_values, size_t max, size_t *ret_n);
};

/* When an account is open, by whatever attribute a directory says it: the table is in account.c. */
struct cs_account {
	bool locked;
	uint64_t starts_s; /* seconds since 1970 from which on it may be used; 0: it always could */
	uint64_t ends_s;   /* … until when; 0: it does not expire */
	char *unclear;     /* an attribute that cannot be read as what it should be, first cause; NULL */
};

/* Ends with NULL: to be asked for with every person. */
extern const char *const cs_account_attributes[];
/* 0, CS_ENOMEM. The caller frees unclear in either case. */
int cs_account_read(const struct cs_entry_source *source, struct cs_account *ret_account);
/* 1 when it is locked, over, or not open yet at this moment; else 0. Ask only where nothing is unclear. */
int cs_account_is_closed(const struct cs_account *account, uint64_t now_s);

/* One person's entry. */
struct cs_person_entry {
	char *name;    /* canonical login, which memberUid has to spell like this (A075): the one in the DN, else the
	                * first; without any the first value, which is nobody's login and only for display */
	char **logins; /* every value that could be a login name, in the entry's order; compared byte for byte */
	size_t n_logins;
	uint32_t uid;  /* CS_NO_UID: none, several, or no number */
	char *id;
	char *human;   /* "" when none */
	char **keys;   /* fingerprints of the ssh keys, each once */
	size_t n_keys;
	bool bad_key;  /* there was one more value that is no ssh key: it is left out */
	struct cs_account account; /* its unclear is below */
	char *unclear; /* what keeps it from being an answer, the first cause: "attribute entryUUID is missing; …" */
};

/* dn: of the entry; its key (cs_dn_key) stands in for the id where the schema says "dn". A binary objectGUID becomes
 * the usual text (MS-DTYP 2.3.4.3). 0, CS_ENOMEM. Clear it in every case. */
int cs_person_read(const struct cs_schema *schema, const char *dn, const struct cs_entry_source *source,
	struct cs_person_entry *ret_person);
void cs_person_entry_clear(struct cs_person_entry *person);
/* What whoever looks after the directory should know of a bad key, for cs_facts.left_out. 0, CS_ENOMEM. */
int cs_person_tell_bad_key(const struct cs_schema *schema, const char *dn, char **text);

#endif
