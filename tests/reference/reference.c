/* SPDX-License-Identifier: Apache-2.0 */
/* Rights: who holds what, by docs/policy.md. Conditions and gates are in reference_match.c. */
#include "reference.h"
#include "reference_scope.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Names --- */

bool ref_same_word(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && tolower((unsigned char)a[i]) == tolower((unsigned char)b[i]))
		i++;
	return a[i] == b[i];
}

static bool separates(char c)
{
	return c == '\0' || c == ',' || c == '=' || c == '+';
}

/* The next sign of a DN, without the differences that mean nothing: case, and blanks around separators. */
static char dn_next(const char **at, char before)
{
	const char *behind = *at;
	char c = '\0';

	while (*behind == ' ')
		behind++;
	if (separates(before) || separates(*behind))
		*at = behind;
	c = **at;
	*at += c != '\0';
	return (char)tolower((unsigned char)c);
}

bool ref_dn_same(const char *a, const char *b)
{
	char x = '\0', y = '\0';

	do {
		x = dn_next(&a, x);
		y = dn_next(&b, y);
	} while (x == y && x != '\0');
	return x == y;
}

bool ref_dn_below(const char *dn, const char *base)
{
	const char *rest = strchr(dn, ',');

	if (!rest)
		return false;
	return ref_dn_same(rest + 1, base) || ref_dn_below(rest + 1, base);
}

static bool list_has(const struct ref_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->at[i], name) == 0)
			return true;
	return false;
}

static bool list_has_dn(const struct ref_list *list, const char *dn)
{
	for (size_t i = 0; i < list->n; i++)
		if (ref_dn_same(list->at[i], dn))
			return true;
	return false;
}

/* --- Groups --- */

const struct ref_values *ref_values_of(const struct ref_values *values, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (ref_same_word(values[i].name, name))
			return &values[i];
	return NULL;
}

bool ref_lists(const struct ref_group *group, const char *attribute, const char *dn)
{
	const struct ref_values *listed = ref_values_of(group->listed, group->n_listed, attribute);

	return listed && list_has_dn(&listed->values, dn);
}

/* "attribute=value" is one of the group's. */
static bool group_has(const struct ref_group *group, const char *condition)
{
	const char *equals = strchr(condition, '=');
	const struct ref_values *attribute = NULL;
	char name[REF_SCOPE];

	(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - condition), condition);
	attribute = ref_values_of(group->attributes, group->n_attributes, name);
	for (size_t i = 0; attribute && i < attribute->values.n; i++)
		if (ref_same_word(attribute->values.at[i], equals + 1))
			return true;
	return false;
}

static bool group_counts(const struct ref_assignment *assignment, const struct ref_group *group)
{
	if (assignment->group && !ref_dn_same(assignment->group, group->dn))
		return false;
	if (assignment->below && !ref_dn_below(group->dn, assignment->below))
		return false;
	for (size_t i = 0; i < assignment->where.n; i++)
		if (!group_has(group, assignment->where.at[i]))
			return false;
	for (size_t i = 0; i < assignment->unless.n; i++)
		if (group_has(group, assignment->unless.at[i]))
			return false;
	return true;
}

static const char *one_value(const void *group_, const char *name)
{
	const struct ref_group *group = group_;
	const struct ref_values *attribute = ref_values_of(group->attributes, group->n_attributes, name);

	return attribute && attribute->values.n == 1 ? attribute->values.at[0] : NULL;
}

/* --- Lists that are too short --- */

static bool is_too_short(const struct ref_group *group, const char *listed, unsigned at_least)
{
	const struct ref_values *people = ref_values_of(group->listed, group->n_listed, listed);

	return !people || people->values.n < at_least;
}

/* Of one group it matters that it is there and whom it lists, whoever is asked about; of groups below only those that
 * list him. */
bool ref_too_few(const struct ref_directory *directory, bool below, const char *dn, const char *listed,
		 unsigned at_least, const char *person)
{
	if (at_least == 0)
		return false;
	for (size_t i = 0; i < directory->n_groups; i++) {
		const struct ref_group *group = &directory->groups[i];

		if (!below && ref_dn_same(group->dn, dn))
			return is_too_short(group, listed, at_least);
		if (below && ref_dn_below(group->dn, dn) && ref_lists(group, listed, person) &&
		    is_too_short(group, listed, at_least))
			return true;
	}
	return !below;
}

