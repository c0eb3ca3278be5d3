/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry of a result says. */
#include "ldap_internal.h"
#include "mem.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

int cs_entry_dn(const struct cs_entry *entry, char **ret_dn)
{
	char *dn = ldap_get_dn(entry->ld, entry->message);
	if (dn == NULL || *dn == '\0') {
		ldap_memfree(dn);
		return CS_EPROTO;
	}
	int r = strnlen(dn, CS_MAX_DN + 1) > CS_MAX_DN ? CS_ETOOBIG : 0;
	char *copy = r == 0 ? cs_dup(dn) : NULL;
	ldap_memfree(dn);
	if (r != 0)
		return r;
	if (copy == NULL)
		return CS_ENOMEM;
	*ret_dn = copy;
	return 0;
}

static int value_text(const struct berval *value, size_t max_bytes, char **ret_text)
{
	if (value->bv_len > max_bytes)
		return CS_ETOOBIG;
	if (memchr(value->bv_val, '\0', value->bv_len) != NULL)
		return CS_EPROTO;
	char *text = strndup(value->bv_val, value->bv_len);
	if (text == NULL)
		return CS_ENOMEM;
	*ret_text = text;
	return 0;
}

int cs_entry_values(const struct cs_entry *entry, const char *attribute, size_t max, size_t max_bytes,
		    char ***ret_values, size_t *ret_n)
{
	struct berval **found = ldap_get_values_len(entry->ld, entry->message, attribute);
	size_t count = found != NULL ? (size_t)ldap_count_values_len(found) : 0, n = 0;
	char **values = count <= max ? calloc(count + 1, sizeof(*values)) : NULL;
	int r = count > max ? CS_ETOOBIG : values == NULL ? CS_ENOMEM : 0;
	while (n < count && r == 0) {
		r = value_text(found[n], max_bytes, &values[n]);
		if (r == 0)
			n++;
	}
	ldap_value_free_len(found);
	if (r != 0) {
		cs_free_strv(&values, &n);
		return r;
	}
	*ret_values = values;
	*ret_n = n;
	return 0;
}
