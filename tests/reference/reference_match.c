/* SPDX-License-Identifier: Apache-2.0 */
/* Gates: which one an action meets. */
#include "reference_scope.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- When --- */

static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static int day_number(const char *text)
{
	for (int i = 0; i < 7; i++)
		if (strncmp(text, days[i], 3) == 0)
			return i;
	return -1;
}

static int minutes(const char *hh_mm)
{
	return atoi(hh_mm) * 60 + atoi(hh_mm + 3);
}

/* "+02:00", "-05:30", "Z" or nothing, in minutes. */
static int offset(const char *text)
{
	if (*text != '+' && *text != '-')
		return 0;
	return (*text == '-' ? -1 : 1) * minutes(text + 1);
}

/* "2026-12-20T00:00Z" in seconds. */
static int64_t moment(const char *text)
{
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M", &tm);

	return (int64_t)timegm(&tm) - offset(rest) * 60;
}

/* Is this day one of "Mon-Fri", "Sat,Sun", "Mon-Wed,Fri"? */
static bool day_is_in(const char *list, int day)
{
	int from = day_number(list), until = list[3] == '-' ? day_number(list + 4) : from;
	size_t n = strcspn(list, ", ");

	for (int d = from;; d = (d + 1) % 7) {
		if (d == day)
			return true;
		if (d == until)
			break;
	}
	return list[n] == ',' && day_is_in(list + n + 1, day);
}

/* Does a window that begins on this day, at this many minutes before the moment, hold? */
static bool begun(const char *window, int day, int minute)
{
	const char *hours = day_number(window) >= 0 ? strchr(window, ' ') : window;
	int from = 0, until = 24 * 60;

	if (day_number(window) >= 0 && !day_is_in(window, day))
		return false;
	hours = hours && *hours == ' ' ? hours + 1 : hours;
	if (hours && *hours >= '0' && *hours <= '9') {
		from = minutes(hours);
		until = minutes(hours + 6);
		until += until <= from ? 24 * 60 : 0;
	}
	return from <= minute && minute < until;
}

static int window_offset(const char *window)
{
	const char *last = strrchr(window, ' ');

	return last ? offset(last + 1) : 0;
}

static bool window_holds(const char *window, uint64_t wall_ms)
{
	time_t local = (time_t)(wall_ms / 1000) + window_offset(window) * 60;
	struct tm tm = {0};

	if (strchr(window, 'T') && strchr(window, '/'))
		return moment(window) * 1000 <= (int64_t)wall_ms &&
		       (int64_t)wall_ms < moment(strchr(window, '/') + 1) * 1000;
	(void)gmtime_r(&local, &tm);
	return begun(window, tm.tm_wday, tm.tm_hour * 60 + tm.tm_min) ||
	       begun(window, (tm.tm_wday + 6) % 7, tm.tm_hour * 60 + tm.tm_min + 24 * 60);
}

static bool times_hold(const struct ref_list *times, uint64_t wall_ms)
{
	for (size_t i = 0; i < times->n; i++)
		if (window_holds(times->at[i], wall_ms))
			return true;
	return times->n == 0;
}

/* --- Where from --- */

/* An address as a string of '0' and '1' with its family in front; "" where it cannot be read. */
static void address_bits(const char *address, char ret_bits[160])
{
	unsigned char raw[16] = {0};
	const char *plain = ref_same_word(address, "") || strncmp(address, "::ffff:", 7) != 0 ? address : address + 7;
	int bytes = inet_pton(AF_INET, plain, raw) == 1 ? 4 : inet_pton(AF_INET6, address, raw) == 1 ? 16 : 0;

	*ret_bits = '\0';
	for (int i = 0; i < bytes * 8; i++)
		(void)sprintf(ret_bits + (i ? strlen(ret_bits) : 0), "%s%d",
			      i            ? ""
			      : bytes == 4 ? "4:"
					   : "6:",
			      raw[i / 8] >> (7 - i % 8) & 1);
}

