/* SPDX-License-Identifier: Apache-2.0 */
/* An LDIF file (RFC 2849) as people and groups. libldap splits records, lines and values; what it would follow to
 * another file or could take in two ways is refused before it sees it. The one file that includes ldif.h. */
#include "filter.h"
#include "filter_match.h"
#include "mem.h"
#include "memory.h"
#include "person.h"
#include "text.h"

#include <lber.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ldif.h> /* needs lber.h and stdio.h before it */

enum { FILE_MAX = 256 * 1024 * 1024, VALUES_MAX = 1024 * 1024 };

/* libldap puts these where a line was folded. */
#define FOLD '\r'

struct value {
	const char *attribute;
	struct cs_bytes bytes; /* with a NUL behind them */
};

struct reading {
	const struct cs_settings *settings;
	struct cs_tree *tree;
	const char *name;
	struct cs_problem *problem;
	char base[CS_MAX_DN + 1]; /* key of people_base; "" for everywhere */
	unsigned long line, took; /* the line of the file that is being read, and how many it takes */
	struct value *values;     /* of the present record, behind its DN */
	size_t n_values, cap_values;
};

static int refuse(const struct reading *r, const char *text)
{
	unsigned line = r->line < UINT_MAX ? (unsigned)r->line : UINT_MAX;
	cs_problem_set(r->problem, r->name, line, "%s", text);
	return CS_ECONF;
}

/* --- Lines --- */

/* Before libldap opens another file, for its include: is no part of LDIF, or skips a number in front of an entry.
 * Anything but text and line ends is refused too. */
static int check_bytes(struct reading *r, const char *text, size_t n)
{
	static const char include[] = "include:";
	const char *end = text + n;
	r->line = 1;
	for (const char *line = text; line < end; r->line++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline != NULL ? newline : end;
		size_t length = (size_t)(stop - line);
		if (memchr(line, '\0', length) != NULL)
			return refuse(r, "holds a NUL byte; write the value in base64");
		const char *cr = memchr(line, '\r', length);
		if (cr != NULL && (newline == NULL || cr + 1 != newline))
			return refuse(r, "holds a carriage return inside a line; write the value in base64");
		if (strncasecmp(line, include, sizeof(include) - 1) == 0)
			return refuse(r, "include: is not followed");
		if (*line >= '0' && *line <= '9')
			return refuse(r, "begins with no attribute name");
		line = stop + 1;
	}
	return 0;
}

/* The base64 text is whole; libldap would complain to the terminal. */
static bool is_base64(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0, pad = 0;
	while (*s == ' ' || *s == FOLD)
		s++;
	for (; *s != '\0'; s++) {
		if (*s == FOLD)
			continue;
		if (*s == '=')
			pad++;
		else if (pad > 0 || strchr(letters, *s) == NULL)
			return false;
		n++;
	}
	return n > 0 && n % 4 == 0 && pad <= 2;
}

/* What libldap may not see: a value in another file, two readings, no value. */
static int check_line(const struct reading *r, const char *line)
{
	size_t n = strcspn(line, ":");
	if (line[n] == '\0' || n == 0 || memchr(line, ' ', n) != NULL || memchr(line, FOLD, n) != NULL)
		return refuse(r, "is no line such as attribute: value");
	const char *value = line + n + 1;
	if (*value == ':')
		return is_base64(value + 1) ? 0 : refuse(r, "is no base64");
	while (*value == ' ' || *value == FOLD)
		value++;
	if (*value == '<')
		return refuse(r, "takes its value from elsewhere (:<), which is not followed");
	return *value == ':' ? refuse(r, "has a value that begins with ':'; write it in base64") : 0;
}

/* How many lines of the file these bytes of a record were. */
static unsigned long count_lines(const char *from, const char *to)
{
	unsigned long lines = 0, folds = 0;
	for (; from < to; from++) {
		lines += *from == '\n' || *from == '\0';
		folds += *from == FOLD;
	}
	return lines + folds / 2;
}

