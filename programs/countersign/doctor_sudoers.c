/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor: what sudoers takes away. */
#include "doctor.h"
#include "mem.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>

static const char *scope_of(const struct cs_sudoers_option *option)
{
	return option->scope[0] != '\0' ? option->scope : "everybody";
}

typedef void (*option_look)(struct cs_doctor *doctor, const struct cs_sudoers_option *option);

/* Each option of that name, where sudo is guarded. */
static void each_option(struct cs_doctor *doctor, const char *name, option_look look)
{
	for (size_t i = 0; cs_doctor_sudo_guarded(doctor) && i < doctor->sudoers.n_options; i++)
		if (strcmp(doctor->sudoers.options[i].name, name) == 0)
			look(doctor, &doctor->sudoers.options[i]);
}

void cs_doctor_sudoers_wrong(struct cs_doctor *doctor)
{
	if (doctor->sudoers.wrong != NULL)
		cs_doctor_find_file(doctor, CS_SUDOERS, "run visudo, and correct it",
			"visudo says: %s. sudo passes over such lines, also over a Defaults line that protects",
			doctor->sudoers.wrong);
}

void cs_doctor_sudoers_unread(struct cs_doctor *doctor)
{
	if (doctor->sudoers.there && doctor->sudoers.unknown != NULL)
		cs_doctor_find_file(doctor, CS_SUDOERS, "correct the file, or install sudo's cvtsudoers",
			"what it says could not be found out: %s", doctor->sudoers.unknown);
}

/* The line of a database in nsswitch.conf; NULL. The caller frees text. */
static const char *sources(char *text, const char *database)
{
	char *rest = text;
	size_t n = strlen(database);

	for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL;) {
		line += strspn(line, " \t");
		if (strncmp(line, database, n) != 0 || line[n] != ':')
			continue;
		line[strcspn(line, "#")] = '\0';
		return line + n + 1;
	}
	return NULL;
}

/* Arguments of the plugin: sudo reads another file than visudo looks at. */
static void other_file(struct cs_doctor *doctor)
{
	static char conf[] = CS_SUDO_CONF;

	for (size_t i = 0; cs_doctor_sudo_guarded(doctor) && i < doctor->sudo_conf.n; i++) {
		const struct cs_sudo_conf_line *line = &doctor->sudo_conf.lines[i];
		struct cs_place at = { conf, line->line };

		for (size_t k = 2; line->what == CS_SUDO_CONF_PLUGIN && k < line->n_words; k++)
			if (strncmp(line->words[k], "sudoers_file=", 13) == 0 && strcmp(line->words[k] + 13, CS_SUDOERS) != 0)
				cs_doctor_find(doctor, &at, "take the argument out, or look into that file for the same things",
					"sudo reads its rules from %s, which is not looked at here", line->words[k] + 13);
	}
}

void cs_doctor_sudoers_elsewhere(struct cs_doctor *doctor)
{
	char *text = NULL;
	size_t len = 0;
	int r = cs_doctor_sudo_guarded(doctor) ? cs_host_read(doctor->host, "/etc/nsswitch.conf", &text, &len) : CS_ENOENT;
	const char *said = r == 0 ? sources(text, "sudoers") : NULL;

	if (r == CS_ENOMEM)
		doctor->error = r;
	if (said != NULL && (strstr(said, "sss") != NULL || strstr(said, "ldap") != NULL))
		cs_doctor_find_file(doctor, "/etc/nsswitch.conf",
			"look there for !pam_session, !pam_acct_mgmt, !use_pty and for rules that deny a %:group",
			"sudo takes rules from a directory as well, which is not looked at here");
	free(text);
	other_file(doctor);
}

static const char *refusal(const struct stat *st, uid_t owner)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != owner)
		return "does not belong to root";
	if ((st->st_mode & S_IWOTH) != 0)
		return "is writable by everybody";
	return (st->st_mode & S_IWGRP) != 0 && st->st_gid != 0 ? "is writable by its group" : NULL;
}

void cs_doctor_sudoers_files(struct cs_doctor *doctor)
{
	for (size_t i = 0; i < doctor->sudoers.n_files; i++) {
		const char *file = doctor->sudoers.files[i], *why = NULL;
		struct stat st;

		if (cs_host_look(doctor->host, file, &st) != 0)
			continue;
		why = refusal(&st, doctor->host->owner);
		if (why != NULL)
			cs_doctor_find_file(doctor, file, "chown root:root and chmod 0440 it",
				"%s: sudo refuses the file, and with the first of them everybody", why);
		else
			cs_doctor_want_sealed(doctor, file, "this says who may run what");
	}
}

