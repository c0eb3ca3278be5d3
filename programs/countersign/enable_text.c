/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a door's files with our lines, and without them. */
#include "enable.h"
#include "mem.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT_LINE "account    required     pam_countersign.so hold=session\n"
#define FRONT_LINE "account    required     pam_countersign.so hold=session front\n"
#define HOLD_LINE "session    required     pam_countersign_hold.so\n"
#define CONFIRM_LINE "session    required     pam_countersign_hold.so confirm\n"
#define PLUGIN_LINE "Plugin sudo_countersign sudo_countersign.so\n"
#define RECORDER_LINE "Plugin sudoers_io sudoers.so\n"
#define ATTEND_LINE "Plugin sudo_countersign_attend sudo_countersign.so\n"
#define WATCH_LINE "Plugin sudo_countersign_watch sudo_countersign.so\n"
#define USE_PAM_LINE "UsePAM yes\n"

/* --- Lines ---------------------------------------------------------------------------------------------------------- */

/* The end of the line that begins at at, with all that a backslash continues. */
static size_t line_end(const char *text, size_t len, size_t at)
{
	while (at < len) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline != NULL ? (size_t)(newline - text) : len;
		bool more = end > at && text[end - 1] == '\\';

		at = newline != NULL ? end + 1 : len;
		if (!more)
			break;
	}
	return at;
}

/* Appends a line of ours behind what may lack its end. */
static void put_line(struct cs_buf *out, const char *line)
{
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		cs_buf_put_u8(out, '\n');
	cs_buf_put(out, line, strlen(line));
}

/* --- pam.d ---------------------------------------------------------------------------------------------------------- */

/* 1: the lines of this phase that the included file has are part of the service's. */
static int include_has(const struct cs_host *host, const char *name, enum cs_pam_phase phase)
{
	struct cs_pam_stack stack = { 0 };
	int r = cs_pam_stack_read(host, name, phase, &stack);
	bool has = r == 0 && !stack.from_other && stack.lines.n > 0;

	cs_pam_stack_clear(&stack);
	return r < 0 ? r : has;
}

/* 1: this line stands for something in the phase. */
static int line_in(const struct cs_host *host, const char *text, size_t len, enum cs_pam_phase phase)
{
	struct cs_pam_lines lines = { 0 };
	int r = cs_pam_parse(text, len, "", &lines);

	if (r == 0 && lines.n > 0 && lines.at[0].what == CS_PAM_AT_INCLUDE)
		r = lines.at[0].module != NULL ? include_has(host, lines.at[0].module, phase) : 0;
	else if (r == 0)
		r = lines.n > 0 && lines.at[0].phase == phase;
	cs_pam_lines_clear(&lines);
	return r;
}

/* Where a line of ours goes: before the first line of the phase and what comments on it, or behind the last; else at the end. */
static int find_place(const struct cs_host *host, const char *text, size_t len, enum cs_pam_phase phase, bool before,
	size_t *ret_at)
{
	size_t found = len, block = 0; /* where the comment before the line begins */
	bool comment = false;

	for (size_t at = 0, end = 0; at < len; at = end) {
		size_t begin = comment ? block : at;
		int r = 0;

		end = line_end(text, len, at);
		if (text[at] == '#' && !comment)
			block = at;
		comment = text[at] == '#';
		r = line_in(host, text + at, end - at, phase);
		if (r < 0 && r != CS_EIO)
			return r;
		if (r == 1 && before) {
			found = begin;
			break;
		}
		if (r == 1)
			found = end;
	}
	*ret_at = found;
	return 0;
}

/* 1: the service has a line of that module already. */
static int has_line(const struct cs_host *host, const char *service, enum cs_pam_phase phase, enum cs_doctor_module module)
{
	struct cs_pam_stack stack = { 0 };
	int r = cs_pam_stack_read(host, service, phase, &stack);
	bool has = false;

	for (size_t i = 0; r == 0 && i < stack.lines.n; i++)
		has = has || cs_doctor_module_of(&stack.lines.at[i]) == module;
	cs_pam_stack_clear(&stack);
	return r < 0 ? r : has;
}

/* What goes where; at is past the end of the text where nothing goes. */
struct insertion {
	const char *line;
	size_t at;
};

static int find_insertion(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len,
	enum cs_pam_phase phase, struct insertion *insertion)
{
	bool account = phase == CS_PAM_ACCOUNT;
	int r = has_line(host, file->service, phase, account ? CS_DOCTOR_ACCOUNT : CS_DOCTOR_HOLD);

	insertion->at = len + 1;
	return r == 0 ? find_place(host, text, len, phase, account, &insertion->at) : r < 0 ? r : 0;
}

static void put_lines(const char *text, size_t len, const struct insertion *account, const struct insertion *session,
	struct cs_buf *out)
{
	for (size_t at = 0, end = 0; at <= len; at = end) {
		end = at < len ? line_end(text, len, at) : len + 1;
		if (account->at == at)
			put_line(out, account->line);
		if (session->at == at)
			put_line(out, session->line);
		if (at < len)
			cs_buf_put(out, text + at, end - at);
	}
}

