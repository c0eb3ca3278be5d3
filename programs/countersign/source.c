/* SPDX-License-Identifier: Apache-2.0 */
/* What the tools ask: a policy and a directory, of the daemon or from files. */
#include "source.h"
#include "clock.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* People in one question at first; fewer where the daemon's answer would not fit a frame. */
enum { BATCH = 64 };

void cs_source_rows(struct cs_source_options *options, struct cs_option rows[CS_SOURCE_ROWS])
{
	const struct cs_option all[CS_SOURCE_ROWS] = {
		{ "--policy", NULL, &options->policy, NULL },
		{ "--directory", NULL, &options->directory, NULL },
		{ "--ldif", NULL, &options->ldif, NULL },
		{ "--unix", NULL, &options->unix_folder, NULL },
		{ "--schema", NULL, &options->schema, NULL },
		{ "--person-attribute", NULL, &options->person_attribute, NULL },
		{ "--as-of", NULL, &options->as_of, NULL },
		{ "--without", NULL, NULL, &options->without },
	};

	memcpy(rows, all, sizeof(all));
}

bool cs_source_is_meant(const struct cs_source_options *options)
{
	return options->policy != NULL || options->directory != NULL || options->ldif != NULL ||
	       options->unix_folder != NULL || options->as_of != NULL || options->without.n > 0;
}

/* --- Opening ----------------------------------------------------------------------------------------------------- */

/* A path as a quoted value. */
static void put_quoted(struct cs_buf *out, const char *key, const char *value)
{
	cs_put(out, "%s = \"", key);
	for (; *value != '\0'; value++)
		cs_put(out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	cs_put(out, "\"\n");
}

/* The directory's own section, so that a file is read by the same rules as the daemon's. */
static char *directory_section(const struct cs_source_options *options)
{
	struct cs_buf out;
	char *text = NULL;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "directory {\n");
	if (options->unix_folder != NULL)
		cs_put(&out, "unix = true\n");
	else
		put_quoted(&out, options->ldif != NULL ? "ldif" : "file", cs_text_or(options->ldif, options->directory));
	if (options->schema != NULL)
		put_quoted(&out, "schema", options->schema);
	if (options->person_attribute != NULL)
		put_quoted(&out, "person_attribute", options->person_attribute);
	cs_put(&out, "}\n");
	if (cs_buf_error(&out) == 0)
		text = strndup((const char *)out.data, out.len);
	cs_buf_clear(&out);
	return text;
}

/* The accounts in a folder; they may be copies for trying things. */
static int name_unix_files(const char *folder, struct cs_unix_files *files, char *paths[3])
{
	static const char *const names[] = { "passwd", "group", "shadow" };

	for (size_t i = 0; i < CS_COUNT(names); i++) {
		if (cs_format(&paths[i], "%s/%s", folder, names[i]) != 0)
			return CS_ENOMEM;
	}
	*files = (struct cs_unix_files){ paths[0], paths[1], paths[2], true };
	return 0;
}

static int open_directory(const struct cs_source_options *options, struct cs_directory **ret_directory,
	struct cs_problem *problem)
{
	static const struct cs_conf_option top[] = {
		{ "directory", CS_CONF_SECTION, true, cs_directory_options },
		{ NULL, CS_CONF_STR, false, NULL },
	};
	struct cs_conf *conf = NULL;
	struct cs_unix_files files;
	char *paths[3] = { NULL };
	char *text = directory_section(options);
	int r = text == NULL ? CS_ENOMEM : cs_conf_parse(text, "the command line", top, &conf, problem);

	cs_directory_set_local(NULL); /* the question is about these people, not about this host */
	if (r == 0 && options->unix_folder != NULL) {
		r = name_unix_files(options->unix_folder, &files, paths);
		if (r == 0)
			cs_directory_set_unix_files(&files); /* only for the opening: the paths go */
	}
	if (r == 0)
		r = cs_directory_open(cs_conf_section(cs_conf_top(conf), "directory", 0), getuid(), ret_directory,
			problem);
	for (size_t i = 0; i < CS_COUNT(paths); i++)
		cs_free_str(&paths[i]);
	cs_conf_free(&conf);
	cs_free_str(&text);
	return r;
}

