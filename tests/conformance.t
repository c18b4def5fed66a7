#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The contract of every server model, as one table: model x case.

    tests/conformance.t                     all models, all cases
    tests/conformance.t epoll ./mine.so     these models
    tests/conformance.t -k half-close poll  cases whose name matches
    tests/conformance.t 'external:./mine --port {port}'     any program

MODEL=SPEC in the environment chooses a model too, and TRAITS="holds=1 ..." tells
of one that is not listed in tests/lib/models.py what stands there of others.
CONFORMANCE_JOBS cells run at a time (6).
"""

import argparse
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# The order of the clauses in the report.
from conformance import ready, streams, overload, timeouts  # noqa: E402,F401
from conformance import death, stop, account, fairness  # noqa: E402,F401
from conformance import unavailable  # noqa: E402,F401
from lib import models, server, suite, tap  # noqa: E402


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("-k", "--case", default="", metavar="REGEX",
                        help="only cases whose clause and name match")
    parser.add_argument("-j", "--jobs", type=int, metavar="N",
                        default=int(os.environ.get("CONFORMANCE_JOBS") or 6))
    parser.add_argument("--list", action="store_true",
                        help="print the cases and stop")
    chosen = parser.parse_args()
    cases = [c for c in suite.CASES
             if re.search(chosen.case, f"{c.clause}: {c.name}")]
    if chosen.list:
        print("\n".join(f"{c.clause}: {c.name}" for c in cases))
        return 0
    if not server.have("server"):
        return tap.skip_all(f"there is no {server.program('server')}")
    specs = chosen.models or models.split(os.environ.get("MODEL", ""))
    wanted = [models.find(s) for s in specs] or models.MODELS
    return tap.run_cells(suite.cells(wanted, cases), chosen.jobs)


sys.exit(main())
