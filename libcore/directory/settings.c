/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and checks the directory section of the daemon's configuration. */
#include "directory.h"
#include "filter.h"
#include "mem.h"
#include "settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
	SECRET_MAX = 1024,
	CA_MAX = 4 * 1024 * 1024,
	FILTER_MAX = 1024,
	URI_MAX = 512,
	DEADLINE_MS = 3000,
	DEADLINE_MAX_MS = 60000
};

#define LOCKED_FILTER "(|(pwdAccountLockedTime=*)(nsAccountLock=TRUE))" /* ldif_read.c knows this one alone */

const struct cs_conf_option cs_directory_options[] = {
	{ "file", CS_CONF_STR, false, NULL },
	{ "ldif", CS_CONF_STR, false, NULL },
	{ "uri", CS_CONF_STR, false, NULL },
	{ "starttls", CS_CONF_BOOL, false, NULL },
	{ "insecure_loopback", CS_CONF_BOOL, false, NULL },
	{ "ca_file", CS_CONF_STR, false, NULL },
	{ "bind_dn", CS_CONF_STR, false, NULL },
	{ "bind_secret_file", CS_CONF_STR, false, NULL },
	{ "sasl_external", CS_CONF_BOOL, false, NULL },
	{ "people_base", CS_CONF_STR, false, NULL },
	{ "login_attribute", CS_CONF_STR, false, NULL },
	{ "uid_attribute", CS_CONF_STR, false, NULL },
	{ "id_attribute", CS_CONF_STR, false, NULL },
	{ "person_attribute", CS_CONF_STR, false, NULL },
	{ "locked_filter", CS_CONF_STR, false, NULL },
	{ "deadline", CS_CONF_SPAN, false, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

/* One pass over a section: where complaints go and what was read so far. */
struct reading {
	const struct cs_conf_section *section;
	uid_t owner;
	struct cs_settings *settings;
	char **secret;
	struct cs_problem *problem;
};

/* A section does not know its file; a caller that wants it in the message puts it into the problem beforehand. */
static int refuse(struct reading *r, const char *key, const char *text)
{
	unsigned line = cs_conf_line(r->section, key != NULL && cs_conf_given(r->section, key) ? key : NULL);
	const char *comma = key != NULL ? ", " : "";
	const char *name = key != NULL ? key : "";
	if (r->problem == NULL)
		return CS_ECONF;
	char *file = r->problem->file != NULL ? cs_dup(r->problem->file) : NULL;
	if (file != NULL)
		cs_problem_set(r->problem, file, line, "directory%s%s: %s", comma, name, text);
	else
		cs_problem_set(r->problem, "", line, "line %u: directory%s%s: %s", line, comma, name, text);
	free(file);
	return CS_ECONF;
}

static const char *text_of(const struct reading *r, const char *key)
{
	return cs_conf_str(r->section, key, "");
}

static int has_text(const struct reading *r, const char *key)
{
	return *text_of(r, key) != '\0';
}

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
	r->settings->tls = r->settings->starttls;
	if (!is_plain_host(host))
		return refuse(r, "uri", "ldap:// takes one host name and perhaps a port, nothing else");
	if (r->settings->starttls)
		return insecure ? refuse(r, "insecure_loopback", "cannot be combined with starttls") : 0;
	if (!insecure)
		return refuse(r, "uri", "ldap:// needs starttls = true");
	if (!is_loopback(host))
		return refuse(r, "insecure_loopback",
			      "is only for ldap://127.0.0.1 and ldap://[::1]; use starttls = true");
	return 0;
}

static int read_local(struct reading *r, const char *path)
{
	if (cs_conf_bool(r->section, "starttls", false))
		return refuse(r, "starttls", "is for ldap:// only");
	if (strpbrk(path, " ,?#@\t") != NULL)
		return refuse(r, "uri", "ldapi:// takes one socket path with each '/' written as %2F");
	const char *slash = strchr(path, '/');
	if (slash != NULL && slash[1] != '\0')
		return refuse(r, "uri", "write each '/' of the socket's path as %2F");
	return 0;
}

static int read_ldaps(struct reading *r, const char *host)
{
	r->settings->tls = true;
	if (cs_conf_bool(r->section, "starttls", false))
		return refuse(r, "starttls", "is for ldap:// only");
	if (!is_plain_host(host))
		return refuse(r, "uri", "ldaps:// takes one host name and perhaps a port, nothing else");
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

static int read_uri(struct reading *r)
{
	const char *uri = text_of(r, "uri");
	if (strlen(uri) > URI_MAX)
		return refuse(r, "uri", "is too long");
	for (size_t i = 0; i < CS_COUNT(schemes); i++) {
		size_t n = strlen(schemes[i].prefix);
		if (strncmp(uri, schemes[i].prefix, n) != 0)
			continue;
		if (cs_set(&r->settings->uri, uri) != 0)
			return CS_ENOMEM;
		/* A single '/' at the end is how many people write it. */
		size_t length = strlen(uri);
		if (schemes[i].read != read_local && uri[length - 1] == '/' && length > n)
			r->settings->uri[length - 1] = '\0';
		return schemes[i].read(r, r->settings->uri + n);
	}
	return refuse(r, "uri", "must begin with ldapi://, ldaps:// or ldap://");
}

/* Reads a file only to see that it is one that may be trusted; the caller takes the text where it wants it. */
static int read_file(struct reading *r, const char *key, int secret, size_t max, char **ret_text)
{
	struct cs_problem problem = { 0 };
	char *text = NULL;
	size_t n = 0;
	int e = cs_file_read(text_of(r, key), r->owner, secret, max, &text, &n, &problem);
	if (e == 0 && ret_text != NULL) {
		*ret_text = text;
		text = NULL;
	} else if (e != 0 && e != CS_ENOMEM) {
		char *why = cs_problem_text(&problem);
		e = refuse(r, key, why != NULL ? why : cs_strerror(e));
		free(why);
	}
	cs_free_secret(&text);
	cs_problem_clear(&problem);
	return e;
}

static int read_tls(struct reading *r)
{
	if (!r->settings->tls)
		return has_text(r, "ca_file") ? refuse(r, "ca_file", "is not used without TLS") : 0;
	if (!has_text(r, "ca_file"))
		return refuse(r, "ca_file",
			      "is required with TLS: the certificates that the server's is checked against");
	int e = read_file(r, "ca_file", 0, CA_MAX, NULL);
	return e != 0 ? e : cs_set(&r->settings->ca_file, text_of(r, "ca_file"));
}

static int read_secret(struct reading *r)
{
	int e = read_file(r, "bind_secret_file", 1, SECRET_MAX, r->secret);
	if (e != 0)
		return e;
	size_t n = strlen(*r->secret);
	if (n > 0 && (*r->secret)[n - 1] == '\n')
		(*r->secret)[n - 1] = '\0';
	if (**r->secret == '\0') /* a bind without a password succeeds as nobody (A070) */
		return refuse(r, "bind_secret_file", "holds an empty password");
	return 0;
}

static int read_bind(struct reading *r)
{
	struct cs_settings *s = r->settings;
	if (cs_conf_bool(r->section, "sasl_external", false)) {
		if (has_text(r, "bind_dn") || has_text(r, "bind_secret_file"))
			return refuse(r, "sasl_external", "cannot be combined with bind_dn or bind_secret_file");
		if (strncmp(s->uri, "ldapi://", 8) != 0)
			return refuse(r, "sasl_external", "is for ldapi:// only");
		s->bind = CS_BIND_EXTERNAL;
		return 0;
	}
	if (!has_text(r, "bind_dn") || !has_text(r, "bind_secret_file"))
		return refuse(r, NULL, "needs bind_dn and bind_secret_file, or sasl_external = true with ldapi://");
	if (!cs_dn_is_valid(text_of(r, "bind_dn")))
		return refuse(r, "bind_dn", "is no DN");
	s->bind = CS_BIND_SIMPLE;
	int e = cs_set(&s->bind_dn, text_of(r, "bind_dn"));
	return e != 0 ? e : read_secret(r);
}

/* The names of attributes: in a section, in the settings and in the options for LDIF at hand. */
static const struct {
	const char *key, *fallback;
	size_t setting, option;
} attributes[] = {
	{ "login_attribute", "uid", offsetof(struct cs_settings, login_attribute),
	  offsetof(struct cs_ldif_options, login_attribute) },
	{ "uid_attribute", "uidNumber", offsetof(struct cs_settings, uid_attribute),
	  offsetof(struct cs_ldif_options, uid_attribute) },
	{ "id_attribute", "entryUUID", offsetof(struct cs_settings, id_attribute),
	  offsetof(struct cs_ldif_options, id_attribute) },
	{ "person_attribute", "", offsetof(struct cs_settings, person_attribute),
	  offsetof(struct cs_ldif_options, person_attribute) },
};

/* Sets the ith. 0, CS_ENOMEM, CS_ECONF with *ret_what a static text. */
static int set_attribute(struct cs_settings *settings, size_t i, const char *name, const char **ret_what)
{
	char **setting = (char **)(void *)((char *)settings + attributes[i].setting);
	bool may_be_empty = *attributes[i].fallback == '\0';
	if (*name == '\0' ? may_be_empty : cs_filter_is_attribute(name))
		return cs_set(setting, name);
	*ret_what = *name == '\0' ? "must not be empty" : "is no attribute name: letters, digits and '-', no options";
	return CS_ECONF;
}

static int read_attributes(struct reading *r)
{
	const char *what = NULL;
	for (size_t i = 0; i < CS_COUNT(attributes); i++) {
		const char *name = cs_conf_str(r->section, attributes[i].key, attributes[i].fallback);
		int e = set_attribute(r->settings, i, name, &what);
		if (e != 0)
			return e == CS_ECONF ? refuse(r, attributes[i].key, what) : e;
	}
	return 0;
}

static int read_people(struct reading *r)
{
	struct cs_settings *s = r->settings;
	const char *base = text_of(r, "people_base");
	const char *locked = cs_conf_str(r->section, "locked_filter", LOCKED_FILTER);
	if (*base == '\0' && s->ldif == NULL)
		return refuse(r, "people_base", "is required: the DN below which people are");
	if (*base != '\0' && !cs_dn_is_valid(base))
		return refuse(r, "people_base", "is no DN");
	if (s->ldif != NULL && strcmp(locked, LOCKED_FILTER) != 0)
		return refuse(r, "locked_filter", "cannot be changed with ldif");
	if (*locked != '\0' && (!cs_filter_is_whole(locked) || strlen(locked) > FILTER_MAX))
		return refuse(r, "locked_filter", "is no LDAP filter such as (pwdAccountLockedTime=*)");
	if (cs_set(&s->people_base, base) != 0 || cs_set(&s->locked_filter, locked) != 0)
		return CS_ENOMEM;
	return 0;
}

static int read_deadline(struct reading *r)
{
	r->settings->deadline_ms = cs_conf_span(r->section, "deadline", DEADLINE_MS);
	if (r->settings->deadline_ms > DEADLINE_MAX_MS)
		return refuse(r, "deadline", "is at most 1m");
	return 0;
}

/* Refuses every option but these. */
static int read_only(struct reading *r, const char *const *allowed, size_t n, const char *text)
{
	for (const struct cs_conf_option *o = cs_directory_options; o->name != NULL; o++) {
		bool is_allowed = false;
		for (size_t i = 0; i < n; i++)
			is_allowed = is_allowed || strcmp(o->name, allowed[i]) == 0;
		if (!is_allowed && cs_conf_given(r->section, o->name))
			return refuse(r, o->name, text);
	}
	r->settings->deadline_ms = DEADLINE_MS;
	return 0;
}

static int read_fixed(struct reading *r)
{
	static const char *const allowed[] = { "file" };
	int e = read_only(r, allowed, CS_COUNT(allowed), "cannot be combined with file");
	return e != 0 ? e : cs_set(&r->settings->file, text_of(r, "file"));
}

static int read_ldif(struct reading *r)
{
	static const char *const allowed[] = {"ldif",         "people_base",      "login_attribute", "uid_attribute",
					      "id_attribute", "person_attribute", "locked_filter"};
	int e = read_only(r, allowed, CS_COUNT(allowed), "cannot be combined with ldif");
	if (e == 0)
		e = cs_set(&r->settings->ldif, text_of(r, "ldif"));
	if (e == 0)
		e = read_people(r);
	return e != 0 ? e : read_attributes(r);
}

static int read_all(struct reading *r)
{
	static int (*const steps[])(struct reading *) = { read_uri, read_tls, read_bind, read_people, read_attributes,
		read_deadline };
	if (has_text(r, "file"))
		return read_fixed(r);
	if (has_text(r, "ldif"))
		return read_ldif(r);
	if (!has_text(r, "uri"))
		return refuse(r, NULL, "needs uri (an LDAP server), or ldif or file (people and groups from a file)");
	for (size_t i = 0; i < CS_COUNT(steps); i++) {
		int e = steps[i](r);
		if (e != 0)
			return e;
	}
	return 0;
}

int cs_settings_read(const struct cs_conf_section *section, uid_t owner, struct cs_settings *ret_settings,
	char **ret_secret, struct cs_problem *problem)
{
	struct cs_settings settings = { 0 };
	char *secret = NULL;
	struct reading reading = { section, owner, &settings, &secret, problem };
	int e = read_all(&reading);
	if (e == 0) {
		*ret_settings = settings;
		*ret_secret = secret;
		return 0;
	}
	cs_settings_clear(&settings);
	cs_free_secret(&secret);
	return e;
}

int cs_settings_of_ldif(const struct cs_ldif_options *options, struct cs_settings *ret_settings,
	struct cs_problem *problem)
{
	static const struct cs_ldif_options defaults;
	const char *bytes = (const char *)(options != NULL ? options : &defaults);
	const char *base = options != NULL && options->people_base != NULL ? options->people_base : "";
	const char *key = "people_base", *what = "is no DN";
	struct cs_settings settings = { 0 };
	int e = *base == '\0' || cs_dn_is_valid(base) ? cs_set(&settings.people_base, base) : CS_ECONF;
	if (e == 0)
		e = cs_set(&settings.locked_filter, LOCKED_FILTER);
	for (size_t i = 0; i < CS_COUNT(attributes) && e == 0; i++) {
		const char *const *option = (const char *const *)(const void *)(bytes + attributes[i].option);
		key = attributes[i].key;
		e = set_attribute(&settings, i, *option != NULL ? *option : attributes[i].fallback, &what);
	}
	if (e == 0) {
		*ret_settings = settings;
		return 0;
	}
	if (e == CS_ECONF)
		cs_problem_set(problem, "", 0, "%s: %s", key, what);
	cs_settings_clear(&settings);
	return e;
}

void cs_settings_clear(struct cs_settings *settings)
{
	char **texts[] = {&settings->file,
			  &settings->ldif,
			  &settings->uri,
			  &settings->ca_file,
			  &settings->bind_dn,
			  &settings->people_base,
			  &settings->login_attribute,
			  &settings->uid_attribute,
			  &settings->id_attribute,
			  &settings->person_attribute,
			  &settings->locked_filter};
	for (size_t i = 0; i < CS_COUNT(texts); i++)
		cs_free_str(texts[i]);
	*settings = (struct cs_settings){ 0 };
}
