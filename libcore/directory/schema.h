/* SPDX-License-Identifier: Apache-2.0 */
/* How a directory spells people and groups: presets by name, each part of which an option overrides, and what the
 * values of an attribute that lists people are. */
#ifndef CS_DIRECTORY_SCHEMA_H
#define CS_DIRECTORY_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every text is owned; "" where it does not apply. */
struct cs_schema {
	char *name;             /* of the preset */
	char *people_filter;    /* which entries below people_base are people: "(objectClass=posixAccount)" */
	char *login_attribute;  /* uid, sAMAccountName */
	char *uid_attribute;    /* uidNumber */
	char *id_attribute;     /* entryUUID, nsUniqueId, ipaUniqueID, objectGUID; "dn": the DN stands in, where there
	                         * is nothing better */
	char *person_attribute; /* two entries with one value are one human */
	char *key_attribute;    /* a person's ssh public keys: sshPublicKey */
	char *group_filter;     /* which entries below groups_base are groups, for what is nested:
	                         * "(objectClass=groupOfNames)" */
	char *member_attribute; /* by which groups list people and, where they are nested, groups: member */
	char *member_of;        /* attribute of a person that names the groups which list him by member_attribute; then
	                         * these are asked of his own entry */
	uint32_t nesting;       /* how many groups in groups are followed, upwards from the person, by member_attribute;
	                         * 0: none */
	bool in_chain;          /* nesting is left to the server (LDAP_MATCHING_RULE_IN_CHAIN of Active Directory) where
	                         * it says in its root DSE that it can */
};

/* What a value of an attribute that lists people is. By the attribute's name: memberUid and memberURL say it
 * themselves (RFC 2307, draft-haripriya-dynamicgroup), all others hold DNs, of which uniqueMember may have a bit string
 * behind '#' (RFC 4517 3.3.21). */
enum cs_lists { CS_LISTS_DN = 0, CS_LISTS_LOGIN = 1, CS_LISTS_URL = 2 };
enum cs_lists cs_schema_lists(const char *attribute);
/* The length of a DN as it is listed, without that bit string: #'0101'B. */
size_t cs_schema_dn_length(const char *value);

/* Whoever is listed by this attribute says so himself, by member_of, and the groups are not asked. */
bool cs_schema_by_member_of(const struct cs_schema *schema, const char *listed);

/* So many groups one person is in by way of others, or one listing holds; more is doubt. */
enum { CS_NESTED_MAX = 256 };
#define CS_NESTED_DOUBT "is in more groups, by way of others, than are followed"

/* The defaults of a preset: rfc2307, rfc2307bis (where nothing is said), openldap-memberof, ad, freeipa, 389ds. The
 * caller clears. 0; CS_ENOENT: there is no such preset; CS_ENOMEM. */
int cs_schema_preset(const char *name, struct cs_schema *ret_schema);
/* The names of the presets, for messages; NULL past the end. */
const char *cs_schema_name(unsigned i);
int cs_schema_copy(const struct cs_schema *schema, struct cs_schema *ret_copy);
void cs_schema_clear(struct cs_schema *schema);

#endif
