/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of an LDAP connection share. They alone include ldap.h. */
#ifndef CS_DIRECTORY_LDAP_INTERNAL_H
#define CS_DIRECTORY_LDAP_INTERNAL_H

#include "ldap_search.h"

#include <ldap.h>

enum { LDAP_CAUSE_MAX = 400 };

struct search {
	struct search *next;
	int msgid;
	char *base;
	char *filter;
	char **attributes; /* ends with NULL */
	size_t n_attributes;
	bool below;
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

/* One connection while and after it is made. */
struct conn {
	const struct cs_settings *settings;
	const char *secret;
	const char *uri;
	uint64_t until_ms; /* CLOCK_BOOTTIME: each step has what is left */
	LDAP *ld;
	char cause[LDAP_CAUSE_MAX]; /* why it failed */
};

struct cs_ldap {
	struct conn conn;
	cs_ldap_state_fn state;
	void *state_arg;
	struct list waiting;
	struct list flying;
	size_t n_flying;
	uint64_t heard_ms;
	bool lost; /* end it after the results at hand */
};

struct cs_entry {
	LDAP *ld;
	LDAPMessage *message;
};

/* ldap_connect.c: connects, step by step, and blocks meanwhile. 0; CS_EUNAVAIL with the cause, and ld is to be closed. */
int conn_open(struct conn *conn);
/* Writes what went wrong into the cause. Returns CS_EUNAVAIL. */
int conn_blame(struct conn *conn, const char *what, int code);

struct int_option {
	int option;
	int value;
	const char *name;
};
int conn_set_ints(struct conn *conn, const struct int_option *options, size_t n);

/* ldap_bind.c: steps. Each 0 or CS_EUNAVAIL with the cause. */
int conn_set_tls(struct conn *conn);
int conn_start_tls(struct conn *conn);
int conn_bind(struct conn *conn);
int conn_check_tls(struct conn *conn);

/* ldap.c: closes the connection and leaves the searches alone. */
void conn_disconnect(struct cs_ldap *ldap);

#endif
