/* SPDX-License-Identifier: Apache-2.0 */
/* The policy: load, match, evaluate, explain. Pure: no clock, no socket, no file but the text it is given. The format
 * is docs/policy.md. Match functions answer 1 (match), 0 (no match) or a negative error that stops the evaluation. */
#ifndef CS_POLICY_H
#define CS_POLICY_H

#include "conf.h"
#include "model.h"

struct cs_policy;
struct cs_gate;

/* Reads a policy from text; name is for messages ("policy.conf"). Everything is checked here: unknown keys, dangling
 * role and permission names (with a suggestion), inheritance cycles, captures that a scope uses and no command
 * defines, a gate without permission, count 0, a rule no assignment could ever fill, spans out of range.
 * 0; CS_ECONF with problem set; CS_ENOMEM. */
int cs_policy_parse(const char *text, const char *name, struct cs_policy **ret_policy, struct cs_problem *problem);
void cs_policy_free(struct cs_policy **policy);

/* Every path that a gate's command names, sorted (the name of an action is none), and the way to tell the policy what
 * it resolves to (realpath on this host), so that /bin/sh in the policy also meets /usr/bin/dash on the host. The
 * daemon calls this after parsing; without it only the spelling counts. */
size_t cs_policy_paths(const struct cs_policy *policy);
const char *cs_policy_path(const struct cs_policy *policy, size_t i);
int cs_policy_resolved(struct cs_policy *policy, size_t i, const char *resolved);
const char *cs_policy_path_resolved(const struct cs_policy *policy, size_t i); /* "" until told */

/* Numbers for people: permissions, roles, assignments, gates. */
struct cs_policy_counts { size_t permissions, roles, assignments, gates, services, exclusives, monitoring; /* of the gates */ };
void cs_policy_count(const struct cs_policy *policy, struct cs_policy_counts *ret_counts);

/* What has to be asked of the directory about a person to decide anything: one query per distinct (where, dn, listed)
 * of the assignments, with the largest at_least of those. The array belongs to the policy. */
const struct cs_group_query *cs_policy_queries(const struct cs_policy *policy, size_t *ret_count);

/* --- Matching ----------------------------------------------------------------------------------------------------- */

/* What a match depends on beside the policy. person and listings may be left out at first: where a gate that matters
 * asks for them, the answer is CS_MATCH_ASK. */
struct cs_circumstances {
	const struct cs_action *action;
	uint64_t wall_ms;                /* the moment that time windows are compared with */
	const struct cs_facts *person;   /* who asks; NULL: not asked yet */
	const struct cs_listing *listings; /* the answers to cs_policy_match_needs, in its order; NULL: not asked yet */
	size_t n_listings;
};

enum cs_match_kind {
	CS_MATCH_NONE = 0,  /* no gate; unmatched says what then */
	CS_MATCH_GATE = 1,
	CS_MATCH_DENY = 2,  /* a deny gate; text is its message */
	CS_MATCH_ARGUMENTS = 3, /* a gate guards this command, but none matches these arguments, or a captured argument
	                         * is no word (cs_is_word): denied, never unguarded */
	CS_MATCH_CONDITION = 4, /* a gate guards it, but not at this time or not from this address: denied, never
	                         * unguarded; text says which and when */
	CS_MATCH_ASK = 5,       /* cannot be told before the directory was asked about the person and for
	                         * cs_policy_match_needs */
	CS_MATCH_DOUBT = 6      /* the directory was asked and could not tell: denied; text says what */
};

struct cs_match {
	enum cs_match_kind kind;
	const struct cs_gate *gate; /* GATE, DENY, and whatever is monitored */
	char *scope;                /* GATE: the scope after filling in captures; owned */
	char *text;                 /* DENY, ARGUMENTS, CONDITION, DOUBT: for people; owned */
	bool unmatched_permits;     /* NONE: the service is named in the policy with unmatched = permit */
	bool monitored;             /* GATE, ARGUMENTS, CONDITION, DOUBT: only gates that monitor have a say in it, and
	                             * nothing else denies it: gate is to be recorded, and holds and denies nothing */
};

