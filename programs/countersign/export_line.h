/* SPDX-License-Identifier: Apache-2.0 */
/* One line of an export: an object whose first key says what it is.
 *
 *   {"number": 12, "bytes": "…", "chain": "…", "event": …}   a record; what is readable beside it is not looked at
 *   {"policy": "…", "text": "…"}                             a policy's text, before the first event it decided
 *   {"after": 11, "chain": "…"}                              first of all: what came before is not in this export
 *   {"host": "…", "number": 12, "chain": "…", …}             a head that somebody keeps: not in exports
 */
#ifndef CS_COMMAND_EXPORT_LINE_H
#define CS_COMMAND_EXPORT_LINE_H

#include "model.h"

enum cs_line_kind {
	CS_LINE_NONE = 0,
	CS_LINE_RECORD,
	CS_LINE_POLICY,
	CS_LINE_AFTER, /* record holds number and chain */
	CS_LINE_HEAD   /* the same, and text the host */
};

struct cs_export_line {
	enum cs_line_kind kind;
	struct cs_record record;
	uint8_t digest[CS_DIGEST_LEN]; /* POLICY */
	char *text;                    /* POLICY; HEAD: the host */
};

/* Strict about what it takes: no key of these stands twice, and every value has one form. What else stands in a record's
 * line is only followed to its end. 0; CS_EPROTO with *ret_why a static text; CS_ENOMEM. ret_line is untouched on failure;
 * clear it with cs_export_line_clear. */
int cs_export_line_read(const char *line, size_t n, struct cs_export_line *ret_line, const char **ret_why);
void cs_export_line_clear(struct cs_export_line *line);

#endif
