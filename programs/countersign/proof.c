/* SPDX-License-Identifier: Apache-2.0 */
/* The lock-out proof. Which scopes there are is told by what people hold: every scope in which anybody holds anything
 * and that fits the gate's, and one that stands for all the others, where only those count who hold it in a wider
 * scope.
 *
 * With thousands of people and scopes nobody need be looked at who cannot matter. In p/x those matter who would in
 * p/OTHER too, and those who hold something in a scope of which x is a part: whoever may ask in the one and not in the
 * other does so by such a scope, and so does whoever may approve in a plain policy. In another one everybody is looked
 * at where such a selection could not approve: nothing is called impossible that is only written in an unusual way. */
#include "proof.h"
#include "mem.h"
#include "progress.h"

#include <stdlib.h>
#include <string.h>

/* Below so many people there is no point in a selection. */
enum { FEW = 256 };

static const struct cs_field stuck_fields[] = {
	CS_STR(cs_stuck, gate, CS_MAX_NAME), CS_STR(cs_stuck, scope, CS_MAX_SCOPE),
	CS_BOOL(cs_stuck, elsewhere), CS_STR(cs_stuck, requester, CS_MAX_NAME),
	CS_ARRAY(cs_stuck, needs, &cs_need_shape, CS_MAX_RULES)
};
const struct cs_shape cs_stuck_shape = CS_SHAPE("stuck", cs_stuck, stuck_fields);

/* A part of a scope in which somebody holds something, and whose it is. */
struct word {
	char *text;
	size_t person;
};

struct world {
	const struct cs_policy *policy;
	const struct cs_people *people;
	bool plain;
	char **scopes; /* in which anybody holds anything; sorted, each once */
	size_t n_scopes;
	struct word *words; /* sorted */
	size_t n_words, cap_words;
	char *other;           /* a word that nobody has */
	struct cs_facts *some; /* the selection: borrowed members, whose they are in `which` */
	size_t *which;
	size_t n_some;
	size_t *picked; /* of each person: the round in which he was picked last */
	size_t round;
	size_t done;
	struct cs_progress progress;
};

static void world_clear(struct world *world)
{
	cs_free_strv(&world->scopes, &world->n_scopes);
	for (size_t i = 0; i < world->n_words; i++)
		free(world->words[i].text);
	free(world->words);
	free(world->other);
	free(world->some);
	free(world->which);
	free(world->picked);
}

/* --- Scopes ------------------------------------------------------------------------------------------------------ */

static size_t part_length(const char *at)
{
	return strcspn(at, "/");
}

/* One part of a template against one part of a scope: 1 and the value in *ret_value, 1 without one, or 0. */
static int part_fits(const char *template, size_t n, const char *part, size_t m, const char **ret_value, size_t *ret_n)
{
	const char *name = memmem(template, n, "%{", 2);
	const char *end = name == NULL ? NULL : memchr(name, '}', n - (size_t)(name - template));
	size_t before = name == NULL ? 0 : (size_t)(name - template);
	size_t after = end == NULL ? 0 : n - (size_t)(end + 1 - template);

	*ret_value = NULL;
	if (end == NULL)
		return n == m && memcmp(template, part, n) == 0;
	if (m <= before + after || memcmp(template, part, before) != 0 ||
		memcmp(template + n - after, part + m - after, after) != 0)
		return 0;
	*ret_value = part + before;
	*ret_n = m - before - after;
	return 1;
}

static int add_text(char ***texts, size_t *n, const char *text, size_t length)
{
	char *copy = strndup(text, length);
	int r = copy == NULL ? CS_ENOMEM : cs_strv_add(texts, n, copy);

	cs_free_str(&copy);
	return r;
}

