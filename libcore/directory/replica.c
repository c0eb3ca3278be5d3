/* SPDX-License-Identifier: Apache-2.0 */
/* A session with a provider, from its connection to its end: what it offers and where it stands (LOOK), everything once
 * (REFRESH), then every change (FOLLOW). All of it without blocking, a few messages at a time, so that questions are
 * answered meanwhile. */
#include "answer.h"
#include "clock.h"
#include "ldap_connection.h"
#include "mem.h"
#include "replica_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	FIRST_MS = 300,          /* before the first session: what the first questions ask for is known then */
	LEARN_MS = 50,           /* before one with more attributes */
	PAUSE_LEAST_MS = 1000,   /* after a failure, doubled each time */
	PAUSE_MOST_MS = 60000,
	UNSUPPORTED_MS = 3600 * 1000,
	CONNECT_MS = 5000,
	BEAT_EVERY_MS = 500,
	LIVE_MS = 2000,          /* so old its last certain moment may be */
	APART_MS = 3000,         /* so long what the server has may be missing here */
	SILENT_MS = 4000,
	REFRESH_SILENT_MS = 15000, /* a search that nothing is found by takes a while */
	MESSAGES_A_TURN = 256
};

static void enter(struct cs_replica *replica, enum phase phase)
{
	replica->phase = phase;
	replica->moves++;
}

static void rest(struct cs_replica *replica, uint64_t pause_ms, const char *cause)
{
	if (cause != replica->cause) /* it may be the session's own */
		(void)snprintf(replica->cause, sizeof(replica->cause), "%s", cause);
	cs_connecting_abandon(&replica->connecting);
	cs_sync_free(&replica->sync);
	replica_forget(replica);
	for (size_t i = 0; i < REPLICA_CONTEXTS; i++) {
		cs_free_str(&replica->contexts[i].dn);
		cs_free_str(&replica->contexts[i].key);
		free(replica->contexts[i].deleted);
		replica->contexts[i] = (struct context){ 0 };
		replica->claim[i] = (struct cs_csns){ 0 };
	}
	replica->n_contexts = 0;
	memset(replica->flows, 0, sizeof(replica->flows));
	replica->has_more = false;
	replica->beat_released = 0;
	replica->claim_ms = 0;
	replica->claim_released = 0;
	replica->current_ms = 0;
	replica->offers = false;
	replica->trouble = NULL;
	enter(replica, PHASE_REST);
	replica->wake_ms = cs_boot_ms() + pause_ms;
}

/* Whoever fails soon after he began waits longer each time. */
static void give_up(struct cs_replica *replica, const char *cause)
{
	uint64_t now = cs_boot_ms();
	if (replica->live_since_ms != 0 && now - replica->live_since_ms > replica->pause_ms)
		replica->pause_ms = 0;
	replica->live_since_ms = 0;
	replica->pause_ms = replica->pause_ms == 0 ? PAUSE_LEAST_MS : replica->pause_ms * 2;
	if (replica->pause_ms > PAUSE_MOST_MS)
		replica->pause_ms = PAUSE_MOST_MS;
	rest(replica, replica->pause_ms, cause);
}

/* --- What a session asks for --- */

static int follow(struct cs_replica *replica, unsigned number, const struct cs_sync_search *search, unsigned context)
{
	replica->flows[number] = (struct flow){ .used = true, .context = context };
	return cs_sync_search(replica->sync, search);
}

static int read_base(struct cs_replica *replica, unsigned number, const char *base, const char *const *attributes)
{
	const struct cs_sync_search search = { .id = number, .base = base, .filter = "(objectClass=*)",
		.attributes = attributes };
	return cs_sync_search(replica->sync, &search);
}

static int ask_beat(struct cs_replica *replica)
{
	static const char *const attributes[] = { "contextCSN", NULL };
	int r = 0;
	replica->beat_ms = cs_boot_ms();
	replica->beat_released = replica->held.n_released;
	for (unsigned i = 0; i < replica->n_contexts && r == 0; i++) {
		replica->contexts[i].is_asked = true;
		replica->contexts[i].now = (struct cs_csns){ 0 };
		r = read_base(replica, FLOW_BEAT + i, replica->contexts[i].dn, attributes);
	}
	return r;
}

