/* SPDX-License-Identifier: Apache-2.0 */
/* Small worlds of people and groups by dice: nested, in circles, listed in odd spellings, by DN and by login, several
 * with one name or number. All of them are in one slapd, and in LDIF; a few hundred questions have to be answered
 * alike. CS_TEST_SEED says where the dice begin; a failure tells it. */
#include "directory_schemas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { WORLDS = 16, ROUNDS = 30, PEOPLE_MOST = 8, GROUPS_MOST = 10, QUERIES = 4, LISTINGS = 3 };

static struct server server;
static uint32_t seed, dice;

/* 0 to n - 1 */
static uint32_t roll(uint32_t n)
{
	dice ^= dice << 13;
	dice ^= dice >> 17;
	dice ^= dice << 5;
	return dice % n;
}

/* --- Worlds ------------------------------------------------------------------------------------------------------ */

struct world {
	char options[512];
	unsigned n_people, n_groups;
	uint32_t nesting;
	bool member_of;
	uint32_t member[GROUPS_MOST];    /* bits: people by number, then groups */
	char text[GROUPS_MOST][4096];    /* of groups, while they are made */
};

static struct world worlds[WORLDS];

static void person_dn(unsigned w, unsigned p, char dn[128])
{
	(void)snprintf(dn, 128, "uid=p%u,ou=people,ou=w%u," BASE, p, w);
}

static void group_dn(unsigned w, unsigned g, char dn[128])
{
	(void)snprintf(dn, 128, "cn=g%u,ou=%s,ou=w%u," BASE, g, g % 5 == 4 ? "other" : "groups", w);
}

/* The same DN in other letters, with blanks, or with a letter as its number. */
static void put_spelled(FILE *out, const char *dn)
{
	uint32_t how = roll(4);
	for (const char *p = dn; *p != '\0'; p++) {
		char c = *p;
		if (how == 1 && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (how == 3 && p > dn && p[-1] == '=')
			(void)fprintf(out, "\\%02x", (unsigned)c);
		else
			(void)fprintf(out, how == 2 && c == ',' ? " , " : "%c", c);
	}
	(void)fputc('\n', out);
}

static void put_person(FILE *out, unsigned w, unsigned p)
{
	const struct world *world = &worlds[w];
	char dn[128];
	(void)fprintf(out,
		      "dn: uid=p%u,ou=people,ou=w%u," BASE "\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\n"
		      "objectClass: shadowAccount\nobjectClass: told\ncn: p%u\nsn: p%u\nuid: p%u\nhomeDirectory: /\n"
		      "gidNumber: 1\nuidNumber: %u\nentryUUID: 00000000-0000-4000-8000-%06u%06u\n",
		      p, w, p, p, p, roll(12) == 0 ? 1000 : 1000 + p, w, p);
	if (roll(4) == 0)
		(void)fprintf(out, "uid: %s%u\n", roll(2) ? "X" : "x", roll(3));
	if (roll(6) == 0)
		(void)fputs(roll(2) ? "nsAccountLock: TRUE\n" : "shadowExpire: 1\n", out);
	if (roll(8) == 0)
		(void)fprintf(out, "employeeNumber: %u\n", roll(2));
	for (unsigned g = 0; g < world->n_groups; g++) {
		group_dn(w, g, dn);
		if ((world->member[g] & 1u << p) != 0 && world->member_of) {
			(void)fputs("memberOf: ", out);
			put_spelled(out, dn);
		}
	}
	if (roll(6) == 0) {
		person_dn(w, roll(world->n_people), dn);
		(void)fprintf(out, "%s: %s\n", roll(2) ? "manager" : "owner", dn);
	}
	(void)fputc('\n', out);
}

/* Everybody at most once by one attribute: a server would take him twice for a mistake. */
static uint32_t put_listed(FILE *out, unsigned w, const char *attribute, uint32_t chance)
{
	const struct world *world = &worlds[w];
	uint32_t listed = 0;
	char dn[128];
	for (unsigned i = 0; i < world->n_people + world->n_groups; i++) {
		if (roll(chance) != 0)
			continue;
		if (i < world->n_people)
			person_dn(w, i, dn);
		else
			group_dn(w, i - world->n_people, dn);
		listed |= 1u << i;
		(void)fprintf(out, "%s: ", attribute);
		put_spelled(out, dn);
	}
	if (roll(5) == 0)
		(void)fprintf(out, "%s: uid=gone,ou=people,ou=w%u," BASE "\n", attribute, w);
	return listed;
}

static void put_logins(FILE *out, unsigned w)
{
	for (unsigned i = 0; i < worlds[w].n_people; i++)
		if (roll(3) == 0)
			(void)fprintf(out, "memberUid: %s%u\n", roll(5) == 0 ? "P" : "p", i);
	if (roll(3) == 0)
		(void)fprintf(out, "memberUid: x%u\nmemberUid: nobody\n", roll(3));
}

static void make_group(unsigned w, unsigned g)
{
	char dn[128];
	struct world *world = &worlds[w];
	FILE *out = fmemopen(world->text[g], sizeof(world->text[g]), "w");
	if (out == NULL)
		abort();
	group_dn(w, g, dn);
	/* One group in seven is none that is followed. */
	(void)fprintf(out, "dn: %s\nobjectClass: %s\nobjectClass: told\ncn: g%u\ncn: named%u\n", dn,
		      roll(7) == 0 ? "organizationalRole" : "groupOfNames", g, roll(3));
	(void)fprintf(out, "member: cn=first%u\n", g); /* a groupOfNames has one */
	world->member[g] = put_listed(out, w, "member", 4);
	(void)put_listed(out, w, "owner", 8);
	if (roll(3) == 0)
		(void)put_listed(out, w, "uniqueMember", 5);
	put_logins(out, w);
	for (uint32_t i = roll(3); i > 0; i--)
		(void)fprintf(out, "description: d%u\n", i);
	(void)fputc('\n', out);
	if (fclose(out) != 0)
		abort();
}

static void make_world(FILE *out, unsigned w)
{
	static const char *const units[] = { "people", "groups", "other" };
	struct world *world = &worlds[w];
	world->n_people = 2 + roll(PEOPLE_MOST - 1);
	world->n_groups = 2 + roll(GROUPS_MOST - 1);
	world->member_of = w % 4 == 3;
	world->nesting = world->member_of ? 0 : w % 4 == 0 ? 0 : 1 + roll(4);
	(void)snprintf(world->options, sizeof(world->options),
		       "schema = %s nesting = %u person_attribute = employeeNumber\n"
		       "people_base = \"ou=people,ou=w%u," BASE "\" groups_base = \"ou=groups,ou=w%u," BASE "\"\n",
		       world->member_of ? "openldap-memberof" : "rfc2307bis", world->nesting, w, w);
	(void)fprintf(out, "dn: ou=w%u," BASE "\nobjectClass: organizationalUnit\nou: w%u\n\n", w, w);
	for (size_t i = 0; i < CS_COUNT(units); i++)
		(void)fprintf(out, "dn: ou=%s,ou=w%u," BASE "\nobjectClass: organizationalUnit\nou: %s\n\n", units[i],
			      w, units[i]);
	for (unsigned g = 0; g < world->n_groups; g++)
		make_group(w, g);
	for (unsigned p = 0; p < world->n_people; p++)
		put_person(out, w, p);
	for (unsigned g = 0; g < world->n_groups; g++)
		(void)fputs(world->text[g], out);
}

static char *make_ldif(void)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (out == NULL)
		abort();
	(void)fputs("dn: " BASE "\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: x\n\n", out);
	for (unsigned w = 0; w < WORLDS; w++)
		make_world(out, w);
	(void)fclose(out);
	return text;
}