/* What was named twice, of which only one can be meant; NULL when nothing. */
static const char *named_twice(const struct cs_source_options *options)
{
	const char *const named[] = { options->directory, options->ldif, options->unix_folder };
	size_t n = 0;

	for (size_t i = 0; i < CS_COUNT(named); i++) {
		n += named[i] != NULL;
		if (n == 2)
			return named[i];
	}
	return NULL;
}

static int open_people(struct cs_source *source, const struct cs_source_options *options, bool needed)
{
	struct cs_problem problem = { 0 };
	bool of_daemon = options->policy == NULL || cs_is_generation(options->policy);
	const char *file = cs_text_or(cs_text_or(options->unix_folder, options->ldif), options->directory);
	const char *twice = named_twice(options);
	int status = 0, r = 0;

	if (twice != NULL)
		return cs_fail(CS_EXIT_USAGE, "--directory, --ldif and --unix exclude each other", twice, "");
	if (options->schema != NULL && options->ldif == NULL)
		return cs_fail(CS_EXIT_USAGE, "--schema goes with --ldif", options->schema, "");
	if (options->person_attribute != NULL && options->ldif == NULL)
		return cs_fail(CS_EXIT_USAGE, "--person-attribute goes with --ldif", options->person_attribute, "");
	source->has_directory = file != NULL || needed || of_daemon || options->live;
	if (file == NULL)
		return 0;
	r = open_directory(options, &source->directory, &problem);
	if (r != 0)
		status = cs_fail_problem(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, file, r, &problem);
	cs_problem_clear(&problem);
	return status;
}

static int set_moment(struct cs_source *source, const struct cs_source_options *options)
{
	struct cs_now now;

	if (options->as_of != NULL && cs_moment_parse(options->as_of, &source->wall_ms) != 0)
		return cs_fail(CS_EXIT_USAGE, "not a moment", options->as_of, "write it as 2026-11-21T12:00Z");
	if (options->as_of == NULL && cs_now_read(&now) != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_EIO), "the clock", "");
	if (options->as_of == NULL)
		source->wall_ms = now.wall_ms;
	return 0;
}

/* Whoever is to be gone must be there: a name that is spelled wrong would answer another question. */
static int find_gone(struct cs_source *source, const struct cs_words *without)
{
	struct cs_facts *facts = NULL;
	size_t n = without->n;
	int status = 0;

	if (n == 0)
		return 0;
	status = cs_source_facts(source, source->policy.policy, without->at, n, &facts);
	for (size_t i = 0; status == 0 && i < n; i++) {
		if (facts[i].known == CS_KNOWN_DOUBT)
			status = cs_fail(CS_EXIT_DOUBT, cs_text_or(facts[i].doubt, cs_strerror(CS_EDOUBT)),
				without->at[i], "");
		else if (facts[i].known != CS_KNOWN_YES)
			status = cs_fail(CS_EXIT_NO, "the directory does not know this person", without->at[i], "");
	}
	if (status != 0) {
		cs_facts_free(&facts, &n);
		return status;
	}
	source->gone = facts;
	source->n_gone = n;
	return 0;
}

int cs_source_open(struct cs_run *run, const struct cs_source_options *options, bool needs_directory,
	struct cs_source *ret_source)
{
	int status = 0;

	*ret_source = (struct cs_source){ .run = run };
	status = set_moment(ret_source, options);
	if (status == 0)
		status = cs_policy_text_open(run, options->policy, options->as_of == NULL ? 0 : ret_source->wall_ms,
			&ret_source->policy);
	if (status == 0)
		status = open_people(ret_source, options, needs_directory);
	if (status == 0 && ret_source->has_directory)
		status = find_gone(ret_source, &options->without);
	return status;
}

void cs_source_close(struct cs_source *source)
{
	cs_policy_text_clear(&source->policy);
	cs_directory_close(&source->directory);
	cs_facts_free(&source->gone, &source->n_gone);
	source->has_directory = false;
}

/* --- Asking ------------------------------------------------------------------------------------------------------ */

struct taken {
	struct cs_answer answer;
	int r;
};

static void take_answer(void *arg, const struct cs_answer *answer)
{
	struct taken *taken = arg;

	taken->r = cs_copy(&cs_answer_shape, answer, &taken->answer);
}

static bool is_gone(const struct cs_source *source, const struct cs_facts *facts)
{
	for (size_t i = 0; i < source->n_gone; i++) {
		if (cs_same_human(&source->gone[i].person, &facts->person) == 1)
			return true;
	}
	return false;
}

