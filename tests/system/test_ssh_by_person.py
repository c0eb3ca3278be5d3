# SPDX-License-Identifier: Apache-2.0
"""etc/examples/ssh-by-person on the real sshd: who is held differs by person, group and address, and sshd_config has no Match."""
import os

from logins import Login
from oracle import Oracle
from people import countersign, from_clean, show, until
from term import Term
from world import run_as

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../etc/examples/ssh-by-person/policy.conf")
OFFICE, VPN, ELSEWHERE = "10.1.2.3", "192.0.2.9", "203.0.113.9"


def setup():
    for address in (OFFICE, VPN, ELSEWHERE):
        assert os.system(f"ip address add {address}/32 dev lo") == 0
    countersign("countersign_world")
    with open(EXAMPLE) as example:
        text = example.read()
    done = run_as("root", "countersign", "policy", "apply", "-", "--yes", stdin=text)
    assert done.status == 0, done


def teardown():
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def ssh(address, command="echo I am in"):
    return ["ssh", "-o", "BatchMode=yes", "-b", address, "rel1", command]


def permitted(user, address, gate):
    oracle = Oracle()
    with Term(ssh(address), user=user) as term:
        assert term.wait() == 0 and "I am in" in term.screen, term.screen
    assert {event["gate"] for event in oracle.events() if event["kind"] == "permitted"} == {gate}, oracle.events()


def refused(user, address, reason):
    oracle = Oracle()
    with Term(ssh(address), user=user) as term:
        assert term.wait() == 255 and "I am in" not in term.screen, term.screen
    assert [event["reason"] for event in oracle.events() if event["kind"] == "denied"] == [reason]


def held(user, address, gate):
    with Login(ssh(address), user=user) as login:
        request = show(login.number)["request"]
        assert (request["gate"], request["action"]["peer"]) == (gate, address), request
        login.approve()
        until(lambda: "claimed" in login.kinds())
        login.term.expect("I am in")


def test_by_group():
    """kills: an exemption that is not looked at, or that everybody has"""
    permitted("carol", OFFICE, "from-the-office")
    held("alice", OFFICE, "from-the-office")
    refused("dave", OFFICE, "no-permission")


def test_by_person():
    permitted("bob", OFFICE, "from-the-office")


def test_by_address():
    """kills: a peer that is not compared"""
    refused("carol", ELSEWHERE, "condition")
    refused("alice", ELSEWHERE, "condition")


def test_by_address_bob_too_is_held():
    countersign("world_group", "cn=infra", "add", "member", "erin")
    try:
        held("bob", VPN, "by-the-vpn")
    finally:
        countersign("world_group", "cn=infra", "delete", "member", "erin")


from_clean(globals())
