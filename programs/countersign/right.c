/* SPDX-License-Identifier: Apache-2.0 */
/* What can, why and why-not share: one question, three possible answers. */
#include "right.h"
#include "clock.h"
#include "mem.h"
#include "print.h"
#include "text.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

/* Asked by anybody but root, the daemon knows nobody but the caller. */
static bool is_not_the_caller(const char *user)
{
	const struct passwd *caller = getuid() == 0 ? NULL : getpwuid(getuid());

	return getuid() != 0 && (caller == NULL || strcmp(caller->pw_name, user) != 0);
}

static int ask_daemon(struct cs_run *run, char **args, struct cs_right_answer *ret_answer)
{
	struct cs_right call = { .user = args[0], .permission = args[1], .scope = args[2] };
	int status = cs_ask(run, CS_CALL_RIGHT, &call, args[1], ret_answer);

	if (status == 0 && ret_answer->reason == CS_WHY_UNKNOWN_PERSON && is_not_the_caller(call.user)) {
		cs_clear(&cs_right_answer_shape, ret_answer);
		return cs_fail(CS_EXIT_NOT_PERMITTED, "only root may ask about other people", call.user, "");
	}
	return status;
}

int cs_fail_permission(const char *permission)
{
	return cs_fail(CS_EXIT_NO, "the policy has no such permission", permission, "see `countersign role list`");
}

int cs_right_of(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission, const char *scope,
	struct cs_right_answer *ret_answer)
{
	struct cs_right_answer answer = { .verdict = CS_DENY };
	struct cs_held held = { 0 };
	int r = cs_policy_has_right(policy, facts, permission, scope, &held);
	int explained = 0;

	if (r == 1 || r == 0 || r == CS_EDOUBT) {
		answer.verdict = r == 1 ? CS_PERMIT : CS_DENY;
		answer.reason = held.reason;
		answer.text = cs_dup(held.reason == CS_WHY_DOUBT ? cs_text_or(held.because, cs_reason_text(held.reason))
								 : cs_reason_text(held.reason));
		answer.source = cs_dup(facts->source);
		if (cs_boot_ms() > facts->boot_ms && facts->boot_ms > 0)
			answer.age_ms = cs_boot_ms() - facts->boot_ms;
		explained = cs_policy_explain(policy, facts, permission, scope, &answer.steps, &answer.n_steps);
		r = answer.text == NULL || answer.source == NULL ? CS_ENOMEM : explained;
	}
	cs_held_clear(&held);
	if (r < 0) {
		cs_clear(&cs_right_answer_shape, &answer);
		return r;
	}
	*ret_answer = answer;
	return 0;
}

static int ask_source(struct cs_run *run, const struct cs_source_options *options, char **args,
	struct cs_right_answer *ret_answer)
{
	struct cs_source source;
	struct cs_facts *facts = NULL;
	size_t n = 1;
	int status = cs_source_open(run, options, true, &source);
	int r = 0;

	if (status == 0)
		status = cs_source_facts(&source, source.policy.policy, args, 1, &facts);
	if (status == 0) {
		r = cs_right_of(source.policy.policy, facts, args[1], args[2], ret_answer);
		if (r == CS_ENOENT)
			status = cs_fail_permission(args[1]);
		else if (r != 0)
			status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), args[1], "");
	}
	cs_facts_free(&facts, &n);
	cs_source_close(&source);
	return status;
}

static int fetch_right(struct cs_run *run, char **args, size_t n, struct cs_right_answer *ret_answer)
{
	struct cs_source_options options = { 0 };
	struct cs_option rows[CS_SOURCE_ROWS];
	int status = 0;

	cs_source_rows(&options, rows);
	status = cs_options_read(run, args, n, rows, CS_SOURCE_ROWS, 3, 3, &n);
	if (status != 0)
		return status;
	/* In the protocol no name at all means the caller; a typed empty name is more likely an unset variable. */
	if (*args[0] == '\0')
		return cs_fail(CS_EXIT_USAGE, "the user's name is empty", run->command->name, "");
	return cs_source_is_meant(&options) ? ask_source(run, &options, args, ret_answer)
					    : ask_daemon(run, args, ret_answer);
}

int cs_run_right(struct cs_run *run, char **args, size_t n, cs_put_right_fn put,
	int (*exit_of)(const struct cs_right_answer *answer))
{
	struct cs_right_answer answer = { 0 };
	struct cs_buf out;
	int status = fetch_right(run, args, n, &answer);

	if (status != 0)
		return status;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (run->json) {
		status = cs_print_json(&cs_right_answer_shape, &answer);
	} else {
		put(&out, &run->look, &answer);
		status = cs_print_wrapped(&run->look, &out, CS_LINE_GOES_ON);
	}
	if (status == 0)
		status = exit_of(&answer);
	cs_clear(&cs_right_answer_shape, &answer);
	return status;
}

int cs_exit_of_right(const struct cs_right_answer *answer)
{
	if (answer->verdict == CS_PERMIT)
		return CS_EXIT_YES;
	return answer->reason == CS_WHY_DOUBT ? CS_EXIT_DOUBT : CS_EXIT_NO;
}

const char *cs_word_of_right(const struct cs_right_answer *answer)
{
	static const char *const words[] = { [CS_EXIT_YES] = "yes", [CS_EXIT_NO] = "no",
		[CS_EXIT_DOUBT] = "could not tell" };

	return words[cs_exit_of_right(answer)];
}

void cs_put_right(struct cs_buf *out, const struct cs_look *look, const struct cs_right_answer *answer)
{
	static const enum cs_style styles[] = { [CS_EXIT_YES] = CS_GREEN, [CS_EXIT_NO] = CS_RED,
		[CS_EXIT_DOUBT] = CS_YELLOW };

	cs_put_styled(out, look, styles[cs_exit_of_right(answer)], cs_word_of_right(answer));
	if (answer->text != NULL && *answer->text != '\0') {
		cs_put(out, ": ");
		cs_escape(out, answer->text);
	}
}

void cs_put_told(struct cs_buf *out, const struct cs_right_answer *answer)
{
	char age[16];

	if (answer->source == NULL || *answer->source == '\0')
		return;
	cs_span_text(answer->age_ms, age);
	cs_put(out, "from ");
	cs_escape(out, answer->source);
	cs_put(out, ", %s old\n", age);
}

void cs_put_step(struct cs_buf *out, const char *step)
{
	cs_put(out, "  ");
	cs_escape(out, step == NULL ? "" : step);
	cs_put(out, "\n");
}
