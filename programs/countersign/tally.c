/* SPDX-License-Identifier: Apache-2.0 */
/* The record, counted. */
#include "tally.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static const struct cs_field would_fields[] = {
	CS_ENUM(cs_tally_would, verdict, cs_verdict_names), CS_ENUM(cs_tally_would, reason, cs_reason_names),
	CS_U64(cs_tally_would, count)
};
static const struct cs_shape would_shape = CS_SHAPE("would", cs_tally_would, would_fields);

static const struct cs_field missing_fields[] = {
	CS_STR(cs_tally_missing, label, CS_MAX_TEXT), CS_STR(cs_tally_missing, scope, CS_MAX_SCOPE),
	CS_U64(cs_tally_missing, count), CS_STRV(cs_tally_missing, who, CS_MAX_WHO, CS_MAX_NAME)
};
static const struct cs_shape missing_shape = CS_SHAPE("missing", cs_tally_missing, missing_fields);

static const struct cs_field gate_fields[] = {
	CS_STR(cs_tally_gate, gate, CS_MAX_NAME), CS_U64(cs_tally_gate, at_once), CS_U64(cs_tally_gate, denied),
	CS_U64(cs_tally_gate, held), CS_U64(cs_tally_gate, approved), CS_U64(cs_tally_gate, rejected),
	CS_U64(cs_tally_gate, expired), CS_U64(cs_tally_gate, cancelled), CS_U64(cs_tally_gate, used),
	CS_U64(cs_tally_gate, ended), CS_U64(cs_tally_gate, break_glass), CS_U64(cs_tally_gate, would_hold),
	CS_U64(cs_tally_gate, would_deny),
	CS_ARRAY(cs_tally_gate, would, &would_shape, CS_TALLY_LINES),
	CS_ARRAY(cs_tally_gate, missing, &missing_shape, CS_TALLY_LINES), CS_U64(cs_tally_gate, median_ms),
	CS_U64(cs_tally_gate, p90_ms)
};
static const struct cs_shape gate_shape = CS_SHAPE("gate", cs_tally_gate, gate_fields);

static const struct cs_field person_fields[] = {
	CS_STR(cs_tally_person, name, CS_MAX_NAME), CS_U64(cs_tally_person, approved), CS_U64(cs_tally_person, rejected)
};
static const struct cs_shape person_shape = CS_SHAPE("person", cs_tally_person, person_fields);

static const struct cs_field debt_fields[] = { CS_U64(cs_tally_debt, request) };
static const struct cs_shape debt_shape = CS_SHAPE("debt", cs_tally_debt, debt_fields);

static const struct cs_field tally_fields[] = {
	CS_U64(cs_tally, since_wall_ms), CS_U64(cs_tally, until_wall_ms), CS_STR(cs_tally, only, CS_MAX_NAME),
	CS_U64(cs_tally, first), CS_U64(cs_tally, last), CS_U64(cs_tally, events), CS_U64(cs_tally, unreadable),
	CS_U64(cs_tally, root), CS_U64(cs_tally, unguarded), CS_U64(cs_tally, rights),
	CS_ARRAY(cs_tally, gates, &gate_shape, CS_TALLY_GATES), CS_ARRAY(cs_tally, people, &person_shape, CS_TALLY_PEOPLE),
	CS_U64(cs_tally, broken), CS_ARRAY(cs_tally, debts, &debt_shape, CS_TALLY_DEBTS), CS_U64(cs_tally, left_out)
};
const struct cs_shape cs_tally_shape = CS_SHAPE("report", cs_tally, tally_fields);

/* --- Rooms ---------------------------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static void gate_clear(struct cs_tally_gate *gate)
{
	free(gate->spans);
	gate->spans = NULL;
	cs_clear(&gate_shape, gate);
}

/* NULL with *ret_r 0: there is no room for one more. */
static struct cs_tally_gate *gate_of(struct cs_tally *tally, const char *name, int *ret_r)
{
	struct cs_tally_gate *gate = NULL;

