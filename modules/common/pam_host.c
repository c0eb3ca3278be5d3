/* SPDX-License-Identifier: Apache-2.0 */
/* PAM items to subject and action; answers to PAM codes. */
#include "pam_host.h"
#include "hold.h"
#include "mem.h"
#include "services.h"
#include "text.h"
#include "users.h"
#include <arpa/inet.h>
#include <security/pam_ext.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define CONFIRM_FDS 4096 /* below it sudo's plugin may have left its connection */

static const char *item(const struct cs_pam *host, int type)
{
	const void *value = NULL;

	if (pam_get_item(host->pamh, type, &value) != PAM_SUCCESS)
		return NULL;
	return value;
}

/* --- Arguments ----------------------------------------------------------------------------------------------------- */

static void report_arguments(struct cs_pam *host, const struct cs_args_problem *problem)
{
	char *argument = cs_escaped(problem->argument != NULL ? problem->argument : "");

	pam_syslog(host->pamh, LOG_ERR, "argument%s%s %s: everybody but root on this machine is denied", problem->argument != NULL ? " " : "s",
		argument != NULL ? argument : "", problem->what);
	cs_free_str(&argument);
	(void)cs_pam_error(host,
		cs_dup("countersign: this module is set up wrongly: access denied; the system log says more\n"));
}

static int read_arguments(struct cs_pam *host, enum cs_module module, int argc, const char **argv)
{
	struct cs_args_problem problem = { 0 };
	int r = cs_args_parse(module, argc > 0 ? (size_t)argc : 0, argv, &host->args, &problem);

	if (r < 0)
		report_arguments(host, &problem);
	return r;
}

/* --- Who asks for what ---------------------------------------------------------------------------------------------- */

/* sudo names a target without a passwd entry "#1234". Nobody logs in under such a name. */
static int find_target(const char *name, int switches, struct cs_user *ret_user)
{
	struct cs_user user = { 0 };
	int r = cs_user_by_name(name, &user);

	if (r == CS_ENOENT && switches && name[0] == '#' && cs_args_id(name + 1, &user.uid) == 0) {
		user.gid = user.uid;
		user.name = cs_dup(name);
		r = user.name != NULL ? 0 : CS_ENOMEM;
	}
	if (r == 0)
		*ret_user = user;
	return r;
}

/* The name under which he asked, where it is one of the real uid's; several names may share one uid. */
static int find_switcher(const char *claimed, struct cs_user *ret_user)
{
	uint32_t uid = (uint32_t)getuid();
	struct cs_user user = { 0 };

	if (claimed != NULL && cs_user_by_name(claimed, &user) == 0) {
		if (user.uid == uid) {
			*ret_user = user;
			return 0;
		}
		cs_user_clear(&user);
	}
	return cs_user_by_uid(uid, ret_user);
}

/* sudoedit has made root its real uid by the time of its session. Root, whom sudo names nobody else, stays root; and nobody
 * is taken for root by what is said. */
static int find_asker(const struct cs_service *service, const char *claimed, struct cs_user *ret_user)
{
	if (service->tells && getuid() == 0 && claimed != NULL)
		return cs_user_by_name(claimed, ret_user);
	return find_switcher(claimed, ret_user);
}

/* Both sudo and the kernel have to say so, where sudo says anything (Defaults !pam_ruser). */
static int is_local_root(const struct cs_pam *host, const struct cs_service *service)
{
	return host->submit.subject.uid == 0 && host->submit.action.peer[0] == '\0' &&
	       (!service->tells || item(host, PAM_RUSER) != NULL);
}

