/* SPDX-License-Identifier: Apache-2.0 */
/* countersign policy diff: what one policy lets people do that another does not. */
#include "changes.h"
#include "mem.h"
#include "print.h"

#include <string.h>

/* As diff(1): 0 the same, 1 different, 2 trouble. */
enum { TROUBLE = CS_EXIT_USAGE };

/* What is printed with --json. */
struct diff {
	char *before, *after;
	enum cs_effect effect;
	struct cs_change *changes;
	size_t n_changes;
	bool with_people; /* a directory was asked */
	struct cs_gain *people;
	size_t n_people;
};

static const struct cs_field diff_fields[] = {
	CS_STR(diff, before, CS_MAX_PATH), CS_STR(diff, after, CS_MAX_PATH), CS_ENUM(diff, effect, cs_effect_names),
	CS_ARRAY(diff, changes, &cs_change_shape, SIZE_MAX), CS_BOOL(diff, with_people),
	CS_ARRAY(diff, people, &cs_gain_shape, SIZE_MAX)
};
static const struct cs_shape diff_shape = CS_SHAPE("diff", diff, diff_fields);

static int compare(struct cs_source *source, const struct cs_policy_text *after, struct diff *diff)
{
	const struct cs_policy *before = source->policy.policy;
	int r = cs_policy_diff(before, after->policy, &diff->changes, &diff->n_changes);

	if (r == 0 && (cs_set(&diff->before, source->policy.name) != 0 || cs_set(&diff->after, after->name) != 0))
		r = CS_ENOMEM;
	if (r != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "policy", "");
	diff->effect = cs_changes_effect(diff->changes, diff->n_changes);
	diff->with_people = source->has_directory;
	return diff->with_people ? cs_gains(source, before, after->policy, &diff->people, &diff->n_people) : 0;
}

static int print_diff(const struct cs_run *run, const struct diff *diff)
{
	struct cs_buf out;

	if (run->json)
		return cs_print_json(&diff_shape, diff);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put_changes(&out, &run->look, diff->changes, diff->n_changes);
	cs_put_gains(&out, &run->look, diff->people, diff->n_people);
	if (diff->with_people && diff->n_people == 0 && diff->n_changes > 0)
		cs_put(&out, "people: nobody gains or loses a right\n");
	return cs_print_wrapped(&run->look, &out, CS_LINE_GOES_ON);
}

static int run_diff(struct cs_run *run, const struct cs_source_options *options, const char *second)
{
	struct cs_source source;
	struct cs_policy_text after = { 0 };
	struct diff diff = { 0 };
	int status = cs_source_open(run, options, false, &source);

	if (status == 0)
		status = cs_policy_text_open(run, second, 0, &after);
	if (status == CS_EXIT_NO)
		status = TROUBLE;
	if (status == 0)
		status = compare(&source, &after, &diff);
	if (status == 0)
		status = print_diff(run, &diff);
	if (status == 0 && (diff.n_changes > 0 || diff.n_people > 0))
		status = CS_EXIT_NO;
	cs_clear(&diff_shape, &diff);
	cs_policy_text_clear(&after);
	cs_source_close(&source);
	return status;
}

int cs_run_policy_diff(struct cs_run *run, char **args, size_t n)
{
	struct cs_source_options options = { 0 };
	struct cs_option rows[CS_SOURCE_ROWS + 1];
	int status = 0;

	cs_source_rows(&options, rows);
	rows[CS_SOURCE_ROWS] = (struct cs_option){ "--live", &options.live, NULL, NULL };
	status = cs_options_read(run, args, n, rows, CS_COUNT(rows), 2, 2, &n);
	if (status != 0)
		return status;
	if (options.policy != NULL || options.as_of != NULL)
		return cs_fail(CS_EXIT_USAGE, "the two policies are named as words", "policy diff", "");
	/* Both of the daemon's, or the directory is named: else one of them may not belong to the daemon's people. */
	options.policy = args[0];
	options.live |= cs_is_generation(args[1]);
	return run_diff(run, &options, args[1]);
}
