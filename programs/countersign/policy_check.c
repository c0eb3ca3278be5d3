/* SPDX-License-Identifier: Apache-2.0 */
/* countersign policy check: is the text sound, says it what its author meant, and with a directory: who violates
 * exclusive roles, and can every request be approved? */
#include "mem.h"
#include "print.h"
#include "progress.h"
#include "proof.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 20, NAMED = 5 }; /* cases in which nobody could approve, and people of each; --json has all */

/* Who violates exclusive roles, and how. */
struct violation {
	char *user;
	char **lines;
	size_t n_lines;
};

/* What is printed with --json. */
struct checked {
	bool ok;
	char *file;
	uint32_t line;
	char *text;
	uint64_t permissions, roles, assignments, exclusives, gates, monitoring, services;
	struct cs_finding *findings;
	size_t n_findings;
	bool with_people; /* a directory was asked: what follows means something */
	uint64_t people;
	char **strangers;
	size_t n_strangers;
	struct violation *violations;
	size_t n_violations, cap_violations;
	uint64_t scopes;
	struct cs_stuck *stuck;
	size_t n_stuck;
	char **doubts;
	size_t n_doubts;
	char **unsure; /* lists that are not to be believed: what is said of each */
	size_t n_unsure;
};

static const struct cs_field finding_fields[] = {
	CS_BOOL(cs_finding, warning), CS_U32(cs_finding, line), CS_STR(cs_finding, code, CS_MAX_NAME),
	CS_STR(cs_finding, text, CS_MAX_TEXT)
};
static const struct cs_shape finding_shape = CS_SHAPE("finding", cs_finding, finding_fields);
static const struct cs_field violation_fields[] = {
	CS_STR(violation, user, CS_MAX_NAME), CS_STRV(violation, lines, SIZE_MAX, CS_MAX_TEXT)
};
static const struct cs_shape violation_shape = CS_SHAPE("violation", violation, violation_fields);
static const struct cs_field checked_fields[] = {
	CS_BOOL(checked, ok), CS_STR(checked, file, CS_MAX_PATH), CS_U32(checked, line),
	CS_STR(checked, text, CS_MAX_TEXT), CS_U64(checked, permissions), CS_U64(checked, roles),
	CS_U64(checked, assignments), CS_U64(checked, exclusives), CS_U64(checked, gates), CS_U64(checked, monitoring), CS_U64(checked, services),
	CS_ARRAY(checked, findings, &finding_shape, SIZE_MAX), CS_BOOL(checked, with_people),
	CS_U64(checked, people), CS_STRV(checked, strangers, SIZE_MAX, CS_MAX_NAME),
	CS_ARRAY(checked, violations, &violation_shape, SIZE_MAX), CS_U64(checked, scopes),
	CS_ARRAY(checked, stuck, &cs_stuck_shape, SIZE_MAX), CS_STRV(checked, doubts, SIZE_MAX, CS_MAX_TEXT),
	CS_STRV(checked, unsure, SIZE_MAX, CS_MAX_TEXT)
};
static const struct cs_shape checked_shape = CS_SHAPE("checked", checked, checked_fields);

static int out_of_memory(void)
{
	return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "policy check", "");
}

/* --- Looking ----------------------------------------------------------------------------------------------------- */

static int look_at_text(const struct cs_policy_text *text, struct checked *checked)
{
	struct cs_policy_counts counts = { 0 };

	cs_policy_count(text->policy, &counts);
	checked->permissions = counts.permissions;
	checked->roles = counts.roles;
	checked->assignments = counts.assignments;
	checked->exclusives = counts.exclusives;
	checked->gates = counts.gates;
	checked->monitoring = counts.monitoring;
	checked->services = counts.services;
	return cs_policy_lint(text->policy, &checked->findings, &checked->n_findings) == 0 ? 0 : out_of_memory();
}

static int look_at_person(const struct cs_policy *policy, const char *name, const struct cs_facts *facts,
	struct checked *checked)
{
	struct violation violation = { 0 };
	int r = CS_EDOUBT;

