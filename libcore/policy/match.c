/* SPDX-License-Identifier: Apache-2.0 */
/* Which gate does an action meet? */
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How an action meets what a gate says of commands. */
enum meeting {
	MEETS_NOT,
	MEETS_PATH, /* a command of the gate has this path, but other arguments */
	MEETS
};

/* Is it so? In this order: of several things of which one is enough, the greatest answer counts. */
enum told {
	TOLD_NO,
	TOLD_DOUBT, /* the directory was asked and could not tell */
	TOLD_ASK,   /* the directory was not asked yet */
	TOLD_YES
};

/* A gate, the command of it that was met, and whether it is certain that it counts. */
struct met {
	const struct cs_gate *gate;
	const struct command *command; /* NULL for a gate without commands */
	enum told told;
	const char *doubt; /* of a deny gate that denies because something could not be told: what; static */
};

enum { FAILED_MAX = 4 }; /* gates outside their conditions that a denial names */

/* A walk through the gates, and what was found: the first of each kind. */
struct search {
	const struct cs_policy *policy;
	bool monitors; /* it looks at the gates that only monitor; else at all others */
	const struct cs_circumstances *now;
	char host[CS_MAX_NAME + 1];                        /* in lower case; "": it could not be told */
	uint64_t netgroups[POLICY_MAX_NETGROUPS / 64 + 1]; /* bits: those that have a listing, in its order */
	struct met denies;                                 /* for certain */
	struct met may_deny;
	struct met guards;                        /* for certain */
	struct met may_guard;                     /* before the one that guards for certain */
	const struct cs_gate *failed[FAILED_MAX]; /* would guard for certain, if their conditions held */
	size_t n_failed;
	struct met names;    /* for certain: this path with other arguments */
	struct met may_name; /* no more than that, or outside its conditions */
	struct met may_fail; /* the latter, and the directory was not asked yet */
};

static const char *text_of(const char *s)
{
	return s ? s : "";
}

static void lower_host(const char *host, char ret_host[CS_MAX_NAME + 1])
{
	size_t len = strnlen(host, CS_MAX_NAME + 1);

	for (size_t i = 0; len <= CS_MAX_NAME && i < len; i++)
		ret_host[i] = (char)tolower((unsigned char)host[i]);
}

/* The netgroups of the gates on one service. */
static void netgroups_of(const struct cs_policy *policy, const char *service, uint64_t *bits)
{
	for (size_t i = 0; policy->n_netgroups > 0 && i < policy->n_gates; i++) {
		const struct cs_gate *gate = &policy->gates[i];

		if (gate->n_netgroups == 0 || cs_strv_has(gate->services, gate->n_services, service) != 1)
			continue;
		for (size_t k = 0; k < gate->n_netgroups; k++)
			bit_set(bits, gate->netgroups[k]);
	}
}

static const struct cs_listing *listing_of(const struct search *search, size_t netgroup)
{
	size_t at = 0;

	for (size_t i = 0; i < netgroup; i++)
		at += bit_has(search->netgroups, i);
	return at < search->now->n_listings ? &search->now->listings[at] : NULL;
}

