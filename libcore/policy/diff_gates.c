/* SPDX-License-Identifier: Apache-2.0 */
/* What changes in gates: what they guard, when, and in which order. What they ask for is in diff_terms.c. */
#include "diff.h"
#include "diff_gates.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* --- Texts ---------------------------------------------------------------------------------------------------- */

static void put(struct cs_buf *text, const char *s)
{
	cs_buf_put(text, s, strlen(s));
}

/* The names of some items, "a, b"; an item begins with its name. */
static void put_names(struct cs_buf *text, const void *items, size_t n, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		const char *name;

		memcpy(&name, (const char *)items + i * size, sizeof(name));
		if (i > 0)
			put(text, ", ");
		put(text, name);
	}
}

static const char *name_of(const struct gates *gates)
{
	return gates->before ? gates->before->name : gates->after->name;
}

static int say_put(const struct gates *gates, enum cs_effect effect, const char *begin, struct cs_buf *text)
{
	int r;

	cs_buf_put_u8(text, 0);
	r = cs_buf_error(text);
	if (r == 0)
		r = cs_diff_say(gates->diff, effect, "gate", name_of(gates), "%s%s", begin,
				(const char *)text->data);
	cs_buf_clear(text);
	return r;
}

/* --- What is guarded ------------------------------------------------------------------------------------------ */

/* A comparison is made while everybody waits, and a policy may have very many gates: after this many looks what is not
 * known yet counts as weaker. */
#define LOOKS_MAX (UINT32_C(1) << 25)

static bool is_too_much(struct diff *diff, size_t looks)
{
	diff->looks = diff->looks < LOOKS_MAX ? diff->looks + looks : LOOKS_MAX;
	return diff->looks >= LOOKS_MAX;
}

static bool on_service(const struct cs_gate *gate, const char *service)
{
	for (size_t i = 0; i < gate->n_services; i++) {
		if (strcmp(gate->services[i], service) == 0)
			return true;
	}
	return false;
}

/* Was every action of the service left to the host before, wherever it was done? Only then is a gate on it surely no
 * way around something. Two paths may lead to one file, so gates on other commands count too; those that only monitor
 * leave it to the host. What changes the policy is never left to the host. */
static bool was_free(const struct gates *gates, const char *service)
{
	const struct cs_policy *policy = gates->diff->before.policy;
	bool permits = false;

	for (size_t i = 0; i < policy->n_services && !permits; i++)
		permits = policy->services[i].unmatched_permits && strcmp(policy->services[i].name, service) == 0;
	for (size_t i = 0; i < policy->n_gates && permits; i++)
		permits = !is_too_much(gates->diff, policy->gates[i].n_services) &&
			  (&policy->gates[i] == gates->before || policy->gates[i].monitors ||
			   !on_service(&policy->gates[i], service));
	return permits && strcmp(service, "countersign") != 0;
}

static enum cs_effect guarding_more(const struct gates *gates)
{
	const struct cs_gate *gate = gates->after;
	bool free = true;

	for (size_t i = 0; i < gate->n_services && free && !gate->deny; i++)
		free = was_free(gates, gate->services[i]);
	return free ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER;
}

/* Two lists of what a gate guards, and what it means that one has more. */
struct guarded {
	const struct gates *gates;
	const char *what;
	bool by_service; /* a service that is added was free by itself or not */
	enum cs_effect more;
};

static int pair_guarded(void *arg, const void *before, const void *after)
{
	const struct guarded *guarded = arg;
	const struct gates *gates = guarded->gates;
	enum cs_effect more = guarded->more;
	const char *name;

	if (before && after)
		return 0;
	memcpy(&name, before ? before : after, sizeof(name));
	if (before)
		return cs_diff_say(gates->diff, CS_EFFECT_WEAKER, "gate", gates->after->name,
				   "does not guard %s %s any more", guarded->what, name);
	if (guarded->by_service && !gates->after->deny)
		more = was_free(gates, name) ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER;
	return cs_diff_say(gates->diff, more, "gate", gates->after->name, "guards %s %s now", guarded->what, name);
}

