/* SPDX-License-Identifier: Apache-2.0 */
/* Plain rights: does this person hold this permission, or have this role, in this scope, and why. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* Both calls, as one: permission or role is NULL. The strings are the call's. */
struct asked {
	char *user, *permission, *role, *scope;
};

static bool is_about_role(const struct task *task)
{
	return task->handler->type == CS_CALL_ROLE;
}

static struct asked asked_by(const struct task *task)
{
	const struct cs_has_role *role = task->call;
	const struct cs_right *right = task->call;

	if (is_about_role(task))
		return (struct asked){ role->subject.name, NULL, role->role, role->scope };
	return (struct asked){ right->user, right->permission, NULL, right->scope };
}

static struct cs_sought sought_by(const struct task *task)
{
	struct asked asked = asked_by(task);

	return (struct cs_sought){ asked.permission, asked.role, asked.scope };
}

static uint64_t fresh_of(const struct task *task)
{
	struct asked asked = asked_by(task);

	return is_about_role(task) ? cs_policy_role_fresh_ms(task->authority->policy, asked.role)
		: cs_policy_permission_fresh_ms(task->authority->policy, asked.permission);
}

static int cache_key(const struct task *task, uint8_t ret_key[CS_DIGEST_LEN])
{
	struct cs_buf bytes;
	int r = 0;

	cs_buf_init(&bytes, CS_MAX_EVENT);
	cs_buf_put(&bytes, task->authority->policy_digest, CS_DIGEST_LEN);
	cs_buf_put_u32(&bytes, (uint32_t)task->handler->type);
	r = cs_encode(task->handler->call, task->call, &bytes);
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
	return cached->until_ms > task->now.boot_ms && memcmp(cached->key, key, CS_DIGEST_LEN) == 0 &&
	       cached->changes == cs_directory_changes(task->authority->directory);
}

void rights_forget(struct cs_authority *a)
{
	for (size_t i = 0; a->cache && i < CACHED_RIGHTS; i++) {
		free(a->cache[i].source);
		a->cache[i] = (struct cached_right){ 0 };
	}
}

/* Until when an answer from these facts stands: no right outlives RIGHT_CACHE_MS, nor what its permission wants. */
static uint64_t cached_until(const struct task *task, const struct cs_facts *facts, enum cs_reason reason,
	uint64_t fresh_ms)
{
	uint64_t since = facts->boot_ms < task->now.boot_ms ? facts->boot_ms : task->now.boot_ms;

	return reason == CS_WHY_DOUBT ? 0 : since + (fresh_ms < RIGHT_CACHE_MS ? fresh_ms : RIGHT_CACHE_MS);
}

/* What is told of a right, beside the steps. */
struct right {
	enum cs_verdict verdict;
	enum cs_reason reason;
	const char *text;   /* NULL: the reason's */
	const char *source; /* NULL: nobody told facts */
	uint64_t boot_ms;
};

static void reply_right(struct task *task, const struct right *right, char **steps, size_t n_steps)
{
	struct cs_right_answer answer = { .verdict = right->verdict, .reason = right->reason, .steps = steps,
		.n_steps = n_steps };

	answer.text = cs_dup(right->text && *right->text ? right->text : cs_reason_text(right->reason));
	answer.source = cs_dup(right->source);
	if (right->source && task->now.boot_ms > right->boot_ms)
		answer.age_ms = task->now.boot_ms - right->boot_ms;
	task_reply(task, &answer);
}

static void remember(struct task *task, const struct cs_facts *facts, const struct right *right, uint64_t fresh_ms,
	bool recorded, const uint8_t key[CS_DIGEST_LEN])
{
	struct cached_right *cached = cache_slot(task->authority, key);

	memcpy(cached->key, key, CS_DIGEST_LEN);
	cached->until_ms = cached_until(task, facts, right->reason, fresh_ms);
	if (recorded)
		cached->recorded_ms = task->now.boot_ms + RIGHT_CACHE_MS;
	cached->changes = task->changes;
	cached->verdict = right->verdict;
	cached->reason = right->reason;
	cached->boot_ms = facts->boot_ms;
	cs_free_str(&cached->source);
	cached->source = cs_dup(facts->source);
}

/* Was this same answer recorded less than RIGHT_CACHE_MS ago? */
static bool is_recorded(const struct task *task, const struct right *right, const uint8_t key[CS_DIGEST_LEN])
{
	const struct cached_right *cached = cache_slot(task->authority, key);

	return cached->recorded_ms > task->now.boot_ms && memcmp(cached->key, key, CS_DIGEST_LEN) == 0 &&
	       cached->verdict == right->verdict && cached->reason == right->reason;
}

