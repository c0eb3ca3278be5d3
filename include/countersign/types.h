/* SPDX-License-Identifier: Apache-2.0 */
/* The small nouns that every part and every third-party program shares. Zero is the safe value of each. */
#ifndef COUNTERSIGN_TYPES_H
#define COUNTERSIGN_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define CS_ID_LEN 16     /* bytes of a request id and of a connection secret */
#define CS_DIGEST_LEN 32 /* bytes of a SHA-256 digest */
#define CS_CODE_LEN 4    /* digits of a check code */

/* The answer at this moment. Compare with == CS_PERMIT; the values are far apart so that no single mistake in a
 * comparison or a flipped bit turns one into another. */
enum cs_verdict {
	CS_DENY = 0,
	CS_HOLD = 0x686f6c64,  /* not now: people have to agree first */
	CS_PERMIT = 0x7065726d
};

/* The life of a request. One table in libcore/approval/state.c says which may follow which. */
enum cs_state {
	CS_STATE_NONE = 0,
	CS_PENDING = 1,
	CS_APPROVED = 2,
	CS_REJECTED = 3,
	CS_CANCELLED = 4,
	CS_EXPIRED = 5,    /* not enough people answered in time, or the approval was not used in time */
	CS_USED = 6,
	CS_UNANSWERED = 7  /* nobody answered in time */
};

enum cs_vote {
	CS_VOTE_NONE = 0,
	CS_VOTE_APPROVE = 1,
	CS_VOTE_REJECT = 2,
	CS_VOTE_WITHDRAW = 3 /* takes back what this person said before */
};

