/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor: whether what libpam does with our lines is what they are there for. */
#include "args.h"
#include "doctor.h"
#include "mem.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>

enum { PAM_SERVICE_ERROR = 3, PAM_DENIAL = 6, PAM_PASSWORD_DUE = 12, PAM_NO_MODULE = 28 };

/* --- Going through the services ------------------------------------------------------------------------------------- */

typedef void (*stack_look)(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase);
typedef void (*line_look)(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase,
	const struct cs_pam_line *line, enum cs_doctor_module module);

static void each_stack(struct cs_doctor *doctor, stack_look look)
{
	for (size_t i = 0; i < doctor->n_services; i++)
		for (int phase = CS_PAM_AUTH; !doctor->services[i].part && phase <= CS_PAM_SESSION; phase++)
			look(doctor, &doctor->services[i], (enum cs_pam_phase)phase);
}

/* What several services include is said once. */
static void each_line(struct cs_doctor *doctor, line_look look)
{
	for (size_t i = 0; i < doctor->n_services; i++) {
		const struct cs_doctor_service *service = &doctor->services[i];

		for (int phase = CS_PAM_AUTH; !service->part && phase <= CS_PAM_SESSION; phase++) {
			const struct cs_pam_lines *lines = &service->stacks[phase].lines;

			for (size_t k = 0; k < lines->n; k++) {
				enum cs_doctor_module module = cs_doctor_module_of(&lines->at[k]);

				if (module != CS_DOCTOR_NOT_OURS && !cs_doctor_found(doctor, &lines->at[k].at))
					look(doctor, service, (enum cs_pam_phase)phase, &lines->at[k], module);
			}
		}
	}
}

/* --- Whether a denial counts ---------------------------------------------------------------------------------------- */

/* 1 and *ret_escape, over everything that one of our lines can deny with; 0; CS_EDOUBT; CS_ENOMEM. That a password has to
 * be changed is what programs go on with in the account phase alone. */
static int find_escape(const struct cs_pam_stack *stack, enum cs_pam_phase phase, struct cs_pam_escape *ret_escape)
{
	static const int denials[] = { PAM_DENIAL, PAM_SERVICE_ERROR, PAM_NO_MODULE };
	bool *ours = calloc(stack->lines.n + 1, sizeof(*ours));
	size_t n = 0;
	int found = 0, r = ours != NULL ? 0 : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i < stack->lines.n; i++) {
		ours[i] = cs_doctor_module_of(&stack->lines.at[i]) != CS_DOCTOR_NOT_OURS;
		n += ours[i];
	}
	for (size_t i = 0; r == 0 && n > 0 && i < CS_COUNT(denials); i++) {
		struct cs_pam_escape escape = { 0 };

		r = cs_pam_stack_escape(stack, ours, denials[i], &escape);
		if (r != 1)
			continue;
		r = 0;
		if (escape.result != 0 && phase != CS_PAM_ACCOUNT)
			continue;
		if (found == 0 || (escape.result == 0 && ret_escape->result != 0))
			*ret_escape = escape;
		found = 1;
	}
	free(ours);
	return r < 0 ? r : found;
}

enum kind { NOT_COUNTED, SKIPPED, EXPIRED, UNCLEAR };

static void report(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase, enum kind kind,
	const struct cs_pam_line *blame)
{
	static const char before[] = "put the account line of pam_countersign before the other account lines, with \"required\"";
	const char *name = service->name, *of = cs_pam_phase_name(phase);

	switch (kind) {
	case NOT_COUNTED:
		cs_doctor_find(doctor, &blame->at, "write \"required\" as the control of this line",
			"%s goes on in %s although this line denies: its control is \"%s\"", name, of, blame->control);
		break;
	case SKIPPED:
		cs_doctor_find(doctor, &blame->at, "put the line of pam_countersign before this one, with \"required\"",
			"%s can succeed in %s by this line (\"%s\") before ours is asked", name, of,
			blame->control != NULL ? blame->control : "");
		break;
	case EXPIRED:
		if (cs_doctor_module_of(blame) != CS_DOCTOR_NOT_OURS)
			cs_doctor_find(doctor, &blame->at, before, "%s goes on with whoever has to change his password: an earlier "
				"line says so, and libpam keeps that over the denial of this one", name);
		else
			cs_doctor_find(doctor, &blame->at, before, "whoever has to change his password passes the %s phase of %s "
				"by this line before ours is asked", of, name);
		break;
	case UNCLEAR:
	default:
		cs_doctor_find_file(doctor, name, "write fewer lines with jumps", "whether a denial counts in %s of %s could "
			"not be found out: too many ways lead through it", of, name);
	}
}

