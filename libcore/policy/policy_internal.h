/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the policy room share: the loaded policy, with every name resolved to an index. */
#ifndef CS_POLICY_INTERNAL_H
#define CS_POLICY_INTERNAL_H

#include "policy.h"

enum {
	POLICY_MAX_ITEMS = 1024,   /* of each kind: permissions, roles, assignments, services, gates */
	POLICY_MAX_COMMANDS = 256, /* of one gate */
	POLICY_MAX_WORDS = 256,    /* of one command */
	POLICY_MAX_NAMES = 8,      /* of one scope */
	POLICY_MAX_WANTED = 16,    /* attributes that one query brings back */
	POLICY_MAX_COUNT = 100     /* people in one approval rule */
};

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
	size_t path; /* index into the policy's paths */
	struct word *words;
	size_t n_words;
};

/* A path that commands name, and what it resolves to on this host ("" until told). */
struct path {
	char *name;
	char *resolved;
};

/* Reads a command; *ret_path is its first word. 0, CS_ENOMEM, CS_ECONF with *ret_what a static text. */
int cs_command_parse(const char *text, struct command *ret_command, char **ret_path, const char **ret_what);
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

/* --- The policy -----------------------------------------------------------------------------------------------------
 */

/* The name is the first member of permission and role: cs_policy_nearest relies on it. */
struct permission {
	char *name;
	char *label;
};

struct role {
	char *name;
	char *label;
	size_t *inherits;
	size_t n_inherits;
	uint64_t *permissions; /* bits: its own and inherited ones */
	uint64_t *own;         /* bits: those it lists itself */
	uint64_t *covers;      /* bits: the role itself and all it inherits */
	unsigned line;         /* for a circle */
};

struct assignment {
	char *name;
	size_t role;
	struct scope scope;
	size_t query;
};

struct service {
	char *name;
	bool unmatched_permits;
};

/* What somebody has to have: a permission, or a role. */
struct want {
	bool is_role;
	size_t index;
};

struct rule {
	char *name;
	uint32_t count;
	struct want want;
	bool own_scope; /* else the gate's */
	struct scope scope;
};

struct cs_gate {
	char *name;
	char **services;
	size_t n_services;
	char **hosts; /* lower case; none: every host */
	size_t n_hosts;
	struct command *commands; /* none: every action of the services */
	size_t n_commands;
	char *deny; /* the text of a deny gate; NULL: not one, and what follows counts */
	size_t permission;
	const char *permission_name;
	struct scope scope;
	struct rule *rules;
	size_t n_rules;
	bool shared, needs_reason, takes_exposed;
	uint64_t lifetime_ms, use_within_ms;
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
	struct cs_gate *gates;
	size_t n_gates;
	struct path *paths;
	size_t n_paths, cap_paths;
	struct cs_group_query *queries;
	size_t n_queries;
	size_t *by_query;    /* assignments, those of query 0 first, … */
	size_t *query_start; /* where those of each query begin in by_query; one more than there are queries */
};

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

/* The index of a name, or SIZE_MAX. */
size_t cs_policy_find_permission(const struct cs_policy *policy, const char *name);
size_t cs_policy_find_role(const struct cs_policy *policy, const char *name);
/* Does this role supply what is wanted, itself or by what it inherits? */
bool cs_policy_supplies(const struct cs_policy *policy, size_t role, struct want want);
/* The attribute of a membership by its name; arg is the cs_membership. */
const char *cs_policy_attribute(void *arg, const char *name);
/* The scope a rule asks for, from the gate's scope as it was filled in; NULL when it cannot be told. buffer may or
 * may not be used. */
const char *cs_policy_rule_scope(const struct cs_gate *gate, const struct rule *rule, const char *scope,
				 char buffer[CS_MAX_SCOPE + 1]);

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

int cs_load_rights(struct loader *loader);      /* permissions and roles */
int cs_load_inherit(struct loader *loader);     /* bits of roles; circles */
int cs_load_assignments(struct loader *loader); /* and the queries that they need */
int cs_load_gates(struct loader *loader);

/* Counts the sections of a kind and allocates an item for each. */
int cs_load_items(struct loader *loader, const char *kind, size_t size, void *ret_items, size_t *ret_n);
int cs_load_title(struct loader *loader, const struct cs_conf_section *section, const char *kind, char **ret_name);
/* A text for people, at most max bytes, without control characters; the fallback where it is not given. */
int cs_load_text(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *fallback,
		 size_t max, char **ret_text);
/* One of two words; *ret_yes is untouched where the key is not given. */
int cs_load_choice(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *yes,
		   const char *no, bool *ret_yes);
/* Refuses an empty list and a value that stands in it twice. */
int cs_load_list(struct loader *loader, const struct cs_conf_section *section, const char *key, size_t *ret_n);
int cs_load_scope(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *fallback,
		  struct scope *ret_scope);
int cs_load_permission(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *name,
		       size_t *ret_index);
int cs_load_role(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *name,
		 size_t *ret_index);

/* Refuses what nobody could ever hold (check.c). what names it: "gate deploy". */
int cs_check_reachable(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *what,
		       struct want want, const struct scope *scope);
/* 1 when s is an attribute name; 1 when s has the form of a DN (check.c). */
int cs_check_attribute(const char *s);
int cs_check_dn(const char *s);

/* The name nearest to a mistyped one among n items of a size that begin with their name; NULL when none is near. */
const char *cs_policy_nearest(const char *name, const void *items, size_t n, size_t size);

#endif
