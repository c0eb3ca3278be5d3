# SPDX-License-Identifier: Apache-2.0
"""A host without LDAP: its own accounts and groups decide, on real sudo. Then local accounts beside a real slapd: one
that bears the number of somebody in the directory stands for nobody."""
import grp
import os
import subprocess

from oracle import Oracle
from people import approve, approved_by, countersign, events, from_clean, held, last_event, show
from term import Term, run
from world import run_as, variables

DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]
CONF = "/etc/countersign/countersignd.conf"
PASSWD = "/etc/passwd"
SHADOW = "/etc/shadow"
DOUBT = 3
UNIX = ("cn=deployers,ou=groups,o=unix\" listed = memberUid", "cn=release,ou=groups,o=unix\" listed = member")
LDAP = ("cn=tomcat,ou=project,ou=groups,dc=example,dc=org\" listed = owner",) * 2
POLICY = """
service sudo { unmatched = permit }
permission release.deploy { label = "Deploy a release" }
permission release.approve { label = "Approve a deployment" }
role deployer { permissions = release.deploy }
role releaser { permissions = release.approve }
assignment deployers { role = deployer scope = "*" group = "%s }
assignment release { role = releaser scope = "*" group = "%s }
gate deploy {
	service    = sudo
	command    = "/usr/local/sbin/deploy-release **"
	permission = release.deploy
	approval release { count = 1 permission = release.approve }
}
"""


def do(*argv):
    subprocess.run(argv, check=True, capture_output=True, text=True)


def configure():
    """As countersign_configure, without a directory elsewhere."""
    for folder, mode, owner in (("/etc/countersign", "0755", "root"), ("/var/lib/countersign", "0700", "countersign"),
                                ("/run/countersign", "0755", "root")):
        do("install", "-d", "-m", mode, "-o", owner, "-g", owner, folder)
    with open(CONF, "w") as file:
        file.write("host = rel1\ndirectory { unix = true }\n")
    countersign("countersign_policy", stdin=POLICY % UNIX)


def setup():
    for step in ("world_syslog_start", "world_users", "world_sudo", "world_install"):
        countersign(step)
    configure()
    for group, people in (("deployers", ["alice", "bob"]), ("release", ["bob", "carol"])):
        do("groupadd", group)
        for person in people:
            do("gpasswd", "-a", person, group)
    countersign("countersign_start")
    countersign("countersign_sudo")


def teardown():
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def daemon():
    with open(variables()["DIR"] + "/countersignd.pid") as file:
        return int(file.read())


def process(field):
    with open(f"/proc/{daemon()}/status") as file:
        return [line.split()[1:] for line in file if line.startswith(field + ":")][0]


def can(user, permission="release.approve"):
    return run_as("root", "countersign", "can", user, permission, "*").status


def why(user, permission="release.approve"):
    return run_as("root", "countersign", "why", user, permission, "*")


def parked(user):
    """A request that waits, with nobody at a terminal."""
    since = last_event()
    done = run_as(user, "sudo", "-n", *DEPLOY[1:])
    assert done.status != 0, done
    number = [event["request"] for event in events(since) if event["kind"] == "requested"][-1]
    return number, show(number, user)["decision"]["check_code"]


def state(number):
    return show(number)["decision"]["state"]


def test_no_slapd_and_only_the_group_of_shadow():
    assert subprocess.run(["pgrep", "-x", "slapd"]).returncode == 1
    assert process("Groups") == [str(os.stat(SHADOW).st_gid)], process("Groups")
    assert os.stat(SHADOW).st_gid == grp.getgrnam("shadow").gr_gid
    uid = str(os.stat("/var/lib/countersign").st_uid)
    assert process("Uid") == [uid] * 4 and uid != "0", process("Uid")
    assert set(process("CapPrm") + process("CapEff")) == {"0000000000000000"}
    assert process("NoNewPrivs") == ["1"]


