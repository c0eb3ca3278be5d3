/* SPDX-License-Identifier: Apache-2.0 */
/* Random worlds. Every string is one of the tables below, so that nothing has to be freed. */
#include "generate.h"

#include "mem.h"
#include "reference_scope.h"

#include <string.h>

/* splitmix64. */
static uint64_t dice_next(struct dice *dice)
{
	uint64_t z = dice->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

struct dice dice_from(uint64_t seed)
{
	struct dice dice = {.state = seed};

	dice.state = dice_next(&dice); /* else one seed's numbers were the next one's, moved by one */
	return dice;
}

size_t dice_roll(struct dice *dice, size_t n)
{
	return (size_t)(dice_next(dice) >> 33) % n;
}

bool dice_chance(struct dice *dice, unsigned percent)
{
	return dice_roll(dice, 100) < percent;
}

#define PICK(dice, table) ((table)[dice_roll((dice), CS_COUNT(table))])

static bool list_has(const struct ref_list *list, const char *value)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->at[i], value) == 0)
			return true;
	return false;
}

/* Adds a value unless it is there. */
static void add(struct ref_list *list, const char *value)
{
	if (!list_has(list, value) && list->n < REF_LIST)
		list->at[list->n++] = value;
}

static void add_some(struct dice *dice, struct ref_list *list, const char *const *from, size_t n, unsigned percent)
{
	for (size_t i = 0; i < n; i++)
		if (dice_chance(dice, percent))
			add(list, from[i]);
}

/* --- The directory --- */

static const char *const names[] = {"u1", "u2", "u3", "u4", "u5", "u6"};
static const char *const ids[] = {"id-1", "id-2", "id-3", "id-4", "id-5", "id-6"};

/* The same six people in several spellings; the first is the directory's. */
static const char *const person_dns[][3] = {
	{"uid=u1,ou=people,dc=x", "UID=u1,OU=People,DC=x", "uid = u1, ou=people , dc=x"},
	{"uid=u2,ou=people,dc=x", "uid=U2,ou=people,dc=X", "uid=u2, ou=people, dc=x"},
	{"uid=u3,ou=people,dc=x", "Uid=u3,Ou=people,Dc=x", "uid=u3,ou =people,dc= x"},
	{"uid=u4,ou=people,dc=x", "uid=u4,ou=PEOPLE,dc=x", " uid=u4,ou=people,dc=x"},
	{"uid=u5,ou=people,dc=x", "uid=u5,ou=people,dc=x", "uid=u5,  ou=people,  dc=x"},
	{"uid=u6,ou=people,dc=x", "UID=U6,OU=PEOPLE,DC=X", "uid=u6 ,ou=people,dc=x"},
};

static const char *const group_dns[][3] = {
	{"cn=a,ou=project,ou=groups,dc=x", "CN=A,ou=project,ou=groups,dc=x", "cn=a, ou=project, ou=groups, dc=x"},
	{"cn=b,ou=project,ou=groups,dc=x", "cn=b,OU=Project,OU=Groups,DC=X", "cn = b,ou=project,ou=groups,dc=x"},
	{"cn=docs,cn=a,ou=project,ou=groups,dc=x", "CN=docs,CN=a,ou=project,ou=groups,dc=x",
	 "cn=docs, cn=a,ou=project,ou=groups,dc=x"},
	{"cn=a,ou=wg,ou=groups,dc=x", "cn=a,ou=WG,ou=groups,dc=x", "cn=a,ou=wg ,ou=groups,dc=x"},
	{"cn=n,ou=wg,ou=groups,dc=x", "cn=N,ou=wg,ou=groups,dc=x", "cn=n, ou=wg,ou=groups,dc=x"},
	{"cn=team,ou=groups,dc=x", "cn=TEAM,ou=groups,dc=x", "cn=team,ou=groups, dc=x"},
	{"cn=infra,dc=x", "CN=infra,DC=x", "cn=infra , dc=x"},
};

