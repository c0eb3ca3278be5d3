/* SPDX-License-Identifier: Apache-2.0 */
/* The LDAP URLs (RFC 4516) by which a dynamic group says who its members are. */
#ifndef CS_DIRECTORY_LDAP_URL_H
#define CS_DIRECTORY_LDAP_URL_H

#include <stdbool.h>

enum cs_url_scope { CS_URL_BASE = 0, CS_URL_ONE = 1, CS_URL_BELOW = 2, CS_URL_CHILDREN = 3 };

struct cs_url {
	char *base;
	enum cs_url_scope scope;
	char *filter;
};

/* Reads a URL that this server can answer: without a host, with a base and a whole filter. 0; CS_EPROTO with *ret_why a
 * static text; CS_ENOMEM. The caller clears. */
int cs_url_parse(const char *text, struct cs_url *ret_url, const char **ret_why);
void cs_url_clear(struct cs_url *url);

/* The entry with this DN is within base and scope. */
bool cs_url_reaches(const struct cs_url *url, const char *dn);

#endif
