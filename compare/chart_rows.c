/* SPDX-License-Identifier: MIT */
/*
 * Charts with a row for each series: bars, shades over time, divided bars.
 *
 * A row is a line of text and a strip below it, across the whole width: so it
 * is legible on a phone. Across, all is in percent; down, in pixels.
 */
#include "compare/chart.h"

#include "compare/html.h"

#include <math.h>

enum {
	ROW_HEIGHT = 34,
	TEXT_BASE = 12, /* of the text, from the top of its row */
	STRIP_TOP = 17,
	STRIP_HEIGHT = 11,
};

/* Where a row and its strip are, and what 100 % of the width means. */
struct strip {
	const struct chart *c;
	size_t series;
	int top;
	double low, high;
};

static void draw_text(FILE *out, int y, bool at_end, const char *text)
{
	fprintf(out, "<text class=\"%s\" x=\"%s\" y=\"%d\">",
		at_end ? "value" : "label", at_end ? "100%" : "0", y);
	html_text(out, text);
	fputs("</text>\n", out);
}

/* A piece of the strip, from and to in percent. */
static void draw_piece(const struct strip *s, size_t point, const char *class,
	double from, double to, double opacity, FILE *out)
{
	char text[CHART_TEXT];

	fprintf(out,
		"<rect class=\"%s\" data-series=\"%zu\" data-point=\"%zu\" "
		"x=\"%.3f%%\" y=\"%d\" width=\"%.3f%%\" height=\"%d\"",
		class, s->series, point, from, s->top, fmax(to - from, 0),
		STRIP_HEIGHT);
	if (opacity < 1)
		fprintf(out, " fill-opacity=\"%.3f\"", opacity);
	fputs("><title>", out);
	html_text(out, s->c->series[s->series].label);
	fputs(s->c->x[point].label[0] ? ", " : "", out);
	html_text(out, s->c->x[point].label);
	fputs(": ", out);
	html_text(out, chart_say(s->c, s->series, point, text));
	fputs("</title></rect>\n", out);
}

/* ---- bars ----------------------------------------------------------------- */

static void draw_whisker(const struct strip *s, FILE *out)
{
	const struct estimate *e = s->c->series[s->series].y;
	double low = e->low / s->high * 100;
	double high = fmin(e->high / s->high, 1) * 100;
	int middle = s->top + STRIP_HEIGHT / 2;

	if (!isfinite(low) || !isfinite(high))
		return;
	fprintf(out,
		"<line class=\"whisker\" "
		"x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>",
		low, high, middle, middle);
	for (int end = 0; end < 2; end++)
		fprintf(out,
			"<line class=\"whisker\" x1=\"%.2f%%\" x2=\"%.2f%%\" "
			"y1=\"%d\" y2=\"%d\"/>\n",
			end ? high : low, end ? high : low, middle - 3,
			middle + 3);
}

static void draw_bar(const struct strip *s, FILE *out)
{
	const struct chart_series *series = &s->c->series[s->series];
	double width = series->y->value / s->high * 100;

	draw_piece(
		s, 0, series->strong ? "bar strong" : "bar", 0, width, 1, out);
	if (isfinite(series->part))
		fprintf(out,
			"<rect class=\"part\" x=\"0\" y=\"%d\" "
			"width=\"%.3f%%\" height=\"4\"/>\n",
			s->top + STRIP_HEIGHT - 4, width * series->part);
	draw_whisker(s, out);
}

static void say_bar(const struct strip *s, char *buf, size_t size)
{
	char text[CHART_TEXT];

	snprintf(buf, size, "%s%s", chart_say(s->c, s->series, 0, text),
		s->c->series[s->series].strong ? " *" : "");
}

/* ---- shades --------------------------------------------------------------- */

static void draw_shades(const struct strip *s, FILE *out)
{
	const struct chart *c = s->c;
	double width = 100.0 / (double)c->points;
	double range = log(s->high / s->low);

	for (size_t p = 0; p < c->points; p++) {
		double v = c->series[s->series].y[p].value;

		if (v > 0)
			draw_piece(s, p, "shade", (double)p * width,
				((double)p + 1) * width,
				0.08 + (range > 0 ? 0.92 * log(v / s->low) /
							       range
						  : 0),
				out);
	}
}

