/* SPDX-License-Identifier: Apache-2.0 */
/* The table of module arguments. */
#include "args.h"
#include "model.h"
#include "mem.h"
#include "text.h"
#include "users.h"
#include <string.h>
#include <sys/un.h>

#define TIMEOUT_DEFAULT_S 6u /* the daemon answers a decision within three seconds, or says that it could not tell */
#define TIMEOUT_MAX_S 60u

#define ANY (CS_MODULE_ACCOUNT | CS_MODULE_HOLD | CS_MODULE_SUDO)

static int parse_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	uint64_t n = 0;

	if (*text == '\0')
		return CS_EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return CS_EINVAL;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > max)
			return CS_EINVAL;
	}
	*ret_number = n;
	return 0;
}

int cs_args_id(const char *text, uint32_t *ret_id)
{
	uint64_t n = 0;

	if (parse_number(text, CS_NO_UID - 1, &n) < 0)
		return CS_EINVAL;
	*ret_id = (uint32_t)n;
	return 0;
}

static int set_socket(struct cs_args *args, const char *value)
{
	if (value[0] != '/' || strlen(value) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return CS_EINVAL;
	args->socket = value;
	return 0;
}

static int set_server(struct cs_args *args, const char *value)
{
	if (!cs_is_login(value))
		return CS_EINVAL;
	args->server = value;
	return 0;
}

static int set_server_uid(struct cs_args *args, const char *value)
{
	args->server = NULL;
	return cs_args_id(value, &args->server_uid);
}

static int set_permission(struct cs_args *args, const char *value)
{
	args->permission = value;
	return *value != '\0' && strlen(value) <= CS_MAX_NAME ? 0 : CS_EINVAL;
}

static int set_scope(struct cs_args *args, const char *value)
{
	args->scope = value;
	return *value != '\0' && strlen(value) <= CS_MAX_SCOPE ? 0 : CS_EINVAL;
}

static int set_hold(struct cs_args *args, const char *value)
{
	args->hold_in_session = true;
	return strcmp(value, "session") == 0 ? 0 : CS_EINVAL;
}

static int set_front(struct cs_args *args, const char *value)
{
	(void)value;
	args->front = true;
	return 0;
}

static int set_confirm(struct cs_args *args, const char *value)
{
	(void)value;
	args->confirm = true;
	return 0;
}

static int set_interactive(struct cs_args *args, const char *value)
{
	args->interactive_given = true;
	args->interactive = strcmp(value, "yes") == 0;
	return args->interactive || strcmp(value, "no") == 0 ? 0 : CS_EINVAL;
}

static int set_timeout(struct cs_args *args, const char *value)
{
	uint64_t seconds = 0;

	if (parse_number(value, TIMEOUT_MAX_S, &seconds) < 0 || seconds == 0)
		return CS_EINVAL;
	args->timeout_ms = (uint32_t)seconds * 1000;
	return 0;
}

static const struct {
	const char *name;
	unsigned modules;
	bool has_value;
	int (*set)(struct cs_args *args, const char *value);
	const char *wrong;
} options[] = {
	{ "socket", ANY, true, set_socket, "must be socket=ABSOLUTE-PATH, at most 107 bytes long" },
	{ "server", ANY, true, set_server, "must be server=USER-NAME" },
	{ "server_uid", ANY, true, set_server_uid, "must be server_uid=NUMBER" },
	{ "timeout", ANY, true, set_timeout, "must be timeout=SECONDS, from 1 to 60" },
	{ "permission", CS_MODULE_ACCOUNT, true, set_permission, "must be permission=NAME" },
	{ "scope", CS_MODULE_ACCOUNT, true, set_scope, "must be scope=SCOPE" },
	{ "hold", CS_MODULE_ACCOUNT, true, set_hold, "must be hold=session" },
	{ "front", CS_MODULE_ACCOUNT, false, set_front, "takes no value" },
	{ "confirm", CS_MODULE_HOLD, false, set_confirm, "takes no value" },
	{ "interactive", CS_MODULE_HOLD, true, set_interactive, "must be interactive=yes or interactive=no" },
};

static int find_option(enum cs_module module, const char *argument, size_t *ret_index)
{
	size_t len = strcspn(argument, "=");

	for (size_t i = 0; i < CS_COUNT(options); i++) {
		if (strlen(options[i].name) == len && strncmp(options[i].name, argument, len) == 0 &&
			(options[i].modules & (unsigned)module) != 0) {
			*ret_index = i;
			return 0;
		}
	}
	return CS_ENOENT;
}

static int parse_one(enum cs_module module, const char *argument, struct cs_args *args, unsigned *seen, const char **ret_what)
{
	const char *equals = strchr(argument, '=');
	size_t i = 0;

	if (find_option(module, argument, &i) < 0) {
		*ret_what = "is not an argument of this module";
		return CS_EINVAL;
	}
	if ((*seen & (1u << i)) != 0) {
		*ret_what = "is given twice";
		return CS_EINVAL;
	}
	*seen |= 1u << i;
	if (options[i].has_value != (equals != NULL) || options[i].set(args, equals != NULL ? equals + 1 : "") < 0) {
		*ret_what = options[i].wrong;
		return CS_EINVAL;
	}
	return 0;
}

static int is_seen(unsigned seen, const char *name)
{
	for (size_t i = 0; i < CS_COUNT(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return (seen & (1u << i)) != 0;
	return 0;
}

/* Arguments that are right one by one and wrong together. */
static const char *contradiction(unsigned seen)
{
	if (is_seen(seen, "server") && is_seen(seen, "server_uid"))
		return "server= and server_uid= exclude each other";
	if (is_seen(seen, "scope") && !is_seen(seen, "permission"))
		return "scope= needs permission=";
	if (is_seen(seen, "hold") && is_seen(seen, "permission"))
		return "hold=session and permission= exclude each other: a plain right is never held";
	if (is_seen(seen, "front") && !is_seen(seen, "hold"))
		return "front needs hold=session: it is about what the session phase holds";
	if (is_seen(seen, "interactive") && is_seen(seen, "confirm"))
		return "confirm and interactive= exclude each other: confirm holds nothing";
	return NULL;
}

int cs_args_parse(enum cs_module module, size_t n, const char *const *arguments, struct cs_args *ret_args,
	struct cs_args_problem *ret_problem)
{
	struct cs_args args = {
		.socket = CS_DEFAULT_SOCKET, .server = CS_DEFAULT_SERVER, .timeout_ms = TIMEOUT_DEFAULT_S * 1000
	};
	struct cs_args_problem problem = { 0 };
	unsigned seen = 0;

	for (size_t i = 0; i < n && problem.what == NULL; i++)
		if (parse_one(module, arguments[i], &args, &seen, &problem.what) < 0)
			problem.argument = arguments[i];
	if (problem.what == NULL)
		problem.what = contradiction(seen);
	if (problem.what != NULL) {
		*ret_problem = problem;
		return CS_EINVAL;
	}
	*ret_args = args;
	return 0;
}

int cs_args_server_uid(const struct cs_args *args, uint32_t *ret_uid)
{
	struct cs_user user = { 0 };
	int r = 0;

	if (args->server == NULL) {
		*ret_uid = args->server_uid;
		return 0;
	}
	r = cs_user_by_name(args->server, &user);
	if (r == 0)
		*ret_uid = user.uid;
	cs_user_clear(&user);
	return r;
}
