/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files through libConfuse 3.3, held to what a reader of the file would expect.
 *
 * libConfuse reads more into a file than it shows, so a guard (guard.c) looks at the text first. Refused there:
 *  - "${NAME}" and "${NAME:-text}", which it replaces from the environment, in quotes and outside;
 *  - bytes that it drops without a word: '*' outside quotes ("/usr/" for /usr/STAR), '+', a carriage return;
 *  - '+=' (appends to a list), '(' and ')' (functions; include() is one, and is not offered either);
 *  - backslashes other than \\ and \" (\0 would end a text early; \n, \t, \e, \x1b and octal numbers make controls;
 *    a backslash at the end of a line joins two), and any backslash in single quotes;
 *  - quoted text that runs over the end of its line, and quotes and comments that are never closed, which it takes as
 *    the end of the file;
 *  - quoted keys: "gate|lifetime" would reach into another section; '|' is refused outside quotes;
 *  - empty lists, because "key = {}" after "key = { a }" would clear it unseen; lists in lists; more than 8
 *    sections in each other;
 *  - control and invisible characters and bytes that are no UTF-8, anywhere; other than ASCII outside quotes;
 *  - lines of more than 256 KiB, which it reads again and again, and more than 131072 sections, which are gigabytes
 *    there.
 * What remains of its habits: a comment begins with #, // or a slash and a star; several statements may stand on one
 * line; the last item of a list may be followed by a comma; "key = a" sets a list of one; single and double quotes mean
 * the same; a key may stand on another line than its '='. Not used: its defaults (CFGF_NODEFAULT everywhere), its
 * numbers (010 would be 8) and booleans (any case), CFGF_IGNORE_UNKNOWN, CFGF_NOCASE, tilde expansion, search paths. A
 * section title given twice would replace the first section (CFGF_NO_TITLE_DUPES), and so would a key given twice
 * (first_of_key below). It compares each title with all before it, which would take minutes for a file of some
 * megabytes; so it is never shown more than one (put_aside below), and the titles are compared here.
 * When memory runs out inside its scanner, the process ends; nothing is half-applied then. */
#include "conf.h"

#include <confuse.h>
#include <locale.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <countersign/error.h>

#include "buf.h"
#include "mem.h"
#include "parts.h"
#include "text.h"

#define COUNT_MAX 1000000u
#define SHOWN     "'%.80s'"

struct cs_conf {
	cfg_t *cfg;
};

/* One value of an option, as libConfuse keeps it for us. */
struct value {
	uint64_t number;
	char text[];
};

/* The sections of one option that have ended, out of libConfuse's sight until the section around them ends as well. */
struct aside {
	cfg_t *around;
	cfg_opt_t *opt;
	cfg_value_t **values;
	size_t n, cap;
	void *by_title; /* a tree of tsearch */
};

/* What the callbacks of one parse need. libConfuse hands no context through, and its scanner is one per process, so
 * there is one parse at a time and this says whose. It is NULL outside cs_conf_parse. */
struct parse {
	const char *name;
	struct cs_conf_places places;
	size_t assignments;
	size_t sections;
	struct aside *asides; /* those of the innermost section last */
	size_t n_asides, cap_asides;
	bool no_memory;
	struct cs_problem *problem;
};
static struct parse *current;

static void report(unsigned line, const char *before, const char *what, const char *after)
{
	char *shown = cs_escaped(what);
	if (shown == NULL)
		current->no_memory = true;
	else
		cs_problem_set(current->problem, current->name, line, "%s" SHOWN "%s", before, shown, after);
	free(shown);
}

/* "gate 'deploy'", "section 'limits'" or "this file", for messages. The caller frees. */
static char *describe(const cfg_t *cfg, bool top)
{
	char *text = NULL;
	char *title = cs_escaped(cfg->title != NULL ? cfg->title : "");
	int r = CS_ENOMEM;

	if (title != NULL && top)
		r = cs_format(&text, "this file");
	else if (title != NULL && cfg->title != NULL)
		r = cs_format(&text, "%s " SHOWN, cfg->name, title);
	else if (title != NULL)
		r = cs_format(&text, "section " SHOWN, cfg->name);
	free(title);
	return r == 0 ? text : NULL;
}

