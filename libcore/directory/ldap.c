/* SPDX-License-Identifier: Apache-2.0 */
/* The LDAP connection: every option of libldap said explicitly, searches matched to their results by message id. */
#include "clock.h"
#include "mem.h"
#include "model.h"
#include "ldap_search.h"

#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	IN_FLIGHT_MAX = 6, /* slapd defers what is more than half of its 16 threads, and logs that */
	INCOMING_MAX = 4 * 1024 * 1024, /* bytes of one message from the server */
	CONNECT_LEAST_MS = 50,
	CAUSE_MAX = 400
};

/* libldap is silent about the reason. It takes "localhost" for the name of this host, whatever the certificate says. */
#define TLS_HINT " (is the certificate for this host name, and signed by ca_file?)"

struct search {
	struct search *next;
	int msgid;
	char *base;
	char *filter;
	char **attributes; /* ends with NULL */
	size_t n_attributes;
	bool below;
	unsigned limit;
	unsigned seen;
	uint64_t deadline_ms;
	const void *owner;
	struct cs_search_calls calls;
	void *arg;
	bool spoiled; /* the result cannot be used, although the server may call it a success */
	const char *spoiled_by;
};

struct list {
	struct search *first, *last;
};

struct cs_ldap {
	const struct cs_settings *settings;
	const char *secret;
	cs_ldap_state_fn state;
	void *state_arg;
	LDAP *ld;
	struct list waiting;
	struct list flying;
	size_t n_flying;
	uint64_t heard_ms;
	bool lost; /* end it after the results at hand */
	char cause[CAUSE_MAX];
};

struct cs_entry {
	LDAP *ld;
	LDAPMessage *message;
};

/* --- Lists of searches --- */

static void list_add(struct list *list, struct search *search)
{
	search->next = NULL;
	if (list->last != NULL)
		list->last->next = search;
	else
		list->first = search;
	list->last = search;
}

static void list_remove(struct list *list, struct search *search)
{
	struct search *before = NULL;
	for (struct search *s = list->first; s != NULL; before = s, s = s->next) {
		if (s != search)
			continue;
		if (before != NULL)
			before->next = s->next;
		else
			list->first = s->next;
		if (list->last == s)
			list->last = before;
		return;
	}
}

static void search_free(struct search *search)
{
	free(search->base);
	free(search->filter);
	cs_free_strv(&search->attributes, &search->n_attributes);
	free(search);
}

static void search_end(struct search *search, enum cs_ended ended, const char *cause)
{
	search->calls.end(search->arg, ended, ended == CS_ENDED_DOUBT ? cause : "");
	search_free(search);
}

static void list_end(struct list *list, enum cs_ended ended, const char *cause)
{
	struct search *search = list->first;
	*list = (struct list){ 0 };
	while (search != NULL) {
		struct search *next = search->next;
		search_end(search, ended, cause);
		search = next;
	}
}

/* --- Life --- */

int cs_ldap_new(const struct cs_settings *settings, const char *secret, cs_ldap_state_fn state, void *arg,
	struct cs_ldap **ret_ldap)
{
	struct cs_ldap *ldap = calloc(1, sizeof(*ldap));
	if (ldap == NULL)
		return CS_ENOMEM;
	ldap->settings = settings;
	ldap->secret = secret;
	ldap->state = state;
	ldap->state_arg = arg;
	*ret_ldap = ldap;
	return 0;
}

static void disconnect(struct cs_ldap *ldap)
{
	int fd = cs_ldap_fd(ldap);
	/* The unbind that libldap sends could wait for a server that reads nothing. */
	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR);
	if (ldap->ld != NULL)
		(void)ldap_unbind_ext(ldap->ld, NULL, NULL);
	ldap->ld = NULL;
	ldap->n_flying = 0;
	ldap->lost = false;
}

void cs_ldap_free(struct cs_ldap **ldap)
{
	if (*ldap == NULL)
		return;
	disconnect(*ldap);
	list_end(&(*ldap)->flying, CS_ENDED_CANCELLED, "");
	list_end(&(*ldap)->waiting, CS_ENDED_CANCELLED, "");
	free(*ldap);
	*ldap = NULL;
}

void cs_ldap_drop(struct cs_ldap *ldap, const char *cause)
{
	char kept[CAUSE_MAX];
	(void)snprintf(kept, sizeof(kept), "%s", cause);
	disconnect(ldap);
	ldap->state(ldap->state_arg, false, kept);
	list_end(&ldap->flying, CS_ENDED_DOUBT, kept);
	list_end(&ldap->waiting, CS_ENDED_DOUBT, kept);
}

