/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a phase of a service, with everything that they include. */
#include "pam.h"
#include "countersign/error.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* libpam bounds substacks, and includes only by the number of files that it can open: a file that includes itself ends
 * in failure there. It ends here sooner. */
enum { FILES_MAX = 64, READS_MAX = 4096 };

struct reading {
	const struct cs_host *host;
	struct cs_pam_lines *out;
	enum cs_pam_phase wanted;
	unsigned files; /* open, one within the other */
	unsigned reads; /* in all: two files that include each other twice double with each step */
};

static int copy_args(struct cs_pam_line *to, const struct cs_pam_line *from)
{
	int r = 0;

	to->args = NULL;
	to->n_args = 0;
	for (size_t i = 0; r == 0 && i < from->n_args; i++)
		r = cs_strv_add(&to->args, &to->n_args, from->args[i]);
	return r;
}

static int add(struct reading *reading, const struct cs_pam_line *line, unsigned level)
{
	struct cs_pam_lines *out = reading->out;
	struct cs_pam_line *copy = NULL;
	int r = out->n >= CS_PAM_STEPS_MAX ? CS_ETOOBIG
		: cs_reserve((void **)&out->at, &out->cap, out->n, 1, sizeof(*out->at));

	if (r < 0)
		return r;
	copy = &out->at[out->n++];
	*copy = *line;
	copy->level = level;
	copy->at.file = copy->control = copy->module = NULL;
	r = copy_args(copy, line);
	if (r == 0)
		r = cs_set(&copy->at.file, line->at.file);
	if (r == 0 && line->control != NULL)
		r = cs_set(&copy->control, line->control);
	if (r == 0 && line->module != NULL)
		r = cs_set(&copy->module, line->module);
	return r;
}

static int add_failing(struct reading *reading, const struct cs_pam_line *line, unsigned level, const char *why)
{
	struct cs_pam_line failing = *line;

	failing.what = CS_PAM_BROKEN;
	failing.wrong = why;
	for (size_t i = 0; i < CS_PAM_CODES; i++)
		failing.actions[i] = CS_PAM_BAD;
	return add(reading, &failing, level);
}

static int set_damage(struct cs_pam_lines *out, const struct cs_place *at, const char *why)
{
	if (out->damage.file != NULL)
		return 0;
	out->damage.line = at->line;
	out->why = why;
	return cs_set(&out->damage.file, at->file);
}

/* A file of that name where libpam looks. 0 and its path; CS_ENOENT; CS_ENOMEM. */
static int find_file(const struct cs_host *host, const char *name, char **ret_path)
{
	static const char *const folders[] = { "/etc/pam.d/", "/usr/lib/pam.d/" };
	char *path = NULL;
	struct stat st;
	int r = 0;

	if (name[0] == '/')
		return cs_host_look(host, name, &st) == 0 ? cs_set(ret_path, name) : CS_ENOENT;
	for (size_t i = 0; i < CS_COUNT(folders); i++) {
		r = cs_format(&path, "%s%s", folders[i], name);
		if (r < 0)
			return r;
		if (cs_host_look(host, path, &st) == 0) {
			*ret_path = path;
			return 0;
		}
		cs_free_str(&path);
	}
	return CS_ENOENT;
}

static int read_lines(const struct cs_host *host, const char *name, struct cs_pam_lines *ret_lines)
{
	char *path = NULL, *text = NULL;
	size_t len = 0;
	int r = find_file(host, name, &path);

	if (r == 0)
		r = cs_host_read(host, path, &text, &len);
	if (r == 0)
		r = cs_pam_parse(text, len, path, ret_lines);
	free(text);
	free(path);
	return r;
}

static int add_file(struct reading *reading, const char *name, enum cs_pam_phase asked, unsigned level);

/* Which phase a line belongs to where these are asked for; ANY: of whichever is. */
static enum cs_pam_phase phase_of(const struct cs_pam_line *line, enum cs_pam_phase asked)
{
	if (line->what == CS_PAM_AT_INCLUDE)
		return asked;
	if (line->phase != CS_PAM_ANY)
		return line->phase;
	return asked != CS_PAM_ANY ? asked : CS_PAM_AUTH; /* libpam: "most sensitive" */
}