/* Why a decision is what it is, for programs. The names (cs_reason_name) are stable; the numbers travel on the wire. */
enum cs_reason {
	CS_WHY_NONE = 0,           /* undecided: the safe value, verdict deny */
	/* permits */
	CS_WHY_UNGUARDED = 1,      /* no gate guards it and the policy says unmatched = permit */
	CS_WHY_ROOT = 2,           /* root itself asked on this machine */
	CS_WHY_HAS_RIGHT = 3,      /* the permission is held and the gate needs nobody else */
	CS_WHY_APPROVED = 4,       /* enough people approved; at claim: released */
	CS_WHY_CONFIRMED = 5,      /* the session belongs to what was released just now on its connection */
	CS_WHY_EXEMPT = 6,         /* the permission is held, and the gate exempts this person from approval */
	CS_WHY_AUTOMATIC = 7,      /* the gate approves this by itself: pre-approved, and recorded as just that */
	CS_WHY_NO_OBJECTION = 8,   /* nobody who could have objected did, in the time the gate gives them */
	CS_WHY_BREAK_GLASS = 9,    /* past the approvals, by somebody whom the policy names for emergencies */
	CS_WHY_MONITORED = 10,     /* the gate only monitors: nothing is held, and the text says what would have been */
	/* holds */
	CS_WHY_NEEDS_APPROVAL = 20,
	CS_WHY_NEEDS_REASON = 21,  /* ask again with a reason */
	CS_WHY_PARKED = 22,        /* the time on line is over; the request stays open */
	CS_WHY_COOLING = 23,       /* approved; the gate's waiting time before use is not over */
	CS_WHY_NEEDS_FILES = 24,   /* ask again with the files that the gate wants hashed */
	/* denials by policy */
	CS_WHY_UNMATCHED = 40,     /* no gate guards it and the policy does not permit what is unmatched */
	CS_WHY_DENY_GATE = 41,
	CS_WHY_NO_PERMISSION = 42,
	CS_WHY_ARGUMENTS = 43,     /* a gate guards this command, but not with these arguments */
	CS_WHY_ENVIRONMENT = 44,   /* a variable that changes what runs */
	CS_WHY_EXPOSED_FILE = 45,  /* others than root can change the file or a folder above it */
	CS_WHY_OPTION = 46,        /* an option that is never combined with a gate (chroot, another host) */
	CS_WHY_UNSATISFIABLE = 47, /* too few people could approve it */
	CS_WHY_NO_FILE = 48,       /* what is to run could not be opened and hashed */
	CS_WHY_CONDITION = 49,     /* a gate guards it, but not at this time or not from this address */
	CS_WHY_EXCLUSIVE = 50,     /* two roles that exclude each other are held: neither counts */
	CS_WHY_NO_BREAK_GLASS = 51, /* the policy names this person for no emergency */
	CS_WHY_DEBT = 52,          /* the last break-glass here was not reviewed yet */
	CS_WHY_AHEAD = 53,         /* the start asked for is in the past, or further ahead than the gate allows */
	CS_WHY_EXPOSED_INPUT = 54, /* others than root can change a file that an argument names */
	CS_WHY_NO_INPUT = 55,      /* a file that the gate wants hashed could not be opened */
	CS_WHY_NESTED = 56,        /* sudo's intercept: it could not be ended in time or looked at, which the gate wants */
	/* denials by the directory */
	CS_WHY_UNKNOWN_PERSON = 60,
	CS_WHY_LOCKED_PERSON = 61,
	CS_WHY_DOUBT = 62,         /* the directory could not tell */
	/* denials by people and time */
	CS_WHY_REJECTED = 80,
	CS_WHY_CANCELLED = 81,
	CS_WHY_EXPIRED = 82,
	CS_WHY_USED = 83,
	CS_WHY_NOT_WAITING = 84,   /* nobody waits: not interactive or asked for ahead; the request is open */
	CS_WHY_UNANSWERED = 85,    /* nobody answered in time */
	CS_WHY_ENDED = 86,         /* what ran was ended */
	CS_WHY_UNWATCHED = 87,     /* nobody looked on where the gate wants it */
	/* denials at claim: something changed since the approval */
	CS_WHY_TARGET_CHANGED = 100,
	CS_WHY_APPROVER_LOST = 101, /* a counted approver no longer has the right to approve */
	CS_WHY_POLICY_CHANGED = 102,
	CS_WHY_REQUESTER_LOST = 103,
	CS_WHY_NOT_YOURS = 104,    /* another host, person or connection */
	CS_WHY_UNCONFIRMED = 105,  /* no release on this connection within the last 10 s */
	/* refused votes */
	CS_WHY_SELF = 120,         /* requester and approver are one person */
	CS_WHY_NOT_APPROVER = 121, /* you do not have permission to approve or reject this request */
	CS_WHY_VOTED = 122,        /* this person voted already */
	CS_WHY_CODE = 123,         /* the check code is not the one of this request */
	CS_WHY_STATE = 124,        /* the request is not open any more */
	CS_WHY_DIGEST = 125,       /* the vote names another digest than the request has */
	CS_WHY_NOT_YET = 126,      /* an earlier stage is not filled, or the time of an escalation has not come */
	CS_WHY_SIGNATURE = 127,    /* the gate wants the vote signed, or its signature is not one of this vote */
	CS_WHY_KEY = 128,          /* the key is not this person's: not in the directory and the roster, or not unique */
	CS_WHY_NOT_INDEPENDENT = 129, /* another account, key or login of somebody who counts already */
	/* the machine */
	CS_WHY_LIMIT = 140,        /* too many open requests */
	CS_WHY_STORE = 141,        /* no record, no permit */
	CS_WHY_BAD_CALL = 142,
	CS_WHY_UNREACHABLE = 143,  /* countersignd could not be asked; set by the client */
	CS_WHY_BACK_OFF = 144      /* refused too often; ask again later */
};

/* Stable text for each value, such as "permit", "pending", "approve", "no-permission". Static; "unknown" for a number
 * that is none. */
const char *cs_verdict_name(enum cs_verdict verdict);
const char *cs_state_name(enum cs_state state);
const char *cs_vote_name(enum cs_vote vote);
const char *cs_reason_name(enum cs_reason reason);

/* One sentence for people that says what happened and, where something can be done, what. Static; never NULL. */
const char *cs_reason_text(enum cs_reason reason);

#endif
