/* SPDX-License-Identifier: MIT */
/* The legend's entries as switches: a series that is off stays as a thin grey
 * line. */

function makeLegend(figure, looks, redraw, turn) {
	looks.forEach(function (look, i) {
		if (!look.entry)
			return;
		const button = document.createElement("button");

		button.type = "button";
		button.append(...look.entry.childNodes);
		look.entry.append(button);
		button.setAttribute("aria-pressed", look.shown);
		button.addEventListener("click", function () {
			look.shown = !look.shown;
			button.setAttribute("aria-pressed", look.shown);
			turn(i, look.shown);
			redraw();
		});
	});
}
