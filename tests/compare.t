#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare from end to end: what it measures, keeps, shows and hands on; what
it says when a program under it fails; and that it can be killed at any moment.

The second half runs a copy of compare beside a server and a client that are
scripts, and fail in every way that they may."""

import configparser
import csv
import fcntl
import html
import html.parser
import io
import json
import os
import pty
import random
import re
import resource
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import termios
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import proc, server, tap  # noqa: E402
from lib.tap import check, equal  # noqa: E402

TABLE = tap.Table()
PATIENCE = 50  # seconds for what must happen sooner or later
# Long enough for a request to be answered on a machine that is busy with
# something else.
BRIEF = ("--rounds", "2", "--duration", "300ms", "--warmup", "10ms",
         "--repeats", "0", "--syscalls", "0")
QUICK = ("--connections", "4", *BRIEF)
SHORT = ("--models", "epoll,poll", *QUICK)
VARIED = ("--models", "epoll,poll", *BRIEF)  # to be used with --vary


def compare(cell, *arguments, program=None, before=None, **more):
    result = subprocess.run(
        [program or server.program("compare"), *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE, check=False, cwd=cell.directory, preexec_fn=before,
        env={**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "100", **more})
    cell.notes.append(lambda: f"compare {' '.join(arguments)}: exit status "
                              f"{result.returncode}\n{result.stdout}\n"
                              f"{result.stderr}")
    return result


def succeed(cell, *arguments, **more):
    result = compare(cell, *arguments, **more)
    equal(result.returncode, 0, f"exit status of {arguments}")
    return result.stdout


def database(cell, name="results/results.db"):
    db = sqlite3.connect(os.path.join(cell.directory, name))
    db.row_factory = sqlite3.Row
    return db


def one(db, query):
    return db.execute(query).fetchone()[0]


def left_out(row):
    """Whether compare came too late to the window to know the server's cost: on
    a machine that is busy with other tests it may."""
    return row["cpu_ns"] is None and ": it is left out" in (row["noise"] or "")


def nothing_left():
    """Waits until no process below this one still runs."""
    deadline = time.monotonic() + PATIENCE
    while True:
        left = [s for s in proc.children(os.getpid()) if s.state not in "ZX"]
        if not left:
            return
        check(time.monotonic() < deadline,
              f"still running: {[(s.pid, s.name) for s in left]}")
        time.sleep(0.01)


def without_id(table):
    return re.sub(r" \(run \d+\)", "", table)


TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXPERIMENTS = f"{TOP}/scripts/experiments"
REFERENCE = f"{TOP}/results/reference/race.json"


# ---- a run, and what is done with it ----------------------------------------

@TABLE.cell
def a_run_is_kept_and_shown(cell):
    """a run measures each model in each round, keeps it, and shows a table"""
    table = succeed(cell, "run", *SHORT)
    nothing_left()
    for word in ("epoll", "poll", "requests/s", "CPU/request", "p99"):
        check(word in table, f"no {word} in the table")
    db = database(cell)
    rows = db.execute("SELECT model, round, sample.* FROM sample "
                      "JOIN cell ON cell.id = cell_id").fetchall()
    equal(sorted((r["model"], r["round"]) for r in rows),
          [("epoll", 1), ("epoll", 2), ("poll", 1), ("poll", 2)], "samples")
    for row in rows:
        equal(row["status"], "valid", f"status ({row['reason']})")
        check(row["requests"] > 0, "requests were measured")
        check(left_out(row) or row["cpu_ns"] > 0, "CPU time was measured")
        # A percentile for which there were too few requests is not known.
        known = [row[name] for name in ("p50_ns", "p90_ns", "p99_ns", "max_ns")
                 if row[name] is not None]
        equal(known, sorted(known), "percentiles")
        equal(json.loads(row["client"])["schema"], "serverlab.client/1",
              "the client's words")
        equal(json.loads(row["server"])["schema"], "serverlab.server/1",
              "the server's words")
    equal(one(db, "SELECT status FROM run"), "complete", "status of the run")
    equal(one(db, "SELECT count(*) FROM environment"), 1, "environments")
    check(one(db, "SELECT count(*) FROM interval") >= 4, "intervals are kept")
    check(one(db, "SELECT count(*) FROM histogram") >= 4, "so are histograms")
    check(one(db, "SELECT count(*) FROM worker") >= 4, "so are workers")


@TABLE.cell
def any_program(cell):
    """external:COMMAND {port} is a server like any other"""
    model = f"external:'{server.program('limit')}' 127.0.0.1:{{port}}"
    succeed(cell, "run", "--models", f"{model},epoll", *QUICK)
    nothing_left()
    rows = database(cell).execute(
        "SELECT model, sample.* FROM sample JOIN cell ON cell.id = cell_id"
    ).fetchall()
    equal(sorted(r["model"] for r in rows), ["epoll"] * 2 + [model] * 2,
          "models")
    for row in rows:
        equal(row["status"], "valid", f"status ({row['reason']})")
        check(left_out(row) or row["cpu_ns"] > 0, "CPU time was measured")
        check(row["rss_bytes"] > 0, "memory was measured")
        equal(row["server"] is None, row["model"] == model,
              "statistics of its own")


@TABLE.cell
def a_program_that_cannot_be_one(cell):
    """a command that cannot be run is refused, or skipped where its program is
    missing; one that dies at once is said to have"""
    long = " ".join(["true", "{port}", *map(str, range(60))])
    for command, word in (("cat", "{port}"), ("a | b {port}", "not a command"),
                          (long, "62 words")):
        result = compare(cell, "run", "--models", f"external:{command}", *QUICK)
        equal(result.returncode, 64, f"exit status of {command}")
        check(word in result.stderr, result.stderr)
    table = succeed(cell, "run", "--models",
                    "external:./no-such {port};epoll", *QUICK)
    check("there is no program ./no-such" in table, table)
    table = succeed(cell, "run", "--models",
                    "epoll;external:sh -c 'echo kaputt >&2; exit 3' {port}",
                    *QUICK)
    check("kaputt" in table and "exit status 3" in table, table)
    nothing_left()


@TABLE.cell
def commas_in_a_command(cell):
    """in a list of models, a comma in quotes belongs to the command"""
    script = ("import socket, sys; s = socket.create_server((sys.argv[1], "
              "int(sys.argv[2])));\nwhile True:\n c = s.accept()[0];\n"
              " while b := c.recv(4096): c.send(b)")
    model = f"external:'{sys.executable}' -c '{script}' 127.0.0.1 {{port}}"
    succeed(cell, "run", "--models", f"{model},epoll", "--baseline", model,
            *QUICK, "--rounds", "1", "--connections", "1")
    rows = database(cell).execute("SELECT model, status, reason FROM sample "
                                  "JOIN cell ON cell.id = cell_id").fetchall()
    equal(sorted((r["model"], r["status"]) for r in rows),
          [("epoll", "valid"), (model, "valid")], f"samples: {rows}")


@TABLE.cell
def what_only_our_server_has(cell):
    """a program that is not ours is skipped where the server gets an option"""
    model = f"external:'{server.program('limit')}' 127.0.0.1:{{port}}"
    table = succeed(cell, "run", "--models", f"{model},limit,epoll", *QUICK,
                    "--vary", "server.backlog=16")
    equal(table.count("only our own server has --backlog"), 2,
          f"programs that are skipped in {table}")


@TABLE.cell
def every_model_of_the_server(cell):
    """without --models all that the server lists are measured, and the limit"""
    listed = server.run("server", "--list-models").stdout.splitlines()
    wanted = [line.split()[0] for line in listed
              if line and not line[0].isspace()] + ["limit"]
    succeed(cell, "run", "--quick", "--rounds", "1", "--duration", "200ms",
            "--warmup", "10ms", "--connections", "2")
    db = database(cell)
    equal(sorted(r["model"] for r in db.execute("SELECT model FROM cell")
                 if ":" not in r["model"]), sorted(wanted), "models")
    rows = db.execute("SELECT model, skipped, status, reason FROM cell "
                      "LEFT JOIN sample ON cell_id = cell.id").fetchall()
    # A server that got no CPU in that time has answered nothing.
    bad = [tuple(row) for row in rows if not row["skipped"] and
           row["status"] != "valid" and
           row["reason"] != "no request was answered"]
    equal(bad, [], "cells that are neither valid nor skipped")


@TABLE.cell
def show_repeats_the_table(cell):
    """show prints from the database what the run printed"""
    table = succeed(cell, "run", *SHORT)
    equal(succeed(cell, "show", "latest"), table, "show latest")
    equal(succeed(cell, "show", "1"), table, "show 1")


@TABLE.cell
def export_and_import_are_exact(cell):
    """an exported run can be shown, imported, and comes out the same again"""
    table = succeed(cell, "run", *SHORT, "--json", "run.json")
    text = succeed(cell, "export", "latest")
    with open(os.path.join(cell.directory, "run.json"), encoding="utf-8") as f:
        equal(f.read(), text, "--json and export --format json")
    equal(json.loads(text)["schema"], "serverlab.compare/1", "schema")
    equal(succeed(cell, "show", "./run.json"), without_id(table), "show FILE")
    first = succeed(cell, "import", "run.json", "--db", "other.db")
    check("run 1 in other.db" in first, first)
    equal(succeed(cell, "export", "1", "--db", "other.db"), text,
          "exported again")
    again = succeed(cell, "import", "run.json", "--db", "other.db")
    check("already there as run 1" in again, again)
    equal(one(database(cell, "other.db"), "SELECT count(*) FROM run"), 1,
          "runs after the second import")


def explained(page, table):
    """The names that the page has for the columns of a table."""
    section = next(text for title, text in page.items()
                   if table in title.split(", "))
    rows = re.search(rf"^\| column( of `{table}`)? \|.*?\n\n", section,
                     re.M | re.S)
    if not rows:
        return set(re.findall("`([a-z0-9_]+)`", section))
    return {name for first in re.findall(r"^\| (`.*?) \|", rows[0], re.M)
            for name in re.findall("`(.*?)`", first)}


@TABLE.cell
def columns_are_explained(cell):
    """results/README.md explains every column of the database, and no other"""
    with open(f"{TOP}/results/README.md", encoding="utf-8") as file:
        page = dict(part.split("\n", 1) for part in
                    re.split("^#+ ", file.read(), flags=re.M)[1:])
    keys = set(re.findall("`([a-z]*_?id)`", page["The database"]))
    succeed(cell, "import", REFERENCE, "--db", "new.db")
    db = database(cell, "new.db")
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = "
                               "'table' AND name NOT LIKE 'sqlite%'").fetchall():
        there = {row["name"] for row in
                 db.execute(f"PRAGMA table_info({table})")} - keys
        equal(there - explained(page, table), set(), f"{table} lacks")
        equal(explained(page, table) - there, set(), f"{table} has not")


@TABLE.cell
def json_alone(cell):
    """--json - writes the run to standard output, and nothing else"""
    run = json.loads(succeed(cell, "run", *SHORT, "--json", "-"))
    equal(run["run"]["status"], "complete", "status")
    equal(len(run["cells"]), 2, "cells")


@TABLE.cell
def csv_has_a_line_for_every_sample(cell):
    """CSV has a header and a line for every sample, whatever its model"""
    succeed(cell, "run", *BRIEF, "--models",
            "epoll:workers=2,accept=dispatch,poll", "--vary",
            "connections=1,3")
    text = succeed(cell, "export", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    equal(sorted({r["model"] for r in rows}),
          ["epoll:workers=2,accept=dispatch", "poll"], "models")
    equal(len(rows), 2 * 2 * 2, "lines: two models, points and rounds")
    equal({r["vary_connections"] for r in rows}, {"1", "3"}, "points")


@TABLE.cell
def markdown(cell):
    """Markdown is a table with a row for each model"""
    succeed(cell, "run", *SHORT)
    text = succeed(cell, "export", "--format", "markdown", "-o", "t.md")
    equal(text, "", "standard output with -o")
    with open(os.path.join(cell.directory, "t.md"), encoding="utf-8") as file:
        rows = [line for line in file.read().splitlines()
                if line.startswith("|")]
    equal(len(rows), 4, "rows with the header")
    equal(len({row.count("|") for row in rows}), 1, "columns in all rows")


class Page(html.parser.HTMLParser):
    """What stands in a report: texts, tags, and whether they are nested."""

    EMPTY = {"meta", "br"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        equal(tag, self.open.pop() if self.open else None, "a tag that ends")


def report_of(cell, *arguments):
    succeed(cell, "run", *arguments)
    succeed(cell, "report", "latest", "-o", "page.html")
    with open(f"{cell.directory}/page.html", encoding="utf-8") as file:
        text = file.read()
    page = Page(text)
    equal(page.open, [], "tags that are not closed")
    outside = [a for a in page.attributes if a[1] in ("src", "href", "srcset")]
    equal(outside, [], "what the page would load")
    still = re.sub(r"<(script|style).*?</\1>", "", text, flags=re.S)
    check("http:" not in still and "https:" not in still, "it stands alone")
    charts = [a[2] for a in page.attributes
              if a[:2] == ("svg", "aria-labelledby")]
    for words in charts:
        told = "".join(re.search(rf'id="{name}">(.*?)</', still)[1]
                       for name in words.split())
        check(len(told) > 40, f"a chart's text alternative: {told}")
    check("NaN" not in still and "nan" not in re.findall(r'"[^"]*"', still),
          "no figure is missing from a chart")
    return still, len(charts)


@TABLE.cell
def report(cell):
    """a report stands alone: bars, percentiles and shades, each with words"""
    text, charts = report_of(cell, *SHORT)
    equal(charts, 7, "charts")
    for word in ("epoll", "poll", "The answer", "What failed",
                 "Every sample", "Where and how", "compare run --models"):
        check(word in text, f"it says {word}")
    # By which of the two depends on whether the client was the slower side.
    check(re.search("answers the most requests, [^<;]+ a second"
                    "|needs the least of the server's CPU, [^<;]+ a request",
                    html.unescape(text)), "the answer is a sentence")


@TABLE.cell
def reports_of_odd_runs(cell):
    """a report is made of a run of which nothing is valid, of one without a
    sample, and of one that was stopped; into a folder that it makes"""
    compare(cell, "run", "--models", "external:false {port}", *QUICK)
    succeed(cell, "run", *SHORT)
    db = database(cell)
    db.execute("DELETE FROM sample WHERE cell_id IN (SELECT id FROM cell "
               "WHERE run_id = 2)")
    db.execute("UPDATE run SET status = 'running' WHERE id = 2")
    db.commit()
    os.mkdir(f"{cell.directory}/elsewhere")
    for number, words in (("1", "the server did not start"),
                          ("2", "not measured")):
        result = subprocess.run(
            [os.path.abspath(server.program("compare")), "report", number,
             "--db", "../results/results.db"], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=PATIENCE,
            cwd=f"{cell.directory}/elsewhere")
        equal((result.returncode, result.stdout),
              (0, "results/report.html\n"), f"report: {result.stderr}")
        with open(f"{cell.directory}/elsewhere/results/report.html",
                  encoding="utf-8") as file:
            text = file.read()
        Page(text)
        check(words in text, f"it says {words}")
        shown = compare(cell, "show", number).stdout
        check(words in shown, "so does show")
        equal("not finished (running" in shown, number == "2", shown)


@TABLE.cell
def report_over_what_varies(cell):
    """where something is varied, the report draws lines over it"""
    text, charts = report_of(cell, *VARIED, "--vary", "connections=1,2,4")
    equal(charts, 5 + 2 * 3, "charts over what varies, and of each point")
    check(text.count('class="band"') >= 5 * 2, "bands for the intervals")
    equal(text.count("<h3>connections "), 3, "a table for each point")


@TABLE.cell
def report_names_system_calls(cell):
    """a report has the system calls by name, or why they were not counted"""
    text, _ = report_of(cell, *SHORT, "--syscalls", "1")
    why = one(database(cell), "SELECT counting FROM run")
    if why:
        check("System calls were not counted: " in text, text)
        raise tap.Skip(why)
    calls = re.search("calls per request by name(.*?)</table>", text, re.S)[1]
    equal(sorted(re.findall('scope="row">(.*?)</th>', calls)),
          ["epoll", "poll"], "rows")
    check(re.search(r"recvfrom [\d.]+", calls), calls)


@TABLE.cell
def report_draws_what_is_plotted(cell):
    """what an experiment plots comes first, over what it says, beside theory"""
    with open(f"{cell.directory}/x.ini", "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = x\nquestion = y?\n[run]\n"
                   "models = epoll\nrounds = 2\nduration = 300ms\n"
                   "warmup = 10ms\nvary = size=1,64,4k\n connections=1,2\n"
                   "[plot]\nmean = mean over connections\n"
                   "[fit]\ntheory = queue over connections\n")
    text, _ = report_of(cell, "x.ini")
    titles = re.findall(r'<h3 id="chart-\d+-title">(.*?)</h3>', text)
    equal(titles[:3], [f"Mean latency, size {s}" for s in ("1", "64", "4k")],
          "the first charts")
    # Of mean and p99, for each size.
    equal(text.count("<span>M/D/1</span>"), 2 * 3, "theory in each")


@TABLE.cell
def report_escapes(cell):
    """what a user writes is text in the report, never markup"""
    with open(f"{cell.directory}/x.ini", "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = <b>&\"quoted\"\nquestion = 1 < 2?\n"
                   "[run]\nmodels = epoll\nrounds = 2\nduration = 300ms\n"
                   "warmup = 0\n[expect]\nx = p50(epoll) > 1\n")
    text, _ = report_of(cell, "x.ini")
    check("<b>&" not in text and "&lt;b&gt;&amp;&quot;quoted" in text, text)
    check("1 &lt; 2?" in text and "p50(epoll) &gt; 1" in text, text)


@TABLE.cell
def diff(cell):
    """diff compares two runs; a run differs in nothing from itself"""
    succeed(cell, "run", *SHORT)
    succeed(cell, "run", *SHORT)
    text = succeed(cell, "diff", "1", "1")
    check("4 figures compared: 0 better, 0 worse" in text, text)
    db = database(cell)
    equal(one(db, "SELECT count(*) FROM environment"), 1, "environments")
    db.execute("INSERT INTO environment (document, kernel, cpus, version) "
               "VALUES ('x', 'Linux 1.0', 1, '0.0, commit abc')")
    db.execute("UPDATE run SET environment_id = 2 WHERE id = 2")
    db.commit()
    text = compare(cell, "diff", "1", "2").stdout
    check("warning: the runs differ in kernel" in text, text)
    check(re.search("from .* to 0.0, commit abc", text), text)
    result = compare(cell, "diff", "1", "2", "--threshold", "1000")
    equal(result.returncode, 0, "exit status below the threshold")
    check("4 figures compared" in result.stdout, result.stdout)
    succeed(cell, "run", "--models", "select", *QUICK)
    result = compare(cell, "diff", "1", "3")
    equal(result.returncode, 1, "exit status where nothing is in common")
    check("no cell in common" in result.stderr, result.stderr)
    equal(compare(cell, "diff", "1").returncode, 64, "exit status for one run")


def diff_of_races(cell, change_b, change_a=None):
    """diff of the committed race with itself, after changes to epoll's cell."""
    for name, change in (("a.json", change_a), ("b.json", change_b)):
        with open(REFERENCE, encoding="utf-8") as f:
            run = json.load(f)
        for epoll in (c for c in run["cells"] if c["model"] == "epoll"):
            if change:
                change(epoll)
        with open(os.path.join(cell.directory, name), "w",
                  encoding="utf-8") as f:
            json.dump(run, f)
    return compare(cell, "diff", "a.json", "b.json")


