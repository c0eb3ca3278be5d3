# SPDX-License-Identifier: Apache-2.0
"""Asked ahead on a real sudo, repeated, and how long a session may last."""
import json
import os
import re
import time

from oracle import Oracle
from people import POLICY, approved_by, countersign, from_clean, held, requests, show, until
from term import Term, run
from world import run_as

DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]
LASTING = "/usr/local/sbin/lasting"
STUBBORN = "/usr/local/sbin/stubborn"
BEGUN = "/run/begun"

GATES = """
gate lasting {
	service = sudo
	command = { "%s", "%s" }
	permission = release.deploy
	scope = "project/tomcat"
	session = 2s
	approval infra { count = 1 role = infra scope = "*" }
}
"""


def program(path, text):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)


def with_gates():
    """The example's policy; people may ask ahead, and the two commands have a gate of their own."""
    with open(POLICY) as file:
        text = file.read()
    assert "use_within = 10m" in text
    countersign("countersign_policy", stdin=text.replace("use_within = 10m", "use_within = 10m\n\tahead = 7d", 1) +
                GATES % (LASTING, STUBBORN))
    done = run_as("root", "countersign", "policy", "apply", POLICY, "--yes")
    assert done.status == 0, done


def setup():
    program(LASTING, f"#!/bin/sh\n: >{BEGUN}\nexec sleep 60\n")
    program(STUBBORN, f"#!/bin/bash\ntrap '' HUP TERM ALRM INT\n: >{BEGUN}\nwhile :; do read -rt 1 <>/dev/zero; done\n")
    countersign("countersign_world")
    with open("/etc/sudoers.d/lasting", "w") as file:
        file.write(f"alice ALL = (root) NOPASSWD: {LASTING}, {STUBBORN}\n")
    os.chmod("/etc/sudoers.d/lasting", 0o440)
    with_gates()


def teardown():
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def ask_ahead(*words, user="alice"):
    """Returns the number and the check code of what was asked for."""
    done = run_as(user, "countersign", "request", "--reason", "tonight", *words)
    assert done.status == 0, done
    assert re.search(r"^    then run    ", done.out, re.M), done
    return (int(re.search(r"^countersign: request (\d+) is asked for ahead$", done.out, re.M).group(1)),
            re.search(r"check code  (\d{4})", done.out).group(1), done)


def test_ahead_approved_then_the_plain_command_runs_at_once():
    oracle = Oracle()
    number, code, done = ask_ahead("--", *DEPLOY)
    assert "bob" in done.out and f"countersign approve {number}" in done.out, done
    oracle.nothing_ran()
    # Kills: making a second request where one is open.
    assert ask_ahead("--", *DEPLOY)[0] == number
    approved_by(number, code, "bob", "carol")
    oracle.nothing_ran()
    status, screen = run(DEPLOY, user="alice")
    assert "eason" not in screen, screen
    oracle.ran(number, status)


def test_ahead_before_its_start_it_cools():
    oracle = Oracle()
    number, code, done = ask_ahead("--at", "+1h", "--", *DEPLOY)
    assert "not before" in done.out, done
    approved_by(number, code, "bob", "carol")
    with Term(DEPLOY, user="alice") as term:
        term.expect(r"may be used in (59m|1h)")
        oracle.nothing_ran()
        term.sendintr()
        assert term.wait() != 0
    oracle.nothing_ran()
    # It was asked for ahead, so Ctrl-C at the terminal did not take it away.
    assert show(number)["status"] == "approved", show(number)


def test_ahead_wait_and_json():
    with Term(["countersign", "request", "--wait", "--reason", "tonight", "--", *DEPLOY], user="alice") as term:
        number = int(term.expect(r"request (\d+) is asked for ahead").group(1))
        code = term.expect(r"check code  (\d{4})").group(1)
        approved_by(number, code, "bob", "carol")
        term.expect(rf"request {number} is approved; run the same command again")
        assert term.wait() == 0
    done = run_as("alice", "countersign", "request", "--json", "--", *DEPLOY)
    told = json.loads(done.out)
    assert told["status"] == "approved" and told["decision"]["number"] == number, done


