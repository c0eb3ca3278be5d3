/* SPDX-License-Identifier: Apache-2.0 */
/* countersign role list: the catalogue, as the policy writes it. */
#include "mem.h"
#include "options.h"
#include "policy_text.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>

/* What is printed with --json. */
struct roles {
	char *policy;
	struct cs_role *roles;
	size_t n_roles;
};

static const struct cs_field roles_fields[] = {
	CS_STR(roles, policy, CS_MAX_PATH), CS_ARRAY(roles, roles, &cs_role_shape, SIZE_MAX)
};
static const struct cs_shape roles_shape = CS_SHAPE("roles", roles, roles_fields);

static int gather(const struct cs_policy_text *text, struct roles *roles)
{
	size_t n = cs_policy_roles(text->policy);
	int r = cs_set(&roles->policy, text->name);

	roles->roles = calloc(n + 1, sizeof(*roles->roles));
	if (roles->roles == NULL)
		r = CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = cs_policy_role(text->policy, i, &roles->roles[i]);
		roles->n_roles += r == 0 ? 1 : 0;
	}
	return r == 0 ? 0 : cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "policy", "");
}

static void put_words(struct cs_buf *out, const char *before, char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cs_put(out, "%s", i == 0 ? before : ", ");
		cs_escape(out, words[i]);
	}
	cs_put(out, n > 0 ? "\n" : "");
}

static void put_role(struct cs_buf *out, const struct cs_look *look, const struct cs_role *role)
{
	cs_put_styled(out, look, CS_BOLD, role->name); /* the policy takes words only as names */
	cs_put(out, "  (");
	cs_escape(out, cs_text_or(role->label, role->name));
	cs_put(out, ")\n");
	put_words(out, "  inherits ", role->inherits, role->n_inherits);
	put_words(out, "  ", role->permissions, role->n_permissions);
	for (size_t i = 0; i < role->n_kinds; i++) {
		cs_put(out, "  in ");
		cs_escape(out, role->kinds[i].kind);
		put_words(out, ": ", role->kinds[i].permissions, role->kinds[i].n_permissions);
	}
}

int cs_run_role_list(struct cs_run *run, char **args, size_t n)
{
	const char *policy = NULL;
	const struct cs_option options[] = { { "--policy", NULL, &policy, NULL } };
	struct cs_policy_text text = { 0 };
	struct roles roles = { 0 };
	struct cs_buf out;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	if (status == 0)
		status = cs_policy_text_open(run, policy, 0, &text);
	if (status == 0)
		status = gather(&text, &roles);
	if (status == 0 && run->json) {
		status = cs_print_json(&roles_shape, &roles);
	} else if (status == 0) {
		cs_buf_init(&out, CS_OUTPUT_MAX);
		for (size_t i = 0; i < roles.n_roles; i++)
			put_role(&out, &run->look, &roles.roles[i]);
		status = cs_print(&out);
	}
	cs_clear(&roles_shape, &roles);
	cs_policy_text_clear(&text);
	return status;
}
