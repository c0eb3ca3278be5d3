/* SPDX-License-Identifier: Apache-2.0 */
/* countersign roster: whose ssh keys may sign votes. Root changes the file, whole and at once. */
#include "roster.h"
#include "clock.h"
#include "mem.h"
#include "options.h"
#include "print.h"
#include "signer.h"
#include "ssh_signature.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct roster_file {
	const char *path;
	char *text;
	size_t n;
	struct cs_roster *roster;
};

static void file_clear(struct roster_file *file)
{
	cs_free_str(&file->text);
	cs_roster_free(&file->roster);
}

/* 0; with may_lack also where there is none. Else an exit status, told. */
static int file_read(const char *path, bool may_lack, struct roster_file *file)
{
	struct cs_problem problem = { 0 };
	char *text = NULL;
	int r = 0;

	file->path = path ? path : CS_ROSTER_FILE;
	r = cs_file_read(file->path, geteuid(), CS_FILE_TEXT, CS_ROSTER_TEXT_MAX, &file->text, &file->n, &problem);
	if (r == 0)
		r = cs_roster_parse(file->text, file->path, &file->roster, &problem);
	if (r < 0 && !(r == CS_ENOENT && may_lack)) {
		text = cs_problem_text(&problem);
		r = cs_fail(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, cs_text_or(text, cs_strerror(r)), "", "");
		cs_free_str(&text);
	} else {
		r = 0;
	}
	cs_problem_clear(&problem);
	return r;
}

/* Under another name first; an interrupted change leaves the old roster. */
static int file_write(const char *path, const struct cs_buf *text)
{
	char *draft = NULL;
	int fd = -1, r = cs_format(&draft, "%s.new", path) == 0 ? 0 : CS_ENOMEM;

	if (r == 0) {
		(void)unlink(draft);
		fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0 || write(fd, text->data, text->len) != (ssize_t)text->len || fchmod(fd, 0644) != 0 ||
		    fsync(fd) != 0 || rename(draft, path) != 0)
			r = CS_EIO;
	}
	if (r < 0) {
		int e = errno;

		(void)(draft && fd >= 0 ? unlink(draft) : 0);
		r = cs_fail(e == EACCES || e == EPERM ? CS_EXIT_NOT_PERMITTED : CS_EXIT_OUTPUT,
			r == CS_ENOMEM ? cs_strerror(r) : strerrordesc_np(e), path, "the roster is root's to change");
	}
	cs_close(&fd);
	free(draft);
	return r;
}

/* --- list ---------------------------------------------------------------------------------------------------------- */

static int add_row(char ***cells, size_t *n, const struct cs_roster_person *person, const struct cs_roster_key *key)
{
	const char *const texts[] = { person->name, person->id, key ? key->key.name : "-", key ? key->key.fingerprint : "-",
		key && *key->since ? key->since : "-",
		person->officer ? person->hardware_only ? "officer, hardware only" : "officer"
				: person->hardware_only ? "hardware only" : "" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(texts); i++) {
		char *safe = cs_escaped(texts[i]);

		r = safe ? cs_strv_add(cells, n, safe) : CS_ENOMEM;
		free(safe);
	}
	return r;
}

static int put_list(const struct cs_roster *roster, const struct cs_look *look, struct cs_buf *out)
{
	static const struct cs_column columns[] = { { "NAME", false, false, 0 }, { "ID", false, false, 0 }, { "KIND", false, false, 0 },
		{ "KEY", false, false, 0 }, { "SINCE", false, false, 0 }, { "", false, false, 0 } };
	char **cells = NULL;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < roster->n_people; i++) {
		const struct cs_roster_person *person = &roster->people[i];

		for (size_t k = 0; r == 0 && k < person->n_keys; k++)
			r = add_row(&cells, &n, person, &person->keys[k]);
		if (r == 0 && person->n_keys == 0)
			r = add_row(&cells, &n, person, NULL);
	}
	if (r == 0)
		r = cs_put_table(out, look, columns, CS_COUNT(columns), cells, NULL, n / CS_COUNT(columns));
	cs_free_strv(&cells, &n);
	return r;
}

