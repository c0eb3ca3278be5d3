# SPDX-License-Identifier: Apache-2.0
"""A person at a terminal: runs a program on a terminal of its own, types, and reads what the screen shows.

    with Term(["sudo", "deploy-release", "tomcat", "10.1"], user="alice") as alice:
        alice.expect(r"Reason: ")
        alice.sendline("security release")
        alice.expect(r"request (\\d+)", timeout=5).group(1)
        assert alice.wait() == 0

From a shell, actions in the order given, then the screen on standard output and the program's exit status:

    term.py --user alice --expect 'Reason: ' --type 'security release' -- sudo deploy-release tomcat 10.1
"""
import argparse
import codecs
import fcntl
import os
import pwd
import re
import select
import signal
import struct
import sys
import termios
import time

ENTER = "\r"
INTERRUPT = "\x03"
END_OF_FILE = "\x04"
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/games"


class Failed(AssertionError):
    """What was expected did not come; the text holds the screen."""


class Term:
    def __init__(self, argv, user=None, env=None, cwd=None, name=None, rows=40, columns=120, timeout=10.0):
        """env is added to a clean environment; cwd is the user's home if not given; timeout is expect's own default."""
        self.argv = list(argv)
        self.name = name or user or "root"
        self.timeout = timeout
        self.status = None
        self._text = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._seen = 0
        self._ended = False
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.tty = os.ttyname(slave)
        person = pwd.getpwnam(user or "root")
        os.fchown(slave, person.pw_uid, 5)
        os.fchmod(slave, 0o620)
        self.pid = os.fork()
        if self.pid == 0:
            self._become(slave, person, env or {}, cwd)
        os.close(slave)

    def _become(self, slave, person, env, cwd):
        """The child: never returns."""
        try:
            os.close(self._master)
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for target in (0, 1, 2):
                os.dup2(slave, target)
            if slave > 2:
                os.close(slave)
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            if os.getuid() != person.pw_uid:
                os.initgroups(person.pw_name, person.pw_gid)
                os.setgid(person.pw_gid)
                os.setuid(person.pw_uid)
            os.chdir(cwd or person.pw_dir)
            os.execvpe(self.argv[0], self.argv, self._environment(person, env))
        except BaseException as error:
            os.write(2, f"cannot run {self.argv[0]}: {error}\n".encode())
        os._exit(127)

    @staticmethod
    def _environment(person, env):
        path = PATH if person.pw_uid else "/usr/local/sbin:/usr/sbin:/sbin:" + PATH
        base = {"HOME": person.pw_dir, "SHELL": person.pw_shell, "USER": person.pw_name, "LOGNAME": person.pw_name,
                "PATH": path, "TERM": "xterm", "LANG": "C.UTF-8"}
        base.update(env)
        return base

    # --- reading

    @property
    def screen(self):
        """Everything shown so far, as text."""
        return self._text.replace("\r\n", "\n")

    @property
    def unread(self):
        """What was shown since the last expect that succeeded."""
        return self.screen[self._seen:]

    def _read(self, seconds):
        """Reads once, waiting at most so long; False when nothing came."""
        if self._ended or not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            data = b""
        if not data:
            self._ended = True
            return False
        self._text += self._decoder.decode(data)
        return True

    def expect(self, pattern, timeout=None):
        """Waits for the pattern in what was not yet read; returns the match and reads on after it."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            found = re.search(pattern, self.unread, re.MULTILINE)
            if found:
                self._seen += found.end()
                return found
            left = deadline - time.monotonic()
            if self._ended or left <= 0:
                why = "the program ended" if self._ended else "the time is over"
                raise Failed(f"{self.name} did not see {pattern!r}: {why}\n{self._shown()}")
            self._read(left)

    def expect_nothing(self, pattern, seconds):
        """The pattern must not be shown for so long; for holds, where staying silent is the behaviour."""
        deadline = time.monotonic() + seconds
        while not self._ended and time.monotonic() < deadline:
            self._read(deadline - time.monotonic())
        if re.search(pattern, self.unread, re.MULTILINE):
            raise Failed(f"{self.name} saw {pattern!r}\n{self._shown()}")

    def _shown(self):
        lines = "".join(f"  | {line}\n" for line in self.screen.splitlines())
        return f"{' '.join(self.argv)} showed:\n{lines}"

    # --- writing

    def send(self, text):
        os.write(self._master, text.encode())

    def sendline(self, text=""):
        self.send(text + ENTER)

    def sendintr(self):
        self.send(INTERRUPT)

    def hangup(self):
        """The terminal goes away, as when a window is closed or a line is cut. The program gets SIGHUP."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
        self._ended = True

    # --- ending

    @property
    def running(self):
        self._collect(os.WNOHANG)
        return self.status is None

    def _collect(self, flags):
        if self.status is None:
            pid, status = os.waitpid(self.pid, flags)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)

    def wait(self, timeout=None):
        """Reads to the end of the screen; returns the exit status, or minus the signal's number."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while self.running:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Failed(f"{self.name}'s program does not end\n{self._shown()}")
            if self._ended or not self._read(min(left, 0.1)):
                time.sleep(0.01)
        while self._read(0):
            pass
        return self.status

    def close(self):
        """Ends what still runs, by its number."""
        self.hangup()
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
            self._collect(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def run(argv, user=None, timeout=30.0, **more):
    """Runs a program on a terminal to its end; returns exit status and screen."""
    with Term(argv, user=user, **more) as term:
        status = term.wait(timeout)
        return status, term.screen


class _Step(argparse.Action):
    def __call__(self, parser, space, value, option=None):
        space.steps = (space.steps or []) + [(option, value)]


def main():
    parser = argparse.ArgumentParser(prog="term.py", description="Plays a program on a terminal of its own.")
    parser.add_argument("--user", help="run as this user")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds for each step")
    parser.add_argument("--expect", dest="steps", metavar="REGEX", action=_Step, help="wait until this is shown")
    parser.add_argument("--type", dest="steps", metavar="LINE", action=_Step, help="type this and Enter")
    parser.add_argument("--interrupt", dest="steps", action=_Step, nargs=0, help="type Ctrl-C")
    parser.add_argument("--hangup", dest="steps", action=_Step, nargs=0, help="take the terminal away")
    parser.add_argument("argv", nargs="+", metavar="COMMAND")
    options = parser.parse_args()
    with Term(options.argv, user=options.user, timeout=options.timeout) as term:
        acts = {"--expect": term.expect, "--type": term.sendline, "--interrupt": lambda _: term.sendintr(),
                "--hangup": lambda _: term.hangup()}
        try:
            for option, value in options.steps or []:
                acts[option](value)
            status = term.wait()
        except Failed as failure:
            print(failure, file=sys.stderr)
            return 1
        sys.stdout.write(term.screen)
        return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