static enum kind kind_of(const struct cs_pam_escape *escape)
{
	if (escape->result == PAM_PASSWORD_DUE)
		return EXPIRED;
	return escape->called ? NOT_COUNTED : SKIPPED;
}

static void look_for(struct cs_doctor *doctor, enum kind wanted)
{
	for (size_t i = 0; i < doctor->n_services; i++)
		for (int phase = CS_PAM_ACCOUNT; !doctor->services[i].part && phase <= CS_PAM_SESSION; phase++) {
			const struct cs_pam_stack *stack = &doctor->services[i].stacks[phase];
			struct cs_pam_escape escape = { 0 };
			int r = find_escape(stack, (enum cs_pam_phase)phase, &escape);

			if (r == CS_ENOMEM)
				doctor->error = r;
			if (r == 1 && kind_of(&escape) == wanted &&
				!cs_doctor_found(doctor, &stack->lines.at[escape.blame].at))
				report(doctor, &doctor->services[i], (enum cs_pam_phase)phase, wanted,
					&stack->lines.at[escape.blame]);
			if (r == CS_EDOUBT && wanted == UNCLEAR)
				report(doctor, &doctor->services[i], (enum cs_pam_phase)phase, wanted, NULL);
		}
}

void cs_doctor_pam_not_counted(struct cs_doctor *doctor)
{
	look_for(doctor, NOT_COUNTED);
}

void cs_doctor_pam_skipped(struct cs_doctor *doctor)
{
	look_for(doctor, SKIPPED);
}

void cs_doctor_pam_expired(struct cs_doctor *doctor)
{
	look_for(doctor, EXPIRED);
}

void cs_doctor_pam_doubt(struct cs_doctor *doctor)
{
	look_for(doctor, UNCLEAR);
}

/* --- Lines that libpam refuses -------------------------------------------------------------------------------------- */

/* Of services that people get in by, and of every one that has a line of ours. */
static bool matters(const struct cs_doctor_service *service)
{
	static const char *const doors[] = { "sudo", "sudo-i", "sshd", "su", "su-l", "login" };

	return cs_strv_has((char *const *)(uintptr_t)doors, CS_COUNT(doors), service->name) == 1 || cs_doctor_guards(service);
}

static void damaged(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase)
{
	const struct cs_pam_lines *lines = &service->stacks[phase].lines;

	if (!matters(service))
		return;
	if (lines->damage.file != NULL && !cs_doctor_found(doctor, &lines->damage))
		cs_doctor_find(doctor, &lines->damage, "mend this file, or put its copy back; root at the console gets in",
			"libpam gives up here (%s): %s refuses everybody", lines->why, service->name);
	for (size_t i = 0; i < lines->n; i++) {
		const struct cs_pam_line *line = &lines->at[i];

		if (line->wrong != NULL && !cs_doctor_found(doctor, &line->at))
			cs_doctor_find(doctor, &line->at, "correct this line", "libpam makes a line of this that always fails: %s",
				line->wrong);
	}
}

void cs_doctor_pam_damaged(struct cs_doctor *doctor)
{
	each_stack(doctor, damaged);
}

static void dash(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase,
	const struct cs_pam_line *line, enum cs_doctor_module module)
{
	(void)module;
	if (line->silent)
		cs_doctor_find(doctor, &line->at, "take the '-' away",
			"the line of %s begins with '-': nobody hears of it in %s when the module is missing", service->name,
			cs_pam_phase_name(phase));
}

void cs_doctor_pam_dash(struct cs_doctor *doctor)
{
	each_line(doctor, dash);
}

/* --- Our module and its phase --------------------------------------------------------------------------------------- */

static void phase_of_module(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase,
	const struct cs_pam_line *line, enum cs_doctor_module module)
{
	enum cs_pam_phase right = module == CS_DOCTOR_ACCOUNT ? CS_PAM_ACCOUNT : CS_PAM_SESSION;

	if (module != CS_DOCTOR_OTHER && phase != right)
		cs_doctor_find(doctor, &line->at,
			right == CS_PAM_ACCOUNT ? "write \"account\" at the beginning of this line"
						: "write \"session\" at the beginning of this line",
			"%s says nothing in the %s phase: libpam takes its line in %s for one that fails, and logins by key "
			"never come to auth",
			cs_pam_module_name(line), cs_pam_phase_name(phase), service->name);
}

