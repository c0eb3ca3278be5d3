/* SPDX-License-Identifier: Apache-2.0 */
/* Lazy consensus: silence means something of people who were told. Who was, the events of a request say. */
#include "needs_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

void cs_heard_clear(struct cs_heard *heard)
{
	cs_free_strv(&heard->told, &heard->n_told);
	cs_free_strv(&heard->untold, &heard->n_untold);
}

static int add_all(char *const *names, size_t n, char ***to, size_t *n_to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (cs_strv_has(*to, *n_to, names[i]) != 1)
			r = cs_strv_add(to, n_to, names[i]);
	return r;
}

static void take_out(char *const *names, size_t n, char **from, size_t *n_from)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n_from; i++) {
		if (cs_strv_has(names, n, from[i]) == 1)
			free(from[i]);
		else
			from[kept++] = from[i];
	}
	for (size_t i = kept; i < *n_from; i++)
		from[i] = NULL;
	*n_from = kept;
}

int cs_heard_follow(struct cs_heard *heard, bool told, char *const *names, size_t n)
{
	if (!told)
		return add_all(names, n, &heard->untold, &heard->n_untold);
	take_out(names, n, heard->untold, &heard->n_untold);
	return add_all(names, n, &heard->told, &heard->n_told);
}

/* Is somebody among those who could still fill this rule who was told, and is everybody named? */
static bool is_told(const struct cs_heard *heard, const struct cs_need *need)
{
	bool told = false;

	for (size_t i = 0; i < need->n_who; i++) {
		if (strcmp(need->who[i], CS_WHO_OTHERS) == 0)
			return false;
		told = told || cs_strv_has(heard->told, heard->n_told, need->who[i]) == 1;
	}
	return told || need->n_who == 0;
}

bool cs_heard_suffices(const struct cs_heard *heard, const struct cs_need *needs, size_t n_needs)
{
	if (heard->n_untold > 0 || heard->n_told == 0)
		return false;
	for (size_t i = 0; i < n_needs; i++)
		if (needs[i].have < needs[i].count && !is_told(heard, &needs[i]))
			return false;
	return true;
}