/* Twenty groups with one parent: more single groups than are asked for one by one. */
static const char *const many_dns[] = {
	"cn=m00,ou=many,dc=x", "cn=m01,ou=many,dc=x", "cn=m02,ou=many,dc=x", "cn=m03,ou=many,dc=x",
	"cn=m04,ou=many,dc=x", "cn=m05,ou=many,dc=x", "cn=m06,ou=many,dc=x", "cn=m07,ou=many,dc=x",
	"cn=m08,ou=many,dc=x", "cn=m09,ou=many,dc=x", "cn=m10,ou=many,dc=x", "cn=m11,ou=many,dc=x",
	"cn=m12,ou=many,dc=x", "cn=m13,ou=many,dc=x", "cn=m14,ou=many,dc=x", "cn=m15,ou=many,dc=x",
	"cn=m16,ou=many,dc=x", "cn=m17,ou=many,dc=x", "cn=m18,ou=many,dc=x", "cn=m19,ou=many,dc=x",
};

static const char *const bases[] = {"ou=project,ou=groups,dc=x",
				    "ou=wg,ou=groups,dc=x",
				    "OU=Groups,dc=X",
				    "dc=x",
				    "ou=groups,dc=x",
				    "ou=many,dc=x",
				    "ou=groups, dc=x"};
static const char *any_group(struct dice *dice)
{
	if (dice->many && dice_chance(dice, 50))
		return PICK(dice, many_dns);
	return group_dns[dice_roll(dice, CS_COUNT(group_dns))][dice_roll(dice, 3)];
}

static const char *const listings[] = {"owner", "member", "Member"};

static const char *const cns[] = {"a", "b", "n", "docs", "a.b", "A"};
static const char *const bad_cns[] = {"a b", "-a", ".a", "a/docs", ""};
static const char *const statuses[] = {"active", "Archived", "archived", "on hold"};
static const char *const types[] = {"wg", "RG", "rg"};
static const char *const conditions[] = {"status=active", "status=archived", "Status=ARCHIVED", "type=wg", "Type=rg",
					 "cn=a",          "status=on hold",  "missing=x"};

/* One value mostly; sometimes none, sometimes two. */
static void make_attribute(struct dice *dice, struct ref_group *group, const char *name, const char *const *from,
			   size_t n)
{
	struct ref_values *attribute = &group->attributes[group->n_attributes];

	if (dice_chance(dice, 12))
		return;
	*attribute = (struct ref_values){.name = name};
	add(&attribute->values, from[dice_roll(dice, n)]);
	if (dice_chance(dice, 15))
		add(&attribute->values, from[dice_roll(dice, n)]);
	group->n_attributes++;
}

static void make_listing(struct dice *dice, const struct ref_directory *directory, struct ref_group *group,
			 const char *name)
{
	struct ref_values *listed = &group->listed[group->n_listed++];

	*listed = (struct ref_values){.name = name};
	for (size_t i = 0; i < directory->n_people; i++)
		if (dice_chance(dice, 30))
			add(&listed->values, person_dns[i][dice_roll(dice, 3)]);
	if (dice_chance(dice, 10))
		add(&listed->values, "uid=gone,ou=people,dc=x");
}

static void make_group(struct dice *dice, struct ref_directory *directory, const char *dn)
{
	struct ref_group *group = &directory->groups[directory->n_groups++];

	*group = (struct ref_group){.dn = dn};
	if (dice_chance(dice, 6))
		make_attribute(dice, group, "cn", bad_cns, CS_COUNT(bad_cns) - 1);
	else
		make_attribute(dice, group, "cn", cns, CS_COUNT(cns));
	make_attribute(dice, group, "status", statuses, CS_COUNT(statuses));
	make_attribute(dice, group, "type", types, CS_COUNT(types));
	make_listing(dice, directory, group, "owner");
	make_listing(dice, directory, group, dice_chance(dice, 80) ? "member" : "MEMBER");
}

static void make_people(struct dice *dice, struct ref_directory *directory)
{
	for (size_t i = 0; i < CS_COUNT(names); i++)
		directory->people[directory->n_people++] = (struct ref_person){
			.name = names[i],
			.id = ids[i],
			.dn = person_dns[i][0],
			.human = i < 2 && dice_chance(dice, 50) ? "h" : "",
			.uid = (uint32_t)(2001 + i),
			.locked = dice_chance(dice, 6),
			.doubt = !dice->plain && dice_chance(dice, 4),
		};
}

