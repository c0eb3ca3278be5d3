/* SPDX-License-Identifier: Apache-2.0 */
/* Submit, wait, claim. */
#include "hold.h"
#include "clock.h"
#include "file.h"
#include "mem.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_MS 10000u
#define SLICE_LEAST_MS 100u
#define FILES_MS 60000u /* how much longer an answer may take where files are hashed for it */
#define CANCEL_MS 500u
#define HOLD_DEFAULT_MS (UINT64_C(15) * 60 * 1000)
#define HOLD_MAX_MS (UINT64_C(24) * 60 * 60 * 1000)
#define HOLD_GRACE_MS (UINT64_C(60) * 1000) /* the daemon ends a hold; this ends one that it forgot */

/* A signal that arrives between two waits would be seen by its handler alone, and a Ctrl-C lost. So it is kept back
 * until the next wait, which it ends. */
static int keep_signals_back(struct cs_hold *hold)
{
	static const int numbers[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTERM, SIGHUP, SIGALRM, SIGCHLD };
	sigset_t back;

	sigemptyset(&back);
	for (size_t i = 0; i < CS_COUNT(numbers); i++)
		sigaddset(&back, numbers[i]);
	return pthread_sigmask(SIG_BLOCK, &back, &hold->outside) == 0 ? 0 : CS_EIO;
}

static void let_signals_come(const struct cs_hold *hold)
{
	(void)pthread_sigmask(SIG_SETMASK, &hold->outside, NULL);
}

static int open_file(const struct cs_hold *hold)
{
	return hold->ops->open_file != NULL ? hold->ops->open_file(hold->arg) : -1;
}

static int beside(const struct cs_hold *hold)
{
	return hold->ops->beside != NULL ? hold->ops->beside(hold->arg) : -1;
}

/* The reply to what was sent. The terminal is watched meanwhile: a person who left is not waited for. */
static int wait_reply(struct cs_hold *hold, uint64_t deadline, struct cs_decision *ret_decision)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = cs_client_fd(hold->client), .events = POLLIN },
			{ .fd = hold->watch_fd, .events = POLLRDHUP },
			{ .fd = beside(hold), .events = POLLIN },
		};
		uint64_t now = cs_boot_ms();
		struct timespec left = { 0 };
		int n = 0, r = 0;

		if (now >= deadline)
			return CS_ETIMEDOUT;
		left.tv_sec = (time_t)((deadline - now) / 1000);
		left.tv_nsec = (long)((deadline - now) % 1000) * 1000000;
		n = ppoll(fds, CS_COUNT(fds), &left, &hold->outside);
		if (n < 0)
			return errno == EINTR ? CS_EINTR : CS_EIO;
		if (fds[1].revents != 0) {
			hold->gone = true;
			return CS_EINTR;
		}
		if (fds[2].revents != 0)
			hold->ops->hear(hold->arg);
		if (fds[0].revents == 0)
			continue;
		r = cs_client_finish(hold->client, ret_decision, &hold->text);
		if (r != CS_EBUSY || hold->text != NULL)
			return r;
	}
}

/* Every call waits with the caller's own signal mask, so that a Ctrl-C ends it at once, also at a daemon that hangs. */
static int call(struct cs_hold *hold, enum cs_call_type type, const void *what, int fd, uint32_t within_ms,
	struct cs_decision *ret_decision)
{
	int r = 0;

	cs_free_str(&hold->text);
	r = cs_client_send(hold->client, type, what, fd);
	if (r < 0)
		return r;
	return wait_reply(hold, cs_boot_ms() + within_ms, ret_decision);
}

/* The operands that are marked, opened in their order. One that cannot be opened does not travel. */
static void open_operands(const struct cs_hold *hold, struct cs_fds *ret_fds)
{
	const struct cs_action *action = hold->action;

	for (size_t i = 0; i < action->n_operands; i++) {
		int fd = action->operands[i].file.present ? hold->ops->open_operand(hold->arg, &action->operands[i]) : -1;

		if (fd != -1 && (ret_fds->n >= CS_MAX_WANTED || cs_fds_add(ret_fds, fd) < 0))
			cs_close(&fd);
	}
}

