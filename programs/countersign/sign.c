/* SPDX-License-Identifier: Apache-2.0 */
/* countersign sign: shows the request of a bundle and signs a vote on it, on the machine where the key is. Nothing is
 * asked of a daemon; what is signed is computed from what is shown. */
#include "bundle.h"
#include "heads.h"
#include "mem.h"
#include "vote.h"

#include <stdio.h>
#include <string.h>

struct sign_options {
	const char *code, *comment;
	bool reject, yes;
	struct cs_sign_options sign;
};

/* Standard output is the vote, so the request goes to standard error. */
static int show_bundle(struct cs_run *run, const struct cs_bundle *bundle)
{
	run->json = true;
	return cs_show_before_vote(run, &bundle->shown);
}

/* Checked here too: on the way there are people who would rather have another request signed. */
static int check_code(const struct cs_bundle *bundle, const char *code)
{
	char expected[CS_CODE_LEN + 1];

	cs_check_code(bundle->shown.digest, expected);
	return strcmp(code, expected) == 0 ? 0
		: cs_fail(CS_EXIT_NO, "the check code is not the one of this request", code, "nothing was signed");
}

static int sign_bundle(struct cs_run *run, const struct cs_bundle *bundle, const struct sign_options *options)
{
	enum cs_vote vote = options->reject ? CS_VOTE_REJECT : CS_VOTE_APPROVE;
	struct cs_vote_call call = { 0 };
	char *code = NULL;
	int status = options->reject ? 0 : cs_get_code(options->code, options->yes, &code);

	if (status == 0 && code)
		status = check_code(bundle, code);
	if (status == 0)
		status = cs_make_vote(&bundle->shown, vote, code, options->comment, &call);
	if (status == 0)
		status = cs_sign_vote(run, &options->sign, &bundle->shown, &bundle->signer, NULL, &call);
	if (status == 0 && call.n_signature == 0)
		status = cs_fail(CS_EXIT_NO, "none of your keys is here", bundle->signer.name, "name one with --key");
	if (status == 0)
		status = cs_bundle_print_vote(&call);
	if (status == 0)
		cs_heads_keep(&bundle->shown, vote);
	cs_clear(&cs_vote_call_shape, &call);
	cs_free_str(&code);
	return status;
}

int cs_run_sign(struct cs_run *run, char **args, size_t n)
{
	struct sign_options chosen = { 0 };
	const struct cs_option options[] = { { "--code", NULL, &chosen.code, NULL },
		{ "--comment", NULL, &chosen.comment, NULL }, { "--reject", &chosen.reject, NULL, NULL },
		{ "--yes", &chosen.yes, NULL, NULL }, { "--key", NULL, &chosen.sign.key, NULL } };
	struct cs_bundle bundle = { 0 };
	char *text = NULL;
	size_t len = 0;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 1, 1, &n), r = 0;

	if (status == 0)
		status = cs_check_comment(chosen.comment);
	if (status == 0)
		status = cs_bundle_file(args[0], &text, &len);
	if (status != 0)
		return status;
	r = cs_bundle_read(text, len, &bundle);
	cs_free_str(&text);
	if (r < 0)
		return cs_fail(CS_EXIT_USAGE, r == CS_EPROTO ? "this is no bundle" : cs_strerror(r), args[0],
			"make one with `countersign show --bundle`");
	status = show_bundle(run, &bundle);
	if (status == 0)
		status = sign_bundle(run, &bundle, &chosen);
	cs_clear(&cs_bundle_shape, &bundle);
	return status;
}
