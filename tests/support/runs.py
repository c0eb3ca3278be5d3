# SPDX-License-Identifier: Apache-2.0
"""Commands and logins that run because of a request that somebody approved."""
import json
import os
import re
import signal
import time

from oracle import Oracle
from people import POLICY, approved_by, countersign, events, held, requests, show, until
from term import Term
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


def setup():
    """The world, with two commands that a gate guards; returns the policy's text."""
    countersign("countersign_world")
    countersign("countersign_sudo_attend")
    with open(POLICY) as file:
        text = file.read()
    text += GATE % ("sleep", "sudo", SLEEPER) + GATE % ("stubborn", "sudo", STUBBORN)
    apply(text)
    setup_commands()
    write("/etc/sudoers.d/sessions", f"alice ALL=(root) NOPASSWD: {SLEEPER}, {STUBBORN}\n", 0o440)
    return text


def setup_commands():
    write(SLEEPER, '#!/bin/sh\ntrap "echo terminated >>/var/log/deploys; exit 3" TERM HUP\n'
          'echo "sleeper $$" >>/var/log/deploys\necho running\nsleep 60 &\nwait\necho "slept well" >>/var/log/deploys\n')
    write(STUBBORN, '#!/bin/sh\ntrap "" TERM HUP INT\necho "stubborn $$" >>/var/log/deploys\necho running\n'
          'while :; do sleep 1; done\n')


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
    except (FileNotFoundError, ProcessLookupError):
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


SSH = ["ssh", "-o", "BatchMode=yes"]
NEW = 'trap "echo terminated >>/tmp/told; exit" TERM HUP; echo in-$$; while :; do sleep 0.1; done'


class login:
    """A login of alice's that carol approved."""
    def __init__(self, argv):
        before = {row["number"] for row in requests("alice", "--mine", "--all")}
        self.term = Term(argv, user="alice")
        self.number = until(lambda: [row["number"] for row in requests("alice", "--mine") if row["number"] not in before])[0]
        approved_by(self.number, show(self.number, "alice")["decision"]["check_code"], "carol")
        self.pid = int(self.term.expect("in-([0-9]+)").group(1))
        self.row, = until(lambda: listed(self.number))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.term.close()
        until(lambda: not listed(self.number))

    def kinds(self):
        return [event["kind"] for event in events() if event["request"] == self.number]

    def gone(self, since):
        assert self.term.wait() != 0
        took = (time.monotonic() - since) * 1000
        until(lambda: not listed(self.number))
        assert self.kinds().count("ended") == 1 and self.kinds().count("closed") == 1, self.kinds()
        return took
