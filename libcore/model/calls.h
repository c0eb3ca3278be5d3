/* SPDX-License-Identifier: Apache-2.0 */
/* The calls and replies of the local sockets, each a struct with its shape: the protocol (docs/protocol.md).
 * Who may make which call, on which socket, is the table in wire.h. */
#ifndef CS_MODEL_CALLS_H
#define CS_MODEL_CALLS_H

#include "model.h"

enum cs_call_type {
	CS_CALL_NONE = 0,
	CS_CALL_SUBMIT = 1,  /* module: decide on an action; may make a request. cs_submit -> cs_decision; takes a
	                      * descriptor */
	CS_CALL_WAIT = 2,    /* both: wait until the request changes. cs_wait -> cs_decision */
	CS_CALL_CLAIM = 3,   /* both: use an approved request. cs_claim -> cs_decision; takes a descriptor */
	CS_CALL_CONFIRM = 4, /* module: was this sudo just released, on this connection? cs_confirm -> cs_decision */
	CS_CALL_CANCEL = 5,  /* both: cs_cancel -> cs_decision */
	CS_CALL_RIGHT = 6,   /* both: has_right and why. cs_right -> cs_right_answer */
	CS_CALL_LIST = 7,    /* people: cs_list -> cs_list_answer */
	CS_CALL_SHOW = 8,    /* people: cs_show -> cs_show_answer */
	CS_CALL_VOTE = 9,    /* people: cs_vote_call -> cs_decision. The vote counts where reason is needs-approval,
	                      * approved or rejected; with any other reason it was refused, and text says why. Who may not
	                      * see the request, and does not name its digest, is told what a number is told that no
	                      * request has */
	CS_CALL_STATUS = 10, /* people: cs_empty -> cs_status */
	CS_CALL_EVIDENCE = 11, /* people, root: cs_evidence_call -> cs_evidence_answer */
	/* 12 loaded the policy file again, before the policy was kept in generations */
	CS_CALL_RIGHTS = 13, /* people: many has_right at once. cs_rights -> cs_rights_answer */
	CS_CALL_DIRECTORY = 14, /* people, root: ask the daemon's directory. cs_question -> cs_answer */
	CS_CALL_APPLY = 15,  /* people: put a new generation of the policy in force, or show what that would change.
	                      * Takes a descriptor with the text. Root, or whom the gate on it lets. cs_apply ->
	                      * cs_apply_answer */
	CS_CALL_HISTORY = 16, /* people, root: cs_history -> cs_history_answer */
	CS_CALL_POLICY = 17, /* people, root: a piece of the text of one generation. cs_policy_call ->
	                      * cs_policy_answer */
	CS_CALL_WATCH = 18,  /* people: wait until anything changes that somebody may look at; what, a list tells.
	                      * cs_watch -> cs_watch_answer */
	CS_CALL_BREAK_GLASS = 19, /* people: past the approvals for a while, or a drill of it. cs_break_glass ->
	                      * cs_break_glass_answer */
	CS_CALL_RECEIPT = 20, /* people: all that is recorded of one request, signed by the host. cs_show ->
	                      * cs_receipt_answer */
	CS_CALL_QUIET = 21,  /* people: whether the caller wants to be told of requests. cs_quiet -> cs_quiet_answer */
	CS_CALL_ARCHIVE = 22, /* people, root: take a segment of the evidence, which lies in a file, out of the store.
	                      * cs_archive -> cs_archive_answer */
	CS_CALL_ASK = 23,    /* people: a submit by whoever calls, for himself, or by root for another; then wait, claim and
	                      * cancel on the same connection. cs_ask -> cs_decision; takes a descriptor */
	CS_CALL_ATTEND = 24, /* module: what was released runs now, and as long as this connection is open. cs_attend ->
	                      * cs_attend_answer */
	CS_CALL_SESSIONS = 25, /* people: what runs because of which request. cs_sessions -> cs_sessions_answer */
	CS_CALL_END = 26,    /* people: end what runs. cs_end -> cs_decision */
	CS_CALL_STREAM = 27, /* module: what passes over the terminal of what runs, on a connection of its own; then attend
	                      * waits there for a change. cs_stream -> cs_attend_answer */
	CS_CALL_SCREEN = 28, /* people: look on, as long as it is asked again within CS_SCREEN_MS. cs_screen ->
	                      * cs_screen_answer */
	CS_CALL_ROLE = 29    /* module: does this person have this role in this scope? cs_has_role ->
	                      * cs_right_answer, without steps */
};

