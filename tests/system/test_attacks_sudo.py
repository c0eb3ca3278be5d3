# SPDX-License-Identifier: Apache-2.0
"""Hostile and unlucky cases against a guarded sudo, each with its number in the catalogue."""
import os
import shutil
import signal
import subprocess
import time

from oracle import Oracle
from people import (POLICY, approve, approved_by, countersign, deploys, events, from_clean, held, read_hold, reject,
                    requests, show, until)
from term import Term, run
from world import run_as

COMMAND = "/usr/local/sbin/deploy-release"
DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]
SUDOERS = "/etc/sudoers.d/countersign-test"
KEPT = {}


def setup():
    countersign("countersign_world")
    for path in POLICY, COMMAND, "/etc/sudo.conf", "/etc/pam.d/sudo", "/etc/countersign/countersignd.conf":
        KEPT[path] = open(path, "rb").read()


def teardown():
    countersign("countersign_stop")
    countersign("world_sshd_stop")
    countersign("world_slapd_stop")


def restore(path):
    """The same file with the content that it had; a swapped one gets back its inode's place."""
    with open(path, "wb") as file:
        file.write(KEPT[path])
    os.chown(path, 0, 0)


def sudoers(*lines):
    """More rules for one test; none takes them away."""
    if not lines:
        if os.path.exists(SUDOERS):
            os.unlink(SUDOERS)
        return
    with open(SUDOERS, "w") as file:
        file.write("\n".join(lines) + "\n")
    os.chmod(SUDOERS, 0o440)
    assert run_as("root", "visudo", "-c", "-q", "-f", SUDOERS).status == 0


def load_policy(text):
    countersign("countersign_policy", stdin=text)
    done = run_as("root", "countersign", "policy", "apply", "--yes")
    assert done.status == 0, done


def policy():
    return KEPT[POLICY].decode()


def kind_of(number, kind):
    """Is there such an event of the request?"""
    return lambda: any(event["kind"] == kind for event in events() if event["request"] == number)


def parked(argv=DEPLOY, approvers=("bob", "carol"), user="alice"):
    """A request whose terminal went away and which was approved meanwhile; returns its number."""
    term, number, code = held(user, argv)
    term.hangup()
    term.wait()
    until(kind_of(number, "parked"))
    approved_by(number, code, *approvers)
    return number


# --- the two enforcement points

def refused_by_session():
    oracle = Oracle()
    done = run_as("alice", *DEPLOY)
    oracle.denied("unconfirmed", done.status)
    return done


def test_sudo_a031_no_plugin_line_is_refused_by_the_session():
    countersign("world_sudo_plugin")
    try:
        refused_by_session()
    finally:
        restore("/etc/sudo.conf")


def test_sudo_a032_deleted_sudo_conf_is_refused_by_the_session():
    os.unlink("/etc/sudo.conf")
    try:
        refused_by_session()
    finally:
        restore("/etc/sudo.conf")


def test_sudo_a032_world_writable_sudo_conf_is_refused_by_the_session():
    os.chmod("/etc/sudo.conf", 0o666)
    try:
        refused_by_session()
    finally:
        os.chmod("/etc/sudo.conf", 0o644)


def test_sudo_a032_mistyped_sudo_conf_is_refused_by_the_session():
    with open("/etc/sudo.conf", "wb") as file:
        file.write(KEPT["/etc/sudo.conf"].replace(b"Plugin ", b"Plugins "))
    try:
        refused_by_session()
    finally:
        restore("/etc/sudo.conf")


def test_sudo_a032_both_points_in_place_run_once():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        approved_by(number, code, "bob", "carol")
        oracle.ran(number, term.wait(), "deployed tomcat 10.1 by alice")
    assert "confirmed" in oracle.kinds(number), oracle.kinds(number)


# Kills: alarm_unconfirmed. The plugin alone decided, and that nobody confirmed it is told.
def test_sudo_a007_a_session_that_sudoers_switches_off_is_an_alarm():
    sudoers("Defaults:alice !pam_session")
    oracle = Oracle()
    try:
        term, number, code = held("alice", DEPLOY)
        with term:
            approved_by(number, code, "bob", "carol")
            oracle.ran(number, term.wait())
        until(kind_of(number, "unconfirmed"))
    finally:
        sudoers()
    assert "confirmed" not in oracle.kinds(number), oracle.kinds(number)


# --- what was approved is what runs

def swapped(change):
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        change()
        try:
            approved_by(number, code, "bob", "carol")
            status = term.wait()
        finally:
            restore(COMMAND)
    oracle.denied("target-changed", status)


def test_sudo_a034_binary_edited_while_pending():
    def edit():
        with open(COMMAND, "ab") as file:
            file.write(b"echo more\n")
    swapped(edit)


