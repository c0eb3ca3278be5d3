/* SPDX-License-Identifier: Apache-2.0 */
/* libcountersign's one question. */
#include "countersign/client.h"
#include "args.h"
#include "client.h"
#include "mem.h"

#define ANSWER_MS 6000u

/* Without such a user on the machine only root may be behind the socket. */
static uid_t server_uid(void)
{
	const struct cs_args args = { .server = CS_DEFAULT_SERVER };
	uint32_t uid = 0;

	return cs_args_server_uid(&args, &uid) == 0 ? (uid_t)uid : 0;
}

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
	struct cs_client_options options = { .path = socket_path != NULL ? socket_path : COUNTERSIGN_PEOPLE_SOCKET };
	struct cs_right_answer answer = { 0 };
	struct cs_client *client = NULL;
	int r = 0;

	if (permission == NULL || scope == NULL)
		return CS_EINVAL;
	options.server_uid = server_uid();
	r = cs_client_open(&options, &client, NULL);
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
