# SPDX-License-Identifier: Apache-2.0
"""Figures about logins over ssh, and how soon what was approved speaks: a real sshd, logins of real ssh clients."""
import json
import os
import pty
import select
import subprocess
import threading
import time
from pathlib import Path

from measure import (BUILD, PEOPLE_SOCKET, QUICK, ROOT, Failed, daemon_pid, program, report, rounds, rss_mib, run, store_on_disk, world,
                     world_uid)

PAM = "/etc/pam.d/sshd"
SSH = ["/usr/bin/ssh", "-o", "BatchMode=yes", "rel1"]
ECHO = "/usr/bin/echo"
SLEEP = ["/usr/bin/sleep", "60"]
HOLDS = 200
AT_ONCE = 8  # below MaxStartups
# alice is held; bob is looked up in the directory as she is, and permitted at once.
GATES = """
gate login {
	service    = sshd
	permission = release.deploy
	scope      = "project/tomcat"
	approval committee {
		count      = 1
		permission = release.approve
	}
	exempt bob {
		person = "uid=bob,ou=people,dc=example,dc=org"
	}
	lifetime   = 12h
	use_within = 10m
}
gate echo {
	service    = sudo
	command    = "/usr/bin/echo **"
	permission = release.deploy
	scope      = "project/tomcat"
	approval committee {
		count      = 1
		permission = release.approve
	}
	lifetime   = 30m
	use_within = 10m
}
gate sleep {
	service    = sudo
	command    = "/usr/bin/sleep 60"
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


def start():
    for function in ("world_syslog_start", "world_users", "world_slapd_start", "world_sudo"):
        world(function)
    world("world_install", BUILD)
    store_on_disk()
    world("countersign_configure", "12h")
    world("countersign_policy", stdin=(ROOT / "tests/bench/policy.conf").read_text() + GATES)
    Path("/etc/sudoers.d/countersign-bench").write_text(f"alice ALL=(root) NOPASSWD: {ECHO}, {SLEEP[0]}\n")
    os.chmod("/etc/sudoers.d/countersign-bench", 0o440)
    world("countersign_start")
    world("countersign_sudo")
    run("cp", "-p", PAM, f"{PAM}.a")
    world("countersign_sshd")
    run("cp", "-p", PAM, f"{PAM}.b")
    world("countersign_sshd_start", "MaxStartups 100:100:100")


def become(name):
    uid = world_uid(name)

    def now():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    return now


def median(took):
    return sorted(took)[len(took) // 2]


def ssh_permitted_over_bare():
    n = rounds(300)
    login = [*SSH, "true"]
    try:
        got = json.loads(program("bench_pairs", n, world_uid("bob"), PAM, *login, "--", *login))
    finally:
        run("cp", "-p", f"{PAM}.b", PAM)
    report("ssh_permitted_over_bare", got["ratio"], "ratio", got["a_ns"], 1.02, pairs=n, guarded_ns=got["b_ns"],
           directory="slapd over ldapi", bare_is="ns of a login by key without the PAM lines; with them a gate is met that exempts")


# --- From the vote to the first byte

def first_byte(ends, out):
    """When the first byte of the command came, in ns."""
    got = os.read(out, 1)
    ends.append(time.monotonic_ns() if got else None)
    while os.read(out, 65536):
        pass


def as_alice(argv, out):
    """On a terminal of its own, for what is said to the person; the command's output goes to out."""
    alice = become("alice")
    pid, fd = pty.fork()
    if pid == 0:
        os.dup2(out, 1)
        os.chdir("/")
        alice()
        os.execve(argv[0], argv, {"PATH": "/usr/bin:/bin", "TERM": "dumb", "HOME": "/home/alice"})
    return pid, fd


def one_approval(argv, word):
    """From the approver's call to the first byte, in ms."""
    reading, writing = os.pipe()
    ends = []
    pid, fd = as_alice(argv, writing)
    os.close(writing)
    reader = threading.Thread(target=first_byte, args=(ends, reading))
    reader.start()
    bob = world_uid("bob")
    try:
        called = int(program("bench_vote", PEOPLE_SOCKET, world_uid("countersign"), word, user=bob, group=bob, extra_groups=[],
                             timeout=30))
        reader.join(30)
    finally:
        os.close(fd)
        status = os.waitpid(pid, 0)[1]
        reader.join()
        os.close(reading)
    if not ends or ends[0] is None:
        raise Failed(f"{argv[0]} said nothing: wait status {status}")
    return (ends[0] - called) / 1e6


