/* SPDX-License-Identifier: MIT */
/*
 * Lines with bands and marks.
 *
 * Across, all is in percent, so that the chart fits any width with its text in
 * full size: paths stand in a box of 1000 units that is stretched, marks and
 * text in small boxes that are not.
 */
#include "compare/chart.h"

#include "compare/html.h"

#include <math.h>

enum { PLOT_HEIGHT = 300, PLOT_FOOT = 44, UNITS = 1000, MARGIN = 15 };

/* Units from the left; a tenth of that is the percentage. */
static double x_of(const struct chart *c, size_t point)
{
	return MARGIN + (UNITS - 2 * MARGIN) * c->x[point].position;
}

static double y_of(const struct chart_axis *a, double value)
{
	double share = a->log ? log(fmax(value, a->low) / a->low) /
					log(a->high / a->low)
			      : value / a->high;

	return PLOT_HEIGHT * (1 - share);
}

static void draw_ticks(
	const struct chart *c, const struct chart_axis *a, FILE *out)
{
	char text[FIGURE_TEXT];

	for (size_t i = 0; i < a->ticks; i++) {
		double y = y_of(a, a->tick[i]);

		fprintf(out,
			"<line class=\"grid\" x1=\"0\" x2=\"100%%\" "
			"y1=\"%.1f\" y2=\"%.1f\"/><text class=\"tick-y\" "
			"x=\"-8\" y=\"%.1f\">",
			y, y, y + 4);
		html_text(out, chart_say_tick(c, a->tick[i], text));
		fputs("</text>\n", out);
	}
	for (size_t p = 0; p < c->points; p++) {
		if (!c->x[p].tick)
			continue;
		fprintf(out, "<text class=\"tick-x\" x=\"%.2f%%\" y=\"%d\">",
			x_of(c, p) / 10, PLOT_HEIGHT + 18);
		html_text(out, c->x[p].label);
		fputs("</text>\n", out);
	}
	fprintf(out, "<text class=\"tick-x\" x=\"50%%\" y=\"%d\">",
		PLOT_HEIGHT + 38);
	html_text(out, c->x_title);
	fputs("</text>\n", out);
}

/* Along the upper ends of the intervals and back along the lower ones. */
static void draw_band(
	const struct chart *c, size_t i, const struct chart_axis *a, FILE *out)
{
	const struct estimate *y = c->series[i].y;
	char verb = 'M';

	fputs("<path class=\"band\" d=\"", out);
	for (size_t p = 0; p < c->points; p++)
		if (isfinite(y[p].low) && isfinite(y[p].high)) {
			fprintf(out, "%c%.1f %.1f", verb, x_of(c, p),
				y_of(a, y[p].high));
			verb = 'L';
		}
	for (size_t p = c->points; p-- > 0;)
		if (isfinite(y[p].low) && isfinite(y[p].high))
			fprintf(out, "L%.1f %.1f", x_of(c, p),
				y_of(a, y[p].low));
	fputs(verb == 'L' ? "Z\"/>\n" : "\"/>\n", out);
}

static void draw_line(
	const struct chart *c, size_t i, const struct chart_axis *a, FILE *out)
{
	const struct estimate *y = c->series[i].y;
	char verb = 'M';

	fputs("<path class=\"line\" d=\"", out);
	for (size_t p = 0; p < c->points; p++)
		if (isfinite(y[p].value)) {
			fprintf(out, "%c%.1f %.1f", verb, x_of(c, p),
				y_of(a, y[p].value));
			verb = 'L';
		}
	fputs("\"/>\n", out);
}

void chart_draw_mark(int look, FILE *out)
{
	static const char *const shapes[CHART_LOOKS] = {
		"M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", "M-4-4h8v8h-8z",
		"M0-5l5 9h-10z", "M0-6l5 6-5 6-5-6z", "M0 5l5-9h-10z",
		"M-5-1h4v-4h2v4h4v2h-4v4h-2v-4h-4z", "M-5-2h10v4h-10z",
		"M-2-5h4v10h-4z"};

	fprintf(out, "<path class=\"mark\" d=\"%s\"/>",
		shapes[look % CHART_LOOKS]);
}

static void draw_marks(
	const struct chart *c, size_t i, const struct chart_axis *a, FILE *out)
{
	for (size_t p = 0; p < c->points; p++) {
		if (!isfinite(c->series[i].y[p].value))
			continue;
		fprintf(out,
			"<svg x=\"%.2f%%\" y=\"%.1f\" overflow=\"visible\">",
			x_of(c, p) / 10, y_of(a, c->series[i].y[p].value));
		chart_draw_mark(c->series[i].look, out);
		fputs("</svg>\n", out);
	}
}

static void draw_series(
	const struct chart *c, size_t i, const struct chart_axis *a, FILE *out)
{
	const struct chart_series *s = &c->series[i];

	fprintf(out,
		"<g class=\"s%d d%d%s\"><svg viewBox=\"0 0 %d %d\" "
		"width=\"100%%\" height=\"%d\" "
		"preserveAspectRatio=\"none\">\n",
		s->look % CHART_LOOKS, s->look / CHART_LOOKS % 3,
		s->faint ? " faint" : "", UNITS, PLOT_HEIGHT, PLOT_HEIGHT);
	if (!s->faint)
		draw_band(c, i, a, out);
	draw_line(c, i, a, out);
	fputs("</svg>", out);
	if (!s->faint)
		draw_marks(c, i, a, out);
	fputs("</g>\n", out);
}

void chart_draw_lines(const struct chart *c, FILE *out)
{
	struct chart_axis a = chart_axis_of(c);

	chart_draw_begin(c, PLOT_HEIGHT + PLOT_FOOT, out);
	draw_ticks(c, &a, out);
	/* Those that are grey lie below the others, and the best on top. */
	for (int faint = 1; faint >= 0; faint--)
		for (size_t i = c->count; i-- > 0;)
			if (c->series[i].faint == faint && chart_has(c, i))
				draw_series(c, i, &a, out);
	fputs("</svg>", out);
}
