/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the store: checks what comes in, keeps the rules of transactions, and encodes and decodes, so that
 * every backend keeps rows of bytes only. */
#include "ops.h"
#include "mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_PAGE = 64 };

/* --- Transactions ------------------------------------------------------------------------------------------------- */

/* Before a change. A transaction of which a part failed takes no further change: what would be committed is not what
 * was decided. */
static int enter(struct cs_store *store)
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

/* After a change. What could not be done, not even with other arguments, leaves nothing of the transaction behind. */
static int leave(struct cs_store *store, int r)
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
	int r = enter(store);

	if (r < 0)
		return r;
	r = leave(store, store->ops->mark(store, store->marked));
	if (r == 0)
		store->marked = true;
	return r;
}

int cs_store_undo(struct cs_store *store)
{
	int r = enter(store);

	if (r < 0)
		return r;
	if (!store->marked)
		return cs_store_fail(store, CS_ECONFLICT, "there is no mark to go back to");
	return leave(store, store->ops->undo(store));
}

int cs_store_commit(struct cs_store *store)
{
	int r = enter(store);

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

static int encode(struct cs_store *store, const struct cs_shape *shape, const void *obj, struct cs_bytes *ret_body)
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
		.lifetime_ms = request->lifetime_ms, .use_within_ms = request->use_within_ms};

	row.since_boot_ms = own ? stored->since_boot_ms : request->created_boot_ms;
	row.since_wall_ms = own ? stored->since_wall_ms : request->created_wall_ms;
	if (stored->state != CS_STATE_NONE && stored->state != CS_PENDING)
		return cs_store_fail(store, CS_EINVAL, "a new request is pending");
	if (strlen(boot) > CS_BOOT_ID_LEN)
		return cs_store_fail(store, CS_EINVAL, "a boot id is too long");
	if (row.since_boot_ms > CS_STORE_MAX_MS || row.since_wall_ms > CS_STORE_MAX_MS ||
		row.lifetime_ms > CS_STORE_MAX_MS || row.use_within_ms > CS_STORE_MAX_MS)
		return cs_store_fail(store, CS_EINVAL, "a time of a request is out of range");
	memcpy(row.since_boot, boot, strlen(boot));
	memcpy(row.id, request->id, sizeof(row.id));
	memcpy(row.digest, stored->digest, sizeof(row.digest));
	memcpy(row.action_key, stored->action_key, sizeof(row.action_key));
	*ret_row = row;
	return 0;
}

int cs_store_add(struct cs_store *store, struct cs_stored *stored)
{
	struct cs_row row = {0};
	char *boot = NULL;
	uint64_t number = 0;
	int r = enter(store);

	if (r < 0)
		return r;
	r = row_of(store, stored, &row);
	if (r < 0)
		goto out;
	r = encode(store, &cs_request_shape, &stored->request, &row.body);
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
	return leave(store, r);
}

/* The columns beside the body are copies for the indexes; the body is what was agreed to, so they must say the same. */
static bool row_fits(const struct cs_row *row, const struct cs_request *request)
{
	return memcmp(row->id, request->id, sizeof(row->id)) == 0 && row->uid == request->subject.uid &&
		row->lifetime_ms == request->lifetime_ms && row->use_within_ms == request->use_within_ms;
}

