/* SPDX-License-Identifier: Apache-2.0 */
/* bench_assignments N (at least 4): what it costs to find out, in process, that a random person holds a permission in a
 * random scope or does not, in a policy and directory in which there are N people and scopes: ten people for a scope,
 * each of whom holds a role in it. Half of the scopes name them in the policy, one in ten by a group of its own, the
 * others are groups below one DN. Every second question is answered with yes. And, as the bare figure, to compare the
 * two strings of a question. One JSON object. */
#include "mem.h"
#include "policy.h"
#include "stats.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS      25
#define QUESTIONS   4096
#define IN_SCOPE    10 /* people */
#define PERMISSIONS 10
#define MAX_ROLES   1000
#define BASE        "ou=groups,dc=example,dc=org"

struct question {
	struct cs_facts facts;
	char permission[32], scope[64];
	bool yes;
};

static size_t n_scopes, in_scope, n_roles;

static uint64_t next_random(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return state >> 33;
}

static bool named(size_t scope)
{
	return scope % 2 == 0;
}

static bool single(size_t scope)
{
	return scope % 10 == 1;
}

static void put_people(FILE *out, size_t scope)
{
	for (size_t i = 0; i < in_scope; i++)
		(void)fprintf(out, "%s\"uid=u%zu,ou=people,dc=example,dc=org\"", i ? ", " : "", scope * in_scope + i);
}

static char *make_policy(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < PERMISSIONS; i++)
		(void)fprintf(out, "permission p%zu { }\n", i);
	for (size_t i = 0; i < n_roles; i++)
		(void)fprintf(out, "role r%zu { permissions = p%zu }\n", i, i % PERMISSIONS);
	for (size_t i = 0; i < n_scopes; i++) {
		if (named(i)) {
			(void)fprintf(out, "assignment a%zu { role = r%zu scope = \"project/s%zu\" person = { ", i,
				      i % n_roles, i);
			put_people(out, i);
			(void)fputs(" } }\n", out);
		} else if (single(i)) {
			(void)fprintf(out,
				      "assignment a%zu { role = r%zu scope = \"project/s%zu\" listed = owner "
				      "group = \"cn=s%zu,ou=single," BASE "\" }\n",
				      i, i % n_roles, i, i);
		}
	}
	(void)fputs("assignment below { role = r0 scope = \"project/%{cn}\" listed = owner below = \"ou=project," BASE
		    "\" }\n",
		    out);
	(void)fclose(out);
	return text;
}

static uint32_t query_for(const struct cs_policy *policy, size_t scope)
{
	size_t n = 0;
	const struct cs_group_query *queries = cs_policy_queries(policy, &n);
	char at[128], below[128];

	(void)snprintf(at, sizeof(at), "cn=s%zu,ou=single," BASE, scope);
	(void)snprintf(below, sizeof(below), "ou=%s," BASE, single(scope) ? "single" : "project");
	for (size_t i = 0; i < n; i++)
		if (strcmp(queries[i].dn, queries[i].where == CS_GROUP_AT ? at : below) == 0)
			return (uint32_t)i;
	(void)fprintf(stderr, "no query tells who is in scope %zu\n", scope);
	exit(1);
}

static void add_membership(const struct cs_policy *policy, size_t scope, struct cs_facts *facts)
{
	struct cs_membership *membership = calloc(1, sizeof(*membership));

	if (!membership || !(membership->attributes = calloc(1, sizeof(*membership->attributes))))
		exit(1);
	facts->memberships = membership;
	facts->n_memberships = 1;
	membership->query = query_for(policy, scope);
	membership->n_attributes = 1;
	if (cs_set(&membership->attributes->name, "cn") < 0 ||
	    cs_format(&membership->attributes->value, "s%zu", scope) < 0 ||
	    cs_format(&membership->group_dn, "cn=s%zu,ou=%s," BASE, scope, single(scope) ? "single" : "project") < 0)
		exit(1);
}

/* The question: the permission that the person has, in the scope where he has it or in another one. */
static void make_question(const struct cs_policy *policy, bool yes, struct question *question)
{
	size_t person = next_random() % (n_scopes * in_scope), scope = person / in_scope;
	size_t asked = yes ? scope : (scope + 1 + next_random() % (n_scopes - 1)) % n_scopes;

	question->yes = yes;
	question->facts.known = CS_KNOWN_YES;
	if (cs_format(&question->facts.person.id, "id-%zu", person) < 0 ||
	    cs_format(&question->facts.person.dn, "uid=u%zu,ou=people,dc=example,dc=org", person) < 0)
		exit(1);
	if (!named(scope))
		add_membership(policy, scope, &question->facts);
	(void)snprintf(question->permission, sizeof(question->permission), "p%zu",
		       named(scope) || single(scope) ? scope % n_roles % PERMISSIONS : 0);
	(void)snprintf(question->scope, sizeof(question->scope), "project/s%zu", asked);
}

