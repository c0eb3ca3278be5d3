/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that look at a server share; they alone include it. */
#ifndef CS_DIRECTORY_LDAP_PROBE_H
#define CS_DIRECTORY_LDAP_PROBE_H

#include "ldap_internal.h"
#include "probe.h"

enum { LOOK_TEXT = 1024, LOOK_NAMES = 16, LOOK_CONTEXTS = 32 };

/* One look at one server. */
struct look {
	const struct cs_probing *probing;
	const struct cs_settings *settings;
	struct conn conn;
	enum cs_probe_step step;
	uint64_t begun_us;
	char text[LOOK_TEXT]; /* of the step under way */
	/* What was learned of the server. */
	char *contexts[LOOK_CONTEXTS];
	size_t n_contexts;
	char *subschema;
	LDAPMessage *definitions; /* the entry with the attribute types; read once */
	bool is_ad, is_389;
	/* … of its entries */
	bool has_ipa, has_389, has_ad, has_member_of, has_posix_groups, has_dn_groups;
};

void look_begin(struct look *look, enum cs_probe_step step);
/* Appends to the text of the step, and cuts it where it is full. */
void look_add(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends the step: good when nothing is the matter. about may be NULL. */
void look_end(struct look *look, enum cs_probe_level level, enum cs_trouble trouble, const char *about);
/* What else is the matter in a step that goes on. */
void look_warn(struct look *look, enum cs_trouble trouble, const char *about);

/* A search within a deadline of its own. LDAP_SUCCESS, LDAP_SIZELIMIT_EXCEEDED with what there is, or another code and
 * no result; the caller frees the result. */
int look_search(struct look *look, const char *base, bool below, const char *filter, const char *const *attributes,
		int limit, LDAPMessage **ret_result);
/* The library's and the server's words about the last operation, into the cause of conn. */
const char *look_words(struct look *look, int code);

/* ldap_probe_server.c, ldap_probe_people.c: steps. False: there is no use in going on. */
bool look_at_server(struct look *look);
bool look_at_people(struct look *look);
void look_at_accounts(struct look *look);
void look_at_groups(struct look *look);
void look_at_schema(struct look *look);
/* The naming context that a base is below, or the one nearest to it; "" when none is known. */
const char *look_nearest(const struct look *look, const char *base);
/* Does the server's schema define it? Could not be told is true. */
bool look_defines(struct look *look, const char *attribute);

#endif
