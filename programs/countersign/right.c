/* SPDX-License-Identifier: Apache-2.0 */
/* What can and why share: one question to the daemon, three possible answers. */
#include "right.h"
#include "options.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

/* Asked by anybody but root, the daemon knows nobody but the caller. */
static bool is_not_the_caller(const char *user)
{
	const struct passwd *caller = getuid() == 0 ? NULL : getpwuid(getuid());

	return getuid() != 0 && (caller == NULL || strcmp(caller->pw_name, user) != 0);
}

int cs_fetch_right(struct cs_run *run, char **args, size_t n, struct cs_right_answer *ret_answer)
{
	struct cs_right call = { 0 };
	int status = cs_options_read(run, args, n, NULL, 0, 3, 3, &n);

	if (status != 0)
		return status;
	/* In the protocol no name at all means the caller; a typed empty name is more likely an unset variable. */
	if (*args[0] == '\0')
		return cs_fail(CS_EXIT_USAGE, "the user's name is empty", run->command->name, "");
	call.user = args[0];
	call.permission = args[1];
	call.scope = args[2];
	status = cs_ask(run, CS_CALL_RIGHT, &call, args[1], ret_answer);
	if (status == 0 && ret_answer->reason == CS_WHY_UNKNOWN_PERSON && is_not_the_caller(call.user)) {
		cs_clear(&cs_right_answer_shape, ret_answer);
		return cs_fail(CS_EXIT_NOT_PERMITTED, "only root may ask about other people", call.user, "");
	}
	return status;
}

int cs_exit_of_right(const struct cs_right_answer *answer)
{
	if (answer->verdict == CS_PERMIT)
		return CS_EXIT_YES;
	return answer->reason == CS_WHY_DOUBT ? CS_EXIT_DOUBT : CS_EXIT_NO;
}

const char *cs_word_of_right(const struct cs_right_answer *answer)
{
	static const char *const words[] = { [CS_EXIT_YES] = "yes", [CS_EXIT_NO] = "no",
		[CS_EXIT_DOUBT] = "could not tell" };

	return words[cs_exit_of_right(answer)];
}
