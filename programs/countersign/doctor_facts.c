/* SPDX-License-Identifier: Apache-2.0 */
/* What countersign doctor looks at, read once; and findings. */
#include "doctor.h"
#include "mem.h"
#include "policy.h"

#include <countersign/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICES_MAX = 512, FINDINGS_MAX = 2000 };

/* --- Findings ------------------------------------------------------------------------------------------------------- */

const struct cs_names cs_severity_names[] = { { CS_SEVERITY_HINT, "hint" }, { CS_SEVERITY_WARNING, "warning" },
	{ CS_SEVERITY_DOUBT, "doubt" }, { CS_SEVERITY_ERROR, "error" }, { 0, NULL } };

static const struct cs_field finding_fields[] = {
	CS_ENUM(cs_doctor_finding, severity, cs_severity_names),
	CS_STR(cs_doctor_finding, check, 64),
	CS_STR(cs_doctor_finding, file, 4096),
	CS_U32(cs_doctor_finding, line),
	CS_STR(cs_doctor_finding, what, 4096),
	CS_STR(cs_doctor_finding, mend, 4096),
};
static const struct cs_shape finding_shape = CS_SHAPE("finding", cs_doctor_finding, finding_fields);
static const struct cs_field findings_fields[] = { CS_ARRAY(cs_findings, findings, &finding_shape, FINDINGS_MAX) };
const struct cs_shape cs_findings_shape = CS_SHAPE("findings", cs_findings, findings_fields);

static void add(struct cs_doctor *doctor, const char *file, unsigned line, const char *mend, char *what)
{
	struct cs_doctor_finding finding = { .severity = (int)doctor->check->severity, .line = line, .what = what };
	struct cs_findings *all = &doctor->findings;
	int r = what != NULL ? 0 : CS_ENOMEM;

	if (all->n_findings >= FINDINGS_MAX) {
		free(what);
		return;
	}
	if (r == 0)
		r = cs_reserve((void **)&all->findings, &all->cap, all->n_findings, 1, sizeof(finding));
	if (r == 0)
		r = cs_set(&finding.check, doctor->check->id);
	if (r == 0)
		r = cs_set(&finding.file, file);
	if (r == 0)
		r = cs_set(&finding.mend, mend);
	if (r < 0) {
		cs_clear(&finding_shape, &finding);
		doctor->error = r;
		return;
	}
	all->findings[all->n_findings++] = finding;
}

void cs_doctor_find(struct cs_doctor *doctor, const struct cs_place *at, const char *mend, const char *format, ...)
{
	char *what = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		what = NULL;
	va_end(args);
	add(doctor, at != NULL && at->file != NULL ? at->file : "", at != NULL ? at->line : 0, mend, what);
}

void cs_doctor_find_file(struct cs_doctor *doctor, const char *file, const char *mend, const char *format, ...)
{
	char *what = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		what = NULL;
	va_end(args);
	add(doctor, file, 0, mend, what);
}

bool cs_doctor_found(const struct cs_doctor *doctor, const struct cs_place *at)
{
	for (size_t i = 0; i < doctor->findings.n_findings; i++) {
		const struct cs_doctor_finding *finding = &doctor->findings.findings[i];

		if (strcmp(finding->check, doctor->check->id) == 0 && strcmp(finding->file, at->file) == 0 &&
			finding->line == at->line)
			return true;
	}
	return false;
}

int cs_doctor_examine(struct cs_doctor *doctor)
{
	for (size_t i = 0; doctor->error == 0 && (doctor->check = cs_doctor_check_at(i)) != NULL; i++)
		doctor->check->look(doctor);
	return doctor->error;
}

/* What could not be read is remembered, and said once. */
static int note_unread(struct cs_doctor *doctor, const char *what, int r)
{
	if (r == 0 || r == CS_ENOMEM || doctor->unread != NULL)
		return r == CS_ENOMEM ? r : 0;
	return cs_format(&doctor->unread, "%s: %s", what, cs_strerror(r));
}

