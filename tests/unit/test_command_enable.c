/* SPDX-License-Identifier: Apache-2.0 */
/* countersign enable and disable on machines that are well, that have a fault, and that are killed in the middle. */
#include "enable.h"
#include "faulty_machine.h"
#include "unified.h"

#include "countersign/error.h"
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* --- Killed at a step ----------------------------------------------------------------------------------------------- */

static int steps_left = -1; /* -1: as many as there are */

static void step(void)
{
	if (steps_left == 0)
		(void)kill(getpid(), SIGKILL);
	if (steps_left > 0)
		steps_left--;
}

int __wrap_renameat(int from, const char *old, int to, const char *new);
int __wrap_unlinkat(int folder, const char *name, int flags);
int __wrap_openat(int folder, const char *name, int flags, ...);
int __wrap_fsync(int fd);

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	step();
	return (int)syscall(SYS_renameat2, from, old, to, new, 0);
}

int __wrap_unlinkat(int folder, const char *name, int flags)
{
	step();
	return (int)syscall(SYS_unlinkat, folder, name, flags);
}

int __wrap_openat(int folder, const char *name, int flags, ...)
{
	step();
	return (int)syscall(SYS_openat, folder, name, flags, 0600);
}

/* That it is durable is not looked at here. */
int __wrap_fsync(int fd)
{
	(void)fd;
	step();
	return 0;
}

/* --- Machines ------------------------------------------------------------------------------------------------------- */

#define OURS "/etc/sudo.conf", "/etc/pam.d/sudo", "/etc/pam.d/sudo-i", "/etc/pam.d/sshd", "/etc/ssh/sshd_config", \
	"/etc/pam.d/su", "/etc/pam.d/su-l"
static const char *const watched[] = { OURS, "/etc/pam.d/login", "/etc/pam.d/common-account", "/etc/pam.d/common-session",
	"/etc/pam.d/other", "/etc/sudoers" };

struct file {
	char *text;
	mode_t mode;
};

struct machine {
	struct file files[CS_COUNT(watched)];
};

static void remember(const struct tree *tree, struct machine *machine)
{
	for (size_t i = 0; i < CS_COUNT(watched); i++) {
		struct stat st;
		size_t len = 0;

		machine->files[i] = (struct file){ 0 };
		if (cs_host_look(&tree->host, watched[i], &st) != 0)
			continue;
		assert_int_equal(cs_host_read(&tree->host, watched[i], &machine->files[i].text, &len), 0);
		machine->files[i].mode = st.st_mode;
	}
}

static void forget(struct machine *machine)
{
	for (size_t i = 0; i < CS_COUNT(watched); i++)
		free(machine->files[i].text);
}

static bool same_file(const struct file *a, const struct file *b)
{
	if (a->text == NULL || b->text == NULL)
		return a->text == b->text;
	return strcmp(a->text, b->text) == 0 && a->mode == b->mode;
}

static void assert_same(const char *what, const struct machine *a, const struct machine *b)
{
	for (size_t i = 0; i < CS_COUNT(watched); i++)
		if (!same_file(&a->files[i], &b->files[i]))
			fail_msg("%s: %s differs", what, watched[i]);
}

/* As Debian installs it: without our lines. */
static void disconnect(const struct tree *tree)
{
	for (size_t i = 0; i < CS_COUNT(watched); i++) {
		char *text = NULL, *left = NULL;
		struct stat st;
		size_t len = 0;

		if (cs_host_look(&tree->host, watched[i], &st) != 0)
			continue;
		assert_int_equal(cs_host_read(&tree->host, watched[i], &text, &len), 0);
		left = cs_dup("");
		for (char *line = text, *end = NULL; *line != '\0'; line = end) {
			char *longer = NULL;

			end = strchr(line, '\n') != NULL ? strchr(line, '\n') + 1 : line + strlen(line);
			if (memmem(line, (size_t)(end - line), "countersign", 11) != NULL)
				continue;
			assert_int_equal(cs_format(&longer, "%s%.*s", left, (int)(end - line), line), 0);
			free(left);
			left = longer;
		}
		tree_write(tree, watched[i], left);
		set_mode(tree, watched[i], st.st_mode & 07777);
		free(left);
		free(text);
	}
}

