/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's end of the notify worker, and the keeper: a process between the two that does nothing but start the
 * worker again when it dies, so that the daemon itself never forks once its store is open (A069, A107). */
#include "notify.h"
#include "clock.h"
#include "confine.h"
#include "file.h"
#include "notify_internal.h"
#include "mem.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A notice that some programs took and others did not. */
struct part {
	uint64_t number;
	uint32_t took;
};
enum { PARTS = 64 }; /* the oldest is forgotten first: it is told twice then */

struct cs_notify {
	int fd;
	pid_t keeper;
	bool listens; /* a worker said hello */
	bool gone;    /* the keeper ended; the socket stays until it is closed, for those who watch it */
	size_t n_programs;
	uint64_t with_worker[CS_NOTIFY_SLOTS]; /* numbers; 0: free */
	struct part parts[PARTS];
	size_t next_part;
	struct cs_buf packet;
};

/* --- The keeper ---------------------------------------------------------------------------------------------------- */

#define PAUSE_LEAST_MS 100u
#define PAUSE_MOST_MS 10000u

/* A worker that lived a while begins with the short pause again. */
static void pause_before(uint64_t started_ms, unsigned *pause_ms)
{
	if (cs_boot_ms() - started_ms >= PAUSE_MOST_MS)
		*pause_ms = PAUSE_LEAST_MS;
	(void)poll(NULL, 0, (int)*pause_ms);
	*pause_ms = *pause_ms * 2 < PAUSE_MOST_MS ? *pause_ms * 2 : PAUSE_MOST_MS;
}

/* The same confinement for the worker but for its parent. */
static _Noreturn void worker_start(const struct cs_notify_settings *settings, int socket, pid_t keeper)
{
	if (cs_confine_process(keeper, false) < 0)
		_exit(1);
	worker_serve(settings, socket);
}

