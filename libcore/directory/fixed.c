/* SPDX-License-Identifier: Apache-2.0 */
/* People and groups as a file for hosts without LDAP, for tests and for what-if questions says them:
 *
 *   person alice { uid = 2001  id = "a1b2…"  dn = "uid=alice,ou=people,dc=example,dc=org"  human = "1001"
 *                  key = { "ssh-ed25519 AAAA…" } }
 *   group tomcat {
 *       dn = "cn=tomcat,ou=project,ou=groups,dc=example,dc=org"
 *       attribute cn { value = "tomcat" }
 *       attribute mail { value = { "dev@tomcat.example.org", "pmc@tomcat.example.org" } }
 *       listed owner { people = { alice, bob } }
 *   }
 *   netgroup release { dn = "cn=release,ou=netgroup,dc=example,dc=org"  hosts = { rel1, rel2 }  netgroups = spare }
 *
 * A group's title is only for messages; a netgroup's nested ones are named by their cn, as in LDAP. id is the login
 * name and dn is uid=NAME where they are left out; a person may be locked. */
#include "filter.h"
#include "mem.h"
#include "memory.h"
#include "netgroup.h"
#include "schema.h"
#include "ssh_key.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 4 * 1024 * 1024 };

static const struct cs_conf_option person_options[] = {
	{ "uid", CS_CONF_STR, true, NULL },
	{ "id", CS_CONF_STR, false, NULL },
	{ "dn", CS_CONF_STR, false, NULL },
	{ "human", CS_CONF_STR, false, NULL },
	{ "locked", CS_CONF_BOOL, false, NULL },
	{ "key", CS_CONF_LIST, false, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option attribute_options[] = {
	{ "value", CS_CONF_LIST, true, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option listed_options[] = {
	{ "people", CS_CONF_LIST, true, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option group_options[] = {
	{ "dn", CS_CONF_STR, true, NULL },
	{ "attribute", CS_CONF_TITLED, false, attribute_options },
	{ "listed", CS_CONF_TITLED, false, listed_options },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option netgroup_options[] = {
	{ "dn", CS_CONF_STR, true, NULL },
	{ "hosts", CS_CONF_LIST, false, NULL },
	{ "netgroups", CS_CONF_LIST, false, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option file_options[] = {
	{ "person", CS_CONF_TITLED, false, person_options },
	{ "group", CS_CONF_TITLED, false, group_options },
	{ "netgroup", CS_CONF_TITLED, false, netgroup_options },
	{ NULL, CS_CONF_STR, false, NULL },
};

/* One pass over a file. */
struct reading {
	struct cs_tree *tree;
	struct cs_hash ids; /* hashes of people's ids; the items are people */
	const char *file;
	struct cs_problem *problem;
};

/* "person alice, uid: …" with the line of the key. */
static int refuse(const struct reading *r, const char *kind, const struct cs_conf_section *section, const char *key,
	const char *text)
{
	const char *at = cs_conf_given(section, key) ? key : NULL;
	cs_problem_set(r->problem, r->file, cs_conf_line(section, at), "%s %s, %s: %s", kind, cs_conf_title(section),
		       key, text);
	return CS_ECONF;
}

/* --- People --- */

static bool has_id(const struct reading *r, const char *id)
{
	uint32_t hash = cs_hash_text(id);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&r->ids, hash, &at)) != CS_HASH_NONE;)
		if (strcmp(cs_tree_text(r->tree, r->tree->people[i].id), id) == 0)
			return true;
	return false;
}

static int person_check(const struct reading *r, const struct cs_conf_section *section,
	const struct cs_tree_new_person *person)
{
	if (*person->id == '\0' || strlen(person->id) > CS_MAX_NAME)
		return refuse(r, "person", section, "id", "is empty or too long");
	if (strlen(person->human) > CS_MAX_NAME)
		return refuse(r, "person", section, "human", "is too long");
	if (!cs_dn_is_valid(person->dn))
		return refuse(r, "person", section, "dn", "is no DN such as uid=alice,ou=people,dc=example,dc=org");
	if (cs_tree_find_uid(r->tree, person->uid) != CS_TREE_NONE)
		return refuse(r, "person", section, "uid", "another person has it");
	return has_id(r, person->id) ? refuse(r, "person", section, "id", "another person has it") : 0;
}

static int person_add(struct reading *r, const struct cs_conf_section *section, const struct cs_tree_new_person *person)
{
	int e = cs_tree_add_person(r->tree, person);
	if (e == CS_EEXIST)
		return refuse(r, "person", section, "dn", "another person has it");
	if (e == 0)
		e = cs_hash_add(&r->ids, cs_hash_text(person->id), (uint32_t)r->tree->n_people - 1);
	if (e == 0)
		e = cs_tree_add_login(r->tree, person->name);
	return e != 0 ? e : cs_tree_add_uid(r->tree, person->uid);
}

/* A file that is written by hand has no line that could be left out. */
static int keys_read(struct reading *r, const struct cs_conf_section *section, char ***keys, size_t *n)
{
	size_t given = cs_conf_list_len(section, "key");
	int e = given > CS_MAX_KEYS ? refuse(r, "person", section, "key", "there are more than 32") : 0;
	for (size_t i = 0; i < given && e == 0; i++) {
		struct cs_ssh_key key;
		e = cs_ssh_key_read_line(cs_conf_list_at(section, "key", i), &key);
		if (e != 0 && e != CS_ENOMEM)
			e = refuse(r, "person", section, "key", "is no public key such as \"ssh-ed25519 AAAA…\"");
		if (e == 0 && cs_strv_has(*keys, *n, key.fingerprint) != 1)
			e = cs_strv_add(keys, n, key.fingerprint);
	}
	return e;
}

static int person_read(struct reading *r, const struct cs_conf_section *section)
{
	const char *name = cs_conf_title(section);
	struct cs_tree_new_person person = { .name = name };
	char *dn = NULL, **keys = NULL;
	size_t n_keys = 0;
	if (cs_is_login(name) != 1) {
		cs_problem_set(r->problem, r->file, cs_conf_line(section, NULL), "person: not a login name");
		return CS_ECONF;
	}
	if (cs_parse_uid(cs_conf_str(section, "uid", ""), &person.uid) != 0 || person.uid == 0)
		return refuse(r, "person", section, "uid", "is no number of an ordinary account");
	if (cs_format(&dn, "uid=%s", name) != 0)
		return CS_ENOMEM;
	person.id = cs_conf_str(section, "id", name);
	person.dn = cs_conf_str(section, "dn", dn);
	person.human = cs_conf_str(section, "human", "");
	person.locked = cs_conf_bool(section, "locked", false);
	int e = keys_read(r, section, &keys, &n_keys);
	person.keys = keys;
	person.n_keys = n_keys;
	if (e == 0)
		e = person_check(r, section, &person);
	if (e == 0)
		e = person_add(r, section, &person);
	cs_free_strv(&keys, &n_keys);
	free(dn);
	return e;
}

/* --- Groups --- */

static int entry_begin(struct reading *r, const char *kind, const struct cs_conf_section *section)
{
	const char *dn = cs_conf_str(section, "dn", "");
	if (!cs_dn_is_valid(dn))
		return refuse(r, kind, section, "dn", "is no DN");
	if (cs_tree_find_taken(r->tree, dn) != CS_TREE_NONE)
		return refuse(r, kind, section, "dn", "another group or person has it");
	return cs_tree_add_entry(r->tree, dn);
}

static int attribute_read(struct reading *r, const struct cs_conf_section *part)
{
	const char *name = cs_conf_title(part);
	bool good = cs_filter_is_attribute(name);
	int e = 0;
	for (size_t i = 0; i < cs_conf_list_len(part, "value") && good && e == 0; i++) {
		const char *value = cs_conf_list_at(part, "value", i);
		good = strlen(value) <= CS_MAX_DN;
		if (good)
			e = cs_tree_add_value(r->tree, name, value);
	}
	if (good)
		return e;
	cs_problem_set(r->problem, r->file, cs_conf_line(part, NULL),
		       "attribute %s: no attribute name, or its value is too long", name);
	return CS_ECONF;
}

static int listed_read(struct reading *r, const struct cs_conf_section *part)
{
	const char *name = cs_conf_title(part);
	int e = 0;
	if (!cs_filter_is_attribute(name)) {
		cs_problem_set(r->problem, r->file, cs_conf_line(part, NULL), "listed %s: no attribute name", name);
		return CS_ECONF;
	}
	for (size_t i = 0; i < cs_conf_list_len(part, "people") && e == 0; i++) {
		const char *login = cs_conf_list_at(part, "people", i);
		uint32_t person = cs_tree_find_login(r->tree, login);
		if (person == CS_TREE_NONE) {
			cs_problem_set(r->problem, r->file, cs_conf_line(part, "people"),
				       "people: there is no person %s", login);
			return CS_ECONF;
		}
		const struct cs_tree_term *dn = &r->tree->terms[r->tree->people[person].dn];
		const char *value = cs_schema_lists(name) == CS_LISTS_LOGIN ? login : cs_tree_text(r->tree, dn->text);
		char *copy = cs_dup(value); /* the pool may move */
		e = copy != NULL ? cs_tree_add_value(r->tree, name, copy) : CS_ENOMEM;
		free(copy);
	}
	return e;
}

static int group_read(struct reading *r, const struct cs_conf_section *group)
{
	const struct cs_conf_section *part = NULL;
	int e = entry_begin(r, "group", group);
	for (size_t i = 0; e == 0 && (part = cs_conf_section(group, "attribute", i)) != NULL; i++)
		e = attribute_read(r, part);
	for (size_t i = 0; e == 0 && (part = cs_conf_section(group, "listed", i)) != NULL; i++)
		e = listed_read(r, part);
	return e;
}

/* --- Netgroups: as the entry that LDAP would have --- */

static int host_read(struct reading *r, const struct cs_conf_section *section, const char *host)
{
	char *triple = NULL;
	bool any = strcmp(host, "*") == 0;
	if (!any && !cs_is_word(host, CS_MAX_NAME))
		return refuse(r, "netgroup", section, "hosts", "are host names, or \"*\" for every host");
	int e = cs_format(&triple, "(%s,-,)", any ? "" : host);
	if (e == 0)
		e = cs_tree_add_value(r->tree, CS_NETGROUP_TRIPLE, triple);
	free(triple);
	return e;
}

static int netgroup_read(struct reading *r, const struct cs_conf_section *section)
{
	int e = entry_begin(r, "netgroup", section);
	if (e == 0)
		e = cs_tree_add_value(r->tree, "objectClass", CS_NETGROUP_CLASS);
	for (size_t i = 0; i < cs_conf_list_len(section, "hosts") && e == 0; i++)
		e = host_read(r, section, cs_conf_list_at(section, "hosts", i));
	for (size_t i = 0; i < cs_conf_list_len(section, "netgroups") && e == 0; i++) {
		const char *name = cs_conf_list_at(section, "netgroups", i);
		e = cs_is_word(name, CS_MAX_NAME)
			    ? cs_tree_add_value(r->tree, CS_NETGROUP_MEMBER, name)
			    : refuse(r, "netgroup", section, "netgroups", "are named by their cn, one word each");
	}
	return e;
}

/* --- All of it --- */

static int fixed_read(const struct cs_settings *settings, char *text, size_t n, const char *name, struct cs_tree *tree,
	struct cs_problem *problem)
{
	static const struct {
		const char *kind;
		int (*read)(struct reading *r, const struct cs_conf_section *section);
	} kinds[] = { { "person", person_read }, { "group", group_read }, { "netgroup", netgroup_read } };
	struct reading reading = { .tree = tree, .file = name, .problem = problem };
	const struct cs_conf_section *section = NULL;
	struct cs_conf *conf = NULL;
	(void)settings;
	if (strlen(text) != n) {
		cs_problem_set(problem, name, 0, "holds a NUL byte");
		return CS_ECONF;
	}
	int r = cs_conf_parse(text, name, file_options, &conf, problem);
	for (size_t k = 0; k < CS_COUNT(kinds) && r == 0; k++)
		for (size_t i = 0; r == 0; i++) {
			section = cs_conf_section(cs_conf_top(conf), kinds[k].kind, i);
			if (section == NULL)
				break;
			r = kinds[k].read(&reading, section);
		}
	cs_hash_clear(&reading.ids);
	cs_conf_free(&conf);
	return r;
}

const struct cs_form cs_fixed_form = { .max = FILE_MAX, .read = fixed_read };
