# SPDX-License-Identifier: MIT
"""The models under test and what a test must know about each.

A new model, or a new variant of one, is one line here. Whatever the contract
promises of all of them does not depend on these traits; they only say how to
look at it.
"""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Model:
    spec: str
    holds: Optional[int] = None  # connections served at once; None: any number
    makes: Optional[str] = None  # "process" or "thread": one per connection
    pool: Optional[str] = None  # "process" or "thread": workers kept ready
    descriptors: Optional[int] = None  # the highest number it can serve
    thousands: bool = False  # made for very many connections
    needs: Optional[str] = None  # the system call without which it cannot be

    @property
    def name(self):
        return self.spec.split(":")[0]


MODELS = (
    Model("blocking", holds=1),
    Model("fork", makes="process"),
    Model("thread", makes="thread"),
    Model("select", descriptors=1024),
    Model("poll"),
    Model("epoll", thousands=True, needs="epoll_create1"),
    Model("epoll:trigger=edge", thousands=True, needs="epoll_create1"),
)


def find(spec):
    """The model of that spec; nothing is known of one that is not listed,
    a student's own for example."""
    for model in MODELS:
        if model.spec == spec:
            return model
    return Model(spec)