static void make_netgroups(struct dice *dice, struct ref_directory *directory)
{
	static const char *const dns[] = {"cn=ng1,ou=netgroup,dc=x", "cn=ng2,ou=netgroup,dc=x",
					  "cn=ng3,ou=netgroup,dc=x"};
	static const char *const cn[] = {"ng1", "ng2", "ng3"};
	static const char *const hosts[] = {"h1", "H2", "web.example"};

	for (size_t i = 0; i < CS_COUNT(dns); i++) {
		struct ref_netgroup *netgroup = &directory->netgroups[directory->n_netgroups++];

		*netgroup = (struct ref_netgroup){.dn = dns[i], .doubt = !dice->plain && dice_chance(dice, 15)};
		add_some(dice, &netgroup->hosts, hosts, CS_COUNT(hosts), 30);
		if (dice_chance(dice, 5))
			add(&netgroup->hosts, "*");
		for (size_t k = i + 1; dice->plain && k < CS_COUNT(cn); k++)
			if (dice_chance(dice, 25))
				add(&netgroup->nested, cn[k]);
	}
}

static void make_directory(struct dice *dice, struct ref_directory *directory)
{
	make_people(dice, directory);
	make_netgroups(dice, directory);
	for (size_t i = 0; i < CS_COUNT(group_dns); i++)
		if (dice_chance(dice, 85))
			make_group(dice, directory, group_dns[i][0]);
	for (size_t i = 0; dice->many && i < CS_COUNT(many_dns); i++)
		make_group(dice, directory, many_dns[i]);
}

/* --- Rights --- */

static const char *const permissions[] = {"p.a", "p.b", "p.c", "p.d", "p.e"};
static const char *const role_names[] = {"r0", "r1", "r2", "r3", "r4", "r5"};
static const char *const kinds[] = {"project", "wg", "host"};

static void make_roles(struct dice *dice, struct ref_policy *policy)
{
	size_t n = 3 + dice_roll(dice, 4);

	add_some(dice, &policy->permissions, permissions, CS_COUNT(permissions), 101);
	for (size_t i = 0; i < n; i++) {
		struct ref_role *role = &policy->roles[policy->n_roles++];

		*role = (struct ref_role){.name = role_names[i]};
		add_some(dice, &role->permissions, permissions, CS_COUNT(permissions), 30);
		add_some(dice, &role->inherits, role_names + i + 1, n - i - 1, 20);
		for (size_t k = 0; k < CS_COUNT(kinds); k++) {
			struct ref_kind *kind = &role->kinds[role->n_kinds];

			*kind = (struct ref_kind){.kind = kinds[k]};
			add_some(dice, &kind->permissions, permissions, CS_COUNT(permissions), 15);
			role->n_kinds += kind->permissions.n > 0;
		}
		if (role->permissions.n == 0 && role->inherits.n == 0 && role->n_kinds == 0)
			add(&role->permissions, PICK(dice, permissions));
	}
	if (dice_chance(dice, 2))
		add(&policy->roles[n - 1].inherits,
		    PICK(dice, role_names) == role_names[0] ? role_names[0] : role_names[1]);
}

static const char *any_role(struct dice *dice, const struct ref_policy *policy)
{
	return policy->roles[dice_roll(dice, policy->n_roles)].name;
}

static const char *const templates[] = {"project/%{cn}", "wg/%{cn}",   "project/%{cn}/docs",    "project/x-%{cn}",
					"wg/%{cn}-x",    "host/%{CN}", "project/%{cn}/%{type}", "wg/%{type}"};
static const char *const plain_scopes[] = {"*",  "project", "project/a", "project/b", "project/a/docs",
					   "wg", "wg/a",    "host/h1",   "host"};

static void make_conditions(struct dice *dice, struct ref_list *list)
{
	if (!dice_chance(dice, 18))
		return;
	add(list, PICK(dice, conditions));
	if (dice_chance(dice, 25))
		add(list, PICK(dice, conditions));
}

static void make_assignment(struct dice *dice, const struct ref_policy *policy, struct ref_assignment *assignment)
{
	size_t who = dice_roll(dice, 10);

	assignment->role = any_role(dice, policy);
	assignment->scope = PICK(dice, plain_scopes);
	if (who < 2) {
		for (size_t i = 0; i < CS_COUNT(person_dns); i++)
			if (dice_chance(dice, 30))
				add(&assignment->person, person_dns[i][dice_roll(dice, 3)]);
		if (assignment->person.n == 0)
			add(&assignment->person, person_dns[dice_roll(dice, CS_COUNT(person_dns))][0]);
		return;
	}
	if (dice_chance(dice, 55))
		assignment->scope = PICK(dice, templates);
	if (who < 5)
		assignment->group = any_group(dice);
	else
		assignment->below = PICK(dice, bases);
	assignment->listed = PICK(dice, listings);
	make_conditions(dice, &assignment->where);
	make_conditions(dice, &assignment->unless);
	if (dice_chance(dice, 15))
		assignment->at_least = 1 + (unsigned)dice_roll(dice, 3);
}