def test_held_and_approved_by_a_member():
    oracle = Oracle()
    term, number, code = held("alice", DEPLOY)
    with term:
        oracle.nothing_ran()
        assert show(number)["request"]["requester"]["id"] == "alice:2001"
        approved_by(number, code, "bob")
        oracle.ran(number, term.wait(), "deployed tomcat 10.1 by alice")


def test_a072_nobody_approves_his_own_and_no_stranger_does():
    oracle = Oracle()
    number, code = parked("bob")
    assert approve("bob", number, code).status != 0
    assert approve("dave", number, code).status != 0
    assert approve("alice", number, code).status != 0
    oracle.nothing_ran()
    approved_by(number, code, "carol")


def test_a080_each_way_out_counts_with_the_next_call():
    ways = (
        (("usermod", "-L", "bob"), ("usermod", "-U", "bob")),
        (("chage", "-E", "0", "bob"), ("chage", "-E", "-1", "bob")),
        (("gpasswd", "-d", "bob", "release"), ("gpasswd", "-a", "bob", "release")),
        (("usermod", "-s", "/usr/sbin/nologin", "bob"), ("usermod", "-s", "/bin/bash", "bob")),
    )
    number, code = parked("alice")
    for way_out, way_back in ways:
        assert can("bob") == 0, way_out
        do(*way_out)
        assert can("bob") == 1, way_out
        assert approve("bob", number, code).status != 0, way_out
        assert state(number) == "pending", way_out
        do(*way_back)
    approved_by(number, code, "bob")


def test_a080_a_lock_after_the_vote_counts_at_the_claim():
    oracle = Oracle()
    number, code = parked("alice")
    approved_by(number, code, "bob")
    do("usermod", "-L", "bob")
    try:
        with Term(DEPLOY, user="alice") as term:
            assert term.wait() != 0
        oracle.nothing_ran()
        reasons = [event["reason"] for event in oracle.events(number) if event["kind"] == "denied"]
        assert "approver-lost" in reasons, oracle.events(number)
    finally:
        do("usermod", "-U", "bob")


def test_a080_a_requester_who_is_locked_asks_for_nothing():
    oracle = Oracle()
    do("usermod", "-L", "alice")
    try:
        status, _ = run(DEPLOY, user="alice")
        oracle.denied("locked-person", status)
    finally:
        do("usermod", "-U", "alice")


def test_useradd_in_the_middle():
    number, code = parked("alice")
    do("useradd", "--uid", "2050", "--no-create-home", "dan")
    try:
        assert can("dan") == 1
        assert approve("dan", number, code).status != 0
        do("usermod", "-aG", "release", "dan")
        assert can("dan") == 0
        approved_by(number, code, "dan")
    finally:
        do("userdel", "dan")
    # The number belongs to another person now.
    do("useradd", "--uid", "2050", "--no-create-home", "eve")
    try:
        assert can("dan") == 1 and can("eve") == 1
    finally:
        do("userdel", "eve")


def test_while_accounts_come_and_go_the_others_stay_who_they_are():
    storm = subprocess.Popen(["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do useradd -M -u 2060 -G release kim; userdel kim; "
                              "usermod -L dave; usermod -U dave; done"])
    asked = 0
    while storm.poll() is None or asked < 20:
        assert [can(user) for user in ("bob", "alice", "dave")] == [0, 1, 1]
        asked += 1
    assert storm.wait() == 0


def test_a_second_account_with_the_number_stands_for_nobody():
    number, code = parked("alice")
    do("useradd", "--non-unique", "--uid", "2003", "--no-create-home", "mallory")
    try:
        done = approve("bob", number, code)
        assert done.status != 0 and state(number) == "pending", done
        assert can("bob") == DOUBT and can("mallory") == DOUBT
        assert can("carol") == 0
    finally:
        do("userdel", "mallory")
    approved_by(number, code, "bob")


