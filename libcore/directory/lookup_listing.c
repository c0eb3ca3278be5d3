/* SPDX-License-Identifier: Apache-2.0 */
/* Who is listed by a group: DNs, logins that are people's, whom URLs find, and the people of groups in groups. */
#include "lookup_internal.h"
#include "person.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOO_MANY_GROUPS "holds more groups, by way of others, than are followed"
#define BROKEN_LIST "holds a value that cannot be used, or was handed out in pieces that do not fit together"

static struct lookup_listing *listing_of(const struct task *task)
{
	return &task->job->listings[task->index];
}

static const struct cs_listing_query *query_of(const struct task *task)
{
	return &task->job->question.listings[task->index];
}

static const struct cs_settings *settings_of(const struct task *task)
{
	return task->job->lookup->settings;
}

void lookup_listing_settle(const struct task *task, enum cs_known known, const char *cause)
{
	struct lookup_listing *listing = listing_of(task);
	listing->fill.listing = &task->job->answer.listings[task->index]; /* it may not have been started yet */
	if (!listing->settled)
		cs_listing_settle(&listing->fill, known, query_of(task)->dn, cause);
	listing->settled = true;
}

void lookup_listing_clear(struct lookup_listing *listing)
{
	cs_hash_clear(&listing->fill.seen);
	cs_netgroup_clear(&listing->netgroup);
	text_set_clear(&listing->logins);
	text_set_clear(&listing->candidates);
	text_set_clear(&listing->groups);
	text_set_clear(&listing->own);
}

static void settle_error(const struct task *task, int error)
{
	lookup_listing_settle(task, CS_KNOWN_DOUBT, error == CS_EPROTO ? BROKEN_LIST : cs_listing_error(error));
}

/* --- What is listed --- */

static int take_url(const struct task *task, const char *url);

static int put_person(struct lookup_listing *listing, const char *dn)
{
	return cs_listing_put_dn(&listing->fill, dn);
}

/* The DN is at base or below; "" is nowhere. */
static bool is_below(const char *dn, const char *base)
{
	char key[CS_MAX_DN + 1], base_key[CS_MAX_DN + 1];
	return *base != '\0' && cs_dn_key(dn, key) == 0 && cs_dn_key(base, base_key) == 0 &&
	       cs_dn_key_below(key, base_key);
}

static int put_candidate(struct lookup_listing *listing, const char *dn)
{
	int r = listing->candidates.n < CS_MAX_LISTING ? text_set_put(&listing->candidates, dn) : CS_ETOOBIG;
	return r > 0 || r == CS_EINVAL ? 0 : r;
}

static int take_dn_levels(const struct task *task, const char *dn)
{
	return is_below(dn, settings_of(task)->groups_base) ? put_candidate(listing_of(task), dn)
							    : put_person(listing_of(task), dn);
}

static int take_dn_chain(const struct task *task, const char *dn)
{
	return put_candidate(listing_of(task), dn);
}

static int take_dn_member_of(const struct task *task, const char *dn)
{
	const struct cs_settings *settings = settings_of(task);
	if (is_below(dn, settings->people_base) && !is_below(dn, settings->groups_base))
		return put_person(listing_of(task), dn);
	listing_of(task)->has_groups = true; /* or something else that is nobody */
	return 0;
}

static int take_dn_person(const struct task *task, const char *dn)
{
	return put_person(listing_of(task), dn);
}

/* Somebody who is listed: a person, unless he may be a group. */
static int take_dn(const struct task *task, const char *dn)
{
	static int (*const take[])(const struct task *, const char *) = {
		[EXPAND_NONE] = take_dn_person,
		[EXPAND_LEVELS] = take_dn_levels,
		[EXPAND_CHAIN] = take_dn_chain,
		[EXPAND_MEMBER_OF] = take_dn_member_of,
	};
	return take[listing_of(task)->expansion](task, dn);
}

static int take_login(struct lookup_listing *listing, const char *login)
{
	if (cs_is_login(login) != 1)
		return 0; /* nobody's (A071) */
	int r = listing->logins.n < CS_MAX_LISTING ? text_set_put(&listing->logins, login) : CS_ETOOBIG;
	return r > 0 ? 0 : r;
}

