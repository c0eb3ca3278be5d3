/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an action: which were hashed, and are they still the same? */
#include "internal.h"
#include <string.h>

static int same_file(const struct cs_file *a, const struct cs_file *b)
{
	return a->present == b->present && memcmp(a->sha256, b->sha256, CS_DIGEST_LEN) == 0 && a->device == b->device &&
	       a->inode == b->inode && a->size == b->size && a->mode == b->mode && a->uid == b->uid && a->gid == b->gid;
}

uint32_t files_of(const struct cs_action *action)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < action->n_operands && i < CS_MAX_OPERANDS; i++)
		bits |= (uint32_t)action->operands[i].file.present << i;
	return bits;
}

int files_same(const struct task *task, const struct cs_action *action)
{
	if (!same_file(&action->file, &task->file))
		return 0;
	for (size_t i = 0; i < action->n_operands && i < CS_MAX_OPERANDS; i++)
		if (!same_file(&action->operands[i].file, &task->files[i]))
			return 0;
	return 1;
}
