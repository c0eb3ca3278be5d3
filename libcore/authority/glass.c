/* SPDX-License-Identifier: Apache-2.0 */
/* Break-glass: past the approvals for a while, and the debt that it leaves.
 *
 * The debt is a request like any other: its gate is the review, which meets no action, and it waits until two others have
 * approved it. The time for which the glass is broken is the session_ms of that request, so it is as durable as the debt,
 * and comes back with a restart as it was. Whoever reviews it ends both. */
#include "glass.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

enum { DEBTS = 256 }; /* that may be open at once, of one in each scope */

static const struct cs_break_glass *call_of(const struct task *task)
{
	return task->call;
}

/* --- What the policy says ------------------------------------------------------------------------------------------ */

bool glass_names(const struct cs_glass *glass, uint32_t uid)
{
	for (size_t i = 0; i < glass->n_uids; i++)
		if (glass->uids[i] == uid)
			return true;
	return false;
}

/* Whoever logged in as somebody else is not the person that the policy means, unless it means both. */
static bool names_both(const struct cs_glass *glass, uint32_t uid, uint32_t login_uid)
{
	return glass_names(glass, uid) && (login_uid == CS_NO_UID || glass_names(glass, login_uid));
}

enum cs_reason glass_meant(const struct task *task, struct cs_glass *ret_glass, const char **ret_text)
{
	const char *name = call_of(task)->glass;
	struct cs_glass glass = { 0 };
	size_t found = 0;

	for (size_t i = 0; cs_policy_glass(task->authority->policy, i, &glass) == 0; i++) {
		if (!names_both(&glass, task->caller.uid, task->caller.login_uid) || (name && *name && strcmp(glass.name, name) != 0))
			continue;
		*ret_glass = glass;
		found++;
	}
	if (found == 0)
		return CS_WHY_NO_BREAK_GLASS;
	if (found > 1) {
		*ret_text = "The policy names you in several; say which: countersign break-glass NAME.";
		return CS_WHY_BAD_CALL;
	}
	return CS_WHY_NONE;
}

/* The break_glass whose review is this request's gate. 1, 0. */
static int glass_of(const struct cs_policy *policy, const struct cs_stored *debt, struct cs_glass *ret_glass)
{
	for (size_t i = 0; cs_policy_glass(policy, i, ret_glass) == 0; i++)
		if (strcmp(cs_gate_name(ret_glass->review), debt->request.gate) == 0)
			return 1;
	return 0;
}

static bool overlaps(const char *a, const char *b)
{
	const struct cs_glass one = { .scope = a }, other = { .scope = b };

	return strcmp(a, b) == 0 || cs_policy_glass_covers(&one, b) == 1 || cs_policy_glass_covers(&other, a) == 1;
}

/* --- Debts ---------------------------------------------------------------------------------------------------------- */

bool glass_is_debt(const struct cs_stored *stored)
{
	return stored->request.gate && strncmp(stored->request.gate, CS_POLICY_REVIEW, strlen(CS_POLICY_REVIEW)) == 0;
}

/* One key for all of them: an encoded action is longer than this. */
static int debts_key(uint8_t ret_key[CS_DIGEST_LEN])
{
	static const char text[] = "break-glass";

	return cs_digest(CS_DOMAIN_ACTION, text, strlen(text), ret_key);
}

/* Calls each for every debt that is open, newest first, until one does not answer 0. */
static int each_debt(struct cs_authority *a, int (*each)(void *arg, const struct cs_stored *debt), void *arg)
{
	uint64_t numbers[DEBTS];
	uint8_t key[CS_DIGEST_LEN];
	int n = debts_key(key), r = 0;

	if (n == 0)
		n = cs_store_find_open(a->store, key, numbers, DEBTS);
	for (int i = 0; r == 0 && i < n; i++) {
		struct cs_stored debt = { 0 };

		r = cs_store_get(a->store, numbers[i], &debt);
		if (r == 0)
			r = each(arg, &debt);
		cs_clear(&cs_stored_shape, &debt);
	}
	return n < 0 ? n : r == 0 && n == DEBTS ? CS_ETOOBIG : r;
}

struct in_scope {
	const char *scope;
	uint64_t number;
};

static int is_in_scope(void *arg, const struct cs_stored *debt)
{
	struct in_scope *in = arg;

	in->number = debt->number;
	return overlaps(in->scope, debt->request.scope ? debt->request.scope : "");
}

char *glass_orphan_text(const struct cs_authority *a, const struct cs_stored *stored)
{
	char *text = NULL;

	if (glass_is_debt(stored) && !request_gate(a, &stored->request))
		(void)cs_format(&text, "The policy in force has no break_glass for %s, whose approvals would say who reviews "
			"request %llu: put one in force with scope = \"%s\".", stored->request.scope,
			(unsigned long long)stored->number, stored->request.scope);
	return text;
}

