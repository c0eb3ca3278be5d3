/* SPDX-License-Identifier: Apache-2.0 */
/* Change sequence numbers: time#count#server#modification, each of a fixed width, so that those of one server compare
 * as text. Those of different servers do not compare at all. */
#include "csn.h"

#include <countersign/error.h>
#include <string.h>

#define SHAPE "dddddddddddddd.ddddddZ#xxxxxx#xxx#xxxxxx"
enum { SERVER_AT = 30, SERVER_LEN = 3 };

static bool fits(char shape, char c)
{
	bool is_digit = c >= '0' && c <= '9';
	if (shape == 'd')
		return is_digit;
	if (shape == 'x')
		return is_digit || (c >= 'a' && c <= 'f');
	return c == shape;
}

static char *find(struct cs_csns *csns, const char *csn)
{
	for (size_t i = 0; i < csns->n; i++)
		if (memcmp(csns->csn[i] + SERVER_AT, csn + SERVER_AT, SERVER_LEN) == 0)
			return csns->csn[i];
	return NULL;
}

int cs_csns_add(struct cs_csns *csns, const char *text, size_t n)
{
	if (n != CS_CSN_LEN)
		return CS_EPROTO;
	for (size_t i = 0; i < n; i++)
		if (!fits(SHAPE[i], text[i]))
			return CS_EPROTO;
	char *kept = find(csns, text);
	if (kept == NULL && csns->n >= CS_CSN_SERVERS)
		return CS_ETOOBIG;
	if (kept == NULL)
		kept = csns->csn[csns->n++];
	if (memcmp(text, kept, CS_CSN_LEN) > 0) {
		memcpy(kept, text, CS_CSN_LEN);
		kept[CS_CSN_LEN] = '\0';
	}
	return 0;
}

/* Those of one part of a cookie, each but the last with ';' behind it. */
static int add_list(struct cs_csns *csns, const char *list, size_t n)
{
	int r = 0;
	for (size_t at = 0; at < n && r == 0;) {
		const char *end = memchr(list + at, ';', n - at);
		size_t length = end != NULL ? (size_t)(end - list) - at : n - at;
		r = cs_csns_add(csns, list + at, length);
		at += length + 1;
	}
	return r;
}

int cs_csns_add_cookie(struct cs_csns *csns, const char *cookie, size_t n)
{
	static const char name[] = "csn=";
	int r = 0;
	for (size_t at = 0; at < n && r == 0;) {
		const char *end = memchr(cookie + at, ',', n - at);
		size_t length = end != NULL ? (size_t)(end - cookie) - at : n - at;
		if (length >= sizeof(name) - 1 && memcmp(cookie + at, name, sizeof(name) - 1) == 0)
			r = add_list(csns, cookie + at + sizeof(name) - 1, length - (sizeof(name) - 1));
		at += length + 1;
	}
	return r;
}

void cs_csns_merge(struct cs_csns *csns, const struct cs_csns *more)
{
	for (size_t i = 0; i < more->n; i++) /* without room it is not covered, which only waits */
		(void)cs_csns_add(csns, more->csn[i], CS_CSN_LEN);
}

bool cs_csns_cover(const struct cs_csns *csns, const struct cs_csns *other)
{
	for (size_t i = 0; i < other->n; i++) {
		bool covered = false;
		for (size_t k = 0; k < csns->n && !covered; k++)
			covered = memcmp(csns->csn[k] + SERVER_AT, other->csn[i] + SERVER_AT, SERVER_LEN) == 0 &&
				  memcmp(csns->csn[k], other->csn[i], CS_CSN_LEN) >= 0;
		if (!covered)
			return false;
	}
	return true;
}

void cs_csns_cookie(const struct cs_csns *csns, char ret_cookie[CS_CSN_COOKIE])
{
	static const char head[] = "rid=000,csn=";
	char *at = ret_cookie;
	memcpy(at, head, sizeof(head) - 1);
	at += sizeof(head) - 1;
	for (size_t i = 0; i < csns->n; i++) {
		if (i > 0)
			*at++ = ';';
		memcpy(at, csns->csn[i], CS_CSN_LEN);
		at += CS_CSN_LEN;
	}
	*at = '\0';
}
