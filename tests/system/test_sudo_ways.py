# SPDX-License-Identifier: Apache-2.0
"""Every way in which sudo can be asked to run something, on the real sudo, beside those in test_attacks_sudo."""
import os
import re
import resource
import signal
import subprocess
import time

import runs
from oracle import Oracle
from people import (NUMBER, POLICY, approved_by, countersign, events, from_clean, held, last_event, requests, show, until)
from runs import GATE, apply, write
from term import Term, run
from world import run_as

COMMAND = "/usr/local/sbin/deploy-release"
DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support/countersign.sh")
SUDOERS = "/etc/sudoers.d/countersign-test"


def setup():
    countersign("countersign_world")
    with open(POLICY) as file:
        text = re.sub(r"(?s)\ngate no-root-shell \{.*?\n\}\n", "\n", file.read())
    text += GATE % ("shell", "sudo", "/bin/bash") + GATE % ("edit", "sudoedit", "/usr/local/bin/rewrite")
    text += "service sudoedit { unmatched = deny }\n"
    text += GATE % ("keep", "sudo", "/usr/local/sbin/keep")
    apply(text)
    write("/usr/local/sbin/keep", '#!/bin/sh\nid -G >>/var/log/deploys\npwd >>/var/log/deploys\n'
          'printf "%s\\n" "$NOTE" >>/var/log/deploys\ncat >>/var/log/deploys\n')
    write("/usr/local/bin/rewrite", '#!/bin/sh\nfor file; do :; done\nprintf "rewritten\\n" >"$file"\n')


def teardown():
    runs.teardown()


class rules:
    """More rules of sudoers for one test."""
    def __init__(self, *lines):
        self.lines = lines

    def __enter__(self):
        write(SUDOERS, "\n".join(self.lines) + "\n", 0o440)
        assert run_as("root", "visudo", "-c", "-q", "-f", SUDOERS).status == 0

    def __exit__(self, *_):
        os.unlink(SUDOERS)


ALL = "alice ALL=(ALL:ALL) NOPASSWD:SETENV: ALL"


def approved_run(argv, people=("bob",), **more):
    """Held on a terminal, approved, run to its end: the oracle, the action that was asked for, the screen."""
    oracle = Oracle()
    term, number, code = held("alice", argv, **more)
    with term:
        oracle.nothing_ran()
        action = show(number)["request"]["action"]
        approved_by(number, code, *people)
        status = term.wait()
    assert status == 0, term.screen
    kinds = [event["kind"] for event in events() if event["request"] == number]
    assert kinds.count("claimed") == 1 and kinds.count("confirmed") == 1, kinds
    return oracle, action, term.screen


# --- -i, -s: the shell is what is approved, with the words that it gets

def test_ways_i_and_s_run_what_was_approved_and_the_session_confirms_it():
    with rules(ALL):
        for argv in (["sudo", "-i", "deploy-release", "tomcat", "1.i"], ["sudo", "-s", "deploy-release", "tomcat", "1.s"]):
            oracle, action, _ = approved_run(argv)
            assert action["command"] == "/bin/bash" and "-c" in action["argv"], action
            assert oracle.canaries() == [f"deployed tomcat {argv[-1]} by alice"], oracle.canaries()


def test_ways_i_and_s_open_a_shell_only_when_approved():
    with rules(ALL):
        for option in "-i", "-s":
            oracle = Oracle()
            term, number, code = held("alice", ["sudo", option])
            with term:
                action = show(number)["request"]["action"]
                assert action["argv"][0] in ("-bash", "/bin/bash", "bash") and len(action["argv"]) == 1, action
                oracle.nothing_ran()
                approved_by(number, code, "bob")
                term.expect("# ")
                term.sendline("exit")
                assert term.wait() == 0


# --- -e

