/* SPDX-License-Identifier: Apache-2.0 */
/* Submit: what is to be done is matched, the person is looked up, and the answer is permit, deny or hold. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* Records a verdict that makes no request, and ends the task. A permit that cannot be recorded is none. */
static void conclude(struct task *task, enum cs_verdict verdict, enum cs_reason reason, const char *gate,
	const char *text)
{
	const struct cs_submit *submit = task->call;
	struct cs_authority *a = task->authority;
	const char *shown = text && *text ? text : cs_reason_text(reason);
	char *kept = NULL;
	int r = 0;

	if (cs_format(&kept, "%s%s", shown, task->told ? task->told : "") < 0) {
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
		return;
	}
	r = record_begin(a);
	if (r == 0)
		r = record_outright(task, verdict == CS_PERMIT ? CS_EVENT_PERMITTED : CS_EVENT_DENIED, verdict, reason,
			gate, strlen(kept) <= CS_MAX_TEXT ? kept : shown);
	if (r == 0 && verdict == CS_PERMIT && !submit->only_ask)
		r = release_add(task, &submit->action, submit->subject.uid, 0);
	if (r < 0)
		record_undo(a);
	free(kept);
	if (r == CS_ETOOBIG && verdict == CS_PERMIT)
		conclude(task, CS_DENY, CS_WHY_BAD_CALL, gate,
			"The command line is too long to be recorded, and without a record nothing is permitted.");
	else if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		task_decide(task, verdict, reason, shown);
}

static void deny(struct task *task, enum cs_reason reason, const char *text)
{
	conclude(task, CS_DENY, reason, task->match.gate ? cs_gate_name(task->match.gate) : NULL, text);
}

/* Root on this machine. Over the network "root" is a person nobody can name, and is judged like anybody. */
static int is_local_root(const struct task *task)
{
	const struct cs_submit *submit = task->call;

	return submit->subject.uid == task->authority->options.root_uid &&
	       (!submit->action.peer || !*submit->action.peer);
}

/* Numbers and names that stand for no person (A004). */
static int is_nobody(const struct cs_subject *subject)
{
	return !subject->name || !*subject->name || subject->uid == CS_NO_UID || subject->uid == 65534;
}

/* What a gate never lets through, whoever asks. The file is hashed last: by then it is one that only root can
 * change. */
static enum cs_reason refused_outright(struct task *task)
{
	struct cs_submit *submit = task->call;
	struct cs_action *action = &submit->action;
	int runs = cs_action_runs(action);

	if (action->option_refused)
		return CS_WHY_OPTION;
	if (runs && action->exposed && !cs_gate_takes_exposed(task->match.gate))
		return CS_WHY_EXPOSED_FILE;
	for (size_t i = 0; i < action->n_env; i++)
		if (environment_steers(action->env[i]))
			return CS_WHY_ENVIRONMENT;
	if (runs)
		task_measure(task);
	action->file = task->file;
	return runs && !action->file.present ? CS_WHY_NO_FILE : CS_WHY_NONE;
}

/* What an identical call has too, in task->key. */
static int action_key(struct task *task)
{
	const struct cs_submit *submit = task->call;
	struct cs_buf bytes;
	int r = 0;

	cs_buf_init(&bytes, CS_MAX_EVENT);
	r = cs_action_key_encode(&submit->subject, &submit->action, &bytes);
	if (r == 0)
		r = cs_digest(CS_DOMAIN_ACTION, bytes.data, bytes.len, task->key);
	cs_buf_clear(&bytes);
	return r;
}

enum { PARKED_NOT, PARKED_PENDING, PARKED_COOLING, PARKED_APPROVED };

/* How good it is to find this request, which is loaded: best one that may be used. One of another gate or scope, by
 * which other people were asked, is none. */
static int parked_rank(const struct task *task)
{
	const struct cs_stored *stored = &task->stored;

	if (stored_overdue(stored, &task->now, NULL) ||
		strcmp(stored->request.gate, cs_gate_name(task->match.gate)) != 0 ||
		strcmp(stored->request.scope, task->match.scope) != 0)
		return PARKED_NOT;
	if (stored->state != CS_APPROVED)
		return PARKED_PENDING;
	return stored_cooling(task->authority, stored, &task->now, NULL) ? PARKED_COOLING : PARKED_APPROVED;
}

