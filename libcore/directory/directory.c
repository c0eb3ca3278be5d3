/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the directory: picks the backend, checks questions. */
#include "answer.h"
#include "mem.h"
#include "memory.h"
#include "worker.h"

#include <stdlib.h>
#include <string.h>

struct cs_directory {
	const struct cs_backend *backend;
	void *self;
};

/* Set once by the program before it opens a directory. */
static struct cs_directory_ids worker_ids;

void cs_directory_set_ids(const struct cs_directory_ids *ids)
{
	worker_ids = *ids;
}

static int open_backend(struct cs_directory *directory, struct cs_settings *settings, uid_t owner,
	struct cs_secrets *secrets, struct cs_problem *problem)
{
	if (settings->n_uris == 0 && settings->srv_domain == NULL) {
		const char *path = settings->file != NULL ? settings->file : settings->ldif;
		const struct cs_form *form = settings->file != NULL ? &cs_fixed_form : &cs_ldif_form;
		directory->backend = &cs_memory_backend;
		return cs_memory_open(form, path, owner, settings, &directory->self, problem);
	}
	directory->backend = &cs_worker_backend;
	int r = cs_worker_open(settings, secrets, &worker_ids, &directory->self);
	if (r != 0)
		cs_problem_set(problem, "", 0, "the directory worker cannot be started: %s", cs_strerror(r));
	return r;
}

int cs_directory_open(const struct cs_conf_section *section, uid_t owner, struct cs_directory **ret_directory,
	struct cs_problem *problem)
{
	struct cs_settings settings = { 0 };
	struct cs_secrets secrets = { 0 };
	struct cs_directory *directory = calloc(1, sizeof(*directory));
	int r = directory != NULL ? 0 : CS_ENOMEM;
	if (r == 0)
		r = cs_settings_read(section, owner, &settings, &secrets, problem);
	if (r == 0)
		r = open_backend(directory, &settings, owner, &secrets, problem);
	if (r == 0) {
		*ret_directory = directory;
		directory = NULL;
	}
	free(directory);
	cs_settings_clear(&settings);
	cs_secrets_clear(&secrets);
	return r;
}

static int open_bytes(const struct cs_form *form, const char *text, size_t n, const char *name,
	struct cs_settings *settings, struct cs_directory **ret_directory, struct cs_problem *problem)
{
	struct cs_directory *directory = calloc(1, sizeof(*directory));
	int r = CS_ENOMEM;
	if (directory != NULL) {
		directory->backend = &cs_memory_backend;
		r = cs_memory_parse(form, text, n, name, settings, &directory->self, problem);
	}
	cs_settings_clear(settings);
	if (r == 0)
		*ret_directory = directory;
	else
		free(directory);
	return r;
}

int cs_directory_open_people(const char *text, const char *name, struct cs_directory **ret_directory,
	struct cs_problem *problem)
{
	struct cs_settings settings = { 0 };
	return open_bytes(&cs_fixed_form, text, strlen(text), name, &settings, ret_directory, problem);
}

int cs_directory_open_ldif(const char *text, size_t n, const char *name, const struct cs_ldif_options *options,
	struct cs_directory **ret_directory, struct cs_problem *problem)
{
	struct cs_settings settings = { 0 };
	int r = cs_settings_of_ldif(options, &settings, problem);
	return r != 0 ? r : open_bytes(&cs_ldif_form, text, n, name, &settings, ret_directory, problem);
}

int cs_directory_without(struct cs_directory *directory, const char *user)
{
	return directory->backend == &cs_memory_backend ? cs_memory_without(directory->self, user) : CS_EINVAL;
}

void cs_directory_close(struct cs_directory **directory)
{
	if (directory == NULL || *directory == NULL)
		return;
	struct cs_directory *closing = *directory;
	closing->backend->close(closing->self);
	free(closing);
	*directory = NULL;
}

int cs_directory_ask(struct cs_directory *directory, const struct cs_question *question, const struct cs_terms *terms,
	cs_answer_fn done, void *arg)
{
	static const struct cs_terms any;
	int r = cs_question_check(question);
	return r != 0 ? r : directory->backend->ask(directory->self, question, terms != NULL ? terms : &any, done, arg);
}

int cs_directory_fd(const struct cs_directory *directory)
{
	return directory->backend->fd(directory->self);
}

int cs_directory_wants_write(const struct cs_directory *directory)
{
	return directory->backend->wants_write(directory->self);
}

uint64_t cs_directory_next_ms(const struct cs_directory *directory)
{
	return directory->backend->next_ms(directory->self);
}

void cs_directory_serve(struct cs_directory *directory)
{
	directory->backend->serve(directory->self);
}

uint64_t cs_directory_changes(struct cs_directory *directory)
{
	return directory->backend->changes(directory->self);
}

const char *cs_directory_state(const struct cs_directory *directory, int *ret_ok)
{
	return directory->backend->state(directory->self, ret_ok);
}

char *cs_directory_event(struct cs_directory *directory, int *ret_ok)
{
	return directory->backend->event != NULL ? directory->backend->event(directory->self, ret_ok) : NULL;
}