static bool lists_gone(const struct cs_source *source, const char *dn)
{
	for (size_t i = 0; i < source->n_gone; i++) {
		if (strcasecmp(source->gone[i].person.dn, dn) == 0)
			return true;
	}
	return false;
}

static void drop_gone(const struct cs_source *source, struct cs_listing *listing)
{
	size_t kept = 0;

	for (size_t i = 0; i < listing->n_dns; i++) {
		if (lists_gone(source, listing->dns[i])) {
			cs_free_str(&listing->dns[i]);
			if (i < listing->n_names)
				cs_free_str(&listing->names[i]);
			continue;
		}
		listing->dns[kept] = listing->dns[i];
		if (i < listing->n_names)
			listing->names[kept] = listing->names[i];
		kept++;
	}
	listing->n_names = listing->n_names < kept ? listing->n_names : kept;
	listing->n_dns = kept;
}

static void filter(const struct cs_source *source, struct cs_answer *answer)
{
	for (size_t i = 0; source->n_gone > 0 && i < answer->n_facts; i++) {
		struct cs_facts *facts = &answer->facts[i];

		if (facts->known != CS_KNOWN_YES || !is_gone(source, facts))
			continue;
		cs_clear(&cs_facts_shape, facts);
		facts->known = CS_KNOWN_NO;
		facts->person.uid = CS_NO_UID;
	}
	for (size_t i = 0; source->n_gone > 0 && i < answer->n_listings; i++)
		drop_gone(source, &answer->listings[i]);
}

static int ask_file(struct cs_source *source, const struct cs_question *question, struct cs_answer *ret_answer)
{
	struct taken taken = { .r = CS_EUNAVAIL };
	int r = cs_directory_ask(source->directory, question, NULL, take_answer, &taken);

	if (r == 0)
		r = taken.r;
	if (r == 0)
		*ret_answer = taken.answer;
	return r;
}

/* 0; CS_ETOOBIG, untold: the answer is too large, ask for less; or a positive exit status after the error was told. */
static int ask(struct cs_source *source, const struct cs_question *question, struct cs_answer *ret_answer)
{
	char *text = NULL;
	int r = 0;

	if (source->directory != NULL)
		r = ask_file(source, question, ret_answer);
	else
		r = cs_ask_quietly(source->run, CS_CALL_DIRECTORY, question, ret_answer, &text);
	if (r == 0 && (ret_answer->n_facts != question->n_subjects || ret_answer->n_listings != question->n_listings)) {
		cs_clear(&cs_answer_shape, ret_answer);
		r = CS_EPROTO;
	}
	if (r == 0)
		filter(source, ret_answer);
	else if (r != CS_ETOOBIG)
		r = cs_fail_call(r, text, "directory");
	cs_free_str(&text);
	return r;
}

/* --- Facts and listings ------------------------------------------------------------------------------------------- */

/* The answer's facts move into the array. */
static void move_facts(struct cs_answer *answer, struct cs_facts *facts)
{
	memcpy(facts, answer->facts, answer->n_facts * sizeof(*facts));
	memset(answer->facts, 0, answer->n_facts * sizeof(*facts));
}

/* What is asked in batches: the facts of names, or listings. */
struct asking {
	struct cs_source *source;
	const struct cs_policy *policy;
	char *const *names;
	struct cs_facts *facts;
	struct cs_listing_query *queries;
	struct cs_listing *listings;
};

static int ask_facts(const struct asking *asking, size_t from, size_t n)
{
	struct cs_source *source = asking->source;
	struct cs_subject subjects[BATCH];
	struct cs_question question = { .subjects = subjects, .n_subjects = n };
	struct cs_answer answer = { 0 };
	const struct cs_group_query *queries = cs_policy_queries(asking->policy, &question.n_queries);
	struct cs_listing_query listing = { 0 };
	int r = 0;

	/* The directory tells other accounts where a list is asked for as well; any will do. */
	if (source->with_aliases && question.n_queries > 0) {
		listing = (struct cs_listing_query){ .where = queries[0].where, .dn = queries[0].dn,
			.listed = queries[0].listed };
		question.listings = &listing;
		question.n_listings = 1;
	}
	for (size_t i = 0; i < n; i++)
		subjects[i] = (struct cs_subject){ .uid = CS_NO_UID, .login_uid = CS_NO_UID,
			.name = asking->names[from + i] };
	/* Only read; the question's member is not const because a question that was decoded owns its queries. */
	memcpy(&question.queries, &queries, sizeof(queries));
	r = ask(source, &question, &answer);
	if (r != 0)
		return r;
	move_facts(&answer, asking->facts + from);
	cs_clear(&cs_answer_shape, &answer);
	return 0;
}

