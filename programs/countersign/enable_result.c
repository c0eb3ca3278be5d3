/* SPDX-License-Identifier: Apache-2.0 */
/* What became of each door, for people as it happens, and as data at the end. */
#include "enable.h"
#include "enable_result.h"
#include "mem.h"
#include "print.h"

#include <countersign/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 2 * 1024 * 1024, DOORS_MAX = 8, STEPS_MAX = 16 };

static const struct cs_names outcome_names[] = { { CS_ENABLE_UNCHANGED, "unchanged" }, { CS_ENABLE_PLANNED, "planned" },
	{ CS_ENABLE_ALREADY, "connected already" }, { CS_ENABLE_WAITS, "waiting" }, { CS_ENABLE_CONNECTED, "connected" },
	{ CS_ENABLE_OFF, "disconnected" }, { CS_ENABLE_BACK, "put back" }, { CS_ENABLE_HALF, "half done" }, { 0, NULL } };

static const struct cs_field file_fields[] = {
	CS_STR(cs_enable_shown, path, 4096),
	CS_BOOL(cs_enable_shown, made),
	CS_STR(cs_enable_shown, difference, TEXT_MAX),
};
static const struct cs_shape file_shape = CS_SHAPE("file", cs_enable_shown, file_fields);
static const struct cs_field step_fields[] = {
	CS_STR(cs_enable_step, step, 64),
	CS_BOOL(cs_enable_step, passed),
	CS_STR(cs_enable_step, said, TEXT_MAX),
};
static const struct cs_shape step_shape = CS_SHAPE("step", cs_enable_step, step_fields);
static const struct cs_field result_fields[] = {
	CS_STR(cs_enable_result, door, 16),
	CS_ENUM(cs_enable_result, outcome, outcome_names),
	CS_ARRAY(cs_enable_result, files, &file_shape, CS_ENABLE_FILES),
	CS_ARRAY(cs_enable_result, steps, &step_shape, STEPS_MAX),
	CS_STR(cs_enable_result, tried_as, 256),
	CS_STR(cs_enable_result, proven, 1024),
	CS_STR(cs_enable_result, not_proven, 1024),
	CS_U64(cs_enable_result, confirm_within_ms),
	CS_STR(cs_enable_result, next, 4096),
};
static const struct cs_shape result_shape = CS_SHAPE("door", cs_enable_result, result_fields);
static const struct cs_field results_fields[] = { CS_ARRAY(cs_enable_results, doors, &result_shape, DOORS_MAX) };
static const struct cs_shape results_shape = CS_SHAPE("enable", cs_enable_results, results_fields);

struct cs_enable_result *cs_enable_result_new(struct cs_enable_results *results, const char *door)
{
	struct cs_enable_result result = { 0 };
	int r = results->n_doors >= DOORS_MAX ? CS_ETOOBIG
		: cs_reserve((void **)&results->doors, &results->cap, results->n_doors, 1, sizeof(result));

	if (r == 0)
		r = cs_set(&result.door, door);
	if (r < 0)
		return NULL;
	results->doors[results->n_doors] = result;
	return &results->doors[results->n_doors++];
}

int cs_enable_result_step(struct cs_enable_result *result, const char *name, bool passed, const char *said)
{
	struct cs_enable_step step = { .passed = passed };
	int r = result->n_steps >= STEPS_MAX ? CS_ETOOBIG
		: cs_reserve((void **)&result->steps, &result->cap_steps, result->n_steps, 1, sizeof(step));

	if (r == 0)
		r = cs_set(&step.step, name);
	if (r == 0)
		r = cs_set(&step.said, said);
	if (r < 0) {
		cs_clear(&step_shape, &step);
		return r;
	}
	result->steps[result->n_steps++] = step;
	return 0;
}

int cs_enable_result_file(struct cs_enable_result *result, const char *path, bool made, const char *difference)
{
	struct cs_enable_shown file = { .made = made };
	int r = cs_reserve((void **)&result->files, &result->cap_files, result->n_files, 1, sizeof(file));

	if (r == 0)
		r = cs_set(&file.path, path);
	if (r == 0)
		r = cs_set(&file.difference, difference);
	if (r < 0) {
		cs_clear(&file_shape, &file);
		return r;
	}
	result->files[result->n_files++] = file;
	return 0;
}

int cs_enable_results_print(const struct cs_enable_results *results)
{
	return cs_print_json(&results_shape, results);
}

void cs_enable_results_clear(struct cs_enable_results *results)
{
	cs_clear(&results_shape, results);
}

void cs_enable_progress(const char *door, const char *what)
{
	if (isatty(STDERR_FILENO) == 1)
		(void)fprintf(stderr, what != NULL ? "\r\033[K%s: %s …" : "\r\033[K", door, what);
}
