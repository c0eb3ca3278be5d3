/* SPDX-License-Identifier: Apache-2.0 */
/* libldap takes URLs apart; what is left is to refuse those that mean another server, everything, or nothing. */
#include "ldap_url.h"
#include "filter.h"
#include "mem.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include <ldap.h>

enum { URL_FILTER_MAX = 4096 };

static const char *why_not(const LDAPURLDesc *parts)
{
	if (parts->lud_host != NULL && *parts->lud_host != '\0')
		return "a memberURL names a server, which is not asked";
	if (parts->lud_exts != NULL)
		return "a memberURL has extensions, which are not known";
	if (!cs_dn_is_valid(parts->lud_dn))
		return "a memberURL has no base, or one that is no DN";
	if (parts->lud_filter != NULL && *parts->lud_filter != '\0' &&
	    (cs_filter_is_whole(parts->lud_filter) != 1 || strlen(parts->lud_filter) > URL_FILTER_MAX))
		return "a memberURL has no whole filter";
	return NULL;
}

static int read_scope(int scope, enum cs_url_scope *ret_scope)
{
	static const struct {
		int ldap;
		enum cs_url_scope scope;
	} scopes[] = {
		{ LDAP_SCOPE_DEFAULT, CS_URL_BASE },     { LDAP_SCOPE_BASE, CS_URL_BASE },
		{ LDAP_SCOPE_ONELEVEL, CS_URL_ONE },     { LDAP_SCOPE_SUBTREE, CS_URL_BELOW },
		{ LDAP_SCOPE_SUBORDINATE, CS_URL_CHILDREN },
	};
	for (size_t i = 0; i < CS_COUNT(scopes); i++)
		if (scopes[i].ldap == scope) {
			*ret_scope = scopes[i].scope;
			return 0;
		}
	return CS_EPROTO;
}

int cs_url_parse(const char *text, struct cs_url *ret_url, const char **ret_why)
{
	LDAPURLDesc *parts = NULL;
	struct cs_url url = { 0 };
	const char *why = "a memberURL is no LDAP URL";
	if (ldap_url_parse(text, &parts) != LDAP_URL_SUCCESS) {
		*ret_why = why;
		return CS_EPROTO;
	}
	int r = read_scope(parts->lud_scope, &url.scope);
	if (r == 0)
		why = why_not(parts);
	if (why != NULL) {
		r = CS_EPROTO;
		*ret_why = why;
	}
	bool all = r == 0 && (parts->lud_filter == NULL || *parts->lud_filter == '\0');
	if (r == 0)
		r = cs_set(&url.base, parts->lud_dn);
	if (r == 0)
		r = cs_set(&url.filter, all ? "(objectClass=*)" : parts->lud_filter);
	ldap_free_urldesc(parts);
	if (r != 0)
		cs_url_clear(&url);
	else
		*ret_url = url;
	return r;
}

void cs_url_clear(struct cs_url *url)
{
	cs_free_str(&url->base);
	cs_free_str(&url->filter);
	*url = (struct cs_url){ 0 };
}

/* What stands behind the first part of a key; NULL where there is nothing. */
static const char *parent_of(const char *key)
{
	for (; *key != '\0'; key++) {
		if (*key == '\\' && key[1] != '\0')
			key++;
		else if (*key == ',')
			return key + 1;
	}
	return NULL;
}

bool cs_url_reaches(const struct cs_url *url, const char *dn)
{
	char key[CS_MAX_DN + 1], base[CS_MAX_DN + 1];
	if (cs_dn_key(dn, key) != 0 || cs_dn_key(url->base, base) != 0)
		return false;
	bool same = strcmp(key, base) == 0;
	const char *parent = parent_of(key);
	switch (url->scope) {
	case CS_URL_ONE:
		return parent != NULL && strcmp(parent, base) == 0;
	case CS_URL_BELOW:
		return cs_dn_key_below(key, base);
	case CS_URL_CHILDREN:
		return !same && cs_dn_key_below(key, base);
	case CS_URL_BASE:
		return same;
	}
	return false;
}