/* Asks for n, at most batch at once and fewer where that is too large for an answer. *ret_done: so many are told. 0;
 * CS_ETOOBIG, untold: even the one at *ret_done is too large; or an exit status after the error was told. */
static int ask_batches(const struct asking *asking, size_t n, size_t batch,
	int (*ask_some)(const struct asking *asking, size_t from, size_t n), size_t *ret_done)
{
	size_t done = 0;
	int r = 0;

	while (r == 0 && done < n) {
		size_t some = n - done < batch ? n - done : batch;

		r = ask_some(asking, done, some);
		if (r == CS_ETOOBIG && batch > 1) {
			batch /= 2;
			r = 0;
		} else if (r == 0) {
			done += some;
		}
	}
	*ret_done = done;
	return r;
}

int cs_source_facts(struct cs_source *source, const struct cs_policy *policy, char *const *names, size_t n,
	struct cs_facts **ret_facts)
{
	struct cs_facts *facts = calloc(n + 1, sizeof(*facts));
	const struct asking asking = { .source = source, .policy = policy, .names = names, .facts = facts };
	size_t done = 0;
	int r = facts == NULL ? cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "directory", "")
		: ask_batches(&asking, n, BATCH, ask_facts, &done);

	if (r == CS_ETOOBIG)
		r = cs_fail(CS_EXIT_NO, "what the directory knows of one person does not fit an answer", names[done],
			"");
	if (r != 0) {
		cs_facts_free(&facts, &n);
		return r;
	}
	*ret_facts = facts;
	return 0;
}

static int ask_listings(const struct asking *asking, size_t from, size_t n)
{
	struct cs_question question = { .listings = asking->queries + from, .n_listings = n };
	struct cs_answer answer = { 0 };
	struct cs_listing *listings = asking->listings + from;
	int r = ask(asking->source, &question, &answer);

	if (r != 0)
		return r;
	memcpy(listings, answer.listings, n * sizeof(*listings));
	memset(answer.listings, 0, n * sizeof(*listings));
	cs_clear(&cs_answer_shape, &answer);
	return 0;
}

int cs_source_listings(struct cs_source *source, struct cs_listing_query *queries, size_t n,
	struct cs_listing **ret_listings)
{
	struct cs_listing *listings = calloc(n + 1, sizeof(*listings));
	const struct asking asking = { .source = source, .queries = queries, .listings = listings };
	size_t done = 0;
	int r = listings == NULL ? cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "directory", "")
		: ask_batches(&asking, n, CS_MAX_LISTINGS, ask_listings, &done);

	if (r == CS_ETOOBIG)
		r = cs_fail(CS_EXIT_NO, "a group lists more people than fit one answer of the daemon", queries[done].dn,
			"ask an export of the directory with --ldif");
	if (r != 0) {
		cs_listings_free(&listings, &n);
		return r;
	}
	*ret_listings = listings;
	return 0;
}

/* --- People ------------------------------------------------------------------------------------------------------ */

/* The login name that a DN begins with: the value of its first part. */
static char *name_of_dn(const char *dn)
{
	const char *value = strchr(dn, '=');

	return value == NULL ? cs_dup("") : strndup(value + 1, strcspn(value + 1, ",+"));
}

static int order_of_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_names(char **names, size_t *n)
{
	size_t kept = 0;

	if (*n > 1)
		qsort(names, *n, sizeof(*names), order_of_names);
	for (size_t i = 0; i < *n; i++) {
		if (kept > 0 && strcmp(names[kept - 1], names[i]) == 0)
			cs_free_str(&names[i]);
		else
			names[kept++] = names[i];
	}
	*n = kept;
}

