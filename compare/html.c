/* SPDX-License-Identifier: MIT */
#include "compare/html.h"

#include "compare/figure.h"

#include <math.h>

static const struct style page_style = {.utf8 = true, .width = 100};

void html_text(FILE *out, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else
			fputc(*text, out);
	}
}

void html_paragraphs(FILE *out, const char *text)
{
	fputs("<p>", out);
	html_text(out, text);
	fputs("</p>\n", out);
}

static void figure_begin(FILE *out, const char *title, const char *alternative,
	int width, int height)
{
	fprintf(out,
		"<figure><figcaption>%s</figcaption>\n<svg viewBox=\"0 0 %d "
		"%d\" role=\"img\" aria-label=\"",
		title, width, height);
	html_text(out, alternative);
	fputs("\">\n", out);
}

static void figure_end(FILE *out)
{
	fputs("</svg></figure>\n", out);
}

static void text_at(
	FILE *out, double x, double y, const char *class_name, const char *text)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y,
		class_name);
	html_text(out, text);
	fputs("</text>\n", out);
}

static double greatest(double a, double b)
{
	return isfinite(b) && b > a ? b : a;
}

/* ---- bars ----------------------------------------------------------------- */

enum { BAR_HEIGHT = 26, BAR_LEFT = 230, BAR_WIDTH = 420, BAR_TOTAL = 800 };

static double bars_most(const struct bars *b)
{
	double most = 0;

	for (size_t i = 0; i < b->count; i++)
		most = greatest(greatest(most, b->bar[i].value.value),
			b->bar[i].value.high);
	return most > 0 ? most : 1;
}

static void draw_whisker(
	FILE *out, const struct estimate *e, double scale, double middle)
{
	double low = BAR_LEFT + e->low * scale,
	       high = BAR_LEFT + e->high * scale;

	if (!isfinite(low) || !isfinite(high))
		return;
	fprintf(out,
		"<path class=\"whisker\" d=\"M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f "
		"%.1fv8\"/>\n",
		low, middle, high, low, middle - 4, high, middle - 4);
}

static void draw_bar(FILE *out, const struct bars *b, size_t i, double scale)
{
	const struct estimate *e = &b->bar[i].value;
	double top = 4 + (double)i * BAR_HEIGHT, width = e->value * scale;
	double end = BAR_LEFT + greatest(width, e->high * scale) + 8;
	char number[FIGURE_TEXT], text[FIGURE_TEXT + 8];

	text_at(out, BAR_LEFT - 8, top + 16, "label", b->bar[i].label);
	if (!isfinite(width))
		return;
	fprintf(out,
		"<rect class=\"%s\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"%d\"/>\n",
		b->bar[i].strong ? "bar strong" : "bar", BAR_LEFT, top, width,
		BAR_HEIGHT - 6);
	draw_whisker(out, e, scale, top + (BAR_HEIGHT - 6) / 2.0);
	snprintf(text, sizeof(text), "%s%s%s",
		b->bar[i].lower_bound ? "≥ " : "",
		figure(e->value, b->unit, &page_style, number),
		b->bar[i].strong ? " *" : "");
	text_at(out, end, top + 16, "value", text);
}

void chart_bars(FILE *out, const struct bars *b)
{
	double scale = BAR_WIDTH / bars_most(b);

	figure_begin(out, b->title, b->alternative, BAR_TOTAL,
		(int)b->count * BAR_HEIGHT + 8);
	for (size_t i = 0; i < b->count; i++)
		draw_bar(out, b, i, scale);
	figure_end(out);
}

/* ---- lines ---------------------------------------------------------------- */

enum {
	PLOT_LEFT = 80,
	PLOT_TOP = 12,
	PLOT_WIDTH = 470,
	PLOT_HEIGHT = 280,
	PLOT_TOTAL = 800,
	LEGEND_LINE = 20,
};

/* The range of y that is drawn. */
struct scale {
	double low, high;
	bool log;
};

static struct scale lines_scale(const struct lines *l)
{
	struct scale s = {l->log_y ? INFINITY : 0, 0, l->log_y};