static void say_shades(const struct strip *s, char *buf, size_t size)
{
	double low = INFINITY, high = 0;
	char first[FIGURE_TEXT], last[FIGURE_TEXT];

	for (size_t p = 0; p < s->c->points; p++) {
		low = fmin(low, s->c->series[s->series].y[p].value);
		high = fmax(high, s->c->series[s->series].y[p].value);
	}
	snprintf(buf, size, "%s to %s",
		figure(low, s->c->unit, &page_style, first),
		figure(high, s->c->unit, &page_style, last));
}

/* What the shades mean, below the rows. */
static void draw_key(const struct strip *s, FILE *out)
{
	char text[FIGURE_TEXT];

	draw_text(out, s->top + TEXT_BASE, false,
		figure(s->low, s->c->unit, &page_style, text));
	draw_text(out, s->top + TEXT_BASE, true,
		figure(s->high, s->c->unit, &page_style, text));
	for (int i = 0; i < 10; i++)
		fprintf(out,
			"<rect class=\"shade\" x=\"%d%%\" y=\"%d\" "
			"width=\"4.1%%\" height=\"%d\" "
			"fill-opacity=\"%.2f\"/>\n",
			30 + 4 * i, s->top + 2, STRIP_HEIGHT, 0.08 + i * 0.102);
}

/* ---- divided bars --------------------------------------------------------- */

static double sum_of(const struct strip *s)
{
	double sum = 0;

	for (size_t p = 0; p < s->c->points; p++)
		if (s->c->series[s->series].y[p].value > 0)
			sum += s->c->series[s->series].y[p].value;
	return sum;
}

/* The pieces are told from their neighbours by a gap and by their shade. */
static void draw_shares(const struct strip *s, FILE *out)
{
	double sum = sum_of(s), at = 0;

	for (size_t p = 0; p < s->c->points; p++) {
		double v = s->c->series[s->series].y[p].value / sum * 100;

		if (!(v > 0))
			continue;
		draw_piece(s, p, p % 2 ? "share odd" : "share", at, at + v, 1,
			out);
		at += v;
	}
}

static void say_shares(const struct strip *s, char *buf, size_t size)
{
	double low = INFINITY, high = 0, sum = sum_of(s);
	size_t n = 0;

	for (size_t p = 0; p < s->c->points; p++) {
		double v = s->c->series[s->series].y[p].value;

		if (!isfinite(v))
			continue;
		low = fmin(low, v);
		high = fmax(high, v);
		n++;
	}
	snprintf(buf, size, "%zu workers, %.3g %% to %.3g %% each", n,
		low / sum * 100, high / sum * 100);
}

/* ---- all ------------------------------------------------------------------ */

static const struct {
	void (*draw)(const struct strip *s, FILE *out);
	void (*say)(const struct strip *s, char *buf, size_t size);
} kinds[] = {
	[CHART_BARS] = {draw_bar, say_bar},
	[CHART_HEAT] = {draw_shades, say_shades},
	[CHART_SHARES] = {draw_shares, say_shares},
};

static void draw_row(struct strip *s, FILE *out)
{
	char text[CHART_TEXT + 8];

	draw_text(
		out, s->top + TEXT_BASE, false, s->c->series[s->series].label);
	kinds[s->c->kind].say(s, text, sizeof(text));
	draw_text(out, s->top + TEXT_BASE, true, text);
	s->top += STRIP_TOP;
	kinds[s->c->kind].draw(s, out);
	s->top += ROW_HEIGHT - STRIP_TOP;
}

void chart_draw_rows(const struct chart *c, FILE *out)
{
	struct strip s = {.c = c};
	int rows = c->kind == CHART_HEAT;

	for (size_t i = 0; i < c->count; i++)
		rows += chart_has(c, i);
	chart_range(c, c->kind == CHART_BARS, &s.low, &s.high);
	if (!(s.high > 0))
		s.high = 1;
	chart_draw_begin(c, rows * ROW_HEIGHT, out);
	for (s.series = 0; s.series < c->count; s.series++)
		if (chart_has(c, s.series))
			draw_row(&s, out);
	if (c->kind == CHART_HEAT)
		draw_key(&s, out);
	fputs("</svg>", out);
}
