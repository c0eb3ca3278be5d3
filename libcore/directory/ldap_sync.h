/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol by which a server's contents are followed (RFC 4533, refreshAndPersist): several searches on a connection
 * of their own, and what they bring, message by message and without blocking.
 *
 * Not by libldap's ldap_sync_t: as soon as anything else is asked on the same connection, it hands over the first of
 * several messages again and again and never the others (measured with 2.5.13); it passes over entries that it cannot
 * read; and its refresh returns only when the server has sent everything. */
#ifndef CS_DIRECTORY_LDAP_SYNC_H
#define CS_DIRECTORY_LDAP_SYNC_H

#include "ldap_connection.h"
#include "person.h"

#define CS_SYNC_CONTROL "1.3.6.1.4.1.4203.1.9.1.1" /* in supportedControl of the root DSE */

enum { CS_UUID_LEN = 16, CS_SYNC_SEARCHES = 16 };

struct cs_sync;

enum cs_sync_change {
	CS_SYNC_FOUND = 0, /* an entry of a search that does not follow */
	CS_SYNC_PUT = 1,   /* it is there, and this is all of it */
	CS_SYNC_GONE = 2   /* it is not there any more */
};

struct cs_sync_value {
	const char *attribute;
	struct cs_bytes value;
};

struct cs_sync_entry {
	enum cs_sync_change change;
	uint8_t uuid[CS_UUID_LEN]; /* zero for what was only found */
	const char *dn;            /* "" where only the UUID was told; what is gone may bear its new DN */
	const struct cs_sync_value *values;
	size_t n_values;
};

enum cs_sync_ended {
	CS_SYNC_WHOLE = 0,       /* only of a search that does not follow */
	CS_SYNC_UNSUPPORTED = 1, /* the server does not offer it here */
	CS_SYNC_BROKEN = 2       /* anything else: begin anew */
};

/* Each but ended returns 0, or less to give up the connection with this error. id: of the search. What they get lives
 * during the call. */
struct cs_sync_calls {
	int (*entry)(void *arg, unsigned id, const struct cs_sync_entry *entry);
	/* Comes behind the entry that it belongs to. */
	int (*cookie)(void *arg, unsigned id, const char *cookie, size_t n);
	int (*refreshed)(void *arg, unsigned id);
	int (*ended)(void *arg, unsigned id, enum cs_sync_ended ended, const char *cause);
};

/* Takes over the connection, also on failure. 0, CS_ENOMEM. */
int cs_sync_new(struct cs_ldap **ldap, const struct cs_sync_calls *calls, void *arg, struct cs_sync **ret_sync);

struct cs_sync_search {
	unsigned id;               /* below CS_SYNC_SEARCHES; one at a time */
	const char *base;
	bool below;
	const char *filter;
	const char *const *attributes; /* ends with NULL */
	bool follow;
	const char *cookie;        /* what is already known; NULL: nothing */
};

/* 0, CS_EUNAVAIL, CS_ENOMEM. */
int cs_sync_search(struct cs_sync *sync, const struct cs_sync_search *search);

/* Takes at most so many messages that have come. The number taken; less than 0 when the connection is of no more use:
 * CS_EUNAVAIL with the cause, or what a call returned. */
int cs_sync_work(struct cs_sync *sync, unsigned most);

int cs_sync_fd(const struct cs_sync *sync);
const char *cs_sync_cause(const struct cs_sync *sync);
void cs_sync_free(struct cs_sync **sync);

#endif
