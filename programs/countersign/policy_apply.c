/* SPDX-License-Identifier: Apache-2.0 */
/* countersign policy apply: the daemon loads its policy file again; with FILE that is put in its place first, and taken
 * back when the daemon does not take it. */
#include "install.h"
#include "mem.h"
#include "options.h"
#include "policy_load.h"
#include "print.h"
#include "text.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What is printed with --json. */
struct applied {
	bool loaded;
	char *text;
	char *file;
	char *previous;
	uint8_t policy_digest[CS_DIGEST_LEN];
};

static const struct cs_field applied_fields[] = {
	CS_BOOL(applied, loaded), CS_STR(applied, text, CS_MAX_TEXT), CS_STR(applied, file, CS_MAX_PATH),
	CS_STR(applied, previous, CS_MAX_PATH), CS_FIXED(applied, policy_digest, CS_DIGEST_LEN)
};
static const struct cs_shape applied_shape = {
	.name = "applied", .size = sizeof(struct applied), .fields = applied_fields,
	.n_fields = CS_COUNT(applied_fields)
};

static int print_applied(const struct cs_run *run, const struct cs_reload_answer *answer, char *file, char *previous)
{
	struct applied applied = { .loaded = answer->loaded, .text = answer->text, .file = file, .previous = previous };
	char hex[2 * CS_DIGEST_LEN + 1];
	struct cs_buf out;

	memcpy(applied.policy_digest, answer->policy_digest, CS_DIGEST_LEN);
	if (run->json)
		return cs_print_json(&applied_shape, &applied);
	cs_hex(answer->policy_digest, CS_DIGEST_LEN, hex);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "policy loaded, digest %s\n", hex);
	if (*previous != '\0') {
		cs_put(&out, "the file before it is ");
		cs_escape(&out, previous);
		cs_put(&out, "\n");
	}
	return cs_print(&out);
}

static const char *text_or(const char *text, int error)
{
	return cs_text_or(text, cs_strerror(error));
}

/* Without FILE: the daemon loads what it is configured with. */
static int reload_only(struct cs_run *run)
{
	static char none[] = "";
	struct cs_empty call = { 0 };
	struct cs_reload_answer answer = { 0 };
	int status = cs_ask(run, CS_CALL_RELOAD, &call, "policy", &answer);

	if (status != 0)
		return status;
	if (answer.loaded || run->json)
		status = print_applied(run, &answer, none, none);
	if (!answer.loaded)
		status = cs_fail(CS_EXIT_NO, text_or(answer.text, CS_ECONF), "policy",
			"the policy loaded before stays in force");
	cs_clear(&cs_reload_answer_shape, &answer);
	return status;
}

/* --- With FILE --------------------------------------------------------------------------------------------------- */

/* The daemon is less trusted than root: it names a path, and what it names is replaced only when that is a policy
 * already, or when the caller names it too. Else a daemon that was taken over could have any file overwritten. */
static int check_target(const char *target, const char *to)
{
	struct cs_policy_counts counts;
	struct cs_problem problem = { 0 };
	struct stat st;
	int status = 0;

	if (target[0] != '/')
		return cs_fail(CS_EXIT_NO, "the daemon names no policy file", target, "");
	if (to != NULL && strcmp(to, target) == 0)
		return 0;
	if (to != NULL)
		return cs_fail(CS_EXIT_NO, "the daemon's policy file is another than --to says", target,
			"nothing was changed");
	if (lstat(target, &st) != 0 || cs_policy_load(target, st.st_uid, &counts, NULL, &problem) != 0)
		status = cs_fail(CS_EXIT_NO, "the file that the daemon names is not a sound policy", target,
			"if it is to be replaced all the same, name it with --to");
	cs_problem_clear(&problem);
	return status;
}

static int fail_install(int error, const struct cs_install *install, const char *target)
{
	if (error == CS_ECORRUPT)
		return cs_fail(CS_EXIT_OUTPUT, 
			"the old policy file could not be put back; it has another name in the same folder", target,
			cs_text_or(install->kept, ""));
	if (error == CS_EUNTRUSTED)
		return cs_fail(CS_EXIT_NO, "the policy file is not a regular file", target, "nothing was changed");
	if (error == CS_EBUSY)
		return cs_fail(CS_EXIT_UNAVAILABLE, "somebody else is applying a policy at this moment", target,
			"nothing was changed");
	return cs_fail(error == CS_EPERM ? CS_EXIT_NOT_PERMITTED : cs_exit_of_error(error), cs_strerror(error), target,
		"nothing was changed");
}

