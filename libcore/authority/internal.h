/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the authority's state, and a task, which is one call on its way. */
#ifndef CS_AUTHORITY_INTERNAL_H
#define CS_AUTHORITY_INTERNAL_H

#include "approval.h"
#include "authority.h"
#include "crypto.h"
#include "evidence.h"

/* A connection that waits for a request. It dies with the connection; the request does not. Identical calls wait for one
 * request together. */
struct live {
	uint8_t id[CS_ID_LEN];
	uint8_t secret[CS_ID_LEN];
	uint64_t connection;
	uint64_t number;
	uint64_t since_ms; /* boot time */
	uint64_t turn;     /* in which it was made: undone when that turn's commit fails */
	bool asked;        /* it made the request, or whoever did left it to it: its Ctrl-C withdraws it */
	bool nested;       /* as its submit said */
	struct cs_need *needs;
	size_t n_needs;
	uint64_t needs_ms; /* boot time at which they were so: rules open with time */
	struct live *next;
};

/* A sudo that was released and should confirm its session. The connection is the proof: it was opened in that very
 * process, does not survive exec, and only that process or its own fork can speak on it (A053). */
struct release {
	uint64_t connection; /* on which it was answered, and has to be confirmed; 0 when that is gone */
	uint32_t uid, target_uid;
	uint64_t number; /* of the request; 0 when no gate guards it */
	uint64_t at_ms;
	uint64_t turn;
	uint64_t alarm_turn; /* in which it was recorded that nobody confirmed it; 0: not yet */
	struct release *next;
};

/* What runs because of a request, as long as this connection is open. */
struct session {
	uint64_t connection;
	uint64_t number;
	uint8_t id[CS_ID_LEN];
	enum cs_attend_kind kind;
	char tty[CS_MAX_NAME + 1];
	uint32_t pid;
	uint64_t since_ms;      /* boot time */
	uint64_t since_wall_ms;
	uint64_t lasts_ms;      /* as the policy was when it was looked at; 0: no limit */
	uint64_t version;
	bool end;               /* it was told to end */
	enum cs_reason reason;  /* why */
	char *text;             /* for the person in it; NULL where there was no memory for it */
	uint64_t end_turn;      /* in which it was told: not told when that turn's commit fails */
	uint64_t look_ms;       /* boot time at which it is looked at again */
	struct screen *screen;  /* its terminal, where others may look on (screen.h); the authority's */
	struct session *next;
};
#define SESSION_LOOK_MS 30000
#define SESSIONS_MAX 10000

/* An answer that waits for the commit of its turn. */
struct answer {
	cs_reply_fn done;
	void *arg;
	const struct cs_shape *shape;
	int error;
	char *text;
	void *reply;
	struct answer *next;
};

/* Something to tell after the commit. */
struct news {
	struct cs_event event;
	uint8_t chain[CS_DIGEST_LEN];
	bool changed;
	uint8_t id[CS_ID_LEN];
	uint64_t mark;
	struct news *next;
};

/* A plain right that was answered, and recorded, not long ago. The answer stands until until_ms (0: not at all), and
 * only while the directory says that nothing changed; its record stands for the same answer until recorded_ms, however
 * often the directory is asked meanwhile. */
struct cached_right {
	uint64_t until_ms, recorded_ms;
	uint64_t changes; /* cs_directory_changes when it was asked */
	uint8_t key[CS_DIGEST_LEN];
	enum cs_verdict verdict;
	enum cs_reason reason;
	char *source; /* of the facts, and when they were so */
	uint64_t boot_ms;
};
#define CACHED_RIGHTS 1024
#define RIGHT_CACHE_MS 30000 /* threat-model.md rule 5: at most 30 s, for plain authorization only */
#define ANSWER_MS 3000       /* for all that one call asks of the directory */

/* How many refused votes of one uid were recorded lately: more are told but not kept, because anybody may try to vote
 * and nobody shall fill the disk with it. */
struct refused_votes {
	uint32_t uid;
	uint32_t count;
	uint64_t since_ms;
};
#define REFUSED_UIDS 64
#define REFUSED_KEPT 20       /* of one uid in REFUSED_SPAN_MS */
#define REFUSED_SPAN_MS 60000

/* A notice that was handed out, a draft that is being looked at (tell_look.c), or one whose recipients are (tell_check.c). */
enum checking { UNCHECKED, CHECKING, CHECKED };
struct sent {
	enum checking check; /* CHECKED: it may be handed out */
	uint64_t number; /* 0: free */
	uint64_t request, wall_ms;
	uint32_t tries;
	enum cs_notice_kind kind;
};
#define SENT_MAX 16
/* Who hears how looking at a draft went. */
struct look {
	struct cs_authority *authority;
	uint64_t number;
};

