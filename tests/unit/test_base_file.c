/* SPDX-License-Identifier: Apache-2.0 */
/* Files that steer the program: whose they are, who may write them, what they hold. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <countersign/error.h>

#include "mem.h"

#define SOMEBODY 54321

struct place {
	char folder[64];
	char path[96];
	struct cs_problem problem;
	char *text;
	size_t len;
};

static int set_up(void **state)
{
	static struct place place;
	memset(&place, 0, sizeof(place));
	strcpy(place.folder, "/tmp/test_base_file.XXXXXX");
	if (mkdtemp(place.folder) == NULL)
		return -1;
	(void)snprintf(place.path, sizeof(place.path), "%s/file", place.folder);
	*state = &place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	cs_problem_clear(&place->problem);
	cs_free_str(&place->text);
	(void)unlink(place->path);
	return rmdir(place->folder);
}

static void write_file(const struct place *place, const char *text, size_t n, mode_t mode)
{
	(void)unlink(place->path); /* the one before may be read-only */
	int fd = open(place->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	cs_close(&fd);
}

static int read_file(struct place *place, enum cs_file_kind kind, size_t max)
{
	cs_problem_clear(&place->problem);
	return cs_file_read(place->path, geteuid(), kind, max, &place->text, &place->len, &place->problem);
}

static void test_base_file_is_read_whole(void **state)
{
	struct place *place = *state;

	write_file(place, "two\nlines\n", 10, 0644);
	assert_int_equal(read_file(place, CS_FILE_TEXT, 10), 0);
	assert_string_equal(place->text, "two\nlines\n");
	assert_int_equal(place->len, 10);
	assert_null(place->problem.text);
	cs_free_str(&place->text);
	write_file(place, "", 0, 0400);
	assert_int_equal(read_file(place, CS_FILE_SECRET, 0), 0);
	assert_string_equal(place->text, "");
}

static void test_base_file_modes(void **state)
{
	struct place *place = *state;
	static const struct {
		mode_t mode;
		int plain, secret;
	} cases[] = {
		{0644, 0, CS_EUNTRUSTED},
		{0640, 0, 0},
		{0600, 0, 0},
		{0400, 0, 0},
		{0664, CS_EUNTRUSTED, CS_EUNTRUSTED},
		{0620, CS_EUNTRUSTED, CS_EUNTRUSTED},
		{0602, CS_EUNTRUSTED, CS_EUNTRUSTED},
		{0666, CS_EUNTRUSTED, CS_EUNTRUSTED},
		{0641, 0, CS_EUNTRUSTED},
		{0604, 0, CS_EUNTRUSTED},
	};
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		write_file(place, "x", 1, cases[i].mode);
		assert_int_equal(read_file(place, CS_FILE_TEXT, 10), cases[i].plain);
		cs_free_str(&place->text);
		assert_int_equal(read_file(place, CS_FILE_SECRET, 10), cases[i].secret);
		assert_int_equal(place->text == NULL, cases[i].secret != 0);
		cs_free_str(&place->text);
	}
}

/* Keys are bytes; everything else is text. */
static void test_base_file_a_nul_only_among_keys(void **state)
{
	struct place *place = *state;
	write_file(place, "a\0b", 3, 0600);
	assert_int_equal(read_file(place, CS_FILE_TEXT, 10), CS_EPROTO);
	assert_int_equal(read_file(place, CS_FILE_SECRET, 10), CS_EPROTO);
	assert_int_equal(read_file(place, CS_FILE_KEYS, 10), 0);
	assert_int_equal(place->len, 3);
	assert_memory_equal(place->text, "a\0b", 4);
	cs_free_str(&place->text);
	write_file(place, "a", 1, 0644);
	assert_int_equal(read_file(place, CS_FILE_KEYS, 10), CS_EUNTRUSTED);
}

static void test_base_file_problem_says_path_finding_and_remedy(void **state)
{
	struct place *place = *state;

	write_file(place, "x", 1, 0664);
	assert_int_equal(read_file(place, CS_FILE_TEXT, 10), CS_EUNTRUSTED);
	char *text = cs_problem_text(&place->problem);
	assert_non_null(strstr(text, place->path));
	assert_non_null(strstr(text, "mode 0664"));
	assert_non_null(strstr(text, "chmod go-w "));
	cs_free_str(&text);
	write_file(place, "x", 1, 0644);
	assert_int_equal(read_file(place, CS_FILE_SECRET, 10), CS_EUNTRUSTED);
	assert_non_null(strstr(place->problem.text, "chmod o= "));
}

