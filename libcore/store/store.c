/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the store: checks what comes in, keeps the rules of transactions, and encodes and decodes, so that
 * every backend keeps rows of bytes only. */
#include "ops.h"
#include "mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
	LIST_PAGE = 64,
	MIN_PREFIX = 4 /* hexadecimal digits of an id that name a request */
};

/* --- Transactions ------------------------------------------------------------------------------------------------- */

int cs_store_enter(struct cs_store *store)
{
	if (!store->open)
		return cs_store_fail(store, CS_ECONFLICT, "the store has no transaction open");
	if (!store->doomed && store->ops->active(store))
		return 0;
	if (!store->doomed)
		cs_store_fail(store, CS_EIO, "the transaction was ended by an earlier failure");
	store->doomed = true;
	return CS_EIO;
}

int cs_store_leave(struct cs_store *store, int r)
{
	if (r == CS_EIO || r == CS_ENOMEM || r == CS_ECORRUPT) {
		store->doomed = true;
		store->ops->rollback(store);
	}
	return r;
}

int cs_store_begin(struct cs_store *store)
{
	int r;

	if (store->open)
		return cs_store_fail(store, CS_ECONFLICT, "the store has a transaction open already");
	r = store->ops->begin(store);
	if (r < 0)
		return r;
	store->open = true;
	store->marked = false;
	store->doomed = false;
	return 0;
}

int cs_store_mark(struct cs_store *store)
{
	int r = cs_store_enter(store);

	if (r < 0)
		return r;
	r = cs_store_leave(store, store->ops->mark(store, store->marked));
	if (r == 0)
		store->marked = true;
	return r;
}

int cs_store_undo(struct cs_store *store)
{
	int r = cs_store_enter(store);

	if (r < 0)
		return r;
	if (!store->marked)
		return cs_store_fail(store, CS_ECONFLICT, "there is no mark to go back to");
	return cs_store_leave(store, store->ops->undo(store));
}

int cs_store_commit(struct cs_store *store)
{
	int r = cs_store_enter(store);

	if (r == CS_ECONFLICT)
		return r;
	if (r == 0)
		r = store->ops->commit(store);
	if (r < 0)
		store->ops->rollback(store);
	store->open = false;
	return r < 0 ? CS_EIO : 0;
}

void cs_store_rollback(struct cs_store *store)
{
	if (store->open)
		store->ops->rollback(store);
	store->open = false;
}

void cs_store_close(struct cs_store **store)
{
	if (!store || !*store)
		return;
	cs_store_rollback(*store);
	cs_free_str(&(*store)->name);
	(*store)->ops->close(*store);
	*store = NULL;
}

const char *cs_store_error(const struct cs_store *store)
{
	return store->error;
}

const char *cs_store_name(const struct cs_store *store)
{
	return store->name ? store->name : "";
}

/* --- Requests ----------------------------------------------------------------------------------------------------- */

int cs_store_encode(struct cs_store *store, const struct cs_shape *shape, const void *obj, struct cs_bytes *ret_body)
{
	struct cs_buf buf;
	int r;

	cs_buf_init(&buf, CS_STORE_MAX_BODY);
	r = cs_encode(shape, obj, &buf);
	if (r == 0)
		r = cs_bytes_copy(buf.data, buf.len, ret_body);
	if (r < 0)
		cs_store_fail(store, r, "a %s cannot be encoded: %s", shape->name, cs_strerror(r));
	cs_buf_clear(&buf);
	return r;
}

/* The columns of a new request. The body is not among them yet. */
static int row_of(struct cs_store *store, const struct cs_stored *stored, struct cs_row *ret_row)
{
	const struct cs_request *request = &stored->request;
	bool own = stored->since_boot != NULL;
	const char *boot = own ? stored->since_boot : request->boot ? request->boot : "";
	struct cs_row row = {.uid = request->subject.uid, .state = CS_PENDING, .version = 1,
		.lifetime_ms = request->lifetime_ms, .use_within_ms = request->use_within_ms,
		.objection_ms = request->objection_ms, .start_wall_ms = request->start_wall_ms, .uses = request->uses};

	row.since_boot_ms = own ? stored->since_boot_ms : request->created_boot_ms;
	row.since_wall_ms = own ? stored->since_wall_ms : request->created_wall_ms;
	if (stored->state != CS_STATE_NONE && stored->state != CS_PENDING)
		return cs_store_fail(store, CS_EINVAL, "a new request is pending");
	if (strlen(boot) > CS_BOOT_ID_LEN)
		return cs_store_fail(store, CS_EINVAL, "a boot id is too long");
	if (row.since_boot_ms > CS_STORE_MAX_MS || row.since_wall_ms > CS_STORE_MAX_MS ||
		row.lifetime_ms > CS_STORE_MAX_MS || row.use_within_ms > CS_STORE_MAX_MS ||
		row.objection_ms > CS_STORE_MAX_MS || row.start_wall_ms > CS_STORE_MAX_MS)
		return cs_store_fail(store, CS_EINVAL, "a time of a request is out of range");
	memcpy(row.since_boot, boot, strlen(boot));
	memcpy(row.id, request->id, sizeof(row.id));
	memcpy(row.digest, stored->digest, sizeof(row.digest));
	memcpy(row.action_key, stored->action_key, sizeof(row.action_key));
	memcpy(row.person_key, stored->person_key, sizeof(row.person_key));
	memcpy(row.place_key, stored->place_key, sizeof(row.place_key));
	*ret_row = row;
	return 0;
}