static int gather_listed(const struct cs_listing *listings, const struct cs_listing_query *queries, size_t n,
	char ***names, size_t *n_names)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		if (listings[i].known == CS_KNOWN_DOUBT)
			return cs_fail(CS_EXIT_DOUBT, "the directory could not tell who is listed here", queries[i].dn,
				"");
		for (size_t k = 0; r == 0 && k < listings[i].n_names; k++)
			r = cs_strv_add(names, n_names, listings[i].names[k]);
	}
	return r == 0 ? 0 : cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "directory", "");
}

static int gather_named(const struct cs_policy *policy, char ***names, size_t *n_names)
{
	size_t n = 0;
	char *const *dns = cs_policy_named_people(policy, &n);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		char *name = name_of_dn(dns[i]);

		r = name == NULL ? CS_ENOMEM : cs_strv_add(names, n_names, name);
		cs_free_str(&name);
	}
	return r == 0 ? 0 : cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "directory", "");
}

/* Who is no person of the directory's is told apart; the gone are not told at all. */
static int part_strangers(const struct cs_source *source, struct cs_people *people)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < people->n; i++) {
		bool gone = false;

		if (people->facts[i].known != CS_KNOWN_NO) {
			char *name = people->names[i];
			struct cs_facts facts = people->facts[i];

			people->names[i] = people->names[kept];
			people->facts[i] = people->facts[kept];
			people->names[kept] = name;
			people->facts[kept++] = facts;
			continue;
		}
		for (size_t g = 0; g < source->n_gone; g++)
			gone |= strcmp(source->gone[g].person.name, people->names[i]) == 0;
		if (r == 0 && !gone)
			r = cs_strv_add(&people->strangers, &people->n_strangers, people->names[i]);
	}
	for (size_t i = kept; i < people->n; i++) {
		cs_free_str(&people->names[i]);
		cs_clear(&cs_facts_shape, &people->facts[i]);
	}
	people->n = kept;
	return r == 0 ? 0 : cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "directory", "");
}

int cs_source_people(struct cs_source *source, const struct cs_policy *policy, struct cs_listing_query *queries,
	size_t n, struct cs_people *ret_people)
{
	struct cs_people people = { 0 };
	struct cs_listing *listings = NULL;
	size_t n_listings = n;
	int status = cs_source_listings(source, queries, n, &listings);

	if (status == 0)
		status = gather_listed(listings, queries, n, &people.names, &people.n);
	if (status == 0)
		status = gather_named(policy, &people.names, &people.n);
	cs_listings_free(&listings, &n_listings);
	sort_names(people.names, &people.n);
	if (status == 0)
		status = cs_source_facts(source, policy, people.names, people.n, &people.facts);
	if (status == 0)
		status = part_strangers(source, &people);
	if (status != 0) {
		cs_people_clear(&people);
		return status;
	}
	*ret_people = people;
	return 0;
}

int cs_source_everybody(struct cs_source *source, const struct cs_policy *policy, struct cs_people *ret_people)
{
	struct cs_listing_query *queries = NULL;
	size_t n = 0;
	int r = cs_policy_everybody(policy, &queries, &n);
	int status = r == 0 ? cs_source_people(source, policy, queries, n, ret_people)
			    : cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "policy", "");

	cs_queries_free(&queries, &n);
	return status;
}

/* --- Freeing ----------------------------------------------------------------------------------------------------- */

static void free_items(const struct cs_shape *shape, void *items, size_t n)
{
	for (size_t i = 0; items != NULL && i < n; i++)
		cs_clear(shape, (char *)items + i * shape->size);
	free(items);
}

void cs_facts_free(struct cs_facts **facts, size_t *n)
{
	free_items(&cs_facts_shape, *facts, *n);
	*facts = NULL;
	*n = 0;
}

void cs_listings_free(struct cs_listing **listings, size_t *n)
{
	free_items(&cs_listing_shape, *listings, *n);
	*listings = NULL;
	*n = 0;
}

void cs_queries_free(struct cs_listing_query **queries, size_t *n)
{
	free_items(&cs_listing_query_shape, *queries, *n);
	*queries = NULL;
	*n = 0;
}

void cs_people_clear(struct cs_people *people)
{
	size_t n = people->n;

	cs_facts_free(&people->facts, &n);
	cs_free_strv(&people->names, &people->n);
	cs_free_strv(&people->strangers, &people->n_strangers);
	*people = (struct cs_people){ 0 };
}
