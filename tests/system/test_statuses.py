# SPDX-License-Identifier: Apache-2.0
"""Every exit status that countersign(1) names, from a real daemon, and no other; with each error in one line."""
import os
import re
import shutil
import socket
import tempfile
import threading

from people import POLICY, approve, countersign, from_clean, reject, requests, show
from world import SCRIPT, run_as

MACHINE = os.path.join(os.path.dirname(SCRIPT), "machine")
PAGE = os.path.join(os.path.dirname(SCRIPT), "..", "..", "docs", "man", "countersign.1")
LIFETIME = "10s"  # the shortest there is
JOB = "/usr/bin/true"
GATE = f"""
gate job {{
	service = run
	command = "{JOB}"
	permission = release.deploy
	scope = "project/tomcat"
	exposed_file = permit
	approval infra {{ count = 1 role = infra scope = "*" }}
}}
"""
seen = set()


def setup():
    countersign("countersign_world")
    with open(POLICY) as file:
        text = file.read()
    assert "lifetime   = 30m" in text
    countersign("countersign_policy", stdin=text.replace("lifetime   = 30m", f"lifetime   = {LIFETIME}", 1) + GATE)
    done = run_as("root", "countersign", "policy", "apply", POLICY, "--yes")
    assert done.status == 0, done


def teardown():
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def ends(wanted, user, *words, says=""):
    """The command ends with that status; what it says besides is one line for each thing that went wrong."""
    done = run_as(user, "countersign", *words)
    assert done.status == wanted and says in done.out + done.err, done
    assert all(line.startswith("countersign: ") for line in done.err.splitlines()), done
    seen.add(done.status)
    return done


def asked(version):
    """Asked ahead, so that nothing waits on line: the number and the check code."""
    done = ends(0, "alice", "request", "--reason", "why not", "--", "sudo", "deploy-release", "tomcat", version)
    return re.search(r"request (\d+) is asked for ahead", done.out + done.err)[1], re.search(r"code +(\d{4})", done.out)[1]


def test_statuses_of_an_open_request():
    number, code = asked("1.0")
    ends(10, "alice", "show", number)
    ends(10, "alice", "wait", number, "--timeout", "1s", says="still pending")
    ends(77, "alice", "approve", number, "--code", code, "--yes", says="You do not have permission to approve or reject")
    ends(1, "dave", "show", number, says="there is no such request")
    assert reject("bob", number, "not this one").status == 0
    ends(11, "alice", "show", number)
    ends(11, "alice", "wait", number, says="not this one")
    number, _ = asked("1.1")
    ends(0, "alice", "cancel", number)
    ends(12, "alice", "wait", number, says="cancelled")


# Somebody answered, but not enough: that is not the same as nobody.
def test_statuses_of_a_request_whose_time_is_over():
    answered, code = asked("2.0")
    unanswered, _ = asked("2.1")
    assert approve("bob", answered, code).status == 0
    ends(13, "alice", "wait", answered, says="expired")
    ends(14, "alice", "wait", unanswered, says="nobody")
    ends(13, "alice", "show", answered)
    ends(14, "alice", "show", unanswered)
    assert [show(number)["status"] for number in (answered, unanswered)] == ["expired", "unanswered"]


# Kills: a second vote that fails like anything else, though it is told as what one may not do.
def test_statuses_of_a_second_vote():
    number, code = asked("3.0")
    assert approve("bob", number, code).status == 0
    ends(77, "bob", "approve", number, "--code", code, "--yes", says="You do not have permission to approve or reject")


# Each has its own code, and one that fails keeps nobody from the other. Kills: codes that are taken in another order.
def test_statuses_of_two_votes_at_once():
    (first, code), (second, other) = asked("4.0"), asked("4.1")
    wrong = "1111" if other != "1111" else "2222"
    ends(1, "bob", "approve", first, second, "--code", code, "--code", wrong, "--yes", says="check code")
    assert [show(number)["pending_approval_count"] for number in (first, second)] == [1, 2]
    ends(0, "carol", "approve", first, second, "--code", code, "--code", other, "--yes")
    assert [show(number)["pending_approval_count"] for number in (first, second)] == [0, 1]


