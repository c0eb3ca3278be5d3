/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of countersignd.conf that have a file of their own. */
#ifndef CS_CONFIG_INTERNAL_H
#define CS_CONFIG_INTERNAL_H

#include "config.h"
#include "file.h"

extern const struct cs_conf_option config_notify_options[];
/* section may be NULL: nothing is told then. 0, or CS_E… with problem set. */
int config_read_notify(const char *path, const struct cs_conf_section *section, uid_t owner, struct config_notify *notify,
	struct cs_problem *problem);
void config_notify_clear(struct config_notify *notify);

#endif