static void test_base_file_owner(void **state)
{
	struct place *place = *state;
	uid_t me = geteuid();

	write_file(place, "x", 1, 0644);
	if (me == 0)
		assert_int_equal(chown(place->path, SOMEBODY, 0), 0);
	/* Asked for by root: only root's own files are good enough. */
	assert_int_equal(cs_file_read(place->path, 0, 0, 10, &place->text, &place->len, &place->problem),
			 CS_EUNTRUSTED);
	assert_non_null(strstr(place->problem.text, "chown root"));
	assert_null(place->text);
	assert_int_equal(cs_file_read(place->path, me == 0 ? SOMEBODY : me, 0, 10, &place->text, &place->len, NULL), 0);
	cs_free_str(&place->text);
	assert_int_equal(cs_file_read(place->path, SOMEBODY + 1, 0, 10, &place->text, &place->len, NULL),
			 CS_EUNTRUSTED);
	/* What belongs to root is good for everybody. */
	assert_int_equal(cs_file_read("/etc/passwd", SOMEBODY, 0, 1 << 20, &place->text, &place->len, NULL), 0);
}

static void test_base_file_bound_is_exact(void **state)
{
	struct place *place = *state;

	write_file(place, "12345", 5, 0600);
	assert_int_equal(read_file(place, CS_FILE_TEXT, 4), CS_ETOOBIG);
	assert_null(place->text);
	assert_int_equal(read_file(place, CS_FILE_TEXT, 5), 0);
	cs_free_str(&place->text);
	assert_int_equal(read_file(place, CS_FILE_TEXT, SIZE_MAX), CS_ETOOBIG);
	/* A file that says it is empty and is not. */
	cs_problem_clear(&place->problem);
	assert_int_equal(cs_file_read("/proc/self/status", geteuid(), 0, 10, &place->text, &place->len, NULL),
			 CS_ETOOBIG);
}

static void test_base_file_nul_is_refused(void **state)
{
	struct place *place = *state;

	write_file(place, "a\0b", 3, 0600);
	assert_int_equal(read_file(place, CS_FILE_TEXT, 100), CS_EPROTO);
	write_file(place, "ab\0", 3, 0600);
	assert_int_equal(read_file(place, CS_FILE_TEXT, 100), CS_EPROTO);
	assert_null(place->text);
}

static void test_base_file_only_regular_files_are_read(void **state)
{
	struct place *place = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_int_equal(read_file(place, CS_FILE_TEXT, 10), CS_ENOENT);
	assert_int_equal(symlink("/etc/passwd", place->path), 0);
	assert_int_equal(read_file(place, CS_FILE_TEXT, 1 << 20), CS_EUNTRUSTED);
	assert_non_null(strstr(place->problem.text, "symbolic link"));
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(mkfifo(place->path, 0600), 0); /* must not wait for a writer */
	assert_int_equal(read_file(place, CS_FILE_TEXT, 10), CS_EUNTRUSTED);
	assert_int_equal(unlink(place->path), 0);

	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, place->path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(read_file(place, CS_FILE_TEXT, 10), CS_EIO);
	cs_close(&fd);
	cs_problem_clear(&place->problem);
	assert_int_equal(cs_file_read(place->folder, geteuid(), 0, 10, &place->text, &place->len, NULL), CS_EUNTRUSTED);
	assert_int_equal(cs_file_read("/dev/null", geteuid(), 0, 10, &place->text, &place->len, NULL), CS_EUNTRUSTED);
	assert_int_equal(cs_file_read("/etc/passwd/x", 0, 0, 10, &place->text, &place->len, NULL), CS_ENOENT);
	assert_null(place->text);
}

static void test_base_problem_first_one_stays(void **state)
{
	struct cs_problem problem = {0};
	char *text = NULL;
	(void)state;

	cs_problem_set(NULL, "f", 1, "nobody listens");
	cs_problem_set(&problem, "policy.conf", 12, "bad %s", "key");
	cs_problem_set(&problem, "policy.conf", 13, "another");
	text = cs_problem_text(&problem);
	assert_string_equal(text, "policy.conf:12: bad key");
	cs_free_str(&text);
	cs_problem_clear(&problem);
	cs_problem_set(&problem, "policy.conf", 0, "all of it");
	text = cs_problem_text(&problem);
	assert_string_equal(text, "policy.conf: all of it");
	cs_free_str(&text);
	cs_problem_clear(&problem);
	cs_problem_clear(&problem);
	cs_problem_clear(NULL);
	cs_problem_set(&problem, NULL, 3, "no file");
	text = cs_problem_text(&problem);
	assert_string_equal(text, "no file");
	cs_free_str(&text);
	cs_problem_clear(&problem);
}

/* Kills: a symlink that is followed unseen; its owner; a loop; ".." that is taken as it is written. The rest of the system is
 * root's, as it is for cs_path_sealed. */
