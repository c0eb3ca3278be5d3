/* SPDX-License-Identifier: Apache-2.0 */
/* What a fake LDAP server has on tape, and the lies that it makes of it: a table of changes to the messages of one
 * reply. Everything random comes from one number, so that a run can be repeated. */
#ifndef CS_TEST_FAKE_LIES_H
#define CS_TEST_FAKE_LIES_H

#include "fake_ber.h"

#include <stdio.h>

/* --- Messages of a reply --- */

struct fake_parts {
	struct bytes *items;
	size_t n;
};

static inline struct bytes *fake_parts_insert(struct fake_parts *parts, size_t at)
{
	parts->items = realloc(parts->items, (parts->n + 1) * sizeof(*parts->items));
	if (parts->items == NULL)
		abort();
	memmove(parts->items + at + 1, parts->items + at, (parts->n - at) * sizeof(*parts->items));
	parts->n++;
	parts->items[at] = (struct bytes){ 0 };
	return &parts->items[at];
}

static inline void fake_parts_add(struct fake_parts *parts, const void *data, size_t n)
{
	bytes_add(fake_parts_insert(parts, parts->n), data, n);
}

static inline void fake_parts_remove(struct fake_parts *parts, size_t at)
{
	bytes_clear(&parts->items[at]);
	parts->n--;
	memmove(parts->items + at, parts->items + at + 1, (parts->n - at) * sizeof(*parts->items));
}

static inline void fake_parts_clear(struct fake_parts *parts)
{
	while (parts->n > 0)
		fake_parts_remove(parts, parts->n - 1);
	free(parts->items);
	*parts = (struct fake_parts){ 0 };
}

/* --- The tape: what was asked, without the message's number, and every message of the reply --- */

struct fake_exchange {
	struct bytes asked;
	struct fake_parts replies;
	bool whole;
};

struct fake_tape {
	struct fake_exchange *items;
	size_t n;
};

/* A search without its two limits, which depend on the time that is left. */
static inline void fake_tape_key(const uint8_t *op, size_t n, struct bytes *ret)
{
	struct element parts[8];
	bytes_add(ret, op, n);
	if (op[0] != 0x63 || ber_elements(op, n, parts, 8) < 6)
		return;
	memset(ret->data + parts[4].at + parts[4].head, 0, parts[4].n); /* size limit */
	memset(ret->data + parts[5].at + parts[5].head, 0, parts[5].n); /* time limit */
}

static inline const struct fake_exchange *fake_tape_find(const struct fake_tape *tape, const uint8_t *op, size_t n)
{
	struct bytes key = { 0 };
	const struct fake_exchange *found = NULL;
	fake_tape_key(op, n, &key);
	for (size_t i = 0; i < tape->n && found == NULL; i++)
		if (tape->items[i].whole && tape->items[i].asked.n == key.n &&
		    memcmp(tape->items[i].asked.data, key.data, key.n) == 0)
			found = &tape->items[i];
	bytes_clear(&key);
	return found;
}

/* SIZE_MAX: it is there already. */
static inline size_t fake_tape_begin(struct fake_tape *tape, const uint8_t *op, size_t n)
{
	if (fake_tape_find(tape, op, n) != NULL)
		return SIZE_MAX;
	tape->items = realloc(tape->items, (tape->n + 1) * sizeof(*tape->items));
	if (tape->items == NULL)
		abort();
	tape->items[tape->n] = (struct fake_exchange){ 0 };
	fake_tape_key(op, n, &tape->items[tape->n].asked);
	return tape->n++;
}

/* 1 when this ends the reply. */
static inline int fake_tape_add(struct fake_tape *tape, size_t exchange, const uint8_t *message, size_t n,
	const struct element *op)
{
	struct fake_exchange *e = &tape->items[exchange];
	fake_parts_add(&e->replies, message + op->at, n - op->at); /* with its controls */
	e->whole = op->tag == 0x61 || op->tag == 0x65 || op->tag == 0x78;
	return e->whole ? 1 : 0;
}

static inline void fake_tape_say(const struct fake_exchange *exchange, int32_t msgid, struct fake_parts *ret)
{
	for (size_t i = 0; i < exchange->replies.n; i++) {
		const struct bytes *op = &exchange->replies.items[i];
		ber_put_message(fake_parts_insert(ret, ret->n), msgid, op->data, op->n);
	}
}

