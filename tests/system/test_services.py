# SPDX-License-Identifier: Apache-2.0
"""su, login, cron, at and runuser as Debian has them: whom a gate holds, who is denied at once because nobody waits, and that
root on the machine itself is never held."""
import json
import os
import re
import signal
import subprocess
import time

from oracle import Oracle
from people import (POLICY, approved_by, countersign, events, from_clean, last_event, read_hold, reject, requests,
                    show, until)
from term import Term, run
from world import run_as

CANARY = "/usr/local/bin/canary"
DEPLOYS = "/var/log/deploys"
SERVICES = "su", "login", "cron", "atd"  # Debian's su-l includes su; a line in both would ask twice
GATE = """
gate %s {
	service    = { %s }
	permission = release.deploy
	scope      = "project/tomcat"
	approval committee {
		count      = 1
		permission = release.approve
	}
	lifetime   = 30m
	use_within = 10m
}
"""
RULES = "".join("service %s { unmatched = permit }\n" % name for name in ("su", "su-l", "cron", "atd"))
GATES = (RULES + GATE % ("become", "su, su-l") + GATE % ("console", "login") + GATE % ("jobs", "cron, atd"))


def setup():
    countersign("countersign_world")
    with open(POLICY) as file:
        policy = file.read()
    load_policy(policy + GATES)
    for service in SERVICES:
        strip(service)
        countersign("world_pam_line", service, "last", "account required pam_countersign.so hold=session")
        countersign("world_pam_line", service, "last", "session required pam_countersign_hold.so")
    subprocess.run(["chpasswd"], input="root:pw-root\n", text=True, check=True)
    with open(CANARY, "w") as file:
        file.write(f'#!/bin/sh\n[ -w {DEPLOYS} ] || exit 9\nprintf "%s as %s\\n" "$1" "$(id -un)" >>{DEPLOYS}\n')
    os.chmod(CANARY, 0o755)
    os.chmod(DEPLOYS, 0o600)


def teardown():
    for name in "cron", "atd":
        countersign("world_stop", name)
    countersign("countersign_stop")
    countersign("world_sshd_stop")
    countersign("world_slapd_stop")


def strip(service):
    """The lines that another part of the world put there."""
    with open(f"/etc/pam.d/{service}") as file:
        lines = [line for line in file if "countersign" not in line]
    with open(f"/etc/pam.d/{service}", "w") as file:
        file.writelines(lines)


def load_policy(text):
    countersign("countersign_policy", stdin=text)
    done = run_as("root", "countersign", "policy", "apply", "--yes")
    assert done.status == 0, done


def hung(what):
    """Does it with a daemon that does not answer; the time it took."""
    countersign("world_signal", "countersignd", "STOP")
    try:
        begun = time.monotonic()
        what()
        return time.monotonic() - begun
    finally:
        countersign("world_signal", "countersignd", "CONT")


def absent(what):
    countersign("countersign_stop")
    try:
        begun = time.monotonic()
        what()
        return time.monotonic() - begun
    finally:
        countersign("countersign_start")


def lines():
    with open(DEPLOYS) as file:
        return file.read().splitlines()


def left_open(oracle, user):
    """The one request that this left, which nobody waits for."""
    oracle.nothing_ran()
    rows = [row for row in requests() if row["state"] == "pending"]
    assert len(rows) == 1 and rows[0]["requester"] == user, rows
    assert "claimed" not in oracle.kinds(), oracle.kinds()
    return rows[0]["number"], show(rows[0]["number"], user)["decision"]["check_code"]


# --- su

def su(*argv, user="alice", password="pw-root"):
    """su on a terminal, past the password."""
    term = Term(["su", *argv], user=user)
    try:
        if password:
            term.expect("Password: ")
            term.sendline(password)
        return term
    except BaseException:
        term.close()
        raise


def held_su(*argv, user="alice"):
    term = su(*argv, user=user)
    try:
        return (term, *read_hold(term))
    except BaseException:
        term.close()
        raise