/* The old file comes back. When the daemon's answer was lost, it may have loaded the new one: it is asked again. */
static int take_back(struct cs_run *run, struct cs_install *install, int error, const char *text)
{
	struct cs_empty call = { 0 };
	struct cs_reload_answer answer = { 0 };
	bool lost = error == CS_ETIMEDOUT || error == CS_EUNAVAIL || error == CS_EPROTO || error == CS_EINTR;

	if (cs_install_undo(install) != 0)
		return fail_install(CS_ECORRUPT, install, install->path);
	if (lost && cs_ask_quietly(run, CS_CALL_RELOAD, &call, &answer, NULL) != 0)
		return cs_fail(cs_exit_of_error(error), text_or(text, error), install->path,
			"the old file is back; the daemon may have loaded the new one: see `countersign status`");
	cs_clear(&cs_reload_answer_shape, &answer);
	return cs_fail(cs_exit_of_error(error), text_or(text, error), install->path,
		"the old file is back in its place and stays in force");
}

static int load_replaced(struct cs_run *run, struct cs_install *install)
{
	struct cs_empty call = { 0 };
	struct cs_reload_answer answer = { 0 };
	char *text = NULL, *previous = NULL;
	int r = cs_ask_quietly(run, CS_CALL_RELOAD, &call, &answer, &text);
	int status = 0;

	if (r == 0 && !answer.loaded)
		status = take_back(run, install, CS_ECONF, answer.text);
	else if (r != 0)
		status = take_back(run, install, r, text);
	else if (cs_install_keep(install) != 0 || cs_format(&previous, "%s.previous", install->path) != 0)
		status = cs_fail(CS_EXIT_OUTPUT,
			"the policy is loaded, but the file before it could not be kept as .previous", install->path,
			cs_text_or(install->kept, ""));
	else
		status = print_applied(run, &answer, install->path, previous);
	cs_clear(&cs_reload_answer_shape, &answer);
	cs_free_str(&text);
	cs_free_str(&previous);
	return status;
}

static int replace_and_load(struct cs_run *run, const char *target, const char *text)
{
	struct cs_install install = { .folder = -1 };
	sigset_t signals, before;
	int status = 0;
	int r = cs_install_begin(target, &install);

	if (r != 0)
		return fail_install(r, &install, target);
	/* Ctrl-C between the replacing and the daemon's answer would leave a file in place that was never accepted. */
	sigemptyset(&signals);
	for (const int *signal = (const int[]){ SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, 0 }; *signal != 0; signal++)
		sigaddset(&signals, *signal);
	sigprocmask(SIG_BLOCK, &signals, &before);
	r = cs_install_replace(&install, text, strlen(text));
	status = r == 0 ? load_replaced(run, &install) : fail_install(r, &install, target);
	cs_install_end(&install);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

static int apply_file(struct cs_run *run, const char *file, const char *to)
{
	struct cs_policy_counts counts;
	struct cs_problem problem = { 0 };
	struct cs_empty call = { 0 };
	struct cs_status daemon = { 0 };
	const char *target = NULL;
	char *text = NULL;
	int status = 0;
	int r = cs_policy_load(file, getuid(), &counts, &text, &problem);

	if (r != 0)
		status = cs_fail_problem(CS_EXIT_NO, file, r, &problem);
	if (status == 0)
		status = cs_ask(run, CS_CALL_STATUS, &call, "status", &daemon);
	if (status == 0) {
		target = daemon.policy_file == NULL ? "" : daemon.policy_file;
		status = check_target(target, to);
	}
	if (status == 0)
		status = replace_and_load(run, target, text);
	cs_clear(&cs_status_shape, &daemon);
	cs_problem_clear(&problem);
	cs_free_str(&text);
	return status;
}

int cs_run_policy_apply(struct cs_run *run, char **args, size_t n)
{
	const char *to = NULL;
	const struct cs_option options[] = { { "--to", NULL, &to } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 1, &n);

	if (status != 0)
		return status;
	if (n == 0 && to != NULL)
		return cs_fail(CS_EXIT_USAGE, "--to needs a FILE", "policy apply", "");
	return n == 0 ? reload_only(run) : apply_file(run, args[0], to);
}
