/* SPDX-License-Identifier: Apache-2.0 */
/* One action tried out: the same steps as in the daemon, from facts that are gathered at once. */
#include "trial.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Everything one trial needs; people[0] asks, the others voted, in the order of votes. */
struct attempt {
	struct cs_source *source;
	const struct cs_policy *policy;
	struct cs_action action;
	struct cs_facts *people;
	size_t n_people;
	struct cs_approval *votes;
	size_t n_votes;
	struct cs_listing *listings;
	size_t n_listings;
	size_t *of_rule;
};

static int out_of_memory(void)
{
	return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "action", "");
}

static void attempt_clear(struct attempt *attempt)
{
	cs_clear(&cs_action_shape, &attempt->action);
	cs_facts_free(&attempt->people, &attempt->n_people);
	for (size_t i = 0; i < attempt->n_votes; i++)
		cs_clear(&cs_approval_shape, &attempt->votes[i]);
	free(attempt->votes);
	cs_listings_free(&attempt->listings, &attempt->n_listings);
	free(attempt->of_rule);
}

/* --- The action -------------------------------------------------------------------------------------------------- */

static int split(const char *text, char ***words, size_t *n)
{
	int r = 0;

	for (text += strspn(text, " "); r == 0 && *text != '\0'; text += strspn(text, " ")) {
		size_t length = strcspn(text, " ");
		char *word = strndup(text, length);

		r = word == NULL ? CS_ENOMEM : cs_strv_add(words, n, word);
		cs_free_str(&word);
		text += length;
	}
	return r;
}

