/* SPDX-License-Identifier: Apache-2.0 */
/* The authority: opened with a policy, a store and a directory; every call enters here and nowhere else. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

static const struct handler handlers[] = {
	{ CS_CALL_SUBMIT, &cs_submit_shape, &cs_decision_shape, submit_start },
	{ CS_CALL_ASK, &cs_ask_shape, &cs_decision_shape, ask_start },
	{ CS_CALL_CLAIM, &cs_claim_shape, &cs_decision_shape, claim_start },
	{ CS_CALL_CONFIRM, &cs_confirm_shape, &cs_decision_shape, confirm_start },
	{ CS_CALL_CANCEL, &cs_cancel_shape, &cs_decision_shape, cancel_start },
	{ CS_CALL_RIGHT, &cs_right_shape, &cs_right_answer_shape, right_start },
	{ CS_CALL_LIST, &cs_list_shape, &cs_list_answer_shape, list_start },
	{ CS_CALL_SHOW, &cs_show_shape, &cs_show_answer_shape, show_start },
	{ CS_CALL_VOTE, &cs_vote_call_shape, &cs_decision_shape, vote_start },
	{ CS_CALL_STATUS, &cs_empty_shape, &cs_status_shape, status_start },
	{ CS_CALL_EVIDENCE, &cs_evidence_call_shape, &cs_evidence_answer_shape, evidence_start },
	{ CS_CALL_RIGHTS, &cs_rights_shape, &cs_rights_answer_shape, rights_start },
	{ CS_CALL_DIRECTORY, &cs_question_shape, &cs_answer_shape, directory_start },
	{ CS_CALL_APPLY, &cs_apply_shape, &cs_apply_answer_shape, apply_start },
	{ CS_CALL_HISTORY, &cs_history_shape, &cs_history_answer_shape, history_start },
	{ CS_CALL_POLICY, &cs_policy_call_shape, &cs_policy_answer_shape, policy_start },
	{ CS_CALL_BREAK_GLASS, &cs_break_glass_shape, &cs_break_glass_answer_shape, break_glass_start },
	{ CS_CALL_RECEIPT, &cs_show_shape, &cs_receipt_answer_shape, receipt_start },
	{ CS_CALL_QUIET, &cs_quiet_shape, &cs_quiet_answer_shape, quiet_start },
	{ CS_CALL_ARCHIVE, &cs_archive_shape, &cs_archive_answer_shape, archive_start },
	{ CS_CALL_ATTEND, &cs_attend_shape, &cs_attend_answer_shape, attend_start },
	{ CS_CALL_SESSIONS, &cs_sessions_shape, &cs_sessions_answer_shape, sessions_start },
	{ CS_CALL_END, &cs_end_shape, &cs_decision_shape, end_start },
	{ CS_CALL_STREAM, &cs_stream_shape, &cs_attend_answer_shape, stream_start },
	{ CS_CALL_SCREEN, &cs_screen_shape, &cs_screen_answer_shape, screen_start },
	{ CS_CALL_ROLE, &cs_has_role_shape, &cs_right_answer_shape, role_start },
};

static const struct handler *find_handler(enum cs_call_type type)
{
	for (size_t i = 0; i < CS_COUNT(handlers); i++)
		if (handlers[i].type == type)
			return &handlers[i];
	return NULL;
}

void cs_authority_call_files(struct cs_authority *a, const struct cs_caller *caller, enum cs_call_type type,
	const void *call, const struct cs_fds *fds, cs_reply_fn done, void *arg)
{
	const struct handler *handler = find_handler(type);

	if (handler)
		task_begin(a, caller, handler, call, fds, done, arg);
	else
		done(arg, CS_EINVAL, NULL, NULL);
}

void cs_authority_call(struct cs_authority *a, const struct cs_caller *caller, enum cs_call_type type, const void *call,
	int fd, cs_reply_fn done, void *arg)
{
	struct cs_fds fds = { .fds = { fd }, .n = fd >= 0 };

	cs_authority_call_files(a, caller, type, call, &fds, done, arg);
}

/* --- Opening and closing ------------------------------------------------------------------------------------------ */

