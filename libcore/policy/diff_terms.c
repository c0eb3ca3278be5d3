/* SPDX-License-Identifier: Apache-2.0 */
/* What changes in what a gate asks for beside its rules: the permission, switches, numbers and spans of time. */
#include "diff.h"
#include "diff_gates.h"
#include "mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- Switches and spans --------------------------------------------------------------------------------------- */

enum term_kind { TERM_SWITCH, TERM_WORD, TERM_SPAN, TERM_NUMBER };

static const struct term {
	const char *name;
	size_t offset;
	enum term_kind kind;
	bool more_is_stronger;
	const char *words[3]; /* of a switch, or by the number of a word */
	uint64_t none;        /* what is said where nothing is written; shown as "none" for a span */
	bool none_is_most;    /* of a span: longer than any */
	bool tells_only;      /* changes nothing that is permitted */
} terms[] = {
	{"reason",
	 offsetof(struct cs_gate, needs_reason),
	 TERM_SWITCH,
	 true,
	 {"optional", "required"},
	 0,
	 false,
	 false},
	{"exposed_file",
	 offsetof(struct cs_gate, takes_exposed),
	 TERM_SWITCH,
	 false,
	 {"deny", "permit"},
	 0,
	 false,
	 false},
	{"exposed_input",
	 offsetof(struct cs_gate, refuses_exposed_input),
	 TERM_SWITCH,
	 true,
	 {"permit", "deny"},
	 0,
	 false,
	 false},
	{"lifetime", offsetof(struct cs_gate, lifetime_ms), TERM_SPAN, false, {NULL, NULL}, 0, false, false},
	{"use_within", offsetof(struct cs_gate, use_within_ms), TERM_SPAN, false, {NULL, NULL}, 0, false, false},
	{"use_after", offsetof(struct cs_gate, use_after_ms), TERM_SPAN, true, {NULL, NULL}, 0, false, false},
	{"fresh", offsetof(struct cs_gate, fresh_ms), TERM_SPAN, false, {NULL, NULL}, CS_FRESH_ANY, true, false},
	{"self_approval",
	 offsetof(struct cs_gate, takes_self_approval),
	 TERM_SWITCH,
	 false,
	 {"deny", "permit"},
	 0,
	 false,
	 false},
	{"signature",
	 offsetof(struct cs_gate, needs_signature),
	 TERM_SWITCH,
	 true,
	 {"optional", "required"},
	 0,
	 false,
	 false},
	{"objections", offsetof(struct cs_gate, objection_ms), TERM_SPAN, true, {NULL, NULL}, 0, true, false},
	{"uses", offsetof(struct cs_gate, uses), TERM_NUMBER, false, {NULL, NULL}, 1, false, false},
	{"ahead", offsetof(struct cs_gate, ahead_ms), TERM_SPAN, false, {NULL, NULL}, 0, false, false},
	{"session", offsetof(struct cs_gate, session_ms), TERM_SPAN, false, {NULL, NULL}, 0, true, false},
	{"watch",
	 offsetof(struct cs_gate, watch),
	 TERM_WORD,
	 true,
	 {"none", "allowed", "required"},
	 0,
	 false,
	 false},
	{"watch_grace", offsetof(struct cs_gate, watch_grace_ms), TERM_SPAN, false, {NULL, NULL}, 0, true, false},
	{"remind", offsetof(struct cs_gate, remind_ms), TERM_SPAN, true, {NULL, NULL}, 0, false, true},
};

static uint64_t term_of(const struct cs_gate *gate, const struct term *term)
{
	uint64_t value = 0;
	bool yes = false;

	if (term->kind != TERM_SWITCH) {
		memcpy(&value, (const char *)gate + term->offset, sizeof(value));
		return value;
	}
	memcpy(&yes, (const char *)gate + term->offset, sizeof(yes));
	return yes;
}

static const char *show_term(const struct term *term, uint64_t value, char text[32])
{
	if (term->kind == TERM_SWITCH || term->kind == TERM_WORD)
		return term->words[value];
	if (term->kind == TERM_SPAN)
		return value == term->none ? "none" : cs_policy_say_span(value, text);
	(void)snprintf(text, 32, "%" PRIu64, value);
	return value == CS_USES_ANY ? "any" : text;
}

/* By which values are compared. */
static uint64_t rank(const struct term *term, uint64_t value)
{
	return term->none_is_most && value == term->none ? UINT64_MAX : value;
}