static bool range_holds(const char *range, const char *peer)
{
	char net[REF_SCOPE], a[160], b[160];

	if (strcmp(range, "local") == 0)
		return *peer == '\0';
	(void)snprintf(net, sizeof(net), "%.*s", (int)strcspn(range, "/"), range);
	address_bits(net, a);
	address_bits(peer, b);
	return *b &&
	       strncmp(a, b, 2 + (strchr(range, '/') ? strtoul(strchr(range, '/') + 1, NULL, 10) : strlen(a) - 2)) == 0;
}

static bool peers_hold(const struct ref_list *peers, const char *peer)
{
	for (size_t i = 0; i < peers->n; i++)
		if (range_holds(peers->at[i], peer))
			return true;
	return peers->n == 0;
}

static bool can_be_read(const char *peer)
{
	char bits[160];

	address_bits(peer, bits);
	return *peer == '\0' || *bits;
}

/* An address that cannot be read fits no gate, so that nothing is let through, but every deny gate. */
static bool conditions_hold(const struct ref_gate *gate, const struct ref_action *action)
{
	bool from =
		can_be_read(action->peer) ? peers_hold(&gate->peers, action->peer) : gate->peers.n == 0 || gate->deny;

	return from && times_hold(&gate->times, action->wall_ms);
}

/* --- Which hosts --- */

static bool glob(const char *pattern, const char *s)
{
	char head[2] = {*pattern, '\0'}, other[2] = {*s, '\0'};

	if (*pattern == '*')
		return glob(pattern + 1, s) || (*s && glob(pattern, s + 1));
	return ref_same_word(head, other) && (!*s || glob(pattern + 1, s + 1));
}

const struct ref_netgroup *ref_netgroup_at(const struct ref_directory *directory, const char *dn)
{
	for (size_t i = 0; i < directory->n_netgroups; i++)
		if (ref_dn_same(directory->netgroups[i].dn, dn))
			return &directory->netgroups[i];
	return NULL;
}

const struct ref_netgroup *ref_netgroup_named(const struct ref_directory *directory, const char *name)
{
	for (size_t i = 0; i < directory->n_netgroups; i++) {
		const char *cn = strchr(directory->netgroups[i].dn, '=') + 1;

		if (strncmp(cn, name, strlen(name)) == 0 && cn[strlen(name)] == ',')
			return &directory->netgroups[i];
	}
	return NULL;
}

static bool netgroup_has(const struct ref_directory *directory, const struct ref_netgroup *netgroup, const char *host,
			 unsigned depth)
{
	for (size_t i = 0; netgroup && i < netgroup->hosts.n; i++)
		if (strcmp(netgroup->hosts.at[i], "*") == 0 || ref_same_word(netgroup->hosts.at[i], host))
			return true;
	for (size_t i = 0; netgroup && depth > 0 && i < netgroup->nested.n; i++)
		if (netgroup_has(directory, ref_netgroup_named(directory, netgroup->nested.at[i]), host, depth - 1))
			return true;
	return false;
}

static bool netgroup_doubt(const struct ref_directory *directory, const char *dn)
{
	const struct ref_netgroup *netgroup = ref_netgroup_at(directory, dn);

	return !netgroup || netgroup->doubt;
}

/* Is the action's host meant? doubtful says what a netgroup counts as that could not be read. */
static bool host_is_meant(const struct ref_world *world, const struct ref_gate *gate, const char *host, bool doubtful)
{
	if ((gate->hosts.n == 0 && gate->netgroups.n == 0) || *host == '\0')
		return true;
	for (size_t i = 0; i < gate->hosts.n; i++)
		if (glob(gate->hosts.at[i], host))
			return true;
	for (size_t i = 0; i < gate->netgroups.n; i++)
		if (netgroup_doubt(&world->directory, gate->netgroups.at[i])
			    ? doubtful
			    : netgroup_has(&world->directory, ref_netgroup_at(&world->directory, gate->netgroups.at[i]),
					   host, 8))
			return true;
	return false;
}

/* --- Commands --- */

/* The next word of a command, and what follows it. */
static const char *next_word(const char *text, char ret_word[REF_SCOPE])
{
	size_t n = strcspn(text, " ");

	(void)snprintf(ret_word, REF_SCOPE, "%.*s", (int)n, text);
	return text + n + strspn(text + n, " ");
}

