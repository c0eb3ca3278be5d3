/* SPDX-License-Identifier: Apache-2.0 */
/* Break-glass: what its files share. */
#ifndef CS_AUTHORITY_GLASS_H
#define CS_AUTHORITY_GLASS_H

#include "internal.h"

/* The break_glass of the policy in force that the call means: the one it names, or else the only one that names the
 * caller. CS_WHY_NONE with *ret_glass; or why there is none, with *ret_text (static). */
enum cs_reason glass_meant(const struct task *task, struct cs_glass *ret_glass, const char **ret_text);
/* Does the break_glass name this uid? */
bool glass_names(const struct cs_glass *glass, uint32_t uid);
/* The number of the newest review that is not done yet in this scope, in one that holds it or in one that it holds.
 * 1, 0, CS_E…. */
int glass_debt(struct cs_authority *authority, const char *scope, uint64_t *ret_number);

/* drill.c: what the answer tells of the caller, of everybody whom the break_glass names and of who could review. */
void drill_start(struct task *task, const struct cs_glass *glass);

#endif