static int take_value(const struct task *task, char *value)
{
	enum cs_lists lists = cs_schema_lists(query_of(task)->listed);
	if (lists == CS_LISTS_LOGIN)
		return take_login(listing_of(task), value);
	if (lists == CS_LISTS_URL)
		return take_url(task, value);
	value[cs_schema_dn_length(value)] = '\0';
	return take_dn(task, value);
}

/* --- Groups --- */

static void listing_next(const struct task *task);

/* Every search of a listing ends here: when all did, it goes on. */
static void search_ended(const struct task *task, enum cs_ended ended, const char *cause)
{
	struct lookup_listing *listing = listing_of(task);
	if (ended == CS_ENDED_DOUBT)
		lookup_listing_settle(task, CS_KNOWN_DOUBT, cause);
	listing->open--;
	if (listing->open == 0 && ended != CS_ENDED_CANCELLED)
		listing_next(task);
}

static void common_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	search_ended(task, ended, cause);
	task_end(task);
}

/* The rest of a list that a server hands out in pieces. */
struct rest {
	char *dn, *attribute;
	size_t from;
};

static void rest_free(struct rest *rest)
{
	if (rest == NULL)
		return;
	free(rest->dn);
	free(rest->attribute);
	free(rest);
}

static int take_list(const struct task *task, const struct cs_entry *entry, const char *attribute, size_t from);

static int rest_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	const struct rest *rest = task->more;
	task->seen = true;
	return listing_of(task)->settled ? 0 : take_list(task, entry, rest->attribute, rest->from);
}

static void rest_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (!task->seen && (ended == CS_ENDED_WHOLE || ended == CS_ENDED_NO_BASE))
		settle_error(task, CS_EPROTO);
	rest_free(task->more);
	search_ended(task, ended, cause);
	task_end(task);
}

static int ask_rest(const struct task *what, const struct cs_entry *entry, const char *attribute, size_t from)
{
	static const struct cs_search_calls calls = { rest_entry, rest_end };
	struct task task = *what;
	struct rest *rest = calloc(1, sizeof(*rest));
	char *piece = NULL;
	if (rest == NULL)
		return CS_ENOMEM;
	rest->from = from;
	task.more = rest;
	task.seen = false;
	int r = cs_entry_dn(entry, &rest->dn);
	if (r == 0)
		r = cs_set(&rest->attribute, attribute);
	if (r == 0)
		r = cs_format(&piece, "%s;range=%zu-*", attribute, from);
	const char *attributes[] = { piece, NULL };
	struct cs_search search = { .base = rest->dn, .filter = "(objectClass=*)", .attributes = attributes,
		.limit = 1 };
	if (r == 0)
		r = task_start(&task, &search, &calls);
	if (r == 0)
		listing_of(&task)->open++;
	else
		rest_free(rest);
	free(piece);
	return r;
}

/* Takes whom an entry lists by this attribute. 0; otherwise the listing is settled. */
static int take_list(const struct task *task, const struct cs_entry *entry, const char *attribute, size_t from)
{
	char **values = NULL;
	size_t n = 0, next = 0;
	int r = from <= CS_MAX_LISTING ? cs_entry_piece(entry, attribute, from, CS_MAX_LISTING, CS_MAX_DN, &values, &n,
						&next)
				      : CS_ETOOBIG;
	for (size_t i = 0; i < n && r == 0; i++)
		r = take_value(task, values[i]);
	if (r == 0 && next > 0)
		r = ask_rest(task, entry, attribute, next);
	cs_free_strv(&values, &n);
	if (r != 0)
		settle_error(task, r);
	return r;
}

static int take_group(const struct task *task, const struct cs_entry *entry)
{
	struct lookup_listing *listing = listing_of(task);
	char *dn = NULL;
	if (listing->expansion == EXPAND_NONE)
		return 0;
	bool is_read = strcasecmp(query_of(task)->listed, settings_of(task)->schema.member_attribute) == 0;
	int r = cs_entry_dn(entry, &dn);
	if (r == 0)
		r = text_set_put(is_read ? &listing->groups : &listing->own, dn);
	listing->n_own += is_read && r == 1;
	free(dn);
	return r < 0 ? r : 0;
}

