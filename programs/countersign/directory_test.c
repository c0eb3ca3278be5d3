/* SPDX-License-Identifier: Apache-2.0 */
/* countersign directory test: does the directory of the daemon's configuration answer, does it say what the daemon
 * needs, and what is to be changed where it does not? */
#include "clock.h"
#include "config.h"
#include "directory_hints.h"
#include "mem.h"
#include "options.h"
#include "policy_text.h"
#include "print.h"
#include "progress.h"
#include "text.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = 4, TEXT_MAX = 8192 };

/* What is printed with --json. */
struct step {
	char *step;
	char *result; /* ok, warning, wrong */
	uint64_t took_us;
	char *found;
	char **troubles; /* words for what is the matter */
	size_t n_troubles;
	char **hints; /* what to do about it, one for each */
	size_t n_hints;
};

struct server {
	char *uri;
	struct step *steps;
	size_t n_steps, cap_steps;
};

struct tested {
	bool ok;
	char *directory; /* "LDAP", or the files */
	struct server *servers;
	size_t n_servers;
	bool with_person; /* somebody was looked up: what follows means something */
	uint64_t took_us;
	struct cs_facts facts;
};

static const struct cs_field step_fields[] = {CS_STR(step, step, TEXT_MAX),
					      CS_STR(step, result, TEXT_MAX),
					      CS_U64(step, took_us),
					      CS_STR(step, found, TEXT_MAX),
					      CS_STRV(step, troubles, SIZE_MAX, TEXT_MAX),
					      CS_STRV(step, hints, SIZE_MAX, TEXT_MAX)};
static const struct cs_shape step_shape = CS_SHAPE("step", step, step_fields);
static const struct cs_field server_fields[] = {CS_STR(server, uri, TEXT_MAX),
						CS_ARRAY(server, steps, &step_shape, SIZE_MAX)};
static const struct cs_shape server_shape = CS_SHAPE("server", server, server_fields);
static const struct cs_field tested_fields[] = {CS_BOOL(tested, ok),
						CS_STR(tested, directory, TEXT_MAX),
						CS_ARRAY(tested, servers, &server_shape, SIZE_MAX),
						CS_BOOL(tested, with_person),
						CS_U64(tested, took_us),
						CS_NEST(tested, facts, &cs_facts_shape)};
static const struct cs_shape tested_shape = CS_SHAPE("tested", tested, tested_fields);

/* One run of the test. */
struct testing {
	const struct config *config;
	struct cs_probe *probe;
	struct tested *tested;
	struct server *server; /* the one that is being looked at */
	struct cs_progress progress;
	int error;
};

static int failed(int error)
{
	return cs_fail(CS_EXIT_INTERNAL, cs_strerror(error), "directory test", "");
}

/* --- What a step found ------------------------------------------------------------------------------------------- */

static int describe_certificate(const struct cs_hint *hint, char **found)
{
	const struct cs_certificate *c = hint->certificate;
	char *before = *found;
	long long days = cs_certificate_days(hint);
	int r = cs_format(found, "%s%s%s, issued by %s, %lld day%s left", before, *before != '\0' ? ", " : "",
			  c->subject, c->issuer, days < 0 ? 0 : days, days == 1 ? "" : "s");
	free(before);
	return r;
}

/* Adds what is the matter; "" is nothing. */
static int add_trouble(struct step *step, const char *trouble, const struct cs_hint *hint)
{
	char *text = NULL;
	int r = CS_ENOMEM;
	if (*trouble == '\0')
		return 0;
	text = cs_hint_text(trouble, hint);
	if (text != NULL)
		r = cs_strv_add(&step->troubles, &step->n_troubles, trouble);
	if (r == 0)
		r = cs_strv_add(&step->hints, &step->n_hints, text);
	free(text);
	return r;
}