/* From where it stands: of what is there already nothing is told. */
static int ask_tracks(struct cs_replica *replica)
{
	static const char *const nothing[] = { "1.1", NULL };
	int r = 0;
	for (unsigned i = 0; i < replica->n_contexts && r == 0; i++) {
		struct context *context = &replica->contexts[i];
		char cookie[CS_CSN_COOKIE];
		cs_csns_cookie(&context->now, cookie);
		const struct cs_sync_search search = { .id = FLOW_TRACK + i, .base = context->dn, .below = true,
			.filter = "(objectClass=*)", .attributes = nothing, .follow = true, .cookie = cookie };
		r = follow(replica, FLOW_TRACK + i, &search, i);
		cs_csns_merge(&replica->flows[FLOW_TRACK + i].csns, &context->now);
		cs_csns_merge(&context->need, &context->now);
	}
	return r;
}

static int ask_people(struct cs_replica *replica)
{
	const char **attributes = replica_people_attributes(replica);
	if (attributes == NULL)
		return CS_ENOMEM;
	const struct cs_sync_search search = { .id = FLOW_PEOPLE, .base = replica->settings->people_base, .below = true,
		.filter = replica->schema.people_filter, .attributes = attributes, .follow = true };
	int r = follow(replica, FLOW_PEOPLE, &search, 0);
	free(attributes);
	return r;
}

static int ask_groups(struct cs_replica *replica)
{
	const char **attributes = replica_group_attributes(replica);
	if (attributes == NULL)
		return CS_ENOMEM;
	const struct cs_sync_search search = { .id = FLOW_GROUPS, .base = replica->settings->groups_base, .below = true,
		.filter = "(objectClass=*)", .attributes = attributes, .follow = true };
	int r = follow(replica, FLOW_GROUPS, &search, (unsigned)replica->n_contexts - 1);
	free(attributes);
	return r;
}

/* By a filter made of the people's; what comes is only a name. */
static int ask_names(struct cs_replica *replica, unsigned number, const char *before, const char *filter,
	const char *after)
{
	static const char *const others[] = { "hasSubordinates", NULL };
	char *whole = NULL;
	int r = cs_format(&whole, "%s%s%s", before, filter, after);
	const struct cs_sync_search search = { .id = number, .base = replica->settings->people_base, .below = true,
		.filter = whole, .attributes = others, .follow = true };
	if (r == 0)
		r = follow(replica, number, &search, 0);
	free(whole);
	return r;
}

static int ask_everything(struct cs_replica *replica)
{
	const char *people = replica->schema.people_filter, *locked = replica->settings->locked_filter;
	int r = ask_people(replica);
	if (r == 0)
		r = ask_groups(replica);
	if (r == 0 && replica->has_others)
		r = ask_names(replica, FLOW_OTHERS, "(!", people, ")");
	if (r == 0 && *locked != '\0')
		r = ask_names(replica, FLOW_LOCKED, "(&(objectClass=*)", locked, ")");
	return r;
}

/* --- What comes --- */

static bool is_value(const struct cs_sync_value *value, const char *text)
{
	return value->value.len == strlen(text) && memcmp(value->value.data, text, value->value.len) == 0;
}

/* Keeps the database with the longest name that the base is in. */
static int consider(char **dn, char **dn_key, const char *base_key, const struct cs_bytes *value)
{
	char text[CS_MAX_DN + 1], key[CS_MAX_DN + 1];
	if (value->len > CS_MAX_DN)
		return 0;
	memcpy(text, value->data, value->len);
	text[value->len] = '\0';
	if (strlen(text) != value->len || !cs_dn_is_valid(text) || cs_dn_key(text, key) != 0 ||
	    !cs_dn_key_below(base_key, key) || (*dn_key != NULL && strlen(*dn_key) >= strlen(key)))
		return 0;
	int r = cs_set(dn, text);
	return r != 0 ? r : cs_set(dn_key, key);
}

