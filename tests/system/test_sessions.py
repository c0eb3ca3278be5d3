# SPDX-License-Identifier: Apache-2.0
"""What runs because of a request has an end: listed, ended by people and by what changes, on the real sudo and sshd."""
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

import runs
from oracle import Oracle
from people import approved_by, countersign, from_clean, held, requests, show, until
from runs import GATE, NEW, SLEEPER, SSH, alive, apply, end, listed, login, running, sessions, started
from term import Term, run
from world import children, run_as, status_of

POLICY_TEXT = None


def setup():
    global POLICY_TEXT
    POLICY_TEXT = runs.setup()


def teardown():
    runs.teardown()


# --- sudo

def test_sessions_lists_what_runs_to_whom_it_concerns():
    with running() as it:
        row, = listed(it.number)
        assert row["kind"] == "command" and row["requester"] == "alice" and SLEEPER in row["line"], row
        assert row["tty"] == it.term.tty, row
        assert [row["number"] for row in sessions("alice", "--mine")] == [it.number]
        assert sessions("bob", "--mine") == [] and [row["number"] for row in sessions("bob")] == [it.number]
        assert sessions("dave") == []
        shown = run_as("bob", "countersign", "sessions").out
        assert re.search(rf"(?m)^ *{it.number} +command +alice +sleep ", shown), shown
    assert it.kinds()[-1] == "closed", it.kinds()


def test_sessions_end_ends_the_command():
    with running() as it:
        assert end("dave", it.number).status != 0 and alive(it.pid)
        assert end("bob", it.number, "").status == 2 and alive(it.pid)
        since = time.monotonic()
        done = end("bob", it.number)
        assert done.status == 0, done
        took = it.gone(since)
        assert f"request {it.number}: ended by bob: wrong release" in it.term.screen, it.term.screen
        assert "terminated" in it.oracle.canaries() and "slept well" not in it.oracle.canaries()
        assert end("bob", it.number).status != 0
    print(f"end to gone: {took:.0f} ms")


def test_sessions_a_vote_taken_back_ends_the_command():
    with running() as it:
        assert run_as("carol", "countersign", "withdraw", it.number).status != 0 and alive(it.pid)
        since = time.monotonic()
        done = run_as("bob", "countersign", "withdraw", it.number, "--comment", "not this one")
        assert done.status == 0, done
        took = it.gone(since)
        assert "took the approval back: not this one" in it.term.screen, it.term.screen
    print(f"vote taken back to gone: {took:.0f} ms")


# TERM is not heard: KILL follows after two seconds.
def test_sessions_what_ignores_signals_is_killed():
    with running(("sudo", "stubborn")) as it:
        since = time.monotonic()
        assert end("bob", it.number).status == 0
        it.gone(since)


# Whoever started sudo chose its signals.
def test_sessions_signals_that_the_requester_ignores_change_nothing():
    script = "trap '' ALRM TERM HUP INT; exec sudo sleeper"
    with running(("bash", "-c", script, "sleeper")) as it:
        since = time.monotonic()
        assert end("bob", it.number).status == 0
        it.gone(since)


def test_sessions_sudo_b_is_ended_too():
    oracle = Oracle()
    term, number, code = held("alice", ["bash", "-c", "sudo -b sleeper; read line"])
    with term:
        approved_by(number, code, "bob")
        pid = started(oracle, "sleeper")
        until(lambda: listed(number))
        assert end("bob", number).status == 0
        until(lambda: not alive(pid))
        until(lambda: not listed(number))


def test_sessions_go_on_without_the_daemon_and_are_attended_again():
    with running() as it:
        countersign("countersign_kill")
        time.sleep(0.1)
        assert alive(it.pid)
        countersign("countersign_start")
        row, = until(lambda: listed(it.number))
        assert "closed" not in it.kinds() and "ended" not in it.kinds(), it.kinds()
        since = time.monotonic()
        assert end("bob", it.number).status == 0
        it.gone(since)
    with running() as it:
        countersign("countersign_stop")
        countersign("countersign_start")
        until(lambda: listed(it.number))
        assert "closed" not in it.kinds(), it.kinds()


