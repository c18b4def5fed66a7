#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Models and handlers built outside the tree: what scripts/new-model writes
works, also where only what is installed is there; a file that is incomplete or
was built for another server is refused by name of what it lacks."""

import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import server, tap  # noqa: E402
from lib.tap import check, equal  # noqa: E402

TABLE = tap.Table()
NEW_MODEL = os.path.join(server.TOP, "scripts", "new-model")


def our_version():
    """SERVERLAB_ABI, as the header has it."""
    path = os.path.join(server.TOP, "servers", "core", "plugin.h")
    with open(path, encoding="utf-8") as header:
        return re.search(r"#define SERVERLAB_ABI (\d+)u", header.read())[1]


def command(*arguments, cwd=None, status=0, env=None):
    """Runs it to its end; what it printed."""
    done = subprocess.run(arguments, cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=env, text=True, check=False)
    equal(done.returncode, status, f"exit status of {' '.join(arguments)}, "
                                   f"which said {done.stdout!r}")
    return done.stdout


def skeleton(cell, *arguments, new_model=NEW_MODEL):
    """A directory with a skeleton as it is written; its name is "mine"."""
    directory = f"{cell.directory}/mine"
    command(new_model, *arguments, "mine", directory)
    return directory


def build(directory):
    command("make", "CFLAGS=-Wall -Wextra -Werror", cwd=directory)
    return f"{directory}/mine.so"


def compiled(cell, source, name="mine.so"):
    """A shared object of this C file."""
    with open(f"{cell.directory}/mine.c", "w", encoding="utf-8") as file:
        file.write(source)
    command("gcc", "-std=gnu11", "-D_GNU_SOURCE=", f"-I{server.TOP}", "-fPIC",
            "-shared", "-o", name, "mine.c", cwd=cell.directory)
    return f"{cell.directory}/{name}"


def refused(flag, spec, *mentions):
    """The server does not start, and says all this in one line."""
    result = server.run("server", "--listen", "127.0.0.1:0", flag, spec)
    equal(result.returncode, server.EX_USAGE, "exit status")
    equal(result.stdout, "", "standard output")
    lines = result.stderr.splitlines()
    equal(len(lines), 1, f"lines of {result.stderr!r}")
    for text in mentions:
        check(text in lines[0], f"{text!r} must be in: {lines[0]}")


# ---- what works -------------------------------------------------------------

@TABLE.cell
def model_serves(cell):
    """a new model compiles without a warning and serves"""
    spec = build(skeleton(cell))
    with server.Server(cell, spec) as lab:
        lab.connect().echo()
        with open(lab.path("stdout"), encoding="utf-8") as file:
            check(f"(model {spec}, handler echo)" in file.read(),
                  "the ready line names it as it was given")
        stats = lab.stop()
    equal((stats["model"], stats["requests"]), (spec, 1), "statistics")


@TABLE.cell
def model_keeps_the_contract(cell):
    """a new model keeps the contract of streams"""
    spec = build(skeleton(cell))
    command(sys.executable, f"{server.TOP}/tests/conformance.t", "-j", "2",
            "-k", "streams", spec, env={**os.environ, "TRAITS": "holds=1"})


@TABLE.cell
def handler_serves(cell):
    """a new handler compiles without a warning and serves on two models"""
    spec = build(skeleton(cell, "--handler"))
    for model in ("blocking", "epoll"):
        with server.Server(cell, model, spec) as lab:
            equal(lab.connect().ask(b"hello\n"), b"5 hello\n", "reply")
            stats = lab.stop()
        equal((stats["handler"], stats["requests"]), (spec, 1), "statistics")


@TABLE.cell
def options(cell):
    """the options of a spec reach a handler in a file"""
    spec = build(skeleton(cell, "--handler")) + ":length=off"
    with server.Server(cell, "epoll", spec) as lab:
        equal(lab.connect().ask(b"hello\n"), b"hello\n", "reply")


@TABLE.cell
def both(cell):
    """a model and a handler from files serve together"""
    model = build(skeleton(cell))
    os.rename(f"{cell.directory}/mine", f"{cell.directory}/model")
    model = f"{cell.directory}/model/mine.so"
    handler = build(skeleton(cell, "--handler"))
    with server.Server(cell, model, handler) as lab:
        equal(lab.connect().ask(b"hello\n"), b"5 hello\n", "reply")


@TABLE.cell
def from_here(cell):
    """a file in the current directory may be named without a slash"""
    directory = skeleton(cell)
    build(directory)
    told = server.run("server", "--explain", "mine.so", cwd=directory)
    equal(told.returncode, 0, f"exit status with {told.stderr!r}")


@TABLE.cell
def colon_in_a_directory(cell):
    """a directory may have a colon in its name"""
    spec = build(skeleton(cell))
    os.rename(f"{cell.directory}/mine", f"{cell.directory}/a:b")
    spec = f"{cell.directory}/a:b/mine.so:max=3"
    with server.Server(cell, spec) as lab:
        lab.connect().echo()


@TABLE.cell
def sequential(cell):
    """a handler in the sequential style may come from a file"""
    spec = compiled(cell, """
        #include "common/handler.h"
        #include "servers/core/plugin.h"
        static void serve(struct stream *s)
        {
            char buf[64];
            ssize_t n;
            while ((n = stream_read(s, buf, sizeof(buf))) > 0)
                stream_write(s, buf, (size_t)n);
        }
        static const struct handler h = {
            .name = "h", .summary = "echo", .serve = serve,
        };
        SERVERLAB_HANDLER(h);
    """)
    for model in ("thread", "epoll"):
        with server.Server(cell, model, spec) as lab:
            lab.connect().echo()


@TABLE.cell
def copy_of_a_model(cell):
    """a file of the tree becomes a plugin by one more line"""
    with open(f"{server.TOP}/servers/poll.c", encoding="utf-8") as file:
        source = file.read()
    spec = compiled(cell, source + '#include "servers/core/plugin.h"\n'
                                   "SERVERLAB_MODEL(model_poll);\n")
    with server.Server(cell, spec + ":workers=2") as lab:
        peers = [lab.connect() for _ in range(5)]
        for peer in peers:
            peer.echo()


@TABLE.cell
def explained(cell):
    """--explain tells of a file what it holds and what it was built from"""
    for kind in ([], ["--handler"]):
        spec = build(skeleton(cell, *kind))
        told = server.run("server", "--explain", spec)
        equal(told.returncode, 0, "exit status")
        for text in ("mine: ", "built from mine.c",
                     "length=on" if kind else "max=0"):
            check(text in told.stdout, f"{text!r} must be in {told.stdout!r}")
        os.rename(f"{cell.directory}/mine", f"{cell.directory}/was{len(kind)}")


@TABLE.cell
def own_check(cell):
    """a new handler passes the check of its own Makefile"""
    printed = command("make", "check", f"BIN={server.BIN}",
                      cwd=skeleton(cell, "--handler"))
    check("6 to you" in printed, f"what it printed: {printed!r}")


@TABLE.cell
def installed(cell):
    """what is installed suffices to write, build and run a model"""
    command("make", "install-files", f"SAN={os.environ.get('SERVERLAB_SAN', '')}",
            f"DESTDIR={cell.directory}/root", "PREFIX=/opt/lab",
            cwd=server.TOP)
    lab = f"{cell.directory}/root/opt/lab"
    directory = f"{cell.directory}/mine"
    command(f"{lab}/bin/serverlab", "new-model", "mine", cwd=cell.directory)
    with open(f"{directory}/Makefile", encoding="utf-8") as file:
        check(server.TOP not in file.read(), "it does not know of the tree")
    spec = build(directory)
    with server.Server(cell, spec,
                       binary=f"{lab}/libexec/serverlab/server") as running:
        running.connect().echo()


# ---- what is refused --------------------------------------------------------

MODEL = """
    #include "servers/core/model.h"
    #include "servers/core/plugin.h"
    struct mine { uint64_t n; };
    static inline int run(struct server *s) { server_ready(s); return 0; }
    static const struct option_spec table[] = {
        { .name = "n", .type = OPTION_COUNT, .help = "a number" }, {0},
    };
    static const struct server_model m = { %s };
    %s
