/* SPDX-License-Identifier: Apache-2.0 */
/* Signed votes: is a vote authenticated as its request asks, at the vote and again at every count and claim? A key counts
 * only where the directory and the roster both say whose it is (A128), so that neither of them can vote alone. */
#include "internal.h"
#include "mem.h"
#include "roster.h"
#include "ssh_signature.h"
#include <stdlib.h>
#include <string.h>

/* How far ahead a vote may be signed: what lies about unused is worth nothing after that. */
#define AHEAD_MS (7ull * 24 * 3600 * 1000)
#define STATEMENT_MAX 1024

/* What this vote is looked at with. */
struct sealed {
	const struct task *task;
	const struct cs_facts *voter;
	const struct cs_approval *approval;
	const struct cs_roster *roster;
	struct cs_ssh_key key;
	char **text;
};

static enum cs_reason say(const struct sealed *look, enum cs_reason reason, const char *text)
{
	cs_free_str(look->text);
	*look->text = cs_dup(text);
	return reason;
}

bool signed_wanted(const struct task *task)
{
	const struct cs_request *request = &task->stored.request;
	const struct cs_gate *gate = request_gate(task->authority, request);

	return (request->assurance && strcmp(request->assurance, "signature") == 0) ||
	       (gate && cs_gate_needs_signature(gate));
}

/* Until when: by the wall clock, because another machine wrote it; the request's own deadline holds beside it. */
static enum cs_reason check_time(const struct sealed *look)
{
	const struct cs_approval *approval = look->approval;

	if (approval->not_after_wall_ms < look->task->now.wall_ms)
		return say(look, CS_WHY_SIGNATURE, "The signature of this vote is over; vote again.");
	if (approval->not_after_wall_ms > approval->wall_ms + AHEAD_MS)
		return say(look, CS_WHY_SIGNATURE, "A vote is signed for at most 7 days; sign it again, and look at the "
			"clock of the machine that signs.");
	return CS_WHY_NONE;
}

static enum cs_reason check_signature(struct sealed *look)
{
	const struct cs_approval *approval = look->approval;
	const char *why = NULL;
	char *text = NULL;
	struct cs_buf statement;
	int r = 0;

	cs_buf_init(&statement, STATEMENT_MAX);
	r = cs_statement_encode(approval, &statement);
	if (r == 0)
		r = cs_ssh_verify(approval->signature, approval->n_signature, cs_vote_namespace(approval->vote),
			statement.data, statement.len, &look->key, &why);
	cs_buf_clear(&statement);
	if (r == 0)
		return CS_WHY_NONE;
	if (r == CS_ENOMEM)
		return CS_WHY_STORE;
	(void)cs_format(&text, "The signature is not one of this vote by you on this request: %s. Look at the request "
		"again and sign again.", why ? why : cs_strerror(r));
	cs_free_str(look->text);
	*look->text = text;
	return CS_WHY_SIGNATURE;
}

/* "Your key ssh-ed25519 SHA256:… " and what is wrong with it. */
static enum cs_reason wrong_key(const struct sealed *look, const char *what)
{
	char title[CS_SSH_TITLE_MAX + 1];

	cs_ssh_key_title(&look->key, title);
	cs_free_str(look->text);
	(void)cs_format(look->text, "The key %s %s", title, what);
	return CS_WHY_KEY;
}

static enum cs_reason check_roster(const struct sealed *look)
{
	const struct cs_roster_person *owner = cs_roster_find(look->roster, look->key.fingerprint, NULL);

	if (!owner || strcmp(owner->id, look->approval->person.id) != 0)
		return wrong_key(look, "is not yours in the roster of this host; sign with a key that is, or ask an "
			"administrator to add it (countersign roster add).");
	if (owner->hardware_only && !cs_ssh_key_is_hardware(&look->key))
		return wrong_key(look, "does not live in a security key, and the roster takes only those from you; sign "
			"with one that you touch.");
	return CS_WHY_NONE;
}

/* The accounts of a host list no keys: there the roster alone says it, and both files are root's. */
static enum cs_reason check_directory(const struct sealed *look)
{
	const struct cs_person *person = &look->voter->person;