	*ret_r = 0;
	for (size_t i = 0; i < tally->n_gates; i++)
		if (same_text(tally->gates[i].gate, name))
			return &tally->gates[i];
	if (tally->n_gates == CS_TALLY_GATES) {
		tally->left_out++;
		return NULL;
	}
	*ret_r = cs_reserve((void **)&tally->gates, &tally->cap_gates, tally->n_gates, 1, sizeof(*gate));
	if (*ret_r < 0)
		return NULL;
	gate = &tally->gates[tally->n_gates];
	*gate = (struct cs_tally_gate){ .gate = cs_dup(name) };
	if (!gate->gate) {
		*ret_r = CS_ENOMEM;
		return NULL;
	}
	tally->n_gates++;
	return gate;
}

static struct cs_tally_person *person_of(struct cs_tally *tally, const char *name, int *ret_r)
{
	struct cs_tally_person *person = NULL;

	*ret_r = 0;
	for (size_t i = 0; i < tally->n_people; i++)
		if (same_text(tally->people[i].name, name))
			return &tally->people[i];
	if (tally->n_people == CS_TALLY_PEOPLE) {
		tally->left_out++;
		return NULL;
	}
	*ret_r = cs_reserve((void **)&tally->people, &tally->cap_people, tally->n_people, 1, sizeof(*person));
	if (*ret_r < 0)
		return NULL;
	person = &tally->people[tally->n_people];
	*person = (struct cs_tally_person){ .name = cs_dup(name) };
	if (!person->name) {
		*ret_r = CS_ENOMEM;
		return NULL;
	}
	tally->n_people++;
	return person;
}

/* Room for CS_TALLY_LINES of them, made when the first comes. */
static int make_lines(void *lines, size_t size)
{
	void *at = NULL;

	memcpy(&at, lines, sizeof(at));
	if (at)
		return 0;
	at = calloc(CS_TALLY_LINES, size);
	memcpy(lines, &at, sizeof(at));
	return at ? 0 : CS_ENOMEM;
}

/* --- What would have been ------------------------------------------------------------------------------------------- */

static int count_would(struct cs_tally *tally, struct cs_tally_gate *gate, const struct cs_monitored_body *body)
{
	size_t i = 0;

	if (make_lines(&gate->would, sizeof(*gate->would)) < 0)
		return CS_ENOMEM;
	while (i < gate->n_would && (gate->would[i].verdict != body->verdict || gate->would[i].reason != body->reason))
		i++;
	if (i == CS_TALLY_LINES) {
		tally->left_out++;
		return 0;
	}
	if (i == gate->n_would)
		gate->would[gate->n_would++] = (struct cs_tally_would){ body->verdict, body->reason, 0 };
	gate->would[i].count++;
	return 0;
}

static int keep_who(struct cs_tally_missing *missing, const struct cs_need *need)
{
	int r = 0;

	if (need->n_who > 0) /* the record has no names where they did not fit */
		cs_free_strv(&missing->who, &missing->n_who);
	for (size_t i = 0; r == 0 && i < need->n_who; i++)
		r = cs_strv_add(&missing->who, &missing->n_who, need->who[i] ? need->who[i] : "");
	return r;
}

static int count_missing(struct cs_tally *tally, struct cs_tally_gate *gate, const char *scope, const struct cs_need *need)
{
	struct cs_tally_missing *missing = NULL;
	size_t i = 0;

	if (make_lines(&gate->missing, sizeof(*gate->missing)) < 0)
		return CS_ENOMEM;
	while (i < gate->n_missing &&
		(!same_text(gate->missing[i].label, need->label) || !same_text(gate->missing[i].scope, scope)))
		i++;
	if (i == CS_TALLY_LINES) {
		tally->left_out++;
		return 0;
	}
	missing = &gate->missing[i];
	if (i == gate->n_missing) {
		*missing = (struct cs_tally_missing){ .label = cs_dup(need->label), .scope = cs_dup(scope) };
		gate->n_missing++;
		if (!missing->label || !missing->scope)
			return CS_ENOMEM;
	}
	missing->count++;
	return keep_who(missing, need);
}

