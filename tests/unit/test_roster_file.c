/* SPDX-License-Identifier: Apache-2.0 */
/* The roster: what is read and refused, how it is changed, who signed it, and how the daemon follows its file. */
#include "roster.h"
#include "mem.h"
#include "ssh_signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ssh_signer.h"

enum { ALICE, BOB, CAROL, DAVE, SIGNERS };
static struct signer signers[SIGNERS];

static int make_signers(void **state)
{
	static const enum cs_ssh_type types[] = { CS_SSH_ED25519, CS_SSH_ECDSA, CS_SSH_SK_ED25519, CS_SSH_SK_ECDSA };
	(void)state;
	for (int i = 0; i < SIGNERS; i++)
		signer_make(&signers[i], types[i]);
	return 0;
}

static int clear_signers(void **state)
{
	(void)state;
	for (int i = 0; i < SIGNERS; i++)
		signer_clear(&signers[i]);
	return 0;
}

/* Three people; alice and carol are officers, carol's key has to be touched. */
static char *usual(unsigned version)
{
	char *text = NULL;
	assert_int_equal(cs_format(&text,
				 "version = %u\n"
				 "person \"id-alice\" { name = alice officer = true key \"%s\" { since = \"2026-11-22\" } }\n"
				 "person id-bob { name = \"bob\" key \"%s laptop\" {} }\n"
				 "person id-carol { name = carol officer = yes hardware_only = true key \"%s\" {} }\n",
				 version, signers[ALICE].line, signers[BOB].line, signers[CAROL].line), 0);
	return text;
}

static struct cs_roster *parse(const char *text)
{
	struct cs_roster *roster = NULL;
	struct cs_problem problem = { 0 };
	int r = cs_roster_parse(text, "roster", &roster, &problem);
	if (r != 0)
		print_message("%s\n", problem.text ? problem.text : "?");
	cs_problem_clear(&problem);
	assert_int_equal(r, 0);
	return roster;
}

static void test_roster_says_whose_a_key_is(void **state)
{
	char *text = usual(3), *summary = NULL;
	struct cs_roster *roster = parse(text);
	const struct cs_roster_key *key = NULL;
	const struct cs_roster_person *person = cs_roster_find(roster, signers[BOB].key.fingerprint, &key);
	(void)state;
	assert_int_equal(roster->version, 3);
	assert_string_equal(person->id, "id-bob");
	assert_false(person->officer);
	assert_false(person->hardware_only);
	assert_string_equal(key->line, signers[BOB].line); /* without its comment */
	person = cs_roster_find(roster, signers[ALICE].key.fingerprint, &key);
	assert_string_equal(person->name, "alice");
	assert_string_equal(key->since, "2026-11-22");
	person = cs_roster_find(roster, signers[CAROL].key.fingerprint, NULL);
	assert_true(person->officer && person->hardware_only);
	assert_null(cs_roster_find(roster, signers[DAVE].key.fingerprint, NULL));
	assert_null(cs_roster_find(roster, "", NULL));
	assert_ptr_equal(cs_roster_named(roster, "carol"), person);
	assert_ptr_equal(cs_roster_person(roster, "id-carol"), person);
	assert_null(cs_roster_person(roster, "carol"));
	summary = cs_roster_summary(roster);
	assert_string_equal(summary, "3 keys of 3 people, version 3");
	free(summary);
	free(text);
	cs_roster_free(&roster);
}

static void check_refused(const char *format, const char *line, unsigned at, const char *why)
{
	char text[2048];
	struct cs_roster *roster = NULL;
	struct cs_problem problem = { 0 };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(text, sizeof(text), format, line, line);
#pragma GCC diagnostic pop
	assert_int_equal(cs_roster_parse(text, "roster", &roster, &problem), CS_ECONF);
	if (!strstr(problem.text, why))
		print_message("%s\n", problem.text);
	assert_non_null(strstr(problem.text, why));
	assert_int_equal(problem.line, at);
	assert_null(roster);
	cs_problem_clear(&problem);
}

