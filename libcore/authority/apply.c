/* SPDX-License-Identifier: Apache-2.0 */
/* Apply: a new generation of the policy. The text is read, compared with what is in force, and submitted as an action
 * like any other: the policy in force judges its successor. Whoever may not change it learns nothing about it. */
#include "internal.h"
#include "file.h"
#include "mem.h"
#include "text.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)
#define CHANGES_BYTES 65536 /* of the changes that are shown and agreed to: a request has to hold them */
#define PLACE "policy"      /* what a problem's file is, for messages */

static const char no_way[] = "only root, or whom a gate on policy.apply lets, may change the policy";

/* One change on its way, from its text to its answer. It ends with its task. */
struct apply {
	struct task *task;
	char *author;
	char *comment;
	char *text;
	size_t len;
	struct cs_policy *policy; /* of the text */
	uint8_t digest[CS_DIGEST_LEN];
	uint64_t base;            /* the generation that it was compared with */
	size_t n_left_out;        /* changes that the answer does not show */
	struct cs_apply_answer answer;
};

static void apply_free(struct apply *apply)
{
	free(apply->author);
	free(apply->comment);
	free(apply->text);
	cs_policy_free(&apply->policy);
	cs_clear(&cs_apply_answer_shape, &apply->answer);
	free(apply);
}

static void fail(struct apply *apply, int error, const char *text)
{
	task_fail(apply->task, error, text);
	apply_free(apply);
}

static void finish(struct apply *apply)
{
	const struct cs_authority *a = apply->task->authority;

	if (cs_copy(&cs_generation_shape, &a->generation, &apply->answer.generation) < 0) {
		fail(apply, CS_ENOMEM, NULL);
		return;
	}
	task_reply(apply->task, &apply->answer);
	apply_free(apply);
}

/* --- The steps: 0 goes on, 1 is answered already, a negative error fails ------------------------------------------ */

/* text is taken over; NULL: there was no memory for it. A message about a text may quote it at any length. */
static int refuse(struct apply *apply, enum cs_reason reason, char *text)
{
	if (!text)
		return CS_ENOMEM;
	if (strlen(text) > CS_MAX_TEXT)
		text[CS_MAX_TEXT] = '\0';
	cs_clear(&cs_decision_shape, &apply->answer.decision);
	apply->answer.decision.reason = reason;
	apply->answer.decision.text = cs_dup(cs_reason_text(reason));
	free(apply->answer.text);
	apply->answer.text = text;
	return apply->answer.decision.text ? 1 : CS_ENOMEM;
}

static int refuse_problem(struct apply *apply, int r, struct cs_problem *problem)
{
	if (r == CS_ECONF)
		r = refuse(apply, CS_WHY_BAD_CALL, cs_problem_text(problem));
	cs_problem_clear(problem);
	return r;
}

/* A sealed memfd only: a file or a pipe of somebody else could block the loop, or be another text when it is looked at
 * again. */
static const char *read_sealed(int fd, struct apply *apply)
{
	struct stat st;
	int seals = fd >= 0 ? fcntl(fd, F_GET_SEALS) : -1;
	size_t size = 0;

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0)
		return "the text has to come in a sealed memfd";
	if (st.st_size <= 0 || (uint64_t)st.st_size > CS_POLICY_TEXT_MAX)
		return st.st_size <= 0 ? "the text is empty" : "the text is too large";
	size = (size_t)st.st_size;
	apply->text = malloc(size + 1);
	if (!apply->text)
		return "out of memory";
	while (apply->len < size) {
		ssize_t n = pread(fd, apply->text + apply->len, size - apply->len, (off_t)apply->len);

		if (n <= 0)
			return "the text could not be read";
		apply->len += (size_t)n;
	}
	apply->text[size] = '\0';
	return memchr(apply->text, '\0', size) ? "the text holds a NUL" : NULL;
}

static int text_sent(struct apply *apply)
{
	const struct cs_apply *call = apply->task->call;
	const char *what = read_sealed(task_fd(apply->task), apply);
	uint8_t digest[CS_DIGEST_LEN];
	int r = 0;

	if (what)
		return refuse(apply, CS_WHY_BAD_CALL, cs_dup(what));
	r = cs_digest(CS_DOMAIN_POLICY, apply->text, apply->len, digest);
	if (r == 0 && memcmp(digest, call->digest, CS_DIGEST_LEN) != 0)
		return refuse(apply, CS_WHY_BAD_CALL, cs_dup("the text is not the one that the call names"));
	return r;
}