struct cs_submit {
	struct cs_subject subject;
	struct cs_action action; /* host and file are ignored: the daemon stamps them */
	char *reason;
	bool may_wait;  /* somebody is there to wait; else a request is left open and the reply is deny,
	                 * CS_WHY_NOT_WAITING */
	bool only_ask;  /* account phase: decide, make no request. HOLD means that the session phase will hold */
	bool asked_again; /* with only_ask: the session phase asks again before anything opens, and its permit is the one that is
	                   * recorded; a denial is one here too */
	bool has_file;  /* a descriptor of what is to run travels with this call. Behind it one for each of the action's
	                 * operands whose file.present is set, in their order */
	bool ahead;     /* asked for ahead: nothing runs now, whatever is decided; the request is left open */
	uint64_t start_wall_ms; /* ahead: not to be used before; 0: at once */
	bool opened;    /* this answers CS_WHY_NEEDS_FILES: what is not among the operands could not be opened */
	bool nested;    /* a command that sudo was released for runs it (intercept): nothing confirms it or attends to it */
};
extern const struct cs_shape cs_submit_shape;

struct cs_wait {
	uint8_t id[CS_ID_LEN];
	uint8_t secret[CS_ID_LEN];
	uint64_t seen;    /* version the caller knows; a newer one is answered at once */
	uint32_t wait_ms; /* answer after this time even if nothing changed; at most 60,000 */
};
extern const struct cs_shape cs_wait_shape;

struct cs_claim {
	uint8_t id[CS_ID_LEN];
	uint8_t secret[CS_ID_LEN];
	bool has_file;
	uint32_t files; /* how many descriptors travel behind it: of the operands that were hashed, in their order, opened anew */
};
extern const struct cs_shape cs_claim_shape;

struct cs_confirm {
	struct cs_subject subject; /* who asked: sudo's user */
	uint32_t target_uid;
	char *service;
};
extern const struct cs_shape cs_confirm_shape;

struct cs_cancel {
	uint64_t number;           /* by number on people.sock … */
	uint8_t id[CS_ID_LEN];     /* … by id and secret on module.sock, and for what was asked there on people.sock,
	                            * where number is 0 */
	uint8_t secret[CS_ID_LEN];
};
extern const struct cs_shape cs_cancel_shape;

struct cs_right {
	char *user; /* login name; "" means the caller. Others than oneself: only root */
	char *permission;
	char *scope;
};
extern const struct cs_shape cs_right_shape;

struct cs_right_answer {
	enum cs_verdict verdict; /* PERMIT or DENY */
	enum cs_reason reason;
	char *text;
	char **steps; /* the path from person to group to role to permission, or the first step that is missing */
	size_t n_steps;
	char *source;    /* who told the facts: cs_facts.source */
	uint64_t age_ms; /* how old they are */
};
extern const struct cs_shape cs_right_answer_shape;

struct cs_has_role {
	struct cs_subject subject; /* uid and name have to be of one person */
	char *role;                /* itself, or another one that inherits it */
	char *scope;
};
extern const struct cs_shape cs_has_role_shape;

struct cs_right_asked {
	char *user; /* as in cs_right */
	char *permission;
	char *scope;
};
extern const struct cs_shape cs_right_asked_shape;

struct cs_rights {
	struct cs_right_asked *asked; /* at most CS_MAX_RIGHTS, of at most CS_MAX_SUBJECTS people */
	size_t n_asked;
};
extern const struct cs_shape cs_rights_shape;
#define CS_MAX_RIGHTS 4096

