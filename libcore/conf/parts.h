/* SPDX-License-Identifier: Apache-2.0 */
/* What stands around libConfuse: the guard that a text passes first, and the search for a mistyped key. */
#ifndef CS_CONF_PARTS_H
#define CS_CONF_PARTS_H

#include <stddef.h>

#include "file.h"

/* Line numbers in the order of the text. */
struct cs_conf_lines {
	unsigned *at;
	size_t n;
	size_t cap;
};

/* What libConfuse does not remember: the line of the key of each assignment, and the first line of each section in
 * the order in which the sections end. */
struct cs_conf_places {
	struct cs_conf_lines assignments;
	struct cs_conf_lines sections;
};

/* Checks the text byte by byte and returns a copy in which every comment is blanked, so that its lines are counted
 * rightly. 0, CS_ECONF with problem set, CS_ENOMEM. The caller frees both. */
int cs_conf_guard(const char *text, const char *name, char **ret_text, struct cs_conf_places *ret_places,
		  struct cs_problem *problem);
void cs_conf_places_clear(struct cs_conf_places *places);

/* The number of letters to insert, delete or change to make b of a; 99 where it is more than 2. */
unsigned cs_conf_distance(const char *a, const char *b);

#endif
