/* SPDX-License-Identifier: Apache-2.0 */
/* How far something that takes long has come. */
#include "progress.h"
#include "clock.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUIET_MS = 2000, EVERY_MS = 200 };

void cs_number_text(uint64_t number, char ret_text[28])
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number), used = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			ret_text[used++] = ',';
		ret_text[used++] = digits[i];
	}
	ret_text[used] = '\0';
}

void cs_progress_begin(struct cs_progress *progress, const char *what, size_t total)
{
	*progress = (struct cs_progress){ .what = what, .total = total, .terminal = isatty(STDERR_FILENO) == 1,
		.next_ms = cs_boot_ms() + QUIET_MS };
}

/* False: not yet, or nobody looks. */
static bool is_due(struct cs_progress *progress)
{
	uint64_t now = progress->terminal ? cs_boot_ms() : 0;

	if (!progress->terminal || now < progress->next_ms)
		return false;
	progress->shown = true;
	progress->next_ms = now + EVERY_MS;
	return true;
}

void cs_progress_wait(struct cs_progress *progress, const char *whom)
{
	char *safe = NULL;

	if (!is_due(progress))
		return;
	safe = cs_escaped(whom);
	fprintf(stderr, "\rwaiting for %s\033[K", safe != NULL ? safe : "");
	fflush(stderr);
	free(safe);
}

void cs_progress_at(struct cs_progress *progress, size_t done)
{
	char checked[28], total[28];

	if (!is_due(progress))
		return;
	cs_number_text(done, checked);
	cs_number_text(progress->total, total);
	if (progress->total > 0)
		fprintf(stderr, "\rchecked %s of %s %s", checked, total, progress->what);
	else
		fprintf(stderr, "\rchecked %s %s", checked, progress->what);
	fflush(stderr);
}

void cs_progress_end(struct cs_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
