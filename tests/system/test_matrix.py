# SPDX-License-Identifier: Apache-2.0
"""The verdict matrix: every door, with a plain right and with an approval, as it should be and with everything broken that it
leans on. What opens a door opens it once and on the record; whatever is broken opens none; and root at the console gets in.

  doors   ssh with a key, a password, keyboard-interactive; su; sudo; sudo -i; sudoedit; cron
  modes   authorize: the account line alone, or sudo's plugin and session line, and a gate without approvals
          hold: the session line as well, and a gate with an approval
  columns allow, deny; the daemon absent, hung, crashed; the directory absent, hung; the store's disk full; a bad argument in
          each door's own line; a bad configuration, which the daemon refuses

That is 8 x 2 x 10 = 160 cells, and all are played. The eight doors of a column are tried at once, each by a person of its own.
A cell means what its place says, but for these:

  hold, deny      a person rejects; in authorize he has no right
  hold, crashed   the daemon is killed while they are held; in authorize, and by cron, it is found dead, its sockets there
  hold, the rest  an approval lies ready for each of these very calls, and the fault keeps it from its use; in the end each is
                  used once: so it was the fault that denied
  cron            a job has no exit status: cron's line in syslog stands for it. Nobody waits for one: a job that is held is
                  denied, and its next run uses the approval
  bad argument    sudo refuses everybody, root too (sudo_countersign(8)), so root is looked for at the console and by su
  the daemon absent, hung, crashed, bad argument, bad configuration; the store full
                  nobody is asked, or could record it: nothing at all stands in the evidence

Kills: "local_root" left out where root goes on without the daemon (cs_pam_failed); doubt of the requester's facts that is
passed over (person_refused); answers given before it is known that they are recorded (record_turn); an approval that is
used, or a permit that is recorded, for who was denied by then (comes_too_late)."""
import os
import secrets
import subprocess
from contextlib import contextmanager
from functools import partial

from people import SOCKETS, STORE, approve, countersign, events, last_event, reject, requests, show, until, whole
from term import Term
from world import run_as, variables

CANARIES = "/var/log/canaries"
NONCE = "/run/world/nonce"
SYSLOG = "/var/log/syslog.log"
CONF = "/etc/countersign/countersignd.conf"
SUDO_CONF = "/etc/sudo.conf"
STATE = os.path.dirname(STORE)
PLAYED = {}  # (mode, fault) -> the doors


# --- Doors

class Door:
    """One way in, with a person of its own, so that the evidence says which door it was."""

    def __init__(self, name, number, argv, talk=(), root=False):
        self.name, self.person, self.uid = name, "m-" + name, 2200 + number
        self.argv, self.talk, self.root = argv, talk, root
        self.file = f"{CANARIES}/{name}"

    waits = True

    def begin(self):
        self.term = Term(self.argv, user=self.person, timeout=30)
        for pattern, line in self.talk:
            self.term.expect(pattern)
            self.term.sendline(line)

    def status(self):
        """Its exit status, when it has ended."""
        try:
            return self.term.wait(60)
        finally:
            self.term.close()

    def leave(self):
        self.term.close()

    def screen(self):
        return self.term.screen

    def canaries(self):
        with open(self.file) as file:
            return file.read().split()


class Job(Door):
    """A job of cron, which runs when cron starts."""

    waits = False
    ends = (0, "(m-cron) END"), (1, "]: Permission denied"), (1, "]: Error in service module")  # in syslog

    def begin(self):
        countersign("world_stop", "cron")
        for path in "/run/crond.reboot", "/var/run/crond.reboot":
            if os.path.exists(path):
                os.unlink(path)
        self.mark = os.path.getsize(SYSLOG)
        countersign("world_spawn", "cron", "/usr/sbin/cron", "-f", "-L", "15")

    def said(self, words):
        with open(SYSLOG, errors="backslashreplace") as file:
            file.seek(self.mark)
            return words in file.read()

    def status(self):
        return until(lambda: [status for status, words in self.ends if self.said(words)], 60)[0]

    def leave(self):
        assert self.status() != 0

    def screen(self):
        with open(SYSLOG, errors="backslashreplace") as file:
            file.seek(self.mark)
            return "".join(line for line in file if "cron" in line.lower())


