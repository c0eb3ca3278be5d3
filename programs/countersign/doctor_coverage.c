/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor --coverage: every way to privilege on the machine, and whether a gate sees it. */
#include "clock.h"
#include "command.h"
#include "doctor.h"
#include "mem.h"
#include "print.h"
#include "text.h"
#include "walk.h"

#include <countersign/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAYS_MAX = 20000, PATIENCE_MS = 2000 };

enum seen { NOT_SEEN = 0, SEEN, PARTLY, OUT_OF_SCOPE };

static const struct cs_names seen_names[] = { { SEEN, "seen" }, { PARTLY, "partly" }, { NOT_SEEN, "not seen" },
	{ OUT_OF_SCOPE, "out of scope" }, { 0, NULL } };

struct way {
	char *kind; /* "setuid", "pam", … */
	char *what;
	int gate; /* enum seen */
	char *why;
};

struct ways {
	struct way *ways;
	size_t n_ways, cap;
};

static const struct cs_field way_fields[] = {
	CS_STR(way, kind, 32),
	CS_STR(way, what, 4096),
	CS_ENUM(way, gate, seen_names),
	CS_STR(way, why, 1024),
};
static const struct cs_shape way_shape = CS_SHAPE("way", way, way_fields);
static const struct cs_field ways_fields[] = { CS_ARRAY(ways, ways, &way_shape, WAYS_MAX) };
static const struct cs_shape ways_shape = CS_SHAPE("ways", ways, ways_fields);

struct coverage {
	const struct cs_doctor *doctor;
	struct ways ways;
	uint64_t began_ms;
	bool told; /* how far it is was said on standard error */
	int error;
};

static void add(struct coverage *coverage, const char *kind, const char *what, enum seen gate, const char *why)
{
	struct way way = { .gate = (int)gate };
	int r = coverage->ways.n_ways >= WAYS_MAX ? CS_ETOOBIG
		: cs_reserve((void **)&coverage->ways.ways, &coverage->ways.cap, coverage->ways.n_ways, 1, sizeof(way));

	if (r == 0)
		r = cs_set(&way.kind, kind);
	if (r == 0)
		r = cs_set(&way.what, what);
	if (r == 0)
		r = cs_set(&way.why, why);
	if (r < 0) {
		cs_clear(&way_shape, &way);
		coverage->error = r;
		return;
	}
	coverage->ways.ways[coverage->ways.n_ways++] = way;
}

/* --- Services of PAM ------------------------------------------------------------------------------------------------ */

static enum seen seen_in_service(const struct cs_doctor_service *service, const char **ret_why)
{
	bool account = cs_doctor_line(service, CS_PAM_ACCOUNT, CS_DOCTOR_ACCOUNT) != NULL;
	bool session = cs_doctor_line(service, CS_PAM_SESSION, CS_DOCTOR_HOLD) != NULL;

	*ret_why = account && session ? "account and session"
		: account ? "account alone: decided at once, never held"
		: session ? "session alone: held when the session begins" : "no line of ours";
	if (account && session)
		return SEEN;
	return account || session ? PARTLY : NOT_SEEN;
}

static enum seen seen_in_sudo(const struct cs_doctor *doctor, const char **ret_why)
{
	bool session = cs_doctor_line(cs_doctor_service(doctor, "sudo"), CS_PAM_SESSION, CS_DOCTOR_HOLD) != NULL;
	bool plugin = cs_doctor_plugin_line(doctor) != NULL && doctor->sudo_conf.refused == NULL;

	*ret_why = plugin && session ? "plugin and session line"
		: plugin ? "plugin alone: a damaged sudo.conf runs commands unasked"
		: session ? "session line alone: it refuses everything" : "neither plugin nor session line";
	if (plugin && session)
		return SEEN;
	return plugin || session ? PARTLY : NOT_SEEN;
}

static bool is_named(const char *const *names, size_t n, const char *name)
{
	return cs_strv_has((char *const *)(uintptr_t)names, n, name) == 1;
}

