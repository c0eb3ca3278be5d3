/* SPDX-License-Identifier: Apache-2.0 */
/* What approve, reject and show share: the request as it is, and the vote on exactly that. */
#include "vote.h"
#include "crypto.h"
#include "mem.h"
#include "print.h"
#include "text.h"
#include "view.h"

#include <stdio.h>
#include <string.h>

#define REQUEST_MAX (16u * 1024u * 1024u)

static int digest_of(const struct cs_request *request, uint8_t ret_digest[CS_DIGEST_LEN])
{
	struct cs_buf bytes;
	int r = 0;

	cs_buf_init(&bytes, REQUEST_MAX);
	r = cs_request_encode(request, &bytes);
	if (r == 0)
		r = cs_digest(CS_DOMAIN_REQUEST, bytes.data, bytes.len, ret_digest);
	cs_buf_clear(&bytes);
	return r;
}

int cs_fetch_request(struct cs_run *run, uint64_t number, struct cs_show_answer *ret_answer)
{
	struct cs_show call = { .number = number };
	struct cs_show_answer answer = { 0 };
	uint8_t digest[CS_DIGEST_LEN];
	char where[40];
	int status = 0, r = 0;

	snprintf(where, sizeof(where), "request %llu", (unsigned long long)number);
	status = cs_ask(run, CS_CALL_SHOW, &call, where, &answer);
	if (status != 0)
		return status;
	r = digest_of(&answer.request, digest);
	if (r != 0)
		status = cs_fail(cs_exit_of_error(r), cs_strerror(r), where, "");
	else if (answer.decision.number != number || memcmp(digest, answer.digest, sizeof(digest)) != 0)
		status = cs_fail(CS_EXIT_INTERNAL, "the daemon's answer is not about this request as it stands", where,
			"do not vote; tell an administrator");
	if (status != 0) {
		cs_clear(&cs_show_answer_shape, &answer);
		return status;
	}
	*ret_answer = answer;
	return 0;
}

int cs_show_before_vote(const struct cs_run *run, const struct cs_show_answer *answer)
{
	struct cs_buf out;
	int status = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_view_request(&out, &run->look, answer, true);
	if (!run->json)
		return cs_print(&out);
	if (cs_buf_error(&out) != 0 || fwrite(out.data, 1, out.len, stderr) != out.len)
		status = CS_EXIT_OUTPUT;
	cs_buf_clear(&out);
	return status;
}

int cs_check_comment(const char *comment)
{
	if (comment == NULL || strlen(comment) <= CS_MAX_REASON)
		return 0;
	return cs_fail(CS_EXIT_USAGE, "the comment is longer than 1024 bytes", "--comment", "make it shorter");
}

/* Reason codes that say the vote was taken. */
static bool was_taken(enum cs_vote vote, const struct cs_decision *decision)
{
	if (vote == CS_VOTE_REJECT)
		return decision->reason == CS_WHY_REJECTED;
	return decision->reason == CS_WHY_NEEDS_APPROVAL || decision->reason == CS_WHY_PARKED ||
	       decision->reason == CS_WHY_APPROVED;
}

static int print_taken(enum cs_vote vote, const struct cs_decision *decision)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (vote == CS_VOTE_REJECT) {
		cs_put(&out, "rejected; the request is closed\n");
		return cs_print(&out);
	}
	cs_put(&out, "approved");
	if (decision->reason == CS_WHY_APPROVED)
		cs_put(&out, "; the request can go on now");
	else
		cs_view_missing(&out, decision);
	cs_put(&out, "\n");
	return cs_print(&out);
}

/* Why the vote was not taken. Who may not vote at all is told that, and not that the code was missing. */
static int tell_refused(const struct cs_show_answer *shown, const struct cs_decision *decision, const char *where)
{
	const char *text = cs_text_or(decision->text, cs_reason_text(decision->reason));
	bool rather = decision->reason == CS_WHY_CODE && !shown->may_vote && shown->may_vote_text != NULL &&
		      *shown->may_vote_text != '\0';

	return cs_fail(cs_exit_of_reason(decision->reason), rather ? shown->may_vote_text : text, where,
		"your vote does not count");
}

int cs_cast_vote(struct cs_run *run, const struct cs_show_answer *shown, enum cs_vote vote, const char *code,
	const char *comment)
{
	struct cs_vote_call call = { .number = shown->decision.number, .vote = vote };
	struct cs_decision decision = { 0 };
	char where[40];
	int status = CS_EXIT_INTERNAL;

	snprintf(where, sizeof(where), "request %llu", (unsigned long long)call.number);
	memcpy(call.digest, shown->digest, sizeof(call.digest));
	call.check_code = cs_dup(code);
	call.comment = cs_dup(comment);
	if (call.check_code == NULL || call.comment == NULL)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), where, "");
	else
		status = cs_ask(run, CS_CALL_VOTE, &call, where, &decision);
	if (status != 0)
		goto out;
	if (run->json)
		status = cs_print_json(&cs_decision_shape, &decision);
	else if (was_taken(vote, &decision))
		status = print_taken(vote, &decision);
	if (!was_taken(vote, &decision))
		status = tell_refused(shown, &decision, where);
out:
	cs_clear(&cs_decision_shape, &decision);
	cs_clear(&cs_vote_call_shape, &call);
	return status;
}
