/* SPDX-License-Identifier: Apache-2.0 */
/* What others take home of the evidence: receipts of one request, and segments. */
#include "internal.h"

void receipt_start(struct task *task)
{
	task_fail(task, CS_EINVAL, NULL);
}

void archive_start(struct task *task)
{
	task_fail(task, CS_EINVAL, NULL);
}
