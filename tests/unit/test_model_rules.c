/* SPDX-License-Identifier: Apache-2.0 */
/* The small rules about nouns, each as a truth table. */
#include "calls.h"
#include "clock.h"
#include "shape_fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* String members are not const; the code under test only reads them. */
#define TEXT(s) ((char *)(uintptr_t)(s))

/* --- One human ---------------------------------------------------------------------------------------------------- */

#define P(id, human, dn, name, uid) {TEXT(id), TEXT(human), TEXT(dn), TEXT(name), uid, false, NULL, 0 }

struct human_case {
	const char *what;
	struct cs_person a, b;
	int expected;
};

static void check_humans(const struct human_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int there = cs_same_human(&cases[i].a, &cases[i].b), back = cs_same_human(&cases[i].b, &cases[i].a);

		if (there != cases[i].expected || back != there)
			print_error("%s: %d, the other way round %d, expected %d\n", cases[i].what, there, back,
				cases[i].expected);
		assert_int_equal(there, cases[i].expected);
		assert_int_equal(back, cases[i].expected);
	}
}

static void test_model_a072_one_human_several_spellings(void **state)
{
	struct human_case cases[] = {
		{"nothing in common", P("1", NULL, "uid=a", "a", 1), P("2", NULL, "uid=b", "b", 2), 0},
		{"same id, all else differs", P("1", NULL, "uid=a", "a", 1), P("1", NULL, "uid=b", "b", 2), 1},
		{"same DN", P("1", NULL, "uid=a", "a", 1), P("2", NULL, "uid=a", "b", 2), 1},
		{"same uid", P("1", NULL, "uid=a", "a", 1), P("2", NULL, "uid=b", "b", 1), 1},
		{"only the name is the same", P("1", NULL, "uid=a", "a", 1), P("2", NULL, "uid=b", "a", 2), 0},
		{"empty DNs are no DN", P("1", NULL, "", "a", 1), P("2", NULL, "", "b", 2), 0},
		{"an id is compared whole", P("12", NULL, NULL, NULL, 1), P("1", NULL, NULL, NULL, 2), 0},
	};

	(void)state;
	check_humans(cases, CS_COUNT(cases));
}

static void test_model_a073_several_accounts_one_human(void **state)
{
	struct human_case cases[] = {
		{"same person attribute", P("1", "4711", NULL, NULL, 1), P("2", "4711", NULL, NULL, 2), 1},
		{"another person attribute", P("1", "4711", NULL, NULL, 1), P("2", "4712", NULL, NULL, 2), 0},
		{"one without", P("1", "4711", NULL, NULL, 1), P("2", NULL, NULL, NULL, 2), 0},
		{"both empty", P("1", "", NULL, NULL, 1), P("2", "", NULL, NULL, 2), 0},
		{"both absent", P("1", NULL, NULL, NULL, 1), P("2", NULL, NULL, NULL, 2), 0},
	};

	(void)state;
	check_humans(cases, CS_COUNT(cases));
}

/* Without an id nobody can say that two people are two. */
static void test_model_a051_no_identity_is_doubt(void **state)
{
	struct human_case cases[] = {
		{"one has none", P(NULL, NULL, NULL, NULL, 1), P("2", NULL, NULL, NULL, 2), CS_EDOUBT},
		{"one is empty", P("", NULL, NULL, NULL, 1), P("2", NULL, NULL, NULL, 2), CS_EDOUBT},
		{"neither has one", P(NULL, NULL, NULL, NULL, 1), P(NULL, NULL, NULL, NULL, 2), CS_EDOUBT},
		{"two empty ones are not the same id", P("", NULL, NULL, NULL, 1), P("", NULL, NULL, NULL, 2),
			CS_EDOUBT},
	};

	(void)state;
	check_humans(cases, CS_COUNT(cases));
}

/* --- Check code --------------------------------------------------------------------------------------------------- */

