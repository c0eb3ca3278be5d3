/* SPDX-License-Identifier: Apache-2.0 */
/* One change of a policy's text. The text is changed by a small scanner (edit_text.c), so the result is not taken at
 * its word: it is loaded, the role has to say what was asked, and everything else in the file what it said before. */
#include "edit.h"
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* An edit under way. */
struct editing {
	const struct cs_edit *edit;
	const char *kind; /* of scope; NULL: plain permissions */
	const char *name; /* of the file, for messages */
	const char *text;
	const struct cs_policy *before;
	struct cs_problem *problem;
};

#define REFUSE_EDIT(editing, line, ...)                                                                                \
	(cs_problem_set((editing)->problem, (editing)->name, (line), __VA_ARGS__), CS_ECONF)

/* --- What is asked ---------------------------------------------------------------------------------------------- */

static int refuse_unknown(const struct editing *editing, const char *kind, const char *name, const char *near)
{
	if (near)
		return REFUSE_EDIT(editing, 0, "no %s is called \"%s\"; did you mean \"%s\"?", kind, name, near);
	return REFUSE_EDIT(editing, 0, "no %s is called \"%s\"", kind, name);
}

static int find_role(const struct editing *editing, const char *name, size_t *ret_role)
{
	const struct cs_policy *policy = editing->before;

	*ret_role = cs_policy_find_role(policy, name);
	if (*ret_role != SIZE_MAX)
		return 0;
	return refuse_unknown(editing, "role", name,
			      cs_policy_nearest(name, policy->roles, policy->n_roles, sizeof(*policy->roles)));
}

static int find_permission(const struct editing *editing, const char *name, size_t *ret_permission)
{
	const struct cs_policy *policy = editing->before;

	*ret_permission = cs_policy_find_permission(policy, name);
	if (*ret_permission != SIZE_MAX)
		return 0;
	return refuse_unknown(
		editing, "permission", name,
		cs_policy_nearest(name, policy->permissions, policy->n_permissions, sizeof(*policy->permissions)));
}

/* The permissions that a role lists itself, plain or in a kind of scope; NULL for none. */
static const uint64_t *own_bits(const struct role *role, const char *kind)
{
	const struct role_kind *found = kind ? cs_role_kind(role, kind, strlen(kind)) : NULL;

	if (!kind)
		return role->own;
	return found ? found->own : NULL;
}

static bool has_own(const struct role *role, const char *kind, size_t permission)
{
	const uint64_t *bits = own_bits(role, kind);

	return bits && bit_has(bits, permission);
}

/* Where else the role has the permission from, so that people know where to look. */
static int refuse_not_own(const struct editing *editing, size_t index, size_t permission)
{
	const struct cs_policy *policy = editing->before;
	const struct role *role = &policy->roles[index];
	const char *name = policy->permissions[permission].name;

	if (editing->kind && has_own(role, NULL, permission))
		return REFUSE_EDIT(editing, role->line, "role %s has %s in every kind of scope, not in %s alone",
				   role->name, name, editing->kind);
	for (size_t i = 0; !editing->kind && i < role->n_kinds; i++) {
		if (has_own(role, role->kinds[i].kind, permission))
			return REFUSE_EDIT(editing, role->line, "role %s has %s only in %s; name that kind of scope",
					   role->name, name, role->kinds[i].kind);
	}
	for (size_t i = 0; i < policy->n_roles; i++) {
		if (i != index && bit_has(role->covers, i) && has_own(&policy->roles[i], editing->kind, permission))
			return REFUSE_EDIT(editing, role->line,
					   "role %s has %s from role %s, which it inherits; revoke it there",
					   role->name, name, policy->roles[i].name);
	}
	return REFUSE_EDIT(editing, role->line, "role %s does not have %s%s%s", role->name, name,
			   editing->kind ? " in " : "", editing->kind ? editing->kind : "");
}

static int check_changes(const struct editing *editing)
{
	const struct cs_edit *edit = editing->edit;
	bool grants = edit->kind == CS_EDIT_GRANT;
	size_t role = 0, permission = 0;
	int r = find_role(editing, edit->role, &role);

	if (r == 0 && edit->n_permissions == 0)
		return REFUSE_EDIT(editing, 0, "no permission is named");
	for (size_t i = 0; r == 0 && i < edit->n_permissions; i++) {
		const struct role *held = &editing->before->roles[role];

		r = find_permission(editing, edit->permissions[i], &permission);
		if (r < 0 || has_own(held, editing->kind, permission) == !grants)
			continue;
		if (!grants)
			return refuse_not_own(editing, role, permission);
		r = REFUSE_EDIT(editing, held->line, "role %s has %s already", held->name, edit->permissions[i]);
	}
	return r;
}

