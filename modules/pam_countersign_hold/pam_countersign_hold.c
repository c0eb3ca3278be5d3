/* SPDX-License-Identifier: Apache-2.0 */
/* pam_countersign_hold.so: holds in the session phase until enough people have approved, or, with confirm, asks whether
 * this very process is the one that sudo's plugin was just released for. */
#include "carry.h"
#include "file.h"
#include "hold.h"
#include "limit.h"
#include "line.h"
#include "mem.h"
#include "pam_host.h"
#include <fcntl.h>
#include <security/pam_ext.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* --- Confirm ------------------------------------------------------------------------------------------------------ */

/* sudo's PAM service is another with -i, and the same for sudoedit; the process is what the daemon knows. */
static int fill_confirm(const struct cs_pam *host, struct cs_confirm *call)
{
	const char *service = host->submit.action.service;
	int r = cs_copy(&cs_subject_shape, &host->submit.subject, &call->subject);

	if (r < 0)
		return r;
	call->target_uid = host->submit.action.target_uid;
	return cs_set(&call->service, strcmp(service, "sudo-i") == 0 ? "sudo" : service);
}

/* Whoever called sudo or su could signal it as long as its real uid is his: stop it, and so put off the end of what it runs, or
 * kill it, and leave that without anybody who ends it. Both fork what they run after this. */
static int keep_from_caller(void)
{
	return geteuid() != 0 || setresuid(0, (uid_t)-1, (uid_t)-1) == 0 ? 0 : CS_EPERM;
}

static int confirm(struct cs_pam *host)
{
	struct cs_confirm call = { 0 };
	struct cs_decision decision = { 0 };
	char *text = NULL;
	int code = PAM_PERM_DENIED;
	int r = fill_confirm(host, &call);

	if (r == 0)
		r = cs_client_call(host->client, CS_CALL_CONFIRM, &call, -1, host->args.timeout_ms, &decision, &text);
	if (r < 0) {
		code = cs_pam_failed(host, r, NULL, text);
	} else if (cs_pam_permits_unrecorded_root(host, &decision) == 1) {
		code = PAM_SUCCESS;
	} else {
		code = cs_pam_code(decision.verdict);
		if (code != PAM_SUCCESS)
			(void)cs_pam_error(host, cs_say_denied(&decision, NULL, CS_AGAIN_COMMAND));
		else if (cs_limit_session(decision.session_ms) < 0)
			code = cs_pam_failed(host, CS_EPERM, "the session's time limit could not be set", NULL);
		else if (decision.attend && keep_from_caller() < 0)
			code = cs_pam_failed(host, CS_EPERM, "sudo could not be kept from signals of its caller", NULL);
	}
	cs_free_str(&text);
	cs_clear(&cs_confirm_shape, &call);
	cs_clear(&cs_decision_shape, &decision);
	return code;
}

/* --- Hold --------------------------------------------------------------------------------------------------------- */

static int ask_reason(void *arg, char **ret_reason)
{
	struct cs_pam *host = arg;
	char *reply = NULL;
	int code = PAM_CONV_ERR;

	if (host->interactive && ((unsigned)host->flags & PAM_SILENT) == 0)
		code = pam_prompt(host->pamh, PAM_PROMPT_ECHO_ON, &reply, "Reason for this request: ");
	if (code != PAM_SUCCESS || reply == NULL || reply[0] == '\0') {
		free(reply);
		return CS_EPERM;
	}
	*ret_reason = reply;
	return 0;
}

static int tell(void *arg, const struct cs_decision *before, const struct cs_decision *now)
{
	struct cs_pam *host = arg;

	if (before == NULL)
		return now->state == CS_APPROVED && now->reason != CS_WHY_COOLING
			? 0 : cs_pam_info(host, cs_say_held(now, CS_AGAIN_LOGIN));
	if (now->verdict != CS_HOLD)
		return 0;
	return cs_pam_info(host, cs_say_changes(before, now));
}

static const struct cs_hold_ops hold_ops = { .ask_reason = ask_reason, .tell = tell };

static const char *failure_text(const struct cs_hold *hold, int error)
{
	if (hold->gone)
		return "nobody is there any more";
	return error == CS_EPERM && hold->text == NULL ? "a reason is needed, and none was given" : NULL;
}

