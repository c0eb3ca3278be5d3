/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a window, a range, an address and a moment, one a line: it is refused, or it means what the calendar and
 * the bits say. */
#include "policy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that does not hold. */
#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

#define WEEK_MS UINT64_C(604800000)

/* A window that is taken holds at some minute and is the same every week; one that is dated ends. */
static void try_window(const char *text)
{
	const char *what = NULL;
	struct cs_window window;
	bool held = false;
	int r = cs_window_parse(text, &window, &what);

	MUST(r == 0 || (r == CS_ECONF && what && *what));
	if (r < 0)
		return;
	if (window.dated) {
		MUST(window.from_s >= 0 && window.from_s < window.until_s);
		MUST(cs_window_holds(&window, (uint64_t)window.from_s * 1000) == 1);
		MUST(cs_window_holds(&window, (uint64_t)window.until_s * 1000 - 1) == 1);
		MUST(cs_window_holds(&window, (uint64_t)window.until_s * 1000) == 0);
		MUST(window.from_s == 0 || cs_window_holds(&window, (uint64_t)window.from_s * 1000 - 1) == 0);
		return;
	}
	for (uint64_t ms = 0; ms < WEEK_MS; ms += 60000) {
		int holds = cs_window_holds(&window, ms);

		held = held || holds == 1;
		if (ms % 3540000 == 0)
			MUST(holds == cs_window_holds(&window, ms + 59999) &&
			     holds == cs_window_holds(&window, ms + 3000 * WEEK_MS));
	}
	MUST(held);
}

static void try_range(const char *text, const char *peer)
{
	static const struct cs_range v4 = {.family = AF_INET}, v6 = {.family = AF_INET6};
	const char *what = NULL;
	struct cs_range range;
	int r = cs_range_parse(text, &range, &what), holds;

	MUST(r == 0 || (r == CS_ECONF && what && *what));
	if (r < 0)
		return;
	holds = cs_range_holds(&range, peer);
	MUST(cs_range_holds(&range, "") == range.local && cs_range_holds(&range, NULL) == range.local);
	MUST(cs_range_holds(&range, "no address") == CS_EDOUBT);
	/* An address belongs to one family, or to none that can be read. */
	if (*peer)
		MUST((holds == CS_EDOUBT) == (cs_range_holds(&v4, peer) + cs_range_holds(&v6, peer) != 1));
	if (holds == 1 && *peer)
		MUST(cs_range_holds(range.family == AF_INET ? &v4 : &v6, peer) == 1);
	/* A range holds its own first address. */
	if (!range.local) {
		char address[INET6_ADDRSTRLEN];

		MUST(range.bits <= (range.family == AF_INET ? 32 : 128));
		MUST(inet_ntop(range.family, range.address, address, sizeof(address)) != NULL);
		MUST(cs_range_holds(&range, address) == 1);
	}
}

static void try_moment(const char *text)
{
	const char *what = NULL;
	struct cs_window window;
	uint64_t ms = 7;
	char both[256];
	int r = cs_moment_parse(text, &ms);

	MUST(r == 0 || (r == CS_EINVAL && ms == 7));
	if (r < 0 || !strchr(text, 'T') || strlen(text) > 64)
		return;
	/* What is a moment begins a window. */
	MUST(ms % 1000 == 0);
	strcpy(both, text);
	strcat(both, "/9999-12-31T24:00Z");
	MUST(cs_window_parse(both, &window, &what) == (ms < UINT64_C(253402300800000) ? 0 : CS_ECONF));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *rest = text;

	while (rest) {
		char *line = strsep(&rest, "\n");
		const char *next = rest ? rest : "";
		size_t len = strcspn(next, "\n");
		char *peer = strndup(next, len);

		try_window(line);
		try_moment(line);
		if (peer)
			try_range(line, peer);
		free(peer);
	}
	free(text);
	return 0;
}
