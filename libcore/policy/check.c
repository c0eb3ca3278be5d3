/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy must not say although it is well-formed: rights that nobody could hold; names that are none. */
#include "policy_internal.h"
#include "text.h"

#include <string.h>

#define DIGITS "0123456789"

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Every part of every DN is looked at, so this is no strspn, which prepares a table each time. */
static bool is_attribute_n(const char *s, size_t len)
{
	if (len == 0 || len > CS_MAX_NAME || !is_letter(*s))
		return false;
	for (size_t i = 1; i < len; i++) {
		if (!is_letter(s[i]) && (s[i] < '0' || s[i] > '9') && s[i] != '-')
			return false;
	}
	return true;
}

int cs_check_attribute(const char *s)
{
	return is_attribute_n(s, strlen(s));
}

/* The length of one part of a DN, up to a comma that no backslash precedes. */
static size_t rdn_len(const char *s)
{
	size_t len = 0;

	while (s[len] && s[len] != ',')
		len += s[len] == '\\' && s[len + 1] ? 2 : 1;
	return len;
}

/* "type=value" with a value that is not blank; the type may be an OID. */
static bool is_rdn(const char *s, size_t len)
{
	const char *equals = memchr(s, '=', len);
	size_t type;

	if (!equals)
		return false;
	type = (size_t)(equals - s);
	while (type > 0 && s[type - 1] == ' ')
		type--;
	if (!is_attribute_n(s, type) && (type == 0 || strspn(s, DIGITS ".") < type))
		return false;
	len -= (size_t)(equals - s) + 1;
	return strspn(equals + 1, " ") < len;
}

int cs_check_dn(const char *s)
{
	if (strnlen(s, CS_MAX_DN + 1) > CS_MAX_DN)
		return 0;
	for (const char *at = s; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return 0;
	}
	for (;;) {
		size_t len;

		s += strspn(s, " ");
		len = rdn_len(s);
		if (!is_rdn(s, len))
			return 0;
		if (s[len] == '\0')
			return 1;
		s += len + 1;
	}
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool cs_scope_contains(const struct scope *held, const struct scope *asked)
{
	if (held->n_parts > asked->n_parts)
		return false;
	for (size_t i = 0; i < held->n_parts; i++) {
		const struct scope_part *a = &held->parts[i], *b = &asked->parts[i];

		if (!same_text(a->prefix, b->prefix) || !same_text(a->name, b->name) ||
		    !same_text(a->suffix, b->suffix))
			return false;
	}
	return true;
}

static const char *want_name(const struct cs_policy *policy, struct want want)
{
	return want.kind == WANT_ROLE ? policy->roles[want.index].name : policy->permissions[want.index].name;
}

int cs_check_reachable(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *what,
		       struct want want, const struct scope *scope)
{
	const struct cs_policy *policy = loader->policy;
	const char *kind = want.kind == WANT_ROLE ? "role" : "permission";
	bool given = false;
	size_t len;
	const char *asked = cs_scope_kind(scope->text, &len);

	for (size_t i = 0; i < policy->n_assignments; i++) {
		const struct assignment *assignment = &policy->assignments[i];

		if (cs_policy_supplies(policy, assignment->role, &want, asked, len) &&
		    cs_scope_could_cover(&assignment->scope, scope))
			return 0;
		given = given || cs_policy_carries(policy, assignment->role, &want);
	}
	if (given)
		return REFUSE(loader, section, key,
			      "%s asks for %s %s in the scope \"%s\", and nobody could ever have it there: the "
			      "assignments that give it have other scopes, or roles that carry it in another kind of "
			      "scope",
			      what, kind, want_name(policy, want), scope->text);
	return REFUSE(
		loader, section, key,
		"%s asks for %s %s, and nobody could ever have it: no assignment gives %s; add one or ask for another",
		what, kind, want_name(policy, want), want.kind == WANT_ROLE ? "it" : "a role with it");
}
