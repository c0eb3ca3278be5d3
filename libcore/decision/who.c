/* SPDX-License-Identifier: Apache-2.0 */
/* Who could fill the rules: to tell people whom to ask, to count a part of them, and to tell early where nobody
 * could. */
#include "needs_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* What is compared of a DN. */
static const char *key_of(const char *dn, char buffer[CS_MAX_DN + 1])
{
	return cs_dn_key(dn, buffer) == 0 ? buffer : dn;
}

static int leave_out(struct crowd *out, const char *dn)
{
	char buffer[CS_MAX_DN + 1];
	int r = dn && *dn ? crowd_add(out, key_of(dn, buffer)) : 0;

	return r < 0 ? r : 0;
}

/* The requester's entry, unless his own vote counts, and those of his other accounts. */
static int leave_requester_out(const struct cs_case *what, struct crowd *out)
{
	const struct cs_facts *requester = what->requester;
	int r = cs_gate_takes_self_approval(what->gate) ? 0 : leave_out(out, requester->person.dn);

	for (size_t i = 0; r == 0 && i < requester->n_aliases; i++)
		r = leave_out(out, requester->aliases[i]);
	return r;
}

/* A search through the people of a rule. */
struct search {
	const struct cs_case *what;
	struct crowd out; /* who is left out, by DN */
	struct crowd seen;
	/* called for everybody who is not left out. key: what is compared of the DN; name NULL: the policy names the DN.
	 * 0, or an end of the search */
	int (*found)(struct search *search, const char *key, const char *dn, const char *name);
	size_t rule;
	struct cs_need *need; /* names */
	size_t room;
	size_t most;          /* count */
	struct pool *pool;    /* suffice */
};

enum { ENOUGH = 1 };

static void search_clear(struct search *search)
{
	crowd_clear(&search->out);
	crowd_clear(&search->seen);
}

static int search_one(struct search *search, const char *dn, const char *name)
{
	char buffer[CS_MAX_DN + 1];
	const char *key = key_of(dn, buffer);

	return crowd_find(&search->out, key) >= 0 ? 0 : search->found(search, key, dn, name);
}

static int search_named(void *arg, const char *dn)
{
	return search_one(arg, dn, NULL);
}

/* The listings of one rule; NULL and 0 where nobody asked. */
static const struct cs_listing *listings_of(const struct cs_case *what, size_t rule, size_t *ret_n)
{
	size_t at = 0;

	*ret_n = 0;
	if (!what->listings_of_rule)
		return NULL;
	for (size_t i = 0; i < rule; i++)
		at += what->listings_of_rule[i];
	*ret_n = what->listings_of_rule[rule];
	return what->listings + at;
}

/* Everybody of one rule. 0, or what found ended it with. */
static int search_rule(struct search *search, size_t rule)
{
	const struct cs_case *what = search->what;
	size_t n = 0;
	const struct cs_listing *listings = listings_of(what, rule, &n);
	int r = 0;

	search->rule = rule;
	for (size_t k = 0; r == 0 && k < n; k++)
		for (size_t m = 0; r == 0 && m < listings[k].n_dns && m < listings[k].n_names; m++)
			r = search_one(search, listings[k].dns[m], listings[k].names[m]);
	return r == 0 ? cs_policy_who_named(what->policy, what->gate, rule, what->scope, search_named, search) : r;
}

/* The first list of a rule that is not known in full; NULL when all are. */
static const struct cs_listing *unknown_list(const struct cs_case *what, size_t rule)
{
	size_t n = 0;
	const struct cs_listing *listings = listings_of(what, rule, &n);

	for (size_t k = 0; k < n; k++)
		if (listings[k].known == CS_KNOWN_DOUBT)
			return &listings[k];
	return NULL;
}

/* --- Names -------------------------------------------------------------------------------------------------------- */

/* Adds a name while there is room for it, and says so where there is none. */
static int add_who(struct search *search, const char *name)
{
	static const char others[] = CS_WHO_OTHERS;
	struct cs_need *need = search->need;
	size_t size = strlen(name) + 4;

	if (size + sizeof(others) + 4 > search->room || need->n_who + 1 >= CS_MAX_WHO)
		return cs_strv_add(&need->who, &need->n_who, others) < 0 ? CS_ENOMEM : ENOUGH;
	if (cs_strv_add(&need->who, &need->n_who, name) < 0)
		return CS_ENOMEM;
	search->room -= size;
	return crowd_add(&search->seen, name) == CS_ENOMEM ? CS_ENOMEM : 0;
}

