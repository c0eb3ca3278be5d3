/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor: whether sudo loads the plugin. */
#include "args.h"
#include "doctor.h"
#include "mem.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOL "sudo_countersign"
#define LINE   "Plugin sudo_countersign sudo_countersign.so"
#define ATTEND "sudo_countersign_attend"
#define WATCH  "sudo_countersign_watch"
#define RECORDER "sudoers_io"

static const char write_line[] = "write into it: " LINE;

static struct cs_place place(const struct cs_sudo_conf_line *line)
{
	static char file[] = CS_SUDO_CONF;

	return (struct cs_place){ file, line->line };
}

static bool session_line(const struct cs_doctor *doctor)
{
	return cs_doctor_line(cs_doctor_service(doctor, "sudo"), CS_PAM_SESSION, CS_DOCTOR_HOLD) != NULL;
}

/* What becomes of a command when the plugin is not there. */
static const char *effect(const struct cs_doctor *doctor)
{
	return session_line(doctor) ? "the session line refuses every command"
				    : "commands run without anybody being asked";
}

void cs_doctor_sudo_conf_missing(struct cs_doctor *doctor)
{
	if (!doctor->sudo_conf.there && cs_doctor_sudo_guarded(doctor))
		cs_doctor_find_file(doctor, CS_SUDO_CONF, "make the file, root's and mode 0644, with: " LINE,
			"is not there, so sudo loads no plugin: %s", effect(doctor));
}

void cs_doctor_sudo_conf_refused(struct cs_doctor *doctor)
{
	if (doctor->sudo_conf.refused != NULL && cs_doctor_sudo_guarded(doctor))
		cs_doctor_find_file(doctor, CS_SUDO_CONF, "chown root:root " CS_SUDO_CONF "; chmod 0644 " CS_SUDO_CONF,
			"%s, so sudo reads nothing of it and loads no plugin: %s", doctor->sudo_conf.refused, effect(doctor));
}

/* A line that is about us, and that sudo passes over. */
static const struct cs_sudo_conf_line *mistyped(const struct cs_doctor *doctor)
{
	for (size_t i = 0; i < doctor->sudo_conf.n; i++) {
		const struct cs_sudo_conf_line *line = &doctor->sudo_conf.lines[i];

		for (size_t k = 0; k < line->n_words; k++)
			if ((line->what == CS_SUDO_CONF_OTHER && strstr(line->words[k], SYMBOL) != NULL) ||
				(line->what == CS_SUDO_CONF_PLUGIN && line->n_words == 1 && strstr(line->words[k], SYMBOL) != NULL))
				return line;
	}
	return NULL;
}

void cs_doctor_sudo_conf_keyword(struct cs_doctor *doctor)
{
	const struct cs_sudo_conf_line *line = mistyped(doctor);
	struct cs_place at = { 0 };

	if (line == NULL)
		return;
	at = place(line);
	cs_doctor_find(doctor, &at, "write: " LINE, "is no Plugin line for sudo, which passes over it in silence: %s",
		effect(doctor));
}

void cs_doctor_sudo_plugin_absent(struct cs_doctor *doctor)
{
	if (doctor->sudo_conf.there && session_line(doctor) && cs_doctor_plugin_line(doctor) == NULL && mistyped(doctor) == NULL)
		cs_doctor_find_file(doctor, CS_SUDO_CONF, write_line,
			"names no plugin of ours, and /etc/pam.d/sudo wants to see its release: every command is refused");
}

void cs_doctor_sudo_plugin_alone(struct cs_doctor *doctor)
{
	const struct cs_doctor_service *service = cs_doctor_service(doctor, "sudo");

	if (cs_doctor_plugin_line(doctor) != NULL && !session_line(doctor) && (service == NULL || !cs_doctor_damaged(service)))
		cs_doctor_find_file(doctor, "/etc/pam.d/sudo", "add at its end: session required pam_countersign_hold.so confirm",
			"has no session line of ours: whenever sudo cannot read " CS_SUDO_CONF
			" it drops the plugin and runs the command");
}

static bool loads(const struct cs_doctor *doctor, const char *symbol)
{
	for (size_t i = 0; i < doctor->sudo_conf.n; i++) {
		const struct cs_sudo_conf_line *line = &doctor->sudo_conf.lines[i];

		if (line->what == CS_SUDO_CONF_PLUGIN && line->n_words > 1 && strcmp(line->words[0], symbol) == 0)
			return true;
	}
	return false;
}

/* The plugin is loaded, and not what belongs to it. */
static void look_beside(struct cs_doctor *doctor, const char *symbol, const char *mend, const char *text)
{
	const struct cs_sudo_conf_line *line = cs_doctor_plugin_line(doctor);
	struct cs_place at = { 0 };

	if (line == NULL || doctor->sudo_conf.refused != NULL || loads(doctor, symbol))
		return;
	at = place(line);
	cs_doctor_find(doctor, &at, mend, "%s", text);
}

