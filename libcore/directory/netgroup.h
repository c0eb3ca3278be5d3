/* SPDX-License-Identifier: Apache-2.0 */
/* Which hosts a netgroup holds (RFC 2307 nisNetgroup), nested ones too: level by level, each netgroup once. Both kinds
 * of directory read the entries, this decides what they mean. */
#ifndef CS_DIRECTORY_NETGROUP_H
#define CS_DIRECTORY_NETGROUP_H

#include "listing.h"

enum { CS_NETGROUP_DEPTH = 8, CS_NETGROUPS_MOST = 256 };

#define CS_NETGROUP_CLASS "nisNetgroup"
#define CS_NETGROUP_TRIPLE "nisNetgroupTriple"
#define CS_NETGROUP_MEMBER "memberNisNetgroup"

struct cs_netgroup {
	const char *dn; /* of the first; the caller's */
	struct cs_listing_fill *fill;
	char **names; /* every netgroup that was come upon; the first is the one that is asked about */
	size_t n_names;
	size_t level, end; /* names[level] to names[end - 1] are what is to be read now */
	unsigned depth;
};

/* The values of one entry's attributes, as they stand in the directory. */
struct cs_netgroup_entry {
	char **classes, **triples, **members;
	size_t n_classes, n_triples, n_members;
};

void cs_netgroup_entry_clear(struct cs_netgroup_entry *entry);

/* The caller clears also after a failure. 0, CS_EPROTO, CS_ENOMEM. */
int cs_netgroup_start(struct cs_netgroup *netgroup, const char *dn, struct cs_listing_fill *fill);
void cs_netgroup_clear(struct cs_netgroup *netgroup);

/* The DN of names[i]. 0 and an allocated string, CS_ETOOBIG, CS_ENOMEM. */
int cs_netgroup_dn(const struct cs_netgroup *netgroup, size_t i, char **ret_dn);

/* Takes what one entry says. 0; CS_EPROTO with *ret_what a static text: it is no netgroup, or a triple or a name in it
 * is malformed; CS_ETOOBIG; CS_ENOMEM. */
int cs_netgroup_take(struct cs_netgroup *netgroup, const struct cs_netgroup_entry *entry, const char **ret_what);

/* Goes on to what the netgroups of this level named. 1: there is something to read; 0: everything was read; CS_ETOOBIG:
 * nested too deep. */
int cs_netgroup_descend(struct cs_netgroup *netgroup);

/* Why it cannot be told, for people. what: of cs_netgroup_take. CS_ENOENT: a nested one is not there. */
const char *cs_netgroup_error(int error, const char *what);

#endif
