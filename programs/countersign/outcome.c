/* SPDX-License-Identifier: Apache-2.0 */
/* How a request stands or ended; and waiting for that. */
#include "outcome.h"
#include "mem.h"
#include "print.h"
#include "text.h"
#include "view.h"
#include "view_parts.h"

#include <stdio.h>

static const struct cs_approval *last_rejection(const struct cs_decision *decision)
{
	for (size_t i = decision->n_votes; i > 0; i--) {
		if (decision->votes[i - 1].vote == CS_VOTE_REJECT)
			return &decision->votes[i - 1];
	}
	return NULL;
}

static void put_rejected(struct cs_buf *out, const struct cs_decision *decision)
{
	const struct cs_approval *vote = last_rejection(decision);

	cs_put(out, "was rejected");
	if (vote == NULL)
		return;
	cs_put(out, " by ");
	cs_escape(out, cs_text_or(vote->person.name, "-"));
	if (cs_given(vote->comment)) {
		cs_put(out, ": ");
		cs_escape(out, vote->comment);
	}
}

/* What the person who asked may do about it. */
static const char *next_step(const struct cs_show_answer *answer)
{
	if (!answer->mine)
		return "";
	if (answer->decision.reason == CS_WHY_COOLING)
		return "; run the same command again when its time has come";
	if (answer->decision.state == CS_APPROVED)
		return "; run the same command again to use it";
	if (answer->decision.state == CS_EXPIRED || answer->decision.state == CS_UNANSWERED)
		return "; `countersign repeat` asks again";
	return "";
}

void cs_view_outcome(struct cs_buf *out, const struct cs_show_answer *answer)
{
	static const char *const texts[] = { [CS_PENDING] = "is still pending", [CS_APPROVED] = "is approved",
		[CS_CANCELLED] = "was cancelled", [CS_EXPIRED] = "expired: not enough people answered, or it was not used, "
								 "in time",
		[CS_USED] = "was approved and used", [CS_UNANSWERED] = "expired: nobody answered in time" };
	const struct cs_decision *decision = &answer->decision;
	size_t state = (size_t)decision->state;

	cs_put(out, "request %llu ", (unsigned long long)decision->number);
	if (decision->state == CS_REJECTED)
		put_rejected(out, decision);
	else
		cs_put(out, "%s", state < CS_COUNT(texts) && texts[state] != NULL ? texts[state] : "is in no known state");
	if (decision->state == CS_PENDING)
		cs_view_missing(out, decision);
	cs_put(out, "%s\n", next_step(answer));
}

static int print_outcome(const struct cs_run *run, const struct cs_show_answer *answer)
{
	struct cs_buf out;

	if (run->json)
		return cs_print_request_json(answer, true);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_view_outcome(&out, answer);
	return cs_print_wrapped(&run->look, &out, CS_LINE_GOES_ON);
}

int cs_wait_for(struct cs_follow *follow, uint64_t number)
{
	const struct cs_show call = { .number = number };
	struct cs_show_answer answer = { 0 };
	char where[40];
	bool over = false;
	int status = 0;

	snprintf(where, sizeof(where), "request %llu", (unsigned long long)number);
	while (!over) {
		struct cs_show_answer now = { 0 };

		/* The change is known before the request is looked at: what happens in between is not slept through. */
		status = follow->seen == 0 ? cs_follow_next(follow, 0) : 0;
		if (status == 0)
			status = cs_follow_ask(follow, CS_CALL_SHOW, &call, where, &now);
		if (status != 0)
			break;
		cs_clear(&cs_show_answer_shape, &answer);
		answer = now;
		over = answer.decision.state != CS_PENDING;
		status = over ? 0 : cs_follow_next(follow, UINT32_MAX);
		over = over || status != 0;
	}
	if (answer.decision.number != 0 && (status == 0 || status == CS_EXIT_PENDING)) {
		status = print_outcome(follow->run, &answer);
		if (status == 0)
			status = cs_exit_of_state(answer.decision.state);
	}
	cs_clear(&cs_show_answer_shape, &answer);
	return status;
}
