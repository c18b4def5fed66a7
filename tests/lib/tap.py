# SPDX-License-Identifier: MIT
"""Test results in TAP, and a pool that runs test cells at the same time.

A cell is a name and a function. It runs in a process of its own, so that one
that hangs or dies takes no other with it, and the results are printed in the
order of the table whatever the order they came in.
"""

import json
import os
import selectors
import shutil
import signal
import sys
import tempfile
import time
import traceback

from . import proc

CELL_LIMIT = 240  # seconds; a cell that needs more has failed
REPEATS = 3  # cells that may fail at first and pass when alone
KILL_LIMIT = CELL_LIMIT + 30  # for one that does not even clean up after that


class Skip(Exception):
    """This cell has nothing to say here; the text says why."""


class Failure(AssertionError):
    """What must hold does not."""


def check(condition, what):
    """`what` says what must hold, or what was found instead."""
    if not condition:
        raise Failure(what)


def equal(found, wanted, what):
    if found != wanted:
        raise Failure(f"{what}: wanted {shorten(wanted)}, found {shorten(found)}")


def shorten(value, limit=300):
    text = repr(value)
    if len(text) <= limit:
        return text
    length = f" ({len(value)} long)" if hasattr(value, "__len__") else ""
    return f"{text[:limit]}...{length}"


class Cell:
    """One line of the report. `run` is called with the cell; what it appends
    to `notes` is shown if it fails."""

    def __init__(self, name, run):
        self.name = name
        self.run = run
        self.notes = []  # functions that return text
        self.directory = None  # a temporary one of its own


class Table:
    """Cells from functions, named by their docstrings, and from rows."""

    def __init__(self):
        self.cells = []

    def cell(self, function):
        """Decorator: the docstring says what must hold."""
        self.add(" ".join(function.__doc__.split()), function)
        return function

    def add(self, name, function):
        self.cells.append(Cell(name, function))

    def run(self, jobs=4):
        return run_cells(self.cells, jobs)


def skip_all(reason):
    """The report of a test that has nothing to test here."""
    print(f"1..0 # SKIP {reason}")
    return 0


def run_cells(cells, jobs):
    """Runs all, prints the report, returns the exit status."""
    print(f"1..{len(cells)}", flush=True)
    pool = _Pool(cells, jobs)
    try:
        failed = pool.run()
    finally:
        pool.kill_all()
    return 1 if failed else 0


class _Running:
    """A cell that runs in a child process, seen from the parent."""

    def __init__(self, index, cell):
        self.index = index
        self.cell = cell
        self.answer = b""
        self.deadline = time.monotonic() + KILL_LIMIT
        cell.directory = tempfile.mkdtemp(prefix="serverlab-test.")
        self.pipe, write_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            _run_in_child(cell, write_end)  # does not return
        os.close(write_end)

    def finish(self):
        """The result, once the child has closed its pipe."""
        os.close(self.pipe)
        _, status = os.waitpid(self.pid, 0)
        shutil.rmtree(self.cell.directory, ignore_errors=True)
        try:
            return json.loads(self.answer)
        except ValueError:
            return {"ok": False, "text": f"the test itself died: {status}"}


class _Pool:
    def __init__(self, cells, jobs):
        self.cells = cells
        self.jobs = max(1, jobs)
        self.selector = selectors.DefaultSelector()
        self.running = {}
        self.results = {}
        self.first = {}  # of those that failed: how, at first
        self.printed = 0
        self.failed = 0

    def run(self):
        """A cell that fails beside others is run again alone, so that the
        verdict is about the server and not about the load of the test. If it
        passes then, the report says so; more than a few are no accident."""
        self.run_these(list(enumerate(self.cells)), self.jobs)
        self.run_these([(i, self.cells[i]) for i in sorted(self.first)], 1)
        return self.failed

    def run_these(self, waiting, jobs):
        waiting.reverse()
        while waiting or self.running:
            while waiting and len(self.running) < jobs:
                self.start(*waiting.pop())
            for key, _ in self.selector.select(1):
                self.read(key.data)
            for running in list(self.running.values()):
                if time.monotonic() > running.deadline:
                    os.kill(running.pid, signal.SIGKILL)
                    running.deadline += KILL_LIMIT
            self.report()

    def start(self, index, cell):
        sys.stdout.flush()
        running = _Running(index, cell)
        self.running[index] = running
        self.selector.register(running.pipe, selectors.EVENT_READ, running)

    def read(self, running):
        part = os.read(running.pipe, 65536)
        running.answer += part
        if not part:
            self.selector.unregister(running.pipe)
            del self.running[running.index]
            self.take(running.index, running.finish())

    def take(self, index, result):
        if (not result["ok"] and index not in self.first
                and len(self.first) < REPEATS):
            self.first[index] = result
        else:
            self.results[index] = result

    def report(self):
        while self.printed in self.results:
            self.print_result(self.printed, self.results.pop(self.printed))
            self.printed += 1

    def print_result(self, index, result):
        word = "ok" if result["ok"] else "not ok"
        skip = f" # SKIP {result['skip']}" if result.get("skip") else ""
        name = self.cells[index].name.replace("#", "\\#")
        print(f"{word} {index + 1} - {name}{skip}")
        if not result["ok"]:
            self.failed += 1
        elif index in self.first:
            print(f"# repeated: {name}")
            result = self.first[index]
        for line in result.get("text", "").rstrip("\n").split("\n"):
            print(f"#   {line}" if line else "", end="\n" if line else "")
        sys.stdout.flush()

    def kill_all(self):
        for running in self.running.values():
            os.kill(running.pid, signal.SIGTERM)
        for running in self.running.values():
            os.waitpid(running.pid, 0)
            shutil.rmtree(running.cell.directory, ignore_errors=True)


def _run_in_child(cell, pipe):
    """Runs the cell and writes what became of it to the pipe."""
    try:
        proc.become_subreaper()
        proc.die_with_parent(signal.SIGTERM)
        proc.raise_descriptor_limit()
        signal.signal(signal.SIGTERM, _interrupted)
        signal.signal(signal.SIGALRM, _out_of_time)
        signal.alarm(CELL_LIMIT)
        answer = json.dumps(_outcome(cell)).encode()
        while answer:
            answer = answer[os.write(pipe, answer):]
    finally:
        os._exit(0)  # threads of the case that still wait do not matter


def _interrupted(_signal, _frame):
    raise SystemExit("interrupted")


def _out_of_time(_signal, _frame):
    raise Failure(f"not done after {CELL_LIMIT} seconds")


def _outcome(cell):
    try:
        cell.run(cell)
        return {"ok": True}
    except Skip as reason:
        return {"ok": True, "skip": str(reason)}
    except BaseException as error:  # also SystemExit: a cell must not exit
        return {"ok": False, "text": _explain(cell, error)}


def _explain(cell, error):
    lines = [str(error) or type(error).__name__]
    if not isinstance(error, Failure):
        lines.append("".join(traceback.format_exception_only(error)).strip())
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f"  at {os.path.relpath(frame.filename)}:{frame.lineno}"
                     f": {frame.line}")
    for note in cell.notes:
        lines.append(note())
    return "\n".join(lines)
