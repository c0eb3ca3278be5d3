/* SPDX-License-Identifier: Apache-2.0 */
/* countersign watch, while it runs: what passes over its terminal, made harmless (screen_text.h), and two keys. */
#include "watch_screen.h"
#include "client.h"
#include "clock.h"
#include "mem.h"
#include "print.h"
#include "screen_text.h"
#include "text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { WAIT_MS = 10000, AGAIN_MS = 1000, SOON_MS = 100, KEY_END = 5 /* Ctrl-E */ };

struct looking {
	struct cs_run *run;
	struct cs_screen call;
	struct cs_screen_text text;
	bool keys;    /* standard input is a terminal, whose keys are read one by one */
	bool asked;   /* whether to end it */
	bool begun;
	bool told;    /* that the daemon does not answer was said */
	bool over, left;
	struct termios before;
	struct sigaction before_int, before_term, before_hup;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* --- The person's terminal ------------------------------------------------------------------------------------------- */

static void take_terminal(struct looking *look)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct termios keys;

	interrupted = 0;
	(void)sigaction(SIGINT, &action, &look->before_int);
	(void)sigaction(SIGTERM, &action, &look->before_term);
	(void)sigaction(SIGHUP, &action, &look->before_hup);
	look->text.plain = isatty(STDOUT_FILENO) != 1;
	look->keys = !look->text.plain && !look->run->json && isatty(STDIN_FILENO) == 1 &&
		tcgetattr(STDIN_FILENO, &look->before) == 0;
	if (!look->keys)
		return;
	keys = look->before;
	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &keys);
}

static void give_terminal_back(struct looking *look)
{
	if (look->keys)
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &look->before); /* what was typed is for nobody else */
	(void)sigaction(SIGINT, &look->before_int, NULL);
	(void)sigaction(SIGTERM, &look->before_term, NULL);
	(void)sigaction(SIGHUP, &look->before_hup, NULL);
}

/* A line beside what is shown; where that is a file or a pipe it is none of it. */
static void say(const struct looking *look, const char *text)
{
	char *shown = cs_escaped(text);

	if (shown != NULL)
		fprintf(stderr, "%scountersign: request %llu: %s\n", look->keys ? "\r\n" : "",
			(unsigned long long)look->call.number, shown);
	cs_free_str(&shown);
}

/* --- Keys ------------------------------------------------------------------------------------------------------------ */

static void end_it(struct looking *look)
{
	static char why[] = "who looks on";
	struct cs_run other = *look->run;
	struct cs_end call = { .number = look->call.number, .reason = why };
	struct cs_decision decision = { 0 };
	char *text = NULL;
	int r = 0;

	other.client = NULL; /* the other connection waits for what is shown next */
	r = cs_ask_quietly(&other, CS_CALL_END, &call, &decision, &text);
	if (r < 0)
		say(look, cs_text_or(text, cs_strerror(r)));
	else
		say(look, cs_text_or(decision.text, cs_reason_text(decision.reason)));
	cs_free_str(&text);
	cs_clear(&cs_decision_shape, &decision);
	cs_hang_up(&other);
}

static void key(struct looking *look, char typed)
{
	bool asked = look->asked;

	look->asked = false;
	if (asked && typed == 'y')
		end_it(look);
	else if (asked)
		say(look, "it goes on");
	else if (typed == 'q')
		look->left = true;
	else if (typed == KEY_END) {
		say(look, "end it? y ends it, any other key does not");
		look->asked = true;
	}
}

/* Waits for a key, or that fd (-1: none) can be read. 0. */
static void wait_for_any(struct looking *look, int fd, int ms)
{
	struct pollfd polled[] = { { .fd = fd, .events = POLLIN }, { .fd = look->keys ? STDIN_FILENO : -1, .events = POLLIN } };
	char typed = 0;

	(void)poll(polled, CS_COUNT(polled), ms);
	if (polled[1].revents == 0)
		return;
	if (read(STDIN_FILENO, &typed, 1) == 1)
		key(look, typed);
	else
		look->left = true;
}

static bool goes_on(const struct looking *look)
{
	return !look->over && !look->left && !interrupted;
}

/* --- What is shown --------------------------------------------------------------------------------------------------- */

static void tell_gap(const struct looking *look, uint64_t bytes)
{
	char *text = NULL;

	if (cs_format(&text, "%llu bytes were left out here", (unsigned long long)bytes) == 0)
		say(look, text);
	cs_free_str(&text);
}

static void tell_end(const struct looking *look, const struct cs_screen_answer *answer)
{
	if (answer->over)
		say(look, cs_text_or(answer->text, "it is over"));
}

static int show(struct looking *look, const struct cs_screen_answer *answer)
{
	struct cs_buf out;
	int status = 0;

	look->over = answer->over;
	if (look->run->json)
		return answer->n_bytes > 0 || answer->over || !look->begun ? cs_print_json_line(&cs_screen_answer_shape, answer) : 0;
	if (look->begun && answer->from > look->call.from)
		tell_gap(look, answer->from - look->call.from);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_screen_text_put(&look->text, answer->bytes, answer->n_bytes, &out);
	if (answer->over)
		cs_screen_text_end(&look->text, &out);
	status = cs_print(&out);
	tell_end(look, answer);
	return status;
}

