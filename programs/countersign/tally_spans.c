/* SPDX-License-Identifier: Apache-2.0 */
/* How long approvals took: counted by kinds of lengths, so that a million of them need no more room than one. */
#include "tally.h"

#include <stdlib.h>

enum { FINE = 32 }; /* kinds of lengths within each doubling */

static size_t span_kind(uint64_t ms)
{
	size_t doublings = 0;

	for (; ms >= 2 * FINE; ms /= 2)
		doublings++;
	return doublings * FINE + (size_t)ms; /* below 2 * FINE every length is a kind of its own */
}

/* The shortest of its kind. */
static uint64_t span_ms(size_t kind)
{
	size_t doublings = kind < 2 * FINE ? 0 : kind / FINE - 1;

	return (uint64_t)(kind - doublings * FINE) << doublings;
}

int cs_tally_span(struct cs_tally_gate *gate, uint64_t ms)
{
	size_t kind = span_kind(ms);

	if (!gate->spans && !(gate->spans = calloc(CS_TALLY_SPANS, sizeof(*gate->spans))))
		return CS_ENOMEM;
	gate->spans[kind < CS_TALLY_SPANS ? kind : CS_TALLY_SPANS - 1]++;
	return 0;
}

uint64_t cs_tally_span_at(const struct cs_tally_gate *gate, unsigned percent)
{
	uint64_t n = 0, seen = 0, wanted = 0;

	for (size_t i = 0; gate->spans && i < CS_TALLY_SPANS; i++)
		n += gate->spans[i];
	wanted = (n * percent + 99) / 100;
	for (size_t i = 0; gate->spans && i < CS_TALLY_SPANS; i++) {
		seen += gate->spans[i];
		if (n > 0 && seen >= wanted)
			return span_ms(i);
	}
	return 0;
}
