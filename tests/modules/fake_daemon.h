/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon that answers by a script, in a process of its own, and keeps what it was asked. */
#ifndef TEST_FAKE_DAEMON_H
#define TEST_FAKE_DAEMON_H

#include "calls.h"
#include <stdbool.h>
#include <sys/types.h>

/* Text in a struct whose strings are not const. */
#define T(text) ((char[]){ text })

enum fake_act {
	FAKE_REPLY,      /* reply */
	FAKE_ERROR,      /* error with text */
	FAKE_CLOSE,      /* closes the connection */
	FAKE_GARBAGE,    /* bytes that are no frame */
	FAKE_CUT,        /* half of the reply, then silence */
	FAKE_TWICE,      /* the reply and the same again at once */
	FAKE_OTHER_TYPE, /* the reply under the type of another call */
	FAKE_BAD_VERDICT, /* a verdict that is none */
	FAKE_SILENT,     /* nothing, for ever */
	FAKE_SIGNAL,     /* a signal to the victim, again and again, until another call comes or a connection ends */
	FAKE_NOTIFY      /* a byte into notify_fd, and no reply */
};

struct fake_step {
	enum cs_call_type call; /* what is expected; anything else is counted as unexpected and the connection closed */
	enum fake_act act;
	const void *reply;
	int error;
	const char *text;
};

#define FAKE_CALLS 16
#define FAKE_PAYLOAD 65536

/* In memory that both processes share. */
struct fake_seen {
	unsigned connections;
	unsigned ended; /* connections that the client closed */
	unsigned unexpected;
	unsigned n_calls;
	struct {
		unsigned type;
		size_t len;
		uint8_t payload[FAKE_PAYLOAD];
		bool has_fd;
		uint64_t inode;
	} calls[FAKE_CALLS];
	pid_t victim; /* whom FAKE_SIGNAL hits */
};

struct fake {
	char folder[64];
	char path[96];
	int listener;
	pid_t pid;
	struct fake_seen *seen;
};

struct fake_options {
	const struct fake_step *steps;
	size_t n_steps;
	uid_t listen_as; /* seen by SO_PEERCRED; only root can change it */
	int notify_fd;
	mode_t folder_mode; /* 0 means 0700 */
	bool dead;          /* its socket is there, and nobody behind it */
};

/* How a test writes a scene: a struct scene of its own, with steps and n_steps among its fields. */
#define SCENE(...) ((struct scene){ __VA_ARGS__ })
#define STEPS(...) .steps = (const struct fake_step[]){ __VA_ARGS__ }, \
	.n_steps = CS_COUNT(((const struct fake_step[]){ __VA_ARGS__ }))
#define ANSWER(c, r) { .call = c, .act = FAKE_REPLY, .reply = r }

void fake_start(struct fake *fake, const struct fake_options *options);
void fake_kill(struct fake *fake); /* its socket stays */
void fake_stop(struct fake *fake);

/* Decodes the payload of the nth call; the caller clears it. */
void fake_call(const struct fake *fake, unsigned n, void *ret_call);

#endif
