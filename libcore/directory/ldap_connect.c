/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to an LDAP server: every option of libldap said explicitly. */
#include "clock.h"
#include "ldap_internal.h"
#include "mem.h"
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	INCOMING_MAX = 4 * 1024 * 1024, /* bytes of one message from the server */
	CONNECT_LEAST_MS = 50
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
	return 0;
}

int cs_ldap_connect(struct cs_ldap *ldap, uint64_t limit_ms)
{
	if (ldap->conn.ld != NULL)
		return 0;
	ldap->conn.until_ms = cs_boot_ms() + limit_ms;
	int r = conn_open(&ldap->conn);
	if (r != 0) {
		conn_disconnect(ldap);
		ldap->state(ldap->state_arg, false, ldap->conn.cause);
		return r;
	}
	limit_incoming(&ldap->conn);
	ldap->heard_ms = cs_boot_ms();
	ldap->state(ldap->state_arg, true, "");
	return 0;
}
