/* SPDX-License-Identifier: Apache-2.0 */
/* Does a person hold a right, may he fill a rule? Nothing is allocated unless the reason is asked for. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

int cs_policy_person_counts(const struct cs_facts *facts)
{
	if (facts->known == CS_KNOWN_DOUBT)
		return CS_EDOUBT;
	return facts->known == CS_KNOWN_YES && !facts->person.locked;
}

bool cs_policy_concerns(const struct cs_policy *policy, const struct assignment *assignment,
			const struct cs_membership *membership)
{
	char key[CS_MAX_DN + 1];

	if (assignment->to == ASSIGNED_PEOPLE || assignment->query != membership->query)
		return false;
	if (assignment->to == ASSIGNED_BELOW || policy->queries[assignment->query].where == CS_GROUP_AT)
		return true;
	return cs_dn_key(membership->group_dn, key) == 0 && strcmp(key, assignment->dn_key) == 0;
}

const char *cs_policy_unsure(const struct cs_facts *facts, size_t query)
{
	for (size_t i = 0; i < facts->n_unsure; i++) {
		if (facts->unsure[i].query == query)
			return facts->unsure[i].doubt && *facts->unsure[i].doubt
				       ? facts->unsure[i].doubt
				       : "what a group lists is not to be believed";
	}
	return NULL;
}

bool cs_policy_could_cover(const struct assignment *assignment, const char *scope)
{
	char value[CS_MAX_SCOPE + 1];

	return !scope || cs_scope_extract(&assignment->scope, scope, NULL, value) == 1;
}

static int visit_all(const struct cs_policy *policy, const size_t *assignments, size_t n,
		     struct cs_membership *membership, cs_policy_visitor visit, void *arg)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = visit(arg, &policy->assignments[assignments[i]], membership);
	return r;
}

int cs_policy_visit(const struct cs_policy *policy, const struct cs_facts *facts, cs_policy_visitor visit, void *arg)
{
	const size_t *found;
	size_t n;
	int r = 0;

	for (size_t i = 0; r == 0 && i < facts->n_memberships; i++) {
		struct cs_membership *membership = &facts->memberships[i];
		const size_t *start;

		if (membership->query >= policy->n_queries || cs_policy_unsure(facts, membership->query))
			continue;
		start = &policy->query_start[membership->query];
		r = visit_all(policy, policy->by_query + start[0], start[1] - start[0], membership, visit, arg);
		if (r != 0)
			break;
		found = cs_index_find(policy->index, membership->query, membership->group_dn, &n);
		r = visit_all(policy, found, n, membership, visit, arg);
	}
	if (r != 0)
		return r;
	found = cs_index_find(policy->index, INDEX_PEOPLE, facts->person.dn, &n);
	return visit_all(policy, found, n, NULL, visit, arg);
}

/* Single groups that share a query below their parent are in no list by query. They have no floor, so whatever else made
 * their answer doubtful, it is not worth an index. */
static int visit_single(const struct cs_policy *policy, size_t query, cs_policy_visitor visit, void *arg)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_assignments; i++) {
		const struct assignment *assignment = &policy->assignments[i];

		if (assignment->to == ASSIGNED_GROUP && assignment->query == query)
			r = visit(arg, assignment, NULL);
	}
	return r;
}

int cs_policy_visit_unsure(const struct cs_policy *policy, const struct cs_facts *facts, cs_policy_visitor visit,
			   void *arg)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < facts->n_unsure; i++) {
		size_t query = facts->unsure[i].query;
		const size_t *start = &policy->query_start[query];

		if (query >= policy->n_queries)
			continue;
		r = visit_all(policy, policy->by_query + start[0], start[1] - start[0], NULL, visit, arg);
		if (r == 0 && policy->queries[query].where == CS_GROUPS_BELOW)
			r = visit_single(policy, query, visit, arg);
	}
	return r;
}

int cs_policy_say_held(const struct cs_policy *policy, const struct assignment *assignment,
		       struct cs_membership *membership, char **ret_text)
{
	const char *role = policy->roles[assignment->role].name;
	char scope[CS_MAX_SCOPE + 1];

	if (cs_scope_fill(&assignment->scope, cs_policy_attribute, membership, scope) < 0)
		return CS_EINVAL;
	if (!membership)
		return cs_format(ret_text, "role %s in %s by name", role, scope);
	return cs_format(ret_text, "role %s in %s by %s of %s", role, scope, assignment->listed,
			 membership->group_dn ? membership->group_dn : "");
}