/* Asked very often, and nearly always for another letter. */
static const cfg_opt_t *find_option(const cfg_t *cfg, const char *key)
{
	for (const cfg_opt_t *opt = cfg->opts; opt->name != NULL; opt++) {
		if (opt->name[0] == key[0] && strcmp(opt->name, key) == 0)
			return opt;
	}
	return NULL;
}

/* " did you mean 'x'?" for a near miss, else the list of what is possible. */
static char *advice(const cfg_t *cfg, const char *key)
{
	const char *best = NULL;
	unsigned best_distance = 3;
	struct cs_buf text;

	for (const cfg_opt_t *opt = cfg->opts; opt->name != NULL; opt++) {
		unsigned distance = cs_conf_distance(key, opt->name);
		if (distance < best_distance) {
			best_distance = distance;
			best = opt->name;
		}
	}
	cs_buf_init(&text, 4096);
	const char *start = best != NULL ? "did you mean '" : "possible here: ";
	cs_buf_put(&text, start, strlen(start));
	for (const cfg_opt_t *opt = cfg->opts; best == NULL && opt->name != NULL; opt++) {
		if (opt != cfg->opts)
			cs_buf_put(&text, ", ", 2);
		cs_buf_put(&text, opt->name, strlen(opt->name));
	}
	if (best != NULL) {
		cs_buf_put(&text, best, strlen(best));
		cs_buf_put(&text, "'?", 2);
	}
	cs_buf_put_u8(&text, 0);
	if (cs_buf_error(&text) != 0)
		cs_buf_clear(&text);
	return (char *)text.data;
}

/* libConfuse does not say whether a section is the top; only the top has no section to be an option of. */
static bool is_top(const cfg_t *cfg)
{
	return cfg->title == NULL && strcmp(cfg->name, "root") == 0;
}

static void report_unknown(const cfg_t *cfg, const char *key)
{
	char *shown = cs_escaped(key);
	char *where = describe(cfg, is_top(cfg));
	char *hint = advice(cfg, key);

	if (shown == NULL || where == NULL || hint == NULL)
		current->no_memory = true;
	else
		cs_problem_set(current->problem, current->name, (unsigned)cfg->line, "unknown key " SHOWN " in %s; %s",
			       shown, where, hint);
	free(shown);
	free(where);
	free(hint);
}

/* The messages of libConfuse that a guarded text can still cause, each with one argument, said so as to help. */
static const struct {
	const char *format;
	const char *before;
	const char *after;
} messages[] = {
	{"unexpected token '%s'", "did not expect ", " here; is a key, a value, a comma or a brace missing before it?"},
	{"missing equal sign after option '%s'", "key ", " needs a value: write key = value"},
	{"missing opening brace for section '%s'", "section ", " has no title here; write its name, then { ... }"},
	{"missing title for section '%s'", "section ", " needs a title; write its name, the title, then { ... }"},
};

__attribute__((format(printf, 2, 0))) static void on_error(cfg_t *cfg, const char *format, va_list args)
{
	const unsigned line = (unsigned)cfg->line;
	char *text = NULL;

	if (strcmp(format, "no such option '%s'") == 0) {
		report_unknown(cfg, va_arg(args, const char *));
		return;
	}
	for (size_t i = 0; i < CS_COUNT(messages); i++) {
		if (strcmp(format, messages[i].format) == 0) {
			report(line, messages[i].before, va_arg(args, const char *), messages[i].after);
			return;
		}
	}
	if (strcmp(format, "premature end of file") == 0) {
		cs_problem_set(current->problem, current->name, line, "the file ends in the middle of a statement");
		return;
	}
	if (vasprintf(&text, format, args) < 0) {
		current->no_memory = true;
		return;
	}
	report(line, "cannot be read: ", text, "");
	free(text);
}