/* To what is not on the tape. */
static inline void fake_refuse(int32_t msgid, uint8_t asked, struct fake_parts *ret)
{
	uint8_t tag = asked == 0x60 ? 0x61 : asked == 0x63 ? 0x65 : 0x78;
	ber_put_result(fake_parts_insert(ret, ret->n), msgid, tag, 53, NULL, NULL);
}

/* --- Lies --- */

enum fake_then { FAKE_THEN_NOTHING = 0, FAKE_THEN_HANG, FAKE_THEN_CLOSE, FAKE_THEN_HALF_CLOSE };

struct fake_lie_state {
	uint64_t *chance;
	struct fake_parts *parts;
	const struct fake_tape *tape;
	int32_t msgid;
	size_t stop_at; /* bytes of this reply that are said before what follows */
	enum fake_then then;
	bool drip; /* byte by byte */
};

static inline uint64_t fake_random(uint64_t *chance)
{
	*chance ^= *chance >> 12;
	*chance ^= *chance << 25;
	*chance ^= *chance >> 27;
	return *chance * 0x2545f4914f6cdd1dULL >> 16;
}

static inline size_t any(struct fake_lie_state *l, size_t n)
{
	return n == 0 ? 0 : (size_t)(fake_random(l->chance) % n);
}

static inline struct bytes *any_part(struct fake_lie_state *l)
{
	if (l->parts->n == 0)
		fake_parts_add(l->parts, "\x30\x00", 2);
	return &l->parts->items[any(l, l->parts->n)];
}

static inline void lie_flip(struct fake_lie_state *l)
{
	struct bytes *part = any_part(l);
	for (size_t i = any(l, 8) + 1; i > 0 && part->n > 0; i--)
		part->data[any(l, part->n)] ^= (uint8_t)(1U << any(l, 8));
}

static inline void lie_byte(struct fake_lie_state *l)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff, 0x30, 0x04, 0x02, 0xa0 };
	struct bytes *part = any_part(l);
	if (part->n > 0)
		part->data[any(l, part->n)] = odd[any(l, sizeof(odd))];
}

/* Another length in the head of one element, and nothing else made to fit. */
static inline void lie_length(struct fake_lie_state *l)
{
	static const struct { const char *bytes; size_t n; } odd[] = {
		{ "\x80", 1 }, { "\x00", 1 }, { "\x84\xff\xff\xff\xff", 5 }, { "\x84\x7f\xff\xff\xff", 5 },
		{ "\x85\x01\x00\x00\x00\x00", 6 }, { "\x88\xff\xff\xff\xff\xff\xff\xff\xff", 9 }, { "\xff", 1 },
		{ "\x84\x80\x00\x00\x00", 5 }, { "\x83\x10\x00\x00", 4 }, { "\x84\x00\x00\x00\x01", 5 }, { "\x7f", 1 },
	};
	struct bytes *part = any_part(l);
	struct element elements[256];
	size_t n = ber_elements(part->data, part->n, elements, 256);
	if (n == 0)
		return;
	const struct element *e = &elements[any(l, n)];
	if (any(l, 4) == 0) {
		part->data[e->at + 1] = (uint8_t)(part->data[e->at + 1] + (any(l, 2) ? 1 : -1));
		return;
	}
	size_t which = any(l, sizeof(odd) / sizeof(odd[0]));
	bytes_replace(part, e->at + 1, e->head - 1, odd[which].bytes, odd[which].n);
}

static inline void lie_drop(struct fake_lie_state *l)
{
	if (l->parts->n > 0)
		fake_parts_remove(l->parts, any(l, l->parts->n));
}

static inline void lie_twice(struct fake_lie_state *l)
{
	struct bytes copy = { 0 };
	const struct bytes *part = any_part(l);
	bytes_add(&copy, part->data, part->n);
	for (size_t i = any(l, 3) + 1; i > 0; i--)
		bytes_add(fake_parts_insert(l->parts, any(l, l->parts->n + 1)), copy.data, copy.n);
	bytes_clear(&copy);
}

static inline void lie_order(struct fake_lie_state *l)
{
	for (size_t i = l->parts->n; i > 1; i--) {
		size_t k = any(l, i);
		struct bytes kept = l->parts->items[i - 1];
		l->parts->items[i - 1] = l->parts->items[k];
		l->parts->items[k] = kept;
	}
}

