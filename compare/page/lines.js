/* SPDX-License-Identifier: MIT */
/* Lines by uPlot, in the place of the SVG and with its looks: colours, marks
 * and dashes are those of the legend, ticks and texts those of the data. */

const LABEL_SIZE = 12; /* pixels */
const MARGIN = 0.015; /* left and right of the points, as in the SVG */

function drawLines(figure, chart) {
	const plot = figure.querySelector(".plot");
	const looks = chart.series.map((_, i) => lookOf(figure, i));
	const view = {
		show, clear, drawn, curves, labels: () => labelsOf(plotted, chart),
		shown: (i) => looks[i].shown,
	};
	const plotted = new uPlot(optionsOf(plot, chart, looks, view),
		[positionsOf(chart),
			...chart.series.map((series) => series.value)], plot);

	function show(series, point) {
		plotted.setCursor({
			left: plotted.valToPos(chart.points[point].position, "x"),
			top: plotted.valToPos(chart.series[series].value[point],
				"y"),
		}, false);
		plotted.setSeries(series + 1, { focus: true });
	}

	function clear() {
		plotted.setCursor({ left: -10, top: -10 }, false);
		plotted.setSeries(null, { focus: true });
	}

	function drawn() {
		return chart.series.flatMap((_, i) => looks[i].shown
			? drawnSeries(plotted, chart, i) : []);
	}

	function curves() {
		return chart.curves.flatMap((curve) => looks[curve.series].shown
			? drawnCurve(plotted, curve) : []);
	}

	plot.classList.add("drawn");
	makeLegend(figure, looks, () => plotted.redraw(false),
		(i, on) => plotted.setSeries(i + 1, { show: on }));
	follow(plot, plotted);
	return view;
}

/* What the page's style says of a series; `shown` is the reader's choice. */
function lookOf(figure, i) {
	const entry = figure.querySelector(`.legend [data-series="${i}"]`);

	if (!entry)
		return { shown: false };
	const line = entry.querySelector(".line");
	const mark = entry.querySelector(".mark");

	return {
		entry,
		shown: !entry.classList.contains("faint"),
		ink: () => getComputedStyle(line).stroke,
		dash: () => getComputedStyle(line).strokeDasharray
			.split(",").map(parseFloat).filter((n) => n > 0),
		mark: new Path2D(mark.getAttribute("d")),
	};
}

function styleOf(element, name) {
	return getComputedStyle(element).getPropertyValue(name).trim();
}

/* ---- what uPlot is told ---- */

function optionsOf(plot, chart, looks, view) {
	const axis = chart.axis;
	const margin = MARGIN / (1 - 2 * MARGIN);

	return {
		width: plot.clientWidth,
		height: plot.querySelector("svg").clientHeight,
		padding: [8, 8, 0, 0],
		legend: { show: false },
		focus: { alpha: 0.25 },
		cursor: {
			drag: { x: false, y: false },
			focus: { prox: 30 },
			points: { size: 11 },
		},
		scales: {
			x: { time: false, range: () => [-margin, 1 + margin] },
			y: {
				distr: axis.log ? 3 : 1,
				range: () => [axis.low, axis.high],
			},
		},
		axes: [xAxis(plot, chart), yAxis(plot, axis)],
		series: [{}, ...chart.series.map((series, i) => ({
			label: series.label,
			show: looks[i].shown,
			stroke: looks[i].ink,
			width: 2,
			dash: looks[i].dash && looks[i].dash(),
			spanGaps: true,
			points: { show: false },
		}))],
		hooks: hooksOf(plot, chart, looks, view),
	};
}

function axisOf(plot, ticks) {
	return {
		stroke: () => styleOf(plot, "--dim"),
		grid: { stroke: () => styleOf(plot, "--line"), width: 1 },
		ticks: { show: false },
		font: LABEL_SIZE + "px system-ui, sans-serif",
		splits: () => ticks.map((tick) => tick.at),
		filter: (_, splits) => splits,
		values: () => ticks.map((tick) => tick.label),
	};
}

/* Only has the room for its labels: drawLabels() keeps them within the canvas. */
function xAxis(plot, chart) {
	const axis = axisOf(plot, [{ at: 0, label: "" }]);

	axis.grid.show = false;
	return {
		...axis, size: 30, label: chart.x_title, labelSize: 18,
		labelFont: axis.font,
	};
}

function yAxis(plot, axis) {
	return {
		...axisOf(plot, axis.ticks.map((tick) =>
			({ at: tick.value, label: tick.label }))),
		size: 64,
	};
}

function hooksOf(plot, chart, looks, view) {
	let focused = null;

	return {
		drawAxes: [(u) => chart.series.forEach((series, i) => {
			if (looks[i].shown)
				drawBand(u, chart, positionsOf(chart), series,
					looks[i].ink());
			else
				drawFaint(u, chart, i, styleOf(plot, "--faint"));
		}), (u) => chart.curves.forEach(function (curve) {
			if (looks[curve.series].shown)
				drawCurve(u, chart, curve,
					looks[curve.series].ink());
		}), (u) => drawLabels(u, chart, styleOf(plot, "--dim"))],
		drawSeries: [(u, i) => drawMarks(u, chart, i - 1, looks[i - 1])],
		setSeries: [(u, i, options) => {
			if (options.focus)
				focused = i;
		}],
		setCursor: [(u) => {
			const point = u.cursor.idx;
			const at = focused && point !== null &&
				point !== undefined &&
				chart.series[focused - 1].value[point] !== null;

			view.point(at ? focused - 1 : null, point);
		}],
	};
}

