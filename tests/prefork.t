#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What only the model prefork has: children that are replaced in time, a pool
that follows the load, and sockets that are passed to a child."""

import os
import resource
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import proc, server, tap  # noqa: E402
from lib.peer import until  # noqa: E402
from lib.tap import check, equal  # noqa: E402

TABLE = tap.Table()
NO_MORE_DESCRIPTORS = 3  # but the standard ones, which are open


def children(running):
    return {s.pid for s in proc.children(running.pid) if s.state not in "ZX"}


def limit_descriptors(pid, most):
    """Returns how many there could be before."""
    before, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, hard))
    return before


@TABLE.cell
def passed_without_room(cell):
    """accept=pass: a socket that its child has no descriptor for ends, is
    counted, and the child takes the next one"""
    with server.Server(cell, "prefork:workers=1,accept=pass",
                       "line") as running:
        child, = children(running)
        usual = limit_descriptors(child, NO_MORE_DESCRIPTORS)
        for _ in range(3):
            equal(running.connect().read_until_gone(), b"", "an answer")
        limit_descriptors(child, usual)
        running.connect().ask(b"hello\n")
        equal(children(running), {child}, "the children")
        stats = running.stop()
    equal(stats["accepted"], 4, "accepted")
    equal(stats["requests"], 1, "requests")
    equal(stats["errors"].get("accept.EMFILE"), 3, "accept.EMFILE")


@TABLE.cell
def max_requests(cell):
    """max-requests: after so many connections a fresh child takes the seat"""
    with server.Server(cell, "prefork:workers=1,max-requests=2",
                       "line") as running:
        before = children(running)
        for _ in range(6):
            with running.connect() as peer:
                peer.ask(b"hello\n")
        until(lambda: len(children(running) - before) == 1,
              "another child takes the seat")
        stats = running.stop()
    equal(stats["accepted"], 6, "accepted")
    check(sum(w["respawns"] for w in stats["workers"]) >= 2,
          f"children are replaced in {stats['workers']}")


@TABLE.cell
def min_spare(cell):
    """min-spare: when all are busy, children are added, and nobody waits for
    the busy ones to be free"""
    with server.Server(cell, "prefork:workers=1,min-spare=2",
                       "line") as running:
        peers = [running.connect() for _ in range(4)]
        for peer in peers:
            peer.ask(b"hello\n")
        until(lambda: len(children(running)) >= len(peers) + 2,
              "two more than the busy ones are there")


@TABLE.cell
def max_spare(cell):
    """max-spare: idle children above it are sent home, the busy stay"""
    with server.Server(cell, "prefork:workers=5,min-spare=1,max-spare=2",
                       "line") as running:
        peer = running.connect()
        peer.ask(b"hello\n")
        until(lambda: len(children(running)) == 3,
              "one that is busy and two that are not are left")
        peer.ask(b"still there\n")


@TABLE.cell
def spare_range(cell):
    """a max-spare below min-spare is refused by its value"""
    done = server.run("server", "-m", "prefork:min-spare=4,max-spare=3")
    equal(done.returncode, server.EX_USAGE, "exit status")
    check("max-spare=3 is below min-spare=4" in done.stderr, f"it is named in {done.stderr}")


if not server.have("server"):
    sys.exit(tap.skip_all(f"there is no {server.program('server')}"))
sys.exit(TABLE.run())