def test_su_a030_on_a_terminal_is_held_and_runs_once():
    for argv in (["-c", "canary one"], ["-", "-c", "canary one"], ["-l", "root", "-c", "canary one"]):
        oracle = Oracle()
        term, number, code = held_su(*argv)
        with term:
            action = show(number)["request"]["action"]
            assert action["target_uid"] == 0 and action["service"] == ("su" if argv[0] == "-c" else "su-l"), action
            assert show(number)["request"]["requester"]["uid"] == 2001
            oracle.nothing_ran()
            approved_by(number, code, "bob")
            oracle.ran(number, term.wait(), "one as root")


def test_su_a030_a_shell_opens_only_after_the_approval():
    oracle = Oracle()
    term, number, code = held_su("-")
    with term:
        term.sendline("canary typed-too-early")
        approved_by(number, code, "bob")
        term.expect(r"[#$] ?")
        term.sendline("canary shell; exit")
        assert term.wait() == 0
    # What was typed ahead reaches the shell as on any other login; it does not reach anything before.
    assert oracle.canaries()[-1] == "shell as root", oracle.canaries()
    kinds = oracle.kinds(number)
    assert kinds.index("approved") < kinds.index("claimed"), kinds


def test_su_a030_rejected_runs_nothing():
    oracle = Oracle()
    term, number, _ = held_su("-c", "canary no")
    with term:
        assert reject("bob", number, "not today").status == 0
        status = term.wait()
        assert "not today" in term.screen, term.screen
        oracle.ended_as(number, "rejected", status)


def test_su_a030_without_the_right_is_denied_in_the_account_phase():
    oracle = Oracle()
    with su("-c", "canary no", user="dave") as term:
        status = term.wait()
        assert "no-permission" in term.screen or "not permitted" in term.screen, term.screen
    oracle.denied("no-permission", status)


def test_su_a003_whom_the_directory_does_not_know_is_denied():
    subprocess.run(["useradd", "--uid", "2101", "--create-home", "stranger"], check=True, capture_output=True)
    oracle = Oracle()
    try:
        with su("-c", "canary no", user="stranger") as term:
            status = term.wait()
    finally:
        subprocess.run(["userdel", "-r", "stranger"], check=True, capture_output=True)
    oracle.denied("unknown-person", status)


# Nobody reads what it shows: kills CS_ATTENDED_TERMINAL in the table.
def test_su_a030_without_a_terminal_is_denied_at_once_and_used_when_approved():
    oracle = Oracle()
    begun = time.monotonic()
    done = run_as("alice", "setsid", "su", "-c", "canary pipe", stdin="pw-root\n")
    assert done.status != 0 and time.monotonic() - begun < 5, done
    assert "stays open" in done.err and "request" not in done.out, done
    number, code = left_open(oracle, "alice")
    approved_by(number, code, "bob")
    done = run_as("alice", "setsid", "su", "-c", "canary pipe", stdin="pw-root\n")
    oracle.ran(number, done.status, "pipe as root")


def test_su_keeps_the_commands_output_clean():
    oracle = Oracle()
    out = "/home/alice/out"
    term = Term(["bash", "-c", f"su -c 'canary out; echo only this' >{out}"], user="alice")
    with term:
        term.expect("Password: ")
        term.sendline("pw-root")
        number, code = read_hold(term)
        approved_by(number, code, "bob")
        oracle.ran(number, term.wait())
    with open(out) as file:
        assert file.read() == "only this\n"


# Kills: cs_client_close left out of cs_pam_end, so that su stays connected as long as its shell runs.
def test_su_a016_nothing_of_ours_stays_open_in_su_or_its_shell():
    oracle = Oracle()
    term, number, code = held_su("-c", "ls -l /proc/self/fd; canary fds; read line")
    with term:
        approved_by(number, code, "bob")
        until(oracle.canaries)
        assert "socket:" not in term.screen, term.screen
        until(lambda: json.loads(run_as("root", "countersign", "status", "--json").out)["connections"] == 1)  # who asks this
        assert term.running
        term.sendline("on")
        oracle.ran(number, term.wait())


