/* SPDX-License-Identifier: Apache-2.0 */
/* Who may vote: somebody the directory knows, who is neither the requester nor somebody who counts already, under
 * whichever account, key or login. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

static enum cs_reason refuse(enum cs_reason reason, const char *why, const char *whose, char **ret_text)
{
	/* where there is no memory for it, the reason's own sentence is told */
	(void)cs_format(ret_text, NO_PERMISSION_TEXT "%s%s.", why, whose);
	return reason;
}

static const char *name_of(const struct cs_person *person)
{
	return person->name && *person->name ? person->name : "somebody";
}

static bool same_id(const struct cs_person *a, const struct cs_person *b)
{
	return a->id && *a->id && b->id && strcmp(a->id, b->id) == 0;
}

static bool share_key(const struct cs_person *a, const struct cs_person *b)
{
	for (size_t i = 0; i < a->n_keys; i++)
		if (cs_strv_has(b->keys, b->n_keys, a->keys[i]) == 1)
			return true;
	return false;
}

/* Did one of the two log in as the other, or both as one? */
static bool share_login(uint32_t login, uint32_t uid, uint32_t other_login, uint32_t other_uid)
{
	return (login != CS_NO_UID && (login == other_uid || login == other_login)) ||
	       (other_login != CS_NO_UID && other_login == uid);
}

/* The requester as he was when he asked, and as the directory tells of him now. */
static enum cs_reason against_requester(const struct task *task, const struct cs_person *requester, struct voter *voter,
	char **ret_text)
{
	const struct cs_person *person = &voter->facts->person;
	const struct cs_gate *gate = request_gate(task->authority, &task->stored.request);

	if (same_id(person, requester) && task->stored.request.self_approval && gate && cs_gate_takes_self_approval(gate)) {
		voter->self = true;
		return CS_WHY_NONE;
	}
	if (cs_same_human(person, requester) == 0)
		return CS_WHY_NONE;
	if (!same_id(person, requester) && share_key(person, requester))
		return refuse(CS_WHY_NOT_INDEPENDENT, "your entry and the requester's have an ssh key in common", "",
			ret_text);
	return refuse(CS_WHY_SELF, "nobody approves a request of their own, under whichever account", "", ret_text);
}

static enum cs_reason requester_login(const struct task *task, const struct voter *voter, char **ret_text)
{
	const struct cs_subject *subject = &task->stored.request.subject;

	if (voter->self || !share_login(voter->login_uid, voter->facts->person.uid, subject->login_uid, subject->uid))
		return CS_WHY_NONE;
	return refuse(CS_WHY_NOT_INDEPENDENT, "the login of this session is also that of the requester, ",
		subject->name && *subject->name ? subject->name : "whose name is not known", ret_text);
}

/* One who voted, as he was then or as the directory tells of him now. */
static enum cs_reason against_voter(const struct cs_person *person, const struct cs_person *other, char **ret_text)
{
	if (cs_same_human(person, other) == 0)
		return CS_WHY_NONE;
	if (share_key(person, other))
		return refuse(CS_WHY_NOT_INDEPENDENT,
			"your entry has an ssh key in common with that of somebody who voted, ", name_of(other), ret_text);
	return refuse(CS_WHY_NOT_INDEPENDENT, "you are the same human as somebody who voted, ", name_of(other), ret_text);
}

static enum cs_reason against_voters(const struct task *task, const struct cs_facts *voters, struct voter *voter,
	char **ret_text)
{
	const struct cs_person *person = &voter->facts->person;
	enum cs_reason reason = CS_WHY_NONE;

	for (size_t i = 0; i < task->n_votes && reason == CS_WHY_NONE; i++) {
		const struct cs_approval *vote = &task->votes[i];

		if (same_id(person, &vote->person)) {
			voter->standing = i;
			continue;
		}
		reason = against_voter(person, &vote->person, ret_text);
		if (reason == CS_WHY_NONE && voters && voters[i].known == CS_KNOWN_YES)
			reason = against_voter(person, &voters[i].person, ret_text);
		if (reason == CS_WHY_NONE && share_login(voter->login_uid, person->uid, vote->login_uid, vote->person.uid))
			reason = refuse(CS_WHY_NOT_INDEPENDENT,
				"the login of this session is also that of somebody who voted, ", name_of(&vote->person),
				ret_text);
	}
	return reason;
}

enum cs_reason voter_other(const struct task *task, const struct cs_facts *requester, struct voter *voter, char **ret_text)
{
	const struct cs_facts *facts = voter->facts;
	enum cs_reason reason = CS_WHY_NONE;

	voter->standing = task->n_votes;
	if (facts->known == CS_KNOWN_DOUBT)
		return CS_WHY_DOUBT;
	if (facts->known != CS_KNOWN_YES || facts->person.uid != task->caller.uid)
		return refuse(CS_WHY_NOT_APPROVER, "the directory does not know you", "", ret_text);
	if (facts->person.locked)
		return refuse(CS_WHY_LOCKED_PERSON, "your account is locked in the directory", "", ret_text);
	reason = against_requester(task, &task->stored.request.requester, voter, ret_text);
	if (reason == CS_WHY_NONE && requester && requester->known == CS_KNOWN_YES)
		reason = against_requester(task, &requester->person, voter, ret_text);
	return reason == CS_WHY_NONE ? requester_login(task, voter, ret_text) : reason;
}

enum cs_reason voter_known(const struct task *task, const struct cs_facts *requester, const struct cs_facts *voters,
	struct voter *voter, char **ret_text)
{
	enum cs_reason reason = voter_other(task, requester, voter, ret_text);

	return reason == CS_WHY_NONE ? against_voters(task, voters, voter, ret_text) : reason;
}

enum cs_reason voter_entitled(const struct task *task, const struct cs_facts *facts, const struct cs_need *needs,
	size_t n_needs)
{
	const struct cs_policy *policy = task->authority->policy;
	const struct cs_request *request = &task->stored.request;
	const struct cs_gate *gate = request_gate(task->authority, request);
	bool later = false, doubt = false;

	for (size_t i = 0; gate && i < cs_gate_rules(gate); i++) {
		int r = cs_policy_may_fill(policy, facts, gate, i, request->scope, NULL);

		if (r == 1 && i < n_needs && needs[i].open)
			return CS_WHY_NONE;
		later = later || r == 1;
		doubt = doubt || r == CS_EDOUBT;
	}
	return later ? CS_WHY_NOT_YET : doubt ? CS_WHY_DOUBT : CS_WHY_NOT_APPROVER;
}
