/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of the SQLite store, and the statements on it. The states are those of enum cs_state: 1 pending,
 * 2 approved; these two are open, and every partial index holds the open requests only. */
#include "schema.h"

#define MAX_MS "2305843009213693951" /* CS_STORE_MAX_MS */
#define MS " BETWEEN 0 AND " MAX_MS
#define U32 " BETWEEN 0 AND 4294967295"
#define OPEN "state IN (1, 2)"
#define TIMES \
	"state, since_boot, since_boot_ms, since_wall_ms, lifetime_ms, use_within_ms, objection_ms, start_wall_ms"
#define COLUMNS "number, id, digest, action_key, uid, version, uses, used, " TIMES ", person_key, place_key, body"
#define DUE "SELECT number, " TIMES " FROM request INDEXED BY request_open_due WHERE " OPEN " AND number > ?4 AND "
#define LAZY "state = 1 AND objection_ms > 0"
#define UNOPPOSED "SELECT number, " TIMES " FROM request INDEXED BY request_lazy WHERE " LAZY " AND number > ?4 AND "
#define LIST_OF(index, column) \
	"SELECT number FROM request INDEXED BY " index " WHERE " OPEN " AND " column " = ?3 AND number < ?1 " \
	"ORDER BY number DESC LIMIT ?2"
/* With the use that is counted now. */
#define IS_LAST_USE "used + 1 >= max(uses, 1)"

/* An approval waits for its use from its start on, where that is later: cs_use_span_ms. */
#define SPAN \
	"CASE state WHEN 2 THEN max(start_wall_ms - since_wall_ms, 0) + use_within_ms ELSE lifetime_ms END"

static const char requests[] =
	"CREATE TABLE request (\n"
	"	number INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	"	id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),\n"
	"	digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),\n"
	"	action_key BLOB NOT NULL CHECK (length(action_key) = 32),\n"
	"	person_key BLOB NOT NULL CHECK (length(person_key) = 32),\n"
	"	place_key BLOB NOT NULL CHECK (length(place_key) = 32),\n"
	"	uid INTEGER NOT NULL CHECK (uid" U32 "),\n"
	"	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),\n"
	"	version INTEGER NOT NULL CHECK (version >= 1),\n"
	"	since_boot TEXT NOT NULL CHECK (length(since_boot) <= 36),\n"
	"	since_boot_ms INTEGER NOT NULL CHECK (since_boot_ms" MS "),\n"
	"	since_wall_ms INTEGER NOT NULL CHECK (since_wall_ms" MS "),\n"
	"	lifetime_ms INTEGER NOT NULL CHECK (lifetime_ms" MS "),\n"
	"	use_within_ms INTEGER NOT NULL CHECK (use_within_ms" MS "),\n"
	"	objection_ms INTEGER NOT NULL CHECK (objection_ms" MS "),\n"
	"	start_wall_ms INTEGER NOT NULL CHECK (start_wall_ms" MS "),\n"
	"	uses INTEGER NOT NULL CHECK (uses" U32 "),\n"
	"	used INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND max(uses, 1)),\n"
	"	due_boot_ms INTEGER GENERATED ALWAYS AS (since_boot_ms + " SPAN ") VIRTUAL,\n"
	"	due_wall_ms INTEGER GENERATED ALWAYS AS (since_wall_ms + " SPAN ") VIRTUAL,\n"
	"	lazy_boot_ms INTEGER GENERATED ALWAYS AS (since_boot_ms + objection_ms) VIRTUAL,\n"
	"	lazy_wall_ms INTEGER GENERATED ALWAYS AS (since_wall_ms + objection_ms) VIRTUAL,\n"
	"	body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 1048576)\n"
	") STRICT;\n"
	"CREATE INDEX request_open ON request (number) WHERE " OPEN ";\n"
	"CREATE INDEX request_open_action ON request (action_key, number) WHERE " OPEN ";\n"
	"CREATE INDEX request_open_uid ON request (uid, number) WHERE " OPEN ";\n"
	"CREATE INDEX request_open_person ON request (person_key, number) WHERE " OPEN ";\n"
	"CREATE INDEX request_open_place ON request (place_key, number) WHERE " OPEN ";\n"
	"CREATE INDEX request_open_due ON request (since_boot, due_boot_ms, due_wall_ms, since_wall_ms) WHERE " OPEN
	";\n"
	"CREATE INDEX request_lazy ON request (since_boot, lazy_boot_ms, lazy_wall_ms) WHERE " LAZY ";\n"
	"CREATE TRIGGER request_is_kept BEFORE DELETE ON request BEGIN\n"
	"	SELECT RAISE(ABORT, 'a request is never deleted');\n"
	"END;\n"
	"CREATE TRIGGER request_is_fixed BEFORE UPDATE OF number, id, digest, action_key, person_key, place_key, uid,\n"
	"	lifetime_ms, use_within_ms, objection_ms, start_wall_ms, uses, body ON request BEGIN\n"
	"	SELECT RAISE(ABORT, 'what was asked is never changed');\n"
	"END;\n"
	"CREATE TRIGGER request_stays_closed BEFORE UPDATE OF state ON request WHEN OLD.state NOT IN (1, 2) BEGIN\n"
	"	SELECT RAISE(ABORT, 'a closed request stays closed');\n"
	"END;\n"
	"CREATE TRIGGER request_use_rises BEFORE UPDATE OF used ON request\n"
	"	WHEN OLD.state <> 2 OR NEW.used <> OLD.used + 1 BEGIN\n"
	"	SELECT RAISE(ABORT, 'a use is of an approved request, and counted once');\n"
	"END;\n";

