/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a described world. */
#include "describe.h"

#include "mem.h"
#include "reference_scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pen {
	FILE *out;
	uint64_t style;
};

static bool coin(struct pen *pen)
{
	pen->style = pen->style * 6364136223846793005u + 1442695040888963407u;
	return pen->style >> 63;
}

/* Quotes stand where they must, and sometimes where they need not. */
static void put_value(struct pen *pen, const char *value)
{
	if (ref_word(value) && coin(pen))
		(void)fputs(value, pen->out);
	else
		(void)fprintf(pen->out, "\"%s\"", value);
}

static void put(struct pen *pen, const char *key, const char *value)
{
	if (!value)
		return;
	(void)fprintf(pen->out, "\t%s = ", key);
	put_value(pen, value);
	(void)fputc('\n', pen->out);
}

static void put_list(struct pen *pen, const char *key, const struct ref_list *list)
{
	if (list->n == 0)
		return;
	if (list->n == 1 && coin(pen)) {
		put(pen, key, list->at[0]);
		return;
	}
	(void)fprintf(pen->out, "\t%s = { ", key);
	for (size_t i = 0; i < list->n; i++) {
		(void)fputs(i ? ", " : "", pen->out);
		put_value(pen, list->at[i]);
	}
	(void)fputs(" }\n", pen->out);
}

static void put_permissions(struct pen *pen, const struct ref_policy *policy)
{
	for (size_t i = 0; i < policy->permissions.n; i++)
		(void)fprintf(pen->out, "permission %s { }\n", policy->permissions.at[i]);
}

static void put_role(struct pen *pen, const struct ref_role *role)
{
	(void)fprintf(pen->out, "role %s {\n", role->name);
	put_list(pen, "inherits", &role->inherits);
	put_list(pen, "permissions", &role->permissions);
	for (size_t i = 0; i < role->n_kinds; i++) {
		(void)fprintf(pen->out, "\tin %s {\n", role->kinds[i].kind);
		put_list(pen, "permissions", &role->kinds[i].permissions);
		(void)fputs("\t}\n", pen->out);
	}
	(void)fputs("}\n", pen->out);
}

static void put_roles(struct pen *pen, const struct ref_policy *policy)
{
	for (size_t i = 0; i < policy->n_roles; i++)
		put_role(pen, &policy->roles[i]);
}

static void put_assignments(struct pen *pen, const struct ref_policy *policy)
{
	for (size_t i = 0; i < policy->n_assignments; i++) {
		const struct ref_assignment *assignment = &policy->assignments[i];

		(void)fprintf(pen->out, "assignment %s {\n", assignment->name);
		put(pen, "role", assignment->role);
		put(pen, "scope", assignment->scope);
		put(pen, "group", assignment->group);
		put(pen, "below", assignment->below);
		put(pen, "listed", assignment->listed);
		put_list(pen, "person", &assignment->person);
		put_list(pen, "where", &assignment->where);
		put_list(pen, "unless", &assignment->unless);
		if (assignment->at_least > 0)
			(void)fprintf(pen->out, "\tat_least = %u\n", assignment->at_least);
		(void)fputs("}\n", pen->out);
	}
}

static void put_exclusives(struct pen *pen, const struct ref_policy *policy)
{
	for (size_t i = 0; i < policy->n_exclusives; i++) {
		(void)fprintf(pen->out, "exclusive %s {\n", policy->exclusives[i].name);
		put_list(pen, "roles", &policy->exclusives[i].roles);
		put(pen, "within", policy->exclusives[i].within);
		(void)fputs("}\n", pen->out);
	}
}

static void put_services(struct pen *pen, const struct ref_policy *policy)
{
	for (size_t i = 0; i < policy->n_services; i++)
		(void)fprintf(pen->out, "service %s { unmatched = %s }\n", policy->services[i].name,
			      policy->services[i].permits ? "permit" : "deny");
}

