/* SPDX-License-Identifier: Apache-2.0 */
/* What a program asks of others before it does something: submit, wait, claim, cancel, over one connection. */
#include "countersign/client.h"
#include "daemon.h"
#include "mem.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

#define WAIT_MAX_MS 60000u

struct cs_app_request {
	struct cs_client *client;
	uint8_t id[CS_ID_LEN];
	uint8_t secret[CS_ID_LEN];
	uint64_t seen; /* version that the program knows */
};

/* --- The words ---------------------------------------------------------------------------------------------------- */

static int fill_arguments(const struct cs_app_action *action, struct cs_ask *ask)
{
	int r = cs_strv_add(&ask->argv, &ask->n_argv, action->command);

	for (size_t i = 0; r == 0 && i < action->n_arguments; i++)
		r = action->arguments[i] != NULL ? cs_strv_add(&ask->argv, &ask->n_argv, action->arguments[i]) : CS_EINVAL;
	return r;
}

static int fill(const struct cs_app_action *action, struct cs_ask *ask)
{
	if (action->service == NULL || action->command == NULL || (action->n_arguments > 0 && action->arguments == NULL))
		return CS_EINVAL;
	if (cs_is_word(action->command, CS_MAX_NAME) != 1)
		return CS_EINVAL;
	if (action->n_arguments >= CS_MAX_ARGS)
		return CS_ETOOBIG;
	if (cs_set(&ask->service, action->service) < 0 || cs_set(&ask->command, action->command) < 0 ||
		cs_set(&ask->gate, action->gate != NULL ? action->gate : "") < 0 ||
		cs_set(&ask->reason, action->reason != NULL ? action->reason : "") < 0)
		return CS_ENOMEM;
	ask->may_wait = true;
	ask->for_another = action->user != NULL;
	ask->for_uid = action->user != NULL ? *action->user : 0;
	return fill_arguments(action, ask);
}

/* --- The answer --------------------------------------------------------------------------------------------------- */

static void copy_text(char *to, size_t size, const char *from)
{
	char *shown = cs_escaped(from != NULL ? from : "");
	size_t n = shown != NULL ? strlen(shown) : 0;

	if (n >= size)
		n = size - 1;
	if (n > 0)
		memcpy(to, shown, n);
	to[n] = '\0';
	free(shown);
}

static void deny(enum cs_reason reason, struct cs_app_answer *ret_answer)
{
	*ret_answer = (struct cs_app_answer){ .verdict = CS_DENY, .reason = reason };
	copy_text(ret_answer->text, sizeof(ret_answer->text), cs_reason_text(reason));
}

static void take(const struct cs_decision *decision, struct cs_app_answer *ret_answer)
{
	*ret_answer = (struct cs_app_answer){ .verdict = decision->verdict, .reason = decision->reason,
		.state = decision->state, .number = decision->number, .remaining_ms = decision->remaining_ms,
		.missing = decision->missing };
	copy_text(ret_answer->text, sizeof(ret_answer->text), decision->text);
	copy_text(ret_answer->check_code, sizeof(ret_answer->check_code), decision->check_code);
}

/* One call about the request. A reply to anything but a submit or a claim opens nothing, whatever it says. */
static int call(struct cs_app_request *request, enum cs_call_type type, const void *what, uint32_t within_ms,
	struct cs_app_answer *ret_answer)
{
	struct cs_decision decision = { 0 };
	int r = cs_client_call(request->client, type, what, -1, within_ms, &decision, NULL);

	if (r == 0 && decision.verdict == CS_PERMIT && type != CS_CALL_CLAIM)
		r = CS_EPROTO;
	if (r == 0) {
		take(&decision, ret_answer);
		request->seen = decision.version;
	} else {
		deny(CS_WHY_UNREACHABLE, ret_answer);
	}
	cs_clear(&cs_decision_shape, &decision);
	return r;
}

/* --- Asking ------------------------------------------------------------------------------------------------------- */

/* Held for this connection, which is handed over with it. */
static int keep(struct cs_client **client, const struct cs_decision *decision, struct cs_app_request **ret_request)
{
	struct cs_app_request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return CS_ENOMEM;
	memcpy(request->id, decision->id, CS_ID_LEN);
	memcpy(request->secret, decision->secret, CS_ID_LEN);
	request->seen = decision->version;
	request->client = *client;
	*client = NULL;
	*ret_request = request;
	return 0;
}

static int submit(struct cs_client **client, const struct cs_ask *ask, struct cs_app_request **ret_request,
	struct cs_app_answer *ret_answer)
{
	struct cs_decision decision = { 0 };
	int r = cs_client_call(*client, CS_CALL_ASK, ask, -1, ANSWER_MS, &decision, NULL);

	if (r == 0 && decision.verdict == CS_HOLD && decision.number == 0)
		decision.verdict = CS_DENY; /* a reason is missing: nothing is held */
	if (r == 0 && decision.verdict == CS_HOLD)
		r = keep(client, &decision, ret_request);
	if (r == 0)
		take(&decision, ret_answer);
	explicit_bzero(decision.secret, sizeof(decision.secret));
	cs_clear(&cs_decision_shape, &decision);
	return r;
}

int cs_app_submit(const char *socket_path, const struct cs_app_action *action, struct cs_app_request **ret_request,
	struct cs_app_answer *ret_answer)
{
	struct cs_client *client = NULL;
	struct cs_ask ask = { 0 };
	int r = fill(action, &ask);

	*ret_request = NULL;
	deny(CS_WHY_UNREACHABLE, ret_answer);
	if (r == 0)
		r = cs_library_open(socket_path, &client);
	if (r == 0)
		r = submit(&client, &ask, ret_request, ret_answer);
	cs_clear(&cs_ask_shape, &ask);
	cs_client_close(&client);
	return r;
}

int cs_app_wait(struct cs_app_request *request, uint32_t within_ms, struct cs_app_answer *ret_answer)
{
	uint32_t ms = within_ms < WAIT_MAX_MS ? within_ms : WAIT_MAX_MS;
	struct cs_wait what = { .seen = request->seen, .wait_ms = ms };
	int r = 0;

	memcpy(what.id, request->id, CS_ID_LEN);
	memcpy(what.secret, request->secret, CS_ID_LEN);
	r = call(request, CS_CALL_WAIT, &what, ms + ANSWER_MS, ret_answer);
	explicit_bzero(&what, sizeof(what));
	return r;
}

int cs_app_claim(struct cs_app_request *request, struct cs_app_answer *ret_answer)
{
	struct cs_claim what = { 0 };
	int r = 0;

	memcpy(what.id, request->id, CS_ID_LEN);
	memcpy(what.secret, request->secret, CS_ID_LEN);
	r = call(request, CS_CALL_CLAIM, &what, ANSWER_MS, ret_answer);
	explicit_bzero(&what, sizeof(what));
	return r;
}

int cs_app_cancel(struct cs_app_request *request, struct cs_app_answer *ret_answer)
{
	struct cs_cancel what = { 0 };
	int r = 0;

	memcpy(what.id, request->id, CS_ID_LEN);
	memcpy(what.secret, request->secret, CS_ID_LEN);
	r = call(request, CS_CALL_CANCEL, &what, ANSWER_MS, ret_answer);
	explicit_bzero(&what, sizeof(what));
	return r;
}

void cs_app_close(struct cs_app_request **request)
{
	if (request == NULL || *request == NULL)
		return;
	cs_client_close(&(*request)->client);
	explicit_bzero(*request, sizeof(**request));
	free(*request);
	*request = NULL;
}
