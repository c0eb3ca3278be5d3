# SPDX-License-Identifier: Apache-2.0
"""Figures about requests that are pending: what votes cost, and what many requests that wait change. Two daemons with
stores of their own on the disk: at one nothing waits, at the other 10,000 requests do."""
import json
import os
import sqlite3
import tempfile
import time
from pathlib import Path

from measure import BUILD, ROOT, STATE, report, rounds, program, run, say, store_on_disk, world, world_uid

SIDES = ("empty", "full")
PENDING = 10000
COMMAND = "bench.run"
OTHER = "bench.stage"
# What an application does needs no file: nothing is hashed, and what is left is the daemon's own work.
GATES = """
permission release.stage {
	label = "Stage a release"
}
role stager {
	label       = "Stager"
	permissions = { release.stage }
}
assignment stagers {
	role   = stager
	scope  = "project/stage"
	person = { "uid=carol,ou=people,dc=example,dc=org", "uid=dave,ou=people,dc=example,dc=org" }
}
gate run {
	service    = jobs
	command    = "bench.run **"
	permission = release.deploy
	scope      = "project/tomcat"
	approval committee {
		count      = 1
		permission = release.approve
	}
	lifetime   = 12h
	use_within = 12h
}
gate stage {
	service    = jobs
	command    = "bench.stage **"
	permission = release.stage
	scope      = "project/stage"
	approval stagers {
		count      = 1
		permission = release.stage
	}
	lifetime   = 12h
	use_within = 12h
}
"""
STORE = {}


def sockets(side):
    return f"/run/countersign-{side}"


def store(side):
    return f"{STATE}/{side}.db"


def daemon_start(side):
    conf = Path("/etc/countersign/countersignd.conf").read_text()
    conf = conf.replace(f'"{STATE}/countersign.db"', f'"{store(side)}"').replace('"/run/countersign"', f'"{sockets(side)}"')
    file = Path(f"/etc/countersign/{side}.conf")
    file.write_text(f"max_open_per_uid = 10000\nmax_open = {4 * PENDING}\n{conf}")
    run("install", "-d", "-m", "0755", sockets(side))
    world("world_spawn", side, "/usr/sbin/countersignd", "--config", file)
    world("world_until", "10", f"the daemon of {side} to serve", "test", "-S", f"{sockets(side)}/people.sock")


def start():
    for function in ("world_syslog_start", "world_users", "world_slapd_start"):
        world(function)
    world("world_install", BUILD)
    STORE["file_system"] = store_on_disk()
    world("countersign_configure")
    world("countersign_policy", stdin=(ROOT / "tests/bench/policy.conf").read_text() + GATES)
    for side in SIDES:
        daemon_start(side)


def waiting(what, *arguments):
    return program("bench_waiting", what, world_uid("countersign"), *arguments)


# --- figures

def bytes_of_a_vote():
    """What the last approval left in the store: the vote, and the events of the vote and of the approval. Read from a copy,
    because the daemon has its store for itself."""
    with tempfile.TemporaryDirectory() as folder:
        for end in ("", "-wal"):
            run("cp", f"{store('empty')}{end}", f"{folder}/copy.db{end}")
        base = sqlite3.connect(f"{folder}/copy.db")
        request, vote = base.execute("SELECT request, length(body) FROM vote ORDER BY request DESC LIMIT 1").fetchone()
        events = base.execute("SELECT sum(length(bytes)) FROM (SELECT bytes FROM event WHERE request = ? "
                              "ORDER BY number LIMIT 2 OFFSET 1)", (request,)).fetchone()
        base.close()
    return vote + events[0]


def bare_commits_per_s(size, n):
    """Durable transactions of one row, one after another, on the same disk."""
    path = f"{STATE}/bare.db"
    base = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        base.execute(f"PRAGMA {pragma}")
    base.execute("CREATE TABLE row (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    body = os.urandom(size)
    began = time.monotonic()
    for _ in range(n):
        base.execute("INSERT INTO row (body) VALUES (?)", (body,))
    took = time.monotonic() - began
    base.close()
    os.unlink(path)
    return n / took


def votes_per_s():
    n, connections, bare, got, size = rounds(1000), 24, [], [], 0  # one person has 32 connections
    for _ in range(3):
        got.append(json.loads(waiting("votes", sockets("empty"), COMMAND, n, connections, "alice", "bob")))
        size = bytes_of_a_vote()
        bare.append(bare_commits_per_s(size, n))
    alone, crowd = (sorted(one[key] for one in got)[1] for key in ("one_at_a_time", "at_once"))
    report("votes_per_s", crowd, "1/s", round(sorted(bare)[1]), None, votes=n, connections=connections,
           one_at_a_time=alone, file_system=STORE["file_system"], bytes=size, directory="slapd over ldapi",
           bare_is="durable SQLite transactions of one row of these bytes, one after another, on the same disk")


def cpu_ms(side):
    """What the daemon has computed so far: that does not change with what else the machine does."""
    pid = Path(f"/run/world/{side}.pid").read_text().strip()
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def pending_10000_over_empty():
    n, pending = rounds(300), rounds(PENDING)
    for side in SIDES:
        waiting("fill", sockets(side), OTHER, 1, "carol")  # the oldest: it is what the list of the other person has
    say(f"filling a store with {pending} pending requests")
    waiting("fill", sockets("full"), COMMAND, pending, "alice", "erin")
    before = [cpu_ms(side) for side in SIDES]
    got = json.loads(waiting("pairs", sockets("empty"), sockets("full"), COMMAND, n, "alice", "bob", "dave"))
    empty, full = (cpu_ms(side) - was for side, was in zip(SIDES, before))
    ratios = {what: got.pop(what) for what in ("list", "submit", "vote")}
    report("pending_10000_over_empty", max(ratios.values()), "ratio", got["list_empty_ms"], 1.5, pairs=n, pending=pending,
           **ratios, cpu=round(full / empty, 3), cpu_ms=round(full / n, 4), cpu_empty_ms=round(empty / n, 4), page_of_100_over_empty=got.pop("page"), **got, file_system=STORE["file_system"],
           directory="slapd over ldapi", bare_is="ms of a list at the daemon where nothing waits",
           value_is="the largest of list, submit and vote; the list is that of somebody whom one request concerns, the oldest",
           cpu_is="the daemon's own, of a whole round: two lists, submit, show, vote, cancel")


FIGURES = {function.__name__: function for function in (votes_per_s, pending_10000_over_empty)}
