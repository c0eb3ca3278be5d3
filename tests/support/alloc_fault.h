/* SPDX-License-Identifier: Apache-2.0 */
/* Counts allocations, and makes the n-th fail. For tests named test_*_alloc.c: they are linked with --wrap, so that
 * every room's calls come through here (those that libc makes inside itself do not). */
#ifndef CS_TEST_ALLOC_FAULT_H
#define CS_TEST_ALLOC_FAULT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct alloc_fault {
	size_t bytes;   /* asked for since the reset */
	size_t calls;
	size_t fail_at; /* 1: the next one fails; 0: none does. Those after it succeed */
};
static struct alloc_fault alloc_fault;
static void (*alloc_fault_seen)(void); /* may be set: hears of each allocation */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
int __real_vasprintf(char **ret, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_vasprintf(char **ret, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static inline void alloc_fault_reset(size_t fail_at)
{
	alloc_fault = (struct alloc_fault){.fail_at = fail_at};
}

/* 1 when this allocation is the one that fails. */
static inline int alloc_fault_now(size_t n, size_t size)
{
	size_t bytes = size && n > SIZE_MAX / size ? SIZE_MAX : n * size;

	alloc_fault.calls++;
	if (alloc_fault_seen)
		alloc_fault_seen();
	alloc_fault.bytes = alloc_fault.bytes > SIZE_MAX - bytes ? SIZE_MAX : alloc_fault.bytes + bytes;
	return alloc_fault.calls == alloc_fault.fail_at;
}

void *__wrap_malloc(size_t n)
{
	return alloc_fault_now(1, n) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return alloc_fault_now(n, size) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return alloc_fault_now(1, n) ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return alloc_fault_now(n, size) ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return alloc_fault_now(1, strlen(s) + 1) ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return alloc_fault_now(1, strnlen(s, n) + 1) ? NULL : __real_strndup(s, n);
}

int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
	return alloc_fault_now(1, 1) ? -1 : __real_vasprintf(ret, format, args);
}

#endif