static void put_who(struct pen *pen, const struct ref_rule *rule)
{
	put(pen, "permission", rule->want.permission);
	put(pen, "role", rule->want.role);
	put(pen, "group", rule->want.group);
	put(pen, "listed", rule->want.listed);
	put_list(pen, "person", &rule->want.person);
	put(pen, "scope", rule->scope);
}

static void put_rules(struct pen *pen, const char *kind, const struct ref_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		(void)fprintf(pen->out, "\t%s %s {\n", kind, rules[i].name);
		if (rules[i].count > 0)
			(void)fprintf(pen->out, "\tcount = %u\n", rules[i].count);
		if (rules[i].stage > 0)
			(void)fprintf(pen->out, "\tstage = %u\n", rules[i].stage);
		put(pen, "alternative", rules[i].alternative);
		put(pen, "after", rules[i].late ? "30m" : NULL);
		put(pen, "reject", rules[i].counts ? "counts" : NULL);
		put_who(pen, &rules[i]);
		(void)fputs("\t}\n", pen->out);
	}
}

static void put_automatics(struct pen *pen, const struct ref_gate *gate)
{
	for (size_t i = 0; i < gate->n_automatics; i++) {
		const struct ref_automatic *automatic = &gate->automatics[i];

		(void)fprintf(pen->out, "\tautomatic n%zu {\n", i);
		put_list(pen, "command", &automatic->commands);
		put_list(pen, "time", &automatic->times);
		put_list(pen, "peer", &automatic->peers);
		if (automatic->for_some)
			put_who(pen, &automatic->who);
		(void)fputs("\t}\n", pen->out);
	}
}

static void put_gates(struct pen *pen, const struct ref_policy *policy)
{
	for (size_t i = 0; i < policy->n_gates; i++) {
		const struct ref_gate *gate = &policy->gates[i];

		(void)fprintf(pen->out, "gate %s {\n", gate->name);
		put_list(pen, "service", &gate->services);
		put_list(pen, "host", &gate->hosts);
		put_list(pen, "netgroup", &gate->netgroups);
		put_list(pen, "peer", &gate->peers);
		put_list(pen, "time", &gate->times);
		put_list(pen, "command", &gate->commands);
		put_list(pen, "class", &gate->classes);
		put(pen, "mode", gate->monitors ? "monitor" : NULL);
		put(pen, "permission", gate->permission);
		put(pen, "scope", gate->scope);
		put(pen, "deny", gate->deny);
		put(pen, "people", gate->shared ? "shared" : NULL);
		put_rules(pen, "approval", gate->rules, gate->n_rules);
		put_rules(pen, "exempt", gate->exempts, gate->n_exempts);
		put_automatics(pen, gate);
		put(pen, "self_approval", gate->self_approval ? "permit" : NULL);
		put(pen, "lifetime", gate->n_rules > 0 ? "2h" : NULL);
		(void)fputs("}\n", pen->out);
	}
}

char *describe_policy(const struct ref_policy *policy, uint64_t style)
{
	static void (*const parts[])(struct pen *, const struct ref_policy *) = {
		put_permissions, put_roles, put_assignments, put_exclusives, put_services, put_gates};
	char *text = NULL;
	size_t n = 0;
	struct pen pen = {open_memstream(&text, &n), style};

	for (size_t i = 0; i < CS_COUNT(parts); i++)
		parts[(i + style) % CS_COUNT(parts)](&pen, policy);
	(void)fclose(pen.out);
	return text;
}

/* --- The fixed directory --- */

static const struct ref_person *person_at(const struct ref_directory *directory, const char *dn)
{
	for (size_t i = 0; i < directory->n_people; i++)
		if (ref_dn_same(directory->people[i].dn, dn))
			return &directory->people[i];
	return NULL;
}

