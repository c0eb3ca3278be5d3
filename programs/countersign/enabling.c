/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked at and tried when a door is connected, and what is told of it. */
#include "enabling.h"
#include "enable_result.h"
#include "mem.h"
#include "text.h"
#include "unified.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>

int cs_enabling_fail(const struct enabling *enabling, int r, const char *next)
{
	int status = r == CS_EPERM ? CS_EXIT_NOT_PERMITTED : cs_exit_of_error(r);

	return cs_fail(status, cs_strerror(r), enabling->door->name, next);
}

/* What became of the door: data, or text. */
int cs_enabling_tell(const struct enabling *enabling, enum cs_enable_outcome outcome, const char *what, const char *next)
{
	struct cs_buf out;

	enabling->result->outcome = outcome;
	if (cs_set(&enabling->result->next, next) < 0)
		return cs_enabling_fail(enabling, CS_ENOMEM, "");
	if (enabling->run->json)
		return 0;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s: %s%s%s\n", enabling->door->name, what, next[0] != '\0' ? "\n    " : "", next);
	return cs_print_wrapped(&enabling->run->look, &out, 4);
}

/* A status that is not 0 stays what it is. */
int cs_enabling_step(const struct enabling *enabling, const char *name, int status, const char *said)
{
	int r = cs_enable_result_step(enabling->result, name, status == 0, said);

	return r < 0 && status == 0 ? cs_enabling_fail(enabling, r, "") : status;
}

/* --- Looking before ------------------------------------------------------------------------------------------------- */

