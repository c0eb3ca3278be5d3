/* SPDX-License-Identifier: Apache-2.0 */
/* Netgroups: triples, nested names, levels. */
#include "netgroup.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void cs_netgroup_entry_clear(struct cs_netgroup_entry *entry)
{
	cs_free_strv(&entry->classes, &entry->n_classes);
	cs_free_strv(&entry->triples, &entry->n_triples);
	cs_free_strv(&entry->members, &entry->n_members);
}

int cs_netgroup_start(struct cs_netgroup *netgroup, const char *dn, struct cs_listing_fill *fill)
{
	char *name = NULL;
	*netgroup = (struct cs_netgroup){ .dn = dn, .fill = fill, .end = 1 };
	int r = cs_dn_first_value(dn, &name);
	if (r == 0)
		r = cs_strv_add(&netgroup->names, &netgroup->n_names, name);
	free(name);
	return r;
}

void cs_netgroup_clear(struct cs_netgroup *netgroup)
{
	cs_free_strv(&netgroup->names, &netgroup->n_names);
}

/* What stands behind the first part of a DN; "" where there is nothing. */
static const char *parent_of(const char *dn)
{
	for (; *dn != '\0'; dn++) {
		if (*dn == '\\' && dn[1] != '\0')
			dn++;
		else if (*dn == ',')
			return dn + 1;
	}
	return dn;
}

int cs_netgroup_dn(const struct cs_netgroup *netgroup, size_t i, char **ret_dn)
{
	char *dn = NULL;
	const char *parent = parent_of(netgroup->dn);
	if (i == 0)
		return cs_format(ret_dn, "%s", netgroup->dn);
	int r = cs_format(&dn, "cn=%s%s%s", netgroup->names[i], *parent != '\0' ? "," : "", parent);
	if (r == 0 && !cs_dn_is_valid(dn))
		r = CS_ETOOBIG;
	if (r == 0)
		*ret_dn = dn;
	else
		free(dn);
	return r;
}

static int take_host(struct cs_netgroup *netgroup, const char *host, size_t n)
{
	char name[CS_MAX_NAME + 1];
	while (n > 0 && *host == ' ') {
		host++;
		n--;
	}
	while (n > 0 && host[n - 1] == ' ')
		n--;
	if (n == 1 && *host == '-')
		return 0;
	if (n == 0)
		return cs_listing_put(netgroup->fill, "*", "*");
	if (n > CS_MAX_NAME)
		return CS_EPROTO;
	for (size_t i = 0; i < n; i++)
		name[i] = host[i] >= 'A' && host[i] <= 'Z' ? (char)(host[i] - 'A' + 'a') : host[i];
	name[n] = '\0';
	return cs_is_word(name, CS_MAX_NAME) ? cs_listing_put(netgroup->fill, name, name) : CS_EPROTO;
}

/* "(host,user,domain)": only the host counts here. */
static int take_triple(struct cs_netgroup *netgroup, const char *triple)
{
	size_t n = strlen(triple);
	if (n < 4 || triple[0] != '(' || triple[n - 1] != ')' || strcspn(triple + 1, "()") != n - 2)
		return CS_EPROTO;
	const char *first = strchr(triple, ',');
	const char *second = first != NULL ? strchr(first + 1, ',') : NULL;
	if (second == NULL || strchr(second + 1, ',') != NULL)
		return CS_EPROTO;
	return take_host(netgroup, triple + 1, (size_t)(first - triple) - 1);
}

static int take_member(struct cs_netgroup *netgroup, const char *name)
{
	for (size_t i = 0; i < netgroup->n_names; i++)
		if (strcasecmp(netgroup->names[i], name) == 0)
			return 0;
	if (!cs_is_word(name, CS_MAX_NAME))
		return CS_EPROTO;
	return netgroup->n_names < CS_NETGROUPS_MOST ? cs_strv_add(&netgroup->names, &netgroup->n_names, name)
						     : CS_ETOOBIG;
}

int cs_netgroup_take(struct cs_netgroup *netgroup, const struct cs_netgroup_entry *entry, const char **ret_what)
{
	bool is_one = false;
	for (size_t i = 0; i < entry->n_classes; i++)
		is_one = is_one || strcasecmp(entry->classes[i], CS_NETGROUP_CLASS) == 0;
	int r = is_one ? 0 : CS_EPROTO;
	const char *what = "is no netgroup (objectClass " CS_NETGROUP_CLASS ")";
	for (size_t i = 0; i < entry->n_triples && r == 0; i++) {
		what = "a " CS_NETGROUP_TRIPLE " is not (host,user,domain)";
		r = take_triple(netgroup, entry->triples[i]);
	}
	for (size_t i = 0; i < entry->n_members && r == 0; i++) {
		what = "a " CS_NETGROUP_MEMBER " is no name";
		r = take_member(netgroup, entry->members[i]);
	}
	if (r == CS_EPROTO)
		*ret_what = what;
	return r;
}

int cs_netgroup_descend(struct cs_netgroup *netgroup)
{
	netgroup->level = netgroup->end;
	netgroup->end = netgroup->n_names;
	if (netgroup->level == netgroup->end)
		return 0;
	return ++netgroup->depth > CS_NETGROUP_DEPTH ? CS_ETOOBIG : 1;
}

const char *cs_netgroup_error(int error, const char *what)
{
	if (error == CS_EPROTO && what != NULL)
		return what;
	if (error == CS_ENOENT)
		return "a " CS_NETGROUP_MEMBER " names a netgroup that is not there";
	return error == CS_ETOOBIG ? "is nested too deep, or holds too many" : cs_strerror(error);
}
