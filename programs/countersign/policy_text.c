/* SPDX-License-Identifier: Apache-2.0 */
/* One policy to look at: a file, standard input, or a generation that the daemon keeps. */
#include "policy_text.h"
#include "clock.h"
#include "crypto.h"
#include "mem.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool cs_is_generation(const char *which)
{
	return strcmp(which, "current") == 0 || (*which != '\0' && strspn(which, "0123456789") == strlen(which));
}

int cs_read_generation(const char *word, uint64_t *ret_number)
{
	char *end = NULL;
	bool current = strcmp(word, "current") == 0;
	uint64_t number = 0;

	if (!cs_is_generation(word) || strlen(word) > 18)
		return cs_fail(CS_EXIT_USAGE, "not a generation's number", word, "see `countersign policy history`");
	number = current ? 0 : strtoull(word, &end, 10);
	if (number == 0 && !current)
		return cs_fail(CS_EXIT_USAGE, "generations begin with 1", word, "see `countersign policy history`");
	*ret_number = number;
	return 0;
}

int cs_fail_problem(int status, const char *path, int error, const struct cs_problem *problem)
{
	char *text = problem->text != NULL ? cs_problem_text(problem) : NULL;
	struct cs_buf line;

	if (text == NULL)
		return cs_fail(status, cs_strerror(error), path, "");
	cs_buf_init(&line, CS_OUTPUT_MAX);
	cs_escape(&line, text);
	cs_buf_put(&line, "\n", 1);
	if (cs_buf_error(&line) == 0)
		fwrite(line.data, 1, line.len, stderr);
	cs_buf_clear(&line);
	cs_free_str(&text);
	return status;
}

/* --- Files ------------------------------------------------------------------------------------------------------- */

static int read_standard_input(char **ret_text, struct cs_problem *problem)
{
	struct cs_buf all;
	char piece[8192];
	char *text = NULL;
	size_t n = 0;
	int r = 0;

	cs_buf_init(&all, CS_POLICY_TEXT_MAX);
	while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0)
		cs_buf_put(&all, piece, n);
	r = ferror(stdin) ? CS_EIO : cs_buf_error(&all);
	if (r == 0 && all.len > 0 && memchr(all.data, 0, all.len) != NULL)
		r = CS_EPROTO;
	if (r == 0 && (text = strndup(all.len > 0 ? (const char *)all.data : "", all.len)) == NULL)
		r = CS_ENOMEM;
	cs_buf_clear(&all);
	if (r != 0)
		cs_problem_set(problem, "standard input", 0, "%s", cs_strerror(r));
	else
		*ret_text = text;
	return r;
}

int cs_policy_text_read(const char *path, char **ret_text, struct cs_problem *problem)
{
	size_t n = 0;

	if (strcmp(path, "-") == 0)
		return read_standard_input(ret_text, problem);
	return cs_file_read(path, getuid(), 0, CS_POLICY_TEXT_MAX, ret_text, &n, problem);
}

/* --- The daemon's generations ------------------------------------------------------------------------------------ */

/* Is this the text whose digest the daemon names? */
static int check_digest(const struct cs_generation *generation, const struct cs_buf *text)
{
	uint8_t digest[CS_DIGEST_LEN];
	int r = cs_digest(CS_DOMAIN_POLICY, text->data, text->len, digest);

	if (r != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "policy", "");
	if (text->len != generation->size || memcmp(digest, generation->digest, sizeof(digest)) != 0)
		return cs_fail(CS_EXIT_INTERNAL, "the daemon's text is not the one whose digest it names", "policy",
			"look at `countersign evidence verify`");
	return 0;
}

static int fetch_pieces(struct cs_run *run, uint64_t number, struct cs_buf *text, struct cs_generation *ret_generation)
{
	struct cs_policy_call call = { .number = number };
	struct cs_policy_answer answer = { 0 };
	size_t got = 0;
	int status = 0;

	do {
		status = cs_ask(run, CS_CALL_POLICY, &call, "policy", &answer);
		if (status != 0)
			return status;
		got = answer.n_text;
		cs_buf_put(text, answer.text, got);
		/* Whatever comes into force meanwhile: the rest belongs to the same text. */
		call.number = answer.generation.number;
		call.offset += got;
		cs_clear(&cs_generation_shape, ret_generation);
		*ret_generation = answer.generation;
		answer.generation = (struct cs_generation){ 0 };
		cs_clear(&cs_policy_answer_shape, &answer);
	} while (got > 0 && call.offset < ret_generation->size && cs_buf_error(text) == 0);
	return cs_buf_error(text) == 0 ? 0 : cs_fail(CS_EXIT_INTERNAL, cs_strerror(cs_buf_error(text)), "policy", "");
}

