/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: an approved request is used, after everything has been looked at again. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

static int same_gate(const struct cs_request *request, const struct cs_match *match)
{
	return match->kind == CS_MATCH_GATE && match->gate && strcmp(cs_gate_name(match->gate), request->gate) == 0 &&
	       strcmp(match->scope ? match->scope : "", request->scope) == 0;
}

/* What another match means for a request. Within one policy only a condition can lead to another gate. */
static enum cs_reason other_match(const struct task *task, enum cs_match_kind kind)
{
	static const struct {
		enum cs_match_kind kind;
		enum cs_reason reason;
	} others[] = {
		{ CS_MATCH_DENY, CS_WHY_DENY_GATE },
		{ CS_MATCH_CONDITION, CS_WHY_CONDITION },
		{ CS_MATCH_ASK, CS_WHY_DOUBT },
		{ CS_MATCH_DOUBT, CS_WHY_DOUBT },
	};

	for (size_t i = 0; i < CS_COUNT(others); i++)
		if (others[i].kind == kind)
			return others[i].reason;
	return memcmp(task->stored.request.policy_digest, task->authority->policy_digest, CS_DIGEST_LEN) == 0
		? CS_WHY_CONDITION : CS_WHY_POLICY_CHANGED;
}

/* What the directory said it could not tell; NULL when nothing. */
static char *doubt_of(const struct cs_facts *facts)
{
	return facts->doubt && *facts->doubt ? cs_dup(facts->doubt) : NULL;
}

enum cs_reason match_again(struct task *task, const struct cs_facts *requester, const struct cs_answer *answer,
	const struct cs_gate **ret_gate, char **ret_text)
{
	struct cs_match match = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	if (task_match(task, &task->stored.request.action, requester, answer, &match) < 0)
		return CS_WHY_STORE;
	if (same_gate(&task->stored.request, &match)) {
		*ret_gate = match.gate;
	} else if (requester->known == CS_KNOWN_DOUBT) {
		reason = CS_WHY_DOUBT; /* a deny gate may exempt the person: that it denies now is not the last word */
		*ret_text = doubt_of(requester);
	} else {
		reason = other_match(task, match.kind);
		*ret_text = match.text;
		match.text = NULL;
	}
	cs_match_clear(&match);
	return reason;
}

/* A claim on its way. */
struct claiming {
	struct task *task;
	const struct cs_answer *answer; /* the requester, then who voted */
	const struct cs_gate *gate;
	struct count count;
	struct cs_decision now;
	struct cs_grounds grounds; /* where it stands */
	char *text;                /* where there is more to say than the reason does */
};

/* Why the claim is refused by the decision of now; CS_WHY_NONE when it stands. */
static enum cs_reason refused_now(const struct cs_decision *now)
{
	if (now->verdict == CS_PERMIT)
		return is_approval(now) ? CS_WHY_NONE : CS_WHY_POLICY_CHANGED;
	if (now->reason == CS_WHY_DOUBT || now->reason == CS_WHY_REJECTED)
		return now->reason;
	return now->verdict == CS_HOLD || now->reason == CS_WHY_UNSATISFIABLE ? CS_WHY_APPROVER_LOST
		: CS_WHY_REQUESTER_LOST;
}

/* The decision of now, and why the claim is refused by it. */
static enum cs_reason decide_again(struct claiming *c)
{
	struct task *task = c->task;
	enum cs_reason reason = CS_WHY_NONE;

	if (count_begin(task, c->gate, &c->answer->facts[0], c->answer->facts + 1, c->answer, &c->count) < 0 ||
		cs_decide(&c->count.what, &c->now) < 0)
		return CS_WHY_STORE;
	reason = refused_now(&c->now);
	if (reason == CS_WHY_NONE && !count_suffices(task, &c->now))
		reason = CS_WHY_APPROVER_LOST;
	/* Under another policy than it was asked under, what is missing is not the approvers' doing. */
	if (reason == CS_WHY_APPROVER_LOST &&
		memcmp(task->stored.request.policy_digest, task->authority->policy_digest, CS_DIGEST_LEN) != 0)
		return CS_WHY_POLICY_CHANGED;
	if (reason == CS_WHY_APPROVER_LOST && c->count.text && !c->text) {
		c->text = c->count.text; /* what is wrong with a signature */
		c->count.text = NULL;
	}
	return reason;
}

/* Does the policy of now still allow one more use? What the request says is looked at where it is used. */
static bool has_uses(const struct claiming *c)
{
	uint32_t most = cs_gate_uses(c->gate);

	return c->task->stored.used < (most ? most : 1);
}