# By the time of its session sudoedit's real uid is root's. Kills: tells in the table of services, without which nobody
# confirms it, and a requester without plugin and daemon is taken for root at the console.
def test_ways_a037_sudoedit_is_a_class_of_its_own():
    write("/etc/canary.conf", "as it was\n", 0o644)
    with rules("alice ALL=(root) NOPASSWD: sudoedit /etc/canary.conf", "Defaults editor=/usr/local/bin/rewrite"):
        for argv in (["sudo", "-e", "/etc/canary.conf"], ["sudoedit", "/etc/canary.conf"]):
            write("/etc/canary.conf", "as it was\n", 0o644)
            term, number, code = held("alice", argv)
            with term:
                action = show(number)["request"]["action"]
                assert action["service"] == "sudoedit" and action["argv"][-1] == "/etc/canary.conf", action
                with open("/etc/canary.conf") as file:
                    assert file.read() == "as it was\n"
                approved_by(number, code, "bob")
                assert term.wait() == 0, term.screen
            with open("/etc/canary.conf") as file:
                assert file.read() == "rewritten\n"


def test_ways_a032_sudoedit_without_plugin_and_daemon_is_refused():
    write("/etc/canary.conf", "as it was\n", 0o644)
    with rules("alice ALL=(root) NOPASSWD: sudoedit /etc/canary.conf", "Defaults editor=/usr/local/bin/rewrite"):
        countersign("world_sudo_plugin")
        countersign("countersign_stop")
        try:
            status, screen = run(["sudoedit", "/etc/canary.conf"], user="alice")
            assert status != 0 and "countersignd does not answer" in screen, screen
        finally:
            countersign("world_sudo_plugin", "sudo_countersign", "/usr/libexec/sudo/sudo_countersign.so")
            countersign("countersign_start")
    with open("/etc/canary.conf") as file:
        assert file.read() == "as it was\n"


# --- -P, -D, VAR=value

def test_ways_a045_preserved_groups_are_in_the_request():
    with rules(ALL):
        oracle, action, _ = approved_run(["sh", "-c", "sudo -P keep </dev/null"])
    mine = run_as("alice", "id", "-G").out.split()
    assert [str(group) for group in action["target_groups"]] == mine, (action, mine)
    assert sorted(set(oracle.canaries()[0].split()) - {"0"}) == sorted(set(mine)), oracle.canaries()


def test_ways_a039_the_folder_that_sudo_changes_to_is_in_the_request():
    with rules(ALL, "Defaults:alice runcwd=*"):
        oracle, action, _ = approved_run(["sh", "-c", "sudo -D /usr/share keep </dev/null"])
    assert action["cwd"] == "/usr/share" and oracle.canaries()[1] == "/usr/share", (action, oracle.canaries())


def test_ways_a038_a_variable_is_in_the_request_and_another_value_is_another_request():
    with rules(ALL):
        oracle, action, _ = approved_run(["sh", "-c", "sudo NOTE=hello keep </dev/null"])
        assert "NOTE=hello" in action["env"] and oracle.canaries()[2] == "hello", (action, oracle.canaries())
        term, first, code = held("alice", ["sh", "-c", "sudo NOTE=one keep </dev/null"])
        with term:
            term.hangup()
            term.wait()
        approved_by(first, code, "bob")
        oracle = Oracle()
        term, other, _ = held("alice", ["sh", "-c", "sudo NOTE=two keep </dev/null"])
        with term:
            assert other != first
            term.sendintr()
            oracle.ended_as(other, "cancelled", term.wait())


# --- standard input and the terminal

def test_ways_what_is_piped_in_reaches_the_command_whole():
    with rules(ALL):
        oracle, _, _ = approved_run(["bash", "-c", "seq 1 5000 | sudo keep"])
    assert oracle.canaries()[3:] == [str(n) for n in range(1, 5001)], len(oracle.canaries())