/* The call with what is to run, and with these files behind it, all of which are closed then. */
static int call_with(struct cs_hold *hold, enum cs_call_type type, const void *what, int *fd, struct cs_fds *files,
	struct cs_decision *ret_decision)
{
	uint32_t within_ms = hold->timeout_ms + (files->n > 0 ? FILES_MS : 0);
	int r = cs_client_attach(hold->client, files);

	if (r == 0)
		r = call(hold, type, what, *fd, within_ms, ret_decision);
	cs_fds_close(files);
	cs_close(fd);
	return r;
}

/* What could not be opened is not said to come. */
static void unmark(struct cs_hold *hold)
{
	struct cs_action *action = hold->action;

	for (size_t i = 0; i < action->n_operands; i++) {
		struct cs_operand *operand = &action->operands[i];
		int fd = operand->file.present ? hold->ops->open_operand(hold->arg, operand) : -1;

		operand->file.present = fd != -1;
		cs_close(&fd);
	}
}

static int submit(struct cs_hold *hold, struct cs_decision *ret_decision)
{
	struct cs_fds files = { .n = 0 };
	int fd = open_file(hold);

	if (hold->ask != NULL)
		hold->ask->has_file = fd != -1;
	else
		hold->submit->has_file = fd != -1;
	open_operands(hold, &files);
	return hold->ask != NULL ? call_with(hold, CS_CALL_ASK, hold->ask, &fd, &files, ret_decision)
				 : call_with(hold, CS_CALL_SUBMIT, hold->submit, &fd, &files, ret_decision);
}

static int needs_files(const struct cs_decision *decision)
{
	return decision->verdict == CS_HOLD && decision->reason == CS_WHY_NEEDS_FILES;
}

/* Who asks names only what comes: where it lies is the kernel's word. */
static int name_files(const struct cs_action *action, struct cs_ask *ask)
{
	ask->files = calloc(CS_MAX_OPERANDS, sizeof(*ask->files));
	if (ask->files == NULL)
		return CS_ENOMEM;
	for (size_t i = 0; i < action->n_operands; i++) {
		const struct cs_operand *operand = &action->operands[i];
		const struct cs_wanted named = { .arg = operand->arg, .suffix = operand->suffix };

		if (!operand->file.present)
			continue;
		if (cs_copy(&cs_wanted_shape, &named, &ask->files[ask->n_files]) < 0)
			return CS_ENOMEM;
		ask->n_files++;
	}
	return 0;
}

static int submit_with_files(struct cs_hold *hold, struct cs_decision *decision)
{
	int r = hold->ops->want_files != NULL ? hold->ops->want_files(hold->arg, decision) : 0;

	if (r < 0)
		return r;
	unmark(hold);
	if (hold->ask != NULL)
		r = name_files(hold->action, hold->ask);
	if (r < 0)
		return r;
	*(hold->ask != NULL ? &hold->ask->opened : &hold->submit->opened) = true;
	cs_clear(&cs_decision_shape, decision);
	return submit(hold, decision);
}

static int needs_reason(const struct cs_decision *decision)
{
	return decision->verdict == CS_HOLD && decision->reason == CS_WHY_NEEDS_REASON;
}

static int submit_with_reason(struct cs_hold *hold, struct cs_decision *decision)
{
	char **given = hold->ask != NULL ? &hold->ask->reason : &hold->submit->reason;
	char *reason = NULL;
	int r = 0;

	let_signals_come(hold);
	r = hold->ops->ask_reason(hold->arg, &reason);
	if (r == 0 && keep_signals_back(hold) < 0) {
		cs_free_str(&reason);
		r = CS_EIO;
	}
	if (r < 0)
		return r;
	cs_free_str(given);
	*given = reason;
	cs_clear(&cs_decision_shape, decision);
	return submit(hold, decision);
}