static inline void lie_cut(struct fake_lie_state *l)
{
	struct bytes *part = any_part(l);
	part->n = any(l, part->n);
}

/* The beginning of one message with the end of another, also of another reply. */
static inline void lie_splice(struct fake_lie_state *l)
{
	struct bytes *part = any_part(l), other = { 0 };
	const struct fake_exchange *e = l->tape->n > 0 ? &l->tape->items[any(l, l->tape->n)] : NULL;
	if (e == NULL || e->replies.n == 0)
		return;
	const struct bytes *op = &e->replies.items[any(l, e->replies.n)];
	ber_put_message(&other, l->msgid, op->data, op->n);
	size_t from = any(l, other.n);
	part->n = any(l, part->n + 1);
	bytes_add(part, other.data + from, other.n - from);
	bytes_clear(&other);
}

/* A reply to another question. */
static inline void lie_other(struct fake_lie_state *l)
{
	if (l->tape->n == 0)
		return;
	fake_parts_clear(l->parts);
	fake_tape_say(&l->tape->items[any(l, l->tape->n)], l->msgid, l->parts);
}

static inline void lie_notice(struct fake_lie_state *l)
{
	ber_put_result(fake_parts_insert(l->parts, 0), 0, 0x78, 52, NULL, "1.3.6.1.4.1.1466.20036");
}

static inline void lie_unsolicited(struct fake_lie_state *l)
{
	static const uint8_t tags[] = { 0x78, 0x61, 0x65, 0x64, 0x73, 0x79, 0x30 };
	ber_put_result(fake_parts_insert(l->parts, any(l, l->parts->n + 1)), 0, tags[any(l, sizeof(tags))],
		(uint8_t)any(l, 81), NULL, any(l, 2) ? "1.2.3.4" : NULL);
}

static inline void lie_reference(struct fake_lie_state *l)
{
	struct bytes op = { 0 };
	ber_put_text(&op, 0x04, "ldap://elsewhere.invalid/dc=x??sub");
	ber_wrap(&op, 0, 0x73);
	ber_put_message(fake_parts_insert(l->parts, 0), l->msgid, op.data, op.n);
	bytes_clear(&op);
}

static inline void lie_referral(struct fake_lie_state *l)
{
	struct element op = { 0 };
	int32_t msgid = 0;
	uint8_t tag = 0x65;
	if (l->parts->n > 0 && ber_read_message(l->parts->items[l->parts->n - 1].data,
				      l->parts->items[l->parts->n - 1].n, &msgid, &op) == 1)
		tag = op.tag;
	fake_parts_clear(l->parts);
	ber_put_result(fake_parts_insert(l->parts, 0), l->msgid, tag, 10, "ldap://elsewhere.invalid/", NULL);
}

/* The reply, and then that it did not go well; 32 would say that there is nothing. */
static inline void lie_code(struct fake_lie_state *l)
{
	static const uint8_t codes[] = { 1, 2, 3, 4, 7, 8, 11, 12, 13, 14, 17, 21, 34, 48, 49, 50, 51, 52, 53, 54, 71,
		80, 118, 119, 121, 122, 127 };
	for (size_t i = 0; i < l->parts->n; i++) {
		struct element op;
		int32_t msgid = 0;
		struct bytes *part = &l->parts->items[i];
		if (ber_read_message(part->data, part->n, &msgid, &op) == 1 && op.tag != 0x64 && op.n > 3)
			part->data[op.at + op.head + 2] = codes[any(l, sizeof(codes))];
	}
}

static inline void lie_nothing_there(struct fake_lie_state *l)
{
	fake_parts_clear(l->parts);
	ber_put_result(fake_parts_insert(l->parts, 0), l->msgid, 0x65, any(l, 2) ? 32 : 0, NULL, NULL);
}

static inline void lie_retag(struct fake_lie_state *l)
{
	static const uint8_t tags[] = { 0x61, 0x64, 0x65, 0x73, 0x78, 0x79, 0x6b, 0x63, 0x00, 0xff };
	struct element op;
	int32_t msgid = 0;
	struct bytes *part = any_part(l);
	if (ber_read_message(part->data, part->n, &msgid, &op) == 1)
		part->data[op.at] = tags[any(l, sizeof(tags))];
}

