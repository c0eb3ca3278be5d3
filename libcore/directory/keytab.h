/* SPDX-License-Identifier: Apache-2.0 */
/* A keytab in memory: the file format, version 0x0502, of MIT krb5. */
#ifndef CS_DIRECTORY_KEYTAB_H
#define CS_DIRECTORY_KEYTAB_H

#include <stddef.h>
#include <stdint.h>

/* Leaves only the keys of this principal ("" : all of them), in place, and wipes the rest: a host's keytab has keys
 * that are nobody's business in the worker, and Kerberos takes the first. A principal without '@' may be of any realm.
 * 0, CS_EPROTO (no keytab), CS_ENOENT (no key is left). */
int cs_keytab_reduce(uint8_t *bytes, size_t *n, const char *principal);

#endif
