/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds a permission in a scope: for who-can and for the expectations of policy test. */
#ifndef CS_COMMAND_WHO_H
#define CS_COMMAND_WHO_H

#include "source.h"

/* Somebody who holds it (held yes), of whom it could not be told (doubt), or who only does not hold it because the
 * account is locked or because of exclusive roles (no, with the reason). */
struct cs_holder {
	char *user;
	enum cs_known held;
	enum cs_reason reason;
	char *because;
};
struct cs_holders {
	char *permission;
	char *scope;
	struct cs_holder *people; /* sorted by login name */
	size_t n_people;
};
extern const struct cs_shape cs_holders_shape;

/* Evaluates everybody who could hold it. 0, or the exit status after the error was told. */
int cs_who_can(struct cs_source *source, const char *permission, const char *scope, struct cs_holders *ret_holders);

#endif