/* How often people were told of requests of one uid lately (tell.c): whoever asks much is not to bury the rest. */
struct told_of {
	uint32_t uid;
	uint32_t count, left_out;
	uint32_t before; /* left out in the span before this */
	uint64_t since_ms;
};
#define TOLD_UIDS 64
enum {
	BACK_OFF_PEOPLE = 64,
	BACK_OFF_FREE = 3,  /* so many within an hour; the third has its author wait a minute, each further one twice as
	                     * long, an hour at most */
	BACK_OFF_KEPT = 9   /* of one person: enough to reach the hour */
};

/* When requests of one person were rejected: who is refused again and again has to wait before he asks again (A094). In
 * memory only: a restart forgives. */
struct refusals {
	char who[CS_MAX_NAME + 2]; /* backoff.c says how he is known: by all his accounts */
	unsigned n;
	uint64_t at_ms[BACK_OFF_KEPT]; /* boot time, oldest first */
};

struct measuring;

struct cs_authority {
	struct cs_authority_options options;
	struct cs_store *store;
	struct cs_directory *directory;
	struct cs_policy *policy;
	uint8_t policy_digest[CS_DIGEST_LEN];
	struct cs_generation generation; /* what the policy is in the store */
	bool takes_files;       /* ask_brings_files of the policy */
	uint64_t policy_number; /* rises with every policy that comes or goes, also with one whose commit failed */
	bool unsettled;         /* put in force in this turn: the one before comes back when the turn's commit fails */
	struct cs_policy *settled_policy;
	struct cs_generation settled_generation;
	uint64_t started_ms;

	bool in_transaction;
	uint64_t turn;
	uint64_t head;
	uint8_t chain[CS_DIGEST_LEN];
	uint64_t mark_head; /* the chain at the last mark and at begin, to go back to */
	uint8_t mark_chain[CS_DIGEST_LEN];
	uint64_t begin_head;
	uint8_t begin_chain[CS_DIGEST_LEN];
	uint64_t mark; /* counts marks, so that undo drops the news since */

	struct answer *answers, **answers_end;
	struct news *news, **news_end;
	struct live *live;
	struct release *releases;
	struct session *sessions;
	size_t n_sessions;
	struct screen *screens;
	size_t screens_bytes;
	uint64_t last_screen;
	struct cached_right *cache;
	struct measuring *measuring; /* files that are hashed in slices, the next one first */
	struct refused_votes refused[REFUSED_UIDS];
	struct sent sent[SENT_MAX];
	struct told_of told_of[TOLD_UIDS];
	struct refusals refusals[BACK_OFF_PEOPLE];
	uint64_t unopposed_ms; /* when it is looked again for what nobody objected to */
	uint64_t unopposed_after, overdue_after; /* the last request of a page that was full: the next begins there */
};

struct handler;

struct task {
	struct cs_authority *authority;
	struct cs_caller caller;
	const struct handler *handler;
	void *call;          /* own copy, of the handler's call shape */
	struct cs_fds fds;   /* came with the call; only until start returns, then none, or the task's own where
	                      * keeps_fds */
	bool keeps_fds;
	bool measured;       /* once for all tries: what follows is what measure.c read from them */
	struct cs_file file; /* of what is to run */
	uint32_t passed;     /* bits: the operands with a descriptor, whose order is that of the descriptors */
	struct cs_file files[CS_MAX_OPERANDS]; /* by operand */
	cs_reply_fn done;
	void *arg;
	struct cs_now now;

	struct cs_match match;     /* submit */
	uint8_t key[CS_DIGEST_LEN]; /* submit: by which an identical call is found */
	uint64_t policy_number;    /* the policy that the question was made from; a change of it in between starts over */
	struct cs_stored stored;   /* the request it is about, where there is one */
	bool made;                 /* submit: by this very call */
	bool nested;               /* submit, and what it leads to: sudo's plugin for a command that runs (intercept) */
	struct cs_approval *votes;
	size_t n_votes;
	struct cs_question question;
	uint64_t left_ms;          /* for all questions of the call: a second has what the first left */
	uint64_t asked_ms;         /* when this question was asked */
	uint64_t changes;          /* cs_directory_changes at that time */
	char *only_gate;           /* submit: has to be the gate that guards it; NULL or "": whichever */
	char *told;                /* submit: " (from ldaps://…, 0s old)", for the event; NULL: nothing was asked */
	struct cs_grounds grounds; /* submit: what the directory said, for the event; all zero: nothing was asked */
	struct cs_decision would;  /* submit: what a gate that only monitors would have said, for the event */
	size_t *listings_of_rule;
	size_t match_at, n_match; /* the question's listings that cs_policy_match needs */
	void (*resume)(struct task *task, const struct cs_answer *answer);
	unsigned tries;
};

