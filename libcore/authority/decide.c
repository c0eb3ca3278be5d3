/* SPDX-License-Identifier: Apache-2.0 */
/* The decision itself: pure, one path for every door. Runs at submit, at every vote and again at claim. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void needs_free(struct cs_need **needs, size_t *n_needs)
{
	for (size_t i = 0; *needs && i < *n_needs; i++)
		cs_clear(&cs_need_shape, &(*needs)[i]);
	free(*needs);
	*needs = NULL;
	*n_needs = 0;
}

/* One need a rule, with its label; nobody counted yet. */
static int needs_new(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope,
	struct cs_need **ret_needs, size_t *ret_count)
{
	size_t n = cs_gate_rules(gate);
	struct cs_need *needs = calloc(n + 1, sizeof(*needs));

	if (!needs)
		return CS_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		needs[i].rule = cs_dup(cs_gate_rule_name(gate, i));
		needs[i].label = cs_gate_rule_label(policy, gate, i, scope);
		needs[i].count = cs_gate_rule_count(gate, i);
		if (!needs[i].rule || !needs[i].label) {
			needs_free(&needs, &n);
			return CS_ENOMEM;
		}
	}
	*ret_needs = needs;
	*ret_count = n;
	return 0;
}

uint32_t needs_missing(const struct cs_need *needs, size_t n_needs)
{
	uint32_t missing = 0;

	for (size_t i = 0; i < n_needs; i++)
		missing += needs[i].count > needs[i].have ? needs[i].count - needs[i].have : 0;
	return missing;
}

/* Assigns people, of whom may says which rule they may fill, and writes have and by. 1, 0 or CS_E…. */
static int needs_fill(const struct cs_gate *gate, const struct cs_approval *votes, size_t n_votes, const int8_t *may,
	struct cs_need *needs, size_t n_rules)
{
	uint32_t *counts = calloc(n_rules, sizeof(*counts));
	uint32_t *have = calloc(n_rules, sizeof(*have));
	uint8_t *filled = calloc(n_rules * (n_votes + 1), 1);
	int r = counts && have && filled ? 0 : CS_ENOMEM;
	int verdict = 0;

	for (size_t i = 0; r == 0 && i < n_rules; i++)
		counts[i] = needs[i].count;
	if (r == 0)
		r = verdict = cs_approval_assign(counts, n_rules, may, n_votes, cs_gate_distinct(gate), have, filled);
	for (size_t i = 0; r >= 0 && i < n_rules; i++) {
		needs[i].have = have[i];
		for (size_t p = 0; r >= 0 && p < n_votes; p++)
			if (filled[p * n_rules + i] == 1 && cs_strv_add(&needs[i].by, &needs[i].n_by, votes[p].person.name) < 0)
				r = CS_ENOMEM;
	}
	free(counts);
	free(have);
	free(filled);
	return r < 0 ? r : verdict;
}

int needs_frozen(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope,
	const struct cs_approval *votes, size_t n_votes, struct cs_need **ret_needs, size_t *ret_count)
{
	struct cs_need *needs = NULL;
	size_t n = 0;
	int8_t *may = NULL;
	int r = needs_new(policy, gate, scope, &needs, &n);

	if (r == 0 && n > 0 && !(may = calloc(n * (n_votes + 1), 1)))
		r = CS_ENOMEM;
	for (size_t p = 0; r == 0 && p < n_votes; p++)
		for (size_t i = 0; i < n; i++)
			may[p * n + i] = votes[p].vote == CS_VOTE_APPROVE &&
					 cs_strv_has(votes[p].rules, votes[p].n_rules, needs[i].rule) == 1;
	if (r == 0 && n > 0)
		r = needs_fill(gate, votes, n_votes, may, needs, n);
	free(may);
	if (r < 0) {
		needs_free(&needs, &n);
		return r;
	}
	*ret_needs = needs;
	*ret_count = n;
	return 0;
}

/* Is the entry one of the requester's own, under whichever account? */
static int is_requester(const struct cs_facts *requester, const char *dn)
{
	if (requester->person.dn && strcasecmp(dn, requester->person.dn) == 0)
		return 1;
	for (size_t i = 0; i < requester->n_aliases; i++)
		if (strcasecmp(dn, requester->aliases[i]) == 0)
			return 1;
	return 0;
}

