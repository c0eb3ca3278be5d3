/* SPDX-License-Identifier: Apache-2.0 */
/* Who goes through a door to try it, and what that shows. */
#include "enable.h"
#include "mem.h"
#include "policy.h"

#include <countersign/error.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *door, *root, *other, *open_root, *open_other;
} told[] = {
	{ "sudo", "root ran a command with sudo", "this person ran a command with sudo, as root",
		"that anybody but root gets through: root is refused less than others (--try-as USER tries it)",
		"that what a gate guards is held, and that a password is taken" },
	{ "sshd", "root logged in by key, to an sshd made for it with this machine's /etc/pam.d/sshd",
		"this person logged in by key, to an sshd made for it with this machine's /etc/pam.d/sshd",
		"that anybody but root gets in (--try-as USER tries it), and sshd's own settings: users that it lets in, passwords",
		"that what a gate guards is held, and sshd's own settings: users that it lets in, passwords" },
	{ "su", "root became nobody with su and with su -l", "root became this person with su and with su -l",
		"that anybody but root gets through: su asks him for a password",
		"that anybody but root gets through: su asks him for a password" },
};

void cs_enable_told(const struct cs_enable_door *door, const char *user, const char **ret_proven, const char **ret_not)
{
	*ret_proven = "";
	*ret_not = "";
	for (size_t i = 0; i < CS_COUNT(told); i++)
		if (strcmp(told[i].door, door->name) == 0) {
			*ret_proven = user != NULL ? told[i].other : told[i].root;
			*ret_not = user != NULL ? told[i].open_other : told[i].open_root;
		}
}

/* Whoever came in before he became root: sudo says so; else the login uid. Never root. The result lasts until the next call. */
static const struct passwd *whoever_came(void)
{
	const char *said = getenv("SUDO_USER");
	const struct passwd *person = said != NULL ? getpwnam(said) : NULL;
	FILE *file = person == NULL ? fopen("/proc/self/loginuid", "re") : NULL;
	unsigned long uid = 0;
	char line[32];

	if (file != NULL && fgets(line, sizeof(line), file) != NULL && (uid = strtoul(line, NULL, 10)) != 0 && uid < UINT32_MAX)
		person = getpwuid((uid_t)uid);
	if (file != NULL)
		(void)fclose(file);
	return person != NULL && person->pw_uid != 0 ? person : NULL;
}

/* 1: no gate can guard what the trial does, whoever it is; a trial that is held would ask people for nothing. */
static int is_free(const struct cs_policy *policy, const struct cs_enable_door *door, const struct passwd *person)
{
	bool sudo = strcmp(door->name, "sudo") == 0;
	char *argv[] = { (char *)(uintptr_t)"/usr/bin/true" }, none[] = "", root[] = "root", here[] = "/", local[] = "127.0.0.1";
	struct cs_action action = { .service = (char *)(uintptr_t)door->name, .host = none, .command = sudo ? argv[0] : none,
		.resolved = sudo ? argv[0] : none, .argv = argv, .n_argv = sudo ? 1 : 0, .target_uid = sudo ? 0 : person->pw_uid,
		.target_gid = sudo ? 0 : person->pw_gid, .target_name = sudo ? root : person->pw_name, .cwd = here, .tty = none,
		.peer = sudo ? none : local };
	const struct cs_circumstances circumstances = { .action = &action };
	struct cs_match match = { 0 };
	int r = policy != NULL ? cs_policy_match(policy, &circumstances, &match) : CS_ENOENT;

	if (r == 0)
		r = match.kind == CS_MATCH_NONE && match.unmatched_permits;
	cs_match_clear(&match);
	return r;
}

int cs_enable_choose(const struct cs_policy *policy, const struct cs_enable_door *door, char **ret_user)
{
	const struct passwd *person = strcmp(door->name, "su") != 0 ? whoever_came() : NULL;
	char *user = NULL;
	int r = person != NULL ? is_free(policy, door, person) : 0;

	if (r == 1)
		r = cs_set(&user, person->pw_name);
	if (r == CS_ENOMEM)
		return r;
	*ret_user = user;
	return 0;
}