/* Does it still give that much time? By what the request itself says it is not over. */
static bool has_time(struct claiming *c)
{
	const struct task *task = c->task;
	uint64_t left_ms = 0;
	char span[16];

	if (!stored_use_over(task->authority, &task->stored, &task->now, &left_ms))
		return true;
	cs_span_text(cs_gate_use_within_ms(c->gate), span);
	/* where there is no memory for it, the reason's own sentence is told */
	(void)cs_format(&c->text, "The policy of now lets an approval be used for %s, and that is over; ask again.", span);
	return false;
}

enum cs_reason claim_stands(struct task *task, const struct cs_answer *answer, char **ret_text)
{
	struct claiming c = { .task = task, .answer = answer };
	enum cs_reason reason = match_again(task, &answer->facts[0], answer, &c.gate, &c.text);

	if (reason == CS_WHY_NONE &&
		facts_stale(task, answer->facts, answer->n_facts, cs_gate_fresh_ms(c.gate), "the gate", &c.text))
		reason = CS_WHY_DOUBT;
	if (reason == CS_WHY_NONE)
		reason = decide_again(&c);
	if (c.now.verdict == CS_PERMIT && !is_approval(&c.now))
		reason = CS_WHY_NONE; /* nobody would have to be asked any more */
	cs_clear(&cs_decision_shape, &c.now);
	count_clear(&c.count);
	*ret_text = c.text;
	return reason;
}

/* Would the gate of now take these files? */
static bool takes_files(const struct claiming *c)
{
	const struct cs_action *action = &c->task->stored.request.action;
	struct cs_wanted missing = { 0 };

	return cs_gate_refuses_files(c->gate, action) == CS_WHY_NONE && cs_gate_has_files(c->gate, action, &missing);
}

/* The case as it is asked again. CS_WHY_NONE where it still stands. */
static enum cs_reason check_case(struct claiming *c)
{
	struct task *task = c->task;
	enum cs_reason reason = match_again(task, &c->answer->facts[0], c->answer, &c->gate, &c->text);

	if (reason != CS_WHY_NONE)
		return reason;
	if (!has_uses(c) || !has_time(c) || !takes_files(c))
		return CS_WHY_POLICY_CHANGED;
	if (facts_stale(task, c->answer->facts, c->answer->n_facts, cs_gate_fresh_ms(c->gate), "the gate", &c->text))
		return CS_WHY_DOUBT;
	return decide_again(c);
}

/* Everything once more. CS_WHY_NONE: it may be used. */
static enum cs_reason check_claim(struct claiming *c)
{
	struct task *task = c->task;
	const struct cs_action *action = &task->stored.request.action;
	enum cs_reason reason = CS_WHY_NONE;
	uint64_t cooling_ms = 0;

	if (strcmp(action->host, task->authority->options.host) != 0)
		return CS_WHY_NOT_YOURS;
	if (!files_same(task, action))
		return CS_WHY_TARGET_CHANGED;
	if (task->nested && stored_needs_session(task->authority, &task->stored))
		return CS_WHY_NESTED;
	reason = check_case(c);
	if (reason == CS_WHY_DOUBT && !c->text)
		c->text = c->now.text ? cs_dup(c->now.text) : doubt_of(&c->answer->facts[0]);
	if (reason != CS_WHY_NONE)
		return reason;
	if (stored_cooling(task->authority, &task->stored, &task->now, &cooling_ms)) {
		c->text = cooling_text(cooling_ms);
		return CS_WHY_COOLING;
	}
	return count_freeze(task, &c->count, c->answer, &c->grounds) < 0 ? CS_WHY_STORE : CS_WHY_NONE;
}

/* The request is spent without a use: what was approved does not hold any more, so the next call asks again. Doubt, the
 * wrong time, the wrong place and the machine's own trouble pass, so they leave it open. */
static int spends(enum cs_reason reason)
{
	return reason != CS_WHY_DOUBT && reason != CS_WHY_CONDITION && reason != CS_WHY_STORE &&
		reason != CS_WHY_NOT_YOURS && reason != CS_WHY_NESTED;
}

static int refuse(struct task *task, enum cs_reason reason, const char *text)
{
	struct cs_authority *a = task->authority;
	struct cs_stored *stored = &task->stored;
	enum cs_state to = cs_state_after(CS_APPROVED, CS_STEP_CANCEL);
	int r = record_request(a, stored, CS_EVENT_DENIED, CS_DENY, reason, &stored->request.requester,
		text ? text : cs_reason_text(reason), NULL);

	if (r < 0 || !spends(reason))
		return r;
	r = cs_store_change(a->store, stored->number, CS_APPROVED, to, &task->now);
	if (r != 1)
		return r < 0 ? r : 0;
	stored->state = to;
	return record_request(a, stored, CS_EVENT_CANCELLED, CS_DENY, reason, NULL, "the approval does not hold any more",
		NULL);
}

