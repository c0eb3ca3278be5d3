/* SPDX-License-Identifier: Apache-2.0 */
/* Reading who may approve, who is exempt, and whom an automatic approval means. */
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* What is read: an approval or an exemption of a gate. what names it for people. */
struct reading {
	struct loader *loader;
	const struct cs_conf_section *section;
	const struct cs_gate *gate;
	struct rule *rule;
	const char *what;
};

static int want_permission(const struct reading *reading, struct want *want)
{
	return cs_load_permission(reading->loader, reading->section, "permission",
				  cs_conf_str(reading->section, "permission", ""), &want->index);
}

static int want_role(const struct reading *reading, struct want *want)
{
	return cs_load_role(reading->loader, reading->section, "role", cs_conf_str(reading->section, "role", ""),
			    &want->index);
}

static int keep_key(const struct reading *reading, const char *key, const char *dn, char **ret_key)
{
	char text[CS_MAX_DN + 1];

	if (cs_check_dn(dn) != 1 || cs_dn_key(dn, text) < 0)
		return REFUSE(reading->loader, reading->section, key,
			      "%s is a DN such as cn=infra,ou=groups,dc=example,dc=org, not \"%s\"", key, dn);
	*ret_key = cs_dup(text);
	return *ret_key ? 0 : CS_ENOMEM;
}

static int want_group(const struct reading *reading, struct want *want)
{
	const struct cs_conf_section *section = reading->section;
	const char *dn = cs_conf_str(section, "group", ""), *listed = cs_conf_str(section, "listed", "");
	int r = keep_key(reading, "group", dn, &want->dn_key);

	if (r < 0)
		return r;
	if (cs_check_attribute(listed) != 1)
		return REFUSE(reading->loader, section, "listed",
			      "a group goes with listed, the attribute that lists people, such as member or owner, not "
			      "\"%s\"",
			      listed);
	want->dn = cs_dup(dn);
	want->listed = cs_dup(listed);
	if (!want->dn || !want->listed)
		return CS_ENOMEM;
	return cs_load_query(reading->loader, section, CS_GROUP_AT, dn, listed, &want->query);
}

static int want_people(const struct reading *reading, struct want *want)
{
	int r = cs_load_people(reading->loader, reading->section, "person", &want->people, &want->n_people);

	if (r < 0)
		return r;
	want->people_keys = calloc(want->n_people + 1, sizeof(*want->people_keys));
	r = want->people_keys ? 0 : CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < want->n_people; i++)
		r = keep_key(reading, "person", want->people[i], &want->people_keys[i]);
	return r;
}

static const struct {
	const char *key;
	int (*read)(const struct reading *reading, struct want *want);
	bool scoped; /* may have a scope of its own */
} wants[] = {
	[WANT_PERMISSION] = {"permission", want_permission, true},
	[WANT_ROLE] = {"role", want_role, true},
	[WANT_GROUP] = {"group", want_group, false},
	[WANT_PEOPLE] = {"person", want_people, false},
};

/* 1 when the section says who, 0 when it does not, and then nothing that goes with it either. */
static int load_want(const struct reading *reading)
{
	static const char *const others[] = {"listed", "scope"};
	const struct cs_conf_section *section = reading->section;
	struct want *want = &reading->rule->want;
	const char *found = NULL;
	int r;

	for (size_t i = 0; i < CS_COUNT(wants); i++) {
		if (!cs_conf_given(section, wants[i].key))
			continue;
		if (found)
			return REFUSE(reading->loader, section, wants[i].key,
				      "%s names %s and %s; it takes one of permission, role, group and person",
				      reading->what, found, wants[i].key);
		found = wants[i].key;
		want->kind = (enum want_kind)i;
	}
	for (size_t i = 0; !found && i < CS_COUNT(others); i++) {
		if (cs_conf_given(section, others[i]))
			return REFUSE(reading->loader, section, others[i],
				      "%s says %s and not who: it takes one of permission, role, group and person",
				      reading->what, others[i]);
	}
	if (!found)
		return 0;
	if (cs_conf_given(section, "listed") && want->kind != WANT_GROUP)
		return REFUSE(reading->loader, section, "listed", "listed goes with group, not with %s", found);
	if (cs_conf_given(section, "scope") && !wants[want->kind].scoped)
		return REFUSE(reading->loader, section, "scope", "a scope goes with permission or role, not with %s",
			      found);
	r = wants[want->kind].read(reading, want);
	return r < 0 ? r : 1;
}

