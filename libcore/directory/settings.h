/* SPDX-License-Identifier: Apache-2.0 */
/* What a directory { … } section says, checked: no spelling in it can weaken the connection. */
#ifndef CS_DIRECTORY_SETTINGS_H
#define CS_DIRECTORY_SETTINGS_H

#include "conf.h"
#include <sys/types.h>

enum cs_bind { CS_BIND_NONE = 0, CS_BIND_SIMPLE = 1, CS_BIND_EXTERNAL = 2 };

struct cs_settings {
	char *file; /* people and groups in the fixed form, or … */
	char *ldif; /* … in LDIF, or … */
	char *uri;  /* … from a server: one of the three, the others NULL */
	bool starttls;
	bool tls; /* StartTLS or ldaps */
	char *ca_file;
	enum cs_bind bind;
	char *bind_dn;
	char *people_base; /* "" with ldif: everywhere */
	char *login_attribute;
	char *uid_attribute;
	char *id_attribute;
	char *person_attribute; /* "" when none */
	char *locked_filter;    /* "" when none */
	uint64_t deadline_ms;
};

/* Reads and checks a section; *ret_secret is the bind password, NULL where none is needed. The caller clears both (the
 * secret with cs_free_secret). 0, CS_ECONF with problem, CS_ENOMEM. */
int cs_settings_read(const struct cs_conf_section *section, uid_t owner, struct cs_settings *ret_settings,
	char **ret_secret, struct cs_problem *problem);
/* The settings for LDIF at hand; an option that is NULL has its default. 0, CS_ECONF with problem, CS_ENOMEM. */
struct cs_ldif_options;
int cs_settings_of_ldif(const struct cs_ldif_options *options, struct cs_settings *ret_settings,
	struct cs_problem *problem);
void cs_settings_clear(struct cs_settings *settings);

#endif
