# SPDX-License-Identifier: Apache-2.0
"""Break-glass with the real thing: sudo, the daemon, and an LDAP server that is stopped."""
import json
import pwd
import re

from oracle import Oracle
from people import POLICY, countersign, show, until
from term import run
from world import run_as, world

CONF = "/etc/countersign/countersignd.conf"
DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]
GLASS = """
break_glass oncall {
	scope = project
	uid = %d
	lasts = 15m
	approval review { count = 2 permission = release.approve scope = "project/tomcat" }
}
"""


def setup():
    countersign("countersign_world")
    with open(POLICY) as file:
        text = file.read()
    countersign("countersign_policy", stdin=text + GLASS % pwd.getpwnam("alice").pw_uid)
    done = run_as("root", "countersign", "policy", "apply", POLICY, "--yes")
    assert done.status == 0, done


def teardown():
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def start_without_directory():
    """`status` tells of a directory that does not answer by its exit status, so that is not what is waited for."""
    world("world_spawn", "countersignd", "/usr/sbin/countersignd", "--config", CONF)
    until(lambda: "version" in run_as("root", "countersign", "status", "--json").out)


def drill():
    return run_as("alice", "countersign", "drill")


def break_glass(user="alice", *more):
    return run_as(user, "countersign", "break-glass", "--reason", "the site is down", *more)


def test_break_glass_drill_proves_that_it_works():
    oracle = Oracle()
    done = drill()
    assert done.status == 0 and "Nothing was opened" in done.out, done
    for part in "policy: ", "directory: answers", "people: ", "review: ", "debt: none", "clock: ", "outbox: ", "store: writes":
        assert part in done.out, done
    assert oracle.kinds().count("drill") == 1, oracle.kinds()
    oracle.nothing_ran()
    assert run_as("bob", "countersign", "drill").status == 77


def test_break_glass_works_with_ldap_down_and_leaves_a_debt():
    oracle = Oracle()
    countersign("world_slapd_stop")
    try:
        status, screen = run(DEPLOY, user="alice", timeout=60)
        assert status != 0, screen
        oracle.nothing_ran()
        assert "could not tell; it is not needed" in drill().out, drill()
        done = break_glass("bob")
        assert done.status == 77 and "nothing was opened" in done.err, done
        done = break_glass()
        assert done.status == 0 and "is broken until" in done.out, done
        number, code = re.search(r"countersign approve (\d+), check code (\d{4})", done.out).groups()
        assert run(DEPLOY, user="alice", timeout=60)[0] == 0
        assert len(oracle.canaries()) == 1, oracle.canaries()
        # The daemon's restart takes nothing from it, and the server is still away.
        countersign("countersign_stop")
        start_without_directory()
        assert run(DEPLOY, user="alice", timeout=60)[0] == 0
        assert len(oracle.canaries()) == 2, oracle.canaries()
        done = break_glass()
        assert done.status == 1 and f"Request {number}" in done.err, done
    finally:
        countersign("world_slapd_start")
    used = [event for event in oracle.events() if event["kind"] == "permitted" and event["reason"] == "break-glass"]
    assert len(used) == 2 and all("the site is down" in event["text"] for event in used), used
    assert oracle.kinds().count("break-glass") == 1, oracle.kinds()
    # Two others review it: the person himself does not.
    assert run_as("alice", "countersign", "approve", number, "--code", code, "--yes").status == 77
    assert run_as("alice", "countersign", "cancel", number).status != 0
    for user in "bob", "carol":
        done = run_as(user, "countersign", "approve", number, "--code", code, "--yes")
        assert done.status == 0, done
    assert json.loads(run_as("root", "countersign", "show", "--json", number).out)["status"] == "used", show(number)
    verified = run_as("root", "countersign", "evidence", "verify")
    assert verified.status == 0, verified
    assert drill().status == 0, drill()
    assert break_glass("alice", "--for", "1m").status == 0