static int text_of(struct apply *apply, uint64_t number, char **ret_text)
{
	struct cs_generation generation = { 0 };
	int r = cs_store_policy_get(apply->task->authority->store, number, &generation, ret_text);

	cs_clear(&cs_generation_shape, &generation);
	return r;
}

static int text_before(struct apply *apply)
{
	const struct cs_apply *call = apply->task->call;
	int r = call->number ? text_of(apply, call->number, &apply->text) : CS_ENOENT;

	if (r == CS_ENOENT)
		return refuse(apply, CS_WHY_BAD_CALL, cs_dup("there is no generation with this number"));
	if (r == 0)
		apply->len = strlen(apply->text);
	return r;
}

static int text_edited(struct apply *apply)
{
	static const enum cs_edit_kind kinds[] = { [CS_APPLY_GRANT] = CS_EDIT_GRANT, [CS_APPLY_REVOKE] = CS_EDIT_REVOKE,
		[CS_APPLY_DEFINE] = CS_EDIT_DEFINE };
	const struct cs_apply *call = apply->task->call;
	struct cs_edit edit = { .kind = kinds[call->kind], .role = call->role, .scope_kind = call->scope_kind,
		.label = call->label, .permissions = call->permissions, .n_permissions = call->n_permissions,
		.inherits = call->inherits, .n_inherits = call->n_inherits };
	struct cs_problem problem = { 0 };
	char *before = NULL;
	int r = text_of(apply, apply->task->authority->generation.number, &before);

	if (r == 0)
		r = cs_policy_edit(before, PLACE, &edit, &apply->text, &problem);
	if (r == 0)
		apply->len = strlen(apply->text);
	free(before);
	return refuse_problem(apply, r, &problem);
}

static int (*const take_text[])(struct apply *apply) = {
	[CS_APPLY_TEXT] = text_sent,
	[CS_APPLY_ROLLBACK] = text_before,
	[CS_APPLY_GRANT] = text_edited,
	[CS_APPLY_REVOKE] = text_edited,
	[CS_APPLY_DEFINE] = text_edited,
};

static int check_text(struct apply *apply)
{
	struct cs_problem problem = { 0 };
	int r = 0;

	if (apply->len > CS_POLICY_TEXT_MAX)
		return refuse(apply, CS_WHY_BAD_CALL, cs_dup("the text is too large"));
	r = policy_read(apply->text, apply->len, PLACE, &apply->policy, apply->digest, &problem);
	return refuse_problem(apply, r, &problem);
}

static int came_between(struct apply *apply)
{
	const struct cs_generation *now = &apply->task->authority->generation;
	char *text = NULL;
	int r = cs_format(&text, "generation %llu by %s came in between; look at the change again",
		(unsigned long long)now->number, now->author ? now->author : "");

	return r < 0 ? r : refuse(apply, CS_WHY_POLICY_CHANGED, text);
}

/* The same text is in force already: whoever asks again because an answer was lost is told so. */
static int check_base(struct apply *apply)
{
	const struct cs_apply *call = apply->task->call;
	const struct cs_authority *a = apply->task->authority;

	apply->base = a->generation.number;
	if (memcmp(apply->digest, a->policy_digest, CS_DIGEST_LEN) == 0) {
		apply->answer.applied = true;
		return 1;
	}
	return call->base && call->base != apply->base ? came_between(apply) : 0;
}

/* As many as fit a request; they are sorted, so what weakens is shown first. */
static int compare(struct apply *apply)
{
	struct cs_apply_answer *answer = &apply->answer;
	struct cs_buf size;
	size_t n = 0, fit = 0;
	int r = cs_policy_diff(apply->task->authority->policy, apply->policy, &answer->changes, &n);

	if (r < 0)
		return r;
	answer->effect = cs_changes_effect(answer->changes, n);
	cs_buf_init(&size, CHANGES_BYTES);
	while (fit < n && fit < CS_MAX_CHANGES && cs_encode(&cs_change_shape, &answer->changes[fit], &size) == 0)
		fit++;
	cs_buf_clear(&size);
	for (size_t i = fit; i < n; i++)
		cs_clear(&cs_change_shape, &answer->changes[i]);
	answer->n_changes = fit;
	answer->more = fit < n;
	apply->n_left_out = n - fit;
	return 0;
}