static int monitored(struct cs_tally *tally, struct cs_tally_gate *gate, const struct cs_event *event)
{
	struct cs_monitored_body body = { 0 };
	int r = cs_decode_all(&cs_monitored_body_shape, event->body, event->n_body, &body);

	if (r < 0) {
		tally->unreadable += r != CS_ENOMEM;
		return r == CS_ENOMEM ? r : 0;
	}
	gate->would_hold += body.verdict == CS_HOLD;
	gate->would_deny += body.verdict != CS_HOLD;
	r = count_would(tally, gate, &body);
	/* Who is denied for another reason would have waited for nobody. */
	for (size_t i = 0; r == 0 && body.verdict == CS_HOLD && i < body.n_needs; i++)
		if (body.needs[i].have < body.needs[i].count)
			r = count_missing(tally, gate, body.permitted.scope, &body.needs[i]);
	cs_clear(&cs_monitored_body_shape, &body);
	return r;
}

/* --- Events --------------------------------------------------------------------------------------------------------- */

static int approved(struct cs_tally *tally, struct cs_tally_gate *gate, const struct cs_event *event)
{
	struct cs_grounds grounds = { 0 };
	int r = cs_decode_all(&cs_grounds_shape, event->body, event->n_body, &grounds);

	gate->approved++;
	if (r == 0)
		r = cs_tally_span(gate, grounds.elapsed_ms);
	else if (r != CS_ENOMEM)
		tally->unreadable++;
	cs_clear(&cs_grounds_shape, &grounds);
	return r == CS_ENOMEM ? r : 0;
}

static int permitted(struct cs_tally *tally, struct cs_tally_gate *gate, const struct cs_event *event)
{
	if (event->reason == CS_WHY_MONITORED)
		return monitored(tally, gate, event);
	gate->at_once += event->reason != CS_WHY_BREAK_GLASS;
	gate->break_glass += event->reason == CS_WHY_BREAK_GLASS;
	return 0;
}

#define COUNT(name) \
	static int count_##name(struct cs_tally *tally, struct cs_tally_gate *gate, const struct cs_event *event) \
	{ \
		(void)tally; \
		(void)event; \
		gate->name++; \
		return 0; \
	}

COUNT(denied)
COUNT(held)
COUNT(rejected)
COUNT(expired)
COUNT(cancelled)
COUNT(used)
COUNT(ended)

static const struct {
	enum cs_event_kind kind;
	int (*count)(struct cs_tally *tally, struct cs_tally_gate *gate, const struct cs_event *event);
} of_gates[] = {
	{ CS_EVENT_PERMITTED, permitted }, { CS_EVENT_DENIED, count_denied }, { CS_EVENT_REQUESTED, count_held },
	{ CS_EVENT_APPROVED, approved }, { CS_EVENT_REJECTED, count_rejected }, { CS_EVENT_EXPIRED, count_expired },
	{ CS_EVENT_CANCELLED, count_cancelled }, { CS_EVENT_CLAIMED, count_used }, { CS_EVENT_ENDED, count_ended },
};

static int voted(struct cs_tally *tally, const struct cs_event *event)
{
	struct cs_tally_person *person = NULL;
	struct cs_voted_body body = { 0 };
	int r = cs_decode_all(&cs_voted_body_shape, event->body, event->n_body, &body);

	if (r == 0)
		person = person_of(tally, body.approval.person.name, &r);
	else if (r != CS_ENOMEM)
		tally->unreadable++;
	if (person) {
		person->approved += body.approval.vote == CS_VOTE_APPROVE;
		person->rejected += body.approval.vote == CS_VOTE_REJECT;
	}
	cs_clear(&cs_voted_body_shape, &body);
	return r == CS_ENOMEM ? r : 0;
}

/* What no gate decided; 1 when it was that. */
static int without_gate(struct cs_tally *tally, const struct cs_event *event)
{
	if (event->kind != CS_EVENT_PERMITTED || (event->gate && *event->gate))
		return 0;
	tally->root += event->reason == CS_WHY_ROOT;
	tally->unguarded += event->reason == CS_WHY_UNGUARDED;
	tally->rights += event->reason == CS_WHY_HAS_RIGHT;
	return event->reason == CS_WHY_ROOT || event->reason == CS_WHY_UNGUARDED || event->reason == CS_WHY_HAS_RIGHT;
}

