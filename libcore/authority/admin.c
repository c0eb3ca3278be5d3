/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators and auditors ask: status, evidence, the policy's generations, the directory. */
#include "internal.h"
#include "frame.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

int caller_is_root(const struct task *task)
{
	return !task->caller.module && task->caller.uid == task->authority->options.root_uid;
}

void status_start(struct task *task)
{
	struct cs_authority *a = task->authority;
	struct cs_status status = { 0 };
	uint64_t of_uid = 0, due_wall_ms = 0;
	int ok = 0;
	int r = cs_store_count_open(a->store, CS_NO_UID, &of_uid, &status.pending, &status.approved);

	if (r == 0)
		r = cs_store_count_notices(a->store, &status.notices, &due_wall_ms);
	status.version = cs_dup(a->options.version);
	status.host = cs_dup(a->options.host);
	status.uptime_ms = task->now.boot_ms - a->started_ms;
	status.policy_file = cs_dup(a->options.policy_file);
	memcpy(status.policy_digest, a->policy_digest, CS_DIGEST_LEN);
	status.policy_generation = a->generation.number;
	status.policy_wall_ms = a->generation.wall_ms;
	status.directory = cs_dup(cs_directory_state(a->directory, &ok));
	status.directory_ok = ok == 1;
	status.store = cs_dup(cs_store_name(a->store));
	status.assurance = cs_dup("local-uid");
	(void)cs_roster_now(a->options.roster);
	status.roster = cs_dup(cs_roster_state(a->options.roster));
	status.host_key = cs_dup(a->options.host_key ? cs_host_key_public(a->options.host_key) : "");
	status.events = a->in_transaction ? a->begin_head : a->head;
	memcpy(status.head, a->in_transaction ? a->begin_chain : a->chain, CS_DIGEST_LEN);
	if (a->options.events.describe)
		a->options.events.describe(a->options.events.arg, &status);
	if (r < 0) {
		cs_clear(&cs_status_shape, &status);
		task_fail(task, r, NULL);
	} else {
		task_reply(task, &status);
	}
}

/* As many records as surely fit one frame. */
static size_t records_that_fit(const struct cs_record *records, size_t n)
{
	size_t bytes = 0, i = 0;

	for (; i < n; i++) {
		bytes += records[i].n_bytes + 64;
		if (i > 0 && bytes > CS_MAX_EVENT + 32768)
			break;
	}
	return i;
}

void evidence_start(struct task *task)
{
	const struct cs_evidence_call *call = task->call;
	struct cs_evidence_answer answer = { 0 };
	size_t n = 0, fit = 0;
	uint8_t chain[CS_DIGEST_LEN];
	int r = 0;

	if (!caller_is_root(task)) {
		task_fail(task, CS_EPERM, "only root reads the evidence");
		return;
	}
	r = cs_store_records(task->authority->store, call->from ? call->from : 1,
		call->count && call->count < CS_MAX_LIST ? call->count : CS_MAX_LIST, &answer.records, &n);
	if (r == 0) {
		fit = records_that_fit(answer.records, n);
		for (size_t i = fit; i < n; i++)
			cs_clear(&cs_record_shape, &answer.records[i]);
		answer.n_records = fit;
		r = cs_store_head(task->authority->store, &answer.last, chain);
	}
	if (r == 0)
		r = cs_store_first(task->authority->store, &answer.first, answer.before);
	if (r < 0) {
		cs_clear(&cs_evidence_answer_shape, &answer);
		task_fail(task, r, NULL);
	} else {
		task_reply(task, &answer);
	}
}

/* --- The policy and its generations ------------------------------------------------------------------------------- */

#define HISTORY_BYTES (CS_FRAME_MAX / 2)

void history_start(struct task *task)
{
	const struct cs_history *call = task->call;
	struct cs_history_answer answer = { 0 };
	struct cs_buf size;
	size_t n = 0;
	int r = 0;

	if (!caller_is_root(task)) {
		task_fail(task, CS_EPERM, "only root reads the policy");
		return;
	}
	r = cs_store_policies(task->authority->store, call->before, CS_MAX_LIST, &answer.generations, &n);
	answer.n_generations = n;
	cs_buf_init(&size, HISTORY_BYTES);
	/* What does not fit is asked for again, from there. */
	for (n = 0; r == 0 && n < answer.n_generations; n++)
		if (cs_encode(&cs_generation_shape, &answer.generations[n], &size) < 0)
			break;
	while (answer.n_generations > n && n > 0)
		cs_clear(&cs_generation_shape, &answer.generations[--answer.n_generations]);
	cs_buf_clear(&size);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_reply(task, &answer);
}

void policy_start(struct task *task)
{
	const struct cs_policy_call *call = task->call;
	struct cs_policy_answer answer = { 0 };
	char *text = NULL;
	int r = 0;

	if (!caller_is_root(task)) {
		task_fail(task, CS_EPERM, "only root reads the policy");
		return;
	}
	r = cs_store_policy_get(task->authority->store, call->number, &answer.generation, &text);
	if (r == 0 && call->offset < answer.generation.size) {
		size_t left = (size_t)(answer.generation.size - call->offset);

		answer.n_text = left < CS_MAX_EVENT ? left : CS_MAX_EVENT;
		answer.text = malloc(answer.n_text);
		r = answer.text ? 0 : CS_ENOMEM;
		if (r == 0)
			memcpy(answer.text, text + call->offset, answer.n_text);
	}
	free(text);
	if (r < 0) {
		answer.n_text = 0;
		cs_clear(&cs_policy_answer_shape, &answer);
		task_fail(task, r, r == CS_ENOENT ? "there is no generation with this number" : NULL);
	} else {
		task_reply(task, &answer);
	}
}

/* --- The directory, as the daemon sees it ------------------------------------------------------------------------- */

static void directory_resume(struct task *task, const struct cs_answer *answer)
{
	struct cs_answer copy = { 0 };
	struct cs_buf size;
	int r = 0;

	cs_buf_init(&size, CS_FRAME_MAX - 64);
	r = cs_encode(&cs_answer_shape, answer, &size);
	cs_buf_clear(&size);
	if (r == 0)
		r = cs_copy(&cs_answer_shape, answer, &copy);
	if (r < 0)
		task_fail(task, r, r == CS_ETOOBIG
			? "the answer is too large for one reply; export the directory and use --ldif" : NULL);
	else
		task_reply(task, &copy);
}

void directory_start(struct task *task)
{
	int r = 0;

	if (!caller_is_root(task)) {
		task_fail(task, CS_EPERM, "only root asks the directory");
		return;
	}
	r = cs_copy(&cs_question_shape, task->call, &task->question);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_ask(task, CS_FRESH_ANY, directory_resume);
}
