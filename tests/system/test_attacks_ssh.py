# SPDX-License-Identifier: Apache-2.0
"""Hostile and unlucky cases against a guarded ssh login, each with its number in the catalogue."""
import json
import os
import signal
import socket
import time

from logins import PROOF, SSH, WRITE_PROOF, Login
from oracle import Oracle
from people import countersign, events, from_clean, reject, show, until
from term import Term
from world import run_as


def setup():
    countersign("countersign_world")


def teardown():
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def test_ssh_a025_shell_command_is_held():
    with Login([*SSH, WRITE_PROOF]) as login:
        assert not os.path.exists(PROOF) and login.term.running
        login.approve()
        assert login.term.wait() == 0 and os.path.exists(PROOF)
        login.released()


def test_ssh_a025_scp_is_held():
    with Login(["scp", "-q", "-B", "/etc/hostname", "rel1:proof"]) as login:
        assert not os.path.exists(PROOF)
        login.approve()
        assert login.term.wait() == 0 and os.path.exists(PROOF)
        login.released()


def test_ssh_a025_old_scp_is_held():
    with Login(["scp", "-O", "-q", "-B", "/etc/hostname", "rel1:proof"]) as login:
        assert not os.path.exists(PROOF)
        login.approve()
        assert login.term.wait() == 0 and os.path.exists(PROOF)


def test_ssh_a025_sftp_is_held():
    with Login(["bash", "-c", "echo 'put /etc/hostname proof' | sftp -q -b - rel1"]) as login:
        assert not os.path.exists(PROOF)
        login.approve()
        assert login.term.wait() == 0 and os.path.exists(PROOF)
        login.released()


def test_ssh_a025_stdio_forward_is_held():
    with Login(["ssh", "-o", "BatchMode=yes", "-W", "127.0.0.1:22", "rel1"]) as login:
        login.term.expect_nothing("SSH-2.0", 0.3)
        login.approve()
        login.term.expect(r"SSH-2\.0")
        login.released()


def through(port, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=end - time.monotonic()) as tunnel:
                data = tunnel.recv(64)
                if data:
                    return data
        except (TimeoutError, ConnectionError):
            time.sleep(0.02)
    return b""


def test_ssh_a025_port_forward_is_held():
    with Login(["ssh", "-o", "BatchMode=yes", "-N", "-L", "127.0.0.1:2201:127.0.0.1:22", "rel1"]) as login:
        assert through(2201, 0.4) == b""
        login.approve()
        assert through(2201, 10).startswith(b"SSH-2.0")
        login.released()


def test_ssh_a025_remote_forward_is_held():
    def listens():
        return any(line.split()[1].endswith(":089A") and line.split()[3] == "0A" for line in open("/proc/net/tcp").readlines()[1:])

    with Login(["ssh", "-o", "BatchMode=yes", "-N", "-R", "127.0.0.1:2202:127.0.0.1:22", "rel1"]) as login:
        assert not listens()
        login.approve()
        until(listens)


def test_ssh_a024_one_approval_is_one_connection():
    with Login([*SSH, WRITE_PROOF]) as first:
        first.approve()
        assert first.term.wait() == 0
    with Login([*SSH, WRITE_PROOF]) as second:
        assert second.number != first.number and not os.path.exists(PROOF)


def test_ssh_rejected_login_runs_nothing():
    with Login([*SSH, WRITE_PROOF]) as login:
        assert reject("carol", login.number, "not today").status == 0
        assert login.term.wait() != 0 and not os.path.exists(PROOF)
        login.not_released()


def test_ssh_rejected_forward_carries_nothing():
    with Login(["ssh", "-o", "BatchMode=yes", "-W", "127.0.0.1:22", "rel1"]) as login:
        assert reject("carol", login.number).status == 0
        until(lambda: "rejected" in login.kinds())
        login.term.expect_nothing("SSH-2.0", 0.3)
        login.not_released()


def test_ssh_a072_nobody_lets_himself_in():
    with Login([*SSH, WRITE_PROOF]) as login:
        for user in "alice", "alice-adm", "bob", "dave":
            done = run_as(user, "countersign", "approve", login.number, "--yes", "--code", login.code)
            assert done.status != 0, (user, done)
        assert show(login.number)["decision"]["state"] == "pending" and not os.path.exists(PROOF)


def test_ssh_account_phase_refuses_who_has_no_right():
    oracle = Oracle()
    with Term([*SSH, "id"], user="dave") as term:
        assert term.wait() == 255 and "uid=" not in term.screen, term.screen
    assert [e["reason"] for e in oracle.events() if e["kind"] == "denied"] == ["no-permission"]
    assert "requested" not in oracle.kinds()


def test_ssh_wrong_key_makes_no_request():
    oracle = Oracle()
    with Term(["ssh", "-o", "BatchMode=yes", "alice@rel1", WRITE_PROOF], user="dave") as term:
        assert term.wait() == 255
    assert oracle.events() == []


def test_ssh_a021_grace_time_does_not_end_a_hold():
    countersign("world_sshd_stop")
    countersign("countersign_sshd_start", "LoginGraceTime 1")
    try:
        with Login([*SSH, WRITE_PROOF]) as login:
            # Three times the grace, and nothing to wait for: staying is the behaviour.
            login.term.expect_nothing("closed|reset|Timeout", 3.0)
            assert login.term.running
            login.approve()
            assert login.term.wait() == 0 and os.path.exists(PROOF)
    finally:
        countersign("world_sshd_stop")
        countersign("countersign_sshd_start")


def waiting():
    return json.loads(run_as("root", "countersign", "status", "--json").out)["waiting"]


