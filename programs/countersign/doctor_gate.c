/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor: whether a ForceCommand of countersign-gate is asked before anything else runs. countersign-gate(8) says
 * what is right. */
#include "doctor.h"
#include "mem.h"

#include <countersign/error.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define GATE "countersign-gate"

enum { ACCOUNTS_MAX = 20000, GROUPS_MAX = 256 };

static bool says(const struct cs_doctor *doctor, size_t block, const char *key, const char *wanted)
{
	return strcasecmp(cs_sshd_value(&doctor->sshd, block, key), wanted) == 0;
}

static const char *command(const struct cs_doctor *doctor, size_t block)
{
	const char *value = cs_sshd_value(&doctor->sshd, block, "forcecommand");

	return strstr(value, GATE) != NULL ? value : NULL;
}

/* The fault of a block, as one finding; false: it has none. at is of its ForceCommand. */
typedef bool (*block_look)(struct cs_doctor *doctor, size_t block, const struct cs_place *at, const char *of);

/* What everybody has is said once. */
static void each_gated(struct cs_doctor *doctor, block_look look)
{
	bool everybody = false;

	for (size_t i = 0; i < doctor->sshd.n_blocks && !everybody; i++) {
		struct cs_place at = cs_sshd_place(&doctor->sshd, i, "forcecommand");
		char *of = NULL;

		if (command(doctor, i) == NULL)
			continue;
		if (cs_format(&of, "%s%s", i > 0 ? ", in Match " : "", doctor->sshd.blocks[i].criteria) < 0)
			doctor->error = CS_ENOMEM;
		else
			everybody = look(doctor, i, &at, of) && i == 0;
		free(of);
	}
}

/* --- What is beside it ---------------------------------------------------------------------------------------------- */

/* Each by itself, or all with one word. A tunnel is not among what that word turns off. */
static const char *forwards(const struct cs_doctor *doctor, size_t block)
{
	static const char *const keys[] = { "allowtcpforwarding", "allowstreamlocalforwarding", "allowagentforwarding",
		"x11forwarding" };

	if (!says(doctor, block, "permittunnel", "no"))
		return "PermitTunnel";
	for (size_t i = 0; !says(doctor, block, "disableforwarding", "yes") && i < CS_COUNT(keys); i++)
		if (!says(doctor, block, keys[i], "no"))
			return keys[i];
	return NULL;
}

static bool forwarding(struct cs_doctor *doctor, size_t block, const struct cs_place *at, const char *of)
{
	const char *key = forwards(doctor, block);

	if (key != NULL)
		cs_doctor_find(doctor, at, "write beside it: DisableForwarding yes, and PermitTunnel no",
			"ForceCommand asks for each command%s, and forwarding (-L, -W, an agent) goes past it: %s is %s", of, key,
			cs_sshd_value(&doctor->sshd, block, strcmp(key, "PermitTunnel") == 0 ? "permittunnel" : key));
	return key != NULL;
}

void cs_doctor_sshd_forwarding(struct cs_doctor *doctor)
{
	each_gated(doctor, forwarding);
}

static bool user_files(struct cs_doctor *doctor, size_t block, const struct cs_place *at, const char *of)
{
	bool rc = !says(doctor, block, "permituserrc", "no");
	bool environment = !says(doctor, block, "permituserenvironment", "no");

	if (rc)
		cs_doctor_find(doctor, at, "write beside it: PermitUserRC no",
			"ForceCommand asks for each command%s, and sshd runs ~/.ssh/rc of the person before it", of);
	else if (environment)
		cs_doctor_find(doctor, at, "write: PermitUserEnvironment no",
			"ForceCommand asks for each command%s, and ~/.ssh/environment of the person steers what runs it", of);
	return rc || environment;
}

void cs_doctor_sshd_user_files(struct cs_doctor *doctor)
{
	each_gated(doctor, user_files);
}

/* A variable with which the linker or a shell runs something before the gate, that one of these patterns lets through. */
static const char *lets_through(const char *patterns)
{
	static const char *const names[] = { "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "GCONV_PATH", "BASH_ENV", "ENV", "ZDOTDIR",
		"SHELLOPTS", "HOME", "PATH" };
	char pattern[128];

	for (size_t n = 0; *patterns != '\0'; patterns += n + strspn(patterns + n, " \t")) {
		n = strcspn(patterns, " \t");
		(void)snprintf(pattern, sizeof(pattern), "%.*s", (int)n, patterns);
		for (size_t i = 0; i < CS_COUNT(names); i++)
			if (fnmatch(pattern, names[i], 0) == 0)
				return names[i];
	}
	return NULL;
}