"""
HANDLER = """
    #include "common/handler.h"
    #include "servers/core/plugin.h"
    static const struct handler h = { %s };
    SERVERLAB_HANDLER(h);
"""
WHOLE = '.name = "mine", .summary = "nothing", .run = run,'
EXPORTED = "SERVERLAB_MODEL(m);"


def refuse(what, flag, source, *mentions):
    def run(cell):
        refused(flag, compiled(cell, source), "mine.so", *mentions)

    TABLE.add(f"{what} is refused by name of what it lacks", run)


refuse("a model without run()", "-m",
       MODEL % ('.name = "mine", .summary = "nothing"', EXPORTED),
       "the model lacks run()")
refuse("a model without anything", "-m", MODEL % (".run = 0", EXPORTED),
       "the model lacks name, summary, run()")
refuse("a model with options of no size", "-m",
       MODEL % (WHOLE + ".options = table", EXPORTED),
       "the model lacks options_size for option n")
refuse("a model that is not exported", "-m", MODEL % (WHOLE, ""),
       "lacks serverlab_model_abi", "SERVERLAB_MODEL(...)")
refuse("a model that exports only its version", "-m",
       MODEL % (WHOLE, "const unsigned serverlab_model_abi = "
                       "SERVERLAB_MODEL_ABI;"),
       "lacks serverlab_model:", "SERVERLAB_MODEL(...)")
refuse("a handler without data() and serve()", "-H",
       HANDLER % '.name = "mine", .summary = "nothing"',
       "the handler lacks data() or serve()")


@TABLE.cell
def other_version(cell):
    """a model built for another version is refused, with both named"""
    spec = compiled(cell, MODEL % (WHOLE, "#undef SERVERLAB_ABI\n"
                                          "#define SERVERLAB_ABI 99u\n"
                                          + EXPORTED))
    refused("-m", spec, "ABI 99.", f"this server has {our_version()}.",
            "build it again with this server's headers")


@TABLE.cell
def other_shape(cell):
    """a model built with other structs than the server's is refused"""
    source = MODEL % (WHOLE, EXPORTED)
    spec = compiled(cell, '#include "common/options.h"\n'
                          "struct bigger { struct option_spec s; int more; };\n"
                          '#include "servers/core/model.h"\n'
                          "#define option_spec bigger\n"
                          '#include "servers/core/plugin.h"\n'
                          "#undef option_spec\n"
                          + source.replace(EXPORTED,
                                           "#define option_spec bigger\n"
                                           + EXPORTED))
    refused("-m", spec, f"was built for ABI {our_version()}.",
            "build it again")


