/* SPDX-License-Identifier: Apache-2.0 */
/* Questions and answers as every backend handles them: what may be asked, an answer that is doubt from the start, and
 * whether an answer fits its question. */
#ifndef CS_DIRECTORY_ANSWER_H
#define CS_DIRECTORY_ANSWER_H

#include "directory.h"

/* 0, CS_ETOOBIG, or CS_EINVAL for a group without a DN (A074), an attribute that is no name, or a netgroup that is
 * asked for anybody but its hosts. */
int cs_question_check(const struct cs_question *question);

/* An answer to a question of this size in which nothing could be told. 0, CS_ENOMEM. Clear it with cs_clear. */
int cs_answer_blank(size_t n_subjects, size_t n_listings, struct cs_answer *ret_answer);

/* Gives every fact of a blank answer its source, its time and the cause of the doubt, and every listing the cause. Never
 * fails: without memory the texts are missing and it stays doubt. */
void cs_answer_blame(struct cs_answer *answer, const char *source, const char *cause);

/* The facts of one subject, thrown away for doubt or for no. */
void cs_facts_doubt(struct cs_facts *facts, const char *cause);
void cs_facts_no(struct cs_facts *facts);
/* Doubt with what it is about; the first cause stays. */
void cs_facts_doubt_of(struct cs_facts *facts, const char *what, const char *cause);
#define CS_DOUBT_TWINS "two entries have the same number or login name"
#define CS_DOUBT_ATTRIBUTES "too many values of the attributes that are asked for, or one that cannot be used"

/* 1 when this subject can be nobody: root, 65534, no uid and no name, or a name that is no login name (A004, A071). */
int cs_subject_is_nobody(const struct cs_subject *subject);

/* 1 when a person may be the answer for this subject: the uid and, byte for byte, the name that were asked for. */
int cs_person_fits(const struct cs_person *person, const struct cs_subject *subject);

/* By what one entry was found for a subject. */
struct cs_match {
	bool by_uid;
	bool by_name;
};

/* Two entries were found. 1: they share what was asked for, which is doubt; 0: one bears the number and the other the
 * name, so nobody is meant. */
int cs_matches_clash(const struct cs_match *one, const struct cs_match *other);

/* 1 when the answer fits a question with these subjects and so many group queries and listings; 0 when it contradicts
 * it in any way and must not be used. */
int cs_answer_fits(const struct cs_answer *answer, const struct cs_subject *subjects, size_t n_subjects,
	size_t n_queries, size_t n_listings);

/* Sorts the memberships by query, then by group. */
void cs_facts_sort(struct cs_facts *facts);

#endif
