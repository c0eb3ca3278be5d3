# SPDX-License-Identifier: Apache-2.0
"""countersign enable and disable with real sudo, sshd and su, from Debian's own files."""
import glob
import json
import os
import signal
import subprocess
import time

from people import countersign
from term import Term
from world import run_as

FILES = {
    "sudo": ["/etc/sudo.conf", "/etc/pam.d/sudo", "/etc/pam.d/sudo-i"],
    "sshd": ["/etc/ssh/sshd_config", "/etc/pam.d/sshd"],
    "su": ["/etc/pam.d/su", "/etc/pam.d/su-l"],
}
POLICY = "".join(f"service {name} {{ unmatched = permit }}\n" for name in ("sudo", "sshd", "su", "su-l", "login"))
KEPT = {}


def setup():
    for step in "world_syslog_start", "world_users", "world_slapd_start", "world_sudo", "world_install", "countersign_configure":
        countersign(step)
    countersign("countersign_policy", stdin=POLICY)
    countersign("countersign_start")
    countersign("countersign_sshd_start")
    assert run_as("root", "ssh-keygen", "-A").status == 0
    with open("/etc/sudoers", "a") as file:
        file.write("Defaults fdexec=always\n")
    for paths in FILES.values():
        for path in paths:
            KEPT[path] = whole(path)


def teardown():
    countersign("countersign_stop")
    countersign("world_sshd_stop")
    countersign("world_slapd_stop")


def whole(path):
    """Content, owner and mode."""
    if not os.path.exists(path):
        return None
    found = os.stat(path)
    with open(path) as file:
        return file.read(), found.st_uid, found.st_gid, found.st_mode


def untouched(door):
    for path in FILES[door]:
        assert whole(path) == KEPT[path], path
    beside = [name for path in FILES[door] for name in os.listdir(os.path.dirname(path)) if name.endswith("~")]
    assert beside == [], beside


def connected(door):
    return any("countersign" in open(path).read() for path in FILES[door] if os.path.exists(path))


def enable(*words, status=0):
    done = run_as("root", "countersign", "enable", *words, timeout=120)
    assert done.status == status, done
    return done


def disable(door):
    done = run_as("root", "countersign", "disable", door)
    assert done.status == 0, done
    untouched(door)


def told(command, *words, status=0):
    """What --json says of the doors."""
    done = run_as("root", "countersign", command, "--json", *words, timeout=120)
    assert done.status == status, done
    return json.loads(done.out)["doors"]


def waiters():
    """The processes that wait for a confirmation."""
    done = subprocess.run(["pgrep", "-f", "^countersign enable"], text=True, capture_output=True)
    return [int(line) for line in done.stdout.split()]


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def console():
    """Root at the console gets in: login on a terminal, as getty starts it once it knows that it is root."""
    with Term(["login", "-f", "root"], user="root") as root:
        root.expect(r"\n[^\n]*# ", timeout=60)
        root.sendline("id -u | sed s/^/uid=/")
        root.expect(r"uid=0\b", timeout=60)
        root.sendline("exit")


def test_dry_run_shows_and_changes_nothing():
    done = enable("sudo", "--dry-run")
    assert "+Plugin sudo_countersign sudo_countersign.so" in done.out and "--- /etc/pam.d/sudo\n" in done.out, done
    untouched("sudo")


def test_json_says_what_was_done():
    files = {"sudo": 3, "sshd": 1, "su": 1}
    assert told("enable", "su", "--dry-run")[0]["outcome"] == "planned"
    for door, count in files.items():
        result, = told("enable", door)
        assert (result["door"], result["outcome"], result["confirm_within_ms"]) == (door, "waiting", 120000), result
        assert [step["step"] for step in result["steps"]] == ["doctor before", "trial before", "write", "doctor after",
                                                              "trial after"], result
        assert all(step["passed"] for step in result["steps"]), result
        assert len(result["files"]) == count and "+" in result["files"][-1]["difference"], result
        assert result["tried_as"] == "root" and result["proven"] and result["not_proven"], result
        assert "--confirm" in result["next"], result
        assert told("enable", door)[0]["outcome"] == "waiting"
        assert [(one["door"], one["outcome"]) for one in told("enable", "--confirm") if one["outcome"] != "unchanged"] == [
            (door, "connected")]
        assert told("enable", door)[0]["outcome"] == "connected already"
        assert told("disable", door)[0]["outcome"] == "disconnected"
        untouched(door)