/* An exit status. What it says goes nowhere. */
static int say(const struct tree *tree, const char *command, const char *door)
{
	char *words[] = { (char *)(uintptr_t)"countersign", (char *)(uintptr_t)command, (char *)(uintptr_t)door,
		(char *)(uintptr_t)"--root", (char *)(uintptr_t)tree->root, NULL };
	int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC), out = dup(1), err = dup(2), status = 0;

	(void)fflush(stdout);
	assert_int_not_equal(nothing, -1);
	(void)dup2(nothing, 1);
	if (getenv("SHOW") == NULL)
		(void)dup2(nothing, 2);
	status = cs_command_main(5, words);
	(void)fflush(stdout);
	(void)dup2(out, 1);
	(void)dup2(err, 2);
	(void)close(out);
	(void)close(err);
	(void)close(nothing);
	return status;
}

static bool mentions(const struct tree *tree, const char *path, const char *what)
{
	char *text = NULL;
	size_t len = 0;
	bool found = cs_host_read(&tree->host, path, &text, &len) == 0 && strstr(text, what) != NULL;

	free(text);
	return found;
}

/* No line of ours but comments. */
static void assert_no_lines(const struct tree *tree, const char *what)
{
	static const char *const paths[] = { OURS };

	for (size_t i = 0; i < CS_COUNT(paths); i++)
		if (mentions(tree, paths[i], "pam_countersign") || mentions(tree, paths[i], "\nPlugin sudo_countersign"))
			fail_msg("%s: %s has a line of ours", what, paths[i]);
}

static void assert_clean(const struct tree *tree)
{
	static const char *const paths[] = { OURS };
	struct stat st;

	for (size_t i = 0; i < CS_COUNT(paths); i++) {
		char *kept = NULL, *draft = NULL;

		assert_int_equal(cs_format(&kept, "%s" CS_ENABLE_KEPT, paths[i]), 0);
		assert_int_equal(cs_format(&draft, "%s" CS_HOST_DRAFT, paths[i]), 0);
		assert_int_equal(cs_host_look(&tree->host, kept, &st), CS_ENOENT);
		assert_int_equal(cs_host_look(&tree->host, draft, &st), CS_ENOENT);
		free(kept);
		free(draft);
	}
}

/* --- A machine that is well ----------------------------------------------------------------------------------------- */

static bool has_error(const struct tree *tree)
{
	struct cs_doctor doctor = { 0 };
	bool error = false;

	assert_int_equal(cs_doctor_gather(&tree->host, &doctor), 0);
	assert_int_equal(cs_doctor_examine(&doctor), 0);
	for (size_t i = 0; i < doctor.findings.n_findings; i++)
		error = error || doctor.findings.findings[i].severity == CS_SEVERITY_ERROR;
	cs_doctor_clear(&doctor);
	return error;
}

/* Kills an enable that writes less than the door needs (doctor finds it), and a disable that leaves a byte. */
static void test_each_door_and_back(void **state)
{
	struct tree *tree = *state;
	const struct cs_enable_door *door = NULL;

	healthy(tree);
	disconnect(tree);
	for (size_t i = 0; (door = cs_enable_door_at(i)) != NULL; i++) {
		struct machine before, connected, again, after;

		remember(tree, &before);
		assert_int_equal(say(tree, "enable", door->name), 0);
		assert_false(has_error(tree));
		remember(tree, &connected);
		assert_int_equal(say(tree, "enable", door->name), 0);
		remember(tree, &again);
		assert_same(door->name, &connected, &again);
		assert_int_equal(say(tree, "disable", door->name), 0);
		remember(tree, &after);
		assert_same(door->name, &before, &after);
		assert_int_equal(say(tree, "disable", door->name), 0);
		assert_clean(tree);
		forget(&before);
		forget(&connected);
		forget(&again);
		forget(&after);
	}
}

static bool finds(const struct tree *tree, const char *check, const char *file)
{
	struct cs_doctor doctor = { 0 };
	bool found = false;

	assert_int_equal(cs_doctor_gather(&tree->host, &doctor), 0);
	assert_int_equal(cs_doctor_examine(&doctor), 0);
	for (size_t i = 0; i < doctor.findings.n_findings; i++)
		found = found || (strcmp(doctor.findings.findings[i].check, check) == 0 &&
					 strcmp(doctor.findings.findings[i].file, file) == 0);
	cs_doctor_clear(&doctor);
	return found;
}

/* As authselect, or a package that puts its own file there, does. Kills a doctor that takes such a machine for one that was
 * never connected. */
