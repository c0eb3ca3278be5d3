/* SPDX-License-Identifier: Apache-2.0 */
/* Roles that exclude each other: static ones count for nothing to whoever holds two; dynamic ones part the rules of a
 * gate among different people. */
#include "policy_internal.h"
#include "mem.h"

#include <string.h>

size_t cs_exclusive_member(const struct cs_policy *policy, const struct exclusive *set, size_t role)
{
	for (size_t i = 0; i < set->n_roles; i++) {
		if (bit_has(policy->roles[role].covers, set->roles[i]))
			return set->roles[i];
	}
	return SIZE_MAX;
}

/* How one of the roles is held. */
struct hold {
	const struct assignment *assignment;
	struct cs_membership *membership;
	size_t member; /* of the set: the role itself or one that it inherits */
};

/* A search for two roles of a set. */
struct pair {
	const struct cs_policy *policy;
	const struct cs_facts *facts;
	const struct exclusive *set;
	const char *scope; /* both have to be held here; NULL: anywhere */
	struct hold holds[2];
};

static bool is_held(const struct pair *pair, const struct assignment *assignment, struct cs_membership *membership)
{
	char scope[CS_MAX_SCOPE + 1];

	if (membership && cs_policy_conditions(assignment, membership) != 1)
		return false;
	if (pair->scope)
		return cs_scope_covers(&assignment->scope, cs_policy_attribute, membership, pair->scope) == 1;
	return cs_scope_fill(&assignment->scope, cs_policy_attribute, membership, scope) == 0;
}

static int find_two(void *arg, const struct assignment *assignment, struct cs_membership *membership)
{
	struct pair *pair = arg;
	struct hold hold = {assignment, membership, cs_exclusive_member(pair->policy, pair->set, assignment->role)};
	bool second = pair->holds[0].assignment != NULL;

	if (hold.member == SIZE_MAX || (second && hold.member == pair->holds[0].member) ||
	    !is_held(pair, assignment, membership))
		return 0;
	pair->holds[second] = hold;
	return second;
}

static int is_broken(struct pair *pair, const char *scope)
{
	pair->scope = pair->set->anywhere ? NULL : scope;
	pair->holds[0] = pair->holds[1] = (struct hold){0};
	return cs_policy_visit(pair->policy, pair->facts, find_two, pair);
}

static int say_pair(const struct pair *pair, char **ret_text)
{
	const struct role *roles = pair->policy->roles;
	char *held[2] = {NULL, NULL};
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(held); i++)
		r = cs_policy_say_held(pair->policy, pair->holds[i].assignment, pair->holds[i].membership, &held[i]);
	if (r == 0)
		r = cs_format(ret_text, "roles %s and %s exclude each other (exclusive %s): %s; %s",
			      roles[pair->holds[0].member].name, roles[pair->holds[1].member].name, pair->set->name,
			      held[0], held[1]);
	cs_free_str(&held[0]);
	cs_free_str(&held[1]);
	return r;
}

int cs_policy_excluded(const struct cs_policy *policy, const struct cs_facts *facts, size_t role, const char *scope,
		       char **ret_because)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_exclusives; i++) {
		struct pair pair = {.policy = policy, .facts = facts, .set = &policy->exclusives[i]};

		if (pair.set->within_request || cs_exclusive_member(policy, pair.set, role) == SIZE_MAX)
			continue;
		r = is_broken(&pair, scope);
		if (r == 1 && ret_because && say_pair(&pair, ret_because) < 0)
			r = CS_ENOMEM;
	}
	return r;
}

/* --- What is not to be believed ----------------------------------------------------------------------------------- */

/* A role that is held, and the search for a list that might give one which excludes it. */
struct threat {
	const struct cs_policy *policy;
	const struct cs_facts *facts;
	const struct exclusive *set;
	const char *scope;
	size_t member;
	const char *text;
};

static int find_threat(void *arg, const struct assignment *assignment, struct cs_membership *membership)
{
	struct threat *threat = arg;
	size_t member = cs_exclusive_member(threat->policy, threat->set, assignment->role);

	(void)membership;
	if (member == SIZE_MAX || member == threat->member ||
	    !cs_policy_could_cover(assignment, threat->set->anywhere ? NULL : threat->scope))
		return 0;
	threat->text = cs_policy_unsure(threat->facts, assignment->query);
	return 1;
}

const char *cs_policy_perhaps_excluded(const struct cs_policy *policy, const struct cs_facts *facts, size_t role,
				       const char *scope)
{
	struct threat threat = {.policy = policy, .facts = facts, .scope = scope};

	for (size_t i = 0; facts->n_unsure > 0 && !threat.text && i < policy->n_exclusives; i++) {
		threat.set = &policy->exclusives[i];
		threat.member = cs_exclusive_member(policy, threat.set, role);
		if (!threat.set->within_request && threat.member != SIZE_MAX)
			(void)cs_policy_visit_unsure(policy, facts, find_threat, &threat);
	}
	return threat.text;
}

