/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks, and how times are written for people. */
#include "clock.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <countersign/error.h>

#include "file.h"

#define YEAR_10000_MS  UINT64_C(253402300800000)
#define LONGEST_SPAN_S (UINT64_C(999999) * 86400)

static uint64_t to_ms(const struct timespec *ts)
{
	return (uint64_t)ts->tv_sec * 1000 + (uint64_t)ts->tv_nsec / 1000000;
}

static bool is_boot_id(const char *s)
{
	return strspn(s, "0123456789abcdef-") == CS_BOOT_ID_LEN;
}

static int read_boot_id(char ret_id[CS_BOOT_ID_LEN + 1])
{
	char text[CS_BOOT_ID_LEN + 1] = {0};
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return CS_EIO;
	ssize_t n = read(fd, text, CS_BOOT_ID_LEN);
	cs_close(&fd);
	if (n != CS_BOOT_ID_LEN || !is_boot_id(text))
		return CS_EIO;
	memcpy(ret_id, text, sizeof(text));
	return 0;
}

int cs_now_read(struct cs_now *ret_now)
{
	static char kept[CS_BOOT_ID_LEN + 1];
	struct cs_now now = {0};
	struct timespec wall;

	if (kept[0] == '\0' && read_boot_id(kept) != 0)
		return CS_EIO;
	if (clock_gettime(CLOCK_REALTIME, &wall) != 0 || wall.tv_sec < 0)
		return CS_EIO;
	now.wall_ms = to_ms(&wall);
	now.boot_ms = cs_boot_ms();
	memcpy(now.boot_id, kept, sizeof(kept));
	*ret_now = now;
	return 0;
}

uint64_t cs_boot_ms(void)
{
	struct timespec ts = {0};
	/* Cannot fail: the clock exists since Linux 2.6.39 and ts is ours. */
	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return to_ms(&ts);
}

void cs_time_text(uint64_t wall_ms, char ret_text[21])
{
	struct tm tm;
	time_t seconds = (time_t)(wall_ms / 1000);

	if (wall_ms >= YEAR_10000_MS || gmtime_r(&seconds, &tm) == NULL ||
	    strftime(ret_text, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		memcpy(ret_text, "after year 9999", sizeof("after year 9999"));
}

void cs_span_text(uint64_t ms, char ret_text[16])
{
	static const struct {
		unsigned seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	char text[32] = {0};
	uint64_t s = ms / 1000;
	size_t i = 0;

	if (s > LONGEST_SPAN_S)
		s = LONGEST_SPAN_S;
	while (i < 3 && s < units[i].seconds)
		i++;
	if (i == 3)
		(void)snprintf(text, sizeof(text), "%us", (unsigned)s);
	else
		(void)snprintf(text, sizeof(text), "%u%c %02u%c", (unsigned)(s / units[i].seconds), units[i].unit,
			       (unsigned)(s % units[i].seconds / units[i + 1].seconds), units[i + 1].unit);
	memcpy(ret_text, text, 16); /* "999999d 00h" is the longest */
}
