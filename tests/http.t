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
from lib.peer import until  # noqa: E402
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
    large = bytes(i % 251 for i in range(251)) * 12000
    for name, content in (("index.html", b"<p>hello\n"),
                          ("sub/index.html", b"<p>below\n"),
                          ("large.bin", large)):
        with open(os.path.join(root, name), "wb") as file:
            file.write(content)
    return root, large


def posted_back(running, size):
    """Does a body that no buffer holds come back whole?"""
    path = os.path.join(running.directory, "body")
    body = bytes(i * 7 % 251 for i in range(size))
    with open(path, "wb") as file:
        file.write(body)
    return curl(running, "/echo", "--data-binary", "@" + path) == (200, body)


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
            check(posted_back(running, 900000), "POST /echo, a large body")
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


def head_of(peer):
    """The lines of a reply's head; its length by Content-Length."""
    lines = []
    while not lines or lines[-1] != b"\r\n":
        lines.append(peer.read_line())
    lengths = [int(line.split()[1]) for line in lines
               if line.startswith(b"Content-Length:")]
    return lines[0], lengths[0]


def pipelined_files(model):
    def run(cell):
        root, large = make_root(cell.directory)
        ask = ("HEAD /large.bin", "GET /large.bin", "GET /",
               "GET /large.bin", "GET /nothing")
        with server.Server(cell, model.spec, f"http:root={root}") as running, \
                running.connect(receive_buffer=8192) as peer:
            peer.send("".join(f"{each} HTTP/1.1\r\nHost: x\r\n\r\n"
                              for each in ask).encode())
            equal(head_of(peer), (b"HTTP/1.1 200 OK\r\n", len(large)), "HEAD")
            for content in (large, b"<p>hello\n", large):
                equal(head_of(peer), (b"HTTP/1.1 200 OK\r\n", len(content)),
                      "head of a reply")
                check(peer.read(len(content)) == content, "its content")
            equal(head_of(peer)[0], b"HTTP/1.1 404 Not Found\r\n", "last reply")
            stats = running.stop()
        equal(stats["requests"], len(ask), "requests")
        check(stats["bytes_out"] > 2 * len(large), "bytes out, with the files")

    return "pipelined requests get files of megabytes, and HEAD none", run


def cut_file(model):
    def run(cell):
        root, large = make_root(cell.directory)
        path = os.path.join(root, "large.bin")
        size = 64 << 20  # more than the sockets hold
        os.truncate(path, size)
        with server.Server(cell, model.spec, f"http:root={root}") as running, \
                running.connect(receive_buffer=8192) as peer:
            peer.send(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
            equal(head_of(peer)[1], size, "length")
            check(peer.read(len(large)) == large, "the file's beginning")
            os.truncate(path, len(large))
            rest = peer.read_to_end()
            check(len(rest) < size - len(large), "the connection ends early")
            check(not rest.strip(b"\0"), "and with no other reply in between")
            stats = running.stop()
        equal(stats["errors"].get("file.short"), 1, "file.short")

    return "a file that is cut while it is sent ends the connection there", run


def by_sendfile(cell):
    """epoll has the kernel send a file, all of it, by sendfile"""
    trace = os.path.join(cell.directory, "trace")
    strace = ["strace", "-f", "-DDD", "-o", trace, "-e", "trace=sendfile"]
    if not shutil.which("strace") or subprocess.run(
            [*strace, "true"], check=False, capture_output=True).returncode:
        raise Skip("strace is not here, or cannot trace here")
    root, large = make_root(cell.directory)
    with server.Server(cell, "epoll", f"http:root={root}", prefix=strace,
                       environment=server.NO_LEAK_CHECK) as running:
        check(curl(running, "/large.bin") == (200, large), "GET /large.bin")
        running.stop()

    def traced():
        with open(trace, encoding="ascii") as file:
            return file.read()

    until(lambda: "exited with 0" in traced(), "the trace is written")
    sent = sum(map(int, re.findall(r"sendfile\(.* = (\d+)", traced())))
    equal(sent, len(large), "bytes that sendfile has sent")


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
        for name, run in (*rows, talk(model), files(model),
                          pipelined_files(model), cut_file(model)):
            table.add(f"{model.spec}: {name}", run)
    table.cell(by_sendfile)
    return table.run()


sys.exit(main())
