# SPDX-License-Identifier: MIT
"""Clause 7: account. What the server counts is what has happened. (That
closed is accepted, and that the workers' shares add up, is checked after
every other case too.)"""

from lib.peer import exchange, random_lines, together
from lib.suite import case
from lib.tap import check, equal


@case(twin=True)
def many_requests(lab):
    """requests and bytes are those that the clients saw"""
    lines = random_lines(50, seed=6)
    with lab.server("line") as server:

        def talk():
            with server.connect() as peer:
                for line in lines.splitlines(keepends=True):
                    equal(peer.ask(line), line.upper(), "reply")

        together([talk] * 5)
        stats = server.stop()
    equal(stats["accepted"], 5, "accepted")
    equal(stats["closed"], 5, "closed")
    equal(stats["requests"], 5 * 50, "requests")
    equal(stats["bytes_in"], 5 * len(lines), "bytes in")
    equal(stats["bytes_out"], 5 * len(lines), "bytes out")
    equal(stats["refused"], 0, "refused")
    check(not any(stats["errors"].values()), f"no errors: {stats['errors']}")


@case()
def one_request_each(lab):
    """they are, too, when each request has its own connection"""
    with lab.server("echo") as server:

        def talk():
            for _ in range(20):
                with server.connect() as peer:
                    peer.echo()

        together([talk] * 5)
        stats = server.stop()
    for what in ("accepted", "closed", "requests"):
        equal(stats[what], 100, what)
    equal(stats["bytes_in"], 600, "bytes in")
    equal(stats["bytes_out"], 600, "bytes out")


@case(twin=True)
def pipelined(lab):
    """requests that arrive together count one by one"""
    lines = random_lines(3000, seed=7)
    with lab.server("line") as server, server.connect() as peer:
        equal(exchange(peer, lines, len(lines)), lines.upper(), "replies")
        stats = server.stop()
    equal(stats["requests"], 3000, "requests")
    equal(stats["bytes_in"], len(lines), "bytes in")


@case(twin=True)
def sized_requests(lab):
    """echo:size=N counts N bytes as one request, however they arrive"""
    data = b"z" * 100 * 64
    with lab.server("echo:size=64") as server:
        with server.connect() as peer:
            peer.send_in_pieces(data[i:i + 50] for i in range(0, len(data), 50))
            equal(peer.read(len(data)), data, "echo")
        stats = server.stop()
    equal(stats["requests"], 100, "requests")


@case(twin=True)
def resets_are_counted(lab):
    """a connection that is reset is counted as closed, and as an error"""
    with lab.server("line") as server:
        for _ in range(3):
            peer = server.connect()
            equal(peer.ask(b"here\n"), b"HERE\n", "reply")
            peer.reset()
        equal(server.connect().ask(b"there\n"), b"THERE\n", "reply")
        stats = server.stop()
    equal(stats["accepted"], 4, "accepted")
    equal(stats["errors"].get("read.ECONNRESET"), 3, "read.ECONNRESET")


@case()
def whole_record(lab):
    """the statistics file has every field of its schema"""
    with lab.server("line") as server:
        equal(server.connect().ask(b"here\n"), b"HERE\n", "reply")
        stats = server.stop()
    equal(stats["model"], lab.model.spec, "model")
    equal(stats["handler"], "line", "handler")
    for what in ("refused", "bytes_in", "bytes_out", "peak_rss_bytes",
                 "accept_again"):
        check(isinstance(stats[what], int), f"{what} is a count")
    check(stats["peak_rss_bytes"] > 0, "it used memory")
    check(isinstance(stats["cpu_seconds"], (int, float)), "cpu_seconds")
    for what in ("voluntary", "involuntary"):
        check(isinstance(stats["context_switches"][what], int), what)
    check(stats["workers"], "there is a worker")
    for worker in stats["workers"]:
        for what in ("id", "pid", "tid", "kind", "accepted", "requests",
                     "cpu_seconds", "respawns"):
            check(what in worker, f"a worker's {what}")
