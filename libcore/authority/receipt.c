/* SPDX-License-Identifier: Apache-2.0 */
/* What others take home of the evidence: receipts of one request, and segments. */
#include "internal.h"
#include "frame.h"
#include "mem.h"
#include "ssh_signature.h"

#include <stdlib.h>
#include <string.h>

/* --- Receipts ----------------------------------------------------------------------------------------------------- */

static int sign(const struct cs_authority *a, const char *name_space, const struct cs_shape *shape, const void *obj,
	uint8_t **ret_signature, size_t *ret_n)
{
	struct cs_buf message, signature;
	int r = a->options.host_key ? 0 : CS_EUNAVAIL;

	cs_buf_init(&message, CS_FRAME_MAX);
	cs_buf_init(&signature, CS_MAX_SIGNATURE);
	if (r == 0)
		r = cs_encode(shape, obj, &message);
	if (r == 0)
		r = cs_ssh_sign(a->options.host_key, name_space, message.data, message.len, &signature);
	if (r == 0) {
		*ret_signature = signature.data;
		*ret_n = signature.len;
		signature.data = NULL;
		signature.len = signature.cap = 0;
	}
	cs_buf_clear(&message);
	cs_buf_clear(&signature);
	return r;
}

/* Everything about the request, and where the record stands now. */
static int receipt_fill(const struct cs_authority *a, uint64_t number, struct cs_receipt_answer *answer)
{
	size_t n = 0;
	int r = cs_store_records_of(a->store, number, CS_MAX_LIST, &answer->records, &n);

	answer->n_records = n;
	if (r == 0 && n == CS_MAX_LIST)
		r = CS_ETOOBIG;
	if (r == 0)
		r = cs_store_head(a->store, &answer->head_number, answer->head_chain);
	if (r == 0 && (!(answer->host = cs_dup(a->options.host)) ||
		!(answer->host_key = cs_dup(a->options.host_key ? cs_host_key_public(a->options.host_key) : ""))))
		r = CS_ENOMEM;
	return r == 0 ? sign(a, CS_NAMESPACE_RECEIPT, &cs_receipt_answer_shape, answer, &answer->signature,
				&answer->n_signature) : r;
}

static const char *receipt_text(int r)
{
	if (r == CS_EUNAVAIL)
		return "this host has no key to sign receipts with";
	return r == CS_ETOOBIG ? "there is too much about this request for a receipt; see `countersign evidence export`"
			       : NULL;
}

static void receipt_give(struct task *task)
{
	struct cs_receipt_answer receipt = { 0 };
	int r = receipt_fill(task->authority, task->stored.number, &receipt);

	if (r == 0) {
		task_reply(task, &receipt);
	} else {
		cs_clear(&cs_receipt_answer_shape, &receipt);
		task_fail(task, r, receipt_text(r));
	}
}

static const char not_seen[] = "there is no request with this number that you may see";

/* Whoever may see the request may have its receipt: it says who voted and why, as `show` does. */
static void receipt_resume(struct task *task, const struct cs_answer *answer)
{
	if (viewer_may_see(task, &task->stored, &answer->facts[0]) == 1)
		receipt_give(task);
	else if (answer->facts[0].known == CS_KNOWN_DOUBT)
		task_fail(task, CS_EDOUBT, "the directory could not tell whether you may see this");
	else
		task_fail(task, CS_ENOENT, not_seen);
}

void receipt_start(struct task *task)
{
	const struct cs_show *call = task->call;
	uint64_t number = call->number;
	int r = number == 0 && call->prefix ? cs_store_find_prefix(task->authority->store, call->prefix, &number) : 0;

	if (r == 0)
		r = task_load(task, number);
	if (r == 0 && caller_is_root(task)) { /* also while no directory answers */
		receipt_give(task);
		return;
	}
	if (r == 0)
		task_ask_caller(task, receipt_resume);
	else
		task_fail(task, r, r == CS_ENOENT ? not_seen : NULL);
}

/* --- Segments ----------------------------------------------------------------------------------------------------- */

#define OPEN_MAX 1000000 /* more than may be open */

