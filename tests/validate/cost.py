# SPDX-License-Identifier: MIT
"""What the client itself costs: CPU time per request, and lateness."""

import json
import os
import re
import resource
import shutil
import subprocess

from .others import engines, output
from .tools import BUILD, CLIENT, CLIENT_CPU, Server, compiled, in_turn, middle, ratios

CONNECTIONS = "64"
IDLE = 15_000
GOALS = {"epoll": 1.3, "uring": 1.6}


def cpu_per_request(*command):
    """Microseconds of CPU, from beginning to end, for each request that the
    output counts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = output(*command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    count = int(re.search(r"([\d,]+) requests (answered|in)",
                          out)[1].replace(",", ""))
    return (after.ru_utime + after.ru_stime - before.ru_utime
            - before.ru_stime) / count * 1e6


def client_command(engine, address, *arguments):
    return (CLIENT, "--engine", engine, "-c", CONNECTIONS, "-d", "1s",
            *arguments, address)


def prove_cost(report, directory):
    report.title("CPU per request against wrk, against the least possible, and "
                 "without checks (64 connections)")
    if not shutil.which("wrk"):
        report.skip("wrk is not installed")
        return
    if not os.path.exists(f"{BUILD}/libclient.a"):
        report.skip(f"no {BUILD}/libclient.a: make validate builds it")
        return
    # With the faster server the client is what there is too little of, and
    # that is what CPU per request is about. With the slower one it mostly
    # waits, and so has few requests to hand over at a time.
    available = engines()
    models = ("uring", "epoll") if "uring" in available else ("epoll",)
    for model in models:
        aim = model == models[0]
        report.note(f"the server: {model}")
        with Server("-m", model, "-H", "http") as address:
            results = in_turn(9 if aim else 5, programs(
                directory, address, available))
        for engine in available:
            judge_cost(report, results, engine, aim)


def programs(directory, address, available):
    commands = {"wrk": ("wrk", "-t1", f"-c{CONNECTIONS}", "-d1s",
                        f"http://{address}/")}
    for engine in available:
        limit = compiled(directory, f"limit_{engine}", "tests/validate/limit.c",
                         f"tests/validate/limit_{engine}.c",
                         *(["-luring"] if engine == "uring" else []))
        commands[f"{engine} limit"] = (limit, address, CONNECTIONS, "1")
        commands[engine] = client_command(engine, address, "-w", "http")
        commands[f"{engine} blind"] = (blind(directory),
                                       *commands[engine][1:])
    return {name: lambda c=command: cpu_per_request(*c)
            for name, command in commands.items()}


def blind(directory):
    """The client without checks and records, see blind.c."""
    uring = ["-luring"] if "uring" in engines() else []
    return compiled(
        directory, "blind", "tests/validate/blind.c", f"{BUILD}/client/main.o",
        "-Wl,--whole-archive", f"{BUILD}/libclient.a",
        "-Wl,--no-whole-archive", "-Wl,--wrap=clock_gettime",
        "-Wl,--wrap=ticks_read", "-Wl,--wrap=clock_anchor",
        "-Wl,--wrap=workload_make", "-Wl,--wrap=histogram_record", *uring,
        "-lm", "-pthread")


def judge_cost(report, results, engine, aim):
    """Against wrk by the least that each has needed in a round, for what else
    the machine does only adds to it; what is nearly the same by the rounds."""
    least = {name: min(values) for name, values in results.items()}
    found = (f"{least['wrk'] / least[engine]:.2f} x wrk "
             f"({least[engine]:.2f} and {least['wrk']:.2f} us each), the limit "
             f"{least['wrk'] / least[f'{engine} limit']:.2f} x")
    if not aim:
        report.note(f"{engine}: {found}")
        return
    report.line(least["wrk"] / least[engine] >= GOALS[engine],
                f"{engine}: requests per CPU second",
                f"{found}, goal {GOALS[engine]}")
    low, more, high = (100 * (r - 1) for r in ratios(
        results, engine, f"{engine} blind"))
    report.line(more <= 3, f"{engine}: checks, records and the clock cost",
                f"{more:.1f} % ({low:.1f} to {high:.1f}), goal 3 %")


def prove_lag(report, _directory):
    report.title("50,000 requests per second are sent in time (3 runs, the "
                 "median)")
    if not CLIENT_CPU:
        report.skip("the client needs a CPU of its own")
        return
    with Server("-H", "echo") as address:
        for engine in engines():
            runs = [json.loads(output(
                CLIENT, "-q", "--json", "-", "--engine", engine, *CLIENT_CPU,
                "-R", "50k", "-c", CONNECTIONS, "-d", "2s", address))
                    for _ in range(3)]
            p50, p99 = (middle(run["client"]["send_lag_ns"][q] / 1000
                               for run in runs) for q in ("p50", "p99"))
            report.line(p99 <= 50, f"{engine}: the client's own lag",
                        f"p50 {p50:.1f} us, p99 {p99:.1f} us, goal 50 us")


def prove_idle(report, _directory):
    report.title(f"{IDLE:,} idle connections of the same process cost the "
                 "others nothing")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit < IDLE + 1000:
        report.skip(f"at most {limit} descriptors may be open here")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with Server("-H", "echo") as address:
        for engine in engines():
            results = in_turn(7, {
                name: lambda e=engine, n=idle: busy(e, address, n)
                for name, idle in (("beside none", 0), ("beside them", IDLE))})
            low, more, high = (100 * (r - 1) for r in ratios(
                results, "beside them", "beside none"))
            report.line(more < 3, f"{engine}: CPU per request",
                        f"{more:+.1f} % ({low:.1f} to {high:.1f}), "
                        f"{middle(results['beside them']):.2f} us")


def busy(engine, address, idle):
    """The measuring threads' CPU time per request, in us."""
    run = json.loads(output(CLIENT, "-q", "--json", "-", *CLIENT_CPU,
                            "--idle", str(idle),
                            *client_command(engine, address)[1:]))
    if idle and run["crowd"]["idle"]["established"] != idle:
        raise SystemExit(f"not all idle connections: {run['crowd']}")
    return run["client"]["cpu_seconds"] / run["requests"]["ok"] * 1e6