/* An identical request that is open and that no connection holds. 1 and it is loaded, 0, or CS_E…. */
static int find_parked(struct task *task)
{
	struct cs_authority *a = task->authority;
	uint64_t numbers[64], found = 0;
	int n = cs_store_find_open(a->store, task->key, numbers, CS_COUNT(numbers));
	int best = PARKED_NOT, r = n < 0 ? n : 0;

	for (int i = 0; r == 0 && i < n && best != PARKED_APPROVED; i++) {
		if (live_of_number(a, numbers[i]))
			continue;
		r = task_load(task, numbers[i]);
		if (r == 0 && parked_rank(task) > best) {
			best = parked_rank(task);
			found = numbers[i];
		}
	}
	if (r < 0)
		return r;
	if (best == PARKED_NOT) {
		task_unload(task); /* the votes of one that is over must not count for a new one */
		return 0;
	}
	r = task->stored.number == found ? 0 : task_load(task, found);
	return r < 0 ? r : 1;
}

static int request_fill(struct task *task, const struct cs_facts *facts, struct cs_request *request)
{
	struct cs_authority *a = task->authority;
	const struct cs_submit *submit = task->call;
	int r = 0;

	request->version = 2;
	r = cs_random(request->id, sizeof(request->id));
	if (r == 0)
		r = cs_copy(&cs_subject_shape, &submit->subject, &request->subject);
	if (r == 0)
		r = cs_copy(&cs_action_shape, &submit->action, &request->action);
	if (r == 0)
		r = cs_copy(&cs_person_shape, &facts->person, &request->requester);
	if (r < 0)
		return r;
	request->boot = cs_dup(task->now.boot_id);
	request->gate = cs_dup(cs_gate_name(task->match.gate));
	request->scope = cs_dup(task->match.scope);
	request->reason = cs_dup(submit->reason);
	request->assurance = cs_dup("local-uid");
	memcpy(request->policy_digest, a->policy_digest, CS_DIGEST_LEN);
	request->created_wall_ms = task->now.wall_ms;
	request->created_boot_ms = task->now.boot_ms;
	request->lifetime_ms = cs_gate_lifetime_ms(task->match.gate);
	request->use_within_ms = cs_gate_use_within_ms(task->match.gate);
	request->uses = 1;
	return request->boot && request->gate && request->scope && request->reason && request->assurance ? 0
		: CS_ENOMEM;
}

/* Approvers have to be able to look at it, with their votes. */
static int check_size(struct task *task)
{
	int fits = request_fits(task, FIRST_VOTES_BYTES);

	return fits == 0 ? CS_ETOOBIG : fits < 0 ? fits : 0;
}

/* Stores the new request with its event; task->stored is it. */
static int request_make(struct task *task, const struct cs_facts *facts)
{
	struct cs_authority *a = task->authority;
	struct cs_stored *stored = &task->stored;
	struct cs_buf body;
	int r = 0;

	cs_buf_init(&body, CS_MAX_EVENT);
	r = request_fill(task, facts, &stored->request);
	if (r == 0)
		r = cs_request_encode(&stored->request, &body);
	if (r == 0)
		r = cs_digest(CS_DOMAIN_REQUEST, body.data, body.len, stored->digest);
	if (r == 0) {
		memcpy(stored->action_key, task->key, CS_DIGEST_LEN);
		stored->state = CS_PENDING;
		stored->since_boot_ms = task->now.boot_ms;
		stored->since_wall_ms = task->now.wall_ms;
		stored->since_boot = cs_dup(task->now.boot_id);
		r = stored->since_boot ? check_size(task) : CS_ENOMEM;
	}
	if (r == 0)
		r = record_begin(a);
	if (r == 0) {
		r = cs_store_add(a->store, stored);
		if (r == 0)
			r = record_request(a, stored, CS_EVENT_REQUESTED, CS_HOLD, CS_WHY_NEEDS_APPROVAL,
				&stored->request.requester, stored->request.reason, &body);
		if (r < 0)
			record_undo(a);
	}
	cs_buf_clear(&body);
	return r;
}