static const char *leads_to(const struct ref_world *world, const char *path)
{
	for (size_t i = 0; i < world->n_links; i++)
		if (strcmp(world->links[i].path, path) == 0)
			return world->links[i].leads_to;
	return path;
}

static bool path_named(const struct ref_world *world, const char *command, const struct ref_action *action)
{
	char path[REF_SCOPE];
	const char *resolved = NULL;

	(void)next_word(command, path);
	resolved = leads_to(world, path);
	return *action->command && (strcmp(path, action->command) == 0 || strcmp(path, action->resolved) == 0 ||
				    strcmp(resolved, action->command) == 0 || strcmp(resolved, action->resolved) == 0);
}

static bool is_capture(const char *word)
{
	return strncmp(word, "%{", 2) == 0;
}

/* Do these words of a command meet the arguments from the i-th on? */
static bool words_meet(const char *words, const struct ref_list *arguments, size_t i)
{
	char word[REF_SCOPE];
	const char *rest = next_word(words, word);

	if (strcmp(word, "**") == 0)
		return true;
	if (!*word || i == arguments->n)
		return !*word && i == arguments->n;
	if (strcmp(word, "*") != 0 && !is_capture(word) && strcmp(word, arguments->at[i]) != 0)
		return false;
	return words_meet(rest, arguments, i + 1);
}

static bool command_meets(const struct ref_world *world, const char *command, const struct ref_action *action)
{
	char path[REF_SCOPE];
	const char *words = next_word(command, path);

	return path_named(world, command, action) && (!*words || words_meet(words, &action->arguments, 0));
}

/* The command of the gate that is met; "" where it has none, which every action meets; NULL where none is. */
static const char *met_command(const struct ref_world *world, const struct ref_gate *gate,
			       const struct ref_action *action)
{
	for (size_t i = 0; i < gate->commands.n; i++)
		if (command_meets(world, gate->commands.at[i], action))
			return gate->commands.at[i];
	return gate->commands.n == 0 ? "" : NULL;
}

static bool names_path(const struct ref_world *world, const struct ref_gate *gate, const struct ref_action *action)
{
	for (size_t i = 0; i < gate->commands.n; i++)
		if (path_named(world, gate->commands.at[i], action))
			return true;
	return false;
}

struct captured {
	const char *command;
	const struct ref_action *action;
};

/* What a command captures under a name, or the host. */
static const char *captured_value(const void *captured_, const char *name)
{
	const struct captured *captured = captured_;
	char word[REF_SCOPE], wanted[REF_SCOPE + 8];
	const char *rest = next_word(captured->command, word);

	if (strcmp(name, "host") == 0)
		return captured->action->host;
	(void)snprintf(wanted, sizeof(wanted), "%%{%s}", name);
	for (size_t i = 0; *rest && i < captured->action->arguments.n; i++) {
		rest = next_word(rest, word);
		if (strcmp(word, wanted) == 0)
			return captured->action->arguments.at[i];
	}
	return NULL;
}

static bool captures_are_words(const char *command, const struct ref_action *action)
{
	char word[REF_SCOPE];
	const char *rest = next_word(command, word);

	for (size_t i = 0; *rest && i < action->arguments.n; i++) {
		rest = next_word(rest, word);
		if (is_capture(word) && !ref_word(action->arguments.at[i]))
			return false;
	}
	return true;
}

/* --- Which gate counts --- */

static bool has_service(const struct ref_gate *gate, const char *service)
{
	for (size_t i = 0; i < gate->services.n; i++)
		if (strcmp(gate->services.at[i], service) == 0)
			return true;
	return false;
}

static bool is_bash(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && strcmp(slash, "/bash") == 0;
}

/* Of what the random worlds have: what sudoedit does, and bash, by its name and by where that leads. */
static const char *class_of(const struct ref_action *action)
{
	if (strcmp(action->service, "sudoedit") == 0)
		return "edit";
	return is_bash(action->command) || is_bash(action->resolved) ? "open-ended" : "plain";
}

