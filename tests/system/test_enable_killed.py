# SPDX-License-Identifier: Apache-2.0
"""countersign enable and disable killed at each of their steps, on the real files of sudo and sshd."""
import os
import shutil
import signal
import subprocess

from connected import CONNECTED, FILES, FRESH, STATE, begin, console, end, remove, restore, snapshot, undo, until, waiters
from world import Skip, run_as

PRELOAD = "/usr/local/lib/kill-at.so"
KILL_AT = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
static long left = -1;
static pid_t self;
static void __attribute__((constructor)) begin(void)
{
	const char *at = getenv("KILL_AT");

	self = getpid();
	left = at ? atol(at) : -1;
}
static void step(void)
{
	if (getpid() != self || left < 0)
		return;
	if (left == 0)
		kill(self, SIGKILL);
	left--;
}
int renameat(int a, const char *b, int c, const char *d)
{
	int (*real)(int, const char *, int, const char *) = dlsym(RTLD_NEXT, "renameat");

	step();
	return real(a, b, c, d);
}
int unlinkat(int a, const char *b, int c)
{
	int (*real)(int, const char *, int) = dlsym(RTLD_NEXT, "unlinkat");

	step();
	return real(a, b, c);
}
int fsync(int a)
{
	int (*real)(int) = dlsym(RTLD_NEXT, "fsync");

	step();
	return real(a);
}
"""



def setup():
    begin()


def teardown():
    end()


def killed(at, *words):
    """Whether it was killed at that step."""
    done = subprocess.run(["countersign", *words], env={"PATH": os.environ["PATH"], "LD_PRELOAD": PRELOAD, "KILL_AT": str(at)},
                          text=True, capture_output=True, timeout=120)
    assert done.returncode in (0, -signal.SIGKILL), done
    return done.returncode == -signal.SIGKILL


def compile_preload():
    if shutil.which("cc") is None:
        raise Skip("no compiler")
    with open("/tmp/kill-at.c", "w") as file:
        file.write(KILL_AT)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", PRELOAD, "/tmp/kill-at.c", "-ldl"], check=True)


def whole(at):
    """Each file is the old one or the new one."""
    now = snapshot()
    for path in FILES:
        assert now.get(path) in (FRESH.get(path), CONNECTED.get(path)), (at, path)


def is_waiting(door):
    """The state is the record's first word, a number."""
    try:
        with open(f"{STATE}/{door}", "rb") as file:
            return int.from_bytes(file.read(4), "big") == 2
    except FileNotFoundError:
        return False


def test_a065_enable_killed_at_each_step():
    """By whoever waits, at once; or by what the unit runs. Kills a write before its record, and one in place."""
    compile_preload()
    restore(FRESH, state=False)
    remove(STATE)
    for door in "sudo", "sshd":
        at = 0
        while killed(at, "enable", door):
            whole(at)
            until(lambda: not waiters() or is_waiting(door))
            for pid in waiters():  # it was tried, and has its time
                os.kill(pid, signal.SIGTERM)
            until(lambda: not waiters())
            assert run_as("root", "countersign", "enable", "--recover").status == 0
            assert snapshot() == FRESH, (door, at)
            if at % 5 == 0:
                console(f"enable {door} killed at step {at}")
            at += 1
        print(f"enable {door}: killed at {at} steps")
        assert at > 10
        assert run_as("root", "countersign", "disable", door).status == 0
        until(lambda: not waiters())
        assert snapshot() == FRESH


def test_a065_disable_killed_at_each_step():
    """The next disable ends what it began."""
    compile_preload()
    for door in "sudo", "sshd":
        at = 0
        restore(CONNECTED)
        while killed(at, "disable", door):
            whole(at)
            console(f"disable {door} killed at step {at}")
            assert run_as("root", "countersign", "disable", door).status == 0
            left = snapshot()
            for path in FILES:
                if door in path or (door == "sudo" and path == "/etc/sudo.conf"):
                    assert left.get(path) == FRESH.get(path) and path + ".countersign~" not in left, (at, path)
            restore(CONNECTED)
            at += 1
        print(f"disable {door}: killed at {at} steps")
        assert at > 4
    restore(CONNECTED)
    undo("nothing")
    assert snapshot() == FRESH
