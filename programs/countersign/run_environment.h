/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of what `countersign run` runs: a fixed set that decides nothing, and what was named, which the approvers
 * see. */
#ifndef CS_COMMAND_RUN_ENVIRONMENT_H
#define CS_COMMAND_RUN_ENVIRONMENT_H

#include "options.h"

/* named: "NAME" keeps what it is here, "NAME=value" sets it; they are added to ask->env, and are *ret_env's last. Free that
 * with cs_run_environment_free. 0, or a negative error after it was told. */
int cs_run_environment(const struct cs_words *named, struct cs_ask *ask, char ***ret_env);
void cs_run_environment_free(char ***env);

#endif
