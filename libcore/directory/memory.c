/* SPDX-License-Identifier: Apache-2.0 */
/* The directory in memory: reading its files when they change, answering at once. */
#include "answer.h"
#include "clock.h"
#include "mem.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATE_TEXT = 1024 };

struct memory {
	uint64_t changes; /* how often the files were read again */
	const struct cs_form *form;
	struct cs_settings settings;
	char *name;
	struct cs_watch watch; /* nothing where it is of bytes at hand */
	struct cs_tree *tree;  /* NULL while the files cannot be used */
	char **without;
	size_t n_without;
	char *broken; /* why it cannot be used now; NULL while it can */
	char *told;   /* what the log has of that; NULL where it has that it can be used */
	char *text;   /* STATE_TEXT bytes */
};

/* --- Reading --- */

static int read_tree(struct memory *memory, char *text, size_t n, struct cs_tree **ret_tree, struct cs_problem *problem)
{
	struct cs_tree *tree = NULL;
	int r = cs_tree_new(&tree);
	if (r == 0)
		r = memory->form->read(&memory->settings, text, n, memory->name, tree, problem);
	if (r == 0)
		r = cs_tree_finish(tree);
	if (r != 0) {
		cs_tree_free(&tree);
		if (r == CS_ENOMEM)
			return r;
		cs_problem_set(problem, memory->name, 0, "%s", cs_strerror(r)); /* unless the reader said more */
		return CS_ECONF;
	}
	for (size_t i = 0; i < memory->n_without; i++)
		(void)cs_tree_without(tree, memory->without[i]); /* who is no longer there is not there */
	*ret_tree = tree;
	return 0;
}

static int memory_load(struct memory *memory, struct cs_problem *problem)
{
	struct cs_tree *tree = NULL;
	char *text = NULL;
	size_t n = 0;
	int r = cs_watch_read(&memory->watch, &text, &n, problem);
	if (r == 0)
		r = read_tree(memory, text, n, &tree, problem);
	cs_watch_free(&memory->watch, &text, n);
	if (r != 0)
		return r == CS_ENOMEM ? r : CS_ECONF;
	cs_tree_free(&memory->tree);
	memory->tree = tree;
	return 0;
}

static void memory_refresh(struct memory *memory)
{
	if (memory->watch.n == 0 || (memory->tree != NULL && cs_watch_is_current(&memory->watch)))
		return;
	struct cs_problem problem = { 0 };
	int r = memory_load(memory, &problem);
	memory->changes++;
	cs_free_str(&memory->broken);
	if (r != 0) {
		memory->broken = cs_problem_text(&problem);
		cs_tree_free(&memory->tree); /* old people are not asked, whatever becomes of the text */
	}
	cs_problem_clear(&problem);
}

/* --- Answering --- */

static const char *cause_of(const struct memory *memory)
{
	if (memory->tree != NULL)
		return "";
	return memory->broken != NULL ? memory->broken : "cannot be read";
}

static int memory_ask(void *self, const struct cs_question *question, const struct cs_terms *terms, cs_answer_fn done,
	void *arg)
{
	(void)terms; /* the files are looked at each time */
	struct memory *memory = self;
	struct cs_answer answer = { 0 };
	memory_refresh(memory);
	int r = cs_answer_blank(question->n_subjects, question->n_listings, &answer);
	if (r != 0)
		return r;
	cs_answer_blame(&answer, memory->name, cause_of(memory));
	if (memory->tree != NULL)
		r = cs_tree_answer(memory->tree, &memory->settings, question, &answer);
	if (r == 0)
		done(arg, &answer);
	cs_clear(&cs_answer_shape, &answer);
	return r;
}

int cs_memory_without(void *self, const char *login)
{
	struct memory *memory = self;
	if (memory->tree == NULL || cs_tree_find_login(memory->tree, login) == CS_TREE_NONE)
		return CS_ENOENT;
	int r = cs_strv_add(&memory->without, &memory->n_without, login);
	return r != 0 ? r : cs_tree_without(memory->tree, login);
}

/* --- Life --- */

static int memory_fd(const void *self)
{
	(void)self;
	return -1;
}

static int memory_wants_write(const void *self)
{
	(void)self;
	return 0;
}

static uint64_t memory_next_ms(const void *self)
{
	(void)self;
	return 0;
}

static void memory_serve(void *self)
{
	(void)self;
}

static uint64_t memory_changes(void *self)
{
	struct memory *memory = self;
	memory_refresh(memory);
	return memory->changes;
}

