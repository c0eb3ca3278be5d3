# SPDX-License-Identifier: Apache-2.0
"""What runs because of a request has an end: listed, ended by people and by what changes, on the real sudo and sshd."""
import json
import os
import re
import signal
import time

from oracle import Oracle
from people import (POLICY, approved_by, countersign, events, from_clean, held, until)
from term import Term, run
from world import run_as

SLEEPER = "/usr/local/sbin/sleeper"
STUBBORN = "/usr/local/sbin/stubborn"
GATE = """
gate %s {
	service    = %s
	command    = "%s"
	permission = release.deploy
	scope      = "project/tomcat"
	approval committee {
		count      = 1
		permission = release.approve
	}
	lifetime   = 30m
	use_within = 10m
}
"""
LOGIN = """
gate login-%s {
	service    = %s
	permission = host.login
	scope      = "host/%%{host}"
	approval infra {
		count = 1
		role  = infra
		scope = "*"
	}
	session    = %s
}
"""
POLICY_TEXT = None


def setup():
    global POLICY_TEXT
    countersign("countersign_world")
    countersign("countersign_sudo_attend")
    with open(POLICY) as file:
        text = file.read()
    POLICY_TEXT = text + GATE % ("sleep", "sudo", SLEEPER) + GATE % ("stubborn", "sudo", STUBBORN)
    apply(POLICY_TEXT)
    write(SLEEPER, '#!/bin/sh\ntrap "echo terminated >>/var/log/deploys; exit 3" TERM HUP\n'
          'echo "sleeper $$" >>/var/log/deploys\necho running\nsleep 60 &\nwait\necho "slept well" >>/var/log/deploys\n')
    write(STUBBORN, '#!/bin/sh\ntrap "" TERM HUP INT\necho "stubborn $$" >>/var/log/deploys\necho running\n'
          'while :; do sleep 1; done\n')
    write("/etc/sudoers.d/sessions", f"alice ALL=(root) NOPASSWD: {SLEEPER}, {STUBBORN}\n", 0o440)


def teardown():
    countersign("countersign_stop")
    countersign("world_sshd_stop")
    countersign("world_slapd_stop")


def apply(text):
    countersign("countersign_policy", stdin=text)
    done = run_as("root", "countersign", "policy", "apply", "--yes")
    assert done.status == 0, done


def write(path, text, mode=0o755):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def sessions(user="root", *more):
    done = run_as(user, "countersign", "sessions", "--json", *more)
    assert done.status == 0, done
    return json.loads(done.out)["sessions"]


def listed(number):
    return [row for row in sessions() if row["number"] == number]


def end(user, number, reason="wrong release"):
    return run_as(user, "countersign", "end", number, "--reason", reason)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def started(oracle, word):
    """The pid that the command left."""
    return int(until(lambda: [line for line in oracle.canaries() if line.startswith(word)])[0].split()[1])


class running:
    """A command of alice's that bob approved, on a terminal."""
    def __init__(self, argv=("sudo", "sleeper"), **more):
        self.oracle = Oracle()
        self.term, self.number, code = held("alice", list(argv), **more)
        approved_by(self.number, code, "bob")
        self.term.expect("running")
        self.pid = started(self.oracle, argv[-1])
        until(lambda: listed(self.number))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.term.close()
        if alive(self.pid):
            os.kill(self.pid, signal.SIGKILL)
        until(lambda: not listed(self.number))

    def kinds(self):
        return [event["kind"] for event in events() if event["request"] == self.number]

    def gone(self, since):
        """It is gone, so many milliseconds after since."""
        until(lambda: not alive(self.pid))
        took = (time.monotonic() - since) * 1000
        assert self.term.wait() != 0
        until(lambda: not listed(self.number))
        assert self.kinds().count("ended") == 1 and self.kinds().count("closed") == 1, self.kinds()
        return took


# --- sudo

def test_sessions_lists_what_runs_to_whom_it_concerns():
    with running() as it:
        row, = listed(it.number)
        assert row["kind"] == "command" and row["requester"] == "alice" and SLEEPER in row["line"], row
        assert row["tty"] == it.term.tty, row
        assert [row["number"] for row in sessions("alice", "--mine")] == [it.number]
        assert sessions("bob", "--mine") == [] and [row["number"] for row in sessions("bob")] == [it.number]
        assert sessions("dave") == []
        shown = run_as("bob", "countersign", "sessions").out
        assert re.search(rf"(?m)^ *{it.number} +command +alice +sleep ", shown), shown
    assert it.kinds()[-1] == "closed", it.kinds()


