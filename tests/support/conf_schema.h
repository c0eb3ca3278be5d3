/* SPDX-License-Identifier: Apache-2.0 */
/* A small schema with every kind of option, for the tests of conf. */
#ifndef CS_TEST_CONF_SCHEMA_H
#define CS_TEST_CONF_SCHEMA_H

#include "conf.h"

static const struct cs_conf_option schema_rule[] = {
	{"count", CS_CONF_COUNT, true, NULL},
	{"role", CS_CONF_STR, false, NULL},
	{"scope", CS_CONF_STR, false, NULL},
	{NULL, CS_CONF_STR, false, NULL},
};
static const struct cs_conf_option schema_gate[] = {
	{"service", CS_CONF_STR, true, NULL},    {"command", CS_CONF_LIST, false, NULL},
	{"lifetime", CS_CONF_SPAN, false, NULL}, {"use_within", CS_CONF_SPAN, false, NULL},
	{"fresh", CS_CONF_AGE, false, NULL},     {"loud", CS_CONF_BOOL, false, NULL},
	{"approval", CS_CONF_TITLED, false, schema_rule},
	{NULL, CS_CONF_STR, false, NULL},
};
static const struct cs_conf_option schema_permission[] = {
	{"label", CS_CONF_STR, true, NULL},
	{NULL, CS_CONF_STR, false, NULL},
};
static const struct cs_conf_option schema_limits[] = {
	{"open", CS_CONF_COUNT, false, NULL},
	{NULL, CS_CONF_STR, false, NULL},
};
static const struct cs_conf_option schema[] = {
	{"socket", CS_CONF_STR, false, NULL},
	{"groups", CS_CONF_LIST, false, NULL},
	{"limits", CS_CONF_SECTION, false, schema_limits},
	{"permission", CS_CONF_TITLED, false, schema_permission},
	{"gate", CS_CONF_TITLED, false, schema_gate},
	{NULL, CS_CONF_STR, false, NULL},
};

#endif