static int check_new_role(const struct editing *editing)
{
	const struct cs_edit *edit = editing->edit;
	size_t i = cs_policy_find_role(editing->before, edit->role), found = 0;
	int r = 0;

	if (i != SIZE_MAX)
		return REFUSE_EDIT(editing, editing->before->roles[i].line, "role %s exists already", edit->role);
	for (i = 0; r == 0 && i < edit->n_inherits; i++)
		r = find_role(editing, edit->inherits[i], &found);
	for (i = 0; r == 0 && i < edit->n_permissions; i++)
		r = find_permission(editing, edit->permissions[i], &found);
	return r;
}

/* Names go into the text, so they are words here and not only after loading. */
static int check(const struct editing *editing)
{
	const struct cs_edit *edit = editing->edit;

	if (!edit->role || cs_is_word(edit->role, CS_MAX_NAME) != 1)
		return REFUSE_EDIT(editing, 0, "\"%s\" is no name of a role", edit->role ? edit->role : "");
	if (editing->kind && cs_is_word(editing->kind, CS_MAX_NAME) != 1)
		return REFUSE_EDIT(editing, 0, "\"%s\" is no kind of scope", editing->kind);
	return edit->kind == CS_EDIT_DEFINE ? check_new_role(editing) : check_changes(editing);
}

/* --- The new text ----------------------------------------------------------------------------------------------- */

static int change_role(const struct editing *editing, char **ret_text)
{
	const struct cs_edit *edit = editing->edit;
	struct piece at;
	char *role = NULL, *text = NULL;
	int r = CS_ENOMEM;

	if (!cs_edit_find_role(editing->text, edit->role, &at))
		return CS_ENOENT;
	role = strndup(editing->text + at.from, at.to - at.from);
	text = cs_dup(editing->text);
	if (!role || !text)
		goto out;
	r = 0;
	for (size_t i = 0; r == 0 && i < edit->n_permissions; i++)
		r = edit->kind == CS_EDIT_GRANT ? cs_edit_grant(&role, editing->kind, edit->permissions[i])
						: cs_edit_revoke(&role, editing->kind, edit->permissions[i]);
	if (r == 0)
		r = cs_edit_replace(&text, at, role);
	if (r < 0)
		goto out;
	*ret_text = text;
	text = NULL;
out:
	free(role);
	free(text);
	return r;
}

static void put(struct cs_buf *out, const char *s)
{
	cs_buf_put(out, s, strlen(s));
}

static void put_label(struct cs_buf *out, const char *label)
{
	put(out, "\tlabel       = \"");
	for (; *label; label++) {
		if (*label == '"' || *label == '\\')
			cs_buf_put_u8(out, '\\');
		cs_buf_put_u8(out, (uint8_t)*label);
	}
	put(out, "\"\n");
}

static void put_list(struct cs_buf *out, const char *key, char *const *values, size_t n)
{
	put(out, n > 0 ? key : "");
	put(out, n > 1 ? "{ " : "");
	for (size_t i = 0; i < n; i++) {
		put(out, i > 0 ? ", " : "");
		put(out, values[i]);
	}
	put(out, n > 1 ? " }" : "");
	put(out, n > 0 ? "\n" : "");
}

/* Behind the last role, or at the end. */
static int add_role(const struct editing *editing, char **ret_text)
{
	const struct cs_edit *edit = editing->edit;
	struct piece last = {0};
	struct cs_buf out;
	size_t len = strlen(editing->text), at = len;
	bool apart = len > 0 && editing->text[len - 1] != '\n';
	int r;

	if (cs_edit_find_role(editing->text, NULL, &last))
		at = cs_edit_behind(editing->text, last.to, &apart);
	cs_buf_init(&out, CS_POLICY_TEXT_MAX + 1);
	cs_buf_put(&out, editing->text, at);
	put(&out, apart ? "\nrole " : "role ");
	put(&out, edit->role);
	put(&out, " {\n");
	if (edit->label && *edit->label)
		put_label(&out, edit->label);
	put_list(&out, "\tinherits    = ", edit->inherits, edit->n_inherits);
	put_list(&out, "\tpermissions = ", edit->permissions, edit->n_permissions);
	put(&out, "}\n");
	cs_buf_put(&out, editing->text + at, len - at + 1);
	r = cs_buf_error(&out);
	if (r == 0)
		r = cs_set(ret_text, (const char *)out.data);
	cs_buf_clear(&out);
	return r;
}

