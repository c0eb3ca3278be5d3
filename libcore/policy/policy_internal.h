/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the policy room share: the loaded policy, with every name resolved to an index. */
#ifndef CS_POLICY_INTERNAL_H
#define CS_POLICY_INTERNAL_H

#include "policy.h"

enum {
	POLICY_MAX_ITEMS = 16384,  /* of each kind: permissions, roles, assignments, services, gates */
	POLICY_MAX_ROLES = 1024,
	POLICY_MAX_KINDS = 32,     /* of scopes in which one role carries more, inherited ones included */
	POLICY_MAX_PEOPLE = 1024,  /* named in one place */
	POLICY_MAX_CONDITIONS = 16, /* `where` and `unless` of one assignment; windows, ranges and netgroups of one
	                             * gate */
	POLICY_AT_QUERIES = 16,    /* single groups with one parent and one `listed`, before one query below the parent
	                            * replaces theirs */
	POLICY_MAX_NETGROUPS = 128, /* of the policy: questions to the directory about one action */
	POLICY_MAX_COMMANDS = 256, /* of one gate */
	POLICY_MAX_WORDS = 256,    /* of one command */
	POLICY_MAX_ARTEFACTS = 8,  /* of one gate */
	POLICY_MAX_NAMES = 8,      /* of one scope */
	POLICY_MAX_WANTED = 16,    /* attributes that one query brings back */
	POLICY_MAX_COUNT = 100,    /* people in one approval rule */
	POLICY_MAX_STAGES = 9,     /* of one gate */
	POLICY_MAX_USES = 1000,    /* of one approval, where they are counted */
	POLICY_MAX_GLASSES = 64,   /* break_glass sections */
	POLICY_MAX_UIDS = 256      /* of one of them */
};

#define POLICY_SECOND	 UINT64_C(1000) /* in milliseconds, as every span */
#define POLICY_MINUTE	 (60 * POLICY_SECOND)
#define POLICY_HOUR	 (60 * POLICY_MINUTE)
#define POLICY_DAY	 (24 * POLICY_HOUR)
#define POLICY_MAX_FRESH POLICY_DAY

/* --- Scopes (scope.c) -----------------------------------------------------------------------------------------------
 */

/* One part of a scope between slashes: a literal (name is NULL, all of it in prefix), or prefix, %{name}, suffix. */
struct scope_part {
	char *prefix, *name, *suffix;
	size_t prefix_len, suffix_len;
};

/* A scope as the file writes it. No parts: "*". */
struct scope {
	char *text;
	struct scope_part *parts;
	size_t n_parts;
};

/* The value of a name, or NULL when there is none. */
typedef const char *(*cs_scope_value)(void *arg, const char *name);

/* 0; CS_ENOMEM; CS_ECONF with *ret_what a static text. */
int cs_scope_parse(const char *text, struct scope *ret_scope, const char **ret_what);
void cs_scope_clear(struct scope *scope);
bool cs_scope_everywhere(const struct scope *scope);
/* The i-th name used, in order, with repetitions; NULL past the end. */
const char *cs_scope_name(const struct scope *scope, size_t i);
bool cs_scope_uses(const struct scope *scope, const char *name);
/* 1 when text is a scope without names: "*" or words between slashes, at most CS_MAX_SCOPE bytes. */
int cs_scope_valid(const char *text);
/* Fills the names in: 0; CS_EINVAL when a value is missing or no word, or the whole is too long. */
int cs_scope_fill(const struct scope *scope, cs_scope_value value, void *arg, char ret_text[CS_MAX_SCOPE + 1]);
/* 1 when the scope with its names filled in contains asked, which is valid. A value that is no word: 0. */
int cs_scope_covers(const struct scope *scope, cs_scope_value value, void *arg, const char *asked);
/* 1 when the scope contains asked for some values, and then what the first name has to be ("" without names), into
 * a buffer of CS_MAX_SCOPE + 1 bytes; name NULL means the first. */
int cs_scope_extract(const struct scope *scope, const char *asked, const char *name, char ret_value[CS_MAX_SCOPE + 1]);
/* False when no values of the names of both could make held contain asked. */
bool cs_scope_could_cover(const struct scope *held, const struct scope *asked);

/* --- Commands (command.c) -------------------------------------------------------------------------------------------
 */

enum word_kind { WORD_LITERAL, WORD_ANY, WORD_CAPTURE, WORD_REST };