	for (size_t i = 0; i < facts->n_unsure; i++) {
		const char *text = cs_text_or(facts->unsure[i].doubt, "a group");

		if (cs_strv_has(checked->unsure, checked->n_unsure, text) != 1 &&
			cs_strv_add(&checked->unsure, &checked->n_unsure, text) != 0)
			return out_of_memory();
	}
	if (facts->known != CS_KNOWN_DOUBT)
		r = cs_policy_violations(policy, facts, &violation.lines, &violation.n_lines);
	if (r == CS_EDOUBT)
		r = cs_strv_add(&checked->doubts, &checked->n_doubts, name);
	if (r == 0 && violation.n_lines > 0) {
		r = cs_set(&violation.user, name);
		if (r == 0)
			r = cs_reserve((void **)&checked->violations, &checked->cap_violations, checked->n_violations,
				1, sizeof(violation));
		if (r == 0) {
			checked->violations[checked->n_violations++] = violation;
			return 0;
		}
	}
	cs_clear(&violation_shape, &violation);
	return r;
}

static int look_at_people(const struct cs_policy *policy, struct cs_people *people, struct checked *checked)
{
	int r = 0;

	checked->with_people = true;
	checked->people = people->n;
	checked->strangers = people->strangers;
	checked->n_strangers = people->n_strangers;
	people->strangers = NULL;
	people->n_strangers = 0;
	for (size_t i = 0; r == 0 && i < people->n; i++)
		r = look_at_person(policy, people->names[i], &people->facts[i], checked);
	return r == 0 ? 0 : out_of_memory();
}

static int prove(const struct cs_policy_text *text, const struct cs_people *people, struct checked *checked)
{
	struct cs_proof proof;
	int status = cs_prove(text->policy, text->text, people, &proof);

	for (size_t i = 0; status == 0 && i < proof.n_doubts; i++)
		status = cs_strv_add(&checked->doubts, &checked->n_doubts, proof.doubts[i]) == 0 ? 0 : out_of_memory();
	checked->scopes = proof.scopes;
	checked->stuck = proof.stuck;
	checked->n_stuck = proof.n_stuck;
	proof.stuck = NULL;
	proof.n_stuck = 0;
	cs_proof_clear(&proof);
	return status;
}

static int look(struct cs_source *source, struct checked *checked)
{
	const struct cs_policy *policy = source->policy.policy;
	struct cs_people people = { 0 };
	int status = look_at_text(&source->policy, checked);

	if (status != 0 || !source->has_directory)
		return status;
	status = cs_source_everybody(source, policy, &people);
	if (status == 0)
		status = look_at_people(policy, &people, checked);
	if (status == 0)
		status = prove(&source->policy, &people, checked);
	cs_people_clear(&people);
	return status;
}

/* --- Judging ----------------------------------------------------------------------------------------------------- */

static size_t count_stuck(const struct checked *checked)
{
	return cs_proof_count(checked->stuck, checked->n_stuck);
}

static size_t count_warnings(const struct checked *checked)
{
	size_t n = checked->n_violations + checked->n_strangers;

	for (size_t i = 0; i < checked->n_findings; i++)
		n += checked->findings[i].warning ? 1 : 0;
	return n;
}

static int exit_of(const struct checked *checked, bool strict)
{
	if (count_stuck(checked) > 0 || (strict && count_warnings(checked) > 0))
		return CS_EXIT_NO;
	return checked->n_doubts + checked->n_unsure > 0 ? CS_EXIT_DOUBT : CS_EXIT_YES;
}

/* --- Printing ---------------------------------------------------------------------------------------------------- */

static void put_level(struct cs_buf *out, const struct cs_look *look, bool warning)
{
	cs_put_styled(out, look, warning ? CS_YELLOW : CS_DIM, warning ? "warning" : "note");
	cs_put(out, ": ");
}

