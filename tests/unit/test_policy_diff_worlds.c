/* SPDX-License-Identifier: Apache-2.0 */
/* cs_policy_diff against small worlds: pairs of random policies that differ in a little, and directories, people,
 * actions and moments in which both are tried. Where the comparison finds no change of effect, both permit the same;
 * where somebody may do more after than before, it says weaker. */
#include "test_policy_world.h"

#include <strings.h>

/* DIFF_PAIRS and DIFF_SEED in the environment try more and others. */
enum { PAIRS = 400, WORLDS = 24, PEOPLE = 4, GROUPS = 4, GENES = 188, ORDER = 43, GATE_GENES = 48 };

/* xorshift64*: the same in every run. */
static uint64_t draw_state;

static size_t draw(size_t below)
{
	draw_state ^= draw_state >> 12;
	draw_state ^= draw_state << 25;
	draw_state ^= draw_state >> 27;
	return (size_t)((draw_state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* --- Policies --------------------------------------------------------------------------------------------------- */

/* A policy is a row of numbers, each of which chooses something; a changed number is a changed policy. */
struct genes {
	uint8_t at[GENES];
	bool used[GENES];
	size_t next;
	struct cs_buf text;
};

static void put(struct genes *genes, const char *s)
{
	cs_buf_put(&genes->text, s, strlen(s));
}

static size_t choose(struct genes *genes, size_t n)
{
	assert_true(genes->next < GENES);
	genes->used[genes->next] = true;
	return genes->at[genes->next++] % n;
}

/* Puts one of these; texts are chosen by a gene. */
#define PUT_ONE(genes, ...)                                                                                            \
	do {                                                                                                           \
		static const char *const texts[] = {__VA_ARGS__};                                                      \
		put((genes), texts[choose((genes), CS_COUNT(texts))]);                                                 \
	} while (0)

static void put_role(struct genes *genes, const char *name, const char *inherits)
{
	static const char *const permissions[] = {"", " permissions = p", " permissions = q",
						  " permissions = { p, q }"};

	put(genes, "role ");
	put(genes, name);
	put(genes, " {");
	put(genes, permissions[choose(genes, 4)]);
	if (choose(genes, 2) == 1 && *inherits) {
		put(genes, " inherits = ");
		put(genes, inherits);
	}
	PUT_ONE(genes, "", "", " in x { permissions = p }", " in x { permissions = q }", " in y { permissions = p }");
	put(genes, " }\n");
}

static void put_assignment(struct genes *genes, const char *name)
{
	put(genes, "assignment ");
	put(genes, name);
	PUT_ONE(genes, " { role = a", " { role = b", " { role = c");
	switch (choose(genes, 6)) {
	case 0:
		put(genes, " person = \"uid=u0,ou=p\"");
		break;
	case 1:
		put(genes, " person = { \"uid=u1,ou=p\", \"uid=u0,ou=p\" }");
		break;
	default:
		PUT_ONE(genes, " below = \"ou=g\" listed = owner", " below = \"ou=g\" listed = member",
			" group = \"cn=x,ou=h\" listed = member", " below = \"ou=h\" listed = member");
		PUT_ONE(genes, "", "", " where = \"t=wg\"", " where = { \"t=wg\", \"s=old\" }");
		PUT_ONE(genes, "", "", " unless = \"s=old\"", " unless = \"t=wg\"");
		PUT_ONE(genes, "", "", "", " at_least = 2", " at_least = 3");
	}
	PUT_ONE(genes, " scope = \"*\" }\n", " scope = x }\n", " scope = \"x/one\" }\n", " scope = y }\n",
		" scope = \"x/%{cn}\" }\n", " scope = \"x/%{cn}\" }\n", " scope = \"x/%{cn}/%{t}\" }\n");
}

static void put_exclusive(struct genes *genes, const char *name)
{
	if (choose(genes, 2) == 0)
		return;
	put(genes, "exclusive ");
	put(genes, name);
	PUT_ONE(genes, " { roles = { a, b }", " { roles = { b, c }", " { roles = { a, c }", " { roles = { a, b, c }");
	PUT_ONE(genes, " }\n", " within = anywhere }\n", " within = request }\n");
}

static void put_want(struct genes *genes)
{
	PUT_ONE(genes, " role = a", " role = b", " role = c", " permission = p", " permission = q",
		" person = \"uid=u1,ou=p\"", " person = { \"uid=u1,ou=p\", \"uid=u2,ou=p\" }",
		" group = \"cn=x,ou=h\" listed = member", " role = a scope = x", " permission = q scope = \"*\"");
}

static void put_rule(struct genes *genes, const char *name)
{
	if (choose(genes, 2) == 0)
		return;
	put(genes, name);
	PUT_ONE(genes, " { count = 1", " { count = 1", " { count = 2", " { count = majority", " { count = all");
	put_want(genes);
	PUT_ONE(genes, "", "", "", " alternative = x", " alternative = y");
	PUT_ONE(genes, "", "", "", " after = 5m");
	PUT_ONE(genes, "", "", "", " stage = 2");
	PUT_ONE(genes, "", "", " reject = counts");
	put(genes, " }");
}

static void put_automatic(struct genes *genes)
{
	if (choose(genes, 3) != 0)
		return;
	put(genes, " automatic some {");
	PUT_ONE(genes, "", " role = a", " role = a scope = x", " permission = q scope = \"*\"", " person = \"uid=u0,ou=p\"",
		" person = { \"uid=u0,ou=p\", \"uid=u1,ou=p\" }", " group = \"cn=x,ou=h\" listed = member");
	PUT_ONE(genes, "", " command = \"/a\"", " command = \"/a one\"", " command = { \"/a\", \"/b **\" }");
	PUT_ONE(genes, "", "", " time = \"08:00-18:00\"", " time = { \"08:00-18:00\", \"20:00-22:00\" }");
	PUT_ONE(genes, "", "", " peer = local", " peer = { local, \"192.0.2.0/24\" }");
	put(genes, " }");
}

/* How approvals are given and used; most policies say nothing of it. */
static void put_use(struct genes *genes)
{
	PUT_ONE(genes, "", "", "", " self_approval = permit");
	PUT_ONE(genes, "", "", "", " signature = required");
	PUT_ONE(genes, "", "", "", " objections = 3m", " objections = 6m");
	PUT_ONE(genes, "", "", "", " uses = 2", " uses = any");
	PUT_ONE(genes, "", "", "", " ahead = 1h", " ahead = 2d");
	PUT_ONE(genes, "", "", "", "", " session = 1h", " session = 2h");
	PUT_ONE(genes, "", "", "", " remind = 1m", " lifetime = 6m");
	put_automatic(genes);
}

static void put_terms(struct genes *genes)
{
	PUT_ONE(genes, " permission = p", " permission = q");
	PUT_ONE(genes, "", "", " scope = x", " scope = \"x/%{v}\"", " scope = y");
	put_rule(genes, " approval one");
	put_rule(genes, " approval two");
	PUT_ONE(genes, "", " people = shared");
	PUT_ONE(genes, "", " reason = required");
	PUT_ONE(genes, "", " exposed_file = permit");
	PUT_ONE(genes, "", "", "", " mode = monitor", " mode = enforce");
	PUT_ONE(genes, "", "", " use_after = 2m");
	PUT_ONE(genes, "", " use_within = 4m");
	put_use(genes);
}

static void put_gate(struct genes *genes, const char *name)
{
	if (choose(genes, 4) == 0)
		return;
	put(genes, "gate ");
	put(genes, name);
	PUT_ONE(genes, " { service = sudo", " { service = sudo", " { service = login", " { service = { sudo, login }");
	PUT_ONE(genes, "", "", "", " host = one", " host = { one, two }", " netgroup = \"cn=n,ou=n\"");
	PUT_ONE(genes, "", " command = \"/a\"", " command = \"/a one\"", " command = \"/a %{v}\"",
		" command = \"/b **\"", " command = { \"/a %{v}\", \"/b one %{v}\" }",
		" command = { \"/b one %{v}\", \"/a %{v}\" }", " command = { \"/b %{v} *\", \"/b * %{v}\" }",
		" command = { \"/b * %{v}\", \"/b %{v} *\" }");
	PUT_ONE(genes, "", "", " time = \"08:00-18:00\"", " time = { \"08:00-18:00\", \"20:00-22:00\" }");
	PUT_ONE(genes, "", "", " peer = local", " peer = { local, \"192.0.2.0/24\" }");
	if (choose(genes, 4) == 0) {
		put(genes, " exempt some {");
		PUT_ONE(genes, " role = a scope = \"*\" }", " permission = q scope = x }",
			" person = \"uid=u0,ou=p\" }");
	}
	if (choose(genes, 3) == 0)
		put(genes, " deny = no");
	else
		put_terms(genes);
	put(genes, " }\n");
}

/* NULL: what these genes say is refused. */
static struct cs_policy *grow(struct genes *genes)
{
	static const char *const orders[][3] = {{"f", "g", "h"}, {"g", "f", "h"}, {"h", "g", "f"}, {"f", "h", "g"}};
	struct cs_policy *policy = NULL;
	size_t begin, order;

	genes->next = 0;
	cs_buf_init(&genes->text, 1u << 20);
	put(genes, "permission p { }\npermission q { }\n");
	PUT_ONE(genes, "", "service sudo { unmatched = permit }\n", "service sudo { unmatched = permit }\n");
	PUT_ONE(genes, "", "service login { unmatched = permit }\n");
	put_role(genes, "a", "b");
	put_role(genes, "b", "c");
	put_role(genes, "c", "");
	for (size_t i = 0; i < 4; i++) {
		static const char *const names[] = {"v", "w", "x", "y"};

		/* Each begins at a place of its own, so that one that changes does not change those after it. */
		genes->next = 11 + i * 7;
		put_assignment(genes, names[i]);
	}
	genes->next = 39;
	put_exclusive(genes, "d");
	genes->next = ORDER;
	order = choose(genes, 4);
	begin = genes->next;
	for (size_t i = 0; i < 3; i++) {
		genes->next = begin + (size_t)(orders[order][i][0] - 'f') * GATE_GENES;
		put_gate(genes, orders[order][i]);
	}
	cs_buf_put_u8(&genes->text, 0);
	assert_int_equal(cs_buf_error(&genes->text), 0);
	(void)cs_policy_parse((const char *)genes->text.data, "policy.conf", &policy, NULL);
	for (size_t i = 0; policy && i < cs_policy_paths(policy); i++)
		assert_int_equal(cs_policy_resolved(policy, i, cs_policy_path(policy, i)), 0);
	return policy;
}

/* --- Worlds ----------------------------------------------------------------------------------------------------- */

static const struct {
	const char *dn, *below, *cn;
} groups[GROUPS] = {{"cn=one,ou=g", "ou=g", "one"},
		    {"cn=two,ou=g", "ou=g", "two"},
		    {"cn=x,ou=h", "ou=h", "x"},
		    {"cn=y,ou=h", "ou=h", "y"}};

/* A directory: how each person is listed in each group, and what the groups say of themselves. */
struct world {
	bool member[PEOPLE][GROUPS], owner[PEOPLE][GROUPS];
	bool wg[GROUPS], old[GROUPS];
	bool in_netgroup;
};

static void make_world(struct world *world)
{
	for (size_t g = 0; g < GROUPS; g++) {
		world->wg[g] = draw(2);
		world->old[g] = draw(2);
		for (size_t i = 0; i < PEOPLE; i++) {
			world->member[i][g] = draw(2);
			world->owner[i][g] = draw(3) == 0;
		}
	}
	world->in_netgroup = draw(2);
}

/* What the directory says of one person, for the questions of one policy. */
struct person {
	struct cs_facts facts;
	struct cs_membership memberships[CS_MAX_QUERIES];
	struct cs_attribute attributes[CS_MAX_QUERIES][3];
	struct cs_unsure unsure[CS_MAX_QUERIES];
	char dn[32];
};

static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static bool lists(const struct world *world, size_t who, size_t group, const char *listed)
{
	return strcmp(listed, "owner") == 0 ? world->owner[who][group] : world->member[who][group];
}

static bool asked_about(const struct cs_group_query *query, size_t group)
{
	return strcmp(query->dn, query->where == CS_GROUP_AT ? groups[group].dn : groups[group].below) == 0;
}

static bool too_few(const struct world *world, const struct cs_group_query *query, size_t who)
{
	for (size_t g = 0; g < GROUPS; g++) {
		size_t n = 0;

		for (size_t i = 0; i < PEOPLE; i++)
			n += lists(world, i, g, query->listed);
		if (asked_about(query, g) && n < query->at_least &&
		    (query->where == CS_GROUP_AT || lists(world, who, g, query->listed)))
			return true;
	}
	return false;
}

static void ask(struct person *person, const struct world *world, const struct cs_policy *policy, size_t who)
{
	size_t n = 0;
	const struct cs_group_query *queries = cs_policy_queries(policy, &n);

	memset(person, 0, sizeof(*person));
	snprintf(person->dn, sizeof(person->dn), "uid=u%zu,ou=p", who);
	person->facts = (struct cs_facts){.known = CS_KNOWN_YES, .memberships = person->memberships};
	person->facts.person.id = person->facts.person.dn = person->dn;
	person->facts.unsure = person->unsure;
	for (size_t q = 0; q < n; q++) {
		if (too_few(world, &queries[q], who))
			person->unsure[person->facts.n_unsure++] = (struct cs_unsure){(uint32_t)q, NULL};
		for (size_t g = 0; g < GROUPS; g++) {
			size_t i = person->facts.n_memberships;

			if (!asked_about(&queries[q], g) || !lists(world, who, g, queries[q].listed))
				continue;
			person->attributes[i][0] = (struct cs_attribute){text("cn"), text(groups[g].cn)};
			person->attributes[i][1] = (struct cs_attribute){text("t"), text(world->wg[g] ? "wg" : "rg")};
			person->attributes[i][2] =
				(struct cs_attribute){text("s"), text(world->old[g] ? "old" : "new")};
			person->memberships[i] =
				(struct cs_membership){(uint32_t)q, text(groups[g].dn), person->attributes[i], 3};
			person->facts.n_memberships++;
		}
	}
}

/* What somebody does, and how. */
struct attempt {
	const char *service, *host, *command, *resolved, *peer, *words[3];
	uint64_t wall_ms;
	bool exposed, reason, is_signed;
	uint64_t used_after_ms;
	uint64_t elapsed_ms, ahead_ms, lasts_ms; /* since it was asked; how far ahead; of what it starts */
	uint32_t use;                            /* which use of the approval it is */
};

static void make_attempt(struct attempt *attempt)
{
	static const char *const services[] = {"sudo", "sudo", "login"}, *const hosts[] = {"one", "two", "three", ""};
	static const char *const paths[] = {"/a", "/b", "/c"}, *const words[] = {"one", "two", "-x", NULL};
	static const char *const peers[] = {"", "192.0.2.7", "198.51.100.1"};
	static const uint64_t hours[] = {7, 9, 21};

	*attempt = (struct attempt){.service = services[draw(3)], .host = hosts[draw(4)], .peer = peers[draw(3)]};
	attempt->command = paths[draw(3)];
	attempt->resolved = draw(4) == 0 ? paths[draw(3)] : attempt->command;
	for (size_t i = 0; i < 3; i++)
		attempt->words[i] = words[draw(4)];
	attempt->wall_ms = hours[draw(3)] * 3600 * 1000;
	attempt->exposed = draw(4) == 0;
	attempt->reason = draw(2);
	attempt->used_after_ms = (1 + draw(3) * 2) * 60 * 1000;
	attempt->is_signed = draw(2);
	attempt->elapsed_ms = draw(4) * 150 * 1000; /* none, 2.5, 5, 7.5 minutes */
	attempt->use = 1 + (uint32_t)(draw(3) == 0) * (1 + (uint32_t)draw(3));
	if (draw(3) == 0)
		attempt->ahead_ms = (1 + draw(2) * 23) * 3600 * 1000;
	attempt->lasts_ms = (1 + draw(3)) * 40 * 60 * 1000;
	if (strcmp(attempt->service, "login") == 0)
		attempt->command = attempt->resolved = "";
}

/* --- What is permitted ------------------------------------------------------------------------------------------ */

/* What is asked of one gate. */
struct asked {
	const struct cs_policy *policy;
	const struct cs_match *match;
	const struct world *world;
	const struct person *people;
	size_t who;
	const struct attempt *attempt;
};

static bool same_value(const struct world *world, size_t g, const char *attribute, const char *value)
{
	const char *has = strcasecmp(attribute, "cn") == 0  ? groups[g].cn
			  : strcasecmp(attribute, "t") == 0 ? (world->wg[g] ? "wg" : "rg")
							    : (world->old[g] ? "old" : "new");

	return !*attribute || strcasecmp(has, value) == 0;
}

static void list(const struct world *world, const struct cs_listing_query *query, bool ret_listed[PEOPLE])
{
	for (size_t g = 0; g < GROUPS; g++) {
		if (strcmp(query->dn, query->where == CS_GROUP_AT ? groups[g].dn : groups[g].below) != 0 ||
		    !same_value(world, g, query->attribute, query->value))
			continue;
		for (size_t i = 0; i < PEOPLE; i++)
			ret_listed[i] = ret_listed[i] || lists(world, i, g, query->listed);
	}
}

static int name_listed(void *arg, const char *dn)
{
	bool *listed = arg;

	listed[(size_t)(dn[5] - '0')] = true;
	return 0;
}

/* How many are listed or named for a rule, but for who asks. */
static uint32_t count_listed(const struct asked *asked, size_t rule)
{
	const struct cs_match *match = asked->match;
	struct cs_listing_query *queries = NULL;
	bool listed[PEOPLE] = {false};
	size_t n = 0;
	uint32_t count = 0;

	assert_int_equal(cs_policy_who(asked->policy, match->gate, rule, match->scope, &queries, &n), 0);
	for (size_t i = 0; i < n; i++) {
		list(asked->world, &queries[i], listed);
		cs_clear(&cs_listing_query_shape, &queries[i]);
	}
	free(queries);
	assert_int_equal(cs_policy_who_named(asked->policy, match->gate, rule, match->scope, name_listed, listed), 0);
	for (size_t i = 0; i < PEOPLE; i++)
		count += listed[i] && i != asked->who;
	return count;
}

static uint32_t wanted_of(const struct asked *asked, size_t rule)
{
	enum cs_quorum quorum = cs_gate_rule_quorum(asked->match->gate, rule);
	uint32_t n;

	if (quorum == CS_QUORUM_COUNT)
		return cs_gate_rule_count(asked->match->gate, rule);
	n = count_listed(asked, rule);
	n = quorum == CS_QUORUM_ALL ? n : n / 2 + 1;
	return n > 0 ? n : 1;
}

/* The rules of one way through a gate. */
struct way {
	const struct asked *asked;
	uint8_t block[CS_MAX_RULES];
	bool needed[2], may[2][PEOPLE];
	uint32_t wanted[2];
};

/* Can the rules be filled, each with as many people as it asks for, and those of one block with different ones? */
static bool fill(const struct way *way, size_t rule, unsigned taken, size_t from, uint32_t have)
{
	size_t n_rules = cs_gate_rules(way->asked->match->gate);

	if (rule == n_rules)
		return true;
	if (!way->needed[rule] || have == way->wanted[rule]) {
		bool same = rule + 1 < n_rules && way->block[rule + 1] == way->block[rule];

		return fill(way, rule + 1, same ? taken : 0, 0, 0);
	}
	for (size_t i = from; i < PEOPLE; i++) {
		if (way->may[rule][i] && !(taken & (1u << i)) && fill(way, rule, taken | (1u << i), i + 1, have + 1))
			return true;
	}
	return false;
}

/* Of the alternatives that of this rule, or none where there are none. */
static bool agreed_by(struct way *way, const char *alternative)
{
	const struct cs_gate *gate = way->asked->match->gate;

	for (size_t rule = 0; rule < cs_gate_rules(gate); rule++) {
		const char *word = cs_gate_rule_alternative(gate, rule);

		way->needed[rule] = !*word || strcmp(word, alternative) == 0;
	}
	return fill(way, 0, 0, 0, 0);
}

static bool agreed(const struct asked *asked)
{
	const struct cs_gate *gate = asked->match->gate;
	struct way way = {.asked = asked};
	bool alternatives = false, yes = false;

	assert_true(cs_gate_rules(gate) <= 2);
	cs_gate_blocks(asked->policy, gate, way.block);
	for (size_t rule = 0; rule < cs_gate_rules(gate); rule++) {
		way.wanted[rule] = wanted_of(asked, rule);
		for (size_t i = 0; i < PEOPLE; i++)
			way.may[rule][i] = (i != asked->who || cs_gate_takes_self_approval(gate)) &&
					   (asked->attempt->is_signed || !cs_gate_needs_signature(gate)) &&
					   asked->attempt->elapsed_ms >= cs_gate_rule_after_ms(gate, rule) &&
					   cs_policy_may_fill(asked->policy, &asked->people[i].facts, gate, rule,
							      asked->match->scope, NULL) == 1;
	}
	for (size_t rule = 0; rule < cs_gate_rules(gate); rule++) {
		const char *word = cs_gate_rule_alternative(gate, rule);

		alternatives = alternatives || *word;
		yes = yes || (*word && agreed_by(&way, word));
	}
	return alternatives ? yes : agreed_by(&way, "");
}

static bool unopposed(const struct asked *asked)
{
	const struct cs_gate *gate = asked->match->gate;

	if (cs_gate_objection_ms(gate) == 0 || asked->attempt->elapsed_ms < cs_gate_objection_ms(gate))
		return false;
	for (size_t rule = 0; rule < cs_gate_rules(gate); rule++) {
		if (count_listed(asked, rule) == 0)
			return false;
	}
	return true;
}

/* What the gate says of an approval's use. */
static bool in_time(const struct cs_gate *gate, const struct attempt *attempt)
{
	uint64_t session = cs_gate_session_ms(gate);

	return attempt->used_after_ms >= cs_gate_use_after_ms(gate) &&
	       attempt->used_after_ms <= cs_gate_use_within_ms(gate) && attempt->elapsed_ms <= cs_gate_lifetime_ms(gate) &&
	       attempt->use <= cs_gate_uses(gate) && attempt->ahead_ms <= cs_gate_ahead_ms(gate) &&
	       (session == 0 || attempt->lasts_ms <= session);
}

static bool passes(const struct asked *asked, const struct cs_action *action)
{
	const struct cs_policy *policy = asked->policy;
	const struct attempt *attempt = asked->attempt;
	const struct cs_gate *gate = asked->match->gate;
	const struct cs_facts *facts = &asked->people[asked->who].facts;
	const char *scope = asked->match->scope;

	if (cs_policy_has_right(policy, facts, cs_gate_permission(gate), scope, NULL) != 1 ||
	    (attempt->exposed && !cs_gate_takes_exposed(gate)) || (cs_gate_needs_reason(gate) && !attempt->reason))
		return false;
	if (cs_gate_rules(gate) == 0 || cs_policy_exempt(policy, facts, gate, scope, NULL) == 1 ||
	    cs_policy_automatic(policy, facts, gate, scope, action, attempt->wall_ms, NULL) == 1)
		return true;
	return in_time(gate, attempt) && (agreed(asked) || unopposed(asked));
}

static bool permitted(const struct cs_policy *policy, const struct world *world, const struct person *people,
		      size_t who, const struct attempt *attempt)
{
	char *argv[4] = {text(attempt->command)}, *hosts[] = {text("one")};
	struct cs_action action = {.service = text(attempt->service), .host = text(attempt->host), .argv = argv};
	struct cs_listing listings[2] = {{.known = CS_KNOWN_YES, .dns = hosts, .n_dns = world->in_netgroup}};
	struct cs_circumstances now = {
		.action = &action, .wall_ms = attempt->wall_ms, .listings = listings, .n_listings = 1};
	struct cs_match match = {0};
	bool yes;

	action.command = text(attempt->command);
	action.resolved = text(attempt->resolved);
	action.peer = text(attempt->peer);
	for (action.n_argv = *attempt->command ? 1 : 0; action.n_argv > 0 && action.n_argv < 4; action.n_argv++) {
		if (!attempt->words[action.n_argv - 1])
			break;
		argv[action.n_argv] = text(attempt->words[action.n_argv - 1]);
	}
	now.person = &people[who].facts;
	assert_int_equal(cs_policy_match(policy, &now, &match), 0);
	yes = match.monitored || (match.kind == CS_MATCH_NONE && match.unmatched_permits);
	if (match.kind == CS_MATCH_GATE && !match.monitored)
		yes = passes(&(struct asked){policy, &match, world, people, who, attempt}, &action);
	cs_match_clear(&match);
	return yes;
}

/* --- Comparing -------------------------------------------------------------------------------------------------- */

struct pair {
	struct genes genes[2];
	struct cs_policy *policies[2];
	bool more, less; /* somebody may do it after, or before, only */
	size_t tried, yes;
};

static void try_world(struct pair *pair)
{
	static struct person people[2][PEOPLE];
	struct attempt attempt;
	struct world world;

	make_world(&world);
	for (size_t p = 0; p < 2; p++) {
		for (size_t i = 0; i < PEOPLE; i++)
			ask(&people[p][i], &world, pair->policies[p], i);
	}
	for (size_t i = 0; i < 12; i++) {
		bool may[2];
		size_t who = draw(PEOPLE);

		make_attempt(&attempt);
		for (size_t p = 0; p < 2; p++)
			may[p] = permitted(pair->policies[p], &world, people[p], who, &attempt);
		pair->more = pair->more || (may[1] && !may[0]);
		pair->less = pair->less || (may[0] && !may[1]);
		pair->tried++;
		pair->yes += may[0];
	}
}

/* Rights by themselves: every permission in every scope, for every person. */
static void try_rights(struct pair *pair)
{
	static const char *const scopes[] = {"*", "x", "x/one", "x/two", "x/one/wg", "y"};
	static struct person people[2];
	struct world world;

	make_world(&world);
	for (size_t who = 0; who < PEOPLE; who++) {
		for (size_t p = 0; p < 2; p++)
			ask(&people[p], &world, pair->policies[p], who);
		for (size_t i = 0; i < CS_COUNT(scopes) * 2; i++) {
			const char *permission = i % 2 ? "p" : "q";
			int had = cs_policy_has_right(pair->policies[0], &people[0].facts, permission, scopes[i / 2],
						      NULL);
			int has = cs_policy_has_right(pair->policies[1], &people[1].facts, permission, scopes[i / 2],
						      NULL);

			assert_true((had >= 0 || had == CS_EDOUBT) && (has >= 0 || has == CS_EDOUBT));
			pair->more = pair->more || (has == 1 && had != 1);
			pair->less = pair->less || (had == 1 && has != 1);
		}
	}
}

static void fail_pair(const struct pair *pair, const struct cs_change *changes, size_t n, const char *why)
{
	for (size_t i = 0; i < n; i++)
		print_message("%s|%s|%s\n", cs_name_of(cs_effect_names, (int)changes[i].effect), changes[i].what,
			      changes[i].text);
	print_message("%s", (const char *)pair->genes[0].text.data);
	print_message("---->\n%s", (const char *)pair->genes[1].text.data);
	fail_msg("%s", why);
}

struct tally {
	size_t pairs, more, less, weaker, stronger, same, yes, needlessly;
};

static void compare_pair(struct pair *pair, struct tally *tally)
{
	struct cs_change *changes = NULL;
	size_t n = 0;
	enum cs_effect effect;

	for (size_t i = 0; i < WORLDS; i++) {
		try_world(pair);
		try_rights(pair);
	}
	assert_int_equal(cs_policy_diff(pair->policies[0], pair->policies[1], &changes, &n), 0);
	effect = cs_changes_effect(changes, n);
	if (pair->more && effect != CS_EFFECT_WEAKER)
		fail_pair(pair, changes, n, "somebody may do more, and it is not called weaker");
	if (pair->less && effect == CS_EFFECT_NONE)
		fail_pair(pair, changes, n, "somebody may do less, and it is called the same");
	tally->pairs++;
	tally->more += pair->more;
	tally->less += pair->less && !pair->more;
	tally->weaker += effect == CS_EFFECT_WEAKER;
	tally->stronger += effect == CS_EFFECT_STRONGER;
	tally->same += effect == CS_EFFECT_NONE;
	tally->yes += pair->yes > 0;
	tally->needlessly += effect == CS_EFFECT_WEAKER && !pair->more;
	cs_changes_free(&changes, &n);
}

/* One that says something; often the order of the gates, which is hard to hit. */
static size_t draw_used(const struct genes *genes)
{
	size_t i = draw(8) == 0 ? ORDER : draw(GENES);

	while (!genes->used[i])
		i = draw(GENES);
	return i;
}

/* Genes that are accepted, or false. */
static bool make_pair(struct pair *pair)
{
	for (size_t i = 0; i < GENES; i++)
		pair->genes[0].at[i] = (uint8_t)draw(256);
	pair->policies[0] = grow(&pair->genes[0]);
	if (!pair->policies[0])
		return false;
	memcpy(pair->genes[1].at, pair->genes[0].at, GENES);
	for (size_t n = 1 + draw(3); n > 0; n--)
		pair->genes[1].at[draw_used(&pair->genes[0])] = (uint8_t)draw(256);
	pair->policies[1] = grow(&pair->genes[1]);
	return pair->policies[1] != NULL;
}

static void test_policy_diff_worlds(void **state)
{
	const char *seed = getenv("DIFF_SEED"), *pairs = getenv("DIFF_PAIRS");
	size_t wanted = pairs ? strtoul(pairs, NULL, 10) : PAIRS;
	struct tally tally = {0};

	(void)state;
	draw_state = seed ? strtoul(seed, NULL, 10) : 0x636f756e74657273;
	while (tally.pairs < wanted) {
		struct pair pair = {0};

		if (make_pair(&pair))
			compare_pair(&pair, &tally);
		for (size_t i = 0; i < 2; i++) {
			cs_policy_free(&pair.policies[i]);
			cs_buf_clear(&pair.genes[i].text);
		}
	}
	print_message(
		"%zu pairs: %zu more, %zu only less; called %zu weaker (%zu of them without a witness), %zu stronger, "
		"%zu the same; %zu permit something\n",
		tally.pairs, tally.more, tally.less, tally.weaker, tally.needlessly, tally.stronger, tally.same,
		tally.yes);
	/* The worlds tell something, and so does the comparison. */
	assert_true(tally.yes > tally.pairs / 3);
	assert_true(tally.more > tally.pairs / 20 && tally.less > tally.pairs / 40);
	assert_true(tally.stronger > tally.pairs / 20 && tally.same > tally.pairs / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_diff_worlds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
