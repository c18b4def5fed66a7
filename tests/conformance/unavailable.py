# SPDX-License-Identifier: MIT
"""Clause 9: not available. A model that this kernel cannot run says so and
exits with status 69; the suite shows it as skipped then, never as passed."""

import subprocess

from lib.server import NO_LEAK_CHECK
from lib.suite import case
from lib.tap import Failure, Skip, check


@case(only=lambda model: model.needs)
def missing_call(lab):
    """without the system call that it needs: exit 69, and the reason"""
    strace = ["strace", "-f", "-DDD", "-o", "/dev/null",
              "-e", f"trace={lab.model.needs}",
              "-e", f"inject={lab.model.needs}:error=ENOSYS"]
    try:
        if subprocess.run([*strace, "true"], check=False,
                          stderr=subprocess.DEVNULL).returncode != 0:
            raise Skip("strace cannot trace here")
    except FileNotFoundError:
        raise Skip("there is no strace") from None
    try:
        with lab.server("echo", prefix=strace,
                        environment=NO_LEAK_CHECK):
            raise Failure(f"it serves without {lab.model.needs}")
    except Skip as reason:
        check(str(reason).startswith("not available here: "), str(reason))
        check(lab.model.name in str(reason), f"names the model: {reason}")