static int take_root(struct cs_replica *replica, const struct cs_sync_entry *entry)
{
	const char *bases[REPLICA_CONTEXTS] = { replica->people_key, replica->groups_key };
	int r = 0;
	for (size_t i = 0; i < entry->n_values && r == 0; i++) {
		const struct cs_sync_value *value = &entry->values[i];
		if (strcasecmp(value->attribute, "supportedControl") == 0)
			replica->offers = replica->offers || is_value(value, CS_SYNC_CONTROL);
		for (size_t k = 0; strcasecmp(value->attribute, "namingContexts") == 0 && k < CS_COUNT(bases) && r == 0;
		     k++)
			r = consider(&replica->contexts[k].dn, &replica->contexts[k].key, bases[k], &value->value);
	}
	return r;
}

static int take_beat(struct context *context, const struct cs_sync_entry *entry)
{
	int r = 0;
	for (size_t i = 0; i < entry->n_values && r == 0; i++)
		if (strcasecmp(entry->values[i].attribute, "contextCSN") == 0)
			r = cs_csns_add(&context->now, entry->values[i].value.data, entry->values[i].value.len);
	return r != 0 ? CS_EPROTO : 0;
}

static int on_entry(void *arg, unsigned id, const struct cs_sync_entry *entry)
{
	struct cs_replica *replica = arg;
	if (id == FLOW_ROOT)
		return take_root(replica, entry);
	if (id < FLOW_TRACK)
		return take_beat(&replica->contexts[id - FLOW_BEAT], entry);
	if (id < FLOW_PEOPLE)
		return replica_track(replica, id - FLOW_TRACK, entry);
	return replica_take(replica, id, entry);
}

/* --- How it goes on --- */

/* What the oldest uncovered beat told is here now: so it was certainly current when that was asked. */
static void check_claim(struct cs_replica *replica)
{
	if (replica->phase != PHASE_FOLLOW || replica->claim_ms == 0 || !replica_covers(replica, replica->claim))
		return;
	replica->current_ms = replica->claim_ms;
	replica->claim_ms = 0;
	replica_settle(replica, replica->claim_released);
	replica->beat_released -= replica->claim_released;
}

static int on_cookie(void *arg, unsigned id, const char *cookie, size_t n)
{
	return replica_cookie(arg, id, cookie, n);
}

static int unsupported(struct cs_replica *replica, const char *cause)
{
	replica->trouble = cause;
	return CS_ENOENT;
}

static int start_tracks(struct cs_replica *replica)
{
	for (size_t i = 0; i < replica->n_contexts; i++)
		if (replica->contexts[i].now.n == 0)
			return unsupported(replica, "the server shows no contextCSN, so nobody can tell what is current");
	enter(replica, PHASE_REFRESH);
	return ask_tracks(replica);
}

static int start_look(struct cs_replica *replica)
{
	struct context *contexts = replica->contexts;
	if (!replica->offers)
		return unsupported(replica, "the server does not offer syncrepl (control " CS_SYNC_CONTROL ")");
	if (contexts[0].dn == NULL || contexts[1].dn == NULL)
		return unsupported(replica, "the server has no namingContexts that people_base and groups_base are in");
	replica->n_contexts = REPLICA_CONTEXTS;
	if (strcmp(contexts[0].key, contexts[1].key) == 0) {
		replica->n_contexts = 1;
		cs_free_str(&contexts[1].dn);
		cs_free_str(&contexts[1].key);
	}
	return ask_beat(replica);
}

static int end_beat(struct cs_replica *replica, struct context *context)
{
	context->is_asked = false;
	for (size_t i = 0; i < replica->n_contexts; i++)
		if (replica->contexts[i].is_asked)
			return 0;
	if (replica->phase == PHASE_LOOK)
		return start_tracks(replica);
	if (replica->phase == PHASE_FOLLOW && replica_went_back(replica)) {
		replica->trouble = "the server tells no longer how far it has come, or went back";
		return CS_EDOUBT;
	}
	if (replica->phase == PHASE_FOLLOW && replica->claim_ms == 0) {
		replica->claim_ms = replica->beat_ms;
		replica->claim_released = replica->beat_released;
		for (size_t i = 0; i < replica->n_contexts; i++)
			replica->claim[i] = replica->contexts[i].now;
	}
	check_claim(replica);
	return 0;
}

