# SPDX-License-Identifier: MIT
"""A server that does one wrong in 10,000 replies: each is caught, and named."""

import re
import socket
import struct
import threading
import time

from .tools import client

REQUESTS = 45_000   # 4 wrongs, also where some requests are lost with each
WRONGS = 4
LATE_S = 0.5


class WrongEcho:
    """An echo whose every 10,000th reply is left to wrong(connection, data,
    strange), which returns False where the connection ends; `strange` is what
    another connection has asked last."""

    def __init__(self, wrong):
        self.wrong = wrong
        self.count = 0
        self.last = {}  # by connection
        self.lock = threading.Lock()
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,),
                             daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                while data := connection.recv(64, socket.MSG_WAITALL):
                    if self.answer(connection, data) is False:
                        return
            except OSError:
                pass    # the client has closed: it does after each wrong
            finally:
                with self.lock:
                    self.last.pop(connection, None)

    def answer(self, connection, data):
        with self.lock:
            self.count += 1
            wrong = self.count % 10000 == 0
            self.last[connection] = data
            strange = [asked for other, asked in self.last.items()
                       if other is not connection]
        if wrong:
            return self.wrong(connection, data, strange[0])
        return connection.sendall(data)


def reset(connection, _data, _strange):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
    return False


def cut(connection, data, _strange):
    connection.sendall(data[:30])
    return False


def swap(connection, data, _strange):
    after = connection.recv(64, socket.MSG_WAITALL)
    connection.sendall(after + data)


def delay(seconds):
    def wrong(connection, data, _strange):
        time.sleep(seconds)
        connection.sendall(data)
    return wrong


CASES = (
    ("one bit flipped", "reply.mismatch",
     lambda c, d, _: c.sendall(bytes([d[0] ^ 1]) + d[1:])),
    ("another connection's bytes", "reply.mismatch",
     lambda c, _, strange: c.sendall(strange)),
    ("given twice", "reply.long|reply.mismatch",
     lambda c, d, _: c.sendall(d + d)),
    ("in place of the next one, with -p 8", "reply.mismatch", swap),
    ("cut short", "reply.short", cut),
    ("closed in its place", "read.EOF", lambda *_: False),
    ("reset in its place", "read.ECONNRESET", reset),
    ("later than the timeout", "timeout", delay(1.5)),
    ("never", "timeout", lambda *_: None),
)


def prove_wrong(report, directory):
    report.title(f"One reply in 10,000 is wrong: {WRONGS} of {REQUESTS:,}, "
                 "each of them")
    for name, error, wrong in CASES:
        server = WrongEcho(wrong)
        run, _ = client(directory, "-n", str(REQUESTS), "-c", "4", "--timeout",
                        "1s", *(["-p", "8"] if wrong is swap else []),
                        server.address)
        server.socket.close()
        errors = run["errors"]
        report.line(sum(errors.values()) == WRONGS
                    and all(re.fullmatch(error, each) for each in errors),
                    name, errors)
    prove_late(report, directory)


def prove_late(report, directory):
    """In time, but late: no error, and as many latencies as that."""
    server = WrongEcho(delay(LATE_S))
    run, latencies = client(directory, "-n", str(REQUESTS), "-c", "4",
                            "--timeout", "10s", server.address)
    server.socket.close()
    late = sum(count for ns, count in latencies.items() if ns >= LATE_S * 1e9)
    report.line(late == WRONGS and not run["errors"],
                f"late by {LATE_S} s, but in time",
                f"{late} latencies of that, errors {run['errors']}")