/* The largest at_least of the assignments that ask about the same groups by the same attribute counts for all. */
static bool is_doubted(const struct ref_world *world, bool below, const char *dn, const char *listed,
		       const char *person)
{
	unsigned at_least = 0;

	for (size_t i = 0; i < world->policy.n_assignments; i++) {
		const struct ref_assignment *other = &world->policy.assignments[i];
		const char *of = below ? other->below : other->group;

		if (of && ref_dn_same(of, dn) && ref_same_word(other->listed, listed) && other->at_least > at_least)
			at_least = other->at_least;
	}
	return ref_too_few(&world->directory, below, dn, listed, at_least, person);
}

static bool assignment_doubted(const struct ref_world *world, const struct ref_assignment *assignment,
			       const struct ref_person *person)
{
	bool below = assignment->below != NULL;

	return assignment->listed && is_doubted(world, below, below ? assignment->below : assignment->group,
						assignment->listed, person->dn);
}

/* --- Roles --- */

const struct ref_role *ref_role(const struct ref_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_roles; i++)
		if (strcmp(policy->roles[i].name, name) == 0)
			return &policy->roles[i];
	return NULL;
}

/* Who holds the one counts as holding the other. */
bool ref_role_is(const struct ref_policy *policy, const char *name, const char *other)
{
	const struct ref_role *role = ref_role(policy, name);

	if (strcmp(name, other) == 0)
		return true;
	for (size_t i = 0; i < role->inherits.n; i++)
		if (ref_role_is(policy, role->inherits.at[i], other))
			return true;
	return false;
}

static bool role_gives(const struct ref_policy *policy, const char *name, const char *permission, const char *kind)
{
	const struct ref_role *role = ref_role(policy, name);

	if (list_has(&role->permissions, permission))
		return true;
	for (size_t i = 0; i < role->n_kinds; i++)
		if (strcmp(role->kinds[i].kind, kind) == 0 && list_has(&role->kinds[i].permissions, permission))
			return true;
	for (size_t i = 0; i < role->inherits.n; i++)
		if (role_gives(policy, role->inherits.at[i], permission, kind))
			return true;
	return false;
}

bool ref_role_supplies(const struct ref_policy *policy, const char *role, const struct ref_want *want,
		       const char *scope)
{
	char kind[REF_SCOPE];

	ref_scope_kind(scope, kind);
	if (want->permission)
		return role_gives(policy, role, want->permission, kind);
	return want->role && ref_role_is(policy, role, want->role);
}

/* --- What somebody holds --- */

struct held {
	const char *role;
	char scope[REF_SCOPE];
};

struct all_held {
	struct held at[REF_HELD];
	size_t n;
};

static void hold(struct all_held *all, const char *role, const char *scope)
{
	if (all->n == REF_HELD)
		abort();
	all->at[all->n].role = role;
	(void)snprintf(all->at[all->n].scope, REF_SCOPE, "%s", scope);
	all->n++;
}

static void everything_held(const struct ref_world *world, const struct ref_person *person, struct all_held *ret_all)
{
	char scope[REF_SCOPE];

	ret_all->n = 0;
	for (size_t i = 0; i < world->policy.n_assignments; i++) {
		const struct ref_assignment *assignment = &world->policy.assignments[i];

		if (list_has_dn(&assignment->person, person->dn))
			hold(ret_all, assignment->role, assignment->scope);
		if (assignment_doubted(world, assignment, person))
			continue;
		for (size_t g = 0; assignment->listed && g < world->directory.n_groups; g++) {
			const struct ref_group *group = &world->directory.groups[g];

			if (ref_lists(group, assignment->listed, person->dn) && group_counts(assignment, group) &&
			    ref_scope_fill(assignment->scope, one_value, group, scope))
				hold(ret_all, assignment->role, scope);
		}
	}
}

/* Is this role of an exclusive set held where it matters? */
static bool held_for(const struct ref_policy *policy, const struct ref_exclusive *set, const char *role,
		     const struct all_held *all, const char *asked)
{
	bool anywhere = set->within && strcmp(set->within, "anywhere") == 0;

	for (size_t i = 0; i < all->n; i++)
		if (ref_role_is(policy, all->at[i].role, role) &&
		    (anywhere || ref_scope_contains(all->at[i].scope, asked)))
			return true;
	return false;
}