/* Hosts are written with their domain or without it, here and there; without it the first part decides. */
static bool same_host(const char *a, const char *b)
{
	size_t a_len = strcspn(a, "."), b_len = strcspn(b, ".");

	if (a[a_len] && b[b_len])
		return strcasecmp(a, b) == 0;
	return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

static enum told in_netgroup(const struct search *search, size_t netgroup)
{
	const struct cs_listing *listing;

	if (!search->now->listings)
		return TOLD_ASK;
	listing = listing_of(search, netgroup);
	/* A netgroup that is not there, or that may not be read, was meant by who wrote the gate: nobody leaves the
	 * gate by that. */
	if (!listing || listing->known != CS_KNOWN_YES)
		return TOLD_DOUBT;
	for (size_t i = 0; i < listing->n_dns; i++) {
		const char *host = text_of(listing->dns[i]);

		if (strcmp(host, "*") == 0 || same_host(host, search->host))
			return TOLD_YES;
	}
	return TOLD_NO;
}

/* A host whose name could not be told meets every gate: it must not leave one by that. */
static enum told means_host(const struct search *search, const struct cs_gate *gate)
{
	enum told best = TOLD_NO;

	if ((gate->n_hosts == 0 && gate->n_netgroups == 0) || !*search->host)
		return TOLD_YES;
	for (size_t i = 0; i < gate->n_hosts; i++) {
		if (cs_glob(gate->hosts[i], search->host) == 1)
			return TOLD_YES;
	}
	for (size_t i = 0; i < gate->n_netgroups && best != TOLD_YES; i++) {
		enum told told = in_netgroup(search, gate->netgroups[i]);

		best = told > best ? told : best;
	}
	return best;
}

static bool same_path(const struct path *path, const char *s)
{
	return *s && (strcmp(path->name, s) == 0 || strcmp(path->resolved, s) == 0);
}

/* What is not spelled plainly and was not resolved could be any file. An application's action may have a plain name;
 * what sudo runs is a file, so a name there is doubtful like any other spelling that is no path. */
static bool path_is_doubtful(const struct cs_action *action)
{
	const char *command = text_of(action->command);

	if (!*command || *text_of(action->resolved) || cs_path_normal(command) == 1)
		return false;
	return cs_service_runs_files(text_of(action->service)) || cs_is_word(command, CS_MAX_NAME) != 1;
}

static bool same_name(const struct cs_policy *policy, const struct command *command, const struct cs_action *action)
{
	const struct path *path;

	if (!cs_command_is_path(command))
		return strcmp(command->name, text_of(action->command)) == 0;
	path = &policy->paths[command->path];
	return same_path(path, text_of(action->command)) || same_path(path, text_of(action->resolved));
}

static enum meeting meets_command(const struct cs_policy *policy, const struct command *command,
				  const struct cs_action *action)
{
	if (!same_name(policy, command, action))
		return path_is_doubtful(action) ? MEETS_PATH : MEETS_NOT;
	return cs_command_meets(command, action) == 1 ? MEETS : MEETS_PATH;
}

bool cs_policy_command_meets(const struct cs_policy *policy, const struct command *command,
			     const struct cs_action *action)
{
	return meets_command(policy, command, action) == MEETS;
}

/* The first command that meets the action decides. */
static enum meeting meets_gate(const struct cs_policy *policy, const struct cs_gate *gate,
			       const struct cs_action *action, const struct command **ret_command)
{
	enum meeting best = MEETS_NOT;

	if (cs_strv_has(gate->services, gate->n_services, text_of(action->service)) != 1)
		return MEETS_NOT;
	if (gate->classes != 0 && (gate->classes & 1u << cs_action_class(action)) == 0)
		return path_is_doubtful(action) ? MEETS_PATH : MEETS_NOT;
	if (gate->n_commands == 0)
		return MEETS;
	for (size_t i = 0; i < gate->n_commands && best != MEETS; i++) {
		enum meeting meeting = meets_command(policy, &gate->commands[i], action);

		if (meeting > best) {
			best = meeting;
			*ret_command = &gate->commands[i];
		}
	}
	return best;
}

/* --- Conditions ------------------------------------------------------------------------------------------------------
 */

/* TOLD_DOUBT for an address that cannot be read. A gate that opens something takes it for outside its range, and one
 * that denies for inside: whatever comes from where could not be told, it is denied. */
static enum told in_range(const struct cs_gate *gate, const struct cs_action *action)
{
	int r = cs_limits_in_range(&gate->limits, action);

	return r == 1 ? TOLD_YES : r == 0 ? TOLD_NO : TOLD_DOUBT;
}

/* --- What was found --------------------------------------------------------------------------------------------------
 */

/* Where the names of a gate's scope come from. */
struct captures {
	const struct command *command;
	const struct cs_action *action;
};

static const char *captured(void *arg, const char *name)
{
	const struct captures *captures = arg;

	if (strcmp(name, "host") == 0)
		return captures->action->host;
	return captures->command ? cs_command_captured(captures->command, captures->action, name) : NULL;
}

static int denied_by(const struct met *met, struct cs_match *match)
{
	match->kind = CS_MATCH_DENY;
	match->gate = met->gate;
	return cs_format(&match->text, met->doubt ? "%s (%s)" : "%s%s", met->gate->deny, met->doubt ? met->doubt : "");
}

static int not_a_word(const struct cs_gate *gate, const char *name, struct cs_match *match)
{
	match->kind = CS_MATCH_ARGUMENTS;
	match->gate = gate;
	return cs_format(&match->text,
			 "gate %s: the value of %s must be one word of letters, digits, '.', '_' and '-', not "
			 "beginning with '-' or '.'",
			 gate->name, name);
}

static int guarded_by(const struct met *met, const struct cs_action *action, struct cs_match *match)
{
	const struct cs_gate *gate = met->gate;
	const struct command *command = met->command;
	struct captures captures = {command, action};
	char scope[CS_MAX_SCOPE + 1];
	const char *bad = command ? cs_command_bad_capture(command, action) : NULL;

	if (bad)
		return not_a_word(gate, bad, match);
	if (cs_scope_fill(&gate->scope, captured, &captures, scope) < 0)
		return not_a_word(
			gate, cs_scope_uses(&gate->scope, "host") ? "the host's name or an argument" : "an argument",
			match);
	match->scope = cs_dup(scope);
	if (!match->scope)
		return CS_ENOMEM;
	match->kind = CS_MATCH_GATE;
	match->gate = gate;
	return 0;
}

static int other_arguments(const struct met *met, const struct cs_action *action, struct cs_match *match)
{
	const struct cs_gate *gate = met->gate;

	match->kind = CS_MATCH_ARGUMENTS;
	match->gate = gate;
	if (path_is_doubtful(action))
		return cs_format(&match->text,
				 "it could not be told which file this command is; name it by its plain path");
	if (gate->deny)
		return cs_format(&match->text,
				 "gate %s names this command, and no gate permits it with these arguments", gate->name);
	return cs_format(&match->text, "gate %s guards this command, but not with these arguments; it takes: %s",
			 gate->name, met->command->text);
}

static bool unmatched_permits(const struct cs_policy *policy, const char *service)
{
	for (size_t i = 0; i < policy->n_services; i++) {
		if (strcmp(policy->services[i].name, service) == 0)
			return policy->services[i].unmatched_permits;
	}
	return false;
}

/* Appends "only Mon-Fri 08:00-18:00 UTC or Sat" or "only from 192.0.2.0/24". */
static void put_only(struct cs_buf *out, const char *before, char *const *texts, size_t n,
		     const struct cs_window *times)
{
	cs_buf_put(out, before, strlen(before));
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			cs_buf_put(out, " or ", 4);
		cs_buf_put(out, texts[i], strlen(texts[i]));
		if (times && !times[i].dated && times[i].offset_min == 0)
			cs_buf_put(out, " UTC", 4);
	}
}

