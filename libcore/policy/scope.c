/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes: reading them, filling in names, and which contains which. Compared by whole path parts. */
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

void cs_scope_clear(struct scope *scope)
{
	for (size_t i = 0; i < scope->n_parts; i++) {
		free(scope->parts[i].prefix);
		free(scope->parts[i].name);
		free(scope->parts[i].suffix);
	}
	free(scope->parts);
	free(scope->text);
	*scope = (struct scope){0};
}

bool cs_scope_everywhere(const struct scope *scope)
{
	return scope->n_parts == 0;
}

const char *cs_scope_kind(const char *scope, size_t *ret_len)
{
	*ret_len = *scope == '*' ? 0 : (size_t)(strchrnul(scope, '/') - scope);
	return scope;
}

/* Takes the next part off a scope: false at its end. */
static bool next_part(const char **at, const char **ret_part, size_t *ret_len)
{
	const char *end;

	if (!*at)
		return false;
	end = strchrnul(*at, '/');
	*ret_part = *at;
	*ret_len = (size_t)(end - *at);
	*at = *end ? end + 1 : NULL;
	return true;
}

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	       c == '-';
}

/* cs_is_word for a piece of text, and quick: every question about a right comes through here. */
static int is_word_n(const char *s, size_t len)
{
	if (len == 0 || len > CS_MAX_SCOPE || s[0] == '-' || s[0] == '.')
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (!is_word_byte(s[i]))
			return 0;
	}
	return 1;
}

int cs_scope_valid(const char *text)
{
	const char *at = text, *part;
	size_t len;

	if (!text || strnlen(text, CS_MAX_SCOPE + 1) > CS_MAX_SCOPE)
		return 0;
	if (strcmp(text, "*") == 0)
		return 1;
	while (next_part(&at, &part, &len)) {
		if (is_word_n(part, len) != 1)
			return 0;
	}
	return 1;
}

/* A name in %{…}: letters, digits, '_' and '-', beginning with a letter. */
static bool name_ok(const char *s, size_t len)
{
	if (len == 0 || len > CS_MAX_NAME || !is_word_byte(*s) || strchr("0123456789._-", *s))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!is_word_byte(s[i]) || s[i] == '.')
			return false;
	}
	return true;
}

/* With the name replaced by a letter, the part must be a word. */
static const char *check_affixes(const struct scope_part *part)
{
	char word[CS_MAX_SCOPE + 2];

	memcpy(word, part->prefix, part->prefix_len);
	word[part->prefix_len] = 'x';
	memcpy(word + part->prefix_len + 1, part->suffix, part->suffix_len + 1);
	if (cs_is_word(word, CS_MAX_SCOPE) != 1)
		return "a part may hold letters, digits, '.', '_', '-' and one %{name}";
	return NULL;
}

static int parse_literal(const char *s, size_t len, struct scope_part *ret_part, const char **ret_what)
{
	if (is_word_n(s, len) != 1) {
		*ret_what =
			len == 0 ? "a part is empty"
				 : "a part may hold letters, digits, '.', '_' and '-', not '-' or '.' at its beginning";
		return CS_ECONF;
	}
	ret_part->prefix = strndup(s, len);
	ret_part->prefix_len = len;
	return ret_part->prefix ? 0 : CS_ENOMEM;
}

static int parse_part(const char *s, size_t len, struct scope_part *ret_part, const char **ret_what)
{
	const char *open = memmem(s, len, "%{", 2), *close;

	if (!open)
		return parse_literal(s, len, ret_part, ret_what);
	close = memchr(open, '}', len - (size_t)(open - s));
	if (!close || !name_ok(open + 2, (size_t)(close - open - 2))) {
		*ret_what = "a name is written %{name}, with letters, digits, '_' and '-'";
		return CS_ECONF;
	}
	ret_part->prefix_len = (size_t)(open - s);
	ret_part->suffix_len = (size_t)(s + len - close - 1);
	ret_part->prefix = strndup(s, ret_part->prefix_len);
	ret_part->name = strndup(open + 2, (size_t)(close - open - 2));
	ret_part->suffix = strndup(close + 1, ret_part->suffix_len);
	if (!ret_part->prefix || !ret_part->name || !ret_part->suffix)
		return CS_ENOMEM;
	/* Two names in one part could be filled in different ways to the same text. */
	*ret_what = check_affixes(ret_part);
	return *ret_what ? CS_ECONF : 0;
}

static size_t count_parts(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '/';
	return n;
}

static int parse_parts(struct scope *scope, const char **ret_what)
{
	const char *at = scope->text, *part;
	size_t len, names = 0;
	int r;

	scope->parts = calloc(count_parts(scope->text), sizeof(*scope->parts));
	if (!scope->parts)
		return CS_ENOMEM;
	while (next_part(&at, &part, &len)) {
		r = parse_part(part, len, &scope->parts[scope->n_parts++], ret_what);
		if (r < 0)
			return r;
		names += scope->parts[scope->n_parts - 1].name != NULL;
	}
	if (scope->parts[0].name) {
		*ret_what = "the first part says what kind of scope it is and cannot hold a name";
		return CS_ECONF;
	}
	if (names > POLICY_MAX_NAMES) {
		*ret_what = "more than 8 names";
		return CS_ECONF;
	}
	return 0;
}

