/* SPDX-License-Identifier: Apache-2.0 */
/* How far a request is, for programs. */
#include "summary.h"
#include "clock.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static const struct cs_field vote_fields[] = {
	CS_STR(cs_summary_vote, user, CS_MAX_NAME),
	CS_STR(cs_summary_vote, status, CS_MAX_NAME),
	CS_STR(cs_summary_vote, created_at, CS_MAX_NAME),
	CS_STR(cs_summary_vote, comment, CS_MAX_REASON),
	CS_STR(cs_summary_vote, assurance, CS_MAX_NAME),
	CS_BOOL(cs_summary_vote, self),
};
const struct cs_shape cs_summary_vote_shape = CS_SHAPE("summary_vote", cs_summary_vote, vote_fields);

static const struct cs_field rule_fields[] = {
	CS_STR(cs_summary_rule, rule, CS_MAX_NAME),
	CS_STR(cs_summary_rule, label, CS_MAX_TEXT),
	CS_U32(cs_summary_rule, count),
	CS_U32(cs_summary_rule, have),
	CS_U32(cs_summary_rule, missing),
	CS_U32(cs_summary_rule, stage),
	CS_STR(cs_summary_rule, alternative, CS_MAX_NAME),
	CS_BOOL(cs_summary_rule, open),
	CS_U64(cs_summary_rule, opens_in_ms),
	CS_U32(cs_summary_rule, against),
	CS_ARRAY(cs_summary_rule, approvals, &cs_summary_vote_shape, CS_MAX_VOTES),
	CS_STRV(cs_summary_rule, could, CS_MAX_WHO + 1, CS_MAX_NAME),
};
static const struct cs_shape rule_shape = CS_SHAPE("summary_rule", cs_summary_rule, rule_fields);

static const struct cs_field summary_fields[] = {
	CS_STR(cs_summary, status, CS_MAX_NAME),
	CS_U32(cs_summary, pending_approval_count),
	CS_ARRAY(cs_summary, approvals, &cs_summary_vote_shape, CS_MAX_VOTES),
	CS_ARRAY(cs_summary, approval_summary, &rule_shape, CS_MAX_RULES),
};
const struct cs_shape cs_summary_shape = CS_SHAPE("summary", cs_summary, summary_fields);

int cs_summary_vote_of(const struct cs_approval *vote, struct cs_summary_vote *ret_vote)
{
	struct cs_summary_vote v = { .self = vote->self };
	char when[21];

	cs_time_text(vote->wall_ms, when);
	v.user = cs_dup(vote->person.name);
	v.status = cs_dup(vote->vote == CS_VOTE_APPROVE ? "approved" : "rejected");
	v.created_at = cs_dup(when);
	v.comment = cs_dup(vote->comment);
	v.assurance = cs_dup(vote->assurance);
	if (v.user == NULL || v.status == NULL || v.created_at == NULL || v.comment == NULL || v.assurance == NULL) {
		cs_clear(&cs_summary_vote_shape, &v);
		return CS_ENOMEM;
	}
	*ret_vote = v;
	return 0;
}

/* Those of the decision's votes that are wanted: all, or the approvals of whom the rule counts. */
static int copy_votes(const struct cs_decision *decision, const struct cs_need *need, struct cs_summary_vote **votes,
	size_t *n_votes)
{
	*votes = calloc(decision->n_votes + 1, sizeof(**votes));
	if (*votes == NULL)
		return CS_ENOMEM;
	for (size_t i = 0; i < decision->n_votes; i++) {
		const struct cs_approval *vote = &decision->votes[i];
		const char *name = vote->person.name == NULL ? "" : vote->person.name;

		if (need != NULL && (vote->vote != CS_VOTE_APPROVE || cs_strv_has(need->by, need->n_by, name) != 1))
			continue;
		if (cs_summary_vote_of(vote, &(*votes)[*n_votes]) != 0)
			return CS_ENOMEM;
		(*n_votes)++;
	}
	return 0;
}

static int fill_rule(const struct cs_decision *decision, const struct cs_need *need, struct cs_summary_rule *rule)
{
	rule->rule = cs_dup(need->rule);
	rule->label = cs_dup(need->label);
	rule->alternative = cs_dup(need->alternative);
	if (rule->rule == NULL || rule->label == NULL || rule->alternative == NULL)
		return CS_ENOMEM;
	rule->count = need->count;
	rule->have = need->have;
	rule->missing = need->count > need->have ? need->count - need->have : 0;
	rule->stage = need->stage;
	rule->open = need->open;
	rule->opens_in_ms = need->opens_in_ms;
	rule->against = need->against;
	for (size_t i = 0; rule->missing > 0 && i < need->n_who; i++) {
		if (cs_strv_add(&rule->could, &rule->n_could, need->who[i] == NULL ? "" : need->who[i]) != 0)
			return CS_ENOMEM;
	}
	return copy_votes(decision, need, &rule->approvals, &rule->n_approvals);
}

int cs_summary_of(const struct cs_decision *decision, struct cs_summary *ret_summary)
{
	struct cs_summary summary = { 0 };
	int r = 0;

	summary.status = cs_dup(cs_state_name(decision->state));
	summary.pending_approval_count = decision->state == CS_PENDING ? decision->missing : 0;
	summary.approval_summary = calloc(decision->n_needs + 1, sizeof(*summary.approval_summary));
	if (summary.status == NULL || summary.approval_summary == NULL)
		r = CS_ENOMEM;
	if (r == 0)
		r = copy_votes(decision, NULL, &summary.approvals, &summary.n_approvals);
	for (size_t i = 0; r == 0 && i < decision->n_needs; i++) {
		r = fill_rule(decision, &decision->needs[i], &summary.approval_summary[i]);
		summary.n_approval_summary++;
	}
	if (r != 0) {
		cs_clear(&cs_summary_shape, &summary);
		return r;
	}
	*ret_summary = summary;
	return 0;
}
