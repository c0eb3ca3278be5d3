/* SPDX-License-Identifier: Apache-2.0 */
/* When and from where something holds: reading it, and asking it. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>

static int load_peers(struct loader *loader, const struct cs_conf_section *section, struct limits *limits)
{
	const char *what = NULL;
	size_t n = 0;
	int r = cs_load_list(loader, section, "peer", &n);

	if (r == 0 && n > POLICY_MAX_CONDITIONS)
		return REFUSE(loader, section, "peer", "peer has more than %d values", POLICY_MAX_CONDITIONS);
	if (r < 0)
		return r;
	limits->peers = calloc(n + 1, sizeof(*limits->peers));
	if (!limits->peers)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *text = cs_conf_list_at(section, "peer", i);

		if (cs_range_parse(text, &limits->peers[i], &what) < 0)
			return REFUSE(loader, section, "peer", "the range \"%s\" is refused: %s", text, what);
		r = cs_strv_add(&limits->peer_texts, &limits->n_peers, text);
	}
	return r;
}

static int load_times(struct loader *loader, const struct cs_conf_section *section, struct limits *limits)
{
	const char *what = NULL;
	size_t n = 0;
	int r = cs_load_list(loader, section, "time", &n);

	if (r == 0 && n > POLICY_MAX_CONDITIONS)
		return REFUSE(loader, section, "time", "time has more than %d values", POLICY_MAX_CONDITIONS);
	if (r < 0)
		return r;
	limits->times = calloc(n + 1, sizeof(*limits->times));
	if (!limits->times)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *text = cs_conf_list_at(section, "time", i);

		if (cs_window_parse(text, &limits->times[i], &what) < 0)
			return REFUSE(loader, section, "time", "the window \"%s\" is refused: %s", text, what);
		r = cs_strv_add(&limits->time_texts, &limits->n_times, text);
	}
	return r;
}

int cs_load_limits(struct loader *loader, const struct cs_conf_section *section, struct limits *limits)
{
	int r = load_peers(loader, section, limits);

	return r < 0 ? r : load_times(loader, section, limits);
}

void cs_limits_clear(struct limits *limits)
{
	free(limits->peers);
	cs_free_strv(&limits->peer_texts, &limits->n_peers);
	free(limits->times);
	cs_free_strv(&limits->time_texts, &limits->n_times);
	*limits = (struct limits){0};
}

bool cs_limits_in_time(const struct limits *limits, uint64_t wall_ms)
{
	for (size_t i = 0; i < limits->n_times; i++) {
		if (cs_window_holds(&limits->times[i], wall_ms) == 1)
			return true;
	}
	return limits->n_times == 0;
}

int cs_limits_in_range(const struct limits *limits, const struct cs_action *action)
{
	int best = limits->n_peers == 0;

	for (size_t i = 0; i < limits->n_peers && best != 1; i++) {
		int r = cs_range_holds(&limits->peers[i], action->peer);

		if (r != 0)
			best = r == 1 ? 1 : CS_EDOUBT;
	}
	return best;
}
