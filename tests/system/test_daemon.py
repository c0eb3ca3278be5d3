# SPDX-License-Identifier: Apache-2.0
"""countersignd against its callers: what is malformed, in the wrong place, too much, or started wrongly."""
import os
import socket
import struct
import subprocess
import time

from people import SOCKETS, STORE, countersign, until
from wire import EVIDENCE, LIST, MAGIC, PERMIT, SHOW, STATUS, SUBMIT, VERSION, VOTE, Wire, submit, text
from wire import vote as vote_call
from world import Skip, children, run_as

PEOPLE = SOCKETS + "/people.sock"
MODULE = SOCKETS + "/module.sock"
CONF = "/etc/countersign/countersignd.conf"
POLICY = "/etc/countersign/policy.conf"
HELLO = MAGIC + struct.pack(">I", VERSION)
HISTORY, POLICY_TEXT = 16, 17
EPERM = 8

# Connects as a user (the kernel's word counts), sends what stands on its standard input, prints the answer.
SPEAKER = """
import os, socket, sys
path, uid, hold = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
sockets = []
for _ in range(hold):
    s = socket.socket(socket.AF_UNIX); s.settimeout(20)
    try: s.connect(path)
    except OSError as e: print("refused", e.errno); sys.exit()
    sockets.append(s)
data = sys.stdin.buffer.read()
alive = 0
for s in sockets:
    try:
        s.sendall(data)
        got = s.recv(65536)
        alive += bool(got)
    except OSError: got = b""
print("alive", alive, got.hex())
"""


def setup():
    for step in ("world_users", "world_slapd_start", "world_install", "countersign_configure", "countersign_start"):
        countersign(step)


def speak(path, uid, data, hold=1):
    done = subprocess.run(["/usr/bin/python3", "-c", SPEAKER, path, str(uid), str(hold)], input=data,
                          capture_output=True, timeout=60)
    words = done.stdout.decode().split()
    assert words, done.stderr.decode()
    return words


def frame(kind, payload):
    return struct.pack(">IB", len(payload) + 1, kind) + payload


def a_vote(kind=1, code=b"1234"):
    """On a request that there is not."""
    whole = vote_call(10**9, bytes(32), comment="")
    begin, end = whole[:40], whole[40 + 4 + 8:]
    return frame(VOTE, begin + struct.pack(">I", kind) + text(code) + end)


def status():
    import json
    done = run_as("root", "countersign", "status", "--json")
    assert done.status == 0, done
    return json.loads(done.out)


def answered(words):
    return words[0] == "alive" and words[1] != "0"


def error_of(words):
    """The error number of a reply frame."""
    raw = bytes.fromhex(words[2])
    return struct.unpack(">I", raw[5:9])[0]


CALL = frame(STATUS, bytes(4))
# What is wrong, and the same without it, which is answered: nothing else in the first closes the connection.
MALFORMED = {
    "another protocol": (b"GET / HTTP/1.1\r\n\r\n", HELLO + CALL),
    "another version": (MAGIC + struct.pack(">I", VERSION - 1) + CALL, HELLO + CALL),
    "unknown call": (HELLO + frame(99, bytes(4)), HELLO + CALL),
    "a reply as a call": (HELLO + frame(STATUS | 0x80, bytes(4)), HELLO + CALL),
    "bytes behind the call": (HELLO + frame(STATUS, bytes(5)), HELLO + CALL),
    "a truncated call": (HELLO + frame(SHOW, bytes(11)), HELLO + frame(SHOW, bytes(12))),
    "a length beyond the bound": (HELLO + struct.pack(">IB", 0x7FFFFFFF, STATUS) + bytes(4), HELLO + CALL),
    "an empty frame": (HELLO + struct.pack(">I", 0), HELLO + CALL),
    "a boolean that is neither": (HELLO + frame(LIST, b"\x02" + bytes(10)), HELLO + frame(LIST, b"\x01" + bytes(10))),
    "a vote that does not exist": (HELLO + a_vote(7), HELLO + a_vote()),
    "a text over its bound": (HELLO + a_vote(1, b"12345"), HELLO + a_vote()),
    "a NUL inside a text": (HELLO + a_vote(1, b"12\x004"), HELLO + a_vote()),
}


