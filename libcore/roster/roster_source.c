/* SPDX-License-Identifier: Apache-2.0 */
/* The roster's file, followed: read again when it changes, and never one that is older than the last. */
#include "mem.h"
#include "roster.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cs_roster_source {
	char *path, *seen;
	uid_t owner;
	uint64_t signatures;
	struct cs_watch watch; /* the roster, and where it is signed its signatures */
	struct cs_roster *roster;
	char *state;
};

static int watch_files(struct cs_roster_source *source)
{
	char *signatures = NULL;
	int r = cs_watch_add(&source->watch, source->path, false, false);

	source->watch.owner = source->owner;
	source->watch.max = CS_ROSTER_TEXT_MAX;
	if (r == 0 && source->signatures > 0) {
		r = cs_format(&signatures, "%s%s", source->path, CS_ROSTER_SIGNATURES);
		if (r == 0)
			r = cs_watch_add(&source->watch, signatures, false, false);
	}
	free(signatures);
	return r;
}

int cs_roster_open(const struct cs_roster_settings *settings, struct cs_roster_source **ret_source)
{
	struct cs_roster_source *source = calloc(1, sizeof(*source));
	int r = source ? 0 : CS_ENOMEM;

	if (r == 0) {
		source->owner = settings->owner;
		source->signatures = settings->signatures;
		source->path = cs_dup(settings->path);
		source->seen = cs_dup(settings->seen);
		source->state = cs_dup("");
		r = source->path && source->seen && source->state ? watch_files(source) : CS_ENOMEM;
	}
	if (r < 0)
		cs_roster_close(&source);
	else
		*ret_source = source;
	return r;
}

void cs_roster_close(struct cs_roster_source **source)
{
	struct cs_roster_source *s = *source;

	if (!s)
		return;
	cs_watch_clear(&s->watch);
	cs_roster_free(&s->roster);
	free(s->path);
	free(s->seen);
	free(s->state);
	free(s);
	*source = NULL;
}

/* --- The last one that was taken ----------------------------------------------------------------------------------- */

/* 0 with *ret_seen and its text, which are NULL where none was taken yet. */
static int read_seen(const struct cs_roster_source *source, char **ret_text, struct cs_roster **ret_seen,
	struct cs_problem *problem)
{
	struct cs_problem absent = { 0 };
	char *text = NULL;
	size_t n = 0;
	int r = cs_file_read(source->seen, geteuid(), CS_FILE_TEXT, CS_ROSTER_TEXT_MAX, &text, &n, &absent);

	if (r == CS_ENOENT) {
		cs_problem_clear(&absent);
		return 0;
	}
	if (r == 0)
		r = cs_roster_parse(text, source->seen, ret_seen, &absent);
	if (r == 0)
		*ret_text = text;
	else {
		cs_problem_set(problem, source->seen, 0, "the copy of the last roster cannot be read (%s); look at why, "
			"then remove it", absent.text ? absent.text : cs_strerror(r));
		free(text);
	}
	cs_problem_clear(&absent);
	return r;
}

static int write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t wrote = write(fd, text, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return CS_EIO;
		text += wrote;
		n -= (size_t)wrote;
	}
	return fsync(fd) == 0 ? 0 : CS_EIO;
}

static int keep_seen(const struct cs_roster_source *source, const char *text, struct cs_problem *problem)
{
	char *draft = NULL;
	int fd = -1;
	int r = cs_format(&draft, "%s.new", source->seen);

	if (r == 0) {
		(void)unlink(draft);
		fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		r = fd >= 0 ? write_all(fd, text, strlen(text)) : CS_EIO;
		cs_close(&fd);
		if (r == 0 && rename(draft, source->seen) != 0)
			r = CS_EIO;
		if (r < 0)
			cs_problem_set(problem, source->seen, 0, "a copy of the roster cannot be kept: %s",
				strerrordesc_np(errno));
	}
	free(draft);
	return r;
}

/* --- Taking one ---------------------------------------------------------------------------------------------------- */

