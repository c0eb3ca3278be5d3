/* SPDX-License-Identifier: Apache-2.0 */
/* The policy: load, match, evaluate, explain. Pure: no clock, no socket, no file but the text it is given. The format
 * is docs/policy.md. Match functions answer 1 (match), 0 (no match) or a negative error that stops the evaluation. */
#ifndef CS_POLICY_H
#define CS_POLICY_H

#include "conf.h"
#include "model.h"

struct cs_policy;
struct cs_gate;

/* Reads a policy from text; name is for messages ("policy.conf"). Everything is checked here: unknown keys, dangling
 * role and permission names (with a suggestion), inheritance cycles, captures that a scope uses and no command
 * defines, a gate without permission, count 0, a rule no assignment could ever fill, spans out of range.
 * 0; CS_ECONF with problem set; CS_ENOMEM. */
int cs_policy_parse(const char *text, const char *name, struct cs_policy **ret_policy, struct cs_problem *problem);
void cs_policy_free(struct cs_policy **policy);

/* Every path that a gate's command names, and the way to tell the policy what it resolves to (realpath on this host),
 * so that /bin/sh in the policy also meets /usr/bin/dash on the host. The daemon calls this after parsing; without
 * it only the spelling counts. */
size_t cs_policy_paths(const struct cs_policy *policy);
const char *cs_policy_path(const struct cs_policy *policy, size_t i);
int cs_policy_resolved(struct cs_policy *policy, size_t i, const char *resolved);

/* Numbers for people: permissions, roles, assignments, gates. */
struct cs_policy_counts { size_t permissions, roles, assignments, gates, services; };
void cs_policy_count(const struct cs_policy *policy, struct cs_policy_counts *ret_counts);

/* What has to be asked of the directory about a person to decide anything: one query per distinct (where, dn, listed)
 * of the assignments. The array belongs to the policy. */
const struct cs_group_query *cs_policy_queries(const struct cs_policy *policy, size_t *ret_count);

/* --- Matching ------------------------------------------------------------------------------------------------------ */

enum cs_match_kind {
	CS_MATCH_NONE = 0,  /* no gate; unmatched says what then */
	CS_MATCH_GATE = 1,
	CS_MATCH_DENY = 2,  /* a deny gate; text is its message */
	CS_MATCH_ARGUMENTS = 3 /* a gate guards this command, but none matches these arguments, or a captured argument is
	                        * no word (cs_is_word): denied, never unguarded */
};

struct cs_match {
	enum cs_match_kind kind;
	const struct cs_gate *gate; /* GATE, DENY */
	char *scope;                /* GATE: the scope after filling in captures; owned */
	char *text;                 /* DENY, ARGUMENTS: for people; owned */
	bool unmatched_permits;     /* NONE: the service is named in the policy with unmatched = permit */
};

/* Which gate an action meets: a deny gate wins, else the first in the file. A gate's command is words: the first a
 * path, then one word an argument: literal, "*" any one argument, "%{name}" any one argument, captured, and a last
 * "**" for all that follow. A path alone meets every argument list. 0 (see kind), CS_ENOMEM. */
int cs_policy_match(const struct cs_policy *policy, const struct cs_action *action, struct cs_match *ret_match);
void cs_match_clear(struct cs_match *match);

/* The gate with this name, or NULL; for claims under a newer policy. */
const struct cs_gate *cs_policy_gate(const struct cs_policy *policy, const char *name);

const char *cs_gate_name(const struct cs_gate *gate);
const char *cs_gate_permission(const struct cs_gate *gate);
bool cs_gate_needs_reason(const struct cs_gate *gate);
bool cs_gate_distinct(const struct cs_gate *gate); /* one person fills one rule (default), else any number of them */
bool cs_gate_takes_exposed(const struct cs_gate *gate); /* exposed_file = permit; default deny */
uint64_t cs_gate_lifetime_ms(const struct cs_gate *gate);
uint64_t cs_gate_use_within_ms(const struct cs_gate *gate);
size_t cs_gate_rules(const struct cs_gate *gate);
const char *cs_gate_rule_name(const struct cs_gate *gate, size_t rule);
uint32_t cs_gate_rule_count(const struct cs_gate *gate, size_t rule);
/* "1 × Approve a deployment in project/tomcat": for people. Owned by the caller; NULL when out of memory. */
char *cs_gate_rule_label(const struct cs_policy *policy, const struct cs_gate *gate, size_t rule, const char *scope);

/* --- Evaluating ---------------------------------------------------------------------------------------------------- */

/* Does the person of these facts hold the permission in the scope? Facts must answer cs_policy_queries of the same policy.
 * A role held in "*" holds everywhere; one held in "project" holds in "project/tomcat" too (whole path parts), never the other way.
 * 1, 0, CS_EDOUBT (facts are not KNOWN_YES because of doubt), CS_ENOENT (no such permission), CS_ENOMEM. A person that is
 * not known, or locked, holds nothing (0). because (may be NULL) receives, on 1, an allocated line such as "role pmc in project/tomcat
 * by owner of cn=tomcat,…". */
int cs_policy_has_right(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission,
	const char *scope, char **ret_because);

/* May the person fill this approval rule of the gate in the scope? Same results. Says nothing about who asked. */
int cs_policy_may_fill(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate, size_t rule,
	const char *scope, char **ret_because);

/* Which groups would have to be listed to know who could fill a rule: appended to *queries (free each with
 * cs_clear(&cs_roster_query_shape)). 0, CS_ENOMEM. */
int cs_policy_who(const struct cs_policy *policy, const struct cs_gate *gate, size_t rule, const char *scope,
	struct cs_roster_query **queries, size_t *n_queries);

/* Explains has_right step by step, one line each, appended to *steps: each assignment that could give it, and whether
 * it did; ends with the verdict or what would supply the missing step. 0, CS_ENOMEM, CS_ENOENT as has_right. */
int cs_policy_explain(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission,
	const char *scope, char ***steps, size_t *n_steps);

/* 1 when the permission is defined, else 0; its label (its name when it has none). */
int cs_policy_permission_known(const struct cs_policy *policy, const char *permission);
const char *cs_policy_permission_label(const struct cs_policy *policy, const char *permission);

#endif
