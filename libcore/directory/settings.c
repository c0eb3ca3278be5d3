/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and checks the directory section of the daemon's configuration. */
#include "filter.h"
#include "mem.h"
#include "settings_internal.h"

#include <stdlib.h>
#include <string.h>

enum { DEADLINE_MS = 2500, DEADLINE_MAX_MS = 60000 };

const struct cs_conf_option cs_directory_options[] = {
	{ "file", CS_CONF_STR, false, NULL },
	{ "ldif", CS_CONF_STR, false, NULL },
	{ "unix", CS_CONF_BOOL, false, NULL },
	{ "uri", CS_CONF_LIST, false, NULL },
	{ "srv_domain", CS_CONF_STR, false, NULL },
	{ "starttls", CS_CONF_BOOL, false, NULL },
	{ "insecure_loopback", CS_CONF_BOOL, false, NULL },
	{ "ca_file", CS_CONF_STR, false, NULL },
	{ "bind_dn", CS_CONF_STR, false, NULL },
	{ "bind_secret_file", CS_CONF_STR, false, NULL },
	{ "sasl_external", CS_CONF_BOOL, false, NULL },
	{ "tls_certificate", CS_CONF_STR, false, NULL },
	{ "tls_key", CS_CONF_STR, false, NULL },
	{ "keytab", CS_CONF_STR, false, NULL },
	{ "sasl_principal", CS_CONF_STR, false, NULL },
	{ "mode", CS_CONF_STR, false, NULL },
	{ "schema", CS_CONF_STR, false, NULL },
	{ "people_filter", CS_CONF_STR, false, NULL },
	{ "group_filter", CS_CONF_STR, false, NULL },
	{ "groups_base", CS_CONF_STR, false, NULL },
	{ "member_attribute", CS_CONF_STR, false, NULL },
	{ "member_of", CS_CONF_STR, false, NULL },
	{ "nesting", CS_CONF_COUNT, false, NULL },
	{ "in_chain", CS_CONF_BOOL, false, NULL },
	{ "people_base", CS_CONF_STR, false, NULL },
	{ "login_attribute", CS_CONF_STR, false, NULL },
	{ "uid_attribute", CS_CONF_STR, false, NULL },
	{ "id_attribute", CS_CONF_STR, false, NULL },
	{ "person_attribute", CS_CONF_STR, false, NULL },
	{ "key_attribute", CS_CONF_STR, false, NULL },
	{ "locked_filter", CS_CONF_STR, false, NULL },
	{ "deadline", CS_CONF_SPAN, false, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

/* A section does not know its file; a caller that wants it in the message puts it into the problem beforehand. */
int settings_refuse(struct reading *r, const char *key, const char *text)
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

const char *settings_text(const struct reading *r, const char *key)
{
	return cs_conf_str(r->section, key, "");
}

int settings_has(const struct reading *r, const char *key)
{
	return *settings_text(r, key) != '\0';
}

int settings_file(struct reading *r, const char *key, enum cs_file_kind kind, size_t max, char **ret_text,
	size_t *ret_n)
{
	struct cs_problem problem = { 0 };
	char *text = NULL;
	size_t n = 0;
	int e = cs_file_read(settings_text(r, key), r->owner, kind, max, &text, &n, &problem);
	if (e == 0 && ret_text != NULL) {
		*ret_text = text;
		*ret_n = n;
		text = NULL;
	} else if (e != 0 && e != CS_ENOMEM) {
		char *why = cs_problem_text(&problem);
		e = settings_refuse(r, key, why != NULL ? why : cs_strerror(e));
		free(why);
	}
	free(text); /* nobody took it, so it is no secret */
	cs_problem_clear(&problem);
	return e;
}

static int read_deadline(struct reading *r)
{
	r->settings->deadline_ms = cs_conf_span(r->section, "deadline", DEADLINE_MS);
	if (r->settings->deadline_ms > DEADLINE_MAX_MS)
		return settings_refuse(r, "deadline", "is at most 1m");
	return 0;
}

/* --- Where people come from --- */

static int read_fixed(struct reading *r)
{
	return cs_set(&r->settings->file, settings_text(r, "file"));
}

static int read_ldif(struct reading *r)
{
	int e = cs_set(&r->settings->ldif, settings_text(r, "ldif"));
	return e != 0 ? e : settings_people(r);
}

static int read_unix(struct reading *r)
{
	return cs_settings_of_unix(r->settings);
}

static int read_servers(struct reading *r)
{
	static int (*const steps[])(struct reading *) = { settings_servers, settings_tls, settings_bind,
		settings_people, read_deadline };
	for (size_t i = 0; i < CS_COUNT(steps); i++) {
		int e = steps[i](r);
		if (e != 0)
			return e;
	}
	return 0;
}

enum { ALLOWED_MAX = 17 };

/* What each source but the servers, which are the rest, is asked with. */
static const struct source {
	const char *key;
	bool is_switch;
	const char *allowed[ALLOWED_MAX]; /* besides the key */
	const char *refusal;
	int (*read)(struct reading *r);
} sources[] = {
	{ "file", false, { NULL }, "cannot be combined with file", read_fixed },
	{ "ldif",
	  false,
	  { "schema", "people_base", "groups_base", "people_filter", "group_filter", "locked_filter", "login_attribute",
	    "uid_attribute", "id_attribute", "person_attribute", "key_attribute", "member_attribute", "member_of",
	    "nesting", "in_chain" },
	  "cannot be combined with ldif", read_ldif },
	{ "unix", true, { NULL }, "cannot be combined with unix", read_unix },
};

static bool is_allowed(const struct source *source, const char *key)
{
	for (size_t i = 0; source->allowed[i] != NULL; i++)
		if (strcmp(source->allowed[i], key) == 0)
			return true;
	return strcmp(source->key, key) == 0;
}

static int read_source(struct reading *r, const struct source *source)
{
	for (const struct cs_conf_option *o = cs_directory_options; o->name != NULL; o++)
		if (cs_conf_given(r->section, o->name) && !is_allowed(source, o->name))
			return settings_refuse(r, o->name, source->refusal);
	r->settings->deadline_ms = DEADLINE_MS;
	return source->read(r);
}

static int read_all(struct reading *r)
{
	for (size_t i = 0; i < CS_COUNT(sources); i++) {
		const char *key = sources[i].key;
		if (sources[i].is_switch ? cs_conf_bool(r->section, key, false) : settings_has(r, key))
			return read_source(r, &sources[i]);
		if (sources[i].is_switch && cs_conf_given(r->section, key))
			return settings_refuse(r, key, "is true, or left out");
	}
	return read_servers(r);
}

int cs_settings_read(const struct cs_conf_section *section, uid_t owner, struct cs_settings *ret_settings,
	struct cs_secrets *ret_secrets, struct cs_problem *problem)
{
	struct cs_settings settings = { 0 };
	struct cs_secrets secrets = { 0 };
	struct reading reading = { section, owner, &settings, &secrets, problem };
	int e = read_all(&reading);
	if (e == 0) {
		*ret_settings = settings;
		*ret_secrets = secrets;
		return 0;
	}
	cs_settings_clear(&settings);
	cs_secrets_clear(&secrets);
	return e;
}

/* A name that is given takes the place of the preset's; "" only where there may be none. */
static int take_name(const char *name, bool may_be_empty, char **part)
{
	if (name == NULL)
		return 0;
	if (!cs_filter_is_attribute(name) && !(may_be_empty && *name == '\0'))
		return CS_ECONF;
	return cs_set(part, name);
}

static int take_base(const char *base, char **ret_base)
{
	if (base != NULL && *base != '\0' && !cs_dn_is_valid(base))
		return CS_ECONF;
	return cs_set(ret_base, base != NULL ? base : "");
}

int cs_settings_of_ldif(const struct cs_ldif_options *options, struct cs_settings *ret_settings,
	struct cs_problem *problem)
{
	static const struct cs_ldif_options none = { 0 };
	const struct cs_ldif_options *o = options != NULL ? options : &none;
	struct cs_settings settings = { 0 };
	struct cs_schema *schema = &settings.schema;
	int e = cs_schema_preset(o->schema != NULL ? o->schema : "rfc2307bis", schema);
	const struct {
		const char *name;
		char **part;
		bool may_be_empty;
	} names[] = { { o->login_attribute, &schema->login_attribute, false },
		{ o->uid_attribute, &schema->uid_attribute, false }, { o->id_attribute, &schema->id_attribute, false },
		{ o->person_attribute, &schema->person_attribute, true } };
	for (size_t i = 0; i < CS_COUNT(names) && e == 0; i++)
		e = take_name(names[i].name, names[i].may_be_empty, names[i].part);
	if (e == 0)
		e = take_base(o->people_base, &settings.people_base);
	if (e == 0)
		e = take_base(o->groups_base, &settings.groups_base);
	if (e == 0)
		e = cs_set(&settings.locked_filter, "");
	if (e == 0) {
		*ret_settings = settings;
		return 0;
	}
	cs_settings_clear(&settings);
	if (e == CS_ENOMEM)
		return e;
	cs_problem_set(problem, "", 0, "there is no such schema, a base is no DN, or an attribute's name is none");
	return CS_ECONF;
}

int cs_settings_of_unix(struct cs_settings *ret_settings)
{
	struct cs_settings settings = { .unix_files = true, .deadline_ms = DEADLINE_MS };
	int e = cs_schema_preset("rfc2307", &settings.schema);
	if (e == 0 && (cs_set(&settings.people_base, "") != 0 || cs_set(&settings.groups_base, "") != 0 ||
		       cs_set(&settings.locked_filter, "") != 0))
		e = CS_ENOMEM;
	if (e == 0)
		*ret_settings = settings;
	else
		cs_settings_clear(&settings);
	return e;
}

void cs_settings_clear(struct cs_settings *settings)
{
	char **texts[] = { &settings->name, &settings->file, &settings->ldif, &settings->srv_domain, &settings->ca_file,
		&settings->bind_dn, &settings->sasl_principal, &settings->people_base, &settings->groups_base,
		&settings->locked_filter };
	for (size_t i = 0; i < CS_COUNT(texts); i++)
		cs_free_str(texts[i]);
	cs_free_strv(&settings->uris, &settings->n_uris);
	cs_schema_clear(&settings->schema);
	*settings = (struct cs_settings){ 0 };
}
