/* SPDX-License-Identifier: Apache-2.0 */
/* bench_memory PEOPLE COMMITTEES: the resident memory of a process that holds a directory in memory, read from LDIF,
 * with so many people and so many groups of ten of them each (two by owner, eight by member), and the policy of the
 * example. And, as the bare figure, of the same process before. One JSON object. */
#include "directory.h"
#include "input.h"
#include "policy.h"
#include "stats.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BASE   "dc=example,dc=org"
#define LISTED 10
#define OWNERS 2

static double resident_mib(void)
{
	unsigned long size = 0, resident = 0;
	FILE *in = fopen("/proc/self/statm", "re");

	if (!in || fscanf(in, "%lu %lu", &size, &resident) != 2)
		exit(1);
	(void)fclose(in);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1024 * 1024);
}

static void put_person(FILE *out, size_t i)
{
	(void)fprintf(out,
		      "dn: uid=u%zu,ou=people," BASE "\nobjectClass: posixAccount\nuid: u%zu\nuidNumber: %zu\n"
		      "entryUUID: 00000000-0000-4000-8000-%012zu\nemployeeNumber: %zu\ncn: Person Number %zu\n\n",
		      i, i, 100000 + i, i, i, i);
}

static void put_committee(FILE *out, size_t i, size_t people)
{
	(void)fprintf(out, "dn: cn=c%zu,ou=project,ou=groups," BASE "\nobjectClass: groupOfNames\ncn: c%zu\n", i, i);
	for (size_t k = 0; k < LISTED; k++)
		(void)fprintf(out, "%s: uid=u%zu,ou=people," BASE "\n", k < OWNERS ? "owner" : "member",
			      (i * LISTED + k * 7919) % people);
	(void)fputc('\n', out);
}

static char *make_ldif(size_t people, size_t committees, size_t *ret_n)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_n);

	if (!out)
		exit(1);
	(void)fputs("version: 1\n\n", out);
	for (size_t i = 0; i < people; i++)
		put_person(out, i);
	for (size_t i = 0; i < committees; i++)
		put_committee(out, i, people);
	(void)fclose(out);
	return text;
}

struct seen {
	size_t memberships;
	int done;
};

static void see(void *arg, const struct cs_answer *answer)
{
	struct seen *seen = arg;

	seen->memberships = answer->facts[0].known == CS_KNOWN_YES ? answer->facts[0].n_memberships : 0;
	seen->done = 1;
}

/* How many memberships the first owner has: the tree is really there. */
static size_t look(struct cs_directory *directory, const struct cs_policy *policy)
{
	char name[] = "u0";
	struct cs_subject subject = {.uid = 100000, .login_uid = CS_NO_UID, .name = name};
	struct cs_question question = {.subjects = &subject, .n_subjects = 1};
	const struct cs_group_query *queries = cs_policy_queries(policy, &question.n_queries);
	struct seen seen = {0};

	memcpy(&question.queries, &queries, sizeof(queries));
	if (cs_directory_ask(directory, &question, NULL, see, &seen) < 0 || !seen.done)
		return 0;
	return seen.memberships;
}

int main(int argc, char **argv)
{
	size_t people = argc == 3 ? strtoul(argv[1], NULL, 10) : 0,
	       committees = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, n = 0;
	const struct cs_ldif_options options = {.people_base = "ou=people," BASE, .person_attribute = "employeeNumber"};
	char *text = input_read(CS_SOURCE_DIR "/etc/examples/release-deployment/policy.conf"), *ldif = NULL;
	struct cs_directory *directory = NULL;
	struct cs_policy *policy = NULL;
	struct cs_problem problem = {0};
	double before = resident_mib(), load_ms = 0;
	uint64_t begin = 0;

	if (people == 0 || committees == 0 || cs_policy_parse(text, "policy.conf", &policy, &problem) < 0) {
		(void)fprintf(stderr, "usage: bench_memory PEOPLE COMMITTEES %s\n", problem.text ? problem.text : "");
		return 2;
	}
	ldif = make_ldif(people, committees, &n);
	begin = stats_now_ns();
	if (cs_directory_open_ldif(ldif, n, "people.ldif", &options, &directory, &problem) < 0) {
		(void)fprintf(stderr, "bench_memory: %s\n",
			      problem.text ? problem.text : "the directory could not be opened");
		return 1;
	}
	load_ms = (double)(stats_now_ns() - begin) / 1e6;
	free(ldif);
	(void)malloc_trim(0);
	(void)printf("{\"mib\": %.1f, \"bare_mib\": %.1f, \"ldif_mib\": %.1f, \"load_ms\": %.0f, "
		     "\"memberships_of_one\": %zu}\n",
		     resident_mib(), before, (double)n / (1024 * 1024), load_ms, look(directory, policy));
	cs_directory_close(&directory);
	cs_policy_free(&policy);
	cs_problem_clear(&problem);
	free(text);
	return 0;
}
