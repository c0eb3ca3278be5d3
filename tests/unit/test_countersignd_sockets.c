/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of a socket, where the kernel does not say (A051), or says it of another (A055). */
#include "file.h"
#include "sockets.h"
#include "countersign/error.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static enum says { THE_TRUTH, NOTHING, HALF, NOBODY, UNMAPPED } says;

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct ucred *cred = value;

	if (name != SO_PEERCRED || says == THE_TRUTH)
		return __real_getsockopt(fd, level, name, value, len);
	if (says == NOTHING) {
		errno = EPERM;
		return -1;
	}
	if (says == HALF)
		*len = sizeof(cred->pid);
	cred->pid = getpid();
	if (says != HALF)
		cred->uid = says == UNMAPPED ? 65534 : UINT32_MAX;
	return 0;
}

static void assert_unknown(int fd)
{
	uint32_t uid = 4711;
	int32_t pid = 4712;

	assert_int_equal(socket_peer(fd, &uid, &pid), CS_EUNTRUSTED);
	assert_int_equal(uid, 4711);
	assert_int_equal(pid, 4712);
}

/* What nobody said stays what it was: never zero, which is root. Kills: a failure, or a short answer, that is passed
 * over; uid -1 that is taken for somebody. */
static void test_sockets_a051_whom_the_kernel_does_not_name_is_nobody(void **state)
{
	int pair[2] = { -1, -1 }, file = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint32_t uid = 4711;
	int32_t pid = 4712;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	says = THE_TRUTH;
	assert_unknown(file);
	assert_unknown(-1);
	assert_int_equal(socket_peer(pair[0], &uid, &pid), 0);
	assert_int_equal(uid, getuid());
	assert_int_equal(pid, getpid());
	assert_int_equal(socket_peer_gid(pair[0]), getgid());
	for (says = NOTHING; says <= NOBODY; says++)
		assert_unknown(pair[0]);
	for (says = NOTHING; says <= HALF; says++)
		assert_int_equal(socket_peer_gid(pair[0]), UINT32_MAX);
	says = THE_TRUTH;
	cs_close(&file);
	cs_close(&pair[0]);
	cs_close(&pair[1]);
}

/* In a user namespace, somebody is shown as the one who stands for all whom it does not know. Kills: a start that only
 * wants to see anybody. */
static void test_sockets_a055_the_start_sees_whether_another_is_shown_as_himself(void **state)
{
	static const struct {
		enum says says;
		int r;
		const char *seen;
	} cases[] = { { THE_TRUTH, 0, "" }, { UNMAPPED, CS_EUNTRUSTED, "uid 1 was seen as 65534" },
		{ NOTHING, CS_EUNTRUSTED, "uid 1 was seen as 4294967295" } };
	char dir[] = "/tmp/cs-sockets-XXXXXX";

	(void)state;
	if (getuid() != 0)
		skip(); /* it becomes another user */
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_problem problem = { 0 };

		says = cases[i].says;
		assert_int_equal(sockets_self_test(dir, &problem), cases[i].r);
		assert_non_null(strstr(problem.text ? problem.text : "", cases[i].seen));
		cs_problem_clear(&problem);
	}
	says = THE_TRUTH;
	assert_int_equal(rmdir(dir), 0); /* nothing is left in it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sockets_a051_whom_the_kernel_does_not_name_is_nobody),
		cmocka_unit_test(test_sockets_a055_the_start_sees_whether_another_is_shown_as_himself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