struct word {
	enum word_kind kind;
	char *text; /* the literal or the name; NULL otherwise */
};

struct command {
	char *text;  /* as written */
	char *name;  /* its first word: a path, or the name of an application's action */
	size_t path; /* index into the policy's paths; SIZE_MAX: the name of an action */
	struct word *words;
	size_t n_words;
};

/* An absolute path that commands name, and what it resolves to on this host ("" until told). */
struct path {
	char *name;
	char *resolved;
};

/* Reads a command; its path is told later (load_gates.c). 0, CS_ENOMEM, CS_ECONF with *ret_what a static text. */
int cs_command_parse(const char *text, struct command *ret_command, const char **ret_what);
/* Is what this service does always a file that runs? Then only an absolute path names it. */
bool cs_service_runs_files(const char *service);
/* Does this service open a session that the helper can end? */
bool cs_service_logs_in(const char *service);
bool cs_command_is_path(const struct command *command); /* else it is the name of an action */
void cs_command_clear(struct command *command);
bool cs_command_captures(const struct command *command, const char *name);
/* 1 when the words meet the arguments of the action (argv without its first). */
int cs_command_meets(const struct command *command, const struct cs_action *action);
/* The argument that a name captures; NULL when there is none. */
const char *cs_command_captured(const struct command *command, const struct cs_action *action, const char *name);
/* The first captured argument that is no word: its name; NULL when all are words. */
const char *cs_command_bad_capture(const struct command *command, const struct cs_action *action);
/* 1 for an absolute path without "//", "/./", "/../" and without a slash at the end. */
int cs_path_normal(const char *path);

struct loader; /* below */

/* --- The policy -----------------------------------------------------------------------------------------------------
 */

/* The name is the first member of permission and role: cs_policy_nearest relies on it. */
struct permission {
	char *name;
	char *label;
	uint64_t fresh_ms; /* CS_FRESH_ANY: not said */
	unsigned line;
};

/* What a role carries beside its plain permissions where the asked scope is of one kind (its first part). */
struct role_kind {
	char *kind;
	uint64_t *permissions; /* bits: its own and inherited ones, for this kind alone */
	uint64_t *own;
	unsigned line;
};

struct role {
	char *name;
	char *label;
	size_t *inherits;
	size_t n_inherits;
	uint64_t *permissions; /* bits: its own and inherited ones */
	uint64_t *own;         /* bits: those it lists itself */
	uint64_t *covers;      /* bits: the role itself and all it inherits */
	struct role_kind *kinds; /* sorted by kind; also those it only inherits */
	size_t n_kinds;
	unsigned line;
};

/* "businessCategory=wg": compared with every value of the group's attribute, upper and lower case alike. */
struct condition {
	char *attribute;
	char *value;
};

enum assigned_to { ASSIGNED_GROUP, ASSIGNED_BELOW, ASSIGNED_PEOPLE };

struct assignment {
	char *name;
	char *label; /* of the role where it is held by this; NULL: the role's own */
	size_t role;
	struct scope scope;
	enum assigned_to to;
	char *dn;      /* GROUP, BELOW: as written */
	char *dn_key;  /* cs_dn_key of it */
	char *listed;  /* GROUP, BELOW */
	size_t query;  /* GROUP, BELOW: which query tells; several GROUPs may share one below their parent */
	uint32_t at_least; /* GROUP, BELOW: as written; what counts is the query's */
	char **people; /* PEOPLE: as written */
	size_t n_people;
	struct condition *where, *unless; /* every `where` must hold, no `unless` may */
	size_t n_where, n_unless;
	unsigned line;
};

/* Roles of which nobody is to hold two. */
struct exclusive {
	char *name;
	size_t *roles;
	size_t n_roles;
	bool within_request; /* dynamic: two of them are not exercised within one request; else static: not held at
	                      * all */
	bool anywhere;       /* static: in whichever scopes; else in scopes that both contain the asked one */
	unsigned line;
};

struct service {
	char *name;
	bool unmatched_permits;
	unsigned line;
};

enum want_kind { WANT_PERMISSION, WANT_ROLE, WANT_GROUP, WANT_PEOPLE };

/* What somebody has to have or be. */
struct want {
	enum want_kind kind;
	size_t index;      /* PERMISSION, ROLE */
	char *dn;          /* GROUP: as written, owned by the rule */
	char *dn_key;      /* GROUP */
	char *listed;      /* GROUP */
	size_t query;      /* GROUP */
	char **people;     /* PEOPLE: DNs as written */
	char **people_keys;
	size_t n_people;
};