static int claim(struct cs_hold *hold, struct cs_decision *ret_decision)
{
	struct cs_fds files = { .n = 0 };
	struct cs_claim what = { 0 };
	int fd = open_file(hold);
	int r = 0;

	open_operands(hold, &files);

	memcpy(what.id, hold->first.id, CS_ID_LEN);
	memcpy(what.secret, hold->first.secret, CS_ID_LEN);
	what.has_file = fd != -1;
	what.files = (uint32_t)files.n;
	r = call_with(hold, CS_CALL_CLAIM, &what, &fd, &files, ret_decision);
	explicit_bzero(&what, sizeof(what));
	return r;
}

/* Approved, and only to be used later. */
static int is_cooling(const struct cs_decision *now)
{
	return now->verdict == CS_HOLD && now->state == CS_APPROVED && now->reason == CS_WHY_COOLING;
}

/* Nothing changes when the time to use it comes, so the wait ends then by itself. */
static uint32_t slice_of(const struct cs_decision *now)
{
	if (!is_cooling(now) || now->remaining_ms >= SLICE_MS)
		return SLICE_MS;
	return now->remaining_ms > SLICE_LEAST_MS ? (uint32_t)now->remaining_ms : SLICE_LEAST_MS;
}

static int wait_once(struct cs_hold *hold, const struct cs_decision *now, struct cs_decision *ret_decision)
{
	struct cs_wait what = { .seen = now->version, .wait_ms = slice_of(now) };
	int r = 0;

	memcpy(what.id, hold->first.id, CS_ID_LEN);
	memcpy(what.secret, hold->first.secret, CS_ID_LEN);
	r = call(hold, CS_CALL_WAIT, &what, -1, SLICE_MS + hold->timeout_ms, ret_decision);
	explicit_bzero(&what, sizeof(what));
	return r;
}

static int tell(struct cs_hold *hold, const struct cs_decision *before, const struct cs_decision *now)
{
	int r = hold->ops->tell(hold->arg, before, now);

	if (r < 0)
		hold->gone = true;
	return r;
}

static int still_waits(const struct cs_decision *now)
{
	return is_cooling(now) ||
	       (now->verdict == CS_HOLD && now->state == CS_PENDING && now->reason != CS_WHY_PARKED);
}

static uint64_t hold_limit(const struct cs_decision *first)
{
	uint64_t ms = first->hold_ms != 0 ? first->hold_ms : HOLD_DEFAULT_MS;

	return cs_boot_ms() + (ms < HOLD_MAX_MS ? ms : HOLD_MAX_MS) + HOLD_GRACE_MS;
}

/* From one state to the next, until there is nothing to wait for. *now is replaced by the last reply. */
static int wait_while_held(struct cs_hold *hold, uint64_t limit, struct cs_decision *now)
{
	int r = 0;

	while (r >= 0 && still_waits(now)) {
		struct cs_decision next = { 0 };

		if (cs_boot_ms() >= limit)
			return CS_ETIMEDOUT;
		r = wait_once(hold, now, &next);
		if (r < 0)
			return r;
		r = tell(hold, now, &next);
		cs_clear(&cs_decision_shape, now);
		*now = next;
	}
	return r;
}

/* A reply to a wait opens nothing, whatever it says: an approval is used by a claim. The claim may say that it waits
 * again: a vote was taken back, or it is too early by a policy of now. */
static int use_approval(struct cs_hold *hold, struct cs_decision *now)
{
	struct cs_decision used = { 0 };
	int r = 0;

	if (now->verdict != CS_HOLD || now->state != CS_APPROVED) {
		if (now->verdict == CS_PERMIT)
			return CS_EPROTO;
		return 0;
	}
	r = claim(hold, &used);
	if (r == 0 && still_waits(&used))
		r = tell(hold, now, &used);
	cs_clear(&cs_decision_shape, now);
	*now = used;
	return r;
}

