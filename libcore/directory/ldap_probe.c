/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a server: the connection, by the worker's own stages, and who we are to it. */
#include "clock.h"
#include "ldap_probe.h"
#include "mem.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_us(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- Telling --- */

static void tell(const struct look *look, const struct cs_probed *probed)
{
	look->probing->tell(look->probing->arg, probed);
}

void look_begin(struct look *look, enum cs_probe_step step)
{
	const struct cs_probed begun = {.begun = true, .step = step};
	look->step = step;
	look->text[0] = '\0';
	look->begun_us = now_us();
	look->conn.until_ms = cs_boot_ms() + look->settings->deadline_ms;
	tell(look, &begun);
}

void look_add(struct look *look, const char *format, ...)
{
	size_t n = strlen(look->text);
	va_list list;
	va_start(list, format);
	(void)vsnprintf(look->text + n, sizeof(look->text) - n, format, list);
	va_end(list);
}

static void end_with(struct look *look, enum cs_probe_level level, enum cs_trouble trouble, const char *about,
		     const struct berval *certificate)
{
	char *owned = cs_dup(about);
	struct cs_probed probed = {.step = look->step,
				   .level = level,
				   .trouble = trouble,
				   .took_us = now_us() - look->begun_us,
				   .text = look->text,
				   .about = owned};
	if (certificate != NULL) {
		probed.certificate = (uint8_t *)certificate->bv_val;
		probed.n_certificate = certificate->bv_len;
	}
	tell(look, &probed);
	free(owned);
}

void look_end(struct look *look, enum cs_probe_level level, enum cs_trouble trouble, const char *about)
{
	end_with(look, level, trouble, about, NULL);
}

void look_warn(struct look *look, enum cs_trouble trouble, const char *about)
{
	char kept[LOOK_TEXT];
	memcpy(kept, look->text, sizeof(kept));
	look->text[0] = '\0';
	end_with(look, CS_PROBE_WARNING, trouble, about, NULL);
	memcpy(look->text, kept, sizeof(kept));
}

const char *look_words(struct look *look, int code)
{
	(void)conn_blame(&look->conn, "", code);
	const char *words = look->conn.cause;
	return strncmp(words, ": ", 2) == 0 ? words + 2 : words;
}

/* --- Address --- */

static bool connect_within(struct look *look, int fd, const struct sockaddr *address, socklen_t n)
{
	int error = 0;
	socklen_t size = sizeof(error);
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	uint64_t now = cs_boot_ms();
	if (connect(fd, address, n) == 0)
		return true;
	if (errno != EINPROGRESS)
		return false;
	int left = look->conn.until_ms > now ? (int)(look->conn.until_ms - now) : 0;
	if (poll(&ready, 1, left) != 1) {
		errno = ETIMEDOUT;
		return false;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
		return true;
	errno = error;
	return false;
}

static bool address_failed(struct look *look, const char *about)
{
	int error = errno;
	enum cs_trouble trouble = error == ECONNREFUSED ? CS_TROUBLE_REFUSED : CS_TROUBLE_SILENT;
	look_end(look, CS_PROBE_WRONG, trouble,
		 error == ECONNREFUSED || error == ETIMEDOUT ? about : strerrordesc_np(error));
	return false;
}

static bool reach_local(struct look *look, const char *coded)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char path[CS_MAX_PATH];
	LDAPURLDesc *url = NULL;
	(void)snprintf(path, sizeof(path), "%s", "/var/run/slapd/ldapi");
	if (*coded != '\0' && strcmp(coded, "/") != 0 && ldap_url_parse(look->probing->uri, &url) == LDAP_SUCCESS &&
	    url->lud_host != NULL)
		(void)snprintf(path, sizeof(path), "%s", url->lud_host);
	ldap_free_urldesc(url);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (strlen(path) < sizeof(address.sun_path))
		memcpy(address.sun_path, path, strlen(path));
	bool ok = fd >= 0 && connect_within(look, fd, (const struct sockaddr *)&address, sizeof(address));
	if (fd >= 0)
		(void)close(fd);
	look_add(look, "%s", path);
	if (!ok)
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_SOCKET, path);
	else
		look_end(look, CS_PROBE_GOOD, CS_TROUBLE_NONE, NULL);
	return ok;
}

