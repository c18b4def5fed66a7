/* SPDX-License-Identifier: MIT */
/* A chart as a <figure>: its words, its table, and what draws it between
 * them. */
#include "compare/chart.h"

#include "compare/html.h"

#include <math.h>

/* ---- in words ------------------------------------------------------------- */

const char *chart_say(
	const struct chart *c, size_t series, size_t point, char *buf)
{
	const struct chart_series *s = &c->series[series];
	const struct estimate *e = &s->y[point];
	char number[FIGURE_TEXT], spread[FIGURE_TEXT];

	figure_spread(e, spread);
	snprintf(buf, CHART_TEXT, "%s%s%s%s",
		s->lower_bound && c->unit == UNIT_RATE ? "≥ " : "",
		figure(e->value, c->unit, &page_style, number),
		spread[0] ? " ± " : "", spread);
	return buf;
}

struct extreme {
	size_t series, point;
	double value;
};

/* The greatest figure at the points from `from` on, or the least one. */
static struct extreme find_extreme(const struct chart *c, size_t from, int sign)
{
	struct extreme found = {0, 0, NAN};

	for (size_t i = 0; i < c->count; i++)
		for (size_t p = from; p < c->points; p++) {
			double v = c->series[i].y[p].value;

			if (isfinite(v) && !(sign * v <= sign * found.value))
				found = (struct extreme) {i, p, v};
		}
	return found;
}

static void say_extreme(
	const struct chart *c, const char *word, struct extreme at, FILE *out)
{
	char number[FIGURE_TEXT];

	fprintf(out, "%s %s (", word,
		figure(at.value, c->unit, &page_style, number));
	html_text(out, c->series[at.series].label);
	if (c->kind == CHART_HEAT) {
		fputs(", at ", out);
		html_text(out, c->x[at.point].label);
	}
	fputc(')', out);
}

/* What a chart says in a sentence, for those who do not see it. Of lines only
 * the ends are told. */
static void print_sentence(const struct chart *c, FILE *out)
{
	size_t series = 0, from = c->kind == CHART_LINES ? c->points - 1 : 0;

	for (size_t i = 0; i < c->count; i++)
		series += chart_has(c, i);
	if (c->kind == CHART_SHARES) {
		fprintf(out, "%zu model%s with several workers.", series,
			series == 1 ? "" : "s");
	} else {
		if (c->kind == CHART_LINES) {
			fputs("At ", out);
			html_text(out, c->x_title);
			fputc(' ', out);
			html_text(out, c->x[from].label);
			fputs(": ", out);
		}
		say_extreme(c, c->kind == CHART_LINES ? "from" : "From",
			find_extreme(c, from, -1), out);
		say_extreme(c, " to", find_extreme(c, from, 1), out);
		fputc('.', out);
	}
	if (c->remark)
		fprintf(out, " %s", c->remark); /* words of ours */
	if (c->aside) {
		fputc(' ', out);
		html_text(out, c->aside);
	}
}

/* ---- as a table ----------------------------------------------------------- */

static void print_cell(
	const struct chart *c, size_t series, size_t point, FILE *out)
{
	char text[CHART_TEXT];

	fputs("<td>", out);
	if (isfinite(c->series[series].y[point].value))
		html_text(out, chart_say(c, series, point, text));
	fputs("</td>", out);
}

/* The workers of a model are too many for a column each. */
static void print_shares(const struct chart *c, size_t series, FILE *out)
{
	const struct estimate *y = c->series[series].y;
	char text[CHART_TEXT];
	size_t n = 0;

	while (n < c->points && isfinite(y[n].value))
		n++;
	fprintf(out, "<td>%zu</td><td class=\"t\">", n);
	for (size_t p = 0; p < n; p++)
		fprintf(out, "%s%s", p ? ", " : "",
			chart_say(c, series, p, text));
	fputs("</td>", out);
}

