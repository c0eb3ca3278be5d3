/* SPDX-License-Identifier: Apache-2.0 */
/* The floor's module: the least that a module can do that asks a daemon at all. */
#include "floor.h"

#include <security/pam_modules.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static int ask(int fd)
{
	static const char call[FLOOR_CALL];
	char reply[FLOOR_REPLY];
	size_t have = 0;

	if (send(fd, call, sizeof(call), MSG_NOSIGNAL) != (ssize_t)sizeof(call))
		return PAM_PERM_DENIED;
	while (have < sizeof(reply)) {
		ssize_t n = read(fd, reply + have, sizeof(reply) - have);

		if (n <= 0)
			return PAM_PERM_DENIED;
		have += (size_t)n;
	}
	return PAM_SUCCESS;
}

EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = FLOOR_SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = PAM_PERM_DENIED;

	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	if (fd < 0)
		return r;
	if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0)
		r = ask(fd);
	(void)close(fd);
	return r;
}
