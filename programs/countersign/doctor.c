/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor */
#include "doctor.h"
#include "client.h"
#include "mem.h"
#include "options.h"
#include "print.h"
#include "text.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const enum cs_exit statuses[] = { [CS_SEVERITY_HINT] = CS_EXIT_YES, [CS_SEVERITY_WARNING] = CS_EXIT_WARNING,
	[CS_SEVERITY_DOUBT] = CS_EXIT_DOUBT, [CS_SEVERITY_ERROR] = CS_EXIT_NO };

static const enum cs_style styles[] = { [CS_SEVERITY_HINT] = CS_DIM, [CS_SEVERITY_WARNING] = CS_YELLOW,
	[CS_SEVERITY_DOUBT] = CS_YELLOW, [CS_SEVERITY_ERROR] = CS_RED };

static int heaviest(const struct cs_findings *findings)
{
	int most = CS_SEVERITY_HINT;

	for (size_t i = 0; i < findings->n_findings; i++)
		if (findings->findings[i].severity > most)
			most = findings->findings[i].severity;
	return most;
}

static void put_escaped(struct cs_buf *out, const char *text)
{
	cs_escape(out, text);
}

static void put_finding(struct cs_buf *out, const struct cs_look *look, const struct cs_doctor_finding *finding)
{
	if (finding->file[0] != '\0') {
		put_escaped(out, finding->file);
		if (finding->line > 0)
			cs_put(out, ":%u", finding->line);
		cs_put(out, ": ");
	}
	cs_put_styled(out, look, styles[finding->severity], cs_name_of(cs_severity_names, finding->severity));
	cs_put(out, ": ");
	put_escaped(out, finding->what);
	cs_put(out, " [%s]\n    ", finding->check);
	put_escaped(out, finding->mend);
	cs_put(out, "\n");
}

/* The heaviest first, each kind in the order of the table. */
static void put_findings(struct cs_buf *out, const struct cs_look *look, const struct cs_findings *findings, bool quiet)
{
	for (int severity = CS_SEVERITY_ERROR; severity >= CS_SEVERITY_HINT; severity--)
		for (size_t i = 0; i < findings->n_findings; i++)
			if (findings->findings[i].severity == severity && !(quiet && severity == CS_SEVERITY_HINT))
				put_finding(out, look, &findings->findings[i]);
	if (findings->n_findings == 0 && !quiet)
		cs_put(out, "Nothing is wrong that is known here.\n");
}

static int show(const struct cs_run *run, const struct cs_doctor *doctor, bool quiet)
{
	struct cs_buf out;
	int status = 0;

	if (run->json) {
		status = cs_print_json(&cs_findings_shape, &doctor->findings);
	} else {
		cs_buf_init(&out, CS_OUTPUT_MAX);
		put_findings(&out, &run->look, &doctor->findings, quiet);
		status = cs_print_wrapped(&run->look, &out, 4);
	}
	return status != 0 ? status : (int)statuses[heaviest(&doctor->findings)];
}

static int list_checks(void)
{
	const struct cs_doctor_check *check = NULL;
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	for (size_t i = 0; (check = cs_doctor_check_at(i)) != NULL; i++)
		cs_put(&out, "%-22s %-8s %s (%s)\n", check->id, cs_name_of(cs_severity_names, (int)check->severity),
			check->summary, check->knows);
	return cs_print(&out);
}

static void ask_daemon(struct cs_run *run, struct cs_doctor *doctor)
{
	struct cs_empty call = { 0 };
	struct cs_status answer = { 0 };

	if (!doctor->host->live)
		return;
	doctor->asked = true;
	doctor->daemon = cs_ask_quietly(run, CS_CALL_STATUS, &call, &answer, NULL);
	doctor->directory_ok = doctor->daemon == 0 && answer.directory_ok;
	cs_clear(&cs_status_shape, &answer);
}

int cs_doctor_of(struct cs_run *run, const struct cs_host *host, struct cs_doctor *ret_doctor)
{
	struct cs_doctor doctor = { 0 };
	int r = cs_doctor_gather(host, &doctor);

	if (r == 0 && host->live && geteuid() != 0 && doctor.unread == NULL)
		r = cs_set(&doctor.unread, "only root may read all of it");
	if (r == 0) {
		ask_daemon(run, &doctor);
		r = cs_doctor_examine(&doctor);
	}
	if (r < 0) {
		cs_doctor_clear(&doctor);
		return r;
	}
	*ret_doctor = doctor;
	return 0;
}

static int examine(struct cs_run *run, const struct cs_host *host, bool coverage, bool quiet)
{
	struct cs_doctor doctor = { 0 };
	int r = coverage ? cs_doctor_gather(host, &doctor) : cs_doctor_of(run, host, &doctor), status = 0;

	if (r == 0)
		status = coverage ? cs_doctor_coverage(run, &doctor) : show(run, &doctor, quiet);
	cs_doctor_clear(&doctor);
	return r < 0 ? cs_fail(cs_exit_of_error(r), cs_strerror(r), "doctor", "") : status;
}

int cs_run_doctor(struct cs_run *run, char **args, size_t n)
{
	bool coverage = false, quiet = false, checks = false;
	const char *root = NULL;
	const struct cs_option options[] = { { "--coverage", &coverage, NULL, NULL }, { "--quiet", &quiet, NULL, NULL },
		{ "--checks", &checks, NULL, NULL }, { "--root", NULL, &root, NULL } };
	struct cs_host host;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n), r = 0;

	if (status != 0)
		return status;
	if (checks)
		return list_checks();
	r = cs_host_open(root, &host);
	if (r < 0)
		return cs_fail(cs_exit_of_error(r), cs_strerror(r), cs_text_or(root, "/"), "");
	status = examine(run, &host, coverage, quiet);
	cs_host_close(&host);
	return status;
}
