/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, rendered from shapes, and the reading of exported evidence. The one place that knows jansson is json.c.
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

/* Reads number, bytes and chain from one line of an export; everything else in it is ignored. 0; CS_EPROTO with
 * *ret_why a static text; CS_ENOMEM. Clear with cs_clear(&cs_record_shape). */
int cs_json_record(const char *line, size_t n, struct cs_record *ret_record, const char **ret_why);

#endif