def ssh(method, *more):
    return ["ssh", "-o", f"PreferredAuthentications={method}", *more, "rel1"]


NO_KEY = ("-o", "PubkeyAuthentication=no")
PASSWORD = "assword: "
DOORS = [
    Door("key", 1, [*ssh("publickey"), "canary key"]),
    Door("password", 2, [*ssh("password", *NO_KEY), "canary password"], [(PASSWORD, "pw")]),
    Door("keyboard", 3, [*ssh("keyboard-interactive", *NO_KEY), "canary keyboard"], [(PASSWORD, "pw")]),
    Door("su", 4, ["su", "-c", "canary su"], [(PASSWORD, "pw-root")], root=True),
    Door("sudo", 5, ["sudo", "/usr/local/bin/canary", "sudo"], root=True),
    Door("sudo-i", 6, ["sudo", "-i", "/usr/local/bin/canary", "sudo-i"], root=True),
    Door("sudoedit", 7, ["sudoedit", f"{CANARIES}/sudoedit"], root=True),
    Job("cron", 8, None),
]
SERVICES = "sshd", "su", "cron", "login"


# --- The world

POLICY = """
permission door.pass {{ label = "Pass a door" }}
permission door.never {{ label = "What no guest may" }}
permission door.agree {{ label = "Agree to it" }}
role guest {{ permissions = door.pass }}
role porter {{ permissions = {{ door.agree, door.never }} }}
assignment guests {{ role = guest scope = "*" group = "cn=guests,ou=groups,dc=example,dc=org" listed = member }}
assignment porters {{ role = porter scope = "*" person = {{ "uid=carol,ou=people,dc=example,dc=org" }} }}
gate doors {{
	service = {{ sshd, su, cron, login, sudo, sudoedit }}
	permission = {permission}
	{approval}
	lifetime = 1h
}}
"""
APPROVAL = "approval one { count = 1 permission = door.agree }\n\tuse_within = 1h"
LINES = {
    "authorize": ["account required pam_countersign.so"],
    "hold": ["account required pam_countersign.so hold=session", "session required pam_countersign_hold.so"],
}
CURRENT = {}


def setup():
    countersign("countersign_world")
    people()
    countersign("world_sshd_stop")
    countersign("countersign_sshd_start", "PasswordAuthentication yes", "KbdInteractiveAuthentication yes")
    subprocess.run(["chpasswd"], input="root:pw-root\n", text=True, check=True)
    program("/usr/local/bin/canary", f'cat {NONCE} >>{CANARIES}/"$1"')
    program("/usr/local/bin/editor", f'for file; do :; done\ncat {NONCE} >>"$file"')
    write("/etc/sudoers.d/matrix", "".join(
        f"{door.person} ALL=(root) NOPASSWD: ALL\n" for door in DOORS if door.name.startswith("sudo"))
        + "dave ALL=(root) NOPASSWD: ALL\nDefaults editor=/usr/local/bin/editor\n", 0o440)
    assert run_as("root", "visudo", "-c", "-q").status == 0
    done = run_as("m-cron", "crontab", "-", stdin="@reboot /usr/local/bin/canary cron\n")
    assert done.status == 0, done


def teardown():
    countersign("world_stop", "cron")
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def write(path, text, mode=0o644):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def read(path):
    with open(path) as file:
        return file.read()


def program(path, text):
    write(path, "#!/bin/sh\n" + text + "\n", 0o755)


