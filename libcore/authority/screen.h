/* SPDX-License-Identifier: Apache-2.0 */
/* What screen.c and watcher.c share: the terminal of what runs, and who looks at it. In memory only, and wiped. */
#ifndef CS_AUTHORITY_SCREEN_H
#define CS_AUTHORITY_SCREEN_H

#include "internal.h"

enum {
	SCREEN_BYTES = 256 * 1024,        /* of one terminal: who looks on later sees no more */
	SCREEN_FIRST_BYTES = 16 * 1024,
	SCREENS_BYTES = 64 * 1024 * 1024, /* of all of them */
	WATCHERS_MAX = 16                 /* of one terminal */
};

struct watcher {
	uint64_t connection;
	struct cs_person person; /* owned; of root only the name */
	uint64_t asked_ms; /* boot time at which he asked last */
	uint64_t look_ms;  /* boot time at which it is looked again whether he may */
	uint64_t turn;     /* in which he came: he is not there when that turn's commit fails */
	struct watcher *next;
};

struct screen {
	uint64_t number; /* of the request */
	uint8_t id[CS_ID_LEN];
	uint32_t pid;
	uint64_t session; /* a number from 1, for those who look on */
	uint64_t stream; /* the connection on which it comes; 0: none */
	enum cs_watch_rule rule;
	uint64_t grace_ms;
	uint64_t unwatched_ms; /* boot time since which nobody looks on, where nobody does */
	uint64_t begun_turn;   /* in which somebody looked on for the first time; 0: not yet */
	bool over;
	enum cs_reason reason; /* over: why it was ended */
	char *text;
	uint32_t lines, columns;
	uint8_t *bytes;        /* the last that was shown */
	size_t n_bytes, room;
	uint64_t end;          /* how much was shown since the beginning, with what was left out */
	struct watcher *watchers;
	uint32_t n_watchers;
	struct screen *next;
};

/* Nobody attends to it any more: what it showed stays until those who look on have seen it. Without them it is freed. */
void screen_close(struct cs_authority *authority, struct screen *screen, const struct session *session);
/* What is over and nobody looks at is freed. */
void screen_reap(struct cs_authority *authority, struct screen *screen);
/* Has whoever attends to it look again. */
void screen_changed(struct cs_authority *authority, const struct screen *screen);
/* What was shown from an offset on, as far as it is kept and fits. 0, CS_ENOMEM. */
int screen_read(const struct screen *screen, uint64_t from, struct cs_screen_answer *ret_answer);

#endif