def test_sudo_a034_binary_swapped_while_pending():
    def swap():
        shutil.copy2(COMMAND, COMMAND + ".new")
        os.rename(COMMAND + ".new", COMMAND)
    swapped(swap)


def test_sudo_a034_mode_changed_while_pending():
    def change():
        os.chmod(COMMAND, 0o775)
    try:
        swapped(change)
    finally:
        os.chmod(COMMAND, 0o755)


def test_sudo_a034_swapped_while_parked():
    number = parked()
    oracle = Oracle()
    with open(COMMAND, "ab") as file:
        file.write(b"echo more\n")
    try:
        # The file is part of what an identical call is, so this is another one, which asks anew.
        term, other, _ = held("alice", DEPLOY)
        with term:
            assert other != number
            term.sendintr()
            oracle.ended_as(other, "cancelled", term.wait())
    finally:
        restore(COMMAND)
    assert show(number)["decision"]["state"] == "approved"


def test_sudo_a086_other_arguments_do_not_use_the_approval():
    number = parked()
    oracle = Oracle()
    term, other, _ = held("alice", ["sudo", "deploy-release", "tomcat", "10.2"])
    with term:
        assert other != number
        term.sendintr()
        oracle.ended_as(other, "cancelled", term.wait())
    assert show(number)["decision"]["state"] == "approved"
    run_as("alice", "countersign", "cancel", number)


# Kills: any look at the groups of the machine, which a user of it may come to hold in other ways.
def test_sudo_a019_groups_of_the_machine_give_no_right():
    imports = subprocess.run(["nm", "-D", "--undefined-only", "/usr/sbin/countersignd"], capture_output=True, text=True, check=True)
    for name in "getgrouplist", "initgroups", "getgrent", "getgrgid", "getgrgid_r":
        assert f" {name}@" not in imports.stdout, name
    groups = "tomcat", "infra", "pmc"
    for group in groups:
        subprocess.run(["groupadd", group], check=True, capture_output=True)
        subprocess.run(["usermod", "-aG", group, "dave"], check=True, capture_output=True)
    oracle = Oracle()
    try:
        status, _ = run(DEPLOY, user="dave")
    finally:
        for group in groups:
            subprocess.run(["groupdel", group], check=True, capture_output=True)
    oracle.denied("no-permission", status)


def test_sudo_a103_another_person_does_not_use_the_approval():
    number = parked()
    oracle = Oracle()
    term, other, _ = held("bob", DEPLOY)
    with term:
        assert other != number
        term.sendintr()
        oracle.ended_as(other, "cancelled", term.wait())
    run_as("alice", "countersign", "cancel", number)


def test_sudo_a045_other_target_user_does_not_use_the_approval():
    number = parked()
    sudoers("alice ALL=(ALL:ALL) NOPASSWD: " + COMMAND)
    oracle = Oracle()
    try:
        term, other, _ = held("alice", ["sudo", "-u", "bob", "deploy-release", "tomcat", "10.1"])
        with term:
            action = show(other)["request"]["action"]
            assert other != number and action["target_uid"] == 2003, action
            term.sendintr()
            oracle.ended_as(other, "cancelled", term.wait())
    finally:
        sudoers()
        run_as("alice", "countersign", "cancel", number)


def test_sudo_a045_other_target_group_is_part_of_the_request():
    sudoers("alice ALL=(ALL:ALL) NOPASSWD: " + COMMAND)
    oracle = Oracle()
    try:
        term, number, _ = held("alice", ["sudo", "-u", "root", "-g", "carol", "deploy-release", "tomcat", "10.1"])
        with term:
            action = show(number)["request"]["action"]
            assert action["target_uid"] == 0 and action["target_gid"] == 2004, action
            term.sendintr()
            oracle.ended_as(number, "cancelled", term.wait())
    finally:
        sudoers()


def test_sudo_a038_environment_that_steers_is_refused():
    sudoers("Defaults:alice !env_reset, setenv", "alice ALL=(root) NOPASSWD:SETENV: " + COMMAND)
    oracle = Oracle()
    try:
        status, _ = run([*DEPLOY[:1], "BASH_ENV=/home/alice/evil", *DEPLOY[1:]], user="alice")
    finally:
        sudoers()
    oracle.denied("environment", status)


def test_sudo_a038_cwd_is_part_of_the_request():
    number = parked()
    oracle = Oracle()
    term, other, _ = held("alice", DEPLOY, cwd="/tmp")
    with term:
        assert other != number
        term.sendintr()
        oracle.ended_as(other, "cancelled", term.wait())
    run_as("alice", "countersign", "cancel", number)


def test_sudo_a039_chroot_is_refused():
    sudoers("Defaults:alice runchroot=*", "alice ALL=(root) CHROOT=* NOPASSWD: " + COMMAND)
    oracle = Oracle()
    try:
        status, _ = run(["sudo", "-R", "/", "deploy-release", "tomcat", "10.1"], user="alice")
    finally:
        sudoers()
    oracle.denied("option", status)