static enum cs_effect effect_of(const struct term *term, uint64_t before, uint64_t after)
{
	bool more = rank(term, after) > rank(term, before);

	if (term->tells_only)
		return CS_EFFECT_NONE;
	return more == term->more_is_stronger ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER;
}

static int diff_switches(struct gates *gates)
{
	char had[32], has[32];
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(terms); i++) {
		uint64_t a = term_of(gates->before, &terms[i]), b = term_of(gates->after, &terms[i]);

		if (a != b)
			r = SAY(gates, effect_of(&terms[i], a, b), "%s: %s -> %s", terms[i].name,
				show_term(&terms[i], a, had), show_term(&terms[i], b, has));
	}
	return r;
}

/* A gate that monitors leaves what it meets to whichever other gate guards it; one that enforces may take it from a stricter
 * one. */
static int diff_mode(struct gates *gates)
{
	bool monitored = gates->before->monitors, monitors = gates->after->monitors;
	bool stronger = monitored && cs_diff_stands_alone(gates);

	if (monitored == monitors)
		return 0;
	return SAY(gates, stronger ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER, "mode: %s",
		   monitors ? "enforce -> monitor" : "monitor -> enforce");
}

static int pair_artefact(void *arg, const void *before, const void *after)
{
	struct gates *gates = arg;
	const char *name;

	if (before && after)
		return 0;
	memcpy(&name, before ? before : after, sizeof(name));
	return SAY(gates, before ? CS_EFFECT_WEAKER : CS_EFFECT_STRONGER, "%s the file %s",
		   before ? "does not hash any more" : "hashes", name);
}

static int diff_artefacts(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;

	return cs_diff_each(a->artefact_texts, a->n_artefact_texts, b->artefact_texts, b->n_artefact_texts,
			    sizeof(*a->artefact_texts), pair_artefact, gates);
}

static int diff_permission(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;
	int r = 0;

	if (!a->permission_name) /* reviews, which nobody asks for by an action */
		return 0;
	if (strcmp(a->permission_name, b->permission_name) != 0)
		r = SAY(gates, CS_EFFECT_WEAKER, "permission: %s -> %s", a->permission_name, b->permission_name);
	if (r == 0 && strcmp(a->scope.text, b->scope.text) != 0)
		r = SAY(gates, CS_EFFECT_WEAKER, "scope: %s -> %s", a->scope.text, b->scope.text);
	return r;
}

/* How long and how often says nothing where nobody is asked; and of reviews it is always the same. */
static bool says_something(const struct cs_gate *gate, const struct term *term)
{
	bool asks = gate->n_rules > 0 && gate->permission_name;

	return term_of(gate, term) != term->none && (asks || term->kind == TERM_SWITCH || term->none == CS_FRESH_ANY);
}

static int say_switches(struct gates *gates, enum cs_effect effect)
{
	const struct cs_gate *gate = gates->after;
	char text[32];
	int r = 0;

	if (gate->monitors)
		r = SAY(gates, effect, "mode: monitor");
	if (r == 0 && gate->shared)
		r = SAY(gates, effect, "people: shared");
	for (size_t i = 0; r == 0 && i < gate->n_artefact_texts; i++)
		r = SAY(gates, effect, "hashes the file %s", gate->artefact_texts[i]);
	for (size_t i = 0; r == 0 && i < CS_COUNT(terms); i++) {
		if (says_something(gate, &terms[i]))
			r = SAY(gates, effect, "%s: %s", terms[i].name,
				show_term(&terms[i], term_of(gate, &terms[i]), text));
	}
	return r;
}

int cs_diff_new_terms(struct gates *gates, enum cs_effect effect)
{
	const struct cs_gate *gate = gates->after;
	int r = cs_diff_say_rules(gates, effect);

	if (r == 0)
		r = cs_diff_say_automatics(gates, effect);
	if (r == 0 && gate->permission_name && !cs_scope_everywhere(&gate->scope))
		r = SAY(gates, effect, "scope: %s", gate->scope.text);
	return r == 0 && !gate->deny ? say_switches(gates, effect) : r;
}

int cs_diff_terms(struct gates *gates)
{
	static int (*const steps[])(struct gates *) = {diff_permission, cs_diff_approvals, cs_diff_together,
						       cs_diff_automatics, diff_artefacts, diff_mode, diff_switches};
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(steps); i++)
		r = steps[i](gates);
	return r;
}
