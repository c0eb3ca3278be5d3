/* SPDX-License-Identifier: Apache-2.0 */
/* What programs ask for their callers: the same way as a module's submit, for nobody but the caller. */
#include "houses.h"

#define PEOPLE_AND_ROLES \
	"permission release.deploy { label = \"Deploy\" } permission release.approve { label = \"Approve\" }\n" \
	"role pmc { permissions = { release.deploy, release.approve } }\n" \
	"role infra { permissions = release.approve }\n" \
	"assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n" \
	"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=groups\" listed = member }\n"
#define GUARDED \
	"  permission = release.deploy scope = \"project/%{project}\"\n" \
	"  approval committee { count = 1 permission = release.approve } }\n"

static const char policy[] = PEOPLE_AND_ROLES
	"service run { unmatched = permit }\n"
	"gate delete { service = \"app-release\" command = \"delete %{project}\"\n" GUARDED
	"gate job { service = run command = \"/usr/local/sbin/deploy-release %{project} *\" exposed_file = permit\n" GUARDED
	"gate sealed { service = run command = \"/usr/local/sbin/sealed %{project} *\"\n" GUARDED
	"gate script { service = run command = \"/usr/bin/perl **\" permission = release.deploy scope = \"project/tomcat\"\n"
	"  exposed_file = permit approval committee { count = 1 permission = release.approve } }\n"
	"gate own { service = run command = \"/usr/bin/cat **\" permission = release.deploy scope = \"project/tomcat\"\n"
	"  exposed_file = permit exposed_input = deny approval committee { count = 1 permission = release.approve } }\n"
	"gate deploy { service = sudo command = \"/usr/local/sbin/deploy-release %{project} *\"\n" GUARDED;

/* `countersign run`, or a service that asks whether it may delete a project. All strings are static. */
struct asking {
	struct cs_ask ask;
	char *argv[3];
};

static char word_run[] = "run", word_app[] = "app-release", word_delete[] = "delete", word_tomcat[] = "tomcat",
	    word_version[] = "10.1", word_deploy[] = "/usr/local/sbin/deploy-release",
	    word_sealed[] = "/usr/local/sbin/sealed", word_cwd[] = "/srv", gate_job[] = "job", gate_delete[] = "delete",
	    gate_sealed[] = "sealed";

static void ask_to_run(struct asking *a)
{
	*a = (struct asking){ .ask = { .service = word_run, .gate = gate_job, .command = word_deploy, .n_argv = 3,
		.cwd = word_cwd, .may_wait = true, .has_file = true }, .argv = { word_deploy, word_tomcat, word_version } };
}

static void ask_to_delete(struct asking *a)
{
	*a = (struct asking){ .ask = { .service = word_app, .gate = gate_delete, .command = word_delete, .n_argv = 2,
		.may_wait = true }, .argv = { word_delete, word_tomcat } };
}

static struct cs_caller person_on(uint32_t uid, uint64_t connection)
{
	struct cs_caller caller = house_person(uid);

	caller.connection = connection;
	caller.gid = uid;
	return caller;
}

