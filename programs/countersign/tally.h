/* SPDX-License-Identifier: Apache-2.0 */
/* The record, counted: event after event goes in, and what comes out fits a screen. What it keeps is bounded, however long
 * the record is; what found no room is said (left_out). */
#ifndef CS_COMMAND_TALLY_H
#define CS_COMMAND_TALLY_H

#include "model.h"

enum {
	CS_TALLY_GATES = 256,
	CS_TALLY_LINES = 16,   /* of reasons and of rules, of one gate */
	CS_TALLY_PEOPLE = 1024,
	CS_TALLY_DEBTS = 256,
	CS_TALLY_SPANS = 2048  /* kinds of lengths of time: each is told to within 3 % */
};

/* What a gate that only monitors would have said, and how often. */
struct cs_tally_would {
	enum cs_verdict verdict;
	enum cs_reason reason;
	uint64_t count;
};

/* A rule that would have been short, how often, and who could have filled it when that was last so. */
struct cs_tally_missing {
	char *label;
	char *scope;
	uint64_t count;
	char **who;
	size_t n_who;
};

struct cs_tally_gate {
	char *gate; /* "": by no gate */
	uint64_t at_once, denied, held;
	uint64_t approved, rejected, expired, cancelled, used, ended;
	uint64_t break_glass;             /* commands that went past its approvals */
	uint64_t would_hold, would_deny;  /* monitored */
	struct cs_tally_would *would;     /* the most frequent first */
	size_t n_would;
	struct cs_tally_missing *missing; /* the same */
	size_t n_missing;
	uint64_t median_ms, p90_ms;       /* from asking to the approval; 0 where nothing was approved */
	uint32_t *spans;                  /* how many approvals took how long, while it counts; not printed */
};

struct cs_tally_person {
	char *name;
	uint64_t approved, rejected;
};

/* A review that is not done. */
struct cs_tally_debt {
	uint64_t request;
};

struct cs_tally {
	/* what is counted */
	uint64_t since_wall_ms; /* 0: from the beginning */
	uint64_t until_wall_ms; /* 0: to the end */
	char *only;             /* this gate; NULL or "": every gate */
	/* what was found */
	uint64_t first, last;   /* events that were read; 0: none */
	uint64_t events;        /* those that lie in the time */
	uint64_t unreadable;
	uint64_t root, unguarded, rights; /* permitted without a gate: root, what no gate guards, plain rights */
	struct cs_tally_gate *gates;      /* in the order of their names once it is finished */
	size_t n_gates, cap_gates;
	struct cs_tally_person *people;   /* the most votes first */
	size_t n_people, cap_people;
	uint64_t broken;        /* break-glass */
	struct cs_tally_debt *debts; /* that are open at the end of the time */
	size_t n_debts;
	uint64_t left_out;      /* gates, people, reasons, rules and reviews that found no room, once for each time */
};
extern const struct cs_shape cs_tally_shape;

/* Counts one record; since_wall_ms, until_wall_ms and only are set before. What is no readable event is counted as that. 0,
 * CS_ENOMEM. */
int cs_tally_add(struct cs_tally *tally, const struct cs_record *record);
/* Sorts, and says how long approvals took. */
void cs_tally_finish(struct cs_tally *tally);
void cs_tally_clear(struct cs_tally *tally);

/* tally_spans.c: one more approval of the gate, that took so long. 0, CS_ENOMEM. */
int cs_tally_span(struct cs_tally_gate *gate, uint64_t ms);
/* How long it took at most in so many of a hundred cases (the nearest rank), to within 3 % and never too long; 0: none. */
uint64_t cs_tally_span_at(const struct cs_tally_gate *gate, unsigned percent);

#endif
