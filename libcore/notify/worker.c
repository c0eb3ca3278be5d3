/* SPDX-License-Identifier: Apache-2.0 */
/* The notify worker's own process: takes notices, runs every program for each, and says how that went. */
#include "clock.h"
#include "notify_internal.h"
#include "mem.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* One notice: its programs run one after the other. */
struct job {
	bool busy;
	uint64_t number;
	uint32_t took;  /* programs that took it, a bit each */
	size_t next;    /* the program that runs, or is to run */
	char *json;
	struct cs_buf text;
	struct program program;
};

struct worker {
	const struct cs_notify_settings *settings;
	int socket;
	struct job jobs[CS_NOTIFY_SLOTS];
	struct cs_buf packet;
};

/* --- Results ------------------------------------------------------------------------------------------------------- */

/* One more sentence of what is said about the notice; what does not fit is left out. */
static void say(struct job *job, const char *path, const char *what)
{
	char text[OUTPUT_MAX + 512];
	int n = snprintf(text, sizeof(text), "%s%s: %s", job->text.len ? "; " : "", path, what);

	if (n > 0 && (size_t)n < sizeof(text) && job->text.len + (size_t)n <= TEXT_MAX)
		cs_buf_put(&job->text, text, (size_t)n);
}

static void job_clear(struct job *job)
{
	cs_free_str(&job->json);
	cs_buf_clear(&job->text);
	*job = (struct job){ 0 };
}

/* The socket takes it: the daemon has given no more than fit. Where it does not, there is nobody to work for. */
static void job_end(struct worker *w, struct job *job)
{
	struct cs_buf packet;
	int r = 0;

	cs_buf_init(&packet, PACKET_MAX);
	cs_buf_put_u8(&packet, PACKET_RESULT);
	cs_buf_put_u64(&packet, job->number);
	cs_buf_put_u32(&packet, job->took);
	cs_buf_put_string(&packet, job->text.data, job->text.len);
	r = cs_buf_error(&packet);
	if (r == 0)
		r = packet_send(w->socket, &packet);
	cs_buf_clear(&packet);
	if (r < 0)
		_exit(1);
	job_clear(job);
}

/* --- Programs ------------------------------------------------------------------------------------------------------ */

static uint32_t bit(size_t program)
{
	return UINT32_C(1) << program;
}

/* Starts the next program that has not taken it, or ends the job. */
static void job_go_on(struct worker *w, struct job *job)
{
	for (; job->next < w->settings->n_programs; job->next++) {
		const char *path = w->settings->programs[job->next];

		if (job->took & bit(job->next))
			continue;
		if (program_start(&job->program, path, job->json, w->settings->timeout_ms) == 0)
			return;
		say(job, path, "could not be started");
	}
	job_end(w, job);
}

static void told_how(struct worker *w, struct job *job, int status)
{
	struct program *program = &job->program;
	const char *path = w->settings->programs[job->next];
	char text[OUTPUT_MAX + 128], span[16];
	bool took = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !program->killed;

	cs_span_text(w->settings->timeout_ms, span);
	program->printed[program->n_printed] = '\0';
	if (program->killed)
		(void)snprintf(text, sizeof(text), "did not end within %s and was killed%s%s%s", span,
			program->n_printed ? ": " : "", program->printed, program->more ? " [cut]" : "");
	else
		(void)snprintf(text, sizeof(text), "%s %d%s%s%s", WIFEXITED(status) ? "exit status" : "ended by signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), program->n_printed ? ": " : "",
			program->printed, program->more ? " [cut]" : "");
	if (took)
		job->took |= bit(job->next);
	if (!took || program->n_printed > 0)
		say(job, path, text);
}

static void work(struct worker *w)
{
	for (size_t i = 0; i < CS_NOTIFY_SLOTS; i++) {
		struct job *job = &w->jobs[i];
		int status = 0;

		if (!job->busy || job->program.pid == 0 || program_work(&job->program, &status) == 0)
			continue;
		told_how(w, job, status);
		job->next++;
		job_go_on(w, job);
	}
}

