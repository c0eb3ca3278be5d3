/* SPDX-License-Identifier: Apache-2.0 */
/* Submit: what is to be done is matched, the person is looked up, and the answer is permit, deny or hold. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* What is told and recorded: asked for ahead, nothing runs now, whatever may run later. */
static void as_ahead(const struct cs_submit *submit, enum cs_verdict *verdict, enum cs_reason *reason, const char **text)
{
	if (!submit->ahead || *verdict != CS_PERMIT)
		return;
	*verdict = CS_DENY;
	*reason = CS_WHY_NOT_WAITING;
	*text = "Nobody has to be asked for this: it may run when you want it to.";
}

/* What is recorded: who told what it depends on, and, of what is permitted, the reason that was given for it. */
static int kept_text(const struct task *task, enum cs_verdict verdict, const char *shown, char **ret_kept)
{
	const struct cs_submit *submit = task->call;
	bool reasoned = verdict == CS_PERMIT && submit->reason && *submit->reason;

	return cs_format(ret_kept, "%s%s%s%s", shown, task->told ? task->told : "", reasoned ? "; reason: " : "",
		reasoned ? submit->reason : "");
}

/* Records a verdict that makes no request, and ends the task. A permit that cannot be recorded is none. */
static void conclude(struct task *task, enum cs_verdict verdict, enum cs_reason reason, const char *gate,
	const char *text)
{
	const struct cs_submit *submit = task->call;
	struct cs_authority *a = task->authority;
	const char *shown = NULL;
	char *kept = NULL;
	int r = 0;

	as_ahead(submit, &verdict, &reason, &text);
	shown = text && *text ? text : cs_reason_text(reason);
	if (kept_text(task, verdict, shown, &kept) < 0) {
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
	if (runs && action->exposed && !(task->match.gate && cs_gate_takes_exposed(task->match.gate)))
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

/* What is said of a request that is left open. */
static char *open_text(const struct task *task, const struct cs_decision *reply, bool cools)
{
	const struct cs_submit *submit = task->call;

	if (cools)
		return cooling_text(reply->remaining_ms);
	if (submit->ahead && task->stored.state == CS_APPROVED)
		return cs_dup("Approved; run it when you want to.");
	if (submit->ahead)
		return cs_dup("The request is open. Run it after it is approved.");
	return cs_dup(cs_reason_text(reply->reason));
}

/* The reply to a request that waits for people or for its time: held on line, or left open where nobody can wait. */
static void reply_open(struct task *task, struct cs_decision *decision)
{
	const struct cs_submit *submit = task->call;
	bool waits = submit->may_wait && !submit->ahead;
	struct cs_decision reply = { 0 };
	int r = decision_of(task->authority, &task->stored, task->votes, task->n_votes, &task->now, &reply);
	int cools = r == 0 && stored_cooling(task->authority, &task->stored, &task->now, &reply.remaining_ms);

	if (r == 0) {
		decision_needs(&reply, decision);
		reply.verdict = waits ? CS_HOLD : CS_DENY;
		reply.reason = !waits ? CS_WHY_NOT_WAITING : cools ? CS_WHY_COOLING : CS_WHY_NEEDS_APPROVAL;
		reply.text = open_text(task, &reply, cools);
		reply.check_code = malloc(CS_CODE_LEN + 1);
		if (reply.check_code)
			cs_check_code(task->stored.digest, reply.check_code);
		r = !reply.text || !reply.check_code ? CS_ENOMEM : 0;
	}
	if (r == 0 && waits)
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

/* Why no new request is made; CS_WHY_NONE when one is. *ret_text (owned) where there is more to say. */
static enum cs_reason new_refused(struct task *task, const struct cs_person *person, char **ret_text)
{
	uint64_t wait = backoff_left(task->authority, person, &task->now);
	char span[16];
	int r = 0;

	if (wait > 0) {
		cs_span_text(wait, span);
		(void)cs_format(ret_text, "Too many of your requests were rejected; ask again in %s.", span);
		return CS_WHY_BACK_OFF;
	}
	r = over_limit(task);
	return r < 0 ? CS_WHY_STORE : r == 1 ? CS_WHY_LIMIT : CS_WHY_NONE;
}

static bool lacks_reason(const struct task *task)
{
	const struct cs_submit *submit = task->call;

	return cs_gate_needs_reason(task->match.gate) && (!submit->reason || !*submit->reason);
}

static void open_new(struct task *task, const struct cs_facts *facts, struct cs_decision *decision)
{
	enum cs_reason refused = CS_WHY_NONE;
	char *text = NULL;
	int r = 0;

	if (lacks_reason(task)) {
		task_decide(task, CS_HOLD, CS_WHY_NEEDS_REASON, NULL);
		return;
	}
	refused = new_refused(task, &facts->person, &text);
	if (refused == CS_WHY_NONE) {
		r = request_make(task, facts, decision);
		task->made = r == 0;
	}
	if (refused == CS_WHY_STORE || (r < 0 && r != CS_ETOOBIG))
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else if (refused != CS_WHY_NONE)
		deny(task, refused, text);
	else if (r == CS_ETOOBIG)
		deny(task, CS_WHY_BAD_CALL, "The request is too large: shorten the command line or the environment.");
	else
		reply_open(task, decision);
	free(text);
}

static void use_joined(struct task *task, const struct cs_answer *answer)
{
	struct cs_decision used = { 0 };
	int r = claim_use(task, answer, &used);

	if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else if (used.reason == CS_WHY_COOLING)
		reply_open(task, &used);
	else
		task_reply(task, &used);
	cs_clear(&cs_decision_shape, &used);
}

/* The request was there. Votes that suffice by now are counted: at the last one the directory could not tell about all
 * who voted, or said no of one; or nobody objected in time. */
static void resume_joined(struct task *task, const struct cs_answer *answer, struct cs_decision *decision)
{
	const struct cs_submit *submit = task->call;
	int r = 0;

	if (task->stored.state == CS_PENDING && decision->verdict == CS_PERMIT)
		r = count_again(task, task->match.gate, answer);
	if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else if (task->stored.state == CS_APPROVED && !submit->ahead)
		use_joined(task, answer);
	else
		reply_open(task, decision);
}

static void resume_hold(struct task *task, const struct cs_answer *answer, struct cs_decision *decision)
{
	const struct cs_submit *submit = task->call;
	int joined = submit->only_ask ? 0 : join_still(task);

	if (submit->only_ask)
		task_decide(task, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	else if (joined == 1)
		resume_joined(task, answer, decision);
	else if (joined == 0)
		open_new(task, &answer->facts[0], decision);
	else if (!task_again(task))
		deny(task, CS_WHY_STATE, "The request changed while it was looked at; run it again.");
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

/* The case as it is asked: with the votes of the request that was found, if one was. */
static int ask_case(struct task *task, const struct cs_answer *answer, struct count *ret_count)
{
	const struct cs_submit *submit = task->call;
	int r = count_begin(task, task->match.gate, &answer->facts[0], answer->facts + 1, answer, ret_count);

	if (r < 0)
		return r;
	ret_count->what.scope = task->match.scope;
	ret_count->what.action = &submit->action;
	ret_count->what.asked_by = NULL;
	if (task->stored.number == 0)
		ret_count->what.elapsed_ms = 0;
	return 0;
}

/* Decides, and keeps what it was decided from. */
static int decide(struct task *task, const struct cs_answer *answer, struct cs_decision *ret_decision)
{
	struct cs_decision decision = { 0 };
	struct count count = { 0 };
	int r = ask_case(task, answer, &count);

	cs_clear(&cs_grounds_shape, &task->grounds);
	if (r == 0)
		r = cs_decide(&count.what, &decision);
	if (r == 0)
		r = count_freeze(task, &count, answer, &task->grounds);
	if (r == CS_ETOOBIG && decision.verdict != CS_PERMIT)
		r = 0; /* a denial is told and recorded with as much as fits */
	count_clear(&count);
	if (r == 0)
		*ret_decision = decision;
	else
		cs_clear(&cs_decision_shape, &decision);
	return r;
}

/* Between two questions to the directory a netgroup, or the time, may have come to lead elsewhere. What is recorded is the
 * last answer, and everything has to follow from it. 1, 0, CS_ENOMEM. */
static int still_leads(const struct task *task, const struct cs_answer *answer)
{
	const struct cs_submit *submit = task->call;
	struct cs_match match = { 0 };
	int r = task_match(task, &submit->action, &answer->facts[0], answer, &match);

	if (r == 0)
		r = match.kind == CS_MATCH_GATE && match.gate == task->match.gate &&
			strcmp(match.scope ? match.scope : "", task->match.scope ? task->match.scope : "") == 0;
	cs_match_clear(&match);
	return r;
}

static void submit_resume(struct task *task, const struct cs_answer *answer)
{
	struct cs_decision decision = { 0 };
	char *stale = NULL;
	int r = keep_told(task, &answer->facts[0]);

	name_subject(task->call, &answer->facts[0]);
	if (facts_stale(task, answer->facts, answer->n_facts, cs_gate_fresh_ms(task->match.gate), "the gate", &stale)) {
		deny(task, CS_WHY_DOUBT, stale);
		free(stale);
		return;
	}
	if (r == 0 && answer->facts[0].known == CS_KNOWN_YES && still_leads(task, answer) == 0) {
		deny(task, CS_WHY_DOUBT, "What guards this changed while it was looked at; run it again.");
		return;
	}
	if (r == 0)
		r = decide(task, answer, &decision);
	if (r < 0)
		deny(task, CS_WHY_STORE, "The decision could not be made.");
	else if (decision.reason == CS_WHY_AUTOMATIC && lacks_reason(task))
		task_decide(task, CS_HOLD, CS_WHY_NEEDS_REASON, NULL);
	else if (decision.verdict == CS_PERMIT && !is_approval(&decision))
		conclude(task, CS_PERMIT, decision.reason, cs_gate_name(task->match.gate), decision.text);
	else if (decision.verdict == CS_HOLD || (is_approval(&decision) && task->stored.number != 0))
		resume_hold(task, answer, &decision);
	else
		deny(task, decision.reason, decision.text);
	cs_clear(&cs_decision_shape, &decision);
}

/* Past the approvals: before the directory is asked, because it may be what is down. 1 when the task has ended. */
static int past_approvals(struct task *task, const char *scope)
{
	char *text = NULL;
	int r = glass_permits(task, scope, &text);

	if (r == 1)
		conclude(task, CS_PERMIT, CS_WHY_BREAK_GLASS,
			task->match.gate ? cs_gate_name(task->match.gate) : NULL, text);
	free(text);
	return r == 1;
}

static void submit_gate(struct task *task)
{
	const struct cs_submit *submit = task->call;
	int r = action_key(task);

	if (r == 0 && !submit->only_ask)
		r = join_find(task);
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

static void match_gate(struct task *task)
{
	enum cs_reason refused = refused_outright(task);
	char *text = NULL;

	if (refused == CS_WHY_NONE)
		refused = ahead_refused(task, &text);
	if (refused != CS_WHY_NONE)
		deny(task, refused, text);
	else if (!past_approvals(task, task->match.scope))
		submit_gate(task);
	free(text);
}

/* Whichever gate it is, none denies it for sure: who has broken the glass for everything goes past it. */
static void match_doubted(struct task *task)
{
	if (refused_outright(task) != CS_WHY_NONE || !past_approvals(task, "*"))
		deny(task, CS_WHY_DOUBT, task->match.text);
}

static void submit_matched(struct task *task)
{
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
		match_doubted(task);
		return;
	case CS_MATCH_GATE:
		match_gate(task);
		return;
	}
	deny(task, CS_WHY_NONE, NULL);
}

/* Could the membership lift a denial? Nothing else of a person decides which gate is met. */
static int may_matter(const struct cs_policy *policy, const struct cs_membership *membership)
{
	for (size_t i = 0; i < cs_policy_gates(policy); i++) {
		const struct cs_gate *gate = cs_policy_gate_at(policy, i);

		if (cs_gate_denies(gate))
			return cs_policy_matters(policy, gate, NULL, membership); /* which looks at all that deny */
	}
	return 0;
}

static int keep_person(const struct task *task, const struct cs_facts *facts, struct cs_facts *ret_facts)
{
	struct cs_facts view = *facts;
	int r = 0;

	view.memberships = calloc(facts->n_memberships + 1, sizeof(*view.memberships));
	view.n_memberships = 0;
	if (!view.memberships)
		return CS_ENOMEM;
	for (size_t i = 0; i < facts->n_memberships; i++)
		if (may_matter(task->authority->policy, &facts->memberships[i]) == 1)
			view.memberships[view.n_memberships++] = facts->memberships[i];
	r = cs_copy(&cs_facts_shape, &view, ret_facts);
	free(view.memberships);
	return r;
}

/* What a match was made from: who asked, and netgroups. Where it leads to a gate, the decision's grounds take their
 * place. */
static int keep_match(struct task *task, const struct cs_answer *answer)
{
	struct cs_grounds *grounds = &task->grounds;
	int r = 0;

	cs_clear(&cs_grounds_shape, grounds);
	grounds->wall_ms = task->now.wall_ms;
	grounds->match = calloc(task->n_match + 1, sizeof(*grounds->match));
	if (!grounds->match)
		return CS_ENOMEM;
	r = keep_person(task, &answer->facts[0], &grounds->requester);
	for (size_t i = 0; r == 0 && i < task->n_match; i++) {
		r = cs_copy(&cs_listing_shape, &answer->listings[task->match_at + i], &grounds->match[i]);
		grounds->n_match += r == 0;
	}
	return r;
}

/* The directory has told what the match depends on: now it is decided. What comes next is a question of its own. */
static void submit_told(struct task *task, const struct cs_answer *answer)
{
	const struct cs_submit *submit = task->call;
	struct cs_match match = { 0 };
	int r = task_match(task, &submit->action, &answer->facts[0], answer, &match);

	if (r == 0)
		r = keep_told(task, &answer->facts[0]);
	if (r == 0)
		r = keep_match(task, answer);
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

	task->grounds.wall_ms = task->now.wall_ms; /* all that a match depends on when nothing is asked */
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
	if (submit->start_wall_ms != 0 && !submit->ahead) {
		task_fail(task, CS_EINVAL, "a start is for what is asked for ahead");
		return CS_EINVAL;
	}
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

	own.subject = (struct cs_subject){ .uid = caller->uid, .login_uid = caller->login_uid };
	own.may_wait = false;
	own.has_file = false;
	task_begin(a, caller, &handler, &own, -1, done, arg);
}
