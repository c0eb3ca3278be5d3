/* SPDX-License-Identifier: Apache-2.0 */
/* How nouns are shown to people: the table of requests, one request, what a vote led to, the daemon's status. */
#include "view.h"
#include "command.h"
#include "clock.h"
#include "mem.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL "  %-13s "

enum cs_style cs_state_style(enum cs_state state)
{
	static const enum cs_style styles[] = {
		[CS_PENDING] = CS_YELLOW, [CS_APPROVED] = CS_GREEN, [CS_REJECTED] = CS_RED, [CS_USED] = CS_DIM,
		[CS_CANCELLED] = CS_DIM, [CS_EXPIRED] = CS_DIM
	};

	return (size_t)state < CS_COUNT(styles) ? styles[state] : CS_PLAIN;
}

static bool is_open(enum cs_state state)
{
	return state == CS_PENDING || state == CS_APPROVED;
}

static bool given(const char *text)
{
	return text != NULL && *text != '\0';
}

/* --- The table of requests ---------------------------------------------------------------------------------------- */

enum { NUMBER, STATE, REQUESTER, GATE, WHAT, WAITS_FOR, TIME_LEFT, N_COLUMNS };

static const struct cs_column columns[N_COLUMNS] = {
	{ "NUMBER", true, false }, { "STATE", false, false }, { "REQUESTER", false, true }, { "GATE", false, true },
	{ "WHAT", false, true }, { "WAITS-FOR", false, false }, { "TIME-LEFT", false, false }
};

/* What cs_put_shown makes of a text, as a string. */
static char *shown(const char *text)
{
	struct cs_buf out;
	char *ret = NULL;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put_shown(&out, text);
	cs_buf_put_u8(&out, 0);
	if (cs_buf_error(&out) == 0)
		ret = strdup((const char *)out.data);
	cs_buf_clear(&out);
	return ret;
}

static char *waits_for(const struct cs_list_row *row)
{
	char *text = NULL;

	if (row->state == CS_APPROVED)
		return cs_dup("its use");
	if (row->state != CS_PENDING)
		return cs_dup("-");
	if (cs_format(&text, "%u %s", (unsigned)row->missing, row->missing == 1 ? "person" : "people") != 0)
		return NULL;
	return text;
}

static int fill_row(const struct cs_list_row *row, char **cells, enum cs_style *styles)
{
	char span[16] = "-";

	if (is_open(row->state))
		cs_span_text(row->remaining_ms, span);
	styles[STATE] = cs_state_style(row->state);
	(void)cs_format(&cells[NUMBER], "%llu", (unsigned long long)row->number);
	cells[STATE] = cs_dup(cs_state_name(row->state));
	cells[REQUESTER] = cs_escaped(row->requester == NULL ? "" : row->requester);
	cells[GATE] = cs_escaped(row->gate == NULL ? "" : row->gate);
	cells[WHAT] = shown(row->line);
	cells[WAITS_FOR] = waits_for(row);
	cells[TIME_LEFT] = cs_dup(span);
	for (size_t c = 0; c < N_COLUMNS; c++) {
		if (cells[c] == NULL)
			return CS_ENOMEM;
	}
	return 0;
}

int cs_view_list(struct cs_buf *out, const struct cs_look *look, const struct cs_list_answer *answer)
{
	size_t n = answer->n_rows * N_COLUMNS;
	char **cells = calloc(n + 1, sizeof(*cells));
	enum cs_style *styles = calloc(n + 1, sizeof(*styles));
	int r = CS_ENOMEM;

	if (cells == NULL || styles == NULL)
		goto out;
	for (size_t i = 0; i < answer->n_rows; i++) {
		r = fill_row(&answer->rows[i], cells + i * N_COLUMNS, styles + i * N_COLUMNS);
		if (r != 0)
			goto out;
	}
	r = cs_put_table(out, look, columns, N_COLUMNS, cells, styles, answer->n_rows);
	if (r == 0 && answer->more)
		cs_put(out, "These are the newest %zu; there are more.\n", answer->n_rows);
out:
	cs_free_strv(&cells, &n);
	free(styles);
	return r;
}

/* --- One request -------------------------------------------------------------------------------------------------- */

/* One line of a label and a text from outside; instead stands where there is none (NULL: no line then). */
static void put_text(struct cs_buf *out, const char *label, const char *text, const char *instead)
{
	if (!given(text) && instead == NULL)
		return;
	cs_put(out, LABEL, label);
	if (given(text))
		cs_escape(out, text);
	else if (instead != NULL)
		cs_put(out, "%s", instead);
	cs_put(out, "\n");
}

