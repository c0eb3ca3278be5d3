/* SPDX-License-Identifier: Apache-2.0 */
/* The process that waits for the confirmation, and takes a door back when none comes. */
#include "enable.h"
#include "file.h"
#include "log.h"
#include "mem.h"

#include <countersign/error.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PARENT, TIME, CHANGE, END, N_POLLED };

struct waiting {
	const struct cs_host *host;
	const struct cs_enable_door *door;
	uint64_t id;
	struct pollfd polled[N_POLLED];
};

/* What the record says of our change: its state, or CS_ENABLE_NONE where it is none of ours any more. */
static enum cs_enable_state look(const struct waiting *waiting, uint64_t *ret_until)
{
	struct cs_enable_record record = { 0 };
	enum cs_enable_state state = CS_ENABLE_NONE;

	if (cs_enable_record_read(waiting->host, waiting->door, &record) == 0 && record.id == waiting->id) {
		state = record.state;
		*ret_until = record.until_ms;
	}
	cs_clear(&cs_enable_record_shape, &record);
	return state;
}

/* Under the lock, so that a confirmation comes before it or after it. */
static void take_back(const struct waiting *waiting)
{
	uint64_t until = 0;
	enum cs_enable_state state = CS_ENABLE_NONE;
	int lock = cs_enable_lock(waiting->host), r = 0;

	state = look(waiting, &until);
	if (state == CS_ENABLE_WRITING || state == CS_ENABLE_WAITING) {
		r = cs_enable_take_back(waiting->host, waiting->door, false, NULL);
		cs_log(r == 0 ? LOG_WARNING : LOG_ERR, "enable %s was not confirmed: %s", waiting->door->name,
			r == 0 ? "its files are as they were" : "its files could not all be put back; run countersign disable");
	}
	cs_close(&lock);
}

static void set_timer(int fd, uint64_t until_ms)
{
	const struct itimerspec at = { .it_value = { .tv_sec = (time_t)(until_ms / 1000),
		.tv_nsec = (long)(until_ms % 1000) * 1000000 + 1 } };

	(void)timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* 1: it goes on waiting. Who began it is gone: either it is tried and waits, or it was left half done. */
static int parent_gone(struct waiting *waiting)
{
	uint64_t until = 0;
	enum cs_enable_state state = look(waiting, &until);

	waiting->polled[PARENT].fd = -1;
	if (state == CS_ENABLE_WRITING)
		take_back(waiting);
	if (state != CS_ENABLE_WAITING)
		return 0;
	set_timer(waiting->polled[TIME].fd, until);
	return 1;
}

static void drain(int fd)
{
	char bytes[4096];

	(void)!read(fd, bytes, sizeof(bytes));
}

/* 1: it goes on waiting. */
static int turn(struct waiting *waiting)
{
	uint64_t until = 0;

	if (poll(waiting->polled, N_POLLED, -1) < 0)
		return errno == EINTR;
	if (waiting->polled[TIME].revents != 0 || waiting->polled[END].revents != 0) {
		take_back(waiting);
		return 0;
	}
	if (waiting->polled[CHANGE].revents != 0) {
		enum cs_enable_state state = CS_ENABLE_NONE;

		drain(waiting->polled[CHANGE].fd);
		state = look(waiting, &until);
		if (state != CS_ENABLE_WRITING && state != CS_ENABLE_WAITING)
			return 0;
	}
	return waiting->polled[PARENT].revents == 0 || parent_gone(waiting);
}

/* Every descriptor but these, and the standard ones. */
static int close_others(const int *keep, size_t n)
{
	int last = sysconf(_SC_OPEN_MAX) < 65536 ? (int)sysconf(_SC_OPEN_MAX) : 65536;

	for (int fd = 3; fd < last; fd++) {
		bool kept = false;

		for (size_t i = 0; i < n; i++)
			kept = kept || keep[i] == fd;
		if (!kept)
			(void)close(fd);
	}
	return close_range((unsigned)last, ~0U, 0) == 0 ? 0 : CS_EIO;
}

/* Nothing of the terminal and of who began it stays: no descriptor, no session, no folder. */
static int detach(const int *keep, size_t n)
{
	int nothing = -1;

	if (close_others(keep, n) < 0)
		return CS_EIO;
	nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing == -1 || dup2(nothing, 0) == -1 || dup2(nothing, 1) == -1 || dup2(nothing, 2) == -1 || chdir("/") != 0)
		return CS_EIO;
	return setsid() != -1 ? 0 : CS_EIO;
}

/* TERM is how a machine that goes down, or a session that is ended, says so: then it is taken back at once. */
static int open_all(struct waiting *waiting, int parent)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTTOU, SIGTTIN, SIGTSTP };
	sigset_t end;

	for (size_t i = 0; i < CS_COUNT(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)sigemptyset(&end);
	(void)sigaddset(&end, SIGTERM);
	if (sigprocmask(SIG_SETMASK, &end, NULL) != 0)
		return CS_EIO;
	waiting->polled[PARENT] = (struct pollfd){ .fd = parent, .events = POLLIN };
	waiting->polled[TIME] = (struct pollfd){ .fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC), .events = POLLIN };
	waiting->polled[CHANGE] = (struct pollfd){ .fd = inotify_init1(IN_CLOEXEC), .events = POLLIN };
	waiting->polled[END] = (struct pollfd){ .fd = signalfd(-1, &end, SFD_CLOEXEC), .events = POLLIN };
	if (waiting->polled[TIME].fd == -1 || waiting->polled[END].fd == -1 || waiting->polled[CHANGE].fd == -1 ||
		inotify_add_watch(waiting->polled[CHANGE].fd, CS_ENABLE_FOLDER, IN_MOVED_TO | IN_DELETE) == -1)
		return CS_EIO;
	return 0;
}

/* told: a byte says that it waits from now on. */
static void wait_for_it(struct waiting *waiting, int parent, int told)
{
	const int keep[] = { parent, told, waiting->host->fd };

	if (detach(keep, CS_COUNT(keep)) < 0 || open_all(waiting, parent) < 0 || write(told, "w", 1) != 1)
		_exit(1);
	(void)close(told);
	cs_log_open("countersign", 1);
	while (turn(waiting) == 1)
		;
	_exit(0);
}

/* Forked twice: the one that waits is nobody's child, and the terminal is not its own. */
static int start(struct waiting *waiting, const int parent[2], int told[2])
{
	pid_t pid = fork();
	char byte = 0;

	if (pid == -1)
		return CS_EIO;
	if (pid == 0) {
		pid_t inner = fork();

		if (inner != 0)
			_exit(inner == -1);
		(void)close(parent[1]);
		wait_for_it(waiting, parent[0], told[1]);
	}
	cs_close(&told[1]);
	while (waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			return CS_EIO;
	return read(told[0], &byte, 1) == 1 ? 0 : CS_EIO;
}

int cs_enable_wait_start(const struct cs_host *host, const struct cs_enable_door *door, uint64_t id)
{
	struct waiting waiting = { .host = host, .door = door, .id = id };
	int parent[2] = { -1, -1 }, told[2] = { -1, -1 }, r = CS_EIO;

	if (pipe2(parent, O_CLOEXEC) == 0 && pipe2(told, O_CLOEXEC) == 0)
		r = start(&waiting, parent, told);
	cs_close(&parent[0]);
	cs_close(&told[0]);
	cs_close(&told[1]);
	if (r < 0)
		cs_close(&parent[1]);
	return r < 0 ? r : parent[1];
}
