# SPDX-License-Identifier: MIT
"""Clause 3: overload. When connections, descriptors, processes or threads run
out, those who are served go on being served, and the server recovers."""

import os
import resource
import subprocess

from lib.peer import until
from lib.server import NO_LEAK_CHECK, THREAD_SANITIZER
from lib.suite import case
from lib.tap import Skip, check, equal

FEW = 24  # descriptors; a server needs about ten for itself,
FEW_MORE = 8  # and some for each of its workers


def answered(peer):
    """True once the greeting that this peer sent has come back."""
    if not getattr(peer, "heard", None):
        peer.heard = peer.pending()
    return peer.heard == b"hello\n"


def refused(peer):
    return not answered(peer) and peer.heard == b""


def say_hello(server, count):
    """So many connections, each of which sends one request."""
    peers = [server.connect() for _ in range(count)]
    for peer in peers:
        try:
            peer.send(b"hello\n")
        except ConnectionError:
            pass  # refused already
    return peers


@case(holds=2)
def queue(lab):
    """--overload queue: one connection too many waits, and is served later"""
    with lab.server("echo", "--max-connections", "2",
                    "--overload", "queue") as server:
        first, second = server.connect(), server.connect()
        first.echo()
        second.echo()
        third = server.connect()
        third.send(b"hello\n")
        for _ in range(100):
            first.echo()
            second.echo()
        equal(third.pending(), None, "what the third got meanwhile")
        server.come_to_rest()
        first.close()
        equal(third.read(6), b"hello\n", "echo for the third")
        second.echo()
        stats = server.stop()
    equal(stats["refused"], 0, "refused")
    equal(stats["accepted"], 3, "accepted")


@case(holds=2)
def refuse(lab):
    """--overload refuse: one connection too many is closed, and counted"""
    with lab.server("echo", "--max-connections", "2",
                    "--overload", "refuse") as server:
        first, second = server.connect(), server.connect()
        first.echo()
        second.echo()
        third = server.connect()
        equal(third.read_until_gone(), b"", "what the third was sent")
        first.echo()
        second.echo()
        first.close()
        turned_away = 1 + attempts_until_served(server)
        second.echo()
        stats = server.stop()
    equal(stats["refused"], turned_away, "refused")
    equal(stats["errors"].get("overload.refused"), turned_away,
          "errors of the kind overload.refused")


def attempts_until_served(server):
    """How many connections were refused before one was served."""
    failed = 0

    def attempt():
        nonlocal failed
        with server.connect() as peer:
            try:
                peer.send(b"hello\n")
            except ConnectionError:
                pass
            if peer.read_until_gone_or(6) == b"hello\n":
                return True
        failed += 1
        return False

    until(attempt, "a new connection is served after one has left")
    return failed


@case()
def descriptors_run_out(lab):
    """without free descriptors the served go on, nothing spins, and those who
    wait are served as descriptors return"""
    few, many = few_descriptors(lab.model)
    with lab.server("echo", limits={resource.RLIMIT_NOFILE: few}) as server:
        peers = say_hello(server, many)
        until(lambda: any(map(answered, peers)), "the first is served")
        for peer in [p for p in peers if answered(p)]:
            for _ in range(20):
                peer.echo()
        if not lab.model.hands_over:
            check(not any(map(refused, peers)), "those who wait are not closed")
        server.come_to_rest()
        serve_all_in_turn(peers)
        stats = server.stop()
    equal(stats["accepted"], many, "accepted")
    if not lab.model.holds and lab.model.makes != "process":
        check(stats["errors"].get("accept.EMFILE", 0) > 0,
              f"accept.EMFILE is counted in {stats['errors']}")


def few_descriptors(model):
    """A limit at which a server can start, and more connections than that."""
    few = FEW + FEW_MORE * model.workers
    if model.holds:
        return few, 16 + 2 * model.holds
    processes = model.workers if model.pool == "process" else 1
    return few, 16 + few * processes


def serve_all_in_turn(peers):
    """Those who are served leave, until each has been served."""
    left = list(peers)
    while left:
        served = until(lambda: [p for p in left if answered(p) or refused(p)],
                       f"one of the remaining {len(left)} is served")
        for peer in served:
            peer.close()
            left.remove(peer)


