/* SPDX-License-Identifier: Apache-2.0 */
/* Why does somebody hold a right, or what would give it to him? */
#include "policy_internal.h"
#include "buf.h"
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a large policy could say too often. */
enum part { NOT_LISTED, ELSEWHERE, SUPPLY, N_PARTS };
#define MAX_LINES 50 /* of one part */

struct steps {
	const struct cs_policy *policy;
	const struct cs_facts *facts;
	struct want want;
	const char *permission, *scope, *kind;
	size_t kind_len;
	bool held, excluded; /* by an assignment; taken away by roles that exclude each other */
	bool perhaps;        /* a list that is not to be believed might give it, or take it away */
	size_t said[N_PARTS];
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

/* Is there room for one more line of this part? */
static bool room(struct steps *steps, enum part part)
{
	return steps->said[part]++ < MAX_LINES;
}

static int say_rest(struct steps *steps, enum part part)
{
	static const char *const rest[] = {
		[NOT_LISTED] = "assignments that do not list this person",
		[ELSEWHERE] = "roles in other scopes than this",
		[SUPPLY] = "assignments would supply it",
	};
	size_t more = steps->said[part] > MAX_LINES ? steps->said[part] - MAX_LINES : 0;

	return more > 0 ? say(steps, "%s%zu more %s", part == SUPPLY ? "not held: " : "and ", more, rest[part]) : 0;
}

/* Does the role itself list the permission, everywhere or in any kind of scope? */
static bool lists(const struct role *role, size_t permission)
{
	bool found = bit_has(role->own, permission);

	for (size_t i = 0; !found && i < role->n_kinds; i++)
		found = bit_has(role->kinds[i].own, permission);
	return found;
}

/* The role from which an inheriting one has the permission; NULL where it lists it itself. */
static const char *inherited_from(const struct cs_policy *policy, const struct role *role, size_t permission)
{
	if (lists(role, permission))
		return NULL;
	for (size_t i = 0; i < policy->n_roles; i++) {
		if (bit_has(role->covers, i) && lists(&policy->roles[i], permission))
			return policy->roles[i].name;
	}
	return NULL;
}

static void put(struct cs_buf *text, const char *s)
{
	cs_buf_put(text, s, strlen(s));
}

/* "wg, rg" */
static void put_item(struct cs_buf *text, const char *item)
{
	if (text->len > 0)
		put(text, ", ");
	put(text, item);
}

static int buf_end(struct cs_buf *text)
{
	cs_buf_put_u8(text, '\0');
	return cs_buf_error(text) == CS_ENOMEM ? CS_ENOMEM : 0;
}

static const char *buf_text(const struct cs_buf *text)
{
	return cs_buf_error(text) ? "…" : (const char *)text->data;
}

/* A role that has the permission in some kinds of scope only. */
static int explain_kinds(struct steps *steps, const struct role *role, const char *from)
{
	bool here = cs_policy_supplies(steps->policy, (size_t)(role - steps->policy->roles), &steps->want, steps->kind,
				       steps->kind_len);
	struct cs_buf kinds;
	int r;

	cs_buf_init(&kinds, CS_MAX_TEXT);
	for (size_t i = 0; i < role->n_kinds; i++) {
		if (bit_has(role->kinds[i].permissions, steps->want.index))
			put_item(&kinds, role->kinds[i].kind);
	}
	r = buf_end(&kinds);
	if (r == 0)
		r = say(steps, "permission %s: role %s (%s) carries it in %s%s%s%s%s", steps->permission, role->name,
			role->label, buf_text(&kinds), here ? "" : ", not in ", here ? "" : steps->scope,
			from ? ", inherited from role " : "", from ? from : "");
	cs_buf_clear(&kinds);
	return r;
}

static int explain_roles(struct steps *steps)
{
	const struct cs_policy *policy = steps->policy;
	bool any = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_roles; i++) {
		const struct role *role = &policy->roles[i];
		const char *from;

		if (!cs_policy_carries(policy, i, &steps->want))
			continue;
		any = true;
		from = inherited_from(policy, role, steps->want.index);
		if (bit_has(role->permissions, steps->want.index))
			r = say(steps, "permission %s is in role %s (%s)%s%s", steps->permission, role->name,
				role->label, from ? ", inherited from role " : "", from ? from : "");
		else
			r = explain_kinds(steps, role, from);
	}
	return r == 0 && !any ? say(steps, "permission %s is in no role", steps->permission) : r;
}

/* --- What is held
 * ----------------------------------------------------------------------------------------------------- */

static bool could_give(const struct steps *steps, const struct assignment *assignment)
{
	return cs_policy_supplies(steps->policy, assignment->role, &steps->want, steps->kind, steps->kind_len);
}

static const char *place(const struct assignment *assignment)
{
	return assignment->to == ASSIGNED_GROUP ? "" : "a group below ";
}

