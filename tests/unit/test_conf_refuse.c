/* SPDX-License-Identifier: Apache-2.0 */
/* What refuses a configuration file: for each mistake the line and the words that say what to do. */
#include "conf_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <countersign/error.h>

#include "mem.h"
#include "parts.h"

struct mistake {
	const char *text;
	unsigned line;
	const char *says; /* a part of the message */
};

static void check(const struct mistake *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cs_problem problem = {0};
		struct cs_conf *conf = NULL;
		int r = cs_conf_parse(cases[i].text, "t.conf", schema, &conf, &problem);
		if (r != CS_ECONF || problem.line != cases[i].line || strstr(problem.text, cases[i].says) == NULL)
			fail_msg("%s\nresult %d, line %u: %s", cases[i].text, r, problem.line,
				 problem.text ? problem.text : "none");
		assert_null(conf);
		assert_string_equal(problem.file, "t.conf");
		cs_problem_clear(&problem);
	}
}

#define CHECK(cases) check(cases, CS_COUNT(cases))

static void test_conf_unknown_keys(void **state)
{
	static const struct mistake cases[] = {
		{"\n\nsockt = x\n", 3, "unknown key 'sockt' in this file; did you mean 'socket'?"},
		{"gate a {\n service = x\n lifetime = 1m\n comand = y\n}\n", 4,
		 "'comand' in gate 'a'; did you mean 'command'?"},
		{"gate a { service = x approval b {\ncuont = 1 } }\n", 2,
		 "'cuont' in approval 'b'; did you mean 'count'?"},
		{"limits {\n\n opened = 1 }\n", 3, "'opened' in section 'limits'; did you mean 'open'?"},
		{"colour = red\n", 1, "possible here: socket, groups, limits, permission, gate"},
		{"gates a { }\n", 1, "did you mean 'gate'?"},
		{"Socket = x\n", 1, "did you mean 'socket'?"},
		{"# c\n# c\nservice = x\n", 3, "unknown key 'service' in this file"},
		{"limits { service = x }\n", 1, "unknown key 'service' in section 'limits'"},
		{"__unknown = x\n", 1, "unknown key"},
		{"root { }\n", 1, "unknown key"},
	};
	(void)state;
	CHECK(cases);
}

static void test_conf_wrong_types(void **state)
{
	static const struct mistake cases[] = {
		{"limits {\n open = many }\n", 2, "key 'open' takes a whole number from 0 to 1000000, found 'many'"},
		{"limits { open = -1 }\n", 1, "found '-1'"},
		{"limits { open = 1000001 }\n", 1, "found '1000001'"},
		{"limits { open = 18446744073709551617 }\n", 1, "whole number"},
		{"limits { open = 010 }\n", 1, "found '010'"},
		{"limits { open = 0x10 }\n", 1, "whole number"},
		{"limits { open = \"1 \" }\n", 1, "whole number"},
		{"limits { open = \"\" }\n", 1, "found ''"},
		{"gate a { service = x\nlifetime = 30 }\n", 2,
		 "key 'lifetime' takes a time such as 90s, 15m, 2h or 1d, at most 365d, found '30'"},
		{"gate a { lifetime = 0s }\n", 1, "found '0s'"},
		{"gate a { fresh = 0m }\n", 1, "found '0m'"},
		{"gate a { fresh = 0 }\n", 1, "takes a time"},
		{"gate a { lifetime = 0m }\n", 1, "takes a time"},
		{"gate a { lifetime = 366d }\n", 1, "takes a time"},
		{"gate a { loud = True }\n", 1, "key 'loud' takes true or false, found 'True'"},
		{"gate a { loud = 1 }\n", 1, "true or false"},
		{"socket = { a, b }\n", 1, "did not expect '{'"},
		{"limits = 3\n", 1, "section 'limits' has no title"},
		{"limits x { }\n", 1, "section 'limits' has no title"},
		{"gate = x\n", 1, "section 'gate' needs a title"},
		{"gate { service = x }\n", 1, "section 'gate' needs a title"},
		{"gate \"\" { service = x }\n", 1, "section 'gate' has an empty title"},
		{"socket { }\n", 1, "key 'socket' needs a value"},
		{"socket x\n", 1, "key 'socket' needs a value"},
	};
	(void)state;
	CHECK(cases);
}

