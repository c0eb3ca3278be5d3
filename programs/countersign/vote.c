/* SPDX-License-Identifier: Apache-2.0 */
/* What approve, reject, sign and show share: the request as it is, and the vote on exactly that. */
#include "vote.h"
#include "roster.h"
#include "crypto.h"
#include "heads.h"
#include "mem.h"
#include "print.h"
#include "text.h"
#include "view.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_MAX (16u * 1024u * 1024u)

int cs_request_digest(const struct cs_request *request, uint8_t ret_digest[CS_DIGEST_LEN])
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

/* The daemon's answer, if it is about this request as it stands; else an exit status, told. */
static int take_answer(struct cs_show_answer *answer, uint64_t number, const char *where,
	struct cs_show_answer *ret_answer)
{
	uint8_t digest[CS_DIGEST_LEN];
	int status = 0;
	int r = cs_request_digest(&answer->request, digest);

	if (r != 0)
		status = cs_fail(cs_exit_of_error(r), cs_strerror(r), where, "");
	else if (answer->decision.number != number || memcmp(digest, answer->digest, sizeof(digest)) != 0)
		status = cs_fail(CS_EXIT_INTERNAL, "the daemon's answer is not about this request as it stands", where,
			"do not vote; tell an administrator");
	if (status != 0)
		cs_clear(&cs_show_answer_shape, answer);
	else
		*ret_answer = *answer;
	return status;
}

int cs_fetch_request(struct cs_run *run, uint64_t number, struct cs_show_answer *ret_answer)
{
	struct cs_show call = { .number = number };
	struct cs_show_answer answer = { 0 };
	char where[40];
	int status = 0;

	snprintf(where, sizeof(where), "request %llu", (unsigned long long)number);
	status = cs_ask(run, CS_CALL_SHOW, &call, where, &answer);
	return status == 0 ? take_answer(&answer, number, where, ret_answer) : status;
}

/* Who may not see it may not vote on it either. The vote is sent all the same: the daemon refuses it, and records that. */
static int vote_unseen(struct cs_run *run, uint64_t number, enum cs_vote vote)
{
	const struct cs_show_answer nothing = { .decision = { .number = number } };
	struct cs_vote_call call = { 0 };
	int status = cs_make_vote(&nothing, vote, "", "", &call);

	if (status == 0)
		status = cs_send_vote(run, NULL, &call);
	cs_clear(&cs_vote_call_shape, &call);
	return status;
}

int cs_fetch_to_vote(struct cs_run *run, uint64_t number, enum cs_vote vote, struct cs_show_answer *ret_answer)
{
	struct cs_show call = { .number = number };
	struct cs_show_answer answer = { 0 };
	char where[40], *text = NULL;
	int status = 0, r = cs_ask_quietly(run, CS_CALL_SHOW, &call, &answer, &text);

	snprintf(where, sizeof(where), "request %llu", (unsigned long long)number);
	if (r == 0)
		status = take_answer(&answer, number, where, ret_answer);
	else
		status = r == CS_ENOENT ? vote_unseen(run, number, vote) : cs_fail_call(r, text, where);
	cs_free_str(&text);
	return status == 0 && r != 0 ? CS_EXIT_INTERNAL : status; /* a vote on nothing is never taken */
}

int cs_show_before_vote(const struct cs_run *run, const struct cs_show_answer *answer)
{
	struct cs_look look = run->look;
	struct cs_buf out;
	int status = 0;

	if (run->json) /* a terminal is looked at as one, wherever standard output goes */
		cs_look_at(STDERR_FILENO, &look);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_view_request(&out, &look, answer, true);
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

/* Reason codes that say the vote was taken (calls.h). An approval never ends in a rejection. */
static bool was_taken(enum cs_vote vote, const struct cs_decision *decision)
{
	static const enum cs_reason taken[] = { CS_WHY_NEEDS_APPROVAL, CS_WHY_PARKED, CS_WHY_APPROVED, CS_WHY_COOLING };

	for (size_t i = 0; i < CS_COUNT(taken); i++)
		if (decision->reason == taken[i])
			return true;
	return vote == CS_VOTE_REJECT && decision->reason == CS_WHY_REJECTED;
}

static int print_taken(enum cs_vote vote, const struct cs_decision *decision)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, vote == CS_VOTE_REJECT ? "rejected" : "approved");
	if (decision->reason == CS_WHY_REJECTED)
		cs_put(&out, "; the request is closed");
	else if (decision->reason == CS_WHY_APPROVED)
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
	bool rather = shown != NULL && decision->reason == CS_WHY_CODE && !shown->may_vote &&
		      shown->may_vote_text != NULL && *shown->may_vote_text != '\0';

	return cs_fail(cs_exit_of_reason(decision->reason), rather ? shown->may_vote_text : text, where,
		"your vote does not count");
}

int cs_make_vote(const struct cs_show_answer *shown, enum cs_vote vote, const char *code, const char *comment,
	struct cs_vote_call *ret_call)
{
	struct cs_vote_call call = { .number = shown->decision.number, .vote = vote };

	memcpy(call.digest, shown->digest, sizeof(call.digest));
	call.check_code = cs_dup(code);
	call.comment = cs_dup(comment);
	if (call.check_code != NULL && call.comment != NULL) {
		*ret_call = call;
		return 0;
	}
	cs_clear(&cs_vote_call_shape, &call);
	return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "vote", "");
}

/* --- Signing ------------------------------------------------------------------------------------------------------- */

static bool has_to_be_signed(const struct cs_show_answer *shown)
{
	return shown->request.assurance != NULL && strcmp(shown->request.assurance, "signature") == 0;
}

