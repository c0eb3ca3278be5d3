# SPDX-License-Identifier: Apache-2.0
"""What sudoedit installs, and that it installs nothing of an edit that was ended; on the real sudo."""
import os

import runs
from people import approved_by, countersign, events, held, until
from runs import GATE, alive, apply, end, listed, write

FILE = "/etc/canary.conf"
EDITOR = "/usr/local/bin/editor"
SUDOERS = "/etc/sudoers.d/edits"
KEYS = "lifetime   = 30m"
policy = []


def setup():
    policy.append(runs.setup() + GATE % ("edit", "sudoedit", EDITOR))
    apply(policy[0])


def teardown():
    os.unlink(SUDOERS)
    runs.teardown()


class edit:
    """alice edits what bob approved; the editor has written, and does this then."""
    def __init__(self, then, defaults="use_pty"):
        write(FILE, "original\n", 0o644)
        write(EDITOR, f'#!/bin/sh\necho changed >>"$1"\necho "editing $$"\n{then}\n')
        write(SUDOERS, f"Defaults editor={EDITOR}\nDefaults {defaults}\nalice ALL=(root) NOPASSWD: sudoedit {FILE}\n", 0o440)
        self.term, self.number, code = held("alice", ["sudoedit", FILE])
        approved_by(self.number, code, "bob")
        self.pid = int(self.term.expect(r"editing (\d+)").group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.term.close()
        until(lambda: not listed(self.number))

    def installed(self):
        with open(FILE) as file:
            return file.read() != "original\n"

    def kinds(self):
        return [event["kind"] for event in events() if event["request"] == self.number]


def test_edits_what_was_approved_is_installed():
    with edit("exit 0") as it:
        assert it.term.wait() == 0 and it.installed()


# sudo installs whatever an editor left, however it ended. Kills: keep_from_installing; the look in cs_sudo_attend_ends.
def test_edits_nothing_is_installed_of_what_was_ended():
    for defaults in "use_pty", "!use_pty":
        for then in "sleep 60", 'trap "exit 0" TERM HUP; sleep 60 & wait':
            with edit(then, defaults) as it:
                until(lambda: listed(it.number))
                assert end("bob", it.number).status == 0
                it.term.expect("nothing was installed")
                assert it.term.wait() == 1 and not it.installed()
                until(lambda: not alive(it.pid) and not listed(it.number))
                assert it.kinds().count("ended") == 1 and it.kinds().count("closed") == 1, it.kinds()


# Its timer is of the session line, and needs no daemon. Kills: is_over.
def test_edits_nothing_is_installed_after_its_time():
    apply(policy[0].replace(KEYS, f"{KEYS}\n\tsession    = 2s"))
    try:
        with edit('trap "exit 0" TERM HUP; sleep 60 & wait') as it:
            countersign("countersign_stop")
            it.term.expect("nothing was installed")
            assert it.term.wait() == 1 and not it.installed()
            countersign("countersign_start")
        with edit("exit 0") as it:
            assert it.term.wait() == 0 and it.installed()
    finally:
        apply(policy[0])