static void test_conf_duplicates(void **state)
{
	static const struct mistake cases[] = {
		{"socket = a\n\nsocket = b\n", 3, "key 'socket' is given twice; it stands in line 1 already"},
		{"socket = a\nsocket = a\n", 2, "given twice"},
		{"gate a {\nservice = x\nlifetime = 1m\n\nlifetime = 1m }\n", 5,
		 "'lifetime' is given twice; it stands in line 3"},
		{"groups = { a, b }\ngroups = { c }\n", 2, "'groups' is given twice; it stands in line 1"},
		{"groups = { a }\ngroups = { b, c }\n", 2, "'groups' is given twice"},
		{"groups = a\ngroups = b\n", 2, "'groups' is given twice"},
		{"gate a { service = x approval r { count = 1\ncount = 1 } }\n", 2, "'count' is given twice"},
		{"gate a { service = x }\ngate b { service = x }\ngate a {\n}\n", 3, "the title 'a' is given twice"},
		{"gate a { service = x\napproval r { count = 1 }\napproval r { count = 2 } }\n", 3,
		 "the title 'r' is given twice"},
		{"limits { open = 1 }\nlimits {\n}\n", 2,
		 "section 'limits' is given twice; it stands in line 1 already"},
	};
	(void)state;
	CHECK(cases);
}

static void test_conf_required_keys(void **state)
{
	static const struct cs_conf_option needs[] = {
		{"uri", CS_CONF_STR, true, NULL},
		{"limits", CS_CONF_SECTION, true, schema_limits},
		{NULL, CS_CONF_STR, false, NULL},
	};
	static const struct mistake cases[] = {
		{"\n\ngate a {\n lifetime = 1m\n}\n", 3, "gate 'a' needs the key 'service'"},
		{"gate a { service = x\n\n approval peer { role = r }\n}\n", 3,
		 "approval 'peer' needs the key 'count'"},
		{"gate a { service = x }\ngate b { }\n", 2, "gate 'b' needs the key 'service'"},
		{"permission p { }\n", 1, "permission 'p' needs the key 'label'"},
	};
	struct cs_problem problem = {0};
	struct cs_conf *conf = NULL;
	(void)state;

	CHECK(cases);
	assert_int_equal(cs_conf_parse("limits { }\n", "t.conf", needs, &conf, &problem), CS_ECONF);
	assert_int_equal(problem.line, 0);
	assert_string_equal(problem.text, "this file needs the key 'uri'");
	cs_problem_clear(&problem);
	assert_int_equal(cs_conf_parse("uri = x\n", "t.conf", needs, &conf, &problem), CS_ECONF);
	assert_string_equal(problem.text, "this file needs the key 'limits'");
	cs_problem_clear(&problem);
}

