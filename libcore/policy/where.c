/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions on the group of an assignment: `where` and `unless`. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int load_condition(struct loader *loader, const struct cs_conf_section *section, const char *key,
			  const char *text, struct condition *ret_condition)
{
	const char *equals = strchrnul(text, '=');
	char *attribute = strndup(text, (size_t)(equals - text));
	int r = attribute ? 0 : CS_ENOMEM;

	if (r == 0 && (cs_check_attribute(attribute) != 1 || !equals[0] || !equals[1] || strlen(equals) > CS_MAX_DN))
		r = REFUSE(loader, section, key, "%s is \"attribute=value\", such as \"groupType=wg\", not \"%s\"", key,
			   text);
	if (r == 0) {
		ret_condition->attribute = attribute;
		attribute = NULL;
		ret_condition->value = cs_dup(equals + 1);
		r = ret_condition->value ? 0 : CS_ENOMEM;
	}
	free(attribute);
	return r;
}

static int condition_order(const void *a, const void *b)
{
	const struct condition *x = a, *y = b;
	int order = strcasecmp(x->attribute, y->attribute);

	return order ? order : strcasecmp(x->value, y->value);
}

/* Sorted, so that two assignments with the same conditions are seen to be the same. */
int cs_load_conditions(struct loader *loader, const struct cs_conf_section *section, const char *key,
		       struct condition **conditions, size_t *n_conditions)
{
	size_t n = cs_conf_list_len(section, key);
	int r;

	if (n > POLICY_MAX_CONDITIONS)
		return REFUSE(loader, section, key, "%s has more than %d conditions", key, POLICY_MAX_CONDITIONS);
	r = cs_load_list(loader, section, key, &n);
	if (r < 0 || n == 0)
		return r;
	*conditions = calloc(n, sizeof(**conditions));
	if (!*conditions)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = load_condition(loader, section, key, cs_conf_list_at(section, key, i),
				   &(*conditions)[(*n_conditions)++]);
	if (r == 0)
		qsort(*conditions, n, sizeof(**conditions), condition_order);
	return r;
}

int cs_conditions_order(const struct condition *a, size_t n_a, const struct condition *b, size_t n_b)
{
	int order = compare_sizes(n_a, n_b);

	for (size_t i = 0; order == 0 && i < n_a; i++)
		order = condition_order(&a[i], &b[i]);
	return order;
}

static bool has_value(const struct cs_membership *membership, const struct condition *condition)
{
	for (size_t i = 0; i < membership->n_attributes; i++) {
		const struct cs_attribute *attribute = &membership->attributes[i];

		if (attribute->name && attribute->value && strcasecmp(attribute->name, condition->attribute) == 0 &&
		    strcasecmp(attribute->value, condition->value) == 0)
			return true;
	}
	return false;
}

const struct condition *cs_policy_failed_condition(const struct assignment *assignment,
						   const struct cs_membership *membership, bool *ret_unless)
{
	for (size_t i = 0; i < assignment->n_where + assignment->n_unless; i++) {
		bool unless = i >= assignment->n_where;
		const struct condition *condition =
			unless ? &assignment->unless[i - assignment->n_where] : &assignment->where[i];

		if (has_value(membership, condition) == unless) {
			*ret_unless = unless;
			return condition;
		}
	}
	return NULL;
}

int cs_policy_conditions(const struct assignment *assignment, const struct cs_membership *membership)
{
	bool unless;

	return cs_policy_failed_condition(assignment, membership, &unless) == NULL;
}
