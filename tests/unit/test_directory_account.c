/* SPDX-License-Identifier: Apache-2.0 */
/* Locked, expired, disabled: one line a case. And who an entry is. */
#include "mem.h"
#include "person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#define NOW 1800000000u /* 2027-01-15T08:00:00Z */
#define ROLE(CN) "cn=" CN ",dc=example,dc=org"

/* An entry as a test writes it; the end has no name. */
struct attribute {
	const char *name;
	struct cs_bytes value;
};
#define VALUE(NAME, TEXT) { NAME, { TEXT, sizeof(TEXT) - 1 } }

static int values_of(void *entry, const char *name, struct cs_bytes *ret_values, size_t max, size_t *ret_n)
{
	size_t n = 0;
	for (const struct attribute *a = entry; a->name != NULL; a++)
		if (strcasecmp(a->name, name) == 0 && n++ < max)
			ret_values[n - 1] = a->value;
	*ret_n = n;
	return 0;
}

enum closed { OPEN = 0, CLOSED = 1, UNCLEAR = 2 };

static enum closed closed_by(struct attribute *entry, char **ret_unclear)
{
	const struct cs_entry_source source = { entry, values_of };
	struct cs_account account = { 0 };
	assert_int_equal(cs_account_read(&source, &account), 0);
	*ret_unclear = account.unclear;
	return account.unclear != NULL ? UNCLEAR : (enum closed)cs_account_is_closed(&account, NOW);
}

