#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients that are not ours talk to every handler: Debian's nc, and Python's
socket module used the way its documentation shows."""

import os
import re
import shutil
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import server, tap  # noqa: E402
from lib.peer import LIMIT, until  # noqa: E402
from lib.tap import Failure, Skip, check, equal  # noqa: E402

MODELS = ("epoll", "fork")
GREETING = rb"Thank you for connecting 127\.0\.0\.1:\d+\n"


def by_nc(running, data):
    """Sends, half-closes, returns all that comes."""
    if not shutil.which("nc"):
        raise Skip("nc is not installed (netcat-openbsd)")
    try:
        result = subprocess.run(
            ["nc", "-N", "127.0.0.1", str(running.port)], input=data,
            capture_output=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise Failure(f"nc still runs after {LIMIT} seconds") from None
    if b"-N" in result.stderr:
        raise Skip("this nc is not OpenBSD's: it has no -N")
    return result.stdout


def by_socket(running, data):
    """The same with the socket module."""
    address = ("127.0.0.1", running.port)
    with socket.create_connection(address, timeout=LIMIT) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as file:
            return file.read()


def first_bytes(running, length):
    """The beginning of an endless reply."""
    address = ("127.0.0.1", running.port)
    with socket.create_connection(address, timeout=LIMIT) as connection, \
            connection.makefile("rb") as file:
        return file.read(length)


def echo(running, talk):
    """echo: sends bytes back"""
    equal(talk(running, b"hello\nworld"), b"hello\nworld", "echo")


def line(running, talk):
    """line: answers each line in upper case"""
    equal(talk(running, b"hello\nWorld 1\n"), b"HELLO\nWORLD 1\n", "replies")


def greet(running, talk):
    """greet: thanks, names the peer, and closes"""
    text = talk(running, b"")
    check(re.fullmatch(GREETING, text), f"greeting: {text!r}")


def log(running, talk):
    """log: logs connection, line and loss, and sends nothing"""
    equal(talk(running, b"a line to log\n"), b"", "reply")
    for text in ("connection made", "a line to log", "connection lost"):
        until(lambda t=text: t in running.text("stderr"), f"logs {text!r}")


def discard(running, talk):
    """discard: takes everything and sends nothing"""
    equal(talk(running, b"x" * 100000), b"", "reply")


def by_bytes(running, talk):
    """bytes: sends as many bytes as it was asked for"""
    reply = talk(running, b"4000\n1\n16384\n")
    equal(len(reply), 4000 + 1 + 16384, "bytes")


HANDLERS = {"echo": echo, "line": line, "greet": greet, "log": log,
            "discard": discard, "bytes": by_bytes}


def conversation(model, handler, tell, talk):
    def run(cell):
        if handler not in server.listed("handlers"):
            raise Skip(f"there is no handler {handler}")
        if model not in server.listed("models"):
            raise Skip(f"{model} is not built in")
        with server.Server(cell, model, handler, "-v") as running:
            tell(running, talk)

    return run


def chargen(running, _talk):
    """chargen: rows of 72 characters, each one further (RFC 864)"""
    text = first_bytes(running, 74 * 200)
    rows = text.split(b"\r\n")[:200]
    equal({len(row) for row in rows}, {72}, "lengths of rows")
    for one, next_one in zip(rows, rows[1:]):
        equal(next_one[:-1], one[1:], "a row, moved by one")


def main():
    if not server.have("server"):
        return tap.skip_all(f"there is no {server.program('server')}")
    table = tap.Table()
    for model in MODELS:
        for handler, tell in HANDLERS.items():
            for name, talk in (("nc", by_nc), ("socket", by_socket)):
                table.add(f"{name} to {model}: {tell.__doc__}",
                          conversation(model, handler, tell, talk))
        table.add(f"socket to {model}: {chargen.__doc__}",
                  conversation(model, "chargen", chargen, None))
    return table.run()


sys.exit(main())