static void put_quoted(FILE *out, const char *key, const struct ref_list *list)
{
	if (list->n == 0)
		return;
	(void)fprintf(out, "\t%s = { ", key);
	for (size_t i = 0; i < list->n; i++)
		(void)fprintf(out, "%s\"%s\"", i ? ", " : "", list->at[i]);
	(void)fputs(" }\n", out);
}

/* By the names of the people: who is no entry cannot be listed here. */
static void put_listed(FILE *out, const struct ref_directory *directory, const struct ref_values *listed)
{
	struct ref_list people = {0};

	for (size_t i = 0; i < listed->values.n; i++) {
		const struct ref_person *person = person_at(directory, listed->values.at[i]);

		if (person)
			people.at[people.n++] = person->name;
	}
	if (people.n == 0)
		return;
	(void)fprintf(out, "\tlisted %s {\n", listed->name);
	put_quoted(out, "\tpeople", &people);
	(void)fputs("\t}\n", out);
}

static void put_group(FILE *out, const struct ref_directory *directory, const struct ref_group *group, size_t number)
{
	(void)fprintf(out, "group g%zu {\n\tdn = \"%s\"\n", number, group->dn);
	for (size_t i = 0; i < group->n_attributes; i++) {
		(void)fprintf(out, "\tattribute %s {\n", group->attributes[i].name);
		put_quoted(out, "\tvalue", &group->attributes[i].values);
		(void)fputs("\t}\n", out);
	}
	for (size_t i = 0; i < group->n_listed; i++)
		put_listed(out, directory, &group->listed[i]);
	(void)fputs("}\n", out);
}

static void put_netgroup(FILE *out, const struct ref_netgroup *netgroup, size_t number)
{
	(void)fprintf(out, "netgroup n%zu {\n\tdn = \"%s\"\n", number, netgroup->dn);
	put_quoted(out, "hosts", &netgroup->hosts);
	put_quoted(out, "netgroups", &netgroup->nested);
	(void)fputs("}\n", out);
}

char *describe_directory(const struct ref_directory *directory)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	for (size_t i = 0; i < directory->n_people; i++) {
		const struct ref_person *person = &directory->people[i];

		(void)fprintf(out, "person %s { uid = %u id = \"%s\" dn = \"%s\" human = \"%s\" locked = %s }\n",
			      person->name, person->uid, person->id, person->dn, person->human,
			      person->locked ? "true" : "false");
	}
	for (size_t i = 0; i < directory->n_groups; i++)
		put_group(out, directory, &directory->groups[i], i);
	for (size_t i = 0; i < directory->n_netgroups; i++)
		put_netgroup(out, &directory->netgroups[i], i);
	(void)fclose(out);
	return text;
}

/* --- Facts --- */

/* The tests run where memory is enough. */
static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static char *copy(const char *s)
{
	return must(cs_dup(s));
}

static void put_attributes(const struct ref_group *group, const struct cs_group_query *query,
			   struct cs_membership *membership)
{
	membership->attributes = must(calloc(CS_MAX_ATTRIBUTES, sizeof(*membership->attributes)));
	for (size_t i = 0; i < query->n_wanted; i++) {
		const struct ref_values *values =
			ref_values_of(group->attributes, group->n_attributes, query->wanted[i]);

		for (size_t k = 0; values && k < values->values.n && membership->n_attributes < CS_MAX_ATTRIBUTES; k++)
			membership->attributes[membership->n_attributes++] =
				(struct cs_attribute){copy(query->wanted[i]), copy(values->values.at[k])};
	}
}

static bool in_question(const struct ref_group *group, enum cs_where where, const char *dn)
{
	return where == CS_GROUP_AT ? ref_dn_same(group->dn, dn) : ref_dn_below(group->dn, dn);
}

void describe_person(const struct ref_person *person, struct cs_person *ret_person)
{
	*ret_person = (struct cs_person){copy(person->id),   copy(person->human), copy(person->dn),
					 copy(person->name), person->uid,         person->locked, NULL, 0};
}

