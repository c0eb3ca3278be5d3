/* SPDX-License-Identifier: Apache-2.0 */
/* What the server brings, as people and groups. */
#include "mem.h"
#include "model.h"
#include "replica_internal.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ENTRIES_MAX = 2000000, BYTES_MAX = 512 * 1024 * 1024, RELEASED_MAX = 65536,
	WASTE_LEAST = 1024, WASTE_BYTES = 64 * 1024 * 1024 };

/* --- Whom locked_filter finds --- */

static uint32_t hash_uuid(const uint8_t uuid[CS_UUID_LEN])
{
	uint32_t word = 0;
	memcpy(&word, uuid + CS_UUID_LEN - sizeof(word), sizeof(word));
	return cs_hash_number(word);
}

/* One that was let go stays in its place, as zeros. */
static uint8_t *find_held(const struct held *held, const uint8_t uuid[CS_UUID_LEN])
{
	uint32_t hash = hash_uuid(uuid);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&held->by_uuid, hash, &at)) != CS_HASH_NONE;)
		if (memcmp(held->uuids[i], uuid, CS_UUID_LEN) == 0)
			return held->uuids[i];
	return NULL;
}

static int hold(struct cs_replica *replica, const uint8_t uuid[CS_UUID_LEN])
{
	struct held *held = &replica->held;
	cs_tree_hold(replica->tree, uuid, true);
	for (size_t i = 0; i < held->n_released; i++)
		if (memcmp(held->released[i], uuid, CS_UUID_LEN) == 0)
			memset(held->released[i], 0, CS_UUID_LEN);
	if (find_held(held, uuid) != NULL)
		return 0;
	int r = cs_reserve((void **)&held->uuids, &held->cap, held->n, 1, sizeof(*held->uuids));
	if (r == 0)
		r = cs_hash_add(&held->by_uuid, hash_uuid(uuid), (uint32_t)held->n);
	if (r == 0)
		memcpy(held->uuids[held->n++], uuid, CS_UUID_LEN);
	return r;
}

/* Who is deleted is released as well, and that may be told before the delete: so he stays locked until it is certain
 * that everything else that belongs to it has come. */
static int release(struct cs_replica *replica, const uint8_t uuid[CS_UUID_LEN])
{
	struct held *held = &replica->held;
	if (held->n_released >= RELEASED_MAX) {
		replica->trouble = "more people were unlocked at once than can be followed";
		return CS_EDOUBT;
	}
	int r = cs_reserve((void **)&held->released, &held->cap_released, held->n_released, 1, sizeof(*held->released));
	if (r == 0)
		memcpy(held->released[held->n_released++], uuid, CS_UUID_LEN);
	return r;
}

void replica_settle(struct cs_replica *replica, size_t n)
{
	struct held *held = &replica->held;
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		uint8_t *uuid = find_held(held, held->released[i]);
		cs_tree_hold(replica->tree, held->released[i], false);
		if (uuid != NULL)
			memset(uuid, 0, CS_UUID_LEN);
	}
	held->n_released -= n;
	memmove(held->released, held->released + n, held->n_released * sizeof(*held->released));
	replica->changes++;
}

void replica_forget(struct cs_replica *replica)
{
	free(replica->held.uuids);
	free(replica->held.released);
	cs_hash_clear(&replica->held.by_uuid);
	replica->held = (struct held){ 0 };
	cs_tree_free(&replica->tree);
}

/* --- One entry --- */

/* As person.h reads entries. */
static int entry_values(void *arg, const char *attribute, struct cs_bytes *ret_values, size_t max, size_t *ret_n)
{
	const struct cs_sync_entry *entry = arg;
	size_t n = 0;
	for (size_t i = 0; i < entry->n_values; i++) {
		if (strcasecmp(entry->values[i].attribute, attribute) != 0)
			continue;
		if (n < max)
			ret_values[n] = entry->values[i].value;
		n++;
	}
	*ret_n = n;
	return 0;
}

