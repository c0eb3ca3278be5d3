/* SPDX-License-Identifier: Apache-2.0 */
/* Local names and numbers of users, through the host's own look-up. For telling the daemon whom the host means; what
 * such a person may do is the daemon's to find out. */
#ifndef CS_MODULES_USERS_H
#define CS_MODULES_USERS_H

#include <stddef.h>
#include <stdint.h>

struct cs_user {
	uint32_t uid, gid;
	char *name;
	char *home;
};

/* 0 and *ret_user (clear it with cs_user_clear), CS_ENOENT, CS_EIO (the look-up failed), CS_ENOMEM. */
int cs_user_by_name(const char *name, struct cs_user *ret_user);
int cs_user_by_uid(uint32_t uid, struct cs_user *ret_user);
void cs_user_clear(struct cs_user *user);

/* All groups of a user as the host would set them. The caller frees *ret_groups. 0, CS_ETOOBIG, CS_ENOMEM. */
int cs_user_groups(const struct cs_user *user, uint32_t **ret_groups, size_t *ret_n);

/* The audit login uid of this process; CS_NO_UID when none is set or it could not be read. */
uint32_t cs_user_login_uid(void);

#endif