struct handler {
	enum cs_call_type type;
	const struct cs_shape *call;
	const struct cs_shape *reply;
	void (*start)(struct task *task);
};

/* task.c: begins a call. call is copied; done is told CS_ENOMEM at once when there is no memory for a task. */
void task_begin(struct cs_authority *authority, const struct cs_caller *caller, const struct handler *handler,
	const void *call, const struct cs_fds *fds, cs_reply_fn done, void *arg);
/* A task ends with exactly one of these, which frees it. reply is moved: it is zero afterwards. */
void task_reply(struct task *task, void *reply);
void task_fail(struct task *task, int error, const char *text);
/* Ends a task with a decision that is nothing but a verdict, a reason and its text (NULL: the reason's own). */
void task_decide(struct task *task, enum cs_verdict verdict, enum cs_reason reason, const char *text);
/* measure.c: do the task's descriptors belong to these operands, in their order, with or without one in front of them for
 * what runs? Sets task->passed. 0, CS_EINVAL. */
int task_take_files(struct task *task, uint32_t passed);
/* ask.c: does the policy let people bring files themselves? */
bool ask_brings_files(const struct cs_policy *policy);
/* Hash and identity of what the descriptors are, into task->file and task->files; absent where that is no regular file or
 * cannot be read. Goes on in measured, at once or after other turns, or ends the task. Only for what a gate guards: hashing
 * takes the loop's time. */
void task_measure(struct task *task, void (*measured)(struct task *task));
/* Ends what is still to be hashed: the daemon ends. */
void measure_end(struct cs_authority *authority);
/* The first descriptor that came with the call; -1. */
int task_fd(const struct task *task);
/* files.c: the files of the action as they were measured for this task: as the request says? 1, 0. */
int files_same(const struct task *task, const struct cs_action *action);
/* Which operands of the action have a file that was hashed, or is to be: bits. */
uint32_t files_of(const struct cs_action *action);
/* Asks the directory what task->question says, and for nothing older than fresh_ms (CS_FRESH_ANY: nothing is said about
 * it); goes on in resume. The descriptor is gone then, unless it is kept. */
void task_ask(struct task *task, uint64_t fresh_ms,
	void (*resume)(struct task *task, const struct cs_answer *answer));
/* Building the question. 0, CS_ENOMEM, CS_ETOOBIG. */
int task_ask_subject(struct task *task, uint32_t uid, const char *name);
int task_ask_voters(struct task *task);
int task_ask_groups(struct task *task);
int task_ask_listings(struct task *task, const struct cs_gate *gate, const char *scope);
/* And what matching the action needs (cs_policy_match_needs). */
int task_ask_match(struct task *task, const struct cs_action *action);
/* Asks who the caller is and what he holds, and nothing else; goes on in resume, or ends the task. */
void task_ask_caller(struct task *task, void (*resume)(struct task *task, const struct cs_answer *answer));
/* Keeps the descriptors over a question: for files that are only hashed when the answer leads to a gate. */
void task_keep_fds(struct task *task);
/* Matches the action with the answer to a question that asked for it; person is who asked for the action. */
int task_match(const struct task *task, const struct cs_action *action, const struct cs_facts *person,
	const struct cs_answer *answer, struct cs_match *ret_match);
/* Something moved on while the directory was asked: starts the call over, a few times. 1, and the task is not to be
 * touched any more; 0: that was tried often enough. */
int task_again(struct task *task);
/* Reads the request and its votes again into the task. 0 or CS_E…. */
int task_load(struct task *task, uint64_t number);
void task_unload(struct task *task);
/* The gate of the policy in force that judges this request (cs_policy_judge); NULL where there is none any more. */
const struct cs_gate *request_gate(const struct cs_authority *authority, const struct cs_request *request);
/* How much time its state still has; 1 when that is over. */
int stored_overdue(const struct cs_stored *stored, const struct cs_now *now, uint64_t *ret_remaining_ms);
/* How long ago it was asked, as its deadline counts; 0 where the clock is not believed: nothing opens or goes ahead
 * then. */
uint64_t stored_elapsed(const struct cs_stored *stored, const struct cs_now *now);
/* 1 while an approved request may not be used yet (the gate's use_after, by the policy in force, or the start it was
 * asked for), and for how long. Ask stored_overdue first: where the clock is not believed the time is over, and nothing
 * cools any more. */
int stored_cooling(const struct cs_authority *authority, const struct cs_stored *stored, const struct cs_now *now,
	uint64_t *ret_remaining_ms);
/* How often it may be used: 1, more, CS_USES_ANY. */
uint32_t stored_uses(const struct cs_stored *stored);
/* What an approval is worth is what was asked for, and never more than the gate of now gives: is the time to use it over? 1;
 * 0 with how much there is left. */