static int group_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct lookup_listing *listing = listing_of(task);
	listing->found = true;
	if (listing->settled)
		return 0;
	int r = take_group(task, entry);
	if (r != 0)
		settle_error(task, r);
	return r != 0 ? r : take_list(task, entry, query_of(task)->listed, 0);
}

static int ask_groups(const struct task *task)
{
	static const struct cs_search_calls calls = { group_entry, common_end };
	const struct cs_listing_query *query = query_of(task);
	const char *attributes[] = { query->listed, NULL };
	bool below = query->where == CS_GROUPS_BELOW;
	struct cs_buf filter;
	cs_buf_init(&filter, LOOKUP_FILTER_MAX);
	if (below && query->attribute != NULL && *query->attribute != '\0') {
		filter_equals(&filter, query->attribute, "", query->value);
	} else {
		put_text(&filter, "(");
		put_text(&filter, below ? query->listed : "objectClass");
		put_text(&filter, "=*)");
	}
	cs_buf_put_u8(&filter, 0);
	struct cs_search search = { .base = query->dn, .below = below, .filter = (const char *)filter.data,
		.attributes = attributes, .limit = below ? CS_MAX_LISTING : 1 };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = task_start(task, &search, &calls);
	if (r == 0)
		listing_of(task)->open++;
	cs_buf_clear(&filter);
	return r;
}

/* --- Many at once --- */

/* So many names of a list are asked about, then the next: other questions have their turn in between. */
enum { SLICE = 1000 };

/* Asks about the next of these, from listing->asked on and before end. */
static int ask_slice(const struct task *task, const struct text_set *set, size_t end, struct any_of *any,
	struct cs_search *search, const struct cs_search_calls *calls)
{
	struct lookup_listing *listing = listing_of(task);
	any->texts = set->texts + listing->asked;
	any->n = end - listing->asked < SLICE ? end - listing->asked : SLICE;
	listing->asked += any->n;
	return task_start_any_of(task, search, any, calls, &listing->open);
}

/* --- Logins --- */

/* Counts where his canonical login is one of the list's, byte for byte (A075): the server may think otherwise. */
static int login_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct lookup_listing *listing = listing_of(task);
	const struct cs_entry_source source = cs_entry_as_source(entry);
	struct cs_person_entry person = { 0 };
	char *dn = NULL;
	if (listing->settled)
		return 0;
	int r = cs_entry_dn(entry, &dn);
	if (r == 0)
		r = cs_person_read(&settings_of(task)->schema, dn, &source, &person);
	if (r == 0 && text_set_has(&listing->logins, person.name) == 1)
		r = cs_listing_put(&listing->fill, dn, person.name);
	cs_person_entry_clear(&person);
	free(dn);
	if (r != 0)
		settle_error(task, r);
	return r;
}

static int ask_logins(const struct task *task)
{
	static const struct cs_search_calls calls = { login_entry, common_end };
	struct lookup_listing *listing = listing_of(task);
	const struct cs_settings *settings = settings_of(task);
	const struct filter_equality equality = { settings->schema.login_attribute, "" };
	const char *attributes[] = { settings->schema.login_attribute, NULL };
	struct any_of any = { .and = settings->schema.people_filter, .part = filter_part_equals, .arg = &equality };
	struct cs_search search = { .base = settings->people_base, .below = true, .attributes = attributes,
		.limit = CS_MAX_LISTING };
	return ask_slice(task, &listing->logins, listing->logins.n, &any, &search, &calls);
}

/* --- URLs --- */

static int url_person(const struct task *task, void *arg, const char *dn)
{
	(void)arg;
	int r = listing_of(task)->settled ? 0 : put_person(listing_of(task), dn);
	if (r != 0)
		settle_error(task, r);
	return r;
}

