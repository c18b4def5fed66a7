# SPDX-License-Identifier: MIT
"""A server under test: started, ready, talked to, stopped, accounted for."""

import functools
import json
import os
import re
import resource
import select
import signal
import subprocess
import time

from . import proc
from .peer import LIMIT, Peer, until
from .tap import Failure, Skip, check, equal

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BIN = os.path.abspath(os.environ.get("SERVERLAB_BIN",
                                     os.path.join(TOP, "bin")))

# What the programs were built with, see the Makefile.
THREAD_SANITIZER = "thread" in (os.environ.get("SERVERLAB_SAN", "")
                                + os.path.relpath(BIN, TOP))

# For where the leak sanitizer cannot work: it needs a process of its own, and
# traces the others.
NO_LEAK_CHECK = {"ASAN_OPTIONS": ":".join(filter(None, (
    os.environ.get("ASAN_OPTIONS"), "detect_leaks=0")))}

EX_USAGE, EX_UNAVAILABLE = 64, 69
SPIN = 0.05  # of one CPU: what a server may use that has nothing to do

_SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer"
                        r"|runtime error:")


def program(name):
    return os.path.join(BIN, name)


def have(name):
    return os.access(program(name), os.X_OK)


def run(name, *arguments, limit=LIMIT, **more):
    """Runs one of our programs to its end. Whatever it started must have ended
    with it."""
    process = subprocess.Popen([program(name), *arguments], text=True,
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True, **more)
    command = f"{name} {' '.join(arguments)}"
    try:
        out, err = process.communicate(timeout=limit)
        left = proc.alive(process.pid)
        check(not left, f"left behind by {command}: "
                        f"{[f'{s.name} ({s.pid})' for s in left]}")
    except subprocess.TimeoutExpired:
        raise Failure(f"still running after {limit} seconds: "
                      f"{command}") from None
    finally:
        for member in proc.alive(process.pid):
            os.kill(member.pid, signal.SIGKILL)
        process.wait()
    check(not _SANITIZER.search(err), f"{command}: {err}")
    return subprocess.CompletedProcess(process.args, process.returncode,
                                       out, err)


@functools.lru_cache(maxsize=None)
def listed(what):
    """The names that --list-models or --list-handlers prints."""
    result = run("server", f"--list-{what}")
    equal(result.returncode, 0, f"exit status of --list-{what}")
    return [line.split()[0] for line in result.stdout.splitlines()
            if line.strip() and not line.startswith(" ")]


class Exited(Exception):
    """The server ended instead of serving."""

    def __init__(self, status, errors):
        super().__init__(f"exit status {status}: {errors.strip()}")
        self.status = status
        self.errors = errors


