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

enum { ATTRIBUTES_MAX = 1024 }; /* of an entry: far more than anybody asks for */

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

static int value_text(const struct cs_bytes *value, size_t max_bytes, char **ret_text)
{
	if (value->len > max_bytes)
		return CS_ETOOBIG;
	if (memchr(value->data, '\0', value->len) != NULL)
		return CS_EPROTO;
	char *text = strndup(value->data, value->len);
	if (text == NULL)
		return CS_ENOMEM;
	*ret_text = text;
	return 0;
}

/* --- In the message ---
 * Attributes and values are read where they stand, and no further than asked for: copies of all would be a million
 * allocations for an entry that somebody filled with a million of them, and the loop stands still meanwhile. */

/* The next element, which must have this tag: 1, 0 at the end, CS_EPROTO. */
static int next_element(BerElement *ber, ber_tag_t tag, struct berval *ret_content)
{
	ber_len_t left = 0;
	if (ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left) == LBER_OPT_SUCCESS && left == 0)
		return 0;
	return ber_skip_element(ber, ret_content) == tag ? 1 : CS_EPROTO;
}

/* The two parts of an attribute. 0, CS_EPROTO. */
static int read_attribute(BerElement *ber, struct berval *attribute, struct berval *ret_name, struct berval *ret_values)
{
	ber_init2(ber, attribute, 0);
	return next_element(ber, LBER_OCTETSTRING, ret_name) == 1 && next_element(ber, LBER_SET, ret_values) == 1 ?
		0 : CS_EPROTO;
}

static bool has_name(const struct berval *name, const char *attribute, const char *option)
{
	size_t n = strlen(attribute), n_option = strlen(option);
	if (name->bv_len < n + n_option || (n_option == 0 && name->bv_len > n))
		return false;
	return strncasecmp(name->bv_val, attribute, n) == 0 && strncasecmp(name->bv_val + n, option, n_option) == 0;
}

/* The attribute of this name, or with an option that begins so: 1, 0 when there is none, CS_EPROTO, CS_ENOMEM. */
static int find_attribute(const struct cs_entry *entry, const char *attribute, const char *option,
	struct berval *ret_name, struct berval *ret_values)
{
	BerElement *all = NULL, *parts = ber_alloc_t(0);
	struct berval dn = { 0 }, one = { 0 };
	int r = parts == NULL ? CS_ENOMEM : 1;
	if (r == 1 && ldap_get_dn_ber(entry->ld, entry->message, &all, &dn) != LDAP_SUCCESS)
		r = CS_EPROTO;
	bool found = false;
	for (size_t n = 0; r == 1 && !found; n++) {
		r = n < ATTRIBUTES_MAX ? next_element(all, LBER_SEQUENCE, &one) : CS_EPROTO;
		if (r == 1 && read_attribute(parts, &one, ret_name, ret_values) != 0)
			r = CS_EPROTO;
		found = r == 1 && has_name(ret_name, attribute, option);
	}
	ber_free(all, 0);
	ber_free(parts, 0);
	return r;
}

/* At most max of the values; *ret_n is more than max when there are more. 0, CS_EPROTO, CS_ENOMEM. */
static int read_values(struct berval *values, struct cs_bytes *ret_values, size_t max, size_t *ret_n)
{
	BerElement *ber = ber_alloc_t(0);
	struct berval value = { 0 };
	size_t n = 0;
	int r = 1;
	if (ber == NULL)
		return CS_ENOMEM;
	ber_init2(ber, values, 0);
	while (n <= max && (r = next_element(ber, LBER_OCTETSTRING, &value)) == 1) {
		if (ret_values != NULL && n < max)
			ret_values[n] = (struct cs_bytes){ value.bv_val, value.bv_len };
		n++;
	}
	ber_free(ber, 0);
	*ret_n = n;
	return r < 0 ? r : 0;
}

/* --- Values --- */

static int copy_values(const struct cs_bytes *found, size_t max_bytes, char **values, size_t *n, size_t count)
{
	int r = 0;
	while (*n < count && r == 0) {
		r = value_text(&found[*n], max_bytes, &values[*n]);
		if (r == 0)
			(*n)++;
	}
	return r;
}

static int take_values(const struct cs_entry *entry, const char *description, size_t max, size_t max_bytes,
	char ***ret_values, size_t *ret_n)
{
	struct berval name = { 0 }, all = { 0 };
	size_t count = 0, n = 0;
	int r = find_attribute(entry, description, "", &name, &all);
	if (r == 1)
		r = read_values(&all, NULL, max, &count);
	if (r != 0 || count > max)
		return r != 0 ? r : CS_ETOOBIG;
	struct cs_bytes *found = calloc(count + 1, sizeof(*found));
	char **values = calloc(count + 1, sizeof(*values));
	r = found != NULL && values != NULL ? 0 : CS_ENOMEM;
	if (r == 0 && count > 0)
		r = read_values(&all, found, count, &count);
	if (r == 0)
		r = copy_values(found, max_bytes, values, &n, count);
	free(found);
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

/* What the server calls the piece of an attribute that it handed out; NULL where there is none. 0, or an error. */
static int piece_name(const struct cs_entry *entry, const char *attribute, char **ret_name)
{
	struct berval name = { 0 }, values = { 0 };
	*ret_name = NULL;
	int r = find_attribute(entry, attribute, RANGE, &name, &values);
	if (r != 1)
		return r;
	const struct cs_bytes text = { name.bv_val, name.bv_len };
	return value_text(&text, CS_MAX_NAME, ret_name);
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
	char *piece = NULL;
	int r = piece_name(entry, attribute, &piece);
	bool partly = piece != NULL;
	free(piece);
	if (r != 0 || partly)
		return r != 0 ? r : CS_ETOOBIG;
	return take_values(entry, attribute, max, max_bytes, ret_values, ret_n);
}

int cs_entry_piece(const struct cs_entry *entry, const char *attribute, size_t from, size_t max, size_t max_bytes,
	char ***ret_values, size_t *ret_n, size_t *ret_next)
{
	char *piece = NULL;
	size_t first = 0, next = 0;
	int r = piece_name(entry, attribute, &piece);
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
	free(piece);
	return r;
}

/* --- The entry of a person --- */

static int source_values(void *arg, const char *attribute, struct cs_bytes *ret_values, size_t max, size_t *ret_n)
{
	struct berval name = { 0 }, all = { 0 };
	*ret_n = 0;
	int r = find_attribute(arg, attribute, "", &name, &all);
	return r == 1 ? read_values(&all, ret_values, max, ret_n) : r;
}

struct cs_entry_source cs_entry_as_source(const struct cs_entry *entry)
{
	return (struct cs_entry_source){ (void *)(uintptr_t)entry, source_values };
}
