/* SPDX-License-Identifier: Apache-2.0 */
/* One table for each enum: the number, its stable name and, for reasons, the sentence for people. */
#include "calls.h"
#include "mem.h"

const struct cs_names cs_verdict_names[] = {
	{ CS_DENY, "deny" }, { CS_HOLD, "hold" }, { CS_PERMIT, "permit" }, { 0, NULL } };

const struct cs_names cs_state_names[] = {
	{ CS_STATE_NONE, "none" }, { CS_PENDING, "pending" }, { CS_APPROVED, "approved" }, { CS_REJECTED, "rejected" },
	{ CS_CANCELLED, "cancelled" }, { CS_EXPIRED, "expired" }, { CS_USED, "used" },
	{ CS_UNANSWERED, "unanswered" }, { 0, NULL } };

const struct cs_names cs_vote_names[] = {
	{ CS_VOTE_NONE, "none" }, { CS_VOTE_APPROVE, "approve" }, { CS_VOTE_REJECT, "reject" },
	{ CS_VOTE_WITHDRAW, "withdraw" }, { 0, NULL } };

const struct cs_names cs_known_names[] = {
	{ CS_KNOWN_NO, "no" }, { CS_KNOWN_YES, "yes" }, { CS_KNOWN_DOUBT, "doubt" }, { 0, NULL } };

const struct cs_names cs_where_names[] = { { CS_GROUP_AT, "at" }, { CS_GROUPS_BELOW, "below" },
	{ CS_NETGROUP, "netgroup" }, { 0, NULL } };

const struct cs_names cs_effect_names[] = {
	{ CS_EFFECT_NONE, "same" }, { CS_EFFECT_STRONGER, "stronger" }, { CS_EFFECT_WEAKER, "weaker" }, { 0, NULL } };

const struct cs_names cs_apply_names[] = {
	{ CS_APPLY_NONE, "none" }, { CS_APPLY_TEXT, "text" }, { CS_APPLY_ROLLBACK, "rollback" },
	{ CS_APPLY_GRANT, "grant" }, { CS_APPLY_REVOKE, "revoke" }, { CS_APPLY_DEFINE, "define" }, { 0, NULL } };

const struct cs_names cs_event_names[] = {
	{ CS_EVENT_NONE, "none" }, { CS_EVENT_START, "start" }, { CS_EVENT_POLICY, "policy" },
	{ CS_EVENT_PERMITTED, "permitted" }, { CS_EVENT_DENIED, "denied" }, { CS_EVENT_REQUESTED, "requested" },
	{ CS_EVENT_VOTED, "voted" }, { CS_EVENT_VOTE_REFUSED, "vote-refused" }, { CS_EVENT_APPROVED, "approved" },
	{ CS_EVENT_REJECTED, "rejected" }, { CS_EVENT_CANCELLED, "cancelled" }, { CS_EVENT_EXPIRED, "expired" },
	{ CS_EVENT_CLAIMED, "claimed" }, { CS_EVENT_CONFIRMED, "confirmed" }, { CS_EVENT_PARKED, "parked" },
	{ CS_EVENT_UNCONFIRMED, "unconfirmed" }, { CS_EVENT_REOPENED, "reopened" },
	{ CS_EVENT_BREAK_GLASS, "break-glass" }, { CS_EVENT_DRILL, "drill" }, { CS_EVENT_ARCHIVED, "archived" },
	{ CS_EVENT_UNTOLD, "untold" }, { CS_EVENT_TOLD, "told" }, { CS_EVENT_ENDED, "ended" },
	{ CS_EVENT_CLOSED, "closed" }, { CS_EVENT_WATCHED, "watched" }, { 0, NULL } };

const struct cs_names cs_class_names[] = {
	{ CS_CLASS_PLAIN, "plain" }, { CS_CLASS_OPEN_ENDED, "open-ended" }, { CS_CLASS_EDIT, "edit" }, { 0, NULL } };

const struct cs_names cs_watch_rule_names[] = {
	{ CS_WATCH_NONE, "none" }, { CS_WATCH_ALLOWED, "allowed" }, { CS_WATCH_REQUIRED, "required" }, { 0, NULL } };

const struct cs_names cs_stream_names[] = {
	{ CS_STREAM_NONE, "none" }, { CS_STREAM_OUT, "out" }, { CS_STREAM_SIZE, "size" },
	{ 0, NULL } };

