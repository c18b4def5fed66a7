# SPDX-License-Identifier: MIT
"""The table of the conformance suite: which cases there are, and the lab in
which one of them meets a model."""

import shutil

from . import server
from .tap import Cell, Skip

CASES = []


class Case:
    def __init__(self, function, holds, only):
        self.name = function.__doc__.strip().split("\n\n")[0]
        self.name = " ".join(self.name.split())
        self.function = function
        self.clause = function.__module__.rpartition(".")[2]
        self.holds = holds
        self.only = only


def case(holds=1, only=None):
    """Puts a function into the table; its docstring says what must hold.

    `holds` is how many connections the model must be able to serve at once,
    `only` decides for which models there is such a case at all."""

    def register(function):
        CASES.append(Case(function, holds, only))
        return function

    return register


class Lab:
    """What a case is given: the model, and servers that run it."""

    def __init__(self, cell, model):
        self.cell = cell
        self.model = model
        self.directory = cell.directory

    def server(self, handler="echo", *flags, **how):
        name = handler.split(":")[0]
        if name not in server.listed("handlers"):
            raise Skip(f"there is no handler {name}")
        return server.Server(self.cell, self.model.spec, handler, *flags,
                             spins=self.model.spins, **how)

    def binary_for_all(self):
        """A copy of the server that any user may run."""
        copy = f"{self.directory}/server"
        shutil.copy(server.program("server"), copy)
        return copy


def cells(models, cases):
    """The table, model by model."""
    found = []
    for model in models:
        missing = why_missing(model)
        if missing:
            found.append(Cell(model.spec, skipper(missing)))
            continue
        for each in cases:
            if each.only is None or each.only(model):
                found.append(cell_of(model, each))
    return found


def why_missing(model):
    if "/" in model.spec or model.name in server.listed("models"):
        return None
    return f"{model.name} is not built in"


def skipper(reason):
    def skip(_cell):
        raise Skip(reason)

    return skip


def cell_of(model, each):
    def run(cell):
        if model.holds is not None and model.holds < each.holds:
            raise Skip(f"needs {each.holds} connections at once, and "
                       f"{model.spec} serves {model.holds}")
        each.function(Lab(cell, model))

    return Cell(f"{model.spec}: {each.clause}: {each.name}", run)
