# SPDX-License-Identifier: Apache-2.0
"""Others look on at what runs, on the real sudo: who may, what is seen, and what has to wait for somebody."""
import json
import os
import signal
import subprocess
import time

from oracle import Oracle
from people import POLICY, approved_by, countersign, events, held, until
from term import Term
from world import SCRIPT, run_as

SHELL = "/usr/local/sbin/looked-at"
MUST = "/usr/local/sbin/must-look"
PLAIN = "/usr/local/sbin/nobody-looks"
GATE = """
gate %s {
	service    = sudo
	command    = "%s"
	permission = release.deploy
	scope      = "project/tomcat"
	approval committee {
		count      = 1
		permission = release.approve
	}
	%s
}
"""
# What it says, it says when it is told to, by a line that is typed.
SAYS = """#!/bin/sh
echo "running $1"
echo "started $1" >>/var/log/deploys
while read -r line; do
    case $line in
    hostile) printf 'before\\033]0;title\\007\\033[6n\\033]52;c;Y2FuYXJ5\\007\\033[21t\\033P+q544e\\033\\\\\\033[3Jafter\\n' ;;
    blind) printf '\\033]0;'; printf 'x%.0s' $(seq 300); printf 'never hidden\\n' ;;
    both) echo "to stdout"; echo "to stderr" >&2 ;;
    much) seq 1 60000 ;;
    over) exit 0 ;;
    *) echo "heard $line"; echo "heard $line" >>/var/log/deploys ;;
    esac
done
"""


def setup():
    countersign("countersign_world")
    countersign("countersign_sudo_attend")
    countersign("countersign_sudo_watch")
    with open(POLICY) as file:
        text = file.read()
    countersign("countersign_policy", stdin=text + GATE % ("looked", SHELL, "watch = allowed")
                + GATE % ("must", MUST, "watch = required watch_grace = 5s") + GATE % ("plain", PLAIN, ""))
    done = run_as("root", "countersign", "policy", "apply", "--yes")
    assert done.status == 0, done
    for path in (SHELL, MUST, PLAIN):
        with open(path, "w") as file:
            file.write(SAYS)
        os.chmod(path, 0o755)
    with open("/etc/sudoers.d/watching", "w") as file:
        file.write(f"alice ALL=(root) NOPASSWD: {SHELL}, {MUST}, {PLAIN}\n")
    os.chmod("/etc/sudoers.d/watching", 0o440)


def teardown():
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def sessions(user="root"):
    done = run_as(user, "countersign", "sessions", "--json")
    assert done.status == 0, done
    return json.loads(done.out)["sessions"]


def row_of(number):
    return next((row for row in sessions() if row["number"] == number), None)


def kinds(number):
    return [event["kind"] for event in events() if event["request"] == number]


class running:
    """A command of alice's that bob approved, on a terminal. With required watching it is not started yet."""
    def __init__(self, command=SHELL, starts=True, argv=None, **more):
        self.oracle = Oracle()
        self.term, self.number, code = held("alice", argv or ["sudo", command], **more)
        approved_by(self.number, code, "bob")
        if starts:
            self.term.expect("running")
        until(lambda: row_of(self.number))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.term.close()
        until(lambda: not row_of(self.number))

    def looks(self, user="bob"):
        return Term(["countersign", "watch", str(self.number)], user=user)

    def watched(self, by):
        until(lambda: (row_of(self.number) or {}).get("watched_by") == by)


# --- Looking on

def test_watching_an_approver_sees_what_is_shown():
    with running() as it, it.looks() as bob:
        bob.expect("running")
        it.term.expect("bob looks on")
        it.watched("bob")
        it.term.sendline("canary-4711")
        bob.expect("heard canary-4711")
        it.term.expect("heard canary-4711")
        assert "bob" in run_as("alice", "countersign", "sessions", "--mine").out
        bob.send("q")
        assert bob.wait() == 0
        it.term.expect("nobody looks on any more")
        it.term.sendline("over")
        assert it.term.wait() == 0
    assert kinds(it.number).count("watched") == 2, kinds(it.number)


def test_watching_begins_where_the_request_is_watched_already():
    term, number, code = held("alice", ["sudo", SHELL])
    with term, Term(["countersign", "watch", str(number)], user="carol") as carol:
        carol.expect("pending")
        approved_by(number, code, "bob")
        carol.expect("running")
        term.sendline("over")
        carol.expect("the command is over")
        assert carol.wait() == 0 and term.wait() == 0


def test_watching_is_shown_before_it_is_approved():
    for command, says in ((SHELL, "others may look on"), (MUST, "only while somebody looks on")):
        term, number, _ = held("alice", ["sudo", command])
        with term:
            assert says in run_as("bob", "countersign", "show", number).out
            term.sendintr()
            term.wait()


