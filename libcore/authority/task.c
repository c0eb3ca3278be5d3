/* SPDX-License-Identifier: Apache-2.0 */
/* A task is one call on its way: start, a question to the directory where it needs one (a second where the first
 * decides which gate counts), one end. */
#include "internal.h"
#include "file.h"
#include "mem.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static void clear_votes(struct task *task)
{
	for (size_t i = 0; i < task->n_votes; i++)
		cs_clear(&cs_approval_shape, &task->votes[i]);
	free(task->votes);
	task->votes = NULL;
	task->n_votes = 0;
}

void task_unload(struct task *task)
{
	cs_clear(&cs_stored_shape, &task->stored);
	clear_votes(task);
}

/* What belongs to one try: everything but the call itself and who waits for it. */
static void task_reset(struct task *task)
{
	cs_match_clear(&task->match);
	cs_clear(&cs_question_shape, &task->question);
	task_unload(task);
	free(task->listings_of_rule);
	task->listings_of_rule = NULL;
	cs_free_str(&task->told);
	cs_clear(&cs_grounds_shape, &task->grounds);
	cs_clear(&cs_decision_shape, &task->would);
	task->match_at = task->n_match = 0;
}

static void task_free(struct task *task)
{
	task_reset(task);
	if (task->keeps_fds)
		cs_fds_close(&task->fds);
	cs_clear(task->handler->call, task->call);
	free(task->call);
	free(task->only_gate);
	free(task);
}

void task_begin(struct cs_authority *a, const struct cs_caller *caller, const struct handler *handler, const void *call,
	const struct cs_fds *fds, cs_reply_fn done, void *arg)
{
	struct task *task = calloc(1, sizeof(*task));

	if (task)
		task->call = calloc(1, handler->call->size);
	if (!task || !task->call || cs_copy(handler->call, call, task->call) < 0 || a->options.now(&task->now) < 0) {
		done(arg, CS_ENOMEM, NULL, NULL);
		if (task && task->call)
			cs_clear(handler->call, task->call);
		free(task ? task->call : NULL);
		free(task);
		return;
	}
	task->authority = a;
	task->caller = *caller;
	task->handler = handler;
	task->done = done;
	task->arg = arg;
	if (fds)
		task->fds = *fds;
	task->left_ms = a->options.answer_ms ? a->options.answer_ms : ANSWER_MS;
	handler->start(task);
}

static void task_end(struct task *task, int error, const char *text, void *reply)
{
	const struct cs_shape *shape = task->handler->reply;
	struct cs_authority *a = task->authority;
	struct answer *answer = calloc(1, sizeof(*answer));

	if (answer && reply && !(answer->reply = malloc(shape->size))) {
		free(answer);
		answer = NULL;
	}
	if (!answer) {
		/* No memory to wait for the commit with: the caller gets an error, which no door takes for a permit. */
		task->done(task->arg, CS_ENOMEM, NULL, NULL);
		if (reply)
			cs_clear(shape, reply);
		task_free(task);
		return;
	}
	answer->done = task->done;
	answer->arg = task->arg;
	answer->shape = shape;
	answer->error = error;
	answer->text = text ? strdup(text) : NULL;
	if (reply) {
		memcpy(answer->reply, reply, shape->size);
		memset(reply, 0, shape->size);
	}
	*a->answers_end = answer;
	a->answers_end = &answer->next;
	task_free(task);
}

void task_reply(struct task *task, void *reply)
{
	task_end(task, 0, NULL, reply);
}

void task_fail(struct task *task, int error, const char *text)
{
	task_end(task, error < 0 ? error : CS_EINVAL, text ? text : cs_strerror(error), NULL);
}

void task_decide(struct task *task, enum cs_verdict verdict, enum cs_reason reason, const char *text)
{
	struct cs_decision decision = { 0 };

	decision.verdict = verdict;
	decision.reason = reason;
	decision.text = cs_dup(text && *text ? text : cs_reason_text(reason));
	task_end(task, 0, NULL, &decision);
}

int task_again(struct task *task)
{
	if (task->tries >= 3)
		return 0;
	task_reset(task);
	task->tries++;
	task->handler->start(task);
	return 1;
}

/* What the directory took is gone; what the daemon itself does with a file is not its fault. */
static void take_time(struct task *task)
{
	struct cs_now now;
	uint64_t waited = 0;

	if (task->authority->options.now(&now) == 0 && now.boot_ms > task->asked_ms)
		waited = now.boot_ms - task->asked_ms;
	task->left_ms -= waited < task->left_ms ? waited : task->left_ms;
}

static void task_answered(void *arg, const struct cs_answer *answer)
{
	struct task *task = arg;

	take_time(task);
	if (answer->n_facts != task->question.n_subjects || answer->n_listings != task->question.n_listings) {
		task_fail(task, CS_EDOUBT, NULL);
		return;
	}
	/* Memberships are numbered by the policy's queries: with another policy the facts mean nothing. */
	if (task->policy_number != task->authority->policy_number && task_again(task))
		return;
	if (task->policy_number != task->authority->policy_number || task->authority->options.now(&task->now) < 0) {
		task_fail(task, CS_EDOUBT, NULL);
		return;
	}
	task->resume(task, answer);
}

