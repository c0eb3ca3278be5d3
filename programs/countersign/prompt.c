/* SPDX-License-Identifier: Apache-2.0 */
/* What a person types: numbers on the command line, answers on the terminal. */
#include "command.h"
#include "mem.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cs_read_number(const char *word, uint64_t *ret_number)
{
	const char *digits = *word == '#' ? word + 1 : word;
	uint64_t number = 0;

	for (const char *at = digits; *at != '\0'; at++) {
		if (*at < '0' || *at > '9' || at - digits >= 18)
			return cs_fail(CS_EXIT_USAGE, "not a request's number", word, "see `countersign list`");
		number = number * 10 + (uint64_t)(*at - '0');
	}
	if (number == 0)
		return cs_fail(CS_EXIT_USAGE, "not a request's number", word, "see `countersign list`");
	*ret_number = number;
	return 0;
}

/* Blanks around an answer are taken off; what is inside stays as typed. */
static char *trim(char *text)
{
	size_t n = 0;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

int cs_prompt(const char *question, size_t max, char **ret_answer)
{
	char *line = NULL, *answer = NULL, *trimmed = NULL;
	size_t cap = 0;
	ssize_t n = 0;
	int r = CS_EIO;

	if (isatty(STDIN_FILENO) != 1)
		return CS_EUNAVAIL;
	fputs(question, stderr);
	fflush(stderr);
	n = getline(&line, &cap, stdin);
	if (n < 0)
		goto out;
	r = CS_EINVAL;
	if (strlen(line) != (size_t)n)
		goto out;
	trimmed = trim(line);
	r = CS_ETOOBIG;
	if (strlen(trimmed) > max)
		goto out;
	r = CS_ENOMEM;
	answer = cs_dup(trimmed);
	if (answer == NULL)
		goto out;
	*ret_answer = answer;
	r = 0;
out:
	free(line);
	return r;
}
