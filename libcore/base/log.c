/* SPDX-License-Identifier: Apache-2.0 */
/* The log of programs: one escaped line per call, to standard error and, if wanted, to syslog. */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"
#include "text.h"

#define LINE_MAX_BYTES  8192
#define FRONT_MAX_BYTES 128 /* priority, ident, cut mark, newline */
#define CUT_MARK        " [cut]"

/* A program has one log; it is opened once, before anything is logged. */
static struct {
	const char *ident;
	int use_syslog;
} target = {.ident = "countersign"};

void cs_log_open(const char *ident, int use_syslog)
{
	target.ident = ident;
	target.use_syslog = use_syslog;
	if (use_syslog)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
}

/* One writev, so that lines of several processes on one descriptor do not mix. */
static void to_stderr(int level, const char *line)
{
	char front[FRONT_MAX_BYTES - sizeof(CUT_MARK)];
	int n = 0;
	if (isatty(STDERR_FILENO))
		n = snprintf(front, sizeof(front), "%.64s: ", target.ident);
	else
		n = snprintf(front, sizeof(front), "<%d>%.64s: ", level, target.ident);
	if (n < 0)
		return;
	struct iovec iov[] = {
		{.iov_base = front, .iov_len = (size_t)n},
		{.iov_base = (void *)(uintptr_t)line, .iov_len = strlen(line)},
		{.iov_base = (void *)(uintptr_t) "\n", .iov_len = 1},
	};
	/* Where the log itself cannot be written there is nobody left to tell. */
	ssize_t written = writev(STDERR_FILENO, iov, (int)CS_COUNT(iov));
	(void)written;
}

static void emit(int level, const char *line)
{
	to_stderr(level, line);
	if (target.use_syslog)
		syslog(level, "%s", line);
}

void cs_log(int level, const char *format, ...)
{
	int kept = errno;
	char *text = NULL;
	struct cs_buf line;
	va_list args;

	cs_buf_init(&line, LINE_MAX_BYTES - FRONT_MAX_BYTES);
	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		emit(level, "a message is lost: out of memory");
		goto out;
	}
	cs_escape(&line, text);
	int cut = cs_buf_error(&line) != 0;
	line.error = 0;
	line.max = LINE_MAX_BYTES;
	if (cut)
		cs_buf_put(&line, CUT_MARK, strlen(CUT_MARK));
	cs_buf_put_u8(&line, 0);
	emit(level, cs_buf_error(&line) == 0 ? (const char *)line.data : "a message is lost: out of memory");
out:
	if (n >= 0)
		free(text);
	cs_buf_clear(&line);
	errno = kept;
}
