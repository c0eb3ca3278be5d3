/* SPDX-License-Identifier: Apache-2.0 */
/* Show what a change of the policy would do, ask, and put it in force. */
#include "apply.h"
#include "changes.h"
#include "crypto.h"
#include "mem.h"
#include "print.h"
#include "proof.h"
#include "text.h"
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOTHING_CHANGED "nothing was changed"

void cs_apply_rows(struct cs_apply_options *options, struct cs_option rows[CS_APPLY_ROWS])
{
	const struct cs_option all[CS_APPLY_ROWS] = {
		{ "--comment", NULL, &options->comment, NULL },
		{ "--yes", &options->yes, NULL, NULL },
		{ "--only-show", &options->only_show, NULL, NULL },
	};

	memcpy(rows, all, sizeof(all));
}

/* --- The text on its way ----------------------------------------------------------------------------------------- */

/* A memory file that nobody can change any more, not even this process, so that the daemon reads what was hashed. */
static int seal_text(const char *text, int *ret_fd)
{
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	size_t n = strlen(text), done = 0;
	int fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	while (fd >= 0 && done < n) {
		ssize_t written = write(fd, text + done, n - done);

		if (written < 0 && errno != EINTR)
			break;
		done += written > 0 ? (size_t)written : 0;
	}
	if (fd < 0 || done < n || fcntl(fd, F_ADD_SEALS, seals) != 0) {
		cs_close(&fd);
		return cs_fail(CS_EXIT_OUTPUT, "the text could not be handed over", "policy", strerror(errno));
	}
	*ret_fd = fd;
	return 0;
}

static int prepare(struct cs_apply *call, const char *text, const struct cs_apply_options *options, int *ret_fd)
{
	if (options->comment != NULL && strlen(options->comment) > CS_MAX_REASON)
		return cs_fail(CS_EXIT_USAGE, "the comment is too long", "--comment", "");
	if (options->comment != NULL && cs_set(&call->comment, options->comment) != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "policy", "");
	if (text == NULL)
		return 0;
	if (cs_digest(CS_DOMAIN_POLICY, text, strlen(text), call->digest) != 0)
		return cs_fail(CS_EXIT_INTERNAL, "the text could not be hashed", "policy", "");
	return seal_text(text, ret_fd);
}

/* --- Showing ----------------------------------------------------------------------------------------------------- */

/* The text that the call would lead to, from the one in force. NULL in *ret_text where that could not be made. */
static int text_after(struct cs_run *run, const struct cs_apply *call, const struct cs_policy_text *now,
	const char *text, char **ret_text)
{
	static const enum cs_edit_kind kinds[] = { [CS_APPLY_GRANT] = CS_EDIT_GRANT, [CS_APPLY_REVOKE] = CS_EDIT_REVOKE,
		[CS_APPLY_DEFINE] = CS_EDIT_DEFINE };
	struct cs_generation generation = { 0 };
	struct cs_problem problem = { 0 };
	struct cs_edit edit = { .role = call->role, .scope_kind = call->scope_kind, .label = call->label,
		.permissions = call->permissions, .n_permissions = call->n_permissions, .inherits = call->inherits,
		.n_inherits = call->n_inherits };
	int status = 0;

	if (text != NULL) {
		*ret_text = cs_dup(text);
		return 0;
	}
	if (call->kind == CS_APPLY_ROLLBACK) {
		status = cs_policy_text_fetch(run, call->number, &generation, ret_text);
		cs_clear(&cs_generation_shape, &generation);
		return status;
	}
	edit.kind = kinds[call->kind];
	(void)cs_policy_edit(now->text, now->name, &edit, ret_text, &problem);
	cs_problem_clear(&problem);
	return 0;
}

static void put_stuck(struct cs_buf *out, const struct cs_look *look, const struct cs_proof *proof)
{
	size_t n = cs_proof_count(proof->stuck, proof->n_stuck), first = 0;

	if (n == 0)
		return;
	while (proof->stuck[first].elsewhere)
		first++;
	cs_put_styled(out, look, CS_RED, "cannot be approved");
	cs_put(out, ": %zu request%s, such as that of ", n, n == 1 ? "" : "s");
	cs_escape(out, proof->stuck[first].requester);
	cs_put(out, " at gate ");
	cs_escape(out, proof->stuck[first].gate);
	cs_put(out, " in ");
	cs_escape(out, proof->stuck[first].scope);
	cs_put(out, "; `countersign policy check FILE --live` has all\n");
}