/* --- Reading the machine -------------------------------------------------------------------------------------------- */

/* What nobody takes for a service: left behind by editors and packages. */
static bool is_left_over(const char *name)
{
	static const char *const endings[] = { "~", ".dpkg-old", ".dpkg-new", ".dpkg-dist", ".rpmsave", ".rpmnew", ".bak",
		".orig", ".swp" };
	size_t len = strlen(name);

	for (size_t i = 0; i < CS_COUNT(endings); i++) {
		size_t n = strlen(endings[i]);

		if (len >= n && strcmp(name + len - n, endings[i]) == 0)
			return true;
	}
	return name[0] == '.';
}

static void service_clear(struct cs_doctor_service *service)
{
	for (size_t phase = 0; phase < CS_COUNT(service->stacks); phase++)
		cs_pam_stack_clear(&service->stacks[phase]);
	cs_free_str(&service->name);
}

static int add_service(struct cs_doctor *doctor, const char *name)
{
	struct cs_doctor_service service = { 0 };
	int r = doctor->n_services >= SERVICES_MAX ? 0
		: cs_reserve((void **)&doctor->services, &doctor->cap_services, doctor->n_services, 1, sizeof(service));

	if (r < 0 || doctor->n_services >= SERVICES_MAX)
		return r < 0 ? r : note_unread(doctor, "/etc/pam.d", CS_ETOOBIG);
	r = cs_set(&service.name, name);
	for (int phase = CS_PAM_AUTH; r == 0 && phase <= CS_PAM_SESSION; phase++) {
		int e = cs_pam_stack_read(doctor->host, name, (enum cs_pam_phase)phase, &service.stacks[phase]);

		service.read[phase] = e == 0;
		r = note_unread(doctor, name, e);
	}
	if (r < 0) {
		service_clear(&service);
		return r;
	}
	doctor->services[doctor->n_services++] = service;
	return 0;
}

/* Programs ask for these by name, whoever else includes them. */
static bool is_known(const char *name)
{
	static const char *const known[] = { "sudo", "sudo-i", "sshd", "su", "su-l", "login", "cron", "atd", "runuser",
		"runuser-l", "other" };

	return cs_strv_has((char *const *)(uintptr_t)known, CS_COUNT(known), name) == 1;
}

static bool includes(const struct cs_doctor_service *service, const char *file)
{
	for (size_t phase = 0; phase < CS_COUNT(service->stacks); phase++) {
		const struct cs_pam_stack *stack = &service->stacks[phase];

		for (size_t i = 0; !stack->from_other && i < stack->lines.n; i++)
			if (strcmp(stack->lines.at[i].at.file, file) == 0)
				return true;
	}
	return false;
}

static int mark_parts(struct cs_doctor *doctor)
{
	for (size_t i = 0; i < doctor->n_services; i++) {
		struct cs_doctor_service *service = &doctor->services[i];
		char *file = NULL;

		if (is_known(service->name))
			continue;
		if (cs_format(&file, "/etc/pam.d/%s", service->name) < 0)
			return CS_ENOMEM;
		for (size_t k = 0; k < doctor->n_services && !service->part; k++)
			service->part = k != i && includes(&doctor->services[k], file);
		free(file);
	}
	return 0;
}

static int read_services(struct cs_doctor *doctor)
{
	char **names = NULL;
	size_t n = 0;
	int r = cs_host_list(doctor->host, "/etc/pam.d", &names, &n);

	if (r < 0)
		return note_unread(doctor, "/etc/pam.d", r);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!is_left_over(names[i]))
			r = add_service(doctor, names[i]);
	cs_free_strv(&names, &n);
	return r == 0 ? mark_parts(doctor) : r;
}

