/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a server answers, for how long it is passed over when it does not, and who is told. */
#include "causes.h"
#include "clock.h"
#include "servers_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ONE_MS: what happens within it is one failure: several connections end together. */
enum { ONE_MS = 100, PAUSE_LEAST_MS = 1000, PAUSE_MOST_MS = 60000, TOLD_CAUSE_MAX = 200,
	TOLD_LEAST_MS = 3000 };

static uint64_t wall_ms(void)
{
	struct timespec now = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What one server contributes to the sentence; empty when nothing is known of it. */
static void server_text(const struct server *server, bool alone, bool any, char *ret_text, size_t size)
{
	char since[21];
	*ret_text = '\0';
	if (!server->known)
		return;
	cs_time_text(server->failing_wall_ms, since);
	if (!server->failing)
		(void)snprintf(ret_text, size, "%.200s answers", server->uri);
	else if (alone)
		(void)snprintf(ret_text, size, "%s", server->cause);
	else if (any)
		(void)snprintf(ret_text, size, "%.200s does not since %s: %.*s", server->uri, since, TOLD_CAUSE_MAX,
			server->cause);
	else
		(void)snprintf(ret_text, size, "%.200s: %.*s", server->uri, TOLD_CAUSE_MAX, server->cause);
}

/* While none answers and one has still to be tried, nothing is known of all of them. */
static bool is_open(const struct cs_servers *servers)
{
	for (size_t i = 0; i < servers->n; i++)
		if (!servers->all[servers->order[i]].known)
			return servers_all_fail(servers);
	return false;
}

/* Those that answer come first. */
void server_tell(struct cs_servers *servers)
{
	char *text = servers->text;
	bool any = !servers_all_fail(servers);
	size_t used = 0, left_out = 0;
	if (is_open(servers))
		return;
	*text = '\0';
	for (int failing = 0; failing < 2; failing++)
		for (size_t i = 0; i < servers->n; i++) {
			char one[CS_STATE_TEXT_MAX];
			const struct server *server = &servers->all[servers->order[i]];
			if (server->failing != (failing == 1))
				continue;
			server_text(server, servers->settings->n_uris == 1, any, one, sizeof(one));
			if (used + strlen(one) + 32 > CS_STATE_TEXT_MAX && *one != '\0')
				left_out++;
			else if (*one != '\0')
				used += (size_t)snprintf(text + used, CS_STATE_TEXT_MAX - used, "%s%s",
					used > 0 ? "; " : "", one);
		}
	if (left_out > 0)
		(void)snprintf(text + used, CS_STATE_TEXT_MAX - used, "; and %zu more", left_out);
	servers->calls.state(servers->arg, any, text);
}

/* Passed over twice as long when it fails again sooner than it had been passed over: it may answer binds, or live just
 * long enough to be tried. */
static uint64_t next_pause(const struct server *server, uint64_t now)
{
	bool stood = server->answered_ms != 0 && now - server->answered_ms >= server->pause_ms;
	if (server->pause_ms == 0 || stood)
		return PAUSE_LEAST_MS;
	return server->pause_ms * 2 < PAUSE_MOST_MS ? server->pause_ms * 2 : PAUSE_MOST_MS;
}

/* One line when it begins to fail; another when it fails for another reason, more and more rarely. */
static void tell_cause(struct cs_servers *servers, struct server *server, bool news, uint64_t now)
{
	char text[CS_STATE_TEXT_MAX + 1];
	if (!news && (cs_cause_is(server->told, server->cause) || now - server->told_ms < server->told_pause_ms))
		return;
	if (news)
		server->told_pause_ms = 0;
	server->told_pause_ms = server->told_pause_ms == 0 ? TOLD_LEAST_MS :
		server->told_pause_ms * 2 < PAUSE_MOST_MS ? server->told_pause_ms * 2 : PAUSE_MOST_MS;
	server->told_ms = now;
	(void)snprintf(server->told, sizeof(server->told), "%s", server->cause);
	(void)snprintf(text, sizeof(text), news ? "the directory server %.300s does not answer: %.200s" :
		"the directory server %.300s still does not answer, but now: %.200s", server->uri, server->cause);
	servers->calls.event(servers->arg, false, text);
}

void server_fails(struct cs_servers *servers, struct server *server, const char *cause, bool longer)
{
	char kept[LDAP_CAUSE_MAX];
	uint64_t now = cs_boot_ms();
	bool news = !server->failing;
	(void)snprintf(kept, sizeof(kept), "%s", cause);
	(void)snprintf(server->cause, sizeof(server->cause), "%s", kept);
	if (news || (longer && now - server->failed_ms > ONE_MS))
		server->pause_ms = next_pause(server, now);
	server->failed_ms = now;
	server->try_ms = now + server->pause_ms;
	server->answered_ms = 0;
	server->known = true;
	server->failing = true;
	if (news)
		server->failing_wall_ms = wall_ms();
	tell_cause(servers, server, news, now);
	server_tell(servers);
}

void server_answers(struct cs_servers *servers, struct server *server)
{
	char text[CS_STATE_TEXT_MAX + 1];
	bool news = !server->known || server->failing;
	bool again = server->failing;
	server->heard_ms = cs_boot_ms();
	server->try_ms = 0;
	server->known = true;
	server->failing = false;
	if (again) {
		(void)snprintf(text, sizeof(text), "the directory server %.300s answers again", server->uri);
		servers->calls.event(servers->arg, true, text);
	}
	if (news)
		server_tell(servers);
}
