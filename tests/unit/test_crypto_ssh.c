/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSH keys and signatures: what ssh-keygen made, what a signer in software makes, and what is refused of both. All of
 * it against the real ssh-keygen is test_crypto_ssh_same.c. */
#include "ssh_key.h"
#include "ssh_signature.h"

#include <fcntl.h>
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

#include <countersign/error.h>

#include "ssh_signer.h"

#define SPACE   "approve.v1@countersign"
#define MESSAGE "hello"

static const char ed_line[] =
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFIMp7pYiEkFYm/d1ns2MPo5Gi2aJDMJAj3JzuOwkcAr alice@example.org";
static const char ec_line[] =
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOvagmqYdUfovva/QG6SduaRQzPe"
	"5DlwNBpt3UJhVXCTiRtiiWP4ikuw+GuGbYSaXMP4KzFMlnxrDYR5wVyxrEw= bob";
static const char rsa_line[] =
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCyiQ8bOD/bg89ynna/zY7CcljL2t+cPSOpM+jJn4zNN18e358W2JUgEs7WJSAe"
	"EDdqdYlHWQa9+sXQOGL+NLTqJyKthevwlIC/q77om72o6T00xbxYdr1r53rjxss/03RAuzfOxrz6LVOeYkRWO2KMXNLQhZx4INOs"
	"UqGgbhkA7uEuI4EkdhDadMp0VDCwRV42jWa4RVGKKX+oyqjJBDMPIiNAK7ST0pH8g74NxXfS9feaKmN8bQbHqMNv1xleAnqIA5WL"
	"YH4gNGRpZcPqgGC+/vCk9VCucx/bG318RY6wpBhc5jOrKm7RuJpybZE+kKDHO/gOSlTJWxNofwCojQ6z carol";
static const char ed_signature[] =
	"-----BEGIN SSH SIGNATURE-----\n"
	"U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgUgynuliISQVib93WezYw+jkaLZ\n"
	"okMwkCPcnO47CRwCsAAAAWYXBwcm92ZS52MUBjb3VudGVyc2lnbgAAAAAAAAAGc2hhNTEy\n"
	"AAAAUwAAAAtzc2gtZWQyNTUxOQAAAED1KNV/4VuSwwMcITMQPkuZ2OMUUCxz5rFtHk9k9N\n"
	"7+pu3IlQoMg24cq2ibyqrCDH0eqWM8LbZTvfo8tajWWvwD\n"
	"-----END SSH SIGNATURE-----\n";
static const char ed_signature_256[] =
	"-----BEGIN SSH SIGNATURE-----\n"
	"U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgUgynuliISQVib93WezYw+jkaLZ\n"
	"okMwkCPcnO47CRwCsAAAAWYXBwcm92ZS52MUBjb3VudGVyc2lnbgAAAAAAAAAGc2hhMjU2\n"
	"AAAAUwAAAAtzc2gtZWQyNTUxOQAAAEBqqOneWlDa9rNJv33j9T86NRT15h+zo9/cdwH0kf\n"
	"M9+V1DyQrbnS/ZhQrvyGDBwv7gTBtT0X7e+N2r2ysv504N\n"
	"-----END SSH SIGNATURE-----\n";
static const char ec_signature[] =
	"-----BEGIN SSH SIGNATURE-----\n"
	"U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE\n"
	"EE69qCaph1R+i+9r9AbpJ25pFDM97kOXA0Gm3dQmFVcJOJG2KJY/iKS7D4a4ZthJpcw/gr\n"
	"MUyWfGsNhHnBXLGsTAAAABZhcHByb3ZlLnYxQGNvdW50ZXJzaWduAAAAAAAAAAZzaGE1MT\n"
	"IAAABjAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAABIAAAAIHaU12xynzddGez5VXP78bua\n"
	"EAOe8p9zCKQofn6Um8KpAAAAIG9XugvVkMxFZtjtEOAVF9F0fzMqvD4WX0z3UlEMmASP\n"
	"-----END SSH SIGNATURE-----\n";