/* Which gate an action meets: a deny gate wins (unless it exempts the person or its conditions do not hold), else the
 * first in the file whose conditions hold. A gate's command is words: the first a
 * path or the name of an action, then one word an argument: literal, "*" any one argument, "%{name}" any one argument,
 * captured, and a last "**" for all that follow. A path alone meets every argument list.
 *
 * Gates that only monitor come behind all others, wherever they stand in the file: they are looked at where no other gate
 * has anything to say, so that they open nothing that another one guards, denies or could guard. What a deny gate only
 * names, with other arguments, does not count where one of them takes it. Where what they say is no more than that the
 * arguments are others, or that it could not be told, and the service denies what no gate matches, that denial stays.
 * 0 (see kind), CS_ENOMEM. */
int cs_policy_match(const struct cs_policy *policy, const struct cs_circumstances *circumstances,
	struct cs_match *ret_match);
/* What the directory has to be asked, beside the person, to match this action: the netgroups of the gates on its
 * service. Appended to *queries, as cs_policy_who. Always the same for one policy and service. 0, CS_ENOMEM. */
int cs_policy_match_needs(const struct cs_policy *policy, const struct cs_action *action,
	struct cs_listing_query **queries, size_t *n_queries);
void cs_match_clear(struct cs_match *match);

/* The gate with this name, or NULL; for claims under a newer policy. */
const struct cs_gate *cs_policy_gate(const struct cs_policy *policy, const char *name);

const char *cs_gate_name(const struct cs_gate *gate);
const char *cs_gate_service(const struct cs_gate *gate, size_t i); /* in file order; NULL past the end */
const char *cs_gate_permission(const struct cs_gate *gate);
bool cs_gate_needs_reason(const struct cs_gate *gate);
bool cs_gate_takes_exposed(const struct cs_gate *gate); /* exposed_file = permit; default deny */
bool cs_gate_refuses_exposed_input(const struct cs_gate *gate); /* exposed_input = deny; default permit */
/* The files beside its command that have to be hashed before the action may pass this gate: what it runs
 * (cs_action_scripts) and the gate's artefacts, each once. How many; where that is more than CS_MAX_WANTED they are too many to
 * hash. The suffixes stay the gate's. */
size_t cs_gate_wanted(const struct cs_gate *gate, const struct cs_action *action,
	struct cs_wanted ret_wanted[CS_MAX_WANTED]);
/* What the action says of such a file; NULL: nothing. */
const struct cs_operand *cs_operand_of(const struct cs_action *action, const struct cs_wanted *wanted);
/* Were all of them hashed? Else *ret_missing is the first that was not, with a suffix that stays the gate's. */
bool cs_gate_has_files(const struct cs_gate *gate, const struct cs_action *action, struct cs_wanted *ret_missing);
/* Why files that others than root can change keep the action out: CS_WHY_EXPOSED_FILE for what runs, command or script;
 * CS_WHY_EXPOSED_INPUT; CS_WHY_NONE. */
enum cs_reason cs_gate_refuses_files(const struct cs_gate *gate, const struct cs_action *action);
uint64_t cs_gate_lifetime_ms(const struct cs_gate *gate);
uint64_t cs_gate_use_within_ms(const struct cs_gate *gate);
uint64_t cs_gate_use_after_ms(const struct cs_gate *gate); /* waiting time between the approval and its use; 0: none */
/* How old the directory's word may be, in milliseconds; 0: it is asked each time. Of a gate the smallest of its own
 * and of every permission it asks for; of a service the smallest of its gates, which is enough for whichever counts. */
#define CS_FRESH_ANY UINT64_MAX /* nothing is said about it */
uint64_t cs_gate_fresh_ms(const struct cs_gate *gate);
uint64_t cs_policy_service_fresh_ms(const struct cs_policy *policy, const char *service);
uint64_t cs_policy_permission_fresh_ms(const struct cs_policy *policy, const char *permission);
/* Of a role the smallest of the permissions that it carries, in scopes of whichever kind. */
uint64_t cs_policy_role_fresh_ms(const struct cs_policy *policy, const char *role);
size_t cs_policy_gates(const struct cs_policy *policy);
/* in file order; NULL past the end */
const struct cs_gate *cs_policy_gate_at(const struct cs_policy *policy, size_t i);
bool cs_gate_denies(const struct cs_gate *gate);
bool cs_gate_monitors(const struct cs_gate *gate); /* mode = monitor; default enforce */
const char *cs_gate_scope(const struct cs_gate *gate);     /* as written: "project/%{project}" */
size_t cs_gate_rules(const struct cs_gate *gate);
const char *cs_gate_rule_name(const struct cs_gate *gate, size_t rule);
/* With majority and all: 1, the least that it can be. */
uint32_t cs_gate_rule_count(const struct cs_gate *gate, size_t rule);
/* "1 × Approve a deployment in project/tomcat", "majority of …", "2 × …, from 30m on": for people. Owned by the caller;
 * NULL when out of memory. */
