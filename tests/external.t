#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Any program can be held to the contract: external:COMMAND in the place of a
model. Ours serves as such a program, and one that breaks the contract."""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import server, tap  # noqa: E402
from lib.tap import check, equal  # noqa: E402

TABLE = tap.Table()
SUITE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "conformance.t")
OURS = f"external:'{server.program('server')}' -m poll -l 127.0.0.1:{{port}}"

# Takes the connection and says nothing.
MUTE = """import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    listener.accept()[0].close()
"""


def conformance(cell, *arguments, **more):
    done = subprocess.run([sys.executable, SUITE, *arguments], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          check=False, env={**os.environ, **more})
    cell.notes.append(lambda: f"conformance.t {arguments}: exit status "
                              f"{done.returncode}\n{done.stdout}{done.stderr}")
    return done


def outcomes(report):
    """How many cells have passed, been skipped, failed."""
    cells = re.findall(r"^(ok|not ok) \d+ (.*)$", report, re.M)
    skipped = sum("# SKIP" in text for _, text in cells)
    failed = sum(word == "not ok" for word, _ in cells)
    return len(cells) - skipped - failed, skipped, failed


@TABLE.cell
def a_program_with_handlers(cell):
    """a program that is told the handler is held to all cases that it can meet,
    in both styles of handler"""
    done = conformance(cell, "-k", "streams|ready", OURS + " -H {handler}")
    passed, skipped, failed = outcomes(done.stdout)
    equal(failed, 0, "cells that failed")
    check(passed >= 30, f"{passed} cells have passed")
    check(skipped > 0, "Unix sockets are skipped")
    check("with a sequential handler" in done.stdout, "both styles")


@TABLE.cell
def a_program_with_one_protocol(cell):
    """one that is not told the handler echoes, and has only such cases"""
    done = conformance(cell, "-k", "streams", MODEL=OURS)
    passed, skipped, failed = outcomes(done.stdout)
    equal(failed, 0, "cells that failed")
    check(passed > 5, f"{passed} cells have passed")
    check("it has to serve line, and the command has no {handler}"
          in done.stdout, "the reason is told")


@TABLE.cell
def a_program_that_does_not_serve(cell):
    """one that does not answer fails"""
    path = os.path.join(cell.directory, "mute.py")
    with open(path, "w", encoding="ascii") as file:
        file.write(MUTE)
    done = conformance(cell, "-k", "every byte value",
                       f"external:{sys.executable} {path} {{port}}")
    equal(outcomes(done.stdout), (0, 0, 1), "passed, skipped, failed")


@TABLE.cell
def commands_that_are_none(cell):
    """a command without {port}, one that cannot be split, and a program that is
    not there are refused by name"""
    for command, word in (("cat", "{port}"), ("cat '{port}", "quotation"),
                          ("./no-such {port}", "no program ./no-such")):
        done = conformance(cell, f"external:{command}")
        check(done.returncode != 0, f"exit status of {command}")
        check(word in done.stderr and command in done.stderr,
              f"{command}: {done.stderr}")


sys.exit(TABLE.run(jobs=2))
