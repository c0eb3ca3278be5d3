/* SPDX-License-Identifier: Apache-2.0 */
/* The real authority in one process: memory store, people from a file, a clock that the test moves. A call is made,
 * the turn ended, and the reply handed back. Each test has a house of its own. */
#ifndef CS_TEST_HOUSE_H
#define CS_TEST_HOUSE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "authority.h"
#include "crypto.h"
#include "mem.h"
#include "replay.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALICE = 2001, ALICE_ADM = 2002, BOB = 2003, CAROL = 2004, DAVE = 2005, ERIN = 2006, FRANK = 2007 };

static const char house_people[] =
	"person alice { uid = 2001 id = \"id-alice\" dn = \"uid=alice,ou=people\" human = \"1001\" }\n"
	"person alice-adm { uid = 2002 id = \"id-alice-adm\" dn = \"uid=alice-adm,ou=people\" human = \"1001\" }\n"
	"person bob { uid = 2003 id = \"id-bob\" dn = \"uid=bob,ou=people\" human = \"1003\" }\n"
	"person carol { uid = 2004 id = \"id-carol\" dn = \"uid=carol,ou=people\" human = \"1004\" }\n"
	"person dave { uid = 2005 id = \"id-dave\" dn = \"uid=dave,ou=people\" human = \"1005\" }\n"
	"person erin { uid = 2006 id = \"id-erin\" dn = \"uid=erin,ou=people\" human = \"1006\" }\n"
	"person frank { uid = 2007 id = \"id-frank\" dn = \"uid=frank,ou=people\" human = \"1007\" locked = %s }\n"
	"group tomcat { dn = \"cn=tomcat,ou=project\"\n"
	"  attribute cn { value = \"tomcat\" }\n"
	"  listed owner { people = { %s } } }\n"
	"group infra { dn = \"cn=infra,ou=groups\"\n"
	"  attribute cn { value = \"infra\" }\n"
	"  listed member { people = { %s } } }\n";

static const char house_policy[] =
	"service sudo { unmatched = permit }\n"
	"permission release.deploy { label = \"Deploy\" }\n"
	"permission release.approve { label = \"Approve\" }\n"
	"permission host.login { label = \"Log in\" }\n"
	"role pmc { permissions = { release.deploy, release.approve } }\n"
	"role infra { permissions = { release.approve, host.login } }\n"
	"assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n"
	"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=groups\" listed = member }\n"
	"gate deploy { service = sudo command = \"/usr/local/sbin/deploy-release %{project} *\"\n"
	"  permission = release.deploy scope = \"project/%{project}\"\n"
	"  approval committee { count = 1 permission = release.approve }\n"
	"  approval infra { count = 1 role = infra scope = \"*\" }\n"
	"  reason = required lifetime = 30m use_within = 10m }\n"
	"gate login { service = sshd permission = host.login scope = \"host/%{host}\" }\n"
	"gate shells { service = sudo command = \"/bin/sh\" deny = \"no shells\" }\n";

struct house {
	char dir[64];
	char people[96], policy[96], program[96];
	struct cs_conf *conf;
	struct cs_directory *directory;
	struct cs_store *store;
	struct cs_authority *authority;
	struct cs_roster_source *roster; /* of tests with signed votes; theirs */
	unsigned changes;
	unsigned notices;
	char notice[512]; /* the last one */
	bool no_replay; /* what the test put into the store does not follow from anything */
	void (*recorded)(struct house *h, const struct cs_event *event, const uint8_t chain[CS_DIGEST_LEN]);
};

static struct cs_now house_now;

static inline int house_clock(struct cs_now *ret_now)
{
	*ret_now = house_now;
	return 0;
}

static inline void house_pass(uint64_t ms)
{
	house_now.boot_ms += ms;
	house_now.wall_ms += ms;
}

static inline void house_write(const char *path, const char *text)
{
	char fresh[128];
	FILE *f = NULL;

	(void)snprintf(fresh, sizeof(fresh), "%s.new", path); /* a new inode, so that a change is always noticed */
	f = fopen(fresh, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(fresh, 0644), 0);
	assert_int_equal(rename(fresh, path), 0);
}

static inline void house_set_people(struct house *h, const char *owners, const char *infra)
{
	char *text = NULL;

	assert_int_equal(cs_format(&text, house_people, "true", owners, infra), 0);
	house_write(h->people, text);
	free(text);
}

static inline void house_changed(void *arg, const uint8_t id[CS_ID_LEN])
{
	(void)id;
	((struct house *)arg)->changes++;
}