def test_daemon_a063_malformed_frames_close_the_connection_and_are_counted():
    for name, (bad, good) in MALFORMED.items():
        before = status()["malformed"]
        assert not answered(speak(PEOPLE, 2001, bad)), name
        assert status()["malformed"] == before + 1, name
        assert answered(speak(PEOPLE, 2001, good)), name
        assert status()["malformed"] == before + 1, name


def test_daemon_well_formed_is_answered():
    words = speak(PEOPLE, 2001, HELLO + frame(STATUS, bytes(4)))
    assert answered(words) and error_of(words) == 0, words


def test_daemon_a052_module_calls_do_not_exist_on_people_sock():
    # Well formed: refused for the door, before anything in it is looked at, root's own too.
    payload = submit(2001, "alice", "/bin/sh", ["sh"], file=False)
    for uid in (2001, 0):
        words = speak(PEOPLE, uid, HELLO + frame(SUBMIT, payload))
        assert answered(words) and error_of(words) == EPERM and b"not through this socket" in bytes.fromhex(words[2]), words


# Kills: comes_too_late, without which a daemon that hung records a permit, and uses an approval up, for callers that were
# denied by its silence.
def test_daemon_a023_who_gave_up_while_it_hung_is_released_nothing():
    def permitted():
        return status()["events"]

    def submits(leaves):
        wire = Wire(MODULE)
        with open("/usr/bin/true") as file:
            wire.send(SUBMIT, submit(2001, "alice", "/usr/bin/true", ["true"]), file.fileno())
        if leaves:
            wire.close()
        return wire

    before = permitted()
    countersign("world_signal", "countersignd", "STOP")
    try:
        stays = submits(leaves=False)
        submits(leaves=True)
    finally:
        countersign("world_signal", "countersignd", "CONT")
    assert stays.decision()["verdict"] == PERMIT
    stays.close()
    assert permitted() == before + 1


def test_daemon_only_root_reads_evidence_and_policies():
    for kind, payload in ((EVIDENCE, struct.pack(">QI", 1, 10)), (HISTORY, bytes(8)), (POLICY_TEXT, bytes(16))):
        words = speak(PEOPLE, 2001, HELLO + frame(kind, payload))
        assert answered(words) and error_of(words) == EPERM, words


def test_daemon_a057_sockets_have_the_right_owner_and_mode():
    assert speak(MODULE, 2001, HELLO)[0] == "refused"
    for path, mode in ((MODULE, 0o600), (PEOPLE, 0o666), (SOCKETS, 0o755)):
        st = os.stat(path)
        assert st.st_uid == 0 and st.st_mode & 0o7777 == mode, (path, oct(st.st_mode))


def test_daemon_a059_one_uid_cannot_take_all_connections():
    holders = [subprocess.Popen(["/usr/bin/python3", "-c", SPEAKER, PEOPLE, "2005", "40"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)]
    try:
        # The holder writes nothing until its standard input ends: its connections stay. Others get in all the while.
        deadline = time.monotonic() + 10
        while status()["connections"] < 33 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert 33 <= status()["connections"] <= 34, status()
        words = speak(PEOPLE, 2003, HELLO + frame(STATUS, bytes(4)))
        assert answered(words), words
    finally:
        out, _ = holders[0].communicate(HELLO + frame(STATUS, bytes(4)))
    assert out.split()[:2] == [b"alive", b"32"], out[:60]


class people_bring_files:
    """A policy with a gate for what people ask for themselves: only then what they pass is received."""
    GATE = """
service run { unmatched = deny }
gate job {
	service = run
	command = "/usr/bin/true"
	permission = release.deploy
	scope = "project/tomcat"
	approval infra { count = 1 role = infra scope = "*" }
}
"""

    def __enter__(self):
        with open(POLICY) as file:
            self.text = file.read()
        self.apply(self.text + self.GATE)

    def __exit__(self, *_):
        self.apply(self.text)

    def apply(self, text):
        countersign("countersign_policy", stdin=text)
        done = run_as("root", "countersign", "policy", "apply", "--yes")
        assert done.status == 0, done


def descriptors():
    pid = open("/run/world/countersignd.pid").read().strip()
    return len(os.listdir("/proc/%s/fd" % pid))


def test_daemon_a016_descriptors_that_nobody_asked_for_are_closed():
    status()
    before = descriptors()
    for count in (1, 5):
        s = socket.socket(socket.AF_UNIX)
        s.connect(PEOPLE)
        fd = os.open("/dev/null", os.O_RDONLY)
        s.sendmsg([HELLO + frame(STATUS, bytes(4))],
                  [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("%di" % count, *([fd] * count)))])
        s.settimeout(10)
        s.recv(65536)
        s.close()
        os.close(fd)
    status()
    deadline = time.monotonic() + 10  # the daemon hears of a closed connection a moment later
    while descriptors() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert descriptors() <= before, (before, descriptors())