static void services(struct coverage *coverage)
{
	static const char *const root_only[] = { "runuser", "runuser-l" };

	for (size_t i = 0; i < coverage->doctor->n_services; i++) {
		const struct cs_doctor_service *service = &coverage->doctor->services[i];
		const char *why = NULL;
		enum seen gate = seen_in_service(service, &why);

		if (service->part)
			continue;
		if (strcmp(service->name, "sudo") == 0 || strcmp(service->name, "sudo-i") == 0)
			gate = seen_in_sudo(coverage->doctor, &why);
		if (gate == NOT_SEEN && is_named(root_only, CS_COUNT(root_only), service->name))
			add(coverage, "pam", service->name, OUT_OF_SCOPE, "for root alone");
		else
			add(coverage, "pam", service->name, gate, why);
	}
}

/* --- Programs ------------------------------------------------------------------------------------------------------- */

/* Programs whose service of PAM, or whose decision, is another's. */
static const struct {
	const char *name, *service, *why;
} named[] = {
	{ "pkexec", NULL, "polkit decides by its own rules" },
	{ "doas", NULL, "decides by /etc/doas.conf" },
	{ "crontab", "cron", NULL },
	{ "at", "atd", NULL },
};

/* su asks for one service and su - for another. */
static enum seen seen_in_su(const struct cs_doctor *doctor, const char **ret_why)
{
	const struct cs_doctor_service *su = cs_doctor_service(doctor, "su"), *login = cs_doctor_service(doctor, "su-l");
	enum seen one = su != NULL ? seen_in_service(su, ret_why) : NOT_SEEN, two = login != NULL ? seen_in_service(login, ret_why) : one;

	if (one == two)
		return one;
	*ret_why = "one of su and su-l alone";
	return PARTLY;
}

/* A program that asks PAM for the service of its own name, or of another. */
static enum seen seen_program(const struct cs_doctor *doctor, const char *path, const char **ret_why)
{
	const char *name = strrchr(path, '/') + 1;
	const struct cs_doctor_service *service = cs_doctor_service(doctor, name);

	*ret_why = "it decides by itself";
	if (strcmp(name, "sudo") == 0 || strcmp(name, "sudoedit") == 0)
		return seen_in_sudo(doctor, ret_why);
	if (strcmp(name, "su") == 0)
		return seen_in_su(doctor, ret_why);
	for (size_t i = 0; i < CS_COUNT(named); i++)
		if (strcmp(name, named[i].name) == 0) {
			service = named[i].service != NULL ? cs_doctor_service(doctor, named[i].service) : NULL;
			*ret_why = cs_text_or(named[i].why, "runs jobs later, and no gate sees them");
		}
	return service != NULL && cs_doctor_guards(service) ? seen_in_service(service, ret_why) : NOT_SEEN;
}

static void put_rights(struct cs_buf *out, const struct stat *st, uint64_t bits, bool *ret_root)
{
	bool setuid = (st->st_mode & S_ISUID) != 0;

	if (bits == UINT64_MAX)
		cs_put(out, "capabilities that are not understood");
	else if (bits != 0)
		cs_put_capabilities(out, bits, ret_root);
	else
		cs_put(out, "%s %u", setuid ? "uid" : "gid", setuid ? (unsigned)st->st_uid : (unsigned)st->st_gid);
}

static int found_program(void *arg, const char *path, const struct stat *st, uint64_t bits)
{
	struct coverage *coverage = arg;
	const char *why = NULL, *kind = bits != 0 ? "capabilities" : (st->st_mode & S_ISUID) != 0 ? "setuid" : "setgid";
	enum seen gate = seen_program(coverage->doctor, path, &why);
	bool root = bits == 0 || bits == UINT64_MAX;
	struct cs_buf what;
	int r = 0;

	cs_buf_init(&what, CS_HOST_FILE_MAX);
	cs_put(&what, "%s (", path);
	put_rights(&what, st, bits, &root);
	cs_put(&what, ")");
	cs_buf_put_u8(&what, 0);
	r = cs_buf_error(&what);
	if (r == 0)
		add(coverage, kind, (const char *)what.data, gate, root || gate != NOT_SEEN ? why : "makes nobody root by itself");
	cs_buf_clear(&what);
	return r < 0 ? r : coverage->error;
}

static void progress(void *arg, uint64_t entries, const char *folder)
{
	struct coverage *coverage = arg;
	char *shown = NULL;

	if (cs_boot_ms() - coverage->began_ms < PATIENCE_MS || isatty(STDERR_FILENO) != 1)
		return;
	coverage->told = true;
	shown = cs_escaped(folder);
	(void)fprintf(stderr, "\r\033[K%llu files: %.60s", (unsigned long long)entries, shown != NULL ? shown : "");
	free(shown);
}

