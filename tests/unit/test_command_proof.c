/* SPDX-License-Identifier: Apache-2.0 */
/* The lock-out proof against the plain way: every scope with everybody, for worlds large enough that it selects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mem.h"
#include "progress.h"
#include "proof.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE = 700, GROUPS = 250 };

/* --- Scopes ------------------------------------------------------------------------------------------------------ */

static void scopes_fit_by_whole_parts(void **state)
{
	static const struct {
		const char *template, *scope;
		int fits;
		const char *word;
	} rows[] = {
		{ "*", "*", 1, NULL },
		{ "*", "project", 0, NULL },
		{ "project/%{p}", "*", 0, NULL },
		{ "project/%{p}", "project", 0, NULL },
		{ "project/%{p}", "project/tomcat", 1, "tomcat" },
		{ "project/%{p}", "project/tomcat/docs", 0, NULL },
		{ "project/%{p}/docs", "project/tomcat/docs", 1, "tomcat" },
		{ "project/%{p}/docs", "project/tomcat/doc", 0, NULL },
		{ "project/%{p}", "projects/tomcat", 0, NULL },
		{ "project/x-%{p}", "project/x-tomcat", 1, "tomcat" },
		{ "project/x-%{p}", "project/x-", 0, NULL },
		{ "project/x-%{p}-y", "project/x-y", 0, NULL },
		{ "project/x-%{p}-y", "project/x-a-y", 1, "a" },
		{ "host/rel1", "host/rel1", 1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		char **words = NULL;
		size_t n = 0;
		int fits = cs_scope_fits(rows[i].template, rows[i].scope, &words, &n);

		if (fits != rows[i].fits)
			fail_msg("%s and %s: %d", rows[i].template, rows[i].scope, fits);
		if (rows[i].word != NULL)
			assert_string_equal(words[0], rows[i].word);
		cs_free_strv(&words, &n);
	}
}

/* --- Worlds ------------------------------------------------------------------------------------------------------ */

#define RIGHTS \
	"permission deploy { }\npermission approve { }\n" \
	"role pmc { permissions = { deploy, approve } }\nrole infra { permissions = approve }\n"
#define GATE(scope, rules) \
	"gate deploy { service = sudo command = \"/bin/deploy %{p}\" permission = deploy\n" \
	"	scope = \"" scope "\" " rules " }\n"
#define OWNERS "assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n"
#define INFRA "assignment infra { role = infra scope = \"*\" group = \"cn=infra\" listed = member }\n"

/* Policies in which an approver counts in unusual ways, beside plain ones. */
static const char *const policies[] = {
	RIGHTS OWNERS INFRA GATE("project/%{p}", "approval a { count = 2 permission = approve }"),
	RIGHTS OWNERS INFRA GATE("project/%{p}",
	"approval a { count = 1 role = pmc } approval b { count = 1 role = infra }"),
	RIGHTS OWNERS INFRA GATE("project/%{p}", "approval a { count = 3 role = pmc } people = shared"),
	/* the approver's scope begins otherwise, and a part of it is more than the name */
	RIGHTS OWNERS INFRA "assignment helpers { role = infra scope = \"help/x-%{cn}\" below = \"ou=project\" listed "
	"= member }\n"
	"assignment special { role = infra scope = \"help/x-p7\" group = \"cn=special\" listed = member }\n"
	GATE("project/%{p}", "approval a { count = 4 role = infra scope = \"help/x-%{p}\" }"),
	/* a role that carries nothing */
	RIGHTS OWNERS INFRA "role empty { }\n"
	"assignment special { role = empty scope = \"project/p7\" group = \"cn=infra\" listed = member }\n"
	"assignment others { role = empty scope = \"project/%{cn}\" below = \"ou=project\" listed = member }\n"
	GATE("project/%{p}", "approval a { count = 1 role = empty }"),
	/* by name, by group, and with one who is exempt */
	RIGHTS OWNERS INFRA
	GATE("project/%{p}",
	"approval a { count = 1 group = \"cn=infra\" listed = member } exempt e { person = \"uid=u1\" }"),
	RIGHTS OWNERS INFRA GATE("project/%{p}", "approval a { count = 1 person = { \"uid=u1\", \"uid=u2\" } }"),
	/* a requester everywhere */
	RIGHTS OWNERS "assignment infra { role = pmc scope = project group = \"cn=infra\" listed = member }\n"
	GATE("project/%{p}", "approval a { count = 2 role = pmc }"),
};

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % below;
}

/* Groups of none to four owners and of none to two members; some people share a human, some are locked. */
static char *make_people(void)
{
	struct cs_buf out;
	char *text = NULL;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	for (unsigned i = 0; i < PEOPLE; i++)
		cs_put(&out, "person u%u { uid = %u human = \"h%u\" locked = %s }\n", i, 3000 + i,
		i % 10 == 9 ? i - 1 : i,
			draw(20) == 0 ? "true" : "false");
	cs_put(&out, "group infra { dn = \"cn=infra\" listed member { people = { u1, u2, u3 } } }\n");
	cs_put(&out, "group special { dn = \"cn=special\" listed member { people = { u4, u5, u6, u7 } } }\n");
	for (unsigned g = 0; g < GROUPS; g++) {
		cs_put(&out, "group p%u { dn = \"cn=p%u,ou=project\" attribute cn { value = p%u }", g, g, g);
		for (unsigned list = 0; list < 2; list++) {
			unsigned n = draw(list == 0 ? 5 : 3), first = draw(PEOPLE - 10);

			if (n > 0)
				cs_put(&out, " listed %s { people = { ", list == 0 ? "owner" : "member");
			for (unsigned k = 0; k < n; k++)
				cs_put(&out, "u%u%s", first + k, k + 1 < n ? ", " : " } }");
		}
		cs_put(&out, " }\n");
	}
	if (cs_buf_error(&out) == 0)
		text = strndup((const char *)out.data, out.len);
	cs_buf_clear(&out);
	assert_non_null(text);
	return text;
}

