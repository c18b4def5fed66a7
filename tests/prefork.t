#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What only the model prefork has: children that are replaced in time, a pool
that follows the load, and sockets that are passed to a child."""

import os
import resource
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import proc, server, tap  # noqa: E402
from lib.peer import together, until  # noqa: E402
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
def max_requests_passed(cell):
    """max-requests with accept=pass: what is passed to a child that ends goes
    to another, and no client is lost"""
    with server.Server(cell, "prefork:workers=4,accept=pass,max-requests=3",
                       "line") as running:

        def talk():
            for _ in range(100):
                with running.connect() as peer:
                    equal(peer.ask(b"hello\n"), b"HELLO\n", "reply")

        together([talk] * 8)
        stats = running.stop()
    equal(stats["requests"], 800, "requests")
    equal(stats["accepted"], 800, "accepted")


def stop_children(running):
    """So that what is passed to them stays in their inboxes."""
    stopped = children(running)
    for child in stopped:
        os.kill(child, signal.SIGSTOP)
    until(lambda: all(s.state in "TZX" for s in proc.children(running.pid)),
          "the children are stopped")
    return stopped


def passed(running, peer):
    """True when it is accepted, and the parent has no copy any more."""
    inode = proc.tcp_sockets(running.port).get(peer.port)
    return inode and (f"socket:[{inode}]"
                      not in proc.descriptors(running.pid).values())


def is_signalled(pid):
    """A signal waits for it, other than SIGSTOP and SIGCONT."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return any(int(line.split()[1], 16) for line in file
                   if line.startswith(("SigPnd:", "ShdPnd:")))


def ask_stopped(running, stopped):
    """A client for each of the stopped children, whose request waits."""
    peers = [running.connect() for _ in stopped]
    for peer in peers:
        peer.send(b"hello\n")
    return peers


def go_on(stopped, peers):
    for child in stopped:
        os.kill(child, signal.SIGCONT)
    for peer in peers:
        equal(peer.read(6), b"HELLO\n", "reply")


def add_passed_before_the_stop(model):
    def run(cell):
        with server.Server(cell, model, "line") as running:
            stopped = stop_children(running)
            peers = ask_stopped(running, stopped)
            until(lambda: all(passed(running, peer) for peer in peers),
                  "each is passed to a child")
            running.send_signal()
            until(running.refuses, "new connections are refused")
            until(lambda: all(map(is_signalled, stopped)),
                  "the children are asked to end")
            go_on(stopped, peers)
            stats = running.stopped()
        equal(stats["requests"], len(peers), "requests")

    TABLE.add(f"{model}: what was passed to a child before the stop is "
              "still answered", run)


for name in ("prefork:workers=2,accept=pass",
             "epoll:workers=2,kind=process,accept=dispatch"):
    add_passed_before_the_stop(name)


@TABLE.cell
def passed_before_leaving(cell):
    """max-spare with accept=pass: a child that is sent home serves what was
    passed to it before"""
    model = "prefork:workers=6,min-spare=1,max-spare=1,accept=pass"
    with server.Server(cell, model, "line") as running:
        stopped = stop_children(running)
        peers = ask_stopped(running, stopped)
        until(lambda: any(map(is_signalled, stopped)), "one is sent home")
        go_on(stopped, peers)
        stats = running.stop()
    equal(stats["requests"], len(peers), "requests")


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


@TABLE.cell
def no_spare_at_all(cell):
    """so is max-spare=0, which would send home each that min-spare starts"""
    done = server.run("server", "-m", "prefork:min-spare=2,max-spare=0")
    equal(done.returncode, server.EX_USAGE, "exit status")
    check("max-spare=0 is below min-spare=2" in done.stderr,
          f"it is named in {done.stderr}")


@TABLE.cell
def spare_with_reuseport(cell):
    """min-spare with accept=reuseport is refused: nobody would serve those at
    the listener of a child that left"""
    done = server.run("server", "-m",
                      "prefork:accept=reuseport,min-spare=2,max-spare=4")
    equal(done.returncode, server.EX_USAGE, "exit status")
    for word in ("accept=reuseport", "min-spare=0"):
        check(word in done.stderr, f"it says {word}: {done.stderr}")


if not server.have("server"):
    sys.exit(tap.skip_all(f"there is no {server.program('server')}"))
sys.exit(TABLE.run())