/* The value as a text; NULL for one that cannot be used. */
static const char *usable(const struct cs_bytes *value, char ret_text[CS_MAX_DN + 1])
{
	if (value->len > CS_MAX_DN || memchr(value->data, '\0', value->len) != NULL)
		return NULL;
	memcpy(ret_text, value->data, value->len);
	ret_text[value->len] = '\0';
	return ret_text;
}

/* Every spelling of the login and every number: whoever bears either is found, and two of one are noticed. */
static int add_names(struct cs_replica *replica, const struct cs_sync_entry *entry)
{
	const struct cs_schema *schema = &replica->schema;
	char text[CS_MAX_DN + 1];
	int r = 0;
	for (size_t i = 0; i < entry->n_values && r == 0; i++) {
		const struct cs_sync_value *value = &entry->values[i];
		uint32_t uid = CS_NO_UID;
		if (usable(&value->value, text) == NULL)
			continue;
		if (strcasecmp(value->attribute, schema->login_attribute) == 0)
			r = cs_tree_add_login(replica->tree, text);
		if (r == 0 && strcasecmp(value->attribute, schema->uid_attribute) == 0 && cs_parse_uid(text, &uid) == 0)
			r = cs_tree_add_uid(replica->tree, uid);
	}
	return r;
}

static int add_person(struct cs_replica *replica, const struct cs_sync_entry *entry)
{
	const struct cs_entry_source source = { (void *)(uintptr_t)entry, entry_values };
	struct cs_person_entry person = { 0 };
	int r = cs_person_read(&replica->schema, entry->dn, &source, &person);
	const struct cs_tree_new_person added = { .dn = entry->dn, .name = person.name, .id = person.id,
		.human = person.human, .unclear = person.unclear, .uid = person.uid, .locked = person.account.locked,
		.starts_s = person.account.starts_s, .ends_s = person.account.ends_s,
		.keys = person.keys, .n_keys = person.n_keys, .bad_key = person.bad_key };
	if (r == 0)
		r = cs_tree_add_person(replica->tree, &added);
	if (r == 0)
		r = add_names(replica, entry);
	cs_person_entry_clear(&person);
	if (r == 0)
		r = cs_tree_name(replica->tree, CS_TREE_PERSON, entry->uuid);
	if (r == 0 && find_held(&replica->held, entry->uuid) != NULL)
		cs_tree_hold(replica->tree, entry->uuid, true);
	return r;
}

static bool is_held(const struct cs_replica *replica, const char *attribute)
{
	for (size_t i = 0; i < replica->n_attributes; i++)
		if (strcasecmp(replica->attributes[i], attribute) == 0)
			return true;
	return false;
}

/* What was asked for by another name of it, or by one that stands for several, is not found by it. */
static int other_name(struct cs_replica *replica)
{
	replica->trouble = "the server tells an attribute of groups by another name than the policy";
	return CS_ENOENT;
}

static int add_group(struct cs_replica *replica, const struct cs_sync_entry *entry)
{
	char text[CS_MAX_DN + 1];
	const char *last = NULL;
	bool held = false;
	int r = cs_tree_add_entry(replica->tree, entry->dn);
	for (size_t i = 0; i < entry->n_values && r == 0; i++) {
		const struct cs_sync_value *value = &entry->values[i];
		if (value->attribute != last) /* values of one come in a row */
			held = is_held(replica, value->attribute);
		last = value->attribute;
		if (!held && strcasecmp(value->attribute, "hasSubordinates") != 0)
			r = other_name(replica);
		else if (held)
			r = cs_tree_add_value(replica->tree, value->attribute, usable(&value->value, text));
	}
	return r != 0 ? r : cs_tree_name(replica->tree, CS_TREE_ENTRY, entry->uuid);
}

static int add_other(struct cs_replica *replica, const struct cs_sync_entry *entry)
{
	int r = cs_tree_add_entry(replica->tree, entry->dn);
	return r != 0 ? r : cs_tree_name(replica->tree, CS_TREE_OTHER, entry->uuid);
}

/* --- Changes --- */

