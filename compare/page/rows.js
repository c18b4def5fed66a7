/* SPDX-License-Identifier: MIT */
/* Bars, shades and divided bars stay the SVG that they are; here they get a
 * cursor. */

function watchRows(figure, chart) {
	const svg = figure.querySelector(".plot > svg");
	const pieces = [...svg.querySelectorAll("[data-series]")];
	const view = { show, clear, drawn };
	let marked = null;

	function clear() {
		if (marked)
			marked.classList.remove("at");
		marked = null;
	}

	function show(series, point) {
		clear();
		marked = pieces.find((piece) => at(piece).series === series &&
			at(piece).point === point);
		if (marked)
			marked.classList.add("at");
	}

	function drawn() {
		return pieces.map((piece) => drawnPiece(chart, piece));
	}

	svg.addEventListener("pointerover", function (event) {
		const place = event.target.dataset.series ? at(event.target) : null;

		clear();
		view.point(place ? place.series : null, place && place.point);
		if (place)
			show(place.series, place.point);
	});
	svg.addEventListener("pointerleave", function () {
		clear();
		view.point(null);
	});
	return view;
}

function at(piece) {
	return { series: +piece.dataset.series, point: +piece.dataset.point };
}

function drawnPiece(chart, piece) {
	const box = piece.getBoundingClientRect();
	const place = at(piece);

	return {
		label: chart.series[place.series].label,
		point: chart.points[place.point].label,
		value: chart.series[place.series].value[place.point],
		width: box.width, height: box.height,
		opacity: +getComputedStyle(piece).fillOpacity,
	};
}