/* By officers of the last one: whoever makes a roster cannot make its officers too. */
static int check_signatures(const struct cs_roster_source *source, const char *text, const struct cs_roster *officers,
	struct cs_problem *problem)
{
	size_t count = 0;
	int r = source->signatures == 0 ? 0
		: cs_roster_signers(text, strlen(text), text + strlen(text) + 1, officers, &count);

	if (r < 0)
		cs_problem_set(problem, source->path, 0, "its signatures cannot be read; sign it again with countersign "
			"roster sign");
	else if (count < source->signatures) {
		cs_problem_set(problem, source->path, 0, "is signed by %zu of the %llu officers that it takes; let "
			"another run countersign roster sign", count, (unsigned long long)source->signatures);
		r = CS_EUNTRUSTED;
	}
	return r;
}

static size_t officers_of(const struct cs_roster *roster)
{
	size_t n = 0;

	for (size_t i = 0; i < roster->n_people; i++)
		n += roster->people[i].officer && roster->people[i].n_keys > 0;
	return n;
}

/* Is this roster to be taken after that one? */
static int follows(const struct cs_roster_source *source, const char *text, const struct cs_roster *roster,
	const struct cs_roster *seen, struct cs_problem *problem)
{
	if (seen && roster->version <= seen->version) {
		cs_problem_set(problem, source->path, 0, "has version %llu, and version %llu was in force before%s",
			(unsigned long long)roster->version, (unsigned long long)seen->version,
			roster->version == seen->version ? ", with other words; raise it with every change"
				: "; an older roster is not taken");
		return CS_ECONFLICT;
	}
	if (officers_of(roster) < source->signatures) {
		cs_problem_set(problem, source->path, 0, "names fewer officers than the %llu that have to sign it",
			(unsigned long long)source->signatures);
		return CS_EUNTRUSTED;
	}
	/* The last one has too few where it is from before signatures were asked for: then root's word made it. */
	return check_signatures(source, text, seen && officers_of(seen) >= source->signatures ? seen : roster, problem);
}

/* The same words were taken before: an officer may have left since, and signed it all the same. */
static int take(struct cs_roster_source *source, const char *text, struct cs_problem *problem)
{
	struct cs_roster *roster = NULL, *seen = NULL;
	char *seen_text = NULL;
	int r = cs_roster_parse(text, source->path, &roster, problem);

	if (r == 0)
		r = read_seen(source, &seen_text, &seen, problem);
	if (r == 0 && (!seen_text || strcmp(seen_text, text) != 0)) {
		r = follows(source, text, roster, seen, problem);
		if (r == 0)
			r = keep_seen(source, text, problem);
	}
	if (r == 0) {
		source->roster = roster;
		roster = NULL;
	}
	free(seen_text);
	cs_roster_free(&seen);
	cs_roster_free(&roster);
	return r;
}

static void set_state(struct cs_roster_source *source, int r, const struct cs_problem *problem)
{
	char *text = NULL, *state = NULL;

	if (r == 0)
		state = cs_roster_summary(source->roster);
	else if (r == CS_ENOENT && access(source->path, F_OK) != 0 && access(source->seen, F_OK) != 0)
		state = cs_dup("");
	else {
		text = problem->text ? cs_problem_text(problem) : NULL;
		(void)cs_format(&state, "refused: %s", text ? text : cs_strerror(r));
	}
	free(text);
	if (!state)
		return;
	free(source->state);
	source->state = state;
}

const struct cs_roster *cs_roster_now(struct cs_roster_source *source)
{
	struct cs_problem problem = { 0 };
	char *text = NULL;
	size_t n = 0;
	int r = 0;

	if (!source)
		return NULL;
	if (cs_watch_is_current(&source->watch))
		return source->roster;
	cs_roster_free(&source->roster);
	r = cs_watch_read(&source->watch, &text, &n, &problem);
	if (r == 0)
		r = take(source, text, &problem);
	if (r == CS_EIO || r == CS_ENOMEM)
		source->watch.good = false; /* it may go better the next time */
	set_state(source, r, &problem);
	cs_watch_free(&source->watch, &text, n);
	cs_problem_clear(&problem);
	return source->roster;
}

const char *cs_roster_state(const struct cs_roster_source *source)
{
	return source ? source->state : "";
}
