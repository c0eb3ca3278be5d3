/* SPDX-License-Identifier: Apache-2.0 */
/* A directory in memory, read from a file that is watched or from bytes at hand; it answers before ask returns. */
#ifndef CS_DIRECTORY_MEMORY_H
#define CS_DIRECTORY_MEMORY_H

#include "backend.h"
#include "settings.h"
#include "tree.h"
#include "watch.h"

/* A form in which people and groups are written, in one file or, one behind the other with a NUL between, several. */
struct cs_form {
	size_t max; /* bytes of each file */
	/* Fills the tree from n bytes (text[n] is NUL); name is for messages. 0, CS_ECONF with problem, CS_ENOMEM. */
	int (*read)(const struct cs_settings *settings, char *text, size_t n, const char *name, struct cs_tree *tree,
		struct cs_problem *problem);
};

extern const struct cs_form cs_fixed_form; /* fixed.c */
extern const struct cs_form cs_ldif_form;  /* ldif_read.c */

/* Reads the files that are watched; they must be right. They are read again when any changes; while one cannot be,
 * every answer is doubt. Takes over the watch and the settings (both are empty afterwards, also on failure). 0,
 * CS_ECONF with problem, CS_ENOMEM. */
int cs_memory_open(const struct cs_form *form, struct cs_watch *watch, struct cs_settings *settings, void **ret_memory,
	struct cs_problem *problem);

/* The same from bytes at hand, which are copied. */
int cs_memory_parse(const struct cs_form *form, const char *text, size_t n, const char *name,
	struct cs_settings *settings, void **ret_memory, struct cs_problem *problem);

/* From now on, also in what is read again, there is no such person. 0, CS_ENOENT, CS_ENOMEM. */
int cs_memory_without(void *memory, const char *login);

extern const struct cs_backend cs_memory_backend;

#endif