static inline void house_recorded(void *arg, const struct cs_event *event, const uint8_t chain[CS_DIGEST_LEN])
{
	struct house *h = arg;

	if (h->recorded)
		h->recorded(h, event, chain);
}

static inline void house_notice(void *arg, const char *text)
{
	struct house *h = arg;

	h->notices++;
	(void)snprintf(h->notice, sizeof(h->notice), "%s", text);
}

static inline struct cs_authority_options house_options(struct house *h)
{
	struct cs_authority_options options = { 0 };

	options.host = "rel1";
	options.version = "test";
	options.policy_file = h->policy;
	options.policy_owner = getuid();
	options.hold_ms = 60000;
	options.confirm_ms = 10000;
	options.max_open_per_uid = 20;
	options.max_open = 100;
	options.now = house_clock;
	options.roster = h->roster;
	options.events.changed = house_changed;
	options.events.recorded = house_recorded;
	options.events.notice = house_notice;
	options.events.arg = h;
	return options;
}

static inline void house_open_authority(struct house *h)
{
	struct cs_authority_options options = house_options(h);
	struct cs_problem problem = { 0 };

	if (cs_authority_open(&options, h->store, h->directory, &h->authority, &problem) < 0)
		fail_msg("%s:%u: %s", problem.file, problem.line, problem.text);
}

static const struct cs_conf_option house_directory[] = { { "directory", CS_CONF_SECTION, true, cs_directory_options },
	{ NULL, CS_CONF_STR, false, NULL } };