void cs_doctor_sudo_attend(struct cs_doctor *doctor)
{
	look_beside(doctor, ATTEND, "write below it: Plugin " ATTEND " sudo_countersign.so",
		"no line for " ATTEND ": what sudo runs is not listed by \"countersign sessions\", and neither countersign end, "
		"nor a vote that is taken back, nor a right that was lost ends it");
}

void cs_doctor_sudo_watch(struct cs_doctor *doctor)
{
	look_beside(doctor, WATCH, "write below that of " ATTEND ": Plugin " WATCH " sudo_countersign.so",
		"no line for " WATCH ": nobody can look on at what sudo runs, and what a gate says watch = required of is refused");
}

void cs_doctor_sudo_recorder(struct cs_doctor *doctor)
{
	const struct cs_sudo_conf_line *line = cs_doctor_plugin_line(doctor);
	struct cs_place at = { 0 };

	if (line == NULL || doctor->sudo_conf.refused != NULL || !(loads(doctor, ATTEND) || loads(doctor, WATCH)) ||
		!cs_sudo_conf_lacks_recorder(&doctor->sudo_conf))
		return;
	at = place(line);
	cs_doctor_find(doctor, &at, "write below it: Plugin " RECORDER " sudoers.so",
		"no line for " RECORDER ", which sudo loads by itself only beside no other I/O plugin: log_output and log_input of "
		"sudoers record nothing");
}

/* --- The plugin's file ---------------------------------------------------------------------------------------------- */

typedef void (*plugin_look)(struct cs_doctor *doctor, const struct cs_sudo_conf_line *line, const char *path);

/* An earlier line names the same file. */
static bool named_before(const struct cs_doctor *doctor, size_t before, const char *file)
{
	for (size_t i = 0; i < before; i++) {
		const struct cs_sudo_conf_line *line = &doctor->sudo_conf.lines[i];

		if (line->what == CS_SUDO_CONF_PLUGIN && line->n_words > 1 && strcmp(line->words[1], file) == 0)
			return true;
	}
	return false;
}

/* Each line, or the first of each file. */
static void each_of_ours(struct cs_doctor *doctor, bool files, plugin_look look)
{
	for (size_t i = 0; i < doctor->sudo_conf.n; i++) {
		const struct cs_sudo_conf_line *line = &doctor->sudo_conf.lines[i];
		char *path = NULL;
		int r = line->what == CS_SUDO_CONF_PLUGIN ? cs_sudo_conf_plugin_file(&doctor->sudo_conf, line, &path) : CS_ENOENT;

		if (r == CS_ENOMEM)
			doctor->error = r;
		if (r == 0 && (strstr(line->words[0], SYMBOL) != NULL || strstr(path, SYMBOL) != NULL) &&
			!(files && named_before(doctor, i, line->words[1])))
			look(doctor, line, path);
		free(path);
	}
}

static void missing(struct cs_doctor *doctor, const struct cs_sudo_conf_line *line, const char *path)
{
	struct cs_place at = place(line);
	struct stat st;

	if (cs_host_look(doctor->host, path, &st) == CS_ENOENT)
		cs_doctor_find(doctor, &at, "install it again, or take this line out: it comes out before the package",
			"%s is not there: sudo refuses every command", path);
}

void cs_doctor_sudo_plugin_missing(struct cs_doctor *doctor)
{
	each_of_ours(doctor, true, missing);
}

/* Whether a shared object has that name in its table of strings. 1; 0; negative when it could not be read. */
static int has_symbol(const struct cs_host *host, const char *path, const char *symbol)
{
	char *bytes = NULL, *wanted = NULL;
	size_t len = 0, n = strlen(symbol) + 2;
	int r = cs_host_read(host, path, &bytes, &len);

	if (r == 0)
		wanted = calloc(1, n);
	if (r == 0 && wanted == NULL)
		r = CS_ENOMEM;
	if (r == 0) {
		memcpy(wanted + 1, symbol, n - 2); /* a NUL before and behind it */
		r = memmem(bytes, len, wanted, n) != NULL ? 1 : 0;
	}
	free(bytes);
	free(wanted);
	return r;
}

static void symbol(struct cs_doctor *doctor, const struct cs_sudo_conf_line *line, const char *path)
{
	struct cs_place at = place(line);

	if (has_symbol(doctor->host, path, line->words[0]) == 0)
		cs_doctor_find(doctor, &at, "write: " LINE, "%s has no plugin named %s: sudo refuses every command", path,
			line->words[0]);
}

void cs_doctor_sudo_plugin_symbol(struct cs_doctor *doctor)
{
	each_of_ours(doctor, false, symbol);
}

static void argument(struct cs_doctor *doctor, const struct cs_sudo_conf_line *line, const char *path)
{
	struct cs_place at = place(line);
	struct cs_args_problem problem = { 0 };
	struct cs_args args;

	(void)path;
	if (strcmp(line->words[0], SYMBOL) == 0 &&
		cs_args_parse(CS_MODULE_SUDO, line->n_words - 2, (const char *const *)(uintptr_t)(line->words + 2), &args,
			&problem) < 0)
		cs_doctor_find(doctor, &at, "correct the argument; sudo_countersign(8) lists them",
			"the plugin refuses its arguments, and with them every command: %s %s",
			problem.argument != NULL ? problem.argument : "", problem.what);
}

