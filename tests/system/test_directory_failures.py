# SPDX-License-Identifier: Apache-2.0
"""The directory fails in every way that an LDAP server can; the daemon denies in time, says why in one line of its log,
and recovers by itself."""
import os
import re
import subprocess
import time

from oracle import Oracle
from people import POLICY, countersign, until
from term import run
from wire import SUBMIT, Wire, submit
from world import directory_worker, run_as, variables

DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]
PROGRAM = "/usr/local/sbin/deploy-release"
MODULE = "/run/countersign/module.sock"
CONF = "/etc/countersign/countersignd.conf"
LOG = "/var/log/countersignd.log"
SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support")
ORDERS = "/run/world/orders"
FAKE = "/run/world/fake.sock"
MANY = 10000
LIMIT = 3.0  # seconds: what a denial may take
WORLD_SH = SUPPORT + "/world.sh"
WORLD = {}
LOST, BACK = re.compile("does not answer: (.*)"), re.compile("answers again")


def setup():
    countersign("countersign_world")
    WORLD.update(variables())


def heal():
    if run_as("root", WORLD_SH, "world_alive", "slapd").status != 0:
        countersign("world_slapd_start")
    countersign("world_slapd_resume")
    answers()


def from_whole(module):
    """Every test of the module begins with a server that answers, whatever the one before left."""
    def whole_first(test):
        def wrapped():
            heal()
            test()
        return wrapped
    for name, thing in list(module.items()):
        if name.startswith("test_"):
            module[name] = whole_first(thing)


def teardown():
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


# --- what is asked, and what is to be heard

def lines(since):
    """What the daemon's log says about the directory since that byte."""
    with open(LOG) as file:
        file.seek(since)
        return [line for line in file.read().splitlines() if LOST.search(line) or BACK.search(line)]


def log_end():
    return os.path.getsize(LOG)


def can(user="alice"):
    """`countersign can` and the time it took."""
    begun = time.monotonic()
    done = run_as(user, "countersign", "can", user, "release.deploy", "project/tomcat")
    return done, time.monotonic() - begun


def asked_by_a_module():
    """A sudo of alice at the module's socket: the decision and the time it took."""
    wire = Wire(MODULE)
    program = os.open(PROGRAM, os.O_RDONLY)
    begun = time.monotonic()
    try:
        payload = submit(2001, "alice", PROGRAM, ["deploy-release", "tomcat", "10.1"], may_wait=False)
        return wire.ask(SUBMIT, payload, program), time.monotonic() - begun
    finally:
        os.close(program)
        wire.close()


def is_well():
    return can()[0].status == 0


def answers():
    """The directory is there: alice has her right. However it was before, nothing is started again for it."""
    until(is_well, seconds=10)


def doubts(cause, fail=lambda: None, back=None, logged=True, times=1):
    """After fail() all that is asked is denied with doubt in time, with the cause. back() ends that; then it is as
    before without anything being started again. Of all this the log says two things, once each."""
    since = log_end()
    fail()
    try:
        all_doubt(cause, times)
    finally:
        if back:
            back()
    if back:
        answers()
    if back and logged:
        once(since, cause)


def all_doubt(cause, times):
    for _ in range(times):
        done, took = can()
        assert done.status not in (0, 1) and took < LIMIT, (took, done)
    done = run_as("alice", "countersign", "why", "alice", "release.deploy", "project/tomcat")
    assert re.search(cause, done.out + done.err), done
    decision, took = asked_by_a_module()
    assert decision["verdict"] == 0 and decision["why"] == "doubt" and took < LIMIT, (took, decision)
    oracle = Oracle()
    begun = time.monotonic()
    status, screen = run(DEPLOY, user="alice")
    took = time.monotonic() - begun
    oracle.denied("doubt", status)
    assert took < LIMIT + 1, took
    assert re.search(r"denied: .*\[doubt\]", screen) and re.search(cause, screen), screen


def once(since, cause):
    """One line that says why, and one that it is over."""
    until(lambda: BACK.search(" ".join(lines(since))))
    found = lines(since)
    assert len(found) == 2, found
    assert re.search(cause, LOST.search(found[0]).group(1)) and BACK.search(found[1]), found


# --- the configuration

def reconfigured(change):
    """The daemon with another configuration, and the old one when this ends."""
    class Changed:
        def __enter__(self):
            self.old = open(CONF).read()
            self.put(change(self.old))

        def __exit__(self, *_):
            self.put(self.old)
            answers()

        @staticmethod
        def put(text):
            with open(CONF, "w") as file:
                file.write(text)
            countersign("countersign_stop")
            countersign("countersign_start")
    return Changed()


def through_the_fake():
    """The daemon's server is the one that fails to order."""
    order("pass")
    countersign("world_spawn", "fake", "/usr/bin/python3", SUPPORT + "/fake_directory.py", FAKE, WORLD["LDAPI_SOCKET"],
                ORDERS)
    countersign("world_ready", "fake", "^listening")
    return reconfigured(lambda text: text.replace(WORLD["LDAPI"], "ldapi://" + FAKE.replace("/", "%2F")))


