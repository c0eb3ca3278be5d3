/* SPDX-License-Identifier: Apache-2.0 */
/* Logins that run, as the helper tells of them. To the authority each is a connection that attends. */
#include "server_internal.h"
#include "log.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

struct login {
	struct server *server;
	struct cs_caller caller;
	struct cs_login told;
	bool listed;  /* the authority took it */
	bool again;   /* it could not be asked: it is, at the next tick */
	bool warned;  /* that it is not listed */
	bool gone;
	bool look;
	bool ending;  /* the helper was told */
	bool unended; /* it could not be: it is, at the next tick */
	struct login *next;
};

/* Where only the answer was lost it attends already (CS_EEXIST). CS_EPERM is for good: nothing was released by that request. */
static void attended(void *arg, int error, const char *text, const void *reply)
{
	struct login *login = arg;

	(void)text;
	(void)reply;
	login->listed = error == 0 || error == CS_EEXIST;
	login->look = true;
	login->again = !login->listed && error != CS_EPERM;
	if (!login->listed && !login->warned)
		cs_log(LOG_WARNING, "a login of request %llu (pid %u) is not listed, and cannot be ended%s: %s",
			(unsigned long long)login->told.attend.number, login->told.attend.pid,
			login->again ? " for now" : "", cs_strerror(error));
	login->warned = !login->listed;
}

static void attend(struct login *login)
{
	struct server *s = login->server;

	login->again = false;
	cs_authority_call(s->authority, &login->caller, CS_CALL_ATTEND, &login->told.attend, -1, attended, login);
}

static int begins(struct server *s, const struct cs_login *told)
{
	struct login *login = calloc(1, sizeof(*login));

	if (!login || cs_copy(&cs_login_shape, told, &login->told) < 0) {
		free(login);
		return CS_ENOMEM;
	}
	login->server = s;
	login->caller = (struct cs_caller){ .module = true, .uid = s->root_uid, .login_uid = CS_NO_UID,
		.connection = ++s->next_connection };
	login->next = s->logins;
	s->logins = login;
	attend(login);
	return 0;
}

static int told(void *arg, bool runs, const struct cs_login *login)
{
	struct server *s = arg;

	if (runs)
		return begins(s, login);
	for (struct login *at = s->logins; at; at = at->next)
		if (at->told.registration == login->registration)
			at->gone = true;
	return 0;
}

static void on_ender(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	bool unheard = s->logins_unheard;
	int r = cs_ender_hear(s->ender, told, s);

	(void)fd;
	(void)what;
	s->logins_unheard = r == CS_ENOMEM;
	if (r == CS_ENOMEM && !unheard)
		cs_log(LOG_ERR, "out of memory: logins that begin are not listed, and cannot be ended, for now");
	if (r == 0 || r == CS_ENOMEM)
		return;
	/* Rights to have another are given up. Who has to end in time would stay for ever: so whoever started this starts it anew,
	 * with a helper that finds the logins again. */
	cs_log(LOG_ERR, "the helper that ends logins is gone: countersignd ends as well, to be started anew with another");
	s->failed = CS_EUNAVAIL;
}

int logins_open(struct server *s, struct cs_ender *ender)
{
	s->ender = ender;
	s->ender_event = event_new(s->base, cs_ender_fd(ender), EV_READ | EV_PERSIST, on_ender, s);
	return s->ender_event && event_add(s->ender_event, NULL) == 0 ? 0 : CS_ENOMEM;
}

void logins_changed(struct server *s, const uint8_t id[CS_ID_LEN])
{
	for (struct login *login = s->logins; login; login = login->next)
		login->look = login->look || memcmp(login->told.attend.id, id, CS_ID_LEN) == 0;
}

static void end(struct login *login)
{
	int r = cs_ender_end(login->server->ender, login->told.registration);

	login->ending = r == 0;
	if (r < 0 && !login->unended)
		cs_log(LOG_ERR, "the login of request %llu (pid %u) could not be ended, and that is tried again every second: %s",
			(unsigned long long)login->told.attend.number, login->told.attend.pid, cs_strerror(r));
	login->unended = r < 0;
}

static void look(struct login *login)
{
	struct server *s = login->server;
	struct cs_attend_answer answer = { 0 };
	int r = cs_authority_attended(s->authority, &login->caller, &login->told.attend, &answer);

	login->look = r == CS_ENOMEM; /* whether it is to end is not known yet */
	if (r == 0 && answer.end && !login->ending)
		end(login);
	cs_clear(&cs_attend_answer_shape, &answer);
}

static void login_free(struct login *login)
{
	cs_clear(&cs_login_shape, &login->told);
	free(login);
}

void logins_look(struct server *s)
{
	struct login **at = &s->logins;

	while (*at) {
		struct login *login = *at;

		if (login->look && login->listed)
			look(login);
		if (!login->gone) {
			at = &login->next;
			continue;
		}
		*at = login->next;
		cs_authority_gone(s->authority, &login->caller);
		login_free(login);
	}
}

void logins_again(struct server *s)
{
	if (s->logins_unheard)
		on_ender(-1, 0, s);
	for (struct login *login = s->logins; login; login = login->next) {
		login->look = login->look || login->unended;
		if (login->again)
			attend(login);
	}
}

void logins_close(struct server *s)
{
	while (s->logins) {
		struct login *login = s->logins;

		s->logins = login->next;
		login_free(login);
	}
	if (s->ender_event)
		event_free(s->ender_event);
	s->ender_event = NULL;
}
