// SPDX-License-Identifier: MIT
//
// usage: node tests/page/visit.js VISIT FILE.html SCREENSHOT
//
// Opens the page in headless Chromium as one of the visitors below would, and
// prints as JSON what was seen: {seen, said, asked}. `said` is what the page
// wrote to its console, `asked` what it asked of the network.
"use strict";

const { chromium } = require("playwright-core");

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic",
	"--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync"];
const PATIENCE = 120000;

const visits = {
	desktop: { size: [1200, 900], see: async (page) => ({
		charts: await page.evaluate(chartsDrawn),
		opened_ms: await page.evaluate(() => performance
			.getEntriesByType("navigation")[0].loadEventEnd),
	}) },
	keyboard: { size: [1200, 900], see: keyboard },
	pointer: { size: [1200, 900], see: pointer },
	legend: { size: [1200, 900], see: legend },
	nothing: { size: [1200, 900], see: nothing },
	dark: { size: [1200, 900], dark: true, see: colours },
	light: { size: [1200, 900], see: colours },
	phone: { size: [360, 740], see: widths },
	choose: { size: [1200, 900], see: choose },
	turned: { size: [360, 740], see: turned },
	print: { size: [1200, 900], see: print },
	plain: { size: [360, 740], scripts: false, see: widths },
	// For docs/: its upper part, smaller.
	picture: { size: [1180, 900], scale: 0.55, see: () => ({}),
		clip: { x: 0, y: 0, width: 1180, height: 2940 } },
};

// ---- what is on the page -----------------------------------------------------

// Runs in the page: for each chart what the page says that it has drawn, and
// whether the canvas has a colour there.
function chartsDrawn() {
	return window.serverlab.charts.map(function (chart) {
		const figure = document.getElementById(chart.id);
		const canvas = figure.querySelector("canvas");
		const drawn = chart.drawn ? chart.drawn() : null;
		const curves = chart.curves ? chart.curves() : [];

		if (canvas && canvas.checkVisibility()) {
			const copy = new OffscreenCanvas(canvas.width,
				canvas.height).getContext("2d",
				{ willReadFrequently: true });

			copy.drawImage(canvas, 0, 0);
			for (const value of [...drawn, ...curves])
				value.painted = copy.getImageData(
					Math.round(value.x), Math.round(value.y),
					1, 1).data[3];
		}
		return {
			id: chart.id, kind: chart.kind, drawn, curves,
			height: canvas ? canvas.height : null,
			data: JSON.parse(document.getElementById("data")
				.textContent).find((data) => data.id === chart.id),
		};
	});
}

// ---- visitors ------------------------------------------------------------------

// Tabs through the page, and walks through each chart by its arrow keys.
async function keyboard(page) {
	const charts = {};

	for (let i = 0; i < 1000; i++) {
		await page.keyboard.press("Tab");
		const id = await page.evaluate(() => {
			const at = document.activeElement;

			return at === document.body ? "end"
				: at.matches(".plot") ? at.closest("figure").id : "";
		});

		if (id === "end" || id in charts)
			break;
		if (id)
			charts[id] = await walk(page, id);
	}
	return charts;
}

async function walk(page, id) {
	const said = {};
	const readout = page.locator(`#${id} .readout`);

	said.focus = await readout.textContent();
	said.live = await readout.getAttribute("aria-live");
	for (const key of ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp",
		"End", "Home", "Escape"]) {
		await page.keyboard.press(key);
		said[key] = (said[key] || []).concat(await readout.textContent());
	}
	return said;
}

// Points at the first bar, and at the first value of the first lines.
async function pointer(page) {
	const bar = page.locator(".bars rect[data-series]").first();
	const readout = page.locator("figure:has(canvas) .readout").first();
	const seen = {};

	await bar.scrollIntoViewIfNeeded();
	await bar.hover();
	seen.bar = await page.locator(".bars .readout").first().textContent();
	const canvas = page.locator("canvas").first();

	await canvas.scrollIntoViewIfNeeded();
	const box = await canvas.boundingBox();
	const value = (await page.evaluate(chartsDrawn))
		.find((chart) => chart.kind === "lines").drawn[0];

	await page.mouse.move(box.x + value.x, box.y + value.y);
	await readout.filter({ hasText: ":" }).waitFor();
	seen.line = await readout.textContent();
	seen.value = value;
	return seen;
}

// Turns the first series of the first lines off and on again by keyboard.
async function legend(page) {
	const button = page.locator(".legend button").first();
	const seen = [];

	for (let i = 0; i < 3; i++) {
		const chart = (await page.evaluate(chartsDrawn))
			.find((each) => each.kind === "lines");

		seen.push({
			pressed: await button.getAttribute("aria-pressed"),
			drawn: [...new Set(chart.drawn.map((each) => each.label))],
		});
		await button.focus();
		await page.keyboard.press("Space");
	}
	return { label: await button.textContent(), seen };
}

// Turns off all lines of the first chart of them, asks for a value, turns one on
// again and asks once more.
async function nothing(page) {
	const id = (await page.evaluate(chartsDrawn))
		.find((chart) => chart.kind === "lines").id;
	const plot = page.locator(`#${id} .plot`);
	const shown = page.locator(`#${id} .legend button[aria-pressed=true]`);
	const said = {};

	while (await shown.count())
		await shown.first().click();
	await plot.focus();
	for (const key of ["ArrowDown", "ArrowRight", "Home", "End", "Escape"]) {
		await page.keyboard.press(key);
		said[key] = await page.locator(`#${id} .readout`).textContent();
	}
	await page.locator(`#${id} .legend button`).first().click();
	await plot.focus();
	await page.keyboard.press("ArrowRight");
	said.again = await page.locator(`#${id} .readout`).textContent();
	return said;
}

