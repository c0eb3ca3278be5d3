/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a roster, and finding keys in it. */
#include "roster.h"
#include "conf.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const struct cs_conf_option key_options[] = {
	{ "since", CS_CONF_STR, false, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option person_options[] = {
	{ "name", CS_CONF_STR, true, NULL },
	{ "officer", CS_CONF_BOOL, false, NULL },
	{ "hardware_only", CS_CONF_BOOL, false, NULL },
	{ "key", CS_CONF_TITLED, false, key_options },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option file_options[] = {
	{ "version", CS_CONF_COUNT, true, NULL },
	{ "person", CS_CONF_TITLED, false, person_options },
	{ NULL, CS_CONF_STR, false, NULL },
};

/* One pass over a file. */
struct reading {
	const char *file;
	struct cs_problem *problem;
};

static void key_clear(struct cs_roster_key *key)
{
	free(key->line);
	free(key->since);
	*key = (struct cs_roster_key){ 0 };
}

static void person_clear(struct cs_roster_person *person)
{
	for (size_t i = 0; i < person->n_keys; i++)
		key_clear(&person->keys[i]);
	free(person->keys);
	free(person->id);
	free(person->name);
	*person = (struct cs_roster_person){ 0 };
}

void cs_roster_free(struct cs_roster **roster)
{
	struct cs_roster *r = *roster;

	if (!r)
		return;
	for (size_t i = 0; i < r->n_people; i++)
		person_clear(&r->people[i]);
	free(r->people);
	free(r->places);
	free(r);
	*roster = NULL;
}

static int refuse(const struct reading *r, const struct cs_conf_section *section, const char *key, const char *text)
{
	cs_problem_set(r->problem, r->file, cs_conf_line(section, key), "%s", text);
	return CS_ECONF;
}

/* --- Reading ------------------------------------------------------------------------------------------------------- */

/* 2026-11-22, or nothing. */
static bool is_date(const char *text)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return *text == '\0';
	return true;
}

/* The kind and the key, which are the first two words of a line that begins with them. */
static int plain_line(const char *text, char **ret_line)
{
	size_t first = strcspn(text, " \t"), blank = strspn(text + first, " \t");
	size_t second = strcspn(text + first + blank, " \t");

	return cs_format(ret_line, "%.*s %.*s", (int)first, text, (int)second, text + first + blank);
}

static int read_key(const struct reading *r, const struct cs_conf_section *section, struct cs_roster_key *key)
{
	const char *title = cs_conf_title(section), *since = cs_conf_str(section, "since", "");
	int e = cs_ssh_key_read_line(title, &key->key);

	if (e == CS_ENOMEM)
		return e;
	if (e < 0 || strncmp(title, key->key.name, strlen(key->key.name)) != 0)
		return refuse(r, section, NULL, "key: is no public key such as \"ssh-ed25519 AAAA…\"");
	if (cs_ssh_key_may_sign(&key->key) != 1)
		return refuse(r, section, NULL, "key: is of a kind that may not sign; use ssh-ed25519, "
			"ecdsa-sha2-nistp256, or the sk- form of either");
	if (!is_date(since))
		return refuse(r, section, "since", "since: is no date such as 2026-11-22");
	e = plain_line(title, &key->line);
	return e < 0 ? e : cs_set(&key->since, since);
}

static int read_keys(const struct reading *r, const struct cs_conf_section *section, struct cs_roster_person *person)
{
	const struct cs_conf_section *part = NULL;
	size_t n = 0;
	int e = 0;

	while (cs_conf_section(section, "key", n))
		n++;
	if (n > CS_MAX_KEYS)
		return refuse(r, section, NULL, "person: has more than 32 keys");
	person->keys = calloc(n + 1, sizeof(*person->keys));
	if (!person->keys)
		return CS_ENOMEM;
	for (size_t i = 0; e == 0 && (part = cs_conf_section(section, "key", i)); i++) {
		person->n_keys++;
		e = read_key(r, part, &person->keys[i]);
		if (e == 0 && person->hardware_only && !cs_ssh_key_is_hardware(&person->keys[i].key))
			e = refuse(r, part, NULL, "key: does not live in a FIDO2 authenticator, and the person is "
				"hardware_only");
	}
	return e;
}

static int read_person(const struct reading *r, const struct cs_conf_section *section, struct cs_roster_person *person)
{
	const char *id = cs_conf_title(section), *name = cs_conf_str(section, "name", "");

	if (*id == '\0' || strlen(id) > CS_MAX_NAME)
		return refuse(r, section, NULL, "person: the id is empty or too long");
	if (!cs_is_word(name, CS_MAX_NAME))
		return refuse(r, section, "name", "name: is no login name");
	person->officer = cs_conf_bool(section, "officer", false);
	person->hardware_only = cs_conf_bool(section, "hardware_only", false);
	person->id = cs_dup(id);
	person->name = cs_dup(name);
	return person->id && person->name ? read_keys(r, section, person) : CS_ENOMEM;
}

static int compare_places(const void *a, const void *b)
{
	const struct cs_roster_place *one = a, *other = b;

	return strcmp(one->fingerprint, other->fingerprint);
}

/* One key of two people would let one vote for the other (A123). */
static int index_keys(const struct reading *r, const struct cs_conf_section *top, struct cs_roster *roster)
{
	size_t n = 0;

	for (size_t i = 0; i < roster->n_people; i++)
		roster->n_keys += roster->people[i].n_keys;
	roster->places = calloc(roster->n_keys + 1, sizeof(*roster->places));
	if (!roster->places)
		return CS_ENOMEM;
	for (size_t i = 0; i < roster->n_people; i++)
		for (size_t k = 0; k < roster->people[i].n_keys; k++)
			roster->places[n++] =
				(struct cs_roster_place){ roster->people[i].keys[k].key.fingerprint, i, k };
	qsort(roster->places, n, sizeof(*roster->places), compare_places);
	for (size_t i = 1; i < n; i++) {
		const struct cs_roster_place *at = &roster->places[i];

		if (strcmp(at->fingerprint, at[-1].fingerprint) == 0)
			return refuse(r, cs_conf_section(cs_conf_section(top, "person", at->person), "key", at->key), NULL,
				"key: stands in the roster twice; a key is one person's");
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct cs_roster_person *const *one = a, *const *other = b;

	return strcmp((*one)->name, (*other)->name);
}

static int check_names(const struct reading *r, const struct cs_conf_section *top, const struct cs_roster *roster)
{
	const struct cs_roster_person **sorted = calloc(roster->n_people + 1, sizeof(*sorted));
	int e = 0;

	if (!sorted)
		return CS_ENOMEM;
	for (size_t i = 0; i < roster->n_people; i++)
		sorted[i] = &roster->people[i];
	qsort(sorted, roster->n_people, sizeof(*sorted), compare_names);
	for (size_t i = 1; i < roster->n_people && e == 0; i++)
		if (strcmp(sorted[i]->name, sorted[i - 1]->name) == 0)
			e = refuse(r, cs_conf_section(top, "person", (size_t)(sorted[i] - roster->people)), "name",
				"name: another person has it");
	free(sorted);
	return e;
}

static int read_all(const struct reading *r, const struct cs_conf_section *top, struct cs_roster *roster)
{
	const struct cs_conf_section *section = NULL;
	size_t n = 0;
	int e = 0;

	roster->version = cs_conf_count(top, "version", 0);
	if (roster->version == 0)
		return refuse(r, top, "version", "version: has to be 1 or more");
	while (cs_conf_section(top, "person", n))
		n++;
	if (n > CS_ROSTER_PEOPLE_MAX)
		return refuse(r, top, NULL, "there are more than 16384 people in it");
	roster->people = calloc(n + 1, sizeof(*roster->people));
	if (!roster->people)
		return CS_ENOMEM;
	for (size_t i = 0; e == 0 && (section = cs_conf_section(top, "person", i)); i++) {
		roster->n_people++;
		e = read_person(r, section, &roster->people[i]);
	}
	if (e == 0)
		e = check_names(r, top, roster);
	return e < 0 ? e : index_keys(r, top, roster);
}

int cs_roster_parse(const char *text, const char *name, struct cs_roster **ret_roster, struct cs_problem *problem)
{
	const struct reading r = { name, problem };
	struct cs_roster *roster = calloc(1, sizeof(*roster));
	struct cs_conf *conf = NULL;
	int e = roster ? cs_conf_parse(text, name, file_options, &conf, problem) : CS_ENOMEM;

	if (e == 0)
		e = read_all(&r, cs_conf_top(conf), roster);
	cs_conf_free(&conf);
	if (e < 0)
		cs_roster_free(&roster);
	else
		*ret_roster = roster;
	return e;
}

/* --- Finding ------------------------------------------------------------------------------------------------------- */

const struct cs_roster_person *cs_roster_find(const struct cs_roster *roster, const char *fingerprint,
	const struct cs_roster_key **ret_key)
{
	const struct cs_roster_place wanted = { .fingerprint = fingerprint };
	const struct cs_roster_place *place =
		bsearch(&wanted, roster->places, roster->n_keys, sizeof(wanted), compare_places);

	if (!place)
		return NULL;
	if (ret_key)
		*ret_key = &roster->people[place->person].keys[place->key];
	return &roster->people[place->person];
}

const struct cs_roster_person *cs_roster_person(const struct cs_roster *roster, const char *id)
{
	for (size_t i = 0; i < roster->n_people; i++)
		if (strcmp(roster->people[i].id, id) == 0)
			return &roster->people[i];
	return NULL;
}

const struct cs_roster_person *cs_roster_named(const struct cs_roster *roster, const char *name)
{
	for (size_t i = 0; i < roster->n_people; i++)
		if (strcmp(roster->people[i].name, name) == 0)
			return &roster->people[i];
	return NULL;
}

char *cs_roster_summary(const struct cs_roster *roster)
{
	char *text = NULL;

	(void)cs_format(&text, "%zu %s of %zu %s, version %llu", roster->n_keys, roster->n_keys == 1 ? "key" : "keys",
		roster->n_people, roster->n_people == 1 ? "person" : "people", (unsigned long long)roster->version);
	return text;
}
