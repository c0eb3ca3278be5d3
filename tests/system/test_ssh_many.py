# SPDX-License-Identifier: Apache-2.0
"""Many held logins beside a fresh one, on the real sshd."""
import json
import subprocess

from logins import SSH
from oracle import Oracle
from people import POLICY, countersign, from_clean, show, until, whole
from world import SCRIPT, run_as

HOLDS = 200
AT_ONCE = 8  # below MaxStartups, which is for those who come in, and counts them
GATE = "gate release-host-login {\n"


def setup():
    countersign("countersign_world")
    countersign("world_sshd_stop")
    countersign("countersign_sshd_start", "MaxStartups 10:100:10")
    with open(POLICY) as file:
        text = file.read().replace(GATE, GATE + "\texempt infra {\n\t\trole = infra\n\t}\n")
    done = run_as("root", "countersign", "policy", "apply", "-", "--yes", stdin=text)
    assert done.status == 0, done


def teardown():
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def waiting():
    return json.loads(run_as("root", "countersign", "status", "--json").out)["waiting"]


def hold_many(many):
    while len(many) < HOLDS:
        for _ in range(AT_ONCE):
            many.append(subprocess.Popen([SCRIPT, "as", "alice", *SSH, "true"], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        until(lambda: waiting() == len(many), 60)


def test_ssh_a022_two_hundred_holds_and_a_fresh_login():
    """None of them counts for MaxStartups any more, and an approver gets in and approves: one login for one approval. kills: a
    hold before the session phase, an approval that several logins use"""
    many, oracle = [], Oracle()
    try:
        hold_many(many)
        number = [event["request"] for event in oracle.events() if event["kind"] == "requested"][0]
        code = show(number, "alice")["decision"]["check_code"]
        done = run_as("carol", *SSH, "countersign", "approve", number, "--code", code, "--yes")
        assert done.status == 0, done
        until(lambda: [one for one in many if one.poll() is not None], 60)
        until(lambda: all(one.poll() is not None for one in many) or waiting() == sum(one.poll() is None for one in many), 60)
        assert oracle.kinds(number).count("claimed") == 1 and [one.poll() for one in many].count(0) == 1
    finally:
        for one in many:
            one.kill()
            one.wait()
    assert whole()


from_clean(globals())