static const char rsa_signature[] =
	"-----BEGIN SSH SIGNATURE-----\n"
	"U1NIU0lHAAAAAQAAARcAAAAHc3NoLXJzYQAAAAMBAAEAAAEBALKJDxs4P9uDz3Kedr/Njs\n"
	"JyWMva35w9I6kz6MmfjM03Xx7fnxbYlSASztYlIB4QN2p1iUdZBr36xdA4Yv40tOonIq2F\n"
	"6/CUgL+rvuibvajpPTTFvFh2vWvneuPGyz/TdEC7N87GvPotU55iRFY7Yoxc0tCFnHgg06\n"
	"xSoaBuGQDu4S4jgSR2ENp0ynRUMLBFXjaNZrhFUYopf6jKqMkEMw8iI0ArtJPSkfyDvg3F\n"
	"d9L195oqY3xtBseow2/XGV4CeogDlYtgfiA0ZGllw+qAYL7+8KT1UK5zH9sbfXxFjrCkGF\n"
	"zmM6sqbtG4mnJtkT6QoMc7+A5KVMlbE2h/AKiNDrMAAAAWYXBwcm92ZS52MUBjb3VudGVy\n"
	"c2lnbgAAAAAAAAAGc2hhNTEyAAABFAAAAAxyc2Etc2hhMi01MTIAAAEATYC3InmZUH0UML\n"
	"SVNJcHpy+2t/C3gdYhFZ+gn8vhdgbkLpILtPqHJ2j9npAHIHEoqjtIzt19wZ+2mjfa/fpH\n"
	"zUPebUztmGcZokM3VSI679j7fwu2XmDBLoMKfsYZcX+Y24b9sIMxAQSlTqchWm5TCq5TXk\n"
	"mg10wDk/+iAU3uDAiuEeR3FhnZMWaAuIBG2Ja47xRjo6GTlvUcYxj8wtZaJU4By+nTvJII\n"
	"aJwYpE0kznz5lILLxOjadAca08pCUK03srAywtztARMrLVtgg/Z2jIay8Ac97bVKMqroU3\n"
	"LCMtSOhTybSFLhU7LdA8QqRWnkKWxZ00UvsrNTNj4JoksFDw==\n"
	"-----END SSH SIGNATURE-----\n";

static const enum cs_ssh_type types[] = { CS_SSH_ED25519, CS_SSH_ECDSA, CS_SSH_SK_ED25519, CS_SSH_SK_ECDSA };
enum { TYPES = sizeof(types) / sizeof(types[0]) };

/* --- Keys --- */

static void test_crypto_ssh_fingerprints_are_those_of_ssh_keygen(void **state)
{
	struct cs_ssh_key key;
	char title[CS_SSH_TITLE_MAX + 1];
	(void)state;
	assert_int_equal(cs_ssh_key_read_line(ed_line, &key), 0);
	assert_int_equal(key.type, CS_SSH_ED25519);
	assert_string_equal(key.fingerprint, "SHA256:kpAaIbSoUTK7hw3ZBnOO94pZDEH4y59KghmjH23u8DM");
	assert_int_equal(cs_ssh_key_may_sign(&key), 1);
	cs_ssh_key_title(&key, title);
	assert_string_equal(title, "ssh-ed25519 SHA256:kpAaIbSoUTK7hw3ZBnOO94pZDEH4y59KghmjH23u8DM");
	assert_int_equal(cs_ssh_key_read_line(ec_line, &key), 0);
	assert_int_equal(key.type, CS_SSH_ECDSA);
	assert_string_equal(key.fingerprint, "SHA256:QwKm899NKJqplZB1BOdFOFmiJdQ1eD684b4mwi3ucjk");
	assert_int_equal(cs_ssh_key_read_line(rsa_line, &key), 0);
	assert_int_equal(key.type, CS_SSH_OTHER);
	assert_string_equal(key.fingerprint, "SHA256:9r49qFxoXz5V6l/hVq69gE1W0jFelJIdgAkbYvr6Wlg");
	assert_int_equal(cs_ssh_key_may_sign(&key), 0);
	assert_false(cs_ssh_key_is_hardware(&key));
}

