# SPDX-License-Identifier: Apache-2.0
"""Counts what ctest wrote: each skipped test with its reason, each failed one by name, then one line with the numbers.

Exit status 0 only when something ran and nothing failed; what was skipped did not run.
"""
import sys
import xml.etree.ElementTree as xml


def skips_inside(output):
    return [line.strip() for line in output.splitlines() if line.startswith("skip")]


def verdict(case):
    """passed, failed or skipped; whatever ctest could not even start has failed."""
    skipped = case.find("skipped")
    if skipped is not None and "SKIP" in skipped.get("message", "").upper():
        return "skipped"
    return "passed" if case.get("status") == "run" and case.find("failure") is None else "failed"


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in xml.parse(sys.argv[1]).getroot().iter("testcase"):
        name, result = case.get("name"), verdict(case)
        counts[result] += 1
        reasons = skips_inside(case.findtext("system-out") or "")
        if result == "failed":
            print(f"failed: {name}")
        elif result == "skipped":
            print(f"skipped: {name}: {'; '.join(reasons) or 'it gave no reason'}")
        else:
            # A part of a file was left out, though the file as a whole passed.
            for reason in reasons:
                print(f"in {name}: {reason}")
    print(", ".join(f"{number} {what}" for what, number in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
