# SPDX-License-Identifier: MIT
"""Clause 1: ready. The address is told only once connections are served."""

import os
import socket

from lib.server import Exited
from lib.suite import case
from lib.tap import Failure, Skip, check, equal


def refused_start(lab, listen):
    """Starts a server that cannot bind; returns what it said."""
    try:
        with lab.server("echo", listen=listen):
            raise Failure(f"it serves {listen} although that is taken")
    except Exited as end:
        equal(end.status, 1, "exit status")
        return end.errors


@case()
def free_port(lab):
    """port 0 becomes a free port, told on --ready-fd and in the ready line"""
    with lab.server() as server:
        host, port = server.address.rsplit(":", 1)
        equal(host, "127.0.0.1", "host")
        check(int(port) > 0, f"a port that one can connect to, not {port}")
        server.connect().echo()
        equal(server.said("stdout").splitlines(),
              [f"listening on {server.address} "
               f"(model {lab.model.spec}, handler echo)"],
              "standard output")


@case()
def served_at_once(lab):
    """whoever connects on reading the ready line is served"""
    for _ in range(5):
        with lab.server() as server:
            server.connect().echo()


@case()
def ipv6(lab):
    """IPv6 is served"""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        raise Skip(f"no IPv6 here: {error}") from None
    with lab.server(listen="[::1]:0") as server:
        check(server.address.startswith("[::1]:"), server.address)
        check(server.address in server.said("stdout"), "in the ready line")
        server.connect().echo()


def unix(model):
    return model.shares_unix


@case(only=unix)
def unix_socket(lab):
    """a Unix socket is served"""
    address = f"unix:{lab.directory}/socket"
    with lab.server(listen=address) as server:
        equal(server.address, address, "address told")
        server.connect().echo()


@case(only=unix)
def stale_unix_socket(lab):
    """a Unix socket file that nobody listens on is replaced"""
    path = f"{lab.directory}/socket"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    with lab.server(listen=f"unix:{path}") as server:
        server.connect().echo()


@case(only=unix)
def live_unix_socket(lab):
    """a Unix socket that is served already is left to its server"""
    address = f"unix:{lab.directory}/socket"
    with lab.server(listen=address) as server:
        check(address in refused_start(lab, address), "names the address")
        server.connect().echo()


@case(only=lambda model: not model.shares_unix)
def no_unix_socket(lab):
    """a Unix socket, which its workers cannot share, is refused with the
    reason"""
    said = refused_start(lab, f"unix:{lab.directory}/socket")
    check("Unix" in said and "reuseport" in said, said)
    equal(len(said.splitlines()), 1, f"lines of {said!r}")


@case()
def not_a_socket(lab):
    """a file that is no socket is not replaced"""
    path = f"{lab.directory}/precious"
    with open(path, "w", encoding="ascii") as file:
        file.write("precious\n")
    check(path in refused_start(lab, f"unix:{path}"), "names the address")
    equal(os.path.getsize(path), len("precious\n"), "size of the file")


@case()
def busy_port(lab):
    """a port that is taken: exit 1 and one line that names the address"""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        said = refused_start(lab, address)
        check(address in said, f"names {address}: {said}")
        equal(len(said.splitlines()), 1, f"lines of {said!r}")


@case()
def another_server_on_the_port(lab):
    """two servers do not share a port by mistake"""
    with lab.server() as server:
        check(server.address in refused_start(lab, server.address),
              "names the address")
        server.connect().echo()


@case()
def again_at_once(lab):
    """the port can be bound again as soon as the server has ended"""
    with lab.server() as server:
        address = server.address
        peer = server.connect()
        peer.echo()
        server.send_signal()  # the server closes first: TIME_WAIT is on its side
        equal(peer.read_to_end(), b"", "rest of the reply")
        server.stopped()
    with lab.server(listen=address) as server:
        equal(server.address, address, "address told")
        server.connect().echo()
