/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force: it comes from the store, and the next one goes there with its event before it counts. */
#include "internal.h"
#include "file.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* --- A text becomes a policy -------------------------------------------------------------------------------------- */

/* Only for a policy that comes into force: a path that somebody merely proposes could lead to a file system that hangs,
 * and the loop with it. */
static void resolve_paths(struct cs_policy *policy)
{
	for (size_t i = 0; i < cs_policy_paths(policy); i++) {
		char *resolved = realpath(cs_policy_path(policy, i), NULL);

		if (resolved)
			(void)cs_policy_resolved(policy, i, resolved);
		free(resolved);
	}
}

int policy_read(const char *text, size_t len, const char *name, struct cs_policy **ret_policy,
	uint8_t ret_digest[CS_DIGEST_LEN], struct cs_problem *problem)
{
	struct cs_policy *policy = NULL;
	int r = cs_policy_parse(text, name, &policy, problem);

	if (r == 0)
		r = cs_digest(CS_DOMAIN_POLICY, text, len, ret_digest);
	if (r < 0) {
		cs_policy_free(&policy);
		return r;
	}
	*ret_policy = policy;
	return 0;
}

/* --- What is in force --------------------------------------------------------------------------------------------- */

static void switch_to(struct cs_authority *a, struct cs_policy *policy, struct cs_generation *generation)
{
	a->policy = policy;
	a->takes_files = ask_brings_files(policy);
	a->generation = *generation;
	memset(generation, 0, sizeof(*generation));
	memcpy(a->policy_digest, a->generation.digest, CS_DIGEST_LEN);
	a->policy_number++;
}

/* A disk that fails may have kept what it denied to have written: then the record says that the new policy is in force, and
 * it is (A107). */
static bool is_kept(struct cs_authority *a)
{
	struct cs_generation newest = { 0 };
	int r = cs_store_policy_get(a->store, 0, &newest, NULL);
	bool kept = r == 0 && newest.number == a->generation.number &&
		    memcmp(newest.digest, a->generation.digest, CS_DIGEST_LEN) == 0;

	cs_clear(&cs_generation_shape, &newest);
	return kept;
}

/* Silence counts only of people who were told (tell_reached): what its author wrote does not happen on this host. */
static void warn_of_silence(const struct cs_authority *a)
{
	char *notice = NULL;

	for (size_t i = 0; !notice && a->directory && !a->options.tells && i < cs_policy_gates(a->policy); i++) {
		const struct cs_gate *gate = cs_policy_gate_at(a->policy, i);

		if (cs_gate_objection_ms(gate) > 0)
			(void)cs_format(&notice, "gate %s waits for objections, and this host tells nobody whose silence could "
				"count (notify in countersignd.conf): it waits for approvals", cs_gate_name(gate));
	}
	if (notice && a->options.events.notice)
		a->options.events.notice(a->options.events.arg, notice);
	free(notice);
}

void policy_settle(struct cs_authority *a, bool committed)
{
	if (!a->unsettled)
		return;
	a->unsettled = false;
	if (committed || is_kept(a)) {
		cs_policy_free(&a->settled_policy);
		cs_clear(&cs_generation_shape, &a->settled_generation);
		warn_of_silence(a);
		glass_tell_orphans(a);
		sessions_look_soon(a, 0);
		return;
	}
	cs_policy_free(&a->policy);
	cs_clear(&cs_generation_shape, &a->generation);
	switch_to(a, a->settled_policy, &a->settled_generation);
	a->settled_policy = NULL;
}

/* Where the paths lead that lead elsewhere, as views. 0, CS_ENOMEM. */
static int paths_of(const struct cs_policy *policy, struct cs_in_force *in_force)
{
	size_t n = cs_policy_paths(policy);

	in_force->paths = calloc(n + 1, sizeof(*in_force->paths));
	for (size_t i = 0; in_force->paths && i < n; i++) {
		const char *path = cs_policy_path(policy, i), *resolved = cs_policy_path_resolved(policy, i);
		struct cs_path *at = &in_force->paths[in_force->n_paths];

		if (!*resolved || strcmp(path, resolved) == 0)
			continue;
		memcpy(&at->path, &path, sizeof(path));
		memcpy(&at->resolved, &resolved, sizeof(resolved));
		in_force->n_paths++;
	}
	return in_force->paths ? 0 : CS_ENOMEM;
}

