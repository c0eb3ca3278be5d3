/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to the servers of a directory, and the searches that wait for one. */
#include "clock.h"
#include "mem.h"
#include "servers_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	AGAIN_LEAST_MS = 100,    /* between two attempts, however many ask */
	CONNECT_LIMIT_MS = 5000, /* a question gives up before; who connects late is still welcome */
	SPARE_IDLE_MS = 60000,   /* a connection that nobody needs is closed after that */
	GROW_PAUSE_MS = 5000     /* after a further connection failed while others stand */
};

/* --- Life --- */

int cs_servers_new(const struct cs_settings *settings, const struct cs_credentials *credentials,
	const struct cs_servers_calls *calls, void *arg, struct cs_servers **ret_servers)
{
	struct cs_servers *servers = calloc(1, sizeof(*servers));
	if (servers == NULL)
		return CS_ENOMEM;
	servers->settings = settings;
	servers->credentials = credentials;
	servers->calls = *calls;
	servers->arg = arg;
	servers_set(servers, settings->uris, settings->n_uris);
	servers->names.next_ms = servers->n == 0;
	cs_ldap_prepare();
	*ret_servers = servers;
	return 0;
}

static size_t n_connections(const struct server *server)
{
	size_t n = 0;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		n += server->connections[i] != NULL;
	return n;
}

/* --- Which there are --- */

static bool is_busy(const struct server *server)
{
	bool busy = server->waiting.first != NULL || n_connections(server) > 0;
	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		busy = busy || server->attempts[i].connecting != NULL;
	return busy;
}

static bool in_order(const struct cs_servers *servers, size_t k)
{
	for (size_t i = 0; i < servers->n; i++)
		if (servers->order[i] == k)
			return true;
	return false;
}

/* Where this server is, or where it can be put; CS_SERVERS_MAX when there is no room. */
static size_t place_for(const struct cs_servers *servers, const char *uri, const size_t *taken, size_t n_taken)
{
	size_t free_place = CS_SERVERS_MAX;
	for (size_t k = 0; k < CS_SERVERS_MAX; k++) {
		if (strcmp(servers->all[k].uri, uri) == 0)
			return k;
		bool is_taken = is_busy(&servers->all[k]) || in_order(servers, k);
		for (size_t i = 0; i < n_taken; i++)
			is_taken = is_taken || taken[i] == k;
		if (!is_taken && free_place == CS_SERVERS_MAX)
			free_place = k;
	}
	return free_place;
}

/* Whether a server answers is to be known before somebody needs it. */
static void try_if_unknown(struct server *server)
{
	if (!server->known && server->try_ms == 0)
		server->try_ms = 1;
}

void servers_set(struct cs_servers *servers, char *const *uris, size_t n)
{
	size_t order[CS_SERVERS_MAX] = { 0 }, n_order = 0;
	if (n == 0)
		return;
	for (size_t i = 0; i < n && n_order < CS_SERVERS_MAX; i++) {
		size_t k = place_for(servers, uris[i], order, n_order);
		if (k == CS_SERVERS_MAX)
			continue;
		bool twice = false;
		for (size_t j = 0; j < n_order; j++)
			twice = twice || order[j] == k;
		if (twice)
			continue;
		if (strcmp(servers->all[k].uri, uris[i]) != 0) {
			servers->all[k] = (struct server){ 0 };
			(void)snprintf(servers->all[k].uri, sizeof(servers->all[k].uri), "%s", uris[i]);
		}
		order[n_order++] = k;
	}
	memcpy(servers->order, order, n_order * sizeof(order[0]));
	servers->n = n_order;
	for (size_t k = 0; k < CS_SERVERS_MAX; k++)
		servers->all[k].listed = in_order(servers, k);
	try_if_unknown(&servers->all[order[0]]);
}

bool servers_all_fail(const struct cs_servers *servers)
{
	for (size_t i = 0; i < servers->n; i++)
		if (servers->all[servers->order[i]].known && !servers->all[servers->order[i]].failing)
			return false;
	return true;
}

