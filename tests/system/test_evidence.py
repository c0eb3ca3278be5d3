# SPDX-License-Identifier: Apache-2.0
"""What others can check without the daemon, and without anything of Countersign: the commands of docs/evidence.md as they
stand there, on a record that a real daemon wrote. Receipts by OpenSSH, the chain by twenty lines of Python, segments and
the store as one record (A110, A131, A135)."""
import json
import os
import re
import subprocess
import tempfile

import fixed
from fixed import COMMAND, module, person
from people import countersign
from wire import CLAIM, HOLD, PERMIT, SUBMIT, VOTE, claim, show, submit, vote
from world import run_as

DOC = open(os.path.join(os.path.dirname(__file__), "../../docs/evidence.md"), encoding="utf-8").read()
PLACE = tempfile.mkdtemp()


def setup():
    fixed.configure()
    countersign("countersign_start")


def code(language, says):
    """The block of the page that holds these words."""
    return next(block for block in re.findall(rf"```{language}\n(.*?)```", DOC, re.S) if says in block)


def used(version):
    """Asked by alice, approved by bob and carol, and used; its number."""
    wire = module()
    argv = ["true", "tomcat", version]
    with open(COMMAND) as file:
        held = wire.ask(SUBMIT, submit(2001, "alice", COMMAND, argv), file.fileno())
        assert held["verdict"] == HOLD, held
        for name in ("bob", "carol"):
            voter = person(name)
            _, digest, _ = show(voter, held["number"])
            voter.ask(VOTE, vote(held["number"], digest))
            voter.close()
        assert wire.ask(CLAIM, claim(held), file.fileno())["verdict"] == PERMIT
    wire.close()
    return held["number"]


def keep(name, text):
    path = os.path.join(PLACE, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def tell(*words, status=0):
    done = run_as("root", "countersign", *words)
    assert done.status == status, done
    return done.out


def by_hand(text):
    return subprocess.run(["python3", "-c", code("python", "hashlib")], input=text, text=True, capture_output=True)


def test_n_the_chain_is_checked_by_hand():
    used("10.1")
    text = tell("evidence", "export")
    head = json.loads(tell("evidence", "verify", "--json"))
    done = by_hand(text)
    assert done.returncode == 0 and done.stdout.split()[1] == head["head"], done
    part = tell("evidence", "export", "--from", 3)
    assert by_hand(part).stdout == done.stdout
    at = text.index('"bytes":"', text.index('"number":4')) + 60
    forged = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1:]
    assert by_hand(forged).returncode == 1
    path = keep("forged.jsonl", forged)
    assert "its content was changed" in tell("evidence", "verify", path, status=1)
    assert tell("evidence", "verify", keep("part.jsonl", part)).startswith("evidence: from event 3 on")


def test_n_a_receipt_is_checked_by_openssh_alone():
    number = used("10.2")
    text = tell("receipt", number)
    key = json.loads(tell("status", "--json"))["host_key"]
    keep("host.pub", key + "\n")
    path = keep("receipt.jsonl", text)
    script = code("sh", "ssh-keygen")
    done = subprocess.run(["sh", "-e", "-c", script], cwd=PLACE, capture_output=True, text=True)
    assert done.returncode == 0 and "Good" in done.stdout, done
    out = tell("receipt", "--verify", path, "--key", os.path.join(PLACE, "host.pub"))
    assert "1 permit derived again from 2 votes" in out, out
    assert out.count(f"#{number}  ") == 5, out
    # One digit of what is signed; another host's key.
    at = text.index('"bytes":"') + 200
    keep("receipt.jsonl", text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1:])
    tell("receipt", "--verify", path, "--key", key, status=1)
    assert subprocess.run(["sh", "-e", "-c", script], cwd=PLACE, capture_output=True).returncode != 0
    keep("receipt.jsonl", text)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(PLACE, "other")], check=True)
    tell("receipt", "--verify", path, "--key", os.path.join(PLACE, "other.pub"), status=1)
    # The requester has one as well; without the policy's text, which is root's to know.
    own = run_as("alice", "countersign", "receipt", number)
    assert own.status == 0 and len(own.out.splitlines()) == 1, own
    assert "nothing could be derived" in tell("receipt", "--verify", keep("own.jsonl", own.out), "--key", key)


def test_n_segments_and_store_are_one_record():
    before = json.loads(tell("evidence", "verify", "--json"))
    used("10.3")
    out = tell("evidence", "archive", "--before", before["head_number"] + 1, "--to", PLACE)
    name = re.search(r"evidence-\d{12}-\d{12}\.jsonl", out).group(0)
    segment = os.path.join(PLACE, name)
    assert os.stat(segment).st_mode & 0o777 == 0o600
    # The store alone begins behind it, and an event says so; both together are whole, as it was.
    live = json.loads(tell("evidence", "verify", "--json"))
    assert live["first"] == before["head_number"] + 1, live
    both = json.loads(tell("evidence", "verify", "--json", segment, "--live"))
    assert both["first"] == 1 and both["head_number"] == live["head_number"], both
    assert both["permits"] == 3, both
    # A second one goes on where the first ended.
    used("10.4")
    now = json.loads(tell("evidence", "verify", "--json"))
    tell("evidence", "archive", "--before", now["head_number"] - 4, "--to", PLACE)
    files = sorted(os.path.join(PLACE, file) for file in os.listdir(PLACE) if re.fullmatch(r"evidence-.*\.jsonl", file))
    assert len(files) == 2
    whole = json.loads(tell("evidence", "verify", "--json", *files, "--live"))
    assert whole["first"] == 1 and whole["permits"] == 4, whole
    assert "stands a second time" in tell("evidence", "verify", files[1], files[0], status=1)
    # What the host signed of it, by OpenSSH.
    keep("allowed", "rel1 " + json.loads(tell("status", "--json"))["host_key"] + "\n")
    with open(segment + ".segment", "rb") as signed:
        done = subprocess.run(["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "rel1", "-n", "segment.v1@countersign",
                               "-s", segment + ".segment.sig"], cwd=PLACE, stdin=signed, capture_output=True, text=True)
    assert done.returncode == 0, done


def test_n_nothing_is_cut_below_an_open_request():
    wire = module()
    with open(COMMAND) as file:
        held = wire.ask(SUBMIT, submit(2001, "alice", COMMAND, ["true", "tomcat", "10.5"]), file.fileno())
    used("10.6")
    now = json.loads(tell("evidence", "verify", "--json"))
    done = run_as("root", "countersign", "evidence", "archive", "--before", now["head_number"], "--to", PLACE)
    assert done.status == 1 and "not closed" in done.err, done
    assert json.loads(tell("evidence", "verify", "--json"))["first"] == now["first"]
    tell("cancel", held["number"])
    wire.close()
    countersign("countersign_stop")
