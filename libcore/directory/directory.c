/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the directory: picks the backend, checks questions, and holds people against the accounts of this
 * host. */
#include "answer.h"
#include "causes.h"
#include "clock.h"
#include "local.h"
#include "mem.h"
#include "memory.h"
#include "unix.h"
#include "worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct cs_directory {
	const struct cs_backend *backend;
	void *self;
	struct cs_local *local; /* NULL: nobody is compared with it */
	bool has_keys;          /* it says which ssh keys people have */
	bool has_group;         /* gid is the group that reads its files */
	gid_t gid;
	struct cs_causes causes; /* of doubt, for the log */
};

/* Set once by the program before it opens a directory. */
static struct cs_directory_ids worker_ids;
static struct cs_unix_files unix_files = { "/etc/passwd", "/etc/group", "/etc/shadow", false };
static const char *local_passwd = "/etc/passwd";

void cs_directory_set_ids(const struct cs_directory_ids *ids)
{
	worker_ids = *ids;
}

void cs_directory_set_unix_files(const struct cs_unix_files *files)
{
	unix_files = *files;
}

void cs_directory_set_local(const char *passwd)
{
	local_passwd = passwd;
}

/* --- Opening --- */

static int open_memory(struct cs_directory *directory, const struct cs_form *form, struct cs_watch *watch, uid_t owner,
	struct cs_settings *settings, struct cs_problem *problem)
{
	directory->backend = &cs_memory_backend;
	watch->owner = owner;
	watch->max = form->max;
	return cs_memory_open(form, watch, settings, &directory->self, problem);
}

static int open_file(struct cs_directory *directory, struct cs_settings *settings, uid_t owner,
	struct cs_problem *problem)
{
	const struct cs_form *form = settings->file != NULL ? &cs_fixed_form : &cs_ldif_form;
	struct cs_watch watch = { 0 };
	int r = cs_watch_add(&watch, settings->file != NULL ? settings->file : settings->ldif, false, false);
	return r != 0 ? r : open_memory(directory, form, &watch, owner, settings, problem);
}

/* Group root may do too much, and a group that may not read is of no use. */
static void find_group(struct cs_directory *directory)
{
	struct stat st;
	if (stat(unix_files.shadow, &st) != 0 || st.st_gid == 0 || (st.st_mode & S_IRGRP) == 0)
		return;
	directory->has_group = true;
	directory->gid = st.st_gid;
}

static int open_unix(struct cs_directory *directory, struct cs_settings *settings, uid_t owner,
	struct cs_problem *problem)
{
	struct cs_watch watch = { 0 };
	int r = cs_watch_add(&watch, unix_files.passwd, false, false);
	if (r == 0)
		r = cs_watch_add(&watch, unix_files.group, false, false);
	if (r == 0)
		r = cs_watch_add(&watch, unix_files.shadow, true, unix_files.is_copy);
	if (r != 0) {
		cs_watch_clear(&watch);
		return r;
	}
	find_group(directory);
	return open_memory(directory, &cs_unix_form, &watch, owner, settings, problem);
}

static int open_worker(struct cs_directory *directory, struct cs_settings *settings, struct cs_secrets *secrets,
	struct cs_problem *problem)
{
	directory->backend = &cs_worker_backend;
	int r = cs_worker_open(settings, secrets, &worker_ids, &directory->self);
	if (r != 0)
		cs_problem_set(problem, "", 0, "the directory worker cannot be started: %s", cs_strerror(r));
	return r;
}

