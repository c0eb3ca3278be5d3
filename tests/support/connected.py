# SPDX-License-Identifier: Apache-2.0
"""A machine whose doors countersign enable connected, for tests that damage it: its files, fresh and connected, root at the
console, and undoing."""
import os
import shutil
import subprocess
import time

from people import countersign
from term import Term
from world import run_as

FILES = ["/etc/sudo.conf", "/etc/pam.d/sudo", "/etc/pam.d/sudo-i", "/etc/ssh/sshd_config", "/etc/pam.d/sshd", "/etc/pam.d/su",
         "/etc/pam.d/su-l"]
DOORS = ["sudo", "sshd", "su"]
STATE = "/var/lib/countersign-enable"
MODULES = "/lib/x86_64-linux-gnu/security"
POLICY = "".join(f"service {name} {{ unmatched = permit }}\n" for name in ("sudo", "sshd", "su", "su-l", "login"))
FRESH, CONNECTED, KEPT = {}, {}, "/root/kept-state"


def begin():
    for step in "world_syslog_start", "world_users", "world_slapd_start", "world_sudo", "world_install", "countersign_configure":
        countersign(step)
    countersign("countersign_policy", stdin=POLICY)
    countersign("countersign_start")
    countersign("countersign_sshd_start")
    assert run_as("root", "ssh-keygen", "-A").status == 0
    FRESH.update(snapshot())
    for door in DOORS:
        for words in (door, ), ("--confirm", ):
            done = run_as("root", "countersign", "enable", *words, timeout=60)
            assert done.status == 0, done
    until(lambda: not waiters())
    CONNECTED.update(snapshot())
    shutil.copytree(STATE, KEPT)


def end():
    countersign("countersign_stop")
    countersign("world_sshd_stop")
    countersign("world_slapd_stop")


def snapshot():
    """Content, owner and mode of each file and of its copy, while somebody may be at work on them."""
    found = {}
    for path in FILES + [path + ".countersign~" for path in FILES]:
        try:
            with open(path, "rb") as file:
                st = os.fstat(file.fileno())
                found[path] = file.read(), st.st_mode & 0o7777, st.st_uid
        except (FileNotFoundError, IsADirectoryError):
            pass
    return found


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def restore(kept, state=True):
    for path in FILES + [path + ".countersign~" for path in FILES]:
        remove(path)
        remove(path + ".countersign-damaged~")
        if path in kept:
            with open(path, "wb") as file:
                file.write(kept[path][0])
            os.chmod(path, kept[path][1])
    if state:
        remove(STATE)
        shutil.copytree(KEPT, STATE)


def waiters():
    done = subprocess.run(["pgrep", "-f", "^countersign enable"], text=True, capture_output=True)
    return [int(line) for line in done.stdout.split()]


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def console(fault):
    """login on a terminal, as getty starts it for root."""
    with Term(["login", "-f", "root"], user="root") as root:
        try:
            root.expect(r"\n[^\n]*# ", timeout=60)
            root.sendline("echo in=$(id -u)")
            root.expect(r"in=0\b", timeout=60)
        except AssertionError as error:
            raise AssertionError(f"{fault}: root does not get in: {error}") from error
        root.sendline("exit")


def ours():
    """Files that still have a line of ours."""
    found = []
    for path in FILES:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                lines = [line.split(b"\0")[0] for line in file.read().splitlines()]
            if any(b"countersign" in line and not line.lstrip().startswith(b"#") for line in lines):
                found.append(path)
    return found


def undo(fault):
    for door in DOORS:
        done = run_as("root", "countersign", "disable", door)
        assert done.status == 0, (fault, door, done)
    assert ours() == [], (fault, ours())
