# SPDX-License-Identifier: Apache-2.0
"""countersign enable and disable with real sudo, sshd and su, from Debian's own files."""
import os
import signal
import subprocess
import time

from people import countersign
from term import Term
from world import run_as

FILES = {
    "sudo": ["/etc/sudo.conf", "/etc/pam.d/sudo", "/etc/pam.d/sudo-i"],
    "sshd": ["/etc/ssh/sshd_config", "/etc/pam.d/sshd"],
    "su": ["/etc/pam.d/su", "/etc/pam.d/su-l"],
}
STATE = "/var/lib/countersign-enable"
POLICY = "".join(f"service {name} {{ unmatched = permit }}\n" for name in ("sudo", "sshd", "su", "su-l", "login"))
KEPT = {}


def setup():
    for step in "world_syslog_start", "world_users", "world_slapd_start", "world_sudo", "world_install", "countersign_configure":
        countersign(step)
    countersign("countersign_policy", stdin=POLICY)
    countersign("countersign_start")
    countersign("countersign_sshd_start")
    assert run_as("root", "ssh-keygen", "-A").status == 0
    with open("/etc/sudoers", "a") as file:
        file.write("Defaults fdexec=always\n")
    for paths in FILES.values():
        for path in paths:
            KEPT[path] = whole(path)


def teardown():
    countersign("countersign_stop")
    countersign("world_sshd_stop")
    countersign("world_slapd_stop")


def whole(path):
    """Content, owner and mode."""
    if not os.path.exists(path):
        return None
    found = os.stat(path)
    with open(path) as file:
        return file.read(), found.st_uid, found.st_gid, found.st_mode


def untouched(door):
    for path in FILES[door]:
        assert whole(path) == KEPT[path], path
    beside = [name for path in FILES[door] for name in os.listdir(os.path.dirname(path)) if name.endswith("~")]
    assert beside == [], beside


def connected(door):
    return any("countersign" in open(path).read() for path in FILES[door] if os.path.exists(path))


def enable(*words, status=0):
    done = run_as("root", "countersign", "enable", *words, timeout=120)
    assert done.status == status, done
    return done


def disable(door):
    done = run_as("root", "countersign", "disable", door)
    assert done.status == 0, done
    untouched(door)


def waiters():
    """The processes that wait for a confirmation."""
    done = subprocess.run(["pgrep", "-f", "^countersign enable"], text=True, capture_output=True)
    return [int(line) for line in done.stdout.split()]


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def console():
    """Root at the console gets in: login on a terminal, as getty starts it once it knows that it is root."""
    with Term(["login", "-f", "root"], user="root") as root:
        root.sendline("id -u | sed s/^/uid=/")
        root.expect(r"uid=0\b")
        root.sendline("exit")


def test_dry_run_shows_and_changes_nothing():
    done = enable("sudo", "--dry-run")
    assert "+Plugin sudo_countersign sudo_countersign.so" in done.out and "--- /etc/pam.d/sudo\n" in done.out, done
    untouched("sudo")


def test_each_door_is_tried_confirmed_and_undone():
    for door in FILES:
        done = enable(door)
        assert "enable --confirm" in done.out and connected(door), done
        assert "waits" in enable(door).out
        console()
        enable("--confirm")
        until(lambda: not waiters())
        assert "connected already" in enable(door).out
        disable(door)
        console()


def test_without_a_confirmation_everything_is_put_back():
    """Kills a process that waits and does not survive its terminal, or that never looks at the time."""
    with Term(["countersign", "enable", "su", "--confirm-within", "2s"], user="root") as root:
        root.expect("waits for the confirmation", timeout=60)
    until(lambda: not connected("su"))
    until(lambda: not waiters())
    untouched("su")
    enable("--confirm", status=1)
    assert "was not confirmed" in open("/var/log/syslog.log").read()


