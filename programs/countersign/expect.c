/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations about a policy, evaluated. */
#include "expect.h"
#include "mem.h"
#include "right.h"
#include "text.h"
#include "trial.h"
#include "who.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cs_field tested_fields[] = {
	CS_STR(cs_tested, file, CS_MAX_PATH), CS_U32(cs_tested, line), CS_STR(cs_tested, kind, CS_MAX_NAME),
	CS_STR(cs_tested, name, CS_MAX_TEXT), CS_BOOL(cs_tested, passed), CS_STR(cs_tested, expected, CS_MAX_TEXT),
	CS_STR(cs_tested, got, CS_MAX_TEXT), CS_STRV(cs_tested, why, SIZE_MAX, CS_MAX_TEXT)
};
const struct cs_shape cs_tested_shape = CS_SHAPE("tested", cs_tested, tested_fields);

const struct cs_conf_option cs_expect_right_options[] = {
	{ "user", CS_CONF_STR, true, NULL },
	{ "permission", CS_CONF_STR, true, NULL },
	{ "scope", CS_CONF_STR, true, NULL },
	{ "expect", CS_CONF_STR, true, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};
const struct cs_conf_option cs_expect_who_options[] = {
	{ "permission", CS_CONF_STR, true, NULL },
	{ "scope", CS_CONF_STR, true, NULL },
	{ "expect", CS_CONF_LIST, false, NULL },
	{ "nobody", CS_CONF_BOOL, false, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};
const struct cs_conf_option cs_expect_action_options[] = {
	{ "user", CS_CONF_STR, true, NULL },
	{ "service", CS_CONF_STR, true, NULL },
	{ "command", CS_CONF_LIST, false, NULL },
	{ "host", CS_CONF_STR, false, NULL },
	{ "peer", CS_CONF_STR, false, NULL },
	{ "at", CS_CONF_STR, false, NULL },
	{ "after", CS_CONF_STR, false, NULL },
	{ "approved_by", CS_CONF_LIST, false, NULL },
	{ "rejected_by", CS_CONF_LIST, false, NULL },
	{ "expect", CS_CONF_STR, true, NULL },
	{ "reason", CS_CONF_STR, false, NULL },
	{ "gate", CS_CONF_STR, false, NULL },
	{ "scope", CS_CONF_STR, false, NULL },
	{ "missing", CS_CONF_LIST, false, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

static int out_of_memory(void)
{
	return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "policy test", "");
}

/* What is wrong with the section itself. */
static int refuse(const struct cs_tested *tested, const struct cs_conf_section *section, const char *key,
	const char *text)
{
	struct cs_problem problem = { 0 };
	int status = 0;

	cs_problem_set(&problem, tested->file, cs_conf_line(section, key), "%s: %s", key, text);
	status = cs_fail_problem(CS_EXIT_NO, tested->file, CS_ECONF, &problem);
	cs_problem_clear(&problem);
	return status;
}

/* The words of a list; they belong to the section, the array to the caller. */
static char **list_of(const struct cs_conf_section *section, const char *key, size_t *ret_n)
{
	size_t n = cs_conf_list_len(section, key), used = 0;
	char **words = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = cs_strv_add(&words, &used, cs_conf_list_at(section, key, i));
	if (r != 0)
		cs_free_strv(&words, &used);
	*ret_n = used;
	return words;
}

static void put_words(struct cs_buf *out, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cs_put(out, "%s%s", i > 0 ? ", " : "", words[i]);
	if (n == 0)
		cs_put(out, "nobody");
}

/* Takes the text over from the buffer. */
static char *taken(struct cs_buf *out)
{
	char *text = cs_buf_error(out) == 0 ? strndup(out->len > 0 ? (const char *)out->data : "", out->len) : NULL;

	cs_buf_clear(out);
	return text;
}

/* --- right ------------------------------------------------------------------------------------------------------- */

static int no_such_permission(struct cs_tested *tested, const char *permission)
{
	tested->passed = false;
	return cs_format(&tested->got, "the policy has no permission %s", permission) == 0 ? 0 : out_of_memory();
}

static int judge_right(const struct cs_conf_section *section, struct cs_right_answer *answer, struct cs_tested *tested)
{
	static const char *const words[] = { [CS_EXIT_YES] = "yes", [CS_EXIT_NO] = "no", [CS_EXIT_DOUBT] = "doubt" };
	const char *got = words[cs_exit_of_right(answer)];

	tested->passed = strcmp(cs_conf_str(section, "expect", ""), got) == 0;
	if (cs_format(&tested->got, "%s (%s)", got, cs_reason_name(answer->reason)) != 0)
		return out_of_memory();
	if (!tested->passed) {
		tested->why = answer->steps;
		tested->n_why = answer->n_steps;
		answer->steps = NULL;
		answer->n_steps = 0;
	}
	return 0;
}

int cs_expect_right(struct cs_source *source, const struct cs_conf_section *section,
	const struct cs_circumstance *otherwise, struct cs_tested *tested)
{
	const struct cs_policy *policy = source->policy.policy;
	const char *expect = cs_conf_str(section, "expect", ""), *permission = cs_conf_str(section, "permission", "");
	struct cs_right_answer answer = { 0 };
	struct cs_facts *facts = NULL;
	char *user = cs_dup(cs_conf_str(section, "user", ""));
	size_t n = 1;
	int known = 0, status = 0, r = 0;

	(void)otherwise;
	if (cs_value_of(cs_known_names, expect, &known) != 1)
		status = refuse(tested, section, "expect", "takes yes, no or doubt");
	else if (user == NULL || cs_set(&tested->expected, expect) != 0)
		status = out_of_memory();
	if (status == 0)
		status = cs_source_facts(source, policy, &user, 1, &facts);
	if (status == 0)
		r = cs_right_of(policy, facts, permission, cs_conf_str(section, "scope", ""), &answer);
	if (r == CS_ENOENT)
		status = no_such_permission(tested, permission);
	else if (r != 0)
		status = out_of_memory();
	else if (status == 0)
		status = judge_right(section, &answer, tested);
	cs_clear(&cs_right_answer_shape, &answer);
	cs_facts_free(&facts, &n);
	cs_free_str(&user);
	return status;
}

/* --- who --------------------------------------------------------------------------------------------------------- */

static int add_why(struct cs_tested *tested, const char *user, const char *what, const char *because)
{
	char *line = NULL;
	int r = cs_format(&line, "%s %s%s%s", user, what, because != NULL && *because != '\0' ? ": " : "",
		cs_text_or(because, ""));

	if (r == 0)
		r = cs_strv_add(&tested->why, &tested->n_why, line);
	cs_free_str(&line);
	return r;
}

/* Compares, and says of everybody in one set only why. */
static int judge_who(const struct cs_holders *holders, char *const *expected, size_t n_expected,
	struct cs_tested *tested)
{
	char **found = NULL;
	size_t n_found = 0;
	struct cs_buf got;
	int r = 0;

	tested->passed = true;
	cs_buf_init(&got, CS_OUTPUT_MAX);
	for (size_t i = 0; r == 0 && i < holders->n_people; i++) {
		const struct cs_holder *holder = &holders->people[i];
		bool meant = cs_strv_has(expected, n_expected, holder->user) == 1;

		if (holder->held == CS_KNOWN_YES)
			r = cs_strv_add(&found, &n_found, holder->user);
		if (r == 0 && (holder->held == CS_KNOWN_DOUBT || (holder->held == CS_KNOWN_YES) != meant)) {
			tested->passed = false;
			r = add_why(tested, holder->user,
				holder->held == CS_KNOWN_YES ? "holds it" : cs_reason_name(holder->reason),
				holder->because);
		}
	}
	for (size_t i = 0; r == 0 && i < n_expected; i++) {
		if (cs_strv_has(found, n_found, expected[i]) == 1)
			continue;
		tested->passed = false;
		r = add_why(tested, expected[i], "does not hold it", "see `countersign why`");
	}
	put_words(&got, found, n_found);
	tested->got = taken(&got);
	cs_free_strv(&found, &n_found);
	return r == 0 && tested->got != NULL ? 0 : out_of_memory();
}

int cs_expect_who(struct cs_source *source, const struct cs_conf_section *section,
	const struct cs_circumstance *otherwise, struct cs_tested *tested)
{
	const char *permission = cs_conf_str(section, "permission", "");
	struct cs_holders holders = { 0 };
	struct cs_buf said;
	size_t n = 0;
	char **expected = list_of(section, "expect", &n);
	int status = 0;

	(void)otherwise;
	if (cs_conf_given(section, "expect") == cs_conf_bool(section, "nobody", false))
		status = refuse(tested, section, "expect", "write who holds it, or nobody = true");
	else if (n != cs_conf_list_len(section, "expect"))
		status = out_of_memory();
	cs_buf_init(&said, CS_OUTPUT_MAX);
	put_words(&said, expected, n);
	tested->expected = taken(&said);
	if (status == 0 && tested->expected == NULL)
		status = out_of_memory();
	if (status == 0 && cs_policy_permission_known(source->policy.policy, permission) != 1)
		status = no_such_permission(tested, permission);
	else if (status == 0)
		status = cs_who_can(source, permission, cs_conf_str(section, "scope", ""), &holders);
	if (status == 0 && tested->got == NULL)
		status = judge_who(&holders, expected, n, tested);
	cs_clear(&cs_holders_shape, &holders);
	cs_free_strv(&expected, &n);
	return status;
}

/* --- action ------------------------------------------------------------------------------------------------------ */

static bool is_missing(const struct cs_decision *decision, const char *rule)
{
	for (size_t i = 0; i < decision->n_needs; i++) {
		if (strcmp(decision->needs[i].rule, rule) == 0)
			return decision->needs[i].have < decision->needs[i].count;
	}
	return false;
}

static size_t count_missing(const struct cs_decision *decision)
{
	size_t n = 0;

	for (size_t i = 0; i < decision->n_needs; i++)
		n += decision->needs[i].have < decision->needs[i].count ? 1 : 0;
	return n;
}

static bool same_missing(const struct cs_decision *decision, const struct cs_conf_section *section)
{
	size_t n = cs_conf_list_len(section, "missing");

	if (!cs_conf_given(section, "missing"))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (!is_missing(decision, cs_conf_list_at(section, "missing", i)))
			return false;
	}
	return n == count_missing(decision);
}

static bool same_text(const struct cs_conf_section *section, const char *key, const char *got)
{
	return !cs_conf_given(section, key) || strcmp(cs_conf_str(section, key, ""), cs_text_or(got, "")) == 0;
}

static int say_expected(const struct cs_conf_section *section, struct cs_tested *tested)
{
	static const char *const keys[] = { "reason", "gate", "scope" };
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s", cs_conf_str(section, "expect", ""));
	for (size_t i = 0; i < CS_COUNT(keys); i++) {
		if (cs_conf_given(section, keys[i]))
			cs_put(&out, ", %s %s", keys[i], cs_conf_str(section, keys[i], ""));
	}
	for (size_t i = 0; i < cs_conf_list_len(section, "missing"); i++)
		cs_put(&out, "%s%s", i == 0 ? ", missing " : " and ", cs_conf_list_at(section, "missing", i));
	tested->expected = taken(&out);
	return tested->expected == NULL ? out_of_memory() : 0;
}

static int say_got(const struct cs_decision *decision, struct cs_tested *tested)
{
	struct cs_buf out;
	size_t told = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s, reason %s", cs_verdict_name(decision->verdict), cs_reason_name(decision->reason));
	if (decision->gate != NULL && *decision->gate != '\0')
		cs_put(&out, ", gate %s", decision->gate);
	if (decision->scope != NULL && *decision->scope != '\0')
		cs_put(&out, ", scope %s", decision->scope);
	for (size_t i = 0; i < decision->n_needs; i++) {
		if (decision->needs[i].have < decision->needs[i].count)
			cs_put(&out, "%s%s", told++ == 0 ? ", missing " : " and ", decision->needs[i].rule);
	}
	tested->got = taken(&out);
	return tested->got == NULL ? out_of_memory() : 0;
}

/* The sentence of the decision, and how far each rule is filled. */
static int say_why(const struct cs_decision *decision, struct cs_tested *tested)
{
	int r = cs_strv_add(&tested->why, &tested->n_why, cs_text_or(decision->text, ""));

	for (size_t i = 0; r == 0 && i < decision->n_needs; i++) {
		const struct cs_need *need = &decision->needs[i];
		struct cs_buf out;
		char *line = NULL;

		cs_buf_init(&out, CS_OUTPUT_MAX);
		cs_put(&out, "approval %s: %u of %u", need->rule, (unsigned)need->have, (unsigned)need->count);
		for (size_t k = 0; k < need->n_by; k++)
			cs_put(&out, "%s%s", k == 0 ? ", by " : " and ", need->by[k]);
		line = taken(&out);
		r = line == NULL ? CS_ENOMEM : cs_strv_add(&tested->why, &tested->n_why, line);
		cs_free_str(&line);
	}
	return r == 0 ? 0 : out_of_memory();
}

static int judge_action(const struct cs_conf_section *section, const struct cs_trial *trial,
	const struct cs_decision *decision, struct cs_tested *tested)
{
	int status = say_expected(section, tested);

	if (status == 0)
		status = say_got(decision, tested);
	tested->passed = strcmp(cs_conf_str(section, "expect", ""), cs_verdict_name(decision->verdict)) == 0 &&
			 same_text(section, "reason", cs_reason_name(decision->reason)) &&
			 same_text(section, "gate", decision->gate) && same_text(section, "scope", decision->scope) &&
			 same_missing(decision, section) && trial->stranger == NULL;
	if (status == 0 && !tested->passed)
		status = say_why(decision, tested);
	if (status == 0 && trial->stranger != NULL &&
		add_why(tested, trial->stranger, "voted", "the directory does not know this person") != 0)
		status = out_of_memory();
	return status;
}

static int read_times(const struct cs_conf_section *section, const struct cs_tested *tested, struct cs_trial *trial)
{
	if (cs_conf_given(section, "at") && cs_moment_parse(cs_conf_str(section, "at", ""), &trial->wall_ms) != 0)
		return refuse(tested, section, "at", "is no moment such as 2026-11-21T12:00Z");
	if (cs_conf_given(section, "after") && cs_parse_span(cs_conf_str(section, "after", ""), &trial->elapsed_ms) != 0)
		return refuse(tested, section, "after", "is no span of time such as 30m or 72h");
	return 0;
}

int cs_expect_action(struct cs_source *source, const struct cs_conf_section *section,
	const struct cs_circumstance *otherwise, struct cs_tested *tested)
{
	struct cs_trial trial = { .user = cs_conf_str(section, "user", ""),
		.service = cs_conf_str(section, "service", ""), .wall_ms = otherwise->wall_ms,
		.host = cs_conf_str(section, "host", otherwise->host),
		.peer = cs_conf_str(section, "peer", otherwise->peer) };
	char **words = list_of(section, "command", &trial.n_words);
	char **approved = list_of(section, "approved_by", &trial.n_approved_by);
	char **rejected = list_of(section, "rejected_by", &trial.n_rejected_by);
	struct cs_decision decision = { 0 };
	int verdict = 0, status = 0;

	trial.words = words;
	trial.approved_by = approved;
	trial.rejected_by = rejected;
	if (cs_value_of(cs_verdict_names, cs_conf_str(section, "expect", ""), &verdict) != 1)
		status = refuse(tested, section, "expect", "takes permit, hold or deny");
	else if (trial.n_words != cs_conf_list_len(section, "command") ||
		 trial.n_approved_by != cs_conf_list_len(section, "approved_by") ||
		 trial.n_rejected_by != cs_conf_list_len(section, "rejected_by"))
		status = out_of_memory();
	if (status == 0)
		status = read_times(section, tested, &trial);
	if (status == 0)
		status = cs_trial_decide(source, &trial, &decision);
	if (status == 0)
		status = judge_action(section, &trial, &decision, tested);
	cs_clear(&cs_decision_shape, &decision);
	cs_free_strv(&words, &trial.n_words);
	cs_free_strv(&approved, &trial.n_approved_by);
	cs_free_strv(&rejected, &trial.n_rejected_by);
	return status;
}