static int person_ask(struct house *h, struct asking *a, const struct cs_caller *caller, struct cs_decision *ret)
{
	int fd = a->ask.has_file ? open(h->program, O_RDONLY | O_CLOEXEC) : -1, r = 0;

	a->ask.argv = a->argv;
	r = house_call(h, caller, CS_CALL_ASK, &a->ask, fd, &cs_decision_shape, ret);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

static enum cs_reason ask_reason(struct house *h, struct asking *a, const struct cs_caller *caller, enum cs_verdict expected)
{
	struct cs_decision d = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(person_ask(h, a, caller, &d), 0);
	if (d.verdict != expected)
		fail_msg("%s: %s (%s)", cs_verdict_name(d.verdict), cs_reason_name(d.reason), d.text);
	reason = d.reason;
	cs_clear(&cs_decision_shape, &d);
	return reason;
}

static void person_held(struct house *h, struct asking *a, const struct cs_caller *caller, struct cs_decision *ret)
{
	assert_int_equal(person_ask(h, a, caller, ret), 0);
	if (ret->verdict != CS_HOLD)
		fail_msg("not held: %s (%s)", cs_reason_name(ret->reason), ret->text);
	assert_int_equal(ret->reason, CS_WHY_NEEDS_APPROVAL);
}

static enum cs_reason person_claim(struct house *h, const struct cs_decision *held, const struct cs_caller *caller, bool file,
	enum cs_verdict expected)
{
	int fd = file ? open(h->program, O_RDONLY | O_CLOEXEC) : -1;
	struct cs_claim call = { .has_file = file };
	struct cs_decision d = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	memcpy(call.id, held->id, CS_ID_LEN);
	memcpy(call.secret, held->secret, CS_ID_LEN);
	assert_int_equal(house_call(h, caller, CS_CALL_CLAIM, &call, fd, &cs_decision_shape, &d), 0);
	assert_int_equal(d.verdict, expected);
	reason = d.reason;
	cs_clear(&cs_decision_shape, &d);
	if (fd >= 0)
		(void)close(fd);
	return reason;
}

static int person_look(struct house *h, const struct cs_decision *held, const struct cs_caller *caller)
{
	struct cs_wait wait = { 0 };
	struct cs_decision d = { 0 };
	int r = 0;

	memcpy(wait.id, held->id, CS_ID_LEN);
	memcpy(wait.secret, held->secret, CS_ID_LEN);
	r = cs_authority_look(h->authority, caller, &wait, &d);
	cs_clear(&cs_decision_shape, &d);
	return r;
}

static int let_go(struct house *h, const struct cs_decision *held, const struct cs_caller *caller, enum cs_reason *ret_reason)
{
	struct cs_cancel call = { 0 };
	struct cs_decision d = { 0 };
	int r = 0;

	memcpy(call.id, held->id, CS_ID_LEN);
	memcpy(call.secret, held->secret, CS_ID_LEN);
	r = house_call(h, caller, CS_CALL_CANCEL, &call, -1, &cs_decision_shape, &d);
	*ret_reason = d.reason;
	cs_clear(&cs_decision_shape, &d);
	return r;
}

static void test_ask_is_held_approved_and_used_once(void **state)
{
	const struct cs_caller alice = person_on(ALICE, 7);
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 };

	open_house(state, &h, policy);
	ask_to_delete(&a);
	person_held(&h, &a, &alice, &d);
	assert_string_equal(d.gate, "delete");
	assert_string_equal(d.scope, "project/tomcat");
	assert_int_equal(person_look(&h, &d, &alice), 0);
	assert_int_equal(person_claim(&h, &d, &alice, false, CS_HOLD), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(person_claim(&h, &d, &alice, false, CS_PERMIT), CS_WHY_APPROVED);
	assert_int_equal(person_claim(&h, &d, &alice, false, CS_DENY), CS_WHY_NOT_YOURS);
	assert_int_equal(house_state(&h, d.number), CS_USED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Who asks is the kernel's word: the subject, and as whom it runs. Nothing in the call could say otherwise; this kills taking
 * the target or the group from anywhere else. */
static void test_ask_speaks_for_the_caller_alone(void **state)
{
	const struct cs_caller alice = person_on(ALICE, 7);
	struct cs_stored stored = { 0 };
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 };

	open_house(state, &h, policy);
	ask_to_run(&a);
	person_held(&h, &a, &alice, &d);
	assert_int_equal(cs_store_get(h.store, d.number, &stored), 0);
	assert_int_equal(stored.request.subject.uid, ALICE);
	assert_string_equal(stored.request.subject.name, "alice");
	assert_int_equal(stored.request.action.target_uid, ALICE);
	assert_int_equal(stored.request.action.target_gid, ALICE);
	assert_true(stored.request.action.exposed);
	assert_string_equal(stored.request.action.resolved, h.program); /* by the descriptor, whatever the caller says */
	cs_clear(&cs_stored_shape, &stored);
	assert_int_equal(house_vote(&h, ALICE, d.number, CS_VOTE_APPROVE), CS_WHY_SELF);
	assert_int_equal(house_vote(&h, ALICE_ADM, d.number, CS_VOTE_APPROVE), CS_WHY_SELF);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* The words of sudo, sshd and every other PAM service are not a program's to ask for; and module.sock has a call of its own.
 * Kills leaving out refused_service, and taking "app-" itself for one of its own. */
static void test_ask_takes_no_word_of_a_module(void **state)
{
	static const char *const words[] = { "sudo", "sudo-i", "sudoedit", "sshd", "login", "su", "cron", "app", "app-", "runs", "",
		"policy.apply", "ssh-commands" };
	const struct cs_caller alice = person_on(ALICE, 7), module = house_module(NULL, 8);
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 };

	open_house(state, &h, policy);
	for (size_t i = 0; i < CS_COUNT(words); i++) {
		char word[32];

		ask_to_run(&a);
		(void)snprintf(word, sizeof(word), "%s", words[i]);
		a.ask.service = word;
		assert_int_equal(person_ask(&h, &a, &alice, &d), CS_EINVAL);
	}
	ask_to_run(&a);
	assert_int_equal(person_ask(&h, &a, &module, &d), CS_EPERM);
	ask_to_run(&a);
	a.ask.command = word_delete; /* a word is no file */
	assert_int_equal(person_ask(&h, &a, &alice, &d), CS_EINVAL);
	ask_to_delete(&a);
	a.ask.command = NULL; /* and a login is nothing to ask for */
	a.ask.n_argv = 0;
	assert_int_equal(person_ask(&h, &a, &alice, &d), CS_EINVAL);
	close_house(&h);
}

/* Kills comparing no names in is_other_gate, and letting what is unmatched through there. */
static void test_ask_names_the_gate_that_has_to_guard_it(void **state)
{
	const struct cs_caller alice = person_on(ALICE, 7);
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 };

	open_house(state, &h, policy);
	ask_to_run(&a);
	a.ask.gate = gate_delete;
	assert_int_equal(ask_reason(&h, &a, &alice, CS_DENY), CS_WHY_UNMATCHED);
	ask_to_run(&a);
	a.ask.command = word_cwd;
	assert_int_equal(ask_reason(&h, &a, &alice, CS_DENY), CS_WHY_UNMATCHED);
	a.ask.gate = NULL; /* whichever: and the policy permits what no gate guards */
	assert_int_equal(ask_reason(&h, &a, &alice, CS_PERMIT), CS_WHY_UNGUARDED);
	ask_to_run(&a);
	a.ask.gate = NULL;
	person_held(&h, &a, &alice, &d);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Whether others can change a file nobody says but the caller: so it counts as if they could. Kills believing him. */
static void test_ask_file_counts_as_exposed(void **state)
{
	const struct cs_caller alice = person_on(ALICE, 7);
	struct house h;
	struct asking a;

	open_house(state, &h, policy);
	ask_to_run(&a);
	a.ask.gate = gate_sealed;
	a.ask.command = word_sealed;
	assert_int_equal(ask_reason(&h, &a, &alice, CS_DENY), CS_WHY_EXPOSED_FILE);
	ask_to_run(&a);
	a.ask.has_file = false;
	assert_int_equal(ask_reason(&h, &a, &alice, CS_DENY), CS_WHY_NO_FILE);
	close_house(&h);
}

/* The program and, behind it, the script; the gate wants that. */
static int ask_with_script(struct house *h, struct cs_ask *ask, const char *script, struct cs_decision *ret)
{
	struct cs_caller alice = person_on(ALICE, 7);
	struct house_reply reply = { 0, 0, &cs_decision_shape, ret };
	struct cs_fds fds = { .n = 0 };

	memset(ret, 0, sizeof(*ret));
	assert_int_equal(cs_fds_add(&fds, open(h->program, O_RDONLY | O_CLOEXEC)), 0);
	if (script)
		assert_int_equal(cs_fds_add(&fds, open(script, O_RDONLY | O_CLOEXEC)), 0);
	cs_authority_call_files(h->authority, &alice, CS_CALL_ASK, ask, &fds, house_done, &reply);
	cs_fds_close(&fds);
	cs_authority_turn(h->authority);
	assert_int_equal(reply.given, 1);
	return reply.error;
}

/* Kills: a file that counts as nobody's to change; a path that is not that of what was hashed; counting what did not come. */
static void test_ask_a034_a_script_is_hashed_and_the_kernel_says_where_it_lies(void **state)
{
	static char perl[] = "/usr/bin/perl", none[] = "", name[] = "script";
	static char script_gate[] = "script";
	const struct cs_caller alice = person_on(ALICE, 7);
	char script[96];
	char *argv[] = { perl, name };
	struct cs_wanted files[] = { { .arg = 1, .suffix = none } };
	struct cs_ask ask = { .service = word_run, .gate = script_gate, .command = perl, .argv = argv, .n_argv = 2,
		.cwd = word_cwd, .may_wait = true, .has_file = true };
	const struct cs_operand *kept = NULL;
	struct cs_stored stored = { 0 };
	struct cs_decision d = { 0 };
	struct house h;

	open_house(state, &h, policy);
	(void)snprintf(script, sizeof(script), "%s/script", h.dir);
	house_write(script, "print 1\n");
	assert_int_equal(ask_with_script(&h, &ask, NULL, &d), 0);
	assert_int_equal(d.verdict, CS_HOLD);
	assert_int_equal(d.reason, CS_WHY_NEEDS_FILES);
	assert_int_equal(d.n_wanted, 1);
	cs_clear(&cs_decision_shape, &d);
	ask.opened = true;
	ask.files = files;
	ask.n_files = 1;
	assert_int_equal(ask_with_script(&h, &ask, NULL, &d), 0); /* both are said to come, and one does */
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(d.reason, CS_WHY_NO_FILE);
	cs_clear(&cs_decision_shape, &d);
	assert_int_equal(ask_with_script(&h, &ask, script, &d), 0);
	assert_int_equal(d.reason, CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(cs_store_get(h.store, d.number, &stored), 0);
	assert_int_equal(stored.request.action.n_operands, 1);
	kept = &stored.request.action.operands[0];
	assert_true(kept->exposed && kept->file.present);
	assert_string_equal(strrchr(kept->path, '/'), "/script");
	cs_clear(&cs_stored_shape, &stored);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	/* without the script the claim is of something else */
	assert_int_equal(person_claim(&h, &d, &alice, true, CS_DENY), CS_WHY_TARGET_CHANGED);
	cs_clear(&cs_decision_shape, &d);
	(void)unlink(script);
	close_house(&h);
}

/* Kills: a gate that takes no file of others, to which the caller says that his arguments name none. */
static void test_ask_a036_arguments_are_the_callers_own(void **state)
{
	static char cat[] = "/usr/bin/cat", own[] = "own";
	const struct cs_caller alice = person_on(ALICE, 7);
	struct house h;
	struct asking a;

	open_house(state, &h, policy);
	ask_to_run(&a);
	a.ask.gate = own;
	a.ask.command = a.argv[0] = cat;
	assert_int_equal(ask_reason(&h, &a, &alice, CS_DENY), CS_WHY_EXPOSED_INPUT);
	close_house(&h);
}

/* A secret is of one connection. Kills not comparing the connection in own_live and in cs_authority_look. */
static void test_ask_is_of_its_own_connection(void **state)
{
	const struct cs_caller alice = person_on(ALICE, 7), again = person_on(ALICE, 8), bob = person_on(BOB, 9);
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 }, wrong = { 0 };

	open_house(state, &h, policy);
	ask_to_run(&a);
	person_held(&h, &a, &alice, &d);
	assert_int_equal(cs_copy(&cs_decision_shape, &d, &wrong), 0);
	wrong.secret[0] ^= 1;
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(person_look(&h, &d, &again), CS_EPERM);
	assert_int_equal(person_look(&h, &d, &bob), CS_EPERM);
	assert_int_equal(person_look(&h, &wrong, &alice), CS_EPERM);
	assert_int_equal(person_claim(&h, &d, &again, true, CS_DENY), CS_WHY_NOT_YOURS);
	assert_int_equal(person_claim(&h, &d, &bob, true, CS_DENY), CS_WHY_NOT_YOURS);
	assert_int_equal(person_claim(&h, &wrong, &alice, true, CS_DENY), CS_WHY_NOT_YOURS);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	assert_int_equal(person_claim(&h, &d, &alice, true, CS_PERMIT), CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &wrong);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Ctrl-C of one of two that wait leaves it to the other; another person's secret is no way to act for him. Kills the
 * comparison of uids in may_let_go. */
static void test_ask_is_withdrawn_by_who_waits(void **state)
{
	const struct cs_caller alice = person_on(ALICE, 7), again = person_on(ALICE, 8), bob = person_on(BOB, 9);
	enum cs_reason reason = CS_WHY_NONE;
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 }, e = { 0 };

	open_house(state, &h, policy);
	ask_to_run(&a);
	person_held(&h, &a, &alice, &d);
	person_held(&h, &a, &again, &e);
	assert_int_equal(e.number, d.number);
	assert_int_equal(let_go(&h, &d, &bob, &reason), CS_EPERM);
	assert_int_equal(let_go(&h, &d, &alice, &reason), 0);
	assert_int_equal(reason, CS_WHY_PARKED);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	assert_int_equal(let_go(&h, &d, &alice, &reason), CS_EPERM); /* it waits no more */
	assert_int_equal(let_go(&h, &e, &again, &reason), 0);
	assert_int_equal(reason, CS_WHY_CANCELLED);
	assert_int_equal(house_state(&h, d.number), CS_CANCELLED);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &e);
	close_house(&h);
}

/* What is left open is used by the next that asks the same; never by sudo, and sudo's never here. */
static void test_ask_joins_its_own_kind_alone(void **state)
{
	const struct cs_caller alice = person_on(ALICE, 7), later = person_on(ALICE, 8);
	struct house h;
	struct asking a;
	struct house_sudo s;
	struct cs_decision d = { 0 }, sudo = { 0 };

	open_house(state, &h, policy);
	ask_to_run(&a);
	person_held(&h, &a, &alice, &d);
	cs_authority_gone(h.authority, &alice);
	cs_authority_turn(h.authority);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&h, &s, 20, &sudo), 0);
	assert_int_equal(sudo.verdict, CS_HOLD);
	assert_int_not_equal(sudo.number, d.number);
	/* also where a module speaks for the same word */
	cs_clear(&cs_decision_shape, &sudo);
	s.submit.action.service = word_run;
	s.submit.action.cwd = word_cwd;
	s.submit.action.target_uid = s.submit.action.target_gid = ALICE;
	assert_int_equal(house_submit(&h, &s, 21, &sudo), 0);
	assert_int_not_equal(sudo.verdict, CS_PERMIT);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	assert_int_equal(ask_reason(&h, &a, &later, CS_PERMIT), CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, d.number), CS_USED);
	assert_int_equal(house_events(&h, CS_EVENT_UNCONFIRMED, CS_WHY_UNCONFIRMED), 0);
	house_pass(60000);
	(void)cs_authority_tick(h.authority); /* nothing of it waits for a session to be confirmed */
	cs_authority_turn(h.authority);
	assert_int_equal(house_events(&h, CS_EVENT_UNCONFIRMED, CS_WHY_UNCONFIRMED), 0);
	cs_clear(&cs_decision_shape, &sudo);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Root means a gate where he asks by one: he is judged like anybody, and nobody knows him here. */
