/* SPDX-License-Identifier: Apache-2.0 */
/* countersign who-can: everybody who could hold it is looked at, and only who does is named. */
#include "mem.h"
#include "print.h"
#include "right.h"
#include "text.h"
#include "who.h"

#include <stdlib.h>
#include <string.h>

static const struct cs_field holder_fields[] = {
	CS_STR(cs_holder, user, CS_MAX_NAME), CS_ENUM(cs_holder, held, cs_known_names),
	CS_ENUM(cs_holder, reason, cs_reason_names), CS_STR(cs_holder, because, CS_MAX_TEXT)
};
static const struct cs_shape holder_shape = CS_SHAPE("holder", cs_holder, holder_fields);

static const struct cs_field holders_fields[] = {
	CS_STR(cs_holders, permission, CS_MAX_NAME), CS_STR(cs_holders, scope, CS_MAX_SCOPE),
	CS_ARRAY(cs_holders, people, &holder_shape, SIZE_MAX)
};
const struct cs_shape cs_holders_shape = CS_SHAPE("holders", cs_holders, holders_fields);

/* Would he hold it if his account were not locked? Then he is named, as locked. */
static int would_hold(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission,
	const char *scope, struct cs_held *ret_held)
{
	struct cs_facts open = *facts;

	open.person.locked = false;
	return cs_policy_has_right(policy, &open, permission, scope, ret_held);
}

/* Appends one person if he holds it, could hold it, or only an account that is locked or a second role stands in the
 * way. */
static int look_at(const struct cs_policy *policy, const char *name, const struct cs_facts *facts,
	struct cs_holders *out)
{
	struct cs_holder *holder = &out->people[out->n_people];
	struct cs_held held = { 0 };
	int r = cs_policy_has_right(policy, facts, out->permission, out->scope, &held);

	if (r == 0 && held.reason == CS_WHY_LOCKED_PERSON) {
		cs_held_clear(&held);
		if (would_hold(policy, facts, out->permission, out->scope, &held) == 1)
			held.reason = CS_WHY_LOCKED_PERSON;
	}
	if (r == 1 || r == CS_EDOUBT || held.reason == CS_WHY_LOCKED_PERSON || held.reason == CS_WHY_EXCLUSIVE) {
		holder->held = r == 1 ? CS_KNOWN_YES : r == 0 ? CS_KNOWN_NO : CS_KNOWN_DOUBT;
		holder->reason = held.reason;
		holder->because = held.because;
		held.because = NULL;
		holder->user = cs_dup(name);
		out->n_people++;
		r = holder->user == NULL ? CS_ENOMEM : 0;
	}
	cs_held_clear(&held);
	return r == CS_EDOUBT || r == 1 ? 0 : r;
}

int cs_who_can(struct cs_source *source, const char *permission, const char *scope, struct cs_holders *ret_holders)
{
	const struct cs_policy *policy = source->policy.policy;
	struct cs_holders holders = { 0 };
	struct cs_listing_query *queries = NULL;
	struct cs_people people = { 0 };
	size_t n = 0;
	int r = cs_policy_who_can(policy, permission, scope, &queries, &n);
	int status = r == CS_ENOENT ? cs_fail_permission(permission) : 0;

	if (r == 0)
		status = cs_source_people(source, policy, queries, n, &people);
	if (r == 0 && status == 0) {
		holders.people = calloc(people.n + 1, sizeof(*holders.people));
		r = holders.people == NULL || cs_set(&holders.permission, permission) != 0 ||
				    cs_set(&holders.scope, scope) != 0 ? CS_ENOMEM : 0;
	}
	for (size_t i = 0; r == 0 && status == 0 && i < people.n; i++)
		r = look_at(policy, people.names[i], &people.facts[i], &holders);
	if (status == 0 && r != 0)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), permission, "");
	cs_queries_free(&queries, &n);
	cs_people_clear(&people);
	if (status != 0)
		cs_clear(&cs_holders_shape, &holders);
	else
		*ret_holders = holders;
	return status;
}

static const char *remark(const struct cs_holder *holder)
{
	if (holder->held == CS_KNOWN_DOUBT)
		return "could not tell";
	if (holder->held == CS_KNOWN_YES)
		return "";
	return holder->reason == CS_WHY_LOCKED_PERSON ? "locked: holds nothing"
						      : "holds roles that exclude each other: neither counts";
}

static void put_holders(struct cs_buf *out, const struct cs_look *look, const struct cs_holders *holders, bool because)
{
	for (size_t i = 0; i < holders->n_people; i++) {
		const struct cs_holder *holder = &holders->people[i];
		const char *said = remark(holder);

		cs_escape(out, holder->user);
		if (*said != '\0') {
			cs_put(out, "  (");
			cs_put_styled(out, look, CS_YELLOW, said);
			cs_put(out, ")");
		}
		cs_put(out, "\n");
		if (because && holder->because != NULL && *holder->because != '\0')
			cs_put_step(out, holder->because);
	}
	if (holders->n_people == 0)
		cs_put(out, "Nobody.\n");
}

/* A list with somebody in it of whom it could not be told is no whole list. */
static int exit_of(const struct cs_holders *holders)
{
	int status = CS_EXIT_NO;

	for (size_t i = 0; i < holders->n_people; i++) {
		if (holders->people[i].held == CS_KNOWN_DOUBT)
			return CS_EXIT_DOUBT;
		if (holders->people[i].held == CS_KNOWN_YES)
			status = CS_EXIT_YES;
	}
	return status;
}

static int print_holders(const struct cs_run *run, const struct cs_holders *holders, bool because)
{
	struct cs_buf out;
	int status = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (run->json) {
		status = cs_print_json(&cs_holders_shape, holders);
	} else {
		put_holders(&out, &run->look, holders, because);
		status = cs_print_wrapped(&run->look, &out, CS_LINE_GOES_ON);
	}
	return status != 0 ? status : exit_of(holders);
}

int cs_run_who_can(struct cs_run *run, char **args, size_t n)
{
	struct cs_source_options options = { 0 };
	struct cs_option rows[CS_SOURCE_ROWS + 1];
	struct cs_source source;
	struct cs_holders holders = { 0 };
	bool because = false;
	int status = 0;

	cs_source_rows(&options, rows);
	rows[CS_SOURCE_ROWS] = (struct cs_option){ "--because", &because, NULL, NULL };
	status = cs_options_read(run, args, n, rows, CS_COUNT(rows), 2, 2, &n);
	if (status != 0)
		return status;
	status = cs_source_open(run, &options, true, &source);
	if (status == 0)
		status = cs_who_can(&source, args[0], args[1], &holders);
	if (status == 0)
		status = print_holders(run, &holders, because);
	cs_clear(&cs_holders_shape, &holders);
	cs_source_close(&source);
	return status;
}
