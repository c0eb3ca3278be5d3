/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a command that name files, as it will find them. cwd is the folder in which it is started; NULL: the one
 * where this process is, whatever that is called by now. */
#ifndef CS_MODULES_OPERANDS_H
#define CS_MODULES_OPERANDS_H

#include "calls.h"

/* Lists the arguments that name files, folders or pipes: at most CS_MAX_OPERANDS, and whether there are more. The action's
 * arguments are filled in. 0, CS_ENOMEM. */
int cs_operands_list(const char *cwd, struct cs_action *action);

/* Marks those that the daemon wants to see (file.present), and adds what stands beside an argument. What is not there is not
 * marked. 0, CS_ENOMEM, CS_ETOOBIG. */
int cs_operands_want(const char *cwd, const struct cs_decision *decision, struct cs_action *action);

/* Opens it as the command will find it. Close-on-exec; -1 where it is no regular file that can be read, or lies where reading
 * it could hang. */
int cs_operand_open(const char *cwd, char *const *argv, size_t n_argv, const struct cs_operand *operand);

#endif
