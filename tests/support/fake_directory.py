# SPDX-License-Identifier: Apache-2.0
"""Stands between the daemon and the real slapd and fails in one way: fake_directory.py LISTEN UPSTREAM ORDERS.

LISTEN and UPSTREAM are paths of sockets. The file ORDERS holds one word, which counts from the next answer on:
  pass        as it is
  slow        one byte in 250 ms
  hang        half of the first answer, and nothing more on that connection
  half-close  half of the first answer, then no more, but the connection stays open
  close       half of the first answer, then the end
  partial     an answer's entries, and the result "partial" (adminLimitExceeded) behind them
  garbage     what is no BER
SIGHUP ends every connection there is, and no other.
"""
import os
import selectors
import signal
import socket
import sys
import time

PAUSE = 0.25
LISTEN, UPSTREAM, ORDERS = sys.argv[1:4]
SEARCH_DONE_OK = b"\x65\x07\x0a\x01\x00"
SEARCH_DONE_PARTIAL = b"\x65\x07\x0a\x01\x0b"


def orders():
    with open(ORDERS) as file:
        return file.read().strip()


class Pair:
    """A client and its connection to the real server."""

    def __init__(self, client):
        self.client = client
        self.server = socket.socket(socket.AF_UNIX)
        self.server.connect(UPSTREAM)
        self.queue = b""  # slow
        self.next = 0.0
        self.dumb = False
        self.open = True

    def end(self):
        self.open = False
        self.client.close()
        self.server.close()

    def asked(self):
        data = self.client.recv(65536)
        if data:
            self.server.sendall(data)
        else:
            self.end()

    def answered(self):
        data = self.server.recv(65536)
        if not data:
            self.end()
        elif not self.dumb:
            self.say(data, orders())

    def say(self, data, how):
        if how in ("hang", "half-close", "close"):
            self.client.sendall(data[:len(data) // 2])
            self.dumb = True
            if how == "half-close":
                self.client.shutdown(socket.SHUT_WR)
            if how == "close":
                self.end()
        elif how == "slow" or self.queue:
            self.queue += data
        elif how == "garbage":
            self.client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        else:
            if how == "partial":
                data = data.replace(SEARCH_DONE_OK, SEARCH_DONE_PARTIAL)
            self.client.sendall(data)

    def drip(self, now):
        if self.queue and self.next <= now:
            self.client.sendall(self.queue[:1])
            self.queue = self.queue[1:]
            self.next = now + PAUSE


def main():
    if os.path.exists(LISTEN):
        os.unlink(LISTEN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(LISTEN)
    os.chmod(LISTEN, 0o666)
    listener.listen(64)
    print("listening", flush=True)
    pairs = []
    signal.signal(signal.SIGHUP, lambda *_: [pair.end() for pair in pairs])
    while True:
        by = selectors.DefaultSelector()
        by.register(listener, selectors.EVENT_READ, lambda: pairs.append(Pair(listener.accept()[0])))
        pairs[:] = [pair for pair in pairs if pair.open]
        for pair in pairs:
            by.register(pair.client, selectors.EVENT_READ, pair.asked)
            by.register(pair.server, selectors.EVENT_READ, pair.answered)
        ready = [key.data for key, _ in by.select(PAUSE / 2 if any(pair.queue for pair in pairs) else None)]
        by.close()
        for action in ready:
            try:
                if getattr(action, "__self__", None) is None or action.__self__.open:
                    action()
            except OSError:
                action.__self__.end()
        for pair in pairs:
            try:
                if pair.open:
                    pair.drip(time.monotonic())
            except OSError:
                pair.end()


main()