/* --- The action --------------------------------------------------------------------------------------------------- */

static int add_word(struct cs_action *action, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int add_word(struct cs_action *action, const char *format, ...)
{
	char *word = NULL;
	va_list args;
	int r = 0;

	va_start(args, format);
	r = vasprintf(&word, format, args) < 0 ? CS_ENOMEM : 0;
	va_end(args);
	if (r < 0)
		return r;
	r = cs_strv_add(&action->argv, &action->n_argv, word);
	free(word);
	return r;
}

/* What is asked for, without the changes: "policy.apply weaker". It is done on this host, as submit will say too:
 * without a host every gate would seem to mean this one. */
static int action_begin(const struct cs_authority *a, struct cs_action *action, enum cs_effect effect)
{
	int r = cs_set(&action->service, "countersign");

	if (r == 0)
		r = cs_set(&action->host, a->options.host);
	if (r == 0)
		r = cs_set(&action->command, "policy.apply");
	if (r == 0)
		r = add_word(action, "policy.apply");
	return r == 0 ? add_word(action, "%s", cs_name_of(cs_effect_names, (int)effect)) : r;
}

/* Everything that approvers agree to: from which generation to which text, and what that does. */
static int action_fill(const struct apply *apply, struct cs_action *action)
{
	const struct cs_apply_answer *answer = &apply->answer;
	char hex[2 * CS_DIGEST_LEN + 1];
	int r = action_begin(apply->task->authority, action, answer->effect);

	cs_hex(apply->digest, CS_DIGEST_LEN, hex);
	if (r == 0)
		r = add_word(action, "generation %llu", (unsigned long long)apply->base);
	if (r == 0)
		r = add_word(action, "sha256:%s", hex);
	for (size_t i = 0; r == 0 && i < answer->n_changes; i++) {
		const struct cs_change *change = &answer->changes[i];

		r = add_word(action, "%s: %s: %s", cs_name_of(cs_effect_names, (int)change->effect), change->what,
			change->text);
	}
	if (r == 0 && apply->n_left_out)
		r = add_word(action, "… and %zu more", apply->n_left_out);
	return r;
}

/* --- Putting it in force ------------------------------------------------------------------------------------------ */

static int put(struct apply *apply)
{
	struct task *task = apply->task;
	struct cs_generation generation = { .uid = task->caller.uid, .request = apply->answer.decision.number };
	struct cs_stored request = { 0 };
	int r = generation.request ? cs_store_get(task->authority->store, generation.request, &request) : 0;

	memcpy(generation.digest, apply->digest, CS_DIGEST_LEN);
	generation.author = apply->author;
	generation.comment = apply->comment;
	apply->author = apply->comment = NULL;
	if (r == 0)
		r = policy_put(task->authority, &apply->policy, apply->text, apply->len, &generation,
			generation.request ? &request : NULL);
	cs_clear(&cs_generation_shape, &generation);
	cs_clear(&cs_stored_shape, &request);
	return r;
}

/* Between the question whether it may be and its answer another change may have come. */
static void apply_now(struct apply *apply)
{
	int r = 0;

	if (apply->base != apply->task->authority->generation.number)
		r = came_between(apply);
	else
		r = put(apply);
	apply->answer.applied = r == 0;
	if (r < 0)
		fail(apply, r, cs_reason_text(CS_WHY_STORE));
	else
		finish(apply);
}

/* Where no gate guards it, root alone may; whatever `unmatched` says. */
static int unguarded(struct apply *apply)
{
	struct cs_decision *decision = &apply->answer.decision;

	if (!caller_is_root(apply->task))
		return refuse(apply, CS_WHY_UNMATCHED, cs_dup(no_way));
	decision->verdict = CS_PERMIT;
	decision->reason = CS_WHY_ROOT;
	decision->text = cs_dup(cs_reason_text(CS_WHY_ROOT));
	return decision->text ? 0 : CS_ENOMEM;
}

static void apply_decided(void *arg, int error, const char *text, const void *reply)
{
	struct apply *apply = arg;
	struct cs_decision *decision = &apply->answer.decision;
	int r = error < 0 ? error : cs_copy(&cs_decision_shape, reply, decision);

	/* The gate of a moment ago: the host has left its netgroup meanwhile. */
	if (r == 0 && decision->verdict == CS_PERMIT && decision->reason == CS_WHY_UNGUARDED) {
		cs_clear(&cs_decision_shape, decision);
		r = unguarded(apply);
	}
	if (r < 0)
		fail(apply, r, text);
	else if (decision->verdict == CS_PERMIT)
		apply_now(apply);
	else
		finish(apply);
}

static int match(const struct task *task, const struct cs_action *action, const struct cs_answer *answer,
	struct cs_match *ret_match)
{
	struct cs_circumstances circumstances = { .action = action, .wall_ms = task->now.wall_ms };

	return answer ? task_match(task, action, &answer->facts[0], answer, ret_match)
		      : cs_policy_match(task->authority->policy, &circumstances, ret_match);
}

static void apply_ask(struct apply *apply, const struct cs_answer *answer)
{
	struct cs_submit submit = { .reason = apply->comment };
	struct cs_match found = { 0 };
	int r = action_fill(apply, &submit.action);

	if (r == 0)
		r = match(apply->task, &submit.action, answer, &found);
	if (r < 0) {
		fail(apply, r, NULL);
	} else if (found.kind != CS_MATCH_NONE) {
		submit_internal(apply->task->authority, &apply->task->caller, &submit, apply_decided, apply);
	} else {
		r = unguarded(apply);
		if (r < 0)
			fail(apply, r, NULL);
		else if (r == 1)
			finish(apply);
		else
			apply_now(apply);
	}
	cs_match_clear(&found);
	cs_clear(&cs_action_shape, &submit.action);
}

/* --- The start ---------------------------------------------------------------------------------------------------- */

static void put_word(struct cs_buf *out, const char *before, const char *word)
{
	cs_buf_put(out, before, strlen(before));
	if (word)
		cs_buf_put(out, word, strlen(word));
}

/* "role grant pmc release.approve in wg", or less where that is too long for a comment. */
static int comment_of_edit(const struct cs_apply *call, char **ret_comment)
{
	const char *kind = cs_name_of(cs_apply_names, (int)call->kind);
	struct cs_buf out;
	int r = 0;

	cs_buf_init(&out, CS_MAX_REASON + 1);
	put_word(&out, "role ", kind);
	put_word(&out, " ", call->role);
	for (size_t i = 0; i < call->n_permissions; i++)
		put_word(&out, " ", call->permissions[i]);
	if (call->scope_kind && *call->scope_kind)
		put_word(&out, " in ", call->scope_kind);
	cs_buf_put_u8(&out, 0);
	r = cs_buf_error(&out);
	if (r == 0)
		r = cs_set(ret_comment, (const char *)out.data);
	else if (r == CS_ETOOBIG)
		r = cs_format(ret_comment, "role %s %s", kind, call->role);
	cs_buf_clear(&out);
	return r;
}

static int comment_of(const struct cs_apply *call, char **ret_comment)
{
	if ((call->comment && *call->comment) || call->kind == CS_APPLY_TEXT)
		return cs_set(ret_comment, call->comment ? call->comment : "");
	if (call->kind == CS_APPLY_ROLLBACK)
		return cs_format(ret_comment, "rollback to %llu", (unsigned long long)call->number);
	return comment_of_edit(call, ret_comment);
}

static int begin(struct task *task, const char *author, struct apply **ret_apply)
{
	struct apply *apply = calloc(1, sizeof(*apply));
	int r = apply ? comment_of(task->call, &apply->comment) : CS_ENOMEM;

	if (r == 0)
		r = cs_set(&apply->author, author);
	if (r == 0)
		r = cs_set(&apply->answer.text, "");
	if (r < 0) {
		if (apply)
			apply_free(apply);
		return r;
	}
	apply->task = task;
	*ret_apply = apply;
	return 0;
}

/* From here on nothing waits for the directory but the submit. answer is NULL where it need not be asked. */
static void apply_go(struct task *task, const char *author, const struct cs_answer *answer)
{
	static int (*const steps[])(struct apply *apply) = { check_text, check_base, compare };
	const struct cs_apply *call = task->call;
	struct apply *apply = NULL;
	int r = begin(task, author, &apply);

	if (r < 0) {
		task_fail(task, r, NULL);
		return;
	}
	r = take_text[call->kind](apply);
	for (size_t i = 0; r == 0 && i < CS_COUNT(steps); i++)
		r = steps[i](apply);
	if (r < 0)
		fail(apply, r, NULL);
	else if (r == 1 || call->only_show)
		finish(apply);
	else
		apply_ask(apply, answer);
}

/* Does the person hold the permission of a gate on this? 1, 0 or CS_EDOUBT. */
static int holds_for(struct task *task, enum cs_effect effect, const struct cs_answer *answer)
{
	struct cs_action action = { 0 };
	struct cs_match found = { 0 };
	char *text = NULL;
	int r = action_begin(task->authority, &action, effect);

	if (r == 0)
		r = add_word(&action, "generation %llu", (unsigned long long)task->authority->generation.number);
	if (r == 0)
		r = add_word(&action, "sha256:");
	if (r == 0)
		r = match(task, &action, answer, &found);
	if (r == 0 && found.kind == CS_MATCH_GATE)
		r = facts_stale(task, answer->facts, answer->n_facts, cs_gate_fresh_ms(found.gate), "the gate", &text)
			? CS_EDOUBT
			: cs_policy_has_right(task->authority->policy, &answer->facts[0], cs_gate_permission(found.gate),
			found.scope, NULL);
	else if (r == 0)
		r = found.kind == CS_MATCH_DOUBT ? CS_EDOUBT : 0;
	free(text);
	cs_match_clear(&found);
	cs_clear(&cs_action_shape, &action);
	return r;
}

/* Others than root have to hold the permission of such a gate before they are told anything, and before they cost much:
 * which of the gates counts is known when the texts are compared, and it asks again. */
static int may_look(struct task *task, const struct cs_answer *answer)
{
	static const enum cs_effect effects[] = { CS_EFFECT_WEAKER, CS_EFFECT_STRONGER, CS_EFFECT_NONE };
	int doubt = 0;

	for (size_t i = 0; i < CS_COUNT(effects); i++) {
		int r = holds_for(task, effects[i], answer);

		if (r == 1)
			return 1;
		if (r < 0)
			doubt = r;
	}
	return doubt;
}

static void apply_resume(struct task *task, const struct cs_answer *answer)
{
	int r = caller_is_root(task) ? 1 : may_look(task, answer);

	if (r == 1)
		apply_go(task, caller_is_root(task) ? "root" : answer->facts[0].person.name, answer);
	else
		task_fail(task, r < 0 ? r : CS_EPERM,
			r == CS_EDOUBT ? "the directory could not tell whether you may change the policy"
			: r == 0 ? no_way : NULL);
}

/* Does any gate name policy.apply, with whatever arguments? 1, 0 or CS_E…. */
static int is_guarded(const struct task *task)
{
	struct cs_action action = { 0 };
	struct cs_match found = { 0 };
	int r = action_begin(task->authority, &action, CS_EFFECT_WEAKER);

	if (r == 0)
		r = match(task, &action, NULL, &found);
	if (r == 0)
		r = found.kind != CS_MATCH_NONE;
	cs_match_clear(&found);
	cs_clear(&cs_action_shape, &action);
	return r;
}

static void ask_first(struct task *task)
{
	struct cs_action action = { 0 };
	int r = action_begin(task->authority, &action, CS_EFFECT_WEAKER);

	if (r == 0)
		r = task_ask_subject(task, task->caller.uid, NULL);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0)
		r = task_ask_match(task, &action);
	cs_clear(&cs_action_shape, &action);
	if (r < 0) {
		task_fail(task, r, NULL);
		return;
	}
	task_keep_fds(task);
	task_ask(task, cs_policy_service_fresh_ms(task->authority->policy, "countersign"), apply_resume);
}

void apply_start(struct task *task)
{
	const struct cs_apply *call = task->call;
	int known = (size_t)call->kind < CS_COUNT(take_text) && take_text[call->kind];
	int guarded = 0;

	if (task->caller.module || !known) {
		task_fail(task, known ? CS_EPERM : CS_EINVAL, NULL);
		return;
	}
	guarded = is_guarded(task);
	if (guarded < 0)
		task_fail(task, guarded, NULL);
	else if (guarded)
		ask_first(task);
	else if (caller_is_root(task))
		apply_go(task, "root", NULL); /* also while the directory is away */
	else
		task_fail(task, CS_EPERM, no_way);
}
