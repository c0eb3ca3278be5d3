/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the servers from DNS (RFC 2782). The resolver may wait for long, so it works in a thread. */
#include "clock.h"
#include "mem.h"
#include "servers_internal.h"

#include <arpa/nameser.h>
#include <ctype.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

enum {
	AGAIN_LEAST_MS = 100,
	PAUSE_LEAST_MS = 1000,
	PAUSE_MOST_MS = 60000,
	KEEP_MS = 600000, /* so long names are good though none of the servers fails */
	ANSWER_MAX = 16384,
	RECORDS_MAX = 64
};

struct record {
	unsigned priority, weight, port;
	char host[NS_MAXDNAME];
};

/* What a thread is asked, and what it found. */
struct srv_question {
	char domain[NS_MAXDNAME];
	bool ldaps;
	struct record records[RECORDS_MAX];
	size_t n;
	char cause[LDAP_CAUSE_MAX]; /* "" when it went well */
};

/* --- In the thread --- */

/* A name below the domain: a certificate is checked against it, and whoever can forge DNS must not be able to name a
 * host of his own, for which he has a good one. */
static bool is_ours(const char *host, const char *domain)
{
	size_t n = strlen(host), below = strlen(domain);
	for (const char *p = host; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.' && *p != '_')
			return false;
	if (n == below)
		return strcasecmp(host, domain) == 0;
	return n > below + 1 && host[n - below - 1] == '.' && strcasecmp(host + n - below, domain) == 0;
}

/* 1: taken; 0: not one that can be used. */
static int take_record(struct srv_question *q, ns_msg *message, int i)
{
	struct record record = { 0 };
	ns_rr rr;
	if (ns_parserr(message, ns_s_an, i, &rr) != 0 || ns_rr_type(rr) != ns_t_srv || ns_rr_class(rr) != ns_c_in ||
	    ns_rr_rdlen(rr) < 7 || q->n >= RECORDS_MAX)
		return 0;
	const unsigned char *data = ns_rr_rdata(rr);
	record.priority = ns_get16(data);
	record.weight = ns_get16(data + 2);
	record.port = ns_get16(data + 4);
	if (ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + 6, record.host,
		    sizeof(record.host)) < 0)
		return 0;
	if (record.port == 0 || !is_ours(record.host, q->domain))
		return 0;
	q->records[q->n++] = record;
	return 1;
}

static void take_answer(struct srv_question *q, const unsigned char *answer, int len)
{
	ns_msg message;
	int refused = 0;
	if (ns_initparse(answer, len, &message) != 0) {
		(void)snprintf(q->cause, sizeof(q->cause), "an answer that cannot be read");
		return;
	}
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++)
		refused += take_record(q, &message, i) == 0;
	if (q->n == 0)
		(void)snprintf(q->cause, sizeof(q->cause), "%s", refused > 0 ? "it names no host below that domain" :
			"it names no server");
}