static void put_findings(struct cs_buf *out, const struct cs_look *look, const struct checked *checked)
{
	for (size_t i = 0; i < checked->n_findings; i++) {
		const struct cs_finding *finding = &checked->findings[i];

		put_level(out, look, finding->warning);
		cs_escape(out, checked->file);
		if (finding->line > 0)
			cs_put(out, ":%u", finding->line);
		cs_put(out, ": ");
		cs_escape(out, finding->text);
		cs_put(out, "\n");
	}
	for (size_t i = 0; i < checked->n_strangers; i++) {
		put_level(out, look, true);
		cs_escape(out, checked->strangers[i]);
		cs_put(out, " is listed, and the directory does not know this person\n");
	}
	for (size_t i = 0; i < checked->n_violations; i++) {
		for (size_t k = 0; k < checked->violations[i].n_lines; k++) {
			put_level(out, look, true);
			cs_escape(out, checked->violations[i].user);
			cs_put(out, ": ");
			cs_escape(out, checked->violations[i].lines[k]);
			cs_put(out, "\n");
		}
	}
	for (size_t i = 0; i < checked->n_doubts; i++) {
		put_level(out, look, true);
		cs_escape(out, checked->doubts[i]);
		cs_put(out, ": could not be told, the directory did not answer in full\n");
	}
	for (size_t i = 0; i < checked->n_unsure; i++) {
		put_level(out, look, true);
		cs_escape(out, checked->unsure[i]);
		cs_put(out, "; so what it lists decides nothing\n");
	}
}

/* Requests that lack the same are told together. */
static bool same_case(const struct cs_stuck *a, const struct cs_stuck *b)
{
	if (strcmp(a->gate, b->gate) != 0 || strcmp(a->scope, b->scope) != 0 || a->elsewhere != b->elsewhere ||
		a->n_needs != b->n_needs)
		return false;
	for (size_t i = 0; i < a->n_needs; i++) {
		if (a->needs[i].have != b->needs[i].have)
			return false;
	}
	return true;
}

static void put_needs(struct cs_buf *out, const struct cs_stuck *stuck)
{
	size_t told = 0;

	for (size_t i = 0; i < stuck->n_needs; i++) {
		const struct cs_need *need = &stuck->needs[i];

		if (need->have >= need->count)
			continue;
		cs_put(out, "%s", told++ == 0 ? "" : ", ");
		cs_escape(out, need->rule);
		cs_put(out, " has %u of %u", (unsigned)need->have, (unsigned)need->count);
	}
	cs_put(out, "\n");
}

static void put_stuck(struct cs_buf *out, const struct cs_stuck *stuck, size_t n)
{
	cs_put(out, "gate ");
	cs_escape(out, stuck->gate);
	cs_put(out, stuck->elsewhere ? ", any other scope " : " in ");
	cs_escape(out, stuck->scope);
	for (size_t i = 0; i < n && i < NAMED; i++) {
		cs_put(out, "%s", i == 0 ? ": if " : i + 1 == n ? " or " : ", ");
		cs_escape(out, stuck[i].requester);
	}
	if (n > NAMED)
		cs_put(out, " or one of %zu others", n - NAMED);
	cs_put(out, " asks, too few could approve: ");
	put_needs(out, stuck);
}

static void put_case(struct cs_buf *out, const struct cs_look *look, const struct cs_stuck *stuck, size_t n)
{
	if (stuck->elsewhere) {
		put_level(out, look, false);
	} else {
		cs_put_styled(out, look, CS_RED, "cannot be approved");
		cs_put(out, ": ");
	}
	put_stuck(out, stuck, n);
}

/* elsewhere: the notes; else what makes the check fail. */
static void put_all_stuck(struct cs_buf *out, const struct cs_look *look, const struct checked *checked, bool elsewhere)
{
	size_t cases = 0, n = 0;

	for (size_t i = 0; i < checked->n_stuck; i += n) {
		n = 1;
		while (i + n < checked->n_stuck && same_case(&checked->stuck[i], &checked->stuck[i + n]))
			n++;
		if (checked->stuck[i].elsewhere == elsewhere && cases++ < SHOWN)
			put_case(out, look, &checked->stuck[i], n);
	}
	if (cases > SHOWN)
		cs_put(out, "… and %zu more; --json has all\n", cases - SHOWN);
}

