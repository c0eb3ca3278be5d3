/* SPDX-License-Identifier: Apache-2.0 */
/* bench_pam USER SERVICE                  pam_start, pam_acct_mgmt, pam_end once; status 0 when it was granted
 * bench_pam USER SERVICE SERVICE ROUNDS   both services in turn; the median of their ratios as one JSON object */
#include "account.h"
#include "stats.h"

#include <stdio.h>
#include <string.h>

static double timed(const char *user, const char *service)
{
	uint64_t begin = stats_now_ns();
	int r = account(user, service);

	if (r != PAM_SUCCESS) {
		(void)fprintf(stderr, "%s: pam_acct_mgmt says %d\n", service, r);
		exit(1);
	}
	return (double)(stats_now_ns() - begin);
}

static int pairs(const char *user, const char *floor_service, const char *service, size_t rounds)
{
	double *ratio = calloc(rounds, sizeof(*ratio)), *a = calloc(rounds, sizeof(*a)), *b = calloc(rounds, sizeof(*b));

	if (!ratio || !a || !b)
		return 1;
	for (size_t i = 0; i < 50; i++) {
		(void)timed(user, floor_service);
		(void)timed(user, service);
	}
	for (size_t i = 0; i < rounds; i++) {
		if (i % 2)
			b[i] = timed(user, service);
		a[i] = timed(user, floor_service);
		if (i % 2 == 0)
			b[i] = timed(user, service);
		ratio[i] = b[i] / a[i];
	}
	(void)printf("{\"ratio\": %.4f, \"a_ns\": %.0f, \"b_ns\": %.0f}\n", stats_median(ratio, rounds), stats_median(a, rounds),
		stats_median(b, rounds));
	free(ratio);
	free(a);
	free(b);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return account(argv[1], argv[2]) == PAM_SUCCESS ? 0 : 1;
	if (argc != 5 || strtoul(argv[4], NULL, 10) == 0) {
		(void)fputs("usage: bench_pam USER SERVICE [SERVICE ROUNDS]\n", stderr);
		return 2;
	}
	return pairs(argv[1], argv[2], argv[3], strtoul(argv[4], NULL, 10));
}