int stored_use_over(const struct cs_authority *authority, const struct cs_stored *stored, const struct cs_now *now,
	uint64_t *ret_remaining_ms);
/* Does what it starts have to end in time, or be looked at? Of a command that another one runs sudo can do neither. */
bool stored_needs_session(const struct cs_authority *authority, const struct cs_stored *stored);
/* And how long what it starts may last; 0: no limit. */
uint64_t stored_session_ms(const struct cs_authority *authority, const struct cs_stored *stored);
/* "Approved; it may be used in 9m 30s.": allocated; NULL when out of memory. */
char *cooling_text(uint64_t remaining_ms);

/* fresh.c: the age of what the directory says.
 * How old the facts are now. */
uint64_t facts_age(const struct cs_facts *facts, const struct cs_now *now);
/* "from ldaps://ldap2.example.org, 4s old": allocated; "" where nobody told them; NULL when out of memory. */
char *facts_told(const struct cs_facts *facts, const struct cs_now *now);
/* Was any of these facts, which answer the task's question, older than fresh_ms when that was asked? What was looked up
 * for this very question never is. 1 with *ret_text (owned; NULL when out of memory), which says so and that `what` ("the
 * gate", "the permission") wants less; 0. */
int facts_stale(const struct task *task, const struct cs_facts *facts, size_t n, uint64_t fresh_ms, const char *what,
	char **ret_text);

/* right.c: forgets every right. */
void rights_forget(struct cs_authority *authority);

/* record.c: every change is made between record_begin and record_end; on failure record_undo takes it back. */
int record_begin(struct cs_authority *authority);
void record_undo(struct cs_authority *authority);
/* Seals and appends an event; wall_ms, policy digest are filled in. 0 or CS_E…. */
int record_event(struct cs_authority *authority, struct cs_event *event);
/* Drops what was to be told. */
void record_forget(struct cs_authority *authority);
/* cs_authority_turn; 1 when all that the turn decided is committed, else 0. */
int record_turn(struct cs_authority *authority);
/* An event about a task's subject and action with no request, and with the task's grounds. */
int record_outright(struct task *task, enum cs_event_kind kind, enum cs_verdict verdict, enum cs_reason reason,
	const char *gate, const char *text);
/* An event about a stored request, which is as it is afterwards. People are told in the same transaction. */
struct telling {
	enum cs_event_kind kind;
	enum cs_verdict verdict;
	enum cs_reason reason;
	const struct cs_person *actor;  /* NULL: nobody in particular */
	const char *text;               /* NULL: none */
	const struct cs_shape *shape;   /* of body; NULL: none */
	const void *body;
	const struct cs_need *needs;    /* who could fill what, where that is known */
	size_t n_needs;
};
int record_told(struct cs_authority *authority, const struct cs_stored *stored, const struct telling *telling);
/* The same, with an encoded body that may be NULL, and nothing known of needs. */
int record_request(struct cs_authority *authority, const struct cs_stored *stored, enum cs_event_kind kind,
	enum cs_verdict verdict, enum cs_reason reason, const struct cs_person *actor, const char *text,
	struct cs_buf *body);

/* generation.c: a text as a policy, with its digest; where its paths lead on this host is looked up by policy_put. name
 * is for messages. 0, CS_ECONF, CS_ENOMEM. */
int policy_read(const char *text, size_t len, const char *name, struct cs_policy **ret_policy,
	uint8_t ret_digest[CS_DIGEST_LEN], struct cs_problem *problem);
/* Puts a policy in force as the next generation, with its event; *policy and *generation are taken over, and number,
 * size and wall_ms set. request is what others approved, or NULL. On failure nothing has changed. 0 or CS_E…. */
int policy_put(struct cs_authority *authority, struct cs_policy **policy, const char *text, size_t len,
	struct cs_generation *generation, const struct cs_stored *request);
/* At the start: the newest generation is in force, or the policy file becomes the first. 0 or CS_E… with problem
 * set. */
int policy_open(struct cs_authority *authority, struct cs_problem *problem);
/* A text in force past every gate; name is its file. 0 or CS_E… with problem set. */
int policy_force(struct cs_authority *authority, const char *text, const char *name, struct cs_problem *problem);
/* What was put in force in this turn stays, or what was before comes back. */
void policy_settle(struct cs_authority *authority, bool committed);
/* Appends the body of a policy event, and of a start: cs_in_force. 0 or CS_E…. */
int policy_body(const struct cs_policy *policy, const struct cs_generation *generation, struct cs_buf *body);
/* authority.c: an event of the daemon itself. 0 or CS_E…. */
int record_start(struct cs_authority *authority);