def test_su_a010_root_becomes_anybody_without_waiting():
    oracle = Oracle()
    done = run_as("root", "su", "-c", "id -un", "alice")
    assert done.status == 0 and done.out == "alice\n", done
    reasons = {event["reason"] for event in oracle.events()}
    assert reasons == {"root"}, oracle.events()


def test_su_a010_root_goes_on_without_the_daemon():
    def try_it():
        done = run_as("root", "su", "-c", "id -un", "alice")
        assert done.status == 0 and done.out == "alice\n", done
    assert absent(try_it) < 3
    assert hung(try_it) < 30
    with open("/var/log/syslog.log") as file:
        assert "permitted root without countersignd: not recorded" in file.read()


def refused_su():
    before = lines()
    with su("-c", "canary no") as term:
        assert term.wait(40) != 0
        assert "countersignd does not answer" in term.screen, term.screen
    assert lines() == before


def test_su_a067_no_daemon_no_su():
    assert absent(refused_su) < 10
    assert hung(refused_su) < 30


def test_su_a065_a_daemon_killed_during_the_hold_denies():
    before = lines()
    term, _, _ = held_su("-c", "canary no")
    with term:
        countersign("countersign_kill")
        try:
            assert term.wait() != 0
        finally:
            countersign("countersign_start")
    assert lines() == before


def parked(number):
    return lambda: any(event["kind"] == "parked" for event in events() if event["request"] == number)


def ends_and_stays_open(act):
    """What ends su during the hold runs nothing, and the next identical su uses what was approved meanwhile."""
    oracle = Oracle()
    term, number, code = held_su("-c", "canary later")
    with term:
        act(term)
        status = term.wait()
        assert status != 0, status
    until(parked(number))
    oracle.nothing_ran()
    approved_by(number, code, "bob")
    oracle.nothing_ran()
    with su("-c", "canary later") as again:
        oracle.ran(number, again.wait(), "later as root")


def test_su_a043_ctrl_c_ends_it():
    ends_and_stays_open(lambda term: term.sendintr())


def test_su_a043_hup_ends_it():
    ends_and_stays_open(lambda term: os.kill(term.pid, signal.SIGHUP))


def test_su_a023_the_terminal_goes_away():
    ends_and_stays_open(lambda term: term.hangup())


# With SIGHUP ignored nothing tells su; the module watches the terminal itself. Kills the watch in hold_login.
def test_su_a023_the_terminal_goes_away_under_nohup():
    oracle = Oracle()
    term = Term(["sh", "-c", "trap '' HUP; exec su -c 'canary never'"], user="alice")
    with term:
        term.expect("Password: ")
        term.sendline("pw-root")
        number, code = read_hold(term)
        term.hangup()
        assert term.wait() != 0
    until(parked(number))
    approved_by(number, code, "bob")
    oracle.nothing_ran()


def test_su_a004_numbers_are_no_names():
    for target in "#0", "#-1", "#4294967295", "-1", "4294967295":
        oracle = Oracle()
        status, _ = run(["su", "-c", "canary no", "--", target], user="alice")
        assert status != 0
        oracle.nothing_ran()


def test_su_a006_a_line_in_the_auth_phase_alone_lets_nobody_in():
    with open("/etc/pam.d/su") as file:
        kept = file.read()
    with open("/etc/pam.d/su", "w") as file:
        file.write("auth required pam_countersign_hold.so\n" +
                   "".join(line for line in kept.splitlines(True) if "countersign" not in line))
    oracle = Oracle()
    try:
        with Term(["su", "-c", "canary no"], user="alice") as term:
            if re.search("Password", term.expect(r"Password: |\n").group(0)):
                term.sendline("pw-root")
            assert term.wait() != 0
    finally:
        with open("/etc/pam.d/su", "w") as file:
            file.write(kept)
    oracle.nothing_ran()


