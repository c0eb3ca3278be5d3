/* SPDX-License-Identifier: Apache-2.0 */
/* Which arguments name files, while memory is short (A119): each allocation fails once. Whoever asks is told so, or has every file in
 * the list; and what others can change is never said to be sealed. */
#include "alloc_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "file.h"
#include "mem.h"
#include "operands.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/cs-operands-XXXXXX";
static char word_run[] = "/bin/tar", word_none[] = "--verbose", word_file[] = "release", word_set[] = "--config=other",
	    word_sealed[] = "/etc/passwd", suffix[] = ".asc";

static int in_folder(void **state)
{
	static const char *const names[] = { "release", "release.asc", "other" };

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	for (size_t i = 0; i < CS_COUNT(names); i++) {
		int fd = open(names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

		assert_true(fd >= 0);
		(void)close(fd);
	}
	return 0;
}

static int leave_folder(void **state)
{
	(void)state;
	(void)unlink("release");
	(void)unlink("release.asc");
	(void)unlink("other");
	assert_int_equal(chdir("/"), 0);
	return rmdir(folder);
}

static void fill(struct cs_action *action)
{
	char *words[] = { word_run, word_none, word_file, word_set, word_sealed };

	*action = (struct cs_action){ 0 };
	for (size_t i = 0; i < CS_COUNT(words); i++)
		assert_int_equal(cs_strv_add(&action->argv, &action->n_argv, words[i]), 0);
}

/* What is listed is whole, also where it is not all of it. */
static void looks_whole(const struct cs_action *action)
{
	for (size_t i = 0; i < action->n_operands; i++) {
		const struct cs_operand *operand = &action->operands[i];

		assert_non_null(operand->suffix);
		assert_int_equal(operand->path[0], '/');
		assert_true(operand->exposed || strcmp(operand->path, word_sealed) == 0);
	}
	assert_false(action->more_operands);
}

/* Kills: add that answers 0 without a path; a list that ends early and says nothing. */
static int list_once(size_t fail_at, const char *cwd)
{
	struct cs_action action;
	int r = 0, over = 0;

	fill(&action);
	alloc_fault_reset(fail_at);
	r = cs_operands_list(cwd, &action);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_true(r == CS_ENOMEM || r == 0);
	assert_true(r == 0 || !over);
	assert_true(r < 0 || action.n_operands == 3);
	looks_whole(&action);
	cs_clear(&cs_action_shape, &action);
	return over;
}

/* Kills: a file that the daemon wants, and that is not marked without a word. */
static int want_once(size_t fail_at)
{
	struct cs_wanted wanted[] = { { .arg = 2 }, { .arg = 2, .suffix = suffix }, { .arg = 1 }, { .arg = 0 } };
	const struct cs_decision decision = { .wanted = wanted, .n_wanted = CS_COUNT(wanted) };
	struct cs_action action;
	size_t marked = 0;
	int r = 0, over = 0;

	fill(&action);
	assert_int_equal(cs_operands_list(NULL, &action), 0);
	alloc_fault_reset(fail_at);
	r = cs_operands_want(NULL, &decision, &action);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	for (size_t i = 0; i < action.n_operands; i++)
		marked += action.operands[i].file.present;
	assert_true(r == CS_ENOMEM || r == 0);
	assert_true(r == 0 || !over);
	assert_true(marked <= 3);
	assert_true(r < 0 || marked == 3); /* the word is no file, and is not marked */
	assert_true(r < 0 || action.n_operands == 5);
	cs_clear(&cs_action_shape, &action);
	return over;
}

static void test_operands_a119_list(void **state)
{
	(void)state;
	for (size_t at = 1; list_once(at, NULL) == 0; at++)
		assert_true(at < 500);
	for (size_t at = 1; list_once(at, folder) == 0; at++)
		assert_true(at < 500);
}

static void test_operands_a119_want(void **state)
{
	size_t at = 1;

	(void)state;
	for (; want_once(at) == 0; at++)
		assert_true(at < 500);
	assert_true(at > 3);
}

/* None is opened where it could not be told where it lies; and none stays open. */
static void test_operands_a119_open(void **state)
{
	struct cs_operand operand = { .arg = 2, .suffix = suffix };
	struct cs_action action;
	int over = 0, last = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	(void)close(last);
	fill(&action);
	for (size_t at = 1; !over; at++) {
		int fd = -1;

		alloc_fault_reset(at);
		fd = cs_operand_open(NULL, action.argv, action.n_argv, &operand);
		over = alloc_fault.calls < at;
		alloc_fault_reset(0);
		assert_true(fd >= 0 || !over);
		cs_close(&fd);
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_int_equal(fd, last);
		cs_close(&fd);
	}
	cs_clear(&cs_action_shape, &action);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operands_a119_list),
		cmocka_unit_test(test_operands_a119_want),
		cmocka_unit_test(test_operands_a119_open),
	};

	return cmocka_run_group_tests(tests, in_folder, leave_folder);
}