int task_fd(const struct task *task)
{
	return task->fds.n > 0 ? task->fds.fds[0] : -1;
}

void task_keep_fds(struct task *task)
{
	if (task->keeps_fds || task->measured)
		return;
	for (size_t i = 0; i < task->fds.n; i++) /* none to be had: as if it could not be read */
		task->fds.fds[i] = fcntl(task->fds.fds[i], F_DUPFD_CLOEXEC, 3);
	task->keeps_fds = true;
}

void task_ask(struct task *task, uint64_t fresh_ms, void (*resume)(struct task *task, const struct cs_answer *answer))
{
	struct cs_directory *directory = task->authority->directory;
	/* In terms, 0 says nothing: what is asked each time is what is at most a millisecond old. */
	struct cs_terms terms = { .fresh_ms = fresh_ms == CS_FRESH_ANY ? 0 : fresh_ms == 0 ? 1 : fresh_ms };
	struct cs_now now = task->now; /* hashing a file may have taken long since */
	int r = 0;

	task->resume = resume;
	if (!task->keeps_fds)
		task->fds.n = 0; /* the caller's, and only until the call returns */
	task->policy_number = task->authority->policy_number;
	(void)task->authority->options.now(&now);
	task->asked_ms = now.boot_ms;
	terms.until_ms = now.boot_ms + task->left_ms;
	task->changes = cs_directory_changes(directory);
	r = cs_directory_ask(directory, &task->question, &terms, task_answered, task);
	if (r < 0)
		task_fail(task, r, NULL);
}

int task_ask_subject(struct task *task, uint32_t uid, const char *name)
{
	struct cs_question *q = &task->question;
	struct cs_subject *grown = realloc(q->subjects, (q->n_subjects + 1) * sizeof(*grown));
	struct cs_subject subject = { .uid = uid, .login_uid = CS_NO_UID, .name = cs_dup(name) };

	if (grown)
		q->subjects = grown;
	if (!grown || !subject.name) {
		free(subject.name);
		return CS_ENOMEM;
	}
	q->subjects[q->n_subjects++] = subject;
	return 0;
}

int task_ask_voters(struct task *task)
{
	int r = 0;

	for (size_t i = 0; i < task->n_votes && r == 0; i++)
		r = task_ask_subject(task, task->votes[i].person.uid, task->votes[i].person.name);
	return r;
}

int task_ask_groups(struct task *task)
{
	size_t n = 0;
	const struct cs_group_query *queries = cs_policy_queries(task->authority->policy, &n);
	struct cs_question *q = &task->question;

	if (n == 0)
		return 0;
	q->queries = calloc(n, sizeof(*q->queries));
	if (!q->queries)
		return CS_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int r = cs_copy(&cs_group_query_shape, &queries[i], &q->queries[i]);

		if (r < 0)
			return r;
		q->n_queries++;
	}
	return 0;
}

void task_ask_caller(struct task *task, void (*resume)(struct task *task, const struct cs_answer *answer))
{
	int r = task_ask_subject(task, task->caller.uid, NULL);

	if (r == 0)
		r = task_ask_groups(task);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_ask(task, CS_FRESH_ANY, resume);
}

/* Moves the queries of one rule behind those of the rules before it. */
static int append_listings(struct cs_question *q, struct cs_listing_query *queries, size_t n)
{
	struct cs_listing_query *grown = n ? reallocarray(q->listings, q->n_listings + n, sizeof(*grown)) : q->listings;

	if (n && !grown)
		return CS_ENOMEM;
	q->listings = grown;
	for (size_t i = 0; i < n; i++) {
		q->listings[q->n_listings++] = queries[i];
		memset(&queries[i], 0, sizeof(queries[i]));
	}
	return 0;
}

int task_ask_listings(struct task *task, const struct cs_gate *gate, const char *scope)
{
	size_t n = cs_gate_rules(gate);
	int r = 0;

	task->listings_of_rule = calloc(n + 1, sizeof(*task->listings_of_rule));
	if (!task->listings_of_rule)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		/* A list of its own for each rule: one group may be asked about for two rules. */
		struct cs_listing_query *queries = NULL;
		size_t n_queries = 0;

		r = cs_policy_who(task->authority->policy, gate, i, scope, &queries, &n_queries);
		if (r == 0)
			r = append_listings(&task->question, queries, n_queries);
		task->listings_of_rule[i] = n_queries;
		for (size_t k = 0; k < n_queries; k++)
			cs_clear(&cs_listing_query_shape, &queries[k]);
		free(queries);
	}
	return r;
}

int task_ask_match(struct task *task, const struct cs_action *action)
{
	struct cs_listing_query *queries = NULL;
	size_t n_queries = 0;
	int r = cs_policy_match_needs(task->authority->policy, action, &queries, &n_queries);

	task->match_at = task->question.n_listings;
	if (r == 0)
		r = append_listings(&task->question, queries, n_queries);
	task->n_match = task->question.n_listings - task->match_at;
	for (size_t k = 0; k < n_queries; k++)
		cs_clear(&cs_listing_query_shape, &queries[k]);
	free(queries);
	return r;
}