/* sshd adds up what it accepts, a line for each; where it could not be asked, what its lines say. */
static const char *accepted(const struct cs_doctor *doctor, size_t block)
{
	const struct cs_sshd_block *of = &doctor->sshd.blocks[block];
	const char *name = NULL;

	for (size_t i = 0; name == NULL && i < of->n_keys && i < of->n_values; i++)
		if (strcmp(of->keys[i], "acceptenv") == 0)
			name = lets_through(of->values[i]);
	for (size_t i = 0; name == NULL && of->n_keys == 0 && i < doctor->sshd.n_lines; i++)
		if (strcmp(doctor->sshd.lines[i].key, "acceptenv") == 0 &&
			(doctor->sshd.lines[i].block == 0 || doctor->sshd.lines[i].block == block))
			name = lets_through(doctor->sshd.lines[i].value);
	return name;
}

static bool environment(struct cs_doctor *doctor, size_t block, const struct cs_place *at, const char *of)
{
	const char *name = accepted(doctor, block);

	if (name != NULL)
		cs_doctor_find(doctor, at, "accept only what cannot steer a program: AcceptEnv LANG LC_* COUNTERSIGN_REASON",
			"ForceCommand asks for each command%s, and AcceptEnv lets %s through, with which the client runs what it likes "
			"before it", of, name);
	return name != NULL;
}

void cs_doctor_sshd_environment(struct cs_doctor *doctor)
{
	each_gated(doctor, environment);
}

static bool gate_missing(struct cs_doctor *doctor, size_t block, const struct cs_place *at, const char *of)
{
	const char *text = command(doctor, block);
	char *path = strndup(text, strcspn(text, " \t"));
	struct stat st;
	bool missing = path != NULL && path[0] == '/' && cs_host_look(doctor->host, path, &st) == CS_ENOENT;

	if (path == NULL)
		doctor->error = CS_ENOMEM;
	else if (missing)
		cs_doctor_find(doctor, at, "install it again, or correct the path", "%s is not there: nobody gets in%s", path, of);
	else if (path[0] == '/')
		cs_doctor_want_sealed(doctor, path, "this is what asks");
	free(path);
	return missing;
}

void cs_doctor_sshd_gate(struct cs_doctor *doctor)
{
	each_gated(doctor, gate_missing);
}

/* --- The shell that runs it ----------------------------------------------------------------------------------------- */

/* What a shell reads from the home of its person with -c, under sshd. By the name of its file, without links: sh may be any. */
static const char *reads(const struct cs_host *host, const char *shell)
{
	static const struct {
		const char *name, *file;
	} shells[] = { { "bash", "~/.bashrc" }, { "rbash", "~/.bashrc" }, { "zsh", "~/.zshenv" }, { "zsh5", "~/.zshenv" },
		{ "fish", "~/.config/fish/config.fish" }, { "csh", "~/.cshrc" }, { "bsd-csh", "~/.cshrc" }, { "tcsh", "~/.tcshrc" } };
	char *real = NULL;
	const char *path = cs_host_real(host, shell, &real) == 0 ? real : shell, *slash = strrchr(path, '/'), *file = NULL;

	for (size_t i = 0; i < CS_COUNT(shells); i++)
		if (strcmp(slash != NULL ? slash + 1 : path, shells[i].name) == 0)
			file = shells[i].file;
	free(real);
	return file;
}

/* One pattern list of sshd's: "a*,!alice". */
static bool in_list(const char *list, const char *name)
{
	bool found = false;

	while (*list != '\0') {
		size_t n = strcspn(list, ",");
		bool not = *list == '!';
		char *pattern = strndup(list + not, n - not);
		bool fits = pattern != NULL && fnmatch(pattern, name, 0) == 0;

		free(pattern);
		if (fits && not)
			return false;
		found = found || fits;
		list += n + (list[n] == ',');
	}
	return found;
}

/* A file of accounts of another machine; NULL of this one, which is asked through NSS, and where there is none. */
static FILE *accounts(const struct cs_host *host, const char *path)
{
	int fd = host->live ? -1 : cs_host_open_file(host, path, O_RDONLY | O_NONBLOCK);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (fd >= 0 && file == NULL)
		(void)close(fd);
	return file;
}

static bool in_group_here(const char *list, const struct passwd *person)
{
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;

	if (getgrouplist(person->pw_name, person->pw_gid, groups, &n) < 0)
		return true; /* of more than these: rather one finding too many */
	for (int i = 0; i < n; i++) {
		const struct group *group = getgrgid(groups[i]);

		if (group != NULL && in_list(list, group->gr_name))
			return true;
	}
	return false;
}

