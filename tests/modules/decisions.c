/* SPDX-License-Identifier: Apache-2.0 */
/* One request, number 4711, in the states of its life. */
#include "decisions.h"

#define ID { 0xa1, 0xa2, 0xa3 }
#define SECRET { 0x51, 0x52, 0x53 }

static char *peers[] = { T("bob"), T("carol") };
static char *infra[] = { T("carol"), T("erin\033[2K") };

static struct cs_need needs[] = {
	{ .rule = T("committee"), .label = T("1 x Approve a deployment in project/tomcat"), .count = 1, .stage = 1, .open = true, .who = peers,
		.n_who = 2 },
	{ .rule = T("infra"), .label = T("1 x Infrastructure (everywhere)"), .count = 1, .stage = 1, .open = true, .who = infra, .n_who = 2 },
};
static struct cs_need needs_half[] = {
	{ .rule = T("committee"), .label = T("1 x Approve a deployment in project/tomcat"), .count = 1, .have = 1, .stage = 1, .open = true },
	{ .rule = T("infra"), .label = T("1 x Infrastructure (everywhere)"), .count = 1, .stage = 1, .open = true, .who = infra, .n_who = 2 },
};
static struct cs_approval yes[] = {
	{ .vote = CS_VOTE_APPROVE, .person = { .name = T("bob") }, .comment = T("fine\nby me") },
	{ .vote = CS_VOTE_APPROVE, .person = { .name = T("carol") }, .comment = T("") },
};
static struct cs_approval no[] = {
	{ .vote = CS_VOTE_REJECT, .person = { .name = T("bob") }, .comment = T("not today") },
};

#define REQUEST .number = 4711, .id = ID, .gate = T("deploy"), .scope = T("project/tomcat"), .remaining_ms = 1800000

struct cs_decision d_permit = { .verdict = CS_PERMIT, .reason = CS_WHY_UNGUARDED };
struct cs_decision d_deny = { .verdict = CS_DENY, .reason = CS_WHY_NO_PERMISSION, .text = T("no \033[31mright") };
struct cs_decision d_needs_reason = { .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_REASON };
struct cs_decision d_only_hold = { .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL, .gate = T("deploy") };
struct cs_decision d_held = { REQUEST, .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL, .secret = SECRET,
	.check_code = T("0425"), .state = CS_PENDING, .needs = needs, .n_needs = 2, .version = 1, .hold_ms = 600000 };
struct cs_decision d_held_on = { REQUEST, .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL, .state = CS_PENDING,
	.needs = needs, .n_needs = 2, .version = 1, .hold_ms = 590000 };
struct cs_decision d_half = { REQUEST, .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL, .state = CS_PENDING,
	.needs = needs_half, .n_needs = 2, .votes = yes, .n_votes = 1, .version = 2, .hold_ms = 580000 };
/* In stages, another session waits too, and the time of a second way has not come. */
static struct cs_need needs_staged[] = {
	{ .rule = T("committee"), .label = T("1 x Committee"), .count = 1, .stage = 1, .open = true, .who = peers, .n_who = 2 },
	{ .rule = T("infra"), .label = T("1 x Infrastructure"), .count = 1, .stage = 2, .who = infra, .n_who = 1 },
	{ .rule = T("board"), .label = T("1 x Board"), .count = 1, .stage = 1, .alternative = T("board"), .opens_in_ms = 720000 },
};
static struct cs_need needs_second_stage[] = {
	{ .rule = T("committee"), .label = T("1 x Committee"), .count = 1, .have = 1, .stage = 1, .open = true },
	{ .rule = T("infra"), .label = T("1 x Infrastructure"), .count = 1, .stage = 2, .open = true, .who = infra, .n_who = 1 },
};
struct cs_decision d_staged = { REQUEST, .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL, .secret = SECRET,
	.check_code = T("0425"), .state = CS_PENDING, .needs = needs_staged, .n_needs = 3, .version = 1,
	.hold_ms = 600000, .waiting = 2, .objection_ms = 3600000 };
struct cs_decision d_second_stage = { REQUEST, .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL, .state = CS_PENDING,
	.needs = needs_second_stage, .n_needs = 2, .votes = yes, .n_votes = 1, .version = 2, .hold_ms = 580000,
	.waiting = 1 };