static int found_who(struct search *search, const char *key, const char *dn, const char *name)
{
	char *own = NULL;
	int r = name ? 0 : cs_dn_first_value(dn, &own);
	const char *shown = name ? name : own ? own : dn;

	(void)key;
	if (r != CS_ENOMEM)
		r = crowd_find(&search->seen, shown) >= 0 ? 0 : add_who(search, shown);
	free(own);
	return r;
}

static int name_rule(struct search *search, size_t rule)
{
	const struct cs_need *need = search->need;
	int r = 0;

	for (size_t p = 0; r >= 0 && p < need->n_by; p++)
		r = crowd_add(&search->seen, need->by[p]);
	/* Whoever voted has done what he can, also where another rule counts him. */
	for (size_t p = 0; r >= 0 && p < search->what->n_votes; p++)
		r = search->what->votes[p].person.name ? crowd_add(&search->seen, search->what->votes[p].person.name) : 0;
	if (r >= 0)
		r = search_rule(search, rule);
	crowd_clear(&search->seen);
	return r < 0 ? r : 0;
}

int cs_needs_who(const struct cs_case *what, struct cs_need *needs, size_t n_needs)
{
	struct search search = { .what = what, .found = found_who };
	int r = leave_requester_out(what, &search.out);

	for (size_t i = 0; r == 0 && i < n_needs; i++) {
		search.need = &needs[i];
		search.room = CS_WHO_BYTES / n_needs;
		r = name_rule(&search, i);
	}
	search_clear(&search);
	return r;
}

/* --- Numbers ------------------------------------------------------------------------------------------------------ */

static int found_one_more(struct search *search, const char *key, const char *dn, const char *name)
{
	int r = crowd_add(&search->seen, key);

	(void)dn;
	(void)name;
	if (r < 0)
		return r == CS_ENOMEM ? CS_ENOMEM : CS_EDOUBT;
	return search->seen.n >= search->most ? ENOUGH : 0;
}

/* Why it cannot be told how many could fill a rule. A list that is not to be believed may be too short by mistake. */
static int uncountable(const struct cs_case *what, size_t rule, char **ret_because)
{
	const struct cs_listing *unknown = unknown_list(what, rule);
	const char *because = unknown ? unknown->doubt : NULL;

	if (what->listings_of_rule && !unknown && what->requester->n_unsure == 0)
		return 0;
	if (!because && what->requester->n_unsure > 0)
		because = what->requester->unsure[0].doubt;
	if (because && *because && !(*ret_because = cs_dup(because)))
		return CS_ENOMEM;
	return CS_EDOUBT;
}

/* Everybody of the rule into search->seen. */
static int count_rule(struct search *search, size_t rule, char **ret_because)
{
	int r = uncountable(search->what, rule, ret_because);

	if (r == 0)
		r = leave_requester_out(search->what, &search->out);
	if (r == 0)
		r = search_rule(search, rule);
	return r < 0 ? r : 0;
}

int who_count(const struct cs_case *what, size_t rule, size_t most, uint32_t *ret_n, char **ret_because)
{
	struct search search = { .what = what, .found = found_one_more, .most = most };
	int r = count_rule(&search, rule, ret_because);

	if (r == 0)
		*ret_n = (uint32_t)search.seen.n;
	search_clear(&search);
	return r;
}

int who_elect(const struct cs_case *what, size_t rule, uint32_t *ret_n, bool *ret_elects, char **ret_because)
{
	struct search search = { .what = what, .found = found_one_more, .most = SIZE_MAX };
	int r = count_rule(&search, rule, ret_because);

	for (size_t p = 0; r == 0 && p < what->n_votes; p++) {
		char buffer[CS_MAX_DN + 1];
		const char *dn = what->voters[p].person.dn;

		ret_elects[p] = dn && *dn && crowd_find(&search.seen, key_of(dn, buffer)) >= 0;
	}
	if (r == 0)
		*ret_n = (uint32_t)search.seen.n;
	search_clear(&search);
	return r;
}

/* --- Whether they suffice ----------------------------------------------------------------------------------------- */

/* Those who could, as a crew. Whoever could only fill rules that have enough people already changes nothing: a rule that
 * as many could fill as all rules of its block need together is filled whatever they do elsewhere. */
