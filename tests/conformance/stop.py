# SPDX-License-Identifier: MIT
"""Clause 6: stop. A signal ends the server in order: what is under way is
finished, what is not waits for nobody, and nothing is left behind.

The drain timeout is so long in most cases that a server which waits for it
in vain would be found out."""

import os
import signal
import socket
import threading
import time

from lib import proc
from lib.peer import random_lines, together, until
from lib.suite import case
from lib.tap import check, equal

PATIENT = ("--drain-timeout", "5m")


def begin_request(server):
    """A connection with one request answered and half of the next one read:
    both were sent at once."""
    peer = server.connect()
    peer.send(b"first\nsec")
    equal(peer.read_line(), b"FIRST\n", "reply")
    return peer


def stopped_by(lab, number):
    with lab.server("line", *PATIENT) as server:
        server.send_signal(number)
        server.stopped()


@case()
def sigterm(lab):
    """SIGTERM ends a server that has nothing to do, with exit status 0"""
    stopped_by(lab, signal.SIGTERM)


@case()
def sigint(lab):
    """SIGINT does the same"""
    stopped_by(lab, signal.SIGINT)


@case(twin=True)
def idle_connections(lab):
    """connections between two requests are closed and not waited for"""
    with lab.server("line", *PATIENT) as server:
        peers = [server.connect() for _ in range(min(lab.model.holds or 9, 9))]
        for peer in peers:
            equal(peer.ask(b"done\n"), b"DONE\n", "reply")
        server.send_signal()
        for peer in peers:
            equal(peer.read_to_end(), b"", "what comes until the end")
        stats = server.stopped()
    equal(stats["requests"], len(peers), "requests")


def finishes(lab, number):
    with lab.server("line", *PATIENT) as server:
        peer = begin_request(server)
        server.send_signal(number)
        until(server.refuses, "new connections are refused")
        peer.send(b"ond\n")
        equal(peer.read_to_end(), b"SECOND\n", "the reply, then the end")
        stats = server.stopped()
    equal(stats["requests"], 2, "requests")


@case()
def request_under_way(lab):
    """SIGTERM: new connections are refused, a request under way is answered"""
    finishes(lab, signal.SIGTERM)


@case()
def request_under_way_sigint(lab):
    """SIGINT: new connections are refused, a request under way is answered"""
    finishes(lab, signal.SIGINT)


@case()
def reply_under_way(lab):
    """a reply that the peer is still reading is delivered whole"""
    asked = 100
    with lab.server("bytes", *PATIENT) as server:
        peer = server.connect(receive_buffer=4096)
        peer.send(b"16384\n" * asked)
        begun = peer.read(1)
        server.send_signal()
        until(server.refuses, "new connections are refused")
        rest = peer.read_to_end()
        stats = server.stopped()
    received = len(begun + rest)
    equal(received % 16384, 0, "bytes beyond whole replies")
    equal(received, 16384 * stats["requests"], "bytes of replies counted")


@case(twin=True)
def half_a_request_behind(lab):
    """a request under way behind a whole one, of which they were read
    together, is answered"""
    data = bytes(range(250)) * 8
    with lab.server("echo:size=1000", *PATIENT) as server:
        peer = server.connect()
        peer.echo(data[:1500])
        server.send_signal()
        until(server.refuses, "new connections are refused")
        peer.send(data[1500:])
        equal(peer.read_to_end(), data[1500:], "the echo, then the end")
        stats = server.stopped()
    equal(stats["requests"], 2, "requests")


@case()
def arrived_in_a_pause(lab):
    """requests that came while the one before them waits are answered"""
    with lab.server("work:pause=300ms", *PATIENT) as server:
        peer = server.connect()
        peer.send(b"one\n")
        until(lambda: server.has_read(peer), "the first is read")
        peer.send(b"two\nthree\n")
        server.send_signal()
        equal(peer.read_to_end(), b"one\ntwo\nthree\n", "replies")
        stats = server.stopped()
    equal(stats["requests"], 3, "requests")


@case()
def echo_under_way(lab):
    """what is not read from because its reader is slow ends behind a whole
    request"""
    data = os.urandom(4000000)
    with lab.server("echo:size=1000", *PATIENT) as server:
        peer = server.connect(receive_buffer=4096)
        sender = threading.Thread(target=send_what_it_takes, args=(peer, data))
        sender.start()
        received = peer.read(1)
        until(lambda: not server.has_read(peer), "something is not read")
        server.send_signal()
        until(server.refuses, "new connections are refused")
        received += peer.read_to_end()
        sender.join()
        stats = server.stopped()
    check(received == data[:len(received)], "the bytes sent come back")
    equal(len(received), 1000 * stats["requests"], "bytes echoed")


def send_what_it_takes(peer, data):
    try:
        peer.send(data)
    except OSError:
        pass


@case(twin=True)
def drain_timeout(lab):
    """what does not finish within --drain-timeout is cut off"""
    with lab.server("line", "--drain-timeout", "1s") as server:
        peer = begin_request(server)
        begun = time.monotonic()
        server.send_signal()
        equal(peer.read_until_gone(), b"", "what its client is sent")
        check(time.monotonic() - begun > 0.9, "not cut off before its time")
        stats = server.stopped()
    equal(stats["requests"], 1, "requests")


