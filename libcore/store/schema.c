/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of the SQLite store, and the statements on it. The states are those of enum cs_state: 1 pending,
 * 2 approved; these two are open, and every partial index holds the open requests only. */
#include "schema.h"

#define MS " BETWEEN 0 AND 4611686018427387903"
#define OPEN "state IN (1, 2)"
#define COLUMNS \
	"number, id, digest, action_key, uid, state, version, since_boot, since_boot_ms, since_wall_ms, lifetime_ms, " \
	"use_within_ms, body"
#define DUE \
	"SELECT number, state, since_boot, since_boot_ms, since_wall_ms, lifetime_ms, use_within_ms " \
	"FROM request INDEXED BY request_open_due WHERE " OPEN " AND "

static const char requests_votes_and_events[] =
	"CREATE TABLE request (\n"
	"	number INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	"	id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),\n"
	"	digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),\n"
	"	action_key BLOB NOT NULL CHECK (length(action_key) = 32),\n"
	"	uid INTEGER NOT NULL CHECK (uid BETWEEN 0 AND 4294967295),\n"
	"	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),\n"
	"	version INTEGER NOT NULL CHECK (version >= 1),\n"
	"	since_boot TEXT NOT NULL CHECK (length(since_boot) <= 36),\n"
	"	since_boot_ms INTEGER NOT NULL CHECK (since_boot_ms" MS "),\n"
	"	since_wall_ms INTEGER NOT NULL CHECK (since_wall_ms" MS "),\n"
	"	lifetime_ms INTEGER NOT NULL CHECK (lifetime_ms" MS "),\n"
	"	use_within_ms INTEGER NOT NULL CHECK (use_within_ms" MS "),\n"
	"	due_boot_ms INTEGER GENERATED ALWAYS AS\n"
	"		(since_boot_ms + CASE state WHEN 2 THEN use_within_ms ELSE lifetime_ms END) VIRTUAL,\n"
	"	due_wall_ms INTEGER GENERATED ALWAYS AS\n"
	"		(since_wall_ms + CASE state WHEN 2 THEN use_within_ms ELSE lifetime_ms END) VIRTUAL,\n"
	"	body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 1048576)\n"
	") STRICT;\n"
	"CREATE INDEX request_open ON request (number) WHERE " OPEN ";\n"
	"CREATE INDEX request_open_state ON request (state) WHERE " OPEN ";\n"
	"CREATE INDEX request_open_action ON request (action_key, number) WHERE " OPEN ";\n"
	"CREATE INDEX request_open_uid ON request (uid) WHERE " OPEN ";\n"
	"CREATE INDEX request_open_due ON request (since_boot, due_boot_ms, due_wall_ms, since_wall_ms) WHERE " OPEN
	";\n"
	"CREATE TRIGGER request_is_kept BEFORE DELETE ON request BEGIN\n"
	"	SELECT RAISE(ABORT, 'a request is never deleted');\n"
	"END;\n"
	"CREATE TRIGGER request_is_fixed BEFORE UPDATE OF number, id, digest, action_key, uid, lifetime_ms,\n"
	"	use_within_ms, body ON request BEGIN\n"
	"	SELECT RAISE(ABORT, 'what was asked is never changed');\n"
	"END;\n"
	"CREATE TRIGGER request_stays_closed BEFORE UPDATE OF state ON request WHEN OLD.state NOT IN (1, 2) BEGIN\n"
	"	SELECT RAISE(ABORT, 'a closed request stays closed');\n"
	"END;\n"
	"CREATE TABLE vote (\n"
	"	request INTEGER NOT NULL REFERENCES request (number),\n"
	"	place INTEGER NOT NULL CHECK (place BETWEEN 1 AND 256),\n"
	"	person_id BLOB NOT NULL CHECK (length(person_id) >= 1),\n"
	"	body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 1048576),\n"
	"	PRIMARY KEY (request, place),\n"
	"	UNIQUE (request, person_id)\n"
	") STRICT;\n"
	"CREATE TRIGGER vote_is_kept BEFORE DELETE ON vote BEGIN\n"
	"	SELECT RAISE(ABORT, 'a vote is never deleted');\n"
	"END;\n"
	"CREATE TRIGGER vote_is_fixed BEFORE UPDATE ON vote BEGIN\n"
	"	SELECT RAISE(ABORT, 'a vote is never changed');\n"
	"END;\n"
	"CREATE TABLE event (\n"
	"	number INTEGER PRIMARY KEY CHECK (number >= 1),\n"
	"	bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 131072),\n"
	"	chain BLOB NOT NULL CHECK (length(chain) = 32)\n"
	") STRICT;\n"
	"CREATE TRIGGER event_follows BEFORE INSERT ON event\n"
	"	WHEN NEW.number <> (SELECT ifnull(max(number), 0) + 1 FROM event) BEGIN\n"
	"	SELECT RAISE(ABORT, 'an event follows the last one');\n"
	"END;\n"
	"CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN\n"
	"	SELECT RAISE(ABORT, 'an event is never deleted');\n"
	"END;\n"
	"CREATE TRIGGER event_is_fixed BEFORE UPDATE ON event BEGIN\n"
	"	SELECT RAISE(ABORT, 'an event is never changed');\n"
	"END;\n";

