/* SPDX-License-Identifier: Apache-2.0 */
/* Facts, actions and policies built by hand for the tests of the policy room. */
#ifndef TEST_POLICY_WORLD_H
#define TEST_POLICY_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mem.h"
#include "policy.h"

#define PROJECTS "ou=project,ou=groups,dc=example,dc=org"
#define INFRA    "cn=infra,ou=groups,dc=example,dc=org"

/* Rights and assignments that most tests share; gates follow. */
#define RIGHTS                                                                                                         \
	"permission release.stage { label = \"Stage a release candidate\" }\n"                                         \
	"permission release.deploy { label = \"Deploy a release\" }\n"                                                 \
	"permission release.approve { label = \"Approve a deployment\" }\n"                                            \
	"permission host.login { label = \"Log in to a release host\" }\n"                                             \
	"role committer { label = \"Committer\" permissions = { release.stage } }\n"                                   \
	"role pmc { label = \"PMC member\" inherits = { committer } permissions = { release.deploy, release.approve "  \
	"} }\n"                                                                                                        \
	"role infra { label = \"Infrastructure\" permissions = { release.approve, host.login } }\n"                    \
	"role root { inherits = infra }\n"                                                                             \
	"assignment project-owners { role = pmc scope = \"project/%{cn}\" below = \"" PROJECTS "\" listed = owner }\n" \
	"assignment project-members { role = committer scope = \"project/%{cn}\" below = \"" PROJECTS                  \
	"\" listed = member }\n"                                                                                       \
	"assignment infra { role = infra scope = \"*\" group = \"" INFRA "\" listed = member }\n"                      \
	"assignment chiefs { role = root scope = \"host\" group = \"" INFRA "\" listed = owner }\n"
#define RIGHTS_LINES 12

/* What the queries of RIGHTS are, in order. */
enum { Q_OWNER, Q_MEMBER, Q_INFRA, Q_CHIEFS };

static inline struct cs_policy *parse(const char *text)
{
	struct cs_problem problem = {0};
	struct cs_policy *policy = NULL;
	int r = cs_policy_parse(text, "policy.conf", &policy, &problem);

	if (r != 0)
		fail_msg("refused (%d): %u: %s", r, problem.line, problem.text ? problem.text : "");
	return policy;
}

/* One person with up to four memberships. */
struct somebody {
	struct cs_facts facts;
	struct cs_membership memberships[4];
	struct cs_attribute attributes[4];
	char text[8][128];
};

static inline void make_somebody(struct somebody *who)
{
	memset(who, 0, sizeof(*who));
	who->facts.known = CS_KNOWN_YES;
	strcpy(who->text[0], "id-1");
	who->facts.person.id = who->text[0];
	who->facts.memberships = who->memberships;
}

/* Listed for a query in a group with this cn. */
static inline void list_in(struct somebody *who, uint32_t query, const char *cn)
{
	size_t i = who->facts.n_memberships++;
	char *dn = who->text[2 * i], *value = who->text[2 * i + 1];

	snprintf(dn, sizeof(who->text[0]), "cn=%s,ou=groups", cn);
	snprintf(value, sizeof(who->text[0]), "%s", cn);
	who->attributes[i] = (struct cs_attribute){(char *)(uintptr_t) "cn", value};
	who->memberships[i] = (struct cs_membership){query, dn, &who->attributes[i], 1};
}

/* Refused, with this line and a reason that says this. */
static inline void assert_text_refused(const char *text, unsigned line, const char *says)
{
	struct cs_problem problem = {0};
	struct cs_policy *policy = NULL;
	int r = cs_policy_parse(text, "policy.conf", &policy, &problem);

	if (r != CS_ECONF || policy)
		fail_msg("not refused (%d): %s", r, text);
	if (!problem.text || !strstr(problem.text, says))
		fail_msg("\"%s\" does not say \"%s\" of: %s", problem.text, says, text);
	if (problem.line != line)
		fail_msg("line %u instead of %u: %s", problem.line, line, text);
	cs_problem_clear(&problem);
}

/* One person with any DN and any memberships. */
struct member {
	struct cs_facts facts;
	struct cs_membership memberships[16];
	struct cs_attribute attributes[16][8];
};

static inline void make_member(struct member *who, const char *dn)
{
	memset(who, 0, sizeof(*who));
	who->facts.known = CS_KNOWN_YES;
	who->facts.person.id = (char *)(uintptr_t) "id-1";
	who->facts.person.dn = (char *)(uintptr_t)dn;
	who->facts.memberships = who->memberships;
}

/* Listed for a query in a group with this DN; then names and values of its attributes, and NULL. */
static inline void list_as(struct member *who, uint32_t query, const char *group, ...)
{
	size_t i = who->facts.n_memberships++, n = 0;
	const char *name;
	va_list words;

	va_start(words, group);
	while ((name = va_arg(words, const char *)))
		who->attributes[i][n++] =
			(struct cs_attribute){(char *)(uintptr_t)name, (char *)(uintptr_t)va_arg(words, const char *)};
	va_end(words);
	who->memberships[i] = (struct cs_membership){query, (char *)(uintptr_t)group, who->attributes[i], n};
}

/* An action from words: service, host, path, arguments …; the path may be "" for a login. */
struct doing {
	struct cs_action action;
	char *argv[16];
	char text[16][300];
};

static inline void make_action(struct doing *doing, const char *service, const char *host, const char *path, ...)
{
	const char *word;
	va_list words;
	size_t n = 0;

	memset(doing, 0, sizeof(*doing));
	snprintf(doing->text[0], sizeof(doing->text[0]), "%s", service);
	snprintf(doing->text[1], sizeof(doing->text[1]), "%s", host);
	snprintf(doing->text[2], sizeof(doing->text[2]), "%s", path);
	doing->action.service = doing->text[0];
	doing->action.host = doing->text[1];
	doing->action.command = doing->text[2];
	doing->action.argv = doing->argv;
	if (*path)
		doing->argv[n++] = doing->text[2];
	va_start(words, path);
	while ((word = va_arg(words, const char *))) {
		snprintf(doing->text[n + 3], sizeof(doing->text[0]), "%s", word);
		doing->argv[n] = doing->text[n + 3];
		n++;
	}
	va_end(words);
	doing->action.n_argv = n;
}

#endif
