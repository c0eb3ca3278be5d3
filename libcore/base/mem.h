/* SPDX-License-Identifier: Apache-2.0 */
/* Memory helpers: free functions take the address, accept NULL and leave NULL. */
#ifndef CS_BASE_MEM_H
#define CS_BASE_MEM_H

#include <stddef.h>

/* The number of elements of an array (not of a pointer: that does not compile with -Wsizeof-pointer-div). */
#define CS_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Frees *p and sets it to NULL. */
void cs_free_str(char **p);

/* Wipes the string with explicit_bzero, frees it, sets it to NULL. For secrets. */
void cs_free_secret(char **p);

/* Frees a vector of n strings, sets *v to NULL and *n to 0. */
void cs_free_strv(char ***v, size_t *n);

/* Appends a copy of s to the vector. 0, CS_ENOMEM. On failure the vector is unchanged. */
int cs_strv_add(char ***v, size_t *n, const char *s);

/* 1 when s is one of the n strings (exact bytes), else 0. */
int cs_strv_has(char *const *v, size_t n, const char *s);

/* strdup where NULL counts as "". NULL only when out of memory. */
char *cs_dup(const char *s);

/* Replaces *dst by a copy of s. 0, CS_ENOMEM (then *dst is unchanged). */
int cs_set(char **dst, const char *s);

/* asprintf into *ret. 0, CS_ENOMEM; *ret untouched on failure. */
int cs_format(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for n more elements of size bytes behind *items, which has count of them: grows geometrically, checks
 * overflow, zeroes what is new. 0, CS_ENOMEM (then nothing changed). *cap is the capacity. */
int cs_reserve(void **items, size_t *cap, size_t count, size_t n, size_t size);

#endif
