/* SPDX-License-Identifier: Apache-2.0 */
/* Which officers signed a roster. */
#include "mem.h"
#include "roster.h"
#include "ssh_signature.h"

#include <stdlib.h>
#include <string.h>

static const char end[] = "-----END SSH SIGNATURE-----\n";

/* The officer who signed the text with this; NULL when it is no officer's, or over something else. */
static const struct cs_roster_person *signer(const char *text, size_t n, const struct cs_buf *signature,
	const struct cs_roster *officers)
{
	const struct cs_roster_person *person = NULL;
	struct cs_ssh_key key;

	if (cs_ssh_verify(signature->data, signature->len, CS_NAMESPACE_ROSTER, text, n, &key, NULL) != 0)
		return NULL;
	person = cs_roster_find(officers, key.fingerprint, NULL);
	return person && person->officer ? person : NULL;
}

/* One signature of the file; *at goes behind it. */
static int next(const char **at, struct cs_buf *signature)
{
	const char *stop = strstr(*at, end);
	size_t n = stop ? (size_t)(stop - *at) + strlen(end) : strlen(*at);
	int r = cs_ssh_unarmor(*at, n, signature);

	*at += n;
	return r;
}

int cs_roster_signers(const char *text, size_t n, const char *signatures, const struct cs_roster *officers,
	size_t *ret_count)
{
	bool *signed_by = calloc(officers->n_people + 1, sizeof(*signed_by));
	size_t count = 0;
	int r = signed_by ? 0 : CS_ENOMEM;

	while (r == 0 && *signatures) {
		const struct cs_roster_person *officer = NULL;
		struct cs_buf signature;

		cs_buf_init(&signature, CS_SSH_SIGNATURE_MAX);
		r = next(&signatures, &signature);
		officer = r == 0 ? signer(text, n, &signature, officers) : NULL;
		if (officer && !signed_by[officer - officers->people]) {
			signed_by[officer - officers->people] = true;
			count++;
		}
		cs_buf_clear(&signature);
	}
	free(signed_by);
	if (r == 0)
		*ret_count = count;
	return r;
}
