/* SPDX-License-Identifier: Apache-2.0 */
/* Memory helpers: checked growth, string vectors, wiping. */
#include "mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <countersign/error.h>

#define FIRST_CAPACITY 8

void cs_free_str(char **p)
{
	if (p == NULL)
		return;
	free(*p);
	*p = NULL;
}

void cs_free_secret(char **p)
{
	if (p == NULL || *p == NULL)
		return;
	explicit_bzero(*p, strlen(*p));
	cs_free_str(p);
}

void cs_free_strv(char ***v, size_t *n)
{
	if (v == NULL || n == NULL)
		return;
	for (size_t i = 0; *v != NULL && i < *n; i++)
		free((*v)[i]);
	free(*v);
	*v = NULL;
	*n = 0;
}

int cs_strv_add(char ***v, size_t *n, const char *s)
{
	char *copy = cs_dup(s);
	if (copy == NULL)
		return CS_ENOMEM;
	char **grown = *n < SIZE_MAX ? reallocarray(*v, *n + 1, sizeof(**v)) : NULL;
	if (grown == NULL) {
		free(copy);
		return CS_ENOMEM;
	}
	grown[*n] = copy;
	*v = grown;
	(*n)++;
	return 0;
}

int cs_strv_has(char *const *v, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i], s) == 0)
			return 1;
	}
	return 0;
}

char *cs_dup(const char *s)
{
	return strdup(s != NULL ? s : "");
}

int cs_set(char **dst, const char *s)
{
	char *copy = cs_dup(s);
	if (copy == NULL)
		return CS_ENOMEM;
	free(*dst);
	*dst = copy;
	return 0;
}

int cs_format(char **ret, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		return CS_ENOMEM;
	*ret = text;
	return 0;
}

int cs_reserve(void **items, size_t *cap, size_t count, size_t n, size_t size)
{
	size_t need = 0;
	if (__builtin_add_overflow(count, n, &need))
		return CS_ENOMEM;
	if (need <= *cap)
		return 0;

	size_t grown_cap = 0;
	size_t bytes = 0;
	if (__builtin_mul_overflow(*cap, (size_t)2, &grown_cap) || grown_cap < need)
		grown_cap = need;
	if (grown_cap < FIRST_CAPACITY)
		grown_cap = FIRST_CAPACITY;
	if (size == 0 || __builtin_mul_overflow(grown_cap, size, &bytes))
		return CS_ENOMEM;

	/* The caller's pointer has another type than void *, so it is only touched as bytes. */
	void *old = NULL;
	memcpy(&old, items, sizeof(old));
	char *grown = realloc(old, bytes);
	if (grown == NULL)
		return CS_ENOMEM;
	memset(grown + *cap * size, 0, bytes - *cap * size);
	memcpy(items, &grown, sizeof(grown));
	*cap = grown_cap;
	return 0;
}