# Kills: one person who may leave descriptors with the daemon without end, each call of his a little short of whole.
def test_daemon_a059_one_person_cannot_leave_many_descriptors():
    with people_bring_files():
        leave_many_descriptors()


def leave_many_descriptors():
    before, opened = descriptors(), []
    os.seteuid(2005)
    try:
        for _ in range(3):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(10)
            s.connect(PEOPLE)
            fd = os.open("/dev/null", os.O_RDONLY)
            s.sendmsg([HELLO + frame(STATUS, bytes(4))[:-1]],
                      [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("16i", *([fd] * 16)))])
            os.close(fd)
            opened.append(s)
    finally:
        os.seteuid(0)
    assert opened[2].recv(1) == b""  # the third takes it beyond what one person has
    assert descriptors() <= before + 2 + 32
    for s in opened[:2]:
        s.sendall(b"\0")  # the others are answered
        assert s.recv(65536)
        s.close()
    until(lambda: descriptors() <= before)


def lingering():
    """A connection whose last close takes ten minutes: the other side does not take what is on its way."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        s = socket.create_connection(listening.getsockname())
        other, _ = listening.accept()
    s.setblocking(False)
    try:
        while True:
            s.send(bytes(65536))
    except BlockingIOError:
        pass
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 600))
    return s, other


def passing(data, fds):
    """A connection to the daemon over which these go, and are then its alone."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(PEOPLE)
    if fds:
        s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(fds)}i", *fds))])
    return s


# To close what somebody passed can take as long as he likes: so it goes on without waiting for that, whoever closes it, the
# daemon or the kernel for it. Kills: what nudges a turn of the loop that lasts too long ("many", "unread", "within"), and what
# takes the lingering away ("one", where nothing nudges).
def test_daemon_a059_a_connection_that_lingers_keeps_nobody_waiting():
    pass_what_lingers()
    with people_bring_files():
        pass_what_lingers()


def pass_what_lingers():
    asked, none = HELLO + frame(STATUS, bytes(4)), b"no such protocol"
    for way in "one", "many", "unread", "within":
        os.seteuid(2005)
        try:
            s, other = lingering()
            left, right = socket.socketpair()
        finally:
            os.seteuid(0)
        left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", s.fileno()))])
        countersign("world_signal", "countersignd", "STOP")  # so that the last close is the daemon's
        try:
            os.seteuid(2005)
            try:
                c = passing(asked, [other.fileno()] * (30 if way == "many" else 0) + [s.fileno()]) if way in ("one", "many") else \
                    passing(asked, [right.fileno()]) if way == "within" else passing(none, [])
                if way == "unread":
                    c.sendall(none * 2048)  # more than is read at once
                    c.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", s.fileno()))])
            finally:
                os.seteuid(0)
            if way != "within":
                left.close()
                right.recv(1)
            s.close()
            left.close()
            right.close()
        finally:
            countersign("world_signal", "countersignd", "CONT")
        status()
        c.close()
        status()
        other.close()


