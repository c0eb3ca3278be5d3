/* SPDX-License-Identifier: Apache-2.0 */
/* Turns a question into LDAP searches and their results into an answer. Runs in the directory worker. */
#ifndef CS_DIRECTORY_LOOKUP_H
#define CS_DIRECTORY_LOOKUP_H

#include "directory.h"
#include "servers.h"

struct cs_lookup;

/* Called once for every question, never from within cs_lookup_ask. The answer belongs to the callee only during the
 * call. */
typedef void (*cs_lookup_fn)(void *arg, uint64_t number, const struct cs_answer *answer);

/* settings and servers stay the caller's. It goes with the process. 0, CS_ENOMEM. */
int cs_lookup_new(const struct cs_settings *settings, struct cs_servers *servers, cs_lookup_fn done, void *arg,
	struct cs_lookup **ret_lookup);

/* Takes over the question (it is zero afterwards). 0, CS_EINVAL, CS_ETOOBIG, CS_ENOMEM: then it stays the caller's and
 * is not answered. */
int cs_lookup_ask(struct cs_lookup *lookup, uint64_t number, const struct cs_terms *terms,
	struct cs_question *question);

/* Answers what is complete, and with doubt what is over its deadline. Call after each cs_servers_work. */
void cs_lookup_work(struct cs_lookup *lookup);

/* The next deadline; 0 when nothing is under way. */
uint64_t cs_lookup_next_ms(const struct cs_lookup *lookup);

#endif
