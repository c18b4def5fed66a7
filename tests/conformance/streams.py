# SPDX-License-Identifier: MIT
"""Clause 2: streams. However the bytes are cut, the replies are the same, and
what one peer does to its connection is no other's business."""

import os
import random
import signal
import socket
import time

from lib.peer import (exchange, random_lines, split_randomly, together, until)
from lib.suite import case
from lib.tap import check, equal

LONGEST_LINE = 16384


@case(twin=True)
def byte_by_byte(lab):
    """a request that arrives byte by byte gets the same reply"""
    with lab.server("line") as server, server.connect() as peer:
        line = b"The quick brown fox\n"
        peer.send_in_pieces(line[i:i + 1] for i in range(len(line)))
        equal(peer.read_line(), line.upper(), "reply")


@case(twin=True)
def one_batch(lab):
    """a thousand requests in one write are all answered, in order"""
    lines = random_lines(1000, seed=1)
    with lab.server("line") as server, server.connect() as peer:
        equal(exchange(peer, lines, len(lines)), lines.upper(), "replies")


@case(twin=True)
def random_splits(lab):
    """any split of the same requests gives the same replies"""
    lines = random_lines(200, seed=2)
    with lab.server("line") as server:
        for seed in range(5):
            with server.connect() as peer:
                peer.send_in_pieces(split_randomly(lines, seed))
                equal(peer.read(len(lines)), lines.upper(),
                      f"replies for seed {seed}")


@case(twin=True)
def binary(lab):
    """every byte value passes unchanged"""
    data = bytes(range(256)) * 300
    with lab.server("echo") as server, server.connect() as peer:
        equal(exchange(peer, data, len(data)), data, "echo")


@case(twin=True)
def slow_reader(lab):
    """a megabyte comes back whole to a peer that reads little by little"""
    data = os.urandom(1 << 20)
    with lab.server("echo") as server, \
            server.connect(receive_buffer=4096) as peer:
        equal(exchange(peer, data, len(data), read_size=1500), data, "echo")


@case()
def partial_writes(lab):
    """replies larger than any socket buffer are finished after a half-close"""
    asked = b"16384\n" * 400
    with lab.server("bytes") as server, \
            server.connect(receive_buffer=8192) as peer:
        peer.send(asked)
        peer.half_close()
        equal(len(peer.read_to_end()), 400 * 16384, "bytes received")


@case(twin=True, only=lambda model: model.name != "uring")
def urgent(lab):
    """a byte that is urgent is skipped, and what is behind it is read"""
    with lab.server("echo") as server, server.connect() as peer:
        peer.echo(b"before")
        server.send_signal(signal.SIGSTOP)  # so that all comes at once
        peer.send(b"abc")
        peer.socket.send(b"!", socket.MSG_OOB)
        peer.send(b"def")
        server.send_signal(signal.SIGCONT)
        equal(peer.read(6), b"abcdef", "echo")
        peer.echo(b"after")


@case(twin=True)
def half_close(lab):
    """half-close still gets the whole reply"""
    lines = random_lines(10000, seed=3)
    with lab.server("line") as server, server.connect() as peer:
        equal(exchange(peer, lines, len(lines), half_close=True),
              lines.upper(), "replies, then the end")


@case(twin=True)
def half_close_at_once(lab):
    """a request and a half-close in one go get the reply, then the end"""
    with lab.server("line") as server:
        for _ in range(20):
            with server.connect() as peer:
                peer.send(b"one\ntwo\n")
                peer.half_close()
                equal(peer.read_to_end(), b"ONE\nTWO\n", "reply")


