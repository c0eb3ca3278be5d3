/* SPDX-License-Identifier: Apache-2.0 */
/* countersign doctor on machines of which each has one fault: exactly that is found. The healthy one is Debian 12 as it is
 * installed, with our lines. */
#include "doctor.h"
#include "faulty_machine.h"

#include "countersign/error.h"

static char *found_ids(const struct cs_doctor *doctor)
{
	char *ids = cs_dup("");

	for (size_t i = 0; i < doctor->findings.n_findings; i++) {
		char *longer = NULL;

		assert_int_equal(cs_format(&longer, "%s%s%s", ids, i > 0 ? " " : "", doctor->findings.findings[i].check), 0);
		free(ids);
		ids = longer;
	}
	return ids;
}

static void complain(const struct fault *fault, const struct cs_doctor *doctor, const char *ids)
{
	for (size_t i = 0; i < doctor->findings.n_findings; i++) {
		const struct cs_doctor_finding *finding = &doctor->findings.findings[i];

		print_message("  %s:%u: %s\n", finding->file, finding->line, finding->what);
	}
	print_message("%s: found \"%s\" and not \"%s\"\n", fault->name, ids, fault->found);
}

static int examine(const struct tree *tree, const struct fault *fault)
{
	struct cs_doctor doctor = { 0 };
	const struct cs_doctor_finding *first = NULL;
	char *ids = NULL;
	int wrong = 0;

	assert_int_equal(cs_doctor_gather(&tree->host, &doctor), 0);
	assert_int_equal(cs_doctor_examine(&doctor), 0);
	ids = found_ids(&doctor);
	first = doctor.findings.n_findings > 0 ? &doctor.findings.findings[0] : NULL;
	if (strcmp(ids, fault->found) != 0 || (fault->file != NULL && strcmp(first->file, fault->file) != 0) ||
		(fault->line != 0 && first->line != fault->line)) {
		complain(fault, &doctor, ids);
		wrong = 1;
	}
	for (size_t i = 0; i < doctor.findings.n_findings; i++) {
		assert_string_not_equal(doctor.findings.findings[i].what, "");
		assert_string_not_equal(doctor.findings.findings[i].mend, "");
	}
	free(ids);
	cs_doctor_clear(&doctor);
	return wrong;
}

/* Kills, one by one, whatever check is taken out of the table, and each that finds more than its own fault. */
static void test_each_fault_alone_is_found(void **state)
{
	int wrong = 0;
	(void)state;

	if (access("/usr/bin/cvtsudoers", X_OK) != 0)
		skip();
	for (size_t i = 0; i < CS_COUNT(faults); i++) {
		struct tree *tree = NULL;

		assert_int_equal(tree_setup((void **)&tree), 0);
		healthy(tree);
		apply(tree, &faults[i]);
		wrong += examine(tree, &faults[i]);
		assert_int_equal(tree_teardown((void **)&tree), 0);
	}
	assert_int_equal(wrong, 0);
}

/* A machine on which nothing was connected: nothing but that is said. */
static void test_unguarded_machine(void **state)
{
	struct tree *tree = *state;
	static const struct fault nothing = { .name = "unguarded", .found = "unguarded" };

	tree_write(tree, "/etc/pam.d/sshd", "account required pam_permit.so\n");
	tree_write(tree, "/etc/pam.d/other", "account required pam_deny.so\n");
	assert_int_equal(examine(tree, &nothing), 0);
}

/* Every row is a check of its own, and documented. */
static void test_table(void **state)
{
	const struct cs_doctor_check *check = NULL;
	struct cs_host source;
	char *page = NULL;
	size_t len = 0;
	(void)state;

	assert_int_equal(cs_host_open(CS_SOURCE_DIR, &source), 0);
	assert_int_equal(cs_host_read(&source, "/docs/doctor.md", &page, &len), 0);
	for (size_t i = 0; (check = cs_doctor_check_at(i)) != NULL; i++) {
		char *row = NULL;

		assert_int_equal(cs_format(&row, "| `%s` | %s |", check->id, cs_name_of(cs_severity_names, (int)check->severity)),
			0);
		if (strstr(page, row) == NULL)
			fail_msg("docs/doctor.md has no line \"%s\"", row);
		free(row);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(cs_doctor_check_at(k)->id, check->id);
	}
	free(page);
	cs_host_close(&source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_fault_alone_is_found),
		cmocka_unit_test_setup_teardown(test_unguarded_machine, tree_setup, tree_teardown),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