def test_sudo_a039_another_host_runs_nothing():
    oracle = Oracle()
    status, _ = run(["sudo", "-h", "rel2", "deploy-release", "tomcat", "10.1"], user="alice")
    assert status != 0
    oracle.nothing_ran()


def test_sudo_a040_intercepted_sub_command_is_guarded():
    outer = "/usr/local/sbin/outer"
    with open(outer, "w") as file:
        file.write("#!/bin/bash\n/usr/local/sbin/deploy-release tomcat 10.1\nexit 0\n")
    os.chmod(outer, 0o755)
    sudoers("Defaults:dave intercept", "dave ALL=(root) NOPASSWD: " + outer)
    oracle = Oracle()
    try:
        run(["sudo", outer], user="dave")
    finally:
        sudoers()
    # The script goes on after the denial, so its own exit status says nothing.
    oracle.denied("no-permission", 1)


def test_sudo_a046_shells_are_refused():
    sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL")
    try:
        for argv in (["sudo", "-s"], ["sudo", "-i"], ["sudo", "bash"], ["sudo", "/bin/sh", "-c", "id"], ["sudo", "su"],
                     ["sudo", "-i", "deploy-release", "tomcat", "10.1"],
                     ["sudo", "-s", "deploy-release", "tomcat", "10.1"]):
            oracle = Oracle()
            status, screen = run(argv, user="alice")
            assert "Root shells are not available" in screen, screen
            oracle.denied("deny-gate", status)
    finally:
        sudoers()


def test_sudo_a046_symlink_to_a_shell_is_refused():
    os.symlink("/bin/bash", "/usr/local/bin/friendly")
    sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL")
    oracle = Oracle()
    try:
        status, _ = run(["sudo", "friendly"], user="alice")
    finally:
        sudoers()
        os.unlink("/usr/local/bin/friendly")
    oracle.denied("deny-gate", status)


def test_sudo_a086_symlink_to_the_command_is_guarded():
    os.symlink(COMMAND, "/usr/local/bin/ship")
    sudoers("dave ALL=(ALL:ALL) NOPASSWD: ALL")
    oracle = Oracle()
    try:
        status, _ = run(["sudo", "ship", "tomcat", "10.1"], user="dave")
    finally:
        sudoers()
        os.unlink("/usr/local/bin/ship")
    oracle.denied("no-permission", status)


def test_sudo_a088_argument_variants_are_denied_not_unguarded():
    for arguments in (["tomcat", "10.1", "more"], ["tomcat"], []):
        oracle = Oracle()
        status, _ = run(["sudo", "deploy-release", *arguments], user="alice")
        oracle.denied("arguments", status)


def test_sudo_a071_captured_argument_with_a_slash_is_denied():
    for project in ("tomcat/../httpd", "/", "*", "", "tomcat ", "tom\ncat"):
        oracle = Oracle()
        status, _ = run(["sudo", "deploy-release", project, "10.1"], user="alice")
        oracle.denied("arguments", status)


def test_sudo_a071_unknown_project_gives_nobody_a_right():
    oracle = Oracle()
    status, _ = run(["sudo", "deploy-release", "nothing", "10.1"], user="alice")
    oracle.denied("no-permission", status)


def test_sudo_a097_escape_sequences_are_shown_escaped():
    version = "10.1\x1b[2K\x1b[1Gharmless\n  command       /usr/bin/true\u202e"
    oracle = Oracle()
    term, number, _ = held("alice", ["sudo", "deploy-release", "tomcat", version])
    with term:
        for command in (["show", number], ["list"], ["show", "--json", number]):
            status, screen = run(["countersign", *map(str, command)], user="bob", env={"NO_COLOR": "1"})
            assert "\x1b" not in screen.replace("\x1b[0m", "") and "\u202e" not in screen, repr(screen)
            assert "\n  command       /usr/bin/true" not in screen.replace("\r", ""), screen
        shown = term.screen
        assert "harmless\n" not in shown and "\u202e" not in shown, repr(shown)
        term.sendintr()
        oracle.ended_as(number, "cancelled", term.wait())


# --- how sudo is called

def test_sudo_a050_non_interactive_is_not_held():
    oracle = Oracle()
    begun = time.monotonic()
    done = run_as("alice", "sudo", "-n", "deploy-release", "tomcat", "10.1")
    assert done.status != 0 and time.monotonic() - begun < 3, done
    oracle.nothing_ran()
    assert "claimed" not in oracle.kinds()


def reasoned(*argv, reason="nightly run"):
    return run_as("alice", "env", f"COUNTERSIGN_REASON={reason}", "sudo", "-n", *argv)


