/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox: what is to be told, when, and who wants to be left alone. */
#include "mem.h"
#include "ops.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int check_due(struct cs_store *store, uint64_t due_wall_ms)
{
	return due_wall_ms <= CS_STORE_MAX_MS ? 0 : cs_store_fail(store, CS_EINVAL, "the time is out of range");
}

int cs_store_tell(struct cs_store *store, struct cs_notice *notice, uint64_t due_wall_ms)
{
	struct cs_notice plain = *notice;
	struct cs_bytes body = {0};
	uint64_t number = 0;
	int r = cs_store_enter(store);

	if (r == 0)
		r = check_due(store, due_wall_ms);
	if (r == 0 && notice->request > INT64_MAX)
		r = cs_store_fail(store, CS_EINVAL, "there is no such request");
	if (r < 0)
		return r;
	plain.number = 0; /* the row's */
	r = cs_store_encode(store, &cs_notice_shape, &plain, &body);
	if (r == 0)
		r = store->ops->tell(store, &body, notice->request, due_wall_ms, &number);
	if (r == 0)
		notice->number = number;
	free(body.data);
	return cs_store_leave(store, r);
}

static void free_notices(struct cs_notice **notices, size_t n)
{
	for (size_t i = 0; *notices && i < n; i++)
		cs_clear(&cs_notice_shape, &(*notices)[i]);
	free(*notices);
	*notices = NULL;
}

static int decode_letters(struct cs_store *store, const struct cs_letter *letters, size_t n,
	struct cs_notice *ret_notices)
{
	for (size_t i = 0; i < n; i++) {
		const struct cs_bytes *body = &letters[i].body;
		int r = cs_decode_all(&cs_notice_shape, body->data, body->len, &ret_notices[i]);

		if (r == CS_ENOMEM)
			return r;
		if (r < 0)
			return cs_store_fail(store, CS_ECORRUPT, "notice %llu: its stored bytes are no notice",
				(unsigned long long)letters[i].number);
		ret_notices[i].number = letters[i].number;
	}
	return 0;
}

int cs_store_notices(struct cs_store *store, uint64_t wall_ms, size_t max, struct cs_notice **ret_notices,
		     uint32_t *ret_tries, size_t *ret_count)
{
	struct cs_letter *letters = NULL;
	struct cs_notice *notices = NULL;
	size_t n = 0;
	int r = store->ops->notices(store, wall_ms < CS_STORE_MAX_MS ? wall_ms : CS_STORE_MAX_MS,
		max < INT_MAX ? max : INT_MAX, &letters, &n);

	if (r < 0)
		return r;
	notices = calloc(n ? n : 1, sizeof(*notices));
	r = notices ? decode_letters(store, letters, n, notices) : CS_ENOMEM;
	if (r == 0) {
		for (size_t i = 0; i < n; i++)
			ret_tries[i] = letters[i].tries;
		*ret_notices = notices;
		*ret_count = n;
		notices = NULL;
	}
	free_notices(&notices, n);
	cs_letters_free(&letters, &n);
	return r;
}

int cs_store_notices_of(struct cs_store *store, uint64_t request, struct cs_notice **ret_notices, size_t *ret_count)
{
	struct cs_letter *letters = NULL;
	struct cs_notice *notices = NULL;
	size_t n = 0;
	int r = request > INT64_MAX ? CS_EINVAL : store->ops->notices_of(store, request, &letters, &n);

	if (r < 0)
		return r;
	notices = calloc(n ? n : 1, sizeof(*notices));
	r = notices ? decode_letters(store, letters, n, notices) : CS_ENOMEM;
	if (r == 0) {
		*ret_notices = notices;
		*ret_count = n;
		notices = NULL;
	}
	free_notices(&notices, n);
	cs_letters_free(&letters, &n);
	return r;
}

int cs_store_told(struct cs_store *store, uint64_t number)
{
	int r = cs_store_enter(store);

	if (r < 0)
		return r;
	return number > INT64_MAX ? CS_ENOENT : cs_store_leave(store, store->ops->told(store, number));
}

int cs_store_tell_later(struct cs_store *store, uint64_t number, uint64_t due_wall_ms)
{
	int r = cs_store_enter(store);

	if (r == 0)
		r = check_due(store, due_wall_ms);
	if (r < 0)
		return r;
	return number > INT64_MAX ? CS_ENOENT : cs_store_leave(store, store->ops->tell_later(store, number, due_wall_ms));
}

int cs_store_count_notices(struct cs_store *store, uint64_t *ret_count, uint64_t *ret_due_wall_ms)
{
	uint64_t due = 0;
	int r = store->ops->count_notices(store, ret_count, &due);

	if (r == 0)
		*ret_due_wall_ms = due > CS_STORE_MAX_MS ? UINT64_MAX : due;
	return r;
}

/* --- Who is left alone -------------------------------------------------------------------------------------------- */

int cs_store_set_quiet(struct cs_store *store, const char *name, uint64_t until_wall_ms)
{
	int r = cs_store_enter(store);

	if (r < 0)
		return r;
	if (!name || !*name || strlen(name) > CS_MAX_NAME)
		return cs_store_fail(store, CS_EINVAL, "who is left alone has a name of at most %d bytes", CS_MAX_NAME);
	/* Everything that is too far away to be counted is for ever. */
	if (until_wall_ms > CS_STORE_MAX_MS)
		until_wall_ms = CS_STORE_MAX_MS + 1;
	return cs_store_leave(store, store->ops->set_quiet(store, name, until_wall_ms));
}

int cs_store_quiet(struct cs_store *store, const char *name, uint64_t wall_ms, uint64_t *ret_until)
{
	uint64_t until = 0;
	int r = store->ops->quiet(store, name ? name : "", &until);

	if (r < 0)
		return r;
	if (until > CS_STORE_MAX_MS)
		until = UINT64_MAX;
	else if (until <= wall_ms)
		return 0;
	*ret_until = until;
	return 1;
}
