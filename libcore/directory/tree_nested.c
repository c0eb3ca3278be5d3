/* SPDX-License-Identifier: Apache-2.0 */
/* Groups in groups, in the tree: upwards from a person, downwards from a group, each once. */
#include "filter_match.h"
#include "tree_internal.h"

#include <string.h>

/* An entry of the tree as filter_match.h reads it. */
struct source {
	const struct cs_tree *tree;
	uint32_t entry;
};

static int source_values(void *entry, const char *attribute, struct cs_bytes *ret_values, size_t max, size_t *ret_n)
{
	const struct source *source = entry;
	uint32_t name = cs_tree_find_attribute(source->tree, attribute);
	size_t count = 0, n = 0;
	const struct cs_tree_value *values = cs_tree_values(source->tree, source->entry, &count);
	for (size_t v = 0; v < count && name != CS_TREE_NONE; v++) {
		if (values[v].attribute != name)
			continue;
		const char *text = values[v].text != CS_TREE_NONE ? cs_tree_text(source->tree, values[v].text) : "";
		if (n < max)
			ret_values[n] = (struct cs_bytes){ text, strlen(text) };
		n++;
	}
	*ret_n = n;
	return 0;
}

int group_is_nested(const struct asked *asked, uint32_t entry)
{
	const struct cs_tree *tree = asked->tree;
	struct source at = { tree, entry };
	const struct cs_entry_source source = { &at, source_values };
	uint32_t dn = tree->entries[entry].dn;
	if (cs_tree_is_gone(tree, dn))
		return 0;
	if (*asked->groups_base != '\0' &&
	    !cs_dn_key_below(cs_tree_text(tree, tree->terms[dn].key), asked->groups_base))
		return 0;
	int r = cs_filter_matches(asked->schema->group_filter, &source);
	return r == CS_EINVAL ? CS_ETOOBIG : r; /* a filter that only a server can evaluate is doubt */
}

int groups_add(struct groups *groups, uint32_t entry)
{
	for (size_t i = 0; i < groups->n; i++)
		if (groups->entries[i] == entry)
			return 0;
	if (groups->n == CS_NESTED_MAX)
		return CS_ETOOBIG;
	groups->entries[groups->n++] = entry;
	return 0;
}

static int add_nested(const struct asked *asked, uint32_t entry, struct groups *groups)
{
	int r = group_is_nested(asked, entry);
	return r == 1 ? groups_add(groups, entry) : r;
}

/* The groups that list this DN. */
static int add_above(const struct asked *asked, uint32_t dn, struct groups *groups)
{
	const struct cs_tree_mention *at = cs_tree_first_listing(asked->tree, dn);
	int r = 0;
	for (; at != NULL && r == 0; at = cs_tree_next_listing(asked->tree, at))
		if (at->attribute == asked->member)
			r = add_nested(asked, at->entry, groups);
	return r;
}

/* The groups that this one lists. */
static int add_below(const struct asked *asked, uint32_t entry, struct groups *groups)
{
	const struct cs_tree *tree = asked->tree;
	size_t n = 0;
	const struct cs_tree_value *values = cs_tree_values(tree, entry, &n);
	int r = 0;
	for (size_t v = 0; v < n && r == 0; v++) {
		uint32_t term = values[v].attribute == asked->member ? values[v].term : CS_TREE_NONE;
		if (term != CS_TREE_NONE && tree->terms[term].entry != CS_TREE_NONE)
			r = add_nested(asked, tree->terms[term].entry, groups);
	}
	return r;
}

int groups_above(const struct asked *asked, uint32_t dn, struct groups *groups)
{
	size_t from = 0;
	int r = asked->nesting > 0 ? add_above(asked, dn, groups) : 0;
	for (uint32_t level = 1; level < asked->nesting && from < groups->n && r == 0; level++)
		for (size_t end = groups->n; from < end && r == 0; from++)
			r = add_above(asked, asked->tree->entries[groups->entries[from]].dn, groups);
	return r;
}

int groups_below(const struct asked *asked, struct groups *groups)
{
	size_t from = 0;
	int r = 0;
	for (uint32_t level = 1; level < asked->nesting && from < groups->n && r == 0; level++)
		for (size_t end = groups->n; from < end && r == 0; from++)
			r = add_below(asked, groups->entries[from], groups);
	return r;
}