/* "Enough people approved it. (from ldaps://…, 0s old), use 2 of 5": allocated; NULL when out of memory. */
static char *use_text(const struct claiming *c, uint32_t used)
{
	const struct cs_stored *stored = &c->task->stored;
	char *told = facts_told(&c->answer->facts[0], &c->task->now), *text = NULL, *uses = NULL;
	uint32_t most = stored_uses(stored);
	int r = !told ? CS_ENOMEM
		: most == CS_USES_ANY ? cs_format(&uses, ", use %u", (unsigned)used)
		: most > 1	      ? cs_format(&uses, ", use %u of %u", (unsigned)used, (unsigned)most)
				      : 0;

	if (r == 0)
		r = cs_format(&text, "%s (%s)%s", cs_reason_text(c->now.reason), told, uses ? uses : "");
	free(told);
	free(uses);
	return r == 0 ? text : NULL;
}

/* One conditional update decides who uses it (A091); its event is in the same transaction. */
static int use(struct claiming *c)
{
	struct task *task = c->task;
	struct cs_stored *stored = &task->stored;
	uint32_t used = 0;
	struct telling telling = { .kind = CS_EVENT_CLAIMED, .verdict = CS_PERMIT, .reason = c->now.reason,
		.actor = &stored->request.requester, .shape = &cs_grounds_shape, .body = &c->grounds };
	int r = cs_store_use(task->authority->store, stored->number, &task->now, &used);
	char *text = NULL;

	if (r != 1)
		return r < 0 ? r : CS_ECONFLICT;
	stored->used = used;
	stored->state = cs_state_after(CS_APPROVED, used >= stored_uses(stored) ? CS_STEP_CLAIM : CS_STEP_USE);
	text = use_text(c, used);
	telling.text = text;
	r = text ? record_told(task->authority, stored, &telling) : CS_ENOMEM;
	free(text);
	if (r == 0)
		r = release_add(task, &stored->request.action, stored->request.subject.uid, stored->number);
	return r;
}

/* Uses it or records why not. 0 or CS_E…; *reason changes where somebody else was faster. */
static int settle(struct claiming *c, enum cs_reason *reason)
{
	struct cs_authority *a = c->task->authority;
	int r = record_begin(a);

	if (r < 0)
		return r;
	r = *reason == CS_WHY_NONE ? use(c) : refuse(c->task, *reason, c->text);
	if (r < 0)
		record_undo(a);
	if (r == CS_ECONFLICT) {
		*reason = CS_WHY_USED;
		r = 0;
	}
	return r;
}

/* now's needs and the text move into the reply. */
static void fill_reply(struct claiming *c, enum cs_reason refused, struct cs_decision *reply)
{
	struct task *task = c->task;

	decision_needs(reply, &c->now);
	reply->reason = refused == CS_WHY_NONE ? c->now.reason : refused;
	reply->text = c->text ? c->text : cs_dup(cs_reason_text(reply->reason));
	c->text = NULL;
	reply->verdict = refused == CS_WHY_NONE ? CS_PERMIT : refused == CS_WHY_COOLING ? CS_HOLD : CS_DENY;
	reply->state = refused == CS_WHY_USED ? CS_USED : task->stored.state;
	reply->used = task->stored.used;
	reply->attend = refused == CS_WHY_NONE;
	if (refused != CS_WHY_NONE)
		reply->watch = CS_WATCH_NONE;
	if (refused == CS_WHY_COOLING)
		(void)stored_cooling(task->authority, &task->stored, &task->now, &reply->remaining_ms);
}

int claim_use(struct task *task, const struct cs_answer *answer, struct cs_decision *ret_decision)
{
	struct claiming c = { .task = task, .answer = answer };
	struct cs_decision reply = { 0 };
	enum cs_reason refused = check_claim(&c);
	int r = decision_of(task->authority, &task->stored, task->votes, task->n_votes, &task->now, &reply);

	if (r == 0 && refused != CS_WHY_COOLING)
		r = settle(&c, &refused);
	if (r == 0) {
		fill_reply(&c, refused, &reply);
		*ret_decision = reply;
	} else {
		cs_clear(&cs_decision_shape, &reply);
	}
	cs_clear(&cs_decision_shape, &c.now);
	cs_clear(&cs_grounds_shape, &c.grounds);
	count_clear(&c.count);
	free(c.text);
	return r;
}

