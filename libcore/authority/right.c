/* SPDX-License-Identifier: Apache-2.0 */
/* Plain rights: does this person hold this permission in this scope, and why. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

static int cache_key(const struct task *task, uint8_t ret_key[CS_DIGEST_LEN])
{
	struct cs_buf bytes;
	int r = 0;

	cs_buf_init(&bytes, CS_MAX_EVENT);
	cs_buf_put(&bytes, task->authority->policy_digest, CS_DIGEST_LEN);
	r = cs_encode(&cs_right_shape, task->call, &bytes);
	if (r == 0)
		r = cs_digest("countersign right v1", bytes.data, bytes.len, ret_key);
	cs_buf_clear(&bytes);
	return r;
}

static struct cached_right *cache_slot(struct cs_authority *a, const uint8_t key[CS_DIGEST_LEN])
{
	return &a->cache[((size_t)key[0] << 8 | key[1]) % CACHED_RIGHTS];
}

static int cache_valid(const struct task *task, const struct cached_right *cached, const uint8_t key[CS_DIGEST_LEN])
{
	return cached->until_ms > task->now.boot_ms && memcmp(cached->key, key, CS_DIGEST_LEN) == 0;
}

static int reply_right(struct task *task, enum cs_verdict verdict, enum cs_reason reason, const char *text,
	char ***steps, size_t *n_steps)
{
	struct cs_right_answer answer = { 0 };

	answer.verdict = verdict;
	answer.reason = reason;
	answer.text = cs_dup(text && *text ? text : cs_reason_text(reason));
	if (steps) {
		answer.steps = *steps;
		answer.n_steps = *n_steps;
		*steps = NULL;
		*n_steps = 0;
	}
	task_reply(task, &answer);
	return 0;
}

/* A right that opens a door (the module asked) is recorded before it is told. The record stands for the same answers
 * of the next RIGHT_CACHE_MS. */
static int record_right(struct task *task, const struct cs_facts *facts, enum cs_verdict verdict, enum cs_reason reason)
{
	const struct cs_right *call = task->call;
	struct cs_authority *a = task->authority;
	struct cs_event event = { 0 };
	uint8_t key[CS_DIGEST_LEN];
	char *text = NULL;
	int r = cs_format(&text, "%s in %s", call->permission, call->scope);

	if (r == 0)
		r = cache_key(task, key);
	if (r == 0)
		r = record_begin(a);
	if (r == 0) {
		event.kind = verdict == CS_PERMIT ? CS_EVENT_PERMITTED : CS_EVENT_DENIED;
		event.actor_uid = facts->person.uid;
		event.actor_name = call->user;
		event.actor_id = facts->person.id;
		event.verdict = verdict;
		event.reason = reason;
		event.text = text;
		r = record_event(a, &event);
		if (r < 0)
			record_undo(a);
	}
	if (r == 0 && reason != CS_WHY_DOUBT) {
		struct cached_right *cached = cache_slot(a, key);

		memcpy(cached->key, key, CS_DIGEST_LEN);
		cached->until_ms = task->now.boot_ms + RIGHT_CACHE_MS;
		cached->verdict = verdict;
		cached->reason = reason;
	}
	free(text);
	return r;
}

/* What could not be told, for whatever cause, is doubt. */
static enum cs_reason reason_of(int r, const struct cs_held *held)
{
	if (r == 1)
		return CS_WHY_HAS_RIGHT;
	return r < 0 || held->reason == CS_WHY_NONE || held->reason == CS_WHY_HAS_RIGHT ? CS_WHY_DOUBT : held->reason;
}

static enum cs_verdict verdict_of(enum cs_reason reason)
{
	return reason == CS_WHY_HAS_RIGHT ? CS_PERMIT : CS_DENY;
}

static int may_ask_about_others(const struct task *task)
{
	return task->caller.module || task->caller.uid == task->authority->options.root_uid;
}

/* Somebody else's rights are not everybody's to know: a name has to be the caller's own. */
static int about_another(const struct task *task, const struct cs_facts *facts, const char *user)
{
	if (may_ask_about_others(task) || !user || !*user || facts->known == CS_KNOWN_DOUBT)
		return 0;
	return facts->known != CS_KNOWN_YES || !facts->person.name || strcmp(facts->person.name, user) != 0;
}

static void right_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_right *call = task->call;
	const struct cs_policy *policy = task->authority->policy;
	const struct cs_facts *facts = &answer->facts[0];
	char **steps = NULL;
	size_t n_steps = 0;
	struct cs_held held = { 0 };
	int r = cs_policy_has_right(policy, facts, call->permission, call->scope, &held);
	enum cs_reason reason = reason_of(r, &held);
	enum cs_verdict verdict = verdict_of(reason);

	cs_held_clear(&held);
	if (about_another(task, facts, call->user)) {
		task_fail(task, CS_EPERM, "only root may ask about other people");
		return;
	}
	if (task->caller.module && record_right(task, facts, verdict, reason) < 0) {
		(void)reply_right(task, CS_DENY, CS_WHY_STORE, NULL, NULL, NULL);
		return;
	}
	if (!task->caller.module && cs_policy_explain(policy, facts, call->permission, call->scope, &steps,
		&n_steps) < 0)
		cs_free_strv(&steps, &n_steps);
	(void)reply_right(task, verdict, reason, reason == CS_WHY_DOUBT ? facts->doubt : NULL, &steps, &n_steps);
}