struct cs_right_told {
	enum cs_verdict verdict; /* PERMIT or DENY */
	enum cs_reason reason;   /* CS_WHY_BAD_CALL: no such permission, or no scope */
};
extern const struct cs_shape cs_right_told_shape;

struct cs_rights_answer {
	struct cs_right_told *told; /* one for each that was asked, in order */
	size_t n_told;
};
extern const struct cs_shape cs_rights_answer_shape;

struct cs_list {
	bool all;  /* closed ones too */
	bool mine; /* only what the caller asked for */
	bool waiting; /* only what waits for the caller's vote */
	uint64_t before; /* numbers below this; 0: all */
};
extern const struct cs_shape cs_list_shape;

struct cs_list_row {
	uint64_t number;
	enum cs_state state;
	char *requester;
	char *gate;
	char *scope;
	char *line; /* cs_action_line */
	char *reason;
	uint64_t created_wall_ms;
	uint64_t remaining_ms;
	uint32_t missing; /* people still missing: cs_decision.missing */
	bool mine;
	bool waits; /* for the caller's vote: it would count now, and he has not voted */
	uint8_t id[CS_ID_LEN];
};
extern const struct cs_shape cs_list_row_shape;

struct cs_list_answer {
	struct cs_list_row *rows; /* newest first */
	size_t n_rows;
	bool more; /* CS_MAX_LIST was reached */
};
extern const struct cs_shape cs_list_answer_shape;

struct cs_show {
	uint64_t number; /* 0: by prefix */
	char *prefix;    /* the first hexadecimal digits of the id, at least 4; CS_ECONFLICT where several begin so */
};
extern const struct cs_shape cs_show_shape;

struct cs_show_answer {
	struct cs_request request;
	uint8_t digest[CS_DIGEST_LEN];
	struct cs_decision decision; /* state, needs, votes, remaining; check_code only for the requester */
	bool mine;
	bool may_vote;
	char *may_vote_text; /* why not */
	bool policy_changed; /* it is open, and judged by another policy than the one under which it was asked */
	char *ended_text;       /* by whom and why what ran was told to end, last; "": it was not */
	uint64_t ended_wall_ms; /* and when */
	uint64_t head_number; /* of the evidence, for the receipt that the voter keeps */
	uint8_t head_chain[CS_DIGEST_LEN];
};
extern const struct cs_shape cs_show_answer_shape;

struct cs_vote_call {
	uint64_t number;
	uint8_t digest[CS_DIGEST_LEN];
	enum cs_vote vote;
	char *check_code; /* needed to approve; may be "" otherwise */
	char *comment;
	uint64_t not_after_wall_ms; /* signed: as in cs_approval, and so are the next two */
	uint64_t head_number;
	uint8_t head_chain[CS_DIGEST_LEN];
	uint8_t *signature;
	size_t n_signature;
};
extern const struct cs_shape cs_vote_call_shape;

struct cs_empty {
	uint32_t unused; /* 0 */
};
extern const struct cs_shape cs_empty_shape;

struct cs_status {
	char *version;
	char *host;
	uint64_t uptime_ms;
	char *policy_file;
	uint8_t policy_digest[CS_DIGEST_LEN];
	uint64_t policy_generation;
	uint64_t policy_wall_ms; /* when it came into force */
	char *directory;         /* "ldapi:///… answers", "ldaps://… does not answer since …" */
	bool directory_ok;
	char *store;
	uint64_t pending, approved, waiting; /* requests, requests, connections parked in WAIT */
	uint64_t connections, malformed;     /* now; frames refused since the start */
	uint64_t events;                     /* number of the last event */
	uint8_t head[CS_DIGEST_LEN];         /* the chain's value after it */
	char *assurance;
	uint64_t first_event;      /* in the store: what came before is in segments */
	uint64_t notices;          /* in the outbox */
	char *notify;              /* how telling people goes: "3 wait; the last try failed: …"; "" where nothing is told */
	char *host_key;            /* public key that signs receipts, as in authorized_keys */
	char *roster;              /* "7 keys of 5 people, version 3"; "" without one */
};
extern const struct cs_shape cs_status_shape;