/* A role that is held, by name where there is no membership: does it count in the scope that is asked for? */
static int explain_held(struct steps *steps, const struct assignment *assignment, struct cs_membership *membership,
			const char *scope)
{
	const char *role = steps->policy->roles[assignment->role].name, *group = membership ? membership->group_dn : "";
	const char *perhaps;
	char *because = NULL, *how = NULL;
	int r = cs_format(&how, "role %s%s%s%s in %s: by assignment %s, %s%s%s", role, assignment->label ? " (" : "",
			  assignment->label ? assignment->label : "", assignment->label ? ")" : "", scope,
			  assignment->name, membership ? assignment->listed : "by name", membership ? " of " : "",
			  group ? group : "");

	if (r < 0)
		return r;
	if (cs_scope_covers(&assignment->scope, cs_policy_attribute, membership, steps->scope) != 1) {
		if (room(steps, ELSEWHERE))
			r = say(steps, "%s; that is another scope than %s", how, steps->scope);
		goto out;
	}
	r = cs_policy_excluded(steps->policy, steps->facts, assignment->role, steps->scope, &because);
	if (r < 0)
		goto out;
	perhaps = r == 0 ? cs_policy_perhaps_excluded(steps->policy, steps->facts, assignment->role, steps->scope)
			 : NULL;
	steps->held = steps->held || (r == 0 && !perhaps);
	steps->perhaps = steps->perhaps || perhaps;
	steps->excluded = steps->excluded || r == 1;
	if (r == 1)
		r = say(steps, "%s; it does not count: %s", how, because);
	else if (perhaps)
		r = say(steps, "%s; whether a role excludes it could not be told: %s", how, perhaps);
	else
		r = say(steps, "%s", how);
out:
	cs_free_str(&because);
	cs_free_str(&how);
	return r;
}

/* What one membership gives by one assignment. */
static int explain_membership(struct steps *steps, const struct assignment *assignment,
			      struct cs_membership *membership)
{
	const char *group = membership->group_dn ? membership->group_dn : "";
	const struct condition *failed;
	char scope[CS_MAX_SCOPE + 1];
	bool unless = false;

	failed = cs_policy_failed_condition(assignment, membership, &unless);
	if (failed)
		return say(steps, "assignment %s: %s of %s gives nothing: %s %s %s=%s", assignment->name,
			   assignment->listed, group, group, unless ? "has" : "does not have", failed->attribute,
			   failed->value);
	if (cs_scope_fill(&assignment->scope, cs_policy_attribute, membership, scope) < 0)
		return say(
			steps,
			"assignment %s: %s of %s gives nothing: an attribute for the scope %s is missing, has several "
			"values or is no word",
			assignment->name, assignment->listed, group, assignment->scope.text);
	return explain_held(steps, assignment, membership, scope);
}

/* An assignment whose list is not to be believed. */
static int explain_unsure(struct steps *steps, const struct assignment *assignment, const char *doubt)
{
	steps->perhaps = steps->perhaps ||
			 (cs_policy_could_cover(assignment, steps->scope) &&
			  !cs_policy_clashes(steps->policy, steps->facts, assignment->role, steps->scope));
	return say(steps, "assignment %s (role %s in %s): could not tell: %s", assignment->name,
		   steps->policy->roles[assignment->role].name, assignment->scope.text, doubt);
}

static int explain_groups(struct steps *steps, const struct assignment *assignment)
{
	const char *doubt = cs_policy_unsure(steps->facts, assignment->query);
	size_t n = 0;
	int r = 0;

	if (doubt)
		return explain_unsure(steps, assignment, doubt);
	for (size_t i = 0; r == 0 && i < steps->facts->n_memberships; i++) {
		struct cs_membership *membership = &steps->facts->memberships[i];

		if (!cs_policy_concerns(steps->policy, assignment, membership))
			continue;
		n++;
		r = explain_membership(steps, assignment, membership);
	}
	if (r == 0 && n == 0 && room(steps, NOT_LISTED))
		r = say(steps, "assignment %s (role %s in %s): not listed as %s of %s%s", assignment->name,
			steps->policy->roles[assignment->role].name, assignment->scope.text, assignment->listed,
			place(assignment), assignment->dn);
	return r;
}

static bool is_named(const struct steps *steps, const struct assignment *assignment)
{
	size_t wanted = (size_t)(assignment - steps->policy->assignments), n = 0;
	const size_t *found = cs_index_find(steps->policy->index, INDEX_PEOPLE, steps->facts->person.dn, &n);

	for (size_t i = 0; i < n; i++) {
		if (found[i] == wanted)
			return true;
	}
	return false;
}

