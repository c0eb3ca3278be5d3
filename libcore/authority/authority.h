/* SPDX-License-Identifier: Apache-2.0 */
/* The order of things: ask the directory, decide, record, commit, tell. Every door (sudo, PAM, the command) goes
 * through cs_authority_call; nothing else writes requests, votes or states (A089). No sockets and no event loop
 * here. */
#ifndef CS_AUTHORITY_H
#define CS_AUTHORITY_H

#include "calls.h"
#include "clock.h"
#include "decision.h"
#include "directory.h"
#include "frame.h"
#include "policy.h"
#include "roster.h"
#include "ssh_signature.h"
#include "store.h"

struct cs_authority;

/* Who calls, as the kernel says it (SO_PEERCRED). */
struct cs_caller {
	bool module;   /* through module.sock */
	uint32_t uid, gid;
	uint32_t login_uid;  /* audit login uid of the peer's process; CS_NO_UID where none is set or it cannot be read.
	                      * It only takes away: whoever logged in as somebody else is not independent of him */
	uint64_t connection; /* a number from 1 that is never used twice; waits, claims and confirmations are bound to
	                      * it */
};

/* The answer to a call; called exactly once per call, after what it decided is committed (cs_authority_turn).
 * error 0: reply has the shape of the call's reply. */
typedef void (*cs_reply_fn)(void *arg, int error, const char *text, const void *reply);

/* What the authority tells while it works. */
struct cs_authority_events {
	void (*changed)(void *arg, const uint8_t id[CS_ID_LEN]); /* after commit: waiters of this request look again */
	/* something new is on a terminal of this request, or who looks on there is to ask again */
	void (*shown)(void *arg, const uint8_t id[CS_ID_LEN]);
	/* after commit: for the log */
	void (*recorded)(void *arg, const struct cs_event *event, const uint8_t chain[CS_DIGEST_LEN]);
	void (*failed)(void *arg, const char *why); /* the store could not write: what the turn decided is denied */
	void (*describe)(void *arg, struct cs_status *status); /* fills in what only the program knows */
	void (*notice)(void *arg, const char *text); /* at the start, and when a policy comes into force: what root should
	                                              * know and nothing else shows */
	void *arg;
};

struct cs_authority_options {
	const char *host;       /* host identity, part of every request */
	const char *version;
	const char *policy_file; /* where the first generation comes from */
	uid_t policy_owner;     /* who besides root may own it */
	uint64_t hold_ms;       /* how long a request is held on line before it is parked */
	uint64_t confirm_ms;    /* how old a release may be when the session confirms it; 10,000 */
	uint64_t answer_ms;     /* for all that one call asks of the directory; 0 stands for 3,000 */
	uint32_t root_uid;      /* 0; tests that run as an ordinary user say another */
	uint32_t max_open_per_uid; /* 20 */
	uint32_t max_open;         /* 10,000 */
	bool tells;            /* somebody takes notices (cs_authority_tell); else nothing is told and nothing kept for it */
	bool tell_arguments;   /* notices say the arguments of what is to be run; else only the command (A134) */
	uint64_t tell_for_ms;  /* how long a notice is tried */
	int (*now)(struct cs_now *ret_now); /* cs_now_read; models set their own clock */
	const struct cs_host_key *host_key; /* signs receipts and segments; the caller's, outlives the authority. NULL:
	                                     * nothing is signed */
	struct cs_roster_source *roster;     /* whose keys sign votes; the caller's, outlives the authority. NULL:
	                                      * nobody's do */
	struct cs_authority_events events;
};

/* Takes the newest generation of the policy from the store; where there is none, the policy file becomes the first (it
 * must be right: a daemon does not start without a policy). Records the start. Where the file is not what is in force,
 * events.notice says so. store and directory stay the caller's and must outlive it.
 * 0, CS_ECONF with problem, CS_EIO, CS_ECORRUPT, CS_ENOMEM. */
int cs_authority_open(const struct cs_authority_options *options, struct cs_store *store,
	struct cs_directory *directory, struct cs_authority **ret_authority, struct cs_problem *problem);
void cs_authority_close(struct cs_authority **authority);