static void print_table_head(const struct chart *c, FILE *out)
{
	fputs("<thead><tr><th class=\"l\">model</th>", out);
	if (c->kind == CHART_SHARES)
		fputs("<th>workers</th><th class=\"l\">requests of each</th>",
			out);
	for (size_t p = 0; c->kind != CHART_SHARES && p < c->points; p++) {
		fputs("<th>", out);
		html_text(out, c->x[p].label[0] ? c->x[p].label : c->title);
		fputs("</th>", out);
	}
	if (c->part_title)
		fprintf(out, "<th>%s</th>", c->part_title);
	if (c->note_title)
		fprintf(out, "<th class=\"l\">%s</th>", c->note_title);
	fputs("</tr></thead><tbody>\n", out);
}

static void print_row(const struct chart *c, size_t series, FILE *out)
{
	fputs("<tr><th class=\"l\" scope=\"row\">", out);
	html_text(out, c->series[series].label);
	fputs("</th>", out);
	if (c->kind == CHART_SHARES)
		print_shares(c, series, out);
	for (size_t p = 0; c->kind != CHART_SHARES && p < c->points; p++)
		print_cell(c, series, p, out);
	if (c->part_title && isfinite(c->series[series].part))
		fprintf(out, "<td>%.0f %%</td>", c->series[series].part * 100);
	if (c->note_title) {
		fputs("<td class=\"t\">", out);
		html_text(out, c->series[series].note);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void print_table(const struct chart *c, FILE *out)
{
	fputs("<details><summary>The same as a table</summary>", out);
	html_table_begin(out, c->title);
	print_table_head(c, out);
	for (size_t i = 0; i < c->count; i++)
		if (chart_has(c, i))
			print_row(c, i, out);
	fputs("</tbody>", out);
	html_table_end(out);
	fputs("</details>\n", out);
}

/* ---- the figure ----------------------------------------------------------- */

static void print_legend(const struct chart *c, FILE *out)
{
	size_t faint = 0;

	fputs("<ul class=\"legend\">\n", out);
	for (size_t i = 0; i < c->count; i++) {
		const struct chart_series *s = &c->series[i];

		if (!chart_has(c, i))
			continue;
		faint += s->faint;
		fprintf(out,
			"<li data-series=\"%zu\" class=\"s%d d%d%s\"><svg "
			"viewBox=\"-14 -7 28 14\" aria-hidden=\"true\"><path "
			"class=\"line\" d=\"M-14 0h28\"/>",
			i, s->look % CHART_LOOKS, s->look / CHART_LOOKS % 3,
			s->faint ? " faint" : "");
		chart_draw_mark(s->look, out);
		fputs("</svg><span>", out);
		html_text(out, s->label);
		fputs("</span></li>\n", out);
	}
	if (c->curve_count)
		fputs("<li class=\"fitted\"><svg viewBox=\"-14 -7 28 14\" "
		      "aria-hidden=\"true\"><path class=\"fit\" "
		      "d=\"M-14 0h28\"/></svg><span>fitted</span></li>\n",
			out);
	if (faint)
		fprintf(out, "<li class=\"more\">%zu more in grey</li>\n",
			faint);
	fputs("</ul>\n", out);
}

void chart_draw_begin(const struct chart *c, int height, FILE *out)
{
	fprintf(out,
		"<svg width=\"100%%\" height=\"%d\" role=\"img\" "
		"aria-labelledby=\"%s-title %s-says\">\n",
		height, c->id, c->id);
}

void chart_print(const struct chart *c, FILE *out)
{
	fprintf(out,
		"<figure id=\"%s\" class=\"chart %s\"><figcaption><h3 "
		"id=\"%s-title\">",
		c->id, chart_kinds[c->kind], c->id);
	html_text(out, c->title);
	fprintf(out, "</h3>\n<p class=\"dim\" id=\"%s-says\">", c->id);
	print_sentence(c, out);
	fputs("</p></figcaption>\n<div class=\"plot\">", out);
	if (c->kind == CHART_LINES)
		chart_draw_lines(c, out);
	else
		chart_draw_rows(c, out);
	fputs("</div>\n", out);
	if (c->kind == CHART_LINES)
		print_legend(c, out);
	print_table(c, out);
	fputs("</figure>\n", out);
}
