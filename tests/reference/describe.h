/* SPDX-License-Identifier: Apache-2.0 */
/* A described world as the engine takes it: the policy's text, the facts and listings, the text of the fixed directory.
 */
#ifndef TEST_REFERENCE_DESCRIBE_H
#define TEST_REFERENCE_DESCRIBE_H

#include "reference.h"

/* Allocated texts. style: the same policy in another spelling (quotes, lists of one, order of the sections). */
char *describe_policy(const struct ref_policy *policy, uint64_t style);
char *describe_directory(const struct ref_directory *directory);

/* What the directory would say; clear it with cs_person_shape, cs_facts_shape, cs_listing_shape. */
void describe_person(const struct ref_person *person, struct cs_person *ret_person);
void describe_facts(const struct ref_directory *directory, const struct ref_person *person,
		    const struct cs_group_query *queries, size_t n_queries, struct cs_facts *ret_facts);
/* Which of these queries are not to be believed: all that the facts say of it. */
void describe_unsure(const struct ref_directory *directory, const struct cs_group_query *queries, size_t n_queries,
		     struct cs_facts *facts);
void describe_listing(const struct ref_directory *directory, const struct cs_listing_query *query,
		     struct cs_listing *ret_listing);

#endif
