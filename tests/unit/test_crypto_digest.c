/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, random bytes, comparison of secrets. */
#include "crypto.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <countersign/error.h>

#include "buf.h"
#include "file.h"
#include "text.h"

static void check_hex(const uint8_t digest[CS_SHA256_LEN], const char *expected)
{
	char hex[2 * CS_SHA256_LEN + 1];
	cs_hex(digest, CS_SHA256_LEN, hex);
	assert_string_equal(hex, expected);
}

/* printf '\0\0\0\1d\0\0\0\3abc' | sha256sum */
static void test_crypto_digest_is_sha256_of_two_strings(void **state)
{
	uint8_t digest[CS_SHA256_LEN];
	(void)state;
	assert_int_equal(cs_digest("d", "abc", 3, digest), 0);
	check_hex(digest, "3c203d9ab8ae2b039fb839c61936fc5896a022b8567359dddf0b3762dc10512b");
	assert_int_equal(cs_digest("", NULL, 0, digest), 0);
	check_hex(digest, "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc");
}

static void test_crypto_a121_domains_do_not_meet(void **state)
{
	uint8_t a[CS_SHA256_LEN], b[CS_SHA256_LEN];
	(void)state;
	assert_int_equal(cs_digest("request", "x", 1, a), 0);
	assert_int_equal(cs_digest("event", "x", 1, b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	/* The border between domain and bytes counts too. */
	assert_int_equal(cs_digest("ab", "c", 1, a), 0);
	assert_int_equal(cs_digest("a", "bc", 2, b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void test_crypto_digest_refuses_what_the_length_cannot_say(void **state)
{
	uint8_t digest[CS_SHA256_LEN] = {7};
	(void)state;
	assert_int_equal(cs_digest("d", "x", (size_t)UINT32_MAX + 1, digest), CS_EINVAL);
	assert_int_equal(digest[0], 7);
}

static void test_crypto_file_digest_is_sha256_and_leaves_the_offset(void **state)
{
	uint8_t digest[CS_SHA256_LEN];
	int fd = memfd_create("digest", MFD_CLOEXEC);
	(void)state;

	assert_int_equal(cs_digest_fd(fd, 0, digest), 0);
	check_hex(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(lseek(fd, 1, SEEK_SET), 1);
	assert_int_equal(cs_digest_fd(fd, 3, digest), 0);
	check_hex(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 1);
	memset(digest, 7, sizeof(digest));
	assert_int_equal(cs_digest_fd(fd, 2, digest), CS_ETOOBIG);
	assert_int_equal(digest[0], 7);
	cs_close(&fd);
}

/* One million times 'a', the long example of FIPS 180: several chunks, the last not whole. */
static void test_crypto_file_digest_over_many_chunks(void **state)
{
	uint8_t digest[CS_SHA256_LEN];
	char *many = malloc(1000000);
	int fd = memfd_create("digest", MFD_CLOEXEC);
	(void)state;

	assert_non_null(many);
	memset(many, 'a', 1000000);
	assert_int_equal(write(fd, many, 1000000), 1000000);
	assert_int_equal(cs_digest_fd(fd, 1000000, digest), 0);
	check_hex(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	cs_close(&fd);
	free(many);
}

static void test_crypto_file_digest_only_of_readable_regular_files(void **state)
{
	uint8_t digest[CS_SHA256_LEN];
	int ends[2], folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		     path = open("/etc/passwd", O_PATH | O_CLOEXEC);
	int device = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	(void)state;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(cs_digest_fd(ends[0], 100, digest), CS_EINVAL);
	assert_int_equal(cs_digest_fd(folder, 100, digest), CS_EINVAL);
	assert_int_equal(cs_digest_fd(device, 100, digest), CS_EINVAL);
	assert_int_equal(cs_digest_fd(path, 1 << 20, digest), CS_EIO);
	assert_int_equal(cs_digest_fd(-1, 100, digest), CS_EIO);
	/* A file whose size is said to be 0 is still held to the bound. */
	int proc = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	assert_int_equal(cs_digest_fd(proc, 10, digest), CS_ETOOBIG);
	assert_int_equal(cs_digest_fd(proc, 1 << 20, digest), 0);
	for (size_t i = 0; i < 2; i++)
		cs_close(&ends[i]);
	cs_close(&folder);
	cs_close(&path);
	cs_close(&device);
	cs_close(&proc);
}

static void test_crypto_random_fills_all_and_differs(void **state)
{
	uint8_t a[1000] = {0}, b[1000] = {0};
	size_t zeros = 0, same = 0;
	(void)state;

	assert_int_equal(cs_random(a, sizeof(a)), 0);
	assert_int_equal(cs_random(b, sizeof(b)), 0);
	assert_int_equal(cs_random(a, 0), 0);
	for (size_t i = 0; i < sizeof(a); i++) {
		zeros += a[i] == 0;
		same += a[i] == b[i];
	}
	assert_true(zeros < 40 && same < 40); /* about 4 are expected of each */
}

static void test_crypto_equal_secret(void **state)
{
	(void)state;
	assert_int_equal(cs_equal_secret("abcd", "abcd", 4), 1);
	assert_int_equal(cs_equal_secret("abcd", "abce", 4), 0);
	assert_int_equal(cs_equal_secret("abcd", "Abcd", 4), 0);
	assert_int_equal(cs_equal_secret("abcd", "abce", 3), 1);
	assert_int_equal(cs_equal_secret("a\0c", "a\0d", 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crypto_digest_is_sha256_of_two_strings),
		cmocka_unit_test(test_crypto_a121_domains_do_not_meet),
		cmocka_unit_test(test_crypto_digest_refuses_what_the_length_cannot_say),
		cmocka_unit_test(test_crypto_file_digest_is_sha256_and_leaves_the_offset),
		cmocka_unit_test(test_crypto_file_digest_over_many_chunks),
		cmocka_unit_test(test_crypto_file_digest_only_of_readable_regular_files),
		cmocka_unit_test(test_crypto_random_fills_all_and_differs),
		cmocka_unit_test(test_crypto_equal_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
