/* SPDX-License-Identifier: Apache-2.0 */
/* What the measuring programs read. */
#ifndef CS_BENCH_INPUT_H
#define CS_BENCH_INPUT_H

#include <stdio.h>
#include <stdlib.h>

/* The text of a file of less than 1 MiB, to be freed. Without it the program ends. */
static inline char *input_read(const char *path)
{
	char *text = calloc(1, 1 << 20);
	FILE *in = fopen(path, "re");

	if (!text || !in || fread(text, 1, (1 << 20) - 1, in) == 0) {
		perror(path);
		exit(1);
	}
	(void)fclose(in);
	return text;
}

#endif