/* Whom it is about: the name that is given, or the caller by uid. */
static int right_subject(struct task *task)
{
	const struct cs_right *call = task->call;

	if (!may_ask_about_others(task))
		return task_ask_subject(task, task->caller.uid, NULL);
	return call->user && *call->user ? task_ask_subject(task, CS_NO_UID, call->user) : CS_EINVAL;
}

void right_start(struct task *task)
{
	const struct cs_right *call = task->call;
	uint8_t key[CS_DIGEST_LEN];
	const struct cached_right *cached = NULL;
	int r = 0;

	if (cs_policy_permission_known(task->authority->policy, call->permission ? call->permission : "") != 1) {
		task_fail(task, CS_ENOENT, "the policy has no such permission");
		return;
	}
	if (!call->scope || !*call->scope) {
		task_fail(task, CS_EINVAL, "scope: name one, such as project/tomcat, or * for everywhere");
		return;
	}
	if (task->caller.module && cache_key(task, key) == 0) {
		cached = cache_slot(task->authority, key);
		if (cache_valid(task, cached, key)) {
			(void)reply_right(task, cached->verdict, cached->reason, NULL, NULL, NULL);
			return;
		}
	}
	r = right_subject(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r < 0)
		task_fail(task, r, r == CS_EINVAL ? "user: name one" : NULL);
	else
		task_ask(task, right_resume);
}

/* --- Many at once ------------------------------------------------------------------------------------------------- */

/* Whom an item is about: the caller alone where he may not ask about others, else the name's place in the question. */
static size_t asked_about(const struct task *task, const char *user)
{
	size_t i = 0;

	if (!may_ask_about_others(task))
		return 0;
	while (i < task->question.n_subjects && strcmp(task->question.subjects[i].name, user) != 0)
		i++;
	return i;
}

/* What can be told without the directory: is it a permission of the policy, and a scope? */
static int well_asked(const struct task *task, const struct cs_right_asked *asked)
{
	return asked->permission && cs_policy_permission_known(task->authority->policy, asked->permission) == 1 &&
	       asked->scope && *asked->scope;
}

static int rights_fill(struct task *task, const struct cs_answer *answer, struct cs_rights_answer *rights)
{
	const struct cs_rights *call = task->call;

	for (size_t i = 0; i < call->n_asked; i++) {
		const struct cs_right_asked *asked = &call->asked[i];
		const struct cs_facts *facts = &answer->facts[asked_about(task, asked->user)];
		struct cs_right_told *told = &rights->told[rights->n_told++];
		struct cs_held held = { 0 };

		if (about_another(task, facts, asked->user))
			return CS_EPERM;
		told->reason = CS_WHY_BAD_CALL;
		if (well_asked(task, asked))
			told->reason = reason_of(
				cs_policy_has_right(task->authority->policy, facts, asked->permission, asked->scope,
					&held), &held);
		told->verdict = verdict_of(told->reason);
		cs_held_clear(&held);
	}
	return 0;
}

static void rights_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_rights *call = task->call;
	struct cs_rights_answer rights = { 0 };
	int r = 0;

	rights.told = calloc(call->n_asked, sizeof(*rights.told));
	r = rights.told ? rights_fill(task, answer, &rights) : CS_ENOMEM;
	if (r < 0) {
		cs_clear(&cs_rights_answer_shape, &rights);
		task_fail(task, r, r == CS_EPERM ? "only root may ask about other people" : NULL);
	} else {
		task_reply(task, &rights);
	}
}

/* Everybody who is asked about, each once. */
static int rights_subjects(struct task *task, const char **ret_what)
{
	const struct cs_rights *call = task->call;
	int r = 0;

	if (!may_ask_about_others(task))
		return task_ask_subject(task, task->caller.uid, NULL);
	for (size_t i = 0; r == 0 && i < call->n_asked; i++) {
		const char *user = call->asked[i].user;

		if (!user || !*user) {
			*ret_what = "user: name one";
			return CS_EINVAL;
		}
		if (asked_about(task, user) < task->question.n_subjects)
			continue;
		if (task->question.n_subjects == CS_MAX_SUBJECTS) {
			*ret_what = "too many people in one call";
			return CS_ETOOBIG;
		}
		r = task_ask_subject(task, CS_NO_UID, user);
	}
	return r;
}

/* Not through module.sock: what opens a door is recorded, one answer at a time (record_right). */
void rights_start(struct task *task)
{
	const struct cs_rights *call = task->call;
	struct cs_rights_answer none = { 0 };
	const char *what = NULL;
	int r = 0;

	if (task->caller.module) {
		task_fail(task, CS_EPERM, NULL);
		return;
	}
	if (call->n_asked == 0) {
		task_reply(task, &none);
		return;
	}
	r = rights_subjects(task, &what);
	if (r == 0)
		r = task_ask_groups(task);
	if (r < 0)
		task_fail(task, r, what);
	else
		task_ask(task, rights_resume);
}