int cs_ldap_fd(const struct cs_ldap *ldap)
{
	int fd = -1;
	if (ldap->ld == NULL || ldap_get_option(ldap->ld, LDAP_OPT_DESC, &fd) != LDAP_OPT_SUCCESS)
		return -1;
	return fd;
}

uint64_t cs_ldap_heard_ms(const struct cs_ldap *ldap)
{
	return ldap->heard_ms;
}

/* --- Connecting --- */

static int blame(struct cs_ldap *ldap, const char *what, int code)
{
	char *detail = NULL;
	if (ldap->ld != NULL)
		(void)ldap_get_option(ldap->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
	bool more = detail != NULL && *detail != '\0';
	(void)snprintf(ldap->cause, sizeof(ldap->cause), "%s: %s%s%.200s%s", what, ldap_err2string(code),
		       more ? " (" : "", more ? detail : "", more ? ")" : "");
	ldap_memfree(detail);
	return CS_EUNAVAIL;
}

struct int_option {
	int option;
	int value;
	const char *name;
};

static int set_ints(struct cs_ldap *ldap, const struct int_option *options, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ldap_set_option(ldap->ld, options[i].option, &options[i].value) != LDAP_OPT_SUCCESS)
			return blame(ldap, options[i].name, LDAP_PARAM_ERROR);
	return 0;
}

static int set_time(struct cs_ldap *ldap, uint64_t until_ms)
{
	uint64_t now = cs_boot_ms();
	uint64_t left = until_ms > now + CONNECT_LEAST_MS ? until_ms - now : CONNECT_LEAST_MS;
	struct timeval tv = { .tv_sec = (time_t)(left / 1000), .tv_usec = (suseconds_t)(left % 1000 * 1000) };
	if (ldap_set_option(ldap->ld, LDAP_OPT_NETWORK_TIMEOUT, &tv) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(ldap->ld, LDAP_OPT_TIMEOUT, &tv) != LDAP_OPT_SUCCESS)
		return blame(ldap, "timeouts", LDAP_PARAM_ERROR);
	return 0;
}

static int set_plain_options(struct cs_ldap *ldap)
{
	const struct int_option options[] = {
		{ LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3, "protocol version" },
		{ LDAP_OPT_DEREF, LDAP_DEREF_NEVER, "aliases" },
		{ LDAP_OPT_SIZELIMIT, CS_MAX_MEMBERSHIPS, "size limit" },
		{ LDAP_OPT_TIMELIMIT, (int)(ldap->settings->deadline_ms / 1000 + 1), "time limit" },
		{ LDAP_OPT_X_SASL_NOCANON, 1, "host names" },
		{ LDAP_OPT_X_KEEPALIVE_IDLE, 30, "keepalive" },
		{ LDAP_OPT_X_KEEPALIVE_PROBES, 3, "keepalive" },
		{ LDAP_OPT_X_KEEPALIVE_INTERVAL, 10, "keepalive" },
	};
	if (ldap_set_option(ldap->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(ldap->ld, LDAP_OPT_RESTART, LDAP_OPT_OFF) != LDAP_OPT_SUCCESS ||
	    ldap_set_option(ldap->ld, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_OFF) != LDAP_OPT_SUCCESS)
		return blame(ldap, "referrals", LDAP_PARAM_ERROR);
	return set_ints(ldap, options, CS_COUNT(options));
}

/* Set on the handle, so that no file and no variable that libldap reads can weaken them (A082). */
static int set_tls_options(struct cs_ldap *ldap)
{
	const struct int_option options[] = {
		{ LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND, "certificate check" },
		{ LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, "TLS version" },
		{ LDAP_OPT_X_TLS_NEWCTX, 0, "TLS context" },
	};
	if (!ldap->settings->tls)
		return 0;
	if (ldap_set_option(ldap->ld, LDAP_OPT_X_TLS_CACERTFILE, ldap->settings->ca_file) != LDAP_OPT_SUCCESS)
		return blame(ldap, "ca_file", LDAP_PARAM_ERROR);
	if (ldap_set_option(ldap->ld, LDAP_OPT_X_TLS_CACERTDIR, NULL) != LDAP_OPT_SUCCESS)
		return blame(ldap, "certificate folder", LDAP_PARAM_ERROR);
	int r = set_ints(ldap, options, CS_COUNT(options) - 1);
	if (r != 0)
		return r;
	/* The last of them reads ca_file. */
	if (ldap_set_option(ldap->ld, LDAP_OPT_X_TLS_NEWCTX, &options[CS_COUNT(options) - 1].value) != LDAP_OPT_SUCCESS)
		return blame(ldap, "ca_file cannot be used", LDAP_PARAM_ERROR);
	return 0;
}

/* The library's own minimum depends on what it was built with; what was negotiated does not. */
static int check_tls(struct cs_ldap *ldap)
{
	static const char *const good[] = { "TLS1.2", "TLS1.3", "TLSv1.2", "TLSv1.3" };
	if (!ldap->settings->tls)
		return 0;
	if (ldap_tls_inplace(ldap->ld) != 1)
		return blame(ldap, "TLS is not in place", LDAP_CONNECT_ERROR);
	const char *version = NULL;
	if (ldap_get_option(ldap->ld, LDAP_OPT_X_TLS_VERSION, &version) == LDAP_OPT_SUCCESS && version != NULL)
		for (size_t i = 0; i < CS_COUNT(good); i++)
			if (strcmp(version, good[i]) == 0)
				return 0;
	return blame(ldap, "TLS version is too old", LDAP_CONNECT_ERROR);
}

static void limit_incoming(struct cs_ldap *ldap)
{
	Sockbuf *sb = NULL;
	ber_len_t most = INCOMING_MAX;
	if (ldap_get_option(ldap->ld, LDAP_OPT_SOCKBUF, &sb) == LDAP_OPT_SUCCESS && sb != NULL)
		(void)ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most);
}