static int explain_assignment(struct steps *steps, const struct assignment *assignment)
{
	if (assignment->to != ASSIGNED_PEOPLE)
		return explain_groups(steps, assignment);
	if (is_named(steps, assignment))
		return explain_held(steps, assignment, NULL, assignment->scope.text);
	if (!room(steps, NOT_LISTED))
		return 0;
	return say(steps, "assignment %s (role %s in %s): does not name this person", assignment->name,
		   steps->policy->roles[assignment->role].name, assignment->scope.text);
}

/* --- What would supply it
 * ----------------------------------------------------------------------------------------------- */

/* "cn = tomcat, groupType = wg" and "status = archived". */
static int put_conditions(const struct assignment *assignment, const char *value, struct cs_buf *with,
			  struct cs_buf *without)
{
	const char *name = cs_scope_name(&assignment->scope, 0);
	int r;

	if (name) {
		put_item(with, name);
		put(with, " = ");
		put(with, value);
	}
	for (size_t i = 0; i < assignment->n_where + assignment->n_unless; i++) {
		bool unless = i >= assignment->n_where;
		const struct condition *condition =
			unless ? &assignment->unless[i - assignment->n_where] : &assignment->where[i];
		struct cs_buf *text = unless ? without : with;

		put_item(text, condition->attribute);
		put(text, " = ");
		put(text, condition->value);
	}
	r = buf_end(with);
	return r < 0 ? r : buf_end(without);
}

static int explain_supply(struct steps *steps, const struct assignment *assignment, const char *value)
{
	const char *role = steps->policy->roles[assignment->role].name;
	const char *scope = cs_scope_everywhere(&assignment->scope) ? "*" : steps->scope;
	struct cs_buf with, without;
	int r;

	if (assignment->to == ASSIGNED_PEOPLE)
		return say(steps, "not held: role %s in %s would supply it: be named in assignment %s", role, scope,
			   assignment->name);
	cs_buf_init(&with, CS_MAX_TEXT);
	cs_buf_init(&without, CS_MAX_TEXT);
	r = put_conditions(assignment, value, &with, &without);
	if (r == 0)
		r = say(steps, "not held: role %s in %s would supply it: be listed as %s of %s%s%s%s%s%s", role, scope,
			assignment->listed, place(assignment), assignment->dn, with.len > 1 ? " with " : "",
			buf_text(&with), without.len > 1 ? " without " : "", buf_text(&without));
	cs_buf_clear(&with);
	cs_buf_clear(&without);
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

		if (!could_give(steps, assignment) ||
		    cs_scope_extract(&assignment->scope, steps->scope, NULL, value) != 1)
			continue;
		any = true;
		if (room(steps, SUPPLY))
			r = explain_supply(steps, assignment, value);
	}
	if (r == 0)
		r = say_rest(steps, SUPPLY);
	if (r == 0 && !any)
		r = say(steps, "not held: no assignment gives a role with %s in %s", steps->permission, steps->scope);
	return r;
}

static int explain_person(struct steps *steps)
{
	const struct cs_facts *facts = steps->facts;
	int r = 0;

	if (facts->known == CS_KNOWN_DOUBT)
		return say(steps, "could not tell: %s",
			   facts->doubt && *facts->doubt ? facts->doubt : "the directory did not say");
	if (facts->known != CS_KNOWN_YES)
		return say(steps, "not held: the directory does not know this person");
	if (facts->person.locked)
		return say(steps, "not held: the account is locked, and a locked account holds nothing");
	for (size_t i = 0; r == 0 && i < steps->policy->n_assignments; i++) {
		if (could_give(steps, &steps->policy->assignments[i]))
			r = explain_assignment(steps, &steps->policy->assignments[i]);
	}
	if (r == 0)
		r = say_rest(steps, NOT_LISTED);
	if (r == 0)
		r = say_rest(steps, ELSEWHERE);
	if (r < 0)
		return r;
	if (steps->held)
		return say(steps, "held: %s in %s", steps->permission, steps->scope);
	if (steps->perhaps)
		return say(steps, "could not tell: %s in %s", steps->permission, steps->scope);
	if (steps->excluded)
		return say(steps,
			   "not held: of roles that exclude each other none counts; give up all but one of them");
	return explain_missing(steps);
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
	struct steps steps = {.policy = policy, .facts = facts, .permission = permission, .scope = scope ? scope : ""};
	bool valid = cs_scope_valid(scope) == 1;
	int r;

	steps.want.index = permission ? cs_policy_find_permission(policy, permission) : SIZE_MAX;
	if (steps.want.index == SIZE_MAX)
		return CS_ENOENT;
	steps.kind = valid ? cs_scope_kind(scope, &steps.kind_len) : "";
	r = explain_roles(&steps);
	if (r == 0 && valid)
		r = explain_person(&steps);
	else if (r == 0)
		r = say(&steps, "not held: \"%s\" is no scope; write * or words between slashes", steps.scope);
	if (r == 0)
		r = hand_over(&steps, ret_steps, ret_n);
	cs_free_strv(&steps.lines, &steps.n_lines);
	return r;
}