def limit_tasks(lab):
    """How to start a server for which fork and thread creation soon fail:
    arguments for lab.server()."""
    if os.geteuid() == 0:
        # The limit is per user and root has none: a user of this cell's own.
        return {"user": 20000 + os.getpid() % 30000,
                "limits": {resource.RLIMIT_NPROC: 6},
                "environment": NO_LEAK_CHECK,
                "binary": lab.binary_for_all()}
    strace = ["strace", "-f", "-DDD", "-o", "/dev/null",
              "-e", "trace=clone,clone3,fork,vfork",
              "-e", "inject=clone,clone3,fork,vfork:error=EAGAIN:when=6..9"]
    try:
        works = subprocess.run([*strace, "true"], check=False,
                               stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        works = False
    if not works:
        raise Skip("needs root or a working strace to make fork fail")
    return {"prefix": strace,
            "environment": NO_LEAK_CHECK}


@case(only=lambda model: model.makes)
def creation_fails(lab):
    """a client for whom no process or thread can be made is closed and
    counted, and the server goes on"""
    with lab.server("echo", **limit_tasks(lab)) as server:
        peers = say_hello(server, 12)
        until(lambda: all(answered(p) or refused(p) for p in peers),
              "each is served or closed")
        served = [p for p in peers if answered(p)]
        failed = len(peers) - len(served)
        check(served, "some are served")
        check(failed, "some are not")
        for peer in served:
            peer.echo()
        for peer in served:
            peer.close()
        failed += attempts_until_served(server)
        stats = server.stop()
    key = {"process": "fork", "thread": "thread"}[lab.model.makes] + ".EAGAIN"
    equal(stats["errors"].get(key), failed, f"errors of the kind {key}")


@case(only=lambda model: model.descriptors and model.workers == 1)
def descriptor_too_large(lab):
    """a descriptor beyond what the model can watch is refused cleanly"""
    room = lab.model.descriptors
    limits = descriptor_limits(2 * room)
    with lab.server("echo", "--backlog", "2000", limits=limits) as server:
        peers = say_hello(server, room + 80)
        until(lambda: all(answered(p) or refused(p) for p in peers),
              "each is served or closed")
        served = [p for p in peers if answered(p)]
        failed = len(peers) - len(served)
        check(room - 50 < len(served) < room, f"{len(served)} are served")
        served[0].echo()
        served[-1].echo()
        for peer in served[:20]:
            peer.close()
        failed += attempts_until_served(server)
        stats = server.stop()
    equal({kind: count for kind, count in stats["errors"].items() if count},
          {"fd.too_large": failed}, "errors")


def descriptor_limits(count):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count + 100:
        raise Skip(f"needs {count} descriptors, the limit is {hard}")
    return {resource.RLIMIT_NOFILE: count}


@case(only=lambda model: not model.makes and not model.descriptors
      and not model.holds)
def more_than_a_thousand(lab):
    """eleven hundred connections are served at once"""
    limits = descriptor_limits(2048)
    with lab.server("echo", "--backlog", "2000", limits=limits) as server:
        peers = say_hello(server, 1100)
        for peer in peers:
            equal(peer.read(6), b"hello\n", "echo")
        for peer in peers:
            peer.echo()
        stats = server.stop()
    equal(stats["accepted"], 1100, "accepted")
    equal(stats["requests"], 2200, "requests")


@case(only=lambda model: model.thousands)
def fifteen_thousand(lab):
    """fifteen thousand connections are served at once"""
    if THREAD_SANITIZER and lab.model.name == "coroutine":
        raise Skip("the thread sanitizer has room for 8128 stacks")
    limits = descriptor_limits(15200)
    with lab.server("echo", "--backlog", "4000", limits=limits) as server:
        peers = []
        for _ in range(150):
            peers += say_hello(server, 100)
            for peer in peers[-100:]:
                equal(peer.read(6), b"hello\n", "echo")
        for peer in peers:
            peer.echo()
        stats = server.stop()
    equal(stats["accepted"], 15000, "accepted")
    equal(stats["requests"], 30000, "requests")
