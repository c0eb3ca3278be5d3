/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry of a result says. */
#include "ldap_internal.h"
#include "mem.h"
#include "model.h"
#include "person.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static int take_values(const struct cs_entry *entry, const char *description, size_t max, size_t max_bytes,
	char ***ret_values, size_t *ret_n)
{
	struct berval **found = ldap_get_values_len(entry->ld, entry->message, description);
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

/* --- Pieces --- */

#define RANGE ";range="

/* What the server calls the piece of an attribute that it handed out; NULL where there is none. The caller frees with
 * ldap_memfree. */
static char *piece_name(const struct cs_entry *entry, const char *attribute)
{
	size_t n = strlen(attribute);
	BerElement *ber = NULL;
	char *name = ldap_first_attribute(entry->ld, entry->message, &ber);
	while (name != NULL &&
	       (strncasecmp(name, attribute, n) != 0 || strncasecmp(name + n, RANGE, strlen(RANGE)) != 0)) {
		ldap_memfree(name);
		name = ldap_next_attribute(entry->ld, entry->message, ber);
	}
	ber_free(ber, 0);
	return name;
}

static int read_place(const char **p, size_t *ret_place)
{
	size_t place = 0;
	const char *s = *p;
	while (*s >= '0' && *s <= '9' && place <= INT_MAX / 10)
		place = place * 10 + (size_t)(*s++ - '0');
	if (s == *p || (*s >= '0' && *s <= '9'))
		return CS_EPROTO;
	*p = s;
	*ret_place = place;
	return 0;
}

/* "0-1499" or "1500-*": where the piece begins and what follows it, 0 for nothing. */
static int read_range(const char *range, size_t *ret_first, size_t *ret_next)
{
	size_t last = 0;
	if (read_place(&range, ret_first) != 0 || *range++ != '-')
		return CS_EPROTO;
	if (strcmp(range, "*") == 0) {
		*ret_next = 0;
		return 0;
	}
	if (read_place(&range, &last) != 0 || *range != '\0' || last < *ret_first)
		return CS_EPROTO;
	*ret_next = last + 1;
	return 0;
}

int cs_entry_values(const struct cs_entry *entry, const char *attribute, size_t max, size_t max_bytes,
		    char ***ret_values, size_t *ret_n)
{
	char *piece = piece_name(entry, attribute);
	if (piece != NULL) {
		ldap_memfree(piece);
		return CS_ETOOBIG;
	}
	return take_values(entry, attribute, max, max_bytes, ret_values, ret_n);
}

int cs_entry_piece(const struct cs_entry *entry, const char *attribute, size_t from, size_t max, size_t max_bytes,
	char ***ret_values, size_t *ret_n, size_t *ret_next)
{
	char *piece = piece_name(entry, attribute);
	size_t first = 0, next = 0;
	int r = 0;
	if (piece != NULL)
		r = read_range(piece + strlen(attribute) + strlen(RANGE), &first, &next);
	if (r == 0 && first != from) /* and without a piece it begins at 0 */
		r = CS_EPROTO;
	if (r == 0)
		r = take_values(entry, piece != NULL ? piece : attribute, max, max_bytes, ret_values, ret_n);
	if (r == 0 && next != 0 && next - first != *ret_n) {
		cs_free_strv(ret_values, ret_n);
		r = CS_EPROTO;
	}
	if (r == 0)
		*ret_next = next;
	ldap_memfree(piece);
	return r;
}

/* --- The entry of a person --- */

struct person_source {
	const struct cs_entry *entry;
	struct berval ***kept; /* what was handed out */
	size_t n, cap;
};

static int source_values(void *arg, const char *attribute, struct cs_bytes *ret_values, size_t max, size_t *ret_n)
{
	struct person_source *source = arg;
	int r = cs_reserve((void **)&source->kept, &source->cap, source->n, 1, sizeof(*source->kept));
	if (r != 0)
		return r;
	struct berval **found = ldap_get_values_len(source->entry->ld, source->entry->message, attribute);
	size_t n = found != NULL ? (size_t)ldap_count_values_len(found) : 0;
	for (size_t i = 0; i < n && i < max; i++)
		ret_values[i] = (struct cs_bytes){ found[i]->bv_val, found[i]->bv_len };
	if (found != NULL)
		source->kept[source->n++] = found;
	*ret_n = n;
	return 0;
}

int cs_entry_source_open(const struct cs_entry *entry, struct cs_entry_source *ret_source)
{
	struct person_source *source = calloc(1, sizeof(*source));
	if (source == NULL)
		return CS_ENOMEM;
	source->entry = entry;
	*ret_source = (struct cs_entry_source){ source, source_values };
	return 0;
}

void cs_entry_source_close(struct cs_entry_source *ret_source)
{
	struct person_source *source = ret_source->entry;
	for (size_t i = 0; source != NULL && i < source->n; i++)
		ldap_value_free_len(source->kept[i]);
	if (source != NULL)
		free(source->kept);
	free(source);
	*ret_source = (struct cs_entry_source){ 0 };
}
