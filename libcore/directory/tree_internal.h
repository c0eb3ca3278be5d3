/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that answer from the tree share. */
#ifndef CS_DIRECTORY_TREE_INTERNAL_H
#define CS_DIRECTORY_TREE_INTERNAL_H

#include "answer.h"
#include "settings.h"
#include "tree.h"

#define TREE_URL_DOUBT "lists people by a search (memberURL), which only an LDAP server can tell"

/* A question on its way: the tree, and what the schema says as places in it. */
struct asked {
	const struct cs_tree *tree;
	const struct cs_schema *schema;
	uint32_t member, member_of; /* attributes; CS_TREE_NONE: nobody has them */
	uint32_t nesting;
	char people_base[CS_MAX_DN + 1], groups_base[CS_MAX_DN + 1]; /* keys; "" for everywhere */
};

/* Groups, each once, in the order in which they were come upon. */
struct groups {
	uint32_t entries[CS_NESTED_MAX];
	size_t n;
};

/* A subject while his facts are filled. */
struct subject {
	struct cs_facts *facts;
	uint32_t person, dn;    /* who he is and his DN, a term; where facts are known */
	struct groups *nested;  /* NULL until they were asked for */
	uint32_t *told;         /* groups of the memberships, terms; beside facts->memberships */
	size_t cap_memberships, cap_told, cap_unsure;
};

/* --- tree_answer.c --- */

const char *dn_text(const struct cs_tree *tree, uint32_t dn);
/* The entry is the one that is asked about (dn is its term), or below the DN with this key. */
bool entry_is_meant(const struct cs_tree *tree, uint32_t entry, enum cs_where where, uint32_t dn, const char *key);

/* --- tree_nested.c --- */

/* 1 when groups in groups are followed through this entry; 0; CS_ETOOBIG (cannot be told), CS_ENOMEM. */
int group_is_nested(const struct asked *asked, uint32_t entry);
/* 0; CS_ETOOBIG: there are too many. */
int groups_add(struct groups *groups, uint32_t entry);
/* The groups that this DN is in, and those that they are in, upwards. 0, CS_ETOOBIG, CS_ENOMEM. */
int groups_above(const struct asked *asked, uint32_t dn, struct groups *groups);
/* Those that are in these groups, downwards, behind them. 0, CS_ETOOBIG, CS_ENOMEM. */
int groups_below(const struct asked *asked, struct groups *groups);

/* --- tree_groups.c --- */

/* Answers every group query for every subject who is known. */
void queries_answer(const struct asked *asked, const struct cs_question *question, struct subject *subjects);

/* --- tree_listing.c --- */

void listings_answer(const struct asked *asked, const struct cs_question *question, struct cs_answer *answer);

#endif
