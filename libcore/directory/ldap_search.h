/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to an LDAP server with many searches in flight. Runs in the directory worker only; ldap.c is the one
 * file that includes ldap.h. */
#ifndef CS_DIRECTORY_LDAP_SEARCH_H
#define CS_DIRECTORY_LDAP_SEARCH_H

#include "settings.h"

struct cs_ldap;
struct cs_entry; /* one entry of a result; lives during the call that brings it */

enum cs_ended {
	CS_ENDED_DOUBT = 0, /* could not tell: any error, referral, limit, partial result, lost connection */
	CS_ENDED_WHOLE = 1, /* every entry was brought */
	CS_ENDED_NO_BASE = 2, /* the base does not exist */
	CS_ENDED_CANCELLED = 3
};

/* entry is called for each entry; returning less than 0 spoils the search: it ends in doubt. end is called exactly
 * once, from cs_ldap_work, cs_ldap_cancel, cs_ldap_drop or cs_ldap_free; cause is "" unless it ended in doubt. */
struct cs_search_calls {
	int (*entry)(void *arg, const struct cs_entry *entry);
	void (*end)(void *arg, enum cs_ended ended, const char *cause);
};

struct cs_search {
	const char *base;
	bool below; /* the whole subtree; else the base alone */
	const char *filter;
	const char *const *attributes; /* ends with NULL; none at all: { "1.1", NULL } */
	unsigned limit;                /* more entries than this: doubt */
	uint64_t deadline_ms;          /* CLOCK_BOOTTIME */
	const void *owner;             /* for cs_ldap_cancel */
};

/* Called when the server begins or ceases to answer. */
typedef void (*cs_ldap_state_fn)(void *arg, bool ok, const char *cause);

/* Nothing is connected yet. settings and secret stay the caller's and must outlive it. 0, CS_ENOMEM. */
int cs_ldap_new(const struct cs_settings *settings, const char *secret, cs_ldap_state_fn state, void *arg,
	struct cs_ldap **ret_ldap);
void cs_ldap_free(struct cs_ldap **ldap);

/* Puts a search in the queue. Nothing is sent and nothing called before cs_ldap_work. 0, CS_ENOMEM (end is not called).
 */
int cs_ldap_search(struct cs_ldap *ldap, const struct cs_search *search, const struct cs_search_calls *calls,
		   void *arg);

/* Ends every search of this owner with CS_ENDED_CANCELLED. */
void cs_ldap_cancel(struct cs_ldap *ldap, const void *owner);

/* Closes the connection; every search ends in doubt with this cause. The next search connects again. */
void cs_ldap_drop(struct cs_ldap *ldap, const char *cause);

/* Reads what came, connects where something waits and sends it. Blocks only while it connects, at most until the
 * deadline of the first search. */
void cs_ldap_work(struct cs_ldap *ldap);

/* Connects if it is not connected, taking at most limit_ms. 0, CS_EUNAVAIL. */
int cs_ldap_connect(struct cs_ldap *ldap, uint64_t limit_ms);

int cs_ldap_fd(const struct cs_ldap *ldap);           /* to watch for reading; -1 when there is no connection */
uint64_t cs_ldap_heard_ms(const struct cs_ldap *ldap); /* when the server last said anything */

/* The DN of an entry, allocated. 0, CS_ETOOBIG over CS_MAX_DN, CS_EPROTO, CS_ENOMEM. */
int cs_entry_dn(const struct cs_entry *entry, char **ret_dn);

/* All values of an attribute as strings; none is *ret_n 0. 0, CS_ETOOBIG (more than max, or one over max_bytes),
 * CS_EPROTO (a NUL in one), CS_ENOMEM. The caller frees with cs_free_strv. */
int cs_entry_values(const struct cs_entry *entry, const char *attribute, size_t max, size_t max_bytes,
		    char ***ret_values, size_t *ret_n);

#endif