/* live.c */
struct live *live_find(struct cs_authority *authority, const uint8_t id[CS_ID_LEN], const uint8_t secret[CS_ID_LEN]);
/* The next after this one (NULL: the first) that waits for a request, or NULL. */
struct live *live_of(struct cs_authority *authority, uint64_t number, const struct live *after);
/* How many connections wait for it. */
uint32_t live_count(struct cs_authority *authority, uint64_t number);
int live_add(struct task *task, uint64_t *ret_hold_ms, struct cs_decision *decision);
void live_drop(struct cs_authority *authority, struct live *live);
/* The same needs for everybody who waits for it. */
void live_set_needs(struct cs_authority *authority, uint64_t number, const struct cs_need *needs, size_t n_needs,
	uint64_t now_ms);
/* The connection lets go, the request stays: with its event. 0 or CS_E…; it is dropped in any case. */
int live_park(struct cs_authority *authority, struct live *live, const struct cs_stored *stored);
int release_add(struct task *task, const struct cs_action *action, uint32_t uid, uint64_t number);

/* count.c: the case of the task's request and votes, as its parts are now. */
struct count {
	struct cs_case what;
	struct cs_facts *voters; /* a view of the facts, one for each vote: what is not authenticated any more is told
	                          * here as a voter who is not known */
	char *text;              /* what is wrong with such a vote; NULL */
};
/* voters: as told, one for each of the task's votes. Clear with count_clear. 0, CS_ENOMEM. */
int count_begin(struct task *task, const struct cs_gate *gate, const struct cs_facts *requester,
	const struct cs_facts *voters, const struct cs_answer *answer, struct count *ret_count);
void count_clear(struct count *count);
/* Grounds that say nothing but when: a view of now, which outlives it. */
struct cs_grounds grounds_at(struct cs_now *now);
/* What the count was made from, for the event. 0, CS_ENOMEM, CS_ETOOBIG. */
int count_freeze(const struct task *task, const struct count *count, const struct cs_answer *answer,
	struct cs_grounds *ret_grounds);
/* Is this decision an approval: by people, or because nobody objected? */
int is_approval(const struct cs_decision *decision);
/* Does the request suffice by it, pending or approved? Silence only where those who could object were told. 1 or 0. */
int count_suffices(const struct task *task, const struct cs_decision *now);
/* The pending request suffices by this decision, which was counted: it is approved from now on, with its event and its
 * grounds, by actor (NULL: nobody in particular). Between record_begin and record_end. 0 or CS_E…. */
int count_approve(struct task *task, const struct count *count, const struct cs_answer *answer,
	const struct cs_decision *now, const struct cs_person *actor, const char *text);
/* Votes of a request that waits are counted again as the directory tells now, and what suffices is approved. answer begins
 * with the requester, then who voted. 1, 0, CS_E…. */
int count_again(struct task *task, const struct cs_gate *gate, const struct cs_answer *answer);
/* Do the listings of who could fill a rule decide something in this gate? */
bool gate_counts_listed(const struct cs_gate *gate);

/* voter.c: may this person vote on the task's request? */
struct voter {
	const struct cs_facts *facts;
	uint32_t login_uid;
	bool self;      /* his own request, and the gate takes that */
	size_t standing; /* his vote among the task's; n_votes: none */
};
/* Is he somebody else than who asked, under whichever account, key or login? As voter_known, of which it is the first half. */
enum cs_reason voter_other(const struct task *task, const struct cs_facts *requester, struct voter *voter, char **ret_text);
/* Who he is: CS_WHY_NONE, or why he may not, with *ret_text (owned) where there is more to say. requester and voters: as
 * told, one for each of the task's votes; NULL: only what was known when they asked and voted. */
enum cs_reason voter_known(const struct task *task, const struct cs_facts *requester, const struct cs_facts *voters,
	struct voter *voter, char **ret_text);
/* Could he fill a rule that is open? CS_WHY_NONE, NOT_YET (only others), NOT_APPROVER, DOUBT. */
enum cs_reason voter_entitled(const struct task *task, const struct cs_facts *facts, const struct cs_need *needs,
	size_t n_needs);
/* What everybody who may not reads first. */
#define NO_PERMISSION_TEXT "You do not have permission to approve or reject this request: "

/* backoff.c: a request of this person was rejected, or he took it back while a reject stood. */
void backoff_note(struct cs_authority *authority, const struct cs_person *person, const struct cs_now *now);
/* How much longer he has to wait before he asks again; 0: not at all. */
uint64_t backoff_left(const struct cs_authority *authority, const struct cs_person *person, const struct cs_now *now);

/* ahead.c: may a call that was asked for ahead start then? CS_WHY_NONE or CS_WHY_AHEAD with *ret_text (owned). */
enum cs_reason ahead_refused(const struct task *task, char **ret_text);