static bool set_is_broken(const struct ref_policy *policy, const struct ref_exclusive *set, const struct all_held *all,
			  const char *asked)
{
	size_t n = 0;

	if (set->within && strcmp(set->within, "request") == 0)
		return false;
	for (size_t i = 0; i < set->roles.n; i++)
		n += held_for(policy, set, set->roles.at[i], all, asked);
	return n >= 2;
}

/* A role counts for nothing when it is, or inherits, one of a set that the person breaks. */
static bool role_counts(const struct ref_policy *policy, const char *role, const struct all_held *all,
			const char *asked)
{
	for (size_t i = 0; i < policy->n_exclusives; i++) {
		const struct ref_exclusive *set = &policy->exclusives[i];

		for (size_t k = 0; k < set->roles.n; k++)
			if (ref_role_is(policy, role, set->roles.at[k]) && set_is_broken(policy, set, all, asked))
				return false;
	}
	return true;
}

/* Would the role count for the person if this doubted assignment gave what it might? Where it cannot give its role where
 * it matters, it may still do so somewhere. */
static bool counts_with(const struct ref_policy *policy, const char *role, struct all_held *all,
			const struct ref_assignment *doubted, const char *asked)
{
	bool counts = false;

	hold(all, doubted->role, ref_scope_could_contain(doubted->scope, asked) ? asked : "no/where/near");
	counts = role_counts(policy, role, all, asked);
	all->n--;
	return counts;
}

/* Whatever the doubted assignments give, the role counts. */
static bool surely_counts(const struct ref_world *world, const struct ref_person *person, const char *role,
			  struct all_held *all, const char *asked)
{
	for (size_t i = 0; i < world->policy.n_assignments; i++) {
		const struct ref_assignment *assignment = &world->policy.assignments[i];

		if (assignment_doubted(world, assignment, person) &&
		    !counts_with(&world->policy, role, all, assignment, asked))
			return false;
	}
	return true;
}

static bool might_be_given(const struct ref_world *world, const struct ref_person *person, const struct ref_want *want,
			   struct all_held *all, const char *asked)
{
	for (size_t i = 0; i < world->policy.n_assignments; i++) {
		const struct ref_assignment *assignment = &world->policy.assignments[i];

		if (assignment_doubted(world, assignment, person) &&
		    ref_scope_could_contain(assignment->scope, asked) &&
		    ref_role_supplies(&world->policy, assignment->role, want, asked) &&
		    counts_with(&world->policy, assignment->role, all, assignment, asked))
			return true;
	}
	return false;
}

static bool is_listed(const struct ref_directory *directory, const struct ref_want *want, const char *dn)
{
	for (size_t i = 0; i < directory->n_groups; i++)
		if (ref_dn_same(directory->groups[i].dn, want->group) &&
		    ref_lists(&directory->groups[i], want->listed, dn))
			return true;
	return false;
}

static struct ref_answer answer(bool yes, enum cs_reason reason)
{
	return (struct ref_answer){yes, reason};
}

static struct ref_answer meets(const struct ref_world *world, const struct ref_person *person,
			       const struct ref_want *want, const char *scope)
{
	static struct all_held all;
	bool broken = false, perhaps = false;

	if (!person)
		return answer(false, CS_WHY_UNKNOWN_PERSON);
	if (person->doubt)
		return answer(false, CS_WHY_DOUBT);
	if (person->locked)
		return answer(false, CS_WHY_LOCKED_PERSON);
	if (want->group && is_doubted(world, false, want->group, want->listed, person->dn))
		return answer(false, CS_WHY_DOUBT);
	if (want->person.n > 0 || want->group) {
		bool yes = want->group ? is_listed(&world->directory, want, person->dn)
				       : list_has_dn(&want->person, person->dn);

		return answer(yes, yes ? CS_WHY_HAS_RIGHT : CS_WHY_NO_PERMISSION);
	}
	everything_held(world, person, &all);
	for (size_t i = 0; i < all.n; i++) {
		if (!ref_scope_contains(all.at[i].scope, scope) ||
		    !ref_role_supplies(&world->policy, all.at[i].role, want, scope))
			continue;
		if (!role_counts(&world->policy, all.at[i].role, &all, scope))
			broken = true;
		else if (surely_counts(world, person, all.at[i].role, &all, scope))
			return answer(true, CS_WHY_HAS_RIGHT);
		else
			perhaps = true;
	}
	if (perhaps || might_be_given(world, person, want, &all, scope))
		return answer(false, CS_WHY_DOUBT);
	return answer(false, broken ? CS_WHY_EXCLUSIVE : CS_WHY_NO_PERMISSION);
}

