/* SPDX-License-Identifier: Apache-2.0 */
/* Filters for entries that no server evaluates: LDIF, and groups in memory. Only what needs no schema and no server to
 * be told: tests for presence and equality, joined by & and |. */
#ifndef CS_DIRECTORY_FILTER_MATCH_H
#define CS_DIRECTORY_FILTER_MATCH_H

#include "person.h"

/* 1 when it is made of nothing else; 0 otherwise. */
int cs_filter_is_plain(const char *filter);

/* Does this entry match a plain filter? Letters in either case and DNs in any spelling are alike; an objectCategory is
 * named by the first part of its DN too, as Active Directory has it. An entry that tells no objectClass at all, as one
 * that was written by hand or exported in part, has whichever class is asked for. 1; 0; CS_EINVAL: it is not plain;
 * CS_ETOOBIG: the entry has too many values of an attribute that is tested; CS_ENOMEM. */
int cs_filter_matches(const char *filter, const struct cs_entry_source *source);

#endif