/* The reply to a request that waits for people or for its time: held on line, or left open where nobody can wait. */
static void reply_open(struct task *task, struct cs_decision *decision)
{
	const struct cs_submit *submit = task->call;
	struct cs_decision reply = { 0 };
	int r = decision_of(&task->stored, task->votes, task->n_votes, &task->now, &reply);
	int cools = r == 0 && stored_cooling(task->authority, &task->stored, &task->now, &reply.remaining_ms);

	if (r == 0) {
		reply.needs = decision->needs;
		reply.n_needs = decision->n_needs;
		decision->needs = NULL;
		decision->n_needs = 0;
		reply.verdict = submit->may_wait ? CS_HOLD : CS_DENY;
		reply.reason = !submit->may_wait ? CS_WHY_NOT_WAITING : cools ? CS_WHY_COOLING : CS_WHY_NEEDS_APPROVAL;
		reply.text = cools ? cooling_text(reply.remaining_ms) : cs_dup(cs_reason_text(reply.reason));
		reply.check_code = malloc(CS_CODE_LEN + 1);
		if (reply.check_code)
			cs_check_code(task->stored.digest, reply.check_code);
		r = !reply.text || !reply.check_code ? CS_ENOMEM : 0;
	}
	if (r == 0 && submit->may_wait)
		r = live_add(task, &reply.hold_ms, &reply);
	if (r < 0) {
		cs_clear(&cs_decision_shape, &reply);
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	} else {
		task_reply(task, &reply);
	}
}

static int over_limit(struct task *task)
{
	const struct cs_submit *submit = task->call;
	const struct cs_authority_options *o = &task->authority->options;
	uint64_t of_uid = 0, pending = 0, approved = 0;
	int r = cs_store_count_open(task->authority->store, submit->subject.uid, &of_uid, &pending, &approved);

	return r < 0 ? r : of_uid >= o->max_open_per_uid || pending + approved >= o->max_open;
}

static void open_new(struct task *task, const struct cs_facts *facts, struct cs_decision *decision)
{
	const struct cs_submit *submit = task->call;
	int r = 0;

	if (cs_gate_needs_reason(task->match.gate) && (!submit->reason || !*submit->reason)) {
		task_decide(task, CS_HOLD, CS_WHY_NEEDS_REASON, NULL);
		return;
	}
	r = over_limit(task);
	if (r == 1) {
		deny(task, CS_WHY_LIMIT, NULL);
		return;
	}
	if (r == 0)
		r = request_make(task, facts);
	if (r == 0)
		reply_open(task, decision);
	else if (r == CS_ETOOBIG)
		deny(task, CS_WHY_BAD_CALL, "The request is too large: shorten the command line or the environment.");
	else
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
}

/* The parked request was found before the directory was asked; it may have moved on meanwhile. */
static int parked_still(struct task *task)
{
	struct cs_authority *a = task->authority;
	uint64_t number = task->stored.number;
	enum cs_state was = task->stored.state;
	uint64_t version = task->stored.version;

	if (number == 0)
		return 0;
	if (task_load(task, number) < 0 || live_of_number(a, number) || task->stored.state != was ||
		task->stored.version != version || stored_overdue(&task->stored, &task->now, NULL))
		return CS_ECONFLICT;
	return 1;
}

/* The votes are there, but at the last one the directory could not tell about all who voted, or said no of one. */
static int count_again(struct task *task)
{
	struct cs_authority *a = task->authority;
	struct cs_stored *stored = &task->stored;
	int r = record_begin(a);

	if (r < 0)
		return r;
	r = cs_store_change(a->store, stored->number, CS_PENDING, cs_state_after(CS_PENDING, CS_STEP_SUFFICE),
		&task->now);
	r = r == 0 ? CS_ECONFLICT : r;
	if (r == 1)
		r = record_request(a, stored, CS_EVENT_APPROVED, CS_PERMIT, CS_WHY_APPROVED, NULL,
			"the votes were counted again, and suffice now", NULL);
	if (r == 0)
		r = task_load(task, stored->number);
	if (r < 0)
		record_undo(a);
	return r;
}

static void use_parked(struct task *task, const struct cs_answer *answer)
{
	struct cs_decision used = { 0 };
	int r = task->stored.state == CS_PENDING ? count_again(task) : 0;

	if (r == 0)
		r = claim_use(task, answer, &used);
	if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else if (used.reason == CS_WHY_COOLING)
		reply_open(task, &used);
	else
		task_reply(task, &used);
	cs_clear(&cs_decision_shape, &used);
}