/* The same messages under other numbers: of nobody, of others, of those to come. */
static inline void lie_number(struct fake_lie_state *l)
{
	const int32_t numbers[] = { 0, -1, l->msgid + 1, l->msgid - 1, INT32_MAX, INT32_MIN, l->msgid + 2 };
	int32_t number = numbers[any(l, sizeof(numbers) / sizeof(numbers[0]))], msgid = 0;
	struct element op;
	size_t before = l->parts->n;
	bool instead = any(l, 2) != 0;
	for (size_t i = 0; i < before; i++) {
		struct bytes *part = &l->parts->items[instead ? i : 0], changed = { 0 };
		if (ber_read_message(part->data, part->n, &msgid, &op) != 1)
			break;
		ber_put_message(&changed, number, part->data + op.at, part->n - op.at);
		if (instead) {
			bytes_clear(part);
			*part = changed;
		} else {
			bytes_add(fake_parts_insert(l->parts, l->parts->n), changed.data, changed.n);
			bytes_clear(&changed);
		}
	}
}

static inline void put_entry(struct fake_lie_state *l, const char *dn, size_t n_dn, const struct bytes *attributes)
{
	struct bytes op = { 0 };
	ber_put_element(&op, 0x04, dn, n_dn);
	ber_put_element(&op, 0x30, attributes->data, attributes->n);
	ber_wrap(&op, 0, 0x64);
	ber_put_message(fake_parts_insert(l->parts, 0), l->msgid, op.data, op.n);
	bytes_clear(&op);
}

#define FAKE_DN "uid=alice,ou=people,dc=example,dc=org"

static inline void put_attribute(struct bytes *out, const char *name, const void *value, size_t n)
{
	size_t from = out->n;
	ber_put_text(out, 0x04, name);
	size_t values = out->n;
	ber_put_element(out, 0x04, value, n);
	ber_wrap(out, values, 0x31);
	ber_wrap(out, from, 0x30);
}

/* One value of 3 MB, which fits into a message, or of 10 MB, which does not. */
static inline void lie_big_value(struct fake_lie_state *l)
{
	static char big[10 * 1000 * 1000];
	struct bytes attributes = { 0 };
	if (big[0] == 0)
		memset(big, 'x', sizeof(big));
	put_attribute(&attributes, any(l, 2) ? "uid" : "member", big, any(l, 2) ? sizeof(big) : 3000000);
	put_entry(l, FAKE_DN, sizeof(FAKE_DN) - 1, &attributes);
	bytes_clear(&attributes);
}

static inline void lie_many_attributes(struct fake_lie_state *l)
{
	struct bytes attributes = { 0 };
	for (size_t i = any(l, 2) ? 1000000 : 50000; i > 0; i--) /* the first is more than one message may have */
		bytes_add(&attributes, "\x30\x06\x04\x02sn\x31\x00", 8);
	put_entry(l, FAKE_DN, sizeof(FAKE_DN) - 1, &attributes);
	bytes_clear(&attributes);
}

static inline void lie_many_values(struct fake_lie_state *l)
{
	struct bytes attributes = { 0 }, values = { 0 };
	for (size_t i = any(l, 2) ? 3000000 : 50000; i > 0; i--)
		bytes_add(&values, "\x04\x00", 2);
	ber_put_text(&attributes, 0x04, any(l, 2) ? "uid" : any(l, 2) ? "cn" : "owner");
	ber_put_element(&attributes, 0x31, values.data, values.n);
	ber_wrap(&attributes, 0, 0x30);
	put_entry(l, FAKE_DN, sizeof(FAKE_DN) - 1, &attributes);
	bytes_clear(&attributes);
	bytes_clear(&values);
}

static inline void lie_nul(struct fake_lie_state *l)
{
	static const char dn[] = "uid=alice\0,ou=people,dc=example,dc=org";
	struct bytes attributes = { 0 };
	put_attribute(&attributes, "uid", "alice\0x", any(l, 2) ? 7 : 5);
	put_attribute(&attributes, "uidNumber", "2001\0" "9", any(l, 2) ? 6 : 4);
	put_attribute(&attributes, "entryUUID", "\0\0\0\0", 4);
	if (l->parts->n > 1)
		fake_parts_remove(l->parts, 0);
	put_entry(l, dn, sizeof(dn) - 1, &attributes);
	bytes_clear(&attributes);
}