def test_who_tries_it():
    """Whoever came in, where no gate can hold him and no password is asked; else root. Kills a trial that asks people."""
    came = {"SUDO_USER": "alice"}
    for door in "sudo", "sshd", "su":
        done = run_as("root", "countersign", "enable", door, "--json", env=came, timeout=120)
        result, = json.loads(done.out)["doors"]
        assert result["tried_as"] == ("root" if door == "su" else "alice"), done
        disable(door)
    done = run_as("root", "countersign", "enable", "sudo", "--json", env={"SUDO_USER": "erin"}, timeout=120)
    assert json.loads(done.out)["doors"][0]["tried_as"] == "root", done  # sudo asks erin for a password
    disable("sudo")
    countersign("countersign_policy", stdin=POLICY.replace("service sudo { unmatched = permit }\n", """
permission root.any { label = "Anything" }
role infra { label = "Infrastructure" permissions = { root.any } scopes = { host } }
assign infra-roles { role = infra scope = "*" dn = "cn=infra,ou=groups,dc=example,dc=org" listed = member }
service sudo { unmatched = deny }
gate any { service = sudo permission = root.any scope = "host/rel1" approval one { count = 1 role = infra scope = "*" } }
"""))
    try:
        done = run_as("root", "countersign", "enable", "sudo", "--json", env=came, timeout=120)
        assert json.loads(done.out)["doors"][0]["tried_as"] == "root", done
        disable("sudo")
    finally:
        countersign("countersign_policy", stdin=POLICY)


def test_the_front_of_sshd():
    """Kills a --front that is forgotten, and one that says nothing where a line is there already."""
    assert enable("sudo", "--front", status=2).err
    done = enable("sshd", "--front")
    assert "KbdInteractiveAuthentication yes" in done.out, done
    assert "pam_countersign.so hold=session front\n" in open("/etc/pam.d/sshd").read()
    checks = {one["check"] for one in json.loads(run_as("root", "countersign", "doctor", "--json").out)["findings"]}
    assert "sshd-keyboard" in checks, checks
    disable("sshd")
    enable("sshd")
    enable("--confirm")
    assert "without a front" in enable("sshd", "--front", status=1).err
    disable("sshd")


def test_doctor_agrees():
    """Doors that enable connected, on Debian's own files: nothing above a hint. Then every file is as it was."""
    wants = "/etc/systemd/system/multi-user.target.wants"
    os.makedirs(wants, exist_ok=True)
    link = f"{wants}/countersignd.service"
    if not os.path.lexists(link):
        os.symlink("/usr/lib/systemd/system/countersignd.service", link)
    for door in FILES:
        enable(door)
        enable("--confirm")
        done = run_as("root", "countersign", "doctor", "--json")
        worse = [one for one in json.loads(done.out)["findings"] if one["severity"] != "hint"]
        assert done.status == 0 and worse == [], worse
    for door in FILES:
        assert told("disable", door)[0]["outcome"] == "disconnected"
        assert run_as("root", "countersign", "doctor", "--quiet").status == 0
    for door in FILES:
        untouched(door)


def test_what_somebody_else_wrote_meanwhile_stays():
    """The trial before the change is when he writes. Kills a write that does not look again."""
    script = "/usr/local/sbin/edit-su"
    with open(script, "w") as file:
        file.write("#!/bin/sh\ngrep -q meanwhile /etc/pam.d/su || echo '# meanwhile' >>/etc/pam.d/su\n")
    os.chmod(script, 0o755)
    text = KEPT["/etc/pam.d/su"][0]
    with open("/etc/pam.d/su", "w") as file:
        file.write(f"session optional pam_exec.so quiet {script}\n" + text)
    try:
        done = enable("su", status=1)
        assert "changed by somebody else meanwhile" in done.err, done
        found = open("/etc/pam.d/su").read()
        assert found.endswith(text + "# meanwhile\n") and "pam_countersign" not in found, found
        until(lambda: not waiters())
    finally:
        with open("/etc/pam.d/su", "w") as file:
            file.write(text)
    untouched("su")


def test_each_door_is_tried_confirmed_and_undone():
    for door in FILES:
        done = enable(door)
        assert "Not shown by that" in done.out, done
        assert "enable --confirm" in done.out and connected(door), done
        assert "waits" in enable(door).out
        console()
        enable("--confirm")
        until(lambda: not waiters())
        assert "connected already" in enable(door).out
        disable(door)
        console()


def recorded():
    """How many sessions sudo has recorded after one more."""
    assert run_as("bob", "sudo", "-n", "/usr/bin/id").status == 0
    return len(glob.glob("/var/log/sudo-io/**/log.json", recursive=True))


def test_sudo_goes_on_recording():
    """sudo loads its recorder by itself only where no other I/O plugin is named. Kills an enable without that line."""
    rules = "/etc/sudoers.d/recorded"
    with open(rules, "w") as file:
        file.write("Defaults:bob log_output\nbob ALL = (root) NOPASSWD: /usr/bin/id\n")
    os.chmod(rules, 0o440)
    try:
        before = recorded()
        enable("sudo")
        assert recorded() == before + 1
        disable("sudo")
        assert recorded() == before + 2
        untouched("sudo")
    finally:
        os.remove(rules)


def test_without_a_confirmation_everything_is_put_back():
    """Kills a process that waits and does not survive its terminal, or that never looks at the time."""
    with Term(["countersign", "enable", "su", "--confirm-within", "2s"], user="root") as root:
        root.expect("waits for the confirmation", timeout=60)
    until(lambda: not connected("su"))
    until(lambda: not waiters())
    untouched("su")
    enable("--confirm", status=1)
    assert "was not confirmed" in open("/var/log/syslog.log").read()