/* The files alone. */
static inline void house_build_files(struct house *h)
{
	memset(h, 0, sizeof(*h));
	(void)snprintf(h->dir, sizeof(h->dir), "/tmp/cs-house-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	(void)snprintf(h->people, sizeof(h->people), "%s/people.conf", h->dir);
	(void)snprintf(h->policy, sizeof(h->policy), "%s/policy.conf", h->dir);
	(void)snprintf(h->program, sizeof(h->program), "%s/program", h->dir);
	house_set_people(h, "alice, alice-adm, bob, erin, frank", "carol, erin");
	house_write(h->policy, house_policy);
	house_write(h->program, "#!/bin/sh\n");
}

/* The clock and the directory. */
static inline void house_open_directory(struct house *h)
{
	struct cs_problem problem = { 0 };
	char *text = NULL;

	house_now.boot_ms = cs_boot_ms(); /* the clock of facts: what a test lets pass makes them older */
	house_now.wall_ms = 1790000000000;
	(void)snprintf(house_now.boot_id, sizeof(house_now.boot_id), "boot-one");
	assert_int_equal(cs_format(&text, "directory { file = \"%s\" }\n", h->people), 0);
	assert_int_equal(cs_conf_parse(text, "house", house_directory, &h->conf, &problem), 0);
	free(text);
	if (cs_directory_open(cs_conf_section(cs_conf_top(h->conf), "directory", 0), getuid(), &h->directory,
		&problem) < 0)
		fail_msg("%s:%u: %s", problem.file, problem.line, problem.text);
}

/* Everything but the store and the authority. */
static inline void house_build(struct house *h)
{
	house_build_files(h);
	house_open_directory(h);
}

static inline void house_open_with(struct house *h, struct cs_store *store)
{
	house_build(h);
	h->store = store;
	house_open_authority(h);
}

static inline void house_open(struct house *h)
{
	struct cs_store *store = NULL;

	assert_int_equal(cs_store_open_memory(&store), 0);
	house_open_with(h, store);
}

/* The store's text of the policy with this digest. */
static inline int house_text(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	struct house *h = arg;
	struct cs_generation generation = { 0 };
	int r = 0;

	for (uint64_t number = 1; r == 0; number++) {
		bool found = false;

		r = cs_store_policy_get(h->store, number, &generation, ret_text);
		found = r == 0 && memcmp(generation.digest, digest, CS_DIGEST_LEN) == 0;
		cs_clear(&cs_generation_shape, &generation);
		if (found)
			return 0;
		if (r == 0)
			cs_free_str(ret_text);
	}
	return r;
}

/* Whatever a test did: every permit that the authority recorded is derived again from the record alone. */
static inline void house_replay(struct house *h)
{
	struct cs_replay *replay = NULL;
	struct cs_record *records = NULL;
	uint8_t before[CS_DIGEST_LEN];
	uint64_t first = 0;
	size_t n = 0;
	int r = 0;

	assert_int_equal(cs_replay_new(house_text, h, &replay), 0);
	assert_int_equal(cs_store_first(h->store, &first, before), 0);
	if (first > 1)
		cs_replay_after(replay, first - 1, before, false);
	assert_int_equal(cs_store_records(h->store, 1, 100000, &records, &n), 0);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = cs_replay_next(replay, &records[i]);
	if (r == 0)
		r = cs_replay_end(replay, first - 1 + n);
	if (r != 0)
		fail_msg("replay: event %llu: %s (%d)", (unsigned long long)cs_replay_bad(replay),
			cs_replay_why(replay), r);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	cs_replay_free(&replay);
}

/* Everything but the files. */
static inline void house_empty(struct house *h)
{
	if (h->store && !h->no_replay)
		house_replay(h);
	cs_directory_close(&h->directory);
	cs_authority_close(&h->authority);
	cs_store_close(&h->store);
	cs_conf_free(&h->conf);
}

static inline void house_close(struct house *h)
{
	house_empty(h);
	(void)unlink(h->people);
	(void)unlink(h->policy);
	(void)unlink(h->program);
	(void)rmdir(h->dir);
}

/* --- Calls -------------------------------------------------------------------------------------------------------- */

struct house_reply {
	int given;
	int error;
	const struct cs_shape *shape;
	void *reply; /* where to copy it */
};

static inline void house_done(void *arg, int error, const char *text, const void *reply)
{
	struct house_reply *r = arg;

	(void)text;
	r->given++;
	r->error = error;
	if (error == 0 && r->reply)
		assert_int_equal(cs_copy(r->shape, reply, r->reply), 0);
}

/* Makes a call and ends the turn. Returns the error; *ret_reply is of the call's reply shape. */
static inline int house_call(struct house *h, const struct cs_caller *caller, enum cs_call_type type, const void *call,
	int fd, const struct cs_shape *shape, void *ret_reply)
{
	struct house_reply r = { 0, 0, shape, ret_reply };

	if (ret_reply)
		memset(ret_reply, 0, shape->size);
	cs_authority_call(h->authority, caller, type, call, fd, house_done, &r);
	assert_int_equal(r.given, 0); /* nothing is told before it is committed */
	cs_authority_turn(h->authority);
	assert_int_equal(r.given, 1);
	return r.error;
}

static inline struct cs_caller house_module(struct house *h, uint64_t connection)
{
	struct cs_caller caller = { .module = true, .uid = 0, .login_uid = CS_NO_UID,
		.connection = connection };

	(void)h;
	return caller;
}

static inline struct cs_caller house_person(uint32_t uid)
{
	struct cs_caller caller = { .module = false, .uid = uid, .login_uid = CS_NO_UID,
		.connection = 900000 + uid };

	return caller;
}

/* `sudo deploy-release tomcat 10.1` by a person; fields may be changed before it is sent. All strings are static. */
struct house_sudo {
	struct cs_submit submit;
	char *argv[4];
};

static inline void house_sudo_by(struct house_sudo *s, uint32_t uid, const char *name)
{
	static char command[] = "/usr/local/sbin/deploy-release", arg0[] = "deploy-release", arg1[] = "tomcat",
		arg2[] = "10.1",
		    service[] = "sudo", cwd[] = "/", reason[] = "release day", root[] = "root";

	memset(s, 0, sizeof(*s));
	s->argv[0] = arg0;
	s->argv[1] = arg1;
	s->argv[2] = arg2;
	s->submit.subject.uid = uid;
	s->submit.subject.login_uid = CS_NO_UID;
	memcpy(&s->submit.subject.name, &name, sizeof(name));
	s->submit.action.service = service;
	s->submit.action.command = command;
	s->submit.action.resolved = command;
	s->submit.action.argv = s->argv;
	s->submit.action.n_argv = 3;
	s->submit.action.cwd = cwd;
	s->submit.action.target_name = root;
	s->submit.reason = reason;
	s->submit.may_wait = true;
	s->submit.has_file = true;
}

static inline int house_submit(struct house *h, const struct house_sudo *s, uint64_t connection,
	struct cs_decision *ret)
{
	struct cs_caller caller = house_module(h, connection);
	FILE *f = fopen(h->program, "r");
	int r = 0;

	assert_non_null(f);
	r = house_call(h, &caller, CS_CALL_SUBMIT, &s->submit, s->submit.has_file ? fileno(f) : -1, &cs_decision_shape,
		ret);
	(void)fclose(f);
	return r;
}

static inline int house_claim(struct house *h, const struct cs_decision *held, uint64_t connection,
	struct cs_decision *ret)
{
	struct cs_caller caller = house_module(h, connection);
	struct cs_claim claim = { .has_file = true };
	FILE *f = fopen(h->program, "r");
	int r = 0;

	assert_non_null(f);
	memcpy(claim.id, held->id, CS_ID_LEN);
	memcpy(claim.secret, held->secret, CS_ID_LEN);
	r = house_call(h, &caller, CS_CALL_CLAIM, &claim, fileno(f), &cs_decision_shape, ret);
	(void)fclose(f);
	return r;
}

static inline int house_show(struct house *h, uint32_t uid, uint64_t number, struct cs_show_answer *ret)
{
	struct cs_caller caller = house_person(uid);
	struct cs_show show = { .number = number };

	return house_call(h, &caller, CS_CALL_SHOW, &show, -1, &cs_show_answer_shape, ret);
}

static inline void house_digest(struct house *h, uint64_t number, uint8_t ret_digest[CS_DIGEST_LEN])
{
	struct cs_stored stored = { 0 };

	assert_int_equal(cs_store_get(h->store, number, &stored), 0);
	memcpy(ret_digest, stored.digest, CS_DIGEST_LEN);
	cs_clear(&cs_stored_shape, &stored);
}

static inline enum cs_state house_state(struct house *h, uint64_t number)
{
	struct cs_stored stored = { 0 };
	enum cs_state state = CS_STATE_NONE;

	assert_int_equal(cs_store_get(h->store, number, &stored), 0);
	state = stored.state;
	cs_clear(&cs_stored_shape, &stored);
	return state;
}

/* A vote with the right digest and check code; the reason code of the reply. */
static inline enum cs_reason house_vote(struct house *h, uint32_t uid, uint64_t number, enum cs_vote vote)
{
	static char comment[] = "a comment";
	struct cs_caller caller = house_person(uid);
	struct cs_vote_call call = { .number = number, .vote = vote, .comment = comment };
	struct cs_decision reply = { 0 };
	char code[CS_CODE_LEN + 1];
	enum cs_reason reason = CS_WHY_NONE;

	house_digest(h, number, call.digest);
	cs_check_code(call.digest, code);
	call.check_code = code;
	assert_int_equal(house_call(h, &caller, CS_CALL_VOTE, &call, -1, &cs_decision_shape, &reply), 0);
	reason = reply.reason;
	cs_clear(&cs_decision_shape, &reply);
	return reason;
}

/* --- The policy --------------------------------------------------------------------------------------------------- */

/* A text as APPLY wants it: in a memfd with these seals. The caller closes it. */
static inline int house_memfd(const char *text, int seals)
{
	int fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

/* Makes an APPLY and ends turns until it is answered: where others are asked it takes one more. */
static inline int house_apply_call(struct house *h, uint32_t uid, const struct cs_apply *call, int fd,
	struct cs_apply_answer *ret_answer)
{
	struct house_reply r = { 0, 0, &cs_apply_answer_shape, ret_answer };
	struct cs_caller caller = house_person(uid);

	memset(ret_answer, 0, sizeof(*ret_answer));
	cs_authority_call(h->authority, &caller, CS_CALL_APPLY, call, fd, house_done, &r);
	assert_int_equal(r.given, 0);
	for (int i = 0; i < 3 && !r.given; i++)
		cs_authority_turn(h->authority);
	assert_int_equal(r.given, 1);
	return r.error;
}

static inline int house_apply(struct house *h, uint32_t uid, const char *text, uint64_t base, bool only_show,
	struct cs_apply_answer *ret_answer)
{
	struct cs_apply call = { .kind = CS_APPLY_TEXT, .base = base, .only_show = only_show };
	int fd = house_memfd(text, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
	int r = cs_digest(CS_DOMAIN_POLICY, text, strlen(text), call.digest);

	assert_int_equal(r, 0);
	r = house_apply_call(h, uid, &call, fd, ret_answer);
	(void)close(fd);
	return r;
}

/* Root puts a text in force, which no gate guards. */
static inline void house_load(struct house *h, const char *text)
{
	struct cs_apply_answer answer = { 0 };

	assert_int_equal(house_apply(h, 0, text, 0, false, &answer), 0);
	if (!answer.applied)
		fail_msg("%s: %s", cs_reason_name(answer.decision.reason), answer.text);
	cs_clear(&cs_apply_answer_shape, &answer);
}

/* How many events of a kind and reason the evidence holds. */
static inline unsigned house_events(struct house *h, enum cs_event_kind kind, enum cs_reason reason)
{
	struct cs_record *records = NULL;
	size_t n = 0;
	unsigned found = 0;

	assert_int_equal(cs_store_records(h->store, 1, 10000, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		struct cs_event event = { 0 };

		assert_int_equal(cs_decode_all(&cs_event_shape, records[i].bytes, records[i].n_bytes, &event), 0);
		found += event.kind == kind && event.reason == reason;
		cs_clear(&cs_event_shape, &event);
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	return found;
}

#endif