static const struct {
	struct attribute attribute;
	enum closed closed;
} cases[] = {
	{ VALUE("mail", "TRUE"), OPEN },
	/* days since 1970; NOW is day 20833 */
	{ VALUE("shadowExpire", "20832"), CLOSED },
	{ VALUE("shadowExpire", "20833"), CLOSED },
	{ VALUE("shadowExpire", "20834"), OPEN },
	{ VALUE("SHADOWEXPIRE", "20832"), CLOSED },
	{ VALUE("shadowExpire", "0"), CLOSED },
	{ VALUE("shadowExpire", "1"), CLOSED },
	{ VALUE("shadowExpire", "99999"), OPEN },
	{ VALUE("shadowExpire", "-1"), OPEN },
	{ VALUE("shadowExpire", ""), UNCLEAR },
	{ VALUE("shadowExpire", "never"), UNCLEAR },
	{ VALUE("shadowExpire", "20834x"), UNCLEAR },
	{ VALUE("shadowExpire", " 20834"), UNCLEAR },
	{ VALUE("shadowExpire", "+20834"), UNCLEAR },
	{ VALUE("shadowExpire", "-"), UNCLEAR },
	{ VALUE("shadowExpire", "20834\0"), UNCLEAR },
	{ VALUE("shadowExpire", "99999999999999999999"), UNCLEAR },
	{ VALUE("shadowExpire", "9999999999999999999999999"), UNCLEAR },
	{ VALUE("shadowExpire", "200000000"), UNCLEAR },
	/* there or not there */
	{ VALUE("pwdAccountLockedTime", "000001010000Z"), CLOSED },
	{ VALUE("pwdAccountLockedTime", "20200101000000Z"), CLOSED },
	{ VALUE("pwdAccountLockedTime", "20991231235959Z"), CLOSED },
	{ VALUE("pwdAccountLockedTime", "junk"), CLOSED },
	{ VALUE("pwdAccountLockedTime", ""), CLOSED },
	/* times */
	{ VALUE("pwdEndTime", "20270115075959Z"), CLOSED },
	{ VALUE("pwdEndTime", "20270115080000Z"), CLOSED },
	{ VALUE("pwdEndTime", "20270115080001Z"), OPEN },
	{ VALUE("pwdEndTime", "20270115080000.9Z"), CLOSED },
	{ VALUE("pwdEndTime", "20270115080001,5Z"), OPEN },
	{ VALUE("pwdEndTime", "202701150801Z"), OPEN },
	{ VALUE("pwdEndTime", "2027011508Z"), CLOSED },
	{ VALUE("pwdEndTime", "2027011509Z"), OPEN },
	{ VALUE("pwdEndTime", "20270115090001+0100"), OPEN },
	{ VALUE("pwdEndTime", "20270115090000+0100"), CLOSED },
	{ VALUE("pwdEndTime", "20270115070001-01"), OPEN },
	{ VALUE("pwdEndTime", "20270115070000-01"), CLOSED },
	{ VALUE("pwdEndTime", "000001010000Z"), CLOSED },
	{ VALUE("pwdEndTime", "99991231235959Z"), OPEN },
	{ VALUE("pwdEndTime", "20280229000000Z"), OPEN },
	{ VALUE("pwdEndTime", "20290229000000Z"), UNCLEAR },
	{ VALUE("pwdEndTime", "20271301000000Z"), UNCLEAR },
	{ VALUE("pwdEndTime", "20270132000000Z"), UNCLEAR },
	{ VALUE("pwdEndTime", "20270115240000Z"), UNCLEAR },
	{ VALUE("pwdEndTime", "20270115080060Z"), OPEN },
	{ VALUE("pwdEndTime", "20270115080061Z"), UNCLEAR },
	{ VALUE("pwdEndTime", "20270115080001"), UNCLEAR },
	{ VALUE("pwdEndTime", "20270115080001Z "), UNCLEAR },
	{ VALUE("pwdEndTime", "20270115080001.Z"), UNCLEAR },
	{ VALUE("pwdEndTime", "20270115080001+01000"), UNCLEAR },
	{ VALUE("pwdEndTime", "20270115080001+2400"), UNCLEAR },
	{ VALUE("pwdEndTime", "20270115"), UNCLEAR },
	{ VALUE("pwdEndTime", ""), UNCLEAR },
	{ VALUE("pwdEndTime", "tomorrow"), UNCLEAR },
	{ VALUE("pwdStartTime", "20270115080000Z"), OPEN },
	{ VALUE("pwdStartTime", "20270115080001Z"), CLOSED },
	{ VALUE("pwdStartTime", "000001010000Z"), OPEN },
	{ VALUE("pwdStartTime", "soon"), UNCLEAR },
	{ VALUE("pwdStartTime", "2027011508.5Z"), UNCLEAR },
	{ VALUE("krbPrincipalExpiration", "20270115075959Z"), CLOSED },
	{ VALUE("krbPrincipalExpiration", "20270115080001Z"), OPEN },
	{ VALUE("krbPrincipalExpiration", "never"), UNCLEAR },
	/* flags */
	{ VALUE("nsAccountLock", "TRUE"), CLOSED },
	{ VALUE("nsAccountLock", "true"), CLOSED },
	{ VALUE("nsAccountLock", "FALSE"), OPEN },
	{ VALUE("nsAccountLock", "false"), OPEN },
	{ VALUE("nsAccountLock", ""), UNCLEAR },
	{ VALUE("nsAccountLock", "1"), UNCLEAR },
	{ VALUE("nsAccountLock", "TRUE "), UNCLEAR },
	{ VALUE("nsAccountLock", "yes"), UNCLEAR },
	{ VALUE("loginDisabled", "TRUE"), CLOSED },
	{ VALUE("loginDisabled", "FALSE"), OPEN },
	{ VALUE("loginDisabled", "on"), UNCLEAR },
	/* bits */
	{ VALUE("userAccountControl", "512"), OPEN },
	{ VALUE("userAccountControl", "514"), CLOSED },
	{ VALUE("userAccountControl", "528"), CLOSED },
	{ VALUE("userAccountControl", "66048"), OPEN },
	{ VALUE("userAccountControl", "66050"), CLOSED },
	{ VALUE("userAccountControl", "0"), OPEN },
	{ VALUE("userAccountControl", "-1"), CLOSED },
	{ VALUE("userAccountControl", "0x200"), UNCLEAR },
	{ VALUE("userAccountControl", "99999999999"), UNCLEAR },
	{ VALUE("msDS-User-Account-Control-Computed", "0"), OPEN },
	{ VALUE("msDS-User-Account-Control-Computed", "16"), CLOSED },
	{ VALUE("msDS-User-Account-Control-Computed", "8388608"), OPEN }, /* the password is over, not the account */
	{ VALUE("msDS-User-Account-Control-Computed", "8388624"), CLOSED },
	{ VALUE("msDS-User-Account-Control-Computed", "-8388592"), CLOSED },
	{ VALUE("msDS-User-Account-Control-Computed", "x"), UNCLEAR },
	/* hundreds of nanoseconds since 1601 */
	{ VALUE("accountExpires", "0"), OPEN },
	{ VALUE("accountExpires", "9223372036854775807"), OPEN },
	{ VALUE("accountExpires", "9223372036854775806"), OPEN },
	{ VALUE("accountExpires", "9223372036854775808"), UNCLEAR },
	{ VALUE("accountExpires", "134444735999999999"), CLOSED },
	{ VALUE("accountExpires", "134444736000000000"), CLOSED },
	{ VALUE("accountExpires", "134444736010000000"), OPEN },
	{ VALUE("accountExpires", "1"), CLOSED },
	{ VALUE("accountExpires", "-1"), UNCLEAR },
	{ VALUE("accountExpires", "never"), UNCLEAR },
	/* roles of 389 */
	{ VALUE("nsRoleDN", ROLE("nsDisabledRole")), CLOSED },
	{ VALUE("nsRoleDN", ROLE("nsManagedDisabledRole")), CLOSED },
	{ VALUE("nsRoleDN", "CN= nsmanageddisabledrole , DC=example,dc=org"), CLOSED },
	{ VALUE("nsRoleDN", ROLE("staff")), OPEN },
	{ VALUE("nsRoleDN", ROLE("nsDisabledRoles")), OPEN },
	{ VALUE("nsRoleDN", "nsDisabledRole"), UNCLEAR },
	{ VALUE("nsRoleDN", ""), UNCLEAR },
	/* an option makes another attribute */
	{ VALUE("nsAccountLock;x-old", "TRUE"), OPEN },
};

