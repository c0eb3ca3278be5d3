/* SPDX-License-Identifier: Apache-2.0 */
/* The control of a line: one word, or pairs of results and actions. */
#include "pam_control.h"
#include "countersign/error.h"
#include "mem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { UNDEFINED = -6, JUMP_MAX = 1000000 };

/* In the order of the numbers. */
static const char *const codes[CS_PAM_CODES + 1] = { "success", "open_err", "symbol_err", "service_err", "system_err",
	"buf_err", "perm_denied", "auth_err", "cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries",
	"new_authtok_reqd", "acct_expired", "session_err", "cred_unavail", "cred_expired", "cred_err", "no_module_data",
	"conv_err", "authtok_err", "authtok_recover_err", "authtok_lock_busy", "authtok_disable_aging", "try_again", "ignore",
	"abort", "authtok_expired", "module_unknown", "bad_item", "conv_again", "incomplete", "default" };

static const char *const acts[] = { "ignore", "ok", "done", "bad", "die", "reset" };

static void set_default(int actions[CS_PAM_CODES], int act)
{
	for (size_t i = 0; i < CS_PAM_CODES; i++)
		if (actions[i] == UNDEFINED)
			actions[i] = act;
}

static const struct {
	const char *name;
	int success, ignore, rest;
} controls[] = {
	{ "required", CS_PAM_OK, CS_PAM_IGNORE, CS_PAM_BAD },
	{ "requisite", CS_PAM_OK, CS_PAM_IGNORE, CS_PAM_DIE },
	{ "optional", CS_PAM_OK, CS_PAM_IGNORE, CS_PAM_IGNORE },
	{ "sufficient", CS_PAM_DONE, CS_PAM_IGNORE, CS_PAM_IGNORE },
};

static int named_control(const char *text, int actions[CS_PAM_CODES])
{
	for (size_t i = 0; i < CS_COUNT(controls); i++) {
		if (strcasecmp(text, controls[i].name) != 0)
			continue;
		actions[0] = actions[12] = controls[i].success;
		actions[25] = controls[i].ignore;
		set_default(actions, controls[i].rest);
		return 1;
	}
	return 0;
}

static const char *skip(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

/* The first of the names that begins the text, as libpam compares them; n: none. */
static size_t beginning(const char *const *names, size_t n, const char *text)
{
	size_t i = 0;

	while (i < n && strncmp(names[i], text, strlen(names[i])) != 0)
		i++;
	return i;
}

static const char *number(const char *at, int *ret_number)
{
	int n = 0;

	while (isdigit((unsigned char)*at)) {
		n = n < JUMP_MAX ? n * 10 + (*at - '0') : JUMP_MAX;
		at++;
	}
	*ret_number = n;
	return n > 0 ? at : NULL;
}

/* One "code=action"; behind it, or NULL when it is none. */
static const char *one_pair(const char *at, int actions[CS_PAM_CODES])
{
	size_t code = beginning(codes, CS_COUNT(codes), at), act = 0;
	int value = 0;

	if (code == CS_COUNT(codes))
		return NULL;
	at = skip(at + strlen(codes[code]));
	if (*at != '=')
		return NULL;
	at = skip(at + 1);
	act = beginning(acts, CS_COUNT(acts), at);
	if (act < CS_COUNT(acts)) {
		value = -(int)act;
		at += strlen(acts[act]);
	} else if ((at = number(at, &value)) == NULL) {
		return NULL;
	}
	if (code < CS_PAM_CODES)
		actions[code] = value;
	else
		set_default(actions, value);
	return at;
}

static int pairs(const char *text, int actions[CS_PAM_CODES])
{
	const char *at = skip(text);

	while (at != NULL && *at != '\0') {
		at = one_pair(at, actions);
		if (at != NULL)
			at = skip(at);
	}
	return at != NULL ? 0 : CS_EPROTO;
}

void cs_pam_read_control(struct cs_pam_line *line)
{
	for (size_t i = 0; i < CS_PAM_CODES; i++)
		line->actions[i] = UNDEFINED;
	if (named_control(line->control, line->actions) == 1)
		return;
	if (pairs(line->control, line->actions) < 0) {
		line->wrong = "its control is none that libpam knows";
		for (size_t i = 0; i < CS_PAM_CODES; i++)
			line->actions[i] = CS_PAM_BAD;
	}
	set_default(line->actions, CS_PAM_BAD);
}
