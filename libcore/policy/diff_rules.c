/* SPDX-License-Identifier: Apache-2.0 */
/* What changes in who may fill the rules of a gate, how many of them, in which order, and in whom it exempts. */
#include "diff.h"
#include "diff_gates.h"
#include "mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- Who may fill a rule -------------------------------------------------------------------------------------- */

static const char *wanted(const struct cs_policy *policy, const struct want *want)
{
	switch (want->kind) {
	case WANT_PERMISSION:
		return policy->permissions[want->index].name;
	case WANT_ROLE:
		return policy->roles[want->index].name;
	case WANT_GROUP:
		return want->dn;
	case WANT_PEOPLE:
		break;
	}
	return "people by name";
}

static const char *const want_words[] = {
	[WANT_PERMISSION] = "permission ", [WANT_ROLE] = "role ", [WANT_GROUP] = "group ", [WANT_PEOPLE] = ""};

/* Is it a part of them that agrees, or nobody who objects? Then with fewer of them fewer are asked. */
static bool counts_part(const struct cs_gate *gate, const struct rule *rule)
{
	return rule->quorum != CS_QUORUM_COUNT || gate->objection_ms > 0;
}

static bool fewer_is_weaker(const struct rules *rules)
{
	const struct gates *gates = rules->gates;

	return rules->after->count > 0 &&
	       (counts_part(gates->before, rules->before) || counts_part(gates->after, rules->after));
}

static int pair_person(void *arg, const void *before, const void *after)
{
	const struct rules *rules = arg;
	char *const *a = before, *const *b = after;

	if (a && b)
		return 0;
	return SAY(rules->gates, b || fewer_is_weaker(rules) ? CS_EFFECT_WEAKER : CS_EFFECT_STRONGER, "%s %s: %s %s",
		   rules->kind, rules->after->name, b ? "now also" : "no longer", b ? *b : *a);
}

/* "2", "majority", "all". */
static const char *count_text(const struct rule *rule, char text[32])
{
	static const char *const words[] = {[CS_QUORUM_MAJORITY] = "majority", [CS_QUORUM_ALL] = "all"};

	if (rule->quorum != CS_QUORUM_COUNT)
		return words[rule->quorum];
	(void)snprintf(text, 32, "%" PRIu32, rule->count);
	return text;
}

static const char *scope_text(const struct cs_gate *gate, const struct rule *rule)
{
	const char *text = rule->own_scope ? rule->scope.text : gate->scope.text;

	return text ? text : "*";
}

int cs_diff_say_who(const struct rules *rules, enum cs_effect effect)
{
	const struct rule *rule = rules->after;
	const struct want *want = &rule->want;
	bool scoped = want->kind == WANT_PERMISSION || want->kind == WANT_ROLE, listed = want->kind == WANT_GROUP;
	char number[32], count[40] = "";
	int r = 0;

	if (rule->count > 0)
		(void)snprintf(count, sizeof(count), "%s of ", count_text(rule, number));
	if (want->kind != WANT_PEOPLE)
		return SAY(rules->gates, effect, "%s %s: %s%s%s%s%s", rules->kind, rule->name, count,
			   want_words[want->kind], wanted(rules->gates->diff->after.policy, want),
			   scoped   ? " in "
			   : listed ? " by "
				    : "",
			   scoped   ? scope_text(rules->gates->after, rule)
			   : listed ? want->listed
				    : "");
	for (size_t i = 0; r == 0 && i < want->n_people; i++)
		r = SAY(rules->gates, effect, "%s %s: %sperson %s", rules->kind, rule->name, count, want->people[i]);
	return r;
}

static int diff_want(struct rules *rules)
{
	const struct want *a = &rules->before->want, *b = &rules->after->want;
	const char *had = wanted(rules->gates->diff->before.policy, a);
	const char *has = wanted(rules->gates->diff->after.policy, b);
	const char *listed = a->kind == WANT_GROUP ? a->listed : "", *lists = b->kind == WANT_GROUP ? b->listed : "";
	int r;

	if (a->kind == WANT_PEOPLE && b->kind == WANT_PEOPLE)
		return cs_diff_each(a->people, a->n_people, b->people, b->n_people, sizeof(*a->people), pair_person,
				    rules);
	if (a->kind == b->kind && strcmp(had, has) == 0 && strcasecmp(listed, lists) == 0)
		return 0;
	r = SAY(rules->gates, CS_EFFECT_WEAKER, "%s %s: %s%s%s%s -> %s%s%s%s", rules->kind, rules->after->name,
		want_words[a->kind], had, *listed ? " by " : "", listed, want_words[b->kind], has, *lists ? " by " : "",
		lists);
	return r == 0 && b->kind == WANT_PEOPLE ? cs_diff_say_who(rules, CS_EFFECT_WEAKER) : r;
}

