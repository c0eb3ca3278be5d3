# SPDX-License-Identifier: Apache-2.0
"""countersign doctor on the real machine: what it says of each damage is what really happens."""
import json
import os
import subprocess
import shutil
import struct

from oracle import Oracle
from people import countersign, deploys
from world import run_as

KEEP = ["/etc/sudo.conf", "/etc/sudoers", "/etc/pam.d/sudo", "/etc/pam.d/sudo-i", "/etc/pam.d/sshd", "/etc/pam.d/login",
        "/etc/ssh/sshd_config"]
ATTEND = "Plugin sudo_countersign_attend /usr/libexec/sudo/sudo_countersign.so\n"
WATCH = ATTEND.replace("attend", "watch")
GATED = """Match User alice
    ForceCommand /usr/bin/countersign-gate
    DisableForwarding yes
    PermitUserRC no
"""
DEPLOY = ["sudo", "deploy-release", "tomcat", "10.1"]
KEPT = {}


def setup():
    countersign("countersign_world")
    countersign("countersign_sudo_attend")
    countersign("countersign_sudo_watch")
    # The account line before the others, as etc/pam.d has it; and the options that the guide asks for.
    for service, line in ("sshd", "account required pam_countersign.so hold=session"), ("login", "account required pam_countersign.so"):
        path = f"/etc/pam.d/{service}"
        text = open(path).read().replace(line + "\n", "")
        write(path, text.replace("@include common-account\n", line + "\n@include common-account\n"))
    with open("/etc/sudoers", "a") as file:
        file.write("Defaults fdexec=always, use_pty\n")
    # As systemctl enable does it; no systemd runs here.
    wants = "/etc/systemd/system/multi-user.target.wants"
    os.makedirs(wants, exist_ok=True)
    os.symlink("/usr/lib/systemd/system/countersignd.service", f"{wants}/countersignd.service")
    for path in KEEP:
        KEPT[path] = open(path).read()


def teardown():
    countersign("countersign_stop")
    countersign("world_sshd_stop")
    countersign("world_slapd_stop")


def write(path, text):
    """The same inode, owner and mode."""
    with open(path, "w") as file:
        file.write(text)


class Damage:
    """A change of one file that is taken back."""

    def __init__(self, path, old, new):
        self.path, self.old, self.new = path, old, new

    def __enter__(self):
        text = KEPT[self.path]
        assert self.old in text, (self.path, self.old)
        write(self.path, text.replace(self.old, self.new, 1) if self.old else text + self.new)

    def __exit__(self, *_):
        if not os.path.exists(self.path):
            shutil.copyfile("/dev/null", self.path)
        write(self.path, KEPT[self.path])
        os.chmod(self.path, 0o440 if self.path == "/etc/sudoers" else 0o644)


def findings(*words):
    done = run_as("root", "countersign", "doctor", "--json", *words)
    everything = json.loads(done.out)["findings"]
    for finding in everything:  # the fields that docs/doctor.md promises
        assert list(finding) == ["severity", "check", "file", "line", "what", "mend"], finding
    return done.status, everything


def found(check):
    """The one finding that is worse than a hint; the exit status fits to it."""
    status, everything = findings()
    worse = [finding for finding in everything if finding["severity"] != "hint"]
    assert [finding["check"] for finding in worse] == [check], everything
    assert status == {"error": 1, "doubt": 3, "warning": 4}[worse[0]["severity"]], (status, worse)
    return worse[0]


def unasked():
    """The guarded command runs although nobody was asked."""
    oracle = Oracle()
    done = run_as("alice", *DEPLOY)
    assert done.status == 0 and len(oracle.canaries()) == 1, done


def refused():
    oracle = Oracle()
    done = run_as("alice", *DEPLOY)
    assert done.status != 0, done
    oracle.nothing_ran()


def test_nothing_is_wrong_with_a_machine_that_is_set_up():
    status, everything = findings()
    assert [finding for finding in everything if finding["severity"] != "hint"] == [], everything
    assert status == 0


def test_a_fresh_debian_guards_nothing():
    lines = {path: "\n".join(line for line in KEPT[path].splitlines() if "countersign" not in line) + "\n" for path in KEEP}
    try:
        for path in KEEP:
            write(path, lines[path])
        status, everything = findings()
        assert [finding["check"] for finding in everything] == ["unguarded"], everything
        assert status == 0
    finally:
        for path in KEEP:
            write(path, KEPT[path])


def test_a032_sudo_conf_damaged_is_refused_by_the_session_line():
    with Damage("/etc/sudo.conf", "Plugin ", "Plugins "):
        assert found("sudo-conf-keyword")["file"] == "/etc/sudo.conf"
        refused()
    with Damage("/etc/sudo.conf", "", "# nothing\n"):
        os.chmod("/etc/sudo.conf", 0o666)
        found("sudo-conf-refused")
        refused()
    with Damage("/etc/sudo.conf", "", ""):
        os.unlink("/etc/sudo.conf")
        found("sudo-conf-missing")
        refused()


