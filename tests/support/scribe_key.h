/* SPDX-License-Identifier: Apache-2.0 */
/* The key of somebody in a record that is written by hand (scribe.h), and a vote signed with it. */
#ifndef CS_TEST_SCRIBE_KEY_H
#define CS_TEST_SCRIBE_KEY_H

#include "scribe.h"
#include "ssh_signature.h"

struct scribe_key {
	struct cs_host_key *key; /* anybody's ed25519 key */
	char fingerprint[CS_SSH_FINGERPRINT_LEN + 1], title[CS_SSH_TITLE_MAX + 1];
	char *keys[1];
	struct cs_buf signature;
};

/* With an owner it is the one key that the directory has of him. */
static inline void scribe_key_open(struct scribe_key *own, struct member *owner)
{
	struct cs_ssh_key key = { 0 };

	assert_int_equal(cs_host_key_make(&own->key), 0);
	assert_int_equal(cs_ssh_key_read_line(cs_host_key_public(own->key), &key), 0);
	memcpy(own->fingerprint, key.fingerprint, sizeof(own->fingerprint));
	cs_ssh_key_title(&key, own->title);
	own->keys[0] = own->fingerprint;
	cs_buf_init(&own->signature, CS_MAX_SIGNATURE);
	if (owner) {
		owner->facts.person.keys = own->keys;
		owner->facts.person.n_keys = 1;
	}
}

static inline void scribe_key_close(struct scribe_key *own)
{
	cs_host_key_free(&own->key);
	cs_buf_clear(&own->signature);
}

/* The vote, good for so long. Its signature is the key's: one vote for each. */
static inline void scribe_sign(struct scribe_key *own, const struct scribe *scribe, uint64_t lasts_ms,
	struct cs_approval *vote)
{
	struct cs_buf statement;

	vote->assurance = own->title;
	vote->not_after_wall_ms = scribe->wall_ms + lasts_ms;
	cs_buf_init(&statement, CS_MAX_TEXT);
	assert_int_equal(cs_statement_encode(vote, &statement), 0);
	assert_int_equal(cs_ssh_sign(own->key, cs_vote_namespace(vote->vote), statement.data, statement.len,
		&own->signature), 0);
	vote->signature = own->signature.data;
	vote->n_signature = own->signature.len;
	cs_buf_clear(&statement);
}

#endif