static int take(struct looking *look, const struct cs_screen_answer *answer)
{
	int status = show(look, answer);

	look->call.from = answer->from + answer->n_bytes;
	look->call.session = answer->session;
	look->call.wait_ms = WAIT_MS;
	look->begun = true;
	return status;
}

/* One long poll, with an eye on the keys. */
static int ask_on(struct looking *look, struct cs_screen_answer *ret_answer, char **ret_text)
{
	int r = cs_client_send(look->run->client, CS_CALL_SCREEN, &look->call, -1);

	if (r < 0)
		return r;
	do {
		wait_for_any(look, cs_client_fd(look->run->client), WAIT_MS + AGAIN_MS);
		r = cs_client_finish(look->run->client, ret_answer, ret_text);
	} while (r == CS_EBUSY && *ret_text == NULL && goes_on(look));
	return r;
}

static bool passes(const struct looking *look, int error)
{
	return look->begun && (error == CS_EUNAVAIL || error == CS_ETIMEDOUT || error == CS_EPROTO || error == CS_EINTR ||
		error == CS_EIO);
}

/* A daemon that is started again is waited for. 0; or the exit status, told. */
static int lost(struct looking *look, int error, const char *text)
{
	if (!passes(look, error))
		return cs_fail_call(error, text, "watch");
	if (!look->told)
		say(look, "countersignd does not answer; it is asked again");
	look->told = true;
	look->call.from = look->call.session = 0; /* it counts from the beginning */
	look->call.wait_ms = 0;
	cs_hang_up(look->run);
	wait_for_any(look, -1, AGAIN_MS);
	return 0;
}

static int look_once(struct looking *look)
{
	struct cs_screen_answer answer = { 0 };
	char *text = NULL;
	int status = 0;
	int r = look->run->client != NULL && look->begun ? ask_on(look, &answer, &text)
		: cs_ask_quietly(look->run, CS_CALL_SCREEN, &look->call, &answer, &text);

	if (r == 0)
		status = take(look, &answer);
	else if (r == CS_ENOENT && look->told && look->begun) /* whoever attends to it comes back to a new daemon soon */
		wait_for_any(look, -1, AGAIN_MS);
	else if (goes_on(look))
		status = lost(look, r, text);
	if (r == 0)
		look->told = false;
	cs_free_str(&text);
	cs_clear(&cs_screen_answer_shape, &answer);
	return status;
}

/* --- The whole ------------------------------------------------------------------------------------------------------- */

static void tell_what(const struct looking *look, const struct cs_show_answer *request)
{
	char *line = look->run->json ? NULL : cs_action_line(&request->request.action);
	char *text = NULL;

	if (look->run->json)
		return;
	if (line != NULL && cs_format(&text, "%s runs %s", cs_text_or(request->request.requester.name, "somebody"), line) == 0)
		say(look, text);
	if (look->keys)
		fputs("countersign: q leaves, Ctrl-E ends it; what is typed there is not shown\n", stderr);
	cs_free_str(&line);
	cs_free_str(&text);
}

/* Whether anything runs: 1, 0. *ret_status: of an error that was told. */
static int begins(struct looking *look, uint64_t until_ms, int *ret_status)
{
	for (;;) {
		struct cs_screen_answer answer = { 0 };
		char *text = NULL;
		int r = cs_ask_quietly(look->run, CS_CALL_SCREEN, &look->call, &answer, &text);

		if (r == 0) {
			look->call.session = answer.session;
			look->call.from = answer.from;
		} else if (r != CS_ENOENT) {
			*ret_status = cs_fail_call(r, text, "watch");
		}
		cs_free_str(&text);
		cs_clear(&cs_screen_answer_shape, &answer);
		if (r != CS_ENOENT || cs_boot_ms() >= until_ms)
			return r == 0;
		(void)poll(NULL, 0, SOON_MS);
	}
}

int cs_watch_screen(struct cs_run *run, const struct cs_show_answer *request, uint64_t until_ms, bool *ret_shown)
{
	struct looking look = { .run = run, .call = { .number = request->decision.number } };
	struct cs_buf out;
	int status = 0;

	*ret_shown = begins(&look, until_ms, &status) == 1;
	if (!*ret_shown)
		return status;
	take_terminal(&look);
	tell_what(&look, request);
	while (status == 0 && goes_on(&look))
		status = look_once(&look);
	if (!look.over && !run->json) {
		cs_buf_init(&out, CS_OUTPUT_MAX);
		cs_screen_text_end(&look.text, &out);
		(void)cs_print(&out);
	}
	if (status == 0 && !look.over)
		say(&look, "you look on no more; it goes on, unless somebody has to");
	give_terminal_back(&look);
	cs_hang_up(run);
	return status;
}
