/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4533 over libldap's searches: the request's control, and what the answers bear. */
#include "ldap_sync.h"
#include "ldap_internal.h"
#include "mem.h"
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 1024 * 1024, SIZE_TEXT = 400 };

struct running {
	int msgid; /* 0: none */
	bool follow;
};

struct cs_sync {
	struct cs_ldap *ldap;
	LDAP *ld; /* of the same connection */
	struct cs_sync_calls calls;
	void *arg;
	struct running searches[CS_SYNC_SEARCHES];
	struct cs_sync_value *values; /* of the present entry */
	size_t n_values, cap_values;
	char cause[SIZE_TEXT];
};

/* --- Life --- */

int cs_sync_new(struct cs_ldap **ldap, const struct cs_sync_calls *calls, void *arg, struct cs_sync **ret_sync)
{
	const int no_limit = LDAP_NO_LIMIT;
	struct cs_sync *sync = calloc(1, sizeof(*sync));
	if (sync == NULL) {
		cs_ldap_close(ldap, "");
		return CS_ENOMEM;
	}
	*sync = (struct cs_sync){ .ldap = *ldap, .ld = (*ldap)->conn.ld, .calls = *calls, .arg = arg };
	*ldap = NULL;
	/* What is said with a search would only lower these. */
	(void)ldap_set_option(sync->ld, LDAP_OPT_SIZELIMIT, &no_limit);
	(void)ldap_set_option(sync->ld, LDAP_OPT_TIMELIMIT, &no_limit);
	*ret_sync = sync;
	return 0;
}

int cs_sync_fd(const struct cs_sync *sync)
{
	return cs_ldap_fd(sync->ldap);
}

void cs_sync_free(struct cs_sync **sync)
{
	if (*sync == NULL)
		return;
	cs_ldap_close(&(*sync)->ldap, "");
	free((*sync)->values);
	free(*sync);
	*sync = NULL;
}

const char *cs_sync_cause(const struct cs_sync *sync)
{
	return sync->cause;
}

static int fail(struct cs_sync *sync, const char *what, int code)
{
	(void)snprintf(sync->cause, sizeof(sync->cause), "%s%s%s", what, code != LDAP_SUCCESS ? ": " : "",
		       code != LDAP_SUCCESS ? ldap_err2string(code) : "");
	return CS_EUNAVAIL;
}

/* --- Asking --- */

/* syncRequestValue ::= SEQUENCE { mode ENUMERATED, cookie OCTET STRING OPTIONAL, reloadHint BOOLEAN DEFAULT FALSE } */
static int make_control(const struct cs_sync_search *search, BerElement **ret_ber, LDAPControl *control)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	if (ber == NULL)
		return CS_ENOMEM;
	int r = ber_printf(ber, "{e", LDAP_SYNC_REFRESH_AND_PERSIST);
	if (r >= 0 && search->cookie != NULL)
		r = ber_printf(ber, "o", search->cookie, (ber_len_t)strlen(search->cookie));
	if (r >= 0)
		r = ber_printf(ber, "}");
	static char oid[] = LDAP_CONTROL_SYNC;
	*control = (LDAPControl){ .ldctl_oid = oid, .ldctl_iscritical = 1 };
	if (r < 0 || ber_flatten2(ber, &control->ldctl_value, 0) < 0) {
		ber_free(ber, 1);
		return CS_ENOMEM;
	}
	*ret_ber = ber; /* the value is in it */
	return 0;
}

int cs_sync_search(struct cs_sync *sync, const struct cs_sync_search *search)
{
	LDAPControl control;
	LDAPControl *controls[] = { &control, NULL };
	BerElement *ber = NULL;
	struct running *running = &sync->searches[search->id];
	int r = search->follow ? make_control(search, &ber, &control) : 0;
	if (r != 0)
		return r;
	/* libldap does not write to the attributes. */
	int code = ldap_search_ext(sync->ld, search->base, search->below ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE,
		search->filter, (char **)(uintptr_t)search->attributes, 0, search->follow ? controls : NULL, NULL,
		NULL, LDAP_NO_LIMIT, &running->msgid);
	if (ber != NULL)
		ber_free(ber, 1);
	running->follow = search->follow;
	if (code != LDAP_SUCCESS) {
		running->msgid = 0;
		return fail(sync, "search could not be sent", code);
	}
	return 0;
}