def test_ahead_refusals_say_why():
    past = run_as("alice", "countersign", "request", "--at", "2020-01-01T00:00Z", "--", *DEPLOY)
    assert past.status == 2 and "that has passed" in past.err, past
    far = run_as("alice", "countersign", "request", "--at", "+300d", "--", *DEPLOY)
    assert far.status == 1 and "gate" in far.err, far
    assert run_as("dave", "countersign", "request", "--", *DEPLOY).status == 1
    assert requests("root") == [], requests("root")


def test_ahead_without_the_plugin_nothing_is_run():
    oracle = Oracle()
    os.rename("/etc/sudo.conf", "/etc/sudo.conf.away")
    try:
        done = run_as("alice", "countersign", "request", "--", *DEPLOY)
    finally:
        os.rename("/etc/sudo.conf.away", "/etc/sudo.conf")
    assert done.status == 69 and "would run the command" in done.err, done
    oracle.nothing_ran()


def test_ahead_repeat_is_the_same_action():
    term, number, _ = held("alice", DEPLOY, cwd="/tmp")
    with term:
        term.sendintr()
        term.wait()
    with Term(["countersign", "repeat", str(number)], user="alice") as again:
        again.expect(r"^sudo -- deploy-release tomcat 10.1")
        fresh = int(again.expect(r"request (\d+) is held").group(1))
        first, second = (show(n)["request"]["action"] for n in (number, fresh))
        first.pop("tty"), second.pop("tty")
        assert fresh != number and first == second, (first, second)
        assert show(fresh)["request"]["reason"] == "security release 10.1"
        again.sendintr()
        again.wait()
    assert run_as("bob", "countersign", "repeat", number).status == 77


def test_ahead_ctrl_c_leaves_the_other_session_waiting():
    first, number, code = held("alice", DEPLOY)
    with first, Term(DEPLOY, user="alice") as second:
        second.expect("another session waits for it too")
        first.expect("another session waits for it too", timeout=20)  # it looks every ten seconds
        second.sendintr()
        second.expect(f"request {number} stays open")
        assert second.wait() != 0
        assert show(number)["status"] == "pending"
        first.sendintr()
        first.expect(f"request {number} is cancelled")
        first.wait()
    assert show(number)["status"] == "cancelled"


# --- How long it may last


def lasts(argv):
    """How many seconds the command ran after it began. The terminal stays: sudo -b returns at once."""
    if os.path.exists(BEGUN):
        os.remove(BEGUN)
    number, code, _ = ask_ahead("--", *argv)
    approved_by(number, code, "carol")
    with Term(["bash", "-c", " ".join(argv) + "; read -r"], user="alice"):
        until(lambda: os.path.exists(BEGUN))
        begun = time.monotonic()
        until(lambda: not running(), seconds=30)
        return time.monotonic() - begun


def running():
    """The guarded programs that run now."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                words = file.read()
        except OSError:
            continue
        if words in (f"/bin/bash\0{STUBBORN}\0", "sleep\x0060\0"):
            found.append(pid)
    return found


def test_session_ends_in_time_however_sudo_runs_it():
    for defaults in "!use_pty", "use_pty":
        with open("/etc/sudoers.d/session", "w") as file:
            file.write(f"Defaults {defaults}\nDefaults user_command_timeouts\n")
        os.chmod("/etc/sudoers.d/session", 0o440)
        for argv in (["sudo", LASTING], ["sudo", STUBBORN], ["sudo", "-b", STUBBORN], ["sudo", "-T", "90", STUBBORN]):
            took = lasts(argv)
            # Kills: alarm(2) in place of a timer (with -T), or in the plugin (with -b).
            assert 1 <= took < 20, (defaults, argv, took)


from_clean(globals())
