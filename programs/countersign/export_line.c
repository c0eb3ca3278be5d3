/* SPDX-License-Identifier: Apache-2.0 */
/* A line of an export is read in one walk without a tree: most of it is a few kilobytes of digits, and there are
 * millions of lines. */
#include "export_line.h"
#include "json.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct walk {
	const char *at, *end;
	const char *why;
};

/* A string's inside, between its quotes; escapes stay as they are. */
struct span {
	const char *at;
	size_t n;
};

static void skip_blanks(struct walk *walk)
{
	while (walk->at < walk->end && (*walk->at == ' ' || *walk->at == '\t' || *walk->at == '\r'))
		walk->at++;
}

static bool take(struct walk *walk, char c)
{
	skip_blanks(walk);
	if (walk->at == walk->end || *walk->at != c)
		return false;
	walk->at++;
	return true;
}

/* A quote ends the string unless an odd number of backslashes stands before it. */
static bool is_escaped(const char *from, const char *quote)
{
	const char *at = quote;

	while (at > from && at[-1] == '\\')
		at--;
	return (quote - at) % 2 == 1;
}

static bool take_string(struct walk *walk, struct span *ret_span)
{
	const char *from = NULL, *quote = NULL;

	if (!take(walk, '"'))
		return false;
	from = quote = walk->at;
	do {
		quote = memchr(quote, '"', (size_t)(walk->end - quote));
		if (!quote)
			return false;
	} while (is_escaped(from, quote++));
	*ret_span = (struct span){ from, (size_t)(quote - 1 - from) };
	walk->at = quote;
	return true;
}

/* Numbers and words: up to what ends a value. */
static bool skip_word(struct walk *walk)
{
	const char *from = walk->at;

	while (walk->at < walk->end && !strchr(",]} \t\r", *walk->at))
		walk->at++;
	return walk->at > from;
}

/* Objects and lists, which are only followed to their end. */
static bool skip_nested(struct walk *walk)
{
	struct span inside;
	size_t depth = 0;

	while (walk->at < walk->end) {
		char c = *walk->at;

		if (c == '"') {
			if (!take_string(walk, &inside))
				return false;
			continue;
		}
		walk->at++;
		depth += c == '{' || c == '[';
		if ((c == '}' || c == ']') && --depth == 0)
			return true;
	}
	return false;
}

static bool skip_value(struct walk *walk)
{
	struct span inside;

	skip_blanks(walk);
	if (walk->at == walk->end)
		return false;
	if (*walk->at == '"')
		return take_string(walk, &inside);
	return *walk->at == '{' || *walk->at == '[' ? skip_nested(walk) : skip_word(walk);
}

/* --- Values ------------------------------------------------------------------------------------------------------- */

static int bad(struct walk *walk, const char *why)
{
	walk->why = why;
	return CS_EPROTO;
}

static int read_number(struct walk *walk, struct cs_record *record)
{
	static const char why[] = "\"number\" is missing or not a number";
	uint64_t number = 0;

	if (record->number != 0)
		return bad(walk, "\"number\" stands twice");
	skip_blanks(walk);
	if (walk->at == walk->end || *walk->at < '1' || *walk->at > '9')
		return bad(walk, why);
	for (; walk->at < walk->end && *walk->at >= '0' && *walk->at <= '9'; walk->at++) {
		if (number > (UINT64_MAX - 9) / 10)
			return bad(walk, why);
		number = number * 10 + (uint64_t)(*walk->at - '0');
	}
	record->number = number;
	return 0;
}

static int read_bytes(struct walk *walk, struct cs_record *record)
{
	static const char why[] = "\"bytes\" is missing or not hexadecimal";
	struct span hex;

	if (record->bytes)
		return bad(walk, "\"bytes\" stands twice");
	if (!take_string(walk, &hex) || hex.n % 2 != 0 || hex.n / 2 > CS_MAX_EVENT)
		return bad(walk, why);
	record->bytes = malloc(hex.n / 2 + 1);
	if (!record->bytes)
		return CS_ENOMEM;
	record->n_bytes = hex.n / 2;
	return cs_unhex_part(hex.at, record->bytes, record->n_bytes) == 0 ? 0 : bad(walk, why);
}

