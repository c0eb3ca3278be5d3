/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what was brought is what the server has. OpenLDAP's provider (2.5) tells every flow of every change, those that
 * concern something else by a cookie alone, with one exception: a delete is told only to flows that had the entry. So a
 * further flow over the whole database, which names everything that is deleted anywhere, says which deletes a flow need
 * not have heard of. */
#include "replica_internal.h"
#include "model.h"

#include <string.h>

void replica_track(struct cs_replica *replica, unsigned c, const struct cs_sync_entry *entry)
{
	struct context *context = &replica->contexts[c];
	char key[CS_MAX_DN + 1];
	context->last = entry->change;
	bool named = *entry->dn != '\0' && cs_dn_key(entry->dn, key) == 0;
	context->last_people = !named || cs_dn_key_below(key, replica->people_key);
	context->last_groups = !named || cs_dn_key_below(key, replica->groups_key);
}

static void track_cookie(struct context *context, bool refreshed, const struct cs_csns *csns)
{
	bool is_delete = refreshed && context->last == CS_SYNC_GONE;
	if (!is_delete)
		cs_csns_merge(&context->need, csns);
	if (is_delete && context->last_people)
		cs_csns_merge(&context->need_people, csns);
	if (is_delete && context->last_groups)
		cs_csns_merge(&context->need_groups, csns);
	context->last = CS_SYNC_FOUND;
}

int replica_cookie(struct cs_replica *replica, unsigned number, const char *cookie, size_t n)
{
	struct flow *flow = &replica->flows[number];
	struct cs_csns csns = { 0 };
	int r = cs_csns_add_cookie(&csns, cookie, n);
	if (r != 0)
		return CS_EPROTO;
	cs_csns_merge(&flow->csns, &csns);
	if (number >= FLOW_TRACK && number < FLOW_TRACK + REPLICA_CONTEXTS)
		track_cookie(&replica->contexts[flow->context], flow->refreshed, &csns);
	return 0;
}

/* Nobody but those who follow the part of the tree in which something was deleted has to have heard of it. */
static bool has_heard_of_deletes(const struct cs_replica *replica, unsigned number, const struct context *context)
{
	const struct flow *flow = &replica->flows[number];
	if (number == FLOW_GROUPS)
		return cs_csns_cover(&flow->csns, &context->need_groups);
	if (number == FLOW_LOCKED)
		return true; /* whoever is deleted is so by the people's flow */
	struct cs_csns either = replica->flows[FLOW_PEOPLE].csns;
	cs_csns_merge(&either, &replica->flows[replica->has_others ? FLOW_OTHERS : FLOW_GROUPS].csns);
	return cs_csns_cover(&either, &context->need_people);
}

static bool flow_covers(const struct cs_replica *replica, unsigned number, const struct cs_csns *told)
{
	const struct flow *flow = &replica->flows[number];
	const struct context *context = &replica->contexts[flow->context];
	if (cs_csns_cover(&flow->csns, told))
		return true;
	return cs_csns_cover(&replica->flows[FLOW_TRACK + flow->context].csns, told) &&
	       cs_csns_cover(&flow->csns, &context->need) && has_heard_of_deletes(replica, number, context);
}

bool replica_covers(const struct cs_replica *replica, const struct cs_csns *told)
{
	for (unsigned i = FLOW_PEOPLE; i < FLOWS; i++) {
		const struct flow *flow = &replica->flows[i];
		if (flow->used && !(flow->refreshed && flow_covers(replica, i, &told[flow->context])))
			return false;
	}
	return true;
}
