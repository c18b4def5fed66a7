#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The judges of scripts/validate: right figures pass, and for each thing that
is said to hold there are made-up figures that do not. Nothing is measured."""

import contextlib
import io
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import tap  # noqa: E402
from lib.tap import check, equal  # noqa: E402
from validate import others, theory  # noqa: E402
from validate.tools import MS, Report  # noqa: E402

TABLE = tap.Table()
RATE = 200
GAP = 1e9 / RATE
COUNT = RATE * theory.ARRIVALS_SECONDS


def judged(judge, *arguments):
    """The report of a judge, and what it says does not hold."""
    report, wrong = Report(), []
    report.line = lambda holds, name, found: holds or wrong.append(
        f"{name}: {found}")
    with contextlib.redirect_stdout(io.StringIO()):
        judge(report, *arguments)
    return report, wrong


# ---- arrivals ------------------------------------------------------------------

def even(seed, jitter=0.02):
    source = random.Random(seed)
    return [(n + source.uniform(0, jitter)) * GAP for n in range(COUNT)]


def poisson(seed, rate=RATE):
    source, at, came = random.Random(seed), 0.0, []
    while (at := at + source.expovariate(rate / 1e9)) < COUNT * GAP:
        came.append(at)
    return came


def from_gaps(gaps):
    at, came = 0.0, [0.0]
    for gap in gaps:
        came.append(at := at + gap)
    return came


def gaps_of(came):
    return [b - a for a, b in zip(came, came[1:])]


def alternating(came):
    """The same gaps, a short one after each long one."""
    gaps = sorted(gaps_of(came))
    half = len(gaps) // 2
    return from_gaps([gap for pair in zip(gaps[:half], reversed(gaps[half:]))
                      for gap in pair])


def in_waves(seed):
    """Twice the rate for a while, then little."""
    source, at, came = random.Random(seed), 0.0, []
    while at < COUNT * GAP:
        rate = 1.8 if int(at / (25 * GAP)) % 2 else 0.2
        at += source.expovariate(rate * RATE / 1e9)
        came.append(at)
    return came


CONSTANT_WRONG = (
    ("come in batches of ten", "off by", lambda came: [
        came[n // 10 * 10] + n for n in range(len(came))]),
    ("come in pairs", "off by", lambda came: [
        came[n // 2 * 2] + n for n in range(len(came))]),
    ("have half the rate", "off by", lambda came: [2 * at for at in came]),
    ("are half as many", "how many", lambda came: came[::2]),
    ("lack every third", "off by", lambda came: [
        at for n, at in enumerate(came) if n % 3]),
    ("lack the last ten", "how many", lambda came: came[:-10]),
    ("jitter by a gap", "off by", lambda came: sorted(
        at + random.Random(7 * n).uniform(0, GAP)
        for n, at in enumerate(came))),
)
POISSON_WRONG = (
    ("are even", "KS", lambda came: even(1)),
    ("are twice as many", "how many", lambda came: poisson(1, 2 * RATE)),
    ("lack every third", "how many", lambda came: [
        at for n, at in enumerate(came) if n % 3]),
    ("are one in two of others", "KS", lambda came: poisson(1, 2 * RATE)[::2]),
    ("have their gaps in order", "correlation",
     lambda came: from_gaps(sorted(gaps_of(came)))),
    ("have a short gap after each long one", "correlation", alternating),
    ("come in waves", "variance", lambda came: in_waves(1)),
)


def add_wrong(kind, judge, right, name, what, make):
    def case(_cell):
        _, wrong = judged(judge, "made up", RATE, make(right(3)))
        check(any(what in line for line in wrong), f"{what}: found {wrong}")
    TABLE.add(f"{kind} arrivals that {name} are refused", case)


for row in CONSTANT_WRONG:
    add_wrong("constant", theory.judge_constant, even, *row)
for row in POISSON_WRONG:
    add_wrong("Poisson", theory.judge_poisson, poisson, *row)


@TABLE.cell
def _(_cell):
    """right arrivals are accepted, as often as is said"""
    for seed in range(50):
        equal(judged(theory.judge_constant, "made up", RATE, even(seed))[1],
              [], f"constant arrivals {seed}")
    wrong = [line for seed in range(200) for line in judged(
        theory.judge_poisson, "made up", RATE, poisson(seed))[1]]
    check(len(wrong) <= 8, f"about 3 in 200 by chance: {wrong}")


# ---- service times -------------------------------------------------------------

def services(seed):
    source = random.Random(seed)
    return [source.expovariate(1 / (20 * MS)) for _ in range(COUNT)]


@TABLE.cell
def _(_cell):
    """latencies are those of the server: 0.1 ms more is the way there, 1.7 ms
    more is refused, and so is 1.7 ms more for one in four"""
    took = services(1)
    for more, every, holds in ((0.1, 1, True), (1.7, 1, False),
                               (1.7, 4, False), (-0.5, 1, False)):
        found = [ns + more * MS * (n % every == 0)
                 for n, ns in enumerate(took)]
        _, wrong = judged(theory.judge_service, "made up", found, took)
        equal(not wrong, holds, f"{more} ms more for one in {every}")


# ---- others --------------------------------------------------------------------

def compared(*ratios):
    """What is said of programs that differ so much in seven rounds."""
    report, wrong = judged(
        others.compare, {"a": [(100 * r, 100 * r) for r in ratios],
                         "b": [(100, 100)] * len(ratios)}, "a", "b")
    return "undecided" if report.undecided else "no" if wrong else "the same"


@TABLE.cell
def _(_cell):
    """programs see the same within 5 % in the median round; noise does not make
    it so, it leaves it undecided"""
    equal(compared(.99, 1, 1, 1.01, 1.02, 1.02, 1.03), "the same", "close")
    equal(compared(1.01, 1.02, 1.03, 1.04, 1.04, 1.05, 1.06), "the same",
          "a little more each time")
    equal(compared(.8, .9, 1, 1.02, 1.1, 1.2, 1.3), "the same",
          "uneven, about the same")
    equal(compared(.8, .9, 1, 1.2, 1.3, 1.4, 1.5), "undecided",
          "uneven, and apart")
    equal(compared(1.07, 1.08, 1.08, 1.09, 1.1, 1.1, 1.1), "no",
          "more each time")


@TABLE.cell
def _(_cell):
    """what was skipped or is undecided is not said to hold"""
    def summary(failed=0, skipped=0, undecided=0):
        report = Report()
        report.failed, report.skipped = failed, skipped
        report.undecided = undecided
        return report.summary()

    equal(summary(), "All of it holds", "all")
    equal(summary(skipped=2), "2 parts were skipped; the rest holds", "two")
    equal(summary(skipped=1, undecided=1), "1 part was skipped; 1 comparison "
          "is undecided; the rest holds", "both")
    equal(summary(failed=1, skipped=2),
          "1 did not hold; 2 parts were skipped", "failed")
    report, _ = judged(lambda report: report.skip("no wrk"))
    equal(report.skipped, 1, "skipped")


if __name__ == "__main__":
    sys.exit(TABLE.run())
