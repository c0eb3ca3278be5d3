/* SPDX-License-Identifier: Apache-2.0 */
/* Different strings, numbered as they come: a list may have CS_MAX_LISTING people, some several times. */
#include "needs_internal.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

static size_t slot_of(const struct crowd *crowd, const char *name)
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t slot = 0;

	for (const char *at = name; *at; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619u;
	slot = hash % crowd->n_slots;
	while (crowd->slots[slot] != 0 && strcmp(crowd->names[crowd->slots[slot] - 1], name) != 0)
		slot = (slot + 1) % crowd->n_slots;
	return slot;
}

/* At most half of the slots are ever taken. */
static int grow(struct crowd *crowd)
{
	size_t n_slots = crowd->n_slots ? crowd->n_slots * 2 : FIRST_SLOTS;
	char **names = NULL;
	uint32_t *slots = NULL;

	if (crowd->n * 2 < crowd->n_slots)
		return 0;
	names = reallocarray(crowd->names, n_slots / 2, sizeof(*names));
	if (names)
		crowd->names = names;
	slots = names ? calloc(n_slots, sizeof(*slots)) : NULL;
	if (!slots)
		return CS_ENOMEM;
	free(crowd->slots);
	crowd->slots = slots;
	crowd->n_slots = n_slots;
	for (size_t i = 0; i < crowd->n; i++)
		slots[slot_of(crowd, crowd->names[i])] = (uint32_t)i + 1;
	return 0;
}

int crowd_find(const struct crowd *crowd, const char *name)
{
	size_t slot = crowd->n ? slot_of(crowd, name) : 0;

	return crowd->n && crowd->slots[slot] != 0 ? (int)(crowd->slots[slot] - 1) : CS_ENOENT;
}

int crowd_add(struct crowd *crowd, const char *name)
{
	int number = crowd_find(crowd, name);
	char *own = NULL;

	if (number >= 0)
		return number;
	if (crowd->n == CS_MAX_LISTING)
		return CS_ETOOBIG;
	own = grow(crowd) == 0 ? strdup(name) : NULL;
	if (!own)
		return CS_ENOMEM;
	crowd->slots[slot_of(crowd, name)] = (uint32_t)crowd->n + 1;
	crowd->names[crowd->n] = own;
	return (int)crowd->n++;
}

void crowd_clear(struct crowd *crowd)
{
	for (size_t i = 0; i < crowd->n; i++)
		free(crowd->names[i]);
	free(crowd->names);
	free(crowd->slots);
	*crowd = (struct crowd){ 0 };
}
