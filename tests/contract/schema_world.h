/* SPDX-License-Identifier: Apache-2.0 */
/* One tree of one schema in a real slapd, and what the directory says of it as one line of text. */
#ifndef CS_TEST_SCHEMA_WORLD_H
#define CS_TEST_SCHEMA_WORLD_H

#include "directory_server.h"
#include "directory_ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define PEOPLE "ou=people," BASE
#define GROUPS "ou=groups," BASE
#define UNIT(OU, ABOVE) "dn: ou=" OU "," ABOVE "\nobjectClass: organizationalUnit\nou: " OU "\n\n"
#define TOP \
	"dn: " BASE "\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n" \
	"dn: cn=countersign," BASE "\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\n" \
	"cn: countersign\nuserPassword: " PASSWORD "\n\n" \
	UNIT("people", BASE) UNIT("groups", BASE)
#define POSIX(RDN, UID, NUMBER, REST) \
	"dn: " RDN "," PEOPLE "\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nobjectClass: shadowAccount\n" \
	"uid: " UID "\ncn: " UID "\nsn: " UID "\nuidNumber: " NUMBER "\ngidNumber: 1\nhomeDirectory: /\n" REST "\n"
#define PERSON(UID, NUMBER, REST) POSIX("uid=" UID, UID, NUMBER, REST)
#define GROUP(CN, CLASS, REST) "dn: cn=" CN "," GROUPS "\nobjectClass: " CLASS "\ncn: " CN "\n" REST "\n"
/* A comma, blanks, parentheses, an asterisk and a backslash (A071). */
#define ODD_RDN "cn=Frank\\2C (ops) *\\5Cx"

static struct server server;
static char said[4096]; /* by the last question */

/* A directory of this server with these options; uri NULL is its local socket. */
static struct cs_directory *open_schema(const char *uri, const char *options)
{
	char text[2048];
	struct cs_problem problem = { 0 };
	(void)snprintf(text, sizeof(text), "directory { uri = \"%s\" bind_dn = \"cn=countersign," BASE
		"\" bind_secret_file = \"%s/secret\" %s }", uri != NULL ? uri : server.ldapi, server.dir, options);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL)
		fail_msg("%s: %s", options, problem.text);
	cs_problem_clear(&problem);
	return directory;
}

static void say(const char *before, const char *text)
{
	size_t n = strlen(said);
	(void)snprintf(said + n, sizeof(said) - n, "%s%s", before, text);
}

static void say_first(const char *dn)
{
	char *name = NULL;
	if (cs_dn_first_value(dn, &name) != 0)
		fail_msg("%s", dn);
	say(*said != '\0' ? " " : "", name);
	free(name);
}

static void say_facts(const struct cs_facts *facts)
{
	*said = '\0';
	if (facts->known == CS_KNOWN_NO)
		say("", "nobody");
	else if (facts->known != CS_KNOWN_YES)
		say("doubt: ", facts->doubt);
	for (size_t i = 0; i < facts->n_memberships; i++)
		say_first(facts->memberships[i].group_dn);
	for (size_t i = 0; i < facts->n_unsure; i++)
		say(" unsure: ", facts->unsure[i].doubt);
}

/* The groups that list somebody, by their first names in the order of their DNs, and what is unsure or doubt. */
static const char *asked(struct cs_directory *directory, const char *name, struct cs_group_query query)
{
	struct cs_answer answer = ask_one(directory, CS_NO_UID, name, &query, 1);
	assert_int_equal(answer.n_facts, 1);
	say_facts(&answer.facts[0]);
	cs_clear(&cs_answer_shape, &answer);
	return said;
}

/* Texts that structs want without const. */
static char *writable(const char *text)
{
	static char kept[16][1200];
	static unsigned next;
	char *copy = kept[next++ % 16];
	(void)snprintf(copy, sizeof(kept[0]), "%s", text);
	return copy;
}

static inline const char *at(struct cs_directory *directory, const char *name, const char *dn, const char *listed)
{
	return asked(directory, name, (struct cs_group_query){ .where = CS_GROUP_AT, .dn = writable(dn),
		.listed = writable(listed) });
}

static inline const char *below(struct cs_directory *directory, const char *name, const char *dn, const char *listed)
{
	return asked(directory, name, (struct cs_group_query){ .where = CS_GROUPS_BELOW, .dn = writable(dn),
		.listed = writable(listed) });
}

static inline const char *at_least(struct cs_directory *directory, const char *name, enum cs_where where,
	const char *dn, const char *listed, uint32_t least)
{
	return asked(directory, name, (struct cs_group_query){ .where = where, .dn = writable(dn),
		.listed = writable(listed), .at_least = least });
}

