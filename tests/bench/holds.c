/* SPDX-License-Identifier: Apache-2.0 */
/* bench_holds SOCKET SERVER_UID COUNT UID NAME COMMAND: makes so many requests of that user on connections of their own,
 * leaves each waiting, says "ready", and stays until its standard input ends. Runs as root. */
#include "client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void die(const char *what, int error)
{
	(void)fprintf(stderr, "bench_holds: %s: %s\n", what, cs_strerror(error));
	exit(1);
}

static void submit(struct cs_client *client, const struct cs_subject *subject, char *command, int fd, unsigned i,
	struct cs_wait *ret_wait)
{
	char version[32], *argv[] = {command, version};
	static char service[] = "sudo", cwd[] = "/", target[] = "root";
	struct cs_submit call = {.subject = *subject, .may_wait = true, .has_file = true,
		.action = {.service = service, .command = command, .resolved = command, .argv = argv, .n_argv = 2, .cwd = cwd,
			.target_name = target}};
	struct cs_decision decision;
	char *text = NULL;
	int r = 0;

	(void)snprintf(version, sizeof(version), "10.%u", i);
	r = cs_client_call(client, CS_CALL_SUBMIT, &call, fd, 10000, &decision, &text);
	if (r < 0)
		die(text ? text : "submit", r);
	if (decision.verdict != CS_HOLD) {
		(void)fprintf(stderr, "bench_holds: %s\n", cs_reason_name(decision.reason));
		exit(1);
	}
	memcpy(ret_wait->id, decision.id, CS_ID_LEN);
	memcpy(ret_wait->secret, decision.secret, CS_ID_LEN);
	ret_wait->seen = decision.version;
	ret_wait->wait_ms = 60000;
	cs_clear(&cs_decision_shape, &decision);
}

int main(int argc, char **argv)
{
	struct rlimit files;
	struct cs_client_options options = {.connect_ms = 5000};
	struct cs_subject subject = {.login_uid = CS_NO_UID};
	unsigned count = 0;
	int fd = -1;

	if (argc != 7)
		return 2;
	options.path = argv[1];
	options.server_uid = (uid_t)strtoul(argv[2], NULL, 10);
	count = (unsigned)strtoul(argv[3], NULL, 10);
	subject.uid = (uint32_t)strtoul(argv[4], NULL, 10);
	subject.name = argv[5];
	fd = open(argv[6], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || getrlimit(RLIMIT_NOFILE, &files) < 0) {
		perror(argv[6]);
		return 1;
	}
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0) {
		perror("setrlimit");
		return 1;
	}
	for (unsigned i = 0; i < count; i++) {
		struct cs_client *client = NULL; /* kept open by its descriptor until this process ends */
		struct cs_wait wait = {0};
		int r = cs_client_open(&options, &client, NULL);

		if (r < 0)
			die(options.path, r);
		submit(client, &subject, argv[6], fd, i, &wait);
		r = cs_client_send(client, CS_CALL_WAIT, &wait, -1);
		if (r < 0)
			die("wait", r);
	}
	(void)puts("ready");
	(void)fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
