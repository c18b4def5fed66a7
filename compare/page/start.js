/* SPDX-License-Identifier: MIT */
/*
 * Makes the charts of the report live. Each is there already as SVG and as a
 * table; what cannot be made live stays so. These files are one script, in
 * which each function may use all others.
 *
 * window.serverlab.charts tells what is drawn: {id, kind, drawn(), curves(),
 * labels()}.
 */

document.addEventListener("DOMContentLoaded", function () {
	const charts = JSON.parse(document.getElementById("data").textContent);

	document.documentElement.classList.add("scripted");
	window.serverlab = { charts: charts.map(enliven) };
	/* After that: a chart that is not seen has no width to be drawn in. */
	choosePoints();
});

function enliven(chart) {
	const figure = document.getElementById(chart.id);
	const lines = chart.kind === "lines";
	const view = lines && !window.uPlot ? { show() {}, clear() {} }
		: lines ? drawLines(figure, chart) : watchRows(figure, chart);

	walk(figure, chart, view);
	return {
		id: chart.id, kind: chart.kind,
		drawn: view.drawn, curves: view.curves, labels: view.labels,
	};
}

/* Nothing can be opened on paper. */
let opened = [];

window.addEventListener("beforeprint", function () {
	opened = [...document.querySelectorAll("details:not([open])")];
	opened.forEach((details) => { details.open = true; });
});
window.addEventListener("afterprint", function () {
	opened.forEach((details) => { details.open = false; });
});