static int diff_services(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;
	struct guarded guarded = {gates, "service", true, CS_EFFECT_STRONGER};

	return cs_diff_each(a->services, a->n_services, b->services, b->n_services, sizeof(*a->services), pair_guarded,
			    &guarded);
}

/* One of two lists is empty, which means everything. */
static int diff_everything(struct gates *gates, const char *what, bool everything, enum cs_effect more)
{
	return cs_diff_say(gates->diff, everything ? more : CS_EFFECT_WEAKER, "gate", gates->after->name,
			   "guards %s: %s", what, everything ? "some -> every" : "every -> some");
}

static size_t netgroup_names(const struct cs_policy *policy, const struct cs_gate *gate,
			     const char *ret_names[POLICY_MAX_CONDITIONS])
{
	size_t n = 0;

	for (size_t i = 0; i < gate->n_netgroups && n < POLICY_MAX_CONDITIONS; i++)
		ret_names[n++] = policy->netgroups[gate->netgroups[i]];
	return n;
}

#define CLASSES_MAX 4

static int diff_hosts(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;
	bool every_before = a->n_hosts + a->n_netgroups == 0, every_after = b->n_hosts + b->n_netgroups == 0;
	const char *groups_before[POLICY_MAX_CONDITIONS], *groups_after[POLICY_MAX_CONDITIONS];
	size_t n_before = netgroup_names(gates->diff->before.policy, a, groups_before);
	size_t n_after = netgroup_names(gates->diff->after.policy, b, groups_after);
	struct guarded guarded = {gates, "host", false, guarding_more(gates)};
	int r;

	if (every_before != every_after)
		return diff_everything(gates, "hosts", every_after, guarded.more);
	r = cs_diff_each(a->hosts, a->n_hosts, b->hosts, b->n_hosts, sizeof(*a->hosts), pair_guarded, &guarded);
	guarded.what = "the hosts of netgroup";
	return r < 0 ? r
		     : cs_diff_each(groups_before, n_before, groups_after, n_after, sizeof(*groups_before),
				    pair_guarded, &guarded);
}

static size_t class_names(const struct cs_gate *gate, const char *ret_names[CLASSES_MAX])
{
	size_t n = 0;

	for (const struct cs_names *at = cs_class_names; at->name; at++) {
		if (n < CLASSES_MAX && (gate->classes & 1u << at->value) != 0)
			ret_names[n++] = at->name;
	}
	return n;
}

static int diff_classes(struct gates *gates)
{
	const char *before[CLASSES_MAX], *after[CLASSES_MAX];
	size_t n_before = class_names(gates->before, before), n_after = class_names(gates->after, after);
	struct guarded guarded = {gates, "class", false, guarding_more(gates)};

	if ((n_before == 0) != (n_after == 0))
		return diff_everything(gates, "classes", n_after == 0, guarded.more);
	return cs_diff_each(before, n_before, after, n_after, sizeof(*before), pair_guarded, &guarded);
}

/* The first command that is met captures, so their order counts where a captured value does. */
static int diff_command_order(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;

	for (size_t i = 0; !b->deny && i < a->n_commands && i < b->n_commands; i++) {
		if (strcmp(a->commands[i].text, b->commands[i].text) != 0)
			return cs_diff_say(gates->diff, CS_EFFECT_WEAKER, "gate", b->name,
					   "its commands are tried in another order");
	}
	return 0;
}

/* The gate names the file of another command already, perhaps by another path, and what names a file denies its other
 * arguments to all. So only a deny gate that exempts nobody is surely stronger with one more. */
