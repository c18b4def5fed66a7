#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The echo as one writes it in Python, in six ways, to be measured from outside.

    peer-NAME HOST:PORT [--ready-fd N] [--handler echo]

NAME is what the program is called by (the Makefile makes a copy for each):
socketserver, selectors and asyncio come with Python, uvloop, gevent and
twisted are packages of their own. Exits 69 where one is not installed. Each
uses what its own manual shows for an echo, and nothing is tuned.
Read next: servers/thread.c, servers/epoll.c, servers/coroutine.c."""

import argparse
import os
import resource
import socket
import sys

UNAVAILABLE = 69  # EX_UNAVAILABLE
SIZE = 16384


def in_threads(listener, ready):
    """A thread for each connection: socketserver."""
    import socketserver

    class Echo(socketserver.BaseRequestHandler):
        def handle(self):
            while data := self.request.recv(SIZE):
                self.request.sendall(data)

    server = socketserver.ThreadingTCPServer(listener.getsockname(), Echo,
                                             bind_and_activate=False)
    server.socket = listener
    server.daemon_threads = True
    ready()
    server.serve_forever()


def by_selectors(listener, ready):
    """One loop over epoll, written out: selectors."""
    import selectors
    selector = selectors.DefaultSelector()

    def accept():
        connection, _ = listener.accept()
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ,
                          lambda: echo(connection))

    def echo(connection):
        data = connection.recv(SIZE)
        if data:
            connection.send(data)  # what the peer does not take is lost
        else:
            selector.unregister(connection)
            connection.close()

    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ, accept)
    ready()
    while True:
        for key, _ in selector.select():
            key.data()


def by_asyncio(listener, ready):
    """A protocol on asyncio's loop."""
    import asyncio

    class Echo(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport = transport

        def data_received(self, data):
            self.transport.write(data)

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Echo, sock=listener, backlog=4096)
        ready()
        await server.serve_forever()

    asyncio.run(serve())


def by_uvloop(listener, ready):
    """The same protocol on libuv's loop."""
    import uvloop
    uvloop.install()
    by_asyncio(listener, ready)


def by_gevent(listener, ready):
    """A greenlet for each connection: looks blocking, runs on libev."""
    from gevent.server import StreamServer
    from gevent.socket import socket as green

    def echo(connection, _):
        while data := connection.recv(SIZE):
            connection.sendall(data)

    ready()
    StreamServer(green(fileno=listener.detach()), echo).serve_forever()


def by_twisted(listener, ready):
    """A protocol on Twisted's reactor."""
    from twisted.internet import reactor
    from twisted.internet.protocol import Factory, Protocol

    class Echo(Protocol):
        def dataReceived(self, data):
            self.transport.write(data)

    listener.setblocking(False)
    reactor.adoptStreamPort(listener.fileno(), socket.AF_INET,
                            Factory.forProtocol(Echo))
    reactor.callWhenRunning(ready)
    reactor.run()


PEERS = {"socketserver": in_threads, "selectors": by_selectors,
         "asyncio": by_asyncio, "uvloop": by_uvloop, "gevent": by_gevent,
         "twisted": by_twisted}


def listen(address):
    host, _, port = address.rpartition(":")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((host, int(port)))
    listener.listen(4096)
    return listener


def main():
    name = os.path.basename(sys.argv[0]).removeprefix("peer-")
    if name not in PEERS:
        sys.exit(f"{name}: call it peer-NAME, one of {', '.join(PEERS)}")
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--handler", default="echo")
    options = parser.parse_args()
    if options.handler.split(":")[0] != "echo":
        print(f"{name} is written for echo only", file=sys.stderr)
        sys.exit(UNAVAILABLE)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    listener = listen(options.address)
    host, port = listener.getsockname()

    def ready():
        print(f"listening on {host}:{port}", flush=True)
        if options.ready_fd is not None:
            os.write(options.ready_fd, f"{host}:{port}\n".encode())
            os.close(options.ready_fd)

    try:
        PEERS[name](listener, ready)
    except ImportError as error:
        system = "/usr/bin/python3"  # has Debian's packages, ours may not
        if os.path.exists(system) and not os.environ.get("PEER_AGAIN"):
            listener.close()
            os.execve(system, [system, *sys.argv],
                      {**os.environ, "PEER_AGAIN": "1"})
        print(f"{error.name} is not installed: scripts/setup --peers",
              file=sys.stderr)
        sys.exit(UNAVAILABLE)
    except KeyboardInterrupt:
        pass


main()
