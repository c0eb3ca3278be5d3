/* SPDX-License-Identifier: Apache-2.0 */
/* countersign policy test: what a policy is expected to say, written down and run. */
#include "expect.h"
#include "mem.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 4 * 1024 * 1024 };

static const struct cs_conf_option use_options[] = {
	{ "policy", CS_CONF_STR, false, NULL },
	{ "directory", CS_CONF_STR, false, NULL },
	{ "ldif", CS_CONF_STR, false, NULL },
	{ "unix", CS_CONF_STR, false, NULL },
	{ "schema", CS_CONF_STR, false, NULL },
	{ "person_attribute", CS_CONF_STR, false, NULL },
	{ "without", CS_CONF_LIST, false, NULL },
	{ "host", CS_CONF_STR, false, NULL },
	{ "peer", CS_CONF_STR, false, NULL },
	{ "at", CS_CONF_STR, false, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};
static const struct cs_conf_option file_options[] = {
	{ "use", CS_CONF_SECTION, false, use_options },
	{ "right", CS_CONF_TITLED, false, cs_expect_right_options },
	{ "who", CS_CONF_TITLED, false, cs_expect_who_options },
	{ "action", CS_CONF_TITLED, false, cs_expect_action_options },
	{ NULL, CS_CONF_STR, false, NULL },
};
static const struct {
	const char *kind;
	cs_expect_fn run;
} kinds[] = { { "right", cs_expect_right }, { "who", cs_expect_who }, { "action", cs_expect_action } };

/* What is printed with --json. */
struct report {
	uint32_t passed, failed;
	struct cs_tested *tests;
	size_t n_tests, cap;
};

static const struct cs_field report_fields[] = {
	CS_U32(report, passed), CS_U32(report, failed), CS_ARRAY(report, tests, &cs_tested_shape, SIZE_MAX)
};
static const struct cs_shape report_shape = CS_SHAPE("report", report, report_fields);

/* --- One file ---------------------------------------------------------------------------------------------------- */

/* A test file, read, with what it says it uses; the command line comes first. */
struct file {
	const char *path;
	struct cs_conf *conf;
	struct cs_source_options options;
	struct cs_circumstance otherwise;
	char *policy, *directory, *ldif, *unix_folder; /* paths that are meant from the file's own folder */
	struct cs_source source;
};

static int out_of_memory(void)
{
	return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "policy test", "");
}

/* A path in the file is meant from the file's own folder. */
static int from_folder(const char *file, const char *path, char **ret_path)
{
	const char *slash = strrchr(file, '/');

	if (path[0] == '/' || slash == NULL)
		return cs_set(ret_path, path);
	return cs_format(ret_path, "%.*s%s", (int)(slash - file + 1), file, path);
}

static int use_path(struct file *file, const struct cs_conf_section *use, const char *key, char **own,
	const char **option)
{
	if (*option != NULL || !cs_conf_given(use, key))
		return 0;
	if (from_folder(file->path, cs_conf_str(use, key, ""), own) != 0)
		return CS_ENOMEM;
	*option = *own;
	return 0;
}

/* Whoever names people on the command line means others than the file does. */
static int use_people(struct file *file, const struct cs_conf_section *use)
{
	int r = 0;

	if (file->options.directory != NULL || file->options.ldif != NULL || file->options.unix_folder != NULL)
		return 0;
	r = use_path(file, use, "directory", &file->directory, &file->options.directory);
	if (r == 0)
		r = use_path(file, use, "ldif", &file->ldif, &file->options.ldif);
	if (r == 0)
		r = use_path(file, use, "unix", &file->unix_folder, &file->options.unix_folder);
	if (file->options.schema == NULL)
		file->options.schema = cs_conf_str(use, "schema", NULL);
	if (file->options.person_attribute == NULL)
		file->options.person_attribute = cs_conf_str(use, "person_attribute", NULL);
	return r;
}

static int use_without(struct file *file, const struct cs_conf_section *use)
{
	for (size_t i = 0; i < cs_conf_list_len(use, "without"); i++) {
		const char *name = cs_conf_list_at(use, "without", i);

		if (file->options.without.n == CS_WORDS_MAX)
			return CS_ETOOBIG;
		memcpy(&file->options.without.at[file->options.without.n++], &name, sizeof(name));
	}
	return 0;
}

static int use(struct file *file)
{
	const struct cs_conf_section *use = cs_conf_section(cs_conf_top(file->conf), "use", 0);
	int r = 0;

	if (use == NULL)
		return 0;
	r = use_path(file, use, "policy", &file->policy, &file->options.policy);
	if (r == 0)
		r = use_people(file, use);
	if (r == 0)
		r = use_without(file, use);
	if (file->otherwise.host == NULL)
		file->otherwise.host = cs_conf_str(use, "host", NULL);
	if (file->otherwise.peer == NULL)
		file->otherwise.peer = cs_conf_str(use, "peer", NULL);
	if (file->options.as_of == NULL)
		file->options.as_of = cs_conf_str(use, "at", NULL);
	return r;
}

static bool expects_anything(const struct cs_conf *conf)
{
	for (size_t k = 0; k < CS_COUNT(kinds); k++) {
		if (cs_conf_section(cs_conf_top(conf), kinds[k].kind, 0) != NULL)
			return true;
	}
	return false;
}

