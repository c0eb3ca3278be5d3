# SPDX-License-Identifier: Apache-2.0
"""Who asked for a command cannot put off its end: not by signals, not by Ctrl-Z, not by what he does to his terminal or his
limits; on the real sudo, with and without a terminal of sudo's own (use_pty)."""
import os
import re
import signal
import time

import runs
from oracle import Oracle
from people import approved_by, from_clean, held, requests, show, until
from runs import SLEEPER, alive, end, listed, running, started, write
from term import Term
from world import children, run_as, status_of

PTY = "/etc/sudoers.d/pty"


def setup():
    runs.setup()


def teardown():
    runs.teardown()


class use_pty:
    def __enter__(self):
        write(PTY, "Defaults use_pty\n", 0o440)

    def __exit__(self, *_):
        os.unlink(PTY)


class no_pty:
    def __enter__(self):
        write(PTY, "Defaults !use_pty\n", 0o440)

    def __exit__(self, *_):
        os.unlink(PTY)


def both_ways(test):
    for way in no_pty, use_pty:
        with way():
            test()


def parent(pid):
    return int(status_of(pid, "PPid"))


def sudos(pid):
    """The processes of sudo above the command: its monitor where it has one, and itself."""
    found = []
    while status_of(parent(pid), "Name") == "sudo":
        pid = parent(pid)
        found.append(pid)
    assert found
    return found


def ends_in_time(it):
    """It was told to end; TERM ends the sleeper at once, and KILL the stubborn one after two seconds."""
    since = time.monotonic()
    assert end("bob", it.number).status == 0
    until(lambda: not alive(it.pid))
    took = time.monotonic() - since
    until(lambda: not listed(it.number))
    kinds = it.kinds()
    assert kinds.count("ended") == 1 and kinds.count("closed") == 1, kinds
    return took


# --- signals

# Kills: setresuid in the session line; without it alice's STOP is taken, and the end waits for her CONT.
def test_ends_the_requester_cannot_signal_sudo():
    def one():
        with running() as it:
            for pid in sudos(it.pid):
                for name in "STOP", "KILL", "TERM", "ALRM", "USR1":
                    done = run_as("alice", "sh", "-c", f"kill -{name} {pid}")
                    assert done.status != 0 and "permitted" in done.err, (name, done)
                assert status_of(pid, "Uid").split()[:3] == ["0", "0", "0"], status_of(pid, "Uid")
            ends_in_time(it)
    both_ways(one)


# What is stopped by somebody who may: root. It is root who has it go on, and then it ends.
def test_ends_nobody_but_root_stops_it():
    with running() as it:
        sudo, = sudos(it.pid)[-1:]
        os.kill(sudo, signal.SIGSTOP)
        assert end("bob", it.number).status == 0
        assert listed(it.number)[0]["ending"]
        os.kill(sudo, signal.SIGCONT)
        until(lambda: not alive(it.pid))
        until(lambda: not listed(it.number))


# --- Ctrl-Z

def state_of(pid):
    return status_of(pid, "State")[0]


def stopped(it):
    """Ctrl-Z at the terminal: sudo stops itself with its command."""
    it.sudo = sudos(it.pid)[-1]
    it.term.send("\x1a")
    until(lambda: state_of(it.pid) == "T" and state_of(it.sudo) == "T")


# bash with job control; whatever follows sudo is done while sudo is stopped.
def shell(then="read line", command="sleeper"):
    return ("bash", "-c", f"set -m; sudo {command}; echo stopped; {then}", command)


# Kills: on_suspend, which starts what wakes sudo.
def test_ends_what_is_stopped_by_ctrl_z_ends():
    def one():
        with running(shell()) as it:
            stopped(it)
            it.term.expect("stopped")
            ends_in_time(it)
    both_ways(one)


# The command goes on alone while sudo is stopped: whoever is in its session may have it go on. Kills: the same.
def test_ends_what_goes_on_without_its_sudo_ends():
    for command in "sleeper", "stubborn":
        with no_pty():
            with running(shell("until read pid; do :; done; kill -CONT $pid; read line", command)) as it:
                stopped(it)
                it.term.expect("stopped")
                it.term.sendline(str(it.pid))
                until(lambda: state_of(it.pid) != "T")
                assert state_of(it.sudo) == "T"
                assert listed(it.number)
                took = ends_in_time(it)
                assert command == "stubborn" or took < 5, took


# Who goes on in time is not disturbed: nothing wakes what is stopped but its person, and no helper process is left.
def test_ends_what_is_stopped_stays_stopped_and_goes_on():
    def one():
        with running(shell("read line; fg; read line")) as it:
            stopped(it)
            it.term.expect("stopped")
            row, = listed(it.number)
            assert not row["ending"]
            wakers = [pid for pid in children(it.sudo) if pid != it.pid and state_of(pid) != "T"
                      and status_of(pid, "Name") == "sudo"]
            assert wakers
            it.term.sendline("")
            until(lambda: state_of(it.pid) != "T" and state_of(it.sudo) != "T")
            until(lambda: len(children(it.sudo)) == 1)
            assert listed(it.number) and "ended" not in it.kinds()
            os.kill(it.pid, signal.SIGTERM)
            until(lambda: not alive(it.pid))
            until(lambda: not listed(it.number))
            assert it.kinds()[-1] == "closed"
    both_ways(one)


