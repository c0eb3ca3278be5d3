/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that end a wait, so that a request is withdrawn before the program goes. */
#include "asking.h"
#include "mem.h"

static const int numbers[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
static struct sigaction before[CS_COUNT(numbers)];
static volatile sig_atomic_t caught;

static void note(int number)
{
	caught = number;
}

void cs_signals_catch(void)
{
	struct sigaction action = { .sa_handler = note };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < CS_COUNT(numbers); i++) {
		(void)sigaction(numbers[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			(void)sigaction(numbers[i], &action, NULL);
	}
}

int cs_signals_caught(void)
{
	return caught;
}

void cs_signals_restore(void)
{
	for (size_t i = 0; i < CS_COUNT(numbers); i++)
		(void)sigaction(numbers[i], &before[i], NULL);
}
