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
	LOOKUP_FILTER_MAX = 65536, /* bytes */
	LOOKUP_URLS_MAX = 256 /* that are evaluated for one person or one listing */
};

/* Active Directory follows groups in groups by itself where it has this rule, which it says by that capability. */
#define LOOKUP_IN_CHAIN "1.2.840.113556.1.4.1941"
#define LOOKUP_IS_AD "1.2.840.113556.1.4.800"

extern const char *const lookup_nothing[]; /* the attributes to ask for where the entry alone matters */

/* Texts, each once. DNs count as the same by their key. All zero is empty. */
struct text_set {
	char **texts;
	size_t n, cap;
	struct cs_hash seen;
	bool of_dns;
};

/* One entry that the search for a person brought. */
struct found {
	struct cs_person person;
	struct cs_match match;
	char *login;   /* the canonical one, which memberUid has to spell; "" when none */
	char **member_of;
	size_t n_member_of;
	bool bad_key;
	char *unclear; /* what keeps it from being an answer */
};

/* The groups that a person is in by way of member_attribute, level by level. */
struct closure {
	struct text_set groups;
	size_t level; /* groups from here on were found in this level */
	unsigned depth;
	size_t open;
};

struct lookup_subject {
	struct found found[LOOKUP_FOUND_MAX];
	size_t n_found;
	size_t cap_memberships, cap_unsure;
	struct closure closure;
	unsigned urls; /* that were evaluated */
};

/* How groups in a listing become people. */
enum expansion {
	EXPAND_NONE = 0,
	EXPAND_LEVELS = 1,    /* ask which of those listed are groups, and for their members */
	EXPAND_CHAIN = 2,     /* Active Directory names all groups below */
	EXPAND_MEMBER_OF = 3, /* people's own entries tell */
};

/* A listing while it is filled. */
struct lookup_listing {
	struct cs_listing_fill fill;
	struct cs_netgroup netgroup;
	enum expansion expansion;
	struct text_set logins;     /* to be translated */
	struct text_set candidates; /* DNs that may be groups' */
	struct text_set groups;     /* those that are */
	size_t n_own;               /* of these that the query itself found, and whose members it read */
	struct text_set own;        /* that it found and read by another attribute: nobody, but their members count */
	size_t asked;               /* logins, candidates or groups before this one are done */
	size_t level;               /* candidates before this one are of this level or above */
	unsigned depth;
	unsigned urls;
	bool has_groups; /* with EXPAND_MEMBER_OF: somebody listed is no person */
	bool started;
	bool found;      /* there is such a group */
	size_t open;     /* searches that have not ended */
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
	struct lookup_listing *listings;
	enum cs_known in_chain; /* the server has LOOKUP_IN_CHAIN; doubt while that is not known */
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
	size_t index; /* of the group query or listing */
	bool seen;
	bool once;  /* other searches may bring the same group */
	void *more; /* of the search's own; its end frees it */
	struct cs_search_calls calls; /* set by task_start */
};

/* --- lookup.c --- */

struct cs_facts *task_facts(const struct task *task);

/* Starts one search for a task, which is copied. 0, CS_ENOMEM: then the facts or the listing simply stay doubt. */
int task_start(const struct task *what, struct cs_search *search, const struct cs_search_calls *calls);
void task_end(struct task *task);

void put_text(struct cs_buf *out, const char *text);

/* --- lookup_text.c: sets and filters --- */

/* 1 when it was added, 0 when it was there; CS_ETOOBIG, CS_ENOMEM; CS_EINVAL for what should be a DN and is none. */
int text_set_put(struct text_set *set, const char *text);
int text_set_has(const struct text_set *set, const char *text);
void text_set_clear(struct text_set *set);

/* "(attribute=value)" with the value escaped; rule "" or a matching rule. Appended. */
void filter_equals(struct cs_buf *out, const char *attribute, const char *rule, const char *value);