/* How many are open, so that nobody has to count them: of each uid, and under -1 of all. */
static const char tally[] =
	"CREATE TABLE tally (\n"
	"	uid INTEGER NOT NULL CHECK (uid BETWEEN -1 AND 4294967295),\n"
	"	state INTEGER NOT NULL CHECK (" OPEN "),\n"
	"	n INTEGER NOT NULL CHECK (n >= 0),\n"
	"	PRIMARY KEY (uid, state)\n"
	") STRICT, WITHOUT ROWID;\n"
	"CREATE TRIGGER request_is_counted AFTER INSERT ON request WHEN NEW." OPEN " BEGIN\n"
	"	INSERT INTO tally VALUES (NEW.uid, NEW.state, 1), (-1, NEW.state, 1)\n"
	"		ON CONFLICT DO UPDATE SET n = n + 1;\n"
	"END;\n"
	"CREATE TRIGGER request_leaves_its_count AFTER UPDATE OF state ON request\n"
	"	WHEN OLD." OPEN " AND NEW.state <> OLD.state BEGIN\n"
	"	UPDATE tally SET n = n - 1 WHERE uid IN (OLD.uid, -1) AND state = OLD.state;\n"
	"END;\n"
	"CREATE TRIGGER request_joins_its_count AFTER UPDATE OF state ON request\n"
	"	WHEN NEW." OPEN " AND NEW.state <> OLD.state BEGIN\n"
	"	INSERT INTO tally VALUES (NEW.uid, NEW.state, 1), (-1, NEW.state, 1)\n"
	"		ON CONFLICT DO UPDATE SET n = n + 1;\n"
	"END;\n";

/* Every vote is kept; of each person the last one counts, and a withdrawal (3) counts as none. */
static const char votes_and_events[] =
	"CREATE TABLE vote (\n"
	"	request INTEGER NOT NULL REFERENCES request (number),\n"
	"	place INTEGER NOT NULL CHECK (place >= 1),\n"
	"	person_id BLOB NOT NULL CHECK (length(person_id) >= 1),\n"
	"	vote INTEGER NOT NULL CHECK (vote BETWEEN 1 AND 3),\n"
	"	body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 1048576),\n"
	"	PRIMARY KEY (request, place),\n"
	"	UNIQUE (request, person_id, place)\n"
	") STRICT;\n"
	"CREATE TRIGGER vote_follows BEFORE INSERT ON vote\n"
	"	WHEN NEW.place <> (SELECT ifnull(max(place), 0) + 1 FROM vote WHERE request = NEW.request) BEGIN\n"
	"	SELECT RAISE(ABORT, 'a vote follows the last one');\n"
	"END;\n"
	"CREATE TRIGGER vote_is_kept BEFORE DELETE ON vote BEGIN\n"
	"	SELECT RAISE(ABORT, 'a vote is never deleted');\n"
	"END;\n"
	"CREATE TRIGGER vote_is_fixed BEFORE UPDATE ON vote BEGIN\n"
	"	SELECT RAISE(ABORT, 'a vote is never changed');\n"
	"END;\n"
	"CREATE TABLE event (\n"
	"	number INTEGER PRIMARY KEY CHECK (number >= 1),\n"
	"	request INTEGER NOT NULL CHECK (request >= 0),\n"
	"	bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 131072),\n"
	"	chain BLOB NOT NULL CHECK (length(chain) = 32)\n"
	") STRICT;\n"
	"CREATE INDEX event_of_request ON event (request, number) WHERE request > 0;\n"
	"CREATE TRIGGER event_follows BEFORE INSERT ON event\n"
	"	WHEN NEW.number <> (SELECT ifnull(max(number), 0) + 1 FROM event) BEGIN\n"
	"	SELECT RAISE(ABORT, 'an event follows the last one');\n"
	"END;\n"
	"CREATE TRIGGER event_is_fixed BEFORE UPDATE ON event BEGIN\n"
	"	SELECT RAISE(ABORT, 'an event is never changed');\n"
	"END;\n";