/* Reads what was just asked of a directory, as whoever asked it has: only the policy is cold. */
static size_t warm(const struct question *question)
{
	const struct cs_facts *facts = &question->facts;
	size_t n = strlen(facts->person.dn) + strlen(facts->person.id) + strlen(question->permission) +
		   strlen(question->scope);

	for (size_t i = 0; i < facts->n_memberships; i++)
		n += strlen(facts->memberships[i].group_dn) + strlen(facts->memberships[i].attributes->name) +
		     strlen(facts->memberships[i].attributes->value);
	return n;
}

static bool ask(const struct cs_policy *policy, const struct question *question)
{
	return cs_policy_has_right(policy, &question->facts, question->permission, question->scope, NULL) ==
	       question->yes;
}

static bool compare(const struct cs_policy *policy, const struct question *question)
{
	(void)policy;
	return strcmp(question->permission, "p0") != 0 || strcmp(question->scope, "project/s0") != 0;
}

static bool nothing(const struct cs_policy *policy, const struct question *question)
{
	return policy && question;
}

/* The median of what one call takes, each measured by itself. */
static double median(const struct cs_policy *policy, const struct question *questions,
		     bool (*call)(const struct cs_policy *, const struct question *))
{
	double *took = calloc((size_t)ROUNDS * QUESTIONS, sizeof(*took)), value = 0;
	volatile size_t sink = 0;

	if (!took)
		exit(1);
	for (size_t i = 0; i < (size_t)ROUNDS * QUESTIONS; i++) {
		const struct question *question = &questions[i % QUESTIONS];
		uint64_t begin = 0;
		bool right = false;

		sink += warm(question);
		begin = stats_now_ns();
		right = call(policy, question);
		took[i] = (double)(stats_now_ns() - begin);
		if (!right && call == ask) {
			(void)fprintf(stderr, "wrong answer for %s: %s in %s\n", question->facts.person.dn,
				      question->permission, question->scope);
			exit(1);
		}
	}
	value = stats_median(took, (size_t)ROUNDS * QUESTIONS);
	free(took);
	return value;
}

static void measure(const struct cs_policy *policy, const struct question *questions, double load_ms)
{
	double clock = median(policy, questions, nothing);
	struct cs_policy_counts counts;

	cs_policy_count(policy, &counts);
	(void)printf("{\"ns\": %.1f, \"bare_ns\": %.1f, \"assignments\": %zu, \"people\": %zu, \"scopes\": %zu, "
		     "\"roles\": %zu, "
		     "\"sections\": %zu, \"load_ms\": %.0f}\n",
		     median(policy, questions, ask) - clock, median(policy, questions, compare) - clock,
		     n_scopes * (in_scope + 1), n_scopes * in_scope, n_scopes, counts.roles, counts.assignments,
		     load_ms);
}

int main(int argc, char **argv)
{
	size_t wanted = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	struct question *questions = calloc(QUESTIONS, sizeof(*questions));
	struct cs_problem problem = {0};
	struct cs_policy *policy = NULL;
	uint64_t begin = 0;
	char *text = NULL;

	n_scopes = wanted / (IN_SCOPE + 1) > 2 ? wanted / (IN_SCOPE + 1) : 2;
	in_scope = wanted >= 4 ? wanted / n_scopes - 1 : 0;
	n_roles = n_scopes < MAX_ROLES ? n_scopes : MAX_ROLES;
	text = make_policy();
	begin = stats_now_ns();
	if (wanted < 4 || !questions || cs_policy_parse(text, "policy.conf", &policy, &problem) < 0) {
		(void)fprintf(stderr, "usage: bench_assignments N %s\n", problem.text ? problem.text : "");
		return 2;
	}
	double load_ms = (double)(stats_now_ns() - begin) / 1e6;
	for (size_t i = 0; i < QUESTIONS; i++)
		make_question(policy, i % 2 == 0, &questions[i]);
	measure(policy, questions, load_ms);
	for (size_t i = 0; i < QUESTIONS; i++)
		cs_clear(&cs_facts_shape, &questions[i].facts);
	free(questions);
	cs_policy_free(&policy);
	cs_problem_clear(&problem);
	free(text);
	return 0;
}