/* Of another machine the defaults have to do: the file names users and paths of that one. */
static void read_config(struct cs_doctor *doctor)
{
	if (!doctor->host->live || config_read(CONFIG_FILE, 0, &doctor->config, &doctor->problem) < 0) {
		memset(&doctor->config, 0, sizeof(doctor->config));
		doctor->config.user = "countersign";
		doctor->config.store = "/var/lib/countersign/countersign.db";
		doctor->config.policy = "/etc/countersign/policy.conf";
		doctor->config.roster = "/etc/countersign/roster";
		doctor->config.socket_dir = "/run/countersign";
	}
}

/* The file. What the daemon goes by is what it took from it when it was applied. */
static int read_policy(struct cs_doctor *doctor)
{
	char *text = NULL;
	size_t len = 0;
	int r = cs_host_read(doctor->host, doctor->config.policy, &text, &len);

	if (r == 0)
		r = cs_policy_parse(text, doctor->config.policy, &doctor->policy, &doctor->refused);
	free(text);
	return r == CS_ENOMEM ? r : 0;
}

int cs_doctor_gather(const struct cs_host *host, struct cs_doctor *ret_doctor)
{
	struct cs_doctor doctor = { .host = host };
	int r = read_services(&doctor);

	if (r == 0)
		r = note_unread(&doctor, CS_SUDO_CONF, cs_sudo_conf_read(host, &doctor.sudo_conf));
	if (r == 0)
		r = note_unread(&doctor, CS_SUDOERS, cs_sudoers_read(host, &doctor.sudoers));
	if (r == 0)
		r = note_unread(&doctor, CS_SSHD_CONFIG, cs_sshd_read(host, &doctor.sshd));
	if (r == 0) {
		read_config(&doctor);
		r = read_policy(&doctor);
	}
	if (r < 0) {
		cs_doctor_clear(&doctor);
		return r;
	}
	*ret_doctor = doctor;
	return 0;
}

void cs_doctor_clear(struct cs_doctor *doctor)
{
	for (size_t i = 0; i < doctor->n_services; i++)
		service_clear(&doctor->services[i]);
	free(doctor->services);
	cs_sudo_conf_clear(&doctor->sudo_conf);
	cs_sudoers_clear(&doctor->sudoers);
	cs_sshd_clear(&doctor->sshd);
	if (doctor->config.conf != NULL)
		config_clear(&doctor->config);
	cs_problem_clear(&doctor->problem);
	cs_policy_free(&doctor->policy);
	cs_problem_clear(&doctor->refused);
	free(doctor->unread);
	cs_clear(&cs_findings_shape, &doctor->findings);
	memset(doctor, 0, sizeof(*doctor));
}

/* --- Questions that several checks have ----------------------------------------------------------------------------- */

const struct cs_doctor_service *cs_doctor_service(const struct cs_doctor *doctor, const char *name)
{
	for (size_t i = 0; i < doctor->n_services; i++)
		if (strcmp(doctor->services[i].name, name) == 0)
			return &doctor->services[i];
	return NULL;
}

enum cs_doctor_module cs_doctor_module_of(const struct cs_pam_line *line)
{
	const char *name = cs_pam_module_name(line);

	if (line->what != CS_PAM_MODULE || strncmp(name, "pam_countersign", 15) != 0)
		return CS_DOCTOR_NOT_OURS;
	if (strcmp(name, "pam_countersign.so") == 0)
		return CS_DOCTOR_ACCOUNT;
	return strcmp(name, "pam_countersign_hold.so") == 0 ? CS_DOCTOR_HOLD : CS_DOCTOR_OTHER;
}

const struct cs_pam_line *cs_doctor_line(const struct cs_doctor_service *service, enum cs_pam_phase phase,
	enum cs_doctor_module module)
{
	const struct cs_pam_lines *lines = service != NULL ? &service->stacks[phase].lines : NULL;

	for (size_t i = 0; lines != NULL && i < lines->n; i++)
		if (cs_doctor_module_of(&lines->at[i]) == module)
			return &lines->at[i];
	return NULL;
}

