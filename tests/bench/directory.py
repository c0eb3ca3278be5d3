# SPDX-License-Identifier: Apache-2.0
"""Figures about the directory: what a decision costs beside the floor and beside bare searches, with a slapd of its own
that holds directory_people people and directory_groups projects."""
import array
import json
import os
import random
import signal
import subprocess
from pathlib import Path

from measure import (BUILD, MODULE_SOCKET, PROGRAMS, ROOT, SIZES, Failed, daemon_pid, pam_services, program, report,
                     rounds, rss_mib, run, say, world, world_uid)

BASE = "dc=example,dc=org"
ADMIN = f"cn=admin,{BASE}"
PASSWORD = "bench"
FOLDER = Path("/run/world/big")
URI = f"ldapi://{str(FOLDER / 'ldapi').replace('/', '%2F')}"
BIND_DN = f"cn=countersign,{BASE}"
SECRET = Path("/etc/countersign/ldap.secret")
CONF = Path("/etc/countersign/countersignd.conf")
NOT_REMEMBERED_S = 30  # how long a right is remembered
CROWD = 8             # people whom many callers ask about: they own project shared


# --- the directory

def slapd_conf():
    names = ("core", "cosine", "nis", "inetorgperson")
    schemas = "".join(f"include /etc/ldap/schema/{name}.schema\n" for name in names)
    return f"""{schemas}modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
moduleload back_monitor
database mdb
suffix "{BASE}"
rootdn "{ADMIN}"
rootpw {PASSWORD}
directory {FOLDER}/db
maxsize 4294967296
index objectClass,uid,uidNumber,member,owner,entryUUID,entryCSN eq
overlay syncprov
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{BIND_DN}" read by * none
limits dn.exact="{BIND_DN}" size=unlimited
database monitor
rootdn "cn=monitor"
access to * by dn.exact="{BIND_DN}" read by * none
"""


def unit(name, above):
    return f"dn: ou={name},{above}\nobjectClass: organizationalUnit\nou: {name}\n\n"


def person_dn(i):
    return f"uid=p{i:06},ou=people,{BASE}"


def ldif():
    """Project i is called of-p<i>, is owned by person i, and lists ten members."""
    people, projects = SIZES["directory_people"], SIZES["directory_groups"]
    chance = random.Random(1)
    yield (f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n"
           f"dn: {BIND_DN}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: countersign\n"
           f"userPassword: {SECRET.read_text().strip()}\n\n")
    yield unit("people", BASE) + unit("groups", BASE) + unit("project", f"ou=groups,{BASE}")
    for i in range(1, people + 1):
        yield (f"dn: {person_dn(i)}\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nuid: p{i:06}\n"
               f"cn: Person {i}\nsn: {i}\nmail: p{i:06}@example.org\nuidNumber: {100000 + i}\ngidNumber: 100000\n"
               f"homeDirectory: /home/p{i:06}\n\n")
    owners = "".join(f"owner: {person_dn(i)}\n" for i in range(1, CROWD + 1))
    yield (f"dn: cn=shared,ou=project,ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: shared\n{owners}"
           f"member: {person_dn(1)}\n\n")
    for i in range(1, projects + 1):
        members = "".join(f"member: {person_dn(m)}\n" for m in chance.sample(range(1, people + 1), 10))
        yield (f"dn: cn=of-p{i:06},ou=project,ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: of-p{i:06}\n"
               f"owner: {person_dn(i)}\n{members}\n")


def slapd_start():
    (FOLDER / "db").mkdir(parents=True)
    os.chmod(FOLDER, 0o755)
    conf, tree = FOLDER / "slapd.conf", FOLDER / "tree.ldif"
    conf.write_text(slapd_conf())
    with tree.open("w") as file:
        file.writelines(ldif())
    say(f"loading {SIZES['directory_people']} people and {SIZES['directory_groups']} groups")
    run("cp", "/usr/sbin/slapd", FOLDER / "slapd")
    run(FOLDER / "slapd", "-Tadd", "-q", "-w", "-f", conf, "-l", tree)
    world("world_spawn", "bigslapd", FOLDER / "slapd", "-d", "0", "-f", conf, "-h", URI)
    world("world_until", "30", "slapd to serve", "ldapwhoami", "-Q", "-Y", "EXTERNAL", "-H", URI)


def slapd_pid():
    return int(Path("/run/world/bigslapd.pid").read_text())


