/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4515 filters and RFC 4514 names: escaping, checking, unescaping. */
#include "filter.h"
#include "mem.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum { ATTRIBUTE_MAX = 64, FILTER_DEPTH = 32 };

static int is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int is_hex_pair(const char *s)
{
	return hex_value(s[0]) >= 0 && hex_value(s[1]) >= 0;
}

void cs_filter_put_value(struct cs_buf *out, const char *value)
{
	static const char digits[] = "0123456789abcdef";
	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++) {
		if (*p > 0x20 && *p < 0x7f && strchr("\\*()", *p) == NULL) {
			cs_buf_put(out, p, 1);
			continue;
		}
		char escape[3] = { '\\', digits[*p >> 4], digits[*p & 0x0f] };
		cs_buf_put(out, escape, sizeof(escape));
	}
}

int cs_filter_is_whole(const char *s)
{
	if (s == NULL || *s != '(')
		return 0;
	unsigned depth = 0;
	char before = '\0';
	for (; *s != '\0'; s++) {
		if (*s == '\\') {
			if (!is_hex_pair(s + 1))
				return 0;
			s += 2;
		} else if (*s == '(') {
			if (++depth > FILTER_DEPTH)
				return 0;
		} else if (*s == ')') {
			if (depth == 0 || before == '(')
				return 0;
			if (--depth == 0)
				return s[1] == '\0';
		}
		before = *s;
	}
	return 0;
}

int cs_filter_is_attribute(const char *s)
{
	if (s == NULL || !is_alpha(*s))
		return 0;
	size_t n = 1;
	while (is_alpha(s[n]) || is_digit(s[n]) || s[n] == '-')
		n++;
	return s[n] == '\0' && n <= ATTRIBUTE_MAX;
}

/* Behind the '=' of one part; NULL where there is no type before it. */
static const char *skip_type(const char *s)
{
	const char *p = s;
	while (is_alpha(*p) || is_digit(*p) || *p == '-' || *p == '.')
		p++;
	return p > s && *p == '=' ? p + 1 : NULL;
}

/* Reads one value: appends its bytes to out (which may be NULL) and returns what ends it; NULL when it is malformed. */
static const char *read_value(const char *s, struct cs_buf *out)
{
	const char *p = s;
	while (*p != '\0' && *p != ',' && *p != '+' && *p != ';') {
		char c = *p++;
		if (c == '"' || c == '<' || c == '>')
			return NULL;
		if (c == '\\') {
			if (*p == '\0')
				return NULL;
			if (is_hex_pair(p)) {
				c = (char)(hex_value(p[0]) * 16 + hex_value(p[1]));
				p += 2;
			} else {
				c = *p++;
			}
		}
		if (c == '\0')
			return NULL;
		if (out != NULL)
			cs_buf_put(out, &c, 1);
	}
	return p > s ? p : NULL;
}

int cs_dn_is_valid(const char *s)
{
	if (s == NULL || strnlen(s, CS_MAX_DN + 1) > CS_MAX_DN)
		return 0;
	for (;;) {
		while (*s == ' ')
			s++;
		s = skip_type(s);
		if (s == NULL)
			return 0;
		s = read_value(s, NULL);
		if (s == NULL)
			return 0;
		if (*s == '\0')
			return 1;
		s++;
	}
}

int cs_dn_first_value(const char *dn, char **ret_value)
{
	struct cs_buf out;
	cs_buf_init(&out, CS_MAX_DN + 1);
	int r = CS_EPROTO;
	if (!cs_dn_is_valid(dn))
		goto out;
	while (*dn == ' ')
		dn++;
	read_value(skip_type(dn), &out);
	cs_buf_put_u8(&out, 0);
	r = cs_buf_error(&out);
	if (r != 0)
		goto out;
	char *value = cs_dup((const char *)out.data);
	r = value != NULL ? 0 : CS_ENOMEM;
	if (r == 0)
		*ret_value = value;
out:
	cs_buf_clear(&out);
	return r;
}