/* --- Notices ------------------------------------------------------------------------------------------------------- */

static struct job *free_job(struct worker *w)
{
	for (size_t i = 0; i < CS_NOTIFY_SLOTS; i++)
		if (!w->jobs[i].busy)
			return &w->jobs[i];
	return NULL;
}

/* 0, or CS_E… for what the daemon never sends. */
static int take_notice(struct worker *w)
{
	struct cs_cursor cur;
	struct cs_notice notice = { 0 };
	struct job *job = free_job(w);
	int r = 0;

	if (!job)
		return CS_EPROTO;
	cs_cursor_init(&cur, w->packet.data, w->packet.len);
	if (cs_cursor_u8(&cur) != PACKET_NOTICE)
		return CS_EPROTO;
	*job = (struct job){ .busy = true, .took = cs_cursor_u32(&cur) };
	cs_buf_init(&job->text, TEXT_MAX);
	r = cs_decode(&cs_notice_shape, &cur, &notice);
	if (r == 0)
		r = cs_cursor_end(&cur);
	if (r == 0)
		r = cs_notice_to_json(&notice, &job->json);
	job->number = notice.number;
	cs_clear(&cs_notice_shape, &notice);
	if (r == 0)
		job_go_on(w, job);
	return r;
}

/* 0 or, when nobody is there any more, CS_EUNAVAIL. Never more than there is a job for: the rest waits in the socket. */
static int receive(struct worker *w)
{
	int r = 1;

	while (r == 1 && free_job(w)) {
		r = packet_recv(w->socket, &w->packet);
		if (r == 1 && take_notice(w) < 0)
			r = CS_EPROTO;
	}
	return r < 0 ? r : 0;
}

static int hello(struct worker *w)
{
	struct cs_buf packet;
	int r = 0;

	/* What the worker before this one did not take is handed over again, after the hello. */
	while (r == 0 && (r = packet_recv(w->socket, &w->packet)) == 1)
		r = 0;
	cs_buf_init(&packet, 1);
	cs_buf_put_u8(&packet, PACKET_HELLO);
	if (r == 0)
		r = cs_buf_error(&packet);
	if (r == 0)
		r = packet_send(w->socket, &packet);
	cs_buf_clear(&packet);
	return r;
}

/* --- The loop ------------------------------------------------------------------------------------------------------ */

static int timeout_ms(const struct worker *w)
{
	uint64_t now = cs_boot_ms(), next = UINT64_MAX;

	for (size_t i = 0; i < CS_NOTIFY_SLOTS; i++) {
		const struct program *program = &w->jobs[i].program;

		if (w->jobs[i].busy && program->pid && !program->killed && program->deadline_ms < next)
			next = program->deadline_ms;
	}
	if (next == UINT64_MAX)
		return -1;
	if (next <= now)
		return 0;
	return next - now > INT_MAX ? INT_MAX : (int)(next - now);
}

static int turn(struct worker *w)
{
	struct pollfd fds[1 + CS_NOTIFY_SLOTS * PROGRAM_FDS] = { { .fd = w->socket, .events = POLLIN } };

	for (size_t i = 0; i < CS_NOTIFY_SLOTS; i++)
		program_poll(&w->jobs[i].program, &fds[1 + i * PROGRAM_FDS]);
	if (!free_job(w))
		fds[0].events = 0; /* its end is heard all the same */
	(void)poll(fds, CS_COUNT(fds), timeout_ms(w));
	work(w);
	if (fds[0].revents & (POLLHUP | POLLERR) && !(fds[0].revents & POLLIN))
		return CS_EUNAVAIL;
	return fds[0].revents ? receive(w) : 0;
}

_Noreturn void worker_serve(const struct cs_notify_settings *settings, int socket)
{
	struct worker w = { .settings = settings, .socket = socket };
	int r = 0;

	cs_buf_init(&w.packet, PACKET_MAX);
	r = hello(&w);
	while (r == 0)
		r = turn(&w);
	_exit(r == CS_EUNAVAIL ? 0 : 1);
}
