/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the replica share. */
#ifndef CS_DIRECTORY_REPLICA_INTERNAL_H
#define CS_DIRECTORY_REPLICA_INTERNAL_H

#include "csn.h"
#include "ldap_sync.h"
#include "replica.h"
#include "tree.h"

enum {
	REPLICA_CONTEXTS = 2,    /* the two bases may be in two databases */
	REPLICA_ATTRIBUTES = 96, /* that are held of groups */
	REPLICA_TEXT = 512
};

/* The searches of a session. */
enum {
	FLOW_ROOT,                                /* what the server offers */
	FLOW_BEAT,                                /* how far each database has come, again and again */
	FLOW_TRACK = FLOW_BEAT + REPLICA_CONTEXTS, /* every change in each database, by name alone */
	FLOW_PEOPLE = FLOW_TRACK + REPLICA_CONTEXTS,
	FLOW_OTHERS, /* what else is below people_base, by name alone */
	FLOW_GROUPS,
	FLOW_LOCKED, /* whom locked_filter finds, by name alone */
	FLOWS
};

struct flow {
	bool used, refreshed;
	unsigned context;
	struct cs_csns csns; /* how far what it brought has come */
};

/* One database of the server. */
struct context {
	char *dn;
	char *key;
	struct cs_csns now;  /* as the last beat told it */
	bool is_asked;
	/* What each flow must have come to before it can be told current though it has not heard of the last change: a
	 * delete is told only to those flows that had the entry. */
	struct cs_csns need;
	enum cs_sync_change last; /* of the tracking flow, while its cookie is still to come */
	uint8_t (*deleted)[CS_UUID_LEN]; /* what the tracking flow told to be deleted; before n_gone all is gone here */
	size_t n_deleted, n_gone, cap_deleted;
};

enum phase {
	PHASE_REST = 0,   /* until wake_ms */
	PHASE_CONNECT,
	PHASE_LOOK,       /* what it offers, and where it stands */
	PHASE_REFRESH,
	PHASE_FOLLOW
};

/* Who is held by locked_filter. */
struct held {
	uint8_t (*uuids)[CS_UUID_LEN];
	size_t n, cap;
	struct cs_hash by_uuid;
	uint8_t (*released)[CS_UUID_LEN]; /* until it is certain that everybody else has heard of it, too */
	size_t n_released, cap_released;
};

struct cs_replica {
	const struct cs_settings *settings;
	struct cs_schema schema; /* without member_of, which servers keep without telling those who follow */
	const struct cs_credentials *credentials;
	const struct cs_servers *servers;
	char people_key[CS_MAX_DN + 1], groups_key[CS_MAX_DN + 1];
	bool has_others;
	char **attributes; /* of groups */
	size_t n_attributes;

	enum phase phase;
	uint64_t wake_ms, pause_ms;
	struct cs_connecting *connecting;
	struct cs_sync *sync;
	char uri[CS_URI_MAX + 1];
	uint64_t heard_ms;
	bool has_more; /* than was read; a TLS layer may hold it where no descriptor tells */
	bool offers;  /* the control */
	bool is_new;  /* attributes were learned since the session began */
	struct flow flows[FLOWS];
	struct context contexts[REPLICA_CONTEXTS];
	size_t n_contexts;
	struct cs_tree *tree;
	struct held held;

	uint64_t beat_ms;               /* when the last beat was asked for */
	size_t beat_released;           /* how many were released then */
	uint64_t claim_ms;              /* when the oldest beat was asked for that is not covered yet; 0: none */
	size_t claim_released;
	struct cs_csns claim[REPLICA_CONTEXTS];
	uint64_t current_ms;            /* when it certainly was what the server had; 0: not yet */
	bool was_live;
	uint64_t live_since_ms;
	uint64_t changes, moves; /* of what is held; from one phase to another */
	const char *trouble; /* what a call gave up for; NULL: see the error */
	char cause[REPLICA_TEXT];
	char text[REPLICA_TEXT];
};

/* replica_tree.c. Takes what a flow brought. 0; CS_EPROTO: it must not be; CS_EDOUBT with the trouble: begin anew;
 * CS_ETOOBIG: more than is held; CS_ENOMEM. */
int replica_take(struct cs_replica *replica, unsigned flow, const struct cs_sync_entry *entry);
/* Everybody has heard of what belongs to the first n releases. */
void replica_settle(struct cs_replica *replica, size_t n);
void replica_forget(struct cs_replica *replica);

/* replica_able.c. 1 when what is held answers it; 0 when not. What it lacks is learned. */
int replica_is_able(struct cs_replica *replica, const struct cs_question *question);
bool replica_is_ascii(const char *text);
/* What is held of everybody, and of every group; end with NULL; the caller frees the array alone. NULL: no memory. */
const char **replica_people_attributes(const struct cs_replica *replica);
const char **replica_group_attributes(const struct cs_replica *replica);

/* replica_current.c: whether what is held is what the server has. As replica_take. */
int replica_track(struct cs_replica *replica, unsigned context, const struct cs_sync_entry *entry);
int replica_cookie(struct cs_replica *replica, unsigned flow, const char *cookie, size_t n);
/* 1 when everything that the server had when it told these has come. */
bool replica_covers(struct cs_replica *replica, const struct cs_csns *told);
/* 1 when the last beat told less than the last claim. */
bool replica_went_back(const struct cs_replica *replica);

#endif