static int start_tls(struct cs_ldap *ldap)
{
	if (!ldap->settings->starttls)
		return 0;
	int code = ldap_start_tls_s(ldap->ld, NULL, NULL);
	if (code == LDAP_CONNECT_ERROR)
		return blame(ldap, "StartTLS failed" TLS_HINT, code);
	return code == LDAP_SUCCESS ? 0 : blame(ldap, "StartTLS failed", code);
}

static int bind_self(struct cs_ldap *ldap)
{
	struct berval password = { 0 };
	char *copy = NULL;
	const char *mechanism = LDAP_SASL_SIMPLE;
	const char *dn = ldap->settings->bind_dn;
	if (ldap->settings->bind == CS_BIND_EXTERNAL) {
		mechanism = "EXTERNAL";
		dn = NULL;
	} else if (ldap->secret == NULL || *ldap->secret == '\0' || dn == NULL || *dn == '\0') {
		return blame(ldap, "no password to bind with", LDAP_INVALID_CREDENTIALS);
	}
	copy = cs_dup(dn != NULL ? ldap->secret : "");
	if (copy == NULL)
		return blame(ldap, "bind", LDAP_NO_MEMORY);
	password.bv_val = copy;
	password.bv_len = strlen(copy);
	int code = ldap_sasl_bind_s(ldap->ld, dn, mechanism, &password, NULL, NULL, NULL);
	cs_free_secret(&copy);
	if (code == LDAP_SERVER_DOWN && ldap->settings->tls)
		return blame(ldap, "no connection, or TLS failed" TLS_HINT, code);
	return code == LDAP_SUCCESS ? 0 : blame(ldap, "bind failed", code);
}

static int connect_steps(struct cs_ldap *ldap, uint64_t until_ms)
{
	static int (*const steps[])(struct cs_ldap *) = { set_plain_options, set_tls_options, start_tls, bind_self,
		check_tls };
	int code = ldap_initialize(&ldap->ld, ldap->settings->uri);
	if (code != LDAP_SUCCESS)
		return blame(ldap, "uri", code);
	limit_incoming(ldap);
	for (size_t i = 0; i < CS_COUNT(steps); i++) {
		int r = set_time(ldap, until_ms);
		if (r == 0)
			r = steps[i](ldap);
		if (r != 0)
			return r;
	}
	return 0;
}

int cs_ldap_connect(struct cs_ldap *ldap, uint64_t limit_ms)
{
	if (ldap->ld != NULL)
		return 0;
	int r = connect_steps(ldap, cs_boot_ms() + limit_ms);
	if (r != 0) {
		disconnect(ldap);
		ldap->state(ldap->state_arg, false, ldap->cause);
		return r;
	}
	limit_incoming(ldap);
	ldap->heard_ms = cs_boot_ms();
	ldap->state(ldap->state_arg, true, "");
	return 0;
}

/* --- Sending --- */

