/* SPDX-License-Identifier: Apache-2.0 */
/* Fills and compares any struct by its shape, so that one test covers every noun and every message. */
#ifndef CS_TEST_SHAPE_FILL_H
#define CS_TEST_SHAPE_FILL_H

#include "calls.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* Every shape of the model and of the calls. */
static const struct cs_shape *const fill_shapes[] = {
	&cs_subject_shape, &cs_person_shape, &cs_file_shape, &cs_action_shape, &cs_request_shape, &cs_approval_shape,
	&cs_need_shape, &cs_decision_shape, &cs_group_query_shape, &cs_listing_query_shape, &cs_attribute_shape,
	&cs_membership_shape, &cs_facts_shape, &cs_listing_shape, &cs_event_shape, &cs_record_shape,
	&cs_submit_shape, &cs_wait_shape, &cs_claim_shape, &cs_confirm_shape, &cs_cancel_shape, &cs_right_shape,
	&cs_has_role_shape, &cs_right_answer_shape, &cs_list_shape, &cs_list_row_shape, &cs_list_answer_shape, &cs_show_shape,
	&cs_show_answer_shape, &cs_vote_call_shape, &cs_empty_shape, &cs_status_shape, &cs_evidence_call_shape,
	&cs_evidence_answer_shape, &cs_question_shape, &cs_answer_shape, &cs_generation_shape, &cs_change_shape,
	&cs_right_asked_shape, &cs_rights_shape, &cs_right_told_shape, &cs_rights_answer_shape, &cs_apply_shape,
	&cs_apply_answer_shape, &cs_history_shape, &cs_history_answer_shape, &cs_policy_call_shape,
	&cs_policy_answer_shape, &cs_grounds_shape, &cs_permitted_body_shape, &cs_requested_body_shape,
	&cs_voted_body_shape, &cs_path_shape, &cs_in_force_shape, &cs_segment_shape, &cs_receipt_answer_shape,
	&cs_archive_shape, &cs_archive_answer_shape, &cs_monitored_body_shape,
};

enum fill_mode {
	FILL_EMPTY, /* counts of 0, NULL strings */
	FILL_SMALL, /* two of everything, short */
	FILL_FULL   /* every bound of this struct reached; structs in its arrays are small */
};

/* A string with exactly one FILL_MARK in it; no other byte that fill writes is one. */
#define FILL_MARK '#'

static inline void *fill_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		abort();
	return p;
}

static inline char *fill_string(size_t len)
{
	char *s = fill_alloc(len + 1, 1);

	memset(s, 'x', len);
	if (len > 0)
		s[len / 2] = FILL_MARK;
	return s;
}

/* How many items, or bytes, a field with this limit gets. */
static inline size_t fill_count(enum fill_mode mode, size_t limit)
{
	size_t small = limit < 2 ? limit : 2;

	return mode == FILL_EMPTY ? 0 : mode == FILL_SMALL ? small : limit;
}

static inline void fill_struct(const struct cs_shape *shape, void *obj, enum fill_mode mode);

