/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy is in force: the record says by which digest, and its text is told from outside. */
#include "replay_internal.h"
#include "crypto.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static bool is_zero(const uint8_t digest[CS_DIGEST_LEN])
{
	static const uint8_t zero[CS_DIGEST_LEN];

	return memcmp(digest, zero, sizeof(zero)) == 0;
}

static int parse(struct step *step, const char *text, struct cs_policy **ret_policy)
{
	struct cs_problem problem = { 0 };
	uint8_t digest[CS_DIGEST_LEN];
	int r = cs_digest(CS_DOMAIN_POLICY, text, strlen(text), digest);

	if (r == 0 && memcmp(digest, step->event.policy_digest, CS_DIGEST_LEN) != 0)
		return BAD(step, "the text of its policy has another digest than the record says");
	if (r == 0)
		r = cs_policy_parse(text, "policy", ret_policy, &problem);
	if (r == CS_ECONF)
		r = BAD(step, "the text of its policy is none: line %u: %s", problem.line,
			problem.text ? problem.text : "");
	cs_problem_clear(&problem);
	return r;
}

/* The policy of the event's digest comes into force. */
static int take(struct step *step)
{
	struct cs_replay *replay = step->replay;
	struct cs_policy *policy = NULL;
	char hex[2 * CS_DIGEST_LEN + 1];
	char *text = NULL;
	int r = replay->text_of(replay->arg, step->event.policy_digest, &text);

	if (r == CS_ENOENT) {
		cs_hex(step->event.policy_digest, CS_DIGEST_LEN, hex);
		return BAD(step, "nobody told the text of the policy that decided, %s", hex);
	}
	if (r == 0)
		r = parse(step, text, &policy);
	free(text);
	if (r < 0)
		return r;
	cs_policy_free(&replay->policy);
	replay->policy = policy;
	memcpy(replay->policy_digest, step->event.policy_digest, CS_DIGEST_LEN);
	return 0;
}

int step_policy(struct step *step)
{
	struct cs_replay *replay = step->replay;

	if (memcmp(step->event.policy_digest, replay->policy_digest, CS_DIGEST_LEN) == 0)
		return 0;
	if (step->event.kind == CS_EVENT_POLICY || replay->extract || (replay->after > 0 && replay->sums.events == 0))
		return is_zero(step->event.policy_digest) ? BAD(step, "it names no policy") : take(step);
	return BAD(step, "it names another policy than the one that was put in force last");
}

/* Where the paths led, as the host saw it. */
static int resolve(struct step *step, const struct cs_in_force *in_force)
{
	struct cs_policy *policy = step->replay->policy;
	size_t at = 0, n = cs_policy_paths(policy);

	for (size_t i = 0; i < in_force->n_paths; i++) { /* both are sorted */
		while (at < n && strcmp(cs_policy_path(policy, at), in_force->paths[i].path) < 0)
			at++;
		if (at == n || strcmp(cs_policy_path(policy, at), in_force->paths[i].path) != 0)
			return BAD(step, "it tells where a path leads that its policy does not name");
		if (cs_policy_resolved(policy, at, in_force->paths[i].resolved) == CS_ENOMEM)
			return CS_ENOMEM;
	}
	return 0;
}

/* The daemon goes on with the policy that it had. The first time it has none. */
int step_start(struct step *step)
{
	struct cs_in_force in_force = { 0 };
	int r = 0;

	step->replay->started = true;
	if (!step->replay->policy)
		return step->event.n_body == 0 ? 0 : BAD(step, "it goes on with a policy that was never put in force");
	r = step_body(step, &cs_in_force_shape, &in_force);
	if (r == 0 && memcmp(in_force.generation.digest, step->replay->policy_digest, CS_DIGEST_LEN) != 0)
		r = BAD(step, "it goes on with another policy than it says");
	if (r == 0 && step->replay->generation != 0 && in_force.generation.number != step->replay->generation)
		r = BAD(step, "it goes on with another generation of the policy than was put in force last");
	for (size_t i = 0; r == 0 && i < cs_policy_paths(step->replay->policy); i++)
		r = cs_policy_resolved(step->replay->policy, i, "");
	if (r == 0)
		r = resolve(step, &in_force);
	if (r == 0)
		step->replay->generation = in_force.generation.number;
	cs_clear(&cs_in_force_shape, &in_force);
	return r;
}

/* Others than root put a policy in force only where a gate let them, and then exactly the text that was agreed to. Once:
 * what let them is forgotten. */
static int allowed(struct step *step, const struct cs_generation *generation)
{
	struct cs_replay *replay = step->replay;

	for (size_t i = 0; i < RECENT_CHANGES; i++) {
		struct change *change = &replay->changes[i];

		if (!change->let || change->request != generation->request || change->uid != generation->uid ||
			memcmp(change->digest, generation->digest, CS_DIGEST_LEN) != 0)
			continue;
		change->let = false;
		return 0;
	}
	if (generation->request == 0 && generation->uid == 0)
		return 0;
	return BAD(step, "nothing before it lets uid %u put this policy in force", (unsigned)generation->uid);
}

int step_generation(struct step *step)
{
	struct cs_replay *replay = step->replay;
	struct cs_in_force in_force = { 0 };
	const struct cs_generation *generation = &in_force.generation;
	int r = step_body(step, &cs_in_force_shape, &in_force);

	if (r == 0 && memcmp(generation->digest, step->event.policy_digest, CS_DIGEST_LEN) != 0)
		r = BAD(step, "its generation has another digest than the event");
	if (r == 0 && (generation->request != step->event.request || generation->uid != step->event.actor_uid))
		r = BAD(step, "its generation names another author or request than the event");
	if (r == 0 && (replay->after == 0 || replay->generation != 0) && generation->number != replay->generation + 1)
		r = BAD(step, "generation %llu of the policy comes after generation %llu",
			(unsigned long long)generation->number, (unsigned long long)replay->generation);
	if (r == 0)
		r = allowed(step, generation);
	if (r == 0)
		r = resolve(step, &in_force);
	if (r == 0)
		replay->generation = generation->number;
	cs_clear(&cs_in_force_shape, &in_force);
	return r;
}

void change_note(struct cs_replay *replay, const struct cs_action *action, uint32_t uid, uint64_t request)
{
	static const char prefix[] = "sha256:";
	struct change change = { .let = true, .uid = uid, .request = request };

	if (!action->service || strcmp(action->service, "countersign") != 0 || !action->command ||
		strcmp(action->command, "policy.apply") != 0)
		return;
	for (size_t i = 0; i < action->n_argv; i++)
		if (strncmp(action->argv[i], prefix, sizeof(prefix) - 1) == 0 &&
			strlen(action->argv[i]) == sizeof(prefix) - 1 + 2 * CS_DIGEST_LEN &&
			cs_unhex(action->argv[i] + sizeof(prefix) - 1, change.digest, CS_DIGEST_LEN) == 0) {
			replay->changes[replay->n_changes++ % RECENT_CHANGES] = change;
			return;
		}
}
