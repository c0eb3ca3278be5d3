/* SPDX-License-Identifier: Apache-2.0 */
/* Base when memory runs out (A119): each allocation fails once, nothing changes, nothing is lost or leaked. */
#include "alloc_fault.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <countersign/error.h>

#include "buf.h"
#include "file.h"
#include "frame.h"
#include "mem.h"
#include "text.h"

/* Where libc's hardened vasprintf is called instead, it cannot be made to fail. */
static bool hardened(void)
{
#if defined(_FORTIFY_SOURCE)
	return true;
#else
	return false;
#endif
}

static void test_base_a119_mem(void **state)
{
	char **v = NULL, *s = NULL;
	size_t n = 0, cap = 0;
	uint32_t *items = NULL;
	(void)state;

	assert_int_equal(cs_strv_add(&v, &n, "a"), 0);
	for (size_t at = 1; at <= 2; at++) {
		alloc_fault_reset(at);
		assert_int_equal(cs_strv_add(&v, &n, "b"), CS_ENOMEM);
		assert_int_equal(n, 1);
		assert_string_equal(v[0], "a");
	}
	alloc_fault_reset(0);
	assert_int_equal(cs_set(&s, "kept"), 0);
	alloc_fault_reset(1);
	assert_int_equal(cs_set(&s, "lost"), CS_ENOMEM);
	assert_string_equal(s, "kept");
	cs_free_str(&s);
	alloc_fault_reset(1);
	int r = cs_format(&s, "x%d", 1);
	assert_int_equal(r, hardened() ? 0 : CS_ENOMEM);
	assert_int_equal(s == NULL, r != 0);
	cs_free_str(&s);
	alloc_fault_reset(1);
	assert_int_equal(cs_reserve((void **)&items, &cap, 0, 1, sizeof(*items)), CS_ENOMEM);
	assert_null(items);
	assert_int_equal(cap, 0);
	cs_free_strv(&v, &n);
}

static void test_base_a119_buf_and_cursor(void **state)
{
	static const uint8_t source[] = {0, 0, 0, 2, 'a', 'b'};
	struct cs_buf buf;
	struct cs_cursor cur;
	(void)state;

	cs_buf_init(&buf, 10000);
	alloc_fault_reset(1);
	cs_buf_put_cstr(&buf, "x");
	cs_buf_put_cstr(&buf, "y"); /* would succeed, but the error stays */
	assert_int_equal(cs_buf_error(&buf), CS_ENOMEM);
	assert_int_equal(buf.len, 0);
	cs_buf_clear(&buf);
	cs_buf_put_u8(&buf, 1);
	alloc_fault_reset(1);
	assert_int_equal(cs_buf_room(&buf, 5000), CS_ENOMEM);
	assert_int_equal(cs_buf_error(&buf), 0);
	assert_int_equal(buf.data[0], 1);
	cs_buf_clear(&buf);
	cs_cursor_init(&cur, source, sizeof(source));
	alloc_fault_reset(1);
	assert_null(cs_cursor_cstr(&cur, 10));
	assert_int_equal(cs_cursor_end(&cur), CS_ENOMEM);
	alloc_fault_reset(1);
	assert_null(cs_escaped("x"));
}

/* A descriptor that came with bytes for which there is no memory is closed. */
static void test_base_a119_frame_closes_what_came(void **state)
{
	struct cs_buf in, out;
	struct cs_fds received = {.n = 0}, passed = {.n = 1};
	int pair[2];
	(void)state;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	cs_buf_init(&in, 100);
	cs_buf_init(&out, 100);
	alloc_fault_reset(1);
	assert_int_equal(cs_frame_put(&out, 1, NULL), CS_ENOMEM);
	assert_int_equal(cs_buf_error(&out), 0);
	assert_int_equal(cs_frame_put(&out, 1, NULL), 0);
	int next = dup(pair[0]);
	cs_close(&next);
	next = dup(pair[0]); /* the lowest free number */
	int lowest = next;
	cs_close(&next);
	passed.fds[0] = pair[0];
	assert_int_equal(cs_frame_send(pair[0], &out, &passed), 5);
	alloc_fault_reset(1);
	assert_int_equal(cs_frame_recv(pair[1], &in, &received), CS_ENOMEM);
	assert_int_equal(received.n, 0);
	assert_int_equal(fcntl(lowest, F_GETFD), -1);
	cs_close(&pair[0]);
	cs_close(&pair[1]);
	cs_buf_clear(&in);
	cs_buf_clear(&out);
}

static void test_base_a119_file(void **state)
{
	struct cs_problem problem = {0};
	char *text = NULL;
	size_t n = 0;
	(void)state;

	alloc_fault_reset(1);
	assert_int_equal(cs_file_read("/etc/passwd", 0, 0, 1 << 20, &text, &n, &problem), CS_ENOMEM);
	assert_null(text);
	alloc_fault_reset(1);
	if (!hardened())
		cs_problem_set(&problem, "f", 1, "lost");
	assert_null(problem.text);
	alloc_fault_reset(hardened() ? 1 : 2); /* the text is there, the name of the file is not */
	cs_problem_set(&problem, "f", 1, "kept");
	alloc_fault_reset(0);
	text = cs_problem_text(&problem);
	assert_string_equal(text, "kept");
	cs_free_str(&text);
	alloc_fault_reset(1); /* only the text is left, so this is a copy of it */
	assert_null(cs_problem_text(&problem));
	cs_problem_clear(&problem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base_a119_mem),
		cmocka_unit_test(test_base_a119_buf_and_cursor),
		cmocka_unit_test(test_base_a119_frame_closes_what_came),
		cmocka_unit_test(test_base_a119_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
