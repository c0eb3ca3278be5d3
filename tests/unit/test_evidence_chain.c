/* SPDX-License-Identifier: Apache-2.0 */
/* The hash chain: how a record is sealed, and that every kind of tampering is told apart. */
#include "crypto.h"
#include "evidence.h"
#include "mem.h"
#include "shape_fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { LENGTH = 6 };

struct chain {
	struct cs_record records[LENGTH + 2];
	size_t n;
};

static struct cs_event make_event(enum cs_event_kind kind, const char *text)
{
	struct cs_event event = {0};

	fill_struct(&cs_event_shape, &event, FILL_SMALL);
	event.kind = kind;
	assert_int_equal(cs_set(&event.text, text), 0);
	return event;
}

static struct cs_record sealed(uint64_t head, const uint8_t chain[CS_DIGEST_LEN], enum cs_event_kind kind,
			       const char *text)
{
	struct cs_event event = make_event(kind, text);
	struct cs_record record = {0};

	assert_int_equal(cs_evidence_seal(head, chain, &event, &record), 0);
	assert_int_equal(event.number, head + 1);
	cs_clear(&cs_event_shape, &event);
	return record;
}

/* Six events; the second and the fifth are claims. */
static int setup(void **state)
{
	static const uint8_t none[CS_DIGEST_LEN];
	struct chain *chain = calloc(1, sizeof(*chain));

	assert_non_null(chain);
	for (; chain->n < LENGTH; chain->n++)
		chain->records[chain->n] = sealed(chain->n, chain->n ? chain->records[chain->n - 1].chain : none,
			chain->n % 3 == 1 ? CS_EVENT_CLAIMED : CS_EVENT_VOTED, "an approver said yes");
	*state = chain;
	return 0;
}

static int teardown(void **state)
{
	struct chain *chain = *state;

	for (size_t i = 0; i < chain->n; i++)
		cs_clear(&cs_record_shape, &chain->records[i]);
	free(chain);
	return 0;
}

static int walk(const struct chain *chain, struct cs_verifier *ret_verifier)
{
	int r = 0;

	cs_verifier_init(ret_verifier);
	for (size_t i = 0; r == 0 && i < chain->n; i++)
		r = cs_verifier_next(ret_verifier, &chain->records[i]);
	return r;
}

/* The chain is broken at this number, with these words, and the verifier stays with that. */
static void broken(const struct chain *chain, uint64_t number, const char *words)
{
	struct cs_verifier verifier;

	assert_int_equal(walk(chain, &verifier), CS_ECORRUPT);
	assert_int_equal(verifier.bad, number);
	assert_int_equal(verifier.number, number - 1);
	if (!strstr(verifier.why, words))
		fail_msg("\"%s\" is not in \"%s\"", words, verifier.why);
	assert_int_equal(cs_verifier_next(&verifier, &chain->records[number - 1]), CS_ECORRUPT);
	assert_int_equal(cs_verifier_end(&verifier, 0, NULL), CS_ECORRUPT);
	assert_int_equal(verifier.bad, number);
}

/* Gives record i other bytes, and a chain value that fits them if resealed. */
static void rewrite(struct chain *chain, size_t i, const struct cs_buf *bytes, bool resealed)
{
	static const uint8_t none[CS_DIGEST_LEN];
	struct cs_record *record = &chain->records[i];
	struct cs_buf link;

	free(record->bytes);
	record->bytes = fill_alloc(bytes->len, 1);
	memcpy(record->bytes, bytes->data, bytes->len);
	record->n_bytes = bytes->len;
	if (!resealed)
		return;
	cs_buf_init(&link, FILL_MAX);
	cs_buf_put(&link, i ? chain->records[i - 1].chain : none, CS_DIGEST_LEN);
	cs_buf_put_u64(&link, record->number);
	cs_buf_put_string(&link, record->bytes, record->n_bytes);
	assert_int_equal(cs_digest("countersign evidence v1", link.data, link.len, record->chain), 0);
	cs_buf_clear(&link);
}

static void rewrite_event(struct chain *chain, size_t i, uint64_t inside, enum cs_event_kind kind)
{
	struct cs_event event = make_event(kind, "rewritten");
	struct cs_buf bytes;

	event.number = inside;
	cs_buf_init(&bytes, FILL_MAX);
	assert_int_equal(cs_encode(&cs_event_shape, &event, &bytes), 0);
	rewrite(chain, i, &bytes, true);
	cs_buf_clear(&bytes);
	cs_clear(&cs_event_shape, &event);
}

