# SPDX-License-Identifier: Apache-2.0
"""What a request let in by su and by login, as Debian has them, is listed and ended; its shell ends with it, and nobody else's."""
import os
import re
import signal
import subprocess
import time

import runs
from oracle import Oracle
from people import approved_by, countersign, events, from_clean, read_hold, until
from runs import GATE, alive, apply, end, listed, write
from term import Term
from world import children, run_as, status_of

BEAT = "/usr/local/bin/beat"
BEATS = "/var/log/deploys"
RULES = "".join("service %s { unmatched = permit }\n" % name for name in ("su", "su-l"))
GATES = "".join(re.sub(r"\tcommand .*\n", "", GATE % (name, services, "")) for name, services in
                (("become", "{ su, su-l }"), ("console", "login")))
TEXT = None


def setup():
    global TEXT
    TEXT = runs.setup() + RULES + GATES
    apply(TEXT)
    for service in "su", "login":
        path = f"/etc/pam.d/{service}"
        with open(path) as file:
            kept = "".join(line for line in file if "countersign" not in line)
        write(path, kept + "account required pam_countersign.so hold=session\nsession required pam_countersign_hold.so\n", 0o644)
    subprocess.run(["chpasswd"], input="root:pw-root\n", text=True, check=True)
    write(BEAT, '#!/bin/bash\n%s\necho "in-$$"\nwhile :; do sleep 0.1; done\n' % 'trap "" INT HUP')
    write(BEAT + "-on", '#!/bin/bash\ntrap "" INT HUP TERM\necho "in-$$"\nwhile :; do sleep 0.1; done\n')


def teardown():
    runs.teardown()


class opened:
    """A session that bob approved, in which a loop runs that hears no hang-up."""
    def __init__(self, argv, *typed, user="alice", inside=None):
        self.term = Term(list(argv), user=user)
        for prompt, line in typed:
            self.term.expect(prompt)
            self.term.sendline(line)
        self.number, code = read_hold(self.term)
        approved_by(self.number, code, "bob")
        if inside is not None:
            self.term.expect(r"[#$] ")
            self.term.sendline(inside)
        self.pid = int(self.term.expect(r"in-(\d+)").group(1))
        self.row, = until(lambda: listed(self.number))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.term.close()
        for pid in self.pid, self.row["pid"]:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not listed(self.number))

    def kinds(self):
        return [event["kind"] for event in events() if event["request"] == self.number]

    def gone(self, since):
        """Milliseconds until the loop and who opened the session are gone."""
        until(lambda: not alive(self.pid), 15)
        took = (time.monotonic() - since) * 1000
        until(lambda: not listed(self.number))
        until(lambda: not alive(self.row["pid"]) or not self.term.running)
        assert self.kinds().count("ended") == 1 and self.kinds().count("closed") == 1, self.kinds()
        print(f"{self.term.argv}: gone after {took:.0f} ms")
        return took


def su(*argv, inside=None):
    return opened(["su", *argv], ("Password: ", "pw-root"), inside=inside)


def on_console(inside):
    return opened(["login"], ("login: ", "alice"), ("Password: ", "pw-alice"), user="root", inside=inside)


WAYS = (lambda: su("-c", BEAT), lambda: su("-c", BEAT + "-on"), lambda: su("--pty", "-c", BEAT + "-on"),
        lambda: su("--session-command", BEAT + "-on"), lambda: su("-", inside="exec " + BEAT + "-on"),
        lambda: su("-", "--pty", inside="exec " + BEAT + "-on"), lambda: on_console("exec " + BEAT + "-on"))


def bystander():
    return subprocess.Popen(["sleep", "600"])


# The process that registered is su or login itself; what it started ends with it, also where that hears neither TERM nor HUP.
# Kills: gather in end_login (of login's shell), and the signals to what was gathered in look_at_time.
def test_logins_a_session_of_su_or_login_is_listed_and_ended():
    other = bystander()
    try:
        with su("-c", BEAT) as beside:
            for way in WAYS:
                with way() as it:
                    assert it.row["kind"] == "login" and it.row["requester"] == "alice", it.row
                    assert it.row["pid"] == it.term.pid and status_of(it.row["pid"], "Name") in ("su", "login"), it.row
                    assert it.row["tty"] in it.term.tty, (it.row, it.term.tty)
                    since = time.monotonic()
                    assert end("bob", it.number).status == 0
                    assert it.gone(since) < 9000
                    assert alive(beside.pid) and listed(beside.number) and other.poll() is None
    finally:
        other.kill()
        other.wait()


# As everybody's shell does it: the hang-up of the terminal, or su's own signals, are enough.
def test_logins_a_shell_at_its_prompt_is_ended():
    for way in (lambda: su("-", inside="echo in-$$"), lambda: on_console("echo in-$$")):
        with way() as it:
            since = time.monotonic()
            assert end("bob", it.number).status == 0
            it.gone(since)


def test_logins_a_session_has_a_time():
    apply(TEXT.replace("\tlifetime   = 30m", "\tsession    = 10s\n\tlifetime   = 30m"))
    try:
        for way in (lambda: su("-c", BEAT), lambda: on_console("exec " + BEAT)):
            with way() as it:
                assert 0 < it.row["ends_in_ms"] <= 10000, it.row
                since = time.monotonic()
                until(lambda: all(row["ending"] for row in listed(it.number)), 12)
                assert time.monotonic() - since > 7
                it.gone(since)
    finally:
        apply(TEXT)


# Whoever called su could stop it or kill it, and so keep what it opened from its end. Kills: keep_from_caller in hold_login.
def test_logins_the_requester_cannot_signal_su():
    for way in WAYS[:6]:
        with way() as it:
            for name in "STOP", "KILL", "TERM":
                done = run_as("alice", "sh", "-c", f"kill -{name} {it.row['pid']}")
                assert done.status != 0 and "permitted" in done.err, (name, done)


# Stopped, by Ctrl-Z or by root, it hears nothing: its shell ends all the same. Kills: SIGCONT in end_login together with
# gather; one of them is enough.
def test_logins_what_is_stopped_is_ended():
    with su("--session-command", BEAT + "-on") as it:
        os.kill(it.row["pid"], signal.SIGSTOP)
        since = time.monotonic()
        assert end("bob", it.number).status == 0
        it.gone(since)


def test_logins_that_end_by_themselves_are_over():
    with su("-", inside="echo in-$$") as it:
        it.term.sendline("exit")
        until(lambda: not listed(it.number))
        assert it.kinds()[-1] == "closed" and "ended" not in it.kinds(), it.kinds()


from_clean(globals())