/* Options of authorized_keys stand before the key, with blanks within quotation marks. */
static void test_crypto_ssh_a_line_may_have_options(void **state)
{
	static const char *const before[] = { "", "  ", "no-pty ", "command=\"echo hi\",no-pty ",
		"command=\"a \\\"b c\\\" d\" ", "from=\"10.0.0.0/8\"\t" };
	static const char *const wrong[] = { "command=\"echo hi ", "no-pty,no-agent no-x11 ", "# ", "ssh-rsa ",
		"ecdsa-sha2-nistp256 " };
	char line[1024];
	struct cs_ssh_key key;
	(void)state;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		(void)snprintf(line, sizeof(line), "%s%s", before[i], ed_line);
		assert_int_equal(cs_ssh_key_read_line(line, &key), 0);
		assert_int_equal(key.type, CS_SSH_ED25519);
	}
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(line, sizeof(line), "%s%s", wrong[i], ed_line);
		assert_int_equal(cs_ssh_key_read_line(line, &key), CS_EPROTO);
	}
	/* a kind that is not the key's */
	for (size_t i = 3; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(line, sizeof(line), "%s%s", wrong[i], strchr(ed_line, ' ') + 1);
		assert_int_equal(cs_ssh_key_read_line(line, &key), CS_EPROTO);
	}
}

static void check_blob_refused(const struct cs_buf *blob)
{
	struct cs_ssh_key key = { .n_point = 3 };
	assert_int_equal(cs_ssh_key_read(blob->data, blob->len, &key), CS_EPROTO);
	assert_int_equal(key.n_point, 3);
}

/* A125: every key cut at every byte, and with a byte more, is none. Kills: leaving out cs_cursor_end in read_kind. */
static void test_crypto_ssh_a125_keys_have_one_form(void **state)
{
	(void)state;
	for (size_t t = 0; t < TYPES; t++) {
		struct signer signer;
		struct cs_buf blob;
		signer_make(&signer, types[t]);
		assert_int_equal(signer.key.type, types[t]);
		assert_int_equal(cs_ssh_key_may_sign(&signer.key), 1);
		assert_int_equal(cs_ssh_key_is_hardware(&signer.key), t >= 2);
		cs_buf_init(&blob, 1024);
		for (size_t n = 0; n < signer.blob.len; n++) {
			blob.len = 0;
			cs_buf_put(&blob, signer.blob.data, n);
			check_blob_refused(&blob);
		}
		cs_buf_put(&blob, signer.blob.data + signer.blob.len - 1, 1);
		cs_buf_put_u8(&blob, 0);
		check_blob_refused(&blob);
		cs_buf_clear(&blob);
		signer_clear(&signer);
	}
}

static void put_curve_key(struct cs_buf *blob, const char *curve, const uint8_t *point, size_t n)
{
	blob->len = 0;
	cs_buf_put_cstr(blob, "ecdsa-sha2-nistp256");
	cs_buf_put_cstr(blob, curve);
	cs_buf_put_string(blob, point, n);
	assert_int_equal(cs_buf_error(blob), 0);
}