def test_sessions_a_new_policy_ends_it():
    with running() as it:
        apply(POLICY_TEXT.replace(GATE % ("sleep", "sudo", SLEEPER),
                                  'gate sleep { service = sudo command = "%s" deny = "freeze" }\n' % SLEEPER))
        try:
            took = it.gone(time.monotonic())
            assert "freeze" in it.term.screen or "denies" in it.term.screen, it.term.screen
        finally:
            apply(POLICY_TEXT)
    print(f"new policy to gone: {took:.0f} ms")


# Looked at every 30 seconds: it is no event of the daemon's. Kills: sessions_look in the tick.
def test_sessions_a_right_that_the_directory_takes_away_ends_it():
    with running() as it:
        countersign("world_group", "cn=tomcat,ou=project", "delete", "owner", "alice")
        try:
            since = time.monotonic()
            until(lambda: not alive(it.pid), seconds=40)
            took = (time.monotonic() - since) * 1000
            until(lambda: not listed(it.number))
            assert it.kinds().count("ended") == 1, it.kinds()
        finally:
            countersign("world_group", "cn=tomcat,ou=project", "add", "owner", "alice")
    print(f"right taken away to gone: {took:.0f} ms")


# Without the line in sudo.conf nothing is listed, and nothing else changes.
def test_sessions_without_the_plugin_nothing_is_attended():
    countersign("world_sudo_plugin", "sudo_countersign", "/usr/libexec/sudo/sudo_countersign.so")
    try:
        oracle = Oracle()
        term, number, code = held("alice", ["sudo", "deploy-release", "tomcat", "10.1"])
        with term:
            approved_by(number, code, "bob", "carol")
            assert term.wait() == 0, term.screen
        oracle.ran(number, 0)
    finally:
        countersign("countersign_sudo_attend")


def test_sessions_a_sudo_that_nobody_guards_is_not_attended():
    status, screen = run(["sudo", "-n", "true"], user="root")
    assert status == 0 and sessions() == [], screen


# --- logins

def test_sessions_a_login_is_listed_and_ended():
    with login([*SSH, "-tt", "rel1", NEW]) as it:
        assert it.row["kind"] == "login" and it.row["requester"] == "alice" and it.row["peer"], it.row
        assert alive(it.row["pid"]), it.row
        since = time.monotonic()
        assert end("carol", it.number).status == 0
        took = it.gone(since)
        until(lambda: not alive(it.pid))
    print(f"end to gone: {took:.0f} ms")


def test_sessions_a_login_without_a_terminal_is_ended():
    with login([*SSH, "rel1", NEW]) as it:
        since = time.monotonic()
        assert run_as("carol", "countersign", "withdraw", it.number).status == 0
        it.gone(since)
        if alive(it.pid):  # no terminal hangs up for it: sshd leaves such a command to itself
            os.kill(it.pid, signal.SIGKILL)


def test_sessions_a_login_that_ends_by_itself_is_over():
    with login([*SSH, "rel1", "echo in-$$; read line"]) as it:
        it.term.sendline()
        assert it.term.wait() == 0
        until(lambda: not listed(it.number))
        assert it.kinds()[-1] == "closed" and "ended" not in it.kinds(), it.kinds()


# Nothing of the module's is left open in what it let in: neither to the daemon nor to the helper.
def test_sessions_a_login_has_no_connection_of_ours():
    with login([*SSH, "-tt", "rel1", NEW]) as it:
        for pid in it.pid, it.row["pid"]:
            sockets = run_as("root", "ls", "-l", f"/proc/{pid}/fd").out
            for inode in re.findall(r"socket:\[(\d+)\]", sockets):
                with open("/proc/net/unix") as file:
                    assert not [line for line in file if inode in line and "countersign" in line], sockets


