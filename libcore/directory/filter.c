/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4515 filters: escaping and checking. */
#include "filter.h"

#include <ctype.h>
#include <string.h>

enum { FILTER_DEPTH = 32 };

static int is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
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
			if (!isxdigit((unsigned char)s[1]) || !isxdigit((unsigned char)s[2]))
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
	return s[n] == '\0' && n <= CS_ATTRIBUTE_MAX;
}
