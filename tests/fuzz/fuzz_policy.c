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
		struct cs_held held = {0};
		int r;

		membership.query = query;
		r = cs_policy_has_right(policy, &facts, permission, scope, &held);
		MUST((r == 1) == (held.reason == CS_WHY_HAS_RIGHT) && (r != 1 || held.because));
		cs_held_clear(&held);
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
	struct cs_listing_query *queries = NULL;
	struct cs_facts doubt = {.known = CS_KNOWN_DOUBT};
	size_t n = 0;

	MUST(cs_policy_permission_known(policy, cs_gate_permission(gate)) == 1);
	ask_rights(policy, cs_gate_permission(gate), scope);
	for (size_t rule = 0; rule < cs_gate_rules(gate); rule++) {
		char *label = cs_gate_rule_label(policy, gate, rule, scope);

		MUST(cs_gate_rule_count(gate, rule) >= 1);
		MUST(cs_policy_may_fill(policy, &doubt, gate, rule, scope, NULL) == CS_EDOUBT);
		MUST(cs_policy_exempt(policy, &doubt, gate, scope, NULL) <= 0);
		(void)cs_policy_who(policy, gate, rule, scope, &queries, &n);
		cs_free_str(&label);
	}
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_listing_query_shape, &queries[i]);
	free(queries);
}

/* Asked more and more: what is known never turns one denial into a question, and doubt never opens anything. */
static void match(const struct cs_policy *policy, const struct cs_action *action)
{
	static const struct cs_listing doubt[64] = {[0 ... 63] = {.known = CS_KNOWN_DOUBT}};
	const struct cs_facts unknown = {.known = CS_KNOWN_DOUBT};
	struct cs_circumstances now = {.action = action, .wall_ms = UINT64_C(1795262400000)};
	struct cs_listing_query *queries = NULL;
	size_t n = 0;

	(void)cs_policy_match_needs(policy, action, &queries, &n);
	for (int asked = 0; asked < 3; asked++) {
		struct cs_match match = {0};

		now.person = asked > 0 ? &unknown : NULL;
		now.listings = asked > 1 ? doubt : NULL;
		now.n_listings = asked > 1 && n < 64 ? n : 0;
		if (cs_policy_match(policy, &now, &match) < 0)
			break;
		MUST((match.kind == CS_MATCH_GATE) == (match.scope != NULL));
		MUST((match.kind == CS_MATCH_GATE || match.kind == CS_MATCH_DENY || match.monitored) ==
		     (match.gate != NULL));
		MUST(!match.monitored || (cs_gate_monitors(match.gate) && match.kind != CS_MATCH_DENY));
		MUST(match.kind != CS_MATCH_GATE || cs_gate_monitors(match.gate) == match.monitored);
		MUST(match.kind == CS_MATCH_NONE || !match.unmatched_permits);
		MUST(asked < 2 || match.kind != CS_MATCH_ASK);
		MUST(n > 0 || match.kind != CS_MATCH_DOUBT);
		if (match.kind == CS_MATCH_GATE)
			ask_gate(policy, match.gate, match.scope);
		cs_match_clear(&match);
	}
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_listing_query_shape, &queries[i]);
	free(queries);
}

/* Every finding names something. */
static void lint(const struct cs_policy *policy)
{
	struct cs_finding *findings = NULL;
	size_t n = 0;

	if (cs_policy_lint(policy, &findings, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		MUST(findings[i].line > 0 && *findings[i].code && *findings[i].text);
	cs_findings_free(&findings, &n);
}

/* What a gate asks for keeps to its bounds, and nobody's agreement is never enough. */
static void terms_hold(const struct cs_gate *gate)
{
	uint32_t uses = cs_gate_uses(gate);

	MUST(uses >= 1 && (uses <= 1000 || uses == CS_USES_ANY));
	MUST(cs_gate_objection_ms(gate) == 0 || cs_gate_objection_ms(gate) < cs_gate_lifetime_ms(gate));
	for (size_t i = 0; i < cs_gate_rules(gate); i++) {
		MUST(cs_gate_rule_count(gate, i) >= 1 && cs_gate_rule_quorum(gate, i) <= CS_QUORUM_ALL);
		MUST(cs_gate_rule_stage(gate, i) >= 1 && cs_gate_rule_stage(gate, i) <= 9);
		MUST(cs_gate_rule_after_ms(gate, i) < cs_gate_lifetime_ms(gate) && cs_gate_rule_alternative(gate, i));
	}
}

static void try_glasses(const struct cs_policy *policy)
{
	struct cs_glass glass;

	for (size_t i = 0; cs_policy_glass(policy, i, &glass) == 0; i++) {
		MUST(glass.n_uids > 0 && glass.uids[0] != 0 && glass.lasts_ms > 0 && cs_gate_rules(glass.review) > 0);
		MUST(cs_policy_gate(policy, cs_gate_name(glass.review)) == glass.review);
		MUST(cs_policy_glass_covers(&glass, glass.scope) == 1);
		terms_hold(glass.review);
	}
}

/* A policy is no change of itself. */
static void compare(const struct cs_policy *policy)
{
	struct cs_change *changes = NULL;
	size_t n = 0;

	if (cs_policy_diff(policy, policy, &changes, &n) < 0)
		return;
	MUST(n == 0);
	cs_changes_free(&changes, &n);
}

/* Nothing is approved by itself but where a gate says so. */
static void try_automatic(const struct cs_policy *policy, const struct cs_action *action)
{
	char dn[] = "uid=alice,dc=x", id[] = "1";
	const struct cs_facts facts = {.known = CS_KNOWN_YES, .person = {.id = id, .dn = dn}};

	for (size_t i = 0; i < cs_policy_gates(policy) && i < 8; i++) {
		const struct cs_gate *gate = cs_policy_gate_at(policy, i);
		struct cs_held held = {0};
		int r = cs_policy_automatic(policy, &facts, gate, "project/tomcat", action, 0, &held);

		terms_hold(gate);
		MUST((r == 1) == (held.reason == CS_WHY_AUTOMATIC) && (r != 1 || (held.because && cs_gate_rules(gate) > 0)));
		cs_held_clear(&held);
	}
}

static void try_action(const struct cs_policy *policy, const char *service, const char *path, const char *argument)
{
	char host[] = "rel1", *argv[3] = {NULL};
	struct cs_action action = {.host = host, .argv = argv};

	argv[0] = cs_dup(path);
	argv[1] = cs_dup(argument);
	argv[2] = cs_dup("10.1");
	action.service = cs_dup(service);
	action.command = argv[0];
	for (action.n_argv = 0; action.n_argv <= 3 && argv[0] && argv[1] && argv[2] && action.service; action.n_argv++) {
		match(policy, &action);
		try_automatic(policy, &action);
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
		try_action(policy, "shop", "project.delete", "tomcat");
		lint(policy);
		try_glasses(policy);
		compare(policy);
		ask_rights(policy, "release.deploy", "project/tomcat");
	}
	cs_policy_free(&policy);
	cs_problem_clear(&problem);
	free(text);
	return 0;
}
