/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the server share: server.c is the loop, connection.c who is connected and what goes back and forth, calls.c
 * which calls reach the authority, parked.c who waits for a change, report.c what the log and status say. */
#ifndef CS_DAEMON_SERVER_INTERNAL_H
#define CS_DAEMON_SERVER_INTERNAL_H

#include "ender.h"
#include "nudge.h"
#include "server.h"
#include "teller.h"
#include <event2/event.h>

enum { RESERVED_FDS = 64 }; /* never given to people.sock: store, worker, module.sock */

/* One line in a while: who can make lines must not be able to drown the evidence in the log. */
struct quiet {
	uint64_t last_ms;
	unsigned left_out;
};

struct connection {
	struct server *server;
	struct cs_caller caller;
	enum cs_door door;
	int32_t pid;   /* for the log only: it may be another's by now (A053) */
	int fd;
	struct cs_fds passed; /* came with the frame that is being read */
	size_t n_passed;      /* those, and until its answer what came with the call before */
	struct cs_buf in, out;
	struct event *readable, *writable, *timer;
	bool greeted;
	bool busy;     /* a call is with the authority, or a wait is parked */
	bool waiting;  /* it is a wait */
	bool watching; /* it is a watch */
	bool attending; /* it attends to what runs: a long poll, or it has just begun */
	bool screening; /* it looks on at a terminal: a long poll */
	bool attends;  /* it did: nothing else is taken from it any more */
	bool look;     /* something that it is parked for changed, or it has just begun */
	bool overdue;  /* its wait is over, changed or not */
	bool closing;  /* freed at the end of the turn */
	struct cs_wait wait;
	struct cs_screen screen;
	struct cs_attend attend; /* without what is only for display */
	uint64_t seen; /* a watch: the change that the caller knows */
	const struct cs_message *message;
	struct connection *next;
};

struct server {
	struct event_base *base;
	struct cs_authority *authority;
	struct cs_directory *directory;
	struct teller *teller;       /* NULL: nothing is told */
	struct nudge *nudge;         /* while a turn lasts */
	struct cs_ender *ender;      /* NULL: no login can be ended */
	struct event *ender_event;
	struct login *logins;
	bool logins_unheard;         /* there is more to hear of logins than there was memory for */
	int listen_fd[3];            /* by cs_door */
	struct event *listen_event[3];
	struct event *signals[3];
	struct event *tick;
	struct event *directory_read, *directory_write, *directory_timer;
	int directory_fd;
	struct connection *connections;
	uint64_t next_connection;
	uint64_t malformed;
	uint64_t change; /* rises with every change of any request; 0 is nobody's */
	struct quiet malformed_log, failed_log;
	uint32_t root_uid; /* 0; who started the daemon, where that is an ordinary user */
	size_t n_connections;
	size_t max_connections;
	bool stop;
	int failed; /* it cannot go on: why; 0 */
};

/* connection.c: answers the call that the connection is busy with, and hears it again. */
void send_reply(struct connection *c, int error, const char *text, const void *reply);
/* It is closed at the end of the turn. */
void close_later(struct connection *c);
/* NULL: it is gone. */
struct connection *find_connection(struct server *s, uint64_t number);
/* Takes whoever is at the door. */
void on_accept(evutil_socket_t listen_fd, short what, void *arg);
/* Frees what is to be closed. */
void reap(struct server *s);

/* calls.c: hands a call to the authority, parks it, or refuses it. */
void dispatch(struct connection *c, const struct cs_message *message, void *call);

/* parked.c: parks a connection until something changes or its time is over. */
void wait_start(struct connection *c, const struct cs_wait *wait);
void watch_start(struct connection *c, const struct cs_watch *watch);
/* 1 where the connection attends already, and is parked or answered; 0: it has to begin. */
int attend_again(struct connection *c, const struct cs_attend *attend);
/* 1 where the connection looks on already, and is parked; 0: it has to begin. */
int screen_again(struct connection *c, const struct cs_screen *screen);
/* Answers it if there is something to say. Between turns. */
void wait_look(struct connection *c);
void watch_look(struct connection *c);
void attend_look(struct connection *c);
void screen_look(struct connection *c);
/* A request changed: whoever is parked for it looks at the end of the turn. */
void changed(void *arg, const uint8_t id[CS_ID_LEN]);

/* Something is on a terminal: whoever looks on there looks at the end of the turn. */
void shown(void *arg, const uint8_t id[CS_ID_LEN]);

/* logins.c: what the helper tells of logins becomes calls of the authority; each login stands for a connection. 0,
 * CS_ENOMEM. */
int logins_open(struct server *s, struct cs_ender *ender);
/* This request changed. */
void logins_changed(struct server *s, const uint8_t id[CS_ID_LEN]);
/* Has the helper end what is to end. Between turns. */
void logins_look(struct server *s);
/* At each tick: what could not be heard, listed or ended is tried again. */
void logins_again(struct server *s);
void logins_close(struct server *s);

/* report.c: may this be logged, every_ms after the last that was? ret_left_out: how many were not since then. */
bool may_log(struct quiet *quiet, uint64_t every_ms, unsigned *ret_left_out);

#endif
