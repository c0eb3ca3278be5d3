/* SPDX-License-Identifier: Apache-2.0 */
/* countersign wait: until a request is decided. */
#include "clock.h"
#include "options.h"
#include "outcome.h"
#include "text.h"
#include "which.h"

static int read_timeout(const char *word, uint64_t *ret_until_ms)
{
	uint64_t ms = 0;

	if (word == NULL)
		return 0;
	if (cs_parse_span(word, &ms) != 0)
		return cs_fail(CS_EXIT_USAGE, "not a time span", word, "write it as 90s, 15m, 2h or 1d");
	*ret_until_ms = cs_boot_ms() + ms;
	return 0;
}

int cs_run_wait(struct cs_run *run, char **args, size_t n)
{
	struct cs_follow follow = { .run = run };
	const char *timeout = NULL;
	const struct cs_option options[] = { { "--timeout", NULL, &timeout, NULL } };
	uint64_t number = 0;
	int status = cs_options_read(run, args, n, options, 1, 1, 1, &n);

	if (status == 0)
		status = read_timeout(timeout, &follow.until_ms);
	if (status == 0)
		status = cs_find_request(run, args[0], &number);
	if (status == 0)
		status = cs_wait_for(&follow, number);
	return status;
}
