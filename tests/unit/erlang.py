#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: tests/unit/erlang.py [U...]

Prints the times within which shares of the requests are answered in an M/D/1
queue with a service of 1 and the utilisation U (default: those of
test_compare_queueing.c; takes a minute): Erlang's series

    P(W <= x) = (1 - u) sum over k <= x of exp(u (x - k)) (u (k - x))^k / k!

in so many digits that its terms of both signs do no harm."""

import sys
from decimal import Decimal, getcontext

SHARES = ("0.5", "0.9", "0.99", "0.999")
USUAL = ("0.1", "0.3", "0.5", "0.7", "0.8", "0.9", "0.95", "0.99")


def waits(u, x):
    """P(W <= x)"""
    total, factorial = Decimal(1) * (u * x).exp(), 1
    for k in range(1, int(x) + 1):
        factorial *= k
        total += (u * (x - k)).exp() * (u * (k - x)) ** k / factorial
    return (1 - u) * total


def time_of(u, share):
    if share <= 1 - u:
        return Decimal(1)
    low, high = Decimal(0), Decimal(1)
    while waits(u, high) < share:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        if waits(u, middle) < share:
            low = middle
        else:
            high = middle
    return 1 + high


def main():
    getcontext().prec = 400
    for u in sys.argv[1:] or USUAL:
        print(u, *(f"{time_of(Decimal(u), Decimal(share)):.12g}"
                   for share in SHARES), flush=True)


main()
