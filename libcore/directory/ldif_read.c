/* SPDX-License-Identifier: Apache-2.0 */
/* An LDIF file (RFC 2849) as people and groups. libldap splits records, lines and values; what it would follow to
 * another file or could take in two ways is refused before it sees it. The one file that includes ldif.h. */
#include "filter.h"
#include "mem.h"
#include "memory.h"
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
	const char *text; /* NULL: too long for anything that is asked for, or holds a NUL */
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

/* The text of a value; NULL for one that nobody can ask for. */
static const char *usable(const struct berval *value)
{
	bool good = value->bv_len <= CS_MAX_DN && memchr(value->bv_val, '\0', value->bv_len) == NULL;
	return good ? value->bv_val : NULL;
}

static int keep_value(struct reading *r, const struct berval *type, const struct berval *value)
{
	if (is_type(type, "changetype") || is_type(type, "control"))
		return refuse(r, "is a change; only entries are read");
	if (is_type(type, "dn"))
		return refuse(r, "is a second dn; an empty line is missing before it");
	if (strchr(type->bv_val, ';') != NULL || is_type(type, "userPassword"))
		return 0; /* options make another attribute; a password is nobody's business */
	if (!cs_filter_is_attribute(type->bv_val))
		return refuse(r, "begins with no attribute name");
	if (r->n_values >= VALUES_MAX)
		return refuse(r, "belongs to an entry with too many values");
	int e = cs_reserve((void **)&r->values, &r->cap_values, r->n_values, 1, sizeof(*r->values));
	if (e == 0)
		r->values[r->n_values++] = (struct value){ type->bv_val, usable(value) };
	return e;
}

/* --- Entries --- */

/* The values of one attribute of the present record, from *at on; NULL at the end. */
static const struct value *next_value(const struct reading *r, const char *attribute, size_t *at)
{
	while (*at < r->n_values) {
		const struct value *value = &r->values[(*at)++];
		if (strcasecmp(value->attribute, attribute) == 0)
			return value;
	}
	return NULL;
}

static bool has_value(const struct reading *r, const char *attribute)
{
	size_t at = 0;
	return *attribute != '\0' && next_value(r, attribute, &at) != NULL;
}

/* The one value of an attribute, "" for none. Where there are several, or one that cannot be used, *unclear says so. */
static const char *single(const struct reading *r, const char *attribute, char **unclear, int *error)
{
	size_t at = 0;
	const struct value *value = *attribute != '\0' ? next_value(r, attribute, &at) : NULL;
	if (value == NULL)
		return "";
	if (value->text != NULL && strlen(value->text) <= CS_MAX_NAME && next_value(r, attribute, &at) == NULL)
		return value->text;
	if (*unclear == NULL && *error == 0)
		*error = cs_format(unclear, "attribute %s has several values or one that cannot be used", attribute);
	return "";
}

static bool is_locked(const struct reading *r)
{
	size_t at = 0;
	if (*r->settings->locked_filter == '\0')
		return false;
	for (const struct value *value; (value = next_value(r, "nsAccountLock", &at)) != NULL;)
		if (value->text != NULL && strcasecmp(value->text, "TRUE") == 0)
			return true;
	return has_value(r, "pwdAccountLockedTime");
}

static const char *first_login(const struct reading *r)
{
	const char *first = "";
	size_t at = 0;
	for (const struct value *value; (value = next_value(r, r->settings->schema.login_attribute, &at)) != NULL;) {
		if (value->text != NULL && cs_is_login(value->text) == 1)
			return value->text;
		if (value->text != NULL && *first == '\0' && strlen(value->text) <= CS_MAX_NAME)
			first = value->text;
	}
	return first;
}

static int add_logins(const struct reading *r)
{
	int e = 0;
	size_t at = 0;
	for (const struct value *value; e == 0 && (value = next_value(r, r->settings->schema.login_attribute, &at)) != NULL;)
		if (value->text != NULL)
			e = cs_tree_add_login(r->tree, value->text);
	at = 0;
	for (const struct value *value; e == 0 && (value = next_value(r, r->settings->schema.uid_attribute, &at)) != NULL;) {
		uint32_t uid = CS_NO_UID;
		if (value->text != NULL && cs_parse_uid(value->text, &uid) == 0)
			e = cs_tree_add_uid(r->tree, uid);
	}
	return e;
}

static int add_person(const struct reading *r, const char *dn)
{
	const struct cs_settings *s = r->settings;
	struct cs_tree_new_person person = { .dn = dn, .name = first_login(r), .locked = is_locked(r) };
	char *unclear = NULL;
	int e = 0;
	const char *uid = single(r, s->schema.uid_attribute, &unclear, &e);
	person.id = single(r, s->schema.id_attribute, &unclear, &e);
	person.human = single(r, s->schema.person_attribute, &unclear, &e);
	person.expires = single(r, "shadowExpire", &unclear, &e);
	if (*person.id == '\0')
		person.id = dn; /* LDIF written by hand has no entryUUID */
	if (e == 0 && unclear == NULL && strlen(person.id) > CS_MAX_NAME)
		e = cs_format(&unclear, "attribute %s is missing, and the DN is too long for it", s->schema.id_attribute);
	if (cs_parse_uid(uid, &person.uid) != 0)
		person.uid = CS_NO_UID;
	person.unclear = unclear;
	if (e == 0)
		e = cs_tree_add_person(r->tree, &person);
	free(unclear);
	return e != 0 ? e : add_logins(r);
}

static int add_group(const struct reading *r, const char *dn)
{
	int e = cs_tree_add_entry(r->tree, dn);
	for (size_t i = 0; i < r->n_values && e == 0; i++)
		e = cs_tree_add_value(r->tree, r->values[i].attribute, r->values[i].text);
	return e;
}

static bool is_person(const struct reading *r, const char *key)
{
	size_t at = 0;
	uint32_t uid = CS_NO_UID;
	if (!has_value(r, r->settings->schema.login_attribute) || (*r->base != '\0' && !cs_dn_key_below(key, r->base)))
		return false;
	for (const struct value *value; (value = next_value(r, r->settings->schema.uid_attribute, &at)) != NULL;)
		if (value->text != NULL && (cs_parse_uid(value->text, &uid) == 0 || strcmp(value->text, "65534") == 0))
			return true;
	return false;
}

static int take_entry(struct reading *r, const char *dn)
{
	char key[CS_MAX_DN + 1];
	if (!cs_dn_is_valid(dn) || cs_dn_key(dn, key) != 0)
		return refuse(r, "begins an entry whose dn is no DN");
	int e = is_person(r, key) ? add_person(r, dn) : add_group(r, dn);
	return e == CS_EEXIST ? refuse(r, "begins an entry whose dn another entry has") : e;
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
	if (!is_type(&type, "dn") || usable(&value) == NULL)
		return refuse(r, "does not begin an entry with dn: and a DN");
	const char *dn = value.bv_val;
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

static int ldif_read(const struct cs_settings *settings, char *text, size_t n, const char *name, struct cs_tree *tree,
	struct cs_problem *problem)
{
	struct reading reading = { .settings = settings, .tree = tree, .name = name, .problem = problem };
	if (n > FILE_MAX)
		return refuse(&reading, "is too large");
	int e = check_bytes(&reading, text, n);
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