/* --- Is it what was asked? -------------------------------------------------------------------------------------- */

/* Writes down all that a section says, but not what the edit may change: the key `permissions` of the role, its section
 * `in` the kind of scope, or the role itself where it is new. */
struct dump {
	const struct editing *editing;
	struct cs_buf *out;
	unsigned depth;
	bool in_role; /* the one that is edited */
};

static bool may_change(const struct dump *dump, const struct cs_conf_option *option, const char *title)
{
	const struct editing *editing = dump->editing;

	if (dump->depth == 0)
		return editing->edit->kind == CS_EDIT_DEFINE && strcmp(option->name, "role") == 0 &&
		       strcmp(title, editing->edit->role) == 0;
	if (!dump->in_role || editing->edit->kind == CS_EDIT_DEFINE)
		return false;
	if (editing->kind)
		return strcmp(option->name, "in") == 0 && strcmp(title, editing->kind) == 0;
	return strcmp(option->name, "permissions") == 0;
}

static void dump_value(const struct dump *dump, const struct cs_conf_section *section,
		       const struct cs_conf_option *option)
{
	size_t n = option->kind == CS_CONF_LIST ? cs_conf_list_len(section, option->name) : 0;

	cs_buf_put_cstr(dump->out, option->name);
	cs_buf_put_u64(dump->out, n);
	for (size_t i = 0; i < n; i++)
		cs_buf_put_cstr(dump->out, cs_conf_list_at(section, option->name, i));
	if (option->kind == CS_CONF_STR)
		cs_buf_put_cstr(dump->out, cs_conf_str(section, option->name, ""));
	if (option->kind == CS_CONF_BOOL)
		cs_buf_put_u8(dump->out, cs_conf_bool(section, option->name, false));
	if (option->kind == CS_CONF_COUNT)
		cs_buf_put_u64(dump->out, cs_conf_count(section, option->name, 0));
	if (option->kind == CS_CONF_SPAN || option->kind == CS_CONF_AGE)
		cs_buf_put_u64(dump->out, cs_conf_span(section, option->name, 0));
}

static void dump_section(struct dump dump, const struct cs_conf_section *section, const struct cs_conf_option *options)
{
	for (const struct cs_conf_option *option = options; option && option->name; option++) {
		bool holds_sections = option->kind == CS_CONF_SECTION || option->kind == CS_CONF_TITLED;
		const struct cs_conf_section *sub;

		if (!holds_sections && cs_conf_given(section, option->name) && !may_change(&dump, option, ""))
			dump_value(&dump, section, option);
		for (size_t i = 0; holds_sections && (sub = cs_conf_section(section, option->name, i)); i++) {
			const char *title = cs_conf_title(sub) ? cs_conf_title(sub) : "";
			struct dump below = {dump.editing, dump.out, dump.depth + 1, false};

			if (may_change(&dump, option, title))
				continue;
			below.in_role = dump.depth == 0 && strcmp(option->name, "role") == 0 &&
					strcmp(title, dump.editing->edit->role) == 0;
			cs_buf_put_cstr(dump.out, option->name);
			cs_buf_put_cstr(dump.out, title);
			dump_section(below, sub, option->options);
			cs_buf_put_cstr(dump.out, "}");
		}
	}
}

static int dump_text(const struct editing *editing, const char *text, struct cs_buf *out)
{
	struct dump dump = {.editing = editing, .out = out};
	struct cs_conf *conf = NULL;
	int r;

	cs_buf_init(out, (size_t)CS_POLICY_TEXT_MAX * 16);
	r = cs_conf_parse(text, editing->name, cs_policy_options, &conf, editing->problem);
	if (r < 0)
		return r;
	dump_section(dump, cs_conf_top(conf), cs_policy_options);
	cs_conf_free(&conf);
	return cs_buf_error(out);
}

/* 1 when both texts say the same but for what may change. */
static int same_elsewhere(const struct editing *editing, const char *text)
{
	struct cs_buf before, after;
	int r = dump_text(editing, editing->text, &before), r_after = dump_text(editing, text, &after);

	if (r == 0)
		r = r_after;
	if (r == 0)
		r = before.len == after.len && (before.len == 0 || memcmp(before.data, after.data, before.len) == 0);
	cs_buf_clear(&before);
	cs_buf_clear(&after);
	return r;
}

