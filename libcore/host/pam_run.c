/* SPDX-License-Identifier: Apache-2.0 */
/* What the results of a stack's lines come to. */
#include "pam.h"
#include "countersign/error.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, DENIED = 6, REQUIRED = 12, SESSION = 14, IGNORE = 25, UNKNOWN = 28, INCOMPLETE = 31 };
enum { STATES_MAX = 20000 };

enum impression { UNDECIDED = 0, POSITIVE, NEGATIVE };

struct view {
	uint8_t impression, status;
};

/* Between two lines. */
struct state {
	size_t at; /* the next line */
	unsigned level;
	struct view now, outer[CS_PAM_LEVELS];
};

static void take_good(struct state *state, int code)
{
	if (state->now.impression == UNDECIDED || (state->now.impression == POSITIVE && state->now.status == SUCCESS))
		state->now = (struct view){ POSITIVE, (uint8_t)code };
}

static void take_bad(struct state *state, int code)
{
	if (state->now.impression != NEGATIVE)
		state->now = (struct view){ NEGATIVE, (uint8_t)(code == IGNORE ? DENIED : code) };
}

/* The rest of this substack, or of the stack, is not asked. */
static void leave(const struct cs_pam_lines *lines, struct state *state, unsigned level)
{
	while (state->at < lines->n && lines->at[state->at].level >= level)
		state->at++;
}

static void jump(const struct cs_pam_lines *lines, struct state *state, unsigned level, int n)
{
	while (state->at < lines->n && lines->at[state->at].level >= level && n > 0) {
		do
			state->at++;
		while (state->at < lines->n && lines->at[state->at].level > level);
		n--;
	}
	if (n > 0)
		state->now = (struct view){ NEGATIVE, DENIED };
}

/* Enters the line at state->at: what it finds is remembered for "reset". */
static void enter(const struct cs_pam_lines *lines, struct state *state)
{
	unsigned level = lines->at[state->at].level;

	if (state->level < level)
		state->outer[level] = state->now;
	state->level = level;
}

static void act(const struct cs_pam_lines *lines, struct state *state, int action, int code)
{
	unsigned level = state->level;

	if (action > 0) {
		jump(lines, state, level, action);
		return;
	}
	if (action == CS_PAM_RESET)
		state->now = state->outer[level];
	if (action == CS_PAM_OK || action == CS_PAM_DONE)
		take_good(state, code);
	if (action == CS_PAM_BAD || action == CS_PAM_DIE)
		take_bad(state, code);
	if (action == CS_PAM_DIE || (action == CS_PAM_DONE && state->now.impression == POSITIVE))
		leave(lines, state, level);
}

static int code_of(const struct cs_pam_line *line, int code)
{
	return line->what == CS_PAM_BROKEN ? DENIED : code;
}

/* Over one line that gives this code. */
static void step(const struct cs_pam_lines *lines, struct state *state, int code)
{
	const struct cs_pam_line *line = &lines->at[state->at];

	enter(lines, state);
	state->at++;
	if (line->what == CS_PAM_SUBSTACK)
		return;
	code = code_of(line, code);
	if (code < 0 || code >= CS_PAM_CODES)
		act(lines, state, CS_PAM_BAD, DENIED);
	else
		act(lines, state, line->actions[code], code);
}

static struct state beginning(void)
{
	struct state state = { .now = { UNDECIDED, DENIED } };

	state.outer[0] = state.now;
	return state;
}

static int result(const struct state *state)
{
	return state->now.status == SUCCESS && state->now.impression != POSITIVE ? DENIED : state->now.status;
}

int cs_pam_stack_result(const struct cs_pam_stack *stack, const int *codes, bool *called)
{
	const struct cs_pam_lines *lines = &stack->lines;
	struct state state = beginning();

	for (size_t i = 0; called != NULL && i < lines->n; i++)
		called[i] = false;
	if (lines->damage.file != NULL)
		return 26; /* PAM_ABORT */
	while (state.at < lines->n) {
		if (called != NULL)
			called[state.at] = lines->at[state.at].what == CS_PAM_MODULE;
		step(lines, &state, codes[state.at]);
	}
	return result(&state);
}

/* --- The search for a way past a line ------------------------------------------------------------------------------- */

struct way {
	struct state state;
	size_t before; /* the way that it came from; its own number: none */
};