/* The certificate says more than that it was refused, and may be worth a word though it was not. */
static int look_at_certificate(const struct cs_probed *probed, struct cs_hint *hint, struct step *step)
{
	struct cs_certificate certificate = {0};
	char host[256];
	bool refused = probed->trouble == CS_TROUBLE_CERTIFICATE;
	cs_uri_host(hint->uri, host);
	int r = cs_certificate_read(probed->certificate, probed->n_certificate, host, &certificate);
	if (r != 0)
		return r == CS_EPROTO ? 0 : r;
	hint->certificate = &certificate;
	const char *trouble = cs_certificate_trouble(hint, refused);
	if (!refused && *trouble != '\0')
		r = cs_set(&step->result, "warning");
	if (r == 0)
		r = describe_certificate(hint, &step->found);
	if (r == 0)
		r = add_trouble(step, trouble, hint);
	cs_certificate_clear(&certificate);
	hint->certificate = NULL;
	return r;
}

static int fill_step(const struct testing *testing, const struct cs_probed *probed, struct step *step)
{
	struct cs_now now = {0};
	struct cs_hint hint = {.section = testing->config->directory,
			       .settings = cs_probe_settings(testing->probe),
			       .uri = testing->server->uri,
			       .about = cs_text_or(probed->about, "")};
	int r = cs_now_read(&now);
	hint.now_s = (int64_t)(now.wall_ms / 1000);
	step->took_us = probed->took_us;
	if (r == 0)
		r = cs_set(&step->step, cs_name_of(cs_probe_steps, (int)probed->step));
	if (r == 0 && (step->result == NULL || probed->level != CS_PROBE_GOOD)) /* a warning before the end stays */
		r = cs_set(&step->result, cs_name_of(cs_probe_levels, (int)probed->level));
	if (r == 0)
		r = cs_set(&step->found, cs_text_or(probed->text, ""));
	if (r == 0 && probed->n_certificate > 0)
		r = look_at_certificate(probed, &hint, step);
	if (r == 0 && probed->trouble != CS_TROUBLE_CERTIFICATE)
		r = add_trouble(step, cs_name_of(cs_troubles, (int)probed->trouble), &hint);
	return r;
}

/* The row of the step that ends, or of which one more thing is told. */
static struct step *row_of(struct server *server, const struct cs_probed *probed)
{
	const char *name = cs_name_of(cs_probe_steps, (int)probed->step);
	struct step *last = server->n_steps > 0 ? &server->steps[server->n_steps - 1] : NULL;
	if (last != NULL && strcmp(last->step, name) == 0)
		return last;
	if (cs_reserve((void **)&server->steps, &server->cap_steps, server->n_steps, 1, sizeof(*last)) != 0)
		return NULL;
	return &server->steps[server->n_steps++];
}

/* The default of locked_filter names what only some servers know. */
static bool is_known(const struct testing *testing, const struct cs_probed *probed)
{
	return probed->trouble == CS_TROUBLE_LOCKED && !cs_conf_given(testing->config->directory, "locked_filter");
}

static void take_step(void *arg, const struct cs_probed *probed)
{
	struct testing *testing = arg;
	cs_progress_wait(&testing->progress, testing->server->uri);
	if (probed == NULL || probed->begun || testing->error != 0 || is_known(testing, probed))
		return;
	struct step *step = row_of(testing->server, probed);
	testing->error = step != NULL ? fill_step(testing, probed, step) : CS_ENOMEM;
}

static void test_server(struct testing *testing, const char *uri)
{
	testing->error = cs_set(&testing->server->uri, uri);
	cs_progress_begin(&testing->progress, "", 0);
	if (testing->error == 0)
		testing->error = cs_probe_server(testing->probe, uri, take_step, testing);
	cs_progress_end(&testing->progress);
}

static void no_servers(struct testing *testing, char *cause)
{
	const struct cs_probed probed = {
		.step = CS_PROBE_ADDRESS, .level = CS_PROBE_WRONG, .trouble = CS_TROUBLE_SRV, .about = cause};
	testing->server = &testing->tested->servers[testing->tested->n_servers++];
	testing->error = cs_set(&testing->server->uri, cs_probe_settings(testing->probe)->name);
	if (testing->error == 0)
		take_step(testing, &probed);
}