/* Remembers the line of a key; CS_ECONF when the key was given before. A list calls this for every item, and begins
 * anew with one value; def.number is ours, because there are no defaults. */
static int first_of_key(cfg_opt_t *opt)
{
	char after[80];
	const struct cs_conf_lines *lines = &current->places.assignments;

	if ((opt->flags & CFGF_LIST) != 0 && opt->nvalues > 1)
		return 0;
	unsigned line = current->assignments < lines->n ? lines->at[current->assignments++] : 0;
	if (opt->def.number == 0) {
		opt->def.number = (long)line;
		return 0;
	}
	(void)snprintf(after, sizeof(after), " is given twice; it stands in line %ld already", opt->def.number);
	report(line, "key ", opt->name, after);
	return CS_ECONF;
}

/* True when opt is an option of cfg itself: a key such as "a|b" leads into another section. */
static bool owns(const cfg_t *cfg, const cfg_opt_t *opt)
{
	for (const cfg_opt_t *own = cfg->opts; own->name != NULL; own++) {
		if (own == opt)
			return true;
	}
	report((unsigned)cfg->line, "", opt->name, " is named through another section; write it inside its own");
	return false;
}

static int keep(cfg_t *cfg, cfg_opt_t *opt, const char *text, uint64_t number, void *result)
{
	size_t n = strlen(text);
	if (!owns(cfg, opt) || first_of_key(opt) != 0)
		return -1;
	struct value *value = malloc(sizeof(*value) + n + 1);
	if (value == NULL) {
		current->no_memory = true;
		return -1;
	}
	value->number = number;
	memcpy(value->text, text, n + 1);
	memcpy(result, &value, sizeof(struct value *));
	return 0;
}

static int wrong_type(const cfg_t *cfg, const cfg_opt_t *opt, const char *expected, const char *found)
{
	char *shown = cs_escaped(found);
	if (shown == NULL)
		current->no_memory = true;
	else
		cs_problem_set(current->problem, current->name, (unsigned)cfg->line, "key '%s' takes %s, found " SHOWN,
			       opt->name, expected, shown);
	free(shown);
	return -1;
}

static int parse_text(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	return keep(cfg, opt, text, 0, result);
}

static int parse_bool(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	bool yes = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
	if (!yes && strcmp(text, "false") != 0 && strcmp(text, "no") != 0)
		return wrong_type(cfg, opt, "true or false", text);
	return keep(cfg, opt, text, yes, result);
}

static int parse_count(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	size_t n = strspn(text, "0123456789");
	uint64_t number = n >= 1 && n <= 7 && text[n] == '\0' ? strtoul(text, NULL, 10) : COUNT_MAX + 1;
	if (number > COUNT_MAX || (n > 1 && text[0] == '0'))
		return wrong_type(cfg, opt, "a whole number from 0 to 1000000", text);
	return keep(cfg, opt, text, number, result);
}

static int parse_span(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	uint64_t ms = 0;
	if (cs_parse_span(text, &ms) != 0)
		return wrong_type(cfg, opt, "a time such as 90s, 15m, 2h or 1d, at most 365d", text);
	return keep(cfg, opt, text, ms, result);
}

static int parse_age(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	return strcmp(text, "0s") == 0 ? keep(cfg, opt, text, 0, result) : parse_span(cfg, opt, text, result);
}

static int by_title(const void *a, const void *b)
{
	return strcmp(((const cfg_t *)a)->title, ((const cfg_t *)b)->title);
}

static void keep_tree(void *section)
{
	(void)section;
}

