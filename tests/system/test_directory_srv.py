# SPDX-License-Identifier: Apache-2.0
"""The servers of a directory by DNS SRV, with a name server of our own and a real slapd: failover, forged names, a name
server that says nothing; and what the daemon logs when a server ceases to answer."""
import json
import os
import socket
import struct
import subprocess
import threading
import time

from people import countersign
from world import run_as, variables, world

W = variables()
CONF = "/etc/countersign/countersignd.conf"
LOG = "/var/log/countersignd.log"
DOMAIN = "example.org"
LDAPS, LDAP = f"_ldaps._tcp.{DOMAIN}", f"_ldap._tcp.{DOMAIN}"
DEADLINE = 3.0
SRV = 33


class Dns(threading.Thread):
    """Answers SRV for the names in records: [(priority, weight, port, host)]; NXDOMAIN for others; silent: nothing."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.records, self.silent, self.asked = {}, False, 0

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            self.asked += 1
            if not self.silent:
                self.socket.sendto(self.answer(query), peer)

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += query[at] + 1
        question = query[12:at + 5]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        found = self.records.get(".".join(labels).lower(), []) if kind == SRV else []
        head = query[:2] + struct.pack(">HHHHH", 0x8180 if found else 0x8183, 1, len(found), 0, 0)
        return head + question + b"".join(self.record(*r) for r in found)

    @staticmethod
    def record(priority, weight, port, host):
        name = b"".join(bytes([len(part)]) + part.encode() for part in host.split(".")) + b"\0"
        data = struct.pack(">HHH", priority, weight, port) + name
        return b"\xc0\x0c" + struct.pack(">HHIH", SRV, 1, 60, len(data)) + data


dns = None


def certificate():
    """The server's, for the names that DNS gives it."""
    folder = W["DIR"] + "/tls"
    with open(folder + "/server.ext", "w") as file:
        file.write(f"subjectAltName=DNS:ldap1.{DOMAIN},DNS:ldap2.{DOMAIN},DNS:forged.invalid\n")
    done = subprocess.run(["openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                           "-CAcreateserial", "-days", "30", "-extfile", "server.ext", "-out", "server.pem"],
                          cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def setup():
    global dns
    dns = Dns()
    dns.start()
    with open("/etc/resolv.conf", "w") as file:
        file.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    with open("/etc/hosts", "a") as file:
        file.write(f"127.0.0.1 ldap1.{DOMAIN} ldap2.{DOMAIN} forged.invalid\n")
    for step in ("world_users", "world_certificates"):
        countersign(step)
    certificate()
    for step in ("world_slapd_start", "world_install", "countersign_configure"):
        countersign(step)


def start(more="", **records):
    """The daemon with the servers of the domain; records: ldap, ldaps."""
    if os.path.exists(W["DIR"] + "/countersignd.pid"):
        countersign("countersign_stop")
    dns.silent = False
    dns.records = {f"_{name}._tcp.{DOMAIN}": found for name, found in records.items()}
    with open(CONF) as file:
        lines = [line for line in file.read().splitlines()
                 if line.split("=")[0].strip() not in ("uri", "srv_domain", "ca_file", "starttls")]
    lines.insert(lines.index("directory {") + 1, f'    srv_domain = "{DOMAIN}"\n    ca_file = "{W["CA"]}"\n    {more}')
    with open(CONF, "w") as file:
        file.write("\n".join(lines) + "\n")
    with open(LOG, "w"):
        pass
    world("world_spawn", "countersignd", "/usr/sbin/countersignd", "--config", CONF)
    end = time.monotonic() + 10
    while not status():
        assert time.monotonic() < end, logged("")
        time.sleep(0.02)


def status():
    """Empty while the daemon does not serve. It says by its exit status whether the directory answers."""
    done = run_as("root", "countersign", "status", "--json")
    return json.loads(done.out) if done.out.startswith("{") else {}


def directory_until(*words, seconds=10):
    """Waits for a state of the directory that has all these words in it."""
    end = time.monotonic() + seconds
    while True:
        text = json.dumps(status())
        if all(word in text for word in words):
            return text
        assert time.monotonic() < end, text
        time.sleep(0.02)


def why():
    """What the daemon says of alice, and how long it took."""
    begin = time.monotonic()
    done = run_as("root", "countersign", "why", "alice", "release.deploy", "project/tomcat")
    return done, time.monotonic() - begin


def logged(*words):
    with open(LOG) as file:
        return [line for line in file if all(word in line for word in words)]


def test_the_second_server_of_a_domain_answers():
    """Lower priorities come first; the first server is not there."""
    start(ldaps=[(20, 0, 636, f"ldap2.{DOMAIN}"), (10, 0, 6361, f"ldap1.{DOMAIN}")])
    directory_until(f"ldaps://ldap2.{DOMAIN}:636 answers", f"ldaps://ldap1.{DOMAIN}:6361 does not since")
    done, took = why()
    assert done.status == 0, done
    assert took < 2, took
    assert len(logged(f"ldaps://ldap1.{DOMAIN}:6361 does not answer", "LDAP server")) == 1, logged("")


def test_starttls_asks_for_ldap():
    start(more="starttls = true", ldap=[(0, 0, 389, f"ldap1.{DOMAIN}")], ldaps=[(0, 0, 6361, f"ldap2.{DOMAIN}")])
    directory_until(f"ldap://ldap1.{DOMAIN}:389 answers")
    done, _ = why()
    assert done.status == 0, done


def test_a082_a_name_outside_the_domain_is_not_taken():
    """Whoever forges DNS could have a certificate for a host of his own; and here it even is good."""
    start(ldaps=[(0, 0, 636, "forged.invalid"), (0, 0, 636, f"forged{DOMAIN}")])
    directory_until("it names no host below that domain")
    done, took = why()
    assert done.status != 0 and "it names no host below that domain" in done.out + done.err, done
    assert took < DEADLINE, took


def test_a083_a_name_server_that_says_nothing():
    start()
    dns.silent = True
    done, took = why()
    assert done.status != 0, done
    assert took < DEADLINE, took
    # and is back without a restart
    dns.records[LDAPS] = [(0, 0, 636, f"ldap1.{DOMAIN}")]
    dns.silent = False
    directory_until(f"ldaps://ldap1.{DOMAIN}:636 answers", seconds=20)
    assert len(logged("DNS does not name the servers")) == 1, logged("")
    assert len(logged("DNS names the servers", "again")) == 1, logged("")


def test_new_names_are_learned_when_all_fail():
    start(ldaps=[(0, 0, 6361, f"ldap1.{DOMAIN}")])
    directory_until("Can't contact LDAP server")
    dns.records[LDAPS] = [(0, 0, 636, f"ldap2.{DOMAIN}")]
    directory_until(f"ldaps://ldap2.{DOMAIN}:636 answers", seconds=20)


def test_a083_one_line_when_a_server_stops_and_one_when_it_is_back():
    start(ldaps=[(0, 0, 636, f"ldap1.{DOMAIN}")])
    directory_until("636 answers")
    for down, up in (("world_slapd_pause", "world_slapd_resume"), ("world_slapd_stop", "world_slapd_start")):
        before = len(logged("does not answer")), len(logged("answers again"))
        world(down)
        done, took = why()
        assert done.status != 0, done
        assert took < DEADLINE, took
        for _ in range(3):
            done, took = why()
            assert done.status != 0 and took < DEADLINE, (done, took)
        world(up)
        directory_until("636 answers", seconds=20)
        now = len(logged("does not answer")), len(logged("answers again"))
        assert now == (before[0] + 1, before[1] + 1), logged("")