static int diff_commands(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;
	bool denies = b->deny && b->n_exempts == 0;
	struct guarded guarded = {gates, "command", false, denies ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER};
	int r;

	if ((a->n_commands == 0) != (b->n_commands == 0))
		return diff_everything(gates, "commands", b->n_commands == 0, guarded.more);
	r = cs_diff_each(a->commands, a->n_commands, b->commands, b->n_commands, sizeof(*a->commands), pair_guarded,
			 &guarded);
	return r < 0 ? r : diff_command_order(gates);
}

/* --- When and from where -------------------------------------------------------------------------------------- */

/* Could one action meet both? "*", captures and the rest take any argument. */
static bool words_meet(const struct command *a, const struct command *b)
{
	size_t both = a->n_words < b->n_words ? a->n_words : b->n_words;
	const struct command *longer = a->n_words > b->n_words ? a : b;

	if (both == 0)
		return true; /* a path alone takes every argument */
	for (size_t i = 0; i < both; i++) {
		const struct word *x = &a->words[i], *y = &b->words[i];

		if (x->kind == WORD_REST || y->kind == WORD_REST)
			return true;
		if (x->kind == WORD_LITERAL && y->kind == WORD_LITERAL && strcmp(x->text, y->text) != 0)
			return false;
	}
	return both == longer->n_words || longer->words[both].kind == WORD_REST;
}

/* Two paths may lead to one file on some host; two names of actions are two actions. */
static bool commands_meet(const struct command *a, const struct command *b)
{
	if (cs_command_is_path(a) != cs_command_is_path(b))
		return false;
	return (cs_command_is_path(a) || strcmp(a->name, b->name) == 0) && words_meet(a, b);
}

/* Could one action meet both gates? A host whose name cannot be told meets every host, so hosts keep nothing apart. */
static bool gates_meet(struct diff *diff, const struct cs_gate *a, const struct cs_gate *b)
{
	bool share = false, meet = a->n_commands == 0 || b->n_commands == 0;

	for (size_t i = 0; i < a->n_services && !share; i++)
		share = is_too_much(diff, b->n_services) || on_service(b, a->services[i]);
	for (size_t i = 0; i < a->n_commands && share && !meet; i++) {
		for (size_t k = 0; k < b->n_commands && !meet; k++)
			meet = is_too_much(diff, 1 + a->commands[i].n_words) ||
			       commands_meet(&a->commands[i], &b->commands[k]);
	}
	return share && meet;
}

/* Could another gate count where this one's conditions fail, or would count if this one did not? */
bool cs_diff_stands_alone(const struct gates *gates)
{
	const struct cs_policy *policy = gates->diff->after.policy;

	for (size_t i = 0; i < policy->n_gates; i++) {
		const struct cs_gate *other = &policy->gates[i];

		if (other != gates->after && !other->deny && !other->monitors &&
		    gates_meet(gates->diff, other, gates->after))
			return false;
	}
	return true;
}

static bool texts_within(const struct texts *few, const struct texts *many)
{
	for (size_t i = 0; i < few->n; i++) {
		size_t k = 0;

		while (k < many->n && strcmp(few->items[i], many->items[k]) != 0)
			k++;
		if (k == many->n)
			return false;
	}
	return true;
}

bool cs_diff_within(const struct texts *few, const struct texts *many)
{
	return many->n == 0 || (few->n > 0 && texts_within(few, many));
}

static int diff_condition(struct gates *gates, const char *what, const char *none, struct texts a, struct texts b)
{
	bool narrower = cs_diff_within(&b, &a), wider = cs_diff_within(&a, &b), stronger;
	struct cs_buf text;

	if (narrower && wider)
		return 0;
	stronger = gates->after->deny ? wider : narrower && cs_diff_stands_alone(gates);
	cs_buf_init(&text, CS_POLICY_TEXT_MAX);
	put(&text, what);
	put_names(&text, a.items, a.n, sizeof(*a.items));
	put(&text, a.n == 0 ? none : "");
	put(&text, " -> ");
	put_names(&text, b.items, b.n, sizeof(*b.items));
	put(&text, b.n == 0 ? none : "");
	return say_put(gates, stronger ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER, "", &text);
}