/* A125: another curve's name, a compressed point, infinity, a point that is not on the curve. */
static void test_crypto_ssh_a125_points_are_on_their_curve(void **state)
{
	struct signer signer;
	struct cs_ssh_key key;
	struct cs_buf blob;
	uint8_t point[CS_SSH_POINT_MAX];
	(void)state;
	signer_make(&signer, CS_SSH_ECDSA);
	memcpy(point, signer.key.point, sizeof(point));
	cs_buf_init(&blob, 1024);
	put_curve_key(&blob, "nistp384", point, sizeof(point));
	check_blob_refused(&blob);
	put_curve_key(&blob, "", point, sizeof(point));
	check_blob_refused(&blob);
	put_curve_key(&blob, "nistp256", (const uint8_t *)"", 1);
	check_blob_refused(&blob);
	point[0] = (uint8_t)(2 + (point[64] & 1));
	put_curve_key(&blob, "nistp256", point, 33);
	check_blob_refused(&blob);
	put_curve_key(&blob, "nistp256", point, sizeof(point));
	check_blob_refused(&blob);
	point[0] = 4;
	point[64] ^= 1;
	put_curve_key(&blob, "nistp256", point, sizeof(point));
	assert_int_equal(cs_ssh_key_read(blob.data, blob.len, &key), 0);
	assert_int_equal(cs_ssh_key_may_sign(&key), 0);
	cs_buf_clear(&blob);
	signer_clear(&signer);
}

/* --- Signatures --- */

static int verify_text(const char *text, const char *name_space, const char *message, struct cs_ssh_key *ret_key)
{
	struct cs_buf bytes;
	const char *why = NULL;
	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	int r = cs_ssh_unarmor(text, strlen(text), &bytes);
	if (r == 0)
		r = cs_ssh_verify(bytes.data, bytes.len, name_space, message, strlen(message), ret_key, &why);
	assert_true(r == 0 || bytes.len == 0 || why != NULL);
	cs_buf_clear(&bytes);
	return r;
}

static void test_crypto_ssh_signatures_of_ssh_keygen(void **state)
{
	static const char *const good[] = { ed_signature, ed_signature_256, ec_signature };
	static const char *const lines[] = { ed_line, ed_line, ec_line };
	struct cs_ssh_key key, expected;
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(verify_text(good[i], SPACE, MESSAGE, &key), 0);
		assert_int_equal(cs_ssh_key_read_line(lines[i], &expected), 0);
		assert_string_equal(key.fingerprint, expected.fingerprint);
		assert_int_equal(verify_text(good[i], SPACE, "hellO", &key), CS_EPERM);
		assert_int_equal(verify_text(good[i], SPACE, "hello ", &key), CS_EPERM);
		assert_int_equal(verify_text(good[i], SPACE, "", &key), CS_EPERM);
	}
	/* A125: rsa is not taken, however good */
	assert_int_equal(verify_text(rsa_signature, SPACE, MESSAGE, &key), CS_EPROTO);
}

/* A121: a signature is for one kind of statement. Kills: leaving out the namespace in cs_ssh_verify. */
static void test_crypto_ssh_a121_namespaces_do_not_meet(void **state)
{
	static const char *const other[] = { "reject.v1@countersign", "roster.v1@countersign", "file", "git", "",
		"approve.v1@countersigN", "approve.v1@countersig", "approve.v1@countersign " };
	struct cs_ssh_key key;
	(void)state;
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		assert_int_equal(verify_text(ed_signature, other[i], MESSAGE, &key), CS_EPERM);
		assert_int_equal(verify_text(ec_signature, other[i], MESSAGE, &key), CS_EPERM);
	}
}

static int verify_of(struct signer *signer, const char *message, const char **ret_why)
{
	struct cs_ssh_key key = { 0 };
	struct cs_buf bytes;
	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	signer_sign(signer, SPACE, message, strlen(message), &bytes);
	int r = cs_ssh_verify(bytes.data, bytes.len, SPACE, MESSAGE, strlen(MESSAGE), &key, ret_why);
	assert_int_equal(r == 0, strcmp(key.fingerprint, signer->key.fingerprint) == 0);
	cs_buf_clear(&bytes);
	return r;
}