	for (size_t i = 0; i < l->series; i++)
		for (size_t p = 0; p < l->points; p++) {
			const struct estimate *e = &l->y[i][p];

			s.high = greatest(greatest(s.high, e->value), e->high);
			if (l->log_y && e->value > 0 && e->value < s.low)
				s.low = e->value;
		}
	if (!(s.high > 0))
		s.high = 1;
	if (s.log) {
		if (!isfinite(s.low))
			s.low = s.high / 10;
		s.low = pow(10, floor(log10(s.low)));
		s.high = pow(10, ceil(log10(s.high)));
	}
	return s;
}

static double y_of(const struct scale *s, double value)
{
	double share = s->log ? log(fmax(value, s->low) / s->low) /
					log(fmax(s->high / s->low, 1.0001))
			      : value / s->high;

	return PLOT_TOP + PLOT_HEIGHT * (1 - fmin(share, 1));
}

static double x_of(const struct lines *l, size_t p)
{
	return PLOT_LEFT + 12 + (PLOT_WIDTH - 24) * l->position[p];
}

static void draw_grid_line(
	FILE *out, const struct lines *l, const struct scale *s, double value)
{
	char number[FIGURE_TEXT];
	double y = y_of(s, value);

	fprintf(out, "<path class=\"grid\" d=\"M%d %.1fh%d\"/>\n", PLOT_LEFT, y,
		PLOT_WIDTH);
	text_at(out, PLOT_LEFT - 6, y + 4, "tick-y",
		figure(value, l->unit, &page_style, number));
}

/* The distance of the lines of a linear scale. */
static double grid_step(const struct lines *l, const struct scale *s)
{
	double step = pow(10, floor(log10(s->high)));

	if (l->unit == UNIT_BYTES)
		return pow(2, floor(log2(s->high / 2)));
	return s->high / step < 2.5 ? step / 4 : step;
}

static void draw_axes(FILE *out, const struct lines *l, const struct scale *s)
{
	double step = grid_step(l, s);

	if (s->log) {
		for (double v = s->low; v <= s->high * 1.01; v *= 10)
			draw_grid_line(out, l, s, v);
	} else {
		for (double v = 0; v <= s->high * 1.001; v += step)
			draw_grid_line(out, l, s, v);
	}
	for (size_t p = 0; p < l->points; p++)
		text_at(out, x_of(l, p), PLOT_TOP + PLOT_HEIGHT + 18, "tick-x",
			l->x[p]);
	text_at(out, PLOT_LEFT + PLOT_WIDTH / 2.0, PLOT_TOP + PLOT_HEIGHT + 36,
		"tick-x", l->x_title);
}

static void draw_band(
	FILE *out, const struct lines *l, size_t i, const struct scale *s)
{
	const char *verb = "M";

	fprintf(out, "<path class=\"band s%zu\" d=\"", i % 8);
	for (size_t p = 0; p < l->points; p++)
		if (isfinite(l->y[i][p].high)) {
			fprintf(out, "%s%.1f %.1f", verb, x_of(l, p),
				y_of(s, l->y[i][p].high));
			verb = "L";
		}
	for (size_t p = l->points; p-- > 0;)
		if (isfinite(l->y[i][p].low))
			fprintf(out, "L%.1f %.1f", x_of(l, p),
				y_of(s, l->y[i][p].low));
	fputs(*verb == 'M' ? "\"/>\n" : "Z\"/>\n", out);
}

/* A mark of the series' own shape. */
static void draw_mark(FILE *out, size_t i, double x, double y)
{
	static const char *const shapes[] = {
		"M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", "M-4-4h8v8h-8z",
		"M0-5l5 9h-10z", "M0-6l5 6-5 6-5-6z", "M0 5l5-9h-10z",
		"M-5-1h4v-4h2v4h4v2h-4v4h-2v-4h-4z"};

	fprintf(out,
		"<path class=\"mark s%zu\" transform=\"translate(%.1f %.1f)\" "
		"d=\"%s\"/>\n",
		i % 8, x, y, shapes[i % 6]);
}