static bool same_list(const struct ref_list *a, const struct ref_list *b)
{
	return a->n == b->n && (a->n == 0 || ref_dn_same(a->at[0], b->at[0]));
}

/* Two assignments that say the same are refused; those that only nearly do are left out as well. */
static bool nearly_same(const struct ref_assignment *a, const struct ref_assignment *b)
{
	const char *x = a->group   ? a->group
			: a->below ? a->below
				   : "",
		   *y = b->group   ? b->group
			: b->below ? b->below
				   : "";

	return strcmp(a->role, b->role) == 0 && ref_same_word(a->scope, b->scope) && ref_dn_same(x, y) &&
	       (a->listed != NULL) == (b->listed != NULL) && (!a->listed || ref_same_word(a->listed, b->listed)) &&
	       same_list(&a->where, &b->where) && same_list(&a->unless, &b->unless);
}

static void add_assignment(struct ref_policy *policy, const struct ref_assignment *assignment)
{
	static const char *const titles[] = {"a0",  "a1",  "a2",  "a3",  "a4",  "a5",  "a6",  "a7",  "a8",  "a9",
					     "a10", "a11", "a12", "a13", "a14", "a15", "a16", "a17", "a18", "a19",
					     "a20", "a21", "a22", "a23", "a24", "a25", "a26", "a27", "a28", "a29",
					     "a30", "a31", "a32", "a33", "a34", "a35", "a36", "a37", "a38", "a39"};

	for (size_t i = 0; i < policy->n_assignments; i++)
		if (nearly_same(&policy->assignments[i], assignment))
			return;
	policy->assignments[policy->n_assignments] = *assignment;
	policy->assignments[policy->n_assignments].name = titles[policy->n_assignments];
	policy->n_assignments++;
}

static void make_assignments(struct dice *dice, struct ref_policy *policy)
{
	size_t n = 3 + dice_roll(dice, 8);
	unsigned floors = dice_chance(dice, 40) ? 97 : 8;

	for (size_t i = 0; i < n; i++) {
		struct ref_assignment assignment = {0};

		make_assignment(dice, policy, &assignment);
		add_assignment(policy, &assignment);
	}
	for (size_t i = 0; dice->many && i < CS_COUNT(many_dns); i++) {
		/* Sometimes so many of them have a floor that they would be asked about together without one. */
		struct ref_assignment assignment = {
			.role = any_role(dice, policy), .group = many_dns[i], .listed = "member"};

		assignment.scope = dice_chance(dice, 50) ? PICK(dice, templates) : PICK(dice, plain_scopes);
		make_conditions(dice, &assignment.unless);
		if (dice_chance(dice, floors))
			assignment.at_least = 1 + (unsigned)dice_roll(dice, 3);
		add_assignment(policy, &assignment);
	}
}

static void make_exclusives(struct dice *dice, struct ref_policy *policy)
{
	static const char *const titles[] = {"x0", "x1"};
	static const char *const withins[] = {NULL, "scope", "anywhere", "request", "request"};
	size_t n = dice_chance(dice, 55) ? 1 + dice_roll(dice, 2) : 0;

	for (size_t i = 0; i < n; i++) {
		struct ref_exclusive *set = &policy->exclusives[policy->n_exclusives];

		for (size_t tries = 0; tries < 8; tries++) {
			*set = (struct ref_exclusive){.name = titles[i], .within = PICK(dice, withins)};
			policy->n_exclusives = i;
			while (set->roles.n < 2)
				add(&set->roles, any_role(dice, policy));
			if (dice_chance(dice, 20))
				add(&set->roles, any_role(dice, policy));
			policy->n_exclusives = i + 1;
			if (!ref_refused(policy) || dice_chance(dice, 1))
				break;
			policy->n_exclusives = i;
		}
		if (policy->n_exclusives == i)
			return;
	}
}

/* --- Gates --- */

static const char *const services[] = {"sudo", "sshd", "app", "sudoedit"};
static const char *const classes[] = {"open-ended", "open-ended", "edit"};
static const char *const host_patterns[] = {"h1", "h*", "*2", "H1", "web.*", "*.example", "WEB.EXAMPLE"};
static const char *const netgroup_dns[] = {"cn=ng1,ou=netgroup,dc=x", "cn=ng2,ou=netgroup,dc=x",
					   "CN=ng3,ou=netgroup,dc=x", "cn=none,ou=netgroup,dc=x"};
