/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as LDIF of every schema: refused with a problem that names a line of it, or a directory whose answers keep
 * their promises: whoever is told has the number and the name that were asked for, everybody on a listing is there once, and who is
 * taken out is gone. */
#include "answer.h"
#include "mem.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static char alice[] = "alice", base[] = "ou=groups,dc=x", team[] = "cn=team,ou=groups,dc=x", net[] = "cn=a,ou=net,dc=x";
static char member[] = "member", owner[] = "owner", cn[] = "cn", mail[] = "mail", wg[] = "wg",
	    triple[] = "nisNetgroupTriple", login[] = "memberUid", unique[] = "uniqueMember", url[] = "memberURL";
static char *wanted[] = { cn, mail };
static struct cs_subject subjects[] = {
	{2001, CS_NO_UID, alice}, {2001, CS_NO_UID, NULL}, {CS_NO_UID, CS_NO_UID, alice}};
static struct cs_group_query queries[] = {{CS_GROUP_AT, team, member, wanted, 2, 0},
					  {CS_GROUPS_BELOW, base, owner, wanted, 2, 0},
					  {CS_GROUPS_BELOW, base, member, NULL, 0, 2},
					  {CS_GROUP_AT, team, login, wanted, 1, 1},
					  {CS_GROUPS_BELOW, base, unique, NULL, 0, 0},
					  {CS_GROUPS_BELOW, base, url, NULL, 0, 3}};
static struct cs_listing_query listings[] = {
	{ .where = CS_GROUP_AT, .dn = team, .listed = member },
	{ .where = CS_GROUPS_BELOW, .dn = base, .listed = member, .attribute = cn, .value = wg },
	{ .where = CS_GROUPS_BELOW, .dn = base, .listed = owner },
	{ .where = CS_GROUP_AT, .dn = team, .listed = login },
	{ .where = CS_GROUPS_BELOW, .dn = base, .listed = unique },
	{ .where = CS_GROUPS_BELOW, .dn = base, .listed = url },
	{ .where = CS_NETGROUP, .dn = net, .listed = triple },
};
static const struct cs_question question = { subjects, CS_COUNT(subjects), queries, CS_COUNT(queries), listings,
	CS_COUNT(listings) };

static void check_listing(const struct cs_listing *listing)
{
	require(listing->n_dns <= CS_MAX_LISTING);
	for (size_t i = 0; i < listing->n_dns && listing->n_dns < 100; i++)
		for (size_t k = 0; k < i; k++)
			require(!cs_dn_same(listing->dns[i], listing->dns[k]));
	require(listing->known != CS_KNOWN_DOUBT || *listing->doubt != '\0');
}

static void check(void *arg, const struct cs_answer *answer)
{
	enum cs_known *known = arg;
	require(cs_answer_fits(answer, subjects, CS_COUNT(subjects), CS_COUNT(queries), CS_COUNT(listings)) == 1);
	for (size_t i = 0; i < answer->n_facts; i++) {
		const struct cs_facts *facts = &answer->facts[i];
		require(facts->known != CS_KNOWN_DOUBT || *facts->doubt != '\0');
		for (size_t k = 0; k < facts->n_memberships; k++)
			require(facts->memberships[k].n_attributes <= CS_MAX_ATTRIBUTES);
		for (size_t k = 1; k < facts->n_memberships && k < 100; k++) /* sorted: each group once a query */
			require(facts->memberships[k].query != facts->memberships[k - 1].query ||
				!cs_dn_same(facts->memberships[k].group_dn, facts->memberships[k - 1].group_dn));
		for (size_t k = 0; k < facts->n_unsure; k++)
			require(*facts->unsure[k].doubt != '\0' &&
				(k == 0 || facts->unsure[k].query > facts->unsure[k - 1].query));
	}
	for (size_t i = 0; i < answer->n_listings; i++)
		check_listing(&answer->listings[i]);
	*known = answer->facts[2].known;
}

static void check_directory(struct cs_directory *directory)
{
	enum cs_known known = CS_KNOWN_NO;
	require(cs_directory_ask(directory, &question, NULL, check, &known) == 0);
	int r = cs_directory_without(directory, "alice");
	require(r == 0 || (r == CS_ENOENT && known != CS_KNOWN_YES));
	require(cs_directory_ask(directory, &question, NULL, check, &known) == 0);
	require(known != CS_KNOWN_YES);
}

/* The login is uid everywhere, so that the corpus serves all of them. */
static void check_schema(const char *schema, const uint8_t *data, size_t size, unsigned lines)
{
	const struct cs_ldif_options options = { .schema = schema, .people_base = "ou=people,dc=x",
		.person_attribute = "employeeNumber", .login_attribute = "uid" };
	struct cs_problem problem = { 0 };
	struct cs_directory *directory = NULL;
	int r = cs_directory_open_ldif((const char *)data, size, "fuzz.ldif", &options, &directory, &problem);
	if (r == 0) {
		require(problem.text == NULL);
		check_directory(directory);
	} else {
		require(r == CS_ECONF && directory == NULL && problem.text != NULL);
		require(problem.line >= 1 && problem.line <= lines);
	}
	cs_directory_close(&directory);
	cs_problem_clear(&problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned lines = 1;
	if (size > 65536)
		return 0;
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	for (unsigned i = 0; cs_schema_name(i) != NULL; i++)
		check_schema(cs_schema_name(i), data, size, lines);
	return 0;
}