def test_sudo_a050_non_interactive_leaves_a_request_and_uses_its_approval():
    oracle = Oracle()
    done = reasoned("deploy-release", "tomcat", "10.1")
    assert done.status != 0 and oracle.kinds() == ["requested"], (done, oracle.kinds())
    oracle.nothing_ran()
    number = oracle.events()[0]["request"]
    assert f"request {number} stays open" in done.err and show(number)["request"]["reason"] == "nightly run", done
    approved_by(number, show(number, "alice")["decision"]["check_code"], "bob", "carol")
    done = reasoned("deploy-release", "tomcat", "10.1")
    oracle.ran(number, done.status)


def test_sudo_a130_a_reason_cannot_pretend_a_record():
    oracle = Oracle()
    reason = "x\n99  2026-01-01T00:00:00Z  claimed  #1  alice  (gate deploy, approved)"
    assert reasoned("deploy-release", "tomcat", "10.1", reason=reason).status != 0
    done = run_as("root", "countersign", "evidence", "show")
    numbers = [int(line.split()[0]) for line in done.out.splitlines()]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    assert not [line for line in open("/var/log/syslog.log") if line.startswith("99  2026")]
    oracle.nothing_ran()


def test_sudo_a060_too_many_open_requests_are_refused():
    for i in range(20):
        assert reasoned("deploy-release", "tomcat", f"10.{i}").status != 0
    oracle = Oracle()
    done = reasoned("deploy-release", "tomcat", "11")
    oracle.denied("limit", done.status)
    oracle = Oracle()
    term, number, _ = held("bob", DEPLOY)
    with term:
        term.sendintr()
        oracle.ended_as(number, "cancelled", term.wait())


def test_sudo_a037_sudoedit_is_not_unguarded():
    sudoers("alice ALL=(ALL:ALL) NOPASSWD: ALL")
    before = open("/etc/hostname").read()
    oracle = Oracle()
    try:
        status, _ = run(["sudoedit", "/etc/hostname"], user="alice", env={"EDITOR": "/usr/bin/truncate -s0"})
    finally:
        sudoers()
    oracle.denied("unmatched", status)
    assert open("/etc/hostname").read() == before


def test_sudo_a050_background_is_held_like_the_foreground():
    oracle = Oracle()
    # The shell keeps the terminal: without it what runs in the background would get SIGHUP.
    term, number, code = held("alice", ["bash", "-c", "sudo -b deploy-release tomcat 10.1; echo back $?; read"])
    with term:
        oracle.nothing_ran()
        approved_by(number, code, "bob", "carol")
        status = int(term.expect(r"back (\d+)").group(1))
        until(oracle.canaries)
        oracle.ran(number, status)


def test_sudo_a009_list_and_validate_are_quick_and_make_no_request():
    for option in "-l", "-v":
        oracle = Oracle()
        begun = time.monotonic()
        done = run_as("alice", "sudo", "-n", option)
        assert time.monotonic() - begun < 1 and "requested" not in oracle.kinds(), done
        if option == "-l":
            assert done.status == 0, done


# Typed into the requester's terminal, it would be typed into his shell when sudo is over. Kills: use_pty off, which doctor
# reports (a047_no_pty), and a plugin that takes the terminal of its own away.
def test_sudo_a047_a_command_has_a_terminal_of_its_own():
    countersign("countersign_sudo_attend")
    try:
        for line, own in (("Defaults:alice !use_pty", False), ("Defaults:alice use_pty", True)):
            sudoers(line, "alice ALL=(root) NOPASSWD: /usr/bin/tty")
            with Term(["sudo", "/usr/bin/tty"], user="alice") as term:
                assert term.wait() == 0, term.screen
                assert (term.tty not in term.screen) == own and "/dev/pts/" in term.screen, (term.tty, term.screen)
    finally:
        restore("/etc/sudo.conf")
        sudoers()


def test_sudo_unguarded_runs_at_once():
    oracle = Oracle()
    done = run_as("alice", "sudo", "/usr/bin/id", "-u")
    assert done.status == 0 and done.out == "0\n", done
    seen = [(event["kind"], event["reason"]) for event in oracle.events()]
    assert seen == [("permitted", "unguarded")], seen


def test_sudo_root_itself_is_permitted_and_recorded():
    oracle = Oracle()
    done = run_as("root", "sudo", "deploy-release", "tomcat", "10.1")
    assert done.status == 0 and len(oracle.canaries()) == 1, done
    assert [(event["kind"], event["reason"]) for event in oracle.events()] == [("permitted", "root")], oracle.events()


# --- signals and time

def test_sudo_a043_ctrl_c_cancels():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        term.sendintr()
        oracle.ended_as(number, "cancelled", term.wait())
    assert approve("bob", number, code).status != 0
    oracle.nothing_ran()


