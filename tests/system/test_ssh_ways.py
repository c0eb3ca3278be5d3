# SPDX-License-Identifier: Apache-2.0
"""Every way in which a login over ssh may come, and everything that a connection may carry, on the real sshd: nothing of it
before the release, all of it after, once."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from logins import PROOF, SSH, WRITE_PROOF, Login
from oracle import Oracle
from people import POLICY, countersign, events, from_clean, reject, requests, show, until
from term import Term
from world import SCRIPT, run_as

KEYS = "/run/world/keys"
SSHD_LOG = "/var/log/sshd.log"
PASSWORD = ("assword: ", "pw-alice")
METHODS = ("PasswordAuthentication yes", "KbdInteractiveAuthentication yes", f"TrustedUserCAKeys {KEYS}/ca.pub",
           "AcceptEnv *", "X11Forwarding yes")
BASE = ""


def setup():
    global BASE
    countersign("countersign_world")
    with open(POLICY) as file:
        BASE = file.read()
    make_certificate()
    sshd()


def teardown():
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def sshd(*lines):
    countersign("world_sshd_stop")
    countersign("countersign_sshd_start", *lines, *METHODS)


def make_certificate():
    """A key that stands in no authorized_keys, and a certificate for it."""
    os.makedirs(KEYS)
    for name in ("ca", "cert"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{KEYS}/{name}"], check=True)
    subprocess.run(["ssh-keygen", "-q", "-s", f"{KEYS}/ca", "-I", "alice at work", "-n", "alice", f"{KEYS}/cert.pub"], check=True)
    for name in os.listdir(KEYS):
        shutil.chown(f"{KEYS}/{name}", "alice")


def policy(text):
    done = run_as("root", "countersign", "policy", "apply", "-", "--yes", stdin=text)
    assert done.status == 0, done


def ssh(*options):
    """Without the key that always lets alice in."""
    return ["ssh", *(word for option in options for word in ("-o", option))]


def said(mark, pattern):
    with open(SSHD_LOG) as log:
        log.seek(mark)
        return re.search(pattern, log.read())


# --- Logins by every method

WAYS = {
    "password": (ssh("PubkeyAuthentication=no", "PreferredAuthentications=password"), [PASSWORD], "Accepted password"),
    "keyboard": (ssh("PubkeyAuthentication=no", "PreferredAuthentications=keyboard-interactive"), [PASSWORD],
                 "Accepted keyboard-interactive/pam"),
    "key": (ssh("PreferredAuthentications=publickey"), [], "Accepted publickey for alice .*: ED25519 SHA256"),
    "certificate": (ssh("PreferredAuthentications=publickey", "IdentitiesOnly=yes", f"IdentityFile={KEYS}/cert"), [],
                    "Accepted publickey for alice .*: ED25519-CERT"),
}


def way(name, command=WRITE_PROOF):
    argv, talk, accepted = WAYS[name]
    mark = os.path.getsize(SSHD_LOG)
    login = Login([*argv, "rel1", command], said=talk)
    assert said(mark, accepted), "it came in another way than it was meant to"
    return login


def released_by(name):
    """Held, then run once; kills: any way in which the session phase is passed over or comes late."""
    with way(name) as login:
        login.held()
        login.approve()
        login.ran()


def rejected_by(name):
    """Of one way only: who is rejected three times in an hour is not heard for a while."""
    with way(name) as login:
        assert reject("carol", login.number).status == 0
        assert login.term.wait() != 0 and not os.path.exists(PROOF)
        login.not_released()


def test_ssh_password_login():
    released_by("password")
    rejected_by("password")


def test_ssh_keyboard_interactive_login():
    released_by("keyboard")


def test_ssh_key_login():
    released_by("key")


def test_ssh_certificate_login():
    released_by("certificate")


def test_ssh_a_wrong_password_asks_nobody():
    oracle = Oracle()
    with Term([*WAYS["keyboard"][0], "-o", "NumberOfPasswordPrompts=1", "rel1", WRITE_PROOF], user="alice") as term:
        term.expect(PASSWORD[0])
        term.sendline("pw-bob")
        assert term.wait() == 255
    assert oracle.events() == [], oracle.events()


def test_ssh_login_shell_is_held():
    """The prompt comes after the release, and what was held is told there. kills: a hold that lets a shell start early"""
    with Login(["ssh", "-o", "BatchMode=yes", "-tt", "rel1"]) as login:
        login.term.expect_nothing(r"\$ $", 0.3)
        login.held()
        login.approve()
        login.term.expect(f"request {login.number} is held")
        login.term.expect(r"\$ $")
        login.term.sendline(WRITE_PROOF + "; exit")
        login.ran()


# --- What a connection carries

CARRIED = "carried\n"


class Server:
    """Says CARRIED to whoever connects, and counts these: what stands at the far end of a forwarding."""

    def __init__(self, family, address):
        self.count = 0
        self.socket = socket.socket(family)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(address)
        self.socket.listen()
        if family == socket.AF_UNIX:
            os.chmod(address, 0o666)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                with self.socket.accept()[0] as one:
                    self.count += 1
                    one.sendall(CARRIED.encode())
            except OSError:
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def ask(address, first=b"", skip=0, family=socket.AF_INET, seconds=0.3):
    """What comes back from there: empty where nothing does, or nobody listens."""
    try:
        with socket.socket(family) as tunnel:
            tunnel.settimeout(seconds)
            tunnel.connect(address)
            tunnel.sendall(first)
            with tunnel.makefile("rb") as stream:
                stream.read(skip)
                return stream.readline().decode()
    except OSError:
        return ""


def socks(port):
    """SOCKS 4: connect to 127.0.0.1:port; the answer has 8 bytes."""
    return bytes([4, 1]) + port.to_bytes(2, "big") + bytes([127, 0, 0, 1, 0])


FORWARDS = {
    "local": (["-L", "127.0.0.1:2301:127.0.0.1:2300"], lambda: ask(("127.0.0.1", 2301))),
    "local socket": (["-L", "/home/alice/in:/run/world/far"], lambda: ask("/home/alice/in", family=socket.AF_UNIX)),
    "dynamic": (["-D", "127.0.0.1:2302"], lambda: ask(("127.0.0.1", 2302), socks(2300), 8)),
    "remote": (["-R", "127.0.0.1:2303:127.0.0.1:2300"], lambda: ask(("127.0.0.1", 2303))),
    "remote socket": (["-R", "/home/alice/out:/run/world/far"], lambda: ask("/home/alice/out", family=socket.AF_UNIX)),
    "remote dynamic": (["-R", "127.0.0.1:2304"], lambda: ask(("127.0.0.1", 2304), socks(2300), 8)),
}


def forget_sockets():
    for path in ("/home/alice/in", "/home/alice/out", "/run/world/far", "/tmp/.X11-unix/X77"):
        if os.path.exists(path):
            os.unlink(path)


def test_ssh_a025_no_forward_before_the_release():
    """kills: any channel that opens before the session phase is over"""
    forget_sockets()
    options = [word for option, _ in FORWARDS.values() for word in option]
    with Server(socket.AF_INET, ("127.0.0.1", 2300)) as far, Server(socket.AF_UNIX, "/run/world/far") as near, \
            Login(["ssh", "-o", "BatchMode=yes", "-N", *options, "rel1"]) as login:
        for name, (_, through) in FORWARDS.items():
            assert through() == "", name
        assert far.count == 0 and near.count == 0
        login.held()
        login.approve()
        for name, (_, through) in FORWARDS.items():
            assert until(through) == CARRIED, name
        login.released()


def test_ssh_a025_rejected_forward_carries_nothing():
    """ssh -N stays connected when its session is denied; nothing goes through it. kills: a denial that is only a message"""
    forget_sockets()
    options = [word for option, _ in FORWARDS.values() for word in option]
    with Server(socket.AF_INET, ("127.0.0.1", 2300)) as far, Server(socket.AF_UNIX, "/run/world/far") as near, \
            Login(["ssh", "-o", "BatchMode=yes", "-N", *options, "rel1"]) as login:
        assert reject("carol", login.number).status == 0
        until(lambda: "rejected" in login.kinds())
        for name, (_, through) in FORWARDS.items():
            assert through() == "", name
        assert far.count == 0 and near.count == 0
        login.not_released()


def test_ssh_a025_agent():
    """kills: a way to the client's agent before the release"""
    agent = subprocess.Popen([SCRIPT, "as", "alice", "ssh-agent", "-D", "-a", "/home/alice/agent"], stdout=subprocess.DEVNULL)
    try:
        until(lambda: os.path.exists("/home/alice/agent"))
        there = {"SSH_AUTH_SOCK": "/home/alice/agent"}
        assert run_as("alice", "ssh-add", "-q", "/home/alice/.ssh/id_ed25519", env=there).status == 0
        before = set(os.listdir("/tmp"))
        with Login(["ssh", "-o", "BatchMode=yes", "-A", "rel1", "ssh-add -l && " + WRITE_PROOF], env=there) as login:
            assert not [name for name in set(os.listdir("/tmp")) - before if name.startswith("ssh-")]
            login.held()
            login.approve()
            login.ran()
            assert "ED25519" in login.term.screen, login.term.screen
    finally:
        agent.send_signal(signal.SIGTERM)
        agent.wait()