static void test_crypto_ssh_signatures_of_all_kinds(void **state)
{
	static const char *const hashes[] = { "sha512", "sha256" };
	(void)state;
	for (size_t t = 0; t < TYPES; t++) {
		struct signer signer;
		signer_make(&signer, types[t]);
		for (size_t h = 0; h < 2; h++) {
			signer.hash = hashes[h];
			assert_int_equal(verify_of(&signer, MESSAGE, NULL), 0);
			assert_int_equal(verify_of(&signer, "hellO", NULL), CS_EPERM);
		}
		signer_clear(&signer);
	}
}

static void test_crypto_ssh_hashes_are_sha256_and_sha512(void **state)
{
	static const char *const hashes[] = { "sha1", "md5", "sha384", "SHA512", "sha3-256", "sha512-256" };
	struct signer signer;
	(void)state;
	signer_make(&signer, CS_SSH_ED25519);
	for (size_t h = 0; h < sizeof(hashes) / sizeof(hashes[0]); h++) {
		signer.hash = hashes[h];
		assert_int_equal(verify_of(&signer, MESSAGE, NULL), CS_EPROTO);
	}
	signer_clear(&signer);
}

/* A120, A122: a FIDO2 key that nobody touched has not signed for anybody. Kills: leaving out PRESENT. */
static void test_crypto_ssh_a120_somebody_touched_the_key(void **state)
{
	(void)state;
	for (size_t t = 2; t < TYPES; t++) {
		struct signer signer;
		const char *why = NULL;
		signer_make(&signer, types[t]);
		signer.flags = 0;
		assert_int_equal(verify_of(&signer, MESSAGE, &why), CS_EPERM);
		assert_string_equal(why, "nobody touched the key for it");
		signer.flags = SIGNER_VERIFIED;
		assert_int_equal(verify_of(&signer, MESSAGE, NULL), CS_EPERM);
		signer.flags = SIGNER_PRESENT | SIGNER_VERIFIED;
		assert_int_equal(verify_of(&signer, MESSAGE, NULL), 0);
		signer.flags = 0xff; /* flags that nobody knows are signed too, as ssh-keygen takes them */
		assert_int_equal(verify_of(&signer, MESSAGE, NULL), 0);
		signer_clear(&signer);
	}
}

/* A125: no byte of a signature can be changed, left out or added. */
static void test_crypto_ssh_a125_signatures_have_one_form(void **state)
{
	(void)state;
	for (size_t t = 0; t < TYPES; t++) {
		struct signer signer;
		struct cs_ssh_key key;
		struct cs_buf bytes;
		signer_make(&signer, types[t]);
		cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
		signer_sign(&signer, SPACE, MESSAGE, strlen(MESSAGE), &bytes);
		for (size_t i = 0; i < bytes.len; i++) {
			for (unsigned bit = 0; bit < 8; bit++) {
				bytes.data[i] ^= (uint8_t)(1u << bit);
				assert_int_not_equal(cs_ssh_verify(bytes.data, bytes.len, SPACE, MESSAGE,
							     strlen(MESSAGE), &key, NULL), 0);
				bytes.data[i] ^= (uint8_t)(1u << bit);
			}
			assert_int_equal(
				cs_ssh_verify(bytes.data, i, SPACE, MESSAGE, strlen(MESSAGE), &key, NULL), CS_EPROTO);
		}
		cs_buf_put_u8(&bytes, 0);
		assert_int_equal(cs_ssh_verify(bytes.data, bytes.len, SPACE, MESSAGE, strlen(MESSAGE), &key, NULL),
			CS_EPROTO);
		cs_buf_clear(&bytes);
		signer_clear(&signer);
	}
}

/* --- As text --- */

static void test_crypto_ssh_armor_there_and_back(void **state)
{
	struct cs_buf bytes, text;
	(void)state;
	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	cs_buf_init(&text, CS_SSH_ARMORED_MAX);
	assert_int_equal(cs_ssh_unarmor(ec_signature, strlen(ec_signature), &bytes), 0);
	assert_int_equal(cs_ssh_armor(bytes.data, bytes.len, &text), 0);
	assert_int_equal(text.len, strlen(ec_signature));
	assert_memory_equal(text.data, ec_signature, text.len);
	cs_buf_clear(&bytes);
	cs_buf_clear(&text);
}

