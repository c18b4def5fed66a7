/* SPDX-License-Identifier: MIT */
/*
 * The cursor of a chart, by keyboard and pointer: arrow keys go from value to
 * value, and a line below the chart says, also aloud, where it is.
 *
 * A view shows it: show(series, point), clear(), and optionally shown(series),
 * whether a series can be reached. It calls view.point(series, point) when the
 * pointer is at a value, view.point(null) when it is at none.
 */

function walk(figure, chart, view) {
	const plot = figure.querySelector(".plot");
	const readout = document.createElement("p");
	let at = null;

	function go(place) {
		at = place;
		if (at)
			view.show(at.series, at.point);
		else
			view.clear();
		readout.textContent = at ? say(chart, at) : "";
	}

	readout.className = "readout";
	readout.setAttribute("aria-live", "polite");
	plot.after(readout);
	makeFocusable(plot, chart);
	view.point = function (series, point) {
		at = series === null ? null : { series, point };
		readout.textContent = at ? say(chart, at) : "";
	};
	plot.addEventListener("focus", function () {
		if (!at && plot.matches(":focus-visible"))
			readout.textContent = hint(chart);
	});
	plot.addEventListener("blur", () => go(null));
	plot.addEventListener("keydown", function (event) {
		const next = step(chart, view, at, event.key);

		if (next === undefined || event.ctrlKey || event.altKey ||
				event.metaKey)
			return;
		event.preventDefault();
		go(next);
		if (!next && event.key !== "Escape")
			readout.textContent = "No line is shown: the legend turns them on.";
	});
}

/* As an application a screen reader hands the arrow keys on to it. */
function makeFocusable(plot, chart) {
	plot.tabIndex = 0;
	plot.setAttribute("role", "application");
	plot.setAttribute("aria-roledescription", "chart");
	plot.setAttribute("aria-label", chart.title + ". " + hint(chart));
}

function hint(chart) {
	return chart.points.length > 1
		? "Arrow keys: left and right along, up and down between models."
		: "Arrow keys: up and down between models.";
}

function say(chart, at) {
	const series = chart.series[at.series];
	const label = chart.points[at.point].label;
	const where = chart.kind === "lines" ? chart.x_title + " " + label
		: label;

	return series.label + (where ? ", " + where : "") + ": " +
		series.said[at.point] + (series.strong ? ", among the best" : "");
}

/* ---- where a key leads: a place, null for nowhere, undefined for no key of
 * ours ---- */

function step(chart, view, at, key) {
	const along = { ArrowLeft: -1, ArrowRight: 1 }[key];
	const across = { ArrowUp: -1, ArrowDown: 1 }[key];

	if (key === "Escape")
		return at ? null : undefined;
	if (key === "Home" || key === "End" || (!at && (along || across)))
		return end(chart, view, at, key === "End");
	if (!at)
		return undefined;
	if (along && chart.points.length > 1)
		return stepAlong(chart, at, along);
	if (along || across)
		return stepAcross(chart, view, at, along || across);
	return undefined;
}

function known(chart, series, point) {
	return chart.series[series].value[point] !== null;
}

/* The first or last value of the series; of bars, the first or last bar. Nowhere
 * where all lines are turned off. */
function end(chart, view, at, last) {
	const rows = reachable(chart, view);
	const bars = chart.points.length === 1;
	const series = at && !bars ? at.series : rows.at(last && bars ? -1 : 0);
	if (series === undefined)
		return null;
	const points = chart.points.map((_, point) => point)
		.filter((point) => known(chart, series, point));

	return { series, point: points.at(last ? -1 : 0) };
}

function stepAlong(chart, at, by) {
	let point = at.point + by;

	while (point >= 0 && point < chart.points.length &&
			!known(chart, at.series, point))
		point += by;
	return point >= 0 && point < chart.points.length
		? { series: at.series, point } : at;
}

/* The next row; of lines, the next one below or above at this point. */
function stepAcross(chart, view, at, by) {
	const rows = reachable(chart, view)
		.filter((series) => known(chart, series, at.point));
	const value = (series) => chart.series[series].value[at.point];

	if (chart.kind === "lines")
		rows.sort((a, b) => value(b) - value(a) || a - b);
	const next = rows[rows.indexOf(at.series) + by];
	return next === undefined ? at : { series: next, point: at.point };
}

/* The series that have a value and are not put away. */
function reachable(chart, view) {
	return chart.series.map((_, series) => series).filter((series) =>
		chart.series[series].value.some((value) => value !== null) &&
		(!view.shown || view.shown(series)));
}
