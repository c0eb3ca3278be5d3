/* SPDX-License-Identifier: Apache-2.0 */
/* The presets, as a table. */
#include "countersign/error.h"
#include "mem.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define POSIX "(objectClass=posixAccount)"
#define GROUPS "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfMembers))"

/* In the order of struct cs_schema. */
static const struct preset {
	const char *texts[10];
	uint32_t nesting;
	bool in_chain;
} presets[] = {
	{ { "rfc2307bis", POSIX, "uid", "uidNumber", "entryUUID", "", "sshPublicKey", GROUPS, "member", "" }, 0,
	  false },
	{ { "rfc2307", POSIX, "uid", "uidNumber", "entryUUID", "", "sshPublicKey", "(objectClass=posixGroup)", "", "" },
	  0, false },
	{ { "openldap-memberof", POSIX, "uid", "uidNumber", "entryUUID", "", "sshPublicKey", GROUPS, "member",
	    "memberOf" }, 0, false },
	{ { "ad", "(&(objectCategory=person)(objectClass=user))", "sAMAccountName", "uidNumber", "objectGUID", "",
	    "altSecurityIdentities", "(objectClass=group)", "member", "" }, 8, true },
	{ { "freeipa", POSIX, "uid", "uidNumber", "ipaUniqueID", "", "ipaSshPubKey", "(objectClass=ipaUserGroup)",
	    "member", "memberOf" }, 0, false },
	{ { "389ds", POSIX, "uid", "uidNumber", "nsUniqueId", "", "nsSshPublicKey", GROUPS, "member", "" }, 0, false },
};

static const size_t texts[] = {
	offsetof(struct cs_schema, name), offsetof(struct cs_schema, people_filter),
	offsetof(struct cs_schema, login_attribute), offsetof(struct cs_schema, uid_attribute),
	offsetof(struct cs_schema, id_attribute), offsetof(struct cs_schema, person_attribute),
	offsetof(struct cs_schema, key_attribute),
	offsetof(struct cs_schema, group_filter), offsetof(struct cs_schema, member_attribute),
	offsetof(struct cs_schema, member_of),
};

static char **text_at(struct cs_schema *schema, size_t i)
{
	return (char **)(void *)((char *)schema + texts[i]);
}

enum cs_lists cs_schema_lists(const char *attribute)
{
	if (strcasecmp(attribute, "memberUid") == 0)
		return CS_LISTS_LOGIN;
	return strcasecmp(attribute, "memberURL") == 0 ? CS_LISTS_URL : CS_LISTS_DN;
}

static int fill(const struct preset *preset, struct cs_schema *ret_schema)
{
	struct cs_schema schema = { .nesting = preset->nesting, .in_chain = preset->in_chain };
	for (size_t i = 0; i < CS_COUNT(texts); i++)
		if (cs_set(text_at(&schema, i), preset->texts[i]) != 0) {
			cs_schema_clear(&schema);
			return CS_ENOMEM;
		}
	*ret_schema = schema;
	return 0;
}

size_t cs_schema_dn_length(const char *value)
{
	size_t n = strlen(value);
	const char *mark = strrchr(value, '#');
	if (mark == NULL || mark[1] != '\'' || n < 4 || strcmp(value + n - 2, "'B") != 0)
		return n;
	size_t bits = strspn(mark + 2, "01");
	return mark + 2 + bits == value + n - 2 ? (size_t)(mark - value) : n;
}

bool cs_schema_by_member_of(const struct cs_schema *schema, const char *listed)
{
	return schema->nesting == 0 && schema->member_of != NULL && *schema->member_of != '\0' &&
	       strcasecmp(schema->member_attribute, listed) == 0;
}

int cs_schema_preset(const char *name, struct cs_schema *ret_schema)
{
	for (size_t i = 0; i < CS_COUNT(presets); i++)
		if (strcmp(presets[i].texts[0], name) == 0)
			return fill(&presets[i], ret_schema);
	return CS_ENOENT;
}

const char *cs_schema_name(unsigned i)
{
	return i < CS_COUNT(presets) ? presets[i].texts[0] : NULL;
}

int cs_schema_copy(const struct cs_schema *schema, struct cs_schema *ret_copy)
{
	struct preset preset = { .nesting = schema->nesting, .in_chain = schema->in_chain };
	struct cs_schema view = *schema;
	for (size_t i = 0; i < CS_COUNT(texts); i++)
		preset.texts[i] = *text_at(&view, i);
	return fill(&preset, ret_copy);
}

void cs_schema_clear(struct cs_schema *schema)
{
	for (size_t i = 0; i < CS_COUNT(texts); i++)
		cs_free_str(text_at(schema, i));
	*schema = (struct cs_schema){ 0 };
}
