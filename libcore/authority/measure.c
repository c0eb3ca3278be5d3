/* SPDX-License-Identifier: Apache-2.0 */
/* Hashing what came as descriptors. What is small is hashed at once; for the rest each turn of the loop reads one slice of one
 * task's files, so that a tarball of some gigabytes delays nobody else by more than that. */
#include "internal.h"
#include "file.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AT_ONCE_MAX UINT64_C(8388608)    /* bytes of one call that are hashed without a turn in between */
#define SLICE UINT64_C(4194304)          /* bytes a turn: some milliseconds */
#define CALL_MAX UINT64_C(8589934592)    /* bytes of one call; what is beyond is not hashed */
#define MEASURING_MAX 64                 /* calls at the same time … */
#define MEASURING_PER_UID 4              /* … and of one person: nobody keeps the others waiting */

struct measuring {
	struct task *task;
	uint32_t uid;
	uint64_t policy_number; /* what led here may mean nothing under another policy */
	uint64_t left;          /* of CALL_MAX */
	size_t at;              /* the descriptor that is being read */
	struct cs_hash *hash;   /* NULL: it is not begun */
	void (*measured)(struct task *task);
	struct measuring *next;
};

int task_take_files(struct task *task, uint32_t passed)
{
	size_t n = (size_t)__builtin_popcount(passed);

	if (task->fds.n != n && task->fds.n != n + 1)
		return CS_EINVAL;
	task->passed = passed;
	return 0;
}

/* Where what the i-th descriptor is goes. */
static struct cs_file *file_of(struct task *task, size_t i)
{
	size_t n = (size_t)__builtin_popcount(task->passed);
	size_t k = task->fds.n > n ? i - 1 : i;

	if (task->fds.n > n && i == 0)
		return &task->file;
	for (size_t at = 0; at < CS_MAX_OPERANDS; at++)
		if ((task->passed >> at & 1u) != 0 && k-- == 0)
			return &task->files[at];
	return NULL; /* task_take_files has counted them */
}

static void identify(int fd, struct cs_file *file)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		memset(file, 0, sizeof(*file));
		return;
	}
	file->device = st.st_dev;
	file->inode = st.st_ino;
	file->size = (uint64_t)st.st_size;
	file->mode = st.st_mode;
	file->uid = st.st_uid;
	file->gid = st.st_gid;
	file->present = true;
}

/* Hashes so many bytes more, of one file or the beginning of the next. 1: nothing is left. */
static int step(struct measuring *m, uint64_t bytes)
{
	struct task *task = m->task;
	struct cs_file *file = m->at < task->fds.n ? file_of(task, m->at) : NULL;
	int r = file ? 0 : 1;

	if (!file)
		return r;
	if (!m->hash)
		r = cs_hash_new(task->fds.fds[m->at], m->left, &m->hash);
	if (r == 0)
		r = cs_hash_step(m->hash, bytes, file->sha256);
	if (r == 0)
		return 0;
	cs_hash_free(&m->hash);
	if (r == 1)
		identify(task->fds.fds[m->at], file);
	else
		memset(file, 0, sizeof(*file)); /* as if it had not come */
	m->left -= file->size < m->left ? file->size : m->left;
	m->at++;
	return m->at >= task->fds.n;
}

static uint64_t bytes_of(const struct task *task)
{
	uint64_t bytes = 0;
	struct stat st;

	for (size_t i = 0; i < task->fds.n; i++)
		if (task->fds.fds[i] >= 0 && fstat(task->fds.fds[i], &st) == 0 && S_ISREG(st.st_mode))
			bytes += (uint64_t)st.st_size;
	return bytes;
}

static void done(struct measuring *m)
{
	struct task *task = m->task;

	cs_hash_free(&m->hash);
	task->measured = true;
	m->measured(task);
}

/* --- In slices ------------------------------------------------------------------------------------------------------- */

static uint32_t asker_of(const struct task *task)
{
	const struct cs_submit *submit = task->call;

	return task->handler->type == CS_CALL_CLAIM ? task->stored.request.subject.uid : submit->subject.uid;
}

static int too_many(const struct cs_authority *a, uint32_t uid)
{
	size_t n = 0, of_uid = 0;

	for (const struct measuring *m = a->measuring; m; m = m->next) {
		n++;
		of_uid += m->uid == uid;
	}
	return n >= MEASURING_MAX || of_uid >= MEASURING_PER_UID;
}

static void append(struct cs_authority *a, struct measuring *m)
{
	struct measuring **end = &a->measuring;

	while (*end)
		end = &(*end)->next;
	m->next = NULL;
	*end = m;
}

static void queue(const struct measuring *begun)
{
	struct task *task = begun->task;
	struct measuring *m = NULL;

	if (too_many(task->authority, begun->uid)) {
		task_decide(task, CS_DENY, CS_WHY_LIMIT, "Too many large files are being hashed; try again.");
		return;
	}
	m = malloc(sizeof(*m));
	if (!m) {
		task_fail(task, CS_ENOMEM, NULL);
		return;
	}
	task_keep_fds(task);
	*m = *begun;
	append(task->authority, m);
}

/* Under another policy the call begins again, with what was measured. */
static void go_on(struct measuring *m)
{
	struct task *task = m->task;

	if (m->policy_number == task->authority->policy_number && task->authority->options.now(&task->now) == 0) {
		done(m);
		return;
	}
	cs_hash_free(&m->hash);
	task->measured = true;
	if (!task_again(task))
		task_fail(task, CS_EDOUBT, NULL);
}

int cs_authority_measure(struct cs_authority *a)
{
	struct measuring *m = a->measuring;

	if (!m)
		return 0;
	a->measuring = m->next;
	if (step(m, SLICE) == 0) {
		append(a, m);
		return 1;
	}
	go_on(m);
	free(m);
	return a->measuring != NULL;
}

void measure_end(struct cs_authority *a)
{
	while (a->measuring) {
		struct measuring *m = a->measuring;

		a->measuring = m->next;
		cs_hash_free(&m->hash);
		task_fail(m->task, CS_EUNAVAIL, NULL);
		free(m);
	}
}

void task_measure(struct task *task, void (*measured)(struct task *task))
{
	struct measuring m = { .task = task, .uid = asker_of(task), .policy_number = task->authority->policy_number,
		.left = CALL_MAX, .measured = measured };

	if (task->measured) {
		measured(task);
		return;
	}
	if (bytes_of(task) > AT_ONCE_MAX) {
		queue(&m);
		return;
	}
	while (step(&m, SLICE) == 0)
		;
	done(&m);
}