void cs_doctor_sudo_plugin_argument(struct cs_doctor *doctor)
{
	each_of_ours(doctor, false, argument);
}

static void writable(struct cs_doctor *doctor, const struct cs_sudo_conf_line *line, const char *path)
{
	(void)line;
	cs_doctor_want_sealed(doctor, path, "sudo loads this as root, whatever its mode");
}

void cs_doctor_sudo_plugin_writable(struct cs_doctor *doctor)
{
	each_of_ours(doctor, true, writable);
}

/* A copy of another build stays as it is when the package is renewed. */
static void elsewhere(struct cs_doctor *doctor, const struct cs_sudo_conf_line *line, const char *path)
{
	struct cs_place at = place(line);
	char *real = NULL, *installed = NULL;
	int r = cs_host_real(doctor->host, path, &real);

	if (r == 0)
		r = cs_host_real(doctor->host, CS_SUDO_PLUGIN, &installed);
	if (r == CS_ENOMEM)
		doctor->error = r;
	if (r == 0 && strcmp(real, installed) != 0)
		cs_doctor_find(doctor, &at, "write: " LINE,
			"sudo loads %s, and not " CS_SUDO_PLUGIN ", which is what an upgrade renews", path);
	free(real);
	free(installed);
}

void cs_doctor_sudo_plugin_elsewhere(struct cs_doctor *doctor)
{
	each_of_ours(doctor, true, elsewhere);
}

void cs_doctor_sudo_plugin_twice(struct cs_doctor *doctor)
{
	const struct cs_sudo_conf_line *first = NULL;

	for (size_t i = 0; i < doctor->sudo_conf.n; i++) {
		const struct cs_sudo_conf_line *line = &doctor->sudo_conf.lines[i];
		struct cs_place at = place(line);

		if (line->what != CS_SUDO_CONF_PLUGIN || line->n_words < 2 || strcmp(line->words[0], SYMBOL) != 0)
			continue;
		if (first != NULL)
			cs_doctor_find(doctor, &at, "take one of the two lines out",
				"names the plugin that line %u names: sudo uses the first alone", first->line);
		else
			first = line;
	}
}

/* sudo's own, from its own file: a plugin may have any name. */
static bool is_sudoers(const struct cs_sudo_conf_line *line)
{
	const char *slash = strrchr(line->words[1], '/');

	return strncmp(line->words[0], "sudoers_", 8) == 0 &&
	       (slash == NULL || strcmp(line->words[1], "/usr/libexec/sudo/sudoers.so") == 0 ||
		       strcmp(line->words[1], "/usr/lib/sudo/sudoers.so") == 0) &&
	       strcmp(slash != NULL ? slash + 1 : line->words[1], "sudoers.so") == 0;
}

static void other_plugin(struct cs_doctor *doctor, const struct cs_sudo_conf_line *line)
{
	struct cs_place at = place(line);
	char *path = NULL;
	int r = cs_sudo_conf_plugin_file(&doctor->sudo_conf, line, &path);

	if (r < 0) {
		doctor->error = r == CS_ENOMEM ? r : doctor->error;
		return;
	}
	cs_doctor_find(doctor, &at, "make sure that you know what it decides, and who may change it",
		"loads a plugin of somebody else, %s of %s: it can decide before ours is asked, or in the place of sudoers",
		line->words[0], path);
	cs_doctor_want_sealed(doctor, path, "sudo loads this as root, whatever its mode");
	free(path);
}

void cs_doctor_sudo_other_plugin(struct cs_doctor *doctor)
{
	for (size_t i = 0; i < doctor->sudo_conf.n; i++) {
		const struct cs_sudo_conf_line *line = &doctor->sudo_conf.lines[i];

		if (line->what == CS_SUDO_CONF_PLUGIN && line->n_words > 1 && cs_doctor_sudo_guarded(doctor) &&
			strstr(line->words[1], SYMBOL) == NULL && strstr(line->words[0], SYMBOL) == NULL && !is_sudoers(line))
			other_plugin(doctor, line);
	}
}

void cs_doctor_sudo_program(struct cs_doctor *doctor)
{
	char *real = NULL;
	int r = cs_host_real(doctor->host, "/usr/bin/sudo", &real);
	const char *name = r == 0 ? strrchr(real, '/') : NULL;

	if (r == CS_ENOMEM)
		doctor->error = r;
	if (name != NULL && strcmp(name, "/sudo") != 0 && cs_doctor_sudo_guarded(doctor))
		cs_doctor_find_file(doctor, "/usr/bin/sudo", "put sudo back: update-alternatives --config sudo",
			"is %s, which may know no plugins: %s", real, effect(doctor));
	free(real);
}