# --- runuser: root's own tool, out of scope (A008)

def test_runuser_a008_is_roots_own_and_not_guarded():
    mark = last_event()
    done = run_as("root", "runuser", "-u", "alice", "--", "id", "-un")
    assert done.status == 0 and done.out == "alice\n", done
    assert [event for event in events(mark)] == [], events(mark)
    assert run_as("alice", "runuser", "-u", "bob", "--", "id", "-un").status != 0


# --- login

def login(user, password):
    """The console: Debian's login on a terminal of its own, started by root as getty does."""
    term = Term(["login"], user="root")
    try:
        term.expect("login: ")
        term.sendline(user)
        term.expect("Password: ")
        term.sendline(password)
        return term
    except BaseException:
        term.close()
        raise


def test_login_a030_is_held_on_the_console():
    term = login("alice", "pw-alice")
    with term:
        number, code = read_hold(term)
        action = show(number)["request"]["action"]
        assert action["service"] == "login" and action["peer"] == "", action
        term.expect_nothing(r"\$ ", 0.3)
        approved_by(number, code, "bob")
        term.expect(r"\$ ")
        term.sendline("echo I am $(id -un); exit")
        term.expect("I am alice")
        term.wait()
    kinds = [event["kind"] for event in events() if event["request"] == number]
    assert kinds.count("claimed") == 1, kinds


def refused_login(user="alice", password="pw-alice"):
    with login(user, password) as term:
        term.expect("countersign", 40)
        term.expect_nothing(r"\$ ", 0.2)


def test_login_a030_denied_and_rejected():
    oracle = Oracle()
    refused_login("dave", "pw-dave")
    assert [event["reason"] for event in oracle.events() if event["kind"] == "denied"] == ["no-permission"]
    with login("alice", "pw-alice") as term:
        number, _ = read_hold(term)
        assert reject("bob", number, "closed on Sundays").status == 0
        term.expect("closed on Sundays")
    assert "claimed" not in oracle.kinds()


def test_login_a067_without_the_daemon():
    assert absent(refused_login) < 15
    assert hung(refused_login) < 40


# A010: root on the console is never held, whatever happens to the daemon, and a gate makes no difference.
def root_logs_in():
    with login("root", "pw-root") as term:
        term.expect(r"# ", 40)
        term.sendline("echo I am $(id -un); exit")
        term.expect("I am root")


def test_login_a010_root_on_the_console_is_never_held():
    oracle = Oracle()
    root_logs_in()
    assert {event["reason"] for event in oracle.events()} == {"root"}, oracle.events()
    assert absent(root_logs_in) < 15
    assert hung(root_logs_in) < 40


def test_login_a023_the_line_goes_away():
    term = login("alice", "pw-alice")
    with term:
        number, _ = read_hold(term)
        term.hangup()
        until(parked(number))


# The fact that the manual leans on: login has switched its own alarm off by then.
def test_login_a021_its_own_timeout_does_not_end_a_hold():
    with open("/etc/login.defs") as file:
        kept = file.read()
    with open("/etc/login.defs", "w") as file:
        file.write(re.sub(r"(?m)^LOGIN_TIMEOUT.*$", "LOGIN_TIMEOUT 2", kept))
    try:
        with login("alice", "pw-alice") as term:
            number, code = read_hold(term)
            term.expect_nothing(r"timed out|\$ ", 3)
            approved_by(number, code, "bob")
            term.expect(r"\$ ")
    finally:
        with open("/etc/login.defs", "w") as file:
            file.write(kept)


# --- cron and at: nobody waits

def job_ran():
    return os.path.exists("/home/alice/job")


def forget_job():
    if job_ran():
        os.unlink("/home/alice/job")


def cron_once():
    """Runs alice's crontab as at boot: @reboot jobs run when cron starts."""
    countersign("world_stop", "cron")
    for path in "/run/crond.reboot", "/var/run/crond.reboot":
        if os.path.exists(path):
            os.unlink(path)
    mark = syslog_size()
    countersign("world_spawn", "cron", "/usr/sbin/cron", "-f", "-L", "15")
    return mark