/* --- A login that can be ended ------------------------------------------------------------------------------------ */

/* end.sock lies beside the daemon's own. */
static char *end_socket(const char *socket)
{
	const char *slash = strrchr(socket, '/');
	char *path = NULL;

	return slash != NULL && cs_format(&path, "%.*s/end.sock", (int)(slash - socket), socket) == 0 ? path : NULL;
}

/* Without the helper a login cannot be ended. It goes on all the same, unless it has to end after a time. */
static int attend(struct cs_pam *host, const struct cs_decision *decision)
{
	struct cs_attend call = { .kind = CS_ATTEND_LOGIN, .number = decision->number };
	struct cs_client_options options = host->options;
	const void *tty = NULL;
	const char *why = "out of memory";
	char *path = end_socket(host->args.socket), *name = NULL;
	int r = CS_ENOMEM;

	memcpy(call.id, decision->id, CS_ID_LEN);
	if (pam_get_item(host->pamh, PAM_TTY, &tty) == PAM_SUCCESS && tty != NULL && strlen(tty) <= CS_MAX_NAME)
		name = cs_dup(tty);
	call.tty = name;
	options.path = path;
	if (path != NULL)
		r = cs_client_register(&options, &call, host->args.timeout_ms, &why);
	cs_free_str(&path);
	cs_free_str(&name);
	if (r == 0 && keep_from_caller() < 0)
		return cs_pam_failed(host, CS_EPERM, "the session could not be kept from signals of its caller", NULL);
	if (r == 0)
		return PAM_SUCCESS;
	pam_syslog(host->pamh, LOG_WARNING, "request %llu: this login cannot be ended: %s",
		(unsigned long long)decision->number, why);
	host->local_root = false; /* it was held, and answered */
	return decision->session_ms == 0 ? PAM_SUCCESS
		: cs_pam_failed(host, CS_EPERM, "the session's time limit could not be set", NULL);
}

static int hold_login(struct cs_pam *host)
{
	int terminal = host->interactive ? open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK) : -1;
	int line = cs_line_find(host->submit.action.peer);
	struct cs_hold hold = { .client = host->client, .submit = &host->submit, .action = &host->submit.action, .timeout_ms = host->args.timeout_ms,
		.watch_fd = line != -1 ? line : terminal, .ops = &hold_ops, .arg = host };
	struct cs_decision decision = { 0 };
	int code = PAM_PERM_DENIED;
	int r = cs_pam_add_groups(host);

	host->submit.may_wait = host->interactive;
	if (r == 0)
		r = cs_carry_take(host->pamh, &host->submit.reason);
	if (r == 0)
		r = cs_hold_run(&hold, &decision);
	host->local_root = host->local_root && hold.first.number == 0; /* held is answered */
	if (r < 0) {
		code = cs_pam_failed(host, r, failure_text(&hold, r), hold.text);
	} else if (cs_pam_permits_unrecorded_root(host, &decision) == 1) {
		code = PAM_SUCCESS;
	} else {
		code = cs_pam_code(decision.verdict);
		if (code != PAM_SUCCESS)
			(void)cs_pam_error(host,
				cs_say_denied(&decision, hold.first.number != 0 ? &hold.first : NULL, CS_AGAIN_LOGIN));
		else if (decision.attend)
			code = attend(host, &decision);
	}
	cs_clear(&cs_decision_shape, &decision);
	cs_hold_clear(&hold);
	cs_close(&terminal);
	return code;
}

__attribute__((visibility("default"))) int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
	const char **argv)
{
	struct cs_pam host;
	const char *why = NULL;
	int code = PAM_PERM_DENIED;
	int r = cs_pam_start(&host, CS_MODULE_HOLD, pamh, flags, argc, argv);

	if (r < 0) {
		code = cs_pam_not_started(&host, r);
		goto out;
	}
	r = cs_pam_connect(&host, &why);
	if (r < 0)
		code = cs_pam_failed(&host, r, why, NULL);
	else
		code = host.args.confirm ? confirm(&host) : hold_login(&host);
out:
	cs_pam_end(&host);
	return code;
}

__attribute__((visibility("default"))) int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
	const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
