/* SPDX-License-Identifier: Apache-2.0 */
/* A listing while it is filled: everybody once, never more than CS_MAX_LISTING. */
#ifndef CS_DIRECTORY_LISTING_H
#define CS_DIRECTORY_LISTING_H

#include "hash.h"
#include "model.h"

/* All zero but listing is an empty one. */
struct cs_listing_fill {
	struct cs_listing *listing;
	struct cs_hash seen;
	size_t cap_dns, cap_names;
};

/* Puts in whoever is not there yet, by the key of the DN. 0; CS_ETOOBIG: too many, or a name that is too long;
 * CS_ENOMEM. What is no DN (and no host name) is nobody. */
int cs_listing_put(struct cs_listing_fill *fill, const char *dn, const char *name);

/* The same for somebody who has no name but what his DN begins with. */
int cs_listing_put_dn(struct cs_listing_fill *fill, const char *dn);

/* Ends the filling: anything but yes takes everybody out again, doubt says about what and why. */
void cs_listing_settle(struct cs_listing_fill *fill, enum cs_known known, const char *what, const char *cause);

/* What went wrong while one was filled, for people. */
const char *cs_listing_error(int error);

#endif
