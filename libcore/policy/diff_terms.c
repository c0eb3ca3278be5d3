/* SPDX-License-Identifier: Apache-2.0 */
/* What changes in what a gate asks for: the permission, the approvals, the exemptions, spans of time and switches. */
#include "diff.h"
#include "diff_gates.h"
#include "mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SAY(gates, effect, ...) cs_diff_say((gates)->diff, (effect), "gate", (gates)->after->name, __VA_ARGS__)

/* --- Who may fill a rule -------------------------------------------------------------------------------------- */

/* A rule or an exemption of one name in both gates. */
struct rules {
	struct gates *gates;
	const char *kind; /* "approval", "exempt" */
	const struct rule *before, *after;
};

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

static int pair_person(void *arg, const void *before, const void *after)
{
	const struct rules *rules = arg;
	char *const *a = before, *const *b = after;

	if (a && b)
		return 0;
	return SAY(rules->gates, b ? CS_EFFECT_WEAKER : CS_EFFECT_STRONGER, "%s %s: %s %s", rules->kind,
		   rules->after->name, b ? "now also" : "no longer", b ? *b : *a);
}

static const char *scope_text(const struct cs_gate *gate, const struct rule *rule)
{
	const char *text = rule->own_scope ? rule->scope.text : gate->scope.text;

	return text ? text : "*";
}

/* Who may fill a rule that is new, or that people by name may fill now: what else is said of it tells only names. */
static int say_who(const struct rules *rules, enum cs_effect effect)
{
	const struct rule *rule = rules->after;
	const struct want *want = &rule->want;
	bool scoped = want->kind == WANT_PERMISSION || want->kind == WANT_ROLE, listed = want->kind == WANT_GROUP;
	char count[32] = "";
	int r = 0;

	if (rule->count > 0)
		(void)snprintf(count, sizeof(count), "%" PRIu32 " of ", rule->count);
	if (want->kind != WANT_PEOPLE)
		return SAY(rules->gates, effect, "%s %s: %s%s%s%s%s", rules->kind, rule->name, count,
			   want_words[want->kind], wanted(rules->gates->diff->after.policy, want),
			   scoped ? " in " : listed ? " by " : "",
			   scoped ? scope_text(rules->gates->after, rule) : listed ? want->listed : "");
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
		want_words[a->kind], had, *listed ? " by " : "", listed, want_words[b->kind], has,
		*lists ? " by " : "", lists);
	return r == 0 && b->kind == WANT_PEOPLE ? say_who(rules, CS_EFFECT_WEAKER) : r;
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

static int diff_count(struct rules *rules)
{
	uint32_t had = rules->before->count, has = rules->after->count;

	if (had == has)
		return 0;
	return SAY(rules->gates, has < had ? CS_EFFECT_WEAKER : CS_EFFECT_STRONGER, "%s %s: %" PRIu32 " %s -> %" PRIu32,
		   rules->kind, rules->after->name, had, had == 1 ? "person" : "people", has);
}

static int diff_rule(struct rules *rules)
{
	int r = diff_want(rules);

	if (r == 0)
		r = diff_rule_scope(rules);
	return r < 0 ? r : diff_count(rules);
}

static int pair_approval(void *arg, const void *before, const void *after)
{
	struct rules rules = {.gates = arg, .kind = "approval", .before = before, .after = after};
	const struct rule *rule = before ? before : after;
	int r;

	if (before && after)
		return diff_rule(&rules);
	r = SAY(rules.gates, before ? CS_EFFECT_WEAKER : CS_EFFECT_STRONGER,
		before ? "approval %s (%" PRIu32 ") is not asked for any more" : "approval %s (%" PRIu32 ") is new",
		rule->name, rule->count);
	return r == 0 && after ? say_who(&rules, CS_EFFECT_STRONGER) : r;
}

static int pair_exemption(void *arg, const void *before, const void *after)
{
	struct rules rules = {.gates = arg, .kind = "exempt", .before = before, .after = after};
	const struct cs_policy *policy = before ? rules.gates->diff->before.policy : rules.gates->diff->after.policy;
	const struct rule *rule = before ? before : after;
	int r;

	if (before && after)
		return diff_rule(&rules);
	r = SAY(rules.gates, before ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER, "exempt %s (%s%s): %s", rule->name,
		want_words[rule->want.kind], wanted(policy, &rule->want), before ? "is gone" : "is new");
	return r == 0 && after ? say_who(&rules, CS_EFFECT_WEAKER) : r;
}