static inline char **fill_strv(const struct cs_field *field, enum fill_mode mode, size_t n)
{
	char **v = fill_alloc(n, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = fill_string(fill_count(i == 0 ? mode : FILL_SMALL, field->item_limit));
	return v;
}

static inline void *fill_array(const struct cs_field *field, size_t n)
{
	char *items = fill_alloc(n, field->shape->size);

	for (size_t i = 0; i < n; i++)
		fill_struct(field->shape, items + i * field->shape->size, FILL_SMALL);
	return items;
}

static inline void fill_u32v(uint32_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = 0x01020304;
}

/* The pointer and the count of a field that has both. */
static inline void fill_many(const struct cs_field *field, void *obj, enum fill_mode mode)
{
	size_t n = fill_count(mode, field->limit);
	void *p = NULL;

	if (n > 0 && field->kind == CS_K_STRV) {
		p = fill_strv(field, mode, n);
	} else if (n > 0 && field->kind == CS_K_ARRAY) {
		p = fill_array(field, n);
	} else if (n > 0 && field->kind == CS_K_U32V) {
		p = fill_alloc(n, sizeof(uint32_t));
		fill_u32v(p, n);
	} else if (n > 0) {
		p = fill_alloc(n, 1);
		memset(p, 0x55, n);
	}
	memcpy((char *)obj + field->offset, &p, sizeof(p));
	memcpy((char *)obj + field->count_offset, &n, sizeof(n));
}

static inline void fill_scalar(const struct cs_field *field, void *at, enum fill_mode mode)
{
	const bool yes = mode != FILL_EMPTY;
	const uint32_t u32 = mode == FILL_EMPTY ? 0 : mode == FILL_SMALL ? 0x01020304 : UINT32_MAX;
	const uint64_t u64 = mode == FILL_EMPTY ? 0 : mode == FILL_SMALL ? 0x0102030405060708u : UINT64_MAX;

	if (field->kind == CS_K_BOOL)
		memcpy(at, &yes, sizeof(yes));
	else if (field->kind == CS_K_U32)
		memcpy(at, &u32, sizeof(u32));
	else if (field->kind == CS_K_U64)
		memcpy(at, &u64, sizeof(u64));
	else if (field->kind == CS_K_ENUM)
		memcpy(at, mode == FILL_EMPTY || !field->names[1].name ? &field->names[0].value
			: &field->names[1].value, sizeof(int));
	else
		memset(at, mode == FILL_EMPTY ? 0 : 0x55, field->limit);
}

static inline void fill_field(const struct cs_field *field, void *obj, enum fill_mode mode)
{
	void *at = (char *)obj + field->offset;
	char *s = NULL;

	switch (field->kind) {
	case CS_K_STR:
		if (mode != FILL_EMPTY)
			s = fill_string(fill_count(mode == FILL_SMALL ? FILL_FULL : mode, mode == FILL_SMALL ? 3
				: field->limit));
		memcpy(at, &s, sizeof(s));
		break;
	case CS_K_NEST:
		fill_struct(field->shape, at, mode);
		break;
	case CS_K_BLOB:
	case CS_K_STRV:
	case CS_K_U32V:
	case CS_K_ARRAY:
		fill_many(field, obj, mode);
		break;
	case CS_K_BOOL:
	case CS_K_U32:
	case CS_K_U64:
	case CS_K_ENUM:
	case CS_K_FIXED:
	default:
		fill_scalar(field, at, mode);
		break;
	}
}

/* Fills obj (not initialised before). Free with cs_clear. */
static inline void fill_struct(const struct cs_shape *shape, void *obj, enum fill_mode mode)
{
	memset(obj, 0, shape->size);
	for (size_t i = 0; i < shape->n_fields; i++)
		fill_field(&shape->fields[i], obj, mode);
}

static inline bool fill_same(const struct cs_shape *shape, const void *a, const void *b);

static inline bool fill_same_str(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static inline bool fill_same_many(const struct cs_field *field, const void *a, const void *b)
{
	const void *pa = NULL, *pb = NULL;
	size_t na = 0, nb = 0;

	memcpy(&pa, (const char *)a + field->offset, sizeof(pa));
	memcpy(&pb, (const char *)b + field->offset, sizeof(pb));
	memcpy(&na, (const char *)a + field->count_offset, sizeof(na));
	memcpy(&nb, (const char *)b + field->count_offset, sizeof(nb));
	if (na != nb)
		return false;
	for (size_t i = 0; i < na; i++) {
		if (field->kind == CS_K_STRV && !fill_same_str(((char *const *)pa)[i], ((char *const *)pb)[i]))
			return false;
		if (field->kind == CS_K_ARRAY && !fill_same(field->shape, (const char *)pa + i * field->shape->size,
				(const char *)pb + i * field->shape->size))
			return false;
	}
	if (na > 0 && field->kind == CS_K_U32V)
		return memcmp(pa, pb, na * sizeof(uint32_t)) == 0;
	return na == 0 || field->kind != CS_K_BLOB || memcmp(pa, pb, na) == 0;
}

static inline size_t fill_scalar_size(const struct cs_field *field)
{
	return field->kind == CS_K_BOOL ? sizeof(bool)
		: field->kind == CS_K_U32 ? sizeof(uint32_t)
		: field->kind == CS_K_U64 ? sizeof(uint64_t)
		: field->kind == CS_K_ENUM ? sizeof(int)
		: field->limit;
}

static inline bool fill_same_field(const struct cs_field *field, const void *a, const void *b)
{
	const char *at_a = (const char *)a + field->offset, *at_b = (const char *)b + field->offset;

	switch (field->kind) {
	case CS_K_STR:
		return fill_same_str(*(char *const *)(const void *)at_a, *(char *const *)(const void *)at_b);
	case CS_K_NEST:
		return fill_same(field->shape, at_a, at_b);
	case CS_K_BLOB:
	case CS_K_STRV:
	case CS_K_U32V:
	case CS_K_ARRAY:
		return fill_same_many(field, a, b);
	case CS_K_BOOL:
	case CS_K_U32:
	case CS_K_U64:
	case CS_K_ENUM:
	case CS_K_FIXED:
	default:
		return memcmp(at_a, at_b, fill_scalar_size(field)) == 0;
	}
}

/* Deep equality, written apart from the code under test. */
static inline bool fill_same(const struct cs_shape *shape, const void *a, const void *b)
{
	for (size_t i = 0; i < shape->n_fields; i++)
		if (!fill_same_field(&shape->fields[i], a, b))
			return false;
	return true;
}

static inline bool fill_all_zero(const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((const uint8_t *)p)[i] != 0)
			return false;
	return true;
}

/* A buffer large enough for anything that fill makes. */
#define FILL_MAX (64u * 1024u * 1024u)

#endif
