/* SPDX-License-Identifier: Apache-2.0 */
/* Votes: which are taken, and which of them stand. */
#include "mem.h"
#include "ops.h"

#include <stdlib.h>

/* What a vote gives to a request that it had not before: an approval most, a reject takes from it. */
static int gives(enum cs_vote vote)
{
	return vote == CS_VOTE_APPROVE ? 2 : vote == CS_VOTE_REJECT ? 0 : 1;
}

/* Every vote is kept, and people are told of each. So that nobody fills the disk or their days, or keeps others from voting,
 * one person has few; but an approval can always be taken back, and a no always be said. Each takes away, so that ends too. */
static int may_vote(struct cs_store *store, const struct cs_voter *voter, enum cs_vote vote)
{
	if (voter->votes == 0 && voter->people >= CS_MAX_VOTES)
		return cs_store_fail(store, CS_EBUSY, "%d people voted on this request already", CS_MAX_VOTES);
	if (voter->votes >= CS_STORE_VOTES_MOST && gives(vote) >= gives(voter->last))
		return cs_store_fail(store, CS_EPERM, "this person voted %d times on this request", CS_STORE_VOTES_MOST);
	return 0;
}

static int add_vote(struct cs_store *store, uint64_t number, const struct cs_approval *approval)
{
	struct cs_voter voter = {0};
	struct cs_bytes body = {0};
	int r = store->ops->voter(store, number, approval->person.id, &voter);

	if (r == 0)
		r = may_vote(store, &voter, approval->vote);
	if (r == 0)
		r = cs_store_encode(store, &cs_approval_shape, approval, &body);
	if (r == 0)
		r = store->ops->vote(store, number, approval->person.id, approval->vote, &body);
	free(body.data);
	return r;
}

int cs_store_vote(struct cs_store *store, uint64_t number, const struct cs_approval *approval)
{
	int r = cs_store_enter(store);

	if (r < 0)
		return r;
	/* Without an id nobody could tell whether this person voted before. */
	if (!approval->person.id || approval->person.id[0] == '\0')
		return cs_store_fail(store, CS_EINVAL, "a vote needs the identity of a person");
	if (approval->vote < CS_VOTE_APPROVE || approval->vote > CS_VOTE_WITHDRAW)
		return cs_store_fail(store, CS_EINVAL, "a vote approves, rejects or takes back");
	if (number > INT64_MAX)
		return CS_ENOENT;
	return cs_store_leave(store, add_vote(store, number, approval));
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
		if (r < 0 || (ret_votes[i].vote != CS_VOTE_APPROVE && ret_votes[i].vote != CS_VOTE_REJECT))
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
