# SPDX-License-Identifier: MIT
"""Other load generators on the same server, and the two engines."""

import json
import os
import re
import shutil
import subprocess

from .tools import (CLIENT, CLIENT_CPU, ON_CLIENT_CPU, Server, compiled,
                    in_turn, middle, ratios)

ROUNDS = 7


def output(*command):
    return subprocess.run([*ON_CLIENT_CPU, *command], capture_output=True,
                          text=True, check=False).stdout


def ours(engine, address, *arguments):
    """Requests per second and the median in us, as those below."""
    run = json.loads(output(CLIENT, "-q", "--json", "-", "--engine", engine,
                            *CLIENT_CPU, *arguments, address))
    return (run["throughput"]["requests_per_second"],
            run["latency_ns"]["raw"]["p50"] / 1000)


def wrk(address):
    out = output("wrk", "-t1", "-c32", "-d1s", "--latency",
                 f"http://{address}/")
    median = re.search(r"50%\s+([\d.]+)(us|ms|s)", out)
    scale = {"us": 1, "ms": 1e3, "s": 1e6}[median[2]]
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
            float(median[1]) * scale)


def h2load(directory, address):
    """By its log, for it does not print a median: start, status, time in us."""
    log = os.path.join(directory, "h2load.log")
    if os.path.exists(log):
        os.unlink(log)
    out = output("h2load", "--h1", "-t1", "-c32", "-D1", "--log-file", log,
                 f"http://{address}/")
    with open(log, encoding="ascii") as file:
        times = [int(line.split()[2]) for line in file]
    return float(re.search(r"([\d.]+) req/s", out)[1]), middle(times)


def sockperf(address):
    host, port = address.split(":")
    out = output("sockperf", "ping-pong", "--tcp", "-i", host, "-p", port,
                 "-t", "1", "-m", "64", "--full-rtt")
    total = re.search(r"Valid Duration.* RunTime=([\d.]+) sec; .*"
                      r"ReceivedMessages=(\d+)", out)
    return (int(total[2]) / float(total[1]),
            float(re.search(r"percentile 50.000 =\s+([\d.]+)", out)[1]))


def engines():
    """The engines that can run here."""
    return [engine for engine in ("epoll", "uring") if subprocess.run(
        [CLIENT, "--engine", engine, "-n", "1", "127.0.0.1:1"], check=False,
        capture_output=True, text=True).stderr.startswith(
            "client: cannot connect")]


# ---- do they see the same? -----------------------------------------------------

def show(report, results):
    report.note(f"{'':8} {'requests/s':>20}   {'median, us':>18}")
    for name, rows in results.items():
        cells = []
        for column in zip(*rows):
            half = (max(column) - min(column)) / 2
            cells.append(f"{middle(column):11.0f} +- {half:5.0f}")
        report.note(f"{name:8} {cells[0]:>20}   {cells[1]:>18}")


def compare(report, results, first, other):
    """The same is: apart by no more than 5 % in the median round. More, where
    some rounds say that they are the same, is noise or is not: undecided."""
    for i, what in enumerate(("requests per second", "median")):
        low, usual, high = ratios(
            {name: [row[i] for row in results[name]]
             for name in (first, other)}, first, other)
        name = f"{first} and {other}: {what}"
        found = (f"{100 * (usual - 1):+.1f} % "
                 f"({100 * (low - 1):+.1f} to {100 * (high - 1):+.1f})")
        if low <= 1 <= high and abs(usual - 1) > 0.05:
            report.undecide(name, found)
        else:
            report.line(abs(usual - 1) <= 0.05, name, found)


def prove_engines(report, _directory):
    report.title("Both engines see the same on the same server")
    if "uring" not in engines():
        report.skip("the uring engine is not available here")
        return
    for title, arguments in (
            ("closed loop, 32 connections", ("-c", "32", "-d", "1s")),
            ("open loop, 5,000/s", ("-c", "32", "-d", "1s", "-R", "5k"))):
        report.note(title)
        with Server("-H", "http") as address:
            results = in_turn(ROUNDS, {
                engine: lambda e=engine: ours(e, address, "-w", "http",
                                              *arguments)
                for engine in ("epoll", "uring")})
        show(report, results)
        compare(report, results, "epoll", "uring")


def prove_others(report, directory):
    report.title("Other load generators see the same")
    prove_http(report, directory)
    prove_sockperf(report, directory)


def prove_http(report, directory):
    """The server is a pool of threads: so slow that it, not one of the load
    generators, is what is measured."""
    report.note("HTTP, 32 connections, closed loop")
    with Server("-m", "pool", "-H", "http") as address:
        programs = {"client": lambda: ours("epoll", address, "-w", "http",
                                           "-c", "32", "-d", "1s")}
        if shutil.which("wrk"):
            programs["wrk"] = lambda: wrk(address)
        if shutil.which("h2load"):
            programs["h2load"] = lambda: h2load(directory, address)
        results = in_turn(ROUNDS, programs)
    show(report, results)
    for name in ("wrk", "h2load"):
        if name in results:
            compare(report, results, "client", name)
        else:
            report.skip(f"{name} is not installed")


def prove_sockperf(report, directory):
    report.note("64 bytes, one connection, one at a time")
    plugin = compiled(directory, "sockperf.so", "-fPIC", "-shared",
                      "tests/validate/sockperf.c")
    if not shutil.which("sockperf") or not plugin:
        report.skip("sockperf is not installed, or its handler does not compile")
        return
    with Server("-H", plugin) as address:
        results = in_turn(ROUNDS, {
            "client": lambda: ours("epoll", address, "-c", "1", "-d", "1s"),
            "sockperf": lambda: sockperf(address)})
    show(report, results)
    compare(report, results, "client", "sockperf")