static void put_hex(struct cs_buf *out, const char *label, const uint8_t digest[CS_DIGEST_LEN])
{
	char hex[2 * CS_DIGEST_LEN + 1];

	cs_hex(digest, CS_DIGEST_LEN, hex);
	cs_put(out, LABEL "%s\n", label, hex);
}

static void put_headline(struct cs_buf *out, const struct cs_look *look, const struct cs_decision *decision)
{
	char number[40], span[16];

	snprintf(number, sizeof(number), "Request %llu", (unsigned long long)decision->number);
	cs_put_styled(out, look, CS_BOLD, number);
	cs_put(out, "  ");
	cs_put_styled(out, look, cs_state_style(decision->state), cs_state_name(decision->state));
	if (is_open(decision->state)) {
		cs_span_text(decision->remaining_ms, span);
		cs_put(out, "  %s left%s", span, decision->state == CS_APPROVED ? " to use it" : "");
	}
	cs_put(out, "\n");
}

static void put_person(struct cs_buf *out, const struct cs_request *request, bool brief)
{
	const struct cs_subject *subject = &request->subject;

	cs_put(out, LABEL, "requester");
	cs_escape(out, cs_text_or(subject->name, cs_text_or(request->requester.name, "")));
	cs_put(out, " (uid %lu", (unsigned long)subject->uid);
	if (!brief && subject->login_uid != CS_NO_UID)
		cs_put(out, ", login uid %lu", (unsigned long)subject->login_uid);
	cs_put(out, ")\n");
	if (brief)
		return;
	put_text(out, "identity", request->requester.id, NULL);
	put_text(out, "entry", request->requester.dn, NULL);
}

static void put_arguments(struct cs_buf *out, const struct cs_action *action)
{
	char label[32];

	for (size_t i = 0; i < action->n_argv; i++) {
		snprintf(label, sizeof(label), "argv[%zu]", i);
		cs_put(out, LABEL "= ", label);
		cs_escape(out, action->argv[i] == NULL ? "" : action->argv[i]);
		cs_put(out, "\n");
	}
}

static void put_target(struct cs_buf *out, const struct cs_action *action)
{
	cs_put(out, LABEL, "as");
	if (given(action->target_name)) {
		cs_escape(out, action->target_name);
		cs_put(out, " ");
	}
	cs_put(out, "(uid %lu, gid %lu, groups", (unsigned long)action->target_uid, (unsigned long)action->target_gid);
	for (size_t i = 0; i < action->n_target_groups; i++)
		cs_put(out, " %lu", (unsigned long)action->target_groups[i]);
	cs_put(out, "%s)\n", action->n_target_groups == 0 ? " none" : "");
}

static void put_environment(struct cs_buf *out, const struct cs_action *action)
{
	if (action->n_env == 0)
		cs_put(out, LABEL "nothing beyond the safe set\n", "environment");
	for (size_t i = 0; i < action->n_env; i++)
		put_text(out, i == 0 ? "environment" : "", action->env[i], "\"\"");
}

static void put_file(struct cs_buf *out, const struct cs_file *file, bool brief)
{
	char hex[2 * CS_DIGEST_LEN + 1];

	if (!file->present)
		return;
	cs_hex(file->sha256, CS_DIGEST_LEN, hex);
	cs_put(out, LABEL "sha256 %s\n", "file", hex);
	cs_put(out, LABEL "mode %04o, owner %lu:%lu, %llu bytes", "", (unsigned)(file->mode & 07777u),
		(unsigned long)file->uid, (unsigned long)file->gid, (unsigned long long)file->size);
	if (!brief)
		cs_put(out, ", device %llu, inode %llu", (unsigned long long)file->device,
			(unsigned long long)file->inode);
	cs_put(out, "\n");
}

static void put_warning(struct cs_buf *out, const struct cs_look *look, const char *text)
{
	cs_put(out, "  ");
	cs_put_styled(out, look, CS_RED, "note");
	cs_put(out, "          %s\n", text);
}