static bool all_refreshed(const struct cs_replica *replica)
{
	for (size_t i = 0; i < FLOWS; i++)
		if (replica->flows[i].used && !replica->flows[i].refreshed)
			return false;
	return true;
}

/* The tracks come first, so that whatever they leave out the others cannot have missed. */
static int on_refreshed(void *arg, unsigned id)
{
	struct cs_replica *replica = arg;
	replica->flows[id].refreshed = true;
	if (replica->phase != PHASE_REFRESH || !all_refreshed(replica))
		return 0;
	if (!replica->flows[FLOW_PEOPLE].used)
		return ask_everything(replica);
	int r = cs_tree_finish(replica->tree);
	enter(replica, PHASE_FOLLOW);
	return r != 0 ? r : ask_beat(replica);
}

static int on_ended(void *arg, unsigned id, enum cs_sync_ended ended, const char *cause)
{
	struct cs_replica *replica = arg;
	if (ended == CS_SYNC_WHOLE && id == FLOW_ROOT)
		return start_look(replica);
	if (ended == CS_SYNC_WHOLE && id < FLOW_TRACK)
		return end_beat(replica, &replica->contexts[id - FLOW_BEAT]);
	if (ended == CS_SYNC_UNSUPPORTED)
		return unsupported(replica, "the server does not offer syncrepl for this database");
	(void)snprintf(replica->cause, sizeof(replica->cause), "%s", cause);
	replica->trouble = replica->cause;
	return CS_EDOUBT;
}

/* --- The session --- */

static void begin(struct cs_replica *replica)
{
	const char *uri = cs_servers_best(replica->servers);
	uint64_t now = cs_boot_ms();
	if (uri == NULL) {
		replica->wake_ms = now + PAUSE_LEAST_MS;
		return;
	}
	(void)snprintf(replica->uri, sizeof(replica->uri), "%s", uri);
	replica->is_new = false;
	if (cs_connecting_start(replica->settings, replica->credentials, uri, now + CONNECT_MS, false,
				&replica->connecting) != 0)
		give_up(replica, "a connection cannot be begun");
	else
		enter(replica, PHASE_CONNECT);
}

static int look(struct cs_replica *replica)
{
	static const char *const attributes[] = { "supportedControl", "namingContexts", NULL };
	int r = cs_tree_new(&replica->tree);
	if (r != 0)
		return r;
	cs_tree_count_children(replica->tree);
	enter(replica, PHASE_LOOK);
	replica->heard_ms = cs_boot_ms();
	return read_base(replica, FLOW_ROOT, "", attributes);
}

static void connected(struct cs_replica *replica)
{
	static const struct cs_sync_calls calls = { on_entry, on_cookie, on_refreshed, on_ended };
	struct cs_ldap *ldap = NULL;
	char cause[LDAP_CAUSE_MAX];
	if (cs_connecting_take(&replica->connecting, &ldap, cause) != 1)
		return;
	if (ldap == NULL) {
		give_up(replica, cause);
		return;
	}
	if (cs_sync_new(&ldap, &calls, replica, &replica->sync) != 0 || look(replica) != 0)
		give_up(replica, "out of memory, or the connection is lost");
}

static void failed(struct cs_replica *replica, int error)
{
	const char *trouble = replica->trouble != NULL ? replica->trouble : cs_strerror(error);
	if (error == CS_ENOENT)
		rest(replica, UNSUPPORTED_MS, trouble);
	else if (error == CS_ETOOBIG)
		rest(replica, UNSUPPORTED_MS, "more than can be held: 2000000 entries, 512 MiB");
	else if (error == CS_EDOUBT)
		give_up(replica, trouble);
	else
		give_up(replica, error == CS_EUNAVAIL ? cs_sync_cause(replica->sync) : cs_strerror(error));
}