static void put_failed(struct cs_buf *out, const struct search *search, const struct cs_gate *gate)
{
	static const char gate_is[] = "gate ", guards[] = " guards this, but only",
			  unknown[] = ", and it could not be told where this comes from";
	bool in = cs_limits_in_time(&gate->limits, search->now->wall_ms);
	enum told near = in_range(gate, search->now->action);

	if (out->len > 0)
		cs_buf_put(out, "; ", 2);
	cs_buf_put(out, gate_is, strlen(gate_is));
	cs_buf_put(out, gate->name, strlen(gate->name));
	cs_buf_put(out, guards, strlen(guards));
	if (!in)
		put_only(out, " ", gate->limits.time_texts, gate->limits.n_times, gate->limits.times);
	if (near != TOLD_YES)
		put_only(out, in ? " from " : ", and only from ", gate->limits.peer_texts, gate->limits.n_peers, NULL);
	if (near == TOLD_DOUBT)
		cs_buf_put(out, unknown, strlen(unknown));
}

static int outside_conditions(const struct search *search, struct cs_match *match)
{
	struct cs_buf text;
	int r;

	cs_buf_init(&text, 64u * 1024);
	for (size_t i = 0; i < search->n_failed; i++)
		put_failed(&text, search, search->failed[i]);
	cs_buf_put_u8(&text, 0);
	r = cs_buf_error(&text);
	match->kind = CS_MATCH_CONDITION;
	match->gate = search->failed[0];
	if (r == 0)
		r = cs_set(&match->text, (const char *)text.data);
	cs_buf_clear(&text);
	return r < 0 ? CS_ENOMEM : 0;
}

/* What could not be told of a gate that matters. */
static int not_told(const struct met *met, struct cs_match *match)
{
	if (met->told == TOLD_ASK) {
		match->kind = CS_MATCH_ASK;
		return 0;
	}
	match->kind = CS_MATCH_DOUBT;
	match->gate = met->gate;
	return cs_format(
		&match->text,
		"gate %s guards the hosts of a netgroup, and the directory could not tell whether this host is one "
		"of them",
		met->gate->name);
}

/* --- The search ------------------------------------------------------------------------------------------------------
 */