int policy_body(const struct cs_policy *policy, const struct cs_generation *generation, struct cs_buf *body)
{
	struct cs_in_force in_force = { .generation = *generation };
	int r = paths_of(policy, &in_force);

	if (r == 0)
		r = cs_encode(&cs_in_force_shape, &in_force, body);
	if (r == CS_ETOOBIG) {
		cs_buf_clear(body);
		in_force.n_paths = 0;
		r = cs_encode(&cs_in_force_shape, &in_force, body);
	}
	free(in_force.paths);
	return r;
}

/* The event names the new policy: from here on it is what decides. */
static int record_policy(struct cs_authority *a, const struct cs_policy *policy, struct cs_generation *generation,
	const struct cs_stored *request)
{
	struct cs_event event = { .kind = CS_EVENT_POLICY, .verdict = CS_PERMIT };
	uint8_t before[CS_DIGEST_LEN];
	struct cs_buf body;
	char *text = NULL;
	int r = cs_format(&text, "generation %llu: %s", (unsigned long long)generation->number,
		generation->comment ? generation->comment : "");

	cs_buf_init(&body, CS_MAX_EVENT - CS_MAX_TEXT - 1024);
	if (r == 0)
		r = policy_body(policy, generation, &body);
	memcpy(before, a->policy_digest, CS_DIGEST_LEN);
	memcpy(a->policy_digest, generation->digest, CS_DIGEST_LEN);
	event.request = generation->request;
	if (request)
		memcpy(event.digest, request->digest, CS_DIGEST_LEN);
	event.actor_uid = generation->uid;
	event.actor_name = generation->author;
	event.actor_id = request ? request->request.requester.id : NULL;
	event.text = text;
	event.body = body.data;
	event.n_body = body.len;
	if (r == 0)
		r = record_event(a, &event);
	if (r < 0)
		memcpy(a->policy_digest, before, CS_DIGEST_LEN);
	cs_buf_clear(&body);
	free(text);
	return r;
}

int policy_put(struct cs_authority *a, struct cs_policy **policy, const char *text, size_t len,
	struct cs_generation *generation, const struct cs_stored *request)
{
	struct cs_now now;
	int r = a->options.now(&now);

	resolve_paths(*policy);
	if (r == 0)
		r = record_begin(a);
	if (r < 0)
		return r;
	generation->wall_ms = now.wall_ms;
	r = cs_store_policy_add(a->store, generation, text, len);
	if (r == 0)
		r = record_policy(a, *policy, generation, request);
	if (r < 0) {
		record_undo(a);
		return r;
	}
	if (a->unsettled) {
		cs_policy_free(&a->policy);
		cs_clear(&cs_generation_shape, &a->generation);
	} else {
		a->settled_policy = a->policy;
		a->settled_generation = a->generation;
		a->unsettled = true;
	}
	switch_to(a, *policy, generation);
	*policy = NULL;
	return 0;
}

/* --- The start ---------------------------------------------------------------------------------------------------- */

/* A generation by root, with a comment that ends with the file's name where there is room for it. */
static int by_root(const struct cs_authority *a, const char *comment, const char *file,
	struct cs_generation *generation)
{
	int r = cs_set(&generation->author, "root");

	generation->uid = a->options.root_uid;
	if (r == 0 && strlen(comment) + strlen(file) <= CS_MAX_REASON)
		return cs_format(&generation->comment, "%s%s", comment, file);
	return r == 0 ? cs_set(&generation->comment, comment) : r;
}

static int put_by_root(struct cs_authority *a, const char *text, const char *comment, const char *file,
	struct cs_problem *problem)
{
	struct cs_generation generation = { 0 };
	struct cs_policy *policy = NULL;
	int r = policy_read(text, strlen(text), file, &policy, generation.digest, problem);

