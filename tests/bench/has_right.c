/* SPDX-License-Identifier: Apache-2.0 */
/* bench_has_right PROJECTS: what it costs to find out, in process, that a person who sits in so many committees holds a
 * permission in the scope of the last of them; and, as the bare figure, to compare the two strings of the question
 * with one committee's. One JSON object. */
#include "input.h"
#include "mem.h"
#include "policy.h"
#include "stats.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 31
#define CALLS 20000

/* The query that the assignment "below … listed = owner" asks. */
static uint32_t owner_query(const struct cs_policy *policy)
{
	size_t n = 0;
	const struct cs_group_query *queries = cs_policy_queries(policy, &n);

	for (size_t i = 0; i < n; i++)
		if (queries[i].where == CS_GROUPS_BELOW && strcmp(queries[i].listed, "owner") == 0)
			return (uint32_t)i;
	(void)fputs("the policy asks for no owners\n", stderr);
	exit(1);
}

static void fill_facts(const struct cs_policy *policy, size_t projects, struct cs_facts *facts)
{
	facts->known = CS_KNOWN_YES;
	facts->memberships = calloc(projects, sizeof(*facts->memberships));
	facts->n_memberships = facts->memberships ? projects : 0;
	if (cs_set(&facts->person.id, "00000000-0000-0000-0000-000000000001") < 0)
		exit(1);
	for (size_t i = 0; i < facts->n_memberships; i++) {
		struct cs_membership *membership = &facts->memberships[i];

		membership->query = owner_query(policy);
		membership->attributes = calloc(1, sizeof(*membership->attributes));
		membership->n_attributes = 1;
		if (!membership->attributes || cs_set(&membership->attributes->name, "cn") < 0
				|| cs_format(&membership->attributes->value, "project%zu", i) < 0
				|| cs_format(&membership->group_dn, "cn=project%zu,ou=project,ou=groups,dc=example,dc=org", i) < 0)
			exit(1);
	}
}

static double has_right(const struct cs_policy *policy, const struct cs_facts *facts, const char *scope)
{
	uint64_t begin = stats_now_ns();

	for (size_t i = 0; i < CALLS; i++)
		if (cs_policy_has_right(policy, facts, "release.approve", scope, NULL) != 1)
			exit(1);
	return (double)(stats_now_ns() - begin) / CALLS;
}

static double bare(const struct cs_facts *facts, const char *scope)
{
	uint64_t begin = stats_now_ns();
	const char *volatile permission = "release.approve";
	const char *volatile asked = scope + strlen("project/");
	const char *volatile held = facts->memberships[facts->n_memberships - 1].attributes[0].value;

	for (size_t i = 0; i < CALLS; i++)
		if (strcmp(permission, "release.approve") != 0 || strcmp(asked, held) != 0)
			exit(1);
	return (double)(stats_now_ns() - begin) / CALLS;
}

int main(int argc, char **argv)
{
	char *text = input_read(CS_SOURCE_DIR "/etc/examples/release-deployment/policy.conf"), scope[64];
	size_t projects = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	double value[ROUNDS], floor[ROUNDS];
	struct cs_problem problem = {0};
	struct cs_policy_counts counts;
	struct cs_policy *policy = NULL;
	struct cs_facts facts = {0};

	if (projects == 0 || cs_policy_parse(text, "policy.conf", &policy, &problem) < 0) {
		(void)fprintf(stderr, "usage: bench_has_right PROJECTS %s\n", problem.text ? problem.text : "");
		return 2;
	}
	cs_policy_count(policy, &counts);
	fill_facts(policy, projects, &facts);
	(void)snprintf(scope, sizeof(scope), "project/project%zu", projects - 1);
	for (size_t i = 0; i < ROUNDS; i++) {
		value[i] = has_right(policy, &facts, scope);
		floor[i] = bare(&facts, scope);
	}
	(void)printf("{\"ns\": %.1f, \"bare_ns\": %.1f, \"permissions\": %zu, \"roles\": %zu, \"assignments\": %zu}\n",
		stats_median(value, ROUNDS), stats_median(floor, ROUNDS), counts.permissions, counts.roles, counts.assignments);
	cs_clear(&cs_facts_shape, &facts);
	cs_policy_free(&policy);
	cs_problem_clear(&problem);
	free(text);
	return 0;
}
