/* SPDX-License-Identifier: Apache-2.0 */
/* Whom we believe, and how we say who we are. */
#include "keytab.h"
#include "mem.h"
#include "settings_internal.h"

#include <string.h>

enum {
	PASSWORD_MAX = 1024,
	KEY_MAX = 64 * 1024,
	CERTIFICATE_MAX = 256 * 1024, /* with those between it and the root */
	KEYTAB_MAX = 256 * 1024,
	CA_MAX = 4 * 1024 * 1024,
	PRINCIPAL_MAX = 255
};

static int read_secret(struct reading *r, const char *key, enum cs_secret which, enum cs_file_kind kind, size_t max)
{
	return settings_file(r, key, kind, max, &r->secrets->bytes[which], &r->secrets->n[which]);
}

/* --- TLS --- */

static int read_certificate(struct reading *r)
{
	const struct cs_secrets *secrets = r->secrets;
	if (!settings_has(r, "tls_certificate") && !settings_has(r, "tls_key"))
		return 0;
	if (!settings_has(r, "tls_certificate"))
		return settings_refuse(r, "tls_key", "needs tls_certificate");
	if (!settings_has(r, "tls_key"))
		return settings_refuse(r, "tls_certificate", "needs tls_key");
	if (!r->settings->tls)
		return settings_refuse(r, "tls_certificate", "is not used without TLS");
	int e = read_secret(r, "tls_certificate", CS_SECRET_CERTIFICATE, CS_FILE_TEXT, CERTIFICATE_MAX);
	if (e == 0)
		e = read_secret(r, "tls_key", CS_SECRET_KEY, CS_FILE_SECRET, KEY_MAX);
	if (e != 0)
		return e;
	if (strstr(secrets->bytes[CS_SECRET_CERTIFICATE], "-----BEGIN CERTIFICATE-----") == NULL)
		return settings_refuse(r, "tls_certificate", "holds no certificate in PEM");
	if (strstr(secrets->bytes[CS_SECRET_KEY], "PRIVATE KEY-----") == NULL)
		return settings_refuse(r, "tls_key", "holds no private key in PEM");
	if (strstr(secrets->bytes[CS_SECRET_KEY], "ENCRYPTED") != NULL)
		return settings_refuse(r, "tls_key", "is locked with a passphrase, which nobody could type");
	r->settings->certificate = true;
	return 0;
}

/* Only without TLS anywhere Kerberos brings the encryption. */
static int check_plain(struct reading *r)
{
	const struct cs_settings *s = r->settings;
	for (size_t i = 0; i < s->n_uris; i++)
		if (s->tls && !s->starttls && strncmp(s->uris[i], "ldap://", 7) == 0)
			return settings_refuse(r, "uri", "ldap:// needs starttls = true beside a server that has TLS");
	return 0;
}

int settings_tls(struct reading *r)
{
	int e = check_plain(r);
	if (e != 0)
		return e;
	if (!r->settings->tls && settings_has(r, "ca_file"))
		return settings_refuse(r, "ca_file", "is not used without TLS");
	if (r->settings->tls && !settings_has(r, "ca_file"))
		return settings_refuse(r, "ca_file",
				       "is required with TLS: the certificates that the server's is checked against");
	if (r->settings->tls) {
		e = settings_file(r, "ca_file", CS_FILE_TEXT, CA_MAX, NULL, NULL);
		if (e == 0)
			e = cs_set(&r->settings->ca_file, settings_text(r, "ca_file"));
		if (e != 0)
			return e;
	}
	return read_certificate(r);
}

/* --- Bind --- */

