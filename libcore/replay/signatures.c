/* SPDX-License-Identifier: Apache-2.0 */
/* Signed votes: the signature is over this vote, by a key that was the voter's. */
#include "replay_internal.h"
#include "mem.h"
#include "ssh_signature.h"

#include <string.h>

static int verify(struct step *step, const struct cs_approval *approval, struct cs_ssh_key *ret_key)
{
	const char *why = NULL;
	struct cs_buf statement;
	int r = 0;

	cs_buf_init(&statement, CS_MAX_TEXT);
	r = cs_statement_encode(approval, &statement);
	if (r == 0)
		r = cs_ssh_verify(approval->signature, approval->n_signature, cs_vote_namespace(approval->vote),
			statement.data, statement.len, ret_key, &why);
	cs_buf_clear(&statement);
	if (r == 0 || r == CS_ENOMEM)
		return r;
	return BAD(step, "the signature of %s is not one of this vote: %s", approval->person.name, why ? why : "");
}

/* In one of the rosters, which follow each other in time. */
static bool in_roster(const struct cs_replay *replay, const char *id, const struct cs_ssh_key *key)
{
	for (size_t i = 0; i < replay->n_rosters; i++) {
		const struct cs_roster_person *owner = cs_roster_find(replay->rosters[i], key->fingerprint, NULL);

		if (owner && strcmp(owner->id, id) == 0 &&
			(!owner->hardware_only || cs_ssh_key_is_hardware(key)))
			return true;
	}
	return replay->n_rosters == 0;
}

/* The accounts of a host list no keys: there the roster alone says whose they are. */
static bool lists(const struct cs_person *person, const char *fingerprint)
{
	return person->n_keys == 0 || cs_strv_has(person->keys, person->n_keys, fingerprint) == 1;
}

static int is_his_key(struct step *step, const struct cs_approval *approval, const struct cs_person *person,
	const struct cs_ssh_key *key)
{
	char title[CS_SSH_TITLE_MAX + 1];

	cs_ssh_key_title(key, title);
	if (strcmp(approval->assurance ? approval->assurance : "", title) != 0)
		return BAD(step, "the vote of %s says that it was signed with another key than %s", person->name, title);
	if (!lists(person, key->fingerprint))
		return BAD(step, "the key that signed, %s, was not one of %s", key->fingerprint, person->name);
	if (!in_roster(step->replay, person->id, key))
		return BAD(step, "the key that signed, %s, is not one of %s in the roster", key->fingerprint,
			person->name);
	return 0;
}

int cs_replay_roster(struct cs_replay *replay, const struct cs_roster *roster)
{
	if (cs_reserve((void **)&replay->rosters, &replay->cap_rosters, replay->n_rosters, 1,
		sizeof(const struct cs_roster *)) < 0)
		return CS_ENOMEM;
	replay->rosters[replay->n_rosters++] = roster;
	return 0;
}

/* As the request asks for it, or the gate of now. */
static int is_signed(struct step *step, const struct asked *asked, const struct cs_gate *gate,
	const struct cs_approval *approval)
{
	bool wanted = strcmp(asked->request.assurance, "signature") == 0 || (gate && cs_gate_needs_signature(gate));

	return wanted && approval->n_signature == 0
		       ? BAD(step, "the vote of %s is not signed, and had to be", approval->person.name) : 0;
}

int step_signature(struct step *step, const struct asked *asked, const struct cs_voted_body *body)
{
	const struct cs_gate *gate = cs_policy_gate(step->replay->policy, asked->request.gate);
	const struct cs_approval *approval = &body->approval;
	const struct cs_person *person = &body->grounds.voters[0].person;
	struct cs_ssh_key key = { 0 };
	int r = is_signed(step, asked, gate, approval);

	if (r < 0 || approval->n_signature == 0)
		return r;
	r = verify(step, approval, &key);
	if (r == 0)
		r = is_his_key(step, approval, person, &key);
	if (r == 0 && body->grounds.wall_ms > approval->not_after_wall_ms)
		r = BAD(step, "the vote of %s was signed for a time that was over", approval->person.name);
	if (r == 0)
		r = step_head(step, approval);
	step->replay->sums.signatures += r == 0;
	step->replay->sums.without_roster += r == 0 && step->replay->n_rosters == 0;
	return r;
}

/* The signature itself was checked when the vote was cast, and so was which key the assurance names. */
static int stands(struct step *step, const struct cs_approval *approval, const struct cs_person *person, uint64_t wall_ms)
{
	const char *blank = strchr(approval->assurance, ' ');

	if (wall_ms > approval->not_after_wall_ms)
		return BAD(step, "the signature of %s was over", approval->person.name);
	if (!blank || !lists(person, blank + 1))
		return BAD(step, "the key that signed for %s is not one of %s's any more", approval->person.name,
			approval->person.name);
	return 0;
}

int signatures_stand(struct step *step, const struct asked *asked, const struct cs_gate *gate,
	const struct cs_grounds *grounds)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < asked->n_votes && i < grounds->n_voters; i++) {
		const struct cs_approval *approval = &asked->votes[i];

		if (approval->vote != CS_VOTE_APPROVE || grounds->voters[i].known != CS_KNOWN_YES)
			continue; /* counts for nothing */
		r = is_signed(step, asked, gate, approval);
		if (r == 0 && approval->n_signature > 0)
			r = stands(step, approval, &grounds->voters[i].person, grounds->wall_ms);
	}
	return r;
}
