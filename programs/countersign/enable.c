/* SPDX-License-Identifier: Apache-2.0 */
/* countersign enable and disable: the order of things. */
#include "enable.h"
#include "clock.h"
#include "file.h"
#include "mem.h"
#include "options.h"
#include "print.h"
#include "text.h"
#include "unified.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WITHIN_MS 120000u
#define WITHIN_MAX_MS 3600000u

struct enabling {
	struct cs_run *run;
	struct cs_host host;
	const struct cs_enable_door *door;
	const char *user; /* who tries it; NULL: root */
	bool dry_run;
	uint64_t within_ms;
	struct cs_enable_plan plan;
	int lock;
};

static int fail_door(const struct enabling *enabling, int r, const char *next)
{
	int status = r == CS_EPERM ? CS_EXIT_NOT_PERMITTED : cs_exit_of_error(r);

	return cs_fail(status, cs_strerror(r), enabling->door->name, next);
}

static int tell(const struct enabling *enabling, const char *what, const char *next)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s: %s%s%s\n", enabling->door->name, what, next[0] != '\0' ? "\n    " : "", next);
	return cs_print(&out);
}

/* --- Looking before ------------------------------------------------------------------------------------------------- */

/* The first thing that is wrong for every door: an error of doctor's, of the machine as it would be or is. */
static int refuse_errors(const struct enabling *enabling, const struct cs_doctor *doctor)
{
	int status = 0;

	for (size_t i = 0; i < doctor->findings.n_findings; i++) {
		const struct cs_finding *finding = &doctor->findings.findings[i];
		char *where = NULL;

		if (finding->severity != CS_SEVERITY_ERROR)
			continue;
		if (cs_format(&where, finding->line > 0 ? "%s:%u" : "%s", finding->file, finding->line) < 0)
			return fail_door(enabling, CS_ENOMEM, "");
		status = cs_fail(CS_EXIT_NO, finding->what, where, finding->mend);
		free(where);
	}
	return status;
}

/* A file that others include would connect them, too: the console, say. */
static int refuse_others(const struct enabling *enabling, const struct cs_doctor *before, const struct cs_doctor *after)
{
	for (size_t i = 0; i < after->n_services; i++) {
		const struct cs_doctor_service *service = &after->services[i];
		bool own = false;

		for (size_t k = 0; k < CS_ENABLE_FILES; k++)
			own = own || strcmp(cs_text_or(enabling->door->files[k].service, ""), service->name) == 0;
		if (!own && !service->part && cs_doctor_guards(service) && !cs_doctor_guarded(before, service->name))
			return cs_fail(CS_EXIT_NO, "this service has the lines of the door too", service->name,
				"take the include out of its file in /etc/pam.d first");
	}
	return 0;
}

/* Nothing was changed yet. */
static int look_before(struct enabling *enabling)
{
	struct cs_host view = enabling->host;
	struct cs_doctor before = { 0 }, after = { 0 };
	int status = 0, r = cs_doctor_gather(&enabling->host, &before);

	view.edits = enabling->plan.view;
	view.n_edits = enabling->plan.n;
	if (r == 0)
		r = cs_doctor_of(enabling->run, &view, &after);
	if (r == 0)
		status = refuse_errors(enabling, &after);
	if (r == 0 && status == 0)
		status = refuse_others(enabling, &before, &after);
	cs_doctor_clear(&before);
	cs_doctor_clear(&after);
	return r < 0 ? fail_door(enabling, r, "") : status;
}

static int show(const struct enabling *enabling)
{
	struct cs_buf out;
	int r = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	for (size_t i = 0; r == 0 && i < enabling->plan.n; i++) {
		const struct cs_enable_edit *edit = &enabling->plan.edits[i];

		r = cs_put_unified(&out, &enabling->run->look, edit->path, edit->there ? edit->old : NULL, edit->new);
	}
	if (r == 0)
		return cs_print(&out);
	cs_buf_clear(&out);
	return fail_door(enabling, r, "");
}

