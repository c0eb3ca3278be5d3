/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is escaped for a filter stays one value, and reading a DN never goes astray. */
#include "filter.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* (a=VALUE) is one whole filter, whatever the value. */
static void check_escape(const char *text)
{
	struct cs_buf out;
	cs_buf_init(&out, 1 << 20);
	cs_buf_put(&out, "(a=", 3);
	cs_filter_put_value(&out, text);
	cs_buf_put(&out, ")", 2);
	if (cs_buf_error(&out) == 0) {
		const char *filter = (const char *)out.data;
		if (cs_filter_is_whole(filter) != 1 || strchr(filter + 1, '(') != NULL || strchr(filter, '*') != NULL)
			abort();
	}
	cs_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char *value = NULL;
	if (text == NULL)
		return 0;
	check_escape(text);
	(void)cs_filter_is_whole(text);
	(void)cs_filter_is_attribute(text);
	int r = cs_dn_first_value(text, &value);
	if ((r == 0) != (cs_dn_is_valid(text) == 1) || (r == 0 && strlen(value) > strlen(text)))
		abort();
	free(value);
	free(text);
	return 0;
}