def approve_to_first_byte(name, argv, word, bar):
    n = rounds(200)
    took = sorted(one_approval(argv, word) for _ in range(n))
    report(name, round(median(took), 2), "ms", round(took[0], 2), bar, approvals=n, p99_ms=round(took[min(n - 1, n * 99 // 100)], 2),
           directory="slapd over ldapi", bare_is="the fastest of the same run")


def approve_to_first_byte_ms_sudo():
    approve_to_first_byte("approve_to_first_byte_ms_sudo", ["/usr/bin/sudo", ECHO, "first"], "first", None)


def approve_to_first_byte_ms_ssh():
    approve_to_first_byte("approve_to_first_byte_ms_ssh", [*SSH, "echo first"], "sshd", None)


# --- Beside many that are held

def login_ms():
    begin = time.monotonic()
    run(*SSH, "true", preexec_fn=become("bob"))
    return (time.monotonic() - begin) * 1000


def waiting():
    return json.loads(run("countersign", "status", "--json"))["waiting"]


def hold_many(held, alice):
    end = time.monotonic() + 600
    while len(held) < HOLDS:
        held.extend(subprocess.Popen([*SSH, "true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, preexec_fn=alice, cwd="/") for _ in range(AT_ONCE))
        while waiting() < len(held):
            if time.monotonic() > end:
                raise Failed(f"{waiting()} of {len(held)} logins are held")
            time.sleep(0.05)


def fresh_login_beside_200_holds_over_alone():
    """Alone is measured before and after, so that a machine that becomes slower meanwhile is not taken for the holds."""
    n, held = rounds(100), []
    pid = daemon_pid()
    rss_before = rss_mib(pid)
    alone = [login_ms() for _ in range(n)]
    try:
        hold_many(held, become("alice"))
        beside = [login_ms() for _ in range(n)]
        rss = rss_mib(pid)
    finally:
        for one in held:
            one.kill()
            one.wait()
    while waiting() > 0:
        time.sleep(0.05)
    alone += [login_ms() for _ in range(n)]
    report("fresh_login_beside_200_holds_over_alone", round(median(beside) / median(alone), 3), "ratio", round(median(alone), 1), 1.2,
           holds=HOLDS, logins=n, beside_ms=round(median(beside), 1), daemon_mib=rss, daemon_alone_mib=rss_before,
           bare_is="ms of a login that is permitted, alone", quick=bool(QUICK))


# --- From the word that ends it until it is gone

def innermost(pid):
    """The process that the last of its children started: what was asked for."""
    while True:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = file.read().split()
        if not children:
            return pid
        pid = int(children[-1])


def gone_after(pid, *command, **more):
    """From the call until the process is gone, in ms."""
    pidfd = os.pidfd_open(pid)
    try:
        begin = time.monotonic()
        run(*command, **more)
        if not select.select([pidfd], [], [], 30)[0]:
            raise Failed(f"{pid} is not gone")
        return (time.monotonic() - begin) * 1000
    finally:
        os.close(pidfd)


def sleeper_of(row):
    """The pid of what sleeps, once it does: sudo and sshd have processes of their own before."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        pid = innermost(row["pid"])
        if Path(f"/proc/{pid}/comm").read_text().strip() == "sleep":
            return pid
        time.sleep(0.01)
    raise Failed(f"request {row['number']} does not sleep")


def running():
    end = time.monotonic() + 30
    while time.monotonic() < end:
        rows = json.loads(run("countersign", "sessions", "--json"))["sessions"]
        if rows:
            return rows[0]
        time.sleep(0.01)
    raise Failed("nothing is listed")


def one_end(argv, word, quiet):
    pid, fd = as_alice(argv, quiet)
    bob = world_uid("bob")
    try:
        program("bench_vote", PEOPLE_SOCKET, world_uid("countersign"), word, user=bob, group=bob, extra_groups=[], timeout=30)
        row = running()
        return gone_after(sleeper_of(row), "countersign", "end", str(row["number"]), "--reason", "enough", preexec_fn=become("bob"))
    finally:
        os.close(fd)
        os.waitpid(pid, 0)
        while json.loads(run("countersign", "sessions", "--json"))["sessions"]:
            time.sleep(0.01)


def bare_end():
    process = subprocess.Popen(SLEEP)
    took = gone_after(process.pid, "/usr/bin/kill", str(process.pid))
    process.wait()
    return took


def end_to_gone(name, argv, word):
    n = rounds(100)
    quiet = os.open(os.devnull, os.O_WRONLY)
    took = sorted(one_end(argv, word, quiet) for _ in range(n))
    bare = median([bare_end() for _ in range(n)])
    os.close(quiet)
    report(name, round(median(took), 2), "ms", round(bare, 2), 1000, ends=n, p99_ms=round(took[min(n - 1, n * 99 // 100)], 2),
           directory="slapd over ldapi", bare_is="ms of kill(1) until the same process is gone")


def end_to_gone_ms_sudo():
    world("countersign_sudo_attend")
    end_to_gone("end_to_gone_ms_sudo", ["/usr/bin/sudo", *SLEEP], "sleep")


def end_to_gone_ms_ssh():
    end_to_gone("end_to_gone_ms_ssh", [*SSH[:-1], "-tt", SSH[-1], "exec sleep 60"], "sshd")


FIGURES = {"ssh_permitted_over_bare": ssh_permitted_over_bare, "approve_to_first_byte_ms_sudo": approve_to_first_byte_ms_sudo,
           "approve_to_first_byte_ms_ssh": approve_to_first_byte_ms_ssh,
           "fresh_login_beside_200_holds_over_alone": fresh_login_beside_200_holds_over_alone,
           # The last ones: they add a line to sudo.conf.
           "end_to_gone_ms_ssh": end_to_gone_ms_ssh, "end_to_gone_ms_sudo": end_to_gone_ms_sudo}