static int test_servers(struct testing *testing)
{
	struct tested *tested = testing->tested;
	char **uris = NULL, *cause = NULL;
	size_t n = 0;
	int r = cs_probe_uris(testing->probe, &uris, &n, &cause);
	tested->servers = calloc(n + 1, sizeof(*tested->servers));
	testing->error = tested->servers != NULL && (r == 0 || r == CS_EUNAVAIL) ? 0 : CS_ENOMEM;
	if (testing->error == 0 && r == CS_EUNAVAIL)
		no_servers(testing, cause);
	for (size_t i = 0; i < n && testing->error == 0; i++) {
		testing->server = &tested->servers[tested->n_servers++];
		test_server(testing, uris[i]);
	}
	cs_free_strv(&uris, &n);
	free(cause);
	return testing->error;
}

/* --- A person ---------------------------------------------------------------------------------------------------- */

struct waiting {
	bool done;
	int r;
	struct cs_facts facts;
};

static void take_answer(void *arg, const struct cs_answer *answer)
{
	struct waiting *waiting = arg;
	waiting->done = true;
	waiting->r = answer->n_facts == 1 ? cs_copy(&cs_facts_shape, &answer->facts[0], &waiting->facts) : CS_EPROTO;
}

static int wait_for(struct cs_directory *directory, const struct waiting *waiting)
{
	struct cs_progress progress;
	cs_progress_begin(&progress, "", 0);
	while (!waiting->done) {
		struct pollfd fd = {.fd = cs_directory_fd(directory), .events = POLLIN};
		if (cs_directory_wants_write(directory))
			fd.events |= POLLOUT;
		(void)poll(&fd, 1, 20); /* its deadlines are finer than what matters here */
		cs_directory_serve(directory);
		cs_progress_wait(&progress, "the directory");
	}
	cs_progress_end(&progress);
	return waiting->r;
}

static int ask(struct cs_directory *directory, const char *user, const struct cs_policy *policy, struct tested *tested)
{
	struct cs_subject subject = {.uid = CS_NO_UID, .login_uid = CS_NO_UID, .name = cs_dup(user)};
	struct cs_question question = {.subjects = &subject, .n_subjects = 1};
	struct waiting waiting = {0};
	uint64_t begun = cs_boot_ms();
	const struct cs_group_query *queries = policy != NULL ? cs_policy_queries(policy, &question.n_queries) : NULL;
	memcpy(&question.queries, &queries, sizeof(queries)); /* only read, as in source.c */
	int r = subject.name == NULL ? CS_ENOMEM : cs_directory_ask(directory, &question, NULL, take_answer, &waiting);
	if (r == 0)
		r = wait_for(directory, &waiting);
	tested->with_person = r == 0;
	tested->took_us = (cs_boot_ms() - begun) * 1000;
	tested->facts = waiting.facts;
	free(subject.name);
	return r;
}

/* Without a user only whether it can be opened. 0, or the exit status after the error was told. */
static int test_person(const struct testing *testing, const char *user, const struct cs_policy *policy)
{
	struct cs_directory *directory = NULL;
	struct cs_problem problem = {0};
	int status = 0;
	int r = cs_directory_open(testing->config->directory, getuid(), &directory, &problem);
	if (r != 0)
		status = cs_fail_problem(CS_EXIT_NO, testing->config->path, r, &problem);
	else if (user != NULL && (r = ask(directory, user, policy, testing->tested)) != 0)
		status = failed(r);
	cs_directory_close(&directory);
	cs_problem_clear(&problem);
	return status;
}

/* --- Printing ---------------------------------------------------------------------------------------------------- */

static const char *took_text(uint64_t us, char text[32])
{
	(void)snprintf(text, 32, "%llu.%llu ms", (unsigned long long)(us / 1000),
		       (unsigned long long)(us % 1000 / 100));
	return text;
}

static enum cs_style style_of(const char *result)
{
	return strcmp(result, "ok") == 0 ? CS_GREEN : strcmp(result, "warning") == 0 ? CS_YELLOW : CS_RED;
}

