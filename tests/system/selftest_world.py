# SPDX-License-Identifier: Apache-2.0
"""The harness itself: is the world in which the system tests are played a real one?"""
import os
import signal
import time

from term import Failed, Term, run
from world import run_as, variables, world

V = {}


def setup():
    world("world_syslog_start")
    world("world_users")
    world("world_slapd_start")
    world("world_sudo")
    world("world_sudo_plugin")
    world("world_sshd_start")
    V.update(variables())


def search(url, *more, bind=True, base=None):
    account = ["-D", V["BIND_DN"], "-y", V["BIND_PASSWORD_FILE"]] if bind else []
    return run_as("root", "ldapsearch", "-LLL", "-x", "-H", url, *account, *more, "-b", base or V["BASE"], "(uid=alice-adm)",
                  "uidNumber", "employeeNumber", "entryUUID", env={"LDAPTLS_CACERT": V["CA"]})


def assert_finds_alice(done):
    assert done.status == 0 and "uidNumber: 2002" in done.out and "entryUUID: " in done.out, done


def test_sudo_runs():
    done = run_as("alice", "sudo", "/usr/bin/id", "-u")
    assert done.status == 0 and done.out == "0\n", done


def test_sudo_refuses_what_sudoers_does_not_name():
    assert run_as("alice", "sudo", "-n", "/usr/bin/cat", "/etc/shadow").status != 0
    assert run_as("carol", "sudo", "-n", "/usr/bin/id").status != 0


def test_deploy_release_leaves_one_line_for_root_only():
    done = run_as("alice", "sudo", "deploy-release", "tomcat", "10.1")
    assert done.status == 0 and "tomcat 10.1 is live" in done.out, done
    assert run_as("root", "cat", V["DEPLOYS"]).out == "deployed tomcat 10.1 by alice\n"
    assert run_as("alice", "cat", V["DEPLOYS"]).status != 0


def test_sudo_says_no_when_its_plugin_is_missing():
    world("world_sudo_plugin", "none", "/nowhere/none.so", "option=1")
    try:
        assert run_as("alice", "sudo", "/usr/bin/true").status != 0
    finally:
        world("world_sudo_plugin")
    assert run_as("alice", "sudo", "/usr/bin/true").status == 0


def test_ssh_login_by_key():
    done = run_as("alice", "ssh", "-o", "BatchMode=yes", "alice@127.0.0.1", "id", "-un")
    assert done.status == 0 and done.out == "alice\n", done
    assert run_as("dave", "ssh", "-o", "BatchMode=yes", "alice@127.0.0.1", "id").status == 255


def test_scp():
    done = run_as("alice", "scp", "-q", "-B", "127.0.0.1:.profile", "copy")
    assert done.status == 0 and os.path.exists("/home/alice/copy"), done


def test_sshd_runs_pam():
    before = open("/etc/pam.d/sshd").read()
    world("world_pam_line", "sshd", "before:common-account", "account required pam_deny.so")
    try:
        assert run_as("alice", "ssh", "-o", "BatchMode=yes", "127.0.0.1", "id").status == 255
    finally:
        with open("/etc/pam.d/sshd", "w") as file:
            file.write(before)
    assert run_as("alice", "ssh", "-o", "BatchMode=yes", "127.0.0.1", "id").status == 0


def test_pam_lines_go_where_they_are_told():
    with open("/etc/pam.d/play", "w") as file:
        file.write("one\ntwo\ntwo\n")
    for place, line in ("first", "a"), ("last", "z"), ("before:^two", "b\\d"), ("after:^two", "c"):
        world("world_pam_line", "play", place, line)
    assert open("/etc/pam.d/play").read() == "a\none\nb\\d\ntwo\nc\ntwo\nz\n"
    try:
        world("world_pam_line", "play", "after:^three", "d")
    except AssertionError as error:
        assert "no place" in str(error), error
    else:
        raise AssertionError("a place that is not there was accepted")


def test_directory_answers_over_ldapi():
    assert_finds_alice(search(V["LDAPI"]))


def test_directory_answers_over_starttls():
    assert_finds_alice(search(V["LDAP"], "-ZZ"))


def test_directory_answers_over_ldaps():
    assert_finds_alice(search(V["LDAPS"]))


def test_directory_certificate_is_checked_against_the_private_ca_only():
    done = run_as("root", "ldapsearch", "-LLL", "-x", "-H", V["LDAPS"], "-b", V["BASE"])
    assert done.status != 0 and "contact" in done.err, done