int cs_scope_fits(const char *template, const char *scope, char ***words, size_t *n)
{
	int r = 0;

	for (;;) {
		size_t t = part_length(template), s = part_length(scope), length = 0;
		const char *value = NULL;

		if (part_fits(template, t, scope, s, &value, &length) != 1)
			return 0;
		if (value != NULL)
			r = add_text(words, n, value, length);
		if (r == 0 && value != NULL && length != s)
			r = add_text(words, n, scope, s);
		if (r != 0)
			return r;
		if (template[t] == '\0' || scope[s] == '\0')
			return template[t] == scope[s] ? 1 : 0;
		template += t + 1;
		scope += s + 1;
	}
}

/* The template with every name filled in by one word. */
static char *fill(const char *template, const char *word)
{
	struct cs_buf out;
	char *text = NULL;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	for (;;) {
		const char *name = strstr(template, "%{"), *end = name == NULL ? NULL : strchr(name, '}');

		if (end == NULL)
			break;
		cs_buf_put(&out, template, (size_t)(name - template));
		cs_buf_put(&out, word, strlen(word));
		template = end + 1;
	}
	cs_buf_put(&out, template, strlen(template));
	if (cs_buf_error(&out) == 0)
		text = strndup((const char *)out.data, out.len);
	cs_buf_clear(&out);
	return text;
}

/* --- The world --------------------------------------------------------------------------------------------------- */

static int add_word(struct world *world, const char *text, size_t length, size_t person)
{
	struct word word = { .text = strndup(text, length), .person = person };

	if (word.text == NULL ||
		cs_reserve((void **)&world->words, &world->cap_words, world->n_words, 1, sizeof(word)) != 0) {
		free(word.text);
		return CS_ENOMEM;
	}
	world->words[world->n_words++] = word;
	return 0;
}

static int add_parts(struct world *world, const char *scope, size_t person)
{
	int r = 0;

	while (r == 0) {
		size_t n = part_length(scope);

		r = add_word(world, scope, n, person);
		if (scope[n] == '\0')
			break;
		scope += n + 1;
	}
	return r;
}

static int order_of_words(const void *a, const void *b)
{
	return strcmp(((const struct word *)a)->text, ((const struct word *)b)->text);
}

static int order_of_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int look_at_person(struct world *world, size_t p)
{
	const struct cs_facts *facts = &world->people->facts[p];
	struct cs_right_held *rights = NULL;
	size_t n = 0;
	int r = facts->known == CS_KNOWN_YES ? cs_policy_rights_of(world->policy, facts, &rights, &n) : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (i > 0 && strcmp(rights[i].scope, rights[i - 1].scope) == 0)
			continue;
		r = cs_strv_add(&world->scopes, &world->n_scopes, rights[i].scope);
		if (r == 0)
			r = add_parts(world, rights[i].scope, p);
	}
	cs_rights_held_free(&rights, &n);
	return r == CS_EDOUBT ? 0 : r;
}

static void sort_world(struct world *world)
{
	size_t kept = 0;

	if (world->n_scopes > 1)
		qsort(world->scopes, world->n_scopes, sizeof(*world->scopes), order_of_texts);
	for (size_t i = 0; i < world->n_scopes; i++) {
		if (kept > 0 && strcmp(world->scopes[kept - 1], world->scopes[i]) == 0)
			cs_free_str(&world->scopes[i]);
		else
			world->scopes[kept++] = world->scopes[i];
	}
	world->n_scopes = kept;
	if (world->n_words > 1)
		qsort(world->words, world->n_words, sizeof(*world->words), order_of_words);
}

static bool is_in_words(const struct world *world, const char *text)
{
	for (size_t i = 0; i < world->n_words; i++) {
		if (strstr(world->words[i].text, text) != NULL)
			return true;
	}
	return false;
}

/* A word that is part of nobody's words. */
static int find_other(struct world *world)
{
	char *longer = NULL;
	int r = cs_set(&world->other, "other");

	while (r == 0 && strlen(world->other) < CS_MAX_SCOPE / 4 && is_in_words(world, world->other)) {
		r = cs_format(&longer, "%s-x", world->other);
		if (r == 0) {
			cs_free_str(&world->other);
			world->other = longer;
		}
	}
	return r;
}

