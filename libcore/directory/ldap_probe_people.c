/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a server: a few of its people and groups, and how they are spelled. */
#include "ldap_probe.h"
#include "mem.h"
#include "person.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SAMPLE = 20, FILTER_MAX = 1024, ATTRIBUTES_MAX = 32 };

static size_t values_of(struct look *look, LDAPMessage *entry, const char *attribute)
{
	struct berval **values = ldap_get_values_len(look->conn.ld, entry, attribute);
	size_t n = values != NULL ? (size_t)ldap_count_values_len(values) : 0;
	ldap_value_free_len(values);
	return n;
}

/* How many of the entries have it. */
static size_t count(struct look *look, LDAPMessage *result, const char *attribute)
{
	size_t n = 0;
	for (LDAPMessage *e = ldap_first_entry(look->conn.ld, result); e != NULL; e = ldap_next_entry(look->conn.ld, e))
		n += values_of(look, e, attribute) > 0 ? 1 : 0;
	return n;
}

/* --- People --- */

static void base_failed(struct look *look, enum cs_trouble trouble, const char *base, int code)
{
	look_add(look, "%s", base);
	if (code == LDAP_NO_SUCH_OBJECT || code == LDAP_INSUFFICIENT_ACCESS)
		look_end(look, CS_PROBE_WRONG, trouble, look_nearest(look, base));
	else
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_SEARCH, look_words(look, code));
}

/* Whether what the daemon reads of every person is there. */
static bool check_attributes(struct look *look, LDAPMessage *result, size_t n)
{
	const struct cs_schema *schema = &look->settings->schema;
	const struct {
		const char *attribute;
		enum cs_trouble trouble;
		enum cs_probe_level level; /* where nobody has it */
		bool everybody;            /* has it where all is well */
	} wanted[] = {
		{schema->login_attribute, CS_TROUBLE_LOGIN, CS_PROBE_WRONG, true},
		{schema->uid_attribute, CS_TROUBLE_UID, CS_PROBE_WRONG, true},
		{schema->id_attribute, CS_TROUBLE_ID, CS_PROBE_WRONG, true},
		{schema->person_attribute, CS_TROUBLE_PERSON, CS_PROBE_WARNING, true},
		{schema->member_of, CS_TROUBLE_MEMBER_OF, CS_PROBE_WARNING, false},
	};
	bool ok = true;
	for (size_t i = 0; i < CS_COUNT(wanted); i++) {
		const char *attribute = wanted[i].attribute;
		if (*attribute == '\0' || strcmp(attribute, "dn") == 0)
			continue;
		size_t have = count(look, result, attribute);
		look_add(look, ", %s %zu", attribute, have);
		if (have == 0 && wanted[i].level == CS_PROBE_WRONG && ok) {
			look_end(look, CS_PROBE_WRONG, wanted[i].trouble, attribute);
			ok = false;
		} else if (have == 0 && ok) {
			look_warn(look, wanted[i].trouble, attribute);
		} else if (have < n && wanted[i].everybody && ok) {
			look_warn(look, CS_TROUBLE_SOME, attribute);
		}
	}
	return ok;
}

static void learn(struct look *look, LDAPMessage *result)
{
	look->has_ipa = look->has_ipa || count(look, result, "ipaUniqueID") > 0;
	look->has_389 = look->has_389 || count(look, result, "nsUniqueId") > 0;
	look->has_ad = look->has_ad || count(look, result, "objectGUID") > 0;
	look->has_member_of = look->has_member_of || count(look, result, "memberOf") > 0;
}

/* Where the preset's filter finds nobody, other entries may still say what the server is. */
static void learn_of_others(struct look *look, const char *const *attributes)
{
	LDAPMessage *result = NULL;
	int code = look_search(look, look->settings->people_base, true,
			       "(|(objectClass=person)(objectClass=posixAccount))", attributes, SAMPLE, &result);
	if (code == LDAP_SUCCESS || code == LDAP_SIZELIMIT_EXCEEDED)
		learn(look, result);
	ldap_msgfree(result);
}

static bool check_people(struct look *look, LDAPMessage *result, int code, const char *const *attributes)
{
	const struct cs_settings *s = look->settings;
	size_t n = (size_t)ldap_count_entries(look->conn.ld, result);
	char number[24];
	(void)snprintf(number, sizeof(number), "%zu", n);
	look_add(look, "%zu entries looked at below %s: ", n, s->people_base);
	if (n == 0) {
		learn_of_others(look, attributes);
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_NOBODY, s->schema.people_filter);
		look_at_schema(look);
		return false;
	}
	look->text[strlen(look->text) - 2] = '\0';
	learn(look, result);
	if (code == LDAP_SIZELIMIT_EXCEEDED && n < SAMPLE)
		look_warn(look, CS_TROUBLE_LIMIT, number);
	if (!check_attributes(look, result, n)) {
		look_at_schema(look);
		return false;
	}
	look_end(look, CS_PROBE_GOOD, CS_TROUBLE_NONE, NULL);
	return true;
}