char *cs_gate_rule_label(const struct cs_policy *policy, const struct cs_gate *gate, size_t rule, const char *scope);

/* --- Terms of a gate beside its rules (terms.c) --------------------------------------------------------------------- */

enum cs_quorum {
	CS_QUORUM_COUNT = 0,    /* cs_gate_rule_count people */
	CS_QUORUM_MAJORITY = 1, /* more than half of those who could fill the rule, the requester left out */
	CS_QUORUM_ALL = 2       /* each of them */
};
enum cs_quorum cs_gate_rule_quorum(const struct cs_gate *gate, size_t rule);
uint32_t cs_gate_rule_stage(const struct cs_gate *gate, size_t rule);           /* 1, 2, … */
const char *cs_gate_rule_alternative(const struct cs_gate *gate, size_t rule);  /* "": always needed */
uint64_t cs_gate_rule_after_ms(const struct cs_gate *gate, size_t rule);        /* escalation: open from then; 0 */
/* A reject by somebody who can fill this rule is one vote less for it; else (the default) it ends the request. Of
 * somebody who can fill several, it ends the request where any of them says so. */
bool cs_gate_rule_counts_rejects(const struct cs_gate *gate, size_t rule);
uint64_t cs_gate_objection_ms(const struct cs_gate *gate);   /* lazy consensus; 0: none */
bool cs_gate_takes_self_approval(const struct cs_gate *gate); /* default no */
bool cs_gate_needs_signature(const struct cs_gate *gate);     /* signature = required; default optional */
uint32_t cs_gate_uses(const struct cs_gate *gate);            /* 1, more, CS_USES_ANY */
uint64_t cs_gate_ahead_ms(const struct cs_gate *gate);        /* how far ahead a start may be; 0: not at all */
uint64_t cs_gate_session_ms(const struct cs_gate *gate);      /* 0: no limit */
enum cs_watch_rule cs_gate_watch(const struct cs_gate *gate); /* whether others may, or have to, look on; default none */
uint64_t cs_gate_watch_grace_ms(const struct cs_gate *gate);  /* how long it may go on with nobody; 0: not required */
uint64_t cs_gate_remind_ms(const struct cs_gate *gate);       /* reminder so long before the deadline; 0: none */

struct cs_held; /* below */
/* Does the gate approve this action of this person by itself (an `automatic` section: commands, people, times, addresses;
 * all that it says have to hold)? 1 (reason AUTOMATIC, because names the section), 0, CS_EDOUBT (of an address, or of
 * what the directory says of the person), CS_ENOMEM. Doubt never approves. No action: 0. Says nothing about the gate's
 * permission, which the person needs beside it. ret_held may be NULL. */
int cs_policy_automatic(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate,
	const char *scope, const struct cs_action *action, uint64_t wall_ms, struct cs_held *ret_held);

/* Break-glass: who may go past the approvals of gates in a scope, for how long. It is known by uid alone, so that it works
 * without any directory. Its review is a gate of its own, which is in cs_policy_gate by name and matches no action: it has
 * no permission (""), asks for two people at least, and is not among cs_policy_gates. The strings are the policy's. */
