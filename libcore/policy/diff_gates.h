/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the comparison of gates share. */
#ifndef CS_POLICY_DIFF_GATES_H
#define CS_POLICY_DIFF_GATES_H

#include "diff.h"

/* Two gates of one name; one may be missing (NULL). */
struct gates {
	struct diff *diff;
	const struct cs_gate *before, *after;
};

#define SAY(gates, effect, ...) cs_diff_say((gates)->diff, (effect), "gate", (gates)->after->name, __VA_ARGS__)

/* A rule, an exemption or an automatic approval of one name in both gates. */
struct rules {
	struct gates *gates;
	const char *kind; /* "approval", "exempt", "automatic" */
	const struct rule *before, *after;
};

/* Items as written, of which any is enough; none means all. Are few within many? */
struct texts {
	char *const *items;
	size_t n;
};
bool cs_diff_within(const struct texts *few, const struct texts *many);

/* Could no other gate that enforces be met by what this one meets afterwards? */
bool cs_diff_stands_alone(const struct gates *gates);

/* --- Rules (diff_rules.c) ------------------------------------------------------------------------------------- */

/* Who is meant by both; and who by one that is new, or by people whose names only this tells. */
int cs_diff_who(struct rules *rules);
int cs_diff_say_who(const struct rules *rules, enum cs_effect effect);
/* Both are there, and both deny or neither does. */
int cs_diff_exemptions(struct gates *gates);
/* Both are there, and neither denies. */
int cs_diff_approvals(struct gates *gates);
int cs_diff_together(struct gates *gates); /* whom the rules take for several of them */
/* Approvals and exemptions of a gate that is new. */
int cs_diff_say_rules(struct gates *gates, enum cs_effect effect);

/* --- What a gate approves by itself (diff_automatic.c) -------------------------------------------------------- */

int cs_diff_automatics(struct gates *gates);
int cs_diff_say_automatics(struct gates *gates, enum cs_effect effect);

/* --- Terms (diff_terms.c) ------------------------------------------------------------------------------------- */

/* Both are there, and neither denies. */
int cs_diff_terms(struct gates *gates);
/* What a gate that is new, or denied before, asks for. */
int cs_diff_new_terms(struct gates *gates, enum cs_effect effect);

#endif
