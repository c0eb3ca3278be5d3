/* SPDX-License-Identifier: Apache-2.0 */
/* countersign request: asks ahead for what sudo is to run later. */
#include "ahead.h"
#include "clock.h"
#include "mem.h"
#include "options.h"
#include "sudo_line.h"
#include "vote.h"
#include "when.h"

#include <string.h>

int cs_read_start(const char *word, uint64_t *ret_wall_ms)
{
	const char *why = NULL;
	struct cs_now now;

	if (word == NULL)
		return 0;
	if (cs_now_read(&now) != 0)
		return cs_fail(CS_EXIT_INTERNAL, "the clock cannot be read", "--at", "");
	if (cs_when_parse(word, now.wall_ms, ret_wall_ms, &why) != 0)
		return cs_fail(CS_EXIT_USAGE, "not a time to start at", word, why);
	return 0;
}

/* Only sudo's plugin knows how to ask without running. */
static int check_is_sudo(const char *word)
{
	const char *slash = strrchr(word, '/');
	const char *name = slash == NULL ? word : slash + 1;

	if (strcmp(name, "sudo") == 0 || strcmp(name, "sudoedit") == 0)
		return 0;
	return cs_fail(CS_EXIT_USAGE, "only a sudo command can be asked for ahead", word,
		"write: countersign request -- sudo COMMAND; without sudo: countersign run --ahead");
}

int cs_run_request(struct cs_run *run, char **args, size_t n)
{
	struct cs_sudo_line line = { .argv = args };
	const char *at = NULL;
	const struct cs_option options[] = { { "--at", NULL, &at, NULL }, { "--reason", NULL, &line.reason, NULL },
		{ "--wait", &line.wait, NULL, NULL } };
	size_t words = 0;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 2, SIZE_MAX, &words);

	if (status == 0)
		status = check_is_sudo(args[0]);
	if (status == 0)
		status = cs_read_start(at, &line.start_wall_ms);
	if (status == 0)
		status = cs_check_comment(line.reason);
	if (status != 0)
		return status;
	args[words] = NULL; /* main's own vector: it has room for its end */
	return cs_ask_ahead(run, &line);
}