def test_statuses_of_rights_and_of_words():
    ends(0, "bob", "can", "bob", "release.deploy", "project/tomcat", says="yes")
    ends(1, "dave", "can", "dave", "release.deploy", "project/tomcat", says="no")
    ends(2, "bob", "list", "--everything", says="there is no such option: --everything: usage: countersign list")
    ends(2, "bob", "role", says="there is no such command: role: role goes with list, grant, revoke, define")
    ends(2, "bob", "policy", "chekc", says="policy chekc: policy goes with check, test")
    ends(2, "bob", "nothing", says="there is no such command: nothing: see `countersign help`")
    ends(77, "bob", "evidence", "verify", says="only root")


# A machine that is well, and then has one fault that lets nobody in: it ends like neither.
def test_statuses_of_a_doctor_who_only_warns():
    with tempfile.TemporaryDirectory() as folder:
        os.umask(0o022)
        shutil.copytree(MACHINE, folder, dirs_exist_ok=True)
        security, plugins = f"{folder}/lib/x86_64-linux-gnu/security", f"{folder}/usr/libexec/sudo"
        os.makedirs(security)
        os.makedirs(plugins)
        for module in ("pam_countersign.so", "pam_countersign_hold.so"):
            open(f"{security}/{module}", "w").close()
        shutil.copy("/usr/libexec/sudo/sudo_countersign.so", plugins)
        run_as("root", "chmod", "-R", "go-w", folder)
        assert run_as("root", "countersign", "doctor", "--root", folder).status == 0
        with open(f"{folder}/etc/sudoers", "a") as file:
            file.write("Defaults !use_pty\n")
        done = run_as("root", "countersign", "doctor", "--root", folder)
        assert done.status == 4 and "[sudoers-pty]" in done.out, done
        seen.add(done.status)


def test_statuses_where_nothing_can_be_printed():
    done = run_as("bob", "sh", "-c", "countersign status >/dev/full")
    assert done.status == 74 and "could not print" in done.err, done
    seen.add(done.status)


def test_statuses_where_the_directory_is_away():
    countersign("world_slapd_stop")
    try:
        ends(3, "bob", "can", "bob", "release.deploy", "project/tomcat", says="could not tell")
        ends(1, "bob", "status", says="not ok")
    finally:
        countersign("world_slapd_start")


def test_statuses_where_the_daemon_is_away_or_another():
    countersign("countersign_stop")
    try:
        ends(69, "bob", "list", says="it is not running")
    finally:
        countersign("countersign_start")
    ends(69, "bob", "list", "--server-user", "nobody", says="another user answers on its socket")
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as other:
        os.chmod(folder, 0o755)
        other.bind(f"{folder}/people.sock")
        os.chmod(f"{folder}/people.sock", 0o666)
        other.listen()
        answer = threading.Thread(target=answer_strangely, args=(other,))
        answer.start()
        ends(70, "bob", "list", "--socket", folder, "--server-user", "root")
        answer.join()


def answer_strangely(listening):
    caller, _ = listening.accept()
    with caller:
        assert caller.recv(65536)
        caller.sendall(b"\0\0\0\x04what")


def test_statuses_of_run():
    def run(wanted, *words, says=""):
        ends(wanted, "alice", "run", *words, says=says)
    run(123, "--gate", "job", "--no-wait", "--", JOB, says="stays open")
    number = next(row["number"] for row in requests() if row["state"] == "pending")
    ends(0, "alice", "cancel", str(number))
    run(124, "--gate", "other", "--", JOB)
    run(125, "--", JOB)
    run(126, "--gate", "job", "--", "/tmp")
    run(127, "--gate", "job", "--", "no-such-command")


# Kills: a status that the manual promises and nothing gives, or one that it does not know.
def test_statuses_are_those_of_the_manual():
    with open(PAGE, encoding="utf-8") as file:
        part = file.read().partition(".Sh EXIT STATUS\n")[2].partition(".Sh ")[0]
    assert seen == set(map(int, re.findall(r"^\.It (\d+)$", part, re.M))), sorted(seen)


from_clean(globals())