int cs_store_add(struct cs_store *store, struct cs_stored *stored)
{
	struct cs_row row = {0};
	char *boot = NULL;
	uint64_t number = 0;
	int r = cs_store_enter(store);

	if (r < 0)
		return r;
	r = row_of(store, stored, &row);
	if (r < 0)
		goto out;
	r = cs_store_encode(store, &cs_request_shape, &stored->request, &row.body);
	if (r < 0)
		goto out;
	boot = cs_dup(row.since_boot);
	if (!boot) {
		r = CS_ENOMEM;
		goto out;
	}
	r = store->ops->add(store, &row, &number);
	if (r < 0)
		goto out;
	cs_free_str(&stored->since_boot);
	stored->since_boot = boot;
	boot = NULL;
	stored->since_boot_ms = row.since_boot_ms;
	stored->since_wall_ms = row.since_wall_ms;
	stored->state = row.state;
	stored->version = row.version;
	stored->number = number;
out:
	cs_free_str(&boot);
	cs_row_clear(&row);
	return cs_store_leave(store, r);
}

/* The columns beside the body are copies for the indexes; the body is what was agreed to, so they must say the same. */
static bool row_fits(const struct cs_row *row, const struct cs_request *request)
{
	return memcmp(row->id, request->id, sizeof(row->id)) == 0 && row->uid == request->subject.uid &&
		row->lifetime_ms == request->lifetime_ms && row->use_within_ms == request->use_within_ms &&
		row->objection_ms == request->objection_ms && row->start_wall_ms == request->start_wall_ms &&
		row->uses == request->uses;
}

static int stored_of(struct cs_store *store, const struct cs_row *row, struct cs_stored *ret_stored)
{
	struct cs_stored stored = {.number = row->number, .state = row->state, .version = row->version,
		.since_boot_ms = row->since_boot_ms, .since_wall_ms = row->since_wall_ms, .used = row->used};
	int r;

	memcpy(stored.digest, row->digest, sizeof(stored.digest));
	memcpy(stored.action_key, row->action_key, sizeof(stored.action_key));
	memcpy(stored.person_key, row->person_key, sizeof(stored.person_key));
	memcpy(stored.place_key, row->place_key, sizeof(stored.place_key));
	r = cs_decode_all(&cs_request_shape, row->body.data, row->body.len, &stored.request);
	if (r == CS_ENOMEM)
		return r;
	if (r < 0)
		return cs_store_fail(store, CS_ECORRUPT, "request %llu: its stored bytes are no request",
			(unsigned long long)row->number);
	if (!row_fits(row, &stored.request)) {
		r = cs_store_fail(store, CS_ECORRUPT, "request %llu: its columns differ from its stored bytes",
			(unsigned long long)row->number);
		goto out;
	}
	stored.since_boot = cs_dup(row->since_boot);
	if (!stored.since_boot) {
		r = CS_ENOMEM;
		goto out;
	}
	*ret_stored = stored;
	stored = (struct cs_stored){0};
out:
	cs_clear(&cs_stored_shape, &stored);
	return r;
}

int cs_store_get(struct cs_store *store, uint64_t number, struct cs_stored *ret_stored)
{
	struct cs_row row = {0};
	int r = number > INT64_MAX ? CS_ENOENT : store->ops->get(store, number, &row);

	if (r == 0)
		r = stored_of(store, &row, ret_stored);
	cs_row_clear(&row);
	return r;
}

int cs_store_get_id(struct cs_store *store, const uint8_t id[CS_ID_LEN], struct cs_stored *ret_stored)
{
	struct cs_row row = {0};
	int r = store->ops->get_id(store, id, &row);

	if (r == 0)
		r = stored_of(store, &row, ret_stored);
	cs_row_clear(&row);
	return r;
}

int cs_store_find_open(struct cs_store *store, const uint8_t action_key[CS_DIGEST_LEN], uint64_t *ret_numbers,
		       size_t max)
{
	return store->ops->find_open(store, action_key, ret_numbers, max < INT_MAX ? max : INT_MAX);
}