def unreadable(path, mode, group=0):
    """Nobody can be told, root goes on at the console, and everything is as before once the file can be read."""
    oracle = Oracle()
    before = os.stat(path)
    os.chown(path, 0, group)
    os.chmod(path, mode)
    try:
        done = why("bob")
        assert done.status == DOUBT and path in done.out + done.err, done
        status, _ = run(DEPLOY, user="alice")
        oracle.denied("doubt", status)
        state = run_as("root", "countersign", "status")
        assert path in state.out, state
        done = run_as("root", "sudo", "deploy-release", "tomcat", "10.2")
        assert done.status == 0 and "10.2 is live" in done.out, done
    finally:
        os.chown(path, before.st_uid, before.st_gid)
        os.chmod(path, before.st_mode)
    assert can("bob") == 0


def test_passwd_that_cannot_be_read_is_doubt():
    unreadable(PASSWD, 0o600)


def test_shadow_that_cannot_be_read_is_doubt():
    unreadable(SHADOW, 0o640)
    unreadable(SHADOW, 0o600, os.stat(SHADOW).st_gid)


def test_group_that_everybody_may_write_is_doubt():
    unreadable("/etc/group", 0o666)


def test_half_a_group_file_is_doubt():
    with open("/etc/group") as file:
        text = file.read()
    try:
        with open("/etc/group", "w") as file:
            file.write(text.rstrip("\n"))
        assert can("bob") == DOUBT and can("dave") == DOUBT
    finally:
        with open("/etc/group", "w") as file:
            file.write(text)
    assert can("bob") == 0


def test_without_its_group_the_daemon_starts_and_can_tell_nothing():
    countersign("countersign_stop")
    before = os.stat(SHADOW)
    os.chown(SHADOW, 0, 0)
    try:
        countersign("countersign_start")
        assert process("Groups") == []
        assert can("bob") == DOUBT
    finally:
        os.chown(SHADOW, before.st_uid, before.st_gid)
    countersign("countersign_stop")
    countersign("countersign_start")
    assert can("bob") == 0


# --- Beside a directory


def test_ldap_people_with_local_accounts_of_the_same_name_and_number():
    countersign("countersign_stop")
    os.unlink("/var/lib/countersign/countersign.db")
    countersign("world_slapd_start")
    countersign("countersign_configure")
    countersign("countersign_policy", stdin=POLICY % LDAP)
    countersign("countersign_start")
    assert process("Groups") == [], "group shadow is kept for unix = true alone"
    number, code = parked("alice")
    approved_by(number, code, "bob")


def test_a072_a_local_account_with_the_number_of_a_person_of_ldap_cannot_approve():
    oracle = Oracle()
    number, code = parked("alice")
    do("userdel", "bob")
    do("useradd", "--uid", "2003", "--no-create-home", "mallory")
    try:
        done = approve("mallory", number, code)
        assert done.status == DOUBT, done
        oracle.nothing_ran()
        assert show(number)["decision"]["votes"] == [], show(number)
        done = why("bob")
        assert done.status == DOUBT and "uid 2003 of bob is also the local account mallory" in done.out + done.err, done
    finally:
        do("userdel", "mallory")
        do("useradd", "--uid", "2003", "--no-create-home", "--shell", "/bin/bash", "bob")
    approved_by(number, code, "bob")


def test_a072_the_name_with_another_number_is_nobody():
    do("usermod", "--uid", "2070", "bob")
    try:
        done = why("bob")
        assert done.status == DOUBT and "the local account bob has uid 2070, not 2003" in done.out + done.err, done
    finally:
        do("usermod", "--uid", "2003", "bob")
    assert can("bob") == 0


def test_a_passwd_that_cannot_be_read_beside_ldap_is_doubt():
    oracle = Oracle()
    os.chmod(PASSWD, 0o600)
    try:
        status, _ = run(DEPLOY, user="alice")
        oracle.denied("doubt", status)
        done = run_as("root", "sudo", "deploy-release", "tomcat", "10.3")
        assert done.status == 0, done
    finally:
        os.chmod(PASSWD, 0o644)
    assert can("bob") == 0


from_clean(globals())
