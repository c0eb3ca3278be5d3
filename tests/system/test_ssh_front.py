# SPDX-License-Identifier: Apache-2.0
"""The front of a held ssh login: under keyboard-interactive its person reads what he waits for, and gives the reason, before
sshd falls silent; every other login goes the same way without."""
import os
import re

from logins import PROOF, WRITE_PROOF, Login
from oracle import Oracle
from people import CODE, NUMBER, POLICY, REASON, approved_by, countersign, events, from_clean, reject, requests, show, until
from term import Term
from world import run_as

KEYBOARD = ["ssh", "-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=keyboard-interactive", "rel1"]
BY_PASSWORD = ["ssh", "-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password", "rel1"]
BY_KEY = ["ssh", "-o", "BatchMode=yes", "rel1"]
ENTER = r"Press Enter to wait for it: $"
SHOW_ENVIRONMENT = "cat /proc/self/environ | tr '\\0' '\\n'; env; " + WRITE_PROOF
BASE = ""


def setup():
    global BASE
    countersign("countersign_world")
    with open(POLICY) as file:
        BASE = file.read()
    with open("/etc/pam.d/sshd") as file:
        lines = file.read()
    with open("/etc/pam.d/sshd", "w") as file:
        file.write(lines.replace("pam_countersign.so hold=session", "pam_countersign.so hold=session front"))
    wants_reason(True)
    countersign("world_sshd_stop")
    countersign("countersign_sshd_start", "PasswordAuthentication yes", "KbdInteractiveAuthentication yes")


def teardown():
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def wants_reason(wants):
    login = "gate release-host-login {\n"
    done = run_as("root", "countersign", "policy", "apply", "-", "--yes",
                  stdin=BASE.replace(login, login + "\treason = required\n") if wants else BASE)
    assert done.status == 0, done


class Front(Term):
    """alice at the prompts of the front."""

    def __init__(self, argv=KEYBOARD, command=WRITE_PROOF):
        self.oracle = Oracle()
        if os.path.exists(PROOF):
            os.unlink(PROOF)
        super().__init__([*argv, command], user="alice")
        self.expect("assword: ")
        self.sendline("pw-alice")

    def give(self, reason="security release 10.1"):
        """Gives the reason; returns number and check code as they are shown."""
        self.expect(REASON)
        self.sendline(reason)
        return self.read()

    def read(self):
        number = int(self.expect(NUMBER).group(1))
        code = self.expect(CODE).group(1)
        self.expect("carol")
        self.expect(rf"countersign approve {number}")
        self.expect(ENTER)
        return number, code

    def kinds(self, number):
        return self.oracle.kinds(number)

    def ran(self, number):
        assert self.wait() == 0, self.screen
        with open(PROOF) as proof:
            assert proof.read() == "in\n"
        kinds = self.kinds(number)
        assert kinds.count("requested") == kinds.count("claimed") == 1, kinds
        assert kinds.index("approved") < kinds.index("claimed"), kinds


def no_proof():
    return not os.path.exists(PROOF)


def test_front_asks_shows_and_the_hold_joins():
    """The request with the reason is there before the hold, and the hold makes no second one. kills: a front whose action
    differs from the hold's, a reason that is asked for and lost"""
    with Front() as front:
        number, code = front.give()
        assert show(number)["request"]["reason"] == "security release 10.1"
        assert code == show(number, "alice")["decision"]["check_code"]
        assert no_proof() and front.running
        front.sendline()
        until(lambda: len(requests("root")) == 1 and "parked" not in front.kinds(number))
        approved_by(number, code, "carol")
        front.ran(number)
        assert len([event for event in front.oracle.events() if event["kind"] == "requested"]) == 1


def test_front_may_be_approved_while_its_person_reads():
    """Nobody is let in by the front, approved or not: Enter leads to the hold, which claims. kills: a front that opens"""
    with Front() as front:
        number, code = front.give()
        approved_by(number, code, "carol")
        front.expect_nothing(r"\S", 0.5)
        assert no_proof() and "claimed" not in front.kinds(number)
        front.sendline()
        front.ran(number)


def test_front_wrong_password_asks_for_nothing():
    """Only who is authenticated sees anything, or makes a request. kills: a front in the auth phase that runs on after a
    wrong password"""
    oracle = Oracle()
    with Term([*KEYBOARD[:-1], "-o", "NumberOfPasswordPrompts=1", "rel1", WRITE_PROOF], user="alice") as term:
        term.expect("assword: ")
        term.sendline("pw-bob")
        assert term.wait() == 255 and not re.search("(?i)countersign|reason|carol", term.screen), term.screen
    assert oracle.events() == []


def test_front_person_without_the_right_is_refused_at_once():
    oracle = Oracle()
    with Term([*KEYBOARD[:-1], "-o", "NumberOfPasswordPrompts=1", "rel1", "id"], user="dave") as term:
        term.expect("assword: ")
        term.sendline("pw-dave")
        assert term.wait() == 255 and "uid=" not in term.screen and not re.search(REASON, term.screen), term.screen
    assert [event["reason"] for event in oracle.events() if event["kind"] == "denied"] == ["no-permission"]
    assert "requested" not in oracle.kinds()


def test_front_leaves_nothing_in_the_environment():
    """kills: a reason that the session keeps"""
    with Front(command=SHOW_ENVIRONMENT) as front:
        number, code = front.give("a reason that nobody else reads")
        front.sendline()
        approved_by(number, code, "carol")
        front.ran(number)
        after = front.screen.split(ENTER.removesuffix(" $"))[1]
        assert "COUNTERSIGN" not in after and "nobody else reads" not in after, after


