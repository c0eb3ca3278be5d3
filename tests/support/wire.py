# SPDX-License-Identifier: Apache-2.0
"""Speaks the protocol of module.sock and people.sock (docs/protocol.md), for tests that need what no program does."""
import os
import socket
import struct

MAGIC, VERSION = b"CSGN", 5
SUBMIT, WAIT, CLAIM, CONFIRM, CANCEL, RIGHT, LIST, SHOW, VOTE, STATUS, EVIDENCE = range(1, 12)
DENY, HOLD, PERMIT = 0, 0x686F6C64, 0x7065726D
NO_UID = 0xFFFFFFFF
PENDING, APPROVED, REJECTED, CANCELLED, EXPIRED, USED = range(1, 7)
WHY = {4: "approved", 20: "needs-approval", 21: "needs-reason", 22: "parked", 23: "cooling", 42: "no-permission",
       47: "unsatisfiable", 62: "doubt", 80: "rejected", 81: "cancelled", 82: "expired", 83: "used", 85: "unanswered",
       104: "not-yours", 122: "voted", 124: "state", 140: "limit", 141: "store"}


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">I", len(value)) + value


def texts(values):
    return struct.pack(">I", len(values)) + b"".join(map(text, values))


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, n):
        assert self.at + n <= len(self.data), "the reply is cut short"
        self.at += n
        return self.data[self.at - n:self.at]

    def u32(self):
        return struct.unpack(">I", self.raw(4))[0]

    def u64(self):
        return struct.unpack(">Q", self.raw(8))[0]

    def text(self):
        return self.raw(self.u32()).decode()

    def blob(self):
        return self.raw(self.u32())

    def texts(self):
        return [self.text() for _ in range(self.u32())]

    def fields(self, *spec):
        """name, kind, name, kind, … in order; kind is u32, u64, text, blob, texts, or a number of raw bytes."""
        return {name: self.raw(kind) if isinstance(kind, int) else getattr(self, kind)()
                for name, kind in zip(spec[::2], spec[1::2])}


def read_person(r):
    return r.fields("id", "text", "human", "text", "dn", "text", "name", "text", "uid", "u32", "locked", 1,
                    "keys", "texts")


def read_vote(r):
    vote = {"vote": r.u32(), "person": read_person(r), "login_uid": r.u32()}
    return vote | r.fields("digest", 32, "comment", "text", "wall", "u64", "rules", "texts", "because", "texts",
                           "assurance", "text", "self", 1, "not_after", "u64", "head_number", "u64", "head", 32,
                           "signature", "blob")


def read_decision(r):
    d = r.fields("verdict", "u32", "reason", "u32", "text", "text", "gate", "text", "scope", "text", "number", "u64",
                 "id", 16, "secret", 16, "code", "text", "state", "u32")
    d["needs"] = [r.fields("rule", "text", "label", "text", "count", "u32", "have", "u32", "by", "texts", "who",
                           "texts", "stage", "u32", "alternative", "text", "open", 1, "opens_in", "u64",
                           "against", "u32")
                  for _ in range(r.u32())]
    d["votes"] = [read_vote(r) for _ in range(r.u32())]
    d["why"] = WHY.get(d["reason"], d["reason"])
    d |= r.fields("version", "u64", "remaining", "u64", "hold", "u64", "missing", "u32", "uses", "u32",
                  "used", "u32", "start", "u64", "objection", "u64", "session", "u64", "waiting", "u32")
    d["wanted"] = [r.fields("arg", "u32", "suffix", "text") for _ in range(r.u32())]
    return d | r.fields("attend", 1, "watch", "u32")


def read_request(r):
    q = r.fields("version", "u32", "id", 16, "boot", "text", "uid", "u32", "login_uid", "u32", "name", "text")
    q["requester"] = read_person(r)
    q |= r.fields("service", "text", "host", "text", "command", "text", "resolved", "text", "argv", "texts",
                  "target_uid", "u32", "target_gid", "u32")
    q["target_groups"] = [r.u32() for _ in range(r.u32())]
    q |= r.fields("target_name", "text", "cwd", "text", "env", "texts", "tty", "text", "peer", "text", "flags", 2,
                  "file", 69)
    q["operands"] = [r.fields("arg", "u32", "suffix", "text", "path", "text", "exposed", 1, "file", 69)
                     for _ in range(r.u32())]
    return q | r.fields("more_operands", 1) | r.fields("gate", "text", "scope", "text", "policy", 32, "reason", "text", "assurance", "text", "times",
                        32, "start", "u64", "uses", "u32", "session", "u64", "objection", "u64", "self", 1, "watch", "u32")


class Gone(Exception):
    """The daemon closed the connection."""


class Wire:
    """One connection, made as that user."""

    def __init__(self, path, uid=0, timeout=30):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.buffer = b""
        os.seteuid(uid)
        try:
            self.socket.connect(path)
        finally:
            os.seteuid(0)
        self.socket.sendall(MAGIC + struct.pack(">I", VERSION))

    def send(self, kind, payload, fd=None):
        frame = struct.pack(">IB", len(payload) + 1, kind) + payload
        try:
            if fd is None:
                self.socket.sendall(frame)
            else:
                sent = self.socket.sendmsg([frame], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", fd))])
                self.socket.sendall(frame[sent:])
        except (BrokenPipeError, ConnectionResetError):
            raise Gone from None

    def take(self, n):
        while len(self.buffer) < n:
            try:
                got = self.socket.recv(65536)
            except ConnectionResetError:
                got = b""
            if not got:
                raise Gone
            self.buffer += got
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def reply(self):
        """Error number, text, and a reader of what follows."""
        size = struct.unpack(">I", self.take(4))[0]
        r = Reader(self.take(size)[1:])
        return r.u32(), r.text(), r

    def decision(self):
        error, what, r = self.reply()
        assert error == 0, (error, what)
        return read_decision(r)

    def ask(self, kind, payload, fd=None):
        self.send(kind, payload, fd)
        return self.decision()

    def close(self):
        self.socket.close()


def submit(uid, name, command, argv, reason="because", may_wait=True, tty="pts/1", file=True, service="sudo"):
    """The payload of a sudo by that user; or of another service, which has no path that could be resolved and no file."""
    is_path = service == "sudo"
    action = text(service) + text("") + text(command) + text(command if is_path else "") + texts(argv)
    action += struct.pack(">III", 0, 0, 0)
    action += text("root") + text("/") + texts([]) + text(tty) + text("") + b"\0\0" + bytes(69) + bytes(4 + 1)
    return struct.pack(">II", uid, NO_UID) + text(name) + action + text(reason) + \
        bytes([may_wait, 0, 0, file and is_path, 0]) + bytes(8 + 1 + 1)


def wait(held, seen, ms):
    return held["id"] + held["secret"] + struct.pack(">QI", seen, ms)


def claim(held):
    return held["id"] + held["secret"] + b"\1" + bytes(4)


def show(wire, number):
    """Request, digest and decision, as whoever holds this connection sees them."""
    wire.send(SHOW, struct.pack(">Q", number) + text(""))
    error, what, r = wire.reply()
    assert error == 0, (error, what)
    request = read_request(r)
    digest = r.raw(32)
    return request, digest, read_decision(r)


def vote(number, digest, approve=True, comment="fine"):
    code = "%04d" % (int.from_bytes(digest[:4], "big") % 10000)
    return struct.pack(">Q", number) + digest + struct.pack(">I", 1 if approve else 2) + text(code) + text(comment) + \
        bytes(8 + 8 + 32) + text("")
