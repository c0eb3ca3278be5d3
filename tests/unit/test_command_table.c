/* SPDX-License-Identifier: Apache-2.0 */
/* What the help of each subcommand says of its options is what the subcommand takes: no more, no less, and with a value
 * where it says so. Completion and manual are held against the help by tests/support/command_words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "command.h"
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTIONS_MAX = 200, NAME_MAX_LEN = 40 };

static struct {
	char names[OPTIONS_MAX][NAME_MAX_LEN];
	size_t n;
} known;

/* The option's name at text, without what follows; 0 where there is none. */
static size_t name_at(const char *text)
{
	size_t n = 2;

	if (strncmp(text, "--", 2) != 0 || text[n] == '-')
		return 0;
	while ((text[n] >= 'a' && text[n] <= 'z') || text[n] == '-')
		n++;
	return n > 2 ? n : 0;
}

static void know(const char *name, size_t n)
{
	assert_true(n < NAME_MAX_LEN && known.n < OPTIONS_MAX);
	for (size_t i = 0; i < known.n; i++) {
		if (strlen(known.names[i]) == n && strncmp(known.names[i], name, n) == 0)
			return;
	}
	memcpy(known.names[known.n], name, n);
	known.names[known.n++][n] = '\0';
}

/* Every word of the program's sources that is spelled as an option. */
static void know_source(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[4096];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		for (const char *at = line; (at = strstr(at, "--")) != NULL; at += 2) {
			if (name_at(at) > 0)
				know(at, name_at(at));
		}
	}
	(void)fclose(file);
}

static int know_all(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob(CS_SOURCE_DIR "/programs/countersign/*.[ch]", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		know_source(found.gl_pathv[i]);
	globfree(&found);
	assert_true(known.n > 50);
	return 0;
}

/* What the help says: 0 nothing, 1 a flag, 2 with a value. */
static int told(const char *help, const char *option)
{
	size_t n = strlen(option);

	for (const char *at = help; (at = strstr(at, "\n  --")) != NULL; at++) {
		const char *after = at + 3 + n;

		if (strncmp(at + 3, option, n) == 0 && *after == ' ')
			return after[1] >= 'A' && after[1] <= 'Z' ? 2 : 1;
	}
	return 0;
}

/* Does the subcommand come to its help with this word before? Words are read before anything is done. */
static bool takes(const struct cs_command *command, const char *word)
{
	struct cs_run run = { .command = command, .socket = "/nonexistent", .server_user = "nobody" };
	char *first = strdup(word), *help = strdup("--help");
	char *args[] = { first, help };

	assert_true(first != NULL && help != NULL);
	(void)command->run(&run, args, 2);
	cs_hang_up(&run);
	free(first);
	free(help);
	return run.help;
}

static int taken(const struct cs_command *command, const char *option)
{
	char joined[NAME_MAX_LEN + 2];

	snprintf(joined, sizeof(joined), "%s=x", option);
	return takes(command, option) ? 1 : takes(command, joined) ? 2 : 0;
}

static bool is_shared(const char *option)
{
	static const char *const shared[] = { "--json", "--socket", "--server-user", "--help" };

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		if (strcmp(shared[i], option) == 0)
			return true;
	}
	return false;
}

static size_t differences(const struct cs_command *command)
{
	struct cs_buf help;
	size_t wrong = 0;

	cs_buf_init(&help, CS_OUTPUT_MAX);
	cs_command_help(&help, command);
	cs_buf_put_u8(&help, 0);
	assert_int_equal(cs_buf_error(&help), 0);
	for (size_t i = 0; i < known.n; i++) {
		int says = 0, does = 0;

		if (is_shared(known.names[i]))
			continue;
		says = told((const char *)help.data, known.names[i]);
		does = taken(command, known.names[i]);
		if (says != does) {
			printf("%s %s: the help says %d, it takes %d\n", command->name, known.names[i], says, does);
			wrong++;
		}
	}
	cs_buf_clear(&help);
	return wrong;
}

/* Kills: an option that is added to a table and not to the help, or the other way round. */
static void help_names_exactly_what_is_taken(void **state)
{
	const struct cs_command *command = NULL;
	int kept = dup(STDERR_FILENO), nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
	size_t wrong = 0;

	(void)state;
	assert_true(kept >= 0 && nothing >= 0);
	dup2(nothing, STDERR_FILENO);
	for (size_t i = 0; (command = cs_command_at(i)) != NULL; i++)
		wrong += differences(command);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(nothing);
	assert_int_equal(wrong, 0);
}

/* What completion and the manual read: "  --name VALUE  text" for each option, a sentence without full stop. */
static void help_has_one_form(void **state)
{
	const struct cs_command *command = NULL;

	(void)state;
	for (size_t i = 0; (command = cs_command_at(i)) != NULL; i++) {
		assert_true(command->summary[0] >= 'A' && command->summary[0] <= 'Z');
		assert_true(command->summary[strlen(command->summary) - 1] != '.');
		for (const char *line = command->details; *line != '\0'; line = strchr(line, '\n') + 1) {
			assert_int_equal(strncmp(line, "  --", 4), 0);
			assert_non_null(strchr(line, '\n'));
			assert_true(strcspn(line, "\n") <= 100);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_names_exactly_what_is_taken),
		cmocka_unit_test(help_has_one_form),
	};

	return cmocka_run_group_tests(tests, know_all, NULL);
}
