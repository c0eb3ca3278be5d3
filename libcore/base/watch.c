/* SPDX-License-Identifier: Apache-2.0 */
/* Noticing that files change, without being told: by what lstat says. */
#include "watch.h"
#include "countersign/error.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Times of files come in ticks of up to 10 ms: within one of them a second change of the same size is not seen. */
enum { ATTEMPTS = 3, YOUNG_MS = 50 };

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_stamp(const struct cs_stamp *a, const struct cs_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       same_time(&a->modified, &b->modified) && same_time(&a->changed, &b->changed);
}

static bool take_stamp(const char *path, struct cs_stamp *ret_stamp)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return false;
	*ret_stamp = (struct cs_stamp){ st.st_dev, st.st_ino, st.st_size, st.st_mtim, st.st_ctim };
	return true;
}

static bool is_young(const struct cs_stamp *stamp, const struct timespec *now)
{
	long long ms = (now->tv_sec - stamp->changed.tv_sec) * 1000LL +
		       (now->tv_nsec - stamp->changed.tv_nsec) / 1000000;
	return ms > -YOUNG_MS && ms < YOUNG_MS;
}

int cs_watch_add(struct cs_watch *watch, const char *path, bool secret, bool open)
{
	char *copy = cs_dup(path);
	if (copy == NULL || watch->n == CS_WATCH_MAX) {
		free(copy);
		return CS_ENOMEM;
	}
	watch->files[watch->n++] = (struct cs_watched){ .path = copy, .secret = secret, .open = open };
	return 0;
}

void cs_watch_clear(struct cs_watch *watch)
{
	for (size_t i = 0; i < watch->n; i++)
		free(watch->files[i].path);
	*watch = (struct cs_watch){ 0 };
}

static bool has_secret(const struct cs_watch *watch)
{
	for (size_t i = 0; i < watch->n; i++)
		if (watch->files[i].secret)
			return true;
	return false;
}

int cs_watch_is_current(const struct cs_watch *watch)
{
	if (!watch->good || (has_secret(watch) && watch->reader != geteuid()))
		return 0;
	for (size_t i = 0; i < watch->n; i++) {
		struct cs_stamp stamp;
		if (!take_stamp(watch->files[i].path, &stamp) || !same_stamp(&stamp, &watch->files[i].stamp))
			return 0;
	}
	return 1;
}

/* --- Reading --- */

/* Appends a file's text and a NUL. */
static int append(const struct cs_watch *watch, const struct cs_watched *file, char **text, size_t *n,
	struct cs_problem *problem)
{
	char *part = NULL, *joined = NULL;
	size_t len = 0;
	int r = cs_file_read(file->path, watch->owner, file->secret && !file->open, watch->max, &part, &len, problem);
	if (r != 0)
		return r;
	if (*n == 0) {
		joined = part; /* the first and often only one is not copied */
		part = NULL;
	} else if ((joined = malloc(*n + len + 1)) != NULL) {
		memcpy(joined, *text, *n);
		memcpy(joined + *n, part, len + 1);
		cs_watch_free(watch, text, *n);
	}
	cs_watch_free(watch, &part, part != NULL ? len : 0);
	if (joined == NULL)
		return CS_ENOMEM;
	*text = joined;
	*n += len + 1;
	return 0;
}

static int read_once(const struct cs_watch *watch, char **ret_text, size_t *ret_n, struct cs_problem *problem)
{
	char *text = NULL;
	size_t n = 0;
	int r = 0;
	for (size_t i = 0; i < watch->n && r == 0; i++)
		r = append(watch, &watch->files[i], &text, &n, problem);
	if (r != 0 || n == 0) {
		cs_watch_free(watch, &text, n);
		return r != 0 ? r : CS_EINVAL;
	}
	*ret_text = text;
	*ret_n = n - 1;
	return 0;
}

/* Takes the stamps. False when any differs from what was kept, or cannot be had. */
static bool take_stamps(struct cs_watch *watch)
{
	bool same = true;
	for (size_t i = 0; i < watch->n; i++) {
		struct cs_stamp stamp = { 0 };
		same = take_stamp(watch->files[i].path, &stamp) && same_stamp(&stamp, &watch->files[i].stamp) && same;
		watch->files[i].stamp = stamp;
	}
	return same;
}

static bool any_young(const struct cs_watch *watch)
{
	struct timespec now = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (size_t i = 0; i < watch->n; i++)
		if (is_young(&watch->files[i].stamp, &now))
			return true;
	return false;
}

/* The stamps are taken before and after the texts: with none changed in between the texts are of one moment. */
int cs_watch_read(struct cs_watch *watch, char **ret_text, size_t *ret_n, struct cs_problem *problem)
{
	watch->good = false;
	watch->reader = geteuid();
	(void)take_stamps(watch);
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		char *text = NULL;
		size_t n = 0;
		bool young = any_young(watch);
		int r = read_once(watch, &text, &n, problem);
		if (r != 0)
			return r;
		if (take_stamps(watch)) {
			watch->good = !young;
			*ret_text = text;
			*ret_n = n;
			return 0;
		}
		cs_watch_free(watch, &text, n);
	}
	cs_problem_set(problem, watch->files[0].path, 0, "is written all the time: it changed while it was read");
	return CS_EIO;
}

void cs_watch_free(const struct cs_watch *watch, char **text, size_t n)
{
	if (*text != NULL && has_secret(watch))
		explicit_bzero(*text, n);
	free(*text);
	*text = NULL;
}