static const char *memory_state(const void *self, int *ret_ok)
{
	const struct memory *memory = self;
	*ret_ok = memory->tree != NULL ? 1 : 0;
	if (memory->tree == NULL)
		(void)snprintf(memory->text, STATE_TEXT, "%s", cause_of(memory));
	else
		(void)snprintf(memory->text, STATE_TEXT, "%s answers", memory->name);
	return memory->text;
}

static char *memory_event(void *self, int *ret_ok)
{
	struct memory *memory = self;
	const char *cause = memory->tree == NULL ? cause_of(memory) : NULL;
	char *text = NULL;
	if (cause == NULL && memory->told == NULL)
		return NULL;
	if (cause != NULL && memory->told != NULL && strcmp(cause, memory->told) == 0)
		return NULL;
	cs_free_str(&memory->told);
	if (cause != NULL)
		memory->told = cs_dup(cause);
	if (cause != NULL)
		(void)cs_format(&text, "the directory cannot be used: %s", cause);
	else
		(void)cs_format(&text, "the directory can be used again: %s", memory->name);
	*ret_ok = cause == NULL ? 1 : 0;
	return text;
}

static void memory_close(void *self)
{
	struct memory *memory = self;
	if (memory == NULL)
		return;
	cs_tree_free(&memory->tree);
	cs_settings_clear(&memory->settings);
	cs_free_strv(&memory->without, &memory->n_without);
	cs_watch_clear(&memory->watch);
	free(memory->name);
	free(memory->broken);
	free(memory->told);
	free(memory->text);
	free(memory);
}

static int memory_new(const struct cs_form *form, const char *name, struct cs_settings *settings,
	struct memory **ret_memory)
{
	struct memory *memory = name != NULL ? calloc(1, sizeof(*memory)) : NULL;
	if (memory == NULL) {
		cs_settings_clear(settings);
		return CS_ENOMEM;
	}
	memory->form = form;
	memory->name = cs_dup(name);
	memory->settings = *settings;
	*settings = (struct cs_settings){ 0 };
	memory->text = calloc(1, STATE_TEXT);
	if (memory->name == NULL || memory->text == NULL) {
		memory_close(memory);
		return CS_ENOMEM;
	}
	*ret_memory = memory;
	return 0;
}

/* "/etc/passwd, /etc/group, /etc/shadow" */
static char *name_of(const struct cs_watch *watch)
{
	char *name = cs_dup(watch->files[0].path);
	for (size_t i = 1; i < watch->n && name != NULL; i++) {
		char *longer = NULL;
		(void)cs_format(&longer, "%s, %s", name, watch->files[i].path);
		free(name);
		name = longer;
	}
	return name;
}

int cs_memory_open(const struct cs_form *form, struct cs_watch *watch, struct cs_settings *settings, void **ret_memory,
	struct cs_problem *problem)
{
	struct memory *memory = NULL;
	char *name = name_of(watch);
	int r = memory_new(form, name, settings, &memory);
	free(name);
	if (r != 0) {
		cs_watch_clear(watch);
		return r;
	}
	memory->watch = *watch;
	*watch = (struct cs_watch){ 0 };
	r = memory_load(memory, problem);
	if (r == 0)
		*ret_memory = memory;
	else
		memory_close(memory);
	return r;
}

/* A copy of the bytes with a NUL behind them; the readers write into it. */
static char *copy_bytes(const char *text, size_t n)
{
	char *copy = n < SIZE_MAX ? malloc(n + 1) : NULL;
	if (copy == NULL)
		return NULL;
	if (n > 0)
		memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

int cs_memory_parse(const struct cs_form *form, const char *text, size_t n, const char *name,
	struct cs_settings *settings, void **ret_memory, struct cs_problem *problem)
{
	struct memory *memory = NULL;
	int r = memory_new(form, name, settings, &memory);
	if (r != 0)
		return r;
	char *copy = copy_bytes(text, n);
	r = copy != NULL ? read_tree(memory, copy, n, &memory->tree, problem) : CS_ENOMEM;
	free(copy);
	if (r == 0)
		*ret_memory = memory;
	else
		memory_close(memory);
	return r;
}

const struct cs_backend cs_memory_backend = {
	.ask = memory_ask,
	.fd = memory_fd,
	.wants_write = memory_wants_write,
	.next_ms = memory_next_ms,
	.serve = memory_serve,
	.changes = memory_changes,
	.state = memory_state,
	.event = memory_event,
	.close = memory_close,
};
