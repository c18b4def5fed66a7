# SPDX-License-Identifier: MIT
"""Any program under the conformance suite: external:COMMAND.

The command is split into words as a shell splits them, and no shell is run.
{port} stands for the port of 127.0.0.1 that it is to listen on, {handler} for
the handler that a case needs: echo, line, bytes... A program that serves one
protocol has no {handler}; it is taken to echo. What only our server can tell,
its statistics for one, is a skipped case.
"""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import time

from .peer import LIMIT
from .server import Server
from .tap import Skip, check

PREFIX = "external:"

# What a program without these flags does no worse: nothing hurries its end,
# and its backlog is whatever it is.
DISPENSABLE = (("--drain-timeout", "5m"), ("--backlog", "500"))


def named(spec):
    return spec.startswith(PREFIX)


def check_command(spec):
    """Ends the program with what is wrong with the command, if anything is."""
    command = spec[len(PREFIX):]
    if "{port}" not in command:
        raise SystemExit(f"{spec}: nothing tells it where to listen: write "
                         "{port} where the port goes")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SystemExit(f"{spec}: {error}") from None
    if not shutil.which(words[0]):
        raise SystemExit(f"{spec}: there is no program {words[0]}")


class NoAccount:
    """The statistics of a program that keeps none."""

    def __getitem__(self, what):
        raise Skip("an external program has no statistics to look at")

    get = __getitem__


class External(Server):
    """Runs from `with` to its end, as a server of ours does."""

    def __init__(self, cell, spec, handler="echo", *flags,
                 listen="127.0.0.1:0", binary=None, **how):
        if flags and flags not in DISPENSABLE:
            raise Skip(f"an external program knows no {flags[0]}")
        if binary:
            raise Skip("an external program is run as it is")
        command = spec[len(PREFIX):]
        if handler != "echo" and "{handler}" not in command:
            raise Skip(f"it has to serve {handler}, and the command has no "
                       "{handler}")
        super().__init__(cell, spec, handler, **how)
        self.listen_on = self._free(listen)
        words = [word.replace("{port}", self.listen_on.rpartition(":")[2])
                     .replace("{handler}", handler)
                 for word in shlex.split(command)]
        self.arguments = [*how.get("prefix", ()), *words]

    @staticmethod
    def _free(listen):
        """The address, with a port that nobody has."""
        host, _, port = listen.rpartition(":")
        if host != "127.0.0.1":
            raise Skip(f"an external program listens on 127.0.0.1, not on "
                       f"{listen}")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, int(port)))
            except OSError:
                raise Skip("who has a port already cannot be told from an "
                           "external program") from None
            return f"{host}:{probe.getsockname()[1]}"

    def start(self):
        with open(self.path("stdout"), "wb") as out, \
                open(self.path("stderr"), "wb") as err:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=out,
                stderr=err, start_new_session=True,
                preexec_fn=self._prepare,
                env={**os.environ, **(self.environment or {})})
        deadline = time.monotonic() + LIMIT
        while not self._listens():
            if self.process.poll() is not None:
                self._ended_early()
            check(time.monotonic() < deadline,
                  f"it does not listen after {LIMIT} seconds")
            time.sleep(0.01)
        self.address = self.listen_on

    def _listens(self):
        """Asked from 127.0.0.2: who calls a port of his own address may be
        given that very port, and is then connected to himself."""
        host, _, port = self.listen_on.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=1,
                                     source_address=("127.0.0.2", 0)).close()
            return True
        except (ConnectionRefusedError, TimeoutError):
            return False

    def wait(self):
        """0, also where it leaves its end to the signal."""
        status = super().wait()
        return 0 if status == -signal.SIGTERM else status

    def said(self, name):
        raise Skip("what an external program prints is its own affair")

    def stats(self):
        return NoAccount()