@TABLE.cell
def of_the_other_kind(cell):
    """a handler given as a model is told apart, and so is the reverse"""
    spec = build(skeleton(cell))
    refused("-H", spec, "holds a model and no handler: use --model")
    os.rename(f"{cell.directory}/mine", f"{cell.directory}/model")
    spec = build(skeleton(cell, "--handler"))
    refused("-m", spec, "holds a handler and no model: use --handler")


@TABLE.cell
def unknown_option(cell):
    """an option that it does not have is refused as anywhere"""
    spec = build(skeleton(cell))
    refused("-m", f"{spec}:colour=red", "colour", "there is max")


@TABLE.cell
def not_there(cell):
    """a file that is not there, or is no shared object, is named"""
    refused("-m", f"{cell.directory}/none.so", "none.so", "No such file")
    with open(f"{cell.directory}/text.so", "w", encoding="utf-8") as file:
        file.write("This is no shared object.\n" * 100)
    refused("-m", f"{cell.directory}/text.so", "text.so", "invalid ELF header")


@TABLE.cell
def unknown_function(cell):
    """a call of a function that the server does not have is named"""
    source = MODEL % (WHOLE.replace("= run", "= nowhere"), EXPORTED)
    spec = compiled(cell, source.replace(
        "static inline int run", "int nowhere(struct server *s);\n"
                                 "static inline int run"))
    refused("-m", spec, "undefined symbol: nowhere")


# ---- scripts/new-model ------------------------------------------------------

