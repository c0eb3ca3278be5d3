/* SPDX-License-Identifier: Apache-2.0 */
/* What cvtsudoers prints. The one file of this room that knows jansson. */
#include "sudoers.h"
#include "buf.h"
#include "countersign/error.h"
#include "mem.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 64 * 1024, ALIAS_DEPTH = 8 };

struct reading {
	struct cs_sudoers *sudoers;
	const json_t *root;
};

/* --- Names as sudoers writes them ------------------------------------------------------------------------------------ */

static const struct {
	const char *kind, *prefix;
} kinds[] = { { "usergroup", "%" }, { "usergid", "%#" }, { "userid", "#" }, { "nonunixgroup", "%:" },
	{ "nonunixgid", "%:#" }, { "netgroup", "+" } };

static const char *prefix_of(const char *kind)
{
	for (size_t i = 0; i < CS_COUNT(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].prefix;
	return "";
}

static void put(struct cs_buf *buf, const char *text)
{
	cs_buf_put(buf, text, strlen(text));
}

/* The member that says what something is: not "negated", and not a digest. */
static const char *name_of(const json_t *item, const char **ret_kind)
{
	const char *key = NULL;
	const json_t *value = NULL;

	json_object_foreach((json_t *)(uintptr_t)item, key, value) {
		if (strcmp(key, "negated") == 0 || strncmp(key, "sha", 3) == 0)
			continue;
		*ret_kind = key;
		return json_is_string(value) ? json_string_value(value) : "";
	}
	*ret_kind = "";
	return "";
}

static bool negated(const json_t *item)
{
	return json_is_true(json_object_get(item, "negated"));
}

static void put_item(struct cs_buf *buf, const json_t *item)
{
	const char *kind = "", *name = name_of(item, &kind);
	const json_t *number = json_object_get(item, kind);

	put(buf, buf->len > 0 ? ", " : "");
	put(buf, negated(item) ? "!" : "");
	put(buf, prefix_of(kind));
	if (json_is_integer(number)) {
		char digits[24];
		size_t at = sizeof(digits);
		json_int_t left = json_integer_value(number);

		for (digits[--at] = '\0'; left > 0 || digits[at] == '\0'; left /= 10)
			digits[--at] = (char)('0' + left % 10);
		name = digits + at;
		put(buf, name);
		return;
	}
	put(buf, name);
}

/* Several lists as one text. */
static int list_text(const json_t *first, const json_t *second, char **ret_text)
{
	const json_t *lists[] = { first, second }, *item = NULL;
	struct cs_buf buf;
	size_t i = 0;
	int r = 0;

	cs_buf_init(&buf, LIST_MAX);
	for (size_t l = 0; l < 2; l++)
		json_array_foreach((json_t *)(uintptr_t)lists[l], i, item)
			put_item(&buf, item);
	cs_buf_put_u8(&buf, 0);
	r = cs_buf_error(&buf);
	if (r == 0)
		r = cs_set(ret_text, (const char *)buf.data);
	cs_buf_clear(&buf);
	return r;
}

/* --- Defaults -------------------------------------------------------------------------------------------------------- */

static bool is_word_end(char c)
{
	return c == '\0' || strchr(" \t,=+-", c) != NULL;
}

/* The option in a line, as a word. */
static bool line_has(const char *line, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = strstr(line, name); at != NULL; at = strstr(at + 1, name))
		if (at > line && strchr(" \t,!", at[-1]) != NULL && is_word_end(at[n]))
			return true;
	return false;
}

/* The first Defaults line with that option; among those of other options that say the same twice it may be the wrong one. */
static int place_option(const struct cs_sudoers *sudoers, struct cs_sudoers_option *option)
{
	char *off = NULL;
	int r = cs_format(&off, "!%s", option->name);

	for (size_t i = 0; r == 0 && i < sudoers->n_lines && option->at.file == NULL; i++) {
		const char *line = sudoers->lines[i].text + strspn(sudoers->lines[i].text, " \t");

		if (strncmp(line, "Defaults", 8) != 0 || !line_has(line, option->name) ||
			(option->off && strstr(line, off) == NULL) ||
			(option->scope[0] != '\0') == (line[8] == ' ' || line[8] == '\t'))
			continue;
		option->at.line = sudoers->lines[i].at.line;
		r = cs_set(&option->at.file, sudoers->lines[i].at.file);
	}
	if (r == 0 && option->at.file == NULL)
		r = cs_set(&option->at.file, CS_SUDOERS);
	free(off);
	return r;
}