/* Everything here libConfuse would read as something else than it looks like. */
static void test_conf_surprises_are_refused(void **state)
{
	static const struct mistake cases[] = {
		{"\nsocket = \"a${HOME}\"\n", 2, "nothing is taken from the environment"},
		{"socket = \"${NONE:-/bin/sh}\"\n", 1, "environment"},
		{"socket = ${HOME}\n", 1, "environment"},
		{"socket = '${HOME}'\n", 1, "environment"},
		{"gate ${HOME} { service = x }\n", 1, "environment"},
		{"groups = a\ngroups += b\n", 2, "'+' is not possible"},
		{"include(\"/etc/passwd\")\n", 1, "'(' is not possible outside quotes"},
		{"gate a { command = /usr/* }\n", 1, "'/*' inside a word"},
		{"gate a { command = *\n}\n", 1, "'*' is not possible outside quotes"},
		{"socket = ldap://x\n", 1, "'//' inside a word"},
		{"socket = a;\n", 1, "';' is not possible"},
		{"gate|service = x\n", 1, "'|' is not possible"},
		{"gate a { service = x }\n\"gate|service\" = y\n", 2, "a key is written without quotes"},
		{"\"limits\" { open = 1 }\n", 1, "a key is written without quotes"},
		{"socket = \"a\\0b\"\n", 1, "backslash"},
		{"socket = \"a\\nb\"\n", 1, "backslash"},
		{"socket = \"a\\x41\"\n", 1, "backslash"},
		{"socket = \"a\\\nb\"\n", 1, "backslash"},
		{"socket = 'a\\'b'\n", 1, "backslash"},
		{"socket = \"a\nb\"\n", 1, "not closed on its line; end it with \""},
		{"socket = 'a\n'\n", 1, "not closed on its line; end it with '"},
		{"socket = \"a", 1, "not closed"},
		{"socket = \"a\\", 1, "backslash"},
		{"socket = a\n\n/* gate a {\n}\n", 3, "the comment that begins here is never closed"},
		{"groups = { }\n", 1, "the list is empty"},
		{"groups = a\ngroups = {}\n", 2, "the list is empty"},
		{"groups = { {a} }\n", 1, "a list cannot hold another list"},
		{"socket = a#b\n", 1, "a blank is missing before '#'"},
		{"socket = \"a\"socket\n", 1, "a blank is missing before 's'"},
		{"socket = \"a\"\"b\"\n", 1, "a blank is missing before '\"'"},
	};
	(void)state;
	CHECK(cases);
}

static void test_conf_bytes_a_reader_cannot_see(void **state)
{
	static const struct mistake cases[] = {
		{"socket = a\r\n", 1, "carriage return"}, {"socket = \"a\x1b[2K\"\n", 1, "\\x1B"},
		{"\n# a\u202Eb\n", 2, "\\u{202E}"},       {"socket = \"a\u200B\"\n", 1, "\\u{200B}"},
		{"\uFEFFsocket = a\n", 1, "\\u{FEFF}"},   {"socket = \"\xe9t\xe9\"\n", 1, "\\xE9"},
		{"socket = \"\xc3", 1, "\\xC3"},          {"socket = \u00e9t\u00e9\n", 1, "other than ASCII"},
		{"socket\u00a0= a\n", 1, "\\u{00A0}"},
	};
	(void)state;
	CHECK(cases);
}

static void test_conf_structure(void **state)
{
	static const struct mistake cases[] = {
		{"gate a {\n service = x\n", 1, "the '{' of this line is never closed"},
		{"gate a { service = x\napproval b {\n count = 1\n}\n", 1, "never closed"},
		{"socket = a\n}\n", 2, "'}' without a '{' before it"},
		{"= a\n", 1, "'=' without a key"},
		{"socket = = a\n", 1, "'=' without a key"},
		{"{ socket = a }\n", 1, "'{' without the name of a section"},
		{"groups = { a = b }\n", 1, "'=' without a key"},
		{"groups = { a b }\n", 1, "did not expect 'b'"},
		{"groups = { , a }\n", 1, "did not expect ','"},
		{"groups = { a,, b }\n", 1, "did not expect ','"},
		{"socket = a, b\n", 1, "a comma is only possible in a list"},
		{"socket =\n", 2, "the file ends in the middle"},
		{"gate", 1, "the file ends in the middle"},
		{"gate a b { }\n", 1, "has no title here"},
		{"limits { open = }\n", 1, "did not expect '}'"},
		{"a { b { c { d { e { f { g { h {\ni { } } } } } } } } }\n", 2, "nested more than 8 deep"},
		{"\"a\"", 1, "without quotes"},
	};
	(void)state;
	CHECK(cases);
}

/* What the file says is shown escaped and bounded in messages. */
static void test_conf_messages_are_bounded(void **state)
{
	struct cs_problem problem = {0};
	struct cs_conf *conf = NULL;
	char text[5000];
	(void)state;

	memset(text, 'k', sizeof(text));
	memcpy(text + sizeof(text) - 6, " = x\n", 6);
	assert_int_equal(cs_conf_parse(text, "t.conf", schema, &conf, &problem), CS_ECONF);
	assert_int_equal(problem.line, 1);
	assert_true(strlen(problem.text) < 300);
	cs_problem_clear(&problem);
}

