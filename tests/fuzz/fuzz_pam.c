/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of pam.d: every line has a place and a meaning, and whatever the results are, one that is denied by
 * every line of it is never granted when the way past them was not found. */
#include "pam.h"

#include <stdlib.h>
#include <string.h>

#include "countersign/error.h"

enum { SUCCESS = 0, DENIED = 6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_line(const struct cs_pam_line *line)
{
	require(line->at.line >= 1 && line->at.file != NULL);
	require(line->what != CS_PAM_BROKEN || line->wrong != NULL);
	require(line->what != CS_PAM_MODULE || (line->module != NULL && line->phase != CS_PAM_ANY));
	for (size_t i = 0; line->what == CS_PAM_MODULE && i < CS_PAM_CODES; i++)
		require(line->actions[i] >= CS_PAM_RESET);
}

/* The lines as they are, includes taken for modules. */
static void check_ways(struct cs_pam_stack *stack, uint8_t pick)
{
	bool ours[CS_PAM_STEPS_MAX] = { false };
	int codes[CS_PAM_STEPS_MAX];
	struct cs_pam_escape escape = { 0 };
	int r = 0;

	if (stack->lines.n == 0 || stack->lines.n > 24)
		return;
	ours[pick % stack->lines.n] = true;
	for (size_t i = 0; i < stack->lines.n; i++)
		codes[i] = ours[i] || strcmp(cs_pam_module_name(&stack->lines.at[i]), "pam_deny.so") == 0 ? DENIED : SUCCESS;
	r = cs_pam_stack_escape(stack, ours, DENIED, &escape);
	require(r == 0 || r == 1 || r == CS_EDOUBT);
	require(r != 1 || escape.blame < stack->lines.n);
	if (r == 0)
		require(cs_pam_stack_result(stack, codes, NULL) != SUCCESS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_pam_stack stack = { 0 };
	char *text = NULL;
	int r = 0;

	if (size > 65536)
		return 0;
	text = malloc(size + 1);
	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	r = cs_pam_parse(text, size, "fuzz", &stack.lines);
	require(r == 0 || r == CS_ETOOBIG);
	for (size_t i = 0; i < stack.lines.n; i++)
		check_line(&stack.lines.at[i]);
	if (r == 0)
		check_ways(&stack, size > 0 ? data[0] : 0);
	cs_pam_stack_clear(&stack);
	free(text);
	return 0;
}
