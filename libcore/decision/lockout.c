/* SPDX-License-Identifier: Apache-2.0 */
/* Lock-out: is there a requester whose request nobody could approve? Looks once at everybody, keeps the few who may
 * approve, and asks again without one of them only where he is needed. */
#include "needs_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* One human who may fill rules, by one or several accounts. One account of a human can vote. */
struct helper {
	const struct cs_person *accounts[CS_MAX_ALIASES + 1];
	size_t n_accounts;
	uint32_t rules; /* bits */
	bool needed;    /* fills a rule when everybody helps */
};

struct check {
	const struct cs_policy *policy;
	const struct cs_gate *gate;
	const char *scope;
	const struct cs_facts *people;
	size_t n_people;
	size_t n_rules;
	struct crew crew;               /* counts and ways; of the rules that count a part, what everybody makes */
	bool parts;                     /* there are such rules */
	bool one_block;                 /* a human fills one rule, so any of his accounts may be the one */
	uint32_t *may;                  /* with parts: bits of the rules that each person may fill */
	uint32_t enough[CS_MAX_RULES];  /* with so many it is met whatever else they fill, and one of them left out */
	uint32_t able[CS_MAX_RULES];    /* helpers who may fill it */
	struct helper *helpers;         /* CS_MAX_WHO at most */
	size_t n_helpers;
	uint8_t *asks;                  /* of each person: may ask, or may ask and it could not be told */
	bool doubt;
};

enum { ASKS_NOT = 0, ASKS, ASKS_PERHAPS };

static uint32_t bits_of(uint32_t rules)
{
	return (uint32_t)__builtin_popcount(rules);
}

/* Which rules the person may fill. 0 or CS_ENOMEM. */
static int rules_of(struct check *check, const struct cs_facts *person, uint32_t *ret_rules)
{
	uint32_t rules = 0;

	for (size_t i = 0; i < check->n_rules; i++) {
		int r = cs_policy_may_fill(check->policy, person, check->gate, i, check->scope, NULL);

		if (r == CS_ENOMEM)
			return r;
		check->doubt = check->doubt || r < 0;
		if (r == 1)
			rules |= UINT32_C(1) << i;
	}
	*ret_rules = rules;
	return 0;
}

static bool is_helper(const struct helper *helper, const struct cs_person *person)
{
	for (size_t i = 0; i < helper->n_accounts; i++)
		if (cs_same_human(helper->accounts[i], person) != 0)
			return true;
	return false;
}

/* Would one more who may fill these rules change anything? */
static bool is_wanted(const struct check *check, uint32_t rules)
{
	for (size_t i = 0; i < check->n_rules; i++)
		if ((rules >> i & 1) && check->able[i] < check->enough[i])
			return true;
	return false;
}

static void count_able(struct check *check, uint32_t before, uint32_t now)
{
	for (size_t i = 0; i < check->n_rules; i++) {
		check->able[i] -= before >> i & 1;
		check->able[i] += now >> i & 1;
	}
}

/* Another account of a human who is there already. Where one person fills several rules, only the account that may fill
 * most is counted, so that nobody counts for what two accounts together could. */
static void join(struct check *check, struct helper *helper, const struct cs_person *person, uint32_t rules)
{
	uint32_t more = bits_of(rules) > bits_of(helper->rules) ? rules : helper->rules;
	uint32_t now = check->one_block ? helper->rules | rules : more;

	if (helper->n_accounts == CS_COUNT(helper->accounts))
		return;
	helper->accounts[helper->n_accounts++] = person;
	count_able(check, helper->rules, now);
	helper->rules = now;
}

static void add_helper(struct check *check, const struct cs_person *person, uint32_t rules)
{
	if (!is_wanted(check, rules))
		return;
	for (size_t i = 0; i < check->n_helpers; i++) {
		if (is_helper(&check->helpers[i], person)) {
			join(check, &check->helpers[i], person, rules);
			return;
		}
	}
	if (check->n_helpers == CS_MAX_WHO)
		return; /* so many could not all vote on one request either */
	check->helpers[check->n_helpers++] = (struct helper){ .accounts = { person }, .n_accounts = 1, .rules = rules };
	count_able(check, 0, rules);
}

