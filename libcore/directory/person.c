/* SPDX-License-Identifier: Apache-2.0 */
/* Who an entry is. */
#include "person.h"
#include "mem.h"
#include "ssh_key.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LOGIN_VALUES_MAX = 32, GUID_LEN = 16, GUID_TEXT_LEN = 36 };

/* Marks an entry as one that cannot be an answer; the first reason stays. */
static int unclear(struct cs_person_entry *person, const char *attribute, const char *what)
{
	return person->unclear != NULL ? 0 : cs_format(&person->unclear, "attribute %s %s", attribute, what);
}

static int is_text(const struct cs_bytes *value)
{
	return value->len <= CS_MAX_NAME && memchr(value->data, '\0', value->len) == NULL;
}

/* MS-DTYP 2.3.4.3: three numbers that are stored with the low byte first, then eight bytes. */
static void guid_text(const struct cs_bytes *value, char ret_text[GUID_TEXT_LEN + 1])
{
	static const uint8_t order[GUID_LEN] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	char *at = ret_text;
	for (size_t i = 0; i < GUID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		cs_hex(&value->data[order[i]], 1, at);
		at += 2;
	}
}

static int copy_text(const struct cs_bytes *value, char **ret_text)
{
	char *text = strndup(value->data, value->len);
	if (text == NULL)
		return CS_ENOMEM;
	free(*ret_text);
	*ret_text = text;
	return 0;
}

/* At most one value, which must fit: a copy, "" for none, or "" and the entry marked. */
static int read_single(const struct cs_entry_source *source, const char *attribute, struct cs_person_entry *person,
	char **ret_text)
{
	struct cs_bytes value = { 0 };
	size_t n = 0;
	int r = cs_set(ret_text, "");
	if (r == 0 && *attribute != '\0')
		r = source->values(source->entry, attribute, &value, 1, &n);
	if (r != 0 || n == 0)
		return r;
	if (n == 1 && strcasecmp(attribute, "objectGUID") == 0 && value.len == GUID_LEN) {
		char text[GUID_TEXT_LEN + 1];
		guid_text(&value, text);
		return cs_set(ret_text, text);
	}
	if (n > 1 || !is_text(&value))
		return unclear(person, attribute, "has several values or one that cannot be used");
	return copy_text(&value, ret_text);
}

/* The login that the DN bears, where it is one of them; else the first. */
static const char *canonical(const struct cs_schema *schema, const char *dn, const struct cs_person_entry *person,
	char **first)
{
	size_t n = strlen(schema->login_attribute);
	dn += strspn(dn, " ");
	if (strncasecmp(dn, schema->login_attribute, n) == 0 && dn[n] == '=' && cs_dn_first_value(dn, first) == 0 &&
	    cs_strv_has(person->logins, person->n_logins, *first) == 1)
		return *first;
	return person->logins[0];
}

static int read_logins(const struct cs_schema *schema, const char *dn, const struct cs_entry_source *source,
	struct cs_person_entry *person)
{
	struct cs_bytes values[LOGIN_VALUES_MAX];
	size_t n = 0;
	char *text = NULL, *first = NULL;
	int r = source->values(source->entry, schema->login_attribute, values, CS_COUNT(values), &n);
	if (r == 0)
		r = cs_set(&person->name, "");
	if (r != 0 || n > CS_COUNT(values))
		return r != 0 ? r : unclear(person, schema->login_attribute, "has too many values");
	for (size_t i = 0; i < n && r == 0; i++) {
		if (!is_text(&values[i])) {
			r = unclear(person, schema->login_attribute, "has a value that cannot be used");
			continue;
		}
		r = copy_text(&values[i], &text);
		if (r == 0 && cs_is_login(text) == 1)
			r = cs_strv_add(&person->logins, &person->n_logins, text);
		if (r == 0 && *person->name == '\0')
			r = cs_set(&person->name, text);
	}
	if (r == 0 && person->n_logins > 0)
		r = cs_set(&person->name, canonical(schema, dn, person, &first));
	free(text);
	free(first);
	return r;
}

