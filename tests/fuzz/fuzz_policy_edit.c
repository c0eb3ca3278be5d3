/* SPDX-License-Identifier: Apache-2.0 */
/* Any text, and any change of it. The first line is the change: "grant ROLE PERMISSION…", "revoke …", "define …", and
 * "grant-in KIND ROLE PERMISSION…"; the policy follows. What is done loads, says the change, and can be undone to what
 * the policy said before. */
#include "mem.h"
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                          \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

enum { WORDS_MAX = 12 };

/* The words of the first line, and the text behind it. Changes the line. */
static size_t split(char *line, char *words[WORDS_MAX], const char **ret_text)
{
	char *end = line + strcspn(line, "\n"), *save = NULL;
	size_t n = 0;

	*ret_text = *end ? end + 1 : end;
	*end = '\0';
	for (char *word = strtok_r(line, " ", &save); word && n < WORDS_MAX; word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	return n;
}

static bool make_edit(char **words, size_t n, struct cs_edit *ret_edit)
{
	struct cs_edit edit = {.kind = CS_EDIT_NONE};
	size_t first = 1;

	if (n < 2)
		return false;
	if (strncmp(words[0], "grant", 5) == 0)
		edit.kind = CS_EDIT_GRANT;
	else if (strncmp(words[0], "revoke", 6) == 0)
		edit.kind = CS_EDIT_REVOKE;
	else if (strcmp(words[0], "define") == 0)
		edit.kind = CS_EDIT_DEFINE;
	if (strstr(words[0], "-in") && n > 2)
		edit.scope_kind = words[first++];
	edit.role = words[first++];
	if (edit.kind == CS_EDIT_DEFINE)
		edit.label = words[n - 1];
	edit.permissions = words + first;
	edit.n_permissions = n - first;
	*ret_edit = edit;
	return true;
}

/* No change that the comparison knows of, in effect or in words. */
static void must_be_same(const char *before, const char *after)
{
	struct cs_policy *a = NULL, *b = NULL;
	struct cs_change *changes = NULL;
	size_t n = 0;

	MUST(cs_policy_parse(before, "before", &a, NULL) == 0);
	MUST(cs_policy_parse(after, "after", &b, NULL) == 0);
	MUST(cs_policy_diff(a, b, &changes, &n) == 0);
	MUST(n == 0);
	cs_policy_free(&a);
	cs_policy_free(&b);
	cs_changes_free(&changes, &n);
}

static void undo(const char *before, const char *after, const struct cs_edit *edit)
{
	struct cs_edit back = *edit;
	struct cs_problem problem = {0};
	char *text = NULL;
	int r;

	back.kind = edit->kind == CS_EDIT_GRANT ? CS_EDIT_REVOKE : CS_EDIT_GRANT;
	r = cs_policy_edit(after, "after", &back, &text, &problem);
	MUST(r == 0);
	must_be_same(before, text);
	cs_problem_clear(&problem);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = strndup((const char *)data, size), *words[WORDS_MAX] = {NULL}, *changed = NULL, *again = NULL;
	struct cs_problem problem = {0};
	struct cs_policy *policy = NULL;
	struct cs_edit edit;
	const char *text;
	size_t n;
	int r;

	if (!line)
		return 0;
	n = split(line, words, &text);
	if (!make_edit(words, n, &edit))
		goto out;
	r = cs_policy_edit(text, "fuzz", &edit, &changed, &problem);
	MUST((r == 0) == (changed != NULL));
	MUST(r == 0 || (r == CS_ECONF && problem.text && *problem.text));
	if (r < 0)
		goto out;
	MUST(cs_policy_parse(changed, "changed", &policy, NULL) == 0);
	if (edit.kind != CS_EDIT_DEFINE)
		undo(text, changed, &edit);
	/* What was done cannot be done again. */
	MUST(cs_policy_edit(changed, "changed", &edit, &again, NULL) == CS_ECONF);
	MUST(!again);
out:
	cs_policy_free(&policy);
	cs_problem_clear(&problem);
	free(changed);
	free(line);
	return 0;
}
