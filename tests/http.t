#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The http handler and the clients of the world: wrk, ab, h2load and curl find
no error in it, on any model."""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import models, server, tap  # noqa: E402
from lib.suite import skipper, why_missing  # noqa: E402
from lib.tap import Failure, Skip, check, equal  # noqa: E402

PATIENCE = 50  # seconds for a client to end by itself
PAGE = b"This is serverlab. Its figures are at /status and /metrics.\n"


def client(*arguments, package):
    """Runs a client that is not ours; what it printed."""
    if not shutil.which(arguments[0]):
        raise Skip(f"{arguments[0]} is not installed ({package})")
    try:
        result = subprocess.run(arguments, capture_output=True,
                                timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(arguments)} still runs after {PATIENCE} "
                      "seconds") from None
    text = result.stdout.decode(errors="replace")
    equal(result.returncode, 0, f"exit status of {' '.join(arguments)}: "
          f"{text}{result.stderr.decode(errors='replace')}")
    return text


def number(text, pattern):
    """The number that the pattern finds."""
    found = re.search(pattern, text)
    check(found, f"no {pattern!r} in {text}")
    return int(found[1])


def url(running, path="/"):
    return f"http://127.0.0.1:{running.port}{path}"


# ---- each client: how many requests it saw answered -------------------------

def by_wrk(running, connections):
    for seconds in (1, 5, 25):  # as long as this machine needs for any reply
        text = client("wrk", "-t1", f"-c{connections}", f"-d{seconds}",
                      "--timeout", "40s", url(running), package="wrk")
        check("Socket errors" not in text and "Non-2xx" not in text, text)
        if number(text, r"(\d+) requests in"):
            break
    return number(text, r"(\d+) requests in")


def by_ab(running, connections):
    text = client("ab", "-q", "-k", "-s", "45", "-n", "500",
                  "-c", str(connections), url(running),
                  package="apache2-utils")
    equal(number(text, r"Complete requests:\s+(\d+)"), 500, "complete")
    equal(number(text, r"Failed requests:\s+(\d+)"), 0, "failed")
    equal(number(text, r"Keep-Alive requests:\s+(\d+)"), 500, "kept alive")
    equal(number(text, r"Document Length:\s+(\d+)"), len(PAGE), "length")
    check("Non-2xx" not in text, text)
    return 500


def by_ab_posting(running, connections):
    body = os.path.join(running.directory, "body")
    with open(body, "wb") as file:
        file.write(b"x" * 20000)
    text = client("ab", "-q", "-k", "-s", "45", "-n", "100",
                  "-c", str(connections), "-p", body, "-T", "text/plain",
                  url(running), package="apache2-utils")
    equal(number(text, r"Complete requests:\s+(\d+)"), 100, "complete")
    equal(number(text, r"Failed requests:\s+(\d+)"), 0, "failed")
    check("Non-2xx" not in text, text)
    return 100


def by_h2load(running, connections):
    text = client("h2load", "--h1", "-n", "500", "-c", str(connections),
                  url(running), package="nghttp2-client")
    check("500 succeeded, 0 failed, 0 errored, 0 timeout" in text, text)
    check("status codes: 500 2xx, 0 3xx, 0 4xx, 0 5xx" in text, text)
    return 500


CLIENTS = {"wrk -c": by_wrk, "ab -k -c": by_ab,
           "ab -k -p FILE -c": by_ab_posting, "h2load --h1 -c": by_h2load}


def load(model, name, run_client):
    connections = min(model.holds or 64, 64)

    def run(cell):
        with server.Server(cell, model.spec, "http") as running:
            answered = run_client(running, connections)
            requests = running.stop()["requests"]
        check(answered > 0, "no request was answered")
        check(requests >= answered,
              f"{name} saw {answered} replies, the server sent {requests}")

    return f"{name}{connections} finds no error", run


# ---- curl: what comes back --------------------------------------------------

def curl(running, path, *options):
    """Status, and what was written to a file."""
    out = os.path.join(running.directory, "out")
    status = client("curl", "-sS", "-m", str(PATIENCE - 10), "-o", out,
                    "-w", "%{http_code}", *options, url(running, path),
                    package="curl")
    with open(out, "rb") as file:
        return int(status), file.read()


def make_root(directory):
    root = os.path.join(directory, "root")
    os.makedirs(os.path.join(root, "sub"))
    large = bytes(i % 251 for i in range(700000))
    for name, content in (("index.html", b"<p>hello\n"),
                          ("sub/index.html", b"<p>below\n"),
                          ("large.bin", large)):
        with open(os.path.join(root, name), "wb") as file:
            file.write(content)
    return root, large


def talk(model):
    def run(cell):
        with server.Server(cell, model.spec, "http") as running:
            equal(curl(running, "/"), (200, PAGE), "GET /")
            equal(curl(running, "/", "--http1.0"), (200, PAGE), "HTTP/1.0")
            equal(curl(running, "/nothing")[0], 404, "GET /nothing")
            equal(curl(running, "/", "-X", "DELETE")[0], 405, "DELETE /")
            equal(curl(running, "/", "-X", "BREW")[0], 501, "BREW /")
            equal(curl(running, "/", "-d", "abc"),
                  (200, b"received 3 bytes\n"), "POST /")
            equal(curl(running, "/", "-d", "x" * 9000, "-H",
                       "Transfer-Encoding: chunked"),
                  (200, b"received 9000 bytes\n"), "POST / in chunks")
            equal(curl(running, "/", "-d", "x" * 9000, "-H",
                       "Expect: 100-continue"),
                  (200, b"received 9000 bytes\n"), "POST / after 100")
            equal(curl(running, "/", "-H", "X: " + "y" * 40000)[0], 431,
                  "a head too large")
            check(b"\nserverlab_requests_total " in curl(running,
                                                         "/metrics")[1],
                  "figures at /metrics")

    return "curl gets the right status and body", run


def files(model):
    def run(cell):
        root, large = make_root(cell.directory)
        with server.Server(cell, model.spec, f"http:root={root}") as running:
            equal(curl(running, "/"), (200, b"<p>hello\n"), "GET /")
            equal(curl(running, "/sub", "-L"), (200, b"<p>below\n"),
                  "GET /sub, redirected")
            check(curl(running, "/large.bin") == (200, large),
                  "GET /large.bin brings the file")
            equal(curl(running, "/../large.bin", "--path-as-is")[0], 404,
                  "GET /../large.bin")
            slow = curl(running, "/large.bin", "--limit-rate", "2M")
            check(slow == (200, large), "a slow reader gets the file too")

    return "curl gets files, and nothing outside the root", run


def main():
    if not server.have("server") or "http" not in server.listed("handlers"):
        return tap.skip_all("there is no server with an http handler")
    table = tap.Table()
    for model in models.MODELS:
        missing = why_missing(model)
        if missing:
            table.add(model.spec, skipper(missing))
            continue
        rows = [load(model, *each) for each in CLIENTS.items()]
        for name, run in (*rows, talk(model), files(model)):
            table.add(f"{model.spec}: {name}", run)
    return table.run()


sys.exit(main())
