/* SPDX-License-Identifier: Apache-2.0 */
/* The front: prompts before the hold. Under keyboard-interactive sshd runs the account phase where its conversation reaches
 * the person; everywhere else the first prompt fails, and the session phase does it all alone. */
#include "front.h"
#include "carry.h"
#include "mem.h"
#include <security/pam_ext.h>
#include <stdlib.h>
#include <string.h>

#define REASON_TRIES 3
#define ASK_REASON "countersign: others have to approve this login; it is held until they have\nReason for this request: "
#define ASK_AGAIN  "countersign: a reason of 1 to 1024 bytes is needed\nReason for this request: "

/* Allocated; NULL when nobody can be asked. */
static char *prompt(struct cs_pam *host, const char *text)
{
	char *reply = NULL;

	if (pam_prompt(host->pamh, PAM_PROMPT_ECHO_ON, &reply, "%s", text) == PAM_SUCCESS && reply != NULL)
		return reply;
	free(reply);
	return NULL;
}

/* 1: there is a reason; 0: nobody can be asked, which the session phase will see for itself; CS_EPERM: none was given;
 * CS_ENOMEM. */
static int ask_reason(struct cs_pam *host)
{
	const char *text = ASK_REASON;

	for (int tries = 0; tries < REASON_TRIES; tries++, text = ASK_AGAIN) {
		char *reply = prompt(host, text);
		int r = CS_EPERM;

		if (reply != NULL && reply[0] != '\0' && strlen(reply) <= CS_MAX_REASON)
			r = cs_set(&host->submit.reason, reply) == 0 ? cs_carry_put(host->pamh, reply) : CS_ENOMEM;
		else if (reply == NULL)
			return 0;
		free(reply);
		if (r != CS_EPERM)
			return r == 0 ? 1 : r;
	}
	return CS_EPERM;
}

static int ask_ahead(struct cs_pam *host, struct cs_decision *ret_decision, char **ret_text)
{
	cs_clear(&cs_decision_shape, ret_decision);
	return cs_client_call(host->client, CS_CALL_SUBMIT, &host->submit, -1, host->args.timeout_ms, ret_decision,
		ret_text);
}

static int needs_reason(const struct cs_decision *decision)
{
	return decision->verdict == CS_HOLD && decision->reason == CS_WHY_NEEDS_REASON;
}

/* The request is there: what it waits for is seen when Enter is asked for. */
static int show(struct cs_pam *host, const struct cs_decision *decision)
{
	char *said = NULL, *text = NULL;
	int r = 0;

	if (decision->state != CS_PENDING)
		return 0;
	said = cs_say_held(decision, CS_AGAIN_LOGIN);
	r = said != NULL ? cs_format(&text, "%sPress Enter to wait for it: ", said) : CS_ENOMEM;
	if (r == 0)
		free(prompt(host, text));
	cs_free_str(&said);
	cs_free_str(&text);
	return r;
}

/* A request that is open, or a login that needs none by now: the session phase decides. */
static int answer(struct cs_pam *host, const struct cs_decision *decision)
{
	if (decision->verdict == CS_DENY && decision->reason == CS_WHY_NOT_WAITING)
		return show(host, decision) == 0 ? PAM_SUCCESS : PAM_BUF_ERR;
	(void)cs_pam_error(host, cs_say_denied(decision, NULL, CS_AGAIN_LOGIN));
	return PAM_PERM_DENIED;
}

int cs_front(struct cs_pam *host)
{
	struct cs_decision decision = { 0 };
	char *text = NULL;
	int code = PAM_PERM_DENIED, r = 0;

	if (!host->interactive || ((unsigned)host->flags & PAM_SILENT) != 0)
		return PAM_SUCCESS;
	host->submit.only_ask = host->submit.asked_again = false;
	host->submit.ahead = true;
	r = cs_pam_add_groups(host);
	if (r == 0)
		r = ask_ahead(host, &decision, &text);
	if (r == 0 && needs_reason(&decision)) {
		r = ask_reason(host);
		if (r == 0)
			code = PAM_SUCCESS;
		else if (r == 1)
			r = ask_ahead(host, &decision, &text);
	}
	if (r < 0)
		code = cs_pam_failed(host, r, r == CS_EPERM && text == NULL ? "a reason is needed, and none was given" : NULL,
			text);
	else if (code != PAM_SUCCESS)
		code = answer(host, &decision);
	cs_free_str(&text);
	cs_clear(&cs_decision_shape, &decision);
	return code;
}