static void url_end(const struct task *task, void *arg, enum cs_ended ended, const char *cause)
{
	(void)arg;
	search_ended(task, ended, cause);
}

static int take_url(const struct task *task, const char *url)
{
	static const struct dynamic_calls calls = { url_person, url_end };
	struct lookup_listing *listing = listing_of(task);
	const char *why = NULL;
	int r = listing->urls++ < LOOKUP_URLS_MAX ? dynamic_people(task, url, &calls, NULL, &why) : CS_ETOOBIG;
	if (r == CS_EPROTO)
		lookup_listing_settle(task, CS_KNOWN_DOUBT, why);
	if (r == 0)
		listing->open++;
	return r;
}

/* --- Groups in groups --- */

/* What is a group among those listed: its people are taken instead, down to the depth that is followed. */
static int nested_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct lookup_listing *listing = listing_of(task);
	const struct cs_schema *schema = &settings_of(task)->schema;
	char *dn = NULL;
	if (listing->settled)
		return 0;
	int r = cs_entry_dn(entry, &dn);
	bool listed = r == 0 && (listing->expansion == EXPAND_CHAIN || text_set_has(&listing->candidates, dn) == 1);
	int put = listed ? text_set_put(&listing->groups, dn) : 0;
	free(dn);
	if (put == 1 && listing->groups.n - listing->n_own > CS_NESTED_MAX) {
		lookup_listing_settle(task, CS_KNOWN_DOUBT, TOO_MANY_GROUPS);
		return CS_ETOOBIG;
	}
	if (r == 0 && put < 0)
		r = put;
	if (r != 0)
		settle_error(task, r);
	bool follow = put == 1 && (listing->expansion == EXPAND_CHAIN || listing->depth <= schema->nesting);
	return r == 0 && follow ? take_list(task, entry, schema->member_attribute, 0) : r;
}

/* Which of those listed are groups? By the first part of their DNs, which servers can look up; the rest is compared
 * here. */
static int ask_candidates(const struct task *task)
{
	static const struct cs_search_calls calls = { nested_entry, common_end };
	struct lookup_listing *listing = listing_of(task);
	const struct cs_settings *settings = settings_of(task);
	const char *attributes[] = { settings->schema.member_attribute, NULL };
	struct any_of any = { .and = settings->schema.group_filter, .part = filter_part_rdn };
	struct cs_search search = { .base = settings->groups_base, .below = true, .attributes = attributes,
		.limit = CS_MAX_LISTING };
	if (listing->asked == listing->level) {
		listing->level = listing->candidates.n;
		listing->depth++;
	}
	return ask_slice(task, &listing->candidates, listing->level, &any, &search, &calls);
}

/* Active Directory: all groups that are in these, at whatever depth, with their lists. */
static int ask_chain(const struct task *task)
{
	static const struct cs_search_calls calls = { nested_entry, common_end };
	static const struct filter_equality equality = { "memberOf", LOOKUP_IN_CHAIN };
	struct lookup_listing *listing = listing_of(task);
	const struct cs_settings *settings = settings_of(task);
	const char *attributes[] = { settings->schema.member_attribute, NULL };
	struct any_of any = { .and = settings->schema.group_filter, .part = filter_part_equals, .arg = &equality };
	struct cs_search search = { .base = settings->groups_base, .below = true, .attributes = attributes,
		.limit = CS_NESTED_MAX + 1 };
	return ask_slice(task, &listing->groups, listing->n_own, &any, &search, &calls);
}

static int member_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	char *dn = NULL;
	if (listing_of(task)->settled)
		return 0;
	int r = cs_entry_dn(entry, &dn);
	if (r == 0)
		r = put_person(listing_of(task), dn);
	free(dn);
	if (r != 0)
		settle_error(task, r);
	return r;
}