/* For --json: the same, as an object. */
struct json_key {
	char *person, *name, *kind, *key, *since;
	bool officer, hardware_only;
};
static const struct cs_field json_key_fields[] = {
	CS_STR(json_key, person, CS_MAX_NAME),
	CS_STR(json_key, name, CS_MAX_NAME),
	CS_STR(json_key, kind, CS_MAX_NAME),
	CS_STR(json_key, key, CS_MAX_NAME),
	CS_STR(json_key, since, CS_MAX_NAME),
	CS_BOOL(json_key, officer),
	CS_BOOL(json_key, hardware_only),
};
static const struct cs_shape json_key_shape = CS_SHAPE("roster_key", json_key, json_key_fields);
struct json_roster {
	uint64_t version;
	struct json_key *keys;
	size_t n_keys;
};
static const struct cs_field json_roster_fields[] = {
	CS_U64(json_roster, version),
	CS_ARRAY(json_roster, keys, &json_key_shape, CS_ROSTER_PEOPLE_MAX),
};
static const struct cs_shape json_roster_shape = CS_SHAPE("roster", json_roster, json_roster_fields);

static int print_json_list(const struct cs_roster *roster)
{
	struct json_roster json = { .version = roster->version };
	int status = 0;

	json.keys = calloc(roster->n_keys + 1, sizeof(*json.keys));
	if (!json.keys)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "roster", "");
	for (size_t i = 0; i < roster->n_people; i++)
		for (size_t k = 0; k < roster->people[i].n_keys; k++) {
			const struct cs_roster_person *person = &roster->people[i];
			struct cs_roster_key *key = &person->keys[k];

			json.keys[json.n_keys++] = (struct json_key){ person->id, person->name, key->key.name,
				key->key.fingerprint, key->since, person->officer, person->hardware_only }; /* a view */
		}
	status = cs_print_json(&json_roster_shape, &json);
	free(json.keys);
	return status;
}

int cs_run_roster_list(struct cs_run *run, char **args, size_t n)
{
	const char *path = NULL;
	const struct cs_option options[] = { { "--roster", NULL, &path, NULL } };
	struct roster_file file = { 0 };
	struct cs_buf out;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	if (status == 0)
		status = file_read(path, false, &file);
	if (status != 0)
		return status;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (run->json)
		status = print_json_list(file.roster);
	else if (put_list(file.roster, &run->look, &out) < 0)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "roster", "");
	else
		status = cs_print(&out);
	cs_buf_clear(&out);
	file_clear(&file);
	return status;
}

/* --- add and remove ------------------------------------------------------------------------------------------------ */

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
	int status = file_write(file->path, text);

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
		status = file_read(chosen.path, true, &file);
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
	file_clear(&file);
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
		status = file_read(path, false, &file);
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
	file_clear(&file);
	return status;
}

/* --- sign and verify ----------------------------------------------------------------------------------------------- */

/* The signatures beside a roster; "" where there are none. */
static int read_signatures(const char *path, char **ret_path, char **ret_text)
{
	struct cs_problem problem = { 0 };
	char *text = NULL;
	size_t n = 0;
	int r = cs_format(ret_path, "%s%s", path, CS_ROSTER_SIGNATURES), status = 0;

	if (r == 0)
		r = cs_file_read(*ret_path, geteuid(), CS_FILE_TEXT, CS_ROSTER_TEXT_MAX, &text, &n, &problem);
	if (r == CS_ENOENT)
		r = (text = cs_dup("")) ? 0 : CS_ENOMEM;
	if (r < 0)
		status = cs_fail(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, cs_text_or(problem.text, cs_strerror(r)),
			*ret_path, "");
	else
		*ret_text = text;
	cs_problem_clear(&problem);
	return status;
}

static int tell_verified(const struct roster_file *file, size_t signers)
{
	char *summary = cs_roster_summary(file->roster);
	size_t officers = 0;

	for (size_t i = 0; i < file->roster->n_people; i++)
		officers += file->roster->people[i].officer;
	(void)printf("%s; signed by %zu of %zu officers\n", summary ? summary : "", signers, officers);
	free(summary);
	return fflush(stdout) == 0 ? 0 : CS_EXIT_OUTPUT;
}