struct cs_glass {
	const char *name;
	const char *scope;   /* literal; "*": everywhere */
	const uint32_t *uids; /* sorted */
	size_t n_uids;
	uint64_t lasts_ms;   /* at most */
	const struct cs_gate *review; /* named "break-glass NAME"; its rules say who reviews */
};
#define CS_POLICY_REVIEW "break-glass " /* so a review's name begins, and no other gate's: those hold no blank */
size_t cs_policy_glasses(const struct cs_policy *policy);
/* 0, CS_ENOENT past the end. */
int cs_policy_glass(const struct cs_policy *policy, size_t i, struct cs_glass *ret_glass);
/* The gate that judges what was asked for at the gate with this name, in this scope: that gate. A review of a break-glass
 * outlives its section's name: where there is none of that name any more it is that of the first break_glass for just this
 * scope. NULL: there is none. */
const struct cs_gate *cs_policy_judge(const struct cs_policy *policy, const char *gate, const char *scope);
/* 1 when the glass's scope contains the other (both literal). */
int cs_policy_glass_covers(const struct cs_glass *glass, const char *scope);

/* --- Evaluating --------------------------------------------------------------------------------------------------- */

/* Why a right is held or not. */
struct cs_held {
	enum cs_reason reason; /* HAS_RIGHT, EXEMPT; NO_PERMISSION, EXCLUSIVE, UNKNOWN_PERSON, LOCKED_PERSON, DOUBT;
	                        * NONE on errors */
	char *because;         /* held: "role pmc in project/tomcat by owner of cn=tomcat,…", "role pmc in
	                        * project/tomcat by name"; EXCLUSIVE: which roles; DOUBT: what the directory could not
	                        * tell, where it said; else NULL. Owned */
};
void cs_held_clear(struct cs_held *held);

/* Does the person of these facts hold the permission in the scope? Facts must answer cs_policy_queries of the same
 * policy. A role held in "*" holds everywhere; one held in "project" holds in "project/tomcat" too (whole path parts),
 * never the other way. What a role carries `in KIND` counts where the asked scope is of that kind. Roles that exclude
 * each other count for nothing to whoever holds two of them. What a list that is not to be believed (cs_facts.unsure)
 * might give, or take away by such roles, is doubt; it changes nothing for whoever has the right without it.
 * 1, 0, CS_EDOUBT (facts are not KNOWN_YES because of doubt, or an unsure list might change the answer), CS_ENOENT (no such permission), CS_ENOMEM. A person that
 * is not known, or locked, holds nothing (0). ret_held (may be NULL; then nothing is allocated) is set with every
 * result of 1, 0 and CS_EDOUBT; clear it with cs_held_clear. The cost does not grow with the number of assignments. */
int cs_policy_has_right(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission,
	const char *scope, struct cs_held *ret_held);

/* What a person may have in a scope: a permission or a role; the other one is NULL or "". */
struct cs_sought {
	const char *permission, *role, *scope;
};
/* The same for either. A role is had by itself or by another one that inherits it, never by having its permissions; CS_ENOENT:
 * no such permission, or role. */
int cs_policy_holds(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_sought *sought,
	struct cs_held *ret_held);

/* May the person fill this approval rule of the gate in the scope? Same results. Says nothing about who asked. */
int cs_policy_may_fill(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate,
	size_t rule, const char *scope, struct cs_held *ret_held);

/* Does the gate exempt this person: from its approvals, or a deny gate from its denial (scope: NULL there)? 1 (reason
 * EXEMPT, because names the exemption), 0, CS_EDOUBT, CS_ENOMEM. Doubt never exempts. */
int cs_policy_exempt(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate,
	const char *scope, struct cs_held *ret_held);

/* Might this membership matter for what is decided about the gate in the scope, or for which gate counts: for the gate's
 * permission, rules and exemptions there, for exclusive roles, for what lifts a deny gate? Without a gate (NULL): for any
 * right in the scope? 1 or 0. An estimate, for what
 * is kept with a decision: whoever leaves something out decides again without it (cs_grounds_freeze). */
int cs_policy_matters(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope,
	const struct cs_membership *membership);

/* Everything a person holds: one entry for each permission and scope in which a role gives it (not for what those
 * scopes contain), sorted by scope, then permission, each once. What a role held in "*" carries only `in wg` stands
 * there with the scope "wg". What an unsure list might give or take away is left out. */
