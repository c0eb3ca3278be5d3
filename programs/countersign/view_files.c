/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of command it is, and the files that its arguments name, for people: which of them were hashed, and which
 * others can still change. */
#include "view_parts.h"
#include "text.h"

#include <stdio.h>

static const char *class_text(enum cs_class class)
{
	switch (class) {
	case CS_CLASS_OPEN_ENDED:
		return "open-ended: it does whatever is typed into it, or written in a file";
	case CS_CLASS_EDIT:
		return "edit: what is written to the file is chosen after the approval";
	case CS_CLASS_PLAIN:
		break;
	}
	return NULL;
}

static bool is_script(const struct cs_action *action, const struct cs_operand *operand)
{
	uint32_t scripts[CS_MAX_WANTED];
	size_t n = cs_action_scripts(action, scripts);

	for (size_t i = 0; i < n && i < CS_MAX_WANTED; i++)
		if (scripts[i] == operand->arg && !cs_given(operand->suffix))
			return true;
	return false;
}

static void put_operand(struct cs_buf *out, const struct cs_look *look, const struct cs_action *action,
	const struct cs_operand *operand)
{
	char label[32];

	(void)snprintf(label, sizeof(label), "argv[%lu]", (unsigned long)operand->arg);
	cs_put(out, CS_LABEL, label);
	cs_put(out, cs_given(operand->suffix) ? "with " : "is ");
	if (cs_given(operand->suffix)) {
		cs_escape(out, operand->suffix);
		cs_put(out, " is ");
	}
	cs_escape(out, operand->path == NULL ? "" : operand->path);
	if (is_script(action, operand))
		cs_put(out, ", which it runs");
	if (operand->exposed) {
		cs_put(out, ": ");
		cs_put_styled(out, look, CS_RED, "mutable input");
		cs_put(out, ", others than root can change it");
	}
	cs_put(out, "\n");
	if (operand->file.present)
		cs_put_digest(out, "sha256", operand->file.sha256);
}

void cs_view_files(struct cs_buf *out, const struct cs_look *look, const struct cs_action *action)
{
	const char *class = class_text(cs_action_class(action));

	if (class != NULL) {
		cs_put(out, CS_LABEL, "class");
		cs_put_styled(out, look, CS_YELLOW, class);
		cs_put(out, "\n");
	}
	for (size_t i = 0; i < action->n_operands; i++)
		put_operand(out, look, action, &action->operands[i]);
	if (action->more_operands)
		cs_put(out, CS_LABEL "more arguments name files than are listed here\n", "");
}