void describe_facts(const struct ref_directory *directory, const struct ref_person *person,
		    const struct cs_group_query *queries, size_t n_queries, struct cs_facts *ret_facts)
{
	*ret_facts = (struct cs_facts){.known = !person ? CS_KNOWN_NO : person->doubt ? CS_KNOWN_DOUBT : CS_KNOWN_YES};
	if (ret_facts->known != CS_KNOWN_YES)
		return;
	describe_person(person, &ret_facts->person);
	ret_facts->memberships = must(calloc(REF_HELD, sizeof(*ret_facts->memberships)));
	for (size_t q = 0; q < n_queries; q++) {
		for (size_t g = 0; g < directory->n_groups; g++) {
			const struct ref_group *group = &directory->groups[g];
			struct cs_membership *membership = &ret_facts->memberships[ret_facts->n_memberships];

			if (!in_question(group, queries[q].where, queries[q].dn) ||
			    !ref_lists(group, queries[q].listed, person->dn))
				continue;
			ret_facts->n_memberships++;
			membership->query = (uint32_t)q;
			membership->group_dn = copy(group->dn);
			put_attributes(group, &queries[q], membership);
		}
	}
}

/* Every other query that is not to be believed tells none of its memberships: they decide nothing. */
static void drop_memberships(struct cs_facts *facts, uint32_t query)
{
	size_t kept = 0;

	for (size_t i = 0; i < facts->n_memberships; i++) {
		if (facts->memberships[i].query == query)
			cs_clear(&cs_membership_shape, &facts->memberships[i]);
		else
			facts->memberships[kept++] = facts->memberships[i];
	}
	facts->n_memberships = kept;
}

void describe_unsure(const struct ref_directory *directory, const struct cs_group_query *queries, size_t n_queries,
		     struct cs_facts *facts)
{
	for (size_t i = 0; i < facts->n_unsure; i++)
		cs_clear(&cs_unsure_shape, &facts->unsure[i]);
	free(facts->unsure);
	facts->n_unsure = 0;
	facts->unsure = must(calloc(n_queries + 1, sizeof(*facts->unsure)));
	for (size_t q = 0; facts->known == CS_KNOWN_YES && q < n_queries; q++) {
		bool below = queries[q].where != CS_GROUP_AT;

		if (!ref_too_few(directory, below, queries[q].dn, queries[q].listed, queries[q].at_least,
				 facts->person.dn))
			continue;
		facts->unsure[facts->n_unsure++] = (struct cs_unsure){(uint32_t)q, copy("too few")};
		if (q % 2)
			drop_memberships(facts, (uint32_t)q);
	}
}

/* --- Netgroups --- */

static void list_hosts(const struct ref_directory *directory, const struct ref_netgroup *netgroup, unsigned depth,
		       struct cs_listing *listing)
{
	for (size_t i = 0; i < netgroup->hosts.n; i++)
		if (cs_strv_add(&listing->dns, &listing->n_dns, netgroup->hosts.at[i]) < 0 ||
		    cs_strv_add(&listing->names, &listing->n_names, netgroup->hosts.at[i]) < 0)
			abort();
	for (size_t i = 0; depth > 0 && i < netgroup->nested.n; i++) {
		const struct ref_netgroup *nested = ref_netgroup_named(directory, netgroup->nested.at[i]);

		if (nested)
			list_hosts(directory, nested, depth - 1, listing);
	}
}

void describe_listing(const struct ref_directory *directory, const struct cs_listing_query *query,
		     struct cs_listing *ret_listing)
{
	const struct ref_netgroup *netgroup = ref_netgroup_at(directory, query->dn);

	*ret_listing = (struct cs_listing){.known = !netgroup         ? CS_KNOWN_NO
						  : netgroup->doubt ? CS_KNOWN_DOUBT
								    : CS_KNOWN_YES};
	if (ret_listing->known == CS_KNOWN_YES)
		list_hosts(directory, netgroup, REF_FEW, ret_listing);
}