/* One of the addresses of a name. */
static bool reach_one(struct look *look, const struct addrinfo *address)
{
	char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof(host), port, sizeof(port),
			  NI_NUMERICHOST | NI_NUMERICSERV);
	bool ok = fd >= 0 && connect_within(look, fd, address->ai_addr, address->ai_addrlen);
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	look_add(look, "%s%s:%s%s", *look->text != '\0' ? ", " : "", host, port, ok ? "" : " does not answer");
	errno = error;
	return ok;
}

static bool reach_host(struct look *look)
{
	struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	LDAPURLDesc *url = NULL;
	char port[8], at[NI_MAXHOST + 8];
	if (ldap_url_parse(look->probing->uri, &url) != LDAP_SUCCESS || url->lud_host == NULL) {
		ldap_free_urldesc(url);
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_NAME, look->probing->uri);
		return false;
	}
	bool ldaps = strcmp(url->lud_scheme, "ldaps") == 0;
	(void)snprintf(port, sizeof(port), "%d", url->lud_port != 0 ? url->lud_port : ldaps ? 636 : 389);
	(void)snprintf(at, sizeof(at), "%s:%s", url->lud_host, port);
	int e = getaddrinfo(url->lud_host, port, &wanted, &found);
	bool ok = false;
	for (const struct addrinfo *a = found; e == 0 && a != NULL && !ok; a = a->ai_next)
		ok = reach_one(look, a);
	if (e != 0)
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_NAME, url->lud_host);
	else if (!ok)
		(void)address_failed(look, at);
	else
		look_end(look, CS_PROBE_GOOD, CS_TROUBLE_NONE, NULL);
	if (found != NULL)
		freeaddrinfo(found);
	ldap_free_urldesc(url);
	return ok;
}

static bool look_at_address(struct look *look)
{
	const char *uri = look->probing->uri;
	look_begin(look, CS_PROBE_ADDRESS);
	return strncmp(uri, "ldapi://", 8) == 0 ? reach_local(look, uri + 8) : reach_host(look);
}

/* --- TLS --- */

/* The certificate that a server shows to whoever connects, to tell what is wrong with it. Nothing is sent. */
static void peek(struct look *look, struct berval *ret_certificate)
{
	const struct int_option options[] = {{LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3, ""},
					     {LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_NEVER, ""}};
	struct conn conn = look->conn;
	struct timeval tv = {.tv_sec = (time_t)(look->settings->deadline_ms / 1000 + 1)};
	int new_context = 0;
	conn.ld = NULL;
	if (ldap_initialize(&conn.ld, look->probing->uri) != LDAP_SUCCESS)
		return;
	if (ldap_set_option(conn.ld, LDAP_OPT_NETWORK_TIMEOUT, &tv) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(conn.ld, LDAP_OPT_TIMEOUT, &tv) == LDAP_OPT_SUCCESS &&
	    conn_set_ints(&conn, options, CS_COUNT(options)) == 0 &&
	    ldap_set_option(conn.ld, LDAP_OPT_X_TLS_NEWCTX, &new_context) == LDAP_OPT_SUCCESS &&
	    conn_reach(&conn) == 0 &&
	    ldap_get_option(conn.ld, LDAP_OPT_X_TLS_PEERCERT, ret_certificate) != LDAP_OPT_SUCCESS)
		*ret_certificate = (struct berval){0};
	(void)ldap_unbind_ext(conn.ld, NULL, NULL);
}