static void test_ask_of_root_and_strangers_is_denied(void **state)
{
	const uint32_t uids[] = { 0, 65534, CS_NO_UID, 4242 };
	struct house h;
	struct asking a;

	open_house(state, &h, policy);
	for (size_t i = 0; i < CS_COUNT(uids); i++) {
		struct cs_caller caller = person_on(uids[i], 30 + i);

		caller.gid = 1;
		if (uids[i] == CS_NO_UID)
			caller.gid = CS_NO_UID;
		ask_to_delete(&a);
		if (uids[i] == CS_NO_UID) {
			struct cs_decision d = { 0 };

			assert_int_equal(person_ask(&h, &a, &caller, &d), CS_EINVAL);
		} else {
			assert_int_equal(ask_reason(&h, &a, &caller, CS_DENY), CS_WHY_UNKNOWN_PERSON);
		}
	}
	close_house(&h);
}

/* --- What root does for whom it serves ---------------------------------------------------------------------------- */

/* A service that runs as root deletes a project for this person. */
static void ask_to_delete_for(struct asking *a, uint32_t uid)
{
	ask_to_delete(a);
	a->ask.for_another = true;
	a->ask.for_uid = uid;
}

/* Who asked is the person; who does it is root. Kills taking the caller for the subject, or the person for the target. */
static void test_ask_of_root_for_whom_it_serves(void **state)
{
	const struct cs_caller service = person_on(0, 7);
	struct cs_stored stored = { 0 };
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 };

	open_house(state, &h, policy);
	ask_to_delete_for(&a, ALICE);
	person_held(&h, &a, &service, &d);
	assert_int_equal(cs_store_get(h.store, d.number, &stored), 0);
	assert_int_equal(stored.request.subject.uid, ALICE);
	assert_string_equal(stored.request.subject.name, "alice");
	assert_string_equal(stored.request.requester.id, "id-alice");
	assert_int_equal(stored.request.action.target_uid, 0);
	assert_string_equal(stored.request.action.service, "app-release");
	cs_clear(&cs_stored_shape, &stored);
	assert_int_equal(house_vote(&h, ALICE, d.number, CS_VOTE_APPROVE), CS_WHY_SELF);
	assert_int_equal(house_vote(&h, ALICE_ADM, d.number, CS_VOTE_APPROVE), CS_WHY_SELF);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(person_claim(&h, &d, &service, false, CS_PERMIT), CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, d.number), CS_USED);
	ask_to_delete_for(&a, DAVE); /* his rights count, and not root's */
	assert_int_equal(ask_reason(&h, &a, &service, CS_DENY), CS_WHY_NO_PERMISSION);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Kills leaving out may_speak, and taking 0, or what the caller is, for anybody's to name. */
