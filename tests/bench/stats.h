/* SPDX-License-Identifier: Apache-2.0 */
/* The clock and the median, for the measuring programs. */
#ifndef CS_BENCH_STATS_H
#define CS_BENCH_STATS_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t stats_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline int stats_order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median of n values, which are put in order. */
static inline double stats_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), stats_order);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

#endif
