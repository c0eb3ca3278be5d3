/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: every noun rendered from its shape. The one file that knows jansson. */
#include "json.h"
#include "mem.h"
#include "text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const void *member(const void *obj, size_t offset)
{
	return (const char *)obj + offset;
}

static size_t count_of(const struct cs_field *field, const void *obj)
{
	return *(const size_t *)member(obj, field->count_offset);
}

static json_t *number_json(uint64_t value)
{
	char text[24];

	if (value <= (uint64_t)INT64_MAX)
		return json_integer((json_int_t)value);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return json_string(text);
}

static json_t *hex_json(const uint8_t *bytes, size_t n)
{
	char *hex = malloc(2 * n + 1);
	json_t *json = NULL;

	if (hex == NULL)
		return NULL;
	cs_hex(bytes, n, hex);
	json = json_string(hex);
	free(hex);
	return json;
}

/* jansson refuses what is not UTF-8, so the refusal is the test. */
static bool is_utf8(const char *text)
{
	json_t *json = json_string(text);
	bool yes = json != NULL;

	json_decref(json);
	return yes;
}

static json_t *text_json(const char *text, bool escape)
{
	char *escaped = NULL;
	json_t *json = NULL;

	if (text == NULL)
		return json_string("");
	if (!escape)
		return json_string(text);
	escaped = cs_escaped(text);
	json = escaped == NULL ? NULL : json_string(escaped);
	cs_free_str(&escaped);
	return json;
}

static json_t *object_json(const struct cs_shape *shape, const void *obj);

static json_t *bool_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	(void)ret_escaped;
	return json_boolean(*(const bool *)member(obj, field->offset));
}

static json_t *u32_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	(void)ret_escaped;
	return number_json(*(const uint32_t *)member(obj, field->offset));
}

static json_t *u64_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	(void)ret_escaped;
	return number_json(*(const uint64_t *)member(obj, field->offset));
}

static json_t *enum_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	(void)ret_escaped;
	return json_string(cs_name_of(field->names, *(const int *)member(obj, field->offset)));
}

static json_t *str_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	const char *text = *(char *const *)member(obj, field->offset);

	*ret_escaped = text != NULL && !is_utf8(text);
	return text_json(text, *ret_escaped);
}

static json_t *fixed_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	(void)ret_escaped;
	return hex_json(member(obj, field->offset), field->limit);
}

static json_t *blob_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	(void)ret_escaped;
	return hex_json(*(uint8_t *const *)member(obj, field->offset), count_of(field, obj));
}