def order(word):
    with open(ORDERS + ".new", "w") as file:
        file.write(word)
    os.rename(ORDERS + ".new", ORDERS)


def slapd_with(change):
    """slapd with another configuration, and the old one when this ends."""
    path = WORLD["DIR"] + "/slapd/slapd.conf"

    class Changed:
        def __enter__(self):
            self.old = open(path).read()
            self.put(change(self.old))
            return self

        def __exit__(self, *_):
            self.put(self.old)
            answers()

        @staticmethod
        def put(text):
            with open(path, "w") as file:
                file.write(text)
            countersign("world_slapd_stop")
            countersign("world_slapd_start")
    return Changed()


def modify(ldif):
    countersign("world_ldap_modify", stdin=ldif)


def person(uid, number, more=""):
    return (f"dn: uid={uid},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\n"
            f"uid: {uid}\ncn: {uid}\nsn: {uid}\nuidNumber: {number}\ngidNumber: {number}\nhomeDirectory: /\n{more}\n")


# --- the server goes away

def test_failures_a079_server_down_and_back():
    doubts("Can't contact LDAP server|closed the connection|connection lost", times=3,
           fail=lambda: countersign("world_slapd_stop"), back=lambda: countersign("world_slapd_start"))


def test_failures_a083_server_hangs():
    doubts("no whole answer|Timed out|no connection within", times=3, fail=lambda: countersign("world_slapd_pause"),
           back=lambda: countersign("world_slapd_resume"))


def test_failures_a083_restarted_again_and_again_under_load():
    """While it comes and goes every answer is yes or doubt, never no, and each in time."""
    for _ in range(5):
        countersign("world_kill", "slapd")
        done, took = can()
        assert done.status != 1 and took < LIMIT, (took, done)
        countersign("world_slapd_start")
        done, took = can()
        assert done.status != 1 and took < LIMIT, (took, done)
    answers()


# --- the server is there and does not do what it should

def test_failures_a083_a084_between_the_daemon_and_the_server():
    with through_the_fake():
        for word, cause in (("slow", "."), ("hang", "."), ("half-close", "."), ("close", "."), ("garbage", "."),
                            ("partial", "(?i)administrative limit")):
            answers()
            doubts(cause, fail=lambda: order(word), back=lambda: order("pass"), logged=word != "partial")
    countersign("world_stop", "fake")


def test_failures_a070_bind_refused():
    """The password was changed; the daemon says so, and goes on when it is the old one again."""
    with through_the_fake():
        doubts("Invalid credentials", fail=lambda: (password("another"), bind_again()),
               back=lambda: password(open(WORLD["BIND_PASSWORD_FILE"]).read()))
    countersign("world_stop", "fake")


def password(text):
    modify(f"dn: {WORLD['BIND_DN']}\nchangetype: modify\nreplace: userPassword\nuserPassword: {text}\n")


def bind_again():
    """What is bound stays bound; so no connection may stay."""
    countersign("world_signal", "fake", "HUP")


def test_failures_password_expired():
    """With ppolicy an expired password binds no more: doubt, with what the server says."""
    dn = "dn: cn=ppolicy,ou=services,dc=example,dc=org\nchangetype: "
    overlay = "overlay ppolicy\nppolicy_default cn=ppolicy,ou=services,dc=example,dc=org\n"
    at = "access to attrs=userPassword"

    def expire():
        modify(dn + "modify\nreplace: pwdMaxAge\npwdMaxAge: 1\n")
        until(bind_is_refused)
        bind_again()

    with slapd_with(lambda text: text.replace("moduleload back_mdb", "moduleload back_mdb\nmoduleload ppolicy")
                    .replace(at, overlay + at, 1)):
        modify(dn + "add\nobjectClass: applicationProcess\nobjectClass: pwdPolicy\ncn: ppolicy\n"
               "pwdAttribute: userPassword\npwdMaxAge: 0\npwdGraceAuthNLimit: 0\n")
        password(open(WORLD["BIND_PASSWORD_FILE"]).read())  # so that its age is known
        with through_the_fake():
            answers()
            doubts("(?i)invalid credentials|expired", fail=expire,
                   back=lambda: modify(dn + "modify\nreplace: pwdMaxAge\npwdMaxAge: 0\n"))
        countersign("world_stop", "fake")
        modify(dn + "delete\n")


def bind_is_refused():
    return subprocess.run(["ldapwhoami", "-x", "-H", WORLD["LDAPI"], "-D", WORLD["BIND_DN"], "-y",
                           WORLD["BIND_PASSWORD_FILE"]], capture_output=True).returncode == 49