int cs_servers_pick(struct cs_servers *servers, uint32_t tried, uint64_t asked_ms)
{
	int last = CS_SERVER_NONE;
	for (size_t i = 0; i < servers->n; i++) {
		size_t k = servers->order[i];
		if ((tried & UINT32_C(1) << k) != 0)
			continue;
		if (!servers->all[k].failing)
			return (int)k;
		if (last < 0)
			last = (int)k;
	}
	if (last >= 0 || servers->n > 0)
		return last;
	if (servers->names.ended_ms > asked_ms)
		return CS_SERVER_NONE;
	names_want(servers);
	return CS_SERVER_LATER;
}

size_t cs_servers_count(const struct cs_servers *servers)
{
	return servers->n;
}

const char *cs_servers_uri(const struct cs_servers *servers, int server)
{
	return servers->all[server].uri;
}

const char *cs_servers_lost_names(const struct cs_servers *servers)
{
	return servers->names.cause;
}

const char *cs_servers_best(const struct cs_servers *servers)
{
	for (size_t i = 0; i < servers->n; i++) {
		const struct server *server = &servers->all[servers->order[i]];
		if (server->known && !server->failing)
			return server->uri;
	}
	return NULL;
}

/* --- Searches --- */

int cs_servers_search(struct cs_servers *servers, int server, const struct cs_search *search,
	const struct cs_search_calls *calls, void *arg)
{
	struct search *s = NULL;
	int r = search_new(search, calls, arg, &s);
	if (r == 0)
		list_add(&servers->all[server].waiting, s);
	return r;
}

static void cancel_waiting(struct list *list, const void *owner)
{
	struct search *next = NULL;
	for (struct search *s = list->first; s != NULL; s = next) {
		next = s->next;
		if (s->owner != owner)
			continue;
		list_remove(list, s);
		search_end(s, CS_ENDED_CANCELLED, "");
	}
}

void cs_servers_cancel(struct cs_servers *servers, const void *owner)
{
	for (size_t k = 0; k < CS_SERVERS_MAX; k++) {
		struct server *server = &servers->all[k];
		cancel_waiting(&server->waiting, owner);
		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			if (server->connections[i] != NULL)
				cs_ldap_cancel(server->connections[i], owner);
	}
}

uint64_t cs_servers_heard_ms(const struct cs_servers *servers, int server, const void *owner)
{
	const struct server *asked = &servers->all[server];
	uint64_t heard = UINT64_MAX;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		const struct cs_ldap *ldap = asked->connections[i];
		if (ldap != NULL && cs_ldap_carries(ldap, owner) && cs_ldap_heard_ms(ldap) < heard)
			heard = cs_ldap_heard_ms(ldap);
	}
	return heard != UINT64_MAX ? heard : asked->heard_ms;
}

/* With its last connection gone, what waits for it waits in vain. */
static void fail(struct cs_servers *servers, struct server *server, const char *cause, bool longer)
{
	server_fails(servers, server, cause, longer);
	if (n_connections(server) == 0)
		list_end(&server->waiting, CS_ENDED_LOST, server->cause);
	if (!servers_all_fail(servers))
		return;
	names_want(servers);
	for (size_t i = 0; i < servers->n; i++)
		try_if_unknown(&servers->all[servers->order[i]]);
}

void cs_servers_silent(struct cs_servers *servers, int server, const void *owner, uint64_t since_ms, const char *cause)
{
	struct server *silent = &servers->all[server];
	size_t before = n_connections(silent);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		const struct cs_ldap *ldap = silent->connections[i];
		if (ldap != NULL && cs_ldap_carries(ldap, owner) && cs_ldap_heard_ms(ldap) <= since_ms)
			cs_ldap_close(&silent->connections[i], cause);
	}
	fail(servers, silent, cause, n_connections(silent) < before);
}

/* --- Attempts to connect --- */

static void attempt_start(struct cs_servers *servers, struct server *server)
{
	uint64_t now = cs_boot_ms();
	server->try_ms = 0;
	for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
		struct cs_connect_attempt *attempt = &server->attempts[i];
		if (attempt->connecting != NULL)
			continue;
		*attempt = (struct cs_connect_attempt){ .begun_ms = now, .until_ms = now + CONNECT_LIMIT_MS,
			.asked = server->waiting.first != NULL };
		if (cs_connecting_start(servers->settings, servers->credentials, server->uri, attempt->until_ms,
			    server->failing, &attempt->connecting) != 0)
			fail(servers, server, "no thread to connect in", true);
		return;
	}
	fail(servers, server, "several attempts to connect hang", true);
}

