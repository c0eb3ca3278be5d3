/* SPDX-License-Identifier: Apache-2.0 */
/* What sudo hands to a plugin, turned into a call. Nothing is shortened: what does not fit is refused. */
#ifndef CS_SUDO_INPUT_H
#define CS_SUDO_INPUT_H

#include "calls.h"

/* sudo's lists of "name=value" strings, each ending with NULL; they stay sudo's. */
struct cs_sudo_input {
	char *const *settings;
	char *const *user_info;
	char *const *submit_envp;
	char *const *command_info;
	char *const *run_argv;
	char *const *run_envp;
};

/* The value of a name in such a list (list may be NULL); NULL when it is not there. */
const char *cs_sudo_value(char *const *list, const char *name);

/* 1 when the value is "true", else 0. */
int cs_sudo_is_true(char *const *list, const char *name);

/* 1 when it is sudoedit that asks, else 0. */
int cs_sudo_edits(char *const *settings, char *const *command_info);

/* Fills *ret_submit (zero before; clear it in any case). 0; CS_EINVAL with *ret_why, a static text; CS_ENOMEM; CS_ETOOBIG. */
int cs_sudo_fill(const struct cs_sudo_input *input, struct cs_submit *ret_submit, const char **ret_why);

/* Opens what sudo will execute: its own descriptor where it has one, else the command's path. Close-on-exec; -1 when
 * it cannot be opened. */
int cs_sudo_open_command(const struct cs_sudo_input *input);

/* The folder in which sudo will start it; NULL: where sudo was called. */
const char *cs_sudo_folder(const struct cs_sudo_input *input);

/* 1 when a variable ("NAME=value") is of the fixed set that changes nothing but looks: it is not part of the request.
 * home is the target user's. Else 0: approvers see it. */
int cs_sudo_env_is_plain(const char *variable, const char *home);

#endif