/* Gives the last option that was put aside its sections back, and the one that did not end behind them. */
static void put_back(struct parse *parse)
{
	struct aside *aside = &parse->asides[--parse->n_asides];
	cfg_opt_t *opt = aside->opt;

	if (aside->values == NULL)
		return;
	if (opt->nvalues > 0) /* there is room: put_aside made it */
		memcpy(&aside->values[aside->n], opt->values, opt->nvalues * sizeof(*opt->values));
	free(opt->values);
	opt->values = aside->values;
	opt->nvalues += (unsigned)aside->n;
	tdestroy(aside->by_title, keep_tree);
}

static struct aside *find_aside(cfg_t *around, cfg_opt_t *opt)
{
	struct aside *aside;

	for (size_t i = current->n_asides; i > 0 && current->asides[i - 1].around == around; i--) {
		if (current->asides[i - 1].opt == opt)
			return &current->asides[i - 1];
	}
	if (cs_reserve((void **)&current->asides, &current->cap_asides, current->n_asides, 1, sizeof(*aside)) != 0)
		return NULL;
	aside = &current->asides[current->n_asides++];
	*aside = (struct aside){.around = around, .opt = opt};
	return aside;
}

/* Takes the section that ended away from libConfuse. CS_ECONF when one has its title already. */
static int put_aside(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = opt->values[0]->section, **found = NULL;
	struct aside *aside = find_aside(cfg, opt);

	if (aside != NULL && cs_reserve((void **)&aside->values, &aside->cap, aside->n, 2, sizeof(*aside->values)) == 0)
		found = tsearch(section, &aside->by_title, by_title);
	if (found == NULL) {
		current->no_memory = true;
		return CS_ENOMEM;
	}
	if (*found != section) {
		report((unsigned)section->line, "the title ", section->title,
		       " is given twice; join the two sections or rename one");
		return CS_ECONF;
	}
	aside->values[aside->n++] = opt->values[0];
	opt->nvalues = 0;
	return 0;
}

/* Called at the end of a section, in the order in which the guard saw them end. */
static int end_section(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct cs_conf_lines *lines = &current->places.sections;
	cfg_t *section = opt->values[opt->nvalues - 1]->section;
	char after[80];

	while (current->n_asides > 0 && current->asides[current->n_asides - 1].around == section)
		put_back(current);
	if (!owns(cfg, opt))
		return -1;
	section->line = current->sections < lines->n ? (int)lines->at[current->sections++] : section->line;
	if (section->title != NULL && section->title[0] == '\0') {
		report((unsigned)section->line, "section ", opt->name, " has an empty title");
		return -1;
	}
	if ((opt->flags & CFGF_TITLE) != 0)
		return put_aside(cfg, opt);
	if (opt->nvalues > 1) {
		(void)snprintf(after, sizeof(after), " is given twice; it stands in line %d already",
			       opt->values[0]->section->line);
		report((unsigned)section->line, "section ", opt->name, after);
		return -1;
	}
	return 0;
}

static const struct {
	cfg_type_t type;
	cfg_flag_t flags;
	cfg_callback_t parse;
	cfg_validate_callback_t end;
} kinds[] = {
	[CS_CONF_STR] = {CFGT_PTR, CFGF_NODEFAULT, parse_text, NULL},
	[CS_CONF_LIST] = {CFGT_PTR, CFGF_NODEFAULT | CFGF_LIST, parse_text, NULL},
	[CS_CONF_BOOL] = {CFGT_PTR, CFGF_NODEFAULT, parse_bool, NULL},
	[CS_CONF_COUNT] = {CFGT_PTR, CFGF_NODEFAULT, parse_count, NULL},
	[CS_CONF_SPAN] = {CFGT_PTR, CFGF_NODEFAULT, parse_span, NULL},
	[CS_CONF_AGE] = {CFGT_PTR, CFGF_NODEFAULT, parse_age, NULL},
	[CS_CONF_SECTION] = {CFGT_SEC, CFGF_NODEFAULT | CFGF_MULTI, NULL, end_section},
	[CS_CONF_TITLED] = {CFGT_SEC, CFGF_NODEFAULT | CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES, NULL,
			    end_section},
};