static void keep_first(struct met *first, const struct met *met)
{
	if (!first->gate)
		*first = *met;
}

/* Exempt people are not denied; doubt exempts nobody. 0, CS_ENOMEM. */
static int look_for_exemption(const struct search *search, struct met *met)
{
	int r;

	if (met->gate->n_exempts == 0)
		return 0;
	if (!search->now->person) {
		met->told = TOLD_ASK;
		return 0;
	}
	r = cs_policy_exempt(search->policy, search->now->person, met->gate, NULL, NULL);
	if (r == 1)
		met->told = TOLD_NO;
	else if (r == CS_EDOUBT)
		met->doubt = "it could not be told whether you are exempt";
	return r == CS_ENOMEM ? r : 0;
}

/* Outside its conditions, and for whom it exempts, a deny gate is as if it were not there. */
static int look_at_denial(struct search *search, struct met *met, enum meeting meeting)
{
	enum told near = in_range(met->gate, search->now->action);
	int r;

	if (near == TOLD_NO || !cs_limits_in_time(&met->gate->limits, search->now->wall_ms))
		return 0;
	if (meeting == MEETS_PATH) {
		keep_first(met->told == TOLD_YES ? &search->names : &search->may_name, met);
		return 0;
	}
	if (near == TOLD_DOUBT)
		met->doubt = "it could not be told where this comes from";
	r = look_for_exemption(search, met);
	if (r == 0 && met->told != TOLD_NO)
		keep_first(met->told == TOLD_YES ? &search->denies : &search->may_deny, met);
	return r;
}

/* What a gate with terms takes tells more than that another denies something else. */
static void keep_naming(struct met *first, const struct met *met)
{
	if (!first->gate || first->gate->deny)
		*first = *met;
}

static void keep_outside(struct search *search, const struct met *met)
{
	keep_naming(&search->may_name, met);
	if (met->told == TOLD_ASK)
		keep_first(&search->may_fail, met);
}

static void look_at_terms(struct search *search, const struct met *met, enum meeting meeting)
{
	bool sure = met->told == TOLD_YES;
	bool holds = in_range(met->gate, search->now->action) == TOLD_YES &&
		     cs_limits_in_time(&met->gate->limits, search->now->wall_ms);

	if (meeting == MEETS_PATH)
		keep_naming(sure ? &search->names : &search->may_name, met);
	else if (!holds && !sure)
		keep_outside(search, met);
	else if (!holds && search->n_failed < FAILED_MAX)
		search->failed[search->n_failed++] = met->gate;
	else if (holds && !search->guards.gate)
		keep_first(sure ? &search->guards : &search->may_guard, met);
}

/* Walks until a gate denies for certain. 0, CS_ENOMEM. */
static int look(struct search *search)
{
	const struct cs_policy *policy = search->policy;
	int r = 0;

	for (size_t i = 0; r == 0 && !search->denies.gate && i < policy->n_gates; i++) {
		struct met met = {.gate = &policy->gates[i]};
		enum meeting meeting = MEETS_NOT;

		if (met.gate->monitors == search->monitors)
			meeting = meets_gate(policy, met.gate, search->now->action, &met.command);
		if (meeting != MEETS_NOT)
			met.told = means_host(search, met.gate);
		if (met.told == TOLD_NO)
			continue;
		if (met.gate->deny)
			r = look_at_denial(search, &met, meeting);
		else
			look_at_terms(search, &met, meeting);
	}
	return r;
}

/* The gate for which the directory has to be asked, or could not tell; NULL where that would change nothing. */
static const struct met *open_question(const struct search *search)
{
	bool denied = !search->guards.gate && !search->may_guard.gate && (search->n_failed > 0 || search->names.gate);

	if (search->may_deny.gate && !denied && (search->may_deny.told == TOLD_ASK || !search->may_guard.gate))
		return &search->may_deny;
	if (search->may_guard.gate)
		return &search->may_guard;
	return search->may_name.gate && !search->guards.gate && !denied ? &search->may_name : NULL;
}

static int answer(const struct search *search, struct cs_match *match)
{
	const struct cs_action *action = search->now->action;
	const struct met *open = open_question(search);

	if (search->denies.gate)
		return denied_by(&search->denies, match);
	if (open)
		return not_told(open, match);
	if (search->guards.gate)
		return guarded_by(&search->guards, action, match);
	if (search->n_failed > 0)
		return outside_conditions(search, match);
	if (search->names.gate)
		return other_arguments(&search->names, action, match);
	match->unmatched_permits = unmatched_permits(search->policy, text_of(action->service));
	return 0;
}

