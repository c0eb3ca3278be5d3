/* SPDX-License-Identifier: Apache-2.0 */
/* What libpam makes of a line's control. */
#ifndef CS_HOST_PAM_CONTROL_H
#define CS_HOST_PAM_CONTROL_H

#include "pam.h"

/* Fills the actions of a line from its control; what libpam does not understand is bad throughout, and line->wrong says so. */
void cs_pam_read_control(struct cs_pam_line *line);

#endif
