/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence: a hash chain over events, and its check. Pure: the store keeps the records. */
#ifndef CS_EVIDENCE_H
#define CS_EVIDENCE_H

#include "model.h"

#define CS_DOMAIN_EVIDENCE "countersign evidence v1"

/* Seals an event as the next record after head: number = head_number + 1, bytes = its encoding (event->number is set),
 * chain = SHA-256(string domain, string link), which is cs_digest(CS_DOMAIN_EVIDENCE, link), where link = previous
 * chain (32 bytes), u64 number, string bytes; the first record follows 32 zero bytes. 0, CS_ETOOBIG, CS_EINVAL (kind
 * NONE, no number left), CS_ENOMEM; event->number is unchanged on failure. Clear *ret_record with
 * cs_clear(&cs_record_shape). */
int cs_evidence_seal(uint64_t head_number, const uint8_t head_chain[CS_DIGEST_LEN], struct cs_event *event,
	struct cs_record *ret_record);

/* Checks a chain record after record, in order, from the first. */
struct cs_verifier {
	uint64_t number; /* of the last good record */
	uint8_t chain[CS_DIGEST_LEN];
	uint64_t permits;  /* CLAIMED events seen */
	char why[256];     /* what is wrong with the first bad record; "" while all is well */
	uint64_t bad;      /* its number; 0 while all is well */
	uint64_t known_number; /* a head known from elsewhere, to be met on the way; 0 when none is */
	uint8_t known_chain[CS_DIGEST_LEN];
};
void cs_verifier_init(struct cs_verifier *verifier);
/* Before the first record: the chain must come to this head (a log line, a receipt), and may go on after it. */
void cs_verifier_know(struct cs_verifier *verifier, uint64_t known_number, const uint8_t known_chain[CS_DIGEST_LEN]);
/* The next record. 0; CS_ENOMEM; CS_ECORRUPT: bad and why are set ("event 12: its content was changed: …", "event 13 is
 * missing", "event 7: is not a record: …"); what follows is not looked at. */
int cs_verifier_next(struct cs_verifier *verifier, const struct cs_record *record);
/* The same, and the event inside the record; untouched on failure. Clear it. */
int cs_verifier_read(struct cs_verifier *verifier, const struct cs_record *record, struct cs_event *ret_event);
/* The end: the chain must end with the head that the caller knows from elsewhere (a log line, a receipt);
 * known_number 0 skips that. A shorter chain is CS_ECORRUPT with why set (A131), and so is one that never came to the
 * head of cs_verifier_know. CS_EDOUBT with why set: known_number was passed on the way, so it should have been told
 * with cs_verifier_know. */
int cs_verifier_end(struct cs_verifier *verifier, uint64_t known_number, const uint8_t known_chain[CS_DIGEST_LEN]);

/* One event as one line for people, escaped: "12  2026-11-21T20:00:08Z  claimed  #4  alice  sudo …  (gate deploy,
 * approved)". The last parenthesis is always the line's own. NULL when out of memory; the caller frees. */
char *cs_event_line(const struct cs_event *event);

#endif
