#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What can be held of the source without running it."""

import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NOT_OURS = ("build", "bin", ".git", "node_modules", "__pycache__")
FUNCTION_LINES = 60
NAMED = ("servers", "client", "compare", "common", "peers", "tests", "scripts",
         "docs")    # in these, a file that a page names must exist

# A handler calls none of these: it is an application protocol without I/O.
SYSTEM_CALLS = """accept accept4 bind close connect dup epoll_ctl epoll_wait
    execve fcntl fork fsync ioctl kill listen mmap nanosleep open openat pipe
    poll ppoll pread pselect pthread_create pwrite read readv recv recvfrom
    recvmsg select send sendfile sendmsg sendto setsockopt shutdown signal
    sleep socket socketpair splice usleep waitpid write writev""".split()


def files():
    """All files of the tree but what git ignores, also where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"], capture_output=True, check=False) \
        if shutil.which("git") and os.path.exists(".git") else None
    if listed and listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
        return sorted(n for n in names if n and os.path.isfile(n))
    found = []
    for where, inner, names in os.walk("."):
        inner[:] = [d for d in inner if d not in NOT_OURS
                    and not d.startswith("build-")]
        found += [os.path.relpath(os.path.join(where, n)) for n in names]
    return sorted(found)


def text(name):
    with open(name, encoding="utf-8", errors="replace") as file:
        return file.read()


def interpreter(name):
    first = text(name).split("\n", 1)[0]
    return first[2:] if first.startswith("#!") else ""


def code(name):
    """A C file without comments and strings, its lines where they were."""
    def blank(match):
        kept = "\n" * match[0].count("\n")
        return kept if match[0].startswith("/") else '""' + kept
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"' r"|'(?:\\.|[^'\\])+'",
                  blank, text(name), flags=re.S)


def matches(names, pattern):
    """Where the code of these files matches, as file:line: text."""
    found = []
    for name in names:
        for number, line in enumerate(code(name).split("\n"), 1):
            if re.search(pattern, line):
                found.append(f"{name}:{number}: {line.strip()}")
    return found


def output(*command):
    """What a command says when it fails; nothing when it does not."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout.decode(errors="replace").splitlines()
    return [] if done.returncode == 0 else said or [f"{command[0]} failed"]


ALL = files()
C = [n for n in ALL if n.endswith((".c", ".h"))]
PRODUCT = [n for n in C if not n.startswith("tests/")]
SOURCE = [n for n in ALL if n.endswith((".c", ".h", ".S", ".py", ".t", ".js"))
          or n == "Makefile" or interpreter(n)]


def unmarked():
    return [n for n in SOURCE
            if not any("SPDX-License-Identifier: MIT" in line
                       for line in text(n).split("\n")[:3])]


def badly_formatted():
    return output("clang-format", "--dry-run", "-Werror", *C) if C else []


def shell():
    scripts = [n for n in ALL if re.search(r"\b(ba|da)?sh\b", interpreter(n))]
    return output("shellcheck", *scripts)


def python():
    wrong = []
    for name in ALL:
        if name.endswith(".py") or "python" in interpreter(name):
            try:
                compile(text(name), name, "exec")
            except SyntaxError as error:
                wrong.append(f"{name}: {error}")
    return wrong


def long_functions():
    found = []
    for name in PRODUCT:
        start = 0
        for number, line in enumerate(text(name).split("\n"), 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start - 1 > FUNCTION_LINES:
                    found.append(f"{name}:{start}: {number - start - 1} lines")
                start = 0
    return found


def dead_references():
    """What the pages name or link to and is not there."""
    found = []
    for page in (n for n in ALL if n.endswith(".md")):
        prose = re.sub(r"^```.*?^```$", "", text(page), flags=re.M | re.S)
        links = [os.path.join(os.path.dirname(page), each.partition("#")[0])
                 for each in re.findall(r"\]\(([^)\s]+)\)", prose)
                 if not re.match(r"\w+:|#", each)]
        named = re.findall(r"`((?:%s)/[a-z0-9_./-]*)`" % "|".join(NAMED), prose)
        found += [f"{page}: {name}" for name in links + named
                  if not os.path.exists(name)]
    return found


def volatile():
    found = matches(C, r"\bvolatile\b")
    return [f for f in found
            if not re.search(r"volatile sig_atomic_t|asm(__)? volatile", f)]


def system_calls():
    handlers = [n for n in C if n.startswith("servers/handlers/")]
    return matches(handlers, rf"(?<![\w.>])({'|'.join(SYSTEM_CALLS)})\s*\(")


def compiled_by(compiler):
    return output("make", "-s", "lint", f"CC={compiler}", "WERROR=1", "SAN=")


CHECKS = [
    ("every source file names its licence", unmarked, None),
    ("every C file is formatted as .clang-format says", badly_formatted,
     "clang-format"),
    ("every shell script passes shellcheck", shell, "shellcheck"),
    ("every Python file parses", python, None),
    ("no struct is typedef'd",
     lambda: matches(C, r"\btypedef\s+struct\b"), None),
    ("nothing is volatile but signal flags and assembly", volatile, None),
    (f"no function is longer than {FUNCTION_LINES} lines", long_functions,
     None),
    ("no handler makes a system call", system_calls, None),
    ("every file that a page names is there", dead_references, None),
    ("every header compiles alone", lambda: output("make", "-s", "headers",
                                                       "WERROR=1", "SAN="),
     "gcc"),
    ("gcc has nothing to warn of", lambda: compiled_by("gcc"), "gcc"),
    ("clang has nothing to warn of", lambda: compiled_by("clang"), "clang"),
]


def main():
    print(f"1..{len(CHECKS)}", flush=True)
    failed = 0
    for number, (holds, check, tool) in enumerate(CHECKS, 1):
        if tool and not shutil.which(tool):
            print(f"ok {number} - {holds} # SKIP no {tool}", flush=True)
            continue
        wrong = check()
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {holds}")
        for line in wrong:
            print(f"#   {line}")
        sys.stdout.flush()
    return 1 if failed else 0


os.chdir(TOP)
sys.exit(main())
