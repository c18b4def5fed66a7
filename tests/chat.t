#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The chat room, in both styles, on every model: what one says all others
hear, whichever thread or process they are with; who does not read is dropped.
"""

import os
import signal
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import models, proc, server, tap  # noqa: E402
from lib.tap import Skip, check, equal  # noqa: E402

HANDLERS = ("chat", "chat_sequential")


def enter(running, nick, present, **how):
    """A new member; those present are told."""
    member = running.connect(**how)
    equal(member.read_line(), b"* welcome; what is your nick?\n", "greeting")
    member.send(nick + b"\n")
    equal(member.read_line(), b"* you are %s, in room lobby\n" % nick, "entry")
    for other in present:
        equal(other.read_line(), b"* %s joins\n" % nick, "joining, as told")
    return member


def fill(running, count):
    """So many members: u0, u1, ..."""
    members = []
    for i in range(count):
        members.append(enter(running, b"u%d" % i, members))
    return members


def all_hear(running, members):
    """what one member says, all others hear once, and leaving is told"""
    for i, speaker in enumerate(members):
        speaker.send(b"hello from %d\n" % i)
        for other in members:
            if other is not speaker:
                equal(other.read_line(), b"u%d: hello from %d\n" % (i, i),
                      "what was said")
    members[0].close()
    for other in members[1:]:
        equal(other.read_line(), b"* u0 leaves\n", "leaving, as told")


def rooms(_running, members):
    """who is in another room hears nothing, and commands are obeyed"""
    one, two, three = members[:3]
    three.send(b"/room attic\n")
    equal(three.read_line(), b"* you are u2, in room attic\n", "entry")
    for other in members[:2]:
        equal(other.read_line(), b"* u2 leaves\n", "leaving, as told")
    one.send(b"for the lobby\n/nick one\n/nick no spaces\n/what\n/quit\n")
    equal(two.read_line(), b"u0: for the lobby\n", "what was said")
    equal(two.read_line(), b"* u0 is now one\n", "the new nick")
    equal(two.read_line(), b"* one leaves\n", "leaving, as told")
    check(one.read_line().startswith(b"error: a nick has"), "a bad nick")
    check(one.read_line().startswith(b"error: there is /nick"), "a bad command")
    equal(one.read_to_end(), b"", "nothing after /quit")
    three.send(b"alone\n")
    three.send(b"/room lobby\n")
    equal(three.read_line(), b"* you are u2, in room lobby\n", "entry")
    equal(two.read_line(), b"* u2 joins\n", "joining, and nothing before")


def drops(running, members):
    """a member that does not read is dropped, with the reason; others stay"""
    speaker, listener = members[:2]
    sleeper = enter(running, b"sleeper", members, receive_buffer=4096)
    text = b"x" * 1000
    heard = b""
    # Far more than the sockets and the high-water mark can hold.
    with listener.socket.makefile("rb") as lines:
        for _ in range(2000):
            speaker.send((text + b"\n") * 10)
            for _ in range(10):
                heard = lines.readline()
                if b"dropped" in heard:
                    break
            if b"dropped" in heard:
                break
    equal(heard, b"* sleeper is dropped: does not read\n", "the reason")
    sleeper.close()


def bursts(_running, members):
    """who reads gets all of much that is said at once, and stays"""
    speaker, listener = members[:2]
    line = b"x" * 100 + b"\n"
    expected = b"u0: " + line
    for _ in range(4):  # each is more than the high-water mark
        sender = threading.Thread(target=speaker.send, args=(line * 1000,))
        sender.start()
        equal(listener.read(1000 * len(expected)), expected * 1000,
              "what was said")
        sender.join()


def news(running, members):
    """a new member hears nothing of what was said before it came"""
    speaker = members[0]

    def visit(say):
        if say:  # and another line, whose answer tells that both were heard
            speaker.send(b"old\n/nick no nick\n")
            check(speaker.read_line().startswith(b"error"), "a bad nick")
        guest = running.connect()
        guest.send(b"guest\n")
        equal(guest.read_line(), b"* welcome; what is your nick?\n", "greeting")
        equal(guest.read_line(), b"* you are guest, in room lobby\n", "entry")
        equal(speaker.read_line(), b"* guest joins\n", "joining, as told")
        speaker.send(b"new\n")
        equal(guest.read_line(), b"u0: new\n", "what is said")
        guest.send(b"/quit\n")
        equal(guest.read_to_end(), b"", "nothing after /quit")
        equal(speaker.read_line(), b"* guest leaves\n", "leaving, as told")

    for say in [False] * 12 + [True] * 12:  # each worker has had a guest
        visit(say)


def floods(_running, members):
    """one that never stops sending hears the others all the same"""
    flooder, speaker = members[:2]
    done = threading.Event()

    def flood():
        while not done.is_set():
            flooder.send(b"\n" * 65536)  # says nothing, but is work

    sender = threading.Thread(target=flood)
    sender.start()
    line = b"x" * 1000 + b"\n"
    try:
        for _ in range(20):
            speaker.send(line * 60)
            equal(flooder.read(60 * (len(line) + 4)), (b"u1: " + line) * 60,
                  "what was said")
    finally:
        done.set()
        sender.join()


def many(cell):
    """fork: more than the kernel lets one socket tell at once, while they
    cannot run, all hear what was said afterwards"""
    count = 330
    with server.Server(cell, "fork", "chat", "--backlog", "1000") as running:
        speaker = enter(running, b"u0", [])
        own = {s.pid for s in proc.alive(running.pid)}
        members = [enter(running, b"u1", [speaker]) for _ in range(count)]
        others = [s.pid for s in proc.alive(running.pid) if s.pid not in own]
        equal(len(others), count, "children of the others")
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        speaker.send(b"mark\n/nick no nick\n")
        check(speaker.read_line().startswith(b"error"), "all is said")
        for pid in others:
            os.kill(pid, signal.SIGCONT)
        for member in members:
            heard = b""
            while not heard.endswith(b"u0: mark\n"):
                part = member.receive()
                check(part, "a member is not dropped")
                heard = heard[-20:] + part


def conversation(model, handler, talk, count, *flags):
    def run(cell):
        if model.name not in server.listed("models"):
            raise Skip(f"{model.name} is not built in")
        if model.holds is not None and model.holds < count + 1:
            raise Skip(f"serves only {model.holds} at once")
        try:
            with server.Server(cell, model.spec, handler, *flags) as running:
                talk(running, fill(running, count))
        except server.Exited as error:
            if error.status == 69:
                raise Skip(error.errors.strip()) from None
            raise

    return run


def alone(cell):
    """blocking says why nobody hears what is said"""
    with server.Server(cell, "blocking", "chat") as running:
        fill(running, 1)
        check("one connection at a time" in running.text("stderr"), "the word")


def main():
    if not server.have("server"):
        return tap.skip_all(f"there is no {server.program('server')}")
    table = tap.Table()
    for model in models.MODELS:
        if model.name == "inetd":
            continue  # its children are programs of their own: no shared room
        for handler in HANDLERS:
            table.add(f"{handler} on {model.spec}: {all_hear.__doc__}",
                      conversation(model, handler, all_hear, 4))
    for spec in ("epoll", "thread", "fork", "pool:workers=3", "coroutine"):
        model = models.find(spec)
        for handler in HANDLERS:
            table.add(f"{handler} on {spec}: {rooms.__doc__}",
                      conversation(model, handler, rooms, 3))
    for spec in ("epoll", "epoll:trigger=edge", "thread", "coroutine",
                 "pool:workers=3"):
        table.add(f"chat on {spec}: {drops.__doc__}",
                  conversation(models.find(spec), "chat", drops, 2))
    for spec in ("fork", "thread", "prefork:workers=6,accept=shared",
                 "prethread:workers=6,accept=mutex", "epoll", "uring",
                 "uring:sqpoll=1ms", "epoll:workers=3,kind=process,"
                 "accept=dispatch", "coroutine", "pool:workers=3",
                 "leader:workers=3"):
        for handler in HANDLERS:
            table.add(f"{handler} on {spec}: {bursts.__doc__}",
                      conversation(models.find(spec), handler, bursts, 2))
    for spec in ("fork", "thread", "coroutine", "epoll"):
        for handler in HANDLERS:
            table.add(f"{handler} on {spec}: {floods.__doc__}",
                      conversation(models.find(spec), handler, floods, 2))
    for spec in ("fork", "prefork:workers=6,accept=shared",
                 "prefork:workers=6,accept=pass",
                 "prethread:workers=6,accept=mutex", "epoll"):
        table.add(f"chat on {spec}: {news.__doc__}",
                  conversation(models.find(spec), "chat", news, 1))
    for spec in ("thread:stack=32k", "coroutine:stack=16k"):
        for handler in HANDLERS:
            table.add(f"{handler} on {spec}: a small stack is enough",
                      conversation(models.find(spec), handler, all_hear, 4))
    table.add(f"chat: {alone.__doc__}", alone)
    table.add(f"chat on {many.__doc__}", many)
    return table.run()


sys.exit(main())
