/* SPDX-License-Identifier: Apache-2.0 */
/* bench_floor_daemon FILE: the floor's daemon takes a connection, reads a message, writes a reply, and knows nothing. What is
 * to be recorded it adds to FILE first. */
#include "floor.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* As much as a commit of one event writes: a page. */
static int record(int file)
{
	static const char page[4096];

	return write(file, page, sizeof(page)) == (ssize_t)sizeof(page) ? fdatasync(file) : -1;
}

static void answer(int fd, int file)
{
	static const char reply[FLOOR_REPLY];
	char call[FLOOR_CALL];
	size_t have = 0;

	while (have < sizeof(call)) {
		ssize_t n = read(fd, call + have, sizeof(call) - have);

		if (n <= 0)
			return;
		have += (size_t)n;
	}
	if (call[0] == FLOOR_RECORD && record(file) < 0)
		return;
	(void)send(fd, reply, sizeof(reply), MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
	const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = FLOOR_SOCKET};
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int file = argc == 2 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (file < 0) {
		(void)fputs("usage: bench_floor_daemon FILE\n", stderr);
		return 2;
	}
	(void)unlink(FLOOR_SOCKET);
	if (listening < 0 || bind(listening, (const struct sockaddr *)&name, sizeof(name)) < 0 || listen(listening, 128) < 0) {
		perror(FLOOR_SOCKET);
		return 1;
	}
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		answer(fd, file);
		(void)close(fd);
	}
}