struct cs_watch {
	uint64_t seen;    /* change that the caller knows; any other is answered at once: 0 is none */
	uint32_t wait_ms; /* answer after this time even if nothing changed; at most 60,000 */
};
extern const struct cs_shape cs_watch_shape;

struct cs_watch_answer {
	uint64_t change; /* rises with every change of a request; begins again when the daemon does */
};
extern const struct cs_shape cs_watch_answer_shape;

struct cs_break_glass {
	char *glass;       /* name of the policy's break_glass; "" where only one names the caller */
	char *reason;      /* has to be there */
	uint64_t lasts_ms; /* 0: as long as the policy lets */
	bool drill;        /* only try whether it would work */
};
extern const struct cs_shape cs_break_glass_shape;

struct cs_break_glass_answer {
	struct cs_decision decision; /* verdict permit with CS_WHY_BREAK_GLASS; number is the debt's request */
	char *name;
	char *scope;
	uint64_t until_wall_ms;
	char **lines;                /* what was looked at, and who was told: for people */
	size_t n_lines;
};
extern const struct cs_shape cs_break_glass_answer_shape;

struct cs_receipt_answer {
	struct cs_record *records; /* every one about the request, in order */
	size_t n_records;
	char *host;
	uint64_t head_number;      /* of the whole evidence, now */
	uint8_t head_chain[CS_DIGEST_LEN];
	char *host_key;
	uint8_t *signature;        /* an SSHSIG, CS_NAMESPACE_RECEIPT, over this struct with an empty signature */
	size_t n_signature;
};
extern const struct cs_shape cs_receipt_answer_shape;

enum cs_quiet_kind {
	CS_QUIET_SHOW = 0,
	CS_QUIET_ON = 1,
	CS_QUIET_OFF = 2
};
extern const struct cs_names cs_quiet_names[];

struct cs_quiet {
	enum cs_quiet_kind kind;
	uint64_t until_wall_ms; /* ON: 0 for ever */
};
extern const struct cs_shape cs_quiet_shape;

struct cs_quiet_answer {
	bool quiet;
	uint64_t until_wall_ms;
};
extern const struct cs_shape cs_quiet_answer_shape;

struct cs_archive {
	struct cs_segment segment; /* as the caller wrote it to the file */
};
extern const struct cs_shape cs_archive_shape;

struct cs_archive_answer {
	struct cs_segment segment;
	uint64_t event; /* that records it */
	uint8_t *signature; /* an SSHSIG, CS_NAMESPACE_SEGMENT, over the segment's encoding; empty: the host has no key */
	size_t n_signature;
};
extern const struct cs_shape cs_archive_answer_shape;

/* What a program asks for its caller: it is the kernel's word who calls, and the action runs as him. A service that runs as
 * root says whom it serves, because what it does it does as root; nobody else names anybody. */
struct cs_ask {
	char *service;  /* "run", "ssh-command", or a word that begins with "app-": never one that a module speaks for */
	char *gate;     /* has to be the gate that guards it; "": whichever */
	char *command;  /* as cs_action */
	char **argv;
	size_t n_argv;
	char *cwd;
	char **env;     /* NAME=value, what the caller wants an approver to see */
	size_t n_env;
	char *tty;
	char *reason;
	bool may_wait;  /* as in cs_submit, and so are the next three */
	bool has_file;
	bool ahead;
	uint64_t start_wall_ms;
	struct cs_wanted *files; /* what arguments name, in the order in which their descriptors travel behind that of what is to run */
	size_t n_files;
	bool opened;             /* as in cs_submit */
	bool for_another;        /* who asks is for_uid. Only of what begins with "app-"; who is not root may name himself alone */
	uint32_t for_uid;
};
extern const struct cs_shape cs_ask_shape;