# Mounts a file system of its own, whose daemon answers everything but the close of its one file, and passes that file.
STALLED = """
import ctypes, os, socket, struct, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
fuse = os.open("/dev/fuse", os.O_RDWR)
os.makedirs("/tmp/stalled")
assert libc.unshare(0x20000) == 0  # CLONE_NEWNS: whoever comes to its end takes the mount along
assert libc.mount(b"fuse", b"/tmp/stalled", b"fuse", 0, b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse) == 0
OPENED = threading.Event()

def attributes(node):
    return struct.pack("9Q10I", node, 0, 0, 0, 0, 0, 0, 0, 0, *([0] * 10))[:48] + struct.pack(
        "10I", 0, 0, 0, 0o40755 if node == 1 else 0o100644, 1, 0, 0, 0, 4096, 0)

def serve():
    while True:
        request = os.read(fuse, 1 << 20)
        _, what, unique, node, _, _, pid = struct.unpack_from("IIQQIII", request)
        body, error = b"", 0
        if what == 26:    # INIT
            body = struct.pack("IIIIHHIIHHII24x", 7, 31, 0, 0, 12, 10, 65536, 1, 16, 0, 0, 0)
        elif what == 1:   # LOOKUP
            body = struct.pack("QQQQII", 2, 0, 0, 0, 0, 0) + attributes(2)
        elif what == 3:   # GETATTR
            body = struct.pack("QII", 0, 0, 0) + attributes(node)
        elif what == 14:  # OPEN
            body = struct.pack("QII", 1, 0, 0)
        elif what in (2, 42) or what == 25 and pid != os.getpid():  # FORGET, BATCH_FORGET; FLUSH of the others
            continue
        else:
            error = -38
        os.write(fuse, struct.pack("IiQ", 16 + len(body), error, unique) + body)

threading.Thread(target=serve, daemon=True).start()
fd = os.open("/tmp/stalled/file", os.O_RDONLY)
s = socket.socket(socket.AF_UNIX)
os.setresuid(2005, 2005, 2005)
s.connect(sys.argv[1])
s.sendmsg([bytes.fromhex(sys.argv[2])], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", fd))])
os.close(fd)
print("passed", flush=True)
sys.stdin.read()
os._exit(0)  # and with it the connection of its file system, which sets free who waits
"""


