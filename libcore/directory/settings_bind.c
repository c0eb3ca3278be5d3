/* SPDX-License-Identifier: Apache-2.0 */
/* Whom we believe, and how we say who we are. */
#include "mem.h"
#include "settings_internal.h"

#include <string.h>

enum { SECRET_MAX = 1024, CA_MAX = 4 * 1024 * 1024 };

int settings_tls(struct reading *r)
{
	if (!r->settings->tls)
		return settings_has(r, "ca_file") ? settings_refuse(r, "ca_file", "is not used without TLS") : 0;
	if (!settings_has(r, "ca_file"))
		return settings_refuse(r, "ca_file",
			      "is required with TLS: the certificates that the server's is checked against");
	int e = settings_file(r, "ca_file", 0, CA_MAX, NULL);
	return e != 0 ? e : cs_set(&r->settings->ca_file, settings_text(r, "ca_file"));
}

static int read_secret(struct reading *r)
{
	int e = settings_file(r, "bind_secret_file", 1, SECRET_MAX, r->secret);
	if (e != 0)
		return e;
	size_t n = strlen(*r->secret);
	if (n > 0 && (*r->secret)[n - 1] == '\n')
		(*r->secret)[n - 1] = '\0';
	if (**r->secret == '\0') /* a bind without a password succeeds as nobody (A070) */
		return settings_refuse(r, "bind_secret_file", "holds an empty password");
	return 0;
}

int settings_bind(struct reading *r)
{
	struct cs_settings *s = r->settings;
	if (cs_conf_bool(r->section, "sasl_external", false)) {
		if (settings_has(r, "bind_dn") || settings_has(r, "bind_secret_file"))
			return settings_refuse(r, "sasl_external", "cannot be combined with bind_dn or bind_secret_file");
		for (size_t i = 0; i < s->n_uris || i == 0; i++)
			if (i == s->n_uris || strncmp(s->uris[i], "ldapi://", 8) != 0)
				return settings_refuse(r, "sasl_external", "is for ldapi:// only");
		s->bind = CS_BIND_EXTERNAL;
		return 0;
	}
	if (!settings_has(r, "bind_dn") || !settings_has(r, "bind_secret_file"))
		return settings_refuse(r, NULL, "needs bind_dn and bind_secret_file, or sasl_external = true with ldapi://");
	if (!cs_dn_is_valid(settings_text(r, "bind_dn")))
		return settings_refuse(r, "bind_dn", "is no DN");
	s->bind = CS_BIND_SIMPLE;
	int e = cs_set(&s->bind_dn, settings_text(r, "bind_dn"));
	return e != 0 ? e : read_secret(r);
}
