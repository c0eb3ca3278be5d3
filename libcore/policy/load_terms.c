/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what a gate asks for beside its approval rules: the permission, switches and spans of time. */
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_WAIT (7 * POLICY_DAY)

/* Every command of the gate must define every name that the scope uses. */
static int check_captures(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	const char *name;

	for (size_t i = 0; (name = cs_scope_name(&gate->scope, i)); i++) {
		if (strcmp(name, "host") == 0)
			continue;
		if (gate->n_commands == 0)
			return REFUSE(loader, section, "scope",
				      "the scope uses %%{%s}, and the gate has no command that could define it", name);
		for (size_t k = 0; k < gate->n_commands; k++) {
			if (!cs_command_captures(&gate->commands[k], name))
				return REFUSE(loader, section, "scope",
					      "the scope uses %%{%s}, which the command \"%s\" does not define", name,
					      gate->commands[k].text);
		}
	}
	return 0;
}

int cs_load_span(struct loader *loader, const struct cs_conf_section *section, const char *key, uint64_t fallback,
		 uint64_t least, uint64_t most, uint64_t *ret_ms)
{
	uint64_t span = cs_conf_span(section, key, 0); /* what is written is never 0 */

	if (span != 0 && (span < least || span > most))
		return REFUSE(loader, section, key, "%s is %u s at least and %u h at most", key,
			      (unsigned)(least / POLICY_SECOND), (unsigned)(most / POLICY_HOUR));
	*ret_ms = span != 0 ? span : fallback;
	return 0;
}

static int load_permission(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	struct want want = {0};
	char *what = NULL;
	int r;

	if (!cs_conf_given(section, "permission"))
		return REFUSE(loader, section, NULL,
			      "gate %s says neither which permission the requester needs nor that it denies",
			      gate->name);
	r = cs_load_permission(loader, section, "permission", cs_conf_str(section, "permission", ""), &want.index);
	if (r < 0)
		return r;
	gate->permission = want.index;
	gate->permission_name = loader->policy->permissions[want.index].name;
	r = cs_load_scope(loader, section, "scope", "*", &gate->scope);
	if (r == 0)
		r = check_captures(loader, section, gate);
	if (r == 0)
		r = cs_format(&what, "gate %s", gate->name);
	if (r == 0)
		r = cs_check_reachable(loader, section, "permission", what, want, &gate->scope);
	free(what);
	return r;
}

/* Keys of a gate that say how approvals are given, counted and used. */
static const char *const of_approvals[] = {"objections", "self_approval", "signature", "uses",
					   "ahead",      "session",       "remind",    "watch",
					   "watch_grace"};

static int refuse_in_denial(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
			    const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (cs_conf_given(section, keys[i]))
			return REFUSE(loader, section, keys[i], "gate %s denies, so %s in it would mean nothing",
				      gate->name, keys[i]);
	}
	return 0;
}

int cs_load_deny(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	static const char *const others[] = {"permission", "scope",     "people",       "reason", "lifetime",
					     "use_within", "use_after", "exposed_file", "fresh",
					     "exposed_input", "artefact", "mode"};
	int r;

	if (cs_conf_section(section, "approval", 0))
		return REFUSE(loader, cs_conf_section(section, "approval", 0), NULL,
			      "gate %s denies, so an approval in it would mean nothing", gate->name);
	r = refuse_in_denial(loader, section, gate, others, CS_COUNT(others));
	if (r == 0)
		r = refuse_in_denial(loader, section, gate, of_approvals, CS_COUNT(of_approvals));
	if (r == 0)
		r = cs_load_text(loader, section, "deny", "", CS_MAX_REASON, &gate->deny);
	/* Where an exemption of it asks for a right without saying where. */
	return r < 0 ? r : cs_scope_parse("*", &gate->scope, &(const char *){NULL});
}

/* What says how approvals are used means nothing where nobody is asked for one. */
static int check_of_approvals(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	for (size_t i = 0; gate->n_rules == 0 && i < CS_COUNT(of_approvals); i++) {
		if (cs_conf_given(section, of_approvals[i]))
			return REFUSE(loader, section, of_approvals[i],
				      "%s goes with approvals, and gate %s asks for none", of_approvals[i], gate->name);
	}
	return 0;
}

/* How long an approved request waits before it may be used. */
static int check_use_after(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	if (!cs_conf_given(section, "use_after"))
		return 0;
	if (gate->n_rules == 0)
		return REFUSE(loader, section, "use_after",
			      "use_after counts from an approval, and gate %s asks for none", gate->name);
	if (gate->use_after_ms >= gate->use_within_ms)
		return REFUSE(loader, section, "use_after",
			      "use_after is shorter than use_within, or the approval could never be used");
	return 0;
}

static int check_remind(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	if (gate->remind_ms == 0 || gate->remind_ms < gate->lifetime_ms)
		return 0;
	return REFUSE(loader, section, "remind",
		      "remind is shorter than lifetime: it says how long before the end people are reminded");
}