def test_killed_while_it_tries_everything_is_put_back():
    """The change itself kills the one who makes it, outright: who waits puts back what was not yet tried."""
    script = "/usr/local/sbin/kill-enable"
    with open(script, "w") as file:
        file.write("#!/bin/sh\ngrep -q countersign /etc/pam.d/su || exit 0\n"
                   "kill -9 $(ps -eo pid,ppid,args | awk '$3 ~ /countersign$/ && $4 == \"enable\" && $2 != 1 { print $1 }')\n")
    os.chmod(script, 0o755)
    text = KEPT["/etc/pam.d/su"][0]
    with open("/etc/pam.d/su", "w") as file:
        file.write(f"session optional pam_exec.so quiet {script}\n" + text)
    before = whole("/etc/pam.d/su")
    try:
        done = run_as("root", "countersign", "enable", "su", timeout=120)
        assert done.status in (-9, 137), done
        until(lambda: whole("/etc/pam.d/su") == before)
        until(lambda: not waiters())
    finally:
        with open("/etc/pam.d/su", "w") as file:
            file.write(text)
    untouched("su")


def test_after_a_restart_it_is_put_back():
    """Nobody waits any more, as after a restart: --recover leaves what is in its time, and puts back what is not."""
    enable("sudo")
    for pid in waiters():
        os.kill(pid, signal.SIGKILL)
    until(lambda: not waiters())
    enable("--recover")
    assert connected("sudo")
    record = open(f"{STATE}/sudo", "rb").read()
    boot = open("/proc/sys/kernel/random/boot_id").read().strip().encode()
    assert boot in record
    with open(f"{STATE}/sudo", "wb") as file:
        file.write(record.replace(boot, boot[::-1]))
    enable("--confirm", status=1)
    enable("--recover")
    untouched("sudo")


def test_ended_by_a_signal_it_is_put_back_at_once():
    enable("su")
    for pid in waiters():
        os.kill(pid, signal.SIGTERM)
    until(lambda: not waiters())
    untouched("su")


def test_what_does_not_open_afterwards_is_put_back():
    """The policy names no sudo: doctor cannot see it, the trial by a person can. Kills a change that is never tried."""
    countersign("countersign_stop")
    countersign("countersign_policy", stdin=POLICY.replace("service sudo { unmatched = permit }\n", ""))
    os.unlink("/var/lib/countersign/countersign.db")
    countersign("countersign_start")
    try:
        done = enable("sudo", "--try-as", "alice", status=1)
        assert "does not open" in done.err, done
        untouched("sudo")
        assert run_as("root", "sudo", "-n", "true").status == 0
    finally:
        countersign("countersign_stop")
        os.unlink("/var/lib/countersign/countersign.db")
        countersign("countersign_policy", stdin=POLICY)
        countersign("countersign_start")


def test_without_the_daemon_nothing_is_connected():
    countersign("countersign_stop")
    try:
        done = enable("sudo", status=1)
        assert "daemon" in done.err, done
        untouched("sudo")
    finally:
        countersign("countersign_start")


def test_with_a_fault_root_gets_in_and_undo_is_one_command():
    faults = [
        ("/etc/pam.d/sudo", lambda text: text.replace("required     pam_countersign", "requierd     pam_countersign")),
        ("/etc/pam.d/sudo", lambda text: text + "session requierd pam_permit.so\n"),
        ("/etc/pam.d/sudo", lambda text: text.replace("pam_countersign_hold.so", "pam_countersign_hol.so")),
        ("/etc/sudo.conf", lambda text: text.replace("Plugin sudo", "Plugin sodo")),
        ("/etc/sudo.conf", lambda text: text.replace("sudo_countersign.so", "gone.so")),
    ]
    for path, damage in faults:
        enable("sudo")
        enable("--confirm")
        text = open(path).read()
        assert damage(text) != text
        with open(path, "w") as file:
            file.write(damage(text))
        console()
        assert run_as("root", "countersign", "disable", "sudo").status == 0
        assert not connected("sudo"), open(path).read()
        console()
        for kept in FILES["sudo"]:
            if KEPT[kept] is not None:
                with open(kept, "w") as file:
                    file.write(KEPT[kept][0])
            elif os.path.exists(kept):
                os.unlink(kept)
        assert run_as("root", "sudo", "-n", "true").status == 0


def test_who_is_not_root_connects_nothing():
    done = run_as("alice", "countersign", "enable", "sudo")
    assert done.status == 77, done
    untouched("sudo")
