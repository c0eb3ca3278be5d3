/* SPDX-License-Identifier: Apache-2.0 */
/* Assignments by the DN of the person or the group: a hash table with open addressing. */
#include "policy_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One DN, asked for in one query. Half a cache line, and what most DNs have, one assignment, stands in it: looking into
 * a large table costs what it misses. */
struct slot {
	uint32_t hash, query;
	const char *key;       /* NULL: free */
	uint32_t start, count; /* in found */
	size_t first;          /* found[start] */
};
_Static_assert(sizeof(struct slot) == 32 || sizeof(void *) != 8, "a slot is half a cache line");

struct index {
	const struct assignment *assignments; /* the policy's */
	struct slot *slots;
	size_t mask;                        /* their number less one; a power of two, at most half of them used */
	size_t *found;                      /* assignments, those of one slot together */
	char *keys;                         /* of people; those of groups belong to the assignments */
	bool asked[CS_MAX_QUERIES], people; /* queries, and people, with any assignment here */
};

/* One assignment under one key, before they are sorted. */
struct entry {
	size_t query;
	const char *key;
	const struct assignment *assignment;
};

/* FNV-1a over the first part of a DN, upper and lower case alike: that is what tells one from another, and it is short.
 * What is put in is the author's, so nobody else can make it collide. False where the DN is spelled in a way that its
 * key is not; *ret_hash is then of no use. */
static bool hash_of(size_t query, const char *dn, uint32_t *ret_hash)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ query;
	bool plain = true;

	for (; *dn && *dn != ','; dn++) {
		unsigned char c = (unsigned char)*dn;

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		plain = plain && c != ' ' && c != '\\' && c != '"' && c != ';';
		hash = (hash ^ c) * UINT64_C(0x100000001b3);
	}
	*ret_hash = (uint32_t)(hash ^ hash >> 32);
	return plain;
}

static int entry_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare_sizes(x->query, y->query);

	if (order == 0)
		order = strcmp(x->key, y->key);
	if (order == 0)
		order = compare_sizes(x->assignment->role, y->assignment->role);
	if (order == 0)
		order = strcmp(x->assignment->scope.text, y->assignment->scope.text);
	return order ? order : (x->assignment > y->assignment) - (x->assignment < y->assignment);
}

static bool by_dn(const struct cs_policy *policy, const struct assignment *assignment)
{
	return assignment->to == ASSIGNED_GROUP && policy->queries[assignment->query].where == CS_GROUPS_BELOW;
}

/* How many entries there are, and room for the keys of people. */
static size_t count(const struct cs_policy *policy, size_t *ret_bytes)
{
	size_t n = 0, bytes = 0;

	for (size_t i = 0; i < policy->n_assignments; i++) {
		const struct assignment *assignment = &policy->assignments[i];

		n += by_dn(policy, assignment) ? 1 : assignment->n_people;
		for (size_t k = 0; k < assignment->n_people; k++)
			bytes += strlen(assignment->people[k]) + 1;
	}
	*ret_bytes = bytes;
	return n;
}

static int collect_people(const struct assignment *assignment, struct entry *entries, size_t *n, char **keys)
{
	char key[CS_MAX_DN + 1];

	for (size_t i = 0; i < assignment->n_people; i++) {
		int r = cs_dn_key(assignment->people[i], key);

		if (r < 0)
			return r;
		entries[(*n)++] = (struct entry){INDEX_PEOPLE, *keys, assignment};
		*keys = stpcpy(*keys, key) + 1;
	}
	return 0;
}

static int collect(const struct cs_policy *policy, struct index *index, struct entry *entries)
{
	char *keys = index->keys;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_assignments; i++) {
		const struct assignment *assignment = &policy->assignments[i];

		if (by_dn(policy, assignment)) {
			entries[n++] = (struct entry){assignment->query, assignment->dn_key, assignment};
			index->asked[assignment->query] = true;
		}
		index->people = index->people || assignment->n_people > 0;
		r = collect_people(assignment, entries, &n, &keys);
	}
	return r;
}

/* A DN and a key. Whatever is the key but for upper and lower case has this key: it need not be made. */
static bool is_key(const char *dn, const char *key)
{
	char other[CS_MAX_DN + 1];

	return strcasecmp(dn, key) == 0 || (cs_dn_key(dn, other) == 0 && strcmp(other, key) == 0);
}

/* Where the DN stands, or the free slot where it would. */
static struct slot *slot_of(const struct index *index, uint32_t hash, uint32_t query, const char *dn)
{
	size_t i = hash & index->mask;