static int put_steps(struct cs_buf *out, const struct cs_look *look, const struct server *server)
{
	static const struct cs_column columns[COLUMNS] = {
		{ .title = "STEP" }, { .title = "RESULT" }, { .title = "TIME", .right = true }, { .title = "FOUND", .least = 12 } };
	size_t n = server->n_steps * COLUMNS, kept = 0;
	char **cells = calloc(n + 1, sizeof(*cells));
	enum cs_style *styles = calloc(n + 1, sizeof(*styles));
	char took[32];
	int r = cells != NULL && styles != NULL ? 0 : CS_ENOMEM;
	for (size_t i = 0; i < server->n_steps && r == 0; i++) {
		const struct step *step = &server->steps[i];
		const char *texts[COLUMNS] = {step->step, step->result, took_text(step->took_us, took), step->found};
		styles[i * COLUMNS + 1] = style_of(step->result);
		for (size_t c = 0; c < COLUMNS && r == 0; c++) {
			cells[kept] = cs_escaped(texts[c]);
			r = cells[kept++] != NULL ? 0 : CS_ENOMEM;
		}
	}
	if (r == 0)
		r = cs_put_table(out, look, columns, COLUMNS, cells, styles, server->n_steps);
	cs_free_strv(&cells, &kept);
	free(styles);
	return r;
}

static void put_hints(struct cs_buf *out, const struct cs_look *look, const struct server *server)
{
	for (size_t i = 0; i < server->n_steps; i++) {
		const struct step *step = &server->steps[i];
		for (size_t k = 0; k < step->n_hints; k++) {
			cs_put_styled(out, look, style_of(step->result), step->result);
			cs_put(out, ": ");
			cs_escape(out, step->hints[k]);
			cs_put(out, "\n");
		}
	}
}

static void put_line(struct cs_buf *out, const char *before, const char *text)
{
	cs_put(out, "  %s", before);
	cs_escape(out, text);
	cs_put(out, "\n");
}

/* By one attribute or by several: it is one group. */
static bool was_put(const struct cs_facts *facts, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(facts->memberships[k].group_dn, facts->memberships[i].group_dn) == 0)
			return true;
	return false;
}

static void put_groups(struct cs_buf *out, const struct cs_facts *facts)
{
	for (size_t i = 0; i < facts->n_memberships; i++)
		if (!was_put(facts, i))
			put_line(out, "in      ", facts->memberships[i].group_dn);
	for (size_t i = 0; i < facts->n_unsure; i++)
		put_line(out, "unsure  ", facts->unsure[i].doubt);
}

static void put_person(struct cs_buf *out, const struct tested *tested, const char *user)
{
	const struct cs_facts *facts = &tested->facts;
	char took[32];
	cs_put(out, "\n");
	cs_escape(out, user);
	if (facts->known == CS_KNOWN_NO)
		cs_put(out, ": the directory does not know this person");
	else if (facts->known != CS_KNOWN_YES)
		cs_put(out, ": could not be told");
	else
		cs_put(out, ": uid %u, %s", (unsigned)facts->person.uid,
		       facts->person.locked ? "locked" : "not locked");
	cs_put(out, ", in %s\n", took_text(tested->took_us, took));
	if (facts->doubt != NULL && *facts->doubt != '\0')
		put_line(out, "", facts->doubt);
	if (facts->known != CS_KNOWN_YES)
		return;
	put_line(out, "source  ", facts->source);
	put_line(out, "entry   ", facts->person.dn);
	put_line(out, "id      ", facts->person.id);
	put_line(out, "person  ", *cs_text_or(facts->person.human, "") != '\0' ? facts->person.human : "not said");
	put_groups(out, facts);
}

/* No server is asked: people and groups are in files of this host, which could be read. */
static void put_local(struct cs_buf *out, const char *files)
{
	cs_put(out, "people and groups are read from ");
	cs_escape(out, files);
	cs_put(out, ": ok\n");
}

