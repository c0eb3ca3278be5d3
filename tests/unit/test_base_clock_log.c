/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks, times for people, and the log. */
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "file.h"
#include "log.h"
#include "mem.h"

static void test_base_now_is_the_kernels(void **state)
{
	struct cs_now now, later;
	struct timespec ts;
	char text[64] = "";
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	(void)state;

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	(void)fclose(file);
	text[strcspn(text, "\n")] = '\0';
	assert_int_equal(cs_now_read(&now), 0);
	assert_string_equal(now.boot_id, text);
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &ts), 0);
	assert_true(now.wall_ms / 1000 + 5 >= (uint64_t)ts.tv_sec && now.wall_ms / 1000 <= (uint64_t)ts.tv_sec);
	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &ts), 0);
	assert_true(now.boot_ms / 1000 + 5 >= (uint64_t)ts.tv_sec && now.boot_ms / 1000 <= (uint64_t)ts.tv_sec);
	assert_int_equal(cs_now_read(&later), 0);
	assert_true(later.boot_ms >= now.boot_ms && cs_boot_ms() >= later.boot_ms);
}

static void test_base_time_texts(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00Z"},
		{UINT64_C(1795291208999), "2026-11-21T20:00:08Z"},
		{UINT64_C(951782400000), "2000-02-29T00:00:00Z"},
		{UINT64_C(253402300799999), "9999-12-31T23:59:59Z"},
		{UINT64_C(253402300800000), "after year 9999"},
		{UINT64_MAX, "after year 9999"},
	};
	char text[21];
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		cs_time_text(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_base_span_texts(void **state)
{
	static const struct {
		uint64_t s;
		const char *text;
	} cases[] = {
		{0, "0s"},
		{9, "9s"},
		{59, "59s"},
		{60, "1m 00s"},
		{843, "14m 03s"},
		{3599, "59m 59s"},
		{3600, "1h 00m"},
		{7500, "2h 05m"},
		{86399, "23h 59m"},
		{86400, "1d 00h"},
		{31536000, "365d 00h"},
		{UINT64_MAX / 1000, "999999d 00h"},
	};
	char text[16];
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		cs_span_text(cases[i].s * 1000 + 615, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* Runs cs_log with standard error in a pipe and returns what came out. */
static void logged(int level, const char *text, char *out, size_t size)
{
	int ends[2], kept = dup(STDERR_FILENO);
	ssize_t n = 0;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_not_equal(dup2(ends[1], STDERR_FILENO), -1);
	errno = 77;
	cs_log(level, "%s", text);
	int after = errno;
	assert_int_not_equal(dup2(kept, STDERR_FILENO), -1);
	cs_close(&ends[1]);
	n = read(ends[0], out, size - 1);
	assert_true(n > 0);
	out[n] = '\0';
	assert_int_equal(after, 77);
	cs_close(&ends[0]);
	cs_close(&kept);
}

static void test_base_a130_log_is_one_escaped_line(void **state)
{
	char out[16384];
	(void)state;

	cs_log_open("unit", 0);
	logged(LOG_WARNING, "all is well", out, sizeof(out));
	assert_string_equal(out, "<4>unit: all is well\n");
	logged(LOG_ERR, "x\n<2>unit: forged\x1b[2K %n%s", out, sizeof(out));
	assert_string_equal(out, "<3>unit: x\\n<2>unit: forged\\x1B[2K %n%s\n");
}

static void test_base_a130_log_line_is_bounded_and_says_so(void **state)
{
	char out[16384], big[12001];
	(void)state;

	cs_log_open("unit", 0);
	for (int i = 0; i < 2; i++) {
		memset(big, i == 0 ? 'x' : '\x01', sizeof(big) - 1);
		big[sizeof(big) - 1] = '\0';
		logged(LOG_INFO, big, out, sizeof(out));
		size_t n = strlen(out);
		assert_true(n > 8000 && n <= 8192);
		assert_string_equal(out + n - 7, " [cut]\n");
		assert_int_equal(out[n - 8], i == 0 ? 'x' : '1');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base_now_is_the_kernels),
		cmocka_unit_test(test_base_time_texts),
		cmocka_unit_test(test_base_span_texts),
		cmocka_unit_test(test_base_a130_log_is_one_escaped_line),
		cmocka_unit_test(test_base_a130_log_line_is_bounded_and_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
