/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: every noun rendered from its shape, and exported evidence read back. The one file that knows jansson. */
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

static json_t *object_json(const struct cs_shape *shape, const void *obj)
{
	json_t *object = json_object();

	for (size_t i = 0; object != NULL && i < shape->n_fields; i++) {
		if (strcmp(shape->fields[i].name, "secret") == 0)
			continue;
		if (add_field(object, &shape->fields[i], obj) != 0) {
			json_decref(object);
			object = NULL;
		}
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
	json_t *object = object_json(shape, obj);
	char *text = NULL;

	if (object == NULL)
		return CS_ENOMEM;
	text = json_dumps(object, JSON_ENSURE_ASCII | (pretty ? JSON_INDENT(2) : JSON_COMPACT));
	json_decref(object);
	text = without_del(text);
	if (text == NULL)
		return CS_ENOMEM;
	*ret_text = text;
	return 0;
}

/* The bytes of a hexadecimal field. *ret_bytes is allocated, never NULL. */
static int unhex_field(const json_t *object, const char *key, size_t max, uint8_t **ret_bytes, size_t *ret_n)
{
	const char *hex = json_string_value(json_object_get(object, key));
	size_t n = hex == NULL ? 0 : strlen(hex);
	uint8_t *bytes = NULL;

	if (hex == NULL || n % 2 != 0 || n / 2 > max)
		return CS_EPROTO;
	bytes = malloc(n / 2 + 1);
	if (bytes == NULL)
		return CS_ENOMEM;
	if (cs_unhex(hex, bytes, n / 2) != 0) {
		free(bytes);
		return CS_EPROTO;
	}
	*ret_bytes = bytes;
	*ret_n = n / 2;
	return 0;
}

static int read_record(const json_t *object, struct cs_record *record, const char **ret_why)
{
	const json_t *number = json_object_get(object, "number");
	uint8_t *chain = NULL;
	size_t n_chain = 0;
	int r = 0;

	*ret_why = "\"number\" is missing or not a number";
	if (!json_is_integer(number) || json_integer_value(number) <= 0)
		return CS_EPROTO;
	record->number = (uint64_t)json_integer_value(number);
	*ret_why = "\"bytes\" is missing or not hexadecimal";
	r = unhex_field(object, "bytes", CS_MAX_EVENT, &record->bytes, &record->n_bytes);
	if (r != 0)
		return r;
	*ret_why = "\"chain\" is missing or not 64 hexadecimal digits";
	r = unhex_field(object, "chain", CS_DIGEST_LEN, &chain, &n_chain);
	if (r == 0 && n_chain != CS_DIGEST_LEN)
		r = CS_EPROTO;
	if (r == 0)
		memcpy(record->chain, chain, CS_DIGEST_LEN);
	free(chain);
	return r;
}

int cs_json_record(const char *line, size_t n, struct cs_record *ret_record, const char **ret_why)
{
	struct cs_record record = { 0 };
	json_t *object = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	int r = CS_EPROTO;

	*ret_why = "not a JSON object";
	if (json_is_object(object))
		r = read_record(object, &record, ret_why);
	json_decref(object);
	if (r != 0) {
		cs_clear(&cs_record_shape, &record);
		return r;
	}
	*ret_record = record;
	*ret_why = NULL;
	return 0;
}