def test_a032_without_the_session_line_a_damaged_sudo_conf_runs_the_command():
    without = KEPT["/etc/pam.d/sudo"].replace("session required pam_countersign_hold.so confirm\n", "")
    write("/etc/pam.d/sudo", without)
    write("/etc/pam.d/sudo-i", KEPT["/etc/pam.d/sudo-i"].replace("session required pam_countersign_hold.so confirm\n", ""))
    try:
        found("sudo-plugin-alone")
        with Damage("/etc/sudo.conf", "Plugin ", "Plugins "):
            assert found("sudo-conf-keyword")["what"].endswith("without anybody being asked")
            unasked()
    finally:
        write("/etc/pam.d/sudo", KEPT["/etc/pam.d/sudo"])
        write("/etc/pam.d/sudo-i", KEPT["/etc/pam.d/sudo-i"])


def test_a002_optional_runs_the_command():
    """Without its plugin sudo has the session line alone, and that does not count."""
    with Damage("/etc/pam.d/sudo", "session required pam_countersign", "session optional pam_countersign"):
        finding = found("pam-not-counted")
        assert finding["file"] == "/etc/pam.d/sudo"
        assert "pam_countersign" in open("/etc/pam.d/sudo").read().splitlines()[finding["line"] - 1]
        with Damage("/etc/sudo.conf", "Plugin ", "Plugins "):
            unasked()


def test_a002_sufficient_before_ours_runs_the_command():
    with Damage("/etc/pam.d/sudo", "session required pam_countersign",
                "session sufficient pam_permit.so\nsession required pam_countersign"):
        found("pam-skipped")
        with Damage("/etc/sudo.conf", "Plugin ", "Plugins "):
            unasked()


def test_a002_who_has_to_change_his_password_passes_what_is_behind_common_account():
    """Another line that denies stands in for ours: sshd asks nobody about him, and goes on to the change of password."""
    login = ["ssh", "-o", "BatchMode=yes", "rel1", "id"]
    ours = "account required pam_countersign.so hold=session\n"
    include = "@include common-account\n"
    denies = "account required pam_deny.so\n"
    kept = KEPT["/etc/pam.d/sshd"]
    assert ours + include in kept, kept
    try:
        write("/etc/pam.d/sshd", kept.replace(ours + include, include + ours))
        assert found("pam-skipped-expired")["file"] == "/etc/pam.d/common-account"
        kept = kept.replace("session required pam_countersign_hold.so\n", "")  # it would hold him
        write("/etc/pam.d/sshd", kept.replace(ours + include, include + denies))
        assert "Password change required" not in run_as("alice", *login).err
        assert run_as("root", "chage", "-d", "0", "alice").status == 0
        behind = run_as("alice", *login)
        write("/etc/pam.d/sshd", kept.replace(ours + include, denies + include))
        before = run_as("alice", *login)
    finally:
        write("/etc/pam.d/sshd", KEPT["/etc/pam.d/sshd"])
        run_as("root", "chage", "-d", "20000", "alice")
    assert "Password change required" in behind.err, behind
    assert "Password change required" not in before.err and before.status == 255, before


def test_a007_no_session_runs_the_command():
    with Damage("/etc/sudoers", "", "Defaults:alice !pam_session\n"):
        finding = found("sudoers-session")
        assert finding["line"] == len(KEPT["/etc/sudoers"].splitlines()) + 1, finding
        with Damage("/etc/sudo.conf", "Plugin ", "Plugins "):
            unasked()


def test_what_cannot_be_ended():
    with Damage("/etc/sudo.conf", ATTEND, ""):
        assert found("sudo-attend")["file"] == "/etc/sudo.conf"
    with Damage("/etc/sudo.conf", WATCH, ""):
        assert found("sudo-watch")["file"] == "/etc/sudo.conf"
    os.rename("/run/countersign/end.sock", "/run/countersign/away")
    try:
        assert found("end-socket")["file"] == "/run/countersign/end.sock"
    finally:
        os.rename("/run/countersign/away", "/run/countersign/end.sock")
    os.chmod("/run/countersign/end.sock", 0o666)
    try:
        assert found("sockets")["file"] == "/run/countersign/end.sock"
    finally:
        os.chmod("/run/countersign/end.sock", 0o600)


def test_the_front_needs_keyboard_interactive():
    with Damage("/etc/pam.d/sshd", "hold=session", "hold=session front"):
        finding = found("sshd-keyboard")
        line = open("/etc/ssh/sshd_config").read().splitlines()[finding["line"] - 1]
        assert line.startswith("KbdInteractiveAuthentication"), finding
        with Damage("/etc/ssh/sshd_config", "KbdInteractiveAuthentication no", "KbdInteractiveAuthentication yes"):
            assert findings()[0] == 0


def test_a104_a_proc_that_hides_processes():
    """As the kernel writes it, not as it was typed."""
    subprocess.run(["mount", "-o", "remount,hidepid=2", "/proc"], check=True)
    try:
        found("proc")
    finally:
        subprocess.run(["mount", "-o", "remount,hidepid=0", "/proc"], check=True)


