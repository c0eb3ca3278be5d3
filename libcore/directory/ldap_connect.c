/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to an LDAP server: every option of libldap said explicitly. */
#include "clock.h"
#include "file.h"
#include "ldap_internal.h"
#include "mem.h"
#include "model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	INCOMING_MAX = 4 * 1024 * 1024, /* bytes of one message from the server */
	CONNECT_LEAST_MS = 50,
	UNACKNOWLEDGED_MS = 10000 /* so long what was sent may stay without an answer of the other kernel */
};

int conn_blame(struct conn *conn, const char *what, int code)
{
	char *detail = NULL;
	if (conn->ld != NULL)
		(void)ldap_get_option(conn->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
	bool more = detail != NULL && *detail != '\0';
	(void)snprintf(conn->cause, sizeof(conn->cause), "%s: %s%s%.200s%s", what, ldap_err2string(code),
		       more ? " (" : "", more ? detail : "", more ? ")" : "");
	ldap_memfree(detail);
	return CS_EUNAVAIL;
}

int conn_set_ints(struct conn *conn, const struct int_option *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ldap_set_option(conn->ld, options[i].option, &options[i].value) != LDAP_OPT_SUCCESS)
			return conn_blame(conn, options[i].name, LDAP_PARAM_ERROR);
	return 0;
}

static int set_time(struct conn *conn)
{
	uint64_t now = cs_boot_ms();
	uint64_t left = conn->until_ms > now + CONNECT_LEAST_MS ? conn->until_ms - now : CONNECT_LEAST_MS;
	struct timeval tv = { .tv_sec = (time_t)(left / 1000), .tv_usec = (suseconds_t)(left % 1000 * 1000) };
	if (ldap_set_option(conn->ld, LDAP_OPT_NETWORK_TIMEOUT, &tv) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(conn->ld, LDAP_OPT_TIMEOUT, &tv) != LDAP_OPT_SUCCESS)
		return conn_blame(conn, "timeouts", LDAP_PARAM_ERROR);
	return 0;
}

static int set_plain_options(struct conn *conn)
{
	const struct int_option options[] = {
		{ LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3, "protocol version" },
		{ LDAP_OPT_DEREF, LDAP_DEREF_NEVER, "aliases" },
		{ LDAP_OPT_SIZELIMIT, CS_MAX_MEMBERSHIPS, "size limit" },
		{ LDAP_OPT_TIMELIMIT, (int)(conn->settings->deadline_ms / 1000 + 1), "time limit" },
		{ LDAP_OPT_X_SASL_NOCANON, 1, "host names" },
		{ LDAP_OPT_X_KEEPALIVE_IDLE, 30, "keepalive" },
		{ LDAP_OPT_X_KEEPALIVE_PROBES, 3, "keepalive" },
		{ LDAP_OPT_X_KEEPALIVE_INTERVAL, 10, "keepalive" },
		{ LDAP_OPT_TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS, "user timeout" },
	};
	if (ldap_set_option(conn->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(conn->ld, LDAP_OPT_RESTART, LDAP_OPT_OFF) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(conn->ld, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_OFF) != LDAP_OPT_SUCCESS)
		return conn_blame(conn, "referrals", LDAP_PARAM_ERROR);
	return conn_set_ints(conn, options, CS_COUNT(options));
}

static void limit_incoming(struct conn *conn)
{
	Sockbuf *sb = NULL;
	ber_len_t most = INCOMING_MAX;
	if (ldap_get_option(conn->ld, LDAP_OPT_SOCKBUF, &sb) == LDAP_OPT_SUCCESS && sb != NULL)
		(void)ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most);
}

/* --- The socket while it is made --- */

void conn_wire_init(struct conn_wire *wire)
{
	*wire = (struct conn_wire){ .fd = -1 };
	(void)pthread_mutex_init(&wire->lock, NULL);
}

