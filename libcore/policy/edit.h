/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and changing a role in the text of a policy (edit_text.c), for edit.c. The text was loaded before, so its
 * form is sound; what is not found all the same is CS_ENOENT. */
#ifndef CS_POLICY_EDIT_H
#define CS_POLICY_EDIT_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of text: from its first byte to the one behind its last. */
struct piece {
	size_t from, to;
};

/* The section `role NAME { … }`; with name NULL the last role. True when there is one. */
bool cs_edit_find_role(const char *text, const char *name, struct piece *ret_role);
/* Where a section can be written that is to stand behind the line of this one. *ret_apart: a line has to be begun. */
size_t cs_edit_behind(const char *text, size_t end, bool *ret_apart);

/* Puts with in the place of a piece. 0, CS_ENOMEM. */
int cs_edit_replace(char **text, struct piece piece, const char *with);

/* Adds a permission to the text of one role, or takes it out, among the plain ones (kind NULL) or those `in` a kind of
 * scope. The key or section is made where it is missing, and taken out with its last value. 0, CS_ENOENT, CS_ENOMEM. */
int cs_edit_grant(char **role, const char *kind, const char *permission);
int cs_edit_revoke(char **role, const char *kind, const char *permission);

#endif
