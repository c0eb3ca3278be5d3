# SPDX-License-Identifier: Apache-2.0
"""Commands inside a command that was approved (sudo's intercept): each is asked for by itself, and while it is held the one around
it can be ended as ever; on the real sudo."""
import os
import time

import runs
from oracle import Oracle
from people import approved_by, held, read_hold, requests, show, until, whole
from runs import GATE, SLEEPER, alive, apply, end, listed, started, write
from world import run_as

OUTER = "/usr/local/sbin/outer"
SCRIPT = f'''#!/bin/bash
echo "outer $$" >>/var/log/deploys
echo running
{SLEEPER}
echo "inside ended with $?"
sleep 60
'''
SUDOERS = "/etc/sudoers.d/intercept"
KEYS = "lifetime   = 30m"
policy = []


def setup():
    policy.append(runs.setup() + GATE % ("outer", "sudo", OUTER))
    gates(KEYS)
    write(OUTER, SCRIPT)


def teardown():
    os.unlink(SUDOERS)
    runs.teardown()


def gates(keys):
    """The gate of the sleeper alone has these keys."""
    text = policy[0]
    at = text.index("gate sleep {")
    apply(text[:at] + text[at:].replace(KEYS, keys, 1))


class outer:
    """A command of alice's that bob approved, and that runs the sleeper."""
    def __init__(self, defaults="use_pty", **more):
        write(SUDOERS, f"Defaults:alice intercept, {defaults}\nalice ALL=(root) NOPASSWD: {OUTER}, /usr/bin/sleep 60\n", 0o440)
        self.oracle = Oracle()
        self.term, self.number, code = held("alice", ["sudo", OUTER], **more)
        approved_by(self.number, code, "bob")
        self.term.expect("running")
        self.pid = started(self.oracle, "outer")
        until(lambda: listed(self.number))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.term.close()
        for row in requests("alice", "--mine"):
            run_as("alice", "countersign", "cancel", row["number"])
        until(lambda: not listed(self.number))


# Kills: beside and hear of the hold; without them the end waits until nobody holds any more.
def test_intercept_a_hold_inside_puts_no_end_off():
    for defaults in "use_pty", "!use_pty":
        with outer(defaults) as it:
            inside, _ = read_hold(it.term)
            since = time.monotonic()
            assert end("bob", it.number).status == 0
            until(lambda: not alive(it.pid))
            assert time.monotonic() - since < 5  # a hold lasts 15 minutes
            until(lambda: not listed(it.number))
            kinds = it.oracle.kinds(it.number)
            assert kinds.count("ended") == 1 and kinds.count("closed") == 1, kinds
            assert "claimed" not in it.oracle.kinds(inside), it.oracle.kinds(inside)
            assert not [line for line in it.oracle.canaries() if line.startswith("sleeper")]


# In the two seconds between TERM and KILL it asks nobody for anything. Kills: cs_sudo_attend_ends.
def test_intercept_what_ends_holds_nothing_any_more():
    write("/usr/local/sbin/again", f'#!/bin/bash\ntrap {SLEEPER} TERM HUP\necho "outer $$" >>/var/log/deploys\necho running\n'
          'while :; do :; done\n')
    os.rename("/usr/local/sbin/again", OUTER)
    try:
        for defaults in "use_pty", "!use_pty":
            with outer(defaults) as it:
                since = time.monotonic()
                assert end("bob", it.number).status == 0
                until(lambda: not alive(it.pid))
                assert time.monotonic() - since < 6
                until(lambda: not listed(it.number))
                assert it.oracle.kinds().count("requested") == 1, it.oracle.kinds()
    finally:
        write(OUTER, SCRIPT)


# Kills: ask_reason that prompts, for which nobody hears an end; the reason of the one around it, not taken over.
def test_intercept_nobody_is_asked_for_another_reason():
    gates(KEYS + "\n\treason     = required")
    try:
        with outer(env={"COUNTERSIGN_REASON": "monthly"}) as it:
            inside, _ = read_hold(it.term)
            assert show(inside)["request"]["reason"] == "monthly", show(inside)
            assert "Reason for this request" not in it.term.screen
        with outer() as it:
            it.term.expect("inside ended with 126")
            assert "a reason is needed" in it.term.screen and alive(it.pid)
    finally:
        gates(KEYS)


# Kills: a claim inside that is refused, or not recorded.
def test_intercept_what_is_approved_inside_runs():
    with outer() as it:
        inside, code = read_hold(it.term)
        approved_by(inside, code, "bob")
        pid = started(it.oracle, "sleeper")
        os.kill(pid, 15)
        it.term.expect("inside ended with")
        assert end("bob", it.number).status == 0
        until(lambda: not listed(it.number))
    kinds = it.oracle.kinds(inside)
    assert kinds.count("approved") == 1 and kinds.count("claimed") == 1, kinds


# sudo has no session for what runs inside, so it can be ended neither in time nor looked at. Kills: cannot_be_kept; each of its halves.
def test_intercept_what_has_to_end_or_be_looked_at_is_denied_inside():
    for keys in "session    = 3s", "watch      = required":
        gates(f"{KEYS}\n\t{keys}")
        try:
            with outer() as it:
                it.term.expect("inside ended with 126")
                assert "[nested]" in it.term.screen and alive(it.pid)
                assert [event["reason"] for event in it.oracle.events() if event["kind"] == "denied"] == ["nested"]
                assert not [line for line in it.oracle.canaries() if line.startswith("sleeper")]
        finally:
            gates(KEYS)
    assert whole()


# sudo preloads an object of its own into what runs inside then, and a variable that steers programs is never let through.
def test_intercept_by_preloading_is_denied_inside():
    with outer("intercept_type=dso") as it:
        it.term.expect("inside ended with 126")
        assert "[environment]" in it.term.screen and alive(it.pid)
        assert not [line for line in it.oracle.canaries() if line.startswith("sleeper")]