/* What was asked and what it was answered from: cs_permitted_body with the permission as the command. A denial of what is
 * too long for that is recorded without it. */
static int right_body(const struct task *task, const struct cs_facts *facts, const struct right *right,
	struct cs_buf *body)
{
	struct asked asked = asked_by(task);
	struct cs_sought sought = sought_by(task);
	struct cs_permitted_body told = { .subject = { .uid = facts->person.uid, .login_uid = CS_NO_UID,
		.name = asked.user }, .action = { .command = asked.permission, .target_name = asked.role },
		.scope = asked.scope };
	int r = cs_grounds_freeze_right(task->authority->policy, facts, &sought, task->now.wall_ms, &told.grounds);

	if (r == 0 && !(told.grounds.boot = cs_dup(task->now.boot_id)))
		r = CS_ENOMEM;
	told.grounds.boot_ms = task->now.boot_ms;
	if (r == 0)
		r = cs_encode(&cs_permitted_body_shape, &told, body);
	cs_clear(&cs_grounds_shape, &told.grounds);
	return r == CS_ETOOBIG && right->verdict == CS_DENY ? 0 : r;
}

static int add_event(struct task *task, const struct cs_facts *facts, const struct right *right)
{
	struct asked asked = asked_by(task);
	struct cs_authority *a = task->authority;
	struct cs_event event = { 0 };
	struct cs_buf body;
	char *told = facts_told(facts, &task->now), *text = NULL;
	int r = told ? cs_format(&text, "%s%s in %s%s%s", is_about_role(task) ? "role " : "",
			is_about_role(task) ? asked.role : asked.permission, asked.scope,
			*told ? ", " : "", told)
		: CS_ENOMEM;

	free(told);
	cs_buf_init(&body, CS_MAX_EVENT);
	if (r == 0)
		r = right_body(task, facts, right, &body);
	if (r == 0)
		r = record_begin(a);
	if (r == 0) {
		event.kind = right->verdict == CS_PERMIT ? CS_EVENT_PERMITTED : CS_EVENT_DENIED;
		event.actor_uid = facts->person.uid;
		event.actor_name = asked.user;
		event.actor_id = facts->person.id;
		event.verdict = right->verdict;
		event.reason = right->reason;
		event.text = text;
		event.body = cs_buf_error(&body) == 0 ? body.data : NULL;
		event.n_body = event.body ? body.len : 0;
		r = record_event(a, &event);
		if (r < 0)
			record_undo(a);
	}
	cs_buf_clear(&body);
	free(text);
	return r;
}

/* sudo asks for the role of every rule that it comes to, for whoever uses it: that somebody has not each of them is no
 * denial of anything that he asked for. */
static bool is_worth_a_record(const struct task *task, const struct right *right)
{
	return !is_about_role(task) || right->verdict != CS_DENY;
}

/* A right that opens a door (the module asked) is recorded before it is told. The record stands for the same answers
 * of the next RIGHT_CACHE_MS, however long the answer itself may be remembered. */