# Kills: person_may; root_may.
def test_watching_nobody_looks_at_himself_and_no_stranger_looks():
    with running() as it:
        assert run_as("dave", "countersign", "watch", it.number).status == 1
        own = run_as("alice", "countersign", "watch", it.number)
        assert "running" not in own.out and "looked-at" not in own.err, own
        assert kinds(it.number).count("watched") == 0
        it.term.sendline("over")
        it.term.wait()


# Kills: a sequence that screen_text.c lets through (A047).
def test_a047_what_is_shown_does_nothing_to_who_looks():
    with running() as it, it.looks() as bob:
        bob.expect("running")
        it.term.sendline("hostile")
        bob.expect("beforeafter")
        it.term.sendline("blind")
        bob.expect("never hidden")
        for raw in ("\033]0", "\033]52", "\033[6n", "\033[21t", "\033P", "\033[3J"):
            assert raw not in bob.screen, bob.screen
        it.term.sendline("over")
        assert bob.wait() == 0


def test_watching_in_a_pipe_is_lines_alone():
    with running() as it:
        pipe = subprocess.Popen([SCRIPT, "as", "bob", "countersign", "watch", str(it.number)], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        it.watched("bob")
        it.term.sendline("hostile")
        it.term.expect("after")
        it.term.sendline("over")
        out, err = pipe.communicate(timeout=10)
        assert pipe.returncode == 0 and "beforeafter\n" in out and "\033" not in out, (out, err)
        assert "is over" in err


def test_watching_as_json():
    with running() as it:
        pipe = subprocess.Popen([SCRIPT, "as", "bob", "countersign", "watch", "--json", str(it.number)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        it.watched("bob")
        it.term.sendline("canary-8")
        it.term.expect("heard canary-8")
        it.term.sendline("over")
        out, err = pipe.communicate(timeout=10)
        rows = [json.loads(line) for line in out.splitlines()]
        rows = [row for row in rows if "over" in row]
        assert rows[-1]["over"] and "heard canary-8" in bytes.fromhex("".join(row["bytes"] for row in rows)).decode(), (out, err)


def test_watching_who_looks_ends_it():
    with running() as it, it.looks() as bob:
        bob.expect("running")
        bob.send("\x05")
        bob.expect("y ends it")
        bob.send("n")
        bob.expect("goes on")
        it.term.sendline("still-here")
        bob.expect("heard still-here")
        bob.send("\x05")
        bob.expect("y ends it")
        bob.send("y")
        it.term.expect("ended by bob")
        bob.expect("ended by bob")
        assert bob.wait() == 0 and it.term.wait() != 0
    assert "ended" in kinds(it.number)


# What is typed is not told: a password is typed there. Kills: log_in telling what it gets.
def test_watching_what_is_typed_is_not_shown():
    with running(argv=["sudo", SHELL], starts=True) as it, it.looks() as bob:
        bob.expect("running")
        it.term.sendline("canary-typed")
        bob.expect("heard canary-typed")
        assert bob.screen.count("canary-typed") <= 2, bob.screen  # its echo, and its answer
        it.term.sendline("over")
        bob.wait()


def test_watching_slows_nothing_that_may_be_looked_at():
    with running() as it:
        pid = int(subprocess.run(["pidof", "-s", "countersignd"], capture_output=True, text=True, check=True).stdout)
        it.term.sendline("few")
        it.term.expect("heard few")
        os.kill(pid, signal.SIGSTOP)
        try:
            it.term.sendline("much")
            it.term.expect("^60000$", timeout=60)
        finally:
            os.kill(pid, signal.SIGCONT)
        it.term.sendline("over")
        assert it.term.wait() == 0


# --- Somebody has to look on

def test_watching_required_starts_with_somebody_and_stands_still_without():
    with running(MUST, starts=False) as it:
        it.term.expect("waits to be started")
        assert not [line for line in it.oracle.canaries() if "started" in line]
        with it.looks() as bob:
            bob.expect("running")
            it.term.expect("running")
            it.term.sendline("one")
            bob.expect("heard one")
            bob.send("q")
            assert bob.wait() == 0
        it.watched("")
        it.term.sendline("two")
        it.term.expect("stands still")
        assert not [line for line in it.oracle.canaries() if "heard two" in line]
        with it.looks("carol") as carol:
            carol.expect("heard two")
            it.term.expect("heard two")
            it.term.sendline("over")
            assert carol.wait() == 0 and it.term.wait() == 0
    assert kinds(it.number).count("watched") == 4 and "ended" not in kinds(it.number), kinds(it.number)


# Kills: end_unwatched.
def test_watching_required_and_nobody_comes():
    with running(MUST, starts=False) as it:
        it.term.expect("waits to be started")
        assert it.term.wait() != 0
        assert not [line for line in it.oracle.canaries() if "started" in line]
    assert [event["reason"] for event in events() if event["request"] == it.number and event["kind"] == "ended"] == ["unwatched"]


def test_watching_required_ends_when_the_last_one_stays_away():
    with running(MUST, starts=False) as it:
        with it.looks() as bob:
            it.term.expect("running")
            bob.send("q")
            bob.wait()
        since = time.monotonic()
        it.term.expect("nobody looked on|nobody looks on any more")
        assert it.term.wait() != 0
        assert 4 < time.monotonic() - since < 12, time.monotonic() - since
    assert "ended" in kinds(it.number)


# Kills: be_alone; stand_still for a daemon that is gone.
def test_watching_required_without_a_daemon():
    for types in (False, True):
        with running(MUST, starts=False) as it, it.looks() as bob:
            it.term.expect("running")
            countersign("countersign_kill")
            if types:
                it.term.sendline("two")
                it.term.expect("stands still")
            it.term.expect("does not answer")
            assert it.term.wait() != 0
            assert not [line for line in it.oracle.canaries() if "heard two" in line]
            countersign("countersign_start")
            bob.close()


def test_watching_required_outlives_a_restart():
    with running(MUST, starts=False) as it, it.looks() as bob:
        it.term.expect("running")
        countersign("countersign_stop")
        countersign("countersign_start")
        bob.expect("asked again")
        it.watched("bob")
        it.term.sendline("three")
        bob.expect("heard three")
        it.term.sendline("over")
        assert bob.wait() == 0 and it.term.wait() == 0


def test_watching_required_without_the_line_in_sudo_conf():
    with open("/etc/sudo.conf") as file:
        text = file.read()
    try:
        for gone in ("sudo_countersign_watch", "sudo_countersign_attend"):
            with open("/etc/sudo.conf", "w") as file:
                file.write("".join(line for line in text.splitlines(True) if gone not in line))
            oracle = Oracle()
            term, number, code = held("alice", ["sudo", MUST])
            with term:
                approved_by(number, code, "bob")
                assert term.wait() != 0, term.screen
                assert not [line for line in oracle.canaries() if "started" in line]
    finally:
        with open("/etc/sudo.conf", "w") as file:
            file.write(text)


# --- Ways of sudo

def test_watching_a_command_in_a_pipe():
    done = subprocess.Popen([SCRIPT, "as", "alice", "sh", "-c", f"printf 'both\\nover\\n' | sudo {SHELL} x >/tmp/out 2>/tmp/err; echo $?"],
                            stdout=subprocess.PIPE, text=True)
    number = until(lambda: [row for row in json.loads(run_as("bob", "countersign", "list", "--json").out)["rows"]
                            if row["state"] == "pending" and "looked-at" in row["line"]])[0]["number"]
    code = json.loads(run_as("alice", "countersign", "show", "--json", number).out)["decision"]["check_code"]
    approved_by(number, code, "bob")
    assert done.communicate(timeout=20)[0].strip() == "0"
    with open("/tmp/out") as out, open("/tmp/err") as err:
        assert "to stdout" in out.read() and "to stderr" in err.read()


def test_watching_whatever_way_sudo_runs_it():
    for argv in (["sh", "-c", f"sudo -b {SHELL} x; exec cat"], ["sudo", "-u", "root", SHELL, "x"]):
        with running(argv=argv) as it, it.looks() as bob:
            bob.expect("running x")
            assert row_of(it.number)["watch"] == "allowed", argv
            if argv[0] == "sh":  # in the background: it reads nothing, and is ended from elsewhere
                assert run_as("bob", "countersign", "end", it.number, "--reason", "enough").status == 0
            else:
                it.term.sendline("canary-way")
                bob.expect("heard canary-way")
                it.term.sendline("over")
            assert bob.wait() == 0


def test_watching_root_looks_on_too():
    with running() as it, it.looks("root") as root:
        root.expect("running")
        it.term.expect("root looks on")
        it.term.sendline("over")
        assert root.wait() == 0


# Kills: end in stand_still.
def test_watching_end_from_elsewhere_while_it_stands_still():
    with running(MUST, starts=False) as it:
        with it.looks() as bob:
            it.term.expect("running")
            bob.send("q")
            bob.wait()
        it.watched("")
        it.term.sendline("two")
        it.term.expect("stands still")
        since = time.monotonic()
        done = run_as("bob", "countersign", "end", it.number, "--reason", "enough")
        assert done.status == 0, done
        it.term.expect("enough")
        assert it.term.wait() != 0
        assert time.monotonic() - since < 4
        assert not [line for line in it.oracle.canaries() if "heard two" in line]


def test_watching_nobody_costs_nothing():
    """Where nobody looks on no terminal is made for it: the command's is the person's own."""
    with running(PLAIN) as it:
        assert row_of(it.number)["watch"] == "none"
        assert run_as("bob", "countersign", "watch", it.number).status == 0
        it.term.sendline("over")
        it.term.wait()
    assert kinds(it.number).count("watched") == 0