/* account: its account line; NULL: it gets none. */
static int put_pam(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len, const char *account,
	const char *line, struct cs_buf *out)
{
	struct insertion first = { account, len + 1 }, last = { line, len + 1 };
	int r = account != NULL ? find_insertion(host, file, text, len, CS_PAM_ACCOUNT, &first) : 0;

	if (r == 0)
		r = find_insertion(host, file, text, len, CS_PAM_SESSION, &last);
	if (r == 0 && (first.at <= len || last.at <= len))
		put_lines(text, len, &first, &last, out);
	return r;
}

int cs_enable_put_confirm(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len,
	bool front, struct cs_buf *out)
{
	(void)front;
	return put_pam(host, file, text, len, NULL, CONFIRM_LINE, out);
}

int cs_enable_put_hold(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len,
	bool front, struct cs_buf *out)
{
	return put_pam(host, file, text, len, front ? FRONT_LINE : ACCOUNT_LINE, HOLD_LINE, out);
}

/* --- sudo.conf and sshd_config -------------------------------------------------------------------------------------- */

static bool names_plugin(const struct cs_sudo_conf *conf, const char *line)
{
	for (size_t i = 0; i < conf->n; i++)
		if (conf->lines[i].what == CS_SUDO_CONF_PLUGIN && conf->lines[i].n_words > 1 &&
			strncmp(line + strlen("Plugin "), conf->lines[i].words[0], strlen(conf->lines[i].words[0])) == 0 &&
			line[strlen("Plugin ") + strlen(conf->lines[i].words[0])] == ' ')
			return true;
	return false;
}

/* What decides, what attends to what was let through, and what shows it; and sudo's own recorder, which these would keep out. */
int cs_enable_put_plugin(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len,
	bool front, struct cs_buf *out)
{
	static const char *const lines[] = { PLUGIN_LINE, RECORDER_LINE, ATTEND_LINE, WATCH_LINE };
	struct cs_sudo_conf conf = { 0 };
	int r = cs_sudo_conf_parse(text, len, &conf);
	bool begun = false;

	(void)host;
	(void)file;
	(void)front;
	for (size_t i = 0; r == 0 && i < CS_COUNT(lines); i++) {
		if (names_plugin(&conf, lines[i]) ||
			(strcmp(lines[i], RECORDER_LINE) == 0 && !cs_sudo_conf_lacks_recorder(&conf)))
			continue;
		if (!begun)
			cs_buf_put(out, text, len);
		begun = true;
		put_line(out, lines[i]);
	}
	cs_sudo_conf_clear(&conf);
	return r;
}

/* In the place of the line that says otherwise, or before all others: sshd takes the first. */
static void put_use_pam(const char *text, size_t len, unsigned instead, struct cs_buf *out)
{
	unsigned number = 1;

	if (instead == 0)
		put_line(out, USE_PAM_LINE);
	for (size_t at = 0, end = 0; at < len; at = end, number++) {
		const char *newline = memchr(text + at, '\n', len - at);

		end = newline != NULL ? (size_t)(newline - text) + 1 : len;
		if (number == instead)
			put_line(out, USE_PAM_LINE);
		else
			cs_buf_put(out, text + at, end - at);
	}
}

int cs_enable_put_use_pam(const struct cs_host *host, const struct cs_enable_file *file, const char *text, size_t len,
	bool front, struct cs_buf *out)
{
	struct cs_sshd sshd = { 0 };
	int r = cs_sshd_read(host, &sshd);

	(void)front;
	if (r == 0 && sshd.n_blocks == 0)
		r = CS_ENOENT;
	if (r == 0 && strcasecmp(cs_sshd_value(&sshd, 0, "usepam"), "yes") != 0) {
		struct cs_place at = cs_sshd_place(&sshd, 0, "usepam");

		put_use_pam(text, len, strcmp(at.file, file->path) == 0 ? at.line : 0, out);
	}
	cs_sshd_clear(&sshd);
	return r;
}

/* --- Without them --------------------------------------------------------------------------------------------------- */

static bool names(const char *line, size_t len, const char *what)
{
	while (len > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	return len > 0 && *line != '#' && memmem(line, len, what, strlen(what)) != NULL;
}

static bool is_line(const char *line, size_t len, const char *wanted)
{
	return wanted != NULL && len == strlen(wanted) && memcmp(line, wanted, len) == 0;
}

/* behind: what goes with the line of ours before it; NULL: nothing does. */
static int take_lines(const char *text, size_t len, const char *what, const char *behind, struct cs_buf *out)
{
	bool took = false;

	for (size_t at = 0, end = 0; at < len; at = end) {
		end = line_end(text, len, at);
		took = names(text + at, end - at, what) || (took && is_line(text + at, end - at, behind));
		if (!took)
			cs_buf_put(out, text + at, end - at);
	}
	return cs_buf_error(out);
}

int cs_enable_take_plugin(const char *text, size_t len, struct cs_buf *out)
{
	return take_lines(text, len, "sudo_countersign", RECORDER_LINE, out);
}

int cs_enable_take_pam(const char *text, size_t len, struct cs_buf *out)
{
	return take_lines(text, len, "pam_countersign", NULL, out);
}

/* UsePAM stays: without it sshd would pass over all of PAM, and not only over us. */
int cs_enable_take_nothing(const char *text, size_t len, struct cs_buf *out)
{
	cs_buf_put(out, text, len);
	return cs_buf_error(out);
}
