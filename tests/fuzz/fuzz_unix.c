/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as passwd, group and shadow: refused with a problem, or a directory whose answers keep their promises:
 * whoever is told has the number and the name that were asked for and is no system account, everybody on a listing is
 * there once, and who is taken out is gone. */
#include "answer.h"
#include "mem.h"
#include "unix.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static char alice[] = "alice", base[] = CS_UNIX_GROUPS, release[] = "cn=release," CS_UNIX_GROUPS;
static char member[] = "member", cn[] = "cn";
static char *wanted[] = { cn };
static struct cs_subject subjects[] = {
	{ 2001, CS_NO_UID, alice }, { 2001, CS_NO_UID, NULL }, { CS_NO_UID, CS_NO_UID, alice }, { 999, CS_NO_UID, NULL } };
static struct cs_group_query queries[] = {
	{ CS_GROUP_AT, release, member, wanted, 1, 0 }, { CS_GROUPS_BELOW, base, member, wanted, 1, 0 } };
static struct cs_listing_query listings[] = {
	{ .where = CS_GROUP_AT, .dn = release, .listed = member },
	{ .where = CS_GROUPS_BELOW, .dn = base, .listed = member },
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
		require(facts->known != CS_KNOWN_YES || facts->person.uid >= CS_UNIX_UID_MIN);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_problem problem = { 0 };
	struct cs_directory *directory = NULL;
	if (size > 65536)
		return 0;
	int r = cs_directory_open_unix((const char *)data, size, "fuzz", &directory, &problem);
	if (r == 0) {
		require(problem.text == NULL);
		check_directory(directory);
	} else {
		require(r == CS_ECONF && directory == NULL && problem.text != NULL);
	}
	cs_directory_close(&directory);
	cs_problem_clear(&problem);
	return 0;
}
