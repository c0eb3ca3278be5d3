/* SPDX-License-Identifier: Apache-2.0 */
/* What changes from one policy to the next, for people to read. */
#include "changes.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const struct cs_field gain_fields[] = {
	CS_STR(cs_gain, user, CS_MAX_NAME), CS_BOOL(cs_gain, gains), CS_STR(cs_gain, permission, CS_MAX_NAME),
	CS_STR(cs_gain, scope, CS_MAX_SCOPE), CS_STR(cs_gain, because, CS_MAX_TEXT)
};
const struct cs_shape cs_gain_shape = CS_SHAPE("gain", cs_gain, gain_fields);

struct gains {
	struct cs_gain *items;
	size_t n, cap;
};

static int out_of_memory(void)
{
	return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "policy", "");
}

static int add_gain(struct gains *gains, const char *user, bool gained, const struct cs_right_held *held)
{
	struct cs_gain gain = { .gains = gained };

	if (cs_reserve((void **)&gains->items, &gains->cap, gains->n, 1, sizeof(gain)) != 0)
		return CS_ENOMEM;
	gain.user = cs_dup(user);
	gain.permission = cs_dup(held->permission);
	gain.scope = cs_dup(held->scope);
	gain.because = cs_dup(held->because);
	gains->items[gains->n++] = gain;
	if (gain.user == NULL || gain.permission == NULL || gain.scope == NULL || gain.because == NULL)
		return CS_ENOMEM;
	return 0;
}

/* The order of cs_policy_rights_of. */
static int order(const struct cs_right_held *a, const struct cs_right_held *b)
{
	int scopes = strcmp(a->scope, b->scope);

	return scopes != 0 ? scopes : strcmp(a->permission, b->permission);
}

static int compare(struct gains *gains, const char *user, const struct cs_right_held *before, size_t n_before,
	const struct cs_right_held *after, size_t n_after)
{
	size_t b = 0, a = 0;
	int r = 0;

	while (r == 0 && (b < n_before || a < n_after)) {
		int which = b == n_before ? 1 : a == n_after ? -1 : order(&before[b], &after[a]);

		if (which < 0)
			r = add_gain(gains, user, false, &before[b]);
		else if (which > 0)
			r = add_gain(gains, user, true, &after[a]);
		b += which <= 0 ? 1 : 0;
		a += which >= 0 ? 1 : 0;
	}
	return r;
}

/* A person of whom it could not be told ends it: a list that leaves somebody out is none. */
static int rights(const struct cs_policy *policy, const char *user, const struct cs_facts *facts,
	struct cs_right_held **ret_rights, size_t *ret_n)
{
	int r = facts->known == CS_KNOWN_DOUBT ? CS_EDOUBT : cs_policy_rights_of(policy, facts, ret_rights, ret_n);

	if (r == CS_EDOUBT)
		return cs_fail(CS_EXIT_DOUBT, cs_text_or(facts->doubt, cs_strerror(r)), user, "");
	if (r == 0 && facts->n_unsure > 0) {
		cs_rights_held_free(ret_rights, ret_n);
		return cs_fail(CS_EXIT_DOUBT, cs_text_or(facts->unsure[0].doubt, cs_strerror(CS_EDOUBT)), user, "");
	}
	return r == 0 ? 0 : out_of_memory();
}

static int compare_person(struct gains *gains, const char *user, const struct cs_policy *before,
	const struct cs_facts *facts_before, const struct cs_policy *after, const struct cs_facts *facts_after)
{
	struct cs_right_held *had = NULL, *has = NULL;
	size_t n_had = 0, n_has = 0;
	int status = rights(before, user, facts_before, &had, &n_had);

	if (status == 0)
		status = rights(after, user, facts_after, &has, &n_has);
	if (status == 0 && compare(gains, user, had, n_had, has, n_has) != 0)
		status = out_of_memory();
	cs_rights_held_free(&had, &n_had);
	cs_rights_held_free(&has, &n_has);
	return status;
}