/* May this person ask, and does he need others? */
static int asks(struct check *check, const struct cs_facts *person)
{
	int r = cs_policy_has_right(check->policy, person, cs_gate_permission(check->gate), check->scope, NULL);

	if (r == CS_ENOMEM)
		return r;
	if (r < 0) {
		check->doubt = true;
		return ASKS_PERHAPS;
	}
	if (r == 0)
		return ASKS_NOT;
	r = cs_policy_exempt(check->policy, person, check->gate, check->scope, NULL);
	return r == CS_ENOMEM ? r : r == 1 ? ASKS_NOT : ASKS;
}

static int look_at(struct check *check, size_t p)
{
	const struct cs_facts *person = &check->people[p];
	uint32_t rules = 0;
	int r = 0;

	if (person->known == CS_KNOWN_DOUBT) {
		check->doubt = true;
		check->asks[p] = ASKS_PERHAPS;
		return 0;
	}
	if (person_refused(person) != CS_WHY_NONE)
		return 0;
	r = asks(check, person);
	if (r < 0)
		return r;
	check->asks[p] = (uint8_t)r;
	r = rules_of(check, person, &rules);
	if (r == 0 && check->may)
		check->may[p] = rules;
	if (r == 0 && rules != 0)
		add_helper(check, &person->person, rules);
	return r;
}

static bool counts_part(const struct check *check, size_t rule)
{
	return cs_gate_rule_quorum(check->gate, rule) != CS_QUORUM_COUNT;
}

/* How many a rule that counts a part needs when one human asks. */
static void count_parts(const struct check *check, const struct cs_person *left_out, struct crew *crew)
{
	uint32_t n[CS_MAX_RULES] = { 0 };

	for (size_t p = 0; p < check->n_people; p++) {
		if (check->may[p] == 0 || (left_out && cs_same_human(&check->people[p].person, left_out) != 0))
			continue;
		for (size_t i = 0; i < check->n_rules; i++)
			n[i] += has_rule(check->may[p], i);
	}
	for (size_t i = 0; i < check->n_rules; i++)
		if (counts_part(check, i))
			crew->counts[i] = quorum_part(cs_gate_rule_quorum(check->gate, i), n[i]);
}

/* How far everybody but one human fills the rules; NULL: nobody is left out. 1, 0, CS_ENOMEM. */
static int fill_without(const struct check *check, const struct cs_person *left_out, struct cs_need **ret_needs,
	size_t *ret_count)
{
	const struct cs_person *people[CS_MAX_WHO];
	int8_t *may = calloc(CS_MAX_WHO, check->n_rules);
	struct crew crew = check->crew;
	int r = may ? needs_new(check->policy, check->gate, check->scope, UINT64_MAX, ret_needs, ret_count) : CS_ENOMEM;

	for (size_t h = 0; r == 0 && h < check->n_helpers; h++) {
		const struct helper *helper = &check->helpers[h];

		if (left_out && is_helper(helper, left_out))
			continue;
		for (size_t i = 0; i < check->n_rules; i++)
			may[crew.n_people * check->n_rules + i] = has_rule(helper->rules, i);
		people[crew.n_people++] = helper->accounts[0];
	}
	if (r == 0) {
		crew.may = may;
		if (check->parts)
			count_parts(check, left_out, &crew);
		r = needs_fill(&crew, people, *ret_needs);
		if (r < 0)
			cs_needs_free(ret_needs, ret_count);
	}
	free(may);
	return r;
}

static int add_lockout(size_t requester, struct cs_need **needs, size_t *n_needs, struct cs_lockout **list,
	size_t *count)
{
	struct cs_lockout *grown = reallocarray(*list, *count + 1, sizeof(*grown));

	if (!grown)
		return CS_ENOMEM;
	*list = grown;
	grown[(*count)++] = (struct cs_lockout){ .requester = requester, .needs = *needs, .n_needs = *n_needs };
	*needs = NULL;
	*n_needs = 0;
	return 0;
}

/* Only who fills a rule when everybody helps can be missed: without anybody else that stays met. */
static void mark_needed(struct check *check, const struct cs_need *all)
{
	for (size_t h = 0; h < check->n_helpers; h++) {
		const struct cs_person *person = check->helpers[h].accounts[0];
		const char *name = person->name ? person->name : "";

		for (size_t i = 0; i < check->n_rules; i++)
			if (cs_strv_has(all[i].by, all[i].n_by, name) == 1)
				check->helpers[h].needed = true;
	}
}

