/* SPDX-License-Identifier: MIT */
/*
 * Where a run has many points, what there is of each stands one below the other.
 * The screen shows that of one, which the reader chooses, and in all sections
 * that of the same one where they have it; paper has all.
 */

function choosePoints() {
	for (const section of document.querySelectorAll(".points")) {
		const names = [...section.children]
			.filter((point) => point.children.length)
			.map((point) => point.dataset.point);

		if (names.length > 1) {
			section.prepend(makeChoice(names));
			showPoint(section, names.at(-1));
		}
	}
}

function makeChoice(names) {
	const label = document.createElement("label");
	const select = document.createElement("select");

	label.append("Show ", select);
	select.append(...names.map((name) => new Option(name)));
	select.addEventListener("change", function () {
		for (const section of document.querySelectorAll(".points"))
			showPoint(section, select.value);
	});
	return label;
}

function showPoint(section, name) {
	const select = section.querySelector("select");

	if (!select || ![...select.options].some((one) => one.value === name))
		return;
	select.value = name;
	for (const point of section.querySelectorAll(".point"))
		point.classList.toggle("away", point.dataset.point !== name);
}