struct ref_answer ref_has_right(const struct ref_world *world, const struct ref_person *person, const char *permission,
				const char *scope)
{
	const struct ref_want want = {.permission = permission};

	return meets(world, person, &want, scope);
}

/* --- Rules of a gate --- */

/* The names that the gate's scope uses mean in a rule's scope what they mean there. */
struct filled {
	const char *pattern, *scope;
};

static const char *value_in_gate(const void *filled_, const char *name)
{
	const struct filled *filled = filled_;
	static char value[REF_SCOPE];

	return ref_scope_value(filled->pattern, filled->scope, name, value) ? value : NULL;
}

struct ref_answer ref_meets_rule(const struct ref_world *world, const struct ref_person *person,
				 const struct ref_gate *gate, const struct ref_rule *rule, const char *scope)
{
	const struct filled filled = {gate->scope ? gate->scope : "*", scope ? scope : "*"};
	char own[REF_SCOPE];

	if (!rule->scope)
		return meets(world, person, &rule->want, filled.scope);
	if (!ref_scope_fill(rule->scope, value_in_gate, &filled, own))
		return answer(false, CS_WHY_NO_PERMISSION);
	return meets(world, person, &rule->want, own);
}

struct ref_answer ref_may_fill(const struct ref_world *world, const struct ref_person *person,
			       const struct ref_gate *gate, size_t rule, const char *scope)
{
	return ref_meets_rule(world, person, gate, &gate->rules[rule], scope);
}

struct ref_answer ref_exempt(const struct ref_world *world, const struct ref_person *person,
			     const struct ref_gate *gate, const char *scope)
{
	struct ref_answer told = answer(false, CS_WHY_NO_PERMISSION);
	bool doubt = false;

	for (size_t i = 0; i < gate->n_exempts; i++) {
		told = ref_meets_rule(world, person, gate, &gate->exempts[i], scope);
		if (told.yes)
			return answer(true, CS_WHY_EXEMPT);
		doubt |= told.reason == CS_WHY_DOUBT;
	}
	return doubt ? answer(false, CS_WHY_DOUBT) : told;
}

/* --- The decision --- */

static bool same_human(const struct ref_person *a, const struct ref_person *b)
{
	return a == b || (*a->human && strcmp(a->human, b->human) == 0);
}

/* Could somebody fill the rule by exercising this role of an exclusive set, or one that inherits it? */
static bool exercised(const struct ref_policy *policy, const char *member, const struct ref_rule *rule,
		      const char *scope)
{
	for (size_t i = 0; i < policy->n_roles; i++)
		if (ref_role_is(policy, policy->roles[i].name, member) &&
		    ref_role_supplies(policy, policy->roles[i].name, &rule->want, rule->scope ? rule->scope : scope))
			return true;
	return false;
}

/* Could two roles that exclude each other within one request fill these two rules? */
static bool excluded(const struct ref_policy *policy, const struct ref_gate *gate, size_t a, size_t b,
		     const char *scope)
{
	for (size_t i = 0; i < policy->n_exclusives; i++) {
		const struct ref_exclusive *set = &policy->exclusives[i];

		if (!set->within || strcmp(set->within, "request") != 0)
			continue;
		for (size_t k = 0; k < set->roles.n; k++)
			for (size_t m = 0; m < set->roles.n; m++)
				if (k != m && exercised(policy, set->roles.at[k], &gate->rules[a], scope) &&
				    exercised(policy, set->roles.at[m], &gate->rules[b], scope))
					return true;
	}
	return false;
}

/* Rules are linked where they are excluded, or each is with a third: all that are linked are filled by different
 * people. */
