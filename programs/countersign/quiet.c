/* SPDX-License-Identifier: Apache-2.0 */
/* countersign quiet: whether the caller is told of requests */
#include "clock.h"
#include "mem.h"
#include "options.h"
#include "policy.h"
#include "print.h"
#include "text.h"

#include <string.h>

/* A moment, or a span from now. 0, or the exit status after the error was told. */
static int read_until(const char *until, uint64_t *ret_wall_ms)
{
	struct cs_now now;
	uint64_t span = 0;

	if (cs_parse_span(until, &span) == 0 && cs_now_read(&now) == 0) {
		*ret_wall_ms = now.wall_ms + span;
		return 0;
	}
	if (cs_moment_parse(until, ret_wall_ms) == 0)
		return 0;
	return cs_fail(CS_EXIT_USAGE, "that is no time", until, "write 2h, 3d, 2026-12-24 or 2026-12-24T18:00Z");
}

static int print_quiet(const struct cs_quiet_answer *answer)
{
	struct cs_buf out;
	char when[21];

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_time_text(answer->until_wall_ms, when);
	if (!answer->quiet)
		cs_put(&out, "you are told of requests that you can approve\n");
	else if (answer->until_wall_ms == 0)
		cs_put(&out, "you are left alone, until `countersign quiet off`; a break-glass is told all the same\n");
	else
		cs_put(&out, "you are left alone until %s; a break-glass is told all the same\n", when);
	return cs_print(&out);
}

int cs_run_quiet(struct cs_run *run, char **args, size_t n)
{
	const char *until = NULL;
	const struct cs_option options[] = { { "--until", NULL, &until, NULL } };
	struct cs_quiet call = { 0 };
	struct cs_quiet_answer answer = { 0 };
	int kind = CS_QUIET_SHOW;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 1, &n);

	if (status != 0 || run->help)
		return status;
	if (n == 1 && (cs_value_of(cs_quiet_names, args[0], &kind) != 1 || kind == CS_QUIET_SHOW))
		return cs_fail(CS_EXIT_USAGE, "say on or off", args[0], "");
	if (until && kind != CS_QUIET_ON)
		return cs_fail(CS_EXIT_USAGE, "--until goes with on", "", "");
	call.kind = (enum cs_quiet_kind)kind;
	if (until)
		status = read_until(until, &call.until_wall_ms);
	if (status == 0)
		status = cs_ask(run, CS_CALL_QUIET, &call, "", &answer);
	if (status != 0)
		return status;
	status = run->json ? cs_print_json(&cs_quiet_answer_shape, &answer) : print_quiet(&answer);
	cs_clear(&cs_quiet_answer_shape, &answer);
	return status;
}
