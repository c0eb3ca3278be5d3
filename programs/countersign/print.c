/* SPDX-License-Identifier: Apache-2.0 */
/* Printing a noun as JSON on standard output. */
#include "print.h"
#include "command.h"
#include "json.h"
#include "mem.h"
#include "summary.h"

static int print_parts(const struct cs_json_part *parts, size_t n, bool pretty)
{
	struct cs_buf out;
	char *text = NULL;
	int r = cs_json_joined(parts, n, pretty, &text);

	if (r != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "JSON", "");
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s\n", text);
	cs_free_str(&text);
	return cs_print(&out);
}

int cs_print_json(const struct cs_shape *shape, const void *obj)
{
	const struct cs_json_part part = { shape, obj };

	return print_parts(&part, 1, true);
}

int cs_print_json_line(const struct cs_shape *shape, const void *obj)
{
	const struct cs_json_part part = { shape, obj };

	return print_parts(&part, 1, false);
}

static const struct cs_approval *newest_vote(const struct cs_decision *decision)
{
	const struct cs_approval *newest = NULL;

	for (size_t i = 0; i < decision->n_votes; i++) {
		if (newest == NULL || decision->votes[i].wall_ms >= newest->wall_ms)
			newest = &decision->votes[i];
	}
	return newest;
}

int cs_print_vote_json(const struct cs_decision *decision)
{
	struct cs_summary_vote vote = { 0 };
	const struct cs_json_part parts[] = { { &cs_summary_vote_shape, &vote }, { &cs_decision_shape, decision } };
	const struct cs_approval *newest = newest_vote(decision);
	int status = 0;

	if (newest == NULL)
		return cs_print_json(&cs_decision_shape, decision);
	if (cs_summary_vote_of(newest, &vote) != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "JSON", "");
	status = print_parts(parts, CS_COUNT(parts), true);
	cs_clear(&cs_summary_vote_shape, &vote);
	return status;
}

/* What the action's name tells, beside what the request says. */
struct kind {
	enum cs_class class;
};
static const struct cs_field kind_fields[] = { CS_ENUM(kind, class, cs_class_names) };
static const struct cs_shape kind_shape = CS_SHAPE("kind", kind, kind_fields);

int cs_print_request_json(const struct cs_show_answer *answer, bool pretty)
{
	struct cs_summary summary = { 0 };
	struct kind kind = { .class = cs_action_class(&answer->request.action) };
	const struct cs_json_part parts[] = { { &cs_summary_shape, &summary }, { &kind_shape, &kind },
		{ &cs_show_answer_shape, answer } };
	int r = cs_summary_of(&answer->decision, &summary);
	int status = r == 0 ? print_parts(parts, CS_COUNT(parts), pretty)
		: cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "JSON", "");

	cs_clear(&cs_summary_shape, &summary);
	return status;
}