/* --- Doing it ------------------------------------------------------------------------------------------------------- */

static int take_back(const struct enabling *enabling, int status)
{
	int r = cs_enable_take_back(&enabling->host, enabling->door, false, NULL);

	if (r < 0)
		return fail_door(enabling, r, "not every file could be put back: run countersign disable with this door");
	(void)cs_fail(status, "every file is as it was", enabling->door->name, "");
	return status;
}

/* What was tried before the change failed too: then the change is not to blame, and cannot be judged. */
static int try_before(const struct enabling *enabling)
{
	char *said = NULL;
	int r = enabling->host.live ? cs_enable_try(enabling->door, enabling->user, &said) : 0, status = 0;

	if (r < 0 && said != NULL)
		status = cs_fail(CS_EXIT_DOUBT, "it does not open even before the change, so it cannot be tried", said,
			"nothing was changed; --try-as names another user to try it with");
	else if (r < 0)
		status = fail_door(enabling, r, "");
	free(said);
	return status;
}

static int try_after(const struct enabling *enabling)
{
	struct cs_doctor doctor = { 0 };
	char *said = NULL;
	int r = cs_doctor_of(enabling->run, &enabling->host, &doctor), status = 0;

	status = r == 0 ? refuse_errors(enabling, &doctor) : fail_door(enabling, r, "");
	cs_doctor_clear(&doctor);
	if (status != 0 || !enabling->host.live)
		return status;
	r = cs_enable_try(enabling->door, enabling->user, &said);
	if (r < 0)
		status = cs_fail(CS_EXIT_NO, "with the change it does not open", cs_text_or(said, enabling->door->name),
			"does the policy name this service, and is the one who tries unguarded? See --try-as");
	free(said);
	return status;
}

/* The record says from when on it waits. Another root folder has nobody to confirm it. */
static int settle(const struct enabling *enabling, struct cs_enable_record *record)
{
	record->state = enabling->host.live ? CS_ENABLE_WAITING : CS_ENABLE_DONE;
	record->until_ms = cs_boot_ms() + enabling->within_ms;
	return cs_enable_record_write(&enabling->host, enabling->door, record);
}

static int tell_waiting(const struct enabling *enabling)
{
	char span[16], *next = NULL;
	int status = 0;

	cs_span_text(enabling->within_ms, span);
	if (cs_format(&next, "log in anew, see that it works, and run: countersign enable --confirm\n"
			     "    Otherwise every file is put back in %s.%s%s",
		    span, enabling->door->again[0] != '\0' ? "\n    " : "", enabling->door->again) < 0)
		return fail_door(enabling, CS_ENOMEM, "");
	status = tell(enabling, "connected, and waits for the confirmation", next);
	free(next);
	return status;
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
	status = r < 0 ? fail_door(enabling, r, "") : try_after(enabling);
	if (status == 0 && (r = settle(enabling, record)) < 0)
		status = fail_door(enabling, r, "");
	if (status != 0)
		status = take_back(enabling, status);
	cs_close(&waiter);
	return status;
}

