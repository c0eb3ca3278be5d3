/* SPDX-License-Identifier: Apache-2.0 */
/* The servers of a directory: which one is to be asked, a few connections to each, and what happens when one fails.
 * Runs in the directory worker's loop and never blocks it: connecting and DNS are errands (errand.h). */
#ifndef CS_DIRECTORY_SERVERS_H
#define CS_DIRECTORY_SERVERS_H

#include "ldap_search.h"
#include "message.h"

#include <poll.h>

enum {
	CS_SERVERS_POLL_MAX = 128,
	CS_SERVER_NONE = -1,     /* every one has been tried */
	CS_SERVER_LATER = -2     /* DNS has not said yet which there are */
};

struct cs_servers;

/* The URIs of the servers that DNS names for a domain, in the order to try them. Waits for the resolver, at most a few
 * seconds for each name server. 0; CS_EUNAVAIL with *ret_cause, CS_ENOMEM. The caller frees both. */
int cs_servers_of_domain(const char *domain, bool ldaps, char ***ret_uris, size_t *ret_n, char **ret_cause);

struct cs_servers_calls {
	/* How all of them are, at every change. */
	void (*state)(void *arg, bool ok, const char *text);
	/* Exactly once when one ceases to answer, with the cause, and once when it answers again. */
	void (*event)(void *arg, bool ok, const char *text);
};

/* Begins to connect at the first cs_servers_work. settings and credentials stay the caller's and must not change as
 * long as the process lives: threads that never come back may still read them. 0, CS_ENOMEM. */
int cs_servers_new(const struct cs_settings *settings, const struct cs_credentials *credentials,
	const struct cs_servers_calls *calls, void *arg, struct cs_servers **ret_servers);

/* The server that is to be asked next: the first in the order of preference that answers, else the first of the
 * others. tried: bits of those that were. asked_ms: since when somebody waits for the names (SRV). */
int cs_servers_pick(struct cs_servers *servers, uint32_t tried, uint64_t asked_ms);
size_t cs_servers_count(const struct cs_servers *servers);
const char *cs_servers_uri(const struct cs_servers *servers, int server);
/* Why the names of the servers could not be learned; "" when they were. */
const char *cs_servers_lost_names(const struct cs_servers *servers);
/* The URI of the server that questions go to now; NULL while none is known to answer. */
const char *cs_servers_best(const struct cs_servers *servers);

/* Puts a search in the queue of a server. Nothing is sent and nothing called before cs_servers_work or
 * cs_servers_send. 0, CS_ENOMEM (end is not called). */
int cs_servers_search(struct cs_servers *servers, int server, const struct cs_search *search,
	const struct cs_search_calls *calls, void *arg);
/* Ends every search of this owner with CS_ENDED_CANCELLED. */
void cs_servers_cancel(struct cs_servers *servers, const void *owner);

/* When anything last came on the connections that carry this owner's searches, or from the server while they wait. */
uint64_t cs_servers_heard_ms(const struct cs_servers *servers, int server, const void *owner);
/* Ends the connections that carry this owner's searches and on which nothing came since then: the server has failed.
 * Their searches end with CS_ENDED_LOST. */
void cs_servers_silent(struct cs_servers *servers, int server, const void *owner, uint64_t since_ms,
	const char *cause);

/* Descriptors to watch for reading, at most CS_SERVERS_POLL_MAX. Returns how many. */
size_t cs_servers_poll(const struct cs_servers *servers, struct pollfd *ret_fds);
/* Reads what came and looks after connections; then sends. */
void cs_servers_work(struct cs_servers *servers);
/* Sends what waits. */
void cs_servers_send(struct cs_servers *servers);
/* When to call cs_servers_work though nothing came; 0: never. */
uint64_t cs_servers_next_ms(const struct cs_servers *servers);

#endif