static void test_ask_nobody_but_root_names_another(void **state)
{
	const uint32_t others[] = { BOB, ALICE_ADM, 0, 4242, 65534, CS_NO_UID };
	const struct cs_caller alice = person_on(ALICE, 7);
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 };

	open_house(state, &h, policy);
	for (size_t i = 0; i < CS_COUNT(others); i++) {
		ask_to_delete_for(&a, others[i]);
		assert_int_equal(person_ask(&h, &a, &alice, &d), CS_EPERM);
	}
	assert_int_equal(house_events(&h, CS_EVENT_REQUESTED, CS_WHY_NEEDS_APPROVAL), 0);
	ask_to_delete_for(&a, ALICE); /* himself */
	person_held(&h, &a, &alice, &d);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* What runs as whoever asks is asked by himself. Kills a service that serves though it runs files. */
static void test_ask_of_root_runs_nothing_for_another(void **state)
{
	static char word_ssh[] = "ssh-command";
	const struct cs_caller service = person_on(0, 7);
	const uint32_t nobody[] = { 0, 4242, 65534, CS_NO_UID };
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 };

	open_house(state, &h, policy);
	ask_to_run(&a);
	a.ask.for_another = true;
	a.ask.for_uid = ALICE;
	assert_int_equal(person_ask(&h, &a, &service, &d), CS_EINVAL);
	a.ask.service = word_ssh;
	assert_int_equal(person_ask(&h, &a, &service, &d), CS_EINVAL);
	for (size_t i = 0; i < CS_COUNT(nobody); i++) {
		ask_to_delete_for(&a, nobody[i]);
		assert_int_equal(ask_reason(&h, &a, &service, CS_DENY), CS_WHY_UNKNOWN_PERSON);
	}
	close_house(&h);
}