static void resume_hold(struct task *task, const struct cs_answer *answer, struct cs_decision *decision)
{
	const struct cs_submit *submit = task->call;
	int parked = 0;

	if (submit->only_ask) {
		task_decide(task, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
		return;
	}
	parked = parked_still(task);
	if (parked == CS_ECONFLICT) {
		deny(task, CS_WHY_STATE, "The request changed while it was looked at; run it again.");
	} else if (parked == 1 && (task->stored.state == CS_APPROVED || decision->verdict == CS_PERMIT)) {
		use_parked(task, answer);
	} else if (parked == 1) {
		reply_open(task, decision);
	} else {
		open_new(task, &answer->facts[0], decision);
	}
}

/* People change things through people.sock by their uid alone: the directory has told who that is. */
static void name_subject(struct cs_submit *submit, const struct cs_facts *facts)
{
	if (facts->known == CS_KNOWN_YES && (!submit->subject.name || !*submit->subject.name))
		/* for display: without it the uid stands alone */
		(void)cs_set(&submit->subject.name, facts->person.name);
}

/* Keeps for the event who said what the verdict depends on, and how old that is. 0, CS_ENOMEM. */
static int keep_told(struct task *task, const struct cs_facts *facts)
{
	char *told = facts_told(facts, &task->now);
	int r = told ? 0 : CS_ENOMEM;

	cs_free_str(&task->told);
	if (told && *told)
		r = cs_format(&task->told, " (%s)", told);
	free(told);
	return r;
}

static void submit_resume(struct task *task, const struct cs_answer *answer)
{
	struct cs_case what = { 0 };
	struct cs_decision decision = { 0 };
	char *stale = NULL;
	int r = keep_told(task, &answer->facts[0]);

	name_subject(task->call, &answer->facts[0]);
	if (facts_stale(task, answer->facts, answer->n_facts, cs_gate_fresh_ms(task->match.gate), "the gate", &stale)) {
		deny(task, CS_WHY_DOUBT, stale);
		free(stale);
		return;
	}
	what.policy = task->authority->policy;
	what.gate = task->match.gate;
	what.scope = task->match.scope;
	what.requester = &answer->facts[0];
	what.votes = task->votes;
	what.voters = answer->facts + 1;
	what.n_votes = task->n_votes;
	what.listings = answer->listings;
	what.listings_of_rule = task->listings_of_rule;
	if (r == 0)
		r = cs_decide(&what, &decision);
	if (r < 0)
		deny(task, CS_WHY_STORE, "The decision could not be made.");
	else if (decision.verdict == CS_PERMIT && decision.reason != CS_WHY_APPROVED)
		conclude(task, CS_PERMIT, decision.reason, cs_gate_name(task->match.gate), decision.text);
	else if (decision.verdict == CS_HOLD || (decision.verdict == CS_PERMIT && task->stored.number != 0))
		resume_hold(task, answer, &decision);
	else
		deny(task, decision.reason, decision.text);
	cs_clear(&cs_decision_shape, &decision);
}

static void submit_gate(struct task *task)
{
	const struct cs_submit *submit = task->call;
	int r = action_key(task);

	if (r == 0 && !submit->only_ask)
		r = find_parked(task);
	if (r >= 0)
		r = task_ask_subject(task, submit->subject.uid, submit->subject.name);
	if (r == 0)
		r = task_ask_voters(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0)
		r = task_ask_listings(task, task->match.gate, task->match.scope);
	if (r == 0)
		r = task_ask_match(task, &submit->action);
	if (r == CS_ETOOBIG)
		deny(task, CS_WHY_BAD_CALL, "The command line is too long for a request.");
	else if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		task_ask(task, cs_policy_service_fresh_ms(task->authority->policy, submit->action.service),
			submit_resume);
}

static void submit_matched(struct task *task)
{
	enum cs_reason refused = CS_WHY_NONE;

	switch (task->match.kind) {
	case CS_MATCH_NONE:
		if (task->match.unmatched_permits)
			conclude(task, CS_PERMIT, CS_WHY_UNGUARDED, NULL, NULL);
		else
			deny(task, CS_WHY_UNMATCHED, NULL);
		return;
	case CS_MATCH_DENY:
		deny(task, CS_WHY_DENY_GATE, task->match.text);
		return;
	case CS_MATCH_ARGUMENTS:
		deny(task, CS_WHY_ARGUMENTS, task->match.text);
		return;
	case CS_MATCH_CONDITION:
		deny(task, CS_WHY_CONDITION, task->match.text);
		return;
	case CS_MATCH_DOUBT:
	case CS_MATCH_ASK: /* the directory was asked already, or could not be */
		deny(task, CS_WHY_DOUBT, task->match.text);
		return;
	case CS_MATCH_GATE:
		refused = refused_outright(task);
		if (refused == CS_WHY_NONE)
			submit_gate(task);
		else
			deny(task, refused, NULL);
		return;
	}
	deny(task, CS_WHY_NONE, NULL);
}

/* The directory has told what the match depends on: now it is decided. What comes next is a question of its own. */
static void submit_told(struct task *task, const struct cs_answer *answer)
{
	const struct cs_submit *submit = task->call;
	struct cs_match match = { 0 };
	int r = task_match(task, &submit->action, &answer->facts[0], answer, &match);

	if (r == 0)
		r = keep_told(task, &answer->facts[0]);
	cs_clear(&cs_question_shape, &task->question);
	task->match_at = task->n_match = 0;
	if (r < 0) {
		cs_match_clear(&match);
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
		return;
	}
	task->match = match;
	submit_matched(task);
}

/* Which gate counts depends on the person or on netgroups. */
static void submit_ask(struct task *task)
{
	const struct cs_submit *submit = task->call;
	int r = task_ask_subject(task, submit->subject.uid, submit->subject.name);

	cs_match_clear(&task->match);
	task_keep_fd(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0)
		r = task_ask_match(task, &submit->action);
	if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		task_ask(task, cs_policy_service_fresh_ms(task->authority->policy, submit->action.service),
			submit_told);
}

static void submit_match(struct task *task)
{
	const struct cs_submit *submit = task->call;
	struct cs_circumstances circumstances = { .action = &submit->action, .wall_ms = task->now.wall_ms };

	if (cs_policy_match(task->authority->policy, &circumstances, &task->match) < 0)
		task_decide(task, CS_DENY, CS_WHY_NONE, NULL);
	else if (task->match.kind == CS_MATCH_ASK)
		submit_ask(task);
	else
		submit_matched(task);
}

/* Stamps what only the daemon knows and looks whether the call makes sense. 0, or the task has ended. */
static int submit_check(struct task *task)
{
	struct cs_submit *submit = task->call;
	const char *what = NULL;

	if (cs_set(&submit->action.host, task->authority->options.host) < 0) {
		task_fail(task, CS_ENOMEM, NULL);
		return CS_ENOMEM;
	}
	memset(&submit->action.file, 0, sizeof(submit->action.file));
	if (cs_action_check(&submit->action, &what) < 0) {
		task_fail(task, CS_EINVAL, what);
		return CS_EINVAL;
	}
	return 0;
}

void submit_start(struct task *task)
{
	const struct cs_submit *submit = task->call;

	if (!task->caller.module)
		task_fail(task, CS_EPERM, NULL);
	else if (submit_check(task) < 0)
		return;
	else if (is_nobody(&submit->subject))
		deny(task, CS_WHY_UNKNOWN_PERSON, NULL);
	else if (is_local_root(task))
		conclude(task, CS_PERMIT, CS_WHY_ROOT, NULL, NULL);
	else
		submit_match(task);
}

/* --- By the authority itself -------------------------------------------------------------------------------------- */

static void internal_start(struct task *task)
{
	const struct cs_submit *submit = task->call;

	if (submit_check(task) < 0)
		return;
	if (submit->subject.uid == CS_NO_UID || submit->subject.uid == 65534)
		deny(task, CS_WHY_UNKNOWN_PERSON, NULL);
	else
		submit_match(task);
}

void submit_internal(struct cs_authority *a, const struct cs_caller *caller, const struct cs_submit *submit,
	cs_reply_fn done, void *arg)
{
	static const struct handler handler = { CS_CALL_SUBMIT, &cs_submit_shape, &cs_decision_shape, internal_start };
	struct cs_submit own = *submit; /* a view: task_begin copies it */

	own.subject = (struct cs_subject){ .uid = caller->uid, .login_uid = CS_NO_UID };
	own.may_wait = false;
	own.has_file = false;
	task_begin(a, caller, &handler, &own, -1, done, arg);
}
