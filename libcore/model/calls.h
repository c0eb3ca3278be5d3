/* SPDX-License-Identifier: Apache-2.0 */
/* The calls and replies of the local sockets, each a struct with its shape: the protocol (docs/protocol.md).
 * Who may make which call, on which socket, is the table in wire.h. */
#ifndef CS_MODEL_CALLS_H
#define CS_MODEL_CALLS_H

#include "model.h"

enum cs_call_type {
	CS_CALL_NONE = 0,
	CS_CALL_SUBMIT = 1,  /* module: decide on an action; may make a request. cs_submit -> cs_decision; takes a descriptor */
	CS_CALL_WAIT = 2,    /* module: wait until the request changes. cs_wait -> cs_decision */
	CS_CALL_CLAIM = 3,   /* module: use an approved request. cs_claim -> cs_decision; takes a descriptor */
	CS_CALL_CONFIRM = 4, /* module: was this sudo just released, on this connection? cs_confirm -> cs_decision */
	CS_CALL_CANCEL = 5,  /* both: cs_cancel -> cs_decision */
	CS_CALL_RIGHT = 6,   /* both: has_right and why. cs_right -> cs_right_answer */
	CS_CALL_LIST = 7,    /* people: cs_list -> cs_list_answer */
	CS_CALL_SHOW = 8,    /* people: cs_show -> cs_show_answer */
	CS_CALL_VOTE = 9,    /* people: cs_vote_call -> cs_decision. The vote counts where reason is needs-approval, approved or
	                      * rejected; with any other reason it was refused, and text says why */
	CS_CALL_STATUS = 10, /* people: cs_empty -> cs_status */
	CS_CALL_EVIDENCE = 11, /* people, root: cs_evidence_call -> cs_evidence_answer */
	CS_CALL_RELOAD = 12  /* people, root: load the policy file again or keep the old one. cs_empty -> cs_reload_answer */
};

struct cs_submit {
	struct cs_subject subject;
	struct cs_action action; /* host and file are ignored: the daemon stamps them */
	char *reason;
	bool may_wait;  /* somebody is there to wait; else a request is left open and the reply is deny, CS_WHY_NOT_WAITING */
	bool only_ask;  /* account phase: decide, make no request. HOLD means that the session phase will hold */
	bool has_file;  /* a descriptor travels with this call */
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
	uint8_t id[CS_ID_LEN];     /* … by id and secret on module.sock */
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
};
extern const struct cs_shape cs_right_answer_shape;

struct cs_list {
	bool all;  /* closed ones too */
	bool mine; /* only what the caller asked for */
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
	uint32_t missing; /* people still missing over all rules */
	bool mine;
};
extern const struct cs_shape cs_list_row_shape;

struct cs_list_answer {
	struct cs_list_row *rows; /* newest first */
	size_t n_rows;
	bool more; /* CS_MAX_LIST was reached */
};
extern const struct cs_shape cs_list_answer_shape;

struct cs_show {
	uint64_t number;
};
extern const struct cs_shape cs_show_shape;

struct cs_show_answer {
	struct cs_request request;
	uint8_t digest[CS_DIGEST_LEN];
	struct cs_decision decision; /* state, needs, votes, remaining; check_code only for the requester */
	bool mine;
	bool may_vote;
	char *may_vote_text; /* why not */
};
extern const struct cs_shape cs_show_answer_shape;

struct cs_vote_call {
	uint64_t number;
	uint8_t digest[CS_DIGEST_LEN];
	enum cs_vote vote;
	char *check_code; /* needed to approve; may be "" to reject */
	char *comment;
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
	uint64_t policy_wall_ms; /* when it was loaded */
	char *directory;         /* "ldapi:///… answers", "ldaps://… does not answer since …" */
	bool directory_ok;
	char *store;
	uint64_t pending, approved, waiting; /* requests, requests, connections parked in WAIT */
	uint64_t connections, malformed;     /* now; frames refused since the start */
	uint64_t events;                     /* number of the last event */
	uint8_t head[CS_DIGEST_LEN];         /* the chain's value after it */
	char *assurance;
};
extern const struct cs_shape cs_status_shape;

struct cs_evidence_call {
	uint64_t from; /* first event number */
	uint32_t count;
};
extern const struct cs_shape cs_evidence_call_shape;

struct cs_evidence_answer {
	struct cs_record *records; /* as many as fit; ask again from the next number */
	size_t n_records;
	uint64_t last; /* number of the newest event */
};
extern const struct cs_shape cs_evidence_answer_shape;

struct cs_reload_answer {
	bool loaded; /* else the old one is kept */
	char *text;  /* the problem with file and line, or what was loaded */
	uint8_t policy_digest[CS_DIGEST_LEN];
};
extern const struct cs_shape cs_reload_answer_shape;

#endif
