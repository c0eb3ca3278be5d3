/* SPDX-License-Identifier: Apache-2.0 */
/* Going through a door with the real programs, to see whether it opens. */
#include "enable.h"
#include "mem.h"
#include "program.h"

#include <countersign/error.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 20000, SAID_MAX = 64 * 1024 };

static int say(char **ret_said, int r, const char *program, const char *what)
{
	return cs_format(ret_said, "%s: %s", program, what) == 0 ? r : CS_ENOMEM;
}

static int say_first_line(char **ret_said, const char *program, const struct cs_program_said *said)
{
	const char *text = said->err[0] != '\0' ? said->err : said->out;

	if (text[0] == '\0')
		return cs_format(ret_said, "%s: exit status %d", program, said->status) == 0 ? CS_EPERM : CS_ENOMEM;
	return cs_format(ret_said, "%s: %.*s", program, (int)strcspn(text, "\r\n"), text) == 0 ? CS_EPERM : CS_ENOMEM;
}

int cs_enable_try_program(const char *const *argv, char **ret_said)
{
	struct cs_program_said said = { 0 };
	int r = cs_program_ask(argv, NULL, 0, PATIENCE_MS, SAID_MAX, &said);

	if (r == CS_ENOENT)
		return say(ret_said, r, argv[0], "there is no such program");
	if (r == CS_ETIMEDOUT)
		return say(ret_said, CS_EPERM, argv[0], "did not end in its time");
	if (r < 0)
		return r == CS_ENOMEM ? r : say(ret_said, CS_EPERM, argv[0], cs_strerror(r));
	if (said.status != 0)
		r = say_first_line(ret_said, argv[0], &said);
	cs_program_said_clear(&said);
	return r;
}

/* sudo as that person. Not "sudo -i": a gate may well guard every shell. */
static int try_sudo(const char *user, char **ret_said)
{
	static const char *const plain[] = { "/usr/bin/sudo", "-n", "--", "/usr/bin/true", NULL };
	const char *other[] = { "/usr/bin/setpriv", NULL, NULL, "--init-groups", "--", "/usr/bin/sudo", "-n", "--", "/usr/bin/true",
		NULL };
	const struct passwd *person = user != NULL ? getpwnam(user) : NULL;
	char *uid = NULL, *gid = NULL;
	int r = 0;

	if (user == NULL)
		return cs_enable_try_program(plain, ret_said);
	if (person == NULL)
		return say(ret_said, CS_ENOENT, user, "there is no such user");
	r = cs_format(&uid, "--reuid=%u", (unsigned)person->pw_uid);
	if (r == 0)
		r = cs_format(&gid, "--regid=%u", (unsigned)person->pw_gid);
	other[1] = uid;
	other[2] = gid;
	if (r == 0)
		r = cs_enable_try_program(other, ret_said);
	free(uid);
	free(gid);
	return r;
}

/* Root becomes that person: no password is asked. */
static int try_su(const char *user, char **ret_said)
{
	const char *who = user != NULL ? user : "nobody";
	const char *const plain[] = { "/usr/bin/su", "-s", "/bin/sh", "-c", "exit 0", who, NULL };
	const char *const login[] = { "/usr/bin/su", "-l", "-s", "/bin/sh", "-c", "exit 0", who, NULL };
	int r = cs_enable_try_program(plain, ret_said);

	return r == 0 ? cs_enable_try_program(login, ret_said) : r;
}

int cs_enable_try(const struct cs_enable_door *door, const char *user, char **ret_said)
{
	static const struct {
		const char *door;
		int (*attempt)(const char *user, char **ret_said);
	} attempts[] = { { "sudo", try_sudo }, { "su", try_su }, { "sshd", cs_enable_try_sshd } };

	for (size_t i = 0; i < CS_COUNT(attempts); i++)
		if (strcmp(attempts[i].door, door->name) == 0)
			return attempts[i].attempt(user, ret_said);
	return say(ret_said, CS_ENOENT, door->name, "there is no way to try it");
}