static int value_text(const json_t *value, char **ret_text)
{
	char *text = NULL;
	const json_t *item = NULL;
	size_t i = 0;
	int r = 0;

	if (json_is_string(value))
		return cs_set(ret_text, json_string_value(value));
	if (json_is_integer(value))
		return cs_format(ret_text, "%lld", (long long)json_integer_value(value));
	json_array_foreach((json_t *)(uintptr_t)value, i, item) {
		char *longer = NULL;

		if (r == 0)
			r = cs_format(&longer, "%s%s%s", text != NULL ? text : "", text != NULL ? " " : "",
				json_is_string(item) ? json_string_value(item) : "");
		if (r == 0) {
			free(text);
			text = longer;
		}
	}
	if (r == 0)
		r = cs_set(ret_text, text != NULL ? text : "");
	free(text);
	return r;
}

static void option_clear(struct cs_sudoers_option *option)
{
	free(option->name);
	free(option->value);
	free(option->scope);
	free(option->at.file);
	memset(option, 0, sizeof(*option));
}

static int add_option(struct cs_sudoers *sudoers, const char *name, const json_t *value, const json_t *binding)
{
	struct cs_sudoers_option option = { .off = json_is_false(value) };
	int r = cs_reserve((void **)&sudoers->options, &sudoers->cap_options, sudoers->n_options, 1, sizeof(option));

	if (r == 0)
		r = cs_set(&option.name, name);
	if (r == 0)
		r = value_text(value, &option.value);
	if (r == 0)
		r = list_text(binding, NULL, &option.scope);
	if (r == 0)
		r = place_option(sudoers, &option);
	if (r < 0) {
		option_clear(&option);
		return r;
	}
	sudoers->options[sudoers->n_options++] = option;
	return 0;
}

static int take_defaults(struct reading *reading, const json_t *entry)
{
	const json_t *binding = json_object_get(entry, "Binding"), *option = NULL, *value = NULL;
	const char *key = NULL;
	size_t i = 0;
	int r = 0;

	json_array_foreach(json_object_get(entry, "Options"), i, option) {
		json_object_foreach((json_t *)(uintptr_t)option, key, value)
			if (r == 0 && strcmp(key, "operation") != 0)
				r = add_option(reading->sudoers, key, value, binding);
	}
	return r;
}

/* --- Rules ----------------------------------------------------------------------------------------------------------- */

/* What a rule's users or commands contain, aliases looked into. */
struct seen {
	bool plugin_group, plugin_unless, unless, digest;
};

static const char *alias_table(const char *kind)
{
	static const struct {
		const char *kind, *table;
	} tables[] = { { "useralias", "User_Aliases" }, { "runasalias", "Runas_Aliases" }, { "cmndalias", "Command_Aliases" } };

	for (size_t i = 0; i < CS_COUNT(tables); i++)
		if (strcmp(kind, tables[i].kind) == 0)
			return tables[i].table;
	return NULL;
}

static void look_into(const json_t *root, const json_t *list, bool under_not, unsigned depth, struct seen *seen)
{
	const json_t *item = NULL;
	size_t i = 0;

	json_array_foreach((json_t *)(uintptr_t)list, i, item) {
		const char *kind = "", *name = name_of(item, &kind), *table = alias_table(kind);
		bool not = under_not != negated(item);

		if (table != NULL && depth < ALIAS_DEPTH)
			look_into(root, json_object_get(json_object_get(root, table), name), not, depth + 1, seen);
		seen->unless = seen->unless || not;
		seen->digest = seen->digest || json_object_get(item, "sha256") || json_object_get(item, "sha512") ||
			       json_object_get(item, "sha384") || json_object_get(item, "sha224");
		if (strncmp(kind, "nonunix", 7) != 0)
			continue;
		seen->plugin_group = true;
		seen->plugin_unless = seen->plugin_unless || not;
	}
}