/* Does every role carry something plainly, so that what people hold tells every scope in which they hold a role? */
static int roles_are_plain(const struct cs_policy *policy)
{
	int plain = 1;

	for (size_t i = 0; plain == 1 && i < cs_policy_roles(policy); i++) {
		struct cs_role role = { 0 };

		if (cs_policy_role(policy, i, &role) != 0)
			return CS_ENOMEM;
		plain = role.n_permissions > 0 || role.n_inherits > 0;
		cs_clear(&cs_role_shape, &role);
	}
	return plain;
}

/* Does every %{name} stand for a whole part, so that the scopes of a gate and of its approvals have that part in
 * common? It is enough to see that nothing stands beside one, wherever it is. */
static bool names_are_plain(const char *text)
{
	for (const char *at = strstr(text, "%{"); at != NULL; at = strstr(at, "%{")) {
		const char *end = strchr(at, '}');

		if (end == NULL || (at > text && strchr("/\" ", at[-1]) == NULL) || strchr("/\" ", end[1]) == NULL)
			return false;
		at = end;
	}
	return true;
}

static int world_begin(struct world *world)
{
	size_t n = world->people->n;
	int r = 0;

	world->some = calloc(n + 1, sizeof(*world->some));
	world->which = calloc(n + 1, sizeof(*world->which));
	world->picked = calloc(n + 1, sizeof(*world->picked));
	if (world->some == NULL || world->which == NULL || world->picked == NULL)
		return CS_ENOMEM;
	for (size_t p = 0; r == 0 && p < n; p++)
		r = look_at_person(world, p);
	sort_world(world);
	return r == 0 ? find_other(world) : r;
}

/* --- The selection ----------------------------------------------------------------------------------------------- */

static void pick(struct world *world, size_t person)
{
	if (world->picked[person] == world->round)
		return;
	world->picked[person] = world->round;
	world->some[world->n_some] = world->people->facts[person];
	world->which[world->n_some++] = person;
}

static void pick_all(struct world *world)
{
	world->round++;
	world->n_some = 0;
	for (size_t p = 0; p < world->people->n; p++)
		pick(world, p);
}

/* Would he matter in the scope that stands for all others? Could-not-tell matters. */
static int matters(const struct world *world, const struct cs_gate *gate, const char *scope, size_t p)
{
	const struct cs_facts *facts = &world->people->facts[p];
	int r = 0;

	if (facts->known == CS_KNOWN_DOUBT)
		return 1;
	r = cs_policy_has_right(world->policy, facts, cs_gate_permission(gate), scope, NULL);
	for (size_t i = 0; r == 0 && i < cs_gate_rules(gate); i++)
		r = cs_policy_may_fill(world->policy, facts, gate, i, scope, NULL);
	return r == CS_ENOMEM ? r : r != 0;
}

/* The people who matter whatever fills the names. */
static int find_wide(const struct world *world, const struct cs_gate *gate, const char *scope, size_t **ret_wide,
	size_t *ret_n)
{
	size_t *wide = calloc(world->people->n + 1, sizeof(*wide));
	size_t n = 0;

	if (wide == NULL)
		return CS_ENOMEM;
	for (size_t p = 0; p < world->people->n; p++) {
		int r = matters(world, gate, scope, p);

		if (r < 0) {
			free(wide);
			return r;
		}
		if (r == 1)
			wide[n++] = p;
	}
	*ret_wide = wide;
	*ret_n = n;
	return 0;
}

static int order_to_word(const void *text, const void *word)
{
	return strcmp(text, ((const struct word *)word)->text);
}

