/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of gates: reading their words, and meeting them with the arguments of an action. */
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"

void cs_command_clear(struct command *command)
{
	for (size_t i = 0; i < command->n_words; i++)
		free(command->words[i].text);
	free(command->words);
	free(command->text);
	free(command->name);
	*command = (struct command){0};
}

int cs_path_normal(const char *path)
{
	const char *at = path;

	if (!path || path[0] != '/' || strnlen(path, CS_MAX_PATH) >= CS_MAX_PATH)
		return 0;
	while (*at == '/') {
		size_t len = strcspn(++at, "/");

		if (len == 0 || (len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.'))
			return 0;
		at += len;
	}
	return 1;
}

/* The first word: a path, or for an application the name of what it does. */
static const char *check_name(const char *name)
{
	if (name[0] != '/' && cs_is_word(name, CS_MAX_NAME) == 1)
		return NULL;
	if (name[0] != '/')
		return "it begins with an absolute path or with the name of an action, which holds letters, digits, "
		       "'.', '_' "
		       "and '-'";
	if (strpbrk(name, "*%"))
		return "the path cannot hold '*' or '%'";
	if (cs_path_normal(name) != 1)
		return "the path is not plain: no \"//\", no \"/./\", no \"/../\", no '/' at the end";
	return NULL;
}

static bool is_among(const char *service, const char *const *services, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(service, services[i]) == 0)
			return true;
	}
	return false;
}

bool cs_service_runs_files(const char *service)
{
	static const char *const services[] = {"sudo", "sudo-i", "sudoedit"};

	return is_among(service, services, CS_COUNT(services));
}

bool cs_service_logs_in(const char *service)
{
	static const char *const services[] = {"sshd", "login", "remote", "su", "su-l"};

	return is_among(service, services, CS_COUNT(services));
}

bool cs_command_is_path(const struct command *command)
{
	return command->name[0] == '/';
}

static int copy_word(const char *s, size_t len, enum word_kind kind, struct word *ret_word)
{
	ret_word->kind = kind;
	ret_word->text = strndup(s, len);
	return ret_word->text ? 0 : CS_ENOMEM;
}

/* "%{name}" as a whole word: the name is read as in a scope, so that both take the same names. */
static int parse_capture(const char *s, size_t len, struct word *ret_word, const char **ret_what)
{
	struct scope probe = {0};
	char text[CS_MAX_SCOPE + 1] = "x/";
	int r;

	*ret_what = "write one word per argument: %{name} stands alone, with letters, digits, '_' and '-'";
	if (s[0] != '%' || s[len - 1] != '}' || len > CS_MAX_SCOPE - 2)
		return CS_ECONF;
	memcpy(text + 2, s, len);
	r = cs_scope_parse(text, &probe, &(const char *){NULL});
	if (r == 0 && probe.n_parts != 2)
		r = CS_ECONF;
	if (r == 0 && (probe.parts[1].prefix_len || probe.parts[1].suffix_len))
		r = CS_ECONF;
	if (r == 0)
		r = copy_word(s + 2, len - 3, WORD_CAPTURE, ret_word);
	cs_scope_clear(&probe);
	return r;
}

static int parse_word(const char *s, size_t len, struct word *ret_word, const char **ret_what)
{
	if (len == 1 && s[0] == '*') {
		ret_word->kind = WORD_ANY;
		return 0;
	}
	if (len == 2 && memcmp(s, "**", 2) == 0) {
		ret_word->kind = WORD_REST;
		return 0;
	}
	if (memchr(s, '*', len)) {
		*ret_what = "write one word per argument: '*' stands alone for one argument, \"**\" at the end for the "
			    "rest";
		return CS_ECONF;
	}
	if (memmem(s, len, "%{", 2))
		return parse_capture(s, len, ret_word, ret_what);
	return copy_word(s, len, WORD_LITERAL, ret_word);
}