int task_match(const struct task *task, const struct cs_action *action, const struct cs_facts *person,
	const struct cs_answer *answer, struct cs_match *ret_match)
{
	static const struct cs_listing none; /* where nothing had to be asked, it was asked */
	struct cs_circumstances circumstances = { .action = action, .wall_ms = task->now.wall_ms, .person = person };

	circumstances.listings = task->n_match > 0 ? answer->listings + task->match_at : &none;
	circumstances.n_listings = task->n_match;
	return cs_policy_match(task->authority->policy, &circumstances, ret_match);
}

int task_load(struct task *task, uint64_t number)
{
	struct cs_stored fresh = { 0 };
	int r = cs_store_get(task->authority->store, number, &fresh);

	if (r < 0)
		return r;
	task_unload(task);
	task->stored = fresh;
	return cs_store_votes(task->authority->store, number, &task->votes, &task->n_votes);
}

const struct cs_gate *request_gate(const struct cs_authority *a, const struct cs_request *request)
{
	return cs_policy_judge(a->policy, request->gate, request->scope);
}

int stored_overdue(const struct cs_stored *stored, const struct cs_now *now, uint64_t *ret_remaining_ms)
{
	const struct cs_request *request = &stored->request;
	int passed = 0;

	if (stored->state == CS_APPROVED)
		return cs_deadline_passed(stored->since_boot, stored->since_boot_ms, stored->since_wall_ms,
			cs_use_span_ms(stored->since_wall_ms, request->start_wall_ms, request->use_within_ms), now,
			ret_remaining_ms);
	passed = cs_deadline_passed(request->boot, request->created_boot_ms, request->created_wall_ms,
		request->lifetime_ms, now, ret_remaining_ms);
	return passed && !glass_is_debt(stored); /* a debt does not lapse, whatever a clock says */
}

uint64_t stored_elapsed(const struct cs_stored *stored, const struct cs_now *now)
{
	const struct cs_request *request = &stored->request;
	uint64_t left = 0;

	if (cs_deadline_passed(request->boot, request->created_boot_ms, request->created_wall_ms, UINT64_MAX, now, &left))
		return 0;
	return UINT64_MAX - left;
}

/* How long after its approval it may be used first: the gate's waiting time, or the start it was asked for. */
static uint64_t cooling_span(const struct cs_authority *a, const struct cs_stored *stored)
{
	const struct cs_gate *gate = request_gate(a, &stored->request);
	uint64_t waits = gate ? cs_gate_use_after_ms(gate) : 0, start = stored->request.start_wall_ms;
	uint64_t ahead = start > stored->since_wall_ms ? start - stored->since_wall_ms : 0;

	return waits > ahead ? waits : ahead;
}

int stored_cooling(const struct cs_authority *a, const struct cs_stored *stored, const struct cs_now *now,
	uint64_t *ret_remaining_ms)
{
	uint64_t span = stored->state == CS_APPROVED ? cooling_span(a, stored) : 0, left = 0;

	/* Where the clock went back over a reboot, this span counts as over. So does use_within, which is longer and is
	 * looked at first: the approval is not early then but expired. */
	if (span == 0 ||
		cs_deadline_passed(stored->since_boot, stored->since_boot_ms, stored->since_wall_ms, span, now, &left))
		return 0;
	if (ret_remaining_ms)
		*ret_remaining_ms = left;
	return 1;
}

uint32_t stored_uses(const struct cs_stored *stored)
{
	return stored->request.uses ? stored->request.uses : 1;
}

int stored_use_over(const struct cs_authority *a, const struct cs_stored *stored, const struct cs_now *now,
	uint64_t *ret_remaining_ms)
{
	const struct cs_request *request = &stored->request;
	const struct cs_gate *gate = request_gate(a, request);
	uint64_t now_ms = gate ? cs_gate_use_within_ms(gate) : request->use_within_ms;
	uint64_t within_ms = now_ms < request->use_within_ms ? now_ms : request->use_within_ms;

	return cs_deadline_passed(stored->since_boot, stored->since_boot_ms, stored->since_wall_ms,
		cs_use_span_ms(stored->since_wall_ms, request->start_wall_ms, within_ms), now, ret_remaining_ms);
}

uint64_t stored_session_ms(const struct cs_authority *a, const struct cs_stored *stored)
{
	const struct cs_gate *gate = request_gate(a, &stored->request);
	uint64_t then_ms = stored->request.session_ms, now_ms = gate ? cs_gate_session_ms(gate) : 0;

	return now_ms > 0 && (then_ms == 0 || now_ms < then_ms) ? now_ms : then_ms;
}

bool stored_needs_session(const struct cs_authority *a, const struct cs_stored *stored)
{
	return stored_session_ms(a, stored) != 0 || stored_watch(a, stored) == CS_WATCH_REQUIRED;
}

char *cooling_text(uint64_t remaining_ms)
{
	char span[16], *text = NULL;

	cs_span_text(remaining_ms, span);
	return cs_format(&text, "Approved; it may be used in %s.", span) == 0 ? text : NULL;
}
