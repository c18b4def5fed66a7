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
static double x_of(double position)
{
	return MARGIN + (UNITS - 2 * MARGIN) * position;
}

static double y_of(const struct chart_axis *a, double value)
{
	double shown = fmin(value, a->high);
	double share = a->log ? log(fmax(shown, a->low) / a->low) /
					log(a->high / a->low)
			      : shown / a->high;

	return PLOT_HEIGHT * (1 - share);
}

/* A long label at an end stands all within. */
static const char *end_of(const struct chart_point *x)
{
	if (text_width(x->drawn) <= CHART_SHORT)
		return "";
	return x->position <= 0 ? " first" : x->position >= 1 ? " last" : "";
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
		fprintf(out, "<text class=\"tick-x%s\" x=\"%.2f%%\" y=\"%d\">",
			end_of(&c->x[p]), x_of(c->x[p].position) / 10,
			PLOT_HEIGHT + 18);
		html_text(out, c->x[p].drawn);
		fputs("</text>\n", out);
	}
	fprintf(out, "<text class=\"tick-x\" x=\"50%%\" y=\"%d\">",
		PLOT_HEIGHT + 38);
	html_text(out, c->x_title);
	fputs("</text>\n", out);
}

/* What goes through figures from left to right: a series, or a curve. */
struct course {
	const struct chart *c;
	const struct chart_axis *axis;
	const struct chart_curve *curve; /* NULL: the series itself */
	size_t series, count;
};

static struct chart_step step_of(const struct course *s, size_t i)
{
	if (s->curve)
		return s->curve->step[i];
	return (struct chart_step) {
		s->c->x[i].position, s->c->series[s->series].y[i]};
}

/* Goes on to a place of the path that begins with `verb`, an M. */
static void draw_to(
	const struct course *s, size_t i, double value, char *verb, FILE *out)
{
	fprintf(out, "%c%.1f %.1f", *verb, x_of(step_of(s, i).position),
		y_of(s->axis, value));
	*verb = 'L';
}

static bool has_band(const struct estimate *e)
{
	return isfinite(e->low) && isfinite(e->high);
}

/* Along the upper ends of the intervals and back along the lower ones. */
static void draw_band(const struct course *s, FILE *out)
{
	char verb = 'M';

	fputs("<path class=\"band\" d=\"", out);
	for (size_t i = 0; i < s->count; i++) {
		struct estimate y = step_of(s, i).y;

		if (has_band(&y))
			draw_to(s, i, y.high, &verb, out);
	}
	for (size_t i = s->count; i-- > 0;) {
		struct estimate y = step_of(s, i).y;

		if (has_band(&y))
			draw_to(s, i, y.low, &verb, out);
	}
	fputs(verb == 'L' ? "Z\"/>\n" : "\"/>\n", out);
}

static void draw_line(const struct course *s, FILE *out)
{
	char verb = 'M';

	fprintf(out, "<path class=\"%s\" d=\"", s->curve ? "fit" : "line");
	for (size_t i = 0; i < s->count; i++)
		if (isfinite(step_of(s, i).y.value))
			draw_to(s, i, step_of(s, i).y.value, &verb, out);
	fputs("\"/>\n", out);
}

static void draw_curves(const struct course *s, FILE *out)
{
	for (size_t k = 0; k < s->c->curve_count; k++) {
		struct course curve = *s;

		curve.curve = &s->c->curves[k];
		curve.count = curve.curve->steps;
		if (curve.curve->series != s->series)
			continue;
		draw_band(&curve, out);
		draw_line(&curve, out);
	}
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
			x_of(c->x[p].position) / 10,
			y_of(a, c->series[i].y[p].value));
		chart_draw_mark(c->series[i].look, out);
		fputs("</svg>\n", out);
	}
}

static void draw_series(
	const struct chart *c, size_t i, const struct chart_axis *a, FILE *out)
{
	const struct chart_series *s = &c->series[i];
	const struct course course = {
		.c = c, .axis = a, .series = i, .count = c->points};

	fprintf(out,
		"<g class=\"s%d d%d%s\"><svg viewBox=\"0 0 %d %d\" "
		"width=\"100%%\" height=\"%d\" "
		"preserveAspectRatio=\"none\">\n",
		s->look % CHART_LOOKS, s->look / CHART_LOOKS % 3,
		s->faint ? " faint" : "", UNITS, PLOT_HEIGHT, PLOT_HEIGHT);
	if (!s->faint) {
		draw_band(&course, out);
		draw_curves(&course, out);
	}
	draw_line(&course, out);
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