def people():
    """Somebody for each door: in the directory, on the machine, and with a canary that nobody else can write."""
    ldif = ""
    os.makedirs(CANARIES, mode=0o755)
    for door in DOORS:
        countersign("world_user", door.person, door.uid)
        ldif += (f"dn: uid={door.person},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\n"
                 f"objectClass: posixAccount\nuid: {door.person}\ncn: {door.person}\nsn: Door\n"
                 f"employeeNumber: {door.uid}\nuidNumber: {door.uid}\ngidNumber: {door.uid}\n"
                 f"homeDirectory: /home/{door.person}\n\n")
        write(door.file, "", 0o600)
        if not door.root:
            os.chown(door.file, door.uid, door.uid)
    ldif += "dn: cn=guests,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\ncn: guests\n"
    ldif += "".join(f"member: uid={door.person},ou=people,dc=example,dc=org\n" for door in DOORS)
    subprocess.run(["ldapadd", "-Q", "-Y", "EXTERNAL", "-H", variables()["LDAPI"]], input=ldif, text=True, check=True,
                   capture_output=True)
    subprocess.run(["chpasswd"], input="".join(f"{door.person}:pw\n" for door in DOORS), text=True, check=True)


def policy(permission, approval):
    text = POLICY.format(permission=permission, approval=approval)
    text += "".join(f"service {name} {{ unmatched = deny }}\n" for name in ("sudo", "sudoedit", *SERVICES))
    done = run_as("root", "countersign", "policy", "apply", "-", "--yes", stdin=text)
    assert done.status == 0, done


def set_mode(mode, permission="door.pass"):
    """The lines in pam.d and the gate of this mode."""
    if CURRENT.get("mode") != mode:
        for service in SERVICES:
            path = f"/etc/pam.d/{service}"
            write(path, "".join(line for line in read(path).splitlines(True) if "countersign" not in line)
                  + "".join(line + "\n" for line in LINES[mode]))
    if CURRENT != {"mode": mode, "permission": permission}:
        policy(permission, APPROVAL if mode == "hold" else "")
        CURRENT.update(mode=mode, permission=permission)


# --- The oracle

class Round:
    """All doors at once: what each of them left, and what stands in the evidence about it."""

    def __init__(self):
        self.nonce = secrets.token_hex(8)
        write(NONCE, self.nonce + "\n")
        self.before = {door: door.canaries() for door in DOORS}
        self.mark = last_event()
        self.numbers = {}

    def begin(self):
        for door in DOORS:
            door.begin()

    def held(self):
        """Everybody waits, or has left what the next run may use; nothing ran."""
        self.numbers = until(waiting, 30)
        self.nothing_ran()
        assert all(door.term.running for door in DOORS if door.waits)

    def left(self, door):
        """The canaries of this round."""
        found = door.canaries()
        assert found[:len(self.before[door])] == self.before[door], found
        return found[len(self.before[door]):]

    def nothing_ran(self):
        for door in DOORS:
            assert self.left(door) == [], (door.name, self.left(door))

    def ended(self):
        """Exit status, canaries and screen of each, when all have ended."""
        return [(door, door.status(), self.left(door), door.screen()) for door in DOORS]

    def ran(self):
        for door, status, canaries, screen in self.ended():
            assert status == 0 and canaries == [self.nonce], (door.name, status, canaries, screen)

    def denied(self):
        for door, status, canaries, screen in self.ended():
            assert status != 0 and canaries == [], (door.name, status, canaries, screen)

    def recorded(self, *wanted):
        """This, in this order, is what the record says of every door since the round began, and it is whole. Behind it may
        stand what became of what was released."""
        record = events(self.mark)
        assert whole()
        for door in DOORS:
            found = [(event["kind"], event["reason"]) for event in record
                     if event["actor_name"] == door.person or event["request"] == self.numbers.get(door, -1)]
            after = [pair for pair in found[len(wanted):] if pair[0] not in ("confirmed", "closed")]
            assert found[:len(wanted)] == list(wanted) and not after, (door.name, found)


def rows(state):
    """The number of each door's request in this state; None when not every door has one."""
    found = {row["requester"]: row["number"] for row in requests() if row["state"] == state}
    return {door: found[door.person] for door in DOORS} if all(door.person in found for door in DOORS) else None


def waiting():
    return rows("pending")