const struct cs_names cs_attend_names[] = {
	{ CS_ATTEND_NONE, "none" }, { CS_ATTEND_COMMAND, "command" }, { CS_ATTEND_LOGIN, "login" }, { 0, NULL } };

const struct cs_names cs_quiet_names[] = {
	{ CS_QUIET_SHOW, "show" }, { CS_QUIET_ON, "on" }, { CS_QUIET_OFF, "off" }, { 0, NULL } };

const struct cs_names cs_notice_names[] = {
	{ CS_NOTICE_NONE, "none" }, { CS_NOTICE_ASKED, "asked" }, { CS_NOTICE_REMINDER, "reminder" },
	{ CS_NOTICE_ESCALATED, "escalated" }, { CS_NOTICE_HANDLED, "handled" }, { CS_NOTICE_OUTCOME, "outcome" },
	{ CS_NOTICE_BREAK_GLASS, "break-glass" }, { CS_NOTICE_DRILL, "drill" }, { 0, NULL } };

/* number, name, sentence: one row a reason; the name table for the shapes is made from the same rows. */
#define REASONS(X) \
	X(CS_WHY_NONE, "undecided", "No decision was reached.") \
	X(CS_WHY_UNGUARDED, "unguarded", "No gate guards this; it goes on as the host decided.") \
	X(CS_WHY_ROOT, "root", "Root itself asked on this machine.") \
	X(CS_WHY_HAS_RIGHT, "has-right", "You hold the permission, and nobody else is needed.") \
	X(CS_WHY_APPROVED, "approved", "Enough people approved it.") \
	X(CS_WHY_CONFIRMED, "confirmed", "This sudo was released just now.") \
	X(CS_WHY_EXEMPT, "exempt", "The policy exempts you from the approval that this needs.") \
	X(CS_WHY_AUTOMATIC, "automatic", "The policy approves this by itself.") \
	X(CS_WHY_NO_OBJECTION, "no-objection", "Nobody who could have objected did so in time.") \
	X(CS_WHY_BREAK_GLASS, "break-glass", "Permitted by break-glass; two others have to review it.") \
	X(CS_WHY_MONITORED, "monitored", "The gate only monitors; it goes on, and what would have been is recorded.") \
	X(CS_WHY_NEEDS_APPROVAL, "needs-approval", "Other people have to approve this first.") \
	X(CS_WHY_NEEDS_REASON, "needs-reason", "A reason is needed for this request.") \
	X(CS_WHY_PARKED, "parked", "The request stays open; run the same command again after it is approved.") \
	X(CS_WHY_COOLING, "cooling", "Enough people approved it; the waiting time before its use is not over.") \
	X(CS_WHY_NEEDS_FILES, "needs-files", "The gate wants to see files that the arguments name.") \
	X(CS_WHY_UNMATCHED, "unmatched", "No gate guards this, and the policy permits only what a gate names.") \
	X(CS_WHY_DENY_GATE, "deny-gate", "The policy denies this to everybody.") \
	X(CS_WHY_NO_PERMISSION, "no-permission", "You do not hold the permission that this needs.") \
	X(CS_WHY_ARGUMENTS, "arguments", "A gate guards this command, but not with these arguments.") \
	X(CS_WHY_ENVIRONMENT, "environment", "A variable in the environment would change what runs.") \
	X(CS_WHY_EXPOSED_FILE, "exposed-file", "Others than root can change this program or a folder above it.") \
	X(CS_WHY_OPTION, "option", "A changed root directory or another host is never combined with a gate.") \
	X(CS_WHY_UNSATISFIABLE, "unsatisfiable", "Too few people could approve this.") \
	X(CS_WHY_NO_FILE, "no-file", "The program could not be opened and hashed.") \
	X(CS_WHY_CONDITION, "condition", "A gate guards this, but not at this time or not from this address.") \
	X(CS_WHY_EXCLUSIVE, "exclusive", "You hold two roles that exclude each other, so neither counts.") \
	X(CS_WHY_NO_BREAK_GLASS, "no-break-glass", "The policy does not name you for break-glass here.") \
	X(CS_WHY_DEBT, "debt", "The last break-glass here has not been reviewed; that comes first.") \
	X(CS_WHY_AHEAD, "ahead", "The start is in the past, or further ahead than the gate allows.") \
	X(CS_WHY_EXPOSED_INPUT, "exposed-input", "Others than root can change a file that an argument names.") \
	X(CS_WHY_NO_INPUT, "no-input", "A file that the gate wants hashed could not be opened.") \
	X(CS_WHY_NESTED, "nested", \
		"What another command runs (sudo's intercept) cannot be ended in time or looked at, and the gate wants that.") \
	X(CS_WHY_UNKNOWN_PERSON, "unknown-person", "The directory does not know this person.") \
	X(CS_WHY_LOCKED_PERSON, "locked-person", "This person's account is locked in the directory.") \
	X(CS_WHY_DOUBT, "doubt", "The directory could not tell; try again when it answers.") \
	X(CS_WHY_REJECTED, "rejected", "The request was rejected.") \
	X(CS_WHY_CANCELLED, "cancelled", "The request was cancelled.") \
	X(CS_WHY_EXPIRED, "expired", "The request's time is over.") \
	X(CS_WHY_USED, "used", "The approval was used already.") \
	X(CS_WHY_NOT_WAITING, "not-waiting", \
		"Nobody can wait here; the request is open. Run it again after it is approved.") \
	X(CS_WHY_UNANSWERED, "unanswered", "Nobody answered in time.") \
	X(CS_WHY_ENDED, "ended", "What ran was ended.") \
	X(CS_WHY_UNWATCHED, "unwatched", "Nobody looked on, and the gate wants somebody who does.") \
	X(CS_WHY_TARGET_CHANGED, "target-changed", "The program is not the one that was approved; ask again.") \
	X(CS_WHY_APPROVER_LOST, "approver-lost", "An approver no longer has the right to approve; ask again.") \
	X(CS_WHY_POLICY_CHANGED, "policy-changed", "The policy has changed since the approval; ask again.") \
	X(CS_WHY_REQUESTER_LOST, "requester-lost", "You no longer hold the permission that this needs.") \
	X(CS_WHY_NOT_YOURS, "not-yours", "This request belongs to another session, person or host.") \
	X(CS_WHY_UNCONFIRMED, "unconfirmed", "countersignd has released no such sudo within the last 10 seconds.") \
	X(CS_WHY_SELF, "self", "Nobody approves a request of their own, under whichever account.") \
	X(CS_WHY_NOT_APPROVER, "not-approver", "You do not have permission to approve or reject this request.") \
	X(CS_WHY_VOTED, "voted", "You have voted on this request already.") \
	X(CS_WHY_CODE, "code", "The check code is not the one of this request; ask the requester for it.") \
	X(CS_WHY_STATE, "state", "The request is not open any more.") \
	X(CS_WHY_DIGEST, "digest", "The request is not the one that was shown; look at it again.") \
	X(CS_WHY_NOT_YET, "not-yet", "It is not your turn yet: an earlier stage is open, or it is too early.") \
	X(CS_WHY_SIGNATURE, "signature", "The vote has to be signed with your own key, and is not.") \
	X(CS_WHY_KEY, "key", "The key that signed is not known as yours alone.") \
	X(CS_WHY_NOT_INDEPENDENT, "not-independent", "You are not independent of somebody who counts already.") \
	X(CS_WHY_LIMIT, "limit", "Too many requests are open; cancel some or wait.") \
	X(CS_WHY_STORE, "store", "The decision could not be recorded, and without a record nothing is permitted.") \
	X(CS_WHY_BAD_CALL, "bad-call", "The call makes no sense.") \
	X(CS_WHY_UNREACHABLE, "unreachable", "countersignd does not answer.") \
	X(CS_WHY_BACK_OFF, "back-off", "Too many of your requests were refused; wait before you ask again.")

#define AS_NAME(value, name, text) { value, name },
#define AS_TEXT(value, name, text) { value, text },

const struct cs_names cs_reason_names[] = { REASONS(AS_NAME) { 0, NULL } };
static const struct cs_names reason_texts[] = { REASONS(AS_TEXT) { 0, NULL } };

const char *cs_verdict_name(enum cs_verdict verdict)
{
	return cs_name_of(cs_verdict_names, (int)verdict);
}

const char *cs_state_name(enum cs_state state)
{
	return cs_name_of(cs_state_names, (int)state);
}

const char *cs_vote_name(enum cs_vote vote)
{
	return cs_name_of(cs_vote_names, (int)vote);
}

const char *cs_reason_name(enum cs_reason reason)
{
	return cs_name_of(cs_reason_names, (int)reason);
}

const char *cs_reason_text(enum cs_reason reason)
{
	return cs_name_of(reason_texts, (int)reason);
}
