/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration file means once it is read: values, titles, order and lines. */
#include "conf_schema.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <countersign/error.h>

#include "mem.h"

static const char policy[] = "# One catalog of rights.\n"                                     /* 1 */
			     "permission release.stage  { label = \"Stage a candidate\" }\n"  /* 2 */
			     "permission host-login     { label = 'Log in' }   // here\n"     /* 3 */
			     "/* a comment\n"                                                 /* 4 */
			     "   of two lines */ socket = /run/x/people.sock\n"               /* 5 */
			     "limits { open = 20 }\n"                                         /* 6 */
			     "\n"                                                             /* 7 */
			     "gate deploy {\n"                                                /* 8 */
			     "\tservice    = sudo\n"                                          /* 9 */
			     "\tcommand    = {\n"                                             /* 10 */
			     "\t\t\"/usr/local/sbin/ship %{project} *\",   # the rest\n"      /* 11 */
			     "\t\t'/bin/sh',\n"                                               /* 12 */
			     "\t}\n"                                                          /* 13 */
			     "\tapproval committee { count = 1  role = pmc }\n"               /* 14 */
			     "\tapproval \"in fra\" { count = 2  scope = \"*\" }\n"           /* 15 */
			     "\tlifetime\n"                                                   /* 16 */
			     "\t\t= 30m\n"                                                    /* 17 */
			     "\tloud = yes\n"                                                 /* 18 */
			     "}\n"                                                            /* 19 */
			     "gate login { service = sshd command = \"a \\\"b\\\" \\\\\" }\n" /* 20 */
			     "groups = wheel\n";                                              /* 21 */

static struct cs_conf *parse(const char *text)
{
	struct cs_problem problem = {0};
	struct cs_conf *conf = NULL;
	int r = cs_conf_parse(text, "t.conf", schema, &conf, &problem);
	if (r != 0)
		print_error("line %u: %s\n", problem.line, problem.text != NULL ? problem.text : "");
	assert_int_equal(r, 0);
	assert_null(problem.text);
	return conf;
}

static void test_conf_values(void **state)
{
	struct cs_conf *conf = parse(policy);
	const struct cs_conf_section *top = cs_conf_top(conf);
	const struct cs_conf_section *deploy = cs_conf_section(top, "gate", 0);
	const struct cs_conf_section *login = cs_conf_section(top, "gate", 1);
	(void)state;

	assert_string_equal(cs_conf_str(top, "socket", NULL), "/run/x/people.sock");
	assert_int_equal(cs_conf_count(cs_conf_section(top, "limits", 0), "open", 7), 20);
	assert_int_equal(cs_conf_span(deploy, "lifetime", 7), 1800000);
	assert_int_equal(cs_conf_bool(deploy, "loud", false), true);
	assert_int_equal(cs_conf_list_len(deploy, "command"), 2);
	assert_string_equal(cs_conf_list_at(deploy, "command", 0), "/usr/local/sbin/ship %{project} *");
	assert_string_equal(cs_conf_list_at(deploy, "command", 1), "/bin/sh");
	assert_null(cs_conf_list_at(deploy, "command", 2));
	assert_int_equal(cs_conf_list_len(login, "command"), 1);
	assert_string_equal(cs_conf_list_at(login, "command", 0), "a \"b\" \\");
	assert_int_equal(cs_conf_list_len(top, "groups"), 1);
	assert_string_equal(cs_conf_list_at(top, "groups", 0), "wheel");
	cs_conf_free(&conf);
	assert_null(conf);
	cs_conf_free(&conf);
	cs_conf_free(NULL);
}

