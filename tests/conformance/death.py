# SPDX-License-Identifier: MIT
"""Clause 5: death. A process that dies takes its own connections with it and
no more, leaves no zombie, and is reported for what it was."""

import os
import re
import signal

from lib import proc
from lib.peer import until
from lib.suite import case
from lib.tap import check, equal


def has_processes(model):
    return "process" in (model.makes, model.pool)


def server_of(server, peer):
    """The process that has this peer's connection."""
    inode = proc.tcp_sockets(server.port)[peer.port]
    for member in proc.alive(server.pid):
        if member.pid != server.pid and \
                f"socket:[{inode}]" in proc.descriptors(member.pid).values():
            return member.pid
    return None


def workers(server):
    return {s.pid for s in proc.alive(server.pid) if s.pid != server.pid}


@case(holds=3, only=has_processes)
def killed_process(lab):
    """a killed process ends its own connections and is reported; all others
    are served on, and no zombie stays"""
    with lab.server("line") as server:
        peers = [server.connect() for _ in range(3)]
        for peer in peers:
            equal(peer.ask(b"before\n"), b"BEFORE\n", "reply")
        victim = server_of(server, peers[1])
        its_own = [p for p in peers if server_of(server, p) == victim]
        os.kill(victim, signal.SIGKILL)
        server.deaths += 1
        for peer in its_own:
            equal(peer.read_until_gone(), b"", "what its client is sent")
        for peer in [p for p in peers if p not in its_own]:
            equal(peer.ask(b"after\n"), b"AFTER\n", "reply")
        equal(server.connect().ask(b"new\n"), b"NEW\n", "reply")
        until(lambda: not proc.zombies(server.pid), "no zombie is left")
        server.stop()
    check(re.search(r"signal 9|SIGKILL|[Kk]illed", server.said("stderr")),
          "the log says that a signal killed it")


@case(only=lambda model: model.pool == "process")
def replaced(lab):
    """a killed worker is replaced, and what it had locked is free again"""
    with lab.server("line") as server:
        before = workers(server)
        for victim in sorted(before):
            os.kill(victim, signal.SIGKILL)
            server.deaths += 1
            until(lambda: len(workers(server) - {victim}) == len(before),
                  "there are as many workers as before")
            for _ in range(20):
                with server.connect() as peer:
                    equal(peer.ask(b"served\n"), b"SERVED\n", "reply")
        check(not before & workers(server), "all are new")
        stats = server.stop()
    equal(sum(w["respawns"] for w in stats["workers"]), len(before),
          "respawns")


@case()
def no_zombies(lab):
    """no zombie is left by connections that have ended"""
    with lab.server("line") as server:
        for _ in range(30):
            with server.connect() as peer:
                equal(peer.ask(b"short\n"), b"SHORT\n", "reply")
        until(lambda: not proc.zombies(server.pid), "no zombie is left")


@case()
def parent_killed(lab):
    """when the server itself is killed, nothing of it lives on"""
    with lab.server("line") as server:
        peers = [server.connect() for _ in range(min(lab.model.holds or 5, 5))]
        for peer in peers:
            equal(peer.ask(b"before\n"), b"BEFORE\n", "reply")
        server.send_signal(signal.SIGKILL)
        equal(server.wait(), -signal.SIGKILL, "exit status")
        until(lambda: not proc.alive(server.pid), "no process is left")
        for peer in peers:
            equal(peer.read_until_gone(), b"", "what its client is sent")