/* join.c: an identical request that is open. 1 and it is loaded, 0, or CS_E…. */
int join_find(struct task *task);
/* It was found before the directory was asked, and may have moved on meanwhile: 1 it is still the same, 0 there is none,
 * CS_ECONFLICT. */
int join_still(struct task *task);

/* made.c: stores the new request with its event; task->stored is it. Who is told, the decision's needs say. 0,
 * CS_ETOOBIG, CS_E…. */
int request_make(struct task *task, const struct cs_facts *facts, const struct cs_decision *decision);
/* Its digest, from what it is. 0, CS_ETOOBIG, CS_ENOMEM. */
int request_digest(struct cs_stored *stored);

/* environment.c: 1 when a NAME=value would change what runs. */
int environment_steers(const char *variable);

/* Does the task's request, with the votes it has, fit a frame when it is shown, and reserve bytes more? 1, 0 or
 * CS_E…. */
int request_fits(struct task *task, size_t reserve);
enum {
	LAST_VOTE_BYTES = CS_WHO_BYTES + 18432,     /* and a reject, which always finds room, and what surrounds them */
	FIRST_VOTES_BYTES = LAST_VOTE_BYTES + 32768 /* and some votes, when it is asked */
};

/* Decision of a stored request for replies: all but verdict, reason, text and needs. 0, CS_ENOMEM. */
int decision_of(struct cs_authority *authority, const struct cs_stored *stored, const struct cs_approval *votes,
	size_t n_votes, const struct cs_now *now, struct cs_decision *ret_decision);
/* How far the rules of its gate are filled by the votes themselves; none where the policy has the gate no more. 0 or
 * CS_E…. */
int needs_frozen(const struct cs_authority *authority, const struct cs_stored *stored, const struct cs_approval *votes,
	size_t n_votes, const struct cs_now *now, struct cs_need **ret_needs, size_t *ret_count);
void votes_free(struct cs_approval **votes, size_t *n);
/* list.c: cs_action_line, or as much of it as a row takes, with a mark that there is more. NULL when out of memory. */
char *row_line(const struct cs_action *action);
/* concern.c: did the viewer, of whom the directory tells this, ask for it; may he see it? */
int viewer_asked(const struct task *task, const struct cs_stored *stored, const struct cs_facts *viewer);
int viewer_may_see(const struct task *task, const struct cs_stored *stored, const struct cs_facts *viewer);
/* Could he fill a rule of it? That is a matter of its gate and scope alone. */
int viewer_could_approve(const struct task *task, const struct cs_stored *stored, const struct cs_facts *viewer);
/* The keys by which a new request is found: its person's and its place's. 0, CS_ENOMEM, CS_EIO. */
int concern_keys(struct cs_stored *stored);
/* Calls each, as cs_store_list does, for the open requests that the viewer asked for, and unless own those that he may
 * vote on, newest first. It may be called for others too: they are no more than likely. 0 or CS_E…, or how each ended it. */
int concern_walk(struct task *task, const struct cs_facts *viewer, bool own, uint64_t before, size_t max,
	cs_store_each each, void *arg);
/* from's needs move into the decision, with how many people are missing over them. */
void decision_needs(struct cs_decision *decision, struct cs_decision *from);

/* claim.c: does the policy of now still lead the task's request to its gate in its scope? CS_WHY_NONE with *ret_gate;
 * or why not, with *ret_text where there is more to say than the reason does (owned). The answer is to
 * task_ask_match. */
enum cs_reason match_again(struct task *task, const struct cs_facts *requester, const struct cs_answer *answer,
	const struct cs_gate **ret_gate, char **ret_text);
/* Uses an approved request. facts[0] of the answer is the requester, then follows each vote. Fills *ret_decision. With
 * CS_WHY_COOLING nothing was used or recorded: it is held until then. */
int claim_use(struct task *task, const struct cs_answer *answer, struct cs_decision *ret_decision);

/* Does what was used, on these facts, still stand: would it be released now? The answer is to the question of a claim.
 * CS_WHY_NONE; CS_WHY_DOUBT, CS_WHY_STORE: it could not be told; else why not, with *ret_text where there is more to say
 * (owned). */
enum cs_reason claim_stands(struct task *task, const struct cs_answer *answer, char **ret_text);
/* Asks the directory what a claim of the task's request has to know. 0 or CS_E…; resume is called then. */
int claim_ask(struct task *task, void (*resume)(struct task *task, const struct cs_answer *answer));