/* --- Questions --------------------------------------------------------------------------------------------------- */

struct asked {
	char login[32], dns[QUERIES + LISTINGS][128], value[32];
	char description[16], cn[8];
	char *wanted[2];
	struct cs_subject subject;
	struct cs_group_query queries[QUERIES];
	struct cs_listing_query listings[LISTINGS];
	struct cs_question question;
};

static char listed_texts[][16] = { "member", "member", "member", "owner", "memberUid", "uniqueMember", "MANAGER" };
static char cn_text[] = "cn";

static bool groups_alone; /* of the question that is made: about nothing else, as a replica answers */

static void roll_place(unsigned w, char dn[128], enum cs_where *where)
{
	*where = roll(3) == 0 ? CS_GROUPS_BELOW : CS_GROUP_AT;
	if (roll(12) == 0)
		(void)snprintf(dn, 128, "cn=missing,ou=groups,ou=w%u," BASE, w);
	else if (roll(12) == 0 && !groups_alone)
		person_dn(w, roll(worlds[w].n_people), dn);
	else if (*where == CS_GROUPS_BELOW && roll(4) != 0)
		(void)snprintf(dn, 128, "ou=%s,ou=w%u," BASE, roll(3) == 0 && !groups_alone ? "people" : "groups", w);
	else
		group_dn(w, roll(worlds[w].n_groups), dn);
}

static void roll_subject(unsigned w, struct asked *asked)
{
	uint32_t p = roll(worlds[w].n_people + 1);
	asked->subject = (struct cs_subject){ CS_NO_UID, CS_NO_UID, asked->login };
	if (roll(3) != 0)
		asked->subject.uid = 1000 + p;
	if (roll(6) == 0)
		(void)snprintf(asked->login, sizeof(asked->login), "x%u", roll(3));
	else if (asked->subject.uid == CS_NO_UID || roll(2) == 0)
		(void)snprintf(asked->login, sizeof(asked->login), "p%u", roll(10) == 0 ? p + 1 : p);
	else
		*asked->login = '\0';
}

