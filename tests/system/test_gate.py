# SPDX-License-Identifier: Apache-2.0
"""countersign-gate on a real sshd: an approval for each command, for sftp and scp, and for each shell."""
import os
import pwd
import re
import signal
import subprocess

from people import POLICY, approved_by, countersign, events, from_clean, last_event, reject, requests, show, until
from term import Term
from world import SCRIPT, run_as

SSH = ["ssh", "-o", "BatchMode=yes"]
MARK = "/home/alice/ran"
OPEN, DENIED, FAILED = 123, 124, 125

GATES = """
gate commands {
	service = "ssh-command"
	command = { "shell", "command *", "sftp" }
	permission = release.deploy
	scope = "project/tomcat"
	approval infra { count = 1 role = infra scope = "*" }
}
"""


def setup():
    countersign("countersign_world")
    with open(POLICY) as file:
        text = file.read()
    countersign("countersign_policy", stdin=text + GATES)
    done = run_as("root", "countersign", "policy", "apply", POLICY, "--yes")
    assert done.status == 0, done
    with open("/etc/pam.d/sshd") as file:
        lines = [line for line in file if "countersign" not in line]
    with open("/etc/pam.d/sshd", "w") as file:
        file.writelines(lines)
    sshd()


def sshd(*lines):
    countersign("world_sshd_stop")
    countersign("countersign_sshd_start", "ForceCommand /usr/bin/countersign-gate --gate commands", "DisableForwarding yes",
                "PermitUserRC no", "AcceptEnv COUNTERSIGN_REASON", *lines)


def teardown():
    countersign("world_sshd_stop")
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def start(argv, stdin=subprocess.DEVNULL, user="alice"):
    return subprocess.Popen([SCRIPT, "as", user, *argv], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, start_new_session=True)


def waiting(n=1):
    """The numbers of what is held, oldest first, once there are so many."""
    rows = until(lambda: [found for found in [[row for row in requests() if row["state"] == "pending"]] if len(found) == n])[0]
    return sorted(row["number"] for row in rows)


def approve(number):
    code = re.search(r"check code +(\d{4})", run_as("alice", "countersign", "show", number).out).group(1)
    approved_by(number, code, "carol")


def ran():
    """Whether the file that the command makes is there, which is taken away."""
    if not os.path.exists(MARK):
        return False
    os.unlink(MARK)
    return True