/* Makes one call. call has the shape of its type and stays the caller's; fd is the descriptor that came with it or -1
 * and stays the caller's (it is read before this returns). type WAIT is the daemon's (cs_authority_look). */
void cs_authority_call(struct cs_authority *authority, const struct cs_caller *caller, enum cs_call_type type,
	const void *call, int fd, cs_reply_fn done, void *arg);

/* The same with several descriptors, which stay the caller's too: what a submit or a claim runs first, where it came, then
 * the action's operands (cs_submit.has_file). */
void cs_authority_call_files(struct cs_authority *authority, const struct cs_caller *caller, enum cs_call_type type,
	const void *call, const struct cs_fds *fds, cs_reply_fn done, void *arg);

/* Does the policy in force have a gate for what people ask for themselves, so that files that they bring are wanted? Root's
 * always are. */
bool cs_authority_takes_files(const struct cs_authority *authority);

/* Hashes a slice of what is to be hashed: a large file is no reason to keep everybody waiting. 1: there is more, call again
 * after the turn; 0. Part of a turn. */
int cs_authority_measure(struct cs_authority *authority);

/* The request as its waiting connection sees it now. 0; CS_EPERM (wrong secret or connection); CS_ENOENT. */
int cs_authority_look(struct cs_authority *authority, const struct cs_caller *caller, const struct cs_wait *wait,
	struct cs_decision *ret_decision);

/* What runs, as whoever attends to it on this connection is told now; attend->number and id have to be those that it
 * attended with. 0; CS_ENOENT: the connection attends to nothing, and has to begin with a call; CS_EPERM: to something else;
 * CS_ENOMEM. */
int cs_authority_attended(struct cs_authority *authority, const struct cs_caller *caller, const struct cs_attend *attend,
	struct cs_attend_answer *ret_answer);

/* What whoever looks on through this connection has not seen yet, from call->from on; that he asks is noted. 0; CS_ENOENT: he
 * has to begin, or to begin anew, with a call, because whether he may is looked at again; CS_ENOMEM. */
int cs_authority_screen(struct cs_authority *authority, const struct cs_caller *caller, const struct cs_screen *call,
	struct cs_screen_answer *ret_answer);

/* The daemon stops. What runs goes on, and is attended to again when there is a daemon: nothing is recorded of it. */
void cs_authority_stops(struct cs_authority *authority);

/* Ends one turn of the event loop: commits what was decided since the last, then answers. When the commit fails,
 * every answer becomes CS_WHY_STORE, deny. */
void cs_authority_turn(struct cs_authority *authority);

/* A connection is gone: its requests are parked, its unused claims forgotten, and what it attended to is over. */
void cs_authority_gone(struct cs_authority *authority, const struct cs_caller *caller);

/* Expires what is over, looks again at what runs, and reports releases that nobody confirmed; returns milliseconds until it should be called
 * again. */
uint64_t cs_authority_tick(struct cs_authority *authority);

/* Telling people. Hands out every notice whose time has come and that is not out already, as far as `hand` takes them (0, or
 * CS_EBUSY: later), and looks again at what is only told if it is still true. Between turns; what it changes belongs to the
 * next. To be called after every turn that recorded something, and once a second. */
typedef int (*cs_hand_fn)(void *arg, const struct cs_notice *notice);
void cs_authority_tell(struct cs_authority *authority, cs_hand_fn hand, void *arg);
/* How a notice fared that was handed out. What was not told is tried again, 10 s later, then after twice that and so on
 * up to 10 min, for tell_for_ms; then it is given up, which is recorded with why. Part of a turn. */
void cs_authority_told(struct cs_authority *authority, uint64_t number, bool told, const char *why);

/* Root at the console, while no daemon runs: puts a text in force as a new generation past every gate, whatever was in
 * force and whether it can still be read; recorded as just that. name is the text's file. Of options host, version,
 * root_uid, now and events are used. 0, CS_ECONF with problem, CS_EIO, CS_ENOMEM. */
int cs_authority_force_policy(const struct cs_authority_options *options, struct cs_store *store, const char *text,
	const char *name, struct cs_generation *ret_generation, struct cs_problem *problem);

#endif