static const char *const ranges[] = {"192.0.2.0/24",    "192.0.2.128/25", "192.0.2.7/32", "10.0.0.0/8", "2001:db8::/32",
				     "2001:db8:1::/48", "local",          "0.0.0.0/0",    "::/0"};
static const char *const windows[] = {"08:00-18:00",
				      "Mon-Fri 08:00-18:00",
				      "Sat,Sun",
				      "Fri 22:00-06:00",
				      "Mon-Fri 08:00-18:00 +02:00",
				      "Sun 20:00-02:00 -05:30",
				      "22:00-06:00",
				      "2026-12-20T00:00Z/2027-01-04T08:00Z",
				      "2026-12-21T08:00+02:00/2026-12-21T18:00Z",
				      "Mon,Wed-Thu 06:00-08:00"};
static const char *const commands[] = {"/bin/x",    "/bin/x a", "/bin/x *",   "/bin/x a **", "/bin/x * b",
				       "/bin/x **", "/bin/y",   "/bin/y a b", "/bin/link",   "/bin/link b"};
static const char *const app_commands[] = {"app.do", "app.do a", "app.undo **", "app.do * b"};
static const char *const capturing[] = {"/bin/x %{n}",    "/bin/x %{n} *", "/bin/x a %{n}",
					"/bin/y %{n} **", "/bin/y * %{n}", "/bin/link %{n}"};
static const char *const app_capturing[] = {"app.do %{n}", "app.undo * %{n}", "app.do %{n} **"};
static const char *const filled_scopes[] = {"project/%{n}", "wg/%{n}",      "project/%{n}/docs", "project/x-%{n}",
					    "wg/%{n}-x",    "host/%{host}", "host/%{host}/%{n}"};

/* Asks for what somebody could hold, after some tries. */
static void make_want(struct dice *dice, const struct ref_policy *policy, struct ref_want *want)
{
	size_t kind = dice_roll(dice, 10);

	*want = (struct ref_want){0};
	if (kind < 5)
		want->permission = PICK(dice, permissions);
	else if (kind < 8)
		want->role = any_role(dice, policy);
	else if (kind < 9) {
		want->group = any_group(dice);
		want->listed = PICK(dice, listings);
	} else {
		size_t first = dice_roll(dice, CS_COUNT(person_dns));

		add(&want->person, person_dns[first][dice_roll(dice, 3)]);
		if (dice_chance(dice, 50))
			add(&want->person, person_dns[(first + 1) % CS_COUNT(person_dns)][dice_roll(dice, 3)]);
	}
}

static bool nobody_could(const struct ref_policy *policy, const struct ref_want *want, const char *scope)
{
	struct ref_policy alone = *policy;

	alone.n_gates = 1;
	alone.gates[0] = (struct ref_gate){.permission = NULL, .scope = scope, .n_rules = 1};
	alone.gates[0].rules[0].want = *want;
	return ref_refused(&alone) != NULL;
}

static void make_rule(struct dice *dice, const struct ref_policy *policy, const struct ref_gate *gate,
		      struct ref_rule *rule)
{
	for (size_t tries = 0; tries < 8; tries++) {
		make_want(dice, policy, &rule->want);
		rule->scope = NULL;
		if (!rule->want.group && rule->want.person.n == 0 && dice_chance(dice, 35))
			rule->scope = gate->scope && dice_chance(dice, 40) ? gate->scope : PICK(dice, plain_scopes);
		if (!nobody_could(policy, &rule->want, rule->scope ? rule->scope : gate->scope ? gate->scope : "*"))
			return;
	}
}

/* Which rules come first, and which are enough; an order that nobody could follow is not often made. */
static void make_ways(struct dice *dice, struct ref_gate *gate)
{
	static const char *const words[] = {"x", "y"};
	bool ways = dice_chance(dice, 25), stages = dice_chance(dice, 25);

	for (size_t i = 0; i < gate->n_rules; i++) {
		struct ref_rule *rule = &gate->rules[i];

		if (ways && dice_chance(dice, 70))
			rule->alternative = PICK(dice, words);
		if (stages && i > 0 && dice_chance(dice, ways ? 20 : 60))
			rule->stage = 2;
		rule->late = dice_chance(dice, 15);
		rule->counts = dice_chance(dice, 30);
	}
	gate->self_approval = gate->n_rules > 0 && dice_chance(dice, 15);
}