int cs_ldap_search(struct cs_ldap *ldap, const struct cs_search *search, const struct cs_search_calls *calls, void *arg)
{
	struct search *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return CS_ENOMEM;
	s->base = cs_dup(search->base);
	s->filter = cs_dup(search->filter);
	if (s->base == NULL || s->filter == NULL)
		goto fail;
	for (size_t i = 0; search->attributes[i] != NULL; i++)
		if (cs_strv_add(&s->attributes, &s->n_attributes, search->attributes[i]) != 0)
			goto fail;
	char **ended = realloc(s->attributes, (s->n_attributes + 1) * sizeof(*ended));
	if (ended == NULL)
		goto fail;
	ended[s->n_attributes] = NULL;
	s->attributes = ended;
	s->below = search->below;
	s->limit = search->limit;
	s->deadline_ms = search->deadline_ms;
	s->owner = search->owner;
	s->calls = *calls;
	s->arg = arg;
	list_add(&ldap->waiting, s);
	return 0;
fail:
	search_free(s);
	return CS_ENOMEM;
}

static int send_one(struct cs_ldap *ldap, struct search *s)
{
	uint64_t now = cs_boot_ms();
	uint64_t left = s->deadline_ms > now ? s->deadline_ms - now : 0;
	struct timeval tv = { .tv_sec = (time_t)(left / 1000 + 1) };
	int code = ldap_search_ext(ldap->ld, s->base, s->below ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE, s->filter,
		s->attributes, 0, NULL, NULL, &tv, (int)s->limit, &s->msgid);
	return code == LDAP_SUCCESS ? 0 : blame(ldap, "search could not be sent", code);
}

static void send_waiting(struct cs_ldap *ldap)
{
	if (ldap->waiting.first == NULL || ldap->n_flying >= IN_FLIGHT_MAX)
		return;
	uint64_t now = cs_boot_ms();
	uint64_t until = ldap->waiting.first->deadline_ms;
	if (cs_ldap_connect(ldap, until > now ? until - now : 0) != 0) {
		list_end(&ldap->waiting, CS_ENDED_DOUBT, ldap->cause);
		return;
	}
	while (ldap->waiting.first != NULL && ldap->n_flying < IN_FLIGHT_MAX) {
		struct search *s = ldap->waiting.first;
		if (send_one(ldap, s) != 0) {
			ldap->lost = true;
			return;
		}
		list_remove(&ldap->waiting, s);
		list_add(&ldap->flying, s);
		ldap->n_flying++;
	}
}

static void cancel_in(struct cs_ldap *ldap, struct list *list, const void *owner)
{
	struct search *next = NULL;
	for (struct search *s = list->first; s != NULL; s = next) {
		next = s->next;
		if (s->owner != owner)
			continue;
		list_remove(list, s);
		if (list == &ldap->flying) {
			ldap->n_flying--;
			(void)ldap_abandon_ext(ldap->ld, s->msgid, NULL, NULL);
		}
		search_end(s, CS_ENDED_CANCELLED, "");
	}
}

void cs_ldap_cancel(struct cs_ldap *ldap, const void *owner)
{
	cancel_in(ldap, &ldap->flying, owner);
	cancel_in(ldap, &ldap->waiting, owner);
}

/* --- Receiving --- */

static void spoil(struct search *s, const char *why)
{
	if (!s->spoiled)
		s->spoiled_by = why;
	s->spoiled = true;
}

static void take_entry(struct cs_ldap *ldap, struct search *s, LDAPMessage *message)
{
	struct cs_entry entry = { ldap->ld, message };
	s->seen++;
	if (s->seen > s->limit)
		spoil(s, "more entries than asked for");
	else if (!s->spoiled && s->calls.entry(s->arg, &entry) < 0)
		spoil(s, "an entry could not be read");
}

static void take_result(struct cs_ldap *ldap, struct search *s, LDAPMessage *message)
{
	int code = LDAP_OTHER;
	char **referrals = NULL;
	char *detail = NULL;
	int parsed = ldap_parse_result(ldap->ld, message, &code, NULL, &detail, &referrals, NULL, 0);
	enum cs_ended ended = CS_ENDED_DOUBT;
	char cause[CAUSE_MAX] = "";
	if (parsed != LDAP_SUCCESS)
		(void)snprintf(cause, sizeof(cause), "a malformed result");
	else if (referrals != NULL || code == LDAP_REFERRAL)
		(void)snprintf(cause, sizeof(cause), "a referral, which is not followed");
	else if (s->spoiled)
		(void)snprintf(cause, sizeof(cause), "%s", s->spoiled_by);
	else if (code == LDAP_SUCCESS)
		ended = CS_ENDED_WHOLE;
	else if (code == LDAP_NO_SUCH_OBJECT && s->seen == 0)
		ended = CS_ENDED_NO_BASE;
	else
		(void)snprintf(cause, sizeof(cause), "%s%s%.200s", ldap_err2string(code),
			       detail != NULL && *detail ? ": " : "", detail != NULL ? detail : "");
	ldap_memfree(detail);
	ldap_memvfree((void **)referrals);
	list_remove(&ldap->flying, s);
	ldap->n_flying--;
	search_end(s, ended, cause);
}

