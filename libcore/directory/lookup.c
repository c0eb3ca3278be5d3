/* SPDX-License-Identifier: Apache-2.0 */
/* Questions on their way: each is a job, from its first search to its answer or its deadline. */
#include "clock.h"
#include "lookup_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CAUSE_MAX = 1024,
	SILENCE_MOST_MS = 1000 /* before the next server is asked */
};

/* --- Jobs --- */

int cs_lookup_new(const struct cs_settings *settings, struct cs_servers *servers, cs_lookup_fn done, void *arg,
	struct cs_lookup **ret_lookup)
{
	struct cs_lookup *lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL)
		return CS_ENOMEM;
	lookup->settings = settings;
	lookup->servers = servers;
	lookup->done = done;
	lookup->arg = arg;
	lookup->tail = &lookup->jobs;
	*ret_lookup = lookup;
	return 0;
}

/* What was found so far, but not the question. */
static void job_forget(struct job *job)
{
	for (size_t i = 0; job->subjects != NULL && i < job->question.n_subjects; i++) {
		lookup_subject_clear(&job->subjects[i]);
		job->subjects[i] = (struct lookup_subject){ 0 };
	}
	for (size_t i = 0; job->listings != NULL && i < job->question.n_listings; i++) {
		lookup_listing_clear(&job->listings[i]);
		job->listings[i] = (struct lookup_listing){ 0 };
	}
	cs_clear(&cs_answer_shape, &job->answer);
}

static void job_free(struct job *job)
{
	job_forget(job);
	free(job->subjects);
	free(job->listings);
	cs_clear(&cs_question_shape, &job->question);
	free(job);
}

struct cs_facts *task_facts(const struct task *task)
{
	return &task->job->answer.facts[task->subject];
}

/* --- Searches --- */

static int search_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	return task->calls.entry(task, entry);
}

/* What the server did not say is a matter of the whole question: it is asked elsewhere, or in pages. */
static void search_ended(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	struct job *job = task->job;
	if (ended == CS_ENDED_LOST || ended == CS_ENDED_PAGES) {
		if (job->again == CS_ENDED_DOUBT)
			(void)snprintf(job->cause, sizeof(job->cause), "%s", cause);
		if (job->again != CS_ENDED_LOST)
			job->again = ended;
		ended = CS_ENDED_CANCELLED;
		cause = "";
	}
	task->calls.end(task, ended, cause);
}

int task_start(const struct task *what, struct cs_search *search, const struct cs_search_calls *calls)
{
	static const struct cs_search_calls own = { search_entry, search_ended };
	struct task *task = malloc(sizeof(*task));
	if (task == NULL)
		return CS_ENOMEM;
	*task = *what;
	task->calls = *calls;
	search->owner = task->job;
	search->deadline_ms = task->job->deadline_ms;
	search->pages = task->job->pages && search->below && search->limit > CS_SEARCH_PAGE;
	int r = cs_servers_search(task->job->lookup->servers, task->job->server, search, &own, task);
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
	int r = lookup_chain_ask(job);
	for (size_t i = 0; i < job->question.n_subjects && r == 0; i++)
		r = lookup_person(job, i);
	for (size_t i = 0; i < job->question.n_listings; i++)
		lookup_listing(job, i);
}

/* So long a server may say nothing, of a span in which all of them could have to be asked. */
static uint64_t silence_ms(const struct job *job, uint64_t span_ms)
{
	uint64_t share = span_ms / (cs_servers_count(job->lookup->servers) + 1);
	return share < SILENCE_MOST_MS ? share : SILENCE_MOST_MS;
}