struct pool {
	struct crew crew;
	int8_t *may;
	uint32_t able[CS_MAX_RULES], enough[CS_MAX_RULES];
	bool doubt; /* a list is not known in full, or there are too many to look at */
};

static int found_candidate(struct search *search, const char *key, const char *dn, const char *name)
{
	struct pool *pool = search->pool;
	size_t rule = search->rule;
	int person = crowd_find(&search->seen, key);
	int8_t *may = NULL;

	(void)dn;
	(void)name;
	if (pool->able[rule] >= pool->enough[rule])
		return ENOUGH;
	if (person < 0 && search->seen.n == CS_MAX_WHO) {
		pool->doubt = true;
		return 0;
	}
	if (person < 0)
		person = crowd_add(&search->seen, key);
	if (person < 0)
		return person;
	may = &pool->may[(size_t)person * pool->crew.n_rules + rule];
	pool->able[rule] += *may == 0;
	*may = 1;
	return 0;
}

static void count_enough(struct pool *pool)
{
	uint8_t block[CS_MAX_RULES] = { 0 };
	size_t n = pool->crew.n_rules;

	cs_gate_blocks(pool->crew.policy, pool->crew.gate, block);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (block[k] == block[i] && pool->enough[i] <= CS_MAX_VOTES)
				pool->enough[i] += pool->crew.counts[k];
}

/* Nobody can vote more often than CS_MAX_VOTES for one request: who counts more needs no list to be impossible. */
static size_t too_many(const struct crew *crew, uint32_t way)
{
	for (size_t i = 0; i < crew->n_rules; i++)
		if (has_rule(way, i) && crew->counts[i] > CS_MAX_VOTES)
			return i;
	return CS_MAX_RULES;
}

/* The first rule that stays short, in the way that is nearest. 1 when one way is whole. */
static int fill_ways(const struct pool *pool, size_t *ret_short, bool *ret_hopeless)
{
	const struct ways *ways = &pool->crew.ways;
	uint64_t least = UINT64_MAX;
	int r = 0;

	*ret_hopeless = true;
	for (size_t k = 0; r == 0 && k < ways->n; k++) {
		uint32_t have[CS_MAX_RULES];
		uint64_t missing = 0;
		size_t at = CS_MAX_RULES;

		r = crew_fill(&pool->crew, ways->way[k], have, NULL);
		for (size_t i = pool->crew.n_rules; r == 0 && i-- > 0;) {
			if (!has_rule(ways->way[k], i) || have[i] >= pool->crew.counts[i])
				continue;
			missing += pool->crew.counts[i] - have[i];
			at = i;
		}
		*ret_hopeless = *ret_hopeless && too_many(&pool->crew, ways->way[k]) != CS_MAX_RULES;
		if (r == 0 && missing < least) {
			least = missing;
			*ret_short = at;
		}
	}
	return r;
}

static int leave_rejecters_out(const struct cs_case *what, struct crowd *out)
{
	int r = 0;

	for (size_t p = 0; r == 0 && p < what->n_votes; p++)
		if (what->votes[p].vote == CS_VOTE_REJECT)
			r = leave_out(out, what->votes[p].person.dn);
	return r;
}

int who_suffice(const struct cs_case *what, const struct crew *counts, bool without_rejecters, size_t *ret_short)
{
	struct pool pool = { .crew = *counts, .may = calloc(CS_MAX_WHO, counts->n_rules + 1) };
	struct search search = { .what = what, .found = found_candidate, .pool = &pool };
	size_t at = 0;
	bool hopeless = false;
	int r = pool.may ? leave_requester_out(what, &search.out) : CS_ENOMEM;

	count_enough(&pool);
	if (r == 0 && without_rejecters)
		r = leave_rejecters_out(what, &search.out);
	for (size_t i = 0; r == 0 && i < counts->n_rules; i++) {
		pool.doubt = pool.doubt || unknown_list(what, i);
		r = search_rule(&search, i);
		r = r == ENOUGH ? 0 : r;
	}
	if (r == 0) {
		pool.crew.may = pool.may;
		pool.crew.n_people = search.seen.n;
		r = fill_ways(&pool, &at, &hopeless);
	}
	search_clear(&search);
	free(pool.may);
	if (r == 0 && pool.doubt && !hopeless)
		return CS_EDOUBT;
	if (r == 0)
		*ret_short = at;
	return r;
}
