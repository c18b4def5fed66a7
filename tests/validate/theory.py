# SPDX-License-Identifier: MIT
"""Service times that a server was told to have, arrivals, queues, and a server
that is frozen: what the figures must be is known beforehand."""

import math
import os
import random
import signal
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from .tools import MS, Queue, add, at_percent, client, expand, ks_one


# ---- service times -------------------------------------------------------------

def prove_service(report, directory):
    report.title("The latencies are the service times that the server had")
    for rate in (100, 400, 1600):
        latencies, log = serve(directory, "exp", rate)
        judge_service(report, f"exponential, {rate}/s", latencies,
                      [took for _, _, took in log if took])
        distance, bound = ks_one(
            latencies, lambda ns: 1 - math.exp(-ns / (20 * MS)))
        report.line(distance < bound, f"exponential, {rate}/s: KS, theory",
                    f"{distance:.4f}, bound {bound:.4f}")
    latencies, _ = serve(directory, "const", 400)
    low, half = (at_percent(latencies, p) / MS for p in (1, 50))
    report.line(low >= 19.98 and half < 20.6, "constant, 400/s: p1 and median",
                f"{low:.2f} and {half:.2f} ms, service 20 ms")


def judge_service(report, name, latencies, took):
    """By how long the server itself took for these requests."""
    found, own = (statistics.fmean(times) / MS for times in (latencies, took))
    report.line(agree(found, own, 0.01), f"{name}: mean, the server's own",
                f"{found:.2f} ms, {own:.2f} ms")


def serve(directory, distribution, rate):
    """Latencies, sorted, and the server's log: a server for each request, so
    that nothing waits for anything else."""
    queue = Queue(directory, "many", distribution, 20)
    _, latencies = client(directory, "-R", str(rate), "--arrivals", "poisson",
                          "-c", "400", "-d", "6s", queue.address)
    return expand(latencies), queue.stop()


# ---- arrivals ------------------------------------------------------------------

ARRIVALS_SECONDS = 6
Z = 3.29    # what a normal value keeps within in 99.9 % of cases


def prove_arrivals(report, directory):
    report.title("Requests are sent when they are meant to be (2 threads)")
    for rate in (100, 400):
        for kind in ("poisson", "constant"):
            queue = Queue(directory, "many", "const", 1)
            run, _ = client(directory, "-R", str(rate), "--arrivals", kind,
                            "-t", "2", "-c", "100", "-d",
                            f"{ARRIVALS_SECONDS}s", queue.address)
            judge = judge_poisson if kind == "poisson" else judge_constant
            judge(report, f"{kind}, {rate}/s", rate,
                  sorted(came for came, _, _ in queue.stop()))
            lag = run["client"]["send_lag_ns"]
            report.line(lag["p50"] < 100_000,
                        f"{kind}, {rate}/s: the client's own lag",
                        f"p50 {lag['p50'] / 1000:.1f} us, "
                        f"p99 {lag['p99'] / 1000:.1f} us")


def judge_count(report, name, came, expected, bound):
    report.line(abs(len(came) - expected) <= bound, f"{name}: how many",
                f"{len(came)}, {expected} +- {bound:.0f}")


def judge_constant(report, name, rate, came):
    """By when the requests arrived at the server, sorted: request n is due n
    times the gap after the first."""
    gap = 1e9 / rate
    judge_count(report, name, came, rate * ARRIVALS_SECONDS, 2)
    late = [at - came[0] - n * gap for n, at in enumerate(came)]
    usual = statistics.median(late)
    off = sorted(abs(each - usual) for each in late)
    report.line(at_percent(off, 90) < 0.1 * gap,
                f"{name}: 90 % of them off by at most",
                f"{at_percent(off, 90) / 1000:.0f} us, one every "
                f"{gap / MS:g} ms")


def judge_poisson(report, name, rate, came):
    """The gaps are exponential, none depends on the one before, and the counts
    of equal times are as uneven as they must be, not more and not less."""
    gap, expected = 1e9 / rate, rate * ARRIVALS_SECONDS
    judge_count(report, name, came, expected, Z * math.sqrt(expected))
    gaps = [b - a for a, b in zip(came, came[1:])]
    distance, bound = ks_one(gaps, lambda ns: 1 - math.exp(-ns / gap))
    report.line(distance < bound, f"{name}: KS against exponential gaps",
                f"{distance:.4f}, bound {bound:.4f}")
    found, bound = statistics.correlation(gaps, gaps[1:] + gaps[:1]), \
        Z / math.sqrt(len(gaps))
    report.line(abs(found) < bound, f"{name}: correlation of gaps that follow",
                f"{found:+.4f}, bound {bound:.4f}")
    counts = counts_of(came, 10 * gap)
    found, bound = statistics.variance(counts) / statistics.fmean(counts), \
        Z * math.sqrt(2 / (len(counts) - 1))
    report.line(abs(found - 1) < bound, f"{name}: variance of counts by mean",
                f"{found:.2f}, 1 +- {bound:.2f}")


def counts_of(came, length):
    """How many came in each time of that length."""
    counts = [0] * int((came[-1] - came[0]) / length)
    for at in came:
        index = int((at - came[0]) / length)
        if index < len(counts):
            counts[index] += 1
    return counts


# ---- queues --------------------------------------------------------------------

