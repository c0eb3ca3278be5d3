/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a listing. */
#include "listing.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static int is_there(const struct cs_listing_fill *fill, uint32_t hash, const char *dn)
{
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&fill->seen, hash, &at)) != CS_HASH_NONE;)
		if (cs_dn_same(fill->listing->dns[i], dn))
			return 1;
	return 0;
}

static int append(char ***v, size_t *cap, size_t *n, const char *s)
{
	int r = cs_reserve((void **)v, cap, *n, 1, sizeof(**v));
	char *copy = r == 0 ? cs_dup(s) : NULL;
	if (copy == NULL)
		return CS_ENOMEM;
	(*v)[(*n)++] = copy;
	return 0;
}

int cs_listing_put(struct cs_listing_fill *fill, const char *dn, const char *name)
{
	struct cs_listing *listing = fill->listing;
	char key[CS_MAX_DN + 1];
	int r = cs_dn_key(dn, key);
	if (r != 0)
		return r == CS_ETOOBIG ? r : 0;
	uint32_t hash = cs_hash_text(key);
	if (is_there(fill, hash, dn))
		return 0;
	if (listing->n_dns >= CS_MAX_LISTING || strlen(name) > CS_MAX_NAME)
		return CS_ETOOBIG;
	r = cs_hash_add(&fill->seen, hash, (uint32_t)listing->n_dns);
	if (r == 0)
		r = append(&listing->dns, &fill->cap_dns, &listing->n_dns, dn);
	if (r == 0)
		r = append(&listing->names, &fill->cap_names, &listing->n_names, name);
	return r;
}

int cs_listing_put_dn(struct cs_listing_fill *fill, const char *dn)
{
	char *name = NULL;
	int r = cs_dn_first_value(dn, &name);
	if (r == 0)
		r = cs_listing_put(fill, dn, name);
	free(name);
	return r == CS_EPROTO ? 0 : r; /* a value that is no DN lists nobody */
}

void cs_listing_settle(struct cs_listing_fill *fill, enum cs_known known, const char *what, const char *cause)
{
	struct cs_listing *listing = fill->listing;
	cs_hash_clear(&fill->seen);
	fill->cap_dns = fill->cap_names = 0;
	if (known != CS_KNOWN_YES)
		cs_clear(&cs_listing_shape, listing);
	listing->known = known;
	cs_free_str(&listing->doubt);
	if (known == CS_KNOWN_DOUBT)
		(void)cs_format(&listing->doubt, "%.500s: %.500s", what, cause); /* without memory it stays doubt */
}

const char *cs_listing_error(int error)
{
	return error == CS_ETOOBIG ? "lists too many to be told, or a name that is too long" : cs_strerror(error);
}