def epolls_row(text, metric="throughput"):
    return re.search(rf"(?m)^ *epoll +{metric}.*$", text)[0]


@TABLE.cell
def diff_of_what_has_stopped_working(cell):
    """diff: a model with figures in A and none in B is worse, and says why"""
    def invalid(epoll):
        for sample in epoll["samples"]:
            sample.update(status="invalid", reason="the server died")

    def silent(epoll):
        for sample in epoll["samples"]:
            sample.update(requests=0, requests_per_second=0.0)

    def skipped(epoll):
        epoll.update(skipped="epoll is not there", samples=[])

    for change, why in ((invalid, "the server died"),
                        (silent, "answered no request"),
                        (skipped, "epoll is not there"),
                        (lambda epoll: epoll.update(samples=[]),
                         "no sample of it was finished")):
        result = diff_of_races(cell, change)
        equal(result.returncode, 2, f"exit status ({why})")
        check("0 better, 1 worse" in result.stdout, result.stdout)
        check(f"worse ({why})" in epolls_row(result.stdout), result.stdout)
        # The other way round it works again; broken in both is no news.
        result = diff_of_races(cell, None, change)
        equal(result.returncode, 0, f"exit status of the reverse ({why})")
        check("1 better, 0 worse" in result.stdout, result.stdout)
        result = diff_of_races(cell, change, change)
        check("0 better, 0 worse" in result.stdout, result.stdout)
    result = diff_of_races(
        cell, lambda epoll: epoll.update(model="epoll:trigger=edge"))
    for which, model in (("first", "epoll"), ("second", "epoll:trigger=edge")):
        check(f"only in the {which} run: {model}\n" in result.stdout,
              result.stdout)


@TABLE.cell
def diff_of_lower_bounds(cell):
    """diff: below a lower bound is worse, above it is not known to be better"""
    def epoll_as(bounded, factor):
        def change(epoll):
            epoll["ceiling"] = None
            for sample in epoll["samples"]:
                sample["bounded_by"] = "client" if bounded else "server"
                sample["requests_per_second"] *= factor
        return change

    for before, after, factor, word in (
            (False, False, 0.5, "worse"), (False, False, 2, "better"),
            (True, False, 0.5, "worse"), (True, False, 2, "~ (the client's)"),
            (False, True, 0.5, "~ (the client's)"), (False, True, 2, "better"),
            (True, True, 0.5, "~ (the client's)"),
            (True, True, 2, "~ (the client's)")):
        result = diff_of_races(cell, epoll_as(after, factor),
                               epoll_as(before, 1))
        row = epolls_row(result.stdout)
        check(row.rstrip().endswith(word), f"{word}: {row}")
        equal(row.count("≥"), before + after, f"lower bounds in {row}")
        equal(result.returncode, 2 if word == "worse" else 0, "exit status")


@TABLE.cell
def diff_of_commits(cell):
    """a commit names the newest run that was made with it"""
    for _ in range(3):
        succeed(cell, "run", *SHORT)
    db = database(cell)
    for number, commit in ((1, "1234567890ab"), (2, "abcdef012345-dirty")):
        db.execute("INSERT INTO environment (document, version) VALUES "
                   "(?, ?)", (commit, f"0.1, commit {commit}"))
        db.execute("UPDATE run SET environment_id = (SELECT max(id) FROM "
                   "environment) WHERE id = ?", (number,))
    db.commit()
    for name, number in (("abcdef0", 2), ("123456789", 1),
                         ("1234567890ab" + "c" * 28, 1)):
        check(f"(run {number})" in succeed(cell, "show", name), name)
    text = compare(cell, "diff", "1234567", "abcdef012345").stdout
    check("from 0.1, commit 1234567890ab to 0.1, commit abcdef" in text, text)
    result = compare(cell, "show", "abcdee")
    equal(result.returncode, 1, "exit status for a commit without a run")
    check("abcdee" in result.stderr and "commit" in result.stderr,
          result.stderr)


@TABLE.cell
def ratios(cell):
    """show --ratios has each ratio to the baseline with interval, p, effect"""
    succeed(cell, "run", *VARIED, "--models", "select", "--rounds", "4",
            "--vary", "connections=1,3")
    text = succeed(cell, "show", "--ratios").partition("Each against epoll")[2]
    for model in ("poll", "select"):
        rows = re.findall(rf"^{model} +([\d.]+) +([\d.]+) to ([\d.]+) +([\d.e-]+)"
                          r" +[+-][\d.]+ +4 +(~|better|worse)$", text, re.M)
        equal(len(rows), 2, f"rows of {model} in {text}")
        for ratio, low, high, p, word in rows:
            check(float(low) <= float(ratio) <= float(high), "its interval")
            check(0 <= float(p) <= 1, "p")
            check(word == "~" or (word == "better") == (float(ratio) > 1),
                  f"what is said of {model}")


