/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of lints share. */
#ifndef CS_POLICY_LINT_H
#define CS_POLICY_LINT_H

#include "policy_internal.h"

struct lint {
	const struct cs_policy *policy;
	struct cs_finding *findings;
	size_t n, cap;
};

/* Adds a finding. 0, CS_ENOMEM. */
int cs_lint_say(struct lint *lint, bool warning, unsigned line, const char *code, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* "whoever has role infra in *": whom a rule means. Owned by the caller. 0, CS_ENOMEM. */
int cs_lint_name(const struct cs_policy *policy, const struct cs_gate *gate, const struct rule *rule, char **ret_text);
/* Does each assignment that could let somebody ask give him what the rule wants as well? */
bool cs_lint_everybody(const struct cs_policy *policy, const struct cs_gate *gate, const struct rule *rule);

/* What a gate says of how approvals are given, and what may be passed by (lint_terms.c). */
int cs_lint_terms(struct lint *lint, const struct cs_gate *gate);
int cs_lint_glasses(struct lint *lint);

#endif
