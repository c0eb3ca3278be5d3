/* SPDX-License-Identifier: Apache-2.0 */
/* One run of enable or disable: what is looked at, tried and told. The order of it is enable.c's. */
#ifndef CS_COMMAND_ENABLING_H
#define CS_COMMAND_ENABLING_H

#include "enable.h"
#include "enable_result.h"

struct enabling {
	struct cs_run *run;
	struct cs_host host;
	const struct cs_enable_door *door;
	const char *wanted; /* --try-as */
	char *user;         /* who tries it; NULL: root */
	bool dry_run, front;
	uint64_t within_ms;
	struct cs_enable_plan plan;
	int lock;
	struct cs_enable_results results;
	struct cs_enable_result *result; /* of the door */
};

/* Tells an error of the door. An exit status. */
int cs_enabling_fail(const struct enabling *enabling, int r, const char *next);
/* What became of the door: kept for --json, else told. An exit status. */
int cs_enabling_tell(const struct enabling *enabling, enum cs_enable_outcome outcome, const char *what, const char *next);
/* Keeps that something was looked at. Returns status, or where that is 0 what went wrong here. */
int cs_enabling_step(const struct enabling *enabling, const char *name, int status, const char *said);

/* Doctor's errors of the machine as it would be, and other services that would be connected along. Then who tries it is known.
 * An exit status; nothing was changed. */
int cs_enabling_look(struct enabling *enabling);
/* The difference. An exit status. */
int cs_enabling_show(const struct enabling *enabling);

/* The door opens as it is; with the change doctor finds no error and it still opens; what that shows. Exit statuses. */
int cs_enabling_try_before(struct enabling *enabling);
int cs_enabling_try_after(const struct enabling *enabling);
int cs_enabling_tell_tried(const struct enabling *enabling);

#endif
