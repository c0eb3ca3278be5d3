/* SPDX-License-Identifier: Apache-2.0 */
/* What the views share. */
#include "view_parts.h"
#include "text.h"

bool cs_given(const char *text)
{
	return text != NULL && *text != '\0';
}

bool cs_is_open(enum cs_state state)
{
	return state == CS_PENDING || state == CS_APPROVED;
}

static void put_labelled(struct cs_buf *out, const char *label, const char *text, const char *instead,
	void (*escape)(struct cs_buf *out, const char *text))
{
	if (!cs_given(text) && instead == NULL)
		return;
	cs_put(out, CS_LABEL, label);
	if (cs_given(text))
		escape(out, text);
	else if (instead != NULL)
		cs_put(out, "%s", instead);
	cs_put(out, "\n");
}

void cs_put_text(struct cs_buf *out, const char *label, const char *text, const char *instead)
{
	put_labelled(out, label, text, instead, cs_escape);
}

void cs_put_exact(struct cs_buf *out, const char *label, const char *text, const char *instead)
{
	put_labelled(out, label, text, instead, cs_escape_ascii);
}

void cs_put_digest(struct cs_buf *out, const char *label, const uint8_t digest[CS_DIGEST_LEN])
{
	char hex[2 * CS_DIGEST_LEN + 1];

	cs_hex(digest, CS_DIGEST_LEN, hex);
	cs_put(out, CS_LABEL "%s\n", label, hex);
}

void cs_put_names(struct cs_buf *out, const char *before, const char *between, char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cs_put(out, "%s", i == 0 ? before : between);
		cs_escape(out, names[i] == NULL ? "" : names[i]);
	}
}

void cs_put_people(struct cs_buf *out, uint32_t n)
{
	cs_put(out, "%lu %s", (unsigned long)n, n == 1 ? "person" : "people");
}
