/* SPDX-License-Identifier: Apache-2.0 */
/* What enable and disable did to each door, as --json prints it. The names of the members are those of the fields. */
#ifndef CS_COMMAND_ENABLE_RESULT_H
#define CS_COMMAND_ENABLE_RESULT_H

#include "model.h"

enum cs_enable_outcome {
	CS_ENABLE_UNCHANGED = 0, /* refused, or failed, before anything was written */
	CS_ENABLE_PLANNED,       /* --dry-run */
	CS_ENABLE_ALREADY,       /* there was nothing to write */
	CS_ENABLE_WAITS,         /* connected, and waits for the confirmation */
	CS_ENABLE_CONNECTED,     /* for good */
	CS_ENABLE_OFF,           /* no line of ours is there any more */
	CS_ENABLE_BACK,          /* it was written, and every file is as it was */
	CS_ENABLE_HALF           /* not every file could be put back */
};

/* A file that changes. */
struct cs_enable_shown {
	char *path;
	bool made;        /* there is none before */
	char *difference; /* as diff -u shows it */
};

/* Something that was looked at on the way. */
struct cs_enable_step {
	char *step; /* "doctor before", "trial before", "write", "doctor after", "trial after" */
	bool passed;
	char *said; /* why not */
};

struct cs_enable_result {
	char *door;
	enum cs_enable_outcome outcome;
	struct cs_enable_shown *files;
	size_t n_files, cap_files;
	struct cs_enable_step *steps;
	size_t n_steps, cap_steps;
	char *tried_as; /* whose trial counted; "" where nothing was tried */
	char *proven, *not_proven; /* by the trial: sentences for people */
	uint64_t confirm_within_ms; /* of CS_ENABLE_WAITS; else 0 */
	char *next; /* what to do; "" */
};

struct cs_enable_results {
	struct cs_enable_result *doors;
	size_t n_doors, cap;
};

/* A new one, at the end; NULL when out of memory. It stays where it is until the next one. */
struct cs_enable_result *cs_enable_result_new(struct cs_enable_results *results, const char *door);
/* Each copies. said may be NULL. 0; CS_ENOMEM; CS_ETOOBIG. */
int cs_enable_result_step(struct cs_enable_result *result, const char *name, bool passed, const char *said);
int cs_enable_result_file(struct cs_enable_result *result, const char *path, bool made, const char *difference);
/* An exit status. */
int cs_enable_results_print(const struct cs_enable_results *results);
void cs_enable_results_clear(struct cs_enable_results *results);

/* On a terminal, on standard error, until the next one: what takes a while. what NULL takes the line away. */
void cs_enable_progress(const char *door, const char *what);

#endif