static bool has_class(const struct ref_gate *gate, const struct ref_action *action)
{
	for (size_t i = 0; i < gate->classes.n; i++)
		if (strcmp(gate->classes.at[i], class_of(action)) == 0)
			return true;
	return gate->classes.n == 0;
}

static bool looked_at(const struct ref_world *world, const struct ref_gate *gate, const struct ref_action *action,
		      bool doubtful)
{
	return has_service(gate, action->service) && has_class(gate, action) &&
	       host_is_meant(world, gate, action->host, doubtful);
}

static bool denies(const struct ref_world *world, const struct ref_gate *gate, const struct ref_action *action,
		   const struct ref_person *person)
{
	return gate->deny && met_command(world, gate, action) && conditions_hold(gate, action) &&
	       !ref_exempt(world, person, gate, NULL).yes;
}

static void gate_counts(const struct ref_gate *gate, const char *command, const struct ref_action *action,
			struct ref_match *match)
{
	const struct captured captured = {command, action};

	match->kind = CS_MATCH_ARGUMENTS;
	if (captures_are_words(command, action) &&
	    ref_scope_fill(gate->scope ? gate->scope : "*", captured_value, &captured, match->scope)) {
		match->kind = CS_MATCH_GATE;
		match->gate = gate;
	}
}

/* A deny gate whose conditions do not hold is as if it were not there, and so is one to whom it exempts. */
static bool is_there(const struct ref_world *world, const struct ref_gate *gate, const struct ref_action *action,
		     const struct ref_person *person)
{
	return !gate->deny || (conditions_hold(gate, action) &&
			       !(met_command(world, gate, action) && ref_exempt(world, person, gate, NULL).yes));
}

/* What the gates with terms of one mode have to say. */
struct said {
	const struct ref_gate *guards; /* the first that guards it … */
	const char *command;           /* … by this */
	bool outside;                  /* one would guard it, if its conditions held */
	bool named;
};

static void hear(const struct ref_world *world, const struct ref_action *action, bool monitors, bool doubtful,
		   struct said *said)
{
	*said = (struct said){0};
	for (size_t i = 0; i < world->policy.n_gates; i++) {
		const struct ref_gate *gate = &world->policy.gates[i];
		const char *command = met_command(world, gate, action);

		if (gate->deny || gate->monitors != monitors || !looked_at(world, gate, action, doubtful))
			continue;
		said->named |= names_path(world, gate, action);
		said->outside |= command && !conditions_hold(gate, action);
		if (!command || said->guards || !conditions_hold(gate, action))
			continue;
		said->guards = gate;
		said->command = command;
	}
}

static bool nothing(const struct said *said)
{
	return !said->guards && !said->outside && !said->named;
}

static void say(const struct said *said, const struct ref_action *action, struct ref_match *match)
{
	if (said->guards)
		gate_counts(said->guards, said->command, action, match);
	else
		match->kind = said->outside ? CS_MATCH_CONDITION : said->named ? CS_MATCH_ARGUMENTS : CS_MATCH_NONE;
}

static bool unmatched_permits(const struct ref_world *world, const char *service)
{
	for (size_t i = 0; i < world->policy.n_services; i++)
		if (strcmp(world->policy.services[i].name, service) == 0)
			return world->policy.services[i].permits;
	return false;
}

/* A deny gate denies this command with other arguments. */
static bool named_by_denial(const struct ref_world *world, const struct ref_action *action,
			    const struct ref_person *person, bool doubtful)
{
	for (size_t i = 0; i < world->policy.n_gates; i++) {
		const struct ref_gate *gate = &world->policy.gates[i];

		if (gate->deny && looked_at(world, gate, action, doubtful) && is_there(world, gate, action, person) &&
		    names_path(world, gate, action))
			return true;
	}
	return false;
}

