/* SPDX-License-Identifier: Apache-2.0 */
/* Reads "PREFIX_NAME = number" out of a header, so that a test sees a value that was added and forgotten elsewhere. */
#ifndef CS_TEST_HEADER_VALUES_H
#define CS_TEST_HEADER_VALUES_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*header_value_fn)(void *arg, const char *name, int value);

/* Calls each for every enum member of the file (relative to the source folder) whose name begins with prefix.
 * Returns how many there were; -1 when the file cannot be read. */
static inline int header_values(const char *file, const char *prefix, header_value_fn each, void *arg)
{
	char path[4096], line[1024], name[128], number[64];
	FILE *in = NULL;
	int n = 0;

	if (snprintf(path, sizeof(path), "%s/%s", CS_SOURCE_DIR, file) >= (int)sizeof(path))
		return -1;
	in = fopen(path, "re");
	if (!in)
		return -1;
	while (fgets(line, sizeof(line), in)) {
		const char *at = line;

		while (isspace((unsigned char)*at))
			at++;
		if (strncmp(at, prefix, strlen(prefix)) != 0)
			continue;
		if (sscanf(at, "%127[A-Z0-9_] = %63[-0-9a-fx]", name, number) != 2)
			continue;
		each(arg, name, (int)strtol(number, NULL, 0));
		n++;
	}
	(void)fclose(in);
	return n;
}

#endif
