/* SPDX-License-Identifier: Apache-2.0 */
/* A notice as JSON and back, by its shape. The one file of this room that knows jansson. */
#include "clock.h"
#include "mem.h"
#include "notify.h"
#include "text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* --- Out ----------------------------------------------------------------------------------------------------------- */

/* jansson refuses what is not UTF-8: that is shown escaped, and said. */
static json_t *text_json(const char *text, bool *escaped)
{
	json_t *json = json_string(text ? text : "");
	char *shown = NULL;

	if (json)
		return json;
	*escaped = true;
	shown = cs_escaped(text);
	json = shown ? json_string(shown) : NULL;
	free(shown);
	return json;
}

static json_t *list_json(char *const *items, size_t n, bool *escaped)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++) {
		if (json_array_append_new(array, text_json(items[i], escaped)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static json_t *field_json(const struct cs_field *field, const void *at, size_t count, bool *escaped)
{
	switch (field->kind) {
	case CS_K_U64:
		return json_integer((json_int_t)(*(const uint64_t *)at & INT64_MAX));
	case CS_K_ENUM:
		return json_string(cs_name_of(field->names, *(const int *)at));
	case CS_K_STR:
		return text_json(*(char *const *)at, escaped);
	case CS_K_STRV:
		return list_json(*(char **const *)at, count, escaped);
	case CS_K_BOOL:
	case CS_K_U32:
	case CS_K_FIXED:
	case CS_K_BLOB:
	case CS_K_U32V:
	case CS_K_NEST:
	case CS_K_ARRAY:
		break;
	}
	return NULL; /* a notice has none of these */
}

static int set_field(json_t *object, const struct cs_field *field, const struct cs_notice *notice)
{
	const char *base = (const char *)notice;
	size_t count = field->kind == CS_K_STRV ? *(const size_t *)(const void *)(base + field->count_offset) : 0;
	char flag[64];
	bool escaped = false;
	int r = json_object_set_new(object, field->name,
		field_json(field, base + field->offset, count, &escaped));

	if (r == 0 && escaped) {
		(void)snprintf(flag, sizeof(flag), "%s_escaped", field->name);
		r = json_object_set_new(object, flag, json_true());
	}
	return r;
}

/* "" where there is no such time. */
static int set_time(json_t *object, const char *name, uint64_t wall_ms)
{
	char text[21] = "";

	if (wall_ms != 0)
		cs_time_text(wall_ms, text);
	return json_object_set_new(object, name, json_string(text));
}

int cs_notice_to_json(const struct cs_notice *notice, char **ret_text)
{
	json_t *object = json_object();
	char *text = NULL;
	int r = object ? json_object_set_new(object, "schema", json_string(CS_NOTICE_SCHEMA)) : -1;

	for (size_t i = 0; r == 0 && i < cs_notice_shape.n_fields; i++)
		r = set_field(object, &cs_notice_shape.fields[i], notice);
	if (r == 0)
		r = set_time(object, "when", notice->wall_ms);
	if (r == 0)
		r = set_time(object, "until", notice->deadline_wall_ms);
	text = r == 0 ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	json_decref(object);
	if (!text)
		return CS_ENOMEM;
	*ret_text = text;
	return 0;
}

/* --- In ------------------------------------------------------------------------------------------------------------ */

static int take_number(const json_t *json, uint64_t *ret)
{
	if (!json_is_integer(json) || json_integer_value(json) < 0)
		return CS_EPROTO;
	*ret = (uint64_t)json_integer_value(json);
	return 0;
}

static int take_name(const struct cs_field *field, const json_t *json, int *ret)
{
	return json_is_string(json) && cs_value_of(field->names, json_string_value(json), ret) == 1 ? 0 : CS_EPROTO;
}

static int take_text(const struct cs_field *field, const json_t *json, char **ret)
{
	if (!json_is_string(json) || json_string_length(json) > field->limit)
		return CS_EPROTO;
	return cs_set(ret, json_string_value(json));
}

static int take_list(const struct cs_field *field, const json_t *json, char ***ret, size_t *ret_count)
{
	if (!json_is_array(json) || json_array_size(json) > field->limit)
		return CS_EPROTO;
	for (size_t i = 0; i < json_array_size(json); i++) {
		const json_t *item = json_array_get(json, i);

		if (!json_is_string(item) || json_string_length(item) > field->item_limit)
			return CS_EPROTO;
		if (cs_strv_add(ret, ret_count, json_string_value(item)) < 0)
			return CS_ENOMEM;
	}
	return 0;
}

static int take_field(const struct cs_field *field, const json_t *json, void *obj)
{
	char *base = obj;
	void *at = base + field->offset;

	if (field->kind == CS_K_U64)
		return take_number(json, at);
	if (field->kind == CS_K_ENUM)
		return take_name(field, json, at);
	if (field->kind == CS_K_STR)
		return take_text(field, json, at);
	return take_list(field, json, at, (size_t *)(void *)(base + field->count_offset));
}

int cs_notice_from_json(const char *text, size_t n, struct cs_notice *ret_notice, const char **ret_why)
{
	struct cs_notice notice = { 0 };
	json_t *object = n <= CS_NOTICE_JSON_MAX ? json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *schema = json_string_value(json_object_get(object, "schema"));
	int r = schema && strcmp(schema, CS_NOTICE_SCHEMA) == 0 ? 0 : CS_EPROTO;

	*ret_why = object ? "it is no " CS_NOTICE_SCHEMA : "it is no JSON object, or too long";
	for (size_t i = 0; r == 0 && i < cs_notice_shape.n_fields; i++) {
		const struct cs_field *field = &cs_notice_shape.fields[i];
		const json_t *json = json_object_get(object, field->name);

		*ret_why = field->name;
		r = json ? take_field(field, json, &notice) : 0;
	}
	if (r == 0 && notice.kind == CS_NOTICE_NONE) {
		*ret_why = "it has no kind";
		r = CS_EPROTO;
	}
	json_decref(object);
	if (r < 0) {
		cs_clear(&cs_notice_shape, &notice);
		return r;
	}
	*ret_notice = notice;
	return 0;
}