// Tabs to the choice of a point, and goes through it by keyboard: which charts
// are then seen in each section, and whether they are drawn.
async function choose(page) {
	const titles = () => page.evaluate(() => [...document
		.querySelectorAll(".points")].map((section) =>
		[...section.querySelectorAll("figure")]
			.filter((figure) => figure.checkVisibility())
			.map((figure) => figure.querySelector("h3").textContent)));
	const seen = [{ titles: await titles() }];

	for (let i = 0; i < 1000; i++) {
		await page.keyboard.press("Tab");
		if (await page.evaluate(() =>
			document.activeElement.matches(".points select")))
			break;
	}
	for (const key of ["ArrowUp", "Home", "End"]) {
		await page.keyboard.press(key);
		seen.push({
			titles: await titles(),
			name: await page.evaluate(() =>
				document.activeElement.value),
			narrow: await page.evaluate(() =>
				[...document.querySelectorAll(".points canvas")]
					.filter((canvas) => canvas.checkVisibility() &&
						canvas.getBoundingClientRect().width < 300)
					.length),
		});
	}
	return seen;
}

function colours(page) {
	return page.evaluate(function () {
		const canvas = document.querySelector("canvas");
		const lines = [...document.querySelectorAll(
			"figure.lines:first-of-type .legend .line")];

		return {
			page: getComputedStyle(document.body).backgroundColor,
			text: getComputedStyle(document.body).color,
			lines: lines.map((line) => getComputedStyle(line).stroke),
			canvas: Boolean(canvas),
		};
	});
}

// What is wider than the page, the least size of a text, and the texts of charts
// that are cut.
function widths(page) {
	return page.evaluate(function () {
		const texts = [...document.querySelectorAll("svg text, p, td, th, li")];

		const cut = [...document.querySelectorAll(".plot svg text")]
			.filter(function (text) {
				const box = text.getBoundingClientRect();
				const card = text.closest("figure")
					.getBoundingClientRect();

				return box.width > 0 && (box.left < card.left ||
					box.right > card.right);
			}).map((text) => text.textContent);

		for (const { id, labels } of window.serverlab?.charts || [])
			for (const label of labels ? labels() : [])
				if (label.left < 0 || label.left + label.width >
						document.getElementById(id)
							.querySelector("canvas").width)
					cut.push(label.text);
		return {
			cut,
			page: document.documentElement.scrollWidth,
			window: window.innerWidth,
			least_text: Math.min(...texts.map((text) =>
				parseFloat(getComputedStyle(text).fontSize))),
			scripted: document.documentElement.className,
			svgs: [...document.querySelectorAll(".plot > svg")]
				.filter((svg) => svg.clientHeight > 0).length,
			charts: document.querySelectorAll("figure").length,
		};
	});
}

// A phone that is turned: the canvas follows.
async function turned(page) {
	const width = () => page.evaluate(() => document
		.querySelector("canvas").getBoundingClientRect().width);
	const before = await width();

	await page.setViewportSize({ width: 740, height: 360 });
	await page.waitForFunction((old) => document.querySelector("canvas")
		.getBoundingClientRect().width > old + 100, before,
	{ timeout: PATIENCE });
	return { before, after: await width() };
}

// On paper all tables are there, and the pictures instead of the canvas.
async function print(page) {
	await page.emulateMedia({ media: "print", colorScheme: "dark" });
	const seen = await page.evaluate(function () {
		const visible = (each) => each.checkVisibility({
			contentVisibilityAuto: true, opacityProperty: true,
			visibilityProperty: true,
		}) && each.getBoundingClientRect().height > 0;
		const all = (what) => [...document.querySelectorAll(what)];

		return {
			tables: all("table").length,
			hidden: all("table").filter((each) => !visible(each)).length,
			charts: all("figure").length,
			pictures: all(".plot > svg").filter(visible).length,
			canvases: all("canvas").filter(visible).length,
			page: getComputedStyle(document.body).backgroundColor,
			points: all(".point").length,
			points_seen: all(".point").filter(visible).length,
			too_wide: all("table").filter((each) => each
				.getBoundingClientRect().right > innerWidth).length,
		};
	});

	seen.pdf = (await page.pdf({ format: "A4" })).subarray(0, 5).toString();
	return seen;
}

// ---- the browser ---------------------------------------------------------------

async function visit(name, file, screenshot) {
	const { size, dark, scale, scripts, clip, see } = visits[name];
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
		args: FLAGS, timeout: PATIENCE,
	});
	const context = await browser.newContext({
		viewport: { width: size[0], height: size[1] },
		colorScheme: dark ? "dark" : "light",
		deviceScaleFactor: scale || 1,
		javaScriptEnabled: scripts !== false,
	});
	const page = await context.newPage();
	const said = [], asked = [];

	page.setDefaultTimeout(PATIENCE);
	page.on("console", (message) => said.push(message.text()));
	page.on("pageerror", (error) => said.push(error.stack));
	page.on("request", (request) => asked.push(request.url()));
	await page.goto(`file://${file}`);
	const seen = await see(page);

	await page.screenshot({ path: screenshot, fullPage: true, clip });
	await browser.close();
	return { seen, said, asked };
}

visit(...process.argv.slice(2)).then(
	(result) => console.log(JSON.stringify(result)),
	function (error) {
		console.error(error);
		process.exitCode = 1;
	});