static bool named(const struct cs_edit *edit, const char *permission)
{
	return cs_strv_has(edit->permissions, edit->n_permissions, permission) == 1;
}

/* Does the role list what it listed before, with what is granted and without what is revoked? */
static bool role_as_asked(const struct editing *editing, const struct cs_policy *after)
{
	const struct cs_edit *edit = editing->edit;
	const struct cs_policy *before = editing->before;
	size_t had = cs_policy_find_role(before, edit->role), has = cs_policy_find_role(after, edit->role);

	if (has == SIZE_MAX)
		return false;
	for (size_t i = 0; i < after->n_permissions; i++) {
		bool listed = had != SIZE_MAX && has_own(&before->roles[had], editing->kind, i);
		bool asked = named(edit, after->permissions[i].name) ? edit->kind != CS_EDIT_REVOKE : listed;

		if (has_own(&after->roles[has], editing->kind, i) != asked)
			return false;
	}
	return true;
}

static bool new_role_as_asked(const struct editing *editing, const struct cs_policy *after)
{
	const struct cs_edit *edit = editing->edit;
	size_t i = cs_policy_find_role(after, edit->role);
	const struct role *role = i == SIZE_MAX ? NULL : &after->roles[i];

	if (!role || role->n_inherits != edit->n_inherits ||
	    strcmp(role->label, edit->label && *edit->label ? edit->label : edit->role) != 0)
		return false;
	for (i = 0; i < role->n_inherits; i++) {
		if (strcmp(after->roles[role->inherits[i]].name, edit->inherits[i]) != 0)
			return false;
	}
	for (i = 0; i < role->n_kinds; i++) {
		for (size_t k = 0; k < after->n_permissions; k++) {
			if (has_own(role, role->kinds[i].kind, k))
				return false;
		}
	}
	return true;
}

/* 0 when the new text says what was asked and nothing else. */
static int prove(const struct editing *editing, const char *text)
{
	struct cs_policy *after = NULL;
	int r = cs_policy_parse(text, editing->name, &after, editing->problem);

	if (r < 0)
		return r;
	if (after->n_permissions != editing->before->n_permissions || !role_as_asked(editing, after) ||
	    (editing->edit->kind == CS_EDIT_DEFINE && !new_role_as_asked(editing, after)))
		r = CS_ENOENT;
	cs_policy_free(&after);
	if (r == 0)
		r = same_elsewhere(editing, text);
	return r == 0 ? CS_ENOENT : r < 0 ? r : 0;
}

/* --- The whole -------------------------------------------------------------------------------------------------- */

static int change(const struct editing *editing, char **ret_text)
{
	char *text = NULL;
	int r = check(editing);

	if (r < 0)
		return r;
	r = editing->edit->kind == CS_EDIT_DEFINE ? add_role(editing, &text) : change_role(editing, &text);
	if (r == 0 && strlen(text) > CS_POLICY_TEXT_MAX)
		r = CS_ETOOBIG;
	if (r == 0)
		r = prove(editing, text);
	if (r == CS_ENOENT)
		r = REFUSE_EDIT(editing, 0,
				"role %s is written in a way that this cannot change; change the file itself",
				editing->edit->role);
	if (r == CS_ETOOBIG)
		r = REFUSE_EDIT(editing, 0, "the policy would be longer than %u bytes", CS_POLICY_TEXT_MAX);
	if (r == 0) {
		*ret_text = text;
		text = NULL;
	}
	free(text);
	return r;
}

int cs_policy_edit(const char *text, const char *name, const struct cs_edit *edit, char **ret_text,
		   struct cs_problem *problem)
{
	struct editing editing = {.edit = edit, .name = name, .text = text, .problem = problem};
	struct cs_policy *before = NULL;
	int r = cs_policy_parse(text, name, &before, problem);

	if (r < 0)
		return r;
	editing.before = before;
	if (edit->kind != CS_EDIT_DEFINE && edit->scope_kind && *edit->scope_kind)
		editing.kind = edit->scope_kind;
	if (edit->kind < CS_EDIT_GRANT || edit->kind > CS_EDIT_DEFINE)
		r = REFUSE_EDIT(&editing, 0, "no change is asked for");
	else
		r = change(&editing, ret_text);
	cs_policy_free(&before);
	return r;
}
