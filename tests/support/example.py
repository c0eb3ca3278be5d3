# SPDX-License-Identifier: Apache-2.0
"""The world of one of etc/examples, with its people, its directory and its policy, an application in it that asks
Countersign before it does what cannot be undone, and a program that keeps the notices people get."""
import json
import os
import pwd
import threading

from people import POLICY, countersign, until
from wire import (APPROVED, CLAIM, HOLD, PENDING, PERMIT, SUBMIT, WAIT, Wire, claim, submit, wait)
from world import run_as

MODULE = "/run/countersign/module.sock"
CONF = "/etc/countersign/countersignd.conf"
NOTICES = "/run/world/notices"
KEEPER = "/usr/local/lib/keep-notices"
KEEP = f"""#!/bin/sh
name=$(mktemp {NOTICES}/tmp.XXXXXX) && cat >"$name" && mv "$name" "{NOTICES}/notice.${{name##*.}}"
"""


def written(path, content, mode):
    with open(path, "w") as file:
        file.write(content)
    os.chmod(path, mode)


def example_world(name, directory=""):
    """The daemon serves that example, and tells people through a program that keeps what it gets. directory: more options of
    that section."""
    os.environ["WORLD_EXAMPLE_NAME"] = name
    for step in ("world_users", "world_slapd_start", "world_install", "countersign_configure"):
        countersign(step)
    os.makedirs(NOTICES)
    os.chmod(NOTICES, 0o777)
    written(KEEPER, KEEP, 0o755)
    with open(CONF) as file:
        text = file.read().replace("directory {\n", f"directory {{\n{directory}\n", 1)
    written(CONF, text + f'notify {{\n    program = "{KEEPER}"\n}}\n', 0o644)
    countersign("countersign_start")


def example_end():
    countersign("countersign_stop")
    countersign("world_slapd_stop")


def example_policy(*changes):
    """The example's own policy, with so many (old, new) changes, in force."""
    with open(POLICY) as file:
        text = file.read()
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    done = run_as("root", "countersign", "policy", "apply", "-", "--yes", stdin=text)
    assert done.status == 0, done


def notices(number, kind):
    """Those of that kind about that request, as the program got them."""
    found = []
    for name in os.listdir(NOTICES):
        if name.startswith("notice."):
            with open(os.path.join(NOTICES, name)) as file:
                found.append(json.load(file))
    return [n for n in found if n["request"] == number and n["kind"] == kind]


def told(number, kind):
    """The one notice of that kind about that request, once it has come."""
    found = until(lambda: notices(number, kind), 30)
    assert len(found) == 1, found
    return found[0]


class Application:
    """What an application does for a person: asks, and waits beside everything else; done says that the action ran."""

    def __init__(self, service, user, *words, reason=""):
        self.done = False
        self._wire = Wire(MODULE)
        self.first = self.last = self._wire.ask(SUBMIT, submit(
            pwd.getpwnam(user).pw_uid, user, words[0], words, reason, tty="", service=service))
        self.number = self.first["number"]
        self.code = self.first["code"]
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        if self.first["verdict"] == HOLD:
            self._waiter.start()
        else:
            self.done = self.first["verdict"] == PERMIT

    def _wait(self):
        while self.last["state"] == PENDING or self.last["why"] == "cooling":
            self.last = self._wire.ask(WAIT, wait(self.first, self.last["version"], 1000))
            if self.last["state"] == APPROVED:
                self.last = self._wire.ask(CLAIM, claim(self.first))
        self.done = self.last["verdict"] == PERMIT

    def end(self, seconds=30):
        """Waits until it knows; returns whether it did what it was asked to do."""
        self._waiter.join(seconds)
        assert not self._waiter.is_alive(), self.last
        self._wire.close()
        return self.done
