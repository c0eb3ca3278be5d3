/* SPDX-License-Identifier: Apache-2.0 */
/* TLS and bind: every option said on the handle, so that nothing that libldap reads can weaken it. */
#include "clock.h"
#include "ldap_internal.h"
#include "mem.h"

#include <string.h>

enum { SSF_LEAST = 56 };

/* libldap is silent about the reason. It takes "localhost" for the name of this host, whatever the certificate says. */
#define TLS_HINT " (is the certificate for this host name, and signed by ca_file?)"

static int set_certificate(struct conn *conn)
{
	const struct cs_credentials *own = conn->credentials;
	if (!conn->settings->certificate)
		return 0;
	if (ldap_set_option(conn->ld, LDAP_OPT_X_TLS_CERTFILE, own->certificate) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(conn->ld, LDAP_OPT_X_TLS_KEYFILE, own->key) != LDAP_OPT_SUCCESS)
		return conn_blame(conn, "tls_certificate", LDAP_PARAM_ERROR);
	return 0;
}

/* Set on the handle, so that no file and no variable that libldap reads can weaken them (A082). */
int conn_set_tls(struct conn *conn)
{
	const struct int_option options[] = {
		{LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND, "certificate check"},
		{LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, "TLS version"},
		{LDAP_OPT_X_TLS_NEWCTX, 0, "TLS context"},
	};
	if (!conn->tls)
		return 0;
	if (ldap_set_option(conn->ld, LDAP_OPT_X_TLS_CACERTFILE, conn->settings->ca_file) != LDAP_OPT_SUCCESS)
		return conn_blame(conn, "ca_file", LDAP_PARAM_ERROR);
	if (ldap_set_option(conn->ld, LDAP_OPT_X_TLS_CACERTDIR, NULL) != LDAP_OPT_SUCCESS)
		return conn_blame(conn, "certificate folder", LDAP_PARAM_ERROR);
	int r = conn_set_ints(conn, options, CS_COUNT(options) - 1);
	if (r == 0)
		r = set_certificate(conn);
	if (r != 0)
		return r;
	/* The last of them reads the files. */
	if (ldap_set_option(conn->ld, LDAP_OPT_X_TLS_NEWCTX, &options[CS_COUNT(options) - 1].value) != LDAP_OPT_SUCCESS)
		return conn_blame(conn,
				  conn->settings->certificate
					  ? "ca_file, or tls_certificate with tls_key, cannot be used"
					  : "ca_file cannot be used",
				  LDAP_PARAM_ERROR);
	return 0;
}