MEAN_MS = 10
SECONDS = 60
COPIES = 8      # of each queue, all at once: they sleep most of the time
LOADS = (0.3, 0.5, 0.7)
KINDS = (("const", "M/D/1"), ("exp", "M/M/1"))
TRIALS = 80     # simulated, for the interval
CLAIMS = 9      # against theory; together they hold in 99 % of cases


def prove_queue(report, directory):
    report.title(f"One server with a queue, {COPIES} x {SECONDS} s each: "
                 "theory, and these very arrivals")
    cases = [(distribution, load, copy) for distribution, _ in KINDS
             for load in LOADS for copy in range(COPIES)]
    queues = [Queue(directory, "single", distribution, MEAN_MS, copy + 1)
              for distribution, _, copy in cases]
    with ThreadPoolExecutor(len(cases)) as pool:
        runs = list(pool.map(
            lambda case, queue: run_queue(directory, queue, *case[1:]),
            cases, queues))
    for distribution, name in KINDS:
        for load in LOADS:
            judge_queue(report, f"{name} at {load}", distribution, load,
                        [run for case, run in zip(cases, runs)
                         if case[:2] == (distribution, load)])


def run_queue(directory, queue, load, copy):
    """Latencies {ns: count}, and the server's log."""
    _, latencies = client(
        directory, "-R", f"{load * 1000 / MEAN_MS:.3f}", "--arrivals",
        "poisson", "-c", "200", "-d", f"{SECONDS}s", "--interval", "1s",
        "--seed", str(copy + 1), queue.address)
    return latencies, queue.stop()


def judge_queue(report, name, distribution, load, runs):
    latencies = {}
    for values, _ in runs:
        add(latencies, values)
    found = [ns / MS for ns in expand(latencies)]
    served = sorted(took / MS for _, log in runs for _, _, took in log if took)
    ideal = [t for _, log in runs for t in waits(
        [(came, service) for came, service, _ in log])]
    late = (statistics.fmean(served) - statistics.fmean(ideal) / MS) * 1000
    report.line(agree(statistics.fmean(found), statistics.fmean(served), 0.01),
                f"{name}: mean, these arrivals",
                f"{statistics.fmean(found):.2f} ms, the server's own "
                f"{statistics.fmean(served):.2f} ms ({late:.0f} us late)")
    report.line(agree(at_percent(found, 99), at_percent(served, 99), 0.02),
                f"{name}: p99, these arrivals",
                f"{at_percent(found, 99):.1f} ms, the server's own "
                f"{at_percent(served, 99):.1f} ms")
    judge_theory(report, name, distribution, load, found)


def agree(found, expected, tolerance):
    """Within a part of it, or the 0.3 ms that a packet's way may take."""
    return abs(found - expected) < max(tolerance * expected, 0.3)


def judge_theory(report, name, distribution, load, found):
    wait = load * MEAN_MS / (1 - load)
    mean = MEAN_MS + (wait / 2 if distribution == "const" else wait)
    trials = [simulate(distribution, load, random.Random(trial))
              for trial in range(TRIALS)]
    z = statistics.NormalDist().inv_cdf(1 - 0.01 / CLAIMS / 2)
    claims = [("mean", statistics.fmean(found), mean,
               [statistics.fmean(trial) for trial in trials])]
    if distribution == "exp":
        claims.append(("p99", at_percent(found, 99),
                       -math.log(0.01) * MEAN_MS / (1 - load),
                       [at_percent(trial, 99) for trial in trials]))
    for what, value, theory, simulated in claims:
        spread = z * statistics.stdev(simulated)
        report.line(abs(value - theory) < max(0.05 * theory, spread),
                    f"{name}: {what}, theory",
                    f"{value:.1f} ms, expected {theory:.1f} +- {spread:.1f}")


def simulate(distribution, load, source):
    """The times, sorted, of as many such queues as were run."""
    times = []
    for _ in range(COPIES):
        at, log = 0.0, []
        while (at := at + source.expovariate(load / MEAN_MS)) < SECONDS * 1000:
            log.append((at, MEAN_MS if distribution == "const"
                        else source.expovariate(1 / MEAN_MS)))
        times += waits(log)
    return sorted(times)


def waits(log):
    """Times in a queue with one server (Lindley), in the unit of the log."""
    times, done = [], 0
    for came, service in log:
        done = max(done, came) + service
        times.append(done - came)
    return times


# ---- a server that is frozen -----------------------------------------------------

def prove_frozen(report, directory):
    report.title("A server frozen for 3 s of 30 s: p95 is 1.5 s, p99 2.7 s")
    queue = Queue(directory, "many", "const", 0.1)
    threading.Thread(target=freeze, args=(queue.process.pid, 10, 3),
                     daemon=True).start()
    run, _ = client(directory, "-R", "200", "-c", "50", "-d", "30s",
                    "--timeout", "10s", queue.address)
    queue.stop()
    corrected, raw = (run["latency_ns"][k] for k in ("corrected", "raw"))
    for name, seconds in (("p95", 1.5), ("p99", 2.7)):
        found = corrected[name] / 1e9
        report.line(abs(found / seconds - 1) < 0.02, f"corrected {name}",
                    f"{found:.3f} s")
    report.line(raw["p95"] < 50 * MS, "the raw p95 hides it",
                f"{raw['p95'] / MS:.2f} ms")


def freeze(pid, after, seconds):
    time.sleep(after)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)
