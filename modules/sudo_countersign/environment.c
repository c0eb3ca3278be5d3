/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed set of variables that no approver needs to see, and what their values must not be for that. */
#include "input.h"
#include "mem.h"
#include <string.h>

static int is_anything(const char *value, const char *home)
{
	(void)value;
	(void)home;
	return 1;
}

/* A locale or terminal name with a slash in it is a file to be loaded. */
static int is_name(const char *value, const char *home)
{
	(void)home;
	return strpbrk(value, "/%") == NULL;
}

static int is_zone(const char *value, const char *home)
{
	(void)home;
	return value[0] != '/' && value[0] != ':' && strstr(value, "..") == NULL;
}

/* A shell started as root expands these: they could run something. */
static int is_prompt(const char *value, const char *home)
{
	(void)home;
	return strstr(value, "$(") == NULL && strstr(value, "${") == NULL && strchr(value, '`') == NULL;
}

/* Start files are read from there. */
static int is_home(const char *value, const char *home)
{
	return home != NULL && strcmp(value, home) == 0;
}

static int is_standard_folder(const char *folder, size_t len)
{
	static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin" };

	for (size_t i = 0; i < CS_COUNT(folders); i++)
		if (strlen(folders[i]) == len && strncmp(folders[i], folder, len) == 0)
			return 1;
	return 0;
}

static int is_standard_path(const char *value, const char *home)
{
	(void)home;
	for (;;) {
		size_t len = strcspn(value, ":");

		if (!is_standard_folder(value, len))
			return 0;
		if (value[len] == '\0')
			return 1;
		value += len + 1;
	}
}

static const struct {
	const char *name; /* '*' at the end: every name that begins so */
	int (*is_plain)(const char *value, const char *home);
} plain[] = {
	{ "PATH", is_standard_path },
	{ "HOME", is_home },
	{ "LANG", is_name },
	{ "LANGUAGE", is_name },
	{ "LC_*", is_name },
	{ "TERM", is_name },
	{ "COLORTERM", is_name },
	{ "TZ", is_zone },
	{ "PS1", is_prompt },
	{ "PS2", is_prompt },
	{ "LOGNAME", is_anything },
	{ "USER", is_anything },
	{ "MAIL", is_anything },
	{ "SHELL", is_anything },
	{ "DISPLAY", is_anything },
	{ "XAUTHORITY", is_anything },
	{ "XDG_CURRENT_DESKTOP", is_anything },
	{ "LS_COLORS", is_anything },
	{ "COLUMNS", is_anything },
	{ "LINES", is_anything },
	{ "HOSTNAME", is_anything },
	{ "KRB5CCNAME", is_anything },
	/* Not SUDO_*: SUDO_EDITOR and SUDO_ASKPASS are programs. */
	{ "SUDO_COMMAND", is_anything },
	{ "SUDO_USER", is_anything },
	{ "SUDO_UID", is_anything },
	{ "SUDO_GID", is_anything },
	{ "SUDO_HOME", is_anything },
	{ "SUDO_TTY", is_anything },
	{ "COUNTERSIGN_REASON", is_anything },
};

static int has_name(const char *variable, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (name[n - 1] == '*')
		return len >= n - 1 && strncmp(variable, name, n - 1) == 0;
	return len == n && strncmp(variable, name, n) == 0;
}

int cs_sudo_env_is_plain(const char *variable, const char *home)
{
	const char *equals = strchr(variable, '=');

	if (equals == NULL)
		return 0;
	for (size_t i = 0; i < CS_COUNT(plain); i++)
		if (has_name(variable, (size_t)(equals - variable), plain[i].name))
			return plain[i].is_plain(equals + 1, home);
	return 0;
}
