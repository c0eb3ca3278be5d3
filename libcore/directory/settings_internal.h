/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read a directory section share. */
#ifndef CS_DIRECTORY_SETTINGS_INTERNAL_H
#define CS_DIRECTORY_SETTINGS_INTERNAL_H

#include "directory.h"
#include "file.h"
#include "settings.h"

/* One pass over a section: where complaints go and what was read so far. */
struct reading {
	const struct cs_conf_section *section;
	uid_t owner;
	struct cs_settings *settings;
	struct cs_secrets *secrets;
	struct cs_problem *problem;
};

/* Sets the problem, with the line of the key where it is given. CS_ECONF. */
int settings_refuse(struct reading *r, const char *key, const char *text);
const char *settings_text(const struct reading *r, const char *key); /* "" where it is not given */
int settings_has(const struct reading *r, const char *key);          /* and it is not empty */

/* Reads a file; with ret_text NULL only to see that it is one that may be trusted. 0, CS_ECONF, CS_ENOMEM. */
int settings_file(struct reading *r, const char *key, enum cs_file_kind kind, size_t max, char **ret_text,
	size_t *ret_n);

/* Steps. Each 0, CS_ECONF, CS_ENOMEM. */
int settings_servers(struct reading *r); /* settings_server.c: uri, srv_domain, starttls, insecure_loopback */
int settings_tls(struct reading *r);     /* settings_bind.c: ca_file, tls_certificate, tls_key */
int settings_bind(struct reading *r);    /* … how we say who we are */
int settings_people(struct reading *r);  /* settings_people.c: schema and what overrides it, bases, locked_filter */

#endif