/* sessions.c: the next after this one (NULL: the first) that runs because of a request, or NULL. */
struct session *session_of(struct cs_authority *authority, uint64_t number, const struct session *after);
/* The connection is gone: what it attended to is over, with its event. */
void session_gone(struct cs_authority *authority, uint64_t connection);
/* When it is over by itself, in milliseconds from now; 0: never, or it is. *ret_over (may be NULL): it is. */
uint64_t session_left(const struct session *session, const struct cs_now *now, bool *ret_over);
/* A commit failed: what was told to end in this turn was not. */
void sessions_forget_turn(struct cs_authority *authority);
void sessions_free(struct cs_authority *authority);

/* end.c: everything that runs because of the request is told to end, with its event. by: who ended it; NULL: nobody in
 * particular. 0; CS_ENOENT: nothing runs, or all of it was told already; CS_E…. */
int session_end(struct cs_authority *authority, const struct cs_stored *stored, enum cs_reason reason,
	const struct cs_person *by, const char *text);
/* The same for one of them alone. */
int session_end_one(struct cs_authority *authority, const struct cs_stored *stored, struct session *session,
	enum cs_reason reason, const char *text);
/* Where a person ended it before whoever attends could hear that, because he or the daemon was gone: it is told again. 0, or
 * CS_E… where the record cannot be read. */
int session_end_again(struct cs_authority *authority, struct session *session);
/* The last event that told what ran because of the request to end. 1, 0 (there is none), CS_E…. Clear it with cs_event_shape. */
int session_last_end(struct cs_authority *authority, uint64_t number, struct cs_event *ret_event);
/* Something changed that it may not survive: what runs because of the request (0: of any) is looked at again at the next
 * tick. */
void sessions_look_soon(struct cs_authority *authority, uint64_t number);
/* session_look.c: looks again at what has not been looked at for a while, and ends what is over. */
void sessions_look(struct cs_authority *authority, const struct cs_now *now);

/* screen.c: by which rule others look on: the request's or that of the policy in force, the stricter one; and how long nobody
 * may where somebody has to, else 0. */
enum cs_watch_rule stored_watch(const struct cs_authority *authority, const struct cs_stored *stored);
uint64_t stored_watch_grace_ms(const struct cs_authority *authority, const struct cs_stored *stored);
/* The new session of the task's request has a terminal to look at, where its rule says so. 0, CS_ENOMEM. */
int screen_open(struct task *task, struct session *session);
/* Something is on it that was not: whoever looks on is answered. */
void screen_shown(struct cs_authority *authority, const struct screen *screen);
/* Is nobody there who looks on, where somebody has to be? */
bool screen_pauses(const struct screen *screen);
/* How long nobody may look on still; 0: that is over. */
uint64_t screen_left(const struct screen *screen, const struct cs_now *now);
/* Names of those who look on: allocated; NULL when out of memory. */
char *screen_names(const struct screen *screen);
/* Does something that runs because of the request wait for somebody to look on for the first time? Did somebody? */
bool screens_wait(struct cs_authority *authority, uint64_t number);
bool screens_watched(struct cs_authority *authority, uint64_t number);
void screens_free(struct cs_authority *authority);
/* A terminal came on this connection, which is gone. */
void stream_gone(struct cs_authority *authority, uint64_t connection);
/* watcher.c: frees one who looks on, without a word in the record. */
struct watcher;
void watcher_drop(struct screen *screen, struct watcher *watcher);
/* Whoever looked on through this connection is gone. */
void watchers_gone(struct cs_authority *authority, uint64_t connection);
/* A commit failed: who came in this turn did not. */
void watchers_forget_turn(struct cs_authority *authority);
/* Whoever looks on at what the request (0: any) runs is looked at again when he asks next. */
void watchers_look_soon(struct cs_authority *authority, uint64_t number);
/* Who asked no more for CS_SCREEN_MS is dropped. */
void watchers_look(struct cs_authority *authority, const struct cs_now *now);

/* What a session reads that waited for the same request as the one that used it. */
#define USED_ELSEWHERE_TEXT "Another of your sessions, which asked for the same, has used it."

/* submit.c: a submit by the authority itself, for what people change through people.sock (policy.apply). As SUBMIT by
 * the person whose uid is caller->uid, with these differences:
 * - submit->subject is not looked at: the person is whom the directory knows by that uid, and a uid that no person has
 *   is denied (CS_WHY_UNKNOWN_PERSON). Root is judged like anybody, so without an entry of its own it is denied.
 * - may_wait is false: where others have to agree the request is made or found again, and the reply is deny with
 *   CS_WHY_NOT_WAITING and its number and check code. only_ask and reason are as the caller sets them.
 * - Nothing is executed: no descriptor, and no session will confirm it.
 * An identical approved request is used as ever: the reply is permit with CS_WHY_APPROVED and its number. Identical is
 * the same uid and the same action, byte for byte; so put what is agreed to (a digest) into the arguments.
 * submit is copied. done gets a cs_decision when it is committed (the end of a turn, never before this returns), or at
 * once an error when there is no memory; error < 0 and every verdict but CS_PERMIT deny. */
