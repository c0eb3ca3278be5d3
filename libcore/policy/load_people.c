/* SPDX-License-Identifier: Apache-2.0 */
/* Reading who is named by DN. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static int key_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int load_person(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *dn,
		       char ***people, size_t *n_people, char **ret_key)
{
	char dn_key[CS_MAX_DN + 1];

	if (cs_check_dn(dn) != 1 || cs_dn_key(dn, dn_key) < 0)
		return REFUSE(loader, section, key,
			      "%s is a DN such as uid=mara,ou=people,dc=example,dc=org, not \"%s\"", key, dn);
	*ret_key = cs_dup(dn_key);
	return *ret_key ? cs_strv_add(people, n_people, dn) : CS_ENOMEM;
}

static int refuse_twice(struct loader *loader, const struct cs_conf_section *section, const char *key, char **keys,
			size_t n)
{
	qsort(keys, n, sizeof(*keys), key_order);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(keys[i - 1], keys[i]) == 0)
			return REFUSE(loader, section, key, "\"%s\" stands twice in %s", keys[i], key);
	}
	return 0;
}

int cs_load_people(struct loader *loader, const struct cs_conf_section *section, const char *key, char ***ret_people,
		   size_t *ret_n)
{
	size_t n = cs_conf_list_len(section, key), n_people = 0;
	char **people = NULL, **keys;
	int r = 0;

	if (n == 0)
		return REFUSE(loader, section, key, "%s is an empty list; leave it out or name somebody", key);
	if (n > POLICY_MAX_PEOPLE)
		return REFUSE(loader, section, key, "%s names more than %d people; use a group for so many", key,
			      POLICY_MAX_PEOPLE);
	keys = calloc(n, sizeof(*keys));
	if (!keys)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = load_person(loader, section, key, cs_conf_list_at(section, key, i), &people, &n_people, &keys[i]);
	if (r == 0)
		r = refuse_twice(loader, section, key, keys, n);
	if (r == 0) {
		*ret_people = people;
		*ret_n = n_people;
		people = NULL;
	}
	cs_free_strv(&people, &n_people);
	cs_free_strv(&keys, &n);
	return r;
}
