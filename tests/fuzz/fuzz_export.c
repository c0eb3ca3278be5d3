/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a line of an export: something that holds together, or a reason why it does not. */
#include "evidence.h"
#include "export_line.h"
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
	struct cs_export_line line = { 0 };
	const char *why = NULL;
	int r = cs_export_line_read((const char *)data, size, &line, &why);

	if (r == 0) {
		struct cs_verifier verifier;

		require(line.record.n_bytes <= CS_MAX_EVENT);
		require(line.kind == CS_LINE_POLICY || line.record.number > 0);
		require((line.kind == CS_LINE_POLICY || line.kind == CS_LINE_HEAD) == (line.text != NULL));
		require(line.kind != CS_LINE_RECORD || line.record.bytes != NULL);
		cs_verifier_init(&verifier);
		if (line.kind == CS_LINE_RECORD)
			(void)cs_verifier_next(&verifier, &line.record);
		cs_export_line_clear(&line);
	} else {
		require(r == CS_EPROTO || r == CS_ENOMEM);
		require(r != CS_EPROTO || why != NULL);
		require(line.record.bytes == NULL && line.text == NULL);
	}
	return 0;
}
