/* SPDX-License-Identifier: Apache-2.0 */
/* countersign roster sign and verify: the signatures of officers beside the roster. */
#include "mem.h"
#include "options.h"
#include "roster_file.h"
#include "signer.h"
#include "ssh_signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The signatures beside a roster; "" where there are none. */
static int read_signatures(const char *path, char **ret_path, char **ret_text)
{
	struct cs_problem problem = { 0 };
	char *text = NULL;
	size_t n = 0;
	int r = cs_format(ret_path, "%s%s", path, CS_ROSTER_SIGNATURES), status = 0;

	if (r == 0)
		r = cs_file_read(*ret_path, geteuid(), CS_FILE_TEXT, CS_ROSTER_TEXT_MAX, &text, &n, &problem);
	if (r == CS_ENOENT)
		r = (text = cs_dup("")) ? 0 : CS_ENOMEM;
	if (r < 0)
		status = cs_fail(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, cs_text_or(problem.text, cs_strerror(r)),
			*ret_path, "");
	else
		*ret_text = text;
	cs_problem_clear(&problem);
	return status;
}

static int tell_verified(const struct roster_file *file, size_t signers)
{
	char *summary = cs_roster_summary(file->roster);
	size_t officers = 0;

	for (size_t i = 0; i < file->roster->n_people; i++)
		officers += file->roster->people[i].officer;
	(void)printf("%s; signed by %zu of %zu officers\n", summary ? summary : "", signers, officers);
	free(summary);
	return fflush(stdout) == 0 ? 0 : CS_EXIT_OUTPUT;
}

int cs_run_roster_verify(struct cs_run *run, char **args, size_t n)
{
	const char *path = NULL;
	const struct cs_option options[] = { { "--roster", NULL, &path, NULL } };
	struct roster_file file = { 0 };
	char *beside = NULL, *signatures = NULL;
	size_t signers = 0;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n), r = 0;

	if (status == 0)
		status = roster_file_read(path, false, &file);
	if (status == 0)
		status = read_signatures(file.path, &beside, &signatures);
	if (status == 0) {
		r = cs_roster_signers(file.text, file.n, signatures, file.roster, &signers);
		status = r < 0 ? cs_fail(CS_EXIT_NO, "the signatures cannot be read", beside, "sign it again")
			: tell_verified(&file, signers);
	}
	free(beside);
	free(signatures);
	roster_file_clear(&file);
	return status;
}

/* Those that are over this text stay; what was signed of an older one goes. */
static int put_signature(const struct roster_file *file, const char *signatures, const struct cs_buf *armored,
	struct cs_buf *out)
{
	static const char end[] = "-----END SSH SIGNATURE-----\n";
	const char *stop = NULL;

	for (; (stop = strstr(signatures, end)); signatures = stop + strlen(end)) {
		size_t n = (size_t)(stop - signatures) + strlen(end), count = 0;
		char *one = strndup(signatures, n);
		int r = one ? cs_roster_signers(file->text, file->n, one, file->roster, &count) : CS_ENOMEM;

		free(one);
		if (r == CS_ENOMEM)
			return r;
		if (r == 0 && count == 1)
			cs_buf_put(out, signatures, n);
	}
	cs_buf_put(out, armored->data, armored->len);
	return cs_buf_error(out);
}

static int write_signature(const struct roster_file *file, const struct cs_buf *armored)
{
	char *beside = NULL, *signatures = NULL;
	struct cs_buf all;
	size_t signers = 0;
	int status = read_signatures(file->path, &beside, &signatures);

	cs_buf_init(&all, CS_ROSTER_TEXT_MAX);
	if (status == 0 && put_signature(file, signatures, armored, &all) < 0)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), beside, "");
	if (status == 0)
		status = roster_file_write(beside, &all);
	cs_buf_put_u8(&all, 0);
	if (status == 0 && cs_buf_error(&all) == 0 &&
	    cs_roster_signers(file->text, file->n, (const char *)all.data, file->roster, &signers) == 0)
		status = tell_verified(file, signers);
	cs_buf_clear(&all);
	free(beside);
	free(signatures);
	return status;
}

int cs_run_roster_sign(struct cs_run *run, char **args, size_t n)
{
	struct cs_sign_options sign = { 0 };
	const struct cs_option options[] = { { "--roster", NULL, &sign.roster, NULL }, { "--key", NULL, &sign.key, NULL } };
	struct cs_signer signer = { 0 };
	const struct cs_roster_person *person = NULL;
	struct roster_file file = { 0 };
	struct cs_buf armored;
	char *why = NULL;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	cs_buf_init(&armored, CS_SSH_ARMORED_MAX);
	if (status == 0)
		status = roster_file_read(sign.roster, false, &file);
	if (status == 0)
		status = cs_signer_find(&sign, &signer, &why);
	person = status == 0 && signer.person ? cs_roster_person(file.roster, signer.person) : NULL;
	if (status == 0 && (!person || !person->officer))
		status = cs_fail(CS_EXIT_NOT_PERMITTED, "only an officer of the roster signs it", why,
			"countersign roster list says who is one");
	if (status == 0)
		status = cs_signer_sign_text(&sign, &signer, CS_NAMESPACE_ROSTER, file.text, file.n, &armored);
	if (status == 0)
		status = write_signature(&file, &armored);
	cs_buf_clear(&armored);
	cs_clear(&cs_signer_shape, &signer);
	cs_free_str(&why);
	roster_file_clear(&file);
	return status;
}