static int open_file(struct cs_run *run, struct file *file)
{
	struct cs_problem problem = { 0 };
	char *text = NULL;
	size_t n = 0;
	int r = cs_file_read(file->path, getuid(), 0, FILE_MAX, &text, &n, &problem);
	int status = 0;

	if (r == 0)
		r = cs_conf_parse(text, file->path, file_options, &file->conf, &problem);
	if (r != 0)
		status = cs_fail_problem(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, file->path, r, &problem);
	else if (!expects_anything(file->conf)) /* cut short by a full disk, it would pass */
		status = cs_fail(CS_EXIT_NO, "the file expects nothing", file->path,
			"write a right, who or action section");
	else if (use(file) != 0)
		status = out_of_memory();
	else
		status = cs_source_open(run, &file->options, true, &file->source);
	file->otherwise.wall_ms = file->source.wall_ms;
	cs_problem_clear(&problem);
	cs_free_str(&text);
	return status;
}

static void close_file(struct file *file)
{
	cs_source_close(&file->source);
	cs_conf_free(&file->conf);
	cs_free_str(&file->policy);
	cs_free_str(&file->directory);
	cs_free_str(&file->ldif);
	cs_free_str(&file->unix_folder);
}

/* --- Running ----------------------------------------------------------------------------------------------------- */

static int run_one(struct file *file, size_t kind, const struct cs_conf_section *section, struct report *report)
{
	struct cs_tested *tested = NULL;
	int status = 0;

	if (cs_reserve((void **)&report->tests, &report->cap, report->n_tests, 1, sizeof(*tested)) != 0)
		return out_of_memory();
	tested = &report->tests[report->n_tests++];
	tested->file = cs_dup(file->path);
	tested->kind = cs_dup(kinds[kind].kind);
	tested->name = cs_dup(cs_conf_title(section));
	tested->line = cs_conf_line(section, NULL);
	if (tested->file == NULL || tested->kind == NULL || tested->name == NULL)
		return out_of_memory();
	status = kinds[kind].run(&file->source, section, &file->otherwise, tested);
	if (status == 0 && tested->passed)
		report->passed++;
	else if (status == 0)
		report->failed++;
	return status;
}

static int run_file(struct cs_run *run, const char *path, const struct cs_source_options *options,
	const struct cs_circumstance *otherwise, struct report *report)
{
	struct file file = { .path = path, .options = *options, .otherwise = *otherwise };
	int status = open_file(run, &file);

	for (size_t k = 0; status == 0 && k < CS_COUNT(kinds); k++) {
		const struct cs_conf_section *section = NULL;

		for (size_t i = 0; status == 0 &&
			(section = cs_conf_section(cs_conf_top(file.conf), kinds[k].kind, i)) != NULL; i++)
			status = run_one(&file, k, section, report);
	}
	close_file(&file);
	return status;
}

/* --- Printing ---------------------------------------------------------------------------------------------------- */

static void put_field(struct cs_buf *out, const char *label, const char *text)
{
	cs_put(out, "  %-9s", label);
	cs_escape(out, cs_text_or(text, ""));
	cs_put(out, "\n");
}

static void put_failed(struct cs_buf *out, const struct cs_look *look, const struct cs_tested *tested)
{
	cs_put_styled(out, look, CS_RED, "failed");
	cs_put(out, ": %s \"", tested->kind);
	cs_escape(out, tested->name);
	cs_put(out, "\" (");
	cs_escape(out, tested->file);
	cs_put(out, ":%u)\n", (unsigned)tested->line);
	put_field(out, "expected", tested->expected);
	put_field(out, "got", tested->got);
	for (size_t i = 0; i < tested->n_why; i++)
		put_field(out, i == 0 ? "because" : "", tested->why[i]);
}

static int print_report(const struct cs_run *run, const struct report *report)
{
	struct cs_buf out;

	if (run->json)
		return cs_print_json(&report_shape, report);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	for (size_t i = 0; i < report->n_tests; i++) {
		if (!report->tests[i].passed)
			put_failed(&out, &run->look, &report->tests[i]);
	}
	cs_put(&out, "%u passed, %u failed\n", (unsigned)report->passed, (unsigned)report->failed);
	return cs_print(&out);
}

int cs_run_policy_test(struct cs_run *run, char **args, size_t n)
{
	struct cs_source_options options = { 0 };
	struct cs_circumstance otherwise = { 0 };
	struct cs_option rows[CS_SOURCE_ROWS + 2];
	struct report report = { 0 };
	int status = 0;

	cs_source_rows(&options, rows);
	rows[CS_SOURCE_ROWS] = (struct cs_option){ "--host", NULL, &otherwise.host, NULL };
	rows[CS_SOURCE_ROWS + 1] = (struct cs_option){ "--peer", NULL, &otherwise.peer, NULL };
	status = cs_options_read(run, args, n, rows, CS_COUNT(rows), 1, SIZE_MAX, &n);
	for (size_t i = 0; status == 0 && i < n; i++)
		status = run_file(run, args[i], &options, &otherwise, &report);
	if (status == 0)
		status = print_report(run, &report);
	if (status == 0 && report.failed > 0)
		status = CS_EXIT_NO;
	cs_clear(&report_shape, &report);
	return status;
}
