/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon on the other side: finding it, asking it, and telling what went wrong. */
#include "client.h"
#include "command.h"
#include "mem.h"
#include "text.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A call takes one look into the directory, which has its own deadline of seconds. */
#define CALL_MS 15000u

/* Errors to exit statuses, and what a person can do. */
static const struct {
	int error;
	int status;
	const char *next;
} errors[] = {
	{ CS_EINVAL, CS_EXIT_USAGE, "" },
	{ CS_ETOOBIG, CS_EXIT_USAGE, "make it shorter" },
	{ CS_ENOENT, CS_EXIT_NO, "" },
	{ CS_EEXIST, CS_EXIT_NO, "" },
	{ CS_EPERM, CS_EXIT_NOT_PERMITTED, "" },
	{ CS_ECONFLICT, CS_EXIT_NO, "" },
	{ CS_ECONF, CS_EXIT_NO, "" },
	{ CS_ECORRUPT, CS_EXIT_NO, "look at the daemon's log and at `countersign evidence verify`" },
	{ CS_EDOUBT, CS_EXIT_DOUBT, "look at the directory in `countersign status`, then try again" },
	{ CS_ETIMEDOUT, CS_EXIT_UNAVAILABLE, "look at the daemon's log, then try again" },
	{ CS_EUNAVAIL, CS_EXIT_UNAVAILABLE, "start countersignd, or name its socket folder with --socket" },
	{ CS_EUNTRUSTED, CS_EXIT_UNAVAILABLE, "nothing was sent; tell an administrator" },
	{ CS_EBUSY, CS_EXIT_UNAVAILABLE, "try again later" },
	{ CS_EIO, CS_EXIT_OUTPUT, "" },
	{ CS_EVERSION, CS_EXIT_INTERNAL, "install the same version of countersign and countersignd" },
};

static const char *next_after(int error)
{
	for (size_t i = 0; i < CS_COUNT(errors); i++) {
		if (errors[i].error == error)
			return errors[i].next;
	}
	return "";
}

int cs_exit_of_error(int error)
{
	for (size_t i = 0; i < CS_COUNT(errors); i++) {
		if (errors[i].error == error)
			return errors[i].status;
	}
	return CS_EXIT_INTERNAL;
}

int cs_exit_of_state(enum cs_state state)
{
	static const int statuses[] = {
		[CS_PENDING] = CS_EXIT_PENDING, [CS_APPROVED] = CS_EXIT_YES, [CS_REJECTED] = CS_EXIT_REJECTED,
		[CS_CANCELLED] = CS_EXIT_CANCELLED, [CS_EXPIRED] = CS_EXIT_EXPIRED, [CS_USED] = CS_EXIT_YES,
		[CS_UNANSWERED] = CS_EXIT_UNANSWERED
	};

	if (state == CS_STATE_NONE || (size_t)state >= CS_COUNT(statuses))
		return CS_EXIT_INTERNAL;
	return statuses[state];
}

int cs_exit_of_reason(enum cs_reason reason)
{
	static const struct {
		enum cs_reason reason;
		int status;
	} rows[] = {
		{ CS_WHY_SELF, CS_EXIT_NOT_PERMITTED },
		{ CS_WHY_NOT_APPROVER, CS_EXIT_NOT_PERMITTED },
		{ CS_WHY_VOTED, CS_EXIT_NOT_PERMITTED },
		{ CS_WHY_NOT_YOURS, CS_EXIT_NOT_PERMITTED },
		{ CS_WHY_NO_BREAK_GLASS, CS_EXIT_NOT_PERMITTED },
		{ CS_WHY_DOUBT, CS_EXIT_DOUBT },
		{ CS_WHY_STORE, CS_EXIT_UNAVAILABLE },
		{ CS_WHY_UNREACHABLE, CS_EXIT_UNAVAILABLE },
	};

	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		if (rows[i].reason == reason)
			return rows[i].status;
	}
	return CS_EXIT_NO;
}

const char *cs_text_or(const char *text, const char *otherwise)
{
	return text != NULL && *text != '\0' ? text : otherwise;
}

