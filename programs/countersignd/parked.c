/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits for a change: a module for its request or for what runs, a person for any. */
#include "server_internal.h"
#include "mem.h"
#include <string.h>

#define WAIT_MAX_MS 60000u
#define SCREEN_MAX_MS (CS_SCREEN_MS - 5000) /* who is silent for CS_SCREEN_MS looks on no more */
#define WATCHES_PER_UID 16     /* of the connections that one may have: who watches has to be able to vote */

/* Only between turns: what a turn decides is nobody's to see before it is committed. */
void wait_look(struct connection *c)
{
	struct cs_decision decision = { 0 };
	int r = cs_authority_look(c->server->authority, &c->caller, &c->wait, &decision);

	c->look = false;
	if (r == 0 && !c->overdue && decision.version <= c->wait.seen && decision.reason != CS_WHY_PARKED) {
		cs_clear(&cs_decision_shape, &decision);
		return;
	}
	(void)event_del(c->timer);
	send_reply(c, r, r < 0 ? cs_reason_text(r == CS_EPERM ? CS_WHY_NOT_YOURS : CS_WHY_STORE) : NULL, &decision);
	cs_clear(&cs_decision_shape, &decision);
}

/* The end of this turn looks for the first time. */
static void park_for_good(struct connection *c)
{
	c->look = true;
	c->overdue = false;
	(void)event_del(c->timer);
}

/* Parks the connection until something changes or the time is over. */
static void park(struct connection *c, uint32_t wait_ms)
{
	uint32_t ms = wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };

	park_for_good(c);
	if (event_add(c->timer, &tv) < 0)
		close_later(c);
}

void wait_start(struct connection *c, const struct cs_wait *wait)
{
	c->wait = *wait;
	c->waiting = true;
	park(c, wait->wait_ms);
}

/* Says only that something changed: what it was, each asks for himself, and is shown what he may see. */
void watch_look(struct connection *c)
{
	struct cs_watch_answer answer = { .change = c->server->change };

	c->look = false;
	if (!c->overdue && answer.change == c->seen)
		return;
	(void)event_del(c->timer);
	send_reply(c, 0, NULL, &answer);
}

/* Whoever attends learns only of what runs here, and that at once. */
void attend_look(struct connection *c)
{
	struct cs_attend_answer answer = { 0 };
	int r = cs_authority_attended(c->server->authority, &c->caller, &c->attend, &answer);

	c->look = false;
	if (r == 0 && !c->overdue && answer.version == c->attend.seen) {
		cs_clear(&cs_attend_answer_shape, &answer);
		return;
	}
	(void)event_del(c->timer);
	send_reply(c, r, NULL, &answer);
	cs_clear(&cs_attend_answer_shape, &answer);
}

int attend_again(struct connection *c, const struct cs_attend *attend)
{
	struct cs_attend_answer answer = { 0 };
	int r = cs_authority_attended(c->server->authority, &c->caller, attend, &answer);

	cs_clear(&cs_attend_answer_shape, &answer);
	if (r == CS_ENOENT)
		return 0;
	c->attend = *attend;
	c->attend.tty = NULL; /* the call's */
	c->attending = true;
	if (attend->wait_ms > 0)
		park(c, attend->wait_ms);
	else
		park_for_good(c);
	return 1;
}

/* Whoever may look on learns of what is new; whether he still may is looked at when he asks next, so he has to. */
void screen_look(struct connection *c)
{
	struct cs_screen_answer answer = { 0 };
	int r = cs_authority_screen(c->server->authority, &c->caller, &c->screen, &answer);

	c->look = false;
	if (r == 0 && !c->overdue && answer.n_bytes == 0 && !answer.over) {
		cs_clear(&cs_screen_answer_shape, &answer);
		return;
	}
	if (r == CS_ENOENT) {
		answer.from = c->screen.from;
		answer.session = c->screen.session;
		r = 0;
	}
	(void)event_del(c->timer);
	send_reply(c, r, NULL, &answer);
	cs_clear(&cs_screen_answer_shape, &answer);
}

int screen_again(struct connection *c, const struct cs_screen *screen)
{
	struct cs_screen_answer answer = { 0 };
	int r = cs_authority_screen(c->server->authority, &c->caller, screen, &answer);

	cs_clear(&cs_screen_answer_shape, &answer);
	if (r == CS_ENOENT)
		return 0;
	c->screen = *screen;
	c->screening = true;
	park(c, screen->wait_ms < SCREEN_MAX_MS ? screen->wait_ms : SCREEN_MAX_MS);
	return 1;
}

static size_t watches_of(const struct server *s, uint32_t uid)
{
	size_t n = 0;

	for (const struct connection *c = s->connections; c; c = c->next)
		n += c->watching && c->caller.uid == uid;
	return n;
}

void watch_start(struct connection *c, const struct cs_watch *watch)
{
	if (watches_of(c->server, c->caller.uid) >= WATCHES_PER_UID) {
		send_reply(c, CS_EBUSY, "you watch too often at the same time; end one of the others", NULL);
		return;
	}
	c->seen = watch->seen;
	c->watching = true;
	park(c, watch->wait_ms);
}

void changed(void *arg, const uint8_t id[CS_ID_LEN])
{
	struct server *s = arg;

	s->change++;
	logins_changed(s, id);
	for (struct connection *c = s->connections; c; c = c->next)
		if (c->watching || (c->waiting && memcmp(c->wait.id, id, CS_ID_LEN) == 0) ||
			(c->attending && memcmp(c->attend.id, id, CS_ID_LEN) == 0))
			c->look = true;
}

void shown(void *arg, const uint8_t id[CS_ID_LEN])
{
	struct server *s = arg;

	(void)id; /* of those few who look on anywhere */
	for (struct connection *c = s->connections; c; c = c->next)
		if (c->screening)
			c->look = true;
}
