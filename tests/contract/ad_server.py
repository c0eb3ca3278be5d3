#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two habits of Active Directory in front of a slapd, which has neither.

* The matching rule 1.2.840.113556.1.4.1941: (member:RULE:=DN) becomes all groups that hold DN, at whatever depth, and
  (memberOf:RULE:=DN) everything that DN holds.
* More than PIECE values of member come as member;range=0-N, and on request as member;range=N-*.

Everything else goes through as it is. The groups cn=gap, cn=stop and cn=short lie: their second piece begins too late,
is not there, or the first is shorter than it says.
usage: ad_server.py PORT SLAPD_PORT PIECE BIND_DN PASSWORD BASE; says "ready" when it listens."""

import re
import socket
import sys
import threading

RULE = b"1.2.840.113556.1.4.1941"
SEARCH, ENTRY, DONE = 0x63, 0x64, 0x65


def read_tlv(data, at):
    """Tag, first and one past the last byte of the value."""
    length, begin = data[at + 1], at + 2
    if length & 0x80:
        n = length & 0x7F
        length, begin = int.from_bytes(data[begin:begin + n], "big"), begin + n
    return data[at], begin, begin + length


def parts(data):
    """Every (tag, value) in a row."""
    at, found = 0, []
    while at < len(data):
        tag, begin, end = read_tlv(data, at)
        found.append((tag, data[begin:end]))
        at = end
    return found


def tlv(tag, *values):
    value = b"".join(values)
    n = len(value)
    head = bytes([n]) if n < 0x80 else bytes([0x84]) + n.to_bytes(4, "big")
    return bytes([tag]) + head + value


def string(value):
    return tlv(0x04, value)


def equals(attribute, value):
    return tlv(0xA3, string(attribute), string(value))


def any_of(attribute, values):
    return tlv(0xA1, *[equals(attribute, v) for v in sorted(values)])


class Stream:
    """Whole LDAP messages of a socket."""

    def __init__(self, sock):
        self.sock, self.kept = sock, b""

    def more(self):
        got = self.sock.recv(65536)
        if not got:
            raise EOFError
        self.kept += got

    def message(self):
        while True:
            try:
                _, _, end = read_tlv(self.kept, 0)
                if end <= len(self.kept):
                    whole, self.kept = self.kept[:end], self.kept[end:]
                    return whole
            except IndexError:
                pass
            self.more()


class Slapd:
    """A connection of our own, for what the rule needs to know."""

    def __init__(self, port, bind_dn, password, base):
        self.stream, self.number, self.base = Stream(socket.create_connection(("127.0.0.1", port))), 1, base
        self.lock = threading.Lock()
        self.send(tlv(0x60, tlv(0x02, b"\x03"), string(bind_dn), tlv(0x80, password)))
        self.stream.message()

    def send(self, operation):
        self.number += 1
        number = self.number.to_bytes(4, "big")
        self.stream.sock.sendall(tlv(0x30, tlv(0x02, number), operation))

    def search(self, base, scope, condition, attribute):
        """{DN: values of the attribute}."""
        zero, no = tlv(0x02, b"\x00"), tlv(0x01, b"\x00")
        found = {}
        with self.lock:
            self.send(tlv(SEARCH, string(base), tlv(0x0A, bytes([scope])), tlv(0x0A, b"\x00"), zero, zero, no, condition,
                          tlv(0x30, string(attribute))))
            while True:
                _, (tag, value) = parts(parts(self.stream.message())[0][1])[:2]
                if tag == DONE:
                    return found
                if tag == ENTRY:
                    (_, dn), (_, attributes) = parts(value)
                    lists = [parts(v)[1][1] for _, v in parts(attributes)]
                    found[dn] = [v for values in lists for _, v in parts(values)]

    def holders(self, dn):
        """The groups that hold it, at whatever depth."""
        known, level = set(), [dn]
        while level:
            found = self.search(self.base, 2, any_of(b"member", level), b"1.1")
            level = [dn for dn in found if dn not in known]
            known.update(level)
        return known

    def held(self, dn):
        """What a group holds, at whatever depth."""
        known, level = set(), [dn]
        while level:
            lists = [self.search(each, 0, tlv(0x87, b"objectClass"), b"member") for each in level]
            level = [v for found in lists for values in found.values() for v in values if v not in known]
            known.update(level)
        return known


def rewrite_filter(slapd, tag, value):
    if tag in (0xA0, 0xA1, 0xA2):
        return tlv(tag, *[rewrite_filter(slapd, t, v) for t, v in parts(value)])
    if tag != 0xA9:
        return tlv(tag, value)
    said = dict(parts(value))
    if said.get(0x81) != RULE:
        return tlv(tag, value)
    attribute, dn = said[0x82], said[0x83]
    if attribute.lower() == b"memberof":
        return any_of(b"entryDN", slapd.held(dn))
    return any_of(attribute, slapd.holders(dn) | {dn})


def rewrite_search(slapd, value, begins, number):
    fields = parts(value)
    wanted = []
    for _, attribute in parts(fields[7][1]):
        piece = re.fullmatch(rb"member;range=(\d+)-\*", attribute, re.I)
        begins[number] = int(piece[1]) if piece else begins.get(number, 0)
        wanted.append(b"member" if piece else attribute)
    kept = [tlv(t, v) for t, v in fields[:6]]
    return tlv(SEARCH, *kept, rewrite_filter(slapd, *fields[6]), tlv(0x30, *[string(a) for a in wanted]))


def piece_of(dn, values, begin, most):
    if begin > 0 and dn.startswith(b"cn=stop,"):
        return []
    if begin > 0 and dn.startswith(b"cn=gap,"):
        begin += 1
    end = begin + most
    name = b"member;range=%d-%s" % (begin, b"*" if end >= len(values) else b"%d" % (end - 1))
    if dn.startswith(b"cn=short,"):
        end -= 1
    return [tlv(0x30, string(name), tlv(0x31, *[string(v) for v in values[begin:end]]))]


def rewrite_entry(value, begin, most):
    (_, dn), (_, attributes) = parts(value)
    kept = []
    for _, attribute in parts(attributes):
        (_, name), (_, values) = parts(attribute)
        values = [v for _, v in parts(values)]
        if name.lower() == b"member" and (len(values) > most or begin > 0):
            kept += piece_of(dn, values, begin, most)
        else:
            kept.append(tlv(0x30, attribute))
    return tlv(ENTRY, string(dn), tlv(0x30, *kept))


def rewrite(message, change):
    number, (tag, value), *rest = parts(parts(message)[0][1])
    changed = change(int.from_bytes(number[1], "big"), tag, value)
    if changed is None:
        return message
    return tlv(0x30, tlv(*number), changed, *[tlv(t, v) for t, v in rest])


def pump(source, target, change):
    stream = Stream(source)
    try:
        while True:
            target.sendall(rewrite(stream.message(), change))
    except (EOFError, OSError):
        for sock in (source, target):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(client, port, most, slapd):
    server = socket.create_connection(("127.0.0.1", port))
    begins = {}

    def to_server(number, tag, value):
        return rewrite_search(slapd, value, begins, number) if tag == SEARCH else None

    def to_client(number, tag, value):
        return rewrite_entry(value, begins.get(number, 0), most) if tag == ENTRY else None

    threading.Thread(target=pump, args=(client, server, to_server), daemon=True).start()
    pump(server, client, to_client)


def main():
    port, upstream, most = (int(a) for a in sys.argv[1:4])
    bind_dn, password, base = (a.encode() for a in sys.argv[4:7])
    slapd = Slapd(upstream, bind_dn, password, base)
    listener = socket.create_server(("127.0.0.1", port), backlog=16)
    sys.stdout.write("ready\n")  # at once, also where Python is told not to buffer
    sys.stdout.flush()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, upstream, most, slapd), daemon=True).start()


main()