static void test_crypto_ssh_armor_is_nothing_but_that(void **state)
{
	static const char *const formats[] = { "x%s", "\n%s", "%sx", "%s\n", "%.200s", "%.30s", "%.0s" };
	char text[2048];
	struct cs_buf bytes;
	(void)state;
	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(text, sizeof(text), formats[i], ed_signature);
#pragma GCC diagnostic pop
		assert_int_equal(cs_ssh_unarmor(text, strlen(text), &bytes), CS_EPROTO);
		assert_int_equal(bytes.len, 0);
	}
	assert_int_equal(cs_ssh_unarmor(ed_signature, strlen(ed_signature) - 1, &bytes), 0); /* the last newline */
	cs_buf_clear(&bytes);
}

/* --- The host's key --- */

static void check_signs(const struct cs_host_key *host)
{
	struct cs_ssh_key key, expected;
	struct cs_buf bytes;
	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	assert_int_equal(cs_ssh_sign(host, "receipt.v1@countersign", MESSAGE, strlen(MESSAGE), &bytes), 0);
	assert_int_equal(cs_ssh_key_read_line(cs_host_key_public(host), &expected), 0);
	assert_int_equal(cs_ssh_verify(bytes.data, bytes.len, "receipt.v1@countersign", MESSAGE, strlen(MESSAGE), &key,
				 NULL), 0);
	assert_string_equal(key.fingerprint, expected.fingerprint);
	cs_buf_clear(&bytes);
}

static void test_crypto_ssh_host_key_is_made_once(void **state)
{
	char folder[] = "/tmp/cs_host_key_XXXXXX", path[64];
	struct cs_host_key *first = NULL, *second = NULL;
	struct cs_problem problem = { 0 };
	struct stat st;
	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/host_key", folder);
	assert_int_equal(cs_host_key_open(path, &first, &problem), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	check_signs(first);
	assert_int_equal(cs_host_key_open(path, &second, &problem), 0);
	assert_string_equal(cs_host_key_public(first), cs_host_key_public(second));
	cs_host_key_free(&second);
	cs_host_key_free(&first);
	/* one that others may read is nobody's secret */
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(cs_host_key_open(path, &first, &problem), CS_EUNTRUSTED);
	cs_problem_clear(&problem);
	/* a broken one is not replaced */
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 40), 0);
	assert_int_equal(cs_host_key_open(path, &first, &problem), CS_EPROTO);
	assert_non_null(strstr(problem.text, "restore it"));
	cs_problem_clear(&problem);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 40);
	assert_null(first);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(cs_host_key_open(path, &first, &problem), CS_EIO);
	cs_problem_clear(&problem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crypto_ssh_fingerprints_are_those_of_ssh_keygen),
		cmocka_unit_test(test_crypto_ssh_a_line_may_have_options),
		cmocka_unit_test(test_crypto_ssh_a125_keys_have_one_form),
		cmocka_unit_test(test_crypto_ssh_a125_points_are_on_their_curve),
		cmocka_unit_test(test_crypto_ssh_signatures_of_ssh_keygen),
		cmocka_unit_test(test_crypto_ssh_a121_namespaces_do_not_meet),
		cmocka_unit_test(test_crypto_ssh_signatures_of_all_kinds),
		cmocka_unit_test(test_crypto_ssh_hashes_are_sha256_and_sha512),
		cmocka_unit_test(test_crypto_ssh_a120_somebody_touched_the_key),
		cmocka_unit_test(test_crypto_ssh_a125_signatures_have_one_form),
		cmocka_unit_test(test_crypto_ssh_armor_there_and_back),
		cmocka_unit_test(test_crypto_ssh_armor_is_nothing_but_that),
		cmocka_unit_test(test_crypto_ssh_host_key_is_made_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