/* What libpam makes of an include that it cannot read. With @include outside of any phase it gives up the service. */
static int failed_include(struct reading *reading, const struct cs_pam_line *line, enum cs_pam_phase phase, unsigned level,
	const char *why)
{
	if (phase == CS_PAM_ANY)
		return set_damage(reading->out, &line->at, why);
	if (phase != reading->wanted)
		return 0;
	return add_failing(reading, line, level, why);
}

static int include(struct reading *reading, const struct cs_pam_line *line, enum cs_pam_phase phase, unsigned level)
{
	unsigned inner = level + (line->what == CS_PAM_SUBSTACK ? 1 : 0);
	int r = 0;

	if (line->what == CS_PAM_SUBSTACK && phase == reading->wanted)
		r = add(reading, line, level);
	if (r < 0)
		return r;
	if (line->module == NULL)
		return failed_include(reading, line, phase, level, "no file is named");
	if (reading->files >= FILES_MAX)
		return failed_include(reading, line, phase, level, "the files include each other without end");
	if (inner >= CS_PAM_LEVELS)
		return failed_include(reading, line, phase, level, "libpam knows no more than 15 substacks in one another");
	r = add_file(reading, line->module, phase, inner);
	return r == CS_ENOENT ? failed_include(reading, line, phase, level, "the file that it includes is not there") : r;
}

static int add_lines(struct reading *reading, const struct cs_pam_lines *lines, enum cs_pam_phase asked, unsigned level)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < lines->n && reading->out->damage.file == NULL; i++) {
		const struct cs_pam_line *line = &lines->at[i];
		enum cs_pam_phase phase = phase_of(line, asked);

		if (asked != CS_PAM_ANY && phase != asked)
			continue;
		if (line->what == CS_PAM_INCLUDE || line->what == CS_PAM_SUBSTACK || line->what == CS_PAM_AT_INCLUDE)
			r = include(reading, line, phase, level);
		else if (phase == reading->wanted)
			r = add(reading, line, level);
	}
	return r;
}

static int add_file(struct reading *reading, const char *name, enum cs_pam_phase asked, unsigned level)
{
	struct cs_pam_lines lines = { 0 };
	int r = reading->reads++ < READS_MAX ? read_lines(reading->host, name, &lines) : CS_ETOOBIG;

	if (r < 0)
		return r;
	reading->files++;
	if (lines.damage.file != NULL)
		r = set_damage(reading->out, &lines.damage, lines.why);
	else
		r = add_lines(reading, &lines, asked, level);
	reading->files--;
	cs_pam_lines_clear(&lines);
	return r;
}

int cs_pam_stack_read(const struct cs_host *host, const char *service, enum cs_pam_phase phase,
	struct cs_pam_stack *ret_stack)
{
	struct cs_pam_stack stack = { 0 };
	struct cs_pam_lines other = { 0 };
	struct reading own = { host, &stack.lines, phase, 0, 0 }, fallback = { host, &other, phase, 0, 0 };
	int r = add_file(&own, service, CS_PAM_ANY, 0);

	stack.no_file = r == CS_ENOENT;
	if (r == 0 || r == CS_ENOENT)
		r = add_file(&fallback, "other", CS_PAM_ANY, 0); /* libpam reads it always, and fails where it is damaged */
	if (r == CS_ENOENT)
		r = 0;
	if (r == 0 && stack.lines.damage.file == NULL && (stack.lines.n == 0 || other.damage.file != NULL)) {
		cs_pam_lines_clear(&stack.lines);
		stack.lines = other;
		stack.from_other = true;
		memset(&other, 0, sizeof(other));
	}
	cs_pam_lines_clear(&other);
	if (r < 0) {
		cs_pam_stack_clear(&stack);
		return r;
	}
	*ret_stack = stack;
	return 0;
}

void cs_pam_stack_clear(struct cs_pam_stack *stack)
{
	cs_pam_lines_clear(&stack->lines);
	memset(stack, 0, sizeof(*stack));
}