static int load_scope(const struct reading *reading)
{
	const struct cs_gate *gate = reading->gate;
	struct rule *rule = reading->rule;
	const char *name;
	int r;

	rule->own_scope = cs_conf_given(reading->section, "scope");
	if (!rule->own_scope)
		return 0;
	r = cs_load_scope(reading->loader, reading->section, "scope", NULL, &rule->scope);
	/* A rule is evaluated later with the gate's scope alone, so that has to say the values. */
	for (size_t i = 0; r == 0 && (name = cs_scope_name(&rule->scope, i)); i++) {
		if (!cs_scope_uses(&gate->scope, name))
			return REFUSE(reading->loader, reading->section, "scope",
				      "%s uses %%{%s}, which the gate's scope \"%s\" does not use", reading->what, name,
				      gate->scope.text);
	}
	return r;
}

static const struct scope *scope_of(const struct reading *reading)
{
	return reading->rule->own_scope ? &reading->rule->scope : &reading->gate->scope;
}

/* --- Approvals ---------------------------------------------------------------------------------------------------- */

static int load_count(const struct reading *reading)
{
	static const char *const quorums[] = {[CS_QUORUM_MAJORITY] = "majority", [CS_QUORUM_ALL] = "all"};
	const char *text = cs_conf_str(reading->section, "count", "");
	struct rule *rule = reading->rule;
	uint64_t count = 0;

	for (enum cs_quorum i = CS_QUORUM_MAJORITY; i <= CS_QUORUM_ALL; i++) {
		if (strcmp(text, quorums[i]) == 0) {
			rule->quorum = i;
			count = 1;
		}
	}
	if (count == 0 && cs_load_number(text, POLICY_MAX_COUNT, &count) != 1)
		return REFUSE(reading->loader, reading->section, "count",
			      "count is 1 at least and %d at most, or majority or all, not \"%s\"", POLICY_MAX_COUNT,
			      text);
	rule->count = (uint32_t)count;
	return 0;
}

static int load_stage(const struct reading *reading)
{
	uint64_t stage = cs_conf_count(reading->section, "stage", 1);

	if (stage < 1 || stage > POLICY_MAX_STAGES)
		return REFUSE(reading->loader, reading->section, "stage", "stage is 1 at least and %d at most",
			      POLICY_MAX_STAGES);
	reading->rule->stage = (uint32_t)stage;
	return 0;
}

static int load_alternative(const struct reading *reading)
{
	const char *text = cs_conf_str(reading->section, "alternative", "");

	if (cs_conf_given(reading->section, "alternative") && cs_is_word(text, CS_MAX_NAME) != 1)
		return REFUSE(reading->loader, reading->section, "alternative",
			      "alternative is a word that approvals needed together share, not \"%s\"", text);
	reading->rule->alternative = cs_dup(text);
	return reading->rule->alternative ? 0 : CS_ENOMEM;
}

static int load_after(const struct reading *reading)
{
	reading->rule->after_ms = cs_conf_span(reading->section, "after", 0);
	return cs_load_choice(reading->loader, reading->section, "reject", "counts", "ends",
			      &reading->rule->counts_rejects);
}