static int tell_orphan(void *arg, const struct cs_stored *debt)
{
	struct cs_authority *a = arg;
	char *text = glass_orphan_text(a, debt);

	if (text && a->options.events.notice)
		a->options.events.notice(a->options.events.arg, text);
	free(text);
	return 0;
}

void glass_tell_orphans(struct cs_authority *a)
{
	(void)each_debt(a, tell_orphan, a); /* only for the log */
}

int glass_debt(struct cs_authority *a, const char *scope, uint64_t *ret_number)
{
	struct in_scope in = { .scope = scope };
	int r = each_debt(a, is_in_scope, &in);

	if (r == 1)
		*ret_number = in.number;
	return r;
}

int glass_reviewed(struct task *task, const struct cs_grounds *grounds)
{
	struct cs_stored *stored = &task->stored;
	uint32_t used = 0;
	struct cs_buf body;
	int r = cs_store_use(task->authority->store, stored->number, &task->now, &used);

	if (r != 1)
		return r < 0 ? r : CS_ECONFLICT;
	cs_buf_init(&body, CS_MAX_EVENT);
	r = cs_encode(&cs_grounds_shape, grounds, &body);
	stored->state = CS_USED;
	if (r == 0)
		r = record_request(task->authority, stored, CS_EVENT_CLAIMED, CS_PERMIT, CS_WHY_APPROVED, NULL,
			"reviewed: the break-glass is over, and the next one is free", &body);
	cs_buf_clear(&body);
	return r;
}

/* --- Is it broken? -------------------------------------------------------------------------------------------------- */

struct window {
	const struct task *task;
	const char *scope;
	char *text;
};

/* Is this debt the asker's, for this scope, and its time not over? The policy of now has to name him still. */
static int is_window(void *arg, const struct cs_stored *debt)
{
	struct window *window = arg;
	const struct cs_submit *submit = window->task->call;
	const struct cs_request *request = &debt->request;
	const struct cs_glass then = { .scope = request->scope };
	struct cs_glass glass = { 0 };
	char span[16];
	uint64_t left = 0;

	if (request->subject.uid != submit->subject.uid || cs_policy_glass_covers(&then, window->scope) != 1 ||
		glass_of(window->task->authority->policy, debt, &glass) != 1 ||
		!names_both(&glass, submit->subject.uid, submit->subject.login_uid) ||
		cs_policy_glass_covers(&glass, window->scope) != 1 ||
		cs_deadline_passed(request->boot, request->created_boot_ms, request->created_wall_ms,
			request->session_ms < glass.lasts_ms ? request->session_ms : glass.lasts_ms, &window->task->now, &left))
		return 0;
	cs_span_text(left, span);
	if (cs_format(&window->text, "Past the approvals by break-glass %s for another %s, because: %s. Request %llu is its "
		"review.", glass.name, span, request->reason, (unsigned long long)debt->number) < 0)
		return CS_ENOMEM;
	return 1;
}

/* Never what changes the policy: whoever is past the approvals for an hour must not be past them for ever. */
int glass_permits(const struct task *task, const char *scope, char **ret_text)
{
	const struct cs_submit *submit = task->call;
	struct window window = { .task = task, .scope = scope };
	const char *service = submit->action.service;
	int r = 0;

	if (submit->ahead || !scope || !service || strcmp(service, "countersign") == 0 ||
		cs_policy_glasses(task->authority->policy) == 0)
		return 0;
	r = each_debt(task->authority, is_window, &window);
	if (r == 1)
		*ret_text = window.text;
	return r;
}

/* --- Breaking it ---------------------------------------------------------------------------------------------------- */

/* Not broken: told, and recorded where this uid may still have that recorded. */
static void refuse(struct task *task, enum cs_reason reason, const char *text)
{
	const char *name = call_of(task)->glass, *shown = text ? text : cs_reason_text(reason);
	struct cs_break_glass_answer answer = { .decision = { .reason = reason, .text = cs_dup(shown) },
		.name = cs_dup(name) };
	struct cs_event event = { .kind = CS_EVENT_DENIED, .actor_uid = task->caller.uid, .reason = reason,
		.gate = answer.name, .text = answer.decision.text };
	int r = 0;

	if (!call_of(task)->drill && (reason == CS_WHY_NO_BREAK_GLASS || reason == CS_WHY_DEBT) &&
		refusal_is_kept(task, task->caller.uid)) {
		r = record_begin(task->authority);
		if (r == 0 && (r = record_event(task->authority, &event)) < 0)
			record_undo(task->authority);
	}
	if (r < 0)
		answer.decision.reason = CS_WHY_STORE; /* it is denied either way */
	task_reply(task, &answer);
}