def test_front_reason_travels_where_the_request_does_not_wait():
    """Withdrawn while its person reads: the hold makes the request anew, with the reason that was given. kills: a reason that
    stays in the auth process"""
    with Front() as front:
        number, _ = front.give("a reason for both")
        assert run_as("alice", "countersign", "cancel", number).status == 0
        front.sendline()
        again = until(lambda: [row["number"] for row in requests("alice", "--mine")])[0]
        assert again != number and show(again)["request"]["reason"] == "a reason for both"
        approved_by(again, show(again, "alice")["decision"]["check_code"], "carol")
        front.ran(again)


def test_front_asks_again_for_an_empty_reason_and_gives_up():
    with Front() as front:
        for _ in range(3):
            front.expect(REASON)
            front.sendline()
        front.close()
        assert front.oracle.kinds().count("requested") == 0 and no_proof()


def test_front_reason_is_escaped():
    with Front() as front:
        number, _ = front.give("a\x1b[31mb")
        assert "\x1b" not in run_as("carol", "countersign", "show", number).out


def test_front_without_a_reason_only_shows():
    wants_reason(False)
    try:
        with Front() as front:
            number, code = front.read()
            front.sendline()
            approved_by(number, code, "carol")
            front.ran(number)
            assert not re.search(REASON, front.screen)
    finally:
        wants_reason(True)


def test_front_rejected_while_its_person_reads():
    with Front() as front:
        number, _ = front.give()
        assert reject("carol", number, "not today").status == 0
        front.sendline()
        again = until(lambda: [row["number"] for row in requests("alice", "--mine")])[0]
        assert again != number and no_proof() and "claimed" not in front.kinds(number)


def test_front_approved_before_asks_for_nothing():
    """A parked request that was approved meanwhile is used without a word. kills: a reason that is asked for twice"""
    with Front() as front:
        number, code = front.give()
        front.sendline()
        until(lambda: show(number)["decision"]["waiting"] == 1)
        front.close()
        until(lambda: "parked" in front.kinds(number))
    approved_by(number, code, "carol")
    with Front() as front:
        assert front.wait() == 0 and not no_proof()
        assert not re.search(ENTER.removesuffix("$"), front.screen) and not re.search(REASON, front.screen), front.screen


def test_front_goes_away_at_the_prompt():
    """What was asked for stays open; nobody waits, nothing is claimed."""
    with Front() as front:
        number, code = front.give()
    approved_by(number, code, "carol")
    assert "claimed" not in front.kinds(number) and no_proof()


def held_without_words(argv, said=()):
    wants_reason(False)
    try:
        with Login([*argv, WRITE_PROOF], said=said) as login:
            login.held()
            login.approve()
            login.ran()
            assert login.kinds().count("requested") == 1
            assert not re.search(ENTER.removesuffix("$"), login.term.screen), login.term.screen
    finally:
        wants_reason(True)


def test_front_is_silent_in_a_login_by_key():
    held_without_words(BY_KEY)


def test_front_is_silent_in_a_login_by_password():
    held_without_words(BY_PASSWORD, [("assword: ", "pw-alice")])


def test_front_a_reason_cannot_be_asked_in_a_login_by_key():
    """kills: a reason that is left out where nobody can be asked"""
    oracle = Oracle()
    if os.path.exists(PROOF):
        os.unlink(PROOF)
    with Term([*BY_KEY, WRITE_PROOF], user="alice") as term:
        assert term.wait() != 0 and no_proof(), term.screen
    assert "requested" not in oracle.kinds() and "claimed" not in oracle.kinds()


def test_front_a_key_and_then_the_front():
    """sshd can want a key first, and keyboard-interactive for the front's sake."""
    countersign("world_sshd_stop")
    countersign("countersign_sshd_start", "AuthenticationMethods publickey,keyboard-interactive", "KbdInteractiveAuthentication yes")
    try:
        with Front(["ssh", "rel1"]) as front:
            number, code = front.give()
            front.sendline()
            approved_by(number, code, "carol")
            front.ran(number)
    finally:
        countersign("world_sshd_stop")
        countersign("countersign_sshd_start", "PasswordAuthentication yes", "KbdInteractiveAuthentication yes")


def nobody_comes_in():
    """Has sshd no child? Debian's writes nothing when the grace time ends one."""
    with open("/run/world/sshd.pid") as file:
        pid = file.read().strip()
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return not children.read().strip()


def test_front_a021_grace_time_ends_the_prompts_and_not_the_hold():
    """The front holds nobody: who does not answer it is gone with sshd's grace time. kills: a wait in the account phase"""
    countersign("world_sshd_stop")
    countersign("countersign_sshd_start", "LoginGraceTime 4", "KbdInteractiveAuthentication yes")
    try:
        with Front() as front:
            oracle = front.oracle
            front.give()
            until(nobody_comes_in)
            front.sendline()
            assert front.wait() == 255 and no_proof(), front.screen
        with Front() as front:
            front.oracle = oracle
            number, code = front.read()  # it is open still
            front.sendline()
            front.expect_nothing("closed|reset|[Tt]imeout", 6.0)
            assert front.running and no_proof()
            approved_by(number, code, "carol")
            front.ran(number)
    finally:
        countersign("world_sshd_stop")
        countersign("countersign_sshd_start", "PasswordAuthentication yes", "KbdInteractiveAuthentication yes")


def test_front_a067_without_the_daemon():
    """kills: a front that lets pass what it could not ask about"""
    with Front() as front:
        front.expect(REASON)
        countersign("countersign_kill")
        try:
            front.sendline("security release 10.1")
            front.close()
            assert no_proof()
        finally:
            countersign("countersign_start")


def test_evidence_is_whole_after_all_this():
    assert events() and run_as("root", "countersign", "evidence", "verify").status == 0


from_clean(globals())
