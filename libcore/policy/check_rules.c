/* SPDX-License-Identifier: Apache-2.0 */
/* What the approvals of a gate must not say together: stages that nobody reaches, times that are over, people who are
 * too few. */
#include "policy_internal.h"
#include "approval.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* The section of an approval, in the order in which they are read. */
#define APPROVAL(section, i) cs_conf_section((section), "approval", (i))

/* --- Stages and alternatives -------------------------------------------------------------------------------------- */

/* Has an alternative a rule in this stage? NULL: any. */
static bool has_stage(const struct cs_gate *gate, uint32_t stage, const char *alternative)
{
	for (size_t i = 0; i < gate->n_rules; i++) {
		if (gate->rules[i].stage == stage &&
		    (!alternative || strcmp(gate->rules[i].alternative, alternative) == 0))
			return true;
	}
	return false;
}

/* The first alternative with a rule in this stage; NULL when there is none. */
static const char *alternative_in(const struct cs_gate *gate, uint32_t stage)
{
	for (size_t i = 0; i < gate->n_rules; i++) {
		if (gate->rules[i].stage == stage && *gate->rules[i].alternative)
			return gate->rules[i].alternative;
	}
	return NULL;
}

/* An alternative that skips a stage of the others would not wait for it, or would be too late: they suffice by then. */
static int check_stage(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
		       size_t i)
{
	const struct rule *rule = &gate->rules[i];

	for (uint32_t stage = 1; stage < rule->stage; stage++) {
		const char *other = alternative_in(gate, stage);

		if (!has_stage(gate, stage, NULL))
			return REFUSE(loader, APPROVAL(section, i), "stage",
				      "approval %s is in stage %u, and no approval is in stage %u", rule->name,
				      (unsigned)rule->stage, (unsigned)stage);
		if (*rule->alternative && other && !has_stage(gate, stage, rule->alternative))
			return REFUSE(
				loader, APPROVAL(section, i), "stage",
				"approval %s: alternative %s has nothing in stage %u, where alternative %s has; by "
				"stage %u it would never be reached",
				rule->name, rule->alternative, (unsigned)stage, other, (unsigned)rule->stage);
	}
	return 0;
}

static int check_stages(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < gate->n_rules; i++)
		r = check_stage(loader, section, gate, i);
	return r;
}

/* --- Times -------------------------------------------------------------------------------------------------------- */

static int check_after(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	for (size_t i = 0; i < gate->n_rules; i++) {
		const struct rule *rule = &gate->rules[i];

		if (rule->after_ms > 0 && rule->after_ms >= gate->lifetime_ms)
			return REFUSE(
				loader, APPROVAL(section, i), "after",
				"approval %s: after is shorter than the gate's lifetime, or its time would never come",
				rule->name);
	}
	return 0;
}

/* Whoever may object has to be able to from the beginning to the end of the time that is given for it. */
static int check_objections(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	if (gate->objection_ms == 0)
		return 0;
	if (gate->objection_ms >= gate->lifetime_ms)
		return REFUSE(
			loader, section, "objections",
			"objections is shorter than lifetime, or the request would be over before nobody objected");
	for (size_t i = 0; i < gate->n_rules; i++) {
		const struct rule *rule = &gate->rules[i];

		if (rule->stage > 1 || rule->after_ms > 0)
			return REFUSE(
				loader, APPROVAL(section, i), rule->stage > 1 ? "stage" : "after",
				"approval %s: who comes later could not object in the time that objections gives; "
				"it goes with neither stage nor after",
				rule->name);
	}
	return 0;
}

/* --- People by name ----------------------------------------------------------------------------------------------- */

uint32_t cs_rule_least(const struct rule *rule)
{
	size_t others = rule->want.kind == WANT_PEOPLE && rule->want.n_people > 1 ? rule->want.n_people - 1 : 1;

	switch (rule->quorum) {
	case CS_QUORUM_COUNT:
		break;
	case CS_QUORUM_MAJORITY:
		return (uint32_t)(others / 2 + 1);
	case CS_QUORUM_ALL:
		return (uint32_t)others;
	}
	return rule->count;
}

/* Rules that are needed together and that only people by name fill. */
struct together {
	const struct rule *rules[CS_MAX_RULES];
	size_t at[CS_MAX_RULES]; /* in the gate */
	uint32_t counts[CS_MAX_RULES], have[CS_MAX_RULES];
	uint8_t block[CS_MAX_RULES];
	size_t n;
	char **people; /* keys of them all, borrowed */
	size_t n_people;
};