def test_ssh_a022_held_logins_do_not_lock_others_out():
    countersign("world_sshd_stop")
    countersign("countersign_sshd_start", "MaxStartups 4:100:4")
    others = []
    try:
        with Login([*SSH, "true"]):
            for n in range(2, 7):  # one after another, as sshd counts those that come; each joins the request
                others.append(Term([*SSH, "true"], user="alice"))
                until(lambda: waiting() == n, 30)
            # dave is refused by the policy, not by sshd's limit.
            oracle = Oracle()
            with Term([*SSH, "id"], user="dave") as term:
                assert term.wait() == 255
            assert [e["reason"] for e in oracle.events() if e["kind"] == "denied"] == ["no-permission"]
    finally:
        for other in others:
            other.close()
        countersign("world_sshd_stop")
        countersign("countersign_sshd_start")


def test_ssh_a023_client_that_went_away_is_noticed():
    with Login([*SSH, WRITE_PROOF]) as login:
        os.kill(login.term.pid, signal.SIGKILL)
        login.term.wait()
        until(lambda: "parked" in login.kinds())
        login.approve()
        assert show(login.number)["decision"]["state"] == "approved"
        login.not_released()
        assert not os.path.exists(PROOF)


def test_ssh_a023_parked_login_is_used_by_the_next():
    with Login([*SSH, WRITE_PROOF]) as login:
        os.kill(login.term.pid, signal.SIGKILL)
        login.term.wait()
        until(lambda: "parked" in login.kinds())
        login.approve()
        with Term([*SSH, WRITE_PROOF], user="alice") as term:
            assert term.wait() == 0 and os.path.exists(PROOF)
        login.released()


def test_ssh_a020_killed_session_parks():
    def held_sshd():
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if b"sshd: alice" in open(f"/proc/{pid}/cmdline", "rb").read():
                    return int(pid)
            except OSError:
                pass
        return None

    with Login([*SSH, WRITE_PROOF]) as login:
        os.kill(until(held_sshd), signal.SIGKILL)
        assert login.term.wait() == 255 and not os.path.exists(PROOF)
        until(lambda: "parked" in login.kinds())
        login.not_released()


def test_ssh_a067_no_daemon_no_login():
    countersign("countersign_stop")
    try:
        if os.path.exists(PROOF):
            os.unlink(PROOF)
        begun = time.monotonic()
        with Term([*SSH, WRITE_PROOF], user="alice") as term:
            assert term.wait() == 255 and time.monotonic() - begun < 3, term.screen
        assert not os.path.exists(PROOF)
    finally:
        countersign("countersign_start")


def test_ssh_a065_daemon_killed_during_the_hold():
    with Login([*SSH, WRITE_PROOF]) as login:
        countersign("countersign_kill")
        try:
            assert login.term.wait() != 0 and not os.path.exists(PROOF), login.term.screen
        finally:
            countersign("countersign_start")
        assert show(login.number)["decision"]["state"] == "pending"


def test_ssh_a083_no_directory_no_login():
    oracle = Oracle()
    countersign("world_slapd_stop")
    try:
        with Term([*SSH, WRITE_PROOF], user="alice") as term:
            assert term.wait() == 255, term.screen
    finally:
        countersign("world_slapd_start")
    assert [e["reason"] for e in oracle.events() if e["kind"] == "denied"] == ["doubt"]


def test_ssh_a080_approver_lost_the_role_before_the_next_login():
    with Login([*SSH, WRITE_PROOF]) as login:
        os.kill(login.term.pid, signal.SIGKILL)
        login.term.wait()
        until(lambda: "parked" in login.kinds())
        login.approve()
        countersign("countersign_leave", "cn=infra", "carol", "erin")
        try:
            with Term([*SSH, WRITE_PROOF], user="alice") as term:
                assert term.wait() != 0 and not os.path.exists(PROOF), term.screen
        finally:
            countersign("countersign_leave", "cn=infra", "erin", "carol")
        login.not_released()


def test_ssh_a014_bad_module_argument_denies_and_logs():
    before = open("/etc/pam.d/sshd").read()
    with open("/etc/pam.d/sshd", "w") as file:
        file.write(before.replace("pam_countersign.so hold=session", "pam_countersign.so hold=sesion"))
    try:
        with Term([*SSH, WRITE_PROOF], user="alice") as term:
            assert term.wait() == 255
    finally:
        with open("/etc/pam.d/sshd", "w") as file:
            file.write(before)
    countersign("world_until", 5, "the log line", "world_said", "syslog", "hold=sesion")


def test_console_a010_root_gets_in_without_the_daemon():
    countersign("countersign_kill")
    try:
        with Term(["login", "-f", "root"], env={"TERM": "dumb"}) as console:
            console.expect(r"# ")
            console.sendline("echo I am $(id -un)")
            console.expect(r"^I am root")
            console.sendline("exit")
            assert console.wait() == 0
    finally:
        countersign("countersign_start")


def test_ssh_a029_root_over_the_network_is_not_the_console():
    countersign("world_sshd_stop")
    countersign("countersign_sshd_start", "PermitRootLogin yes")
    oracle = Oracle()
    os.makedirs("/root/.ssh", mode=0o700, exist_ok=True)
    with open("/root/.ssh/authorized_keys", "w") as file:
        file.write(open("/home/alice/.ssh/id_ed25519.pub").read())
    try:
        with Term(["ssh", "-o", "BatchMode=yes", "root@rel1", "id"], user="alice") as term:
            assert term.wait() != 0 and "uid=0" not in term.screen, term.screen
    finally:
        countersign("world_sshd_stop")
        countersign("countersign_sshd_start")
    assert "claimed" not in oracle.kinds() and "permitted" not in oracle.kinds(), oracle.kinds()


def test_evidence_is_whole_after_all_this():
    assert events() and run_as("root", "countersign", "evidence", "verify").status == 0


from_clean(globals())
