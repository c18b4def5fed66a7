#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The model inetd with programs that know nothing of servers."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import server, tap  # noqa: E402
from lib.tap import check, equal  # noqa: E402

TABLE = tap.Table()


def running(cell, command, *flags):
    text = command.replace(",", "\\,")
    return server.Server(cell, f"inetd:command={text}", "echo", *flags)


@TABLE.cell
def any_program(cell):
    """a program that reads and writes serves each connection anew"""
    with running(cell, "cat") as inetd:
        peers = [inetd.connect() for _ in range(5)]
        for number, peer in enumerate(peers):
            peer.echo(b"hello %d\n" % number)
        for peer in peers:
            peer.send(b"the end")
            peer.half_close()
            equal(peer.read_to_end(), b"the end", "reply")
        stats = inetd.stop()
    equal(stats["accepted"], 5, "accepted")
    equal(stats["errors"], {}, "errors")


@TABLE.cell
def arguments(cell):
    """its arguments are split as a shell splits them, and not expanded"""
    with running(cell, r"""printf '<%s>' a 'b  c' "d'e" f\ g $HOME, '*'""") \
            as inetd:
        equal(inetd.connect().read_to_end(), b"<a><b  c><d'e><f g><$HOME,><*>",
              "arguments")


@TABLE.cell
def descriptors(cell):
    """it gets no descriptor but its standard ones"""
    with running(cell, "ls /proc/self/fd") as inetd:
        # The last is that of the directory it lists.
        equal(inetd.connect().read_to_end(), b"0\n1\n2\n3\n", "descriptors")


@TABLE.cell
def stop(cell):
    """when the server stops, it sees the end of its input and may finish"""
    with running(cell, "sh -c 'echo ready; sort'") as inetd:
        peer = inetd.connect()
        equal(peer.read_line(), b"ready\n", "greeting")
        peer.send(b"b\na\n")
        inetd.send_signal()
        equal(peer.read_to_end(), b"a\nb\n", "reply")
        inetd.stopped()


@TABLE.cell
def deadline(cell):
    """one that goes on for ever is killed when the server's time is over"""
    with running(cell, "sh -c 'echo ready; exec sleep 1000'",
                 "--drain-timeout", "100ms") as inetd:
        peer = inetd.connect()
        equal(peer.read_line(), b"ready\n", "greeting")
        inetd.send_signal()
        equal(peer.read_until_gone(), b"", "reply")
        stats = inetd.stopped()
    equal(stats["closed"], 1, "closed")


@TABLE.cell
def crash(cell):
    """one that dies takes its own connection with it, and is counted"""
    with running(cell, """sh -c 'read line; case $line in die) kill -SEGV $$;;
                          esac; echo "$line"'""") as inetd:
        doomed, other = inetd.connect(), inetd.connect()
        doomed.send(b"die\n")
        inetd.deaths += 1
        equal(doomed.read_until_gone(), b"", "reply of the dead")
        other.echo(b"live\n")
        stats = inetd.stop()
    equal(stats["errors"], {"worker.died": 1}, "errors")
    equal(stats["accepted"], 2, "accepted")


@TABLE.cell
def unknown(cell):
    """one that is not there is named, and nothing is served"""
    for command, reason in (("no-such-program -x", "no-such-program"),
                            ("/no/such/program", "/no/such/program"),
                            ("cat 'a", "quote"), ("  ", "no word")):
        result = server.run("server", "--listen", "127.0.0.1:0", "--model",
                            f"inetd:command={command}")
        equal(result.returncode, 1, "exit status")
        check(reason in result.stderr, f"{reason} is named in: "
                                       f"{result.stderr}")
        equal(result.stdout, "", "standard output")


if not server.have("server"):
    sys.exit(tap.skip_all(f"there is no {server.program('server')}"))
sys.exit(TABLE.run())
