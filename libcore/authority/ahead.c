/* SPDX-License-Identifier: Apache-2.0 */
/* Asked for ahead: when it may start. */
#include "internal.h"
#include "mem.h"

enum cs_reason ahead_refused(const struct task *task, char **ret_text)
{
	const struct cs_submit *submit = task->call;
	uint64_t most = cs_gate_ahead_ms(task->match.gate), start = submit->start_wall_ms, now = task->now.wall_ms;
	char span[16];

	if (!submit->ahead || start == 0)
		return CS_WHY_NONE;
	if (start > now && start - now <= most)
		return CS_WHY_NONE;
	cs_span_text(most, span);
	/* where there is no memory for more, the reason's own sentence is told */
	if (start <= now)
		*ret_text = cs_dup("The start is in the past.");
	else if (most == 0)
		*ret_text = cs_dup("The gate takes no start: ask without one.");
	else
		(void)cs_format(ret_text, "The start is further ahead than the gate allows, which is %s.", span);
	return CS_WHY_AHEAD;
}