int cs_run_roster_verify(struct cs_run *run, char **args, size_t n)
{
	const char *path = NULL;
	const struct cs_option options[] = { { "--roster", NULL, &path, NULL } };
	struct roster_file file = { 0 };
	char *beside = NULL, *signatures = NULL;
	size_t signers = 0;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n), r = 0;

	if (status == 0)
		status = file_read(path, false, &file);
	if (status == 0)
		status = read_signatures(file.path, &beside, &signatures);
	if (status == 0) {
		r = cs_roster_signers(file.text, file.n, signatures, file.roster, &signers);
		status = r < 0 ? cs_fail(CS_EXIT_NO, "the signatures cannot be read", beside, "sign it again")
			: tell_verified(&file, signers);
	}
	free(beside);
	free(signatures);
	file_clear(&file);
	return status;
}

/* Those that are over this text stay; what was signed of an older one goes. */
static int put_signature(const struct roster_file *file, const char *signatures, const struct cs_buf *armored,
	struct cs_buf *out)
{
	static const char end[] = "-----END SSH SIGNATURE-----\n";
	const char *stop = NULL;

	for (; (stop = strstr(signatures, end)); signatures = stop + strlen(end)) {
		size_t n = (size_t)(stop - signatures) + strlen(end), count = 0;
		char *one = strndup(signatures, n);
		int r = one ? cs_roster_signers(file->text, file->n, one, file->roster, &count) : CS_ENOMEM;

		free(one);
		if (r == CS_ENOMEM)
			return r;
		if (r == 0 && count == 1)
			cs_buf_put(out, signatures, n);
	}
	cs_buf_put(out, armored->data, armored->len);
	return cs_buf_error(out);
}

static int write_signature(const struct roster_file *file, const struct cs_buf *armored)
{
	char *beside = NULL, *signatures = NULL;
	struct cs_buf all;
	size_t signers = 0;
	int status = read_signatures(file->path, &beside, &signatures);

	cs_buf_init(&all, CS_ROSTER_TEXT_MAX);
	if (status == 0 && put_signature(file, signatures, armored, &all) < 0)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), beside, "");
	if (status == 0)
		status = file_write(beside, &all);
	cs_buf_put_u8(&all, 0);
	if (status == 0 && cs_buf_error(&all) == 0 &&
	    cs_roster_signers(file->text, file->n, (const char *)all.data, file->roster, &signers) == 0)
		status = tell_verified(file, signers);
	cs_buf_clear(&all);
	free(beside);
	free(signatures);
	return status;
}

int cs_run_roster_sign(struct cs_run *run, char **args, size_t n)
{
	struct cs_sign_options sign = { 0 };
	const struct cs_option options[] = { { "--roster", NULL, &sign.roster, NULL }, { "--key", NULL, &sign.key, NULL } };
	struct cs_signer signer = { 0 };
	const struct cs_roster_person *person = NULL;
	struct roster_file file = { 0 };
	struct cs_buf armored;
	char *why = NULL;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	cs_buf_init(&armored, CS_SSH_ARMORED_MAX);
	if (status == 0)
		status = file_read(sign.roster, false, &file);
	if (status == 0)
		status = cs_signer_find(&sign, &signer, &why);
	person = status == 0 && signer.person ? cs_roster_person(file.roster, signer.person) : NULL;
	if (status == 0 && (!person || !person->officer))
		status = cs_fail(CS_EXIT_NOT_PERMITTED, "only an officer of the roster signs it", why,
			"countersign roster list says who is one");
	if (status == 0)
		status = cs_signer_sign_text(&sign, &signer, CS_NAMESPACE_ROSTER, file.text, file.n, &armored);
	if (status == 0)
		status = write_signature(&file, &armored);
	cs_buf_clear(&armored);
	cs_clear(&cs_signer_shape, &signer);
	cs_free_str(&why);
	file_clear(&file);
	return status;
}
