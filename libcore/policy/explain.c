/* SPDX-License-Identifier: Apache-2.0 */
/* Why does somebody hold a right, or what would give it to him? */
#include "policy_internal.h"
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct steps {
	const struct cs_policy *policy;
	const struct cs_facts *facts;
	struct want want;
	const char *permission, *scope;
	char **lines;
	size_t n_lines;
};

static int say(struct steps *steps, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int say(struct steps *steps, const char *format, ...)
{
	char *line = NULL;
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&line, format, args);
	va_end(args);
	if (r < 0)
		return CS_ENOMEM;
	r = cs_strv_add(&steps->lines, &steps->n_lines, line);
	free(line);
	return r;
}

/* The role from which an inheriting one has the permission; NULL where it lists it itself. */
static const char *inherited_from(const struct cs_policy *policy, const struct role *role, size_t permission)
{
	if (bit_has(role->own, permission))
		return NULL;
	for (size_t i = 0; i < policy->n_roles; i++) {
		if (bit_has(role->covers, i) && bit_has(policy->roles[i].own, permission))
			return policy->roles[i].name;
	}
	return NULL;
}

static int explain_roles(struct steps *steps)
{
	const struct cs_policy *policy = steps->policy;
	bool any = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_roles; i++) {
		const struct role *role = &policy->roles[i];
		const char *from;

		if (!cs_policy_supplies(policy, i, steps->want))
			continue;
		any = true;
		from = inherited_from(policy, role, steps->want.index);
		r = say(steps, "permission %s is in role %s (%s)%s%s", steps->permission, role->name, role->label,
			from ? ", inherited from role " : "", from ? from : "");
	}
	return r == 0 && !any ? say(steps, "permission %s is in no role", steps->permission) : r;
}

static const char *place(const struct cs_group_query *query)
{
	return query->where == CS_GROUP_AT ? "" : "a group below ";
}

/* What one membership gives by one assignment; *held where it is what was asked for. */
static int explain_membership(struct steps *steps, const struct assignment *assignment,
			      struct cs_membership *membership, bool *held)
{
	const char *role = steps->policy->roles[assignment->role].name;
	const char *listed = steps->policy->queries[assignment->query].listed;
	const char *group = membership->group_dn ? membership->group_dn : "";
	char scope[CS_MAX_SCOPE + 1];

	if (cs_scope_fill(&assignment->scope, cs_policy_attribute, membership, scope) < 0)
		return say(steps,
			   "assignment %s: %s of %s gives nothing: an attribute for the scope %s is missing or no word",
			   assignment->name, listed, group, assignment->scope.text);
	if (cs_scope_covers(&assignment->scope, cs_policy_attribute, membership, steps->scope) != 1)
		return say(steps, "role %s in %s: by assignment %s, %s of %s; that is another scope than %s", role,
			   scope, assignment->name, listed, group, steps->scope);
	*held = true;
	return say(steps, "role %s in %s: by assignment %s, %s of %s", role, scope, assignment->name, listed, group);
}

static int explain_assignment(struct steps *steps, const struct assignment *assignment, bool *held)
{
	const struct cs_group_query *query = &steps->policy->queries[assignment->query];
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < steps->facts->n_memberships; i++) {
		struct cs_membership *membership = &steps->facts->memberships[i];

		if (membership->query != assignment->query)
			continue;
		n++;
		r = explain_membership(steps, assignment, membership, held);
	}
	if (r == 0 && n == 0)
		r = say(steps, "assignment %s (role %s in %s): not listed as %s of %s%s", assignment->name,
			steps->policy->roles[assignment->role].name, assignment->scope.text, query->listed,
			place(query), query->dn);
	return r;
}

/* One line for each assignment that could give it in this scope. */
static int explain_missing(struct steps *steps)
{
	char value[CS_MAX_SCOPE + 1];
	bool any = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < steps->policy->n_assignments; i++) {
		const struct assignment *assignment = &steps->policy->assignments[i];
		const struct cs_group_query *query = &steps->policy->queries[assignment->query];
		const char *name = cs_scope_name(&assignment->scope, 0);

		if (!cs_policy_supplies(steps->policy, assignment->role, steps->want) ||
		    cs_scope_extract(&assignment->scope, steps->scope, NULL, value) != 1)
			continue;
		any = true;
		r = say(steps, "not held: role %s in %s would supply it: be listed as %s of %s%s%s%s%s%s",
			steps->policy->roles[assignment->role].name,
			cs_scope_everywhere(&assignment->scope) ? "*" : steps->scope, query->listed, place(query),
			query->dn, name ? " with " : "", name ? name : "", name ? " = " : "", value);
	}
	if (r == 0 && !any)
		r = say(steps, "not held: no assignment gives a role with %s in %s", steps->permission, steps->scope);
	return r;
}

static int explain_person(struct steps *steps)
{
	const struct cs_facts *facts = steps->facts;
	bool held = false;
	int r = 0;

	if (facts->known == CS_KNOWN_DOUBT)
		return say(steps, "could not tell: %s",
			   facts->doubt && *facts->doubt ? facts->doubt : "the directory did not say");
	if (facts->known != CS_KNOWN_YES)
		return say(steps, "not held: the directory does not know this person");
	if (facts->person.locked)
		return say(steps, "not held: the account is locked, and a locked account holds nothing");
	for (size_t i = 0; r == 0 && i < steps->policy->n_assignments; i++) {
		if (cs_policy_supplies(steps->policy, steps->policy->assignments[i].role, steps->want))
			r = explain_assignment(steps, &steps->policy->assignments[i], &held);
	}
	if (r < 0)
		return r;
	return held ? say(steps, "held: %s in %s", steps->permission, steps->scope) : explain_missing(steps);
}

static int hand_over(const struct steps *steps, char ***ret_steps, size_t *ret_n)
{
	size_t before = *ret_n;
	int r = 0;

	for (size_t i = 0; r == 0 && i < steps->n_lines; i++)
		r = cs_strv_add(ret_steps, ret_n, steps->lines[i]);
	while (r < 0 && *ret_n > before)
		cs_free_str(&(*ret_steps)[--*ret_n]);
	return r;
}

int cs_policy_explain(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission,
		      const char *scope, char ***ret_steps, size_t *ret_n)
{
	struct steps steps = {.policy = policy, .facts = facts, .permission = permission, .scope = scope};
	int r;

	steps.want.index = permission ? cs_policy_find_permission(policy, permission) : SIZE_MAX;
	if (steps.want.index == SIZE_MAX)
		return CS_ENOENT;
	r = explain_roles(&steps);
	if (r == 0 && cs_scope_valid(scope) != 1)
		r = say(&steps, "not held: \"%s\" is no scope; write * or words between slashes", scope ? scope : "");
	else if (r == 0)
		r = explain_person(&steps);
	if (r == 0)
		r = hand_over(&steps, ret_steps, ret_n);
	cs_free_strv(&steps.lines, &steps.n_lines);
	return r;
}
