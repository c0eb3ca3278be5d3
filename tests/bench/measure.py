# SPDX-License-Identifier: Apache-2.0
"""What every figure needs: running programs, the world, and the line that is printed."""
import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/bench"
PROGRAMS = BUILD / "tests/bench"
SCRIPT = ROOT / "tests/support/countersign.sh"
MODULE_SOCKET = "/run/countersign/module.sock"
PEOPLE_SOCKET = "/run/countersign/people.sock"
STATE = "/var/lib/countersign"
SIZES = {"small": 10, "medium": 1000, "large": 110000, "gates": 1000, "people": 100000, "committees": 10000,
         "questions": 1000, "directory_people": 10000, "directory_groups": 1000}
QUICK = []  # not empty: fewer rounds


class Failed(Exception):
    """A figure that could not be taken, with the reason."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def report(figure, value, unit, bare, bar, **sizes):
    print(json.dumps({"figure": figure, "value": value, "unit": unit, "bare": bare, "bar": bar, "sizes": sizes}),
          flush=True)


def rounds(n):
    return max(n // 10, 10) if QUICK else n


def run(*command, timeout=1200, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, **more)
    if done.returncode != 0:
        raise Failed(f"{command[0]}: status {done.returncode}: {done.stderr.strip()} {done.stdout.strip()}")
    return done.stdout


def program(name, *arguments, **more):
    return run(PROGRAMS / name, *arguments, **more)


# --- the world

def world(function, *arguments, stdin=""):
    return run(SCRIPT, function, *arguments, input=stdin)


def world_uid(name):
    return int(run("id", "-u", name))


def daemon_pid():
    return int(Path("/run/world/countersignd.pid").read_text())


def store_on_disk():
    """The store of this world lies on the checkout's disk, and not in memory: a commit costs what it costs. Returns the
    kind of file system."""
    folder = BUILD / "store"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run("mount", "--bind", folder, STATE)
    return run("findmnt", "--noheadings", "--output", "FSTYPE", "--target", STATE).split()[-1]


def rss_mib(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise Failed("the daemon has no VmRSS")


def pam_services(permission="release.deploy", scope="project/tomcat"):
    """The services bench-floor and bench-countersign."""
    module = PROGRAMS / "bench_floor_pam.so"
    services = {
        "bench-floor": f"account required {module}\n",
        "bench-countersign": f"account required pam_countersign.so permission={permission} scope={scope}\n",
        "other": "account required pam_deny.so\n"}  # read at every pam_start
    os.makedirs("/run/bench-floor/pam.d", mode=0o755, exist_ok=True)
    for name, text in services.items():
        Path("/run/bench-floor/pam.d", name).write_text(text)


@contextlib.contextmanager
def floor_daemon():
    """The floor's daemon, whose record lies beside the store."""
    os.makedirs("/run/bench-floor", mode=0o755, exist_ok=True)
    daemon = subprocess.Popen([PROGRAMS / "bench_floor_daemon", f"{STATE}/floor.record"], stdout=subprocess.PIPE, text=True)
    try:
        if daemon.stdout.readline() != "ready\n":
            raise Failed("the floor's daemon does not serve")
        yield
    finally:
        daemon.kill()
        daemon.wait()
