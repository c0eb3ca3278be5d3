/* SPDX-License-Identifier: Apache-2.0 */
/* countersignd: reads its configuration as root, binds its sockets, gives root up, serves. */
#include "config.h"
#include "ender.h"
#include "log.h"
#include "mem.h"
#include "notify.h"
#include "server.h"
#include "sockets.h"
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_CONFIG = 78 }; /* sysexits(3): EX_CONFIG */

struct daemon {
	struct config config;
	struct cs_notify *notify;
	struct cs_ender *ender;
	struct cs_directory *directory;
	struct cs_store *store;
	struct cs_host_key *host_key;
	struct cs_roster_source *roster;
	struct server *server;
	struct cs_authority *authority;
	int lock_fd, module_fd, people_fd, end_fd;
};

static void usage(FILE *out)
{
	(void)fputs("usage: countersignd [--config FILE] [--check | --apply-policy FILE]\n"
		    "       countersignd --version | --help\n"
		    "Stays in the foreground. --check reads the configuration, the policy and the directory's files, "
		    "and ends.\n"
		    "--apply-policy puts FILE in force past every gate while no daemon runs, records that, and ends.\n",
		    out);
}

/* What systemd wants to hear; nothing where it does not listen. sd_notify(3) describes the datagram. */
static void notify_ready(const char *path)
{
	static const char ready[] = "READY=1";
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd = -1;

	if (len < 2 || len >= sizeof(name.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(name.sun_path, path, len);
	if (path[0] == '@')
		name.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)sendto(fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL, (const struct sockaddr *)&name,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	cs_close(&fd);
}

/* The section knows its lines, but not which file they are in. */
static int open_directory(const struct config *config, uid_t started_by, struct cs_directory **ret_directory,
	struct cs_problem *problem)
{
	struct cs_directory_ids ids = { config->uid, config->gid };
	int r = 0;

	cs_directory_set_ids(&ids);
	r = cs_directory_open(config->directory, started_by, ret_directory, problem);
	if (r < 0 && problem->text && (!problem->file || !*problem->file))
		(void)cs_set(&problem->file, config->path);
	return r;
}

/* Where nothing is to be told there is no worker. */
static int open_notify(struct daemon *d, struct cs_problem *problem)
{
	const struct config_notify *config = &d->config.notify;
	struct cs_notify_settings settings = { .programs = config->programs, .n_programs = config->n_programs,
		.timeout_ms = config->timeout_ms, .uid = d->config.uid, .gid = d->config.gid,
		.group = config->has_group ? &config->group : NULL };
	int r = config->n_programs > 0 ? cs_notify_open(&settings, &d->notify) : 0;

	if (r < 0)
		cs_problem_set(problem, d->config.path, 0, "the notify worker cannot be started: %s", cs_strerror(r));
	return r;
}

static int open_ender(struct daemon *d, uid_t started_by, struct cs_problem *problem)
{
	const struct cs_ender_settings settings = { .folder = d->config.socket_dir, .listen_fd = d->end_fd,
		.uid = d->config.uid, .gid = d->config.gid, .root_uid = started_by };
	int r = cs_ender_open(&settings, &d->ender);

	if (r < 0)
		cs_problem_set(problem, d->config.socket_dir, 0, "the helper that ends logins cannot be started: %s",
			cs_strerror(r));
	cs_close(&d->end_fd);
	return r;
}

static int open_store(struct daemon *d, struct cs_problem *problem)
{
	char *why = NULL;
	int r = cs_store_open_sqlite(d->config.store, &d->store, &why);

	if (r < 0)
		cs_problem_set(problem, d->config.store, 0, "%s", why ? why : cs_strerror(r));
	free(why);
	return r;
}

/* A file beside the store, and the daemon's own: root need not have made it. */
static int beside_store(const struct daemon *d, const char *name, char **ret_path)
{
	const char *slash = strrchr(d->config.store, '/');

	return cs_format(ret_path, "%.*s/%s", (int)(slash - d->config.store), d->config.store, name);
}

static int open_roster(struct daemon *d, uid_t started_by)
{
	struct cs_roster_settings settings = { .path = d->config.roster, .owner = started_by,
		.signatures = d->config.roster_signatures };
	char *seen = NULL;
	int r = beside_store(d, "roster.seen", &seen);

	settings.seen = seen;
	if (r == 0)
		r = cs_roster_open(&settings, &d->roster);
	free(seen);
	return r;
}

static int open_host_key(struct daemon *d, struct cs_problem *problem)
{
	char *path = NULL;
	int r = beside_store(d, "host_key", &path);

	if (r == 0)
		r = cs_host_key_open(path, &d->host_key, problem);
	free(path);
	return r;
}

static struct cs_authority_options authority_options(const struct daemon *d, uid_t started_by)
{
	struct cs_authority_options options = { 0 };

	options.host = d->config.host;
	options.version = CS_VERSION;
	options.policy_file = d->config.policy;
	options.policy_owner = started_by;
	options.hold_ms = d->config.hold_ms;
	options.confirm_ms = 10000;
	options.answer_ms = cs_conf_span(d->config.directory, "deadline", 0);
	options.root_uid = started_by;
	options.max_open_per_uid = d->config.max_open_per_uid;
	options.max_open = d->config.max_open;
	options.tells = d->notify != NULL;
	options.tell_arguments = d->config.notify.arguments;
	options.tell_for_ms = d->config.notify.keep_ms;
	options.now = cs_now_read;
	options.host_key = d->host_key;
	options.roster = d->roster;
	options.events = server_events(d->server);
	return options;
}

static int open_authority(struct daemon *d, uid_t started_by, struct cs_problem *problem)
{
	struct cs_authority_options options = authority_options(d, started_by);

	return cs_authority_open(&options, d->store, d->directory, &d->authority, problem);
}

/* With what belongs to the directory's files, and nothing else. */
static int give_up_root(const struct daemon *d, struct cs_problem *problem)
{
	gid_t group = 0;
	bool needed = d->directory != NULL && cs_directory_group(d->directory, &group) == 1;

	return privileges_drop(d->config.uid, d->config.gid, needed ? &group : NULL, problem);
}

/* The order matters: the helper that ends logins and the notify worker are forked before anything else is open (A069), secrets are read and the directory's
 * worker is forked before root is given up, the store is opened after the last fork (A107), and listening comes last, so that clients see the daemon's own uid behind the sockets. */
static int start(struct daemon *d, uid_t started_by, struct cs_problem *problem)
{
	int r = sockets_lock(d->config.socket_dir, &d->lock_fd, problem);

	if (r == 0 && started_by == 0)
		r = sockets_self_test(d->config.socket_dir, problem);
	if (r == 0)
		r = socket_bind(d->config.socket_dir, "module.sock", 0600, &d->module_fd, problem);
	if (r == 0)
		r = socket_bind(d->config.socket_dir, "people.sock", 0666, &d->people_fd, problem);
	if (r == 0)
		r = socket_bind(d->config.socket_dir, "end.sock", 0600, &d->end_fd, problem);
	if (r == 0)
		r = open_ender(d, started_by, problem);
	if (r == 0)
		r = open_notify(d, problem);
	if (r == 0)
		r = open_directory(&d->config, started_by, &d->directory, problem);
	if (r == 0)
		r = give_up_root(d, problem);
	if (r == 0)
		r = open_store(d, problem);
	if (r == 0)
		r = open_host_key(d, problem);
	if (r == 0)
		r = open_roster(d, started_by);
	if (r == 0) {
		r = server_new(d->module_fd, d->people_fd, started_by, &d->server);
		if (r == 0)
			d->module_fd = d->people_fd = -1;
	}
	return r == 0 ? open_authority(d, started_by, problem) : r;
}

/* For when the policy in force lets nobody change it, or this program does not take it any more. The file is
 * read as whoever started us, who may keep it where the daemon's user cannot look; the store's lock keeps a daemon
 * out. */
static int apply_policy(struct daemon *d, const char *file, uid_t started_by, struct cs_problem *problem)
{
	struct cs_authority_options options = authority_options(d, started_by);
	struct cs_generation generation = { 0 };
	char *text = NULL;
	size_t len = 0;
	int r = cs_file_read(file, started_by, 0, CS_POLICY_TEXT_MAX, &text, &len, problem);

	if (r == 0)
		r = give_up_root(d, problem);
	if (r == 0)
		r = open_store(d, problem);
	if (r == 0)
		r = cs_authority_force_policy(&options, d->store, text, file, &generation, problem);
	if (r == 0)
		cs_log(LOG_WARNING, "generation %llu of the policy is in force, from %s, past every gate",
			(unsigned long long)generation.number, file);
	cs_clear(&cs_generation_shape, &generation);
	free(text);
	return r;
}

static int check(const struct config *config, uid_t started_by, struct cs_problem *problem)
{
	struct cs_directory *directory = NULL;
	struct cs_policy *policy = NULL;
	char *text = NULL;
	size_t len = 0;
	int r = cs_file_read(config->policy, started_by, 0, CS_POLICY_TEXT_MAX, &text, &len, problem);

	if (r == 0)
		r = cs_policy_parse(text, config->policy, &policy, problem);
	if (r == 0)
		r = open_directory(config, started_by, &directory, problem);
	cs_directory_close(&directory);
	cs_policy_free(&policy);
	free(text);
	return r;
}

static void stop(struct daemon *d)
{
	cs_directory_close(&d->directory); /* answers what is outstanding, so the authority has to be there still */
	cs_authority_close(&d->authority);
	server_free(&d->server);
	cs_notify_close(&d->notify);
	cs_ender_close(&d->ender);
	cs_store_close(&d->store);
	cs_roster_close(&d->roster);
	cs_host_key_free(&d->host_key);
	cs_close(&d->module_fd);
	cs_close(&d->people_fd);
	cs_close(&d->end_fd);
	cs_close(&d->lock_fd);
	config_clear(&d->config);
}

static int report(int r, struct cs_problem *problem)
{
	char *text = cs_problem_text(problem);

	cs_log(LOG_ERR, "%s", problem->text && text ? text : cs_strerror(r));
	free(text);
	cs_problem_clear(problem);
	return r == CS_ECONF || r == CS_EUNTRUSTED || r == CS_ENOENT ? EXIT_CONFIG : EXIT_FAILURE;
}

static int serve(struct daemon *d, uid_t started_by, const char *notify_path, struct cs_problem *problem)
{
	int r = start(d, started_by, problem);

	if (r < 0)
		return r;
	cs_log(LOG_INFO, "serving %s on %s", d->config.host, d->config.socket_dir);
	notify_ready(notify_path);
	return server_run(d->server, d->authority, d->directory, d->notify, d->ender);
}

/* only_check, or a policy to apply, or neither: to serve. */
static int run(const char *config_file, bool only_check, const char *policy_file)
{
	struct daemon d = { .lock_fd = -1, .module_fd = -1, .people_fd = -1, .end_fd = -1 };
	struct cs_problem problem = { 0 };
	const char *notify = getenv("NOTIFY_SOCKET");
	char *notify_path = notify ? strdup(notify) : NULL;
	uid_t started_by = getuid();
	int r = 0;

	/* Nothing that was set outside steers the libraries below (A015). */
	if (clearenv() != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return EXIT_FAILURE;
	(void)umask(077);
	r = config_read(config_file, started_by, &d.config, &problem);
	if (r == 0 && only_check) {
		r = check(&d.config, started_by, &problem);
	} else if (r == 0) {
		cs_log_open("countersignd", d.config.use_syslog);
		r = policy_file ? apply_policy(&d, policy_file, started_by, &problem)
			: serve(&d, started_by, notify_path, &problem);
	}
	free(notify_path);
	r = r < 0 ? report(r, &problem) : EXIT_SUCCESS;
	stop(&d);
	return r;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "apply-policy", required_argument, NULL, 'a' },
		{ "version", no_argument, NULL, 'V' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	const char *config_file = CONFIG_FILE, *policy_file = NULL;
	bool only_check = false;
	int option = 0;

	if (argc < 1)
		return EXIT_USAGE;
	cs_log_open("countersignd", 0);
	while ((option = getopt_long(argc, argv, "c:ka:Vh", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			config_file = optarg;
			break;
		case 'k':
			only_check = true;
			break;
		case 'a':
			policy_file = optarg;
			break;
		case 'V':
			return printf("countersignd %s\n", CS_VERSION) < 0;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc || (only_check && policy_file)) {
		usage(stderr);
		return EXIT_USAGE;
	}
	return run(config_file, only_check, policy_file);
}
