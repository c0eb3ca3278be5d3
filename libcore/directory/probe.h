/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the servers of a directory section as the worker would connect to them, step by step: for
 * `countersign directory test`. What is looked at runs in a child that is confined like the worker. */
#ifndef CS_DIRECTORY_PROBE_H
#define CS_DIRECTORY_PROBE_H

#include "directory.h"
#include "settings.h"

enum cs_probe_step {
	CS_PROBE_ADDRESS = 1, /* its name and a connection */
	CS_PROBE_TLS = 2,
	CS_PROBE_BIND = 3,
	CS_PROBE_SERVER = 4,   /* the root DSE */
	CS_PROBE_PEOPLE = 5,   /* a few entries below people_base, and the attributes they have */
	CS_PROBE_ACCOUNTS = 6, /* by what locked ones are known */
	CS_PROBE_GROUPS = 7,
	CS_PROBE_SCHEMA = 8 /* which preset fits */
};
extern const struct cs_names cs_probe_steps[]; /* "server address", "TLS", … */

enum cs_probe_level { CS_PROBE_WRONG = 0, CS_PROBE_WARNING = 1, CS_PROBE_GOOD = 2 };
extern const struct cs_names cs_probe_levels[]; /* "wrong", "warning", "ok" */

/* What is the matter; about (below) says with what. The sentences are the caller's. */
enum cs_trouble {
	CS_TROUBLE_NONE = 0,
	CS_TROUBLE_NAME = 1,        /* DNS does not know the host */
	CS_TROUBLE_REFUSED = 2,     /* nobody listens there */
	CS_TROUBLE_SILENT = 3,      /* no answer in time; about: the step */
	CS_TROUBLE_SOCKET = 4,      /* ldapi: there is none, or we may not use it; about: the path */
	CS_TROUBLE_STARTTLS = 5,    /* the server does not offer it */
	CS_TROUBLE_CERTIFICATE = 6, /* the server's is refused; certificate says which it is */
	CS_TROUBLE_TLS = 7,         /* anything else of TLS; about: the library's words */
	CS_TROUBLE_OWN_FILES = 8,   /* ca_file, tls_certificate or tls_key cannot be used */
	CS_TROUBLE_PASSWORD = 9,
	CS_TROUBLE_BIND = 10, /* about: the server's or the library's words */
	CS_TROUBLE_NO_GSSAPI = 11,
	CS_TROUBLE_KERBEROS = 12,  /* about: the library's words */
	CS_TROUBLE_STRONGER = 13,  /* the server wants TLS or another bind */
	CS_TROUBLE_ANONYMOUS = 14, /* the bind succeeded, and we are nobody */
	CS_TROUBLE_IDENTITY = 15,  /* we are somebody else than bind_dn; about: who */
	CS_TROUBLE_PLAIN = 16,     /* neither TLS nor Kerberos */
	CS_TROUBLE_SEARCH = 17,    /* a search failed; about: the words */
	CS_TROUBLE_BASE = 18,      /* people_base is not there; about: the nearest naming context, or "" */
	CS_TROUBLE_NOBODY = 19,    /* nothing below people_base matches people_filter; about: the filter */
	CS_TROUBLE_LIMIT = 20,     /* the server gives fewer entries than were asked for; about: how many */
	CS_TROUBLE_LOGIN = 21,     /* no entry has login_attribute; about: its name; likewise the next four */
	CS_TROUBLE_UID = 22,
	CS_TROUBLE_ID = 23,
	CS_TROUBLE_PERSON = 24,
	CS_TROUBLE_MEMBER_OF = 25,
	CS_TROUBLE_LOCKED = 26,      /* the server's schema knows no attribute of locked_filter; about: the filter */
	CS_TROUBLE_ACCOUNTS = 27,    /* … nor any other by which we would see it */
	CS_TROUBLE_GROUPS_BASE = 28, /* as CS_TROUBLE_BASE */
	CS_TROUBLE_NO_GROUPS = 29,   /* about: where */
	CS_TROUBLE_SCHEMA = 30,      /* another preset fits better; about: its name */
	CS_TROUBLE_SOME = 31,        /* only some entries have what all should; about: the attribute */
	CS_TROUBLE_REPLICA = 32,     /* mode = replica, and the server does not offer what that takes */
	CS_TROUBLE_SRV = 33,         /* DNS names no servers; about: why */
	CS_TROUBLES = 34
};
extern const struct cs_names cs_troubles[]; /* words for JSON: "certificate", "base" */

struct cs_probed {
	bool begun; /* the step begins; nothing else is told */
	enum cs_probe_step step;
	enum cs_probe_level level;
	enum cs_trouble trouble;
	uint64_t took_us;
	char *text; /* what was found */
	char *about;
	uint8_t *certificate; /* the server's, DER */
	size_t n_certificate;
};
extern const struct cs_shape cs_probed_shape;

struct cs_probe;

/* Reads the section and its secrets as cs_directory_open does. 0, CS_ECONF with problem, CS_EIO, CS_ENOMEM. */
int cs_probe_new(const struct cs_conf_section *section, uid_t owner, const struct cs_directory_ids *ids,
		 struct cs_probe **ret_probe, struct cs_problem *problem);
void cs_probe_free(struct cs_probe **probe);
const struct cs_settings *cs_probe_settings(const struct cs_probe *probe);

/* The servers to look at: those of uri, or those that DNS names now. 0; CS_EUNAVAIL with *ret_cause, CS_ENOMEM. The
 * caller frees all of it. */
int cs_probe_uris(const struct cs_probe *probe, char ***ret_uris, size_t *ret_n, char **ret_cause);

/* Calls each for every step that begins or ends, and now and then with NULL while nothing happens. A step that takes
 * longer than it may ends what is looked at, and is told as CS_TROUBLE_SILENT. After a step that is wrong, those that
 * need it are left out. 0; CS_EIO, CS_ENOMEM. */
typedef void (*cs_probed_fn)(void *arg, const struct cs_probed *probed);
int cs_probe_server(struct cs_probe *probe, const char *uri, cs_probed_fn each, void *arg);

/* Inside the child (ldap_probe.c). */
struct cs_probing {
	const struct cs_settings *settings;
	const struct cs_credentials *credentials;
	const char *uri;
	void (*tell)(void *arg, const struct cs_probed *probed);
	void *arg;
};
void cs_probing_run(const struct cs_probing *probing);

#endif