static void test_truth_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct attribute entry[] = { cases[i].attribute, { 0 } };
		char *unclear = NULL;
		enum closed closed = closed_by(entry, &unclear);
		if (closed != cases[i].closed)
			fail_msg("%s: %s is %d and should be %d", entry->name, entry->value.data, closed,
				cases[i].closed);
		if (unclear != NULL && strstr(unclear, entry->name) == NULL)
			fail_msg("%s: %s", entry->name, unclear);
		free(unclear);
	}
}

/* Every attribute of the table is asked for, and no other. */
static void test_every_attribute_is_asked_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		bool asked = false;
		for (const char *const *name = cs_account_attributes; *name != NULL; name++)
			asked = asked || strcasecmp(*name, cases[i].attribute.name) == 0;
		if (!asked && cases[i].closed != OPEN)
			fail_msg("%s", cases[i].attribute.name);
	}
}

static void test_several_reasons(void **state)
{
	(void)state;
	char *unclear = NULL;
	struct attribute one_of_two[] = { VALUE("shadowExpire", "99999"), VALUE("userAccountControl", "514"), { 0 } };
	struct attribute earlier[] = { VALUE("krbPrincipalExpiration", "20990101000000Z"),
		VALUE("pwdEndTime", "20260101000000Z"), { 0 } };
	struct attribute roles[] = { VALUE("nsRoleDN", ROLE("staff")), VALUE("nsRoleDN", ROLE("nsDisabledRole")),
		{ 0 } };
	struct attribute times[] = { VALUE("pwdAccountLockedTime", "20200101000000Z"),
		VALUE("pwdAccountLockedTime", "000001010000Z"), { 0 } };
	struct attribute two_flags[] = { VALUE("nsAccountLock", "FALSE"), VALUE("nsAccountLock", "TRUE"), { 0 } };
	struct attribute two_times[] = { VALUE("pwdEndTime", "20990101000000Z"),
		VALUE("pwdEndTime", "20260101000000Z"), { 0 } };
	assert_int_equal(closed_by(one_of_two, &unclear), CLOSED);
	assert_int_equal(closed_by(earlier, &unclear), CLOSED);
	assert_int_equal(closed_by(roles, &unclear), CLOSED);
	assert_int_equal(closed_by(times, &unclear), CLOSED);
	assert_int_equal(closed_by(two_flags, &unclear), UNCLEAR);
	free(unclear);
	assert_int_equal(closed_by(two_times, &unclear), UNCLEAR);
	free(unclear);
}

static void test_too_many_roles_are_unclear(void **state)
{
	(void)state;
	struct attribute entry[66] = { 0 };
	char *unclear = NULL;
	for (size_t i = 0; i < CS_COUNT(entry) - 1; i++)
		entry[i] = (struct attribute)VALUE("nsRoleDN", ROLE("staff"));
	assert_int_equal(closed_by(entry, &unclear), UNCLEAR);
	free(unclear);
}

/* --- Who --- */

static struct cs_person_entry read_person(const char *preset, const char *dn, struct attribute *entry)
{
	const struct cs_entry_source source = { entry, values_of };
	struct cs_schema schema = { 0 };
	struct cs_person_entry person = { 0 };
	assert_int_equal(cs_schema_preset(preset, &schema), 0);
	assert_int_equal(cs_person_read(&schema, dn, &source, &person), 0);
	cs_schema_clear(&schema);
	return person;
}

#define DN "uid=alice,ou=people,dc=example,dc=org"

static void test_person(void **state)
{
	(void)state;
	struct attribute entry[] = { VALUE("uid", "Alice"), VALUE("uid", "al"), VALUE("uid", "alice"),
		VALUE("uidNumber", "2001"), VALUE("entryUUID", "u-1"), VALUE("shadowExpire", "1"), { 0 } };
	struct cs_person_entry person = read_person("rfc2307bis", DN, entry);
	assert_null(person.unclear);
	assert_string_equal(person.name, "alice"); /* as in the DN */
	assert_int_equal(person.n_logins, 2);
	assert_string_equal(person.logins[0], "al");
	assert_int_equal(person.uid, 2001);
	assert_string_equal(person.id, "u-1");
	assert_string_equal(person.human, "");
	assert_int_equal(cs_account_is_closed(&person.account, NOW), 1);
	cs_person_entry_clear(&person);
	person = read_person("rfc2307bis", "cn=alice,dc=org", entry);
	assert_string_equal(person.name, "al");
	cs_person_entry_clear(&person);
	person = read_person("rfc2307bis", "uid=ALICE+cn=x,dc=org", entry); /* a login only to the byte */
	assert_string_equal(person.name, "al");
	cs_person_entry_clear(&person);
}

