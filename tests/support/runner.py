# SPDX-License-Identifier: Apache-2.0
"""Runs one file of system tests: its functions test_*, in the order in which they are written.

A file may have setup(), called once before, and teardown(), called once after. A test fails by any exception, and is left
out by raising Skip with the reason. One line per test: ok, FAIL or skip, and the name; then the count.
Exit status: 0, 1 when anything failed or nothing ran, 77 when everything was skipped.
"""
import importlib.util
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def load(path):
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(path))[0], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def play(name, function):
    from world import Skip
    begun = time.monotonic()
    try:
        function()
    except Skip as reason:
        print(f"skip {name}: {reason}", flush=True)
        return "skipped"
    except Exception:
        print(f"FAIL {name}", flush=True)
        traceback.print_exc(file=sys.stdout)
        return "failed"
    print(f"ok   {name} ({time.monotonic() - begun:.2f} s)", flush=True)
    return "passed"


def play_all(module, wanted):
    tests = [(name, thing) for name, thing in vars(module).items() if name.startswith("test_") and callable(thing)]
    tests = [(name, thing) for name, thing in tests if not wanted or any(word in name for word in wanted)]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    if hasattr(module, "setup"):
        result = play("setup", module.setup)
        if result != "passed":
            counts[result] += 1
            return counts
    for name, thing in tests:
        counts[play(name, thing)] += 1
    if hasattr(module, "teardown") and play("teardown", module.teardown) == "failed":
        counts["failed"] += 1
    return counts


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: runner.py FILE [WORD...]   (only tests whose name has one of the words)")
    counts = play_all(load(sys.argv[1]), sys.argv[2:])
    print(", ".join(f"{number} {what}" for what, number in counts.items()), flush=True)
    if counts["failed"] or not sum(counts.values()):
        return 1
    return 0 if counts["passed"] else 77


if __name__ == "__main__":
    sys.exit(main())