static void take_together(const struct cs_gate *gate, const char *alternative, const uint8_t *block,
			  struct together *together)
{
	together->n = 0;
	for (size_t i = 0; i < gate->n_rules; i++) {
		const struct rule *rule = &gate->rules[i];

		if (rule->want.kind != WANT_PEOPLE ||
		    (*rule->alternative && strcmp(rule->alternative, alternative) != 0))
			continue;
		together->rules[together->n] = rule;
		together->at[together->n] = i;
		together->block[together->n] = block[i];
		together->counts[together->n++] = cs_rule_least(rule);
	}
}

/* What names as many people as all of them ask for is filled whatever the others take. */
static void drop_ample(struct together *together)
{
	size_t total = 0, n = 0;

	for (size_t i = 0; i < together->n; i++)
		total += together->counts[i];
	for (size_t i = 0; i < together->n; i++) {
		if (together->rules[i]->want.n_people >= total)
			continue;
		together->rules[n] = together->rules[i];
		together->at[n] = together->at[i];
		together->block[n] = together->block[i];
		together->counts[n++] = together->counts[i];
	}
	together->n = n;
}

static int text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Everybody once. */
static int take_people(struct together *together)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < together->n; i++)
		n += together->rules[i]->want.n_people;
	together->people = calloc(n + 1, sizeof(*together->people));
	if (!together->people)
		return CS_ENOMEM;
	n = 0;
	for (size_t i = 0; i < together->n; i++) {
		const struct want *want = &together->rules[i]->want;

		memcpy(&together->people[n], want->people_keys, want->n_people * sizeof(*together->people));
		n += want->n_people;
	}
	qsort(together->people, n, sizeof(*together->people), text_order);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || strcmp(together->people[kept - 1], together->people[i]) != 0)
			together->people[kept++] = together->people[i];
	}
	together->n_people = kept;
	return 0;
}

/* 1 when all can be filled, 0, CS_ENOMEM. More people than ever vote on one request are left to `policy check`. */
static int can_fill(struct together *together)
{
	int8_t *may = NULL;
	int r = take_people(together);

	if (r == 0 && together->n_people <= CS_MAX_WHO) {
		may = calloc(together->n_people * together->n, sizeof(*may));
		r = may ? 0 : CS_ENOMEM;
	}
	for (size_t p = 0; may && p < together->n_people; p++) {
		for (size_t i = 0; i < together->n; i++) {
			const struct want *want = &together->rules[i]->want;

			may[p * together->n + i] =
				cs_strv_has(want->people_keys, want->n_people, together->people[p]) == 1;
		}
	}
	if (r == 0)
		r = may ? cs_approval_assign(together->counts, together->n, may, together->n_people, together->block,
					     together->have, NULL)
			: 1;
	free(may);
	free(together->people);
	return r;
}

static int check_together(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
			  const char *alternative, const uint8_t *block)
{
	struct together together = {0};
	size_t short_of = 0;
	int r;

	take_together(gate, alternative, block, &together);
	drop_ample(&together);
	r = together.n > 1 ? can_fill(&together) : 1;
	if (r != 0)
		return r < 0 ? r : 0;
	while (short_of + 1 < together.n && together.have[short_of] >= together.counts[short_of])
		short_of++;
	return REFUSE(
		loader, APPROVAL(section, together.at[short_of]), "person",
		"approval %s could never be filled: others of this gate take the same people, and each counts for "
		"one",
		together.rules[short_of]->name);
}

static int check_named(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	uint8_t block[CS_MAX_RULES] = {0};
	int r;

	cs_gate_blocks(loader->policy, gate, block);
	r = check_together(loader, section, gate, "", block);
	for (size_t i = 0; r == 0 && i < gate->n_rules; i++) {
		size_t first = 0;

		while (strcmp(gate->rules[first].alternative, gate->rules[i].alternative) != 0)
			first++;
		if (first == i && *gate->rules[i].alternative)
			r = check_together(loader, section, gate, gate->rules[i].alternative, block);
	}
	return r;
}

int cs_check_rules(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	static int (*const checks[])(struct loader *, const struct cs_conf_section *, const struct cs_gate *) = {
		check_stages, check_after, check_objections, check_named};
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(checks); i++)
		r = checks[i](loader, section, gate);
	return r;
}
