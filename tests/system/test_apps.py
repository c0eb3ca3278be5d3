# SPDX-License-Identifier: Apache-2.0
"""Programs that ask for whoever runs them: `countersign run`."""
import json
import os
import pwd
import re
import signal
import subprocess

from people import POLICY, approve, approved_by, countersign, events, from_clean, held, last_event, reject, requests, show, until
from term import Term
from world import SCRIPT, run_as

JOB = "/usr/local/bin/job"
PLAIN = "/usr/local/bin/plain"
RAN = "/home/alice/ran"
OPEN, DENIED, FAILED, NOT_RUNNABLE, NOT_FOUND = 123, 124, 125, 126, 127

GATES = """
service run { unmatched = permit }
gate job {
	service = run
	command = "%s tomcat *"
	permission = release.deploy
	scope = "project/tomcat"
	exposed_file = permit
	ahead = 1d
	approval infra { count = 1 role = infra scope = "*" }
}
gate scripts {
	service = run
	command = "/usr/bin/perl **"
	permission = release.deploy
	scope = "project/tomcat"
	exposed_file = permit
	approval infra { count = 1 role = infra scope = "*" }
}
gate other {
	service = run
	command = "/usr/bin/sleep *"
	permission = release.deploy
	scope = "project/tomcat"
	exposed_file = permit
	approval infra { count = 1 role = infra scope = "*" }
}
gate free {
	service = run
	command = "/usr/bin/mkdir *"
	permission = release.deploy
	scope = "project/tomcat"
	exposed_file = permit
}
gate reasoned {
	service = run
	command = "/usr/bin/touch *"
	permission = release.deploy
	scope = "project/tomcat"
	exposed_file = permit
	reason = required
	approval infra { count = 1 role = infra scope = "*" }
}
""" % JOB


CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = os.path.join(CHECKOUT, "etc/examples/release-service")
DELETE = "/usr/local/bin/delete-project"
PROJECTS = "/srv/projects"


def make_example():
    """The example program as its first lines say, and two projects that nobody can delete but through it."""
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-I", f"{CHECKOUT}/include", "-o", DELETE,
                    f"{EXAMPLE}/delete_project.c", "-lcountersign"], check=True)
    subprocess.run(["groupadd", "--system", "projects"], check=True)
    for folder in ("", ".deleted", "tomcat", "httpd"):
        os.makedirs(os.path.join(PROJECTS, folder), exist_ok=True)
        subprocess.run(["chgrp", "projects", os.path.join(PROJECTS, folder)], check=True)
        os.chmod(os.path.join(PROJECTS, folder), 0o775)
    subprocess.run(["chgrp", "projects", DELETE], check=True)
    os.chmod(DELETE, 0o2755)


def program(path, text):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)


def setup():
    program(JOB, f'#!/bin/sh\n{{ echo "$0 $*"; env; }} >>{RAN}\nexit 7\n')
    program(PLAIN, f"#!/bin/sh\necho plain >>{RAN}\n")
    countersign("countersign_world")
    make_example()
    with open(f"{EXAMPLE}/gate.conf") as file:
        gate = file.read()
    with open(POLICY) as file:
        text = file.read()
    countersign("countersign_policy", stdin=text + GATES + gate)
    done = run_as("root", "countersign", "policy", "apply", POLICY, "--yes")
    assert done.status == 0, done


def teardown():
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def job(*words, gate="job", options=()):
    return ["countersign", "run", "--gate", gate, *options, "--", JOB, *words]


def ran():
    """What the job wrote, and forgets it."""
    if not os.path.exists(RAN):
        return []
    with open(RAN) as file:
        lines = file.read().splitlines()
    os.unlink(RAN)
    return lines