enum cs_attend_kind {
	CS_ATTEND_NONE = 0,
	CS_ATTEND_COMMAND = 1, /* the caller ends it: the answer comes when it is to end */
	CS_ATTEND_LOGIN = 2    /* the root helper ends it, which speaks for the module that registered it (end.h) */
};
extern const struct cs_names cs_attend_names[];

struct cs_attend {
	enum cs_attend_kind kind;
	uint64_t number;      /* of the request, which is used */
	uint8_t id[CS_ID_LEN];
	char *tty;            /* of what runs; display only, as the next */
	uint32_t pid;
	uint64_t since_boot_ms; /* when it began, in milliseconds since the boot: a daemon that was started later knows it from
	                         * here; 0: now */
	uint64_t seen;        /* COMMAND: cs_attend_answer.version that the caller knows; another is answered at once */
	uint32_t wait_ms;     /* COMMAND: answer after this time even if nothing changed; at most 60,000. 0: only when something
	                       * did, so that who waits for it is woken by nothing else */
};
extern const struct cs_shape cs_attend_shape;

struct cs_attend_answer {
	uint64_t version;  /* rises with every change of the others */
	bool end;          /* end it now */
	enum cs_reason reason; /* why */
	char *text;        /* who ended it, or what; for the person in it */
	uint32_t watchers; /* who look on */
	char *watched_by;  /* their names */
	bool pause;        /* nobody looks on where somebody has to: let nothing pass */
	uint64_t ends_in_ms; /* when it ends by itself: the session's time, or nobody looking on; 0: never */
};
extern const struct cs_shape cs_attend_answer_shape;

struct cs_sessions {
	bool mine;
	bool all;        /* root: everything; else what the caller may see */
	uint64_t number; /* of one request; 0: whichever */
};
extern const struct cs_shape cs_sessions_shape;

/* What runs because of a request. */
struct cs_session {
	uint64_t number;  /* of the request */
	uint8_t id[CS_ID_LEN];
	enum cs_attend_kind kind;
	char *requester;
	char *gate;
	char *scope;
	char *line;       /* cs_action_line */
	char *tty;
	char *peer;
	uint32_t pid;
	uint64_t since_wall_ms;
	uint64_t ends_in_ms; /* 0: no limit */
	enum cs_watch_rule watch;
	uint32_t watchers;
	char *watched_by; /* names of those who look on */
	bool ending;      /* was told to end, and did not yet */
	bool mine;
	bool may_end;
	bool may_watch;
};
extern const struct cs_shape cs_session_shape;

struct cs_sessions_answer {
	struct cs_session *sessions; /* newest first, at most CS_MAX_LIST */
	size_t n_sessions;
	bool more;
};
extern const struct cs_shape cs_sessions_answer_shape;

struct cs_end {
	uint64_t number; /* of the request */
	char *reason;
};
extern const struct cs_shape cs_end_shape;

enum cs_stream_kind {
	CS_STREAM_NONE = 0,
	CS_STREAM_OUT = 1, /* it was shown; no bytes: nothing, but may it go on? */
	CS_STREAM_SIZE = 2 /* lines and columns */
};
extern const struct cs_names cs_stream_names[];

struct cs_stream {
	uint64_t number; /* as whoever attends to it said in cs_attend, and so are the next two */
	uint8_t id[CS_ID_LEN];
	uint32_t pid;
	enum cs_stream_kind kind;
	uint64_t left_out; /* so many bytes in front of these did not find room */
	uint8_t *bytes;
	size_t n_bytes;
	uint32_t lines, columns; /* SIZE */
};
extern const struct cs_shape cs_stream_shape;

#define CS_SCREEN_MS 15000 /* whoever is silent for so long looks on no more */

struct cs_screen {
	uint64_t number;
	uint64_t session; /* of several that one request runs, as the answer said; 0: the newest, first one that nobody
	                   * looks at */
	uint64_t from;    /* offset in what was shown since the beginning; 0: as far back as it is kept */
	uint32_t wait_ms; /* answer after this time even if there is nothing; at most 60,000 */
	bool leave;       /* look on no more; also when the connection ends */
};
extern const struct cs_shape cs_screen_shape;

