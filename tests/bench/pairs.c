/* SPDX-License-Identifier: Apache-2.0 */
/* bench_pairs ROUNDS UID FILES COMMAND [ARG...] -- COMMAND [ARG...]
 *
 * Runs the two commands in turn, each as that uid, and prints the median of their ratios as one JSON object. FILES is a
 * list of paths with commas between, or "-": before each run every FILE becomes FILE.a or FILE.b. */
#include "stats.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_FILES 8

struct plan {
	size_t rounds;
	uid_t uid;
	char *files[MAX_FILES];
	size_t n_files;
	char **command[2];
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* FILE becomes another name of FILE.a or FILE.b, so that it is never absent. */
static void put_files(const struct plan *plan, char side)
{
	for (size_t i = 0; i < plan->n_files; i++) {
		char from[512], new[512];

		(void)snprintf(from, sizeof(from), "%s.%c", plan->files[i], side);
		(void)snprintf(new, sizeof(new), "%s.new", plan->files[i]);
		(void)unlink(new);
		if (link(from, new) < 0 || rename(new, plan->files[i]) < 0)
			die(from);
		(void)unlink(new); /* is still there where both were the same file already */
	}
}

static void become(uid_t uid)
{
	if (uid == 0)
		return;
	if (setgroups(0, NULL) < 0 || setresgid((gid_t)uid, (gid_t)uid, (gid_t)uid) < 0 || setresuid(uid, uid, uid) < 0)
		_exit(126);
}

static double run(const struct plan *plan, int side)
{
	uint64_t begin = 0;
	int status = 0;
	pid_t pid = 0;

	put_files(plan, side ? 'b' : 'a');
	begin = stats_now_ns();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		become(plan->uid);
		execv(plan->command[side][0], plan->command[side]);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	if (status != 0) {
		(void)fprintf(stderr, "%s %s: wait status %#x\n", side ? "second" : "first", plan->command[side][0], (unsigned)status);
		exit(1);
	}
	return (double)(stats_now_ns() - begin);
}

static int measure(const struct plan *plan)
{
	size_t n = plan->rounds;
	double *ratio = calloc(n, sizeof(*ratio)), *time[2] = {calloc(n, sizeof(double)), calloc(n, sizeof(double))};

	if (!ratio || !time[0] || !time[1])
		return 1;
	for (int i = 0; i < 6; i++)
		(void)run(plan, i % 2);
	for (size_t i = 0; i < n; i++) {
		int first = (int)(i % 2);

		time[first][i] = run(plan, first);
		time[!first][i] = run(plan, !first);
		ratio[i] = time[1][i] / time[0][i];
	}
	(void)printf("{\"ratio\": %.4f, \"a_ns\": %.0f, \"b_ns\": %.0f}\n", stats_median(ratio, n), stats_median(time[0], n),
		stats_median(time[1], n));
	free(ratio);
	free(time[0]);
	free(time[1]);
	return 0;
}

int main(int argc, char **argv)
{
	struct plan plan = {0};

	for (int i = 4; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0 || plan.command[1])
			continue;
		argv[i] = NULL;
		plan.command[0] = argv + 4;
		plan.command[1] = argv + i + 1;
	}
	if (!plan.command[1] || !plan.command[0][0] || !plan.command[1][0]) {
		(void)fputs("usage: bench_pairs ROUNDS UID FILES COMMAND [ARG...] -- COMMAND [ARG...]\n", stderr);
		return 2;
	}
	plan.rounds = strtoul(argv[1], NULL, 10);
	plan.uid = (uid_t)strtoul(argv[2], NULL, 10);
	for (char *file = strtok(argv[3], ","); file && strcmp(file, "-") != 0 && plan.n_files < MAX_FILES; file = strtok(NULL, ","))
		plan.files[plan.n_files++] = file;
	return plan.rounds ? measure(&plan) : 2;
}