/* The names of everybody under either policy, sorted, each once. */
static int both_names(struct cs_source *source, const struct cs_policy *before, const struct cs_policy *after,
	char ***ret_names, size_t *ret_n)
{
	struct cs_people a = { 0 }, b = { 0 };
	size_t i = 0, k = 0;
	int status = cs_source_everybody(source, before, &a), r = 0;

	if (status == 0)
		status = cs_source_everybody(source, after, &b);
	while (status == 0 && r == 0 && (i < a.n || k < b.n)) {
		int which = i == a.n ? 1 : k == b.n ? -1 : strcmp(a.names[i], b.names[k]);

		r = cs_strv_add(ret_names, ret_n, which <= 0 ? a.names[i] : b.names[k]);
		i += which <= 0 ? 1 : 0;
		k += which >= 0 ? 1 : 0;
	}
	cs_people_clear(&a);
	cs_people_clear(&b);
	return r == 0 ? status : out_of_memory();
}

int cs_gains(struct cs_source *source, const struct cs_policy *before, const struct cs_policy *after,
	struct cs_gain **ret_gains, size_t *ret_count)
{
	struct gains gains = { 0 };
	struct cs_facts *was = NULL, *is = NULL;
	char **names = NULL;
	size_t n = 0, n_was = 0, n_is = 0;
	int status = both_names(source, before, after, &names, &n);

	if (status == 0)
		status = cs_source_facts(source, before, names, n, &was);
	n_was = was == NULL ? 0 : n;
	if (status == 0)
		status = cs_source_facts(source, after, names, n, &is);
	n_is = is == NULL ? 0 : n;
	for (size_t i = 0; status == 0 && i < n; i++)
		status = compare_person(&gains, names[i], before, &was[i], after, &is[i]);
	cs_facts_free(&was, &n_was);
	cs_facts_free(&is, &n_is);
	cs_free_strv(&names, &n);
	if (status != 0) {
		cs_gains_free(&gains.items, &gains.n);
		return status;
	}
	*ret_gains = gains.items;
	*ret_count = gains.n;
	return 0;
}

void cs_gains_free(struct cs_gain **gains, size_t *count)
{
	for (size_t i = 0; *gains != NULL && i < *count; i++)
		cs_clear(&cs_gain_shape, &(*gains)[i]);
	free(*gains);
	*gains = NULL;
	*count = 0;
}

/* --- For people -------------------------------------------------------------------------------------------------- */

static const struct {
	enum cs_effect effect;
	const char *title;
	enum cs_style style;
} groups[] = {
	{ CS_EFFECT_WEAKER, "weaker: somebody gains a right, or less is asked", CS_RED },
	{ CS_EFFECT_STRONGER, "stronger: somebody loses a right, or more is asked", CS_GREEN },
	{ CS_EFFECT_NONE, "the same: words only", CS_DIM },
};

void cs_put_changes(struct cs_buf *out, const struct cs_look *look, const struct cs_change *changes, size_t n)
{
	for (size_t g = 0; g < CS_COUNT(groups); g++) {
		bool any = false;

		for (size_t i = 0; i < n; i++) {
			if (changes[i].effect != groups[g].effect)
				continue;
			if (!any) {
				cs_put_styled(out, look, groups[g].style, groups[g].title);
				cs_put(out, "\n");
			}
			any = true;
			cs_put(out, "  ");
			cs_escape(out, cs_text_or(changes[i].what, ""));
			cs_put(out, ": ");
			cs_escape(out, cs_text_or(changes[i].text, ""));
			cs_put(out, "\n");
		}
	}
}

void cs_put_gains(struct cs_buf *out, const struct cs_look *look, const struct cs_gain *gains, size_t n)
{
	if (n == 0)
		return;
	cs_put_styled(out, look, CS_BOLD, "people");
	cs_put(out, "\n");
	for (size_t i = 0; i < n; i++) {
		cs_put(out, "  ");
		cs_escape(out, gains[i].user);
		cs_put_styled(out, look, gains[i].gains ? CS_RED : CS_GREEN, gains[i].gains ? " gains " : " loses ");
		cs_escape(out, gains[i].permission);
		cs_put(out, " in ");
		cs_escape(out, gains[i].scope);
		cs_put(out, "\n");
	}
}