static bool linked(const struct ref_policy *policy, const struct ref_gate *gate, size_t a, size_t b, const char *scope,
		   unsigned passed)
{
	if (excluded(policy, gate, a, b, scope))
		return true;
	for (size_t i = 0; i < gate->n_rules; i++)
		if (!(passed >> i & 1) && excluded(policy, gate, a, i, scope) &&
		    linked(policy, gate, i, b, scope, passed | 1u << i))
			return true;
	return false;
}

/* Who still has to be seated where. */
struct seats {
	const struct ref_gate *gate;
	unsigned needed;              /* bits: rules */
	size_t n;                     /* people */
	bool may[REF_FEW][REF_FEW];   /* person, rule */
	bool apart[REF_FEW][REF_FEW]; /* rule, rule: filled by different people */
};

static bool may_take(const struct seats *seats, size_t person, unsigned rules)
{
	unsigned n = 0;

	for (size_t i = 0; i < seats->gate->n_rules; i++) {
		if (!(rules >> i & 1))
			continue;
		n++;
		if (!seats->may[person][i] || !(seats->needed >> i & 1))
			return false;
		for (size_t k = 0; k < i; k++)
			if ((rules >> k & 1) && seats->apart[k][i])
				return false;
	}
	return n <= 1 || seats->gate->shared;
}

/* Tries every set of rules for everybody from this person on. have: how many each rule has. */
static bool can_fill(const struct seats *seats, size_t person, const unsigned have[REF_FEW])
{
	bool enough = true;

	for (size_t i = 0; i < seats->gate->n_rules; i++)
		enough &= have[i] >= seats->gate->rules[i].count || !(seats->needed >> i & 1);
	if (enough || person == seats->n)
		return enough;
	for (unsigned rules = 0; rules < 1u << seats->gate->n_rules; rules++) {
		unsigned next[REF_FEW];

		if (!may_take(seats, person, rules))
			continue;
		for (size_t i = 0; i < REF_FEW; i++)
			next[i] = have[i] + (rules >> i & 1);
		if (can_fill(seats, person + 1, next))
			return true;
	}
	return false;
}

static struct ref_decision decision(enum cs_verdict verdict, enum cs_reason reason)
{
	return (struct ref_decision){verdict, reason};
}

static bool may_vote(const struct ref_gate *gate, const struct ref_person *voter, const struct ref_person *requester)
{
	return !requester || !same_human(voter, requester) || (gate->self_approval && voter == requester);
}

/* Do the votes fill all of these rules? */
static bool votes_suffice(const struct ref_world *world, const struct ref_gate *gate, const char *scope,
			  const struct ref_person *requester, const struct ref_vote *votes, size_t n_votes,
			  unsigned needed)
{
	static const unsigned nobody[REF_FEW];
	struct seats seats = {.gate = gate, .needed = needed};

	for (size_t i = 0; i < n_votes; i++) {
		if (!may_vote(gate, votes[i].person, requester) || votes[i].vote != CS_VOTE_APPROVE)
			continue;
		for (size_t k = 0; k < gate->n_rules; k++)
			seats.may[seats.n][k] = (votes[i].rules >> k & 1) &&
						ref_may_fill(world, votes[i].person, gate, k, scope).yes;
		seats.n++;
	}
	for (size_t i = 0; i < gate->n_rules; i++)
		for (size_t k = 0; k < gate->n_rules; k++)
			seats.apart[i][k] = i != k && linked(&world->policy, gate, i, k, scope, 1u << i);
	return can_fill(&seats, 0, nobody);
}

/* The rules that are always needed and those of one alternative. */
static unsigned way(const struct ref_gate *gate, const char *alternative)
{
	unsigned rules = 0;

	for (size_t i = 0; i < gate->n_rules; i++)
		if (!gate->rules[i].alternative || strcmp(gate->rules[i].alternative, alternative) == 0)
			rules |= 1u << i;
	return rules;
}

/* The rules of the n-th way through a gate; 0 past the last. Without alternatives there is one. */
static unsigned way_at(const struct ref_gate *gate, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < gate->n_rules; i++)
		any |= gate->rules[i].alternative != NULL;
	if (!any)
		return n == 0 ? way(gate, "") : 0;
	for (; n < gate->n_rules; n++)
		if (gate->rules[n].alternative)
			return way(gate, gate->rules[n].alternative);
	return 0;
}

