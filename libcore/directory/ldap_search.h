/* SPDX-License-Identifier: Apache-2.0 */
/* What is searched for and how it ends. Runs in the directory worker only; the files that include ldap.h are those
 * whose names begin with ldap. */
#ifndef CS_DIRECTORY_LDAP_SEARCH_H
#define CS_DIRECTORY_LDAP_SEARCH_H

#include "settings.h"

struct cs_entry; /* one entry of a result; lives during the call that brings it */

enum cs_ended {
	CS_ENDED_DOUBT = 0, /* could not tell: any error that the server says, a referral, a limit, a partial result */
	CS_ENDED_WHOLE = 1, /* every entry was brought */
	CS_ENDED_NO_BASE = 2, /* the base does not exist */
	CS_ENDED_CANCELLED = 3,
	CS_ENDED_LOST = 4,  /* no connection, or it ended first: another server may tell */
	CS_ENDED_PAGES = 5  /* more entries than the server brings at once: in pages it may bring them all */
};

/* entry is called for each entry; returning less than 0 spoils the search: it ends in doubt. end is called exactly
 * once; cause is "" where all is well or nobody asks any more. */
struct cs_search_calls {
	int (*entry)(void *arg, const struct cs_entry *entry);
	void (*end)(void *arg, enum cs_ended ended, const char *cause);
};

struct cs_search {
	const char *base;
	bool below; /* the whole subtree; else the base alone */
	bool pages; /* ask for so many entries at a time (RFC 2696) */
	const char *filter;
	const char *const *attributes; /* ends with NULL; none at all: { "1.1", NULL } */
	unsigned limit;                /* more entries than this: doubt */
	uint64_t deadline_ms;          /* CLOCK_BOOTTIME */
	const void *owner;             /* for cs_servers_cancel */
};

enum { CS_SEARCH_PAGE = 500 };

/* The DN of an entry, allocated. 0, CS_ETOOBIG over CS_MAX_DN, CS_EPROTO, CS_ENOMEM. */
int cs_entry_dn(const struct cs_entry *entry, char **ret_dn);

/* All values of an attribute as strings; none is *ret_n 0. 0, CS_ETOOBIG (more than max, one over max_bytes, or the
 * server handed out only a part of them), CS_EPROTO (a NUL in one), CS_ENOMEM. The caller frees with cs_free_strv. */
int cs_entry_values(const struct cs_entry *entry, const char *attribute, size_t max, size_t max_bytes,
		    char ***ret_values, size_t *ret_n);

/* The same where a server may hand out many values in pieces (MS-ADTS 3.1.1.3.1.3.3: "member;range=0-1499"): those
 * from the from-th on. *ret_next: ask for "attribute;range=*ret_next-*" to go on, 0 when these were the last. Also
 * CS_EPROTO: the piece begins elsewhere, or there is none any more. */
int cs_entry_piece(const struct cs_entry *entry, const char *attribute, size_t from, size_t max, size_t max_bytes,
	char ***ret_values, size_t *ret_n, size_t *ret_next);

/* An entry for cs_person_read. The source lives as long as the entry. */
struct cs_entry_source;
struct cs_entry_source cs_entry_as_source(const struct cs_entry *entry);

#endif
