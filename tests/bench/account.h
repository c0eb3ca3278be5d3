/* SPDX-License-Identifier: Apache-2.0 */
/* One account check through libpam, with the services that the bench keeps for itself. */
#ifndef CS_BENCH_ACCOUNT_H
#define CS_BENCH_ACCOUNT_H

#include "floor.h"

#include <security/pam_appl.h>
#include <stddef.h>

static int no_conversation(int n, const struct pam_message **messages, struct pam_response **ret_responses, void *arg)
{
	(void)n;
	(void)messages;
	(void)arg;
	*ret_responses = NULL;
	return PAM_CONV_ERR;
}

static int account(const char *user, const char *service)
{
	const struct pam_conv conversation = {.conv = no_conversation};
	pam_handle_t *pamh = NULL;
	int r = pam_start_confdir(service, user, &conversation, FLOOR_SERVICES, &pamh);

	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(pamh, 0);
	if (pamh)
		(void)pam_end(pamh, r);
	return r;
}

#endif