static void draw_line(
	FILE *out, const struct lines *l, size_t i, const struct scale *s)
{
	static const char *const dashes[] = {"none", "8 3", "2 3", "10 3 2 3"};
	const char *verb = "M";

	fprintf(out, "<path class=\"line s%zu\" stroke-dasharray=\"%s\" d=\"",
		i % 8, dashes[i / 2 % 4]);
	for (size_t p = 0; p < l->points; p++)
		if (isfinite(l->y[i][p].value)) {
			fprintf(out, "%s%.1f %.1f", verb, x_of(l, p),
				y_of(s, l->y[i][p].value));
			verb = "L";
		}
	fputs("\"/>\n", out);
	for (size_t p = 0; p < l->points; p++)
		if (isfinite(l->y[i][p].value))
			draw_mark(
				out, i, x_of(l, p), y_of(s, l->y[i][p].value));
}

static bool is_drawn(const struct lines *l, size_t i)
{
	for (size_t p = 0; p < l->points; p++)
		if (isfinite(l->y[i][p].value))
			return true;
	return false;
}

static void draw_legend(FILE *out, const struct lines *l)
{
	double y = PLOT_TOP + 10 - LEGEND_LINE;

	for (size_t i = 0; i < l->series; i++) {
		if (!is_drawn(l, i))
			continue;
		y += LEGEND_LINE;
		draw_mark(out, i, PLOT_LEFT + PLOT_WIDTH + 20, y - 4);
		text_at(out, PLOT_LEFT + PLOT_WIDTH + 32, y, "legend",
			l->label[i]);
	}
}

void chart_lines(FILE *out, const struct lines *l)
{
	struct scale s = lines_scale(l);
	int legend = (int)l->series * LEGEND_LINE + 20;
	int height = PLOT_TOP + PLOT_HEIGHT + 48;

	figure_begin(out, l->title, l->alternative, PLOT_TOTAL,
		height > legend ? height : legend);
	draw_axes(out, l, &s);
	for (size_t i = 0; i < l->series; i++)
		draw_band(out, l, i, &s);
	for (size_t i = 0; i < l->series; i++)
		draw_line(out, l, i, &s);
	draw_legend(out, l);
	figure_end(out);
}

/* ---- shades --------------------------------------------------------------- */

enum { SHADE_HEIGHT = 22, SHADE_WIDTH = 540 };

static void shades_range(const struct shades *s, double *low, double *high)
{
	*low = INFINITY;
	*high = 0;
	for (size_t r = 0; r < s->rows; r++)
		for (size_t i = 0; i < s->steps; i++) {
			double v = s->value[r][i];

			*high = greatest(*high, v);
			if (v > 0 && v < *low)
				*low = v;
		}
	if (!(*high > *low))
		*high = *low * 1.1;
}

static void draw_shade(FILE *out, const struct shades *s, size_t r, size_t i,
	double low, double high)
{
	double v = s->value[r][i], width = (double)SHADE_WIDTH / s->steps;
	char number[FIGURE_TEXT];

	if (!(v > 0))
		return;
	fprintf(out,
		"<rect class=\"shade\" x=\"%.1f\" y=\"%zu\" width=\"%.1f\" "
		"height=\"%d\" fill-opacity=\"%.2f\"><title>",
		BAR_LEFT + (double)i * width, 4 + r * SHADE_HEIGHT, width + 0.3,
		SHADE_HEIGHT - 2, 0.08 + 0.92 * log(v / low) / log(high / low));
	html_text(out, s->label[r]);
	fprintf(out, ", %.2f s: %s</title></rect>\n",
		(double)i * s->step_seconds,
		figure(v, s->unit, &page_style, number));
}

void chart_shades(FILE *out, const struct shades *s)
{
	char text[128], low_text[FIGURE_TEXT], high_text[FIGURE_TEXT];
	double low, high;

	shades_range(s, &low, &high);
	figure_begin(out, s->title, s->alternative, BAR_TOTAL,
		(int)s->rows * SHADE_HEIGHT + 30);
	for (size_t r = 0; r < s->rows; r++) {
		text_at(out, BAR_LEFT - 8, 18 + (double)r * SHADE_HEIGHT,
			"label", s->label[r]);
		for (size_t i = 0; i < s->steps; i++)
			draw_shade(out, s, r, i, low, high);
	}
	snprintf(text, sizeof(text), "lightest %s, darkest %s; %.2f s in all",
		figure(low, s->unit, &page_style, low_text),
		figure(high, s->unit, &page_style, high_text),
		s->step_seconds * (double)s->steps);
	text_at(out, BAR_LEFT, (double)s->rows * SHADE_HEIGHT + 22, "value",
		text);
	figure_end(out);
}
