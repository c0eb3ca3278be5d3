# SPDX-License-Identifier: Apache-2.0
"""The oracle of the end-to-end cases: the canary, the exit status and the evidence have to agree.

    oracle = Oracle()
    status = run(...)
    oracle.denied("no-permission", status)
"""
from people import deploys, events, last_event, whole


class Oracle:
    def __init__(self):
        self.mark = last_event()
        self.before = len(deploys())

    def canaries(self):
        return deploys()[self.before:]

    def events(self, number=None):
        return [event for event in events(self.mark) if number is None or event["request"] == number]

    def kinds(self, number=None):
        return [event["kind"] for event in self.events(number)]

    def nothing_ran(self):
        assert self.canaries() == [], self.canaries()

    def denied(self, reason, status):
        """Nothing ran, and exactly one denial stands in the evidence, with this reason."""
        self.nothing_ran()
        assert status != 0, "the command was refused, but its exit status is 0"
        found = [event["reason"] for event in self.events() if event["kind"] == "denied"]
        assert found == [reason], f"denials in the evidence: {found}, expected {[reason]}"
        assert "claimed" not in self.kinds(), self.kinds()
        assert whole()

    def ran(self, number, status, line=None):
        """It ran once, after approval and claim of this request."""
        assert status == 0, f"exit status {status}"
        lines = self.canaries()
        assert len(lines) == 1 and line in (None, lines[0]), lines
        kinds = [event["kind"] for event in events() if event["request"] == number]
        assert kinds.count("approved") == 1 and kinds.count("claimed") == 1, kinds
        assert kinds.index("approved") < kinds.index("claimed"), kinds
        assert whole()

    def ended_as(self, number, kind, status):
        """Nothing ran, and the request ended in this way."""
        self.nothing_ran()
        assert status != 0, "the command did not run, but its exit status is 0"
        kinds = self.kinds(number)
        assert kinds.count(kind) == 1 and "claimed" not in kinds, kinds
        assert whole()