/* Somebody else, or one more who says he is the same. */
static inline void lie_impostor(struct fake_lie_state *l)
{
	static const char *const logins[] = { "mallory", "alice", "ALICE", "alice ", "", "bob" };
	static const char *const numbers[] = { "2001", "2666", "02001", "4294969297", "-1", "0", "2001 " };
	struct bytes attributes = { 0 };
	const char *login = logins[any(l, 6)], *number = numbers[any(l, 2) * any(l, 7)];
	put_attribute(&attributes, "uid", login, strlen(login));
	put_attribute(&attributes, "uidNumber", number, strlen(number));
	put_attribute(&attributes, "entryUUID", "00000000-0000-4000-8000-00000000ffff", 36);
	if (any(l, 4) && l->parts->n > 1)
		fake_parts_remove(l->parts, 0);
	const char *dn = any(l, 3) ? FAKE_DN : "uid=mallory,ou=people,dc=example,dc=org";
	put_entry(l, dn, strlen(dn), &attributes);
	bytes_clear(&attributes);
}

/* Odd DNs, also none. */
static inline void lie_dn(struct fake_lie_state *l)
{
	static char longest[70000];
	struct bytes attributes = { 0 };
	put_attribute(&attributes, "uid", "alice", 5);
	put_attribute(&attributes, "uidNumber", "2001", 4);
	put_attribute(&attributes, "entryUUID", "1", 1);
	static const char *const odd[] = { "", "=", ",,,", "uid=alice,ou=\xff\xfe", "cn=*,uid=\\", "#0401", "uid" };
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "uid=", 4);
	if (l->parts->n > 1)
		fake_parts_remove(l->parts, 0);
	size_t which = any(l, 8);
	if (which == 7)
		put_entry(l, longest, sizeof(longest), &attributes);
	else
		put_entry(l, odd[which], strlen(odd[which]), &attributes);
	bytes_clear(&attributes);
}

static inline void lie_nesting(struct fake_lie_state *l)
{
	struct bytes deep = { 0 };
	size_t depth = any(l, 2) ? 100000 : 200;
	for (size_t i = 0; i < depth; i++)
		bytes_add(&deep, any(l, 2) ? "\x30\x80" : "\xa0\x80", 2);
	struct bytes op = { 0 };
	ber_put_element(&op, any(l, 2) ? 0x64 : 0x65, deep.data, deep.n);
	ber_put_message(fake_parts_insert(l->parts, 0), l->msgid, op.data, op.n);
	bytes_clear(&op);
	bytes_clear(&deep);
}

static inline void lie_controls(struct fake_lie_state *l)
{
	static const struct { const char *bytes; size_t n; } controls[] = {
		{ "\xa0\x00", 2 }, { "\xa0\x02\x30\x00", 4 }, { "\xa0\x04\x30\x02\x04\x00", 6 },
		{ "\xa0\x03\x04\x01x", 5 }, { "\xa0\x84\xff\xff\xff\xff", 6 }, { "\xa0\x80", 2 },
		{ "\xa0\x0e\x30\x0c\x04\x05" "1.2.3\x01\x01\xff\x04\x00", 16 },
		{ "\xa0\x21\x30\x1f\x04\x16" "1.2.840.113556.1.4.319\x04\x05\x30\x03\x02\x01\x00", 35 },
	};
	size_t which = any(l, sizeof(controls) / sizeof(controls[0]));
	struct bytes *part = any_part(l), changed = { 0 };
	struct element op;
	int32_t msgid = 0;
	if (ber_read_message(part->data, part->n, &msgid, &op) != 1)
		return;
	bytes_add(&changed, part->data + op.at, op.head + op.n);
	bytes_add(&changed, controls[which].bytes, controls[which].n);
	bytes_clear(part);
	ber_put_message(part, msgid, changed.data, changed.n);
	bytes_clear(&changed);
}

static inline void lie_intermediate(struct fake_lie_state *l)
{
	struct bytes op = { 0 };
	ber_put_text(&op, 0x80, "1.3.6.1.4.1.4203.1.9.1.4");
	ber_put_element(&op, 0x81, "\xa1\x02\x30\x80", any(l, 5));
	ber_wrap(&op, 0, 0x79);
	ber_put_message(fake_parts_insert(l->parts, 0), any(l, 3) ? l->msgid : 0, op.data, op.n);
	bytes_clear(&op);
}