/* The first line that is no Defaults and has the first of its users. */
static int place_rule(const struct cs_sudoers *sudoers, struct cs_sudoers_rule *rule)
{
	char *first = strndup(rule->users, strcspn(rule->users, ","));
	int r = first != NULL ? 0 : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i < sudoers->n_lines && rule->at.file == NULL; i++) {
		const char *line = sudoers->lines[i].text + strspn(sudoers->lines[i].text, " \t");

		if (strncmp(line, "Defaults", 8) == 0 || line[0] == '#' || strstr(line, "_Alias") != NULL ||
			strncmp(line, first, strlen(first)) != 0)
			continue;
		rule->at.line = sudoers->lines[i].at.line;
		r = cs_set(&rule->at.file, sudoers->lines[i].at.file);
	}
	if (r == 0 && rule->at.file == NULL)
		r = cs_set(&rule->at.file, CS_SUDOERS);
	free(first);
	return r;
}

static bool says_nopasswd(const json_t *options)
{
	const json_t *option = NULL;
	size_t i = 0;

	json_array_foreach((json_t *)(uintptr_t)options, i, option)
		if (json_is_false(json_object_get(option, "authenticate")))
			return true;
	return false;
}

static void rule_clear(struct cs_sudoers_rule *rule)
{
	free(rule->users);
	free(rule->runas);
	free(rule->commands);
	free(rule->at.file);
	memset(rule, 0, sizeof(*rule));
}

static int add_rule(struct reading *reading, const json_t *users, const json_t *spec)
{
	struct cs_sudoers *sudoers = reading->sudoers;
	const json_t *commands = json_object_get(spec, "Commands");
	struct seen who = { 0 }, as = { 0 }, what = { 0 };
	struct cs_sudoers_rule rule = { .nopasswd = says_nopasswd(json_object_get(spec, "Options")) };
	int r = cs_reserve((void **)&sudoers->rules, &sudoers->cap_rules, sudoers->n_rules, 1, sizeof(rule));

	look_into(reading->root, users, false, 0, &who);
	look_into(reading->root, json_object_get(spec, "runasusers"), false, 0, &as);
	look_into(reading->root, commands, false, 0, &what);
	rule.plugin_group = who.plugin_group;
	rule.plugin_unless = who.plugin_unless || as.plugin_unless;
	rule.command_unless = what.unless;
	rule.digest = what.digest;
	if (r == 0)
		r = list_text(users, NULL, &rule.users);
	if (r == 0)
		r = list_text(json_object_get(spec, "runasusers"), json_object_get(spec, "runasgroups"), &rule.runas);
	if (r == 0)
		r = list_text(commands, NULL, &rule.commands);
	if (r == 0)
		r = place_rule(sudoers, &rule);
	if (r < 0) {
		rule_clear(&rule);
		return r;
	}
	sudoers->rules[sudoers->n_rules++] = rule;
	return 0;
}

static int take_spec(struct reading *reading, const json_t *entry)
{
	const json_t *spec = NULL;
	size_t i = 0;
	int r = 0;

	json_array_foreach(json_object_get(entry, "Cmnd_Specs"), i, spec)
		if (r == 0)
			r = add_rule(reading, json_object_get(entry, "User_List"), spec);
	return r;
}

static int each(struct reading *reading, const char *name, int (*take)(struct reading *reading, const json_t *entry))
{
	const json_t *entry = NULL;
	size_t i = 0;
	int r = 0;

	json_array_foreach(json_object_get(reading->root, name), i, entry)
		if (r == 0)
			r = take(reading, entry);
	return r;
}

int cs_sudoers_take_json(struct cs_sudoers *sudoers, const char *json, size_t n)
{
	json_t *root = json_loadb(json, n, JSON_REJECT_DUPLICATES, NULL);
	struct reading reading = { sudoers, root };
	int r = json_is_object(root) ? 0 : CS_EPROTO;

	if (r == 0)
		r = each(&reading, "Defaults", take_defaults);
	if (r == 0)
		r = each(&reading, "User_Specs", take_spec);
	json_decref(root);
	return r;
}

void cs_sudoers_clear(struct cs_sudoers *sudoers)
{
	for (size_t i = 0; i < sudoers->n_lines; i++) {
		free(sudoers->lines[i].at.file);
		free(sudoers->lines[i].text);
	}
	for (size_t i = 0; i < sudoers->n_options; i++)
		option_clear(&sudoers->options[i]);
	for (size_t i = 0; i < sudoers->n_rules; i++)
		rule_clear(&sudoers->rules[i]);
	free(sudoers->lines);
	free(sudoers->options);
	free(sudoers->rules);
	cs_free_strv(&sudoers->files, &sudoers->n_files);
	free(sudoers->wrong);
	free(sudoers->unknown);
	memset(sudoers, 0, sizeof(*sudoers));
}
