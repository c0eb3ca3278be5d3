/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a lookup share: a job, which is one question on its way, and what one search of it is for. */
#ifndef CS_DIRECTORY_LOOKUP_INTERNAL_H
#define CS_DIRECTORY_LOOKUP_INTERNAL_H

#include "answer.h"
#include "lookup.h"
#include "mem.h"
#include "netgroup.h"

enum {
	LOOKUP_FOUND_MAX = 2, /* a second entry is a reason to doubt, a third changes nothing */
	LOOKUP_FILTER_MAX = 8192 /* bytes */
};

/* One entry that the search for a person brought. */
struct found {
	struct cs_person person;
	struct cs_match match;
	char *unclear; /* what keeps it from being an answer */
};

struct lookup_subject {
	struct found found[LOOKUP_FOUND_MAX];
	size_t n_found;
	size_t cap_memberships;
};

/* A roster while it is filled. */
struct lookup_roster {
	struct cs_roster_fill fill;
	struct cs_netgroup netgroup;
	size_t open; /* searches for a netgroup that have not ended */
	bool settled;
};

struct job {
	struct job *next;
	struct cs_lookup *lookup;
	uint64_t number;
	uint64_t asked_ms;
	uint64_t deadline_ms;
	int server;         /* that is asked now; CS_SERVER_… */
	uint32_t tried;     /* bits of the servers that were asked */
	uint64_t begun_ms;  /* at this one */
	uint64_t look_ms;   /* when to see whether it says anything */
	bool pages;
	enum cs_ended again; /* CS_ENDED_LOST, CS_ENDED_PAGES: it has to start again; zero: not */
	char cause[400];     /* why */
	char trail[1024];    /* what each server did */
	struct cs_question question;
	struct cs_answer answer;
	struct lookup_subject *subjects;
	struct lookup_roster *rosters;
	size_t open; /* searches that have not ended */
};

struct cs_lookup {
	const struct cs_settings *settings;
	struct cs_servers *servers;
	cs_lookup_fn done;
	void *arg;
	struct job *jobs; /* oldest first */
	struct job **tail;
};

/* What one search is for. */
struct task {
	struct job *job;
	size_t subject;
	size_t index; /* of the group query or roster */
	bool seen;
	struct cs_search_calls calls; /* set by task_start */
};

/* --- lookup.c --- */

struct cs_facts *task_facts(const struct task *task);

/* Starts one search for a task, which is copied. 0, CS_ENOMEM: then the facts or the roster simply stay doubt. */
int task_start(const struct task *what, struct cs_search *search, const struct cs_search_calls *calls);
void task_end(struct task *task);

void put_text(struct cs_buf *out, const char *text);

/* --- lookup_person.c --- */

/* Asks who a subject is; goes on with lock, other accounts and groups once that is known. 0, CS_E…. */
int lookup_person(struct job *job, size_t subject);
void found_clear(struct found *found);

/* --- lookup_groups.c --- */

/* Asks every group query about a person who is known. 0, CS_E…. */
int lookup_groups(struct task *task);

/* --- lookup_roster.c --- */

/* Starts to fill a roster; what cannot be started is doubt. */
void lookup_roster(struct job *job, size_t i);
/* Once only: what comes later changes nothing. */
void lookup_roster_settle(const struct task *task, enum cs_known known, const char *cause);

#endif
