/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the comparison of gates share. */
#ifndef CS_POLICY_DIFF_GATES_H
#define CS_POLICY_DIFF_GATES_H

#include "diff.h"

/* Two gates of one name; one may be missing (NULL). */
struct gates {
	struct diff *diff;
	const struct cs_gate *before, *after;
};

/* Both are there, and both deny or neither does. */
int cs_diff_exemptions(struct gates *gates);
/* Both are there, and neither denies. */
int cs_diff_terms(struct gates *gates);
/* What a gate that is new, or denied before, asks for. */
int cs_diff_new_terms(struct gates *gates, enum cs_effect effect);

#endif
