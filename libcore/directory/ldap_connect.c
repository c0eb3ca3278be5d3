/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to an LDAP server: every option of libldap said explicitly. */
#include "clock.h"
#include "ldap_internal.h"
#include "mem.h"
#include "model.h"

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

int conn_open(struct conn *conn)
{
	static int (*const steps[])(struct conn *) = { set_plain_options, conn_set_tls, conn_start_tls, conn_bind,
		conn_check_tls };
	bool local = strncmp(conn->uri, "ldapi://", 8) == 0;
	conn->tls = conn->settings->tls && !local;
	conn->starttls = conn->settings->starttls && !local;
	int code = ldap_initialize(&conn->ld, conn->uri);
	if (code != LDAP_SUCCESS)
		return conn_blame(conn, "uri", code);
	limit_incoming(conn);
	for (size_t i = 0; i < CS_COUNT(steps); i++) {
		int r = set_time(conn);
		if (r == 0)
			r = steps[i](conn);
		if (r != 0)
			return r;
	}
	limit_incoming(conn); /* once more: each layer that TLS put in has its own */
	return 0;
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
	bool probe;
	int result;
};

struct cs_connecting {
	struct cs_errand *errand;
	struct attempt *attempt; /* the thread's until the errand is taken back */
};

/* A server that takes binds and then says nothing is not one that answers. What it says does not matter. */
static int conn_probe(struct conn *conn)
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
	if (attempt->result == 0 && attempt->probe)
		attempt->result = conn_probe(&attempt->conn);
	if (attempt->result != 0)
		conn_close(&attempt->conn);
}

static void attempt_drop(void *arg)
{
	struct attempt *attempt = arg;
	conn_close(&attempt->conn);
	free(attempt);
}

int cs_connecting_start(const struct cs_settings *settings, const char *secret, const char *uri, uint64_t until_ms,
	bool probe, struct cs_connecting **ret_connecting)
{
	static const struct cs_errand_calls calls = { attempt_run, attempt_drop };
	struct cs_connecting *connecting = calloc(1, sizeof(*connecting));
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	int r = connecting != NULL && attempt != NULL ? 0 : CS_ENOMEM;
	if (r == 0) {
		attempt->conn = (struct conn){ .settings = settings, .secret = secret, .until_ms = until_ms };
		(void)snprintf(attempt->conn.uri, sizeof(attempt->conn.uri), "%s", uri);
		attempt->probe = probe;
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
	cs_errand_abandon(&(*connecting)->errand);
	free(*connecting);
	*connecting = NULL;
}
