/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of numbers: which items have this hash. What an item is, and whether it is the one that is looked for,
 * is the caller's. */
#ifndef CS_DIRECTORY_HASH_H
#define CS_DIRECTORY_HASH_H

#include <stddef.h>
#include <stdint.h>

#define CS_HASH_NONE UINT32_MAX

struct cs_hash_slot {
	uint32_t hash;
	uint32_t item; /* CS_HASH_NONE: free */
};

/* All zero is an empty table. */
struct cs_hash {
	struct cs_hash_slot *slots;
	size_t n_slots; /* a power of two */
	size_t n_items;
};

uint32_t cs_hash_text(const char *s);   /* byte for byte */
uint32_t cs_hash_folded(const char *s); /* letters of ASCII in either case alike */
uint32_t cs_hash_number(uint32_t number);

/* Adds an item; several may have one hash. 0, CS_ETOOBIG, CS_ENOMEM. */
int cs_hash_add(struct cs_hash *hash, uint32_t key, uint32_t item);

/* The next item with this hash, CS_HASH_NONE after the last. *at is 0 before the first. */
uint32_t cs_hash_next(const struct cs_hash *hash, uint32_t key, size_t *at);

void cs_hash_clear(struct cs_hash *hash);

#endif