X_CLIENT = """python3 -c '
import os, socket, subprocess
display = os.environ["DISPLAY"]
cookie = bytes.fromhex(subprocess.check_output(["xauth", "list", display], text=True).split()[2])
name = b"MIT-MAGIC-COOKIE-1"
with socket.create_connection(("127.0.0.1", 6000 + int(display.split(":")[1].split(".")[0]))) as x:
    x.sendall(b"l\\0\\x0b\\0\\0\\0" + len(name).to_bytes(2, "little") + len(cookie).to_bytes(2, "little") + b"\\0\\0"
              + name + b"\\0\\0" + cookie)
    print(x.recv(64).decode())
' && """


def x11_listens():
    with open("/proc/net/tcp") as table:
        return any(line.split()[1].endswith(":177A") and line.split()[3] == "0A" for line in table.readlines()[1:])  # 6010


def test_ssh_a025_x11():
    """kills: a display that opens before the release"""
    forget_sockets()
    os.makedirs("/tmp/.X11-unix", exist_ok=True)
    with Server(socket.AF_UNIX, "/tmp/.X11-unix/X77") as display, \
            Login(["ssh", "-o", "BatchMode=yes", "-Y", "rel1", X_CLIENT + WRITE_PROOF], env={"DISPLAY": ":77"}) as login:
        assert not x11_listens() and display.count == 0
        login.held()
        login.approve()
        login.ran()
        assert display.count == 1 and CARRIED.strip() in login.term.screen, login.term.screen


