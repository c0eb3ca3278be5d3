/* SPDX-License-Identifier: Apache-2.0 */
/* libcountersign's question, once and many at once. */
#include "countersign/client.h"
#include "daemon.h"
#include "mem.h"
#include <stdlib.h>

static int ask(struct cs_client *client, const char *user, const char *permission, const char *scope,
	struct cs_right_answer *ret_answer)
{
	struct cs_right call = { 0 };
	int r = 0;

	if (cs_set(&call.user, user != NULL ? user : "") < 0 || cs_set(&call.permission, permission) < 0 ||
		cs_set(&call.scope, scope) < 0)
		r = CS_ENOMEM;
	if (r == 0)
		r = cs_client_call(client, CS_CALL_RIGHT, &call, -1, ANSWER_MS, ret_answer, NULL);
	cs_clear(&cs_right_shape, &call);
	return r;
}

int cs_has_right(const char *socket_path, const char *user, const char *permission, const char *scope,
	enum cs_reason *ret_reason)
{
	struct cs_right_answer answer = { 0 };
	struct cs_client *client = NULL;
	int r = 0;

	if (permission == NULL || scope == NULL)
		return CS_EINVAL;
	r = cs_library_open(socket_path, &client);
	if (r == 0)
		r = ask(client, user, permission, scope, &answer);
	if (ret_reason != NULL)
		*ret_reason = r == 0 ? answer.reason : CS_WHY_UNREACHABLE;
	if (r == 0)
		r = answer.verdict == CS_PERMIT;
	cs_clear(&cs_right_answer_shape, &answer);
	cs_client_close(&client);
	return r;
}

/* --- Many at once ------------------------------------------------------------------------------------------------- */

#define BATCH 256u /* questions of a call: with the longest names they fit a frame, and so do as many people */

static int fill(struct cs_rights *call, const struct cs_right_question *questions, size_t n)
{
	call->asked = calloc(n, sizeof(*call->asked));
	if (call->asked == NULL)
		return CS_ENOMEM;
	for (; call->n_asked < n; call->n_asked++) {
		const struct cs_right_question *question = &questions[call->n_asked];
		struct cs_right_asked *asked = &call->asked[call->n_asked];

		if (cs_set(&asked->user, question->user != NULL ? question->user : "") < 0 ||
			cs_set(&asked->permission, question->permission) < 0 ||
			cs_set(&asked->scope, question->scope) < 0) {
			call->n_asked++; /* what it has of it is freed with the others */
			return CS_ENOMEM;
		}
	}
	return 0;
}

static int ask_batch(struct cs_client *client, const struct cs_right_question *questions, size_t n,
	struct cs_right_result *ret_results)
{
	struct cs_rights call = { 0 };
	struct cs_rights_answer answer = { 0 };
	int r = fill(&call, questions, n);

	if (r == 0)
		r = cs_client_call(client, CS_CALL_RIGHTS, &call, -1, ANSWER_MS, &answer, NULL);
	if (r == 0 && answer.n_told != n)
		r = CS_EPROTO;
	for (size_t i = 0; r == 0 && i < n; i++) {
		ret_results[i].verdict = answer.told[i].verdict == CS_PERMIT ? CS_PERMIT : CS_DENY;
		ret_results[i].reason = answer.told[i].reason;
	}
	cs_clear(&cs_rights_answer_shape, &answer);
	cs_clear(&cs_rights_shape, &call);
	return r;
}

static int check_questions(const struct cs_right_question *questions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (questions[i].permission == NULL || questions[i].scope == NULL)
			return CS_EINVAL;
	return 0;
}

/* What was told before an error counts for nothing either: nobody should act on a part. */
static void deny_all(struct cs_right_result *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		results[i] = (struct cs_right_result){ .verdict = CS_DENY, .reason = CS_WHY_UNREACHABLE };
}

int cs_has_rights(const char *socket_path, const struct cs_right_question *questions, size_t n,
	struct cs_right_result *ret_results)
{
	struct cs_client *client = NULL;
	int r = 0;

	deny_all(ret_results, n);
	r = check_questions(questions, n);
	if (r == 0)
		r = cs_library_open(socket_path, &client);
	for (size_t i = 0; r == 0 && i < n; i += BATCH)
		r = ask_batch(client, questions + i, n - i < BATCH ? n - i : BATCH, ret_results + i);
	if (r < 0)
		deny_all(ret_results, n);
	cs_client_close(&client);
	return r;
}
