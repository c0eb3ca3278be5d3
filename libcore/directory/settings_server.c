/* SPDX-License-Identifier: Apache-2.0 */
/* Which servers are asked, and that nobody can listen in. */
#include "mem.h"
#include "settings_internal.h"

#include <stdio.h>
#include <string.h>

enum { DOMAIN_MAX = 253, NAME_MAX_TEXT = 300 };

/* Host and port behind the scheme: no blank (a second URI), path, query or user part. */
static int is_plain_host(const char *s)
{
	return *s != '\0' && strpbrk(s, " ,/?#@\t") == NULL;
}

static int is_loopback(const char *host)
{
	static const char *const names[] = { "127.0.0.1", "[::1]" };
	for (size_t i = 0; i < CS_COUNT(names); i++) {
		size_t n = strlen(names[i]);
		if (strncmp(host, names[i], n) == 0 && (host[n] == '\0' || host[n] == ':'))
			return 1;
	}
	return 0;
}

static int read_plain_ldap(struct reading *r, const char *host)
{
	bool insecure = cs_conf_bool(r->section, "insecure_loopback", false);
	r->settings->starttls = cs_conf_bool(r->section, "starttls", false);
	r->settings->tls = r->settings->tls || r->settings->starttls;
	if (!is_plain_host(host))
		return settings_refuse(r, "uri", "ldap:// takes one host name and perhaps a port, nothing else");
	if (r->settings->starttls)
		return insecure ? settings_refuse(r, "insecure_loopback", "cannot be combined with starttls") : 0;
	if (settings_has(r, "keytab")) /* the bind brings encryption with it, and is refused without */
		return 0;
	if (!insecure)
		return settings_refuse(r, "uri", "ldap:// needs starttls = true");
	if (!is_loopback(host))
		return settings_refuse(r, "insecure_loopback",
			      "is only for ldap://127.0.0.1 and ldap://[::1]; use starttls = true");
	return 0;
}

static int read_local(struct reading *r, const char *path)
{
	if (strpbrk(path, " ,?#@\t") != NULL)
		return settings_refuse(r, "uri", "ldapi:// takes one socket path with each '/' written as %2F");
	const char *slash = strchr(path, '/');
	if (slash != NULL && slash[1] != '\0')
		return settings_refuse(r, "uri", "write each '/' of the socket's path as %2F");
	return 0;
}

static int read_ldaps(struct reading *r, const char *host)
{
	r->settings->tls = true;
	if (cs_conf_bool(r->section, "starttls", false))
		return settings_refuse(r, "starttls", "is for ldap:// only");
	if (!is_plain_host(host))
		return settings_refuse(r, "uri", "ldaps:// takes one host name and perhaps a port, nothing else");
	return 0;
}

static const struct {
	const char *prefix;
	int (*read)(struct reading *r, const char *rest);
} schemes[] = {
	{ "ldapi://", read_local },
	{ "ldaps://", read_ldaps },
	{ "ldap://", read_plain_ldap },
};

static int read_uri(struct reading *r, const char *uri)
{
	if (strlen(uri) > CS_URI_MAX)
		return settings_refuse(r, "uri", "is too long");
	for (size_t i = 0; i < CS_COUNT(schemes); i++) {
		size_t n = strlen(schemes[i].prefix);
		if (strncmp(uri, schemes[i].prefix, n) != 0)
			continue;
		int e = cs_strv_add(&r->settings->uris, &r->settings->n_uris, uri);
		if (e != 0)
			return e;
		/* A single '/' at the end is how many people write it. */
		char *kept = r->settings->uris[r->settings->n_uris - 1];
		size_t length = strlen(kept);
		if (schemes[i].read != read_local && kept[length - 1] == '/' && length > n)
			kept[length - 1] = '\0';
		return schemes[i].read(r, kept + n);
	}
	return settings_refuse(r, "uri", "must begin with ldapi://, ldaps:// or ldap://");
}

/* The kinds of security do not mix, so that nobody takes the plain server for one of the others. */
static int check_mix(struct reading *r)
{
	if (r->settings->tls && cs_conf_bool(r->section, "insecure_loopback", false))
		return settings_refuse(r, "insecure_loopback", "cannot be combined with a server that has TLS");
	if (!r->settings->starttls && cs_conf_bool(r->section, "starttls", false))
		return settings_refuse(r, "starttls", "is for ldap:// only");
	return 0;
}

static int name_servers(struct reading *r)
{
	char name[NAME_MAX_TEXT + 1];
	size_t used = 0;
	for (size_t i = 0; i < r->settings->n_uris; i++) {
		const char *uri = r->settings->uris[i];
		if (i > 0 && used + strlen(uri) + 2 > NAME_MAX_TEXT) {
			(void)snprintf(name + used, sizeof(name) - used, ", …");
			break;
		}
		used += (size_t)snprintf(name + used, sizeof(name) - used, "%s%.*s", i > 0 ? ", " : "",
			NAME_MAX_TEXT - 8, uri);
	}
	return cs_set(&r->settings->name, name);
}

static int is_domain(const char *domain)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t n = strlen(domain);
	return n > 0 && n <= DOMAIN_MAX && strspn(domain, allowed) == n && domain[0] != '.' && domain[n - 1] != '.' &&
	       strstr(domain, "..") == NULL && strchr(domain, '.') != NULL;
}

/* What DNS says is not authentic, so it is good only with certificates. */
static int read_domain(struct reading *r)
{
	const char *domain = settings_text(r, "srv_domain");
	if (cs_conf_given(r->section, "uri"))
		return settings_refuse(r, "srv_domain", "cannot be combined with uri");
	if (cs_conf_bool(r->section, "insecure_loopback", false))
		return settings_refuse(r, "insecure_loopback", "cannot be combined with srv_domain");
	if (!is_domain(domain))
		return settings_refuse(r, "srv_domain", "is no name of a domain");
	r->settings->tls = true;
	r->settings->starttls = cs_conf_bool(r->section, "starttls", false);
	int e = cs_set(&r->settings->srv_domain, domain);
	return e != 0 ? e : cs_format(&r->settings->name, "the servers of %s", domain);
}

int settings_servers(struct reading *r)
{
	size_t n = cs_conf_list_len(r->section, "uri");
	if (cs_conf_given(r->section, "srv_domain"))
		return read_domain(r);
	int e = n > 0 ? 0 : settings_refuse(r, NULL, "needs uri or srv_domain (LDAP servers), ldif or file "
						     "(people and groups from a file), or unix = true");
	if (n > CS_SERVERS_MAX)
		return settings_refuse(r, "uri", "are at most 16");
	for (size_t i = 0; i < n && e == 0; i++)
		e = read_uri(r, cs_conf_list_at(r->section, "uri", i));
	if (e == 0)
		e = check_mix(r);
	return e != 0 ? e : name_servers(r);
}