static struct search *search_of(struct cs_ldap *ldap, int msgid)
{
	for (struct search *s = ldap->flying.first; s != NULL; s = s->next)
		if (s->msgid == msgid)
			return s;
	return NULL;
}

static void take_message(struct cs_ldap *ldap, LDAPMessage *message)
{
	int msgid = ldap_msgid(message);
	if (msgid == LDAP_RES_UNSOLICITED) {
		(void)snprintf(ldap->cause, sizeof(ldap->cause), "the server ended the connection");
		ldap->lost = true;
		return;
	}
	struct search *s = search_of(ldap, msgid);
	if (s == NULL)
		return;
	switch (ldap_msgtype(message)) {
	case LDAP_RES_SEARCH_ENTRY:
		take_entry(ldap, s, message);
		break;
	case LDAP_RES_SEARCH_RESULT:
		take_result(ldap, s, message);
		break;
	case LDAP_RES_SEARCH_REFERENCE:
		spoil(s, "a search reference, which is not followed");
		break;
	default:
		spoil(s, "a message of an unexpected type");
	}
}

static void receive(struct cs_ldap *ldap)
{
	struct timeval now = { 0 };
	while (ldap->ld != NULL && !ldap->lost) {
		LDAPMessage *message = NULL;
		int r = ldap_result(ldap->ld, LDAP_RES_ANY, LDAP_MSG_ONE, &now, &message);
		if (r == 0)
			return;
		if (r < 0) {
			int code = LDAP_OTHER;
			(void)ldap_get_option(ldap->ld, LDAP_OPT_RESULT_CODE, &code);
			(void)blame(ldap, "connection lost", code);
			ldap->lost = true;
			return;
		}
		ldap->heard_ms = cs_boot_ms();
		take_message(ldap, message);
		ldap_msgfree(message);
	}
}

void cs_ldap_work(struct cs_ldap *ldap)
{
	receive(ldap);
	if (!ldap->lost)
		send_waiting(ldap);
	if (ldap->lost)
		cs_ldap_drop(ldap, ldap->cause);
}

/* --- Entries --- */

int cs_entry_dn(const struct cs_entry *entry, char **ret_dn)
{
	char *dn = ldap_get_dn(entry->ld, entry->message);
	if (dn == NULL || *dn == '\0') {
		ldap_memfree(dn);
		return CS_EPROTO;
	}
	int r = strnlen(dn, CS_MAX_DN + 1) > CS_MAX_DN ? CS_ETOOBIG : 0;
	char *copy = r == 0 ? cs_dup(dn) : NULL;
	ldap_memfree(dn);
	if (r != 0)
		return r;
	if (copy == NULL)
		return CS_ENOMEM;
	*ret_dn = copy;
	return 0;
}

static int value_text(const struct berval *value, size_t max_bytes, char **ret_text)
{
	if (value->bv_len > max_bytes)
		return CS_ETOOBIG;
	if (memchr(value->bv_val, '\0', value->bv_len) != NULL)
		return CS_EPROTO;
	char *text = strndup(value->bv_val, value->bv_len);
	if (text == NULL)
		return CS_ENOMEM;
	*ret_text = text;
	return 0;
}

int cs_entry_values(const struct cs_entry *entry, const char *attribute, size_t max, size_t max_bytes,
		    char ***ret_values, size_t *ret_n)
{
	struct berval **found = ldap_get_values_len(entry->ld, entry->message, attribute);
	size_t count = found != NULL ? (size_t)ldap_count_values_len(found) : 0, n = 0;
	char **values = count <= max ? calloc(count + 1, sizeof(*values)) : NULL;
	int r = count > max ? CS_ETOOBIG : values == NULL ? CS_ENOMEM : 0;
	while (n < count && r == 0) {
		r = value_text(found[n], max_bytes, &values[n]);
		if (r == 0)
			n++;
	}
	ldap_value_free_len(found);
	if (r != 0) {
		cs_free_strv(&values, &n);
		return r;
	}
	*ret_values = values;
	*ret_n = n;
	return 0;
}
