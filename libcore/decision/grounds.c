/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision was made from, to be kept and to be decided again. */
#include "decision.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* --- Comparing ---------------------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_need(const struct cs_need *a, const struct cs_need *b)
{
	return same_text(a->rule, b->rule) && a->count == b->count && a->have == b->have && a->open == b->open &&
	       a->against == b->against;
}

static bool same_decision(const struct cs_decision *a, const struct cs_decision *b)
{
	if (a->verdict != b->verdict || a->reason != b->reason || a->n_needs != b->n_needs)
		return false;
	for (size_t i = 0; i < a->n_needs; i++)
		if (!same_need(&a->needs[i], &b->needs[i]))
			return false;
	return true;
}

/* 1 when both cases are decided alike, 0, CS_ENOMEM. */
static int decided_alike(const struct cs_case *a, const struct cs_case *b)
{
	struct cs_decision of_a = { 0 }, of_b = { 0 };
	int r = cs_decide(a, &of_a);

	if (r == 0)
		r = cs_decide(b, &of_b);
	if (r == 0)
		r = same_decision(&of_a, &of_b);
	cs_clear(&cs_decision_shape, &of_a);
	cs_clear(&cs_decision_shape, &of_b);
	return r;
}

static int match_of(const struct cs_case *what, const struct cs_listing *match, size_t n_match,
	struct cs_match *ret_match)
{
	struct cs_circumstances circumstances = { .action = what->action, .wall_ms = what->wall_ms,
		.person = what->requester, .listings = match, .n_listings = n_match };

	return cs_policy_match(what->policy, &circumstances, ret_match);
}

/* 1 when both requesters meet the same gate in the same scope, 0, CS_ENOMEM. */
static int matched_alike(const struct cs_case *a, const struct cs_case *b, const struct cs_listing *match, size_t n_match)
{
	struct cs_match of_a = { 0 }, of_b = { 0 };
	int r = 0;

	if (!a->action || a->requester->known == CS_KNOWN_NO)
		return 1;
	r = match_of(a, match, n_match, &of_a);
	if (r == 0)
		r = match_of(b, match, n_match, &of_b);
	if (r == 0)
		r = of_a.kind == of_b.kind && of_a.gate == of_b.gate && same_text(of_a.scope, of_b.scope);
	cs_match_clear(&of_a);
	cs_match_clear(&of_b);
	return r;
}

/* --- Freezing ----------------------------------------------------------------------------------------------------- */

/* The facts, with all memberships or those that can matter. */
static int freeze_facts(const struct cs_case *what, const struct cs_facts *facts, bool all, struct cs_facts *ret_facts)
{
	struct cs_facts view = *facts;
	int r = 0;

	view.memberships = calloc(facts->n_memberships + 1, sizeof(*view.memberships));
	view.n_memberships = 0;
	if (!view.memberships)
		return CS_ENOMEM;
	for (size_t i = 0; i < facts->n_memberships; i++)
		if (all || cs_policy_matters(what->policy, what->gate, what->scope, &facts->memberships[i]) == 1)
			view.memberships[view.n_memberships++] = facts->memberships[i];
	r = cs_copy(&cs_facts_shape, &view, ret_facts);
	free(view.memberships);
	return r;
}

static int freeze_listings(const struct cs_listing *listings, size_t n, struct cs_listing **ret_listings, size_t *ret_n)
{
	int r = 0;

	*ret_listings = calloc(n + 1, sizeof(**ret_listings));
	if (!*ret_listings)
		return CS_ENOMEM;
	for (; r == 0 && *ret_n < n; *ret_n += r == 0)
		r = cs_copy(&cs_listing_shape, &listings[*ret_n], &(*ret_listings)[*ret_n]);
	return r;
}

static int freeze_rules(const struct cs_case *what, struct cs_grounds *grounds)
{
	size_t n_rules = cs_gate_rules(what->gate), n = 0;

	grounds->listings_of_rule = calloc(n_rules + 1, sizeof(*grounds->listings_of_rule));
	if (!grounds->listings_of_rule)
		return CS_ENOMEM;
	for (size_t i = 0; i < n_rules; i++) {
		grounds->listings_of_rule[i] = (uint32_t)what->listings_of_rule[i];
		n += what->listings_of_rule[i];
	}
	grounds->n_listings_of_rule = n_rules;
	return freeze_listings(what->listings, n, &grounds->listings, &grounds->n_listings);
}

/* Is who could fill a rule part of the decision, beyond naming them? */
static bool counts_listed(const struct cs_gate *gate)
{
	for (size_t i = 0; i < cs_gate_rules(gate); i++)
		if (cs_gate_rule_quorum(gate, i) != CS_QUORUM_COUNT)
			return true;
	return cs_gate_objection_ms(gate) != 0;
}

static int freeze(const struct cs_case *what, const struct cs_listing *match, size_t n_match, bool all,
	struct cs_grounds *grounds)
{
	int r = freeze_facts(what, what->requester, all, &grounds->requester);

