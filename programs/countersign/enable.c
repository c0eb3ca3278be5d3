/* SPDX-License-Identifier: Apache-2.0 */
/* countersign enable and disable: the order of things. */
#include "enabling.h"
#include "clock.h"
#include "file.h"
#include "mem.h"
#include "options.h"
#include "text.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WITHIN_MS 120000u
#define WITHIN_MAX_MS 3600000u

/* --- Doing it ------------------------------------------------------------------------------------------------------- */

static int take_back(const struct enabling *enabling, int status)
{
	int r = cs_enable_take_back(&enabling->host, enabling->door, false, NULL);

	enabling->result->outcome = r < 0 ? CS_ENABLE_HALF : CS_ENABLE_BACK;
	if (r < 0)
		return cs_enabling_fail(enabling, r, "not every file could be put back: run countersign disable with this door");
	(void)cs_fail(status, "every file is as it was", enabling->door->name, "");
	return status;
}

/* The record says from when on it waits. Another root folder has nobody to confirm it. */
static int settle(const struct enabling *enabling, struct cs_enable_record *record)
{
	record->state = enabling->host.live ? CS_ENABLE_WAITING : CS_ENABLE_DONE;
	record->until_ms = cs_boot_ms() + enabling->within_ms;
	return cs_enable_record_write(&enabling->host, enabling->door, record);
}

static const char front_needs[] =
	"\n    The front shows where sshd has KbdInteractiveAuthentication yes; see countersign doctor, and docs/ssh.md.";

/* Only where the first file changed. */
static const char *again(const struct enabling *enabling)
{
	return enabling->plan.n > 0 && strcmp(enabling->plan.edits[0].path, enabling->door->files[0].path) == 0 ? enabling->door->again
														  : "";
}

static int tell_waiting(const struct enabling *enabling)
{
	char span[16], *next = NULL;
	int status = 0;

	cs_span_text(enabling->within_ms, span);
	if (cs_format(&next, "log in anew, see that it works, and run: countersign enable --confirm\n"
			     "    Otherwise every file is put back in %s.%s%s%s",
		    span, again(enabling)[0] != '\0' ? "\n    " : "", again(enabling), enabling->front ? front_needs : "") < 0)
		return cs_enabling_fail(enabling, CS_ENOMEM, "");
	enabling->result->confirm_within_ms = enabling->within_ms;
	status = cs_enabling_tell_tried(enabling);
	if (status == 0)
		status = cs_enabling_tell(enabling, CS_ENABLE_WAITS, "connected, and waits for the confirmation", next);
	free(next);
	return status;
}

static const char *changed_meanwhile(int r)
{
	return r == CS_ECONFLICT ? "a file was changed by somebody else meanwhile: see --dry-run, and run it again" : "";
}

static int write_all(const struct enabling *enabling, struct cs_enable_record *record)
{
	int status = 0, waiter = -1, r = cs_enable_record_write(&enabling->host, enabling->door, record);

	if (r == 0 && enabling->host.live) {
		waiter = cs_enable_wait_start(&enabling->host, enabling->door, record->id);
		r = waiter < 0 ? waiter : 0;
	}
	if (r == 0)
		r = cs_enable_write(&enabling->host, &enabling->plan);
	status = r < 0 ? cs_enabling_fail(enabling, r, changed_meanwhile(r)) : 0;
	status = cs_enabling_step(enabling, "write", status, r < 0 ? cs_strerror(r) : NULL);
	if (status == 0)
		status = cs_enabling_try_after(enabling);
	if (status == 0 && (r = settle(enabling, record)) < 0)
		status = cs_enabling_fail(enabling, r, "");
	if (status != 0)
		status = take_back(enabling, status);
	cs_close(&waiter);
	return status;
}

static int enable_door(struct enabling *enabling)
{
	struct cs_enable_record record = { 0 };
	int status = cs_enabling_try_before(enabling), r = 0;

	if (status != 0)
		return status;
	r = cs_enable_record_of(&enabling->plan, enabling->within_ms, &record);
	status = r < 0 ? cs_enabling_fail(enabling, r, "") : write_all(enabling, &record);
	cs_clear(&cs_enable_record_shape, &record);
	if (status != 0)
		return status;
	return enabling->host.live ? tell_waiting(enabling) : cs_enabling_tell(enabling, CS_ENABLE_CONNECTED, "connected", "");
}

