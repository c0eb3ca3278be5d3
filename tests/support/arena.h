/* SPDX-License-Identifier: Apache-2.0 */
/* A heap that can be put back as it was. For tests that are linked with --wrap (tests/CMakeLists.txt): what the rooms
 * allocate between arena_open and arena_close lies in one piece of memory, of which a copy is the whole state. What
 * libraries allocate for themselves does not come through here; it must not live longer than the call that made it. Nor
 * does what is made while a configuration is parsed: libConfuse frees it. */
#ifndef CS_TEST_ARENA_H
#define CS_TEST_ARENA_H

#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA_BYTES = 1 << 26, ARENA_CLASSES = 27 };

/* At its beginning: how far it is used, and what was freed, for each power of two. */
struct arena {
	size_t top;
	struct arena_block *freed[ARENA_CLASSES];
};

/* Before each allocation. */
struct arena_block {
	size_t class;
	struct arena_block *next;
};

static struct arena *arena;
static bool arena_is_open;

void *__real_malloc(size_t n);
void __real_free(void *p);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void __wrap_free(void *p);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_vasprintf(char **ret, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
struct cfg_t;
int __real_cfg_parse_buf(struct cfg_t *cfg, const char *text);
int __wrap_cfg_parse_buf(struct cfg_t *cfg, const char *text);

static inline void arena_open(void)
{
	arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		abort();
	arena->top = (sizeof(*arena) + 15) & ~(size_t)15;
	arena_is_open = true;
}

static inline void arena_close(void)
{
	arena_is_open = false;
	(void)munmap(arena, ARENA_BYTES);
	arena = NULL;
}

static inline bool arena_has(const void *p)
{
	return arena && (const char *)p >= (const char *)arena && (const char *)p < (const char *)arena + ARENA_BYTES;
}

/* A copy of all of it; free with arena_forget. */
static inline void *arena_keep(void)
{
	void *copy = __real_malloc(arena->top);

	if (!copy)
		abort();
	memcpy(copy, arena, arena->top);
	return copy;
}

static inline void arena_put_back(const void *copy)
{
	memcpy(arena, copy, ((const struct arena *)copy)->top);
}

static inline void arena_forget(void *copy)
{
	__real_free(copy);
}

/* The smallest power of two that holds the block and n bytes. */
static inline size_t arena_class(size_t n)
{
	size_t class = 5;

	while ((size_t)1 << class < n + sizeof(struct arena_block))
		class++;
	return class;
}

/* How much of a block of n bytes is spoilt: what is larger costs more than it finds. */
static inline size_t arena_spoilt(size_t n)
{
	return n < 512 ? n : 512;
}

void *__wrap_malloc(size_t n)
{
	struct arena_block *block = NULL;
	size_t class = 0;

	if (!arena_is_open)
		return __real_malloc(n);
	class = n < ARENA_BYTES / 4 ? arena_class(n) : ARENA_CLASSES;
	if (class >= ARENA_CLASSES)
		return NULL;
	block = arena->freed[class];
	if (block) {
		arena->freed[class] = block->next;
	} else {
		if (arena->top + ((size_t)1 << class) > ARENA_BYTES)
			abort();
		block = (struct arena_block *)(void *)((char *)arena + arena->top);
		arena->top += (size_t)1 << class;
		block->class = class;
	}
	memset(block + 1, 0xa5, arena_spoilt(n)); /* nobody shall find what was there */
	return block + 1;
}

void __wrap_free(void *p)
{
	struct arena_block *block = NULL;

	if (!arena_has(p)) {
		__real_free(p);
		return;
	}
	block = (struct arena_block *)p - 1;
	memset(p, 0x5a, arena_spoilt(((size_t)1 << block->class) - sizeof(*block)));
	block->next = arena->freed[block->class];
	arena->freed[block->class] = block;
}

void *__wrap_calloc(size_t n, size_t size)
{
	size_t bytes = 0;
	void *p = __builtin_mul_overflow(n, size, &bytes) ? NULL : __wrap_malloc(bytes);

	return p ? memset(p, 0, bytes) : NULL;
}

static inline size_t arena_room(void *p)
{
	return arena_has(p) ? ((size_t)1 << ((struct arena_block *)p - 1)->class) - sizeof(struct arena_block)
		: malloc_usable_size(p);
}

void *__wrap_realloc(void *p, size_t n)
{
	size_t room = p ? arena_room(p) : 0;
	void *larger = NULL;

	if (!arena_is_open && !arena_has(p))
		return __real_realloc(p, n);
	larger = __wrap_malloc(n);
	if (!larger)
		return NULL;
	if (p)
		memcpy(larger, p, room < n ? room : n);
	__wrap_free(p);
	return larger;
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes = 0;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : __wrap_realloc(p, bytes);
}

char *__wrap_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = __wrap_malloc(len + 1);

	if (copy) {
		memcpy(copy, s, len);
		copy[len] = '\0';
	}
	return copy;
}

char *__wrap_strdup(const char *s)
{
	return __wrap_strndup(s, SIZE_MAX);
}

int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
	va_list again;
	int n = 0;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	*ret = n < 0 ? NULL : __wrap_malloc((size_t)n + 1);
	return *ret ? vsnprintf(*ret, (size_t)n + 1, format, args) : -1;
}

int __wrap_cfg_parse_buf(struct cfg_t *cfg, const char *text)
{
	bool was_open = arena_is_open;
	int r = 0;

	arena_is_open = false;
	r = __real_cfg_parse_buf(cfg, text);
	arena_is_open = was_open;
	return r;
}

#endif