/* On standard error with --json, so that standard output is one object. */
static void say_signed(const struct cs_run *run, const char *what, const char *which)
{
	FILE *out = run->json ? stderr : stdout;
	char *escaped = cs_escaped(which);

	(void)fprintf(out, "%s%s\n", what, escaped != NULL ? escaped : "");
	cs_free_str(&escaped);
}

static int without_key(const struct cs_run *run, const struct cs_show_answer *shown, const char *why)
{
	if (has_to_be_signed(shown))
		return cs_fail(CS_EXIT_NO, "votes on this request have to be signed", why,
			"name your key with --key, or sign on your own machine (countersign show --bundle)");
	if (why != NULL)
		say_signed(run, "not signed: ", why);
	return 0;
}

/* The chain only grows. Whoever rewrote it or put an old one back would like this not to be seen. */
static void compare_heads(const struct cs_show_answer *shown, const struct cs_vote_call *last)
{
	if (shown->head_number > last->head_number || (shown->head_number == last->head_number &&
		memcmp(shown->head_chain, last->head_chain, CS_DIGEST_LEN) == 0))
		return;
	(void)cs_fail(0, "the evidence of this host is not what it was when you last voted here: it is shorter, or another",
		cs_text_or(shown->request.action.host, ""), "tell an administrator; your vote is signed over what you saw");
}

int cs_sign_vote(const struct cs_run *run, const struct cs_sign_options *options, const struct cs_show_answer *shown,
	const struct cs_signer *signer, const char *why, struct cs_vote_call *call)
{
	char *title = NULL, *none = NULL;
	int status = CS_ENOENT;

	if (options->not_signed)
		return without_key(run, shown, has_to_be_signed(shown) ? "--unsigned" : NULL);
	/* Where the host has no roster nobody signs, and it is not worth a line each time. */
	if (signer->n_keys == 0)
		return without_key(run, shown, has_to_be_signed(shown) || options->roster || options->key ||
			access(CS_ROSTER_FILE, F_OK) == 0 ? why : NULL);
	if (cs_heads_last(cs_text_or(shown->request.action.host, ""), &call->head_number, call->head_chain) == 1)
		compare_heads(shown, call);
	status = cs_signer_sign(options, signer, call, &title, &none);
	if (status == CS_ENOENT)
		status = without_key(run, shown, none);
	else if (status == 0)
		say_signed(run, "signed with ", title);
	cs_free_str(&title);
	cs_free_str(&none);
	return status;
}

int cs_send_vote(struct cs_run *run, const struct cs_show_answer *shown, const struct cs_vote_call *call)
{
	struct cs_decision decision = { 0 };
	char where[40];
	int status = 0;

	snprintf(where, sizeof(where), "request %llu", (unsigned long long)call->number);
	status = cs_ask(run, CS_CALL_VOTE, call, where, &decision);
	if (status != 0)
		return status;
	if (shown != NULL && was_taken(call->vote, &decision))
		cs_heads_keep(shown, call->vote);
	if (run->json)
		status = was_taken(call->vote, &decision) ? cs_print_vote_json(&decision)
			: cs_print_json(&cs_decision_shape, &decision);
	else if (was_taken(call->vote, &decision))
		status = print_taken(call->vote, &decision);
	if (!was_taken(call->vote, &decision))
		status = tell_refused(shown, &decision, where);
	cs_clear(&cs_decision_shape, &decision);
	return status;
}

int cs_cast_vote(struct cs_run *run, const struct cs_show_answer *shown, enum cs_vote vote, const char *code,
	const char *comment, const struct cs_sign_options *options)
{
	struct cs_signer signer = { 0 };
	struct cs_vote_call call = { 0 };
	char *why = NULL;
	int status = cs_make_vote(shown, vote, code, comment, &call);

	/* Who may not vote is not asked to sign: the daemon refuses it, and records that. */
	if (status == 0 && shown->may_vote) {
		status = cs_signer_find(options, &signer, &why);
		if (status == 0)
			status = cs_sign_vote(run, options, shown, &signer, why, &call);
	}
	if (status == 0)
		status = cs_send_vote(run, shown, &call);
	cs_clear(&cs_signer_shape, &signer);
	cs_clear(&cs_vote_call_shape, &call);
	cs_free_str(&why);
	return status;
}

/* --- The check code ------------------------------------------------------------------------------------------------ */

int cs_check_code_form(const char *code)
{
	if (strlen(code) == CS_CODE_LEN && strspn(code, "0123456789") == CS_CODE_LEN)
		return 0;
	return cs_fail(CS_EXIT_USAGE, "a check code is four digits", code, "ask the requester for it");
}

/* There is no plain yes. */
int cs_get_code(const char *given, bool yes, char **ret_code)
{
	char *code = given != NULL ? cs_dup(given) : NULL;
	int r = given != NULL ? (code != NULL ? 0 : CS_ENOMEM) : CS_EUNAVAIL, status = 0;

	if (given == NULL && !yes)
		r = cs_prompt("Check code (ask the requester): ", 64, &code);
	if (r == CS_EUNAVAIL)
		return cs_fail(CS_EXIT_USAGE, "a check code is needed", "approve",
			"ask the requester for it and give --code NNNN");
	if (r == CS_ENOMEM)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "approve", "");
	if (r != 0)
		return cs_fail(CS_EXIT_USAGE, "no check code was typed", "approve", "nothing was approved");
	status = cs_check_code_form(code);
	if (status == 0)
		*ret_code = code;
	else
		cs_free_str(&code);
	return status;
}
