/* SPDX-License-Identifier: Apache-2.0 */
/* Break-glass: who may go past the approvals in a scope, and who reviews it. Its review is a gate behind all others,
 * which no action meets. */
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define REVIEW_LIFETIME (3650 * POLICY_DAY) /* a debt does not lapse */
#define REVIEW_PEOPLE   2u

static int load_scope(struct loader *loader, const struct cs_conf_section *section, struct glass *glass)
{
	int r = cs_load_scope(loader, section, "scope", "", &glass->scope);

	if (r == 0 && cs_scope_name(&glass->scope, 0))
		return REFUSE(loader, section, "scope",
			      "the scope \"%s\" of break_glass %s stands for one place: no names to fill in",
			      glass->scope.text, glass->name);
	return r;
}

static int uid_order(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* By uid alone, because it has to work where no directory answers. */
static int load_uids(struct loader *loader, const struct cs_conf_section *section, struct glass *glass)
{
	size_t n = 0;
	int r = cs_load_list(loader, section, "uid", &n);

	if (r == 0 && n > POLICY_MAX_UIDS)
		return REFUSE(loader, section, "uid", "uid names more than %d people", POLICY_MAX_UIDS);
	if (r < 0)
		return r;
	glass->uids = calloc(n + 1, sizeof(*glass->uids));
	if (!glass->uids)
		return CS_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *text = cs_conf_list_at(section, "uid", i);

		if (cs_parse_uid(text, &glass->uids[i]) < 0 || glass->uids[i] == 0)
			return REFUSE(loader, section, "uid",
				      "uid is the number of a person such as 1000, not of root, not of nobody, and not "
				      "\"%s\"",
				      text);
	}
	glass->n_uids = n;
	qsort(glass->uids, n, sizeof(*glass->uids), uid_order);
	return 0;
}

/* How many people surely have to agree for the rules of one alternative; "": for those that are always needed. */
static uint64_t surely_needs(const struct cs_gate *review, const char *alternative)
{
	uint64_t people = 0;

	for (size_t i = 0; i < review->n_rules; i++) {
		const struct rule *rule = &review->rules[i];
		if (strcmp(rule->alternative, alternative) == 0)
			people += cs_rule_least(rule);
	}
	return people;
}

static int check_review(struct loader *loader, const struct cs_conf_section *section, const struct glass *glass,
			const struct cs_gate *review)
{
	uint64_t always = surely_needs(review, ""), least = always;
	bool alternatives = false;

	for (size_t i = 0; i < review->n_rules; i++) {
		const char *word = review->rules[i].alternative;
		uint64_t people = always + (*word ? surely_needs(review, word) : 0);

		if (*word && (!alternatives || people < least))
			least = people;
		alternatives = alternatives || *word;
	}
	if (least < REVIEW_PEOPLE)
		return REFUSE(loader, section, NULL,
			      "break_glass %s is reviewed by two others at least: its approvals ask for %u",
			      glass->name, (unsigned)least);
	return cs_check_rules(loader, section, review);
}

static int load_review(struct loader *loader, const struct cs_conf_section *section, const struct glass *glass,
		       struct cs_gate *review)
{
	int r = cs_format(&review->name, CS_POLICY_REVIEW "%s", glass->name);

	review->line = glass->line;
	review->permission = SIZE_MAX;
	review->fresh_ms = CS_FRESH_ANY;
	review->lifetime_ms = REVIEW_LIFETIME;
	review->use_within_ms = POLICY_DAY;
	review->uses = 1;
	if (r == 0)
		r = cs_scope_parse(glass->scope.text, &review->scope, &(const char *){NULL});
	if (r == 0)
		r = cs_load_approvals(loader, section, review);
	if (r == 0)
		r = cs_load_choice(loader, section, "signature", "required", "optional", &review->needs_signature);
	if (r == 0)
		r = check_review(loader, section, glass, review);
	if (r == 0)
		cs_load_least_fresh(loader->policy, review);
	return r;
}

static int load_glass(struct loader *loader, const struct cs_conf_section *section, struct glass *glass,
		      struct cs_gate *review)
{
	int r = cs_load_title(loader, section, "break_glass", &glass->name);

	glass->line = cs_conf_line(section, NULL);
	if (r == 0)
		r = load_scope(loader, section, glass);
	if (r == 0)
		r = load_uids(loader, section, glass);
	if (r == 0)
		r = cs_load_span(loader, section, "lasts", 30 * POLICY_MINUTE, POLICY_SECOND, POLICY_DAY,
				 &glass->lasts_ms);
	return r < 0 ? r : load_review(loader, section, glass, review);
}

int cs_load_glasses(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	struct cs_gate *gates;
	size_t n = 0;
	int r = cs_load_items(loader, "break_glass", sizeof(*policy->glasses), &policy->glasses, &n);

	if (r == 0 && n > POLICY_MAX_GLASSES)
		return REFUSE(loader, cs_conf_section(loader->top, "break_glass", POLICY_MAX_GLASSES), NULL,
			      "more than %d of break_glass", POLICY_MAX_GLASSES);
	if (r < 0 || n == 0)
		return r;
	gates = reallocarray(policy->gates, policy->n_gates + n, sizeof(*gates));
	if (!gates)
		return CS_ENOMEM;
	memset(gates + policy->n_gates, 0, n * sizeof(*gates));
	policy->gates = gates;
	policy->n_glasses = n;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = load_glass(loader, cs_conf_section(loader->top, "break_glass", i), &policy->glasses[i],
			       &policy->gates[policy->n_gates + i]);
	return r;
}

/* --- Asking ------------------------------------------------------------------------------------------------------- */

size_t cs_policy_glasses(const struct cs_policy *policy)
{
	return policy->n_glasses;
}

int cs_policy_glass(const struct cs_policy *policy, size_t i, struct cs_glass *ret_glass)
{
	const struct glass *glass;

	if (i >= policy->n_glasses)
		return CS_ENOENT;
	glass = &policy->glasses[i];
	*ret_glass = (struct cs_glass){glass->name,   glass->scope.text, glass->uids,
				       glass->n_uids, glass->lasts_ms,   &policy->gates[policy->n_gates + i]};
	return 0;
}

const struct cs_gate *cs_policy_judge(const struct cs_policy *policy, const char *gate, const char *scope)
{
	const struct cs_gate *judge = cs_policy_gate(policy, gate);

	if (judge || !gate || !scope || strncmp(gate, CS_POLICY_REVIEW, strlen(CS_POLICY_REVIEW)) != 0)
		return judge;
	for (size_t i = 0; !judge && i < policy->n_glasses; i++)
		if (strcmp(policy->glasses[i].scope.text, scope) == 0)
			judge = &policy->gates[policy->n_gates + i];
	return judge;
}

int cs_policy_glass_covers(const struct cs_glass *glass, const char *scope)
{
	size_t len = strlen(glass->scope);

	if (cs_scope_valid(scope) != 1)
		return 0;
	if (strcmp(glass->scope, "*") == 0)
		return 1;
	return strncmp(glass->scope, scope, len) == 0 && (scope[len] == '\0' || scope[len] == '/');
}