def test_gate_holds_a_command_live_and_runs_it_by_the_shell():
    mark = last_event()
    process = start([*SSH, "rel1", f"echo 'a  b' | cat; touch {MARK}; exit 9"])
    number = waiting()[0]
    asked = show(number)["request"]
    assert asked["action"]["service"] == "ssh-command" and asked["action"]["command"] == "command", asked
    assert asked["action"]["argv"] == ["command", f"echo 'a  b' | cat; touch {MARK}; exit 9"], asked
    assert asked["action"]["env"] == ["SSH_CLIENT=127.0.0.1"] and asked["requester"]["name"] == "alice", asked
    # Kills showing it only at the end: the words are there while it waits.
    assert re.search(rf"request {number} is held", process.stderr.readline())
    assert not ran()
    approve(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 9 and out == "a  b\n" and ran(), (process.returncode, out, err)
    assert "carol approved" in err and f"request {number} is approved, and used now" in err, err
    assert [event["kind"] for event in events(mark) if event["request"] == number].count("claimed") == 1


def test_gate_asks_for_every_command_on_one_connection():
    control = "/home/alice/control"
    shared = [*SSH, "-o", "ControlMaster=auto", "-o", f"ControlPath={control}", "-o", "ControlPersist=60", "rel1"]
    first = start([*shared, f"touch {MARK}"])
    approve(waiting()[0])
    assert until(ran)
    second = start([*shared, f"touch {MARK}.again"])
    try:
        number = waiting()[0]
        assert not os.path.exists(MARK + ".again")
        assert reject("carol", number, "once is enough").status == 0
        err = second.communicate(timeout=20)[1]
        assert second.returncode == DENIED and "was rejected by carol: once is enough" in err, err
        assert not os.path.exists(MARK + ".again")
    finally:
        run_as("alice", "ssh", "-o", f"ControlPath={control}", "-O", "exit", "rel1")
        first.communicate(timeout=20)


def test_gate_gives_a_login_shell_and_withdraws_with_ctrl_c():
    with Term([*SSH, "-tt", "rel1"], user="alice") as term:
        number = int(term.expect(r"request (\d+) is held").group(1))
        term.expect("Ctrl-C withdraws it")
        term.sendintr()
        term.expect(f"request {number} is cancelled")
        assert term.wait() != 0
        assert show(number)["decision"]["state"] == "cancelled"
    with Term([*SSH, "-tt", "rel1"], user="alice") as term:
        number = int(term.expect(r"request (\d+) is held").group(1))
        assert show(number)["request"]["action"]["argv"] == ["shell"]
        approve(number)
        term.expect("is approved, and used now")
        term.sendline("echo name=$0 home=$PWD reason=$COUNTERSIGN_REASON")
        term.expect(r"name=-\w+ home=/home/alice reason=\s")
        term.sendline("exit 4")
        assert term.wait() == 4


def test_gate_holds_sftp_and_scp():
    with open("/home/alice/from", "w") as file:
        file.write("copied\n")
    process = start(["scp", "-o", "BatchMode=yes", "/home/alice/from", "rel1:copied"])
    number = waiting()[0]
    assert show(number)["request"]["action"]["argv"] == ["sftp"] and not os.path.exists("/home/alice/copied")
    approve(number)
    assert process.communicate(timeout=20) and process.returncode == 0
    assert open("/home/alice/copied").read() == "copied\n"
    old = start(["scp", "-O", "-o", "BatchMode=yes", "/home/alice/from", "rel1:copied.old"])
    number = waiting()[0]
    assert show(number)["request"]["action"]["argv"][0] == "command"
    approve(number)
    assert old.communicate(timeout=20) and old.returncode == 0
    assert open("/home/alice/copied.old").read() == "copied\n"
    batch = start(["sftp", "-o", "BatchMode=yes", "-b", "-", "rel1"], stdin=subprocess.PIPE)
    batch.stdin.write("rename copied renamed\n")
    batch.stdin.close()
    batch.stdin = None
    approve(waiting()[0])
    batch.communicate(timeout=20)
    assert batch.returncode == 0 and os.path.exists("/home/alice/renamed")


# Kills waiting on for a client that is gone: nobody is told any more, and what is approved then does not run by itself.
def test_gate_parks_when_the_client_goes_away():
    process = start([*SSH, "rel1", f"touch {MARK}"])
    number = waiting()[0]
    assert process.stderr.readline()
    mark = last_event()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    until(lambda: "parked" in [event["kind"] for event in events(mark) if event["request"] == number])
    approve(number)
    assert not ran()
    done = run_as("alice", *SSH, "rel1", f"touch {MARK}")
    assert done.status == 0 and ran(), done


def test_gate_forwards_nothing_and_lets_no_one_else_in():
    done = run_as("alice", *SSH, "-W", "127.0.0.1:22", "rel1")
    assert done.status != 0 and "administratively prohibited" in done.err, done
    countersign("countersign_stop")
    try:
        done = run_as("alice", *SSH, "rel1", f"touch {MARK}")
        assert done.status == FAILED and "countersignd does not answer" in done.err and not ran(), done
    finally:
        countersign("countersign_start")
    done = run_as("alice", "env", f"SSH_ORIGINAL_COMMAND=touch {MARK}", "/usr/bin/countersign-gate")
    assert done.status == FAILED and "is run by sshd" in done.err and not ran(), done


def test_gate_refuses_what_it_does_not_know():
    for words in ("--gate", "--gat x y", "--shell bin/sh", "word", "--gate commands --no-such"):
        countersign("world_sshd_stop")
        countersign("countersign_sshd_start", f"ForceCommand /usr/bin/countersign-gate {words}")
        done = run_as("alice", *SSH, "rel1", f"touch {MARK}")
        assert done.status == FAILED and "options of countersign-gate are wrong" in done.err and not ran(), (words, done)
    sshd()


# What sshd runs a forced command by is the person's login shell, and bash reads ~/.bashrc there (host fact, Debian). So the
# manual says: a login shell that reads nothing, and --shell for what people are to get.
def test_gate_is_begun_by_a_shell_that_reads_nothing():
    shell = pwd.getpwnam("alice").pw_shell
    try:
        subprocess.run(["usermod", "--shell", "/bin/sh", "alice"], check=True)
        for name in (".bashrc", ".profile", ".bash_profile", ".shrc", ".kshrc"):
            with open(f"/home/alice/{name}", "w") as file:
                file.write(f"touch {MARK}\n")
        countersign("world_sshd_stop")
        countersign("countersign_sshd_start", "ForceCommand /usr/bin/countersign-gate --gate commands --shell /bin/bash",
                    "PermitUserRC no")
        process = start([*SSH, "rel1", "echo shell=$BASH"])
        number = waiting()[0]
        assert not ran()
        approve(number)
        out, err = process.communicate(timeout=20)
        assert out.endswith("/bin/bash\n") and ran(), (out, err)  # bash reads it now, once others agreed
    finally:
        subprocess.run(["usermod", "--shell", shell, "alice"], check=True)
        for name in (".bashrc", ".profile", ".bash_profile", ".shrc", ".kshrc"):
            if os.path.exists(f"/home/alice/{name}"):
                os.unlink(f"/home/alice/{name}")
        ran()
        sshd()


# The fact that the manual's advice stands on. Where this fails, bash does not do so any more, and the advice may go.
def test_gate_fact_bash_reads_its_file_before_any_forced_command():
    shell = pwd.getpwnam("alice").pw_shell
    try:
        subprocess.run(["usermod", "--shell", "/bin/bash", "alice"], check=True)
        with open("/home/alice/.bashrc", "w") as file:
            file.write(f"touch {MARK}\n")
        process = start([*SSH, "rel1", "true"])
        number = waiting()[0]
        assert ran()
        assert reject("carol", number).status == 0 and process.communicate(timeout=20)
    finally:
        subprocess.run(["usermod", "--shell", shell, "alice"], check=True)
        os.unlink("/home/alice/.bashrc")


from_clean(globals())