def test_sessions_logins_are_known_after_a_restart():
    with login([*SSH, "-tt", "rel1", NEW]) as it:
        for stop in "countersign_stop", "countersign_kill":
            countersign(stop)
            assert alive(it.pid)
            countersign("countersign_start")
            row, = until(lambda: listed(it.number))
            assert row["pid"] == it.row["pid"] and abs(row["since_wall_ms"] - it.row["since_wall_ms"]) < 1000, row
        assert "closed" not in it.kinds(), it.kinds()
        since = time.monotonic()
        assert end("carol", it.number).status == 0
        it.gone(since)


class limited_to:
    """Logins over ssh may last so long."""
    def __init__(self, time):
        self.text = re.sub(r"(?m)^(\s*service\s*=\s*sshd\s*)$", rf"\1\n\tsession = {time}", POLICY_TEXT)
        assert self.text != POLICY_TEXT

    def __enter__(self):
        apply(self.text)

    def __exit__(self, *_):
        apply(POLICY_TEXT)


def test_sessions_a_login_has_a_time():
    with limited_to("2s"), login([*SSH, "-tt", "rel1", NEW]) as it:
        assert 0 < it.row["ends_in_ms"] <= 2000, it.row
        it.gone(time.monotonic())


# --- the helper, attacked

def helper():
    daemon = int(run_as("root", "sh", "-c", "cat /run/world/countersignd.pid 2>/dev/null || pidof -s countersignd").out)
    while int(status_of(daemon, "PPid")) and "countersignd" in status_of(int(status_of(daemon, "PPid")), "Name"):
        daemon = int(status_of(daemon, "PPid"))
    found = [pid for pid in children(daemon) if int(status_of(pid, "CapEff"), 16)]
    assert len(found) == 1, (daemon, children(daemon))
    return daemon, found[0]


# CAP_KILL is bit 5. Kills: keep_kill.
def test_sessions_the_helper_may_signal_and_nothing_else():
    daemon, pid = helper()
    for key in "CapEff", "CapPrm", "CapInh", "CapAmb":
        assert int(status_of(pid, key), 16) == (1 << 5 if key in ("CapEff", "CapPrm") else 0), (key, status_of(pid, key))
        assert int(status_of(daemon, key), 16) == 0, key
    assert status_of(pid, "Uid") == status_of(daemon, "Uid") and status_of(pid, "NoNewPrivs") == "1"
    assert os.stat("/run/countersign/end.sock").st_mode & 0o777 == 0o600
    assert os.stat("/run/countersign/logins").st_mode & 0o777 == 0o600 and os.stat("/run/countersign/logins").st_uid == 0


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect("/run/countersign/end.sock")
    s.settimeout(10)
    return s


def frame(kind, number, request_id, attend=2):
    payload = struct.pack(">QIQ", 0, attend, number) + request_id + struct.pack(">IIQQI", 0, 0, 0, 0, 0)
    return struct.pack(">IB", 1 + len(payload), kind) + payload


def hear(s):
    head = b""
    while len(head) < 4:
        more = s.recv(4 - len(head))
        if not more:
            return None
        head += more
    rest = b""
    while len(rest) < struct.unpack(">I", head)[0]:
        rest += s.recv(4096)
    return rest[0]


GREETING, LOGIN_FRAME, TAKEN, REFUSED = 1, 2, 3, 4


def test_sessions_the_helper_hears_only_root():
    done = run_as("alice", "python3", "-c", "import socket; socket.socket(socket.AF_UNIX).connect('/run/countersign/end.sock')")
    assert done.status != 0 and "Permission" in done.err, done


