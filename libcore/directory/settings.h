/* SPDX-License-Identifier: Apache-2.0 */
/* What a directory { … } section says, checked: no spelling in it can weaken the connection. */
#ifndef CS_DIRECTORY_SETTINGS_H
#define CS_DIRECTORY_SETTINGS_H

#include "conf.h"
#include "schema.h"
#include "secrets.h"

#include <sys/types.h>

#define CS_URI_MAX 512    /* bytes */
#define CS_SERVERS_MAX 16 /* by uri or by DNS */

enum cs_bind { CS_BIND_NONE = 0, CS_BIND_SIMPLE = 1, CS_BIND_EXTERNAL = 2, CS_BIND_GSSAPI = 3 };
enum cs_mode { CS_MODE_LOOKUP = 0, CS_MODE_REPLICA = 1 };

struct cs_settings {
	char *name; /* of it all, for messages: the file, or the servers */
	/* One of these four; the others are NULL, false and empty. */
	char *file;        /* people and groups in the fixed form */
	char *ldif;        /* … in LDIF */
	bool unix_files;   /* … in /etc/passwd, /etc/group and /etc/shadow */
	char **uris;       /* … on these servers, in the order of preference; empty with srv_domain */
	size_t n_uris;
	char *srv_domain;  /* the servers are those that DNS names for this domain; "" when none */
	enum cs_mode mode;
	bool starttls;
	bool tls; /* StartTLS or ldaps */
	char *ca_file;
	enum cs_bind bind;
	char *bind_dn;
	char *sasl_principal; /* "" when not said: whose key is the first of the keytab */
	bool certificate;     /* we have one to show, with its key */
	char *people_base; /* "" with ldif: everywhere */
	char *groups_base; /* where groups are, for what is nested and for the replica; "" when not said */
	struct cs_schema schema;
	char *locked_filter; /* one more reason to take an account for locked; "" when none */
	uint64_t deadline_ms;
};

/* Reads and checks a section, and the secrets that it names. The caller clears both. 0, CS_ECONF with problem,
 * CS_ENOMEM. */
int cs_settings_read(const struct cs_conf_section *section, uid_t owner, struct cs_settings *ret_settings,
	struct cs_secrets *ret_secrets, struct cs_problem *problem);
/* The settings for LDIF at hand; an option that is NULL has its default. 0, CS_ECONF with problem, CS_ENOMEM. */
struct cs_ldif_options;
int cs_settings_of_ldif(const struct cs_ldif_options *options, struct cs_settings *ret_settings,
	struct cs_problem *problem);
/* The settings for the accounts of this host. 0, CS_ENOMEM. */
int cs_settings_of_unix(struct cs_settings *ret_settings);
void cs_settings_clear(struct cs_settings *settings);

#endif