static void test_model_a094_check_code(void **state)
{
	uint8_t digest[CS_DIGEST_LEN] = {0};
	char code[CS_CODE_LEN + 1], again[CS_CODE_LEN + 1];
	unsigned tens[10] = {0};

	(void)state;
	cs_check_code(digest, code);
	assert_string_equal(code, "0000");
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t mixed = i * 2654435761u;

		memcpy(digest, &mixed, sizeof(mixed));
		memset(code, 'x', sizeof(code));
		cs_check_code(digest, code);
		assert_int_equal(strspn(code, "0123456789"), CS_CODE_LEN);
		assert_int_equal(strlen(code), CS_CODE_LEN);
		cs_check_code(digest, again);
		assert_string_equal(code, again);
		tens[code[0] - '0']++;
	}
	for (size_t i = 0; i < CS_COUNT(tens); i++)
		assert_in_range(tens[i], 9000, 11000);
}

/* --- Deadlines ---------------------------------------------------------------------------------------------------- */

#define HERE "11111111-1111-1111-1111-111111111111"
#define ELSEWHERE "22222222-2222-2222-2222-222222222222"

struct deadline_case {
	const char *what;
	const char *boot;
	uint64_t since_boot, since_wall, span, now_boot, now_wall;
	int passed;
	uint64_t remaining;
};

static void test_model_a093_deadlines(void **state)
{
	static const struct deadline_case cases[] = {
		/*                                      boot       since          span   now   passed, left */
		{"just begun",                          HERE,      1000, 5000000, 600, 1000, 5000000,       0, 600},
		{"one ms before the end",               HERE,      1000, 5000000, 600, 1599, 5000599,       0, 1},
		{"the end",                             HERE,      1000, 5000000, 600, 1600, 5000600,       1, 0},
		{"long after",                          HERE,      1000, 5000000, 600, 9999, 5009999,       1, 0},
		{"the wall clock went back a day",      HERE,      1000, 90000000, 600, 1100, 3600000,      0, 500},
		{"the wall clock went on a day",        HERE,      1000, 5000000, 600, 1100, 91400000,      0, 500},
		{"wall clock back does not stretch",    HERE,      1000, 90000000, 600, 1600, 3600000,      1, 0},
		{"the boot clock cannot go back",       HERE,      1000, 5000000, 600, 999, 5000000,        1, 0},
		{"nothing lasts no time",               HERE,      1000, 5000000, 0, 1000, 5000000,         1, 0},
		{"a span without end does not wrap",    HERE,      1000, 5000000, UINT64_MAX, 2000, 5000000, 0,
			UINT64_MAX - 1000},
		{"after a reboot, in time",             ELSEWHERE, 9000000, 5000000, 600000, 10, 5100000,    0, 500000},
		{"after a reboot, at the end",          ELSEWHERE, 9000000, 5000000, 600000, 10, 5600000,    1, 0},
		{"after a reboot, clock back 60 s",     ELSEWHERE, 9000000, 5000000, 600000, 10, 4940000,    0, 600000},
		{"after a reboot, clock back more",     ELSEWHERE, 9000000, 5000000, 600000, 10, 4939999,    1, 0},
		{"after a reboot, clock at 1970",       ELSEWHERE, 9000000, 5000000, 600000, 10, 0,          1, 0},
		{"a boot that is not known",            "",        1000, 5000000, 600000, 1100, 5100000,     0, 500000},
		{"a boot that is not known, no clock",  "",        1000, 5000000, 600000, 1100, 0,           1, 0},
		{"no boot at all",                      NULL,      1000, 5000000, 600000, 1100, 5700000,     1, 0},
		{"the end of time does not wrap",       ELSEWHERE, 0, UINT64_MAX, 600000, 10, 5000000,       1, 0},
		{"a clock at the end of time",          ELSEWHERE, 0, 5000000, 600000, 10, UINT64_MAX,       1, 0},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_now now = {.boot_ms = cases[i].now_boot, .wall_ms = cases[i].now_wall, .boot_id = HERE};
		uint64_t remaining = 77;
		int passed = cs_deadline_passed(cases[i].boot, cases[i].since_boot, cases[i].since_wall, cases[i].span,
			&now, &remaining);

		if (passed != cases[i].passed || remaining != cases[i].remaining)
			print_error("%s: %d, remaining %llu\n", cases[i].what, passed, (unsigned long long)remaining);
		assert_int_equal(passed, cases[i].passed);
		assert_int_equal(remaining, cases[i].remaining);
		assert_int_equal(cs_deadline_passed(cases[i].boot, cases[i].since_boot, cases[i].since_wall,
			cases[i].span, &now, NULL), passed);
	}
}