static void make_rules(struct dice *dice, const struct ref_policy *policy, struct ref_gate *gate)
{
	static const char *const titles[] = {"one", "two", "three"};
	size_t n = dice_roll(dice, 4);

	for (size_t i = 0; i < n; i++) {
		struct ref_rule *rule = &gate->rules[gate->n_rules++];

		rule->name = titles[i];
		make_rule(dice, policy, gate, rule);
		rule->count = dice_chance(dice, 70) || (rule->want.person.n == 1 && !dice_chance(dice, 5)) ? 1 : 2;
	}
	gate->shared = dice_chance(dice, 50);
	make_ways(dice, gate);
}

/* An exemption that nobody could use, or everybody, is not made. */
static void make_exempts(struct dice *dice, const struct ref_policy *policy, struct ref_gate *gate)
{
	static const char *const titles[] = {"ex1", "ex2"};
	size_t n = dice_chance(dice, 30) ? 1 + dice_roll(dice, 2) : 0;

	for (size_t i = 0; i < n; i++) {
		struct ref_rule *rule = &gate->exempts[gate->n_exempts];

		*rule = (struct ref_rule){.name = titles[i]};
		make_rule(dice, policy, gate, rule);
		if (nobody_could(policy, &rule->want, rule->scope ? rule->scope : gate->scope ? gate->scope : "*"))
			continue;
		if (rule->want.permission && gate->permission && strcmp(rule->want.permission, gate->permission) == 0 &&
		    rule->scope)
			continue;
		gate->n_exempts++;
	}
}

static void make_where_and_when(struct dice *dice, struct ref_gate *gate)
{
	add(&gate->services, dice_chance(dice, 70) ? "sudo" : PICK(dice, services));
	if (dice_chance(dice, 15))
		add(&gate->services, PICK(dice, services));
	if (dice_chance(dice, 25))
		add(&gate->hosts, PICK(dice, host_patterns));
	if (dice_chance(dice, 8))
		add(&gate->hosts, PICK(dice, host_patterns));
	if (dice_chance(dice, 12))
		add(&gate->netgroups, PICK(dice, netgroup_dns));
	if (dice_chance(dice, 15))
		add(&gate->peers, PICK(dice, ranges));
	if (gate->peers.n > 0 && dice_chance(dice, 30))
		add(&gate->peers, PICK(dice, ranges));
	if (dice_chance(dice, 22))
		add(&gate->times, PICK(dice, windows));
	if (gate->times.n > 0 && dice_chance(dice, 30))
		add(&gate->times, PICK(dice, windows));
	if (dice_chance(dice, 12))
		add(&gate->classes, PICK(dice, classes));
	if (gate->classes.n > 0 && dice_chance(dice, 30))
		add(&gate->classes, PICK(dice, classes));
}

static void make_commands(struct dice *dice, struct ref_gate *gate)
{
	bool app = gate->services.n == 1 && list_has(&gate->services, "app");
	bool captures = gate->scope && strstr(gate->scope, "%{n}");
	size_t n = captures ? 1 + dice_roll(dice, 2) : dice_roll(dice, 4);

	for (size_t i = 0; i < n; i++) {
		if (captures || dice_chance(dice, 15))
			add(&gate->commands, app ? PICK(dice, app_capturing) : PICK(dice, capturing));
		else
			add(&gate->commands, app ? PICK(dice, app_commands) : PICK(dice, commands));
	}
}

static void make_automatics(struct dice *dice, const struct ref_policy *policy, struct ref_gate *gate)
{
	bool app = gate->services.n == 1 && list_has(&gate->services, "app");
	size_t n = gate->n_rules > 0 && dice_chance(dice, 40) ? 1 + dice_roll(dice, 2) : 0;

	for (size_t i = 0; i < n; i++) {
		struct ref_automatic *automatic = &gate->automatics[gate->n_automatics++];

		if (dice_chance(dice, 50))
			add(&automatic->commands, app ? PICK(dice, app_commands) : PICK(dice, commands));
		if (dice_chance(dice, 30))
			add(&automatic->times, PICK(dice, windows));
		if (dice_chance(dice, 30))
			add(&automatic->peers, PICK(dice, ranges));
		automatic->for_some = dice_chance(dice, 60);
		if (automatic->for_some)
			make_rule(dice, policy, gate, &automatic->who);
	}
}

