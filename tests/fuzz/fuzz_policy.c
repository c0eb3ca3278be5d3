/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a policy: it is refused with a reason, or it answers every question without harm. */
#include "mem.h"
#include "policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that does not hold. */
#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

static void ask_rights(const struct cs_policy *policy, const char *permission, const char *scope)
{
	char cn[] = "cn", ou[] = "OU", value[] = "tomcat", dn[] = "cn=tomcat,dc=x", id[] = "1";
	struct cs_attribute attributes[] = {{cn, value}, {ou, value}};
	struct cs_membership membership = {0, dn, attributes, 2};
	struct cs_facts facts = {.known = CS_KNOWN_YES, .memberships = &membership, .n_memberships = 1};
	char **steps = NULL;
	size_t n_steps = 0;

	facts.person.id = id;
	for (uint32_t query = 0; query < 4; query++) {
		char *because = NULL;

		membership.query = query;
		MUST((cs_policy_has_right(policy, &facts, permission, scope, &because) == 1) == (because != NULL));
		cs_free_str(&because);
		(void)cs_policy_explain(policy, &facts, permission, scope, &steps, &n_steps);
		cs_free_strv(&steps, &n_steps);
	}
	facts.known = CS_KNOWN_DOUBT;
	MUST(cs_policy_has_right(policy, &facts, permission, scope, NULL) < 0);
	facts.known = CS_KNOWN_NO;
	MUST(cs_policy_has_right(policy, &facts, permission, scope, NULL) <= 0);
}

static void ask_gate(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope)
{
	struct cs_roster_query *queries = NULL;
	struct cs_facts doubt = {.known = CS_KNOWN_DOUBT};
	size_t n = 0;

	MUST(cs_policy_permission_known(policy, cs_gate_permission(gate)) == 1);
	ask_rights(policy, cs_gate_permission(gate), scope);
	for (size_t rule = 0; rule < cs_gate_rules(gate); rule++) {
		char *label = cs_gate_rule_label(policy, gate, rule, scope);

		MUST(cs_gate_rule_count(gate, rule) >= 1);
		MUST(cs_policy_may_fill(policy, &doubt, gate, rule, scope, NULL) == CS_EDOUBT);
		(void)cs_policy_who(policy, gate, rule, scope, &queries, &n);
		cs_free_str(&label);
	}
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_roster_query_shape, &queries[i]);
	free(queries);
}

static void try_action(const struct cs_policy *policy, const char *service, const char *path, const char *argument)
{
	char host[] = "rel1", *argv[3] = {NULL};
	struct cs_action action = {.host = host, .argv = argv};
	struct cs_match match = {0};

	argv[0] = cs_dup(path);
	argv[1] = cs_dup(argument);
	argv[2] = cs_dup("10.1");
	action.service = cs_dup(service);
	action.command = argv[0];
	for (action.n_argv = 0; action.n_argv <= 3 && argv[0] && argv[1] && argv[2] && action.service;
	     action.n_argv++) {
		if (cs_policy_match(policy, &action, &match) < 0)
			break;
		MUST((match.kind == CS_MATCH_GATE) == (match.scope != NULL));
		MUST(match.kind == CS_MATCH_NONE || !match.unmatched_permits);
		if (match.kind == CS_MATCH_GATE)
			ask_gate(policy, match.gate, match.scope);
		cs_match_clear(&match);
	}
	for (size_t i = 0; i < CS_COUNT(argv); i++)
		free(argv[i]);
	free(action.service);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_problem problem = {0};
	struct cs_policy *policy = NULL;
	char *text = strndup((const char *)data, size);
	int r;

	if (!text)
		return 0;
	r = cs_policy_parse(text, "fuzz", &policy, &problem);
	MUST((r == 0) == (policy != NULL));
	MUST(r != CS_ECONF || (problem.text && *problem.text));
	for (size_t i = 0; policy && i < cs_policy_paths(policy) && i < 8; i++) {
		(void)cs_policy_resolved(policy, i, i % 2 ? "/usr/bin/dash" : "");
		try_action(policy, "sudo", cs_policy_path(policy, i), i % 2 ? "a/b" : "tomcat");
	}
	if (policy) {
		try_action(policy, "sshd", "", "");
		try_action(policy, "sudo", "/usr/bin/dash", "-c");
		ask_rights(policy, "release.deploy", "project/tomcat");
	}
	cs_policy_free(&policy);
	cs_problem_clear(&problem);
	free(text);
	return 0;
}
