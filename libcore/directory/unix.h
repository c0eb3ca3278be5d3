/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts and groups of this host as a directory, for hosts without LDAP: from the files alone, without NSS. */
#ifndef CS_DIRECTORY_UNIX_H
#define CS_DIRECTORY_UNIX_H

#include "memory.h"

/* The text is that of passwd, group and shadow, with a NUL between them.
 *
 * A person is an account whose number is from CS_UNIX_UID_MIN on and not 65534, and whose name is a login name:
 * uid=NAME,ou=people,o=unix, with NAME:UID as the id, so that a name or a number that is given again is another
 * person. He is locked where the password is (usermod -L), where the account is over (chage -E, or the password's
 * inactivity), and where the shell is nologin or false. A group is cn=NAME,ou=groups,o=unix with cn, gidNumber,
 * memberUid and member; both of the latter list whoever the line names and everybody whose primary group it is.
 * Doubt: a name or a number that two accounts have, an account without its line in shadow, a primary group whose number
 * two groups have. */
extern const struct cs_form cs_unix_form;

#define CS_UNIX_UID_MIN 1000u
#define CS_UNIX_PEOPLE "ou=people,o=unix"
#define CS_UNIX_GROUPS "ou=groups,o=unix"

#endif