static void receive(struct cs_replica *replica)
{
	int r = cs_sync_work(replica->sync, MESSAGES_A_TURN);
	replica->has_more = r == MESSAGES_A_TURN;
	if (r > 0)
		replica->heard_ms = cs_boot_ms();
	if (r < 0)
		failed(replica, r);
	else
		check_claim(replica);
}

static bool beat_is_open(const struct cs_replica *replica)
{
	for (size_t i = 0; i < replica->n_contexts; i++)
		if (replica->contexts[i].is_asked)
			return true;
	return false;
}

/* When it is to be looked at though nothing came. */
static uint64_t due_ms(const struct cs_replica *replica)
{
	if (replica->phase == PHASE_REST)
		return replica->wake_ms;
	if (replica->phase == PHASE_CONNECT)
		return 0; /* it ends by itself */
	if (replica->phase != PHASE_FOLLOW)
		return replica->heard_ms + (replica->phase == PHASE_LOOK ? SILENT_MS : REFRESH_SILENT_MS);
	uint64_t due = replica->beat_ms + (beat_is_open(replica) ? SILENT_MS : BEAT_EVERY_MS);
	if (replica->claim_ms != 0 && replica->claim_ms + APART_MS < due)
		due = replica->claim_ms + APART_MS;
	return due;
}

static void follow_on(struct cs_replica *replica, uint64_t now)
{
	if (replica->claim_ms != 0 && now >= replica->claim_ms + APART_MS)
		give_up(replica, "the server has what it did not send");
	else if (beat_is_open(replica) && now >= replica->beat_ms + SILENT_MS)
		give_up(replica, "the server is silent");
	else if (!beat_is_open(replica) && now >= replica->beat_ms + BEAT_EVERY_MS && ask_beat(replica) != 0)
		give_up(replica, "connection lost");
}

static void when_due(struct cs_replica *replica)
{
	uint64_t now = cs_boot_ms(), due = due_ms(replica);
	if (due == 0 || now < due)
		return;
	if (replica->phase == PHASE_REST)
		begin(replica);
	else if (replica->phase == PHASE_FOLLOW)
		follow_on(replica, now);
	else
		give_up(replica, "the server is silent");
}

/* Not once it has learned of what this session does not bring: it ends at the next turn. */
int cs_replica_is_live(const struct cs_replica *replica)
{
	return replica->phase == PHASE_FOLLOW && !replica->is_new && replica->current_ms != 0 &&
	       cs_boot_ms() - replica->current_ms <= LIVE_MS;
}

static void tell(struct cs_replica *replica)
{
	bool is_live = cs_replica_is_live(replica) == 1;
	if (is_live == replica->was_live)
		return;
	replica->was_live = is_live;
	replica->changes++;
	if (is_live && replica->live_since_ms == 0)
		replica->live_since_ms = cs_boot_ms();
}

void cs_replica_work(struct cs_replica *replica)
{
	if (replica->is_new && replica->phase != PHASE_REST)
		rest(replica, LEARN_MS, "more attributes are asked for than are held");
	if (replica->connecting != NULL)
		connected(replica);
	if (replica->sync != NULL)
		receive(replica);
	when_due(replica);
	tell(replica);
}

uint64_t cs_replica_next_ms(const struct cs_replica *replica)
{
	uint64_t next = due_ms(replica), lapse = replica->current_ms + LIVE_MS + 1;
	if (replica->has_more || (replica->is_new && replica->phase != PHASE_REST))
		return 1;
	return replica->was_live && (next == 0 || lapse < next) ? lapse : next;
}

int cs_replica_fd(const struct cs_replica *replica)
{
	if (replica->connecting != NULL)
		return cs_connecting_fd(replica->connecting);
	return replica->sync != NULL ? cs_sync_fd(replica->sync) : -1;
}

/* --- Answering --- */

static bool is_fresh(const struct cs_replica *replica, const struct cs_terms *terms)
{
	return cs_replica_is_live(replica) == 1 &&
	       (terms->fresh_ms == 0 || cs_boot_ms() - replica->current_ms <= terms->fresh_ms);
}