# Garbage, a frame that is not for it, half a frame, and many who say nothing: a login still registers and is ended.
def test_sessions_the_helper_survives_what_connects():
    _, pid = helper()
    quiet = []
    for _ in range(64):
        quiet.append(connect())
    for s in quiet:
        s.close()
    for data in (b"\xff" * 64, b"\0\0\0\x05abcde", frame(7, 1, b"\0" * 16), frame(LOGIN_FRAME, 1, b"\0" * 16, attend=1),
                 frame(LOGIN_FRAME, 1, b"\0" * 16)[:20]):
        with connect() as s:
            assert hear(s) == GREETING
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            assert hear(s) in (None, REFUSED)
    assert helper()[1] == pid
    with login([*SSH, "-tt", "rel1", NEW]) as it:
        since = time.monotonic()
        assert end("carol", it.number).status == 0
        it.gone(since)


def held_login():
    """A login of alice's that carol approved; what becomes of it is the caller's to see."""
    before = {row["number"] for row in requests("alice", "--mine", "--all")}
    term = Term([*SSH, "-tt", "rel1", NEW], user="alice", timeout=20)
    number = until(lambda: [row["number"] for row in requests("alice", "--mine") if row["number"] not in before])[0]
    approved_by(number, show(number, "alice")["decision"]["check_code"], "carol")
    return term, number


# The helper hangs: what has to end after a time is not let in, because nobody could end it; the rest goes on, and syslog says that it
# cannot be ended. Kills: attend that permits where session_ms is set.
def test_sessions_a_login_that_could_not_be_ended_in_time_is_denied():
    _, pid = helper()
    os.kill(pid, signal.SIGSTOP)
    try:
        with limited_to("1m"):
            term, number = held_login()
            with term:
                assert term.wait() != 0 and "in-" not in term.screen, term.screen
        term, number = held_login()
        with term:
            term.expect("in-[0-9]+")
            assert not listed(number)
    finally:
        os.kill(pid, signal.SIGCONT)


# It cannot be replaced: the daemon ends with it, and the next one finds the login again. Kills: failed in on_ender.
def test_sessions_without_its_helper_the_daemon_ends():
    with limited_to("1m"), login([*SSH, "-tt", "rel1", NEW]) as it:
        daemon, pid = helper()
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(daemon))
        assert alive(it.pid)
        with open("/var/log/countersignd.log") as file:
            assert "the helper that ends logins is gone" in file.read()
        countersign("countersign_start")
        row, = until(lambda: listed(it.number))
        assert row["pid"] == it.row["pid"] and 0 < row["ends_in_ms"] <= it.row["ends_in_ms"], row
        since = time.monotonic()
        assert end("carol", it.number).status == 0
        it.gone(since)


# A process registers under a request that was never released: nothing is listed, nothing is ended.
def test_sessions_what_was_not_released_cannot_be_registered():
    child = subprocess.Popen([sys.executable, "-c", PRETEND], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline().strip() == "taken"
    assert not [row for row in sessions() if row["pid"] == child.pid]
    assert child.poll() is None
    child.kill()
    child.wait()


PRETEND = f"""
import socket, struct, sys, time
sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})
sys.path.insert(0, {os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support")!r})
import test_sessions as t
s = t.connect()
assert t.hear(s) == t.GREETING
s.sendall(t.frame(t.LOGIN_FRAME, 1, b"x" * 16))
assert t.hear(s) == t.TAKEN
print("taken", flush=True)
time.sleep(60)
"""


# The number of a process that is over belongs to somebody else after a restart: its start says that it is not the same.
def test_sessions_a_number_that_is_used_again_is_not_ended():
    with login([*SSH, "-tt", "rel1", NEW]) as it:
        countersign("countersign_stop")
        with open("/run/countersign/logins", "r+b") as file:
            record = file.read(512)
            at = record.index(struct.pack(">I", it.row["pid"])) + 4
            start, = struct.unpack(">Q", record[at:at + 8])
            file.seek(at)
            file.write(struct.pack(">Q", start - 1))
        countersign("countersign_start")
        time.sleep(0.3)
        assert not listed(it.number) and alive(it.pid)
        assert end("carol", it.number).status != 0 and alive(it.pid)


from_clean(globals())