static void test_conf_absent_keys_give_the_fallback(void **state)
{
	struct cs_conf *conf = parse("limits { }\ngate a { service = x }\n");
	const struct cs_conf_section *top = cs_conf_top(conf);
	const struct cs_conf_section *gate = cs_conf_section(top, "gate", 0);
	(void)state;

	assert_null(cs_conf_str(top, "socket", NULL));
	assert_string_equal(cs_conf_str(top, "socket", "d"), "d");
	assert_true(cs_conf_bool(gate, "loud", true));
	assert_false(cs_conf_bool(gate, "loud", false));
	assert_int_equal(cs_conf_span(gate, "lifetime", 5), 5);
	assert_int_equal(cs_conf_count(cs_conf_section(top, "limits", 0), "open", 6), 6);
	assert_int_equal(cs_conf_list_len(gate, "command"), 0);
	assert_null(cs_conf_list_at(gate, "command", 0));
	assert_null(cs_conf_section(gate, "approval", 0));
	assert_true(cs_conf_given(gate, "service"));
	assert_true(cs_conf_given(top, "limits"));
	assert_false(cs_conf_given(gate, "loud"));
	assert_false(cs_conf_given(top, "permission"));
	/* Keys that the schema does not have, and keys of another kind, are absent too. */
	assert_false(cs_conf_given(top, "nonsense"));
	assert_null(cs_conf_section(top, "socket", 0));
	assert_null(cs_conf_str(top, "gate", NULL));
	assert_int_equal(cs_conf_list_len(top, "gate"), 0);
	cs_conf_free(&conf);
}

/* Of all spans only an age may be nothing. */
static void test_conf_ages(void **state)
{
	struct cs_conf *conf = parse("gate a { service = x fresh = 0s }\ngate b { service = x fresh = 2m }\n");
	const struct cs_conf_section *a = cs_conf_section(cs_conf_top(conf), "gate", 0);

	(void)state;
	assert_true(cs_conf_given(a, "fresh"));
	assert_int_equal(cs_conf_span(a, "fresh", 7), 0);
	assert_int_equal(cs_conf_span(cs_conf_section(cs_conf_top(conf), "gate", 1), "fresh", 7), 120000);
	cs_conf_free(&conf);
}

static void test_conf_titles_and_order(void **state)
{
	struct cs_conf *conf = parse(policy);
	const struct cs_conf_section *top = cs_conf_top(conf);
	const struct cs_conf_section *deploy = cs_conf_section(top, "gate", 0);
	(void)state;

	assert_string_equal(cs_conf_title(cs_conf_section(top, "permission", 0)), "release.stage");
	assert_string_equal(cs_conf_title(cs_conf_section(top, "permission", 1)), "host-login");
	assert_null(cs_conf_section(top, "permission", 2));
	assert_string_equal(cs_conf_title(deploy), "deploy");
	assert_string_equal(cs_conf_title(cs_conf_section(deploy, "approval", 0)), "committee");
	assert_string_equal(cs_conf_title(cs_conf_section(deploy, "approval", 1)), "in fra");
	assert_null(cs_conf_section(cs_conf_section(top, "gate", 1), "approval", 0));
	assert_null(cs_conf_title(top));
	cs_conf_free(&conf);
}

static void test_conf_lines(void **state)
{
	struct cs_conf *conf = parse(policy);
	const struct cs_conf_section *top = cs_conf_top(conf);
	const struct cs_conf_section *deploy = cs_conf_section(top, "gate", 0);
	(void)state;

	assert_int_equal(cs_conf_line(top, NULL), 0);
	assert_int_equal(cs_conf_line(top, "socket"), 5);
	assert_int_equal(cs_conf_line(top, "limits"), 6);
	assert_int_equal(cs_conf_line(top, "groups"), 21);
	assert_int_equal(cs_conf_line(top, "permission"), 2);
	assert_int_equal(cs_conf_line(cs_conf_section(top, "permission", 1), NULL), 3);
	assert_int_equal(cs_conf_line(cs_conf_section(top, "permission", 1), "label"), 3);
	assert_int_equal(cs_conf_line(deploy, NULL), 8);
	assert_int_equal(cs_conf_line(deploy, "service"), 9);
	assert_int_equal(cs_conf_line(deploy, "command"), 10);
	assert_int_equal(cs_conf_line(deploy, "lifetime"), 16);
	assert_int_equal(cs_conf_line(deploy, "loud"), 18);
	assert_int_equal(cs_conf_line(deploy, "use_within"), 8); /* absent: the section's */
	assert_int_equal(cs_conf_line(cs_conf_section(deploy, "approval", 0), NULL), 14);
	assert_int_equal(cs_conf_line(cs_conf_section(deploy, "approval", 1), "scope"), 15);
	assert_int_equal(cs_conf_line(cs_conf_section(top, "gate", 1), "command"), 20);
	cs_conf_free(&conf);
}

