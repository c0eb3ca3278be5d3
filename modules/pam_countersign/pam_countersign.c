/* SPDX-License-Identifier: Apache-2.0 */
/* pam_countersign.so: authorizes in the account phase. It asks either for a plain right (permission=) or what the policy says
 * of this login; with front it also tells the person what he will wait for. */
#include "front.h"
#include "mem.h"
#include "pam_host.h"
#include "text.h"
#include <security/pam_ext.h>
#include <syslog.h>

static int tell_denied(struct cs_pam *host, const struct cs_decision *decision)
{
	(void)cs_pam_error(host, cs_say_denied(decision, NULL, CS_AGAIN_LOGIN));
	return PAM_PERM_DENIED;
}

static int ask_right(struct cs_pam *host)
{
	struct cs_right call = { 0 };
	struct cs_right_answer answer = { 0 };
	char *text = NULL;
	int code = PAM_PERM_DENIED, r = 0;

	if (cs_set(&call.user, host->submit.subject.name) < 0 || cs_set(&call.permission, host->args.permission) < 0 ||
		cs_set(&call.scope, host->args.scope != NULL ? host->args.scope : "*") < 0)
		r = CS_ENOMEM;
	if (r == 0)
		r = cs_client_call(host->client, CS_CALL_RIGHT, &call, -1, host->args.timeout_ms, &answer, &text);
	if (r < 0) {
		code = cs_pam_failed(host, r, NULL, text);
	} else {
		struct cs_decision shown = { .verdict = answer.verdict, .reason = answer.reason, .text = answer.text };

		code = cs_pam_code(answer.verdict);
		if (code != PAM_SUCCESS)
			(void)tell_denied(host, &shown);
	}
	cs_free_str(&text);
	cs_clear(&cs_right_shape, &call);
	cs_clear(&cs_right_answer_shape, &answer);
	return code;
}

/* A hold is success here only where the administrator says that the session phase will hold. */
static int judge(struct cs_pam *host, const struct cs_decision *decision)
{
	if (decision->verdict == CS_HOLD && host->args.hold_in_session)
		return host->args.front ? cs_front(host) : PAM_SUCCESS;
	if (cs_pam_permits_unrecorded_root(host, decision) == 1)
		return PAM_SUCCESS;
	if (decision->verdict == CS_HOLD) {
		pam_syslog(host->pamh, LOG_ERR, "denied: gate %s holds, but without hold=session nothing waits for approval",
			cs_is_word(decision->gate, CS_MAX_NAME) == 1 ? decision->gate : "?");
		return tell_denied(host, decision);
	}
	return decision->verdict == CS_PERMIT ? cs_pam_code(decision->verdict) : tell_denied(host, decision);
}

static int ask_policy(struct cs_pam *host)
{
	struct cs_decision decision = { 0 };
	char *text = NULL;
	int code = PAM_PERM_DENIED, r = 0;

	host->submit.only_ask = true;
	host->submit.asked_again = host->args.hold_in_session;
	r = cs_client_call(host->client, CS_CALL_SUBMIT, &host->submit, -1, host->args.timeout_ms, &decision, &text);
	code = r < 0 ? cs_pam_failed(host, r, NULL, text) : judge(host, &decision);
	cs_free_str(&text);
	cs_clear(&cs_decision_shape, &decision);
	return code;
}

__attribute__((visibility("default"))) int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct cs_pam host;
	const char *why = NULL;
	int code = PAM_PERM_DENIED;
	int r = cs_pam_start(&host, CS_MODULE_ACCOUNT, pamh, flags, argc, argv);

	if (r < 0) {
		code = cs_pam_not_started(&host, r);
		goto out;
	}
	r = cs_pam_connect(&host, &why);
	if (r < 0)
		code = cs_pam_failed(&host, r, why, NULL);
	else if (host.args.permission != NULL && !host.local_root)
		code = ask_right(&host);
	else
		code = ask_policy(&host); /* root on this machine is nobody in the directory: recorded, not looked up */
out:
	cs_pam_end(&host);
	return code;
}