static void test_a049_a_door_that_was_lost(void **state)
{
	struct tree *tree = *state;
	static const char *const lost[][2] = { { "sshd", SSHD }, { "sudo", SUDO }, { "sudo", CONF }, { "su", "/etc/pam.d/su" } };

	healthy(tree);
	disconnect(tree);
	for (size_t i = 0; i < CS_COUNT(lost); i++) {
		char *text = tree_read(tree, lost[i][1]);

		assert_int_equal(say(tree, "enable", lost[i][0]), 0);
		assert_false(finds(tree, "door-lost", lost[i][1]));
		tree_write(tree, lost[i][1], text);
		assert_true(finds(tree, "door-lost", lost[i][1]));
		assert_int_equal(say(tree, "enable", lost[i][0]), 0);
		assert_false(finds(tree, "door-lost", lost[i][1]));
		assert_int_equal(say(tree, "disable", lost[i][0]), 0);
		assert_false(finds(tree, "door-lost", lost[i][1]));
		free(text);
	}
}

/* Kills a disable that leaves what it cannot read: a link to itself, a folder, a file too large. */
static void test_what_cannot_be_read_makes_way(void **state)
{
	struct tree *tree = *state;
	char full[PATH_MAX];

	healthy(tree);
	disconnect(tree);
	for (int kind = 0; kind < 3; kind++) {
		struct machine before, after;
		struct stat st;

		remember(tree, &before);
		assert_int_equal(say(tree, "enable", "sshd"), 0);
		tree_path(tree, SSHD, full);
		if (kind < 2)
			assert_int_equal(unlink(full), 0);
		if (kind == 0)
			tree_link(tree, SSHD, SSHD);
		else if (kind == 1)
			assert_int_equal(mkdir(full, 0755), 0);
		else
			assert_int_equal(truncate(full, CS_HOST_FILE_MAX + 1), 0);
		assert_int_equal(say(tree, "disable", "sshd"), 0);
		remember(tree, &after);
		assert_same("disabled", &before, &after);
		assert_int_equal(cs_host_look_at(&tree->host, SSHD CS_ENABLE_DAMAGED, &st), 0);
		assert_int_equal(cs_host_remove(&tree->host, SSHD CS_ENABLE_DAMAGED), 0);
		forget(&before);
		forget(&after);
	}
}

/* The lines stand where doctor's page says: kills an account line behind common-account, where who has to change his
 * password passes. */
static void test_a002_the_account_line_comes_first(void **state)
{
	struct tree *tree = *state;
	struct cs_pam_stack stack = { 0 };

	healthy(tree);
	disconnect(tree);
	assert_int_equal(say(tree, "enable", "sshd"), 0);
	assert_int_equal(cs_pam_stack_read(&tree->host, "sshd", CS_PAM_ACCOUNT, &stack), 0);
	assert_int_equal(cs_doctor_module_of(&stack.lines.at[0]), CS_DOCTOR_ACCOUNT);
	cs_pam_stack_clear(&stack);
	assert_int_equal(cs_pam_stack_read(&tree->host, "sshd", CS_PAM_SESSION, &stack), 0);
	assert_int_equal(cs_doctor_module_of(&stack.lines.at[stack.lines.n - 1]), CS_DOCTOR_HOLD);
	cs_pam_stack_clear(&stack);
}

/* A file that was edited since keeps the edit: only our lines go. */
static void test_what_was_edited_since_stays(void **state)
{
	struct tree *tree = *state;

	healthy(tree);
	disconnect(tree);
	assert_int_equal(say(tree, "enable", "sudo"), 0);
	edit(tree, "/etc/pam.d/sudo", "", "session optional pam_exec.so /bin/true\n");
	assert_int_equal(say(tree, "disable", "sudo"), 0);
	assert_true(mentions(tree, "/etc/pam.d/sudo", "pam_exec.so /bin/true"));
	assert_no_lines(tree, "edited");
	assert_clean(tree);
}

/* Lines that were written by hand, also mistyped ones, go too. */
static void test_disable_without_a_record(void **state)
{
	struct tree *tree = *state;
	const struct cs_enable_door *door = NULL;

	healthy(tree);
	edit(tree, SUDO, "session required pam_countersign", "session requierd pam_countersign");
	for (size_t i = 0; (door = cs_enable_door_at(i)) != NULL; i++)
		assert_int_equal(say(tree, "disable", door->name), 0);
	assert_no_lines(tree, "by hand");
}

/* Whoever can write the record or the copy could have root write what he likes: neither is believed. */
static void test_a014_a_record_of_somebody_else_is_none(void **state)
{
	struct tree *tree = *state;

	healthy(tree);
	disconnect(tree);
	assert_int_equal(say(tree, "enable", "sudo"), 0);
	set_mode(tree, CS_ENABLE_FOLDER "/sudo", 0666);
	edit(tree, SUDO CS_ENABLE_KEPT, NULL, "session required pam_evil.so\n");
	assert_int_equal(say(tree, "disable", "sudo"), 0);
	assert_false(mentions(tree, SUDO, "evil"));
	assert_no_lines(tree, "record");

	assert_int_equal(say(tree, "enable", "su"), 0);
	edit(tree, "/etc/pam.d/su" CS_ENABLE_KEPT, NULL, "session required pam_evil.so\n");
	assert_int_equal(say(tree, "disable", "su"), 0);
	assert_false(mentions(tree, "/etc/pam.d/su", "evil"));
	assert_no_lines(tree, "copy");
}

