/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluates plain filters. */
#include "filter_match.h"
#include "buf.h"
#include "filter.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { VALUES_MAX = 64, DEPTH_MAX = 32 };

struct test {
	char attribute[CS_ATTRIBUTE_MAX + 1];
	char value[CS_MAX_DN + 1]; /* without escapes */
	bool presence;
};

/* --- Reading --- */

/* The byte at *p, unescaped; 0 where none may stand. */
static char take_byte(const char **p)
{
	uint8_t byte = 0;
	const char *s = *p;
	if (*s != '\\') {
		*p = s + 1;
		return strchr("()*", *s) == NULL ? *s : '\0';
	}
	const char pair[3] = { s[1], s[1] != '\0' ? s[2] : '\0', '\0' };
	if (cs_unhex(pair, &byte, 1) != 0)
		return '\0';
	*p = s + 3;
	return (char)byte;
}

/* Reads "attribute=value)" or "attribute=*)" and returns what follows; NULL when it is another kind of test. */
static const char *read_test(const char *s, struct test *ret_test)
{
	const char *equals = strpbrk(s, "=~<>:()");
	size_t n = equals != NULL ? (size_t)(equals - s) : 0;
	if (equals == NULL || *equals != '=' || n > CS_ATTRIBUTE_MAX)
		return NULL;
	(void)snprintf(ret_test->attribute, sizeof(ret_test->attribute), "%.*s", (int)n, s);
	ret_test->presence = strncmp(equals, "=*)", 3) == 0;
	if (!cs_filter_is_attribute(ret_test->attribute))
		return NULL;
	if (ret_test->presence)
		return equals + 3;
	n = 0;
	for (s = equals + 1; *s != ')' && n < CS_MAX_DN; n++) {
		ret_test->value[n] = take_byte(&s);
		if (ret_test->value[n] == '\0')
			return NULL;
	}
	ret_test->value[n] = '\0';
	return *s == ')' && n > 0 ? s + 1 : NULL;
}

/* --- Comparing --- */

static bool same_text(const char *a, const char *b)
{
	char key_a[CS_MAX_DN + 1], key_b[CS_MAX_DN + 1];
	if (strcasecmp(a, b) == 0)
		return true;
	return cs_dn_is_valid(a) && cs_dn_is_valid(b) && cs_dn_key(a, key_a) == 0 && cs_dn_key(b, key_b) == 0 &&
	       strcmp(key_a, key_b) == 0;
}

static bool is_category(const char *dn, const char *name)
{
	size_t n = strlen(name);
	return strncasecmp(dn, "CN=", 3) == 0 && strncasecmp(dn + 3, name, n) == 0 && dn[3 + n] == ',';
}

static bool has_value(const struct test *test, const struct cs_bytes *values, size_t n)
{
	char text[CS_MAX_DN + 1];
	bool category = strcasecmp(test->attribute, "objectCategory") == 0;
	for (size_t i = 0; i < n; i++) {
		if (values[i].len > CS_MAX_DN || memchr(values[i].data, '\0', values[i].len) != NULL)
			continue;
		(void)snprintf(text, sizeof(text), "%.*s", (int)values[i].len, values[i].data);
		if (same_text(text, test->value) || (category && is_category(text, test->value)))
			return true;
	}
	return false;
}

/* Classes are left out of some exports as a whole. */
static int tells_no_class(const struct test *test, const struct cs_entry_source *source)
{
	struct cs_bytes value = { 0 };
	size_t n = 0;
	if (strcasecmp(test->attribute, "objectClass") != 0 && strcasecmp(test->attribute, "objectCategory") != 0)
		return 0;
	int r = source->values(source->entry, "objectClass", &value, 1, &n);
	return r != 0 ? r : n == 0;
}

static int evaluate_test(const struct test *test, const struct cs_entry_source *source)
{
	struct cs_bytes values[VALUES_MAX];
	size_t n = 0;
	int r = source->values(source->entry, test->attribute, values, VALUES_MAX, &n);
	if (r != 0)
		return r;
	if (test->presence && n > 0)
		return 1;
	if (n > VALUES_MAX)
		return CS_ETOOBIG;
	return has_value(test, values, n) ? 1 : tells_no_class(test, source);
}

/* --- Walking --- */

/* One filter from *s on, which is moved behind it. Everything is read, also what can no longer change the result, and
 * nothing is evaluated without a source. 1, 0, or an error. */
static int walk(const char **s, const struct cs_entry_source *source, unsigned depth)
{
	struct test test;
	if (**s != '(' || depth > DEPTH_MAX)
		return CS_EINVAL;
	char kind = *++*s;
	if (kind != '&' && kind != '|') {
		const char *behind = read_test(*s, &test);
		if (behind == NULL)
			return CS_EINVAL;
		*s = behind;
		return source != NULL ? evaluate_test(&test, source) : 0;
	}
	++*s;
	int result = kind == '&';
	do {
		int r = walk(s, source, depth + 1);
		if (r < 0)
			return r;
		result = kind == '&' ? result && r : result || r;
	} while (**s == '(');
	if (*(*s)++ != ')')
		return CS_EINVAL;
	return result;
}

int cs_filter_is_plain(const char *filter)
{
	return walk(&filter, NULL, 0) >= 0 && *filter == '\0';
}

int cs_filter_matches(const char *filter, const struct cs_entry_source *source)
{
	int r = walk(&filter, source, 0);
	return r >= 0 && *filter != '\0' ? CS_EINVAL : r;
}