/* Thousands of entries and no end. */
static inline void lie_flood(struct fake_lie_state *l)
{
	struct bytes *flood = fake_parts_insert(l->parts, 0), op = { 0 }, entry = { 0 };
	ber_put_text(&op, 0x04, FAKE_DN);
	ber_put_element(&op, 0x30, "", 0);
	ber_wrap(&op, 0, 0x64);
	ber_put_message(&entry, l->msgid, op.data, op.n);
	for (size_t i = any(l, 4) * 5000 + 3; i > 0; i--)
		bytes_add(flood, entry.data, entry.n);
	bytes_clear(&entry);
	bytes_clear(&op);
}

/* Answers to what was not asked yet. */
static inline void lie_foretell(struct fake_lie_state *l)
{
	for (int32_t i = 1; i < 8; i++)
		ber_put_result(fake_parts_insert(l->parts, l->parts->n), l->msgid + i, 0x65, any(l, 2) ? 0 : 32, NULL,
			NULL);
}

static inline void lie_garbage(struct fake_lie_state *l)
{
	struct bytes *part = fake_parts_insert(l->parts, any(l, l->parts->n + 1));
	for (size_t i = any(l, 300) + 1; i > 0; i--)
		bytes_add(part, &(uint8_t){ (uint8_t)any(l, 256) }, 1);
}

static inline void lie_http(struct fake_lie_state *l)
{
	fake_parts_clear(l->parts);
	fake_parts_add(l->parts, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
}

static inline void lie_empty(struct fake_lie_state *l)
{
	fake_parts_add(l->parts, "\x30\x00", 2);
	lie_order(l);
}

static inline void stop_in(struct fake_lie_state *l, bool whole_first, enum fake_then then)
{
	size_t n = l->parts->n > 0 ? l->parts->items[0].n : 0;
	l->stop_at = whole_first ? 0 : any(l, n);
	l->then = then;
}

static inline void lie_hang(struct fake_lie_state *l)
{
	stop_in(l, any(l, 2), FAKE_THEN_HANG);
}

static inline void lie_close(struct fake_lie_state *l)
{
	stop_in(l, any(l, 2), FAKE_THEN_CLOSE);
}

static inline void lie_half_close(struct fake_lie_state *l)
{
	stop_in(l, any(l, 2), FAKE_THEN_HALF_CLOSE);
}

static inline void lie_drip(struct fake_lie_state *l)
{
	l->drip = true;
}

/* sure: told of every reply there can be only doubt. */
static const struct {
	const char *name;
	void (*tell)(struct fake_lie_state *l);
	bool sure;
} fake_lies[] = {
	{ "flipped bits", lie_flip, false },
	{ "a byte", lie_byte, false },
	{ "a length", lie_length, false },
	{ "a message dropped", lie_drop, false },
	{ "a message twice", lie_twice, false },
	{ "another order", lie_order, false },
	{ "a message cut", lie_cut, false },
	{ "two spliced", lie_splice, false },
	{ "another reply", lie_other, false },
	{ "notice of disconnection", lie_notice, true },
	{ "unsolicited", lie_unsolicited, false },
	{ "a search reference", lie_reference, true },
	{ "a referral", lie_referral, true },
	{ "a result code", lie_code, true },
	{ "nothing there", lie_nothing_there, false },
	{ "another type", lie_retag, false },
	{ "another number", lie_number, false },
	{ "a big value", lie_big_value, false },
	{ "many attributes", lie_many_attributes, false },
	{ "many values", lie_many_values, false },
	{ "NUL", lie_nul, false },
	{ "an impostor", lie_impostor, false },
	{ "an odd DN", lie_dn, false },
	{ "deep nesting", lie_nesting, false },
	{ "controls", lie_controls, false },
	{ "intermediate", lie_intermediate, false },
	{ "a flood", lie_flood, false },
	{ "foretold", lie_foretell, false },
	{ "garbage", lie_garbage, false },
	{ "HTTP", lie_http, true },
	{ "an empty message", lie_empty, false },
	{ "hangs", lie_hang, true },
	{ "closes", lie_close, true },
	{ "half-closes", lie_half_close, true },
	{ "byte by byte", lie_drip, true },
};
enum { FAKE_LIES = sizeof(fake_lies) / sizeof(fake_lies[0]), FAKE_HONEST = 0xffff };

#endif