/* Adds a name while there is room for it, and says so where there is none. */
static int add_who(struct cs_need *need, const char *name, size_t *room)
{
	static const char others[] = "(and others)";
	size_t size = strlen(name) + 4;

	if (*room == 0)
		return 0;
	if (size + sizeof(others) + 4 > *room || need->n_who + 1 >= CS_MAX_WHO) {
		*room = 0;
		return cs_strv_add(&need->who, &need->n_who, others);
	}
	*room -= size;
	return cs_strv_add(&need->who, &need->n_who, name);
}

static int need_who(struct cs_need *need, const struct cs_roster *roster, const struct cs_facts *requester, size_t *room)
{
	int r = 0;

	for (size_t m = 0; r == 0 && m < roster->n_dns && m < roster->n_names; m++)
		if (!is_requester(requester, roster->dns[m]) && cs_strv_has(need->who, need->n_who, roster->names[m]) != 1 &&
			cs_strv_has(need->by, need->n_by, roster->names[m]) != 1)
			r = add_who(need, roster->names[m], room);
	return r;
}

/* The names of those who could still fill each rule: for people to read, never to decide. */
int needs_who(struct cs_need *needs, const struct cs_roster *rosters, const size_t *rosters_of_rule, size_t n_rules,
	const struct cs_facts *requester)
{
	int r = 0;

	for (size_t i = 0, at = 0; r == 0 && i < n_rules; at += rosters_of_rule[i], i++) {
		size_t room = WHO_BYTES / n_rules;

		for (size_t k = 0; r == 0 && k < rosters_of_rule[i]; k++)
			r = need_who(&needs[i], &rosters[at + k], requester, &room);
	}
	return r;
}

/* Index of a DN in the list of candidates, added when new; -1 when out of memory. */
static ssize_t candidate(char ***dns, size_t *n, const char *dn)
{
	for (size_t i = 0; i < *n; i++)
		if (strcasecmp((*dns)[i], dn) == 0)
			return (ssize_t)i;
	return cs_strv_add(dns, n, dn) < 0 ? -1 : (ssize_t)(*n - 1);
}

/* Could the people who are listed fill every rule, the requester left out? 1, 0, or CS_EDOUBT where a list is not
 * known in full: then it is tried, since this only saves people a wait. */
static int satisfiable(const struct cs_case *what, const struct cs_need *needs, size_t n_rules)
{
	char **dns = NULL;
	size_t n = 0;
	int8_t *may = calloc(n_rules, CS_MAX_WHO);
	uint32_t counts[CS_MAX_RULES], have[CS_MAX_RULES];
	int r = may ? 0 : CS_ENOMEM;

	for (size_t i = 0, at = 0; r == 0 && i < n_rules; at += what->rosters_of_rule[i], i++) {
		counts[i] = needs[i].count;
		for (size_t k = 0; r == 0 && k < what->rosters_of_rule[i]; k++) {
			const struct cs_roster *roster = &what->rosters[at + k];

			r = roster->known == CS_KNOWN_DOUBT ? CS_EDOUBT : 0;
			for (size_t m = 0; r == 0 && m < roster->n_dns; m++) {
				ssize_t p = -1;

				if (is_requester(what->requester, roster->dns[m]))
					continue;
				p = candidate(&dns, &n, roster->dns[m]);
				if (p < 0 || p >= CS_MAX_WHO)
					r = p < 0 ? CS_ENOMEM : CS_EDOUBT;
				else
					may[(size_t)p * n_rules + i] = 1;
			}
		}
	}
	if (r == 0)
		r = cs_approval_assign(counts, n_rules, may, n, cs_gate_distinct(what->gate), have, NULL);
	cs_free_strv(&dns, &n);
	free(may);
	return r;
}

/* The reason to deny a person before any right is looked at; CS_WHY_NONE when there is none. */
static enum cs_reason person_refused(const struct cs_facts *facts)
{
	if (facts->known == CS_KNOWN_DOUBT)
		return CS_WHY_DOUBT;
	if (facts->known != CS_KNOWN_YES || !facts->person.id || !*facts->person.id)
		return CS_WHY_UNKNOWN_PERSON;
	if (facts->person.locked)
		return CS_WHY_LOCKED_PERSON;
	return CS_WHY_NONE;
}

static enum cs_reason requester_refused(const struct cs_case *what)
{
	enum cs_reason refused = person_refused(what->requester);
	int r = 0;

	if (refused != CS_WHY_NONE)
		return refused;
	if (what->asked_by && (!what->asked_by->id || strcmp(what->asked_by->id, what->requester->person.id) != 0))
		return CS_WHY_REQUESTER_LOST; /* the name or uid belongs to somebody else by now */
	r = cs_policy_has_right(what->policy, what->requester, cs_gate_permission(what->gate), what->scope, NULL);
	if (r == 1)
		return CS_WHY_NONE;
	return r == 0 ? CS_WHY_NO_PERMISSION : CS_WHY_DOUBT;
}

