/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor: whether sshd goes by PAM, and what stands beside it. */
#include "doctor.h"
#include "mem.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool guarded(const struct cs_doctor *doctor)
{
	return doctor->sshd.there && cs_doctor_guarded(doctor, "sshd");
}

static bool is_yes(const char *value)
{
	return strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0;
}

/* A number, with a unit of sshd's; 0 where there is none. */
static unsigned long seconds(const char *value)
{
	char *end = NULL;
	unsigned long n = strtoul(value, &end, 10);

	if (*end == 'm' || *end == 'M')
		return n * 60;
	return *end == 'h' || *end == 'H' ? n * 3600 : n;
}

void cs_doctor_sshd_wrong(struct cs_doctor *doctor)
{
	if (doctor->sshd.wrong != NULL)
		cs_doctor_find_file(doctor, CS_SSHD_CONFIG, "correct it, and try: sshd -t", "sshd says: %s", doctor->sshd.wrong);
}

void cs_doctor_sshd_pam(struct cs_doctor *doctor)
{
	struct cs_place at = cs_sshd_place(&doctor->sshd, 0, "usepam");

	if (guarded(doctor) && !is_yes(cs_sshd_value(&doctor->sshd, 0, "usepam")))
		cs_doctor_find(doctor, &at, "write: UsePAM yes", "sshd does not use PAM: no line of /etc/pam.d/sshd is ever asked");
}

void cs_doctor_sshd_service(struct cs_doctor *doctor)
{
	const char *name = cs_sshd_value(&doctor->sshd, 0, "pamservicename");
	struct cs_place at = cs_sshd_place(&doctor->sshd, 0, "pamservicename");

	if (guarded(doctor) && name[0] != '\0' && strcmp(name, "sshd") != 0 && !cs_doctor_guarded(doctor, name))
		cs_doctor_find(doctor, &at, "write our lines into the file of that service, or take PAMServiceName out",
			"sshd asks PAM for %s, and our lines are in /etc/pam.d/sshd", name);
}

/* What the account line waits for an answer at most. */
static unsigned long patience(const struct cs_doctor *doctor)
{
	const struct cs_pam_line *line = cs_doctor_line(cs_doctor_service(doctor, "sshd"), CS_PAM_ACCOUNT, CS_DOCTOR_ACCOUNT);

	for (size_t i = 0; line != NULL && i < line->n_args; i++)
		if (strncmp(line->args[i], "timeout=", 8) == 0)
			return strtoul(line->args[i] + 8, NULL, 10);
	return line != NULL ? 6 : 0;
}

void cs_doctor_sshd_grace(struct cs_doctor *doctor)
{
	struct cs_place at = cs_sshd_place(&doctor->sshd, 0, "logingracetime");
	unsigned long grace = seconds(cs_sshd_value(&doctor->sshd, 0, "logingracetime")), wait = patience(doctor);

	if (guarded(doctor) && grace > 0 && wait > 0 && grace <= 2 * wait)
		cs_doctor_find(doctor, &at, "give LoginGraceTime at least 30 seconds",
			"LoginGraceTime is %lu s, and the account line may need %lu s: sshd ends logins before they are answered",
			grace, wait);
}

void cs_doctor_sshd_startups(struct cs_doctor *doctor)
{
	const char *value = cs_sshd_value(&doctor->sshd, 0, "maxstartups");
	struct cs_place at = cs_sshd_place(&doctor->sshd, 0, "maxstartups");

	if (guarded(doctor) && seconds(value) < 10)
		cs_doctor_find(doctor, &at, "write: MaxStartups 10:30:100",
			"MaxStartups is %s: a few logins that hang before the session shut approvers out", value);
}

/* The line that shows a front, or an auth line of ours. */
static const struct cs_pam_line *asks_early(const struct cs_doctor *doctor)
{
	const struct cs_doctor_service *service = cs_doctor_service(doctor, "sshd");
	const struct cs_pam_line *account = cs_doctor_line(service, CS_PAM_ACCOUNT, CS_DOCTOR_ACCOUNT);

	return account != NULL && cs_doctor_has_argument(account, "front") ? account
									   : cs_doctor_line(service, CS_PAM_AUTH, CS_DOCTOR_OTHER);
}

/* Somebody comes to it: keyboard-interactive is on for him, and what he has to authenticate by does not leave it out. */
static bool reaches_keyboard(const struct cs_doctor *doctor, size_t block)
{
	const char *methods = cs_sshd_value(&doctor->sshd, block, "authenticationmethods");

	return is_yes(cs_sshd_value(&doctor->sshd, block, "kbdinteractiveauthentication")) &&
	       (methods[0] == '\0' || strcmp(methods, "any") == 0 || strstr(methods, "keyboard-interactive") != NULL);
}

void cs_doctor_sshd_keyboard(struct cs_doctor *doctor)
{
	const struct cs_pam_line *line = asks_early(doctor);
	const char *key = "kbdinteractiveauthentication";
	struct cs_place at = { 0 };

	if (!guarded(doctor) || line == NULL)
		return;
	for (size_t i = 0; i < doctor->sshd.n_blocks; i++)
		if (reaches_keyboard(doctor, i))
			return;
	if (is_yes(cs_sshd_value(&doctor->sshd, 0, key)))
		key = "authenticationmethods";
	at = cs_sshd_place(&doctor->sshd, 0, key);
	cs_doctor_find(doctor, &at,
		"write: KbdInteractiveAuthentication yes, and keyboard-interactive into AuthenticationMethods where that is set",
		"%s line %u has a front, and sshd never shows it: no login comes by keyboard-interactive", line->at.file,
		line->at.line);
}

void cs_doctor_sshd_root(struct cs_doctor *doctor)
{
	const char *value = cs_sshd_value(&doctor->sshd, 0, "permitrootlogin");
	struct cs_place at = cs_sshd_place(&doctor->sshd, 0, "permitrootlogin");

	if (guarded(doctor) && strcasecmp(value, "no") != 0)
		cs_doctor_find(doctor, &at, "write: PermitRootLogin no, or a gate for sshd that names root",
			"PermitRootLogin is %s: a root login over ssh is held only where a gate of the policy covers it", value);
}

void cs_doctor_sshd_files(struct cs_doctor *doctor)
{
	const char *last = CS_SSHD_CONFIG;

	if (!guarded(doctor))
		return;
	cs_doctor_want_sealed(doctor, CS_SSHD_CONFIG, "this says whether sshd asks PAM");
	for (size_t i = 0; i < doctor->sshd.n_lines; i++) {
		const char *file = doctor->sshd.lines[i].at.file;

		if (strcmp(file, last) != 0 && strcmp(file, CS_SSHD_CONFIG) != 0)
			cs_doctor_want_sealed(doctor, file, "this says whether sshd asks PAM");
		last = file;
	}
}