static void free_schema(cfg_opt_t *opts)
{
	for (cfg_opt_t *opt = opts; opt != NULL && opt->name != NULL; opt++)
		free_schema(opt->subopts);
	free(opts);
}

/* libConfuse's form of a table. It copies it, so this one only lives through cfg_init. */
static cfg_opt_t *make_schema(const struct cs_conf_option *options)
{
	size_t n = 0;
	while (options != NULL && options[n].name != NULL)
		n++;
	cfg_opt_t *opts = calloc(n + 1, sizeof(*opts));
	for (size_t i = 0; opts != NULL && i < n; i++) {
		opts[i].name = options[i].name;
		opts[i].type = kinds[options[i].kind].type;
		opts[i].flags = kinds[options[i].kind].flags;
		opts[i].parsecb = kinds[options[i].kind].parse;
		opts[i].validcb = kinds[options[i].kind].end;
		opts[i].freecb = opts[i].type == CFGT_PTR ? free : NULL;
		if (opts[i].type != CFGT_SEC)
			continue;
		opts[i].subopts = make_schema(options[i].options);
		if (opts[i].subopts == NULL) {
			free_schema(opts);
			return NULL;
		}
	}
	return opts;
}

static int check_required(const cfg_t *cfg, const struct cs_conf_option *options, bool top)
{
	for (; options != NULL && options->name != NULL; options++) {
		const cfg_opt_t *opt = options->required || options->options ? find_option(cfg, options->name) : NULL;
		if (opt == NULL)
			continue;
		if (options->required && opt->nvalues == 0) {
			char *where = describe(cfg, top);
			cs_problem_set(current->problem, current->name, top ? 0 : (unsigned)cfg->line,
				       "%s needs the key '%s'", where != NULL ? where : cfg->name, options->name);
			free(where);
			return CS_ECONF;
		}
		for (unsigned i = 0; opt->type == CFGT_SEC && i < opt->nvalues; i++) {
			int r = check_required(opt->values[i]->section, options->options, false);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

/* Parses the guarded text; current is set. */
static int parse_guarded(const char *text, const struct cs_conf_option *options, cfg_t **ret_cfg)
{
	cfg_opt_t *schema = make_schema(options);
	cfg_t *cfg = schema != NULL ? cfg_init(schema, CFGF_NONE) : NULL;
	free_schema(schema);
	if (cfg == NULL)
		return CS_ENOMEM;
	(void)cfg_set_error_function(cfg, on_error);
	int r = cfg_parse_buf(cfg, text) == CFG_SUCCESS ? 0 : CS_ECONF;
	while (current->n_asides > 0)
		put_back(current);
	if (r == 0)
		r = check_required(cfg, options, true);
	cfg->line = 0; /* of the top: the whole file is meant */
	if (r == 0)
		*ret_cfg = cfg;
	else
		(void)cfg_free(cfg);
	return r;
}

/* libConfuse translates its messages, and on_error tells them apart by their English form. */
static int parse_in_c_locale(const char *text, const struct cs_conf_option *options, cfg_t **ret_cfg)
{
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (plain == (locale_t)0)
		return CS_ENOMEM;
	locale_t before = uselocale(plain);
	int r = parse_guarded(text, options, ret_cfg);
	(void)uselocale(before);
	freelocale(plain);
	return r;
}

int cs_conf_parse(const char *text, const char *name, const struct cs_conf_option *options, struct cs_conf **ret_conf,
		  struct cs_problem *problem)
{
	struct cs_problem own = {0};
	struct parse parse = {.name = name, .problem = problem != NULL ? problem : &own};
	struct cs_conf *conf = NULL;
	char *guarded = NULL;
	cfg_t *cfg = NULL;

	int r = cs_conf_guard(text, name, &guarded, &parse.places, parse.problem);
	if (r != 0)
		goto out;
	conf = calloc(1, sizeof(*conf));
	if (conf == NULL) {
		r = CS_ENOMEM;
		goto out;
	}
	current = &parse;
	r = parse_in_c_locale(guarded, options, &cfg);
	current = NULL;
	if (parse.no_memory || (r == CS_ECONF && parse.problem->text == NULL))
		r = CS_ENOMEM;
	if (r != 0)
		goto out;
	conf->cfg = cfg;
	cfg = NULL;
	*ret_conf = conf;
	conf = NULL;
out:
	if (cfg != NULL)
		(void)cfg_free(cfg);
	free(conf);
	free(guarded);
	free(parse.asides);
	cs_conf_places_clear(&parse.places);
	cs_problem_clear(&own);
	return r;
}

void cs_conf_free(struct cs_conf **conf)
{
	if (conf == NULL || *conf == NULL)
		return;
	(void)cfg_free((*conf)->cfg);
	free(*conf);
	*conf = NULL;
}

/* A section of ours is a section of libConfuse under another name. */
static const struct cs_conf_section *to_section(const cfg_t *cfg)
{
	return (const struct cs_conf_section *)cfg;
}

static const cfg_t *from_section(const struct cs_conf_section *section)
{
	return (const cfg_t *)section;
}

const struct cs_conf_section *cs_conf_top(const struct cs_conf *conf)
{
	return to_section(conf->cfg);
}

static const struct value *value_at(const struct cs_conf_section *section, const char *key, size_t i)
{
	const cfg_opt_t *opt = find_option(from_section(section), key);
	if (opt == NULL || opt->type != CFGT_PTR || i >= opt->nvalues)
		return NULL;
	return opt->values[i]->ptr;
}

bool cs_conf_given(const struct cs_conf_section *section, const char *key)
{
	const cfg_opt_t *opt = find_option(from_section(section), key);
	return opt != NULL && opt->nvalues > 0;
}

const char *cs_conf_str(const struct cs_conf_section *section, const char *key, const char *fallback)
{
	const struct value *value = value_at(section, key, 0);
	return value != NULL ? value->text : fallback;
}

bool cs_conf_bool(const struct cs_conf_section *section, const char *key, bool fallback)
{
	const struct value *value = value_at(section, key, 0);
	return value != NULL ? value->number == 1 : fallback;
}

uint64_t cs_conf_count(const struct cs_conf_section *section, const char *key, uint64_t fallback)
{
	const struct value *value = value_at(section, key, 0);
	return value != NULL ? value->number : fallback;
}

uint64_t cs_conf_span(const struct cs_conf_section *section, const char *key, uint64_t fallback_ms)
{
	return cs_conf_count(section, key, fallback_ms);
}

size_t cs_conf_list_len(const struct cs_conf_section *section, const char *key)
{
	const cfg_opt_t *opt = find_option(from_section(section), key);
	return opt != NULL && opt->type == CFGT_PTR ? opt->nvalues : 0;
}

const char *cs_conf_list_at(const struct cs_conf_section *section, const char *key, size_t i)
{
	const struct value *value = value_at(section, key, i);
	return value != NULL ? value->text : NULL;
}

const struct cs_conf_section *cs_conf_section(const struct cs_conf_section *section, const char *key, size_t i)
{
	const cfg_opt_t *opt = find_option(from_section(section), key);
	if (opt == NULL || opt->type != CFGT_SEC || i >= opt->nvalues)
		return NULL;
	return to_section(opt->values[i]->section);
}

const char *cs_conf_title(const struct cs_conf_section *section)
{
	return from_section(section)->title;
}

unsigned cs_conf_line(const struct cs_conf_section *section, const char *key)
{
	const cfg_t *cfg = from_section(section);
	const cfg_opt_t *opt = key != NULL ? find_option(cfg, key) : NULL;

	if (opt != NULL && opt->type == CFGT_SEC && opt->nvalues > 0)
		return (unsigned)opt->values[0]->section->line;
	if (opt != NULL && opt->def.number > 0)
		return (unsigned)opt->def.number;
	return (unsigned)cfg->line;
}
