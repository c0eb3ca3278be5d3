/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a signature, armored ('a' first) or not: read in bounds, and never good, because no mutation of a
 * signature over other words is one over these. */
#include "ssh_signature.h"
#include <countersign/error.h>
#include <stdint.h>
#include <stdlib.h>

static void require(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void verify(const uint8_t *bytes, size_t n)
{
	static const char words[] = "nobody ever signed these words";
	struct cs_ssh_key key = { .n_point = 1 };
	const char *why = NULL;
	int r = cs_ssh_verify(bytes, n, "approve.v1@countersign", words, sizeof(words), &key, &why);

	require(r == CS_EPROTO || r == CS_EPERM || r == CS_ENOMEM);
	require(why != NULL && key.n_point == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_buf bytes;
	int r = 0;

	if (size == 0)
		return 0;
	if (data[0] != 'a') {
		verify(data + 1, size - 1);
		return 0;
	}
	cs_buf_init(&bytes, CS_SSH_SIGNATURE_MAX);
	r = cs_ssh_unarmor((const char *)data + 1, size - 1, &bytes);
	require(r == 0 || r == CS_EPROTO || r == CS_ETOOBIG || r == CS_ENOMEM);
	if (r == 0)
		verify(bytes.data, bytes.len);
	cs_buf_clear(&bytes);
	return 0;
}