def syslog_size():
    return os.path.getsize("/var/log/syslog.log")


def said_since(mark, pattern):
    with open("/var/log/syslog.log", errors="backslashreplace") as file:
        file.seek(mark)
        return re.search(pattern, file.read())


def crontab(text):
    done = run_as("alice", "crontab", "-", stdin=text)
    assert done.status == 0, done


def cron_denied(reason=r"pam_countersign"):
    forget_job()
    mark = cron_once()
    until(lambda: said_since(mark, reason), 40)
    until(lambda: said_since(mark, r"(?i)cron.*(permission denied|END|grandchild|failed)") or no_child("cron"), 20)
    assert not job_ran()


def no_child(name):
    with open(f"/run/world/{name}.pid") as file:
        pid = file.read().strip()
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().strip() == ""


def test_cron_a030_is_denied_at_once_and_runs_when_approved():
    crontab("@reboot /usr/bin/touch /home/alice/job\n")
    oracle = Oracle()
    cron_denied()
    number, code = left_open(oracle, "alice")
    assert show(number)["request"]["action"]["service"] == "cron"
    cron_denied()  # a second time is the same request
    assert left_open(oracle, "alice")[0] == number
    approved_by(number, code, "bob")
    cron_once()
    until(job_ran)
    kinds = [event["kind"] for event in events() if event["request"] == number]
    assert kinds.count("claimed") == 1 and kinds.index("approved") < kinds.index("claimed"), kinds
    cron_denied()  # one approval is one run


def test_cron_a030_without_the_right():
    crontab("@reboot /usr/bin/touch /home/alice/job\n")
    countersign("world_group", "cn=tomcat,ou=project", "delete", "owner", "alice")
    oracle = Oracle()
    try:
        cron_denied()
    finally:
        countersign("world_group", "cn=tomcat,ou=project", "add", "owner", "alice")
    assert "no-permission" in [event["reason"] for event in oracle.events() if event["kind"] == "denied"]
    assert requests() == [], requests()


def test_cron_a067_without_the_daemon():
    crontab("@reboot /usr/bin/touch /home/alice/job\n")
    absent(cron_denied)
    hung(cron_denied)


def test_cron_a010_roots_jobs_run_and_are_recorded():
    with open("/etc/cron.d/canary", "w") as file:
        file.write("@reboot root /usr/local/bin/canary cron\n")
    crontab("# none\n")
    oracle = Oracle()
    try:
        cron_once()
        until(oracle.canaries)
        assert oracle.canaries() == ["cron as root"], oracle.canaries()
        assert "root" in {event["reason"] for event in oracle.events()}, oracle.events()
        absent(lambda: (cron_once(), until(lambda: len(oracle.canaries()) == 2)))
    finally:
        os.unlink("/etc/cron.d/canary")


def at_now():
    if not os.path.exists("/run/world/atd.pid"):
        countersign("world_spawn", "atd", "/usr/sbin/atd", "-f")
    mark = syslog_size()
    done = run_as("alice", "at", "now", stdin="touch /home/alice/job\n")
    assert done.status == 0, done
    return mark


def at_denied():
    forget_job()
    mark = at_now()
    until(lambda: said_since(mark, r"pam_countersign"), 40)
    until(lambda: no_child("atd"), 20)
    assert not job_ran()


def test_at_a030_is_denied_at_once_and_runs_when_approved():
    oracle = Oracle()
    at_denied()
    number, code = left_open(oracle, "alice")
    assert show(number)["request"]["action"]["service"] == "atd"
    approved_by(number, code, "bob")
    at_now()
    until(job_ran)
    kinds = [event["kind"] for event in events() if event["request"] == number]
    assert kinds.count("claimed") == 1, kinds
    at_denied()


def test_at_a067_without_the_daemon():
    absent(at_denied)
    hung(at_denied)


from_clean(globals())
