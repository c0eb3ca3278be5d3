/* SPDX-License-Identifier: Apache-2.0 */
/* How old what the directory says is, who said it, and whether that will do. */
#include "internal.h"
#include "mem.h"
#include <string.h>

uint64_t facts_age(const struct cs_facts *facts, const struct cs_now *now)
{
	return now->boot_ms > facts->boot_ms ? now->boot_ms - facts->boot_ms : 0;
}

#define SOURCE_SHOWN 200 /* bytes: what is told with it has to fit */

/* So many bytes of a source, whole letters. */
static int shown(const char *source)
{
	size_t n = strlen(source);

	if (n <= SOURCE_SHOWN)
		return (int)n;
	for (n = SOURCE_SHOWN; n > 0 && ((unsigned char)source[n] & 0xc0) == 0x80; n--)
		;
	return (int)n;
}

static const char *source_of(const struct cs_facts *facts)
{
	return facts->source && *facts->source ? facts->source : "the directory";
}

char *facts_told(const struct cs_facts *facts, const struct cs_now *now)
{
	const char *source = source_of(facts);
	char age[16], *text = NULL;
	int n = shown(source);

	if (facts->known == CS_KNOWN_DOUBT)
		return cs_dup("");
	cs_span_text(facts_age(facts, now), age);
	return cs_format(&text, "from %.*s%s, %s old", n, source, source[n] ? "…" : "", age) == 0 ? text : NULL;
}

static char *stale_text(const struct task *task, const struct cs_facts *facts, uint64_t fresh_ms, const char *what)
{
	const char *source = source_of(facts);
	char age[16], wanted[16], *text = NULL;
	int n = shown(source);

	cs_span_text(facts_age(facts, &task->now), age);
	cs_span_text(fresh_ms, wanted);
	if (cs_format(&text, "the directory's word from %.*s%s is %s old, and %s wants %s", n, source,
		source[n] ? "…" : "", age, what, fresh_ms > 0 ? wanted : "it asked each time") < 0)
		return NULL;
	return text;
}

int facts_stale(const struct task *task, const struct cs_facts *facts, size_t n, uint64_t fresh_ms, const char *what,
	char **ret_text)
{
	/* As task_ask puts it to the directory, so that an answer that kept to it is not refused. */
	uint64_t most = fresh_ms > 0 ? fresh_ms : 1;

	for (size_t i = 0; fresh_ms != CS_FRESH_ANY && i < n; i++) {
		if (facts[i].known == CS_KNOWN_DOUBT || facts[i].boot_ms >= task->asked_ms ||
			task->asked_ms - facts[i].boot_ms <= most)
			continue;
		*ret_text = stale_text(task, &facts[i], fresh_ms, what);
		return 1;
	}
	return 0;
}