/* Everybody who has this very word. */
static void pick_word(struct world *world, const char *text)
{
	const struct word *found =
		world->n_words == 0 ? NULL
				    : bsearch(text, world->words, world->n_words, sizeof(*world->words), order_to_word);
	size_t at = found == NULL ? world->n_words : (size_t)(found - world->words);

	while (at > 0 && at < world->n_words && strcmp(world->words[at - 1].text, text) == 0)
		at--;
	for (; at < world->n_words && strcmp(world->words[at].text, text) == 0; at++)
		pick(world, world->words[at].person);
}

static void pick_some(struct world *world, const size_t *wide, size_t n_wide, char *const *words, size_t n_words)
{
	world->round++;
	world->n_some = 0;
	for (size_t i = 0; i < n_wide; i++)
		pick(world, wide[i]);
	for (size_t i = 0; i < n_words; i++)
		pick_word(world, words[i]);
}

/* --- One gate in one scope --------------------------------------------------------------------------------------- */

static int add_stuck(struct world *world, const struct cs_gate *gate, const char *shown, struct cs_lockout *lockout,
	struct cs_proof *proof)
{
	struct cs_stuck stuck = { .gate = cs_dup(cs_gate_name(gate)), .scope = cs_dup(shown),
		.requester = cs_dup(world->people->names[world->which[lockout->requester]]) };

	if (stuck.gate == NULL || stuck.scope == NULL || stuck.requester == NULL ||
		cs_reserve((void **)&proof->stuck, &proof->cap, proof->n_stuck, 1, sizeof(stuck)) != 0) {
		cs_clear(&cs_stuck_shape, &stuck);
		return CS_ENOMEM;
	}
	stuck.needs = lockout->needs;
	stuck.n_needs = lockout->n_needs;
	lockout->needs = NULL;
	lockout->n_needs = 0;
	proof->stuck[proof->n_stuck++] = stuck;
	return 0;
}

static int add_doubt(const struct cs_gate *gate, const char *shown, struct cs_proof *proof)
{
	char *line = NULL;
	int r = cs_format(&line, "gate %s in %s", cs_gate_name(gate), shown);

	if (r == 0)
		r = cs_strv_add(&proof->doubts, &proof->n_doubts, line);
	cs_free_str(&line);
	return r;
}

/* With the people who are picked: 1, 0, CS_EDOUBT or CS_ENOMEM. What is found is kept only where nobody else
 * matters. */
static int check_picked(struct world *world, const struct cs_gate *gate, const char *scope, const char *shown,
	struct cs_proof *proof)
{
	struct cs_lockout *lockouts = NULL;
	size_t n = 0, may_ask = 0;
	bool all = world->plain || world->n_some == world->people->n;
	int r = cs_lockout_check(world->policy, gate, scope, world->some, world->n_some, all ? world->n_some : 0,
		&may_ask, &lockouts, &n);
	int kept = 0;

	for (size_t i = 0; kept == 0 && i < n; i++)
		kept = add_stuck(world, gate, shown, &lockouts[i], proof);
	cs_lockouts_free(&lockouts, &n);
	if (kept == 0 && all && r == CS_EDOUBT)
		kept = add_doubt(gate, shown, proof);
	return kept < 0 ? kept : r;
}

static int check_scope(struct world *world, const struct cs_gate *gate, const char *scope, const char *shown,
	struct cs_proof *proof)
{
	int r = check_picked(world, gate, scope, shown, proof);

	if (r != 1 && r != CS_ENOMEM && !world->plain && world->n_some < world->people->n) {
		pick_all(world);
		r = check_picked(world, gate, scope, shown, proof);
	}
	proof->scopes++;
	cs_progress_at(&world->progress, ++world->done);
	return r == 0 || r == 1 || r == CS_EDOUBT ? 0 : r;
}

/* --- One gate ---------------------------------------------------------------------------------------------------- */

