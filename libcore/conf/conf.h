/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration and policy files through libConfuse: the one place that knows it. A schema is a table; the result is a
 * tree in which every section and option remembers its line, so that later checks can name it. Unknown keys, wrong
 * types, duplicates and anything after an error refuse the whole file. Environment expansion ("${…}") is refused. */
#ifndef CS_CONF_H
#define CS_CONF_H

#include "file.h"
#include <stdbool.h>
#include <stdint.h>

enum cs_conf_kind {
	CS_CONF_STR,     /* key = "value" */
	CS_CONF_LIST,    /* key = { "a", "b" }, and key = "a" counts as a list of one */
	CS_CONF_BOOL,    /* key = true: true, yes, false or no */
	CS_CONF_COUNT,   /* key = 2: a whole number from 0 to 1,000,000 */
	CS_CONF_SPAN,    /* key = 30m: kept in milliseconds */
	CS_CONF_AGE,     /* key = 5s: a span too, which may be 0s */
	CS_CONF_SECTION, /* key { … }, at most once */
	CS_CONF_TITLED   /* key title { … }, any number; two with one title are an error */
};

struct cs_conf_option {
	const char *name; /* NULL ends a table */
	enum cs_conf_kind kind;
	bool required;
	const struct cs_conf_option *options; /* of a section */
};

struct cs_conf;         /* the whole file; owns everything below */
struct cs_conf_section; /* a section in it; the top is one too */

/* Parses text (NUL-terminated; name is for messages). 0, CS_ECONF with problem set, CS_ENOMEM. */
int cs_conf_parse(const char *text, const char *name, const struct cs_conf_option *options, struct cs_conf **ret_conf,
		  struct cs_problem *problem);
void cs_conf_free(struct cs_conf **conf);
const struct cs_conf_section *cs_conf_top(const struct cs_conf *conf);

/* Values: NULL, false, 0 or the given fallback where the key is absent. Strings belong to the tree. */
bool cs_conf_given(const struct cs_conf_section *section, const char *key);
const char *cs_conf_str(const struct cs_conf_section *section, const char *key, const char *fallback);
bool cs_conf_bool(const struct cs_conf_section *section, const char *key, bool fallback);
uint64_t cs_conf_count(const struct cs_conf_section *section, const char *key, uint64_t fallback);
uint64_t cs_conf_span(const struct cs_conf_section *section, const char *key, uint64_t fallback_ms);
size_t cs_conf_list_len(const struct cs_conf_section *section, const char *key);
const char *cs_conf_list_at(const struct cs_conf_section *section, const char *key, size_t i);

/* Subsections of a key, in file order; NULL past the end. */
const struct cs_conf_section *cs_conf_section(const struct cs_conf_section *section, const char *key, size_t i);
const char *cs_conf_title(const struct cs_conf_section *section);
/* Line of a section (key NULL) or of an option in it; of the section where the option is absent. 0 for the top. */
unsigned cs_conf_line(const struct cs_conf_section *section, const char *key);

#endif
