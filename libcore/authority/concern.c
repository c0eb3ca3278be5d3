/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a request concerns: who asked, and who could vote on it. And the other way round: which open requests concern a
 * person, without looking at all of them. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

int viewer_asked(const struct task *task, const struct cs_stored *stored, const struct cs_facts *viewer)
{
	if (task->caller.uid == stored->request.subject.uid)
		return 1;
	return viewer->known == CS_KNOWN_YES && viewer->person.id && stored->request.requester.id &&
	       strcmp(viewer->person.id, stored->request.requester.id) == 0;
}

int viewer_could_approve(const struct task *task, const struct cs_stored *stored, const struct cs_facts *viewer)
{
	const struct cs_policy *policy = task->authority->policy;
	const struct cs_gate *gate = request_gate(task->authority, &stored->request);

	for (size_t i = 0; gate && i < cs_gate_rules(gate); i++)
		if (cs_policy_may_fill(policy, viewer, gate, i, stored->request.scope, NULL) == 1)
			return 1;
	return 0;
}

int viewer_may_see(const struct task *task, const struct cs_stored *stored, const struct cs_facts *viewer)
{
	return caller_is_root(task) || viewer_asked(task, stored, viewer) || viewer_could_approve(task, stored, viewer);
}

/* --- Keys ---------------------------------------------------------------------------------------------------------- */

static int key_of(const char *domain, const char *a, const char *b, uint8_t ret_key[CS_DIGEST_LEN])
{
	struct cs_buf bytes;
	int r = 0;

	cs_buf_init(&bytes, CS_MAX_EVENT);
	cs_buf_put_cstr(&bytes, a);
	cs_buf_put_cstr(&bytes, b);
	r = cs_buf_error(&bytes);
	if (r == 0)
		r = cs_digest(domain, bytes.data, bytes.len, ret_key);
	cs_buf_clear(&bytes);
	return r;
}

static int person_key(const char *id, uint8_t ret_key[CS_DIGEST_LEN])
{
	return key_of("countersign person key v1", id, "", ret_key);
}

int concern_keys(struct cs_stored *stored)
{
	int r = person_key(stored->request.requester.id, stored->person_key);

	return r < 0 ? r : key_of("countersign place key v1", stored->request.gate, stored->request.scope, stored->place_key);
}

/* --- A walk -------------------------------------------------------------------------------------------------------- */

enum {
	PLACES = 2000, /* looked at in one turn: where there are more, all that is open is walked */
	PAGE = 32
};

/* What may concern the viewer, newest first, a page at a time. */
struct source {
	struct cs_which which;
	uint64_t numbers[PAGE];
	size_t n, at;
	bool over; /* the page is the last one */
};

struct sources {
	struct task *task;
	const struct cs_facts *viewer;
	struct source *all;
	size_t n, cap;
};

/* 0, CS_ENOMEM. */
static int add(struct sources *sources, const struct cs_which *which)
{
	void *all = sources->all;
	int r = cs_reserve(&all, &sources->cap, sources->n, 1, sizeof(*sources->all));

	sources->all = all;
	if (r == 0)
		sources->all[sources->n++] = (struct source){ .which = *which };
	return r;
}

static int add_own(struct sources *sources)
{
	struct cs_which of_uid = { .group = CS_GROUP_UID, .uid = sources->task->caller.uid };
	struct cs_which of_person = { .group = CS_GROUP_PERSON };
	int r = add(sources, &of_uid);

	if (r < 0 || sources->viewer->known != CS_KNOWN_YES)
		return r;
	r = person_key(sources->viewer->person.id, of_person.key);
	return r < 0 ? r : add(sources, &of_person);
}

/* One request stands for all of its place. */
static int add_place(struct sources *sources, const struct cs_which *place, uint64_t number)
{
	struct cs_stored stored = { 0 };
	int r = cs_store_get(sources->task->authority->store, number, &stored);

	if (r == 0 && viewer_could_approve(sources->task, &stored, sources->viewer))
		r = add(sources, place);
	cs_clear(&cs_stored_shape, &stored);
	return r;
}

/* 0; CS_ETOOBIG: there are too many places to look at. */
static int add_places(struct sources *sources)
{
	struct cs_store *store = sources->task->authority->store;
	struct cs_which place = { .group = CS_GROUP_PLACE };
	uint64_t number = 0;
	int r = cs_store_next_place(store, NULL, place.key, &number);

	for (size_t seen = 0; r == 1; seen++) {
		r = seen == PLACES ? CS_ETOOBIG : add_place(sources, &place, number);
		if (r == 0)
			r = cs_store_next_place(store, place.key, place.key, &number);
	}
	return r;
}

/* The source's next number below before; 0: there is none. */
static int look(struct cs_store *store, struct source *source, uint64_t before, uint64_t *ret_number)
{
	while (source->at < source->n && source->numbers[source->at] >= before)
		source->at++; /* another source had it too */
	if (source->at == source->n && !source->over) {
		int got = cs_store_list_of(store, &source->which, before, source->numbers, PAGE);

		if (got < 0)
			return got;
		source->n = (size_t)got;
		source->at = 0;
		source->over = got < PAGE;
	}
	*ret_number = source->at < source->n ? source->numbers[source->at] : 0;
	return 0;
}

/* The largest number of all sources below before; 0: there is none. */
static int next(struct sources *sources, uint64_t before, uint64_t *ret_number)
{
	struct cs_store *store = sources->task->authority->store;
	uint64_t largest = 0, number = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sources->n; i++) {
		r = look(store, &sources->all[i], before, &number);
		largest = r == 0 && number > largest ? number : largest;
	}
	*ret_number = largest;
	return r;
}

static int tell(struct sources *sources, uint64_t before, size_t max, cs_store_each each, void *arg)
{
	struct cs_store *store = sources->task->authority->store;
	uint64_t number = 0;
	int r = 0;

	if (before == 0)
		before = UINT64_MAX;
	for (size_t told = 0; r == 0 && told < max; told++) {
		struct cs_stored stored = { 0 };

		r = next(sources, before, &number);
		if (r < 0 || number == 0)
			return r;
		r = cs_store_get(store, number, &stored);
		if (r == 0)
			r = each(arg, &stored);
		cs_clear(&cs_stored_shape, &stored);
		before = number;
	}
	return r;
}

int concern_walk(struct task *task, const struct cs_facts *viewer, bool own, uint64_t before, size_t max,
	cs_store_each each, void *arg)
{
	struct sources sources = { .task = task, .viewer = viewer };
	int r = add_own(&sources);

	if (r == 0 && !own)
		r = add_places(&sources);
	if (r == CS_ETOOBIG)
		r = cs_store_list(task->authority->store, true, before, max, each, arg);
	else if (r == 0)
		r = tell(&sources, before, max, each, arg);
	free(sources.all);
	return r;
}
