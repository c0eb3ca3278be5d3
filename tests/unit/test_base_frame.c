/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on a stream, and the descriptors that travel with them: none is ever leaked. */
#include "frame.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <countersign/error.h>

#include "file.h"

struct ends {
	int a, b;
	size_t fds; /* open descriptors before the pair */
	struct cs_buf in, out;
};

static size_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;
	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n;
}

static int set_up(void **state)
{
	static struct ends ends;
	int pair[2];

	ends.fds = count_fds();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return -1;
	ends.a = pair[0];
	ends.b = pair[1];
	cs_buf_init(&ends.in, CS_FRAME_MAX + 4);
	cs_buf_init(&ends.out, 2 * CS_FRAME_MAX);
	*state = &ends;
	return 0;
}

static int tear_down(void **state)
{
	struct ends *ends = *state;
	cs_close(&ends->a);
	cs_close(&ends->b);
	cs_buf_clear(&ends->in);
	cs_buf_clear(&ends->out);
	return count_fds() == ends->fds ? 0 : -1;
}

static void put_frame(struct cs_buf *out, uint8_t type, const char *text)
{
	struct cs_buf payload;
	cs_buf_init(&payload, CS_FRAME_MAX);
	cs_buf_put(&payload, text, strlen(text));
	assert_int_equal(cs_frame_put(out, type, &payload), 0);
	cs_buf_clear(&payload);
}

static void test_base_frame_whole_only_when_the_last_byte_is_there(void **state)
{
	struct ends *ends = *state;
	const uint8_t *payload = NULL;
	size_t len = 0, total = 0;
	uint8_t type = 0;

	put_frame(&ends->out, 3, "abc");
	assert_int_equal(ends->out.len, 8);
	for (size_t n = 0; n < 8; n++) {
		cs_buf_clear(&ends->in);
		cs_buf_put(&ends->in, ends->out.data, n);
		assert_int_equal(cs_frame_get(&ends->in, &type, &payload, &len, &total), 0);
	}
	put_frame(&ends->out, 4, "");
	assert_int_equal(cs_frame_get(&ends->out, &type, &payload, &len, &total), 1);
	assert_int_equal(type, 3);
	assert_int_equal(len, 3);
	assert_int_equal(total, 8);
	assert_memory_equal(payload, "abc", 3);
	cs_buf_consume(&ends->out, total);
	assert_int_equal(cs_frame_get(&ends->out, &type, &payload, &len, &total), 1);
	assert_int_equal(type, 4);
	assert_int_equal(len, 0);
	assert_int_equal(total, 5);
}

static int take_type(void *arg, uint8_t type, const uint8_t *payload, size_t n)
{
	char *seen = arg;
	(void)payload;
	(void)n;
	seen[strlen(seen)] = (char)type;
	return type == 'x' ? CS_EPROTO : 0;
}

static void test_base_frame_each(void **state)
{
	struct ends *ends = *state;
	char seen[8] = "";

	put_frame(&ends->in, 'a', "1");
	put_frame(&ends->in, 'b', "22");
	cs_buf_put_u32(&ends->in, 9); /* one that is not whole stays */
	assert_int_equal(cs_frame_each(&ends->in, take_type, seen), 0);
	assert_string_equal(seen, "ab");
	assert_int_equal(ends->in.len, 4);

	cs_buf_clear(&ends->in);
	put_frame(&ends->in, 'x', "");
	put_frame(&ends->in, 'c', "");
	assert_int_equal(cs_frame_each(&ends->in, take_type, seen), CS_EPROTO);
	assert_string_equal(seen, "abx");
	assert_int_equal(ends->in.len, 10);
}

static void test_base_a063_frame_length_is_bounded(void **state)
{
	struct ends *ends = *state;
	static const struct {
		uint32_t length;
		int result;
	} cases[] = {
		{0, CS_EPROTO},
		{CS_FRAME_MAX, 0},
		{CS_FRAME_MAX + 1, CS_ETOOBIG},
		{UINT32_MAX, CS_ETOOBIG},
	};
	const uint8_t *payload = NULL;
	size_t len = 7, total = 7;
	uint8_t type = 7;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cs_buf_clear(&ends->in);
		cs_buf_put_u32(&ends->in, cases[i].length);
		assert_int_equal(cs_frame_get(&ends->in, &type, &payload, &len, &total), cases[i].result);
	}
	assert_null(payload);
	assert_int_equal(type + len + total, 21);
}

