/* SPDX-License-Identifier: Apache-2.0 */
/* countersign submit-vote: sends a vote that was signed on another machine. */
#include "bundle.h"
#include "mem.h"
#include "vote.h"

int cs_run_submit_vote(struct cs_run *run, char **args, size_t n)
{
	struct cs_vote_call call = { 0 };
	char *text = NULL;
	size_t len = 0;
	int status = cs_options_read(run, args, n, NULL, 0, 1, 1, &n), r = 0;

	if (status == 0)
		status = cs_bundle_file(args[0], &text, &len);
	if (status != 0)
		return status;
	r = cs_bundle_read_vote(text, len, &call);
	cs_free_str(&text);
	if (r < 0)
		return cs_fail(CS_EXIT_USAGE, r == CS_EPROTO ? "this is no signed vote" : cs_strerror(r), args[0],
			"make one with `countersign sign`");
	status = cs_send_vote(run, NULL, &call);
	cs_clear(&cs_vote_call_shape, &call);
	return status;
}
