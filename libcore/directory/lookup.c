/* SPDX-License-Identifier: Apache-2.0 */
/* Questions on their way: each is a job, from its first search to its answer or its deadline. */
#include "clock.h"
#include "lookup_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAUSE_MAX = 1024 };

/* --- Jobs --- */

int cs_lookup_new(const struct cs_settings *settings, struct cs_ldap *ldap, cs_lookup_fn done, void *arg,
	struct cs_lookup **ret_lookup)
{
	struct cs_lookup *lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL)
		return CS_ENOMEM;
	lookup->settings = settings;
	lookup->ldap = ldap;
	lookup->done = done;
	lookup->arg = arg;
	lookup->tail = &lookup->jobs;
	*ret_lookup = lookup;
	return 0;
}

void put_text(struct cs_buf *out, const char *text)
{
	cs_buf_put(out, text, strlen(text));
}

static void job_free(struct job *job)
{
	for (size_t i = 0; job->subjects != NULL && i < job->question.n_subjects; i++)
		for (size_t k = 0; k < job->subjects[i].n_found; k++)
			found_clear(&job->subjects[i].found[k]);
	for (size_t i = 0; job->rosters != NULL && i < job->question.n_rosters; i++) {
		cs_hash_clear(&job->rosters[i].fill.seen);
		cs_netgroup_clear(&job->rosters[i].netgroup);
	}
	free(job->subjects);
	free(job->rosters);
	cs_clear(&cs_question_shape, &job->question);
	cs_clear(&cs_answer_shape, &job->answer);
	free(job);
}

void cs_lookup_free(struct cs_lookup **lookup)
{
	if (*lookup == NULL)
		return;
	while ((*lookup)->jobs != NULL) {
		struct job *job = (*lookup)->jobs;
		(*lookup)->jobs = job->next;
		cs_ldap_cancel((*lookup)->ldap, job);
		job_free(job);
	}
	free(*lookup);
	*lookup = NULL;
}

struct cs_facts *task_facts(const struct task *task)
{
	return &task->job->answer.facts[task->subject];
}

int task_start(const struct task *what, struct cs_search *search, const struct cs_search_calls *calls)
{
	struct task *task = malloc(sizeof(*task));
	if (task == NULL)
		return CS_ENOMEM;
	*task = *what;
	search->owner = task->job;
	search->deadline_ms = task->job->deadline_ms;
	int r = cs_ldap_search(task->job->lookup->ldap, search, calls, task);
	if (r != 0) {
		free(task);
		return r;
	}
	task->job->open++;
	return 0;
}

void task_end(struct task *task)
{
	task->job->open--;
	free(task);
}

/* --- Asking and answering --- */

/* What could not be started is doubt. */
static void job_start(struct job *job)
{
	int r = 0;
	for (size_t i = 0; i < job->question.n_subjects && r == 0; i++)
		r = lookup_person(job, i);
	for (size_t i = 0; i < job->question.n_rosters; i++)
		lookup_roster(job, i);
}

int cs_lookup_ask(struct cs_lookup *lookup, uint64_t number, const struct cs_terms *terms, struct cs_question *question)
{
	int r = cs_question_check(question);
	if (r != 0)
		return r;
	struct job *job = calloc(1, sizeof(*job));
	if (job == NULL)
		return CS_ENOMEM;
	job->lookup = lookup;
	job->number = number;
	job->asked_ms = cs_boot_ms();
	job->deadline_ms = terms->until_ms;
	job->subjects = calloc(question->n_subjects + 1, sizeof(*job->subjects));
	job->rosters = calloc(question->n_rosters + 1, sizeof(*job->rosters));
	r = cs_answer_blank(question->n_subjects, question->n_rosters, &job->answer);
	if (r != 0 || job->subjects == NULL || job->rosters == NULL) {
		job_free(job);
		return CS_ENOMEM;
	}
	cs_answer_blame(&job->answer, lookup->settings->name, NULL);
	job->question = *question;
	*question = (struct cs_question){ 0 };
	*lookup->tail = job;
	lookup->tail = &job->next;
	job_start(job);
	return 0;
}

static void job_answer(struct job *job, const char *cause)
{
	for (size_t i = 0; i < job->answer.n_facts; i++) {
		struct cs_facts *facts = &job->answer.facts[i];
		if (facts->known == CS_KNOWN_DOUBT && (facts->doubt == NULL || *facts->doubt == '\0'))
			(void)cs_set(&facts->doubt, cause);
		cs_facts_sort(facts);
	}
	job->lookup->done(job->lookup->arg, job->number, &job->answer);
}

/* At the deadline nothing half told is used; a roster that was settled is whole. */
static void job_expire(struct job *job)
{
	char cause[CAUSE_MAX];
	(void)snprintf(cause, sizeof(cause), "no whole answer from %.500s within %llu ms", job->lookup->settings->name,
		(unsigned long long)job->lookup->settings->deadline_ms);
	/* A connection on which nothing came for so long is of no use to the next question either. */
	bool waited = job->asked_ms + job->lookup->settings->deadline_ms / 2 <= cs_boot_ms();
	if (waited && cs_ldap_heard_ms(job->lookup->ldap) < job->asked_ms && cs_ldap_fd(job->lookup->ldap) >= 0)
		cs_ldap_drop(job->lookup->ldap, cause);
	cs_ldap_cancel(job->lookup->ldap, job);
	for (size_t i = 0; i < job->answer.n_facts; i++)
		if (job->answer.facts[i].known != CS_KNOWN_NO)
			cs_facts_doubt_of(&job->answer.facts[i], "too late", cause);
	for (size_t i = 0; i < job->answer.n_rosters; i++) {
		const struct task task = { .job = job, .index = i };
		lookup_roster_settle(&task, CS_KNOWN_DOUBT, cause);
	}
	job_answer(job, cause);
}

void cs_lookup_work(struct cs_lookup *lookup)
{
	uint64_t now = cs_boot_ms();
	struct job **at = &lookup->jobs;
	while (*at != NULL) {
		struct job *job = *at;
		if (job->open > 0 && job->deadline_ms > now) {
			at = &job->next;
			continue;
		}
		if (job->open > 0)
			job_expire(job);
		else
			job_answer(job, "could not be asked");
		*at = job->next;
		if (lookup->tail == &job->next)
			lookup->tail = at;
		job_free(job);
	}
}

uint64_t cs_lookup_next_ms(const struct cs_lookup *lookup)
{
	uint64_t next = 0;
	for (const struct job *job = lookup->jobs; job != NULL; job = job->next) {
		uint64_t due = job->open > 0 ? job->deadline_ms : 1;
		if (next == 0 || due < next)
			next = due;
	}
	return next;
}
