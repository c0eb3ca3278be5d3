# SPDX-License-Identifier: Apache-2.0
"""A machine with its doors connected, and then one fault: root at the console gets in, and undo is one command."""
import os
import signal
import subprocess

from connected import CONNECTED, DOORS, MODULES, STATE, begin, console, end, remove, restore, undo
from people import countersign


def setup():
    begin()


def teardown():
    end()


def edit(path, old, new, count=1):
    def damage():
        with open(path) as file:
            text = file.read()
        assert old in text, (path, old)
        with open(path, "w") as file:
            file.write(text.replace(old, new, count))
    return damage


def put(path, content):
    def damage():
        remove(path)
        with open(path, "wb") as file:
            file.write(content)
    return damage


def link(path, target):
    def damage():
        remove(path)
        os.symlink(target, path)
    return damage


def folder(path):
    def damage():
        remove(path)
        os.mkdir(path)
    return damage


def away(path):
    """A file that is brought back after the fault."""
    def damage():
        os.rename(path, path + ".away")

    def mend():
        remove(path)
        os.rename(path + ".away", path)
    return damage, mend


def daemon(stop, start):
    return lambda: countersign(stop), lambda: countersign(start)


def hung():
    pid = int(subprocess.run(["pgrep", "-o", "-x", "countersignd"], text=True, capture_output=True).stdout)
    return lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT)


def nothing():
    pass


def pam_faults(name):
    path = f"/etc/pam.d/{name}"
    text = CONNECTED[path][0]
    yield f"{name}: mistyped control", edit(path, "required     pam_countersign", "requierd     pam_countersign"), nothing
    yield f"{name}: mistyped module", edit(path, "pam_countersign_hold.so", "pam_countersign_hol.so"), nothing
    yield f"{name}: half of it", put(path, text[:len(text) // 2]), nothing
    yield f"{name}: empty", put(path, b""), nothing
    yield f"{name}: gone", lambda: remove(path), nothing
    yield f"{name}: a NUL in each line", put(path, text.replace(b"\n", b"\0\n")), nothing
    yield f"{name}: CRLF", put(path, text.replace(b"\n", b"\r\n")), nothing
    yield f"{name}: a loop", put(path, text + f"@include {name}\n".encode()), nothing
    yield f"{name}: a link to itself", link(path, path), nothing
    yield f"{name}: huge", put(path, text + b"# more\n" * 300000), nothing


def faults():
    for name in "sudo", "sshd", "su":
        yield from pam_faults(name)
    conf = CONNECTED["/etc/sudo.conf"][0]
    yield "sudo.conf: mistyped", edit("/etc/sudo.conf", "Plugin ", "Plugins "), nothing
    yield "sudo.conf: no such file", edit("/etc/sudo.conf", "sudo_countersign.so", "gone.so"), nothing
    yield "sudo.conf: gone", lambda: remove("/etc/sudo.conf"), nothing
    yield "sudo.conf: everybody's", lambda: os.chmod("/etc/sudo.conf", 0o666), nothing
    yield "sudo.conf: NUL", put("/etc/sudo.conf", conf.replace(b"\n", b"\0\n")), nothing
    yield "sudo.conf: a folder", folder("/etc/sudo.conf"), nothing
    yield "sshd_config: refused", edit("/etc/ssh/sshd_config", "UsePAM yes", "UsePAM perhaps"), nothing
    for path in f"{MODULES}/pam_countersign.so", f"{MODULES}/pam_countersign_hold.so", "/usr/libexec/sudo/sudo_countersign.so":
        yield f"{path}: gone", *away(path)
        damage, mend = away(path)
        yield f"{path}: damaged", lambda path=path, damage=damage: (damage(), put(path, b"\177ELF")()), mend
    yield "daemon: stopped", *daemon("countersign_stop", "countersign_start")
    yield "daemon: hung", *hung()
    yield "daemon: no sockets", *away("/run/countersign")
    yield "configuration: gone", *away("/etc/countersign")
    yield "directory: stopped", *daemon("world_slapd_stop", "world_slapd_start")
    for door in DOORS:
        yield f"record of {door}: damaged", put(f"{STATE}/{door}", b"\0" * 40), nothing
        yield f"record of {door}: gone", lambda door=door: remove(f"{STATE}/{door}"), nothing
    yield "records: all gone", lambda: remove(STATE), nothing
    yield "copy: damaged", put("/etc/pam.d/su.countersign~", b"session required pam_deny.so\n"), nothing
    yield "copy: gone", lambda: remove("/etc/pam.d/sshd.countersign~"), nothing
    yield "draft: a folder", folder("/etc/pam.d/su.countersign-new~"), lambda: remove("/etc/pam.d/su.countersign-new~")


def test_a010_one_fault_and_root_gets_in_and_undo_is_one_command():
    count = 0
    for fault, damage, mend in faults():
        damage()
        try:
            console(fault)
            undo(fault)
            console(f"{fault}, undone")
        finally:
            mend()
            restore(CONNECTED)
        count += 1
    print(f"{count} faults")
    assert count >= 40