/* The library's own minimum depends on what it was built with; what was negotiated does not. */
int conn_check_tls(struct conn *conn)
{
	static const char *const good[] = {"TLS1.2", "TLS1.3", "TLSv1.2", "TLSv1.3"};
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

int conn_reach(struct conn *conn)
{
	bool starttls = conn->starttls;
	int code = starttls ? ldap_start_tls_s(conn->ld, NULL, NULL) : ldap_connect(conn->ld);
	if (code == LDAP_SUCCESS)
		return 0;
	if (starttls)
		return conn_blame(conn, code == LDAP_CONNECT_ERROR ? "StartTLS failed" TLS_HINT : "StartTLS failed",
				  code);
	return conn_blame(conn, conn->tls ? "no connection, or TLS failed" TLS_HINT : "no connection", code);
}

/* --- Bind --- */

static int bind_result(struct conn *conn, int code)
{
	/* TLS 1.3 tells a client that its certificate is refused only by now. */
	if (code == LDAP_SERVER_DOWN && conn->settings->certificate)
		return conn_blame(conn, "bind failed (does the server take tls_certificate?)", code);
	return code == LDAP_SUCCESS ? 0 : conn_blame(conn, "bind failed", code);
}

static int bind_simple(struct conn *conn)
{
	const char *dn = conn->settings->bind_dn, *password = conn->credentials->password;
	if (password == NULL || *password == '\0' || dn == NULL || *dn == '\0')
		return conn_blame(conn, "no password to bind with", LDAP_INVALID_CREDENTIALS);
	struct berval value = {strlen(password), (char *)(uintptr_t)password};
	return bind_result(conn, ldap_sasl_bind_s(conn->ld, dn, LDAP_SASL_SIMPLE, &value, NULL, NULL, NULL));
}

/* The server knows us by what is there already: the socket's credentials or our certificate. */
static int bind_external(struct conn *conn)
{
	struct berval nobody = {0, (char[]){""}};
	return bind_result(conn, ldap_sasl_bind_s(conn->ld, NULL, "EXTERNAL", &nobody, NULL, NULL, NULL));
}

/* Nobody is there to be asked, and Kerberos needs no answer. */
static int answer_nothing(LDAP *ld, unsigned flags, void *defaults, void *questions)
{
	(void)ld;
	(void)flags;
	(void)defaults;
	(void)questions;
	return LDAP_SUCCESS;
}

static int has_gssapi(struct conn *conn)
{
	char **mechanisms = NULL; /* the library's own */
	if (ldap_get_option(conn->ld, LDAP_OPT_X_SASL_MECHLIST, &mechanisms) != LDAP_OPT_SUCCESS || mechanisms == NULL)
		return 0;
	for (size_t i = 0; mechanisms[i] != NULL; i++)
		if (strcmp(mechanisms[i], "GSSAPI") == 0)
			return 1;
	return 0;
}

static int set_gssapi(struct conn *conn)
{
	/* Inside TLS a second layer brings nothing, and some servers refuse it. */
	const char *wanted = conn->tls ? "noanonymous,noplain,maxssf=0" : "noanonymous,noplain,minssf=56";
	int endpoint = LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT;
	if (ldap_set_option(conn->ld, LDAP_OPT_X_SASL_SECPROPS, wanted) != LDAP_OPT_SUCCESS)
		return conn_blame(conn, "SASL", LDAP_PARAM_ERROR);
	if (conn->tls && ldap_set_option(conn->ld, LDAP_OPT_X_SASL_CBINDING, &endpoint) != LDAP_OPT_SUCCESS)
		return conn_blame(conn, "channel binding", LDAP_PARAM_ERROR);
	return 0;
}

/* One round trip: what the server answered to the message, for the next step. */
static int next_step(struct conn *conn, int msgid, LDAPMessage **message)
{
	uint64_t now = cs_boot_ms(), left = conn->until_ms > now ? conn->until_ms - now : 0;
	struct timeval tv = {.tv_sec = (time_t)(left / 1000), .tv_usec = (suseconds_t)(left % 1000 * 1000)};
	ldap_msgfree(*message);
	*message = NULL;
	int r = ldap_result(conn->ld, msgid, LDAP_MSG_ALL, &tv, message);
	if (r > 0)
		return LDAP_SASL_BIND_IN_PROGRESS;
	int code = LDAP_SERVER_DOWN;
	if (r == 0)
		return LDAP_TIMEOUT;
	(void)ldap_get_option(conn->ld, LDAP_OPT_RESULT_CODE, &code);
	return code != LDAP_SUCCESS ? code : LDAP_SERVER_DOWN;
}

/* Kerberos without TLS: what follows has to be encrypted by it. */
static int check_layer(struct conn *conn)
{
	ber_len_t ssf = 0;
	if (conn->tls)
		return 0;
	if (ldap_get_option(conn->ld, LDAP_OPT_X_SASL_SSF, &ssf) == LDAP_OPT_SUCCESS && ssf >= SSF_LEAST)
		return 0;
	return conn_blame(conn, "Kerberos did not bring encryption", LDAP_CONFIDENTIALITY_REQUIRED);
}

static int bind_gssapi(struct conn *conn)
{
	const char *mechanism = NULL;
	LDAPMessage *message = NULL;
	int msgid = -1, code = LDAP_SASL_BIND_IN_PROGRESS;
	if (!has_gssapi(conn))
		return conn_blame(conn,
				  "bind failed, Kerberos for SASL is not installed (Debian: "
				  "libsasl2-modules-gssapi-mit)",
				  LDAP_AUTH_UNKNOWN);
	int r = set_gssapi(conn);
	while (r == 0 && code == LDAP_SASL_BIND_IN_PROGRESS) {
		code = ldap_sasl_interactive_bind(conn->ld, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET, answer_nothing,
						  NULL, message, &mechanism, &msgid);
		if (code == LDAP_SASL_BIND_IN_PROGRESS)
			code = next_step(conn, msgid, &message);
	}
	ldap_msgfree(message);
	if (r == 0)
		r = bind_result(conn, code);
	return r != 0 ? r : check_layer(conn);
}

int conn_bind(struct conn *conn)
{
	static int (*const binds[])(struct conn *) = {
		[CS_BIND_SIMPLE] = bind_simple, [CS_BIND_EXTERNAL] = bind_external, [CS_BIND_GSSAPI] = bind_gssapi};
	size_t bind = (size_t)conn->settings->bind;
	if (bind >= CS_COUNT(binds) || binds[bind] == NULL)
		return conn_blame(conn, "no way to bind", LDAP_INVALID_CREDENTIALS);
	return binds[bind](conn);
}