/* What an approver should know and cannot see in the fields. */
static void put_warnings(struct cs_buf *out, const struct cs_look *look, const struct cs_action *action)
{
	static const struct {
		const char *service, *text;
	} notes[] = {
		{ "sshd", "this is a whole ssh connection: every shell, copy and port forward in it" },
		{ "sudoedit", "what is written to the file is chosen after the approval" },
	};

	for (size_t i = 0; i < CS_COUNT(notes); i++) {
		if (action->service != NULL && strcmp(action->service, notes[i].service) == 0)
			put_warning(out, look, notes[i].text);
	}
	if (action->exposed)
		put_warning(out, look, "others than root can change this file or a folder above it");
	if (action->option_refused)
		put_warning(out, look, "it was asked for with an option that changes the host or the root folder");
}

static void put_action(struct cs_buf *out, const struct cs_look *look, const struct cs_action *action, bool brief)
{
	put_text(out, "service", action->service, "-");
	put_text(out, "command", action->command, action->n_argv == 0 ? "none: a login" : "-");
	if (given(action->resolved) && (action->command == NULL || strcmp(action->resolved, action->command) != 0))
		put_text(out, "which is", action->resolved, NULL);
	put_arguments(out, action);
	put_target(out, action);
	put_text(out, "folder", action->cwd, NULL);
	put_environment(out, action);
	put_file(out, &action->file, brief);
	put_text(out, "host", action->host, "-");
	put_text(out, "terminal", action->tty, brief ? NULL : "none");
	put_text(out, "from", action->peer, brief ? NULL : "this host");
	put_warnings(out, look, action);
}

static void put_policy(struct cs_buf *out, const struct cs_request *request, const uint8_t digest[CS_DIGEST_LEN],
	bool brief)
{
	char when[21], lifetime[16], use[16];

	put_text(out, "reason", request->reason, "none given");
	put_text(out, "gate", request->gate, "-");
	put_text(out, "scope", request->scope, "-");
	if (brief)
		return;
	cs_time_text(request->created_wall_ms, when);
	cs_span_text(request->lifetime_ms, lifetime);
	cs_span_text(request->use_within_ms, use);
	cs_put(out, LABEL "%s, open for %s, then to be used within %s\n", "asked", when, lifetime, use);
	put_text(out, "assurance", request->assurance, "-");
	put_hex(out, "policy", request->policy_digest);
	put_hex(out, "digest", digest);
}

static void put_names(struct cs_buf *out, const char *before, const char *between, char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cs_put(out, "%s", i == 0 ? before : between);
		cs_escape(out, names[i] == NULL ? "" : names[i]);
	}
}

static const char *label_of(const struct cs_need *need)
{
	return given(need->label) ? need->label : given(need->rule) ? need->rule : "an approval";
}

static void put_needs(struct cs_buf *out, const struct cs_look *look, const struct cs_decision *decision)
{
	for (size_t i = 0; i < decision->n_needs; i++) {
		const struct cs_need *need = &decision->needs[i];
		bool filled = need->count > 0 && need->have >= need->count;

		cs_put(out, LABEL, i == 0 ? "needs" : "");
		cs_put_styled(out, look, filled ? CS_GREEN : CS_YELLOW, filled ? "[x] " : "[ ] ");
		cs_escape(out, label_of(need));
		cs_put(out, ": has %u of %u", (unsigned)need->have, (unsigned)need->count);
		put_names(out, ", by ", ", ", need->by, need->n_by);
		if (!filled)
			put_names(out, "; could be approved by ", " or ", need->who, need->n_who);
		cs_put(out, "\n");
	}
}

/* The memberships that a vote counted on, each with the rule it fills. */
static void put_because(struct cs_buf *out, const struct cs_approval *vote)
{
	for (size_t i = 0; i < vote->n_because; i++) {
		cs_put(out, LABEL, "");
		if (i < vote->n_rules) {
			cs_put(out, "for ");
			cs_escape(out, cs_text_or(vote->rules[i], "-"));
			cs_put(out, ": ");
		}
		cs_escape(out, cs_text_or(vote->because[i], "-"));
		cs_put(out, "\n");
	}
}

static void put_votes(struct cs_buf *out, const struct cs_look *look, const struct cs_decision *decision, bool brief)
{
	char when[21];

	for (size_t i = 0; i < decision->n_votes; i++) {
		const struct cs_approval *vote = &decision->votes[i];

		cs_time_text(vote->wall_ms, when);
		cs_put(out, LABEL, i == 0 ? "votes" : "");
		cs_put_styled(out, look, vote->vote == CS_VOTE_APPROVE ? CS_GREEN : CS_RED, cs_vote_name(vote->vote));
		cs_put(out, " by ");
		cs_escape(out, vote->person.name == NULL ? "" : vote->person.name);
		cs_put(out, " at %s", when);
		if (given(vote->comment)) {
			cs_put(out, ": ");
			cs_escape(out, vote->comment);
		}
		cs_put(out, "\n");
		if (!brief)
			put_because(out, vote);
	}
}

