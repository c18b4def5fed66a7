#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The client against servers that do right and servers that do every wrong
that a server can do: each is named, counted exactly, and judged. None of the
servers here is ours, and no case depends on how fast anything is."""

import csv
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import hdr, tap  # noqa: E402
from lib.tap import check, equal  # noqa: E402

CLIENT = os.path.join(os.environ.get("SERVERLAB_BIN", "bin"), "client")
TABLE = tap.Table()
PATIENCE = 50  # seconds for a program to end by itself


# ---- servers ----------------------------------------------------------------

class Server:
    """Runs `serve(connection, self)` in a thread for each connection."""

    def __init__(self, serve, family=socket.AF_INET, address=None, backlog=64):
        self.serve = serve
        self.lock = threading.Lock()
        self.count = 0  # for the cases: requests seen, over all connections
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if address is None:
            address = ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0)
        self.socket.bind(address)
        self.socket.listen(backlog)
        name = self.socket.getsockname()
        if family == socket.AF_UNIX:
            self.address = f"unix:{name}"
        elif family == socket.AF_INET6:
            self.address = f"[::1]:{name[1]}"
        else:
            self.address = f"127.0.0.1:{name[1]}"
        if serve:
            threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(connection,),
                             daemon=True).start()

    def _run(self, connection):
        try:
            with connection:
                self.serve(connection, self)
        except OSError:
            pass

    def stop(self):
        """Takes no more connections."""
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self.socket.close()

    def next(self):
        """1 for the first call, 2 for the second, whatever the thread."""
        with self.lock:
            self.count += 1
            return self.count


def wait_for(condition, what):
    """For what a server thread does after the client has ended."""
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise tap.Failure(f"not within 30 seconds: {what}")


def read_exactly(connection, size):
    """`size` bytes, or None at the end."""
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            return None
        data += part
    return data


def each_request(connection, server, size=64):
    """The requests of a connection, with their number over all of them."""
    while True:
        data = read_exactly(connection, size)
        if data is None:
            return
        yield server.next(), data


def echo(connection, server):
    for _, data in each_request(connection, server):
        connection.sendall(data)


def echo_but(wrong, every=10):
    """An echo whose every tenth reply is left to `wrong(connection, data)`,
    which returns False where the connection ends."""
    def serve(connection, server):
        for number, data in each_request(connection, server):
            if number % every:
                connection.sendall(data)
            elif wrong(connection, data) is False:
                return
    return serve


def reset(connection):
    """Closes with RST in place of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
    return False


# ---- the client -------------------------------------------------------------

def command(cell, *arguments):
    """The client, with the engine that this cell is about."""
    engine = getattr(cell, "engine", None)
    return [CLIENT, *(["--engine", engine] if engine else []), *arguments]


class Run:
    """A finished run: its exit status, its two streams and its JSON."""

    def __init__(self, cell, *arguments):
        path = os.path.join(cell.directory, "run.json")
        if "--timeout" not in arguments:  # not even where all is slow
            arguments = ("--timeout", "30s", *arguments)
        done = subprocess.run(command(cell, "--json", path, *arguments),
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE)
        self.status = done.returncode
        self.out, self.err = done.stdout, done.stderr
        cell.notes.append(lambda: f"exit {self.status}\n{self.out}{self.err}")
        self.json = None
        if os.path.exists(path) and os.path.getsize(path):
            with open(path, encoding="utf-8") as file:
                self.json = json.load(file)
            check_sums(self.json)

    def expect(self, status, **counts):
        equal(self.status, status, "exit status")
        for name, value in counts.items():
            equal(self.json["requests"][name], value, f"requests {name}")
        return self


def check_sums(run):
    """What must add up in every run."""
    requests = run["requests"]
    equal(requests["scheduled"],
          requests["ok"] + requests["failed"] + requests["in_flight"]
          + requests["unsent"], "scheduled, and what became of it")
    for name in ("ok", "failed"):
        equal(sum(i[name] for i in run["intervals"]), requests[name],
              f"{name}, summed over the intervals")
    equal(requests["in_flight_before"] + sum(i["sent"] for i in
                                             run["intervals"]),
          requests["sent"], "sent, summed over the intervals")
    check_due(run)
    for interval in run["intervals"]:
        equal(interval["asked"], run["connections"]["asked"], "asked")
        check(interval["live"] <= interval["asked"], "live, of those asked")
    if "deliveries" in run:
        told = run["deliveries"]
        equal(told["due"], told["heard"] + told["undelivered"]
              + told["in_flight"], "deliveries due, and what became of them")
        equal(told["latency_ns"]["count"], told["heard"], "deliveries timed")
    equal(run["valid"], not run["reasons"], "valid, and no reason why not")


def check_due(run):
    """The schedule of the open loop; in a closed loop nothing is due."""
    requests, due = run["requests"], [i["due"] for i in run["intervals"]]
    if run["config"]["loop"] == "closed":
        equal(set(due) | {requests["due"], requests["overdue_before"]},
              {None}, "due in the closed loop")
        return
    equal(sum(due), requests["due"], "due, summed over the intervals")
    equal(requests["scheduled"], requests["in_flight_before"]
          + requests["overdue_before"] + requests["due"],
          "scheduled, and what the schedule held")


def all_errors(run):
    """Errors by name, before, in and after the window."""
    sums = {}
    for key in ("errors_before", "errors", "errors_after"):
        for name, count in run.json[key].items():
            sums[name] = sums.get(name, 0) + count
    return sums


# ---- right servers ----------------------------------------------------------

@TABLE.cell
def _(cell):
    """-n is split exactly over threads and connections that do not divide it"""
    run = Run(cell, "-n", "1001", "-c", "7", "-t", "3", Server(echo).address)
    run.expect(0, scheduled=1001, ok=1001, failed=0, in_flight=0, unsent=0)
    equal(run.json["connections"],
          {"asked": 7, "established": 7, "minimum_live": 7}, "connections")
    equal(run.json["latency_ns"]["raw"]["count"], 1001, "latencies recorded")
    equal(run.json["latency_ns"]["connect"]["count"], 7, "times to connect")


@TABLE.cell
def _(cell):
    """-n is exact after a warm-up too, whatever was under way as it ended"""
    for count in (8, 9):
        Run(cell, "-n", str(count), "-c", "3", "-t", "2", "-p", "2",
            "--warmup", "50ms", Server(echo).address).expect(0, ok=count)


@TABLE.cell
def _(cell):
    """the JSON has every key of schema serverlab.client/1"""
    run = Run(cell, "-n", "10", "-c", "2", "-t", "2",
              Server(echo).address).expect(0)
    quantiles = {"count", "min", "mean", "stddev", "p50", "p75", "p90", "p95",
                 "p99", "p99_9", "p99_99", "max"}
    wanted = {
        None: {"schema", "config", "environment", "valid", "reasons",
               "reason_kinds",
               "bounded_by", "connections", "requests", "errors", "throughput",
               "latency_ns", "client", "intervals"},
        "environment": {"kernel", "cpu", "cpus", "governor", "virtual",
                        "placement", "clock", "clock_read_ns",
                        "clock_source", "clock_correction_ns"},
        "requests": {"scheduled", "sent", "ok", "in_flight", "unsent",
                     "failed", "warmup", "drained"},
        "throughput": {"requests_per_second", "bytes_in_per_second",
                       "bytes_out_per_second"},
        "latency_ns": {"corrected", "raw", "connect", "first_byte"},
        "client": {"cpu_seconds", "cpu_share", "busy_share", "threads",
                   "helpers", "syscalls_per_request", "send_lag_ns"},
    }
    equal(run.json["schema"], "serverlab.client/1", "schema")
    equal(len(run.json["client"]["threads"]), 2, "threads with their shares")
    check(run.json["environment"]["clock_read_ns"] > 0, "the clock's cost")
    for key, names in wanted.items():
        found = run.json if key is None else run.json[key]
        equal(names - set(found), set(), f"missing from {key or 'the top'}")
    for name, value in run.json["latency_ns"].items():
        equal(set(value), quantiles, f"quantiles of {name}")
    for interval in run.json["intervals"]:
        equal({"start_ns", "length_ns", "due", "sent", "ok", "failed", "asked",
               "live", "p50_ns", "p99_ns", "max_ns"} - set(interval), set(),
              "missing from an interval")


@TABLE.cell
def _(cell):
    """percentiles that too few values speak for are null"""
    run = Run(cell, "-n", "150", "-c", "1", Server(echo).address).expect(0)
    raw = run.json["latency_ns"]["raw"]
    check(raw["p99"] is not None, "150 values have a 99th percentile")
    equal((raw["p99_9"], raw["p99_99"]), (None, None), "p99.9 and p99.99")


@TABLE.cell
def _(cell):
    """a connection ends after --requests-per-connection replies"""
    lengths = []

    def serve(connection, server):
        lengths.append(sum(1 for _ in map(
            lambda item: connection.sendall(item[1]),
            each_request(connection, server))))

    run = Run(cell, "-n", "60", "-c", "4", "--requests-per-connection", "3",
              Server(serve).address)
    run.expect(0, ok=60, failed=0)
    wait_for(lambda: sum(lengths) >= 60, "the server has seen all requests")
    check(max(lengths) == 3, f"at most 3 requests per connection: {lengths}")


@TABLE.cell
def _(cell):
    """with -p each request of a pipeline is answered and timed by itself"""
    run = Run(cell, "-n", "500", "-c", "3", "-p", "8", Server(echo).address)
    run.expect(0, ok=500, failed=0)
    equal(run.json["latency_ns"]["raw"]["count"], 500, "latencies recorded")


@TABLE.cell
def _(cell):
    """requests larger than any buffer come back whole"""
    def serve(connection, _server):
        while data := connection.recv(50000):
            connection.sendall(data)

    run = Run(cell, "-n", "9", "-c", "2", "-w", "echo:size=3M",
              Server(serve).address)
    run.expect(0, ok=9, failed=0)


