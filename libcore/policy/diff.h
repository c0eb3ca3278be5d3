/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the comparison share: diff.c collects, the others find. */
#ifndef CS_POLICY_DIFF_H
#define CS_POLICY_DIFF_H

#include "policy_internal.h"

#define DIFF_MAX_SAID 16384 /* changes of one effect; those after it are counted */

/* One of the two policies, in a numbering of permissions and roles that both share. */
struct side {
	const struct cs_policy *policy;
	size_t *permissions, *roles; /* common number of each */
	uint64_t *rows;              /* bits: what a role carries: permissions, then the roles it counts as */
	size_t *row;                 /* the first row of each role; those of its kinds follow it */
};

/* The comparison. */
struct diff {
	struct side before, after;
	const char **permissions, **roles; /* names by common number */
	size_t n_permissions, n_roles;
	size_t words;        /* of a row */
	size_t roles_at;     /* the word of a row in which its roles begin */
	uint64_t *exclusive; /* bits: a row with the roles of which, in either policy, nobody may hold two */
	uint64_t *counted;   /* bits: a row with what some rule of either policy counts a part of, or lets object */
	bool lazy;           /* either has a gate that goes ahead where nobody objects */
	size_t looks; /* pairs of gates, services and commands that were looked at */
	struct diff_list {
		struct cs_change *items;
		size_t n, cap;
		size_t left_out;
	} said[CS_EFFECT_WEAKER + 1];
};

/* --- Collecting (diff.c) -------------------------------------------------------------------------------------- */

/* Adds a change of what: "gate", "deploy". A text that is too long for the wire ends in "…". 0, CS_ENOMEM. */
int cs_diff_say(struct diff *diff, enum cs_effect effect, const char *kind, const char *name, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Most of a text for what is told behind a part that has no bound, such as conditions or commands: the part is cut to
 * it before, so that none of the rest is hidden from those who are to agree. */
#define DIFF_LONG_PART (CS_MAX_TEXT / 2)
/* Shortens a text to most bytes, between two letters, with "…" at its end. */
void cs_diff_cut(char *text, size_t most);

/* What it means that somebody may do less: stronger, unless he could have objected to what goes ahead by itself. */
enum cs_effect cs_diff_less(const struct diff *diff);

/* Calls pair for every two items with one name, and with NULL for the one that is missing: those of before in their
 * order, then what only after has. An item begins with its name, a char *; no two of a list have the same.
 * 0, CS_ENOMEM, or what pair returned first. */
typedef int (*cs_diff_pair)(void *arg, const void *before, const void *after);
int cs_diff_each(const void *before, size_t n_before, const void *after, size_t n_after, size_t size, cs_diff_pair pair,
		 void *arg);

/* --- Roles (diff_roles.c) ------------------------------------------------------------------------------------- */

/* Fills in all of diff but what was said. 0, CS_ENOMEM. */
int cs_diff_prepare(struct diff *diff, const struct cs_policy *before, const struct cs_policy *after);
void cs_diff_clear(struct diff *diff);
/* Row 0 of a role is what it carries everywhere, row 1 + k what it carries in its k-th kind of scope alone. */
uint64_t *cs_diff_row(const struct diff *diff, const struct side *side, size_t role, size_t k);
/* Adds all a role carries where the asked scope is of this kind. */
void cs_diff_carried(const struct diff *diff, const struct side *side, size_t role, const char *kind, size_t kind_len,
		     uint64_t *bits);
/* Does the role of before carry just the same as that of after, and have its name? */
bool cs_diff_role_same(const struct diff *diff, size_t before, size_t after);
/* Is some bit of a, in words from at, not in b, among those of mask (NULL: all)? */
bool cs_diff_more(const struct diff *diff, size_t at, const uint64_t *a, const uint64_t *b, const uint64_t *mask);

/* --- Finding -------------------------------------------------------------------------------------------------- */

int cs_diff_rights(struct diff *diff); /* assignments, and what their roles carry */
int cs_diff_floors(struct diff *diff); /* at_least */
int cs_diff_exclusives(struct diff *diff);
int cs_diff_gates(struct diff *diff);
int cs_diff_glasses(struct diff *diff);

#endif