@TABLE.cell
def readme_table(cell):
    """the README's table is that of the reference run"""
    table = succeed(cell, "export", REFERENCE, "--format", "markdown")
    with open(f"{TOP}/README.md", encoding="utf-8") as file:
        check(table in file.read(), "scripts/readme-table writes it")


@TABLE.cell
def order_is_shuffled_by_the_seed(cell):
    """each round has its own order, and the seed decides it"""
    orders = []
    for seed in ("7", "7", "8"):
        name = f"{len(orders)}.db"
        succeed(cell, "run", "--models", "epoll,poll,select,thread",
                "--rounds", "3", "--duration", "60ms", "--warmup", "0",
                "--repeats", "0", "--syscalls", "0",
                "--seed", seed, "--db", name)
        orders.append([tuple(r) for r in database(cell, name).execute(
            "SELECT round, place, model FROM sample JOIN cell ON "
            "cell.id = cell_id ORDER BY sample.id")])
    equal(orders[0], orders[1], "the order of one seed")
    check(orders[0] != orders[2], "another seed gives another order")


@TABLE.cell
def workers_of_the_window(cell):
    """what each worker did is that of the measured window: no warm-up, nothing
    after it; workers that end are told apart"""
    pool = "epoll:workers=3,accept=dispatch"
    succeed(cell, "run", "--models", f"{pool};fork;inetd", "--rounds", "2",
            "--duration", "300ms", "--warmup", "200ms", "--connections", "6",
            "--syscalls", "0")
    db = database(cell)
    rows = db.execute(
        "SELECT model, server_window, client, server, cpu_ns, noise FROM sample "
        "JOIN cell ON cell.id = cell_id WHERE status = 'valid'").fetchall()
    equal(len(rows), 6, "samples")
    for model, *texts in [tuple(row)[:4] for row in rows if not left_out(row)]:
        window, client, life = map(json.loads, texts)
        counted = (window["ended_requests"] +
                   sum(one["requests"] for one in window["workers"]))
        check(0 < counted <= life["requests"] - client["requests"]["warmup"] + 6,
              f"{model}: {counted} requests of {life['requests']}")
        connections = [one["connections"] for one in window["workers"]]
        equal(window["accepted"], 0, f"{model}: accepted in the window")
        # Some may end before a busy machine comes to look.
        equal(sum(connections) + window["ended_connections"], 6,
              f"{model}: connections")
        if model == pool:
            equal([n for n in connections if n], [2, 2, 2], "of each loop")
    side = succeed(cell, "show", "--server")
    check("Medians of the window" in side, side)
    if not any(map(left_out, rows)):
        check("whole life" not in side, side)
    # A process for each connection, and each connection for one request.
    with open(f"{cell.directory}/churn.ini", "w", encoding="utf-8") as file:
        file.write("[run]\nmodels = fork\nconnections = 2\nrounds = 2\n"
                   "duration = 200ms\nwarmup = 20ms\nsyscalls = 0\n"
                   "[client]\nrequests-per-connection = 1\n")
    succeed(cell, "run", "churn.ini")
    window = json.loads(one(db, "SELECT server_window FROM sample "
                                "WHERE server_window IS NOT NULL "
                                "ORDER BY id DESC"))
    check(window["ended"] > 0 and window["accepted"] > 0, f"{window}")
    side = succeed(cell, "show", "--server")
    check(not re.search("^model.*Jain", side, re.M), side)


