/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a server: what it says of itself. */
#include "ldap_probe.h"
#include "mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AD_CAPABILITY "1.2.840.113556.1.4.800"

static bool has_value(struct look *look, LDAPMessage *entry, const char *attribute, const char *value)
{
	struct berval **values = ldap_get_values_len(look->conn.ld, entry, attribute);
	bool found = false;
	for (size_t i = 0; values != NULL && values[i] != NULL && !found; i++)
		found = values[i]->bv_len == strlen(value) &&
			strncasecmp(values[i]->bv_val, value, values[i]->bv_len) == 0;
	ldap_value_free_len(values);
	return found;
}

/* The first value, or NULL. */
static char *first_value(struct look *look, LDAPMessage *entry, const char *attribute)
{
	struct berval **values = ldap_get_values_len(look->conn.ld, entry, attribute);
	char *text = values != NULL && values[0] != NULL ? strndup(values[0]->bv_val, values[0]->bv_len) : NULL;
	ldap_value_free_len(values);
	return text;
}

static void keep_contexts(struct look *look, LDAPMessage *entry)
{
	struct berval **values = ldap_get_values_len(look->conn.ld, entry, "namingContexts");
	for (size_t i = 0; values != NULL && values[i] != NULL && look->n_contexts < LOOK_CONTEXTS; i++) {
		char *context = strndup(values[i]->bv_val, values[i]->bv_len);
		if (context != NULL)
			look->contexts[look->n_contexts++] = context;
	}
	ldap_value_free_len(values);
}

static void add_product(struct look *look, LDAPMessage *entry)
{
	char *vendor = first_value(look, entry, "vendorName"), *version = first_value(look, entry, "vendorVersion");
	look->is_ad = has_value(look, entry, "supportedCapabilities", AD_CAPABILITY);
	look->is_389 = vendor != NULL && strstr(vendor, "389") != NULL;
	if (vendor != NULL)
		look_add(look, "%s%s%s", vendor, version != NULL ? " " : "", version != NULL ? version : "");
	else if (look->is_ad)
		look_add(look, "Active Directory");
	else
		look_add(look, has_value(look, entry, "objectClass", "OpenLDAProotDSE") ? "OpenLDAP"
											: "does not say what it is");
	free(vendor);
	free(version);
}

static void describe(struct look *look, LDAPMessage *entry)
{
	bool sync = has_value(look, entry, "supportedControl", LDAP_CONTROL_SYNC);
	bool replica = look->settings->mode == CS_MODE_REPLICA;
	add_product(look, entry);
	keep_contexts(look, entry);
	look->subschema = first_value(look, entry, "subschemaSubentry");
	for (size_t i = 0; i < look->n_contexts; i++)
		look_add(look, "%s%s", i == 0 ? "; naming contexts " : ", ", look->contexts[i]);
	look_add(look, sync ? "; offers syncrepl, so mode = replica is possible" : "; offers no syncrepl");
	if (replica && !sync)
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_REPLICA, NULL);
	else
		look_end(look, CS_PROBE_GOOD, CS_TROUBLE_NONE, NULL);
}

bool look_at_server(struct look *look)
{
	static const char *const attributes[] = {"objectClass",       "vendorName",
						 "vendorVersion",     "namingContexts",
						 "supportedControl",  "supportedCapabilities",
						 "subschemaSubentry", NULL};
	LDAPMessage *result = NULL;
	look_begin(look, CS_PROBE_SERVER);
	int code = look_search(look, "", false, "(objectClass=*)", attributes, 1, &result);
	LDAPMessage *entry = result != NULL ? ldap_first_entry(look->conn.ld, result) : NULL;
	bool gone = code == LDAP_SERVER_DOWN || code == LDAP_TIMEOUT;
	if (entry != NULL) {
		describe(look, entry);
	} else if (gone) {
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_SEARCH, look_words(look, code));
	} else {
		look_add(look, "does not say what it is");
		look_end(look, CS_PROBE_GOOD, CS_TROUBLE_NONE, NULL);
	}
	ldap_msgfree(result);
	return !gone;
}

/* How many bytes at the end two DNs share. */
static size_t shared(const char *a, const char *b)
{
	size_t n = 0, la = strlen(a), lb = strlen(b);
	while (n < la && n < lb && tolower((unsigned char)a[la - 1 - n]) == tolower((unsigned char)b[lb - 1 - n]))
		n++;
	return n;
}

const char *look_nearest(const struct look *look, const char *base)
{
	const char *best = "";
	size_t most = 0;
	for (size_t i = 0; i < look->n_contexts; i++) {
		size_t n = shared(look->contexts[i], base);
		if (*best == '\0' || n > most) {
			best = look->contexts[i];
			most = n;
		}
	}
	return best;
}

/* A name as it stands in a definition: NAME 'uid' or NAME ( 'uid' 'userid' ). */
static bool names(const struct berval *definition, const char *attribute)
{
	size_t n = strlen(attribute);
	for (size_t i = 0; i + n + 2 <= definition->bv_len; i++)
		if (definition->bv_val[i] == '\'' && definition->bv_val[i + n + 1] == '\'' &&
		    strncasecmp(definition->bv_val + i + 1, attribute, n) == 0)
			return true;
	return false;
}

/* NULL: could not be told. */
static LDAPMessage *definitions(struct look *look)
{
	static const char *const attributes[] = {"attributeTypes", NULL};
	if (look->definitions == NULL && look->subschema != NULL)
		(void)look_search(look, look->subschema, false, "(objectClass=subschema)", attributes, 1,
				  &look->definitions);
	return look->definitions != NULL ? ldap_first_entry(look->conn.ld, look->definitions) : NULL;
}

bool look_defines(struct look *look, const char *attribute)
{
	LDAPMessage *entry = definitions(look);
	struct berval **values = entry != NULL ? ldap_get_values_len(look->conn.ld, entry, "attributeTypes") : NULL;
	bool found = values == NULL;
	for (size_t i = 0; values != NULL && values[i] != NULL && !found; i++)
		found = names(values[i], attribute);
	ldap_value_free_len(values);
	return found;
}