/* One question, and what was found while it was asked. */
struct question {
	const struct cs_policy *policy;
	const struct cs_facts *facts;
	const struct want *want;
	const char *scope, *kind;
	size_t kind_len;
	struct cs_held *held; /* may be NULL */
	bool excluded;        /* a role would give it, but exclusive roles take it away */
	char *exclusion;      /* by which; only where held is asked for */
	const char *perhaps;  /* a list that is not to be believed might change the answer: what is said of it */
};

/* 1 when what is wanted is held by this assignment. The order is that of what it costs to look. */
static int gives(void *arg, const struct assignment *assignment, struct cs_membership *membership)
{
	struct question *question = arg;
	const struct cs_policy *policy = question->policy;
	const char *perhaps;
	int r;

	if (!cs_policy_supplies(policy, assignment->role, question->want, question->kind, question->kind_len) ||
	    cs_scope_covers(&assignment->scope, cs_policy_attribute, membership, question->scope) != 1 ||
	    (membership && cs_policy_conditions(assignment, membership) != 1))
		return 0;
	if (policy->restricted && bit_has(policy->restricted, assignment->role)) {
		r = cs_policy_excluded(policy, question->facts, assignment->role, question->scope,
				       question->held && !question->excluded ? &question->exclusion : NULL);
		question->excluded = question->excluded || r == 1;
		if (r != 0)
			return r < 0 ? r : 0;
		perhaps = cs_policy_perhaps_excluded(policy, question->facts, assignment->role, question->scope);
		if (perhaps) {
			question->perhaps = perhaps;
			return 0;
		}
	}
	r = question->held ? cs_policy_say_held(policy, assignment, membership, &question->held->because) : 0;
	return r < 0 ? r : 1;
}

/* 1 when what is wanted might be held by this assignment, whose list is not to be believed. Nor are the group's
 * attributes, so its conditions decide nothing. */
static int might_give(void *arg, const struct assignment *assignment, struct cs_membership *membership)
{
	struct question *question = arg;
	const struct cs_policy *policy = question->policy;

	(void)membership;
	if (!cs_policy_supplies(policy, assignment->role, question->want, question->kind, question->kind_len) ||
	    !cs_policy_could_cover(assignment, question->scope) ||
	    cs_policy_clashes(policy, question->facts, assignment->role, question->scope))
		return 0;
	question->perhaps = cs_policy_unsure(question->facts, assignment->query);
	return 1;
}

static int holds(struct question *question, const char *scope)
{
	const struct cs_facts *facts = question->facts;
	int r;

	question->scope = scope;
	if (cs_scope_valid(scope) != 1)
		return 0;
	question->kind = cs_scope_kind(scope, &question->kind_len);
	r = cs_policy_visit(question->policy, facts, gives, question);
	if (r != 0)
		return r;
	if (!question->perhaps)
		(void)cs_policy_visit_unsure(question->policy, facts, might_give, question);
	return question->perhaps ? CS_EDOUBT : 0;
}

/* Is the person listed in the group that a rule names? */
static int is_member(struct question *question)
{
	const struct want *want = question->want;
	char key[CS_MAX_DN + 1];

	question->perhaps = cs_policy_unsure(question->facts, want->query);
	if (question->perhaps)
		return CS_EDOUBT;
	for (size_t i = 0; i < question->facts->n_memberships; i++) {
		const struct cs_membership *membership = &question->facts->memberships[i];

		if (membership->query != want->query || cs_dn_key(membership->group_dn, key) < 0 ||
		    strcmp(key, want->dn_key) != 0)
			continue;
		if (question->held &&
		    cs_format(&question->held->because, "%s of %s", want->listed, membership->group_dn) < 0)
			return CS_ENOMEM;
		return 1;
	}
	return 0;
}

static int is_named(const struct question *question)
{
	const struct want *want = question->want;
	char key[CS_MAX_DN + 1];

	if (cs_dn_key(question->facts->person.dn, key) < 0 || cs_strv_has(want->people_keys, want->n_people, key) != 1)
		return 0;
	if (question->held && cs_set(&question->held->because, "by name") < 0)
		return CS_ENOMEM;
	return 1;
}

static enum cs_reason why(int r, const struct question *question)
{
	if (r == 1)
		return CS_WHY_HAS_RIGHT;
	if (r < 0)
		return CS_WHY_DOUBT;
	if (question->facts->known != CS_KNOWN_YES)
		return CS_WHY_UNKNOWN_PERSON;
	if (question->facts->person.locked)
		return CS_WHY_LOCKED_PERSON;
	return question->excluded ? CS_WHY_EXCLUSIVE : CS_WHY_NO_PERMISSION;
}

