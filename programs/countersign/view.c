/* SPDX-License-Identifier: Apache-2.0 */
/* One request, for people. */
#include "view.h"
#include "view_parts.h"
#include "command.h"
#include "clock.h"
#include "mem.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum cs_style cs_state_style(enum cs_state state)
{
	static const enum cs_style styles[] = {
		[CS_PENDING] = CS_YELLOW, [CS_APPROVED] = CS_GREEN, [CS_REJECTED] = CS_RED, [CS_USED] = CS_DIM,
		[CS_CANCELLED] = CS_DIM, [CS_EXPIRED] = CS_DIM, [CS_UNANSWERED] = CS_DIM
	};

	return (size_t)state < CS_COUNT(styles) ? styles[state] : CS_PLAIN;
}

static void put_headline(struct cs_buf *out, const struct cs_look *look, const struct cs_decision *decision)
{
	char number[40], span[16], when[21];

	snprintf(number, sizeof(number), "Request %llu", (unsigned long long)decision->number);
	cs_put_styled(out, look, CS_BOLD, number);
	cs_put(out, "  ");
	cs_put_styled(out, look, cs_state_style(decision->state), cs_state_name(decision->state));
	if (decision->state == CS_PENDING && decision->missing > 0) {
		cs_put(out, "  ");
		cs_put_people(out, decision->missing);
		cs_put(out, " missing");
	}
	if (cs_is_open(decision->state)) {
		cs_span_text(decision->remaining_ms, span);
		cs_put(out, "  %s left%s", span, decision->state == CS_APPROVED ? " to use it" : "");
	}
	if (cs_is_open(decision->state) && look->wall_ms != 0) {
		cs_time_text(look->wall_ms + decision->remaining_ms, when);
		cs_put(out, ", until %s", when);
	}
	cs_put(out, "\n");
}

static void put_person(struct cs_buf *out, const struct cs_request *request, bool brief)
{
	const struct cs_subject *subject = &request->subject;

	cs_put(out, CS_LABEL, "requester");
	cs_escape(out, cs_text_or(subject->name, cs_text_or(request->requester.name, "")));
	cs_put(out, " (uid %lu", (unsigned long)subject->uid);
	if (!brief && subject->login_uid != CS_NO_UID)
		cs_put(out, ", login uid %lu", (unsigned long)subject->login_uid);
	cs_put(out, ")\n");
	if (brief)
		return;
	cs_put_text(out, "identity", request->requester.id, NULL);
	cs_put_text(out, "entry", request->requester.dn, NULL);
}

static void put_arguments(struct cs_buf *out, const struct cs_action *action)
{
	char label[32];

	for (size_t i = 0; i < action->n_argv; i++) {
		snprintf(label, sizeof(label), "argv[%zu]", i);
		cs_put(out, CS_LABEL "= ", label);
		cs_escape_ascii(out, action->argv[i] == NULL ? "" : action->argv[i]);
		cs_put(out, "\n");
	}
}

