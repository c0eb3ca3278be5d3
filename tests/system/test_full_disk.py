# SPDX-License-Identifier: Apache-2.0
"""The store's disk is full (A106, A133): what cannot be recorded is not permitted, every call is answered with a denial, what
only reads still works, and the log says why. With room again it goes on as if nothing had been, and the record is whole.

One-line change it kills: answers given before cs_store_commit's result is known (record_turn)."""
import json
import os
import re
import subprocess

import fixed
from fixed import COMMAND, module, person
from people import STORE, countersign, whole
from wire import CLAIM, DENY, HOLD, PERMIT, SUBMIT, VOTE, claim, show, submit, vote
from world import run_as

STATE = os.path.dirname(STORE)
FILLER = STATE + "/filler"
HEAD = re.compile(r"event (\d+) head=([0-9a-f]{64})")


def setup():
    fixed.configure()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", STATE], check=True)
    subprocess.run(["chown", "countersign:countersign", STATE], check=True)
    countersign("countersign_start")


def fill():
    """Not a byte is left, also for what SQLite could still write into pages that it has."""
    with open(FILLER, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


def free():
    os.unlink(FILLER)


def log():
    with open("/var/log/countersignd.log", errors="replace") as file:
        return file.read()


def asked(wire, argv, command=COMMAND):
    with open(command) as file:
        return wire.ask(SUBMIT, submit(2001, "alice", command, argv), file.fileno())


def until_denied(wire, serial):
    """The log of SQLite has some room in the file that it keeps; then there is none."""
    for turn in range(500):
        answer = asked(wire, ["true", "tomcat", f"{serial}.{turn}"])
        if answer["why"] == "store":
            return answer
        assert answer["verdict"] in (HOLD, DENY), answer
    raise AssertionError("the disk is never full")


def approve(name, number):
    wire = person(name)
    try:
        _, digest, _ = show(wire, number)
        return wire.ask(VOTE, vote(number, digest))
    finally:
        wire.close()


def test_a106_no_record_no_permit_on_a_full_disk():
    waits = module()
    held = asked(waits, ["true", "tomcat", "10.1"])
    assert held["verdict"] == HOLD, held
    assert approve("bob", held["number"])["why"] == "needs-approval"
    assert approve("carol", held["number"])["why"] == "approved"

    fill()
    other = module()
    assert until_denied(other, "full")["verdict"] == DENY
    other.close()
    # What nothing guards is permitted otherwise; here it could not be recorded.
    free_for_all = module()
    answer = asked(free_for_all, ["false"], "/usr/bin/false")
    assert (answer["verdict"], answer["why"]) == (DENY, "store"), answer
    free_for_all.close()
    # What was approved is not released.
    with open(COMMAND) as file:
        refused = waits.ask(CLAIM, claim(held), file.fileno())
    assert refused["verdict"] == DENY, refused
    # Who only looks is answered, and the log says why nothing goes.
    done = run_as("root", "countersign", "status", "--json")
    assert done.status == 0, done
    assert run_as("root", "countersign", "list").status == 0
    assert "the store could not write, and what is not recorded is denied" in log()
    assert whole()

    free()
    again = module()
    answer = asked(again, ["false"], "/usr/bin/false")
    assert answer["verdict"] == PERMIT, answer
    with open(COMMAND) as file:
        used = again.ask(SUBMIT, submit(2001, "alice", COMMAND, ["true", "tomcat", "10.1"]), file.fileno())
    assert used["verdict"] == PERMIT and used["number"] == held["number"], used
    again.close()
    waits.close()
    assert whole()


def test_a131_every_logged_head_is_in_the_record_after_it():
    told = dict(HEAD.findall(log()))
    assert len(told) > 5
    done = run_as("root", "countersign", "evidence", "verify", "--json", "--log", "/var/log/countersignd.log")
    assert done.status == 0, done
    assert json.loads(done.out)["heads"] == len(HEAD.findall(log())), done.out
    done = run_as("root", "countersign", "evidence", "export")
    kept = {str(line["number"]): line["chain"] for line in map(json.loads, done.out.splitlines()) if "number" in line}
    for number, head in told.items():
        assert kept.get(number) == head, (number, head)


def test_a108_it_starts_on_a_full_disk_or_says_why_not():
    fill()
    countersign("countersign_stop")
    started = subprocess.run(["/usr/sbin/countersignd", "--config", "/etc/countersign/countersignd.conf"],
                             capture_output=True, text=True, timeout=60)
    assert started.returncode != 0, started
    assert started.stderr.strip(), started
    free()
    countersign("countersign_start")
    assert whole()
    countersign("countersign_stop")
