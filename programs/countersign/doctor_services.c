/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor: whether the lines of a service belong together, and whether the service is one for them. */
#include "doctor.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* --- The lines of one service together ------------------------------------------------------------------------------ */

typedef void (*service_look)(struct cs_doctor *doctor, const struct cs_doctor_service *service,
	const struct cs_pam_line *account, const struct cs_pam_line *session);

static void each_service(struct cs_doctor *doctor, service_look look)
{
	for (size_t i = 0; i < doctor->n_services; i++) {
		const struct cs_doctor_service *service = &doctor->services[i];
		const struct cs_pam_line *account = cs_doctor_line(service, CS_PAM_ACCOUNT, CS_DOCTOR_ACCOUNT);
		const struct cs_pam_line *session = cs_doctor_line(service, CS_PAM_SESSION, CS_DOCTOR_HOLD);

		if (!service->part && !cs_doctor_damaged(service) && (account != NULL || session != NULL))
			look(doctor, service, account, session);
	}
}

/* sudo's plugin asks before its session line confirms; all others have but their lines. */
static bool is_sudo(const struct cs_doctor_service *service)
{
	return strcmp(service->name, "sudo") == 0 || strcmp(service->name, "sudo-i") == 0;
}

static void account_alone(struct cs_doctor *doctor, const struct cs_doctor_service *service,
	const struct cs_pam_line *account, const struct cs_pam_line *session)
{
	if (account != NULL && session == NULL && cs_doctor_has_argument(account, "hold=session") &&
		!cs_doctor_found(doctor, &account->at))
		cs_doctor_find(doctor, &account->at,
			"add \"session required pam_countersign_hold.so\" after the other session lines of the service, or take "
			"hold=session away",
			"hold=session lets %s go on to a session line that holds, and there is none: what a gate holds is "
			"permitted",
			service->name);
}

void cs_doctor_pam_account_alone(struct cs_doctor *doctor)
{
	each_service(doctor, account_alone);
}

static void session_alone(struct cs_doctor *doctor, const struct cs_doctor_service *service,
	const struct cs_pam_line *account, const struct cs_pam_line *session)
{
	if (session != NULL && account == NULL && !is_sudo(service) && !cs_doctor_found(doctor, &session->at))
		cs_doctor_find(doctor, &session->at,
			"add \"account required pam_countersign.so hold=session\" before the other account lines of the service",
			"%s is denied only when its session begins: a connection of ssh -N stays, and nobody is told cleanly",
			service->name);
}

void cs_doctor_pam_session_alone(struct cs_doctor *doctor)
{
	each_service(doctor, session_alone);
}

static void held_denied(struct cs_doctor *doctor, const struct cs_doctor_service *service,
	const struct cs_pam_line *account, const struct cs_pam_line *session)
{
	bool right = false;

	for (size_t i = 0; account != NULL && i < account->n_args; i++)
		right = right || strncmp(account->args[i], "permission=", 11) == 0;
	if (account != NULL && session != NULL && !right && !cs_doctor_has_argument(account, "hold=session") &&
		!cs_doctor_found(doctor, &account->at))
		cs_doctor_find(doctor, &account->at, "add hold=session to this line",
			"without hold=session %s is denied what its session line would hold: nobody is ever asked",
			service->name);
}

void cs_doctor_pam_held_denied(struct cs_doctor *doctor)
{
	each_service(doctor, held_denied);
}

static void confirm(struct cs_doctor *doctor, const struct cs_doctor_service *service, const struct cs_pam_line *account,
	const struct cs_pam_line *session)
{
	bool confirms = session != NULL && cs_doctor_has_argument(session, "confirm");

	(void)account;
	if (session == NULL || confirms == is_sudo(service) || cs_doctor_found(doctor, &session->at))
		return;
	if (confirms)
		cs_doctor_find(doctor, &session->at, "take \"confirm\" away",
			"\"confirm\" asks for a release by sudo's plugin, which %s never has: everybody is refused",
			service->name);
	else
		cs_doctor_find(doctor, &session->at, "add \"confirm\" to this line",
			"without \"confirm\" this line holds once more, and does not see whether the plugin asked anybody");
}

void cs_doctor_pam_confirm(struct cs_doctor *doctor)
{
	each_service(doctor, confirm);
}

/* --- Pairs and kinds of services ------------------------------------------------------------------------------------ */

/* A service without a file is libpam's "other". */
static bool has_line(const struct cs_doctor *doctor, const char *name, enum cs_pam_phase phase, enum cs_doctor_module module)
{
	const struct cs_doctor_service *service = cs_doctor_service(doctor, name);

	return cs_doctor_line(service != NULL ? service : cs_doctor_service(doctor, "other"), phase, module) != NULL;
}

static void want_both(struct cs_doctor *doctor, const char *one, const char *two, enum cs_pam_phase phase,
	enum cs_doctor_module module, const char *how)
{
	bool first = has_line(doctor, one, phase, module), second = has_line(doctor, two, phase, module);
	const char *with = first ? one : two, *without = first ? two : one;
	const struct cs_doctor_service *lacks = cs_doctor_service(doctor, without);
	char *file = NULL, *mend = NULL;

