/* SPDX-License-Identifier: Apache-2.0 */
/* Text that goes into an LDAP query: RFC 4515 in one place (A071). */
#ifndef CS_DIRECTORY_FILTER_H
#define CS_DIRECTORY_FILTER_H

#include "model.h"

/* Appends value so that a filter takes it for nothing but a value: everything but plain printable ASCII as \xx. */
void cs_filter_put_value(struct cs_buf *out, const char *value);

/* 1 when s is one whole filter with balanced parentheses and no unfinished escape; 0 otherwise. Attributes and
 * matching rules are left to the server. */
int cs_filter_is_whole(const char *s);

#define CS_ATTRIBUTE_MAX 64 /* bytes of a name */
/* 1 when s is an attribute name: a letter, then letters, digits and '-'; no options. Else 0. */
int cs_filter_is_attribute(const char *s);

#endif
