/* SPDX-License-Identifier: Apache-2.0 */
/* countersign(1): the process. Everything it does is in commands.c and the files named after the subcommands. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* A descriptor below 3 that is closed would be given to the next file or socket, and text would be written into it. */
static int fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			return CS_EXIT_INTERNAL;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int status = fill_standard_descriptors();

	if (status != 0)
		return status;
	signal(SIGPIPE, SIG_IGN);
	return cs_command_main(argc, argv);
}