	if (first == second || (lacks != NULL && cs_doctor_damaged(lacks)))
		return;
	if (cs_format(&file, "/etc/pam.d/%s", without) < 0 ||
		cs_format(&mend, "add the %s line of /etc/pam.d/%s here", cs_pam_phase_name(phase), with) < 0)
		doctor->error = CS_ENOMEM;
	else
		cs_doctor_find_file(doctor, file, mend, "%s has our %s line and %s has none: %s", with, cs_pam_phase_name(phase),
			without, how);
	free(file);
	free(mend);
}

void cs_doctor_pam_sudo_login(struct cs_doctor *doctor)
{
	want_both(doctor, "sudo", "sudo-i", CS_PAM_SESSION, CS_DOCTOR_HOLD,
		"\"sudo -i\" and the rest of sudo are two services, and only one is confirmed");
}

void cs_doctor_pam_su_login(struct cs_doctor *doctor)
{
	const char *how = "\"su -\" and \"su\" are two services, and only one is asked about";

	want_both(doctor, "su", "su-l", CS_PAM_ACCOUNT, CS_DOCTOR_ACCOUNT, how);
	want_both(doctor, "su", "su-l", CS_PAM_SESSION, CS_DOCTOR_HOLD, how);
}

void cs_doctor_pam_nobody_waits(struct cs_doctor *doctor)
{
	static const char *const names[] = { "cron", "crond", "anacron", "atd", "systemd-user", "runuser", "runuser-l", "ppp",
		"vsftpd", "samba", "dovecot", "postgresql", "cups" };

	for (size_t i = 0; i < CS_COUNT(names); i++) {
		const struct cs_pam_line *line = cs_doctor_line(cs_doctor_service(doctor, names[i]), CS_PAM_SESSION,
			CS_DOCTOR_HOLD);

		if (line != NULL)
			cs_doctor_find(doctor, &line->at,
				"keep this line out of what the service includes: put it into the files of sshd and su",
				"nobody waits for %s: whatever a gate holds there is refused at once", names[i]);
	}
}

void cs_doctor_pam_console(struct cs_doctor *doctor)
{
	static const char *const names[] = { "login", "gdm-password", "lightdm", "sddm", "xdm" };

	for (size_t i = 0; i < CS_COUNT(names); i++) {
		const struct cs_pam_line *line = cs_doctor_line(cs_doctor_service(doctor, names[i]), CS_PAM_SESSION,
			CS_DOCTOR_HOLD);

		if (line != NULL)
			cs_doctor_find(doctor, &line->at, "take the session line out; an account line without hold=session is enough",
				"%s at the console is held: when approvers cannot be reached only root still gets in here",
				names[i]);
	}
}

static bool has_module(const struct cs_doctor_service *service, enum cs_pam_phase phase, const char *name)
{
	for (size_t i = 0; i < service->stacks[phase].lines.n; i++)
		if (strcmp(cs_pam_module_name(&service->stacks[phase].lines.at[i]), name) == 0)
			return true;
	return false;
}

void cs_doctor_pam_login_uid(struct cs_doctor *doctor)
{
	static const char *const names[] = { "sshd", "login" };

	for (size_t i = 0; i < CS_COUNT(names); i++) {
		const struct cs_doctor_service *service = cs_doctor_service(doctor, names[i]);
		char *file = NULL;

		if (service == NULL || !cs_doctor_guards(service) || cs_doctor_damaged(service) ||
			has_module(service, CS_PAM_SESSION, "pam_loginuid.so"))
			continue;
		if (cs_format(&file, "/etc/pam.d/%s", names[i]) < 0) {
			doctor->error = CS_ENOMEM;
			return;
		}
		cs_doctor_find_file(doctor, file, "add \"session required pam_loginuid.so\" before our line",
			"%s does not set the login uid: after su or sudo nobody knows any more who came in", names[i]);
		free(file);
	}
}

void cs_doctor_pam_systemd(struct cs_doctor *doctor)
{
	const struct cs_doctor_service *service = cs_doctor_service(doctor, "sshd");
	const struct cs_pam_line *hold = cs_doctor_line(service, CS_PAM_SESSION, CS_DOCTOR_HOLD);

	for (size_t i = 0; hold != NULL && &service->stacks[CS_PAM_SESSION].lines.at[i] != hold; i++) {
		const struct cs_pam_line *line = &service->stacks[CS_PAM_SESSION].lines.at[i];

		if (strcmp(cs_pam_module_name(line), "pam_systemd.so") == 0)
			cs_doctor_find(doctor, &line->at,
				"mask user@.service where nobody needs units of his own; cron and at are the like: pam.d/cron.example",
				"comes before the line that holds: the units that people enabled for themselves start while their login "
				"is held");
	}
}
