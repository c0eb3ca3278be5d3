/* SPDX-License-Identifier: Apache-2.0 */
/* Any word as a moment and as a request: it is refused, or it is what was promised. */
#include "calls.h"
#include "when.h"
#include "which.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that does not hold. */
#define MUST(what)            \
	do {                  \
		if (!(what))  \
			abort(); \
	} while (0)

#define NOW_MS  (UINT64_C(1795291208) * 1000)
#define YEAR_MS (UINT64_C(366) * 24 * 60 * 60 * 1000)

static void try_moment(const char *text)
{
	const char *why = NULL;
	uint64_t wall_ms = 0;
	int r = cs_when_parse(text, NOW_MS, &wall_ms, &why);

	MUST(r == 0 ? why == NULL : r == CS_EINVAL && why != NULL && wall_ms == 0);
	MUST(r != 0 || (wall_ms > NOW_MS && wall_ms - NOW_MS <= YEAR_MS));
}

static void try_request(const char *text)
{
	struct cs_show call = { 0 };
	int r = cs_which_parse(text, &call);

	MUST(r == 0 || (r == CS_EINVAL && call.number == 0 && call.prefix == NULL));
	MUST(r != 0 || (call.number != 0) == (call.prefix == NULL));
	if (call.prefix != NULL) {
		size_t n = strlen(call.prefix);

		MUST(n >= 4 && n <= 32 && strspn(call.prefix, "0123456789abcdef") == n);
	}
	cs_clear(&cs_show_shape, &call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	MUST(text != NULL);
	for (char *line = text, *next = NULL; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		try_moment(line);
		try_request(line);
	}
	free(text);
	return 0;
}
