#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The report in a browser: what is drawn, what the keys do, and how it looks on
paper, on a phone, in the dark and without scripts.

tests/page/visit.js looks at it in headless Chromium. Screenshots are kept in
BUILD/test-logs/page-*.png."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lib import server, tap  # noqa: E402
from lib.tap import check, equal  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(os.environ.get("SERVERLAB_BUILD") or
                    os.path.join(TOP, "build"), "test-logs")
REFERENCE = os.path.join(TOP, "results", "reference", "race.json")
BROWSER = shutil.which("chromium") or ""
PATIENCE = 200
TABLE = tap.Table()
# Made before the cells run, beside the page of the race: lines over what is
# varied, with one model that has several workers.
MEASURED = ("run", "--models",
            "epoll,thread,epoll:workers=2,accept=dispatch", "--vary",
            "connections=1,2,4", "--rounds", "2", "--duration", "300ms",
            "--warmup", "10ms", "--json", "lines.json")
LONG = [f"a-long-value,share=0.05,heavy={heavy},with-its-end" for heavy in (1, 2)]
PAGES = {}


def compare(directory, *arguments):
    return subprocess.run(
        [server.program("compare"), *arguments], cwd=directory, check=True,
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout


def make_pages(directory):
    compare(directory, *MEASURED)
    for name, run in (("lines", "lines.json"), ("race", REFERENCE)):
        PAGES[name] = os.path.join(directory, f"{name}.html")
        compare(directory, "report", run, "-o", PAGES[name])
    with open(PAGES["lines"], encoding="utf-8") as file:
        text = file.read()
    write_points(directory, "many", (2, 4, 8, 16, 32, 64))
    write_points(directory, "crowd", range(1, 41))
    write_points(directory, "long", LONG)
    write_fit(directory)
    PAGES["bare"] = os.path.join(directory, "bare.html")
    with open(PAGES["bare"], "w", encoding="utf-8") as file:
        file.write(text.replace("uPlot=", "without=", 1))


def visit(cell, name, page, quiet=True):
    os.makedirs(LOGS, exist_ok=True)
    result = subprocess.run(
        ["node", os.path.join(TOP, "tests", "page", "visit.js"), name,
         PAGES[page], os.path.join(LOGS, f"page-{page}-{name}.png")],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
        env={**os.environ, "CHROMIUM": BROWSER})
    cell.notes.append(lambda: result.stdout[-3000:] + result.stderr[-3000:])
    equal(result.returncode, 0, "exit status of the visit")
    report = json.loads(result.stdout)
    if quiet:
        equal(report["said"], [], "what the page wrote to its console")
        equal(report["asked"], [f"file://{PAGES[page]}"],
              "what the page asked of the network")
    return report["seen"]


def close(found, wanted, what, tolerance=0.01):
    check(abs(found - wanted) <= tolerance * max(abs(wanted), 1e-9),
          f"{what}: wanted {wanted}, found {found}")


def of_kind(seen, kind):
    charts = [chart for chart in seen["charts"] if chart["kind"] == kind]
    check(charts, f"there are {kind}")
    return charts


# ---- what is drawn ------------------------------------------------------------

def known(chart):
    """The values in the chart's data, by series and point."""
    points = [point["label"] for point in chart["data"]["points"]]
    return {(series["label"], point): value
            for series in chart["data"]["series"]
            for point, value in zip(points, series["value"])
            if value is not None}


def shown(chart):
    return {(value["label"], value["point"]) for value in chart["drawn"]}


def check_lines(chart):
    values = known(chart)
    faint = {series["label"] for series in chart["data"]["series"]
             if series["faint"]}
    equal(shown(chart), {at for at in values if at[0] not in faint},
          "values that are drawn")
    for one in chart["drawn"]:
        close(one["value"], values[one["label"], one["point"]],
              f"{one} as it is drawn")
        check(one["painted"] > 0, f"the canvas has a colour at {one}")
    for label in {one["label"] for one in chart["drawn"]}:
        line = [one for one in chart["drawn"] if one["label"] == label]
        equal(sorted(line, key=lambda one: -one["value"]),
              sorted(line, key=lambda one: (one["y"], -one["value"])),
              "the more, the higher")
        equal(line, sorted(line, key=lambda one: one["x"]), "left to right")


def check_bars(chart):
    values = known(chart)
    equal(shown(chart), set(values), "values that are drawn")
    most = max(chart["drawn"], key=lambda bar: bar["value"])
    for bar in chart["drawn"]:
        check(bar["height"] > 5, "a bar is seen")
        close(bar["width"], most["width"] * bar["value"] / most["value"],
              f"width of {bar}", 0.02 + 1 / max(bar["width"], 1))


def worst_of(run):
    """The greatest p99 of each step, in the samples that count, of a run with
    one point."""
    worst = {}
    for cell in run["cells"]:
        steps = [step for sample in cell["samples"]
                 if sample["status"] == "valid"
                 for step in enumerate(sample["client"]["intervals"])]
        for i, step in steps:
            if step["p99_ns"] is not None:
                at = cell["model"], i
                worst[at] = max(step["p99_ns"], worst.get(at, 0))
    return worst


def check_heat(chart):
    equal(shown(chart), set(known(chart)), "values that are drawn")
    order = sorted(chart["drawn"], key=lambda one: one["value"])
    for less, more in zip(order, order[1:]):
        check(less["opacity"] <= more["opacity"] + 0.01,
              f"the more, the stronger: {less}, {more}")
        check(less["width"] > 1 and less["height"] > 5, "it is seen")


def check_shares(chart):
    values = known(chart)
    equal(shown(chart), set(values), "values that are drawn")
    for label in {label for label, _ in values}:
        row = [one for one in chart["drawn"] if one["label"] == label]
        whole = sum(one["width"] for one in row)
        total = sum(one["value"] for one in row)
        for one in row:
            close(one["width"] / whole, one["value"] / total,
                  f"share of {one}", 0.05)


def check_data(chart, run):
    """The chart's throughput is the median of the run's samples."""
    equal(chart["data"]["title"], "Requests per second", "the first chart")
    medians = {}
    for cell in run["cells"]:
        rates = sorted(s["requests_per_second"] for s in cell["samples"]
                       if s["status"] == "valid")
        if rates:
            middle = len(rates) // 2
            medians[cell["model"], cell["point"].get("connections", "")] = (
                rates[middle] + rates[~middle]) / 2
    equal(set(known(chart)), set(medians), "models and points")
    for at, value in known(chart).items():
        close(value, medians[at], f"throughput of {at}")


CHECKS = {"lines": check_lines, "bars": check_bars, "heat": check_heat,
          "shares": check_shares}


def check_page(cell, page, run, kinds):
    seen = visit(cell, "desktop", page)
    for kind in kinds:
        for chart in of_kind(seen, kind):
            CHECKS[kind](chart)
    with open(run, encoding="utf-8") as file:
        check_data(seen["charts"][0], json.load(file))
    with open(PAGES[page], encoding="utf-8") as file:
        equal(len(seen["charts"]), file.read().count("<figure"), "charts")
    print(f"# the page of {page} was open after {seen['opened_ms']:.0f} ms",
          file=sys.stderr)


@TABLE.cell
def race(cell):
    """the race of all models: every chart shows the figures of its data"""
    check_page(cell, "race", REFERENCE, CHECKS)


@TABLE.cell
def shades_of_what_counts(cell):
    """shades are of the samples that count: none that was repeated, invalid, or
    taken to count system calls"""
    with open(REFERENCE, encoding="utf-8") as file:
        run = json.load(file)
    aside = {sample["status"] for each in run["cells"]
             for sample in each["samples"]}
    check({"repeated", "counted"} <= aside, f"some do not count: {aside}")
    chart, = of_kind(visit(cell, "desktop", "race"), "heat")
    found = {(series["label"], i): value for series in chart["data"]["series"]
             for i, value in enumerate(series["value"]) if value is not None}
    worst = worst_of(run)
    equal(set(found), set(worst), "models and steps")
    for at, value in worst.items():
        close(found[at], value, f"the worst of {at}", 1e-4)


@TABLE.cell
def over_what_varies(cell):
    """lines over what is varied go through the medians of the samples"""
    run = os.path.join(os.path.dirname(PAGES["lines"]), "lines.json")
    check_page(cell, "lines", run, CHECKS.keys() - {"bars"})


# ---- by hand ------------------------------------------------------------------

def check_walk(said, data):
    values = [text for series in data["series"] for text in series["said"]]
    right, down, up = said["ArrowRight"], said["ArrowDown"], said["ArrowUp"]

    check("Arrow keys" in said["focus"], "a hint when it gets the focus")
    equal(said["live"], "polite", "it is said aloud")
    for text in (*right, *down, *up, *said["End"], *said["Home"]):
        check(any(value in text for value in values),
              f"it says a value: {text}")
    check(right[0] != right[1], "an arrow goes on to the next value")
    if down[0] == right[1]:
        check(up[0] != right[1], "another one across")
    else:
        equal(up[0], right[1], "one across, and back")
    check(said["End"] != said["Home"], "from end to end")
    equal(said["Escape"], [""], "Escape clears it")


@TABLE.cell
def keyboard(cell):
    """Tab reaches every chart, and arrow keys read out its values"""
    walks = visit(cell, "keyboard", "lines")
    with open(PAGES["lines"], encoding="utf-8") as file:
        charts = json.loads(re.search(r'id="data">(.*?)</script>',
                                      file.read())[1])
    equal(list(walks), [chart["id"] for chart in charts], "charts in turn")
    for chart in charts:
        if chart["kind"] != "shares":
            check_walk(walks[chart["id"]], chart)


@TABLE.cell
def pointer(cell):
    """the pointer reads out bars and lines"""
    seen = visit(cell, "pointer", "race")
    check(re.match(r"\S+: .*\d", seen["bar"]), f"of a bar: {seen['bar']}")
    check(re.match(r"\S+, percentile 50: .*\d", seen["line"]),
          f"of a line: {seen['line']}")


@TABLE.cell
def legend(cell):
    """an entry of the legend turns its line off and on, by keyboard"""
    result = visit(cell, "legend", "race")
    on, off, again = result["seen"]
    equal([on["pressed"], off["pressed"], again["pressed"]],
          ["true", "false", "true"], "pressed")
    equal([result["label"] in each["drawn"] for each in (on, off, again)],
          [True, False, True], "drawn")
    equal(again, on, "all as before")


@TABLE.cell
def no_line_is_left(cell):
    """where all lines are turned off the keys say so, and go on when one is back"""
    said = visit(cell, "nothing", "lines")
    for key in ("ArrowDown", "ArrowRight", "Home", "End"):
        check("No line is shown" in said[key], f"{key}: {said}")
    check(re.match(r"\S+, connections \d: .*\d", said["again"]),
          f"it reads out a value again: {said}")


# ---- many points, and a fit --------------------------------------------------------------

def titles_at(page, load):
    """How many charts of the page are of such a point."""
    with open(PAGES[page], encoding="utf-8") as file:
        return len(re.findall(rf'<h3 id="chart-\d+-title">[^<]*, connections '
                              rf"{load}</h3>", file.read()))


def write_points(directory, name, loads, definition=None):
    """A run at so many points, made of one with three, and its page."""
    with open(os.path.join(directory, "lines.json"), encoding="utf-8") as file:
        run = json.load(file)
    cells = [cell for cell in run["cells"]
             if cell["point"]["connections"] == "4"]
    run["cells"] = [{**cell, "position": n * len(cells) + i + 1,
                     "point": {"connections": str(load)}}
                    for n, load in enumerate(loads)
                    for i, cell in enumerate(cells)]
    run["run"]["definition"] = definition
    path = os.path.join(directory, f"{name}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(run, file)
    PAGES[name] = os.path.join(directory, f"{name}.html")
    compare(directory, "report", path, "-o", PAGES[name])


@TABLE.cell
def many_points(cell):
    """of many points the reader chooses one, by keyboard, in all sections; on
    paper and without scripts there are all"""
    first, up, home, end = visit(cell, "choose", "many")
    for seen, load in ((first, 64), (up, 32), (home, 2), (end, 64)):
        titles = [title for section in seen["titles"] for title in section]
        equal(len(titles), 3, "percentiles, shades and workers")
        for title in titles:
            check(title.endswith(f", connections {load}"), title)
        equal(seen.get("narrow", 0), 0, "charts that were not drawn")
    equal([up["name"], home["name"]], ["connections 32", "connections 2"],
          "what is chosen")
    seen = visit(cell, "print", "many")
    equal((seen["points"], seen["points_seen"]), (12, 12), "on paper")
    plain = visit(cell, "plain", "many")
    equal(plain["svgs"], plain["charts"], "without scripts")
    equal(titles_at("many", r"\d+"), 6 * 3, "charts of points")
    check_phone(visit(cell, "phone", "many"))
    # More than one may choose from: the last, and it is said.
    with open(PAGES["crowd"], encoding="utf-8") as file:
        text = file.read()
    equal(text.count("Below: connections 40, the last of 40 points."), 2, "said")
    equal(titles_at("crowd", r"\d+"), 3, "charts of a point")
    equal(titles_at("crowd", "40"), 3, "of the last one")


FIT = """[experiment]
title = Fit
[run]
models = epoll
vary = connections=1,2,4,8,16
[fit]
scale = usl over connections
"""


def write_fit(directory):
    """The same as if its rates were the law's, a little around it."""
    write_points(directory, "fit", (1, 2, 4, 8, 16), FIT)
    path = os.path.join(directory, "fit.json")
    with open(path, encoding="utf-8") as file:
        run = json.load(file)
    for one in run["cells"]:
        load = int(one["point"]["connections"])
        for i, sample in enumerate(one["samples"]):
            sample["bounded_by"] = "server"
            sample["requests_per_second"] = (0.98 + 0.04 * (i % 2)) * (
                law(load))
    with open(path, "w", encoding="utf-8") as file:
        json.dump(run, file)
    compare(directory, "report", path, "-o", PAGES["fit"])


def law(load):
    return 30000 * load / (1 + 0.1 * (load - 1) + 0.01 * load * (load - 1))


@TABLE.cell
def a_fit_is_drawn(cell):
    """a fit is drawn along the throughput, where the law has it"""
    seen = visit(cell, "desktop", "fit")
    chart, *others = of_kind(seen, "lines")
    equal([other["curves"] for other in others], [[]] * len(others),
          "curves elsewhere")
    check(len(chart["curves"]) >= 40, "steps of a curve")
    for step in chart["curves"]:
        close(step["value"], law(16 ** step["position"]), f"{step}", 0.03)
        check(step["painted"] > 0, f"the canvas has a colour at {step}")


# ---- elsewhere ----------------------------------------------------------------

def luminance(colour):
    """WCAG 2: relative luminance of "rgb(1, 2, 3)"."""
    parts = [int(n) / 255 for n in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else
                        ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def check_colours(seen):
    check(contrast(seen["page"], seen["text"]) >= 7, f"text: {seen}")
    for line in seen["lines"]:
        check(contrast(seen["page"], line) >= 3, f"a line: {line}")


@TABLE.cell
def dark_and_light(cell):
    """text and lines stand out from the page, in the dark and in the light"""
    light = visit(cell, "light", "race")
    dark = visit(cell, "dark", "race")
    check(luminance(light["page"]) > 0.8, f"light: {light}")
    check(luminance(dark["page"]) < 0.05, f"dark: {dark}")
    check_colours(light)
    check_colours(dark)


def check_phone(seen):
    check(seen["page"] <= seen["window"], f"nothing is too wide: {seen}")
    check(seen["least_text"] >= 11, f"the text is large enough: {seen}")
    equal(seen["cut"], [], "texts that are cut")


@TABLE.cell
def phone(cell):
    """on a phone nothing is too wide or too small, also when it is turned"""
    for page in ("race", "lines"):
        check_phone(visit(cell, "phone", page))
    seen = visit(cell, "turned", "lines")
    check(seen["after"] > seen["before"], "a chart grows with the screen")


@TABLE.cell
def long_values(cell):
    """long values of what is varied are whole in tables and for the cursor, and
    told apart where there is no room for them"""
    with open(PAGES["long"], encoding="utf-8") as file:
        text = file.read()
    for value in LONG:
        check(f"<th>{value}</th>" in text, f"the head of a table: {value}")
    for name in ("phone", "plain"):
        check_phone(visit(cell, name, "long"))
    ticks = re.findall(r'class="tick-x (?:first|last)"[^>]*>([^<]*)<', text)
    equal(set(ticks), {"a-long-…its-end", "2: a-lon…ts-end"}, "drawn")
    walks = visit(cell, "keyboard", "long")
    check(f", connections {LONG[0]}: " in walks["chart-1"]["Home"][0],
          f"it reads out {walks['chart-1']['Home']}")


@TABLE.cell
def paper(cell):
    """on paper all tables are open, pictures stand for canvases, all is light"""
    for page in ("race", "lines"):
        seen = visit(cell, "print", page)
        check(seen["tables"] > seen["charts"] > 5, f"tables: {seen}")
        equal(seen["hidden"], 0, "tables that are hidden")
        equal(seen["too_wide"], 0, "tables that the paper cuts")
        equal(seen["pictures"], seen["charts"], "charts as pictures")
        equal(seen["canvases"], 0, "canvases")
        equal(seen["pdf"], "%PDF-", "the PDF")
        check(luminance(seen["page"]) > 0.9, f"paper is white: {seen}")


@TABLE.cell
def without_scripts(cell):
    """without scripts each chart is a picture, and the page still fits"""
    for page in ("race", "lines"):
        seen = visit(cell, "plain", page)
        check_phone(seen)
        equal(seen["scripted"], "", "scripts ran")
        equal(seen["svgs"], seen["charts"], "charts that are pictures")


@TABLE.cell
def without_uplot(cell):
    """where uPlot lacks the lines stay pictures, and still have their keys"""
    seen = visit(cell, "phone", "bare")
    check_phone(seen)
    equal(seen["svgs"], seen["charts"], "charts that are pictures")
    walks = visit(cell, "keyboard", "bare")
    check(re.match(r"\S+, connections 4: .*\d", walks["chart-1"]["End"][0]),
          f"it reads out values: {walks['chart-1']['End']}")


# ---- running them -------------------------------------------------------------

def lacking():
    """Why there is nothing to test here, or nothing."""
    if not shutil.which("node"):
        return "no node: scripts/setup installs it"
    if not BROWSER:
        return "no chromium: scripts/setup installs it"
    for package in ("playwright-core", "uplot"):
        if not os.path.isdir(os.path.join(TOP, "node_modules", package)):
            return f"no {package}: scripts/setup installs it"
    if not os.path.exists(REFERENCE):
        return "no reference run is kept"
    with open(server.program("compare"), "rb") as file:
        if b"uPlot=function" not in file.read():
            return "compare was built without uPlot"
    return ""


def main():
    reason = lacking()
    if reason:
        return tap.skip_all(reason)
    with tempfile.TemporaryDirectory(prefix="serverlab-page-") as directory:
        make_pages(directory)
        return TABLE.run(jobs=2)


if __name__ == "__main__":
    sys.exit(main())
