/* SPDX-License-Identifier: Apache-2.0 */
/* Searches on an LDAP connection, matched to their results by message id. */
#include "clock.h"
#include "ldap_internal.h"
#include "mem.h"
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { IN_FLIGHT_MAX = 6 }; /* slapd defers what is more than half of its 16 threads, and logs that */

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
	ldap->conn = (struct conn){ .settings = settings, .secret = secret, .uri = settings->uris[0] };
	ldap->state = state;
	ldap->state_arg = arg;
	*ret_ldap = ldap;
	return 0;
}

void conn_disconnect(struct cs_ldap *ldap)
{
	int fd = cs_ldap_fd(ldap);
	/* The unbind that libldap sends could wait for a server that reads nothing. */
	if (fd >= 0)
		(void)shutdown(fd, SHUT_RDWR);
	if (ldap->conn.ld != NULL)
		(void)ldap_unbind_ext(ldap->conn.ld, NULL, NULL);
	ldap->conn.ld = NULL;
	ldap->n_flying = 0;
	ldap->lost = false;
}

void cs_ldap_free(struct cs_ldap **ldap)
{
	if (*ldap == NULL)
		return;
	conn_disconnect(*ldap);
	list_end(&(*ldap)->flying, CS_ENDED_CANCELLED, "");
	list_end(&(*ldap)->waiting, CS_ENDED_CANCELLED, "");
	free(*ldap);
	*ldap = NULL;
}

void cs_ldap_drop(struct cs_ldap *ldap, const char *cause)
{
	char kept[LDAP_CAUSE_MAX];
	(void)snprintf(kept, sizeof(kept), "%s", cause);
	conn_disconnect(ldap);
	ldap->state(ldap->state_arg, false, kept);
	list_end(&ldap->flying, CS_ENDED_DOUBT, kept);
	list_end(&ldap->waiting, CS_ENDED_DOUBT, kept);
}

int cs_ldap_fd(const struct cs_ldap *ldap)
{
	int fd = -1;
	if (ldap->conn.ld == NULL || ldap_get_option(ldap->conn.ld, LDAP_OPT_DESC, &fd) != LDAP_OPT_SUCCESS)
		return -1;
	return fd;
}

uint64_t cs_ldap_heard_ms(const struct cs_ldap *ldap)
{
	return ldap->heard_ms;
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
	int code = ldap_search_ext(ldap->conn.ld, s->base, s->below ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE, s->filter,
		s->attributes, 0, NULL, NULL, &tv, (int)s->limit, &s->msgid);
	return code == LDAP_SUCCESS ? 0 : conn_blame(&ldap->conn, "search could not be sent", code);
}

static void send_waiting(struct cs_ldap *ldap)
{
	if (ldap->waiting.first == NULL || ldap->n_flying >= IN_FLIGHT_MAX)
		return;
	uint64_t now = cs_boot_ms();
	uint64_t until = ldap->waiting.first->deadline_ms;
	if (cs_ldap_connect(ldap, until > now ? until - now : 0) != 0) {
		list_end(&ldap->waiting, CS_ENDED_DOUBT, ldap->conn.cause);
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
			(void)ldap_abandon_ext(ldap->conn.ld, s->msgid, NULL, NULL);
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
	struct cs_entry entry = { ldap->conn.ld, message };
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
	int parsed = ldap_parse_result(ldap->conn.ld, message, &code, NULL, &detail, &referrals, NULL, 0);
	enum cs_ended ended = CS_ENDED_DOUBT;
	char cause[LDAP_CAUSE_MAX] = "";
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

static void receive(struct cs_ldap *ldap)
{
	struct timeval now = { 0 };
	while (ldap->conn.ld != NULL && !ldap->lost) {
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

void cs_ldap_work(struct cs_ldap *ldap)
{
	receive(ldap);
	if (!ldap->lost)
		send_waiting(ldap);
	if (ldap->lost)
		cs_ldap_drop(ldap, ldap->conn.cause);
}
