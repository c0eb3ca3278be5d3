/* SPDX-License-Identifier: Apache-2.0 */
/* People and groups from a file: for tests, what-if questions and hosts without LDAP. The format:
 *
 *   person alice { uid = 2001  id = "a1b2…"  dn = "uid=alice,ou=people,dc=example,dc=org"  human = "1001"  locked = false }
 *   group tomcat {
 *       dn = "cn=tomcat,ou=project,ou=groups,dc=example,dc=org"
 *       attribute cn { value = "tomcat" }
 *       listed owner { people = { alice, bob } }
 *   }
 *
 * A group's title is only for messages. id is the login name and dn is uid=NAME where they are left out. */
#ifndef CS_DIRECTORY_FIXED_H
#define CS_DIRECTORY_FIXED_H

#include "backend.h"

/* Reads the file; it must be right. It is read again when it changes; while it cannot be, every answer is doubt.
 * 0, CS_ECONF with problem, CS_ENOMEM. */
int cs_fixed_open(const char *path, uid_t owner, void **ret_fixed, struct cs_problem *problem);

extern const struct cs_backend cs_fixed_backend;

/* For programs that have the text at hand (tests, fuzzers): the same without a file. */
int cs_fixed_parse(const char *text, const char *name, void **ret_fixed, struct cs_problem *problem);

#endif
