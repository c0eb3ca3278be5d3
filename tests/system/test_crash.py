# SPDX-License-Identifier: Apache-2.0
"""countersignd killed outright in the middle of its work, many times (A065, A136): what it acknowledged is there once
afterwards, what it did not is there whole or not at all, and the evidence verifies up to every head that it logged."""
import collections
import json
import random
import re
import subprocess
import time

import fixed
from fixed import COMMAND, module, person
from people import countersign, events, whole
from wire import CLAIM, HOLD, PERMIT, SUBMIT, USED, VOTE, Gone, claim, show, submit, vote
from world import run_as

SECONDS = 25
HEAD = re.compile(r"event (\d+) head=([0-9a-f]{64})")


def setup():
    fixed.configure(per_uid=3000)


class Work:
    """Asks, votes and claims until the daemon is gone; keeps what was acknowledged."""

    def __init__(self, serial):
        self.serial = serial
        self.votes = collections.defaultdict(set)
        self.permits = set()
        self.asked = set()

    def vote(self, name, number, digest):
        wire = person(name)
        try:
            reply = wire.ask(VOTE, vote(number, digest))
            assert reply["why"] in ("needs-approval", "approved"), reply
            self.votes[number].add(name)
        finally:
            wire.close()

    def one(self, turn):
        wire = module()
        argv = ["true", "tomcat", f"{self.serial}.{turn}"]
        try:
            with open(COMMAND) as file:
                held = wire.ask(SUBMIT, submit(2001, "alice", COMMAND, argv), file.fileno())
                assert held["verdict"] == HOLD, held
                self.asked.add(held["number"])
                viewer = person("bob")
                try:
                    _, digest, _ = show(viewer, held["number"])
                finally:
                    viewer.close()
                self.vote("bob", held["number"], digest)
                self.vote("carol", held["number"], digest)
                if wire.ask(CLAIM, claim(held), file.fileno())["verdict"] == PERMIT:
                    self.permits.add(held["number"])
        finally:
            wire.close()

    def run(self):
        try:
            for turn in range(1000000):
                self.one(turn)
        except (Gone, ConnectionError, FileNotFoundError):
            pass


def check(work):
    viewer = person("root")
    found = collections.defaultdict(list)
    for event in events():
        found[event["request"]].append(event["kind"])
    for number in work.asked:
        _, _, decision = show(viewer, number)
        voters = [vote["person"]["name"] for vote in decision["votes"]]
        kinds = found[number]
        assert len(set(voters)) == len(voters), voters
        assert work.votes[number] <= set(voters), (work.votes[number], voters)
        assert kinds.count("requested") == 1 and kinds.count("voted") == len(voters), kinds
        assert kinds.count("claimed") == (decision["state"] == USED), kinds
        assert kinds.count("approved") == (len(voters) == 2), kinds
        if number in work.permits:
            assert decision["state"] == USED
    viewer.close()
    assert whole()


def finish(work):
    """What was approved and not used when the daemon was killed can be used, once."""
    viewer = person("root")
    for number in sorted(work.asked):
        request, _, decision = show(viewer, number)
        if len(decision["votes"]) < 2 or decision["state"] == USED:
            continue
        wire = module()
        with open(COMMAND) as file:
            used = wire.ask(SUBMIT, submit(2001, "alice", COMMAND, request["argv"]), file.fileno())
            assert used["verdict"] == PERMIT and used["number"] == number, used
            again = wire.ask(SUBMIT, submit(2001, "alice", COMMAND, request["argv"]), file.fileno())
            assert again["verdict"] == HOLD and again["number"] != number, again
        wire.close()
    viewer.close()


def heads():
    with open("/var/log/countersignd.log", errors="replace") as file:
        return {int(number): chain for number, chain in HEAD.findall(file.read())}


def exported():
    """The chain's value after each event."""
    done = run_as("root", "countersign", "evidence", "export")
    assert done.status == 0, done.err
    lines = map(json.loads, done.out.splitlines())
    return {line["number"]: line["chain"] for line in lines if "number" in line}


def test_crash_a065_killed_at_any_moment():
    chosen = random.Random(65)
    begun, rounds, permits, told, span = time.monotonic(), 0, 0, {}, 0.06
    # On a busy machine the daemon gets more time until it comes to release something.
    while time.monotonic() - begun < SECONDS or rounds <= 20 or permits <= 20:
        countersign("countersign_start")
        if rounds:
            check(work)
            finish(work)
        work = Work(rounds)
        pid = fixed.pid()
        # Another process: this one changes its user, to connect as somebody, and could not send the signal then.
        killer = subprocess.Popen(["/bin/sh", "-c", f"sleep {chosen.random() * span:.4f}; kill -KILL {pid}"])
        work.run()
        assert killer.wait() == 0
        countersign("world_until", "5", "the killed daemon to be gone", "world_gone", "countersignd")
        told |= heads()
        rounds += 1
        permits += len(work.permits)
        if not work.permits:
            span *= 1.2
    countersign("countersign_start")
    check(work)
    kept = exported()
    for number, head in told.items():
        assert kept.get(number) == head, (number, head, kept.get(number))
    print(f"     {rounds} kills, {permits} permits, {len(told)} logged heads")
    countersign("countersign_stop")