static int diff_conditions(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;
	int r = diff_condition(gates, "peer: ", "any", (struct texts){a->limits.peer_texts, a->limits.n_peers},
			       (struct texts){b->limits.peer_texts, b->limits.n_peers});

	return r < 0 ? r
		     : diff_condition(gates, "time: ", "always", (struct texts){a->limits.time_texts, a->limits.n_times},
				      (struct texts){b->limits.time_texts, b->limits.n_times});
}

/* --- One gate ------------------------------------------------------------------------------------------------- */

static void put_guarded(struct cs_buf *text, const struct cs_gate *gate)
{
	put_names(text, gate->services, gate->n_services, sizeof(*gate->services));
	put(text, gate->n_commands > 0 ? ": " : "");
	put_names(text, gate->commands, gate->n_commands, sizeof(*gate->commands));
	cs_buf_put_u8(text, 0);
	if (cs_buf_error(text) < 0)
		return;
	cs_diff_cut((char *)text->data, DIFF_LONG_PART);
	text->len = strlen((const char *)text->data);
}

/* Where, when and from where a new gate does not guard. */
static int say_limits(const struct gates *gates, enum cs_effect effect)
{
	const struct cs_gate *gate = gates->after;
	const char *netgroups[POLICY_MAX_CONDITIONS], *classes[CLASSES_MAX];
	const struct {
		const char *what;
		const void *items;
		size_t n;
	} limits[] = {
		{"only on hosts ", gate->hosts, gate->n_hosts},
		{"only on the hosts of netgroups ", netgroups,
		 netgroup_names(gates->diff->after.policy, gate, netgroups)},
		{"only of class ", classes, class_names(gate, classes)},
		{"peer: ", gate->limits.peer_texts, gate->limits.n_peers},
		{"time: ", gate->limits.time_texts, gate->limits.n_times},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(limits); i++) {
		struct cs_buf text;

		if (limits[i].n == 0)
			continue;
		cs_buf_init(&text, CS_POLICY_TEXT_MAX);
		put_names(&text, limits[i].items, limits[i].n, sizeof(char *));
		r = say_put(gates, effect, limits[i].what, &text);
	}
	return r;
}

/* All of it: with another name a gate may stand for one that is gone, and who agrees to that reads nothing else. */
static int say_new_terms(struct gates *gates, enum cs_effect effect)
{
	int r = say_limits(gates, effect);

	return r == 0 ? cs_diff_new_terms(gates, effect) : r;
}

static int say_gate(struct gates *gates)
{
	const struct cs_gate *gate = gates->before ? gates->before : gates->after;
	enum cs_effect effect = gates->before ? CS_EFFECT_WEAKER : guarding_more(gates);
	struct cs_buf text;
	int r;

	cs_buf_init(&text, CS_POLICY_TEXT_MAX);
	put_guarded(&text, gate);
	if (!gate->deny) {
		put(&text, "; needs ");
		put(&text, gate->permission_name);
		put(&text, gate->n_rules > 0 ? " and approval by " : " alone");
		put_names(&text, gate->rules, gate->n_rules, sizeof(*gate->rules));
	}
	if (gates->before)
		return say_put(gates, effect, gate->deny ? "is gone: denied " : "is gone: guarded ", &text);
	r = say_put(gates, effect, gate->deny ? "is new: denies " : "is new: guards ", &text);
	return r == 0 ? say_new_terms(gates, effect) : r;
}

/* What a permit gate did, it never did more than permit; a deny gate lets nobody through unless it says whom or when.
 */