static void make_terms(struct dice *dice, const struct ref_policy *policy, struct ref_gate *gate)
{
	for (size_t tries = 0; tries < 12; tries++) {
		struct ref_want want = {.permission = PICK(dice, permissions)};

		gate->permission = want.permission;
		gate->scope = dice_chance(dice, 15)   ? NULL
			      : dice_chance(dice, 60) ? PICK(dice, filled_scopes)
						      : PICK(dice, plain_scopes);
		if (!nobody_could(policy, &want, gate->scope ? gate->scope : "*"))
			break;
	}
	make_rules(dice, policy, gate);
}

static void make_gates(struct dice *dice, struct ref_policy *policy)
{
	static const char *const titles[] = {"g0", "g1", "g2", "g3", "g4", "g5"};
	struct ref_policy rights = *policy;
	size_t n = 2 + dice_roll(dice, 4);

	for (size_t i = 0; i < n; i++) {
		struct ref_gate gate = {.name = titles[i]};

		make_where_and_when(dice, &gate);
		if (dice_chance(dice, 25))
			gate.deny = "Not here";
		else
			make_terms(dice, &rights, &gate);
		gate.monitors = !gate.deny && dice_chance(dice, 30);
		make_exempts(dice, &rights, &gate);
		make_automatics(dice, &rights, &gate);
		make_commands(dice, &gate);
		policy->gates[policy->n_gates++] = gate;
	}
	for (size_t i = 0; i < CS_COUNT(services); i++)
		if (dice_chance(dice, 60))
			policy->services[policy->n_services++] =
				(struct ref_service){services[i], dice_chance(dice, 60)};
}

void generate_world(struct dice *dice, struct ref_world *ret_world)
{
	dice->many = dice_chance(dice, 6);
	*ret_world = (struct ref_world){.links = {{"/bin/link", "/bin/x"}, {"/bin/y", "/usr/bin/bash"}}};
	ret_world->n_links = dice_chance(dice, 70) ? 2 : 0;
	make_directory(dice, &ret_world->directory);
	make_roles(dice, &ret_world->policy);
	make_assignments(dice, &ret_world->policy);
	make_exclusives(dice, &ret_world->policy);
	make_gates(dice, &ret_world->policy);
}

/* --- Questions --- */

const struct ref_person *generate_person(struct dice *dice, const struct ref_world *world)
{
	size_t i = dice_roll(dice, 40);

	return i == 0 ? NULL : &world->directory.people[i % world->directory.n_people];
}

const char *generate_scope(struct dice *dice)
{
	static const char *const asked[] = {
		"*",         "project",    "project/a",   "project/b",   "project/a/docs", "project/a2",
		"project/A", "projects/a", "project/a.b", "project/x-a", "project/x-a/y",  "project/n/docs",
		"wg",        "wg/a",       "wg/n",        "wg/a/b",      "wg/a-x",         "wg/rg",
		"host",      "host/h1",    "host/a",      "host/h1/a",   "project/a/wg",   "other"};

	return PICK(dice, asked);
}

/* Moments at which the windows change, minutes at which they do so on any day of three weeks, and any minute. */
static uint64_t generate_wall(struct dice *dice)
{
	static const unsigned edges[] = {0,      6 * 60,  8 * 60,  18 * 60, 22 * 60,
					 2 * 60, 20 * 60, 16 * 60, 90,      7 * 60 + 30};
	static const unsigned moments[] = {6 * 24 * 60, 21 * 24 * 60 + 8 * 60, 7 * 24 * 60 + 6 * 60,
					   7 * 24 * 60 + 18 * 60};
	const uint64_t monday = UINT64_C(1797206400000); /* 2026-12-14T00:00Z */
	uint64_t minute = dice_roll(dice, 24) * 24 * 60 + PICK(dice, edges);

	if (dice_chance(dice, 50))
		return monday + dice_roll(dice, 24 * 24 * 60) * 60 * 1000;
	if (dice_chance(dice, 30))
		minute = PICK(dice, moments);
	return monday + minute * 60 * 1000 + dice_roll(dice, 3) - 1;
}

