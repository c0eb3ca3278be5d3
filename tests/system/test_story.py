# SPDX-License-Identifier: Apache-2.0
"""The story of the demo, step by step, as tests: real sudo, sshd and slapd."""
import os
import time

from oracle import Oracle
from people import DEPLOYS, approve, approved_by, change_record, countersign, deploys, events, held, reject, show, until, whole
from term import Term, run
from world import run_as

DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]


def setup():
    countersign("countersign_world")


def teardown():
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def withdraw(term, number, oracle):
    term.sendintr()
    oracle.ended_as(number, "cancelled", term.wait())


def test_story_1_alice_is_held_and_sees_what_is_missing():
    oracle = Oracle()
    with Term(DEPLOY, user="alice") as term:
        term.expect(r"(?i)reason[^\n]*: *$")
        term.sendline("10.1 fixes a hole")
        number = int(term.expect(r"request (\d+)").group(1))
        code = term.expect(r"check code\W+(\d{4})").group(1)
        term.expect(r"countersign approve \d+")
        for name in "bob", "erin", "carol":
            assert name in term.screen, term.screen
        oracle.nothing_ran()
        seen = show(number, "alice")
        assert seen["decision"]["check_code"] == code and seen["request"]["reason"] == "10.1 fixes a hole", seen
        assert [need["have"] for need in seen["decision"]["needs"]] == [0, 0], seen
        withdraw(term, number, oracle)


def test_story_2_nobody_approves_alone():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        for user in "alice", "alice-adm":
            done = approve(user, number, code)
            assert done.status == 77 and "own" in done.err, done
        with Term(["su", "-", "alice-adm", "-c", f"countersign approve {number} --code {code}"], user="alice") as su:
            su.expect("Password: ")
            su.sendline("pw-alice-adm")
            assert su.wait() != 0
        done = approve("dave", number, code)
        assert done.status != 0, done
        refused = [e["reason"] for e in oracle.events(number) if e["kind"] == "vote-refused"]
        assert refused.count("self") == 3, refused
        assert show(number)["decision"]["votes"] == []
        withdraw(term, number, oracle)


def test_story_2_without_a_role_sudo_is_refused():
    oracle = Oracle()
    status, screen = run(DEPLOY, user="dave")
    assert "permission" in screen, screen
    oracle.denied("no-permission", status)


def test_story_3_bob_rejects_with_a_comment():
    oracle = Oracle()
    term, number, _ = held("alice", DEPLOY)
    with term:
        assert reject("bob", number, "not on a Friday").status == 0
        status = term.wait()
        assert status == 1 and "bob" in term.screen and "not on a Friday" in term.screen, term.screen
    oracle.ended_as(number, "rejected", status)


def test_story_4_two_approve_and_it_runs_once():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        approved_by(number, code, "bob")
        term.expect(r"bob approved")
        oracle.nothing_ran()
        approved_by(number, code, "carol")
        oracle.ran(number, term.wait(), "deployed tomcat 10.1 by alice")
    assert oracle.kinds(number) == ["requested", "voted", "voted", "approved", "claimed", "confirmed"], oracle.kinds(number)


def hang_up(argv=DEPLOY):
    term, number, code = held("alice", argv)
    term.hangup()
    term.wait()
    return number, code


def test_story_5_an_approver_leaves_before_the_use():
    number, code = hang_up()
    approved_by(number, code, "bob", "carol")
    oracle = Oracle()
    countersign("countersign_leave", "cn=infra", "carol", "erin")
    try:
        status, screen = run(DEPLOY, user="alice")
    finally:
        countersign("countersign_leave", "cn=infra", "erin", "carol")
    oracle.denied("approver-lost", status)
    assert "approver" in screen.lower(), screen


def open_request():
    """The number of the newest request, while it is open."""
    found = [e["request"] for e in events() if e["kind"] == "requested"]
    return found[-1] if found and show(found[-1])["decision"]["state"] == "pending" else None


def test_story_6_an_ssh_login_is_held_and_goes_on():
    with Term(["ssh", "-o", "BatchMode=yes", "rel1", "id -un >who"], user="alice") as term:
        number = until(open_request)
        assert not os.path.exists("/home/alice/who") and term.running
        approved_by(number, show(number, "alice")["decision"]["check_code"], "carol")
        assert term.wait() == 0 and open("/home/alice/who").read() == "alice\n"
    # the helper says that it is over, once the process is gone
    kinds = until(lambda: (lambda found: found if found[-1] == "closed" else None)(
        [e["kind"] for e in events() if e["request"] == number]))
    assert kinds == ["requested", "voted", "approved", "claimed", "closed"], kinds


def test_story_7_parked_and_used_once():
    number, code = hang_up()
    oracle = Oracle()
    approved_by(number, code, "bob", "carol")
    oracle.nothing_ran()
    status, screen = run(DEPLOY, user="alice")
    assert "eason" not in screen, screen
    oracle.ran(number, status)
    oracle = Oracle()
    term, again, _ = held("alice", DEPLOY)
    with term:
        assert again != number
        withdraw(term, again, oracle)


def test_story_8_daemon_killed():
    before = deploys()
    countersign("countersign_kill")
    try:
        begun = time.monotonic()
        status, screen = run(DEPLOY, user="alice")
        assert status != 0 and time.monotonic() - begun < 1 and "countersignd does not answer" in screen, screen
        with Term(["login", "-f", "root"], env={"TERM": "dumb"}) as console:
            console.expect("# ")
            console.sendline("id -un; exit")
            console.expect("^root")
            assert console.wait() == 0
    finally:
        countersign("countersign_start")
    assert deploys() == before and os.stat(DEPLOYS).st_mode & 0o077 == 0


def test_story_9_one_changed_byte_is_found():
    assert whole()
    event = next(e for e in events() if "not on a Friday" in e["text"])
    change_record(event["number"], b"Friday", b"friday")
    done = run_as("root", "countersign", "evidence", "verify")
    assert done.status == 1 and f"broken at event {event['number']}:" in done.out, done