int record_start(struct cs_authority *a)
{
	struct cs_event event = { .kind = CS_EVENT_START, .actor_uid = a->options.root_uid };
	char *version = cs_dup(a->options.version);
	struct cs_buf body;
	int r = version ? 0 : CS_ENOMEM;

	cs_buf_init(&body, CS_MAX_EVENT - CS_MAX_TEXT - 1024);
	event.text = version;
	if (r == 0 && a->policy)
		r = policy_body(a->policy, &a->generation, &body);
	event.body = body.data;
	event.n_body = body.len;
	if (r == 0)
		r = record_begin(a);
	if (r == 0) {
		r = record_event(a, &event);
		if (r < 0)
			record_undo(a);
	}
	cs_buf_clear(&body);
	free(version);
	return r;
}

static int authority_new(const struct cs_authority_options *options, struct cs_store *store,
	struct cs_directory *directory, struct cs_authority **ret_authority, struct cs_problem *problem)
{
	struct cs_authority *a = calloc(1, sizeof(*a));
	int r = 0;

	if (!a)
		return CS_ENOMEM;
	a->options = *options;
	a->store = store;
	a->directory = directory;
	a->answers_end = &a->answers;
	a->news_end = &a->news;
	a->turn = 1;
	a->started_ms = cs_boot_ms();
	a->cache = calloc(CACHED_RIGHTS, sizeof(*a->cache));
	r = a->cache ? cs_store_head(store, &a->head, a->chain) : CS_ENOMEM;
	if (r < 0) {
		cs_problem_set(problem, cs_store_name(store), 0, "the evidence could not be read: %s", cs_strerror(r));
		cs_authority_close(&a);
		return r;
	}
	*ret_authority = a;
	return 0;
}

/* Commits how it began, or takes all of it back and ends it. */
static int authority_began(struct cs_authority **authority, int r, struct cs_problem *problem)
{
	struct cs_authority *a = *authority;

	if (r == 0 && record_turn(a) == 1)
		return 0;
	if (r == 0) {
		cs_problem_set(problem, cs_store_name(a->store), 0, "the start could not be recorded: %s",
			cs_store_error(a->store));
		r = CS_EIO;
	}
	if (a->in_transaction)
		cs_store_rollback(a->store);
	a->in_transaction = false;
	cs_authority_close(authority);
	return r;
}

int cs_authority_open(const struct cs_authority_options *options, struct cs_store *store,
	struct cs_directory *directory, struct cs_authority **ret_authority, struct cs_problem *problem)
{
	struct cs_authority *a = NULL;
	int r = authority_new(options, store, directory, &a, problem);

	if (r == 0)
		r = authority_began(&a, policy_open(a, problem), problem);
	if (r == 0)
		*ret_authority = a;
	return r;
}

int cs_authority_force_policy(const struct cs_authority_options *options, struct cs_store *store, const char *text,
	const char *name, struct cs_generation *ret_generation, struct cs_problem *problem)
{
	struct cs_generation generation = { 0 };
	struct cs_authority *a = NULL;
	int r = authority_new(options, store, NULL, &a, problem);

	if (r == 0)
		r = authority_began(&a, policy_force(a, text, name, problem), problem);
	if (r == 0)
		r = cs_copy(&cs_generation_shape, &a->generation, &generation);
	if (r == 0)
		*ret_generation = generation;
	cs_authority_close(&a);
	return r;
}

void cs_authority_close(struct cs_authority **authority)
{
	struct cs_authority *a = *authority;

	if (!a)
		return;
	measure_end(a);
	/* Who hears an answer now may still let something go, which is recorded too. */
	for (int i = 0; i < 2 && a->cache && (a->in_transaction || a->answers); i++)
		cs_authority_turn(a);
	while (a->live)
		live_drop(a, a->live);
	while (a->releases) {
		struct release *release = a->releases;

		a->releases = release->next;
		free(release);
	}
	sessions_free(a);
	record_forget(a);
	policy_settle(a, true);
	cs_policy_free(&a->policy);
	cs_clear(&cs_generation_shape, &a->generation);
	rights_forget(a);
	free(a->cache);
	free(a);
	*authority = NULL;
}