/* Why it may not be broken now; CS_WHY_NONE when it may. *ret_text (owned) where there is more to say. */
static enum cs_reason refused(struct task *task, struct cs_glass *ret_glass, char **ret_text)
{
	const struct cs_break_glass *call = call_of(task);
	const char *text = NULL;
	enum cs_reason reason = glass_meant(task, ret_glass, &text);
	uint64_t number = 0;
	int r = 0;

	if (reason == CS_WHY_NONE && !call->drill && (!call->reason || call->reason[strspn(call->reason, " \t\n")] == '\0'))
		return CS_WHY_NEEDS_REASON;
	if (reason != CS_WHY_NONE) {
		*ret_text = text ? cs_dup(text) : NULL;
		return reason;
	}
	r = call->drill ? 0 : glass_debt(task->authority, ret_glass->scope, &number);
	if (r == 1)
		(void)cs_format(ret_text, "Request %llu, the last break-glass in %s, was not reviewed yet: two others have to "
			"approve it first, see countersign show %llu.", (unsigned long long)number, ret_glass->scope,
			(unsigned long long)number);
	else if (r == CS_ETOOBIG)
		(void)cs_format(ret_text, "%d times break-glass was used and not reviewed yet, which is all that may be: "
			"others have to approve one of those requests first, see countersign list.", DEBTS);
	return r == 0 ? CS_WHY_NONE : r == 1 || r == CS_ETOOBIG ? CS_WHY_DEBT : CS_WHY_STORE;
}

/* Who broke it. Where the directory does not tell, the uid stands for the person: it is what the policy names. */
static int fill_person(const struct task *task, const struct cs_facts *facts, struct cs_request *request)
{
	struct cs_person *person = &request->requester;
	int r = 0;

	request->subject.uid = task->caller.uid;
	request->subject.login_uid = task->caller.login_uid;
	if (facts && facts->known == CS_KNOWN_YES && facts->person.id && *facts->person.id) {
		r = cs_copy(&cs_person_shape, &facts->person, person);
		return r == 0 ? cs_set(&request->subject.name, person->name) : r;
	}
	person->uid = task->caller.uid;
	r = cs_format(&person->id, "uid:%u", (unsigned)task->caller.uid);
	return r == 0 ? cs_set(&request->subject.name, "") : r;
}

static int fill_action(const struct task *task, const struct cs_glass *glass, struct cs_action *action)
{
	action->service = cs_dup("countersign");
	action->host = cs_dup(task->authority->options.host);
	action->command = cs_dup("break-glass.review");
	action->resolved = cs_dup("");
	if (!action->service || !action->host || !action->command || !action->resolved ||
		cs_strv_add(&action->argv, &action->n_argv, action->command) < 0)
		return CS_ENOMEM;
	return cs_strv_add(&action->argv, &action->n_argv, glass->name);
}

static int fill(const struct task *task, const struct cs_glass *glass, const struct cs_facts *facts,
	struct cs_request *request)
{
	const struct cs_break_glass *call = call_of(task);
	int r = cs_random(request->id, sizeof(request->id));

	if (r == 0)
		r = fill_person(task, facts, request);
	if (r == 0)
		r = fill_action(task, glass, &request->action);
	request->version = 3;
	request->boot = cs_dup(task->now.boot_id);
	request->gate = cs_dup(cs_gate_name(glass->review));
	request->scope = cs_dup(glass->scope);
	request->reason = cs_dup(call->reason);
	request->assurance = cs_dup(cs_gate_needs_signature(glass->review) ? "signature" : "local-uid");
	memcpy(request->policy_digest, task->authority->policy_digest, CS_DIGEST_LEN);
	request->created_wall_ms = task->now.wall_ms;
	request->created_boot_ms = task->now.boot_ms;
	request->lifetime_ms = cs_gate_lifetime_ms(glass->review);
	request->use_within_ms = cs_gate_use_within_ms(glass->review);
	request->uses = 1;
	request->session_ms = call->lasts_ms > 0 && call->lasts_ms < glass->lasts_ms ? call->lasts_ms : glass->lasts_ms;
	if (r == 0 && (!request->boot || !request->gate || !request->scope || !request->reason || !request->assurance))
		r = CS_ENOMEM;
	return r;
}