def test_sessions_end_ends_the_command():
    with running() as it:
        assert end("dave", it.number).status != 0 and alive(it.pid)
        assert end("bob", it.number, "").status == 2 and alive(it.pid)
        since = time.monotonic()
        done = end("bob", it.number)
        assert done.status == 0, done
        took = it.gone(since)
        assert f"request {it.number}: ended by bob: wrong release" in it.term.screen, it.term.screen
        assert "terminated" in it.oracle.canaries() and "slept well" not in it.oracle.canaries()
        assert end("bob", it.number).status != 0
    print(f"end to gone: {took:.0f} ms")


def test_sessions_a_vote_taken_back_ends_the_command():
    with running() as it:
        assert run_as("carol", "countersign", "withdraw", it.number).status != 0 and alive(it.pid)
        since = time.monotonic()
        done = run_as("bob", "countersign", "withdraw", it.number, "--comment", "not this one")
        assert done.status == 0, done
        it.gone(since)
        assert "took the approval back: not this one" in it.term.screen, it.term.screen


# TERM is not heard: KILL follows after two seconds.
def test_sessions_what_ignores_signals_is_killed():
    with running(("sudo", "stubborn")) as it:
        since = time.monotonic()
        assert end("bob", it.number).status == 0
        it.gone(since)


# Whoever started sudo chose its signals.
def test_sessions_signals_that_the_requester_ignores_change_nothing():
    script = "trap '' ALRM TERM HUP INT; exec sudo sleeper"
    with running(("bash", "-c", script, "sleeper")) as it:
        since = time.monotonic()
        assert end("bob", it.number).status == 0
        it.gone(since)


def test_sessions_sudo_b_is_ended_too():
    oracle = Oracle()
    term, number, code = held("alice", ["bash", "-c", "sudo -b sleeper; read line"])
    with term:
        approved_by(number, code, "bob")
        pid = started(oracle, "sleeper")
        until(lambda: listed(number))
        assert end("bob", number).status == 0
        until(lambda: not alive(pid))
        until(lambda: not listed(number))


def test_sessions_go_on_without_the_daemon_and_are_attended_again():
    with running() as it:
        countersign("countersign_kill")
        time.sleep(0.1)
        assert alive(it.pid)
        countersign("countersign_start")
        row, = until(lambda: listed(it.number))
        assert "closed" not in it.kinds() and "ended" not in it.kinds(), it.kinds()
        since = time.monotonic()
        assert end("bob", it.number).status == 0
        it.gone(since)
    with running() as it:
        countersign("countersign_stop")
        countersign("countersign_start")
        until(lambda: listed(it.number))
        assert "closed" not in it.kinds(), it.kinds()


def test_sessions_a_lost_right_and_a_new_policy_end_it():
    with running() as it:
        apply(POLICY_TEXT.replace(GATE % ("sleep", "sudo", SLEEPER),
                                  'gate sleep { service = sudo command = "%s" deny = "freeze" }\n' % SLEEPER))
        try:
            it.gone(time.monotonic())
            assert "freeze" in it.term.screen or "denies" in it.term.screen, it.term.screen
        finally:
            apply(POLICY_TEXT)


# Without the line in sudo.conf nothing is listed, and nothing else changes.
def test_sessions_without_the_plugin_nothing_is_attended():
    countersign("world_sudo_plugin", "sudo_countersign", "/usr/libexec/sudo/sudo_countersign.so")
    try:
        oracle = Oracle()
        term, number, code = held("alice", ["sudo", "deploy-release", "tomcat", "10.1"])
        with term:
            approved_by(number, code, "bob", "carol")
            assert term.wait() == 0, term.screen
        oracle.ran(number, 0)
    finally:
        countersign("countersign_sudo_attend")


def test_sessions_a_sudo_that_nobody_guards_is_not_attended():
    status, screen = run(["sudo", "-n", "true"], user="root")
    assert status == 0 and sessions() == [], screen


from_clean(globals())