static int read_uid(const struct cs_schema *schema, const struct cs_entry_source *source,
	struct cs_person_entry *person)
{
	char *text = NULL;
	person->uid = CS_NO_UID;
	int r = read_single(source, schema->uid_attribute, person, &text);
	if (r == 0 && cs_parse_uid(text, &person->uid) != 0)
		person->uid = CS_NO_UID;
	free(text);
	return r;
}

static int read_id(const struct cs_schema *schema, const char *dn, const struct cs_entry_source *source,
	struct cs_person_entry *person)
{
	char key[CS_MAX_DN + 1];
	if (strcasecmp(schema->id_attribute, "dn") == 0) {
		if (cs_dn_key(dn, key) == 0 && strlen(key) <= CS_MAX_NAME)
			return cs_set(&person->id, key);
		return unclear(person, schema->id_attribute, "is too long to stand in for an identity");
	}
	int r = read_single(source, schema->id_attribute, person, &person->id);
	if (r == 0 && *person->id == '\0')
		r = unclear(person, schema->id_attribute, "is missing; let the bind account read it, or set "
			"id_attribute to one that is stable and unique");
	return r;
}

static int read_account(const struct cs_entry_source *source, struct cs_person_entry *person)
{
	int r = cs_account_read(source, &person->account);
	if (r == 0 && person->unclear == NULL) {
		person->unclear = person->account.unclear;
		person->account.unclear = NULL;
	}
	cs_free_str(&person->account.unclear);
	return r;
}

/* One key: its fingerprint, where it is one. */
static int read_key(const struct cs_bytes *value, struct cs_person_entry *person)
{
	struct cs_ssh_key key;
	char *line = NULL;
	int r = CS_EPROTO;
	if (value->len <= CS_SSH_LINE_MAX && memchr(value->data, '\0', value->len) == NULL)
		r = copy_text(value, &line);
	if (r == 0)
		r = cs_ssh_key_read_line(line, &key);
	free(line);
	if (r == CS_ENOMEM)
		return r;
	if (r != 0) {
		person->bad_key = true;
		return 0;
	}
	return cs_strv_has(person->keys, person->n_keys, key.fingerprint) == 1
		       ? 0
		       : cs_strv_add(&person->keys, &person->n_keys, key.fingerprint);
}

/* With some left out, two people with one key might pass for two humans. */
static int read_keys(const struct cs_schema *schema, const struct cs_entry_source *source,
	struct cs_person_entry *person)
{
	struct cs_bytes values[CS_MAX_KEYS];
	size_t n = 0;
	int r = source->values(source->entry, schema->key_attribute, values, CS_COUNT(values), &n);
	if (r == 0 && n > CS_COUNT(values))
		return unclear(person, schema->key_attribute, "has more than 32 values");
	for (size_t i = 0; i < n && r == 0; i++)
		r = read_key(&values[i], person);
	return r;
}

int cs_person_tell_bad_key(const struct cs_schema *schema, const char *dn, char **text)
{
	cs_free_str(text);
	return cs_format(text, "%s of %s has a value that is no ssh key; it is left out", schema->key_attribute, dn);
}

int cs_person_read(const struct cs_schema *schema, const char *dn, const struct cs_entry_source *source,
	struct cs_person_entry *ret_person)
{
	*ret_person = (struct cs_person_entry){ 0 };
	int r = read_uid(schema, source, ret_person);
	if (r == 0)
		r = read_logins(schema, dn, source, ret_person);
	if (r == 0)
		r = read_id(schema, dn, source, ret_person);
	if (r == 0)
		r = read_single(source, schema->person_attribute, ret_person, &ret_person->human);
	if (r == 0)
		r = read_keys(schema, source, ret_person);
	if (r == 0)
		r = read_account(source, ret_person);
	return r;
}

void cs_person_entry_clear(struct cs_person_entry *person)
{
	cs_free_strv(&person->logins, &person->n_logins);
	cs_free_str(&person->name);
	cs_free_str(&person->id);
	cs_free_str(&person->human);
	cs_free_strv(&person->keys, &person->n_keys);
	cs_free_str(&person->account.unclear);
	cs_free_str(&person->unclear);
	*person = (struct cs_person_entry){ .uid = CS_NO_UID };
}