/* By the wall clock of the approval: a start that is over by then adds nothing. */
static void test_model_a093_an_approval_waits_for_its_start(void **state)
{
	static const struct {
		uint64_t since, start, use_within, span;
	} cases[] = {{5000, 0, 300, 300}, {5000, 4999, 300, 300}, {5000, 5000, 300, 300}, {5000, 5001, 300, 301},
		{5000, 9000, 300, 4300}, {0, UINT64_MAX, 300, UINT64_MAX}, {1, UINT64_MAX, 1, UINT64_MAX},
		{0, 1, UINT64_MAX, UINT64_MAX}, {UINT64_MAX, 0, 0, 0}};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		assert_true(cs_use_span_ms(cases[i].since, cases[i].start, cases[i].use_within) == cases[i].span);
}

/* --- Actions ------------------------------------------------------------------------------------------------------ */

static char *deploy_argv[] = {TEXT("deploy-release"), TEXT("tomcat"), TEXT("10.1")};

static struct cs_action deploy(void)
{
	return (struct cs_action){.service = TEXT("sudo"), .command = TEXT("/usr/local/sbin/deploy-release"),
		.resolved = TEXT("/usr/local/sbin/deploy-release"), .argv = deploy_argv, .n_argv = 3,
		.cwd = TEXT("/root"), .target_name = TEXT("root")};
}

static struct cs_action login_as(char *name)
{
	return (struct cs_action){.service = TEXT("sshd"), .target_uid = 1001, .target_gid = 1001, .target_name = name,
		.peer = TEXT("192.0.2.1")};
}

static void refused(const struct cs_action *action)
{
	const char *what = NULL;

	assert_int_equal(cs_action_check(action, &what), CS_EINVAL);
	assert_non_null(what);
	assert_true(strlen(what) > 0);
}

static void test_model_action_check_takes_good_ones(void **state)
{
	struct cs_action action = deploy(), ssh = login_as(TEXT("alice"));
	const char *what = "untouched";

	(void)state;
	assert_int_equal(cs_action_check(&action, &what), 0);
	assert_int_equal(cs_action_check(&ssh, &what), 0);
	assert_string_equal(what, "untouched");
}

static void test_model_action_check_service(void **state)
{
	char *const bad[] = {NULL, TEXT(""), TEXT("su do"), TEXT("../sudo"), TEXT("su\ndo"), TEXT("-sudo"),
		TEXT("s/u")};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		struct cs_action action = deploy();

		action.service = bad[i];
		refused(&action);
	}
}

static void test_model_action_check_paths(void **state)
{
	char *const relative[] = {TEXT("deploy-release"), TEXT("./deploy"), TEXT("../x"), TEXT(" /bin/sh"),
		TEXT("~/x")};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(relative); i++) {
		struct cs_action action = deploy();

		action.command = relative[i];
		refused(&action);
		action = deploy();
		action.cwd = relative[i];
		refused(&action);
		action = deploy();
		action.resolved = relative[i];
		refused(&action);
	}
}

