/* SPDX-License-Identifier: Apache-2.0 */
/* bench_crowd SERVICE USER FIRST PEOPLE CALLERS MILLISECONDS: so many processes check accounts through libpam for so
 * long, each time with pam_start, pam_acct_mgmt and pam_end, about the people USER%06u from number FIRST on in turn. How
 * many a second, and how long one takes. One JSON object. */
#include "account.h"
#include "stats.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLERS_MOST = 1024, SAMPLES_MOST = 1 << 20 };

/* Shared by all of them. */
struct shared {
	atomic_bool go, stop;
	atomic_ulong next, done, refused;
	double took[SAMPLES_MOST];
};

static void call(struct shared *shared, char **words)
{
	unsigned long first = strtoul(words[2], NULL, 10), people = strtoul(words[3], NULL, 10);
	char user[64];

	while (!atomic_load(&shared->go))
		(void)usleep(1000);
	while (!atomic_load(&shared->stop)) {
		unsigned long i = atomic_fetch_add(&shared->next, 1), n = 0;
		uint64_t begin = 0;

		(void)snprintf(user, sizeof(user), "%s%06lu", words[1], first + i % people);
		begin = stats_now_ns();
		if (account(user, words[0]) != PAM_SUCCESS)
			atomic_fetch_add(&shared->refused, 1);
		n = atomic_fetch_add(&shared->done, 1);
		if (n < SAMPLES_MOST)
			shared->took[n] = (double)(stats_now_ns() - begin);
	}
}

static pid_t start(struct shared *shared, char **words)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		call(shared, words);
		_exit(0);
	}
	return pid;
}

static int print(const struct shared *shared, double seconds)
{
	size_t n = shared->done < SAMPLES_MOST ? shared->done : SAMPLES_MOST;
	double *took = calloc(n + 1, sizeof(*took));

	if (!took || n == 0 || shared->refused > 0) {
		(void)fprintf(stderr, "bench_crowd: %lu of %zu checks were refused\n", (unsigned long)shared->refused, n);
		return 1;
	}
	for (size_t i = 0; i < n; i++)
		took[i] = shared->took[i];
	qsort(took, n, sizeof(*took), stats_order);
	(void)printf("{\"per_s\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f}\n", (double)shared->done / seconds,
		     took[n / 2] / 1e3, took[n * 99 / 100] / 1e3);
	free(took);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long callers = argc == 7 ? strtoul(argv[5], NULL, 10) : 0, ms = argc == 7 ? strtoul(argv[6], NULL, 10) : 0;
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static pid_t pids[CALLERS_MOST];
	uint64_t begin = 0;
	double seconds = 0;

	if (callers == 0 || callers > CALLERS_MOST || shared == MAP_FAILED) {
		(void)fputs("usage: bench_crowd SERVICE USER FIRST PEOPLE CALLERS MILLISECONDS\n", stderr);
		return 2;
	}
	for (unsigned long i = 0; i < callers; i++)
		pids[i] = start(shared, argv + 1);
	begin = stats_now_ns();
	atomic_store(&shared->go, true);
	(void)usleep((useconds_t)(ms * 1000));
	atomic_store(&shared->stop, true);
	seconds = (double)(stats_now_ns() - begin) / 1e9;
	for (unsigned long i = 0; i < callers; i++)
		if (pids[i] > 0)
			(void)waitpid(pids[i], NULL, 0);
	return print(shared, seconds);
}
