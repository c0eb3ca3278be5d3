/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that tell people share: tell.c says what each event tells, tell_ask.c asks, tell_whom.c says to whom,
 * tell_look.c hands notices out when their time has come and looks at drafts, tell_check.c looks at their recipients.
 *
 * A row of the outbox without a text is a draft: it is not told but looked at when its time has come. Drafts are
 * reminders, escalations and what could not be told at once; and, of kind `handled`, whom an open request was told to. */
#ifndef CS_AUTHORITY_TELL_H
#define CS_AUTHORITY_TELL_H

#include "internal.h"

enum {
	WHOM_MAX = 2048,  /* people who are told of one event */
	TOLD_MOST = 20    /* times that people are asked about requests of one uid, in TOLD_SPAN_MS */
};
#define TOLD_SPAN_MS (10 * 60 * 1000ull)
#define REMIND_LEAST_MS (10 * 60 * 1000ull)  /* what waits for a shorter time has no reminder unless the policy says so */
#define REMIND_MOST_MS (24 * 3600 * 1000ull) /* what waits for long is reminded of after a day */
#define LOOK_AFTER_MS (24 * 3600 * 1000ull)  /* whom it was told to is kept so long after the deadline */
#define AGAIN_LEAST_MS 10000ull              /* what was not told is tried again after that, then twice as long … */
#define AGAIN_MOST_MS (10 * 60 * 1000ull)    /* … at most */

/* Login names, each once. */
struct whom {
	char **names;
	size_t n;
};
void whom_clear(struct whom *whom);
/* Adds who is not there yet and not among but (NULL: nobody). 0, CS_ENOMEM. */
int whom_add(struct whom *whom, const struct whom *but, const char *name);
int whom_add_all(struct whom *whom, const struct whom *but, char *const *names, size_t n);
/* Those of whom nothing is asked: the requester, and who voted. 0 or CS_E…. */
int whom_done(struct cs_authority *authority, const struct cs_stored *stored, struct whom *done);
/* Those who could fill a rule that is open and not filled. 0, CS_ENOMEM. */
int whom_can(struct whom *whom, const struct whom *but, const struct cs_need *needs, size_t n_needs);
/* Takes out who wants to be left alone. 0 or CS_E…. */
int whom_willing(struct cs_authority *authority, uint64_t wall_ms, struct whom *whom);

/* What the outbox holds about a request. */
struct rows {
	struct whom told; /* whom it was told to while it was open */
	bool asking;      /* people are still to be asked */
	bool waits;       /* or those who can vote only by now */
};
int rows_look(struct cs_authority *authority, uint64_t request, struct rows *ret_rows);
/* These are not among those whom it was told to any more. 1; 0: nobody is left, who were some; CS_E…. */
int rows_forget(struct cs_authority *authority, const struct cs_stored *stored, const struct whom *gone, uint64_t wall_ms);
int rows_drop(struct cs_authority *authority, uint64_t request, bool (*which)(const struct cs_notice *notice));
bool is_draft(const struct cs_notice *notice);
bool is_memory(const struct cs_notice *notice); /* the draft that keeps whom it was told to */

/* What is told of a request. */
struct letter {
	enum cs_notice_kind kind;
	const char *text; /* "": a draft */
	uint64_t wall_ms, due_wall_ms, deadline_wall_ms;
	enum cs_state state;
};
/* Puts it into the outbox: a row for each CS_MAX_RECIPIENTS people, one where there are none. 0 or CS_E…. */
int post(struct cs_authority *authority, const struct cs_stored *stored, const struct letter *letter,
	const struct whom *whom);
/* Asks those of whom who want to be told, who alone stay in it; with nobody left nothing is posted. */
int post_asked(struct cs_authority *authority, const struct cs_stored *stored, enum cs_notice_kind kind, uint64_t wall_ms,
	uint32_t left_out, struct whom *whom);
/* Break-glass or its drill. */
int post_loud(struct cs_authority *authority, const struct cs_stored *stored, enum cs_notice_kind kind, uint64_t wall_ms,
	const char *what, const struct whom *whom);
/* Everybody who can vote now is asked, and the reminder and what opens later planned. */
int ask_now(struct cs_authority *authority, const struct cs_stored *stored, const struct cs_now *now,
	const struct cs_need *needs, size_t n_needs);
/* Who could is not known: that is looked up, and told then. */
int ask_soon(struct cs_authority *authority, const struct cs_stored *stored, enum cs_notice_kind kind,
	const struct cs_now *now);
/* Whoever can vote now and was not told yet is. */
int ask_more(struct cs_authority *authority, const struct cs_stored *stored, const struct cs_now *now,
	const struct cs_need *needs, size_t n_needs);
/* Keeps whom the request was told to. 0 or CS_E…. */
int remember(struct cs_authority *authority, const struct cs_stored *stored, uint64_t wall_ms, const struct whom *told);
/* The entry of what is on its way with this number; 0: one that is free. NULL: none. */
struct sent *sent_of(struct cs_authority *authority, uint64_t number);
/* Asks the directory about the notice's recipients. sent, which is its entry, is CHECKED when it may be handed out; free
 * where some of them cannot vote and it was written anew for the others. Maybe before this returns. */
void whom_check(struct cs_authority *authority, const struct cs_notice *notice, struct sent *sent);
/* tell_heard.c: those whom this notice asks were told: recorded where silence counts. Or they never will be: they are not
 * among those whom the request was told to any more, and text says why. The notice is still in the outbox. 0 or CS_E…. */
int heard_told(struct cs_authority *authority, const struct sent *sent);
int heard_not(struct cs_authority *authority, const struct sent *sent, const char *text);
/* Records that nobody could be told, and why. */
int untold(struct cs_authority *authority, const struct cs_stored *stored, const char *text);
uint64_t deadline_of(const struct cs_stored *stored); /* wall clock */

#endif