# --- One connection, many sessions

def mux(*more):
    return ["ssh", "-o", "BatchMode=yes", "-o", "ControlPath=/home/alice/mux", *more]


def test_ssh_a024_multiplexed_sessions_wait_with_the_first():
    """One hold is for the connection, and nothing of it comes earlier. kills: a later channel that opens while it is held"""
    with Login(mux("-M", "rel1", WRITE_PROOF)) as first:
        until(lambda: os.path.exists("/home/alice/mux"))
        with Term(mux("-o", "ControlMaster=no", "rel1", "echo second >second"), user="alice") as second, \
                Term(mux("-O", "forward", "-L", "127.0.0.1:2305:127.0.0.1:22", "rel1"), user="alice") as forward:
            assert forward.wait() == 0 and ask(("127.0.0.1", 2305)) == ""
            assert second.running and not os.path.exists("/home/alice/second")
            first.held()
            first.approve()
            first.ran()
            assert second.wait() == 0 and os.path.exists("/home/alice/second"), second.screen
        assert len([row for row in requests("alice", "--mine", "--all") if row["number"] >= first.number]) == 1
    os.unlink("/home/alice/second")


def test_ssh_a024_later_sessions_of_a_released_connection_are_not_held():
    """That is what is approved: the whole connection, as the approver is told. And no longer than it lasts."""
    with Login(mux("-M", "-N", "rel1")) as master:
        master.approve()
        until(lambda: "claimed" in master.kinds())
        for n in range(3):
            with Term(mux("-o", "ControlMaster=no", "rel1", f"echo {n} of many"), user="alice") as term:
                assert term.wait() == 0 and f"{n} of many" in term.screen, term.screen
        master.released()
        assert {event["request"] for event in master.oracle.events() if event["kind"] == "claimed"} == {master.number}
        with Term(mux("-O", "exit", "rel1"), user="alice") as term:
            assert term.wait() == 0
    with Login(mux("-M", "rel1", WRITE_PROOF)) as anew:
        assert anew.number != master.number
        anew.held()


