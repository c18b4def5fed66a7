#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command lines: what is wrong is said in one line that names it and what
is allowed, with the exit status that scripts rely on; help teaches."""

import json
import os
import pwd
import socket
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import proc, server, tap  # noqa: E402
from lib.peer import until  # noqa: E402
from lib.tap import Skip, check, equal  # noqa: E402

TABLE = tap.Table()


# ---- usage errors: what is wrong, and what the message must contain ---------

SERVER_USAGE = (
    ("an unknown flag", ["--frobnicate"], ["--frobnicate"]),
    ("an operand", ["surplus"], ["surplus"]),
    ("a flag without its value", ["--model"], ["model"]),
    ("an unknown model", ["-m", "nosuch"], ["nosuch", "epoll", "blocking"]),
    ("an unknown option of a model", ["-m", "epoll:colour=red"],
     ["colour", "trigger"]),
    ("a wrong value of a model's option", ["-m", "epoll:trigger=sideways"],
     ["sideways", "level", "edge"]),
    ("an option of a model without value", ["-m", "epoll:trigger"],
     ["trigger"]),
    ("an option for a model that has none", ["-m", "blocking:colour=red"],
     ["colour"]),
    ("an empty model", ["-m", ""], ["model"]),
    ("an unknown handler", ["-H", "nosuch"], ["nosuch", "echo", "line"]),
    ("an unknown option of a handler", ["-H", "echo:colour=red"],
     ["colour", "size"]),
    ("a wrong size", ["-H", "echo:size=huge"], ["huge", "size"]),
    ("an address without port", ["-l", "nonsense"], ["nonsense"]),
    ("a port out of range", ["-l", "127.0.0.1:99999"], ["99999", "65535"]),
    ("an address that is none", ["-l", "300.1.2.3:7000"], ["300.1.2.3"]),
    ("a socket path that is too long", ["-l", "unix:/" + "x" * 200], ["unix"]),
    ("a count that is none", ["--max-connections", "many"],
     ["many", "max-connections"]),
    ("a negative count", ["--backlog", "-5"], ["-5", "backlog"]),
    ("a time that is none", ["--idle-timeout", "soon"],
     ["soon", "idle-timeout"]),
    ("a time with an unknown unit", ["--request-timeout", "5parsecs"],
     ["5parsecs", "ms"]),
    ("a negative time", ["--write-timeout", "-1s"], ["-1s"]),
    ("a drain timeout that is none", ["--drain-timeout", "1h2m"], ["1h2m"]),
    ("an overload policy that is none", ["--overload", "panic"],
     ["panic", "queue", "refuse"]),
    ("a CPU list that is none", ["--cpus", "one"], ["one", "cpus"]),
    ("a user that is not there", ["--user", "no-such-user"],
     ["no-such-user"]),
    ("a descriptor that is none", ["--ready-fd", "x"], ["x", "ready-fd"]),
    ("the explanation of an unknown model", ["--explain", "nosuch"],
     ["nosuch", "epoll"]),
)

CLIENT_USAGE = (
    ("no address", [], ["ADDR"]),
    ("two addresses", ["127.0.0.1:1", "127.0.0.1:2"], ["127.0.0.1:2"]),
    ("an unknown flag", ["--frobnicate", "127.0.0.1:1"], ["--frobnicate"]),
    ("an address without port", ["nonsense"], ["nonsense"]),
    ("an unknown workload", ["-w", "nosuch", "127.0.0.1:1"],
     ["nosuch", "echo"]),
    ("an unknown option of a workload", ["-w", "echo:colour=red",
                                         "127.0.0.1:1"], ["colour", "size"]),
    ("a duration that is none", ["-d", "soon", "127.0.0.1:1"], ["soon"]),
    ("no connections", ["-c", "0", "127.0.0.1:1"], ["0", "connections"]),
    ("a thread count that is none", ["-t", "x", "127.0.0.1:1"],
     ["x", "threads"]),
    ("a number of requests that is none", ["-n", "-3", "127.0.0.1:1"],
     ["-3", "requests"]),
)

COMPARE_USAGE = (
    ("an unknown command", ["dance"], ["dance", "run"]),
    ("an unknown flag", ["run", "--frobnicate"], ["--frobnicate"]),
    ("an unknown model", ["run", "--models", "nosuch,epoll"],
     ["nosuch", "epoll"]),
    ("a duration that is none", ["run", "--duration", "soon"], ["soon"]),
    ("rounds that are none", ["run", "--rounds", "x"], ["x", "rounds"]),
)


def usage_error(name, arguments, words):
    def run(_cell):
        result = server.run(name, *arguments)
        equal(result.returncode, server.EX_USAGE,
              f"exit status (it said: {result.stderr})")
        check_one_line(result.stderr)
        for word in words:
            check(word.lower() in result.stderr.lower(),
                  f"says {word!r}: {result.stderr}")

    return run


def check_one_line(said):
    """One line, or a second one that only points to --help."""
    lines = said.splitlines()
    check(lines, "says something")
    check(len(lines) == 1 or (len(lines) == 2 and "--help" in lines[1]),
          f"one line, not: {said}")


def add_usage(name, rows):
    for what, arguments, words in rows:
        TABLE.add(f"{name}: {what} is a usage error that says so",
                  usage_error(name, arguments, words))


# ---- every program -----------------------------------------------------------

def add_help(name, words):
    def help_teaches(_cell):
        result = server.run(name, "--help")
        equal(result.returncode, 0, "exit status")
        check(len(result.stdout.splitlines()) > 10, "more than ten lines")
        for word in words:
            check(word in result.stdout, f"--help says {word!r}")

    def version(_cell):
        result = server.run(name, "--version")
        equal(result.returncode, 0, "exit status")
        check(any(c.isdigit() for c in result.stdout), result.stdout)

    TABLE.add(f"{name}: --help teaches every flag", help_teaches)
    if name != "compare":  # whose flags belong to its commands
        TABLE.add(f"{name}: --version tells a number", version)


# ---- bin/server --------------------------------------------------------------

def list_models(_cell):
    """server: --list-models names each with a line about it"""
    result = server.run("server", "--list-models")
    equal(result.returncode, 0, "exit status")
    for line in result.stdout.splitlines():
        check(len(line.split()) > 2, f"says what it is: {line!r}")
    for name in ("blocking", "fork", "thread", "select", "poll", "epoll"):
        check(name in server.listed("models"), f"lists {name}")


def list_handlers(_cell):
    """server: --list-handlers names each with a line about it"""
    result = server.run("server", "--list-handlers")
    equal(result.returncode, 0, "exit status")
    for name in ("echo", "line", "greet", "log", "discard", "chargen",
                 "bytes"):
        check(name in server.listed("handlers"), f"lists {name}")


CALLS = ("accept", "fork", "clone", "pthread_create", "select", "poll",
         "epoll_wait", "io_uring", "read", "write", "sigwaitinfo")


def explain(_cell):
    """server: --explain tells of each model what it does, calls and costs"""
    for model in server.listed("models"):
        result = server.run("server", "--explain", model)
        equal(result.returncode, 0, f"exit status for {model}")
        text = result.stdout
        check(len(text.splitlines()) > 10, f"{model}: more than ten lines")
        check(sum(call in text for call in CALLS) >= 2,
              f"{model}: names system calls")


def unwritable_stats(cell):
    """server: a --stats file that cannot be written is told at the start"""
    path = f"{cell.directory}/no/such/folder/stats.json"
    result = server.run("server", "-l", "127.0.0.1:0", "--stats", path)
    equal(result.returncode, 1, "exit status")
    check_one_line(result.stderr)
    check(path in result.stderr, result.stderr)


def closed_ready_fd(_cell):
    """server: a --ready-fd that is not open is told at the start"""
    result = server.run("server", "-l", "127.0.0.1:0", "--ready-fd", "777")
    check(result.returncode in (1, server.EX_USAGE),
          f"exit status {result.returncode}")
    check_one_line(result.stderr)
    check("777" in result.stderr, result.stderr)


def no_scoreboard(_cell):
    """server: a --scoreboard-fd that is no file to write is told at the start"""
    for number in ("777", "0"):  # closed; /dev/null
        result = server.run("server", "-l", "127.0.0.1:0", "--scoreboard-fd",
                            number)
        check(result.returncode in (1, server.EX_USAGE),
              f"exit status {result.returncode}")
        check_one_line(result.stderr)
        check("scoreboard-fd" in result.stderr and number in result.stderr,
              result.stderr)


def no_such_interface(_cell):
    """server: an address of another machine is an error of binding"""
    result = server.run("server", "-l", "192.0.2.1:7000")
    equal(result.returncode, 1, "exit status")
    check_one_line(result.stderr)
    check("192.0.2.1:7000" in result.stderr, result.stderr)


def leaves_no_socket(cell):
    """server: one that cannot start leaves no file of a Unix socket behind"""
    path = f"{cell.directory}/socket"
    for status, *flags in ((server.EX_USAGE, "--user", "no-such-user"),
                           (1, "--stats", f"{cell.directory}/none/stats"),
                           (1, "--cpus", "900"),
                           (1, "--scoreboard-fd", "0")):
        result = server.run("server", "-l", f"unix:{path}", *flags)
        equal(result.returncode, status, f"exit status with {flags}")
        check(not os.path.lexists(path), f"no file is left with {flags}")


def user_with_reuseport(cell):
    """server: --user goes with workers that each open a listener"""
    if os.geteuid():
        raise Skip("only root can become another user")
    for model in ("prefork:workers=3,accept=reuseport",
                  "epoll:workers=3,kind=thread,accept=reuseport"):
        with server.Server(cell, model, "echo", "--user",
                           "nobody") as running:
            running.connect().echo()
            equal(os.stat(f"/proc/{running.pid}").st_uid,
                  pwd.getpwnam("nobody").pw_uid, "the server's user")


def full_backlog(cell):
    """server: a Unix socket of a server that has no room for one more client
    is not taken for a stale one, nor waited for"""
    path = f"{cell.directory}/socket"
    with socket.socket(socket.AF_UNIX) as living, \
            socket.socket(socket.AF_UNIX) as first:
        living.bind(path)
        living.listen(0)
        first.connect(path)
        result = server.run("server", "-l", f"unix:{path}")
    equal(result.returncode, 1, "exit status")
    check("in use" in result.stderr, result.stderr)


def takes_over(cell):
    """server: a Unix socket that a server has left to its successor is not
    removed by it when it ends"""
    where = f"unix:{cell.directory}/socket"
    with server.Server(cell, "epoll", "line", "--drain-timeout", "1m",
                       listen=where) as old:
        peer = old.connect()
        equal(peer.ask(b"first\n"), b"FIRST\n", "reply")
        peer.send(b"sec")
        equal(peer.pending(), None, "what half a request got")
        old.send_signal()
        until(old.refuses, "new connections are refused")
        with server.Server(cell, "epoll", "line", listen=where) as new:
            peer.send(b"ond\n")
            equal(peer.read_to_end(), b"SECOND\n", "the reply, then the end")
            old.stopped()
            equal(new.connect().ask(b"new\n"), b"NEW\n", "reply")
        check(not os.path.lexists(where[len("unix:"):]), "no file is left")


def full_disk(cell):
    """server: a --stats file that cannot be completed is told at the end"""
    with server.Server(cell, server.listed("models")[0], "echo",
                       "--stats", "/dev/full") as running:
        running.send_signal()
        check(running.wait() != 0, "the exit status tells it")
        check("/dev/full" in running.text("stderr"), "the message names it")


def nameless_peer(cell):
    """server: a client's name for its own end of a Unix socket is not told: it
    may be of any bytes"""
    where = f"unix:{cell.directory}/socket"
    with server.Server(cell, "epoll", "log", "-v", listen=where) as running, \
            socket.socket(socket.AF_UNIX) as peer:
        peer.bind(f"{cell.directory}/x\nserver: \x1b[31mforged")
        peer.connect(where[len("unix:"):])
        peer.sendall(b"a line\n")
        peer.shutdown(socket.SHUT_WR)
        until(lambda: "lost" in running.text("stderr"), "the end is logged")
    equal(running.text("stderr"), "server: unix:: connection made\n"
          "server: unix:: line of 6 bytes: a line\n"
          "server: unix:: connection lost\n", "the log")


def hold_on(cell, model):
    """A server whose handler computes for minutes, told to stop meanwhile;
    its exit status."""
    running = server.Server(cell, model, "work:cpu=5m", "--drain-timeout",
                            "100ms")
    with running:
        used = proc.cpu_seconds(running.pid)
        running.connect().send(b"compute\n")
        until(lambda: proc.cpu_seconds(running.pid) > used + 0.1,
              "the handler computes")
        running.send_signal()
        return running, running.wait()


def handler_holds_thread(cell, model):
    running, status = hold_on(cell, model)
    equal(status, 0, "exit status")
    stats = json.loads(running.text("stats.json"))
    equal((stats["accepted"], stats["closed"], stats["open"]), (1, 0, 1),
          "accepted, closed and open")
    equal(stats["errors"], {"drain.cut": 1}, "errors")


def handler_holds_server(cell):
    """server: one that nothing can end any more says so"""
    running, status = hold_on(cell, "blocking")
    equal(status, 1, "exit status")
    said = running.text("stderr")
    check("handler" in said and "drain timeout" in said, f"says why: {said}")


def last_flag_counts(cell):
    """server: the last of several equal flags counts"""
    with server.Server(cell, "blocking", "echo", "--model",
                       "epoll") as running:
        check("(model epoll," in running.text("stdout"),
              running.text("stdout"))
        running.connect().echo()


# ---- bin/client --------------------------------------------------------------

def no_server(_cell):
    """client: with no server there it ends with one line and status 1 or 3"""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        result = server.run("client", "-c", "2", "-d", "1s", address)
    check(result.returncode in (1, 3), f"exit status {result.returncode}")
    said = result.stdout + result.stderr
    check("refused" in said.lower(), said)
    check("Traceback" not in said and len(said.splitlines()) < 40, said)


def closes_in_the_middle(cell):
    """client: a server that closes in the middle makes the run invalid"""
    with server.Server(cell, "epoll", "greet") as running:
        result = server.run("client", "-c", "2", "-d", "1s", "-w",
                            "echo:size=64", running.address)
    equal(result.returncode, 3, f"exit status (it said {result.stderr})")


def unwritable_json(cell):
    """client: a --json file that cannot be written is told at the start"""
    path = f"{cell.directory}/no/such/folder/client.json"
    with server.Server(cell, "epoll", "echo") as running:
        result = server.run("client", "-c", "1", "-d", "100ms", "--json",
                            path, running.address)
    equal(result.returncode, 1, "exit status")
    check(path in result.stderr, result.stderr)


# ---- bin/compare -------------------------------------------------------------

QUICK = ("--models", "epoll", "--rounds", "1", "--duration", "100ms",
         "--handler", "echo", "--workload", "echo:size=64",
         "--vary", "connections=1")


def unwritable_database(cell):
    """compare: a database that cannot be written is told at the start"""
    blocker = f"{cell.directory}/file"
    with open(blocker, "w", encoding="ascii"):
        pass
    path = f"{blocker}/results.db"
    result = server.run("compare", "run", *QUICK, "--db", path)
    equal(result.returncode, 1, "exit status")
    check(path in result.stderr or blocker in result.stderr, result.stderr)


def results_folder(cell):
    """compare: a results folder that is missing is made"""
    path = f"{cell.directory}/new/results.db"
    result = server.run("compare", "run", *QUICK, "--db", path, limit=50)
    equal(result.returncode, 0, f"exit status (it said {result.stderr})")
    check(os.path.exists(path), "the database is there")


def no_such_run(cell):
    """compare: a run that is not in the database is told"""
    path = f"{cell.directory}/results.db"
    result = server.run("compare", "show", "4711", "--db", path)
    check(result.returncode in (1, server.EX_USAGE),
          f"exit status {result.returncode}")
    check_one_line(result.stderr)


def add_all():
    if server.have("server"):
        add_help("server", ["--model", "--handler", "--listen", "--backlog",
                            "--max-connections", "--overload", "--cpus",
                            "--idle-timeout", "--request-timeout",
                            "--write-timeout", "--drain-timeout", "--stats",
                            "--ready-fd", "--scoreboard-fd", "--user",
                            "--list-models", "--list-handlers", "--explain",
                            "--version"])
        add_usage("server", SERVER_USAGE)
        for function in (list_models, list_handlers, explain, unwritable_stats,
                         closed_ready_fd, no_scoreboard,
                         no_such_interface, full_disk, leaves_no_socket, user_with_reuseport,
                         full_backlog, takes_over, nameless_peer,
                         handler_holds_server, last_flag_counts):
            TABLE.cell(function)
        for model in ("thread", "prethread"):
            TABLE.add(f"server: what a handler on {model} still holds after "
                      "the drain timeout counts as cut",
                      lambda cell, model=model: handler_holds_thread(cell,
                                                                     model))
    if server.have("client"):
        add_help("client", ["--connections", "--threads", "--duration",
                            "--requests", "--workload", "--pipeline",
                            "--requests-per-connection", "--think",
                            "--warmup", "--timeout", "--json"])
        add_usage("client", CLIENT_USAGE)
        for function in (no_server, closes_in_the_middle, unwritable_json):
            TABLE.cell(function)
    if server.have("compare"):
        add_help("compare", ["run", "list", "show", "export"])
        add_usage("compare", COMPARE_USAGE)
        for function in (unwritable_database, results_folder, no_such_run):
            TABLE.cell(function)


add_all()
if not TABLE.cells:
    sys.exit(tap.skip_all(f"there are no programs in {server.BIN}"))
sys.exit(TABLE.run())