static void programs(struct coverage *coverage)
{
	struct cs_walk walk = { .found = found_program, .progress = progress, .arg = coverage };
	int r = cs_host_walk(coverage->doctor->host, &walk);
	char *what = NULL;

	if (coverage->told)
		(void)fprintf(stderr, "\r\033[K");
	if (r < 0 && coverage->error == 0 && r != CS_ENOMEM) {
		add(coverage, "files", "/", NOT_SEEN, "not all of the file systems could be looked at");
	} else if (r < 0) {
		coverage->error = r;
	} else if (walk.skipped > 0 && cs_format(&what, "%llu folders", (unsigned long long)walk.skipped) == 0) {
		add(coverage, "files", what, OUT_OF_SCOPE,
			"not looked into: no setuid there, of the kernel or of the network, or not readable");
		free(what);
	}
}

/* --- Everything else ------------------------------------------------------------------------------------------------ */

static void rules(struct coverage *coverage)
{
	const struct cs_sudoers *sudoers = &coverage->doctor->sudoers;
	const char *why = NULL;
	enum seen gate = seen_in_sudo(coverage->doctor, &why);

	for (size_t i = 0; i < sudoers->n_rules; i++) {
		const struct cs_sudoers_rule *rule = &sudoers->rules[i];
		char *what = NULL;

		if (rule->nopasswd && cs_format(&what, "%s may run %s as %s: NOPASSWD (%s:%u)", rule->users, rule->commands,
			rule->runas[0] != '\0' ? rule->runas : "root", rule->at.file, rule->at.line) == 0)
			add(coverage, "sudoers", what, gate, why);
		free(what);
	}
	for (size_t i = 0; i < sudoers->n_options; i++) {
		const struct cs_sudoers_option *option = &sudoers->options[i];
		char *what = NULL;

		if (option->off && strcmp(option->name, "pam_session") == 0 &&
			cs_format(&what, "!pam_session for %s (%s:%u)", option->scope[0] != '\0' ? option->scope : "everybody",
				option->at.file, option->at.line) == 0)
			add(coverage, "sudoers", what, PARTLY, "the plugin alone");
		free(what);
	}
}

static void subsystems(struct coverage *coverage)
{
	const struct cs_sshd *sshd = &coverage->doctor->sshd;
	const struct cs_doctor_service *service = cs_doctor_service(coverage->doctor, "sshd");
	const char *why = "no line of ours";
	enum seen gate = service != NULL ? seen_in_service(service, &why) : NOT_SEEN;

	for (size_t i = 0; i < sshd->n_lines; i++)
		if (strcmp(sshd->lines[i].key, "subsystem") == 0)
			add(coverage, "sshd", sshd->lines[i].value, gate, gate == NOT_SEEN ? why : "with its whole connection");
}

/* Logins of which each command asks. */
static void gates(struct coverage *coverage)
{
	const struct cs_sshd *sshd = &coverage->doctor->sshd;

	for (size_t i = 0; i < sshd->n_blocks; i++) {
		char *what = NULL;

		if (strstr(cs_sshd_value(sshd, i, "forcecommand"), "countersign-gate") == NULL)
			continue;
		if (cs_format(&what, "ForceCommand countersign-gate%s%s", i > 0 ? ", Match " : "", sshd->blocks[i].criteria) < 0)
			coverage->error = CS_ENOMEM;
		else
			add(coverage, "sshd", what, SEEN, "each command asks");
		free(what);
	}
}

static void jobs(struct coverage *coverage)
{
	static const char *const folders[] = { "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly",
		"/etc/cron.monthly", "/var/spool/cron/crontabs", "/var/spool/cron/atjobs" };
	struct stat st;

	if (cs_host_look(coverage->doctor->host, "/etc/crontab", &st) == 0)
		add(coverage, "jobs", "/etc/crontab", NOT_SEEN, "runs what root wrote there");
	for (size_t i = 0; i < CS_COUNT(folders); i++) {
		char **names = NULL;
		size_t n = 0;

		if (cs_host_list(coverage->doctor->host, folders[i], &names, &n) < 0)
			continue;
		for (size_t k = 0; k < n; k++) {
			char *path = NULL;

			if (names[k][0] != '.' && cs_format(&path, "%s/%s", folders[i], names[k]) == 0)
				add(coverage, "jobs", path, NOT_SEEN, "runs later, as its owner; nobody waits");
			free(path);
		}
		cs_free_strv(&names, &n);
	}
}

