/* SPDX-License-Identifier: Apache-2.0 */
/* People with facts for a policy, by hand: each is listed as member of groups "cn=NAME,ou=g", one assignment or rule
 * each. For tests of decisions, which need no directory. */
#ifndef CS_TEST_COMMITTEE_H
#define CS_TEST_COMMITTEE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "decision.h"
#include "mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COMMITTEE_GROUPS = 12 };

struct member {
	struct cs_facts facts;
	struct cs_membership memberships[COMMITTEE_GROUPS];
	char id[32], dn[64], name[32], human[32];
	char groups[COMMITTEE_GROUPS][64];
	char *rules[CS_MAX_RULES]; /* of the vote */
};

static inline struct cs_policy *committee_parse(const char *text)
{
	struct cs_problem problem = { 0 };
	struct cs_policy *policy = NULL;

	if (cs_policy_parse(text, "policy.conf", &policy, &problem) != 0)
		fail_msg("refused: %u: %s", problem.line, problem.text ? problem.text : "");
	return policy;
}

/* A person whom the directory knows; uid is 3000 and the number. */
static inline void member_make(struct member *member, const char *name, uint32_t number)
{
	struct cs_person *person = &member->facts.person;

	memset(member, 0, sizeof(*member));
	(void)snprintf(member->id, sizeof(member->id), "id-%s", name);
	(void)snprintf(member->dn, sizeof(member->dn), "uid=%s,ou=people", name);
	(void)snprintf(member->name, sizeof(member->name), "%s", name);
	member->facts.known = CS_KNOWN_YES;
	person->id = member->id;
	person->dn = member->dn;
	person->name = member->name;
	person->human = member->human;
	person->uid = 3000 + number;
	member->facts.memberships = member->memberships;
}

/* Lists the person in cn=GROUP,ou=g, which the policy asks about. */
static inline void member_join(struct member *member, const struct cs_policy *policy, const char *group)
{
	size_t n = 0, i = member->facts.n_memberships;
	const struct cs_group_query *queries = cs_policy_queries(policy, &n);

	assert_true(i < COMMITTEE_GROUPS);
	(void)snprintf(member->groups[i], sizeof(member->groups[i]), "cn=%s,ou=g", group);
	for (size_t k = 0; k < n; k++) {
		if (strcasecmp(queries[k].dn, member->groups[i]) != 0)
			continue;
		member->memberships[i] = (struct cs_membership){ .query = (uint32_t)k, .group_dn = member->groups[i] };
		member->facts.n_memberships++;
		return;
	}
	fail_msg("the policy asks nothing about %s", group);
}

/* A list of people as a listing. */
struct listing {
	struct cs_listing listing;
	char *dns[16], *names[16];
};

static inline void listing_make(struct listing *listing, struct member *const *members, size_t n)
{
	memset(listing, 0, sizeof(*listing));
	assert_true(n <= CS_COUNT(listing->dns));
	for (size_t i = 0; i < n; i++) {
		listing->dns[i] = members[i]->dn;
		listing->names[i] = members[i]->name;
	}
	listing->listing.known = CS_KNOWN_YES;
	listing->listing.dns = listing->dns;
	listing->listing.names = listing->names;
	listing->listing.n_dns = listing->listing.n_names = n;
}

static inline struct cs_approval vote_of(const struct member *member, enum cs_vote vote)
{
	return (struct cs_approval){ .vote = vote, .person = member->facts.person };
}

/* A vote that was cast when every rule of the gate was open, for all that he could fill. It borrows from the member. */
static inline struct cs_approval vote_for(const struct cs_gate *gate, struct member *member, enum cs_vote vote)
{
	struct cs_approval approval = { .vote = vote, .person = member->facts.person, .rules = member->rules };

	for (size_t i = 0; i < cs_gate_rules(gate); i++) {
		const char *name = cs_gate_rule_name(gate, i);

		memcpy(&member->rules[approval.n_rules++], &name, sizeof(name));
	}
	return approval;
}

#endif
