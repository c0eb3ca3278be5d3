/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's end of the directory worker: starts it, numbers its questions, keeps their deadlines, believes nothing
 * it says without looking, and replaces it when it is dead or stuck. */
#include "answer.h"
#include "clock.h"
#include "file.h"
#include "frame.h"
#include "mem.h"
#include "message.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SLOTS = 4096, /* questions under way */
	IN_MAX = 2 * 1024 * 1024,
	OUT_MAX = 8 * 1024 * 1024,
	STUCK_MS = 500, /* so long after its deadline a worker may still answer before it is taken for stuck */
	HEADSTART_MS = 100, /* the worker's deadline comes earlier by this, so that its cause arrives in time */
	PAUSE_LEAST_MS = 100,
	PAUSE_MOST_MS = 2000,
	REAP_MS = 20,
	ROUNDS = 256, /* reads in one call of serve */
	STATE_TEXT = 2048,
	EVENTS_MAX = 64 /* that nobody has taken yet */
};

enum slot_state { SLOT_FREE = 0, SLOT_ASKED = 1, SLOT_FORGOTTEN = 2 };

/* A question under way. Number n lives in slot n % SLOTS. */
struct slot {
	enum slot_state state;
	uint64_t number;
	uint64_t deadline_ms;
	cs_answer_fn done;
	void *arg;
	struct cs_question asked; /* only its subjects are kept */
	size_t n_queries;
	struct cs_answer blank; /* made beforehand, so that doubt can always be said */
};

struct worker {
	struct cs_settings settings;
	struct cs_directory_ids ids;
	struct cs_sealed sealed; /* each worker reads it */
	int fd;
	pid_t pid;
	pid_t dying; /* killed, not yet reaped */
	uint64_t restart_ms;
	uint64_t pause_ms;
	struct cs_buf in, out;
	struct slot *slots;
	uint64_t oldest; /* no slot in use has a smaller number */
	uint64_t next;
	bool closing;
	bool lost;  /* the worker before this one; it has not been heard to serve since */
	bool known; /* the server's state was told */
	bool ok;
	uint64_t since_ms;
	char told[CS_STATE_TEXT_MAX + 1];
	struct cs_message_event events[EVENTS_MAX]; /* a ring */
	size_t first_event, n_events;
	uint64_t changes, changes_before; /* what this worker told, and those before it */
	char *text; /* STATE_TEXT bytes */
};

/* --- Slots --- */

static void slot_clear(struct slot *slot)
{
	cs_clear(&cs_question_shape, &slot->asked);
	cs_clear(&cs_answer_shape, &slot->blank);
	*slot = (struct slot){ 0 };
}

static void slot_answer(struct slot *slot, const struct cs_answer *answer)
{
	cs_answer_fn done = slot->done;
	void *arg = slot->arg;
	slot->done = NULL;
	done(arg, answer);
}

/* Answers with doubt; afterwards the slot is forgotten, or free when no late answer can come. */
static void slot_doubt(struct worker *w, struct slot *slot, const char *cause, enum slot_state after)
{
	struct cs_answer answer = slot->blank;
	slot->blank = (struct cs_answer){ 0 };
	struct slot told = *slot;
	if (after == SLOT_FREE) {
		slot->asked = (struct cs_question){ 0 };
		slot_clear(slot);
	}
	slot->state = after;
	cs_answer_blame(&answer, w->settings.name, cause);
	slot_answer(&told, &answer);
	cs_clear(&cs_answer_shape, &answer);
	if (after == SLOT_FREE)
		cs_clear(&cs_question_shape, &told.asked);
}

static struct slot *slot_of(const struct worker *w, uint64_t number)
{
	return &w->slots[number % SLOTS];
}

static void skip_free(struct worker *w)
{
	while (w->oldest < w->next && slot_of(w, w->oldest)->state == SLOT_FREE)
		w->oldest++;
}

/* --- The process --- */

static void set_state(struct worker *w, bool ok, const char *told)
{
	if (!w->known || w->ok != ok)
		w->since_ms = cs_boot_ms();
	w->known = true;
	w->ok = ok;
	(void)snprintf(w->told, sizeof(w->told), "%s", told);
}

static struct cs_message_event *event_at(struct worker *w, size_t i)
{
	return &w->events[(w->first_event + i) % EVENTS_MAX];
}

/* Takes over the text. What nobody takes in time is lost; status still tells how it is. */
static void add_event(struct worker *w, bool ok, char *text)
{
	if (w->n_events == EVENTS_MAX || text == NULL) {
		free(text);
		return;
	}
	*event_at(w, w->n_events++) = (struct cs_message_event){ ok, text };
}

