/* SPDX-License-Identifier: Apache-2.0 */
/* delete-project [--for UID] NAME REASON: deletes a project once others have agreed to it.
 *
 * The folders of the projects, and the one they lie in, may be written by the group "projects", of which nobody is a
 * member, and this program runs with that group (mode 2755). So nobody deletes a project but through it, and it asks
 * first. Who asks is whoever runs it: the kernel tells countersignd the uid, which a program with a group of its own does
 * not change.
 *
 * A service that runs as root, and to which people log in in a way of its own, gives it the uid of the one whom it serves.
 * countersignd takes that from root alone.
 *
 * cc -o delete-project delete_project.c -lcountersign */
#define _GNU_SOURCE
#include <countersign/client.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROJECTS "/srv/projects" /* and what is deleted goes to .deleted in it, from where root takes it away */
#define WAIT_MS  30000

static volatile sig_atomic_t interrupted;

static void note(int number)
{
	interrupted = number;
}

/* Every way to be asked for a project leads here once: letters, digits, '-', and nothing that could be a path. */
static int is_name(const char *name)
{
	return name[0] != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static int failed(const char *what, int error)
{
	fprintf(stderr, "delete-project: %s: %s; nothing was deleted\n", what, cs_strerror(error));
	return 3;
}

static int denied(const struct cs_app_answer *answer)
{
	fprintf(stderr, "delete-project: %s [%s]; nothing was deleted\n", answer->text, cs_reason_name(answer->reason));
	return 1;
}

/* From the question to the permit: 0, or the exit status. Ctrl-C ends a wait with CS_EINTR; the connection is of no more use
 * then, and the request stays open for the next who asks the same. */
static int wait_for_others(struct cs_app_request *request, struct cs_app_answer *answer)
{
	while (answer->verdict == CS_HOLD) {
		int approved = answer->state == CS_APPROVED && answer->reason != CS_WHY_COOLING;
		int r = approved ? cs_app_claim(request, answer) : cs_app_wait(request, WAIT_MS, answer);

		if (r == CS_EINTR && interrupted)
			fprintf(stderr, "delete-project: not waiting any more; run it again when it is approved\n");
		if (r < 0)
			return failed("asking", r);
	}
	return answer->verdict == CS_PERMIT ? 0 : denied(answer);
}

/* A number and nothing else; the largest one is no user. */
static int read_uid(const char *word, uid_t *uid)
{
	char *end = NULL;
	unsigned long number = strtoul(word, &end, 10);

	if (word[0] < '0' || word[0] > '9' || *end != '\0' || number >= UINT32_MAX)
		return -1;
	*uid = (uid_t)number;
	return 0;
}

static int delete_project(const char *name)
{
	int folder = open(PROJECTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int deleted = folder >= 0 ? openat(folder, ".deleted", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (deleted < 0 || renameat2(folder, name, deleted, name, RENAME_NOREPLACE) != 0) {
		perror("delete-project: " PROJECTS);
		return 4;
	}
	printf("project %s is deleted\n", name);
	return 0;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = note };
	struct cs_app_request *request = NULL;
	struct cs_app_answer answer;
	int serves = argc == 5 && strcmp(argv[1], "--for") == 0;
	char **words = serves ? argv + 3 : argv + 1;
	uid_t user = 0;
	int status = 0, r = 0;

	if ((argc != 3 && !serves) || !is_name(words[0]) || (serves && read_uid(argv[2], &user) < 0)) {
		fprintf(stderr, "usage: delete-project [--for UID] NAME REASON\n");
		return 2;
	}
	const char *arguments[] = { words[0] };
	const struct cs_app_action delete = { .service = "app-projects", .gate = "delete-project", .command = "delete",
		.arguments = arguments, .n_arguments = 1, .reason = words[1], .user = serves ? &user : NULL };

	sigaction(SIGINT, &action, NULL);
	r = cs_app_submit(NULL, &delete, &request, &answer);
	if (r < 0)
		return failed("asking", r);
	if (answer.verdict == CS_HOLD)
		fprintf(stderr, "delete-project: request %llu waits for others; its check code is %s\n",
			(unsigned long long)answer.number, answer.check_code);
	status = wait_for_others(request, &answer);
	cs_app_close(&request);
	return status == 0 ? delete_project(words[0]) : status;
}