struct search {
	const struct cs_pam_lines *lines;
	const bool *ours;
	int denial;
	struct way *ways;
	size_t n, cap;
};

static bool same_view(struct view a, struct view b)
{
	return a.impression == b.impression && a.status == b.status;
}

static bool same_state(const struct state *a, const struct state *b)
{
	if (a->at != b->at || a->level != b->level || !same_view(a->now, b->now))
		return false;
	for (size_t i = 0; i <= a->level; i++)
		if (!same_view(a->outer[i], b->outer[i]))
			return false;
	return true;
}

static int add_way(struct search *search, const struct state *state, size_t before)
{
	int r = 0;

	for (size_t i = 0; i < search->n; i++)
		if (same_state(&search->ways[i].state, state))
			return 0;
	if (search->n >= STATES_MAX)
		return CS_EDOUBT;
	r = cs_reserve((void **)&search->ways, &search->cap, search->n, 1, sizeof(*search->ways));
	if (r == 0)
		search->ways[search->n++] = (struct way){ *state, before };
	return r;
}

/* Whether that line can give this code. */
static bool possible(const struct search *search, size_t at, int code)
{
	const struct cs_pam_line *line = &search->lines->at[at];

	if (search->ours[at])
		return code == search->denial;
	if (line->what != CS_PAM_MODULE)
		return code == DENIED;
	if (strcmp(cs_pam_module_name(line), "pam_permit.so") == 0)
		return code == SUCCESS;
	if (strcmp(cs_pam_module_name(line), "pam_deny.so") == 0)
		return code == SESSION;
	return code != INCOMPLETE;
}

/* A failure is a failure: which one makes no difference to what can succeed. */
static void forget_which(struct state *state)
{
	if (state->now.status != SUCCESS && state->now.status != REQUIRED)
		state->now.status = DENIED;
}

static int go_on(struct search *search, size_t from)
{
	int r = 0;

	for (int code = 0; r == 0 && code < CS_PAM_CODES; code++) {
		struct state state = search->ways[from].state;

		if (!possible(search, state.at, code))
			continue;
		step(search->lines, &state, code);
		forget_which(&state);
		r = add_way(search, &state, from);
	}
	return r;
}

static int explore(struct search *search)
{
	struct state state = beginning();
	int r = add_way(search, &state, 0);

	for (size_t i = 0; r == 0 && i < search->n; i++)
		if (search->ways[i].state.at < search->lines->n)
			r = go_on(search, i);
	return r;
}

/* The line of ours that the way from one point to the next asks or skips; lines->n: none. */
static size_t ours_between(const struct search *search, const struct state *from, const struct state *to)
{
	for (size_t i = from->at; i < to->at; i++)
		if (search->ours[i])
			return i;
	return search->lines->n;
}

/* Back from the end: the first line of ours on that way, and whether it was asked. */
static void tell(const struct search *search, size_t end, struct cs_pam_escape *ret_escape)
{
	ret_escape->result = result(&search->ways[end].state);
	for (size_t i = end; i != search->ways[i].before; i = search->ways[i].before) {
		const struct state *from = &search->ways[search->ways[i].before].state;
		size_t at = ours_between(search, from, &search->ways[i].state);

		if (at == search->lines->n)
			continue;
		ret_escape->called = at == from->at;
		ret_escape->blame = from->at;
	}
}

static size_t find_end(const struct search *search, int wanted)
{
	for (size_t i = 0; i < search->n; i++)
		if (search->ways[i].state.at >= search->lines->n && result(&search->ways[i].state) == wanted)
			return i;
	return search->n;
}

int cs_pam_stack_escape(const struct cs_pam_stack *stack, const bool *ours, int denial, struct cs_pam_escape *ret_escape)
{
	struct search search = { .lines = &stack->lines, .ours = ours, .denial = denial };
	size_t end = 0;
	int r = stack->lines.damage.file != NULL || stack->lines.n == 0 ? 1 : explore(&search);

	if (r == 0) {
		end = find_end(&search, SUCCESS);
		if (end == search.n)
			end = find_end(&search, REQUIRED);
		if (end < search.n)
			tell(&search, end, ret_escape);
		r = end < search.n ? 1 : 0;
	} else if (r == 1) {
		r = 0; /* libpam denies */
	}
	free(search.ways);
	return r;
}