	if (!cs_directory_has_keys(look->task->authority->directory) ||
	    cs_strv_has(person->keys, person->n_keys, look->key.fingerprint) == 1)
		return CS_WHY_NONE;
	return wrong_key(look, "is in the roster, but not in your entry of the directory; have it added there as well.");
}

/* One that could not be read leaves open what it says; where there is none nobody's key counts. */
static enum cs_reason find_roster(struct sealed *look)
{
	struct cs_roster_source *source = look->task->authority->options.roster;

	look->roster = cs_roster_now(source);
	if (look->roster)
		return CS_WHY_NONE;
	if (*cs_roster_state(source))
		return say(look, CS_WHY_DOUBT, "The roster of keys cannot be used, so nobody's signature counts; "
			"countersign status says why.");
	return say(look, CS_WHY_KEY, "This host has no roster of keys, so nobody's signature counts; an administrator "
		"makes one with countersign roster add.");
}

static enum cs_reason check_signed(struct sealed *look)
{
	enum cs_reason reason = find_roster(look);

	if (reason == CS_WHY_NONE)
		reason = check_time(look);
	if (reason == CS_WHY_NONE)
		reason = check_signature(look);
	if (reason == CS_WHY_NONE)
		reason = check_roster(look);
	return reason == CS_WHY_NONE ? check_directory(look) : reason;
}

enum cs_reason signed_check(struct task *task, const struct cs_facts *voter, struct cs_approval *approval,
	char **ret_text)
{
	struct sealed look = { .task = task, .voter = voter, .approval = approval, .text = ret_text };
	char title[CS_SSH_TITLE_MAX + 1] = "local-uid";
	enum cs_reason reason = CS_WHY_NONE;

	if (approval->n_signature > 0) {
		reason = cs_vote_namespace(approval->vote) ? check_signed(&look)
			: say(&look, CS_WHY_SIGNATURE, "Taking a vote back is not signed.");
		if (reason == CS_WHY_NONE)
			cs_ssh_key_title(&look.key, title);
	} else if (signed_wanted(task)) {
		reason = say(&look, CS_WHY_SIGNATURE, "Votes on this request have to be signed with your ssh key; run "
			"countersign approve or reject where your key or its agent is.");
	}
	if (reason == CS_WHY_NONE && cs_set(&approval->assurance, title) < 0)
		reason = CS_WHY_STORE;
	return reason;
}

/* --- What the voter had seen of the evidence ------------------------------------------------------------------------ */

/* Is this the chain's value after that event? What was archived cannot be told any more. 1, 0, CS_E…. */
static int holds_head(struct cs_authority *a, uint64_t number, const uint8_t chain[CS_DIGEST_LEN])
{
	struct cs_record *records = NULL;
	uint8_t before[CS_DIGEST_LEN];
	uint64_t first = 0;
	size_t n = 0;
	int r = cs_store_first(a->store, &first, before);

	if (r < 0 || number > a->head)
		return r < 0 ? r : 0;
	if (number < first)
		return number + 1 < first || memcmp(chain, before, CS_DIGEST_LEN) == 0;
	r = cs_store_records(a->store, number, 1, &records, &n);
	if (r == 0)
		r = n == 1 && records[0].number == number && memcmp(records[0].chain, chain, CS_DIGEST_LEN) == 0;
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	return r;
}

enum cs_reason signed_head(struct task *task, const struct cs_approval *approval, char **ret_text)
{
	int r = 0;

	if (approval->n_signature == 0 || approval->head_number == 0)
		return CS_WHY_NONE;
	r = holds_head(task->authority, approval->head_number, approval->head_chain);
	if (r == 0)
		(void)cs_format(ret_text, "When you last voted here you had seen event %llu, and the evidence of this host does not "
			"hold what you saw: it was put back or written anew. Tell an administrator.",
			(unsigned long long)approval->head_number);
	return r == 1 ? CS_WHY_NONE : r == 0 ? CS_WHY_SIGNATURE : CS_WHY_STORE;
}