static bool has_children(const struct cs_sync_entry *entry)
{
	struct cs_bytes value = { 0 };
	size_t n = 0;
	(void)entry_values((void *)(uintptr_t)entry, "hasSubordinates", &value, 1, &n);
	return n > 0 && !(value.len == 5 && strncasecmp(value.data, "FALSE", 5) == 0);
}

/* A change of one entry moves all that are below it, of which the server says nothing. */
static int check_subtree(struct cs_replica *replica, enum cs_tree_kind kind, const struct cs_sync_entry *entry,
	const char *key)
{
	const struct cs_tree *tree = replica->tree;
	const struct cs_tree_object *object = cs_tree_find_uuid(tree, kind, entry->uuid);
	bool moved = false;
	if (object == NULL) {
		moved = entry->change == CS_SYNC_PUT && has_children(entry);
	} else {
		const struct cs_tree_term *term = &tree->terms[cs_tree_object_dn(tree, object)];
		bool stays = entry->change == CS_SYNC_PUT && strcmp(cs_tree_text(tree, term->key), key) == 0;
		moved = !stays && term->children > 0;
	}
	if (!moved)
		return 0;
	replica->trouble = "entries were moved together with what is below them";
	return CS_EDOUBT;
}

static int check_size(struct cs_replica *replica)
{
	const struct cs_tree *tree = replica->tree;
	size_t bytes = cs_tree_bytes(tree);
	bool matters = tree->n_objects > WASTE_LEAST || bytes > WASTE_BYTES;
	if (replica->phase == PHASE_FOLLOW && matters && cs_tree_is_waste(tree)) {
		replica->trouble = "most of what was held is gone";
		return CS_EDOUBT;
	}
	return tree->n_people + tree->n_entries > ENTRIES_MAX || bytes > BYTES_MAX ? CS_ETOOBIG : 0;
}

static const struct {
	unsigned flow;
	enum cs_tree_kind kind;
	int (*add)(struct cs_replica *replica, const struct cs_sync_entry *entry);
} kinds[] = {
	{ FLOW_PEOPLE, CS_TREE_PERSON, add_person },
	{ FLOW_GROUPS, CS_TREE_ENTRY, add_group },
	{ FLOW_OTHERS, CS_TREE_OTHER, add_other },
};

static int take_object(struct cs_replica *replica, size_t i, const struct cs_sync_entry *entry)
{
	const char *base = kinds[i].flow == FLOW_GROUPS ? replica->groups_key : replica->people_key;
	char key[CS_MAX_DN + 1] = "";
	bool there = entry->change == CS_SYNC_PUT;
	if (there && (!cs_dn_is_valid(entry->dn) || cs_dn_key(entry->dn, key) != 0 || !cs_dn_key_below(key, base))) {
		replica->trouble = "an entry came with a DN that is not below the base, or cannot be used";
		return CS_EDOUBT;
	}
	int r = replica->phase == PHASE_FOLLOW ? check_subtree(replica, kinds[i].kind, entry, key) : 0;
	if (r != 0)
		return r;
	int removed = cs_tree_remove(replica->tree, kinds[i].kind, entry->uuid);
	replica->changes += (uint64_t)removed;
	if (removed == 1 && replica->phase == PHASE_REFRESH && !replica->flows[kinds[i].flow].refreshed)
		r = CS_EEXIST;
	if (there && kinds[i].flow == FLOW_OTHERS && cs_dn_key_below(key, replica->groups_key))
		there = false; /* it comes as a group */
	if (there && r == 0) {
		replica->changes++;
		r = kinds[i].add(replica, entry);
	}
	if (r == CS_EEXIST) {
		replica->trouble = "two entries have one name";
		r = CS_EDOUBT;
	}
	return r != 0 ? r : check_size(replica);
}

int replica_take(struct cs_replica *replica, unsigned flow, const struct cs_sync_entry *entry)
{
	if (flow == FLOW_LOCKED) {
		replica->changes++;
		return entry->change == CS_SYNC_PUT ? hold(replica, entry->uuid) : release(replica, entry->uuid);
	}
	for (size_t i = 0; i < CS_COUNT(kinds); i++)
		if (kinds[i].flow == flow)
			return take_object(replica, i, entry);
	return CS_EPROTO;
}
