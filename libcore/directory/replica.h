/* SPDX-License-Identifier: Apache-2.0 */
/* The directory's people and groups in memory, followed at a provider by RFC 4533, so that a question costs no search and
 * what was removed is gone at once. Runs in the directory worker's loop. It answers only while it is certain to be
 * current; whatever it cannot or may not answer is looked up. */
#ifndef CS_DIRECTORY_REPLICA_H
#define CS_DIRECTORY_REPLICA_H

#include "directory.h"
#include "servers.h"
#include "settings.h"

struct cs_replica;

/* settings, credentials and servers stay the caller's and must outlive it. 0, CS_ENOMEM. */
int cs_replica_new(const struct cs_settings *settings, const struct cs_credentials *credentials,
	const struct cs_servers *servers, struct cs_replica **ret_replica);
void cs_replica_free(struct cs_replica **replica);

/* 1: the answer is there, for the caller to clear. 0: it has to be looked up. What the question asks for that is not
 * held yet is held later. CS_ENOMEM. */
int cs_replica_ask(struct cs_replica *replica, const struct cs_terms *terms, const struct cs_question *question,
	struct cs_answer *ret_answer);

/* Reads some of what came, and looks after the connection. */
void cs_replica_work(struct cs_replica *replica);
int cs_replica_fd(const struct cs_replica *replica); /* to watch for reading; -1 for none */
uint64_t cs_replica_next_ms(const struct cs_replica *replica);

/* Rises with every change of what is held, and when the replica comes or goes. */
uint64_t cs_replica_changes(const struct cs_replica *replica);
/* Rises with those, and whenever the state is another. */
uint64_t cs_replica_version(const struct cs_replica *replica);
/* 1 while it answers. */
int cs_replica_is_live(const struct cs_replica *replica);
/* "the replica of ldap://… is live", "no replica: …"; the replica's own. */
const char *cs_replica_state(struct cs_replica *replica);

#endif