def test_sudo_a043_term_cancels():
    oracle = Oracle()
    term, number, _ = held("alice", DEPLOY)
    with term:
        os.kill(term.pid, signal.SIGTERM)
        oracle.ended_as(number, "cancelled", term.wait())


def test_sudo_a093_stopped_past_the_deadline_is_refused():
    load_policy(policy().replace("use_within = 10m", "use_within = 5s"))
    oracle = Oracle()
    try:
        term, number, code = held("alice", DEPLOY)
        with term:
            os.kill(term.pid, signal.SIGSTOP)
            approved_by(number, code, "bob", "carol")
            until(kind_of(number, "expired"), 20)
            os.kill(term.pid, signal.SIGCONT)
            oracle.ended_as(number, "expired", term.wait())
    finally:
        load_policy(policy())


def test_sudo_a093_nobody_answers_within_the_lifetime():
    load_policy(policy().replace("lifetime   = 30m", "lifetime   = 10s", 1))
    oracle = Oracle()
    try:
        term, number, _ = held("alice", DEPLOY)
        with term:
            oracle.ended_as(number, "expired", term.wait(20))
    finally:
        load_policy(policy())


# --- people

def test_sudo_a013_another_spelling_of_a_name_is_another_person():
    subprocess.run(["useradd", "--badname", "--uid", "2100", "--create-home", "Alice"], check=True, capture_output=True)
    sudoers("Alice ALL=(root) NOPASSWD: " + COMMAND)
    oracle = Oracle()
    try:
        status, _ = run(DEPLOY, user="Alice")
    finally:
        sudoers()
        subprocess.run(["userdel", "Alice"], check=True, capture_output=True)
    oracle.denied("unknown-person", status)


def test_sudo_a072_somebody_the_directory_does_not_know():
    subprocess.run(["useradd", "--uid", "2101", "--create-home", "stranger"], check=True, capture_output=True)
    sudoers("stranger ALL=(root) NOPASSWD: " + COMMAND)
    oracle = Oracle()
    try:
        status, _ = run(DEPLOY, user="stranger")
    finally:
        sudoers()
        subprocess.run(["userdel", "stranger"], check=True, capture_output=True)
    oracle.denied("unknown-person", status)


def refused_vote(user, reason, code=None):
    oracle = Oracle()
    term, number, right = held("alice", DEPLOY)
    with term:
        done = approve(user, number, code or right)
        assert done.status != 0, done
        state = show(number)["decision"]
        assert state["state"] == "pending" and not state["votes"], state
        refused = [e["reason"] for e in oracle.events(number) if e["kind"] == "vote-refused"]
        assert refused == ([reason] if reason else []), refused
        term.sendintr()
        oracle.ended_as(number, "cancelled", term.wait())


def test_sudo_a054_root_cannot_approve():
    refused_vote("root", None)


def test_sudo_a072_the_requester_cannot_approve():
    refused_vote("alice", "self")


def test_sudo_a073_the_requesters_second_account_cannot_approve():
    refused_vote("alice-adm", "self")


def test_sudo_a094_a_wrong_check_code_does_not_count():
    term, number, right = held("alice", DEPLOY)
    with term:
        wrong = f"{(int(right) + 1) % 10000:04d}"
        oracle = Oracle()
        assert approve("bob", number, wrong).status != 0
        assert [e["reason"] for e in oracle.events(number) if e["kind"] == "vote-refused"] == ["code"]
        term.sendintr()
        oracle.ended_as(number, "cancelled", term.wait())


def test_sudo_a091_one_person_votes_once():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        approved_by(number, code, "bob")
        assert approve("bob", number, code).status != 0
        assert show(number)["decision"]["state"] == "pending"
        term.sendintr()
        oracle.ended_as(number, "cancelled", term.wait())


def test_sudo_a088_two_of_one_committee_do_not_replace_infra():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        approved_by(number, code, "bob", "erin")
        assert show(number)["decision"]["state"] == "pending"
        term.sendintr()
        oracle.ended_as(number, "cancelled", term.wait())


def test_sudo_a092_a_rejection_after_approval_wins():
    oracle = Oracle()
    number = parked()
    assert reject("erin", number, "stop").status == 0
    term, other, _ = held("alice", DEPLOY)
    with term:
        assert other != number
        term.sendintr()
        oracle.ended_as(other, "cancelled", term.wait())
    assert "claimed" not in oracle.kinds(number) and "rejected" in oracle.kinds(number)


def test_sudo_a080_approver_lost_the_role():
    number = parked()
    oracle = Oracle()
    countersign("countersign_leave", "cn=infra", "carol", "erin")
    try:
        status, _ = run(DEPLOY, user="alice")
    finally:
        countersign("countersign_leave", "cn=infra", "erin", "carol")
    oracle.denied("approver-lost", status)
    assert "claimed" not in oracle.kinds(number)