static unsigned stage_of(const struct ref_rule *rule)
{
	return rule->stage ? rule->stage : 1;
}

/* Is it this rule's turn? */
static bool is_open(const struct ref_world *world, const struct ref_gate *gate, const char *scope,
		    const struct ref_person *requester, bool late, const struct ref_vote *votes, size_t n_votes,
		    size_t rule)
{
	if (gate->rules[rule].late && !late)
		return false;
	for (size_t n = 0; n < gate->n_rules; n++) {
		unsigned rules = way_at(gate, n), before = 0;

		for (size_t i = 0; i < gate->n_rules; i++)
			if ((rules >> i & 1) && stage_of(&gate->rules[i]) < stage_of(&gate->rules[rule]))
				before |= 1u << i;
		if ((rules >> rule & 1) && votes_suffice(world, gate, scope, requester, votes, n_votes, before))
			return true;
	}
	return false;
}

void ref_cast(const struct ref_world *world, const struct ref_gate *gate, const char *scope,
	      const struct ref_person *requester, bool late, struct ref_vote *votes, size_t n_votes)
{
	for (size_t i = 0; i < n_votes; i++) {
		votes[i].rules = 0;
		for (size_t k = 0; k < gate->n_rules; k++)
			if (is_open(world, gate, scope, requester, late, votes, i, k) &&
			    ref_may_fill(world, votes[i].person, gate, k, scope).yes)
				votes[i].rules |= 1u << k;
	}
}

/* A no ends it, unless all that it is said about only counts. */
static bool ends(const struct ref_world *world, const struct ref_gate *gate, const char *scope,
		 const struct ref_vote *vote)
{
	bool about = false;

	for (size_t k = 0; k < gate->n_rules; k++) {
		if (!(vote->rules >> k & 1) && !ref_may_fill(world, vote->person, gate, k, scope).yes)
			continue;
		about = true;
		if (!gate->rules[k].counts)
			return true;
	}
	return !about;
}

/* Might what could not be told have made this vote count? */
static bool is_doubtful(const struct ref_world *world, const struct ref_gate *gate, const char *scope,
			const struct ref_person *requester, const struct ref_vote *vote)
{
	bool doubt = vote->person->doubt && vote->vote == CS_VOTE_APPROVE;

	for (size_t k = 0; k < gate->n_rules; k++)
		doubt |= vote->vote == CS_VOTE_APPROVE && (vote->rules >> k & 1) &&
			 may_vote(gate, vote->person, requester) &&
			 ref_may_fill(world, vote->person, gate, k, scope).reason == CS_WHY_DOUBT;
	return doubt;
}

struct ref_decision ref_decide(const struct ref_world *world, const struct ref_gate *gate, const char *scope,
			       const struct ref_person *requester, const struct ref_vote *votes, size_t n_votes)
{
	struct ref_answer may_ask = ref_has_right(world, requester, gate->permission, scope);
	bool doubt = false;

	if (!may_ask.yes)
		return decision(CS_DENY, may_ask.reason);
	if (gate->n_rules == 0)
		return decision(CS_PERMIT, CS_WHY_HAS_RIGHT);
	if (ref_exempt(world, requester, gate, scope).yes)
		return decision(CS_PERMIT, CS_WHY_EXEMPT);
	for (size_t i = 0; i < n_votes; i++)
		if (votes[i].vote == CS_VOTE_REJECT && ends(world, gate, scope, &votes[i]))
			return decision(CS_DENY, CS_WHY_REJECTED);
	for (size_t n = 0; n < gate->n_rules; n++) {
		unsigned rules = way_at(gate, n);

		if (rules && votes_suffice(world, gate, scope, requester, votes, n_votes, rules))
			return decision(CS_PERMIT, CS_WHY_APPROVED);
	}
	for (size_t i = 0; i < n_votes; i++)
		doubt |= is_doubtful(world, gate, scope, requester, &votes[i]);
	return decision(CS_HOLD, doubt ? CS_WHY_DOUBT : CS_WHY_NEEDS_APPROVAL);
}