/* What an earlier run left: it may still wait; what was left half done, or is over, is taken back first. */
static int look_at_record(const struct enabling *enabling, bool *ret_waits)
{
	struct cs_enable_record record = { 0 };
	int r = cs_enable_record_read(&enabling->host, enabling->door, &record);
	bool waits = r == 0 && record.state == CS_ENABLE_WAITING && !cs_enable_is_over(&record);

	if (r == 0 && !waits && (record.state == CS_ENABLE_WRITING || record.state == CS_ENABLE_WAITING))
		r = cs_enable_take_back(&enabling->host, enabling->door, false, NULL);
	cs_clear(&cs_enable_record_shape, &record);
	*ret_waits = waits;
	return r;
}

/* The difference is all that there is to say. */
static int planned(const struct enabling *enabling)
{
	enabling->result->outcome = CS_ENABLE_PLANNED;
	return 0;
}

static int enable_one(struct enabling *enabling)
{
	const char *lacks = NULL;
	bool waits = false;
	int r = enabling->dry_run ? 0 : look_at_record(enabling, &waits), status = 0;

	if (r == 0 && waits)
		return cs_enabling_tell(enabling, CS_ENABLE_WAITS, "waits for the confirmation already", "countersign enable --confirm");
	if (r == 0)
		r = cs_enable_plan(&enabling->host, enabling->door, enabling->front, &enabling->plan, &lacks);
	if (r < 0)
		return cs_fail(r == CS_EPERM ? CS_EXIT_NOT_PERMITTED : cs_exit_of_error(r), cs_strerror(r),
			cs_text_or(lacks, enabling->door->name), "");
	status = cs_enabling_look(enabling);
	if (status == 0 && enabling->plan.n == 0)
		status = cs_enabling_tell(enabling, CS_ENABLE_ALREADY, "is connected already", "");
	else if (status == 0 && (status = cs_enabling_show(enabling)) == 0)
		status = enabling->dry_run ? planned(enabling) : enable_door(enabling);
	cs_enable_plan_clear(&enabling->plan);
	cs_free_str(&enabling->user);
	return status;
}

static int disable_one(struct enabling *enabling)
{
	bool changed = false;
	int status = 0, r = 0;

	if (enabling->dry_run) {
		r = cs_enable_plan_out(&enabling->host, enabling->door, &enabling->plan);
		status = r < 0 ? cs_enabling_fail(enabling, r, "") : cs_enabling_show(enabling);
		cs_enable_plan_clear(&enabling->plan);
		return status == 0 ? planned(enabling) : status;
	}
	r = cs_enable_take_back(&enabling->host, enabling->door, true, &changed);
	if (r < 0) {
		enabling->result->outcome = CS_ENABLE_HALF;
		return cs_enabling_fail(enabling, r, "what could be put back is; mend this and run it again");
	}
	return cs_enabling_tell(enabling, CS_ENABLE_OFF, "is not connected any more",
		changed ? "a file had been changed since: only our lines were taken out of it" : "");
}

/* --- Confirming and recovering -------------------------------------------------------------------------------------- */

static int confirm_one(struct enabling *enabling, bool *found)
{
	struct cs_enable_record record = { 0 };
	int r = cs_enable_record_read(&enabling->host, enabling->door, &record), status = 0;

	if (r == 0 && record.state == CS_ENABLE_WAITING && !cs_enable_is_over(&record)) {
		*found = true;
		record.state = CS_ENABLE_DONE;
		r = cs_enable_record_write(&enabling->host, enabling->door, &record);
		if (r == 0)
			status = cs_enabling_tell(enabling, CS_ENABLE_CONNECTED, "connected for good", "");
	}
	cs_clear(&cs_enable_record_shape, &record);
	return r < 0 ? cs_enabling_fail(enabling, r, "") : status;
}

static int recover_one(struct enabling *enabling, bool *found)
{
	bool waits = false;
	int r = look_at_record(enabling, &waits);

	*found = true;
	return r < 0 ? cs_enabling_fail(enabling, r, "run countersign disable with this door") : 0;
}

/* The door's place in what --json prints. */
static bool has_result(struct enabling *enabling)
{
	enabling->result = cs_enable_result_new(&enabling->results, enabling->door->name);
	return enabling->result != NULL;
}

static int each_door(struct enabling *enabling, int (*act)(struct enabling *enabling, bool *found), bool *ret_found)
{
	const struct cs_enable_door *only = enabling->door;
	int first = 0;

	for (size_t i = 0; (enabling->door = cs_enable_door_at(i)) != NULL; i++) {
		int status = 0;

		if (only != NULL && only != enabling->door)
			continue;
		status = has_result(enabling) ? act(enabling, ret_found) : cs_enabling_fail(enabling, CS_ENOMEM, "");
		first = first == 0 ? status : first;
	}
	return first;
}