void cs_doctor_pam_phase(struct cs_doctor *doctor)
{
	each_line(doctor, phase_of_module);
}

static void argument(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase,
	const struct cs_pam_line *line, enum cs_doctor_module module)
{
	struct cs_args_problem problem = { 0 };
	struct cs_args args;

	(void)phase;
	if (module == CS_DOCTOR_OTHER ||
		cs_args_parse(module == CS_DOCTOR_ACCOUNT ? CS_MODULE_ACCOUNT : CS_MODULE_HOLD, line->n_args,
			(const char *const *)(uintptr_t)line->args, &args, &problem) == 0)
		return;
	cs_doctor_find(doctor, &line->at, "correct the argument; the module's manual page lists them",
		"the module refuses its arguments, and with them everybody in %s: %s %s", service->name,
		problem.argument != NULL ? problem.argument : "", problem.what);
}

void cs_doctor_pam_argument(struct cs_doctor *doctor)
{
	each_line(doctor, argument);
}

/* Where libpam finds the module of a line. 0 and its path; CS_ENOENT; CS_ENOMEM. */
static int module_file(const struct cs_doctor *doctor, const struct cs_pam_line *line, char **ret_path)
{
	struct stat st;
	const char *folder = NULL;
	int r = 0;

	if (line->module[0] == '/')
		return cs_host_look(doctor->host, line->module, &st) == 0 ? cs_set(ret_path, line->module) : CS_ENOENT;
	for (size_t i = 0; r == 0 && (folder = cs_host_pam_folder(i)) != NULL; i++) {
		char *path = NULL;

		r = cs_format(&path, "%s/%s", folder, line->module);
		if (r == 0 && cs_host_look(doctor->host, path, &st) == 0) {
			*ret_path = path;
			return 0;
		}
		free(path);
	}
	return r < 0 ? r : CS_ENOENT;
}

static void missing(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase,
	const struct cs_pam_line *line, enum cs_doctor_module module)
{
	char *path = NULL;
	int r = module_file(doctor, line, &path);

	(void)module;
	(void)phase;
	if (r == CS_ENOENT)
		cs_doctor_find(doctor, &line->at, "install the module again, or take the line out: it comes out before the package",
			"%s is not there: %s refuses everybody", line->module, service->name);
	else if (r < 0)
		doctor->error = r;
	free(path);
}

void cs_doctor_pam_missing(struct cs_doctor *doctor)
{
	each_line(doctor, missing);
}

static void want_sealed_once(struct cs_doctor *doctor, const char *path, const char *meaning)
{
	const struct cs_place at = { (char *)(uintptr_t)path, 0 };

	if (!cs_doctor_found(doctor, &at))
		cs_doctor_want_sealed(doctor, path, meaning);
}

static void writable(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase,
	const struct cs_pam_line *line, enum cs_doctor_module module)
{
	char *path = NULL;

	(void)service;
	(void)phase;
	(void)module;
	if (module_file(doctor, line, &path) == 0)
		want_sealed_once(doctor, path, "this is what denies");
	free(path);
}

void cs_doctor_pam_writable(struct cs_doctor *doctor)
{
	each_line(doctor, writable);
}

static void files(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase)
{
	const struct cs_pam_lines *lines = &service->stacks[phase].lines;
	const char *last = "";

	for (size_t i = 0; cs_doctor_guards(service) && i < lines->n; i++) {
		if (strcmp(lines->at[i].at.file, last) != 0)
			want_sealed_once(doctor, lines->at[i].at.file, "this says who is asked");
		last = lines->at[i].at.file;
	}
}

void cs_doctor_pam_files(struct cs_doctor *doctor)
{
	each_stack(doctor, files);
}

static void twice(struct cs_doctor *doctor, const struct cs_doctor_service *service, enum cs_pam_phase phase,
	const struct cs_pam_line *line, enum cs_doctor_module module)
{
	const struct cs_pam_line *first = cs_doctor_line(service, phase, module);

	if (first != line)
		cs_doctor_find(doctor, &line->at, "take one of the two lines out", "%s has this line already, in %s line %u: whoever "
			"comes in is asked about twice", service->name, first->at.file, first->at.line);
}

void cs_doctor_pam_twice(struct cs_doctor *doctor)
{
	each_line(doctor, twice);
}
