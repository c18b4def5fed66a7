#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What only the model sigio has: a queue of signals that can be full."""

import os
import resource
import signal
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import server, tap  # noqa: E402
from lib.peer import Peer, until  # noqa: E402
from lib.tap import Skip, check, equal  # noqa: E402

TABLE = tap.Table()


def limit_signals(running, most):
    """How many signals may be queued for the server from now on; returns how
    many could before."""
    before, hard = resource.prlimit(running.pid, resource.RLIMIT_SIGPENDING)
    resource.prlimit(running.pid, resource.RLIMIT_SIGPENDING, (most, hard))
    return before


@TABLE.cell
def overflow(cell):
    """when no signal can be queued, every change is found all the same, and
    that is counted"""
    with server.Server(cell, "sigio", "line") as running:
        peers = [running.connect() for _ in range(20)]
        for peer in peers:
            peer.ask(b"before\n")
        usual = limit_signals(running, 0)
        peers += [running.connect() for _ in range(20)]
        for peer in peers:
            peer.send(b"during\n")
        for peer in peers:
            equal(peer.read(7), b"DURING\n", "reply")
        peers[0].send(b"last\n")
        peers[0].half_close()
        equal(peers[0].read_to_end(), b"LAST\n", "reply")
        limit_signals(running, usual)
        for peer in peers[1:]:
            peer.ask(b"after\n")
        stats = running.stop()
    check(stats["errors"].get("sigio.overflow", 0) > 0,
          f"sigio.overflow is counted in {stats['errors']}")
    equal(stats["requests"], 20 + 40 + 1 + 39, "requests")


@TABLE.cell
def stale_signal(cell):
    """the failure of a connection that is closed is not taken for one of its
    successor, which has the same descriptor"""
    with server.Server(cell, "sigio", "work:pause=300ms") as running:
        first = running.connect()
        equal(first.ask(b"before\n"), b"before\n", "reply")
        running.send_signal(signal.SIGSTOP)
        first.half_close()  # upon this the server closes it
        second = running.connect()
        second.send(b"mine\n")  # read as it is accepted, and then it waits
        first.reset()  # this is signalled behind it
        running.send_signal(signal.SIGCONT)
        equal(second.read_until_gone_or(5), b"mine\n", "reply")
        stats = running.stop()
    equal({kind: count for kind, count in stats["errors"].items() if count},
          {}, "errors")


def slow_to_arm():
    """How to start a server that takes a while from listen() to F_SETSIG."""
    strace = ["strace", "-f", "-DDD", "-o", "/dev/null", "-e", "trace=fcntl",
              "-e", "inject=fcntl:delay_enter=500000"]
    try:
        works = subprocess.run([*strace, "true"], check=False,
                               stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        works = False
    if not works:
        raise Skip("needs a working strace")
    return {"prefix": strace, "environment": server.NO_LEAK_CHECK}


def connect_soon(path, found):
    def attempt():
        try:
            found.append(Peer(f"unix:{path}"))
        except OSError:
            return False
        return True

    until(attempt, "the server listens")


@TABLE.cell
def early_client(cell):
    """a client that connects before its signal can be asked for is served"""
    how = slow_to_arm()
    path = f"{cell.directory}/socket"
    found = []
    client = threading.Thread(target=connect_soon, args=(path, found))
    client.start()
    with server.Server(cell, "sigio", listen=f"unix:{path}", **how):
        client.join()
        found[0].echo()
        found[0].close()


if not server.have("server"):
    sys.exit(tap.skip_all(f"there is no {server.program('server')}"))
sys.exit(TABLE.run())
