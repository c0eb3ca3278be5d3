/* SPDX-License-Identifier: Apache-2.0 */
/* The policy once more, slowly: what docs/policy.md says, evaluated by recursion and string comparison over a plain
 * description of a policy and of a directory. Nothing here knows the engine; a test asks both the same questions. */
#ifndef TEST_REFERENCE_H
#define TEST_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

enum {
	REF_LIST = 20, /* values of one list */
	REF_FEW = 8,   /* of a few things in one place */
	REF_MANY = 40, /* sections of one kind, groups */
	REF_HELD = 512,
	REF_SCOPE = 320 /* with room for what is too long */
};

struct ref_list {
	size_t n;
	const char *at[REF_LIST];
};

/* --- A policy, as its text says it; NULL and empty lists are keys that are left out --- */

struct ref_kind {
	const char *kind;
	struct ref_list permissions;
};

struct ref_role {
	const char *name;
	struct ref_list inherits, permissions;
	struct ref_kind kinds[REF_FEW];
	size_t n_kinds;
};

struct ref_assignment {
	const char *name, *role, *scope;
	const char *group, *below, *listed;
	struct ref_list person, where, unless;
	unsigned at_least; /* 0: left out */
};

struct ref_exclusive {
	const char *name;
	struct ref_list roles;
	const char *within;
};

struct ref_service {
	const char *name;
	bool permits;
};

struct ref_want {
	const char *permission, *role, *group, *listed;
	struct ref_list person;
};

/* An approval, or an exemption or whom an automatic approval means (count 0). */
struct ref_rule {
	const char *name;
	unsigned count;
	struct ref_want want;
	const char *scope;
	unsigned stage; /* 0: left out */
	const char *alternative;
	bool late;   /* after = 30m */
	bool counts; /* reject = counts */
};

struct ref_automatic {
	struct ref_list commands, times, peers;
	bool for_some; /* else whoever may ask */
	struct ref_rule who;
};

struct ref_gate {
	const char *name;
	struct ref_list services, hosts, netgroups, peers, times, commands, classes;
	const char *permission, *scope, *deny;
	struct ref_rule rules[REF_FEW], exempts[REF_FEW];
	struct ref_automatic automatics[REF_FEW];
	size_t n_rules, n_exempts, n_automatics;
	bool shared, self_approval, monitors;
};

struct ref_policy {
	struct ref_list permissions;
	struct ref_role roles[REF_FEW];
	struct ref_assignment assignments[REF_MANY];
	struct ref_exclusive exclusives[REF_FEW];
	struct ref_service services[REF_FEW];
	struct ref_gate gates[REF_FEW];
	size_t n_roles, n_assignments, n_exclusives, n_services, n_gates;
};

/* --- A directory --- */

struct ref_person {
	const char *name, *id, *dn, *human;
	uint32_t uid;
	bool locked;
	bool doubt; /* the directory cannot tell about this person */
};

struct ref_values {
	const char *name;
	struct ref_list values;
};

struct ref_group {
	const char *dn;
	struct ref_values attributes[REF_FEW], listed[REF_FEW]; /* listed: by DN, in any spelling */
	size_t n_attributes, n_listed;
};

struct ref_netgroup {
	const char *dn;
	struct ref_list hosts, nested; /* nested: names of other netgroups */
	bool doubt;
};

struct ref_directory {
	struct ref_person people[REF_FEW];
	struct ref_group groups[REF_MANY];
	struct ref_netgroup netgroups[REF_FEW];
	size_t n_people, n_groups, n_netgroups;
};

struct ref_link {
	const char *path, *leads_to;
};

struct ref_world {
	struct ref_policy policy;
	struct ref_directory directory;
	struct ref_link links[REF_FEW]; /* where paths lead on this host */
	size_t n_links;
};

/* --- Questions. A person is NULL where the directory has no such entry. --- */

struct ref_answer {
	bool yes;
	enum cs_reason reason; /* HAS_RIGHT, EXEMPT, NO_PERMISSION, EXCLUSIVE, UNKNOWN_PERSON, LOCKED_PERSON, DOUBT */
};

struct ref_answer ref_has_right(const struct ref_world *world, const struct ref_person *person, const char *permission,
				const char *scope);
struct ref_answer ref_may_fill(const struct ref_world *world, const struct ref_person *person,
			       const struct ref_gate *gate, size_t rule, const char *scope);
struct ref_answer ref_exempt(const struct ref_world *world, const struct ref_person *person,
			     const struct ref_gate *gate, const char *scope);

struct ref_action {
	const char *service, *host, *command, *resolved, *peer;
	struct ref_list arguments;
	uint64_t wall_ms;
};

struct ref_match {
	enum cs_match_kind kind;
	const struct ref_gate *gate; /* GATE, DENY */
	char scope[REF_SCOPE];       /* GATE */
	bool unmatched_permits;      /* NONE */
	bool monitored;              /* only gates that monitor have a say */
	bool denied_anyway;          /* the directory cannot tell, but whatever it would have said, it is denied, or would
				      * be if the gate did more than monitor */
};

void ref_match(const struct ref_world *world, const struct ref_action *action, const struct ref_person *person,
	       struct ref_match *ret_match);

/* Does the gate approve it by itself? reason: AUTOMATIC, NEEDS_APPROVAL, DOUBT. */
struct ref_answer ref_automatic(const struct ref_world *world, const struct ref_gate *gate, const char *scope,
				const struct ref_person *person, const struct ref_action *action);

struct ref_vote {
	const struct ref_person *person;
	enum cs_vote vote;
	unsigned rules; /* bits: for which it was cast */
};

/* For which rules each vote counts that is cast now, after those before it; late: half an hour has gone by. */
void ref_cast(const struct ref_world *world, const struct ref_gate *gate, const char *scope,
	      const struct ref_person *requester, bool late, struct ref_vote *votes, size_t n_votes);

struct ref_decision {
	enum cs_verdict verdict;
	enum cs_reason reason;
};

struct ref_decision ref_decide(const struct ref_world *world, const struct ref_gate *gate, const char *scope,
			       const struct ref_person *requester, const struct ref_vote *votes, size_t n_votes);

/* Why docs/policy.md has this policy refused; NULL where it is sound. Errors of form cannot be described here. */
const char *ref_refused(const struct ref_policy *policy);

/* Facts for other parts of the test. */
/* Is there a person whom the directory's word of these groups (of one, or of those below) is not to be believed about? */
bool ref_too_few(const struct ref_directory *directory, bool below, const char *dn, const char *listed,
		 unsigned at_least, const char *person);
bool ref_dn_same(const char *a, const char *b);
bool ref_dn_below(const char *dn, const char *base);
bool ref_same_word(const char *a, const char *b); /* upper and lower case alike */
const struct ref_values *ref_values_of(const struct ref_values *values, size_t n, const char *name);
bool ref_lists(const struct ref_group *group, const char *attribute, const char *dn);
const struct ref_netgroup *ref_netgroup_at(const struct ref_directory *directory, const char *dn);
const struct ref_netgroup *ref_netgroup_named(const struct ref_directory *directory, const char *name);

#endif
