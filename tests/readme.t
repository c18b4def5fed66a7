#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every command that the README and the pages in docs/ give is run.

Each ```sh block is one test: it must succeed and leave no process behind, and
where it says `# prints TEXT` its output must hold TEXT. Blocks run in a copy of
the tree, as typed by someone who waits for "listening on" before going on, and
with other ports than those written (70NN), for these may be in use here.
SERVERLAB_QUICK=1 tells compare to be quick about it.

    tests/readme.t [FILE...]    these pages only
"""

import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMIT = 900    # seconds for a block, on the slowest of machines
GOES = 30      # seconds in which what was told to end must have gone
TRIES = 3      # when a port that was free is not any more

# A command that starts a server ends in `&`; the next one waits for it. Its
# output is the file descriptor 4 of the block.
READY = r"""
servers=0
ready() {
    servers=$((servers + 1)) tries=0
    until [ "$(grep -c 'listening on' "$BLOCK_OUTPUT")" -ge $servers ]; do
        tries=$((tries + 1))
        if [ $tries -gt 300 ]; then
            echo 'the server did not say that it is listening'
            exit 1
        fi
        sleep 0.1
    done
}
set -e
"""


class Block:
    """A ```sh block of a page."""

    def __init__(self, page, line, text):
        self.text = text
        commands = [each for each in text.split("\n")
                    if each and not each.startswith("#")]
        first = commands[0].partition(" #")[0] if commands else "nothing"
        self.name = f"{page}:{line}: {first}"
        self.expected = re.findall(r"# prints (.*)", text)

    def why_not(self):
        if re.search(r"\bmake\b.*\bcheck\b", self.text):
            return "make check is what runs this test"
        return None

    def script(self):
        ports = {p: str(free_port())
                 for p in set(re.findall(r"\b70\d\d\b", self.text))}
        text = re.sub(r"\b70\d\d\b", lambda m: ports[m[0]], self.text)
        return READY + re.sub(r"(?<!&)&$", "&\nready", text, flags=re.M)


def blocks(page):
    """The blocks of a page, in order."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    return [Block(page, text.count("\n", 0, m.start()) + 1, m[1])
            for m in re.finditer(r"^```sh\n(.*?)^```$", text, re.M | re.S)]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def copy_tree(to):
    """The files of the tree, without what was built."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"], capture_output=True, check=False) \
        if os.path.exists(".git") else None
    if listed is None or listed.returncode != 0:
        shutil.copytree(".", to, symlinks=True, ignore=shutil.ignore_patterns(
            "build", "build-*", "bin", ".git", "node_modules", "*.db*"))
        return
    for name in listed.stdout.decode().split("\0"):
        if os.path.isfile(name):
            os.makedirs(os.path.dirname(f"{to}/{name}"), exist_ok=True)
            shutil.copy2(name, f"{to}/{name}")


def members(session):
    """The processes of a session that have not ended: pid and command."""
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat, encoding="utf-8", errors="replace") as file:
                start, _, rest = file.read().rpartition(")")
        except OSError:
            continue
        state, _, _, its_session = rest.split()[:4]
        if int(its_session) == session and state not in "ZX":
            pid, _, command = start.partition(" (")
            found.append((int(pid), command))
    return found


def end_session(session):
    for pid, _ in members(session):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def left_behind(session):
    """The commands of a session that are still there after a while."""
    ends = time.monotonic() + GOES
    while members(session) and time.monotonic() < ends:
        time.sleep(0.1)
    return [command for _, command in members(session)]


def run(block, tree, scratch):
    """Runs a block: what it printed, and what was wrong with it."""
    output = f"{scratch}/output"
    with open(output, "w", encoding="utf-8") as out:
        child = subprocess.Popen(
            ["sh", "-c", block.script()], cwd=tree, stdin=subprocess.DEVNULL,
            stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "BLOCK_OUTPUT": output, "SERVERLAB_QUICK": "1"})
        wrong = []
        try:
            status = child.wait(LIMIT)
            if status:
                wrong.append(f"exit status {status}")
            else:
                wrong += [f"left behind: {name}"
                          for name in left_behind(child.pid)]
        except subprocess.TimeoutExpired:
            wrong.append(f"did not end within {LIMIT} s")
        end_session(child.pid)
        child.wait()
    with open(output, encoding="utf-8", errors="replace") as file:
        printed = file.read()
    wrong += [f"did not print: {text}" for text in block.expected
              if text not in printed]
    return printed, wrong


def run_on_free_ports(block, tree, scratch):
    for _ in range(TRIES):
        printed, wrong = run(block, tree, scratch)
        if not wrong or "Address already in use" not in printed:
            break
    return printed, wrong


def report(number, block, tree, scratch):
    reason = block.why_not()
    if reason:
        print(f"ok {number} - {block.name} # SKIP {reason}", flush=True)
        return True
    printed, wrong = run_on_free_ports(block, tree, scratch)
    print(f"{'not ok' if wrong else 'ok'} {number} - {block.name}")
    for line in wrong + (printed.splitlines()[-40:] if wrong else []):
        print(f"#   {line}")
    sys.stdout.flush()
    return not wrong


def main():
    os.chdir(TOP)
    pages = sys.argv[1:] or ["README.md"] + sorted(
        glob.glob("docs/**/*.md", recursive=True))
    if os.environ.get("SERVERLAB_SAN"):
        print("1..0 # SKIP the README's commands make the plain build")
        return 0
    for name in list(os.environ):
        if name.startswith(("SERVERLAB_", "MAKE", "MODEL")):
            del os.environ[name]
    todo = [b for page in pages for b in blocks(page)]
    print(f"1..{len(todo)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="serverlab-") as scratch:
        tree = f"{scratch}/tree"
        copy_tree(tree)
        passed = [report(n, block, tree, scratch)
                  for n, block in enumerate(todo, 1)]
    return 0 if all(passed) else 1


sys.exit(main())
