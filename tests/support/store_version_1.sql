-- The store of version 1, as the programs before generations of the policy made it.
CREATE TABLE request (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
	digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
	action_key BLOB NOT NULL CHECK (length(action_key) = 32),
	uid INTEGER NOT NULL CHECK (uid BETWEEN 0 AND 4294967295),
	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),
	version INTEGER NOT NULL CHECK (version >= 1),
	since_boot TEXT NOT NULL CHECK (length(since_boot) <= 36),
	since_boot_ms INTEGER NOT NULL CHECK (since_boot_ms BETWEEN 0 AND 4611686018427387903),
	since_wall_ms INTEGER NOT NULL CHECK (since_wall_ms BETWEEN 0 AND 4611686018427387903),
	lifetime_ms INTEGER NOT NULL CHECK (lifetime_ms BETWEEN 0 AND 4611686018427387903),
	use_within_ms INTEGER NOT NULL CHECK (use_within_ms BETWEEN 0 AND 4611686018427387903),
	due_boot_ms INTEGER GENERATED ALWAYS AS
		(since_boot_ms + CASE state WHEN 2 THEN use_within_ms ELSE lifetime_ms END) VIRTUAL,
	due_wall_ms INTEGER GENERATED ALWAYS AS
		(since_wall_ms + CASE state WHEN 2 THEN use_within_ms ELSE lifetime_ms END) VIRTUAL,
	body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 1048576)
) STRICT;
CREATE INDEX request_open ON request (number) WHERE state IN (1, 2);
CREATE INDEX request_open_state ON request (state) WHERE state IN (1, 2);
CREATE INDEX request_open_action ON request (action_key, number) WHERE state IN (1, 2);
CREATE INDEX request_open_uid ON request (uid) WHERE state IN (1, 2);
CREATE INDEX request_open_due ON request (since_boot, due_boot_ms, due_wall_ms, since_wall_ms) WHERE state IN (1, 2);
CREATE TRIGGER request_is_kept BEFORE DELETE ON request BEGIN
	SELECT RAISE(ABORT, 'a request is never deleted');
END;
CREATE TRIGGER request_is_fixed BEFORE UPDATE OF number, id, digest, action_key, uid, lifetime_ms,
	use_within_ms, body ON request BEGIN
	SELECT RAISE(ABORT, 'what was asked is never changed');
END;
CREATE TRIGGER request_stays_closed BEFORE UPDATE OF state ON request WHEN OLD.state NOT IN (1, 2) BEGIN
	SELECT RAISE(ABORT, 'a closed request stays closed');
END;
CREATE TABLE vote (
	request INTEGER NOT NULL REFERENCES request (number),
	place INTEGER NOT NULL CHECK (place BETWEEN 1 AND 256),
	person_id BLOB NOT NULL CHECK (length(person_id) >= 1),
	body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 1048576),
	PRIMARY KEY (request, place),
	UNIQUE (request, person_id)
) STRICT;
CREATE TRIGGER vote_is_kept BEFORE DELETE ON vote BEGIN
	SELECT RAISE(ABORT, 'a vote is never deleted');
END;
CREATE TRIGGER vote_is_fixed BEFORE UPDATE ON vote BEGIN
	SELECT RAISE(ABORT, 'a vote is never changed');
END;
CREATE TABLE event (
	number INTEGER PRIMARY KEY CHECK (number >= 1),
	bytes BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 131072),
	chain BLOB NOT NULL CHECK (length(chain) = 32)
) STRICT;
CREATE TRIGGER event_follows BEFORE INSERT ON event
	WHEN NEW.number <> (SELECT ifnull(max(number), 0) + 1 FROM event) BEGIN
	SELECT RAISE(ABORT, 'an event follows the last one');
END;
CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN
	SELECT RAISE(ABORT, 'an event is never deleted');
END;
CREATE TRIGGER event_is_fixed BEFORE UPDATE ON event BEGIN
	SELECT RAISE(ABORT, 'an event is never changed');
END;
PRAGMA application_id = 1129531214;
PRAGMA user_version = 1;
