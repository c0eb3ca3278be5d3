# SPDX-License-Identifier: Apache-2.0
"""The stage of the demo: people at terminals, a transcript of what they type and see, and a count of what went as told."""
import os
import re
import shlex
import shutil
import sys
import textwrap
import time

from term import Failed, Term

COLOURS = {"alice": 33, "alice-adm": 33, "bob": 36, "carol": 35, "dave": 34, "root": 31}
STYLES = {"bold": 1, "dim": 2, "good": 32, "bad": 31}
SGR = re.compile(r"\x1b\[[0-9;]*m")
OTHER_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-ln-z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])")
WIDTH = 100    # of what is told, where there is room
COLUMNS = 110  # of a person's terminal, likewise
FRAME = 4      # what stands before a line of it


class Transcript:
    """Prints; knows whose terminal was shown last, so that a reader always knows whose it is."""

    def __init__(self, out=sys.stdout):
        out.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
        self.out = out
        self.colour = out.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
        # In a pipe nothing is cut or divided.
        self.columns = shutil.get_terminal_size().columns if out.isatty() else 0
        self.speaker = None

    def fitting(self, wanted, less=0):
        """So many columns, or as many as there are."""
        return max(40, min(wanted, self.columns - less)) if self.columns else wanted

    def paint(self, text, *codes):
        return f"\x1b[{';'.join(map(str, codes))}m{text}\x1b[0m" if self.colour else text

    def line(self, text=""):
        print(text, file=self.out)

    def heading(self, number, title):
        self.speaker = None
        self.line()
        self.line(self.paint(f"Step {number}: {title}", 1, 4))

    def tell(self, text):
        """What happens besides what is typed."""
        self.speaker = None
        self.line()
        for part in textwrap.wrap(" ".join(text.split()), self.fitting(WIDTH)):
            self.line(part)

    def prompt(self, user, folder, command):
        mark = "#" if user == "root" else "$"
        self.speaker = user
        self.line()
        self.line("  " + self.paint(f"{user}@rel1", 1, COLOURS[user]) + f":{folder}{mark} {self.paint(command, 1)}")

    def screen(self, user, text):
        """One line of that person's terminal."""
        if self.speaker != user:
            self.line()
            self.line("  " + self.paint(f"{user}'s terminal goes on:", 2))
            self.speaker = user
        text = OTHER_ESCAPES.sub("", text)
        plain = SGR.sub("", text)
        parts = [text if self.colour else plain]
        if self.columns and len(plain) > self.fitting(COLUMNS, FRAME):
            indent = " " * (len(plain) - len(plain.lstrip()) + 4)
            parts = textwrap.wrap(plain, self.fitting(COLUMNS, FRAME), subsequent_indent=indent, break_on_hyphens=False)
        for part in parts:
            self.line("  " + self.paint("│", COLOURS[user]) + " " + part)

    def checked(self, good, what):
        self.speaker = None
        mark = self.paint("✓", 32) if good else self.paint("✗", 1, 31)
        parts = textwrap.wrap(what, self.fitting(WIDTH, FRAME), break_on_hyphens=False) if self.columns else [what]
        for i, part in enumerate(parts):
            self.line(f"  {' ' if i else mark} {part}")


class Screen(Term):
    """A terminal whose lines go into the transcript as they are read."""

    def __init__(self, transcript, user, argv, skip=None, **more):
        """skip: lines that fit are left out of the transcript, and that is said once."""
        self.transcript = transcript
        self.user = user
        self._skip = skip and re.compile(skip)
        self._skipped = 0
        self._told = 0
        super().__init__(argv, user=user, **more)

    def _read(self, seconds):
        came = super()._read(seconds)
        if came:
            self._tell(False)
        return came

    def _tell(self, all_of_it):
        fresh = self._text[self._told:]
        end = len(fresh) if all_of_it else fresh.rfind("\n") + 1
        self._told += end
        for line in fresh[:end].splitlines():
            # What a carriage return overwrote is not on the screen.
            line = line.rstrip("\r").rsplit("\r", 1)[-1]
            if self._skip and self._skip.search(SGR.sub("", line)):
                self._skipped += 1
                continue
            if self._skipped:
                self.transcript.screen(self.user, self.transcript.paint(f"  … {self._skipped} lines about the request", 2))
                self._skipped = 0
            self.transcript.screen(self.user, line)

    def flush(self):
        """The line on which the cursor stands, too."""
        self._tell(True)

    def wait(self, timeout=None):
        status = super().wait(timeout)
        self.flush()
        return status


class Person:
    def __init__(self, transcript, name, closing, folder="~"):
        self.transcript = transcript
        self.name = name
        self.folder = folder
        self._closing = closing

    def types(self, command, env=None, skip=None):
        """Starts a command on a terminal of its own; it may go on while others act."""
        self.transcript.prompt(self.name, self.folder, command)
        argv = ["bash", "-c", command] if re.search(r"[|<>;&]", command) else shlex.split(command)
        term = Screen(self.transcript, self.name, argv, env=env, skip=skip,
                      columns=self.transcript.fitting(COLUMNS, FRAME))
        self._closing.append(term)
        return term

    def runs(self, command, timeout=20, skip=None):
        """Runs a command to its end; returns exit status and what the screen said."""
        term = self.types(command, skip=skip)
        status = term.wait(timeout)
        return status, SGR.sub("", term.screen)


class Play:
    """The steps, one after the other; a step that fails does not keep the next from being played."""

    def __init__(self, transcript):
        self.transcript = transcript
        self.good = []
        self.bad = []
        self._step_good = True
        self.terms = []

    def person(self, name, folder="~"):
        return Person(self.transcript, name, self.terms, folder)

    def check(self, good, what):
        """A statement about what really happened, shown with its mark."""
        self.transcript.checked(bool(good), what)
        if not good:
            self._step_good = False
        return bool(good)

    def step(self, number, title, function):
        self._step_good = True
        self.transcript.heading(number, title)
        try:
            function()
        except (Failed, AssertionError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            self._step_good = False
            self.transcript.checked(False, f"{type(error).__name__}: {error}")
        for term in self.terms:
            term.close()
        self.terms.clear()
        (self.good if self._step_good else self.bad).append(number)

    def end(self, begun):
        total = len(self.good) + len(self.bad)
        seconds = f"{time.monotonic() - begun:.0f} s"
        self.transcript.line()
        if self.bad or not self.good:
            wrong = ", ".join(map(str, self.bad))
            self.transcript.line(self.transcript.paint(
                f"demo: {len(self.good)} of {total} steps went as told; not so: {wrong} ({seconds})", 1, 31))
            return 1
        self.transcript.line(self.transcript.paint(f"demo: all {total} steps went as told ({seconds})", 1, 32))
        return 0