struct cs_decision d_taken_back = { REQUEST, .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL, .state = CS_PENDING,
	.needs = needs_staged, .n_needs = 3, .version = 3, .hold_ms = 570000, .waiting = 2 };
struct cs_decision d_ahead = { REQUEST, .verdict = CS_DENY, .reason = CS_WHY_NOT_WAITING, .state = CS_PENDING,
	.check_code = T("0425"), .needs = needs, .n_needs = 2, .version = 1, .start_wall_ms = 1795298400000 };
struct cs_decision d_ahead_approved = { REQUEST, .verdict = CS_DENY, .reason = CS_WHY_NOT_WAITING, .state = CS_APPROVED,
	.check_code = T("0425"), .votes = yes, .n_votes = 2, .version = 3 };
struct cs_decision d_still_wanted = { REQUEST, .verdict = CS_DENY, .reason = CS_WHY_PARKED, .state = CS_PENDING,
	.text = T("Another of your sessions waits for it still; it stays open.") };
struct cs_decision d_limited = { .verdict = CS_PERMIT, .reason = CS_WHY_CONFIRMED, .session_ms = 1 };
struct cs_decision d_approved = { REQUEST, .verdict = CS_HOLD, .reason = CS_WHY_APPROVED, .state = CS_APPROVED,
	.votes = yes, .n_votes = 2, .version = 3, .hold_ms = 570000 };
/* Approved, and to be used only in a while. */
#define COOLING(ms) .number = 4711, .id = ID, .gate = T("deploy"), .scope = T("project/tomcat"), .remaining_ms = (ms), \
	.state = CS_APPROVED, .votes = yes, .n_votes = 2, .version = 3
struct cs_decision d_cooling = { COOLING(570000), .verdict = CS_HOLD, .reason = CS_WHY_COOLING, .secret = SECRET,
	.hold_ms = 570000 };
struct cs_decision d_nearly = { COOLING(250), .verdict = CS_HOLD, .reason = CS_WHY_COOLING, .hold_ms = 1000 };
struct cs_decision d_cooling_parked = { COOLING(240000), .verdict = CS_DENY, .reason = CS_WHY_PARKED };
struct cs_decision d_cooling_later = { COOLING(240000), .verdict = CS_DENY, .reason = CS_WHY_NOT_WAITING,
	.check_code = T("0425") };
struct cs_decision d_again = { REQUEST, .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL, .secret = SECRET,
	.check_code = T("0425"), .state = CS_APPROVED, .version = 3, .hold_ms = 600000 };
struct cs_decision d_rejected = { REQUEST, .verdict = CS_DENY, .reason = CS_WHY_REJECTED, .state = CS_REJECTED,
	.votes = no, .n_votes = 1, .version = 2 };
struct cs_decision d_parked = { REQUEST, .verdict = CS_DENY, .reason = CS_WHY_PARKED, .state = CS_PENDING,
	.version = 1 };
struct cs_decision d_not_waiting = { REQUEST, .verdict = CS_DENY, .reason = CS_WHY_NOT_WAITING, .state = CS_PENDING,
	.check_code = T("0425"), .version = 1 };
struct cs_decision d_used = { REQUEST, .verdict = CS_PERMIT, .reason = CS_WHY_APPROVED, .state = CS_USED };
struct cs_decision d_lost = { REQUEST, .verdict = CS_DENY, .reason = CS_WHY_APPROVER_LOST, .state = CS_APPROVED };
struct cs_decision d_wait_permit = { REQUEST, .verdict = CS_PERMIT, .reason = CS_WHY_APPROVED, .state = CS_APPROVED,
	.version = 3 };
struct cs_decision d_cancelled = { REQUEST, .verdict = CS_DENY, .reason = CS_WHY_CANCELLED, .state = CS_CANCELLED };
struct cs_decision d_unconfirmed = { .verdict = CS_DENY, .reason = CS_WHY_UNCONFIRMED };
struct cs_decision d_confirmed = { .verdict = CS_PERMIT, .reason = CS_WHY_CONFIRMED };