static void test_conf_same_title_in_different_places(void **state)
{
	struct cs_conf *conf = parse("permission a { label = x }\n"
				     "gate a { service = s approval a { count = 1 } }\n"
				     "gate b { service = s approval a { count = 2 } }\n");
	const struct cs_conf_section *b = cs_conf_section(cs_conf_top(conf), "gate", 1);
	(void)state;

	assert_int_equal(cs_conf_count(cs_conf_section(b, "approval", 0), "count", 0), 2);
	cs_conf_free(&conf);
}

static void test_conf_empty_texts(void **state)
{
	static const char *const texts[] = {"", "\n\n", "# nothing", "/* */", " \t"};
	(void)state;
	for (size_t i = 0; i < CS_COUNT(texts); i++) {
		struct cs_conf *conf = parse(texts[i]);
		assert_false(cs_conf_given(cs_conf_top(conf), "gate"));
		cs_conf_free(&conf);
	}
}

static void test_conf_comments_do_not_hide_or_add(void **state)
{
	struct cs_conf *conf = parse("#socket = a\n//socket = b\n/*socket = c\n*/socket = \"d # // /* e\" # f \" '\n");
	(void)state;
	assert_string_equal(cs_conf_str(cs_conf_top(conf), "socket", NULL), "d # // /* e");
	assert_int_equal(cs_conf_line(cs_conf_top(conf), "socket"), 4);
	cs_conf_free(&conf);
}

/* The environment and the locale of the process change nothing. */
static void test_conf_environment_and_locale_do_not_matter(void **state)
{
	struct cs_problem problem = {0};
	struct cs_conf *conf = NULL;
	(void)state;

	assert_int_equal(setenv("HOME", "/elsewhere", 1), 0);
	assert_int_equal(setenv("LANGUAGE", "de:sv:fr", 1), 0);
	(void)setlocale(LC_ALL, "C.UTF-8");
	conf = parse("socket = \"~/x $HOME %HOME\"\n");
	assert_string_equal(cs_conf_str(cs_conf_top(conf), "socket", NULL), "~/x $HOME %HOME");
	cs_conf_free(&conf);
	assert_int_equal(cs_conf_parse("gate a {\nservce = x }\n", "t.conf", schema, &conf, &problem), CS_ECONF);
	assert_int_equal(problem.line, 2);
	assert_string_equal(problem.text, "unknown key 'servce' in gate 'a'; did you mean 'service'?");
	cs_problem_clear(&problem);
	(void)setlocale(LC_ALL, "C");
	assert_int_equal(unsetenv("LANGUAGE"), 0);
}

/* A refused text leaves nothing behind in libConfuse's scanner. */
static void test_conf_parse_after_a_refusal(void **state)
{
	static const char *const refused[] = {"socket = \"a", "/* x", "gate a { service = x", "gate",
					      "socket = a socket = b"};
	(void)state;
	for (size_t i = 0; i < CS_COUNT(refused); i++) {
		struct cs_conf *conf = NULL;
		assert_int_equal(cs_conf_parse(refused[i], "t.conf", schema, &conf, NULL), CS_ECONF);
		assert_null(conf);
		conf = parse(policy);
		assert_int_equal(cs_conf_line(cs_conf_section(cs_conf_top(conf), "gate", 1), NULL), 20);
		cs_conf_free(&conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conf_values),
		cmocka_unit_test(test_conf_absent_keys_give_the_fallback),
		cmocka_unit_test(test_conf_ages),
		cmocka_unit_test(test_conf_titles_and_order),
		cmocka_unit_test(test_conf_lines),
		cmocka_unit_test(test_conf_same_title_in_different_places),
		cmocka_unit_test(test_conf_empty_texts),
		cmocka_unit_test(test_conf_comments_do_not_hide_or_add),
		cmocka_unit_test(test_conf_environment_and_locale_do_not_matter),
		cmocka_unit_test(test_conf_parse_after_a_refusal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