/* The connection's own request, loaded; NULL where it is none of its. */
static struct live *own_live(struct task *task)
{
	const struct cs_claim *claim = task->call;
	struct live *live = live_find(task->authority, claim->id, claim->secret);

	if (!live || live->connection != task->caller.connection || task_load(task, live->number) < 0)
		return NULL;
	return live;
}

/* Why it may not even be looked at. CS_WHY_NONE where it may. */
static enum cs_reason not_approved(const struct task *task)
{
	if (task->stored.state != CS_APPROVED)
		return cs_state_reason(task->stored.state);
	return stored_overdue(&task->stored, &task->now, NULL) ? CS_WHY_EXPIRED : CS_WHY_NONE;
}

/* Whoever waited with others for one request reads that it was one of them. */
static const char *not_approved_text(enum cs_reason reason)
{
	return reason == CS_WHY_USED ? USED_ELSEWHERE_TEXT : NULL;
}

/* It waits for people, again perhaps: a vote that it needs was taken back before it could be used. Its connection goes on
 * waiting, and sees what it would see. */
static void reply_pending(struct task *task)
{
	const struct cs_claim *claim = task->call;
	struct cs_wait wait = { 0 };
	struct cs_decision reply = { 0 };

	memcpy(wait.id, claim->id, CS_ID_LEN);
	memcpy(wait.secret, claim->secret, CS_ID_LEN);
	if (cs_authority_look(task->authority, &task->caller, &wait, &reply) < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		task_reply(task, &reply);
	explicit_bzero(&wait, sizeof(wait));
}

static void claim_resume(struct task *task, const struct cs_answer *answer)
{
	uint64_t version = task->stored.version;
	struct live *live = own_live(task);
	enum cs_reason refused = live ? not_approved(task) : CS_WHY_NOT_YOURS;
	struct cs_decision decision = { 0 };

	if (refused == CS_WHY_NEEDS_APPROVAL && !stored_overdue(&task->stored, &task->now, NULL)) {
		reply_pending(task);
		return;
	}
	if (refused != CS_WHY_NONE) {
		task_decide(task, CS_DENY, refused, not_approved_text(refused));
		return;
	}
	if (version != task->stored.version) {
		if (!task_again(task))
			task_decide(task, CS_DENY, CS_WHY_STATE, "A vote came in while it was looked at; run it again.");
		return;
	}
	if (claim_use(task, answer, &decision) < 0) {
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
		return;
	}
	if (decision.reason != CS_WHY_COOLING)
		live_drop(task->authority, live);
	task_reply(task, &decision);
}

int claim_ask(struct task *task, void (*resume)(struct task *task, const struct cs_answer *answer))
{
	const struct cs_request *request = &task->stored.request;
	const struct cs_subject *subject = &request->subject;
	const struct cs_gate *gate = request_gate(task->authority, request);
	int r = task_ask_subject(task, subject->uid, subject->name);

	if (r == 0)
		r = task_ask_voters(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0 && gate && gate_counts_listed(gate))
		r = task_ask_listings(task, gate, request->scope);
	if (r == 0)
		r = task_ask_match(task, &request->action);
	if (r == 0)
		task_ask(task, cs_policy_service_fresh_ms(task->authority->policy, request->action.service), resume);
	return r;
}

/* Measuring may have taken other turns. */
static void claim_measured(struct task *task)
{
	if (!own_live(task))
		task_decide(task, CS_DENY, CS_WHY_NOT_YOURS, NULL);
	else if (claim_ask(task, claim_resume) < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
}

void claim_start(struct task *task)
{
	const struct cs_claim *claim = task->call;
	const struct live *live = own_live(task);
	size_t wanted = 0;

	if (!live) {
		task_decide(task, CS_DENY, CS_WHY_NOT_YOURS, NULL);
		return;
	}
	task->nested = live->nested;
	wanted = (size_t)__builtin_popcount(files_of(&task->stored.request.action));
	if (!task->measured && task->fds.n != claim->files && task->fds.n != claim->files + 1u) {
		task_fail(task, CS_EINVAL, "files");
		return;
	}
	/* One that cannot be opened any more has changed: nothing is measured then, and nothing is the same. */
	if (!task->measured && (claim->files != wanted ||
		task_take_files(task, files_of(&task->stored.request.action)) < 0))
		task->measured = true;
	task_measure(task, claim_measured);
}