@TABLE.cell
def system_calls_are_counted(cell):
    """system calls are counted by name in samples of their own, or it is said
    once why they are not"""
    succeed(cell, "run", *SHORT, "--syscalls", "1")
    shown = succeed(cell, "show", "--server")
    check("The server's side" in shown and "switches/req" in shown, shown)
    db = database(cell)
    why = one(db, "SELECT counting FROM run")
    if why:
        equal(shown.count(why), 1, "how often it is said")
        raise tap.Skip(why)
    rows = db.execute("SELECT model, syscall_count, syscalls FROM sample JOIN "
                      "cell ON cell.id = cell_id WHERE status = 'counted'")
    found = {r["model"]: (r["syscall_count"], json.loads(r["syscalls"]))
             for r in rows}
    equal(sorted(found), ["epoll", "poll"], "models that were counted")
    for model, (total, calls) in found.items():
        equal(sum(calls.values()), total, f"all calls of {model}")
        check(calls.get("sendto", 0) > 0 and calls.get("recvfrom", 0) > 0,
              f"{model} receives and sends: {calls}")
        # Each reply answers what came just before.
        check(abs(calls["sendto"] - calls["recvfrom"]) <= 0.2 * total, calls)
        check(f"system calls of {model}, a request: " in shown, shown)
    check("epoll_wait" in str(found["epoll"]) or
          "epoll_pwait" in str(found["epoll"]), found["epoll"])
    text = succeed(cell, "export", "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    check(any("sendto" in r["syscalls"] for r in lines), "CSV has them")
    equal(len([r for r in lines if r["status"] == "valid"]), 4, "the others")


@TABLE.cell
def calibrate(cell):
    """calibrate finds the client's ceiling, and runs after it use it"""
    said = succeed(cell, "calibrate", "--connections", "1,2", "--rounds", "2",
                   "--duration", "300ms")
    check("What it means" in said and "2 connections: the client" in said,
          said)
    db = database(cell)
    equal(one(db, "SELECT purpose FROM run"), "calibration", "purpose")
    # As if the client could do one request a second, and no more.
    db.execute("UPDATE sample SET bounded_by = 'client', "
               "requests_per_second = 1")
    db.commit()
    check("the client ends at 1" in succeed(cell, "show"), "it explains again")
    # A newer one that knows nothing of that load hides nothing.
    succeed(cell, "calibrate", "--connections", "4", "--rounds", "1",
            "--duration", "300ms")
    table = succeed(cell, "run", "--models", "epoll", "--quick",
                    "--connections", "2", "--duration", "300ms")
    check("≥" in table, table)
    equal(one(db, "SELECT ceiling FROM cell ORDER BY id DESC"), 1.0, "ceiling")
    succeed(cell, "run", "--models", "epoll", "--quick", "--connections", "3",
            "--duration", "300ms")
    equal(one(db, "SELECT ceiling FROM cell ORDER BY id DESC"), None,
          "the ceiling of a load that was not calibrated")
    succeed(cell, "run", "--models", "epoll", "--quick", "--connections", "2",
            "--duration", "300ms", "--server-cpus",
            one(db, "SELECT client_cpus FROM run"))
    equal(one(db, "SELECT ceiling FROM cell ORDER BY id DESC"),
          None if len(os.sched_getaffinity(0)) > 1 else 1.0,
          "the ceiling where server and client share a CPU")


@TABLE.cell
def the_same_again(cell):
    """the command of a run asks for the same again: not for its files, but for
    --quick wherever that came from, and for a calibration if it was one"""
    small = ("--connections", "2", "--rounds", "1", "--duration", "300ms")
    for command, arguments, more in (
            ("compare run --models limit,epoll --connections 2 --rounds 1 "
             "--duration 300ms --within 10s race --quick",
             ("run", "--db", "results/results.db", "race", "--js=a.json",
              "--models=limit,epoll", *small, "--within=10s", "--live"),
             {"SERVERLAB_QUICK": "1"}),
            ("compare run --models limit --connections 2 --rounds 1 "
             "--duration 300ms --quick",
             ("run", "--quick", "--models", "limit", *small), {}),
            ("compare calibrate --connections 2 --rounds 1 --duration 300ms "
             "--seed 5 --quick",
             ("calibrate", *small, "--db=results/results.db", "--seed", "5",
              "--quick"), {})):
        compare(cell, *arguments, **more)  # with figures or without
        equal(one(database(cell), "SELECT command FROM run ORDER BY id DESC"),
              command, "what asks for it again")
        succeed(cell, "report", "-o", "page.html")
        with open(f"{cell.directory}/page.html", encoding="utf-8") as file:
            again = re.search(">bin/(compare .*?)</pre>", file.read())[1]
        check(again.startswith(command), again)
        compare(cell, *html.unescape(again).split()[1:])
        db = database(cell)
        equal(one(db, "SELECT count(*) % 2 FROM run"), 0, "it ran")
        second, first = db.execute(
            "SELECT purpose, title, seed, rounds, duration_ns, warmup_ns "
            "FROM run ORDER BY id DESC LIMIT 2").fetchall()
        equal(tuple(second), tuple(first), "the same again")
        db.close()


def check_fit_is_drawn(cell):
    """The curve, its peak in words and in the table, in report and script."""
    peak = r"peak at 9\.49 \(9\.\d+ to 9\.\d+\), [\d.]+k a second"
    path = f"{cell.directory}/fit.html"
    succeed(cell, "report", "-o", path)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    figure = re.search(r"<figure.*?</figure>", text, re.S)[0]
    equal(figure.count('<path class="fit" d="M'), 2, "curve and legend")
    check(re.search(f"fitted. epoll: {peak}", figure), figure)
    check(re.search(f'<td class="t">{peak}</td>', figure), figure)
    equal(text.count('<path class="fit" d="M'), 2, "in throughput alone")
    script = succeed(cell, "export", "--format", "gnuplot")
    check(re.search(f"'epoll, fitted: {peak}'", script), script)
    curve = re.search(r"\$sweep0_fit0 << EOD\n(.*?)\nEOD", script, re.S)[1]
    for line in curve.splitlines():
        place, value, low, high = map(float, line.split())
        load = 2 ** place
        law = 30000 * load / (1 + 0.1 * (load - 1) + 0.01 * load * (load - 1))
        check(abs(value / law - 1) < 0.001 and low <= value <= high, line)
    equal(curve.splitlines()[-1].split()[0], "4.000", "no further than measured")


@TABLE.cell
def a_fit_that_would_mislead(cell):
    """a fit is not drawn where the client was the slower side or the curve is
    far from what was measured, and the words say so"""
    with open(f"{cell.directory}/fit.ini", "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = Fit\n[run]\nmodels = epoll, poll, "
                   "thread\nvary = connections=1,2,4,8,16\nrounds = 2\n"
                   "duration = 100ms\nwarmup = 0\nsyscalls = 0\n"
                   "[fit]\nscale = usl over connections\n")
    succeed(cell, "run", "fit.ini")
    db = database(cell)
    where = "WHERE cell_id IN (SELECT id FROM cell WHERE model = '%s'%s)"
    db.execute("UPDATE sample SET requests_per_second = 100000, "
               "bounded_by = 'server'")
    db.execute("UPDATE sample SET bounded_by = 'client' " + where % (
        "poll", " AND json_extract(point, '$.connections') = '16'"))
    db.execute("UPDATE sample SET requests_per_second = 10 " + where % (
        "thread", " AND json_extract(point, '$.connections') = '4'"))
    db.commit()
    path = f"{cell.directory}/fit.html"
    succeed(cell, "report", "-o", path)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    check("epoll: peak at" in text, "epoll is drawn")
    check("poll: not drawn: the client was the slower side" in text, text)
    check("thread: not drawn: what was measured is too far from it" in text
          or "thread: not drawn: no such law" in text, text)
    equal(text.count('<path class="fit" d="M'), 2, "one curve, and its legend")


@TABLE.cell
def theory_is_shown_beside_it(cell):
    """[fit] queue computes mean, median and p99 of a queue in terminal, report
    and script"""
    with open(f"{cell.directory}/q.ini", "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = Queue\n[run]\nmodels = epoll\n"
                   "vary = connections=1,2\nvary = size=1,64\nrounds = 2\n"
                   "duration = 100ms\nwarmup = 0\nsyscalls = 0\n"
                   "[plot]\na = mean over connections\n"
                   "b = p50 over connections\n"
                   "[fit]\ntheory = queue over connections\n")
    succeed(cell, "run", "q.ini")
    # A service of 1 ms on a server that is busy half of the time.
    db = database(cell)
    db.execute("UPDATE sample SET requests = 1000, cpu_ns = 1000000000, "
               "window_ns = 2000000000")
    db.commit()
    line = [line for line in succeed(cell, "show").splitlines()
            if line.startswith("epoll") and "50 %" in line]
    equal(len(line), 4, "a line for each point")
    # mean, then median, then p99: of M/D/1 and of M/M/1 (2 ms of mean).
    figures = re.findall(r"([\d.]+).?([mµ]s)", line[0])
    equal([figures[i] for i in (1, 2, 4, 5, 7, 8)],
          [(n, "ms") for n in ("1.50", "2.00", "1.00", "1.39", "4.34",
                               "9.21")], line[0])
    succeed(cell, "report", "-o", "q.html")
    with open(f"{cell.directory}/q.html", encoding="utf-8") as file:
        text = file.read()
    equal(text.count("<span>M/M/1</span>"), 3 * 2, "mean, p50, p99 by size")
    equal(text.count("M/D/1 and M/M/1 are computed"), 3 * 2, "it is said")
    script = succeed(cell, "export", "--format", "gnuplot", "-o", "q.gp")
    with open(f"{cell.directory}/q.gp", encoding="utf-8") as file:
        script = file.read()
    for line in re.search(r"\$sweep1_model0 << EOD\n(.*?)\nEOD", script,
                          re.S)[1].splitlines():
        computed = [float(n) for n in line.split()[-6:]]
        wanted = [1500, 2000, 1000, 1386.29, 4336.26, 9210.34]
        for found, one in zip(computed, wanted):
            check(abs(found / one - 1) < 1e-3, line)
    equal(script.count('title "M/D/1"'), 3 * 2, "in each panel")
    draw(cell, "q.gp")


@TABLE.cell
def cpus_are_watched(cell):
    """cpus says how fast the CPUs are, and how far apart, each time it looks"""
    mine = sorted(os.sched_getaffinity(0))
    found = json.loads(succeed(cell, "cpus", "--time", "300ms", "--json"))
    equal(found["schema"], "serverlab.cpus/1", "schema")
    check(len(found["looks"]) >= 1, "looks")
    for look in found["looks"]:
        check(look["work_ns"] > 0, look)
        equal(look["distance_ns"] is None, len(mine) == 1, "has no distance")
    one_cpu = str(mine[0])
    shared = succeed(cell, "cpus", "--time", "0", "--server-cpus", one_cpu,
                     "--client-cpus", one_cpu)
    check("looked at 1 time\n" in shared and "500 system calls" in shared
          and "cache line" not in shared, shared)


@TABLE.cell
def a_fit_is_shown_as_one(cell):
    """[fit] fits the scalability law, and shows what is left of it"""
    with open(f"{cell.directory}/fit.ini", "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = Fit\n[run]\nmodels = epoll\n"
                   "vary = connections=1,2,4,8,16\nrounds = 2\n"
                   "duration = 300ms\nwarmup = 0\nsyscalls = 0\n"
                   "[fit]\nscale = usl over connections\n")
    succeed(cell, "run", "fit.ini")
    # Not what this machine can do, but what the law says.
    db = database(cell)
    for n in (1, 2, 4, 8, 16):
        rate = 30000 * n / (1 + 0.1 * (n - 1) + 0.01 * n * (n - 1))
        db.execute("UPDATE sample SET bounded_by = 'server', "
                   "requests_per_second = ? * "
                   "(0.99 + 0.02 * (round - 1)) WHERE cell_id = (SELECT id "
                   "FROM cell WHERE json_extract(point, '$.connections') = ?)",
                   (rate, str(n)))
    db.commit()
    text = succeed(cell, "show")
    check("Fitted, not measured" in text, text)
    check_fit_is_drawn(cell)
    # Its medians are the law's, so its parameters are.
    check(re.search(r"^epoll +3e\+04 \(.* to .*\) +0.1 \(.* to .*\) +0.01 "
                    r"\(.* to .*\) +9.49 \(.* to .*\) +0.0 %", text, re.M),
          text)
    check("16: 98" in text and "(+0.0 %)" in text, text)
    with open(f"{cell.directory}/fit.ini", "a", encoding="utf-8") as file:
        file.write("x = cosine over connections\n")
    result = compare(cell, "run", "fit.ini")
    equal(result.returncode, 64, "exit status")
    check("cosine" in result.stderr and "usl over" in result.stderr and
          "queue over" in result.stderr,
          result.stderr)


def on_terminal(cell, columns, *arguments, **more):
    """What compare writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [server.program("compare"), *arguments], stdin=subprocess.DEVNULL,
        stdout=theirs, stderr=subprocess.PIPE, cwd=cell.directory,
        env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm", **more})
    os.close(theirs)
    text = b""
    try:
        while part := os.read(ours, 65536):
            text += part
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    equal(process.wait(PATIENCE), 0, "exit status")
    return text.decode().replace("\r\n", "\n")


@TABLE.cell
def terminals(cell):
    """a narrow terminal gets the columns that fit, and colours if it has any"""
    succeed(cell, "run", *SHORT)
    wide = on_terminal(cell, 120, "show")
    check("memory" in wide and "wider" not in wide, wide)
    check("\x1b[" in wide, "colours")
    for columns in (60, 40):
        table = on_terminal(cell, columns, "show", NO_COLOR="1")
        check("\x1b[" not in table, "no colours")
        rows = [line for line in table.splitlines()
                if re.match(r"[* ]  (model|epoll|poll) ", line)]
        equal(len(rows), 3, f"rows in {table}")
        check(max(map(len, rows)) <= columns, table)
        check("requests/s" in rows[0] and "vs epoll" in rows[0], table)
        check("A wider terminal shows more" in table, table)
    check("\x1b[" not in on_terminal(cell, 80, "show", TERM="dumb"), "dumb")


@TABLE.cell
def progress_fits(cell):
    """the line of progress is never wider than the terminal is by then"""
    def resize(columns):
        fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, columns, 0, 0))

    ours, theirs = pty.openpty()
    resize(100)
    process = subprocess.Popen(
        [server.program("compare"), "run", *QUICK, "--rounds", "3", "--models",
         f"external:env 'A=\nB' '{server.program('limit')}' 127.0.0.1:{{port}}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
        cwd=cell.directory)
    text = os.read(ours, 65536)
    resize(40)
    os.close(theirs)
    try:
        while part := os.read(ours, 65536):
            text += part
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    equal(process.wait(PATIENCE), 0, "exit status")
    lines = text.decode().split("\r\x1b[K")[1:]
    check("\n" not in text.decode() and "\r" not in "".join(lines), lines)
    check("round 1 of 3, sample 1 of 3" in lines[0], lines[0])
    check(max(map(len, lines)) < 100, lines)
    narrow = next(n for n, line in enumerate(lines) if len(line) == 39)
    check(max(map(len, lines[narrow:])) == 39, lines)
    check("127.0.0.1" not in "".join(lines[narrow:]), lines)


@TABLE.cell
def one_model_at_several_points(cell):
    """one model alone is a table with a row for each point, and no best one"""
    table = succeed(cell, "run", "--models", "epoll", *BRIEF, "--vary",
                    "connections=1,3", "--vary", "pipeline=1,2")
    rows = re.findall(r"^(epoll|connections \d, pipeline \d)  +\S", table,
                      re.M)
    equal(rows, ["epoll"] + [f"connections {c}, pipeline {p}"
                             for c in (1, 3) for p in (1, 2)], table)
    check("the best" not in table, table)
    text = succeed(cell, "export", "--format", "markdown")
    equal(len([r for r in text.splitlines() if r.startswith("| ")]), 5, text)


def configs(cell):
    """What each client was told, by round and model."""
    rows = database(cell).execute(
        "SELECT round, model, client, cell.point AS point FROM sample "
        "JOIN cell ON cell.id = cell_id ORDER BY round, model")
    return [(row["round"], row["model"], json.loads(row["point"] or "{}"),
             json.loads(row["client"])["config"]) for row in rows]


@TABLE.cell
def random_arrivals(cell):
    """what is drawn is the same for all models of a round, and other in the
    next, unless a seed is set"""
    experiment_file(cell, "epoll, poll", "vary = rate=50\n"
                    "[client]\narrivals = poisson\n")
    succeed(cell, "run", "e.ini", "--seed", "7")
    equal({(c[0], c[1], c[3]["seed"]) for c in configs(cell)},
          {(n, model, 7 + n) for n in (1, 2) for model in ("epoll", "poll")},
          "seeds")
    experiment_file(cell, "epoll, poll", "[client]\nseed = 3\n")
    succeed(cell, "run", "e.ini", "--db", "own.db")
    rows = database(cell, "own.db").execute("SELECT client FROM sample")
    equal({json.loads(r[0])["config"]["seed"] for r in rows}, {3},
          "the seed that was set")


@TABLE.cell
def closed_beside_open(cell):
    """a rate may be the closed loop"""
    table = succeed(cell, "run", "--models", "epoll", *BRIEF, "--vary",
                    "rate=closed,60")
    check("closed and open loop" in table, table)
    equal({(c[2]["rate"], c[3]["loop"], c[3]["rate"]) for c in configs(cell)},
          {("60", "open", 60), ("closed", "closed", None)}, "loops")


@TABLE.cell
def saturation(cell):
    """where the offered rate varies, it is said which one a model keeps up to"""
    # Twenty requests a second are the most that this server can do anywhere.
    with open(f"{cell.directory}/x.ini", "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = S\n[run]\nmodels = epoll\n"
                   "handler = work:block=50ms\nworkload = line:fold=off\n"
                   "rounds = 2\nduration = 500ms\nwarmup = 0\nrepeats = 0\n"
                   "syscalls = 0\nvary = rate=100,200\n"
                   "tolerate = rate, timeout, unanswered\n")
    text = succeed(cell, "run", "x.ini").partition("Saturation")[2]
    check(re.search(r"^epoll +- +100 ", text, re.M),
          f"it falls behind at the first rate: {text}")
    succeed(cell, "report", "-o", "page.html")
    with open(f"{cell.directory}/page.html", encoding="utf-8") as file:
        section = file.read().partition('id="saturation"')[2]
    check('<th class="l" scope="row">epoll</th><td>-</td>' in section
          and "<td>100</td>" in section, "the report says the same")


@TABLE.cell
def addresses_of_all_kinds(cell):
    """a server may listen on IPv4, IPv6 or a Unix socket, each beside the
    others"""
    kinds = ["127.0.0.1:0", f"unix:{cell.directory}/s"]
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            kinds.append("[::1]:0")
    except OSError:
        pass  # there is no IPv6 here
    succeed(cell, "run", "--models", "epoll", *BRIEF, "--vary",
            f"server.listen={','.join(kinds)}")
    equal([r[0] for r in database(cell).execute("SELECT status FROM sample")],
          ["valid"] * 2 * len(kinds), "samples")
    nothing_left()


@TABLE.cell
def what_the_command_line_fixes(cell):
    """what an experiment varies is one value where the command line says one"""
    with open(f"{cell.directory}/x.ini", "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = Varied\n[run]\nmodels = epoll\n"
                   "vary = connections=1,2,3\n size=1,64\nrounds = 2\n"
                   "duration = 100ms\nsyscalls = 0\nrepeats = 0\n")
    succeed(cell, "run", "x.ini", "--connections", "4")
    points = [json.loads(r[0])
              for r in database(cell).execute("SELECT point FROM cell")]
    equal(points, [{"size": "1"}, {"size": "64"}], "points")
    succeed(cell, "run", "x.ini", "--connections", "4", "--workload", "line")
    equal(one(database(cell), "SELECT count(*) FROM cell WHERE run_id = 2"), 1,
          "cells")


@TABLE.cell
def list_shows_runs_and_experiments(cell):
    """list shows the runs and the experiments, also before there is a run"""
    text = succeed(cell, "list")
    check("no runs yet" in text and "race" in text, text)
    succeed(cell, "run", *SHORT)
    check("complete" in succeed(cell, "list"), "the run is listed")


@TABLE.cell
def ascii_without_utf8(cell):
    """where the locale is not UTF-8, the table is plain ASCII"""
    table = compare(cell, "run", *SHORT, LC_ALL="C").stdout
    check(table.isascii(), table)
    check("#" in table, "bars are drawn all the same")


@TABLE.cell
def users_experiment(cell):
    """a user's own file can be run, and its mistakes are named by line"""
    path = os.path.join(cell.directory, "mine.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = Mine\n[run]\nmodels = epoll\n"
                   "rounds = 1\nduration = 300ms\nwarmup = 0\n"
                   "[client]\npipeline = 2\nconnections = 3\n")
    check("Mine" in succeed(cell, "run", "mine.ini"), "its title")
    client = json.loads(one(database(cell), "SELECT client FROM sample"))
    equal(client["config"]["pipeline"], 2, "the client's pipeline")
    equal(client["config"]["connections"], 3, "the client's connections")
    with open(path, "a", encoding="utf-8") as file:
        file.write("[run]\nrounds = none\n")
    result = compare(cell, "run", "mine.ini")
    equal(result.returncode, 64, "exit status")
    check("line 12" in result.stderr and "none" in result.stderr,
          result.stderr)


# ---- the experiments that are here ------------------------------------------

def experiment(name):
    def run(cell):
        result = compare(cell, "run", name, "--quick")
        # Where the machine is too slow for a rate, nothing is measured.
        check(result.returncode in (0, 1), "exit status")
        nothing_left()
        equal(one(database(cell), "SELECT status FROM run"), "complete",
              "status of the run")
        said = result.stdout.partition("What was expected:\n")[2]
        said = said.partition("\n\n")[0].splitlines()
        check(said, "it has expectations")
        for verdict, figures in zip(said[::2], said[1::2]):
            check(re.match(r"(confirmed|refuted|undecided) +\S+: ", verdict),
                  verdict)
            check(re.search(r" [<>]=? |no valid rounds|one round|skipped"
                            "|was not measured at", figures),
                  f"it can be read: {verdict} {figures}")
    return run


for file_name in sorted(os.listdir(EXPERIMENTS)):
    if file_name.endswith(".ini") and file_name != "race.ini":
        TABLE.add(f"the experiment {file_name[:-4]} runs, and its "
                  f"expectations can be read", experiment(file_name[:-4]))


def injected(cell):
    return [json.loads(text) for (text,) in database(cell).execute(
        "SELECT inject FROM sample WHERE status = 'valid'")]


def experiment_file(cell, models, more):
    with open(f"{cell.directory}/e.ini", "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = T\n[run]\n"
                   f"models = {models}\nconnections = 4\nrounds = 2\n"
                   f"duration = 300ms\nwarmup = 50ms\n{more}")


BREAKS = ("tolerate = read.EOF, read.ECONNRESET, write.EPIPE, "
          "write.ECONNRESET, connect.ECONNREFUSED, connect.ECONNRESET\n")


@TABLE.cell
def no_counting_beside_injections(cell):
    """system calls are not counted while something is done to the server, also
    where what is done only varies"""
    experiment_file(cell, "epoll", BREAKS + "syscalls = 1\n"
                    "vary = inject.what=kill,freeze\n")
    succeed(cell, "run", "e.ini")
    equal(one(database(cell), "SELECT counting FROM run"), None,
          "why nothing was counted")
    equal(one(database(cell), "SELECT count(*) FROM sample "
              "WHERE status = 'counted'"), 0, "counted samples")


@TABLE.cell
def a_worker_is_killed(cell):
    """a killed worker takes its connections with it, a sole process all"""
    experiment_file(cell, "fork, epoll", BREAKS +
                    "[inject]\nwhat = kill\nto = worker\n"
                    "[client]\nthink = 1ms\n")
    succeed(cell, "run", "e.ini")
    nothing_left()
    equal([e["what"] for e in injected(cell)], ["kill"] * 4, "what was done")
    equal([e["leader"] for e in injected(cell)].count(True), 2,
          "servers that are their own worker")
    for model, text in database(cell).execute(
            "SELECT model, client FROM sample JOIN cell ON cell.id = cell_id"):
        broken = sum(count for name, count in json.loads(text)["errors"].items()
                     if not name.startswith("connect."))
        equal(broken, 1 if model == "fork" else 4,
              f"connections of {model} that broke")


@TABLE.cell
def a_server_is_terminated(cell):
    """a server that is told to stop within the window ends, and well"""
    experiment_file(cell, "epoll, thread", BREAKS +
                    "[inject]\nwhat = terminate\nat = 50%\n")
    succeed(cell, "run", "e.ini")
    nothing_left()
    ends = [e["ended_after_ns"] for e in injected(cell)]
    equal(len(ends), 4, "servers that ended")
    check(min(ends) > 0, "after the signal")


@TABLE.cell
def few_descriptors(cell):
    """the server may have no more descriptors than the experiment says"""
    experiment_file(cell, "epoll", "[inject]\ndescriptors = 32\n"
                    "[client]\nconnections = 40\n")
    check("answered" in succeed(cell, "run", "e.ini"), "some had to wait")


@TABLE.cell
def what_is_not_tolerated(cell):
    """errors that the experiment does not name make the sample invalid"""
    experiment_file(cell, "epoll", "tolerate = connect.ECONNREFUSED, timeout\n"
                    "[inject]\nwhat = kill\n")
    result = compare(cell, "run", "e.ini")
    equal(result.returncode, 1, "exit status")
    check("invalid  epoll: " in result.stdout, result.stdout)


@TABLE.cell
def lessons_are_whole(cell):
    """every experiment has its question, choices, explanation, plots, reading,
    a quick size and expectations"""
    del cell
    for name in sorted(os.listdir(EXPERIMENTS)):
        parts = configparser.ConfigParser(interpolation=None, strict=False,
                                          delimiters=("=",))
        parts.read(f"{EXPERIMENTS}/{name}", encoding="utf-8")
        about = parts["experiment"] if "experiment" in parts else {}
        for key in ("title", "question", "choices", "explain", "read"):
            check(about.get(key), f"{name} has {key}")
        for section in ("run", "quick", "plot", "expect"):
            check(section in parts and len(parts[section]),
                  f"{name} has [{section}]")
        for path in re.findall(r"[a-z]+/[a-z_/]+\.[a-z]+", about["read"]):
            check(os.path.exists(f"{EXPERIMENTS}/../../{path}"),
                  f"what {name} says to read is there: {path}")


@TABLE.cell
def beside_published_figures(cell):
    """an experiment may set its figures beside published ones, in the terminal,
    the report and Markdown; what is not certain is left empty"""
    experiment_file(cell, "epoll, poll", """[beside]
title = Beside the book
value = 2 * cpu_per_request(MODEL) - cpu_per_request(epoll)
source = a book
row = epoll | 5 us | the first
 poll | | the second
""")
    table = succeed(cell, "run", "e.ini").partition("Beside the book\n")[2]
    lines = [line.split() for line in table.splitlines()]
    equal([line[0] for line in lines[1:4]], ["epoll", "poll", "published:"],
          "rows")
    check(lines[1][-6:] == ["5", "us", "100", "%", "the", "first"], table)
    check(lines[2][-3:] == ["-", "the", "second"], table)
    check("100 %" in table, table)
    text = succeed(cell, "export", "--format", "markdown")
    text = text.partition("\n\n**Beside the book**\n\n")[2]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines()]
    equal([row[0] for row in rows[2:4]], ["epoll", "poll"], text)
    equal([row[-3:] for row in rows[2:4]],
          [["5 us", "100 %", "the first"], ["-", "", "the second"]], text)
    check(text.endswith("\n\nPublished: a book\n"), text)
    succeed(cell, "report", "-o", "page.html")
    with open(f"{cell.directory}/page.html", encoding="utf-8") as file:
        text = file.read().partition("<h2>Beside the book</h2>")[2]
    check(re.search(r'scope="row">epoll</th>.*<td>5 us</td><td>100 %</td>'
                    r'<td class="l">the first</td></tr>', text), text[:900])
    check("Published: a book</p>" in text, text[:900])