/* ---- what uPlot does not draw by itself ---- */

/* Where the labels below the points stand: those at the ends not beyond them. */
function labelsOf(u, chart) {
	const most = u.ctx.canvas.width;

	u.ctx.font = LABEL_SIZE * devicePixelRatio + "px system-ui, sans-serif";
	return chart.points.filter((point) => point.tick).map((point) => {
		const width = u.ctx.measureText(point.drawn).width;
		const left = u.valToPos(point.position, "x", true) - width / 2;

		return {
			text: point.drawn, width,
			left: Math.max(0, Math.min(left, most - width)),
			top: u.bbox.top + u.bbox.height + 5 * devicePixelRatio,
		};
	});
}

function drawLabels(u, chart, ink) {
	u.ctx.save();
	u.ctx.fillStyle = ink;
	u.ctx.textAlign = "left";
	u.ctx.textBaseline = "top";
	for (const { text, left, top } of labelsOf(u, chart))
		u.ctx.fillText(text, left, top);
	u.ctx.restore();
}

/* [x, y] on the canvas, where the value is known. */
function placesOf(u, positions, values) {
	return positions.flatMap((position, p) => values[p] === null ? []
		: [[u.valToPos(position, "x", true),
			u.valToPos(values[p], "y", true)]]);
}

function positionsOf(chart) {
	return chart.points.map((point) => point.position);
}

function pathOf(places) {
	const path = new Path2D();

	places.forEach(([x, y], n) => n ? path.lineTo(x, y) : path.moveTo(x, y));
	return path;
}

/* Along the upper ends of the intervals and back along the lower ones. */
function drawBand(u, chart, positions, { low, high }, ink) {
	const shown = (value) => value === null ? null
		: Math.min(Math.max(value, chart.axis.low), chart.axis.high);

	u.ctx.save();
	u.ctx.globalAlpha = 0.13;
	u.ctx.fillStyle = ink;
	u.ctx.fill(pathOf([...placesOf(u, positions, high.map(shown)),
		...placesOf(u, positions, low.map(shown)).reverse()]));
	u.ctx.restore();
}

/* As .fit in the page's style. */
function drawCurve(u, chart, curve, ink) {
	drawBand(u, chart, curve.position, curve, ink);
	u.ctx.save();
	u.ctx.strokeStyle = ink;
	u.ctx.lineWidth = 1.6 * devicePixelRatio;
	u.ctx.lineCap = "round";
	u.ctx.setLineDash([0.1, 4.5].map((length) => length * devicePixelRatio));
	u.ctx.stroke(pathOf(placesOf(u, curve.position, curve.value)));
	u.ctx.restore();
}

function drawFaint(u, chart, i, ink) {
	u.ctx.save();
	u.ctx.strokeStyle = ink;
	u.ctx.lineWidth = devicePixelRatio;
	u.ctx.stroke(pathOf(placesOf(u, positionsOf(chart),
		chart.series[i].value)));
	u.ctx.restore();
}

function drawMarks(u, chart, i, look) {
	if (!look || !look.shown)
		return;
	u.ctx.save();
	u.ctx.fillStyle = look.ink();
	u.ctx.globalAlpha = u.series[i + 1].alpha ?? 1;
	for (const [x, y] of placesOf(u, positionsOf(chart),
		chart.series[i].value)) {
		u.ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, x, y);
		u.ctx.fill(look.mark);
	}
	u.ctx.restore();
}

/* ---- what is drawn, in pixels of the canvas ---- */

function drawnSeries(u, chart, i) {
	const series = chart.series[i];

	return chart.points.flatMap((point, p) => series.value[p] === null ? []
		: [{
			label: series.label, point: point.label,
			value: u.posToVal(u.valToPos(u.data[i + 1][p], "y"), "y"),
			x: u.valToPos(u.data[0][p], "x", true),
			y: u.valToPos(u.data[i + 1][p], "y", true),
		}]);
}

function drawnCurve(u, curve) {
	return curve.position.flatMap((position, i) => curve.value[i] === null
		? [] : [{
			position, value: curve.value[i],
			x: u.valToPos(position, "x", true),
			y: u.valToPos(curve.value[i], "y", true),
		}]);
}

/* ---- the width of the page, and its colours, change ---- */

function follow(plot, plotted) {
	new ResizeObserver(function () {
		const width = plot.clientWidth;

		if (width && width !== plotted.width)
			plotted.setSize({ width, height: plotted.height });
	}).observe(plot);
	matchMedia("(prefers-color-scheme: dark)")
		.addEventListener("change", () => plotted.redraw(false));
}