bool cs_doctor_has_argument(const struct cs_pam_line *line, const char *argument)
{
	return cs_strv_has(line->args, line->n_args, argument) == 1;
}

bool cs_doctor_guards(const struct cs_doctor_service *service)
{
	for (size_t phase = 0; phase < CS_COUNT(service->stacks); phase++)
		for (size_t i = 0; i < service->stacks[phase].lines.n; i++)
			if (cs_doctor_module_of(&service->stacks[phase].lines.at[i]) != CS_DOCTOR_NOT_OURS)
				return true;
	return false;
}

bool cs_doctor_damaged(const struct cs_doctor_service *service)
{
	for (size_t phase = 0; phase < CS_COUNT(service->stacks); phase++)
		if (service->stacks[phase].lines.damage.file != NULL)
			return true;
	return false;
}

bool cs_doctor_guarded(const struct cs_doctor *doctor, const char *service)
{
	const struct cs_doctor_service *found = cs_doctor_service(doctor, service);

	return found != NULL && cs_doctor_guards(found);
}

/* What attends to a command that was released, and decides nothing. */
static bool only_attends(const struct cs_sudo_conf_line *line)
{
	return line->n_words > 0 && strncmp(line->words[0], "sudo_countersign_", 17) == 0;
}

/* Any line that names us, also one that sudo passes over. */
static const struct cs_sudo_conf_line *sudo_line(const struct cs_doctor *doctor, bool as_plugin)
{
	for (size_t i = 0; i < doctor->sudo_conf.n; i++) {
		const struct cs_sudo_conf_line *line = &doctor->sudo_conf.lines[i];

		if ((line->what == CS_SUDO_CONF_PLUGIN) != as_plugin || (as_plugin && only_attends(line)))
			continue;
		for (size_t k = 0; k < line->n_words; k++)
			if (strstr(line->words[k], "sudo_countersign") != NULL)
				return line;
	}
	return NULL;
}

const struct cs_sudo_conf_line *cs_doctor_plugin_line(const struct cs_doctor *doctor)
{
	return sudo_line(doctor, true);
}

bool cs_doctor_sudo_guarded(const struct cs_doctor *doctor)
{
	return sudo_line(doctor, true) != NULL || sudo_line(doctor, false) != NULL || cs_doctor_guarded(doctor, "sudo") ||
	       cs_doctor_guarded(doctor, "sudo-i");
}

bool cs_doctor_anything_guarded(const struct cs_doctor *doctor)
{
	for (size_t i = 0; i < doctor->n_services; i++)
		if (cs_doctor_guards(&doctor->services[i]))
			return true;
	return cs_doctor_sudo_guarded(doctor);
}

void cs_doctor_want_sealed(struct cs_doctor *doctor, const char *path, const char *meaning)
{
	char *open = NULL, *mend = NULL;
	int r = cs_host_sealed(doctor->host, path, &open);

	if (r == 0 && cs_format(&mend, "chown root:root %s; chmod go-w %s", open, open) == 0)
		cs_doctor_find_file(doctor, path, mend, "%s, and others than root can change it, or what it is reached by: %s",
			meaning, open);
	else if (r == 0 || r == CS_ENOMEM)
		doctor->error = CS_ENOMEM;
	else if (r < 0 && r != CS_ENOENT && note_unread(doctor, path, r) < 0)
		doctor->error = CS_ENOMEM;
	free(open);
	free(mend);
}

const struct cs_sudoers_option *cs_doctor_default(const struct cs_doctor *doctor, const char *name)
{
	const struct cs_sudoers_option *found = NULL;

	for (size_t i = 0; i < doctor->sudoers.n_options; i++)
		if (doctor->sudoers.options[i].scope[0] == '\0' && strcmp(doctor->sudoers.options[i].name, name) == 0)
			found = &doctor->sudoers.options[i];
	return found;
}