static void match_with(const struct ref_world *world, const struct ref_action *action, const struct ref_person *person,
		       bool doubtful, struct ref_match *match)
{
	struct said enforced, monitored, surely;
	bool taken; /* for certain: doubt about what only monitors takes nothing away from what enforces */

	*match = (struct ref_match){.kind = CS_MATCH_NONE};
	for (size_t i = 0; i < world->policy.n_gates; i++) {
		const struct ref_gate *gate = &world->policy.gates[i];

		if (looked_at(world, gate, action, doubtful) && denies(world, gate, action, person)) {
			match->kind = CS_MATCH_DENY;
			match->gate = gate;
			return;
		}
	}
	hear(world, action, false, doubtful, &enforced);
	hear(world, action, true, doubtful, &monitored);
	hear(world, action, true, false, &surely);
	taken = surely.guards || surely.outside;
	if (!nothing(&enforced)) {
		say(&enforced, action, match);
	} else if (!taken && named_by_denial(world, action, person, doubtful)) {
		match->kind = CS_MATCH_ARGUMENTS;
	} else {
		say(&monitored, action, match);
		match->monitored = match->kind != CS_MATCH_NONE && (taken || unmatched_permits(world, action->service));
	}
	match->unmatched_permits = match->kind == CS_MATCH_NONE && unmatched_permits(world, action->service);
}

static bool same_match(const struct ref_match *a, const struct ref_match *b)
{
	return a->kind == b->kind && a->gate == b->gate && a->monitored == b->monitored &&
	       strcmp(a->scope, b->scope) == 0;
}

static bool denied(const struct ref_match *match)
{
	return match->kind == CS_MATCH_DENY || match->kind == CS_MATCH_ARGUMENTS || match->kind == CS_MATCH_CONDITION;
}

/* Held and denied by no gate that enforces, nor by the service. */
static bool goes_on(const struct ref_match *match)
{
	return match->monitored || (match->kind == CS_MATCH_NONE && match->unmatched_permits);
}

static bool doubtful_service(const struct ref_world *world, const char *service)
{
	bool doubt = false;

	for (size_t i = 0; i < world->policy.n_gates; i++)
		for (size_t k = 0;
		     has_service(&world->policy.gates[i], service) && k < world->policy.gates[i].netgroups.n; k++)
			doubt |= netgroup_doubt(&world->directory, world->policy.gates[i].netgroups.at[k]);
	return doubt;
}

/* Where the directory cannot tell what would decide, that is the answer. */
void ref_match(const struct ref_world *world, const struct ref_action *action, const struct ref_person *person,
	       struct ref_match *ret_match)
{
	struct ref_match other;

	match_with(world, action, person, true, ret_match);
	match_with(world, action, person, false, &other);
	ret_match->denied_anyway = denied(ret_match) && denied(&other) && ret_match->monitored == other.monitored;
	if (!same_match(ret_match, &other))
		*ret_match = (struct ref_match){.kind = CS_MATCH_DOUBT,
						.monitored = goes_on(ret_match) && goes_on(&other),
						.denied_anyway = ret_match->denied_anyway};
	ret_match->denied_anyway &= doubtful_service(world, action->service);
}

/* --- What a gate approves by itself --- */

static bool means_command(const struct ref_world *world, const struct ref_automatic *automatic,
			  const struct ref_action *action)
{
	for (size_t i = 0; i < automatic->commands.n; i++)
		if (command_meets(world, automatic->commands.at[i], action))
			return true;
	return automatic->commands.n == 0;
}

struct ref_answer ref_automatic(const struct ref_world *world, const struct ref_gate *gate, const char *scope,
				const struct ref_person *person, const struct ref_action *action)
{
	bool doubt = false;

	for (size_t i = 0; i < gate->n_automatics; i++) {
		const struct ref_automatic *automatic = &gate->automatics[i];
		struct ref_answer who = {.yes = true};

		if (!times_hold(&automatic->times, action->wall_ms) || !means_command(world, automatic, action))
			continue;
		if (automatic->peers.n > 0 && !can_be_read(action->peer)) {
			doubt = true;
			continue;
		}
		if (!peers_hold(&automatic->peers, action->peer))
			continue;
		if (automatic->for_some)
			who = ref_meets_rule(world, person, gate, &automatic->who, scope);
		if (who.yes)
			return (struct ref_answer){true, CS_WHY_AUTOMATIC};
		doubt |= who.reason == CS_WHY_DOUBT;
	}
	return (struct ref_answer){false, doubt ? CS_WHY_DOUBT : CS_WHY_NEEDS_APPROVAL};
}