static void tls_failed(struct look *look)
{
	struct berval certificate = {0};
	int code = LDAP_SUCCESS;
	if (cs_boot_ms() >= look->conn.until_ms) {
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_SILENT, look->conn.cause);
		return;
	}
	if (look->conn.ld != NULL)
		(void)ldap_get_option(look->conn.ld, LDAP_OPT_RESULT_CODE, &code);
	if (code == LDAP_PROTOCOL_ERROR || code == LDAP_UNAVAILABLE || code == LDAP_UNWILLING_TO_PERFORM) {
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_STARTTLS, look->conn.cause);
		return;
	}
	peek(look, &certificate);
	if (certificate.bv_val != NULL)
		end_with(look, CS_PROBE_WRONG, CS_TROUBLE_CERTIFICATE, look->conn.cause, &certificate);
	else
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_TLS, look->conn.cause);
	ldap_memfree(certificate.bv_val);
}

static void tls_succeeded(struct look *look)
{
	struct berval certificate = {0};
	char *version = NULL;
	if (ldap_get_option(look->conn.ld, LDAP_OPT_X_TLS_VERSION, &version) == LDAP_OPT_SUCCESS && version != NULL)
		look_add(look, "%s", version);
	if (ldap_get_option(look->conn.ld, LDAP_OPT_X_TLS_PEERCERT, &certificate) != LDAP_OPT_SUCCESS)
		certificate = (struct berval){0};
	end_with(look, CS_PROBE_GOOD, CS_TROUBLE_NONE, NULL, certificate.bv_val != NULL ? &certificate : NULL);
	ldap_memfree(certificate.bv_val);
	ldap_memfree(version);
}

static bool look_at_tls(struct look *look)
{
	bool local = strncmp(look->probing->uri, "ldapi://", 8) == 0;
	look_begin(look, CS_PROBE_TLS);
	if (conn_stage(&look->conn, CONN_PREPARE) != 0) {
		look_end(look, CS_PROBE_WRONG, CS_TROUBLE_OWN_FILES, look->conn.cause);
		return false;
	}
	if (conn_stage(&look->conn, CONN_REACH) != 0) {
		if (look->conn.tls)
			tls_failed(look);
		else
			look_end(look, CS_PROBE_WRONG, CS_TROUBLE_SILENT, look->conn.cause);
		return false;
	}
	if (look->conn.tls) {
		tls_succeeded(look);
		return true;
	}
	look_add(look, local                                    ? "none, a socket of this host"
		       : look->settings->bind == CS_BIND_GSSAPI ? "none, Kerberos encrypts"
								: "none");
	if (local || look->settings->bind == CS_BIND_GSSAPI)
		look_end(look, CS_PROBE_GOOD, CS_TROUBLE_NONE, NULL);
	else
		look_end(look, CS_PROBE_WARNING, CS_TROUBLE_PLAIN, NULL);
	return true;
}

/* --- Bind --- */

static void bind_failed(struct look *look)
{
	static const struct {
		int code;
		enum cs_bind bind; /* NONE: any */
		enum cs_trouble trouble;
	} causes[] = {
		{LDAP_INVALID_CREDENTIALS, CS_BIND_SIMPLE, CS_TROUBLE_PASSWORD},
		{LDAP_CONFIDENTIALITY_REQUIRED, CS_BIND_NONE, CS_TROUBLE_STRONGER},
		{LDAP_STRONG_AUTH_REQUIRED, CS_BIND_NONE, CS_TROUBLE_STRONGER},
		{LDAP_LOCAL_ERROR, CS_BIND_GSSAPI, CS_TROUBLE_KERBEROS},
		{LDAP_TIMEOUT, CS_BIND_NONE, CS_TROUBLE_SILENT},
	};
	enum cs_trouble trouble = CS_TROUBLE_BIND;
	int code = LDAP_OTHER;
	(void)ldap_get_option(look->conn.ld, LDAP_OPT_RESULT_CODE, &code);
	for (size_t i = 0; i < CS_COUNT(causes) && trouble == CS_TROUBLE_BIND; i++)
		if (causes[i].code == code &&
		    (causes[i].bind == CS_BIND_NONE || causes[i].bind == look->settings->bind))
			trouble = causes[i].trouble;
	if (look->settings->bind == CS_BIND_GSSAPI && strstr(look->conn.cause, "not installed") != NULL)
		trouble = CS_TROUBLE_NO_GSSAPI;
	look_end(look, CS_PROBE_WRONG, trouble, look->conn.cause);
}