def test_sudo_a080_requester_lost_the_role():
    number = parked()
    oracle = Oracle()
    countersign("world_group", "cn=tomcat,ou=project", "delete", "owner", "alice")
    try:
        status, _ = run(DEPLOY, user="alice")
    finally:
        countersign("world_group", "cn=tomcat,ou=project", "add", "owner", "alice")
    oracle.nothing_ran()
    assert status != 0
    assert [e["reason"] for e in oracle.events() if e["kind"] == "denied"] in (["no-permission"], ["requester-lost"])
    run_as("alice", "countersign", "cancel", number)


def test_sudo_a080_approver_lost_the_role_while_on_line():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        approved_by(number, code, "carol")
        countersign("countersign_leave", "cn=infra", "carol", "erin")
        try:
            assert approve("bob", number, code).status == 0
            assert show(number)["decision"]["state"] == "pending"
            oracle.nothing_ran()
            term.sendintr()
            oracle.ended_as(number, "cancelled", term.wait())
        finally:
            countersign("countersign_leave", "cn=infra", "erin", "carol")


def test_sudo_a087_stricter_policy_after_the_approval():
    parked()
    load_policy(policy().replace("count      = 1", "count      = 2", 1))
    oracle = Oracle()
    try:
        status, _ = run(DEPLOY, user="alice")
    finally:
        load_policy(policy())
    oracle.denied("policy-changed", status)


def test_sudo_a087_gate_renamed_after_the_approval():
    number = parked()
    load_policy(policy().replace("gate deploy {", "gate deploy-it {", 1))
    oracle = Oracle()
    try:
        term = Term(DEPLOY, user="alice")
        with term:
            other = None
            try:
                other, _ = read_hold(term)
                term.sendintr()
            except AssertionError:
                pass
            assert term.wait() != 0
    finally:
        load_policy(policy())
    oracle.nothing_ran()
    assert other != number and "claimed" not in oracle.kinds()
    run_as("alice", "countersign", "cancel", number)


def test_sudo_a014_broken_policy_keeps_the_old_one():
    oracle = Oracle()
    countersign("countersign_policy", stdin=policy().replace("gate deploy {", "gait deploy {", 1))
    try:
        assert run_as("root", "countersign", "policy", "apply", "--yes").status == 1
        status, _ = run(DEPLOY, user="dave")
        oracle.denied("no-permission", status)
    finally:
        load_policy(policy())


def test_sudo_a091_two_sudos_race_for_one_approval():
    number = parked()
    oracle = Oracle()
    terms = [Term(DEPLOY, user="alice") for _ in range(2)]
    try:
        until(lambda: [t for t in terms if not t.running], 10)
        until(lambda: [t for t in terms if t.running] == [] or len(oracle.events()) >= 2)
        for term in terms:
            if term.running:
                read_hold(term)
                term.sendintr()
        statuses = sorted(term.wait() for term in terms)
    finally:
        for term in terms:
            term.close()
    assert statuses[0] == 0 and statuses[1] != 0, statuses
    assert len(oracle.canaries()) == 1 and oracle.kinds().count("claimed") == 1, oracle.kinds()
    assert oracle.kinds(number).count("claimed") == 1


# --- the daemon, the directory and the disk in trouble

def test_daemon_a067_absent_denies_within_a_second():
    countersign("countersign_stop")
    before = deploys()
    try:
        for argv in DEPLOY, ["sudo", "/usr/bin/id"]:
            begun = time.monotonic()
            done = run_as("alice", *argv)
            assert done.status != 0 and time.monotonic() - begun < 1, (time.monotonic() - begun, done)
            assert "countersignd" in done.err + done.out, done
    finally:
        countersign("countersign_start")
    assert deploys() == before


def test_daemon_a067_the_plugin_alone_denies_without_the_daemon():
    with open("/etc/pam.d/sudo", "wb") as file:
        file.write(b"".join(line for line in KEPT["/etc/pam.d/sudo"].splitlines(True) if b"countersign" not in line))
    countersign("countersign_stop")
    before = deploys()
    try:
        assert run_as("alice", *DEPLOY).status != 0
    finally:
        countersign("countersign_start")
        restore("/etc/pam.d/sudo")
    assert deploys() == before


def test_daemon_a067_hung_denies_within_its_deadline():
    before = deploys()
    countersign("world_signal", "countersignd", "STOP")
    try:
        begun = time.monotonic()
        status, screen = run(DEPLOY, user="alice")
        assert status != 0 and time.monotonic() - begun < 12, screen
    finally:
        countersign("world_signal", "countersignd", "CONT")
    assert deploys() == before
    countersign("world_until", 5, "the daemon", "countersign_serves")