/* What is asked for, whatever the policy says. */
static void make_command(struct dice *dice, struct ref_action *action)
{
	static const char *const paths[][2] = {
		{"/bin/x", "/bin/x"},    {"/bin/x", "/bin/x"},       {"/bin/y", "/usr/bin/bash"},
		{"/bin/link", "/bin/x"}, {"/home/u/l", "/bin/x"},    {"/home/u/y", "/usr/bin/bash"},
		{"/bin/z", "/bin/z"},    {"/bin/link", "/bin/link"}, {"/bin/x2", "/bin/x2"}};
	static const char *const names_of[] = {"app.do", "app.undo", "app.other"};
	const char *const *path = PICK(dice, paths);

	action->command = path[0];
	action->resolved = path[1];
	if (strcmp(action->service, "app") == 0) {
		action->command = PICK(dice, names_of);
		action->resolved = "";
	} else if (strcmp(action->service, "sudo") != 0) {
		action->command = action->resolved = "";
	}
}

static const char *any_argument(struct dice *dice)
{
	static const char *const arguments[] = {"a",  "b", "n",  "a",      "b", "docs", "a b",
						"-a", "",  ".a", "a/docs", "*", "%{n}"};

	return PICK(dice, arguments);
}

/* Arguments near those of a command: its literals, anything for the rest; now and then one more or less. */
static void follow(struct dice *dice, const char *command, struct ref_list *arguments)
{
	for (const char *word = strchr(command, ' '); word; word = strchr(word + 1, ' ')) {
		if (word[1] == 'a' || word[1] == 'b')
			arguments->at[arguments->n++] = word[1] == 'a' ? "a" : "b";
		else if (strcmp(word, " **") != 0)
			arguments->at[arguments->n++] = any_argument(dice);
	}
	if (arguments->n > 0 && dice_chance(dice, 10))
		arguments->n--;
	while (arguments->n < REF_FEW && dice_chance(dice, 20))
		arguments->at[arguments->n++] = any_argument(dice);
}

void generate_action(struct dice *dice, const struct ref_world *world, struct ref_action *ret_action)
{
	static const char *const asked_services[] = {"sudo", "sudo", "sudo", "sshd", "app", "login", "sudoedit"};
	static const char *const hosts[] = {"h1", "h2", "web.example", "h1", "other", "H2", ""};
	static const char *const peers[] = {"",
					    "",
					    "192.0.2.7",
					    "192.0.2.200",
					    "192.0.3.7",
					    "10.9.8.7",
					    "2001:db8::5",
					    "2001:db8:1::5",
					    "2001:db9::1",
					    "::ffff:192.0.2.7",
					    "rel1.example",
					    "::ffff:10.1.2.3",
					    "192.0.2.7 "};
	const struct ref_gate *gate = &world->policy.gates[dice_roll(dice, world->policy.n_gates)];
	const char *command = gate->commands.n > 0 ? gate->commands.at[dice_roll(dice, gate->commands.n)] : "/bin/x a";
	bool near = dice_chance(dice, 75);

	*ret_action = (struct ref_action){.service = near ? gate->services.at[0] : PICK(dice, asked_services),
					  .host = PICK(dice, hosts),
					  .peer = PICK(dice, peers),
					  .wall_ms = generate_wall(dice)};
	for (size_t tries = 0; tries < (near ? 6 : 1); tries++) {
		make_command(dice, ret_action);
		if (strncmp(command, ret_action->command, strcspn(command, " ")) == 0)
			break;
	}
	if (*ret_action->command)
		follow(dice, command, &ret_action->arguments);
}

static const char *any_word(const void *dice, const char *name)
{
	static const char *const words[] = {"a", "b", "n", "docs"};
	struct dice copy = *(const struct dice *)dice;

	return strcmp(name, "host") == 0 ? "h1" : PICK(&copy, words);
}

const char *generate_gate_scope(struct dice *dice, const struct ref_gate *gate)
{
	static char scope[REF_SCOPE];

	(void)dice_roll(dice, 2);
	if (!ref_scope_fill(gate->scope ? gate->scope : "*", any_word, dice, scope))
		return "*";
	return scope;
}

size_t generate_votes(struct dice *dice, const struct ref_world *world, struct ref_vote ret_votes[REF_FEW])
{
	size_t n = 0;

	for (size_t i = 0; i < world->directory.n_people; i++)
		if (dice_chance(dice, 60) && (i != 1 || !*world->directory.people[1].human))
			ret_votes[n++] = (struct ref_vote){&world->directory.people[i],
							   dice_chance(dice, 6) ? CS_VOTE_REJECT : CS_VOTE_APPROVE,
							   ~0u};
	return n;
}
