# SPDX-License-Identifier: MIT
"""The models under test and what a test must know about each.

A new model, or a new variant of one, is one line here. Whatever the contract
promises of all of them does not depend on these traits; they only say how to
look at it.
"""

import os
from dataclasses import dataclass, fields
from typing import Optional


@dataclass(frozen=True)
class Model:
    spec: str
    holds: Optional[int] = None  # connections served at once; None: any number
    makes: Optional[str] = None  # "process" or "thread": one per connection
    pool: Optional[str] = None  # "process" or "thread": workers kept ready
    workers: int = 1  # how many of them
    hands_over: bool = False  # to a process that may have no room for it
    shares_unix: bool = True  # can serve a Unix socket
    descriptors: Optional[int] = None  # the highest number it can serve
    thousands: bool = False  # made for very many connections
    spins: bool = False  # a thread of the kernel does, a while after each call
    needs: Optional[str] = None  # the system call without which it cannot be

    @property
    def name(self):
        return self.spec.split(":")[0]


MODELS = (
    Model("blocking", holds=1),
    Model("fork", makes="process"),
    Model("inetd", makes="process"),
    Model("thread", makes="thread"),
    Model("select", descriptors=1024),
    Model("poll"),
    Model("epoll", thousands=True, needs="epoll_create1"),
    Model("epoll:trigger=edge", thousands=True, needs="epoll_create1"),
    Model("select:workers=2,kind=process,accept=shared",
          pool="process", workers=2, descriptors=1024),
    Model("poll:workers=2,kind=thread,accept=shared",
          pool="thread", workers=2),
    Model("poll:workers=2,kind=process,accept=reuseport",
          pool="process", workers=2, shares_unix=False),
    Model("epoll:workers=3,kind=thread,accept=shared",
          pool="thread", workers=3),
    Model("epoll:workers=3,kind=thread,accept=exclusive",
          pool="thread", workers=3),
    Model("epoll:workers=3,kind=thread,accept=reuseport",
          pool="thread", workers=3, shares_unix=False),
    Model("epoll:workers=3,kind=thread,accept=dispatch",
          pool="thread", workers=3),
    Model("epoll:workers=3,kind=process,accept=shared",
          pool="process", workers=3),
    Model("epoll:workers=3,kind=process,accept=exclusive,trigger=edge",
          pool="process", workers=3),
    Model("epoll:workers=3,kind=process,accept=reuseport",
          pool="process", workers=3, shares_unix=False),
    Model("epoll:workers=3,kind=process,accept=dispatch",
          pool="process", workers=3, hands_over=True),
    Model("sigio"),
    Model("uring", thousands=True, needs="io_uring_setup"),
    Model("uring:multishot=off,batch=2,buffers=2", needs="io_uring_setup"),
    Model("uring:sqpoll=1ms", spins=True, needs="io_uring_setup"),
    Model("uring:workers=3,kind=thread,accept=exclusive",
          pool="thread", workers=3),
    Model("uring:workers=3,kind=process,accept=dispatch",
          pool="process", workers=3, hands_over=True),
    *(Model(f"prefork:workers=6,accept={accept}",
            holds=6, pool="process", workers=6)
      for accept in ("shared", "select", "fcntl", "flock", "mutex", "pass")),
    *(Model(f"prethread:workers=6,accept={accept}",
            holds=6, pool="thread", workers=6)
      for accept in ("mutex", "shared", "queue")),
    Model("coroutine", thousands=True, needs="epoll_create1"),
    Model("coroutine:workers=3,kind=thread,accept=shared",
          pool="thread", workers=3),
    Model("coroutine:workers=3,kind=process,accept=dispatch",
          pool="process", workers=3, hands_over=True),
    Model("pool:workers=3", pool="thread", workers=3),
    Model("leader:workers=3", pool="thread", workers=3),
    Model("amped:helpers=3", thousands=True, needs="epoll_create1"),
    # A second connection may have to wait for the worker that has the first.
    Model("prefork:workers=6,accept=reuseport",
          holds=1, pool="process", workers=6, shares_unix=False),
    Model("prethread:workers=6,accept=reuseport",
          holds=1, pool="thread", workers=6, shares_unix=False),
)


def split(text):
    """Specs are separated by blanks; a command has blanks of its own, and so is
    the only one."""
    return [text] if text.startswith("external:") else text.split()


def find(spec):
    """The model of that spec. Of one that is not listed, a student's own for
    example, TRAITS in the environment tells what there is to know."""
    for model in MODELS:
        if model.spec == spec:
            return model
    return Model(spec, **traits(os.environ.get("TRAITS", "")))


def traits(text):
    """"holds=1 makes=thread" as the arguments of Model."""
    known = {f.name: f.type for f in fields(Model) if f.name != "spec"}
    found = {}
    for pair in text.replace(",", " ").split():
        name, _, value = pair.partition("=")
        if name not in known:
            raise SystemExit(f"TRAITS: there is no {name!r}: there is "
                             + ", ".join(known))
        if known[name] is bool:
            found[name] = value == "yes"
        else:
            found[name] = int(value) if value.isdigit() else value
    return found
