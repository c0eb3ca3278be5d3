/* SPDX-License-Identifier: Apache-2.0 */
/* Searches on an LDAP connection, matched to their results by message id. */
#include "clock.h"
#include "ldap_internal.h"
#include "mem.h"
#include "model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_FLIGHT_MAX = 6 }; /* slapd defers what is more than half of its 16 threads, and logs that */

/* --- Life --- */

/* Half a TLS record would block a read, a server that reads nothing a write. */
static void stop_blocking(const struct conn *conn)
{
	int fd = conn_fd(conn);
	int flags = fd >= 0 ? fcntl(fd, F_GETFL) : -1;
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int ldap_adopt(struct conn *conn, struct cs_ldap **ret_ldap)
{
	struct cs_ldap *ldap = calloc(1, sizeof(*ldap));
	if (ldap == NULL)
		return CS_ENOMEM;
	ldap->conn = *conn;
	ldap->conn.wire = NULL;
	conn->ld = NULL;
	ldap->heard_ms = cs_boot_ms();
	stop_blocking(&ldap->conn);
	*ret_ldap = ldap;
	return 0;
}

void cs_ldap_close(struct cs_ldap **ldap, const char *cause)
{
	struct cs_ldap *closing = *ldap;
	if (closing == NULL)
		return;
	*ldap = NULL;
	conn_close(&closing->conn);
	list_end(&closing->flying, CS_ENDED_LOST, cause);
	free(closing);
}

int cs_ldap_fd(const struct cs_ldap *ldap)
{
	return conn_fd(&ldap->conn);
}

uint64_t cs_ldap_heard_ms(const struct cs_ldap *ldap)
{
	return ldap->heard_ms;
}

uint64_t cs_ldap_result_ms(const struct cs_ldap *ldap)
{
	return ldap->result_ms;
}

const char *cs_ldap_lost(const struct cs_ldap *ldap)
{
	return ldap->lost ? ldap->conn.cause : NULL;
}

size_t cs_ldap_in_flight(const struct cs_ldap *ldap)
{
	return ldap->n_flying;
}

bool cs_ldap_carries(const struct cs_ldap *ldap, const void *owner)
{
	for (const struct search *s = ldap->flying.first; s != NULL; s = s->next)
		if (s->owner == owner)
			return true;
	return false;
}

/* --- Sending --- */

bool cs_ldap_has_room(const struct cs_ldap *ldap, const struct search *search)
{
	return !ldap->lost && ldap->n_flying < IN_FLIGHT_MAX && !(search->pages && ldap->paging);
}

/* The first page, or the one behind the cookie that came with the last. */
static int send_page(struct cs_ldap *ldap, struct search *s, struct berval *cookie)
{
	LDAPControl *page = NULL;
	uint64_t now = cs_boot_ms();
	uint64_t left = s->deadline_ms > now ? s->deadline_ms - now : 0;
	struct timeval tv = { .tv_sec = (time_t)(left / 1000 + 1) };
	int code = LDAP_SUCCESS;
	if (s->pages)
		code = ldap_create_page_control(ldap->conn.ld, CS_SEARCH_PAGE, cookie, 0, &page);
	LDAPControl *controls[] = { page, NULL };
	if (code == LDAP_SUCCESS)
		code = ldap_search_ext(ldap->conn.ld, s->base, s->below ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE,
			s->filter, s->attributes, 0, controls, NULL, &tv, (int)s->limit, &s->msgid);
	ldap_control_free(page);
	return code == LDAP_SUCCESS ? 0 : conn_blame(&ldap->conn, "search could not be sent", code);
}

void cs_ldap_send(struct cs_ldap *ldap, struct search *search)
{
	list_add(&ldap->flying, search);
	ldap->n_flying++;
	ldap->paging = ldap->paging || search->pages;
	if (send_page(ldap, search, NULL) != 0)
		ldap->lost = true;
}

static void take_out(struct cs_ldap *ldap, struct search *search)
{
	list_remove(&ldap->flying, search);
	ldap->n_flying--;
	if (search->pages)
		ldap->paging = false;
}

void cs_ldap_cancel(struct cs_ldap *ldap, const void *owner)
{
	struct search *next = NULL;
	for (struct search *s = ldap->flying.first; s != NULL; s = next) {
		next = s->next;
		if (s->owner != owner)
			continue;
		take_out(ldap, s);
		(void)ldap_abandon_ext(ldap->conn.ld, s->msgid, NULL, NULL);
		search_end(s, CS_ENDED_CANCELLED, "");
	}
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
	struct cs_entry entry = { ldap->conn.ld, message };
	s->seen++;
	if (s->seen > s->limit)
		spoil(s, "more entries than asked for");
	else if (!s->spoiled && s->calls.entry(s->arg, &entry) < 0)
		spoil(s, "an entry could not be read");
}

/* A result taken apart. */
struct result {
	int code;
	char *detail;
	char **referrals;
	LDAPControl **controls;
};

static void result_clear(struct result *result)
{
	ldap_memfree(result->detail);
	ldap_memvfree((void **)result->referrals);
	ldap_controls_free(result->controls);
}

static bool is_limit(int code)
{
	return code == LDAP_SIZELIMIT_EXCEEDED || code == LDAP_ADMINLIMIT_EXCEEDED;
}

/* Servers say so that another one may do better; a limit may be one of what they bring at once. */
static enum cs_ended ended_by(const struct search *s, int code)
{
	if (code == LDAP_SUCCESS)
		return CS_ENDED_WHOLE;
	if (code == LDAP_NO_SUCH_OBJECT && s->seen == 0)
		return CS_ENDED_NO_BASE;
	if (is_limit(code) && s->below && !s->pages && s->limit > CS_SEARCH_PAGE)
		return CS_ENDED_PAGES;
	return code == LDAP_BUSY || code == LDAP_UNAVAILABLE ? CS_ENDED_LOST : CS_ENDED_DOUBT;
}

static enum cs_ended judge(const struct search *s, const struct result *result, char cause[LDAP_CAUSE_MAX])
{
	if (result->referrals != NULL || result->code == LDAP_REFERRAL) {
		(void)snprintf(cause, LDAP_CAUSE_MAX, "a referral, which is not followed");
		return CS_ENDED_DOUBT;
	}
	if (s->spoiled) {
		(void)snprintf(cause, LDAP_CAUSE_MAX, "%s", s->spoiled_by);
		return CS_ENDED_DOUBT;
	}
	const char *detail = result->detail != NULL ? result->detail : "";
	(void)snprintf(cause, LDAP_CAUSE_MAX, "%s%s%.200s", ldap_err2string(result->code), *detail ? ": " : "", detail);
	return ended_by(s, result->code);
}

/* 1 when there is another page and it was asked for. */
static int next_page(struct cs_ldap *ldap, struct search *s, const struct result *result)
{
	struct berval cookie = { 0 };
	ber_int_t estimate = 0;
	LDAPControl *page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, result->controls, NULL);
	if (!s->pages || s->spoiled || result->code != LDAP_SUCCESS || page == NULL)
		return 0;
	if (ldap_parse_pageresponse_control(ldap->conn.ld, page, &estimate, &cookie) != LDAP_SUCCESS) {
		spoil(s, "a page that cannot be read");
		return 0;
	}
	int more = cookie.bv_len > 0;
	if (more && send_page(ldap, s, &cookie) != 0)
		ldap->lost = true;
	ldap_memfree(cookie.bv_val);
	return more;
}

