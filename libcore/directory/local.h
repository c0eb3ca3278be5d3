/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts of this host beside another directory. The kernel knows numbers only: where a local account has the
 * number of somebody else in the directory, or the name with another number, who calls is not known. */
#ifndef CS_DIRECTORY_LOCAL_H
#define CS_DIRECTORY_LOCAL_H

#include "model.h"

#include <sys/types.h>

struct cs_local;

/* path: of the passwd file; it is read when it is first asked, and again when it changes. 0, CS_ENOMEM. */
int cs_local_open(const char *path, uid_t owner, struct cs_local **ret_local);
void cs_local_close(struct cs_local **local);

/* Looks whether the file changed; before the persons of one answer are compared. */
void cs_local_refresh(struct cs_local *local);
/* How often it was read again. */
uint64_t cs_local_changes(const struct cs_local *local);
/* Why it cannot be read; NULL while it can. */
const char *cs_local_problem(const struct cs_local *local);

#define CS_LOCAL_CAUSE_MAX 256
/* 0 when this person's name and number are those of one local account, or of none. 1 with the cause when they are not,
 * or the file cannot be read. */
int cs_local_clashes(const struct cs_local *local, const struct cs_person *person,
	char ret_cause[CS_LOCAL_CAUSE_MAX]);

#endif