static void test_base_frame_put_that_fails_changes_nothing(void **state)
{
	struct ends *ends = *state;
	struct cs_buf payload, small;

	cs_buf_init(&payload, CS_FRAME_MAX);
	assert_int_equal(cs_buf_room(&payload, CS_FRAME_MAX), 0);
	payload.len = CS_FRAME_MAX;
	memset(payload.data, 'x', payload.len);
	assert_int_equal(cs_frame_put(&ends->out, 1, &payload), CS_ETOOBIG);
	assert_int_equal(ends->out.len, 0);
	payload.len = CS_FRAME_MAX - 1;
	assert_int_equal(cs_frame_put(&ends->out, 1, &payload), 0);
	assert_int_equal(ends->out.len, CS_FRAME_MAX + 4);

	cs_buf_init(&small, 10);
	put_frame(&small, 1, "12345");
	assert_int_equal(cs_frame_put(&small, 2, NULL), CS_ETOOBIG);
	assert_int_equal(small.len, 10);
	assert_int_equal(cs_buf_error(&small), 0);
	payload.error = CS_ENOMEM;
	assert_int_equal(cs_frame_put(&ends->out, 1, &payload), CS_ENOMEM);
	cs_buf_clear(&small);
	cs_buf_clear(&payload);
}

/* As many as may travel, in their order. Kills: a descriptor that is left out, or taken twice. */
static void travel(struct ends *ends, size_t n)
{
	struct cs_fds sent = {.n = 0}, received = {.n = 0};

	for (size_t i = 0; i < n; i++)
		assert_int_equal(cs_fds_add(&sent, i % 2 ? open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
							 : open("/dev/null", O_RDONLY | O_CLOEXEC)),
				 0);
	put_frame(&ends->out, 9, "hello");
	assert_int_equal(cs_frame_send(ends->a, &ends->out, &sent), 10);
	assert_int_equal(ends->out.len, 0);
	assert_int_equal(cs_frame_recv(ends->b, &ends->in, &received), 10);
	assert_int_equal(ends->in.len, 10);
	assert_int_equal(received.n, n);
	for (size_t i = 0; i < n; i++) {
		struct stat was, got;

		assert_int_not_equal(received.fds[i], sent.fds[i]);
		assert_true((fcntl(received.fds[i], F_GETFD) & FD_CLOEXEC) != 0);
		assert_int_equal(fstat(sent.fds[i], &was), 0);
		assert_int_equal(fstat(received.fds[i], &got), 0);
		assert_true(was.st_ino == got.st_ino && was.st_dev == got.st_dev);
	}
	cs_fds_close(&sent);
	cs_fds_close(&received);
	assert_int_equal(received.n, 0);
	cs_buf_consume(&ends->in, 10);
}

static void test_base_frame_travels_with_its_descriptors(void **state)
{
	struct cs_fds full = {.n = CS_FRAME_FDS};

	travel(*state, 1);
	travel(*state, 2);
	travel(*state, CS_FRAME_FDS);
	assert_int_equal(cs_fds_add(&full, 0), CS_ETOOBIG);
}

/* Tear-down counts the descriptors of the process: one that is not closed fails the test. */
static void test_base_frame_unwanted_descriptor_is_not_received(void **state)
{
	struct ends *ends = *state;
	struct cs_fds two = {.fds = {ends->a, ends->b}, .n = 2};

	put_frame(&ends->out, 9, "hello");
	assert_int_equal(cs_frame_send(ends->a, &ends->out, &two), 10);
	assert_int_equal(cs_frame_recv(ends->b, &ends->in, NULL), 10);
}

static void send_fds(int fd, size_t n)
{
	char space[CMSG_SPACE(40 * sizeof(int))] __attribute__((aligned(16))) = {0};
	char byte = 'x';
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = space};

	msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(int));
	assert_int_equal(sendmsg(fd, &msg, MSG_NOSIGNAL), 1);
}

/* 40 are more than the control buffer holds: the rest is cut off by the kernel (MSG_CTRUNC). Kills: the bound; a descriptor of
 * too many that stays open. */
static void test_base_a059_frame_too_many_descriptors_are_refused_and_closed(void **state)
{
	struct ends *ends = *state;
	static const size_t counts[] = {CS_FRAME_FDS + 1, CS_FRAME_FDS + 2, 40};
	struct cs_fds received = {.n = 0};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		send_fds(ends->a, counts[i]);
		assert_int_equal(cs_frame_recv(ends->b, &ends->in, &received), CS_EPROTO);
		assert_int_equal(received.n, 0);
		assert_int_equal(ends->in.len, 0);
	}
}

static void test_base_frame_more_descriptors_before_the_first_are_taken(void **state)
{
	struct ends *ends = *state;
	struct cs_fds received = {.n = 0};

	send_fds(ends->a, 1);
	assert_int_equal(cs_frame_recv(ends->b, &ends->in, &received), 1);
	int first = received.fds[0];
	send_fds(ends->a, 1);
	assert_int_equal(cs_frame_recv(ends->b, &ends->in, &received), CS_EPROTO);
	assert_int_equal(received.n, 1);
	assert_int_equal(received.fds[0], first);
	cs_fds_close(&received);
}

