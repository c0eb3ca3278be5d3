/* SPDX-License-Identifier: Apache-2.0 */
/* A table of causes that last. */
#include "causes.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* Behind a number of milliseconds, or where it stands. */
static const char *skip_ms(const char *text)
{
	size_t n = strspn(text, "0123456789");
	return n > 0 && strncmp(text + n, " ms", 3) == 0 ? text + n : text;
}

bool cs_cause_is(const char *one, const char *other)
{
	for (;; one++, other++) {
		one = skip_ms(one);
		other = skip_ms(other);
		if (*one != *other)
			return false;
		if (*one == '\0')
			return true;
	}
}

/* Where this cause is, else one that is over or was never used; NULL when every place is taken. */
static struct cs_cause *place_for(struct cs_causes *causes, const char *text, uint64_t now_ms)
{
	struct cs_cause *place = NULL;
	for (size_t i = 0; i < CS_CAUSES_MAX; i++) {
		struct cs_cause *cause = &causes->all[i];
		bool over = cause->text == NULL || (cause->told && now_ms - cause->seen_ms > CS_CAUSES_LAST_MS);
		if (over && place == NULL)
			place = cause;
		if (!over && cs_cause_is(cause->text, text))
			return cause;
	}
	if (place != NULL) {
		cs_free_str(&place->text);
		place->text = cs_dup(text);
		place->told = false;
	}
	return place;
}

static void take(struct cs_causes *causes, const char *text, uint64_t now_ms)
{
	if (text == NULL || *text == '\0')
		return;
	struct cs_cause *cause = place_for(causes, text, now_ms);
	if (cause != NULL)
		cause->seen_ms = now_ms;
	else
		causes->left_out++;
}

void cs_causes_take(struct cs_causes *causes, const struct cs_answer *answer, uint64_t now_ms)
{
	for (size_t i = 0; i < answer->n_facts; i++) {
		const struct cs_facts *facts = &answer->facts[i];
		if (facts->known == CS_KNOWN_DOUBT)
			take(causes, facts->doubt, now_ms);
		take(causes, facts->left_out, now_ms);
		for (size_t k = 0; k < facts->n_unsure; k++)
			take(causes, facts->unsure[k].doubt, now_ms);
	}
	for (size_t i = 0; i < answer->n_listings; i++)
		if (answer->listings[i].known == CS_KNOWN_DOUBT)
			take(causes, answer->listings[i].doubt, now_ms);
}

char *cs_causes_next(struct cs_causes *causes)
{
	char *line = NULL;
	for (size_t i = 0; i < CS_CAUSES_MAX; i++) {
		struct cs_cause *cause = &causes->all[i];
		if (cause->text == NULL || cause->told)
			continue;
		cause->told = true;
		if (causes->left_out == 0)
			(void)cs_format(&line, "the directory could not tell: %s", cause->text);
		else
			(void)cs_format(&line, "the directory could not tell: %s (%zu doubts before, of too many "
				"causes, were not logged)", cause->text, causes->left_out);
		causes->left_out = 0;
		return line;
	}
	return NULL;
}

void cs_causes_clear(struct cs_causes *causes)
{
	for (size_t i = 0; i < CS_CAUSES_MAX; i++)
		free(causes->all[i].text);
	*causes = (struct cs_causes){ 0 };
}