/* Would the new policy leave requests that nobody could approve? */
static int put_lockouts(struct cs_source *source, struct cs_buf *out, const struct cs_policy *after, const char *text)
{
	struct cs_people people = { 0 };
	struct cs_proof proof = { 0 };
	int status = cs_source_everybody(source, after, &people);

	if (status == 0)
		status = cs_prove(after, text, &people, &proof);
	if (status == 0)
		put_stuck(out, &source->run->look, &proof);
	cs_proof_clear(&proof);
	cs_people_clear(&people);
	return status;
}

/* Root also sees who it is about, by name. What the directory cannot tell ends nothing: the changes are shown all the
 * same. */
static void put_people(struct cs_run *run, struct cs_buf *out, const struct cs_apply *call, const char *text)
{
	struct cs_source_options options = { 0 };
	struct cs_source source;
	struct cs_policy *after = NULL;
	struct cs_problem problem = { 0 };
	struct cs_gain *gains = NULL;
	char *next = NULL;
	size_t n = 0;
	int status = cs_source_open(run, &options, true, &source);

	if (status == 0)
		status = text_after(run, call, &source.policy, text, &next);
	if (status == 0 && next != NULL && cs_policy_parse(next, "the new policy", &after, &problem) == 0)
		status = cs_gains(&source, source.policy.policy, after, &gains, &n);
	if (status == 0)
		cs_put_gains(out, &run->look, gains, n);
	if (status == 0 && after != NULL)
		status = put_lockouts(&source, out, after, next);
	if (status != 0)
		cs_put(out, "people: not everything could be told\n");
	cs_gains_free(&gains, &n);
	cs_policy_free(&after);
	cs_problem_clear(&problem);
	cs_free_str(&next);
	cs_source_close(&source);
}

static int show(struct cs_run *run, const struct cs_apply *call, const char *text, const struct cs_apply_answer *answer)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (answer->n_changes == 0)
		cs_put(&out, "no change in rights or gates\n");
	cs_put_changes(&out, &run->look, answer->changes, answer->n_changes);
	if (answer->more)
		cs_put(&out, "  … and more changes than are shown here\n");
	if (answer->n_changes > 0 && getuid() == 0)
		put_people(run, &out, call, text);
	return cs_print(&out);
}

/* A text that is refused, in the daemon's words: they begin with the line. */
static int fail_text(const struct cs_apply_answer *answer)
{
	return cs_fail(CS_EXIT_NO, answer->text, "policy", NOTHING_CHANGED);
}

/* --- Asking ------------------------------------------------------------------------------------------------------ */

/* 0: go on; else the exit status. A change that weakens takes more than a yes. */
static int confirm(const struct cs_apply_answer *answer)
{
	bool weaker = answer->effect == CS_EFFECT_WEAKER;
	char *word = NULL;
	bool agreed = false;
	int r = cs_prompt(weaker ? "This lets people do more, or asks less of them. Type `weaker` to put it in force: "
				 : "Put this in force? [y/N] ",
		64, &word);

	if (r == CS_EUNAVAIL)
		return cs_fail(CS_EXIT_USAGE, "there is no terminal to ask on", "policy", "add --yes to ask nothing");
	if (r == CS_ENOMEM)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "policy", "");
	if (r == 0)
		agreed = weaker ? strcmp(word, "weaker") == 0 : strcmp(word, "y") == 0 || strcmp(word, "yes") == 0;
	cs_free_str(&word);
	return agreed ? 0 : cs_fail(CS_EXIT_NO, "not confirmed", "policy", NOTHING_CHANGED);
}

/* --- The answer -------------------------------------------------------------------------------------------------- */