/* --- Gates that only monitor -----------------------------------------------------------------------------------------
 */

/* One of them guards it for certain. */
static bool takes_it(const struct search *search)
{
	return search->guards.gate || search->n_failed > 0;
}

/* Or will, as soon as the directory has told. */
static bool may_take_it(const struct search *search)
{
	return (search->may_guard.gate && search->may_guard.told == TOLD_ASK) || search->may_fail.gate;
}

/* That a deny gate denies it with other arguments says nothing where another gate takes it as it is, or may do so. */
static void drop_naming(struct search *search, const struct search *monitoring)
{
	if (!takes_it(monitoring) && !may_take_it(monitoring))
		return;
	if (search->names.gate && search->names.gate->deny)
		search->names = (struct met){0};
	if (search->may_name.gate && search->may_name.gate->deny)
		search->may_name = (struct met){0};
}

/* Nothing but such gates has a say, and what the service denies by itself stays denied unless one of them surely guards
 * it. */
static bool only_monitored(const struct search *search, const struct cs_match *match)
{
	return match->kind != CS_MATCH_NONE && match->kind != CS_MATCH_ASK &&
	       (takes_it(search) || unmatched_permits(search->policy, text_of(search->now->action->service)));
}

/* The gates that enforce, and behind them those that monitor. 0, CS_ENOMEM. */
static int look_at_all(struct search *search, struct cs_match *match)
{
	struct search monitoring = *search;
	int r;

	monitoring.monitors = true;
	r = look(&monitoring);
	if (r == 0)
		r = look(search);
	if (r == 0) {
		drop_naming(search, &monitoring);
		r = answer(search, match);
	}
	if (r < 0 || match->kind != CS_MATCH_NONE)
		return r;
	*match = (struct cs_match){0};
	r = answer(&monitoring, match);
	match->monitored = r == 0 && only_monitored(&monitoring, match);
	if (r == 0 && !match->monitored && match->kind != CS_MATCH_NONE && may_take_it(&monitoring)) {
		cs_match_clear(match);
		*match = (struct cs_match){.kind = CS_MATCH_ASK};
	}
	return r;
}

int cs_policy_match(const struct cs_policy *policy, const struct cs_circumstances *circumstances,
		    struct cs_match *ret_match)
{
	struct search search = {.policy = policy, .now = circumstances};
	struct cs_match match = {0};
	int r;

	lower_host(text_of(circumstances->action->host), search.host);
	netgroups_of(policy, text_of(circumstances->action->service), search.netgroups);
	r = look_at_all(&search, &match);
	if (match.kind != CS_MATCH_GATE && match.kind != CS_MATCH_DENY && !match.monitored)
		match.gate = NULL; /* whom it could be is in the text */
	if (r == 0)
		*ret_match = match;
	else
		cs_match_clear(&match);
	return r;
}

static int add_query(const char *dn, struct cs_listing_query **queries, size_t *n_queries)
{
	struct cs_listing_query *more = reallocarray(*queries, *n_queries + 1, sizeof(*more));
	struct cs_listing_query *query;

	if (!more)
		return CS_ENOMEM;
	*queries = more;
	query = &more[*n_queries];
	*query = (struct cs_listing_query){.where = CS_NETGROUP};
	query->dn = cs_dup(dn);
	query->listed = cs_dup("nisNetgroupTriple");
	query->attribute = cs_dup("");
	query->value = cs_dup("");
	if (!query->dn || !query->listed || !query->attribute || !query->value) {
		cs_clear(&cs_listing_query_shape, query);
		return CS_ENOMEM;
	}
	++*n_queries;
	return 0;
}

int cs_policy_match_needs(const struct cs_policy *policy, const struct cs_action *action,
			  struct cs_listing_query **queries, size_t *n_queries)
{
	uint64_t bits[POLICY_MAX_NETGROUPS / 64 + 1] = {0};
	int r = 0;

	netgroups_of(policy, text_of(action->service), bits);
	for (size_t i = 0; r == 0 && i < policy->n_netgroups; i++) {
		if (bit_has(bits, i))
			r = add_query(policy->netgroups[i], queries, n_queries);
	}
	return r;
}

void cs_match_clear(struct cs_match *match)
{
	if (!match)
		return;
	free(match->scope);
	free(match->text);
	*match = (struct cs_match){0};
}
