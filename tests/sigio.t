#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What only the model sigio has: a queue of signals that can be full."""

import os
import resource
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import server, tap  # noqa: E402
from lib.tap import check, equal  # noqa: E402

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


if not server.have("server"):
    sys.exit(tap.skip_all(f"there is no {server.program('server')}"))
sys.exit(TABLE.run())
