/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are run and waited for. */
#include "run_program.h"
#include "countersign/error.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 64 * 1024 };

/* Files in memory instead of pipes: nobody has to read and write at the same time. */
static int input_fd(const void *bytes, size_t n)
{
	int fd = memfd_create("countersign", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, bytes, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0))
		cs_close(&fd);
	return fd;
}

static int start(const char *const *argv, int in, int out, bool quiet, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int e = posix_spawn_file_actions_init(&actions);

	if (e != 0)
		return CS_ENOMEM;
	e = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (e == 0 && quiet)
		e = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (e == 0)
		e = posix_spawnp(ret_pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return e == 0 ? 0 : e == ENOENT ? CS_ENOENT : e == ENOMEM ? CS_ENOMEM : CS_EIO;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return CS_EIO;
	return WIFEXITED(status) ? WEXITSTATUS(status) : CS_EIO;
}

static int take_output(int fd, struct cs_buf *out)
{
	uint8_t *bytes = malloc(OUTPUT_MAX + 1);
	ssize_t n = bytes ? pread(fd, bytes, OUTPUT_MAX + 1, 0) : -1;
	int r = !bytes ? CS_ENOMEM : n < 0 ? CS_EIO : n > OUTPUT_MAX ? CS_ETOOBIG : 0;

	if (r == 0)
		cs_buf_put(out, bytes, (size_t)n);
	free(bytes);
	return r < 0 ? r : cs_buf_error(out);
}

int cs_run_program(const char *const *argv, const void *input, size_t n, bool quiet, struct cs_buf *out)
{
	int in = input_fd(input, n), printed = memfd_create("countersign", MFD_CLOEXEC), status = 0;
	pid_t pid = 0;
	int r = in >= 0 && printed >= 0 ? start(argv, in, printed, quiet, &pid) : CS_EIO;

	if (r == 0)
		status = wait_for(pid);
	if (r == 0 && status >= 0)
		r = take_output(printed, out);
	cs_close(&in);
	cs_close(&printed);
	return r < 0 ? r : status;
}