static int print_tested(const struct cs_run *run, const struct tested *tested, const char *user)
{
	struct cs_buf out;
	int r = 0;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (tested->n_servers == 0)
		put_local(&out, tested->directory);
	for (size_t i = 0; i < tested->n_servers && r == 0; i++) {
		cs_put(&out, "%s", i > 0 ? "\n" : "");
		cs_escape(&out, tested->servers[i].uri);
		cs_put(&out, "\n");
		r = put_steps(&out, &run->look, &tested->servers[i]);
		put_hints(&out, &run->look, &tested->servers[i]);
	}
	if (r == 0 && tested->with_person)
		put_person(&out, tested, user);
	if (r == 0)
		return cs_print(&out);
	cs_buf_clear(&out);
	return failed(r);
}

/* --- The command ------------------------------------------------------------------------------------------------- */

static bool is_ok(const struct tested *tested, const char *user)
{
	bool ok = user == NULL || (tested->with_person && tested->facts.known == CS_KNOWN_YES);
	for (size_t i = 0; i < tested->n_servers; i++)
		for (size_t k = 0; k < tested->servers[i].n_steps; k++)
			ok = ok && strcmp(tested->servers[i].steps[k].result, "wrong") != 0;
	return ok;
}

static const char *kind_of(const struct cs_settings *settings)
{
	if (settings->file != NULL)
		return settings->file;
	if (settings->ldif != NULL)
		return settings->ldif;
	return settings->unix_files ? "/etc/passwd and /etc/group" : "LDAP";
}

static int test(struct testing *testing, struct cs_run *run, const char *user, const struct cs_policy *policy)
{
	struct tested *tested = testing->tested;
	int status = 0;
	int r = cs_set(&tested->directory, kind_of(cs_probe_settings(testing->probe)));
	if (r == 0)
		r = test_servers(testing);
	if (r != 0)
		return failed(r);
	if (user != NULL || tested->n_servers == 0)
		status = test_person(testing, user, policy);
	if (status != 0)
		return status;
	tested->ok = is_ok(tested, user);
	status = run->json ? cs_print_json(&tested_shape, tested) : print_tested(run, tested, user);
	return status != 0 ? status : tested->ok ? CS_EXIT_YES : CS_EXIT_NO;
}

static int test_config(struct cs_run *run, const char *path, const char *user, const struct cs_policy *policy)
{
	struct config config = {0};
	struct cs_problem problem = {0};
	struct tested tested = {0};
	struct testing testing = {.config = &config, .tested = &tested};
	int status = 0;
	int r = config_read(path, getuid(), &config, &problem);
	const struct cs_directory_ids ids = {config.uid, config.gid};
	if (r == 0)
		cs_directory_set_ids(&ids);
	if (r == 0) /* a section does not know its file */
		r = cs_set(&problem.file, path);
	if (r == 0)
		r = cs_probe_new(config.directory, getuid(), &ids, &testing.probe, &problem);
	if (r != 0)
		status = cs_fail_problem(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, path, r, &problem);
	else
		status = test(&testing, run, user, policy);
	cs_probe_free(&testing.probe);
	cs_clear(&tested_shape, &tested);
	cs_problem_clear(&problem);
	config_clear(&config);
	return status;
}

int cs_run_directory_test(struct cs_run *run, char **args, size_t n)
{
	const char *path = CONFIG_FILE, *policy = NULL;
	const struct cs_option options[] = {{"--config", NULL, &path, NULL}, {"--policy", NULL, &policy, NULL}};
	struct cs_policy_text text = {0};
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 1, &n);
	if (status != 0)
		return status;
	if (policy != NULL && n == 0)
		return cs_fail(CS_EXIT_USAGE, "--policy is about a person", policy, "name a user as well");
	if (policy != NULL)
		status = cs_policy_text_open(run, policy, 0, &text);
	if (status == 0)
		status = test_config(run, path, n > 0 ? args[0] : NULL, text.policy);
	cs_policy_text_clear(&text);
	return status;
}
