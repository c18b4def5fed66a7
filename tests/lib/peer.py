# SPDX-License-Identifier: MIT
"""The client's side of a connection, with nothing but the socket module.

Everything that waits does so for at most LIMIT seconds: long, because a busy
machine is no failure, and never a pause that is hoped to be long enough.
"""

import random
import selectors
import socket
import struct
import threading
import time

from .tap import Failure, check, shorten

LIMIT = 60


def parse_address(text):
    """"127.0.0.1:7000", "[::1]:7000" or "unix:/path" as (family, address)."""
    if text.startswith("unix:"):
        return socket.AF_UNIX, text[len("unix:"):]
    host, _, port = text.rpartition(":")
    if host.startswith("["):
        return socket.AF_INET6, (host[1:-1], int(port))
    return socket.AF_INET, (host, int(port))


class Peer:
    """A connection to the server."""

    def __init__(self, address, receive_buffer=None):
        family, where = parse_address(address)
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._connect(family, where, receive_buffer)
        except BaseException:
            self.socket.close()
            raise

    def _connect(self, family, where, receive_buffer):
        self.socket.settimeout(LIMIT)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                   receive_buffer)
        self.socket.connect(where)
        if family != socket.AF_UNIX:
            self.port = self.socket.getsockname()[1]
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- sending -----------------------------------------------------------

    def send(self, data):
        self.socket.sendall(data)

    def send_in_pieces(self, pieces):
        for piece in pieces:
            self.socket.sendall(piece)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with a RST instead of a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.socket.close()

    # ---- receiving ---------------------------------------------------------

    def receive(self, limit=65536):
        try:
            return self.socket.recv(limit)
        except socket.timeout:
            raise Failure(f"nothing came for {LIMIT} seconds") from None

    def read(self, length):
        """Exactly so many bytes."""
        parts, missing = [], length
        while missing:
            part = self.receive(min(missing, 1 << 20))
            check(part, f"the server closed {missing} bytes too early, after "
                        f"{shorten(b''.join(parts))}")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def read_line(self):
        line = b""
        while not line.endswith(b"\n"):
            part = self.receive(1)
            check(part, f"the server closed after {shorten(line)}")
            line += part
        return line

    def read_to_end(self):
        """All until the server's orderly end, upon which we close too; a reset
        is a failure."""
        parts = []
        while True:
            try:
                part = self.receive(1 << 20)
            except ConnectionResetError:
                raise Failure("reset instead of an orderly end, after "
                              f"{shorten(b''.join(parts))}") from None
            if not part:
                self.close()
                return b"".join(parts)
            parts.append(part)

    def read_until_gone(self):
        """All until the server has ended the connection, in whatever way."""
        parts = []
        while True:
            try:
                part = self.receive(1 << 20)
            except ConnectionError:
                part = b""
            if not part:
                self.close()
                return b"".join(parts)
            parts.append(part)

    def read_until_gone_or(self, length):
        """So many bytes, or fewer if the connection ends before."""
        data = b""
        while len(data) < length:
            try:
                part = self.receive(length - len(data))
            except ConnectionError:
                part = b""
            if not part:
                break
            data += part
        return data

    def pending(self):
        """What has come without waiting for it: bytes, b"" at the end of the
        connection, None if nothing has."""
        self.socket.setblocking(False)
        try:
            return self.socket.recv(65536)
        except BlockingIOError:
            return None
        except ConnectionError:
            return b""
        finally:
            self.socket.settimeout(LIMIT)

    # ---- whole requests ----------------------------------------------------

    def echo(self, data=b"hello\n"):
        """Sends, and wants the same back."""
        self.send(data)
        found = self.read(len(data))
        check(found == data, f"sent {shorten(data)}, got {shorten(found)} back")

    def ask(self, line):
        """Sends a line, returns the line that comes back."""
        self.send(line)
        return self.read_line()


def exchange(peer, data, wanted, read_size=65536, half_close=False):
    """Sends `data` while it reads, `read_size` bytes at a time, until `wanted`
    bytes have come (and the end, after a half-close). Returns them."""
    peer.socket.setblocking(False)
    view, received = memoryview(data), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(peer.socket,
                          selectors.EVENT_READ | selectors.EVENT_WRITE)
        while len(received) < wanted:
            events = selector.select(LIMIT)
            check(events, f"no progress for {LIMIT} seconds: {len(view)} bytes "
                          f"unsent, {wanted - len(received)} not received")
            if events[0][1] & selectors.EVENT_READ:
                part = peer.socket.recv(read_size)
                check(part, f"the server closed after {len(received)} of "
                            f"{wanted} bytes")
                received += part
            if view and events[0][1] & selectors.EVENT_WRITE:
                view = view[peer.socket.send(view):]
                if not view:
                    selector.modify(peer.socket, selectors.EVENT_READ)
                    if half_close:
                        peer.half_close()
    peer.socket.settimeout(LIMIT)
    if half_close:
        received += peer.read_to_end()
    return bytes(received)


def split_randomly(data, seed, longest=200):
    """The same bytes in pieces of 1..longest."""
    chance, pieces, at = random.Random(seed), [], 0
    while at < len(data):
        length = chance.randint(1, longest)
        pieces.append(data[at:at + length])
        at += length
    return pieces


def random_lines(count, seed):
    """`count` lines of letters, as one bytes object."""
    chance = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ0123456789"
    return "".join("".join(chance.choices(letters, k=chance.randint(0, 60)))
                   + "\n" for _ in range(count)).encode()


def until(condition, what, limit=LIMIT):
    """Waits for a condition that sends no event by asking again and again.
    Returns its value."""
    deadline = time.monotonic() + limit
    pause = 0.001
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"not within {limit} seconds: {what}")
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def together(functions):
    """Calls all at the same time, each in a thread; the first error counts."""
    errors = []

    def guarded(function):
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(f,), daemon=True)
               for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class Background:
    """A function in a thread, called again and again until stopped."""

    def __init__(self, function):
        self.function = function
        self.stopping = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            while not self.stopping.is_set():
                self.function()
        except BaseException as error:
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        self.thread.join()
        if self.error and kind is None:
            raise self.error
