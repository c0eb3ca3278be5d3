/* SPDX-License-Identifier: Apache-2.0 */
/* Asking, and what a person sees of it. */
#include "asking.h"
#include "args.h"
#include "clock.h"
#include "file.h"
#include "mem.h"
#include "operands.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIME_LINE_MS 60000u
#define ANSWER_MS    6000u

/* --- The screen --------------------------------------------------------------------------------------------------- */

/* The text is freed. Never into standard output, which is the command's. */
static int show(const struct cs_asking *asking, char *text)
{
	int fd = asking->terminal != -1 ? asking->terminal : STDERR_FILENO;
	const char *at = text;
	size_t left = text != NULL ? strlen(text) : 0;
	int r = text != NULL ? 0 : CS_ENOMEM;

	while (left > 0) {
		ssize_t n = write(fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = CS_EPERM; /* who reads it is gone */
			break;
		}
		at += n;
		left -= (size_t)n;
	}
	free(text);
	return r;
}

static bool shows_all(const struct cs_asking *asking)
{
	return asking->terminal != -1 || asking->live;
}

static char *beginning(const struct cs_asking *asking, const struct cs_decision *now)
{
	char *text = NULL;

	if (now->state != CS_APPROVED || now->reason == CS_WHY_COOLING)
		return !shows_all(asking) ? cs_say_waits(now)
			/* without a terminal no Ctrl-C comes here */
			: cs_say_held(now, asking->terminal != -1 ? asking->again : CS_AGAIN_LOGIN);
	return cs_format(&text, "countersign: request %llu was approved\n", (unsigned long long)now->number) == 0 ? text
		: NULL;
}

static int tell(void *arg, const struct cs_decision *before, const struct cs_decision *now)
{
	struct cs_asking *self = arg;
	uint64_t at = cs_boot_ms();
	char *news = NULL;

	if (before == NULL) {
		self->told_ms = at;
		return show(self, beginning(self, now));
	}
	if (now->verdict != CS_HOLD || !shows_all(self))
		return 0; /* the last words come at the end */
	news = cs_say_changes(before, now);
	if (news != NULL && news[0] == '\0' && at - self->told_ms < TIME_LINE_MS) {
		free(news);
		return 0;
	}
	self->told_ms = at;
	if (news == NULL || news[0] != '\0')
		return show(self, news);
	free(news);
	return show(self, cs_say_time(now));
}

/* --- What the hold asks of its caller ----------------------------------------------------------------------------- */

static int open_file(void *arg)
{
	const struct cs_asking *self = arg;

	return self->file != -1 ? fcntl(self->file, F_DUPFD_CLOEXEC, 3) : -1;
}

static int want_files(void *arg, const struct cs_decision *decision)
{
	struct cs_asking *self = arg;

	return cs_operands_want(NULL, decision, &self->action);
}

static int open_operand(void *arg, const struct cs_operand *operand)
{
	const struct cs_asking *self = arg;

	return cs_operand_open(NULL, self->action.argv, self->action.n_argv, operand);
}

/* One line, without its newline. 0, CS_EINTR, CS_EPERM (its end came), CS_ETOOBIG. */
static int read_line(int fd, char *line, size_t size)
{
	for (size_t n = 0; n < size; n++) {
		ssize_t got = read(fd, line + n, 1);

		if (got <= 0)
			return got < 0 && errno == EINTR ? CS_EINTR : CS_EPERM;
		if (line[n] == '\n') {
			line[n] = '\0';
			return 0;
		}
	}
	return CS_ETOOBIG;
}

static int ask_reason(void *arg, char **ret_reason)
{
	struct cs_asking *self = arg;
	char line[CS_MAX_REASON + 1];
	char *reason = NULL;
	int r = CS_EPERM;

	if (self->terminal == -1 || !self->prompts)
		return CS_EPERM;
	if (show(self, cs_dup("Reason for this request: ")) == 0)
		r = read_line(self->terminal, line, sizeof(line));
	if (r == 0 && line[strspn(line, " \t\r")] == '\0')
		r = CS_EPERM;
	if (r < 0)
		return r;
	reason = cs_dup(line);
	if (reason == NULL)
		return CS_ENOMEM;
	*ret_reason = reason;
	return 0;
}

static const struct cs_hold_ops hold_ops = { .open_file = open_file, .want_files = want_files, .open_operand = open_operand,
	.ask_reason = ask_reason, .tell = tell };

/* --- The end of it ------------------------------------------------------------------------------------------------ */

static enum cs_asking_end fail(const struct cs_asking *asking, int error, const char *why, const char *text)
{
	(void)show(asking, cs_say_error(error, why, text));
	return CS_ASKED_FAILED;
}

static bool hung_up(const struct cs_asking *asking)
{
	struct pollfd p = { .fd = asking->terminal, .events = 0 };

	return cs_signals_caught() == SIGHUP || (asking->terminal != -1 && poll(&p, 1, 0) > 0 && p.revents != 0);
}