/* Any error refuses the whole file. A123: one key of two people. Kills: leaving out the loop of index_keys. */
static void test_roster_a123_refuses_the_whole_file(void **state)
{
	const char *line = signers[ALICE].line;
	(void)state;
	check_refused("version = 1\nperson a { name = a key \"%s\" {} }\nperson b { name = b\nkey \"%s\" {} }\n", line, 4,
		"twice");
	check_refused("version = 1\nperson a { name = a\nkey \"%s\" {}\nkey \"%s more\" {} }\n", line, 4, "twice");
	check_refused("version = 1\nperson a { name = a key \"%s\" {} }\nperson b { name = a\n}\n", line, 3, "another");
	check_refused("version = 1\nperson a { name = a }\nperson a { name = b }\n", line, 3, "");
	check_refused("person a { name = a }\n", line, 0, "version");
	check_refused("version = 0\nperson a { name = a }\n", line, 1, "1 or more");
	check_refused("version = 1\nperson a { key \"%s\" {} }\n", line, 2, "name");
	check_refused("version = 1\nperson \"\" { name = a }\n", line, 2, "empty");
	check_refused("version = 1\nperson a { name = \"a b\" }\n", line, 2, "no login name");
	check_refused("version = 1\nperson a { name = a key \"%.60s\" {} }\n", line, 2, "no public key");
	check_refused("version = 1\nperson a { name = a key \"no-pty %s\" {} }\n", line, 2, "no public key");
	check_refused("version = 1\nperson a { name = a key \"%s\" { since = \"today\" } }\n", line, 2, "no date");
	check_refused("version = 1\nperson a { name = a hardware_only = true key \"%s\" {} }\n", line, 2, "FIDO2");
	check_refused("version = 1\nperson a { name = a admin = true }\n", line, 2, "admin");
	check_refused("version = 1\nperson a { name = a key \"%s\" {} }\n",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAIQC7", 2, "may not sign");
}

/* --- Changing ------------------------------------------------------------------------------------------------------ */

static void test_roster_a_key_comes_and_goes(void **state)
{
	struct cs_roster_entry entry = { .id = "cn=a\\\\b,dc=\"x", .name = "dave", .line = signers[DAVE].line,
		.since = "2026-11-22", .officer = true, .hardware_only = true };
	struct cs_problem problem = { 0 };
	struct cs_roster *roster = NULL, *with = NULL, *without = NULL;
	char *text = usual(3);
	struct cs_buf out;
	(void)state;
	roster = parse(text);
	cs_buf_init(&out, CS_ROSTER_TEXT_MAX);
	assert_int_equal(cs_roster_with(roster, &entry, &out, &problem), 0);
	cs_buf_put_u8(&out, 0);
	with = parse((const char *)out.data);
	assert_int_equal(with->version, 4);
	assert_int_equal(with->n_keys, 4);
	assert_string_equal(cs_roster_named(with, "dave")->id, entry.id);
	assert_true(cs_roster_named(with, "dave")->officer && cs_roster_named(with, "dave")->hardware_only);
	assert_true(cs_roster_named(with, "carol")->officer);
	assert_string_equal(cs_roster_named(with, "alice")->keys[0].since, "2026-11-22");
	/* A123: a key that somebody has */
	cs_buf_clear(&out);
	entry.id = "id-bob";
	assert_int_equal(cs_roster_with(with, &entry, &out, &problem), CS_EEXIST);
	assert_non_null(strstr(problem.text, "dave's"));
	cs_problem_clear(&problem);
	/* another person with that name */
	entry = (struct cs_roster_entry){ .id = "id-eve", .name = "bob", .line = signers[DAVE].line };
	assert_int_equal(cs_roster_with(roster, &entry, &out, &problem), CS_ECONF);
	cs_problem_clear(&problem);
	cs_buf_clear(&out);
	assert_int_equal(cs_roster_without(with, "id-bob", signers[ALICE].key.fingerprint, &out), CS_ENOENT);
	assert_int_equal(cs_roster_without(with, "id-eve", NULL, &out), CS_ENOENT);
	assert_int_equal(cs_roster_without(with, "id-bob", signers[BOB].key.fingerprint, &out), 0);
	cs_buf_put_u8(&out, 0);
	without = parse((const char *)out.data);
	assert_int_equal(without->version, 5);
	assert_null(cs_roster_named(without, "bob"));
	assert_int_equal(without->n_keys, 3);
	cs_buf_clear(&out);
	cs_roster_free(&roster);
	cs_roster_free(&with);
	cs_roster_free(&without);
	free(text);
}

/* --- Signatures ---------------------------------------------------------------------------------------------------- */

static void sign_text(int who, const char *name_space, const char *text, struct cs_buf *out)
{
	struct cs_buf bytes;
	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	signer_sign(&signers[who], name_space, text, strlen(text), &bytes);
	assert_int_equal(cs_ssh_armor(bytes.data, bytes.len, out), 0);
	cs_buf_clear(&bytes);
}

static size_t count_signers(const char *text, const struct cs_roster *officers, struct cs_buf *signatures)
{
	size_t count = 99;
	cs_buf_put_u8(signatures, 0);
	assert_int_equal(
		cs_roster_signers(text, strlen(text), (const char *)signatures->data, officers, &count), 0);
	signatures->len--;
	return count;
}

/* A128, A121: only officers count, each once, and only for this text in this namespace. */
static void test_roster_a128_officers_sign_it(void **state)
{
	char *text = usual(3);
	struct cs_roster *roster = parse(text);
	struct cs_buf signatures;
	size_t count = 7;
	(void)state;
	cs_buf_init(&signatures, CS_ROSTER_TEXT_MAX);
	assert_int_equal(count_signers(text, roster, &signatures), 0);
	sign_text(ALICE, CS_NAMESPACE_ROSTER, text, &signatures);
	assert_int_equal(count_signers(text, roster, &signatures), 1);
	sign_text(ALICE, CS_NAMESPACE_ROSTER, text, &signatures);
	assert_int_equal(count_signers(text, roster, &signatures), 1);
	sign_text(BOB, CS_NAMESPACE_ROSTER, text, &signatures);
	sign_text(DAVE, CS_NAMESPACE_ROSTER, text, &signatures);
	sign_text(CAROL, CS_NAMESPACE_APPROVE, text, &signatures);
	sign_text(CAROL, CS_NAMESPACE_ROSTER, "version = 3", &signatures);
	assert_int_equal(count_signers(text, roster, &signatures), 1);
	sign_text(CAROL, CS_NAMESPACE_ROSTER, text, &signatures);
	assert_int_equal(count_signers(text, roster, &signatures), 2);
	assert_int_equal(cs_roster_signers(text, strlen(text), "junk\n", roster, &count), CS_EPROTO);
	assert_int_equal(count, 7);
	cs_buf_clear(&signatures);
	cs_roster_free(&roster);
	free(text);
}

/* --- The file ------------------------------------------------------------------------------------------------------ */

struct place {
	char folder[64], path[96], seen[96], signatures[104];
	struct cs_roster_source *source;
};

static void place_open(struct place *place, uint64_t signatures)
{
	struct cs_roster_settings settings = { .path = place->path, .seen = place->seen, .owner = geteuid(),
		.signatures = signatures };
	cs_roster_close(&place->source);
	assert_int_equal(cs_roster_open(&settings, &place->source), 0);
}

static void place_make(struct place *place, uint64_t signatures)
{
	*place = (struct place){ 0 };
	(void)snprintf(place->folder, sizeof(place->folder), "/tmp/cs_roster_XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(place->path, sizeof(place->path), "%s/roster", place->folder);
	(void)snprintf(place->seen, sizeof(place->seen), "%s/roster.seen", place->folder);
	(void)snprintf(place->signatures, sizeof(place->signatures), "%s.sig", place->path);
	place_open(place, signatures);
}

static void place_clear(struct place *place)
{
	cs_roster_close(&place->source);
	(void)unlink(place->path);
	(void)unlink(place->seen);
	(void)unlink(place->signatures);
	assert_int_equal(rmdir(place->folder), 0);
}

/* Another file in the place of the old, as an editor or `countersign roster` puts it there. */
static void put_file(const char *path, const char *text)
{
	char draft[128];
	FILE *file = NULL;
	(void)snprintf(draft, sizeof(draft), "%s.draft", path);
	file = fopen(draft, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(draft, path), 0);
}

static void put_roster(const struct place *place, unsigned version)
{
	char *text = usual(version);
	put_file(place->path, text);
	free(text);
}

static void check_state(const struct place *place, const char *part)
{
	if (!strstr(cs_roster_state(place->source), part))
		print_message("%s\n", cs_roster_state(place->source));
	assert_non_null(strstr(cs_roster_state(place->source), part));
}

static void test_roster_is_read_again_when_it_changes(void **state)
{
	struct place place;
	(void)state;
	place_make(&place, 0);
	assert_null(cs_roster_now(NULL));
	assert_null(cs_roster_now(place.source));
	assert_string_equal(cs_roster_state(place.source), "");
	put_roster(&place, 3);
	assert_int_equal(cs_roster_now(place.source)->version, 3);
	assert_int_equal(cs_roster_now(place.source)->version, 3);
	assert_string_equal(cs_roster_state(place.source), "3 keys of 3 people, version 3");
	put_roster(&place, 4);
	assert_int_equal(cs_roster_now(place.source)->version, 4);
	/* whatever is wrong with it: nobody's key counts */
	put_file(place.path, "version = 5\nperson a {\n");
	assert_null(cs_roster_now(place.source));
	check_state(&place, "refused: ");
	put_roster(&place, 5);
	assert_int_equal(chmod(place.path, 0666), 0);
	assert_null(cs_roster_now(place.source));
	check_state(&place, "others than its owner may write it");
	assert_int_equal(chmod(place.path, 0644), 0);
	assert_int_equal(cs_roster_now(place.source)->version, 5);
	assert_int_equal(unlink(place.path), 0);
	assert_null(cs_roster_now(place.source));
	check_state(&place, "there is no such file");
	place_clear(&place);
}

/* A127: who was taken out stays out, also over a restart. Kills: leaving out the comparison in follows. */
static void test_roster_a127_an_older_one_is_refused(void **state)
{
	struct place place;
	char *text = NULL;
	(void)state;
	place_make(&place, 0);
	put_roster(&place, 4);
	assert_non_null(cs_roster_now(place.source));
	for (int restarted = 0; restarted < 2; restarted++) {
		put_roster(&place, 3);
		assert_null(cs_roster_now(place.source));
		check_state(&place, "version 4 was in force before");
		/* the same number with other words */
		assert_int_equal(cs_format(&text, "version = 4\nperson a { name = a key \"%s\" {} }\n",
					 signers[DAVE].line), 0);
		put_file(place.path, text);
		cs_free_str(&text);
		assert_null(cs_roster_now(place.source));
		check_state(&place, "with other words");
		put_roster(&place, 4);
		assert_int_equal(cs_roster_now(place.source)->version, 4);
		place_open(&place, 0);
	}
	/* without the copy nobody could tell */
	put_file(place.seen, "version = ");
	place_open(&place, 0);
	assert_null(cs_roster_now(place.source));
	check_state(&place, "the copy of the last roster cannot be read");
	place_clear(&place);
}

/* A128: where officers have to sign, root's word on one host is not enough; and who is an officer, the last one says. */
static void test_roster_a128_the_last_ones_officers_sign(void **state)
{
	struct place place;
	struct cs_buf signatures;
	char *third = usual(3), *fourth = usual(4), *stolen = NULL;
	(void)state;
	cs_buf_init(&signatures, CS_ROSTER_TEXT_MAX);
	place_make(&place, 2);
	put_file(place.path, third);
	assert_null(cs_roster_now(place.source));
	check_state(&place, "no such file");
	sign_text(ALICE, CS_NAMESPACE_ROSTER, third, &signatures);
	cs_buf_put_u8(&signatures, 0);
	put_file(place.signatures, (const char *)signatures.data);
	assert_null(cs_roster_now(place.source));
	check_state(&place, "signed by 1 of the 2 officers");
	signatures.len--;
	sign_text(CAROL, CS_NAMESPACE_ROSTER, third, &signatures);
	cs_buf_put_u8(&signatures, 0);
	put_file(place.signatures, (const char *)signatures.data);
	assert_int_equal(cs_roster_now(place.source)->version, 3);
	/* the signatures of the third are not those of the fourth */
	put_file(place.path, fourth);
	assert_null(cs_roster_now(place.source));
	/* nor can one be signed by officers that it makes itself */
	assert_int_equal(cs_format(&stolen, "version = 4\n"
					    "person b { name = bob officer = true key \"%s\" {} }\n"
					    "person d { name = dave officer = true key \"%s\" {} }\n",
				 signers[BOB].line, signers[DAVE].line), 0);
	signatures.len = 0;
	sign_text(BOB, CS_NAMESPACE_ROSTER, stolen, &signatures);
	sign_text(DAVE, CS_NAMESPACE_ROSTER, stolen, &signatures);
	cs_buf_put_u8(&signatures, 0);
	put_file(place.path, stolen);
	put_file(place.signatures, (const char *)signatures.data);
	assert_null(cs_roster_now(place.source));
	check_state(&place, "signed by 0 of the 2 officers");
	/* the two of before may hand it over; then it stands, also after a restart */
	signatures.len = 0;
	sign_text(ALICE, CS_NAMESPACE_ROSTER, stolen, &signatures);
	sign_text(CAROL, CS_NAMESPACE_ROSTER, stolen, &signatures);
	cs_buf_put_u8(&signatures, 0);
	put_file(place.signatures, (const char *)signatures.data);
	assert_int_equal(cs_roster_now(place.source)->version, 4);
	place_open(&place, 2);
	assert_int_equal(cs_roster_now(place.source)->version, 4);
	cs_buf_clear(&signatures);
	free(third);
	free(fourth);
	free(stolen);
	place_clear(&place);
}

/* From the time before signatures: the last one has no officers, and somebody has to be the first. Afterwards there are
 * always enough. Kills: leaving out officers_of in follows. */
static void test_roster_a128_signatures_begin(void **state)
{
	struct place place;
	struct cs_buf signatures;
	char *fourth = usual(4), *few = NULL, *plain = NULL;
	(void)state;
	cs_buf_init(&signatures, CS_ROSTER_TEXT_MAX);
	place_make(&place, 0);
	assert_int_equal(cs_format(&plain, "version = 3\nperson b { name = bob key \"%s\" {} }\n", signers[BOB].line), 0);
	put_file(place.path, plain);
	assert_int_equal(cs_roster_now(place.source)->version, 3);
	sign_text(ALICE, CS_NAMESPACE_ROSTER, fourth, &signatures);
	sign_text(CAROL, CS_NAMESPACE_ROSTER, fourth, &signatures);
	cs_buf_put_u8(&signatures, 0);
	put_file(place.path, fourth);
	put_file(place.signatures, (const char *)signatures.data);
	place_open(&place, 2);
	assert_int_equal(cs_roster_now(place.source)->version, 4);
	/* the two may not leave one alone, or it would begin again */
	assert_int_equal(cs_format(&few, "version = 5\nperson a { name = alice officer = true key \"%s\" {} }\n",
				 signers[ALICE].line), 0);
	signatures.len = 0;
	sign_text(ALICE, CS_NAMESPACE_ROSTER, few, &signatures);
	sign_text(CAROL, CS_NAMESPACE_ROSTER, few, &signatures);
	cs_buf_put_u8(&signatures, 0);
	put_file(place.path, few);
	put_file(place.signatures, (const char *)signatures.data);
	assert_null(cs_roster_now(place.source));
	check_state(&place, "names fewer officers than the 2");
	cs_buf_clear(&signatures);
	free(fourth);
	free(few);
	free(plain);
	place_clear(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roster_says_whose_a_key_is),
		cmocka_unit_test(test_roster_a123_refuses_the_whole_file),
		cmocka_unit_test(test_roster_a_key_comes_and_goes),
		cmocka_unit_test(test_roster_a128_officers_sign_it),
		cmocka_unit_test(test_roster_is_read_again_when_it_changes),
		cmocka_unit_test(test_roster_a127_an_older_one_is_refused),
		cmocka_unit_test(test_roster_a128_the_last_ones_officers_sign),
		cmocka_unit_test(test_roster_a128_signatures_begin),
	};
	return cmocka_run_group_tests(tests, make_signers, clear_signers);
}
