/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, rendered from shapes. The one place that knows jansson is json.c.
 *
 * Enums are their names, fixed bytes and blobs hexadecimal, numbers numbers (those over 2^63-1 strings). Text is raw,
 * as it came. A text that is not UTF-8 is written as cs_escape shows it, and "<field>_escaped": true stands beside it;
 * of a list of texts then every item is escaped. Only ASCII is printed (the rest as \uNNNN). A field "secret" is never
 * written. */
#ifndef CS_COMMAND_JSON_H
#define CS_COMMAND_JSON_H

#include "model.h"

/* An object as an allocated text: one line when !pretty, without a final newline. 0, CS_ENOMEM, CS_EINVAL. */
int cs_json_text(const struct cs_shape *shape, const void *obj, bool pretty, char **ret_text);

/* The texts under these names in an object that is one line. 0 and allocated texts; CS_EPROTO with *ret_why the name of one
 * that is missing or no text; CS_ENOMEM; on failure there are none. */
int cs_json_texts(const char *line, size_t n, const char *const *names, size_t n_names, char **ret_texts,
	const char **ret_why);

/* Several in one object, one after the other; a name is to be in one of them only. */
struct cs_json_part {
	const struct cs_shape *shape;
	const void *obj;
};
int cs_json_joined(const struct cs_json_part *parts, size_t n, bool pretty, char **ret_text);

#endif
