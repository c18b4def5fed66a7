# SPDX-License-Identifier: MIT
"""Clause 4: time. Nobody holds the server for ever by doing nothing, by
sending ever so slowly, or by not reading."""

import select
import time

from lib.suite import case
from lib.tap import Failure, check, equal

STALLED = b"16384\n" * 3000  # asks for more than all buffers hold


@case(twin=True)
def idle(lab):
    """--idle-timeout: a silent connection is closed, and counted"""
    with lab.server("echo", "--idle-timeout", "300ms") as server:
        silent = server.connect()
        silent.echo()
        equal(silent.read_until_gone(), b"", "what it was sent")
        equal(server.connect().read_until_gone(), b"", "what it was sent")
        server.connect().echo()
        stats = server.stop()
    equal(stats["errors"].get("timeout.idle"), 2, "timeout.idle")


@case(holds=2, twin=True)
def active_is_not_idle(lab):
    """--idle-timeout: a connection that goes on talking is not closed"""
    allowed = 1.0
    for _ in range(5):
        worst = 0
        with lab.server("echo", "--idle-timeout", f"{allowed}s") as server:
            silent, active = server.connect(), server.connect()
            try:
                for gap in talk_until_gone(active, silent):
                    worst = max(worst, gap)
                return
            except (Failure, ConnectionError):
                if worst < allowed / 2:
                    raise
    raise Failure("this machine stops for longer than the timeout each time")


def talk_until_gone(active, silent):
    """Talks on one connection until another is closed, then a little longer.
    Yields the time since it last talked before each time it does."""
    last = time.monotonic()
    more = 5
    while more:
        if select.select([silent.socket], [], [], 0.1)[0]:
            more -= 1
            time.sleep(0.1)  # one talks now and then
        yield time.monotonic() - last
        active.echo()
        last = time.monotonic()


@case()
def idle_server(lab):
    """--idle-timeout: it counts from when a connection is made, however long
    the server had nothing to do before"""
    with lab.server("echo", "--idle-timeout", "300ms") as server:
        for _ in range(20):
            time.sleep(0.5)  # the server's time passes, and it sleeps
            begun = time.monotonic()
            peer = server.connect()
            try:
                peer.echo()
                return
            except (Failure, ConnectionError):
                if time.monotonic() - begun < 0.15:
                    raise
    raise Failure("this machine stops for longer than the timeout each time")


@case(twin=True)
def trickle(lab):
    """--request-timeout: a request that never becomes whole is cut off"""
    with lab.server("line", "--request-timeout", "500ms") as server:
        trickle_until_gone(server.connect())
        equal(server.connect().ask(b"next\n"), b"NEXT\n", "reply")
        stats = server.stop()
    equal(stats["errors"].get("timeout.request"), 1, "timeout.request")


@case(holds=3, twin=True)
def trickle_hurts_no_other(lab):
    """--request-timeout: whole requests are served meanwhile, and a connection
    that rests between two of them is not cut off"""
    with lab.server("line", "--request-timeout", "500ms") as server:
        resting, steady = server.connect(), server.connect()
        equal(resting.ask(b"one\n"), b"ONE\n", "reply")
        trickle_until_gone(server.connect(), lambda: equal(
            steady.ask(b"steady\n"), b"STEADY\n", "reply"))
        equal(resting.ask(b"two\n"), b"TWO\n", "reply after a rest")
        stats = server.stop()
    equal(stats["errors"].get("timeout.request"), 1, "timeout.request")


def trickle_until_gone(peer, meanwhile=lambda: None):
    """Sends a byte of an endless line now and then until cut off."""
    for _ in range(300):
        if select.select([peer.socket], [], [], 0.1)[0]:
            peer.read_until_gone()
            return
        try:
            peer.send(b"x")
        except ConnectionError:
            return
        meanwhile()
    raise Failure("an endless line goes on for 30 seconds")


@case()
def never_reads(lab):
    """--write-timeout: a peer that does not read is cut off, and counted"""
    with lab.server("bytes", "--write-timeout", "500ms",
                    "--max-connections", "1") as server:
        stalled = server.connect(receive_buffer=4096)
        stalled.send(STALLED)
        stalled.read(1)
        waiting = server.connect()  # served only once the first is gone
        waiting.send(b"5\n")
        equal(len(waiting.read(5)), 5, "bytes in the reply")
        check(len(stalled.read_until_gone()) < 3000 * 16384, "cut off")
        stats = server.stop()
    equal(stats["errors"].get("timeout.write"), 1, "timeout.write")


@case(holds=2)
def never_reads_hurts_no_other(lab):
    """--write-timeout: others are served meanwhile"""
    with lab.server("bytes", "--write-timeout", "500ms",
                    "--max-connections", "2") as server:
        stalled = server.connect(receive_buffer=4096)
        stalled.send(STALLED)
        stalled.read(1)
        live = server.connect()
        live.send(b"300\n")  # it has its place before the next one comes
        equal(len(live.read(300)), 300, "bytes in the reply")
        waiting = server.connect()
        waiting.send(b"5\n")
        while not select.select([waiting.socket], [], [], 0)[0]:
            live.send(b"300\n")
            equal(len(live.read(300)), 300, "bytes in the reply")
        equal(len(waiting.read(5)), 5, "bytes in the reply")
        stats = server.stop()
    equal(stats["errors"].get("timeout.write"), 1, "timeout.write")


@case(twin=True)
def no_timeouts_by_mistake(lab):
    """timeouts that are long do not fire"""
    with lab.server("line", "--idle-timeout", "5m", "--request-timeout", "5m",
                    "--write-timeout", "5m") as server:
        for number in range(20):
            with server.connect() as peer:
                peer.send(b"in ")
                line = b"two %d\n" % number
                equal(peer.ask(line), b"IN " + line.upper(), "reply")
        stats = server.stop()
    equal([k for k in stats["errors"] if k.startswith("timeout")
           and stats["errors"][k]], [], "timeouts counted")