/* The values of one attribute of the groups that list somebody. */
static inline const char *wanted(struct cs_directory *directory, const char *name, enum cs_where where, const char *dn,
	const char *listed, const char *attribute)
{
	char *names[] = { writable(attribute) };
	struct cs_group_query query = { .where = where, .dn = writable(dn), .listed = writable(listed),
		.wanted = names, .n_wanted = 1 };
	struct cs_answer answer = ask_one(directory, CS_NO_UID, name, &query, 1);
	assert_int_equal(answer.n_facts, 1);
	say_facts(&answer.facts[0]);
	if (answer.facts[0].known == CS_KNOWN_YES)
		*said = '\0';
	for (size_t i = 0; i < answer.facts[0].n_memberships; i++)
		for (size_t k = 0; k < answer.facts[0].memberships[i].n_attributes; k++)
			say(*said != '\0' ? " " : "", answer.facts[0].memberships[i].attributes[k].value);
	cs_clear(&cs_answer_shape, &answer);
	return said;
}

/* Who somebody is: "id uid", with "locked" behind it; or nobody, or doubt. */
static inline const char *who(struct cs_directory *directory, uint32_t uid, const char *name)
{
	struct cs_answer answer = ask_one(directory, uid, name, NULL, 0);
	assert_int_equal(answer.n_facts, 1);
	const struct cs_facts *facts = &answer.facts[0];
	say_facts(facts);
	if (facts->known == CS_KNOWN_YES)
		(void)snprintf(said, sizeof(said), "%s %s%s", facts->person.id, facts->person.name,
			facts->person.locked ? " locked" : "");
	cs_clear(&cs_answer_shape, &answer);
	return said;
}

static int name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline const char *listing_of(struct cs_directory *directory, struct cs_listing_query query)
{
	const struct cs_question question = { .listings = &query, .n_listings = 1 };
	struct cs_answer answer = ask(directory, &question);
	assert_int_equal(answer.n_listings, 1);
	struct cs_listing *listing = &answer.listings[0];
	*said = '\0';
	if (listing->known == CS_KNOWN_NO)
		say("", "no such group");
	else if (listing->known != CS_KNOWN_YES)
		say("doubt: ", listing->doubt);
	assert_int_equal(listing->n_dns, listing->n_names);
	if (listing->n_names > 100)
		(void)snprintf(said, sizeof(said), "%zu people", listing->n_names);
	else if (listing->n_names > 0)
		qsort(listing->names, listing->n_names, sizeof(*listing->names), name_order);
	for (size_t i = 0; i < listing->n_names && listing->n_names <= 100; i++)
		say(*said != '\0' ? " " : "", listing->names[i]);
	cs_clear(&cs_answer_shape, &answer);
	return said;
}

static inline const char *listing(struct cs_directory *directory, const char *dn, const char *listed)
{
	return listing_of(directory, (struct cs_listing_query){ .where = CS_GROUP_AT, .dn = writable(dn),
		.listed = writable(listed) });
}

static inline const char *listing_below(struct cs_directory *directory, const char *dn, const char *listed,
	const char *attribute, const char *value)
{
	return listing_of(directory, (struct cs_listing_query){ .where = CS_GROUPS_BELOW, .dn = writable(dn),
		.listed = writable(listed), .attribute = writable(attribute), .value = writable(value) });
}

static inline void assert_begins(const char *text, const char *with)
{
	if (strncmp(text, with, strlen(with)) != 0)
		fail_msg("%s\ndoes not begin with %s", text, with);
}

static inline void assert_holds(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("%s\ndoes not hold %s", text, part);
}

/* How many searches the server has taken so far; it runs with .level = "stats". */
static inline unsigned searches(void)
{
	char path[128], line[4096];
	unsigned n = 0;
	(void)snprintf(path, sizeof(path), "%s/slapd.log", server.dir);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n += strstr(line, " SRCH base=") != NULL;
	(void)fclose(file);
	return n;
}

static int close_world(void **state)
{
	cs_directory_close((struct cs_directory **)state);
	return 0;
}

/* The whole of a test program: 77 where slapd is missing. */
static int run_world(const char *ldif, const struct server_extra *extra, const struct CMUnitTest *tests, size_t n)
{
	int r = server_make_with(&server, ldif, extra);
	if (r == 0)
		r = _cmocka_run_group_tests("schema", tests, n, NULL, NULL);
	else if (r < 0)
		r = 1;
	if (*server.dir != '\0')
		server_remove(&server);
	return r;
}

#endif