int cs_diff_exemptions(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;

	return cs_diff_each(a->exempts, a->n_exempts, b->exempts, b->n_exempts, sizeof(*a->exempts), pair_exemption,
			    gates);
}

static int diff_approvals(struct gates *gates)
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
static int diff_together(struct gates *gates)
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

/* --- Switches and spans --------------------------------------------------------------------------------------- */

static const struct term {
	const char *name;
	size_t offset;
	bool more_is_stronger;
	const char *words[2]; /* a bool; NULL: a span in milliseconds */
	bool open;            /* a span that may be none at all, CS_FRESH_ANY: longer than any */
} terms[] = {
	{"reason", offsetof(struct cs_gate, needs_reason), true, {"optional", "required"}, false},
	{"exposed_file", offsetof(struct cs_gate, takes_exposed), false, {"deny", "permit"}, false},
	{"lifetime", offsetof(struct cs_gate, lifetime_ms), false, {NULL, NULL}, false},
	{"use_within", offsetof(struct cs_gate, use_within_ms), false, {NULL, NULL}, false},
	{"use_after", offsetof(struct cs_gate, use_after_ms), true, {NULL, NULL}, false},
	{"fresh", offsetof(struct cs_gate, fresh_ms), false, {NULL, NULL}, true},
};

static uint64_t term_of(const struct cs_gate *gate, const struct term *term)
{
	uint64_t span = 0;
	bool yes = false;

	if (!term->words[0]) {
		memcpy(&span, (const char *)gate + term->offset, sizeof(span));
		return span;
	}
	memcpy(&yes, (const char *)gate + term->offset, sizeof(yes));
	return yes;
}

static const char *show_term(const struct term *term, uint64_t value, char text[32])
{
	if (term->words[0])
		return term->words[value];
	return value == (term->open ? CS_FRESH_ANY : 0) ? "none" : cs_policy_say_span(value, text);
}

static int diff_switches(struct gates *gates)
{
	char had[32], has[32];
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(terms); i++) {
		uint64_t a = term_of(gates->before, &terms[i]), b = term_of(gates->after, &terms[i]);
		bool stronger = terms[i].more_is_stronger ? b > a : b < a;

		if (a != b)
			r = SAY(gates, stronger ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER, "%s: %s -> %s", terms[i].name,
				show_term(&terms[i], a, had), show_term(&terms[i], b, has));
	}
	return r;
}

static int diff_permission(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;
	int r = 0;

	if (strcmp(a->permission_name, b->permission_name) != 0)
		r = SAY(gates, CS_EFFECT_WEAKER, "permission: %s -> %s", a->permission_name, b->permission_name);
	if (r == 0 && strcmp(a->scope.text, b->scope.text) != 0)
		r = SAY(gates, CS_EFFECT_WEAKER, "scope: %s -> %s", a->scope.text, b->scope.text);
	return r;
}

/* Rules of a gate that is new. */
static int say_rules(struct gates *gates, enum cs_effect effect, const char *kind, const struct rule *rules, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = say_who(&(struct rules){.gates = gates, .kind = kind, .after = &rules[i]}, effect);
	return r;
}

/* A span says nothing where nobody is asked. */
static int say_switches(struct gates *gates, enum cs_effect effect)
{
	const struct cs_gate *gate = gates->after;
	char text[32];
	int r = 0;

	if (gate->shared)
		r = SAY(gates, effect, "people: shared");
	for (size_t i = 0; r == 0 && i < CS_COUNT(terms); i++) {
		uint64_t value = term_of(gate, &terms[i]);

		if (terms[i].open ? value != CS_FRESH_ANY : value != 0 && (terms[i].words[0] || gate->n_rules > 0))
			r = SAY(gates, effect, "%s: %s", terms[i].name, show_term(&terms[i], value, text));
	}
	return r;
}

int cs_diff_new_terms(struct gates *gates, enum cs_effect effect)
{
	const struct cs_gate *gate = gates->after;
	int r = say_rules(gates, effect, "approval", gate->rules, gate->n_rules);

	if (r == 0)
		r = say_rules(gates, effect, "exempt", gate->exempts, gate->n_exempts);
	if (r == 0 && !gate->deny && !cs_scope_everywhere(&gate->scope))
		r = SAY(gates, effect, "scope: %s", gate->scope.text);
	return r == 0 && !gate->deny ? say_switches(gates, effect) : r;
}

int cs_diff_terms(struct gates *gates)
{
	static int (*const steps[])(struct gates *) = {diff_permission, diff_approvals, diff_together, diff_switches};
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(steps); i++)
		r = steps[i](gates);
	return r;
}
