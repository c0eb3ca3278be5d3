/* SPDX-License-Identifier: Apache-2.0 */
/* Just before people are asked: whom does the directory still know as somebody who can vote on this? A list of a group says
 * neither whose account is over nor who is the requester once more. One question for a notice, of its names alone. */
#include "tell.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

struct check {
	struct cs_authority *authority;
	struct cs_notice notice; /* a copy */
};

/* Was he named by what he logs in with? Then everybody in this directory is, and who is not found is gone. */
static bool names_are_logins(const struct cs_person *requester)
{
	char *first = NULL;
	bool same = requester->dn && requester->name && cs_dn_first_value(requester->dn, &first) == 0 &&
		    strcmp(first, requester->name) == 0;

	free(first);
	return same;
}

/* Doubt leaves him in: better told in vain than not told. */
static bool cannot_vote(const struct cs_facts *facts, const struct cs_person *requester, bool logins)
{
	if (facts->known == CS_KNOWN_NO)
		return logins;
	return facts->known == CS_KNOWN_YES &&
	       (facts->person.locked || cs_same_human(&facts->person, requester) == 1);
}

/* 0 or CS_E…. */
static int find_gone(const struct check *check, const struct cs_answer *answer, const struct cs_person *requester,
	struct whom *ret_gone)
{
	bool logins = names_are_logins(requester);
	struct whom gone = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < answer->n_facts && i < check->notice.n_recipients; i++)
		if (cannot_vote(&answer->facts[i], requester, logins))
			r = whom_add(&gone, NULL, check->notice.recipients[i]);
	if (r == 0)
		*ret_gone = gone;
	else
		whom_clear(&gone);
	return r;
}

/* The row for those who are left, in place of the one for all. */
static int rewrite(struct check *check, const struct whom *left, uint64_t wall_ms)
{
	struct cs_authority *a = check->authority;
	struct cs_notice notice = check->notice; /* a view */
	int r = cs_store_told(a->store, notice.number);

	notice.recipients = left->names;
	notice.n_recipients = left->n;
	return r == 0 && left->n > 0 ? cs_store_tell(a->store, &notice, wall_ms) : r;
}

/* Nothing is asked of them, so they need not hear that it is handled, and their silence means nothing. */
static int forget(struct cs_authority *a, const struct cs_stored *stored, const struct whom *gone, uint64_t wall_ms)
{
	int r = rows_forget(a, stored, gone, wall_ms);

	return r == 0 ? untold(a, stored, "nobody who could approve this can be told") : r < 0 ? r : 0;
}

static int leave_out(struct check *check, const struct cs_stored *stored, const struct whom *gone)
{
	struct cs_authority *a = check->authority;
	struct whom left = { 0 };
	struct cs_now now;
	int r = a->options.now(&now);

	if (r == 0)
		r = whom_add_all(&left, gone, check->notice.recipients, check->notice.n_recipients);
	if (r == 0)
		r = record_begin(a);
	if (r == 0) {
		r = rewrite(check, &left, now.wall_ms);
		if (r == 0)
			r = forget(a, stored, gone, now.wall_ms);
		if (r < 0)
			record_undo(a);
	}
	whom_clear(&left);
	return r;
}

/* 1: it may be handed out as it is; 0: another took its place, or it is looked at again. */
static int look_through(struct check *check, const struct cs_answer *answer)
{
	struct cs_stored stored = { 0 };
	struct whom gone = { 0 };
	int r = cs_store_get(check->authority->store, check->notice.request, &stored);

	if (r == 0)
		r = find_gone(check, answer, &stored.request.requester, &gone);
	if (r == 0)
		r = gone.n == 0 ? 1 : leave_out(check, &stored, &gone);
	whom_clear(&gone);
	cs_clear(&cs_stored_shape, &stored);
	return r == 1;
}

static void checked(void *arg, const struct cs_answer *answer)
{
	struct check *check = arg;
	struct sent *sent = sent_of(check->authority, check->notice.number);

	if (sent && look_through(check, answer))
		sent->check = CHECKED;
	else if (sent)
		*sent = (struct sent){ 0 };
	cs_clear(&cs_notice_shape, &check->notice);
	free(check);
}

static int ask(struct check *check)
{
	struct cs_authority *a = check->authority;
	size_t n = check->notice.n_recipients;
	struct cs_question question = { .subjects = calloc(n + 1, sizeof(*question.subjects)), .n_subjects = n };
	struct cs_terms terms = { 0 };
	struct cs_now now;
	int r = question.subjects ? a->options.now(&now) : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		question.subjects[i] = (struct cs_subject){ .uid = CS_NO_UID, .login_uid = CS_NO_UID,
			.name = check->notice.recipients[i] };
	if (r == 0) {
		terms.until_ms = now.boot_ms + ANSWER_MS;
		r = cs_directory_ask(a->directory, &question, &terms, checked, check);
	}
	free(question.subjects); /* the names are the notice's */
	return r;
}

void whom_check(struct cs_authority *a, const struct cs_notice *notice, struct sent *sent)
{
	struct check *check = calloc(1, sizeof(*check));
	int r = check ? cs_copy(&cs_notice_shape, notice, &check->notice) : CS_ENOMEM;

	sent->check = CHECKING;
	if (r == 0) {
		check->authority = a;
		r = ask(check);
	}
	if (r == 0)
		return;
	sent->check = CHECKED; /* what cannot be asked is no reason not to tell */
	if (check)
		cs_clear(&cs_notice_shape, &check->notice);
	free(check);
}