# --- the terminal

# Ctrl-S: nothing can be written any more, and the text for the person is one of these things. Kills: O_NONBLOCK in cs_steady_say.
def test_ends_a_terminal_that_takes_nothing_puts_nothing_off():
    with no_pty():
        with running() as it:
            it.term.send("\x13")
            ends_in_time(it)
            it.term.send("\x11")


# In the background of a terminal with tostop, writing would stop whoever writes. Kills: SIGTTOU kept back in cs_steady_say.
def test_ends_a_background_that_may_not_write_puts_nothing_off():
    oracle = Oracle()
    with no_pty():
        term, number, code = held("alice", ["bash", "-c", "set -m; stty tostop; sudo sleeper >/dev/null; "
                                            "echo stopped; read line; bg; read line"])
        with term:
            approved_by(number, code, "bob")
            pid = started(oracle, "sleeper")
            until(lambda: listed(number))
            sudo = sudos(pid)[-1]
            term.send("\x1a")
            until(lambda: state_of(sudo) == "T")
            term.expect("stopped")
            term.sendline("")
            until(lambda: state_of(sudo) != "T" and state_of(pid) != "T")
            assert end("bob", number).status == 0
            until(lambda: not alive(pid))
            until(lambda: not listed(number))


UNREAD = """
import os, sys
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    os.setsid()
    os.dup2(w, 2)
    os.environ["COUNTERSIGN_REASON"] = "nobody reads this"
    os.execvp("sudo", ["sudo", "sleeper"])
said = b""
while b"used now" not in said:
    said += os.read(r, 4096)
try:
    again = os.open(f"/proc/self/fd/{w}", os.O_WRONLY | os.O_NONBLOCK)
    while True:
        os.write(again, b"x")
except BlockingIOError:
    print("full", flush=True)
os.waitpid(pid, 0)
"""


# Nobody reads what it writes: no terminal, and a full pipe as standard error. Kills: the poll in cs_steady_say.
def test_ends_a_full_pipe_puts_nothing_off():
    oracle = Oracle()
    with Term(["python3", "-c", UNREAD], user="alice") as term:
        number = until(lambda: [row["number"] for row in requests("alice", "--mine")])[0]
        approved_by(number, show(number, "alice")["decision"]["check_code"], "bob")
        pid = started(oracle, "sleeper")
        term.expect("full")
        until(lambda: listed(number))
        assert end("bob", number).status == 0
        until(lambda: not alive(pid))
        until(lambda: not listed(number))


# --- limits

def cpu_limit(pid):
    with open(f"/proc/{pid}/limits") as file:
        return [line.split()[3] for line in file if line.startswith("Max cpu time")][0]


# Kills: setitimer in end (cs_limit_session cannot have a timer then), and cs_steady_limits: pam_limits would hide that.
def test_ends_limits_that_the_requester_chose_put_nothing_off():
    with open("/etc/pam.d/sudo") as file:
        before = file.read()
    write("/etc/pam.d/sudo", re.sub(r"(?m)^.*pam_limits.*$", "", before), 0o644)
    try:
        with running(("bash", "-c", "ulimit -i 0; ulimit -S -t 1; exec sudo stubborn", "stubborn")) as it:
            until(lambda: cpu_limit(sudos(it.pid)[-1]) == "unlimited")
            assert cpu_limit(it.pid) == "1"  # the command has what was asked for
            ends_in_time(it)
    finally:
        write("/etc/pam.d/sudo", before, 0o644)


# --- what is ended

# A script's children: the whole process group where sudo has a terminal of its own, the command alone where not; and a child
# that made a session of its own goes on in either. The manual says so.
def test_ends_what_ends_with_it():
    write(SLEEPER, '#!/bin/sh\nsleep 61 &\necho "child $!" >>/var/log/deploys\n'
          'setsid sleep 62 </dev/null >/dev/null 2>&1 &\necho "daemon $!" >>/var/log/deploys\n'
          'echo "sleeper $$" >>/var/log/deploys\necho running\nwait\n')

    def one(way, child_ends):
        with way():
            with running(shell()) as it:
                child, daemon = (started(it.oracle, word) for word in ("child", "daemon"))
                ends_in_time(it)
                if child_ends:
                    until(lambda: not alive(child))
                else:
                    assert alive(child)
                    os.kill(child, signal.SIGKILL)
                assert alive(daemon)
                os.kill(daemon, signal.SIGKILL)
    try:
        one(use_pty, True)
        one(no_pty, False)
    finally:
        runs.setup_commands()


from_clean(globals())