static int say_turned(struct gates *gates)
{
	const struct cs_gate *b = gates->after;
	bool surely = b->deny && b->n_exempts + b->limits.n_peers + b->limits.n_times == 0;
	enum cs_effect effect = surely ? CS_EFFECT_STRONGER : CS_EFFECT_WEAKER;
	int r = cs_diff_say(gates->diff, effect, "gate", b->name, b->deny ? "needs %s -> denies" : "denies -> needs %s",
			    b->deny ? gates->before->permission_name : b->permission_name);

	return r == 0 ? say_new_terms(gates, effect) : r;
}

static int diff_terms(struct gates *gates)
{
	const struct cs_gate *a = gates->before, *b = gates->after;
	int r;

	if (!a->deny != !b->deny)
		return say_turned(gates);
	r = diff_conditions(gates);
	if (r == 0)
		r = cs_diff_exemptions(gates);
	if (r == 0 && !b->deny)
		return cs_diff_terms(gates);
	if (r == 0 && strcmp(a->deny, b->deny) != 0)
		r = cs_diff_say(gates->diff, CS_EFFECT_NONE, "gate", b->name, "text: %s -> %s", a->deny, b->deny);
	return r;
}

/* All gates, and where those that stay and permit stand in after; SIZE_MAX for others. */
struct all_gates {
	struct diff *diff;
	size_t *now_at;
};

static int pair_gate(void *arg, const void *before, const void *after)
{
	static int (*const steps[])(struct gates *) = {diff_services, diff_hosts, diff_classes, diff_commands,
						       diff_terms};
	struct all_gates *all = arg;
	struct gates gates = {.diff = all->diff, .before = before, .after = after};
	int r = 0;

	if (!before || !after)
		return say_gate(&gates);
	if (!gates.before->deny && !gates.after->deny)
		all->now_at[gates.before - all->diff->before.policy->gates] =
			(size_t)(gates.after - all->diff->after.policy->gates);
	for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		r = steps[i](&gates);
	return r;
}

/* --- Their order ---------------------------------------------------------------------------------------------- */

/* Of two gates that an action meets the first counts. Says the first gate that overtook this one and that an action
 * could meet as well. */
static int say_overtaken(const struct all_gates *all, const size_t *stay, size_t i, size_t n)
{
	const struct cs_gate *gates = all->diff->after.policy->gates;

	for (size_t k = i + 1; k < n; k++) {
		if (stay[k] < stay[i] && gates_meet(all->diff, &gates[stay[i]], &gates[stay[k]]))
			return cs_diff_say(all->diff, CS_EFFECT_WEAKER, "gate", gates[stay[i]].name,
					   "gate %s stands before it now; the first that an action meets counts",
					   gates[stay[k]].name);
	}
	return 0;
}

static int diff_order(const struct all_gates *all)
{
	size_t n = 0, most = 0, *stay = all->now_at;
	int r = 0;
	bool moved = false;

	for (size_t i = 0; i < all->diff->before.policy->n_gates; i++) {
		if (all->now_at[i] == SIZE_MAX)
			continue;
		moved = moved || (n > 0 && all->now_at[i] < most);
		most = all->now_at[i];
		stay[n++] = most;
	}
	for (size_t i = 0; moved && r == 0 && i < n; i++)
		r = say_overtaken(all, stay, i, n);
	return r;
}

int cs_diff_gates(struct diff *diff)
{
	const struct cs_policy *a = diff->before.policy, *b = diff->after.policy;
	struct all_gates all = {.diff = diff};
	int r;

	all.now_at = malloc((a->n_gates + 1) * sizeof(*all.now_at));
	if (!all.now_at)
		return CS_ENOMEM;
	memset(all.now_at, 0xff, (a->n_gates + 1) * sizeof(*all.now_at)); /* SIZE_MAX */
	r = cs_diff_each(a->gates, a->n_gates, b->gates, b->n_gates, sizeof(*a->gates), pair_gate, &all);
	if (r == 0)
		r = diff_order(&all);
	free(all.now_at);
	return r;
}
