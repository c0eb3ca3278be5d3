/* SPDX-License-Identifier: Apache-2.0 */
/* What a command is told by its environment is part of what others approve, so nothing comes from the caller's but a few
 * names of locale and terminal, and what he names. */
#include "run_environment.h"
#include "mem.h"
#include "users.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_FIXED "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* '*' at the end: every name that begins so. */
static const char *const plain[] = { "TERM", "COLORTERM", "LANG", "LANGUAGE", "LC_*", "TZ" };

/* A locale, terminal or zone with a slash in its name may be a file of the caller's; a zone has one in its middle. */
static bool is_harmless(const char *value)
{
	return value[0] != '/' && value[0] != ':' && strchr(value, '%') == NULL && strstr(value, "..") == NULL;
}

static bool is_plain(const char *variable)
{
	size_t len = strcspn(variable, "=");

	for (size_t i = 0; variable[len] == '=' && i < CS_COUNT(plain); i++) {
		size_t n = strlen(plain[i]);
		bool prefix = plain[i][n - 1] == '*';

		if (prefix ? len >= n - 1 && strncmp(variable, plain[i], n - 1) == 0
			   : len == n && strncmp(variable, plain[i], n) == 0)
			return is_harmless(variable + len + 1);
	}
	return false;
}

/* Later ones take the place of earlier ones. */
static int put(char ***env, size_t *n, const char *variable)
{
	size_t len = strcspn(variable, "=");

	for (size_t i = 0; i < *n; i++)
		if (strncmp((*env)[i], variable, len + 1) == 0)
			return cs_set(&(*env)[i], variable);
	return cs_strv_add(env, n, variable);
}

static int put_value(char ***env, size_t *n, const char *name, const char *value)
{
	char *variable = NULL;
	int r = cs_format(&variable, "%s=%s", name, value);

	if (r == 0)
		r = put(env, n, variable);
	cs_free_str(&variable);
	return r;
}

/* Of the caller as this machine knows him, whatever his environment says. */
static int put_person(char ***env, size_t *n)
{
	struct cs_user user = { 0 };
	int r = cs_user_by_uid((uint32_t)getuid(), &user);

	if (r < 0)
		return r == CS_ENOENT ? 0 : r;
	r = put_value(env, n, "HOME", user.home);
	if (r == 0)
		r = put_value(env, n, "USER", user.name);
	if (r == 0)
		r = put_value(env, n, "LOGNAME", user.name);
	cs_user_clear(&user);
	return r;
}

static int put_fixed(char ***env, size_t *n)
{
	int r = put(env, n, PATH_FIXED);

	if (r == 0)
		r = put_person(env, n);
	for (char **at = environ; r == 0 && at != NULL && *at != NULL; at++)
		if (is_plain(*at))
			r = put(env, n, *at);
	return r;
}

/* 1: shown and set; 0: there is no such variable. */
static int put_named(char ***env, size_t *n, struct cs_ask *ask, const char *word)
{
	const char *value = strchr(word, '=');
	char *variable = NULL;
	int r = 0;

	if (value == NULL && (value = getenv(word)) == NULL)
		return 0;
	r = strchr(word, '=') != NULL ? cs_format(&variable, "%s", word) : cs_format(&variable, "%s=%s", word, value);
	if (r == 0)
		r = put(env, n, variable);
	if (r == 0)
		r = put(&ask->env, &ask->n_env, variable);
	cs_free_str(&variable);
	return r < 0 ? r : 1;
}

int cs_run_environment(const struct cs_words *named, struct cs_ask *ask, char ***ret_env)
{
	char **env = NULL, **grown = NULL;
	size_t n = 0;
	int r = put_fixed(&env, &n);

	if (r < 0)
		(void)cs_fail(r, "the environment cannot be made", cs_strerror(r), "");
	for (size_t i = 0; r == 0 && i < named->n; i++) {
		const char *word = named->at[i];

		r = *word == '=' || *word == '\0' ? CS_EINVAL : put_named(&env, &n, ask, word);
		if (r < 0)
			(void)cs_fail(r, "this is no variable to keep", word, "");
		else if (r == 0)
			r = cs_fail(CS_ENOENT, "the environment has no such variable", word, "");
		else
			r = 0;
	}
	if (r == 0 && (grown = reallocarray(env, n + 1, sizeof(*env))) == NULL)
		r = cs_fail(CS_ENOMEM, cs_strerror(CS_ENOMEM), "--env", "");
	if (r == 0) {
		grown[n] = NULL;
		*ret_env = grown;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		free(env[i]);
	free(env);
	return r;
}

void cs_run_environment_free(char ***env)
{
	for (char **at = *env; at != NULL && *at != NULL; at++)
		free(*at);
	free(*env);
	*env = NULL;
}