/* Who pressed Ctrl-C withdraws; who went away comes back, and the daemon keeps it open. */
static enum cs_asking_end interrupted(const struct cs_asking *asking, const struct cs_hold *hold)
{
	struct cs_decision reply = { 0 };
	char *text = NULL;
	int r = 0;

	if (hold->first.number == 0) {
		text = cs_dup("countersign: interrupted\n");
	} else if (hold->gone || hung_up(asking)) {
		(void)cs_format(&text, "countersign: request %llu stays open\n", (unsigned long long)hold->first.number);
	} else {
		r = cs_hold_cancel(hold, &asking->options, &reply);
		text = cs_say_withdrawn(hold->first.number, r, &reply);
	}
	(void)show(asking, text);
	cs_clear(&cs_decision_shape, &reply);
	return CS_ASKED_INTERRUPTED;
}

/* What was approved is said; what nobody was asked about goes on silently. */
static enum cs_asking_end conclude(const struct cs_asking *asking, const struct cs_hold *hold, const struct cs_decision *decision)
{
	bool open = decision->reason == CS_WHY_PARKED || decision->reason == CS_WHY_NOT_WAITING;
	char *text = NULL;

	if (decision->verdict != CS_PERMIT) {
		(void)show(asking, cs_say_denied(decision, hold->first.number != 0 ? &hold->first : NULL, asking->again));
		return open ? CS_ASKED_OPEN : CS_ASKED_DENIED;
	}
	if (decision->reason == CS_WHY_APPROVED &&
		cs_format(&text, "countersign: request %llu is approved, and used now\n",
			(unsigned long long)decision->number) == 0)
		(void)show(asking, text);
	return CS_ASKED_PERMITTED;
}

/* Whatever was decided, nothing goes on. */
static enum cs_asking_end conclude_ahead(const struct cs_asking *asking, const struct cs_decision *decision)
{
	bool asked = cs_asked_ahead(decision) == 1;

	(void)show(asking, asked ? cs_say_ahead(decision) : cs_say_denied(decision, NULL, asking->again));
	return asked ? CS_ASKED_AHEAD : CS_ASKED_DENIED;
}

static enum cs_asking_end ask(struct cs_asking *asking, struct cs_decision *ret_decision)
{
	struct cs_hold hold = { .client = asking->client, .ask = asking->ask, .action = &asking->action, .timeout_ms = ANSWER_MS,
		.watch_fd = asking->watch_fd != -1 ? asking->watch_fd : asking->terminal, .ops = &hold_ops, .arg = asking };
	enum cs_asking_end asked = CS_ASKED_FAILED;
	int r = 0;

	asking->action.argv = asking->ask->argv; /* a view, but for its operands */
	asking->action.n_argv = asking->ask->n_argv;
	r = cs_hold_run(&hold, ret_decision);
	asking->action.argv = NULL;
	asking->action.n_argv = 0;
	cs_clear(&cs_action_shape, &asking->action);
	if (r == 0)
		asked = asking->ask->ahead ? conclude_ahead(asking, ret_decision) : conclude(asking, &hold, ret_decision);
	else if (r == CS_EINTR || hold.gone)
		asked = interrupted(asking, &hold);
	else
		asked = fail(asking, r, r == CS_EPERM && hold.text == NULL ? asking->no_reason : NULL, hold.text);
	cs_hold_clear(&hold);
	return asked;
}

static enum cs_asking_end connect_and_ask(struct cs_asking *asking, struct cs_decision *ret_decision)
{
	const struct cs_args server = { .server = asking->server_user };
	enum cs_asking_end asked = CS_ASKED_FAILED;
	const char *why = NULL;
	char *path = NULL;
	uint32_t uid = CS_NO_UID;
	int r = cs_format(&path, "%s/people.sock", asking->socket);

	if (r == 0 && cs_args_server_uid(&server, &uid) < 0) {
		r = CS_EUNAVAIL;
		why = "its user could not be looked up";
	}
	asking->options = (struct cs_client_options){ .path = path, .server_uid = (uid_t)uid };
	if (r == 0)
		r = cs_client_open(&asking->options, &asking->client, &why);
	asked = r == 0 ? ask(asking, ret_decision) : fail(asking, r, why, NULL);
	cs_client_close(&asking->client);
	asking->options.path = NULL;
	cs_free_str(&path);
	return asked;
}

enum cs_asking_end cs_asking_run(struct cs_asking *asking, struct cs_decision *ret_decision)
{
	enum cs_asking_end asked = CS_ASKED_FAILED;

	memset(ret_decision, 0, sizeof(*ret_decision));
	asking->terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	cs_signals_catch();
	asked = connect_and_ask(asking, ret_decision);
	cs_signals_restore();
	cs_close(&asking->terminal);
	return asked;
}