static void test_evidence_whole_chain(void **state)
{
	const struct chain *chain = *state;
	struct cs_verifier verifier;

	assert_int_equal(walk(chain, &verifier), 0);
	assert_int_equal(verifier.number, LENGTH);
	assert_int_equal(verifier.permits, 2);
	assert_int_equal(verifier.bad, 0);
	assert_string_equal(verifier.why, "");
	assert_int_equal(cs_verifier_end(&verifier, 0, NULL), 0);
	assert_int_equal(cs_verifier_end(&verifier, LENGTH, chain->records[LENGTH - 1].chain), 0);
}

/* The formula, written out: it must not change, or no old record can be checked any more. */
static void test_evidence_the_formula(void **state)
{
	struct chain *chain = *state;
	const struct cs_record *record = &chain->records[2];
	struct cs_event event;
	struct cs_buf bytes;
	uint8_t before[CS_DIGEST_LEN];

	assert_int_equal(cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &event), 0);
	assert_int_equal(event.number, 3);
	memcpy(before, record->chain, sizeof(before));
	cs_buf_init(&bytes, FILL_MAX);
	cs_buf_put(&bytes, record->bytes, record->n_bytes);
	rewrite(chain, 2, &bytes, true);
	assert_memory_equal(before, record->chain, sizeof(before));
	cs_buf_clear(&bytes);
	cs_clear(&cs_event_shape, &event);
}

static void test_evidence_seal_refuses(void **state)
{
	const struct chain *chain = *state;
	struct cs_event event = make_event(CS_EVENT_NONE, "x");
	struct cs_record record = {0};

	event.number = 77;
	assert_int_equal(cs_evidence_seal(5, chain->records[4].chain, &event, &record), CS_EINVAL);
	event.kind = CS_EVENT_START;
	assert_int_equal(cs_evidence_seal(UINT64_MAX, chain->records[4].chain, &event, &record), CS_EINVAL);
	event.kind = (enum cs_event_kind)99;
	assert_int_equal(cs_evidence_seal(5, chain->records[4].chain, &event, &record), CS_EINVAL);
	event.kind = CS_EVENT_START;
	free(event.body);
	event.body = fill_alloc(CS_MAX_EVENT + 1, 1);
	event.n_body = CS_MAX_EVENT + 1;
	assert_int_equal(cs_evidence_seal(5, chain->records[4].chain, &event, &record), CS_ETOOBIG);
	event.n_body = CS_MAX_EVENT - 16; /* within its own bound, but not with the rest of the record */
	assert_int_equal(cs_evidence_seal(5, chain->records[4].chain, &event, &record), CS_ETOOBIG);
	assert_int_equal(event.number, 77);
	assert_true(fill_all_zero(&record, sizeof(record)));
	cs_clear(&cs_event_shape, &event);
}

