/* SPDX-License-Identifier: Apache-2.0 */
/* Which questions the replica answers, and what it therefore holds: the attributes that were asked for, no others. */
#include "filter.h"
#include "mem.h"
#include "model.h"
#include "netgroup.h"
#include "replica_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool holds(const struct cs_replica *replica, const char *attribute)
{
	for (size_t i = 0; i < replica->n_attributes; i++)
		if (strcasecmp(replica->attributes[i], attribute) == 0)
			return true;
	return false;
}

/* 1 when it is held. Otherwise it is learned, unless nobody may hold it. */
static int want(struct cs_replica *replica, const char *attribute)
{
	if (holds(replica, attribute))
		return 1;
	if (replica->n_attributes >= REPLICA_ATTRIBUTES || !cs_filter_is_attribute(attribute) ||
	    strcasecmp(attribute, "userPassword") == 0)
		return 0;
	if (cs_strv_add(&replica->attributes, &replica->n_attributes, attribute) == 0)
		replica->is_new = true;
	return 0;
}

static int want_all(struct cs_replica *replica, const char *const *attributes, size_t n)
{
	int able = 1;
	for (size_t i = 0; i < n; i++)
		if (*attributes[i] != '\0' && want(replica, attributes[i]) != 1)
			able = 0; /* and learn the others at the same time */
	return able;
}

/* What a filter that is plain tests. */
static int want_tested(struct cs_replica *replica, const char *filter)
{
	char name[CS_MAX_NAME + 1];
	int able = 1;
	for (const char *at = strchr(filter, '('); at != NULL; at = strchr(at + 1, '(')) {
		size_t n = strcspn(at + 1, "=()&|");
		if (n == 0 || n > CS_MAX_NAME || at[1 + n] != '=')
			continue;
		memcpy(name, at + 1, n);
		name[n] = '\0';
		if (want(replica, name) != 1)
			able = 0;
	}
	return able;
}

/* Only a server knows which other letters are one (RFC 4518 2.2). */
bool replica_is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static bool is_followed(const struct cs_replica *replica, const char *dn)
{
	char key[CS_MAX_DN + 1]; /* without escapes of letters */
	return cs_dn_key(dn, key) == 0 && replica_is_ascii(key) && cs_dn_key_below(key, replica->groups_key);
}

/* Those that a netgroup names are beside it. */
static bool is_all_followed(const struct cs_replica *replica, const char *dn)
{
	char key[CS_MAX_DN + 1];
	return is_followed(replica, dn) && cs_dn_key(dn, key) == 0 && strcmp(key, replica->groups_key) != 0;
}

/* Servers keep member_of without telling those who follow, and it may say more than the groups do. */
static bool is_by_member_of(const struct cs_replica *replica, const char *listed)
{
	const struct cs_schema *schema = &replica->settings->schema;
	return *schema->member_of != '\0' && schema->nesting == 0 && strcasecmp(schema->member_attribute, listed) == 0;
}

static int able_query(struct cs_replica *replica, const struct cs_group_query *query)
{
	const char *const basic[] = { query->listed };
	if (is_by_member_of(replica, query->listed) || !is_followed(replica, query->dn))
		return 0;
	int able = want_all(replica, basic, CS_COUNT(basic));
	return want_all(replica, (const char *const *)query->wanted, query->n_wanted) == 1 ? able : 0;
}

static int able_listing(struct cs_replica *replica, const struct cs_listing_query *listing)
{
	static const char *const netgroup[] = { "objectClass", CS_NETGROUP_TRIPLE, CS_NETGROUP_MEMBER };
	const char *const group[] = { listing->listed, listing->attribute != NULL ? listing->attribute : "" };
	if (!is_followed(replica, listing->dn))
		return 0;
	if (listing->where != CS_NETGROUP && is_by_member_of(replica, listing->listed))
		return 0;
	if (listing->value != NULL && !replica_is_ascii(listing->value))
		return 0;
	if (listing->where == CS_NETGROUP)
		return is_all_followed(replica, listing->dn) && want_all(replica, netgroup, CS_COUNT(netgroup)) == 1;
	return want_all(replica, group, CS_COUNT(group));
}

int replica_is_able(struct cs_replica *replica, const struct cs_question *question)
{
	const struct cs_schema *schema = &replica->schema;
	struct cs_settings settings = *replica->settings; /* a view */
	settings.schema = *schema;
	if (!cs_tree_can_answer(&settings, question))
		return 0;
	int able = schema->nesting > 0 ? want_tested(replica, schema->group_filter) : 1;
	if (schema->nesting > 0 && want(replica, schema->member_attribute) != 1)
		able = 0;
	for (size_t i = 0; i < question->n_queries; i++)
		if (able_query(replica, &question->queries[i]) != 1)
			able = 0;
	for (size_t i = 0; i < question->n_listings; i++)
		if (able_listing(replica, &question->listings[i]) != 1)
			able = 0;
	return able;
}

/* hasSubordinates tells of an entry that comes whether others came with it, of which the server says nothing. */
#define CHILDREN "hasSubordinates"

const char **replica_people_attributes(const struct cs_replica *replica)
{
	const struct cs_schema *schema = &replica->schema;
	const char *const fixed[] = { CHILDREN, schema->login_attribute, schema->uid_attribute, schema->id_attribute,
		schema->person_attribute, schema->key_attribute };
	size_t n = 0, n_account = 0;
	while (cs_account_attributes[n_account] != NULL)
		n_account++;
	const char **list = calloc(CS_COUNT(fixed) + n_account + 1, sizeof(*list));
	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < CS_COUNT(fixed); i++)
		if (*fixed[i] != '\0' && strcasecmp(fixed[i], "dn") != 0)
			list[n++] = fixed[i];
	for (size_t i = 0; i < n_account; i++)
		list[n++] = cs_account_attributes[i];
	return list;
}

const char **replica_group_attributes(const struct cs_replica *replica)
{
	const char **list = calloc(replica->n_attributes + 2, sizeof(*list));
	if (list == NULL)
		return NULL;
	list[0] = CHILDREN;
	for (size_t i = 0; i < replica->n_attributes; i++)
		list[i + 1] = replica->attributes[i];
	return list;
}
