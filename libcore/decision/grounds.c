/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision was made from, to be kept and to be decided again. */
#include "decision.h"
#include <string.h>

int cs_grounds_freeze(const struct cs_case *what, const struct cs_listing *match, size_t n_match,
	struct cs_grounds *ret_grounds)
{
	(void)what;
	(void)match;
	(void)n_match;
	memset(ret_grounds, 0, sizeof(*ret_grounds));
	return 0;
}

int cs_grounds_case(const struct cs_policy *policy, const struct cs_gate *gate, const struct cs_request *request,
	const struct cs_approval *votes, size_t n_votes, const struct cs_grounds *grounds, struct cs_case *ret_case)
{
	memset(ret_case, 0, sizeof(*ret_case));
	ret_case->policy = policy;
	ret_case->gate = gate;
	ret_case->scope = request->scope;
	ret_case->asked_by = &request->requester;
	ret_case->requester = &grounds->requester;
	ret_case->votes = votes;
	ret_case->voters = grounds->voters;
	ret_case->n_votes = n_votes;
	return grounds->n_voters == n_votes ? 0 : CS_ECORRUPT;
}