/* What was taken out of the chain. A segment follows the one before, and says how the chain went on from there; only
 * what it holds may be deleted, and never the last event, which the next one follows. */
#define LAST_SEGMENT "FROM segment ORDER BY first DESC LIMIT 1"
static const char segments[] =
	"CREATE TABLE segment (\n"
	"	first INTEGER PRIMARY KEY CHECK (first >= 1),\n"
	"	last INTEGER NOT NULL CHECK (last >= first),\n"
	"	before BLOB NOT NULL CHECK (length(before) = 32),\n"
	"	chain BLOB NOT NULL CHECK (length(chain) = 32),\n"
	"	wall_ms INTEGER NOT NULL CHECK (wall_ms" MS "),\n"
	"	sha256 BLOB NOT NULL CHECK (length(sha256) = 32),\n"
	"	file TEXT NOT NULL CHECK (length(file) >= 1 AND instr(file, '/') = 0)\n"
	") STRICT;\n"
	"CREATE TRIGGER segment_follows BEFORE INSERT ON segment WHEN\n"
	"	NEW.first <> ifnull((SELECT last " LAST_SEGMENT "), 0) + 1 OR\n"
	"	NEW.before <> ifnull((SELECT chain " LAST_SEGMENT "), zeroblob(32)) OR\n"
	"	NEW.chain IS NOT (SELECT chain FROM event WHERE number = NEW.last) OR\n"
	"	NEW.last >= (SELECT max(number) FROM event) BEGIN\n"
	"	SELECT RAISE(ABORT, 'a segment follows the last one and ends before the last event');\n"
	"END;\n"
	"CREATE TRIGGER segment_is_kept BEFORE DELETE ON segment BEGIN\n"
	"	SELECT RAISE(ABORT, 'a segment is never deleted');\n"
	"END;\n"
	"CREATE TRIGGER segment_is_fixed BEFORE UPDATE ON segment BEGIN\n"
	"	SELECT RAISE(ABORT, 'a segment is never changed');\n"
	"END;\n"
	"CREATE TRIGGER event_is_kept BEFORE DELETE ON event\n"
	"	WHEN OLD.number > ifnull((SELECT last " LAST_SEGMENT "), 0) BEGIN\n"
	"	SELECT RAISE(ABORT, 'an event is never deleted but with its segment');\n"
	"END;\n"
	/* The outbox: what was told is not kept; the events are. */
	"CREATE TABLE notice (\n"
	"	number INTEGER PRIMARY KEY AUTOINCREMENT,\n"
	"	request INTEGER NOT NULL,\n"
	"	due_wall_ms INTEGER NOT NULL CHECK (due_wall_ms" MS "),\n"
	"	tries INTEGER NOT NULL DEFAULT 0 CHECK (tries" U32 "),\n"
	"	body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 1048576)\n"
	") STRICT;\n"
	"CREATE INDEX notice_due ON notice (due_wall_ms, number);\n"
	"CREATE INDEX notice_of_request ON notice (request, number);\n"
	"CREATE TABLE quiet (\n"
	"	name BLOB PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 256),\n"
	"	until_wall_ms INTEGER NOT NULL CHECK (until_wall_ms >= 1)\n"
	") STRICT, WITHOUT ROWID;\n";

