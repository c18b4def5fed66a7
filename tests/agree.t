#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Server and client agree: the requests that the one counts are those that the
other counts, on every model, whatever the connections are like."""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import models, server, tap  # noqa: E402
from lib.suite import skipper, why_missing  # noqa: E402
from lib.tap import Skip, check, equal  # noqa: E402

# A number, not a time: a slow machine answers as many, only later.
SHORT = ("-n", "2000", "--warmup", "0")

# What it is called, the handler, and how the client asks.
CASES = (
    ("echo", "echo:size=64", ("-w", "echo:size=64", *SHORT)),
    ("a number of requests", "echo:size=64",
     ("-w", "echo:size=64", "-n", "1000", "--warmup", "0")),
    ("one request on each connection", "echo:size=64",
     ("-w", "echo:size=64", "-n", "200", "--requests-per-connection", "1",
      "--warmup", "0")),
    ("ten requests on each connection", "line",
     ("-w", "line:size=64", "-n", "500", "--requests-per-connection", "10",
      "--warmup", "0")),
    ("pipelined lines", "line", ("-w", "line:size=20", "-p", "16", *SHORT)),
    ("with a warmup", "line",
     ("-w", "line:size=64", "-d", "500ms", "--warmup", "200ms")),
    ("bytes", "bytes", ("-w", "bytes:size=4000", *SHORT)),
    ("lines that wait", "work:pause=2ms,cpu=20us,dist=exp",
     ("-w", "line:fold=off", "-n", "100", "--warmup", "0")),
    ("web pages", "http", ("-w", "http:path=/", "-p", "8", *SHORT)),
    ("greetings", "greet", ("-w", "greet", "-n", "100", "--warmup", "0")),
    ("a conversation", "chat",
     ("-w", "chat:rooms=2", "-t", "2", "-n", "400", "--warmup", "0")),
)


# More connections than the client hears of at once, and more replies on each
# than it takes in one turn: the last -c counts.
CROWDED = ("-c", "300", "-p", "1100", "-n", "300k", "--warmup", "0")


def agreement(model, handler, arguments):
    def run(cell):
        connections = str(min(model.holds or 8, 8))
        if handler == "chat" and model.holds is not None and model.holds < 4:
            raise Skip(f"serves only {model.holds} at once")
        if handler == "chat" and model.name == "inetd":
            raise Skip("each child has a room of its own")
        with server.Server(cell, model.spec, handler) as running:
            result = server.run("client", "-c", connections, "--json", "-",
                                "-q", *arguments, running.address)
            cell.notes.append(lambda: f"client: {' '.join(result.args)}\n"
                                      f"{result.stdout}\n{result.stderr}")
            equal(result.returncode, 0, "exit status of the client")
            stats = running.stop()
        report = json.loads(result.stdout)
        equal(report["schema"], "serverlab.client/1", "schema")
        requests = report["requests"]
        check(requests["ok"] > 0, "requests were answered")
        equal(requests["failed"], 0, "failed requests")
        equal(stats["requests"], requests["ok"] + requests.get("warmup", 0)
              + requests.get("drained", 0) + requests.get("greetings", 0),
              f"requests that the server counts, of {requests}")

    return run


def main():
    for name in ("server", "client"):
        if not server.have(name):
            return tap.skip_all(f"there is no {server.program(name)}")
    table = tap.Table()
    for model in models.MODELS:
        missing = why_missing(model)
        if missing:
            table.add(model.spec, skipper(missing))
            continue
        for name, handler, arguments in CASES:
            table.add(f"{model.spec}: {name}",
                      agreement(model, handler, arguments))
        if model.spec == "epoll":
            table.add(f"{model.spec}: more of all than one turn takes",
                      agreement(model, "echo:size=64", CROWDED))
    return table.run(jobs=2)


sys.exit(main())
