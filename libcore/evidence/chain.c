/* SPDX-License-Identifier: Apache-2.0 */
/* The hash chain over events: sealing the next record and checking a chain from its first. */
#include "evidence.h"
#include "crypto.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* chain(i) over chain(i-1), the number and the bytes. */
static int chain_after(const uint8_t previous[CS_DIGEST_LEN], uint64_t number, const uint8_t *bytes, size_t n,
	uint8_t ret_chain[CS_DIGEST_LEN])
{
	struct cs_buf link;
	int r;

	cs_buf_init(&link, CS_DIGEST_LEN + 8 + 4 + CS_MAX_EVENT);
	cs_buf_put(&link, previous, CS_DIGEST_LEN);
	cs_buf_put_u64(&link, number);
	cs_buf_put_string(&link, bytes, n);
	r = cs_buf_error(&link);
	if (r == 0)
		r = cs_digest(CS_DOMAIN_EVIDENCE, link.data, link.len, ret_chain);
	cs_buf_clear(&link);
	return r;
}

int cs_evidence_seal(uint64_t head_number, const uint8_t head_chain[CS_DIGEST_LEN], struct cs_event *event,
	struct cs_record *ret_record)
{
	struct cs_record record = {.number = head_number + 1};
	uint64_t before = event->number;
	struct cs_buf bytes;
	int r;

	if (head_number == UINT64_MAX || event->kind == CS_EVENT_NONE)
		return CS_EINVAL;
	cs_buf_init(&bytes, CS_MAX_EVENT);
	event->number = record.number;
	r = cs_encode(&cs_event_shape, event, &bytes);
	if (r == 0)
		r = chain_after(head_chain, record.number, bytes.data, bytes.len, record.chain);
	if (r == 0) {
		record.bytes = malloc(bytes.len);
		r = record.bytes ? 0 : CS_ENOMEM;
	}
	if (r == 0) {
		memcpy(record.bytes, bytes.data, bytes.len);
		record.n_bytes = bytes.len;
		*ret_record = record;
	} else {
		event->number = before;
	}
	cs_buf_clear(&bytes);
	return r;
}

void cs_verifier_init(struct cs_verifier *verifier)
{
	*verifier = (struct cs_verifier){0};
}

void cs_verifier_know(struct cs_verifier *verifier, uint64_t known_number, const uint8_t known_chain[CS_DIGEST_LEN])
{
	verifier->known_number = known_number;
	memcpy(verifier->known_chain, known_chain, CS_DIGEST_LEN);
}

static int bad(struct cs_verifier *verifier, uint64_t number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Keeps the first thing that is wrong. */
static int bad(struct cs_verifier *verifier, uint64_t number, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(verifier->why, sizeof(verifier->why), format, args);
	va_end(args);
	verifier->bad = number;
	return CS_ECORRUPT;
}

static int check_number(struct cs_verifier *verifier, uint64_t number)
{
	uint64_t due = verifier->number + 1;

	if (number == due)
		return 0;
	if (number > due)
		return bad(verifier, due, "event %llu is missing: event %llu comes after event %llu",
			   (unsigned long long)due, (unsigned long long)number, (unsigned long long)verifier->number);
	return bad(verifier, due, "event %llu stands a second time, after event %llu, where event %llu is due",
		(unsigned long long)number, (unsigned long long)verifier->number, (unsigned long long)due);
}

/* The event inside, moved to *ret_event where it is right. */
static int check_event(struct cs_verifier *verifier, const struct cs_record *record, struct cs_event *ret_event)
{
	struct cs_event event = {0};
	int r = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &event);

	if (r == CS_ENOMEM)
		return r;
	if (r < 0)
		return bad(verifier, record->number, "event %llu: is not a record: its %zu bytes hold no event",
			(unsigned long long)record->number, record->n_bytes);
	if (event.number != record->number)
		r = bad(verifier, record->number,
			"event %llu: is recorded under a wrong number: inside it says %llu",
			(unsigned long long)record->number, (unsigned long long)event.number);
	else if (event.kind == CS_EVENT_NONE)
		r = bad(verifier, record->number, "event %llu: is not a record: it says nothing that happened",
			(unsigned long long)record->number);
	if (r < 0) {
		cs_clear(&cs_event_shape, &event);
		return r;
	}
	verifier->permits += event.kind == CS_EVENT_CLAIMED;
	*ret_event = event;
	return 0;
}

/* The head that was known from elsewhere, when the chain comes to it. */
static int check_known(struct cs_verifier *verifier, uint64_t number, const uint8_t chain[CS_DIGEST_LEN],
	uint64_t known_number, const uint8_t known_chain[CS_DIGEST_LEN])
{
	if (known_number == 0 || known_number != number || memcmp(chain, known_chain, CS_DIGEST_LEN) == 0)
		return 0;
	return bad(verifier, number,
		   "event %llu: is not the one that was known: the record up to here was written anew",
		   (unsigned long long)number);
}

int cs_verifier_read(struct cs_verifier *verifier, const struct cs_record *record, struct cs_event *ret_event)
{
	uint8_t chain[CS_DIGEST_LEN] = {0};
	int r;

	if (verifier->bad)
		return CS_ECORRUPT;
	r = check_number(verifier, record->number);
	if (r < 0)
		return r;
	r = chain_after(verifier->chain, record->number, record->bytes, record->n_bytes, chain);
	if (r == CS_ENOMEM)
		return r;
	if (r < 0 || memcmp(chain, record->chain, sizeof(chain)) != 0)
		return bad(verifier, record->number,
			   "event %llu: its content was changed: its chain value does not follow from it",
			   (unsigned long long)record->number);
	r = check_known(verifier, record->number, chain, verifier->known_number, verifier->known_chain);
	if (r == 0)
		r = check_event(verifier, record, ret_event);
	if (r < 0)
		return r;
	verifier->number = record->number;
	memcpy(verifier->chain, chain, sizeof(chain));
	return 0;
}

int cs_verifier_next(struct cs_verifier *verifier, const struct cs_record *record)
{
	struct cs_event event = {0};
	int r = cs_verifier_read(verifier, record, &event);

	cs_clear(&cs_event_shape, &event);
	return r;
}

static int check_length(struct cs_verifier *verifier, uint64_t known_number)
{
	if (known_number <= verifier->number)
		return 0;
	return bad(verifier, verifier->number + 1,
		   "event %llu is missing: the record ends with event %llu, but event %llu was known",
		   (unsigned long long)verifier->number + 1, (unsigned long long)verifier->number,
		   (unsigned long long)known_number);
}

int cs_verifier_end(struct cs_verifier *verifier, uint64_t known_number, const uint8_t known_chain[CS_DIGEST_LEN])
{
	int r = verifier->bad ? CS_ECORRUPT : check_length(verifier, verifier->known_number);

	if (r == 0)
		r = check_length(verifier, known_number);
	if (r < 0 || known_number == 0)
		return r;
	if (known_number == verifier->number)
		return check_known(verifier, known_number, verifier->chain, known_number, known_chain);
	if (known_number == verifier->known_number && memcmp(known_chain, verifier->known_chain, CS_DIGEST_LEN) == 0)
		return 0;
	snprintf(verifier->why, sizeof(verifier->why), "event %llu was passed before its known value was told",
		(unsigned long long)known_number);
	return CS_EDOUBT;
}
