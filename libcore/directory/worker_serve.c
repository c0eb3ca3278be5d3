/* SPDX-License-Identifier: Apache-2.0 */
/* The directory worker's own process: reads questions, works on all of them at once and answers. */
#include "answer.h"
#include "clock.h"
#include "file.h"
#include "frame.h"
#include "lookup.h"
#include "mem.h"
#include "message.h"
#include "replica.h"
#include "worker.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	IN_MAX = 2 * 1024 * 1024,
	OUT_MAX = 16 * 1024 * 1024
};

struct serving {
	struct cs_credentials credentials;
	int socket;
	struct cs_buf in, out;
	struct cs_servers *servers;
	struct cs_lookup *lookup;
	struct cs_replica *replica; /* NULL: there is none */
	bool ok;                    /* of the servers, and what is said of them */
	char text[CS_STATE_TEXT_MAX + 1];
	uint64_t told_version;      /* of the replica */
	bool failed;
};

/* --- Serving --- */

static void put_state(struct serving *serving)
{
	char text[CS_STATE_TEXT_MAX + 1];
	bool live = serving->replica != NULL && cs_replica_is_live(serving->replica) == 1;
	uint64_t changes = serving->replica != NULL ? cs_replica_changes(serving->replica) : 0;
	serving->told_version = serving->replica != NULL ? cs_replica_version(serving->replica) : 0;
	(void)snprintf(text, sizeof(text), "%.250s%s%.250s", serving->text, serving->replica != NULL ? "; " : "",
		       serving->replica != NULL ? cs_replica_state(serving->replica) : "");
	const struct cs_message_state state = { .ok = serving->ok || live, .changes = changes, .text = text };
	if (cs_message_put_state(&serving->out, &state) != 0)
		serving->failed = true;
}

static void tell_state(void *arg, bool ok, const char *text)
{
	struct serving *serving = arg;
	serving->ok = ok;
	(void)snprintf(serving->text, sizeof(serving->text), "%s", text);
	put_state(serving);
}

static void tell_event(void *arg, bool ok, const char *text)
{
	struct serving *serving = arg;
	char copy[CS_STATE_TEXT_MAX + 1];
	(void)snprintf(copy, sizeof(copy), "%s", text);
	const struct cs_message_event event = { ok, copy };
	if (cs_message_put_event(&serving->out, &event) != 0)
		serving->failed = true;
}

static char too_long[] = "the answer is too long";

/* The listing that takes the most room; NULL when none is told. */
static struct cs_listing *longest(struct cs_listing *listings, size_t n)
{
	struct cs_listing *found = NULL;
	for (size_t i = 0; i < n; i++)
		if (listings[i].known == CS_KNOWN_YES && (found == NULL || listings[i].n_dns > found->n_dns))
			found = &listings[i];
	return found;
}

/* What does not fit into a frame is told as what it is, not told: first the longest listings, until the rest fits.
 * CS_ETOOBIG when it does not fit even without any. */
static int put_shorter(struct serving *serving, uint64_t number, const struct cs_answer *answer)
{
	struct cs_answer shorter = *answer; /* a view, but for the array of listings */
	struct cs_listing *listing = NULL;
	int r = CS_ETOOBIG;
	shorter.listings = calloc(answer->n_listings + 1, sizeof(*shorter.listings));
	if (shorter.listings == NULL)
		return CS_ENOMEM;
	for (size_t i = 0; i < answer->n_listings; i++)
		shorter.listings[i] = answer->listings[i];
	while (r == CS_ETOOBIG && (listing = longest(shorter.listings, shorter.n_listings)) != NULL) {
		*listing = (struct cs_listing){ .known = CS_KNOWN_DOUBT, .doubt = too_long };
		r = cs_message_put_answer(&serving->out, number, &shorter);
	}
	free(shorter.listings);
	return r;
}

static void put_doubt(struct serving *serving, uint64_t number, const struct cs_answer *answer)
{
	struct cs_answer blank = { 0 };
	if (cs_answer_blank(answer->n_facts, answer->n_listings, &blank) != 0) {
		serving->failed = true;
		return;
	}
	cs_answer_blame(&blank, answer->n_facts > 0 ? answer->facts[0].source : "", too_long);
	if (cs_message_put_answer(&serving->out, number, &blank) != 0)
		serving->failed = true;
	cs_clear(&cs_answer_shape, &blank);
}

static void put_answer(void *arg, uint64_t number, const struct cs_answer *answer)
{
	struct serving *serving = arg;
	int r = cs_message_put_answer(&serving->out, number, answer);
	if (r == CS_ETOOBIG)
		r = put_shorter(serving, number, answer);
	if (r != 0)
		put_doubt(serving, number, answer);
}