static void put_verdict(struct cs_buf *out, const struct checked *checked, bool strict)
{
	char people[28], scopes[28];
	size_t stuck = count_stuck(checked), warnings = count_warnings(checked);

	if (checked->with_people) {
		cs_number_text(checked->people, people);
		cs_number_text(checked->scopes, scopes);
		cs_put(out, "people %s, scopes checked %s\n", people, scopes);
	}
	cs_escape(out, checked->file);
	if (exit_of(checked, strict) == CS_EXIT_YES)
		cs_put(out, ": ok\n");
	else if (stuck > 0)
		cs_put(out, ": %zu request%s could not be approved\n", stuck, stuck == 1 ? "" : "s");
	else if (checked->n_doubts + checked->n_unsure > 0)
		cs_put(out, ": could not be told\n");
	else
		cs_put(out, ": %zu warning%s\n", warnings, warnings == 1 ? "" : "s");
}

static int print_checked(const struct cs_run *run, const struct checked *checked, bool strict)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "permissions %llu, roles %llu, assignments %llu, gates %llu, services %llu\n",
		(unsigned long long)checked->permissions, (unsigned long long)checked->roles,
		(unsigned long long)checked->assignments, (unsigned long long)checked->gates,
		(unsigned long long)checked->services);
	if (checked->monitoring > 0)
		cs_put(&out, "%llu of the gates only monitor%s: nothing is held or denied by %s\n",
			(unsigned long long)checked->monitoring, checked->monitoring == 1 ? "s" : "",
			checked->monitoring == 1 ? "it" : "them");
	put_findings(&out, &run->look, checked);
	put_all_stuck(&out, &run->look, checked, true);
	put_all_stuck(&out, &run->look, checked, false);
	put_verdict(&out, checked, strict);
	return cs_print_wrapped(&run->look, &out, CS_LINE_GOES_ON);
}

/* --- The command ------------------------------------------------------------------------------------------------- */

/* The policy is refused: that is told already, in a line that begins with the file and the line. */
static int report_refused(struct cs_run *run, const struct cs_policy_text *text, int status)
{
	struct checked checked = { .file = text->name, .line = text->problem.line, .text = text->problem.text };

	if (run->json && status == CS_EXIT_NO && text->policy == NULL && text->name != NULL)
		(void)cs_print_json(&checked_shape, &checked);
	return status;
}

static int report(struct cs_run *run, struct cs_source *source, bool strict)
{
	struct checked checked = { 0 };
	int status = look(source, &checked);

	if (status == 0 && cs_set(&checked.file, source->policy.name) != 0)
		status = out_of_memory();
	checked.ok = status == 0 && exit_of(&checked, strict) == CS_EXIT_YES;
	if (status == 0)
		status = run->json ? cs_print_json(&checked_shape, &checked) : print_checked(run, &checked, strict);
	if (status == 0)
		status = exit_of(&checked, strict);
	cs_clear(&checked_shape, &checked);
	return status;
}

int cs_run_policy_check(struct cs_run *run, char **args, size_t n)
{
	struct cs_source_options options = { 0 };
	struct cs_option rows[CS_SOURCE_ROWS + 2];
	struct cs_source source;
	bool strict = false;
	int status = 0;

	cs_source_rows(&options, rows);
	rows[CS_SOURCE_ROWS] = (struct cs_option){ "--live", &options.live, NULL, NULL };
	rows[CS_SOURCE_ROWS + 1] = (struct cs_option){ "--strict", &strict, NULL, NULL };
	status = cs_options_read(run, args, n, rows, CS_COUNT(rows), 0, 1, &n);
	if (status != 0)
		return status;
	if (n > 0 && options.policy != NULL)
		return cs_fail(CS_EXIT_USAGE, "the policy is named twice", args[0], "");
	if (n > 0)
		options.policy = args[0];
	status = cs_source_open(run, &options, false, &source);
	status = status == 0 ? report(run, &source, strict) : report_refused(run, &source.policy, status);
	cs_source_close(&source);
	return status;
}