struct cs_right_held {
	const char *permission; /* the policy's */
	char *scope;
	char *because;          /* as in cs_held */
};
/* 0 (also for people who hold nothing), CS_EDOUBT, CS_ENOMEM. */
int cs_policy_rights_of(const struct cs_policy *policy, const struct cs_facts *facts, struct cs_right_held **ret_rights,
	size_t *ret_count);
void cs_rights_held_free(struct cs_right_held **rights, size_t *count);

/* Exclusive roles that the directory as it is breaks: a line for each that this person violates, for people. Appended
 * to *lines. 0, CS_EDOUBT, CS_ENOMEM. */
int cs_policy_violations(const struct cs_policy *policy, const struct cs_facts *facts, char ***lines, size_t *n_lines);

/* Which rules of a gate one person may fill together: rules with the same number in ret_block are filled by different
 * people (cs_approval_assign). People distinct: all 0. People shared: a number each, but one for rules that roles of
 * one `exclusive … within = request` could fill. ret_block has room for cs_gate_rules. */
void cs_gate_blocks(const struct cs_policy *policy, const struct cs_gate *gate, uint8_t *ret_block);

/* Which groups would have to be listed to know who could fill a rule: appended to *queries (free each with
 * cs_clear(&cs_listing_query_shape)); people who are named need no query (cs_policy_named_people). The lists may hold
 * people who cannot: `where`, `unless`, a second name in a scope and exclusive roles are not asked for, and more than
 * 16 groups with one parent become all groups below it. Never fewer. Whom it matters for, his facts are
 * looked at. 0, CS_ENOMEM. */
int cs_policy_who(const struct cs_policy *policy, const struct cs_gate *gate, size_t rule, const char *scope,
	struct cs_listing_query **queries, size_t *n_queries);

/* And whom the policy itself names for it by DN, in the rule or in an assignment: they are in no listing. each is called
 * for every one of them, some perhaps twice, until it does not return 0. 0, or what each returned. */
int cs_policy_who_named(const struct cs_policy *policy, const struct cs_gate *gate, size_t rule, const char *scope,
	int (*each)(void *arg, const char *dn), void *arg);

/* The same for a permission in a scope, and every query whose answer together names all who hold any role: for tools
 * that list people. 0, CS_ENOENT (no such permission), CS_ENOMEM. */
int cs_policy_who_can(const struct cs_policy *policy, const char *permission, const char *scope,
	struct cs_listing_query **queries, size_t *n_queries);
int cs_policy_everybody(const struct cs_policy *policy, struct cs_listing_query **queries, size_t *n_queries);
/* People whom assignments, approvals and exemptions name by DN; the array belongs to the policy. */
char *const *cs_policy_named_people(const struct cs_policy *policy, size_t *ret_count);

/* Explains has_right step by step, one line each, appended to *steps: each assignment that could give it, and whether
 * it did; ends with the verdict or what would supply the missing step. 0, CS_ENOMEM, CS_ENOENT as has_right. */
int cs_policy_explain(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission,
	const char *scope, char ***steps, size_t *n_steps);

/* --- Looking at a policy (lint.c, diff.c, edit.c) ----------------------------------------------------------------- */

/* What a sound policy says that its author may not have meant. */
struct cs_finding {
	bool warning;     /* else a note */
	unsigned line;
	char *code;       /* stable word: "shadowed-gate", "unreachable-gate", "unused-role", "unused-permission",
	                   * "redundant-assignment", "unguarded-service", "undeclared-service", "exemption",
	                   * "exempts-everybody", "local-peer", "idle-fresh", "covered-floor", "self-approval",
	                   * "lazy-consensus", "automatic-everything", "lone-alternative", "covered-alternative",
	                   * "break-glass" */
	char *text;
};
/* Gates that an earlier one always takes away (shadowed) or one that denies further down (unreachable), roles nobody is
 * assigned and nothing inherits, permissions that no gate and no role uses, assignments that another contains,
 * exemptions (always a note: they are to be seen) and those that exempt whoever may ask, services that a gate names but
 * no service section (undeclared), services that are permitted and no gate names (unguarded), the requester's own votes,
 * lazy consensus and break-glass (they are to be seen), automatic approvals of whatever is asked, alternatives that stand
 * alone or that another one always comes before. Nothing is found that is not so. Sorted by line. Better with cs_policy_resolved told before. 0, CS_ENOMEM. */