/* Nothing that was approved for root's doing is the person's own to use, nor sudo's for him, nor the other way round; the next
 * that root asks for him finds it. Kills the person as the target, which makes both one action. */
static void test_ask_of_root_is_used_by_root_alone(void **state)
{
	const struct cs_caller service = person_on(0, 7), later = person_on(0, 8), alice = person_on(ALICE, 9);
	struct house_sudo s;
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 }, own = { 0 }, sudo = { 0 };

	open_house(state, &h, policy);
	ask_to_delete_for(&a, ALICE);
	person_held(&h, &a, &service, &d);
	cs_authority_gone(h.authority, &service);
	cs_authority_turn(h.authority);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	ask_to_delete(&a);
	person_held(&h, &a, &alice, &own);
	assert_int_not_equal(own.number, d.number);
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&h, &s, 20, &sudo), 0);
	assert_int_equal(sudo.verdict, CS_HOLD);
	assert_int_not_equal(sudo.number, d.number);
	assert_int_equal(house_vote(&h, BOB, own.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	ask_to_delete_for(&a, ALICE);
	assert_int_equal(ask_reason(&h, &a, &later, CS_PERMIT), CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, d.number), CS_USED);
	assert_int_equal(house_state(&h, own.number), CS_APPROVED);
	cs_clear(&cs_decision_shape, &sudo);
	cs_clear(&cs_decision_shape, &own);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* The service withdraws what it asked, and the record says that it was root; who started it by hand, from his own login, is no
 * other person. Kills forgetting root in may_let_go, and the caller's login where another is named. */
static void test_ask_of_root_is_withdrawn_by_root(void **state)
{
	struct cs_caller service = person_on(0, 7);
	const struct cs_caller bob = person_on(BOB, 9);
	enum cs_reason reason = CS_WHY_NONE;
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 };

	open_house(state, &h, policy);
	service.login_uid = BOB;
	ask_to_delete_for(&a, ALICE);
	person_held(&h, &a, &service, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NOT_INDEPENDENT);
	assert_int_equal(let_go(&h, &d, &bob, &reason), CS_EPERM);
	assert_int_equal(let_go(&h, &d, &service, &reason), 0);
	assert_int_equal(reason, CS_WHY_CANCELLED);
	assert_int_equal(house_state(&h, d.number), CS_CANCELLED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* --- Asked for ahead ---------------------------------------------------------------------------------------------- */

/* Nothing permitted runs, whatever was approved: the reply opens nothing, and what runs later uses it once. Kills using what is
 * found where it is only asked for ahead, and another file than was hashed then. */
static void test_ask_ahead_is_used_by_what_runs_later(void **state)
{
	const struct cs_caller job = person_on(ALICE, 7), later = person_on(ALICE, 8);
	char kept[128];
	struct house h;
	struct asking a;
	struct cs_decision d = { 0 };

	open_house(state, &h, policy);
	(void)snprintf(kept, sizeof(kept), "%s.kept", h.program);
	assert_int_equal(link(h.program, kept), 0);
	ask_to_run(&a);
	a.ask.ahead = true;
	assert_int_equal(person_ask(&h, &a, &job, &d), 0);
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(d.reason, CS_WHY_NOT_WAITING);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(ask_reason(&h, &a, &job, CS_DENY), CS_WHY_NOT_WAITING);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	a.ask.ahead = false;
	house_write(h.program, "#!/bin/sh\nexit\n");
	assert_int_equal(ask_reason(&h, &a, &later, CS_HOLD), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	assert_int_equal(rename(kept, h.program), 0);
	assert_int_equal(ask_reason(&h, &a, &later, CS_PERMIT), CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, d.number), CS_USED);
	assert_int_equal(ask_reason(&h, &a, &later, CS_HOLD), CS_WHY_NEEDS_APPROVAL);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_STORES(test_ask_is_held_approved_and_used_once),
		BOTH_STORES(test_ask_speaks_for_the_caller_alone),
		BOTH_STORES(test_ask_takes_no_word_of_a_module),
		BOTH_STORES(test_ask_names_the_gate_that_has_to_guard_it),
		BOTH_STORES(test_ask_file_counts_as_exposed),
		BOTH_STORES(test_ask_a034_a_script_is_hashed_and_the_kernel_says_where_it_lies),
		BOTH_STORES(test_ask_a036_arguments_are_the_callers_own),
		BOTH_STORES(test_ask_is_of_its_own_connection),
		BOTH_STORES(test_ask_is_withdrawn_by_who_waits),
		BOTH_STORES(test_ask_joins_its_own_kind_alone),
		BOTH_STORES(test_ask_of_root_and_strangers_is_denied),
		BOTH_STORES(test_ask_of_root_for_whom_it_serves),
		BOTH_STORES(test_ask_nobody_but_root_names_another),
		BOTH_STORES(test_ask_of_root_runs_nothing_for_another),
		BOTH_STORES(test_ask_of_root_is_used_by_root_alone),
		BOTH_STORES(test_ask_of_root_is_withdrawn_by_root),
		BOTH_STORES(test_ask_ahead_is_used_by_what_runs_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