/* What an application does has a word for a command and no file; sudo has files only. */
static void test_model_action_check_application(void **state)
{
	char *const services[] = {TEXT("sudo"), TEXT("sudo-i"), TEXT("sudoedit")};
	char *const bad[] = {TEXT("project delete"), TEXT("project/delete"), TEXT("-delete"), TEXT(".delete"),
		TEXT("a\nb")};
	struct cs_action action = deploy();
	const char *what = "untouched";

	(void)state;
	action.service = TEXT("forge");
	action.command = TEXT("project.delete");
	action.resolved = TEXT("");
	for (size_t i = 0; i < 3; i++) {
		char *const cwds[] = {NULL, TEXT(""), TEXT("/srv")};

		action.cwd = cwds[i];
		assert_int_equal(cs_action_check(&action, &what), 0);
	}
	assert_string_equal(what, "untouched");
	assert_int_equal(cs_action_runs(&action), 0);
	action.cwd = TEXT("srv");
	refused(&action);
	action.cwd = NULL;
	action.n_argv = 0;
	refused(&action);
	action.n_argv = 1;
	action.command = TEXT("/usr/bin/true"); /* a file is run somewhere */
	assert_int_equal(cs_action_runs(&action), 1);
	refused(&action);
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		action.command = bad[i];
		refused(&action);
	}
	action.command = TEXT("project.delete");
	for (size_t i = 0; i < CS_COUNT(services); i++) {
		action.service = services[i];
		refused(&action);
	}
}

static void test_model_a068_action_check_argc_zero(void **state)
{
	struct cs_action action = deploy();

	(void)state;
	action.n_argv = 0;
	refused(&action);
	action = deploy();
	action.command = NULL;
	refused(&action);
	action.command = TEXT("");
	refused(&action);
}

static void test_model_a004_action_check_target(void **state)
{
	struct cs_action action = deploy();

	(void)state;
	action.target_uid = UINT32_MAX;
	refused(&action);
	action = deploy();
	action.target_gid = UINT32_MAX;
	refused(&action);
}

/* --- The line for tables ------------------------------------------------------------------------------------------ */

static void line_is(const struct cs_action *action, const char *expected)
{
	char *line = cs_action_line(action);

	assert_non_null(line);
	assert_string_equal(line, expected);
	free(line);
}

static void test_model_action_line(void **state)
{
	struct cs_action action = deploy(), ssh = login_as(TEXT("alice"));

	(void)state;
	line_is(&action, "sudo /usr/local/sbin/deploy-release tomcat 10.1");
	line_is(&ssh, "sshd login as alice");
}

static void test_model_a097_action_line_hides_nothing(void **state)
{
	char *argv[] = {TEXT("deploy-release"), TEXT("tomcat\x1b[2K\x1b[1G"), TEXT("a\nb"),
		TEXT("\xe2\x80\xae" "gpj"), TEXT("\xff")};
	struct cs_action action = deploy();
	char *line = NULL;

	(void)state;
	action.argv = argv;
	action.n_argv = CS_COUNT(argv);
	line = cs_action_line(&action);
	assert_non_null(line);
	for (const char *p = line; *p; p++)
		assert_in_range((unsigned char)*p, 0x20, 0x7e);
	assert_non_null(strcasestr(line, "\\x1b[2K"));
	assert_non_null(strstr(line, "a\\nb"));
	assert_non_null(strstr(line, "\\u{202E}gpj"));
	assert_non_null(strcasestr(line, "\\xff"));
	free(line);
}

/* A Cyrillic a, Hebrew letters, a full-width slash: shown, none of them would be what it looks like, or stand where it is.
 * Kills: cs_escape in put_word. */
static void test_model_a097_what_runs_is_ascii(void **state)
{
	char *argv[] = {TEXT("deploy-release"), TEXT("tomc\xd0\xb0t"), TEXT("\xd7\xa9\xd7\x9c 1"), TEXT("a\xef\xbc\x8f" "b")};
	struct cs_action action = deploy();
	char *line = NULL;

	(void)state;
	action.argv = argv;
	action.n_argv = CS_COUNT(argv);
	line = cs_action_line(&action);
	assert_non_null(line);
	assert_non_null(strstr(line, " tomc\\u{0430}t \"\\u{05E9}\\u{05DC} 1\" a\\u{FF0F}b"));
	free(line);
}