/* --- Entries --- */

/* syncStateValue ::= SEQUENCE { state ENUMERATED, entryUUID OCTET STRING (16), cookie OCTET STRING OPTIONAL } */
static int read_state(BerElement *ber, ber_int_t *state, struct berval *uuid, struct berval *cookie)
{
	ber_len_t n = 0;
	if (ber_scanf(ber, "{em", state, uuid) == LBER_ERROR || uuid->bv_len != CS_UUID_LEN)
		return CS_EPROTO;
	if (ber_peek_tag(ber, &n) == LDAP_TAG_SYNC_COOKIE && ber_scanf(ber, "m", cookie) == LBER_ERROR)
		return CS_EPROTO;
	return 0;
}

static int add_values(struct cs_sync *sync, const struct berval *name, BerVarray values)
{
	if (memchr(name->bv_val, ';', name->bv_len) != NULL)
		return 0; /* options make another attribute */
	for (size_t i = 0; values != NULL && values[i].bv_val != NULL; i++) {
		if (sync->n_values >= VALUES_MAX)
			return CS_ETOOBIG;
		int r = cs_reserve((void **)&sync->values, &sync->cap_values, sync->n_values, 1, sizeof(*sync->values));
		if (r != 0)
			return r;
		sync->values[sync->n_values++] = (struct cs_sync_value){
			name->bv_val, { values[i].bv_val, values[i].bv_len } };
	}
	return 0;
}

/* The names are bytes of the message with a NUL behind them, which liblber puts there. */
static int read_values(struct cs_sync *sync, LDAPMessage *message, BerElement **ret_ber, struct berval *ret_dn)
{
	sync->n_values = 0;
	if (ldap_get_dn_ber(sync->ld, message, ret_ber, ret_dn) != LDAP_SUCCESS)
		return CS_EPROTO;
	for (;;) {
		struct berval name = { 0 };
		BerVarray values = NULL;
		if (ldap_get_attribute_ber(sync->ld, message, *ret_ber, &name, &values) != LDAP_SUCCESS)
			return CS_EPROTO;
		if (name.bv_val == NULL)
			return 0;
		int r = strlen(name.bv_val) == name.bv_len ? add_values(sync, &name, values) : CS_EPROTO;
		ber_memfree(values);
		if (r != 0)
			return r;
	}
}

static int tell_entry(struct cs_sync *sync, unsigned id, LDAPMessage *message, struct cs_sync_entry *entry)
{
	char dn_text[CS_MAX_DN + 1];
	struct berval dn = { 0 };
	BerElement *ber = NULL;
	int r = read_values(sync, message, &ber, &dn);
	if (r == 0 && (dn.bv_len > CS_MAX_DN || memchr(dn.bv_val, '\0', dn.bv_len) != NULL))
		r = CS_EPROTO;
	if (r == 0) {
		memcpy(dn_text, dn.bv_val, dn.bv_len);
		dn_text[dn.bv_len] = '\0';
		entry->dn = dn_text;
		entry->values = sync->values;
		entry->n_values = sync->n_values;
		r = sync->calls.entry(sync->arg, id, entry);
	}
	if (ber != NULL)
		ber_free(ber, 0);
	return r;
}

static int tell_cookie(struct cs_sync *sync, unsigned id, const struct berval *cookie)
{
	if (cookie->bv_val == NULL)
		return 0;
	return sync->calls.cookie(sync->arg, id, cookie->bv_val, cookie->bv_len);
}

static int take_state(struct cs_sync *sync, unsigned id, LDAPMessage *message, LDAPControl *control)
{
	struct cs_sync_entry entry = { .change = CS_SYNC_PUT };
	struct berval uuid = { 0 }, cookie = { 0 };
	ber_int_t state = -1;
	BerElement *ber = ber_init(&control->ldctl_value);
	if (ber == NULL)
		return CS_ENOMEM;
	int r = read_state(ber, &state, &uuid, &cookie);
	if (r == 0 && state == LDAP_SYNC_DELETE)
		entry.change = CS_SYNC_GONE;
	else if (r == 0 && state != LDAP_SYNC_ADD && state != LDAP_SYNC_MODIFY)
		r = CS_EPROTO; /* "present" is only for those who said that they know something */
	if (r == 0) {
		memcpy(entry.uuid, uuid.bv_val, CS_UUID_LEN);
		r = tell_entry(sync, id, message, &entry);
	}
	if (r == 0)
		r = tell_cookie(sync, id, &cookie);
	ber_free(ber, 1);
	return r;
}

