/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a bundle and as a signed vote: what another machine sent. */
#include "bundle.h"
#include <stdint.h>
#include <stdlib.h>

static void require(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_bundle bundle = { 0 };
	struct cs_vote_call call = { 0 };
	int r = cs_bundle_read((const char *)data, size, &bundle);

	require(r == 0 || bundle.version == 0);
	require(r == 0 || r == CS_EPROTO || r == CS_ETOOBIG || r == CS_ENOMEM || r == CS_EVERSION);
	cs_clear(&cs_bundle_shape, &bundle);
	r = cs_bundle_read_vote((const char *)data, size, &call);
	require(r == 0 || r == CS_EPROTO || r == CS_ETOOBIG || r == CS_ENOMEM);
	require(call.n_signature <= CS_MAX_SIGNATURE);
	cs_clear(&cs_vote_call_shape, &call);
	return 0;
}
