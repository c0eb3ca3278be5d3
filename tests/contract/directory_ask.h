/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a directory from a test: opens one from configuration text, runs its loop until the answer is there. */
#ifndef CS_TEST_DIRECTORY_ASK_H
#define CS_TEST_DIRECTORY_ASK_H

#include "clock.h"
#include "conf.h"
#include "directory.h"
#include "mem.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPEN_ENDED 15000 /* ms after which a loop that waits for an answer gives up */

static struct cs_directory *open_text(const char *text, struct cs_problem *problem)
{
	static const struct cs_conf_option options[] = {
		{ "directory", CS_CONF_SECTION, true, cs_directory_options },
		{ NULL, CS_CONF_STR, false, NULL },
	};
	struct cs_conf *conf = NULL;
	struct cs_directory *directory = NULL;
	if (cs_conf_parse(text, "test.conf", options, &conf, problem) != 0)
		return NULL;
	(void)cs_directory_open(cs_conf_section(cs_conf_top(conf), "directory", 0), geteuid(), &directory, problem);
	cs_conf_free(&conf);
	return directory;
}

/* One turn of a loop, at most so long. */
static void turn(struct cs_directory *directory, int most_ms)
{
	struct pollfd fd = { .fd = cs_directory_fd(directory), .events = POLLIN };
	if (cs_directory_wants_write(directory))
		fd.events |= POLLOUT;
	uint64_t now = cs_boot_ms();
	uint64_t next = cs_directory_next_ms(directory);
	int wait = next == 0 || next > now + (uint64_t)most_ms ? most_ms : next <= now ? 0 : (int)(next - now);
	(void)poll(&fd, 1, wait);
	cs_directory_serve(directory);
}

struct heard {
	unsigned times;
	struct cs_answer answer;
};

static void hear(void *arg, const struct cs_answer *answer)
{
	struct heard *heard = arg;
	if (heard->times++ == 0 && cs_copy(&cs_answer_shape, answer, &heard->answer) != 0)
		abort();
}

static void wait_for(struct cs_directory *directory, const struct heard *heard)
{
	uint64_t end = cs_boot_ms() + OPEN_ENDED;
	while (heard->times == 0 && cs_boot_ms() < end)
		turn(directory, 1000);
}

/* Asks and waits; the caller clears with cs_clear(&cs_answer_shape). n_facts 0 when nothing was heard exactly once. */
static struct cs_answer ask(struct cs_directory *directory, const struct cs_question *question)
{
	struct heard heard = { 0 };
	if (cs_directory_ask(directory, question, NULL, hear, &heard) != 0)
		return heard.answer;
	wait_for(directory, &heard);
	if (heard.times != 1)
		cs_clear(&cs_answer_shape, &heard.answer);
	return heard.answer;
}

/* The facts of one person with these queries. */
static struct cs_answer ask_one(struct cs_directory *directory, uint32_t uid, const char *name,
	struct cs_group_query *queries, size_t n)
{
	char *copy = cs_dup(name);
	struct cs_subject subject = { .uid = uid, .login_uid = CS_NO_UID, .name = copy };
	const struct cs_question question = {.subjects = &subject, .n_subjects = 1, .queries = queries, .n_queries = n};
	struct cs_answer answer = ask(directory, &question);
	free(copy);
	return answer;
}

static inline enum cs_known known(struct cs_directory *directory, uint32_t uid, const char *name)
{
	struct cs_answer answer = ask_one(directory, uid, name, NULL, 0);
	enum cs_known result = answer.n_facts == 1 ? answer.facts[0].known : (enum cs_known)99;
	if (result == CS_KNOWN_DOUBT && (answer.facts[0].doubt == NULL || *answer.facts[0].doubt == '\0'))
		result = (enum cs_known)98; /* doubt has to say why */
	if (result == CS_KNOWN_DOUBT && getenv("CS_TEST_DOUBTS") != NULL)
		(void)fprintf(stderr, "doubt: %s\n", answer.facts[0].doubt);
	cs_clear(&cs_answer_shape, &answer);
	return result;
}

#endif
