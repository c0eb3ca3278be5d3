/* SPDX-License-Identifier: Apache-2.0 */
/* syslog(3) of this program and of everything it loads. */
#include "log_catcher.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static char text[16384];

void __syslog_chk(int priority, int flag, const char *format, ...) __attribute__((format(printf, 3, 4)));

const char *logged(void)
{
	return text;
}

void logged_forget(void)
{
	text[0] = '\0';
}

__attribute__((format(printf, 2, 0))) static void keep(int priority, const char *format, va_list args)
{
	size_t used = strlen(text);

	(void)snprintf(text + used, sizeof(text) - used, "<%d>", LOG_PRI((unsigned)priority));
	used = strlen(text);
	(void)vsnprintf(text + used, sizeof(text) - used - 1, format, args);
	(void)strncat(text, "\n", sizeof(text) - strlen(text) - 1);
}

__attribute__((visibility("default"))) void syslog(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep(priority, format, args);
	va_end(args);
}

__attribute__((visibility("default"))) void __syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	keep(priority, format, args);
	va_end(args);
}