static int read_simple(struct reading *r)
{
	char **password = &r->secrets->bytes[CS_SECRET_PASSWORD];
	size_t *n = &r->secrets->n[CS_SECRET_PASSWORD];
	if (!settings_has(r, "bind_dn") || !settings_has(r, "bind_secret_file"))
		return settings_refuse(r, NULL,
				       "needs bind_dn and bind_secret_file, or sasl_external = true, or keytab");
	if (!cs_dn_is_valid(settings_text(r, "bind_dn")))
		return settings_refuse(r, "bind_dn", "is no DN");
	int e = cs_set(&r->settings->bind_dn, settings_text(r, "bind_dn"));
	if (e == 0)
		e = read_secret(r, "bind_secret_file", CS_SECRET_PASSWORD, CS_FILE_SECRET, PASSWORD_MAX);
	if (e != 0)
		return e;
	if (*n > 0 && (*password)[*n - 1] == '\n')
		(*password)[--*n] = '\0';
	if (*n == 0) /* a bind without a password succeeds as nobody (A070) */
		return settings_refuse(r, "bind_secret_file", "holds an empty password");
	return 0;
}

static int read_external(struct reading *r)
{
	const struct cs_settings *s = r->settings;
	bool local = s->n_uris > 0;
	for (size_t i = 0; i < s->n_uris; i++)
		local = local && strncmp(s->uris[i], "ldapi://", 8) == 0;
	if (!local && !s->certificate)
		return settings_refuse(r, "sasl_external",
				       "is for ldapi://, or with TLS for tls_certificate and tls_key: the server has "
				       "to know us by something");
	return 0;
}

static int is_principal(const char *text)
{
	size_t n = strlen(text);
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return 0;
	return n <= PRINCIPAL_MAX;
}

static int read_gssapi(struct reading *r)
{
	const char *principal = settings_text(r, "sasl_principal");
	char **bytes = &r->secrets->bytes[CS_SECRET_KEYTAB];
	size_t *n = &r->secrets->n[CS_SECRET_KEYTAB];
	if (!is_principal(principal))
		return settings_refuse(r, "sasl_principal",
				       "is no principal such as countersign/host.example.org@EXAMPLE.ORG");
	int e = cs_set(&r->settings->sasl_principal, principal);
	if (e == 0)
		e = read_secret(r, "keytab", CS_SECRET_KEYTAB, CS_FILE_KEYS, KEYTAB_MAX);
	if (e == 0)
		e = cs_keytab_reduce((uint8_t *)*bytes, n, principal);
	if (e == CS_EPROTO)
		return settings_refuse(r, "keytab", "is no keytab as ktutil and kadmin write them");
	if (e == CS_ENOENT)
		return settings_refuse(r, "keytab",
				       *principal != '\0'
					       ? "holds no key of sasl_principal; klist -k tells whose keys it has"
					       : "holds no key");
	return e;
}

/* Each way to say who we are: the option that chooses it and those that belong to another one. */
static const struct {
	const char *key;
	enum cs_bind bind;
	const char *others[3];
	const char *refused;
	int (*read)(struct reading *r);
} ways[] = {
	{"sasl_external",
	 CS_BIND_EXTERNAL,
	 {"bind_dn", "bind_secret_file", "keytab"},
	 "cannot be combined with bind_dn, bind_secret_file or keytab",
	 read_external},
	{"keytab",
	 CS_BIND_GSSAPI,
	 {"bind_dn", "bind_secret_file", NULL},
	 "cannot be combined with bind_dn or bind_secret_file",
	 read_gssapi},
	{NULL, CS_BIND_SIMPLE, {NULL, NULL, NULL}, "", read_simple},
};

static bool is_chosen(const struct reading *r, size_t way)
{
	if (ways[way].key == NULL)
		return true;
	if (ways[way].bind == CS_BIND_EXTERNAL)
		return cs_conf_bool(r->section, ways[way].key, false);
	return settings_has(r, ways[way].key);
}

int settings_bind(struct reading *r)
{
	size_t way = 0;
	while (!is_chosen(r, way))
		way++;
	for (size_t i = 0; i < CS_COUNT(ways[way].others); i++)
		if (ways[way].others[i] != NULL && settings_has(r, ways[way].others[i]))
			return settings_refuse(r, ways[way].key, ways[way].refused);
	if (ways[way].bind != CS_BIND_GSSAPI && settings_has(r, "sasl_principal"))
		return settings_refuse(r, "sasl_principal", "needs keytab");
	r->settings->bind = ways[way].bind;
	return ways[way].read(r);
}