/* Starts at the next server, if there is one that was not asked yet. */
static void job_begin(struct job *job)
{
	struct cs_servers *servers = job->lookup->servers;
	job->server = cs_servers_pick(servers, job->tried, job->asked_ms);
	if (job->server < 0)
		return;
	job->tried |= UINT32_C(1) << job->server;
	job->begun_ms = cs_boot_ms();
	job->look_ms = job->begun_ms + silence_ms(job, job->deadline_ms - job->asked_ms);
	cs_answer_blame(&job->answer, cs_servers_uri(servers, job->server), NULL);
	job_start(job);
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
	job->deadline_ms = terms->until_ms > job->asked_ms ? terms->until_ms : job->asked_ms;
	job->subjects = calloc(question->n_subjects + 1, sizeof(*job->subjects));
	job->listings = calloc(question->n_listings + 1, sizeof(*job->listings));
	r = cs_answer_blank(question->n_subjects, question->n_listings, &job->answer);
	if (r != 0 || job->subjects == NULL || job->listings == NULL) {
		job_free(job);
		return CS_ENOMEM;
	}
	cs_answer_blame(&job->answer, lookup->settings->name, NULL);
	job->question = *question;
	*question = (struct cs_question){ 0 };
	*lookup->tail = job;
	lookup->tail = &job->next;
	job_begin(job);
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

/* Where there are several servers, a cause says whose it is. */
static void blame_server(struct job *job, const char *cause)
{
	size_t used = strlen(job->trail);
	if (job->server < 0 || cs_servers_count(job->lookup->servers) == 1)
		(void)snprintf(job->trail + used, sizeof(job->trail) - used, "%s%.300s", used > 0 ? "; " : "", cause);
	else
		(void)snprintf(job->trail + used, sizeof(job->trail) - used, "%s%.200s: %.300s", used > 0 ? "; " : "",
			cs_servers_uri(job->lookup->servers, job->server), cause);
}

/* Ends in doubt: nothing half told is used; a listing that was settled is whole. */
static void job_doubt(struct job *job, const char *what)
{
	cs_servers_cancel(job->lookup->servers, job);
	for (size_t i = 0; i < job->answer.n_facts; i++)
		if (job->answer.facts[i].known != CS_KNOWN_NO)
			cs_facts_doubt_of(&job->answer.facts[i], what, job->trail);
	for (size_t i = 0; i < job->answer.n_listings; i++) {
		const struct task task = { .job = job, .index = i };
		lookup_listing_settle(&task, CS_KNOWN_DOUBT, job->trail);
	}
}

static void job_expire(struct job *job)
{
	struct cs_servers *servers = job->lookup->servers;
	const struct cs_settings *settings = job->lookup->settings;
	char cause[CAUSE_MAX];
	bool asked = job->server >= 0;
	(void)snprintf(cause, sizeof(cause), "no whole answer from %.500s within %llu ms",
		asked ? cs_servers_uri(servers, job->server) : settings->name,
		(unsigned long long)settings->deadline_ms);
	/* A connection on which nothing came for so long is of no use to the next question either. */
	if (asked && job->begun_ms + silence_ms(job, settings->deadline_ms) <= cs_boot_ms() &&
	    cs_servers_heard_ms(servers, job->server, job) <= job->begun_ms)
		cs_servers_silent(servers, job->server, job, job->begun_ms, cause);
	blame_server(job, cause);
	job_doubt(job, "too late");
}

/* 1 when it was started again; else every server was asked, or it is too late. */
static int job_again(struct job *job, uint64_t now)
{
	struct cs_answer answer = { 0 };
	bool in_pages = job->again == CS_ENDED_PAGES && !job->pages;
	cs_servers_cancel(job->lookup->servers, job);
	job->again = CS_ENDED_DOUBT;
	if (!in_pages)
		blame_server(job, job->cause);
	if (job->deadline_ms <= now)
		return 0;
	if ((!in_pages && cs_servers_pick(job->lookup->servers, job->tried, job->asked_ms) < 0) ||
	    cs_answer_blank(job->question.n_subjects, job->question.n_listings, &answer) != 0)
		return 0;
	job_forget(job);
	job->answer = answer;
	if (in_pages)
		job->tried &= ~(UINT32_C(1) << job->server);
	job->pages = job->pages || in_pages;
	job_begin(job);
	return 1;
}

/* A server that says nothing is left, while there is another one and time for it. */
static void job_look(struct job *job, uint64_t now)
{
	struct cs_servers *servers = job->lookup->servers;
	uint64_t heard = cs_servers_heard_ms(servers, job->server, job);
	uint64_t since = heard > job->begun_ms ? heard : job->begun_ms;
	job->look_ms = since + silence_ms(job, job->deadline_ms - job->asked_ms);
	if (job->look_ms > now)
		return;
	job->look_ms = UINT64_MAX;
	if (cs_servers_pick(servers, job->tried, job->asked_ms) < 0)
		return;
	(void)snprintf(job->cause, sizeof(job->cause), "silent for %llu ms", (unsigned long long)(now - since));
	job->again = CS_ENDED_LOST;
	/* Who has little time himself goes elsewhere, and the server is not to blame. */
	if (since + silence_ms(job, job->lookup->settings->deadline_ms) * 3 / 4 <= now)
		cs_servers_silent(servers, job->server, job, since, job->cause);
}

/* 1 while it is under way. */
static int job_work(struct job *job, uint64_t now)
{
	bool in_time = job->deadline_ms > now;
	if (job->server == CS_SERVER_LATER && in_time)
		job_begin(job);
	if (job->open > 0 && job->again == CS_ENDED_DOUBT && job->look_ms <= now && in_time)
		job_look(job, now);
	if (job->again != CS_ENDED_DOUBT && job_again(job, now) == 0)
		job_doubt(job, "who it is");
	bool waits = job->open > 0 || job->server == CS_SERVER_LATER;
	if (waits && in_time)
		return 1;
	if (waits)
		job_expire(job);
	if (job->server != CS_SERVER_NONE)
		return 0;
	(void)snprintf(job->trail, sizeof(job->trail), "%s", cs_servers_lost_names(job->lookup->servers));
	job_doubt(job, "who it is");
	return 0;
}

void cs_lookup_work(struct cs_lookup *lookup)
{
	uint64_t now = cs_boot_ms();
	struct job **at = &lookup->jobs;
	while (*at != NULL) {
		struct job *job = *at;
		if (job_work(job, now) == 1) {
			at = &job->next;
			continue;
		}
		job_answer(job, *job->trail != '\0' ? job->trail : "could not be asked");
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
		bool waits = (job->open > 0 || job->server == CS_SERVER_LATER) && job->again == CS_ENDED_DOUBT;
		uint64_t due = waits ? job->deadline_ms : 1;
		if (waits && job->open > 0 && job->look_ms < due)
			due = job->look_ms;
		if (next == 0 || due < next)
			next = due;
	}
	return next;
}