int cs_policy_lint(const struct cs_policy *policy, struct cs_finding **ret_findings, size_t *ret_count);
void cs_findings_free(struct cs_finding **findings, size_t *count);

/* What changes in rights and in what guards actions, from one policy to the next, whatever the directory holds: rights
 * by who is listed where, gates, rules, exclusive roles, exemptions, services. Complete: two policies without a change
 * of effect permit exactly the same to the same people. Whatever is not surely stronger or the same is weaker. Sorted:
 * weaker first, then stronger, then same. 0, CS_ENOMEM. */
int cs_policy_diff(const struct cs_policy *before, const struct cs_policy *after, struct cs_change **ret_changes,
	size_t *ret_count);
void cs_changes_free(struct cs_change **changes, size_t *count);
/* The strongest of the effects: weaker over stronger over same. */
enum cs_effect cs_changes_effect(const struct cs_change *changes, size_t count);

/* One change of a policy's text that keeps everything else as it is written, comments too. */
enum cs_edit_kind { CS_EDIT_NONE = 0, CS_EDIT_GRANT, CS_EDIT_REVOKE, CS_EDIT_DEFINE };
struct cs_edit {
	enum cs_edit_kind kind;
	const char *role;
	const char *scope_kind;         /* GRANT, REVOKE: the permissions `in` this kind of scope; "" or NULL: plain
	                                 * ones */
	const char *label;              /* DEFINE; "" or NULL: none */
	char *const *permissions;
	size_t n_permissions;
	char *const *inherits;          /* DEFINE */
	size_t n_inherits;
};
/* The result is parsed again and compared: where it would say anything but what was asked, it is refused. name is for
 * messages. 0; CS_ECONF with problem (unknown role or permission with a suggestion, granted already, not granted, a
 * role that exists); CS_ENOMEM. */
int cs_policy_edit(const char *text, const char *name, const struct cs_edit *edit, char **ret_text,
	struct cs_problem *problem);

/* The roles in file order, as they are written (catalog.c): for programs that list them. Clear one with
 * cs_clear(&cs_role_shape). 0, CS_ENOENT (past the end), CS_ENOMEM. */
struct cs_role_kind { char *kind; char **permissions; size_t n_permissions; };
struct cs_role {
	char *name, *label;
	char **inherits;
	size_t n_inherits;
	char **permissions; /* which it lists itself */
	size_t n_permissions;
	struct cs_role_kind *kinds; /* and those `in` one kind of scope */
	size_t n_kinds;
};
extern const struct cs_shape cs_role_shape;
size_t cs_policy_roles(const struct cs_policy *policy);
int cs_policy_role(const struct cs_policy *policy, size_t i, struct cs_role *ret_role);

/* --- Conditions (window.c, range.c), also for programs that show them --------------------------------------------- */

/* Time windows and address ranges as docs/policy.md writes them. parse: 0, CS_ENOMEM, CS_ECONF with *ret_what a static
 * text. holds: 1 or 0; a range asked about an address that is none: CS_EDOUBT. */
struct cs_window {
	bool dated;
	uint8_t days;
	uint32_t from_min, until_min;
	int32_t offset_min;
	int64_t from_s, until_s;
};
int cs_window_parse(const char *text, struct cs_window *ret_window, const char **ret_what);
int cs_window_holds(const struct cs_window *window, uint64_t wall_ms);
struct cs_range { bool local; uint8_t family, bits; uint8_t address[16]; };
int cs_range_parse(const char *text, struct cs_range *ret_range, const char **ret_what);
int cs_range_holds(const struct cs_range *range, const char *peer);
/* "2026-11-21T12:00Z" and "2026-11-21" as wall milliseconds: 0, CS_EINVAL. */
int cs_moment_parse(const char *text, uint64_t *ret_wall_ms);

/* 1 when the role is defined, else 0. */
int cs_policy_role_known(const struct cs_policy *policy, const char *role);
/* 1 when the permission is defined, else 0; its label (its name when it has none). */
int cs_policy_permission_known(const struct cs_policy *policy, const char *permission);
const char *cs_policy_permission_label(const struct cs_policy *policy, const char *permission);

#endif
