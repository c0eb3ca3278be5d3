/* SPDX-License-Identifier: Apache-2.0 */
/* How far a request is, field by field, under names that are promised to programs (countersign(1), JSON). */
#ifndef CS_COMMAND_SUMMARY_H
#define CS_COMMAND_SUMMARY_H

#include "calls.h"

struct cs_summary_vote {
	char *user;
	char *status;     /* "approved", "rejected" */
	char *created_at; /* "2026-11-21T20:00:08Z" */
	char *comment;
	char *assurance;
	bool self;
};

struct cs_summary_rule {
	char *rule;
	char *label;
	uint32_t count;
	uint32_t have;
	uint32_t missing;
	uint32_t stage;
	char *alternative;
	bool open;
	uint64_t opens_in_ms;
	uint32_t against;
	struct cs_summary_vote *approvals; /* those that are counted for it */
	size_t n_approvals;
	char **could; /* who could supply what is missing; empty when nothing is */
	size_t n_could;
};

struct cs_summary {
	char *status; /* the state's name */
	uint32_t pending_approval_count;
	struct cs_summary_vote *approvals; /* every vote, rejections too */
	size_t n_approvals;
	struct cs_summary_rule *approval_summary;
	size_t n_approval_summary;
};
extern const struct cs_shape cs_summary_vote_shape, cs_summary_shape;

/* Copies what it needs. 0, CS_ENOMEM. Clear with cs_clear. */
int cs_summary_vote_of(const struct cs_approval *vote, struct cs_summary_vote *ret_vote);
int cs_summary_of(const struct cs_decision *decision, struct cs_summary *ret_summary);

#endif