static int record_right(struct task *task, const struct cs_facts *facts, const struct right *right, uint64_t fresh_ms)
{
	uint8_t key[CS_DIGEST_LEN];
	bool recorded = false;
	int r = cache_key(task, key);

	if (r == 0 && is_worth_a_record(task, right) && !is_recorded(task, right, key)) {
		r = add_event(task, facts, right);
		recorded = true;
	}
	if (r == 0)
		remember(task, facts, right, fresh_ms, recorded, key);
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

static void right_answer(struct task *task, const struct cs_facts *facts, const struct right *right, uint64_t fresh_ms)
{
	static const struct right unrecorded = { .verdict = CS_DENY, .reason = CS_WHY_STORE };
	struct asked asked = asked_by(task);
	char **steps = NULL;
	size_t n_steps = 0;

	if (task->caller.module && record_right(task, facts, right, fresh_ms) < 0) {
		reply_right(task, &unrecorded, NULL, 0);
		return;
	}
	if (!task->caller.module && cs_policy_explain(task->authority->policy, facts, asked.permission,
		asked.scope, &steps, &n_steps) < 0)
		cs_free_strv(&steps, &n_steps);
	reply_right(task, right, steps, n_steps);
}

static void right_resume(struct task *task, const struct cs_answer *answer)
{
	struct cs_sought sought = sought_by(task);
	const struct cs_policy *policy = task->authority->policy;
	const struct cs_facts *facts = &answer->facts[0];
	uint64_t fresh_ms = fresh_of(task);
	struct right right = { .source = facts->source, .boot_ms = facts->boot_ms };
	struct cs_held held = { 0 };
	char *stale = NULL;

	if (about_another(task, facts, asked_by(task).user)) {
		task_fail(task, CS_EPERM, "only root may ask about other people");
		return;
	}
	right.reason = reason_of(cs_policy_holds(policy, facts, &sought, &held), &held);
	right.text = right.reason == CS_WHY_DOUBT ? held.because : NULL;
	if (facts_stale(task, facts, 1, fresh_ms, is_about_role(task) ? "the role" : "the permission", &stale)) {
		right.reason = CS_WHY_DOUBT;
		right.text = stale;
	}
	right.verdict = verdict_of(right.reason);
	right_answer(task, facts, &right, fresh_ms);
	cs_held_clear(&held);
	free(stale);
}

/* Whom it is about: the name that is given, or the caller by uid. */
static int right_subject(struct task *task)
{
	const struct cs_has_role *role = task->call;
	const char *user = asked_by(task).user;

	if (!may_ask_about_others(task))
		return task_ask_subject(task, task->caller.uid, NULL);
	if (!user || !*user)
		return CS_EINVAL;
	return task_ask_subject(task, is_about_role(task) ? role->subject.uid : CS_NO_UID, user);
}

/* What was answered a moment ago to the same question of a module. */
static int is_remembered(struct task *task)
{
	const struct cached_right *cached = NULL;
	uint8_t key[CS_DIGEST_LEN];

	if (!task->caller.module || cache_key(task, key) < 0)
		return 0;
	cached = cache_slot(task->authority, key);
	if (!cache_valid(task, cached, key))
		return 0;
	reply_right(task, &(struct right){ cached->verdict, cached->reason, NULL, cached->source, cached->boot_ms },
		NULL, 0);
	return 1;
}

static void look_up(struct task *task, bool known, const char *unknown)
{
	const char *scope = asked_by(task).scope;
	int r = 0;

	if (!known) {
		task_fail(task, CS_ENOENT, unknown);
		return;
	}
	if (!scope || !*scope) {
		task_fail(task, CS_EINVAL, "scope: name one, such as project/tomcat, or * for everywhere");
		return;
	}
	if (is_remembered(task))
		return;
	r = right_subject(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r < 0)
		task_fail(task, r, r == CS_EINVAL ? "user: name one" : NULL);
	else
		task_ask(task, fresh_of(task), right_resume);
}

void right_start(struct task *task)
{
	const struct cs_right *call = task->call;

	look_up(task, cs_policy_permission_known(task->authority->policy, call->permission ? call->permission : "") == 1,
		"the policy has no such permission");
}

void role_start(struct task *task)
{
	const struct cs_has_role *call = task->call;

	look_up(task, cs_policy_role_known(task->authority->policy, call->role) == 1, "the policy has no such role");
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

static enum cs_reason reason_told(const struct task *task, const struct cs_facts *facts,
	const struct cs_right_asked *asked)
{
	const struct cs_policy *policy = task->authority->policy;
	uint64_t fresh_ms = cs_policy_permission_fresh_ms(policy, asked->permission);
	enum cs_reason reason = CS_WHY_DOUBT;
	struct cs_held held = { 0 };
	char *stale = NULL;

	if (!facts_stale(task, facts, 1, fresh_ms, "the permission", &stale))
		reason = reason_of(cs_policy_has_right(policy, facts, asked->permission, asked->scope, &held), &held);
	cs_held_clear(&held);
	free(stale);
	return reason;
}

static int rights_fill(struct task *task, const struct cs_answer *answer, struct cs_rights_answer *rights)
{
	const struct cs_rights *call = task->call;

	for (size_t i = 0; i < call->n_asked; i++) {
		const struct cs_right_asked *asked = &call->asked[i];
		const struct cs_facts *facts = &answer->facts[asked_about(task, asked->user)];
		struct cs_right_told *told = &rights->told[rights->n_told++];

		if (about_another(task, facts, asked->user))
			return CS_EPERM;
		told->reason = well_asked(task, asked) ? reason_told(task, facts, asked) : CS_WHY_BAD_CALL;
		told->verdict = verdict_of(told->reason);
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

/* The smallest of what the permissions want. */
static uint64_t least_fresh(const struct task *task)
{
	const struct cs_rights *call = task->call;
	uint64_t least = CS_FRESH_ANY;

	for (size_t i = 0; i < call->n_asked; i++) {
		const char *permission = call->asked[i].permission;
		uint64_t fresh = cs_policy_permission_fresh_ms(task->authority->policy, permission ? permission : "");

		least = fresh < least ? fresh : least;
	}
	return least;
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
		task_ask(task, least_fresh(task), rights_resume);
}
