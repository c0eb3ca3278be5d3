/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of an LDAP connection share. They alone include ldap.h. */
#ifndef CS_DIRECTORY_LDAP_INTERNAL_H
#define CS_DIRECTORY_LDAP_INTERNAL_H

#include "errand.h"
#include "ldap_connection.h"

#include <lber.h>
#include <ldap.h>
#include <pthread.h>

/* The socket of a connection while it is made: libldap 2.5 waits in more places than it has time limits for, and another
 * thread can cut it. Close it when the connection is made or given up. */
struct conn_wire {
	pthread_mutex_t lock;
	int fd; /* a duplicate, so that it names this socket and no other; -1: none */
	bool cut;
};
void conn_wire_init(struct conn_wire *wire);
void conn_wire_cut(struct conn_wire *wire);
void conn_wire_close(struct conn_wire *wire);

/* One connection while and after it is made. All that it points to lives as long as the process. */
struct conn {
	const struct cs_settings *settings;
	const struct cs_credentials *credentials;
	char uri[CS_URI_MAX + 1];
	bool tls, starttls; /* set by the first stage: what this uri has to have */
	uint64_t until_ms; /* CLOCK_BOOTTIME: each step has what is left */
	struct conn_wire *wire; /* NULL: whoever connects can wait */
	LDAP *ld;
	char cause[LDAP_CAUSE_MAX]; /* why it failed */
};

struct cs_ldap {
	struct conn conn;
	struct list flying;
	size_t n_flying;
	bool paging; /* one of them is brought in pages: servers keep one such state a connection */
	uint64_t heard_ms, result_ms;
	bool lost; /* cause in conn */
};

struct cs_entry {
	LDAP *ld;
	LDAPMessage *message;
};

/* ldap_connect.c: connects, step by step, and blocks meanwhile: in an errand (errand.h) or in a program of its own.
 * settings, credentials, uri and until_ms are set. 0; CS_EUNAVAIL with the cause. Close it in both cases. */
int conn_open(struct conn *conn);
/* The same in parts, in this order, each with what time is left. */
enum conn_stage {
	CONN_PREPARE = 0, /* nothing is sent */
	CONN_REACH = 1,   /* connected, and TLS is in place where it has to be */
	CONN_BIND = 2,
	CONN_STAGES = 3
};
int conn_stage(struct conn *conn, enum conn_stage stage);
/* Does not wait for the server. */
void conn_close(struct conn *conn);
int conn_fd(const struct conn *conn); /* -1 when it is not open */
/* Writes what went wrong into the cause. Returns CS_EUNAVAIL. */
int conn_blame(struct conn *conn, const char *what, int code);

struct int_option {
	int option;
	int value;
	const char *name;
};
int conn_set_ints(struct conn *conn, const struct int_option *options, size_t n);

/* ldap_patience.c: a layer below TLS that waits on the socket, in this thread until then (CLOCK_BOOTTIME), where libldap
 * would spin; 0: it waits for nothing. */
int conn_add_patience(Sockbuf *sb); /* 0; -1: out of memory */
void conn_set_patience(uint64_t until_ms);

/* ldap_bind.c: steps. Each 0 or CS_EUNAVAIL with the cause. */
int conn_set_tls(struct conn *conn);
int conn_reach(struct conn *conn);
int conn_bind(struct conn *conn);
int conn_check_tls(struct conn *conn);

/* ldap.c: takes over a connection that is open, for the loop: nothing on it blocks any more. 0, CS_ENOMEM. */
int ldap_adopt(struct conn *conn, struct cs_ldap **ret_ldap);

#endif
