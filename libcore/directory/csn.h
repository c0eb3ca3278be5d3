/* SPDX-License-Identifier: Apache-2.0 */
/* How far a server's contents have come (OpenLDAP: contextCSN, and the cookies of RFC 4533): for every server that
 * takes changes the number of its last one. */
#ifndef CS_DIRECTORY_CSN_H
#define CS_DIRECTORY_CSN_H

#include <stdbool.h>
#include <stddef.h>

enum { CS_CSN_LEN = 40, CS_CSN_SERVERS = 32, CS_CSN_COOKIE = 16 + CS_CSN_SERVERS * (CS_CSN_LEN + 1) };

/* One for each server id, the newest that was added. All zero is none. */
struct cs_csns {
	size_t n;
	char csn[CS_CSN_SERVERS][CS_CSN_LEN + 1];
};

/* Adds "20261122021505.637122Z#000000#000#000000". 0, CS_EPROTO (it is none), CS_ETOOBIG (too many servers). */
int cs_csns_add(struct cs_csns *csns, const char *text, size_t n);

/* Adds those of a cookie, "rid=000,sid=001,csn=…;…"; a cookie may have none. 0, CS_EPROTO, CS_ETOOBIG. */
int cs_csns_add_cookie(struct cs_csns *csns, const char *cookie, size_t n);

void cs_csns_merge(struct cs_csns *csns, const struct cs_csns *more);

/* 1 when nothing of the other is newer. */
bool cs_csns_cover(const struct cs_csns *csns, const struct cs_csns *other);

/* The cookie of somebody who has seen all of this. */
void cs_csns_cookie(const struct cs_csns *csns, char ret_cookie[CS_CSN_COOKIE]);

#endif
