/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations about a policy: one section of a test file each, evaluated with the engine that decides. */
#ifndef CS_COMMAND_EXPECT_H
#define CS_COMMAND_EXPECT_H

#include "source.h"

/* How one came out. */
struct cs_tested {
	char *file;
	uint32_t line;
	char *kind; /* "right", "who", "action" */
	char *name;
	bool passed;
	char *expected, *got;
	char **why; /* how the engine came to it, where it failed */
	size_t n_why;
};
extern const struct cs_shape cs_tested_shape;

/* The sections of a test file that hold expectations. */
extern const struct cs_conf_option cs_expect_right_options[], cs_expect_who_options[], cs_expect_action_options[];

/* What an action has where its section says nothing. */
struct cs_circumstance {
	const char *host, *peer;
	uint64_t wall_ms;
};

/* Evaluates one section; got, passed and why are set. 0; CS_EXIT_NO after an error in the section was told as
 * "file:line: text"; another exit status after another error was told. */
typedef int (*cs_expect_fn)(struct cs_source *source, const struct cs_conf_section *section,
	const struct cs_circumstance *otherwise, struct cs_tested *tested);
int cs_expect_right(struct cs_source *source, const struct cs_conf_section *section,
	const struct cs_circumstance *otherwise, struct cs_tested *tested);
int cs_expect_who(struct cs_source *source, const struct cs_conf_section *section,
	const struct cs_circumstance *otherwise, struct cs_tested *tested);
int cs_expect_action(struct cs_source *source, const struct cs_conf_section *section,
	const struct cs_circumstance *otherwise, struct cs_tested *tested);

#endif
