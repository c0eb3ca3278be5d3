# SPDX-License-Identifier: Apache-2.0
"""world.sh for the system tests: the same functions and variables, called from Python."""
import os
import re
import subprocess

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "world.sh")


class Skip(Exception):
    """Raised by a test that cannot run here, with the reason."""


def world(function, *arguments, stdin=""):
    """Calls one function of world.sh; returns what it prints. A failure raises, with its words."""
    done = subprocess.run([SCRIPT, function, *map(str, arguments)], input=stdin, text=True, capture_output=True)
    if done.returncode != 0:
        raise AssertionError(f"{function} failed ({done.returncode}): {done.stderr.strip()} {done.stdout.strip()}")
    return done.stdout


def variables():
    """The variables of world.sh, without their WORLD_; WORLD itself is DIR."""
    pairs = (line.split("=", 1) for line in world("world_vars").splitlines())
    return {name.removeprefix("WORLD").removeprefix("_") or "DIR": value for name, value in pairs}


class Done:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"exit status {self.status}\nout: {self.out}\nerr: {self.err}"


def run_as(user, *argv, stdin="", timeout=30, env=None):
    """Runs a program as that user, without a terminal; returns status, out and err."""
    command = [SCRIPT, "as", user, *map(str, argv)]
    if env:
        command[3:3] = ["env", *(f"{name}={value}" for name, value in env.items())]
    done = subprocess.run(command, input=stdin, text=True, errors="backslashreplace", capture_output=True, timeout=timeout)
    return Done(done.returncode, done.stdout, done.stderr)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def status_of(pid, key):
    """One line of /proc/PID/status."""
    with open(f"/proc/{pid}/status") as file:
        return re.search(rf"(?m)^{key}:\s*(.*)$", file.read()).group(1)


def directory_worker(daemon):
    """Of the daemon's children the one that has no right of root (the helper that ends logins has one) and no child (the
    notify keeper has one)."""
    worker, = [pid for pid in children(daemon) if int(status_of(pid, "CapPrm"), 16) == 0 and not children(pid)]
    return worker