@TABLE.cell
def _(cell):
    """so do those of a pipeline, of which the first are answered before the
    last are sent"""
    def serve(connection, _server):
        while data := connection.recv(50000):
            connection.sendall(data)

    Run(cell, "-n", "50", "-c", "2", "-p", "16", "-w", "echo:size=1M",
        Server(serve).address).expect(0, ok=50, failed=0)
    Run(cell, "-n", "50", "-c", "2", "-p", "16", "-w",
        "http:method=POST,path=/echo,echo=on,body=512k",
        http_server(lambda h, b, n: http_reply(b)).address).expect(
            0, ok=50, failed=0)


@TABLE.cell
def _(cell):
    """IPv6 and Unix sockets work like IPv4"""
    path = os.path.join(cell.directory, "socket")
    for server in (Server(echo, socket.AF_INET6),
                   Server(echo, socket.AF_UNIX, path)):
        Run(cell, "-n", "50", "-c", "4", server.address).expect(0, ok=50)


@TABLE.cell
def _(cell):
    """--source spreads connections over local addresses"""
    peers = set()

    def serve(connection, server):
        peers.add(connection.getpeername()[0])
        echo(connection, server)

    run = Run(cell, "-n", "60", "-c", "30", "--source", "127.0.0.2-127.0.0.4",
              Server(serve).address)
    run.expect(0, ok=60)
    check(peers <= {"127.0.0.2", "127.0.0.3", "127.0.0.4"} and len(peers) > 1,
          f"connections came from {peers}")


@TABLE.cell
def _(cell):
    """warm-up, window and drain together are what the server has counted"""
    server = Server(echo)
    run = Run(cell, "-d", "300ms", "--warmup", "200ms", "-c", "3", "-t", "2",
              "--timeout", "30s", server.address)
    run.expect(0, failed=0)
    requests = run.json["requests"]
    left = requests["in_flight"] - requests["drained"]
    total = requests["warmup"] + requests["ok"] + requests["drained"]
    check(total <= server.count <= total + left,
          f"the server counted {server.count}: {requests}")


@TABLE.cell
def _(cell):
    """--think leaves a pause between a reply and the next request"""
    run = Run(cell, "-n", "20", "-c", "1", "--think", "20ms",
              Server(echo).address)
    run.expect(0, ok=20)
    check(run.json["window_ns"] >= 19 * 20_000_000, "19 pauses of 20 ms")


@TABLE.cell
def _(cell):
    """the crowd is connected beside the measured connections: idle ones are
    silent, slow writers write bytes, slow readers ask"""
    firsts = []

    def serve(connection, server):
        data = connection.recv(1)
        with server.lock:
            firsts.append(len(data))
        while data:
            connection.sendall(data)
            data = connection.recv(4096)

    run = Run(cell, "-n", "200", "-c", "3", "--idle", "20", "--slow-readers",
              "2", "--slow-writers", "4", Server(serve).address)
    run.expect(0, ok=200)
    equal({name: (c["asked"], c["established"], c["lost"])
           for name, c in run.json["crowd"].items()},
          {"idle": (20, 20, 0), "slow_readers": (2, 2, 0),
           "slow_writers": (4, 4, 0)}, "the crowd")


class Holder:
    """Echoes, and knows how many connections are open."""

    def __init__(self):
        self.open = 0
        self.server = Server(self.serve, backlog=1024)
        self.address = self.server.address

    def serve(self, connection, server):
        with server.lock:
            self.open += 1
        try:
            while data := connection.recv(4096):
                connection.sendall(data)
        finally:
            with server.lock:
                self.open -= 1


def with_descriptors(cell, limit, *arguments):
    """The command of a client that may have so many descriptors."""
    return ["sh", "-c", f'ulimit -n {limit}; exec "$0" "$@"',
            *command(cell, *arguments)]


