/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a line of an export: a record that holds together, or a reason why it is none. */
#include "command.h"
#include "evidence.h"
#include "json.h"
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
	struct cs_record record = { 0 };
	const char *why = NULL;
	int r = cs_json_record((const char *)data, size, &record, &why);

	if (r == 0) {
		struct cs_verifier verifier;

		require(record.n_bytes <= CS_MAX_EVENT && (record.n_bytes == 0 || record.bytes != NULL));
		cs_verifier_init(&verifier);
		(void)cs_verifier_next(&verifier, &record);
		cs_clear(&cs_record_shape, &record);
	} else {
		require(r == CS_EPROTO || r == CS_ENOMEM);
		require(r != CS_EPROTO || why != NULL);
		require(record.bytes == NULL);
	}
	return 0;
}