struct cs_screen_answer {
	uint8_t *bytes;   /* what was shown, from `from` on */
	size_t n_bytes;
	uint64_t from;    /* where they begin: later than asked for where that is not kept any more */
	uint32_t lines, columns;
	bool over;        /* what ran is over, and everything was told */
	enum cs_reason reason; /* over: why it was ended; CS_WHY_NONE: by itself */
	char *text;
	uint64_t session;
	uint32_t watchers;
	enum cs_watch_rule watch;
};
extern const struct cs_shape cs_screen_answer_shape;

struct cs_evidence_call {
	uint64_t from; /* first event number */
	uint32_t count;
};
extern const struct cs_shape cs_evidence_call_shape;

struct cs_evidence_answer {
	struct cs_record *records; /* as many as fit; ask again from the next number */
	size_t n_records;
	uint64_t last; /* number of the newest event */
	uint64_t first; /* and of the oldest that was not moved out into a segment */
	uint8_t before[CS_DIGEST_LEN]; /* the chain's value before it */
};
extern const struct cs_shape cs_evidence_answer_shape;

enum cs_apply_kind {
	CS_APPLY_NONE = 0,
	CS_APPLY_TEXT = 1,     /* the text in the descriptor: a sealed memfd (F_SEAL_WRITE, GROW and SHRINK), so that
	                        * reading it can neither block nor change */
	CS_APPLY_ROLLBACK = 2, /* the text of generation number */
	CS_APPLY_GRANT = 3,    /* role gets permissions, where it is held or, with kind, in scopes of that kind */
	CS_APPLY_REVOKE = 4,
	CS_APPLY_DEFINE = 5    /* a new role with permissions, inherits and label */
};
extern const struct cs_names cs_apply_names[];

struct cs_apply {
	enum cs_apply_kind kind;
	bool only_show;    /* change nothing: say what would change */
	uint64_t base;     /* the generation the change was made from; the daemon refuses another. 0: whichever is in
	                    * force */
	uint8_t digest[CS_DIGEST_LEN]; /* TEXT: of the text in the descriptor, domain CS_DOMAIN_POLICY */
	uint64_t number;   /* ROLLBACK */
	char *role;        /* GRANT, REVOKE, DEFINE … */
	char *scope_kind;
	char *label;
	char **permissions;
	size_t n_permissions;
	char **inherits;
	size_t n_inherits;
	char *comment;
};
extern const struct cs_shape cs_apply_shape;

struct cs_apply_answer {
	bool applied; /* also where the text in force is the same, byte for byte: then there is no new generation */
	struct cs_generation generation; /* the one in force now */
	enum cs_effect effect;           /* the strongest of the changes: weaker, stronger, same */
	struct cs_change *changes;       /* at most CS_MAX_CHANGES; more says that there are others */
	size_t n_changes;
	bool more;
	struct cs_decision decision;     /* not applied: why. Verdict deny with reason not-waiting: a request is open,
	                                  * see number. bad-call: see text. policy-changed: base is not in force. All
	                                  * zero with only_show */
	char *text; /* the problem of a text that is refused, with its line; "" otherwise */
};
extern const struct cs_shape cs_apply_answer_shape;
#define CS_MAX_CHANGES 256

struct cs_history {
	uint64_t before; /* generations below this number, newest first; 0: all */
};
extern const struct cs_shape cs_history_shape;

struct cs_history_answer {
	struct cs_generation *generations; /* newest first, at most CS_MAX_LIST; ask again with before */
	size_t n_generations;
};
extern const struct cs_shape cs_history_answer_shape;

struct cs_policy_call {
	uint64_t number; /* 0: the one in force */
	uint64_t offset; /* bytes of the text to leave out */
};
extern const struct cs_shape cs_policy_call_shape;

struct cs_policy_answer {
	struct cs_generation generation;
	uint8_t *text; /* a piece, at most CS_MAX_EVENT bytes; ask again from offset + n_text until size is reached */
	size_t n_text;
};
extern const struct cs_shape cs_policy_answer_shape;

#endif
