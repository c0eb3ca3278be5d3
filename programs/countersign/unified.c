/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two texts: the longest common lines, by the table that every textbook has. */
#include "unified.h"
#include "mem.h"
#include "text.h"

#include <countersign/error.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { AROUND = 3, TABLE_MAX = 4000000 };

struct lines {
	char **at;
	size_t n;
};

/* ' ' is in both, '-' only in the old one, '+' only in the new one. */
struct step {
	char kind;
	size_t old, new; /* how many lines were before it */
};

struct steps {
	struct step *at;
	size_t n;
};

static int split(const char *text, struct lines *lines)
{
	int r = 0;

	while (r == 0 && *text != '\0') {
		size_t n = strcspn(text, "\n");
		char *line = strndup(text, n);

		r = line != NULL ? cs_strv_add(&lines->at, &lines->n, line) : CS_ENOMEM;
		free(line);
		text += n + (text[n] == '\n');
	}
	return r;
}

static bool same(const struct lines *old, const struct lines *new, size_t i, size_t k)
{
	return strcmp(old->at[i], new->at[k]) == 0;
}

/* How many lines can be the same behind each pair of places. Of texts that are too long for it nothing is. */
static int fill(const struct lines *old, const struct lines *new, size_t **ret_table)
{
	size_t wide = new->n + 1, *table = NULL;

	if ((old->n + 1) * wide > TABLE_MAX)
		return 0;
	table = calloc((old->n + 1) * wide, sizeof(*table));
	if (table == NULL)
		return CS_ENOMEM;
	for (size_t i = old->n; i-- > 0;) {
		for (size_t k = new->n; k-- > 0;) {
			size_t without = table[(i + 1) * wide + k], with = table[i * wide + k + 1];

			table[i * wide + k] = same(old, new, i, k) ? table[(i + 1) * wide + k + 1] + 1
				: without > with ? without : with;
		}
	}
	*ret_table = table;
	return 0;
}

static void walk(const struct lines *old, const struct lines *new, const size_t *table, struct steps *steps)
{
	size_t wide = new->n + 1, i = 0, k = 0;

	while (i < old->n || k < new->n) {
		bool both = table != NULL && i < old->n && k < new->n;
		char kind = both && same(old, new, i, k) ? ' ' : i < old->n &&
			(!both || table[(i + 1) * wide + k] >= table[i * wide + k + 1]) ? '-' : '+';

		steps->at[steps->n++] = (struct step){ .kind = kind, .old = i, .new = k };
		i += kind != '+';
		k += kind != '-';
	}
}

/* The end of what is shown together with the change at i. */
static size_t group_end(const struct steps *steps, size_t i)
{
	size_t last = i;

	for (size_t k = i; k < steps->n && k <= last + 2 * AROUND + 1; k++)
		if (steps->at[k].kind != ' ')
			last = k;
	return last + AROUND + 1 < steps->n ? last + AROUND + 1 : steps->n;
}

static void put_group(struct cs_buf *out, const struct cs_look *look, const struct lines *old, const struct lines *new,
	const struct steps *steps, size_t from, size_t to)
{
	size_t n_old = 0, n_new = 0;

	for (size_t i = from; i < to; i++) {
		n_old += steps->at[i].kind != '+';
		n_new += steps->at[i].kind != '-';
	}
	cs_put(out, "@@ -%zu,%zu +%zu,%zu @@\n", steps->at[from].old + (n_old > 0), n_old, steps->at[from].new + (n_new > 0),
		n_new);
	for (size_t i = from; i < to; i++) {
		const struct step *step = &steps->at[i];
		char *text = cs_escaped(step->kind == '+' ? new->at[step->new] : old->at[step->old]), sign[2] = { step->kind, '\0' };

		cs_put_styled(out, look, step->kind == '+' ? CS_GREEN : step->kind == '-' ? CS_RED : CS_PLAIN, sign);
		cs_put_styled(out, look, step->kind == '+' ? CS_GREEN : step->kind == '-' ? CS_RED : CS_PLAIN,
			text != NULL ? text : "");
		cs_put(out, "\n");
		free(text);
	}
}

static void put_groups(struct cs_buf *out, const struct cs_look *look, const struct lines *old, const struct lines *new,
	const struct steps *steps)
{
	for (size_t i = 0; i < steps->n; i++) {
		size_t end = 0;

		if (steps->at[i].kind == ' ')
			continue;
		end = group_end(steps, i);
		put_group(out, look, old, new, steps, i > AROUND ? i - AROUND : 0, end);
		i = end - 1;
	}
}

int cs_put_unified(struct cs_buf *out, const struct cs_look *look, const char *path, const char *old, const char *new)
{
	struct lines before = { 0 }, after = { 0 };
	struct steps steps = { 0 };
	size_t *table = NULL;
	int r = split(old != NULL ? old : "", &before);

	if (old != NULL && strcmp(old, new) == 0)
		goto out;
	if (r == 0)
		r = split(new, &after);
	if (r == 0)
		r = fill(&before, &after, &table);
	if (r == 0 && (steps.at = calloc(before.n + after.n + 1, sizeof(*steps.at))) == NULL)
		r = CS_ENOMEM;
	if (r == 0) {
		walk(&before, &after, table, &steps);
		cs_put(out, "--- ");
		cs_escape(out, old != NULL ? path : "/dev/null");
		cs_put(out, "\n+++ ");
		cs_escape(out, path);
		cs_put(out, "\n");
		put_groups(out, look, &before, &after, &steps);
	}
out:
	free(steps.at);
	free(table);
	cs_free_strv(&before.at, &before.n);
	cs_free_strv(&after.at, &after.n);
	return r;
}