/* The next line of a record, split. 1; 0 at the end of the record; CS_ECONF. */
static int next_line(struct reading *r, char **at, struct berval *type, struct berval *value)
{
	const char *from = *at;
	int owned = 0;
	char *line = ldif_getline(at);
	if (line == NULL)
		return 0;
	r->line += r->took + count_lines(from, line); /* comments may stand before it */
	r->took = count_lines(line, *at != NULL ? *at : line + strlen(line) + 1);
	int e = check_line(r, line);
	if (e == 0 && ldif_parse_line2(line, type, value, &owned) != 0)
		e = refuse(r, "cannot be read");
	if (e == 0 && owned != 0) { /* only a value from elsewhere is */
		ber_memfree(value->bv_val);
		e = refuse(r, "takes its value from elsewhere");
	}
	return e != 0 ? e : 1;
}

/* --- Records --- */

static bool is_type(const struct berval *type, const char *name)
{
	return strcasecmp(type->bv_val, name) == 0;
}

/* The text of a value; NULL for one that nobody can ask for: too long, or with a NUL in it. */
static const char *usable(const struct cs_bytes *value)
{
	return value->len <= CS_MAX_DN && memchr(value->data, '\0', value->len) == NULL ? value->data : NULL;
}

static int keep_value(struct reading *r, const struct berval *type, const struct berval *value)
{
	if (is_type(type, "changetype") || is_type(type, "control"))
		return refuse(r, "is a change; only entries are read");
	if (is_type(type, "dn"))
		return refuse(r, "is a second dn; an empty line is missing before it");
	const char *option = strchr(type->bv_val, ';');
	if (option != NULL && strncasecmp(option, ";range=", 7) == 0)
		return refuse(r, "is a part of the values only (;range=); export all of them");
	if (option != NULL || is_type(type, "userPassword"))
		return 0; /* options make another attribute; a password is nobody's business */
	if (!cs_filter_is_attribute(type->bv_val))
		return refuse(r, "begins with no attribute name");
	if (r->n_values >= VALUES_MAX)
		return refuse(r, "belongs to an entry with too many values");
	int e = cs_reserve((void **)&r->values, &r->cap_values, r->n_values, 1, sizeof(*r->values));
	if (e == 0)
		r->values[r->n_values++] = (struct value){ type->bv_val, { value->bv_val, value->bv_len } };
	return e;
}

/* --- Entries --- */

/* The values of one attribute of the present record, from *at on; NULL at the end. */
static const struct cs_bytes *next_value(const struct reading *r, const char *attribute, size_t *at)
{
	while (*at < r->n_values) {
		const struct value *value = &r->values[(*at)++];
		if (strcasecmp(value->attribute, attribute) == 0)
			return &value->bytes;
	}
	return NULL;
}

static bool has_value(const struct reading *r, const char *attribute)
{
	size_t at = 0;
	return next_value(r, attribute, &at) != NULL;
}

/* The present record as person.h and filter_match.h read entries. */
static int record_values(void *record, const char *attribute, struct cs_bytes *ret_values, size_t max, size_t *ret_n)
{
	const struct reading *r = record;
	const struct cs_bytes *value = NULL;
	size_t at = 0, n = 0;
	for (; (value = next_value(r, attribute, &at)) != NULL; n++)
		if (n < max)
			ret_values[n] = *value;
	*ret_n = n;
	return 0;
}

/* Every spelling of the login and every number: whoever bears either is found, and two of one are noticed. */
static int add_names(const struct reading *r)
{
	const struct cs_schema *schema = &r->settings->schema;
	const struct cs_bytes *value = NULL;
	size_t at = 0;
	int e = 0;
	while (e == 0 && (value = next_value(r, schema->login_attribute, &at)) != NULL)
		if (usable(value) != NULL)
			e = cs_tree_add_login(r->tree, value->data);
	at = 0;
	while (e == 0 && (value = next_value(r, schema->uid_attribute, &at)) != NULL) {
		uint32_t uid = CS_NO_UID;
		if (usable(value) != NULL && cs_parse_uid(value->data, &uid) == 0)
			e = cs_tree_add_uid(r->tree, uid);
	}
	return e;
}