static void roll_question(unsigned w, struct asked *asked)
{
	*asked = (struct asked){ .description = "description", .cn = "cn" };
	asked->wanted[0] = asked->description;
	asked->wanted[1] = asked->cn;
	roll_subject(w, asked);
	groups_alone = roll(3) != 0;
	for (unsigned i = 0; i < QUERIES; i++) {
		struct cs_group_query *query = &asked->queries[i];
		roll_place(w, asked->dns[i], &query->where);
		query->dn = asked->dns[i];
		query->listed = listed_texts[roll(CS_COUNT(listed_texts))];
		query->wanted = asked->wanted;
		query->n_wanted = roll(3);
		query->at_least = roll(2) ? 0 : roll(6);
	}
	for (unsigned i = 0; i < LISTINGS; i++) {
		struct cs_listing_query *listing = &asked->listings[i];
		roll_place(w, asked->dns[QUERIES + i], &listing->where);
		listing->dn = asked->dns[QUERIES + i];
		listing->listed = listed_texts[roll(CS_COUNT(listed_texts))];
		if (listing->where == CS_GROUPS_BELOW && roll(2)) {
			(void)snprintf(asked->value, sizeof(asked->value), "Named%u", roll(3));
			listing->attribute = cn_text;
			listing->value = asked->value;
		}
	}
	asked->question = (struct cs_question){ &asked->subject, 1, asked->queries, QUERIES, asked->listings, LISTINGS };
}

static void describe(unsigned w, const struct asked *asked)
{
	(void)fprintf(stderr, "world %u: %s\nsubject %u \"%s\"\n", w, worlds[w].options, asked->subject.uid,
		      asked->subject.name);
	for (unsigned i = 0; i < QUERIES; i++)
		(void)fprintf(stderr, "query %u: %s %s by %s, wanted %zu, at_least %u\n", i,
			      asked->queries[i].where == CS_GROUP_AT ? "at" : "below", asked->queries[i].dn,
			      asked->queries[i].listed, asked->queries[i].n_wanted, asked->queries[i].at_least);
	for (unsigned i = 0; i < LISTINGS; i++)
		(void)fprintf(stderr, "listing %u: %s %s by %s where %s=%s\n", i,
			      asked->listings[i].where == CS_GROUP_AT ? "at" : "below", asked->listings[i].dn,
			      asked->listings[i].listed, asked->listings[i].attribute, asked->listings[i].value);
}

/* --- Running ----------------------------------------------------------------------------------------------------- */

static unsigned n_by_replica;

static void compare(unsigned w, struct cs_directory *const *directories, const struct asked *asked)
{
	char *first = answer_text(directories[0], &asked->question, false);
	for (unsigned i = 1; i < BACKENDS; i++) {
		char *other = answer_text(directories[i], &asked->question, false);
		n_by_replica += was_by_replica;
		if (strcmp(first, other) != 0) {
			describe(w, asked);
			(void)run_in(&server, "cp tree.ldif /tmp/countersign-random.ldif");
			(void)fprintf(stderr, "%s:\n%s%s:\n%s", backends[0].name, first, backends[i].name, other);
			fail_msg("CS_TEST_SEED=%u, the tree is in /tmp/countersign-random.ldif", seed);
		}
		free(other);
	}
	free(first);
}

static void test_a075_a077_worlds_are_answered_alike(void **state)
{
	(void)state;
	for (unsigned w = 0; w < WORLDS; w++) {
		struct cs_directory *directories[BACKENDS] = { NULL };
		for (unsigned i = 0; i < BACKENDS; i++) {
			directories[i] = open_backend(&server, &backends[i], worlds[w].options);
			assert_non_null(directories[i]);
		}
		for (unsigned i = 0; i < ROUNDS; i++) {
			struct asked asked;
			roll_question(w, &asked);
			compare(w, directories, &asked);
		}
		for (unsigned i = 0; i < BACKENDS; i++)
			cs_directory_close(&directories[i]);
	}
	print_message("%u of %u answers by the replica\n", n_by_replica, WORLDS * ROUNDS);
	assert_true(n_by_replica > WORLDS * ROUNDS / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_a075_a077_worlds_are_answered_alike) };
	const char *said = getenv("CS_TEST_SEED");
	seed = said != NULL ? (uint32_t)strtoul(said, NULL, 10) : (uint32_t)cs_boot_ms();
	dice = seed != 0 ? seed : 1;
	char *ldif = make_ldif();
	int r = schema_server_make(&server, ldif);
	free(ldif);
	if (r == 0)
		r = cmocka_run_group_tests(tests, NULL, NULL);
	if (r != 77)
		server_remove(&server);
	return r < 0 ? 1 : r;
}