static int open_backend(struct cs_directory *directory, struct cs_settings *settings, uid_t owner,
	struct cs_secrets *secrets, struct cs_problem *problem)
{
	if (settings->unix_files)
		return open_unix(directory, settings, owner, problem);
	int r = local_passwd != NULL ? cs_local_open(local_passwd, owner, &directory->local) : 0;
	if (r != 0)
		return r;
	if (settings->file != NULL || settings->ldif != NULL)
		return open_file(directory, settings, owner, problem);
	return open_worker(directory, settings, secrets, problem);
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
	if (r == 0) {
		directory->has_keys = !settings.unix_files;
		r = open_backend(directory, &settings, owner, &secrets, problem);
	}
	if (r == 0) {
		*ret_directory = directory;
		directory = NULL;
	}
	if (directory != NULL)
		cs_local_close(&directory->local);
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
		directory->has_keys = !settings->unix_files;
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

int cs_directory_open_unix(const char *text, size_t n, const char *name, struct cs_directory **ret_directory,
	struct cs_problem *problem)
{
	struct cs_settings settings = { 0 };
	int r = cs_settings_of_unix(&settings);
	return r != 0 ? r : open_bytes(&cs_unix_form, text, n, name, &settings, ret_directory, problem);
}

int cs_directory_has_keys(const struct cs_directory *directory)
{
	return directory->has_keys;
}

int cs_directory_group(const struct cs_directory *directory, gid_t *ret_gid)
{
	if (!directory->has_group)
		return 0;
	*ret_gid = directory->gid;
	return 1;
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
	cs_local_close(&closing->local);
	cs_causes_clear(&closing->causes);
	free(closing);
	*directory = NULL;
}

/* --- Asking --- */

/* One question on its way: people are compared with local accounts, and doubt is remembered. */
struct asked {
	struct cs_directory *directory;
	cs_answer_fn done;
	void *arg;
	size_t n;
	struct cs_facts *facts; /* room for a copy, and for a cause of doubt each */
	char (*causes)[CS_LOCAL_CAUSE_MAX];
};

static void asked_free(struct asked *asked)
{
	if (asked == NULL)
		return;
	free(asked->facts);
	free(asked->causes);
	free(asked);
}

static struct asked *asked_new(struct cs_directory *directory, size_t n, cs_answer_fn done, void *arg)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	if (asked == NULL)
		return NULL;
	*asked = (struct asked){ .directory = directory, .done = done, .arg = arg, .n = n };
	asked->facts = calloc(n + 1, sizeof(*asked->facts));
	asked->causes = calloc(n + 1, sizeof(*asked->causes));
	if (asked->facts == NULL || asked->causes == NULL) {
		asked_free(asked);
		return NULL;
	}
	return asked;
}

/* The facts as they are, but doubt for whoever clashes; the texts stay the answer's. */
static void compare(const struct asked *asked, const struct cs_answer *answer)
{
	struct cs_local *local = asked->directory->local;
	if (local != NULL)
		cs_local_refresh(local);
	for (size_t i = 0; i < answer->n_facts && i < asked->n; i++) {
		const struct cs_facts *facts = &answer->facts[i];
		asked->facts[i] = *facts;
		if (local == NULL || facts->known != CS_KNOWN_YES ||
		    cs_local_clashes(local, &facts->person, asked->causes[i]) == 0)
			continue;
		asked->facts[i] = (struct cs_facts){ .known = CS_KNOWN_DOUBT, .person.uid = CS_NO_UID,
			.source = facts->source, .doubt = asked->causes[i], .boot_ms = facts->boot_ms };
	}
}

/* While the servers, or the files, cannot be used at all, that was told by itself and is the cause of everything. */
static void keep_causes(struct cs_directory *directory, const struct cs_answer *answer)
{
	int ok = 0;
	(void)directory->backend->state(directory->self, &ok);
	if (ok == 1)
		cs_causes_take(&directory->causes, answer, cs_boot_ms());
}

static void take_answer(void *arg, const struct cs_answer *answer)
{
	struct asked *asked = arg;
	struct cs_answer compared = *answer;
	compare(asked, answer);
	compared.facts = asked->facts;
	compared.n_facts = asked->n; /* so many were asked for, and so many a backend gives */
	keep_causes(asked->directory, &compared);
	asked->done(asked->arg, &compared);
	asked_free(asked);
}

int cs_directory_ask(struct cs_directory *directory, const struct cs_question *question, const struct cs_terms *terms,
	cs_answer_fn done, void *arg)
{
	static const struct cs_terms any;
	const struct cs_terms *asked_for = terms != NULL ? terms : &any;
	int r = cs_question_check(question);
	if (r != 0)
		return r;
	struct asked *asked = asked_new(directory, question->n_subjects, done, arg);
	if (asked == NULL)
		return CS_ENOMEM;
	r = directory->backend->ask(directory->self, question, asked_for, take_answer, asked);
	if (r != 0)
		asked_free(asked);
	return r;
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
	uint64_t changes = directory->backend->changes(directory->self);
	if (directory->local == NULL)
		return changes;
	cs_local_refresh(directory->local);
	return changes + cs_local_changes(directory->local);
}

const char *cs_directory_state(const struct cs_directory *directory, int *ret_ok)
{
	const char *state = directory->backend->state(directory->self, ret_ok);
	if (directory->local == NULL || *ret_ok != 1)
		return state;
	cs_local_refresh(directory->local);
	const char *problem = cs_local_problem(directory->local);
	if (problem == NULL)
		return state;
	*ret_ok = 0;
	return problem;
}

char *cs_directory_event(struct cs_directory *directory, int *ret_ok)
{
	char *text = directory->backend->event(directory->self, ret_ok);
	if (text != NULL)
		return text;
	*ret_ok = 0;
	return cs_causes_next(&directory->causes);
}
