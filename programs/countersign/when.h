/* SPDX-License-Identifier: Apache-2.0 */
/* A moment that a person writes: "+2h", "22:00" (the next one, here), "2026-11-21T22:00" (here) or with Z (UTC). */
#ifndef CS_COMMAND_WHEN_H
#define CS_COMMAND_WHEN_H

#include <stdint.h>

/* now_ms: of the wall clock. What has passed is refused, as is what the local calendar does not have, such as the hour that
 * a change of clocks leaves out, and what is more than a year ahead. 0; CS_EINVAL with *ret_why a static text. */
int cs_when_parse(const char *text, uint64_t now_ms, uint64_t *ret_wall_ms, const char **ret_why);

#endif