	grounds->wall_ms = what->wall_ms;
	grounds->elapsed_ms = what->elapsed_ms;
	grounds->boot = cs_dup(what->boot);
	grounds->boot_ms = what->boot_ms;
	grounds->voters = r == 0 ? calloc(what->n_votes + 1, sizeof(*grounds->voters)) : NULL;
	if (r == 0 && (!grounds->voters || !grounds->boot))
		r = CS_ENOMEM;
	for (; r == 0 && grounds->n_voters < what->n_votes; grounds->n_voters += r == 0)
		r = freeze_facts(what, &what->voters[grounds->n_voters], all, &grounds->voters[grounds->n_voters]);
	if (r == 0 && what->listings_of_rule && (all || counts_listed(what->gate)))
		r = freeze_rules(what, grounds);
	return r == 0 ? freeze_listings(match, n_match, &grounds->match, &grounds->n_match) : r;
}

/* --- Thawing ------------------------------------------------------------------------------------------------------ */

/* What both directions put into a case. */
static int thaw(const struct cs_grounds *grounds, size_t *of_rule, struct cs_case *what)
{
	size_t n = 0;

	if (grounds->n_voters != what->n_votes || grounds->n_listings_of_rule > CS_MAX_RULES ||
		(grounds->n_listings_of_rule > 0 && grounds->n_listings_of_rule != cs_gate_rules(what->gate)))
		return CS_ECORRUPT;
	for (size_t i = 0; i < grounds->n_listings_of_rule; i++) {
		of_rule[i] = grounds->listings_of_rule[i];
		n += of_rule[i];
	}
	if (n != grounds->n_listings)
		return CS_ECORRUPT;
	what->wall_ms = grounds->wall_ms;
	what->elapsed_ms = grounds->elapsed_ms;
	what->boot = grounds->boot;
	what->boot_ms = grounds->boot_ms;
	what->requester = &grounds->requester;
	what->voters = grounds->voters;
	what->listings = grounds->listings;
	what->listings_of_rule = grounds->n_listings_of_rule > 0 ? of_rule : NULL;
	return 0;
}

int cs_grounds_case(const struct cs_policy *policy, const struct cs_gate *gate, const struct cs_request *request,
	const struct cs_approval *votes, size_t n_votes, const struct cs_grounds *grounds, size_t *ret_of_rule,
	struct cs_case *ret_case)
{
	struct cs_case what = { .policy = policy, .gate = gate, .scope = request->scope, .action = &request->action,
		.asked_by = &request->requester, .votes = votes, .n_votes = n_votes };
	int r = thaw(grounds, ret_of_rule, &what);

	if (r == 0)
		*ret_case = what;
	return r;
}

/* --- Both --------------------------------------------------------------------------------------------------------- */

/* 1 when the grounds lead to the same as the case, 0, CS_ENOMEM. */
static int suffice(const struct cs_case *what, const struct cs_grounds *grounds)
{
	struct cs_case again = *what;
	size_t of_rule[CS_MAX_RULES];
	int r = thaw(grounds, of_rule, &again);

	if (r == 0)
		r = matched_alike(what, &again, grounds->match, grounds->n_match);
	return r == 1 ? decided_alike(what, &again) : r;
}

static int fits(const struct cs_grounds *grounds)
{
	struct cs_buf bytes;
	int r = 0;

	cs_buf_init(&bytes, CS_GROUNDS_BYTES);
	r = cs_encode(&cs_grounds_shape, grounds, &bytes);
	cs_buf_clear(&bytes);
	return r;
}

int cs_grounds_freeze(const struct cs_case *what, const struct cs_listing *match, size_t n_match,
	struct cs_grounds *ret_grounds)
{
	struct cs_grounds grounds = { 0 };
	int r = freeze(what, match, n_match, false, &grounds);

	if (r == 0)
		r = suffice(what, &grounds);
	if (r == 0) {
		cs_clear(&cs_grounds_shape, &grounds);
		r = freeze(what, match, n_match, true, &grounds);
	}
	if (r >= 0)
		r = fits(&grounds);
	if (r < 0) {
		cs_clear(&cs_grounds_shape, &grounds);
		return r;
	}
	*ret_grounds = grounds;
	return 0;
}

/* --- Plain rights ------------------------------------------------------------------------------------------------- */

int cs_grounds_freeze_right(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_sought *sought,
	uint64_t wall_ms, struct cs_grounds *ret_grounds)
{
	struct cs_case what = { .policy = policy, .scope = sought->scope };
	struct cs_grounds grounds = { .wall_ms = wall_ms };
	int r = freeze_facts(&what, facts, false, &grounds.requester);

	if (r == 0 && cs_policy_holds(policy, facts, sought, NULL) !=
			      cs_policy_holds(policy, &grounds.requester, sought, NULL)) {
		cs_clear(&cs_facts_shape, &grounds.requester);
		r = freeze_facts(&what, facts, true, &grounds.requester);
	}
	if (r == 0)
		r = fits(&grounds);
	if (r < 0) {
		cs_clear(&cs_grounds_shape, &grounds);
		return r;
	}
	*ret_grounds = grounds;
	return 0;
}