static void put_your_turn(struct cs_buf *out, const struct cs_look *look, const struct cs_show_answer *answer)
{
	const struct cs_decision *decision = &answer->decision;

	if (given(decision->check_code)) {
		cs_put(out, LABEL, "check code");
		cs_put_styled(out, look, CS_BOLD, decision->check_code);
		cs_put(out, " (tell it to the people who are to approve)\n");
	}
	if (answer->may_vote)
		cs_put(out, LABEL "yes: countersign approve %llu\n", "may you vote",
			(unsigned long long)decision->number);
	else
		put_text(out, "may you vote", answer->may_vote_text, "no");
}

void cs_view_request(struct cs_buf *out, const struct cs_look *look, const struct cs_show_answer *answer, bool brief)
{
	put_headline(out, look, &answer->decision);
	put_person(out, &answer->request, brief);
	put_action(out, look, &answer->request.action, brief);
	put_policy(out, &answer->request, answer->digest, brief);
	put_needs(out, look, &answer->decision);
	put_votes(out, look, &answer->decision, brief);
	if (!brief)
		put_your_turn(out, look, answer);
}

/* --- After a vote ------------------------------------------------------------------------------------------------- */

void cs_view_missing(struct cs_buf *out, const struct cs_decision *decision)
{
	size_t told = 0;

	for (size_t i = 0; i < decision->n_needs; i++) {
		const struct cs_need *need = &decision->needs[i];

		if (need->have >= need->count)
			continue;
		cs_put(out, "%s", told++ == 0 ? "; still missing: " : "; ");
		cs_escape(out, label_of(need));
		if (need->have > 0)
			cs_put(out, ", %u more", (unsigned)(need->count - need->have));
		put_names(out, ", from ", " or ", need->who, need->n_who);
	}
}

/* --- The daemon -------------------------------------------------------------------------------------------------- */

static const char *assurance_text(const char *assurance)
{
	if (assurance != NULL && strcmp(assurance, "local-uid") == 0)
		return "the kernel says who votes; whoever becomes root on this host could vote as anybody";
	return "";
}

static void put_evidence_head(struct cs_buf *out, const struct cs_status *status)
{
	char hex[2 * CS_DIGEST_LEN + 1];

	cs_hex(status->head, CS_DIGEST_LEN, hex);
	cs_put(out, LABEL "%llu events, head %llu:%s\n", "evidence", (unsigned long long)status->events,
		(unsigned long long)status->events, hex);
}

void cs_view_status(struct cs_buf *out, const struct cs_look *look, const struct cs_status *status)
{
	char span[16], when[21];
	const char *meaning = assurance_text(status->assurance);

	cs_span_text(status->uptime_ms, span);
	cs_time_text(status->policy_wall_ms, when);
	cs_put_styled(out, look, CS_BOLD, "countersignd ");
	cs_escape(out, status->version == NULL ? "" : status->version);
	cs_put(out, " on ");
	cs_escape(out, status->host == NULL ? "" : status->host);
	cs_put(out, ", up %s\n", span);
	put_text(out, "policy", status->policy_file, "-");
	cs_put(out, LABEL "generation %llu, in force since %s\n", "", (unsigned long long)status->policy_generation,
		when);
	put_hex(out, "", status->policy_digest);
	cs_put(out, LABEL, "directory");
	cs_put_styled(out, look, status->directory_ok ? CS_GREEN : CS_RED, status->directory_ok ? "ok" : "not ok");
	cs_put(out, ": ");
	cs_escape(out, status->directory == NULL ? "" : status->directory);
	cs_put(out, "\n");
	put_text(out, "store", status->store, "-");
	cs_put(out, LABEL "%llu pending, %llu approved; %llu waiting on line\n", "requests",
		(unsigned long long)status->pending, (unsigned long long)status->approved,
		(unsigned long long)status->waiting);
	cs_put(out, LABEL "%llu now; %llu malformed frames refused since the start\n", "connections",
		(unsigned long long)status->connections, (unsigned long long)status->malformed);
	put_evidence_head(out, status);
	cs_put(out, LABEL, "assurance");
	cs_escape(out, given(status->assurance) ? status->assurance : "unknown");
	cs_put(out, "%s%s\n", *meaning == '\0' ? "" : ": ", meaning);
}
