/* SPDX-License-Identifier: Apache-2.0 */
/* Who could fill the rules: to tell people whom to ask, and to tell early where nobody could. */
#include "needs_internal.h"
#include "approval.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* Different strings, numbered as they come. A hash table, because a list may have CS_MAX_LISTING people. */
enum { CROWD_SLOTS = 1024, CROWD_MAX = 512 };

struct crowd {
	char *names[CROWD_SLOTS];
	int numbers[CROWD_SLOTS];
	int n;
};

static size_t crowd_slot(const struct crowd *crowd, const char *name)
{
	uint32_t slot = 2166136261u; /* FNV-1a */

	for (const char *at = name; *at; at++)
		slot = (slot ^ (uint8_t)*at) * 16777619u;
	slot %= CROWD_SLOTS;
	while (crowd->names[slot] && strcmp(crowd->names[slot], name) != 0)
		slot = (slot + 1) % CROWD_SLOTS;
	return slot;
}

static bool crowd_has(const struct crowd *crowd, const char *name)
{
	return crowd->names[crowd_slot(crowd, name)] != NULL;
}

/* The number of a name, which is added when it is new. CS_ENOMEM, CS_ETOOBIG. */
static int crowd_number(struct crowd *crowd, const char *name)
{
	size_t slot = crowd_slot(crowd, name);

	if (!crowd->names[slot]) {
		if (crowd->n == CROWD_MAX)
			return CS_ETOOBIG;
		crowd->names[slot] = strdup(name);
		if (!crowd->names[slot])
			return CS_ENOMEM;
		crowd->numbers[slot] = crowd->n++;
	}
	return crowd->numbers[slot];
}

static void crowd_clear(struct crowd *crowd)
{
	for (size_t i = 0; i < CROWD_SLOTS; i++)
		free(crowd->names[i]);
	*crowd = (struct crowd){ 0 };
}

/* What is compared of a DN. */
static const char *key_of(const char *dn, char buffer[CS_MAX_DN + 1])
{
	return cs_dn_key(dn, buffer) == 0 ? buffer : dn;
}

/* The entries of the requester, under whichever account. */
static int crowd_of_requester(const struct cs_facts *requester, struct crowd *crowd)
{
	char buffer[CS_MAX_DN + 1];
	int r = requester->person.dn ? crowd_number(crowd, key_of(requester->person.dn, buffer)) : 0;

	for (size_t i = 0; r >= 0 && i < requester->n_aliases; i++)
		r = crowd_number(crowd, key_of(requester->aliases[i], buffer));
	return r < 0 ? r : 0;
}

/* A search through the people of each rule. */
struct search {
	const struct cs_case *what;
	struct crowd own; /* the requester, by DN */
	struct crowd seen;
	/* called for everybody but the requester. key: what is compared of the DN; name NULL: the policy names the DN.
	 * 0, or an end of the search */
	int (*found)(struct search *search, const char *key, const char *dn, const char *name);
	size_t rule, n_rules;
	int8_t *may;          /* satisfiable */
	struct cs_need *need; /* who */
	size_t room;
};

static int search_one(struct search *search, const char *dn, const char *name)
{
	char buffer[CS_MAX_DN + 1];
	const char *key = key_of(dn, buffer);

	return crowd_has(&search->own, key) ? 0 : search->found(search, key, dn, name);
}

static int search_named(void *arg, const char *dn)
{
	return search_one(arg, dn, NULL);
}

/* The people of one rule, whose n listings begin at at. */
static int search_rule(struct search *search, size_t rule, size_t at, size_t n)
{
	const struct cs_case *what = search->what;
	int r = 0;

	search->rule = rule;
	for (size_t k = 0; r == 0 && k < n; k++) {
		const struct cs_listing *listing = &what->listings[at + k];

		for (size_t m = 0; r == 0 && m < listing->n_dns && m < listing->n_names; m++)
			r = search_one(search, listing->dns[m], listing->names[m]);
	}
	return r == 0 ? cs_policy_who_named(what->policy, what->gate, rule, what->scope, search_named, search) : r;
}

/* --- Names -------------------------------------------------------------------------------------------------------- */

enum { ENOUGH = 1 };

