# SPDX-License-Identifier: MIT
"""What the parts of scripts/validate share."""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

from lib import hdr

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BIN = os.environ.get("SERVERLAB_BIN", os.path.join(ROOT, "bin"))
CLIENT = os.path.join(BIN, "client")
COMPARE = os.path.join(BIN, "compare")
MS = 1_000_000
BUILD = os.environ.get("SERVERLAB_BUILD", os.path.join(ROOT, "build"))
TWO_CPUS = os.cpu_count() > 1
SERVER_CPU = ["--cpus", "0"] if TWO_CPUS else []
CLIENT_CPU = ["--cpus", "1"] if TWO_CPUS else []
ON_CLIENT_CPU = ["taskset", "-c", "1"] if TWO_CPUS else []


class Report:
    def __init__(self):
        self.failed = self.skipped = self.undecided = 0

    def title(self, text):
        print(f"\n{text}", flush=True)

    def line(self, holds, name, found):
        self.failed += not holds
        print(f"  {'ok    ' if holds else 'NOT OK'}  {name:<44} {found}",
              flush=True)

    def note(self, text):
        print(f"          {text}", flush=True)

    def skip(self, why):
        self.skipped += 1
        print(f"  skipped: {why}", flush=True)

    def undecide(self, name, found):
        """The figures are too uneven to tell."""
        self.undecided += 1
        print(f"  ?       {name:<44} {found}", flush=True)

    def summary(self):
        """What holds, and no more than that."""
        left = [f"{self.failed} did not hold"] if self.failed else []
        for count, one, more in (
                (self.skipped, "part was skipped", "parts were skipped"),
                (self.undecided, "comparison is undecided",
                 "comparisons are undecided")):
            if count:
                left.append(f"{count} {one if count == 1 else more}")
        if left and not self.failed:
            left.append("the rest holds")
        return "; ".join(left) or "All of it holds"


# ---- programs ----------------------------------------------------------------

def client(directory, *arguments):
    """A run's JSON, and its latencies as {ns: count} from the .hlog."""
    directory = tempfile.mkdtemp(dir=directory)
    path = os.path.join(directory, "run.json")
    log = os.path.join(directory, "run.hlog")
    done = subprocess.run([CLIENT, "-q", "--json", path, "--hlog", log,
                           *arguments], check=False)
    if done.returncode not in (0, 3):
        sys.exit(f"the client has failed: exit {done.returncode}")
    with open(path, encoding="utf-8") as file:
        return json.load(file), read_hlog(log)


class Server:
    """One of our servers, on a CPU of its own where there are two."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        ready, far = os.pipe()
        self.process = subprocess.Popen(
            [os.path.join(BIN, "server"), "-l", "127.0.0.1:0", "--ready-fd",
             str(far), *SERVER_CPU, *self.arguments], pass_fds=[far],
            stdout=subprocess.DEVNULL)
        os.close(far)
        with os.fdopen(ready) as file:
            address = file.readline().strip()
        if not address:
            sys.exit("the server has failed")
        return address

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def compiled(directory, name, *arguments):
    """DIRECTORY/NAME, made by the C compiler if it is not there yet; None if
    it cannot be."""
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        done = subprocess.run(
            [os.environ.get("CC", "gcc"), "-std=gnu11", "-O2", "-D_GNU_SOURCE=",
             f"-I{ROOT}", "-o", path, *arguments], cwd=ROOT, check=False,
            capture_output=True, text=True)
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            return None
    return path


class Queue:
    """tests/validate/queue.c with known service times."""

    def __init__(self, directory, shape, distribution, mean_ms, seed=1):
        binary = compiled(directory, "queue", "tests/validate/queue.c", "-lm")
        if not binary:
            sys.exit("tests/validate/queue.c does not compile")
        self.log = os.path.join(tempfile.mkdtemp(dir=directory), "queue.log")
        self.process = subprocess.Popen(
            [binary, shape, distribution, str(mean_ms * 1000), str(seed),
             self.log], stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def stop(self):
        """[(came, served, took)] in ns: when a request came, how long its
        service was to be, and after how long its reply was really sent."""
        self.process.terminate()
        self.process.wait()
        with open(self.log, encoding="ascii") as file:
            return [tuple(map(int, line.split())) for line in file]


# ---- histograms ---------------------------------------------------------------

def read_hlog(path):
    """The middle of each slot, and its count."""
    values = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            if not line.startswith(("#", '"')):
                counts = hdr.decode(line.split(",")[3])
                add(values, {hdr.middle(low): n for low, n in counts.items()})
    return values


def add(into, values):
    for value, count in values.items():
        into[value] = into.get(value, 0) + count


def expand(values):
    return [value for value in sorted(values) for _ in range(values[value])]


# ---- statistics ---------------------------------------------------------------

def at_percent(ordered, percent):
    """The smallest value that at least so many are not above."""
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


def ks_one(values, distribution):
    """Kolmogorov-Smirnov: the distance of a sample and a cumulative
    distribution function, and the bound that one of this distribution keeps in
    99 % of cases."""
    values = sorted(values)
    n = len(values)
    worst = 0.0
    for i, value in enumerate(values):
        expected = distribution(value)
        worst = max(worst, abs(expected - i / n), abs(expected - (i + 1) / n))
    return worst, 1.63 / math.sqrt(n)


def middle(values):
    return statistics.median(values)


class Cpus:
    """Whether the CPUs are as fast, and as near each other, as at their best
    (see `compare cpus`), and the patience to wait until they are."""

    patience = 300  # seconds, for all that is measured here
    best = {"work_ns": math.inf, "distance_ns": math.inf}
    bounds = {"work_ns": 1.1, "distance_ns": 2.0}

    @classmethod
    def at_their_best(cls):
        if not TWO_CPUS:
            return True
        done = subprocess.run(
            [COMPARE, "cpus", "--time", "0", "--json", "--server-cpus", "0",
             "--client-cpus", "1"], capture_output=True, check=False)
        if done.returncode:
            return True
        look = json.loads(done.stdout)["looks"][0]
        for name in cls.best:
            cls.best[name] = min(cls.best[name], look[name])
        return all(look[name] <= cls.bounds[name] * cls.best[name]
                   for name in cls.best)

    @classmethod
    def wait(cls):
        while not cls.at_their_best() and cls.patience > 0:
            time.sleep(0.2)
            cls.patience -= 0.2


def in_turn(rounds, programs, attempts=3):
    """{name: [result of each round]} of functions, called in turn so that a
    drift of the machine hits all alike. A round after which the CPUs are not
    at their best is taken again."""
    results = {name: [] for name in programs}
    for _ in range(rounds):
        for _ in range(attempts):
            Cpus.wait()
            taken = {name: program() for name, program in programs.items()}
            if Cpus.at_their_best():
                break
        for name, result in taken.items():
            results[name].append(result)
    return results


def ratios(results, above, below):
    """How two programs compare in each round: the least ratio, the median, the
    greatest. Of 7 rounds, the true median lies between the outer two in 98 %
    of cases."""
    pairs = sorted(a / b for a, b in zip(results[above], results[below]))
    return pairs[0], middle(pairs), pairs[-1]
