# SPDX-License-Identifier: Apache-2.0
"""Conditions, exemptions and waiting times of gates on real sudo, sshd and slapd."""
import datetime
import time

from oracle import Oracle
from people import POLICY, approved_by, countersign, events, held, read_hold, requests, until
from term import Term, run
from world import run_as

DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]
NETGROUP = "cn=release-hosts,ou=netgroup,dc=example,dc=org"
BASE = ""


def setup():
    global BASE
    countersign("countersign_world")
    BASE = open(POLICY).read()
    countersign("world_ldap_modify", stdin="""dn: ou=netgroup,dc=example,dc=org
changetype: add
objectClass: organizationalUnit
ou: netgroup

dn: cn=release-hosts,ou=netgroup,dc=example,dc=org
changetype: add
objectClass: nisNetgroup
cn: release-hosts
memberNisNetgroup: more-hosts

dn: cn=more-hosts,ou=netgroup,dc=example,dc=org
changetype: add
objectClass: nisNetgroup
cn: more-hosts
nisNetgroupTriple: (rel1,,)
""")


def teardown():
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def policy(change):
    """The example policy with a change, in force."""
    done = run_as("root", "countersign", "policy", "apply", "-", "--yes", stdin=change(BASE))
    assert done.status == 0, done


def deploy_gate(more):
    return lambda text: text.replace("gate deploy {\n", "gate deploy {\n\t" + more + "\n", 1)


def moment(hours):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return now.strftime("%Y-%m-%dT%H:%MZ")


def freeze(first, last, more=""):
    return lambda text: text + f"""
gate freeze {{
	service = sudo
	command = "/usr/local/sbin/deploy-release"
	time    = "{moment(first)}/{moment(last)}"
	deny    = "No releases now"
	{more}
}}
"""


def is_held(user="alice"):
    oracle = Oracle()
    term, number, _ = held(user, DEPLOY)
    with term:
        oracle.nothing_ran()
        term.sendintr()
        assert term.wait() != 0


def test_conditions_t3_freeze_denies_inside_its_window_only():
    policy(freeze(-1, 1))
    oracle = Oracle()
    status, screen = run(DEPLOY, user="alice")
    assert "No releases now" in screen, screen
    oracle.denied("deny-gate", status)
    policy(freeze(1, 2))
    is_held()


def test_conditions_p8_freeze_spares_whom_it_exempts():
    policy(freeze(-1, 1, 'exempt tomcat {\n\t\tgroup  = "cn=tomcat,ou=project,ou=groups,dc=example,dc=org"\n\t\tlisted = owner\n\t}'))
    is_held()
    oracle = Oracle()
    status, _ = run(DEPLOY, user="dave")
    oracle.denied("deny-gate", status)


def test_conditions_t2_window_of_a_gate_is_no_way_around_it():
    policy(deploy_gate(f'time = "{moment(1)}/{moment(2)}"'))
    oracle = Oracle()
    status, screen = run(DEPLOY, user="alice")
    assert "deploy" in screen, screen
    oracle.denied("condition", status)


def test_conditions_t3_freeze_that_begins_after_the_approval_stops_the_use():
    policy(lambda text: text)
    term, number, code = held("alice", DEPLOY)
    term.hangup()
    term.wait()
    until(lambda: any(e["kind"] == "parked" and e["request"] == number for e in events()))
    approved_by(number, code, "bob", "carol")
    policy(freeze(-1, 1))
    oracle = Oracle()
    status, _ = run(DEPLOY, user="alice")
    oracle.denied("deny-gate", status)
    assert run_as("alice", "countersign", "cancel", number).status == 0


def test_conditions_t4_waiting_time_before_use():
    policy(lambda text: text.replace("\tuse_within = 10m\n", "\tuse_within = 10m\n\tuse_after  = 3s\n", 1))
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        approved_by(number, code, "bob", "carol")
        term.expect(r"may be used in")
        oracle.nothing_ran()
        status = term.wait()
    oracle.ran(number, status)
    found = {e["kind"]: e["wall_ms"] for e in events() if e["request"] == number and e["kind"] in ("approved", "claimed")}
    assert found["claimed"] - found["approved"] >= 3000, found


def test_conditions_p8_exempt_from_approval_is_recorded_as_such():
    policy(deploy_gate('exempt lead {\n\t\tperson = "uid=bob,ou=people,dc=example,dc=org"\n\t}'))
    oracle = Oracle()
    status, _ = run(DEPLOY, user="bob")
    assert status == 0 and len(oracle.canaries()) == 1
    found = [e for e in oracle.events() if e["kind"] == "permitted"]
    assert [(e["reason"], e["gate"]) for e in found] == [("exempt", "deploy")] and "lead" in found[0]["text"], found
    is_held("alice")


def test_conditions_p18_netgroup_and_its_doubt():
    """A gate for the hosts of a netgroup; while the directory cannot tell, it is not skipped."""
    gate = f'host = "elsewhere"\n\tnetgroup = "{NETGROUP}"'
    policy(deploy_gate(gate))
    is_held()
    countersign("world_ldap_modify", stdin="""dn: cn=more-hosts,ou=netgroup,dc=example,dc=org
changetype: modify
replace: nisNetgroupTriple
nisNetgroupTriple: (rel9,,)
""")
    oracle = Oracle()
    status, _ = run(DEPLOY, user="alice")  # this host is not meant any more: sudoers alone decides
    assert status == 0 and [e["reason"] for e in oracle.events() if e["kind"] == "permitted"] == ["unguarded"]
    policy(deploy_gate(gate.replace("release-hosts", "no-such-hosts")))
    oracle = Oracle()
    status, _ = run(DEPLOY, user="alice")
    oracle.denied("doubt", status)
    countersign("world_slapd_stop")
    try:
        oracle = Oracle()
        status, _ = run(DEPLOY, user="alice")
        oracle.denied("doubt", status)
    finally:
        countersign("world_slapd_start")


def test_conditions_p18_peer_of_an_ssh_login():
    """From an address that the gate does not name nothing is permitted, though the service is unmatched = permit."""
    login = lambda ranges: lambda text: text.replace("gate release-host-login {\n",
                                                     f"gate release-host-login {{\n\tpeer = {ranges}\n", 1)
    policy(login('"192.0.2.0/24"'))
    oracle = Oracle()
    done = run_as("alice", "ssh", "-o", "BatchMode=yes", "rel1", "true", timeout=60)
    assert done.status != 0, done
    assert "condition" in [e["reason"] for e in oracle.events() if e["kind"] == "denied"], oracle.events()
    policy(login('{ "127.0.0.0/8", "::1/128" }'))
    with Term(["ssh", "-o", "BatchMode=yes", "rel1", "true"], user="alice") as term:
        number = until(lambda: [row["number"] for row in requests("alice", "--mine") if row["gate"] == "release-host-login"])[0]
        done = run_as("alice", "countersign", "cancel", number)
        assert done.status == 0, done
        assert term.wait() != 0
