/* SPDX-License-Identifier: Apache-2.0 */
/* The lock-out proof: for every gate with approvals and every scope, can every request be approved? */
#ifndef CS_COMMAND_PROOF_H
#define CS_COMMAND_PROOF_H

#include "decision.h"
#include "source.h"

/* One requester whose request nobody could approve. */
struct cs_stuck {
	char *gate;
	char *scope;
	bool elsewhere; /* the scope is written as in the gate, "project/%{project}", and stands for all in which nobody
	                 * holds anything, while there are others. Mostly they do not exist */
	char *requester;
	struct cs_need *needs; /* how far everybody else together would come */
	size_t n_needs;
};
extern const struct cs_shape cs_stuck_shape;

struct cs_proof {
	uint64_t gates, scopes; /* that were looked at */
	struct cs_stuck *stuck;
	size_t n_stuck, cap;
	char **doubts; /* gates and scopes of which it could not be told */
	size_t n_doubts;
};

/* text is the policy's. 0, or the exit status after the error was told. Clear it in every case. */
int cs_prove(const struct cs_policy *policy, const char *text, const struct cs_people *people,
	struct cs_proof *ret_proof);
/* Requests that could not be approved, without those elsewhere. */
size_t cs_proof_count(const struct cs_stuck *stuck, size_t n);
void cs_proof_clear(struct cs_proof *proof);

/* 1: the scope is one that a gate with this scope, "project/%{project}", may ask about; what fills the names, and the
 * parts that they stand in, are appended to *words; 0: it is not; CS_ENOMEM. */
int cs_scope_fits(const char *template, const char *scope, char ***words, size_t *n);

#endif
