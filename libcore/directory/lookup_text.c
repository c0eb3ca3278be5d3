/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of names, and filters that ask for many of them at once. */
#include "filter.h"
#include "lookup_internal.h"

#include <stdlib.h>
#include <string.h>

/* So many go into one filter, and no more once it is so long. */
enum { ANY_OF_MAX = 50, ANY_OF_BYTES = 32768 };

const char *const lookup_nothing[] = { "1.1", NULL };

/* --- Sets --- */

static int key_of(const struct text_set *set, const char *text, char *ret_key)
{
	if (set->of_dns)
		return cs_dn_key(text, ret_key);
	size_t n = strnlen(text, CS_MAX_DN + 1);
	if (n > CS_MAX_DN)
		return CS_ETOOBIG;
	memcpy(ret_key, text, n + 1);
	return 0;
}

static int is_there(const struct text_set *set, const char *text, uint32_t hash)
{
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&set->seen, hash, &at)) != CS_HASH_NONE;)
		if (set->of_dns ? cs_dn_same(set->texts[i], text) : strcmp(set->texts[i], text) == 0)
			return 1;
	return 0;
}

int text_set_has(const struct text_set *set, const char *text)
{
	char key[CS_MAX_DN + 1];
	int r = key_of(set, text, key);
	return r != 0 ? r : is_there(set, text, cs_hash_text(key));
}

int text_set_put(struct text_set *set, const char *text)
{
	char key[CS_MAX_DN + 1];
	int r = key_of(set, text, key);
	if (r != 0)
		return r;
	uint32_t hash = cs_hash_text(key);
	if (is_there(set, text, hash))
		return 0;
	r = cs_reserve((void **)&set->texts, &set->cap, set->n, 1, sizeof(*set->texts));
	char *copy = r == 0 ? cs_dup(text) : NULL;
	if (copy == NULL)
		return CS_ENOMEM;
	r = cs_hash_add(&set->seen, hash, (uint32_t)set->n);
	if (r != 0) {
		free(copy);
		return r;
	}
	set->texts[set->n++] = copy;
	return 1;
}

void text_set_clear(struct text_set *set)
{
	cs_hash_clear(&set->seen);
	cs_free_strv(&set->texts, &set->n);
	*set = (struct text_set){ .of_dns = set->of_dns };
}

/* --- Filters --- */

void put_text(struct cs_buf *out, const char *text)
{
	cs_buf_put(out, text, strlen(text));
}

void filter_equals(struct cs_buf *out, const char *attribute, const char *rule, const char *value)
{
	put_text(out, "(");
	put_text(out, attribute);
	if (*rule != '\0') {
		put_text(out, ":");
		put_text(out, rule);
		put_text(out, ":");
	}
	put_text(out, "=");
	cs_filter_put_value(out, value);
	put_text(out, ")");
}

void filter_part_equals(struct cs_buf *out, const char *text, const void *arg)
{
	const struct filter_equality *equality = arg;
	filter_equals(out, equality->attribute, equality->rule, text);
}

void filter_part_rdn(struct cs_buf *out, const char *text, const void *arg)
{
	(void)arg;
	char type[CS_MAX_NAME];
	char *value = NULL;
	text += strspn(text, " ");
	size_t n = strcspn(text, "=");
	if (n >= sizeof(type))
		return;
	memcpy(type, text, n);
	type[n] = '\0';
	int r = cs_filter_is_attribute(type) == 1 ? cs_dn_first_value(text, &value) : 0;
	if (r == CS_ENOMEM)
		out->error = r;
	if (value != NULL)
		filter_equals(out, type, "", value);
	free(value);
}

int filter_any_of(struct cs_buf *out, const char *and, char *const *texts, size_t n, filter_part_fn part,
	const void *arg)
{
	const bool plain = and == NULL && n == 1;
	size_t used = 0;
	if (and != NULL) {
		put_text(out, "(&");
		put_text(out, and);
	}
	put_text(out, plain ? "" : "(|");
	size_t before = out->len;
	while (used < n && used < ANY_OF_MAX && out->len < ANY_OF_BYTES)
		part(out, texts[used++], arg);
	if (out->len == before && cs_buf_error(out) == 0) {
		cs_buf_consume(out, out->len);
		return (int)used;
	}
	put_text(out, plain ? "" : and != NULL ? "))" : ")");
	cs_buf_put_u8(out, 0);
	return cs_buf_error(out) != 0 ? cs_buf_error(out) : (int)used;
}

int task_start_any_of(const struct task *what, struct cs_search *search, const struct any_of *any,
	const struct cs_search_calls *calls, size_t *open)
{
	int r = 0;
	for (size_t at = 0; at < any->n && r >= 0;) {
		struct cs_buf filter;
		cs_buf_init(&filter, LOOKUP_FILTER_MAX);
		r = filter_any_of(&filter, any->and, any->texts + at, any->n - at, any->part, any->arg);
		at += r > 0 ? (size_t)r : 0;
		search->filter = (const char *)filter.data;
		if (r > 0 && filter.len > 0) {
			r = task_start(what, search, calls);
			*open += r == 0;
		}
		cs_buf_clear(&filter);
	}
	return r < 0 ? r : 0;
}
