# SPDX-License-Identifier: Apache-2.0
"""Gates that only monitor, on the real sudo and sshd: nothing is held, the record says what would have been and can be derived
again, `countersign report` sums it up; the same gates hold once they enforce."""
import json
import os

from logins import PROOF, SSH, WRITE_PROOF, Login
from people import POLICY, countersign, deploys, events, held, last_event, requests, whole
from world import run_as

COMMAND = "/usr/local/sbin/deploy-release"
SUDOERS = "/etc/sudoers.d/countersign-test"

GATES = """
service sudo { unmatched = permit }
service sshd { unmatched = permit }
gate %(first)s {
    service    = sudo
    command    = "/usr/local/sbin/deploy-release %%{project} *"
    %(mode)s
    permission = release.deploy
    scope      = "project/%%{project}"
    approval one { count = 1  role = infra  scope = "*" }
}
gate door {
    service    = sshd
    %(mode)s
    permission = release.deploy
    scope      = "project/tomcat"
    approval one { count = 1  role = infra  scope = "*" }
}
gate shells {
    service = sudo
    command = "/bin/sh"
    deny    = "no shells"
}
"""


def rights():
    """The example's policy without its services and gates."""
    kept, depth, skips = [], 0, False
    with open(POLICY) as file:
        for line in file:
            if depth == 0:
                skips = line.startswith(("service ", "gate "))
            depth += line.count("{") - line.count("}")
            if not skips:
                kept.append(line)
    return "".join(kept)


def apply(mode):
    countersign("countersign_policy", stdin=RIGHTS + GATES % {"first": "deploy", "mode": mode})
    done = run_as("root", "countersign", "policy", "apply", "--yes")
    assert done.status == 0, done


def setup():
    global RIGHTS
    countersign("countersign_world")
    RIGHTS = rights()
    with open(SUDOERS, "w") as file:
        file.write("alice,carol ALL=(ALL:ALL) NOPASSWD: ALL\n")
    os.chmod(SUDOERS, 0o440)
    apply("mode = monitor")


def teardown():
    countersign("countersign_stop")
    countersign("world_sshd_stop")
    countersign("world_slapd_stop")


def monitored(since):
    return [event for event in events(since) if event["reason"] == "monitored"]


def report(*options):
    done = run_as("root", "countersign", "report", "--json", *options)
    assert done.status == 0, done
    return {gate["gate"]: gate for gate in json.loads(done.out)["gates"]}


def test_monitor_sudo_goes_on_and_enforcing_holds():
    """Kills: a monitored permit without its release, which the session phase would refuse; a request that is made all the same."""
    since, before, asked = last_event(), len(deploys()), len(requests("root", "--all"))
    done = run_as("alice", "sudo", COMMAND, "tomcat", "10.1")
    assert done.status == 0 and "countersign" not in done.out + done.err, done
    assert len(deploys()) == before + 1
    [event] = monitored(since)
    assert event["verdict"] == "permit" and event["gate"] == "deploy" and event["request"] == 0, event
    assert event["text"].startswith("It would have been held: "), event
    assert event["body"]["verdict"] == "hold" and event["body"]["reason"] == "needs-approval", event
    assert "carol" in event["body"]["needs"][0]["who"], event
    done = run_as("carol", "sudo", COMMAND, "tomcat", "10.1")  # who does not hold the permission
    assert done.status == 0, done
    assert monitored(since)[-1]["body"]["reason"] == "no-permission"
    done = run_as("alice", "sudo", "/bin/sh", "-c", "true")
    assert done.status != 0 and "no shells" in done.err, done
    assert len(requests("root", "--all")) == asked
    assert whole()
    apply("mode = enforce")
    try:
        before = len(deploys())
        term, number, _ = held("alice", ["sudo", COMMAND, "tomcat", "10.1"])
        assert len(deploys()) == before
        term.close()
        assert run_as("alice", "countersign", "cancel", number).status == 0
        assert run_as("carol", "sudo", COMMAND, "tomcat", "10.1").status != 0
        assert len(deploys()) == before
    finally:
        apply("mode = monitor")
    assert whole()


def test_monitor_ssh_goes_on_and_enforcing_holds():
    """Both phases: the account phase only asks, the session phase lets in and is recorded."""
    if os.path.exists(PROOF):
        os.unlink(PROOF)
    since = last_event()
    done = run_as("alice", *SSH, WRITE_PROOF)
    assert done.status == 0 and os.path.exists(PROOF), done
    found = monitored(since)
    assert [event["gate"] for event in found] == ["door"], found
    assert whole()
    apply("mode = enforce")
    try:
        with Login([*SSH, WRITE_PROOF]) as login:
            login.held()
    finally:
        apply("mode = monitor")


def test_report_counts_a_login_once():
    """A real sshd asks in two phases, and the second is recorded; where there is only the first, that. Kills: hold=session that is
    not told to the daemon, or told without it."""
    apply('exempt her { person = "uid=alice,ou=people,dc=example,dc=org" }')
    try:
        since = last_event()
        assert run_as("alice", *SSH, "true").status == 0
        found = [event for event in events(since) if event["kind"] == "permitted" and event["gate"] == "door"]
        assert [event["reason"] for event in found] == ["exempt"], found
        assert found[0]["body"]["action"]["target_groups"], found  # which the session phase looks up
        export = run_as("root", "countersign", "evidence", "export", "--from", str(since + 1))
        assert export.status == 0, export
        with open("/root/login.jsonl", "w") as file:
            file.write(export.out)
        door = report("--file", "/root/login.jsonl")["door"]
        assert door["at_once"] == 1, door
        before = report("--gate", "door")["door"]
        assert run_as("alice", *SSH, "true").status == 0
        door = report("--gate", "door")["door"]
        assert door["at_once"] == before["at_once"] + 1, door
        with open("/etc/pam.d/sshd") as file:
            lines = file.read()
        alone = [line.replace(" hold=session", "") for line in lines.splitlines(True) if "pam_countersign_hold" not in line]
        with open("/etc/pam.d/sshd", "w") as file:
            file.writelines(alone)
        try:
            assert run_as("alice", *SSH, "true").status == 0
        finally:
            with open("/etc/pam.d/sshd", "w") as file:
                file.write(lines)
        assert report("--gate", "door")["door"]["at_once"] == before["at_once"] + 2
    finally:
        apply("mode = monitor")


def test_monitor_report_says_what_would_have_been():
    """Of the daemon and of an export it is the same, and it fits a terminal."""
    run_as("alice", "sudo", COMMAND, "tomcat", "10.1")
    found = report("--gate", "deploy")
    assert list(found) == ["deploy"], found
    gate = found["deploy"]
    assert gate["would_hold"] >= 1 and {"verdict": "hold", "reason": "needs-approval",
                                        "count": gate["would_hold"]} in gate["would"], gate
    assert gate["missing"][0]["scope"] == "project/tomcat" and "carol" in gate["missing"][0]["who"], gate
    export = run_as("root", "countersign", "evidence", "export")
    assert export.status == 0
    with open("/root/evidence.jsonl", "w") as file:
        file.write(export.out)
    assert report("--gate", "deploy", "--file", "/root/evidence.jsonl") == found
    done = run_as("root", "countersign", "report")
    assert done.status == 0 and "would have been held" in done.out and "gate deploy" in done.out, done
    assert run_as("alice", "countersign", "report").status == 77
    assert run_as("root", "countersign", "report", "--since", "yesterday").status == 2
    assert run_as("root", "countersign", "report", "--since", "1d", "--until", "2999-01-01").status == 0
