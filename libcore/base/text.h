/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside: bounded, escaped on the way out, never stripped. */
#ifndef CS_BASE_TEXT_H
#define CS_BASE_TEXT_H

#include "buf.h"

/* Appends s to out so that a terminal or a log shows every byte: printable ASCII as it is, '\' as '\\', other valid
 * UTF-8 letters as they are only when they are not controls, format characters (bidi and zero-width included),
 * private use, invisible or separators; those as \u{202E}; ASCII controls and bytes that are no UTF-8 as \xNN;
 * newline as \n, tab as \t.
 * One argument therefore never makes two lines. Source: threat-model.md rule 9, attacks.md A097. */
void cs_escape(struct cs_buf *out, const char *s);

/* The same, but nothing beyond printable ASCII is shown as it is: for what is to run, where a letter that looks like another,
 * or one that is written from right to left, would have somebody approve what he does not see (A097). */
void cs_escape_ascii(struct cs_buf *out, const char *s);

/* cs_escape as an allocated string; NULL only when out of memory or when the result exceeds 1 MiB. */
char *cs_escaped(const char *s);

/* The length of the code point at s when cs_escape would show it as it is ('\\' counts as shown); 0 when it would not. */
size_t cs_text_shown(const char *s);

/* How many columns of a terminal the code point at s takes, at most: 2 for wide ones, 1 for all others, also for a byte that
 * is no UTF-8. *ret_bytes is its length. Source: East Asian Width (UAX 11), with some that are narrow counted as wide. */
size_t cs_text_columns(const char *s, size_t *ret_bytes);

/* 1 when every byte of s is in [A-Za-z0-9._-], s is not empty, does not begin with '-' or '.', and is at most max
 * bytes long; else 0. What may stand in a scope, a host name or a captured argument. */
int cs_is_word(const char *s, size_t max);

/* 1 when s is a login name that may reach the directory: [a-z0-9._-]{1,32}, not beginning with '-' (A071); else 0. */
int cs_is_login(const char *s);

/* Parses a decimal uid: whole string, no sign, no leading zero, at most 4294967294, and not 65534. 0, CS_EINVAL (A004). */
int cs_parse_uid(const char *s, uint32_t *ret_uid);

/* Parses "90s", "15m", "2h", "1d" (a whole number and one unit, at least 1 s, at most 365 d) to milliseconds. 0, CS_EINVAL. */
int cs_parse_span(const char *s, uint64_t *ret_ms);

/* Glob of a host pattern: '*' matches any run of bytes, all others themselves. 1, 0. */
int cs_glob(const char *pattern, const char *s);

/* Lower-case hexadecimal. hex has room for 2n+1 bytes. */
void cs_hex(const void *bytes, size_t n, char *hex);
/* Parses exactly 2n hexadecimal digits. 0, CS_EINVAL. */
int cs_unhex(const char *hex, void *ret_bytes, size_t n);
/* The same for 2n digits in the middle of a text. What was read before a wrong digit is in ret_bytes then. */
int cs_unhex_part(const char *hex, void *ret_bytes, size_t n);

#endif