# --- the daemon

def configure(mode):
    line = "" if mode == "lookup" else f"mode = {mode}"
    CONF.write_text(f"""user       = countersign
host       = rel1
store      = "/var/lib/countersign/countersign.db"
policy     = "/etc/countersign/policy.conf"
socket_dir = "/run/countersign"
syslog     = true
directory {{
    uri              = "{URI}"
    {line}
    bind_dn          = "{BIND_DN}"
    bind_secret_file = "{SECRET}"
    people_base      = "ou=people,{BASE}"
    groups_base      = "ou=groups,{BASE}"
}}
""")


def directory_state():
    return json.loads(run("countersign", "status", "--json"))["directory"]


def replica_is_live():
    return "the replica of" in directory_state() and "is live" in directory_state()


def restart(mode):
    """A daemon that remembers nothing; in replica mode it has seen a question and follows."""
    world("countersign_stop")
    configure(mode)
    world("countersign_start")
    decide("pairs", 20, 1, 1)
    if mode == "replica":
        wait_for(replica_is_live, "the replica to be live")


def wait_for(ready, what, seconds=120):
    for _ in range(seconds * 20):
        if ready():
            return
        subprocess.run(["sleep", "0.05"], check=True)
    raise Failed(f"waited in vain for {what}: {directory_state()}")


def crowd_accounts():
    """The modules ask the host who somebody is."""
    with open("/etc/passwd", "a") as file:
        file.writelines(f"p{i:06}:x:{100000 + i}:100000::/:/bin/sh\n" for i in range(1, CROWD + 1))


def start():
    for function in ("world_syslog_start", "world_users", "world_sudo"):
        world(function)
    world("world_install", BUILD)
    for folder, mode, owner in (("/etc/countersign", "0755", "root"), ("/run/countersign", "0755", "root"),
                                ("/var/lib/countersign", "0700", "countersign")):
        run("install", "-d", "-m", mode, "-o", owner, "-g", owner, folder)
    SECRET.write_text("correct horse\n")
    os.chmod(SECRET, 0o600)
    run("install", "-m", "0644", ROOT / "tests/bench/policy.conf", "/etc/countersign/policy.conf")
    crowd_accounts()
    slapd_start()
    pam_services(scope="project/shared")
    configure("lookup")
    world("countersign_start")


def worker_pids():
    return [int(pid) for pid in Path(f"/proc/{daemon_pid()}/task/{daemon_pid()}/children").read_text().split()]


def decide(kind, *arguments, **more):
    how_many, first, *rest = arguments
    return json.loads(program("bench_decision", kind, MODULE_SOCKET, world_uid("countersign"), how_many, first, *rest,
                              **more))


def sizes():
    return {"people": SIZES["directory_people"], "groups": SIZES["directory_groups"]}


# --- figures

def decision_warm_over_floor():
    restart("lookup")
    got = decide("pairs", rounds(5000), 1, 1)
    report("decision_warm_over_floor", got["ratio"], "ratio", got["bare_ns"], 1.25, **sizes(), pairs=rounds(5000),
           ns=got["ns"], bare_is="ns of an empty call to the floor's daemon")


def decision_replica_over_floor():
    restart("replica")
    n = rounds(5000)
    warm = decide("pairs", n, 1, 1)
    fresh = decide("pairs", min(n, sizes()["groups"] - 100), 100, sizes()["groups"] - 99)
    report("decision_replica_over_floor", warm["ratio"], "ratio", warm["bare_ns"], 1.25, **sizes(), pairs=n, ns=warm["ns"],
           first_time_ns=fresh["ns"], first_time_over_floor=fresh["ratio"], state=directory_state(),
           bare_is="ns of an empty call to the floor's daemon; first_time: of somebody not asked about before, recorded")


def searches():
    text = run("ldapsearch", "-LLL", "-x", "-H", URI, "-D", BIND_DN, "-y", password_file(), "-s", "base", "-b",
               "cn=Search,cn=Operations,cn=Monitor", "monitorOpCompleted")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("monitorOpCompleted:"))


def password_file():
    path = FOLDER / "password"
    path.write_text(SECRET.read_text().strip())
    return path