static void put_pending(struct cs_buf *out, const struct cs_decision *decision)
{
	unsigned long long number = (unsigned long long)decision->number;

	cs_put(out, "request %llu is open", number);
	cs_view_missing(out, decision);
	cs_put(out, "\n");
	if (decision->check_code != NULL && *decision->check_code != '\0') {
		cs_put(out, "the check code for who approves it: ");
		cs_escape(out, decision->check_code);
		cs_put(out, "\n");
	}
	cs_put(out, "when `countersign show %llu` says approved, run the same command again\n", number);
}

static int fail_refused(const struct cs_apply_answer *answer)
{
	const struct cs_decision *decision = &answer->decision;
	const char *text = cs_text_or(decision->text, cs_reason_text(decision->reason));

	if (decision->reason == CS_WHY_BAD_CALL && answer->text != NULL && *answer->text != '\0')
		return fail_text(answer);
	if (decision->reason == CS_WHY_UNKNOWN_PERSON && getuid() == 0)
		return cs_fail(CS_EXIT_NO, "a gate guards the policy, and root is no person that could ask", "policy",
			"do it under your own name; at the console countersignd(8) has --apply-policy");
	if (decision->reason == CS_WHY_POLICY_CHANGED)
		return cs_fail(CS_EXIT_NO, "another generation came into force meanwhile", "policy",
			"nothing was changed; look at it again");
	return cs_fail(cs_exit_of_reason(decision->reason), text, "policy", NOTHING_CHANGED);
}

static int finish(struct cs_run *run, uint64_t base, const struct cs_apply_answer *answer)
{
	const struct cs_decision *decision = &answer->decision;
	bool pending = !answer->applied && decision->number != 0 &&
		       (decision->verdict == CS_HOLD || decision->reason == CS_WHY_NOT_WAITING);
	struct cs_buf out;
	int status = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (run->json)
		status = cs_print_json(&cs_apply_answer_shape, answer);
	else if (answer->applied && answer->generation.number == base)
		cs_put(&out, "nothing to do: generation %llu has this text\n", (unsigned long long)base);
	else if (answer->applied)
		cs_put(&out, "generation %llu is in force\n", (unsigned long long)answer->generation.number);
	else if (pending)
		put_pending(&out, decision);
	if (status == 0)
		status = cs_print(&out);
	else
		cs_buf_clear(&out);
	if (status != 0 || answer->applied)
		return status;
	return pending ? CS_EXIT_PENDING : fail_refused(answer);
}

static int put_in_force(struct cs_run *run, struct cs_apply *call, int fd, uint64_t base)
{
	struct cs_apply_answer answer = { 0 };
	int status = 0;

	call->base = base;
	call->only_show = false;
	status = cs_ask_passing(run, CS_CALL_APPLY, call, fd, "policy", &answer);
	if (status == 0)
		status = finish(run, base, &answer);
	cs_clear(&cs_apply_answer_shape, &answer);
	return status;
}

static int look_first(struct cs_run *run, struct cs_apply *call, int fd, struct cs_apply_answer *ret_answer)
{
	int status = 0;

	call->only_show = true;
	status = cs_ask_passing(run, CS_CALL_APPLY, call, fd, "policy", ret_answer);
	if (status == 0 && ret_answer->text != NULL && *ret_answer->text != '\0')
		status = fail_text(ret_answer);
	return status;
}

int cs_apply(struct cs_run *run, struct cs_apply *call, const char *text, const struct cs_apply_options *options)
{
	struct cs_apply_answer answer = { 0 };
	int fd = -1, status = 0;

	if (run->json && !options->yes && !options->only_show)
		return cs_fail(CS_EXIT_USAGE, "with --json nothing is asked", "policy", "add --yes or --only-show");
	status = prepare(call, text, options, &fd);
	if (status == 0)
		status = look_first(run, call, fd, &answer);
	if (status == 0 && !run->json)
		status = show(run, call, text, &answer);
	if (status == 0 && options->only_show)
		status = run->json ? cs_print_json(&cs_apply_answer_shape, &answer) : 0;
	else if (status == 0) {
		status = options->yes ? 0 : confirm(&answer);
		if (status == 0)
			status = put_in_force(run, call, fd, answer.generation.number);
	}
	cs_clear(&cs_apply_answer_shape, &answer);
	cs_close(&fd);
	cs_free_str(&call->comment);
	return status;
}