def without_terminal(*argv):
    return subprocess.Popen([SCRIPT, "as", "alice", "env", "COUNTERSIGN_REASON=nightly", "setsid", "-w", *argv],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


# Kills: the block, or a line for each vote, in a log that nobody reads.
def test_ways_a050_without_a_terminal_it_waits_with_one_line():
    oracle = Oracle()
    with without_terminal(*DEPLOY) as sudo:
        row = until(requests)[0]
        number, code = row["number"], show(row["number"], "alice")["decision"]["check_code"]
        approved_by(number, code, "bob", "carol")
        out, err = sudo.communicate(timeout=20)
    oracle.ran(number, sudo.returncode, "deployed tomcat 10.1 by alice")
    assert out == "deploy-release: tomcat 10.1 is live\n", out
    lines = err.splitlines()
    assert len(lines) == 2 and f"request {number} is held" in lines[0] and code in lines[0], err
    assert "is approved, and used now" in lines[1], err


# Kills: the look at the terminal in ask_reason. The first line became the reason, and the command never saw it.
def test_ways_a050_without_a_terminal_nothing_is_read_for_the_reason():
    before = len(requests("root", "--all"))
    done = run_as("alice", "setsid", "-w", *DEPLOY, stdin="first line\nsecond line\n")
    assert done.status == 1 and "COUNTERSIGN_REASON" in done.err and "no terminal" in done.err, done
    assert len(requests("root", "--all")) == before


def test_ways_with_stdin_option_the_reason_is_read_where_the_password_is():
    with Term(["bash", "-c", "printf 'because of 10.1\\n' | sudo -S deploy-release tomcat 10.1"], user="alice") as term:
        number = term.expect(NUMBER).group(1)
        assert show(number)["request"]["reason"] == "because of 10.1", show(number)
        term.sendintr()
        assert term.wait() != 0


def test_ways_a050_n_is_one_line_and_status_1():
    done = run_as("alice", "env", "COUNTERSIGN_REASON=x", "sudo", "-n", "deploy-release", "tomcat", "10.1")
    assert done.status == 1 and done.out == "" and len(done.err.splitlines()) == 1, done
    assert re.fullmatch(r"countersign: request \d+ stays open for 30m 00s; its check code is \d{4}; "
                        r"run the same command again after it is approved\n", done.err), done


# --- timestamps

# One approval is one run, however fresh the password is. Kills: an approval that outlives its claim.
def test_ways_a042_a_fresh_password_is_no_approval():
    with rules(f"Defaults:alice timestamp_type=global", f"alice ALL=(root) PASSWD: {COMMAND}"):
        oracle = Oracle()
        with Term(DEPLOY, user="alice") as term:
            term.expect("password for alice: ")
            term.sendline("pw-alice")
            term.expect("Reason[^\n]*: ")
            term.sendline("first")
            number = int(term.expect(r"request (\d+)").group(1))
            approved_by(number, term.expect(r"check code\W+(\d{4})").group(1), "bob", "carol")
            oracle.ran(number, term.wait())
        oracle = Oracle()
        term, other, _ = held("alice", DEPLOY)  # no password is asked for: the ticket is fresh
        with term:
            assert "password" not in term.screen and other != number
            term.sendintr()
            oracle.ended_as(other, "cancelled", term.wait())
        for option in "-k", "-K":
            mark = last_event()
            assert run_as("alice", "sudo", option).status == 0 and events(mark) == []


# --- intercept

def test_ways_a040_an_intercepted_command_is_held_by_itself():
    outer = "/usr/local/sbin/outer"
    write(outer, f"#!/bin/bash\n{COMMAND} tomcat 10.1\n")
    with rules("Defaults:alice intercept", f"alice ALL=(root) NOPASSWD: {outer}"):
        oracle = Oracle()
        term, number, code = held("alice", ["sudo", outer])
        with term:
            action = show(number)["request"]["action"]
            assert action["command"] == COMMAND, action
            oracle.nothing_ran()
            approved_by(number, code, "bob", "carol")
            status = term.wait()
    assert status == 0 and oracle.canaries() == ["deployed tomcat 10.1 by alice"], (status, oracle.canaries())


# --- signals

def test_ways_a043_ctrl_z_withdraws_and_runs_nothing():
    oracle = Oracle()
    term, number, _ = held("alice", DEPLOY)
    with term:
        term.send("\x1a")
        oracle.ended_as(number, "cancelled", term.wait())


def test_ways_a043_every_signal_ends_it_and_runs_nothing():
    for name in "SIGHUP", "SIGQUIT", "SIGALRM", "SIGTSTP", "SIGUSR1", "SIGKILL":
        oracle = Oracle()
        term, number, code = held("alice", DEPLOY)
        with term:
            os.kill(term.pid, getattr(signal, name))
            until(lambda: not term.running or name == "SIGUSR1")
            if term.running:  # sudo would hand it to the command: it goes on waiting
                term.sendintr()
            assert term.wait() != 0, name
        oracle.nothing_ran()
        assert "claimed" not in oracle.kinds(number), name


def test_ways_a093_stopped_and_continued_in_time_runs_once():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        os.kill(term.pid, signal.SIGSTOP)
        approved_by(number, code, "bob", "carol")
        oracle.nothing_ran()
        os.kill(term.pid, signal.SIGCONT)
        oracle.ran(number, term.wait())


# --- limits and descriptors that the requester chose

LIMITS = [(name, value) for name, values in {
    "NOFILE": (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20), "FSIZE": (0, 1, 4096), "AS": (1 << 20, 1 << 23, 1 << 24, 1 << 25, 1 << 26),
    "DATA": (0, 4096, 1 << 20, 1 << 22), "STACK": (0, 4096, 65536, 1 << 18), "NPROC": (0, 1), "CORE": (0,), "CPU": (1,),
    "MEMLOCK": (0,), "MSGQUEUE": (0,), "SIGPENDING": (0,), "RTPRIO": (0,)}.items() for value in values]


def limited(user, limit, closed=()):
    """sudo with this limit and without these descriptors: its exit status, or minus the signal."""
    number = {"MSGQUEUE": 12, "SIGPENDING": 11, "RTPRIO": 14}.get(limit[0]) or getattr(resource, "RLIMIT_" + limit[0])

    def narrow():
        resource.setrlimit(number, (limit[1], limit[1]))
        for fd in closed:
            os.close(fd)
    person = __import__("pwd").getpwnam(user)
    return subprocess.run(["/usr/bin/sudo", "-n", "deploy-release", "tomcat", "10.1"], user=person.pw_uid, group=person.pw_gid,
                          extra_groups=os.getgrouplist(user, person.pw_gid), env={"PATH": "/usr/bin:/bin", "COUNTERSIGN_REASON": "x"},
                          cwd="/", preexec_fn=narrow, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True, timeout=60).returncode


# Whatever fails for want of anything, fails closed. Kills: any error path of the plugin or the line that says yes.
def test_ways_a033_no_limit_of_the_requester_lets_anything_run():
    oracle = Oracle()
    for limit in LIMITS:
        assert limited("dave", limit) != 0, limit
        assert limited("alice", limit) != 0, limit
        oracle.nothing_ran()
    for closed in (0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2):
        for limit in ("NOFILE", 5), ("NOFILE", 1024):
            assert limited("dave", limit, closed) != 0, closed
            assert limited("alice", limit, closed) != 0, closed
            oracle.nothing_ran()
    assert "claimed" not in oracle.kinds(), oracle.kinds()


# An approved request with hardly anything left to run in: it runs once, or not at all, and never twice.
def test_ways_a033_an_approval_is_used_once_at_most_under_limits():
    for limit in ("NOFILE", 4), ("NOFILE", 7), ("AS", 1 << 25), ("DATA", 1 << 20), ("FSIZE", 0), ("NPROC", 1):
        oracle = Oracle()
        limited("alice", ("CORE", 0))
        row = requests()[0]
        code = show(row["number"], "alice")["decision"]["check_code"]
        approved_by(row["number"], code, "bob", "carol")
        for _ in range(3):
            limited("alice", limit)
        assert len(oracle.canaries()) <= 1 and oracle.kinds(row["number"]).count("claimed") <= 1, (limit, oracle.kinds())
        for other in requests():
            run_as("root", "countersign", "cancel", other["number"])


from_clean(globals())
