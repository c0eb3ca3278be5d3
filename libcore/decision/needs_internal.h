/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the decision room share: rules and who fills them. */
#ifndef CS_NEEDS_INTERNAL_H
#define CS_NEEDS_INTERNAL_H

#include "decision.h"

/* One need a rule, with its label; nobody counted yet. 0, CS_ENOMEM. */
int needs_new(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope, struct cs_need **ret_needs,
	size_t *ret_count);

/* Assigns people, of whom may[p * n_needs + i] says who may fill which rule, and writes have and by. 1 (every rule is
 * filled), 0, CS_ENOMEM. */
int needs_fill(const struct cs_policy *policy, const struct cs_gate *gate, const struct cs_person *const *people,
	size_t n_people, const int8_t *may, struct cs_need *needs, size_t n_needs);

/* Could the people who are listed or named fill every rule, the requester left out? 1, 0; CS_EDOUBT where a list is not
 * known in full, or they are too many: then it is tried, since this only saves people a wait. */
int needs_satisfiable(const struct cs_case *what, const struct cs_need *needs, size_t n_needs);

/* The reason to deny a person before any right is looked at; CS_WHY_NONE when there is none. */
enum cs_reason person_refused(const struct cs_facts *facts);

#endif