# Kills: receiving what people pass where nobody can want it. The close of such a file waits for whoever mounted it, and not
# even SIGKILL ends that.
def test_daemon_a059_a_file_that_cannot_be_closed_keeps_nobody_waiting():
    try:
        os.mknod("/dev/fuse", 0o20666, os.makedev(10, 229))
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        raise Skip(f"no /dev/fuse: {error}")
    asked = HELLO + frame(STATUS, bytes(4)) + frame(STATUS, bytes(4))
    with subprocess.Popen(["/usr/bin/python3", "-c", STALLED, PEOPLE, asked.hex()], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as stalled:
        try:
            assert stalled.stdout.readline() == "passed\n"
            status()
        finally:
            stalled.stdin.close()
    status()


def start_with(conf=None, **more):
    return subprocess.run(["/usr/sbin/countersignd", "--config", conf or CONF, *more.get("words", [])],
                          capture_output=True, text=True, timeout=30, preexec_fn=more.get("before"))


def test_daemon_second_one_is_refused():
    done = start_with()
    assert done.returncode != 0 and "already" in done.stderr, done
    assert status()["version"]


def written(name, content, mode=0o644):
    path = "/etc/countersign/" + name
    with open(path, "w") as f:
        f.write(content)
    os.chmod(path, mode)
    return path


def test_daemon_a014_wrong_configuration_is_refused_with_file_and_line():
    good = open(CONF).read()
    cases = {
        "unknown key": (good + "\nholdd = 3m\n", "holdd", 0o644),
        "wrong type": (good.replace("hold       = 15m", "hold = soon"), "hold", 0o644),
        "no directory": ("user = countersign\n", "directory", 0o644),
        "relative path": (good + '\n', None, 0o666),
        "plain ldap": (good.replace("ldapi://", "ldap://", 1), None, 0o644),
        "root as its user": (good.replace("user       = countersign", "user = root"), "root", 0o644),
    }
    for name, (content, word, mode) in cases.items():
        path = written("wrong.conf", content, mode)
        done = start_with(path, words=["--check"])
        assert done.returncode == 78, (name, done)
        assert path in done.stderr and (word is None or word in done.stderr), (name, done)


def test_daemon_a055_user_namespace_is_refused():
    countersign("countersign_stop")
    try:
        done = subprocess.run(["unshare", "--user", "--map-root-user", "/usr/sbin/countersignd", "--config", CONF],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode != 0 and "uid 1 was seen as" in done.stderr, done
    finally:
        countersign("countersign_start")


def test_daemon_bad_policy_keeps_the_old_one():
    old = open(POLICY).read()
    digest = status()["policy_digest"]
    try:
        for content in (old + "\ngate x {\n", old.replace("count = 1", "count = 0"), ""):
            written("policy.conf", content)
            done = run_as("root", "countersign", "policy", "apply", "--yes")
            assert done.status == 1, done
            assert status()["policy_digest"] == digest
        written("policy.conf", old, 0o666)
        assert run_as("root", "countersign", "policy", "apply", "--yes").status == 1
        assert status()["policy_digest"] == digest
    finally:
        written("policy.conf", old)
    assert run_as("root", "countersign", "policy", "apply", "--yes").status == 0


def test_daemon_does_not_start_without_a_policy():
    """A store without a generation needs the file; one that has a generation does not look at it."""
    old = open(POLICY).read()
    countersign("countersign_stop")
    try:
        written("policy.conf", "gate x {\n")
        fresh = written("fresh.conf", open(CONF).read().replace("countersign.db", "fresh.db"))
        done = start_with(fresh)
        assert done.returncode == 78 and "policy.conf:" in done.stderr, done
        countersign("countersign_start")
        countersign("countersign_stop")
    finally:
        written("policy.conf", old)
        countersign("countersign_start")


CAP_KILL = 1 << 5  # of the helper that ends logins


# Kills: a process that keeps an id of root, or a right of root that is not its one task.
def test_daemon_a017_root_is_given_up_in_every_process():
    rights = []
    pid = open("/run/world/countersignd.pid").read().strip()
    pids = [pid, *children(pid)]
    assert len(pids) == 3, pids
    for p in pids:
        lines = dict(line.split(":", 1) for line in open("/proc/%s/status" % p).read().splitlines())
        assert "0" not in lines["Uid"].split() and "0" not in lines["Gid"].split(), lines["Uid"]
        assert lines["Groups"].split() == [] and lines["NoNewPrivs"].strip() == "1", lines
        assert lines["CapEff"] == lines["CapPrm"] and int(lines["CapInh"], 16) == int(lines["CapAmb"], 16) == 0, lines
        rights.append(int(lines["CapPrm"], 16))
        core = next(line for line in open("/proc/%s/limits" % p) if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"], core
    assert sorted(rights) == [0, 0, CAP_KILL] and rights[0] == 0, rights


def opened(pid):
    """What its descriptors lead to."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass  # closed meanwhile
    return found


def listening(path):
    """The socket that listens there, as a descriptor shows it."""
    with open("/proc/net/unix") as table:
        return next(f"socket:[{row[6]}]" for row in map(str.split, table) if row[7:] == [path] and row[3] == "00010000")


# What only forks is not helped by O_CLOEXEC, and SQLite's locks go with the first copy that is closed. Kills: the closing of what
# a helper inherited (cs_confine_descriptors); a second thread in the process that forks.
def test_daemon_a069_helpers_are_forked_first_and_hold_nothing_of_the_daemon():
    daemon = int(open("/run/world/countersignd.pid").read())
    sockets = {listening(MODULE), listening(PEOPLE)}
    assert STORE in opened(daemon) and sockets <= opened(daemon), opened(daemon)
    assert len(os.listdir(f"/proc/{daemon}/task")) == 1
    helpers = children(daemon)
    helpers += [child for helper in helpers for child in children(helper)]
    assert len(helpers) >= 2
    for helper in helpers:
        held = opened(helper)
        assert not held & sockets and not [path for path in held if path.startswith(STORE)], (helper, held)