@TABLE.cell
def within_a_time(cell):
    """--within makes rounds fewer, and a wrong time is refused"""
    succeed(cell, "run", "--models", "epoll", "--duration", "100ms",
            "--warmup", "0", "--rounds", "9", "--within", "1100ms")
    equal(one(database(cell), "SELECT rounds FROM run"), 3, "rounds")
    equal(compare(cell, "run", "--within", "soon").returncode, 64,
          "exit status")


@TABLE.cell
def demo(cell):
    """a demo asks, measures, and explains; without a name it lists them"""
    script = os.path.join(os.path.dirname(EXPERIMENTS), "demo")
    # It works in the tree that it is in: a tree of links to ours.
    shutil.copytree(EXPERIMENTS, f"{cell.directory}/scripts/experiments")
    shutil.copy(script, f"{cell.directory}/scripts")
    os.symlink(os.path.dirname(os.path.abspath(server.program("compare"))),
               f"{cell.directory}/bin")
    script = f"{cell.directory}/scripts/demo"
    listed = succeed(cell, program=script)
    check("pipeline" in listed and "race" in listed, listed)
    said = succeed(cell, "--yes", "pipeline", program=script,
                   SERVERLAB_QUICK="1")
    places = [said.find(word) for word in (
        "What does it save", "  a) only", "CPU/request", "What was expected",
        "Requests that arrive together", "Read next: servers/")]
    check(-1 not in places and places == sorted(places), said)
    for wrong in (("--yes", "nosuch"), ("--quick", "pipeline"),
                  ("pipeline", "churn"), ("--within",),
                  ("--yes", "pipeline", "--within", "soon")):
        result = compare(cell, *wrong, program=script)
        equal(result.returncode, 64, f"exit status for {wrong}")
        check(wrong[-1] in result.stderr or wrong[0] in result.stderr,
              result.stderr)
    equal(len(re.findall("^  \\S", listed, re.M)),
          len([n for n in os.listdir(EXPERIMENTS) if n.endswith(".ini")]),
          "lines of the list")
    equal([line for line in listed.splitlines()[1:]
           if line and not line.startswith("  ")], [], "others")
    check("--within" in succeed(cell, "--help", program=script), "its help")


def draw(cell, script):
    """What gnuplot makes of it, if it is there: its SVG, or nothing."""
    if not shutil.which("gnuplot"):
        return ""
    drawn = subprocess.run(["gnuplot", script], cwd=cell.directory,
                           capture_output=True, text=True, check=False,
                           timeout=PATIENCE)
    equal((drawn.returncode, drawn.stderr), (0, ""), "gnuplot")
    check("<svg" in drawn.stdout and "epoll" in drawn.stdout, "drawn")
    return drawn.stdout


@TABLE.cell
def gnuplot(cell):
    """gnuplot draws what export writes for it: bars, lines, and a column for
    each value of a second name"""
    for load, columns in ((SHORT, 1),
                          ((*VARIED, "--vary", "connections=1,2"), 1),
                          ((*VARIED, "--vary", "connections=1,2,4", "--vary",
                            "size=1,64"), 2)):
        succeed(cell, "run", *load)
        succeed(cell, "export", "--format", "gnuplot", "-o", "run.gp")
        with open(f"{cell.directory}/run.gp", encoding="utf-8") as file:
            text = file.read()
        check(f"set multiplot layout 3,{columns} " in text, text)
        check("'epoll'" in text or '"epoll"' in text, text)
        drawn = draw(cell, "run.gp")
        if drawn and columns == 2:
            check("size 1<" in drawn and "size 64<" in drawn, "their titles")
    equal(len(re.findall(r"^\$sweep\d_model\d << EOD$", text, re.M)), 4,
          "models and sizes")
    for block in re.findall(r"^\$sweep.*?<< EOD\n(.*?)\nEOD$", text,
                            re.M | re.S):
        equal([line.split()[:2] for line in block.splitlines()],
              [["0", '"1"'], ["1", '"2"'], ["2", '"4"']], "its points")


@TABLE.cell
def gnuplot_takes_texts_as_they_are(cell):
    """what a user writes is text in the gnuplot script: no command runs, no
    letter means anything, and a text of two lines stands in one"""
    odd = r"""`touch RUN` isn't "a_b^{c}" @d & ~e\f\n 5 %d $g #h"""
    for more in ((), ("--vary", "connections=1,2")):
        succeed(cell, "run", *SHORT[:2], *BRIEF, *more)
        db = database(cell)
        db.execute("UPDATE run SET title = ?", (f"{odd}\nand\ton",))
        db.execute("UPDATE cell SET model = ? WHERE model = 'poll'",
                   (f"{odd}\ni",))
        db.commit()
        succeed(cell, "export", "--format", "gnuplot", "-o", "run.gp")
        drawn = draw(cell, "run.gp")
        equal(sorted(os.listdir(cell.directory)), ["results", "run.gp"],
              "files")
        found = list(map(html.unescape, re.findall(">([^<]*)<", drawn)))
        for text in (f"{odd} and on", f"{odd} i"):
            check(not drawn or text in found, f"{text} in {found}")


