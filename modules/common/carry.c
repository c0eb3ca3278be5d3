/* SPDX-License-Identifier: Apache-2.0 */
/* A reason in the PAM environment. */
#include "carry.h"
#include "mem.h"
#include "model.h"
#include "text.h"
#include <string.h>

int cs_carry_put(pam_handle_t *pamh, const char *reason)
{
	char *entry = NULL;
	int r = strlen(reason) <= CS_MAX_REASON ? 0 : CS_ETOOBIG;

	if (r == 0)
		r = cs_format(&entry, "%s=%s", CS_REASON_VARIABLE, reason);
	if (r == 0 && pam_putenv(pamh, entry) != PAM_SUCCESS)
		r = CS_ENOMEM;
	cs_free_str(&entry);
	return r;
}

int cs_carry_take(pam_handle_t *pamh, char **ret_reason)
{
	const char *reason = pam_getenv(pamh, CS_REASON_VARIABLE);
	char *copy = NULL;

	if (reason == NULL) {
		*ret_reason = NULL;
		return 0;
	}
	if (reason[0] != '\0' && strlen(reason) <= CS_MAX_REASON) {
		copy = cs_dup(reason);
		if (copy == NULL)
			return CS_ENOMEM;
	}
	(void)pam_putenv(pamh, CS_REASON_VARIABLE);
	*ret_reason = copy;
	return 0;
}