/* Is an open request, or the review of a break-glass, recorded in the segment? Its votes have to stay with it. */
struct open_walk {
	struct cs_store *store;
	uint64_t last;
	uint64_t number; /* of the first that is */
};

static int open_in_segment(void *arg, const struct cs_stored *stored)
{
	struct open_walk *walk = arg;
	struct cs_record *records = NULL;
	size_t n = 0;
	int r = cs_store_records_of(walk->store, stored->number, 1, &records, &n);

	if (r == 0 && n > 0 && records[0].number <= walk->last) {
		walk->number = stored->number;
		r = 1;
	}
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	return r;
}

/* A segment's name is no path, and says nothing but which events it holds (A135). */
static int name_is_right(const struct cs_segment *segment)
{
	char *name = NULL;
	int r = cs_format(&name, "evidence-%012llu-%012llu.jsonl", (unsigned long long)segment->first,
		(unsigned long long)segment->last);

	r = r == 0 ? segment->file && strcmp(segment->file, name) == 0 : r;
	free(name);
	return r;
}

/* 0, or an error with *ret_text (owned; NULL: the error's own). */
static int segment_check(struct task *task, const struct cs_segment *segment, char **ret_text)
{
	struct open_walk walk = { .store = task->authority->store, .last = segment->last };
	int r = name_is_right(segment);

	if (r == 0) {
		*ret_text = cs_dup("a segment is called evidence-FIRST-LAST.jsonl, each number with twelve digits");
		return CS_EINVAL;
	}
	r = r < 0 ? r : cs_store_list(task->authority->store, true, 0, OPEN_MAX, open_in_segment, &walk);
	if (r == 1) {
		(void)cs_format(ret_text, "request %llu is open, and was asked before event %llu; archive up to before it, "
			"or wait until it is closed", (unsigned long long)walk.number,
			(unsigned long long)segment->last + 1);
		return CS_ECONFLICT;
	}
	return r;
}

/* The segment goes, and the record says so, in one transaction. */
static int segment_move(struct task *task, const struct cs_segment *segment, uint64_t *ret_event)
{
	struct cs_authority *a = task->authority;
	struct cs_event event = { .kind = CS_EVENT_ARCHIVED, .actor_uid = task->caller.uid, .text = segment->file };
	struct cs_buf body;
	int r = record_begin(a);

	if (r < 0)
		return r;
	cs_buf_init(&body, CS_MAX_EVENT);
	r = cs_store_archive(a->store, segment);
	if (r == 0)
		r = cs_encode(&cs_segment_shape, segment, &body);
	if (r == 0) {
		event.body = body.data;
		event.n_body = body.len;
		r = record_event(a, &event);
	}
	if (r < 0)
		record_undo(a);
	else
		*ret_event = a->head;
	cs_buf_clear(&body);
	return r;
}

/* The answer, ready before anything moves: who is told that it failed removes his copy. */
static int segment_answer(const struct task *task, const struct cs_segment *segment, struct cs_archive_answer *answer)
{
	int r = cs_copy(&cs_segment_shape, segment, &answer->segment);

	answer->segment.wall_ms = task->now.wall_ms;
	if (r == 0 && task->authority->options.host_key)
		r = sign(task->authority, CS_NAMESPACE_SEGMENT, &cs_segment_shape, &answer->segment, &answer->signature,
			&answer->n_signature);
	return r;
}

void archive_start(struct task *task)
{
	const struct cs_archive *call = task->call;
	struct cs_archive_answer answer = { 0 };
	char *text = NULL;
	int r = 0;

	if (!caller_is_root(task)) {
		task_fail(task, CS_EPERM, "only root archives the evidence");
		return;
	}
	r = segment_check(task, &call->segment, &text);
	if (r == 0)
		r = segment_answer(task, &call->segment, &answer);
	if (r == 0)
		r = segment_move(task, &answer.segment, &answer.event);
	if (r == 0) {
		task_reply(task, &answer);
	} else {
		cs_clear(&cs_archive_answer_shape, &answer);
		task_fail(task, r, text ? text : r == CS_ECONFLICT ? "the record does not begin and end so" : NULL);
	}
	free(text);
}