static const char *check_words(const struct command *command)
{
	for (size_t i = 0; i < command->n_words; i++) {
		const struct word *word = &command->words[i];

		if (word->kind == WORD_REST && i + 1 < command->n_words)
			return "\"**\" can only be the last word";
		if (word->kind != WORD_CAPTURE)
			continue;
		if (strcmp(word->text, "host") == 0)
			return "%{host} is the host's name and cannot be a captured argument";
		for (size_t k = 0; k < i; k++) {
			if (command->words[k].kind == WORD_CAPTURE && strcmp(command->words[k].text, word->text) == 0)
				return "one name captures two arguments";
		}
	}
	return NULL;
}

static const char *check_bytes(const char *text)
{
	/* Whoever writes quotes expects a shell's reading of them. */
	if (strpbrk(text, "'\"\\"))
		return "quotes and backslashes have no meaning here: words end at blanks";
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' && *text != '\t')
			return "it holds a control character";
	}
	return NULL;
}

static int parse_words(const char *at, struct command *command, const char **ret_what)
{
	size_t cap = strlen(at) / 2 + 1;
	int r;

	command->words = calloc(cap, sizeof(*command->words));
	if (!command->words)
		return CS_ENOMEM;
	for (at += strspn(at, BLANKS); *at; at += strspn(at, BLANKS)) {
		size_t len = strcspn(at, BLANKS);

		if (command->n_words >= POLICY_MAX_WORDS) {
			*ret_what = "it has more than 256 words";
			return CS_ECONF;
		}
		r = parse_word(at, len, &command->words[command->n_words++], ret_what);
		if (r < 0)
			return r;
		at += len;
	}
	*ret_what = check_words(command);
	return *ret_what ? CS_ECONF : 0;
}

int cs_command_parse(const char *text, struct command *ret_command, const char **ret_what)
{
	struct command command = {.path = SIZE_MAX};
	size_t len = strcspn(text, BLANKS);
	int r = CS_ECONF;

	*ret_what = check_bytes(text);
	if (*ret_what)
		goto out;
	r = CS_ENOMEM;
	command.name = strndup(text, len);
	command.text = cs_dup(text);
	if (!command.name || !command.text)
		goto out;
	r = CS_ECONF;
	*ret_what = check_name(command.name);
	if (*ret_what)
		goto out;
	r = parse_words(text + len, &command, ret_what);
	if (r < 0)
		goto out;
	*ret_command = command;
	command = (struct command){0};
out:
	cs_command_clear(&command);
	return r;
}

bool cs_command_captures(const struct command *command, const char *name)
{
	for (size_t i = 0; i < command->n_words; i++) {
		if (command->words[i].kind == WORD_CAPTURE && strcmp(command->words[i].text, name) == 0)
			return true;
	}
	return false;
}

static const char *argument(const struct cs_action *action, size_t i)
{
	const char *arg = action->argv[i + 1];

	return arg ? arg : "";
}

int cs_command_meets(const struct command *command, const struct cs_action *action)
{
	size_t n_args = action->n_argv > 0 ? action->n_argv - 1 : 0;
	size_t i;

	if (command->n_words == 0)
		return 1;
	for (i = 0; i < command->n_words; i++) {
		const struct word *word = &command->words[i];

		if (word->kind == WORD_REST)
			return 1;
		if (i >= n_args)
			return 0;
		if (word->kind == WORD_LITERAL && strcmp(word->text, argument(action, i)) != 0)
			return 0;
	}
	return i == n_args;
}

const char *cs_command_captured(const struct command *command, const struct cs_action *action, const char *name)
{
	for (size_t i = 0; i < command->n_words; i++) {
		const struct word *word = &command->words[i];

		if (word->kind == WORD_CAPTURE && strcmp(word->text, name) == 0 && i + 1 < action->n_argv)
			return argument(action, i);
	}
	return NULL;
}

const char *cs_command_bad_capture(const struct command *command, const struct cs_action *action)
{
	for (size_t i = 0; i < command->n_words; i++) {
		const struct word *word = &command->words[i];

		if (word->kind == WORD_CAPTURE &&
		    (i + 1 >= action->n_argv || cs_is_word(argument(action, i), CS_MAX_SCOPE) != 1))
			return word->text;
	}
	return NULL;
}
