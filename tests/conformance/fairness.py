# SPDX-License-Identifier: MIT
"""Clause 8: fairness. A client that takes all it can get leaves the others
theirs."""

from lib.peer import Background, together, until
from lib.suite import case
from lib.tap import equal

ROUNDS = 50


def talk(server):
    with server.connect() as peer:
        for _ in range(ROUNDS):
            peer.echo()


class Flood:
    """Sends without end and reads what comes back, as fast as it can."""

    def __init__(self, server):
        self.peer = server.connect()
        self.block = bytes(1 << 16)
        self.peer.echo(self.block)  # it is served by now

    def __call__(self):
        self.peer.send(self.block)
        self.peer.read(len(self.block))


@case(holds=6, twin=True)
def flood(lab):
    """one client that never stops sending does not starve five others"""
    with lab.server("echo") as server, Background(Flood(server)):
        together([lambda: talk(server)] * 5)


@case(holds=6)
def endless_reader(lab):
    """one client that never stops reading does not starve five others"""

    def read_some():
        with server.connect() as peer:
            peer.read(1 << 17)

    with lab.server("chargen") as server:
        greedy = server.connect()
        greedy.read(1)
        with Background(lambda: greedy.receive(1 << 20)):
            together([read_some] * 5)


@case(holds=2)
def burst(lab):
    """a burst of new connections does not starve a live one"""

    def connect():
        with server.connect() as peer:
            peer.echo()

    with lab.server("echo", "--backlog", "500") as server:
        with server.connect() as live, Background(connect), \
                Background(connect), Background(connect):
            for _ in range(ROUNDS):
                live.echo()


@case(only=lambda model: model.name in ("pool", "leader", "amped"))
def more_while_busy(lab):
    """a request that came while another of its connection blocked holds up
    nobody else when it blocks itself"""
    with lab.server("work:block=2s") as server:
        busy = server.connect()
        busy.send(b"one\n")
        until(lambda: server.has_read(busy), "the first is read")
        busy.send(b"two\n")
        equal(busy.read(4), b"one\n", "reply")
        other = server.connect()
        other.half_close()
        equal(other.read_to_end(), b"", "what the other is sent")
        equal(busy.pending(), None, "what the busy one got meanwhile")
        equal(busy.read(4), b"two\n", "reply")