def test_a024_a_gate_for_each_command_and_what_runs_before_it():
    """What is said of bash is so: it reads ~/.bashrc although it is to run the gate, and dash reads nothing."""
    shell = run_as("root", "getent", "passwd", "alice").out.strip().split(":")[-1]
    home = run_as("root", "getent", "passwd", "alice").out.strip().split(":")[5]
    assert os.path.basename(shell) == "bash", shell
    write(f"{home}/.bashrc", "echo read\n")
    environment = ["env", "-u", "SHLVL", "SSH_CLIENT=192.0.2.1 1 22", "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22"]
    assert run_as("alice", *environment, "bash", "-c", "true").out == "read\n"
    assert run_as("alice", *environment, "dash", "-c", "true").out == ""
    with Damage("/etc/ssh/sshd_config", "", GATED):
        finding = found("sshd-shell")
        assert "alice" in finding["what"] and finding["file"] == "/etc/ssh/sshd_config", finding
        assert run_as("root", "usermod", "-s", "/bin/sh", "alice").status == 0
        try:
            assert findings()[0] == 0, findings()
            with Damage("/etc/ssh/sshd_config", "", GATED.replace("    PermitUserRC no\n", "")):
                found("sshd-user-files")
            with Damage("/etc/ssh/sshd_config", "", "AcceptEnv LD_*\n" + GATED):
                found("sshd-environment")
            with Damage("/etc/ssh/sshd_config", "", GATED.replace("    DisableForwarding yes\n", "")):
                found("sshd-forwarding")
            with Damage("/etc/ssh/sshd_config", "", GATED.replace("/usr/bin", "/opt")):
                found("sshd-gate")
        finally:
            run_as("root", "usermod", "-s", shell, "alice")
            os.unlink(f"{home}/.bashrc")


def test_a007_rules_in_another_file():
    shutil.copyfile("/etc/sudoers", "/etc/rules")
    os.chmod("/etc/rules", 0o440)
    with Damage("/etc/sudo.conf", "", "Plugin sudoers_policy sudoers.so sudoers_file=/etc/rules\n"):
        assert "/etc/rules" in found("sudoers-elsewhere")["what"]


def test_a_missing_plugin_refuses_everybody():
    plugin = "/usr/libexec/sudo/sudo_countersign.so"
    os.rename(plugin, plugin + ".away")
    try:
        found("sudo-plugin-missing")
        refused()
    finally:
        os.rename(plugin + ".away", plugin)


def test_a014_a_mistyped_line_refuses_everybody():
    with Damage("/etc/pam.d/sudo", "", "session requierd pam_permit.so\n"):
        found("pam-damaged")
        refused()


def test_a067_without_the_daemon_everybody_is_refused():
    countersign("countersign_stop")
    try:
        found("daemon")
        before = len(deploys())
        assert run_as("alice", *DEPLOY).status != 0
        assert len(deploys()) == before
    finally:
        countersign("countersign_start")


def test_who_is_not_root_is_told_that_he_does_not_see_all():
    done = run_as("alice", "countersign", "doctor", "--quiet")
    assert "as root" in done.out and done.status in (1, 3), done


def capable(name, bits):
    """A program with capabilities, as setcap makes one: revision 2, effective."""
    path = f"/usr/local/bin/{name}"
    shutil.copyfile("/usr/bin/true", path)
    os.chmod(path, 0o755)
    os.setxattr(path, "security.capability", struct.pack("<5I", 0x02000001, bits & 0xffffffff, 0, bits >> 32, 0))
    return path


def test_coverage_lists_what_a_gate_sees():
    root, bound = capable("becomes-root", 1 << 7 | 1 << 39), capable("binds", 1 << 10)
    with Damage("/etc/ssh/sshd_config", "", GATED):
        done = run_as("root", "countersign", "doctor", "--coverage", "--json", timeout=120)
    assert done.status == 0, done
    found = json.loads(done.out)["ways"]
    ways = {(way["kind"], way["what"].split(" ")[0]): way["gate"] for way in found}
    rights = {way["what"]: way["why"] for way in found if way["kind"] == "capabilities"}
    assert rights[f"{root} (cap_setuid, cap_bpf)"] == "it decides by itself", rights
    assert rights[f"{bound} (cap_net_bind_service)"] == "makes nobody root by itself", rights
    assert ways["sshd", "ForceCommand"] == "seen" and ways["tools", "/usr/bin/countersign"] == "seen", ways
    assert ways["setuid", os.path.realpath("/usr/bin/su")] == "not seen", ways
    assert ways["setuid", os.path.realpath("/usr/bin/sudo")] == "seen", ways
    assert ways["setuid", os.path.realpath("/usr/bin/passwd")] == "not seen", ways
    assert ways["pam", "sshd"] == "seen" and ways["pam", "sudo"] == "seen"
    assert ways["pam", "login"] == "partly" and ways["pam", "su"] == "not seen"
    assert ways["pam", "runuser"] == "out of scope"
    assert "seen" in [gate for (kind, what), gate in ways.items() if kind == "sudoers"], ways