void conn_wire_cut(struct conn_wire *wire)
{
	(void)pthread_mutex_lock(&wire->lock);
	wire->cut = true;
	if (wire->fd >= 0)
		(void)shutdown(wire->fd, SHUT_RDWR);
	(void)pthread_mutex_unlock(&wire->lock);
}

void conn_wire_close(struct conn_wire *wire)
{
	cs_close(&wire->fd);
	(void)pthread_mutex_destroy(&wire->lock);
}

/* libldap tells a socket to a callback of the handle, which outlives what this thread is doing with it. */
static _Thread_local struct conn_wire *wire_here;

/* Before TLS begins. Fails where it was cut already. */
static int wire_made(LDAP *ld, Sockbuf *sb, LDAPURLDesc *url, struct sockaddr *address, struct ldap_conncb *self)
{
	int fd = -1;
	(void)ld;
	(void)url;
	(void)address;
	(void)self;
	if (conn_add_patience(sb) != 0)
		return -1;
	if (wire_here == NULL)
		return 0;
	(void)ber_sockbuf_ctrl(sb, LBER_SB_OPT_GET_FD, &fd);
	(void)pthread_mutex_lock(&wire_here->lock);
	cs_close(&wire_here->fd);
	wire_here->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	bool cut = wire_here->cut || wire_here->fd < 0;
	(void)pthread_mutex_unlock(&wire_here->lock);
	return cut ? -1 : 0;
}

static void wire_gone(LDAP *ld, Sockbuf *sb, struct ldap_conncb *self)
{
	(void)ld;
	(void)sb;
	(void)self;
}

static int watch_wire(struct conn *conn)
{
	static struct ldap_conncb callbacks = { wire_made, wire_gone, NULL };
	return ldap_set_option(conn->ld, LDAP_OPT_CONNECT_CB, &callbacks) == LDAP_OPT_SUCCESS ? 0 :
		conn_blame(conn, "connection callback", LDAP_PARAM_ERROR);
}

/* --- Connecting --- */

static int prepare(struct conn *conn)
{
	bool local = strncmp(conn->uri, "ldapi://", 8) == 0;
	conn->tls = conn->settings->tls && !local;
	conn->starttls = conn->settings->starttls && !local;
	int code = ldap_initialize(&conn->ld, conn->uri);
	if (code != LDAP_SUCCESS)
		return conn_blame(conn, "uri", code);
	limit_incoming(conn);
	int r = set_plain_options(conn);
	if (r == 0)
		r = watch_wire(conn);
	return r != 0 ? r : conn_set_tls(conn);
}

/* Whom we speak to is checked before anything is said. */
static int reach(struct conn *conn)
{
	conn_set_patience(conn->until_ms);
	int r = conn_reach(conn);
	conn_set_patience(0);
	limit_incoming(conn); /* once more: each layer that is put in has its own */
	return r != 0 ? r : conn_check_tls(conn);
}

int conn_stage(struct conn *conn, enum conn_stage stage)
{
	static int (*const stages[])(struct conn *) = { [CONN_PREPARE] = prepare, [CONN_REACH] = reach,
		[CONN_BIND] = conn_bind };
	int r = conn->ld != NULL ? set_time(conn) : 0;
	return r != 0 ? r : stages[stage](conn);
}

int conn_open(struct conn *conn)
{
	int r = 0;
	wire_here = conn->wire;
	for (enum conn_stage stage = CONN_PREPARE; stage < CONN_STAGES && r == 0; stage++)
		r = conn_stage(conn, stage);
	wire_here = NULL;
	if (r == 0)
		limit_incoming(conn);
	return r;
}

int conn_fd(const struct conn *conn)
{
	int fd = -1;
	if (conn->ld == NULL || ldap_get_option(conn->ld, LDAP_OPT_DESC, &fd) != LDAP_OPT_SUCCESS)
		return -1;
	return fd;
}

void conn_close(struct conn *conn)
{
	int fd = conn_fd(conn);
	/* The unbind that libldap sends could wait for a server that reads nothing. */
	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR);
	if (conn->ld != NULL)
		(void)ldap_unbind_ext(conn->ld, NULL, NULL);
	conn->ld = NULL;
}