static int check_approval(const struct reading *reading)
{
	static int (*const steps[])(const struct reading *) = {load_count, load_stage, load_alternative, load_after};
	const struct want *want = &reading->rule->want;
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(steps); i++)
		r = steps[i](reading);
	if (r < 0)
		return r;
	if (want->kind == WANT_PEOPLE && reading->rule->count > want->n_people)
		return REFUSE(reading->loader, reading->section, "count",
			      "%s asks for %u people and names %zu, so nobody could ever fill it", reading->what,
			      reading->rule->count, want->n_people);
	if (!wants[want->kind].scoped)
		return 0;
	return cs_check_reachable(reading->loader, reading->section, wants[want->kind].key, reading->what, *want,
				  scope_of(reading));
}

/* --- Exemptions --------------------------------------------------------------------------------------------------- */

/* Whoever has the gate's permission in its scope has it below as well. */
static int check_exemption(const struct reading *reading)
{
	const struct want *want = &reading->rule->want;

	if (!reading->gate->deny && want->kind == WANT_PERMISSION && want->index == reading->gate->permission &&
	    cs_scope_contains(&reading->gate->scope, scope_of(reading)))
		return REFUSE(reading->loader, reading->section, "permission",
			      "%s would exempt everybody who may ask: it names the gate's own permission",
			      reading->what);
	return 0;
}

static const struct rule_kind {
	const char *section; /* of the file */
	const char *called;  /* for people */
	int (*check)(const struct reading *reading);
} approval = {"approval", "approval", check_approval}, exemption = {"exempt", "exemption", check_exemption};

static int load_rule(struct loader *loader, const struct cs_conf_section *section, const struct rule_kind *kind,
		     const struct cs_gate *gate, struct rule *rule)
{
	struct reading reading = {.loader = loader, .section = section, .gate = gate, .rule = rule};
	char *what = NULL;
	int r = cs_load_title(loader, section, kind->called, &rule->name);

	rule->line = cs_conf_line(section, NULL);
	if (r == 0)
		r = cs_format(&what, "%s %s", kind->called, rule->name);
	reading.what = what;
	if (r == 0)
		r = load_want(&reading);
	if (r == 0)
		r = REFUSE(loader, section, NULL,
			   "%s does not say who: it takes one of permission, role, group and person", what);
	if (r == 1)
		r = load_scope(&reading);
	if (r == 0)
		r = kind->check(&reading);
	free(what);
	return r;
}

static int load_rules(struct loader *loader, const struct cs_conf_section *section, const struct rule_kind *kind,
		      const struct cs_gate *gate, struct rule **rules, size_t *n_rules)
{
	size_t n = 0;
	int r = 0;

	while (n <= CS_MAX_RULES && cs_conf_section(section, kind->section, n))
		n++;
	if (n > CS_MAX_RULES)
		return REFUSE(loader, cs_conf_section(section, kind->section, n - 1), NULL,
			      "more than %d %ss in one gate", CS_MAX_RULES, kind->called);
	*rules = calloc(n + 1, sizeof(**rules));
	if (!*rules)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = load_rule(loader, cs_conf_section(section, kind->section, i), kind, gate, &(*rules)[(*n_rules)++]);
	return r;
}

int cs_load_approvals(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	return load_rules(loader, section, &approval, gate, &gate->rules, &gate->n_rules);
}

int cs_load_exemptions(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	return load_rules(loader, section, &exemption, gate, &gate->exempts, &gate->n_exempts);
}

int cs_load_who(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
		const char *what, struct rule *rule, bool *ret_has)
{
	struct reading reading = {.loader = loader, .section = section, .gate = gate, .rule = rule, .what = what};
	int r = load_want(&reading);

	if (r == 1) {
		*ret_has = true;
		r = load_scope(&reading);
	}
	return r;
}

void cs_rule_clear(struct rule *rule)
{
	size_t n_keys = rule->want.people_keys ? rule->want.n_people : 0;

	free(rule->name);
	free(rule->alternative);
	free(rule->want.dn);
	free(rule->want.dn_key);
	free(rule->want.listed);
	cs_free_strv(&rule->want.people_keys, &n_keys);
	cs_free_strv(&rule->want.people, &rule->want.n_people);
	cs_scope_clear(&rule->scope);
	*rule = (struct rule){0};
}
