/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing; nothing is ever removed. */
#include "hash.h"

#include <countersign/error.h>
#include <stdbool.h>
#include <stdlib.h>

enum { SLOTS_LEAST = 16 };
#define SLOTS_MOST (UINT32_C(1) << 30)

/* The low bits choose the slot, so they have to depend on everything. */
static uint32_t mix(uint32_t h)
{
	h ^= h >> 16;
	h *= UINT32_C(0x7feb352d);
	h ^= h >> 15;
	h *= UINT32_C(0x846ca68b);
	return h ^ h >> 16;
}

static uint32_t hash_bytes(const char *s, bool fold)
{
	uint32_t h = UINT32_C(2166136261); /* FNV-1a */
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		if (fold && c >= 'A' && c <= 'Z')
			c = (unsigned char)(c - 'A' + 'a');
		h = (h ^ c) * UINT32_C(16777619);
	}
	return mix(h);
}

uint32_t cs_hash_text(const char *s)
{
	return hash_bytes(s, false);
}

uint32_t cs_hash_folded(const char *s)
{
	return hash_bytes(s, true);
}

uint32_t cs_hash_number(uint32_t number)
{
	return mix(number);
}

static void put(struct cs_hash *hash, struct cs_hash_slot slot)
{
	size_t at = slot.hash & (hash->n_slots - 1);
	while (hash->slots[at].item != CS_HASH_NONE)
		at = (at + 1) & (hash->n_slots - 1);
	hash->slots[at] = slot;
	hash->n_items++;
}

static int grow(struct cs_hash *hash)
{
	struct cs_hash larger = { .n_slots = hash->n_slots == 0 ? SLOTS_LEAST : hash->n_slots * 2 };
	if (larger.n_slots > SLOTS_MOST)
		return CS_ETOOBIG;
	larger.slots = malloc(larger.n_slots * sizeof(*larger.slots));
	if (larger.slots == NULL)
		return CS_ENOMEM;
	for (size_t i = 0; i < larger.n_slots; i++)
		larger.slots[i].item = CS_HASH_NONE;
	for (size_t i = 0; i < hash->n_slots; i++)
		if (hash->slots[i].item != CS_HASH_NONE)
			put(&larger, hash->slots[i]);
	free(hash->slots);
	*hash = larger;
	return 0;
}

int cs_hash_add(struct cs_hash *hash, uint32_t key, uint32_t item)
{
	if (hash->n_items >= hash->n_slots - hash->n_slots / 4) {
		int r = grow(hash);
		if (r != 0)
			return r;
	}
	put(hash, (struct cs_hash_slot){ key, item });
	return 0;
}

uint32_t cs_hash_next(const struct cs_hash *hash, uint32_t key, size_t *at)
{
	for (; *at < hash->n_slots; ++*at) {
		const struct cs_hash_slot *slot = &hash->slots[(key + *at) & (hash->n_slots - 1)];
		if (slot->item == CS_HASH_NONE)
			break;
		if (slot->hash == key) {
			++*at;
			return slot->item;
		}
	}
	return CS_HASH_NONE;
}

void cs_hash_clear(struct cs_hash *hash)
{
	free(hash->slots);
	*hash = (struct cs_hash){ 0 };
}
