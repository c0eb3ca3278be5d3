/* SPDX-License-Identifier: Apache-2.0 */
/* What the log and status say of the server's work. */
#include "server_internal.h"
#include "clock.h"
#include "log.h"
#include "mem.h"
#include "text.h"

#define FAILED_EVERY_MS 10000u

bool may_log(struct quiet *quiet, uint64_t every_ms, unsigned *ret_left_out)
{
	uint64_t now = cs_boot_ms();

	if (quiet->last_ms != 0 && now - quiet->last_ms < every_ms) {
		quiet->left_out++;
		return false;
	}
	*ret_left_out = quiet->left_out;
	*quiet = (struct quiet){ .last_ms = now };
	return true;
}

static void recorded(void *arg, const struct cs_event *event, const uint8_t chain[CS_DIGEST_LEN])
{
	struct server *s = arg;
	char hex[2 * CS_DIGEST_LEN + 1], when[21];

	teller_wake(s ? s->teller : NULL);
	cs_hex(chain, CS_DIGEST_LEN, hex);
	cs_time_text(event->wall_ms, when);
	/* The head comes first: what people wrote stands behind it and cannot pretend to be one. */
	cs_log(LOG_NOTICE, "event %llu head=%s %s %s request=%llu uid=%u user=%s verdict=%s reason=%s gate=%s text=%s",
		(unsigned long long)event->number, hex, when, cs_name_of(cs_event_names, (int)event->kind),
		(unsigned long long)event->request, event->actor_uid, event->actor_name ? event->actor_name : "",
		cs_verdict_name(event->verdict), cs_reason_name(event->reason), event->gate ? event->gate : "",
		event->text ? event->text : "");
}

/* A full disk fails every call; one line in a while says so. */
static void store_failed(void *arg, const char *why)
{
	struct server *s = arg;
	unsigned left_out = 0;

	if (may_log(&s->failed_log, FAILED_EVERY_MS, &left_out))
		cs_log(LOG_ERR, "the store could not write, and what is not recorded is denied: %s", why);
}

static void notice(void *arg, const char *text)
{
	(void)arg;
	cs_log(LOG_WARNING, "%s", text);
}

static void describe(void *arg, struct cs_status *status)
{
	struct server *s = arg;

	status->connections = s->n_connections;
	status->malformed = s->malformed;
	for (struct connection *c = s->connections; c; c = c->next)
		status->waiting += c->waiting;
	status->notify = s->teller ? cs_dup(teller_state(s->teller)) : NULL;
}

struct cs_authority_events server_events(struct server *server)
{
	struct cs_authority_events events = { .recorded = recorded, .notice = notice, .arg = server };

	if (server) {
		events.changed = changed;
		events.shown = shown;
		events.failed = store_failed;
		events.describe = describe;
	}
	return events;
}
