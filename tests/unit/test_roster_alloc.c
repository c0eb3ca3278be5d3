/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, signatures and the roster when memory runs out: each allocation fails once; nothing becomes good by it, nothing
 * is leaked, and what was asked for is there when it is asked again. */
#include "alloc_fault.h"

#include "mem.h"
#include "roster.h"
#include "ssh_signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ssh_signer.h"

#define SPACE "approve.v1@countersign"
enum { TRIES = 400 };

static struct signer bob, carol;

static int make(void **state)
{
	(void)state;
	alloc_fault_reset(0);
	signer_make(&bob, CS_SSH_ED25519);
	signer_make(&carol, CS_SSH_SK_ECDSA);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	alloc_fault_reset(0);
	signer_clear(&bob);
	signer_clear(&carol);
	return 0;
}

/* Calls it with the first, second, … allocation failing, until none of them does. */
static void each_allocation(int (*once)(void))
{
	size_t at = 1;
	int r = CS_ENOMEM;

	for (; at < TRIES; at++) {
		alloc_fault_reset(at);
		r = once();
		if (alloc_fault.calls < at)
			break;
		assert_true(r == CS_ENOMEM || r == 0);
	}
	alloc_fault_reset(0);
	assert_int_equal(r, 0);
	assert_true(at > 1 && at < TRIES);
}

static int read_line(void)
{
	struct cs_ssh_key key;

	return cs_ssh_key_read_line(bob.line, &key);
}

static struct cs_buf signature;

static int verify(void)
{
	struct cs_ssh_key key = { 0 };
	int r = cs_ssh_verify(signature.data, signature.len, SPACE, "hello", 5, &key, NULL);

	assert_int_equal(r == 0, *key.fingerprint != '\0');
	return r;
}

static int armor(void)
{
	struct cs_buf text, again;
	int r = 0;

	cs_buf_init(&text, CS_SSH_ARMORED_MAX);
	cs_buf_init(&again, CS_SSH_SIGNATURE_MAX);
	r = cs_ssh_armor(signature.data, signature.len, &text);
	if (r == 0)
		r = cs_ssh_unarmor((const char *)text.data, text.len, &again);
	cs_buf_clear(&text);
	cs_buf_clear(&again);
	return r;
}

static void test_crypto_a119_keys_and_signatures(void **state)
{
	struct signer *const signers[] = { &bob, &carol };
	(void)state;
	each_allocation(read_line);
	for (size_t i = 0; i < 2; i++) {
		cs_buf_init(&signature, CS_SSH_SIGNATURE_MAX);
		signer_sign(signers[i], SPACE, "hello", 5, &signature);
		each_allocation(verify);
		each_allocation(armor);
		cs_buf_clear(&signature);
	}
}

static int host_key(void)
{
	struct cs_host_key *key = NULL;
	struct cs_buf out;
	int r = cs_host_key_make(&key);

	cs_buf_init(&out, CS_SSH_SIGNATURE_MAX);
	if (r == 0)
		r = cs_ssh_sign(key, SPACE, "hello", 5, &out);
	assert_true(r != 0 || out.len > 0);
	cs_buf_clear(&out);
	cs_host_key_free(&key);
	return r;
}

static void test_crypto_a119_host_key(void **state)
{
	(void)state;
	each_allocation(host_key);
}

/* --- The roster ---------------------------------------------------------------------------------------------------- */

static char folder[64], path[96], seen[96];

static char *text_of(unsigned version)
{
	char *text = NULL;

	assert_int_equal(cs_format(&text, "version = %u\nperson b { name = bob officer = true key \"%s\" {} }\n"
					  "person c { name = carol key \"%s\" {} }\n", version, bob.line, carol.line), 0);
	return text;
}

static char *roster_text;

/* libConfuse tells no failure of memory from a mistake in the text; either refuses the file. */
static int parsed(int r)
{
	return r == CS_ECONF ? CS_ENOMEM : r;
}

static int change(void)
{
	const struct cs_roster_entry entry = { .id = "d", .name = "dave", .line = "", .since = "" };
	struct cs_problem problem = { 0 };
	struct cs_roster *roster = NULL;
	struct cs_buf out;
	int r = parsed(cs_roster_parse(roster_text, "roster", &roster, &problem));

	assert_int_equal(r == 0, roster != NULL);
	cs_buf_init(&out, CS_ROSTER_TEXT_MAX);
	if (r == 0)
		r = cs_roster_without(roster, "c", NULL, &out);
	if (r == 0 && cs_roster_with(roster, &entry, &out, &problem) == 0)
		fail();
	cs_buf_clear(&out);
	cs_problem_clear(&problem);
	cs_roster_free(&roster);
	return r;
}

static void test_roster_a119_parse_and_change(void **state)
{
	(void)state;
	roster_text = text_of(3);
	each_allocation(change);
	free(roster_text);
}

static int follow(void)
{
	const struct cs_roster_settings settings = { .path = path, .seen = seen, .owner = geteuid() };
	struct cs_roster_source *source = NULL;
	int r = cs_roster_open(&settings, &source);

	if (r == 0 && cs_roster_now(source) == NULL) {
		/* it is not taken for good that it failed */
		alloc_fault_reset(0);
		assert_non_null(cs_roster_now(source));
		r = CS_ENOMEM;
		alloc_fault.calls = TRIES;
	}
	cs_roster_close(&source);
	return r;
}

static void test_roster_a119_the_file(void **state)
{
	FILE *file = NULL;
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/cs_roster_alloc_XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/roster", folder);
	(void)snprintf(seen, sizeof(seen), "%s/seen", folder);
	roster_text = text_of(3);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(roster_text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	each_allocation(follow);
	free(roster_text);
	assert_int_equal(unlink(path) | unlink(seen) | rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crypto_a119_keys_and_signatures),
		cmocka_unit_test(test_crypto_a119_host_key),
		cmocka_unit_test(test_roster_a119_parse_and_change),
		cmocka_unit_test(test_roster_a119_the_file),
	};
	return cmocka_run_group_tests(tests, make, clear);
}