/* login includes su, say: enabling su must not hold the console. Kills refuse_others. */
static void test_a010_the_console_is_not_connected_along(void **state)
{
	struct tree *tree = *state;
	struct machine before, after;

	healthy(tree);
	disconnect(tree);
	edit(tree, "/etc/pam.d/login", "", "@include su\n");
	remember(tree, &before);
	assert_int_equal(say(tree, "enable", "su"), CS_EXIT_NO);
	remember(tree, &after);
	assert_same("login", &before, &after);
	forget(&before);
	forget(&after);
}

/* A link stays one; what it leads to is edited. */
static void test_links_stay(void **state)
{
	struct tree *tree = *state;
	char full[PATH_MAX];
	struct stat st;

	healthy(tree);
	disconnect(tree);
	tree_path(tree, "/etc/pam.d/su", full);
	edit(tree, "/etc/authselect/su", NULL, "auth sufficient pam_rootok.so\naccount required pam_unix.so\nsession required pam_unix.so\n");
	assert_int_equal(unlink(full), 0);
	tree_link(tree, "/etc/pam.d/su", "/etc/authselect/su");
	assert_int_equal(say(tree, "enable", "su"), 0);
	assert_int_equal(cs_host_look_at(&tree->host, "/etc/pam.d/su", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_true(mentions(tree, "/etc/authselect/su", "pam_countersign_hold.so"));
	assert_int_equal(say(tree, "disable", "su"), 0);
	assert_false(mentions(tree, "/etc/authselect/su", "pam_countersign"));
}

/* --- Machines with a fault ------------------------------------------------------------------------------------------ */

static bool fits(const struct tree *tree, const struct fault *fault)
{
	struct stat st;

	if (fault->path == NULL)
		return false;
	if (fault->new == NULL || fault->old == NULL)
		return fault->new != NULL || cs_host_look_at(&tree->host, fault->path, &st) == 0;
	return fault->old[0] == '\0' ? cs_host_look(&tree->host, fault->path, &st) == 0 : mentions(tree, fault->path, fault->old);
}

/* Refused and nothing touched, or connected without an error and taken back to the byte; the console is what it was. */
static void enable_damaged(const struct tree *tree, const struct fault *fault, const struct cs_enable_door *door,
	size_t counts[2])
{
	struct machine before, between, after;
	int status = 0;

	remember(tree, &before);
	status = say(tree, "enable", door->name);
	remember(tree, &between);
	if (status != 0)
		assert_same(fault->name, &before, &between);
	else if (has_error(tree))
		fail_msg("%s: %s was connected with an error", fault->name, door->name);
	assert_true(same_file(&before.files[7], &between.files[7]));
	counts[status == 0]++;
	(void)say(tree, "disable", door->name);
	remember(tree, &after);
	if (fault->new == NULL || strstr(fault->new, "countersign") == NULL) /* a line of ours by hand goes, too */
		assert_same(fault->name, &before, &after);
	forget(&before);
	forget(&between);
	forget(&after);
}

static void test_damaged_then_enabled(void **state)
{
	const struct cs_enable_door *door = NULL;
	size_t counts[2] = { 0 }, machines = 0;
	(void)state;

	for (size_t i = 0; i < CS_COUNT(faults); i++) {
		struct tree *tree = NULL;

		assert_int_equal(tree_setup((void **)&tree), 0);
		healthy(tree);
		disconnect(tree);
		if (fits(tree, &faults[i])) {
			apply(tree, &faults[i]);
			machines++;
			for (size_t k = 0; (door = cs_enable_door_at(k)) != NULL; k++)
				enable_damaged(tree, &faults[i], door, counts);
		}
		assert_int_equal(tree_teardown((void **)&tree), 0);
	}
	print_message("%zu machines: refused %zu times, connected %zu times\n", machines, counts[0], counts[1]);
	assert_true(machines >= 40 && counts[0] > 0 && counts[1] > 0);
}

/* Undo is one command, whatever happened since; a damage of ours goes with our lines. */
static void test_enabled_then_damaged(void **state)
{
	const struct cs_enable_door *door = NULL;
	size_t machines = 0;
	(void)state;

	for (size_t i = 0; i < CS_COUNT(faults); i++) {
		struct tree *tree = NULL;

		assert_int_equal(tree_setup((void **)&tree), 0);
		healthy(tree);
		disconnect(tree);
		for (size_t k = 0; (door = cs_enable_door_at(k)) != NULL; k++)
			assert_int_equal(say(tree, "enable", door->name), 0);
		if (fits(tree, &faults[i])) {
			machines++;
			apply(tree, &faults[i]);
			for (size_t k = 0; (door = cs_enable_door_at(k)) != NULL; k++)
				if (say(tree, "disable", door->name) != 0)
					fail_msg("%s: %s cannot be disabled", faults[i].name, door->name);
			if (strcmp(faults[i].path, "/etc/pam.d/su-l") != 0 || strstr(faults[i].new, "pam_countersign") == NULL)
				assert_no_lines(tree, faults[i].name);
		}
		assert_int_equal(tree_teardown((void **)&tree), 0);
	}
	assert_true(machines >= 40);
}

/* --- Killed --------------------------------------------------------------------------------------------------------- */

/* true: it was killed. */
static bool killed_at(const struct tree *tree, const char *command, const char *door, int at)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		steps_left = at;
		_exit(say(tree, command, door));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status);
}