/* What libConfuse would read for minutes, or hold in gigabytes, is refused before it. */
static void test_conf_sizes(void **state)
{
	static const struct {
		const char *piece;
		size_t times, length; /* length: of a line that follows */
		unsigned line;
		const char *says;
	} cases[] = {
		{"", 0, 262143, 0, NULL},
		{"", 0, 262145, 1, "the line is longer than 262144 bytes"},
		{"# x\n", 3, 262145, 4, "the line is longer than 262144 bytes"},
		{"gate\nx{}", 131073, 0, 131074, "more than 131072 sections"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].piece);
		char *text = calloc(1, cases[i].times * n + cases[i].length + 1), *at = text;
		struct cs_problem problem = {0};
		struct cs_conf *conf = NULL;

		assert_non_null(text);
		for (size_t k = 0; k < cases[i].times; k++, at += n)
			memcpy(at, cases[i].piece, n);
		memset(at, '#', cases[i].length);
		(void)cs_conf_parse(text, "t.conf", schema, &conf, &problem);
		if (cases[i].says == NULL)
			assert_null(problem.text);
		else
			assert_non_null(strstr(problem.text, cases[i].says));
		assert_int_equal(problem.line, cases[i].line);
		cs_conf_free(&conf);
		cs_problem_clear(&problem);
		free(text);
	}
}

/* Titles are compared however many there are, and in the time that their number asks for. */
static void test_conf_many_titles(void **state)
{
	const size_t many = 20000;
	char *text = calloc(many + 1, 32), *at = text;
	struct cs_problem problem = {0};
	struct cs_conf *conf = NULL;
	(void)state;

	assert_non_null(text);
	for (size_t i = 0; i < many; i++)
		at += sprintf(at, "gate g%zu { service = x }\n", i);
	(void)sprintf(at, "gate g%zu { service = x }\n", many / 2);
	assert_int_equal(cs_conf_parse(text, "t.conf", schema, &conf, &problem), CS_ECONF);
	assert_int_equal(problem.line, many + 1);
	assert_non_null(strstr(problem.text, "the title 'g10000' is given twice"));
	cs_problem_clear(&problem);
	free(text);
}

static void test_conf_the_first_problem_stays(void **state)
{
	struct cs_problem problem = {0};
	struct cs_conf *conf = NULL;
	(void)state;

	cs_problem_set(&problem, "earlier", 4, "first");
	assert_int_equal(cs_conf_parse("x = y\n", "t.conf", schema, &conf, &problem), CS_ECONF);
	assert_string_equal(problem.file, "earlier");
	cs_problem_clear(&problem);
}

static void test_conf_distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} cases[] = {
		{"count", "count", 0},
		{"cout", "count", 1},
		{"countt", "count", 1},
		{"coumt", "count", 1},
		{"cuont", "count", 2},
		{"", "ab", 2},
		{"ab", "", 2},
		{"", "abc", 99},
		{"role", "scope", 99},
		{"abcd", "dcba", 99},
		{"ab", "cd", 2},
		{"a123456789012345678901234567890123456789", "a12345678901234567890123456789012345678", 1},
		{"a1234567890123456789012345678901234567890", "a1234567890123456789012345678901234567890", 99},
	};
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		assert_int_equal(cs_conf_distance(cases[i].a, cases[i].b), cases[i].distance);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conf_unknown_keys),
		cmocka_unit_test(test_conf_wrong_types),
		cmocka_unit_test(test_conf_duplicates),
		cmocka_unit_test(test_conf_required_keys),
		cmocka_unit_test(test_conf_surprises_are_refused),
		cmocka_unit_test(test_conf_bytes_a_reader_cannot_see),
		cmocka_unit_test(test_conf_structure),
		cmocka_unit_test(test_conf_messages_are_bounded),
		cmocka_unit_test(test_conf_sizes),
		cmocka_unit_test(test_conf_many_titles),
		cmocka_unit_test(test_conf_the_first_problem_stays),
		cmocka_unit_test(test_conf_distance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