/* sudo ends what it started when its time is over, and logins are ended by the helper. A limit that nobody enforces would be
 * a lie. */
static int check_session(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	for (size_t i = 0; gate->session_ms > 0 && i < gate->n_services; i++) {
		if (!cs_service_runs_files(gate->services[i]) && !cs_service_logs_in(gate->services[i]))
			return REFUSE(loader, section, "session",
				      "session is kept for sudo and for logins, and gate %s guards %s, which nothing would end",
				      gate->name, gate->services[i]);
	}
	return 0;
}

/* Only sudo hands its terminal to a plugin. Who could approve it looks on. */
static int check_watch_services(struct loader *loader, const struct cs_conf_section *section,
				const struct cs_gate *gate)
{
	for (size_t i = 0; i < gate->n_services; i++) {
		if (!cs_service_runs_files(gate->services[i]))
			return REFUSE(loader, section, "watch",
				      "watch is kept for commands under sudo, whose terminal others can look at, and gate "
				      "%s guards %s, whose terminal nobody sees",
				      gate->name, gate->services[i]);
	}
	return 0;
}

static int load_watch(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	bool required = false;
	int r = cs_load_choice(loader, section, "watch", "required", "allowed", &required);

	if (r == 0 && cs_conf_given(section, "watch"))
		gate->watch = required ? CS_WATCH_REQUIRED : CS_WATCH_ALLOWED;
	if (r == 0 && !required && cs_conf_given(section, "watch_grace"))
		return REFUSE(loader, section, "watch_grace",
			      "watch_grace is how long nobody may look on, and gate %s does not say watch = required",
			      gate->name);
	if (r == 0 && required)
		r = cs_load_span(loader, section, "watch_grace", 60 * POLICY_SECOND, 5 * POLICY_SECOND, POLICY_HOUR,
				 &gate->watch_grace_ms);
	return r == 0 && gate->watch != CS_WATCH_NONE ? check_watch_services(loader, section, gate) : r;
}

/* Whoever wanted could change the policy, and with it every other gate. */
static int check_monitor(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	if (!gate->monitors || cs_strv_has(gate->services, gate->n_services, "countersign") != 1)
		return 0;
	return REFUSE(loader, section, "mode",
		      "a gate on service countersign guards the policy itself and cannot only monitor: anybody could "
		      "change the policy");
}

/* How often an approval may be used. */
static int load_uses(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	const char *text = cs_conf_str(section, "uses", "1");
	uint64_t uses = strcmp(text, "any") == 0 ? CS_USES_ANY : 0;

	if (uses == 0 && cs_load_number(text, POLICY_MAX_USES, &uses) != 1)
		return REFUSE(loader, section, "uses", "uses is a number from 1 to %d, or any, not \"%s\"",
			      POLICY_MAX_USES, text);
	gate->uses = uses;
	if (gate->uses != 1 && gate->ahead_ms > 0)
		return REFUSE(loader, section, "uses",
			      "uses does not go with ahead: what is asked for a stated start is used once");
	return 0;
}