# ---- stopped and killed -----------------------------------------------------

LONG = ("run", "--models", "epoll,fork,thread", "--rounds", "900",
        "--duration", "20ms", "--warmup", "5ms", "--connections", "3")


def begin(cell, *arguments, run=LONG, before=None):
    """Starts a long run, in a session of its own."""
    return subprocess.Popen(
        [server.program("compare"), *run, *arguments], cwd=cell.directory,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=before)


def await_samples(cell, process, count):
    deadline = time.monotonic() + PATIENCE
    while samples(cell) < count:
        check(process.poll() is None, "the run goes on")
        check(time.monotonic() < deadline, "samples arrive")
        time.sleep(0.02)


def samples(cell):
    try:
        db = sqlite3.connect(
            f"file:{cell.directory}/results/results.db?mode=ro", uri=True,
            timeout=PATIENCE)
        found = one(db, "SELECT count(*) FROM sample JOIN cell ON "
                        "cell.id = cell_id WHERE run_id = "
                        "(SELECT max(id) FROM run)")
        db.close()
        return found
    except sqlite3.OperationalError:
        return 0  # not there yet


@TABLE.cell
def killed_at_any_moment(cell):
    """killed at random moments it has lost no finished sample and leaves no
    process behind"""
    for turn in range(6):
        process = begin(cell)
        await_samples(cell, process, turn)
        time.sleep(random.random() * 0.2)
        seen = samples(cell)
        process.kill()
        process.communicate()
        nothing_left()
        if not os.path.exists(f"{cell.directory}/results/results.db"):
            continue  # killed before it was made
        db = database(cell)
        equal(one(db, "PRAGMA integrity_check"), "ok", "the database")
        equal(db.execute("PRAGMA foreign_key_check").fetchall(), [],
              "broken references")
        db.close()
        check(samples(cell) >= seen, "finished samples are there")
        if samples(cell):
            equal(compare(cell, "show", "latest").returncode, 0, "show")


def stopped_by(cell, number, status):
    process = begin(cell)
    await_samples(cell, process, 2)
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    equal(process.returncode, status, "exit status")
    nothing_left()
    found = re.search(r"the finished samples, (\d+), are run (\d+)",
                      errors)
    check(found, errors)
    equal(samples(cell), int(found.group(1)), "samples in the database")
    check("compare show" in errors, "it says how to see them")
    equal(one(database(cell), "SELECT status FROM run"), "interrupted",
          "status of the run")
    table = succeed(cell, "show", found.group(2))
    check("epoll" in table, "they are shown")
    check(re.search(r"^!  this run is not finished \(interrupted\): \d+ of \d+ "
                    "rounds are whole$", table, re.M), table)


@TABLE.cell
def interrupted(cell):
    """SIGINT keeps what is finished, says how to see it, and ends with 130"""
    stopped_by(cell, signal.SIGINT, 130)


@TABLE.cell
def terminated(cell):
    """SIGTERM does the same and ends with 143"""
    stopped_by(cell, signal.SIGTERM, 143)


@TABLE.cell
def interrupted_before_the_server_is_ready(cell):
    """SIGINT ends a run whose server does not become ready, at once"""
    process = begin(cell, "--models", "external:sleep 1000 {port}",
                    run=("run",))
    deadline = time.monotonic() + PATIENCE
    while "sleep" not in [s.name for s in proc.children(process.pid)]:
        check(process.poll() is None and time.monotonic() < deadline,
              "the server is started")
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE)
    equal(process.returncode, 130, "exit status")
    check("no sample was finished" in errors, errors)
    nothing_left()


# A server whose worker is in a process group of its own.
FORKER = r'''
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if os.fork() == 0:
    os.setpgid(0, 0)
    with open("workers", "a") as file:
        print(os.getpid(), file=file)
while True:
    connection, _ = listener.accept()
    while data := connection.recv(65536):
        connection.sendall(data)
'''