# --- Long holds

def test_ssh_a021_a_long_hold_outlives_the_grace_time_and_keepalives():
    """LoginGraceTime 3 and a server that asks for a sign of life each second: neither ends a hold of three times as long.
    kills: a hold in the auth or account phase"""
    sshd("LoginGraceTime 3", "ClientAliveInterval 1", "ClientAliveCountMax 2")
    try:
        with Login([*SSH, WRITE_PROOF]) as login:
            login.term.expect_nothing("closed|reset|[Tt]imeout", 9.0)  # staying is the behaviour
            login.held()
            login.approve()
            login.ran()
    finally:
        sshd()


def test_ssh_a_client_that_wants_signs_of_life_leaves_and_its_request_parks():
    """sshd answers no keepalive while it is held: the manual says so. The approval is used by the next login."""
    alive = ["ssh", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=2", "rel1", WRITE_PROOF]
    with Login(alive) as login:
        assert login.term.wait() == 255 and "not responding" in login.term.screen, login.term.screen
        until(lambda: "parked" in login.kinds())
        login.approve()
        assert not os.path.exists(PROOF)
        with Term(alive, user="alice") as term:
            assert term.wait() == 0
        login.released()


def test_ssh_a023_an_approval_of_a_dead_session_is_no_standing_grant():
    """It is noticed at once, the request parks, and what is approved then is used by an identical login of the same person
    within the gate's time, or by nobody. kills: a hold that goes on without its client, use_within that nobody looks at"""
    policy(BASE.replace("use_within = 2m", "use_within = 5s"))
    try:
        with Login([*SSH, WRITE_PROOF]) as login:
            login.term.close()
            until(lambda: "parked" in login.kinds())
            assert json.loads(run_as("root", "countersign", "status", "--json").out)["waiting"] == 0
            login.approve()
            login.not_released()
            until(lambda: "expired" in login.kinds(), 20)
            with Login([*SSH, WRITE_PROOF]) as later:
                assert later.number != login.number
                later.held()
            assert not os.path.exists(PROOF)
    finally:
        policy(BASE)


def test_ssh_a023_killed_at_the_moment_of_the_approval():
    """Whoever is first: either it parked and is open to the next login, or it was claimed by what died and is used up. Never
    both. kills: a claim that leaves the request approved"""
    for _ in range(4):
        with Login([*SSH, "true"]) as login:
            code = login.code
            vote = threading.Thread(target=run_as, args=("carol", "countersign", "approve", login.number, "--code", code, "--yes"))
            vote.start()
            os.kill(login.term.pid, signal.SIGKILL)
            vote.join()
            until(lambda: {"parked", "claimed"} & set(login.kinds()))
            state = show(login.number)["decision"]["state"]
            assert (state == "used") == ("claimed" in login.kinds()), (state, login.kinds())
            assert login.kinds().count("claimed") <= 1


@contextlib.contextmanager
def his_environment(variables):
    """What alice writes into PAM's environment herself (user_readenv)."""
    with open("/home/alice/.pam_environment", "w") as file:
        file.writelines(f'{name} DEFAULT="{value}"\n' for name, value in variables.items())
    try:
        yield
    finally:
        os.unlink("/home/alice/.pam_environment")


def test_ssh_a023_an_environment_file_does_not_hide_a_dead_client():
    """~/.pam_environment may say what it likes of SSH_CONNECTION. kills: a line that is looked for by that alone"""
    with his_environment({"SSH_CONNECTION": "192.0.2.7"}), Login([*SSH, WRITE_PROOF]) as login:
        assert show(login.number)["request"]["action"]["peer"] == "127.0.0.1"
        login.term.close()
        until(lambda: "parked" in login.kinds())


# --- What is seen, and what is believed

def test_ssh_a027_the_number_is_found_in_another_login():
    with Login([*SSH, WRITE_PROOF]) as login:
        assert str(login.number) not in login.term.screen  # sshd shows nothing before a login shell
        rows = run_as("alice", "countersign", "list", "--mine")
        assert rows.status == 0 and re.search(rf"\b{login.number}\b", rows.out), rows
        assert re.fullmatch(r"\d{4}", login.code)


def peer_of(number):
    return show(number)["request"]["action"]["peer"]


def test_ssh_a028_what_the_client_sends_is_not_believed():
    """Everything that names the person or his address comes from sshd and the kernel, also where his own file puts it into PAM's
    environment. kills: a look at either environment"""
    lies = {"SSH_CONNECTION": "192.0.2.7 7 192.0.2.8 8", "SSH_CLIENT": "192.0.2.7 7 22", "SSH_AUTH_INFO_0": "publickey root",
            "USER": "carol", "LOGNAME": "carol", "PAM_USER": "carol", "PAM_RHOST": "192.0.2.7", "SUDO_USER": "carol",
            "COUNTERSIGN_REASON": "carol said yes", "LC_ALL": "C"}
    names = " ".join(lies)
    his = {**lies, "COUNTERSIGN_REASON": "release 10.1"}  # that one is for him to say
    with his_environment(his), Login([*SSH, "-o", f"SendEnv={names}", WRITE_PROOF], env=lies) as login:
        request = show(login.number)["request"]
        assert request["subject"]["name"] == "alice" and request["action"]["target_name"] == "alice", request
        assert request["action"]["peer"] == "127.0.0.1" and request["reason"] == "release 10.1", request
        login.held()
        login.approve()
        login.ran()


def test_ssh_a029_names_are_not_believed():
    """The address is what the kernel says; where sshd tells a name, it is an unknown one. kills: a look at a name server"""
    with open("/etc/hosts", "a") as hosts:
        hosts.write("127.0.0.9 office.example.org\n")
    try:
        for line, peer in (("UseDNS no", "127.0.0.9"), ("UseDNS yes", "unknown")):
            sshd(line)
            with Login(["ssh", "-o", "BatchMode=yes", "-b", "127.0.0.9", "rel1", WRITE_PROOF]) as login:
                assert peer_of(login.number) == peer
                login.term.close()
                until(lambda: "parked" in login.kinds())
    finally:
        sshd()


def test_ssh_a016_no_descriptor_of_ours_in_the_session():
    """kills: a descriptor without O_CLOEXEC, or one that is never closed"""
    look = "ls -l /proc/self/fd; ls -l /proc/$PPID/fd; cat /proc/self/environ | tr '\\0' '\\n'; " + WRITE_PROOF
    with Login([*SSH, look]) as login:
        login.approve()
        login.ran()
        shown = login.term.screen.lower()
        assert "countersign" not in shown and "socket:" not in shown.split("total")[1], login.term.screen


def test_ssh_a016_nothing_is_left_connected_to_the_daemon():
    """kills: a connection to the daemon that sshd keeps after the hold"""
    with Login([*SSH, WRITE_PROOF + "; read line"]) as login:
        login.approve()
        until(lambda: os.path.exists(PROOF))
        until(lambda: json.loads(run_as("root", "countersign", "status", "--json").out)["connections"] == 1)  # who asks this
        assert login.term.running


def test_ssh_a015_the_environment_of_the_client_steers_nothing():
    """Neither does sshd's own. kills: a getenv in the module"""
    lies = {"COUNTERSIGN_SOCKET": "/tmp/no.sock", "LD_PRELOAD": "/tmp/no.so", "LDAPCONF": "/tmp/no", "LDAPTLS_REQCERT": "never",
            "MALLOC_TRACE": "/tmp/trace", "TZ": "/tmp/no"}
    os.environ.update({name: lie for name, lie in lies.items() if name != "LD_PRELOAD"})
    try:
        sshd()
    finally:
        for name in lies:
            os.environ.pop(name, None)
    try:
        with Login([*SSH, "-o", "SendEnv=" + " ".join(lies), WRITE_PROOF], env=lies) as login:
            login.held()
            login.approve()
            login.ran()
    finally:
        sshd()


def test_evidence_is_whole_after_all_this():
    assert events() and run_as("root", "countersign", "evidence", "verify").status == 0


from_clean(globals())
