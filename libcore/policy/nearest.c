/* SPDX-License-Identifier: Apache-2.0 */
/* Which known name did somebody mean who mistyped one? Edit distance after Levenshtein 1966. */
#include "policy_internal.h"

#include <string.h>

#define LONGEST 64 /* longer names get no suggestion */

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[LONGEST + 1];

	for (size_t k = 0; k <= b_len; k++)
		row[k] = k;
	for (size_t i = 1; i <= a_len; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t k = 1; k <= b_len; k++) {
			size_t above = row[k];

			row[k] = least(above + 1, row[k - 1] + 1, corner + (a[i - 1] != b[k - 1]));
			corner = above;
		}
	}
	return row[b_len];
}

const char *cs_policy_nearest(const char *name, const void *items, size_t n, size_t size)
{
	size_t len = strlen(name), best = len / 3 + 2;
	const char *found = NULL;

	for (size_t i = 0; i < n && len <= LONGEST; i++) {
		const char *known;
		size_t known_len, d;

		memcpy(&known, (const char *)items + i * size, sizeof(known));
		known_len = known ? strlen(known) : LONGEST + 1;
		if (known_len > LONGEST)
			continue;
		d = distance(name, len, known, known_len);
		if (d < best) {
			best = d;
			found = known;
		}
	}
	return found;
}
