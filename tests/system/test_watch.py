# SPDX-License-Identifier: Apache-2.0
"""What people see and type, on real terminals: what waits for them, watching and waiting across a restart, who may watch."""
import json
import re
import signal
import subprocess

from people import approve, approved_by, countersign, from_clean, held, reject, requests, show, until
from term import Term, run
from world import SCRIPT, run_as

DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]
PEOPLE = "/run/countersign/people.sock"
WATCHES = 16  # of one uid, as in the daemon


def setup():
    countersign("countersign_world")


def teardown():
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def follower(user, *words):
    """A command of a person in a pipe, whose lines are read as they come."""
    return subprocess.Popen([SCRIPT, "as", user, "countersign", *map(str, words)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def test_watch_home_says_what_waits_and_what_to_type():
    assert run_as("dave", "countersign").out == "Nothing waits for you, and you asked for nothing.\n"
    term, number, code = held("alice", DEPLOY)
    with term:
        status, screen = run(["countersign"], user="bob", columns=80)
        assert status == 0 and f"#{number}" in screen and f"countersign show {number}" in screen, screen
        assert max(map(len, screen.splitlines())) <= 80, screen
        mine = run_as("alice", "countersign")
        assert "You asked for:" in mine.out and f"#{number}" in mine.out and "\033" not in mine.out, mine
        assert json.loads(run_as("bob", "countersign", "--json").out)["waiting"][0]["number"] == number
        assert [row["number"] for row in requests("bob", "--waiting")] == [number]
        approved_by(number, code, "bob")
        # Kills: `waits` for somebody who has voted already.
        assert requests("bob", "--waiting") == [], requests("bob")
        term.sendintr()
        term.wait()


def test_watch_prefix_names_a_request():
    term, number, code = held("alice", DEPLOY)
    with term:
        whole = show(number)["decision"]["id"]
        # Decimal digits alone are a number: so many that a letter is among them, or all of them.
        prefix = whole[:max(4, re.search("[a-f]|$", whole).end())]
        by_prefix = run_as("alice", "countersign", "show", "--json", prefix.upper())
        assert json.loads(by_prefix.out)["decision"]["number"] == number, by_prefix
        # Kills: a prefix that finds what one may not see.
        assert run_as("dave", "countersign", "show", whole).status == 1
        assert approve("bob", f"#{number}", code).status == 0
        done = run_as("alice", "countersign", "cancel", whole)
        assert done.status == 0, done
        term.wait()


def test_watch_one_request_line_by_line_and_its_end():
    term, number, code = held("alice", DEPLOY)
    with term:
        watch = follower("carol", "watch", number)
        assert "is still pending" in watch.stdout.readline()
        approved_by(number, code, "bob")
        assert f"#{number}  approved by bob" in watch.stdout.readline()
        assert reject("erin", number, "not on a Friday").status == 0
        assert f"#{number}  rejected by erin: not on a Friday" in watch.stdout.readline()
        assert "was rejected by erin" in watch.stdout.readline()
        assert watch.wait(timeout=10) == 11
        term.wait()


def test_watch_everything_on_a_terminal_is_drawn_again_and_ctrl_c_ends_it():
    with Term(["countersign", "watch"], user="bob") as watch:
        watch.expect("Nothing waits for you")
        term, number, _ = held("alice", DEPLOY)
        with term:
            watch.expect(rf"#{number}\s+alice")
            term.sendintr()
            term.wait()
        watch.expect("Nothing waits for you")
        watch.sendintr()
        assert watch.wait() == -signal.SIGINT


def test_watch_wait_outlives_a_restart():
    term, number, code = held("alice", DEPLOY)
    with term:
        wait = follower("alice", "wait", number)
        until(lambda: status()["connections"] >= 3)  # the sudo, this question, and whoever waits
        countersign("countersign_kill")
        assert "asked again until it answers" in wait.stderr.readline()
        term.wait()
        countersign("countersign_start")
        approved_by(number, code, "bob", "carol")
        assert wait.wait(timeout=40) == 0
        assert f"request {number} is approved" in wait.stdout.read()


def test_watch_wait_ends_at_its_timeout_with_10():
    term, number, _ = held("alice", DEPLOY)
    with term:
        done = run_as("alice", "countersign", "wait", number, "--timeout", "1s")
        assert done.status == 10 and "still pending" in done.out, done
        term.sendintr()
        term.wait()


def status():
    return json.loads(run_as("root", "countersign", "status", "--json").out)


# Connects as dave and parks so many watches; says how many were answered at once.
WATCHER = """
import os, select, socket, struct, sys
os.setresgid(2005, 2005, 2005); os.setresuid(2005, 2005, 2005)
def connect():
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[2])
    s.sendall(b"CSGN" + struct.pack(">I", 5))
    return s
def watch(s, seen, ms):
    s.sendall(struct.pack(">IBQI", 13, 18, seen, ms))
first, change, before = connect(), 0, -1
while change != before: # nothing of an earlier test is under way any more
    before = change
    watch(first, change, 1000)
    change = struct.unpack(">Q", first.recv(65536)[13:21])[0]
sockets = [connect() for _ in range(int(sys.argv[1]))]
for s in sockets:
    watch(s, change, 60000)
print(len(select.select(sockets, [], [], 2)[0]), flush=True)
sys.stdin.readline()
print(len(select.select(sockets, [], [], 10)[0]), flush=True)
"""


def test_watch_one_person_cannot_park_too_many():
    done = subprocess.Popen(["/usr/bin/python3", "-c", WATCHER, str(WATCHES + 3), PEOPLE], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    assert done.stdout.readline() == "3\n"  # refused: too many
    # the person can still look and vote beside them, and the others are not kept from watching
    assert run_as("dave", "countersign", "list").status == 0
    assert run_as("bob", "countersign", "list").status == 0
    term, number, _ = held("alice", DEPLOY)
    with term:
        done.stdin.write("\n")
        done.stdin.flush()
        assert int(done.stdout.readline()) >= WATCHES
        term.sendintr()
        term.wait()
    done.wait(timeout=10)


from_clean(globals())