def start(user, argv, **more):
    """Without a terminal."""
    return subprocess.Popen([SCRIPT, "as", user, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, start_new_session=True, **more)


def only_request(user="root"):
    return until(lambda: [row for row in requests(user) if row["state"] == "pending"])[0]["number"]


def code_of(number):
    return re.search(r"check code +(\d{4})", run_as("alice", "countersign", "show", number).out).group(1)


def test_run_is_held_and_runs_what_was_approved_with_its_own_status():
    mark = last_event()
    term, number, code = held("alice", job("tomcat", "10.1", options=["--env", "STAGE=blue"]),
                              env={"SECRET_MODE": "loud", "PATH": "/home/alice/bin:/usr/bin:/bin", "HOME": "/tmp"})
    with term:
        term.expect("Ctrl-C withdraws it")
        assert ran() == []
        asked = show(number)["request"]
        assert asked["action"]["argv"] == [JOB, "tomcat", "10.1"] and asked["action"]["env"] == ["STAGE=blue"], asked
        assert asked["subject"]["name"] == "alice" and asked["action"]["service"] == "run"
        assert asked["action"]["resolved"] == JOB and asked["action"]["exposed"] is True
        approved_by(number, code, "carol")
        term.expect(r"carol approved")
        term.expect(f"request {number} is approved, and used now")
        assert term.wait() == 7
    lines = ran()
    assert lines[0].endswith(" tomcat 10.1"), lines
    # Kills handing the caller's environment on: nothing of it that nobody was shown.
    assert "STAGE=blue" in lines and "HOME=/home/alice" in lines and "USER=alice" in lines
    assert not [line for line in lines if "SECRET_MODE" in line or "/home/alice/bin" in line], lines
    kinds = [event["kind"] for event in events(mark) if event["request"] == number]
    assert kinds.count("claimed") == 1 and "unconfirmed" not in kinds, kinds


def test_run_withdraws_with_ctrl_c_and_dies_of_it():
    term, number, _ = held("alice", job("tomcat", "10.1"))
    with term:
        term.expect("Ctrl-C withdraws it")
        term.sendintr()
        term.expect(f"request {number} is cancelled")
        assert term.wait() == -signal.SIGINT
    assert show(number)["decision"]["state"] == "cancelled" and ran() == []


def test_run_stays_open_when_the_terminal_goes_away():
    term, number, code = held("alice", job("tomcat", "10.1"))
    with term:
        term.hangup()
        term.wait()
    assert show(number)["decision"]["state"] == "pending"
    approved_by(number, code, "carol")
    assert run_as("alice", *job("tomcat", "10.1")).status == 7
    assert len([line for line in ran() if line.endswith(" tomcat 10.1")]) == 1


def test_run_without_waiting_says_one_line_and_123_then_uses_the_approval_once():
    done = run_as("alice", *job("tomcat", "10.2", options=["--no-wait"]))
    assert done.status == OPEN and done.out == "" and done.err.count("\n") == 1, done
    number = only_request()
    assert f"request {number} stays open" in done.err and "run the same command again" in done.err, done
    approved_by(number, code_of(number), "carol")
    assert run_as("alice", *job("tomcat", "10.2", options=["--no-wait"])).status == 7
    assert run_as("alice", *job("tomcat", "10.2", options=["--no-wait"])).status == OPEN
    assert len([line for line in ran() if line.endswith(" tomcat 10.2")]) == 1


def test_run_without_a_terminal_waits_with_one_line():
    process = start("alice", job("tomcat", "10.3"))
    number = only_request()
    assert process.poll() is None
    approved_by(number, code_of(number), "carol")
    out, err = process.communicate(timeout=20)
    assert process.returncode == 7 and out == "", (process.returncode, out, err)
    assert err.splitlines()[0].startswith(f"countersign: request {number} is held until others approve it: check code"), err
    assert err.splitlines()[1:] == [f"countersign: request {number} is approved, and used now"], err
    assert len(ran()) > 1


def test_run_is_rejected_with_124_and_says_by_whom():
    process = start("alice", job("tomcat", "10.4", options=["--json"]))
    number = only_request()
    assert reject("carol", number, "not today").status == 0
    out, err = process.communicate(timeout=20)
    assert process.returncode == DENIED and "was rejected by carol: not today" in err, (process.returncode, err)
    told = json.loads(out)
    assert told["reason"] == "rejected" and told["verdict"] == "deny" and "secret" not in told
    assert ran() == []


# Kills running what another gate guards, or none, though the policy permits that.
def test_run_only_by_the_gate_that_was_named():
    assert run_as("alice", *job("tomcat", "10.1", gate="other")).status == DENIED
    done = run_as("alice", "countersign", "run", "--gate", "job", "--", PLAIN)
    assert done.status == DENIED and "No gate guards this" in done.err, done
    assert run_as("alice", *job("tomcat", "10.1", gate="nowhere")).status == DENIED
    assert run_as("dave", *job("tomcat", "10.1")).status == DENIED
    assert run_as("root", *job("tomcat", "10.1")).status == DENIED
    assert run_as("alice", "countersign", "run", "--", JOB).status == FAILED
    assert ran() == [] and [row for row in requests() if row["state"] == "pending"] == []


def test_run_says_what_it_cannot_run_as_env_does():
    def run(*words):
        return run_as("alice", "countersign", "run", "--gate", "job", "--", *words).status
    assert run("no-such-command") == NOT_FOUND and run("/nowhere/job") == NOT_FOUND
    assert run("/etc/passwd") in (DENIED, NOT_RUNNABLE) and run("/tmp") == NOT_RUNNABLE
    assert run_as("alice", "countersign", "run", "--gate", "job", "--no-such-option", "--", JOB).status == FAILED
    countersign("countersign_stop")
    try:
        done = run_as("alice", *job("tomcat", "10.1"))
        assert done.status == FAILED and "countersignd does not answer" in done.err, done
    finally:
        countersign("countersign_start")
    assert ran() == []


# Kills executing by path what was hashed by descriptor, and not hashing it again when it is used.
def test_run_refuses_another_file_than_was_approved():
    process = start("alice", job("tomcat", "10.5"))
    number = only_request()
    program(JOB, f"#!/bin/sh\necho swapped >>{RAN}\n")  # in place: the same file, with other bytes
    try:
        approved_by(number, code_of(number), "carol")
        err = process.communicate(timeout=20)[1]
        assert process.returncode == DENIED and "target-changed" in err, err
        # and who asks again asks for another file
        assert run_as("alice", *job("tomcat", "10.5", options=["--no-wait"])).status == OPEN
        assert only_request() != number
    finally:
        program(JOB, f'#!/bin/sh\n{{ echo "$0 $*"; env; }} >>{RAN}\nexit 7\n')
    assert ran() == []


# Kills: asking for the script and not sending it; not sending it again, opened anew, when the approval is used.
def test_run_a034_a_script_is_what_was_approved():
    script = "/home/alice/job.pl"
    text = f'open(F, ">>", "{RAN}"); print F "script\\n"; close(F);\n'
    command = ["countersign", "run", "--gate", "scripts", "--", "perl", script]
    program(script, text)
    process = start("alice", command)
    number = only_request()
    operand, = show(number)["request"]["action"]["operands"]
    assert operand["path"] == script and operand["exposed"] and operand["file"]["present"], operand
    approved_by(number, code_of(number), "carol")
    assert process.communicate(timeout=20)[0] == "" and process.returncode == 0 and ran() == ["script"]
    process = start("alice", command)
    number = only_request()
    program(script, text.replace("script", "swapped"))
    approved_by(number, code_of(number), "carol")
    err = process.communicate(timeout=20)[1]
    assert process.returncode == DENIED and "target-changed" in err and ran() == [], err
    os.unlink(script)


def test_run_asks_for_a_reason_on_a_terminal_and_says_how_to_give_it_without():
    command = ["countersign", "run", "--gate", "reasoned", "--", "touch", RAN]
    done = run_as("alice", *command)
    assert done.status == FAILED and "--reason" in done.err, done
    with Term(command, user="alice") as term:
        term.expect("Reason for this request: ")
        term.sendline("it has to be touched")
        number = int(term.expect(r"request (\d+) is held").group(1))
        assert show(number)["request"]["reason"] == "it has to be touched"
        approved_by(number, code_of(number), "carol")
        assert term.wait() == 0
    assert os.path.exists(RAN) and ran() == []


def ask_ahead(*words, options=(), env=None, **more):
    """Asks with --ahead; the request's number, which is all that comes on standard output."""
    done = run_as("alice", *job(*words, options=["--ahead", *options], **more), env=env)
    assert done.status == 0 and re.fullmatch(r"\d+\n", done.out), done
    return int(done.out), done


# Kills: running what is permitted by then; a second request where one is open; using the approval where it is only asked for.
def test_run_ahead_asks_and_the_same_run_uses_it_once():
    number, done = ask_ahead("tomcat", "11.0", options=["--reason", "tonight"])
    assert f"request {number} is asked for ahead" in done.err and f"countersign approve {number}" in done.err, done
    assert show(number)["request"]["reason"] == "tonight" and show(number)["decision"]["state"] == "pending"
    assert ask_ahead("tomcat", "11.0")[0] == number
    approved_by(number, code_of(number), "carol")
    again, done = ask_ahead("tomcat", "11.0")
    assert again == number and "is approved already" in done.err, done
    assert ran() == [] and show(number)["decision"]["state"] == "approved"
    # what differs in one word, its environment or its folder is something else
    for command in (job("tomcat", "11.1", options=["--no-wait"]), job("tomcat", "11.0", options=["--no-wait", "--env", "A=b"]),
                    ["env", "--chdir=/tmp", *job("tomcat", "11.0", options=["--no-wait"])]):
        assert run_as("alice", *command).status == OPEN
    assert run_as("alice", *job("tomcat", "11.0", options=["--no-wait"])).status == 7
    assert len([line for line in ran() if line.endswith(" tomcat 11.0")]) == 1
    assert run_as("alice", *job("tomcat", "11.0", options=["--no-wait"])).status == OPEN and ran() == []


# Kills hashing the file only when it runs.
def test_run_ahead_is_of_the_file_that_was_there_then():
    number, _ = ask_ahead("tomcat", "11.2")
    approved_by(number, code_of(number), "carol")
    program(JOB, f"#!/bin/sh\necho swapped >>{RAN}\n")
    try:
        assert run_as("alice", *job("tomcat", "11.2", options=["--no-wait"])).status == OPEN
        assert show(number)["decision"]["state"] == "approved" and ran() == []
    finally:
        program(JOB, f'#!/bin/sh\n{{ echo "$0 $*"; env; }} >>{RAN}\nexit 7\n')


# Kills a script that is hashed only where something is about to run.
def test_run_ahead_a034_hashes_scripts_too():
    script = "/home/alice/ahead.pl"
    command = ["countersign", "run", "--gate", "scripts", "--no-wait", "--", "perl", script]
    program(script, f'open(F, ">>", "{RAN}"); print F "script\\n"; close(F);\n')
    done = run_as("alice", *command[:4], "--ahead", *command[5:])
    assert done.status == 0, done
    number = int(done.out)
    operand, = show(number)["request"]["action"]["operands"]
    assert operand["path"] == script and operand["file"]["present"], operand
    approved_by(number, code_of(number), "carol")
    assert run_as("alice", *command).status == 0 and ran() == ["script"]
    os.unlink(script)


def test_run_ahead_with_a_start_waits_for_its_time():
    number, done = ask_ahead("tomcat", "11.3", options=["--at", "+2h"])
    assert "not before" in done.err, done
    approved_by(number, code_of(number), "carol")
    done = run_as("alice", *job("tomcat", "11.3", options=["--no-wait"]))
    assert done.status == OPEN and ran() == [], done
    assert run_as("alice", *job("tomcat", "11.4", options=["--ahead", "--at", "+2d"])).status == DENIED
    for options in (["--at", "+2h"], ["--ahead", "--at", "soon"]):
        assert run_as("alice", *job("tomcat", "11.4", options=options)).status == FAILED
    assert ran() == []


# Kills taking a permit that nobody was asked for, for one to run by; and 0 for what is refused.
def test_run_ahead_says_how_it_stands_and_never_runs():
    done = run_as("alice", *job("tomcat", "11.5", options=["--ahead", "--json"]))
    told = json.loads(done.out)
    assert done.status == 0 and told["verdict"] == "deny" and told["state"] == "pending" and "secret" not in told, done
    assert run_as("alice", "countersign", "cancel", told["number"]).status == 0
    done = run_as("dave", *job("tomcat", "11.5", options=["--ahead"]))
    assert done.status == DENIED and done.out == "" and "no-permission" in done.err, done
    done = run_as("alice", "countersign", "run", "--gate", "free", "--ahead", "--", "mkdir", RAN)
    assert done.status == 0 and done.out == "" and "nobody has to approve this" in done.err, done
    done = run_as("alice", "countersign", "run", "--gate", "reasoned", "--ahead", "--", "touch", RAN)
    assert done.status == FAILED and done.out == "" and "--reason" in done.err, done
    assert not os.path.exists(RAN)


def projects():
    return {name for name in os.listdir(PROJECTS) if not name.startswith(".")}


def test_a_program_deletes_a_project_once_others_agreed():
    process = start("alice", [DELETE, "tomcat", "it has moved"])
    number = only_request()
    assert projects() == {"tomcat", "httpd"}
    asked = show(number)["request"]
    assert asked["action"]["service"] == "app-projects" and asked["gate"] == "delete-project", asked
    assert asked["action"]["argv"] == ["delete", "tomcat"] and asked["reason"] == "it has moved", asked
    assert asked["requester"]["name"] == "alice"
    code = code_of(number)
    approved_by(number, code, "bob")
    assert process.poll() is None and projects() == {"tomcat", "httpd"}
    approved_by(number, code, "carol")
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0 and out == "project tomcat is deleted\n", (process.returncode, out, err)
    assert f"request {number} waits for others; its check code is {code}" in err
    assert projects() == {"httpd"}
    os.rename(f"{PROJECTS}/.deleted/tomcat", f"{PROJECTS}/tomcat")


def test_a_program_deletes_nothing_without_the_others():
    assert run_as("alice", "mv", f"{PROJECTS}/tomcat", f"{PROJECTS}/.deleted/").status != 0
    assert run_as("alice", DELETE, "httpd", "not mine").status == 1  # she owns another project
    assert run_as("dave", DELETE, "tomcat", "nothing is mine").status == 1
    process = start("alice", [DELETE, "tomcat", "it has moved"])
    assert reject("carol", only_request(), "it has not").status == 0
    assert process.communicate(timeout=20) and process.returncode == 1
    countersign("countersign_stop")
    try:
        assert run_as("alice", DELETE, "tomcat", "quick, while nobody looks").status == 3
    finally:
        countersign("countersign_start")
    assert projects() == {"tomcat", "httpd"}


# A service of root, which knows by its own login whom it serves. Kills: judging root instead; using for one of both ways what
# was approved for the other; a person who approves what root does for him.
def test_a_service_of_root_asks_for_whom_it_serves():
    alice = pwd.getpwnam("alice").pw_uid
    process = start("root", [DELETE, "--for", str(alice), "tomcat", "it has moved"])
    number = only_request()
    asked = show(number)["request"]
    assert asked["subject"]["uid"] == alice and asked["requester"]["name"] == "alice", asked
    assert asked["action"]["target_uid"] == 0 and asked["action"]["service"] == "app-projects", asked
    shown = run_as("bob", "countersign", "show", number).out
    assert re.search(r"requester +alice \(uid", shown) and re.search(r"as +\(uid 0,", shown), shown
    code = code_of(number)
    assert approve("alice", number, code).status != 0
    own = start("alice", [DELETE, "tomcat", "it has moved"])
    other, = until(lambda: [row for row in requests() if row["state"] == "pending" and row["number"] != number])
    approved_by(number, code, "bob")
    approved_by(number, code, "carol")
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0 and out == "project tomcat is deleted\n", (process.returncode, out, err)
    assert own.poll() is None and show(other["number"])["decision"]["state"] == "pending"
    assert run_as("alice", "countersign", "cancel", other["number"]).status == 0
    assert own.communicate(timeout=20) and own.returncode == 1
    os.rename(f"{PROJECTS}/.deleted/tomcat", f"{PROJECTS}/tomcat")
    # his rights count, and not those of root
    done = run_as("root", DELETE, "--for", pwd.getpwnam("dave").pw_uid, "tomcat", "nothing is his")
    assert done.status == 1 and "no-permission" in done.err, done


# Kills a uid that is believed because it is named, also where the kernel says another.
def test_nobody_but_root_asks_for_another():
    mark = last_event()
    for user, named in (("bob", "alice"), ("dave", "alice"), ("alice", "bob"), ("alice", "root")):
        done = run_as(user, DELETE, "--for", pwd.getpwnam(named).pw_uid, "tomcat", "in his name")
        assert done.status == 3 and "not permitted" in done.err, done
    assert [event["kind"] for event in events(mark)] == [] and projects() == {"tomcat", "httpd"}
    process = start("alice", [DELETE, "--for", str(pwd.getpwnam("alice").pw_uid), "tomcat", "her own name"])
    number = only_request()
    assert show(number)["request"]["action"]["target_uid"] == pwd.getpwnam("alice").pw_uid
    assert run_as("alice", "countersign", "cancel", number).status == 0
    assert process.communicate(timeout=20) and process.returncode == 1


from_clean(globals())