def crowd_with(cell, limit):
    """A client that holds 150 idle connections until it is told to stop."""
    holder = Holder()
    path = os.path.join(cell.directory, "crowd.json")
    client = subprocess.Popen(
        with_descriptors(cell, limit, "-c", "4", "--idle", "150", "-d", "10m",
                         "--json", path, "-q", "--phase-fd", "1",
                         holder.address),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    equal(client.stdout.readline(), "connected\n", "the first phase")
    wait_for(lambda: holder.open == 154, "the server has taken all")
    return holder, client, path


def children(pid):
    """The processes that it has made."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                fields = file.read().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if fields[0] != "Z" and int(fields[1]) == pid:
            found.append(int(name))
    return found


@TABLE.cell
def _(cell):
    """a crowd that needs more descriptors than a process may have is held by
    helper processes; its figures are exact"""
    path = os.path.join(cell.directory, "run.json")
    holder = Holder()
    done = subprocess.run(
        with_descriptors(cell, 64, "-n", "100", "-c", "3", "--idle", "150",
                         "--slow-writers", "2", "--slow-readers", "2",
                         "--json", path, "--timeout", "30s", holder.address),
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE)
    equal((done.returncode, done.stderr), (0, ""), "exit status and errors")
    with open(path, encoding="utf-8") as file:
        run = json.load(file)
    equal({name: (c["asked"], c["established"], c["lost"])
           for name, c in run["crowd"].items()},
          {"idle": (150, 150, 0), "slow_readers": (2, 2, 0),
           "slow_writers": (2, 2, 0)}, "the crowd")
    equal(run["client"]["helpers"], 3, "helper processes")
    wait_for(lambda: holder.open == 0, "all have gone")


@TABLE.cell
def _(cell):
    """helper processes end with the client, whatever ends it"""
    holder, client, _ = crowd_with(cell, 64)
    equal(len(children(client.pid)), 3, "helper processes")
    client.kill()
    client.communicate(timeout=PATIENCE)
    wait_for(lambda: holder.open == 0, "all have gone")


@TABLE.cell
def _(cell):
    """a helper process that is killed is told of, and its connections are
    counted as lost"""
    holder, client, path = crowd_with(cell, 64)
    os.kill(children(client.pid)[0], signal.SIGKILL)
    wait_for(lambda: holder.open == 104, "its connections have gone")
    client.send_signal(signal.SIGINT)
    _, errors = client.communicate(timeout=PATIENCE)
    check("50 connections was ended by signal 9" in errors, errors)
    with open(path, encoding="utf-8") as file:
        equal(json.load(file)["crowd"]["idle"]["lost"], 50, "lost")


@TABLE.cell
def _(cell):
    """each thread may have as many descriptors as the limit says; which number
    of threads would do is said"""
    holder = Holder()
    arguments = ["-n", "100", "-c", "90", "--timeout", "30s"]
    done = subprocess.run(
        with_descriptors(cell, 64, *arguments, holder.address),
        capture_output=True, text=True, timeout=PATIENCE)
    equal(done.returncode, 1, "exit status")
    check("90 connections need 109 descriptors" in done.stderr, done.stderr)
    if "-t" not in done.stderr:
        raise tap.Skip("threads may not have descriptors of their own here")
    check("(-t 3)" in done.stderr, done.stderr)
    done = subprocess.run(
        with_descriptors(cell, 64, *arguments, "-t", "3", holder.address),
        capture_output=True, text=True, timeout=PATIENCE)
    equal(done.returncode, 0, "exit status with more threads")


@TABLE.cell
def _(cell):
    """--close rst ends connections by a reset, --close fin does not"""
    def serve_into(ends):
        def serve(connection, server):
            try:
                echo(connection, server)
                ends.append("fin")
            except ConnectionResetError:
                ends.append("rst")
        return serve

    for how in ("fin", "rst"):
        # One request each; some; and all that there are.
        for each, connections, wanted in ((1, 1, 30), (3, 2, 10), (None, 5, 5)):
            ends = []
            more = ("--requests-per-connection", str(each)) if each else ()
            Run(cell, "-n", "30", "-c", str(connections), *more, "--close",
                how, Server(serve_into(ends)).address).expect(0, ok=30)
            wait_for(lambda: len(ends) >= wanted, "connections have ended")
            equal(set(ends), {how}, "how they ended")


@TABLE.cell
def _(cell):
    """--connect-rate spaces the connections at the beginning"""
    begin = time.monotonic()
    run = Run(cell, "-n", "20", "-c", "5", "--connect-rate", "10",
              Server(echo).address)
    run.expect(0, ok=20)
    took = time.monotonic() - begin
    check(took >= 0.4, f"four pauses of 0.1 s: {took} s")


def traced():
    """The environment of a program that strace runs: no other can trace it."""
    options = os.environ.get("ASAN_OPTIONS", "")
    return {**os.environ, "ASAN_OPTIONS": f"{options}:detect_leaks=0"}


def sleeps(cell, *arguments):
    """How often a thread of the client waits for events, and not only asks."""
    path = os.path.join(cell.directory, "trace")
    strace = ["strace", "-f", "-o", path, "-e", "trace=epoll_wait,epoll_pwait,"
              "epoll_pwait2,io_uring_enter"]
    try:
        works = subprocess.run([*strace, "true"], capture_output=True,
                               timeout=PATIENCE).returncode == 0
    except FileNotFoundError:
        works = False
    if not works:
        raise tap.Skip("there is no strace, or it may not trace")
    subprocess.run([*strace, *command(cell, *arguments)], env=traced(),
                   stdout=subprocess.DEVNULL, timeout=PATIENCE, check=True)
    with open(path, encoding="utf-8") as file:
        return len(re.findall(r"epoll_pwait2|256, [1-9]|"
                              r"io_uring_enter\(\d+, \d+, [1-9]", file.read()))


@TABLE.cell
def _(cell):
    """--busy-poll never sleeps"""
    arguments = ("-n", "50", "-c", "2", "--think", "2ms", Server(echo).address)
    check(sleeps(cell, *arguments) > 0, "without it, the client sleeps")
    equal(sleeps(cell, "--busy-poll", *arguments), 0, "sleeps with it")


@TABLE.cell
def _(cell):
    """spinning with --busy-poll is not taken for work"""
    run = Run(cell, "-n", "50", "-c", "2", "--think", "2ms", "--busy-poll",
              Server(echo).address)
    run.expect(0, ok=50)
    equal(run.json["bounded_by"], "server", "bounded by")


@TABLE.cell
def _(cell):
    """with --busy-poll, asking in vain is no system call of a request; handing
    one over is, though it brings nothing yet"""
    run = Run(cell, "-n", "200", "-c", "1", "--busy-poll",
              Server(echo).address)
    run.expect(0, ok=200)
    calls = run.json["client"]["syscalls_per_request"]
    check(1.1 < calls < 4, f"system calls: {calls}")


@TABLE.cell
def _(cell):
    """--search says when an objective cannot be held at any rate, or what it
    found does not hold once more"""
    def echo_once(connection, server):
        if server.next() > 1:
            echo_but(flip, 1)(connection, server)
        else:
            echo(connection, server)

    for objective, serve in (("p50<1us", echo), ("p50<10s", echo_once)):
        run = Run(cell, "--search", objective, "-R", "30", "-d", "100ms",
                  "-c", "1", Server(serve).address).expect(3)
        check(f"{objective} does not hold, not even at" in run.out, run.out)
        check("search" in run.json["reason_kinds"], "the kind of reason")
        equal(run.json["search"]["rate"], None, "the rate found")
    equal([trial["held"] for trial in run.json["search"]["trials"]],
          [True] + 17 * [False], "trials that held")


CLOCKS = "/sys/devices/system/clocksource/clocksource0/available_clocksource"


def untrusted():
    """A prefix under which the kernel seems to trust no counter."""
    strace = ["strace", "-f", "-o", "/dev/null", "-P", CLOCKS, "-e",
              "trace=openat", "-e", "inject=openat:error=EACCES"]
    try:
        works = subprocess.run([*strace, "cat", CLOCKS], capture_output=True,
                               timeout=PATIENCE).returncode
    except FileNotFoundError:
        raise tap.Skip("there is no strace") from None
    if works != 1:
        raise tap.Skip("strace cannot make a file unreadable here")
    return strace


def run_with_clock(cell, prefix, clock, address):
    """Its exit status, its clock and what it says."""
    done = subprocess.run(
        [*prefix, *command(cell, "-n", "500", "-c", "4", "-t", "2",
                           "--timeout", "30s", "--json", "-", "--clock", clock,
                           address)],
        capture_output=True, text=True, env=traced(), timeout=PATIENCE)
    used = None
    if done.returncode == 0:
        used = json.loads(done.stdout)["environment"]["clock_source"]
    return done.returncode, used, done.stderr


@TABLE.cell
def _(cell):
    """--clock: the kernel's, or the processor's where it can be trusted, and
    the JSON says which; one that is not to be had is said, with the reason"""
    address = Server(echo).address
    equal(run_with_clock(cell, [], "monotonic", address), (0, "monotonic", ""),
          "the kernel's")
    status, used, said = run_with_clock(cell, [], "tsc", address)
    equal(run_with_clock(cell, [], "auto", address),
          (0, "tsc" if status == 0 else "monotonic", ""), "by itself")
    if status:
        equal((status, used), (64, None), "where there is none")
        check("there is no 'tsc' here" in said, said)
    else:
        equal((used, said), ("tsc", ""), "the processor's")


@TABLE.cell
def _(cell):
    """--clock: a counter that the kernel does not list is not trusted"""
    prefix = untrusted()
    address = Server(echo).address
    equal(run_with_clock(cell, prefix, "auto", address), (0, "monotonic", ""),
          "by itself")
    status, _, said = run_with_clock(cell, prefix, "tsc", address)
    equal(status, 64, "exit status")
    check("there is no 'tsc' here" in said, said)


# ---- workloads --------------------------------------------------------------

@TABLE.cell
def _(cell):
    """line wants its line in upper case"""
    def upper(connection, _server):
        for line in connection.makefile("rb"):
            connection.sendall(line.upper())

    def lower(connection, _server):
        for line in connection.makefile("rb"):
            connection.sendall(line.lower())

    Run(cell, "-n", "100", "-c", "4", "-p", "3", "-w", "line:size=100",
        Server(upper).address).expect(0, ok=100)
    run = Run(cell, "-n", "5", "-c", "1", "-w", "line", Server(lower).address)
    equal(run.expect(3, ok=0).json["errors"], {"reply.mismatch": 5}, "errors")


@TABLE.cell
def _(cell):
    """greet wants its thanks, a whole line, nothing else, and the close"""
    def greeting(text):
        return lambda connection, _server: connection.sendall(text)

    thanks = b"Thank you for connecting 127.0.0.1:1234\n"
    run = Run(cell, "-n", "40", "-c", "4", "-w", "greet",
              Server(greeting(thanks)).address)
    run.expect(0, ok=40, failed=0)
    for text, error in ((b"Thank you for nothing\n", "reply.mismatch"),
                        (thanks + thanks, "reply.mismatch"),
                        (thanks[:30], "reply.short"), (b"", "read.EOF")):
        run = Run(cell, "-n", "5", "-c", "1", "-w", "greet",
                  Server(greeting(text)).address)
        equal(run.expect(3, ok=0, failed=5).json["errors"], {error: 5},
              f"errors for {text}")


@TABLE.cell
def _(cell):
    """bytes asks for a number of bytes and wants the alphabet, cycling"""
    def serve(connection, _server):
        for line in connection.makefile("rb"):
            size = int(line)
            alphabet = b"abcdefghijklmnopqrstuvwxyz" * (size // 26 + 1)
            connection.sendall(alphabet[:size])

    Run(cell, "-n", "50", "-c", "4", "-w", "bytes:size=16384",
        Server(serve).address).expect(0, ok=50)


@TABLE.cell
def _(cell):
    """discard has written all its requests when it ends"""
    received = []

    def serve(connection, server):
        size = 0
        while data := connection.recv(65536):
            size += len(data)
        with server.lock:
            received.append(size)

    run = Run(cell, "-n", "777", "-c", "5", "-w", "discard:size=1000",
              Server(serve).address)
    run.expect(0, ok=777)
    wait_for(lambda: sum(received) >= 777 * 1000, "all bytes have arrived")
    equal(sum(received), 777 * 1000, "bytes that the server has read")


@TABLE.cell
def _(cell):
    """chargen wants the rotating pattern of RFC 864, from where it is when the
    first request begins"""
    ring = bytes(range(32, 127))

    def pattern(first, size, connection):
        period = b"".join((ring + ring)[i % 95:i % 95 + 72] + b"\r\n"
                          for i in range(first, first + 95))
        at = 0
        while True:
            connection.sendall((period + period)[at:at + size])
            at = (at + size) % len(period)

    wrong = Server(lambda connection, _: pattern(1, 7001, connection))
    for size in (95 * 74, 7001, 999):
        right = Server(lambda connection, _: pattern(0, size, connection))
        for connections in ("1", "3", "30"):
            Run(cell, "-n", "200", "-c", connections, "-w",
                "chargen:size=999", right.address).expect(0, ok=200)
    run = Run(cell, "-n", "5", "-c", "1", "-w", "chargen", wrong.address)
    equal(run.expect(3, ok=0).json["errors"], {"reply.mismatch": 5}, "errors")


def http_server(reply):
    """`reply(request head, request body, number)`: bytes, or (bytes, True) to
    close after them."""
    def serve(connection, server):
        stream = connection.makefile("rb")
        while True:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = stream.readline()
                if not line:
                    return
                head += line
            body = b""
            if match := re.search(rb"Content-Length: (\d+)", head):
                body = stream.read(int(match[1]))
            elif b"chunked" in head:
                while size := int(stream.readline(), 16):
                    body += stream.read(size)
                    stream.readline()
                stream.readline()
            answer = reply(head, body, server.next())
            if isinstance(answer, tuple):
                connection.sendall(answer[0])
                return
            connection.sendall(answer)
    return Server(serve)


def http_reply(body, *fields, status=b"200 OK"):
    return (b"HTTP/1.1 " + status + b"\r\n"
            + b"".join(field + b"\r\n" for field in fields)
            + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def http_chunks(number):
    """Twenty letters, cut in two at a place that changes."""
    cut = number % 8 + 1
    return (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"%x;ext=1\r\n%s\r\n%X\r\n%s\r\n0\r\nTrailer: x\r\n\r\n"
            % (cut, b"x" * cut, 20 - cut, b"x" * (20 - cut)))


HTTP_RIGHT = (
    ("a short body", "http", lambda h, b, n: http_reply(b"hello")),
    ("a body of a megabyte", "http",
     lambda h, b, n: http_reply(bytes(range(256)) * 4096)),
    ("a Date that changes", "http",
     lambda h, b, n: http_reply(b"hello", b"Date: %d" % n)),
    ("a chunked body, each time cut differently", "http",
     lambda h, b, n: http_chunks(n)),
    ("a body that ends with the connection", "http",
     lambda h, b, n: (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", True)),
    ("a server that closes now and then, and says so", "http",
     lambda h, b, n: (http_reply(b"x", b"Connection: close"), True)
     if n % 3 == 0 else http_reply(b"x", b"Connection: keep-alive")),
    ("a server that closes as it is told to, and does not say so",
     "http:close=on",
     lambda h, b, n: b"\r\nConnection: close\r\n" in h
     and (http_reply(b"x"), True)),
    ("HEAD, answered with a length and no body", "http:method=HEAD",
     lambda h, b, n: h.startswith(b"HEAD /") and http_reply(b"x" * 99)[:-99]),
    ("POST, its body sent whole", "http:method=POST,body=10k",
     lambda h, b, n: http_reply(b"%d" % len(b))),
    ("POST, its body sent in chunks",
     "http:method=POST,body=10k,chunked=on",
     lambda h, b, n: http_reply(b"%d" % len(b))),
    ("POST of sizes that vary, answered by their size",
     "http:method=POST,body=1,max=5k",
     lambda h, b, n: http_reply(b"%d" % len(b))),
    ("POST of sizes from a list, in chunks",
     "http:method=POST,sizes=0+10+9000,chunked=on",
     lambda h, b, n: http_reply(b"%d" % len(b))),
    ("POST that comes back",
     "http:method=POST,body=100,max=100k,echo=on",
     lambda h, b, n: http_reply(b)),
    ("POST that comes back, a Date that changes",
     "http:method=POST,body=500,echo=on",
     lambda h, b, n: http_reply(b, b"Date: %d" % (n // 7))),
    ("POST in chunks that comes back in chunks",
     "http:method=POST,sizes=5+5000,chunked=on,echo=on",
     lambda h, b, n: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
     b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(b), b)),
    ("100 Continue before the answer", "http:method=POST,body=5",
     lambda h, b, n: b"HTTP/1.1 100 Continue\r\n\r\n" + http_reply(b"ok")),
    ("another status than 200, where it is expected", "http:status=404",
     lambda h, b, n: http_reply(b"no", status=b"404 Not Found")),
    ("no body at all", "http:status=204",
     lambda h, b, n: b"HTTP/1.1 204 No Content\r\n\r\n"),
    ("bodies that differ, with same=off", "http:same=off",
     lambda h, b, n: http_reply(b"%d" % n)),
)


def add_http_right(name, spec, reply):
    def case(cell):
        run = Run(cell, "-n", "60", "-c", "3", "-t", "2", "-w", spec,
                  http_server(reply).address)
        run.expect(0, ok=60, failed=0)
        equal(all_errors(run), {}, "errors")
    TABLE.add(f"http accepts {name}", case)


for row in HTTP_RIGHT:
    add_http_right(*row)

class Limit:
    """An HTTP server that answers so many requests of a connection, says with
    the last answer that it closes, and does: at once, which resets the
    connection where more was asked, or when the client has closed."""

    def __init__(self, replies, at_once=False, wait=None):
        self.replies, self.at_once = replies, at_once
        self.wait = wait or (lambda _number: None)  # before an answer
        self.server = Server(self.serve)
        self.address = self.server.address

    def serve(self, connection, server):
        # A reset would take with it what waits to be sent.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        for turn in range(self.replies):
            body = 0
            while (line := stream.readline()) != b"\r\n":
                if not line:
                    return
                if line.startswith(b"Content-Length: "):
                    body = int(line[16:])
            stream.read(body)
            last = turn == self.replies - 1
            self.wait(server.next())
            connection.sendall(http_reply(
                b"hello", b"Connection: close" if last else b"X: y"))
        if not self.at_once:
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass


@TABLE.cell
def _(cell):
    """http: what a pipeline has asked behind an announced close is asked again,
    counts once, and is no error; also where the close becomes a reset"""
    for at_once in (False, True):
        for more in ([], ["--requests-per-connection", "5"], ["-t", "2"]):
            limit = Limit(7, at_once)
            run = Run(cell, "-n", "300", "-c", "3", "-p", "8", "-w", "http",
                      *more, limit.address)
            run.expect(0, scheduled=300, sent=300, ok=300, failed=0)
            equal(all_errors(run), {}, "errors")
            equal(limit.server.count, 300, "answered by the server")
            equal(run.json["latency_ns"]["raw"]["count"], 300, "latencies")
            equal(run.json["connections"]["minimum_live"], 3, "all lived on")


@TABLE.cell
def _(cell):
    """http: so is what could not even be written any more, the announcement
    being unread"""
    run = Run(cell, "-n", "30", "-c", "1", "-p", "2", "-w",
              "http:method=POST,body=8M", Limit(1, at_once=True).address)
    run.expect(0, sent=30, ok=30, failed=0)
    equal(all_errors(run), {}, "errors")


@TABLE.cell
def _(cell):
    """http: so is what was asked behind a body that ends with the connection,
    one after the other"""
    run = Run(cell, "-n", "60", "-c", "3", "-p", "4", "-w", "http",
              http_server(lambda h, b, n: (b"HTTP/1.1 200 OK\r\n\r\nend",
                                           True)).address)
    run.expect(0, sent=60, ok=60, failed=0)
    equal(all_errors(run), {}, "errors")


@TABLE.cell
def _(cell):
    """http: a request that is asked again has waited since it was first sent,
    and in the open loop since it was due"""
    gate = threading.Event()
    for rate in ([], ["-R", "1k"]):
        limit = Limit(1, wait=lambda n: n == 1 and gate.wait(0.4))
        run = Run(cell, "-n", "2", "-c", "1", "-p", "2", "-w", "http", *rate,
                  limit.address)
        run.expect(run.status, sent=2, ok=2)
        for name in ("raw", "corrected") if rate else ("raw",):
            latency = run.json["latency_ns"][name]
            equal(latency["count"], 2, f"{name} latencies")
            check(latency["min"] >= 390_000_000, f"both waited: {latency}")


@TABLE.cell
def _(cell):
    """http: where no connection is had to ask again, the requests have failed,
    each of them"""
    limit = Limit(3, wait=lambda n: n == 3 and limit.server.stop())
    run = Run(cell, "-n", "8", "-c", "1", "-p", "8", "-w", "http", "--timeout",
              "5s", limit.address)
    run.expect(3, sent=8, ok=3, failed=5)
    equal(run.json["errors"], {"connect.ECONNREFUSED": 1}, "errors")


HTTP_WRONG = (
    ("another body", "reply.mismatch", lambda: http_reply(b"jello")),
    ("a longer body", "reply.mismatch", lambda: http_reply(b"hello!")),
    ("another status", "reply.status",
     lambda: http_reply(b"hello", status=b"503 Busy")),
    ("no HTTP", "reply.parse", lambda: b"SSH-2.0-OpenSSH\r\n"),
    ("two different lengths", "reply.parse",
     lambda: http_reply(b"hello", b"Content-Length: 6")),
    ("a length and chunks", "reply.parse",
     lambda: http_reply(b"hello", b"Transfer-Encoding: chunked")),
    ("a length that is none", "reply.parse",
     lambda: http_reply(b"hello", b"Content-Length: -5")),
    ("a body cut short", "reply.short",
     lambda: (http_reply(b"hello")[:-1], True)),
    ("a header cut short", "reply.short", lambda: (b"HTTP/1.1 200", True)),
)


def add_http_wrong(name, error, reply):
    def case(cell):
        run = Run(cell, "-n", "40", "-c", "1", "-w", "http", http_server(
            lambda h, b, n: http_reply(b"hello") if n % 10 else reply()
        ).address)
        run.expect(3, ok=36, failed=4)
        equal(run.json["errors"], {error: 4}, "errors")
    TABLE.add(f"http counts {name} as {error}, each one", case)


for row in HTTP_WRONG:
    add_http_wrong(*row)


@TABLE.cell
def _(cell):
    """http: bodies that come back to other requests are mismatches, however
    alike their sizes; a pipeline is in order"""
    spec = "http:method=POST,echo=on,sizes=40+40+41"
    last = []

    def stale(_head, body, number):
        right, wrong = body, last[-1] if last else body
        last[:] = [body]
        return http_reply(right if number % 10 else wrong)

    run = Run(cell, "-n", "100", "-c", "1", "-w", spec,
              http_server(stale).address)
    run.expect(3, ok=90, failed=10)
    equal(run.json["errors"], {"reply.mismatch": 10}, "errors")
    Run(cell, "-n", "300", "-c", "3", "-p", "4", "-w", spec, http_server(
        lambda h, b, n: http_reply(b)).address).expect(0, ok=300, failed=0)


@TABLE.cell
def _(cell):
    """http: an answer to a request that was not yet sent whole is a mismatch,
    known at the latest when it is seen how much was sent"""
    gate = threading.Event()

    def serve(connection, _server):
        connection.recv(4096)
        connection.sendall(http_reply(b"hello"))
        gate.wait(0.5)  # until the client has read it, and cannot write
        while connection.recv(65536):
            pass

    run = Run(cell, "-n", "2", "-c", "1", "-p", "2", "-w",
              "http:method=POST,body=32M", Server(serve).address).expect(3)
    equal(all_errors(run), {"reply.mismatch": 1}, "errors")
    check(run.json["requests"]["failed"] >= 1, "the other has failed")


# ---- wrong servers: one reply in ten goes wrong, of a hundred ---------------

def flip(connection, data):
    connection.sendall(data[:-1] + bytes([data[-1] ^ 1]))


def truncate(connection, data):
    connection.sendall(data[:40])
    return False


WRONGS = (
    ("a reply with one wrong bit", flip, "reply.mismatch"),
    ("a close in the middle of a reply", truncate, "reply.short"),
    ("a close in place of a reply", lambda c, d: False, "read.EOF"),
    ("a reset in place of a reply", lambda c, d: reset(c), "read.ECONNRESET"),
)


def add_wrong(name, wrong, error):
    def case(cell):
        run = Run(cell, "-n", "100", "-c", "1",
                  Server(echo_but(wrong)).address)
        run.expect(3, scheduled=100, ok=90, failed=10)
        equal(run.json["errors"], {error: 10}, "errors")
        check("must not be used" in run.out, "the text says so")
    TABLE.add(f"{name} is counted as {error}, each one", case)


for row in WRONGS:
    add_wrong(*row)


@TABLE.cell
def _(cell):
    """a reply never given fails at the timeout, and is recorded there"""
    run = Run(cell, "-n", "20", "-c", "1", "--timeout", "300ms",
              Server(echo_but(lambda c, d: c.recv(1))).address)
    errors = run.expect(3).json["errors"]
    check(errors.get("timeout", 0) >= 2, f"two timeouts at least: {errors}")
    raw = run.json["latency_ns"]["raw"]
    check(raw["max"] >= 300_000_000, f"recorded as 300 ms: {raw['max']}")


@TABLE.cell
def _(cell):
    """a server that never answers: every request fails by timeout, exactly"""
    def silent(connection, _server):
        while connection.recv(65536):
            pass

    run = Run(cell, "-n", "6", "-c", "2", "--timeout", "100ms",
              Server(silent).address)
    run.expect(3, scheduled=6, ok=0, failed=6, in_flight=0)
    equal(run.json["errors"], {"timeout": 6}, "errors")
    equal(run.json["latency_ns"]["raw"]["count"], 6, "latencies recorded")
    run = Run(cell, "-n", "8", "-c", "2", "-p", "4", "--timeout", "100ms",
              Server(silent).address)
    run.expect(3, scheduled=8, ok=0, failed=8, in_flight=0)
    equal(run.json["errors"], {"timeout": 2}, "errors, one for a pipeline")
    equal(run.json["latency_ns"]["raw"]["count"], 8, "latencies recorded")


@TABLE.cell
def _(cell):
    """replies in the wrong order are mismatches"""
    def swap(connection, server):
        requests = each_request(connection, server)
        for (_, first), (_, second) in zip(requests, requests):
            connection.sendall(second + first)

    run = Run(cell, "-n", "20", "-c", "1", "-p", "2", Server(swap).address)
    run.expect(3, ok=0, failed=20)
    equal(run.json["errors"], {"reply.mismatch": 10}, "errors")


@TABLE.cell
def _(cell):
    """replies that two connections have in exchange are mismatches, though each
    is that to a request of the same number"""
    waiting = []

    def exchange(connection, server):
        for _, data in each_request(connection, server):
            with server.lock:
                if not waiting:
                    waiting.append((connection, data))
                    continue
                other, asked = waiting.pop()
            other.sendall(data)
            connection.sendall(asked)

    run = Run(cell, "-n", "8", "-c", "2", Server(exchange).address)
    run.expect(3, ok=0, failed=8)
    equal(run.json["errors"], {"reply.mismatch": 8}, "errors")


@TABLE.cell
def _(cell):
    """a reply given twice is caught each time"""
    run = Run(cell, "-n", "95", "-c", "1",
              Server(echo_but(lambda c, d: c.sendall(d + d))).address)
    errors = run.expect(3, scheduled=95).json["errors"]
    check(set(errors) <= {"reply.long", "reply.mismatch"}
          and sum(errors.values()) == 9, f"nine times: {errors}")


@TABLE.cell
def _(cell):
    """bytes that nothing asked for are reply.long"""
    def serve(connection, server):
        connection.sendall(b"welcome")
        connection.recv(1)

    run = Run(cell, "-n", "5", "-c", "1", "-w", "discard:size=1k",
              "--think", "20ms", "--timeout", "2s", Server(serve).address)
    check(run.expect(3).json["errors_before"].get("reply.long", 0)
          + run.json["errors"].get("reply.long", 0) > 0, "reply.long")


@TABLE.cell
def _(cell):
    """a server that has gone away ends a run of -n, with the reason"""
    holder = []

    def serve(connection, server):
        for number, data in each_request(connection, server):
            connection.sendall(data)
            if number == 10:
                holder[0].stop()
                return

    holder.append(Server(serve))
    run = Run(cell, "-n", "1000", "-c", "1", "--timeout", "5s",
              "--interval", "100ms", holder[0].address)
    run.expect(3, ok=10)
    check(any("gave up" in reason for reason in run.json["reasons"]),
          f"gave up: {run.json['reasons']}")
    check("connect.ECONNREFUSED" in run.json["errors"], "the errors say why")


@TABLE.cell
def _(cell):
    """a server that is not asked for a while has not gone away"""
    quick = ("--timeout", "1s", "--interval", "10ms", Server(echo).address)
    for more in (("-R", "0.8"), ("--warmup", "1200ms"), ("--think", "1200ms")):
        Run(cell, "-n", "2", "-c", "1", *more, *quick).expect(0, ok=2)


@TABLE.cell
def _(cell):
    """a request that waits for a place in a Unix socket's queue gets it, also
    where it is the last one"""
    server = Server(None, socket.AF_UNIX,
                    os.path.join(cell.directory, "socket"), backlog=1)

    def one_after_the_other():
        for _ in range(60):
            connection, _ = server.socket.accept()
            with connection:
                time.sleep(0.005)  # so that there is a queue
                connection.sendall(b"Thank you for connecting x\n")

    threading.Thread(target=one_after_the_other, daemon=True).start()
    run = Run(cell, "-w", "greet", "-n", "60", "-c", "20", server.address)
    run.expect(0, ok=60)


@TABLE.cell
def _(cell):
    """connections that were not established make the run invalid"""
    path = os.path.join(cell.directory, "socket")
    server = Server(None, socket.AF_UNIX, path, backlog=1)
    run = Run(cell, "-d", "100ms", "-c", "8", "--timeout", "300ms",
              server.address)
    run.expect(3, ok=0)
    check(run.json["connections"]["established"] < 8, "some had no place")
    equal(set(run.json["errors_before"]), {"connect.ETIMEDOUT"}, "errors")
    check(any("of 8 connections" in r for r in run.json["reasons"]),
          f"the reason: {run.json['reasons']}")


@TABLE.cell
def _(cell):
    """no server: one clear line and exit 1"""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        for workload in ("echo", "greet"):
            run = Run(cell, "-d", "60s", "-w", workload, address)
            equal(run.status, 1, "exit status")
            equal(run.out, "", "standard output")
            equal(run.err, f"client: cannot connect to {address}: "
                  "Connection refused\n", "standard error")


# ---- the open loop ----------------------------------------------------------

@TABLE.cell
def _(cell):
    """at a constant rate exactly rate times time requests are scheduled"""
    for threads in ("1", "3"):
        run = Run(cell, "-R", "100", "-d", "1s", "-c", "6", "-t", threads,
                  Server(echo).address)
        equal(run.json["requests"]["scheduled"], 100, "scheduled")
        equal(run.json["latency_ns"]["corrected"]["count"],
              run.json["requests"]["ok"], "corrected latencies")


@TABLE.cell
def _(cell):
    """--steps and --ramp change the rate, and have as many requests as that
    makes; an interval is a step, or a tenth of the ramp"""
    address = Server(echo).address
    run = Run(cell, "--steps", "50,150,100", "-d", "900ms", "-c", "8", address)
    scheduled = run.json["requests"]["scheduled"]
    check(abs(scheduled - 90) <= 1, f"scheduled in steps: {scheduled}")
    equal_nearly([i["due"] for i in run.json["intervals"]], [15, 45, 30], 1,
                 "due in the steps")
    check(re.search(r"rate asked +due +sent +answered", run.out),
          "the text has a table of the steps")
    run = Run(cell, "--ramp", "100-300", "-d", "1s", "-c", "8", address)
    scheduled = run.json["requests"]["scheduled"]
    check(abs(scheduled - 200) <= 1, f"scheduled in a ramp: {scheduled}")
    equal_nearly([i["due"] for i in run.json["intervals"]],
                 range(11, 31, 2), 1, "due in the tenths of a ramp")
    table = run.out.partition("rate asked")[2].splitlines()[1:11]
    equal([int(line.split()[0]) for line in table], [*range(110, 310, 20)],
          "the rates in the table of the ramp")
    run = Run(cell, "--ramp", "100-300", "-d", "1s", "--interval", "20ms",
              "-c", "8", address)
    check("rate asked" not in run.out, "no table of fifty lines")


def equal_nearly(found, wanted, off, what):
    check(len(found) == len(wanted)
          and all(abs(f - w) <= off for f, w in zip(found, wanted)),
          f"{what}: {found}, not {list(wanted)}")


@TABLE.cell
def _(cell):
    """what is due in an interval is what the schedule says, however few are
    sent: of a server that stands still, of a client that does"""
    gate = threading.Event()

    def stand(connection, server):
        for _, data in each_request(connection, server):
            gate.wait(30)
            connection.sendall(data)

    run = Run(cell, "-R", "200", "-d", "1s", "-c", "3", "-t", "2",
              "--timeout", "29s", Server(stand).address).expect(3)
    gate.set()
    equal_nearly([i["due"] for i in run.json["intervals"]], [20] * 10, 1,
                 "due, the server standing still")
    equal(sum(i["sent"] for i in run.json["intervals"]), 3, "sent")
    run = stopped_run(cell, Server(echo).address)
    equal_nearly([i["due"] for i in run["intervals"]], [20] * 15, 1,
                 "due, the client standing still")


def stopped_run(cell, address):
    """A run of 200 a second for 1.5 s of which the client slept half a second;
    a Poisson process as well, of which only the sums are known."""
    for arrivals in ("poisson", "constant"):
        path = os.path.join(cell.directory, arrivals + ".json")
        with subprocess.Popen(
                command(cell, "-q", "--json", path, "-R", "200", "--arrivals",
                        arrivals, "-d", "1500ms", "--interval", "100ms", "-c",
                        "4", "--warmup", "100ms", "--phase-fd", "1", address),
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True) as client:
            equal(client.stdout.readline(), "connected\n", "first line")
            equal(client.stdout.readline(), "start\n", "second line")
            client.send_signal(signal.SIGSTOP)
            time.sleep(0.5)  # how long it sleeps: nothing is waited for
            client.send_signal(signal.SIGCONT)
            client.communicate(timeout=PATIENCE)
        with open(path, encoding="utf-8") as file:
            run = json.load(file)
        check_sums(run)
    return run


@TABLE.cell
def _(cell):
    """-n with fewer requests than connections sends no more than asked"""
    run = Run(cell, "-n", "5", "-c", "20", "-t", "3", Server(echo).address)
    run.expect(0, scheduled=5, ok=5)
    equal(run.json["connections"]["established"], 20, "established")
    run = Run(cell, "-n", "5", "-c", "20", "-R", "100", Server(echo).address)
    run.expect(run.status, scheduled=5, due=5, ok=5)


@TABLE.cell
def _(cell):
    """a rate of a request in eleven days has its first one and ends in time"""
    Run(cell, "-R", "0.000001", "-d", "100ms", "-c", "4", "-t", "2",
        Server(echo).address).expect(0, scheduled=1, ok=1)


@TABLE.cell
def _(cell):
    """where each connection is a request, none is missed that no request was
    due for; one that fails is"""
    def thank(connection, _server):
        connection.sendall(b"Thank you for connecting from here\n")

    def thank_three(connection, server):
        if server.next() == 3:
            server.socket.shutdown(socket.SHUT_RDWR)
            server.socket.close()
        thank(connection, server)

    address = Server(thank).address
    for threads in ("1", "3"):
        run = Run(cell, "-w", "greet", "-R", "20", "-d", "500ms", "-c", "60",
                  "-t", threads, address).expect(0, ok=10)
        equal(run.json["connections"]["established"], 10, "established")
    run = Run(cell, "-w", "greet", "-R", "20", "-d", "500ms", "-c", "60",
              Server(thank_three).address).expect(3)
    check(re.search(r"only \d of 10 connections were established: "
                    r"connect.ECONNREFUSED", str(run.json["reasons"])),
          f"the reason: {run.json['reasons']}")


@TABLE.cell
def _(cell):
    """requests that find no free connection wait in the schedule, and their
    wait is in the corrected latency only"""
    gate = threading.Event()

    def serve(connection, server):
        for number, data in each_request(connection, server):
            if number == 10:
                gate.wait(0.5)
            connection.sendall(data)

    run = Run(cell, "-R", "100", "-d", "2s", "-c", "1", Server(serve).address)
    latency = run.json["latency_ns"]
    late = latency["corrected"]["mean"] - latency["raw"]["mean"]
    check(late > 10_000_000, f"corrected, on average {late / 1e6} ms more")
    equal(run.json["requests"]["scheduled"], 200, "scheduled")


@TABLE.cell
def _(cell):
    """a rate that the server cannot keep makes the run invalid"""
    gate = threading.Event()

    def slow(connection, server):
        for _, data in each_request(connection, server):
            gate.wait(0.05)
            connection.sendall(data)

    run = Run(cell, "-R", "1000", "-d", "1s", "-c", "2", Server(slow).address)
    equal(run.status, 3, "exit status")
    check(run.json["requests"]["unsent"] > 0, "some were never sent")
    check(any("rate was missed" in r for r in run.json["reasons"]),
          f"the reason: {run.json['reasons']}")


# ---- the same with the other engine -----------------------------------------

# ---- a conversation ---------------------------------------------------------

class Rooms:
    """A chat server; `deliver(line, send)` has the last word on what each
    member is told of a line: it calls send(line) as often as it likes."""

    def __init__(self, deliver=None):
        self.deliver = deliver or (lambda line, send: send(line))
        self.lock = threading.RLock()
        self.members = {}  # connection: [nick, room]
        self.lines = 0  # said
        self.came = 0  # members, into a room
        self.rooms = set()
        self.hold = lambda: False  # what is said waits
        self.address = Server(self.serve, backlog=256).address

    def tell(self, connection, line, said=False):
        def send(text):
            try:
                connection.sendall(text)
            except OSError:
                pass
        if said:
            self.deliver(line, send)
        else:
            send(line)

    def tell_others(self, connection, line, said=False):
        room = self.members[connection][1]
        for other, (_, where) in self.members.items():
            if other is not connection and where == room:
                self.tell(other, line, said)

    def hear(self, connection, line):
        me = self.members[connection]
        if me[0] is None or line.startswith(b"/room "):
            if me[0] is None:
                me[:] = [line, b"lobby"]
            else:
                me[1] = line[len(b"/room "):]
                self.rooms.add(me[1])
                self.came += 1
            self.tell(connection, b"* you are %s, in room %s\n" % tuple(me))
            self.tell_others(connection, b"* %s joins\n" % me[0])
        else:
            self.lines += 1
            self.tell_others(connection, b"%s: %s\n" % (me[0], line), True)

    def serve(self, connection, _server):
        with self.lock:
            self.members[connection] = [None, None]
            self.tell(connection, b"* welcome; what is your nick?\n")
        try:
            with connection.makefile("rb") as lines:
                for line in lines:
                    if self.members[connection][1] not in (None, b"lobby"):
                        wait_for(lambda: not self.hold(), "it goes on")
                    with self.lock:
                        self.hear(connection, line.rstrip(b"\n"))
        finally:
            with self.lock:
                self.tell_others(connection, b"* %s leaves\n"
                                 % (self.members[connection][0] or b"?"))
                del self.members[connection]


def every(count, wrong):
    """Rooms.deliver: each `count`th delivery is left to `wrong(line, send)`."""
    seen = [0]

    def deliver(line, send):
        seen[0] += 1
        if seen[0] % count:
            send(line)
        else:
            wrong(line, send)
    return deliver


def rooms_but(wrong, which=lambda number: number % 10 == 0):
    """Rooms where what is told of some lines, by their number over all, is left
    to `wrong(line, send)`."""
    rooms = Rooms()

    def deliver(line, send):
        if which(rooms.lines):
            wrong(line, send)
        else:
            send(line)
    rooms.deliver = deliver
    return rooms


@TABLE.cell
def _(cell):
    """a line is answered when all others have heard it: each delivery is due,
    and counted once, in rooms and over threads that do not divide evenly"""
    for members, rooms, threads in ((2, 1, 1), (7, 2, 1), (7, 2, 3),
                                    (9, 1, 4)):
        server = Rooms()
        run = Run(cell, "-n", "200", "-c", str(members), "-t", str(threads),
                  "-w", f"chat:rooms={rooms}", server.address)
        run.expect(0, scheduled=200, ok=200, greetings=2 * members)
        told = run.json["deliveries"]
        equal(server.lines, 200, "lines that the server has seen")
        equal(told["undelivered"] + told["in_flight"], 0, "all delivered")
        if rooms == 1:
            equal(told["warmup"] + told["due"], 200 * (members - 1),
                  "deliveries due")
        check("Deliveries/sec" in run.out, "the text has their rate")


@TABLE.cell
def _(cell):
    """chat:speakers= lets some members speak and all hear; a pipeline is in
    order"""
    run = Run(cell, "-n", "120", "-c", "8", "-t", "2", "-p", "5", "-w",
              "chat:speakers=3,size=200", Rooms().address)
    run.expect(0, ok=120)
    told = run.json["deliveries"]
    equal(told["warmup"] + told["heard"], 120 * 7, "deliveries")


@TABLE.cell
def _(cell):
    """an open loop of lines: the rate is that of the lines said"""
    run = Run(cell, "-R", "200", "-d", "500ms", "-c", "4", "-w", "chat",
              Rooms().address)
    check(run.status in (0, 3), f"exit status {run.status}")
    equal(run.json["requests"]["scheduled"], 100, "lines that were due")


CHAT_WRONGS = (
    ("heard twice", lambda line, send: send(line + line), "reply.twice"),
    ("damaged", lambda line, send: send(line[:-5] + b"?" + line[-4:]),
     "reply.mismatch"),
    ("cut short", lambda line, send: send(line[:-5] + b"\n"),
     "reply.mismatch"),
    ("said by nobody", lambda line, send: send(b"9" + line), "reply.mismatch"),
    ("of another protocol", lambda line, send: send(b"x" * 3000),
     "reply.parse"),
    ("refused", lambda line, send: send(b"error: no\n"), "reply.status"),
)


def add_chat_wrong(name, wrong, error):
    def case(cell):
        run = Run(cell, "-n", "35", "-c", "2", "-w", "chat:speakers=1",
                  rooms_but(wrong).address).expect(3)
        equal(all_errors(run), {error: 3}, "errors")
    TABLE.add(f"a line {name} is counted as {error}, each one", case)


for row in CHAT_WRONGS:
    add_chat_wrong(*row)


@TABLE.cell
def _(cell):
    """a line that a member never hears: the next one tells, or the timeout"""
    def lose(line, send):
        pass

    run = Run(cell, "-n", "35", "-c", "2", "-p", "2", "-w", "chat:speakers=1",
              rooms_but(lose).address).expect(3, ok=29, failed=6)
    equal(all_errors(run), {"reply.skipped": 3}, "errors")
    run = Run(cell, "-n", "4", "-c", "2", "--timeout", "300ms",
              "-w", "chat:speakers=1", Rooms(every(1, lose)).address)
    equal(all_errors(run.expect(3, ok=0, failed=4)), {"timeout": 4}, "errors")
    equal(run.json["deliveries"]["undelivered"], 4, "undelivered")


@TABLE.cell
def _(cell):
    """where two talk and one goes, the line on the way has failed, and the next
    is said when it is back"""
    def end(line, send):
        send(b"?" + line)

    run = Run(cell, "-n", "30", "-c", "2", "-w", "chat:speakers=1",
              rooms_but(end).address)
    run.expect(3, ok=27, failed=3)
    equal(all_errors(run), {"reply.mismatch": 3}, "errors")
    equal(run.json["requests"]["greetings"], 2 * 4, "members that came")


@TABLE.cell
def _(cell):
    """members of several threads come and go, and the account stays right"""
    run = Run(cell, "-n", "300", "-c", "9", "-t", "3", "-p", "2", "-w",
              "chat:rooms=2", Rooms(every(
                  60, lambda line, send: send(b"?" + line))).address)
    run.expect(3, scheduled=300)
    equal(set(all_errors(run)), {"reply.mismatch"}, "errors")
    check(run.json["requests"]["greetings"] > 2 * 9, "some came again")


@TABLE.cell
def _(cell):
    """lines in the wrong order are caught, each time"""
    rooms, held = Rooms(), []

    def swap(line, send):
        if rooms.lines % 2:
            held[:] = [line]
        else:
            send(line + held[0])

    rooms.deliver = swap
    run = Run(cell, "-n", "10", "-c", "2", "-p", "2", "-w", "chat:speakers=1",
              rooms.address).expect(3, ok=0, failed=10)
    equal(all_errors(run), {"reply.skipped": 5}, "errors")


@TABLE.cell
def _(cell):
    """a member that the server drops is an error by name, once, comes again,
    and nobody waits for it"""
    server = Rooms()

    def drop(line, send):
        send(line)
        if server.lines != 50 or server.dropped:
            return
        server.dropped = True
        speaker = line.partition(b":")[0]
        for connection, (nick, _) in list(server.members.items()):
            if nick != speaker:
                server.tell_others(connection, b"* %s is dropped: does not "
                                   b"read\n" % nick)
                connection.shutdown(socket.SHUT_RDWR)
                return

    server.dropped = False
    server.deliver = drop
    server.hold = lambda: server.lines >= 150 and server.came < 13
    run = Run(cell, "-n", "200", "-c", "12", "-w", "chat:speakers=1",
              server.address)
    errors = all_errors(run)
    equal(errors.pop("member.dropped"), 1, "dropped, as told")
    equal(sum(errors.values()), 1, f"its own end: {errors}")
    equal(run.json["requests"]["greetings"] // 2, 13, "members that came")
    equal(run.json["requests"]["ok"], 200, "answered all the same")


@TABLE.cell
def _(cell):
    """slow readers are in the same rooms, say nothing, and are of no account"""
    server = Rooms()
    server.hold = lambda: server.came < 4 + 3
    run = Run(cell, "-n", "100", "-c", "4", "--slow-readers", "3", "--idle",
              "2", "-w", "chat:rooms=2", server.address)
    run.expect(0, ok=100, greetings=8)
    equal(server.lines, 100, "lines said")
    equal(len(server.rooms), 2, f"rooms: {server.rooms}")


@TABLE.cell
def _(cell):
    """a slow reader that the server drops is counted when its room is told, for
    it does not read so far itself, and comes again"""
    server = Rooms()

    def drop(line, send):
        send(line)
        for connection, (nick, _) in list(server.members.items()):
            if nick == b"4-1" and server.lines > 20 and not server.told:
                server.told = True
                server.tell_others(connection, b"* 4-1 is dropped: does not "
                                   b"read\n")

    server.told = False
    server.deliver = drop
    server.hold = lambda: (server.came < 5
                           or server.lines > 50 and server.came < 6)
    run = Run(cell, "-n", "100", "-c", "4", "--slow-readers", "1", "-w",
              "chat", server.address).expect(0, ok=100)
    equal(run.json["crowd"]["slow_readers"]["lost"], 1, "lost")
    equal(all_errors(run), {}, "errors of the others")


def uring_is_missing(cell):
    """Why the uring engine cannot run here, or None."""
    done = subprocess.run([CLIENT, "--engine", "uring", "-n", "1", "-c", "1",
                           Server(echo).address], capture_output=True,
                          text=True, timeout=PATIENCE)
    if done.returncode == 64 and "liburing" in done.stderr:
        return "built without liburing"
    if done.returncode == 1 and "not available" in done.stderr:
        return done.stderr.splitlines()[0]
    return None


def add_uring(name, run):
    def case(cell):
        reason = uring_is_missing(cell)
        if reason:
            raise tap.Skip(reason)
        cell.engine = "uring"
        run(cell)
    TABLE.add(f"uring: {name}", case)


for row in list(TABLE.cells):
    add_uring(row.name, row.run)


# ---- files ------------------------------------------------------------------

def read_hlog(path):
    """[(start, length, maximum, {value: count})]"""
    with open(path, encoding="ascii") as file:
        lines = file.read().splitlines()
    equal(lines[1], "#[Histogram log format version 1.3]", "version")
    rows = [line.split(",") for line in lines
            if not line.startswith(("#", '"'))]
    return [(*map(float, row[:3]), hdr.decode(row[3])) for row in rows]


def percentile(values, percent):
    rank = percent / 100 * sum(values.values())
    for value in sorted(values):
        rank -= values[value]
        if rank <= 1e-9:
            return value
    return None


def run_with_files(cell, *arguments):
    names = {kind: os.path.join(cell.directory, "run." + kind)
             for kind in ("hgrm", "hlog", "csv")}
    flags = [word for kind, name in names.items()
             for word in ("--" + kind, name)]
    return Run(cell, *flags, *arguments), names


@TABLE.cell
def _(cell):
    """--hlog holds each interval's histogram, and all of them together the
    percentiles of the run"""
    run, names = run_with_files(cell, "-n", "3000", "-c", "5", "--interval",
                                "50ms", Server(echo).address)
    rows = read_hlog(names["hlog"])
    equal([sum(row[3].values()) for row in rows],
          [i["ok"] for i in run.json["intervals"]], "counts of the intervals")
    total = {}
    for row in rows:
        for value, count in row[3].items():
            total[value] = total.get(value, 0) + count
    raw = run.json["latency_ns"]["raw"]
    for name, percent in (("p50", 50), ("p90", 90), ("p99", 99)):
        low = percentile(total, percent)
        check(low <= raw[name] <= low * 1.001,
              f"{name}: {raw[name]}, and {low} in the log")


def log_begin(path):
    """The moment that the times of a log count from."""
    with open(path, encoding="ascii") as file:
        found = dict(re.findall(r"^#\[(\w+): ([0-9.]+) \(seconds since epoch",
                                file.read(), re.M))
    equal(found["BaseTime"], found["StartTime"], "the two times of a log")
    return float(found["BaseTime"])


@TABLE.cell
def _(cell):
    """the times of --hlog are those of the clock, whatever came before the
    window; with --search those of all trials"""
    unit = 0.0015  # milliseconds are written, and rounded
    before = time.time()
    run, names = run_with_files(cell, "-d", "300ms", "-c", "3", "--warmup",
                                "200ms", "--interval", "100ms",
                                Server(echo).address)
    rows, begin = read_hlog(names["hlog"]), log_begin(names["hlog"])
    check(begin >= before - unit, "its beginning is not before the program's")
    check(rows[0][0] >= 0.2 - unit, "the window begins after the warm-up")
    check(begin + sum(rows[-1][:2]) <= time.time() + unit, "nor ends later")
    for row, interval in zip(rows, run.json["intervals"]):
        off = row[0] - rows[0][0] - interval["start_ns"] / 1e9
        check(abs(off) <= unit, f"an interval is off by {off} s")
    run, names = run_with_files(cell, "--search", "p50<1us", "-R", "8", "-d",
                                "50ms", "-c", "1", Server(echo).address)
    rows = read_hlog(names["hlog"])
    check(len(rows) >= len(run.json["search"]["trials"]), "all trials are in")
    for (start, length, *_), (following, *_) in zip(rows, rows[1:]):
        check(following >= start + length - 2 * unit, "time goes on")


@TABLE.cell
def _(cell):
    """a disk that is full ends the log that is on it, not the run"""
    log = os.path.join(cell.directory, "run.hlog")
    done = subprocess.run(
        ["sh", "-c", 'trap "" XFSZ; ulimit -f 4; exec "$0" "$@"', CLIENT,
         "--hlog", log, "--json", "-", "-d", "600ms", "--interval", "10ms",
         "-c", "2", Server(echo).address], capture_output=True, text=True,
        timeout=PATIENCE)
    equal(done.returncode, 1, "exit status")
    equal(done.stderr, f"client: {log}: File too large\n", "what it says")
    run = json.loads(done.stdout)
    check_sums(run)
    check(run["valid"] and len(run["intervals"]) >= 60, "the whole run")


@TABLE.cell
def _(cell):
    """a file that cannot be written is named with the reason, and the others
    are written"""
    address = Server(echo).address
    other = os.path.join(cell.directory, "other")

    def fails(name, out, *flags):
        done = subprocess.run([CLIENT, *flags, "-n", "20", "-c", "2", address],
                              stdout=out, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE)
        equal((done.returncode, done.stderr),
              (1, f"client: {name}: No space left on device\n"), flags)

    for kind, kept in (("json", "csv"), ("hgrm", "json"), ("csv", "hgrm")):
        fails("/dev/full", None, "-q", "--" + kind, "/dev/full", "--" + kept,
              other)
        check(os.path.getsize(other) > 0, f"{kept} beside {kind}")
        os.unlink(other)
    fails("/dev/full", None, "--hlog", "/dev/full")
    with open("/dev/full", "wb") as full:
        fails("standard output", full, "--csv", other)
    check(os.path.getsize(other) > 0, "csv beside the text")


# hdr-histogram-js reads a .hlog, and from it makes a .hgrm of its own.
DECODER = """
    const hdr = require('hdr-histogram-js');
    const fs = require('fs');
    const total = hdr.build({useWebAssembly: false,
        highestTrackableValue: 3600e9, numberOfSignificantValueDigits: 3});
    const reader = new hdr.HistogramLogReader(
        fs.readFileSync(process.argv[1], 'utf8'));
    let h;
    while ((h = reader.nextIntervalHistogram()) != null) total.add(h);
    console.log(JSON.stringify({
        count: total.totalCount, max: total.maxValue,
        p50: total.getValueAtPercentile(50),
        p90: total.getValueAtPercentile(90),
        p99: total.getValueAtPercentile(99),
        hgrm: total.outputPercentileDistribution(5, 1e6)}));"""


def decoded(hlog):
    """What the public decoder says of it."""
    node = shutil.which("node")
    if not node or subprocess.run([node, "-e", "require('hdr-histogram-js')"],
                                  capture_output=True,
                                  timeout=PATIENCE).returncode:
        raise tap.Skip("no hdr-histogram-js (scripts/setup gets it from npm)")
    done = subprocess.run([node, "-e", DECODER, hlog], text=True,
                          capture_output=True, timeout=PATIENCE, check=True)
    return json.loads(done.stdout)


def percentile_rows(text):
    """{percentile: (value in ms, count)} of a .hgrm"""
    rows = [line.split() for line in text.splitlines()[2:]
            if line and not line.startswith("#")]
    return {float(row[1]): (float(row[0]), int(row[2])) for row in rows}


@TABLE.cell
def _(cell):
    """a public decoder reads --hlog and finds the same percentiles, and the
    rows of --hgrm"""
    run, names = run_with_files(cell, "-n", "3000", "-c", "5", "--interval",
                                "50ms", Server(echo).address)
    found, raw = decoded(names["hlog"]), run.json["latency_ns"]["raw"]
    equal(found["count"], raw["count"], "count")
    for name in ("p50", "p90", "p99", "max"):
        check(abs(found[name] - raw[name]) <= raw[name] * 0.001,
              f"{name}: {raw[name]}, and {found[name]} in the log")
    with open(names["hgrm"], encoding="ascii") as file:
        ours = percentile_rows(file.read())
    theirs = percentile_rows(found["hgrm"])
    check(len(ours) > 20, f"{len(ours)} rows of percentiles")
    for percent, (value, count) in ours.items():
        equal(theirs[percent][1], count, f"values up to {percent}")
        check(abs(theirs[percent][0] - value) <= 0.0005 + value * 0.001,
              f"at {percent}: {value} ms, theirs {theirs[percent][0]} ms")


@TABLE.cell
def _(cell):
    """--hgrm lists percentiles as HdrHistogram does; --csv is the series"""
    run, names = run_with_files(cell, "-n", "2000", "-c", "3", "--interval",
                                "100ms", Server(echo).address)
    raw = run.json["latency_ns"]["raw"]
    with open(names["hgrm"], encoding="ascii") as file:
        lines = file.read().splitlines()
    equal(lines[0].split(), ["Value", "Percentile", "TotalCount",
                             "1/(1-Percentile)"], "heading")
    rows = [tuple(map(float, line.split())) for line in lines[2:]
            if not line.startswith("#")]
    equal(rows[-1][1:], (1.0, 2000.0), "last line")
    equal(rows, sorted(rows), "rows in order")
    middle = [row for row in rows if row[1] == 0.5]
    equal(len(middle), 1, "rows for 50 %")
    check(abs(middle[0][0] * 1e6 - raw["p50"]) <= 1, f"{middle}, {raw}")
    check(any(line.startswith("#[Max") and "2000" in line for line in lines),
          "the count at the end")
    with open(names["csv"], encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    equal([{key: int(value) if value else None for key, value in row.items()}
           for row in rows], run.json["intervals"], "the series")


# ---- the program ------------------------------------------------------------

@TABLE.cell
def _(cell):
    """the text has the Requests/sec line, and no colour in a pipe"""
    run = Run(cell, "-n", "100", "-c", "2", Server(echo).address).expect(0)
    check(re.search(r"^Requests/sec: +[0-9.]+", run.out, re.M), "Requests/sec")
    check("\033" not in run.out + run.err, "no escape sequences")
    equal(run.err, "", "standard error")


@TABLE.cell
def _(cell):
    """-q is silent; --json - is JSON and nothing else"""
    address = Server(echo).address
    run = Run(cell, "-q", "-n", "10", "-c", "1", address).expect(0)
    equal(run.out + run.err, "", "output")
    done = subprocess.run([CLIENT, "-n", "10", "-c", "1", "--json", "-",
                           address], capture_output=True, timeout=PATIENCE)
    equal(json.loads(done.stdout)["requests"]["ok"], 10, "answered")


@TABLE.cell
def _(cell):
    """--phase-fd tells of connected, start and stop; SIGINT ends the window
    early, and what was measured is reported"""
    path = os.path.join(cell.directory, "run.json")
    end, far_end = os.pipe()
    with subprocess.Popen([CLIENT, "-d", "10m", "--json", path, "-c", "2",
                           "--phase-fd", str(far_end), Server(echo).address],
                          pass_fds=[far_end], stdout=subprocess.PIPE) as child:
        os.close(far_end)
        with os.fdopen(end) as phases:
            equal(phases.readline(), "connected\n", "first line")
            equal(phases.readline(), "start\n", "second line")
            child.send_signal(signal.SIGINT)
            equal(phases.read(), "stop\n", "the rest")
        out, _ = child.communicate(timeout=PATIENCE)
    check(b"interrupted" in out, "the text says so")
    with open(path, encoding="utf-8") as file:
        run = json.load(file)
    check_sums(run)
    equal(run["interrupted"], True, "interrupted")


@TABLE.cell
def _(cell):
    """a reader of --phase-fd that has gone does not end the run"""
    end, far_end = os.pipe()
    os.close(end)
    done = subprocess.run([CLIENT, "-n", "10", "-c", "1", "--phase-fd",
                           str(far_end), Server(echo).address],
                          pass_fds=[far_end], capture_output=True, text=True,
                          timeout=PATIENCE)
    os.close(far_end)
    equal(done.returncode, 0, "exit status")
    check("Requests/sec" in done.stdout, "the report")
    check("cannot write to descriptor" in done.stderr, done.stderr)


@TABLE.cell
def _(cell):
    """a result that cannot be written is said before the run"""
    done = subprocess.run([CLIENT, "-d", "10m", "--json", "/nonexistent/x",
                           Server(echo).address], capture_output=True,
                          text=True, timeout=PATIENCE)
    equal(done.returncode, 1, "exit status")
    check("/nonexistent/x: No such file" in done.stderr, done.stderr)


@TABLE.cell
def _(cell):
    """more connections than descriptors: one clear line and exit 1"""
    done = subprocess.run(
        ["sh", "-c", 'ulimit -n 50; exec "$0" -c 100 -d 1s "$1"', CLIENT,
         Server(echo).address], capture_output=True, text=True,
        timeout=PATIENCE)
    equal(done.returncode, 1, "exit status")
    check("100 connections need" in done.stderr, done.stderr)


USAGE = (
    ("no address", [], "ADDR"),
    ("two addresses", [":1", ":2"], "one ADDR"),
    ("a bad address", ["nowhere"], "nowhere"),
    ("more threads than connections", ["-t", "9", "-c", "3", ":1"], "threads"),
    ("no connections", ["-c", "0", ":1"], "connections"),
    ("a bad time", ["-d", "soon", ":1"], "soon"),
    ("an unknown workload", ["-w", "nosuch", ":1"], "echo"),
    ("a bad workload option", ["-w", "echo:size=0", ":1"], "size"),
    ("a workload without options", ["-w", "greet:size=1", ":1"], "size"),
    ("an unknown engine", ["--engine", "steam", ":1"], "steam"),
    ("an unknown clock", ["--clock", "sundial", ":1"], "monotonic"),
    ("a bad source", ["--source", "here", ":1"], "source"),
    ("a source of another kind", ["--source", "::1", ":1"], "source"),
    ("a bad CPU list", ["--cpus", "x", ":1"], "cpus"),
    ("a rate of nothing", ["-R", "0", ":1"], "rate"),
    ("a rate too low to tell", ["-R", "0.00000000001", ":1"], "0.000001 to"),
    ("a ramp from such a rate", ["--ramp", "0.0000000001-5", ":1"], "--ramp"),
    ("a step to such a rate", ["--steps", "5,0.0000009", ":1"], "--steps"),
    ("connections at such a rate", ["--connect-rate", "0.0000009", ":1"],
     "--connect-rate"),
    ("two profiles", ["-R", "9", "--ramp", "1-2", ":1"], "at a time"),
    ("a bad ramp", ["--ramp", "5", ":1"], "ramp"),
    ("a bad step", ["--steps", "5,x", ":1"], "steps"),
    ("steps without end", ["--steps", "5,6", "-n", "9", ":1"], "duration"),
    ("a bad objective", ["--search", "p99>5ms", ":1"], "search"),
    ("an objective for steps", ["--search", "p9<1s", "--steps", "1", ":1"],
     "search"),
    ("a bad way to close", ["--close", "slam", ":1"], "rst"),
    ("unknown arrivals", ["--arrivals", "late", ":1"], "poisson"),
    ("think in the open loop", ["-R", "9", "--think", "1s", ":1"], "think"),
    ("a room for one", ["-w", "chat:rooms=2", "-c", "3", ":1"], "rooms=2"),
    ("more speakers than members", ["-w", "chat:speakers=9", "-c", "4", ":1"],
     "speakers=9"),
    ("a thread without a speaker",
     ["-w", "chat:speakers=1", "-c", "8", "-t", "2", ":1"], "threads"),
    ("members that come and go",
     ["-w", "chat", "--requests-per-connection", "5", ":1"],
     "members stay, for one that left would miss"),
    ("fewer requests than connections that are requests",
     ["-w", "greet", "-n", "3", "-c", "5", ":1"], "too few"),
    ("greetings at a rate of connections",
     ["-w", "greet", "--connect-rate", "9", ":1"], "--connect-rate"),
    ("fewer requests than a thread has under way after the warm-up",
     ["-n", "6", "-c", "3", "-t", "2", "-p", "2", "--warmup", "1s", ":1"],
     "too few"),
    ("a pipeline behind a close",
     ["-w", "http:close=on", "-p", "2", ":1"], "close=on does not go with"),
    ("a pipeline of greetings", ["-w", "greet", "-p", "2", ":1"], "pipeline"),
)


def add_usage(name, arguments, word):
    def case(cell):
        done = subprocess.run([CLIENT, *arguments], capture_output=True,
                              text=True, timeout=PATIENCE)
        equal(done.returncode, 64, "exit status")
        equal(done.stdout, "", "standard output")
        check(word in done.stderr.splitlines()[0], done.stderr)
    TABLE.add(f"usage: {name} exits 64 and names what is wrong", case)


for row in USAGE:
    add_usage(*row)


@TABLE.cell
def _(cell):
    """--help teaches, with examples; --list-workloads lists their options"""
    text = subprocess.run([CLIENT, "--help"], capture_output=True, text=True,
                          timeout=PATIENCE, check=True).stdout
    for word in ("--requests-per-connection", "open loop", "Exit status"):
        check(word in text, f"{word} in the help")
    text = subprocess.run([CLIENT, "--list-workloads"], capture_output=True,
                          text=True, timeout=PATIENCE, check=True).stdout
    for word in ("echo", "size=64", "chargen", "chat", "greet"):
        check(word in text, f"{word} in the list")


if __name__ == "__main__":
    if not os.access(CLIENT, os.X_OK):
        sys.exit(tap.skip_all("the client is not built"))
    sys.exit(TABLE.run())