/* The texts of people are bounded in bytes. request is NULL where nobody else was needed. */
static const char policies[] =
	"CREATE TABLE policy (\n"
	"	number INTEGER PRIMARY KEY CHECK (number >= 1),\n"
	"	wall_ms INTEGER NOT NULL CHECK (wall_ms" MS "),\n"
	"	uid INTEGER NOT NULL CHECK (uid" U32 "),\n"
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

const char *const cs_schema[CS_N_SCHEMA] = {requests, tally, votes_and_events, segments, policies};

/* INDEXED BY makes preparing fail where an index no longer serves: a scan would be noticed at once. */
const char *const cs_sql[CS_N_SQL] = {
	[CS_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[CS_SQL_COMMIT] = "COMMIT",
	[CS_SQL_ROLLBACK] = "ROLLBACK",
	[CS_SQL_MARK] = "SAVEPOINT m",
	[CS_SQL_RELEASE] = "RELEASE m",
	[CS_SQL_UNDO] = "ROLLBACK TO m",
	[CS_SQL_ADD] = "INSERT INTO request (id, digest, action_key, uid, state, version, since_boot, since_boot_ms, "
		       "since_wall_ms, lifetime_ms, use_within_ms, objection_ms, start_wall_ms, uses, person_key, "
		       "place_key, body) "
		       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
	[CS_SQL_GET] = "SELECT " COLUMNS " FROM request WHERE number = ?1",
	[CS_SQL_GET_ID] = "SELECT " COLUMNS " FROM request WHERE id = ?1",
	[CS_SQL_FIND_ID] = "SELECT number FROM request WHERE id BETWEEN ?1 AND ?2 LIMIT ?3",
	[CS_SQL_FIND_OPEN] =
		"SELECT number FROM request INDEXED BY request_open_action WHERE " OPEN " AND action_key = ?1 "
		"ORDER BY number DESC LIMIT ?2",
	[CS_SQL_CHANGE] = "UPDATE request SET state = ?3, version = version + 1, since_boot = ?4, since_boot_ms = ?5, "
			  "since_wall_ms = ?6 WHERE number = ?1 AND state = ?2",
	[CS_SQL_USE] = "UPDATE request SET used = used + 1, version = version + 1, state = iif(" IS_LAST_USE ", 6, 2), "
		       "since_boot = iif(" IS_LAST_USE ", ?2, since_boot), "
		       "since_boot_ms = iif(" IS_LAST_USE ", ?3, since_boot_ms), "
		       "since_wall_ms = iif(" IS_LAST_USE ", ?4, since_wall_ms) "
		       "WHERE number = ?1 AND state = 2 AND used < max(uses, 1) RETURNING used",
	[CS_SQL_VOTER] = "SELECT (SELECT count(DISTINCT person_id) FROM vote WHERE request = ?1), "
			 "(SELECT count(*) FROM vote WHERE request = ?1 AND person_id = ?2), "
			 "(SELECT vote FROM vote WHERE request = ?1 AND person_id = ?2 ORDER BY place DESC LIMIT 1)",
	[CS_SQL_VOTE] = "INSERT INTO vote (request, place, person_id, vote, body) "
			"SELECT ?1, ifnull(max(place), 0) + 1, ?2, ?3, ?4 FROM vote WHERE request = ?1",
	[CS_SQL_VOTED] = "UPDATE request SET version = version + 1 WHERE number = ?1",
	[CS_SQL_VOTES] = "SELECT body FROM vote AS v WHERE request = ?1 AND vote <> 3 AND NOT EXISTS (SELECT 1 FROM vote "
			 "WHERE request = ?1 AND person_id = v.person_id AND place > v.place) ORDER BY place LIMIT 256",
	[CS_SQL_LIST] = "SELECT number FROM request WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
	[CS_SQL_LIST_OPEN] = "SELECT number FROM request INDEXED BY request_open WHERE " OPEN " AND number < ?1 "
			     "ORDER BY number DESC LIMIT ?2",
	[CS_SQL_LIST_UID] = LIST_OF("request_open_uid", "uid"),
	[CS_SQL_LIST_PERSON] = LIST_OF("request_open_person", "person_key"),
	[CS_SQL_LIST_PLACE] = LIST_OF("request_open_place", "place_key"),
	[CS_SQL_NEXT_PLACE] = "SELECT place_key, number FROM request INDEXED BY request_open_place WHERE " OPEN
			      " AND place_key > ?1 ORDER BY place_key, number LIMIT 1",
	/* ?1 boot id, ?2 boot milliseconds, ?3 wall milliseconds now. Candidates: what is over by this boot's clock,
	 * and of earlier boots what is over by the wall clock or seems to come from the future. */
	[CS_SQL_OVERDUE] =
		DUE "since_boot = ?1 AND due_boot_ms <= ?2 "
		    "UNION ALL " DUE "since_boot < ?1 AND (due_wall_ms <= ?3 OR since_wall_ms > ?3) "
		    "UNION ALL " DUE "since_boot > ?1 AND (due_wall_ms <= ?3 OR since_wall_ms > ?3) ORDER BY number",
	/* The same for those to which nobody objected. What comes from the future is overdue, not unopposed. */
	[CS_SQL_UNOPPOSED] = UNOPPOSED "since_boot = ?1 AND lazy_boot_ms <= ?2 "
			     "UNION ALL " UNOPPOSED "since_boot < ?1 AND lazy_wall_ms <= ?3 "
			     "UNION ALL " UNOPPOSED "since_boot > ?1 AND lazy_wall_ms <= ?3 ORDER BY number",
	[CS_SQL_COUNT] = "SELECT sum(n) FILTER (WHERE uid = ?1), sum(n) FILTER (WHERE uid = -1 AND state = 1), "
			 "sum(n) FILTER (WHERE uid = -1 AND state = 2) FROM tally WHERE uid IN (-1, ?1)",
	[CS_SQL_HEAD] = "SELECT number, chain FROM event ORDER BY number DESC LIMIT 1",
	[CS_SQL_APPEND] = "INSERT INTO event (number, request, bytes, chain) VALUES (?1, ?2, ?3, ?4)",
	[CS_SQL_RECORDS] = "SELECT number, bytes, chain FROM event WHERE number >= ?1 ORDER BY number LIMIT ?2",
	[CS_SQL_RECORDS_OF] = "SELECT number, bytes, chain FROM event INDEXED BY event_of_request "
			      "WHERE request > 0 AND request = ?1 ORDER BY number LIMIT ?2",
	[CS_SQL_ADD_SEGMENT] = "INSERT INTO segment (first, last, before, chain, wall_ms, sha256, file) "
			       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[CS_SQL_TAKE_OUT] = "DELETE FROM event WHERE number <= ?1",
	[CS_SQL_SEGMENTS] = "SELECT first, last, before, chain, wall_ms, sha256, file FROM segment "
			    "ORDER BY first DESC LIMIT ?1",
	[CS_SQL_TELL] = "INSERT INTO notice (due_wall_ms, body, request) VALUES (?1, ?2, ?3)",
	[CS_SQL_NOTICES] = "SELECT number, tries, body FROM notice INDEXED BY notice_due WHERE due_wall_ms <= ?1 "
			   "ORDER BY due_wall_ms, number LIMIT ?2",
	[CS_SQL_NOTICES_OF] = "SELECT number, tries, body FROM notice INDEXED BY notice_of_request "
			      "WHERE request = ?1 ORDER BY number",
	[CS_SQL_TOLD] = "DELETE FROM notice WHERE number = ?1",
	[CS_SQL_TELL_LATER] = "UPDATE notice SET due_wall_ms = ?2, tries = min(tries + 1, 4294967295) WHERE number = ?1",
	[CS_SQL_COUNT_NOTICES] = "SELECT count(*) FROM notice",
	[CS_SQL_NEXT_NOTICE] = "SELECT min(due_wall_ms) FROM notice",
	[CS_SQL_SET_QUIET] = "INSERT INTO quiet (name, until_wall_ms) VALUES (?1, ?2) "
			     "ON CONFLICT DO UPDATE SET until_wall_ms = ?2",
	[CS_SQL_END_QUIET] = "DELETE FROM quiet WHERE name = ?1",
	[CS_SQL_QUIET] = "SELECT until_wall_ms FROM quiet WHERE name = ?1",
	[CS_SQL_ADD_POLICY] = "INSERT INTO policy (number, wall_ms, uid, author, comment, request, digest, text) "
			      "VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?8)",
	/* The length of a blob is known without reading it. */
	[CS_SQL_POLICIES] = "SELECT number, wall_ms, uid, author, comment, ifnull(request, 0), digest, length(text) "
			    "FROM policy WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
	[CS_SQL_POLICY_TEXT] = "SELECT text FROM policy WHERE number = ?1",
};
