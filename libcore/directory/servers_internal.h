/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that look after servers share. */
#ifndef CS_DIRECTORY_SERVERS_INTERNAL_H
#define CS_DIRECTORY_SERVERS_INTERNAL_H

#include "errand.h"
#include "ldap_connection.h"
#include "servers.h"

enum {
	CONNECTIONS_MAX = 4, /* to one server */
	ATTEMPTS_MAX = 3     /* threads that connect to it, those included that do not come back */
};

struct cs_connect_attempt {
	struct cs_connecting *connecting;
	uint64_t begun_ms, until_ms;
	bool asked; /* somebody waited for it, so that how often it is tried says nothing about the server */
	bool late; /* it was told as failed, whatever it still brings */
};

struct server {
	char uri[CS_URI_MAX + 1];
	bool listed;  /* in the order of preference */
	bool known;   /* it answered or failed at least once */
	bool failing;
	uint64_t failing_wall_ms;
	char cause[LDAP_CAUSE_MAX]; /* of the last failure */
	char told[LDAP_CAUSE_MAX];  /* which of them the log has */
	uint64_t told_ms, told_pause_ms; /* when, and how long another one has to wait */
	uint64_t failed_ms, pause_ms;
	uint64_t answered_ms; /* since when it tells how searches end; 0: not since it last failed */
	uint64_t try_ms;      /* when to connect though nobody asks; 0: never */
	uint64_t heard_ms;
	uint64_t grow_ms;     /* no further connection before that */
	struct cs_ldap *connections[CONNECTIONS_MAX];
	uint64_t opened_ms[CONNECTIONS_MAX];
	struct cs_connect_attempt attempts[ATTEMPTS_MAX];
	struct list waiting;
};

/* The names of servers while DNS is asked for them. */
struct names {
	struct cs_errand *errand;
	struct srv_question *question; /* the thread's until the errand is taken back */
	uint64_t next_ms, ended_ms, pause_ms;
	char cause[LDAP_CAUSE_MAX];
};

struct cs_servers {
	const struct cs_settings *settings;
	const struct cs_credentials *credentials;
	struct cs_servers_calls calls;
	void *arg;
	struct server all[CS_SERVERS_MAX]; /* a place is never given to another server while anything goes on there */
	size_t order[CS_SERVERS_MAX];      /* of preference */
	size_t n;                          /* in the order */
	struct names names;
	char text[CS_STATE_TEXT_MAX + 1];
};

/* --- servers.c --- */

/* These are the servers from now on. */
void servers_set(struct cs_servers *servers, char *const *uris, size_t n);
bool servers_all_fail(const struct cs_servers *servers);

/* --- servers_state.c --- */

void server_tell(struct cs_servers *servers);
/* It does not answer: told, and passed over for a while; for longer than before if that is news. */
void server_fails(struct cs_servers *servers, struct server *server, const char *cause, bool longer);
/* It was reached. */
void server_answers(struct cs_servers *servers, struct server *server);

/* --- servers_names.c: DNS SRV --- */

void names_work(struct cs_servers *servers);
/* Somebody waits for the names: asks again if that is not too soon. */
void names_want(struct cs_servers *servers);

#endif