static void session(struct cs_doctor *doctor, const struct cs_sudoers_option *option)
{
	if (option->off)
		cs_doctor_find(doctor, &option->at, "take !pam_session out",
			"!pam_session (for %s) takes the session line away: whenever sudo drops the plugin, commands run unasked",
			scope_of(option));
}

void cs_doctor_sudoers_session(struct cs_doctor *doctor)
{
	each_option(doctor, "pam_session", session);
}

static void account(struct cs_doctor *doctor, const struct cs_sudoers_option *option)
{
	if (option->off)
		cs_doctor_find(doctor, &option->at, "take !pam_acct_mgmt out",
			"!pam_acct_mgmt (for %s) takes PAM's account phase away, with expired and locked accounts", scope_of(option));
}

void cs_doctor_sudoers_account(struct cs_doctor *doctor)
{
	each_option(doctor, "pam_acct_mgmt", account);
}

static void ruser(struct cs_doctor *doctor, const struct cs_sudoers_option *option)
{
	if (option->off)
		cs_doctor_find(doctor, &option->at, "take !pam_ruser out",
			"!pam_ruser (for %s): the session line is not told who asks; every sudoedit is refused, and root's own "
			"sudo whenever the daemon does not answer",
			scope_of(option));
}

void cs_doctor_sudoers_ruser(struct cs_doctor *doctor)
{
	each_option(doctor, "pam_ruser", ruser);
}

static void service(struct cs_doctor *doctor, const struct cs_sudoers_option *option)
{
	const struct cs_doctor_service *found = cs_doctor_service(doctor, option->value);

	if (option->value[0] == '\0')
		return;
	if (found == NULL)
		found = cs_doctor_service(doctor, "other");
	if (cs_doctor_line(found, CS_PAM_SESSION, CS_DOCTOR_HOLD) == NULL)
		cs_doctor_find(doctor, &option->at, "add our session line to the file of that service, or take the option out",
			"%s = %s (for %s): that service of PAM has no session line of ours", option->name, option->value,
			scope_of(option));
}

void cs_doctor_sudoers_service(struct cs_doctor *doctor)
{
	each_option(doctor, "pam_service", service);
	each_option(doctor, "pam_login_service", service);
	each_option(doctor, "pam_askpass_service", service);
}

static void no_pty(struct cs_doctor *doctor, const struct cs_sudoers_option *option)
{
	if (option->off)
		cs_doctor_find(doctor, &option->at, "take !use_pty out",
			"!use_pty (for %s): what runs as root can type into the requester's terminal", scope_of(option));
}

void cs_doctor_sudoers_pty(struct cs_doctor *doctor)
{
	each_option(doctor, "use_pty", no_pty);
	if (cs_doctor_sudo_guarded(doctor) && doctor->sudoers.there && doctor->sudoers.unknown == NULL &&
		cs_doctor_default(doctor, "use_pty") == NULL)
		cs_doctor_find_file(doctor, CS_SUDOERS, "add: Defaults use_pty",
			"use_pty is not set: what runs as root can type into the requester's terminal");
}

static bool fdexec_always(const struct cs_doctor *doctor)
{
	const struct cs_sudoers_option *option = cs_doctor_default(doctor, "fdexec");

	return option != NULL && strcmp(option->value, "always") == 0;
}

void cs_doctor_sudoers_fdexec(struct cs_doctor *doctor)
{
	const struct cs_sudoers_option *option = cs_doctor_default(doctor, "fdexec");

	if (!cs_doctor_sudo_guarded(doctor) || !doctor->sudoers.there || doctor->sudoers.unknown != NULL ||
		fdexec_always(doctor))
		return;
	if (option != NULL)
		cs_doctor_find(doctor, &option->at, "write: Defaults fdexec=always",
			"fdexec is %s: sudo runs what the path names after the wait, not the file that was approved",
			option->value);
	else
		cs_doctor_find_file(doctor, CS_SUDOERS, "add: Defaults fdexec=always",
			"fdexec is not always: sudo runs what the path names after the wait, not the file that was approved");
}

