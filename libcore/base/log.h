/* SPDX-License-Identifier: Apache-2.0 */
/* The log of programs. Libraries report errors instead; only programs/ and the directory worker call this. */
#ifndef CS_BASE_LOG_H
#define CS_BASE_LOG_H

#include <syslog.h>

/* Where lines go: standard error with a <N> priority prefix when it is not a terminal (systemd reads that), plain
 * otherwise; and syslog(3) when use_syslog. ident is kept, not copied. */
void cs_log_open(const char *ident, int use_syslog);

/* One line, escaped (so pass text as it came), never longer than 8 KiB; what was cut off ends in "[cut]". errno is kept.
 * level: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG. */
void cs_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