/* --- In a thread --- */

void cs_ldap_prepare(void)
{
	int version = 0;
	(void)ldap_get_option(NULL, LDAP_OPT_PROTOCOL_VERSION, &version);
}

struct attempt {
	struct conn conn;
	struct conn_wire wire; /* of both threads, by its lock */
	bool with_search;
	int result;
};

struct cs_connecting {
	struct cs_errand *errand;
	struct attempt *attempt; /* the thread's until the errand is taken back */
};

/* A server that takes binds and then says nothing is not one that answers. What it says does not matter. */
static int conn_search(struct conn *conn)
{
	static char nothing[] = LDAP_NO_ATTRS;
	char *attributes[] = { nothing, NULL };
	LDAPMessage *result = NULL;
	int r = set_time(conn);
	if (r != 0)
		return r;
	int code = ldap_search_ext_s(conn->ld, "", LDAP_SCOPE_BASE, NULL, attributes, 0, NULL, NULL, NULL, 1, &result);
	ldap_msgfree(result);
	return code < 0 ? conn_blame(conn, "no answer to a search", code) : 0;
}

static void attempt_run(void *arg)
{
	struct attempt *attempt = arg;
	attempt->result = conn_open(&attempt->conn);
	if (attempt->result == 0 && attempt->with_search)
		attempt->result = conn_search(&attempt->conn);
	if (attempt->result != 0)
		conn_close(&attempt->conn);
}

static void attempt_drop(void *arg)
{
	struct attempt *attempt = arg;
	conn_close(&attempt->conn);
	conn_wire_close(&attempt->wire);
	free(attempt);
}

int cs_connecting_start(const struct cs_settings *settings, const struct cs_credentials *credentials,
	const char *uri, uint64_t until_ms, bool with_search, struct cs_connecting **ret_connecting)
{
	static const struct cs_errand_calls calls = { attempt_run, attempt_drop };
	struct cs_connecting *connecting = calloc(1, sizeof(*connecting));
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	int r = connecting != NULL && attempt != NULL ? 0 : CS_ENOMEM;
	if (r == 0) {
		attempt->conn = (struct conn){ .settings = settings, .credentials = credentials, .until_ms = until_ms };
		(void)snprintf(attempt->conn.uri, sizeof(attempt->conn.uri), "%s", uri);
		attempt->with_search = with_search;
		conn_wire_init(&attempt->wire);
		attempt->conn.wire = &attempt->wire;
		connecting->attempt = attempt;
		r = cs_errand_start(&calls, attempt, &connecting->errand);
	}
	if (r != 0) {
		free(attempt);
		free(connecting);
		return r;
	}
	*ret_connecting = connecting;
	return 0;
}

int cs_connecting_fd(const struct cs_connecting *connecting)
{
	return cs_errand_fd(connecting->errand);
}

void cs_connecting_cut(struct cs_connecting *connecting)
{
	conn_wire_cut(&connecting->attempt->wire);
}

int cs_connecting_take(struct cs_connecting **connecting, struct cs_ldap **ret_ldap, char *ret_cause)
{
	struct attempt *attempt = (*connecting)->attempt;
	if (!cs_errand_take(&(*connecting)->errand))
		return 0;
	free(*connecting);
	*connecting = NULL;
	*ret_ldap = NULL;
	if (attempt->result == 0 && ldap_adopt(&attempt->conn, ret_ldap) != 0)
		(void)snprintf(attempt->conn.cause, LDAP_CAUSE_MAX, "out of memory");
	(void)snprintf(ret_cause, LDAP_CAUSE_MAX, "%s", attempt->conn.cause);
	attempt_drop(attempt);
	return 1;
}

void cs_connecting_abandon(struct cs_connecting **connecting)
{
	if (*connecting == NULL)
		return;
	cs_connecting_cut(*connecting);
	cs_errand_abandon(&(*connecting)->errand);
	free(*connecting);
	*connecting = NULL;
}