static int read_chain(struct walk *walk, struct cs_record *record, bool *seen)
{
	struct span hex;

	if (*seen)
		return bad(walk, "\"chain\" stands twice");
	*seen = true;
	if (!take_string(walk, &hex) || hex.n != (size_t)2 * CS_DIGEST_LEN ||
		cs_unhex_part(hex.at, record->chain, CS_DIGEST_LEN) != 0)
		return bad(walk, "\"chain\" is missing or not 64 hexadecimal digits");
	return 0;
}

static bool is(struct span key, const char *name)
{
	return key.n == strlen(name) && memcmp(key.at, name, key.n) == 0;
}

/* A host's name: nothing in it is escaped. */
static int read_host(struct walk *walk, char **host)
{
	struct span name;

	if (*host)
		return bad(walk, "\"host\" stands twice");
	if (!take_string(walk, &name) || name.n > CS_MAX_NAME || memchr(name.at, '\\', name.n))
		return bad(walk, "\"host\" is no name");
	*host = strndup(name.at, name.n);
	return *host ? 0 : CS_ENOMEM;
}

/* Keys and values up to the closing brace. number is what the number's key is called. */
static int read_members(struct walk *walk, const char *number, struct cs_record *record, char **host)
{
	bool chain = false;
	struct span key;
	int r = 0;

	do {
		if (!take_string(walk, &key) || !take(walk, ':'))
			return bad(walk, "it is no JSON object");
		if (is(key, number))
			r = read_number(walk, record);
		else if (is(key, "bytes"))
			r = read_bytes(walk, record);
		else if (is(key, "chain"))
			r = read_chain(walk, record, &chain);
		else if (host && is(key, "host"))
			r = read_host(walk, host);
		else
			r = skip_value(walk) ? 0 : bad(walk, "it is no JSON object");
	} while (r == 0 && take(walk, ','));
	if (r == 0 && !take(walk, '}'))
		r = bad(walk, "it is no JSON object");
	skip_blanks(walk);
	if (r == 0 && walk->at != walk->end)
		r = bad(walk, "something stands behind the object");
	if (r == 0 && record->number == 0)
		r = bad(walk, "\"number\" is missing or not a number");
	return r == 0 && !chain ? bad(walk, "\"chain\" is missing or not 64 hexadecimal digits") : r;
}

static int read_policy(const char *line, size_t n, struct cs_export_line *read, const char **ret_why)
{
	static const char *const names[] = { "policy", "text" };
	char *texts[CS_COUNT(names)];
	const char *missing = NULL;
	int r = cs_json_texts(line, n, names, CS_COUNT(names), texts, &missing);

	*ret_why = "\"policy\" and \"text\" are not a digest and a text";
	if (r < 0)
		return r;
	read->text = texts[1];
	r = cs_unhex(texts[0], read->digest, CS_DIGEST_LEN) == 0 ? 0 : CS_EPROTO;
	free(texts[0]);
	return r;
}

/* --- Lines -------------------------------------------------------------------------------------------------------- */

static enum cs_line_kind kind_of(struct walk walk)
{
	struct span key;

	if (!take(&walk, '{') || !take_string(&walk, &key))
		return CS_LINE_NONE;
	if (is(key, "host"))
		return CS_LINE_HEAD;
	return is(key, "policy") ? CS_LINE_POLICY : is(key, "after") ? CS_LINE_AFTER : CS_LINE_RECORD;
}

int cs_export_line_read(const char *line, size_t n, struct cs_export_line *ret_line, const char **ret_why)
{
	struct walk walk = { .at = line, .end = line + n };
	struct cs_export_line read = { .kind = kind_of(walk) };
	int r = CS_EPROTO;

	if (read.kind == CS_LINE_POLICY) {
		r = read_policy(line, n, &read, &walk.why);
	} else if (read.kind != CS_LINE_NONE && take(&walk, '{')) {
		r = read_members(&walk, read.kind == CS_LINE_AFTER ? "after" : "number", &read.record,
			read.kind == CS_LINE_HEAD ? &read.text : NULL);
		if (r == 0 && read.kind == CS_LINE_RECORD && !read.record.bytes)
			r = bad(&walk, "\"bytes\" is missing or not hexadecimal");
	} else {
		walk.why = "it is no JSON object";
	}
	if (r != 0) {
		cs_export_line_clear(&read);
		*ret_why = walk.why;
		return r;
	}
	*ret_line = read;
	return 0;
}

void cs_export_line_clear(struct cs_export_line *line)
{
	cs_clear(&cs_record_shape, &line->record);
	cs_free_str(&line->text);
	line->kind = CS_LINE_NONE;
}
