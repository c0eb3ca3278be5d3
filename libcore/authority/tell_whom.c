/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to tell: names, each once, without those who need not or do not want to be told; and whom a request was told to. */
#include "tell.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* --- Who ----------------------------------------------------------------------------------------------------------- */

void whom_clear(struct whom *whom)
{
	cs_free_strv(&whom->names, &whom->n);
}

int whom_add(struct whom *whom, const struct whom *but, const char *name)
{
	if (!name || !*name || strcmp(name, CS_WHO_OTHERS) == 0 || whom->n >= WHOM_MAX ||
		cs_strv_has(whom->names, whom->n, name) || (but && cs_strv_has(but->names, but->n, name)))
		return 0;
	return cs_strv_add(&whom->names, &whom->n, name);
}

int whom_add_all(struct whom *whom, const struct whom *but, char *const *names, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = whom_add(whom, but, names[i]);
	return r;
}

int whom_done(struct cs_authority *a, const struct cs_stored *stored, struct whom *done)
{
	struct cs_approval *votes = NULL;
	size_t n = 0;
	int r = cs_store_votes(a->store, stored->number, &votes, &n);

	if (r == 0)
		r = whom_add(done, NULL, stored->request.subject.name);
	if (r == 0)
		r = whom_add(done, NULL, stored->request.requester.name);
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = whom_add(done, NULL, votes[i].person.name);
		cs_clear(&cs_approval_shape, &votes[i]);
	}
	free(votes);
	return r;
}

int whom_can(struct whom *whom, const struct whom *but, const struct cs_need *needs, size_t n_needs)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_needs; i++)
		if (needs[i].open && (needs[i].count == 0 || needs[i].have < needs[i].count))
			r = whom_add_all(whom, but, needs[i].who, needs[i].n_who);
	return r;
}

int whom_willing(struct cs_authority *a, uint64_t wall_ms, struct whom *whom)
{
	size_t kept = 0;

	for (size_t i = 0; i < whom->n; i++) {
		uint64_t until = 0;
		int r = cs_store_quiet(a->store, whom->names[i], wall_ms, &until);

		if (r < 0)
			return r;
		if (r == 1) {
			cs_free_str(&whom->names[i]);
			continue;
		}
		whom->names[kept] = whom->names[i];
		if (kept++ != i)
			whom->names[i] = NULL;
	}
	whom->n = kept;
	return 0;
}

/* --- The request's rows -------------------------------------------------------------------------------------------- */

bool is_draft(const struct cs_notice *notice)
{
	return !notice->text || !*notice->text;
}

bool is_memory(const struct cs_notice *notice)
{
	return notice->kind == CS_NOTICE_HANDLED && is_draft(notice);
}

int rows_look(struct cs_authority *a, uint64_t request, struct rows *ret_rows)
{
	struct cs_notice *notices = NULL;
	struct rows rows = { 0 };
	size_t n = 0;
	int r = cs_store_notices_of(a->store, request, &notices, &n);

	for (size_t i = 0; i < n; i++) {
		if (r == 0 && is_memory(&notices[i]))
			r = whom_add_all(&rows.told, NULL, notices[i].recipients, notices[i].n_recipients);
		rows.asking = rows.asking || notices[i].kind == CS_NOTICE_ASKED;
		rows.waits = rows.waits || rows.asking || notices[i].kind == CS_NOTICE_ESCALATED;
		cs_clear(&cs_notice_shape, &notices[i]);
	}
	free(notices);
	if (r == 0)
		*ret_rows = rows;
	else
		whom_clear(&rows.told);
	return r;
}

int rows_drop(struct cs_authority *a, uint64_t request, bool (*which)(const struct cs_notice *notice))
{
	struct cs_notice *notices = NULL;
	size_t n = 0;
	int r = cs_store_notices_of(a->store, request, &notices, &n);

	for (size_t i = 0; i < n; i++) {
		if (r == 0 && which(&notices[i]))
			r = cs_store_told(a->store, notices[i].number);
		cs_clear(&cs_notice_shape, &notices[i]);
	}
	free(notices);
	return r;
}

int rows_forget(struct cs_authority *a, const struct cs_stored *stored, const struct whom *gone, uint64_t wall_ms)
{
	struct rows rows = { 0 };
	struct whom told = { 0 };
	int r = rows_look(a, stored->number, &rows);

	if (r == 0)
		r = whom_add_all(&told, gone, rows.told.names, rows.told.n);
	if (r == 0)
		r = rows_drop(a, stored->number, is_memory);
	if (r == 0)
		r = remember(a, stored, wall_ms, &told);
	if (r == 0)
		r = told.n > 0 || rows.told.n == 0;
	whom_clear(&rows.told);
	whom_clear(&told);
	return r;
}