/* 1: answered. 0: it has to be looked up. */
static int ask_replica(struct serving *serving, uint64_t number, const struct cs_terms *terms,
	const struct cs_question *question)
{
	struct cs_answer answer = { 0 };
	int r = cs_replica_ask(serving->replica, terms, question, &answer);
	if (r == 1)
		put_answer(serving, number, &answer);
	cs_clear(&cs_answer_shape, &answer);
	return r;
}

static int take_question(void *arg, uint8_t type, const uint8_t *payload, size_t n)
{
	struct serving *serving = arg;
	struct cs_question question = { 0 };
	struct cs_terms terms = { 0 };
	uint64_t number = 0;
	if (type != CS_MESSAGE_QUESTION)
		return CS_EPROTO;
	int r = cs_message_get_question(payload, n, &number, &terms, &question);
	if (r == 0 && serving->replica != NULL)
		r = ask_replica(serving, number, &terms, &question);
	if (r == 0)
		r = cs_lookup_ask(serving->lookup, number, &terms, &question);
	cs_clear(&cs_question_shape, &question);
	return r < 0 ? r : 0;
}

static int receive(struct serving *serving)
{
	for (;;) {
		int r = cs_frame_recv(serving->socket, &serving->in, NULL);
		if (r == CS_EBUSY)
			return 0;
		if (r == CS_EINTR)
			continue;
		if (r <= 0)
			return CS_EIO;
		r = cs_frame_each(&serving->in, take_question, serving);
		if (r != 0)
			return r;
	}
}

static int flush(struct serving *serving)
{
	while (serving->out.len > 0) {
		int r = cs_frame_send(serving->socket, &serving->out, NULL);
		if (r == CS_EBUSY)
			return 0;
		if (r < 0 && r != CS_EINTR)
			return r;
	}
	return 0;
}

static uint64_t sooner(uint64_t one, uint64_t other)
{
	return one == 0 || (other != 0 && other < one) ? other : one;
}

static int timeout_ms(const struct serving *serving)
{
	uint64_t now = cs_boot_ms();
	uint64_t next = sooner(cs_lookup_next_ms(serving->lookup), cs_servers_next_ms(serving->servers));
	if (serving->replica != NULL)
		next = sooner(next, cs_replica_next_ms(serving->replica));
	if (next == 0)
		return -1;
	if (next <= now)
		return 0;
	return next - now > INT_MAX ? INT_MAX : (int)(next - now);
}

static int turn(struct serving *serving)
{
	struct pollfd fds[2 + CS_SERVERS_POLL_MAX] = { { .fd = serving->socket, .events = POLLIN } };
	if (serving->out.len > 0)
		fds[0].events |= POLLOUT;
	size_t n = cs_servers_poll(serving->servers, fds + 1);
	fds[1 + n] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (serving->replica != NULL)
		fds[1 + n].fd = cs_replica_fd(serving->replica);
	(void)poll(fds, 2 + n, timeout_ms(serving));
	if (serving->replica != NULL)
		cs_replica_work(serving->replica); /* before questions, which go by what is told now */
	int r = 0;
	if (fds[0].revents != 0)
		r = receive(serving);
	if (r != 0)
		return r;
	if (serving->replica != NULL && cs_replica_version(serving->replica) != serving->told_version)
		put_state(serving);
	cs_lookup_work(serving->lookup); /* what came too late is not worth connecting for */
	cs_servers_work(serving->servers);
	cs_lookup_work(serving->lookup);
	cs_servers_send(serving->servers);
	return serving->failed ? CS_ENOMEM : flush(serving);
}

static int prepare(const struct cs_worker_start *start, struct serving *serving)
{
	static const struct cs_servers_calls calls = { tell_state, tell_event };
	int r = cs_worker_confine(start, &serving->socket, &serving->credentials);
	if (r == 0)
		r = cs_servers_new(start->settings, &serving->credentials, &calls, serving, &serving->servers);
	if (r == 0)
		r = cs_lookup_new(start->settings, serving->servers, put_answer, serving, &serving->lookup);
	if (r == 0 && start->settings->mode == CS_MODE_REPLICA)
		r = cs_replica_new(start->settings, &serving->credentials, serving->servers,
				   &serving->replica);
	return r;
}

_Noreturn void cs_worker_serve(const struct cs_worker_start *start)
{
	struct serving serving = { 0 };
	cs_buf_init(&serving.in, IN_MAX);
	cs_buf_init(&serving.out, OUT_MAX);
	int r = prepare(start, &serving);
	while (r == 0)
		r = turn(&serving);
	/* The credentials go with the process: a thread that still binds must not see an empty password (A070). */
	_exit(r == CS_EIO ? 0 : 1);
}