def voted(numbers, yes):
    for door, number in numbers.items():
        code = show(number, door.person)["decision"]["check_code"]
        done = approve("carol", number, code) if yes else reject("carol", number, "no")
        assert done.status == 0, (door.name, done)


def played(mode, fault):
    """One cell of every door."""
    PLAYED[mode, fault] = [door.name for door in DOORS]


# --- As it should be

def test_matrix_authorize_allow():
    set_mode("authorize")
    this = Round()
    this.begin()
    this.ran()
    this.recorded(("permitted", "has-right"))
    played("authorize", "allow")


def test_matrix_authorize_deny():
    set_mode("authorize", "door.never")
    this = Round()
    this.begin()
    this.denied()
    this.recorded(("denied", "no-permission"))
    played("authorize", "deny")


# --- Broken

class Root:
    """Root on the machine itself, who has to get in whatever is broken."""

    def __init__(self, argv, typed=None):
        self.argv, self.typed = argv, typed

    def begin(self):
        self.term = Term(self.argv)
        if self.typed:
            self.term.sendline(self.typed)

    def got_in(self):
        status = self.term.wait(60)
        self.term.close()
        assert status == 0 and "I am root" in self.term.screen, (self.argv, status, self.term.screen)


BY_PAM = [Root(["login", "-f", "root"], "echo I am $(id -un); exit"), Root(["su", "-c", "echo I am $(id -un)"])]
ROOTS = [*BY_PAM, Root(["sudo", "sh", "-c", "echo I am $(id -un)"])]


@contextmanager
def absent():
    countersign("countersign_stop")
    try:
        yield
    finally:
        countersign("countersign_start")


@contextmanager
def crashed():
    countersign("countersign_kill")
    assert os.path.exists(SOCKETS + "/module.sock")
    try:
        yield
    finally:
        countersign("countersign_start")


@contextmanager
def hung():
    countersign("world_signal", "countersignd", "STOP")
    try:
        yield
    finally:
        countersign("world_signal", "countersignd", "CONT")
        countersign("world_until", 10, "the daemon", "countersign_serves")


@contextmanager
def directory_absent():
    countersign("world_slapd_stop")
    try:
        yield
    finally:
        countersign("world_slapd_start")


@contextmanager
def directory_hung():
    countersign("world_slapd_pause")
    try:
        yield
    finally:
        countersign("world_slapd_resume")