def test_daemon_a065_killed_during_the_hold_denies():
    term, number, _ = held("alice", DEPLOY)
    before = deploys()
    with term:
        countersign("countersign_kill")
        try:
            assert term.wait() != 0
        finally:
            countersign("countersign_start")
    assert deploys() == before
    oracle = Oracle()
    assert show(number)["decision"]["state"] == "pending"
    run_as("alice", "countersign", "cancel", number)
    oracle.ended_as(number, "cancelled", 1)


def test_daemon_a065_approval_outlives_a_crash():
    number = parked()
    countersign("countersign_kill")
    countersign("countersign_start")
    oracle = Oracle()
    status, _ = run(DEPLOY, user="alice")
    oracle.ran(number, status)


def test_directory_a083_stopped_denies_with_doubt():
    countersign("world_slapd_stop")
    oracle = Oracle()
    try:
        status, screen = run(DEPLOY, user="alice")
    finally:
        countersign("world_slapd_start")
    oracle.denied("doubt", status)


def test_directory_a083_paused_denies_with_doubt_within_its_deadline():
    oracle = Oracle()
    countersign("world_slapd_pause")
    begun = time.monotonic()
    try:
        status, screen = run(DEPLOY, user="alice")
        took = time.monotonic() - begun
    finally:
        countersign("world_slapd_resume")
    assert took < 8, took
    oracle.denied("doubt", status)


def test_directory_a079_no_claim_without_the_directory():
    number = parked()
    oracle = Oracle()
    countersign("world_slapd_stop")
    try:
        status, _ = run(DEPLOY, user="alice")
    finally:
        countersign("world_slapd_start")
    oracle.denied("doubt", status)
    # Doubt passes, and so the approval still holds when the directory is back.
    oracle = Oracle()
    status, _ = run(DEPLOY, user="alice")
    oracle.ran(number, status)


def test_directory_a079_no_vote_without_the_directory():
    term, number, code = held("alice", DEPLOY)
    with term:
        oracle = Oracle()
        countersign("world_slapd_stop")
        try:
            assert approve("bob", number, code).status != 0
        finally:
            countersign("world_slapd_start")
        assert show(number)["decision"]["state"] == "pending"
        term.sendintr()
        oracle.ended_as(number, "cancelled", term.wait())


def test_store_a106_full_disk_denies():
    folder = "/var/lib/countersign"
    filler = folder + "/filler"
    before = deploys()
    # Not a byte is left beside the files that are there: what a write-ahead log would need.
    used = sum(os.stat(os.path.join(folder, name)).st_blocks for name in os.listdir(folder)) * 512
    subprocess.run(["mount", "-o", f"remount,size={used}", folder], check=True, capture_output=True)
    try:
        try:
            with open(filler, "wb", buffering=0) as file:
                while True:
                    file.write(b"\0" * 4096)
        except OSError:
            pass  # full
        denied = 0
        for _ in range(40):
            done = run_as("alice", "sudo", "/usr/bin/id", "-u")
            denied += done.status != 0
        status, _ = run(DEPLOY, user="dave")
        assert status != 0 and denied > 0, "the disk was never full"
        # Somebody has to clear it: root itself gets in, at the console and with sudo, and syslog says that nothing was
        # recorded.
        with Term(["login", "-f", "root"], user="root") as console:
            console.sendline("echo I am $(id -un)")
            console.expect("I am root")
            console.sendline("exit")
            assert console.wait() == 0
        assert run_as("root", "sudo", "/usr/bin/id", "-u").status == 0
        countersign("world_until", 5, "the line in syslog", "world_said", "syslog", "permitted root without")
        countersign("world_until", 5, "the alarm", "world_said", "countersignd", "the store could not write")
        assert deploys() == before
    finally:
        if os.path.exists(filler):
            os.unlink(filler)
        subprocess.run(["mount", "-o", "remount,size=256m", folder], check=True, capture_output=True)
    until(lambda: run_as("alice", "sudo", "/usr/bin/id", "-u").status == 0)
    oracle = Oracle()
    status, _ = run(DEPLOY, user="dave")
    oracle.denied("no-permission", status)


def test_store_a106_read_only_store_denies():
    store = "/var/lib/countersign/countersign.db"
    countersign("countersign_stop")
    shutil.chown(store, "root")
    os.chmod(store, 0o444)
    before = deploys()
    try:
        try:
            countersign("countersign_start")
        except AssertionError as error:
            assert store in str(error), error
        else:
            raise AssertionError("the daemon serves with a store that it cannot write")
        assert run_as("alice", *DEPLOY).status != 0
    finally:
        shutil.chown(store, "countersign")
        os.chmod(store, 0o600)
        countersign("countersign_start")
    assert deploys() == before


# --- bad configuration

