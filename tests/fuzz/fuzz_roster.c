/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a roster: refused with a reason, or every key in it is one person's and is found. */
#include "roster.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct cs_roster *roster)
{
	size_t keys = 0;

	require(roster->version > 0);
	for (size_t i = 0; i < roster->n_people; i++) {
		const struct cs_roster_person *person = &roster->people[i];

		require(cs_roster_person(roster, person->id) == person && cs_roster_named(roster, person->name) == person);
		for (size_t k = 0; k < person->n_keys; k++, keys++) {
			const struct cs_roster_key *key = NULL;

			require(cs_roster_find(roster, person->keys[k].key.fingerprint, &key) == person &&
				key == &person->keys[k]);
			require(!person->hardware_only || cs_ssh_key_is_hardware(&key->key));
		}
	}
	require(keys == roster->n_keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_problem problem = { 0 };
	struct cs_roster *roster = NULL;
	char *text = size <= 65536 ? strndup((const char *)data, size) : NULL;
	size_t count = 0;
	int r = text ? cs_roster_parse(text, "roster", &roster, &problem) : CS_ENOMEM;

	if (r == 0) {
		check(roster);
		(void)cs_roster_signers("x", 1, text, roster, &count);
		require(count == 0);
	} else {
		require(roster == NULL && (r == CS_ENOMEM || problem.text != NULL));
	}
	cs_problem_clear(&problem);
	cs_roster_free(&roster);
	free(text);
	return 0;
}