static bool is_needed(const struct check *check, const struct cs_person *person)
{
	for (size_t h = 0; person->id && *person->id && h < check->n_helpers; h++)
		if (check->helpers[h].needed && is_helper(&check->helpers[h], person))
			return true;
	return false;
}

/* What is found for everybody who may ask. met: the rules are, when everybody helps. 1, 0, CS_EDOUBT, CS_ENOMEM. */
static int check_all(const struct check *check, int met, size_t max, struct cs_lockout **list, size_t *count)
{
	size_t found = 0;
	int verdict = 1;

	for (size_t p = 0; p < check->n_people && (verdict == 1 || found < max); p++) {
		const struct cs_person *person = &check->people[p].person;
		struct cs_need *needs = NULL;
		size_t n_needs = 0;
		int r = 0;

		if (check->asks[p] == ASKS_NOT || (met == 1 && !is_needed(check, person)) ||
			(check->asks[p] == ASKS_PERHAPS && verdict == 0))
			continue;
		r = fill_without(check, cs_gate_takes_self_approval(check->gate) ? NULL : person, &needs, &n_needs);
		if (r == 0)
			verdict = 0;
		if (r == 0 && check->asks[p] == ASKS && found < max) {
			r = add_lockout(p, &needs, &n_needs, list, count);
			found++;
		}
		cs_needs_free(&needs, &n_needs);
		if (r < 0)
			return r;
	}
	return verdict == 0 && check->doubt ? CS_EDOUBT : verdict;
}

/* How many people each rule needs, and all rules that do not let one person fill two of them together. */
static void count_enough(struct check *check)
{
	uint8_t block[CS_MAX_RULES] = { 0 };

	cs_gate_blocks(check->policy, check->gate, block);
	check->one_block = true;
	for (size_t i = 0; i < check->n_rules; i++) {
		check->one_block = check->one_block && block[i] == block[0];
		check->enough[i] = 1;
		for (size_t k = 0; k < check->n_rules; k++)
			if (block[k] == block[i])
				check->enough[i] += counts_part(check, k) ? CS_MAX_WHO : check->crew.counts[k];
	}
}

static int check_begin(struct check *check, size_t *ret_may_ask)
{
	int r = crew_make(check->policy, check->gate, &check->crew);

	if (r < 0)
		return r;
	check->n_rules = check->crew.n_rules;
	for (size_t i = 0; i < check->n_rules; i++)
		check->parts = check->parts || counts_part(check, i);
	count_enough(check);
	check->helpers = calloc(CS_MAX_WHO, sizeof(*check->helpers));
	check->asks = calloc(check->n_people + 1, 1);
	check->may = check->parts ? calloc(check->n_people + 1, sizeof(*check->may)) : NULL;
	if (!check->helpers || !check->asks || (check->parts && !check->may))
		return CS_ENOMEM;
	for (size_t p = 0; r == 0 && p < check->n_people; p++) {
		r = look_at(check, p);
		*ret_may_ask += check->asks[p] == ASKS;
	}
	return r;
}

int cs_lockout_check(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope,
	const struct cs_facts *people, size_t n_people, size_t max, size_t *ret_may_ask,
	struct cs_lockout **ret_lockouts, size_t *ret_count)
{
	struct check check = { .policy = policy, .gate = gate, .scope = scope, .people = people, .n_people = n_people };
	struct cs_need *all = NULL;
	size_t n_all = 0, may_ask = 0;
	int r = check_begin(&check, &may_ask);

	if (r == 0 && check.n_rules == 0)
		r = 1; /* nobody else is needed */
	else if (r == 0)
		r = fill_without(&check, NULL, &all, &n_all);
	if (r == 1 && check.n_rules > 0)
		mark_needed(&check, all);
	if (r >= 0 && check.n_rules > 0)
		r = check_all(&check, r, max, ret_lockouts, ret_count);
	if (r >= 0 || r == CS_EDOUBT)
		*ret_may_ask = may_ask;
	cs_needs_free(&all, &n_all);
	free(check.helpers);
	free(check.asks);
	free(check.may);
	return r;
}

void cs_lockouts_free(struct cs_lockout **lockouts, size_t *count)
{
	for (size_t i = 0; *lockouts && i < *count; i++)
		cs_needs_free(&(*lockouts)[i].needs, &(*lockouts)[i].n_needs);
	free(*lockouts);
	*lockouts = NULL;
	*count = 0;
}
