/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor: whether what enable connected is connected still. */
#include "doctor.h"
#include "enable.h"
#include "mem.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>

/* No line of ours is in what is there. sshd_config has none ever. */
static bool lost(const struct cs_enable_door *door, const struct cs_enable_edit *edit)
{
	for (size_t i = 0; i < CS_ENABLE_FILES && door->files[i].path != NULL; i++)
		if (strcmp(door->files[i].path, edit->path) == 0 && door->files[i].take == cs_enable_take_nothing)
			return false;
	return memmem(edit->old, edit->n_old, "countersign", 11) == NULL;
}

static void look_at_door(struct cs_doctor *doctor, const struct cs_enable_door *door)
{
	struct cs_enable_plan plan = { 0 };
	const char *lacks = NULL;
	char *mend = NULL;
	int r = cs_enable_plan(doctor->host, door, false, &plan, &lacks);

	if (r == CS_ENOMEM || cs_format(&mend, "countersign enable %s, or countersign disable %s", door->name, door->name) < 0)
		doctor->error = CS_ENOMEM;
	else if (r < 0)
		cs_doctor_find_file(doctor, lacks, mend, "countersign enable connected %s, and this file cannot be read any more",
			door->name);
	for (size_t i = 0; mend != NULL && i < plan.n; i++)
		if (lost(door, &plan.edits[i]))
			cs_doctor_find_file(doctor, plan.edits[i].path, mend,
				"countersign enable connected %s, and no line of ours is left: another program wrote this file anew",
				door->name);
	free(mend);
	cs_enable_plan_clear(&plan);
}

void cs_doctor_door_lost(struct cs_doctor *doctor)
{
	const struct cs_enable_door *door = NULL;

	for (size_t i = 0; (door = cs_enable_door_at(i)) != NULL; i++) {
		struct cs_enable_record record = { 0 };

		if (cs_enable_record_read(doctor->host, door, &record) < 0)
			doctor->error = CS_ENOMEM;
		else if (record.state == CS_ENABLE_DONE || record.state == CS_ENABLE_WAITING)
			look_at_door(doctor, door);
		cs_clear(&cs_enable_record_shape, &record);
	}
}