@case(twin=True)
def bounded_output(lab):
    """a peer that does not read is not read from without bound"""
    block, most = os.urandom(1 << 16), 64 << 20
    with lab.server("echo") as server, \
            server.connect(receive_buffer=4096) as peer:
        sent = send_until_full(peer, block, most)
        check(sent < most, f"took {sent} bytes whose echo nobody reads")
        peer.half_close()
        received = peer.read_to_end()
        equal(len(received), sent, "bytes that came back")
        whole = block * (sent // len(block) + 1)
        check(received == whole[:sent], "the bytes sent come back")


def send_until_full(peer, block, most):
    """Sends block after block until the other side has stopped reading."""
    sent = 0
    peer.socket.settimeout(1)
    try:
        while sent < most:
            sent += peer.socket.send(block[sent % len(block):])
    except TimeoutError:
        pass
    return sent


@case()
def unread_reply_costs_nothing(lab):
    """a peer that has half-closed and does not read costs no CPU"""
    with lab.server("bytes") as server, \
            server.connect(receive_buffer=4096) as peer:
        peer.send(b"16384\n" * 400)
        peer.half_close()
        peer.read(1)
        server.come_to_rest()
        equal(len(peer.read_to_end()), 400 * 16384 - 1, "the rest")


@case()
def greeting_is_not_lost(lab):
    """the whole greeting arrives although the peer had sent unread bytes"""
    with lab.server("greet") as server:
        for _ in range(10):
            greeted_despite_input(server)


def greeted_despite_input(server):
    """Once, on a machine that let us send before the server was done."""
    for _ in range(20):
        begun = time.monotonic()
        with server.connect() as peer:
            try:
                peer.send(b"x" * 10000)
                in_time = time.monotonic() - begun < 0.05
                text = peer.read_to_end()
            except Exception:
                if in_time:
                    raise
                continue
            equal(text, b"Thank you for connecting 127.0.0.1:%d\n" % peer.port,
                  "greeting")
            return


@case(twin=True)
def line_too_long(lab):
    """a line that is too long gets an error, which no reset swallows"""
    with lab.server("line") as server, server.connect() as peer:
        peer.send(b"first\n" + b"x" * (2 * LONGEST_LINE))
        said = peer.read_to_end()
        check(said.startswith(b"FIRST\nerror: "), f"found {said!r}")
        check(said.endswith(b"\n"), f"a whole line, not {said!r}")


@case(twin=True)
def longest_line(lab):
    """a line just below the limit is answered, in whatever pieces it comes"""
    line = b"y" * (LONGEST_LINE - 2) + b"\n"
    with lab.server("line") as server, server.connect() as peer:
        peer.send_in_pieces(split_randomly(line * 3, seed=4, longest=5000))
        equal(peer.read(len(line) * 3), line.upper() * 3, "replies")


@case(twin=True)
def twenty_at_once(lab):
    """twenty clients connect at once, and each gets its own hello back"""
    with lab.server("echo") as server:

        def say_hello(number):
            with server.connect() as peer:
                peer.echo(b"hello from client %d\n" % number)

        together([lambda n=n: say_hello(n) for n in range(20)])
        stats = server.stop()
    equal(stats["accepted"], 20, "connections")


@case(holds=2, twin=True)
def reset_is_private(lab):
    """a peer that resets its connection ends no other"""
    with lab.server("line") as server:
        steady = server.connect()
        for _ in range(20):
            equal(steady.ask(b"still\n"), b"STILL\n", "reply")
            rude = server.connect()
            rude.ask(b"here\n")
            rude.send(b"half a requ")
            rude.reset()
        equal(steady.ask(b"there\n"), b"THERE\n", "reply")


@case()
def reset_before_accept(lab):
    """peers that are gone before they are accepted do no harm"""
    with lab.server("echo") as server:
        for _ in range(50):
            server.connect().reset()
        for _ in range(50):
            server.connect().close()
        server.connect().echo()


@case(twin=True)
def rough_endings(lab):
    """connections that end in every possible way, many at once, do no harm"""
    chance = random.Random(8)
    with lab.server("line") as server:
        for _ in range(40):
            peers = [server.connect() for _ in range(chance.randint(1, 30))]
            for peer in peers:
                end_roughly(peer, chance)
            for peer in peers:
                peer.close()
        equal(server.connect().ask(b"well\n"), b"WELL\n", "reply")


def end_roughly(peer, chance):
    request = chance.choice((b"", b"half", b"line\n", b"many\n" * 500,
                             b"x" * 20000))
    try:
        peer.send(request)
        if chance.random() < 0.3:
            peer.half_close()
    except ConnectionError:
        pass
    if chance.random() < 0.5:
        peer.reset()
    elif chance.random() < 0.5:
        peer.close()


@case()
def reset_while_writing(lab):
    """a peer that goes away while the server writes to it kills nothing"""
    with lab.server("bytes") as server:
        for _ in range(5):
            rude = server.connect(receive_buffer=4096)
            rude.send(b"16384\n" * 100)
            rude.read(1)
            rude.close()  # with unread input: a reset, then EPIPE
        with server.connect() as peer:
            peer.send(b"5\n")
            equal(len(peer.read(5)), 5, "reply")


@case()
def sigpipe(lab):
    """SIGPIPE does not kill the server"""
    with lab.server("echo") as server:
        server.send_signal(signal.SIGPIPE)
        server.connect().echo()


@case(holds=2, twin=True)
def silent_peers_are_no_burden(lab):
    """connections that say nothing keep none that talks from its replies"""
    with lab.server("echo") as server:
        silent = [server.connect() for _ in range((lab.model.holds or 31) - 1)]
        with server.connect() as peer:
            for _ in range(20):
                peer.echo()
        for other in silent:
            equal(other.pending(), None, "what a silent peer was sent")


@case(only=lambda model: model.holds == 1 and not model.pool)
def in_turn(lab):
    """who waits behind a silent client is served when that one has left"""
    with lab.server("echo") as server:
        silent, waiting = server.connect(), server.connect()
        waiting.send(b"hello\n")
        silent.echo()
        equal(waiting.pending(), None, "what the second got meanwhile")
        silent.close()
        equal(waiting.read(6), b"hello\n", "echo, in turn")


@case(twin=True)
def many_short_connections(lab):
    """two hundred connections one after the other are all served"""
    with lab.server("line") as server:
        for number in range(200):
            with server.connect() as peer:
                line = b"number %d\n" % number
                equal(peer.ask(line), line.upper(), "reply")
        stats = server.stop()
    equal(stats["accepted"], 200, "connections")


@case()
def endless_source(lab):
    """chargen writes on and on while it is read, and stops when it is not"""
    with lab.server("chargen") as server:
        with server.connect() as peer:
            text = peer.read(1 << 20)
        lines = text.split(b"\n")
        check(len(set(map(len, lines[:-1]))) == 1, "lines of one length")
        until(lambda: server.connect().read(1), "the next one is served")
