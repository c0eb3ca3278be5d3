/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a roster, with what changes in it. */
#include "mem.h"
#include "roster.h"

#include <stdlib.h>
#include <string.h>

static void put(struct cs_buf *out, const char *text)
{
	cs_buf_put(out, text, strlen(text));
}

/* As libConfuse reads it between quotation marks. */
static void put_quoted(struct cs_buf *out, const char *text)
{
	put(out, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			put(out, "\\");
		cs_buf_put(out, text, 1);
	}
	put(out, "\"");
}

static void put_key(struct cs_buf *out, const char *line, const char *since)
{
	put(out, "\tkey ");
	put_quoted(out, line);
	put(out, " {");
	if (since && *since) {
		put(out, " since = ");
		put_quoted(out, since);
		put(out, " ");
	}
	put(out, "}\n");
}

static void put_person(struct cs_buf *out, const char *id, const char *name, bool officer, bool hardware_only)
{
	put(out, "\nperson ");
	put_quoted(out, id);
	put(out, " {\n\tname = ");
	put_quoted(out, name);
	put(out, "\n");
	if (officer)
		put(out, "\tofficer = true\n");
	if (hardware_only)
		put(out, "\thardware_only = true\n");
}

static void put_head(struct cs_buf *out, uint64_t version)
{
	char *text = NULL;

	if (cs_format(&text, "# Whose ssh keys may sign votes: countersign-roster(5). Change it with `countersign "
		"roster`.\nversion = %llu\n", (unsigned long long)version) < 0)
		out->error = CS_ENOMEM;
	else
		put(out, text);
	free(text);
}

/* What comes out is read once more: nothing is ever written that would be refused. */
static int check(struct cs_buf *out, struct cs_problem *problem)
{
	struct cs_roster *again = NULL;
	int r = 0;

	cs_buf_put_u8(out, '\0');
	r = cs_buf_error(out);
	if (r == 0)
		r = cs_roster_parse((const char *)out->data, "roster", &again, problem);
	cs_roster_free(&again);
	if (r == 0)
		out->len--;
	return r;
}

int cs_roster_with(const struct cs_roster *roster, const struct cs_roster_entry *entry, struct cs_buf *out,
	struct cs_problem *problem)
{
	const struct cs_roster_person *owner = NULL;
	struct cs_ssh_key key;
	bool known = false;
	int r = cs_ssh_key_read_line(entry->line, &key);

	if (r < 0 || cs_ssh_key_may_sign(&key) != 1) {
		cs_problem_set(problem, NULL, 0, "this is no key that may sign; use ssh-ed25519, ecdsa-sha2-nistp256, or "
			"the sk- form of either");
		return r == CS_ENOMEM ? r : CS_EINVAL;
	}
	owner = roster ? cs_roster_find(roster, key.fingerprint, NULL) : NULL;
	if (owner) {
		cs_problem_set(problem, NULL, 0, "%s is in the roster already, as %s's", key.fingerprint, owner->name);
		return CS_EEXIST;
	}
	put_head(out, roster ? roster->version + 1 : 1);
	for (size_t i = 0; roster && i < roster->n_people; i++) {
		const struct cs_roster_person *person = &roster->people[i];
		bool his = strcmp(person->id, entry->id) == 0;

		put_person(out, person->id, his ? entry->name : person->name, his ? entry->officer : person->officer,
			his ? entry->hardware_only : person->hardware_only);
		for (size_t k = 0; k < person->n_keys; k++)
			put_key(out, person->keys[k].line, person->keys[k].since);
		if (his)
			put_key(out, entry->line, entry->since);
		put(out, "}\n");
		known = known || his;
	}
	if (!known) {
		put_person(out, entry->id, entry->name, entry->officer, entry->hardware_only);
		put_key(out, entry->line, entry->since);
		put(out, "}\n");
	}
	return check(out, problem);
}

int cs_roster_without(const struct cs_roster *roster, const char *id, const char *fingerprint, struct cs_buf *out)
{
	const struct cs_roster_key *key = NULL;
	const struct cs_roster_person *leaver = fingerprint ? cs_roster_find(roster, fingerprint, &key)
		: cs_roster_person(roster, id);

	if (!leaver || strcmp(leaver->id, id) != 0)
		return CS_ENOENT;
	put_head(out, roster->version + 1);
	for (size_t i = 0; i < roster->n_people; i++) {
		const struct cs_roster_person *person = &roster->people[i];

		if (person == leaver && (!key || person->n_keys == 1))
			continue;
		put_person(out, person->id, person->name, person->officer, person->hardware_only);
		for (size_t k = 0; k < person->n_keys; k++)
			if (&person->keys[k] != key)
				put_key(out, person->keys[k].line, person->keys[k].since);
		put(out, "}\n");
	}
	return cs_buf_error(out);
}
