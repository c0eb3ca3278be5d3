/* SPDX-License-Identifier: Apache-2.0 */
/* Signed votes: is a vote authenticated as its request asks, at the vote and again at the claim? */
#include "internal.h"

enum cs_reason signed_check(struct task *task, const struct cs_facts *voter, struct cs_approval *approval,
	char **ret_text)
{
	(void)task;
	(void)voter;
	(void)approval;
	(void)ret_text;
	return CS_WHY_NONE;
}