/* People whose own entries name one of the groups. */
static int ask_members(const struct task *task)
{
	static const struct cs_search_calls calls = { member_entry, common_end };
	struct lookup_listing *listing = listing_of(task);
	const struct cs_settings *settings = settings_of(task);
	const struct filter_equality equality = { settings->schema.member_of, "" };
	struct any_of any = { .and = settings->schema.people_filter, .part = filter_part_equals, .arg = &equality };
	struct cs_search search = { .base = settings->people_base, .below = true, .attributes = lookup_nothing,
		.limit = CS_MAX_LISTING };
	return ask_slice(task, &listing->groups, listing->n_own, &any, &search, &calls);
}

/* Who turned out to be no group is a person. */
static int put_candidates(struct lookup_listing *listing)
{
	int r = 0;
	for (size_t i = 0; i < listing->candidates.n && r == 0; i++)
		if (text_set_has(&listing->groups, listing->candidates.texts[i]) != 1 &&
		    text_set_has(&listing->own, listing->candidates.texts[i]) != 1)
			r = put_person(listing, listing->candidates.texts[i]);
	return r;
}

/* --- The order of things --- */

static bool needs_logins(const struct lookup_listing *listing)
{
	return listing->asked < listing->logins.n;
}

static bool needs_levels(const struct lookup_listing *listing)
{
	return listing->expansion == EXPAND_LEVELS && listing->asked < listing->candidates.n;
}

static bool needs_chain(const struct lookup_listing *listing)
{
	return listing->expansion == EXPAND_CHAIN && listing->asked < listing->n_own;
}

static bool needs_members(const struct lookup_listing *listing)
{
	return listing->expansion == EXPAND_MEMBER_OF && listing->has_groups && listing->asked < listing->n_own;
}

/* Starts what is to be asked next: 0 and something is open, or everything is known; CS_E…. */
static int ask_next(const struct task *task)
{
	static const struct {
		bool (*needs)(const struct lookup_listing *listing);
		int (*ask)(const struct task *task);
	} steps[] = {
		{ needs_logins, ask_logins },
		{ needs_levels, ask_candidates },
		{ needs_chain, ask_chain },
		{ needs_members, ask_members },
	};
	int r = 0;
	for (size_t i = 0; i < CS_COUNT(steps) && r == 0 && listing_of(task)->open == 0; i++)
		if (steps[i].needs(listing_of(task)))
			r = steps[i].ask(task);
	return r;
}

static void listing_next(const struct task *task)
{
	struct lookup_listing *listing = listing_of(task);
	if (listing->settled)
		return;
	if (!listing->found) {
		lookup_listing_settle(task, CS_KNOWN_NO, "");
		return;
	}
	int r = ask_next(task);
	if (r == 0 && listing->open > 0)
		return;
	if (r == 0)
		r = put_candidates(listing);
	if (r != 0)
		settle_error(task, r);
	else
		lookup_listing_settle(task, CS_KNOWN_YES, "");
}

static enum expansion expansion_of(const struct task *task)
{
	const struct cs_schema *schema = &settings_of(task)->schema;
	const char *listed = query_of(task)->listed;
	bool members = strcasecmp(listed, schema->member_attribute) == 0;
	if (cs_schema_lists(listed) != CS_LISTS_DN)
		return EXPAND_NONE;
	if (schema->nesting > 0)
		return members && task->job->in_chain == CS_KNOWN_YES ? EXPAND_CHAIN : EXPAND_LEVELS;
	return cs_schema_by_member_of(schema, listed) ? EXPAND_MEMBER_OF : EXPAND_NONE;
}

void lookup_listing(struct job *job, size_t i)
{
	const struct task task = { .job = job, .index = i };
	struct lookup_listing *listing = &job->listings[i];
	bool netgroup = job->question.listings[i].where == CS_NETGROUP;
	if (listing->started || (!netgroup && job->in_chain == CS_KNOWN_DOUBT))
		return;
	listing->started = true;
	listing->fill.listing = &job->answer.listings[i];
	listing->groups.of_dns = listing->candidates.of_dns = listing->own.of_dns = true;
	listing->expansion = netgroup ? EXPAND_NONE : expansion_of(&task);
	int r = netgroup ? lookup_netgroup(&task) : ask_groups(&task);
	if (r != 0)
		settle_error(&task, r);
}
