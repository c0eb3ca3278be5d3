# SPDX-License-Identifier: Apache-2.0
"""A login over ssh that is held, and what became of it: for the system tests of sshd.

    with Login([*SSH, WRITE_PROOF]) as login:
        login.approve()
        login.ran()
"""
import os

from oracle import Oracle
from people import approved_by, requests, show, until, whole
from term import Term
from world import run_as

SSH = ["ssh", "-o", "BatchMode=yes", "rel1"]
PROOF = "/home/alice/proof"
WRITE_PROOF = "echo in >>proof"


class Login:
    """Something that alice starts over ssh and that is held. said: what she is asked before, and answers, in pairs."""

    def __init__(self, argv, user="alice", said=(), env=None):
        self.oracle = Oracle()
        self.user = user
        if os.path.exists(PROOF):
            os.unlink(PROOF)
        before = {row["number"] for row in requests(user, "--mine", "--all")}
        self.term = Term(argv, user=user, env=env)
        try:
            for pattern, line in said:
                self.term.expect(pattern)
                self.term.sendline(line)
            self.number = until(lambda: [row["number"] for row in requests(user, "--mine", "--all")
                                         if row["number"] not in before])[0]
        except BaseException:
            self.term.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.term.close()
        if show(self.number)["decision"]["state"] in ("pending", "approved"):
            run_as(self.user, "countersign", "cancel", self.number)

    @property
    def code(self):
        return show(self.number, self.user)["decision"]["check_code"]

    def approve(self):
        approved_by(self.number, self.code, "carol")

    def kinds(self):
        return self.oracle.kinds(self.number)

    def held(self):
        """Nothing ran, and it waits."""
        assert not os.path.exists(PROOF) and self.term.running
        assert "claimed" not in self.kinds(), self.kinds()

    def released(self):
        """Once, after the approval, and on a record that is whole."""
        kinds = self.kinds()
        assert kinds.count("approved") == 1 and kinds.count("claimed") == 1, kinds
        assert kinds.index("approved") < kinds.index("claimed") and whole(), kinds

    def ran(self):
        """It came to its end, and wrote its proof once."""
        assert self.term.wait() == 0, self.term.screen
        with open(PROOF) as proof:
            assert proof.read() == "in\n"
        self.released()

    def not_released(self):
        assert "claimed" not in self.kinds() and whole(), self.kinds()