/* 1, 0, or an error. */
static int is_locked(struct reading *r, const struct cs_entry_source *source, const struct cs_person_entry *person)
{
	if (person->account.locked || *r->settings->locked_filter == '\0')
		return person->account.locked;
	return cs_filter_matches(r->settings->locked_filter, source);
}

/* LDIF written by hand has no entryUUID: then the DN stands in. */
static int add_person(struct reading *r, const char *dn)
{
	const struct cs_entry_source source = { r, record_values };
	struct cs_schema schema = r->settings->schema; /* a view */
	struct cs_person_entry person = { 0 };
	char by_dn[] = "dn";
	if (!has_value(r, schema.id_attribute))
		schema.id_attribute = by_dn;
	int e = cs_person_read(&schema, dn, &source, &person);
	int locked = e == 0 ? is_locked(r, &source, &person) : 0;
	if (e == 0 && locked < 0)
		e = locked == CS_ETOOBIG ? refuse(r, "begins an entry with too many values to see if it is locked")
					 : locked;
	const struct cs_tree_new_person added = { .dn = dn, .name = person.name, .id = person.id,
		.human = person.human, .unclear = person.unclear, .uid = person.uid, .locked = locked == 1,
		.starts_s = person.account.starts_s, .ends_s = person.account.ends_s,
		.keys = person.keys, .n_keys = person.n_keys, .bad_key = person.bad_key };
	if (e == 0)
		e = cs_tree_add_person(r->tree, &added);
	if (e == 0)
		e = add_names(r);
	cs_person_entry_clear(&person);
	return e;
}

static int add_entry(const struct reading *r, const char *dn)
{
	int e = cs_tree_add_entry(r->tree, dn);
	for (size_t i = 0; i < r->n_values && e == 0; i++)
		e = cs_tree_add_value(r->tree, r->values[i].attribute, usable(&r->values[i].bytes));
	return e;
}

static bool is_below(const char *key, const char *base)
{
	return *base == '\0' || cs_dn_key_below(key, base);
}

/* Whoever a search with the people_filter would find by a login or a number. Where no class is told it takes both.
 * 1, 0, or an error. */
static int is_person(struct reading *r, const char *key)
{
	const struct cs_schema *schema = &r->settings->schema;
	const struct cs_entry_source source = { r, record_values };
	bool has_login = has_value(r, schema->login_attribute), has_uid = has_value(r, schema->uid_attribute);
	bool is_told = has_value(r, "objectClass");
	if (!is_below(key, r->base) || !(is_told ? has_login || has_uid : has_login && has_uid))
		return 0;
	int e = cs_filter_matches(schema->people_filter, &source);
	return e == CS_ETOOBIG ? refuse(r, "begins an entry with too many values to see if it is a person") : e;
}

/* A person's entry is asked for values where it lists others, or says who lists him. What every entry of an export has
 * is no reason to keep it. */
static bool is_listing(const struct reading *r)
{
	static const char *const beside[] = { "creatorsName", "modifiersName", "entryDN", "subschemaSubentry",
		"distinguishedName", "objectCategory" };
	for (size_t i = 0; i < r->n_values; i++) {
		const struct value *value = &r->values[i];
		bool is_beside = false;
		for (size_t k = 0; k < CS_COUNT(beside); k++)
			is_beside = is_beside || strcasecmp(value->attribute, beside[k]) == 0;
		if (is_beside || usable(&value->bytes) == NULL)
			continue;
		if (cs_schema_lists(value->attribute) != CS_LISTS_DN || cs_dn_is_valid(value->bytes.data))
			return true;
	}
	return false;
}