def test_killed_while_it_tries_everything_is_put_back():
    """The change itself kills the one who makes it, outright: who waits puts back what was not yet tried."""
    script = "/usr/local/sbin/kill-enable"
    with open(script, "w") as file:
        file.write("#!/bin/sh\ngrep -q countersign /etc/pam.d/su || exit 0\n"
                   "kill -9 $(ps -eo pid,ppid,args | awk '$3 ~ /countersign$/ && $4 == \"enable\" && $2 != 1 { print $1 }')\n")
    os.chmod(script, 0o755)
    text = KEPT["/etc/pam.d/su"][0]
    with open("/etc/pam.d/su", "w") as file:
        file.write(f"session optional pam_exec.so quiet {script}\n" + text)
    before = whole("/etc/pam.d/su")
    try:
        done = run_as("root", "countersign", "enable", "su", timeout=120)
        assert done.status in (-9, 137), done
        until(lambda: whole("/etc/pam.d/su") == before)
        until(lambda: not waiters())
    finally:
        with open("/etc/pam.d/su", "w") as file:
            file.write(text)
    untouched("su")


def unit_command():
    """What countersign-enable.service runs when the machine starts."""
    with open("/usr/lib/systemd/system/countersign-enable.service") as file:
        return next(line.removeprefix("ExecStart=").split() for line in file if line.startswith("ExecStart="))


def after_a_restart(*words):
    """In namespaces of its own, in which the kernel's boot id is another one."""
    with open("/run/boot_id", "w") as file:
        file.write("01234567-89ab-4cde-8f01-23456789abcd\n")
    return run_as("root", "unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-ec",
                  'mount --bind /run/boot_id /proc/sys/kernel/random/boot_id; exec "$@"', "sh", *words)


def test_after_a_restart_it_is_put_back():
    """Nobody waits any more: the unit leaves what is in its time, and after a restart puts back what is not."""
    for door in "sudo", "sshd":
        enable(door)
        for pid in waiters():
            os.kill(pid, signal.SIGKILL)
        until(lambda: not waiters())
        assert run_as("root", *unit_command()).status == 0
        assert connected(door)
        done = after_a_restart(*unit_command())
        assert done.status == 0, done
        untouched(door)
        console()
        enable("--confirm", status=1)


def test_what_was_confirmed_stays_after_a_restart():
    enable("su")
    enable("--confirm")
    until(lambda: not waiters())
    assert after_a_restart(*unit_command()).status == 0
    assert connected("su")
    disable("su")


def test_ended_by_a_signal_it_is_put_back_at_once():
    enable("su")
    for pid in waiters():
        os.kill(pid, signal.SIGTERM)
    until(lambda: not waiters())
    untouched("su")


def test_what_does_not_open_afterwards_is_put_back():
    """The policy names no sudo: doctor cannot see it, the trial by a person can. Kills a change that is never tried."""
    countersign("countersign_stop")
    countersign("countersign_policy", stdin=POLICY.replace("service sudo { unmatched = permit }\n", ""))
    os.unlink("/var/lib/countersign/countersign.db")
    countersign("countersign_start")
    try:
        done = enable("sudo", "--try-as", "alice", status=1)
        assert "does not open" in done.err, done
        untouched("sudo")
        assert run_as("root", "sudo", "-n", "true").status == 0
    finally:
        countersign("countersign_stop")
        os.unlink("/var/lib/countersign/countersign.db")
        countersign("countersign_policy", stdin=POLICY)
        countersign("countersign_start")


def test_without_the_daemon_nothing_is_connected():
    countersign("countersign_stop")
    try:
        done = enable("sudo", status=1)
        assert "daemon" in done.err, done
        untouched("sudo")
    finally:
        countersign("countersign_start")


def test_with_a_fault_root_gets_in_and_undo_is_one_command():
    faults = [
        ("/etc/pam.d/sudo", lambda text: text.replace("required     pam_countersign", "requierd     pam_countersign")),
        ("/etc/pam.d/sudo", lambda text: text + "session requierd pam_permit.so\n"),
        ("/etc/pam.d/sudo", lambda text: text.replace("pam_countersign_hold.so", "pam_countersign_hol.so")),
        ("/etc/sudo.conf", lambda text: text.replace("Plugin sudo", "Plugin sodo")),
        ("/etc/sudo.conf", lambda text: text.replace("sudo_countersign.so", "gone.so")),
    ]
    for path, damage in faults:
        enable("sudo")
        enable("--confirm")
        text = open(path).read()
        assert damage(text) != text
        with open(path, "w") as file:
            file.write(damage(text))
        console()
        assert run_as("root", "countersign", "disable", "sudo").status == 0
        assert not connected("sudo"), open(path).read()
        console()
        for kept in FILES["sudo"]:
            if KEPT[kept] is not None:
                with open(kept, "w") as file:
                    file.write(KEPT[kept][0])
            elif os.path.exists(kept):
                os.unlink(kept)
        assert run_as("root", "sudo", "-n", "true").status == 0


def test_who_is_not_root_connects_nothing():
    done = run_as("alice", "countersign", "enable", "sudo")
    assert done.status == 77, done
    untouched("sudo")
