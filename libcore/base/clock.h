/* SPDX-License-Identifier: Apache-2.0 */
/* Time: deadlines count CLOCK_BOOTTIME within a boot; the wall clock is for display and across reboots. */
#ifndef CS_BASE_CLOCK_H
#define CS_BASE_CLOCK_H

#include <stdint.h>

#define CS_BOOT_ID_LEN 36 /* /proc/sys/kernel/random/boot_id, text form */

struct cs_now {
	uint64_t boot_ms;                /* CLOCK_BOOTTIME, milliseconds */
	uint64_t wall_ms;                /* CLOCK_REALTIME, milliseconds since 1970 */
	char boot_id[CS_BOOT_ID_LEN + 1];
};

/* Reads the clocks; the boot id is read once and kept. 0, CS_EIO. */
int cs_now_read(struct cs_now *ret_now);

/* CLOCK_BOOTTIME in milliseconds. Never fails on Linux. */
uint64_t cs_boot_ms(void);

/* "2026-11-21T20:00:08Z" from milliseconds since 1970, into 21 bytes. */
void cs_time_text(uint64_t wall_ms, char ret_text[21]);

/* "14m 03s", "2h 05m", "9s": how people read a time span. Into 16 bytes. */
void cs_span_text(uint64_t ms, char ret_text[16]);

#endif