/* Every single byte, and every bit of the chain value. */
static void test_evidence_every_changed_byte_is_found(void **state)
{
	struct chain *chain = *state;
	struct cs_record *record = &chain->records[3];

	for (size_t i = 0; i < record->n_bytes; i++) {
		record->bytes[i] ^= 1;
		broken(chain, 4, "event 4: its content was changed");
		record->bytes[i] ^= 1;
	}
	for (size_t i = 0; i < CS_DIGEST_LEN * 8; i++) {
		record->chain[i / 8] ^= (uint8_t)(1u << (i % 8));
		broken(chain, 4, "event 4: its content was changed");
		record->chain[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
	record->n_bytes--;
	broken(chain, 4, "event 4: its content was changed");
	record->n_bytes++;
	assert_int_equal(walk(chain, &(struct cs_verifier){0}), 0);
}

static void test_evidence_missing_number(void **state)
{
	struct chain *chain = *state;
	struct cs_record out = chain->records[2];

	memmove(&chain->records[2], &chain->records[3], 3 * sizeof(out));
	chain->n--;
	broken(chain, 3, "event 3 is missing: event 4 comes after event 2");
	cs_clear(&cs_record_shape, &out);
}

static void test_evidence_missing_first(void **state)
{
	struct chain *chain = *state;
	struct cs_record out = chain->records[0];

	memmove(&chain->records[0], &chain->records[1], 5 * sizeof(out));
	chain->n--;
	broken(chain, 1, "event 1 is missing");
	cs_clear(&cs_record_shape, &out);
}

static void test_evidence_repeated_number(void **state)
{
	struct chain *chain = *state;
	struct cs_record copy = {0};

	assert_int_equal(cs_copy(&cs_record_shape, &chain->records[2], &copy), 0);
	memmove(&chain->records[4], &chain->records[3], 3 * sizeof(copy));
	chain->records[3] = copy;
	chain->n++;
	broken(chain, 4, "event 3 stands a second time");
}

/* Somebody who knows the formula seals what is no event. */
static void test_evidence_undecodable_record(void **state)
{
	struct chain *chain = *state;
	struct cs_buf bytes;

	cs_buf_init(&bytes, FILL_MAX);
	cs_buf_put_cstr(&bytes, "no event");
	rewrite(chain, LENGTH - 1, &bytes, true);
	broken(chain, LENGTH, "event 6: is not a record");
	rewrite_event(chain, LENGTH - 1, 6, CS_EVENT_NONE);
	broken(chain, LENGTH, "event 6: is not a record");
	cs_buf_clear(&bytes);
}

static void test_evidence_wrong_number_inside(void **state)
{
	struct chain *chain = *state;

	rewrite_event(chain, 3, 9, CS_EVENT_VOTED);
	broken(chain, 4, "event 4: is recorded under a wrong number: inside it says 9");
}

/* Resealing one record breaks the link of the next. */
static void test_evidence_rewritten_in_the_middle(void **state)
{
	struct chain *chain = *state;

	rewrite_event(chain, 1, 2, CS_EVENT_VOTED);
	broken(chain, 3, "event 3: its content was changed");
}

static void test_evidence_a131_cut_off_against_a_known_head(void **state)
{
	struct chain *chain = *state;
	struct cs_verifier verifier;

	chain->n = 4;
	assert_int_equal(walk(chain, &verifier), 0);
	assert_int_equal(cs_verifier_end(&verifier, 0, NULL), 0);
	assert_int_equal(cs_verifier_end(&verifier, LENGTH, chain->records[LENGTH - 1].chain), CS_ECORRUPT);
	chain->n = LENGTH;
	assert_int_equal(verifier.bad, 5);
	assert_non_null(
		strstr(verifier.why, "event 5 is missing: the record ends with event 4, but event 6 was known"));
}

/* Cut off and continued: all links fit, but the known head is not on the way (systemd CVE-2023-31438). */
static void test_evidence_a131_cut_off_then_continued(void **state)
{
	struct chain *chain = *state;
	uint8_t known[CS_DIGEST_LEN];
	struct cs_verifier verifier;

	memcpy(known, chain->records[4].chain, sizeof(known));
	for (size_t i = 4; i < LENGTH; i++) {
		cs_clear(&cs_record_shape, &chain->records[i]);
		chain->records[i] = sealed(i, chain->records[i - 1].chain, CS_EVENT_VOTED, "another story");
	}
	assert_int_equal(walk(chain, &verifier), 0);
	assert_int_equal(cs_verifier_end(&verifier, 5, known), CS_EDOUBT);
	assert_int_equal(cs_verifier_end(&verifier, LENGTH, known), CS_ECORRUPT);
	assert_int_equal(verifier.bad, LENGTH);
	cs_verifier_init(&verifier);
	cs_verifier_know(&verifier, 5, known);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(cs_verifier_next(&verifier, &chain->records[i]), 0);
	assert_int_equal(cs_verifier_next(&verifier, &chain->records[4]), CS_ECORRUPT);
	assert_int_equal(verifier.bad, 5);
	assert_non_null(strstr(verifier.why, "event 5: is not the one that was known"));
}

static void test_evidence_known_on_the_way(void **state)
{
	struct chain *chain = *state;
	struct cs_verifier verifier;

	cs_verifier_init(&verifier);
	cs_verifier_know(&verifier, 3, chain->records[2].chain);
	for (size_t i = 0; i < LENGTH; i++)
		assert_int_equal(cs_verifier_next(&verifier, &chain->records[i]), 0);
	assert_int_equal(cs_verifier_end(&verifier, 0, NULL), 0);
	assert_int_equal(cs_verifier_end(&verifier, 3, chain->records[2].chain), 0);
	assert_int_equal(cs_verifier_end(&verifier, LENGTH, chain->records[LENGTH - 1].chain), 0);
	cs_verifier_init(&verifier);
	cs_verifier_know(&verifier, 3, chain->records[2].chain);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(cs_verifier_next(&verifier, &chain->records[i]), 0);
	assert_int_equal(cs_verifier_end(&verifier, 0, NULL), CS_ECORRUPT);
	assert_non_null(strstr(verifier.why, "event 3 is missing"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_evidence_whole_chain),
		CASE(test_evidence_the_formula),
		CASE(test_evidence_seal_refuses),
		CASE(test_evidence_every_changed_byte_is_found),
		CASE(test_evidence_missing_number),
		CASE(test_evidence_missing_first),
		CASE(test_evidence_repeated_number),
		CASE(test_evidence_undecodable_record),
		CASE(test_evidence_wrong_number_inside),
		CASE(test_evidence_rewritten_in_the_middle),
		CASE(test_evidence_a131_cut_off_against_a_known_head),
		CASE(test_evidence_a131_cut_off_then_continued),
		CASE(test_evidence_known_on_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