/* The texts of people are bounded in bytes. request is NULL where nobody else was needed. */
static const char policies[] =
	"CREATE TABLE policy (\n"
	"	number INTEGER PRIMARY KEY CHECK (number >= 1),\n"
	"	wall_ms INTEGER NOT NULL CHECK (wall_ms" MS "),\n"
	"	uid INTEGER NOT NULL CHECK (uid BETWEEN 0 AND 4294967295),\n"
	"	author TEXT NOT NULL CHECK (length(CAST(author AS BLOB)) <= 256),\n"
	"	comment TEXT NOT NULL CHECK (length(CAST(comment AS BLOB)) <= 1024),\n"
	"	request INTEGER REFERENCES request (number),\n"
	"	digest BLOB NOT NULL CHECK (length(digest) = 32),\n"
	"	text BLOB NOT NULL CHECK (length(text) BETWEEN 1 AND 16777216)\n"
	") STRICT;\n"
	"CREATE TRIGGER policy_follows BEFORE INSERT ON policy\n"
	"	WHEN NEW.number <> (SELECT ifnull(max(number), 0) + 1 FROM policy) BEGIN\n"
	"	SELECT RAISE(ABORT, 'a policy follows the last one');\n"
	"END;\n"
	"CREATE TRIGGER policy_is_kept BEFORE DELETE ON policy BEGIN\n"
	"	SELECT RAISE(ABORT, 'a policy is never deleted');\n"
	"END;\n"
	"CREATE TRIGGER policy_is_fixed BEFORE UPDATE ON policy BEGIN\n"
	"	SELECT RAISE(ABORT, 'a policy is never changed');\n"
	"END;\n";

const char *const cs_schema_steps[CS_SCHEMA_VERSION] = {requests_votes_and_events, policies};

/* INDEXED BY makes preparing fail where an index no longer serves: a scan would be noticed at once. */
const char *const cs_sql[CS_N_SQL] = {
	[CS_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[CS_SQL_COMMIT] = "COMMIT",
	[CS_SQL_ROLLBACK] = "ROLLBACK",
	[CS_SQL_MARK] = "SAVEPOINT m",
	[CS_SQL_RELEASE] = "RELEASE m",
	[CS_SQL_UNDO] = "ROLLBACK TO m",
	[CS_SQL_ADD] = "INSERT INTO request (id, digest, action_key, uid, state, version, since_boot, since_boot_ms, "
		       "since_wall_ms, lifetime_ms, use_within_ms, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
		       "?10, ?11, ?12)",
	[CS_SQL_GET] = "SELECT " COLUMNS " FROM request WHERE number = ?1",
	[CS_SQL_GET_ID] = "SELECT " COLUMNS " FROM request WHERE id = ?1",
	[CS_SQL_FIND_OPEN] =
		"SELECT number FROM request INDEXED BY request_open_action WHERE " OPEN " AND action_key = ?1 "
		"ORDER BY number DESC LIMIT ?2",
	[CS_SQL_CHANGE] = "UPDATE request SET state = ?3, version = version + 1, since_boot = ?4, since_boot_ms = ?5, "
			  "since_wall_ms = ?6 WHERE number = ?1 AND state = ?2",
	[CS_SQL_VOTE] = "INSERT INTO vote (request, place, person_id, body) "
			"SELECT ?1, ifnull(max(place), 0) + 1, ?2, ?3 FROM vote WHERE request = ?1",
	[CS_SQL_VOTED] = "UPDATE request SET version = version + 1 WHERE number = ?1",
	[CS_SQL_VOTES] = "SELECT body FROM vote WHERE request = ?1 ORDER BY place LIMIT 256",
	[CS_SQL_LIST] = "SELECT number FROM request WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
	[CS_SQL_LIST_OPEN] = "SELECT number FROM request INDEXED BY request_open WHERE " OPEN " AND number < ?1 "
			     "ORDER BY number DESC LIMIT ?2",
	/* ?1 boot id, ?2 boot milliseconds, ?3 wall milliseconds now. Candidates: what is over by this boot's clock,
	 * and of earlier boots what is over by the wall clock or seems to come from the future. */
	[CS_SQL_OVERDUE] =
		DUE "since_boot = ?1 AND due_boot_ms <= ?2 "
		    "UNION ALL " DUE "since_boot < ?1 AND (due_wall_ms <= ?3 OR since_wall_ms > ?3) "
		    "UNION ALL " DUE "since_boot > ?1 AND (due_wall_ms <= ?3 OR since_wall_ms > ?3) ORDER BY number",
	[CS_SQL_COUNT_UID] = "SELECT count(*) FROM request INDEXED BY request_open_uid WHERE " OPEN " AND uid = ?1",
	[CS_SQL_COUNT] = "SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2) "
			 "FROM request INDEXED BY request_open_state WHERE " OPEN,
	[CS_SQL_HEAD] = "SELECT number, chain FROM event ORDER BY number DESC LIMIT 1",
	[CS_SQL_APPEND] = "INSERT INTO event (number, bytes, chain) VALUES (?1, ?2, ?3)",
	[CS_SQL_RECORDS] = "SELECT number, bytes, chain FROM event WHERE number >= ?1 ORDER BY number LIMIT ?2",
	[CS_SQL_ADD_POLICY] = "INSERT INTO policy (number, wall_ms, uid, author, comment, request, digest, text) "
			      "VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?8)",
	/* The length of a blob is known without reading it. */
	[CS_SQL_POLICIES] = "SELECT number, wall_ms, uid, author, comment, ifnull(request, 0), digest, length(text) "
			    "FROM policy WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
	[CS_SQL_POLICY_TEXT] = "SELECT text FROM policy WHERE number = ?1",
};