/* An approval rule, or whom an exemption or an automatic approval means (count 0). GROUP and PEOPLE have no scope. */
struct rule {
	char *name;
	uint32_t count; /* of a part of them: 1, the least that it can be */
	enum cs_quorum quorum;
	uint32_t stage;
	char *alternative; /* "": always needed; NULL where count is 0 */
	uint64_t after_ms;
	bool counts_rejects;
	struct want want;
	bool own_scope; /* else the gate's */
	struct scope scope;
	unsigned line;
};

/* When and from where: none means always, and from anywhere. */
struct limits {
	struct cs_range *peers;
	char **peer_texts;
	size_t n_peers;
	struct cs_window *times;
	char **time_texts;
	size_t n_times;
};

/* What a gate approves by itself: all that is said has to hold. */
struct automatic {
	char *name;
	struct command *commands; /* none: whatever the gate guards */
	size_t n_commands;
	struct limits limits;
	bool has_who; /* else whoever may ask */
	struct rule who;
	unsigned line;
};

struct cs_gate {
	char *name;
	char **services;
	size_t n_services;
	char **hosts; /* lower case; none: every host */
	size_t n_hosts;
	size_t *netgroups; /* indexes into the policy's; a host in one of them is meant as well as one in hosts */
	size_t n_netgroups;
	unsigned classes; /* bits by cs_class; 0: every class */
	struct limits limits;
	struct rule *exempts;
	size_t n_exempts;
	struct automatic *automatics;
	size_t n_automatics;
	struct command *commands; /* none: every action of the services */
	size_t n_commands;
	char *deny; /* the text of a deny gate; NULL: not one, and what follows counts */
	size_t permission; /* SIZE_MAX: of a review, which nobody asks for by an action */
	const char *permission_name;
	struct scope scope;
	struct rule *rules;
	size_t n_rules;
	bool shared, needs_reason, takes_exposed, takes_self_approval, needs_signature, refuses_exposed_input, monitors;
	char **artefact_texts; /* as written */
	size_t n_artefact_texts;
	struct cs_wanted *artefacts; /* one for each of them */
	size_t n_artefacts;
	uint64_t lifetime_ms, use_within_ms, use_after_ms;
	uint64_t objection_ms, ahead_ms, session_ms, remind_ms; /* 0: none */
	uint64_t watch;          /* enum cs_watch_rule */
	uint64_t watch_grace_ms; /* 0: where watching is not required */
	uint64_t uses; /* CS_USES_ANY: any number */
	uint64_t fresh_ms; /* as written; CS_FRESH_ANY: not said */
	uint64_t least_fresh_ms; /* the smallest of that and of every permission that the gate asks for */
	unsigned line;
};

/* Who may go past the approvals in a scope. */
struct glass {
	char *name;
	struct scope scope; /* without names */
	uint32_t *uids;     /* sorted */
	size_t n_uids;
	uint64_t lasts_ms;
	unsigned line;
};

struct cs_policy {
	struct permission *permissions; /* sorted by name */
	size_t n_permissions;
	struct role *roles;
	size_t n_roles;
	struct assignment *assignments;
	size_t n_assignments;
	struct service *services;
	size_t n_services;
	struct cs_gate *gates; /* behind them the review of each glass, which no action meets */
	size_t n_gates;
	struct glass *glasses;
	size_t n_glasses;
	struct path *paths; /* sorted by name */
	size_t n_paths;
	struct cs_group_query *queries;
	size_t n_queries, cap_queries;
	struct exclusive *exclusives;
	size_t n_exclusives;
	char **netgroups; /* DNs */
	size_t n_netgroups;
	uint64_t *restricted; /* bits: roles that cover one of a static set of exclusive roles; NULL: none does */
	char **named; /* DNs of people named anywhere */
	size_t n_named;
	size_t *by_query;    /* BELOW assignments, and GROUPs with a query of their own: those of query 0 first, … */
	size_t *query_start; /* where those of each query begin in by_query; one more than there are queries */
	struct index *index; /* assignments by the group's or the person's DN (index.c) */
};

/* --- Assignments by DN (index.c) -------------------------------------------------------------------------------------
 * A hash table from (query, key of a DN) to assignments, so that a question about one person costs no more with a
 * hundred thousand assignments than with ten. query is INDEX_PEOPLE for people. */
