/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes as strings, for the files of the reference. */
#ifndef TEST_REFERENCE_SCOPE_H
#define TEST_REFERENCE_SCOPE_H

#include "reference.h"

/* The value of a name; NULL where there is none. */
typedef const char *(*ref_value)(const void *arg, const char *name);

bool ref_word(const char *s);
/* "" for "*". */
void ref_scope_kind(const char *scope, char ret_kind[REF_SCOPE]);
bool ref_scope_contains(const char *held, const char *asked);
/* False where a value is missing or no word. */
bool ref_scope_fill(const char *pattern, ref_value value, const void *arg, char ret_scope[REF_SCOPE]);
/* What a name stands for, where the pattern was filled in to this scope; false where it is not used. */
bool ref_scope_value(const char *pattern, const char *scope, const char *name, char ret_value[REF_SCOPE]);
/* Could these contain each other for some values of the names of both? */
bool ref_scope_could_contain(const char *held, const char *asked);

const struct ref_role *ref_role(const struct ref_policy *policy, const char *name);
bool ref_role_is(const struct ref_policy *policy, const char *name, const char *other);
bool ref_role_supplies(const struct ref_policy *policy, const char *role, const struct ref_want *want,
		       const char *scope);

/* As ref_may_fill, for any rule. */
struct ref_answer ref_meets_rule(const struct ref_world *world, const struct ref_person *person,
				 const struct ref_gate *gate, const struct ref_rule *rule, const char *scope);

#endif
