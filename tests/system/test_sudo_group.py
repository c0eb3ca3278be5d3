# SPDX-License-Identifier: Apache-2.0
"""%:role@scope in sudoers, with the real sudo: it grants to who has the role, and to nobody when anything goes wrong."""
import os
import time

from oracle import Oracle
from people import approved_by, countersign, events, from_clean, held, last_event, until
from term import Term
from world import run_as

PLUGIN = "/usr/libexec/sudo/sudo_countersign.so"
SUDOERS = "/etc/sudoers.d/countersign-demo"  # in the place of the world's own rules
CANARY = "/usr/local/sbin/canary"
PAM = "/etc/pam.d/sudo"
RULES = (f"%:pmc@project/tomcat ALL = (root) NOPASSWD: {CANARY} tomcat, /usr/local/sbin/deploy-release tomcat *",
         f"%:infra@* ALL = (root) NOPASSWD: {CANARY} infra")
KEPT = {}


def sudoers(*rules, arguments=""):
    with open(SUDOERS, "w") as file:
        file.write("\n".join((f'Defaults group_plugin="{PLUGIN}{arguments}"', *rules)) + "\n")
    os.chmod(SUDOERS, 0o440)
    assert run_as("root", "visudo", "-c", "-q").status == 0


def setup():
    countersign("countersign_world")
    with open(CANARY, "w") as file:
        file.write('#!/bin/sh\nprintf "%s for %s\\n" "$1" "$SUDO_USER" >>/var/log/deploys\n')
    os.chmod(CANARY, 0o755)
    with open(PAM) as file:
        KEPT[PAM] = file.read()


def teardown():
    countersign("countersign_stop")
    countersign("world_sshd_stop")
    countersign("world_slapd_stop")


def sudo(user, word):
    return run_as(user, "sudo", "-n", CANARY, word)


def granted(user, word):
    oracle = Oracle()
    done = sudo(user, word)
    assert done.status == 0 and oracle.canaries() == [f"{word} for {user}"], done
    return oracle


def not_granted(user, word):
    """sudoers itself says no: nobody else is asked. The daemon may be in trouble, so it is not asked for evidence."""
    with open("/var/log/deploys") as file:
        before = file.read()
    begun = time.monotonic()
    done = sudo(user, word)
    took = time.monotonic() - begun
    with open("/var/log/deploys") as file:
        assert file.read() == before, done
    assert done.status != 0 and "a password is required" in done.err, done
    return took


def logged():
    with open("/var/log/syslog.log") as file:
        return [line for line in file if "sudo_countersign" in line]


def test_group_who_has_the_role_may_and_nobody_else():
    sudoers(*RULES)
    oracle = granted("bob", "tomcat")
    seen = [(event["kind"], event["reason"], event["text"].split(",")[0]) for event in oracle.events()]
    assert seen[0] == ("permitted", "has-right", "role pmc in project/tomcat"), seen
    granted("carol", "infra")
    not_granted("bob", "infra")
    not_granted("carol", "tomcat")
    not_granted("dave", "tomcat")
    not_granted("dave", "infra")
    assert run_as("root", "countersign", "evidence", "verify").status == 0


# A no to sudo's question is no denial: kills is_worth_a_record.
def test_group_what_somebody_has_not_is_not_recorded():
    sudoers(*RULES)
    mark = last_event()
    not_granted("dave", "tomcat")
    assert [event for event in events(mark) if event["kind"] == "denied"] == [], events(mark)


# The group plugin's own connection is still open when the approval plugin and the session line look for theirs: kills is_left.
def test_group_a_held_command_is_confirmed_all_the_same():
    sudoers(*RULES)
    oracle = Oracle()
    term, number, code = held("alice", ["sudo", "deploy-release", "tomcat", "10.1"])
    with term:
        approved_by(number, code, "bob", "carol")
        oracle.ran(number, term.wait(), "deployed tomcat 10.1 by alice")
    assert oracle.kinds(number).count("confirmed") == 1, oracle.kinds(number)


def test_group_list_shows_the_rules_of_his_roles():
    sudoers(*RULES)
    assert "canary tomcat" in run_as("alice", "sudo", "-n", "-l").out
    assert "canary tomcat" not in run_as("carol", "sudo", "-n", "-l").out


def test_group_a004_root_has_no_role_and_is_not_asked_about():
    sudoers(*RULES)
    mark = last_event()
    assert run_as("root", "sudo", "/usr/bin/true").status == 0
    assert [event for event in events(mark) if event["reason"] == "has-right"] == [], events(mark)


