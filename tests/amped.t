#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""amped: what blocks is run by helper processes, and a helper's death costs
the one request that it had."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import proc, server, tap  # noqa: E402
from lib.peer import until  # noqa: E402
from lib.tap import check, equal  # noqa: E402

HELPERS = 3
MODEL = f"amped:helpers={HELPERS}"


def helpers(running):
    return [s.pid for s in proc.children(running.pid) if s.state not in "ZX"]


def in_order(cell):
    """pipelined requests are answered in order, however they are split"""
    with server.Server(cell, MODEL, "work:block=1ms") as running:
        peers = [running.connect() for _ in range(HELPERS * 4)]
        for peer in peers:
            peer.send(b"one\ntwo\nthr")
        for peer in peers:
            peer.send(b"ee\n")
        for peer in peers:
            equal(peer.read(14), b"one\ntwo\nthree\n", "replies")
            peer.half_close()
            equal(peer.read_to_end(), b"", "nothing more")
        stats = running.stop()
        equal(stats["requests"], 3 * len(peers), "requests")
        equal(stats["bytes_in"], 14 * len(peers), "bytes in")
        equal(stats["bytes_out"], 14 * len(peers), "bytes out")


def loop_goes_on(cell):
    """while all helpers block, the loop still accepts and reads"""
    with server.Server(cell, MODEL, "work:block=300ms") as running:
        waiting = [running.connect() for _ in range(HELPERS)]
        for peer in waiting:
            peer.send(b"slow\n")
        gone = running.connect()
        gone.send(b"half a li")
        gone.half_close()
        equal(gone.read_to_end(), b"", "the end of a connection")
        for peer in waiting:
            equal(peer.read(5), b"slow\n", "reply")


def death(cell):
    """a helper that is killed is replaced; only its own request is lost"""
    with server.Server(cell, MODEL, "work:block=100ms") as running:
        before = helpers(running)
        equal(len(before), HELPERS, "helpers")
        peers = [running.connect() for _ in range(HELPERS * 3)]
        for peer in peers:
            peer.send(b"a\n")
        os.kill(before[1], 9)
        running.deaths += 1
        answers = [peer.read_until_gone_or(2) for peer in peers]
        lost = sum(answer != b"a\n" for answer in answers)
        check(lost <= 1, f"{lost} requests were lost")
        until(lambda: len(helpers(running)) == HELPERS, "a successor")
        check(before[1] not in helpers(running), "it is another process")
        equal(running.connect().ask(b"again\n"), b"again\n", "reply")
        equal(proc.zombies(running.pid), [], "zombies")


def main():
    if not server.have("server"):
        return tap.skip_all(f"there is no {server.program('server')}")
    table = tap.Table()
    for case in (in_order, loop_goes_on, death):
        table.add(f"amped: {case.__doc__}", case)
    return table.run()


sys.exit(main())