static void open_world(struct cs_source *source, const char *policy, struct cs_people *people)
{
	struct cs_problem problem = { 0 };
	char *text = make_people();

	*source = (struct cs_source){ .has_directory = true };
	if (cs_policy_parse(policy, "policy", &source->policy.policy, &problem) != 0)
		fail_msg("line %u: %s in\n%s", problem.line, problem.text, policy);
	assert_int_equal(cs_directory_open_people(text, "people", &source->directory, &problem), 0);
	assert_int_equal(cs_source_everybody(source, source->policy.policy, people), 0);
	free(text);
}

/* --- The plain way ----------------------------------------------------------------------------------------------- */

static bool is_found(const struct cs_proof *proof, const char *scope, const char *requester,
	const struct cs_need *needs,
	size_t n)
{
	for (size_t i = 0; i < proof->n_stuck; i++) {
		const struct cs_stuck *stuck = &proof->stuck[i];
		bool same = strcmp(stuck->scope, scope) == 0 && strcmp(stuck->requester, requester) == 0 &&
			stuck->n_needs == n;

		for (size_t k = 0; same && k < n; k++)
			same = stuck->needs[k].have == needs[k].have;
		if (same)
			return true;
	}
	return false;
}

/* Every project by itself, with everybody. Returns how many requests cannot be approved. */
static size_t check_all(const struct cs_source *source, const struct cs_people *people, const struct cs_proof *proof)
{
	const struct cs_gate *gate = cs_policy_gate_at(source->policy.policy, 0);
	size_t total = 0;

	for (unsigned g = 0; g < GROUPS; g++) {
		struct cs_lockout *lockouts = NULL;
		char scope[32];
		size_t n = 0, may_ask = 0;

		snprintf(scope, sizeof(scope), "project/p%u", g);
		(void)cs_lockout_check(source->policy.policy, gate, scope, people->facts, people->n, people->n,
			&may_ask, &lockouts,
			&n);
		/* Where only those ask who hold it in all projects, the scope stands for itself among the others. */
		for (size_t i = 0; i < n; i++) {
			const char *name = people->names[lockouts[i].requester];
			bool wide = is_found(proof, "project/%{p}", name, lockouts[i].needs, lockouts[i].n_needs);

			if (!is_found(proof, scope, name, lockouts[i].needs, lockouts[i].n_needs) && !wide)
				fail_msg("%s in %s was not found", name, scope);
			total += wide ? 0 : 1;
		}
		cs_lockouts_free(&lockouts, &n);
	}
	return total;
}

static void selection_finds_what_everybody_finds_a010(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(policies); i++) {
		for (uint32_t round = 0; round < 2; round++) {
			struct cs_source source;
			struct cs_people people = { 0 };
			struct cs_proof proof;
			size_t found = 0, wide = 0;

			random_state = round + 1;
			open_world(&source, policies[i], &people);
			assert_int_equal(cs_prove(source.policy.policy, policies[i], &people, &proof), 0);
			for (size_t k = 0; k < proof.n_stuck; k++) {
				bool other = strcmp(proof.stuck[k].scope, "project/%{p}") == 0;

				found += other ? 0 : 1;
				wide += other ? 1 : 0;
			}
			if (wide == 0)
				assert_int_equal(check_all(&source, &people, &proof), found);
			else
				assert_true(check_all(&source, &people, &proof) <= found);
			assert_int_equal(cs_proof_count(proof.stuck, proof.n_stuck), found);
			cs_proof_clear(&proof);
			cs_people_clear(&people);
			cs_source_close(&source);
		}
	}
}

/* The worlds are large enough that people are selected, and of both kinds; else the comparison would say little. */
static void worlds_are_large_enough_and_differ(void **state)
{
	struct cs_source source;
	struct cs_people people = { 0 };
	struct cs_proof proof;

	(void)state;
	random_state = 1;
	open_world(&source, policies[2], &people);
	assert_int_equal(cs_prove(source.policy.policy, policies[2], &people, &proof), 0);
	assert_true(people.n > 256);
	assert_true(proof.scopes > 150);
	assert_true(proof.n_stuck > 20);
	assert_true(proof.n_stuck < 4 * proof.scopes);
	cs_proof_clear(&proof);
	cs_people_clear(&people);
	cs_source_close(&source);
}

static void numbers_are_grouped(void **state)
{
	static const struct {
		uint64_t number;
		const char *text;
	} rows[] = { { 0, "0" }, { 999, "999" }, { 1200, "1,200" }, { 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" } };
	char text[28];

	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		cs_number_text(rows[i].number, text);
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes_fit_by_whole_parts),
		cmocka_unit_test(selection_finds_what_everybody_finds_a010),
		cmocka_unit_test(worlds_are_large_enough_and_differ),
		cmocka_unit_test(numbers_are_grouped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
