# SPDX-License-Identifier: Apache-2.0
"""A collector for /dev/log: prints each message on a line of its own."""
import os
import socket

PATH = "/dev/log"

if os.path.lexists(PATH):
    os.unlink(PATH)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
    log.bind(PATH)
    os.chmod(PATH, 0o666)
    print("listening", flush=True)
    while True:
        text = log.recv(65536).decode("utf-8", "backslashreplace").rstrip("\0\n")
        print(text.replace("\n", "\\n"), flush=True)
