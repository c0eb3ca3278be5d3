/* SPDX-License-Identifier: Apache-2.0 */
/* How the daemon is, for people. */
#include "text.h"
#include "clock.h"
#include "view.h"
#include "view_parts.h"

#include <string.h>

static const char *assurance_text(const char *assurance)
{
	if (assurance != NULL && strcmp(assurance, "local-uid") == 0)
		return "the kernel says who votes; whoever becomes root on this host could vote as anybody";
	return "";
}

static void put_evidence_head(struct cs_buf *out, const struct cs_status *status)
{
	char hex[2 * CS_DIGEST_LEN + 1];

	cs_hex(status->head, CS_DIGEST_LEN, hex);
	cs_put(out, CS_LABEL "%llu events, head %llu:%s\n", "evidence", (unsigned long long)status->events,
		(unsigned long long)status->events, hex);
	if (status->first_event > 1)
		cs_put(out, CS_LABEL "those before %llu are in segments\n", "",
			(unsigned long long)status->first_event);
}

static void put_telling(struct cs_buf *out, const struct cs_status *status)
{
	if (!cs_given(status->notify) && status->notices == 0)
		return;
	cs_put(out, CS_LABEL "%llu to be sent", "notices", (unsigned long long)status->notices);
	if (cs_given(status->notify)) {
		cs_put(out, "; ");
		cs_escape(out, status->notify);
	}
	cs_put(out, "\n");
}

void cs_view_status(struct cs_buf *out, const struct cs_look *look, const struct cs_status *status)
{
	char span[16], when[21];
	const char *meaning = assurance_text(status->assurance);

	cs_span_text(status->uptime_ms, span);
	cs_time_text(status->policy_wall_ms, when);
	cs_put_styled(out, look, CS_BOLD, "countersignd ");
	cs_escape(out, status->version == NULL ? "" : status->version);
	cs_put(out, " on ");
	cs_escape(out, status->host == NULL ? "" : status->host);
	cs_put(out, ", up %s\n", span);
	cs_put_text(out, "policy", status->policy_file, "-");
	cs_put(out, CS_LABEL "generation %llu, in force since %s\n", "", (unsigned long long)status->policy_generation,
		when);
	cs_put_digest(out, "", status->policy_digest);
	cs_put(out, CS_LABEL, "directory");
	cs_put_styled(out, look, status->directory_ok ? CS_GREEN : CS_RED, status->directory_ok ? "ok" : "not ok");
	cs_put(out, ": ");
	cs_escape(out, status->directory == NULL ? "" : status->directory);
	cs_put(out, "\n");
	cs_put_text(out, "store", status->store, "-");
	cs_put(out, CS_LABEL "%llu pending, %llu approved; %llu waiting on line\n", "requests",
		(unsigned long long)status->pending, (unsigned long long)status->approved,
		(unsigned long long)status->waiting);
	cs_put(out, CS_LABEL "%llu now; %llu malformed frames refused since the start\n", "connections",
		(unsigned long long)status->connections, (unsigned long long)status->malformed);
	put_evidence_head(out, status);
	put_telling(out, status);
	cs_put_text(out, "host key", status->host_key, NULL);
	cs_put_text(out, "roster", status->roster, NULL);
	cs_put(out, CS_LABEL, "assurance");
	cs_escape(out, cs_given(status->assurance) ? status->assurance : "unknown");
	cs_put(out, "%s%s\n", *meaning == '\0' ? "" : ": ", meaning);
}