static const char *says(int error)
{
	static const struct {
		int error;
		const char *text;
	} texts[] = {
		{ HOST_NOT_FOUND, "there is no such name" },
		{ NO_DATA, "it names no server" },
		{ NO_RECOVERY, "the name server refuses" },
	};
	for (size_t i = 0; i < CS_COUNT(texts); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return "no answer from a name server";
}

static void names_run(void *arg)
{
	struct srv_question *q = arg;
	char name[NS_MAXDNAME + 16];
	struct __res_state state;
	unsigned char *answer = malloc(ANSWER_MAX);
	memset(&state, 0, sizeof(state));
	if (answer == NULL || res_ninit(&state) != 0) {
		(void)snprintf(q->cause, sizeof(q->cause), "the resolver cannot be used");
		free(answer);
		return;
	}
	state.retrans = 1;
	state.retry = 2;
	(void)snprintf(name, sizeof(name), "%s._tcp.%s", q->ldaps ? "_ldaps" : "_ldap", q->domain);
	int len = res_nquery(&state, name, ns_c_in, ns_t_srv, answer, ANSWER_MAX);
	if (len < 0)
		(void)snprintf(q->cause, sizeof(q->cause), "%s", says(state.res_h_errno));
	else
		take_answer(q, answer, len < ANSWER_MAX ? len : ANSWER_MAX);
	res_nclose(&state);
	free(answer);
}

static void names_drop(void *arg)
{
	free(arg);
}

/* --- Their order --- */

static unsigned random_below(unsigned n)
{
	uint32_t bits = 0;
	return n > 0 && getrandom(&bits, sizeof(bits), GRND_NONBLOCK) == (ssize_t)sizeof(bits) ? bits % n : 0;
}

/* Which comes next: of the lowest priority one by its weight. */
static size_t choose(const struct record *records, size_t n)
{
	unsigned lowest = UINT16_MAX + 1, sum = 0;
	for (size_t i = 0; i < n; i++)
		if (records[i].priority < lowest)
			lowest = records[i].priority;
	for (size_t i = 0; i < n; i++)
		sum += records[i].priority == lowest ? records[i].weight + 1 : 0;
	unsigned at = random_below(sum);
	for (size_t i = 0; i < n; i++) {
		if (records[i].priority != lowest)
			continue;
		if (at <= records[i].weight)
			return i;
		at -= records[i].weight + 1;
	}
	return 0;
}

static int to_uris(struct srv_question *q, char ***ret_uris, size_t *ret_n)
{
	int r = 0;
	while (q->n > 0 && r == 0) {
		size_t i = choose(q->records, q->n);
		char uri[CS_URI_MAX + 1];
		int len = snprintf(uri, sizeof(uri), "%s://%s:%u", q->ldaps ? "ldaps" : "ldap", q->records[i].host,
			q->records[i].port);
		if (len > 0 && (size_t)len < sizeof(uri))
			r = cs_strv_add(ret_uris, ret_n, uri);
		q->records[i] = q->records[--q->n];
	}
	return r;
}

int cs_servers_of_domain(const char *domain, bool ldaps, char ***ret_uris, size_t *ret_n, char **ret_cause)
{
	struct srv_question *q = calloc(1, sizeof(*q));
	int r = CS_ENOMEM;
	if (q == NULL)
		return r;
	(void)snprintf(q->domain, sizeof(q->domain), "%s", domain);
	q->ldaps = ldaps;
	names_run(q);
	if (*q->cause == '\0')
		r = to_uris(q, ret_uris, ret_n);
	else if (cs_set(ret_cause, q->cause) == 0)
		r = CS_EUNAVAIL;
	free(q);
	return r;
}

/* --- In the loop --- */

static void names_failed(struct cs_servers *servers, const char *cause)
{
	struct names *names = &servers->names;
	char text[CS_STATE_TEXT_MAX + 1];
	bool news = *names->cause == '\0';
	(void)snprintf(names->cause, sizeof(names->cause), "DNS does not name the servers of %.200s: %.150s",
		servers->settings->srv_domain, cause);
	names->pause_ms = names->pause_ms == 0 ? PAUSE_LEAST_MS :
		names->pause_ms * 2 < PAUSE_MOST_MS ? names->pause_ms * 2 : PAUSE_MOST_MS;
	names->next_ms = names->ended_ms + names->pause_ms;
	(void)snprintf(text, sizeof(text), "%s", names->cause);
	if (news)
		servers->calls.event(servers->arg, false, text);
	if (servers->n == 0)
		servers->calls.state(servers->arg, false, text);
}

static void names_found(struct cs_servers *servers, struct srv_question *q)
{
	struct names *names = &servers->names;
	char **uris = NULL, text[CS_STATE_TEXT_MAX + 1];
	size_t n = 0;
	int r = to_uris(q, &uris, &n);
	if (r != 0) {
		cs_free_strv(&uris, &n);
		names_failed(servers, cs_strerror(r));
		return;
	}
	if (*names->cause != '\0') {
		(void)snprintf(text, sizeof(text), "DNS names the servers of %.200s again",
			servers->settings->srv_domain);
		servers->calls.event(servers->arg, true, text);
	}
	*names->cause = '\0';
	names->pause_ms = 0;
	names->next_ms = names->ended_ms + KEEP_MS;
	servers_set(servers, uris, n);
	cs_free_strv(&uris, &n);
}

static void names_start(struct cs_servers *servers)
{
	static const struct cs_errand_calls calls = { names_run, names_drop };
	struct names *names = &servers->names;
	struct srv_question *q = calloc(1, sizeof(*q));
	int r = q != NULL ? 0 : CS_ENOMEM;
	if (r == 0) {
		(void)snprintf(q->domain, sizeof(q->domain), "%s", servers->settings->srv_domain);
		q->ldaps = !servers->settings->starttls;
		r = cs_errand_start(&calls, q, &names->errand);
	}
	if (r == 0) {
		names->question = q;
		return;
	}
	free(q);
	names->ended_ms = cs_boot_ms();
	names_failed(servers, cs_strerror(r));
}

void names_work(struct cs_servers *servers)
{
	struct names *names = &servers->names;
	if (names->errand != NULL && cs_errand_take(&names->errand)) {
		names->ended_ms = cs_boot_ms();
		if (*names->question->cause != '\0')
			names_failed(servers, names->question->cause);
		else
			names_found(servers, names->question);
		free(names->question);
		names->question = NULL;
	}
	if (names->errand == NULL && names->next_ms != 0 && names->next_ms <= cs_boot_ms())
		names_start(servers);
}

void names_want(struct cs_servers *servers)
{
	struct names *names = &servers->names;
	bool now = servers->n == 0 || names->pause_ms == 0;
	uint64_t soonest = names->ended_ms + (now ? AGAIN_LEAST_MS : names->pause_ms);
	if (names->next_ms > soonest)
		names->next_ms = soonest;
}