int cs_store_check_now(struct cs_store *store, const struct cs_now *now)
{
	if (now->boot_ms > CS_STORE_MAX_MS || now->wall_ms > CS_STORE_MAX_MS)
		return cs_store_fail(store, CS_EINVAL, "the time is out of range");
	return 0;
}

int cs_store_change(struct cs_store *store, uint64_t number, enum cs_state from, enum cs_state to,
		    const struct cs_now *now)
{
	int r = cs_store_enter(store);

	if (r < 0)
		return r;
	/* A closed request stays closed, and a change into the same state would begin its time anew. */
	if (!cs_state_is_open(from) || from == to || to < CS_PENDING || to > CS_UNANSWERED)
		return cs_store_fail(store, CS_EINVAL, "a request never changes from %s to %s", cs_state_name(from),
			cs_state_name(to));
	r = cs_store_check_now(store, now);
	if (r < 0)
		return r;
	if (number > INT64_MAX)
		return 0;
	return cs_store_leave(store, store->ops->change(store, number, from, to, now));
}

int cs_store_use(struct cs_store *store, uint64_t number, const struct cs_now *now, uint32_t *ret_used)
{
	int r = cs_store_enter(store);

	if (r == 0)
		r = cs_store_check_now(store, now);
	if (r < 0 || number > INT64_MAX)
		return r;
	return cs_store_leave(store, store->ops->use(store, number, now, ret_used));
}

/* The value of a hexadecimal digit, or -1. */
static int digit_of(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) % 16 : -1;
}

int cs_store_find_prefix(struct cs_store *store, const char *hex, uint64_t *ret_number)
{
	size_t n = strlen(hex);
	uint8_t low[CS_ID_LEN] = {0};
	uint8_t high[CS_ID_LEN];
	uint64_t numbers[2];
	int r;

	if (n < MIN_PREFIX || n > (size_t)2 * CS_ID_LEN)
		return CS_EINVAL;
	memset(high, 0xff, sizeof(high));
	for (size_t i = 0; i < n; i++) {
		int digit = digit_of(hex[i]);
		unsigned shift = i % 2 ? 0 : 4;

		if (digit < 0)
			return CS_EINVAL;
		low[i / 2] = (uint8_t)(low[i / 2] | digit << shift);
		high[i / 2] = (uint8_t)(high[i / 2] & ~((15 - digit) << shift));
	}
	r = store->ops->find_id(store, low, high, numbers, CS_COUNT(numbers));
	if (r == 1)
		*ret_number = numbers[0];
	return r < 0 ? r : r == 0 ? CS_ENOENT : r == 1 ? 0 : CS_ECONFLICT;
}

int cs_store_list(struct cs_store *store, bool open_only, uint64_t before, size_t max, cs_store_each each, void *arg)
{
	uint64_t numbers[LIST_PAGE];
	int got = LIST_PAGE;
	int r = 0;

	if (before == 0 || before > INT64_MAX)
		before = INT64_MAX;
	/* Numbers first, then one request after another: each may call the store. */
	for (size_t told = 0; got == LIST_PAGE && told < max;) {
		got = store->ops->list(store, open_only, before, numbers, LIST_PAGE);
		if (got < 0)
			return got;
		for (int i = 0; i < got && told < max; i++) {
			struct cs_stored stored = {0};

			before = numbers[i];
			r = cs_store_get(store, before, &stored);
			if (r == 0 && (!open_only || cs_state_is_open(stored.state))) {
				r = each(arg, &stored);
				told++;
			}
			cs_clear(&cs_stored_shape, &stored);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

int cs_store_list_of(struct cs_store *store, const struct cs_which *which, uint64_t before, uint64_t *ret_numbers,
	size_t max)
{
	if (before == 0 || before > INT64_MAX)
		before = INT64_MAX;
	return store->ops->list_of(store, which, before, ret_numbers, max < INT_MAX ? max : INT_MAX);
}

int cs_store_next_place(struct cs_store *store, const uint8_t *after, uint8_t ret_key[CS_DIGEST_LEN],
	uint64_t *ret_number)
{
	return store->ops->next_place(store, after, ret_key, ret_number);
}

int cs_store_overdue(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max)
{
	int r = cs_store_check_now(store, now);

	return r < 0 ? r : store->ops->overdue(store, now, after, ret_numbers, max < INT_MAX ? max : INT_MAX);
}

int cs_store_unopposed(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max)
{
	int r = cs_store_check_now(store, now);

	return r < 0 ? r : store->ops->unopposed(store, now, after, ret_numbers, max < INT_MAX ? max : INT_MAX);
}

int cs_store_count_open(struct cs_store *store, uint32_t uid, uint64_t *ret_of_uid, uint64_t *ret_pending,
			uint64_t *ret_approved)
{
	return store->ops->count_open(store, uid, ret_of_uid, ret_pending, ret_approved);
}