static char *worker_event(void *self, int *ret_ok)
{
	struct worker *w = self;
	if (w->n_events == 0)
		return NULL;
	struct cs_message_event event = *event_at(w, 0);
	w->first_event = (w->first_event + 1) % EVENTS_MAX;
	w->n_events--;
	*ret_ok = event.ok ? 1 : 0;
	return event.text;
}

static void pause_start(struct worker *w)
{
	w->restart_ms = cs_boot_ms() + w->pause_ms;
	w->pause_ms = w->pause_ms * 2 < PAUSE_MOST_MS ? w->pause_ms * 2 : PAUSE_MOST_MS;
}

static int spawn(struct worker *w)
{
	int ends[2] = { -1, -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
		return CS_EIO;
	const struct cs_worker_start start = { &w->settings, w->ids, ends[1], &w->sealed, getpid() };
	pid_t pid = fork();
	if (pid == 0)
		cs_worker_serve(&start);
	cs_close(&ends[1]);
	if (pid < 0) {
		cs_close(&ends[0]);
		return CS_EIO;
	}
	w->fd = ends[0];
	w->pid = pid;
	w->restart_ms = 0;
	return 0;
}

static bool reaped(struct worker *w)
{
	if (w->dying == 0)
		return true;
	pid_t r = waitpid(w->dying, NULL, WNOHANG);
	if (r == w->dying || (r < 0 && errno == ECHILD))
		w->dying = 0;
	return w->dying == 0;
}

static void spawn_if_due(struct worker *w)
{
	if (w->pid != 0 || w->closing || w->restart_ms > cs_boot_ms())
		return;
	if (!reaped(w))
		w->restart_ms = cs_boot_ms() + REAP_MS;
	else if (spawn(w) != 0)
		pause_start(w);
}

static void doubt_all(struct worker *w, const char *cause)
{
	uint64_t end = w->next; /* what is asked by those who hear the answers belongs to the next worker */
	for (uint64_t number = w->oldest; number < end; number++) {
		struct slot *slot = slot_of(w, number);
		if (slot->number != number)
			continue;
		if (slot->state == SLOT_ASKED)
			slot_doubt(w, slot, cause, SLOT_FREE);
		else if (slot->state == SLOT_FORGOTTEN)
			slot_clear(slot);
	}
	skip_free(w);
}

/* Ends the worker, whatever it is doing, and all it was asked. */
static void lose(struct worker *w, const char *cause)
{
	if (w->pid == 0)
		return;
	cs_close(&w->fd);
	(void)kill(w->pid, SIGKILL);
	w->dying = w->pid;
	w->pid = 0;
	cs_buf_clear(&w->in);
	cs_buf_clear(&w->out);
	set_state(w, false, cause);
	w->lost = true;
	if (!w->closing)
		add_event(w, false, cs_dup(cause));
	w->changes_before += w->changes + 1;
	w->changes = 0;
	pause_start(w);
	(void)reaped(w);
	doubt_all(w, cause);
}

/* --- Asking --- */

static int copy_subjects(const struct cs_question *question, struct cs_question *ret_copy)
{
	const struct cs_question subjects = { .subjects = question->subjects, .n_subjects = question->n_subjects };
	return cs_copy(&cs_question_shape, &subjects, ret_copy);
}

static int flush(struct worker *w)
{
	while (w->fd >= 0 && w->out.len > 0) {
		int r = cs_frame_send(w->fd, &w->out, NULL);
		if (r == CS_EBUSY)
			return 0;
		if (r < 0 && r != CS_EINTR)
			return r;
	}
	return 0;
}

static uint64_t workers_deadline(const struct worker *w, uint64_t deadline_ms)
{
	uint64_t tenth = w->settings.deadline_ms / 10;
	return deadline_ms - (tenth < HEADSTART_MS ? tenth : HEADSTART_MS);
}

static int worker_ask(void *self, const struct cs_question *question, const struct cs_terms *terms, cs_answer_fn done,
	void *arg)
{
	struct worker *w = self;
	if (w->closing)
		return CS_EINVAL;
	skip_free(w);
	struct slot *slot = slot_of(w, w->next);
	if (slot->state != SLOT_FREE || w->next - w->oldest >= SLOTS)
		return CS_EBUSY;
	struct slot filled = { .state = SLOT_ASKED, .number = w->next, .done = done, .arg = arg,
		.n_queries = question->n_queries };
	filled.deadline_ms = cs_boot_ms() + w->settings.deadline_ms;
	if (terms->until_ms != 0 && terms->until_ms < filled.deadline_ms)
		filled.deadline_ms = terms->until_ms;
	const struct cs_terms workers = { terms->fresh_ms, workers_deadline(w, filled.deadline_ms) };
	int r = copy_subjects(question, &filled.asked);
	if (r == 0)
		r = cs_answer_blank(question->n_subjects, question->n_listings, &filled.blank);
	if (r == 0)
		r = cs_message_put_question(&w->out, filled.number, &workers, question);
	if (r != 0) {
		slot_clear(&filled);
		return r == CS_ETOOBIG && w->out.len > CS_FRAME_MAX ? CS_EBUSY : r;
	}
	*slot = filled;
	w->next++;
	(void)flush(w); /* an error shows again when serve reads */
	return 0;
}

/* --- Answers --- */

static int take_answer(struct worker *w, const uint8_t *payload, size_t n)
{
	struct cs_answer answer = { 0 };
	uint64_t number = 0;
	int r = cs_message_get_answer(payload, n, &number, &answer);
	if (r != 0)
		return r;
	struct slot *slot = slot_of(w, number);
	if (slot->number == number && slot->state == SLOT_FORGOTTEN) {
		slot_clear(slot);
	} else if (slot->number == number && slot->state == SLOT_ASKED) {
		if (cs_answer_fits(&answer, slot->asked.subjects, slot->asked.n_subjects, slot->n_queries,
			    slot->blank.n_listings) == 1) {
			struct slot told = *slot;
			*slot = (struct slot){ 0 };
			slot_answer(&told, &answer);
			slot_clear(&told);
		} else {
			r = CS_EPROTO;
		}
	}
	cs_clear(&cs_answer_shape, &answer);
	return r;
}

static int take_state(struct worker *w, const uint8_t *payload, size_t n)
{
	struct cs_message_state state = { 0 };
	int r = cs_message_get_state(payload, n, &state);
	if (r != 0)
		return r;
	if (state.ok && w->lost)
		add_event(w, true, cs_dup("the directory worker serves again"));
	w->lost = w->lost && !state.ok;
	set_state(w, state.ok, state.text);
	w->changes = state.changes;
	free(state.text);
	return 0;
}

static int take_event(struct worker *w, const uint8_t *payload, size_t n)
{
	struct cs_message_event event = { 0 };
	int r = cs_message_get_event(payload, n, &event);
	if (r == 0)
		add_event(w, event.ok, event.text);
	return r;
}

/* Those who hear an answer may ask again meanwhile; they do not touch in. */
static int take_frame(void *arg, uint8_t type, const uint8_t *payload, size_t n)
{
	struct worker *w = arg;
	static int (*const takes[])(struct worker *w, const uint8_t *payload, size_t n) = {
		[CS_MESSAGE_ANSWER] = take_answer,
		[CS_MESSAGE_STATE] = take_state,
		[CS_MESSAGE_EVENT] = take_event,
	};
	w->pause_ms = PAUSE_LEAST_MS;
	return type < CS_COUNT(takes) && takes[type] != NULL ? takes[type](w, payload, n) : CS_EPROTO;
}

static int receive(struct worker *w)
{
	for (int round = 0; round < ROUNDS; round++) {
		int r = cs_frame_recv(w->fd, &w->in, NULL);
		if (r == CS_EBUSY)
			return 0;
		if (r == CS_EINTR)
			continue;
		if (r <= 0)
			return r == 0 ? CS_EUNAVAIL : r;
		r = cs_frame_each(&w->in, take_frame, w);
		if (r != 0)
			return r;
	}
	return 0;
}

/* --- Deadlines --- */

/* 1 when the worker let one pass by so far that it must be stuck. */
static int keep_deadlines(struct worker *w)
{
	uint64_t now = cs_boot_ms();
	int stuck = 0;
	char cause[STATE_TEXT];
	(void)snprintf(cause, sizeof(cause), "no answer from %s within %llu ms", w->settings.name,
		(unsigned long long)w->settings.deadline_ms);
	for (uint64_t number = w->oldest; number < w->next; number++) {
		struct slot *slot = slot_of(w, number);
		if (slot->number != number || slot->state == SLOT_FREE)
			continue;
		if (slot->deadline_ms > now)
			continue; /* a later one may be due sooner: what asks may have less time */
		if (slot->deadline_ms + STUCK_MS <= now)
			stuck = 1;
		if (slot->state == SLOT_ASKED)
			slot_doubt(w, slot, cause, SLOT_FORGOTTEN);
	}
	skip_free(w);
	return stuck;
}

static uint64_t worker_next_ms(const void *self)
{
	const struct worker *w = self;
	uint64_t next = w->pid == 0 ? w->restart_ms : 0;
	for (uint64_t number = w->oldest; number < w->next; number++) {
		const struct slot *slot = slot_of(w, number);
		if (slot->number != number || slot->state == SLOT_FREE)
			continue;
		uint64_t due = slot->deadline_ms + (slot->state == SLOT_FORGOTTEN ? STUCK_MS : 0);
		if (next == 0 || due < next)
			next = due;
	}
	return next;
}

static void worker_serve(void *self)
{
	struct worker *w = self;
	spawn_if_due(w);
	int r = w->fd >= 0 ? flush(w) : 0;
	if (w->fd >= 0 && r == 0)
		r = receive(w);
	if (r == CS_EUNAVAIL || r == CS_EIO)
		lose(w, "the directory worker ended; it is started again");
	else if (r != 0)
		lose(w, "the directory worker sent what is no answer; it is started again");
	if (keep_deadlines(w) == 1)
		lose(w, "the directory worker was stuck; it is started again");
	skip_free(w);
}

static int worker_fd(const void *self)
{
	return ((const struct worker *)self)->fd;
}

static int worker_wants_write(const void *self)
{
	const struct worker *w = self;
	return w->fd >= 0 && w->out.len > 0;
}

static uint64_t worker_changes(void *self)
{
	const struct worker *w = self;
	return w->changes_before + w->changes;
}

static const char *worker_state(const void *self, int *ret_ok)
{
	const struct worker *w = self;
	char span[16];
	*ret_ok = w->known && w->ok ? 1 : 0;
	cs_span_text(cs_boot_ms() - w->since_ms, span);
	if (!w->known)
		(void)snprintf(w->text, STATE_TEXT, "%s has not been asked yet", w->settings.name);
	else if (w->ok)
		(void)snprintf(w->text, STATE_TEXT, "%s", w->told);
	else if (w->settings.n_uris == 1)
		(void)snprintf(w->text, STATE_TEXT, "%s does not answer since %s: %s", w->settings.name, span, w->told);
	else
		(void)snprintf(w->text, STATE_TEXT, "no directory server answers since %s: %s", span, w->told);
	return w->text;
}

/* --- Life --- */

static void worker_close(void *self)
{
	struct worker *w = self;
	w->closing = true;
	lose(w, "the directory is being closed");
	doubt_all(w, "the directory is being closed");
	if (w->dying != 0)
		while (waitpid(w->dying, NULL, 0) < 0 && errno == EINTR)
			;
	cs_close(&w->fd);
	cs_sealed_close(&w->sealed);
	cs_buf_clear(&w->in);
	cs_buf_clear(&w->out);
	for (size_t i = 0; i < w->n_events; i++)
		free(event_at(w, i)->text);
	cs_settings_clear(&w->settings);
	free(w->slots);
	free(w->text);
	free(w);
}

int cs_worker_open(struct cs_settings *settings, struct cs_secrets *secrets, const struct cs_directory_ids *ids,
	void **ret_worker)
{
	int r = CS_ENOMEM;
	struct worker *w = calloc(1, sizeof(*w));
	if (w == NULL)
		goto out;
	w->fd = -1;
	w->sealed = cs_sealed_none;
	w->settings = *settings;
	*settings = (struct cs_settings){ 0 };
	w->ids = *ids;
	w->pause_ms = PAUSE_LEAST_MS;
	w->oldest = w->next = 1;
	cs_buf_init(&w->in, IN_MAX);
	cs_buf_init(&w->out, OUT_MAX);
	w->slots = calloc(SLOTS, sizeof(*w->slots));
	w->text = calloc(1, STATE_TEXT);
	if (w->slots == NULL || w->text == NULL)
		goto out;
	r = cs_secrets_seal(secrets, &w->sealed);
	if (r == 0)
		r = spawn(w);
	if (r == 0) {
		*ret_worker = w;
		w = NULL;
	}
out:
	if (w != NULL)
		worker_close(w);
	cs_settings_clear(settings);
	cs_secrets_clear(secrets);
	return r;
}

const struct cs_backend cs_worker_backend = {
	.ask = worker_ask,
	.fd = worker_fd,
	.wants_write = worker_wants_write,
	.next_ms = worker_next_ms,
	.serve = worker_serve,
	.changes = worker_changes,
	.state = worker_state,
	.event = worker_event,
	.close = worker_close,
};