/* Says why it came out so, and keeps the text that belongs to it. */
static int told(int r, struct question *question)
{
	const char *doubt = question->perhaps ? question->perhaps : question->facts->doubt;
	struct cs_held *held = question->held;

	if (held && (r >= 0 || r == CS_EDOUBT)) {
		held->reason = why(r, question);
		if (held->reason == CS_WHY_EXCLUSIVE) {
			held->because = question->exclusion;
			question->exclusion = NULL;
		}
		if (held->reason == CS_WHY_DOUBT && doubt && *doubt && cs_set(&held->because, doubt) < 0) {
			*held = (struct cs_held){0};
			r = CS_ENOMEM;
		}
	}
	cs_free_str(&question->exclusion);
	return r;
}

static int ask(struct question *question, const char *scope)
{
	int r = cs_policy_person_counts(question->facts);

	if (question->held)
		*question->held = (struct cs_held){0};
	if (r == 1 && question->want->kind == WANT_GROUP)
		r = is_member(question);
	else if (r == 1 && question->want->kind == WANT_PEOPLE)
		r = is_named(question);
	else if (r == 1)
		r = holds(question, scope);
	return told(r, question);
}

/* index SIZE_MAX: the policy has nothing of that name. */
static int has(const struct cs_policy *policy, const struct cs_facts *facts, const struct want *want, const char *scope,
	       struct cs_held *ret_held)
{
	struct question question = {.policy = policy, .facts = facts, .want = want, .held = ret_held};

	if (want->index != SIZE_MAX)
		return ask(&question, scope);
	if (ret_held)
		*ret_held = (struct cs_held){0};
	return CS_ENOENT;
}

int cs_policy_has_right(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission,
			const char *scope, struct cs_held *ret_held)
{
	struct want want = {.kind = WANT_PERMISSION};

	want.index = permission ? cs_policy_find_permission(policy, permission) : SIZE_MAX;
	return has(policy, facts, &want, scope, ret_held);
}

int cs_policy_holds(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_sought *sought,
		    struct cs_held *ret_held)
{
	struct want want = {.kind = WANT_ROLE};

	if (!sought->role || !*sought->role)
		return cs_policy_has_right(policy, facts, sought->permission, sought->scope, ret_held);
	want.index = cs_policy_find_role(policy, sought->role);
	return has(policy, facts, &want, sought->scope, ret_held);
}

int cs_policy_meets_rule(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate,
			 const struct rule *rule, const char *scope, struct cs_held *ret_held)
{
	struct question question = {.policy = policy, .facts = facts, .want = &rule->want, .held = ret_held};
	char buffer[CS_MAX_SCOPE + 1];

	return ask(&question, cs_policy_rule_scope(gate, rule, scope, buffer));
}

int cs_policy_may_fill(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate,
		       size_t rule, const char *scope, struct cs_held *ret_held)
{
	if (rule < gate->n_rules)
		return cs_policy_meets_rule(policy, facts, gate, &gate->rules[rule], scope, ret_held);
	if (ret_held)
		*ret_held = (struct cs_held){0};
	return CS_ENOENT;
}

/* Puts the exemption's name before what was counted on. */
static int say_exempt(const struct rule *exempt, struct cs_held *held)
{
	char *because = NULL;

	if (cs_format(&because, "exemption %s: %s", exempt->name, held->because) < 0) {
		cs_held_clear(held);
		return CS_ENOMEM;
	}
	free(held->because);
	*held = (struct cs_held){CS_WHY_EXEMPT, because};
	return 1;
}

int cs_policy_exempt(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate,
		     const char *scope, struct cs_held *ret_held)
{
	struct cs_held held = {.reason = CS_WHY_NO_PERMISSION}, doubt = {0};
	int r = 0, doubtful = 0;

	for (size_t i = 0; r == 0 && i < gate->n_exempts; i++) {
		cs_held_clear(&held);
		r = cs_policy_meets_rule(policy, facts, gate, &gate->exempts[i], scope, ret_held ? &held : NULL);
		if (r == 1 && ret_held)
			r = say_exempt(&gate->exempts[i], &held);
		if (r == CS_EDOUBT) {
			/* Another exemption may be met without what could not be told. */
			cs_held_clear(&doubt);
			doubt = held;
			held = (struct cs_held){0};
			doubtful = r;
			r = 0;
		}
	}
	if (r == 0 && doubtful) {
		r = doubtful;
		cs_held_clear(&held);
		held = doubt;
		doubt = (struct cs_held){0};
	}
	cs_held_clear(&doubt);
	if (ret_held)
		*ret_held = held;
	else
		cs_held_clear(&held);
	return r;
}