def test_failures_a077_size_limit():
    """A limit for the daemon's account: what is cut off is no answer."""
    modify("".join(f"dn: cn=p{i},ou=project,ou=groups,dc=example,dc=org\nchangetype: add\nobjectClass: groupOfNames\n"
                   f"cn: p{i}\nowner: uid=alice,ou=people,dc=example,dc=org\n"
                   "member: uid=alice,ou=people,dc=example,dc=org\n\n"
                   for i in range(4)))
    limits = f'limits dn.exact="{WORLD["BIND_DN"]}" size.soft=2 size.hard=2 size.prtotal=2\n'
    with slapd_with(lambda text: text.replace("access to attrs", limits + "access to attrs", 1)):
        doubts("(?i)size ?limit|limit exceeded")
    modify("".join(f"dn: cn=p{i},ou=project,ou=groups,dc=example,dc=org\nchangetype: delete\n\n" for i in range(4)))


def test_failures_a078_referral_below_people_base():
    modify("dn: ou=away,ou=people,dc=example,dc=org\nchangetype: add\nobjectClass: referral\n"
           "objectClass: extensibleObject\nou: away\nref: ldap://elsewhere.invalid/ou=people,dc=example,dc=org\n")
    try:
        doubts("(?i)referr?al|reference")
    finally:
        modify_manage("dn: ou=away,ou=people,dc=example,dc=org\nchangetype: delete\n")
    answers()


def modify_manage(ldif):
    subprocess.run(["ldapmodify", "-M", "-Q", "-Y", "EXTERNAL", "-H", WORLD["LDAPI"]], input=ldif, text=True,
                   check=True, capture_output=True)


def test_failures_a078_default_referral():
    """The tree is not on this server, which knows of another."""
    with slapd_with(lambda text: text.replace("database mdb", "referral ldap://elsewhere.invalid/\n\ndatabase mdb", 1)):
        with reconfigured(lambda text: text.replace("ou=people,dc=example,dc=org", "ou=people,dc=example,dc=net")
                          .replace('"ou=people,dc=example,dc=org"', '"ou=people,dc=example,dc=net"')):
            doubts("(?i)referr?al")


def test_failures_a003_two_entries_with_one_number():
    modify("dn: uid=twin,ou=people,dc=example,dc=org\nchangetype: add\n" + person("twin", 2001).split("\n", 1)[1])
    doubts("two entries have the same number or login", logged=False,
           back=lambda: modify("dn: uid=twin,ou=people,dc=example,dc=org\nchangetype: delete\n"))


def test_failures_a003_two_entries_with_one_login():
    """A module states number and name; both have to be one entry's alone."""
    modify("dn: uid=twin,ou=people,dc=example,dc=org\nchangetype: add\n"
           + person("twin", 2999, "uid: alice").split("\n", 1)[1])
    try:
        decision, _ = asked_by_a_module()
        assert decision["verdict"] == 0 and decision["why"] == "doubt" and "two entries" in decision["text"], decision
        oracle = Oracle()
        status, screen = run(DEPLOY, user="alice")
        oracle.denied("doubt", status)
        assert "two entries" in screen, screen
        assert can("bob")[0].status == 0  # of the others nothing is unclear
    finally:
        modify("dn: uid=twin,ou=people,dc=example,dc=org\nchangetype: delete\n")


# --- big groups

def test_failures_a077_ten_thousand_members():
    """As a right it is as quick as any; as a listing it is too much, or whole, but never a part."""
    members = "".join(f"member: uid=u{i},ou=people,dc=example,dc=org\n" for i in range(MANY))
    modify("dn: cn=infra,ou=groups,dc=example,dc=org\nchangetype: modify\nadd: member\n" + members)
    try:
        begun = time.monotonic()
        for _ in range(20):
            done, took = can()
            assert done.status == 0 and took < 1, (took, done)
            done = run_as("carol", "countersign", "can", "carol", "host.login", "host/rel1")
            assert done.status == 0, done
        assert time.monotonic() - begun < 10, time.monotonic() - begun
        begun = time.monotonic()
        done = run_as("root", "countersign", "who-can", "host.login", "host/rel1")
        assert time.monotonic() - begun < LIMIT + 1, time.monotonic() - begun
        said = done.out + done.err
        names = [line for line in done.out.splitlines() if re.search(r"\bu\d+\b", line)]
        assert "carol" in said and len(names) >= MANY or re.search("(?i)too many|too long|could not", said), \
            (len(names), done.status, said[:400])
    finally:
        modify("dn: cn=infra,ou=groups,dc=example,dc=org\nchangetype: modify\ndelete: member\n" + members)
    answers()


def test_failures_worker_dies():
    """One line that it ended; the next question is answered by another one."""
    since = log_end()
    daemon = open("/run/world/countersignd.pid").read().strip()
    os.kill(directory_worker(daemon), 9)
    answers()
    with open(LOG) as file:
        file.seek(since)
        found = [line for line in file.read().splitlines() if "worker" in line]
    assert len(found) <= 2 and "directory worker ended" in found[0], found


from_whole(globals())