/* "dn:cn=…" as text; NULL: the server does not say. */
static char *who_am_i(struct look *look)
{
	struct berval *authzid = NULL;
	char *text = NULL;
	if (ldap_whoami_s(look->conn.ld, &authzid, NULL, NULL) == LDAP_SUCCESS)
		text = authzid != NULL && authzid->bv_val != NULL ? strndup(authzid->bv_val, authzid->bv_len)
								  : cs_dup("");
	ber_bvfree(authzid);
	return text;
}

static bool look_at_bind(struct look *look)
{
	static const char *const ways[] = {
		[CS_BIND_SIMPLE] = "simple", [CS_BIND_EXTERNAL] = "SASL EXTERNAL", [CS_BIND_GSSAPI] = "SASL GSSAPI"};
	look_begin(look, CS_PROBE_BIND);
	if (conn_stage(&look->conn, CONN_BIND) != 0) {
		bind_failed(look);
		return false;
	}
	char *who = who_am_i(look);
	const char *dn = who != NULL && strncmp(who, "dn:", 3) == 0 ? who + 3 : who;
	bool simple = look->settings->bind == CS_BIND_SIMPLE, nobody = dn != NULL && *dn == '\0';
	bool other = simple && dn != NULL && !cs_dn_same(dn, look->settings->bind_dn);
	look_add(look, "%s, %s",
		 dn == NULL ? "the server does not say who we are"
		 : nobody   ? "nobody"
			    : dn,
		 ways[look->settings->bind]);
	look_end(look, nobody || other ? CS_PROBE_WRONG : CS_PROBE_GOOD,
		 nobody  ? CS_TROUBLE_ANONYMOUS
		 : other ? CS_TROUBLE_IDENTITY
			 : CS_TROUBLE_NONE,
		 dn);
	free(who);
	return !nobody && !other;
}

/* --- All of it --- */

int look_search(struct look *look, const char *base, bool below, const char *filter, const char *const *attributes,
		int limit, LDAPMessage **ret_result)
{
	struct timeval tv = {.tv_sec = (time_t)(look->settings->deadline_ms / 1000),
			     .tv_usec = (suseconds_t)(look->settings->deadline_ms % 1000 * 1000)};
	LDAPMessage *result = NULL;
	char **wanted = (char **)(uintptr_t)attributes; /* only read */
	int code = ldap_search_ext_s(look->conn.ld, base, below ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE, filter, wanted,
				     0, NULL, NULL, &tv, limit, &result);
	if (code != LDAP_SUCCESS && code != LDAP_SIZELIMIT_EXCEEDED) {
		ldap_msgfree(result);
		result = NULL;
	}
	*ret_result = result;
	return code;
}

void cs_probing_run(const struct cs_probing *probing)
{
	struct look look = {.probing = probing, .settings = probing->settings};
	look.conn = (struct conn){.settings = probing->settings, .credentials = probing->credentials};
	(void)snprintf(look.conn.uri, sizeof(look.conn.uri), "%s", probing->uri);
	bool ok = look_at_address(&look) && look_at_tls(&look) && look_at_bind(&look) && look_at_server(&look) &&
		  look_at_people(&look);
	if (ok) {
		look_at_accounts(&look);
		look_at_groups(&look);
		look_at_schema(&look);
	}
	for (size_t i = 0; i < look.n_contexts; i++)
		free(look.contexts[i]);
	free(look.subschema);
	ldap_msgfree(look.definitions);
	if (look.conn.ld != NULL)
		(void)ldap_unbind_ext(look.conn.ld, NULL, NULL);
}