static void test_base_frame_tells_waiting_ended_and_broken_apart(void **state)
{
	struct ends *ends = *state;
	struct cs_fds received = {.n = 0}, one = {.fds = {ends->b}, .n = 1};

	assert_int_equal(cs_frame_recv(ends->b, &ends->in, &received), CS_EBUSY);
	assert_int_equal(cs_frame_send(ends->a, &ends->out, NULL), 0);
	assert_int_equal(cs_frame_send(ends->a, &ends->out, &one), CS_EINVAL);
	cs_close(&ends->a);
	assert_int_equal(cs_frame_recv(ends->b, &ends->in, &received), 0);
	put_frame(&ends->out, 1, "x");
	/* SIGPIPE would end the test here. */
	(void)signal(SIGPIPE, SIG_DFL);
	assert_int_equal(cs_frame_send(ends->b, &ends->out, NULL), CS_EIO);
	assert_int_equal(ends->out.len, 6);
	assert_int_equal(cs_frame_recv(-1, &ends->in, &received), CS_EIO);
}

static void test_base_a063_frame_recv_never_outgrows_its_bound(void **state)
{
	struct ends *ends = *state;
	struct cs_buf in;

	cs_buf_init(&in, 6);
	put_frame(&ends->out, 1, "123456");
	assert_int_equal(cs_frame_send(ends->a, &ends->out, NULL), 11);
	assert_int_equal(cs_frame_recv(ends->b, &in, NULL), 6);
	assert_int_equal(cs_frame_recv(ends->b, &in, NULL), CS_ETOOBIG);
	assert_int_equal(in.len, 6);
	cs_buf_consume(&in, 6);
	assert_int_equal(cs_frame_recv(ends->b, &in, NULL), 5);
	cs_buf_clear(&in);
}

/* The largest frame, through a socket buffer that is smaller than it. */
static void test_base_frame_largest_goes_through_in_pieces(void **state)
{
	struct ends *ends = *state;
	struct cs_buf payload;
	const uint8_t *got = NULL;
	size_t len = 0, total = 0;
	uint8_t type = 0;
	int small = 4096, r = 0, pieces = 0;

	assert_int_equal(setsockopt(ends->a, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	cs_buf_init(&payload, CS_FRAME_MAX);
	for (size_t i = 0; i < CS_FRAME_MAX - 1; i++)
		cs_buf_put_u8(&payload, (uint8_t)(i * 7));
	assert_int_equal(cs_frame_put(&ends->out, 2, &payload), 0);
	while (cs_frame_get(&ends->in, &type, &got, &len, &total) == 0) {
		r = cs_frame_send(ends->a, &ends->out, NULL);
		assert_true(r >= 0 || r == CS_EBUSY);
		r = cs_frame_recv(ends->b, &ends->in, NULL);
		assert_true(r > 0);
		pieces++;
	}
	assert_true(pieces > 4);
	assert_int_equal(len, payload.len);
	assert_memory_equal(got, payload.data, len);
	cs_buf_clear(&payload);
}

/* The wait is poll's, which a signal and a deadline end; a frame by itself never waits, whoever made the socket. */
static void test_base_a043_frame_never_waits(void **state)
{
	struct ends *ends = *state;
	int r = 0;

	assert_int_equal(fcntl(ends->a, F_SETFL, 0), 0);
	assert_int_equal(fcntl(ends->b, F_SETFL, 0), 0);
	assert_int_equal(cs_frame_recv(ends->b, &ends->in, NULL), CS_EBUSY);
	do {
		uint8_t much[4096] = { 0 };

		cs_buf_put(&ends->out, much, sizeof(much));
		r = cs_frame_send(ends->a, &ends->out, NULL);
	} while (r > 0);
	assert_int_equal(r, CS_EBUSY);
}

#define FRAME_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRAME_TEST(test_base_frame_whole_only_when_the_last_byte_is_there),
		FRAME_TEST(test_base_frame_each),
		FRAME_TEST(test_base_a063_frame_length_is_bounded),
		FRAME_TEST(test_base_frame_put_that_fails_changes_nothing),
		FRAME_TEST(test_base_frame_travels_with_its_descriptors),
		FRAME_TEST(test_base_frame_unwanted_descriptor_is_not_received),
		FRAME_TEST(test_base_a059_frame_too_many_descriptors_are_refused_and_closed),
		FRAME_TEST(test_base_frame_more_descriptors_before_the_first_are_taken),
		FRAME_TEST(test_base_frame_tells_waiting_ended_and_broken_apart),
		FRAME_TEST(test_base_a063_frame_recv_never_outgrows_its_bound),
		FRAME_TEST(test_base_frame_largest_goes_through_in_pieces),
		FRAME_TEST(test_base_a043_frame_never_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
