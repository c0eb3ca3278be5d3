/* SPDX-License-Identifier: Apache-2.0 */
/* How approvals are given, as their author may not have meant it: by oneself, by nobody, by itself, or by a way that
 * is never the shortest. */
#include "lint.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int lint_self(struct lint *lint, const struct cs_gate *gate)
{
	if (!gate->takes_self_approval)
		return 0;
	return cs_lint_say(
		lint, true, gate->line, "self-approval",
		"gate %s counts the requester's own vote (self_approval = permit), and every record of it says so",
		gate->name);
}

static int lint_objections(struct lint *lint, const struct cs_gate *gate)
{
	char span[32];

	if (gate->objection_ms == 0)
		return 0;
	return cs_lint_say(lint, false, gate->line, "lazy-consensus",
			   "gate %s goes ahead after %s where nobody objects, though nobody agreed; on a host that "
			   "tells nobody (countersignd.conf, notify) it waits for approvals",
			   gate->name, cs_policy_say_span(gate->objection_ms, span));
}

static int lint_artefacts(struct lint *lint, const struct cs_gate *gate)
{
	if (gate->n_artefacts == 0 || gate->refuses_exposed_input)
		return 0;
	return cs_lint_say(lint, false, gate->line, "exposed-artefact",
			   "gate %s hashes what its artefacts name, and takes files that others than root can change; they can "
			   "change them after the last look (exposed_input = deny refuses those)",
			   gate->name);
}

/* What is released without a request is nobody's to look at. */
static int lint_watch(struct lint *lint, const struct cs_gate *gate)
{
	if (gate->watch != CS_WATCH_REQUIRED || gate->n_exempts + gate->n_automatics == 0)
		return 0;
	return cs_lint_say(lint, false, gate->line, "unwatched",
			   "gate %s wants its sessions watched; what its exempt and automatic sections let through is not",
			   gate->name);
}

/* --- Automatic approvals ------------------------------------------------------------------------------------------ */

static int lint_automatic(struct lint *lint, const struct cs_gate *gate, const struct automatic *automatic)
{
	const struct limits *limits = &automatic->limits;

	if (automatic->n_commands + limits->n_times + limits->n_peers > 0 ||
	    (automatic->has_who && !cs_lint_everybody(lint->policy, gate, &automatic->who)))
		return 0;
	return cs_lint_say(lint, true, automatic->line, "automatic-everything",
			   "gate %s, automatic %s: approves whatever is asked%s, so nobody else ever is", gate->name,
			   automatic->name, automatic->has_who ? " by whoever may ask" : "");
}

/* --- Alternatives ------------------------------------------------------------------------------------------------- */

static bool same_person(const struct want *a, const struct want *b)
{
	/* Who may fill b may fill a: everybody named there is named here. */
	for (size_t i = 0; i < b->n_people; i++) {
		if (cs_strv_has(a->people_keys, a->n_people, b->people_keys[i]) != 1)
			return false;
	}
	return true;
}

static bool same_scope(const struct rule *a, const struct rule *b)
{
	if (a->own_scope != b->own_scope)
		return false;
	return !a->own_scope || strcmp(a->scope.text, b->scope.text) == 0;
}

/* Is whatever fills the hard rule enough for the easy one, at no later time? */
static bool no_easier(const struct rule *hard, const struct rule *easy)
{
	const struct want *a = &easy->want, *b = &hard->want;

	if (a->kind != b->kind || easy->stage > hard->stage || easy->after_ms > hard->after_ms ||
	    easy->counts_rejects != hard->counts_rejects)
		return false;
	if (easy->quorum != hard->quorum || (easy->quorum == CS_QUORUM_COUNT && easy->count > hard->count))
		return false;
	if (a->kind == WANT_GROUP)
		return strcmp(a->dn_key, b->dn_key) == 0 && strcasecmp(a->listed, b->listed) == 0;
	if (a->kind == WANT_PEOPLE)
		return same_person(a, b) && (easy->quorum == CS_QUORUM_COUNT || same_person(b, a));
	return a->index == b->index && same_scope(easy, hard);
}

/* Has every rule of one alternative a rule of another, of its own, that asks for no less? */
static bool covered(const struct cs_gate *gate, const char *hard, const char *easy)
{
	bool taken[CS_MAX_RULES] = {false};

	for (size_t i = 0; i < gate->n_rules; i++) {
		size_t k = 0;

		if (strcmp(gate->rules[i].alternative, easy) != 0)
			continue;
		while (k < gate->n_rules && (taken[k] || strcmp(gate->rules[k].alternative, hard) != 0 ||
					     !no_easier(&gate->rules[k], &gate->rules[i])))
			k++;
		if (k == gate->n_rules)
			return false;
		taken[k] = true;
	}
	return true;
}

static bool first_of_alternative(const struct cs_gate *gate, size_t rule)
{
	for (size_t i = 0; i < rule; i++) {
		if (strcmp(gate->rules[i].alternative, gate->rules[rule].alternative) == 0)
			return false;
	}
	return *gate->rules[rule].alternative != '\0';
}

/* Of two that ask for the same, the later one is too much. */
static const char *cheaper_than(const struct cs_gate *gate, size_t rule, bool *ret_alone)
{
	const char *word = gate->rules[rule].alternative;

	*ret_alone = true;
	for (size_t i = 0; i < gate->n_rules; i++) {
		const char *other = gate->rules[i].alternative;

		if (!first_of_alternative(gate, i) || i == rule)
			continue;
		*ret_alone = false;
		if (covered(gate, word, other) && (i < rule || !covered(gate, other, word)))
			return other;
	}
	return NULL;
}

static int lint_alternative(struct lint *lint, const struct cs_gate *gate, size_t rule)
{
	const struct rule *first = &gate->rules[rule];
	bool alone;
	const char *cheaper = cheaper_than(gate, rule, &alone);

	if (alone)
		return cs_lint_say(lint, false, first->line, "lone-alternative",
				   "gate %s has no alternative but %s, so its approvals are always needed", gate->name,
				   first->alternative);
	if (!cheaper)
		return 0;
	return cs_lint_say(lint, false, first->line, "covered-alternative",
			   "gate %s: alternative %s asks for no less than alternative %s, which suffices alone",
			   gate->name, first->alternative, cheaper);
}

int cs_lint_terms(struct lint *lint, const struct cs_gate *gate)
{
	int r = lint_self(lint, gate);

	if (r == 0)
		r = lint_objections(lint, gate);
	if (r == 0)
		r = lint_artefacts(lint, gate);
	if (r == 0)
		r = lint_watch(lint, gate);
	for (size_t i = 0; r == 0 && i < gate->n_automatics; i++)
		r = lint_automatic(lint, gate, &gate->automatics[i]);
	for (size_t i = 0; r == 0 && i < gate->n_rules; i++) {
		if (first_of_alternative(gate, i))
			r = lint_alternative(lint, gate, i);
	}
	return r;
}

/* --- Break-glass -------------------------------------------------------------------------------------------------- */

int cs_lint_glasses(struct lint *lint)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < lint->policy->n_glasses; i++) {
		const struct glass *glass = &lint->policy->glasses[i];
		char lasts[32];

		r = cs_lint_say(lint, false, glass->line, "break-glass",
				"break_glass %s lets %zu people past the approvals in %s for %s, reviewed afterwards",
				glass->name, glass->n_uids, glass->scope.text,
				cs_policy_say_span(glass->lasts_ms, lasts));
	}
	return r;
}
