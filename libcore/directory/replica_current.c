/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what was brought is what the server has. OpenLDAP's provider (2.5) tells every flow of every change, those that
 * concern something else by a cookie alone, with one exception: a delete is told only to flows that had the entry. So a
 * further flow over the whole database, which names everything that is deleted anywhere, says what must not be held any
 * more. */
#include "mem.h"
#include "replica_internal.h"

#include <string.h>

enum { DELETED_MAX = 2000000 };

int replica_track(struct cs_replica *replica, unsigned c, const struct cs_sync_entry *entry)
{
	struct context *context = &replica->contexts[c];
	context->last = entry->change;
	if (entry->change != CS_SYNC_GONE || !replica->flows[FLOW_TRACK + c].refreshed)
		return 0;
	if (context->n_deleted >= DELETED_MAX) {
		replica->trouble = "more was deleted than can be followed";
		return CS_EDOUBT;
	}
	int r = cs_reserve((void **)&context->deleted, &context->cap_deleted, context->n_deleted, 1,
			   sizeof(*context->deleted));
	if (r == 0)
		memcpy(context->deleted[context->n_deleted++], entry->uuid, CS_UUID_LEN);
	return r;
}

int replica_cookie(struct cs_replica *replica, unsigned number, const char *cookie, size_t n)
{
	struct flow *flow = &replica->flows[number];
	struct context *context = &replica->contexts[flow->context];
	struct cs_csns csns = { 0 };
	int r = cs_csns_add_cookie(&csns, cookie, n);
	if (r != 0)
		return CS_EPROTO;
	cs_csns_merge(&flow->csns, &csns);
	if (number < FLOW_TRACK || number >= FLOW_TRACK + REPLICA_CONTEXTS)
		return 0;
	if (!flow->refreshed || context->last != CS_SYNC_GONE)
		cs_csns_merge(&context->need, &csns);
	context->last = CS_SYNC_FOUND;
	return 0;
}

/* Every flow that brings what is held of this database has come to these. */
static bool flows_cover(const struct cs_replica *replica, unsigned c, const struct cs_csns *csns)
{
	for (unsigned i = FLOW_PEOPLE; i < FLOWS; i++) {
		const struct flow *flow = &replica->flows[i];
		if (flow->used && flow->context == c && !(flow->refreshed && cs_csns_cover(&flow->csns, csns)))
			return false;
	}
	return true;
}

static bool is_here(const struct cs_replica *replica, const uint8_t uuid[CS_UUID_LEN])
{
	static const enum cs_tree_kind kinds[] = { CS_TREE_PERSON, CS_TREE_ENTRY, CS_TREE_OTHER };
	for (size_t i = 0; i < CS_COUNT(kinds); i++)
		if (cs_tree_find_uuid(replica->tree, kinds[i], uuid) != NULL)
			return true;
	return false;
}

/* Every change that the track told has come. Of a delete only what it took away can tell; and that something is not here
 * says so only after all that was added before has come, for it might have been yet to come. */
static bool has_come(struct cs_replica *replica, unsigned c)
{
	struct context *context = &replica->contexts[c];
	if (!flows_cover(replica, c, &context->need))
		return false;
	while (context->n_gone < context->n_deleted && !is_here(replica, context->deleted[context->n_gone]))
		context->n_gone++;
	if (context->n_gone < context->n_deleted)
		return false;
	context->n_gone = 0;
	context->n_deleted = 0;
	return true;
}

bool replica_covers(struct cs_replica *replica, const struct cs_csns *told)
{
	bool covered = true;
	for (unsigned c = 0; c < replica->n_contexts; c++) {
		bool all = has_come(replica, c); /* first, for it forgets deletes as well */
		if (!flows_cover(replica, c, &told[c]) &&
		    !(all && cs_csns_cover(&replica->flows[FLOW_TRACK + c].csns, &told[c])))
			covered = false;
	}
	return covered;
}

/* A server that tells nothing would be covered by anything. */
bool replica_went_back(const struct cs_replica *replica)
{
	for (size_t i = 0; i < replica->n_contexts; i++) {
		const struct cs_csns *now = &replica->contexts[i].now;
		if (now->n == 0 || !cs_csns_cover(now, &replica->claim[i]))
			return true;
	}
	return false;
}
