/* SPDX-License-Identifier: Apache-2.0 */
/* What changes in what a gate approves by itself. */
#include "diff.h"
#include "diff_gates.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* One of the lists of an automatic approval, as written. */
struct list {
	const char *what, *none;
	struct texts texts;
	char **own; /* of texts, where they had to be made */
};

enum { LISTS = 3 };

static int make_lists(const struct automatic *automatic, struct list lists[LISTS])
{
	const struct limits *limits = &automatic->limits;

	lists[0] = (struct list){"command", "any", {NULL, automatic->n_commands}, NULL};
	lists[1] = (struct list){"time", "always", {limits->time_texts, limits->n_times}, NULL};
	lists[2] = (struct list){"peer", "any", {limits->peer_texts, limits->n_peers}, NULL};
	lists[0].own = calloc(automatic->n_commands + 1, sizeof(char *));
	if (!lists[0].own)
		return CS_ENOMEM;
	for (size_t i = 0; i < automatic->n_commands; i++)
		lists[0].own[i] = automatic->commands[i].text;
	lists[0].texts.items = lists[0].own;
	return 0;
}

/* "a, b"; NULL when out of memory. */
static char *join(const struct list *list)
{
	struct cs_buf text;
	char *joined = NULL;

	cs_buf_init(&text, CS_POLICY_TEXT_MAX);
	for (size_t i = 0; i < list->texts.n; i++) {
		cs_buf_put(&text, ", ", i > 0 ? 2 : 0);
		cs_buf_put(&text, list->texts.items[i], strlen(list->texts.items[i]));
	}
	if (list->texts.n == 0)
		cs_buf_put(&text, list->none, strlen(list->none));
	cs_buf_put_u8(&text, 0);
	if (cs_buf_error(&text) == 0)
		joined = cs_dup((const char *)text.data);
	cs_buf_clear(&text);
	if (joined)
		cs_diff_cut(joined, DIFF_LONG_PART);
	return joined;
}

static int diff_list(struct gates *gates, const char *name, const struct list *before, const struct list *after)
{
	bool less = cs_diff_within(&after->texts, &before->texts), more = cs_diff_within(&before->texts, &after->texts);
	char *had, *has;
	int r = CS_ENOMEM;

	if (less && more)
		return 0;
	had = join(before);
	has = join(after);
	if (had && has)
		r = SAY(gates, less ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER, "automatic %s: %s: %s -> %s", name,
			before->what, had, has);
	free(had);
	free(has);
	return r;
}

static int diff_lists(struct gates *gates, const struct automatic *before, const struct automatic *after)
{
	struct list a[LISTS] = {0}, b[LISTS] = {0};
	int r = make_lists(before, a);

	if (r == 0)
		r = make_lists(after, b);
	for (size_t i = 0; r == 0 && i < LISTS; i++)
		r = diff_list(gates, after->name, &a[i], &b[i]);
	free(a[0].own);
	free(b[0].own);
	return r;
}

/* A rule has the name of its section where it is told. */
static int diff_automatic(struct gates *gates, const struct automatic *before, const struct automatic *after)
{
	struct rule had = before->who, has = after->who;
	struct rules rules = {.gates = gates, .kind = "automatic", .before = &had, .after = &has};
	int r = diff_lists(gates, before, after);

	had.name = before->name;
	has.name = after->name;
	if (r < 0 || (!before->has_who && !after->has_who))
		return r;
	if (before->has_who && after->has_who)
		return cs_diff_who(&rules);
	if (!after->has_who)
		return SAY(gates, CS_EFFECT_WEAKER, "automatic %s: for whoever may ask now", after->name);
	r = SAY(gates, CS_EFFECT_STRONGER, "automatic %s: no longer for whoever may ask", after->name);
	return r == 0 ? cs_diff_say_who(&rules, CS_EFFECT_STRONGER) : r;
}

static int say_lists(struct gates *gates, const struct automatic *automatic, enum cs_effect effect)
{
	struct list lists[LISTS] = {0};
	int r = make_lists(automatic, lists);

	for (size_t i = 0; r == 0 && i < LISTS; i++) {
		char *text = lists[i].texts.n > 0 ? join(&lists[i]) : NULL;

		if (lists[i].texts.n > 0)
			r = text ? SAY(gates, effect, "automatic %s: %s: %s", automatic->name, lists[i].what, text)
				 : CS_ENOMEM;
		free(text);
	}
	free(lists[0].own);
	return r;
}

static int say_automatic(struct gates *gates, const struct automatic *automatic, enum cs_effect effect)
{
	struct rule who = automatic->who;
	int r = SAY(gates, effect, "automatic %s approves by itself%s", automatic->name,
		    automatic->has_who ? "" : ", for whoever may ask");

	who.name = automatic->name;
	if (r == 0)
		r = say_lists(gates, automatic, effect);
	return r == 0 && automatic->has_who
		       ? cs_diff_say_who(&(struct rules){.gates = gates, .kind = "automatic", .after = &who}, effect)
		       : r;
}

static int pair_automatic(void *arg, const void *before, const void *after)
{
	const struct automatic *a = before;

	if (before && after)
		return diff_automatic(arg, before, after);
	if (after)
		return say_automatic(arg, after, CS_EFFECT_WEAKER);
	return SAY((struct gates *)arg, CS_EFFECT_STRONGER, "automatic %s is gone", a->name);
}

int cs_diff_automatics(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;

	return cs_diff_each(a->automatics, a->n_automatics, b->automatics, b->n_automatics, sizeof(*a->automatics),
			    pair_automatic, gates);
}

int cs_diff_say_automatics(struct gates *gates, enum cs_effect effect)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < gates->after->n_automatics; i++)
		r = say_automatic(gates, &gates->after->automatics[i], effect);
	return r;
}