def decision_cold_over_search():
    restart("lookup")
    n = min(rounds(2000), (sizes()["groups"] - CROWD) // 2 - 100)
    before = searches()
    got = decide("cold", n, CROWD + 1, URI, BIND_DN, SECRET)
    each = (searches() - before - 1 - 2 * n) / n
    report("decision_cold_over_search", got["ratio"], "ratio", got["bare_ns"], 1.5, **sizes(), pairs=n, ns=got["ns"],
           searches_per_decision=round(each, 2),
           bare_is="ns of the two searches by libldap on an open connection, one after the other")


def crowd(service, callers):
    return json.loads(program("bench_crowd", service, "p", 1, CROWD, callers, rounds(3000)))


def throughput_256_over_floor():
    restart("lookup")
    crowd("bench-countersign", 2)
    got = {callers: {"countersign": crowd("bench-countersign", callers), "floor": crowd("bench-floor", callers)}
           for callers in (2, 8, 64, 256)}
    most, bare = got[256]["countersign"]["per_s"], got[256]["floor"]["per_s"]
    report("throughput_256_over_floor", round(most / bare, 2), "ratio", bare, 0.8, **sizes(), per_s=most, bar_is="at least",
           by_callers=got, bare_is="account checks a second with 256 callers and the floor's module and daemon")


def removal_to_refusal_ms():
    restart("replica")
    n = rounds(100)
    got = json.loads(program("bench_removal", MODULE_SOCKET, world_uid("countersign"), n, sizes()["groups"] - 200, URI,
                             ADMIN, PASSWORD))
    report("removal_to_refusal_ms", got["ms"], "ms", got["bare_ms"], 100, **sizes(), removals=n, most_ms=got["most_ms"],
           bare_is="ms of the change itself")


def hung_directory_denial_ms():
    restart("lookup")
    before = decide("pairs", 20, 2, 1)["ns"] / 1e6
    took = []
    os.kill(slapd_pid(), signal.SIGSTOP)
    try:
        for i in range(3):
            done = subprocess.run([PROGRAMS / "bench_decision", "denied", MODULE_SOCKET, str(world_uid("countersign")), "1",
                                   str(300 + i), "1"], capture_output=True, text=True, timeout=60)
            if done.returncode != 0:
                raise Failed(f"a stopped directory: {done.stdout}{done.stderr}")
            took.append(json.loads(done.stdout)["ms"])
    finally:
        os.kill(slapd_pid(), signal.SIGCONT)
    report("hung_directory_denial_ms", round(max(took), 1), "ms", round(before, 3), 3000, **sizes(), tries=len(took),
           least_ms=round(min(took), 1), bare_is="ms of a decision before slapd was stopped")


def frames(pid):
    """The physical pages that a process has in memory (proc_pid_pagemap(5))."""
    page, present = os.sysconf("SC_PAGE_SIZE"), 1 << 63
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/pagemap", "rb") as pagemap:
        for line in maps:
            begin, end = (int(number, 16) // page for number in line.split()[0].split("-"))
            if end > 1 << 47:
                continue  # the kernel's own
            pagemap.seek(begin * 8)
            entries = array.array("Q", pagemap.read((end - begin) * 8))
            found.update(entry & ((1 << 55) - 1) for entry in entries if entry & present)
    return found


def memory_of(figure, mode, bar):
    restart(mode)
    decide("pairs", rounds(2000), 1, sizes()["groups"] - 300)  # the last ones may have been taken out
    pids = [daemon_pid(), *worker_pids()]
    together = len(set().union(*(frames(pid) for pid in pids))) * os.sysconf("SC_PAGE_SIZE") / 2**20
    report(figure, round(together, 1), "MiB", rss_mib(pids[0]), bar, **sizes(), rss_of_each=[rss_mib(pid) for pid in pids],
           state=directory_state(), bare_is="MiB of the daemon alone; a page that both share counts once in the value")


def rss_mib_lookup_10k():
    memory_of("rss_mib_lookup_10k", "lookup", 16)


def rss_mib_replica_100k():
    memory_of("rss_mib_replica_100k", "replica", 256)


def start_large():
    SIZES.update(directory_people=100000, directory_groups=10000)
    start()


FIGURES = {function.__name__: function for function in (
    decision_warm_over_floor, decision_replica_over_floor, decision_cold_over_search, throughput_256_over_floor,
    removal_to_refusal_ms, hung_directory_denial_ms, rss_mib_lookup_10k)}
LARGE_FIGURES = {function.__name__: function for function in (rss_mib_replica_100k,)}