def forker(cell):
    path = os.path.join(cell.directory, "forker.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write(FORKER)
    python = shutil.which("python3", path="/usr/bin") or sys.executable
    return f"external:{python} {path} {{port}}"


def workers_of_forker(cell):
    try:
        with open(f"{cell.directory}/workers", encoding="ascii") as file:
            return [int(line) for line in file]
    except FileNotFoundError:
        return []


def anybody():
    """Becomes somebody who can make no control group."""
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


def may_run(cell, before):
    os.chmod(cell.directory, 0o777)
    if compare(cell, "--version", before=before).returncode != 0:
        raise tap.Skip("nobody may run what was built here")


def workers_of_their_own(before):
    def run(cell):
        may_run(cell, before)
        succeed(cell, "run", "--models", forker(cell), *BRIEF,
                "--connections", "1", before=before)
        equal(len(workers_of_forker(cell)), 2, "workers")
        nothing_left()
    return run


def killed_with_workers(before):
    def run(cell):
        may_run(cell, before)
        process = begin(cell, "--models", forker(cell), "--duration", "100s",
                        run=("run", "--connections", "1"), before=before)
        deadline = time.monotonic() + PATIENCE
        while not workers_of_forker(cell):
            check(process.poll() is None and time.monotonic() < deadline,
                  "the worker is started")
            time.sleep(0.02)
        # Ctrl-C reaches all that are in the foreground.
        os.killpg(process.pid, signal.SIGINT)
        process.kill()
        process.communicate()
        nothing_left()
        left = [path for path, _, _ in os.walk("/sys/fs/cgroup")
                if path.endswith(f"/serverlab-{process.pid}")]
        equal(left, [], "control groups")
    return run


for rights, become in (("", None), (" without a control group", anybody)):
    TABLE.add(f"a server's worker{rights} ends with the sample, also in a "
              "process group of its own", workers_of_their_own(become))
    TABLE.add(f"a server's worker{rights} does not outlive a compare that is "
              "killed", killed_with_workers(become))


@TABLE.cell
def interrupted_with_a_file_to_write(cell):
    """what was finished before SIGINT is written to --json as well"""
    process = begin(cell, "--json", "run.json")
    await_samples(cell, process, 2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    with open(f"{cell.directory}/run.json", encoding="utf-8") as file:
        run = json.load(file)
    equal(run["run"]["status"], "interrupted", "status")
    equal(sum(len(c["samples"]) for c in run["cells"]), samples(cell),
          "samples")


@TABLE.cell
def a_server_that_never_listens(cell):
    """a server that is not ready in time is waited for once, not every round"""
    table = succeed(cell, "run", *QUICK, "--rounds", "3", "--start", "1500ms",
                    "--models", "epoll;external:sleep 1000 {port}")
    check("skipped  external:sleep 1000 {port}: the server was not ready "
          "within 1.5s" in table, table)
    nothing_left()


@TABLE.cell
def two_runs_at_once(cell):
    """two runs may share a database at the same time"""
    both = [begin(cell, "--rounds", "4") for _ in range(2)]
    for process in both:
        output, errors = process.communicate(timeout=PATIENCE)
        equal(process.returncode, 0, f"exit status: {output} {errors}")
    rows = database(cell).execute(
        "SELECT run_id, count(*) FROM sample JOIN cell ON cell.id = cell_id "
        "WHERE status = 'valid' GROUP BY run_id").fetchall()
    equal(len(rows), 2, "runs")
    equal([status for (status,) in database(cell).execute(
        "SELECT status FROM run")], ["complete"] * 2, "their status")


# ---- nowhere to write, and nothing to read ----------------------------------

def small_files():
    """In a child: as on a disk that is full after so many bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))


@TABLE.cell
def a_full_disk_leaves_what_was_there(cell):
    """a file that cannot be written as a whole stays as it was"""
    succeed(cell, "run", *SHORT, "--rounds", "5")
    for arguments in (("export", "--format", "json", "-o", "kept"),
                      ("report", "-o", "kept")):
        with open(f"{cell.directory}/kept", "w", encoding="utf-8") as file:
            file.write("before")
        result = compare(cell, *arguments, before=small_files)
        equal(result.returncode, 1, "exit status")
        check(re.search("cannot write kept: File too large", result.stderr),
              result.stderr)
        with open(f"{cell.directory}/kept", encoding="utf-8") as file:
            equal(file.read(), "before", "the file")
    equal(sorted(os.listdir(cell.directory)), ["kept", "results"], "files")


@TABLE.cell
def a_full_disk_under_the_database(cell):
    """where the database cannot grow a run ends, says what was kept, and that
    is there"""
    def full_soon():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))
    result = compare(cell, *LONG, before=full_soon)
    equal(result.returncode, 1, "exit status")
    found = re.search(r"the finished samples, (\d+), are run 1",
                      result.stderr)
    check(found and "cannot" in result.stderr, result.stderr)
    equal(samples(cell), int(found.group(1)), "samples in the database")
    equal(one(database(cell), "PRAGMA integrity_check"), "ok", "the database")
    check("epoll" in succeed(cell, "show"), "they are shown")
    nothing_left()


@TABLE.cell
def standard_output_that_is_full(cell):
    """what cannot be printed is a failure"""
    succeed(cell, "run", *SHORT)
    for arguments in (("show",), ("list",), ("export", "--format", "csv")):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run(
                [server.program("compare"), *arguments], stdout=full,
                stderr=subprocess.PIPE, text=True, check=False,
                cwd=cell.directory, timeout=PATIENCE)
        equal(result.returncode, 1, f"exit status of {arguments}")
        check("standard output: No space left" in result.stderr,
              result.stderr)


@TABLE.cell
def results_of_somebody_else(cell):
    """a database that may only be read is shown, and not written"""
    if os.geteuid() != 0:
        raise tap.Skip("only root can become somebody else here")
    succeed(cell, "run", *SHORT)
    os.chmod(cell.directory, 0o755)

    def nobody():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    if compare(cell, "--version", before=nobody).returncode != 0:
        raise tap.Skip("nobody may run what was built here")
    for arguments in (("show",), ("list",), ("export", "--format", "csv")):
        result = compare(cell, *arguments, before=nobody)
        equal(result.returncode, 0, f"exit status of {arguments}")
        check("epoll" in result.stdout, result.stdout)
    result = compare(cell, "run", *SHORT, before=nobody)
    equal(result.returncode, 1, "exit status of run")
    check("results/results.db" in result.stderr, result.stderr)


@TABLE.cell
def a_database_that_is_none(cell):
    """a damaged database, a newer one, and a file that is none are told"""
    succeed(cell, "run", *SHORT)
    with open(f"{cell.directory}/results/results.db", "rb") as file:
        whole = file.read()
    with open(f"{cell.directory}/damaged.db", "wb") as file:
        file.write(whole[:8192] + os.urandom(len(whole) - 8192))
    with open(f"{cell.directory}/text.db", "wb") as file:
        file.write(b"no database, but long enough to be one" * 100)
    shutil.copy(f"{cell.directory}/results/results.db",
                f"{cell.directory}/newer.db")
    newer = database(cell, "newer.db")
    newer.execute("PRAGMA user_version = 99")
    newer.commit()
    newer.close()
    for name, words in (("damaged.db", "malformed"),
                        ("text.db", "not a database"),
                        ("newer.db", "newer serverlab (version 99")):
        for arguments in (("show",), ("run", *SHORT)):
            result = compare(cell, *arguments, "--db", name)
            equal(result.returncode, 1, f"exit status of {arguments}")
            check(words in result.stderr and name in result.stderr,
                  result.stderr)


@TABLE.cell
def a_database_of_others(cell):
    """another program's database is refused and left as it was, also by
    commands that only read; an empty file is filled by a run only"""
    db = database(cell, "other.db")
    db.execute("CREATE TABLE mine (x)")
    db.commit()
    db.close()
    for arguments in (("show",), ("list",), ("run", *SHORT)):
        result = compare(cell, *arguments, "--db", "other.db")
        if arguments != ("list",):
            equal(result.returncode, 1, f"exit status of {arguments}")
            check("another program's" in result.stderr, result.stderr)
        tables = database(cell, "other.db").execute(
            "SELECT name FROM sqlite_master").fetchall()
        equal([row[0] for row in tables], ["mine"], "its tables")
    with open(f"{cell.directory}/empty.db", "wb"):
        pass
    result = compare(cell, "show", "--db", "empty.db")
    equal(result.returncode, 1, "exit status where there is no run")
    check("holds no run yet" in result.stderr, result.stderr)
    equal(os.path.getsize(f"{cell.directory}/empty.db"), 0, "its size")
    succeed(cell, "run", *SHORT, "--db", "empty.db")
    result = compare(cell, "show", "0", "--db", "empty.db")
    equal(result.returncode, 1, "exit status of run 0")
    check("there is no run 0" in result.stderr, result.stderr)


# ---- wrong use --------------------------------------------------------------

WRONG = (
    ("an unknown command", ["measure"], 64, ["measure", "run", "show"]),
    ("no command", [], 64, ["run"]),
    ("a misspelt command", ["rnu"], 64, ["rnu; did you mean run?"]),
    ("an unknown model", ["run", "--models", "epoll,nosuch"], 64,
     ["nosuch", "poll", "limit"]),
    ("a misspelt model", ["run", "--models", "epoll,preforkk:workers=2"], 64,
     ["preforkk:workers=2; did you mean prefork?"]),
    ("an unknown experiment", ["run", "nosuch"], 64, ["nosuch", "list"]),
    ("a misspelt experiment", ["run", "blockingio"], 64,
     ["blockingio; did you mean blocking-io?"]),
    ("a misspelt lesson", ["lesson", "c1ok"], 64, ["did you mean c10k?"]),
    ("something misspelt that varies", ["run", "--vary", "conections=1,2"],
     64, ["conections; did you mean connections?"]),
    ("what varies twice", ["run", "--vary", "size=1,2", "--vary", "size=3"],
     64, ["size is varied twice"]),
    ("the same value twice", ["run", "--vary", "size=1,2,1"], 64,
     ["size", "1 is there twice"]),
    ("one value and several", ["run", "--connections", "4", "--vary",
                               "connections=1,2"], 64,
     ["--connections", "--vary connections", "one of them"]),
    ("a value that the client does not take",
     ["run", "--models", "epoll", "--vary", "connections=1,many"], 64,
     ["many"]),
    ("options of the client that contradict each other",
     ["run", "--models", "epoll", "--vary", "rate=100,200", "--vary",
      "think=1ms,2ms"], 64, ["--think does not go with --rate"]),
    ("an unknown workload",
     ["run", "--models", "epoll", "--workload", "nosuch"], 64, ["nosuch"]),
    ("an unknown handler",
     ["run", "--models", "epoll", "--handler", "nosuch"], 64, ["nosuch"]),
    ("a wrong option of a workload",
     ["run", "--models", "epoll", "--vary", "size=1,big"], 64, ["big"]),
    ("an option of the server that it does not have",
     ["run", "--models", "epoll", "--vary", "server.backlogg=1,2"], 64,
     ["backlogg"]),
    ("too little time", ["run", "--models", "epoll", "--within", "1ms"], 64,
     ["within", "1 cells in 2 rounds take"]),
    ("a JSON file in a place that is none",
     ["run", "--models", "epoll", "--json", "/no/such/place/x.json"], 1,
     ["/no/such/place/x.json"]),
    ("a file that is not there", ["run", "./no.ini"], 64, ["no.ini"]),
    ("a wrong option of a model", ["run", "--models", "epoll:colour=red"], 64,
     ["colour"]),
    ("a peer that is not there", ["run", "--models", "peer:nosuch"], 64,
     ["peer:nosuch", "peer:asyncio"]),
    ("no rounds", ["run", "--rounds", "0"], 64, ["rounds"]),
    ("a time that is none", ["run", "--duration", "soon"], 64, ["soon"]),
    ("a width that is none", ["run", "--until", "narrow"], 64,
     ["narrow", "percent"]),
    ("a budget that is none", ["run", "--budget", "enough"], 64, ["enough"]),
    ("a null server that cannot do it",
     ["calibrate", "--workload", "http"], 64, ["http", "echo"]),
    ("watching for hours", ["cpus", "--time", "2h"], 64, ["2h", "5m"]),
    ("watching CPUs that are none", ["cpus", "--server-cpus", "x"], 64, ["x"]),
    ("watching CPUs that are not there", ["cpus", "--client-cpus", "1023"], 64,
     ["1023"]),
    ("patience that is none", ["run", "--patience", "some"], 64, ["some"]),
    ("repeats without end", ["run", "--repeats", "101"], 64, ["101", "100"]),
    ("a baseline that is not measured",
     ["run", "--models", "epoll", "--baseline", "poll"], 64, ["poll"]),
    ("CPUs that are none", ["run", "--server-cpus", "many"], 64, ["many"]),
    ("CPUs that are not there", ["run", "--server-cpus", "0,1023"], 64,
     ["server-cpus 0,1023", "this machine has"]),
    ("something that cannot vary", ["run", "--vary", "weather=fine"], 64,
     ["weather", "connections"]),
    ("an unknown flag", ["run", "--frobnicate"], 64, ["frobnicate"]),
    ("a format that is not there", ["export", "--format", "png"], 64,
     ["png", "csv"]),
    ("importing nothing", ["import"], 64, ["FILE"]),
    ("results that are not there", ["show"], 1, ["results/results.db"]),
    ("a file of results that is not there", ["show", "./no.json"], 1,
     ["no.json"]),
    ("importing what is no run", ["import", "/dev/null"], 1, ["/dev/null"]),
    ("a database in a place that is none",
     ["run", "--db", "/dev/null/x/results.db"], 1, ["/dev/null/x"]),
    ("a database that is a folder", ["run", "--db", "."], 1, ["."]),
)


def wrong_use(arguments, status, words):
    def run(cell):
        result = compare(cell, *arguments)
        equal(result.returncode, status, "exit status")
        for word in words:
            check(word in result.stderr, f"{word} is named")
        said = [x for x in result.stderr.splitlines()
                if not x.startswith(("Try", "round"))]
        equal(len(said), 1, f"lines of complaint ({said})")
        equal(result.stdout, "", "standard output")
        check(status != 64 or not os.path.exists(f"{cell.directory}/results"),
              "nothing was measured or kept")
        nothing_left()
    return run


for name, wrong, exit_status, named in WRONG:
    TABLE.add(f"wrong use: {name}", wrong_use(wrong, exit_status, named))


@TABLE.cell
def options_of_client_and_server(cell):
    """every option of client and server can be varied, or is refused for a
    reason of its own"""
    taken = set()
    for program, prefix in (("client", ""), ("server", "server.")):
        told = server.run(program, "--help").stdout
        for name in re.findall(r"^ +(?:-\S, )?--([a-z-]+)", told, re.M):
            if name in ("workload", "handler") and not prefix:
                continue
            # The baseline is looked at after what is varied.
            said = compare(cell, "run", "--models", "epoll", "--baseline",
                           "poll", "--vary", f"{prefix}{name}=on").stderr
            if "the baseline" in said:
                taken.add(f"{prefix}{name}")
            else:
                check(f"the {program}'s --{name} cannot be set: " in said,
                      f"--{name}: {said}")
    for name in ("close", "connect-rate", "clock", "server.overload"):
        check(name in taken, f"{name} is taken")
    for name in ("json", "cpus", "server.model", "server.stats"):
        check(name not in taken, f"{name} is not")


# What stands in an experiment's file, and what is said of it.
RUN = "[run]\nmodels = epoll\n"
MISTAKES = (
    ("an unknown setting", "[run]\nmodles = epoll\n",
     ["x.ini, line 2", "modles; did you mean models?"]),
    ("a setting in the wrong section", "[run]\npipeline = 4\n",
     ["line 2", "pipeline", "belongs into [client]"]),
    ("an unknown option of the client", "[client]\nthinks = 1ms\n",
     ["line 2", "thinks; did you mean think?"]),
    ("an option of the client that compare needs", "[client]\njson = x\n",
     ["line 2", "--json cannot be set", "itself"]),
    ("an option of the client that the run has", "[client]\ncpus = 1\n",
     ["line 2", "say client-cpus in [run]"]),
    ("a flag that is neither on nor off", "[client]\nbusy-poll = yes\n",
     ["line 2", "busy-poll yes", "on or off"]),
    ("an unknown option of the server", "[server]\nback-log = 1\n",
     ["line 2", "back-log; did you mean backlog?"]),
    ("an option of the server that would change the model",
     "[server]\nmodel = poll\n", ["line 2", "say models in [run]"]),
    ("an unknown section", "[rum]\nmodels = epoll\n", ["[rum]", "run"]),
    ("no section", "models = epoll\n", ["line 1", "section"]),
    ("an empty list", "[run]\nmodels = epoll,,poll\n",
     ["line 2", "a model is missing"]),
    ("a line that is none", "[run]\nmodels\n", ["line 2", "name = value"]),
    ("a line that is too long", f"[run]\nmodels = {'x' * 400}\n",
     ["line 2", "190"]),
    ("an unknown metric", RUN + "[expect]\nx = troughput(epoll) > 1\n",
     ["[expect] x", "troughput; did you mean throughput?"]),
    ("a relation that is none", RUN + "[expect]\nx = p99(epoll) is good\n",
     ["[expect] x", "<, <=, > or >= is missing"]),
    ("a model that is not measured", RUN + "[expect]\nx = p99(epol) > 1\n",
     ["[expect] x", "epol was not measured"]),
    ("a point that is not measured", RUN + "vary = connections=1,2\n"
     "[expect]\nx = p99(epoll @ connections=3) > 1\n",
     ["[expect] x", "connections=3"]),
    ("a plot over what is not varied", RUN + "[plot]\nx = p99 over size\n",
     ["[plot] size is not varied"]),
    ("a fit over what is not varied", RUN +
     "[fit]\nx = usl over connections\n",
     ["[fit] connections is not varied"]),
    ("a term beside the published that is none", RUN +
     "[beside]\nvalue = speed(MODEL)\nrow = epoll | 1 | one\n",
     ["[beside]", "no metric speed"]),
)


def mistake(text, words):
    def run(cell):
        with open(f"{cell.directory}/x.ini", "w", encoding="utf-8") as file:
            file.write(text)
        wrong_use(["run", "x.ini"], 64, words)(cell)
    return run


for name, ini_text, named in MISTAKES:
    TABLE.add(f"a mistake in an experiment: {name}", mistake(ini_text, named))


@TABLE.cell
def only_utf8(cell):
    """an experiment's file or an argument that is not UTF-8 is refused, for
    JSON could not hold it; what a program says in other letters is kept"""
    text = "[experiment]\ntitle = \xe4\n[run]\nmodels = epoll\n"
    with open(f"{cell.directory}/x.ini", "w", encoding="latin-1") as file:
        file.write(text)
    wrong_use(["run", "x.ini"], 64, ["x.ini, line 2 is not UTF-8"])(cell)
    result = subprocess.run(
        [server.program("compare"), "run", "--models", b"external:\xe4 {port}"],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
        cwd=cell.directory, timeout=PATIENCE)
    equal(result.returncode, 64, "exit status")
    check(b"not UTF-8" in result.stderr, result.stderr)
    with open(f"{cell.directory}/loud", "wb") as file:
        file.write(b"#!/bin/sh\necho l\xe4rm >&2\n")
    os.chmod(f"{cell.directory}/loud", 0o755)
    compare(cell, "run", "--models", "external:./loud {port}", *QUICK)
    samples_of = json.loads(succeed(cell, "export"))["cells"][0]["samples"]
    check("l?rm" in samples_of[0]["reason"], samples_of[0])


# ---- programs that fail -----------------------------------------------------

SERVER = r'''#!/usr/bin/env python3
import json, os, signal, sys, time
args = sys.argv[1:]
if "--list-models" in args:
    print("good  serves\n    option=1  of it\nbad   does not")
    sys.exit(0)
if "--list-handlers" in args:
    sys.exit(0)
value = lambda name: args[args.index(name) + 1]
model = value("--model").split(":")[-1]
def stop(*_):
    if model == "stubborn":
        return
    if model == "crashes":
        print("server: the last straw", file=sys.stderr, flush=True)
        os.abort()
    if model == "unhappy":
        os._exit(3)
    if "--stats" in args and model != "mute":
        with open(value("--stats"), "w") as f:
            json.dump({"schema": "serverlab.server/1", "requests":
                       12 if model == "lies" else 10, "workers": []}, f)
    os._exit(0)
signal.signal(signal.SIGTERM, stop)
if model == "unavailable":
    sys.exit(print("server: no such thing on this machine", file=sys.stderr)
             or 69)
if model == "broken":
    sys.exit(print("server: it is broken", file=sys.stderr) or 1)
if model == "usage":
    sys.exit(print("server: wrong option", file=sys.stderr) or 64)
if model == "silent":
    os.close(int(value("--ready-fd")))
else:
    os.write(int(value("--ready-fd")), b"127.0.0.1:9\n")
if model == "dies":
    with open(os.environ["DIE"], "rb") as f:
        f.read()
    os.kill(os.getpid(), signal.SIGSEGV)
while True:
    signal.pause()
'''

CLIENT = r'''#!/usr/bin/env python3
import json, os, signal, sys, time
args = sys.argv[1:]
value = lambda name: args[args.index(name) + 1]
what = value("--workload").split(":")[0]
def runs_before():
    """How many clients of this name have run before."""
    with open(os.environ["DIE"] + ".runs", "a+") as f:
        f.write("x")
        return f.tell() - 1
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
phase = int(value("--phase-fd"))
def stopped(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[0] == "T"
def stop_compare():
    os.kill(os.getppid(), signal.SIGSTOP)
    while not stopped(os.getppid()):
        pass
def take_window():
    """A window of 20 ms, its phases said to compare."""
    if what == "early":  # it sees both edges when they are past
        stop_compare()
    begin = time.monotonic_ns()
    os.write(phase, b"start\n")
    if what == "noisy":
        burn(0.3)  # CPU time that it will not own
    if what == "late":  # it sees the end when it is long past
        time.sleep(0.02)
        stop_compare()
    else:
        time.sleep(0.02)
    window_ns = time.monotonic_ns() - begin
    os.write(phase, b"stop\n")
    if what == "late":
        time.sleep(0.1)
    os.kill(os.getppid(), signal.SIGCONT)
    return window_ns
if what == "fails":
    sys.exit(print("client: cannot connect", file=sys.stderr) or 1)
os.write(phase, b"connected\n")
if what == "kills":
    os.write(phase, b"start\n")
    open(os.environ["DIE"], "wb").close()
    while True:
        time.sleep(1)
rate = 140.0
if what == "settles" and (n := runs_before()) < 3:
    rate += 100 * n
window_ns = take_window()
q = {"count": 10, "min": 1000, "mean": 2000, "stddev": 1, "p50": 2000,
     "p75": 2000, "p90": 3000, "p95": 3000, "p99": 4000, "p99_9": 4000,
     "p99_99": 4000, "max": 5000}
valid = what != "invalid"
with open(value("--json"), "w") as f:
    if what != "mute":
        json.dump({"schema": "serverlab.client/1", "valid": valid,
            "reasons": [] if valid else ["one reason", "and another"],
            "config": {"loop": "closed", "pipeline": 1},
            "bounded_by": "client" if what == "slow" else "server",
            "window_ns": window_ns,
            "connections": {"asked": 64, "established": 64},
            "requests": {"ok": 7, "warmup": 2, "drained": 1,
                         "in_flight": 64 if what == "starves" else 1},
            "throughput": {"requests_per_second": rate},
            "latency_ns": {"raw": q, "corrected": q},
            "client": {"cpu_seconds": 0.0, "cpu_share": 0.2},
            "intervals": []}, f)
sys.exit(0 if valid else 3)
'''


def fake(cell, workload, models, *more):
    """A run with the scripts above, in one round."""
    place = os.path.join(cell.directory, "bin")
    os.mkdir(place)
    shutil.copy(server.program("compare"), place)
    for name, text in (("server", SERVER), ("client", CLIENT)):
        path = os.path.join(place, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)
    experiment = os.path.join(cell.directory, "e.ini")
    with open(experiment, "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = Fake\n[run]\nrounds = 1\n"
                   "duration = 10ms\nwarmup = 0\nsyscalls = 0\n")
    os.mkfifo(os.path.join(cell.directory, "die"))
    result = compare(cell, "run", "e.ini", "--workload", workload, "--models",
                     models, *more, program=os.path.join(place, "compare"),
                     DIE=os.path.join(cell.directory, "die"))
    nothing_left()
    return result


# The model, what the client does, and what the table must say.
FAILURES = (
    ("a server that is not available is skipped with its reason",
     "good:unavailable", "echo",
     "skipped  good:unavailable: no such thing on this machine"),
    ("a server that does not start is invalid", "good:broken", "echo",
     "invalid  good:broken: the server did not start: it is broken"),
    ("a server that never says its address is invalid", "good:silent", "echo",
     "invalid  good:silent: the server"),
    ("a server that dies in the middle is invalid", "good:dies", "kills",
     "invalid  good:dies: the server died: signal 11"),
    ("a server that counts other requests is invalid", "good:lies", "echo",
     "invalid  good:lies: the server counted 12 requests and the client 10"),
    ("a server that crashes when it is told to stop is invalid",
     "good:crashes", "echo", "invalid  good:crashes: told to stop, the server "
     "failed: signal 6 (Aborted): the last straw"),
    ("a server that fails when it is told to stop is invalid",
     "good:unhappy", "echo", "invalid  good:unhappy: told to stop, the server "
     "failed: exit status 3"),
    ("a server that leaves no statistics is invalid", "good:mute", "echo",
     "invalid  good:mute: the server ended and left no statistics"),
    ("a client that fails is named with its reason", "good", "fails",
     "invalid  good: the client failed: cannot connect"),
    ("a client that judges itself invalid is believed", "good", "invalid",
     "invalid  good: one reason; and another"),
    ("a client that writes nothing is invalid", "good", "mute",
     "invalid  good: the client wrote no result"),
)


def failure(model, workload, wanted):
    def run(cell):
        result = fake(cell, workload, model)
        check(wanted in result.stdout, f"the table says: {wanted}")
        equal(result.returncode, 1, "exit status where nothing was measured")
        check("nothing could be measured" in result.stderr, result.stderr)
    return run


for name, spec, workload_name, text_wanted in FAILURES:
    TABLE.add(name, failure(spec, workload_name, text_wanted))


@TABLE.cell
def one_failure_does_not_stop_the_others(cell):
    """the run goes on when one model fails, and ends well"""
    result = fake(cell, "echo", "good,good:broken;good:unavailable")
    equal(result.returncode, 0, "exit status")
    check(re.search(r"^\*  good +140 ", result.stdout, re.M), result.stdout)
    check("invalid  good:broken" in result.stdout, result.stdout)
    check("skipped  good:unavailable" in result.stdout, result.stdout)


@TABLE.cell
def a_lower_bound_is_shown_as_one(cell):
    """where the client is the slower side, throughput is at least so much"""
    result = fake(cell, "slow", "good")
    check("≥ 140" in result.stdout, result.stdout)


@TABLE.cell
def noise_is_marked_and_repeated(cell):
    """a sample that other programs disturbed is marked and taken again, but
    not more than one in four; the first one stays"""
    result = fake(cell, "noisy", "good", "--rounds", "8")
    rows = [tuple(r) for r in database(cell).execute(
        "SELECT round, attempt, status, noise IS NOT NULL, noise_share > 0.05 "
        "FROM sample ORDER BY id")]
    if any(row[4] is None for row in rows):
        raise tap.Skip("this kernel tells no CPU times in /proc/stat")
    equal(rows[:3], [(1, 1, "repeated", 1, 1), (1, 2, "repeated", 1, 1),
                     (1, 3, "valid", 1, 1)], "the first round")
    equal(rows[3:], [(n, 1, "valid", 1, 1) for n in range(2, 9)], "the others")
    check("2 disturbed samples of good were taken again" in result.stdout,
          result.stdout)
    equal(json.loads(succeed(cell, "export"))["cells"][0]["samples"][1]
          ["status"], "repeated", "status in the export")
    succeed(cell, "report", "-o", "noisy.html")
    with open(f"{cell.directory}/noisy.html", encoding="utf-8") as file:
        page = file.read()
    check("8 of the 8 samples that count; 2 others were taken again" in page,
          "the report says how many samples were disturbed")
    equal(page.count("; disturbed: other programs"), 10, "said of samples")


def edges_missed(what):
    def run(cell):
        fake(cell, what, "good", "--rounds", "4")
        rows = database(cell).execute("SELECT * FROM sample").fetchall()
        equal([(row["attempt"], row["status"]) for row in rows],
              [(1, "repeated"), (2, "valid"), *[(1, "valid")] * 3], "samples")
        for row in rows:
            check(re.search(r"the server's cost was read over [0-9.]+ ms, and "
                            r"the window had [0-9.]+ ms: it is left out",
                            row["noise"]), f"noise: {row['noise']}")
            equal((row["cpu_ns"], row["steal_ns"]), (None, None), "cost")
            equal((row["requests"], row["processes"]), (7, 1), "the rest")
    return run


for edge, words in (("early", "both edges"), ("late", "the second edge")):
    TABLE.add(f"where compare was stopped and saw {words} of the window when "
              "it was past, the sample is marked, taken again and has no cost",
              edges_missed(edge))


@TABLE.cell
def rounds_until_it_is_known(cell):
    """with --until there are more rounds while the interval is wide"""
    fake(cell, "settles", "good", "--rounds", "5", "--until", "1%",
         "--budget", "10m", "--repeats", "0", "--seed", "3")
    taken = one(database(cell), "SELECT max(round) FROM sample")
    # Three of them stand apart; the median's interval forgets them by then.
    check(8 <= taken <= 40, f"{taken} rounds")
    equal(one(database(cell), "SELECT rounds FROM run"), taken, "run.rounds")
    equal(one(database(cell), "SELECT until FROM run"), 0.01, "run.until")


@TABLE.cell
def a_budget_ends_it(cell):
    """a budget that is spent ends the rounds, but not before --rounds"""
    fake(cell, "settles", "good", "--rounds", "2", "--until", "0.001%",
         "--budget", "1ms", "--repeats", "0")
    equal(one(database(cell), "SELECT max(round) FROM sample"), 2, "rounds")


@TABLE.cell
def rounds_alone_are_fixed(cell):
    """--rounds without --until is a fixed number, whatever the file says"""
    path = os.path.join(cell.directory, "u.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[experiment]\ntitle = U\n[run]\nmodels = epoll\n"
                   "rounds = 2\nuntil = 0.0001%\nbudget = 60m\n"
                   "duration = 30ms\nwarmup = 0\nrepeats = 0\n"
                   "syscalls = 0\n")
    compare(cell, "run", "u.ini", "--rounds", "3")
    equal(one(database(cell), "SELECT max(round) FROM sample"), 3, "rounds")


@TABLE.cell
def served_one_at_a_time(cell):
    """a server that leaves connections waiting is not ranked"""
    result = fake(cell, "starves", "good")
    check("not ranked  good answered 1 of 64" in result.stdout, result.stdout)


@TABLE.cell
def wrong_options_are_a_usage_error(cell):
    """a spec that the server refuses ends the run as wrong use"""
    result = fake(cell, "echo", "good:usage")
    equal(result.returncode, 64, "exit status")
    check("wrong option" in result.stderr, result.stderr)


@TABLE.cell
def programs_that_are_missing(cell):
    """without the server beside it, compare says what is missing"""
    shutil.copy(server.program("compare"), cell.directory)
    result = compare(cell, "run",
                     program=os.path.join(cell.directory, "compare"))
    equal(result.returncode, 1, "exit status")
    check("server is not there" in result.stderr, result.stderr)


if not (server.have("compare") and server.have("client")
        and server.have("server")):
    sys.exit(tap.skip_all("compare, server or client is not built"))
sys.exit(TABLE.run(2))