/* 1 when the scope fits the gate's and was checked, 0 when it does not fit, or CS_ENOMEM. */
static int check_fitting(struct world *world, const struct cs_gate *gate, const char *scope, const size_t *wide,
	size_t n_wide, struct cs_proof *proof)
{
	char **values = NULL;
	size_t n = 0;
	int r = cs_scope_fits(cs_gate_scope(gate), scope, &values, &n);

	if (r == 1 && world->people->n > FEW)
		pick_some(world, wide, n_wide, values, n);
	else if (r == 1)
		pick_all(world);
	if (r == 1 && check_scope(world, gate, scope, scope, proof) != 0)
		r = CS_ENOMEM;
	cs_free_strv(&values, &n);
	return r;
}

static int check_gate(struct world *world, const struct cs_gate *gate, struct cs_proof *proof)
{
	const char *template = cs_gate_scope(gate);
	size_t *wide = NULL, n_wide = 0, first = proof->n_stuck, n_other = 0;
	bool many = strstr(template, "%{") != NULL, found = false;
	char *other = fill(template, world->other);
	int r = other == NULL ? CS_ENOMEM : find_wide(world, gate, other, &wide, &n_wide);

	proof->gates++;
	if (r == 0) {
		pick_some(world, wide, n_wide, NULL, 0);
		r = check_scope(world, gate, other, template, proof);
	}
	n_other = proof->n_stuck;
	for (size_t i = 0; r >= 0 && many && i < world->n_scopes; i++) {
		r = check_fitting(world, gate, world->scopes[i], wide, n_wide, proof);
		found |= r == 1;
	}
	for (size_t i = first; i < n_other; i++)
		proof->stuck[i].elsewhere = found;
	free(wide);
	free(other);
	return r < 0 ? r : 0;
}

static bool is_looked_at(const struct cs_gate *gate)
{
	return !cs_gate_denies(gate) && cs_gate_rules(gate) > 0;
}

/* Scopes to look at over all gates: for the progress only. */
static size_t count_scopes(const struct world *world)
{
	size_t total = 0;

	for (size_t g = 0; g < cs_policy_gates(world->policy); g++) {
		const struct cs_gate *gate = cs_policy_gate_at(world->policy, g);
		bool one = !is_looked_at(gate) || strstr(cs_gate_scope(gate), "%{") == NULL;

		total += is_looked_at(gate) ? 1 : 0;
		for (size_t i = 0; !one && i < world->n_scopes; i++) {
			char **values = NULL;
			size_t n = 0;

			total += cs_scope_fits(cs_gate_scope(gate), world->scopes[i], &values, &n) == 1 ? 1 : 0;
			cs_free_strv(&values, &n);
		}
	}
	return total;
}

int cs_prove(const struct cs_policy *policy, const char *text, const struct cs_people *people,
	struct cs_proof *ret_proof)
{
	struct world world = { .policy = policy, .people = people };
	int r = roles_are_plain(policy);

	*ret_proof = (struct cs_proof){ 0 };
	world.plain = r == 1 && names_are_plain(text);
	if (r >= 0)
		r = world_begin(&world);
	if (r == 0)
		cs_progress_begin(&world.progress, "scopes", count_scopes(&world));
	for (size_t g = 0; r == 0 && g < cs_policy_gates(policy); g++) {
		const struct cs_gate *gate = cs_policy_gate_at(policy, g);

		if (is_looked_at(gate))
			r = check_gate(&world, gate, ret_proof);
	}
	cs_progress_end(&world.progress);
	world_clear(&world);
	return r == 0 ? 0 : cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "policy", "");
}

size_t cs_proof_count(const struct cs_stuck *stuck, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += stuck[i].elsewhere ? 0 : 1;
	return count;
}

void cs_proof_clear(struct cs_proof *proof)
{
	for (size_t i = 0; i < proof->n_stuck; i++)
		cs_clear(&cs_stuck_shape, &proof->stuck[i]);
	free(proof->stuck);
	cs_free_strv(&proof->doubts, &proof->n_doubts);
	*proof = (struct cs_proof){ 0 };
}