static bool in_group(const struct cs_host *host, const char *list, const struct passwd *person)
{
	FILE *file = host->live ? NULL : accounts(host, "/etc/group");
	const struct group *group = NULL;
	bool found = false;

	if (host->live)
		return in_group_here(list, person);
	while (!found && file != NULL && (group = fgetgrent(file)) != NULL) {
		found = group->gr_gid == person->pw_gid;
		for (char **member = group->gr_mem; !found && *member != NULL; member++)
			found = strcmp(*member, person->pw_name) == 0;
		found = found && in_list(list, group->gr_name);
	}
	if (file != NULL)
		(void)fclose(file);
	return found;
}

/* Criteria that are about the connection may hold for anybody. */
static bool concerns(const struct cs_host *host, const char *criteria, const struct passwd *person)
{
	char *copy = cs_dup(criteria), *rest = NULL;
	bool fits = copy != NULL;

	for (char *word = fits ? strtok_r(copy, " \t", &rest) : NULL; fits && word != NULL; word = strtok_r(NULL, " \t", &rest)) {
		const char *list = strtok_r(NULL, " \t", &rest);

		if (list != NULL && strcasecmp(word, "user") == 0)
			fits = in_list(list, person->pw_name);
		else if (list != NULL && strcasecmp(word, "group") == 0)
			fits = in_group(host, list, person);
	}
	free(copy);
	return fits;
}

struct shells {
	char *first, *file; /* "alice (/bin/bash)", and what that reads */
	size_t others;
};

static int take_person(struct shells *shells, const struct cs_host *host, const char *criteria, const struct passwd *person)
{
	const char *file = person->pw_uid != 0 ? reads(host, person->pw_shell) : NULL;

	if (file == NULL || !concerns(host, criteria, person))
		return 0;
	if (shells->first != NULL) {
		shells->others++;
		return 0;
	}
	return cs_format(&shells->first, "%s (%s)", person->pw_name, person->pw_shell) == 0 && cs_set(&shells->file, file) == 0
		? 0 : CS_ENOMEM;
}

/* Whom NSS does not list, as it is with directories, it may still know by the name that is written there. */
static int take_named(struct shells *shells, const struct cs_host *host, const char *criteria)
{
	char *copy = cs_dup(criteria), *rest = NULL;
	int r = copy != NULL ? 0 : CS_ENOMEM;

	for (char *word = r == 0 ? strtok_r(copy, " \t,", &rest) : NULL; r == 0 && shells->first == NULL && word != NULL;
		word = strtok_r(NULL, " \t,", &rest)) {
		const struct group *group = getgrnam(word);
		char **members = group != NULL ? group->gr_mem : (char *[]){ NULL };
		const struct passwd *person = getpwnam(word);

		if (person != NULL)
			r = take_person(shells, host, criteria, person);
		for (; r == 0 && *members != NULL; members++)
			if ((person = getpwnam(*members)) != NULL)
				r = take_person(shells, host, criteria, person);
	}
	free(copy);
	return r;
}

static int take_people(struct shells *shells, const struct cs_host *host, const char *criteria)
{
	FILE *file = accounts(host, "/etc/passwd");
	const struct passwd *person = NULL;
	int r = 0;

	if (!host->live && file == NULL)
		return 0;
	if (host->live)
		setpwent();
	for (unsigned i = 0; r == 0 && i < ACCOUNTS_MAX; i++) {
		person = host->live ? getpwent() : fgetpwent(file);
		if (person == NULL)
			break;
		r = take_person(shells, host, criteria, person);
	}
	if (host->live)
		endpwent();
	if (file != NULL)
		(void)fclose(file);
	return r == 0 && host->live && shells->first == NULL ? take_named(shells, host, criteria) : r;
}

static bool login_shell(struct cs_doctor *doctor, size_t block, const struct cs_place *at, const char *of)
{
	struct shells shells = { 0 };
	bool found = false;

	if (take_people(&shells, doctor->host, doctor->sshd.blocks[block].criteria) < 0)
		doctor->error = CS_ENOMEM;
	found = shells.first != NULL && shells.file != NULL;
	if (found)
		cs_doctor_find(doctor, at,
			"chsh -s /bin/sh for them, where that is dash, and name the shell that they work with: " GATE " --shell",
			"ForceCommand is run by the login shell%s, and that of %s%s reads %s first: whatever stands there runs "
			"unasked",
			of, shells.first, shells.others > 0 ? " and of others" : "", shells.file);
	free(shells.first);
	free(shells.file);
	return found;
}

void cs_doctor_sshd_shell(struct cs_doctor *doctor)
{
	each_gated(doctor, login_shell);
}
