/* SPDX-License-Identifier: Apache-2.0 */
/* bench_stamp FILE: appends the time of its first instruction, in nanoseconds of CLOCK_MONOTONIC. */
#include "stats.h"

#include <stdio.h>

static uint64_t first_ns;

__attribute__((constructor)) static void stamp(void)
{
	first_ns = stats_now_ns();
}

int main(int argc, char **argv)
{
	FILE *out = argc == 2 ? fopen(argv[1], "ae") : NULL;

	if (!out)
		return 1;
	(void)fprintf(out, "%llu\n", (unsigned long long)first_ns);
	return fclose(out) == 0 ? 0 : 1;
}