static int take_entry(struct reading *r, const char *dn)
{
	char key[CS_MAX_DN + 1];
	if (!cs_dn_is_valid(dn) || cs_dn_key(dn, key) != 0)
		return refuse(r, "begins an entry whose dn is no DN");
	if (cs_tree_find_taken(r->tree, dn) != CS_TREE_NONE)
		return refuse(r, "begins an entry whose dn another entry has");
	int person = is_person(r, key);
	if (person < 0)
		return person;
	int e = person == 1 ? add_person(r, dn) : 0;
	if (e == 0 && (person == 0 || is_listing(r)))
		e = add_entry(r, dn);
	return e;
}

/* One record: version (in front of the first), dn, then values. */
static int take_record(struct reading *r, char *record, bool *first)
{
	struct berval type = { 0 }, value = { 0 };
	char *at = record;
	int e = next_line(r, &at, &type, &value);
	if (e == 1 && *first && is_type(&type, "version")) {
		if (strcmp(value.bv_val, "1") != 0)
			return refuse(r, "is another version of LDIF than 1");
		e = next_line(r, &at, &type, &value);
	}
	if (e <= 0)
		return e; /* only comments, or the version by itself */
	*first = false;
	const char *dn = usable(&(struct cs_bytes){ value.bv_val, value.bv_len });
	if (!is_type(&type, "dn") || dn == NULL)
		return refuse(r, "does not begin an entry with dn: and a DN");
	unsigned long dn_line = r->line;
	r->n_values = 0;
	while ((e = next_line(r, &at, &type, &value)) == 1) {
		e = keep_value(r, &type, &value);
		if (e != 0)
			return e;
	}
	if (e != 0)
		return e;
	r->line = dn_line;
	return take_entry(r, dn);
}

static int take_records(struct reading *r, LDIFFP *file)
{
	unsigned long end = 0;
	char *record = NULL;
	int size = 0, e = 0, got = 0;
	bool first = true;
	while (e == 0 && (got = ldif_read_record(file, &end, &record, &size)) > 0) {
		r->line = end;
		if (record == NULL)
			return refuse(r, "cannot be read");
		unsigned long lines = count_lines(record, record + strlen(record));
		r->line = end - lines + (feof(file->fp) ? 1 : 0); /* else end is the empty line behind it */
		r->took = 0;
		e = take_record(r, record, &first);
	}
	ber_memfree(record);
	return e == 0 && got < 0 ? CS_ENOMEM : e;
}

/* There is no server to leave them to. */
static int check_filters(const struct reading *r)
{
	const struct cs_schema *schema = &r->settings->schema;
	const struct {
		const char *key, *filter;
	} filters[] = { { "people_filter", schema->people_filter },
		{ "group_filter", schema->nesting > 0 ? schema->group_filter : "" },
		{ "locked_filter", r->settings->locked_filter } };
	for (size_t i = 0; i < CS_COUNT(filters); i++)
		if (*filters[i].filter != '\0' && !cs_filter_is_plain(filters[i].filter)) {
			cs_problem_set(r->problem, r->name, 0, "%s can be told only by an LDAP server: for LDIF it "
				"is made of (attribute=value) and (attribute=*), joined by & and |", filters[i].key);
			return CS_ECONF;
		}
	return 0;
}

static int ldif_read(const struct cs_settings *settings, char *text, size_t n, const char *name, struct cs_tree *tree,
	struct cs_problem *problem)
{
	struct reading reading = { .settings = settings, .tree = tree, .name = name, .problem = problem };
	if (n > FILE_MAX)
		return refuse(&reading, "is too large");
	int e = check_filters(&reading);
	if (e == 0)
		e = check_bytes(&reading, text, n);
	if (e == 0 && *settings->people_base != '\0')
		e = cs_dn_key(settings->people_base, reading.base);
	if (e != 0 || n == 0)
		return e;
	LDIFFP *file = ldif_open_mem(text, n, "r");
	if (file == NULL)
		return CS_ENOMEM;
	e = take_records(&reading, file);
	ldif_close(file);
	free(reading.values);
	return e;
}

const struct cs_form cs_ldif_form = { .max = FILE_MAX, .read = ldif_read };
