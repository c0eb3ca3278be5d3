# SPDX-License-Identifier: Apache-2.0
"""What people do with Countersign and what root can see of it, for the demo and the system tests.

The oracle: the command under test leaves a line in a file that only root can write (deploys), and what was decided stands
in the evidence (events).
"""
import json
import os
import re
import sqlite3
import subprocess
import time

from term import Term
from world import run_as

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "countersign.sh")
DEPLOYS = "/var/log/deploys"
STORE = "/var/lib/countersign/countersign.db"
POLICY = "/etc/countersign/policy.conf"
SOCKETS = "/run/countersign"

NUMBER = r"[Rr]equest #?(\d+)"
CODE = r"[Cc]heck code\W+(\d{4})"
REASON = r"(?i)reason[^\n]*: *$"


def countersign(function, *arguments, stdin=""):
    """Calls one function of countersign.sh (and so of world.sh); returns what it prints. A failure raises, with its words."""
    done = subprocess.run([SCRIPT, function, *map(str, arguments)], input=stdin, text=True, capture_output=True)
    if done.returncode != 0:
        raise AssertionError(f"{function} failed ({done.returncode}): {done.stderr.strip()} {done.stdout.strip()}")
    return done.stdout


def deploys():
    """The lines that the guarded command left."""
    with open(DEPLOYS) as file:
        return file.read().splitlines()


def events(since=0):
    """The evidence after event number `since`, as dictionaries."""
    done = run_as("root", "countersign", "evidence", "show", "--json", "--from", since + 1)
    assert done.status == 0, done
    return [json.loads(line) for line in done.out.splitlines()]


def last_event():
    found = json.loads(run_as("root", "countersign", "status", "--json").out)
    return found["events"]


def whole():
    """Is the evidence whole?"""
    return run_as("root", "countersign", "evidence", "verify").status == 0


def show(number, user="root"):
    """A request as that user sees it."""
    done = run_as(user, "countersign", "show", "--json", number)
    assert done.out, done
    return json.loads(done.out)


def requests(user="root", *options):
    done = run_as(user, "countersign", "list", "--json", *options)
    assert done.status == 0, done
    return json.loads(done.out)["rows"]


def approve(user, number, code, comment=""):
    return run_as(user, "countersign", "approve", number, "--code", code, "--yes", *(["--comment", comment] if comment else []))


def reject(user, number, comment=""):
    return run_as(user, "countersign", "reject", number, "--yes", *(["--comment", comment] if comment else []))


def approved_by(number, code, *users):
    """Each of them approves; it must count."""
    for user in users:
        done = approve(user, number, code)
        assert done.status == 0, done


def read_hold(term, reason="security release 10.1"):
    """At a sudo that is being held: gives the reason if one is asked for; returns number and check code."""
    found = term.expect(REASON + "|" + NUMBER)
    if found.group(1) is None:
        term.sendline(reason)
        found = term.expect(NUMBER)
    number = int(found.group(1))
    return number, term.expect(CODE).group(1)


def held(user, argv, reason="security release 10.1", **more):
    """Starts a sudo on a terminal that is held; returns the terminal, the request's number and the check code."""
    term = Term(argv, user=user, **more)
    try:
        number, code = read_hold(term, reason)
    except BaseException:
        term.close()
        raise
    return term, number, code


def change_record(number, old, new):
    """Changes the stored record of an event in the database file itself, with the daemon stopped meanwhile."""
    countersign("countersign_stop")
    record = _stored(number)
    assert record.count(old) >= 1 and len(old) == len(new)
    at = record.index(old)
    with open(STORE, "r+b") as file:
        content = file.read()
        place = content.find(record)
        while place >= 0 and _stored(number) == record:
            # A page may hold a stale copy of the record beside the one that counts.
            file.seek(place + at)
            file.write(new)
            file.flush()
            if _stored(number) != record:
                break
            file.seek(place + at)
            file.write(old)
            file.flush()
            place = content.find(record, place + 1)
    assert _stored(number) == record[:at] + new + record[at + len(old):]
    countersign("countersign_start")


def _stored(number):
    database = sqlite3.connect(STORE)
    try:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return bytes(database.execute("SELECT bytes FROM event WHERE number = ?", (number,)).fetchone()[0])
    finally:
        database.close()


def until(what, seconds=10):
    """Waits until the question is answered with something true; returns that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = what()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def withdraw_all():
    """Nothing that an earlier case left open may be used by a later one."""
    for row in requests("root", "--all"):
        if row["state"] in ("pending", "approved"):
            run_as("root", "countersign", "cancel", row["number"])


def from_clean(module):
    """Every test of the module begins without open requests."""
    def clean_first(test):
        def wrapped():
            withdraw_all()
            test()
        return wrapped
    for name, thing in list(module.items()):
        if name.startswith("test_"):
            module[name] = clean_first(thing)


def word(text, pattern):
    """The first group of the pattern in the text; None when it is not there."""
    found = re.search(pattern, text)
    return found.group(1) if found else None
