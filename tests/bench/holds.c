/* SPDX-License-Identifier: Apache-2.0 */
/* bench_holds SOCKET SERVER_UID COUNT UID NAME COMMAND: makes so many requests of that user on connections of their own,
 * leaves each waiting, says "ready", and waits on until its standard input ends. Runs as root. */
#include "ask.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

struct hold {
	struct cs_client *client;
	struct cs_wait wait;
};

static void wait_on(struct hold *hold)
{
	int r = cs_client_send(hold->client, CS_CALL_WAIT, &hold->wait, -1);

	if (r < 0)
		ask_die("wait", r);
}

/* What was told about a hold is nothing new as a rule: it waits on. */
static void told(struct hold *hold)
{
	struct cs_decision decision;
	char *text = NULL;
	int r = cs_client_finish(hold->client, &decision, &text);

	if (r == CS_EBUSY && !text)
		return;
	if (r < 0)
		ask_die(text ? text : "wait", r);
	hold->wait.seen = decision.version;
	cs_clear(&cs_decision_shape, &decision);
	wait_on(hold);
}

static void make(struct hold *hold, const struct cs_subject *subject, const char *command, int fd, unsigned i)
{
	struct cs_decision decision;

	ask_submit(hold->client, subject, "sudo", command, i, fd, &decision);
	memcpy(hold->wait.id, decision.id, CS_ID_LEN);
	memcpy(hold->wait.secret, decision.secret, CS_ID_LEN);
	hold->wait.seen = decision.version;
	hold->wait.wait_ms = 60000;
	cs_clear(&cs_decision_shape, &decision);
	wait_on(hold);
}

/* fds: of the holds, and then standard input. */
static void stay(struct hold *holds, struct pollfd *fds, nfds_t count)
{
	while (fds[count].revents == 0) {
		if (poll(fds, count + 1, -1) < 0) {
			perror("poll");
			exit(1);
		}
		for (nfds_t i = 0; i < count; i++)
			if (fds[i].revents != 0)
				told(&holds[i]);
	}
}

static void take_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || (files.rlim_cur = files.rlim_max, setrlimit(RLIMIT_NOFILE, &files)) < 0) {
		perror("setrlimit");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct cs_subject subject = {.login_uid = CS_NO_UID};
	struct hold *holds = NULL;
	struct pollfd *fds = NULL;
	unsigned count = 0;
	int fd = -1;

	if (argc != 7)
		return 2;
	count = (unsigned)strtoul(argv[3], NULL, 10);
	subject.uid = (uint32_t)strtoul(argv[4], NULL, 10);
	subject.name = argv[5];
	fd = open(argv[6], O_RDONLY | O_CLOEXEC);
	holds = calloc(count + 1, sizeof(*holds));
	fds = calloc(count + 1, sizeof(*fds));
	if (fd < 0 || !holds || !fds) {
		perror(argv[6]);
		return 1;
	}
	take_descriptors();
	for (unsigned i = 0; i < count; i++) {
		holds[i].client = ask_open(argv[1], (uid_t)strtoul(argv[2], NULL, 10));
		make(&holds[i], &subject, argv[6], fd, i);
		fds[i] = (struct pollfd){.fd = cs_client_fd(holds[i].client), .events = POLLIN};
	}
	fds[count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	(void)puts("ready");
	(void)fflush(stdout);
	stay(holds, fds, count);
	return 0;
}