static bool keep(struct server *server, struct cs_ldap **ldap)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (server->connections[i] == NULL) {
			server->connections[i] = *ldap;
			server->opened_ms[i] = cs_boot_ms();
			*ldap = NULL;
			return true;
		}
	return false;
}

static void attempt_failed(struct cs_servers *servers, struct server *server, const struct cs_connect_attempt *attempt,
	const char *cause)
{
	bool counted = server->failing && server->failed_ms >= attempt->begun_ms; /* somebody gave it up before */
	bool needed = n_connections(server) == 0 || server->failing;
	if (!needed)
		server->grow_ms = cs_boot_ms() + GROW_PAUSE_MS;
	else if (!counted)
		fail(servers, server, cause, !attempt->asked);
	else if (n_connections(server) == 0)
		list_end(&server->waiting, CS_ENDED_LOST, cause);
}

static void attempt_look(struct cs_servers *servers, struct server *server, struct cs_connect_attempt *attempt)
{
	struct cs_ldap *ldap = NULL;
	char cause[LDAP_CAUSE_MAX];
	const struct cs_connect_attempt was = *attempt;
	if (cs_connecting_take(&attempt->connecting, &ldap, cause) == 1) {
		if (ldap != NULL)
			server_answers(servers, server);
		else if (!was.late)
			attempt_failed(servers, server, &was, cause);
		if (ldap != NULL && !keep(server, &ldap))
			cs_ldap_close(&ldap, "");
	} else if (!attempt->late && attempt->until_ms <= cs_boot_ms()) {
		attempt->late = true;
		cs_connecting_cut(attempt->connecting);
		(void)snprintf(cause, sizeof(cause), "no connection within %llu ms",
			(unsigned long long)(attempt->until_ms - attempt->begun_ms));
		attempt_failed(servers, server, attempt, cause);
	}
}

/* --- Work --- */

static void connection_look(struct cs_servers *servers, struct server *server, size_t i)
{
	struct cs_ldap *ldap = server->connections[i];
	char cause[LDAP_CAUSE_MAX];
	cs_ldap_receive(ldap);
	if (cs_ldap_heard_ms(ldap) > server->heard_ms)
		server->heard_ms = cs_ldap_heard_ms(ldap);
	if (cs_ldap_result_ms(ldap) != 0 && server->answered_ms == 0 && !server->failing)
		server->answered_ms = cs_ldap_result_ms(ldap);
	if (cs_ldap_lost(ldap) == NULL)
		return;
	(void)snprintf(cause, sizeof(cause), "%s", cs_ldap_lost(ldap));
	size_t in_flight = cs_ldap_in_flight(ldap);
	cs_ldap_close(&server->connections[i], cause);
	if (in_flight > 0)
		fail(servers, server, cause, true);
	else if (!server->failing) /* servers end what is idle; whether this one is gone shows at once */
		server->try_ms = cs_boot_ms();
}

static uint64_t idle_since(const struct server *server, size_t i)
{
	uint64_t result_ms = cs_ldap_result_ms(server->connections[i]);
	return result_ms > server->opened_ms[i] ? result_ms : server->opened_ms[i];
}

/* Further connections, and those to a server that another one is preferred to, are not kept for ever. */
static void close_spare(struct cs_servers *servers, struct server *server, uint64_t now)
{
	bool needed = cs_servers_best(servers) == server->uri;
	for (size_t i = CONNECTIONS_MAX; i > 0; i--) {
		struct cs_ldap **ldap = &server->connections[i - 1];
		if (*ldap == NULL)
			continue;
		if (cs_ldap_in_flight(*ldap) == 0 && idle_since(server, i - 1) + SPARE_IDLE_MS <= now &&
		    (!needed || n_connections(server) > 1))
			cs_ldap_close(ldap, "");
	}
}

static struct cs_ldap *room_for(const struct server *server, const struct search *search)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (server->connections[i] != NULL && cs_ldap_has_room(server->connections[i], search))
			return server->connections[i];
	return NULL;
}

