/* SPDX-License-Identifier: Apache-2.0 */
/* Errands and attempts to connect, in this process: what a thread leaves when it comes back late or not at all, and
 * that each step of connecting ends in time. */
#include "directory_server.h"
#include "directory_tree.h"
#include "forwarder.h"
#include "errand.h"
#include "ldap_connection.h"
#include "mem.h"
#include "secrets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { LIMIT = 600, SLACK = 400 };

static struct server server;
static char password[] = PASSWORD;
static const struct cs_credentials credentials = { .password = password };
static char bind_dn[] = "cn=countersign," BASE, base[] = PEOPLE, ca_file[256];

/* --- Errands --- */

struct trip {
	int hold[2]; /* run returns when this is closed */
	atomic_int ran, dropped;
};

static void trip_run(void *arg)
{
	struct trip *trip = arg;
	char byte;
	(void)!read(trip->hold[0], &byte, 1);
	atomic_fetch_add(&trip->ran, 1);
}

static void trip_drop(void *arg)
{
	struct trip *trip = arg;
	atomic_fetch_add(&trip->dropped, 1);
}

static const struct cs_errand_calls trips = { trip_run, trip_drop };

static void trip_begin(struct trip *trip, struct cs_errand **ret_errand)
{
	memset(trip, 0, sizeof(*trip));
	assert_int_equal(pipe(trip->hold), 0);
	assert_int_equal(cs_errand_start(&trips, trip, ret_errand), 0);
}

static void await(atomic_int *what)
{
	uint64_t end = cs_boot_ms() + 10000;
	while (atomic_load(what) == 0) {
		assert_true(cs_boot_ms() < end);
		(void)usleep(500);
	}
}

static void test_an_errand_is_taken_back_once_it_is_done(void **state)
{
	(void)state;
	struct trip trip;
	struct cs_errand *errand = NULL;
	trip_begin(&trip, &errand);
	struct pollfd fd = { .fd = cs_errand_fd(errand), .events = POLLIN };
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_false(cs_errand_take(&errand));
	assert_non_null(errand);
	(void)close(trip.hold[1]);
	assert_int_equal(poll(&fd, 1, 10000), 1);
	assert_true(cs_errand_take(&errand));
	assert_null(errand);
	assert_int_equal(atomic_load(&trip.ran), 1);
	assert_int_equal(atomic_load(&trip.dropped), 0);
	(void)close(trip.hold[0]);
}

static void test_an_abandoned_errand_is_dropped_once(void **state)
{
	(void)state;
	struct trip trip;
	struct cs_errand *errand = NULL;
	for (int late = 0; late < 2; late++) {
		trip_begin(&trip, &errand);
		struct pollfd fd = { .fd = cs_errand_fd(errand), .events = POLLIN };
		if (late == 0) {
			(void)close(trip.hold[1]);
			assert_int_equal(poll(&fd, 1, 10000), 1);
		}
		cs_errand_abandon(&errand);
		assert_null(errand);
		if (late == 1)
			(void)close(trip.hold[1]);
		await(&trip.dropped);
		assert_int_equal(atomic_load(&trip.ran), 1);
		assert_int_equal(atomic_load(&trip.dropped), 1);
		(void)close(trip.hold[0]);
	}
	cs_errand_abandon(&errand);
}

/* --- Connecting --- */