/* The first thing that is wrong for every door: an error of doctor's, of the machine as it would be or is. */
static int refuse_errors(const struct enabling *enabling, const char *name, const struct cs_doctor *doctor)
{
	const char *said = NULL;
	int status = 0;

	for (size_t i = 0; i < doctor->findings.n_findings; i++) {
		const struct cs_doctor_finding *finding = &doctor->findings.findings[i];
		char *where = NULL;

		if (finding->severity != CS_SEVERITY_ERROR)
			continue;
		if (cs_format(&where, finding->line > 0 ? "%s:%u" : "%s", finding->file, finding->line) < 0)
			return cs_enabling_fail(enabling, CS_ENOMEM, "");
		said = said == NULL ? finding->what : said;
		status = cs_fail(CS_EXIT_NO, finding->what, where, finding->mend);
		free(where);
	}
	return cs_enabling_step(enabling, name, status, said);
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

/* A line that is there stays as it is. */
static int refuse_front(const struct enabling *enabling, const struct cs_doctor *after)
{
	const struct cs_pam_line *line = cs_doctor_line(cs_doctor_service(after, enabling->door->name), CS_PAM_ACCOUNT,
		CS_DOCTOR_ACCOUNT);

	if (!enabling->front || line == NULL || cs_doctor_has_argument(line, "front"))
		return 0;
	return cs_fail(CS_EXIT_NO, "the account line is there already, without a front", line->at.file,
		"write front behind its hold=session, or disable the door first");
}

/* Who tries it: who was named; else whoever came in, where no gate can hold him; else root. */
static int choose(struct enabling *enabling, const struct cs_doctor *doctor)
{
	int r = 0;

	if (!enabling->host.live || enabling->dry_run)
		return 0;
	r = enabling->wanted != NULL ? cs_set(&enabling->user, enabling->wanted)
				     : cs_enable_choose(doctor->policy, enabling->door, &enabling->user);
	return r;
}

/* Nothing was changed yet. */
int cs_enabling_look(struct enabling *enabling)
{
	struct cs_host view = enabling->host;
	struct cs_doctor before = { 0 }, after = { 0 };
	int status = 0, r = cs_doctor_gather(&enabling->host, &before);

	cs_enable_progress(enabling->door->name, "looking at the machine as it would be");
	view.edits = enabling->plan.view;
	view.n_edits = enabling->plan.n;
	if (r == 0)
		r = cs_doctor_of(enabling->run, &view, &after);
	if (r == 0)
		r = choose(enabling, &before);
	cs_enable_progress(enabling->door->name, NULL);
	if (r == 0)
		status = refuse_errors(enabling, "doctor before", &after);
	if (r == 0 && status == 0)
		status = refuse_others(enabling, &before, &after);
	if (r == 0 && status == 0)
		status = refuse_front(enabling, &after);
	cs_doctor_clear(&before);
	cs_doctor_clear(&after);
	return r < 0 ? cs_enabling_fail(enabling, r, "") : status;
}

static int show_file(const struct enabling *enabling, const struct cs_enable_edit *edit, struct cs_buf *out)
{
	const struct cs_look plain = { 0 };
	size_t begin = out->len;
	int r = cs_put_unified(out, enabling->run->json ? &plain : &enabling->run->look, edit->path,
		edit->there ? edit->old : NULL, edit->new);

	if (r < 0 || !enabling->run->json)
		return r;
	cs_buf_put_u8(out, 0);
	return cs_buf_error(out) < 0 ? cs_buf_error(out)
				     : cs_enable_result_file(enabling->result, edit->path, !edit->there, (const char *)out->data + begin);
}

int cs_enabling_show(const struct enabling *enabling)
{
	struct cs_buf out;
	int r = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	for (size_t i = 0; r == 0 && i < enabling->plan.n; i++)
		r = show_file(enabling, &enabling->plan.edits[i], &out);
	if (r == 0 && !enabling->run->json)
		return cs_print(&out);
	cs_buf_clear(&out);
	return r < 0 ? cs_enabling_fail(enabling, r, "") : 0;
}

/* --- Trying it ------------------------------------------------------------------------------------------------------ */

/* Goes through the door. 0; an error as of cs_enable_try, and what was said. */
static int go_through(const struct enabling *enabling, char **ret_said)
{
	char *what = NULL;
	int r = cs_format(&what, "trying it as %s", enabling->user != NULL ? enabling->user : "root");

	if (r == 0)
		cs_enable_progress(enabling->door->name, what);
	if (r == 0)
		r = cs_enable_try(enabling->door, enabling->user, ret_said);
	cs_enable_progress(enabling->door->name, NULL);
	free(what);
	return r;
}

/* What was tried before the change failed too: then the change is not to blame, and cannot be judged. Whoever came in may
 * need a password, say: then it is root. */
int cs_enabling_try_before(struct enabling *enabling)
{
	char *said = NULL;
	int r = enabling->host.live ? go_through(enabling, &said) : 0, status = 0;

	if (r < 0 && r != CS_ENOMEM && enabling->wanted == NULL && enabling->user != NULL) {
		cs_free_str(&enabling->user);
		cs_free_str(&said);
		r = go_through(enabling, &said);
	}
	if (r < 0 && said != NULL)
		status = cs_fail(CS_EXIT_DOUBT, "it does not open even before the change, so it cannot be tried", said,
			"nothing was changed; --try-as names another user to try it with");
	else if (r < 0)
		status = cs_enabling_fail(enabling, r, "");
	if (enabling->host.live)
		status = cs_enabling_step(enabling, "trial before", status, said);
	free(said);
	return status;
}

int cs_enabling_try_after(const struct enabling *enabling)
{
	struct cs_doctor doctor = { 0 };
	char *said = NULL;
	int r = cs_doctor_of(enabling->run, &enabling->host, &doctor), status = 0;

	status = r == 0 ? refuse_errors(enabling, "doctor after", &doctor) : cs_enabling_fail(enabling, r, "");
	cs_doctor_clear(&doctor);
	if (status != 0 || !enabling->host.live)
		return status;
	r = go_through(enabling, &said);
	if (r < 0)
		status = cs_fail(CS_EXIT_NO, "with the change it does not open", cs_text_or(said, enabling->door->name),
			"does the policy name this service, and is the one who tries unguarded? See --try-as");
	status = cs_enabling_step(enabling, "trial after", status, said);
	free(said);
	return status;
}

/* What the trial showed and what it did not. */
int cs_enabling_tell_tried(const struct enabling *enabling)
{
	struct cs_enable_result *result = enabling->result;
	const char *who = enabling->user != NULL ? enabling->user : "root", *proven = NULL, *open = NULL;
	struct cs_buf out;

	cs_enable_told(enabling->door, enabling->user, &proven, &open);
	if (cs_set(&result->tried_as, who) < 0 || cs_set(&result->proven, proven) < 0 || cs_set(&result->not_proven, open) < 0)
		return cs_enabling_fail(enabling, CS_ENOMEM, "");
	if (enabling->run->json)
		return 0;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s: tried as ", enabling->door->name);
	cs_escape(&out, who);
	cs_put(&out, ", before and after: %s\n    Not shown by that: %s.\n", proven, open);
	return cs_print_wrapped(&enabling->run->look, &out, 4);
}
