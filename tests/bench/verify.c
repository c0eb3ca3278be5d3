/* SPDX-License-Identifier: Apache-2.0 */
/* bench_verify write EVENTS > FILE: a record as a busy host has it, exported; bench_verify bare FILE: how long it takes to
 * read the file and do nothing but the chain's hashes. The figure itself is `countersign evidence verify FILE`. A round is
 * a request, two votes, its approval and its claim, confirmed; every fourth is permitted at once. */
#include "evidence.h"
#include "evidence_export.h"
#include "evidence_source.h"
#include "mem.h"
#include "scribe.h"
#include "stats.h"

#include <stdio.h>

#define POLICY \
	"permission release.deploy { } permission release.approve { } permission host.login { }\n" \
	"role committer { permissions = release.deploy }\n" \
	"role pmc { inherits = committer permissions = release.approve }\n" \
	"role infra { permissions = { release.approve, host.login } }\n" \
	"assignment owners { role = pmc scope = \"*\" group = \"cn=owners,ou=g\" listed = member }\n" \
	"assignment committers { role = committer scope = \"*\" group = \"cn=committers,ou=g\" listed = member }\n" \
	"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=g\" listed = member }\n" \
	"gate deploy { service = sudo command = \"/bin/deploy *\" permission = release.deploy\n" \
	"  approval pmc { count = 1 role = pmc } approval infra { count = 1 role = infra }\n" \
	"  exempt automation { group = \"cn=robots,ou=g\" listed = member } }\n"

static void flush(struct scribe *s, bool policy)
{
	for (size_t i = 0; i < s->n; i++) {
		char *line = cs_export_record(&s->records[i]);

		if (policy && i == 1) {
			char *text = cs_export_policy(s->digest, POLICY);

			puts(text);
			free(text);
		}
		puts(line);
		free(line);
		cs_clear(&cs_record_shape, &s->records[i]);
	}
	s->n = 0;
}

static void round_of(struct scribe *s, const struct member *who)
{
	struct scribed asked;

	scribe_request(s, &asked, &who[0], "deploy", "tomcat-10.1.34");
	scribe_ask(s, &asked, &who[0]);
	scribe_vote(s, &asked, &who[1], CS_VOTE_APPROVE);
	scribe_vote(s, &asked, &who[2], CS_VOTE_APPROVE);
	scribe_decide(s, &asked, &who[0], CS_EVENT_APPROVED);
	scribe_decide(s, &asked, &who[0], CS_EVENT_CLAIMED);
	scribe_plain(s, &asked, CS_EVENT_CONFIRMED, CS_PERMIT);
	scribe_forget(&asked);
	if (s->requests % 4 == 0) {
		scribe_request(s, &asked, &who[3], "deploy", "httpd-2.4.62");
		scribe_permit(s, &asked, &who[3], CS_WHY_EXEMPT);
	}
	s->wall_ms += 1000;
}

static void write_record(uint64_t events)
{
	static const char *const names[] = { "alice", "bob", "carol", "robot" };
	static const char *const groups[] = { "committers", "owners", "infra", "robots" };
	struct member who[CS_COUNT(names)];
	struct scribe s;

	scribe_open(&s, POLICY);
	for (uint32_t i = 0; i < CS_COUNT(names); i++) {
		member_make(&who[i], names[i], i + 1);
		member_join(&who[i], s.policy, groups[i]);
	}
	member_join(&who[3], s.policy, "committers");
	flush(&s, true);
	while (s.head < events) {
		round_of(&s, who);
		flush(&s, false);
	}
	scribe_close(&s);
}

static int chain_only(void *arg, const struct cs_export_line *line)
{
	return line->kind == CS_LINE_RECORD ? cs_verifier_next(arg, &line->record) : 0;
}

static int bare(const char *path)
{
	struct cs_verifier verifier;
	char *text = NULL;
	uint64_t began = stats_now_ns();
	int r = 0;

	cs_verifier_init(&verifier);
	r = cs_evidence_from_file(path, chain_only, &verifier, &text);
	printf("{\"events\": %llu, \"seconds\": %.4f}\n", (unsigned long long)verifier.number,
		(double)(stats_now_ns() - began) / 1e9);
	return r == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "write") == 0)
		write_record(strtoull(argv[2], NULL, 10));
	else if (argc == 3 && strcmp(argv[1], "bare") == 0)
		return bare(argv[2]);
	else
		return 2;
	return 0;
}
