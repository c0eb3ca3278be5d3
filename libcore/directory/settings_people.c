/* SPDX-License-Identifier: Apache-2.0 */
/* How people and groups are spelled, and where they are. */
#include "filter.h"
#include "mem.h"
#include "settings_internal.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FILTER_MAX = 1024, NESTING_MAX = 16 };

/* What overrides a part of the preset. */
static const struct {
	const char *key;
	bool is_filter;
	bool may_be_empty;
	size_t part;
} parts[] = {
	{ "people_filter", true, false, offsetof(struct cs_schema, people_filter) },
	{ "group_filter", true, false, offsetof(struct cs_schema, group_filter) },
	{ "login_attribute", false, false, offsetof(struct cs_schema, login_attribute) },
	{ "uid_attribute", false, false, offsetof(struct cs_schema, uid_attribute) },
	{ "id_attribute", false, false, offsetof(struct cs_schema, id_attribute) },
	{ "person_attribute", false, true, offsetof(struct cs_schema, person_attribute) },
	{ "key_attribute", false, false, offsetof(struct cs_schema, key_attribute) },
	{ "member_attribute", false, true, offsetof(struct cs_schema, member_attribute) },
	{ "member_of", false, true, offsetof(struct cs_schema, member_of) },
};

static int is_filter(const char *text)
{
	return cs_filter_is_whole(text) && strlen(text) <= FILTER_MAX;
}

static int read_part(struct reading *r, size_t i, const char *text)
{
	char **part = (char **)(void *)((char *)&r->settings->schema + parts[i].part);
	if (*text == '\0' && !parts[i].may_be_empty)
		return settings_refuse(r, parts[i].key, "must not be empty");
	if (parts[i].is_filter && !is_filter(text))
		return settings_refuse(r, parts[i].key, "is no LDAP filter such as (objectClass=posixAccount)");
	if (!parts[i].is_filter && *text != '\0' && !cs_filter_is_attribute(text))
		return settings_refuse(r, parts[i].key,
				       "is no attribute name: letters, digits and '-', no options");
	return cs_set(part, text);
}

static int read_schema(struct reading *r)
{
	struct cs_schema *schema = &r->settings->schema;
	int e = cs_schema_preset(cs_conf_str(r->section, "schema", "rfc2307bis"), schema);
	if (e == CS_ENOENT)
		return settings_refuse(r, "schema",
				       "is none of rfc2307bis, rfc2307, openldap-memberof, ad, freeipa and 389ds");
	for (size_t i = 0; i < CS_COUNT(parts) && e == 0; i++)
		if (cs_conf_given(r->section, parts[i].key))
			e = read_part(r, i, settings_text(r, parts[i].key));
	if (e != 0)
		return e;
	uint64_t nesting = cs_conf_count(r->section, "nesting", schema->nesting);
	if (nesting > NESTING_MAX)
		return settings_refuse(r, "nesting", "is at most 16");
	schema->nesting = (uint32_t)nesting;
	/* of a preset it goes with its nesting */
	schema->in_chain = cs_conf_bool(r->section, "in_chain", schema->in_chain && nesting > 0);
	return 0;
}

/* What only makes sense together. In LDIF groups may be anywhere. */
static int check_schema(struct reading *r)
{
	const struct cs_schema *schema = &r->settings->schema;
	const char *members = schema->member_attribute;
	const bool lists_dns = *members != '\0' && cs_schema_lists(members) == CS_LISTS_DN;
	if (schema->in_chain && schema->nesting == 0)
		return settings_refuse(r, "in_chain", "needs nesting, such as nesting = 8: how deep groups in groups "
			"are followed where the server does not do it");
	if (schema->nesting > 0 && !lists_dns)
		return settings_refuse(r, "nesting", "needs member_attribute, by which groups list DNs, such as "
			"member_attribute = member");
	if (schema->nesting > 0 && r->settings->ldif == NULL && *r->settings->groups_base == '\0')
		return settings_refuse(r, "nesting", "needs groups_base, the DN below which groups are; or write "
			"nesting = 0 where no group is in another");
	if (*schema->member_of != '\0' && !lists_dns)
		return settings_refuse(r, "member_of", "needs member_attribute, by which the groups that it names list "
			"people, such as member_attribute = member");
	return 0;
}

/* What it follows has to be said: it holds all of it. */
static int read_mode(struct reading *r)
{
	const char *mode = cs_conf_str(r->section, "mode", "lookup");
	if (strcmp(mode, "lookup") != 0 && strcmp(mode, "replica") != 0)
		return settings_refuse(r, "mode", "is lookup or replica");
	if (strcmp(mode, "lookup") == 0)
		return 0;
	if (*r->settings->groups_base == '\0')
		return settings_refuse(r, "mode", "replica needs groups_base, the DN below which groups are");
	r->settings->mode = CS_MODE_REPLICA;
	return 0;
}

static int read_base(struct reading *r, const char *key, char **ret_base)
{
	const char *base = settings_text(r, key);
	if (*base != '\0' && !cs_dn_is_valid(base))
		return settings_refuse(r, key, "is no DN");
	return cs_set(ret_base, base);
}

int settings_people(struct reading *r)
{
	struct cs_settings *s = r->settings;
	const char *locked = cs_conf_str(r->section, "locked_filter", "");
	int e = read_base(r, "people_base", &s->people_base);
	if (e == 0)
		e = read_base(r, "groups_base", &s->groups_base);
	if (e == 0 && *s->people_base == '\0' && s->ldif == NULL)
		e = settings_refuse(r, "people_base", "is required: the DN below which people are");
	if (e == 0 && *locked != '\0' && !is_filter(locked))
		e = settings_refuse(r, "locked_filter", "is no LDAP filter such as (employeeType=suspended)");
	if (e == 0)
		e = cs_set(&s->locked_filter, locked);
	if (e == 0)
		e = read_mode(r);
	if (e == 0)
		e = read_schema(r);
	return e != 0 ? e : check_schema(r);
}
