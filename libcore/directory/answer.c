/* SPDX-License-Identifier: Apache-2.0 */
/* What questions and answers look like, whoever answers. */
#include "answer.h"
#include "clock.h"
#include "filter.h"
#include "mem.h"
#include "netgroup.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CAUSE_MAX = 1024 };
#define NOBODY_UID 65534u

static int query_check(const struct cs_group_query *query)
{
	if (query->where != CS_GROUP_AT && query->where != CS_GROUPS_BELOW)
		return CS_EINVAL;
	if (!cs_dn_is_valid(query->dn) || !cs_filter_is_attribute(query->listed))
		return CS_EINVAL;
	for (size_t i = 0; i < query->n_wanted; i++)
		if (!cs_filter_is_attribute(query->wanted[i]))
			return CS_EINVAL;
	return 0;
}

static int listing_check(const struct cs_listing_query *query)
{
	if (query->where != CS_GROUP_AT && query->where != CS_GROUPS_BELOW && query->where != CS_NETGROUP)
		return CS_EINVAL;
	if (!cs_dn_is_valid(query->dn) || !cs_filter_is_attribute(query->listed))
		return CS_EINVAL;
	if (query->where == CS_NETGROUP && strcasecmp(query->listed, CS_NETGROUP_TRIPLE) != 0)
		return CS_EINVAL;
	if (query->where != CS_GROUPS_BELOW || query->attribute == NULL || *query->attribute == '\0')
		return 0;
	return cs_filter_is_attribute(query->attribute) && query->value != NULL ? 0 : CS_EINVAL;
}

int cs_question_check(const struct cs_question *question)
{
	if (question->n_subjects > CS_MAX_SUBJECTS || question->n_queries > CS_MAX_QUERIES ||
	    question->n_listings > CS_MAX_LISTINGS)
		return CS_ETOOBIG;
	for (size_t i = 0; i < question->n_queries; i++)
		if (query_check(&question->queries[i]) != 0)
			return CS_EINVAL;
	for (size_t i = 0; i < question->n_listings; i++)
		if (listing_check(&question->listings[i]) != 0)
			return CS_EINVAL;
	return 0;
}

int cs_answer_blank(size_t n_subjects, size_t n_listings, struct cs_answer *ret_answer)
{
	struct cs_answer answer = { 0 };
	answer.facts = calloc(n_subjects + 1, sizeof(*answer.facts));
	answer.listings = calloc(n_listings + 1, sizeof(*answer.listings));
	if (answer.facts == NULL || answer.listings == NULL) {
		free(answer.facts);
		free(answer.listings);
		return CS_ENOMEM;
	}
	answer.n_facts = n_subjects;
	answer.n_listings = n_listings;
	for (size_t i = 0; i < n_subjects; i++) {
		answer.facts[i].known = CS_KNOWN_DOUBT;
		answer.facts[i].person.uid = CS_NO_UID;
	}
	for (size_t i = 0; i < n_listings; i++)
		answer.listings[i].known = CS_KNOWN_DOUBT;
	*ret_answer = answer;
	return 0;
}

void cs_answer_blame(struct cs_answer *answer, const char *source, const char *cause)
{
	uint64_t now = cs_boot_ms();
	for (size_t i = 0; i < answer->n_facts; i++) {
		struct cs_facts *facts = &answer->facts[i];
		facts->boot_ms = now;
		(void)cs_set(&facts->source, source);
		if (facts->known == CS_KNOWN_DOUBT && cause != NULL)
			(void)cs_set(&facts->doubt, cause);
	}
	for (size_t i = 0; i < answer->n_listings && cause != NULL; i++)
		if (answer->listings[i].known == CS_KNOWN_DOUBT)
			(void)cs_set(&answer->listings[i].doubt, cause);
}

static void facts_reset(struct cs_facts *facts, enum cs_known known)
{
	char *source = facts->source;
	uint64_t boot_ms = facts->boot_ms;
	facts->source = NULL;
	cs_clear(&cs_facts_shape, facts);
	facts->known = known;
	facts->person.uid = CS_NO_UID;
	facts->source = source;
	facts->boot_ms = boot_ms;
}