/* A sentence becomes a part of the line without its full stop. */
static void put_part(struct cs_buf *line, const char *part)
{
	if (part == NULL || *part == '\0')
		return;
	cs_buf_put(line, ": ", 2);
	cs_escape(line, part);
	if (line->len > 0 && line->data[line->len - 1] == '.' && strcmp(part, ".") != 0)
		line->len--;
}

int cs_fail(int status, const char *what, const char *where, const char *next)
{
	struct cs_buf line;

	cs_buf_init(&line, CS_OUTPUT_MAX);
	cs_buf_put(&line, "countersign", strlen("countersign"));
	put_part(&line, what);
	put_part(&line, where);
	put_part(&line, next);
	cs_buf_put(&line, "\n", 1);
	if (cs_buf_error(&line) == 0)
		fwrite(line.data, 1, line.len, stderr);
	else
		fputs("countersign: out of memory\n", stderr);
	cs_buf_clear(&line);
	return status;
}

static int find_server_uid(const char *name, uid_t *ret_uid)
{
	const struct passwd *entry = NULL;

	errno = 0;
	entry = getpwnam(name);
	if (entry == NULL)
		return errno == 0 || errno == ENOENT ? CS_ENOENT : CS_EDOUBT;
	*ret_uid = entry->pw_uid;
	return 0;
}

/* Connects unless that is done. *ret_why is a text of its own, or untouched. */
static int connect_once(struct cs_run *run, char **ret_why)
{
	struct cs_client_options options = { 0 };
	const char *why = NULL;
	char *path = NULL;
	int r = 0;

	if (run->client != NULL)
		return 0;
	r = find_server_uid(run->server_user, &options.server_uid);
	if (r != 0) {
		(void)cs_format(ret_why, "the daemon's user \"%s\" %s", run->server_user,
			r == CS_ENOENT ? "does not exist here" : "could not be looked up");
		return CS_EUNAVAIL;
	}
	if (cs_format(&path, "%s/people.sock", run->socket) != 0)
		return CS_ENOMEM;
	options.path = path;
	r = cs_client_open(&options, &run->client, &why);
	if (r != 0 && why != NULL)
		(void)cs_format(ret_why, "countersignd cannot be asked, %s (%s)", why, path);
	cs_free_str(&path);
	return r;
}

/* After these the connection is of no more use; other errors are the server's answer. */
static bool ends_connection(int error)
{
	return error == CS_ETIMEDOUT || error == CS_EUNAVAIL || error == CS_EPROTO || error == CS_EINTR;
}

static int ask(struct cs_run *run, enum cs_call_type type, const void *call, int fd, void *ret_reply, char **ret_text)
{
	char *text = NULL;
	int r = connect_once(run, &text);

	if (r == 0) {
		r = cs_client_call(run->client, type, call, fd, CALL_MS, ret_reply, &text);
		if (ends_connection(r))
			cs_hang_up(run);
	}
	if (r != 0 && ret_text != NULL) {
		*ret_text = text;
		text = NULL;
	}
	cs_free_str(&text);
	return r;
}

int cs_ask_quietly(struct cs_run *run, enum cs_call_type type, const void *call, void *ret_reply, char **ret_text)
{
	return ask(run, type, call, -1, ret_reply, ret_text);
}

int cs_fail_call(int error, const char *text, const char *where)
{
	return cs_fail(cs_exit_of_error(error), cs_text_or(text, cs_strerror(error)), where, next_after(error));
}

int cs_ask_passing(struct cs_run *run, enum cs_call_type type, const void *call, int fd, const char *where,
	void *ret_reply)
{
	char *text = NULL;
	int r = ask(run, type, call, fd, ret_reply, &text);
	int status = r == 0 ? 0 : cs_fail_call(r, text, where);

	cs_free_str(&text);
	return status;
}

int cs_ask(struct cs_run *run, enum cs_call_type type, const void *call, const char *where, void *ret_reply)
{
	return cs_ask_passing(run, type, call, -1, where, ret_reply);
}

void cs_hang_up(struct cs_run *run)
{
	cs_client_close(&run->client);
}