void submit_internal(struct cs_authority *authority, const struct cs_caller *caller, const struct cs_submit *submit,
	cs_reply_fn done, void *arg);

/* signed.c: do votes on the task's request have to be signed, as it was asked or as the policy is now? */
bool signed_wanted(const struct task *task);
/* Is the vote of this voter, whose facts are of now, authenticated as the task's request asks? Of a new vote, and
 * at every count and claim of each that stands: the key may be gone since. Sets approval->assurance. CS_WHY_NONE, or why
 * it does not count, with *ret_text where there is more to say (owned). */
enum cs_reason signed_check(struct task *task, const struct cs_facts *voter, struct cs_approval *approval,
	char **ret_text);
/* Does the evidence still hold what a signed vote says that its voter had seen of it? Else nobody could derive anything from
 * it again: CS_WHY_SIGNATURE with *ret_text (owned), CS_WHY_STORE. */
enum cs_reason signed_head(struct task *task, const struct cs_approval *approval, char **ret_text);

/* tell.c: puts into the outbox whom an event of this kind, which was just recorded, concerns. needs names who could fill
 * each rule (cs_needs_who) where that was asked; else whom earlier notices of the request went to. In the transaction of
 * the event. 0 or CS_E…. */
int tell_people(struct cs_authority *authority, const struct cs_stored *stored, enum cs_event_kind kind,
	const struct cs_need *needs, size_t n_needs);

/* tell_heard.c: does the silence of those who could still fill these needs, which are of now, count for this open request
 * (lazy consensus)? For each rule that is not filled somebody was told of it (cs_heard_suffices), nobody is still to be
 * asked, and nobody was given up. 1; 0: not yet, or not at all, as where nothing is told on this host. CS_E…. */
int tell_reached(struct cs_authority *authority, const struct cs_stored *stored, const struct cs_need *needs, size_t n_needs);

/* glass.c: has the task's subject broken the glass for this scope, and is its time not over? 1 with *ret_text, which says
 * since when and why (owned), 0, CS_ENOMEM. Asks nothing of the directory. */
int glass_permits(const struct task *task, const char *scope, char **ret_text);
/* Is this request the review of a break-glass? It is not cancelled, no action has to match it, and a reject keeps it open. */
bool glass_is_debt(const struct cs_stored *stored);
/* What is to be done where the policy in force has no break_glass any more by which this debt could be reviewed: allocated;
 * NULL where it has one, or the request is no debt, or there is no memory. */
char *glass_orphan_text(const struct cs_authority *authority, const struct cs_stored *stored);
/* Says it of each such debt: when a policy came into force, and at the start. */
void glass_tell_orphans(struct cs_authority *authority);
/* The task's request, a review that was just approved on these grounds, is done: used, with its event. Between record_begin
 * and record_end. 0 or CS_E…. */
int glass_reviewed(struct task *task, const struct cs_grounds *grounds);

/* vote.c: may one more refusal of this uid be recorded? Takes one from what it has. Who the directory does not know is
 * CS_NO_UID: all of those have what one person has, however many uids one may take on (subuid). 1 or 0. */
int refusal_is_kept(struct task *task, uint32_t uid);
/* unseen.c: the end of a vote that does not name the digest of a request that is there; task->stored is the request whose
 * number it names, or empty. */
void unseen_start(struct task *task);

/* admin.c: 1 when root asks on people.sock. */
int caller_is_root(const struct task *task);

/* The handlers. */
void submit_start(struct task *task);
void ask_start(struct task *task);
void claim_start(struct task *task);
void confirm_start(struct task *task);
void cancel_start(struct task *task);
void right_start(struct task *task);
void role_start(struct task *task); /* right.c */
void list_start(struct task *task);
void show_start(struct task *task);
void vote_start(struct task *task);
void status_start(struct task *task);
void evidence_start(struct task *task);
void rights_start(struct task *task);
void apply_start(struct task *task);
void history_start(struct task *task);
void policy_start(struct task *task);
void directory_start(struct task *task);
void break_glass_start(struct task *task);
void receipt_start(struct task *task);
void quiet_start(struct task *task);
void archive_start(struct task *task);
void attend_start(struct task *task);   /* sessions.c */
void sessions_start(struct task *task); /* session_list.c */
void end_start(struct task *task);
void stream_start(struct task *task); /* screen.c */
void screen_start(struct task *task); /* watcher.c */
/* A vote is taken back on what runs already: that ends it. 1: the task goes on there; 0: it is none of that. */
int end_withdrawn(struct task *task);

#endif