@contextmanager
def full():
    """Not a byte is left, and what SQLite could still write into the files that it has is used up."""
    used = sum(os.stat(os.path.join(STATE, name)).st_blocks for name in os.listdir(STATE)) * 512
    subprocess.run(["mount", "-o", f"remount,size={used}", STATE], check=True)
    with open(STATE + "/filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass  # full
    until(lambda: "[store]" in run_as("dave", "sudo", "-n", "/usr/bin/true").err, 60)
    try:
        yield
    finally:
        os.unlink(STATE + "/filler")
        subprocess.run(["mount", "-o", "remount,size=256m", STATE], check=True)


@contextmanager
def argument():
    """A mistyped word in each line."""
    paths = [SUDO_CONF, *(f"/etc/pam.d/{name}" for name in (*SERVICES, "sudo", "sudo-i"))]
    kept = {path: read(path) for path in paths}
    for path, text in kept.items():
        assert "countersign" in text, path
        write(path, "".join(line.rstrip() + " sokket=/run/x\n" if "countersign" in line else line
                            for line in text.splitlines(True)))
    try:
        yield
    finally:
        for path, text in kept.items():
            write(path, text)


@contextmanager
def refused():
    countersign("countersign_stop")
    kept = read(CONF)
    write(CONF, kept + "sokket = x\n")
    done = run_as("root", "/usr/sbin/countersignd", "--config", CONF)
    assert done.status != 0 and "sokket" in done.err, done
    try:
        yield
    finally:
        write(CONF, kept)
        countersign("countersign_start")


NOTHING, DOUBT = (), (("denied", "doubt"),)
FAULTS = {
    "daemon absent": (absent, NOTHING, ROOTS),
    "daemon hung": (hung, NOTHING, ROOTS),
    "daemon crashed": (crashed, NOTHING, ROOTS),
    "directory absent": (directory_absent, DOUBT, ROOTS),
    "directory hung": (directory_hung, DOUBT, ROOTS),
    "store full": (full, NOTHING, ROOTS),
    "bad argument": (argument, NOTHING, BY_PAM),
    "bad configuration": (refused, NOTHING, ROOTS),
}


def broken(mode, fault):
    """Nobody gets in, but for root."""
    breaks, wanted, roots = FAULTS[fault]
    this = Round()
    with breaks():
        for one in [*roots, *DOORS]:
            one.begin()
        this.denied()
        for one in roots:
            one.got_in()
    this.recorded(*wanted)
    played(mode, fault)


def authorize_broken(fault):
    set_mode("authorize")
    broken("authorize", fault)


# --- Held

def test_matrix_hold_allow():
    set_mode("hold")
    this = Round()
    this.begin()
    this.held()
    voted(this.numbers, yes=True)
    run_again()
    this.ran()
    this.recorded(("requested", "needs-approval"), ("voted", "needs-approval"), ("approved", "approved"),
                  ("claimed", "approved"))
    played("hold", "allow")


def run_again():
    """What nobody waited for."""
    for door in DOORS:
        if not door.waits:
            assert door.status() != 0
            door.begin()


def test_matrix_hold_deny():
    set_mode("hold")
    this = Round()
    this.begin()
    this.held()
    voted(this.numbers, yes=False)
    this.denied()
    this.recorded(("requested", "needs-approval"), ("voted", "needs-approval"), ("rejected", "rejected"))
    played("hold", "deny")


def test_matrix_hold_daemon_crashed():
    set_mode("hold")
    this = Round()
    this.begin()
    this.held()
    with crashed():
        run_again()
        for one in ROOTS:
            one.begin()
        this.denied()
        for one in ROOTS:
            one.got_in()
    this.recorded(("requested", "needs-approval"))
    played("hold", "daemon crashed")


# Beside the cells. Kills: the deadline of a wait (wait_once), without which they would hang with the daemon.
def test_matrix_hold_the_daemon_hangs_while_they_wait():
    set_mode("hold")
    this = Round()
    this.begin()
    this.held()
    with hung():
        this.denied()
    left = {this.numbers[door] for door in DOORS if door.waits}
    until(lambda: left <= {event["request"] for event in events(this.mark) if event["kind"] == "parked"})
    assert waiting() == this.numbers and whole()


def approvals_lie_ready():
    """For each of these calls, of somebody who waits no more."""
    if rows("approved"):
        return
    if not waiting():
        this = Round()
        this.begin()
        until(waiting, 30)
        for door in DOORS:
            door.leave()
    voted(waiting(), yes=True)
    assert rows("approved")


def hold_broken(fault):
    set_mode("hold")
    approvals_lie_ready()
    broken("hold", fault)
    assert rows("approved")


for name, play in (("authorize", authorize_broken), ("hold", hold_broken)):
    for what in FAULTS:
        globals().setdefault(f"test_matrix_{name}_{what.replace(' ', '_')}", partial(play, what))


def test_matrix_hold_the_approvals_are_used_once_all_is_well():
    set_mode("hold")
    approvals_lie_ready()
    this = Round()
    this.numbers = rows("approved")
    this.begin()
    this.ran()
    this.recorded(("claimed", "approved"))


def test_matrix_every_cell_was_played():
    faults = ["allow", "deny", *FAULTS]
    print(f"{'':20}" + "".join(f"{mode:>12}" for mode in LINES))
    for fault in faults:
        print(f"{fault:20}" + "".join(f"{len(PLAYED.get((mode, fault), [])):12}" for mode in LINES))
    cells = sum(len(doors) for doors in PLAYED.values())
    print(f"{cells} cells")
    assert cells == len(LINES) * len(faults) * len(DOORS) == 160, PLAYED