def test_module_a014_bad_pam_argument_denies_and_logs():
    with open("/etc/pam.d/sudo", "wb") as file:
        file.write(KEPT["/etc/pam.d/sudo"].replace(b"pam_countersign_hold.so confirm",
                                                   b"pam_countersign_hold.so confrim"))
    before = deploys()
    try:
        done = run_as("alice", "sudo", "/usr/bin/id")
        assert done.status != 0 and "uid=0" not in done.out, done
    finally:
        restore("/etc/pam.d/sudo")
    countersign("world_until", 5, "the log line", "world_said", "syslog", "confrim")
    assert deploys() == before


def test_module_a014_bad_plugin_argument_denies():
    countersign("world_sudo_plugin", "sudo_countersign", "/usr/libexec/sudo/sudo_countersign.so", "sokket=/tmp/x")
    before = deploys()
    try:
        done = run_as("alice", "sudo", "/usr/bin/id")
        assert done.status != 0 and "uid=0" not in done.out, done
        assert "sokket" in done.err + done.out + open("/var/log/syslog.log").read(), done
    finally:
        restore("/etc/sudo.conf")
    assert deploys() == before


def test_module_a057_a_squatter_is_not_believed():
    """Another program behind the socket, in a folder that is not root's, gives no answer that counts."""
    os.makedirs("/tmp/squat", exist_ok=True)
    shutil.chown("/tmp/squat", "dave")
    squatter = subprocess.Popen(
        ["/usr/bin/python3", "-c", "import os,socket\nos.setuid(2005)\ns=socket.socket(socket.AF_UNIX)\n"
         "s.bind('/tmp/squat/module.sock')\nos.chmod('/tmp/squat/module.sock',0o777)\n"
         "s.listen()\nprint('up',flush=True)\n"
         "while True: s.accept()[0].sendall(b'\\0'*64)"], stdout=subprocess.PIPE)
    before = deploys()
    try:
        assert squatter.stdout.readline() == b"up\n"
        countersign("world_sudo_plugin", "sudo_countersign", "/usr/libexec/sudo/sudo_countersign.so",
                    "socket=/tmp/squat/module.sock")
        done = run_as("alice", *DEPLOY)
        assert done.status != 0 and "folder" in done.err, done
    finally:
        squatter.kill()
        squatter.wait()
        restore("/etc/sudo.conf")
    assert deploys() == before


# Kills: the look at who listens (server_uid) in the client.
def test_module_a057_another_user_behind_the_right_socket_is_not_believed():
    """In root's own folder, where only root could have put the socket: by a unit with the wrong user, for instance."""
    countersign("countersign_stop")
    path = "/run/countersign/module.sock"
    os.unlink(path)
    squatter = subprocess.Popen(
        ["/usr/bin/python3", "-c", f"import os,socket\ns=socket.socket(socket.AF_UNIX)\ns.bind('{path}')\n"
         "os.setuid(2005)\ns.listen()\nprint('up',flush=True)\nwhile True: s.accept()[0].sendall(b'\\0'*64)"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    before = deploys()
    try:
        assert squatter.stdout.readline() == b"up\n"
        done = run_as("alice", *DEPLOY)
        assert done.status != 0 and "another user answers on its socket" in done.err, done
    finally:
        squatter.kill()
        squatter.wait()
        os.unlink(path)
        countersign("countersign_start")
    assert deploys() == before


def test_module_a057_module_socket_is_closed_to_people():
    done = run_as("alice", "/usr/bin/python3", "-c",
                  "import socket; socket.socket(socket.AF_UNIX).connect('/run/countersign/module.sock')")
    assert done.status != 0 and "PermissionError" in done.err, done


def test_people_a092_only_the_requester_cancels():
    term, number, _ = held("alice", DEPLOY)
    with term:
        for user in "bob", "dave":
            assert run_as(user, "countersign", "cancel", number).status != 0
        assert show(number)["decision"]["state"] == "pending"
        oracle = Oracle()
        assert run_as("alice", "countersign", "cancel", number).status == 0
        oracle.ended_as(number, "cancelled", term.wait())


def test_people_a052_others_see_nothing_of_a_request():
    term, number, _ = held("alice", DEPLOY)
    with term:
        assert requests("dave") == [] and run_as("dave", "countersign", "show", number).status != 0
        shown = show(number, "bob")
        assert shown["decision"]["check_code"] == "" and shown["may_vote"], shown
        oracle = Oracle()
        term.sendintr()
        oracle.ended_as(number, "cancelled", term.wait())


from_clean(globals())


# --- sizes

def test_a060_thousands_of_arguments_to_what_no_gate_guards():
    done = run_as("alice", "sudo", "-n", "/usr/bin/true", *[str(n) for n in range(10000)])
    assert done.status == 0, done


def test_a060_what_cannot_be_recorded_whole_is_refused():
    done = run_as("alice", "sudo", "-n", "/usr/bin/true", "x" * 60000, "x" * 60000, "x" * 60000)
    assert done.status == 1 and ("too large" in done.err or "too long" in done.err), done
