/* SPDX-License-Identifier: Apache-2.0 */
/* Reads countersignd.conf: one table of keys, then the checks that a table cannot say. */
#include "config_internal.h"
#include "countersign/error.h"
#include "directory.h"
#include "mem.h"
#include "roster.h"
#include "text.h"
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CONFIG_MAX (256u * 1024u)
#define OFFICERS_MAX 16
#define HOLD_MIN_MS 1000
#define HOLD_MAX_MS (24ull * 3600 * 1000)

static const struct cs_conf_option options[] = {
	{ "user", CS_CONF_STR, false, NULL },
	{ "host", CS_CONF_STR, false, NULL },
	{ "store", CS_CONF_STR, false, NULL },
	{ "policy", CS_CONF_STR, false, NULL },
	{ "roster", CS_CONF_STR, false, NULL },
	{ "roster_signatures", CS_CONF_COUNT, false, NULL },
	{ "socket_dir", CS_CONF_STR, false, NULL },
	{ "hold", CS_CONF_SPAN, false, NULL },
	{ "syslog", CS_CONF_BOOL, false, NULL },
	{ "max_open_per_uid", CS_CONF_COUNT, false, NULL },
	{ "max_open", CS_CONF_COUNT, false, NULL },
	{ "directory", CS_CONF_SECTION, true, cs_directory_options },
	{ "notify", CS_CONF_SECTION, false, config_notify_options },
	{ NULL, CS_CONF_STR, false, NULL },
};

static int wrong(struct cs_problem *problem, const char *path, const struct cs_conf_section *top, const char *key,
	const char *text)
{
	cs_problem_set(problem, path, cs_conf_line(top, key), "%s: %s", key, text);
	return CS_ECONF;
}

static int find_user(struct config *config, const char *path, const struct cs_conf_section *top, struct cs_problem *problem)
{
	struct passwd *pw = NULL;

	config->uid = getuid();
	config->gid = getgid();
	if (config->uid != 0)
		return 0; /* started by an ordinary user: it stays that user */
	errno = 0;
	pw = getpwnam(config->user);
	if (!pw || pw->pw_uid == 0) {
		cs_problem_set(problem, path, cs_conf_line(top, "user"),
			pw ? "user: \"%s\" is root; name an account that owns nothing else"
			   : "user: there is no account \"%s\"; create it with: adduser --system --group %s", config->user, config->user);
		return CS_ECONF;
	}
	config->uid = pw->pw_uid;
	config->gid = pw->pw_gid;
	return 0;
}

static int find_host(struct config *config, const char *path, const struct cs_conf_section *top, struct cs_problem *problem)
{
	struct utsname name;
	const char *host = cs_conf_str(top, "host", NULL);

	if (!host && uname(&name) == 0)
		host = name.nodename;
	if (!host || !cs_is_word(host, 255))
		return wrong(problem, path, top, "host", "has to be a host name of letters, digits, dots and dashes");
	config->host = cs_dup(host);
	return config->host ? 0 : CS_ENOMEM;
}

static int check_paths(const struct config *config, const char *path, const struct cs_conf_section *top,
	struct cs_problem *problem)
{
	const struct { const char *key, *value; } paths[] = {
		{ "store", config->store }, { "policy", config->policy }, { "roster", config->roster },
		{ "socket_dir", config->socket_dir } };

	for (size_t i = 0; i < CS_COUNT(paths); i++)
		if (paths[i].value[0] != '/' || strlen(paths[i].value) > 90)
			return wrong(problem, path, top, paths[i].key, "has to be an absolute path of at most 90 bytes");
	return 0;
}

static int check_numbers(struct config *config, const char *path, const struct cs_conf_section *top, struct cs_problem *problem)
{
	uint64_t per_uid = cs_conf_count(top, "max_open_per_uid", 20), all = cs_conf_count(top, "max_open", 10000);

	config->roster_signatures = cs_conf_count(top, "roster_signatures", 0);
	config->hold_ms = cs_conf_span(top, "hold", 15ull * 60 * 1000);
	if (config->hold_ms < HOLD_MIN_MS || config->hold_ms > HOLD_MAX_MS)
		return wrong(problem, path, top, "hold", "has to be from 1s to 24h");
	if (per_uid < 1 || per_uid > 10000)
		return wrong(problem, path, top, "max_open_per_uid", "has to be from 1 to 10000");
	if (all < per_uid || all > 1000000)
		return wrong(problem, path, top, "max_open", "has to be from max_open_per_uid to 1000000");
	if (config->roster_signatures > OFFICERS_MAX)
		return wrong(problem, path, top, "roster_signatures", "has to be from 0 to 16");
	config->max_open_per_uid = (uint32_t)per_uid;
	config->max_open = (uint32_t)all;
	return 0;
}

int config_read(const char *path, uid_t owner, struct config *ret_config, struct cs_problem *problem)
{
	struct config config = { 0 };
	const struct cs_conf_section *top = NULL;
	char *text = NULL;
	size_t len = 0;
	int r = cs_file_read(path, owner, 0, CONFIG_MAX, &text, &len, problem);

	if (r == 0)
		r = cs_conf_parse(text, path, options, &config.conf, problem);
	if (r == 0) {
		top = cs_conf_top(config.conf);
		config.path = path;
		config.user = cs_conf_str(top, "user", "countersign");
		config.store = cs_conf_str(top, "store", "/var/lib/countersign/countersign.db");
		config.policy = cs_conf_str(top, "policy", "/etc/countersign/policy.conf");
		config.roster = cs_conf_str(top, "roster", CS_ROSTER_FILE);
		config.socket_dir = cs_conf_str(top, "socket_dir", "/run/countersign");
		config.use_syslog = cs_conf_bool(top, "syslog", true);
		config.directory = cs_conf_section(top, "directory", 0);
		r = check_paths(&config, path, top, problem);
	}
	if (r == 0)
		r = check_numbers(&config, path, top, problem);
	if (r == 0)
		r = config_read_notify(path, cs_conf_section(top, "notify", 0), owner, &config.notify, problem);
	if (r == 0)
		r = find_host(&config, path, top, problem);
	if (r == 0)
		r = find_user(&config, path, top, problem);
	free(text);
	if (r < 0) {
		config_clear(&config);
		return r;
	}
	*ret_config = config;
	return 0;
}

void config_clear(struct config *config)
{
	cs_conf_free(&config->conf);
	free(config->host);
	config_notify_clear(&config->notify);
	memset(config, 0, sizeof(*config));
}
