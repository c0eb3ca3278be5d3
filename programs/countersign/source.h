/* SPDX-License-Identifier: Apache-2.0 */
/* What the tools ask: a policy and a directory. Each of the two is the daemon's or comes from a file; the questions,
 * and the engine that answers them, are the same. */
#ifndef CS_COMMAND_SOURCE_H
#define CS_COMMAND_SOURCE_H

#include "directory.h"
#include "options.h"
#include "policy_text.h"

/* What was said on the command line or in a test file. */
struct cs_source_options {
	const char *policy;    /* as cs_policy_text_open takes it; NULL: the daemon's */
	const char *directory; /* a file of people and groups */
	const char *ldif;
	const char *unix_folder;      /* with passwd, group and shadow */
	const char *schema;           /* with ldif: how the directory that it comes from spells people and groups */
	const char *person_attribute; /* with ldif: two entries with one value are one human */
	const char *as_of;     /* a moment; NULL: now */
	bool live;             /* the daemon's directory also where none would be needed */
	struct cs_words without; /* people who are taken as gone */
};

/* Their rows for cs_options_read; what a subcommand adds comes behind them. */
enum { CS_SOURCE_ROWS = 8 };
void cs_source_rows(struct cs_source_options *options, struct cs_option rows[CS_SOURCE_ROWS]);
#define CS_SOURCE_HELP \
	"  --policy FILE      this policy instead of the daemon's; a number or `current` is a generation\n" \
	"  --directory FILE   people and groups from a file instead of the daemon's directory\n" \
	"  --ldif FILE        likewise, from an LDIF export\n" \
	"  --unix FOLDER      likewise, the accounts of passwd, group and shadow in it; /etc for this host's\n" \
	"  --schema NAME      with --ldif: the kind of directory it comes from, such as ad or freeipa\n" \
	"  --person-attribute NAME  with --ldif: entries with one value of it are one human\n" \
	"  --as-of TIME       at this moment, such as 2026-11-21T12:00Z\n" \
	"  --without USER     as if this person were gone; may be repeated\n"

/* True when any of them was given: then it is a what-if, and the plain call to the daemon will not do. */
bool cs_source_is_meant(const struct cs_source_options *options);

struct cs_source {
	struct cs_run *run;
	struct cs_policy_text policy;
	struct cs_directory *directory; /* NULL: the daemon's, or none */
	bool has_directory;
	bool with_aliases;              /* facts come with the other accounts of the same human: for display */
	uint64_t wall_ms;               /* the moment that conditions are compared with */
	struct cs_facts *gone;          /* people who are taken as gone */
	size_t n_gone;
};

/* needs_directory: where no file is named, the daemon is asked; else only if the policy is the daemon's too, or with
 * options->live. 0, or the exit status after the error was told. Close it in every case. */
int cs_source_open(struct cs_run *run, const struct cs_source_options *options, bool needs_directory,
	struct cs_source *ret_source);
void cs_source_close(struct cs_source *source);

/* What the directory says of people and groups. The arrays are freed with these functions. All return 0, or the exit
 * status after the error was told. */
int cs_source_facts(struct cs_source *source, const struct cs_policy *policy, char *const *names, size_t n,
	struct cs_facts **ret_facts);
int cs_source_listings(struct cs_source *source, struct cs_listing_query *queries, size_t n,
	struct cs_listing **ret_listings);
void cs_facts_free(struct cs_facts **facts, size_t *n);
void cs_listings_free(struct cs_listing **listings, size_t *n);
void cs_queries_free(struct cs_listing_query **queries, size_t *n);

/* People with their facts, sorted by login name. */
struct cs_people {
	char **names;
	struct cs_facts *facts;
	size_t n;
	char **strangers; /* who is listed, and whom the directory does not know as a person */
	size_t n_strangers;
};
/* Whoever these queries list or the policy names by DN; a list that the directory could not tell in full is an error.
 * The facts answer the policy's queries. */
int cs_source_people(struct cs_source *source, const struct cs_policy *policy, struct cs_listing_query *queries,
	size_t n, struct cs_people *ret_people);
/* Whoever could hold anything by the policy. */
int cs_source_everybody(struct cs_source *source, const struct cs_policy *policy, struct cs_people *ret_people);
void cs_people_clear(struct cs_people *people);

#endif