static void tools(struct coverage *coverage)
{
	static const struct {
		const char *path;
		enum seen gate;
		const char *why;
	} known[] = {
		{ "/usr/bin/countersign", SEEN, "countersign run asks, and gives nothing that its caller has not" },
		{ "/usr/bin/pkexec", NOT_SEEN, "polkit decides by its own rules" },
		{ "/usr/lib/polkit-1/polkitd", NOT_SEEN, "decides by its own rules for services of D-Bus" },
		{ "/usr/bin/doas", NOT_SEEN, "decides by /etc/doas.conf" },
		{ "/usr/bin/run0", NOT_SEEN, "polkit decides by its own rules" },
		{ "/usr/bin/machinectl", NOT_SEEN, "polkit decides by its own rules" },
		{ "/usr/bin/docker", NOT_SEEN, "whoever is in its group is root" },
		{ "/usr/bin/lxc", NOT_SEEN, "whoever is in its group is root" },
		{ "/usr/bin/systemd-run", OUT_OF_SCOPE, "for root alone, or by polkit's rules" },
		{ "/usr/sbin/runuser", OUT_OF_SCOPE, "for root alone" },
		{ "/usr/bin/setpriv", OUT_OF_SCOPE, "for root alone" },
		{ "/usr/bin/nsenter", OUT_OF_SCOPE, "for root alone" },
		{ "/usr/sbin/chroot", OUT_OF_SCOPE, "for root alone" },
	};
	struct stat st;

	for (size_t i = 0; i < CS_COUNT(known); i++)
		if (cs_host_look(coverage->doctor->host, known[i].path, &st) == 0)
			add(coverage, "tools", known[i].path, known[i].gate, known[i].why);
}

/* --- Showing -------------------------------------------------------------------------------------------------------- */

static int put_ways(struct cs_buf *out, const struct cs_look *look, const struct ways *ways)
{
	static const struct cs_column columns[] = { { .title = "GATE" }, { .title = "BY" },
		{ .title = "WAY", .least = 20, .path = true }, { .title = "BECAUSE", .least = 12, .spare = 1 } };
	enum { COLUMNS = CS_COUNT(columns) };
	char **cells = calloc(ways->n_ways * COLUMNS + 1, sizeof(*cells));
	int r = cells != NULL ? 0 : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i < ways->n_ways; i++) {
		char **row = cells + i * COLUMNS;

		row[0] = cs_dup(cs_name_of(seen_names, ways->ways[i].gate));
		row[1] = cs_escaped(ways->ways[i].kind);
		row[2] = cs_escaped(ways->ways[i].what);
		row[3] = cs_escaped(ways->ways[i].why);
		if (row[0] == NULL || row[1] == NULL || row[2] == NULL || row[3] == NULL)
			r = CS_ENOMEM;
	}
	if (r == 0)
		r = cs_put_table(out, look, columns, COLUMNS, cells, NULL, ways->n_ways);
	for (size_t i = 0; cells != NULL && i < ways->n_ways * COLUMNS; i++)
		free(cells[i]);
	free(cells);
	return r;
}

static int show(const struct cs_run *run, const struct ways *ways)
{
	struct cs_buf out;
	int r = 0;

	if (run->json)
		return cs_print_json(&ways_shape, ways);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	r = put_ways(&out, &run->look, ways);
	if (r < 0) {
		cs_buf_clear(&out);
		return cs_fail(cs_exit_of_error(r), cs_strerror(r), "doctor", "");
	}
	return cs_print(&out);
}

int cs_doctor_coverage(struct cs_run *run, const struct cs_doctor *doctor)
{
	struct coverage coverage = { .doctor = doctor, .began_ms = cs_boot_ms() };
	int status = 0;

	services(&coverage);
	rules(&coverage);
	subsystems(&coverage);
	gates(&coverage);
	tools(&coverage);
	jobs(&coverage);
	programs(&coverage);
	status = coverage.error < 0 ? cs_fail(cs_exit_of_error(coverage.error), cs_strerror(coverage.error), "doctor", "")
				    : show(run, &coverage.ways);
	cs_clear(&ways_shape, &coverage.ways);
	return status;
}