int cs_policy_text_fetch(struct cs_run *run, uint64_t number, struct cs_generation *ret_generation, char **ret_text)
{
	struct cs_generation generation = { 0 };
	struct cs_buf text;
	char *copy = NULL;
	int status = 0;

	cs_buf_init(&text, CS_POLICY_TEXT_MAX);
	status = fetch_pieces(run, number, &text, &generation);
	if (status == 0)
		status = check_digest(&generation, &text);
	if (status == 0 && (copy = strndup(text.len > 0 ? (const char *)text.data : "", text.len)) == NULL)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "policy", "");
	cs_buf_clear(&text);
	if (status != 0) {
		cs_clear(&cs_generation_shape, &generation);
		return status;
	}
	*ret_generation = generation;
	*ret_text = copy;
	return 0;
}

int cs_generations_each(struct cs_run *run, cs_generation_fn each, void *arg)
{
	struct cs_history call = { 0 };
	struct cs_history_answer answer = { 0 };
	size_t got = 0;
	int status = 0;

	do {
		status = cs_ask(run, CS_CALL_HISTORY, &call, "policy", &answer);
		if (status != 0)
			return status;
		got = answer.n_generations;
		for (size_t i = 0; status == 0 && i < got; i++) {
			status = each(arg, &answer.generations[i]);
			call.before = answer.generations[i].number;
		}
		cs_clear(&cs_history_answer_shape, &answer);
	} while (status == 0 && got > 0 && call.before > 1);
	return status;
}

struct search {
	uint64_t wall_ms;
	uint64_t number;
};

static int in_force(void *arg, const struct cs_generation *generation)
{
	struct search *search = arg;

	if (generation->wall_ms > search->wall_ms)
		return 0;
	search->number = generation->number;
	return -1;
}

/* The generation that was in force at a moment. */
static int find_generation(struct cs_run *run, uint64_t wall_ms, uint64_t *ret_number)
{
	struct search search = { .wall_ms = wall_ms };
	char when[21];
	int status = cs_generations_each(run, in_force, &search);

	if (status > 0)
		return status;
	cs_time_text(wall_ms, when);
	if (search.number == 0)
		return cs_fail(CS_EXIT_NO, "no generation of the policy was in force yet", when,
			"see `countersign policy history`");
	*ret_number = search.number;
	return 0;
}

static int open_generation(struct cs_run *run, const char *which, uint64_t wall_ms, struct cs_policy_text *text)
{
	uint64_t number = 0;
	int status = 0;

	if (which != NULL)
		status = cs_read_generation(which, &number);
	else if (wall_ms != 0)
		status = find_generation(run, wall_ms, &number);
	if (status == 0)
		status = cs_policy_text_fetch(run, number, &text->generation, &text->text);
	if (status == 0 && cs_format(&text->name, "generation %llu", (unsigned long long)text->generation.number) != 0)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "policy", "");
	return status;
}

/* --- Either ------------------------------------------------------------------------------------------------------ */

static int refused(const struct cs_policy_text *text, int r)
{
	return cs_fail_problem(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, text->name, r, &text->problem);
}

int cs_policy_text_open(struct cs_run *run, const char *which, uint64_t wall_ms, struct cs_policy_text *ret_text)
{
	int status = 0, r = 0;

	*ret_text = (struct cs_policy_text){ 0 };
	if (which == NULL || cs_is_generation(which)) {
		status = open_generation(run, which, wall_ms, ret_text);
		if (status != 0)
			return status;
	} else {
		ret_text->name = cs_dup(strcmp(which, "-") == 0 ? "standard input" : which);
		r = ret_text->name == NULL ? CS_ENOMEM
					   : cs_policy_text_read(which, &ret_text->text, &ret_text->problem);
	}
	if (r == 0)
		r = cs_policy_parse(ret_text->text, ret_text->name, &ret_text->policy, &ret_text->problem);
	return r == 0 ? 0 : refused(ret_text, r);
}

void cs_policy_text_clear(struct cs_policy_text *text)
{
	cs_free_str(&text->name);
	cs_free_str(&text->text);
	cs_policy_free(&text->policy);
	cs_clear(&cs_generation_shape, &text->generation);
	cs_problem_clear(&text->problem);
	*text = (struct cs_policy_text){ 0 };
}
