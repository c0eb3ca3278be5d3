/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's configuration file: countersignd.conf(5). */
#ifndef CS_CONFIG_H
#define CS_CONFIG_H

#include "conf.h"
#include <sys/types.h>

#define CONFIG_FILE "/etc/countersign/countersignd.conf"

/* Which programs tell people, and how. */
struct config_notify {
	char **programs;     /* owned; none: nothing is told */
	size_t n_programs;
	uint64_t timeout_ms; /* of one program */
	uint64_t keep_ms;    /* how long a notice is tried */
	bool arguments;      /* notices say the arguments of what is to be run */
	bool has_group;      /* the programs have this supplementary group */
	gid_t group;
};

struct config {
	const char *path;     /* of the file itself; the caller's */
	struct cs_conf *conf; /* owns every string below */
	const char *user;
	uid_t uid;            /* of user */
	gid_t gid;
	char *host;           /* owned */
	const char *store;
	const char *policy;
	const char *roster;         /* whose ssh keys sign votes */
	uint64_t roster_signatures; /* by how many officers it has to be signed */
	const char *socket_dir;
	uint64_t hold_ms;
	bool use_syslog;
	uint32_t max_open_per_uid;
	uint32_t max_open;
	const struct cs_conf_section *directory;
	struct config_notify notify;
};

/* Reads and checks the file; owner: who besides root may own it. The user is looked up only when we run as root.
 * 0, or CS_E… with problem set. Clear with config_clear. */
int config_read(const char *path, uid_t owner, struct config *ret_config, struct cs_problem *problem);
void config_clear(struct config *config);

#endif