static int stored_of(struct cs_store *store, const struct cs_row *row, struct cs_stored *ret_stored)
{
	struct cs_stored stored = {.number = row->number, .state = row->state, .version = row->version,
		.since_boot_ms = row->since_boot_ms, .since_wall_ms = row->since_wall_ms};
	int r;

	memcpy(stored.digest, row->digest, sizeof(stored.digest));
	memcpy(stored.action_key, row->action_key, sizeof(stored.action_key));
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

static int check_now(struct cs_store *store, const struct cs_now *now)
{
	if (now->boot_ms > CS_STORE_MAX_MS || now->wall_ms > CS_STORE_MAX_MS)
		return cs_store_fail(store, CS_EINVAL, "the time is out of range");
	return 0;
}

int cs_store_change(struct cs_store *store, uint64_t number, enum cs_state from, enum cs_state to,
		    const struct cs_now *now)
{
	int r = enter(store);

	if (r < 0)
		return r;
	/* A closed request stays closed, and a change into the same state would begin its time anew. */
	if (!cs_state_is_open(from) || from == to || to < CS_PENDING || to > CS_USED)
		return cs_store_fail(store, CS_EINVAL, "a request never changes from %s to %s", cs_state_name(from),
			cs_state_name(to));
	r = check_now(store, now);
	if (r < 0)
		return r;
	if (number > INT64_MAX)
		return 0;
	return leave(store, store->ops->change(store, number, from, to, now));
}

int cs_store_list(struct cs_store *store, bool open_only, size_t max, cs_store_each each, void *arg)
{
	uint64_t numbers[LIST_PAGE];
	uint64_t before = INT64_MAX;
	int got = LIST_PAGE;
	int r = 0;

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

int cs_store_overdue(struct cs_store *store, const struct cs_now *now, uint64_t *ret_numbers, size_t max)
{
	int r = check_now(store, now);

	return r < 0 ? r : store->ops->overdue(store, now, ret_numbers, max < INT_MAX ? max : INT_MAX);
}

int cs_store_count_open(struct cs_store *store, uint32_t uid, uint64_t *ret_of_uid, uint64_t *ret_pending,
			uint64_t *ret_approved)
{
	return store->ops->count_open(store, uid, ret_of_uid, ret_pending, ret_approved);
}

/* --- Votes -------------------------------------------------------------------------------------------------------- */

int cs_store_vote(struct cs_store *store, uint64_t number, const struct cs_approval *approval)
{
	struct cs_bytes body = {0};
	int r = enter(store);

	if (r < 0)
		return r;
	/* Without an id nobody could tell whether this person voted already. */
	if (!approval->person.id || approval->person.id[0] == '\0')
		return cs_store_fail(store, CS_EINVAL, "a vote needs the identity of a person");
	if (approval->vote != CS_VOTE_APPROVE && approval->vote != CS_VOTE_REJECT)
		return cs_store_fail(store, CS_EINVAL, "a vote approves or rejects");
	if (number > INT64_MAX)
		return CS_ENOENT;
	r = encode(store, &cs_approval_shape, approval, &body);
	if (r == 0)
		r = store->ops->vote(store, number, approval->person.id, &body);
	free(body.data);
	return leave(store, r);
}

static void free_votes(struct cs_approval **votes, size_t n)
{
	for (size_t i = 0; *votes && i < n; i++)
		cs_clear(&cs_approval_shape, &(*votes)[i]);
	free(*votes);
	*votes = NULL;
}

static int decode_votes(struct cs_store *store, uint64_t number, const struct cs_bytes *bodies, size_t n,
	struct cs_approval *ret_votes)
{
	for (size_t i = 0; i < n; i++) {
		int r = cs_decode_all(&cs_approval_shape, bodies[i].data, bodies[i].len, &ret_votes[i]);

		if (r == CS_ENOMEM)
			return r;
		if (r < 0)
			return cs_store_fail(store, CS_ECORRUPT, "request %llu: vote %zu is no vote",
				(unsigned long long)number, i + 1);
	}
	return 0;
}

int cs_store_votes(struct cs_store *store, uint64_t number, struct cs_approval **ret_votes, size_t *ret_count)
{
	struct cs_bytes *bodies = NULL;
	struct cs_approval *votes = NULL;
	size_t n = 0;
	int r = number > INT64_MAX ? 0 : store->ops->votes(store, number, &bodies, &n);

	if (r < 0)
		return r;
	votes = calloc(n ? n : 1, sizeof(*votes));
	if (!votes) {
		r = CS_ENOMEM;
		goto out;
	}
	r = decode_votes(store, number, bodies, n, votes);
	if (r < 0)
		goto out;
	*ret_votes = votes;
	*ret_count = n;
	votes = NULL;
out:
	free_votes(&votes, n);
	cs_bodies_free(&bodies, &n);
	return r;
}

/* --- Events ------------------------------------------------------------------------------------------------------- */

int cs_store_head(struct cs_store *store, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN])
{
	return store->ops->head(store, ret_number, ret_chain);
}

int cs_store_append(struct cs_store *store, const struct cs_record *record, uint64_t request)
{
	(void)request;
	uint8_t chain[CS_DIGEST_LEN];
	uint64_t head = 0;
	int r = enter(store);

	if (r < 0)
		return r;
	if (!record->bytes || record->n_bytes == 0 || record->n_bytes > CS_MAX_EVENT)
		return cs_store_fail(store, CS_EINVAL, "a record holds 1 to %d bytes", CS_MAX_EVENT);
	r = leave(store, store->ops->head(store, &head, chain));
	if (r < 0)
		return r;
	if (head >= INT64_MAX || record->number != head + 1)
		return cs_store_fail(store, CS_ECONFLICT, "event %llu does not follow event %llu",
			(unsigned long long)record->number, (unsigned long long)head);
	return leave(store, store->ops->append(store, record));
}

int cs_store_records(struct cs_store *store, uint64_t from, size_t max, struct cs_record **ret_records,
		     size_t *ret_count)
{
	if (max == 0 || from > INT64_MAX) {
		*ret_records = NULL;
		*ret_count = 0;
		return 0;
	}
	return store->ops->records(store, from, max < INT_MAX ? max : INT_MAX, ret_records, ret_count);
}

/* --- Policies ----------------------------------------------------------------------------------------------------- */

static int check_policy(struct cs_store *store, const struct cs_generation *generation, const char *text, size_t len)
{
	struct cs_buf bounds;
	int r;

	if (len > CS_POLICY_TEXT_MAX)
		return cs_store_fail(store, CS_ETOOBIG, "a policy holds at most %u bytes", CS_POLICY_TEXT_MAX);
	if (len == 0 || memchr(text, '\0', len))
		return cs_store_fail(store, CS_EINVAL, "a policy is a text");
	if (generation->wall_ms > CS_STORE_MAX_MS)
		return cs_store_fail(store, CS_EINVAL, "the time is out of range");
	if (generation->request > INT64_MAX)
		return CS_ENOENT;
	cs_buf_init(&bounds, CS_STORE_MAX_BODY);
	r = cs_encode(&cs_generation_shape, generation, &bounds);
	cs_buf_clear(&bounds);
	return r;
}

int cs_store_policy_add(struct cs_store *store, struct cs_generation *generation, const char *text, size_t len)
{
	struct cs_generation newest = {0};
	struct cs_generation added = *generation;
	struct cs_bytes bytes = {0};
	int r = enter(store);

	if (r < 0)
		return r;
	r = check_policy(store, generation, text, len);
	if (r < 0)
		return leave(store, r);
	r = cs_store_policy_get(store, 0, &newest, NULL);
	added.number = newest.number + 1;
	added.size = len;
	cs_clear(&cs_generation_shape, &newest);
	if (r == 0 || r == CS_ENOENT)
		r = cs_bytes_copy(text, len, &bytes);
	if (r == 0)
		r = store->ops->policy_add(store, &added, &bytes);
	free(bytes.data);
	if (r == 0) {
		generation->number = added.number;
		generation->size = added.size;
	}
	return leave(store, r);
}

static int policy_text(struct cs_store *store, const struct cs_generation *generation, char **ret_text)
{
	struct cs_bytes bytes = {0};
	char *text;
	int r = store->ops->policy_text(store, generation->number, &bytes);

	if (r < 0)
		return r;
	text = malloc(bytes.len + 1);
	if (!text) {
		r = CS_ENOMEM;
	} else if (bytes.len != generation->size || memchr(bytes.data, '\0', bytes.len)) {
		free(text);
		r = cs_store_fail(store, CS_ECORRUPT, "generation %llu of the policy is no text",
			(unsigned long long)generation->number);
	} else {
		memcpy(text, bytes.data, bytes.len);
		text[bytes.len] = '\0';
		*ret_text = text;
	}
	free(bytes.data);
	return r;
}

int cs_store_policy_get(struct cs_store *store, uint64_t number, struct cs_generation *ret_generation, char **ret_text)
{
	struct cs_generation *found = NULL;
	size_t n = 0;
	int r = number >= INT64_MAX ? CS_ENOENT : cs_store_policies(store, number ? number + 1 : 0, 1, &found, &n);

	if (r == 0 && (n == 0 || (number && found[0].number != number)))
		r = CS_ENOENT;
	if (r == 0 && ret_text)
		r = policy_text(store, &found[0], ret_text);
	if (r == 0) {
		*ret_generation = found[0];
		found[0] = (struct cs_generation){0};
	}
	cs_generations_free(&found, &n);
	return r;
}

int cs_store_policies(struct cs_store *store, uint64_t before, size_t max, struct cs_generation **ret_generations,
		      size_t *ret_count)
{
	return store->ops->policies(store, before == 0 || before > INT64_MAX ? INT64_MAX : before,
				    max < INT_MAX ? max : INT_MAX, ret_generations, ret_count);
}