/* Connects there and tells how long it took; 1: connected. */
static int connect_to(char *uri, bool probe, uint64_t *ret_ms, char *ret_cause)
{
	char *uris[] = { uri };
	bool tls = strncmp(uri, "ldaps", 5) == 0;
	struct cs_settings settings = { .uris = uris, .n_uris = 1, .tls = tls, .ca_file = ca_file, .bind = CS_BIND_SIMPLE,
		.bind_dn = bind_dn, .people_base = base, .deadline_ms = 1000 };
	struct cs_connecting *connecting = NULL;
	struct cs_ldap *ldap = NULL;
	uint64_t begin = cs_boot_ms();
	assert_int_equal(cs_connecting_start(&settings, &credentials, uri, begin + LIMIT, probe, &connecting), 0);
	struct pollfd fd = { .fd = cs_connecting_fd(connecting), .events = POLLIN };
	if (poll(&fd, 1, LIMIT + SLACK / 2) == 0) { /* libldap does not end a TLS handshake */
		cs_connecting_cut(connecting);
		assert_int_equal(poll(&fd, 1, 30000), 1);
	}
	*ret_ms = cs_boot_ms() - begin;
	assert_int_equal(cs_connecting_take(&connecting, &ldap, ret_cause), 1);
	assert_null(connecting);
	int connected = ldap != NULL;
	if (connected) {
		assert_int_equal(fcntl(cs_ldap_fd(ldap), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
		assert_int_equal(fcntl(cs_ldap_fd(ldap), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	}
	cs_ldap_close(&ldap, "");
	return connected;
}

static void test_a083_each_step_ends_in_time(void **state)
{
	(void)state;
	static const struct {
		bool tls;
		enum way way;
		int connected;
	} cases[] = {
		{ false, WAY_THROUGH, 1 }, { true, WAY_THROUGH, 1 }, { false, WAY_HOLD, 0 }, { true, WAY_HOLD, 0 },
		{ false, WAY_SLOW, 0 }, { true, WAY_SLOW, 0 }, { false, WAY_REFUSE, 0 }, { true, WAY_HALF_CLOSE, 0 },
	};
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		char uri[64], cause[LDAP_CAUSE_MAX];
		uint64_t took = 0;
		struct forwarder *between = forwarder_start(cases[i].tls ? server.tls_port : server.port);
		atomic_store(&between->way, (int)cases[i].way);
		(void)snprintf(uri, sizeof(uri), "%s://127.0.0.1:%u", cases[i].tls ? "ldaps" : "ldap", between->port);
		int connected = connect_to(uri, true, &took, cause);
		forwarder_end(&between);
		print_message("%s way %d: %s after %u ms: %s\n", uri, (int)cases[i].way, connected ? "connected" : "failed",
			(unsigned)took, cause);
		assert_int_equal(connected, cases[i].connected);
		assert_in_range(took, 0, LIMIT + SLACK);
		assert_int_equal(*cause == '\0', connected);
	}
}

static void test_an_attempt_that_is_given_up_cleans_up(void **state)
{
	(void)state;
	struct forwarder *between = forwarder_start(server.port);
	char uri[64];
	atomic_store(&between->way, WAY_HOLD);
	(void)snprintf(uri, sizeof(uri), "ldap://127.0.0.1:%u", between->port);
	char *uris[] = { uri };
	static struct cs_settings settings = { .bind = CS_BIND_SIMPLE, .bind_dn = bind_dn, .deadline_ms = 1000 };
	settings.uris = uris;
	settings.n_uris = 1;
	struct cs_connecting *connecting = NULL;
	assert_int_equal(cs_connecting_start(&settings, &credentials, uri, cs_boot_ms() + LIMIT, false, &connecting), 0);
	uint64_t end = cs_boot_ms() + 10000;
	while (atomic_load(&between->open) == 0)
		assert_true(cs_boot_ms() < end);
	cs_connecting_abandon(&connecting);
	assert_null(connecting);
	atomic_store(&between->way, WAY_THROUGH);
	while (atomic_load(&between->open) > 0) /* whatever came of it was closed */
		assert_true(cs_boot_ms() < end);
	forwarder_end(&between);
}

int main(void)
{
	int r = server_make(&server, TREE_LDIF);
	(void)snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", server.dir);
	if (r == 0) {
		const struct CMUnitTest tests[] = {
			cmocka_unit_test(test_an_errand_is_taken_back_once_it_is_done),
			cmocka_unit_test(test_an_abandoned_errand_is_dropped_once),
			cmocka_unit_test(test_a083_each_step_ends_in_time),
			cmocka_unit_test(test_an_attempt_that_is_given_up_cleans_up),
		};
		(void)setenv("LDAPNOINIT", "1", 1);
		(void)signal(SIGPIPE, SIG_IGN);
		cs_ldap_prepare();
		r = cmocka_run_group_tests(tests, NULL, NULL);
	}
	if (r != 77)
		server_remove(&server);
	return r < 0 ? 1 : r;
}