void cs_doctor_sudoers_digest(struct cs_doctor *doctor)
{
	for (size_t i = 0; cs_doctor_sudo_guarded(doctor) && !fdexec_always(doctor) && i < doctor->sudoers.n_rules; i++)
		if (doctor->sudoers.rules[i].digest)
			cs_doctor_find(doctor, &doctor->sudoers.rules[i].at,
				"add: Defaults fdexec=always, and let nobody but root write the file",
				"the digest is compared before people are asked: the file can be another one when it runs");
}

void cs_doctor_sudoers_unless(struct cs_doctor *doctor)
{
	for (size_t i = 0; i < doctor->sudoers.n_rules; i++) {
		const struct cs_sudoers_rule *rule = &doctor->sudoers.rules[i];

		if (rule->plugin_unless || (rule->plugin_group && rule->command_unless))
			cs_doctor_find(doctor, &rule->at, "say who may, and leave out who may not",
				"denies by a group that a plugin tells (%s): whenever the plugin cannot tell, the command runs",
				rule->users);
	}
}

/* The file of group_plugin: its first word; relative to sudo's own folder. */
static int group_plugin_file(const char *value, char **ret_path)
{
	int n = (int)strcspn(value, " \t");

	return cs_format(ret_path, "%s%.*s", value[0] == '/' ? "" : "/usr/libexec/sudo/", n, value);
}

static void group_plugin(struct cs_doctor *doctor, const struct cs_sudoers_option *option)
{
	char *path = NULL;
	struct stat st;

	if (option->value[0] == '\0')
		return;
	if (group_plugin_file(option->value, &path) < 0)
		doctor->error = CS_ENOMEM;
	else if (cs_host_look(doctor->host, path, &st) == CS_ENOENT)
		cs_doctor_find(doctor, &option->at, "install it, or take the option and its rules out",
			"the group plugin %s is not there: rules with %%:group grant nothing, and those that deny by one run",
			path);
	else
		cs_doctor_want_sealed(doctor, path, "sudo loads this as root");
	free(path);
}

void cs_doctor_sudoers_group_plugin(struct cs_doctor *doctor)
{
	each_option(doctor, "group_plugin", group_plugin);
}

static void timeout(struct cs_doctor *doctor, const struct cs_sudoers_option *option)
{
	if (option->value[0] == '-')
		cs_doctor_find(doctor, &option->at, "give timestamp_timeout some minutes",
			"timestamp_timeout is %s (for %s): a password is asked once, and whoever finds the terminal can ask for "
			"more. Approvals are not kept this way",
			option->value, scope_of(option));
}

static void type(struct cs_doctor *doctor, const struct cs_sudoers_option *option)
{
	if (strcmp(option->value, "global") == 0)
		cs_doctor_find(doctor, &option->at, "write: Defaults timestamp_type=tty",
			"timestamp_type is global (for %s): a password typed at one terminal is good for every other",
			scope_of(option));
}

void cs_doctor_sudoers_ticket(struct cs_doctor *doctor)
{
	each_option(doctor, "timestamp_timeout", timeout);
	each_option(doctor, "timestamp_type", type);
}

/* Variables by which a program is made to run something else. */
static const char *dangerous(const char *value)
{
	static const char *const names[] = { "LD_", "BASH_ENV", "PERL5LIB", "PERL5OPT", "PYTHON", "RUBYLIB", "GIT_", "EDITOR",
		"SHELLOPTS", "IFS" };

	for (size_t i = 0; i < CS_COUNT(names); i++)
		for (const char *at = strstr(value, names[i]); at != NULL; at = strstr(at + 1, names[i]))
			if (at == value || at[-1] == ' ')
				return names[i];
	return NULL;
}

static void kept(struct cs_doctor *doctor, const struct cs_sudoers_option *option)
{
	const char *name = option->off ? NULL : dangerous(option->value);

	if (name != NULL)
		cs_doctor_find(doctor, &option->at, "take it out of env_keep",
			"env_keep lets %s… through (for %s): the requester steers what an approved command runs", name,
			scope_of(option));
}

static void no_reset(struct cs_doctor *doctor, const struct cs_sudoers_option *option)
{
	if (option->off)
		cs_doctor_find(doctor, &option->at, "take !env_reset out",
			"!env_reset (for %s): the requester's whole environment reaches what was approved", scope_of(option));
}

void cs_doctor_sudoers_environment(struct cs_doctor *doctor)
{
	each_option(doctor, "env_keep", kept);
	each_option(doctor, "env_reset", no_reset);
}
