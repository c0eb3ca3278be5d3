/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators and auditors ask: status, evidence, loading the policy again. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

static int is_root(const struct task *task)
{
	return !task->caller.module && task->caller.uid == task->authority->options.root_uid;
}

void status_start(struct task *task)
{
	struct cs_authority *a = task->authority;
	struct cs_status status = { 0 };
	uint64_t of_uid = 0;
	int ok = 0;
	int r = cs_store_count_open(a->store, CS_NO_UID, &of_uid, &status.pending, &status.approved);

	status.version = cs_dup(a->options.version);
	status.host = cs_dup(a->options.host);
	status.uptime_ms = task->now.boot_ms - a->started_ms;
	status.policy_file = cs_dup(a->options.policy_file);
	memcpy(status.policy_digest, a->policy_digest, CS_DIGEST_LEN);
	status.policy_wall_ms = a->policy_wall_ms;
	status.directory = cs_dup(cs_directory_state(a->directory, &ok));
	status.directory_ok = ok == 1;
	status.store = cs_dup(cs_store_name(a->store));
	status.assurance = cs_dup("local-uid");
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

	if (!is_root(task)) {
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
	if (r < 0) {
		cs_clear(&cs_evidence_answer_shape, &answer);
		task_fail(task, r, NULL);
	} else {
		task_reply(task, &answer);
	}
}

void reload_start(struct task *task)
{
	struct cs_problem problem = { 0 };
	struct cs_reload_answer answer = { 0 };
	int r = 0;

	if (!is_root(task)) {
		task_fail(task, CS_EPERM, "only root loads a policy");
		return;
	}
	r = cs_authority_reload(task->authority, &problem);
	answer.loaded = r == 0;
	answer.text = r == 0 ? cs_dup("loaded") : cs_problem_text(&problem);
	memcpy(answer.policy_digest, task->authority->policy_digest, CS_DIGEST_LEN);
	cs_problem_clear(&problem);
	task_reply(task, &answer);
}
