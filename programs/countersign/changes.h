/* SPDX-License-Identifier: Apache-2.0 */
/* What changes from one policy to the next: in the policies themselves, and for the people whom a directory knows. */
#ifndef CS_COMMAND_CHANGES_H
#define CS_COMMAND_CHANGES_H

#include "output.h"
#include "source.h"

/* One right that one person gains or loses. */
struct cs_gain {
	char *user;
	bool gains;
	char *permission;
	char *scope;
	char *because; /* by what he holds it, or held it */
};
extern const struct cs_shape cs_gain_shape;

/* Everybody's rights under both policies, compared; sorted by person, then scope. 0, or the exit status after the error
 * was told. */
int cs_gains(struct cs_source *source, const struct cs_policy *before, const struct cs_policy *after,
	struct cs_gain **ret_gains, size_t *ret_count);
void cs_gains_free(struct cs_gain **gains, size_t *count);

/* Append them: changes grouped by effect, people one a line. */
void cs_put_changes(struct cs_buf *out, const struct cs_look *look, const struct cs_change *changes, size_t n);
void cs_put_gains(struct cs_buf *out, const struct cs_look *look, const struct cs_gain *gains, size_t n);

#endif