def test_directory_refuses_anonymous_reading():
    for base in V["BASE"], "ou=people," + V["BASE"]:
        done = search(V["LDAPI"], bind=False, base=base)
        assert done.status != 0 and "uidNumber" not in done.out, done


def test_directory_shows_the_service_account_no_more_than_people_and_groups():
    done = search(V["LDAPI"], "(objectClass=*)", base="ou=services," + V["BASE"])
    assert "userPassword" not in done.out and "dn:" not in done.out, done
    assert os.stat(V["BIND_PASSWORD_FILE"]).st_mode & 0o077 == 0


def members_of_infra():
    return run_as("root", "ldapsearch", "-LLL", "-Q", "-Y", "EXTERNAL", "-H", V["LDAPI"], "-b",
                  "cn=infra,ou=groups," + V["BASE"], "member").out


def test_groups_can_be_changed_and_outlive_a_restart():
    world("world_group", "cn=infra", "add", "member", "erin")
    world("world_slapd_stop")
    world("world_slapd_start")
    assert "uid=erin" in members_of_infra()
    world("world_group", "cn=infra", "delete", "member", "erin")
    assert "uid=erin" not in members_of_infra() and "uid=carol" in members_of_infra()


def test_paused_directory_is_silent_and_comes_back():
    world("world_slapd_pause")
    try:
        assert run_as("root", "timeout", "0.5", "ldapwhoami", "-x", "-H", V["LDAPI"]).status == 124
    finally:
        world("world_slapd_resume")
    assert run_as("root", "ldapwhoami", "-x", "-H", V["LDAPI"]).status == 0


def test_system_log_is_kept():
    run_as("root", "logger", "-t", "play", "two\nlines")
    world("world_until", 5, "the message", "world_said", "syslog", "play: two")


def test_terminal_types_and_reads():
    with Term(["bash", "-c", "read -p 'Reason: ' r; echo \"because $r\"; exit 3"], user="alice") as alice:
        alice.expect("Reason: ")
        alice.sendline("größer")
        assert alice.expect(r"^because (.*)$").group(1) == "größer"
        assert alice.wait() == 3
        assert alice.screen.startswith("Reason: größer\n"), repr(alice.screen)


def test_terminal_tells_what_it_showed_when_nothing_comes():
    try:
        with Term(["bash", "-c", "echo here; read"], user="alice") as alice:
            alice.expect("there", timeout=0.3)
    except Failed as failure:
        assert "| here" in str(failure), failure
    else:
        raise AssertionError("it saw what was never shown")


def test_sudo_on_a_terminal_knows_it():
    with Term(["sudo", "/usr/bin/id"], user="alice") as alice:
        assert alice.wait() == 0 and "uid=0(root)" in alice.screen, alice.screen
    world("world_until", 5, "sudo's line", "world_said", "syslog", "sudo.*alice : TTY=pts/[0-9]+ ")


def test_interrupt_reaches_the_program():
    with Term(["sleep", "60"], user="alice") as alice:
        time.sleep(0.1)
        alice.sendintr()
        assert alice.wait() == -signal.SIGINT


def test_interrupt_reaches_the_program_over_ssh():
    command = "trap 'echo stopped; exit 5' INT; echo begun; while :; do sleep 0.1; done"
    with Term(["ssh", "-tt", "127.0.0.1", command], user="alice") as alice:
        alice.expect("begun")
        alice.sendintr()
        alice.expect("stopped")
        assert alice.wait() == 5


def test_hangup_reaches_the_program():
    with Term(["sleep", "60"], user="alice") as alice:
        time.sleep(0.1)
        alice.hangup()
        assert alice.wait() == -signal.SIGHUP


def test_su_to_a_second_account():
    with Term(["su", "-", "alice-adm", "-c", "id -un"], user="alice") as alice:
        alice.expect("Password: ")
        alice.sendline("pw-alice-adm")
        alice.expect("^alice-adm$")
        assert alice.wait() == 0


def test_run_gives_status_and_screen():
    assert run(["bash", "-c", "tty; exit 4"], user="bob")[0] == 4


def test_crash_is_seen():
    world("world_spawn", "victim", "sleep", "1000")
    world("world_alive", "victim")
    world("world_kill", "victim")
    world("world_gone", "victim")


def test_start_that_fails_says_why():
    try:
        world("world_sshd_start", "NoSuchOption yes")
    except AssertionError as error:
        assert "NoSuchOption" in str(error), error
    else:
        raise AssertionError("sshd started with a bad option")


def teardown():
    world("world_sshd_stop")
    world("world_slapd_stop")
    world("world_stop", "syslog")