static void take_result(struct cs_ldap *ldap, struct search *s, LDAPMessage *message)
{
	struct result result = { .code = LDAP_OTHER };
	char cause[LDAP_CAUSE_MAX] = "a malformed result";
	enum cs_ended ended = CS_ENDED_DOUBT;
	int parsed = ldap_parse_result(ldap->conn.ld, message, &result.code, NULL, &result.detail, &result.referrals,
		&result.controls, 0);
	ldap->result_ms = ldap->heard_ms;
	if (parsed == LDAP_SUCCESS && next_page(ldap, s, &result) == 1) {
		result_clear(&result);
		return;
	}
	if (parsed == LDAP_SUCCESS)
		ended = judge(s, &result, cause);
	result_clear(&result);
	take_out(ldap, s);
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
		(void)snprintf(ldap->conn.cause, sizeof(ldap->conn.cause), "the server ended the connection");
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

void cs_ldap_receive(struct cs_ldap *ldap)
{
	struct timeval now = { 0 };
	while (!ldap->lost) {
		LDAPMessage *message = NULL;
		int r = ldap_result(ldap->conn.ld, LDAP_RES_ANY, LDAP_MSG_ONE, &now, &message);
		if (r == 0)
			return;
		if (r < 0) {
			int code = LDAP_OTHER;
			(void)ldap_get_option(ldap->conn.ld, LDAP_OPT_RESULT_CODE, &code);
			(void)conn_blame(&ldap->conn, "connection lost", code);
			ldap->lost = true;
			return;
		}
		ldap->heard_ms = cs_boot_ms();
		take_message(ldap, message);
		ldap_msgfree(message);
	}
}