void cs_facts_doubt(struct cs_facts *facts, const char *cause)
{
	facts_reset(facts, CS_KNOWN_DOUBT);
	(void)cs_set(&facts->doubt, cause);
}

void cs_facts_no(struct cs_facts *facts)
{
	facts_reset(facts, CS_KNOWN_NO);
}

void cs_facts_doubt_of(struct cs_facts *facts, const char *what, const char *cause)
{
	char text[CAUSE_MAX];
	if (facts->known == CS_KNOWN_DOUBT && facts->doubt != NULL && *facts->doubt != '\0')
		return;
	(void)snprintf(text, sizeof(text), "%.500s: %.500s", what, cause);
	cs_facts_doubt(facts, text);
}

static int has_name(const struct cs_subject *subject)
{
	return subject->name != NULL && *subject->name != '\0';
}

int cs_subject_is_nobody(const struct cs_subject *subject)
{
	if (subject->uid == 0 || subject->uid == NOBODY_UID)
		return 1;
	if (!has_name(subject))
		return subject->uid == CS_NO_UID;
	return cs_is_login(subject->name) != 1;
}

int cs_person_fits(const struct cs_person *person, const struct cs_subject *subject)
{
	if (person->id == NULL || *person->id == '\0' || person->dn == NULL || *person->dn == '\0')
		return 0;
	if (person->uid == 0 || person->uid == NOBODY_UID || person->uid == CS_NO_UID)
		return 0;
	if (subject->uid != CS_NO_UID && person->uid != subject->uid)
		return 0;
	return !has_name(subject) || (person->name != NULL && strcmp(person->name, subject->name) == 0);
}

int cs_matches_clash(const struct cs_match *one, const struct cs_match *other)
{
	bool two_uids = one->by_uid && other->by_uid;
	bool neither_uid = !one->by_uid && !other->by_uid;
	return two_uids || neither_uid || (one->by_uid && one->by_name) || (other->by_uid && other->by_name);
}

static int facts_fit(const struct cs_facts *facts, const struct cs_subject *subject, size_t n_queries)
{
	if (facts->known != CS_KNOWN_YES)
		return facts->n_memberships == 0 && facts->n_aliases == 0 && facts->n_unsure == 0;
	if (cs_subject_is_nobody(subject) || !cs_person_fits(&facts->person, subject))
		return 0;
	if (facts->doubt != NULL && *facts->doubt != '\0')
		return 0;
	for (size_t i = 0; i < facts->n_memberships; i++)
		if (facts->memberships[i].query >= n_queries)
			return 0;
	for (size_t i = 0; i < facts->n_unsure; i++)
		if (facts->unsure[i].query >= n_queries)
			return 0;
	return 1;
}

static int listing_fits(const struct cs_listing *listing)
{
	if (listing->known != CS_KNOWN_YES)
		return listing->n_dns == 0 && listing->n_names == 0;
	return listing->n_dns == listing->n_names && (listing->doubt == NULL || *listing->doubt == '\0');
}

int cs_answer_fits(const struct cs_answer *answer, const struct cs_subject *subjects, size_t n_subjects,
	size_t n_queries, size_t n_listings)
{
	if (answer->n_facts != n_subjects || answer->n_listings != n_listings)
		return 0;
	for (size_t i = 0; i < n_subjects; i++)
		if (!facts_fit(&answer->facts[i], &subjects[i], n_queries))
			return 0;
	for (size_t i = 0; i < n_listings; i++)
		if (!listing_fits(&answer->listings[i]))
			return 0;
	return 1;
}

static int membership_order(const void *a, const void *b)
{
	const struct cs_membership *x = a, *y = b;
	if (x->query != y->query)
		return x->query < y->query ? -1 : 1;
	return strcmp(x->group_dn, y->group_dn);
}

void cs_facts_sort(struct cs_facts *facts)
{
	if (facts->n_memberships > 1)
		qsort(facts->memberships, facts->n_memberships, sizeof(*facts->memberships), membership_order);
}