bool look_at_people(struct look *look)
{
	const struct cs_settings *s = look->settings;
	const char *attributes[ATTRIBUTES_MAX] = {"objectClass",          "ipaUniqueID", "nsUniqueId",
						  "objectGUID",           "memberOf",    s->schema.login_attribute,
						  s->schema.uid_attribute};
	const char *more[] = {s->schema.id_attribute, s->schema.person_attribute, s->schema.member_of};
	size_t n = 7;
	LDAPMessage *result = NULL;
	for (size_t i = 0; i < CS_COUNT(more); i++)
		if (*more[i] != '\0' && strcmp(more[i], "dn") != 0)
			attributes[n++] = more[i];
	look_begin(look, CS_PROBE_PEOPLE);
	int code = look_search(look, s->people_base, true, s->schema.people_filter, attributes, SAMPLE, &result);
	bool ok = code == LDAP_SUCCESS || code == LDAP_SIZELIMIT_EXCEEDED;
	if (ok)
		ok = check_people(look, result, code, attributes);
	else
		base_failed(look, CS_TROUBLE_BASE, s->people_base, code);
	ldap_msgfree(result);
	return ok;
}

/* --- Locked accounts --- */

/* The attributes of a filter, one after the other: what stands between '(' and the operator. */
static const char *next_attribute(const char *at, char *ret_name, size_t max)
{
	for (at = strchr(at, '('); at != NULL; at = strchr(at + 1, '(')) {
		size_t n = strcspn(at + 1, "=<>~:;()&|!");
		if (n > 0 && n < max && strchr("=<>~:;", at[1 + n]) != NULL) {
			(void)snprintf(ret_name, max, "%.*s", (int)n, at + 1);
			return at + 1;
		}
	}
	return NULL;
}

void look_at_accounts(struct look *look)
{
	const char *filter = look->settings->locked_filter;
	char name[128];
	size_t asked = 0, defined = 0, others = 0;
	look_begin(look, CS_PROBE_ACCOUNTS);
	for (const char *at = next_attribute(filter, name, sizeof(name)); at != NULL;
	     at = next_attribute(at, name, sizeof(name))) {
		asked++;
		if (look_defines(look, name)) {
			look_add(look, "%s%s", *look->text != '\0' ? ", " : "known by ", name);
			defined++;
		}
	}
	for (size_t i = 0; cs_account_attributes[i] != NULL; i++)
		if (look_defines(look, cs_account_attributes[i]) &&
		    strstr(look->text, cs_account_attributes[i]) == NULL) {
			look_add(look, "%s%s", *look->text != '\0' ? ", " : "known by ", cs_account_attributes[i]);
			others++;
		}
	if (asked > 0 && defined == 0)
		look_warn(look, CS_TROUBLE_LOCKED, filter);
	if (defined + others == 0)
		look_end(look, CS_PROBE_WARNING, CS_TROUBLE_ACCOUNTS, NULL);
	else
		look_end(look, CS_PROBE_GOOD, CS_TROUBLE_NONE, NULL);
}

/* --- Groups --- */

static void describe_groups(struct look *look, LDAPMessage *result, size_t n)
{
	static const char *const lists[] = {"member", "uniqueMember", "memberUid", "memberURL", "owner"};
	look_add(look, "%zu groups looked at", n);
	for (size_t i = 0; i < CS_COUNT(lists); i++) {
		size_t have = count(look, result, lists[i]);
		if (have > 0)
			look_add(look, ", %s %zu", lists[i], have);
	}
	look->has_posix_groups = count(look, result, "memberUid") > 0;
	look->has_dn_groups = count(look, result, "member") > 0 || count(look, result, "uniqueMember") > 0;
}

void look_at_groups(struct look *look)
{
	static const char *const attributes[] = {"member", "uniqueMember", "memberUid", "memberURL", "owner", NULL};
	const struct cs_settings *s = look->settings;
	bool said = *s->groups_base != '\0';
	const char *base = said ? s->groups_base : look_nearest(look, s->people_base);
	LDAPMessage *result = NULL;
	look_begin(look, CS_PROBE_GROUPS);
	int code = look_search(
		look, base, true,
		"(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)"
		"(objectClass=groupOfMembers)(objectClass=posixGroup)(objectClass=group)(objectClass=groupOfURLs)"
		"(objectClass=ipaUserGroup))",
		attributes, SAMPLE, &result);
	size_t n = result != NULL ? (size_t)ldap_count_entries(look->conn.ld, result) : 0;
	if (n > 0) {
		describe_groups(look, result, n);
		look_add(look, " below %s", base);
		look_end(look, CS_PROBE_GOOD, CS_TROUBLE_NONE, NULL);
	} else if (said && code != LDAP_SUCCESS) {
		base_failed(look, CS_TROUBLE_GROUPS_BASE, base, code);
	} else {
		look_end(look, CS_PROBE_WARNING, CS_TROUBLE_NO_GROUPS, base);
	}
	ldap_msgfree(result);
}

/* --- Schema --- */

/* By what is there, the surest sign first. */
static const char *fitting(const struct look *look)
{
	if (look->is_ad || look->has_ad)
		return "ad";
	if (look->has_ipa)
		return "freeipa";
	if (look->is_389 || look->has_389)
		return "389ds";
	if (look->has_member_of)
		return "openldap-memberof";
	return look->has_posix_groups && !look->has_dn_groups ? "rfc2307" : "rfc2307bis";
}

void look_at_schema(struct look *look)
{
	const char *fits = fitting(look), *is = look->settings->schema.name;
	look_begin(look, CS_PROBE_SCHEMA);
	look_add(look, "schema = %s", is);
	if (strcmp(fits, is) == 0) {
		look_add(look, " fits");
		look_end(look, CS_PROBE_GOOD, CS_TROUBLE_NONE, NULL);
	} else {
		look_end(look, CS_PROBE_WARNING, CS_TROUBLE_SCHEMA, fits);
	}
}