static int run(struct cs_hold *hold, struct cs_decision *now)
{
	bool ahead = hold->ask != NULL ? hold->ask->ahead : hold->submit->ahead;
	uint64_t limit = 0;
	int r = submit(hold, now);

	if (r == 0 && needs_files(now))
		r = submit_with_files(hold, now);
	if (r == 0 && needs_reason(now))
		r = submit_with_reason(hold, now);
	/* What is asked for ahead is never waited for and never used. */
	if (r < 0 || now->verdict != CS_HOLD || needs_reason(now) || needs_files(now) || ahead)
		return r;
	r = cs_copy(&cs_decision_shape, now, &hold->first);
	limit = hold_limit(&hold->first);
	if (r == 0)
		r = tell(hold, NULL, now);
	do {
		if (r >= 0)
			r = wait_while_held(hold, limit, now);
		if (r >= 0)
			r = use_approval(hold, now);
	} while (r >= 0 && still_waits(now));
	return r;
}

int cs_hold_run(struct cs_hold *hold, struct cs_decision *ret_decision)
{
	struct cs_decision now = { 0 };
	int r = keep_signals_back(hold);

	if (r < 0)
		return r;
	r = run(hold, &now);
	let_signals_come(hold);
	if (r < 0) {
		cs_clear(&cs_decision_shape, &now);
		return r;
	}
	if (now.verdict != CS_PERMIT)
		now.verdict = CS_DENY;
	*ret_decision = now;
	return 0;
}

int cs_hold_cancel(const struct cs_hold *hold, const struct cs_client_options *options,
	struct cs_decision *ret_decision)
{
	struct cs_client_options quick = *options;
	/* On people.sock a number stands for the request, whoever waits; who waits is told by id and secret alone. */
	struct cs_cancel what = { .number = hold->ask == NULL ? hold->first.number : 0 };
	struct cs_client *client = NULL;
	int r = hold->first.number != 0 ? 0 : CS_ENOENT;

	memcpy(what.id, hold->first.id, CS_ID_LEN);
	memcpy(what.secret, hold->first.secret, CS_ID_LEN);
	quick.connect_ms = CANCEL_MS;
	/* Where this fails the daemon sees the connection close and parks the request; it runs nothing by itself. */
	if (r == 0)
		r = cs_client_open(&quick, &client, NULL);
	if (r == 0)
		r = cs_client_call(client, CS_CALL_CANCEL, &what, -1, CANCEL_MS, ret_decision, NULL);
	explicit_bzero(&what, sizeof(what));
	cs_client_close(&client);
	return r;
}

int cs_asked_ahead(const struct cs_decision *decision)
{
	static const enum cs_reason reasons[] = { CS_WHY_NOT_WAITING, CS_WHY_COOLING, CS_WHY_NEEDS_APPROVAL,
		CS_WHY_APPROVED };

	for (size_t i = 0; i < CS_COUNT(reasons); i++)
		if (reasons[i] == decision->reason)
			return 1;
	return 0;
}

int cs_could_not_ask(int error)
{
	static const int errors[] = { CS_EUNAVAIL, CS_ETIMEDOUT, CS_EUNTRUSTED, CS_EPROTO, CS_EVERSION, CS_EIO,
		CS_EBUSY };

	for (size_t i = 0; i < CS_COUNT(errors); i++)
		if (errors[i] == error)
			return 1;
	return 0;
}

int cs_could_not_record(const struct cs_decision *decision)
{
	return decision->verdict == CS_DENY && decision->reason == CS_WHY_STORE;
}

void cs_hold_clear(struct cs_hold *hold)
{
	explicit_bzero(hold->first.secret, sizeof(hold->first.secret));
	cs_clear(&cs_decision_shape, &hold->first);
	cs_free_str(&hold->text);
}
