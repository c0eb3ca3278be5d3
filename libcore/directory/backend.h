/* SPDX-License-Identifier: Apache-2.0 */
/* What the two backends have in common, behind directory.c. */
#ifndef CS_DIRECTORY_BACKEND_H
#define CS_DIRECTORY_BACKEND_H

#include "directory.h"

struct cs_backend {
	int (*ask)(void *self, const struct cs_question *question, const struct cs_terms *terms, cs_answer_fn done,
		void *arg);
	int (*fd)(const void *self);
	int (*wants_write)(const void *self);
	uint64_t (*next_ms)(const void *self);
	void (*serve)(void *self);
	uint64_t (*changes)(void *self);
	const char *(*state)(const void *self, int *ret_ok);
	char *(*event)(void *self, int *ret_ok);
	void (*close)(void *self);
};

#endif