	for (; index->slots[i].key; i = (i + 1) & index->mask) {
		struct slot *slot = &index->slots[i];

		if (slot->hash != hash || slot->query != query)
			continue;
		/* Most likely it is this one: its assignment is on the way while the keys are compared. */
		__builtin_prefetch(&index->assignments[slot->first]);
		if (is_key(dn, slot->key))
			break;
	}
	return &index->slots[i];
}

static void fill(const struct cs_policy *policy, struct index *index, const struct entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct entry *entry = &entries[i];
		uint32_t hash, query = (uint32_t)entry->query;
		struct slot *slot;

		index->found[i] = (size_t)(entry->assignment - policy->assignments);
		(void)hash_of(entry->query, entry->key, &hash);
		slot = slot_of(index, hash, query, entry->key);
		if (!slot->key)
			*slot = (struct slot){.hash = hash, .query = query, .key = entry->key, .start = (uint32_t)i,
					      .first = index->found[i]};
		slot->count++;
	}
}

static int make_room(struct index *index, size_t n, size_t bytes)
{
	size_t size = 2;

	if (n > UINT32_MAX / 2)
		return CS_ETOOBIG;
	while (size < 2 * n)
		size *= 2;
	index->mask = size - 1;
	index->slots = calloc(size, sizeof(*index->slots));
	index->found = calloc(n + 1, sizeof(*index->found));
	index->keys = malloc(bytes + 1);
	return index->slots && index->found && index->keys ? 0 : CS_ENOMEM;
}

int cs_index_make(const struct cs_policy *policy, struct index **ret_index)
{
	size_t bytes = 0, n = count(policy, &bytes);
	struct entry *entries = calloc(n + 1, sizeof(*entries));
	struct index *index = calloc(1, sizeof(*index));
	int r = entries && index ? make_room(index, n, bytes) : CS_ENOMEM;

	if (r == 0) {
		index->assignments = policy->assignments;
		r = collect(policy, index, entries);
	}
	if (r < 0)
		goto out;
	qsort(entries, n, sizeof(*entries), entry_order);
	fill(policy, index, entries, n);
	*ret_index = index;
	index = NULL;
out:
	free(entries);
	cs_index_free(&index);
	return r;
}

void cs_index_free(struct index **index)
{
	if (!*index)
		return;
	free((*index)->slots);
	free((*index)->found);
	free((*index)->keys);
	free(*index);
	*index = NULL;
}

const size_t *cs_index_find(const struct index *index, size_t query, const char *dn, size_t *ret_count)
{
	char key[CS_MAX_DN + 1];
	const struct slot *slot;
	uint32_t hash;

	*ret_count = 0;
	/* Most policies have nothing here for most queries. */
	if (query == INDEX_PEOPLE ? !index->people : query >= CS_MAX_QUERIES || !index->asked[query])
		return NULL;
	if (!dn || *dn == '\0')
		return NULL;
	if (!hash_of(query, dn, &hash)) {
		if (cs_dn_key(dn, key) < 0)
			return NULL;
		dn = key;
		(void)hash_of(query, dn, &hash);
	}
	slot = slot_of(index, hash, (uint32_t)query, dn);
	*ret_count = slot->count;
	if (!slot->key)
		return NULL;
	return slot->count == 1 ? &slot->first : &index->found[slot->start];
}

/* Those of one slot are sorted by role and scope. */
static bool twice_in(const struct slot *slot, const struct index *index, const struct cs_policy *policy,
		     size_t *ret_one, size_t *ret_other)
{
	for (size_t i = slot->start + 1; i < slot->start + slot->count; i++) {
		const struct assignment *one = &policy->assignments[index->found[i - 1]],
					*other = &policy->assignments[index->found[i]];

		if (one->role == other->role && strcmp(one->scope.text, other->scope.text) == 0) {
			*ret_one = index->found[i - 1];
			*ret_other = index->found[i];
			return true;
		}
	}
	return false;
}

bool cs_index_twice(const struct index *index, const struct cs_policy *policy, size_t *ret_one, size_t *ret_other)
{
	for (size_t i = 0; i <= index->mask; i++) {
		const struct slot *slot = &index->slots[i];

		if (slot->key && slot->query == (uint32_t)INDEX_PEOPLE &&
			twice_in(slot, index, policy, ret_one, ret_other))
			return true;
	}
	return false;
}
