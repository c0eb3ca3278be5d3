/* SPDX-License-Identifier: Apache-2.0 */
/* Generations of the policy: what is checked before they are kept, and when they are read. */
#include "mem.h"
#include "ops.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int check_policy(struct cs_store *store, const struct cs_generation *generation, const char *text, size_t len)
{
	struct cs_buf bounds;
	int r;

	if (len > CS_POLICY_TEXT_MAX)
		return cs_store_fail(store, CS_ETOOBIG, "a policy holds at most %u bytes", CS_POLICY_TEXT_MAX);
	if (len == 0 || memchr(text, '\0', len))
		return cs_store_fail(store, CS_EINVAL, "a policy is a text");
	if (generation->wall_ms > CS_STORE_MAX_MS)
		return cs_store_fail(store, CS_EINVAL, "the time is out of range");
	if (generation->request > INT64_MAX)
		return CS_ENOENT;
	cs_buf_init(&bounds, CS_STORE_MAX_BODY);
	r = cs_encode(&cs_generation_shape, generation, &bounds);
	cs_buf_clear(&bounds);
	return r;
}

int cs_store_policy_add(struct cs_store *store, struct cs_generation *generation, const char *text, size_t len)
{
	struct cs_generation newest = {0};
	struct cs_generation added = *generation;
	struct cs_bytes bytes = {0};
	int r = cs_store_enter(store);

	if (r < 0)
		return r;
	r = check_policy(store, generation, text, len);
	if (r < 0)
		return cs_store_leave(store, r);
	r = cs_store_policy_get(store, 0, &newest, NULL);
	added.number = newest.number + 1;
	added.size = len;
	cs_clear(&cs_generation_shape, &newest);
	if (r == 0 || r == CS_ENOENT)
		r = cs_bytes_copy(text, len, &bytes);
	if (r == 0)
		r = store->ops->policy_add(store, &added, &bytes);
	free(bytes.data);
	if (r == 0) {
		generation->number = added.number;
		generation->size = added.size;
	}
	return cs_store_leave(store, r);
}

static int policy_text(struct cs_store *store, const struct cs_generation *generation, char **ret_text)
{
	struct cs_bytes bytes = {0};
	char *text;
	int r = store->ops->policy_text(store, generation->number, &bytes);

	if (r < 0)
		return r;
	text = malloc(bytes.len + 1);
	if (!text) {
		r = CS_ENOMEM;
	} else if (bytes.len != generation->size || memchr(bytes.data, '\0', bytes.len)) {
		free(text);
		r = cs_store_fail(store, CS_ECORRUPT, "generation %llu of the policy is no text",
			(unsigned long long)generation->number);
	} else {
		memcpy(text, bytes.data, bytes.len);
		text[bytes.len] = '\0';
		*ret_text = text;
	}
	free(bytes.data);
	return r;
}

int cs_store_policy_get(struct cs_store *store, uint64_t number, struct cs_generation *ret_generation, char **ret_text)
{
	struct cs_generation *found = NULL;
	size_t n = 0;
	int r = number >= INT64_MAX ? CS_ENOENT : cs_store_policies(store, number ? number + 1 : 0, 1, &found, &n);

	if (r == 0 && (n == 0 || (number && found[0].number != number)))
		r = CS_ENOENT;
	if (r == 0 && ret_text)
		r = policy_text(store, &found[0], ret_text);
	if (r == 0) {
		*ret_generation = found[0];
		found[0] = (struct cs_generation){0};
	}
	cs_generations_free(&found, &n);
	return r;
}

int cs_store_policies(struct cs_store *store, uint64_t before, size_t max, struct cs_generation **ret_generations,
		      size_t *ret_count)
{
	return store->ops->policies(store, before == 0 || before > INT64_MAX ? INT64_MAX : before,
				    max < INT_MAX ? max : INT_MAX, ret_generations, ret_count);
}