/* The debt and that the glass is broken: two events, of which the first says everything. */
static int record(struct task *task)
{
	struct cs_authority *a = task->authority;
	struct cs_stored *stored = &task->stored;
	struct cs_requested_body requested = { .request = stored->request, .grounds = grounds_at(&task->now) }; /* a view */
	struct cs_buf body;
	int r = 0;

	cs_buf_init(&body, CS_MAX_EVENT);
	r = cs_encode(&cs_requested_body_shape, &requested, &body);
	if (r == 0)
		r = record_request(a, stored, CS_EVENT_REQUESTED, CS_HOLD, CS_WHY_NEEDS_APPROVAL,
			&stored->request.requester, stored->request.reason, &body);
	if (r == 0)
		r = record_request(a, stored, CS_EVENT_BREAK_GLASS, CS_PERMIT, CS_WHY_BREAK_GLASS,
			&stored->request.requester, stored->request.reason, NULL);
	cs_buf_clear(&body);
	return r;
}

/* Everything in one transaction, or nothing. */
static int break_it(struct task *task, const struct cs_glass *glass, const struct cs_facts *facts)
{
	struct cs_stored *stored = &task->stored;
	int r = fill(task, glass, facts, &stored->request);

	if (r == 0)
		r = request_digest(stored);
	if (r == 0)
		r = debts_key(stored->action_key);
	if (r == 0)
		r = concern_keys(stored);
	if (r == 0)
		r = record_begin(task->authority);
	if (r < 0)
		return r;
	stored->state = CS_PENDING;
	r = cs_store_add(task->authority->store, stored);
	if (r == 0)
		r = record(task);
	if (r < 0)
		record_undo(task->authority);
	return r;
}

static void reply(struct task *task, const struct cs_glass *glass)
{
	const struct cs_request *request = &task->stored.request;
	struct cs_break_glass_answer answer = { .until_wall_ms = task->now.wall_ms + request->session_ms };
	struct cs_decision *decision = &answer.decision;
	int r = 0;

	decision->verdict = CS_PERMIT;
	decision->reason = CS_WHY_BREAK_GLASS;
	decision->number = task->stored.number;
	memcpy(decision->id, request->id, CS_ID_LEN);
	decision->state = task->stored.state;
	decision->text = cs_dup(cs_reason_text(CS_WHY_BREAK_GLASS));
	decision->gate = cs_dup(request->gate);
	decision->scope = cs_dup(request->scope);
	decision->check_code = malloc(CS_CODE_LEN + 1);
	answer.name = cs_dup(glass->name);
	answer.scope = cs_dup(glass->scope);
	if (decision->check_code)
		cs_check_code(task->stored.digest, decision->check_code);
	if (!decision->text || !decision->gate || !decision->scope || !decision->check_code || !answer.name || !answer.scope)
		r = CS_ENOMEM; /* it is broken, and recorded; only the words are missing */
	if (r < 0) {
		cs_clear(&cs_break_glass_answer_shape, &answer);
		task_fail(task, r, NULL);
	} else {
		task_reply(task, &answer);
	}
}

/* Whatever the directory told, or did not tell. Everything is looked at here, in one go. */
static void go_on(struct task *task, const struct cs_facts *facts)
{
	struct cs_glass glass = { 0 };
	enum cs_reason reason = CS_WHY_NONE;
	char *text = NULL;
	int r = task->authority->options.now(&task->now);

	reason = r < 0 ? CS_WHY_STORE : refused(task, &glass, &text);
	if (reason == CS_WHY_NONE && break_it(task, &glass, facts) < 0)
		reason = CS_WHY_STORE;
	if (reason != CS_WHY_NONE)
		refuse(task, reason, text);
	else
		reply(task, &glass);
	free(text);
}

static void told(void *arg, const struct cs_answer *answer)
{
	go_on(arg, answer->n_facts > 0 ? &answer->facts[0] : NULL);
}

/* Who the caller is, for people: where that cannot even be asked, it goes on without. */
static void ask_name(struct task *task)
{
	const struct cs_terms terms = { .until_ms = task->now.boot_ms + task->left_ms };
	int r = task_ask_subject(task, task->caller.uid, NULL);

	if (r == 0)
		r = cs_directory_ask(task->authority->directory, &task->question, &terms, told, task);
	if (r < 0)
		go_on(task, NULL);
}

void break_glass_start(struct task *task)
{
	struct cs_glass glass = { 0 };
	char *text = NULL;
	enum cs_reason reason = CS_WHY_NONE;

	if (task->caller.module || caller_is_root(task)) {
		task_fail(task, CS_EPERM, "root needs no break-glass: nothing holds root at the console");
		return;
	}
	reason = refused(task, &glass, &text);
	if (reason != CS_WHY_NONE)
		refuse(task, reason, text);
	else if (call_of(task)->drill)
		drill_start(task, &glass);
	else
		ask_name(task);
	free(text);
}