static int enable_door(const struct enabling *enabling)
{
	struct cs_enable_record record = { 0 };
	int status = try_before(enabling), r = 0;

	if (status != 0)
		return status;
	r = cs_enable_record_of(&enabling->plan, enabling->within_ms, &record);
	status = r < 0 ? fail_door(enabling, r, "") : write_all(enabling, &record);
	cs_clear(&cs_enable_record_shape, &record);
	if (status != 0)
		return status;
	return enabling->host.live ? tell_waiting(enabling) : tell(enabling, "connected", "");
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

static int enable_one(struct enabling *enabling)
{
	const char *lacks = NULL;
	bool waits = false;
	int r = enabling->dry_run ? 0 : look_at_record(enabling, &waits), status = 0;

	if (r == 0 && waits)
		return tell(enabling, "waits for the confirmation already", "countersign enable --confirm");
	if (r == 0)
		r = cs_enable_plan(&enabling->host, enabling->door, &enabling->plan, &lacks);
	if (r < 0)
		return cs_fail(r == CS_EPERM ? CS_EXIT_NOT_PERMITTED : cs_exit_of_error(r), cs_strerror(r),
			cs_text_or(lacks, enabling->door->name), "");
	status = look_before(enabling);
	if (status == 0 && enabling->plan.n == 0)
		status = tell(enabling, "is connected already", "");
	else if (status == 0 && (status = show(enabling)) == 0 && !enabling->dry_run)
		status = enable_door(enabling);
	cs_enable_plan_clear(&enabling->plan);
	return status;
}

static int disable_one(struct enabling *enabling)
{
	bool changed = false;
	int status = 0, r = 0;

	if (enabling->dry_run) {
		r = cs_enable_plan_out(&enabling->host, enabling->door, &enabling->plan);
		status = r < 0 ? fail_door(enabling, r, "") : show(enabling);
		cs_enable_plan_clear(&enabling->plan);
		return status;
	}
	r = cs_enable_take_back(&enabling->host, enabling->door, true, &changed);
	if (r < 0)
		return fail_door(enabling, r, "what could be put back is; mend this and run it again");
	return tell(enabling, "is not connected any more",
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
			status = tell(enabling, "connected for good", "");
	}
	cs_clear(&cs_enable_record_shape, &record);
	return r < 0 ? fail_door(enabling, r, "") : status;
}

static int recover_one(struct enabling *enabling, bool *found)
{
	bool waits = false;
	int r = look_at_record(enabling, &waits);

	*found = true;
	return r < 0 ? fail_door(enabling, r, "run countersign disable with this door") : 0;
}

static int each_door(struct enabling *enabling, int (*act)(struct enabling *enabling, bool *found), bool *ret_found)
{
	const struct cs_enable_door *only = enabling->door;
	int first = 0;

	for (size_t i = 0; (enabling->door = cs_enable_door_at(i)) != NULL; i++) {
		int status = only == NULL || only == enabling->door ? act(enabling, ret_found) : 0;

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
		return cs_fail(CS_EXIT_OUTPUT, cs_strerror(enabling->lock), CS_ENABLE_LOCK, "");
	return 0;
}

static void end(struct enabling *enabling)
{
	if (enabling->lock >= 0)
		cs_close(&enabling->lock);
	cs_host_close(&enabling->host);
}

static int read_door(struct enabling *enabling, char **args, size_t n)
{
	enabling->door = n > 0 ? cs_enable_door(args[0]) : NULL;
	if (n > 0 && enabling->door == NULL)
		return cs_fail(CS_EXIT_USAGE, "there is no such door", args[0], "one of sudo, sshd, su");
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
		{ "--try-as", NULL, &enabling.user, NULL }, { "--root", NULL, &root, NULL } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 1, &n);

	if (status == 0)
		status = read_within(&enabling, within);
	if (status == 0)
		status = read_door(&enabling, args, n);
	if (status == 0 && enabling.door == NULL && !confirm && !recover)
		status = cs_fail(CS_EXIT_USAGE, "no door was named", "", "one of sudo, sshd, su");
	if (status == 0)
		status = begin(&enabling, root);
	if (status == 0 && confirm)
		status = each_door(&enabling, confirm_one, &found);
	else if (status == 0 && recover)
		status = each_door(&enabling, recover_one, &found);
	else if (status == 0)
		status = enable_one(&enabling);
	if (status == 0 && confirm && !found)
		status = cs_fail(CS_EXIT_NO, "nothing waits for a confirmation", "",
			"its time may be over, and every file as it was: see countersign enable --dry-run");
	end(&enabling);
	return status;
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
		status = disable_one(&enabling);
	end(&enabling);
	return status;
}