#define INDEX_PEOPLE SIZE_MAX
struct index;
int cs_index_make(const struct cs_policy *policy, struct index **ret_index);
void cs_index_free(struct index **index);
/* True when two assignments give one person the same role in the same scope by name. */
bool cs_index_twice(const struct index *index, const struct cs_policy *policy, size_t *ret_one, size_t *ret_other);
/* The assignments of one key: an array of *ret_count indexes; NULL when there are none. dn is as the directory spells
 * it. */
const size_t *cs_index_find(const struct index *index, size_t query, const char *dn, size_t *ret_count);

/* cs_dn_key and cs_dn_same, by which DNs are compared: model.h. */

static inline bool bit_has(const uint64_t *bits, size_t i)
{
	return (bits[i / 64] >> (i % 64)) & 1;
}

static inline void bit_set(uint64_t *bits, size_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Room for n bits, in words; never 0. */
static inline size_t bit_words(size_t n)
{
	return n / 64 + 1;
}

/* -1, 0 or 1, for sorting. */
static inline int compare_sizes(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* The index of a name, or SIZE_MAX. */
size_t cs_policy_find_permission(const struct cs_policy *policy, const char *name);
size_t cs_policy_find_role(const struct cs_policy *policy, const char *name);
/* Does this role supply the permission or role that is wanted (never GROUP, PEOPLE), itself or by what it inherits,
 * where the asked scope is of this kind ("" for "*")? */
bool cs_policy_supplies(const struct cs_policy *policy, size_t role, const struct want *want, const char *kind,
			size_t kind_len);
/* The same in any kind of scope. */
bool cs_policy_carries(const struct cs_policy *policy, size_t role, const struct want *want);
/* What the role carries in this kind of scope alone; NULL when nothing. */
struct role_kind *cs_role_kind(const struct role *role, const char *kind, size_t len);
/* The kind of a scope: its first part. Length 0 for "*". */
const char *cs_scope_kind(const char *scope, size_t *ret_len);
/* Do the conditions of the assignment hold for this group? 1 or 0. */
int cs_policy_conditions(const struct assignment *assignment, const struct cs_membership *membership);
/* The first condition that does not hold, and whether it is an `unless`; NULL when all do. */
const struct condition *cs_policy_failed_condition(const struct assignment *assignment,
						   const struct cs_membership *membership, bool *ret_unless);
/* Is this membership one of the group, or of a group below, that the assignment means? False for PEOPLE. */
bool cs_policy_concerns(const struct cs_policy *policy, const struct assignment *assignment,
			const struct cs_membership *membership);
/* What the directory says of a query's list that is not to be believed; NULL when it is believed. */
const char *cs_policy_unsure(const struct cs_facts *facts, size_t query);
/* Could what is listed in the group, which nobody knows, give the assignment's role where this scope is asked for
 * (NULL: anywhere)? */
bool cs_policy_could_cover(const struct assignment *assignment, const char *scope);
/* Calls visit for each assignment that names the person (membership NULL) or means a group that lists him, until it
 * returns other than 0, and returns that. What is not to be believed is left out. Scope and conditions are for the
 * visitor to look at. Nothing is allocated,
 * and what it costs depends on the memberships, not on how many groups and people are assigned. */
typedef int (*cs_policy_visitor)(void *arg, const struct assignment *assignment, struct cs_membership *membership);
int cs_policy_visit(const struct cs_policy *policy, const struct cs_facts *facts, cs_policy_visitor visit, void *arg);
/* The same for each assignment that asks a query whose answer is not to be believed: it might give its role. membership
 * is NULL. */
int cs_policy_visit_unsure(const struct cs_policy *policy, const struct cs_facts *facts, cs_policy_visitor visit,
			   void *arg);
/* 1: the person is certainly known and not locked; 0; CS_EDOUBT. */
int cs_policy_person_counts(const struct cs_facts *facts);
/* "role pmc in project/tomcat by owner of cn=tomcat,…" or "… by name". 0, CS_ENOMEM, CS_EINVAL (no scope). */
int cs_policy_say_held(const struct cs_policy *policy, const struct assignment *assignment,
		       struct cs_membership *membership, char **ret_text);
/* The role of the set that this role is or inherits (never two of them); SIZE_MAX: none. */
size_t cs_exclusive_member(const struct cs_policy *policy, const struct exclusive *set, size_t role);
/* Does the role count for nothing where this scope is asked for, because it covers one of exclusive roles of which the
 * person holds two? 1, 0, CS_ENOMEM. because (may be NULL) is set with 1: the set and the two roles. */
int cs_policy_excluded(const struct cs_policy *policy, const struct cs_facts *facts, size_t role, const char *scope,
		       char **ret_because);
/* Might lists that are not to be believed exclude a role that is held in this scope? The text of such a list, which is
 * the facts'; NULL when none might. */
const char *cs_policy_perhaps_excluded(const struct cs_policy *policy, const struct cs_facts *facts, size_t role,
				       const char *scope);
/* Is a role held for certain that excludes this one where the scope is asked for? Then whoever got it would have
 * neither. */
bool cs_policy_clashes(const struct cs_policy *policy, const struct cs_facts *facts, size_t role, const char *scope);
/* The one value of an attribute of a membership; NULL where it has none or several. arg is the cs_membership. */
const char *cs_policy_attribute(void *arg, const char *name);
/* The scope a rule asks for, from the gate's scope as it was filled in; NULL when it cannot be told. buffer may or
 * may not be used. */
const char *cs_policy_rule_scope(const struct cs_gate *gate, const struct rule *rule, const char *scope,
				 char buffer[CS_MAX_SCOPE + 1]);

/* The gates, and behind them the reviews of break-glass. */
static inline size_t all_gates(const struct cs_policy *policy)
{
	return policy->n_gates + policy->n_glasses;
}

/* "90s", "30m": into the buffer, which it returns (terms.c). */
const char *cs_policy_say_span(uint64_t ms, char text[32]);
/* Does an action meet the command: its path, by either name, and its arguments? What is not spelled plainly does not. */
bool cs_policy_command_meets(const struct cs_policy *policy, const struct command *command,
			     const struct cs_action *action);
/* May the person fill this rule or use this exemption in the gate's scope? As cs_policy_may_fill (rights.c). */
int cs_policy_meets_rule(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate,
			 const struct rule *rule, const char *scope, struct cs_held *ret_held);

/* --- When and from where (limits.c) ---------------------------------------------------------------------------------
 */

int cs_load_limits(struct loader *loader, const struct cs_conf_section *section, struct limits *limits);
void cs_limits_clear(struct limits *limits);
bool cs_limits_in_time(const struct limits *limits, uint64_t wall_ms);
/* 1, 0; CS_EDOUBT for an address that cannot be read. */
int cs_limits_in_range(const struct limits *limits, const struct cs_action *action);

/* --- What a gate surely meets (cover.c) ------------------------------------------------------------------------------
 * False where it cannot be shown. */
bool cs_covers_every_host(const struct cs_gate *gate);
bool cs_covers_classes(const struct cs_gate *wide, const struct cs_gate *narrow);
bool cs_covers_host(const struct cs_gate *gate, const char *pattern); /* all hosts that this pattern meets */
bool cs_covers_netgroup(const struct cs_gate *gate, size_t netgroup);
/* All that this command meets; NULL: every action of the service. */
bool cs_covers_command(const struct cs_policy *policy, const struct cs_gate *gate, const struct command *command);

/* --- Loading (load.c and what it calls, in this order) ---------------------------------------------------------------
 */

struct loader {
	const struct cs_conf_section *top;
	const char *file;
	struct cs_problem *problem;
	struct cs_policy *policy;
};

/* Sets the problem with the line of an option (key NULL: of the section) and is CS_ECONF. */
#define REFUSE(loader, section, key, ...)                                                                              \
	(cs_problem_set((loader)->problem, (loader)->file, cs_conf_line((section), (key)), __VA_ARGS__), CS_ECONF)

/* What may stand in a policy, as a table. */
extern const struct cs_conf_option cs_policy_options[];

int cs_load_rights(struct loader *loader);      /* permissions and roles */
int cs_load_inherit(struct loader *loader);     /* bits of roles; circles */
int cs_load_assignments(struct loader *loader); /* and the queries that they need */
int cs_load_exclusives(struct loader *loader);
int cs_load_gates(struct loader *loader);       /* may add queries, for groups that rules and exemptions name */
int cs_load_glasses(struct loader *loader);     /* and their reviews, behind the gates */
int cs_load_index(struct loader *loader);       /* last: merges queries; by_query, query_start, index, named */

/* A query that tells who is listed by `listed` of the group or of those below. cs_load_index makes one of those that
 * ask the same, and changes every index of a query accordingly. */
int cs_load_query(struct loader *loader, const struct cs_conf_section *section, enum cs_where where, const char *dn,
		  const char *listed, size_t *ret_query);
/* Makes one of the queries that ask the same; 0, CS_ECONF, CS_ENOMEM (queries.c). */
int cs_merge_queries(struct loader *loader);
/* The conditions `where` or `unless`, sorted, so that they can be compared; *n_conditions also counts the one that was
 * read last when it fails, for who frees them (where.c). */
int cs_load_conditions(struct loader *loader, const struct cs_conf_section *section, const char *key,
		       struct condition **conditions, size_t *n_conditions);
int cs_conditions_order(const struct condition *a, size_t n_a, const struct condition *b, size_t n_b);
/* `fresh`: CS_FRESH_ANY where it is not given. */
int cs_load_fresh(struct loader *loader, const struct cs_conf_section *section, uint64_t *ret_ms);
/* Adds an attribute to what the query brings back. 0, CS_ETOOBIG (over POLICY_MAX_WANTED), CS_ENOMEM. */
int cs_query_want(struct cs_group_query *query, const char *attribute);
/* A list of DNs of people (key "person"): refused when one is no DN, stands twice, or there are too many. */
int cs_load_people(struct loader *loader, const struct cs_conf_section *section, const char *key, char ***ret_people,
		   size_t *ret_n);

/* What a gate says of commands, whatever is meant by it (load_gates.c). */
int cs_load_commands(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
		     struct command **commands, size_t *n_commands);
/* What a gate that does not deny asks for, and what one that denies says (load_terms.c). */
int cs_load_terms(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate);
int cs_load_deny(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate);
/* A span in milliseconds within bounds; the fallback where it is not given. */
int cs_load_span(struct loader *loader, const struct cs_conf_section *section, const char *key, uint64_t fallback,
		 uint64_t least, uint64_t most, uint64_t *ret_ms);
/* The smallest fresh of the gate and of all it asks for. */
void cs_load_least_fresh(const struct cs_policy *policy, struct cs_gate *gate);

/* The approvals and exemptions of a gate whose permission is read (load_rules.c). */
int cs_load_approvals(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate);
int cs_load_exemptions(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate);
/* Who is meant by a section that may say so, by permission, role, group or person; false in *ret_has where it does not.
 * what names it for people. */
int cs_load_who(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
		const char *what, struct rule *rule, bool *ret_has);
void cs_rule_clear(struct rule *rule);
/* What the approvals of a gate say together, once all its terms are read (check_rules.c). */
int cs_check_rules(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate);
/* How many people have to agree for a rule at the least; who asks may be one of those whom it names. */
uint32_t cs_rule_least(const struct rule *rule);
int cs_load_automatics(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate);
void cs_automatic_clear(struct automatic *automatic);

/* Counts the sections of a kind and allocates an item for each. */
int cs_load_items(struct loader *loader, const char *kind, size_t size, void *ret_items, size_t *ret_n);
int cs_load_title(struct loader *loader, const struct cs_conf_section *section, const char *kind, char **ret_name);
/* A text for people, at most max bytes, without control characters; the fallback where it is not given. */
int cs_load_text(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *fallback,
		 size_t max, char **ret_text);
/* One of two words; *ret_yes is untouched where the key is not given. */
int cs_load_choice(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *yes,
		   const char *no, bool *ret_yes);
/* 1 when the text is a whole number from 1 to most; else 0. */
int cs_load_number(const char *text, uint64_t most, uint64_t *ret_number);
/* Refuses an empty list and a value that stands in it twice. */
int cs_load_list(struct loader *loader, const struct cs_conf_section *section, const char *key, size_t *ret_n);
int cs_load_scope(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *fallback,
		  struct scope *ret_scope);
int cs_load_permission(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *name,
		       size_t *ret_index);
int cs_load_role(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *name,
		 size_t *ret_index);

/* True when held contains asked, whatever the names in them stand for, where one name means the same in both
 * (check.c). */
bool cs_scope_contains(const struct scope *held, const struct scope *asked);
/* Refuses what nobody could ever hold (check.c). what names it: "gate deploy". */
int cs_check_reachable(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *what,
		       struct want want, const struct scope *scope);
/* 1 when s is an attribute name; 1 when s has the form of a DN (check.c). */
int cs_check_attribute(const char *s);
int cs_check_dn(const char *s);

/* The name nearest to a mistyped one among n items of a size that begin with their name; NULL when none is near. */
const char *cs_policy_nearest(const char *name, const void *items, size_t n, size_t size);

#endif