static void put_target(struct cs_buf *out, const struct cs_action *action)
{
	cs_put(out, CS_LABEL, "as");
	if (cs_given(action->target_name)) {
		cs_escape_ascii(out, action->target_name);
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
		cs_put(out, CS_LABEL "nothing beyond the safe set\n", "environment");
	for (size_t i = 0; i < action->n_env; i++)
		cs_put_exact(out, i == 0 ? "environment" : "", action->env[i], "\"\"");
}

static void put_file(struct cs_buf *out, const struct cs_file *file, bool brief)
{
	if (!file->present)
		return;
	cs_put(out, CS_LABEL "mode %04o, owner %lu:%lu, %llu bytes", "file", (unsigned)(file->mode & 07777u),
		(unsigned long)file->uid, (unsigned long)file->gid, (unsigned long long)file->size);
	if (!brief)
		cs_put(out, ", device %llu, inode %llu", (unsigned long long)file->device,
			(unsigned long long)file->inode);
	cs_put(out, "\n");
	cs_put_digest(out, "sha256", file->sha256);
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
	cs_put_exact(out, "service", action->service, "-");
	cs_put_exact(out, "command", action->command, action->n_argv == 0 ? "none: a login" : "-");
	if (cs_given(action->resolved) && (action->command == NULL || strcmp(action->resolved, action->command) != 0))
		cs_put_exact(out, "which is", action->resolved, NULL);
	put_arguments(out, action);
	cs_view_files(out, look, action);
	put_target(out, action);
	cs_put_exact(out, "folder", action->cwd, NULL);
	put_environment(out, action);
	put_file(out, &action->file, brief);
	cs_put_exact(out, "host", action->host, "-");
	cs_put_exact(out, "terminal", action->tty, brief ? NULL : "none");
	cs_put_exact(out, "from", action->peer, brief ? NULL : "this host");
	put_warnings(out, look, action);
}

static void put_uses(struct cs_buf *out, const struct cs_request *request, const struct cs_decision *decision)
{
	if (request->uses == CS_USES_ANY)
		cs_put(out, CS_LABEL "any number within its time, %u so far\n", "uses", (unsigned)decision->used);
	else if (request->uses > 1)
		cs_put(out, CS_LABEL "%u of %u so far\n", "uses", (unsigned)decision->used, (unsigned)request->uses);
}

/* What its gate says of times and uses, where it is not the plain case. */
static void put_terms(struct cs_buf *out, const struct cs_look *look, const struct cs_show_answer *answer)
{
	const struct cs_request *request = &answer->request;
	const struct cs_decision *decision = &answer->decision;
	char span[16];

	if (request->start_wall_ms != 0) {
		cs_put(out, CS_LABEL, "not before");
		cs_put_moment(out, look, request->start_wall_ms);
		cs_put(out, "\n");
	}
	if (decision->state == CS_PENDING && decision->objection_ms > 0) {
		cs_put(out, CS_LABEL "in ", "goes ahead");
		cs_put_ahead(out, look, decision->objection_ms, ", at ");
		cs_put(out, ", if nobody objects\n");
	}
	put_uses(out, request, decision);
	if (request->session_ms > 0) {
		cs_span_text(request->session_ms, span);
		cs_put(out, CS_LABEL "what it starts is ended after %s\n", "session", span);
	}
	if (cs_given(answer->ended_text)) {
		cs_put(out, CS_LABEL, "what ran");
		cs_escape(out, answer->ended_text);
		cs_put(out, ", ");
		cs_put_moment(out, look, answer->ended_wall_ms);
		cs_put(out, "\n");
	}
	if (decision->watch == CS_WATCH_REQUIRED)
		cs_put(out, CS_LABEL "it runs only while somebody looks on: countersign watch %llu\n", "watched",
			(unsigned long long)decision->number);
	else if (decision->watch == CS_WATCH_ALLOWED)
		cs_put(out, CS_LABEL "others may look on while it runs: countersign watch %llu\n", "watched",
			(unsigned long long)decision->number);
	if (request->self_approval)
		put_warning(out, look, "self-approval is on: the requester's own vote counts as one person's");
	if (answer->policy_changed)
		put_warning(out, look, "the policy was changed since it was asked, and the one in force judges it");
	if (decision->waiting > 1)
		cs_put(out, CS_LABEL "%u sessions wait for it\n", "on line", (unsigned)decision->waiting);
}

static void put_id(struct cs_buf *out, const struct cs_request *request)
{
	char hex[2 * CS_ID_LEN + 1];

	cs_hex(request->id, CS_ID_LEN, hex);
	cs_put(out, CS_LABEL "%s\n", "id", hex);
}

static void put_policy(struct cs_buf *out, const struct cs_look *look, const struct cs_show_answer *answer, bool brief)
{
	const struct cs_request *request = &answer->request;
	char lifetime[16], use[16];

	cs_put_text(out, "reason", request->reason, "none given");
	cs_put_text(out, "gate", request->gate, "-");
	cs_put_text(out, "scope", request->scope, "-");
	put_terms(out, look, answer);
	if (brief)
		return;
	cs_span_text(request->lifetime_ms, lifetime);
	cs_span_text(request->use_within_ms, use);
	cs_put(out, CS_LABEL, "asked");
	cs_put_moment(out, look, request->created_wall_ms);
	cs_put(out, "; open for %s, then to be used within %s\n", lifetime, use);
	cs_put_text(out, "assurance", request->assurance, "-");
	put_id(out, request);
	cs_put_digest(out, "policy", request->policy_digest);
	cs_put_digest(out, "digest", answer->digest);
}

static void put_your_turn(struct cs_buf *out, const struct cs_look *look, const struct cs_show_answer *answer)
{
	const struct cs_decision *decision = &answer->decision;

	if (cs_given(decision->check_code)) {
		cs_put(out, CS_LABEL, "check code");
		cs_put_styled(out, look, CS_BOLD, decision->check_code);
		cs_put(out, " (tell it to the people who are to approve)\n");
	}
	if (answer->may_vote)
		cs_put(out, CS_LABEL "yes: countersign approve %llu\n", "may you vote",
			(unsigned long long)decision->number);
	else
		cs_put_text(out, "may you vote", answer->may_vote_text, "no");
}

void cs_view_request(struct cs_buf *out, const struct cs_look *look, const struct cs_show_answer *answer, bool brief)
{
	struct cs_buf text;

	cs_buf_init(&text, CS_OUTPUT_MAX);
	put_headline(&text, look, &answer->decision);
	put_person(&text, &answer->request, brief);
	put_action(&text, look, &answer->request.action, brief);
	put_policy(&text, look, answer, brief);
	cs_view_needs(&text, look, &answer->decision);
	cs_view_votes(&text, look, &answer->decision, brief);
	if (!brief)
		put_your_turn(&text, look, answer);
	cs_put_wrapped(out, look, &text, CS_GOES_ON);
}

