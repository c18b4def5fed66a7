# SPDX-License-Identifier: MIT
"""The table of the conformance suite: which cases there are, and the lab in
which one of them meets a model."""

import shutil

from . import external, server
from .tap import Cell, Skip

CASES = []


class Case:
    def __init__(self, function, holds, only, twin):
        self.name = function.__doc__.strip().split("\n\n")[0]
        self.name = " ".join(self.name.split())
        self.function = function
        self.clause = function.__module__.rpartition(".")[2]
        self.holds = holds
        self.only = only
        self.twin = twin


def case(holds=1, only=None, twin=False):
    """Puts a function into the table; its docstring says what must hold.

    `holds` is how many connections the model must be able to serve at once,
    `only` decides for which models there is such a case at all. A case with
    `twin` is one of bytes, times and ends of connections, which depends on how
    a handler is driven: it is held with the sequential twin of its handler as
    well, the same protocol written as serve() instead of callbacks."""

    def register(function):
        CASES.append(Case(function, holds, only, twin))
        return function

    return register


class Lab:
    """What a case is given: the model, and servers that run it."""

    def __init__(self, cell, model, sequential=False):
        self.cell = cell
        self.model = model
        self.sequential = sequential
        self.directory = cell.directory

    def server(self, handler="echo", *flags, **how):
        name, _, options = handler.partition(":")
        if self.sequential:
            name += "_sequential"
            handler = f"{name}:{options}" if options else name
        if external.named(self.model.spec):
            return external.External(self.cell, self.model.spec, handler,
                                     *flags, spins=self.model.spins, **how)
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
                if each.twin and has_twins(model):
                    found.append(cell_of(model, each, sequential=True))
    return found


def has_twins(model):
    return not external.named(model.spec) or "{handler}" in model.spec


def why_missing(model):
    if external.named(model.spec):
        external.check_command(model.spec)
        return None
    if "/" in model.spec or model.name in server.listed("models"):
        return None
    return f"{model.name} is not built in"


def skipper(reason):
    def skip(_cell):
        raise Skip(reason)

    return skip


def cell_of(model, each, sequential=False):
    def run(cell):
        if model.holds is not None and model.holds < each.holds:
            raise Skip(f"needs {each.holds} connections at once, and "
                       f"{model.spec} serves {model.holds}")
        each.function(Lab(cell, model, sequential))

    style = ", with a sequential handler" if sequential else ""
    return Cell(f"{model.spec}: {each.clause}: {each.name}{style}", run)
