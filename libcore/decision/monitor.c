/* SPDX-License-Identifier: Apache-2.0 */
/* What a gate that only monitors would have said, as a sentence. */
#include "decision.h"
#include "buf.h"
#include "mem.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_SHOWN = 8 };

static void put(struct cs_buf *out, const char *s)
{
	cs_buf_put(out, s ? s : "", s ? strlen(s) : 0);
}

static void put_names(struct cs_buf *out, const struct cs_need *need)
{
	char more[32];

	for (size_t i = 0; i < need->n_who && i < NAMES_SHOWN; i++) {
		put(out, i == 0 ? ", from " : " or ");
		put(out, need->who[i]);
	}
	if (need->n_who <= NAMES_SHOWN)
		return;
	(void)snprintf(more, sizeof(more), " or %zu more", need->n_who - NAMES_SHOWN);
	put(out, more);
}

/* "; missing: 2 × Approve in project/tomcat, from bob or carol" for each rule that is not filled. */
static void put_missing(struct cs_buf *out, const struct cs_decision *would)
{
	for (size_t i = 0; i < would->n_needs; i++) {
		const struct cs_need *need = &would->needs[i];

		if (need->have >= need->count)
			continue;
		put(out, "; missing: ");
		put(out, need->label);
		put_names(out, need);
	}
}

char *cs_monitored_text(const struct cs_decision *would)
{
	const char *said = would->text && *would->text ? would->text : cs_reason_text(would->reason);
	const char *what = would->verdict == CS_HOLD ? "held" : "denied";
	size_t len = strlen(said);
	struct cs_buf out;
	char *text = NULL;

	cs_buf_init(&out, CS_MAX_TEXT);
	put(&out, "It would have been ");
	put(&out, what);
	put(&out, ": ");
	cs_buf_put(&out, said, len > 0 && said[len - 1] == '.' ? len - 1 : len);
	if (would->verdict == CS_HOLD) /* who is denied would have waited for nobody */
		put_missing(&out, would);
	cs_buf_put_u8(&out, 0);
	if (cs_buf_error(&out) == 0)
		text = cs_dup((const char *)out.data);
	else if (cs_buf_error(&out) == CS_ETOOBIG) /* who is missing is in the body as well */
		(void)cs_format(&text, "It would have been %s: %s", what, cs_reason_text(would->reason));
	cs_buf_clear(&out);
	return text;
}