@case()
def late_turns(lab):
    """nor are those whose turn has not come by then, however many they are"""
    with lab.server("work:block=500ms", "--drain-timeout", "1s") as server:
        peers = [server.connect()
                 for _ in range(min(lab.model.holds or 30, 30))]
        until(lambda: all(map(server.has_accepted, peers)), "all are accepted")
        for peer in peers:
            peer.send(b"slow\n")
        server.send_signal()
        server.stopped()


@case()
def late_requests(lab):
    """nor are the requests of one connection that were sent together"""
    with lab.server("work:block=500ms", "--drain-timeout", "1s") as server:
        peer = server.connect()
        peer.send(b"slow\n" * 30)
        until(lambda: server.has_read(peer), "they are read")
        server.send_signal()
        server.stopped()


@case(twin=True)
def never_pauses(lab):
    """nor is a client waited for that sends, and reads, without a pause"""
    with lab.server("line", "--drain-timeout", "200ms") as server:
        peer = server.connect()
        peer.talking = False
        together([lambda: pipeline_until_gone(peer),
                  lambda: receive_until_gone(peer),
                  lambda: (until(lambda: peer.talking, "it talks"),
                           server.send_signal())])
        server.stopped()


def pipeline_until_gone(peer):
    """Lines whose ends are seldom those of what is sent at once."""
    line, size, at = b"x" * 996 + b"\n", 65536, 0
    many = line * (size // len(line) + 2)
    try:
        while True:
            peer.send(many[at:at + size])
            at = (at + size) % len(line)
    except ConnectionError:
        pass


def receive_until_gone(peer):
    try:
        while peer.receive(1 << 20):
            peer.talking = True
        peer.socket.shutdown(socket.SHUT_RDWR)  # also for who still sends
    except OSError:
        pass


@case(twin=True)
def drains_at_rest(lab):
    """waiting for a request to be finished costs no CPU"""
    with lab.server("line", *PATIENT) as server:
        peer = begin_request(server)
        server.send_signal()
        until(server.refuses, "new connections are refused")
        server.come_to_rest()
        peer.send(b"ond\n")
        equal(peer.read_to_end(), b"SECOND\n", "the reply, then the end")
        server.stopped()


@case()
def never_reads(lab):
    """nor is a peer that does not read waited for beyond --drain-timeout"""
    with lab.server("bytes", "--drain-timeout", "1s") as server:
        peer = server.connect(receive_buffer=4096)
        peer.send(b"16384\n" * 3000)
        peer.read(1)
        server.send_signal()
        server.stopped()


@case(twin=True)
def second_signal(lab):
    """a second signal ends it at once, whatever is under way"""
    with lab.server("line", *PATIENT) as server:
        peer = begin_request(server)
        server.send_signal()
        until(server.refuses, "new connections are refused")
        server.send_signal()
        check(server.wait() in (1, -signal.SIGTERM, 128 + signal.SIGTERM),
              f"exit status {server.process.returncode}")
        until(lambda: not proc.alive(server.pid), "nobody is left")
        equal(peer.read_until_gone(), b"", "what its client is sent")


@case(twin=True)
def under_traffic(lab):
    """a stop under full traffic leaves each client with whole replies"""
    lines = random_lines(2000, seed=5)
    clients = min(lab.model.holds or 4, 4)
    with lab.server("line", "--drain-timeout", "10s") as server:
        peers = [server.connect() for _ in range(clients)]
        for peer in peers:
            equal(peer.ask(b"up\n"), b"UP\n", "reply")
        received = [b""] * clients

        def talk(index):
            received[index] = talk_until_gone(peers[index], lines)

        def stop():
            until(lambda: all(p.talking for p in peers), "all talk")
            server.send_signal()

        for peer in peers:
            peer.talking = False
        together([stop] + [lambda i=i: talk(i) for i in range(clients)])
        server.stopped()
    for replies in received:
        check(replies.endswith(b"\n"), f"a whole reply: {replies[-80:]!r}")
        check(replies == (lines.upper() * 200)[:len(replies)],
              "the replies are those to the requests")


def talk_until_gone(peer, lines):
    """Asks without end; returns all replies when the server has closed."""
    replies = b""
    wanted = 0
    for line in (lines * 200).splitlines(keepends=True):
        try:
            peer.send(line)
        except ConnectionError:
            break
        wanted += len(line)
        part = peer.read_until_gone_or(len(line))
        replies += part
        peer.talking = True
        if len(replies) < wanted:
            break
    return replies


@case(holds=3, only=lambda model: "process" in (model.makes, model.pool))
def no_descriptors_for_children(lab):
    """a connection is open in the child that serves it, and in no other"""
    with lab.server("line") as server:
        peers = [server.connect() for _ in range(3)]
        for peer in peers:
            equal(peer.ask(b"here\n"), b"HERE\n", "reply")
        sockets = proc.tcp_sockets(server.port)
        children = [set(proc.descriptors(s.pid).values())
                    for s in proc.alive(server.pid) if s.pid != server.pid]
        for peer in peers:
            own = f"socket:[{sockets[peer.port]}]"
            equal(sum(own in has for has in children), 1,
                  f"children that have {own}")
        if lab.model.makes:
            listening = f"socket:[{sockets[0]}]"
            check(not any(listening in has for has in children),
                  "a child has the listening socket")