static int answer(const struct cs_replica *replica, const struct cs_question *question, struct cs_answer *ret_answer)
{
	char source[CS_URI_MAX + 16];
	int r = cs_answer_blank(question->n_subjects, question->n_listings, ret_answer);
	if (r != 0)
		return r;
	(void)snprintf(source, sizeof(source), "replica of %s", replica->uri);
	cs_answer_blame(ret_answer, source, "");
	for (size_t i = 0; i < ret_answer->n_facts; i++)
		ret_answer->facts[i].boot_ms = replica->current_ms;
	struct cs_settings settings = *replica->settings; /* a view */
	settings.schema = replica->schema;
	return cs_tree_answer(replica->tree, &settings, question, ret_answer);
}

/* Nobody is in it by whose DN, or as whom, somebody else or something may be known in other letters. */
static bool is_certain(const struct cs_answer *answer)
{
	char key[CS_MAX_DN + 1];
	for (size_t i = 0; i < answer->n_facts; i++) {
		const struct cs_person *person = &answer->facts[i].person;
		if (person->dn == NULL)
			continue;
		if (cs_dn_key(person->dn, key) != 0 || !replica_is_ascii(key) ||
		    (person->human != NULL && !replica_is_ascii(person->human)))
			return false;
	}
	return true;
}

int cs_replica_ask(struct cs_replica *replica, const struct cs_terms *terms, const struct cs_question *question,
	struct cs_answer *ret_answer)
{
	struct cs_answer told = { 0 };
	if (cs_question_check(question) != 0 || replica_is_able(replica, question) != 1)
		return 0;
	if (!is_fresh(replica, terms))
		return 0;
	int r = answer(replica, question, &told);
	if (r != 0 || !is_certain(&told)) {
		cs_clear(&cs_answer_shape, &told);
		return r;
	}
	*ret_answer = told;
	return 1;
}

/* --- Life --- */

uint64_t cs_replica_changes(const struct cs_replica *replica)
{
	return replica->changes;
}

uint64_t cs_replica_version(const struct cs_replica *replica)
{
	return replica->changes + replica->moves;
}

const char *cs_replica_state(struct cs_replica *replica)
{
	if (cs_replica_is_live(replica) == 1)
		(void)snprintf(replica->text, sizeof(replica->text), "the replica of %.200s is live", replica->uri);
	else if (replica->phase == PHASE_REST)
		(void)snprintf(replica->text, sizeof(replica->text), "no replica: %.400s", replica->cause);
	else
		(void)snprintf(replica->text, sizeof(replica->text), "the replica of %.200s is not live yet",
			       replica->uri);
	return replica->text;
}

int cs_replica_new(const struct cs_settings *settings, const struct cs_credentials *credentials,
	const struct cs_servers *servers, struct cs_replica **ret_replica)
{
	struct cs_replica *replica = calloc(1, sizeof(*replica));
	if (replica == NULL)
		return CS_ENOMEM;
	replica->settings = settings;
	replica->credentials = credentials;
	replica->servers = servers;
	int r = cs_schema_copy(&settings->schema, &replica->schema);
	if (r == 0)
		r = cs_set(&replica->schema.member_of, "");
	if (r == 0)
		r = cs_dn_key(settings->people_base, replica->people_key);
	if (r == 0)
		r = cs_dn_key(settings->groups_base, replica->groups_key);
	if (r != 0) {
		cs_replica_free(&replica);
		return r;
	}
	replica->has_others = !cs_dn_key_below(replica->people_key, replica->groups_key);
	rest(replica, FIRST_MS, "not begun yet");
	*ret_replica = replica;
	return 0;
}

void cs_replica_free(struct cs_replica **replica)
{
	if (*replica == NULL)
		return;
	rest(*replica, 0, "");
	cs_free_strv(&(*replica)->attributes, &(*replica)->n_attributes);
	cs_schema_clear(&(*replica)->schema);
	free(*replica);
	*replica = NULL;
}
