/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to an LDAP server: made in a thread, then used in the worker's loop with many searches in flight. */
#ifndef CS_DIRECTORY_LDAP_CONNECTION_H
#define CS_DIRECTORY_LDAP_CONNECTION_H

#include "ldap_search.h"

enum { LDAP_CAUSE_MAX = 400 };

/* --- ldap_search.c: searches on their way, in lists --- */

struct search {
	struct search *next;
	int msgid;
	char *base;
	char *filter;
	char **attributes; /* ends with NULL */
	size_t n_attributes;
	bool below;
	bool pages;
	unsigned limit;
	unsigned seen;
	uint64_t deadline_ms;
	const void *owner;
	struct cs_search_calls calls;
	void *arg;
	bool spoiled; /* the result cannot be used, although the server may call it a success */
	const char *spoiled_by;
};

struct list {
	struct search *first, *last;
};

int search_new(const struct cs_search *search, const struct cs_search_calls *calls, void *arg,
	struct search **ret_search);
/* Tells how it ended and frees it; it is in no list any more. */
void search_end(struct search *search, enum cs_ended ended, const char *cause);
void list_add(struct list *list, struct search *search);
void list_remove(struct list *list, struct search *search);
/* Takes all out, then ends them: what is added meanwhile stays. */
void list_end(struct list *list, enum cs_ended ended, const char *cause);

/* --- ldap_connect.c: connecting --- */

struct cs_ldap;
struct cs_connecting;

/* Once, before the first thread: libldap makes itself ready at its first call, and not safely from two threads. */
void cs_ldap_prepare(void);

/* Begins to connect in a thread; each step of it has the time until until_ms at most. with_search: the server must also
 * answer a search. 0, CS_ENOMEM, CS_EIO. */
int cs_connecting_start(const struct cs_settings *settings, const struct cs_credentials *credentials,
	const char *uri, uint64_t until_ms, bool with_search, struct cs_connecting **ret_connecting);
int cs_connecting_fd(const struct cs_connecting *connecting);
/* 0: not yet. 1: *ret_ldap is the connection, or NULL where it failed, with the cause (LDAP_CAUSE_MAX bytes); the
 * attempt is freed and NULL. */
int cs_connecting_take(struct cs_connecting **connecting, struct cs_ldap **ret_ldap, char *ret_cause);
/* Ends what it waits for on its socket; the thread comes back and says that it failed. */
void cs_connecting_cut(struct cs_connecting *connecting);
void cs_connecting_abandon(struct cs_connecting **connecting);

/* --- ldap.c: a connection that is open --- */

/* Ends it; its searches end with CS_ENDED_LOST and this cause. */
void cs_ldap_close(struct cs_ldap **ldap, const char *cause);
bool cs_ldap_has_room(const struct cs_ldap *ldap, const struct search *search);
size_t cs_ldap_in_flight(const struct cs_ldap *ldap);
bool cs_ldap_carries(const struct cs_ldap *ldap, const void *owner);
/* Takes over the search in every case. */
void cs_ldap_send(struct cs_ldap *ldap, struct search *search);
void cs_ldap_cancel(struct cs_ldap *ldap, const void *owner);
/* Reads what came, without waiting. */
void cs_ldap_receive(struct cs_ldap *ldap);
/* Why it is of no use any more; NULL while it is. */
const char *cs_ldap_lost(const struct cs_ldap *ldap);
int cs_ldap_fd(const struct cs_ldap *ldap);
uint64_t cs_ldap_heard_ms(const struct cs_ldap *ldap);   /* when the server last said anything */
uint64_t cs_ldap_result_ms(const struct cs_ldap *ldap);  /* when it last said how a search ended; 0: never yet */

#endif