/* How a text becomes one part of a filter. Appends it, or nothing. */
typedef void (*filter_part_fn)(struct cs_buf *out, const char *text, const void *arg);
/* "(attribute=text)"; arg: of this kind. */
struct filter_equality {
	const char *attribute, *rule;
};
void filter_part_equals(struct cs_buf *out, const char *text, const void *arg);
/* "(cn=name)" of a DN that begins with cn=name: what entries with this DN match, and few others. */
void filter_part_rdn(struct cs_buf *out, const char *text, const void *arg);

/* Writes the filter for entries that match and (NULL: anything) and one of n texts, as many as one filter should have;
 * nothing where they have no parts. How many texts these were; CS_ETOOBIG, CS_ENOMEM. */
int filter_any_of(struct cs_buf *out, const char *and, char *const *texts, size_t n, filter_part_fn part,
	const void *arg);

/* Starts a search for every filter_any_of of the texts; *open counts them. 0, CS_E…. */
struct any_of {
	const char *and;
	char *const *texts;
	size_t n;
	filter_part_fn part;
	const void *arg;
};
int task_start_any_of(const struct task *what, struct cs_search *search, const struct any_of *any,
	const struct cs_search_calls *calls, size_t *open);

/* --- lookup_person.c --- */

/* Asks who a subject is; goes on with lock, other accounts and groups once that is known. 0, CS_E…. */
int lookup_person(struct job *job, size_t subject);
/* What waited until it was known whether the server follows groups by itself. */
void lookup_person_resume(struct job *job, size_t subject);
void lookup_subject_clear(struct lookup_subject *subject);

/* --- lookup_nested.c --- */

/* Asks, once for a job, whether the server follows groups by itself; then persons and listings resume. 0, CS_E…. */
int lookup_chain_ask(struct job *job);
/* Finds the groups that a person is in, then calls lookup_groups_nested. 0, CS_E…. */
int lookup_closure(const struct task *task);
void closure_clear(struct closure *closure);

/* --- lookup_groups.c --- */

/* Asks every group query about a person who is known. 0, CS_E…. */
int lookup_groups(struct task *task);
/* Those that waited for the closure. 0, CS_E…. */
int lookup_groups_nested(struct task *task);

/* Reads one group that lists the person. Clear it with cs_clear. 0, CS_E…; *ret_membership has what was read. */
int membership_read(const struct task *task, const struct cs_entry *entry, struct cs_membership *ret_membership);
/* Takes a membership over, or says why not by doubt. 0, CS_E…. */
int membership_add(const struct task *task, struct cs_membership *membership);
/* The query is not to be believed: "DN: cause". */
void query_unsure(const struct task *task, const char *dn, const char *cause);

/* --- lookup_count.c --- */

/* Counts whom the group at dn lists, for at_least. 0, CS_E…. */
int lookup_count(const struct task *task, const char *dn);
/* The same for an entry that is at hand. 0, CS_E…. */
int lookup_count_entry(const struct task *task, const struct cs_entry *entry, const char *dn);

/* --- lookup_dynamic.c --- */

/* Evaluates the memberURL of groups for a person. 0, CS_E…. */
int lookup_dynamic(const struct task *task);
/* Starts a search for everybody whom this URL finds. person: as in cs_search_calls, for each; end: exactly once.
 * 0; CS_EPROTO with *ret_why a static text: it cannot be used; CS_E…. */
struct dynamic_calls {
	int (*person)(const struct task *task, void *arg, const char *dn);
	void (*end)(const struct task *task, void *arg, enum cs_ended ended, const char *cause);
};
int dynamic_people(const struct task *task, const char *url, const struct dynamic_calls *calls, void *arg,
	const char **ret_why);

/* --- lookup_listing.c --- */

/* Starts to fill a listing, once it is known how groups in groups are found; what cannot be started is doubt. */
void lookup_listing(struct job *job, size_t i);
/* Once only: what comes later changes nothing. */
void lookup_listing_settle(const struct task *task, enum cs_known known, const char *cause);
void lookup_listing_clear(struct lookup_listing *listing);

/* --- lookup_netgroup.c --- */

/* Starts to read a netgroup. 0, CS_E…. */
int lookup_netgroup(const struct task *task);

#endif
