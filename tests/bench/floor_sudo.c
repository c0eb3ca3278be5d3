/* SPDX-License-Identifier: Apache-2.0 */
/* The floor's approval plugin: asks for a record of the command, and has no logic. */
#include "floor.h"

#include <stddef.h>
#include <sudo_plugin.h>

/* sudo calls it without looking whether it is there. */
static int floor_open(unsigned version, sudo_conv_t conversation, sudo_printf_t plugin_printf, char *const settings[],
	char *const user_info[], int submit_optind, char *const submit_argv[], char *const submit_envp[],
	char *const plugin_options[], const char **errstr)
{
	(void)version;
	(void)conversation;
	(void)plugin_printf;
	(void)settings;
	(void)user_info;
	(void)submit_optind;
	(void)submit_argv;
	(void)submit_envp;
	(void)plugin_options;
	(void)errstr;
	return 1;
}

static int floor_check(char *const command_info[], char *const run_argv[], char *const run_envp[], const char **errstr)
{
	(void)command_info;
	(void)run_argv;
	(void)run_envp;
	(void)errstr;
	return floor_ask(FLOOR_RECORD) == 0 ? 1 : -1;
}

__attribute__((visibility("default"))) struct approval_plugin bench_floor = {
	.type = SUDO_APPROVAL_PLUGIN, .version = SUDO_API_VERSION, .open = floor_open, .check = floor_check};
