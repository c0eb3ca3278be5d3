/* SPDX-License-Identifier: Apache-2.0 */
/* The table of services, as it stands in pam_countersign_hold(8). */
#include "services.h"
#include "mem.h"
#include <stddef.h>
#include <string.h>

static const struct cs_service services[] = {
	{ "sshd", false, false, CS_ATTENDED_ALWAYS },
	{ "login", false, false, CS_ATTENDED_ALWAYS },
	{ "remote", false, false, CS_ATTENDED_ALWAYS },
	{ "su", true, false, CS_ATTENDED_TERMINAL },
	{ "su-l", true, false, CS_ATTENDED_TERMINAL },
	{ "sudo", true, true, CS_ATTENDED_TERMINAL },
	{ "sudo-i", true, true, CS_ATTENDED_TERMINAL },
	{ "runuser", true, false, CS_ATTENDED_TERMINAL },
	{ "runuser-l", true, false, CS_ATTENDED_TERMINAL },
	{ "cron", false, false, CS_ATTENDED_NEVER },
	{ "crond", false, false, CS_ATTENDED_NEVER },
	{ "atd", false, false, CS_ATTENDED_NEVER },
	{ "systemd-user", false, false, CS_ATTENDED_NEVER },
};

const struct cs_service *cs_service_find(const char *name)
{
	static const struct cs_service unknown;

	for (size_t i = 0; i < CS_COUNT(services); i++)
		if (strcmp(services[i].name, name) == 0)
			return &services[i];
	return &unknown;
}