int cs_scope_parse(const char *text, struct scope *ret_scope, const char **ret_what)
{
	struct scope scope = {0};
	int r = CS_ENOMEM;

	if (strlen(text) > CS_MAX_SCOPE) {
		*ret_what = "it is longer than 256 bytes";
		return CS_ECONF;
	}
	scope.text = cs_dup(text);
	if (!scope.text)
		goto out;
	r = strcmp(text, "*") == 0 ? 0 : parse_parts(&scope, ret_what);
	if (r < 0)
		goto out;
	*ret_scope = scope;
	scope = (struct scope){0};
out:
	cs_scope_clear(&scope);
	return r;
}

const char *cs_scope_name(const struct scope *scope, size_t i)
{
	for (size_t k = 0; k < scope->n_parts; k++) {
		if (scope->parts[k].name && i-- == 0)
			return scope->parts[k].name;
	}
	return NULL;
}

bool cs_scope_uses(const struct scope *scope, const char *name)
{
	for (size_t k = 0; k < scope->n_parts; k++) {
		if (scope->parts[k].name && strcmp(scope->parts[k].name, name) == 0)
			return true;
	}
	return false;
}

/* Appends n bytes at *len; false when they do not fit. */
static bool append(char *text, size_t *len, const char *s, size_t n)
{
	if (n > CS_MAX_SCOPE - *len)
		return false;
	memcpy(text + *len, s, n);
	*len += n;
	return true;
}

static bool append_part(char *text, size_t *len, const struct scope_part *part, const char *value)
{
	if (*len > 0 && !append(text, len, "/", 1))
		return false;
	if (!append(text, len, part->prefix, part->prefix_len))
		return false;
	return !part->name ||
	       (append(text, len, value, strlen(value)) && append(text, len, part->suffix, part->suffix_len));
}

int cs_scope_fill(const struct scope *scope, cs_scope_value value, void *arg, char ret_text[CS_MAX_SCOPE + 1])
{
	char text[CS_MAX_SCOPE + 1] = "*";
	size_t len = 0;

	for (size_t i = 0; i < scope->n_parts; i++) {
		const struct scope_part *part = &scope->parts[i];
		const char *filled = part->name ? value(arg, part->name) : NULL;

		if (part->name && (!filled || cs_is_word(filled, CS_MAX_SCOPE) != 1))
			return CS_EINVAL;
		if (!append_part(text, &len, part, filled))
			return CS_EINVAL;
	}
	if (len > 0)
		text[len] = '\0';
	strcpy(ret_text, text);
	return 0;
}

/* 1 when the part of a scope has the form of this one; *ret_value is then what stands for the name. */
static int part_takes(const struct scope_part *part, const char *s, size_t len, const char **ret_value, size_t *ret_len)
{
	size_t fixed = part->prefix_len + part->suffix_len;

	if (len < fixed || memcmp(s, part->prefix, part->prefix_len) != 0)
		return 0;
	if (!part->name)
		return len == fixed;
	if (memcmp(s + len - part->suffix_len, part->suffix, part->suffix_len) != 0)
		return 0;
	*ret_value = s + part->prefix_len;
	*ret_len = len - fixed;
	return *ret_len > 0;
}

int cs_scope_covers(const struct scope *scope, cs_scope_value value, void *arg, const char *asked)
{
	const char *at = asked, *s, *found = NULL;
	size_t len, found_len = 0;

	for (size_t i = 0; i < scope->n_parts; i++) {
		const struct scope_part *part = &scope->parts[i];
		const char *filled;

		if (!next_part(&at, &s, &len) || part_takes(part, s, len, &found, &found_len) != 1)
			return 0;
		if (!part->name)
			continue;
		filled = value(arg, part->name);
		if (!filled || strncmp(filled, found, found_len) != 0 || filled[found_len] != '\0' ||
		    is_word_n(found, found_len) != 1)
			return 0;
	}
	return 1;
}

/* Keeps the value of the wanted name; false when the same name would need two values. */
static bool keep_value(char *value, const char *found, size_t len)
{
	if (*value)
		return strlen(value) == len && memcmp(value, found, len) == 0;
	memcpy(value, found, len);
	value[len] = '\0';
	return true;
}

int cs_scope_extract(const struct scope *scope, const char *asked, const char *name, char ret_value[CS_MAX_SCOPE + 1])
{
	char value[CS_MAX_SCOPE + 1] = "";
	const char *at = asked, *s, *found = NULL;
	size_t len, found_len = 0;

	if (!name)
		name = cs_scope_name(scope, 0);
	for (size_t i = 0; i < scope->n_parts; i++) {
		const struct scope_part *part = &scope->parts[i];

		if (!next_part(&at, &s, &len) || part_takes(part, s, len, &found, &found_len) != 1)
			return 0;
		if (!part->name)
			continue;
		if (is_word_n(found, found_len) != 1)
			return 0;
		if (name && strcmp(name, part->name) == 0 && !keep_value(value, found, found_len))
			return 0;
	}
	strcpy(ret_value, value);
	return 1;
}

bool cs_scope_could_cover(const struct scope *held, const struct scope *asked)
{
	const char *found;
	size_t len;

	if (cs_scope_everywhere(held))
		return true;
	if (cs_scope_everywhere(asked) || held->n_parts > asked->n_parts)
		return false;
	for (size_t i = 0; i < held->n_parts; i++) {
		const struct scope_part *a = &held->parts[i], *b = &asked->parts[i];

		if (!b->name && part_takes(a, b->prefix, b->prefix_len, &found, &len) != 1)
			return false;
		if (b->name && !a->name && part_takes(b, a->prefix, a->prefix_len, &found, &len) != 1)
			return false;
	}
	return true;
}