/* Adds a name while there is room for it, and says so where there is none. */
static int add_who(struct search *search, const char *name)
{
	static const char others[] = "(and others)";
	struct cs_need *need = search->need;
	size_t size = strlen(name) + 4;

	if (size + sizeof(others) + 4 > search->room || need->n_who + 1 >= CS_MAX_WHO)
		return cs_strv_add(&need->who, &need->n_who, others) < 0 ? CS_ENOMEM : ENOUGH;
	if (cs_strv_add(&need->who, &need->n_who, name) < 0)
		return CS_ENOMEM;
	search->room -= size;
	return crowd_number(&search->seen, name) == CS_ENOMEM ? CS_ENOMEM : 0;
}

static int found_who(struct search *search, const char *key, const char *dn, const char *name)
{
	char *own = NULL;
	int r = name ? 0 : cs_dn_first_value(dn, &own);
	const char *shown = name ? name : own ? own : dn;

	(void)key;
	if (r != CS_ENOMEM)
		r = crowd_has(&search->seen, shown) ? 0 : add_who(search, shown);
	free(own);
	return r;
}

/* The names of one rule, whose n listings begin at at. */
static int name_rule(struct search *search, size_t rule, size_t at, size_t n)
{
	const struct cs_need *need = search->need;
	int r = 0;

	for (size_t p = 0; r >= 0 && p < need->n_by; p++)
		r = crowd_number(&search->seen, need->by[p]);
	if (r >= 0)
		r = search_rule(search, rule, at, n);
	crowd_clear(&search->seen);
	return r < 0 ? r : 0;
}

int cs_needs_who(const struct cs_case *what, struct cs_need *needs, size_t n_needs)
{
	struct search search = { .what = what, .found = found_who };
	int r = crowd_of_requester(what->requester, &search.own);

	for (size_t i = 0, at = 0; r == 0 && i < n_needs; at += what->listings_of_rule[i], i++) {
		search.need = &needs[i];
		search.room = CS_WHO_BYTES / n_needs;
		r = name_rule(&search, i, at, what->listings_of_rule[i]);
	}
	crowd_clear(&search.own);
	return r;
}

/* --- Numbers ------------------------------------------------------------------------------------------------------ */

static int found_candidate(struct search *search, const char *key, const char *dn, const char *name)
{
	int person = crowd_number(&search->seen, key);

	(void)dn;
	(void)name;
	if (person < 0 || person >= CS_MAX_WHO)
		return person == CS_ENOMEM ? CS_ENOMEM : CS_EDOUBT;
	search->may[(size_t)person * search->n_rules + search->rule] = 1;
	return 0;
}

/* Every list has to be there in full. */
static int search_all(struct search *search)
{
	const struct cs_case *what = search->what;
	int r = crowd_of_requester(what->requester, &search->own);

	for (size_t i = 0, at = 0; r == 0 && i < search->n_rules; at += what->listings_of_rule[i], i++) {
		for (size_t k = 0; r == 0 && k < what->listings_of_rule[i]; k++)
			r = what->listings[at + k].known == CS_KNOWN_DOUBT ? CS_EDOUBT : 0;
		if (r == 0)
			r = search_rule(search, i, at, what->listings_of_rule[i]);
	}
	return r;
}

int needs_satisfiable(const struct cs_case *what, const struct cs_need *needs, size_t n_needs)
{
	struct search search = { .what = what, .found = found_candidate, .n_rules = n_needs };
	uint32_t counts[CS_MAX_RULES] = { 0 }, have[CS_MAX_RULES] = { 0 };
	uint8_t block[CS_MAX_RULES] = { 0 };
	int r = n_needs <= CS_MAX_RULES ? 0 : CS_EINVAL;

	if (r == 0 && !(search.may = calloc(CS_MAX_WHO, n_needs)))
		r = CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n_needs; i++)
		counts[i] = needs[i].count;
	if (r == 0)
		r = search_all(&search);
	if (r == 0) {
		cs_gate_blocks(what->policy, what->gate, block);
		r = cs_approval_assign(counts, n_needs, search.may, (size_t)search.seen.n, block, have, NULL);
	}
	crowd_clear(&search.own);
	crowd_clear(&search.seen);
	free(search.may);
	return r;
}