static void test_base_a034_way_sealed(void **state)
{
	char folder[] = "/tmp/cs-way-XXXXXX", link[64], loop[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(link, sizeof(link), "%s/link", folder);
	(void)snprintf(loop, sizeof(loop), "%s/loop", folder);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(symlink(loop, loop), 0);
	assert_int_equal(cs_way_sealed("/etc/passwd"), 1);
	assert_int_equal(cs_way_sealed("/etc/../etc/./passwd"), 1);
	assert_int_equal(cs_way_sealed("/proc/self/../../etc/passwd"), 1);
	assert_int_equal(cs_path_sealed("/etc/passwd"), 1);
	assert_int_equal(cs_way_sealed(link), 0); /* though it leads to a file of root's */
	assert_int_not_equal(cs_way_sealed(loop), 1);
	assert_int_not_equal(cs_way_sealed("/etc/none"), 1);
	assert_int_not_equal(cs_way_sealed("etc/passwd"), 1);
	assert_int_not_equal(cs_way_sealed(""), 1);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(unlink(loop), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void test_base_path_sealed_of_the_system(void **state)
{
	(void)state;
	assert_int_equal(cs_path_sealed("/"), 1);
	assert_int_equal(cs_path_sealed("/etc"), 1);
	assert_int_equal(cs_path_sealed("/etc/passwd"), 1);
	assert_int_equal(cs_path_sealed("/tmp"), 0); /* sticky is not enough */
	assert_int_equal(cs_path_sealed("/etc/there-is-no-such-file"), CS_EIO);
	assert_int_equal(cs_path_sealed("/etc/mtab"), 0); /* a link */
	assert_int_equal(cs_path_sealed(""), 0);
	assert_int_equal(cs_path_sealed("etc/passwd"), 0);
	assert_int_equal(cs_path_sealed("/etc/../etc/passwd"), 0);
	assert_int_equal(cs_path_sealed("/etc/./passwd"), 0);
	assert_int_equal(cs_path_sealed("//etc/passwd"), 0);
}

/* As root, in a folder of root's own: each thing that would let somebody else change or replace the file. */
static void test_base_path_sealed_owner_and_mode(void **state)
{
	char folder[] = CS_BINARY_DIR "/test_base_file.XXXXXX", path[sizeof(folder) + 8];
	(void)state;

	if (geteuid() != 0 || cs_path_sealed(CS_BINARY_DIR) != 1 || mkdtemp(folder) == NULL)
		skip();
	(void)snprintf(path, sizeof(path), "%s/f", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_not_equal(fd, -1);
	assert_int_equal(cs_path_sealed(path), 1);
	assert_int_equal(fchmod(fd, 0664), 0);
	assert_int_equal(cs_path_sealed(path), 0);
	assert_int_equal(fchmod(fd, 0646), 0);
	assert_int_equal(cs_path_sealed(path), 0);
	assert_int_equal(fchmod(fd, 0755), 0);
	assert_int_equal(cs_path_sealed(path), 1);
	assert_int_equal(fchown(fd, SOMEBODY, 0), 0);
	assert_int_equal(cs_path_sealed(path), 0);
	assert_int_equal(fchown(fd, 0, SOMEBODY), 0);
	assert_int_equal(cs_path_sealed(path), 1); /* a group that may only read */
	assert_int_equal(chmod(folder, 0770), 0);  /* group root, and still not safe */
	assert_int_equal(cs_path_sealed(path), 0);
	assert_int_equal(chmod(folder, 01777), 0);
	assert_int_equal(cs_path_sealed(path), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(chown(folder, SOMEBODY, 0), 0);
	assert_int_equal(cs_path_sealed(path), 0);
	cs_close(&fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void test_base_close_keeps_errno(void **state)
{
	int fd = dup(STDERR_FILENO), none = -1, bad = 999999;
	(void)state;

	errno = 42;
	cs_close(&fd);
	cs_close(&none);
	cs_close(&bad);
	cs_close(NULL);
	assert_int_equal(errno, 42);
	assert_int_equal(fd, -1);
	assert_int_equal(bad, -1);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(test_base_file_is_read_whole),
		FILE_TEST(test_base_file_modes),
		FILE_TEST(test_base_file_a_nul_only_among_keys),
		FILE_TEST(test_base_file_problem_says_path_finding_and_remedy),
		FILE_TEST(test_base_file_owner),
		FILE_TEST(test_base_file_bound_is_exact),
		FILE_TEST(test_base_file_nul_is_refused),
		FILE_TEST(test_base_file_only_regular_files_are_read),
		cmocka_unit_test(test_base_problem_first_one_stays),
		cmocka_unit_test(test_base_a034_way_sealed),
		cmocka_unit_test(test_base_path_sealed_of_the_system),
		cmocka_unit_test(test_base_path_sealed_owner_and_mode),
		cmocka_unit_test(test_base_close_keeps_errno),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