/* Does this vote count now? 1, 0, CS_EDOUBT. A second account of the requester or of an earlier voter counts nothing. */
static int vote_counts(const struct cs_case *what, size_t p)
{
	const struct cs_facts *voter = &what->voters[p];

	if (what->votes[p].vote != CS_VOTE_APPROVE)
		return 0;
	if (person_refused(voter) != CS_WHY_NONE)
		return voter->known == CS_KNOWN_DOUBT ? CS_EDOUBT : 0;
	if (!what->votes[p].person.id || strcmp(what->votes[p].person.id, voter->person.id) != 0)
		return 0;
	if (cs_same_human(&voter->person, &what->requester->person) != 0)
		return 0;
	for (size_t q = 0; q < p; q++)
		if (cs_same_human(&voter->person, &what->votes[q].person) != 0)
			return 0;
	return 1;
}

/* Fills may for every vote. 1 when some vote could not be told, 0 when all could, or CS_ENOMEM. */
static int eligibility(const struct cs_case *what, size_t n_rules, int8_t *may)
{
	int doubt = 0;

	for (size_t p = 0; p < what->n_votes; p++) {
		int counts = vote_counts(what, p);

		doubt |= counts == CS_EDOUBT;
		for (size_t i = 0; counts == 1 && i < n_rules; i++) {
			int r = cs_policy_may_fill(what->policy, &what->voters[p], what->gate, i, what->scope, NULL);

			if (r == CS_ENOMEM)
				return r;
			doubt |= r < 0;
			may[p * n_rules + i] = r == 1;
		}
	}
	return doubt;
}

static void conclude(struct cs_decision *decision, enum cs_verdict verdict, enum cs_reason reason)
{
	decision->verdict = verdict;
	decision->reason = reason;
}

static int rejected(const struct cs_case *what)
{
	for (size_t p = 0; p < what->n_votes; p++)
		if (what->votes[p].vote == CS_VOTE_REJECT)
			return 1;
	return 0;
}

/* The gate has approval rules and the requester may ask: are they filled? */
static int decide_rules(const struct cs_case *what, struct cs_decision *decision)
{
	size_t n_rules = decision->n_needs;
	int8_t *may = calloc(n_rules * (what->n_votes + 1), 1);
	int doubt = may ? eligibility(what, n_rules, may) : CS_ENOMEM;
	int filled = doubt < 0 ? doubt : needs_fill(what->gate, what->votes, what->n_votes, may, decision->needs, n_rules);
	int r = filled < 0 ? filled : 0;

	free(may);
	if (r == 0 && what->rosters)
		r = needs_who(decision->needs, what->rosters, what->rosters_of_rule, n_rules, what->requester);
	if (r < 0)
		return r;
	if (rejected(what))
		conclude(decision, CS_DENY, CS_WHY_REJECTED);
	else if (filled == 1)
		conclude(decision, CS_PERMIT, CS_WHY_APPROVED);
	else if (doubt)
		conclude(decision, CS_HOLD, CS_WHY_DOUBT);
	else if (what->rosters && satisfiable(what, decision->needs, n_rules) == 0)
		conclude(decision, CS_DENY, CS_WHY_UNSATISFIABLE);
	else
		conclude(decision, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	return 0;
}

int cs_authority_decide(const struct cs_case *what, struct cs_decision *ret_decision)
{
	struct cs_decision decision = { 0 };
	enum cs_reason refused = CS_WHY_NONE;
	int r = 0;

	memset(ret_decision, 0, sizeof(*ret_decision));
	refused = requester_refused(what);
	r = needs_new(what->policy, what->gate, what->scope, &decision.needs, &decision.n_needs);
	if (r == 0 && refused != CS_WHY_NONE)
		conclude(&decision, CS_DENY, refused);
	else if (r == 0 && decision.n_needs == 0)
		conclude(&decision, CS_PERMIT, CS_WHY_HAS_RIGHT);
	else if (r == 0)
		r = decide_rules(what, &decision);
	if (r == 0 && !(decision.text = cs_dup(cs_reason_text(decision.reason))))
		r = CS_ENOMEM;
	if (r < 0) {
		cs_clear(&cs_decision_shape, &decision);
		return r;
	}
	*ret_decision = decision;
	return 0;
}
