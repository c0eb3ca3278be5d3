/* SPDX-License-Identifier: Apache-2.0 */
/* countersign roster list: whose ssh keys may sign votes. */
#include "mem.h"
#include "options.h"
#include "print.h"
#include "roster_file.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static int add_row(char ***cells, size_t *n, const struct cs_roster_person *person, const struct cs_roster_key *key)
{
	const char *const texts[] = { person->name, person->id, key ? key->key.name : "-", key ? key->key.fingerprint : "-",
		key && *key->since ? key->since : "-",
		person->officer ? person->hardware_only ? "officer, hardware only" : "officer"
				: person->hardware_only ? "hardware only" : "" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(texts); i++) {
		char *safe = cs_escaped(texts[i]);

		r = safe ? cs_strv_add(cells, n, safe) : CS_ENOMEM;
		free(safe);
	}
	return r;
}

static int put_list(const struct cs_roster *roster, const struct cs_look *look, struct cs_buf *out)
{
	static const struct cs_column columns[] = { { .title = "NAME" }, { .title = "ID" }, { .title = "KIND" },
		{ .title = "KEY" }, { .title = "SINCE" }, { .title = "" } };
	char **cells = NULL;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < roster->n_people; i++) {
		const struct cs_roster_person *person = &roster->people[i];

		for (size_t k = 0; r == 0 && k < person->n_keys; k++)
			r = add_row(&cells, &n, person, &person->keys[k]);
		if (r == 0 && person->n_keys == 0)
			r = add_row(&cells, &n, person, NULL);
	}
	if (r == 0)
		r = cs_put_table(out, look, columns, CS_COUNT(columns), cells, NULL, n / CS_COUNT(columns));
	cs_free_strv(&cells, &n);
	return r;
}

/* For --json: the same, as an object. */
struct json_key {
	char *person, *name, *kind, *key, *since;
	bool officer, hardware_only;
};
static const struct cs_field json_key_fields[] = {
	CS_STR(json_key, person, CS_MAX_NAME),
	CS_STR(json_key, name, CS_MAX_NAME),
	CS_STR(json_key, kind, CS_MAX_NAME),
	CS_STR(json_key, key, CS_MAX_NAME),
	CS_STR(json_key, since, CS_MAX_NAME),
	CS_BOOL(json_key, officer),
	CS_BOOL(json_key, hardware_only),
};
static const struct cs_shape json_key_shape = CS_SHAPE("roster_key", json_key, json_key_fields);
struct json_roster {
	uint64_t version;
	struct json_key *keys;
	size_t n_keys;
};
static const struct cs_field json_roster_fields[] = {
	CS_U64(json_roster, version),
	CS_ARRAY(json_roster, keys, &json_key_shape, CS_ROSTER_PEOPLE_MAX),
};
static const struct cs_shape json_roster_shape = CS_SHAPE("roster", json_roster, json_roster_fields);

static int print_json_list(const struct cs_roster *roster)
{
	struct json_roster json = { .version = roster->version };
	int status = 0;

	json.keys = calloc(roster->n_keys + 1, sizeof(*json.keys));
	if (!json.keys)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "roster", "");
	for (size_t i = 0; i < roster->n_people; i++)
		for (size_t k = 0; k < roster->people[i].n_keys; k++) {
			const struct cs_roster_person *person = &roster->people[i];
			struct cs_roster_key *key = &person->keys[k];

			json.keys[json.n_keys++] = (struct json_key){ person->id, person->name, key->key.name,
				key->key.fingerprint, key->since, person->officer, person->hardware_only }; /* a view */
		}
	status = cs_print_json(&json_roster_shape, &json);
	free(json.keys);
	return status;
}

int cs_run_roster_list(struct cs_run *run, char **args, size_t n)
{
	const char *path = NULL;
	const struct cs_option options[] = { { "--roster", NULL, &path, NULL } };
	struct roster_file file = { 0 };
	struct cs_buf out;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	if (status == 0)
		status = roster_file_read(path, false, &file);
	if (status != 0)
		return status;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (run->json)
		status = print_json_list(file.roster);
	else if (put_list(file.roster, &run->look, &out) < 0)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "roster", "");
	else
		status = cs_print(&out);
	cs_buf_clear(&out);
	roster_file_clear(&file);
	return status;
}
