/* SPDX-License-Identifier: Apache-2.0 */
/* A login asks twice: PAM's account phase asks whether it may, and its session phase asks again before it opens. It is one
 * login. */
#include "tally.h"
#include "mem.h"

static bool is_empty(const char *text)
{
	return !text || !*text;
}

/* It runs no command, so it is a login; and only the session phase looks up which groups that is to have, of which everybody
 * has one. A plain right is asked for without a service. */
static bool is_of_account(const struct cs_action *action)
{
	return !is_empty(action->service) && is_empty(action->command) && action->n_target_groups == 0;
}

int cs_tally_only_asked(const struct cs_event *event)
{
	struct cs_permitted_body body = { 0 };
	int r = cs_decode_all(&cs_permitted_body_shape, event->body, event->n_body, &body);

	if (r == 0)
		r = is_of_account(&body.action);
	cs_clear(&cs_permitted_body_shape, &body);
	return r;
}