/* Where both ask in the gate's own scope, the gate says what changes. */
static int diff_rule_scope(struct rules *rules)
{
	const char *had = scope_text(rules->gates->before, rules->before);
	const char *has = scope_text(rules->gates->after, rules->after);

	if (strcmp(had, has) == 0 || (!rules->before->own_scope && !rules->after->own_scope))
		return 0;
	return SAY(rules->gates, CS_EFFECT_WEAKER, "%s %s: in %s -> in %s", rules->kind, rules->after->name, had, has);
}

int cs_diff_who(struct rules *rules)
{
	int r = diff_want(rules);

	return r < 0 ? r : diff_rule_scope(rules);
}

/* One person is the least that any part of them can be. */
static bool more_people(const struct rule *a, const struct rule *b)
{
	if (a->quorum == CS_QUORUM_COUNT && b->quorum == CS_QUORUM_COUNT)
		return b->count > a->count;
	return a->quorum == CS_QUORUM_COUNT ? a->count == 1
					    : a->quorum == CS_QUORUM_MAJORITY && b->quorum == CS_QUORUM_ALL;
}

static int diff_count(struct rules *rules)
{
	const struct rule *a = rules->before, *b = rules->after;
	char had[32], has[32];

	if (a->quorum == b->quorum && a->count == b->count)
		return 0;
	return SAY(rules->gates, more_people(a, b) ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER, "%s %s: %s%s -> %s",
		   rules->kind, b->name, count_text(a, had),
		   a->quorum != CS_QUORUM_COUNT ? ""
		   : a->count == 1              ? " person"
						: " people",
		   count_text(b, has));
}

static const char *or_none(const char *text)
{
	return *text ? text : "none";
}

/* Who comes later agrees later, and may say no only then: neither way is surely stronger. */
static int diff_order(struct rules *rules)
{
	const struct rule *a = rules->before, *b = rules->after;
	char had[32], has[32];
	int r = 0;

	if (a->stage != b->stage)
		r = SAY(rules->gates, CS_EFFECT_WEAKER, "approval %s: stage %" PRIu32 " -> %" PRIu32, b->name, a->stage,
			b->stage);
	if (r == 0 && a->after_ms != b->after_ms)
		r = SAY(rules->gates, CS_EFFECT_WEAKER, "approval %s: after %s -> %s", b->name,
			cs_policy_say_span(a->after_ms, had), cs_policy_say_span(b->after_ms, has));
	if (r == 0 && strcmp(a->alternative, b->alternative) != 0)
		r = SAY(rules->gates, CS_EFFECT_WEAKER, "approval %s: alternative %s -> %s", b->name,
			or_none(a->alternative), or_none(b->alternative));
	if (r == 0 && a->counts_rejects != b->counts_rejects)
		r = SAY(rules->gates, b->counts_rejects ? CS_EFFECT_WEAKER : CS_EFFECT_STRONGER,
			"approval %s: reject %s", b->name, b->counts_rejects ? "ends -> counts" : "counts -> ends");
	return r;
}

/* All that is said of a rule that is new, beside who and how many. */
static int say_order(const struct rules *rules, enum cs_effect effect)
{
	const struct rule *rule = rules->after;
	char span[32];
	int r = 0;

	if (rule->stage > 1)
		r = SAY(rules->gates, effect, "approval %s: stage %" PRIu32, rule->name, rule->stage);
	if (r == 0 && rule->after_ms > 0)
		r = SAY(rules->gates, effect, "approval %s: after %s", rule->name,
			cs_policy_say_span(rule->after_ms, span));
	if (r == 0 && *rule->alternative)
		r = SAY(rules->gates, effect, "approval %s: alternative %s", rule->name, rule->alternative);
	if (r == 0 && rule->counts_rejects)
		r = SAY(rules->gates, effect, "approval %s: reject counts", rule->name);
	return r;
}

static bool has_alternative(const struct cs_gate *gate, const char *word)
{
	for (size_t i = 0; i < gate->n_rules; i++) {
		if (*word ? strcmp(gate->rules[i].alternative, word) == 0 : *gate->rules[i].alternative != '\0')
			return true;
	}
	return false;
}

/* More is asked by one rule more, unless it is another way to fill what was asked before, or keeps those of a later
 * stage from saying no until it is filled. */
