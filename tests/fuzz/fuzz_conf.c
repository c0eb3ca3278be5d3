/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration file: refused with a problem that names a line of it, or a tree that keeps its promises.
 */
#include "conf.h"

#include <stdlib.h>
#include <string.h>

#include <countersign/error.h>

#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cs_conf_option rule[] = {
	{"count", CS_CONF_COUNT, true, NULL},
	{"role", CS_CONF_STR, false, NULL},
	{NULL, CS_CONF_STR, false, NULL},
};
static const struct cs_conf_option gate[] = {
	{"command", CS_CONF_LIST, false, NULL}, {"lifetime", CS_CONF_SPAN, false, NULL},
	{"loud", CS_CONF_BOOL, false, NULL},    {"approval", CS_CONF_TITLED, false, rule},
	{NULL, CS_CONF_STR, false, NULL},
};
static const struct cs_conf_option limits[] = {
	{"open", CS_CONF_COUNT, false, NULL},
	{NULL, CS_CONF_STR, false, NULL},
};
static const struct cs_conf_option top[] = {
	{"label", CS_CONF_STR, false, NULL},
	{"limits", CS_CONF_SECTION, false, limits},
	{"gate", CS_CONF_TITLED, false, gate},
	{NULL, CS_CONF_STR, false, NULL},
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_gate(const struct cs_conf_section *section, unsigned lines)
{
	uint64_t ms = cs_conf_span(section, "lifetime", 1000);
	const struct cs_conf_section *one = NULL;

	require(cs_conf_title(section) != NULL && cs_conf_title(section)[0] != '\0');
	require(cs_conf_line(section, NULL) >= 1 && cs_conf_line(section, NULL) <= lines);
	require(ms >= 1000 && ms <= UINT64_C(365) * 86400 * 1000);
	for (size_t i = 0; i < cs_conf_list_len(section, "command"); i++)
		require(cs_conf_list_at(section, "command", i) != NULL);
	require(cs_conf_given(section, "command") == (cs_conf_list_len(section, "command") > 0));
	for (size_t i = 0; (one = cs_conf_section(section, "approval", i)) != NULL; i++) {
		require(cs_conf_given(one, "count") && cs_conf_count(one, "count", 0) <= 1000000);
		require(cs_conf_line(one, "count") >= cs_conf_line(section, NULL) &&
			cs_conf_line(one, "count") <= lines);
	}
}

static void check_tree(const struct cs_conf *conf, unsigned lines)
{
	const struct cs_conf_section *section = NULL;
	require(cs_conf_section(cs_conf_top(conf), "limits", 1) == NULL);
	for (size_t i = 0; (section = cs_conf_section(cs_conf_top(conf), "gate", i)) != NULL; i++)
		check_gate(section, lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_problem problem = {0};
	struct cs_conf *conf = NULL;
	unsigned lines = 1;

	if (size > 65536)
		return 0;
	char *text = malloc(size + 1);
	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	for (const char *at = text; *at != '\0'; at++)
		lines += *at == '\n';

	int r = cs_conf_parse(text, "fuzz.conf", top, &conf, &problem);
	if (r == 0) {
		require(conf != NULL && problem.text == NULL);
		check_tree(conf, lines);
	} else {
		require(r == CS_ECONF && conf == NULL && problem.text != NULL && problem.line <= lines);
	}
	cs_conf_free(&conf);
	cs_problem_clear(&problem);
	free(text);
	return 0;
}