static json_t *strv_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	char *const *items = *(char **const *)member(obj, field->offset);
	size_t n = count_of(field, obj);
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++) {
		if (items[i] != NULL && !is_utf8(items[i]))
			*ret_escaped = true;
	}
	for (size_t i = 0; array != NULL && i < n; i++) {
		if (json_array_append_new(array, text_json(items[i], *ret_escaped)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static json_t *u32v_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	const uint32_t *items = *(uint32_t *const *)member(obj, field->offset);
	size_t n = count_of(field, obj);
	json_t *array = json_array();

	(void)ret_escaped;
	for (size_t i = 0; array != NULL && i < n; i++) {
		if (json_array_append_new(array, number_json(items[i])) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static json_t *nest_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	(void)ret_escaped;
	return object_json(field->shape, member(obj, field->offset));
}

static json_t *array_value(const struct cs_field *field, const void *obj, bool *ret_escaped)
{
	const char *items = *(char *const *)member(obj, field->offset);
	size_t n = count_of(field, obj);
	json_t *array = json_array();

	(void)ret_escaped;
	for (size_t i = 0; array != NULL && i < n; i++) {
		if (json_array_append_new(array, object_json(field->shape, items + i * field->shape->size)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

typedef json_t *(*value_fn)(const struct cs_field *field, const void *obj, bool *ret_escaped);

static const value_fn values[] = {
	[CS_K_BOOL] = bool_value, [CS_K_U32] = u32_value, [CS_K_U64] = u64_value, [CS_K_ENUM] = enum_value,
	[CS_K_STR] = str_value, [CS_K_FIXED] = fixed_value, [CS_K_BLOB] = blob_value, [CS_K_STRV] = strv_value,
	[CS_K_U32V] = u32v_value, [CS_K_NEST] = nest_value, [CS_K_ARRAY] = array_value
};

/* Adds one field, and the mark that it is escaped where it is. */
static int add_field(json_t *object, const struct cs_field *field, const void *obj)
{
	char mark[80];
	bool escaped = false;

	if ((size_t)field->kind >= CS_COUNT(values))
		return CS_EINVAL;
	if (json_object_set_new(object, field->name, values[field->kind](field, obj, &escaped)) != 0)
		return CS_ENOMEM;
	if (!escaped)
		return 0;
	snprintf(mark, sizeof(mark), "%s_escaped", field->name);
	return json_object_set_new(object, mark, json_true()) == 0 ? 0 : CS_ENOMEM;
}

static int add_fields(json_t *object, const struct cs_shape *shape, const void *obj)
{
	for (size_t i = 0; i < shape->n_fields; i++) {
		int r = strcmp(shape->fields[i].name, "secret") == 0 ? 0 : add_field(object, &shape->fields[i], obj);

		if (r != 0)
			return r;
	}
	return 0;
}

static json_t *object_json(const struct cs_shape *shape, const void *obj)
{
	json_t *object = json_object();

	if (object != NULL && add_fields(object, shape, obj) != 0) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

/* jansson leaves DEL as it is, which a terminal may act on; inside a JSON text it can only stand in a string. */
static char *without_del(char *text)
{
	struct cs_buf out;
	char *safe = NULL;

	if (text == NULL || strchr(text, 0x7f) == NULL)
		return text;
	cs_buf_init(&out, SIZE_MAX / 2);
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == 0x7f)
			cs_buf_put(&out, "\\u007f", 6);
		else
			cs_buf_put(&out, at, 1);
	}
	if (cs_buf_error(&out) == 0)
		safe = strndup((const char *)out.data, out.len);
	cs_buf_clear(&out);
	free(text);
	return safe;
}

int cs_json_text(const struct cs_shape *shape, const void *obj, bool pretty, char **ret_text)
{
	const struct cs_json_part part = { shape, obj };

	return cs_json_joined(&part, 1, pretty, ret_text);
}

int cs_json_joined(const struct cs_json_part *parts, size_t n, bool pretty, char **ret_text)
{
	json_t *object = json_object();
	char *text = NULL;
	int r = object == NULL ? CS_ENOMEM : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_fields(object, parts[i].shape, parts[i].obj);
	if (r != 0) {
		json_decref(object);
		return r;
	}
	text = json_dumps(object, JSON_ENSURE_ASCII | (pretty ? JSON_INDENT(2) : JSON_COMPACT));
	json_decref(object);
	text = without_del(text);
	if (text == NULL)
		return CS_ENOMEM;
	*ret_text = text;
	return 0;
}

int cs_json_texts(const char *line, size_t n, const char *const *names, size_t n_names, char **ret_texts,
	const char **ret_why)
{
	json_t *object = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	int r = 0;

	for (size_t i = 0; i < n_names; i++)
		ret_texts[i] = NULL;
	for (size_t i = 0; r == 0 && i < n_names; i++) {
		const char *text = json_string_value(json_object_get(object, names[i]));

		*ret_why = names[i];
		r = text == NULL ? CS_EPROTO : (ret_texts[i] = cs_dup(text)) != NULL ? 0 : CS_ENOMEM;
	}
	for (size_t i = 0; r < 0 && i < n_names; i++)
		cs_free_str(&ret_texts[i]);
	json_decref(object);
	return r;
}