static int is_numeric_address(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

/* Where he comes from, without asking any name server (A029). What is no address is still remote. */
static const char *peer_of(const struct cs_pam *host)
{
	const char *rhost = item(host, PAM_RHOST);
	const char *tty = item(host, PAM_TTY);

	if (rhost != NULL && rhost[0] != '\0')
		return is_numeric_address(rhost) ? rhost : "unknown";
	/* sshd leaves PAM_RHOST out when it could not tell. */
	return tty != NULL && strcmp(tty, "ssh") == 0 ? "unknown" : "";
}

static int has_terminal(const struct cs_pam *host)
{
	const char *tty = item(host, PAM_TTY);

	return tty != NULL && tty[0] != '\0';
}

static int is_attended(const struct cs_pam *host, const struct cs_service *service)
{
	if (host->args.interactive_given)
		return host->args.interactive;
	return service->attended == CS_ATTENDED_ALWAYS ||
	       (service->attended == CS_ATTENDED_TERMINAL && has_terminal(host));
}

static int fill_subject(struct cs_pam *host, const struct cs_user *user)
{
	host->submit.subject.uid = user->uid;
	host->submit.subject.login_uid = cs_user_login_uid();
	return cs_set(&host->submit.subject.name, user->name);
}

static int fill_action(struct cs_pam *host, const char *service, const struct cs_user *target)
{
	struct cs_action *action = &host->submit.action;
	const char *tty = item(host, PAM_TTY);

	action->target_uid = target->uid;
	action->target_gid = target->gid;
	if (cs_set(&action->service, service) < 0 || cs_set(&action->target_name, target->name) < 0 ||
		cs_set(&action->tty, tty != NULL ? tty : "") < 0 || cs_set(&action->peer, peer_of(host)) < 0)
		return CS_ENOMEM;
	return 0;
}

static int gather(struct cs_pam *host, const char **ret_why)
{
	const char *service = item(host, PAM_SERVICE), *user = item(host, PAM_USER);
	const struct cs_service *known = cs_service_find(service != NULL ? service : "");
	struct cs_user target = { 0 }, asking = { 0 };
	int r = 0;

	*ret_why = "PAM names no user or no service";
	if (service == NULL || user == NULL || user[0] == '\0')
		return CS_EINVAL;
	*ret_why = "the user could not be looked up";
	r = find_target(user, known->switches, &target);
	if (r == 0 && known->switches)
		r = find_asker(known, item(host, PAM_RUSER), &asking);
	if (r == 0)
		r = fill_subject(host, known->switches ? &asking : &target);
	if (r == 0)
		r = fill_action(host, service, &target);
	host->interactive = is_attended(host, known) == 1;
	host->at_terminal = known->attended == CS_ATTENDED_TERMINAL;
	host->local_root = r == 0 && is_local_root(host, known) == 1;
	cs_user_clear(&target);
	cs_user_clear(&asking);
	return r;
}

int cs_pam_start(struct cs_pam *host, enum cs_module module, pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *why = NULL;
	int r = 0;

	memset(host, 0, sizeof(*host));
	host->pamh = pamh;
	host->flags = flags;
	r = read_arguments(host, module, argc, argv);
	if (gather(host, &why) < 0 && r == 0) {
		(void)cs_pam_failed(host, CS_EPERM, why, NULL);
		r = CS_EPERM;
	}
	return r;
}

int cs_pam_not_started(const struct cs_pam *host, int error)
{
	if (!host->local_root)
		return error == CS_EINVAL ? PAM_SERVICE_ERR : PAM_PERM_DENIED;
	pam_syslog(host->pamh, LOG_WARNING, "permitted root, who can mend the line: not recorded");
	return PAM_SUCCESS;
}

int cs_pam_connect(struct cs_pam *host, const char **ret_why)
{
	uint32_t uid = CS_NO_UID;

	if (cs_args_server_uid(&host->args, &uid) < 0) {
		*ret_why = "its user could not be looked up";
		return CS_EUNAVAIL;
	}
	host->options.path = host->args.socket;
	host->options.server_uid = (uid_t)uid;
	/* What the plugin was told counts for its own connection. Without one the daemon is asked all the same: it knows
	 * of no release then, and says so. */
	if (host->args.confirm && cs_client_resume(&host->options, CONFIRM_FDS, &host->client) == 0)
		return 0;
	return cs_client_open(&host->options, &host->client, ret_why);
}

int cs_pam_add_groups(struct cs_pam *host)
{
	struct cs_action *action = &host->submit.action;
	struct cs_user target = { .uid = action->target_uid, .gid = action->target_gid, .name = action->target_name };

	return cs_user_groups(&target, &action->target_groups, &action->n_target_groups);
}

void cs_pam_end(struct cs_pam *host)
{
	cs_client_close(&host->client);
	cs_clear(&cs_submit_shape, &host->submit);
}

/* --- Answers -------------------------------------------------------------------------------------------------------- */

int cs_pam_code(enum cs_verdict verdict)
{
	/* sudo takes PAM_SESSION_ERR from a session for a trifle and runs the command; PAM_PERM_DENIED it does not. */
	return verdict == CS_PERMIT ? PAM_SUCCESS : PAM_PERM_DENIED;
}

int cs_pam_permits_unrecorded_root(struct cs_pam *host, const struct cs_decision *decision)
{
	return host->local_root && cs_could_not_record(decision) == 1 &&
	       cs_pam_failed(host, CS_EIO, "it cannot record", NULL) == PAM_SUCCESS;
}

int cs_pam_failed(struct cs_pam *host, int error, const char *why, const char *text)
{
	char *said = NULL;

	if (host->local_root && cs_could_not_ask(error) == 1) {
		pam_syslog(host->pamh, LOG_WARNING, "permitted root without countersignd: not recorded (%s)",
			why != NULL ? why : cs_strerror(error));
		return PAM_SUCCESS;
	}
	said = cs_say_error(error, why, text);
	pam_syslog(host->pamh, LOG_ERR, "denied: %s", why != NULL ? why : cs_strerror(error));
	(void)cs_pam_error(host, said);
	return error == CS_ENOMEM ? PAM_BUF_ERR : PAM_PERM_DENIED;
}

/* --- The conversation ------------------------------------------------------------------------------------------------ */

static int show(struct cs_pam *host, int style, char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;
	int code = PAM_SUCCESS;

	if (text == NULL)
		return CS_ENOMEM;
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0'; /* the application ends the line itself */
	if (len > 0)
		code = pam_prompt(host->pamh, style, NULL, "%s", text);
	free(text);
	return code == PAM_SUCCESS ? 0 : CS_EPERM;
}

int cs_pam_info(struct cs_pam *host, char *text)
{
	if (text != NULL && ((unsigned)host->flags & PAM_SILENT) != 0) {
		free(text);
		return 0;
	}
	/* su writes the one to standard output, where the command's own output goes. */
	return show(host, host->at_terminal ? PAM_ERROR_MSG : PAM_TEXT_INFO, text);
}

int cs_pam_error(struct cs_pam *host, char *text)
{
	return show(host, PAM_ERROR_MSG, text);
}