/* "%{2}" or "%{2}.asc": an argument, and what is put behind it. */
static int parse_artefact(const char *text, struct cs_wanted *ret_wanted)
{
	const char *close = strncmp(text, "%{", 2) == 0 ? strchr(text, '}') : NULL;
	char number[8] = "";
	uint64_t arg = 0;

	if (!close || (size_t)(close - text - 2) >= sizeof(number) || strlen(close + 1) > CS_MAX_NAME)
		return CS_ECONF;
	memcpy(number, text + 2, (size_t)(close - text - 2));
	if (cs_load_number(number, CS_MAX_ARGS - 1, &arg) != 1 ||
	    close[1 + strspn(close + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+~")] != '\0')
		return CS_ECONF;
	ret_wanted->arg = (uint32_t)arg;
	ret_wanted->suffix = cs_dup(close + 1);
	return ret_wanted->suffix ? 0 : CS_ENOMEM;
}

/* Only where a module opens what arguments name; elsewhere nothing would ever pass. */
static int check_artefact_services(struct loader *loader, const struct cs_conf_section *section,
				   const struct cs_gate *gate)
{
	for (size_t i = 0; i < gate->n_services; i++) {
		if (!cs_service_runs_files(gate->services[i]))
			return REFUSE(loader, section, "artefact",
				      "artefact is a file that an argument of a command under sudo names, and gate %s "
				      "guards %s",
				      gate->name, gate->services[i]);
	}
	return 0;
}

static int load_artefacts(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	size_t n = 0;
	int r = cs_load_list(loader, section, "artefact", &n);

	if (r < 0 || n == 0)
		return r;
	if (n > POLICY_MAX_ARTEFACTS)
		return REFUSE(loader, section, "artefact", "artefact has more than %d values", POLICY_MAX_ARTEFACTS);
	gate->artefacts = calloc(n, sizeof(*gate->artefacts));
	if (!gate->artefacts)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *text = cs_conf_list_at(section, "artefact", i);

		r = parse_artefact(text, &gate->artefacts[i]);
		gate->n_artefacts += r == 0;
		if (r == CS_ECONF)
			return REFUSE(loader, section, "artefact",
				      "\"%s\" is no artefact: an argument by its number, %%{1} for the first, and what "
				      "is put behind it, such as .asc",
				      text);
		if (r == 0)
			r = cs_strv_add(&gate->artefact_texts, &gate->n_artefact_texts, text);
	}
	return r < 0 ? r : check_artefact_services(loader, section, gate);
}

/* --- The tables --------------------------------------------------------------------------------------------------- */

static const struct {
	const char *key, *yes, *no;
	size_t offset;
} choices[] = {
	{"people", "shared", "distinct", offsetof(struct cs_gate, shared)},
	{"reason", "required", "optional", offsetof(struct cs_gate, needs_reason)},
	{"exposed_file", "permit", "deny", offsetof(struct cs_gate, takes_exposed)},
	{"exposed_input", "deny", "permit", offsetof(struct cs_gate, refuses_exposed_input)},
	{"self_approval", "permit", "deny", offsetof(struct cs_gate, takes_self_approval)},
	{"signature", "required", "optional", offsetof(struct cs_gate, needs_signature)},
	{"mode", "monitor", "enforce", offsetof(struct cs_gate, monitors)},
};

static const struct {
	const char *key;
	size_t offset;
	uint64_t fallback, least, most;
} spans[] = {
	{"lifetime", offsetof(struct cs_gate, lifetime_ms), 30 * POLICY_MINUTE, 10 * POLICY_SECOND, LONGEST_WAIT},
	{"use_within", offsetof(struct cs_gate, use_within_ms), 10 * POLICY_MINUTE, 5 * POLICY_SECOND, POLICY_DAY},
	{"use_after", offsetof(struct cs_gate, use_after_ms), 0, POLICY_SECOND, POLICY_DAY},
	{"objections", offsetof(struct cs_gate, objection_ms), 0, POLICY_SECOND, LONGEST_WAIT},
	{"ahead", offsetof(struct cs_gate, ahead_ms), 0, POLICY_MINUTE, 30 * POLICY_DAY},
	{"session", offsetof(struct cs_gate, session_ms), 0, POLICY_SECOND, 7 * POLICY_DAY},
	{"remind", offsetof(struct cs_gate, remind_ms), 0, POLICY_SECOND, LONGEST_WAIT},
};

static int load_choices(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(choices); i++)
		r = cs_load_choice(loader, section, choices[i].key, choices[i].yes, choices[i].no,
				   (bool *)((char *)gate + choices[i].offset));
	return r;
}

static int load_spans(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(spans); i++) {
		uint64_t ms = 0;

		r = cs_load_span(loader, section, spans[i].key, spans[i].fallback, spans[i].least, spans[i].most, &ms);
		memcpy((char *)gate + spans[i].offset, &ms, sizeof(ms));
	}
	return r < 0 ? r : cs_load_fresh(loader, section, &gate->fresh_ms);
}

int cs_load_terms(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	static int (*const reads[])(struct loader *, const struct cs_conf_section *, struct cs_gate *) = {
		load_permission, cs_load_approvals, load_choices, load_spans, load_uses, load_artefacts, load_watch};
	static int (*const checks[])(struct loader *, const struct cs_conf_section *, const struct cs_gate *) = {
		check_of_approvals, check_use_after, check_remind, check_session, check_monitor, cs_check_rules};
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(reads); i++)
		r = reads[i](loader, section, gate);
	for (size_t i = 0; r == 0 && i < CS_COUNT(checks); i++)
		r = checks[i](loader, section, gate);
	return r;
}

static void take_fresh(const struct cs_policy *policy, const struct want *want, uint64_t *least)
{
	if (want->kind == WANT_PERMISSION && policy->permissions[want->index].fresh_ms < *least)
		*least = policy->permissions[want->index].fresh_ms;
}

/* A gate asks for its own permission and for those of its approvals, exemptions and automatic approvals: what any of
 * them wants of the directory's word holds for the gate. */
void cs_load_least_fresh(const struct cs_policy *policy, struct cs_gate *gate)
{
	uint64_t least = gate->fresh_ms;

	if (!gate->deny && gate->permission != SIZE_MAX)
		take_fresh(policy, &(struct want){.kind = WANT_PERMISSION, .index = gate->permission}, &least);
	for (size_t i = 0; i < gate->n_rules; i++)
		take_fresh(policy, &gate->rules[i].want, &least);
	for (size_t i = 0; i < gate->n_exempts; i++)
		take_fresh(policy, &gate->exempts[i].want, &least);
	for (size_t i = 0; i < gate->n_automatics; i++) {
		if (gate->automatics[i].has_who)
			take_fresh(policy, &gate->automatics[i].who.want, &least);
	}
	gate->least_fresh_ms = least;
}