static void send_waiting(struct server *server)
{
	struct search *next = NULL;
	for (struct search *s = server->waiting.first; s != NULL; s = next) {
		struct cs_ldap *ldap = room_for(server, s);
		next = s->next;
		if (ldap == NULL && !s->pages)
			return;
		if (ldap == NULL)
			continue;
		list_remove(&server->waiting, s);
		cs_ldap_send(ldap, s);
	}
}

/* When an attempt to connect is due; 0: none is. */
static uint64_t attempt_due(const struct server *server)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		if (server->attempts[i].connecting != NULL && !server->attempts[i].late)
			return 0;
	if (server->waiting.first == NULL)
		return server->listed ? server->try_ms : 0;
	size_t n = n_connections(server);
	if (n == 0)
		return server->failed_ms + AGAIN_LEAST_MS;
	if (n == CONNECTIONS_MAX)
		return server->try_ms;
	return server->grow_ms != 0 ? server->grow_ms : 1;
}

static void connect_if_due(struct cs_servers *servers, struct server *server)
{
	uint64_t due = attempt_due(server);
	if (due != 0 && due <= cs_boot_ms())
		attempt_start(servers, server);
}

void cs_servers_send(struct cs_servers *servers)
{
	for (size_t k = 0; k < CS_SERVERS_MAX; k++) {
		struct server *server = &servers->all[k];
		if (server->uri[0] == '\0')
			continue;
		send_waiting(server);
		connect_if_due(servers, server);
	}
}

void cs_servers_work(struct cs_servers *servers)
{
	uint64_t now = cs_boot_ms();
	names_work(servers);
	for (size_t k = 0; k < CS_SERVERS_MAX; k++) {
		struct server *server = &servers->all[k];
		for (size_t i = 0; i < ATTEMPTS_MAX; i++)
			if (server->attempts[i].connecting != NULL)
				attempt_look(servers, server, &server->attempts[i]);
		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			if (server->connections[i] != NULL)
				connection_look(servers, server, i);
		close_spare(servers, server, now);
	}
	cs_servers_send(servers);
}

/* --- For the loop --- */

static void poll_add(struct pollfd *fds, size_t *n, int fd)
{
	if (fd >= 0 && *n < CS_SERVERS_POLL_MAX)
		fds[(*n)++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

size_t cs_servers_poll(const struct cs_servers *servers, struct pollfd *ret_fds)
{
	size_t n = 0;
	if (servers->names.errand != NULL)
		poll_add(ret_fds, &n, cs_errand_fd(servers->names.errand));
	for (size_t k = 0; k < CS_SERVERS_MAX; k++) {
		const struct server *server = &servers->all[k];
		for (size_t i = 0; i < ATTEMPTS_MAX; i++)
			if (server->attempts[i].connecting != NULL)
				poll_add(ret_fds, &n, cs_connecting_fd(server->attempts[i].connecting));
		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			if (server->connections[i] != NULL)
				poll_add(ret_fds, &n, cs_ldap_fd(server->connections[i]));
	}
	return n;
}

static void sooner(uint64_t *at, uint64_t when)
{
	if (when != 0 && (*at == 0 || when < *at))
		*at = when;
}

static uint64_t spare_due(const struct cs_servers *servers, const struct server *server)
{
	uint64_t due = 0;
	bool needed = cs_servers_best(servers) == server->uri;
	if (needed && n_connections(server) <= 1)
		return 0;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (server->connections[i] != NULL && cs_ldap_in_flight(server->connections[i]) == 0)
			sooner(&due, idle_since(server, i) + SPARE_IDLE_MS);
	return due;
}

uint64_t cs_servers_next_ms(const struct cs_servers *servers)
{
	uint64_t next = servers->names.errand == NULL ? servers->names.next_ms : 0;
	for (size_t k = 0; k < CS_SERVERS_MAX; k++) {
		const struct server *server = &servers->all[k];
		if (server->uri[0] == '\0')
			continue;
		sooner(&next, attempt_due(server));
		for (size_t i = 0; i < ATTEMPTS_MAX; i++)
			if (server->attempts[i].connecting != NULL && !server->attempts[i].late)
				sooner(&next, server->attempts[i].until_ms);
		sooner(&next, spare_due(servers, server));
	}
	return next;
}
