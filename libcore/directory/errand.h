/* SPDX-License-Identifier: Apache-2.0 */
/* Work that blocks, in a thread of its own, so that the loop of the directory worker never does. A thread that never
 * comes back costs its owner nothing but this one errand. */
#ifndef CS_DIRECTORY_ERRAND_H
#define CS_DIRECTORY_ERRAND_H

#include <stdbool.h>

struct cs_errand;

/* run is called once in the thread and touches nothing but arg and what never changes. drop frees arg when nobody is
 * going to take it back, in either thread. */
struct cs_errand_calls {
	void (*run)(void *arg);
	void (*drop)(void *arg);
};

/* Begins; arg belongs to the thread until it is taken back. 0; CS_ENOMEM, CS_EIO (arg stays the caller's). */
int cs_errand_start(const struct cs_errand_calls *calls, void *arg, struct cs_errand **ret_errand);

int cs_errand_fd(const struct cs_errand *errand); /* readable once it is done */

/* True once run has returned: then arg is the caller's again, the errand is freed and NULL. */
bool cs_errand_take(struct cs_errand **errand);

/* Takes no interest any more: drop is called when run has returned. Accepts NULL and leaves NULL. */
void cs_errand_abandon(struct cs_errand **errand);

#endif