static int take_entry(struct cs_sync *sync, unsigned id, LDAPMessage *message)
{
	struct cs_sync_entry entry = { .change = CS_SYNC_FOUND };
	LDAPControl **controls = NULL;
	if (!sync->searches[id].follow)
		return tell_entry(sync, id, message, &entry);
	if (ldap_get_entry_controls(sync->ld, message, &controls) != LDAP_SUCCESS)
		return CS_EPROTO;
	LDAPControl *state = ldap_control_find(LDAP_CONTROL_SYNC_STATE, controls, NULL);
	int r = state != NULL ? take_state(sync, id, message, state) : CS_EPROTO;
	ldap_controls_free(controls);
	return r;
}

/* --- What is said between entries --- */

static int take_ids(struct cs_sync *sync, unsigned id, BerElement *ber)
{
	struct berval cookie = { 0 };
	BerVarray uuids = NULL;
	ber_len_t n = 0;
	ber_int_t deletes = 0;
	if (ber_scanf(ber, "{") == LBER_ERROR)
		return CS_EPROTO;
	if (ber_peek_tag(ber, &n) == LDAP_TAG_SYNC_COOKIE && ber_scanf(ber, "m", &cookie) == LBER_ERROR)
		return CS_EPROTO;
	if (ber_peek_tag(ber, &n) == LDAP_TAG_REFRESHDELETES && ber_scanf(ber, "b", &deletes) == LBER_ERROR)
		return CS_EPROTO;
	if (ber_scanf(ber, "[W]", &uuids) == LBER_ERROR)
		return CS_EPROTO;
	int r = 0;
	for (size_t i = 0; r == 0 && deletes && uuids != NULL && uuids[i].bv_val != NULL; i++) {
		struct cs_sync_entry entry = { .change = CS_SYNC_GONE, .dn = "" };
		if (uuids[i].bv_len != CS_UUID_LEN)
			r = CS_EPROTO;
		else
			memcpy(entry.uuid, uuids[i].bv_val, CS_UUID_LEN);
		if (r == 0)
			r = sync->calls.entry(sync->arg, id, &entry);
	}
	ber_bvarray_free(uuids);
	return r != 0 ? r : tell_cookie(sync, id, &cookie);
}

static int take_phase(struct cs_sync *sync, unsigned id, BerElement *ber)
{
	struct berval cookie = { 0 };
	ber_len_t n = 0;
	ber_int_t done = 1; /* refreshDone BOOLEAN DEFAULT TRUE */
	if (ber_scanf(ber, "{") == LBER_ERROR)
		return CS_EPROTO;
	if (ber_peek_tag(ber, &n) == LDAP_TAG_SYNC_COOKIE && ber_scanf(ber, "m", &cookie) == LBER_ERROR)
		return CS_EPROTO;
	if (ber_peek_tag(ber, &n) == LDAP_TAG_REFRESHDONE && ber_scanf(ber, "b", &done) == LBER_ERROR)
		return CS_EPROTO;
	int r = tell_cookie(sync, id, &cookie);
	return r == 0 && done ? sync->calls.refreshed(sync->arg, id) : r;
}

static int take_info(struct cs_sync *sync, unsigned id, const struct berval *value)
{
	struct berval copy = *value, cookie = { 0 };
	ber_len_t n = 0;
	BerElement *ber = ber_init(&copy);
	if (ber == NULL)
		return CS_ENOMEM;
	int r = CS_EPROTO;
	switch (ber_peek_tag(ber, &n)) {
	case LDAP_TAG_SYNC_NEW_COOKIE:
		if (ber_scanf(ber, "m", &cookie) != LBER_ERROR)
			r = tell_cookie(sync, id, &cookie);
		break;
	case LDAP_TAG_SYNC_REFRESH_DELETE:
	case LDAP_TAG_SYNC_REFRESH_PRESENT:
		r = take_phase(sync, id, ber);
		break;
	case LDAP_TAG_SYNC_ID_SET:
		r = take_ids(sync, id, ber);
		break;
	default:
		break;
	}
	ber_free(ber, 1);
	return r;
}

