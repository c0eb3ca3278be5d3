/* SPDX-License-Identifier: Apache-2.0 */
/* An earlier request as the sudo line that stands for it. */
#ifndef CS_COMMAND_REPEAT_H
#define CS_COMMAND_REPEAT_H

#include "model.h"

/* The words that make sudo ask for exactly this action again, where it was asked for from cwd; a vector that ends with NULL.
 * What they could not reproduce is refused: another service than sudo, a login shell's name, groups or variables that
 * sudo would not give today. 0; CS_EINVAL with *ret_why a static text; CS_ENOMEM. */
int cs_repeat_words(const struct cs_action *action, char ***ret_words, size_t *ret_n, const char **ret_why);

#endif