static _Noreturn void keep(const struct cs_notify_settings *settings, int socket, pid_t daemon)
{
	int *kept[] = { &socket };
	unsigned pause_ms = PAUSE_LEAST_MS;
	pid_t self = getpid();

	(void)umask(077);
	if (cs_confine_signals() < 0 || cs_confine_descriptors(kept, 1) < 0 ||
		cs_confine_ids(settings->uid, settings->gid, settings->group) < 0 ||
		cs_confine_process(daemon, false) < 0 || clearenv() != 0 || chdir("/") < 0)
		_exit(1);
	for (;;) {
		uint64_t started_ms = cs_boot_ms();
		pid_t worker = fork();
		int status = 1;

		if (worker == 0)
			worker_start(settings, socket, self);
		while (worker > 0 && waitpid(worker, &status, 0) < 0 && errno == EINTR)
			;
		if (worker > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			_exit(0); /* the daemon is gone */
		pause_before(started_ms, &pause_ms);
	}
}

/* --- Life ---------------------------------------------------------------------------------------------------------- */

/* The largest packets are larger than some systems' default. */
static void widen(int fd)
{
	int bytes = 4 * PACKET_MAX;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

int cs_notify_open(const struct cs_notify_settings *settings, struct cs_notify **ret_notify)
{
	struct cs_notify *notify = settings->n_programs <= CS_NOTIFY_PROGRAMS ? calloc(1, sizeof(*notify)) : NULL;
	int ends[2] = { -1, -1 };
	pid_t daemon = getpid();

	if (!notify)
		return settings->n_programs <= CS_NOTIFY_PROGRAMS ? CS_ENOMEM : CS_EINVAL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
		free(notify);
		return CS_EIO;
	}
	widen(ends[0]);
	widen(ends[1]);
	notify->keeper = fork();
	if (notify->keeper == 0)
		keep(settings, ends[1], daemon);
	cs_close(&ends[1]);
	notify->fd = ends[0];
	notify->n_programs = settings->n_programs;
	cs_buf_init(&notify->packet, PACKET_MAX);
	if (notify->keeper < 0) {
		notify->keeper = 0;
		cs_notify_close(&notify);
		return CS_EIO;
	}
	*ret_notify = notify;
	return 0;
}

/* The worker ends with the keeper, and programs with the worker. */
static void end_keeper(struct cs_notify *notify)
{
	notify->gone = true;
	if (notify->keeper > 0) {
		(void)kill(notify->keeper, SIGKILL);
		while (waitpid(notify->keeper, NULL, 0) < 0 && errno == EINTR)
			;
	}
	notify->keeper = 0;
}

void cs_notify_close(struct cs_notify **notify)
{
	if (!*notify)
		return;
	cs_close(&(*notify)->fd);
	end_keeper(*notify);
	cs_buf_clear(&(*notify)->packet);
	free(*notify);
	*notify = NULL;
}

/* --- What programs took -------------------------------------------------------------------------------------------- */

static struct part *part_of(struct cs_notify *notify, uint64_t number)
{
	for (size_t i = 0; i < PARTS; i++)
		if (notify->parts[i].number == number)
			return &notify->parts[i];
	return NULL;
}

static void part_set(struct cs_notify *notify, uint64_t number, uint32_t took)
{
	struct part *part = part_of(notify, number);

	if (!part) {
		part = &notify->parts[notify->next_part];
		notify->next_part = (notify->next_part + 1) % PARTS;
	}
	*part = (struct part){ .number = number, .took = took };
}

static void part_forget(struct cs_notify *notify, uint64_t number)
{
	struct part *part = part_of(notify, number);

	if (part)
		*part = (struct part){ 0 };
}

/* --- Handing over -------------------------------------------------------------------------------------------------- */

/* The slot with this number; 0: one that is free. */
static uint64_t *slot_of(struct cs_notify *notify, uint64_t number)
{
	for (size_t i = 0; i < CS_NOTIFY_SLOTS; i++)
		if (notify->with_worker[i] == number)
			return &notify->with_worker[i];
	return NULL;
}

int cs_notify_tell(struct cs_notify *notify, const struct cs_notice *notice)
{
	const struct part *part = part_of(notify, notice->number);
	uint64_t *slot = slot_of(notify, 0);
	struct cs_buf packet;
	int r = 0;

	if (notify->gone)
		return CS_EUNAVAIL;
	if (notice->number == 0 || slot_of(notify, notice->number))
		return CS_EEXIST;
	if (!slot || !notify->listens)
		return CS_EBUSY;
	cs_buf_init(&packet, PACKET_MAX);
	cs_buf_put_u8(&packet, PACKET_NOTICE);
	cs_buf_put_u32(&packet, part ? part->took : 0);
	r = cs_encode(&cs_notice_shape, notice, &packet);
	if (r == 0)
		r = packet_send(notify->fd, &packet);
	if (r == 0)
		*slot = notice->number;
	cs_buf_clear(&packet);
	return r;
}

size_t cs_notify_room(const struct cs_notify *notify)
{
	size_t n = 0;

	for (size_t i = 0; !notify->gone && notify->listens && i < CS_NOTIFY_SLOTS; i++)
		n += notify->with_worker[i] == 0;
	return n;
}

int cs_notify_fd(const struct cs_notify *notify)
{
	return notify->gone ? -1 : notify->fd;
}

/* --- Results ------------------------------------------------------------------------------------------------------- */

static void take_result(struct cs_notify *notify, struct cs_cursor *cur, cs_notify_fn done, void *arg)
{
	uint64_t number = cs_cursor_u64(cur), *slot = number ? slot_of(notify, number) : NULL;
	uint32_t took = cs_cursor_u32(cur), all = (UINT32_C(1) << notify->n_programs) - 1;
	char *text = cs_cursor_cstr(cur, TEXT_MAX);

	if (slot && cs_cursor_end(cur) == 0) {
		bool told = (took & all) == all;

		*slot = 0;
		if (told)
			part_forget(notify, number);
		else if (took)
			part_set(notify, number, took);
		done(arg, number, told, text);
	}
	free(text);
}

/* What was with a worker that is gone. */
static void lose(struct cs_notify *notify, const char *text, cs_notify_fn done, void *arg)
{
	for (size_t i = 0; i < CS_NOTIFY_SLOTS; i++) {
		uint64_t number = notify->with_worker[i];

		notify->with_worker[i] = 0;
		if (number)
			done(arg, number, false, text);
	}
}

void cs_notify_serve(struct cs_notify *notify, cs_notify_fn done, void *arg)
{
	int r = notify->gone ? 0 : 1;

	while (r == 1 && (r = packet_recv(notify->fd, &notify->packet)) == 1) {
		struct cs_cursor cur;
		uint8_t kind = 0;

		cs_cursor_init(&cur, notify->packet.data, notify->packet.len);
		kind = cs_cursor_u8(&cur);
		notify->listens = notify->listens || kind == PACKET_HELLO;
		if (kind == PACKET_HELLO)
			lose(notify, "the notify worker ended; it was started again", done, arg);
		else if (kind == PACKET_RESULT)
			take_result(notify, &cur, done, arg);
	}
	if (r < 0) {
		end_keeper(notify);
		lose(notify, "the notify worker and its keeper are gone; restart countersignd", done, arg);
	}
}
