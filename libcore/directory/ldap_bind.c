/* SPDX-License-Identifier: Apache-2.0 */
/* TLS and bind: every option said on the handle, so that nothing that libldap reads can weaken it. */
#include "ldap_internal.h"
#include "mem.h"

#include <string.h>

/* libldap is silent about the reason. It takes "localhost" for the name of this host, whatever the certificate says. */
#define TLS_HINT " (is the certificate for this host name, and signed by ca_file?)"

/* Set on the handle, so that no file and no variable that libldap reads can weaken them (A082). */
int conn_set_tls(struct conn *conn)
{
	const struct int_option options[] = {
		{ LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND, "certificate check" },
		{ LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, "TLS version" },
		{ LDAP_OPT_X_TLS_NEWCTX, 0, "TLS context" },
	};
	if (!conn->tls)
		return 0;
	if (ldap_set_option(conn->ld, LDAP_OPT_X_TLS_CACERTFILE, conn->settings->ca_file) != LDAP_OPT_SUCCESS)
		return conn_blame(conn, "ca_file", LDAP_PARAM_ERROR);
	if (ldap_set_option(conn->ld, LDAP_OPT_X_TLS_CACERTDIR, NULL) != LDAP_OPT_SUCCESS)
		return conn_blame(conn, "certificate folder", LDAP_PARAM_ERROR);
	int r = conn_set_ints(conn, options, CS_COUNT(options) - 1);
	if (r != 0)
		return r;
	/* The last of them reads ca_file. */
	if (ldap_set_option(conn->ld, LDAP_OPT_X_TLS_NEWCTX, &options[CS_COUNT(options) - 1].value) != LDAP_OPT_SUCCESS)
		return conn_blame(conn, "ca_file cannot be used", LDAP_PARAM_ERROR);
	return 0;
}

/* The library's own minimum depends on what it was built with; what was negotiated does not. */
int conn_check_tls(struct conn *conn)
{
	static const char *const good[] = { "TLS1.2", "TLS1.3", "TLSv1.2", "TLSv1.3" };
	if (!conn->tls)
		return 0;
	if (ldap_tls_inplace(conn->ld) != 1)
		return conn_blame(conn, "TLS is not in place", LDAP_CONNECT_ERROR);
	char *version = NULL;
	bool known = false;
	if (ldap_get_option(conn->ld, LDAP_OPT_X_TLS_VERSION, &version) == LDAP_OPT_SUCCESS && version != NULL)
		for (size_t i = 0; i < CS_COUNT(good); i++)
			known = known || strcmp(version, good[i]) == 0;
	ldap_memfree(version);
	if (known)
		return 0;
	return conn_blame(conn, "TLS version is too old", LDAP_CONNECT_ERROR);
}

int conn_start_tls(struct conn *conn)
{
	if (!conn->starttls)
		return 0;
	int code = ldap_start_tls_s(conn->ld, NULL, NULL);
	if (code == LDAP_CONNECT_ERROR)
		return conn_blame(conn, "StartTLS failed" TLS_HINT, code);
	return code == LDAP_SUCCESS ? 0 : conn_blame(conn, "StartTLS failed", code);
}

int conn_bind(struct conn *conn)
{
	struct berval password = { 0 };
	char *copy = NULL;
	const char *mechanism = LDAP_SASL_SIMPLE;
	const char *dn = conn->settings->bind_dn;
	if (conn->settings->bind == CS_BIND_EXTERNAL) {
		mechanism = "EXTERNAL";
		dn = NULL;
	} else if (conn->secret == NULL || *conn->secret == '\0' || dn == NULL || *dn == '\0') {
		return conn_blame(conn, "no password to bind with", LDAP_INVALID_CREDENTIALS);
	}
	copy = cs_dup(dn != NULL ? conn->secret : "");
	if (copy == NULL)
		return conn_blame(conn, "bind", LDAP_NO_MEMORY);
	password.bv_val = copy;
	password.bv_len = strlen(copy);
	int code = ldap_sasl_bind_s(conn->ld, dn, mechanism, &password, NULL, NULL, NULL);
	cs_free_secret(&copy);
	if (code == LDAP_SERVER_DOWN && conn->tls)
		return conn_blame(conn, "no connection, or TLS failed" TLS_HINT, code);
	return code == LDAP_SUCCESS ? 0 : conn_blame(conn, "bind failed", code);
}