def test_group_a013_names_that_are_none_grant_nothing():
    for name in ("pmc", "PMC@project/tomcat", "pmc@project/Tomcat", "pmc@project/tomcat/", "pmc@*", "pmc@project",
                 "nothing@project/tomcat", "release.deploy@project/tomcat"):
        sudoers(f"%:{name} ALL = (root) NOPASSWD: {CANARY} tomcat")
        before = len(logged())
        not_granted("bob", "tomcat")
        if name in ("pmc", "nothing@project/tomcat", "release.deploy@project/tomcat"):
            assert f"%:{name} is not granted" in "".join(logged()[before:]), logged()[before:]


def alone():
    """Without the two points that enforce, which would deny as well."""
    countersign("world_sudo_plugin")
    with open(PAM, "w") as file:
        file.write("".join(line for line in KEPT[PAM].splitlines(True) if "countersign" not in line))


def together():
    countersign("world_sudo_plugin", "sudo_countersign", PLUGIN)
    with open(PAM, "w") as file:
        file.write(KEPT[PAM])


def test_group_a014_wrong_arguments_grant_nothing():
    alone()
    try:
        for arguments in (" sock=/x", " timeout=0", " confirm"):
            sudoers(*RULES, arguments=arguments)
            not_granted("bob", "tomcat")
            assert "nobody has any role" in logged()[-1], logged()[-1]
    finally:
        together()


# Kills: an answer other than 0 where nobody could tell; and a deadline for each of the twelve rules.
def test_group_a067_no_daemon_grants_nothing():
    alone()
    sudoers(*RULES, arguments=" timeout=1")
    granted("bob", "tomcat")
    sudoers(*RULES * 6, arguments=" timeout=1")
    try:
        countersign("world_signal", "countersignd", "STOP")
        try:
            took = not_granted("bob", "tomcat")
            assert took < 4, took
        finally:
            countersign("world_signal", "countersignd", "CONT")
        countersign("countersign_kill")
        assert not_granted("bob", "tomcat") < 2
        assert "countersignd does not answer" in logged()[-1], logged()[-1]
    finally:
        together()
        countersign("countersign_start")
    sudoers(*RULES)
    granted("bob", "tomcat")


def test_group_a083_a_directory_that_cannot_tell_grants_nothing():
    alone()
    sudoers(*RULES)
    countersign("world_slapd_stop")
    try:
        not_granted("erin", "tomcat")
        assert "is not granted" in logged()[-1], logged()[-1]
    finally:
        countersign("world_slapd_start")
        together()
    granted("erin", "tomcat")


# The fact that the manual warns of, as sudo is: a rule that takes away is taken away itself by every failure.
def test_group_a048_a_rule_that_takes_away_is_no_denial():
    denies = f"carol ALL = (root) NOPASSWD: {CANARY} infra", f"%:infra@* ALL = !{CANARY} infra"
    alone()
    sudoers(*denies)
    try:
        assert sudo("carol", "infra").status != 0
        sudoers(*denies, arguments=" sock=/x")
        granted("carol", "infra")
        sudoers(denies[0], denies[1].replace("infra@", "infar@"))
        granted("carol", "infra")
    finally:
        together()
    # With both points that enforce, a daemon that was stopped for it runs nothing.
    sudoers(*denies)
    countersign("countersign_stop")
    try:
        with open("/var/log/deploys") as file:
            before = file.read()
        assert sudo("carol", "infra").status != 0
        with open("/var/log/deploys") as file:
            assert file.read() == before
    finally:
        countersign("countersign_start")


# Kills: waiting on after a signal. sudo goes on to ask for a password, because the rule was not granted.
def test_group_ctrl_c_ends_the_wait_and_grants_nothing():
    sudoers(*RULES, arguments=" timeout=60")
    countersign("world_signal", "countersignd", "STOP")
    try:
        with Term(["sudo", CANARY, "tomcat"], user="bob") as term:
            until(lambda: ended_by_ctrl_c(term), 40)
            assert term.wait() != 0
    finally:
        countersign("world_signal", "countersignd", "CONT")


def ended_by_ctrl_c(term):
    """One more Ctrl-C: the first may come before the question does, and the last is for the question for the password."""
    term.sendintr()
    term.expect_nothing("canary: ", 0.5)
    return not term.running


from_clean(globals())
