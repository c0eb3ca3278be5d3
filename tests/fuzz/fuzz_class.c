/* SPDX-License-Identifier: Apache-2.0 */
/* Any words as a command: it has a class, and what it runs is among its arguments, or just behind them. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)            \
	do {                  \
		if (!(what))  \
			abort(); \
	} while (0)

enum { WORDS_MAX = 64 };

static void look(const struct cs_action *action)
{
	uint32_t scripts[CS_MAX_WANTED];
	size_t n = cs_action_scripts(action, scripts);
	enum cs_class class = cs_action_class(action);

	MUST(class == CS_CLASS_OPEN_ENDED || n == 0);
	for (size_t i = 0; i < n && i < CS_MAX_WANTED; i++) {
		MUST(scripts[i] > 0 && scripts[i] <= action->n_argv);
		for (size_t k = 0; k < i; k++)
			MUST(scripts[i] != scripts[k]);
	}
}

/* A word a line; the first is the command. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *rest = text, service[] = "sudo";
	char *argv[WORDS_MAX];
	struct cs_action action = { .service = service, .argv = argv };

	while (rest != NULL && action.n_argv < WORDS_MAX)
		argv[action.n_argv++] = strsep(&rest, "\n");
	action.command = text;
	if (text != NULL)
		look(&action);
	action.resolved = text;
	if (text != NULL)
		look(&action);
	free(text);
	return 0;
}
