/* SPDX-License-Identifier: Apache-2.0 */
/* countersign roster add and remove. */
#include "clock.h"
#include "mem.h"
#include "options.h"
#include "roster_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct add_options {
	const char *path, *id;
	bool officer, hardware_only;
};

/* The id of somebody by this name: what the roster has, or what the daemon's directory says. */
static int find_id(struct cs_run *run, const struct roster_file *file, const char *name, char **ret_id)
{
	const struct cs_roster_person *person = file->roster ? cs_roster_named(file->roster, name) : NULL;
	char *copy = cs_dup(name);
	struct cs_subject subject = { .uid = CS_NO_UID, .login_uid = CS_NO_UID, .name = copy };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	struct cs_answer answer = { 0 };
	int status = 0;

	if (!copy)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), name, "");
	if (person)
		*ret_id = cs_dup(person->id);
	else
		status = cs_ask(run, CS_CALL_DIRECTORY, &question, name, &answer);
	if (!person && status == 0) {
		if (answer.n_facts == 1 && answer.facts[0].known == CS_KNOWN_YES)
			*ret_id = cs_dup(answer.facts[0].person.id);
		else
			status = cs_fail(answer.n_facts == 1 && answer.facts[0].known == CS_KNOWN_NO ? CS_EXIT_NO : CS_EXIT_DOUBT,
				"the directory does not say who this is", name, "give the id of the person with --id");
		cs_clear(&cs_answer_shape, &answer);
	}
	free(copy);
	return status;
}

static int read_line(const char *path, char **ret_line)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t cap = 0;
	ssize_t n = file ? getline(ret_line, &cap, file) : -1;
	int e = errno;

	if (file && file != stdin)
		(void)fclose(file);
	if (n <= 0)
		return cs_fail(CS_EXIT_USAGE, file ? "the file is empty" : strerrordesc_np(e), path,
			"name the file with the public key, such as id_ed25519.pub");
	(*ret_line)[strcspn(*ret_line, "\r\n")] = '\0';
	return 0;
}

/* What the roster keeps of a line: kind and key, without options and comment. */
static int plain_key(const char *line, const char *path, char **ret_line)
{
	struct cs_ssh_key key;
	const char *at = NULL;
	size_t n = 0;

	if (cs_ssh_key_read_line(line, &key) < 0)
		return cs_fail(CS_EXIT_USAGE, "this is no public key", path, "give the .pub file");
	at = strstr(line, key.name);
	n = strlen(key.name) + strspn(at + strlen(key.name), " \t");
	return cs_format(ret_line, "%s %.*s", key.name, (int)strcspn(at + n, " \t"), at + n) == 0 ? 0
		: cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), path, "");
}

static int change_told(int r, struct cs_problem *problem, const char *where)
{
	int status = cs_fail(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, cs_text_or(problem->text, cs_strerror(r)),
		where, "the roster is as it was");

	cs_problem_clear(problem);
	return status;
}

static int put_changed(const struct roster_file *file, const struct cs_buf *text)
{
	int status = roster_file_write(file->path, text);

	if (status == 0)
		(void)printf("version %llu is in %s\n",
			(unsigned long long)(file->roster ? file->roster->version + 1 : 1), file->path);
	return status;
}

static int add_key(const struct roster_file *file, const char *name, const char *id, const char *line,
	const struct add_options *chosen)
{
	const struct cs_roster_person *person = file->roster ? cs_roster_person(file->roster, id) : NULL;
	struct cs_roster_entry entry = { .id = id, .name = name, .line = line,
		.officer = chosen->officer || (person && person->officer),
		.hardware_only = chosen->hardware_only || (person && person->hardware_only) };
	struct cs_problem problem = { 0 };
	char since[21];
	struct cs_buf text;
	int r = 0;

	cs_time_text((uint64_t)time(NULL) * 1000, since);
	since[10] = '\0';
	entry.since = since;
	cs_buf_init(&text, CS_ROSTER_TEXT_MAX);
	r = cs_roster_with(file->roster, &entry, &text, &problem);
	r = r < 0 ? change_told(r, &problem, name) : put_changed(file, &text);
	cs_buf_clear(&text);
	return r;
}

int cs_run_roster_add(struct cs_run *run, char **args, size_t n)
{
	struct add_options chosen = { 0 };
	const struct cs_option options[] = { { "--roster", NULL, &chosen.path, NULL }, { "--id", NULL, &chosen.id, NULL },
		{ "--officer", &chosen.officer, NULL, NULL }, { "--hardware-only", &chosen.hardware_only, NULL, NULL } };
	struct roster_file file = { 0 };
	char *line = NULL, *key = NULL, *id = NULL;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 2, 2, &n);

	if (status == 0)
		status = roster_file_read(chosen.path, true, &file);
	if (status == 0)
		status = read_line(args[1], &line);
	if (status == 0)
		status = plain_key(line, args[1], &key);
	if (status == 0 && chosen.id)
		id = cs_dup(chosen.id);
	else if (status == 0)
		status = find_id(run, &file, args[0], &id);
	if (status == 0)
		status = id ? add_key(&file, args[0], id, key, &chosen)
			: cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), args[0], "");
	free(line);
	free(key);
	free(id);
	roster_file_clear(&file);
	return status;
}

int cs_run_roster_remove(struct cs_run *run, char **args, size_t n)
{
	const char *path = NULL;
	const struct cs_option options[] = { { "--roster", NULL, &path, NULL } };
	const struct cs_roster_person *person = NULL;
	struct cs_problem problem = { 0 };
	struct roster_file file = { 0 };
	struct cs_buf text;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 1, 2, &n), r = 0;

	if (status == 0)
		status = roster_file_read(path, false, &file);
	if (status != 0)
		return status;
	cs_buf_init(&text, CS_ROSTER_TEXT_MAX);
	person = cs_roster_named(file.roster, args[0]);
	r = person ? cs_roster_without(file.roster, person->id, n > 1 ? args[1] : NULL, &text) : CS_ENOENT;
	if (r == CS_ENOENT)
		cs_problem_set(&problem, NULL, 0, person ? "this is none of the person's keys" : "the roster has nobody of this "
			"name");
	status = r < 0 ? change_told(r, &problem, n > 1 ? args[1] : args[0]) : put_changed(&file, &text);
	cs_buf_clear(&text);
	roster_file_clear(&file);
	return status;
}