/* --- The command line ----------------------------------------------------------------------------------------------- */

static int begin(struct enabling *enabling, const char *root)
{
	int r = cs_host_open(root, &enabling->host);

	if (r < 0)
		return cs_fail(cs_exit_of_error(r), cs_strerror(r), cs_text_or(root, "/"), "");
	if (enabling->host.live && geteuid() != 0)
		return cs_fail(CS_EXIT_NOT_PERMITTED, "only root may connect a door", "", "run it as root");
	if (enabling->dry_run)
		return 0;
	enabling->lock = cs_enable_lock(&enabling->host);
	if (enabling->lock < 0)
		return cs_fail(CS_EXIT_OUTPUT, cs_strerror(enabling->lock), CS_ENABLE_FOLDER, "");
	return 0;
}

/* What was done is printed also where it failed. */
static int end(struct enabling *enabling, int status)
{
	int printed = enabling->run->json && enabling->results.n_doors > 0 ? cs_enable_results_print(&enabling->results) : 0;

	cs_enable_results_clear(&enabling->results);
	if (enabling->lock >= 0)
		cs_close(&enabling->lock);
	cs_host_close(&enabling->host);
	return status != 0 ? status : printed;
}

static int read_door(struct enabling *enabling, char **args, size_t n)
{
	enabling->door = n > 0 ? cs_enable_door(args[0]) : NULL;
	if (n > 0 && enabling->door == NULL)
		return cs_fail(CS_EXIT_USAGE, "there is no such door", args[0], "one of sudo, sshd, su");
	return 0;
}

static int read_front(const struct enabling *enabling)
{
	if (enabling->front && (enabling->door == NULL || !enabling->door->front))
		return cs_fail(CS_EXIT_USAGE, "this door has no front", enabling->door != NULL ? enabling->door->name : "--front",
			"only sshd has one");
	return 0;
}

static int read_within(struct enabling *enabling, const char *within)
{
	if (within != NULL && (cs_parse_span(within, &enabling->within_ms) != 0 || enabling->within_ms > WITHIN_MAX_MS))
		return cs_fail(CS_EXIT_USAGE, "this is no time span of at most an hour", within, "write 120s or 10m");
	return 0;
}

int cs_run_enable(struct cs_run *run, char **args, size_t n)
{
	struct enabling enabling = { .run = run, .host = { .fd = -1 }, .within_ms = WITHIN_MS, .lock = -1 };
	const char *root = NULL, *within = NULL;
	bool confirm = false, recover = false, found = false;
	const struct cs_option options[] = { { "--dry-run", &enabling.dry_run, NULL, NULL }, { "--confirm", &confirm, NULL, NULL },
		{ "--recover", &recover, NULL, NULL }, { "--confirm-within", NULL, &within, NULL },
		{ "--front", &enabling.front, NULL, NULL }, { "--try-as", NULL, &enabling.wanted, NULL }, { "--root", NULL, &root, NULL } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 1, &n);

	if (status == 0)
		status = read_within(&enabling, within);
	if (status == 0)
		status = read_door(&enabling, args, n);
	if (status == 0)
		status = read_front(&enabling);
	if (status == 0 && enabling.door == NULL && !confirm && !recover)
		status = cs_fail(CS_EXIT_USAGE, "no door was named", "", "one of sudo, sshd, su");
	if (status == 0)
		status = begin(&enabling, root);
	if (status == 0 && confirm)
		status = each_door(&enabling, confirm_one, &found);
	else if (status == 0 && recover)
		status = each_door(&enabling, recover_one, &found);
	else if (status == 0)
		status = has_result(&enabling) ? enable_one(&enabling) : cs_enabling_fail(&enabling, CS_ENOMEM, "");
	if (status == 0 && confirm && !found)
		status = cs_fail(CS_EXIT_NO, "nothing waits for a confirmation", "",
			"its time may be over, and every file as it was: see countersign enable --dry-run");
	return end(&enabling, status);
}

int cs_run_disable(struct cs_run *run, char **args, size_t n)
{
	struct enabling enabling = { .run = run, .host = { .fd = -1 }, .lock = -1 };
	const char *root = NULL;
	const struct cs_option options[] = { { "--dry-run", &enabling.dry_run, NULL, NULL }, { "--root", NULL, &root, NULL } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 1, 1, &n);

	if (status == 0)
		status = read_door(&enabling, args, n);
	if (status == 0)
		status = begin(&enabling, root);
	if (status == 0)
		status = has_result(&enabling) ? disable_one(&enabling) : cs_enabling_fail(&enabling, CS_ENOMEM, "");
	return end(&enabling, status);
}
