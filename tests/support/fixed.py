# SPDX-License-Identifier: Apache-2.0
"""countersignd in the sandbox without a directory server: people in a file, one gate, two approvals."""
import os
import subprocess

from people import SOCKETS, STORE, countersign
from wire import Wire

ETC = "/etc/countersign"
PEOPLE = SOCKETS + "/people.sock"
MODULE = SOCKETS + "/module.sock"
COMMAND = "/usr/bin/true"
UIDS = {"alice": 2001, "bob": 2003, "carol": 2004, "erin": 2006}
# Whose requests are rejected often has to wait between them, so tests that reject ask as many.
REQUESTERS = {f"asks{i}": 2100 + i for i in range(20)}
UIDS |= REQUESTERS

PEOPLE_FILE = "".join(f'person {name} {{ uid = {uid} id = "id-{name}" dn = "uid={name},ou=people" }}\n' for name, uid in UIDS.items())
PEOPLE_FILE += """
group tomcat { dn = "cn=tomcat,ou=project" attribute cn { value = tomcat } listed owner { people = { alice, bob, erin, OTHERS } } }
group infra { dn = "cn=infra,ou=groups" attribute cn { value = infra } listed member { people = { carol, erin } } }
""".replace("OTHERS", ", ".join(REQUESTERS))

POLICY = """
service sudo { unmatched = permit }
permission release.deploy { label = "Deploy" }
permission release.approve { label = "Approve" }
role pmc { permissions = { release.deploy, release.approve } }
role infra { permissions = { release.approve } }
assignment owners { role = pmc scope = "project/%{cn}" below = "ou=project" listed = owner }
assignment infra { role = infra scope = "*" group = "cn=infra,ou=groups" listed = member }
gate deploy { service = sudo command = "/usr/bin/true %{project} **"
  permission = release.deploy scope = "project/%{project}"
  approval committee { count = 1 permission = release.approve }
  approval infra { count = 1 role = infra scope = "*" }
  lifetime = 30m use_within = 10m }
"""


def write(name, content, mode=0o644):
    path = os.path.join(ETC, name)
    with open(path + ".new", "w") as file:
        file.write(content)
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)
    return path


def configure(hold="15m", per_uid=20, total=10000):
    countersign("world_users")
    countersign("world_install")
    os.makedirs(ETC, exist_ok=True)
    os.makedirs(SOCKETS, 0o755, exist_ok=True)
    subprocess.run(["install", "-d", "-m", "0700", "-o", "countersign", "-g", "countersign", os.path.dirname(STORE)], check=True)
    people = write("people.conf", PEOPLE_FILE)
    write("policy.conf", POLICY)
    write("countersignd.conf", f"""
user = countersign
host = rel1
store = "{STORE}"
policy = "{ETC}/policy.conf"
socket_dir = "{SOCKETS}"
hold = {hold}
max_open_per_uid = {per_uid}
max_open = {total}
directory {{ file = "{people}" }}
""")


def pid():
    return int(open("/run/world/countersignd.pid").read())


def module():
    return Wire(MODULE)


def person(name):
    return Wire(PEOPLE, UIDS.get(name, 0))