static int fill_action(const struct cs_trial *trial, struct cs_action *action)
{
	char host[CS_MAX_NAME + 1] = "";
	int r = trial->n_words == 1 ? split(trial->words[0], &action->argv, &action->n_argv) : 0;

	for (size_t i = 0; r == 0 && trial->n_words > 1 && i < trial->n_words; i++)
		r = cs_strv_add(&action->argv, &action->n_argv, trial->words[i]);
	if (trial->host == NULL && gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	action->service = cs_dup(trial->service);
	action->host = cs_dup(trial->host != NULL ? trial->host : host);
	action->command = cs_dup(action->n_argv > 0 ? action->argv[0] : "");
	action->resolved = cs_dup("");
	action->peer = cs_dup(trial->peer);
	if (r != 0 || action->service == NULL || action->host == NULL || action->command == NULL ||
		action->resolved == NULL || action->peer == NULL)
		return out_of_memory();
	return 0;
}

/* --- The people -------------------------------------------------------------------------------------------------- */

static int add_vote(struct attempt *attempt, enum cs_vote vote)
{
	const struct cs_facts *voter = &attempt->people[attempt->n_votes + 1];
	struct cs_approval *approval = &attempt->votes[attempt->n_votes++];

	approval->vote = vote;
	return cs_copy(&cs_person_shape, &voter->person, &approval->person) == 0 ? 0 : out_of_memory();
}

/* A vote of nobody is mostly a name that is spelled wrong. */
static void find_stranger(const struct attempt *attempt, struct cs_trial *trial)
{
	for (size_t i = 1; i < attempt->n_people && trial->stranger == NULL; i++) {
		if (attempt->people[i].known == CS_KNOWN_NO)
			trial->stranger = i <= trial->n_approved_by ? trial->approved_by[i - 1]
								    : trial->rejected_by[i - 1 - trial->n_approved_by];
	}
}

static int ask_people(struct attempt *attempt, struct cs_trial *trial)
{
	char **names = NULL;
	size_t n = 0;
	int r = cs_strv_add(&names, &n, trial->user);
	int status = 0;

	for (size_t i = 0; r == 0 && i < trial->n_approved_by; i++)
		r = cs_strv_add(&names, &n, trial->approved_by[i]);
	for (size_t i = 0; r == 0 && i < trial->n_rejected_by; i++)
		r = cs_strv_add(&names, &n, trial->rejected_by[i]);
	attempt->votes = calloc(n, sizeof(*attempt->votes));
	if (r != 0 || attempt->votes == NULL)
		status = out_of_memory();
	attempt->source->with_aliases = true;
	if (status == 0)
		status = cs_source_facts(attempt->source, attempt->policy, names, n, &attempt->people);
	attempt->n_people = attempt->people == NULL ? 0 : n;
	if (status == 0)
		find_stranger(attempt, trial);
	for (size_t i = 0; status == 0 && i < trial->n_approved_by; i++)
		status = add_vote(attempt, CS_VOTE_APPROVE);
	for (size_t i = 0; status == 0 && i < trial->n_rejected_by; i++)
		status = add_vote(attempt, CS_VOTE_REJECT);
	cs_free_strv(&names, &n);
	return status;
}

/* --- The match --------------------------------------------------------------------------------------------------- */

static int match(struct attempt *attempt, uint64_t wall_ms, struct cs_match *ret_match)
{
	struct cs_circumstances circumstances = { .action = &attempt->action, .wall_ms = wall_ms,
		.person = &attempt->people[0] };
	struct cs_listing_query *queries = NULL;
	struct cs_listing *listings = NULL;
	size_t n = 0, n_listings = 0;
	int r = cs_policy_match_needs(attempt->policy, &attempt->action, &queries, &n);
	int status = r == 0 ? 0 : out_of_memory();

	if (status == 0)
		status = cs_source_listings(attempt->source, queries, n, &listings);
	if (status == 0) {
		n_listings = n;
		circumstances.listings = listings;
		circumstances.n_listings = n;
		if (cs_policy_match(attempt->policy, &circumstances, ret_match) != 0)
			status = out_of_memory();
	}
	cs_listings_free(&listings, &n_listings);
	cs_queries_free(&queries, &n);
	return status;
}

/* --- The decision ------------------------------------------------------------------------------------------------ */

/* Appends what one rule asks; by itself, because what two rules share has to be listed for both. */
static int add_queries(const struct attempt *attempt, const struct cs_match *match, size_t rule,
	struct cs_listing_query **queries, size_t *n)
{
	struct cs_listing_query *own = NULL, *more = NULL;
	size_t n_own = 0;
	int r = cs_policy_who(attempt->policy, match->gate, rule, match->scope, &own, &n_own);

	if (r == 0 && n_own > 0) {
		more = reallocarray(*queries, *n + n_own, sizeof(*more));
		r = more == NULL ? CS_ENOMEM : 0;
	}
	if (more != NULL) {
		*queries = more;
		memcpy(more + *n, own, n_own * sizeof(*own));
		memset(own, 0, n_own * sizeof(*own));
		*n += n_own;
	}
	cs_queries_free(&own, &n_own);
	return r;
}

static int ask_listings(struct attempt *attempt, const struct cs_match *match)
{
	size_t n_rules = cs_gate_rules(match->gate), n = 0;
	struct cs_listing_query *queries = NULL;
	int status = 0, r = 0;

	attempt->of_rule = calloc(n_rules + 1, sizeof(*attempt->of_rule));
	if (attempt->of_rule == NULL)
		return out_of_memory();
	for (size_t i = 0; r == 0 && i < n_rules; i++) {
		size_t before = n;

		r = add_queries(attempt, match, i, &queries, &n);
		attempt->of_rule[i] = n - before;
	}
	status = r == 0 ? cs_source_listings(attempt->source, queries, n, &attempt->listings) : out_of_memory();
	attempt->n_listings = attempt->listings == NULL ? 0 : n;
	cs_queries_free(&queries, &n);
	return status;
}

/* What the vote that comes next may count for. */
static int cast_vote(const struct cs_case *what, struct cs_approval *vote)
{
	const struct cs_facts *voter = &what->voters[what->n_votes];
	bool open[CS_MAX_RULES] = { false };
	int r = cs_rules_open(what, voter->person.id, open);

	for (size_t i = 0; r == 0 && i < cs_gate_rules(what->gate); i++) {
		int may = open[i] ? cs_policy_may_fill(what->policy, voter, what->gate, i, what->scope, NULL) : 0;

		r = may == CS_ENOMEM ? may : 0;
		if (may == 1)
			r = cs_strv_add(&vote->rules, &vote->n_rules, cs_gate_rule_name(what->gate, i));
	}
	return r;
}

/* The votes are cast in their order, each after those before it, and then it is decided. */
static int decide(struct attempt *attempt, const struct cs_trial *trial, const struct cs_match *match,
	struct cs_decision *ret_decision)
{
	struct cs_case what = { .policy = attempt->policy, .gate = match->gate, .scope = match->scope,
		.action = &attempt->action, .wall_ms = trial->wall_ms, .elapsed_ms = trial->elapsed_ms,
		.requester = &attempt->people[0], .votes = attempt->votes, .voters = attempt->people + 1 };
	int status = ask_listings(attempt, match);
	int r = 0;

	if (status != 0)
		return status;
	what.listings = attempt->listings;
	what.listings_of_rule = attempt->of_rule;
	what.asked_by = trial->elapsed_ms > 0 ? &attempt->people[0].person : NULL;
	for (; r == 0 && what.n_votes < attempt->n_votes; what.n_votes++)
		r = cast_vote(&what, &attempt->votes[what.n_votes]);
	if (r == 0)
		r = cs_decide(&what, ret_decision);
	if (r != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "action", "");
	cs_free_str(&ret_decision->gate);
	cs_free_str(&ret_decision->scope);
	ret_decision->gate = cs_dup(cs_gate_name(match->gate));
	ret_decision->scope = cs_dup(match->scope);
	return ret_decision->gate == NULL || ret_decision->scope == NULL ? out_of_memory() : 0;
}

/* What a match without a gate's terms means. */
static int conclude(const struct cs_match *match, struct cs_decision *ret_decision)
{
	static const enum cs_reason reasons[] = { [CS_MATCH_NONE] = CS_WHY_UNMATCHED,
		[CS_MATCH_DENY] = CS_WHY_DENY_GATE, [CS_MATCH_ARGUMENTS] = CS_WHY_ARGUMENTS,
		[CS_MATCH_CONDITION] = CS_WHY_CONDITION,
		[CS_MATCH_ASK] = CS_WHY_DOUBT, [CS_MATCH_DOUBT] = CS_WHY_DOUBT };
	bool permits = match->kind == CS_MATCH_NONE && match->unmatched_permits;

	ret_decision->verdict = permits ? CS_PERMIT : CS_DENY;
	ret_decision->reason = permits ? CS_WHY_UNGUARDED : reasons[match->kind];
	ret_decision->text = cs_dup(cs_text_or(match->text, cs_reason_text(ret_decision->reason)));
	ret_decision->gate = cs_dup(match->gate == NULL ? "" : cs_gate_name(match->gate));
	ret_decision->scope = cs_dup("");
	if (ret_decision->text == NULL || ret_decision->gate == NULL || ret_decision->scope == NULL)
		return out_of_memory();
	return 0;
}

/* What is permitted all the same, at a gate that only monitors: needs and missing say what would be. */
static int monitor(struct cs_decision *decision)
{
	char *text = NULL;

	if (decision->verdict == CS_PERMIT)
		return 0;
	text = cs_monitored_text(decision);
	if (text == NULL)
		return out_of_memory();
	cs_free_str(&decision->text);
	decision->text = text;
	decision->verdict = CS_PERMIT;
	decision->reason = CS_WHY_MONITORED;
	return 0;
}

int cs_trial_decide(struct cs_source *source, struct cs_trial *trial, struct cs_decision *ret_decision)
{
	struct attempt attempt = { .source = source, .policy = source->policy.policy };
	struct cs_decision decision = { 0 };
	struct cs_match matched = { 0 };
	int status = fill_action(trial, &attempt.action);

	if (status == 0)
		status = ask_people(&attempt, trial);
	if (status == 0)
		status = match(&attempt, trial->wall_ms, &matched);
	if (status == 0)
		status = matched.kind == CS_MATCH_GATE ? decide(&attempt, trial, &matched, &decision)
						       : conclude(&matched, &decision);
	if (status == 0 && matched.monitored)
		status = monitor(&decision);
	cs_match_clear(&matched);
	attempt_clear(&attempt);
	if (status != 0)
		cs_clear(&cs_decision_shape, &decision);
	else
		*ret_decision = decision;
	return status;
}
