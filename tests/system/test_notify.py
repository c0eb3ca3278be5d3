# SPDX-License-Identifier: Apache-2.0
"""People are told: mail through a sendmail that keeps what it gets, a webhook, and a line on a terminal; whatever happens to
the daemon, at least once; and nothing of what a requester wrote does anything on the way."""
import http.server
import json
import os
import signal
import struct
import subprocess
import threading

from people import approve, approved_by, countersign, from_clean, held, reject, until
from term import Term
from world import children, run_as

CONF = "/etc/countersign/countersignd.conf"
PROGRAMS = "/usr/share/countersign/notify"
OWN = "/etc/countersign/notify"
MAILS = "/run/world/mails"
HOOKS = []
DEPLOY = ["sudo", "/usr/local/sbin/deploy-release", "tomcat"]

SENDMAIL = """#!/bin/sh
# Keeps the mail, as the recipients in it get it: -t. Goes away where it is told to.
[ ! -e %(mails)s/down ] || { echo "no relay"; exit 75; }
[ ! -e %(mails)s/hang ] || exec sleep 1000
[ "$*" = "-t -oi" ] || exit 64
name=$(mktemp %(mails)s/tmp.XXXXXX)
cat > "$name"
mv "$name" "%(mails)s/mail.${name##*.}"
""" % {"mails": MAILS}


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        HOOKS.append((self.path, dict(self.headers), body))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:%d/hook" % self.server.server_address[1])
        else:
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def written(path, content, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as f:
        f.write(content)
    os.chmod(path + ".new", mode)
    os.rename(path + ".new", path)


def configure(*programs, more=""):
    """The notify section names these programs."""
    text = open(CONF).read().split("notify {")[0]
    if programs:
        text += "notify {\n  program = { %s }\n  timeout = 20s\n%s}\n" % (
            ", ".join('"%s"' % p for p in programs), more)
    written(CONF, text)


def restart(*programs, more=""):
    countersign("countersign_stop")
    configure(*programs, more=more)
    countersign("countersign_start")


def setup():
    os.makedirs(MAILS, exist_ok=True)
    os.chmod(MAILS, 0o777)
    for step in ("world_users", "world_slapd_start", "world_sudo", "world_install", "countersign_configure"):
        countersign(step)
    written("/usr/sbin/sendmail", SENDMAIL, 0o755)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    setup.port = server.server_address[1]
    written(OWN + "/http.conf", 'url = "http://127.0.0.1:%d/hook"\nheader = "Authorization: Bearer s3cret"\n' % setup.port,
            0o644)
    configure(PROGRAMS + "/mail", PROGRAMS + "/http")
    for step in ("countersign_start", "countersign_sudo"):
        countersign(step)


def mails():
    found = {}
    for name in os.listdir(MAILS):
        if name.startswith("mail."):
            with open(os.path.join(MAILS, name)) as f:
                found[name] = f.read()
    return found


def mail_with(*words):
    """The mails that hold all of these, once there is one."""
    return until(lambda: [m for m in mails().values() if all(w in m for w in words)], 30)


def forget():
    for name in list(os.listdir(MAILS)):
        os.unlink(os.path.join(MAILS, name))
    HOOKS.clear()


def hook_of(kind, number):
    def look():
        for path, headers, body in list(HOOKS):
            notice = json.loads(body)
            if notice["kind"] == kind and notice["request"] == number:
                return headers, notice
        return None
    return until(look, 30)


def test_notify_n1_n3_who_can_approve_gets_a_mail_and_the_hook_a_notice():
    forget()
    term, number, code = held("alice", DEPLOY + ["10.1"], reason="release day")
    with term:
        mail = mail_with("Subject: Approval needed: alice on rel1", "countersign show %d" % number)[0]
        to = mail.split("Message-ID:")[0]
        assert "bob" in to and "alice" not in to, mail
        assert "release day" in mail and "This mail approves nothing" in mail, mail
        # A134: neither the arguments nor the check code, and nothing to click (A095)
        assert "10.1" not in mail and code not in mail and "http" not in mail, mail
        headers, notice = hook_of("asked", number)
        assert headers["Authorization"] == "Bearer s3cret" and notice["requester"] == "alice", notice
        assert notice["schema"] == "countersign-notice/1" and "10.1" not in json.dumps(notice), notice
        approved_by(number, code, "bob", "carol")
        term.expect("(?i)deployed|approved")
    outcome = mail_with("Subject: Your request: alice on rel1", "Approved by carol")[0]
    assert "To: alice" in outcome, outcome
    handled = mail_with("Subject: Already handled", "Approved by carol")[0]
    to = handled.split("Message-ID:")[0]
    assert "bob" not in to and "carol" not in to and "alice" not in to, handled


def test_notify_n10_the_others_hear_that_it_was_rejected():
    forget()
    term, number, _ = held("alice", DEPLOY + ["10.2"], reason="another")
    with term:
        mail_with("Approval needed", "countersign show %d" % number)
        assert reject("bob", number, "not today").status == 0
        assert any("To: alice" in m for m in mail_with("Your request", "Rejected by bob: not today"))
        mail_with("Already handled", "Rejected by bob")


def test_notify_a102_what_a_requester_writes_is_no_header():
    forget()
    term, number, _ = held("alice", DEPLOY + ["10.3"], reason="x\x1b[2K https://evil.example/approve")
    with term:
        mail = mail_with("countersign show %d" % number)[0]
        assert "\x1b" not in mail and "https://" not in mail, mail
        run_as("root", "countersign", "cancel", number)


def test_notify_n9_what_was_not_told_when_the_daemon_was_killed_is_told_after():
    forget()
    written(MAILS + "/hang", "")
    term, number, _ = held("alice", DEPLOY + ["10.4"], reason="before the crash")
    with term:
        until(lambda: subprocess.run(["pgrep", "-x", "sleep"], capture_output=True).returncode == 0, 30)
        assert not mails()  # the outbox has it, and the program hangs with it
        countersign("countersign_kill")
        forget()
        countersign("countersign_start")
        mail_with("Approval needed", "countersign show %d" % number, "before the crash")
    run_as("root", "countersign", "cancel", number)


def test_notify_a_mail_system_that_is_down_holds_nobody():
    forget()
    written(MAILS + "/down", "")
    term, number, code = held("alice", DEPLOY + ["10.5"], reason="no mail")
    with term:
        def says():
            status = json.loads(run_as("root", "countersign", "status", "--json").out)
            return "no relay" in status["notify"] and status["notices"] > 0
        until(says, 30)
        assert approve("bob", number, code).status == 0
        run_as("root", "countersign", "cancel", number)
    os.unlink(MAILS + "/down")
    assert mail_with("Your request", "Withdrawn by root")


def test_notify_a_redirect_is_not_told():
    written(OWN + "/http.conf", 'url = "http://127.0.0.1:%d/moved"\n' % setup.port)
    try:
        done = subprocess.run([PROGRAMS + "/http"], input=b"{}", capture_output=True, timeout=60)
        assert done.returncode == 75 and b"302" in done.stdout, done
        assert HOOKS[-1][0] == "/moved", HOOKS[-1]
        os.chmod(OWN + "/http.conf", 0o666)
        assert subprocess.run([PROGRAMS + "/http"], input=b"{}", capture_output=True, timeout=60).returncode == 78
    finally:
        written(OWN + "/http.conf", 'url = "http://127.0.0.1:%d/hook"\n' % setup.port)


def test_notify_quiet_people_get_no_mail():
    forget()
    assert run_as("bob", "countersign", "quiet", "on", "--until", "1h").status == 0
    try:
        assert "left alone until" in run_as("bob", "countersign", "quiet").out
        term, number, _ = held("alice", DEPLOY + ["10.6"], reason="quiet")
        with term:
            mail = mail_with("countersign show %d" % number)[0]
            assert "bob" not in mail.split("Message-ID:")[0], mail
            run_as("root", "countersign", "cancel", number)
    finally:
        assert run_as("bob", "countersign", "quiet", "off").status == 0


def test_notify_programs_that_others_could_change_are_refused():
    for mode, words in ((0o775, "writable"), (0o644, "run")):
        written(OWN + "/mine", "#!/bin/sh\n", mode)
        configure(OWN + "/mine")
        done = subprocess.run(["/usr/sbin/countersignd", "--config", CONF, "--check"], capture_output=True, text=True)
        assert done.returncode == 78 and words in done.stderr and "notify" in done.stderr, done
    configure(PROGRAMS + "/mail", PROGRAMS + "/http")


def processes():
    """The notify keeper and its worker: children of the daemon that run its program."""
    pid = open("/run/world/countersignd.pid").read().strip()
    found = []
    for child in children(pid):
        found += [(child, worker) for worker in children(child)]
    return found


def test_notify_a_worker_that_is_killed_is_started_again():
    forget()
    (keeper, worker), = processes()
    os.kill(int(worker), signal.SIGKILL)
    until(lambda: processes() and processes()[0][1] != worker, 30)
    assert processes()[0][0] == keeper
    for pid in processes()[0]:
        lines = dict(line.split(":", 1) for line in open("/proc/%s/status" % pid).read().splitlines())
        assert "0" not in lines["Uid"].split() and "0" not in lines["Gid"].split(), lines
        assert int(lines["CapEff"], 16) == 0, lines
        names = [os.readlink("/proc/%s/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%s/fd" % pid)]
        assert all(n == "/dev/null" or n.startswith(("socket:", "pipe:", "anon_inode:")) for n in names), names
    term, number, _ = held("alice", DEPLOY + ["10.7"], reason="again")
    with term:
        mail_with("countersign show %d" % number)
        run_as("root", "countersign", "cancel", number)


def logged_in(user, tty):
    """A record in utmp, as login(1) writes one: who(1) shows it."""
    record = struct.pack("<hxxi32s4s32s256shhiii4i20s", 7, os.getpid(), tty.encode(), tty[-2:].encode(), user.encode(), b"",
                         0, 0, 0, 0, 0, 0, 0, 0, 0, b"")
    with open("/run/utmp", "ab") as f:
        f.write(record)
    os.chmod("/run/utmp", 0o644)


def test_notify_n4_a_line_on_the_terminal_of_who_is_logged_in():
    restart(PROGRAMS + "/terminal", more='  group = "tty"\n')
    try:
        with Term(["sh", "-c", "stty -echo; echo ready; exec cat"], user="bob") as bob:
            bob.expect("ready")
            logged_in("bob", bob.tty.removeprefix("/dev/"))
            term, number, _ = held("alice", DEPLOY + ["10.8"], reason="on the terminal")
            with term:
                bob.expect("Countersign: Approval needed. alice asks for approval.")
                bob.expect("countersign show %d" % number)
                run_as("root", "countersign", "cancel", number)
    finally:
        restart(PROGRAMS + "/mail", PROGRAMS + "/http")


from_clean(globals())
