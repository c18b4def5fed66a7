#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pages of the models: each model has one, its parts are there, its table
of system calls is what is counted now, and what it names can be found."""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import server, tap  # noqa: E402
from lib.tap import Failure, Skip, check, equal  # noqa: E402

TABLE = tap.Table()
PAGES = os.path.join(server.TOP, "docs", "models")
PARTS = ("Control flow", "System calls", "What it costs", "Where it breaks",
         "Who uses it", "What to read")
EXPLAINED = ("IDEA", "CALLS", "COSTS", "BREAKS", "USED BY", "READ")


def page(model):
    return os.path.join(PAGES, f"{model}.md")


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def models():
    """All of the tree, also those that were not built here."""
    names = (os.path.basename(name)[:-2]
             for name in os.listdir(os.path.join(server.TOP, "servers"))
             if name.endswith(".c"))
    return sorted(set(names) - {"main"})


def has_its_parts(model):
    text = read(page(model))
    check(text.startswith(f"# {model}: "), "it begins with the model's name")
    heads = re.findall(r"^## (.*)", text, re.M)
    equal([h for h in heads if h in PARTS], list(PARTS), "parts, in order")
    check(f"](../../servers/{model}.c)" in text, "it links to the source")
    flow = re.search(r"^## Control flow\n+```\n.*?^```$", text, re.M | re.S)
    check(flow, "its control flow begins with a picture")
    wide = [line for line in text.splitlines()
            if len(line) > 80 and not line.startswith(("|", "<!--", "bin/"))]
    equal(wide, [], "lines of more than 80 characters")


def counts_agree(model):
    if os.environ.get("SERVERLAB_SAN"):
        raise Skip("a sanitizer makes system calls of its own")
    done = subprocess.run(
        [os.path.join(server.TOP, "scripts", "model-calls"), "--check",
         page(model)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == server.EX_UNAVAILABLE:
        raise Skip(done.stderr.strip())
    if done.returncode:
        raise Failure(done.stdout + done.stderr)


def is_explained(model):
    """The head comment of its file, which is not the page once more."""
    if model not in server.listed("models"):
        raise Skip(f"{model} is not built in")
    told = server.run("server", "--explain", model)
    equal(told.returncode, 0, "exit status")
    for part in EXPLAINED:
        check(re.search(rf"^{part} ", told.stdout, re.M),
              f"{part} must be in the explanation")
    prose = sentences(read(page(model)))
    again = [s for s in sentences(told.stdout) if s in prose]
    equal(again, [], "sentences of the file that the page repeats")


def sentences(text):
    """Those of some length, on one line each."""
    flat = re.sub(r"\s+", " ", re.sub(r"^```.*?^```$", "", text,
                                      flags=re.M | re.S))
    return {s.strip() for s in re.split(r"(?<=[.:;]) ", flat) if len(s) > 40}


@TABLE.cell
def index(_cell):
    """the index links to the page of each model, and to no other"""
    linked = re.findall(r"\]\((\w+)\.md\)", read(os.path.join(PAGES,
                                                             "README.md")))
    equal(sorted(linked), models(), "models linked to")


@TABLE.cell
def no_other(_cell):
    """there is a page for each model, and no other"""
    there = sorted(name[:-3] for name in os.listdir(PAGES)
                   if name.endswith(".md") and name != "README.md")
    equal(there, models(), "pages")


def with_page(function):
    return lambda model: (lambda _cell: function(model)) \
        if os.path.exists(page(model)) else missing


def missing(_cell):
    raise Failure("there is no such page")


for each in models():
    for what, function in (("the page has its parts", has_its_parts),
                           ("the page's system calls are those counted",
                            counts_agree),
                           ("--explain tells what the page does not repeat",
                            is_explained)):
        TABLE.add(f"{each}: {what}", with_page(function)(each))

if not server.have("server"):
    sys.exit(tap.skip_all(f"there is no {server.program('server')}"))
sys.exit(TABLE.run(jobs=2))