static int count(struct cs_tally *tally, const struct cs_event *event)
{
	struct cs_tally_gate *gate = NULL;
	int r = 0;

	tally->events++;
	tally->broken += event->kind == CS_EVENT_BREAK_GLASS;
	if (event->kind == CS_EVENT_VOTED)
		return voted(tally, event);
	if (without_gate(tally, event))
		return 0;
	for (size_t i = 0; i < CS_COUNT(of_gates); i++) {
		if (of_gates[i].kind != event->kind)
			continue;
		gate = gate_of(tally, event->gate ? event->gate : "", &r);
		return gate ? of_gates[i].count(tally, gate, event) : r;
	}
	return 0;
}

/* Reviews are open until they are used, whenever the glass was broken. */
static int follow_debts(struct cs_tally *tally, const struct cs_event *event)
{
	size_t i = 0;

	while (i < tally->n_debts && tally->debts[i].request != event->request)
		i++;
	if (event->kind == CS_EVENT_CLAIMED && i < tally->n_debts)
		memmove(&tally->debts[i], &tally->debts[i + 1], (--tally->n_debts - i) * sizeof(*tally->debts));
	if (event->kind != CS_EVENT_BREAK_GLASS || event->request == 0 || i < tally->n_debts)
		return 0;
	if (!tally->debts && !(tally->debts = calloc(CS_TALLY_DEBTS, sizeof(*tally->debts))))
		return CS_ENOMEM;
	if (tally->n_debts == CS_TALLY_DEBTS)
		tally->left_out++;
	else
		tally->debts[tally->n_debts++].request = event->request;
	return 0;
}

static bool is_meant(const struct cs_tally *tally, const struct cs_event *event)
{
	return event->wall_ms >= tally->since_wall_ms && (!tally->only || !*tally->only || same_text(event->gate, tally->only));
}

int cs_tally_add(struct cs_tally *tally, const struct cs_record *record)
{
	struct cs_event event = { 0 };
	int r = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &event);

	tally->first = tally->first == 0 ? record->number : tally->first;
	tally->last = record->number;
	if (r < 0) {
		tally->unreadable += r != CS_ENOMEM;
		return r == CS_ENOMEM ? r : 0;
	}
	if (tally->until_wall_ms == 0 || event.wall_ms < tally->until_wall_ms) {
		r = follow_debts(tally, &event);
		if (r == 0 && is_meant(tally, &event))
			r = count(tally, &event);
	}
	cs_clear(&cs_event_shape, &event);
	return r;
}

/* --- The end -------------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct cs_tally_gate *)a)->gate, ((const struct cs_tally_gate *)b)->gate);
}

static int more(uint64_t a, uint64_t b)
{
	return a > b ? -1 : a < b;
}

static int by_would(const void *a, const void *b)
{
	return more(((const struct cs_tally_would *)a)->count, ((const struct cs_tally_would *)b)->count);
}

static int by_missing(const void *a, const void *b)
{
	return more(((const struct cs_tally_missing *)a)->count, ((const struct cs_tally_missing *)b)->count);
}

static int by_votes(const void *a, const void *b)
{
	const struct cs_tally_person *x = a, *y = b;
	int r = more(x->approved + x->rejected, y->approved + y->rejected);

	return r != 0 ? r : strcmp(x->name, y->name);
}

static void sort(void *items, size_t n, size_t size, int (*order)(const void *a, const void *b))
{
	if (n > 1)
		qsort(items, n, size, order);
}

void cs_tally_finish(struct cs_tally *tally)
{
	for (size_t i = 0; i < tally->n_gates; i++) {
		struct cs_tally_gate *gate = &tally->gates[i];

		gate->median_ms = cs_tally_span_at(gate, 50);
		gate->p90_ms = cs_tally_span_at(gate, 90);
		sort(gate->would, gate->n_would, sizeof(*gate->would), by_would);
		sort(gate->missing, gate->n_missing, sizeof(*gate->missing), by_missing);
	}
	sort(tally->gates, tally->n_gates, sizeof(*tally->gates), by_name);
	sort(tally->people, tally->n_people, sizeof(*tally->people), by_votes);
}

void cs_tally_clear(struct cs_tally *tally)
{
	for (size_t i = 0; i < tally->n_gates; i++)
		gate_clear(&tally->gates[i]);
	tally->n_gates = 0;
	cs_clear(&cs_tally_shape, tally);
}