static bool asks_more(const struct gates *gates, const struct rule *rule)
{
	for (size_t i = 0; i < gates->after->n_rules; i++) {
		if (gates->after->rules[i].stage > rule->stage)
			return false;
	}
	return !*rule->alternative || !has_alternative(gates->before, "") ||
	       has_alternative(gates->before, rule->alternative);
}

static int diff_rule(struct rules *rules)
{
	int r = cs_diff_who(rules);

	if (r == 0)
		r = diff_count(rules);
	return r < 0 ? r : diff_order(rules);
}

static int pair_approval(void *arg, const void *before, const void *after)
{
	struct rules rules = {.gates = arg, .kind = "approval", .before = before, .after = after};
	const struct rule *rule = before ? before : after;
	enum cs_effect effect = CS_EFFECT_WEAKER;
	char count[32];
	int r;

	if (before && after)
		return diff_rule(&rules);
	if (after && asks_more(rules.gates, after))
		effect = CS_EFFECT_STRONGER;
	r = SAY(rules.gates, effect, before ? "approval %s (%s) is not asked for any more" : "approval %s (%s) is new",
		rule->name, count_text(rule, count));
	if (r == 0 && after)
		r = cs_diff_say_who(&rules, effect);
	return r == 0 && after ? say_order(&rules, effect) : r;
}

static int pair_exemption(void *arg, const void *before, const void *after)
{
	struct rules rules = {.gates = arg, .kind = "exempt", .before = before, .after = after};
	const struct cs_policy *policy = before ? rules.gates->diff->before.policy : rules.gates->diff->after.policy;
	const struct rule *rule = before ? before : after;
	int r;

	if (before && after)
		return cs_diff_who(&rules);
	r = SAY(rules.gates, before ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER, "exempt %s (%s%s): %s", rule->name,
		want_words[rule->want.kind], wanted(policy, &rule->want), before ? "is gone" : "is new");
	return r == 0 && after ? cs_diff_say_who(&rules, CS_EFFECT_WEAKER) : r;
}

int cs_diff_exemptions(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;

	return cs_diff_each(a->exempts, a->n_exempts, b->exempts, b->n_exempts, sizeof(*a->exempts), pair_exemption,
			    gates);
}

int cs_diff_approvals(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;

	return cs_diff_each(a->rules, a->n_rules, b->rules, b->n_rules, sizeof(*a->rules), pair_approval, gates);
}

/* --- How many people ------------------------------------------------------------------------------------------ */

static size_t find_rule(const struct cs_gate *gate, const char *name)
{
	size_t i = 0;

	while (i < gate->n_rules && strcmp(gate->rules[i].name, name) != 0)
		i++;
	return i;
}

/* Which two rules one person may fill together in one of the gates only: people = shared, and exclusive roles. */
int cs_diff_together(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;
	uint8_t was[CS_MAX_RULES], is[CS_MAX_RULES];
	int r = 0;

	cs_gate_blocks(gates->diff->before.policy, a, was);
	cs_gate_blocks(gates->diff->after.policy, b, is);
	for (size_t i = 0; r == 0 && i < a->n_rules; i++) {
		size_t i_now = find_rule(b, a->rules[i].name);

		for (size_t k = i + 1; r == 0 && k < a->n_rules && i_now < b->n_rules; k++) {
			size_t k_now = find_rule(b, a->rules[k].name);
			bool parted = was[i] == was[k], parts = k_now < b->n_rules && is[i_now] == is[k_now];

			if (k_now < b->n_rules && parted != parts)
				r = SAY(gates, parts ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER, "approvals %s and %s: %s",
					a->rules[i].name, a->rules[k].name,
					parts ? "one person may fill both -> different people"
					      : "different people -> one person may fill both");
		}
	}
	return r;
}

int cs_diff_say_rules(struct gates *gates, enum cs_effect effect)
{
	const struct cs_gate *gate = gates->after;
	int r = 0;

	for (size_t i = 0; r == 0 && i < gate->n_rules; i++) {
		const struct rules rules = {.gates = gates, .kind = "approval", .after = &gate->rules[i]};

		r = cs_diff_say_who(&rules, effect);
		if (r == 0)
			r = say_order(&rules, effect);
	}
	for (size_t i = 0; r == 0 && i < gate->n_exempts; i++)
		r = cs_diff_say_who(&(struct rules){.gates = gates, .kind = "exempt", .after = &gate->exempts[i]},
				    effect);
	return r;
}
