#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""amped: what blocks is run by helper processes, and a helper's death costs
the one request that it had."""

import os
import resource
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import proc, server, tap  # noqa: E402
from lib.peer import until  # noqa: E402
from lib.tap import Skip, check, equal  # noqa: E402

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


def stopped_together(cell):
    """SIGTERM to all its processes, as a supervisor sends it, loses no
    request"""
    with server.Server(cell, MODEL, "work:block=1s") as running:
        peers = [running.connect() for _ in range(HELPERS * 2)]
        for peer in peers:
            peer.send(b"asked\n")
        until(lambda: all(map(running.has_read, peers)), "all are read")
        os.killpg(running.pid, signal.SIGTERM)
        for peer in peers:
            equal(peer.read_to_end(), b"asked\n", "reply")
        running.stopped()


def death_at_the_end(cell):
    """a helper that is killed while the server stops costs its own request,
    and the others are answered"""
    with server.Server(cell, "amped:helpers=1", "work:block=300ms",
                       "--drain-timeout", "5m") as running:
        peers = [running.connect() for _ in range(3)]
        for peer in peers:
            peer.send(b"asked\n")
        until(lambda: all(map(running.has_read, peers)), "all are read")
        equal(peers[0].read(6), b"asked\n", "reply")
        running.send_signal()
        until(running.refuses, "new connections are refused")
        os.kill(helpers(running)[0], 9)
        running.deaths += 1
        lost = sum(peer.read_until_gone_or(6) != b"asked\n"
                   for peer in peers[1:])
        check(lost <= 1, f"{lost} requests were lost")
        running.stopped()


def no_successor_at_first(cell):
    """a helper that cannot be replaced at once is as soon as it can be"""
    if os.geteuid() != 0:
        raise Skip("needs root, to start the server as another user")
    user = 20000 + os.getpid() % 30000
    binary = f"{cell.directory}/server"
    shutil.copy(server.program("server"), binary)
    with server.Server(cell, MODEL, "work", user=user, binary=binary,
                       limits={resource.RLIMIT_NPROC: 1 + HELPERS},
                       environment=server.NO_LEAK_CHECK) as running:
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=user):
            os.kill(helpers(running)[0], 9)
            running.deaths += 1
            until(lambda: len(helpers(running)) == HELPERS - 1, "one less")
            for _ in range(HELPERS):
                equal(running.connect().ask(b"meanwhile\n"), b"meanwhile\n",
                      "reply")
            running.come_to_rest()
            equal(len(helpers(running)), HELPERS - 1, "helpers")
        until(lambda: len(helpers(running)) == HELPERS, "a successor")
        stats = running.stop()
    check(stats["errors"].get("fork.EAGAIN", 0) > 0,
          f"fork.EAGAIN is counted in {stats['errors']}")


def slow_successors():
    """How to start a server whose new processes never come to close what they
    were born with."""
    strace = ["strace", "-f", "-DDD", "-o", "/dev/null",
              "-e", "trace=close_range",
              "-e", "inject=close_range:error=EINTR"]
    try:
        works = subprocess.run([*strace, "true"], check=False,
                               stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        works = False
    if not works:
        raise Skip("needs a working strace")
    return {"prefix": strace, "environment": server.NO_LEAK_CHECK}


def sockets(pid):
    return [number for number, what in proc.descriptors(pid).items()
            if what.startswith("socket:")]


def watched(pid):
    """The descriptors that its epoll set names."""
    found = []
    for number, what in proc.descriptors(pid).items():
        if "eventpoll" in what:
            with open(f"/proc/{pid}/fdinfo/{number}",
                      encoding="ascii") as file:
                found += [int(line.split()[1]) for line in file
                          if line.startswith("tfd:")]
    return found


def copies(cell):
    """connections that end while a helper is replaced leave the loop's set,
    although the successor has copies of their sockets at first"""
    with server.Server(cell, "amped:helpers=1", "work",
                       **slow_successors()) as running:
        idle = len(sockets(running.pid))
        peers = [running.connect() for _ in range(9)]
        for peer in peers:
            peer.ask(b"here\n")
        first = helpers(running)
        os.kill(first[0], 9)
        running.deaths += 1
        until(lambda: set(helpers(running)) - set(first), "a successor")
        for peer in peers:
            peer.close()
        until(lambda: len(sockets(running.pid)) == idle, "all are closed")
        equal(set(watched(running.pid)) - set(proc.descriptors(running.pid)),
              set(), "descriptors that are watched but closed")


def main():
    if not server.have("server"):
        return tap.skip_all(f"there is no {server.program('server')}")
    table = tap.Table()
    for case in (in_order, loop_goes_on, death, stopped_together,
                 death_at_the_end, no_successor_at_first, copies):
        table.add(f"amped: {case.__doc__}", case)
    return table.run()


sys.exit(main())