	if (r == 0) {
		r = by_root(a, comment, file, &generation);
		if (r == 0)
			r = policy_put(a, &policy, text, strlen(text), &generation, NULL);
		if (r < 0)
			cs_problem_set(problem, cs_store_name(a->store), 0, "the policy could not be kept: %s",
				*cs_store_error(a->store) ? cs_store_error(a->store) : cs_strerror(r));
	}
	cs_policy_free(&policy);
	cs_clear(&cs_generation_shape, &generation);
	return r;
}

static int open_first(struct cs_authority *a, struct cs_problem *problem)
{
	char *text = NULL;
	size_t len = 0;
	int r = record_start(a);

	if (r == 0)
		r = cs_file_read(a->options.policy_file, a->options.policy_owner, 0, CS_POLICY_TEXT_MAX, &text, &len,
			problem);
	if (r == 0)
		r = put_by_root(a, text, "from ", a->options.policy_file, problem);
	free(text);
	return r;
}

/* Somebody who edits the file should not believe that it counts. A file that is not there tells nobody so. */
static void compare_file(struct cs_authority *a)
{
	struct cs_problem problem = { 0 };
	uint8_t digest[CS_DIGEST_LEN];
	char *text = NULL, *notice = NULL;
	size_t len = 0;
	int r = cs_file_read(a->options.policy_file, a->options.policy_owner, 0, CS_POLICY_TEXT_MAX, &text, &len,
		&problem);

	if (r == 0 && cs_digest(CS_DOMAIN_POLICY, text, len, digest) == 0 &&
		memcmp(digest, a->policy_digest, CS_DIGEST_LEN) != 0)
		(void)cs_format(&notice,
			"%s is not generation %llu, which is in force; `countersign policy apply` puts it in force",
			a->options.policy_file, (unsigned long long)a->generation.number);
	else if (r < 0 && r != CS_ENOENT)
		notice = cs_problem_text(&problem);
	if (notice && a->options.events.notice)
		a->options.events.notice(a->options.events.arg, notice);
	cs_problem_clear(&problem);
	free(notice);
	free(text);
}

static int take_newest(struct cs_authority *a, struct cs_generation *generation, const char *text,
	struct cs_problem *problem)
{
	struct cs_problem found = { 0 };
	struct cs_policy *policy = NULL;
	uint8_t digest[CS_DIGEST_LEN];
	unsigned long long number = generation->number;
	int r = policy_read(text, strlen(text), "policy", &policy, digest, &found);

	if (r == 0 && memcmp(digest, generation->digest, CS_DIGEST_LEN) != 0)
		r = CS_ECORRUPT;
	if (r == 0) {
		resolve_paths(policy);
		switch_to(a, policy, generation);
	} else {
		cs_policy_free(&policy);
	}
	if (r == CS_ECORRUPT)
		cs_problem_set(problem, cs_store_name(a->store), 0,
			"generation %llu of the policy is not what it was when it was put in force; `countersignd "
			"--apply-policy FILE` "
			"puts another in force", number);
	else if (r < 0)
		cs_problem_set(problem, cs_store_name(a->store), 0,
			"generation %llu of the policy, line %u: %s; `countersignd --apply-policy FILE` puts another "
			"in force", number, found.line, found.text ? found.text : cs_strerror(r));
	cs_problem_clear(&found);
	return r;
}

int policy_open(struct cs_authority *a, struct cs_problem *problem)
{
	struct cs_generation generation = { 0 };
	char *text = NULL;
	int r = cs_store_policy_get(a->store, 0, &generation, &text);

	if (r == CS_ENOENT)
		return open_first(a, problem);
	if (r < 0)
		cs_problem_set(problem, cs_store_name(a->store), 0, "the policy could not be read: %s; "
			"`countersignd --apply-policy FILE` puts another in force", cs_strerror(r));
	else
		r = take_newest(a, &generation, text, problem);
	if (r == 0)
		r = record_start(a);
	if (r == 0) {
		compare_file(a);
		warn_of_silence(a);
		glass_tell_orphans(a);
	}
	cs_clear(&cs_generation_shape, &generation);
	free(text);
	return r;
}

int policy_force(struct cs_authority *a, const char *text, const char *name, struct cs_problem *problem)
{
	return put_by_root(a, text, "by root at the console, past every gate: ", name, problem);
}