class Server:
    """Runs from `with` to its end. When the block is left in order, the server
    is stopped with SIGTERM and must keep what every server has to keep then:
    exit status 0, nobody left behind, and an account that adds up."""

    def __init__(self, cell, model, handler="echo", *flags,
                 listen="127.0.0.1:0", limits=None, prefix=(), user=None,
                 environment=None, binary=None,
                 spins=False):
        self.cell = cell
        self.model, self.handler = model, handler
        self.limits = limits or {}
        self.user = user
        self.spins = spins  # it may
        self.environment = environment
        self.directory = os.path.join(cell.directory,
                                      f"server{len(cell.notes)}")
        os.mkdir(self.directory)
        if user is not None:
            os.chmod(cell.directory, 0o755)
            os.chmod(self.directory, 0o777)
        self.arguments = [*prefix, binary or program("server"),
                          "--model", model, "--handler", handler,
                          "--listen", listen,
                          "--stats", self.path("stats.json"), *flags]
        self.process = None
        self.address = None
        self.deaths = 0  # of workers, that the test causes
        self.peers = []
        cell.notes.append(self.describe)

    def path(self, name):
        return os.path.join(self.directory, name)

    def text(self, name):
        try:
            with open(self.path(name), encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def said(self, name):
        """What it printed: "stdout" or "stderr"."""
        return self.text(name)

    # ---- start -------------------------------------------------------------

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def start(self):
        ready, ready_writer = os.pipe()
        self.arguments += ["--ready-fd", str(ready_writer)]
        try:
            with open(self.path("stdout"), "wb") as out, \
                    open(self.path("stderr"), "wb") as err:
                self.process = subprocess.Popen(
                    self.arguments, stdin=subprocess.DEVNULL, stdout=out,
                    stderr=err, start_new_session=True,
                    pass_fds=(ready_writer,), preexec_fn=self._prepare,
                    env={**os.environ, **(self.environment or {})})
            os.close(ready_writer)
            ready_writer = None
            self.address = self._read_ready(ready)
        finally:
            os.close(ready)
            if ready_writer is not None:
                os.close(ready_writer)

    def _prepare(self):
        """In the child, before the server's program."""
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for what, value in self.limits.items():
            resource.setrlimit(what, (value, value))
        if self.user is not None:
            os.setgroups([])
            os.setgid(self.user)
            os.setuid(self.user)
        proc.die_with_parent(signal.SIGKILL)

    def _read_ready(self, ready):
        """The address, or the end of the server."""
        line, deadline = b"", time.monotonic() + LIMIT
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            check(left > 0, f"not ready after {LIMIT} seconds")
            if not select.select([ready], [], [], left)[0]:
                continue
            part = os.read(ready, 256)
            if not part:
                self._ended_early()
            line += part
        return line.decode().strip()

    def _ended_early(self):
        status = self.wait()
        if status == EX_UNAVAILABLE:
            raise Skip("not available here: "
                       + self.text("stderr").strip().split("\n")[-1])
        raise Exited(status, self.text("stderr"))

    # ---- talk --------------------------------------------------------------

    @property
    def pid(self):
        return self.process.pid

    @property
    def port(self):
        return int(self.address.rpartition(":")[2])

    def connect(self, **how):
        """A new connection, closed at the latest when the server is stopped."""
        peer = Peer(self.address, **how)
        self.peers.append(peer)
        return peer

    def has_read(self, peer):
        """Whether it has taken all that has come from this one by now."""
        return not proc.tcp_unread(self.port, peer.port)

    def has_accepted(self, peer):
        return proc.tcp_sockets(self.port).get(peer.port, 0) != 0

    def send_signal(self, number=signal.SIGTERM):
        os.kill(self.pid, number)

    def come_to_rest(self):
        """Waits until it uses no CPU to speak of, for a second in which it can
        do nothing. One that spins never gets there."""
        until(lambda: self.spins or self._rests(),
              "the server comes to rest, and does not spin")

    def _rests(self):
        begun, used = time.monotonic(), proc.cpu_seconds(self.pid)
        time.sleep(1)  # it is a rate that is measured
        elapsed = time.monotonic() - begun
        return proc.cpu_seconds(self.pid) - used < SPIN * elapsed

    def refuses(self):
        """True once nobody listens any more."""
        try:
            Peer(self.address).close()
            return False
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        except OSError:
            return False

    # ---- stop --------------------------------------------------------------

    def wait(self):
        """The exit status, once the server has ended by itself."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            try:
                return self.process.wait(1 if THREAD_SANITIZER else LIMIT)
            except subprocess.TimeoutExpired:
                # The thread sanitizer keeps a signal back until the next call
                # that it knows, and it does not know epoll_pwait2(): another
                # signal ends that wait.
                self.send_signal(signal.SIGCHLD)
        raise Failure("the server does not end: still there after "
                      f"{LIMIT} seconds")

    def stop(self, number=signal.SIGTERM):
        """Ends it in order and returns its statistics."""
        for peer in self.peers:
            peer.close()
        if self.process.returncode is None:
            self.send_signal(number)
        return self.stopped()

    def stopped(self):
        """Waits for an orderly end and checks what must hold after each."""
        equal(self.wait(), 0, "exit status")
        left = proc.alive(self.pid)
        check(not left, "left behind: " + ", ".join(
            f"{s.name} ({s.pid}, state {s.state})" for s in left))
        self.check_errors()
        return self.stats()

    def check_errors(self):
        found = _SANITIZER.search(self.text("stderr"))
        check(not found, f"a sanitizer complains: {found and found.group()}")

    def stats(self):
        """The statistics file, with what must hold in each."""
        stats = json.loads(self.text("stats.json"))
        equal(stats["schema"], "serverlab.server/1", "schema")
        equal(stats["open"], 0, "connections open after the end")
        equal(stats["closed"], stats["accepted"], "closed, of those accepted")
        equal(stats["errors"].get("worker.died", 0), self.deaths,
              "workers that died")
        for what in ("accepted", "requests"):
            equal(sum(w[what] for w in stats["workers"]), stats[what],
                  f"sum of {what} over the workers")
        return stats

    def __exit__(self, kind, *_):
        try:
            if kind is None and self.process.returncode is None:
                self.stop()
        finally:
            self.kill()

    def kill(self):
        """Leaves nothing behind, whatever happened."""
        for peer in self.peers:
            peer.close()
        if self.process is None:
            return
        until(self._kill_all, "the server's processes are gone")

    def _kill_all(self):
        members = proc.alive(self.pid)
        for member in members:
            try:
                os.kill(member.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process.poll() is None:
            return False
        try:
            while os.waitpid(-self.pid, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        return not members

    # ---- explain -----------------------------------------------------------

    def describe(self):
        """For the report of a failure."""
        lines = ["server: " + " ".join(self.arguments)]
        status = self.process.returncode if self.process else "not started"
        lines.append(f"exit status: {status} (-9: killed by the test)")
        for name in ("stdout", "stderr", "stats.json"):
            text = self.text(name).strip()
            if text:
                lines.append(f"{name}:")
                lines += ["  " + line for line in text.split("\n")[-40:]]
        return "\n".join(lines)