static void test_model_a099_action_line_keeps_words_apart(void **state)
{
	char *one[] = {TEXT("x"), TEXT("a b")}, *two[] = {TEXT("x"), TEXT("a"), TEXT("b")},
		*none[] = {TEXT("x"), TEXT("")};
	struct cs_action action = deploy();

	(void)state;
	action.argv = one;
	action.n_argv = 2;
	line_is(&action, "sudo /usr/local/sbin/deploy-release \"a b\"");
	action.argv = two;
	action.n_argv = 3;
	line_is(&action, "sudo /usr/local/sbin/deploy-release a b");
	action.argv = none;
	action.n_argv = 2;
	line_is(&action, "sudo /usr/local/sbin/deploy-release \"\"");
}

/* All argument lists of up to two words of up to two letters from an alphabet of the troublesome ones. */
static const char trouble[] = {'a', ' ', '"', '\'', '\\', '\n', 'n'};
#define N_WORDS (1 + CS_COUNT(trouble) + CS_COUNT(trouble) * CS_COUNT(trouble))

static void trouble_word(size_t n, char ret_word[3])
{
	const size_t base = CS_COUNT(trouble);

	memset(ret_word, 0, 3);
	if (n == 0)
		return;
	n--;
	ret_word[0] = trouble[n % base];
	if (n >= base)
		ret_word[1] = trouble[n / base - 1];
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void test_model_a099_action_line_is_unambiguous(void **state)
{
	const size_t n = 1 + N_WORDS + N_WORDS * N_WORDS;
	char **lines = fill_alloc(n, sizeof(*lines));
	char first[3], second[3], *argv[] = {TEXT("x"), first, second};
	struct cs_action action = deploy();

	(void)state;
	action.argv = argv;
	for (size_t i = 0; i < n; i++) {
		action.n_argv = i == 0 ? 1 : i <= N_WORDS ? 2 : 3;
		trouble_word(i == 0 ? 0 : (i - 1) % N_WORDS, first);
		trouble_word(i <= N_WORDS ? 0 : (i - 1) / N_WORDS - 1, second);
		lines[i] = cs_action_line(&action);
		assert_non_null(lines[i]);
	}
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 1; i < n; i++)
		assert_string_not_equal(lines[i - 1], lines[i]);
	for (size_t i = 0; i < n; i++)
		free(lines[i]);
	free(lines);
}

/* --- What is identical -------------------------------------------------------------------------------------------- */

static struct cs_buf key_of(const struct cs_subject *subject, const struct cs_action *action)
{
	struct cs_buf out;

	cs_buf_init(&out, FILL_MAX);
	assert_int_equal(cs_action_key_encode(subject, action, &out), 0);
	return out;
}

static bool same_key(const struct cs_subject *sa, const struct cs_action *a, const struct cs_subject *sb,
	const struct cs_action *b)
{
	struct cs_buf ka = key_of(sa, a), kb = key_of(sb, b);
	bool same = ka.len == kb.len && memcmp(ka.data, kb.data, ka.len) == 0;

	cs_buf_clear(&ka);
	cs_buf_clear(&kb);
	return same;
}

