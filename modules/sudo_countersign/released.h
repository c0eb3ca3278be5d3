/* SPDX-License-Identifier: Apache-2.0 */
/* What the approval plugin was told to release in this process, for the plugins that attend to it and show it: sudo loads the shared
 * object once for both. */
#ifndef CS_SUDO_RELEASED_H
#define CS_SUDO_RELEASED_H

#include "client.h"

struct cs_sudo_released {
	uint64_t number; /* of the request; 0: there is nothing to attend to */
	uint8_t id[CS_ID_LEN];
	enum cs_watch_rule watch; /* whether others look on, and how long nobody may where somebody has to */
	uint64_t watch_grace_ms;
	uint64_t session_ms; /* how long it may last; 0: no limit */
	struct cs_client_options options; /* how the daemon is reached; the strings are sudo's */
};

/* As the first check of this process left it; with intercept more follow, and change nothing of it. */
struct cs_sudo_released cs_sudo_released(void);

#endif