static int take_intermediate(struct cs_sync *sync, unsigned id, LDAPMessage *message)
{
	char *oid = NULL;
	struct berval *value = NULL;
	int r = CS_EPROTO;
	if (ldap_parse_intermediate(sync->ld, message, &oid, &value, NULL, 0) != LDAP_SUCCESS)
		return r;
	if (sync->searches[id].follow && oid != NULL && strcmp(oid, LDAP_SYNC_INFO) == 0 && value != NULL)
		r = take_info(sync, id, value);
	ldap_memfree(oid);
	ber_bvfree(value);
	return r;
}

static int take_result(struct cs_sync *sync, unsigned id, LDAPMessage *message)
{
	int code = LDAP_OTHER;
	char *detail = NULL;
	char cause[SIZE_TEXT];
	bool follow = sync->searches[id].follow;
	sync->searches[id].msgid = 0;
	if (ldap_parse_result(sync->ld, message, &code, NULL, &detail, NULL, NULL, 0) != LDAP_SUCCESS)
		code = LDAP_DECODING_ERROR;
	bool limited = code == LDAP_SIZELIMIT_EXCEEDED || code == LDAP_ADMINLIMIT_EXCEEDED;
	(void)snprintf(cause, sizeof(cause), "%s%s%.200s%s", ldap_err2string(code), detail != NULL && *detail ? ": " : "",
		       detail != NULL ? detail : "",
		       limited ? "; the server has to let the bind account have everything (limits … size=unlimited)" : "");
	ldap_memfree(detail);
	enum cs_sync_ended ended = CS_SYNC_BROKEN;
	if (code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION && follow)
		ended = CS_SYNC_UNSUPPORTED;
	else if (code == LDAP_SUCCESS && !follow)
		ended = CS_SYNC_WHOLE;
	return sync->calls.ended(sync->arg, id, ended, cause);
}

/* --- Messages --- */

static int take_message(struct cs_sync *sync, LDAPMessage *message)
{
	int msgid = ldap_msgid(message);
	unsigned id = 0;
	if (msgid == LDAP_RES_UNSOLICITED)
		return fail(sync, "the server ended the connection", LDAP_SUCCESS);
	while (id < CS_SYNC_SEARCHES && sync->searches[id].msgid != msgid)
		id++;
	if (id == CS_SYNC_SEARCHES)
		return 0;
	switch (ldap_msgtype(message)) {
	case LDAP_RES_SEARCH_ENTRY:
		return take_entry(sync, id, message);
	case LDAP_RES_INTERMEDIATE:
		return take_intermediate(sync, id, message);
	case LDAP_RES_SEARCH_RESULT:
		return take_result(sync, id, message);
	case LDAP_RES_SEARCH_REFERENCE:
		return fail(sync, "a search reference, which is not followed", LDAP_SUCCESS);
	default:
		return CS_EPROTO;
	}
}

int cs_sync_work(struct cs_sync *sync, unsigned most)
{
	unsigned taken = 0;
	while (taken < most) {
		struct timeval now = { 0 };
		LDAPMessage *message = NULL;
		int r = ldap_result(sync->ld, LDAP_RES_ANY, LDAP_MSG_ONE, &now, &message);
		if (r == 0)
			break;
		if (r < 0) {
			int code = LDAP_OTHER;
			(void)ldap_get_option(sync->ld, LDAP_OPT_RESULT_CODE, &code);
			return fail(sync, "connection lost", code);
		}
		r = take_message(sync, message);
		ldap_msgfree(message);
		if (r == CS_EPROTO)
			return fail(sync, "the server sent what it must not send", LDAP_SUCCESS);
		if (r < 0)
			return r;
		taken++;
	}
	return (int)taken;
}