def new_model_refuses(what, arguments, *mentions):
    def run(cell):
        os.mkdir(f"{cell.directory}/taken")
        said = command(NEW_MODEL, *arguments, cwd=cell.directory, status=64)
        equal(len(said.splitlines()), 1, f"lines of {said!r}")
        for text in mentions:
            check(text in said, f"{text!r} must be in {said!r}")
        equal(os.listdir(cell.directory), ["taken"], "what is there after it")

    TABLE.add(f"new-model refuses {what} in one line", run)


new_model_refuses("no name", [], "NAME", "--help")
new_model_refuses("a name that is none in C", ["my-model"], "my-model",
                  "letters")
new_model_refuses("a path as a name", ["../mine"], "../mine", "letters")
new_model_refuses("a directory that is there", ["mine", "taken"], "taken",
                  "is there already")
new_model_refuses("an unknown option", ["--module", "mine"], "--module",
                  "--handler")
new_model_refuses("too many operands", ["mine", "here", "there"], "there")


@TABLE.cell
def beside_the_tree(cell):
    """within the tree, new-model writes beside it"""
    top = f"{cell.directory}/tree"
    os.makedirs(f"{top}/scripts")
    os.makedirs(f"{top}/common")
    with open(NEW_MODEL, encoding="utf-8") as script, \
            open(f"{top}/scripts/new-model", "w", encoding="utf-8") as copy:
        copy.write(script.read())
    with open(f"{top}/common/handler.h", "w", encoding="utf-8"):
        pass
    command("sh", "scripts/new-model", "mine", cwd=top)
    equal(sorted(os.listdir(cell.directory)), ["mine", "tree"], "beside")
    equal(sorted(os.listdir(f"{cell.directory}/mine")),
          ["Makefile", "README.md", "mine.c"], "what it wrote")


# ---- scripts/grade ----------------------------------------------------------

GRADE = os.path.join(server.TOP, "scripts", "grade")


@TABLE.cell
def graded(cell):
    """grade gives a skeleton all points, and none for what does not apply"""
    directory = skeleton(cell)
    printed = command(GRADE, "--json", f"{cell.directory}/grade.json",
                      "--only", "half-close|twenty clients|burst", directory)
    with open(f"{cell.directory}/grade.json", encoding="utf-8") as file:
        result = json.load(file)
    equal(result["schema"], "serverlab.grade/1", "schema")
    equal(result["score"], result["max_score"], "score")
    check(result["score"] >= 3, f"there are points: {result}")
    burst = [t for t in result["tests"] if "burst" in t["name"]]
    equal([(t["status"], t["max_score"]) for t in burst], [("skipped", 0)],
          "a case for which one connection at a time is too few")
    check(f"{result['score']} of {result['score']} points" in printed,
          f"the sum is printed: {printed!r}")


@TABLE.cell
def graded_worse(cell):
    """grade gives no point for a case that fails, and the reason"""
    spec = compiled(cell, MODEL % (WHOLE, EXPORTED))    # serves nobody
    printed = command(GRADE, "--json", "-", "--only",
                      "half-close still", f"{spec}")
    result = json.loads(printed)
    # With a handler of callbacks, and with a sequential one.
    equal((result["score"], result["max_score"]), (0, 2), "points")
    for test in result["tests"]:
        equal(test["status"], "failed", "status")
        check(test["output"], "the reason is given")


@TABLE.cell
def not_graded(cell):
    """grade says why there is nothing to grade"""
    os.mkdir(f"{cell.directory}/empty")
    for path, why in ((f"{cell.directory}/empty", "has no Makefile"),
                      (f"{cell.directory}/none.so", "No such file")):
        said = command(GRADE, path, status=64)
        check(why in said, f"{why!r} must be in {said!r}")
    directory = skeleton(cell)
    with open(f"{directory}/mine.c", "a", encoding="utf-8") as file:
        file.write("this is no C\n")
    said = command(GRADE, directory, status=64)
    check("cannot be built" in said and "mine.c" in said,
          f"the compiler's words must be in {said!r}")


if not server.have("server"):
    sys.exit(tap.skip_all(f"there is no {server.program('server')}"))
sys.exit(TABLE.run(jobs=2))