static void test_what_is_unclear_says_so(void **state)
{
	(void)state;
	static const struct {
		struct attribute entry[5];
		const char *says;
	} odd[] = {
		{ { VALUE("uid", "alice"), VALUE("uidNumber", "2001") }, "entryUUID is missing" },
		{ { VALUE("entryUUID", ""), VALUE("uidNumber", "2001") }, "entryUUID is missing" },
		{ { VALUE("entryUUID", "a"), VALUE("entryUUID", "b") }, "entryUUID has several" },
		{ { VALUE("entryUUID", "a\0b") }, "entryUUID has several values or one that cannot" },
		{ { VALUE("entryUUID", "a"), VALUE("uidNumber", "1"), VALUE("uidNumber", "2") },
		  "uidNumber has several" },
		{ { VALUE("entryUUID", "a"), VALUE("uid", "a\0b") }, "uid has a value" },
		{ { VALUE("entryUUID", "a"), VALUE("nsAccountLock", "maybe") }, "nsAccountLock is not TRUE or FALSE" },
	};
	for (size_t i = 0; i < CS_COUNT(odd); i++) {
		struct attribute entry[5];
		memcpy(entry, odd[i].entry, sizeof(entry));
		struct cs_person_entry person = read_person("rfc2307bis", DN, entry);
		if (person.unclear == NULL || strstr(person.unclear, odd[i].says) == NULL)
			fail_msg("%zu: %s", i, person.unclear != NULL ? person.unclear : "clear");
		cs_person_entry_clear(&person);
	}
}

static void test_no_number_and_no_login(void **state)
{
	(void)state;
	struct attribute entry[] = { VALUE("uid", "LOUD"), VALUE("uid", "*"), VALUE("uidNumber", "0x10"),
		VALUE("entryUUID", "u"), { 0 } };
	struct cs_person_entry person = read_person("rfc2307bis", DN, entry);
	assert_null(person.unclear);
	assert_string_equal(person.name, "LOUD");
	assert_int_equal(person.n_logins, 0);
	assert_int_equal(person.uid, CS_NO_UID);
	cs_person_entry_clear(&person);
}

static void test_guid_is_text(void **state)
{
	(void)state;
	struct attribute entry[] = { VALUE("sAMAccountName", "alice"), VALUE("uidNumber", "2001"),
		VALUE("objectGUID", "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"), { 0 } };
	struct cs_person_entry person = read_person("ad", "CN=Alice,DC=example,DC=org", entry);
	assert_null(person.unclear);
	assert_string_equal(person.id, "00112233-4455-6677-8899-aabbccddeeff");
	assert_string_equal(person.name, "alice");
	cs_person_entry_clear(&person);
	entry[2].value.len = 15;
	person = read_person("ad", "CN=Alice,DC=example,DC=org", entry);
	assert_non_null(person.unclear);
	cs_person_entry_clear(&person);
}

static void test_a_dn_stands_in(void **state)
{
	(void)state;
	struct attribute entry[] = { VALUE("uid", "alice"), VALUE("uidNumber", "2001"), { 0 } };
	const struct cs_entry_source source = { entry, values_of };
	struct cs_schema schema = { 0 };
	struct cs_person_entry person = { 0 };
	char long_dn[400] = "uid=alice,ou=";
	assert_int_equal(cs_schema_preset("rfc2307", &schema), 0);
	assert_int_equal(cs_set(&schema.id_attribute, "dn"), 0);
	assert_int_equal(cs_person_read(&schema, "UID=alice, DC=Org", &source, &person), 0);
	assert_null(person.unclear);
	assert_string_equal(person.id, "uid=alice,dc=org");
	cs_person_entry_clear(&person);
	memset(long_dn + strlen(long_dn), 'x', 300);
	assert_int_equal(cs_person_read(&schema, long_dn, &source, &person), 0);
	assert_non_null(strstr(person.unclear, "too long"));
	cs_person_entry_clear(&person);
	cs_schema_clear(&schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth_table),
		cmocka_unit_test(test_every_attribute_is_asked_for),
		cmocka_unit_test(test_several_reasons),
		cmocka_unit_test(test_too_many_roles_are_unclear),
		cmocka_unit_test(test_person),
		cmocka_unit_test(test_what_is_unclear_says_so),
		cmocka_unit_test(test_no_number_and_no_login),
		cmocka_unit_test(test_guid_is_text),
		cmocka_unit_test(test_a_dn_stands_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