/* Any difference in any field of the action but the terminal makes another action. */
static void test_model_a103_action_key_covers_every_field(void **state)
{
	const struct cs_subject subject = {.uid = 1001, .login_uid = 1001, .name = TEXT("alice")};

	(void)state;
	for (size_t i = 0; i < cs_action_shape.n_fields; i++) {
		const struct cs_field *field = &cs_action_shape.fields[i];
		struct cs_action a, b, spare = {0};
		bool is_tty = strcmp(field->name, "tty") == 0;

		fill_struct(&cs_action_shape, &a, FILL_SMALL);
		fill_struct(&cs_action_shape, &b, FILL_SMALL);
		assert_true(same_key(&subject, &a, &subject, &b));
		/* The old value moves to spare, which frees it; the field is filled anew, empty. */
		fill_field(field, &spare, FILL_EMPTY);
		{
			bool counted = field->kind == CS_K_STRV || field->kind == CS_K_U32V || field->kind == CS_K_ARRAY;
			size_t size = field->kind == CS_K_NEST ? field->shape->size
				: field->kind == CS_K_STR || counted ? sizeof(void *)
				: fill_scalar_size(field);

			memcpy((char *)&spare + field->offset, (char *)&b + field->offset, size);
			if (counted)
				memcpy((char *)&spare + field->count_offset, (char *)&b + field->count_offset,
					sizeof(size_t));
		}
		fill_field(field, &b, FILL_EMPTY);
		assert_true(same_key(&subject, &a, &subject, &b) == is_tty);
		cs_clear(&cs_action_shape, &a);
		cs_clear(&cs_action_shape, &b);
		cs_clear(&cs_action_shape, &spare);
	}
}

static void test_model_a103_action_key_covers_the_subject(void **state)
{
	const struct cs_subject alice = {.uid = 1001, .login_uid = 1001, .name = TEXT("alice")};
	const struct cs_subject uid = {.uid = 1002, .login_uid = 1001, .name = TEXT("alice")};
	const struct cs_subject name = {.uid = 1001, .login_uid = 1001, .name = TEXT("bob")};
	struct cs_action action = deploy();

	(void)state;
	assert_true(same_key(&alice, &action, &alice, &action));
	assert_false(same_key(&alice, &action, &uid, &action));
	assert_false(same_key(&alice, &action, &name, &action));
	assert_non_null(action.command); /* encoding a view leaves the action as it was */
}

static void test_model_request_encode_is_the_shape(void **state)
{
	struct cs_request request;
	struct cs_buf a, b;

	(void)state;
	fill_struct(&cs_request_shape, &request, FILL_SMALL);
	cs_buf_init(&a, FILL_MAX);
	cs_buf_init(&b, FILL_MAX);
	assert_int_equal(cs_request_encode(&request, &a), 0);
	assert_int_equal(cs_encode(&cs_request_shape, &request, &b), 0);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	cs_buf_clear(&a);
	cs_buf_clear(&b);
	cs_clear(&cs_request_shape, &request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_a072_one_human_several_spellings),
		cmocka_unit_test(test_model_a073_several_accounts_one_human),
		cmocka_unit_test(test_model_a051_no_identity_is_doubt),
		cmocka_unit_test(test_model_a094_check_code),
		cmocka_unit_test(test_model_a093_deadlines),
		cmocka_unit_test(test_model_a093_an_approval_waits_for_its_start),
		cmocka_unit_test(test_model_action_check_takes_good_ones),
		cmocka_unit_test(test_model_action_check_service),
		cmocka_unit_test(test_model_action_check_paths),
		cmocka_unit_test(test_model_action_check_application),
		cmocka_unit_test(test_model_a068_action_check_argc_zero),
		cmocka_unit_test(test_model_a004_action_check_target),
		cmocka_unit_test(test_model_action_line),
		cmocka_unit_test(test_model_a097_action_line_hides_nothing),
		cmocka_unit_test(test_model_a097_what_runs_is_ascii),
		cmocka_unit_test(test_model_a099_action_line_keeps_words_apart),
		cmocka_unit_test(test_model_a099_action_line_is_unambiguous),
		cmocka_unit_test(test_model_a103_action_key_covers_every_field),
		cmocka_unit_test(test_model_a103_action_key_covers_the_subject),
		cmocka_unit_test(test_model_request_encode_is_the_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