bool cs_policy_clashes(const struct cs_policy *policy, const struct cs_facts *facts, size_t role, const char *scope)
{
	static const struct assignment perhaps; /* stands for the one that might give the role */

	if (!policy->restricted || !bit_has(policy->restricted, role))
		return false;
	for (size_t i = 0; i < policy->n_exclusives; i++) {
		struct pair pair = {.policy = policy, .facts = facts, .set = &policy->exclusives[i]};

		pair.holds[0] = (struct hold){&perhaps, NULL, cs_exclusive_member(policy, pair.set, role)};
		pair.scope = pair.set->anywhere ? NULL : scope;
		if (!pair.set->within_request && pair.holds[0].member != SIZE_MAX &&
		    cs_policy_visit(policy, facts, find_two, &pair) == 1)
			return true;
	}
	return false;
}

/* --- What the directory breaks
 * ---------------------------------------------------------------------------------------- */

/* Two scopes both contain one that is asked for exactly where one of them contains the other, so it is enough to ask
 * for each that is held. */
static int find_broken(void *arg, const struct assignment *assignment, struct cs_membership *membership)
{
	struct pair *pair = arg;
	char scope[CS_MAX_SCOPE + 1];

	if (cs_exclusive_member(pair->policy, pair->set, assignment->role) == SIZE_MAX ||
	    (membership && cs_policy_conditions(assignment, membership) != 1) ||
	    cs_scope_fill(&assignment->scope, cs_policy_attribute, membership, scope) < 0)
		return 0;
	return is_broken(pair, scope);
}

int cs_policy_violations(const struct cs_policy *policy, const struct cs_facts *facts, char ***lines, size_t *n_lines)
{
	size_t before = *n_lines;
	int r = cs_policy_person_counts(facts);

	if (r != 1)
		return r;
	r = 0;
	for (size_t i = 0; r == 0 && i < policy->n_exclusives; i++) {
		struct pair pair = {.policy = policy, .facts = facts, .set = &policy->exclusives[i]};
		char *line = NULL;

		if (pair.set->within_request || cs_policy_visit(policy, facts, find_broken, &pair) != 1)
			continue;
		r = say_pair(&pair, &line);
		if (r == 0)
			r = cs_strv_add(lines, n_lines, line);
		cs_free_str(&line);
	}
	while (r < 0 && *n_lines > before)
		cs_free_str(&(*lines)[--*n_lines]);
	return r;
}

/* --- Rules of a gate that different people fill
 * ------------------------------------------------------------------------ */

/* Could somebody fill the rule by a role of the set, or by one that inherits it? Which; SIZE_MAX: none; SIZE_MAX - 1:
 * several. */
#define SEVERAL (SIZE_MAX - 1)
static size_t filled_by(const struct cs_policy *policy, const struct cs_gate *gate, const struct rule *rule,
			const struct exclusive *set)
{
	size_t len, found = SIZE_MAX;
	const char *kind = cs_scope_kind(rule->own_scope ? rule->scope.text : gate->scope.text, &len);

	if (rule->want.kind != WANT_PERMISSION && rule->want.kind != WANT_ROLE)
		return SIZE_MAX;
	for (size_t i = 0; i < policy->n_roles; i++) {
		size_t member = cs_exclusive_member(policy, set, i);

		if (member == SIZE_MAX || member == found || !cs_policy_supplies(policy, i, &rule->want, kind, len))
			continue;
		found = found == SIZE_MAX ? member : SEVERAL;
	}
	return found;
}

/* Rules that only one role of the set could fill need no different people. */
static bool parts(const size_t *by, size_t n)
{
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < n; i++) {
		if (by[i] == SEVERAL || (by[i] != SIZE_MAX && first != SIZE_MAX && by[i] != first))
			return true;
		first = by[i] != SIZE_MAX ? by[i] : first;
	}
	return false;
}

static void join(uint8_t *block, size_t n, const size_t *by)
{
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < n; i++) {
		uint8_t from = block[i];

		if (by[i] == SIZE_MAX)
			continue;
		if (first == SIZE_MAX)
			first = i;
		for (size_t k = 0; k < n; k++)
			block[k] = block[k] == from ? block[first] : block[k];
	}
}

void cs_gate_blocks(const struct cs_policy *policy, const struct cs_gate *gate, uint8_t *ret_block)
{
	size_t by[CS_MAX_RULES];

	for (size_t i = 0; i < gate->n_rules; i++)
		ret_block[i] = gate->shared ? (uint8_t)i : 0;
	for (size_t i = 0; gate->shared && i < policy->n_exclusives; i++) {
		if (!policy->exclusives[i].within_request)
			continue;
		for (size_t k = 0; k < gate->n_rules; k++)
			by[k] = filled_by(policy, gate, &gate->rules[k], &policy->exclusives[i]);
		if (parts(by, gate->n_rules))
			join(ret_block, gate->n_rules, by);
	}
}
