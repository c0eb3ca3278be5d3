/* SPDX-License-Identifier: Apache-2.0 */
/* How far a mistyped key is from a known one. */
#include "parts.h"

#include <string.h>

#define LONGEST 40u
#define NEAR    2u
#define FAR     99u

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;
	return ab < c ? ab : c;
}

unsigned cs_conf_distance(const char *a, const char *b)
{
	size_t len_a = strnlen(a, LONGEST + 1);
	size_t len_b = strnlen(b, LONGEST + 1);
	unsigned row[LONGEST + 1];

	if (len_a > LONGEST || len_b > LONGEST)
		return FAR;
	for (unsigned j = 0; j <= len_b; j++)
		row[j] = j;
	for (unsigned i = 1; i <= len_a; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			unsigned changed = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = least(row[j] + 1, row[j - 1] + 1, changed);
		}
	}
	return row[len_b] <= NEAR ? row[len_b] : FAR;
}
