/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes: words with slashes between them, "*", and %{name} in them. */
#include "reference_scope.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

bool ref_word(const char *s)
{
	if (*s == '\0' || *s == '-' || *s == '.')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	return true;
}

void ref_scope_kind(const char *scope, char ret_kind[REF_SCOPE])
{
	(void)snprintf(ret_kind, REF_SCOPE, "%.*s", (int)strcspn(scope, "/"), scope);
	if (strcmp(scope, "*") == 0)
		*ret_kind = '\0';
}

bool ref_scope_contains(const char *held, const char *asked)
{
	size_t n = strlen(held);

	if (strcmp(held, "*") == 0)
		return true;
	return strncmp(held, asked, n) == 0 && (asked[n] == '\0' || asked[n] == '/');
}

/* Cuts "before%{name}after" into its three; false where there is no name in it. */
static bool cut(const char *part, char before[REF_SCOPE], char name[REF_SCOPE], char after[REF_SCOPE])
{
	const char *open = strstr(part, "%{");
	const char *close = open ? strchr(open, '}') : NULL;

	if (!close)
		return false;
	(void)snprintf(before, REF_SCOPE, "%.*s", (int)(open - part), part);
	(void)snprintf(name, REF_SCOPE, "%.*s", (int)(close - open - 2), open + 2);
	(void)snprintf(after, REF_SCOPE, "%s", close + 1);
	return true;
}

bool ref_scope_fill(const char *pattern, ref_value value, const void *arg, char ret_scope[REF_SCOPE])
{
	char before[REF_SCOPE], name[REF_SCOPE], after[REF_SCOPE], text[3 * REF_SCOPE];
	const char *word = NULL;

	if (!cut(pattern, before, name, after)) {
		(void)snprintf(ret_scope, REF_SCOPE, "%s", pattern);
		return strlen(ret_scope) <= CS_MAX_SCOPE;
	}
	word = value(arg, name);
	if (!word || !ref_word(word))
		return false;
	(void)snprintf(text, sizeof(text), "%s%s%s", before, word, after);
	return ref_scope_fill(text, value, arg, ret_scope);
}

/* The first part of a scope, and what is behind its slash; NULL where there is none. */
static const char *first_part(const char *scope, char ret_part[REF_SCOPE])
{
	const char *slash = strchr(scope, '/');

	(void)snprintf(ret_part, REF_SCOPE, "%.*s", (int)strcspn(scope, "/"), scope);
	return slash ? slash + 1 : NULL;
}

bool ref_scope_value(const char *pattern, const char *scope, const char *name, char ret_value[REF_SCOPE])
{
	char part[REF_SCOPE], word[REF_SCOPE], before[REF_SCOPE], used[REF_SCOPE], after[REF_SCOPE];
	const char *pattern_rest = first_part(pattern, part), *rest = first_part(scope, word);

	if (cut(part, before, used, after) && strcmp(used, name) == 0) {
		size_t n = strlen(word) - strlen(before) - strlen(after);

		(void)snprintf(ret_value, REF_SCOPE, "%.*s", (int)n, word + strlen(before));
		return true;
	}
	return pattern_rest && rest && ref_scope_value(pattern_rest, rest, name, ret_value);
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool ends(const char *s, const char *with)
{
	return strlen(s) >= strlen(with) && strcmp(s + strlen(s) - strlen(with), with) == 0;
}

/* Is there a word for the name in the pattern that makes it this part? */
static bool could_become(const char *pattern, const char *part)
{
	char before[REF_SCOPE], name[REF_SCOPE], after[REF_SCOPE], word[REF_SCOPE];

	(void)cut(pattern, before, name, after);
	if (strlen(part) <= strlen(before) + strlen(after) || !begins(part, before) || !ends(part, after))
		return false;
	(void)snprintf(word, sizeof(word), "%.*s", (int)(strlen(part) - strlen(before) - strlen(after)),
		       part + strlen(before));
	return ref_word(word);
}

static bool parts_could_meet(const char *a, const char *b)
{
	char before[2][REF_SCOPE], name[REF_SCOPE], after[2][REF_SCOPE];
	bool a_names = cut(a, before[0], name, after[0]), b_names = cut(b, before[1], name, after[1]);

	if (!a_names && !b_names)
		return strcmp(a, b) == 0;
	if (a_names && b_names)
		return (begins(before[0], before[1]) || begins(before[1], before[0])) &&
		       (ends(after[0], after[1]) || ends(after[1], after[0]));
	return a_names ? could_become(a, b) : could_become(b, a);
}

bool ref_scope_could_contain(const char *held, const char *asked)
{
	char a[REF_SCOPE], b[REF_SCOPE];
	const char *held_rest = NULL, *asked_rest = NULL;

	if (strcmp(held, "*") == 0)
		return true;
	held_rest = first_part(held, a);
	asked_rest = first_part(asked, b);
	if (!parts_could_meet(a, b))
		return false;
	return !held_rest || (asked_rest && ref_scope_could_contain(held_rest, asked_rest));
}
