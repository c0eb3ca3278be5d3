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

static int reply_right(struct task *task, enum cs_verdict verdict, enum cs_reason reason, const char *text, char ***steps,
	size_t *n_steps)
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

static enum cs_reason right_reason(const struct cs_facts *facts, int held)
{
	if (facts->known == CS_KNOWN_DOUBT || held < 0)
		return CS_WHY_DOUBT;
	if (facts->known != CS_KNOWN_YES)
		return CS_WHY_UNKNOWN_PERSON;
	if (facts->person.locked)
		return CS_WHY_LOCKED_PERSON;
	return held == 1 ? CS_WHY_HAS_RIGHT : CS_WHY_NO_PERMISSION;
}

static int may_ask_about_others(const struct task *task)
{
	return task->caller.module || task->caller.uid == task->authority->options.root_uid;
}

/* Somebody else's rights are not everybody's to know: a name has to be the caller's own. */
static int about_another(const struct task *task, const struct cs_facts *facts)
{
	const struct cs_right *call = task->call;

	if (may_ask_about_others(task) || !call->user || !*call->user || facts->known == CS_KNOWN_DOUBT)
		return 0;
	return facts->known != CS_KNOWN_YES || !facts->person.name || strcmp(facts->person.name, call->user) != 0;
}

static void right_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_right *call = task->call;
	const struct cs_policy *policy = task->authority->policy;
	const struct cs_facts *facts = &answer->facts[0];
	char **steps = NULL;
	size_t n_steps = 0;
	int held = cs_policy_has_right(policy, facts, call->permission, call->scope, NULL);
	enum cs_reason reason = right_reason(facts, held);
	enum cs_verdict verdict = reason == CS_WHY_HAS_RIGHT ? CS_PERMIT : CS_DENY;

	if (about_another(task, facts)) {
		task_fail(task, CS_EPERM, "only root may ask about other people");
		return;
	}
	if (task->caller.module && record_right(task, facts, verdict, reason) < 0) {
		(void)reply_right(task, CS_DENY, CS_WHY_STORE, NULL, NULL, NULL);
		return;
	}
	if (!task->caller.module && cs_policy_explain(policy, facts, call->permission, call->scope, &steps, &n_steps) < 0)
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