/* Each file is the old one or the new one. */
static void assert_whole(const struct machine *old, const struct machine *new, const struct machine *found, int at)
{
	for (size_t i = 0; i < CS_COUNT(watched); i++)
		if (!same_file(&found->files[i], &old->files[i]) && !same_file(&found->files[i], &new->files[i]))
			fail_msg("killed at step %d: %s is neither the old one nor the new one", at, watched[i]);
}

static void kill_everywhere(const struct tree *tree, const char *command, const struct machine *old,
	const struct machine *new, const char *prepare)
{
	int at = 0;
	bool killed = true;

	for (; killed; at++) {
		struct machine found, after;

		if (prepare != NULL)
			assert_int_equal(say(tree, prepare, "sudo"), 0);
		killed = killed_at(tree, command, "sudo", at);
		remember(tree, &found);
		assert_whole(old, new, &found, at);
		forget(&found);
		assert_int_equal(say(tree, "disable", "sudo"), 0);
		remember(tree, &after);
		assert_same("after it was killed", old, &after);
		forget(&after);
		assert_clean(tree);
	}
	print_message("%s: killed at %d steps\n", command, at - 1);
	assert_true(at > 15);
}

/* Kills a write in place, a rename without its record, and a disable that forgets before it restored. */
static void test_killed_at_every_step(void **state)
{
	struct tree *tree = *state;
	struct machine old, new;

	healthy(tree);
	disconnect(tree);
	remember(tree, &old);
	assert_int_equal(say(tree, "enable", "sudo"), 0);
	remember(tree, &new);
	assert_int_equal(say(tree, "disable", "sudo"), 0);
	kill_everywhere(tree, "enable", &old, &new, NULL);
	kill_everywhere(tree, "disable", &old, &new, "enable");
	forget(&old);
	forget(&new);
}

/* --- The difference ------------------------------------------------------------------------------------------------- */

static void test_unified(void **state)
{
	const struct cs_look look = { 0 };
	struct cs_buf out;
	(void)state;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	assert_int_equal(cs_put_unified(&out, &look, "/a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\033\n"), 0);
	cs_buf_put_u8(&out, 0);
	assert_string_equal((const char *)out.data, "--- /a\n+++ /a\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -6,4 +7,4 @@\n"
						    " 6\n 7\n 8\n-9\n+9\\x1B\n");
	cs_buf_clear(&out);
	assert_int_equal(cs_put_unified(&out, &look, "/a", "same\n", "same\n"), 0);
	assert_int_equal(out.len, 0);
	cs_buf_clear(&out);
}

#define WITH_TREE(TEST) cmocka_unit_test_setup_teardown(TEST, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(test_each_door_and_back),
		WITH_TREE(test_a049_a_door_that_was_lost),
		WITH_TREE(test_what_cannot_be_read_makes_way),
		WITH_TREE(test_a002_the_account_line_comes_first),
		WITH_TREE(test_what_was_edited_since_stays),
		WITH_TREE(test_disable_without_a_record),
		WITH_TREE(test_a014_a_record_of_somebody_else_is_none),
		WITH_TREE(test_a010_the_console_is_not_connected_along),
		WITH_TREE(test_links_stay),
		WITH_TREE(test_killed_at_every_step),
		cmocka_unit_test(test_unified),
		cmocka_unit_test(test_damaged_then_enabled),
		cmocka_unit_test(test_enabled_then_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
